from __future__ import annotations

from streams.worker.watch import Progress, observe

PLACE = ("topic", 0)


def test_lag_without_a_commit_starts_a_clock_that_the_next_commit_stops() -> None:
    first = observe(Progress(), {PLACE: 5}, {PLACE: (0, 9)}, 10.0)
    assert (first.lag, first.still_since_s) == ({PLACE: 4}, {})
    second = observe(first, {PLACE: 5}, {PLACE: (0, 12)}, 15.0)
    assert second.still_since_s == {PLACE: 15.0}
    assert observe(second, {PLACE: 5}, {PLACE: (0, 12)}, 20.0).still_since_s == {PLACE: 15.0}
    assert observe(second, {PLACE: 6}, {PLACE: (0, 12)}, 20.0).still_since_s == {}
    assert observe(second, {PLACE: 12}, {PLACE: (0, 12)}, 20.0).still_since_s == {}


def test_what_retention_has_deleted_is_no_lag() -> None:
    assert observe(Progress(), {}, {PLACE: (40, 40)}, 0.0).lag == {PLACE: 0}


def test_a_partition_that_stands_still_is_seen_although_another_moves() -> None:
    other = ("topic", 1)
    ends = {PLACE: (0, 9), other: (0, 9)}
    first = observe(Progress(), {PLACE: 1, other: 1}, ends, 0.0)
    assert observe(first, {PLACE: 1, other: 2}, ends, 5.0).still_since_s == {PLACE: 5.0}
