from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.worker.continuity import (
    Continuity,
    HaltedError,
    Place,
    Pulse,
    RecoveryWatch,
    SkippedError,
    StuckError,
)

PLACE: Place = ("events", 0)


@dataclass
class Log:
    """A partition: the offsets that hold a record, and the first one that is not committed."""

    offsets: list[int]
    committed: int = 0
    looked: int = 0
    passed: list[int] = field(default_factory=list)

    async def starts(self) -> dict[Place, int]:
        self.looked += 1
        return {PLACE: self.committed}

    async def holds(self, place: Place, start: int, stop: int) -> bool:
        assert place == PLACE
        return any(start <= offset < stop for offset in self.offsets)

    def continuity(self) -> Continuity:
        return Continuity(self.starts, self.holds)


async def go(continuity: Continuity, *offsets: int, turn: int = 0) -> None:
    for offset in offsets:
        await continuity.check(PLACE, offset, turn)


async def test_records_one_after_the_other_pass_and_the_last_commit_is_asked_for_once() -> None:
    log = Log([*range(10)], committed=3)
    await go(log.continuity(), 3, 4, 5, 6)
    assert log.looked == 1


async def test_a_record_that_was_passed_over_is_found_at_the_next_one() -> None:
    log = Log([*range(10)])
    with pytest.raises(SkippedError, match="offset 3 of events, partition 0, came where 2 was the next"):
        await go(log.continuity(), 0, 1, 3)


async def test_records_passed_over_at_the_beginning_of_a_turn_are_found_by_the_last_commit() -> None:
    log = Log([*range(10)], committed=2)
    continuity = log.continuity()
    await go(continuity, 2, 3)
    with pytest.raises(SkippedError, match="offset 5"):
        await go(continuity, 5, turn=1)


async def test_records_that_come_again_pass_and_so_does_what_follows_them() -> None:
    await go(Log([*range(10)]).continuity(), 0, 1, 2, 1, 2, 3)


async def test_offsets_that_hold_no_record_may_be_jumped_over() -> None:
    await go(Log([0, 1, 5, 6]).continuity(), 0, 1, 5, 6)


@given(st.sets(st.integers(0, 30), min_size=1), st.data())
def test_whatever_is_passed_over_never_goes_unseen(held: set[int], data: st.DataObject) -> None:
    offsets = sorted(held)
    came = sorted(data.draw(st.sets(st.sampled_from(offsets), min_size=1)))
    skipped = set(offsets[: offsets.index(came[-1])]) - set(came)

    async def run() -> None:
        await go(Log(offsets).continuity(), *came)

    if skipped:
        with pytest.raises(SkippedError):
            asyncio.run(run())
    else:
        asyncio.run(run())


def test_a_process_that_stood_still_for_longer_than_its_session_is_told_so_from_then_on() -> None:
    times = iter([0.0, 5.0, 9.0, 16.0, 17.0])
    pulse = Pulse(6.0, lambda: next(times))
    for _ in range(3):
        pulse.check()
    for _ in range(2):
        with pytest.raises(HaltedError, match="stood still for 7 s"):
            pulse.check()


def test_a_recovery_that_goes_no_further_is_told_of_and_one_that_goes_on_or_is_over_is_not() -> None:
    times = iter([0.0, 20.0, 40.0, 60.0, 80.0, 120.0, 140.0, 151.0])
    watch = RecoveryWatch(30.0, lambda: next(times))
    for progress in (-1, -1, 7, 7, None, 7, 7):
        watch.check(progress)
    with pytest.raises(StuckError, match="no further for 31 s"):
        watch.check(7)
