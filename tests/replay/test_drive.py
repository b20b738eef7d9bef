"""A replay from files: stopped or killed anywhere it ends as if it had not been, on one process or several."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from schemas import topics
from schemas.alert import AlertChange
from streams.extract.models import load_models
from streams.pipeline import Emit, enrich, tag
from streams.replay.archive import SourceRecord
from streams.replay.drive import Drive, Pace, time_left
from streams.replay.outputs import OUTPUT_TOPICS, output_path, read_outputs
from streams.replay.pool import open_pool
from streams.replay.prepare import ReplaySource, prepare
from streams.replay.run import MemoryRun, index_of
from streams.replay.spool import Spool
from streams.replay.store import Plan, Replay
from streams.rules.load import load_pack
from tests.factories import NOON, make_transcript
from tests.golden import sample_transcripts

if TYPE_CHECKING:
    from pathlib import Path

    from streams.replay.pool import Prepare
    from streams.replay.store import Checkpoint

pytestmark = pytest.mark.slow

RULES: Final = tuple(load_pack())
SAMPLES: Final = tuple(sorted(sample_transcripts(), key=lambda t: (t.event_time, t.id)))
FROM: Final = SAMPLES[0].event_time
TO: Final = SAMPLES[-1].event_time + timedelta(days=1)


def raw_records() -> list[SourceRecord]:
    return [SourceRecord(t.event_time, 0, n, 0, t.id.encode(), (), t.encode()) for n, t in enumerate(SAMPLES)]


def enriched_records() -> list[SourceRecord]:
    return [
        SourceRecord(r.event_time, 1, r.offset, 0, r.key, (), _enriched(r.value or b""))
        for r in raw_records()
    ]


def _enriched(raw: bytes) -> bytes:
    tagged = tag(raw, load_models())
    assert isinstance(tagged, Emit)
    enriched = enrich(tagged.outputs[0].record.encode(), load_models())
    assert isinstance(enriched, Emit)
    return enriched.outputs[0].record.encode()


def make_replay(
    folder: Path, records: list[SourceRecord], source: ReplaySource = ReplaySource.ENRICHED, **fields: object
) -> Replay:
    replay = Replay(folder)
    spooled = Spool(replay.input_folder, source.topic.name).collect(records)
    plan = {
        "id": folder.name, "from_time": FROM, "to_time": TO, "source": source, "rules": RULES, "rules_from": "a test",
        "publish": False, "spooled": spooled, **fields,
    }  # fmt: skip
    replay.write_plan(Plan.model_validate(plan))
    return replay


def run(replay: Replay, prepare_all: Prepare | None = None) -> Checkpoint:
    plan = replay.read_plan()
    with open_pool(plan.source, plan.rules, 1, load_models) as alone:
        *_, last = Drive(replay, prepare_all or alone).points()
    return last


def written(replay: Replay) -> dict[str, bytes]:
    return {t.name: output_path(replay.outputs_folder, t).read_bytes() for t in OUTPUT_TOPICS}


@pytest.fixture(scope="module")
def enriched() -> list[SourceRecord]:
    return enriched_records()


@pytest.fixture(scope="module")
def whole(enriched: list[SourceRecord], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    replay = make_replay(tmp_path_factory.mktemp("whole") / "whole", enriched)
    assert run(replay).done
    return written(replay)


def test_a_replay_raises_what_the_memory_run_raises(whole: dict[str, bytes], tmp_path: Path) -> None:
    memory = MemoryRun(load_models(), index_of(RULES))
    expected = [o for t in SAMPLES for o in memory.take(t)]
    replay = make_replay(tmp_path / "raw", raw_records(), ReplaySource.RAW)
    run(replay)
    for topic in (topics.ALERTS, topics.AGREEMENTS_CHANGED, topics.AGREEMENTS_CURRENT):
        lines = [(line.key, line.data) for line in read_outputs(replay.outputs_folder, topic)]
        assert lines == [(o.key, o.record.encode()) for o in expected if o.topic == topic]
        assert lines


def test_from_raw_and_from_enriched_the_same_comes(whole: dict[str, bytes], tmp_path: Path) -> None:
    replay = make_replay(tmp_path / "raw", raw_records(), ReplaySource.RAW)
    run(replay)
    assert written(replay) == whole


def test_on_several_processes_the_same_comes(
    enriched: list[SourceRecord], whole: dict[str, bytes], tmp_path: Path
) -> None:
    replay = make_replay(tmp_path / "many", enriched)
    with open_pool(ReplaySource.ENRICHED, RULES, 2, load_models) as together:
        run(replay, together)
    assert written(replay) == whole


@pytest.mark.parametrize("after", [0, 1, 5, len(SAMPLES) - 1])
def test_stopped_anywhere_and_resumed_it_ends_the_same(
    enriched: list[SourceRecord], whole: dict[str, bytes], tmp_path: Path, after: int
) -> None:
    replay = make_replay(tmp_path / "stopped", enriched)
    left = [after]

    def stopped() -> bool:
        left[0] -= 1
        return left[0] < 0

    with open_pool(ReplaySource.ENRICHED, RULES, 1, load_models) as alone:
        *_, point = Drive(replay, alone, stopped=stopped).points()
    assert (point.position, point.done) == (after, False)
    assert run(replay).done
    assert written(replay) == whole


def test_killed_after_a_checkpoint_with_outputs_that_it_does_not_know_of_it_ends_the_same(
    enriched: list[SourceRecord], whole: dict[str, bytes], tmp_path: Path
) -> None:
    replay = make_replay(tmp_path / "killed", enriched)
    left = [6]

    def stopped() -> bool:
        left[0] -= 1
        return left[0] < 0

    with open_pool(ReplaySource.ENRICHED, RULES, 1, load_models) as alone:
        list(Drive(replay, alone, stopped=stopped).points())
    shutil.copytree(replay.folder, tmp_path / "kept")
    run(replay)
    for (
        topic
    ) in OUTPUT_TOPICS:  # the outputs of the whole run, half a line at their end, and the old checkpoint
        data = output_path(replay.outputs_folder, topic).read_bytes()
        output_path(tmp_path / "kept" / "outputs", topic).write_bytes(data + b'{"key":"half')
    again = Replay(tmp_path / "kept")
    run(again)
    assert written(again) == whole


def test_a_replay_that_is_through_can_be_resumed_and_nothing_comes_twice(
    enriched: list[SourceRecord], whole: dict[str, bytes], tmp_path: Path
) -> None:
    replay = make_replay(tmp_path / "done", enriched)
    counts = run(replay).counts
    assert run(replay).counts == counts
    assert written(replay) == whole


def test_what_comes_before_the_range_warms_memory_and_is_not_told(
    enriched: list[SourceRecord], whole: dict[str, bytes], tmp_path: Path
) -> None:
    middle = SAMPLES[len(SAMPLES) // 2].event_time
    replay = make_replay(tmp_path / "warm", enriched, from_time=middle)
    run(replay)
    told = [AlertChange.decode(line.data) for line in read_outputs(replay.outputs_folder, topics.ALERTS)]
    lines = whole[topics.ALERTS.name].splitlines(keepends=True)
    assert told
    assert all(c.alert.updated_time >= middle for c in told)
    assert b"".join(lines).endswith(written(replay)[topics.ALERTS.name])


@pytest.mark.parametrize(("reached", "told"), [(None, 0), (timedelta(days=180), 0), (timedelta(days=181), 1)])
def test_what_was_awaited_is_told_as_far_as_event_time_has_come_live(
    tmp_path: Path, reached: timedelta | None, told: int
) -> None:
    text = "Iran and Armenia will sign a memorandum of understanding on border security next week."
    transcript = make_transcript(text, broadcast_time=NOON)
    silent = [r for r in RULES if r.title == "Security agreement announced, then silence"]
    record = SourceRecord(NOON, 0, 0, 0, b"t-1", (), transcript.encode())
    replay = make_replay(
        tmp_path / "silent", [record], ReplaySource.RAW, rules=tuple(silent), from_time=NOON,
        to_time=NOON + timedelta(days=400), reached_time=None if reached is None else NOON + reached,
    )  # fmt: skip
    counts = [run(replay).counts.get(topics.ALERTS.name, 0) for _ in range(2)]
    assert counts == [told, told]


def test_a_record_that_cannot_be_read_is_counted_and_the_next_goes_on(
    enriched: list[SourceRecord], whole: dict[str, bytes], tmp_path: Path
) -> None:
    poison = SourceRecord(FROM + timedelta(hours=1), 0, 99, 0, b"bad", (), b"\xff\xfe")
    replay = make_replay(tmp_path / "poison", [*enriched, poison])
    point = run(replay)
    assert (point.refused, point.done) == (1, True)
    assert point.first_refused is not None
    assert point.first_refused.startswith("bad: not UTF-8")
    assert written(replay) == whole


def test_what_is_prepared_needs_models_only_to_read_text() -> None:
    with pytest.raises(ValueError, match="without models"):
        prepare(ReplaySource.RAW, b"{}", None, index_of(()))


def test_a_pace_keeps_to_a_multiple_of_event_time() -> None:
    clock = [100.0]
    waited: list[float] = []

    def wait(pause_s: float) -> None:
        waited.append(pause_s)
        clock[0] += pause_s

    pace = Pace(3600.0, lambda: clock[0], wait)
    pace.keep(NOON)
    pace.keep(NOON + timedelta(hours=2))
    clock[0] += 10  # reading took longer than event time: no wait, and no catching up beyond it
    pace.keep(NOON + timedelta(hours=3))
    pace.keep(NOON + timedelta(hours=20))
    assert waited == [2.0, 8.0]


def test_time_left_follows_from_the_rate() -> None:
    assert time_left(50, 100, 10.0) == timedelta(seconds=5)
    assert time_left(50, 100, None) is None
    assert time_left(100, 100, 0.0) is None


def test_samples_have_event_times_of_their_own() -> None:
    assert all(isinstance(t.broadcast_time or t.published_time, datetime) for t in SAMPLES)
