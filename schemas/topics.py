"""The topic registry: everything else about topics is derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from schemas.agreement import Agreement, Transition
from schemas.alert import AlertChange, Match, NearMiss
from schemas.enriched import EnrichedTranscript
from schemas.event import Event
from schemas.rule import Rule
from schemas.subscription import Delivery, Subscription
from schemas.transcript import TaggedTranscript, Transcript

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.contract import Contract

DAY_MS: Final = 86_400_000
FOREVER_MS: Final = -1

MAX_RECORD_BYTES: Final = 8 * 1_048_576
"""The largest record on any topic: a transcript of 1 MiB with everything that was read in it."""


class Cleanup(StrEnum):
    """What Kafka does with old records."""

    TIME = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic by contract."""

    name: str
    key: str
    model: type[Contract]
    doc: str
    cleanup: Cleanup = Cleanup.TIME
    retention_ms: int = FOREVER_MS
    """By LogAppendTime, so that records of old broadcasts are not deleted as soon as they come in."""
    single_partition: bool = False
    """One partition whatever the setting: everyone reads all of it, in order."""

    @property
    def event_type(self) -> str:
        """The CloudEvents type of its records."""
        return f"dragoman.{self.name}"


@dataclass(frozen=True, slots=True)
class Output:
    """A record to publish: where, under which key, and when what it tells took place."""

    topic: Topic
    key: str
    record: Contract
    event_time: datetime


TRANSCRIPTS_RAW: Final = Topic(
    "transcripts.raw.v1", "transcript id", Transcript, "Transcripts as they came", retention_ms=30 * DAY_MS
)
TRANSCRIPTS_TAGGED: Final = Topic(
    "transcripts.tagged.v1",
    "transcript id",
    TaggedTranscript,
    "With language of the whole and of each part",
    retention_ms=7 * DAY_MS,
)
TRANSCRIPTS_ENRICHED: Final = Topic(
    "transcripts.enriched.v1", "transcript id", EnrichedTranscript, "With segments, mentions, entities, events, agreements",
    retention_ms=90 * DAY_MS,
)  # fmt: skip
EVENTS_EXTRACTED: Final = Topic(
    "events.extracted.v1",
    "sorted codes of its actors",
    Event,
    "One event with its evidence",
    retention_ms=90 * DAY_MS,
)
AGREEMENTS_CHANGED: Final = Topic(
    "agreements.changed.v1", "sorted codes of its parties", Transition, "One step of an agreement: before, after, evidence",
    retention_ms=365 * DAY_MS,
)  # fmt: skip
AGREEMENTS_CURRENT: Final = Topic(
    "agreements.current.v1", "agreement id", Agreement, "Each agreement as it stands", cleanup=Cleanup.COMPACT
)
RULES: Final = Topic(
    "rules.v1",
    "rule id",
    Rule,
    "Rules at work, or a tombstone",
    cleanup=Cleanup.COMPACT,
    single_partition=True,
)
RULES_MATCHED: Final = Topic(
    "rules.matched.v1",
    "rule id and group values",
    Match,
    "One match with what it matched on",
    retention_ms=30 * DAY_MS,
)
RULES_MISSED: Final = Topic(
    "rules.missed.v1", "rule id", NearMiss, "Near misses, for the authors of rules", retention_ms=7 * DAY_MS
)
ALERTS: Final = Topic(
    "alerts.v1",
    "alert id",
    AlertChange,
    "Every change of every alert, the whole alert each time",
    retention_ms=365 * DAY_MS,
)
SUBSCRIPTIONS: Final = Topic(
    "subscriptions.v1",
    "subscription id",
    Subscription,
    "Subscriptions, or a tombstone",
    cleanup=Cleanup.COMPACT,
    single_partition=True,
)
DELIVERIES: Final = Topic(
    "deliveries.v1",
    "alert id",
    Delivery,
    "What was sent where, when, with what answer",
    retention_ms=90 * DAY_MS,
)

TOPICS: Final[tuple[Topic, ...]] = (
    TRANSCRIPTS_RAW, TRANSCRIPTS_TAGGED, TRANSCRIPTS_ENRICHED, EVENTS_EXTRACTED, AGREEMENTS_CHANGED, AGREEMENTS_CURRENT,
    RULES, RULES_MATCHED, RULES_MISSED, ALERTS, SUBSCRIPTIONS, DELIVERIES,
)  # fmt: skip

ALERT_TOPIC_NAMES: Final = ("security-mou", "diplomacy", "military", "coercion", "unrest")
"""The alert topics of the shipped rules; a rule may name another one, which `dragoman topics create --alert NAME` makes."""


def alert_topic(name: str) -> Topic:
    """Give the topic that carries the alerts of one subject, such as alerts.security-mou.v1."""
    return Topic(
        f"alerts.{name}.v1",
        ALERTS.key,
        AlertChange,
        f"The alerts of the rules with topic {name}",
        retention_ms=ALERTS.retention_ms,
    )


def dead_letter_topic_name(name: str) -> str:
    """Give the name of the topic where the records of another one are parked."""
    return f"{name}.dlq.v1"
