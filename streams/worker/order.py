"""In which order an agent hears what was fetched from several partitions at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from heapq import merge
from typing import TYPE_CHECKING, Any, Final

from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types.transports import SchedulingStrategyT

from streams.kafka.records import event_time_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiokafka import AIOKafkaConsumer, ConsumerRecord
    from faust.types import TP

_IDLE_S: Final = 2.0
"""How long the records of other partitions wait for one that has some and gives none, as one without a leader.

Longer than the 1.5 s that a fetch of Faust's may wait at the broker: aiokafka asks a broker for no other partition meanwhile.
"""

_EASE_S: Final = 30.0
"""How long the next fetch, and what is asked of a broker ahead of it, wait for the agent to take what was fetched.

Past that they come all the same.
"""


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


class WholeFetches(driver.Transport):
    """Faust's transport, but that no partition is left out of a fetch while it has something to give.

    Faust gives what came first, and leaves out a partition one of whose records found the agent's buffer full: the
    others' records are then heard before its older ones. Kafka Streams waits in the same place, with
    `max.task.idle.ms` (KIP-353, KIP-695).
    """

    class Consumer(driver.Consumer):
        """Fetches when the agent has room for every partition."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Faust's own
            super().__init__(*args, **kwargs)
            self._eased = asyncio.Event()
            self._eased.set()

        def on_buffer_full(self, tp: TP) -> None:
            """Note that a partition found the agent's buffer full."""
            super().on_buffer_full(tp)
            if self._buffered_partitions:
                self._eased.clear()

        def on_buffer_drop(self, tp: TP) -> None:
            """Note that there is room for it again."""
            super().on_buffer_drop(tp)
            if not self._buffered_partitions:
                self._eased.set()

        async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ANN401, ASYNC109 - Faust's own
            await self.wait(self._eased.wait(), timeout=_EASE_S)
            return await super()._wait_next_records(timeout)

        def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
            return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    async def on_start(self) -> None:
        """Start, with a consumer that asks a broker for all partitions at once, or for none."""
        await super().on_start()
        # else it asks without those of which something is left: what lies on them now would be heard after newer records
        self._ensure_consumer()._fetcher._prefetch_backoff = _EASE_S  # noqa: SLF001 - aiokafka offers no setting

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's own
        max_records: int | None = None,
    ) -> dict[TP, list[ConsumerRecord]]:
        fetch = super()._fetch_records
        records = dict(await fetch(consumer, active_partitions, timeout, max_records))
        while records and (behind := {place for place in active_partitions if _has_more(consumer, place)}):
            try:
                more = await fetch(consumer, behind, _IDLE_S, max_records)
            except KafkaError:
                break  # the next fetch meets it again; what was fetched before it is not lost
            if not more:
                break
            for place, found in more.items():
                records.setdefault(place, []).extend(found)
        return records


def _has_more(consumer: AIOKafkaConsumer, place: TP) -> bool:
    """Say if the broker is known to have more of a partition, or not yet asked."""
    subscription = consumer._subscription.subscription  # noqa: SLF001 - there is no other way to ask
    if subscription is None or subscription.assignment is None or place not in subscription.assignment.tps:
        return False
    state = subscription.assignment.state_value(place)
    if state.paused:
        return False
    return not state.has_valid_position or state.highwater is None or state.position < state.highwater
