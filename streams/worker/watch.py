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
from streams.telemetry import LAG, STATE_DISK_BYTES
from streams.worker.store import agent_folder, size_on_disk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiokafka import AIOKafkaConsumer
    from aiokafka.admin import AIOKafkaAdminClient

    from streams.health import Health
    from streams.kafka.groups import Agent
    from streams.settings import Settings
    from streams.telemetry import Metrics

_EVERY_S: Final = 5.0
_ANSWER_S: Final = 10.0
"""A broker that does not answer within this time is told of as gone."""


Place = tuple[str, int]
"""A topic by its full name, and a partition of it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an agent is on each partition, and since when one stands still although there is work."""

    committed: Mapping[Place, int] = field(default_factory=dict)
    lag: Mapping[Place, int] = field(default_factory=dict)
    still_since_s: Mapping[Place, float] = field(default_factory=dict)


def observe(
    before: Progress,
    committed: Mapping[Place, int],
    stretch: Mapping[Place, tuple[int, int]],
    now_s: float,
) -> Progress:
    """Take note of what the broker says: what was committed, and where each partition begins and ends.

    The clock of a standstill starts when there is lag and nothing was committed since the observation before, and
    it stops as soon as something is, or nothing is left to do.
    """
    lag = {
        place: max(0, end - max(begin, committed.get(place, 0)))
        for place, (begin, end) in sorted(stretch.items())
    }
    still = {
        place: before.still_since_s.get(place, now_s)
        for place, behind in lag.items()
        if behind and before.lag.get(place) and committed.get(place) == before.committed.get(place)
    }
    return Progress(committed, lag, still)


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
    topics = await admin.describe_topics(names)
    places = [TopicPartition(t["topic"], p["partition"]) for t in topics for p in t["partitions"]]
    offsets = await admin.list_consumer_group_offsets(group_id(agent, settings))
    committed = {(place.topic, place.partition): o.offset for place, o in offsets.items() if o.offset >= 0}
    begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
    stretch = {(place.topic, place.partition): (begins[place], ends[place]) for place in places}
    return observe(before, committed, stretch, time.monotonic())


def _tell(agent: Agent, progress: Progress, settings: Settings, health: Health, metrics: Metrics) -> None:
    for (topic, partition), lag in progress.lag.items():
        metrics.set(LAG, lag, agent.name, topic, str(partition))
    if agent.table is not None and settings.state_store == "rocksdb":
        metrics.set(STATE_DISK_BYTES, size_on_disk(agent_folder(agent, settings)), agent.name)
    still = [
        place
        for place, since_s in progress.still_since_s.items()
        if time.monotonic() - since_s >= settings.stall_s
    ]
    if still:
        behind = sum(progress.lag[place] for place in still)
        health.report(
            f"{agent.name} lag",
            f"{behind} {'record waits' if behind == 1 else 'records wait'} and nothing was committed for more than {settings.stall_s:.0f} s",
        )
    else:
        health.clear(f"{agent.name} lag")
