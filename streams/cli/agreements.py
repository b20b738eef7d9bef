"""`dragoman agreements`: the ledger as it stands, and how each agreement came there."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final, TypeVar

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from schemas import topics
from schemas.agreement import Agreement, Transition
from schemas.contract import Contract, ContractError
from schemas.event import EXITS, Polarity, Stage
from streams.cli.errors import fail, settings_or_exit
from streams.export.titles import agreement_matter, agreement_title, in_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.agreement import Report
    from schemas.topics import Topic
    from streams.settings import Settings

RecordT = TypeVar("RecordT", bound=Contract)

_SHORT: Final = 8
"""So many characters of an id are shown; a beginning that only one agreement has is enough to name it."""

_FILE_WIDTH: Final = 140
"""Width of tables that go to a file or another program."""

_broker = click.option("--broker", metavar="HOST:PORT", help="Kafka to read from [DRAGOMAN_BROKER].")
_json = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line: the records as they are."
)


@click.group()
def command() -> None:
    """See the ledger: one agreement for each instrument, at its stage, with the reports behind it.

    \b
    dragoman agreements list --party IRN     what Iran is party to, the latest last
    dragoman agreements show 5f2c            one agreement with its reports and their words
    dragoman agreements history 5f2c         its transitions, one after the other
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped


@command.command("list")
@click.option(
    "--party",
    "parties",
    metavar="CODE",
    multiple=True,
    help="Only agreements of this party, such as IRN. Again: of all of them.",
)
@click.option(
    "--stage", type=click.Choice([s.value for s in Stage]), help="Only agreements that stand at this stage."
)
@click.option("--domain", metavar="NAME", help="Only agreements on this matter, such as border.")
@_json
@_broker
def list_agreements(
    *, parties: tuple[str, ...], stage: str | None, domain: str | None, as_json: bool, broker: str | None
) -> None:
    """List the agreements as they stand, the one that was told of last at the end."""
    found = [
        agreement
        for agreement in asyncio.run(read_agreements(settings_or_exit(broker=broker)))
        if {p.upper() for p in parties} <= set(agreement.key.split("|"))
        and stage in {None, agreement.stage.value}
        and domain in {None, *agreement.domains}
    ]
    if as_json:
        _print_json(found)
    elif found:
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = _FILE_WIDTH
        console.print(_table(found))
    else:
        asked = bool(parties or stage or domain)
        click.echo("No agreement is like that." if asked else "No agreement has been reported yet.", err=True)


@command.command()
@click.argument("agreement_id", metavar="ID")
@_json
@_broker
def show(*, agreement_id: str, as_json: bool, broker: str | None) -> None:
    """Show one agreement: what, between whom, at which stage, and every report with its words.

    ID is its id, or as many of its first characters as tell it from others.
    """
    found = _pick(asyncio.run(read_agreements(settings_or_exit(broker=broker))), agreement_id)
    if as_json:
        _print_json([found])
        return
    console = Console(highlight=False)
    console.print(f"[bold]{escape(agreement_title(found))}[/]")
    console.print(f"{found.id}\n")
    for name, value in _facts(found):
        console.print(f"  {name:<12}{escape(value)}", soft_wrap=True)
    console.print()
    for report in found.reports:
        _print_report(console, report)
    if found.dropped_reports:
        console.print(f"  (and {found.dropped_reports} older ones that are no longer kept)")


@command.command()
@click.argument("agreement_id", metavar="ID")
@_json
@_broker
def history(*, agreement_id: str, as_json: bool, broker: str | None) -> None:
    """Show the transitions of one agreement, in the order in which they were made.

    ID is its id, or as many of its first characters as tell it from others.
    """
    settings = settings_or_exit(broker=broker)
    found = _pick(asyncio.run(read_agreements(settings)), agreement_id)
    steps = asyncio.run(read_records(settings, topics.AGREEMENTS_CHANGED, Transition))
    # a step that was published again after a restart has the same id
    mine = {step.id: step for step in steps if step.agreement.id == found.id}
    ordered = sorted(mine.values(), key=lambda step: (step.agreement.sequence, step.event_time, step.id))
    if as_json:
        _print_json(ordered)
        return
    console = Console(highlight=False)
    console.print(f"[bold]{escape(agreement_title(found))}[/]  {found.id}\n")
    if not ordered:
        console.print("  Known from background reports only; no step has been reported.")
    for step in ordered:
        before = f"{in_words(step.before)} → " if step.before and step.before is not step.stage else ""
        told = f"{step.source.broadcaster}, {step.event_time:%d %b %Y %H:%M} UTC"
        console.print(
            f"  [bold]{step.kind:<14}[/]{before}{in_words(step.stage)}  [dim]{escape(told)}[/]",
            soft_wrap=True,
        )
        console.print(f"  {'':<14}[green]“{escape(' '.join(step.evidence.text.split()))}”[/]", soft_wrap=True)


