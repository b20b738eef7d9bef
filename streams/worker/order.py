"""In which order an agent hears what was fetched from several partitions at once."""

from __future__ import annotations

from datetime import UTC, datetime
from heapq import merge
from typing import TYPE_CHECKING, Any

from faust.types.transports import SchedulingStrategyT

from streams.kafka.records import event_time_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiokafka import ConsumerRecord
    from faust.types import TP


class EventTimeOrder(SchedulingStrategyT):
    """Each partition in its order, and of the partitions the one first whose next record was said first.

    So that a backlog, such as an archive that is imported, is heard as it was said, as far as it is fetched together.
    Faust's own order takes turns, and a fetch that is bounded by a number of records takes one partition after the
    other: what lies behind on one of them would be heard hours or years late.
    """

    def __init__(self) -> None:
        """Take nothing: Faust makes one for each consumer."""

    def iterate(self, records: Mapping[TP, Sequence[ConsumerRecord]]) -> Iterator[tuple[TP, Any]]:
        """Give all records with their partitions."""
        return merge(*(_told(place, found) for place, found in records.items()), key=_said)


def _told(place: TP, records: Sequence[ConsumerRecord]) -> Iterator[tuple[TP, ConsumerRecord]]:
    return ((place, record) for record in records)


def _said(told: tuple[TP, ConsumerRecord]) -> datetime:
    """Say when a record was said; of a stranger's that does not tell, when it came."""
    record = told[1]
    return event_time_of(record.headers) or datetime.fromtimestamp(record.timestamp / 1000, UTC)
