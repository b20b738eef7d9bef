"""What the order makes of it in which reports are heard: nothing between groups, and within a group what docs/replay.md says."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import pytest

from schemas import topics
from schemas.alert import AlertChange
from streams.extract.models import load_models
from streams.replay.prepare import Prepared, ReplaySource, prepare
from streams.replay.run import MemoryRun, index_of
from streams.rules.load import load_pack
from tests.replay.day import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RULES: Final = tuple(load_pack())
THIRD: Final = len(DAY) // 3


@pytest.fixture(scope="module")
def day() -> tuple[Prepared, ...]:
    index = index_of(RULES)
    return tuple(prepare(ReplaySource.RAW, t.encode(), load_models(), index) for t in DAY)


def changes_by_alert(prepared: Iterable[Prepared]) -> dict[str, list[AlertChange]]:
    memory = MemoryRun(None, index_of(RULES))
    found: dict[str, list[AlertChange]] = {}
    for one in prepared:
        for output in memory.take_prepared(one):
            if output.topic == topics.ALERTS and isinstance(output.record, AlertChange):
                found.setdefault(output.record.alert.id, []).append(output.record)
    return found


def shuffled(prepared: Sequence[Prepared], seed: int) -> list[Prepared]:
    return random.Random(seed).sample(prepared, len(prepared))  # noqa: S311 - an order, no secret


@pytest.mark.parametrize("seed", range(4))
def test_reports_of_different_groups_may_overtake_one_another(day: tuple[Prepared, ...], seed: int) -> None:
    thirds = (day[:THIRD], day[THIRD : 2 * THIRD], day[2 * THIRD :])
    heard = [one for third in thirds for one in shuffled(third, seed)]
    assert changes_by_alert(heard) == changes_by_alert(day)


def test_a_step_that_is_heard_after_a_later_one_is_no_step_any_more(day: tuple[Prepared, ...]) -> None:
    in_order, backwards = changes_by_alert(day), changes_by_alert(reversed(day))
    missing = {a: c for a, c in in_order.items() if a not in backwards}
    assert missing
    assert {c[-1].alert.topic for c in missing.values()} == {"security-mou"}
    assert set(backwards) < set(in_order)
