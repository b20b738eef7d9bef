"""The five agents: dull loops that give each record to its step and acknowledge it once what follows is safe."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import takewhile
from typing import TYPE_CHECKING, Final, Protocol, cast

from schemas.alert import AlertChange
from schemas.topics import ALERTS
from streams.kafka.topics import kafka_name
from streams.pipeline import DeadLetter, Emit, Judged, Outcome, Posted, announce
from streams.rules.window import Watermark
from streams.telemetry import LATE, WATERMARK, LogEvent, log_event
from streams.tracing import Role, of_record, span
from streams.worker.delivery import Delivery, OversizeError, Record, too_large
from streams.worker.tables import KeptBook, KeptState, Position, Shelf, glimpse_state

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence

    import faust
    from faust.streams import Stream
    from faust.types import EventT, StreamT

    from schemas.topics import Output, Topic
    from streams.kafka.groups import Agent
    from streams.ledger import Book
    from streams.rules.evaluate import RuleState
    from streams.settings import Settings
    from streams.worker.continuity import Continuity
    from streams.worker.delivery import Headers


class Gate:
    """Lets one piece of work through at a time, and none while partitions move or the process stops."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._open = True
        self.turn = 0
        """Up by one whenever partitions were shared out anew: what came in before belongs to nobody any more."""
        self.broken: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        """Holds what broke the agent down, once it has."""

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[bool]:
        """Give whether the work may be done. If not, the record is left as it is: it will come again."""
        turn = self.turn
        async with self._lock:
            yield self._open and turn == self.turn

    async def close(self, wait_s: float) -> bool:
        """Let nothing through any more; give whether what was under way ended in time."""
        self._open = False
        try:
            async with asyncio.timeout(wait_s):
                async with self._lock:
                    return True
        except TimeoutError:
            return False

    def breakdown(self, error: Exception) -> None:
        """Let nothing through any more, at once: the agent cannot go on."""
        self._open = False
        if not self.broken.done():
            self.broken.set_result(error)

    def reopen(self) -> None:
        """Let work through again."""
        self._open = True
        self.turn += 1


class Worker(Protocol):
    """What does the work of one agent."""

    def recover(self, partitions: Iterable[int]) -> None:
        """Begin with what is kept for the partitions that this process has now."""

    async def handle(self, record: Record) -> None:
        """Be through with a record: on return it may be acknowledged."""


def attach_agent(  # noqa: PLR0917 - each is of a type of its own
    app: faust.App, agent: Agent, settings: Settings, gate: Gate, continuity: Continuity, worker: Worker
) -> None:
    """Make `worker` the agent of an app."""
    names = {kafka_name(topic, settings): topic.name for topic in agent.sources}
    channel = app.topic(
        *names, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )

    async def run(stream: StreamT[bytes]) -> None:
        async for event in cast("Stream[bytes]", stream).noack().events():
            turn = gate.turn
            try:
                async with gate.passing() as may_pass:
                    if may_pass:
                        message = event.message
                        await continuity.check((message.topic, message.partition), message.offset, turn)
                        record = _record_of(event, names)
                        place = of_record(record.topic, record.partition, record.offset, record.key)
                        with span(f"process {record.topic}", Role.CONSUMER, record.headers, place):
                            await worker.handle(record)
                        if gate.turn == turn:
                            event.ack()  # only now: a crash above repeats the record, it never loses one
            except Exception as error:  # noqa: BLE001 - no exception may leave this loop: Faust commits past it
                gate.breakdown(error)
                await asyncio.Event().wait()  # until Faust is stopped, which cancels this

    app.agent(channel, name=agent.name, concurrency=1)(run)


def _record_of(event: EventT[bytes], names: Mapping[str, str]) -> Record:
    message = event.message
    return Record(
        names[message.topic],
        message.partition,
        message.offset,
        round(message.timestamp * 1000),
        message.key,
        message.value,
        # as a list: the dict that an event offers keeps only the last of repeated headers
        list(cast("Headers", message.headers) or ()),
    )


@dataclass(frozen=True, slots=True)
class StepWorker:
    """An agent without memory: language, extraction, matching."""

    delivery: Delivery
    step: Callable[[Record], Awaitable[Outcome]]

    def recover(self, partitions: Iterable[int]) -> None:
        """Do nothing: these keep nothing."""

    async def handle(self, record: Record) -> None:
        """Give the record to the step and settle what it says."""
        await self.delivery.settle(record, await self.delivery.attempt(lambda: self.step(record)))


