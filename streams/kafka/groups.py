"""The worker's agents as the broker knows them: consumer groups, changelogs of their tables, and the work they have left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition

from schemas import topics
from schemas.topics import ALERT_TOPIC_NAMES, Cleanup
from streams.kafka.topics import (
    RECORD_LIMIT_BYTES,
    STAMPED_BY_BROKER,
    TopicPlan,
    all_topics,
    in_sync,
    kafka_name,
    plan_topics,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiokafka import AIOKafkaConsumer
    from aiokafka.admin import AIOKafkaAdminClient

    from schemas.topics import Topic
    from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Agent:
    """What one agent reads, and the name of the table it remembers in."""

    name: str
    sources: tuple[Topic, ...]
    table: str | None = None


LANGUAGE: Final = Agent("language", (topics.TRANSCRIPTS_RAW,))
EXTRACTION: Final = Agent("extraction", (topics.TRANSCRIPTS_TAGGED,))
LEDGER: Final = Agent("ledger", (topics.EVENTS_EXTRACTED,), table="books")
MATCHING: Final = Agent(
    "matching", (topics.TRANSCRIPTS_ENRICHED, topics.EVENTS_EXTRACTED, topics.AGREEMENTS_CHANGED)
)
ALERTING: Final = Agent("alerting", (topics.RULES_MATCHED,), table="states")

AGENTS: Final[tuple[Agent, ...]] = (LANGUAGE, EXTRACTION, LEDGER, MATCHING, ALERTING)
"""In the order in which a transcript passes them."""


def group_id(agent: Agent, settings: Settings) -> str:
    """Give the consumer group of an agent; it is the id of its Faust app too.

    One group for each agent, so that a process with one of them and a process with all of them agree.
    """
    return f"{settings.group}-{agent.name}"


def changelog_name(agent: Agent, settings: Settings) -> str:
    """Give the topic on the broker from which an agent's table is recovered."""
    return kafka_name(f"{group_id(agent, settings)}-{agent.table}-changelog", settings)


def changelog_plans(settings: Settings) -> tuple[TopicPlan, ...]:
    """Say how the changelogs should be: compacted, and with as many partitions as the topics that their agents read."""
    configs = {
        **STAMPED_BY_BROKER,
        "cleanup.policy": Cleanup.COMPACT.value,
        "max.message.bytes": str(RECORD_LIMIT_BYTES),
        **in_sync(settings.replication),
    }
    return tuple(
        TopicPlan(changelog_name(agent, settings), settings.partitions, settings.replication, configs)
        for agent in AGENTS
        if agent.table is not None
    )


def installation_plans(
    settings: Settings, alerts: Iterable[str] = ALERT_TOPIC_NAMES
) -> tuple[TopicPlan, ...]:
    """Say how all topics of an installation should be: those of the registry, dead letters, and the agents' changelogs."""
    return plan_topics(settings, all_topics(alerts), changelog_plans(settings))


async def count_work_left(admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, settings: Settings) -> int:
    """Count the records that the agents have not finished, whether or not an agent runs."""
    left = 0
    for agent in AGENTS:
        done = await admin.list_consumer_group_offsets(group_id(agent, settings))
        places = [
            TopicPartition(kafka_name(source, settings), number)
            for source in agent.sources
            for number in range(1 if source.single_partition else settings.partitions)
        ]
        begin, end = await reader.beginning_offsets(places), await reader.end_offsets(places)
        for place in places:
            committed = done[place].offset if place in done else -1
            left += max(0, end[place] - (committed if committed >= 0 else begin[place]))
    return left
