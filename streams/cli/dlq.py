"""`dragoman dlq`: look at dead letters, send them again, or let them go."""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from schemas.topics import dead_letter_topic_name
from streams.cli.errors import settings_or_exit
from streams.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from aiokafka import AIOKafkaConsumer

    from streams.kafka.dead_letters import ParkedRecord, Settled
    from streams.settings import Settings

_SUFFIX: Final = dead_letter_topic_name("")
_SHOWN_BYTES: Final = 4000

_broker = click.option("--broker", metavar="HOST:PORT", help="The Kafka to ask [DRAGOMAN_BROKER].")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")
_topic = click.argument("topic")
_ids = click.argument("ids", nargs=-1, metavar="[ID]...")


@click.group()
def command() -> None:
    """Look at records that could not be processed (dead letters), send them again, or let them go.

    A record that can never be processed as it is lies unchanged in the dead-letter topic of its topic, with the reason.
    TOPIC is the one it came from, such as transcripts.raw.v1; ID is what `list` shows, such as 0:17.

    \b
    dragoman dlq list                                what waits, on all topics
    dragoman dlq show transcripts.raw.v1 0:17        one of them whole, with its reason
    dragoman dlq replay transcripts.raw.v1 0:17      send it to its topic again (after the cause is mended)
    dragoman dlq replay transcripts.raw.v1 --all     all that wait; each is sent once
    dragoman dlq discard transcripts.raw.v1 0:17     let it go: it no longer waits, and is not deleted
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped


@command.command("list")
@click.argument("topic", required=False)
@click.option("--all", "everything", is_flag=True, help="Also those that were sent again or discarded.")
@_broker
@_json
def list_(*, topic: str | None, everything: bool, broker: str | None, as_json: bool) -> None:
    """Show the dead letters that wait, of one topic or of all."""
    settings = settings_or_exit(broker=broker)
    found = [p for p in asyncio.run(_list(settings, topic)) if everything or not p.settled]
    if as_json:
        print_json([_as_json(p, settings) for p in found])
        return
    if not found:
        where = f" of {topic}" if topic else ""
        click.echo(f"No dead letter{where} {'is there' if everything else 'waits'}.", err=True)
        return
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(_table(found, settings))
        return
    for parked in found:
        told = (
            _source(parked, settings),
            parked.place,
            _when(parked),
            _reason(parked),
            _state(parked),
            _message(parked),
        )
        click.echo("\t".join(told))


@command.command()
@_topic
@click.argument("id_", metavar="ID")
@click.option("--raw", is_flag=True, help="Print the value only, byte for byte.")
@_broker
@_json
def show(*, topic: str, id_: str, raw: bool, broker: str | None, as_json: bool) -> None:
    """Show one dead letter: why it was parked, where it came from, its headers and its value."""
    settings = settings_or_exit(broker=broker)
    parked = asyncio.run(_load_one(settings, topic, _parse_id(id_)))
    if raw:
        sys.stdout.buffer.write(parked.value or b"")
        sys.stdout.buffer.flush()
        return
    if as_json:
        print_json({**_as_json(parked, settings), "value": _as_text(parked.value)})
        return
    _print_one(parked, settings)


@command.command()
@_topic
@_ids
@click.option("--all", "everything", is_flag=True, help="All of the topic that wait.")
@click.option("--again", is_flag=True, help="Also those that were sent again or discarded before.")
@_broker
@_json
def replay(
    *, topic: str, ids: tuple[str, ...], everything: bool, again: bool, broker: str | None, as_json: bool
) -> None:
    """Send dead letters to the topic they came from, with key, value and headers as they were. Each goes once.

    The header dragoman-replays counts how often a record was sent again.
    """
    from streams.kafka.dead_letters import Settled  # noqa: PLC0415 - keeps --help quick

    _settle(
        _Order(topic, _chosen(ids, everything=everything), again, Settled.REPLAYED), broker, as_json=as_json
    )


@command.command()
@_topic
@_ids
@click.option("--all", "everything", is_flag=True, help="All of the topic that wait.")
@_broker
@_json
def discard(*, topic: str, ids: tuple[str, ...], everything: bool, broker: str | None, as_json: bool) -> None:
    """Let dead letters go: they no longer wait. Nothing is deleted; `list --all` and `replay --again` still reach them."""
    from streams.kafka.dead_letters import Settled  # noqa: PLC0415 - keeps --help quick

    again = False
    _settle(
        _Order(topic, _chosen(ids, everything=everything), again, Settled.DISCARDED), broker, as_json=as_json
    )


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be done with which dead letters of a topic; without ids, with all that wait."""

    topic: str
    ids: tuple[tuple[int, int], ...]
    again: bool
    how: Settled


