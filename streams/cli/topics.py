"""`dragoman topics`: make the topics, check them, see what lies on them."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from schemas.json_schema import to_draft_07, topic_schema
from schemas.topics import ALERT_TOPIC_NAMES, dead_letter_topic_name
from streams.cli.errors import fail, settings_or_exit
from streams.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.kafka.topics import TopicPlan, TopicState
    from streams.settings import Settings


def _check_names(
    _context: click.Context, _option: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    for name in names:
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,59}", name):
            raise click.BadParameter(f"{name!r}: small letters, digits and hyphens, such as security-mou")
    return names


_broker = click.option("--broker", metavar="HOST:PORT", help="The Kafka to ask [DRAGOMAN_BROKER].")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")
_alerts = click.option(
    "--alert",
    "alerts",
    metavar="NAME",
    multiple=True,
    callback=_check_names,
    help="One more alert topic, alerts.NAME.v1, for rules that name it. May be given several times.",
)


@click.group()
def command() -> None:
    """Make the topics of an installation, check them, and see what lies on them.

    \b
    dragoman topics create                  make what is missing; what is there stays as it is
    dragoman topics check                   say what differs from what should be; exit code 1 if anything does
    dragoman topics list                    records on each topic, and what the worker has not finished
    dragoman topics publish-schemas         give the schemas to a registry, where there is one
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped


@command.command()
@_alerts
@click.option("--alter", is_flag=True, help="Also set cleanup, retention and sizes of topics that are there.")
@_broker
@_json
def create(*, alerts: tuple[str, ...], alter: bool, broker: str | None, as_json: bool) -> None:
    """Make the topics that are missing: those of the contract, dead letters, and the worker's changelogs.

    Partitions and copies are settings (DRAGOMAN_PARTITIONS, DRAGOMAN_REPLICATION). To do it again changes nothing.
    """
    settings = settings_or_exit(broker=broker)
    made, altered = asyncio.run(_create(settings, alerts, alter=alter))
    if as_json:
        print_json({"created": sorted(made), "altered": sorted(altered)})
        return
    for verb, names in (("created", made), ("altered", altered)):
        for name in names:
            click.echo(f"{verb} {name}")
    click.echo(f"{len(made)} created." if made else "All topics are there.", err=True)


@command.command()
@_alerts
@_broker
@_json
def check(*, alerts: tuple[str, ...], broker: str | None, as_json: bool) -> None:
    """Say what differs: topics that are missing, partitions, cleanup, retention, sizes. Exit code 1 if anything does."""
    settings = settings_or_exit(broker=broker)
    differences = asyncio.run(_check(settings, alerts))
    if as_json:
        print_json({"differences": differences})
    else:
        for sentence in differences:
            click.echo(sentence)
        if not differences:
            click.echo("All topics are as they should be.", err=True)
    sys.exit(1 if differences else 0)


@command.command("list")
@_alerts
@_broker
@_json
def list_(*, alerts: tuple[str, ...], broker: str | None, as_json: bool) -> None:
    """Show each topic with its partitions, its records, and how many of them the worker has not finished (lag).

    Dead-letter topics without a record are left out in a terminal. Records are counted by offsets: on a topic that keeps the latest by key only, it is what was written, not what is left.
    """
    settings = settings_or_exit(broker=broker)
    found = asyncio.run(_list(settings, alerts))
    if as_json:
        print_json([_as_json(state) for state in found.states])
        return
    if not found.states:
        click.echo(
            f"No topic of Dragoman is at {settings.broker} yet: `dragoman topics create` makes them.",
            err=True,
        )
        return
    console = Console(highlight=False)
    if console.is_terminal:
        # Good: a healthy installation has as many empty dead-letter topics as others, and they would hide these.
        console.print(
            _table([s for s in found.states if s.records or not s.name.endswith(dead_letter_topic_name(""))])
        )
    else:
        for state in found.states:
            click.echo("\t".join((state.name, str(state.partitions), str(state.records), _lag(state, ","))))
    if found.missing:
        click.echo(
            f"{len(found.missing)} topics are missing, such as {found.missing[0]}: `dragoman topics create` makes them.",
            err=True,
        )


