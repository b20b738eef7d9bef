"""Topics on a Kafka: which there should be, making them, what differs, and how far they were read."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from schemas.topics import (
    ALERT_TOPIC_NAMES,
    FOREVER_MS,
    MAX_RECORD_BYTES,
    TOPICS,
    Cleanup,
    Topic,
    alert_topic,
    dead_letter_topic_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aiokafka import AIOKafkaConsumer
    from aiokafka.admin import AIOKafkaAdminClient

    from streams.settings import Settings

RECORD_LIMIT_BYTES: Final = MAX_RECORD_BYTES + 1_048_576
"""What a topic takes: the largest record with its key, headers and the frame of its batch."""

DEAD_LETTER_LIMIT_BYTES: Final = 2 * RECORD_LIMIT_BYTES
"""What a dead-letter topic takes: whatever its source took, with the reason in headers."""


_DYNAMIC_TOPIC_CONFIG: Final = 1
"""Where a setting comes from, in the answer to DescribeConfigs: from the topic itself."""


class TopicError(Exception):
    """A topic is not there or could not be made; the message says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """How one topic should be on the broker. `name` is the full name, prefix and all."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TopicState:
    """How one topic is: records per partition, and for each group how many it has not finished."""

    name: str
    partitions: int
    records: int
    lag: Mapping[str, int]


def kafka_name(topic: Topic | str, settings: Settings) -> str:
    """Give the name of a topic on the broker. The only place that knows of the prefix."""
    return settings.topic_prefix + (topic if isinstance(topic, str) else topic.name)


def dead_letter_name(topic: Topic | str, settings: Settings) -> str:
    """Give the name, on the broker, of the topic where the records of another one are parked."""
    return kafka_name(dead_letter_topic_name(topic if isinstance(topic, str) else topic.name), settings)


def all_topics(alerts: Iterable[str] = ALERT_TOPIC_NAMES) -> tuple[Topic, ...]:
    """Give every topic of the registry and one alert topic for each of the names, each once."""
    return (*TOPICS, *(alert_topic(name) for name in dict.fromkeys(alerts)))


def plan_topics(
    settings: Settings, topics: Iterable[Topic], extra: Iterable[TopicPlan] = ()
) -> tuple[TopicPlan, ...]:
    """Say how the given topics should be, with a dead-letter topic for each; `extra` comes as it is, last."""
    plans: list[TopicPlan] = []
    copies = settings.replication
    for topic in topics:
        partitions = 1 if topic.single_partition else settings.partitions
        configs = {**_configs(topic), **in_sync(copies)}
        plans.append(TopicPlan(kafka_name(topic, settings), partitions, copies, configs))
    for topic in topics:
        # Kept for ever: nothing is parked and then lost because nobody looked in time.
        configs = {**STAMPED_BY_BROKER, "cleanup.policy": "delete", "retention.ms": str(FOREVER_MS)}
        configs = {**configs, "max.message.bytes": str(DEAD_LETTER_LIMIT_BYTES), **in_sync(copies)}
        plans.append(TopicPlan(dead_letter_name(topic, settings), 1, copies, configs))
    return (*plans, *extra)


STAMPED_BY_BROKER: Final = {
    # Records of old broadcasts would else be deleted as soon as they come in, and those of clocks that run ahead
    # be refused; when something took place stands in the header ce_time.
    "message.timestamp.type": "LogAppendTime",
}


def least_up_to_date(copies: int) -> int:
    """Give how many copies must have a record before it counts as written.

    Of three or more two: nothing is lost while one broker is away and another one dies. Of two, one: else the loss of
    either would halt everything.
    """
    return 2 if copies >= 3 else 1  # noqa: PLR2004 - as above


def in_sync(copies: int) -> dict[str, str]:
    """Give that as a setting of a topic. Where one is enough there is none, for that is how Kafka begins."""
    least = least_up_to_date(copies)
    return {MIN_IN_SYNC: str(least)} if least > 1 else {}


MIN_IN_SYNC: Final = "min.insync.replicas"


def _configs(topic: Topic) -> dict[str, str]:
    configs = {
        **STAMPED_BY_BROKER,
        "cleanup.policy": topic.cleanup.value,
        "max.message.bytes": str(RECORD_LIMIT_BYTES),
    }
    if topic.cleanup is Cleanup.TIME:
        configs["retention.ms"] = str(topic.retention_ms)
    return configs


async def create_topics(admin: AIOKafkaAdminClient, plans: Sequence[TopicPlan]) -> tuple[str, ...]:
    """Make the topics that are not there yet and give their names. Those that are there stay as they are.

    Raises:
        TopicError: The broker refuses one.
    """
    there = set(await admin.list_topics())
    wanted = [p for p in plans if p.name not in there]
    if not wanted:
        return ()
    new = [NewTopic(p.name, p.partitions, p.replication, topic_configs=dict(p.configs)) for p in wanted]
    answer = await admin.create_topics(new, timeout_ms=30_000)
    made = []
    for name, code, *words in answer.topic_errors:
        if code == 0:
            made.append(name)
        elif code != TopicAlreadyExistsError.errno:
            why = next((w for w in words if w), None) or for_code(code).__name__
            raise TopicError(f"topic {name} could not be made: {why}")
    await _await_leaders(admin, made)
    return tuple(made)


async def _await_leaders(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Return when each partition has a leader, so that the first record sent finds one."""
    deadline = time.monotonic() + 30
    while names:
        found = await admin.describe_topics(list(names))
        if all(t["error_code"] == 0 and all(p["leader"] >= 0 for p in t["partitions"]) for t in found):
            return
        if time.monotonic() > deadline:
            raise TopicError(
                "the broker made the topics, but gives their partitions no leader: look at its log"
            )
        await asyncio.sleep(0.05)


