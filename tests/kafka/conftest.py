"""A real broker for the session, and a namespace of its own for each test."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import psutil
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from schemas.topics import Topic
from streams.kafka.client import open_admin, open_producer, open_reader
from streams.kafka.groups import installation_plans
from streams.kafka.local import LocalBroker, free_port
from streams.kafka.topics import create_topics, delete_topics, kafka_name
from streams.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

ReadAll = Callable[[Topic | str], Awaitable[list[ConsumerRecord]]]

_NUMBERS: Final = itertools.count(1)


@pytest.fixture(scope="session")
def jar_cache() -> Path:
    """The user's cache of jars: fetched once for all runs of the tests."""
    return Settings().cache_dir / "broker"


def _stop_orphans() -> None:
    """Stop the session brokers of test runs that were killed; nobody else will."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline()
            ours = words and PurePath(words[-1]).match("pytest-*/broker*/server.properties")
            if ours and process.ppid() == 1:
                process.terminate()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, jar_cache: Path) -> Iterator[LocalBroker]:
    """One real Kafka for all tests of a session, in a folder of its own."""
    _stop_orphans()
    with LocalBroker(tmp_path_factory.mktemp("broker"), jar_cache, port=free_port(), heap_mib=384) as running:
        yield running


@pytest.fixture
def settings(broker: LocalBroker, tmp_path: Path) -> Settings:
    """Settings whose topics, group and data folder no other test knows."""
    number = next(_NUMBERS)
    return Settings(
        broker=broker.address,
        topic_prefix=f"t{number}.",
        group=f"t{number}",
        partitions=2,
        data_dir=tmp_path / "data",
        health_port=0,
        gateway_port=0,
        notifier_port=0,
    )


@pytest.fixture
async def created_topics(settings: Settings) -> AsyncIterator[tuple[str, ...]]:
    """All topics of the registry, made in the test's namespace; their names. They go when the test ends."""
    plans = installation_plans(settings)
    async with open_admin(settings) as admin:
        yield await create_topics(admin, plans)
        mine = [name for name in await admin.list_topics() if name.startswith(settings.topic_prefix)]
        await delete_topics(admin, mine)


@pytest.fixture
async def producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """A producer as the project makes them."""
    async with open_producer(settings) as opened:
        yield opened


@pytest.fixture
def read_all(settings: Settings) -> ReadAll:
    """Read whatever a topic of the test's namespace holds at this moment, partition by partition, in order."""
    return reader_of(settings)


def reader_of(settings: Settings) -> ReadAll:
    """Make `read_all` for settings other than those of the fixture."""

    async def read(topic: Topic | str) -> list[ConsumerRecord]:
        name = kafka_name(topic, settings)
        records: list[ConsumerRecord] = []
        async with open_reader(settings, name) as reader:
            ends = await reader.end_offsets(reader.assignment())
            for place in sorted(ends):
                while await reader.position(place) < ends[place]:
                    batch = await reader.getmany(place, timeout_ms=200)
                    records += [record for part in batch.values() for record in part]
        return records

    return read
