"""Nothing is lost and no alert is told twice, whatever happens to the process or to the broker."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import combinations, islice
from typing import TYPE_CHECKING

import pytest

from schemas import topics
from schemas.alert import AlertChange
from schemas.dead_letter import DeadLetterReason
from streams.extract.models import load_models
from streams.kafka.client import open_admin, open_producer
from streams.kafka.dead_letters import read_parked
from streams.kafka.groups import LEDGER, changelog_name, installation_plans
from streams.kafka.local import LocalBroker, free_port
from streams.kafka.topics import create_topics, kafka_name
from streams.ledger import Book
from streams.replay.run import run_transcripts
from streams.rules.load import load_pack
from streams.worker.tables import KeptBook
from tests.factories import make_transcript
from tests.kafka.conftest import reader_of
from tests.kafka.worker_process import PLAIN, REAL, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from aiokafka import AIOKafkaProducer, ConsumerRecord

    from schemas.topics import Topic
    from schemas.transcript import Transcript
    from streams.settings import Settings

    ReadAll = Callable[[Topic | str], Awaitable[list[ConsumerRecord]]]

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]

WAIT_S = 90
STATES = [
    "Albania",
    "Algeria",
    "Angola",
    "Armenia",
    "Austria",
    "Bangladesh",
    "Belarus",
    "Belgium",
    "Bolivia",
    "Brazil",
    "Bulgaria",
    "Cambodia",
    "Cameroon",
    "Chile",
    "Colombia",
    "Croatia",
    "Cuba",
    "Cyprus",
    "Denmark",
    "Ecuador",
    "Egypt",
    "Estonia",
    "Ethiopia",
    "Finland",
    "Ghana",
    "Greece",
    "Hungary",
    "Iceland",
    "Indonesia",
    "Iraq",
    "Ireland",
    "Italy",
    "Japan",
]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"session_timeout_s": 6.0, "commit_interval_s": 0.3, "retry_limit_s": 1.0, "stall_s": 5.0}
    )


async def test_a_kill_in_the_middle_of_500_transcripts_loses_no_alert_and_tells_none_twice(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    rules = [rule for rule in load_pack() if rule.alert.topic == "security-mou"]
    for rule in rules:
        await producer.send_and_wait(kafka_name(topics.RULES, settings), rule.encode(), key=rule.id.encode())
    transcripts = [
        make_transcript(
            f"{a} and {b} signed a memorandum of understanding on border police on Monday.", id=f"t-{n}"
        )
        for n, (a, b) in enumerate(islice(combinations(STATES, 2), 500))
    ]
    await _send_raw(producer, settings, transcripts)
    async with WorkerProcess(settings, *REAL, log=tmp_path / "first.log") as worker:
        await _wait_for_alerts(read_all, 100)
        await worker.kill()
    assert 100 <= len(await read_all(topics.ALERTS)) < 500
    expected = {change.id for change in run_transcripts(transcripts, load_models(), rules)}
    assert len(expected) == 500
    async with WorkerProcess(settings, *REAL, log=tmp_path / "second.log") as worker:
        await _wait_for_alerts(read_all, 500)
        assert await worker.stop() == 0
    told = Counter(_change_ids(await read_all(topics.ALERTS)))
    assert set(told) == expected
    assert set(told.values()) == {1}
    assert Counter(_change_ids(await read_all(topics.alert_topic("security-mou")))) == told


async def _send_transcripts(producer: AIOKafkaProducer, settings: Settings, numbers: range) -> None:
    await _send_raw(
        producer, settings, [make_transcript(f"Report number {n}.", id=f"t-{n}") for n in numbers]
    )


async def _send_raw(producer: AIOKafkaProducer, settings: Settings, transcripts: list[Transcript]) -> None:
    name = kafka_name(topics.TRANSCRIPTS_RAW, settings)
    sends = [await producer.send(name, t.encode(), key=t.id.encode()) for t in transcripts]
    await asyncio.gather(*sends)


async def _wait_for_alerts(read_all: ReadAll, count: int) -> None:
    async with asyncio.timeout(WAIT_S):
        while len(set(_change_ids(await read_all(topics.ALERTS)))) < count:
            await asyncio.sleep(0.1)


def _change_ids(records: list[ConsumerRecord]) -> list[str]:
    return [AlertChange.decode(record.value).id for record in records]


async def test_ordered_ends_in_the_middle_lose_nothing_and_repeat_nothing(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    # Each start happens while the agents before this one produce: what comes in during a start is not lost either.
    await _send_transcripts(producer, settings, range(150))
    for count in (30, 80, 150):
        async with WorkerProcess(settings, *PLAIN, log=tmp_path / f"{count}.log") as worker:
            await _wait_for_alerts(read_all, count)
            assert await worker.stop() == 0
    for topic in (topics.TRANSCRIPTS_TAGGED, topics.EVENTS_EXTRACTED, topics.RULES_MATCHED, topics.ALERTS):
        counts = Counter(record.key for record in await read_all(topic))
        assert (len(counts), set(counts.values())) == (150, {1}), topic.name


async def test_workers_that_join_leave_and_die_in_the_middle_share_the_work_and_lose_nothing(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    await _send_transcripts(producer, settings, range(300))
    # tables of both kinds: whichever they lie in, they move by their changelog
    on_disk = [
        settings.model_copy(update={"state_store": "rocksdb", "data_dir": tmp_path / name}) for name in "ab"
    ]
    async with (
        WorkerProcess(settings, *PLAIN, log=tmp_path / "first.log") as first,
        WorkerProcess(on_disk[0], *PLAIN, log=tmp_path / "second.log") as second,
    ):
        await _wait_for_alerts(read_all, 80)
        assert await first.stop() == 0
        async with WorkerProcess(on_disk[1], *PLAIN, log=tmp_path / "third.log") as third:
            await _wait_for_alerts(read_all, 160)
            await second.kill()
            await _wait_for_alerts(read_all, 300)
            assert await third.stop() == 0
    told = Counter(_change_ids(await read_all(topics.ALERTS)))
    assert (len(told), set(told.values())) == (300, {1})


async def test_a_step_that_fails_parks_its_record_after_its_tries_and_the_next_goes_on(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    broken = make_transcript(id="t-0", title="breaks the step").encode()
    await producer.send_and_wait(kafka_name(topics.TRANSCRIPTS_RAW, settings), broken, partition=0)
    await producer.send_and_wait(
        kafka_name(topics.TRANSCRIPTS_RAW, settings), make_transcript(id="t-1").encode(), partition=0
    )
    async with WorkerProcess(settings, *PLAIN, log=tmp_path / "log"):
        await _wait_for_alerts(read_all, 1)
    (record,) = await read_all(topics.dead_letter_topic_name(topics.TRANSCRIPTS_RAW.name))
    parked = read_parked(record)
    assert parked.value == broken
    assert parked.letter is not None
    assert (parked.letter.reason, parked.letter.attempts) == (DeadLetterReason.FAILED, 3)
    assert parked.letter.message == "the step failed 3 times: the step cannot take this"


async def test_work_that_waits_without_a_commit_is_not_ready_until_it_goes_on(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"stall_s": 2.0})
    slow = make_transcript("Report number 0.", id="t-0", title="takes long")
    async with WorkerProcess(settings, *PLAIN, log=tmp_path / "log") as worker:
        await _send_raw(producer, settings, [slow])
        await _wait_for_readiness(worker, 503, "1 record waits and nothing was committed for more than 2 s")
        assert "language lag" in (await worker.ask("/readyz")).json()["reasons"]
        await _wait_for_alerts(read_all, 1)
        await _wait_for_readiness(worker, 200, "")


async def test_a_table_that_cannot_be_read_holds_its_agent_back_with_the_reason_until_it_can(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    changelog = changelog_name(LEDGER, settings)
    for partition in range(settings.partitions):
        await producer.send_and_wait(changelog, b"{}", key=b"t-0", partition=partition)
    await _send_transcripts(producer, settings, range(1))
    async with WorkerProcess(settings, *PLAIN, log=tmp_path / "log") as worker:
        await _wait_for_readiness(worker, 503, "what is kept under t-0 cannot be read")
        await _wait_for_alerts(read_all, 1)  # the other agents go on
        for partition in range(settings.partitions):
            await producer.send_and_wait(changelog, None, key=b"t-0", partition=partition)
        async with asyncio.timeout(WAIT_S):
            while not (books := await _read_books(read_all, changelog.removeprefix(settings.topic_prefix))):
                await asyncio.sleep(0.1)
        await _wait_for_readiness(worker, 200, "")
        assert await worker.stop() == 0
    assert books == [Book(key="t-0", counts={"events": 1})]


async def _read_books(read_all: ReadAll, changelog: str) -> list[Book | None]:
    values = [record.value for record in await read_all(changelog)]
    return [KeptBook.decode(value).book for value in values if value not in {None, b"{}"}]


async def test_a_broker_that_goes_and_comes_back_is_waited_for_and_nothing_is_lost(
    settings: Settings, tmp_path: Path, jar_cache: Path
) -> None:
    with LocalBroker(tmp_path / "broker", jar_cache, port=free_port(), heap_mib=256) as broker:
        settings = settings.model_copy(update={"broker": broker.address})
        async with open_admin(settings) as admin:
            await create_topics(admin, installation_plans(settings))
        async with open_producer(settings) as producer:
            await _send_transcripts(producer, settings, range(100))
        read_all = reader_of(settings)
        async with WorkerProcess(settings, *PLAIN, log=tmp_path / "log") as worker:
            await _wait_for_alerts(read_all, 30)
            broker.stop()
            await _wait_for_readiness(worker, 503, "does not answer")
            assert (await worker.ask("/healthz")).status_code == 200
            broker.start()
            await _wait_for_alerts(read_all, 100)
            await _wait_for_readiness(worker, 200, "")
            assert Counter(_change_ids(await read_all(topics.ALERTS))).most_common(1)[0][1] == 1
            broker.stop()
            await _wait_for_readiness(worker, 503, "does not answer")
            assert await worker.stop() == 0  # it does not wait for a broker that is away


async def _wait_for_readiness(worker: WorkerProcess, status: int, words: str) -> None:
    async with asyncio.timeout(WAIT_S):
        while True:
            answer = await worker.ask("/readyz")
            if answer.status_code == status and words in answer.text:
                return
            await asyncio.sleep(0.2)
