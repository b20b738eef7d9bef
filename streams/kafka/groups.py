"""The names that the worker's agents have on the broker: consumer groups, and the changelogs of their tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from schemas import topics
from schemas.topics import Cleanup
from streams.kafka.topics import RECORD_LIMIT_BYTES, TopicPlan, kafka_name

if TYPE_CHECKING:
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
    configs = {"cleanup.policy": Cleanup.COMPACT.value, "max.message.bytes": str(RECORD_LIMIT_BYTES)}
    return tuple(
        TopicPlan(changelog_name(agent, settings), settings.partitions, settings.replication, configs)
        for agent in AGENTS
        if agent.table is not None
    )
