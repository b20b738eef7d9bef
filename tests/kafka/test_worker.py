"""The worker as the command runs it: transcripts in, alerts out; what it says when it cannot; what it parks."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from schemas import topics
from schemas.alert import AlertChange, AlertChangeKind
from schemas.enriched import EnrichedTranscript
from schemas.event import Stage
from streams.kafka.client import open_admin
from streams.kafka.dead_letters import read_parked
from streams.kafka.groups import AGENTS
from streams.kafka.topics import delete_topics, kafka_name
from streams.rules.load import load_pack
from tests.factories import make_transcript
from tests.kafka.worker_process import REAL, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from aiokafka import AIOKafkaProducer, ConsumerRecord

    from schemas.topics import Topic
    from streams.settings import Settings

    ReadAll = Callable[[Topic | str], Awaitable[list[ConsumerRecord]]]

pytestmark = pytest.mark.kafka

WAIT_S = 40
SECURITY_MOU = topics.alert_topic("security-mou")
DRAFTED = (
    "TIRANA, March 1 - Albania and Montenegro agreed on Sunday to draft a memorandum of understanding on border police "
    "cooperation, the Albanian interior minister said."
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"session_timeout_s": 6.0, "commit_interval_s": 0.3, "retry_limit_s": 1.0}
    )


async def test_an_agreement_told_of_raises_its_alert_with_its_words_and_told_again_raises_nothing(
    settings: Settings, created_topics: object, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    await _send_rules(producer, settings)
    async with WorkerProcess(settings, *REAL, log=tmp_path / "log") as worker:
        assert worker.first_line.startswith("worker: language, extraction, ledger, matching, alerting ready")
        await _send(producer, settings, topics.TRANSCRIPTS_RAW, DRAFTED, "t-1")
        (change,) = await _wait_for_changes(read_all, 1)
        await _send(producer, settings, topics.TRANSCRIPTS_RAW, DRAFTED, "t-1")
        await _wait_for(read_all, topics.TRANSCRIPTS_ENRICHED, 2)
        await _send(producer, settings, topics.TRANSCRIPTS_RAW, "The rain went on.", "t-2")
        await _wait_until_idle(worker)
        assert (await worker.ask("/readyz")).json() == {"ready": True, "reasons": {}}
        metrics = (await worker.ask("/metrics")).text
        assert await worker.stop() == 0
    assert [c.id for c in await _changes(read_all)] == [change.id]
    assert change.kind is AlertChangeKind.RAISE
    assert change.alert.countries == ("ALB", "MNE")
    assert change.alert.stage is Stage.DRAFTING
    words = change.alert.subjects[0].evidence[0]
    assert DRAFTED[words.start : words.end] == words.text
    assert "memorandum" in words.text
    assert 'dragoman_records_total{agent="language",outcome="emitted"} 3.0' in metrics
    assert worker.words == ""  # normal work logs nothing


async def test_every_agent_as_a_process_of_its_own_raises_the_same_alert(
    settings: Settings, created_topics: object, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    await _send_rules(producer, settings)
    async with AsyncExitStack() as stack:
        workers = [WorkerProcess(settings, *REAL, "--agents", a.name, log=tmp_path / a.name) for a in AGENTS]
        await asyncio.gather(*(stack.enter_async_context(worker) for worker in workers))
        await _send(producer, settings, topics.TRANSCRIPTS_RAW, DRAFTED, "t-1")
        (change,) = await _wait_for_changes(read_all, 1)
        assert await asyncio.gather(*(worker.stop() for worker in workers)) == [0] * 5
    assert change.alert.countries == ("ALB", "MNE")
    assert change.alert.stage is Stage.DRAFTING


async def test_a_rule_acts_on_the_next_record_and_a_withdrawn_one_no_more_without_a_restart(
    settings: Settings, created_topics: object, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    rule = next(r for r in load_pack() if r.title.startswith("New security agreement"))
    unreadable = rule.model_copy(update={"id": "cracked", "detection": {"condition": "none of it"}})
    rules_topic = kafka_name(topics.RULES, settings)
    async with WorkerProcess(settings, *REAL, log=tmp_path / "log") as worker:
        await _send(producer, settings, topics.TRANSCRIPTS_RAW, DRAFTED, "t-1")
        await _wait_for(read_all, topics.AGREEMENTS_CHANGED, 1)
        await _wait_until_idle(worker)  # the rule is to come after what was matched without it
        await producer.send_and_wait(rules_topic, unreadable.encode(), key=b"cracked")
        await producer.send_and_wait(rules_topic, b"\xff\xfe", key=b"noise")
        await producer.send_and_wait(rules_topic, rule.encode(), key=rule.id.encode())
        await _wait_for_metric(worker, "dragoman_rules 1.0")
        assert "dragoman_rules_unreadable 2.0" in (await worker.ask("/metrics")).text
        signed = "Albania and Montenegro signed a memorandum of understanding on border police cooperation on Monday."
        await _send(producer, settings, topics.TRANSCRIPTS_RAW, signed, "t-2")
        (change,) = await _wait_for_changes(read_all, 1)
        assert change.alert.stage is Stage.SIGNED
        await producer.send_and_wait(rules_topic, None, key=rule.id.encode())
        await _wait_for_metric(worker, "dragoman_rules 0.0")
        other = "Chad and Niger signed a memorandum of understanding on border security on Tuesday."
        await _send(producer, settings, topics.TRANSCRIPTS_RAW, other, "t-3")
        await _wait_for(read_all, topics.AGREEMENTS_CHANGED, 3)
        await _wait_until_idle(worker)
    assert len(await _changes(read_all)) == 1
    assert "cracked" in worker.words


POISON = {
    "encoding": b'{"id": "caf\xe9"}',
    "json": b"not JSON at all",
    "schema": b'{"some": "other record"}',
}
POISONED = sorted(
    {topic.name: topic for agent in AGENTS for topic in agent.sources}.values(), key=lambda t: t.name
)


async def test_poison_on_any_topic_is_parked_with_its_reason_and_the_next_record_goes_on(
    settings: Settings, created_topics: object, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    await _send_rules(producer, settings)
    tagged = b'{"transcript": {}, "language": {}, "a_field_of_the_future": 1}'
    large = b'{"padding": "' + b"x" * (2 * 1_048_576) + b'"}'
    for topic in POISONED:
        for partition in range(settings.partitions):
            for value in (*POISON.values(), tagged, large):
                await producer.send_and_wait(
                    kafka_name(topic, settings), value, key=b"k", partition=partition
                )
    async with WorkerProcess(settings, *REAL, log=tmp_path / "log") as worker:
        await _send(
            producer, settings, topics.TRANSCRIPTS_RAW, DRAFTED, "t-1", {"field_of_the_future": {"depth": 2}}
        )
        (change,) = await _wait_for_changes(read_all, 1)
        await _wait_until_idle(worker)
        assert await worker.stop() == 0
    assert change.alert.countries == ("ALB", "MNE")
    (enriched,) = [
        EnrichedTranscript.decode(r.value)
        for r in await read_all(topics.TRANSCRIPTS_ENRICHED)
        if r.key == b"t-1"
    ]
    assert enriched.transcript.extra == {"field_of_the_future": {"depth": 2}}
    for topic in POISONED:
        parked = [read_parked(record) for record in await read_all(topics.dead_letter_topic_name(topic.name))]
        readers = {agent.name for agent in AGENTS if topic in agent.sources}
        told = sorted((p.letter.stage, p.letter.reason.value) for p in parked if p.letter is not None)
        reasons = ("encoding", "json", "schema", "schema", "schema")
        assert told == sorted(
            (name, reason) for name in readers for reason in reasons for _ in range(settings.partitions)
        )
        assert {p.value for p in parked} == {*POISON.values(), tagged, large}
        assert all(p.letter is not None and p.letter.message for p in parked)


async def test_a_missing_topic_or_a_wrong_partition_count_stops_the_worker_with_a_sentence(
    settings: Settings, created_topics: object, tmp_path: Path
) -> None:
    async with WorkerProcess(
        settings.model_copy(update={"partitions": 3}), *REAL, log=tmp_path / "count.log"
    ) as worker:
        assert await worker.running.wait() == 1
    assert "has 2 partitions and should have 3" in worker.words
    assert worker.words.count("\n") == 1
    missing = kafka_name(topics.RULES_MATCHED, settings)
    async with open_admin(settings) as admin:
        await delete_topics(admin, [missing])
    async with WorkerProcess(settings, *REAL, "--check", log=tmp_path / "missing.log") as worker:
        assert await worker.running.wait() == 1
    assert f"topic {missing} is missing" in worker.words
    assert worker.words.count("\n") == 1


async def test_an_unknown_agent_is_told_with_the_nearest_name(settings: Settings, tmp_path: Path) -> None:
    async with WorkerProcess(settings, *REAL, "--agents", "ledgre", log=tmp_path / "log") as worker:
        assert await worker.running.wait() == 2
    assert "did you mean ledger?" in worker.words


async def _send_rules(producer: AIOKafkaProducer, settings: Settings) -> None:
    for rule in load_pack():
        if rule.alert.topic == "security-mou":
            await producer.send_and_wait(
                kafka_name(topics.RULES, settings), rule.encode(), key=rule.id.encode()
            )


async def _send(  # noqa: PLR0917
    producer: AIOKafkaProducer,
    settings: Settings,
    topic: Topic,
    text: str,
    transcript_id: str,
    more: dict[str, object] | None = None,
) -> None:
    fields = {**json.loads(make_transcript(text, id=transcript_id).encode()), **(more or {})}
    await producer.send_and_wait(
        kafka_name(topic, settings), json.dumps(fields).encode(), key=transcript_id.encode()
    )


async def _changes(read_all: ReadAll) -> list[AlertChange]:
    return [AlertChange.decode(record.value) for record in await read_all(SECURITY_MOU)]


async def _wait_for_changes(read_all: ReadAll, count: int) -> list[AlertChange]:
    await _wait_for(read_all, SECURITY_MOU, count)
    return await _changes(read_all)


async def _wait_for(read_all: ReadAll, topic: Topic, count: int) -> None:
    async with asyncio.timeout(WAIT_S):
        while len(await read_all(topic)) < count:
            await asyncio.sleep(0.1)


async def _wait_for_metric(worker: WorkerProcess, line: str) -> None:
    async with asyncio.timeout(WAIT_S):
        while line not in (await worker.ask("/metrics")).text:
            await asyncio.sleep(0.1)


async def _wait_until_idle(worker: WorkerProcess) -> None:
    """Return when no agent has anything left to commit, twice in a row, so that what followed is done too."""
    idle = 0
    async with asyncio.timeout(WAIT_S):
        while idle < 2:
            await asyncio.sleep(1.0)
            lines = (await worker.ask("/metrics")).text.splitlines()
            lags = [float(line.split()[-1]) for line in lines if line.startswith("dragoman_lag_records{")]
            idle = idle + 1 if lags and not any(lags) else 0
