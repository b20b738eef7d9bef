"""How an agent gets rid of what its steps say: published and known to be on the broker, or parked; never lost."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, TypeVar

from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordTooLargeError

from schemas.alert import Match
from schemas.dead_letter import DeadLetterReason
from schemas.topics import ALERTS, MAX_RECORD_BYTES, TRANSCRIPTS_RAW
from streams.kafka.client import NoBrokerError
from streams.kafka.records import ARRIVED, last_header
from streams.pipeline import DeadLetter, Emit
from streams.telemetry import (
    AGE_SECONDS,
    ALERT_SECONDS,
    MATCHES,
    PARKED,
    PUBLISHED,
    RECORDS,
    RETRIES,
    STEP_SECONDS,
    LogEvent,
    log_event,
)
from streams.worker.tables import Position

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from schemas.topics import Output
    from streams.health import Health
    from streams.pipeline import Outcome
    from streams.settings import Settings
    from streams.telemetry import Metrics

_MS_DIGITS: Final = 15

T = TypeVar("T")
FindMissing: TypeAlias = "Callable[[Sequence[Output]], Awaitable[Sequence[Output]]]"
Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as an agent gets it. `topic` is the name in the registry, without a prefix."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def position(self) -> Position:
        """Where it lies."""
        return Position(partition=self.partition, offset=self.offset, timestamp_ms=self.timestamp_ms)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A record on its way: `topic` is the full name on the broker; without a partition the key decides."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None = None


class Transport(Protocol):
    """The way to the broker, as far as an agent needs it."""

    async def send(self, parcel: Parcel) -> int:
        """Put a record on its topic and give its offset; on return the broker has it.

        Raises:
            KafkaError: It is not known to be there.
        """

    def pack(self, output: Output, headers: Headers) -> Parcel:
        """Give an output as it goes on the wire. `headers` are those of the record that it follows from."""

    def pack_dead_letter(self, record: Record, letter: DeadLetter, attempts: int) -> Parcel:
        """Give a record as it goes to its dead-letter topic: unchanged, with its story in headers."""


class OversizeError(Exception):
    """A record is larger than any topic takes."""


def _cause(record: Record) -> Headers:
    """Give the headers of a record as what follows from it takes them over: a transcript's arrival begins here."""
    if record.topic != TRANSCRIPTS_RAW.name:
        return record.headers
    return [*record.headers, (ARRIVED, str(record.timestamp_ms).encode())]


def pauses(first_s: float, limit_s: float) -> Iterator[float]:
    """Give the pauses between tries, for ever: each twice the one before, none longer than the limit."""
    pause_s = min(first_s, limit_s)
    while True:
        yield pause_s
        pause_s = min(pause_s * 2, limit_s)


