"""Records as rows of flat columns, for CSV and Parquet."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, cast

from schemas.event import ArgumentRole
from streams.export.titles import agreement_title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from schemas.agreement import Agreement
    from schemas.alert import Alert
    from schemas.event import Event

LIST_SEPARATOR: Final = " | "
"""Between the values of a list in one cell of CSV."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to spreadsheets, and the words of strangers must not be one."""


class ColumnKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    TEXTS = "texts"
    WHOLE = "whole"
    NUMBER = "number"
    TRUTH = "truth"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds, and where that stands in a record."""

    name: str
    kind: ColumnKind
    read: Callable[[Any], object]


def _alert(name: str, kind: ColumnKind, read: Callable[[Alert], object]) -> Column:
    return Column(name, kind, read)


def _event(name: str, kind: ColumnKind, read: Callable[[Event], object]) -> Column:
    return Column(name, kind, read)


def _agreement(name: str, kind: ColumnKind, read: Callable[[Agreement], object]) -> Column:
    return Column(name, kind, read)


_TEXT, _TEXTS, _TIME = ColumnKind.TEXT, ColumnKind.TEXTS, ColumnKind.TIME

ALERT_COLUMNS: Final = (
    _alert("id", _TEXT, lambda a: a.id),
    _alert("topic", _TEXT, lambda a: a.topic),
    _alert("level", _TEXT, lambda a: a.level.value),
    _alert("status", _TEXT, lambda a: a.status.value),
    _alert("summary", _TEXT, lambda a: a.summary),
    _alert("raised_time", _TIME, lambda a: a.raised_time),
    _alert("updated_time", _TIME, lambda a: a.updated_time),
    _alert("parties", _TEXTS, lambda a: [p.code for p in a.parties]),
    _alert("countries", _TEXTS, lambda a: list(a.countries)),
    _alert("stage", _TEXT, lambda a: a.stage and a.stage.value),
    _alert("agreement_id", _TEXT, lambda a: a.agreement_id),
    _alert("origins", ColumnKind.WHOLE, lambda a: a.origins),
    _alert("languages", _TEXTS, lambda a: list(a.languages)),
    _alert("broadcasters", _TEXTS, lambda a: _once(s.source.broadcaster for s in a.subjects)),
    _alert("transcript_ids", _TEXTS, lambda a: _once(s.transcript_id for s in a.subjects)),
    _alert("evidence", _TEXTS, lambda a: _once(e.text for s in a.subjects for e in s.evidence)),
    _alert("rule_id", _TEXT, lambda a: a.rule_id),
    _alert("rule_version", ColumnKind.WHOLE, lambda a: a.rule_version),
    _alert("rule_title", _TEXT, lambda a: a.rule_title),
)
EVENT_COLUMNS: Final = (
    _event("id", _TEXT, lambda e: e.id),
    _event("type", _TEXT, lambda e: e.type.value),
    _event("mode", _TEXT, lambda e: e.mode),
    _event("cameo", _TEXT, lambda e: e.cameo),
    _event("contexts", _TEXTS, lambda e: list(e.contexts)),
    _event("realis", _TEXT, lambda e: e.realis.value),
    _event("event_time", _TIME, lambda e: e.context.event_time),
    _event("event_date", _TEXT, lambda e: e.event_date),
    _event("actors", _TEXTS, lambda e: _slot(e, ArgumentRole.ACTOR)),
    _event("recipients", _TEXTS, lambda e: _slot(e, ArgumentRole.RECIPIENT)),
    _event("places", _TEXTS, lambda e: _slot(e, ArgumentRole.PLACE)),
    _event("confidence", ColumnKind.NUMBER, lambda e: e.confidence),
    _event("evidence", _TEXT, lambda e: e.evidence.text),
    _event("speaker", _TEXT, lambda e: e.evidence.speaker),
    _event("start", ColumnKind.WHOLE, lambda e: e.evidence.start),
    _event("end", ColumnKind.WHOLE, lambda e: e.evidence.end),
    _event("instrument", _TEXT, lambda e: e.agreement and e.agreement.instrument.value),
    _event("stage", _TEXT, lambda e: e.agreement and e.agreement.stage.value),
    _event("transcript_id", _TEXT, lambda e: e.context.transcript_id),
    _event("title", _TEXT, lambda e: e.context.title),
    _event("broadcaster", _TEXT, lambda e: e.context.source.broadcaster),
    _event("broadcaster_country", _TEXT, lambda e: e.context.source.country),
    _event("language", _TEXT, lambda e: e.context.language),
    _event("reader_version", _TEXT, lambda e: e.reader_version),
)
AGREEMENT_COLUMNS: Final = (
    _agreement("id", _TEXT, lambda a: a.id),
    _agreement("title", _TEXT, agreement_title),
    _agreement("parties", _TEXTS, lambda a: [p.code for p in a.parties]),
    _agreement("instrument", _TEXT, lambda a: a.instrument.value),
    _agreement("scope", _TEXT, lambda a: a.scope.value),
    _agreement("domains", _TEXTS, lambda a: list(a.domains)),
    _agreement("subject", _TEXT, lambda a: a.subject),
    _agreement("name", _TEXT, lambda a: a.name),
    _agreement("stage", _TEXT, lambda a: a.stage.value),
    _agreement("next_stage", _TEXT, lambda a: a.next_stage and a.next_stage.value),
    _agreement("denied", ColumnKind.TRUTH, lambda a: a.denied),
    _agreement("since", _TIME, lambda a: a.since),
    _agreement("first_time", _TIME, lambda a: a.first_time),
    _agreement("last_time", _TIME, lambda a: a.last_time),
    _agreement("steps", ColumnKind.WHOLE, lambda a: a.sequence),
    _agreement("origins", ColumnKind.WHOLE, lambda a: a.origins),
    _agreement("reports", ColumnKind.WHOLE, lambda a: len(a.reports) + a.dropped_reports),
    _agreement("last_evidence", _TEXT, lambda a: a.reports[-1].evidence.text if a.reports else None),
)


def to_rows(records: Iterable[object], columns: Sequence[Column]) -> list[dict[str, object]]:
    """Give one row a record, in their order."""
    return [{column.name: column.read(record) for column in columns} for record in records]


def to_csv(records: Iterable[object], columns: Sequence[Column]) -> bytes:
    """Write records as CSV (RFC 4180, UTF-8) under a line of names.

    Text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.name for column in columns])
    for row in to_rows(records, columns):
        writer.writerow([_cell(row[column.name]) for column in columns])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case list():
            return _harmless(LIST_SEPARATOR.join(" ".join(item.split()) for item in cast("list[str]", value)))
        case _:
            return _harmless(str(value))


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _once(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _slot(event: Event, role: ArgumentRole) -> list[str]:
    return [a.code or a.name for a in event.arguments if a.role is role]
