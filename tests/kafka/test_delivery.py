"""Nothing is lost and no alert is told twice, whatever happens to the process: with steps that decide nothing of interest."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from schemas import topics
from schemas.alert import AlertChange
from tests.factories import make_transcript
from tests.kafka.worker_process import PLAIN, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from aiokafka import AIOKafkaProducer, ConsumerRecord

    from schemas.topics import Topic
    from streams.settings import Settings

    ReadAll = Callable[[Topic | str], Awaitable[list[ConsumerRecord]]]

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]

WAIT_S = 60


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"session_timeout_s": 6.0, "commit_interval_s": 0.3, "retry_limit_s": 1.0, "stall_s": 5.0}
    )


async def test_a_kill_in_the_middle_of_500_transcripts_loses_no_alert_and_tells_none_twice(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    await _send_transcripts(producer, settings, range(500))
    async with WorkerProcess(settings, *PLAIN, log=tmp_path / "first.log") as worker:
        await _wait_for_alerts(read_all, 150)
        await worker.kill()
    told_before = Counter(_change_ids(await read_all(topics.ALERTS)))
    assert 150 <= len(told_before) < 500
    async with WorkerProcess(settings, *PLAIN, log=tmp_path / "second.log") as worker:
        await _wait_for_alerts(read_all, 500)
        assert await worker.stop() == 0
    told = Counter(_change_ids(await read_all(topics.ALERTS)))
    assert len(told) == 500
    assert set(told.values()) == {1}
    told_by_subject = Counter(_change_ids(await read_all(topics.alert_topic("security-mou"))))
    assert told_by_subject == told


async def _send_transcripts(producer: AIOKafkaProducer, settings: Settings, numbers: range) -> None:
    sends = [
        await producer.send(
            settings.topic_prefix + topics.TRANSCRIPTS_RAW.name,
            make_transcript(f"Report number {number}.", id=f"t-{number}").encode(),
            key=f"t-{number}".encode(),
        )
        for number in numbers
    ]
    await asyncio.gather(*sends)


async def _wait_for_alerts(read_all: ReadAll, count: int) -> None:
    async with asyncio.timeout(WAIT_S):
        while len(set(_change_ids(await read_all(topics.ALERTS)))) < count:
            await asyncio.sleep(0.1)


def _change_ids(records: list[ConsumerRecord]) -> list[str]:
    return [AlertChange.decode(record.value).id for record in records]
