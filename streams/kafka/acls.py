"""What each process may do on Kafka, derived from the registry and the agents: the least that it runs with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from schemas import topics
from schemas.topics import ALERTS, DELIVERIES, RULES, SUBSCRIPTIONS, TOPICS, TRANSCRIPTS_RAW
from streams.kafka.groups import AGENTS, changelog_plans, group_id
from streams.kafka.topics import dead_letter_name, kafka_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.topics import Topic
    from streams.settings import Settings


class Resource(StrEnum):
    """What a right is about."""

    TOPIC = "topic"
    GROUP = "group"


class Operation(StrEnum):
    """What may be done, by Kafka's names; reading and writing include describing."""

    READ = "Read"
    WRITE = "Write"
    DESCRIBE = "Describe"
    DESCRIBE_CONFIGS = "DescribeConfigs"


@dataclass(frozen=True, slots=True, order=True)
class Acl:
    """What one process may do on one topic or group, or, where `prefixed`, on all whose names begin so."""

    process: str
    resource: Resource
    name: str
    operations: tuple[Operation, ...]
    prefixed: bool = False


PROCESSES: Final = ("gateway", "notifier", "worker")
"""Those that run for good. Who makes topics and rules (`dragoman topics create`, `rules apply`) is an administrator."""

_READ: Final = (Operation.READ,)
_WRITE: Final = (Operation.WRITE,)
_BOTH: Final = (Operation.READ, Operation.WRITE)
_LOOK: Final = (Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS)

_WORKER_WRITES: Final[tuple[Topic, ...]] = (
    topics.TRANSCRIPTS_TAGGED,
    topics.TRANSCRIPTS_ENRICHED,
    topics.EVENTS_EXTRACTED,
    topics.AGREEMENTS_CHANGED,
    topics.AGREEMENTS_CURRENT,
    topics.RULES_MATCHED,
    topics.RULES_MISSED,
)


def plan_acls(settings: Settings) -> tuple[Acl, ...]:
    """Give every right that the processes need, in order. Brokers need `allow.everyone.if.no.acl.found=false` for them to mean anything."""
    return (*_gateway(settings), *_notifier(settings), *_worker(settings))


def _alert_topics(process: str, settings: Settings, operations: tuple[Operation, ...]) -> Acl:
    # By prefix: rules may name alert topics that are not in the registry.
    return Acl(process, Resource.TOPIC, kafka_name("alerts.", settings), operations, prefixed=True)


def _worker(settings: Settings) -> Iterator[Acl]:
    who = "worker"
    sources = sorted({source for agent in AGENTS for source in agent.sources}, key=lambda topic: topic.name)
    rights: dict[str, set[Operation]] = {}
    # It looks at its start whether every topic of the installation is there, with its partitions.
    for topic in TOPICS:
        rights.setdefault(kafka_name(topic, settings), set()).update(_LOOK)
        rights.setdefault(dead_letter_name(topic, settings), set()).update(_LOOK)
    for source in (*sources, RULES):
        rights[kafka_name(source, settings)].add(Operation.READ)
    for source in sources:
        rights[dead_letter_name(source, settings)].add(Operation.WRITE)
    for topic in _WORKER_WRITES:
        rights[kafka_name(topic, settings)].add(Operation.WRITE)
    for plan in changelog_plans(settings):
        rights[plan.name] = {*_BOTH, *_LOOK}
    for name in sorted(rights):
        yield Acl(who, Resource.TOPIC, name, tuple(sorted(rights[name])))
    # It reads alerts too: after a sudden end it looks which of them had gone out.
    yield _alert_topics(who, settings, tuple(sorted({*_BOTH, *_LOOK})))
    for agent in AGENTS:
        yield Acl(who, Resource.GROUP, group_id(agent, settings), _READ)


def _gateway(settings: Settings) -> Iterator[Acl]:
    who = "gateway"
    for topic in TOPICS:
        # It takes in transcripts and subscriptions, asks for samples on deliveries.v1, and sends dead letters again to the
        # topic that they were on.
        writes = topic in (TRANSCRIPTS_RAW, SUBSCRIPTIONS, DELIVERIES) or any(
            topic in a.sources for a in AGENTS
        )
        yield Acl(who, Resource.TOPIC, kafka_name(topic, settings), _BOTH if writes else _READ)
        yield Acl(who, Resource.TOPIC, dead_letter_name(topic, settings), _BOTH)
    yield _alert_topics(who, settings, _READ)
    for agent in AGENTS:
        yield Acl(who, Resource.GROUP, group_id(agent, settings), (Operation.DESCRIBE,))


def _notifier(settings: Settings) -> Iterator[Acl]:
    who = "notifier"
    yield Acl(who, Resource.TOPIC, kafka_name(ALERTS, settings), _READ)
    yield Acl(who, Resource.TOPIC, dead_letter_name(ALERTS, settings), _WRITE)
    yield Acl(who, Resource.TOPIC, kafka_name(DELIVERIES, settings), _BOTH)
    yield Acl(who, Resource.TOPIC, kafka_name(SUBSCRIPTIONS, settings), _BOTH)
    yield Acl(who, Resource.GROUP, f"{settings.group}-notifier", _READ)
