"""Topics are made as planned, once, and what differs is told."""

import pytest
from aiokafka import AIOKafkaProducer

from schemas.topics import TRANSCRIPTS_RAW
from streams.kafka.client import open_admin
from streams.kafka.topics import all_topics, check_topics, create_topics, kafka_name, plan_topics
from streams.settings import Settings
from tests.kafka.conftest import ReadAll

pytestmark = pytest.mark.kafka


async def test_topics_created_twice_are_made_once(
    settings: Settings, created_topics: tuple[str, ...]
) -> None:
    plans = plan_topics(settings, all_topics())
    assert set(created_topics) == {p.name for p in plans}
    async with open_admin(settings) as admin:
        assert await create_topics(admin, plans) == ()
        assert await check_topics(admin, plans) == ()


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
