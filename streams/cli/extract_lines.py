"""The modes of `dragoman extract` that answer JSON Lines, one line for each, in the order of the input."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click
import orjson
from rich.console import Console
from rich.table import Table

from schemas import topics
from schemas.contract import MAX_TEXT_BYTES, ContractError, decode_json
from schemas.enriched import EnrichedTranscript
from schemas.event import ArgumentRole
from schemas.transcript import Source, TaggedTranscript, Transcript
from streams.extract.entities import find_mentions, mention_spans, resolve_entities
from streams.extract.language import known_languages, tag_language
from streams.extract.models import load_models
from streams.extract.read import read_transcript
from streams.extract.reading import Reading
from streams.extract.segments import split_segments, split_sentences
from streams.ingest import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import BinaryIO

    from schemas.event import Event
    from streams.extract.models import Models

    Answer = Callable[[dict[str, Any]], bytes]

UNDATED: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""The time of a passage that comes without one: fixed, so that the answer does not depend on the day it is asked, and
late, because years that are named in a passage lie before it more often than after it."""

_SECURITY_MOU: Final = "security-mou"


class _LineError(Exception):
    """What is wrong with a line, in words for the one who wrote it."""


def answer_lines(mode: str, lines: Iterable[bytes], output: BinaryIO) -> int:
    """Answer every line, and say how many could not be read. Each of those is named on standard error.

    In the mode `languages` an unreadable line is answered `und`, because there the order is all that tells which is which.
    """
    answer = _MODES[mode](load_models())
    wrong = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            answered = answer(_decode_line(line))
        except _LineError as error:
            wrong += 1
            click.echo(f"dragoman: line {number}: {error}", err=True)
            if mode != "languages":
                continue
            answered = b"und"
        output.write(answered + b"\n")
        output.flush()
    return wrong


def _decode_line(line: bytes) -> dict[str, Any]:
    try:
        value = decode_json(line)
    except ContractError as error:
        raise _LineError(error.reason) from None
    if not isinstance(value, dict):
        raise _LineError(f"a JSON object is expected, not {type(value).__name__}")
    text = value.get("text")
    if not isinstance(text, str):
        raise _LineError("text: is missing" if text is None else f"text: {type(text).__name__} is no text")
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise _LineError(f"text: is over the limit of {MAX_TEXT_BYTES} bytes")
    return value


def _make_transcript(record: dict[str, Any], **fields: Any) -> Transcript | None:  # noqa: ANN401 - fields of a contract
    """Make a transcript of a line; None where its text is empty, and so nothing is to be found in it."""
    if not record["text"].strip():
        return None
    return Transcript(
        id=_id_of(record),
        source=Source(broadcaster="unknown"),
        text=record["text"],
        ingest_time=UNDATED,
        **fields,
    )


def _id_of(record: dict[str, Any]) -> str:
    return str(record.get("id") or "-")[:200]


def _read(transcript: Transcript, models: Models) -> EnrichedTranscript:
    tagged = TaggedTranscript(transcript=transcript, language=tag_language(transcript, models))
    return read_transcript(tagged, models)


def _answer_languages(models: Models) -> Answer:
    def answer(record: dict[str, Any]) -> bytes:
        transcript = _make_transcript(record)
        return tag_language(transcript, models).language.encode() if transcript else b"und"

    return answer


def _answer_segments(models: Models) -> Answer:
    def answer(record: dict[str, Any]) -> bytes:
        transcript = _make_transcript(record)
        segments = split_segments(transcript, tag_language(transcript, models)) if transcript else ()
        parts = [
            {
                "kind": part.kind,
                "start": part.start,
                "end": part.end,
                "speaker": part.speaker,
                "story": part.story,
            }
            for part in segments
        ]
        return orjson.dumps({"id": record.get("id"), "segments": parts})

    return answer


def _answer_mentions(models: Models) -> Answer:
    def answer(record: dict[str, Any]) -> bytes:
        declared = record.get("lang")
        transcript = _make_transcript(
            record, language=declared if isinstance(declared, str) and declared else None
        )
        spans: list[tuple[int, int, str]] = []
        if transcript:
            language = tag_language(transcript, models)
            segments = split_segments(transcript, language)
            sentences = split_sentences(transcript.text, segments, language)
            reading = Reading(transcript, language, segments, sentences)
            spans = mention_spans(resolve_entities(reading, find_mentions(reading, models), models))
        return orjson.dumps({"id": record.get("id"), "spans": spans})

    return answer


