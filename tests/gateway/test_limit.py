from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.limit import Limiter, Rate, pass_rate

pauses = st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=200)


@given(pauses, st.integers(1, 60))
def test_in_no_minute_do_more_than_twice_as_many_pass(gaps: list[float], per_minute: int) -> None:
    passed, now, due = [], 0.0, None
    for gap in gaps:
        now += gap
        due, wait = pass_rate(due, now, Rate(per_minute))
        if wait == 0:
            passed.append(now)
    for start in passed:
        assert sum(start <= at < start + 60 for at in passed) <= 2 * per_minute


@given(pauses, st.integers(1, 60))
def test_who_waits_as_long_as_told_passes(gaps: list[float], per_minute: int) -> None:
    now, due = 0.0, None
    for gap in gaps:
        now += gap
        due, wait = pass_rate(due, now, Rate(per_minute))
        if wait > 0:
            now += wait
            due, wait = pass_rate(due, now, Rate(per_minute))
            assert wait == 0


def test_a_burst_of_a_minute_passes_and_the_next_one_waits() -> None:
    limiter = Limiter(Rate(3))
    assert [limiter.wait_s("desk", 100.0) for _ in range(4)] == [0, 0, 0, 20.0]
    assert limiter.wait_s("another", 100.0) == 0
    assert limiter.wait_s("desk", 120.0) == 0
