"""Watches from outside how far the agents are: by what the broker says, not by what they believe of themselves."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams.kafka.client import NoBrokerError, open_admin, open_reader
from streams.kafka.groups import group_id
from streams.kafka.topics import kafka_name
from streams.telemetry import LAG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiokafka import AIOKafkaConsumer
    from aiokafka.admin import AIOKafkaAdminClient

    from streams.kafka.groups import Agent
    from streams.settings import Settings
    from streams.telemetry import Metrics
    from streams.worker.health import Health

_EVERY_S: Final = 5.0
_ANSWER_S: Final = 10.0
"""A broker that does not answer within this time is told of as gone."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an agent is on each partition, and since when its commits stand still although there is work."""

    committed: Mapping[tuple[str, int], int] = field(default_factory=dict)
    lag: Mapping[tuple[str, int], int] = field(default_factory=dict)
    still_since_s: float | None = None


def observe(
    before: Progress,
    committed: Mapping[tuple[str, int], int],
    stretch: Mapping[tuple[str, int], tuple[int, int]],
    now_s: float,
) -> Progress:
    """Take note of what the broker says: what was committed, and where each partition begins and ends.

    The clock of a standstill starts when there is lag and no commit moved since the observation before, and it
    stops as soon as one moves or nothing is left to do.
    """
    lag = {
        place: max(0, end - max(begin, committed.get(place, 0)))
        for place, (begin, end) in sorted(stretch.items())
    }
    moved = dict(committed) != dict(before.committed)
    if not any(lag.values()) or moved:
        return Progress(committed, lag)
    return Progress(committed, lag, now_s if before.still_since_s is None else before.still_since_s)


async def watch_lag(agents: Sequence[Agent], settings: Settings, health: Health, metrics: Metrics) -> None:
    """Watch until cancelled: lag as metrics, a standstill and a broker that is away as reasons to be not ready."""
    progress = {agent.name: Progress() for agent in agents}
    every_s = min(_EVERY_S, settings.stall_s / 2)
    while True:
        try:
            async with open_admin(settings) as admin, open_reader(settings) as reader:
                while True:
                    async with asyncio.timeout(_ANSWER_S):
                        for agent in agents:
                            progress[agent.name] = await _look(
                                agent, progress[agent.name], admin, reader, settings
                            )
                            _tell(agent, progress[agent.name], settings, health, metrics)
                    health.clear("broker")
                    health.tell()
                    await asyncio.sleep(every_s)
        except (KafkaError, NoBrokerError, OSError, TimeoutError) as error:
            what = str(error) or f"no answer within {_ANSWER_S:.0f} s"
            health.report("broker", f"the Kafka at {settings.broker} does not answer: {what}")
            health.tell()
            await asyncio.sleep(min(1.0, every_s))


async def _look(
    agent: Agent, before: Progress, admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, settings: Settings
) -> Progress:
    names = [kafka_name(topic, settings) for topic in agent.sources]
    places = [
        TopicPartition(name, p) for name in names for p in sorted(reader.partitions_for_topic(name) or ())
    ]
    found = await admin.list_consumer_group_offsets(group_id(agent, settings))
    committed = {
        (place.topic, place.partition): meta.offset for place, meta in found.items() if meta.offset >= 0
    }
    begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
    stretch = {(place.topic, place.partition): (begins[place], ends[place]) for place in places}
    return observe(before, committed, stretch, time.monotonic())


def _tell(agent: Agent, progress: Progress, settings: Settings, health: Health, metrics: Metrics) -> None:
    for (topic, partition), lag in progress.lag.items():
        metrics.set(LAG, lag, agent.name, topic, str(partition))
    since_s = progress.still_since_s
    if since_s is not None and time.monotonic() - since_s >= settings.stall_s:
        behind = sum(progress.lag.values())
        health.report(
            f"{agent.name} lag",
            f"{behind} records wait and nothing was committed for more than {settings.stall_s:.0f} s",
        )
    else:
        health.clear(f"{agent.name} lag")