def _answer_events(models: Models) -> Answer:
    def answer(record: dict[str, Any]) -> bytes:
        transcript = _make_transcript(record)
        events = _read(transcript, models).events if transcript else ()
        return orjson.dumps({"id": record.get("id"), "events": [_describe_event(event) for event in events]})

    return answer


def _describe_event(event: Event) -> dict[str, Any]:
    def slot(role: ArgumentRole) -> list[dict[str, str | None]]:
        return [{"name": a.name, "code": a.code, "text": a.text} for a in event.arguments if a.role is role]

    return {
        "plover": event.type,
        "mode": event.mode,
        "cameo": event.cameo,
        "actor": slot(ArgumentRole.ACTOR),
        "recipient": slot(ArgumentRole.RECIPIENT),
        "place": slot(ArgumentRole.PLACE),
        "realis": event.realis,
        "evidence": event.evidence.text,
        "start": event.evidence.start,
        "end": event.evidence.end,
    }


def _answer_agreements(models: Models) -> Answer:
    from streams.replay.run import MemoryRun  # noqa: PLC0415 - only this mode needs rules and ledger
    from streams.rules.load import load_pack  # noqa: PLC0415
    from streams.rules.match import RuleIndex  # noqa: PLC0415

    index = RuleIndex()
    for rule in load_pack():
        if rule.alert.topic == _SECURITY_MOU:
            index.add(rule)

    def answer(record: dict[str, Any]) -> bytes:
        headline, date = record.get("headline"), record.get("date_if_known")
        title = headline[:2000] if isinstance(headline, str) and headline.strip() else None
        transcript = _make_transcript(record, title=title, broadcast_time=_time_of(date))
        instruments: list[dict[str, Any]] = []
        alerted = False
        if transcript:
            for output in MemoryRun(models, index).take(transcript):
                alerted = alerted or output.topic == topics.ALERTS
                if isinstance(output.record, EnrichedTranscript):
                    instruments = [
                        found for event in output.record.events if (found := _describe_agreement(event))
                    ]
        return orjson.dumps(
            {"id": record.get("id"), "is_security_mou_alert": alerted, "instruments": instruments}
        )

    return answer


def _describe_agreement(event: Event) -> dict[str, Any] | None:
    report = event.agreement
    if report is None:
        return None
    return {
        "type": report.instrument,
        "stage": report.stage,
        "domain": list(report.domains),
        "parties": [{"code": party.code, "name": party.name} for party in report.parties],
        "evidence_span": event.evidence.text,
        "evidence_start": event.evidence.start,
        "polarity": report.polarity,
        "is_news": report.is_news,
        "confidence": event.confidence,
    }


def _time_of(date: object) -> datetime:
    """The time of a passage: a date, or a year alone; the fixed time where there is none."""
    if not date:
        return UNDATED
    text = str(date).strip()
    try:
        return parse_time(
            "date_if_known", f"{text}-01-01" if text.isdigit() and len(text) == len("2000") else text
        )
    except ContractError as error:
        raise _LineError(error.reason) from None


_MODES: Final[dict[str, Callable[[Models], Answer]]] = {
    "agreements": _answer_agreements,
    "mentions": _answer_mentions,
    "languages": _answer_languages,
    "segments": _answer_segments,
    "events": _answer_events,
}


def print_languages() -> None:
    """Print what the reader can do in each language that it tells apart."""
    models = load_models()
    table = Table(box=None, pad_edge=False)
    for heading in ("tag", "language", "told by", "mentions", "agreements", "events"):
        table.add_column(heading)
    for language in known_languages():
        english = language.tag == "en"
        if english or language.tag in models.other_taggers:
            mentions = "tagger, names"
        else:
            mentions = "names" if language.tag in models.names.by_language else ""
        agreements = english or language.tag in models.foreign_agreements
        row = (mentions, "yes" if agreements else "", "yes" if english else "")
        table.add_row(language.tag, language.name, language.told_by, *row)
    Console().print(table)
