"""`dragoman export`: what was found, in the formats of other tools."""

from __future__ import annotations

import asyncio
import os
import sys
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click
import orjson

from schemas import topics
from schemas.event import Event
from streams.cli.agreements import read_agreements, read_records
from streams.cli.alerts import read_alerts
from streams.cli.errors import fail, settings_or_exit
from streams.cli.parameters import TimeParameter
from streams.export import Selection
from streams.export.ftm import to_entities
from streams.export.stix import to_bundle
from streams.export.tables import AGREEMENT_COLUMNS, ALERT_COLUMNS, EVENT_COLUMNS, to_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from schemas.alert import Alert
    from schemas.contract import Contract
    from streams.settings import Settings

_ItemT = TypeVar("_ItemT")


class Kind(StrEnum):
    """What can be exported."""

    ALERTS = "alerts"
    EVENTS = "events"
    AGREEMENTS = "agreements"


class Format(StrEnum):
    """Formats that a file can have."""

    STIX = "stix"
    FTM = "ftm"
    CSV = "csv"
    PARQUET = "parquet"
    JSONL = "jsonl"


_COLUMNS: Final = {
    Kind.ALERTS: ALERT_COLUMNS,
    Kind.EVENTS: EVENT_COLUMNS,
    Kind.AGREEMENTS: AGREEMENT_COLUMNS,
}
_GRAPHS: Final = frozenset({Format.STIX, Format.FTM})
"""They hold records of several kinds and how these hang together."""


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--format", "format_", required=True, type=click.Choice([f.value for f in Format]), help="Format of FILE."
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([k.value for k in Kind]),
    help="What to write; may be given several times for stix and ftm. Without it: alerts, and for stix and ftm all three.",
)
@click.option(
    "--since",
    type=TimeParameter(),
    help="Only what was told of at this event time or later, such as 2026-03-01.",
)
@click.option("--broker", metavar="HOST:PORT", help="Kafka to read from [DRAGOMAN_BROKER].")
def command(
    *, file: str, format_: str, kinds: tuple[str, ...], since: datetime | None, broker: str | None
) -> None:
    """Write alerts, events or agreements to FILE for other tools; `-` writes to standard output.

    \b
    stix      a STIX 2.1 bundle, for OpenCTI, MISP and others
    ftm       FollowTheMoney entities, one a line, for Aleph
    csv       one row a record, for a spreadsheet
    parquet   the same with types, for data frames (needs the extra `parquet`)
    jsonl     the records as they are, one a line

    Alerts and agreements are written as they stand, each once. The same records give the same ids in every export, so
    that a tool that takes a second one in changes what it has. FILE is there whole or not at all.

    \b
    dragoman export --format stix bundle.json
    dragoman export --format csv --kind agreements --since 2026-03-01 agreements.csv
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    form = Format(format_)
    wanted = frozenset(map(Kind, kinds)) or (frozenset(Kind) if form in _GRAPHS else frozenset({Kind.ALERTS}))
    if form not in _GRAPHS and len(wanted) > 1:
        fail(f"a {form} file holds records of one kind: give --kind once, and export again for the other one")
    if form is Format.PARQUET and find_spec("pyarrow") is None:
        fail("Parquet needs pyarrow: install Dragoman with the extra `parquet`, or write csv")
    selection = asyncio.run(_select(settings_or_exit(broker=broker), wanted, since))
    count = len(selection.alerts) + len(selection.events) + len(selection.agreements)
    _put(file, _encode(selection, form, min(wanted)))
    click.echo(f"{count} {'record' if count == 1 else 'records'} written.", err=True)


async def _select(settings: Settings, kinds: frozenset[Kind], since: datetime | None) -> Selection:
    alerts: tuple[Alert, ...] = ()
    events: tuple[Event, ...] = ()
    if Kind.ALERTS in kinds:
        changes = [change async for change in read_alerts(settings, None, None, follow=False)]
        changes.sort(key=lambda change: change.sequence)
        alerts = _ordered(
            {change.alert.id: change.alert for change in changes}.values(),
            lambda a: (a.updated_time, a.id),
            since,
        )
    if Kind.EVENTS in kinds:
        found = await read_records(settings, topics.EVENTS_EXTRACTED, Event)
        # an event that was published again after a restart has the same id
        events = _ordered({e.id: e for e in found}.values(), lambda e: (e.context.event_time, e.id), since)
    agreements = await read_agreements(settings) if Kind.AGREEMENTS in kinds else ()
    return Selection(alerts, events, _ordered(agreements, lambda a: (a.last_time, a.id), since))


def _ordered(
    records: Iterable[_ItemT], order: Callable[[_ItemT], tuple[datetime, str]], since: datetime | None
) -> tuple[_ItemT, ...]:
    return tuple(r for r in sorted(records, key=order) if since is None or order(r)[0] >= since)


def _encode(selection: Selection, form: Format, kind: Kind) -> bytes:
    match form:
        case Format.STIX:
            return orjson.dumps(to_bundle(selection), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        case Format.FTM:
            return _lines(map(orjson.dumps, to_entities(selection)))
        case Format.JSONL:
            return _lines(record.encode() for record in _records(selection, kind))
        case Format.CSV:
            return to_csv(_records(selection, kind), _COLUMNS[kind])
        case Format.PARQUET:
            from streams.export.parquet import to_parquet  # noqa: PLC0415 - large, and not always there

            return to_parquet(_records(selection, kind), _COLUMNS[kind])


def _records(selection: Selection, kind: Kind) -> Sequence[Contract]:
    match kind:
        case Kind.ALERTS:
            return selection.alerts
        case Kind.EVENTS:
            return selection.events
        case Kind.AGREEMENTS:
            return selection.agreements


def _lines(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _put(file: str, content: bytes) -> None:
    if file == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    target = Path(file)
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        fail(f"{file} cannot be written: {error.strerror or error}")
