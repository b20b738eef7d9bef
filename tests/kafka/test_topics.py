"""Topics are made as planned, once; what differs is told in sentences; lag is counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas.topics import TOPICS, TRANSCRIPTS_RAW, TRANSCRIPTS_TAGGED, alert_topic
from streams.kafka.client import NoBrokerError, open_admin, open_producer, open_reader
from streams.kafka.groups import installation_plans
from streams.kafka.local import free_port
from streams.kafka.topics import (
    TopicError,
    TopicPlan,
    TopicState,
    all_topics,
    alter_topics,
    check_topics,
    create_topics,
    dead_letter_name,
    kafka_name,
    list_topics,
    nearest_topic,
    plan_topics,
    worker_groups,
)
from streams.settings import Settings

if TYPE_CHECKING:
    from tests.kafka.conftest import ReadAll


@pytest.mark.kafka
async def test_topics_created_twice_are_made_once(
    settings: Settings, created_topics: tuple[str, ...]
) -> None:
    plans = installation_plans(settings)
    assert set(created_topics) == {p.name for p in plans}
    async with open_admin(settings) as admin:
        assert await create_topics(admin, plans) == ()
        assert await check_topics(admin, plans) == ()


@pytest.mark.kafka
async def test_what_is_sent_is_read_and_namespaces_do_not_meet(
    settings: Settings, created_topics: tuple[str, ...], producer: AIOKafkaProducer, read_all: ReadAll
) -> None:
    name = kafka_name(TRANSCRIPTS_RAW, settings)
    assert name in created_topics
    for number in range(5):
        await producer.send_and_wait(name, f"v{number}".encode(), key=str(number).encode())
    assert sorted(record.value for record in await read_all(TRANSCRIPTS_RAW)) == [
        f"v{n}".encode() for n in range(5)
    ]


@pytest.mark.kafka
async def test_an_old_event_time_does_not_delete_a_record(
    settings: Settings, created_topics: tuple[str, ...], producer: AIOKafkaProducer, read_all: ReadAll
) -> None:
    name = kafka_name(TRANSCRIPTS_RAW, settings)
    sent = await producer.send_and_wait(name, b"of 2001", timestamp_ms=1_000_000_000_000)
    (read,) = await read_all(TRANSCRIPTS_RAW)
    assert read.timestamp == sent.timestamp > 1_700_000_000_000, "the broker's clock, not the sender's"


@pytest.mark.kafka
async def test_each_difference_is_one_sentence_that_says_how_to_mend_it(settings: Settings) -> None:
    name = f"{settings.topic_prefix}made.v1"
    made = TopicPlan(name, 1, 1, {"cleanup.policy": "delete", "retention.ms": "1000"})
    wanted = TopicPlan(name, 3, 1, {"cleanup.policy": "compact", "retention.ms": "1000"})
    missing = replace(wanted, name=f"{settings.topic_prefix}missing.v1")
    async with open_admin(settings) as admin:
        await create_topics(admin, [made])
        assert await check_topics(admin, [made]) == ()
        partitions, cleanup, absent = await check_topics(admin, [wanted, missing])
    assert partitions.startswith(f"topic {name} has 1 partition and should have 3: ")
    assert cleanup.startswith(f"topic {name} has cleanup.policy=delete and should have compact: ")
    assert absent == f"topic {missing.name} is missing: `dragoman topics create` makes it"


@pytest.mark.kafka
async def test_altering_sets_what_differs_and_leaves_what_others_set(settings: Settings) -> None:
    made = TopicPlan(f"{settings.topic_prefix}made.v1", 1, 1, {"retention.ms": "1000", "segment.ms": "70000"})
    wanted = replace(made, configs={"retention.ms": "2000", "cleanup.policy": "compact"})
    async with open_admin(settings) as admin:
        await create_topics(admin, [made])
        assert await alter_topics(admin, [wanted]) == (made.name,)
        assert await check_topics(admin, [wanted]) == ()
        assert await check_topics(admin, [replace(made, configs={"segment.ms": "70000"})]) == ()
        assert await alter_topics(admin, [wanted]) == ()


@pytest.mark.kafka
async def test_a_topic_with_too_few_copies_is_told_of_and_never_asked_for_more_than_it_has(
    settings: Settings,
) -> None:
    made = TopicPlan(f"{settings.topic_prefix}made.v1", 1, 1, {"retention.ms": "1000"})
    wanted = replace(made, replication=3, configs={"retention.ms": "2000", "min.insync.replicas": "2"})
    async with open_admin(settings) as admin:
        await create_topics(admin, [made])
        assert await alter_topics(admin, [wanted]) == (made.name,)
        (copies,) = await check_topics(admin, [wanted])
    assert copies.startswith(f"topic {made.name} has 1 copy and should have 3: ")


@pytest.mark.kafka
async def test_a_topic_that_the_broker_refuses_is_named(settings: Settings) -> None:
    async with open_admin(settings) as admin:
        with pytest.raises(TopicError, match=r"topic .*copies.v1 could not be made: .*replication"):
            await create_topics(admin, [TopicPlan(f"{settings.topic_prefix}copies.v1", 1, 3)])


@pytest.mark.kafka
async def test_lag_is_what_a_group_of_the_worker_has_not_committed(
    settings: Settings, created_topics: tuple[str, ...], producer: AIOKafkaProducer
) -> None:
    raw, tagged = kafka_name(TRANSCRIPTS_RAW, settings), kafka_name(TRANSCRIPTS_TAGGED, settings)
    for number in range(6):
        await producer.send_and_wait(raw, b"v", key=str(number).encode())
    group = f"{settings.group}-language"
    consumer = AIOKafkaConsumer(
        raw,
        bootstrap_servers=settings.broker,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    async with consumer:
        read = 0
        while read < 6:
            read += sum(map(len, (await consumer.getmany(timeout_ms=500)).values()))
        await consumer.commit()
    for _ in range(2):
        await producer.send_and_wait(raw, b"later", key=b"1")
    async with open_admin(settings) as admin, open_reader(settings) as reader:
        groups = await worker_groups(admin, settings)
        states = await list_topics(admin, reader, [raw, tagged, "no.such.topic"], groups)
    assert groups == (group,)
    assert states == (TopicState(raw, 2, 8, {group: 2}), TopicState(tagged, 2, 0, {}))


@pytest.mark.kafka
async def test_a_reader_of_a_topic_that_is_not_there_says_so(settings: Settings) -> None:
    with pytest.raises(
        TopicError, match=r"there is no topic t\d+\.nowhere at .*: `dragoman topics create` makes it"
    ):
        async with open_reader(settings, f"{settings.topic_prefix}nowhere"):
            pass


@pytest.mark.kafka
async def test_a_client_may_be_closed_as_soon_as_it_is_open(settings: Settings) -> None:
    for opened in (open_admin, open_producer, open_reader):
        async with opened(settings) as client:
            assert client is not None


async def test_no_broker_is_one_clear_error_for_every_client() -> None:
    settings = Settings(broker=f"127.0.0.1:{free_port()}")
    sentence = rf"no Kafka answers at {settings.broker}: start one with `dragoman up`, or set DRAGOMAN_BROKER"
    for opened in (open_admin, open_producer, open_reader):
        with pytest.raises(NoBrokerError, match=sentence):
            async with opened(settings):
                pass


def test_every_topic_has_a_dead_letter_topic_and_the_prefix_once() -> None:
    settings = Settings(topic_prefix="t.", partitions=3)
    plans = {p.name: p for p in plan_topics(settings, all_topics(["one", "one"]))}
    assert len(plans) == 2 * (len(TOPICS) + 1)
    assert set(plans) == {
        name
        for topic in (*TOPICS, alert_topic("one"))
        for name in (f"t.{topic.name}", dead_letter_name(topic, settings))
    }
    assert plans["t.transcripts.raw.v1"].partitions == 3
    assert plans["t.rules.v1"].partitions == 1


def test_the_nearest_name_is_what_was_most_likely_meant() -> None:
    names = [topic.name for topic in TOPICS]
    assert nearest_topic("transcript.raw", names) == "transcripts.raw.v1"
    assert nearest_topic("zzz", names) is None
