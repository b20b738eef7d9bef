"""A day run live by two workers, one killed and one more joining, and then replayed: from raw, from what was read, and through a kill."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import pytest

from schemas import topics
from schemas.alert import AlertChange
from schemas.topics import Output
from streams.extract.models import load_models
from streams.kafka.client import open_admin, open_reader
from streams.kafka.groups import count_work_left
from streams.kafka.records import encode_record
from streams.kafka.topics import kafka_name
from streams.pipeline import Emit, enrich, tag
from streams.replay.publish import replay_plans, replay_settings
from streams.replay.store import ReplayState, Store
from streams.rules.load import load_pack, pack_folder
from tests.kafka.conftest import reader_of
from tests.kafka.worker_process import REAL, WorkerProcess
from tests.replay.day import DAY, END, START

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from aiokafka import AIOKafkaProducer, ConsumerRecord

    from schemas.topics import Topic
    from schemas.transcript import Transcript
    from streams.replay.store import Replay
    from streams.settings import Settings

    ReadAll = Callable[[Topic | str], Awaitable[list[ConsumerRecord]]]

pytestmark = pytest.mark.kafka

WAIT_S: Final = 60
RANGE: Final = ("--from", START.isoformat(), "--to", END.isoformat(), "--warm-up", "0")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"session_timeout_s": 6.0, "commit_interval_s": 0.3, "retry_limit_s": 1.0}
    )


# ten processes one after the other: on a busy machine their beginning alone takes minutes
@pytest.mark.timeout(600)
async def test_a_day_run_live_through_a_kill_and_a_rebalance_is_replayed_byte_for_byte(
    settings: Settings, created_topics: object, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    await _send_rules(producer, settings)
    third = len(DAY) // 3
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(_worker(settings, tmp_path / "first"))
        second = await stack.enter_async_context(_worker(settings, tmp_path / "second"))
        await _send_in_pace(producer, settings, DAY[:third])
        await second.kill()
        await _send_in_pace(producer, settings, DAY[third : 2 * third])
        await stack.enter_async_context(_worker(settings, tmp_path / "third"))
        await _send_in_pace(producer, settings, DAY[2 * third :])
        assert await first.stop() == 0
        await _wait_until_done(settings)
    live = await _by_alert(read_all)
    assert sum(len(changes) for changes in live.values()) >= 10
    before = await _offsets(settings)

    for source in ("raw", "enriched"):
        code, _, words = await _dragoman(
            settings, "replay", "start", *RANGE, "--source", source, "--name", source
        )
        assert (code, f"replay {source} is done" in words) == (0, True), words
        assert await _by_alert(reader_of(replay_settings(settings, source))) == live
    await _replay_through_a_kill_and_a_stop(settings, "again")
    assert await _values(settings, "again") == await _values(settings, "raw")  # each once, in the same order
    assert await _offsets(settings) == before  # nothing that is live was written to

    code, out, words = await _dragoman(
        settings, "replay", "diff", "raw", "--json", "--html", str(tmp_path / "d.html")
    )
    assert code == 0, words
    diff = json.loads(out)
    assert (diff["differences"], diff["same"]) == ([], len(live))
    assert "raised the same alerts" in (tmp_path / "d.html").read_text()

    code, _, words = await _dragoman(settings, "replay", "remove", "again")
    assert code == 0, words
    async with open_admin(settings) as admin:
        there = set(await admin.list_topics())
    assert not there & {p.name for p in replay_plans(settings, "again")}
    assert there >= {p.name for p in replay_plans(settings, "raw")}


async def _replay_through_a_kill_and_a_stop(settings: Settings, name: str) -> None:
    # a quarter of a minute for the day: on a busy machine it takes seconds to see that it has begun, and to tell it to stop
    slow = ("replay", "start", *RANGE, "--source", "raw", "--name", name, "--speed", "6000", "--jobs", "1")
    process = await _begin(settings, *slow)
    await _wait_for_position(settings, name, 1)
    process.kill()
    await process.wait()
    assert Store(settings).find(name).state is ReplayState.STOPPED

    process = await _begin(settings, "replay", "resume", name, "--jobs", "1")
    await _wait_for_state(settings, name, "running")
    code, _, words = await _dragoman(settings, "replay", "stop", name)
    assert (code, await process.wait()) == (0, 0), words
    code, _, words = await _dragoman(settings, "replay", "diff", name)
    assert (code, "was stopped before its end" in words) == (1, True)

    code, _, words = await _dragoman(settings, "replay", "resume", name, "--jobs", "1")
    assert code == 0, words


async def test_what_cannot_be_done_is_one_sentence_and_leaves_nothing_behind(
    settings: Settings, created_topics: object, producer: AIOKafkaProducer, tmp_path: Path
) -> None:
    await _send_rules(producer, settings)
    await _send_all(producer, settings, DAY[:2])
    async with open_admin(settings) as admin:
        before = set(await admin.list_topics())
    broken = tmp_path / "broken.yml"
    broken.write_text("title: no more than a title\n")
    cases = {
        "has no transcript from 1999": ("--from", "1999-01-01", "--to", "1999-02-01", "--source", "raw"),
        "is not before": ("--from", "2026-03-02", "--to", "2026-03-01"),
        "broken.yml:1:1": (*RANGE, "--rules", str(broken)),
        "reader version 99 is not installed": (*RANGE, "--source", "raw", "--reader", "99"),
        "is neither an archive": (*RANGE, "--source", str(tmp_path / "what.bin")),
    }
    (tmp_path / "what.bin").write_bytes(b"?")
    answers = await asyncio.gather(
        *(_dragoman(settings, "replay", "start", *words) for words in cases.values())
    )
    for sentence, (code, out, words) in zip(cases, answers, strict=True):
        assert (code, out, words.count("\n")) == (1, "", 1), words
        assert sentence in words
    async with open_admin(settings) as admin:
        assert set(await admin.list_topics()) == before
    replays = settings.data_dir / "replays"
    assert not replays.exists() or list(replays.iterdir()) == []


async def test_an_archive_outlives_its_topic_and_comes_back_as_it_was(
    settings: Settings, created_topics: object, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    await _send_all(producer, settings, DAY)
    file = str(tmp_path / "day.jsonl.gz")
    code, out, words = await _dragoman(settings, "archive", "write", file, "--from", START.isoformat())
    assert (code, f"{len(DAY)} records" in out) == (0, True), words
    once = sorted((r.key, r.value, tuple(r.headers)) for r in await read_all(topics.TRANSCRIPTS_RAW))
    code, _, words = await _dragoman(settings, "archive", "restore", file)
    assert code == 0, words
    twice = sorted((r.key, r.value, tuple(r.headers)) for r in await read_all(topics.TRANSCRIPTS_RAW))
    assert twice == sorted(once * 2)

    name = ("replay", "start", *RANGE, "--local", "--name")
    (code, _, words), (other_code, _, other_words) = await asyncio.gather(
        _dragoman(settings, *name, "file", "--source", file),
        _dragoman(settings, *name, "topic", "--source", "raw"),
    )
    assert (code, other_code) == (0, 0), words + other_words
    code, out, words = await _dragoman(settings, "replay", "diff", "file", "topic", "--json")
    assert code == 0, words
    diff = json.loads(out)
    assert diff["differences"] == []
    assert diff["same"] > 0


async def test_promoting_a_replay_puts_its_rules_to_work_and_keeps_the_difference(
    settings: Settings, created_topics: object, producer: AIOKafkaProducer, read_all: ReadAll
) -> None:
    await _send_all(producer, settings, DAY)
    rules = _rules_folder(settings)
    code, _, words = await _dragoman(
        settings, "replay", "start", *RANGE, "--source", "raw", "--rules", str(rules), "--name", "new"
    )
    assert code == 0, words
    code, out, words = await _dragoman(settings, "replay", "promote", "new", "--json")
    assert code == 0, words
    applied = json.loads(out)
    record = json.loads((settings.data_dir / "replays" / "new" / "promoted.json").read_bytes())
    assert record["applied"] == applied["applied"] == [SECURITY_MOU.id]
    assert {d["kind"] for d in record["diff"]["differences"]} == {"added"}
    assert {d["why"]["sentence"] for d in record["diff"]["differences"]} == {"live has no such rule"}
    assert [r.key.decode() for r in await read_all(topics.RULES)] == [SECURITY_MOU.id]


async def test_a_rule_is_previewed_on_what_was_read_and_a_replay_can_go_on_behind(
    settings: Settings, created_topics: object, producer: AIOKafkaProducer
) -> None:
    models = load_models()
    for transcript in DAY:
        tagged = tag(transcript.encode(), models)
        assert isinstance(tagged, Emit)
        enriched = enrich(tagged.outputs[0].record.encode(), models)
        assert isinstance(enriched, Emit)
        record = encode_record(enriched.outputs[0], settings)
        await producer.send_and_wait(record.topic, record.value, record.key, headers=record.headers)
    rules = _rules_folder(settings)
    before = await _offsets(settings)
    code, out, words = await _dragoman(
        settings,
        "rules",
        "preview",
        str(rules / "mou.yml"),
        "--since",
        "1d",
        "--until",
        END.isoformat(),
        "--json",
    )
    assert code == 0, words
    preview = json.loads(out)
    assert preview["transcripts"] == len(DAY)
    assert {alert["rule_id"] for alert in preview["alerts"]} == {SECURITY_MOU.id}
    assert preview["alerts_a_day"] == len(preview["alerts"]) > 0

    name = ("--rules", str(rules), "--name", "behind", "--detach", "--jobs", "1")
    code, out, words = await _dragoman(settings, "replay", "start", *RANGE, *name)
    assert (code, out) == (0, "behind\n"), words
    await _wait_for_state(settings, "behind", "done")
    code, out, words = await _dragoman(settings, "replay", "diff", "behind", "--json")
    assert code == 0, words
    assert [d["after"]["id"] for d in json.loads(out)["differences"]] == [a["id"] for a in preview["alerts"]]
    after = await _offsets(settings)
    assert after == before


SECURITY_MOU: Final = next(r for r in load_pack() if r.title.startswith("New security agreement"))


def _rules_folder(settings: Settings) -> Path:
    folder = settings.data_dir.parent / "rules"
    folder.mkdir()
    (folder / "mou.yml").write_bytes((pack_folder() / "security_mou.yml").read_bytes())
    return folder


def _worker(settings: Settings, log: Path) -> WorkerProcess:
    return WorkerProcess(settings, *REAL, log=log)


async def _send_rules(producer: AIOKafkaProducer, settings: Settings) -> None:
    for rule in load_pack():
        await producer.send_and_wait(kafka_name(topics.RULES, settings), rule.encode(), key=rule.id.encode())


async def _send_all(
    producer: AIOKafkaProducer, settings: Settings, transcripts: Sequence[Transcript]
) -> None:
    for transcript in transcripts:
        output = Output(topics.TRANSCRIPTS_RAW, transcript.id, transcript, transcript.event_time)
        record = encode_record(output, settings)
        await producer.send_and_wait(record.topic, record.value, record.key, headers=record.headers)


async def _send_in_pace(
    producer: AIOKafkaProducer, settings: Settings, transcripts: Sequence[Transcript]
) -> None:
    """Send them as a live feed does: one after the other, and return when all that follows from them is done."""
    for transcript in transcripts:
        await _send_all(producer, settings, [transcript])
        await asyncio.sleep(0.1)
    await _wait_until_done(settings)


async def _wait_until_done(settings: Settings) -> None:
    async with asyncio.timeout(WAIT_S), open_admin(settings) as admin, open_reader(settings) as reader:
        while await count_work_left(admin, reader, settings):
            await asyncio.sleep(0.2)


async def _by_alert(read: ReadAll) -> dict[str, list[bytes]]:
    """Give the changes of each alert as they lie on the topic."""
    found: dict[str, list[bytes]] = {}
    for record in await read(topics.ALERTS):
        found.setdefault(AlertChange.decode(record.value).alert.id, []).append(record.value)
    return found


async def _offsets(settings: Settings) -> dict[str, int]:
    """Say how many records each live topic holds."""
    async with open_admin(settings) as admin:
        names = [
            n for n in await admin.list_topics()
            if n.startswith(settings.topic_prefix) and ".replay." not in n
        ]  # fmt: skip
    found = {}
    async with open_reader(settings, *names) as reader:
        for place, end in (await reader.end_offsets(reader.assignment())).items():
            found[f"{place.topic} {place.partition}"] = end
    return found


async def _values(settings: Settings, replay_id: str) -> list[tuple[bytes, bytes]]:
    records = await reader_of(replay_settings(settings, replay_id))(topics.ALERTS)
    return [(r.key, r.value) for r in records]


async def _begin(settings: Settings, *words: str) -> asyncio.subprocess.Process:
    names = ("broker", "topic_prefix", "group", "partitions", "data_dir")
    environment = {f"DRAGOMAN_{name.upper()}": str(getattr(settings, name)) for name in names}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.cli", *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )  # fmt: skip


async def _dragoman(settings: Settings, *words: str) -> tuple[int | None, str, str]:
    process = await _begin(settings, *words)
    async with asyncio.timeout(120):
        out, told = await process.communicate()
    return process.returncode, out.decode(), told.decode()


async def _wait_for_position(settings: Settings, replay_id: str, position: int) -> None:
    await _wait_for(settings, replay_id, lambda row: row.read_progress().position >= position)


async def _wait_for_state(settings: Settings, replay_id: str, state: str) -> None:
    await _wait_for(settings, replay_id, lambda row: row.state.value == state)


async def _wait_for(settings: Settings, replay_id: str, holds: Callable[[Replay], bool]) -> None:
    store = Store(settings)
    async with asyncio.timeout(WAIT_S):
        while replay_id not in store.ids() or not holds(store.find(replay_id)):
            await asyncio.sleep(0.05)
