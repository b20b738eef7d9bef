"""Tables in RocksDB: kept from one start to the next, recovered from the changelog when they are lost."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import orjson
import psutil
import pytest
import rocksdict

from schemas import topics
from schemas.alert import AlertChange
from streams.kafka.groups import ALERTING, LEDGER
from streams.kafka.topics import kafka_name
from streams.worker.store import agent_folder
from tests.factories import make_transcript
from tests.kafka.worker_process import PLAIN, WorkerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from aiokafka import AIOKafkaProducer

    from streams.kafka.groups import Agent
    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]

WAIT_S = 60


@pytest.fixture
def settings(settings: Settings) -> Settings:
    changes = {"session_timeout_s": 6.0, "commit_interval_s": 0.3, "stall_s": 5.0, "state_store": "rocksdb"}
    return settings.model_copy(update=changes)


async def test_a_table_in_rocksdb_outlives_a_kill_and_is_recovered_when_its_folder_is_deleted(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    await _send_transcripts(producer, settings, range(60))
    async with WorkerProcess(settings, *PLAIN, log=tmp_path / "killed.log") as worker:
        await _wait_for_alerts(read_all, 20)
        await worker.kill()
    async with WorkerProcess(settings, *PLAIN, log=tmp_path / "after.log") as worker:
        await _wait_for_alerts(read_all, 60)
        assert await worker.stop() == 0
        # the kill may have come between an alert and the note that it is out
        assert {orjson.loads(line)["event"] for line in worker.words.splitlines()} <= {"outbox.settled"}
    assert await _told(read_all) == {f"alert-{n}": 1 for n in range(60)}

    _forget_one_locally(LEDGER, settings)
    async with WorkerProcess(settings, *PLAIN, log=tmp_path / "local.log") as worker:
        assert await _groups(worker, ALERTING) == 60
        assert await _groups(worker, LEDGER) == 59  # only what was written since is read from the changelog
        assert await worker.stop() == 0

    shutil.rmtree(settings.data_dir / "worker")
    async with WorkerProcess(settings, *PLAIN, log=tmp_path / "recovered.log") as worker:
        assert await _groups(worker, ALERTING) == 60
        assert await _groups(worker, LEDGER) == 60
        await _send_transcripts(producer, settings, range(61))
        await _wait_for_alerts(read_all, 61)
        await _metric(worker, "dragoman_state_disk_bytes", LEDGER, at_least=1)
        assert await worker.stop() == 0
    assert await _told(read_all) == {f"alert-{n}": 1 for n in range(61)}


@pytest.mark.skipif(
    not hasattr(psutil, "RLIMIT_FSIZE"), reason="only Linux can limit the files of a running process"
)
async def test_a_disk_that_takes_no_more_holds_its_agents_back_with_the_reason_until_it_does(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    # a pause in which the first reason is seen, before it is replaced by that of the next start
    settings = settings.model_copy(update={"retry_first_s": 2.0})
    async with WorkerProcess(settings, *PLAIN, log=tmp_path / "log") as worker:
        await _send_transcripts(producer, settings, range(20))
        await _wait_for_alerts(read_all, 20)
        process = psutil.Process(worker.running.pid)
        process.rlimit(psutil.RLIMIT_FSIZE, (1, psutil.RLIM_INFINITY))
        await _send_transcripts(producer, settings, range(20, 40))
        reasons: dict[str, str] = {}
        async with asyncio.timeout(WAIT_S):
            while "cannot be written below" not in reasons.get("ledger agent", ""):
                await asyncio.sleep(0.1)
                reasons = (await worker.ask("/readyz")).json()["reasons"]
        process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
        await _wait_for_alerts(read_all, 40)
        async with asyncio.timeout(WAIT_S):
            while (await worker.ask("/readyz")).status_code != 200:
                await asyncio.sleep(0.1)
        assert await worker.stop() == 0
    assert await _told(read_all) == {f"alert-{n}": 1 for n in range(40)}


def _forget_one_locally(agent: Agent, settings: Settings) -> None:
    """Take a key out of the database and leave the changelog as it is, so that it shows which of the two is read."""
    (path, *_) = sorted(agent_folder(agent, settings).rglob("*-0.db"))
    database = rocksdict.Rdict(str(path), rocksdict.Options(raw_mode=True))
    del database[next(key for key in database.keys() if isinstance(key, bytes) and key.startswith(b"t-"))]  # noqa: SIM118 - no dict
    database.close()


async def _send_transcripts(producer: AIOKafkaProducer, settings: Settings, numbers: range) -> None:
    name = kafka_name(topics.TRANSCRIPTS_RAW, settings)
    for number in numbers:
        transcript = make_transcript(f"Report number {number}.", id=f"t-{number}")
        await producer.send(name, transcript.encode(), key=transcript.id.encode())
    await producer.flush()


async def _told(read_all: ReadAll) -> dict[str, int]:
    return dict(Counter(AlertChange.decode(r.value).alert.id for r in await read_all(topics.ALERTS)))


async def _wait_for_alerts(read_all: ReadAll, count: int) -> None:
    async with asyncio.timeout(WAIT_S):
        while len(await _told(read_all)) < count:
            await asyncio.sleep(0.1)


async def _groups(worker: WorkerProcess, agent: Agent) -> float:
    return await _metric(worker, "dragoman_state_groups", agent)


async def _metric(worker: WorkerProcess, name: str, agent: Agent, at_least: float = 0) -> float:
    """Wait until a metric of an agent is there and as high as that, and give it."""
    line = re.compile(rf'^{name}{{agent="{agent.name}"}} (.+)$', re.MULTILINE)
    async with asyncio.timeout(WAIT_S):
        while True:
            found = line.search((await worker.ask("/metrics")).text)
            if found and float(found[1]) >= at_least:
                return float(found[1])
            await asyncio.sleep(0.1)
