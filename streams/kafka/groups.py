"""The names that the worker's agents have on the broker: consumer groups, and the changelogs of their tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from schemas import topics

if TYPE_CHECKING:
    from schemas.topics import Topic


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


def group_id(group: str, agent: str) -> str:
    """Give the consumer group of an agent; it is the id of its Faust app too.

    One group for each agent, so that a process with one of them and a process with all of them agree.
    """
    return f"{group}-{agent}"


def changelog_name(group: str, agent: Agent) -> str | None:
    """Give the compacted topic from which an agent's table is recovered, by the name that Faust expects."""
    return None if agent.table is None else f"{group_id(group, agent.name)}-{agent.table}-changelog"


def changelog_names(group: str) -> tuple[str, ...]:
    """Give the changelogs of all agents: compacted, and with as many partitions as the topics they stand beside."""
    return tuple(name for agent in AGENTS if (name := changelog_name(group, agent)) is not None)
