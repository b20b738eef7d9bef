from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streams.rules.window import Watermark
from tests.factories import NOON

START = Watermark(lateness_s=3_600, idle_s=30)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def test_the_slowest_partition_sets_the_time() -> None:
    mark = START.advance(0, at(5), 0).advance(1, at(3), 1)
    assert mark.advance(1, at(4), 2).time == at(4)


def test_time_never_goes_back() -> None:
    mark = START.advance(0, at(5), 0)
    assert mark.advance(1, at(1), 1).time == at(4)
    assert mark.advance(0, at(2), 1).time == at(4)


def test_a_silent_partition_holds_nobody_up() -> None:
    mark = START.advance(1, at(1), 0).advance(0, at(9), 20)
    assert mark.time == at(0)
    assert mark.settle(31).time == at(8)


def test_when_all_are_silent_time_stands() -> None:
    mark = START.advance(0, at(5), 0)
    assert mark.settle(1_000_000).time == at(4)


def test_a_partition_that_was_taken_away_counts_no_more() -> None:
    mark = START.advance(1, at(1), 0).advance(0, at(9), 0).revoke(1)
    assert mark.settle(1).time == at(8)


def test_late_is_what_comes_after_the_watermark_passed_it() -> None:
    mark = START.advance(0, at(5), 0)
    assert mark.is_late(at(3.9))
    assert not mark.is_late(at(4))
    assert not START.is_late(at(0))


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 100), st.floats(0, 5)), max_size=30))
def test_the_watermark_only_rises_and_never_overtakes_the_latest_record(
    steps: list[tuple[int, float, float]],
) -> None:
    mark, wall, latest = START, 0.0, -1.0
    for partition, hours, pause in steps:
        wall += pause
        latest = max(latest, hours)
        after = mark.advance(partition, at(hours), wall)
        assert mark.time is None or (after.time is not None and after.time >= mark.time)
        assert after.time is not None
        assert after.time <= at(latest) - timedelta(hours=1) + timedelta(microseconds=1)
        mark = after
