"""This release goes on where an earlier one ended: its topics, its tables, its commits."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from aiokafka import TopicPartition

from schemas import topics
from schemas.agreement import Transition, TransitionKind
from schemas.alert import AlertChange
from schemas.event import Stage
from streams.kafka.client import open_reader
from streams.kafka.dead_letters import read_parked
from streams.kafka.groups import AGENTS, group_id
from streams.kafka.topics import kafka_name
from tests.factories import make_transcript
from tests.kafka.worker_process import REAL, WorkerProcess
from tests.recorded import PARTITIONS, POISON, RECORDINGS, Recorded, load_recording

if TYPE_CHECKING:
    from pathlib import Path

    from aiokafka import AIOKafkaProducer

    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]

WAIT_S = 60


@pytest.fixture
def settings(settings: Settings) -> Settings:
    changes = {
        "group": "dragoman",
        "partitions": PARTITIONS,
        "session_timeout_s": 6.0,
        "commit_interval_s": 0.3,
    }
    return settings.model_copy(update=changes)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
async def test_the_ledger_of_an_earlier_release_steps_on_and_no_alert_is_told_again(
    path: Path, settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    recording = load_recording(path)
    await _restore(recording, settings, producer)
    before = [Transition.decode(r.value) for r in await read_all(topics.AGREEMENTS_CHANGED)]
    told = {AlertChange.decode(r.value).id for r in await read_all(topics.ALERTS)}
    (drafted,) = [t for t in before if t.kind is TransitionKind.FIRST and t.stage is Stage.DRAFTING]

    raw = kafka_name(topics.TRANSCRIPTS_RAW, settings)
    retold = next(r for r in recording if r.topic == topics.TRANSCRIPTS_RAW.name and r.key == b"t-0")
    signed = make_transcript(
        "Albania and Montenegro signed the memorandum of understanding on border police on Tuesday.",
        id="t-after",
        broadcast_time=drafted.event_time.replace(day=drafted.event_time.day + 2),
    )
    async with WorkerProcess(settings, *REAL, log=tmp_path / "log") as worker:
        await producer.send_and_wait(raw, retold.value, key=retold.key)
        await producer.send_and_wait(raw, signed.encode(), key=signed.id.encode())
        async with asyncio.timeout(WAIT_S):
            while len(await read_all(topics.ALERTS)) == len(told):
                await asyncio.sleep(0.2)
        assert (await worker.ask("/readyz")).json() == {"ready": True, "reasons": {}}
        assert await worker.stop() == 0
        assert worker.words == ""

    (step,) = [
        t
        for t in (Transition.decode(r.value) for r in await read_all(topics.AGREEMENTS_CHANGED))
        if t.id not in {known.id for known in before}
    ]
    assert (step.kind, step.before, step.stage) == (TransitionKind.STEP, Stage.DRAFTING, Stage.SIGNED)
    assert step.agreement.id == drafted.agreement.id
    assert len(step.agreement.reports) == 3
    changes = [AlertChange.decode(r.value) for r in await read_all(topics.ALERTS)]
    assert max(Counter(change.id for change in changes).values()) == 1
    (new,) = [change for change in changes if change.id not in told]
    assert new.alert.stage is Stage.SIGNED
    (parked,) = await read_all(topics.dead_letter_topic_name(topics.TRANSCRIPTS_RAW.name))
    assert read_parked(parked).value == POISON


async def _restore(recording: tuple[Recorded, ...], settings: Settings, producer: AIOKafkaProducer) -> None:
    """Put every record where it lay, and commit for each agent that it had read all of it."""
    ends: Counter[TopicPartition] = Counter()
    for record in recording:
        place = TopicPartition(kafka_name(record.topic, settings), record.partition)
        put = await producer.send_and_wait(
            place.topic,
            record.value,
            key=record.key,
            partition=record.partition,
            headers=list(record.headers),
            timestamp_ms=record.timestamp_ms,
        )
        assert put.offset == record.offset
        ends[place] = put.offset + 1
    for agent in AGENTS:
        names = [kafka_name(topic, settings) for topic in agent.sources]
        async with open_reader(settings, *names, group_id=group_id(agent, settings)) as reader:
            await reader.commit({place: ends[place] for place in reader.assignment()})
