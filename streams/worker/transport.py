"""The worker's way to the broker: one producer for all agents of the process, opened again when it can go on no more."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from aiokafka.errors import KafkaConnectionError, KafkaError, MessageSizeTooLargeError, RecordTooLargeError

from schemas.dead_letter import DeadLetter as Story
from schemas.topics import dead_letter_topic_name
from streams.extract.version import READER_VERSION
from streams.kafka.client import open_admin, open_producer
from streams.kafka.dead_letters import lay_out
from streams.kafka.records import encode_record
from streams.kafka.topics import kafka_name
from streams.tracing import carried
from streams.worker.delivery import Parcel

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

    from schemas.topics import Output, Topic
    from streams.pipeline import DeadLetter
    from streams.settings import Settings
    from streams.worker.delivery import Headers, Record

_CLOSE_S: Final = 10.0
"""How long a producer may take to close that is of no more use."""

_REST_S: Final = 0.2

_REFRESH_S: Final = 10.0
"""How long a topic that was not there is taken to be still missing."""


_TOO_LARGE: Final = (MessageSizeTooLargeError, RecordTooLargeError)


class KafkaTransport:
    """Sends by an idempotent producer. Safe to use by many agents at once."""

    def __init__(self, agent: str, line: ProducerLine, settings: Settings) -> None:
        self._agent = agent
        self._line = line
        self._settings = settings

    async def send(self, parcel: Parcel) -> int:
        """Put a record on its topic and give its offset; on return the broker has it."""
        return await self._line.send(parcel)

    def pack(self, output: Output, headers: Headers) -> Parcel:
        """Give an output as it goes on the wire; the trace in the headers of its cause goes on."""
        laid_out = encode_record(output, self._settings, carried(headers))
        return Parcel(laid_out.topic, laid_out.key, laid_out.value, laid_out.headers)

    def pack_dead_letter(self, record: Record, letter: DeadLetter, attempts: int) -> Parcel:
        """Give a record as it goes to its dead-letter topic: unchanged, with its story in headers."""
        story = Story(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            timestamp_ms=record.timestamp_ms,
            stage=self._agent,
            stage_version=READER_VERSION,
            reason=letter.reason,
            message=letter.message,
            error_class=letter.error_class,
            attempts=attempts,
            failed_time=datetime.now(UTC),  # noqa: TID251 - a shell: when it failed is a fact about this process
        )
        layout = lay_out(record.key, record.value, record.headers, story)
        topic = kafka_name(dead_letter_topic_name(record.topic), self._settings)
        return Parcel(topic, record.key, layout.value, layout.headers)


class ProducerLine:
    """One producer, opened again after an error that it does not recover from by itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        self._producer: AIOKafkaProducer | None = None
        self._dropped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lock = asyncio.Lock()
        self._names: frozenset[str] = frozenset()
        self._asked_s: float | None = None

    async def open(self) -> None:
        """Connect.

        Raises:
            NoBrokerError: No Kafka answers.
        """
        await self._ready()

    async def close(self) -> None:
        """Send what is under way and disconnect."""
        await self._stack.aclose()
        self._producer = None

    async def send(self, parcel: Parcel) -> int:
        """Send one record and give its offset.

        Raises:
            KafkaError: It is not known to be there.
        """
        producer, dropped = await self._ready()
        sending = asyncio.ensure_future(
            producer.send_and_wait(
                parcel.topic, parcel.value, key=parcel.key, headers=parcel.headers, partition=parcel.partition
            )
        )
        try:
            await asyncio.wait({sending, dropped}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                # What another agent's error took down with it: aiokafka never says what became of it.
                raise KafkaConnectionError("its producer was closed")
            offset: int = sending.result().offset
        except KafkaError as error:
            if not error.retriable and not isinstance(error, _TOO_LARGE):
                await self._drop(producer)
            raise
        finally:
            sending.cancel()
        return offset

    async def exists(self, topic: Topic) -> bool:
        """Tell whether a topic is there. One that was not is asked for again after a while."""
        name = kafka_name(topic, self._settings)
        now_s = asyncio.get_running_loop().time()
        if name not in self._names and (self._asked_s is None or now_s - self._asked_s >= _REFRESH_S):
            async with open_admin(self._settings) as admin:
                self._names = frozenset(await admin.list_topics())
            self._asked_s = now_s
        return name in self._names

    async def _ready(self) -> tuple[AIOKafkaProducer, asyncio.Future[None]]:
        """Give the producer, and what is set once it is closed because of an error."""
        async with self._lock:
            if self._producer is None:
                self._producer = await self._stack.enter_async_context(open_producer(self._settings))
                self._dropped = asyncio.get_running_loop().create_future()
                _pace_metadata(self._producer)
            return self._producer, self._dropped

    async def _drop(self, broken: AIOKafkaProducer) -> None:
        """Close a producer that is of no more use; the next send opens another one."""
        async with self._lock:
            if self._producer is broken:
                self._producer = None
                with suppress(TimeoutError):
                    # It waits for what was given to it and not sent; that may be never.
                    async with asyncio.timeout(_CLOSE_S):
                        await self._stack.aclose()
                self._dropped.set_result(None)


def _pace_metadata(producer: AIOKafkaProducer) -> None:
    """Let a producer rest between its questions for the leaders of partitions while nobody answers.

    With records waiting and no broker there, aiokafka asks again at once, without end, and takes most of a core for it.
    """
    ask = producer.client.force_metadata_update

    async def ask_and_rest() -> bool:
        answered: bool = await ask()
        if not answered:
            await asyncio.sleep(_REST_S)
        return answered

    producer.client.force_metadata_update = lambda: asyncio.ensure_future(ask_and_rest())
