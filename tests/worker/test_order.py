from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.worker.delivery import Record
from streams.worker.order import EventTimeOrder
from tests.factories import NOON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiokafka import ConsumerRecord


class Fetched(Record):
    """A record as it is fetched, as far as its order goes."""

    @property
    def timestamp(self) -> int:
        return self.timestamp_ms


def make_fetched(partition: int, minutes: Sequence[int | None], came_at: int = 0) -> list[Fetched]:
    """Records said so many minutes after noon; None: of a stranger, who does not say when."""
    return [
        Fetched(
            "t",
            partition,
            offset,
            round((NOON + timedelta(minutes=came_at)).timestamp() * 1000),
            None,
            None,
            [] if minute is None else [("ce_time", (NOON + timedelta(minutes=minute)).isoformat().encode())],
        )
        for offset, minute in enumerate(minutes)
    ]


def heard(fetched: Mapping[int, Sequence[Fetched]]) -> list[tuple[int, int]]:
    """Give partition and offset of the records in the order in which they are heard."""
    records = {
        TP("t", partition): cast("Sequence[ConsumerRecord]", found) for partition, found in fetched.items()
    }
    return [(place.partition, record.offset) for place, record in EventTimeOrder().iterate(records)]


def test_what_was_said_first_is_heard_first_whichever_partition_it_lies_on() -> None:
    assert heard({0: make_fetched(0, [1, 4]), 1: make_fetched(1, [2, 3])}) == [(0, 0), (1, 0), (1, 1), (0, 1)]


def test_a_stranger_that_does_not_say_when_is_heard_by_its_arrival() -> None:
    assert heard({0: make_fetched(0, [1, 9]), 1: make_fetched(1, [None], came_at=5)}) == [
        (0, 0),
        (1, 0),
        (0, 1),
    ]


@given(st.lists(st.lists(st.integers(0, 100) | st.none(), max_size=8), max_size=4))
def test_every_record_is_heard_once_and_each_partition_in_its_order(minutes: list[list[int | None]]) -> None:
    fetched = {partition: make_fetched(partition, found) for partition, found in enumerate(minutes)}
    told = heard(fetched)
    for partition, found in fetched.items():
        assert [offset for place, offset in told if place == partition] == list(range(len(found)))
    assert len(told) == sum(map(len, fetched.values()))


@given(st.lists(st.lists(st.integers(0, 100), max_size=8).map(sorted), max_size=4))
def test_of_partitions_that_are_in_order_all_is_heard_in_order(minutes: list[list[int]]) -> None:
    told = heard({partition: make_fetched(partition, found) for partition, found in enumerate(minutes)})
    times = [minutes[partition][offset] for partition, offset in told]
    assert times == sorted(times)