@dataclass(frozen=True, slots=True)
class _Done:
    settled: tuple[str, ...]
    skipped: tuple[str, ...]
    refused: tuple[str, ...]


def _settle(order: _Order, broker: str | None, *, as_json: bool) -> None:
    settings = settings_or_exit(broker=broker)
    done = asyncio.run(_carry_out(settings, order))
    verb = order.how.value
    if as_json:
        print_json({verb: done.settled, "skipped": done.skipped, "refused": done.refused})
    else:
        for place in done.settled:
            click.echo(f"{verb} {place}")
        for place in done.skipped:
            click.echo(f"{place} was settled before: --again sends it once more", err=True)
        for sentence in done.refused:
            click.echo(sentence, err=True)
        if not (done.settled or done.skipped or done.refused):
            click.echo(f"No dead letter of {order.topic} waits.", err=True)
    sys.exit(1 if done.refused else 0)


async def _carry_out(settings: Settings, order: _Order) -> _Done:
    from streams.kafka.client import open_producer  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.dead_letters import Settled, list_parked, send_again, settle, stream_parked  # noqa: PLC0415

    settled, refused = [], []
    async with _reading(settings, order.topic) as reader, open_producer(settings) as producer:
        found = await list_parked(reader)
        chosen = _pick(found, order)
        fresh = [p for p in chosen if order.again or not p.settled]
        skipped = tuple(p.place for p in chosen if p not in fresh) if order.ids else ()
        async for parked in stream_parked(reader, fresh):
            if order.how is Settled.DISCARDED:
                await settle(producer, parked, order.how)
            else:
                try:
                    await send_again(producer, settings, parked)
                except ValueError as error:
                    refused.append(str(error))
                    continue
            settled.append(parked.place)
    return _Done(tuple(settled), skipped, tuple(refused))


def _pick(found: Sequence[ParkedRecord], order: _Order) -> list[ParkedRecord]:
    from streams.kafka.topics import TopicError  # noqa: PLC0415 - keeps --help quick

    if not order.ids:
        return list(found)
    by_id = {(p.partition, p.offset): p for p in found}
    missing = [f"{partition}:{offset}" for partition, offset in order.ids if (partition, offset) not in by_id]
    if missing:
        raise TopicError(_no_such(order.topic, missing[0]))
    return [by_id[id_] for id_ in order.ids]


def _no_such(topic: str, place: str) -> str:
    return (
        f"there is no dead letter {place} of {topic}: `dragoman dlq list {topic} --all` shows those there are"
    )


async def _list(settings: Settings, topic: str | None) -> tuple[ParkedRecord, ...]:
    from streams.kafka.dead_letters import list_parked  # noqa: PLC0415 - keeps --help quick

    async with _reading(settings, topic) as reader:
        return await list_parked(reader)


async def _load_one(settings: Settings, topic: str, id_: tuple[int, int]) -> ParkedRecord:
    from streams.kafka.dead_letters import list_parked, stream_parked  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import TopicError  # noqa: PLC0415

    async with _reading(settings, topic) as reader:
        chosen = [p for p in await list_parked(reader) if (p.partition, p.offset) == id_]
        async for parked in stream_parked(reader, chosen):
            return parked
    raise TopicError(_no_such(topic, f"{id_[0]}:{id_[1]}"))


