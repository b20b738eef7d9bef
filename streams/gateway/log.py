"""One follower of a topic that all clients share: recent records in memory, older ones from Kafka.

A client is a position in each partition and nothing else: it pulls from here at its own speed. So a slow client costs
nobody anything, and a client that comes back is a client that reads on.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import OrderedDict, deque
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from aiokafka import TopicPartition

from schemas.alert import AlertChange
from schemas.contract import ContractError
from streams.gateway.cursor import clamp_cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from aiokafka import AIOKafkaConsumer
    from aiokafka.structs import ConsumerRecord

KEEP: Final = 4096
"""Records of each partition that are held in memory."""

_REMEMBERED_ALERTS: Final = 65_536
_READERS: Final = 8
_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the topic. `change` is None where it cannot be read or has been seen: it only moves the position."""

    partition: int
    offset: int
    timestamp_ms: int
    change: AlertChange | None


class AlertLog:
    """The alerts topic, followed once for all clients of this gateway."""

    def __init__(
        self, open_reader: Callable[..., AbstractAsyncContextManager[AIOKafkaConsumer]], topic: str
    ) -> None:
        self._open_reader = open_reader
        self._topic = topic
        self._recent: dict[int, deque[Entry]] = {}
        self._end: dict[int, int] = {}
        self._sequences: OrderedDict[str, int] = OrderedDict()
        self._news = asyncio.Condition()
        self._readers = asyncio.Semaphore(_READERS)
        self._stack = AsyncExitStack()
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        consumer = await self._stack.enter_async_context(self._open_reader(self._topic))
        partitions = sorted(consumer.assignment())
        begin = await consumer.beginning_offsets(partitions)
        end = await consumer.end_offsets(partitions)
        for partition in partitions:
            start = max(begin[partition], end[partition] - KEEP)
            consumer.seek(partition, start)
            self._recent[partition.partition] = deque(maxlen=KEEP)
            self._end[partition.partition] = start
        self._consumer = consumer
        self._task = asyncio.create_task(self._follow(consumer), name="alert log")
        while any(self._end[p.partition] < end[p] for p in partitions):
            await self.wait(self.end(), 1.0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._stack.aclose()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            batches = await consumer.getmany(timeout_ms=500)
            if not batches:
                continue
            for partition, records in batches.items():
                for record in records:
                    self._recent[partition.partition].append(self._entry(record))
                self._end[partition.partition] = records[-1].offset + 1
            async with self._news:
                self._news.notify_all()

    def _entry(self, record: ConsumerRecord) -> Entry:
        change = _decoded(record)
        if change is not None:
            # a worker that was thought dead may say again what its successor has said
            seen = self._sequences.pop(change.alert.id, 0)
            self._sequences[change.alert.id] = max(seen, change.sequence)
            if len(self._sequences) > _REMEMBERED_ALERTS:
                self._sequences.popitem(last=False)
            if change.sequence <= seen:
                change = None
        return Entry(record.partition, record.offset, record.timestamp, change)

    def end(self) -> dict[int, int]:
        """Give the position after everything that came in so far."""
        return dict(self._end)

    async def wait(self, seen: Mapping[int, int], timeout_s: float) -> bool:
        """Wait until there is more than what was seen, at most so long; tell whether there is."""
        try:
            async with asyncio.timeout(timeout_s), self._news:
                await self._news.wait_for(lambda: any(seen.get(p, 0) < end for p, end in self._end.items()))
        except TimeoutError:
            return False
        return True

    async def begin(self) -> dict[int, int]:
        """Give the position before everything that the topic still holds."""
        if self._consumer is None:
            return {}
        offsets = await self._consumer.beginning_offsets([TopicPartition(self._topic, p) for p in self._end])
        return {partition.partition: offset for partition, offset in offsets.items()}

    async def resume(self, positions: Mapping[int, int]) -> tuple[dict[int, int], tuple[int, ...]]:
        """Bring a cursor within what the topic holds; see `cursor.clamp_cursor`."""
        return clamp_cursor(positions, await self.begin(), self._end)

    async def read(self, positions: Mapping[int, int]) -> list[Entry]:
        """Give what follows a position, oldest first, some hundred entries at most; nothing when there is no more."""
        found: list[Entry] = []
        old: dict[int, int] = {}
        for partition, position in positions.items():
            recent = self._recent[partition]
            if position >= self._end[partition]:
                continue
            if not recent or position < recent[0].offset:
                old[partition] = position
                continue
            first = bisect_left(recent, position, key=lambda entry: entry.offset)
            found.extend(recent[i] for i in range(first, min(first + _BATCH, len(recent))))
        if old:
            async with self._readers:
                found.extend(await self._read_old(old))
        return sorted(found, key=lambda entry: (entry.timestamp_ms, entry.partition, entry.offset))

    async def _read_old(self, positions: Mapping[int, int]) -> list[Entry]:
        wanted = {TopicPartition(self._topic, partition): offset for partition, offset in positions.items()}
        async with self._open_reader() as consumer:
            consumer.assign(list(wanted))
            for partition, offset in wanted.items():
                consumer.seek(partition, offset)
            batches = await consumer.getmany(timeout_ms=2000, max_records=_BATCH * len(wanted))
        return [
            Entry(record.partition, record.offset, record.timestamp, _decoded(record))
            for records in batches.values()
            for record in records
        ]


def _decoded(record: ConsumerRecord) -> AlertChange | None:
    try:
        return AlertChange.decode(record.value or b"")
    except ContractError:
        return None