@dataclass(frozen=True, slots=True)
class LedgerWorker:
    """The ledger: publishes first and remembers then.

    A sudden end between the two repeats a transition under the id that it had; the other order would lose it.
    """

    delivery: Delivery
    books: Shelf[KeptBook]
    step: Callable[[bytes, Book | None], Posted]

    def recover(self, partitions: Iterable[int]) -> None:  # noqa: ARG002 - a book is asked for by its key alone
        """Count the books."""
        deque(self.books.recover(), maxlen=0)

    async def handle(self, record: Record) -> None:
        """Post an event."""
        key = record.key or b""
        kept = self.books.get(key)
        if kept is not None and kept.position.covers(record.position):
            self.delivery.count_repeated()
            return
        book = None if kept is None else kept.book

        async def run() -> Posted:
            return self.step(record.value or b"", book)

        match await self.delivery.attempt(run):
            case DeadLetter() as letter:
                await self.delivery.park(record, letter)
            case Posted(after, outcome):
                await self.delivery.settle(record, outcome)
                if isinstance(outcome, Emit) and after != book:
                    await self._keep(record, key, after)

    async def _keep(self, record: Record, key: bytes, book: Book | None) -> None:
        try:
            await self.books.put(key, KeptBook(position=record.position, book=book))
        except OversizeError as error:
            await self.delivery.park(record, too_large(error))


class RulesAtWork(Protocol):
    """Which rules there are."""

    def __contains__(self, rule_id: str) -> bool:
        """Tell whether a rule is at work."""

    async def wait_read(self) -> None:
        """Return when all rules are known that there were at the start."""


