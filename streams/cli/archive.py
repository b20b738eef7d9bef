"""`dragoman archive`: topics to files that outlive them, and back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from schemas import topics
from streams.cli.errors import fail, settings_or_exit
from streams.cli.parameters import TimeParameter
from streams.cli.replay_view import progress_bar, sentences
from streams.rules.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from schemas.topics import Topic
    from streams.replay.history import Stretch
    from streams.settings import Settings

_broker = click.option("--broker", metavar="HOST:PORT", help="The Kafka to use [DRAGOMAN_BROKER].")
_file = click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
_ARCHIVED: Final = tuple(t for t in topics.TOPICS if not t.single_partition)
_UNDER_WAY: Final = 200
_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)


@click.group()
def command() -> None:
    """Write topics to files that outlive them, check such files, and bring them back.

    An archive is JSON Lines compressed with gzip: each line is a record with its key, headers, times and its very
    bytes. A replay reads it as it is (`dragoman replay start --source FILE`).

    \b
    dragoman archive write march.jsonl.gz --from 2026-03-01 --to 2026-04-01
    dragoman archive check march.jsonl.gz
    dragoman archive restore march.jsonl.gz
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped


@command.command()
@_file
@click.option(
    "--topic",
    "name",
    default=topics.TRANSCRIPTS_RAW.name,
    show_default=True,
    metavar="NAME",
    help="Such as transcripts.raw.v1 or transcripts.enriched.v1; raw and enriched for short.",
)
@click.option(
    "--from", "from_time", type=TimeParameter(), help="First event time; the oldest there is if not given."
)
@click.option(
    "--to", "to_time", type=TimeParameter(), help="Event time before which it ends; the newest if not given."
)
@_broker
def write(
    *, file: Path, name: str, from_time: datetime | None, to_time: datetime | None, broker: str | None
) -> None:
    """Write the records of a topic to FILE, which ends in .jsonl.gz. It is there whole or not at all."""
    from streams.replay.archive import SUFFIX  # noqa: PLC0415 - keeps --help quick
    from streams.replay.history import Stretch  # noqa: PLC0415

    topic = _topic(name)
    if not file.name.endswith(SUFFIX):
        fail(f"{file}: name it so that it ends in {SUFFIX}, which a replay knows an archive by")
    if not file.parent.is_dir():
        fail(f"{file}: there is no folder {file.parent}")
    stretch = Stretch(from_time or _EARLIEST, to_time or _LATEST)
    if stretch.start >= stretch.end:
        fail("--from is not before --to: swap them")
    settings = settings_or_exit(broker=broker)
    with sentences():
        count = asyncio.run(_write(settings, topic, file, stretch))
    if not count:
        file.unlink()
        fail(f"{topic.name} has no record in this time, so no file was written")
    click.echo(f"{file}: {_count(count)} of {topic.name}")


def _topic(name: str) -> Topic:
    short = {"raw": topics.TRANSCRIPTS_RAW, "enriched": topics.TRANSCRIPTS_ENRICHED}
    known = {t.name: t for t in _ARCHIVED} | short
    if name not in known:
        fail(f"there is no topic {name} that can be archived{nearest(name, [t.name for t in _ARCHIVED])}")
    return known[name]


async def _write(settings: Settings, topic: Topic, file: Path, stretch: Stretch) -> int:
    from streams.replay.archive import ArchiveHead, open_archive_writer  # noqa: PLC0415 - keeps --help quick
    from streams.replay.history import read_topic  # noqa: PLC0415

    with progress_bar("archiving") as tell, open_archive_writer(file, ArchiveHead(topic.name)) as writer:
        async for record in read_topic(settings, topic, stretch, tell):
            writer.write(record)
    return writer.count


@command.command()
@_file
def check(*, file: Path) -> None:
    """Read FILE to its end and say what it holds, or where it is damaged or cut short. Needs no Kafka."""
    from streams.replay.archive import read_archive, read_head  # noqa: PLC0415 - keeps --help quick

    with sentences():
        head = read_head(file)
        count = 0
        first: datetime | None = None
        last: datetime | None = None
        for record in read_archive(file):
            count += 1
            first = min(first or record.event_time, record.event_time)
            last = max(last or record.event_time, record.event_time)
    span = f", said from {first:%Y-%m-%d %H:%M}Z to {last:%Y-%m-%d %H:%M}Z" if first and last else ""
    click.echo(f"{file}: {_count(count)} of {head.topic}{span}, whole")


@command.command()
@_file
@_broker
def restore(*, file: Path, broker: str | None) -> None:
    """Send the records of FILE to their topic again, with the ids, headers and event times that they had.

    FILE is read to its end first, so that one that is cut short changes nothing. What is at work treats them as it
    treats any record that comes again: it is known by its id.
    """
    settings = settings_or_exit(broker=broker)
    with sentences():
        count, name = asyncio.run(_restore(settings, file))
    click.echo(f"{_count(count)} sent to {name}")


async def _restore(settings: Settings, file: Path) -> tuple[int, str]:
    from streams.kafka.client import open_producer, open_reader  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import kafka_name  # noqa: PLC0415
    from streams.replay.archive import read_archive, read_head  # noqa: PLC0415

    name = kafka_name(_topic(read_head(file).topic), settings)
    total = sum(1 for _ in read_archive(file))
    async with open_reader(settings, name):
        pass  # the topic is there
    count = 0
    with progress_bar("restoring") as tell:
        async with open_producer(settings) as producer:
            under_way: list[Awaitable[object]] = []
            for record in read_archive(file):
                under_way.append(
                    await producer.send(name, record.value, record.key, headers=list(record.headers))
                )
                count += 1
                if len(under_way) >= _UNDER_WAY:
                    await asyncio.gather(*under_way)
                    under_way.clear()
                    tell(count, total)
            await asyncio.gather(*under_way)
    return count, name


def _count(number: int) -> str:
    return f"{number} record" if number == 1 else f"{number} records"