async def read_agreements(settings: Settings) -> tuple[Agreement, ...]:
    """Give every agreement as it stands, the one that was told of last at the end.

    Raises:
        NoBrokerError: no Kafka answers.
        TopicError: the topic of agreements is not there.
    """
    latest = {
        record.id: record for record in await read_records(settings, topics.AGREEMENTS_CURRENT, Agreement)
    }
    return tuple(sorted(latest.values(), key=lambda a: (a.last_time, a.id)))


async def read_records(settings: Settings, topic: Topic, kind: type[RecordT]) -> list[RecordT]:
    """Read all that a topic holds now; within one key the order is that of the topic. What is unreadable is left out."""
    from streams.kafka.client import open_reader  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import TopicError, kafka_name  # noqa: PLC0415

    name = kafka_name(topic, settings)
    found: list[RecordT] = []
    async with open_reader(settings, name) as reader:
        places = reader.assignment()
        if not places:
            raise TopicError(
                f"there is no topic {name} at {settings.broker}: `dragoman topics create` makes it"
            )
        end = await reader.end_offsets(places)
        for place in sorted(places):
            while await reader.position(place) < end[place]:
                batch = await reader.getmany(place, timeout_ms=500)
                for record in batch.get(place, ()):
                    try:
                        found.append(kind.decode(record.value or b""))
                    except ContractError:
                        continue
    return found


def _pick(agreements: Iterable[Agreement], beginning: str) -> Agreement:
    found = [a for a in agreements if a.id.startswith(beginning.lower())]
    if not found:
        fail(f"no agreement has an id that begins with {beginning}: `dragoman agreements list` shows them")
    if len(found) > 1:
        fail(f"{len(found)} agreements have an id that begins with {beginning}: give more of it")
    return found[0]


def _table(agreements: Iterable[Agreement]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("id", "parties", "instrument"):
        table.add_column(name, no_wrap=True)
    table.add_column("on", overflow="fold", ratio=1)
    table.add_column("stage", no_wrap=True)
    table.add_column("since", no_wrap=True)
    table.add_column("reports", justify="right", no_wrap=True)
    for a in agreements:
        table.add_row(
            a.id[:_SHORT], escape(a.key.replace("|", " ")), in_words(a.instrument), escape(agreement_matter(a)), _stage(a),
            f"{a.since:%d %b %Y}", str(len(a.reports) + a.dropped_reports),
        )  # fmt: skip
    return table


def _stage(agreement: Agreement) -> str:
    words = in_words(agreement.stage) + (", denied" if agreement.denied else "")
    if agreement.sequence == 0:
        return f"[dim]{words} (background)[/]"
    return f"[red]{words}[/]" if agreement.denied or agreement.stage in EXITS else words


def _facts(agreement: Agreement) -> tuple[tuple[str, str], ...]:
    stage = in_words(agreement.stage) + (", but denied" if agreement.denied else "")
    if agreement.sequence == 0:
        stage += ", known from background only"
    facts = [
        ("stage", f"{stage}, since {agreement.since:%d %b %Y %H:%M} UTC"),
        ("next", in_words(agreement.next_stage) if agreement.next_stage else ""),
        ("domains", ", ".join(agreement.domains).replace("_", " ")),
        ("scope", in_words(agreement.scope)),
        ("steps", str(agreement.sequence)),
        (
            "told by",
            f"{agreement.origins} independent source{'' if agreement.origins == 1 else 's'} for this stage",
        ),
    ]
    return tuple((name, value) for name, value in facts if value)


def _print_report(console: Console, report: Report) -> None:
    told = f"{report.source.broadcaster}, {report.event_time:%d %b %Y %H:%M} UTC"
    marks = [] if report.polarity is Polarity.ASSERTED else [report.polarity.value]
    marks += [] if report.is_news else ["background"]
    note = f" ({', '.join(marks)})" if marks else ""
    console.print(
        f"  [bold]{in_words(report.stage)}[/]{note}  [dim]{escape(told)}, origin {report.origin}[/]",
        soft_wrap=True,
    )
    console.print(f"  [green]“{escape(' '.join(report.evidence.text.split()))}”[/]\n", soft_wrap=True)


def _print_json(records: Iterable[Contract]) -> None:
    for record in records:
        sys.stdout.write(record.encode().decode() + "\n")