@command.command("publish-schemas")
@_alerts
@click.option(
    "--registry",
    required=True,
    metavar="URL",
    help="The registry: https://host:port, or https://user:password@host:port. Apicurio: with /apis/ccompat/v7 behind it.",
)
@_json
def publish(*, alerts: tuple[str, ...], registry: str, as_json: bool) -> None:
    """Register the JSON Schema of every topic at a registry that speaks Confluent's protocol, for catalogues and tools.

    The subject is TOPIC-value, the schema in draft 7, which registries compare; the registry is told to hold later versions to BACKWARD_TRANSITIVE. To do it again
    changes nothing. Dragoman itself reads from no registry.
    """
    from streams.kafka.registry import (  # noqa: PLC0415 - keeps --help quick
        Published,
        RegistryError,
        publish_schemas,
        subject_of,
    )
    from streams.kafka.topics import all_topics, kafka_name  # noqa: PLC0415

    settings = settings_or_exit()
    schemas = {
        subject_of(kafka_name(topic, settings)): to_draft_07(topic_schema(topic))
        for topic in all_topics((*ALERT_TOPIC_NAMES, *alerts))
    }
    try:
        done = asyncio.run(publish_schemas(registry, schemas))
    except RegistryError as error:
        fail(str(error))
    if as_json:
        print_json([{"subject": p.subject, "id": p.schema_id, "came": p.came} for p in done])
        return
    for publication in done:
        click.echo(f"{publication.came} {publication.subject} (schema {publication.schema_id})")
    count = sum(p.came is Published.NEW for p in done)
    click.echo(f"{count} registered." if count else "The registry has them all.", err=True)


@dataclass(frozen=True, slots=True)
class _Found:
    states: tuple[TopicState, ...]
    missing: tuple[str, ...]


async def _create(
    settings: Settings, alerts: Sequence[str], *, alter: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from streams.kafka.client import open_admin  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import alter_topics, create_topics  # noqa: PLC0415

    plans = _plans(settings, alerts)
    async with open_admin(settings) as admin:
        return await create_topics(admin, plans), await alter_topics(admin, plans) if alter else ()


async def _check(settings: Settings, alerts: Sequence[str]) -> tuple[str, ...]:
    from streams.kafka.client import open_admin  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import check_topics  # noqa: PLC0415

    async with open_admin(settings) as admin:
        return await check_topics(admin, _plans(settings, alerts))


async def _list(settings: Settings, alerts: Sequence[str]) -> _Found:
    from streams.kafka.client import open_admin, open_reader  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import kafka_name, list_topics, worker_groups  # noqa: PLC0415

    async with open_admin(settings) as admin, open_reader(settings) as reader:
        names = [plan.name for plan in _plans(settings, alerts)]
        # Alert topics that someone made with --alert are not in the registry, and ours all the same.
        mine = kafka_name("alerts.", settings)
        names += sorted(n for n in await admin.list_topics() if n.startswith(mine) and n not in names)
        groups = await worker_groups(admin, settings)
        states = await list_topics(admin, reader, names, groups)
    there = {state.name for state in states}
    return _Found(states, tuple(name for name in names if name not in there))


def _plans(settings: Settings, alerts: Sequence[str]) -> tuple[TopicPlan, ...]:
    from streams.kafka.groups import installation_plans  # noqa: PLC0415 - keeps --help quick

    return installation_plans(settings, (*ALERT_TOPIC_NAMES, *alerts))


def _table(states: Sequence[TopicState]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("topic", no_wrap=True)
    table.add_column("partitions", justify="right")
    table.add_column("records", justify="right")
    table.add_column("not finished")
    for state in states:
        style = "dim" if not state.records else "red" if ".dlq." in state.name else ""
        table.add_row(state.name, str(state.partitions), str(state.records), _lag(state, ", "), style=style)
    return table


def _lag(state: TopicState, separator: str) -> str:
    return separator.join(f"{group}:{count}" for group, count in sorted(state.lag.items()))


def _as_json(state: TopicState) -> dict[str, object]:
    return {
        "topic": state.name,
        "partitions": state.partitions,
        "records": state.records,
        "lag": dict(sorted(state.lag.items())),
    }