async def delete_topics(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Delete topics and all that is in them. For tests and for the namespaces of replays."""
    answer = await admin.delete_topics(list(names))
    for name, code in answer.topic_error_codes:
        if code not in (0, UnknownTopicOrPartitionError.errno):
            raise TopicError(f"topic {name} could not be deleted: {for_code(code).__name__}")


async def check_topics(admin: AIOKafkaAdminClient, plans: Sequence[TopicPlan]) -> tuple[str, ...]:
    """Say in one sentence each what differs from the plans; none means all is as it should be."""
    found = {t["topic"]: t for t in await admin.describe_topics()}
    there = [p for p in plans if p.name in found]
    configs = await _read_configs(admin, [p.name for p in there])
    differences = []
    for plan in plans:
        if plan.name not in found:
            differences.append(f"topic {plan.name} is missing: `dragoman topics create` makes it")
            continue
        count = len(found[plan.name]["partitions"])
        if count != plan.partitions:
            differences.append(
                f"topic {plan.name} has {_count(count, 'partition')} and should have {plan.partitions}: the count of a "
                "topic with keys is not changed in place; set DRAGOMAN_PARTITIONS to what is there, or delete the "
                "topic and make it again"
            )
        copies = _count_copies(found[plan.name])
        if copies < plan.replication:
            differences.append(
                f"topic {plan.name} has {_count(copies, 'copy', 'copies')} and should have {plan.replication}: move it with Kafka's "
                "kafka-reassign-partitions.sh, or set DRAGOMAN_REPLICATION to what is there"
            )
        for name, value in _fitting(plan, copies).items():
            if (real := configs[plan.name].values.get(name)) != value:
                differences.append(
                    f"topic {plan.name} has {name}={real} and should have {value}: `dragoman topics create --alter` sets it"
                )
    return tuple(differences)


async def alter_topics(admin: AIOKafkaAdminClient, plans: Sequence[TopicPlan]) -> tuple[str, ...]:
    """Set the settings of topics that are there as planned, and give the names of those that changed.

    Other settings that someone gave a topic stay. Partitions are never changed: the same key would lie elsewhere.

    Raises:
        TopicError: The broker refuses one.
    """
    copies = {t["topic"]: _count_copies(t) for t in await admin.describe_topics()}
    fitting = {p.name: _fitting(p, copies[p.name]) for p in plans if p.name in copies}
    now = await _read_configs(admin, list(fitting))
    wanted = {
        name: {**now[name].own, **configs}
        for name, configs in fitting.items()
        if any(now[name].values.get(key) != value for key, value in configs.items())
    }
    if not wanted:
        return ()
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, configs) for name, configs in wanted.items()]
    for answer in await admin.alter_configs(resources):
        for code, words, _, name in answer.resources:
            if code:
                raise TopicError(
                    f"the settings of topic {name} could not be changed: {words or for_code(code).__name__}"
                )
    return tuple(wanted)


def _count_copies(found: Mapping[str, Any]) -> int:
    return min(len(partition["replicas"]) for partition in found["partitions"])


def _fitting(plan: TopicPlan, copies: int) -> dict[str, str]:
    """Give the settings of a plan that suit a topic with so many copies: no more may be asked for than there are."""
    return {
        name: value
        for name, value in plan.configs.items()
        if name != MIN_IN_SYNC or copies >= plan.replication
    }


@dataclass(frozen=True, slots=True)
class _Configs:
    values: Mapping[str, str]
    own: Mapping[str, str]
    """Those that were given to the topic itself."""


async def _read_configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, _Configs]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    read: dict[str, _Configs] = {}
    for answer in await admin.describe_configs(resources):
        for code, words, _, name, entries in answer.resources:
            if code:
                raise TopicError(
                    f"the settings of topic {name} could not be read: {words or for_code(code).__name__}"
                )
            own = {entry[0]: entry[1] for entry in entries if entry[3] == _DYNAMIC_TOPIC_CONFIG}
            read[name] = _Configs({entry[0]: entry[1] for entry in entries}, own)
    return read


async def list_topics(
    admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, names: Sequence[str], groups: Sequence[str]
) -> tuple[TopicState, ...]:
    """Say for each of the topics that is there how many partitions and records it has, and each group's lag on it."""
    found = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics()}
    there = [name for name in names if name in found]
    partitions = [TopicPartition(name, number) for name in there for number in range(found[name])]
    # Asked for offsets alone, aiokafka looks for leaders topic by topic, a tenth of a second each; so all at once.
    if partitions:
        reader.assign(partitions)
        reader.pause(*partitions)
    begin = await reader.beginning_offsets(partitions) if partitions else {}
    end = await reader.end_offsets(partitions) if partitions else {}
    lag: dict[str, dict[str, int]] = {name: {} for name in there}
    for group in groups:
        for place, committed in sorted((await admin.list_consumer_group_offsets(group)).items()):
            if place.topic in lag and place in end and committed.offset >= 0:
                of_topic = lag[place.topic]
                of_topic[group] = of_topic.get(group, 0) + max(0, end[place] - committed.offset)
    return tuple(
        TopicState(
            name,
            found[name],
            sum(end[p] - begin[p] for p in partitions if p.topic == name),
            lag[name],
        )
        for name in there
    )


async def worker_groups(admin: AIOKafkaAdminClient, settings: Settings) -> tuple[str, ...]:
    """Give the consumer groups of the worker: the group of the settings and those that begin with it and a dash."""
    group = settings.group
    try:
        known = [name for name, *_ in await admin.list_consumer_groups()]
    except GroupAuthorizationFailedError:
        return ()
    return tuple(sorted(name for name in known if name == group or name.startswith(group + "-")))


def nearest_topic(name: str, names: Iterable[str]) -> str | None:
    """Give the name that someone who typed `name` most likely meant."""
    close = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return close[0] if close else None


def _count(number: int, noun: str, nouns: str | None = None) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {nouns or noun + 's'}"
