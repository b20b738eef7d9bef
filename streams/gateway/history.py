"""The past, to be asked: keeps the index at the heels of its topics and answers from it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Final, Self

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from schemas import topics
from streams import telemetry
from streams.gateway.index import Kind, Position
from streams.gateway.rows import INDEXED, place_record
from streams.kafka.client import NoBrokerError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from contextlib import AbstractAsyncContextManager

    from aiokafka import AIOKafkaConsumer
    from aiokafka.structs import ConsumerRecord

    from schemas.topics import Topic
    from streams.gateway.index import Index, Page, Query
    from streams.telemetry import Metrics

_RETRY_S: Final = 2.0
_TRIM_S: Final = 3600.0
_FETCH_BYTES: Final = 1_048_576
_CHECK_S: Final = 5.0
_TRANSCRIPT_TIMEOUT_MS: Final = 3000
_READERS: Final = 4


class History:
    """The index of a gateway, filled as long as this is open. Questions are answered from threads.

    Args:
        index: Where it is kept.
        open_reader: Opens a consumer without a group.
        name_of: Gives a topic's name on the broker.
        metrics: Is told how many records are not read yet.
    """

    def __init__(
        self,
        index: Index,
        open_reader: Callable[..., AbstractAsyncContextManager[AIOKafkaConsumer]],
        name_of: Callable[[Topic], str],
        metrics: Metrics,
    ) -> None:
        self._index = index
        self._open_reader = open_reader
        self._topics = {name_of(topic): topic for topic in INDEXED}
        self._enriched = name_of(topics.TRANSCRIPTS_ENRICHED)
        self._name_of = name_of
        self._metrics = metrics
        self._readers = asyncio.Semaphore(_READERS)
        self._task: asyncio.Task[None] | None = None
        self._sure = False
        self.complete = False
        """Whether it has come to the end of its topics since it was opened."""

    async def __aenter__(self) -> Self:
        if self._index.rebuilt:
            telemetry.log_event(telemetry.LogEvent.INDEX_REBUILT, file=str(self._index.path))
        self._task = asyncio.create_task(self._fill(), name="index")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _fill(self) -> None:
        while True:
            try:
                async with AsyncExitStack() as stack:
                    reader = await stack.enter_async_context(
                        self._open_reader(*self._topics, max_partition_fetch_bytes=_FETCH_BYTES)
                    )
                    await self._follow(reader)
            except Exception as error:  # noqa: BLE001 - whatever it was, the index must come back and not end unseen
                telemetry.log_event(telemetry.LogEvent.INDEX_FAILED, error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(_RETRY_S)

    async def _follow(self, reader: AIOKafkaConsumer) -> None:
        await self._seek(reader)
        loop = asyncio.get_running_loop()
        trim_at = loop.time() + _TRIM_S
        while True:
            batches = await reader.getmany(timeout_ms=1000)
            if batches:
                await _whole(asyncio.to_thread(self._write, batches))
            behind = 0
            for place in reader.assignment():
                last = reader.highwater(place)
                behind += max(0, last - await reader.position(place)) if last is not None else 0
            self._metrics.set(telemetry.INDEX_BEHIND, behind)
            if not batches:
                self.complete = True
            if loop.time() > trim_at:
                trim_at = loop.time() + _TRIM_S
                await self._trim(reader)

    async def _seek(self, reader: AIOKafkaConsumer) -> None:
        await self._trim(reader)
        end = await reader.end_offsets(reader.assignment())
        begin = await reader.beginning_offsets(reader.assignment())
        known = {
            TopicPartition(name, partition): position
            for name in self._topics
            for partition, position in self._index.positions(name).items()
        }
        others = {place.topic for place, position in known.items() if position.next > end.get(place, 0)}
        others |= await self._find_others({p: at for p, at in known.items() if at.next > begin.get(p, 0)})
        for name in sorted(others):
            telemetry.log_event(telemetry.LogEvent.INDEX_REBUILT, topic=name)
            await _whole(asyncio.to_thread(self._index.forget, name))
        for place in end:
            at = known.get(place) if place.topic not in others else None
            reader.seek(place, max(at.next if at is not None else 0, begin[place]))
        self._sure = True

    async def _find_others(self, known: dict[TopicPartition, Position]) -> set[str]:
        """Give the topics whose last record that was read is another one now: they were deleted and made anew."""
        others: set[str] = set()
        if not known:
            return others
        # a reader of its own: what it has fetched ahead must not be mistaken for what is asked next
        async with self._open_reader(max_partition_fetch_bytes=_FETCH_BYTES) as checker:
            checker.assign(list(known))
            for place, at in known.items():
                checker.seek(place, at.next - 1)
            waiting = set(known)
            loop = asyncio.get_running_loop()
            until = loop.time() + _CHECK_S
            while waiting and loop.time() < until:
                for place, records in (await checker.getmany(*waiting, timeout_ms=500)).items():
                    waiting.discard(place)
                    first, at = records[0], known[place]
                    if first.offset == at.next - 1 and first.timestamp != at.stamp_ms:
                        others.add(place.topic)
        return others

    async def _trim(self, reader: AIOKafkaConsumer) -> None:
        begin = await reader.beginning_offsets(reader.assignment())
        for name in self._topics:
            kept = {place.partition: offset for place, offset in begin.items() if place.topic == name}
            await _whole(asyncio.to_thread(self._index.trim, name, kept))

    def _write(self, batches: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        for name, topic in self._topics.items():
            mine = {place: records for place, records in batches.items() if place.topic == name}
            if not mine:
                continue
            placed = [place_record(topic, record) for records in mine.values() for record in records]
            following = {
                place.partition: Position(records[-1].offset + 1, records[-1].timestamp)
                for place, records in mine.items()
            }
            self._index.write(name, placed, following)

    # --- questions ----------------------------------------------------------------------------------------------

    async def find(self, query: Query, topic: Topic) -> Page:
        """Give the rows that are asked for, and how far `topic` was read for them."""
        return await asyncio.to_thread(self._index.find, query, self._name_of(topic))

    async def get(self, kind: Kind, id_: str) -> bytes | None:
        """Give one row."""
        return await asyncio.to_thread(self._index.get, kind, id_)

    async def life(self, kind: Kind, subject: str) -> Sequence[bytes]:
        """Give the rows of one subject, oldest first."""
        return await asyncio.to_thread(self._index.life, kind, subject)

    def first_place(self, kind: Kind, id_: str) -> tuple[int, int] | None:
        """Give where the record of a row stood first; None where it has not been read yet."""
        if not self._sure:
            return None
        try:
            return self._index.place(kind, id_)
        except sqlite3.Error:  # the stream goes on without it
            return None

    async def transcript(self, id_: str) -> bytes | None:
        """Give an enriched transcript from its topic, or None where it is not there (any more).

        Raises:
            KafkaError: the broker does not answer.
        """
        place = self._index.place(Kind.TRANSCRIPT, id_)
        if place is None:
            return None
        partition = TopicPartition(self._enriched, place[0])
        try:
            async with self._readers, self._open_reader() as reader:
                reader.assign([partition])
                reader.seek(partition, place[1])
                batches = await reader.getmany(partition, timeout_ms=_TRANSCRIPT_TIMEOUT_MS, max_records=1)
        except NoBrokerError as error:
            raise KafkaConnectionError(str(error)) from error
        for record in batches.get(partition, ()):
            if record.offset == place[1] and record.value is not None:
                return bytes(record.value)
        return None


async def _whole(work: Coroutine[None, None, None]) -> None:
    """Let a thread finish although its task is cancelled: SQLite must not be closed under it."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
