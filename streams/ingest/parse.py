"""Which format a file has, and its transcripts."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

import orjson

from schemas.contract import MAX_TEXT_BYTES, ContractError
from streams.ingest.limits import Refusal, decode_text, make_transcript
from streams.ingest.plain import parse_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from schemas.transcript import Transcript

SUFFIXES: Final[Mapping[str, str]] = {
    ".txt": "plain", ".text": "plain", "": "plain",
    ".json": "json",
    ".jsonl": "lines", ".ndjson": "lines",
    ".rss": "feed", ".atom": "feed", ".xml": "feed",
    ".srt": "srt", ".vtt": "vtt",
}  # fmt: skip
"""How a file's name ends, to its format. What comes on standard input is told by its first characters."""

_SRT: Final = re.compile(r"\s*\d{1,9}[ \t]*\r?\n[ \t]*\d{1,3}:\d\d:\d\d[,.]\d{3} -->")
_WIDE_LINE: Final = 8 * MAX_TEXT_BYTES


def parse_file(
    name: str, data: bytes, ingest_time: datetime, given: Mapping[str, str] | None = None
) -> tuple[Transcript, ...]:
    """Give the transcripts of a file, all of them or none.

    Raises:
        ContractError: something in it is refused; the reason says where, which field, and what is wrong.
    """
    transcripts: list[Transcript] = []
    for item in parse_items(name, data, ingest_time, given):
        if isinstance(item, Refusal):
            raise ContractError("schema", str(item))
        transcripts.append(item)
    return tuple(transcripts)


def parse_items(
    name: str, data: bytes, ingest_time: datetime, given: Mapping[str, str] | None = None
) -> Iterator[Transcript | Refusal]:
    """Give what a file holds, one after the other: transcripts, and refusals where there is none to be had.

    `name` tells the format by its ending and goes into nothing else: the same content under another name is the same
    transcript. `given` are fields that the caller knows better: broadcaster, programme, medium, country, language,
    title, place, published_time, broadcast_time.
    """
    given = {} if given is None else given
    found = False
    try:
        text = decode_text(data)
        for where, fields in _split(_format_of(name, text), text):
            found = True
            if isinstance(fields, ContractError):
                yield Refusal(where, fields.reason)
                continue
            try:
                yield make_transcript(fields, given, ingest_time)
            except ContractError as error:
                yield Refusal(where, error.reason.removeprefix("not a Transcript: "))
    except ContractError as error:
        yield Refusal("", error.reason)
        return
    if not found:
        yield Refusal("", "text: is empty; there is no transcript in it")


def _format_of(name: str, text: str) -> str:
    """Tell the format by the ending of the name; without one, and on standard input, by the first characters."""
    suffix = PurePath(name).suffix.lower()
    if name != "-" and suffix:
        form = SUFFIXES.get(suffix)
        if form is None:
            known = ", ".join(sorted(s for s in SUFFIXES if s))
            raise ContractError("schema", f"unknown format {suffix}; known are {known}")
        return form
    start = text[:400].lstrip()
    if start.startswith("WEBVTT"):
        return "vtt"
    if _SRT.match(text):
        return "srt"
    if start.startswith("["):
        # an editor's note in brackets begins many a transcript
        return "json" if re.match(r"\[\s*[{\]]", start) else "plain"
    if start.startswith("{"):
        first, _, rest = text.strip().partition("\n")
        return "lines" if first.rstrip().endswith("}") and rest.lstrip().startswith("{") else "json"
    return "feed" if re.match(r"<(\?xml|!--|rss|feed|rdf:RDF)", start) else "plain"


def _split(form: str, text: str) -> Iterator[tuple[str, dict[str, Any] | ContractError]]:
    match form:
        case "plain":
            yield "", parse_plain(text)
        case "json":
            yield from _parse_json(text)
        case "lines":
            yield from _parse_lines(text)
        case "feed":
            from streams.ingest.feeds import parse_feed  # noqa: PLC0415 - feedparser loads slowly, and few files are feeds

            yield from parse_feed(text)
        case _:
            from streams.ingest.captions import parse_captions  # noqa: PLC0415 - only for captions

            yield "", parse_captions(text, form)


def _parse_json(text: str) -> Iterator[tuple[str, dict[str, Any] | ContractError]]:
    if not text.strip():
        return
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ContractError("json", f"not JSON: {error}") from None
    if isinstance(value, list):
        for number, item in enumerate(value, start=1):
            yield f"item {number}", _object(item)
    else:
        yield "", _object(value)


def _parse_lines(text: str) -> Iterator[tuple[str, dict[str, Any] | ContractError]]:
    # not splitlines: JSON strings may hold the other line ends of Unicode
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"line {number}"
        if len(line) > _WIDE_LINE:
            yield (
                where,
                ContractError(
                    "too_large", f"the line has {len(line)} characters, over the limit of {_WIDE_LINE}"
                ),
            )
            continue
        try:
            yield where, _object(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            yield where, ContractError("json", f"not JSON: {error}")


def _object(value: object) -> dict[str, Any] | ContractError:
    if isinstance(value, dict):
        return value
    kind = {str: "a string", list: "an array", int: "a number", float: "a number", bool: "a truth value"}.get(
        type(value), "null"
    )
    return ContractError("schema", f"a JSON object is expected, not {kind}")