@dataclass(slots=True)
class AlertingWorker:
    """Alerting: remembers first and publishes then, and looks up what is there before it publishes anything twice."""

    delivery: Delivery
    states: Shelf[KeptState]
    step: Callable[[bytes, RuleState | None, datetime | None], Judged]
    time_step: Callable[[RuleState, datetime], Judged]
    find_missing: Callable[[Sequence[Output], int], Awaitable[Sequence[Output]]]
    topic_exists: Callable[[Topic], Awaitable[bool]]
    event_time_of: Callable[[Record], datetime | None]
    rules: RulesAtWork
    watermark: Watermark
    forget_after_s: float = 300.0
    """How long, in wall time, it is remembered up to which match a group was judged that nothing else is known of.

    By then that match is committed and does not come again; what is known of groups is bounded by the windows of rules.
    """
    _due: dict[bytes, datetime] = field(default_factory=dict)
    _queue: list[tuple[datetime, bytes]] = field(default_factory=list)
    _unsettled: set[bytes] = field(default_factory=set)
    _empty: dict[bytes, float] = field(default_factory=dict)
    """Groups of which no more than a position is kept, and since when, the longest first."""

    def recover(self, partitions: Iterable[int]) -> None:
        """Begin with what is kept for the partitions that this process has now."""
        owned = frozenset(partitions)
        self._due.clear()
        self._queue.clear()
        self._unsettled.clear()
        self._empty.clear()
        for partition in set(self.watermark.partitions) - owned:
            self.watermark = self.watermark.revoke(partition)
        for key, value in self.states.recover():
            glimpse = glimpse_state(key, value)
            if glimpse.partition in owned:
                self._note(key, glimpse.due_time, unsettled=glimpse.unsettled, empty=glimpse.empty)
                self.watermark = self.watermark.advance(glimpse.partition, glimpse.seen_time, _wall_s())

    async def handle(self, record: Record) -> None:
        """Judge a match."""
        await self.rules.wait_read()
        key = record.key or b""
        kept = await self._settled(key)
        if kept is not None and kept.position.covers(record.position):
            self.delivery.count_repeated()
            return
        event_time = self.event_time_of(record)
        if event_time is not None:
            if self.watermark.is_late(event_time):
                self.delivery.metrics.count(LATE, self.delivery.agent)
            self._advance(self.watermark.advance(record.partition, event_time, _wall_s()))
            await self._judge_due()
            kept = self.states.get(key)
        state = None if kept is None else kept.state

        async def run() -> Judged:
            return self.step(record.value or b"", state, self.watermark.time)

        judged = await self.delivery.attempt(run)
        if isinstance(judged, DeadLetter):
            await self.delivery.park(record, judged)
            return
        if isinstance(judged.outcome, DeadLetter):
            await self.delivery.park(record, judged.outcome)
            return
        try:
            await self._keep_and_publish(key, record.position, record.headers, state, judged)
        except OversizeError as error:
            await self.delivery.park(record, too_large(error))
        else:
            self.delivery.count_emitted(record)

    async def pass_time(self) -> None:
        """Let event time pass: settle what an earlier end left open, and judge the groups that have fallen due."""
        await self.rules.wait_read()
        for key in sorted(self._unsettled):
            await self._settled(key)
        self._advance(self.watermark.settle(_wall_s()))
        await self._judge_due()
        await self._forget_empty()

    async def _forget_empty(self) -> None:
        """Let go of groups of which nothing has been known for long."""
        long_ago_s = _wall_s() - self.forget_after_s
        for key in [*takewhile(lambda key: self._empty[key] <= long_ago_s, self._empty)]:
            kept = self.states.get(key)
            if kept is not None and kept.empty:
                await self.states.drop(key, kept)
            self._empty.pop(key, None)

    async def _judge_due(self) -> None:
        """Judge the groups that the watermark has reached, the earliest first, each once."""
        now = self.watermark.time
        if now is None:
            return
        due: list[bytes] = []
        while self._queue and self._queue[0][0] <= now:
            time_due, key = heappop(self._queue)
            if self._due.get(key) == time_due:
                del self._due[key]
                due.append(key)
        for key in due:
            await self._pass_time_over(key, now)

    async def _pass_time_over(self, key: bytes, now: datetime) -> None:
        kept = await self._settled(key)
        if kept is None or kept.state is None:
            return
        if kept.state.rule_id not in self.rules:
            # A rule that was withdrawn must not speak any more.
            await self._put(key, kept.model_copy(update={"state": None}))
            return
        state = kept.state

        async def run() -> Judged:
            return self.time_step(state, now)

        judged = await self.delivery.attempt(run)
        if isinstance(judged, DeadLetter):
            log_event(
                LogEvent.TIMER_FAILED,
                agent=self.delivery.agent,
                key=key.decode(errors="replace"),
                error=judged.message,
            )
            self._wake(key, now + _AGAIN)
            return
        try:
            await self._keep_and_publish(key, kept.position, [], state, judged)
        except OversizeError as error:
            log_event(LogEvent.ALERT_TOO_LARGE, key=key.decode(errors="replace"), error=str(error))

    async def _keep_and_publish(
        self, key: bytes, position: Position, caused_by: Headers, before: RuleState | None, judged: Judged
    ) -> None:
        """Remember the step with its changes, publish them, and remember that they are out."""
        outputs = judged.outcome.outputs if isinstance(judged.outcome, Emit) else ()
        changes = _changes(outputs)
        if not changes and judged.state == before:
            return
        self.delivery.check_sizes(outputs, caused_by)
        seen = self.watermark.partitions.get(position.partition)
        seen_time = _EPOCH if seen is None else seen[0]
        kept = KeptState(position=position, seen_time=seen_time, state=judged.state, outbox=changes)
        await self._put(key, kept)
        if changes and not await self._publish(key, kept, await self._deliverable(outputs), caused_by):
            raise OversizeError(f"an alert of {key.decode(errors='replace')} is larger than its topic takes")

    async def _settled(self, key: bytes) -> KeptState | None:
        """Give what is kept under a key, after what it had to publish is known to be out."""
        kept = self.states.get(key)
        if kept is None or not kept.outbox:
            self._unsettled.discard(key)
            return kept
        outputs = await self._deliverable(announce(kept.outbox))
        missing = await self.delivery.persist(
            "look-up", lambda: self.find_missing(outputs, kept.position.timestamp_ms)
        )
        if missing:
            log_event(LogEvent.OUTBOX_SETTLED, agent=self.delivery.agent, changes=len(missing))
        await self._publish(key, kept, missing, [])
        return self.states.get(key)

    async def _publish(
        self, key: bytes, kept: KeptState, outputs: Sequence[Output], caused_by: Headers
    ) -> bool:
        """Publish what is in the outbox and empty it; give whether the topics took it."""

        async def missing(left: Sequence[Output]) -> Sequence[Output]:
            return await self.find_missing(left, kept.position.timestamp_ms)

        taken = True
        try:
            await self.delivery.publish(outputs, caused_by, missing)
        except OversizeError as error:
            taken = False
            log_event(LogEvent.ALERT_TOO_LARGE, key=key.decode(errors="replace"), error=str(error))
        await self._put(key, kept.model_copy(update={"outbox": ()}))
        return taken

    async def _deliverable(self, outputs: Sequence[Output]) -> list[Output]:
        """Leave out what goes to an alert topic that nobody made: one rule must not hold up the alerts of all others."""
        deliverable = []
        for output in outputs:
            if await self.delivery.persist("topic", partial(self.topic_exists, output.topic)):
                deliverable.append(output)
            else:
                log_event(LogEvent.ALERT_TOPIC_MISSING, topic=output.topic.name)
        return deliverable

    async def _put(self, key: bytes, kept: KeptState) -> None:
        await self.states.put(key, kept)
        due = None if kept.state is None else kept.state.due_time
        self._note(key, due, unsettled=bool(kept.outbox), empty=kept.empty)

    def _note(self, key: bytes, due: datetime | None, *, unsettled: bool, empty: bool) -> None:
        if due is None:
            self._due.pop(key, None)
        elif self._due.get(key) != due:
            self._wake(key, due)
        (self._unsettled.add if unsettled else self._unsettled.discard)(key)
        self._empty.pop(key, None)
        if empty:
            self._empty[key] = _wall_s()

    def _wake(self, key: bytes, due: datetime) -> None:
        self._due[key] = due
        heappush(self._queue, (due, key))

    def _advance(self, watermark: Watermark) -> None:
        self.watermark = watermark
        if watermark.time is not None:
            self.delivery.metrics.set(WATERMARK, watermark.time.timestamp(), self.delivery.agent)


_EPOCH: Final = datetime.fromtimestamp(0, UTC)

_AGAIN: Final = timedelta(minutes=1)
"""Event time after which a group is judged again over which time could not be let pass."""


def _changes(outputs: Sequence[Output]) -> tuple[AlertChange, ...]:
    return tuple(o.record for o in outputs if o.topic == ALERTS and isinstance(o.record, AlertChange))


def _wall_s() -> float:
    return time.monotonic()


def watermark_of(settings: Settings) -> Watermark:
    """Give the watermark with which a process begins."""
    return Watermark(settings.lateness_s, settings.idle_s)
