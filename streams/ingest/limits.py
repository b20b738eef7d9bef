"""What the door lets in: encodings, sizes, dates, and how it refuses."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from schemas.contract import ContractError
from schemas.transcript import parse_transcript

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.transcript import Transcript

MAX_FILE_BYTES: Final = 64 * 1_048_576
"""The largest file that is parsed. Its transcripts are each held to their own limit besides."""
AHEAD: Final = timedelta(days=1)
"""Clocks and time zones go wrong by hours; what lies further ahead is a wrong date."""
UNKNOWN_BROADCASTER: Final = "unknown"
"""The source of a text that says of none. It is one source: two texts from it never corroborate each other."""

_TIMES: Final = ("published_time", "broadcast_time")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not taken in: where in the file it stands, and one sentence that names the field."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}" if self.where else self.reason


def decode_text(data: bytes) -> str:
    """Give the text of a file: UTF-8, or UTF-16 where a byte order mark says so, or what an XML declaration says.

    The mark itself is left out.

    Raises:
        ContractError: the bytes are no such text; the reason says where.
    """
    if len(data) > MAX_FILE_BYTES:
        raise ContractError(
            "too_large", f"the file has {len(data)} bytes, over the limit of {MAX_FILE_BYTES}; split it"
        )
    if data.startswith((b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")):
        raise ContractError("encoding", "the file is compressed; unpack it first")
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        declared = _decode_as_declared(data)
        if declared is not None:
            return declared
        # utf-8-sig counts from behind the mark
        at = error.start + (3 if data.startswith(codecs.BOM_UTF8) else 0)
        what = f"0x{data[at]:02x}" if at < len(data) else "the end"
        name = "UTF-16" if wide else "UTF-8"
        raise ContractError("encoding", f"not {name}: byte {at} is {what}; save the file as UTF-8") from None
    if "\0" in text:
        raise ContractError(
            "encoding",
            f"no text: character {text.index(chr(0))} is NUL; a binary file, or UTF-16 without a byte order mark",
        )
    return text


def _decode_as_declared(data: bytes) -> str | None:
    """Decode XML that names an encoding of its own, as older feeds do."""
    found = re.match(rb"<\?xml[^>]{0,100}?encoding=[\"']([A-Za-z0-9_.-]{1,40})[\"']", data)
    if found is None:
        return None
    try:
        return data.decode(found[1].decode("ascii"))
    except (LookupError, UnicodeError):
        return None


def make_transcript(fields: Mapping[str, Any], given: Mapping[str, str], ingest_time: datetime) -> Transcript:
    """Make a transcript from named fields; what is `given` on the command line goes before what the file says.

    Raises:
        ContractError: a field is missing or wrong; the reason names it.
    """
    # the clock at the door says when it came in, whatever the file claims
    value = {**fields, "ingest_time": ingest_time.isoformat()}
    source = value.get("source") or {}
    source = {"broadcaster": source} if isinstance(source, str) else source
    if isinstance(source, dict):
        ours = {
            name: given[name] for name in ("broadcaster", "programme", "medium", "country") if name in given
        }
        value["source"] = {"broadcaster": UNKNOWN_BROADCASTER, **source, **ours}
        _check_country(value["source"].get("country"))
    value.update(
        {
            name: item
            for name, item in given.items()
            if name not in {"broadcaster", "programme", "medium", "country"}
        }
    )
    for name in _TIMES:
        if value.get(name) is not None:
            value[name] = parse_time(name, value[name]).isoformat()
    transcript = parse_transcript(value)
    for name in _TIMES:
        time = getattr(transcript, name)
        if time is not None and time > ingest_time + AHEAD:
            raise ContractError("schema", f"{name}: {time.isoformat()} lies more than a day ahead")
    return transcript


def _check_country(value: object) -> None:
    if value is None or (isinstance(value, str) and re.fullmatch(r"[A-Z]{3}", value)):
        return
    raise ContractError(
        "schema", f"source.country: {value!r} is no ISO 3166 code of three capital letters, such as IRN"
    )


def parse_time(name: str, value: object) -> datetime:
    """Read a time as ISO 8601 writes it. A date alone is its midnight in UTC; a time of day needs its zone.

    Raises:
        ContractError: it is no time, or no zone is told; the reason names the field.
    """
    example = "write it as 2026-03-01T08:00:00Z"
    if not isinstance(value, str):
        raise ContractError("schema", f"{name}: {value!r} is no time in text; {example}")
    text = value.strip()
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ContractError("schema", f"{name}: {text[:60]!r} is no time; {example}") from None
    if time.tzinfo is None:
        if any(sign in text for sign in "T :"):
            raise ContractError("schema", f"{name}: {text!r} says no time zone; {example}, or +03:30 for Z")
        time = time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ContractError("schema", f"{name}: {text!r} is out of range; {example}") from None
