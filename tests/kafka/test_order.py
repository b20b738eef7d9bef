"""A backlog is heard in event time: what lies on several partitions reaches the ledger in the order in which it was said."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import combinations, islice
from typing import TYPE_CHECKING

import pytest

from schemas import topics
from schemas.agreement import Transition
from schemas.topics import Output
from streams.extract.models import load_models
from streams.kafka.client import open_admin, open_reader
from streams.kafka.groups import count_work_left
from streams.kafka.records import encode_record
from streams.replay.run import run_outputs
from tests.factories import NOON, make_transcript
from tests.kafka.worker_process import REAL, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aiokafka import AIOKafkaProducer

    from schemas.transcript import Transcript
    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]

WAIT_S = 90
STATES = [
    "Albania",
    "Algeria",
    "Angola",
    "Armenia",
    "Austria",
    "Belgium",
    "Bolivia",
    "Brazil",
    "Chile",
    "Croatia",
]
LIFE = (
    "{} and {} agreed to draft a memorandum of understanding on border police.",
    "{} and {} will sign the memorandum of understanding on border police next week.",
    "{} and {} signed the memorandum of understanding on border police.",
    "The parliaments of {} and {} ratified the memorandum of understanding on border police.",
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"partitions": 4})


@pytest.mark.parametrize("first", [0, 28], ids=["before the worker starts", "as the agent's buffer fills"])
async def test_the_steps_of_an_archive_are_told_as_a_replay_tells_them(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path, first: int
) -> None:
    pairs = list(islice(combinations(STATES, 2), 20))
    transcripts = [
        make_transcript(
            text.format(*pair),
            id=f"t-{stage}-{number}",
            broadcast_time=NOON + timedelta(days=stage, minutes=number),
        )
        for stage, text in enumerate(LIFE)
        for number, pair in enumerate(pairs)
    ]

    async def send(part: Sequence[Transcript]) -> None:
        for transcript in part:
            output = Output(topics.TRANSCRIPTS_RAW, transcript.id, transcript, transcript.event_time)
            laid_out = encode_record(output, settings)
            await producer.send(laid_out.topic, laid_out.value, laid_out.key, headers=laid_out.headers)
        await producer.flush()

    if not first:
        await send(transcripts)
    async with WorkerProcess(settings, *REAL, log=tmp_path / "log") as worker:
        if first:
            await send(transcripts[:first])
            await asyncio.sleep(
                0.2
            )  # until some partitions of the agent that reads have found its buffer full
            await send(transcripts[first:])
        async with open_admin(settings) as admin, open_reader(settings) as reader, asyncio.timeout(WAIT_S):
            while await count_work_left(admin, reader, settings):
                await asyncio.sleep(0.3)
        assert await worker.stop() == 0
    told = [Transition.decode(record.value) for record in await read_all(topics.AGREEMENTS_CHANGED)]
    expected = [
        output.record
        for output in run_outputs(transcripts, load_models(), [])
        if isinstance(output.record, Transition)
    ]
    assert len(expected) >= 3 * len(pairs)
    assert {t.id for t in told} == {t.id for t in expected}