@asynccontextmanager
async def _reading(settings: Settings, topic: str | None) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a reader of the dead-letter topics: of one topic, or of all that are there."""
    from streams.kafka.client import open_admin, open_reader  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import TopicError, nearest_topic  # noqa: PLC0415

    prefix = settings.topic_prefix
    async with open_admin(settings) as admin:
        there = {
            name.removeprefix(prefix).removesuffix(_SUFFIX): name
            for name in sorted(await admin.list_topics())
            if name.startswith(prefix) and name.endswith(_SUFFIX)
        }
    if not there:
        raise TopicError(
            f"no dead-letter topic is at {settings.broker} yet: `dragoman topics create` makes them"
        )
    if topic is None:
        names = list(there.values())
    else:
        asked = topic.removeprefix(prefix).removesuffix(_SUFFIX)
        if asked not in there:
            near = nearest_topic(asked, there)
            raise TopicError(
                f"there is no dead-letter topic of {topic}"
                + (f"; did you mean {near}?" if near else f"; there are {', '.join(there)}")
            )
        names = [there[asked]]
    async with open_reader(settings, *names) as reader:
        yield reader


def _chosen(ids: tuple[str, ...], *, everything: bool) -> tuple[tuple[int, int], ...]:
    if bool(ids) == everything:
        raise click.UsageError("say which: IDs as `dragoman dlq list` shows them, or --all")
    return tuple(_parse_id(id_) for id_ in dict.fromkeys(ids))


def _parse_id(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(?:([0-9]{1,9}):)?([0-9]{1,18})", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no ID: one looks like 0:17 (partition and offset)")
    return int(found[1] or 0), int(found[2])


def _source(parked: ParkedRecord, settings: Settings) -> str:
    return parked.topic.removeprefix(settings.topic_prefix).removesuffix(_SUFFIX)


def _when(parked: ParkedRecord) -> str:
    return parked.letter.failed_time.strftime("%Y-%m-%d %H:%M:%SZ") if parked.letter else "-"


def _reason(parked: ParkedRecord) -> str:
    return parked.letter.reason.value if parked.letter else "unknown"


def _message(parked: ParkedRecord) -> str:
    return (
        _printable(" ".join(parked.letter.message.split()))
        if parked.letter
        else "its headers do not tell why it was parked"
    )


def _state(parked: ParkedRecord) -> str:
    return parked.settled[-1].value if parked.settled else "waits"


def _table(found: Sequence[ParkedRecord], settings: Settings) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("topic", "id", "parked", "reason", "state"):
        table.add_column(column, no_wrap=True)
    table.add_column("why", overflow="fold")
    for parked in found:
        row = (
            _source(parked, settings),
            parked.place,
            _when(parked),
            _reason(parked),
            _state(parked),
            _message(parked),
        )
        table.add_row(*(escape(cell) for cell in row), style="dim" if parked.settled else "")
    return table


def _as_json(parked: ParkedRecord, settings: Settings) -> dict[str, object]:
    return {
        "topic": _source(parked, settings),
        "id": parked.place,
        "state": _state(parked),
        "settled": [how.value for how in parked.settled],
        "replays": parked.replays,
        "size_bytes": parked.size_bytes,
        "cut_bytes": parked.cut_bytes,
        "key": _as_text(parked.key),
        "headers": [[name, _as_text(value)] for name, value in parked.headers],
        "letter": parked.letter.model_dump(mode="json") if parked.letter else None,
    }


def _print_one(parked: ParkedRecord, settings: Settings) -> None:
    lines = [
        ("topic", _source(parked, settings)),
        ("id", parked.place),
        ("state", _state(parked)),
        ("why", _message(parked)),
    ]
    if parked.letter is not None:
        letter = parked.letter
        lines += [
            ("reason", f"{letter.reason} ({letter.error_class})"),
            (
                "parked",
                f"{_when(parked)} by {letter.stage} {letter.stage_version}, tries: {letter.attempts}",
            ),
            ("came from", f"{letter.topic}, partition {letter.partition}, offset {letter.offset}"),
        ]
    lines += [("replays", str(parked.replays)), ("key", _as_text(parked.key) or "-")]
    lines += [("header", f"{name}: {_as_text(value)}") for name, value in parked.headers]
    for name, value in lines:
        click.echo(f"{name:>10}  {_printable(value)}")
    shown = (parked.value or b"")[:_SHOWN_BYTES]
    click.echo(f"{'value':>10}  {parked.size_bytes} bytes" + ("" if shown else ", empty or a tombstone"))
    if shown:
        lines_shown = shown.decode("utf-8", "backslashreplace").split("\n")
        click.echo("\n".join(_printable(line) for line in lines_shown))
    if parked.size_bytes > _SHOWN_BYTES:
        click.echo(f"... the first {_SHOWN_BYTES} bytes; --raw prints all", err=True)


def _printable(text: str) -> str:
    """Leave out what moves a terminal's cursor or colours: it comes from strangers."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def _as_text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "backslashreplace")
