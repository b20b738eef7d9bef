"""One follower of a topic that all clients share: recent records in memory, older ones from Kafka.

A client is a position in each partition and nothing else: it pulls from here at its own speed. So a slow client costs
nobody anything, and a client that comes back is a client that reads on.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import OrderedDict, deque
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from heapq import merge
from typing import TYPE_CHECKING, Final, Self

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from schemas.contract import ContractError
from streams import telemetry
from streams.gateway.cursor import clamp_cursor, format_cursor
from streams.kafka.client import NoBrokerError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from aiokafka import AIOKafkaConsumer
    from aiokafka.structs import ConsumerRecord

    from streams.facets import Facets

KEEP_RECORDS: Final = 4096
"""Records of each partition that are held in memory at most."""
KEEP_BYTES: Final = 32 * 1_048_576
"""Bytes of each partition that are held in memory at most, but for its last record."""

_REMEMBERED: Final = 65_536
_READERS: Final = 8
_BATCH: Final = 200
_BATCH_BYTES: Final = 1_048_576
_WAVE_BYTES: Final = 65_536
"""Roughly what is handed to every live client at once: as much as a connection holds before it says to wait."""
_RETRY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Item:
    """What a record says, laid out once for all clients."""

    id: str
    subject: str
    """Whose record it is: the id of the alert, the event, the agreement."""
    sequence: int
    """Number of the record in the life of its subject; one that is not above the last is a repeat."""
    facets: Facets
    data: bytes
    """The record as JSON on one line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the topic. `item` is None where it cannot be read or has been seen: it only moves the position."""

    partition: int
    offset: int
    timestamp_ms: int
    item: Item | None


@dataclass(frozen=True, slots=True)
class Wave:
    """What came at once, laid out once for all who had everything before."""

    entries: tuple[tuple[Entry, str], ...]
    """Each with the cursor behind it."""
    after: Mapping[int, int]
    """The position behind all."""
    written: dict[Hashable, bytes] = field(default_factory=dict)
    """What clients make of it, so that those who want the same make it once."""


class TopicLog:
    """A topic, followed once for all clients of this gateway.

    Args:
        open_reader: Opens a consumer without a group on topics by name, or on none.
        topic: Name of the topic on the broker.
        decode: Reads a record's value; raises ContractError.
        first_place: Says for the id of an item at which partition and offset it stood first, or None where that
            is not known (yet): what a worker said again long after is recognised by it.
    """

    def __init__(
        self,
        open_reader: Callable[..., AbstractAsyncContextManager[AIOKafkaConsumer]],
        topic: str,
        decode: Callable[[bytes], Item],
        first_place: Callable[[str], tuple[int, int] | None],
    ) -> None:
        self._open_reader = open_reader
        self._topic = topic
        self._decode = decode
        self._first_place = first_place
        self._recent: dict[int, deque[Entry]] = {}
        self._bytes: dict[int, int] = {}
        self._end: dict[int, int] = {}
        self._sequences: OrderedDict[str, int] = OrderedDict()
        self._news = asyncio.Event()
        self._readers = asyncio.Semaphore(_READERS)
        self._stack = AsyncExitStack()
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None
        self.live: set[Callable[[Wave], None]] = set()
        """Called with all that comes. Who is here has everything so far, and returns at once."""

    async def __aenter__(self) -> Self:
        consumer = await self._stack.enter_async_context(self._open_reader(self._topic))
        partitions = sorted(consumer.assignment())
        begin = await consumer.beginning_offsets(partitions)
        end = await consumer.end_offsets(partitions)
        for partition in partitions:
            start = max(begin[partition], end[partition] - KEEP_RECORDS)
            consumer.seek(partition, start)
            self._recent[partition.partition] = deque()
            self._bytes[partition.partition] = 0
            self._end[partition.partition] = start
        self._consumer = consumer
        self._task = asyncio.create_task(self._follow(consumer), name=f"log of {self._topic}")
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
            try:
                batches = await consumer.getmany(timeout_ms=500)
            except KafkaError as error:
                telemetry.log_event(
                    telemetry.LogEvent.TOPIC_UNREAD, topic=self._topic, error=type(error).__name__
                )
                await asyncio.sleep(_RETRY_S)
                continue
            if not batches:
                continue
            for entries in _waves(map(self._entry, records) for records in batches.values()):
                self._add(entries)
                # so that a thousand clients of the one topic do not keep those of others waiting
                await asyncio.sleep(0)

    def _add(self, entries: list[Entry]) -> None:
        """Keep what came, hand it to who is live, and wake the others; in between nobody can look."""
        passed: list[tuple[Entry, str]] = []
        for entry in entries:
            self._keep(entry)
            self._end[entry.partition] = entry.offset + 1
            passed.append((entry, format_cursor(self._end)))
        wave = Wave(tuple(passed), self.end())
        for take in tuple(self.live):
            take(wave)
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _keep(self, entry: Entry) -> None:
        recent = self._recent[entry.partition]
        recent.append(entry)
        size = self._bytes[entry.partition] + _size(entry)
        while len(recent) > 1 and (len(recent) > KEEP_RECORDS or size > KEEP_BYTES):
            size -= _size(recent.popleft())
        self._bytes[entry.partition] = size

    def _entry(self, record: ConsumerRecord) -> Entry:
        item = self._item(record)
        if item is not None:
            # a worker that was thought dead may say again what its successor has said
            seen = self._sequences.pop(item.subject, 0)
            self._sequences[item.subject] = max(seen, item.sequence)
            if len(self._sequences) > _REMEMBERED:
                self._sequences.popitem(last=False)
            if item.sequence <= seen:
                item = None
        return Entry(record.partition, record.offset, record.timestamp, item)

    def _item(self, record: ConsumerRecord) -> Item | None:
        try:
            item = self._decode(record.value or b"")
        except ContractError:
            return None
        first = self._first_place(item.id)
        if first is not None and first != (record.partition, record.offset):
            return None
        return item

    def end(self) -> dict[int, int]:
        """Give the position after everything that came in so far."""
        return dict(self._end)

    def is_end(self, positions: Mapping[int, int]) -> bool:
        """Tell whether a position is that after everything that came in so far."""
        return positions == self._end

    async def wait(self, seen: Mapping[int, int], timeout_s: float) -> bool:
        """Wait until there is more than what was seen, at most so long; tell whether there is."""
        if self._has_more(seen):
            return True
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        return self._has_more(seen)

    def _has_more(self, seen: Mapping[int, int]) -> bool:
        return any(seen.get(partition, 0) < end for partition, end in self._end.items())

    async def begin(self) -> dict[int, int]:
        """Give the position before everything that the topic still holds."""
        if self._consumer is None:
            return {}
        offsets = await self._consumer.beginning_offsets([TopicPartition(self._topic, p) for p in self._end])
        return {partition.partition: offset for partition, offset in offsets.items()}

    async def resume(self, positions: Mapping[int, int]) -> tuple[dict[int, int], tuple[int, ...]]:
        """Bring a cursor within what the topic holds; see `cursor.clamp_cursor`."""
        end = self._end
        if self._consumer is not None and any(positions.get(p, 0) > last for p, last in end.items()):
            # another gateway may have read a record that has not come to this one yet
            now = await self._consumer.end_offsets([TopicPartition(self._topic, p) for p in end])
            end = {
                partition.partition: max(end[partition.partition], last) for partition, last in now.items()
            }
        return clamp_cursor(positions, await self.begin(), end)

    async def read(self, positions: Mapping[int, int]) -> list[Entry]:
        """Give what follows a position, oldest first, a megabyte or some hundred entries at most; nothing at the end."""
        found: list[list[Entry]] = []
        old: dict[int, int] = {}
        for partition, position in positions.items():
            if position >= self._end.get(partition, 0):
                continue
            recent = self._recent[partition]
            if not recent or position < recent[0].offset:
                old[partition] = position
                continue
            first = bisect_left(recent, position, key=lambda entry: entry.offset)
            size = 0
            part: list[Entry] = []
            for index in range(first, min(first + _BATCH, len(recent))):
                part.append(recent[index])
                size += _size(recent[index])
                if size > _BATCH_BYTES:
                    break
            found.append(part)
        if old:
            try:
                async with self._readers:
                    found.extend(await self._read_old(old))
            except (KafkaError, NoBrokerError) as error:
                # the client waits as the gateway does: its position stays where it is
                telemetry.log_event(
                    telemetry.LogEvent.TOPIC_UNREAD, topic=self._topic, error=type(error).__name__
                )
                await asyncio.sleep(_RETRY_S)
        return list(_merged(found))

    async def _read_old(self, positions: Mapping[int, int]) -> list[list[Entry]]:
        wanted = {TopicPartition(self._topic, partition): offset for partition, offset in positions.items()}
        async with self._open_reader() as consumer:
            consumer.assign(list(wanted))
            for partition, offset in wanted.items():
                consumer.seek(partition, offset)
            batches = await consumer.getmany(timeout_ms=2000, max_records=_BATCH * len(wanted))
        return [
            [
                Entry(record.partition, record.offset, record.timestamp, self._item(record))
                for record in records
            ]
            for records in batches.values()
        ]


def _merged(partitions: Iterable[Iterable[Entry]]) -> Iterator[Entry]:
    """Give entries of several partitions by time; those of one stay in their order, whatever its clock did."""
    return merge(*partitions, key=lambda entry: (entry.timestamp_ms, entry.partition))


def _waves(partitions: Iterable[Iterable[Entry]]) -> Iterator[list[Entry]]:
    """Cut what came into parts of a size that can be handed to everyone at once."""
    wave: list[Entry] = []
    size = 0
    for entry in _merged(partitions):
        wave.append(entry)
        size += _size(entry)
        if size >= _WAVE_BYTES:
            yield wave
            wave, size = [], 0
    if wave:
        yield wave


def _size(entry: Entry) -> int:
    return len(entry.item.data) if entry.item is not None else 0
