"""Taking in: the bytes of a file to transcripts, or to the reason why not. Pure; what sends them is the command.

`parse_items` goes on after what it refuses, `parse_file` stops at it. The formats are described in docs/ingest.md.
"""

from streams.ingest.limits import MAX_FILE_BYTES, Refusal, parse_time
from streams.ingest.parse import SUFFIXES, parse_file, parse_items
from streams.ingest.plain import HEADERS

__all__ = ["HEADERS", "MAX_FILE_BYTES", "SUFFIXES", "Refusal", "parse_file", "parse_items", "parse_time"]
