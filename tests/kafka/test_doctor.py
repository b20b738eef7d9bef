"""`dragoman doctor` on a real broker: a fresh installation, and what goes wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from schemas.topics import RULES, TRANSCRIPTS_RAW
from streams.kafka.dead_letters import park
from streams.kafka.topics import kafka_name
from tests.kafka.test_commands import run
from tests.kafka.test_dead_letters import make_letter, make_record

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

    from streams.settings import Settings

pytestmark = pytest.mark.kafka


def _doctor(settings: Settings) -> tuple[int, list[dict[str, Any]]]:
    ran = run(
        "doctor",
        "--json",
        DRAGOMAN_BROKER=settings.broker,
        DRAGOMAN_TOPIC_PREFIX=settings.topic_prefix,
        DRAGOMAN_GROUP=settings.group,
        DRAGOMAN_PARTITIONS=str(settings.partitions),
        DRAGOMAN_DATA_DIR=str(settings.data_dir),
        DRAGOMAN_HEALTH_PORT="0",
        DRAGOMAN_GATEWAY_PORT="0",
        DRAGOMAN_NOTIFIER_PORT="0",
    )
    return ran.code, ran.json


async def test_a_fresh_installation_has_nothing_wrong_and_what_goes_wrong_is_named(
    settings: Settings, created_topics: tuple[str, ...], producer: AIOKafkaProducer
) -> None:
    code, lines = _doctor(settings)
    assert [line for line in lines if line["state"] == "wrong"] == []
    assert code == 0
    found = {line["what"]: line for line in lines}
    assert found["kafka version"]["state"] == "ok"
    assert found["kafka version"]["sentence"].startswith(
        "Kafka 4.4 with the features of 4.4 (KRaft, metadata.version "
    )
    assert found["topics"]["sentence"] == f"all {len(created_topics)} are as they should be"
    assert "dragoman rules apply" in found["rules"]["advice"]
    assert "dragoman worker --agents" in found["agents"]["advice"]

    await park(producer, settings, make_record(), make_letter())
    await producer.send_and_wait(kafka_name(RULES, settings), b"{}", key=b"a")
    await producer.send_and_wait(kafka_name(TRANSCRIPTS_RAW, settings), b"{}", key=b"a")
    code, lines = _doctor(settings.model_copy(update={"partitions": 3}))
    said = {(line["what"], line["state"]): line["sentence"] for line in lines}
    assert code == 1
    assert "has 2 partitions and should have 3" in said["topics", "wrong"]
    assert said["rules", "wrong"].startswith("1 rule on rules.v1 cannot be used")
    assert said["dead letters", "warn"].startswith("1 record on ")
    assert said["clock", "ok"] == "the broker's clock is not ahead of this machine's"
