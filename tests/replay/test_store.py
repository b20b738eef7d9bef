from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from streams.replay.prepare import ReplaySource
from streams.replay.run import Memory
from streams.replay.start import Question, begin_replay, check_question
from streams.replay.store import Checkpoint, Plan, ReplayError, ReplayState, Store, name_plan
from streams.rules.load import load_pack
from streams.settings import Settings
from tests.factories import NOON

if TYPE_CHECKING:
    from pathlib import Path

    from streams.replay.store import Replay

RULES = tuple(load_pack()[:2])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Settings(data_dir=tmp_path))


def made(store: Store, replay_id: str) -> Replay:
    with store.create(replay_id) as replay:
        replay.write_plan(
            Plan(
                id=replay_id, from_time=NOON, to_time=NOON + timedelta(days=1), source=ReplaySource.RAW, rules=RULES,
                rules_from="a test",
            )
        )  # fmt: skip
    return store.find(replay_id)


def question(**fields: object) -> Question:
    given: dict[str, object] = {
        "from_time": NOON, "to_time": NOON + timedelta(days=1), "rules": RULES, "rules_from": "a test", "publish": False,
        "name": "asked", **fields,
    }  # fmt: skip
    return Question(**given)  # type: ignore[arg-type] # the fields are those of a question


def test_what_is_written_is_read_again(store: Store) -> None:
    replay = made(store, "one")
    assert replay.read_plan().rules == RULES
    assert replay.read_checkpoint() == Checkpoint()
    point = Checkpoint(position=3, sizes={"alerts.v1": 7}, memory=Memory(latest_time=NOON))
    replay.write_checkpoint(point)
    assert replay.read_checkpoint() == point


def test_a_replay_of_an_unknown_name_is_told_with_the_nearest(store: Store) -> None:
    with pytest.raises(ReplayError, match="none was started yet"):
        store.find("march")
    made(store, "march")
    with pytest.raises(ReplayError, match='did you mean "march"'):
        store.find("marhc")


def test_a_name_is_given_once(store: Store) -> None:
    made(store, "one")
    with pytest.raises(ReplayError, match="already"):
        made(store, "one")


def test_a_replay_that_could_not_be_begun_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    with pytest.raises(KeyError), store.create("one"):
        raise KeyError
    assert store.ids() == []
    assert list((tmp_path / "replays").iterdir()) == []


def test_what_a_sudden_end_left_while_collecting_counts_for_nothing_and_goes(
    store: Store, tmp_path: Path
) -> None:
    left = tmp_path / "replays" / "one.unfinished"
    made(store, "other")
    left.mkdir()
    (left / "plan.json").write_bytes((tmp_path / "replays" / "other" / "plan.json").read_bytes())
    assert store.ids() == ["other"]
    made(store, "two")
    assert not left.exists()
    assert store.ids() == ["other", "two"]


def test_one_process_at_a_time_is_at_a_replay_and_the_others_see_it(store: Store) -> None:
    replay = made(store, "one")
    assert (replay.state, replay.holder) == (ReplayState.STOPPED, None)
    with replay.locked():
        assert replay.state is ReplayState.RUNNING
        with pytest.raises(ReplayError, match="is running"), store.find("one").locked():
            pass
        with pytest.raises(ReplayError, match="is running"):
            store.remove("one")
    store.remove("one")
    assert store.ids() == []


def test_the_same_question_has_the_same_name_and_another_one_another() -> None:
    end = NOON + timedelta(days=1)
    name = name_plan(NOON, end, "raw", RULES, "1")
    assert name == name_plan(NOON, end, "raw", tuple(reversed(RULES)), "1")
    others = {
        name_plan(NOON, end + timedelta(days=1), "raw", RULES, "1"),
        name_plan(NOON, end, "enriched", RULES, "1"),
        name_plan(NOON, end, "raw", RULES[:1], "1"),
        name_plan(NOON, end, "raw", RULES, "2"),
    }
    assert len({name, *others}) == 5


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"to_time": NOON}, "is not before"),
        ({"reader": "99", "source": ReplaySource.RAW}, "reader version 99 is not installed"),
        ({"reader": "1"}, "goes with --source raw"),
        ({"rules": ()}, "there is no rule there"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_why(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(ReplayError, match=sentence):
        check_question(question(**fields))


async def test_a_range_without_transcripts_is_told_with_the_range_there_is(
    store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "talk.txt"
    file.write_text("Source: Radio One\nBroadcast: 2025-05-05T05:05Z\n\nIt rained.\n")
    asked = question(files=(file,), source=ReplaySource.RAW)
    with pytest.raises(ReplayError, match=r"talk\.txt has no transcript .* from 2025-05-05 05:05Z to 2025"):
        await begin_replay(Settings(data_dir=tmp_path), store, asked, NOON)
    assert store.ids() == []