class Delivery:
    """Publishes, parks and counts for one agent.

    What passes (a broker that is away) is tried again for as long as it takes, and the process is not ready meanwhile.
    What never will (a record that is too large) becomes a dead letter.
    """

    def __init__(  # noqa: PLR0917 - each is of a type of its own
        self,
        agent: str,
        transport: Transport,
        settings: Settings,
        health: Health,
        metrics: Metrics,
        check: Callable[[], None] = lambda: None,
        unconfirmed_s: float = 10.0,
    ) -> None:
        """Take what it works with.

        `check` raises where the agent may send no more. What is not confirmed within `unconfirmed_s` is waited for, and told.
        """
        self.agent = agent
        self.health = health
        self.metrics = metrics
        self._transport = transport
        self._settings = settings
        self._check = check
        self._unconfirmed_s = unconfirmed_s

    async def attempt(self, step: Callable[[], Awaitable[T]]) -> T | DeadLetter:
        """Run a step. When it raises as often as the settings allow, the record is to be parked."""
        last: Exception | None = None
        waits = self._pauses()
        for number in range(1, self._settings.step_attempts + 1):
            began_s = time.perf_counter()
            try:
                result = await step()
            except Exception as error:  # noqa: BLE001 - whatever a step does, the next record must go on
                last = error
                if number < self._settings.step_attempts:
                    self.metrics.count(RETRIES, self.agent, "step")
                    log_event(LogEvent.STEP_RETRIED, agent=self.agent, error=_name(error), attempt=number)
                    await asyncio.sleep(next(waits))
            else:
                self.metrics.observe(STEP_SECONDS, time.perf_counter() - began_s, self.agent)
                return result
        words = next(iter(str(last).splitlines()), "")
        sentence = f"the step failed {self._settings.step_attempts} times: {words}"
        return DeadLetter(DeadLetterReason.FAILED, sentence, _name(last))

    async def settle(self, record: Record, outcome: Outcome) -> None:
        """Bring what a step says about a record to the broker. On return the record may be acknowledged."""
        match outcome:
            case Emit(outputs):
                try:
                    await self.publish(outputs, _cause(record))
                except OversizeError as error:
                    await self.park(record, too_large(error))
                else:
                    self.count_emitted(record)
            case DeadLetter() as letter:
                await self.park(record, letter)

    async def publish(
        self, outputs: Sequence[Output], caused_by: Headers, find_missing: FindMissing | None = None
    ) -> None:
        """Publish everything, in order within each key. On return the broker has it all.

        Args:
            outputs: What to publish.
            caused_by: Headers of the record that they follow from.
            find_missing: Asked after a try of which it is not known what came through; without it, all that is not
                known to be there is published again.

        Raises:
            OversizeError: One of them is larger than a topic takes.
        """
        left = outputs
        for pause_s in self._pauses():
            places = await self._send_all([self._transport.pack(o, caused_by) for o in left], "send")
            for output, place in zip(left, places, strict=True):
                if place is not None:
                    self.metrics.count(PUBLISHED, self.agent, output.topic.name)
                    if isinstance(output.record, Match):
                        self.metrics.count(MATCHES, output.record.rule_id)
                    if output.topic == ALERTS:
                        self._time_alert(caused_by)
            left = [o for o, place in zip(left, places, strict=True) if place is None]
            if not left:
                return
            await asyncio.sleep(pause_s)
            if find_missing is not None:
                left = await self.persist("look-up", partial(find_missing, left))

    def check_sizes(self, outputs: Sequence[Output], caused_by: Headers) -> None:
        """Find out before anything is remembered or sent.

        Raises:
            OversizeError: One of the outputs is larger than any topic takes.
        """
        for output in outputs:
            _check_size(self._transport.pack(output, caused_by))

    async def put(self, parcel: Parcel, trouble: str = "send") -> int:
        """Send one record until the broker has it, and give its offset.

        Raises:
            OversizeError: It is larger than its topic takes.
        """
        for pause_s in self._pauses():
            (offset,) = await self._send_all([parcel], trouble)
            if offset is not None:
                return offset
            await asyncio.sleep(pause_s)
        raise AssertionError("pauses do not end")

    async def park(self, record: Record, letter: DeadLetter) -> None:
        """Put a record into its dead-letter topic, with the reason. On return it is there."""
        attempts = self._settings.step_attempts if letter.reason is DeadLetterReason.FAILED else 1
        await self.put(self._transport.pack_dead_letter(record, letter, attempts), "dead letter")
        self.metrics.count(PARKED, self.agent, record.topic, letter.reason.value)
        self.metrics.count(RECORDS, self.agent, "parked")
        log_event(
            LogEvent.RECORD_PARKED,
            agent=self.agent,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=letter.reason.value,
            message=letter.message,
        )

    async def persist(self, what: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the broker something until it answers."""
        name = f"{self.agent} {what}"
        for pause_s in self._pauses():
            try:
                answer = await ask()
            except _PASSING as error:
                self._tell_trouble(name, what, error)
                await asyncio.sleep(pause_s)
            else:
                self.health.clear(name)
                return answer
        raise AssertionError("pauses do not end")

    def count_emitted(self, record: Record) -> None:
        """Count a record that was understood and whose consequences are on the broker, and how long that took."""
        self.metrics.count(RECORDS, self.agent, "emitted")
        # Two clocks: one that is a little ahead must not make a time negative.
        self.metrics.observe(AGE_SECONDS, max(0.0, time.time() - record.timestamp_ms / 1000), self.agent)

    def _time_alert(self, caused_by: Headers) -> None:
        """Note how long it took from the arrival of a transcript to the alert, where the cause says when that was."""
        arrived = last_header(caused_by, ARRIVED) or b""
        if arrived.isdigit() and len(arrived) <= _MS_DIGITS:
            self.metrics.observe(ALERT_SECONDS, max(0.0, time.time() - int(arrived) / 1000))

    def count_repeated(self) -> None:
        """Count a record that the agent had been through with before."""
        self.metrics.count(RECORDS, self.agent, "repeated")

    async def _send_all(self, parcels: Sequence[Parcel], trouble: str) -> list[int | None]:
        """Try to send each once; give its offset for each, in order, and None for what is to be tried again.

        Raises:
            OversizeError: One of them is larger than its topic takes.
        """
        self._check()
        for parcel in parcels:
            _check_size(parcel)
        # All at once, so that they share requests; the producer keeps the order on each partition.
        sending = asyncio.gather(*(self._transport.send(p) for p in parcels), return_exceptions=True)
        results = await self._confirmed(sending, trouble)
        offsets: list[int | None] = []
        for parcel, result in zip(parcels, results, strict=True):
            if isinstance(result, _TOO_LARGE):
                raise OversizeError(
                    f"a record for {parcel.topic} is larger than the topic takes: {_name(result)}"
                )
            if isinstance(result, _PASSING):
                self._tell_trouble(f"{self.agent} {trouble}", f"{trouble} to {parcel.topic}", result)
                offsets.append(None)
            elif isinstance(result, BaseException):
                raise result
            else:
                offsets.append(result)
        if offsets and None not in offsets:
            self.health.clear(f"{self.agent} {trouble}")
        return offsets

    async def _confirmed(self, sending: asyncio.Future[list[T]], trouble: str) -> list[T]:
        """Wait for a send. A producer tries again for as long as it takes and says nothing of it, so this does."""
        try:
            await asyncio.wait({sending}, timeout=self._unconfirmed_s)
            if not sending.done():
                self.health.report(
                    f"{self.agent} {trouble}",
                    f"the broker has not confirmed it within {self._unconfirmed_s:.0f} s, and it is tried again and again",
                )
            return await sending
        finally:
            sending.cancel()

    def _tell_trouble(self, name: str, what: str, error: BaseException) -> None:
        self.health.report(name, f"{what} fails and is tried again: {_name(error)}: {error}")
        self.metrics.count(RETRIES, self.agent, name.removeprefix(self.agent + " "))
        log_event(LogEvent.SEND_RETRIED, agent=self.agent, what=what, error=f"{_name(error)}: {error}")

    def _pauses(self) -> Iterator[float]:
        return pauses(self._settings.retry_first_s, self._settings.retry_limit_s)


_PASSING: Final = (KafkaError, NoBrokerError, OSError, TimeoutError)
"""What a broker that is away or moving raises: it passes."""

_TOO_LARGE: Final = (MessageSizeTooLargeError, RecordTooLargeError)


def too_large(error: OversizeError) -> DeadLetter:
    """Give the dead letter of a record of which something too large would follow."""
    return DeadLetter(DeadLetterReason.TOO_LARGE, str(error), "OversizeError")


def _check_size(parcel: Parcel) -> None:
    size = len(parcel.key or b"") + len(parcel.value or b"")
    if size > MAX_RECORD_BYTES:
        raise OversizeError(f"a record for {parcel.topic} has {size} bytes, the limit is {MAX_RECORD_BYTES}")


def _name(error: BaseException | None) -> str:
    return type(error).__name__
