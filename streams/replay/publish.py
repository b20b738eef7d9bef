"""The topics of a replay: its own, beside those that are live, and gone after a while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from schemas.topics import DAY_MS, Cleanup, Output
from streams.kafka.client import open_admin, open_reader
from streams.kafka.records import encode_record
from streams.kafka.topics import create_topics, delete_topics, kafka_name, plan_topics
from streams.replay.outputs import OUTPUT_TOPICS, read_outputs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping

    from aiokafka import AIOKafkaProducer

    from schemas.topics import Topic
    from streams.kafka.topics import TopicPlan
    from streams.replay.store import Replay
    from streams.settings import Settings

RETENTION_MS: Final = 30 * DAY_MS
_UNDER_WAY: Final = 500
PATIENCE_S: Final = 60.0
"""An idempotent producer waits for a broker without end; whoever replays wants to be told."""


def replay_settings(settings: Settings, replay_id: str) -> Settings:
    """Give settings whose topics are those of a replay: `replay.<id>.alerts.v1` and so on. No live topic can be named by them."""
    return settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}replay.{replay_id}."})


def replay_plans(settings: Settings, replay_id: str) -> tuple[TopicPlan, ...]:
    """Say how the topics of a replay should be.

    One partition each: a replay's outputs are in one order, and how many there are says how far it has published.
    """
    names = {kafka_name(topic, replay_settings(settings, replay_id)) for topic in OUTPUT_TOPICS}
    configs = {"cleanup.policy": Cleanup.TIME.value, "retention.ms": str(RETENTION_MS)}
    return tuple(
        replace(plan, partitions=1, configs={**plan.configs, **configs})
        for plan in plan_topics(replay_settings(settings, replay_id), OUTPUT_TOPICS)
        if plan.name in names
    )


async def create_replay_topics(settings: Settings, replay_id: str) -> None:
    """Make the topics of a replay where they are not there."""
    async with open_admin(settings) as admin:
        await create_topics(admin, replay_plans(settings, replay_id))


async def delete_replay_topics(settings: Settings, replay_id: str) -> None:
    """Delete the topics of a replay, and nothing else."""
    async with open_admin(settings) as admin:
        there = set(await admin.list_topics())
        names = [p.name for p in replay_plans(settings, replay_id) if p.name in there]
        if names:
            await delete_topics(admin, names)


@dataclass(slots=True)
class Publisher:
    """Puts on topics what is in the files, each line once.

    A topic with one partition and one writer, which writes in order and nothing twice, holds exactly the first n
    lines, n being where it ends. So it knows after any end where to go on.
    """

    settings: Settings
    replay: Replay
    producer: AIOKafkaProducer
    done: dict[str, int]
    """Lines published, by topic."""
    patience_s: float = PATIENCE_S
    _places: dict[str, int] = field(default_factory=dict)
    """How far into each file that is, once it is known."""

    async def publish(self, sizes: Mapping[str, int]) -> None:
        """Publish what the files hold up to these sizes.

        Raises:
            KafkaError: the broker refuses it, or takes nothing for too long.
        """
        for topic in OUTPUT_TOPICS:
            await self._publish(topic, sizes.get(topic.name, 0))

    async def _publish(self, topic: Topic, size: int) -> None:
        own = replay_settings(self.settings, self.replay.id)
        start = self._places.get(topic.name)
        skip = self.done[topic.name] if start is None else 0
        under_way: list[Awaitable[object]] = []
        lines = read_outputs(self.replay.outputs_folder, topic, start=start or 0, end=size)
        for number, line in enumerate(lines):
            if number < skip:
                continue
            record = encode_record(
                Output(topic, line.key, topic.model.decode(line.data), line.event_time), own
            )
            under_way.append(
                await self.producer.send(record.topic, record.value, record.key, headers=record.headers)
            )
            self.done[topic.name] += 1
            if len(under_way) >= _UNDER_WAY:
                await self._await_all(under_way)
                under_way.clear()
        await self._await_all(under_way)
        self._places[topic.name] = size

    async def _await_all(self, under_way: Iterable[Awaitable[object]]) -> None:
        try:
            async with asyncio.timeout(self.patience_s):
                for sent in under_way:
                    await sent
        except TimeoutError:
            raise KafkaTimeoutError(f"it took nothing for {self.patience_s:g} seconds") from None


async def count_published(settings: Settings, replay_id: str) -> dict[str, int]:
    """Say how many records each topic of a replay has taken so far."""
    own = replay_settings(settings, replay_id)
    places = {topic.name: TopicPartition(kafka_name(topic, own), 0) for topic in OUTPUT_TOPICS}
    async with open_reader(settings) as reader:
        ends = await reader.end_offsets(list(places.values()))
    return {name: ends[place] for name, place in places.items()}
