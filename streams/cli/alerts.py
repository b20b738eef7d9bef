"""`dragoman alerts`: what was raised, and what is being raised."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.markup import escape

from schemas import topics
from schemas.alert import AlertChange, AlertChangeKind
from schemas.contract import ContractError
from schemas.rule import Level
from streams.cli.errors import fail, settings_or_exit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiokafka import TopicPartition

    from schemas.alert import Alert, Subject
    from streams.settings import Settings

_COLOURS: Final = {
    Level.INFORMATIONAL: "dim",
    Level.LOW: "cyan",
    Level.MEDIUM: "yellow",
    Level.HIGH: "bold red",
    Level.CRITICAL: "bold white on red",
}
_WORDS: Final = {
    AlertChangeKind.RAISE: "NEW",
    AlertChangeKind.UPDATE: "UPDATED",
    AlertChangeKind.CORROBORATE: "CONFIRMED",
    AlertChangeKind.CONTRADICT: "DISPUTED",
    AlertChangeKind.CANCEL: "CANCELLED",
}


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Stay, and show each change as it comes.")
@click.option("--topic", "-t", metavar="NAME", help="Only the alerts of this topic, such as security-mou.")
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Show the newest so many first.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line: the AlertChange records as they are."
)
@click.option("--broker", metavar="HOST:PORT", help="Kafka to read from [DRAGOMAN_BROKER].")
def command(*, follow: bool, topic: str | None, limit: int, as_json: bool, broker: str | None) -> None:
    """Show alerts, oldest first: what, who, which stage, the source, and the words that prove it.

    \b
    dragoman alerts                         the newest twenty
    dragoman alerts -f -t security-mou      follow one topic
    dragoman alerts -n 0 -f --json | jq .   only what comes from now on, for a program
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    settings = settings_or_exit(broker=broker)
    try:
        shown = asyncio.run(_show(settings, topic, limit, follow=follow, as_json=as_json))
    except KeyboardInterrupt:
        return
    if shown == 0 and not as_json:
        click.echo(
            "No alert has been raised yet."
            if topic is None
            else f"No alert has been raised yet on topic {topic}.",
            err=True,
        )


async def _show(settings: Settings, topic: str | None, limit: int, *, follow: bool, as_json: bool) -> int:
    console = Console(highlight=False)
    shown = 0
    async for change in read_alerts(settings, topic, limit, follow=follow):
        shown += 1
        if as_json:
            sys.stdout.write(change.encode().decode() + "\n")
            sys.stdout.flush()
        else:
            print_change(console, change)
    return shown


async def find_end(settings: Settings) -> dict[TopicPartition, int]:
    """Give for each partition of the alerts where it ends now."""
    from streams.kafka.client import open_reader  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import kafka_name  # noqa: PLC0415

    async with open_reader(settings, kafka_name(topics.ALERTS, settings)) as reader:
        return dict(await reader.end_offsets(reader.assignment()))


async def read_alerts(
    settings: Settings,
    topic: str | None,
    limit: int | None,
    *,
    follow: bool,
    start: Mapping[TopicPartition, int] | None = None,
) -> AsyncIterator[AlertChange]:
    """Give the newest changes of alerts, oldest of them first, then, if asked to follow, each as it comes.

    `limit` None gives all that the topic holds, or all from `start` on.
    """
    from streams.kafka.client import open_reader  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import kafka_name  # noqa: PLC0415

    name = kafka_name(topics.ALERTS, settings)
    async with open_reader(settings, name) as reader:
        partitions = reader.assignment()
        if not partitions:
            fail(f"there is no topic {name} on {settings.broker}: `dragoman topics create` makes it")
        for partition, offset in (start or {}).items():
            reader.seek(partition, offset)
        end = await reader.end_offsets(partitions)
        old: list[tuple[int, AlertChange]] = []
        while any([await reader.position(p) < end[p] for p in partitions]):
            for records in (await reader.getmany(timeout_ms=500)).values():
                old += [
                    (r.timestamp, change) for r in records if (change := _wanted(r.value, topic)) is not None
                ]
        old.sort(key=lambda pair: pair[0])
        for _, change in old if limit is None else old[len(old) - min(limit, len(old)) :]:
            yield change
        while follow:
            for records in (await reader.getmany(timeout_ms=500)).values():
                for record in records:
                    change = _wanted(record.value, topic)
                    if change is not None:
                        yield change


def _wanted(data: bytes | None, topic: str | None) -> AlertChange | None:
    try:
        change = AlertChange.decode(data or b"")
    except ContractError:
        return None
    return change if topic in {None, change.alert.topic} else None


def print_change(console: Console, change: AlertChange) -> None:
    """Print one change for people: what, who, which stage, the source, and the verbatim words."""
    alert = change.alert
    subject = alert.subjects[-1]
    colour = _COLOURS[alert.level]
    console.print(
        f"[{colour}]{_WORDS[change.kind]:>9}[/]  [bold]{escape(alert.summary)}[/]  [{colour}]{alert.level}[/]",
        soft_wrap=True,
    )
    console.print(f"           {escape(_facts(alert, subject))}", soft_wrap=True)
    for evidence in subject.evidence[:3]:
        words = " ".join(evidence.text.split())
        speaker = f"  — {escape(evidence.speaker)}" if evidence.speaker else ""
        console.print(f"           [green]“{escape(words)}”[/]{speaker}", soft_wrap=True)
    console.print()


def _facts(alert: Alert, subject: Subject) -> str:
    source = subject.source
    told = source.broadcaster + (f", {source.programme}" if source.programme else "")
    parts = [
        ", ".join(
            dict.fromkeys(f"{p.name} ({p.code})" if p.name != p.code else p.code for p in alert.parties)
        )
        or ", ".join(alert.countries),
        f"stage: {alert.stage.replace('_', ' ')}" if alert.stage else "",
        f"{told}, {subject.event_time:%d %b %Y %H:%M} UTC",
        f"{alert.origins} independent sources" if alert.origins > 1 else "",
        alert.topic,
    ]
    return " · ".join(part for part in parts if part)
