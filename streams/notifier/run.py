"""The notifier as a process: changes of alerts in, deliveries out, and all that is not through yet on deliveries.v1.

A change is first written down for each subscription that wants it, and only then acknowledged; sending goes on from
what is written down. See docs/adr/0014-deliveries-are-written-down-before-they-are-sent.md.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from schemas.alert import AlertChange
from schemas.contract import ContractError
from schemas.dead_letter import DeadLetter, DeadLetterReason
from schemas.subscription import Delivery, DeliveryState, Subscription
from schemas.topics import ALERTS, DELIVERIES, SUBSCRIPTIONS, Output
from streams.health import Health, HealthServer
from streams.kafka.client import NoBrokerError, open_admin, open_producer, open_reader
from streams.kafka.copies import watch_copies
from streams.kafka.dead_letters import park
from streams.kafka.records import TRACEPARENT, encode_record, last_header
from streams.kafka.topics import TopicError, kafka_name
from streams.notifier.carrier import Carrier, Clock
from streams.notifier.channels import Channels
from streams.notifier.guard import policy_of
from streams.notifier.schedule import MINUTE, NOWHERE, Answer, Patience, retry_pause_s
from streams.notifier.webhooks import deliver_webhook, make_session
from streams.subscriptions import delivery_id, is_webhook, select
from streams.telemetry import (
    DELIVERIES_WAITING,
    SUBSCRIPTIONS_AT_WORK,
    LogEvent,
    Metrics,
    log_event,
)
from streams.tracing import Role, carried, of_record, span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

    from streams.kafka.records import Header
    from streams.settings import Settings

_Batch = dict[TopicPartition, list[Any]]
"""Records by partition, as aiokafka gives them."""

_REMEMBERED: Final = 200_000
"""Deliveries of which it is remembered that they were written down; the last acknowledgement is never further back."""

_SLACK: Final = timedelta(minutes=1)
"""By which the clocks of those who add subscriptions and of the broker may differ."""

_OPEN: Final = frozenset({DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.REQUESTED})
"""What is still to be sent."""

_PARTITIONS: Final = "partitions"
_BROKER: Final = "broker"
_READING: Final = "reading"
_COPIES: Final = "copies"

_PAUSE_FIRST_S: Final = 0.2
_PAUSE_LIMIT_S: Final = 5.0
_FINISH_S: Final = 5.0
"""How long what is under way may take to end when the process is told to stop."""

_UNCONFIRMED_S: Final = 10.0
"""What the broker has not confirmed within this time is waited for, and told."""

_POLL_MS: Final = 200
_BATCH: Final = 200


def notifier_group(settings: Settings) -> str:
    """Give the consumer group of the notifier."""
    return f"{settings.group}-notifier"


class NotifierError(Exception):
    """The notifier cannot run; the message says why and what to do."""


async def run_notifier(settings: Settings, stop: asyncio.Event, on_ready: Callable[[int, int], None]) -> None:
    """Deliver until `stop` is set.

    `on_ready` is told the number of subscriptions, and the port of health and metrics, once everything was read.

    Raises:
        NoBrokerError: No Kafka answers at the start; later it is waited for.
        TopicError: A topic is missing, or alerts and deliveries have not as many partitions as each other.
        NotifierError: A setting cannot be used, or the port of health and metrics is taken.
    """
    try:
        policy = policy_of(settings)
    except ValueError:
        raise NotifierError(
            f"DRAGOMAN_NOTIFIER_PORTS is {settings.notifier_ports!r}: numbers by comma, or any"
        ) from None
    await check_topics(settings)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(make_session(policy, settings.notifier_timeout_s))
        channels = Channels(policy, settings.notifier_timeout_s, settings.public_address)
        stack.callback(channels.close)

        async def send(subscription: Subscription, delivery: Delivery) -> Answer:
            if is_webhook(subscription.channel):
                return await deliver_webhook(session, subscription, delivery, policy, _now)
            return await channels.deliver(subscription, delivery)

        metrics = Metrics()
        health = Health(metrics)
        port = await _listen(HealthServer(health, metrics), settings, stack)
        names = [kafka_name(topic, settings) for topic in (ALERTS, DELIVERIES, SUBSCRIPTIONS)]
        watching = asyncio.create_task(watch_copies(settings, names, partial(health.note, _COPIES)))
        stack.callback(watching.cancel)
        writer = _Writer(settings, health)
        stack.push_async_callback(writer.close)
        await writer.open()
        notifier = Notifier(settings, writer, send, _now, metrics, health)
        stack.push_async_callback(notifier.close)
        reader = await stack.enter_async_context(
            open_reader(
                settings,
                group_id=notifier_group(settings),
                session_timeout_ms=int(settings.session_timeout_s * 1000),
                heartbeat_interval_ms=max(int(settings.session_timeout_s * 1000 / 15), 500),
                fetch_max_wait_ms=_POLL_MS,
            )
        )
        follower = await stack.enter_async_context(open_reader(settings))
        await notifier.run(reader, follower, stop, lambda count: on_ready(count, port))


async def _listen(server: HealthServer, settings: Settings, stack: AsyncExitStack) -> int:
    stack.push_async_callback(server.stop)
    try:
        return await server.start(settings.health_host, settings.notifier_port)
    except OSError as error:
        raise NotifierError(
            f"health and metrics cannot be served at {settings.health_host}:{settings.notifier_port} "
            f"({error.strerror or error}): set DRAGOMAN_NOTIFIER_PORT to another port, or to 0 for a free one"
        ) from error


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the notifier's clock


async def check_topics(settings: Settings) -> None:
    """Return if the topics are there. Alerts and deliveries share keys, and so must share the count of partitions.

    Raises:
        NoBrokerError: No Kafka answers.
        TopicError: One is missing, or the counts differ.
    """
    names = [kafka_name(topic, settings) for topic in (ALERTS, DELIVERIES, SUBSCRIPTIONS)]
    async with open_admin(settings) as admin:
        found = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics()}
    for name in names:
        if name not in found:
            raise TopicError(
                f"there is no topic {name} at {settings.broker}: `dragoman topics create` makes it"
            )
    if found[names[0]] != found[names[1]]:
        raise TopicError(
            f"{names[0]} has {found[names[0]]} partitions and {names[1]} has {found[names[1]]}: they must have as many "
            "as each other; delete the second and make it again with `dragoman topics create`"
        )


class _Writer:
    """Writes until the broker has it, however long that takes; a producer that is of no more use is replaced."""

    def __init__(self, settings: Settings, health: Health) -> None:
        self._settings = settings
        self._health = health
        self._stack = AsyncExitStack()
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()
        self._dropped: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        """Connect.

        Raises:
            NoBrokerError: No Kafka answers.
        """
        self._producer = await self._stack.enter_async_context(open_producer(self._settings))

    async def close(self) -> None:
        """Let go of the connection; what is not written is not acknowledged either."""
        with suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(3):
                await self._stack.aclose()

    async def write(self, output: Output, caused_by: Iterable[Header] = ()) -> None:
        """Write one record; on return the broker has it."""
        record = encode_record(output, self._settings, caused_by)

        async def send(producer: AIOKafkaProducer) -> None:
            await producer.send_and_wait(
                record.topic, value=record.value, key=record.key, headers=record.headers
            )

        await self.persist(send)

    async def persist(self, send: Callable[[AIOKafkaProducer], Awaitable[None]]) -> None:
        """Do something with the producer until it succeeds."""
        attempt = 0
        while True:
            producer = self._producer
            try:
                if producer is None:
                    raise NoBrokerError("not connected")  # noqa: TRY301 - handled as what a lost connection is
                late = await self._or_dropped(asyncio.ensure_future(send(producer)))
            except (KafkaError, NoBrokerError, OSError) as error:
                attempt += 1
                log_event(LogEvent.NOTIFIER_WAITS, error=f"{type(error).__name__}: {error}")
                self._health.report(_BROKER, f"nothing can be written at the moment: {error}")
                await asyncio.sleep(retry_pause_s("broker", attempt, _PAUSE_FIRST_S, _PAUSE_LIMIT_S))
                await self._reopen(producer)
            else:
                if attempt or late:
                    self._health.clear(_BROKER)
                return

    async def _or_dropped(self, sending: asyncio.Future[None]) -> bool:
        """Wait for a send, but not on a producer that was closed: aiokafka never says what became of it then.

        A producer tries again for as long as it takes and says nothing of it, so this does; gives whether it had to.
        """
        ends = {sending, self._dropped}
        try:
            done, _ = await asyncio.wait(ends, timeout=_UNCONFIRMED_S, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                self._health.report(
                    _BROKER, f"what was written is not confirmed within {_UNCONFIRMED_S:.0f} s"
                )
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise NoBrokerError("the connection was closed")
            sending.result()
        finally:
            sending.cancel()
        return not done

    async def _reopen(self, broken: AIOKafkaProducer | None) -> None:
        async with self._opening:
            if self._producer is not broken:
                return
            self._producer = None
            with suppress(Exception):  # it is given up; what it says no longer matters
                async with asyncio.timeout(3):
                    await self._stack.aclose()
            self._dropped.set_result(None)
            self._dropped = asyncio.get_running_loop().create_future()
            self._stack = AsyncExitStack()
            with suppress(NoBrokerError):
                await self.open()


class _Moves(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Notes that partitions have moved; the loop looks after them between two records."""

    def __init__(self) -> None:
        self.owned: frozenset[int] = frozenset()
        self.joined = asyncio.Event()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Note it when the new ones are known."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Note which are ours."""
        self.owned = frozenset(place.partition for place in assigned)
        self.joined.set()


class Notifier:
    """Holds the subscriptions and their carriers, and feeds them from Kafka. Is the `Post` of its carriers."""

    def __init__(  # noqa: PLR0917 - each is of a type of its own
        self,
        settings: Settings,
        writer: _Writer,
        send: Callable[[Subscription, Delivery], Awaitable[Answer]],
        now: Callable[[], datetime],
        metrics: Metrics,
        health: Health,
    ) -> None:
        self.metrics = metrics
        self._health = health
        health.report(_PARTITIONS, "has no partitions yet")
        self._settings = settings
        self._writer = writer
        self._send = send
        self._now = now
        self._clock = Clock(
            now,
            Patience(
                settings.notifier_retry_first_s,
                settings.notifier_retry_limit_s,
                settings.notifier_give_up_s,
            ),
        )
        self._subscriptions: dict[str, Subscription] = {}
        self._carriers: dict[str, Carrier] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._seen: dict[str, None] = {}
        self._bundled: dict[str, None] = {}
        self._recovered: dict[str, tuple[Delivery, int]] = {}
        self._through: dict[str, None] = {}
        self._tried: dict[str, tuple[list[datetime], list[datetime]]] = {}
        self._owned: frozenset[int] = frozenset()
        self._traces: dict[str, bytes] = {}
        self._subscriptions_at = TopicPartition(kafka_name(SUBSCRIPTIONS, settings), 0)

    # --- what carriers need -----------------------------------------------------------------------------------------

    async def send(self, subscription: Subscription, delivery: Delivery) -> Answer:
        """Try a delivery once."""
        attributes = {"dragoman.delivery.id": delivery.id, "dragoman.alert.id": delivery.alert_id}
        with span("deliver", Role.CLIENT, self._trace_of(delivery), attributes):
            return await self._send(subscription, delivery)

    async def write(self, deliveries: Iterable[Delivery]) -> None:
        """Write to deliveries.v1; on return the broker has all of it."""
        given = tuple(deliveries)
        await asyncio.gather(
            *(
                self._writer.write(Output(DELIVERIES, d.alert_id, d, d.sent_time), self._trace_of(d))
                for d in given
            )
        )
        for delivery in given:
            self._note_trace(delivery, last_header(self._trace_of(delivery), TRACEPARENT))

    async def pause(self, subscription: Subscription, reason: str) -> None:
        """Write a subscription as paused; on return the broker has it."""
        paused = subscription.model_copy(update={"paused": True, "paused_reason": reason})
        await self._writer.write(Output(SUBSCRIPTIONS, paused.id, paused, self._now()))

    def _trace_of(self, delivery: Delivery) -> list[Header]:
        """Give the header of the trace that a delivery belongs to; a digest goes on in that of its first member."""
        known = (self._traces[id_] for id_ in (delivery.id, *delivery.members) if id_ in self._traces)
        return [(TRACEPARENT, trace) for trace in (next(known, None),) if trace is not None]

    def _note_trace(self, delivery: Delivery, trace: bytes | None) -> None:
        """Remember it for as long as something is still to be sent."""
        if trace is not None and delivery.state in _OPEN:
            self._traces[delivery.id] = trace
        else:
            self._traces.pop(delivery.id, None)

    # --- the loop ---------------------------------------------------------------------------------------------------

    async def run(
        self,
        reader: AIOKafkaConsumer,
        follower: AIOKafkaConsumer,
        stop: asyncio.Event,
        on_ready: Callable[[int], None],
    ) -> None:
        """Take on alerts until `stop` is set; a broker that is away is waited for."""
        moves = _Moves()
        reader.subscribe([kafka_name(ALERTS, self._settings)], listener=moves)
        follower.assign([self._subscriptions_at])
        await follower.seek_to_beginning()
        told = False
        while not stop.is_set():
            batch: _Batch = {}
            try:
                batch = await reader.getmany(timeout_ms=_POLL_MS, max_records=_BATCH)
                await self._follow(follower, moves.owned, to_end=bool(batch) or not told)
                if moves.joined.is_set() and not told:
                    told = True
                    self._health.clear(_PARTITIONS)
                    on_ready(len(self._subscriptions))
            except (KafkaError, OSError) as error:
                log_event(LogEvent.NOTIFIER_WAITS, error=f"{type(error).__name__}: {error}")
                self._health.report(_READING, f"nothing can be read at the moment: {error}")
                if not await self._again(follower, moves, stop):
                    return
                self._health.clear(_READING)
            await self._accept(batch, reader)
            self._look_after()

    async def _again(self, follower: AIOKafkaConsumer, moves: _Moves, stop: asyncio.Event) -> bool:
        """Repeat the following until it succeeds; False when it is to end."""
        attempt = 0
        while not stop.is_set():
            attempt += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(retry_pause_s("broker", attempt, _PAUSE_FIRST_S, _PAUSE_LIMIT_S)):
                    await stop.wait()
            try:
                await self._follow(follower, moves.owned, to_end=True)
            except (KafkaError, OSError) as error:
                log_event(LogEvent.NOTIFIER_WAITS, error=f"{type(error).__name__}: {error}")
            else:
                return True
        return False

    async def _follow(self, follower: AIOKafkaConsumer, owned: frozenset[int], *, to_end: bool) -> None:
        """Learn what was asked for: subscriptions, and deliveries that someone wants sent again.

        `to_end`: all that was there when this began, so that a subscription is at work for the alerts that came after.
        """
        gained = owned - self._owned
        if owned != self._owned:
            await self._assign(follower, owned)
        ends = await follower.end_offsets(follower.assignment()) if to_end or gained else {}
        while True:
            for place, records in (await follower.getmany(timeout_ms=50 if ends else 0)).items():
                for record in records:
                    if place == self._subscriptions_at:
                        await self._learn(record)
                    else:
                        self._recall(record, known=place.partition not in gained)
            if all([await follower.position(place) >= end for place, end in ends.items()]):
                break
        self._owned = owned
        await self._take_up()

    async def _assign(self, follower: AIOKafkaConsumer, owned: frozenset[int]) -> None:
        """Read the deliveries of the partitions that are ours now, those that are new from their beginning."""
        kept, lost = self._owned & owned, self._owned - owned
        name = kafka_name(DELIVERIES, self._settings)
        places = [TopicPartition(name, number) for number in sorted(owned)]
        before = {place: await follower.position(place) for place in sorted(follower.assignment())}
        follower.assign([self._subscriptions_at, *places])
        follower.seek(self._subscriptions_at, before[self._subscriptions_at])
        for place in places:
            if place.partition in kept and place in before:
                follower.seek(place, before[place])
            else:
                await follower.seek_to_beginning(place)
        for carrier in self._carriers.values():
            carrier.drop(lost)

    async def _learn(self, record: ConsumerRecord) -> None:
        id_ = (record.key or b"").decode(errors="replace")
        if record.value is None:
            self._subscriptions.pop(id_, None)
            carrier = self._carriers.pop(id_, None)
            if carrier is not None:
                self._tasks.pop(id_).cancel()
                await carrier.close("the subscription was removed")
            return
        try:
            subscription = Subscription.decode(record.value)
        except ContractError as error:
            log_event(LogEvent.SUBSCRIPTION_UNREADABLE, subscription=id_, error=error.reason)
            return
        self._subscriptions[subscription.id] = subscription
        if subscription.id in self._carriers:
            self._carriers[subscription.id].change(subscription)
            if not subscription.channel:
                await self._carriers[subscription.id].close(NOWHERE)

    def _recall(self, record: ConsumerRecord, *, known: bool) -> None:
        """Learn from deliveries.v1 what is not through yet; of what is `known` only what someone asked for is news."""
        try:
            delivery = Delivery.decode(record.value or b"")
        except ContractError as error:
            log_event(
                LogEvent.DELIVERY_UNREADABLE,
                partition=record.partition,
                offset=record.offset,
                error=error.reason,
            )
            return
        if known and delivery.state is not DeliveryState.REQUESTED:
            return
        self._note_trace(delivery, last_header(record.headers, TRACEPARENT))
        if known:
            self._recovered[delivery.id] = (delivery, record.partition)
            return
        self._remember(self._seen, delivery.id)
        for member in delivery.members:
            self._remember(self._bundled, member)
        self._sort(delivery, record.partition)
        if delivery.attempt == 0 or delivery.sample:
            return
        tried, delivered = self._tried.setdefault(delivery.subscription_id, ([], []))
        if delivery.sent_time > self._now() - MINUTE:
            tried.append(delivery.sent_time)
        if delivery.state is DeliveryState.DELIVERED:
            delivered[:] = [max(delivery.sent_time, *delivered)] if delivered else [delivery.sent_time]

    def _sort(self, delivery: Delivery, partition: int) -> None:
        """Note of a delivery that is read from the beginning whether it is through."""
        match delivery.state:
            case DeliveryState.WAITING | DeliveryState.RETRYING if delivery.id in self._through:
                # Good: one that was thought dead wakes and writes down again what another one has delivered.
                pass
            case DeliveryState.WAITING | DeliveryState.RETRYING | DeliveryState.REQUESTED:
                self._through.pop(delivery.id, None)
                self._recovered[delivery.id] = (delivery, partition)
            case (
                DeliveryState.DELIVERED | DeliveryState.PARKED | DeliveryState.BUNDLED | DeliveryState.DROPPED
            ):
                self._remember(self._through, delivery.id)
                self._recovered.pop(delivery.id, None)

    async def _take_up(self) -> None:
        """Give what was learnt to the carriers."""
        for id_, (tried, delivered) in self._tried.items():
            if id_ in self._subscriptions:
                self._carrier(id_).note_sent(tried, max(delivered, default=None))
        self._tried.clear()
        for delivery, partition in self._recovered.values():
            if delivery.id in self._bundled:
                continue
            subscription = self._subscriptions.get(delivery.subscription_id)
            if subscription is not None and subscription.channel:
                self._carrier(delivery.subscription_id).add(delivery, partition)
            else:
                why = "there is no such subscription any more" if subscription is None else NOWHERE
                gone = {"state": DeliveryState.DROPPED, "answer": why}
                await self.write([delivery.model_copy(update=gone)])
        self._recovered.clear()
        self._through.clear()

    async def _accept(self, batch: _Batch, reader: AIOKafkaConsumer) -> None:
        """Write down what is to be delivered, then acknowledge, then let it be sent."""
        if not batch:
            return
        taken: list[tuple[Delivery, int]] = []
        for records in batch.values():
            for record in records:
                place = of_record(ALERTS.name, record.partition, record.offset, record.key)
                with span(f"process {ALERTS.name}", Role.CONSUMER, record.headers, place):
                    chosen = await self._choose(record)
                    trace = last_header(carried(record.headers), TRACEPARENT)
                for delivery in chosen:
                    self._note_trace(delivery, trace)
                    taken.append((delivery, record.partition))
        await self.write([delivery for delivery, _ in taken])
        for delivery, partition in taken:
            self._remember(self._seen, delivery.id)
            if delivery.state is DeliveryState.WAITING:
                self._carrier(delivery.subscription_id).add(delivery, partition)
        try:
            await reader.commit({place: records[-1].offset + 1 for place, records in batch.items()})
        except (CommitFailedError, IllegalStateError):
            # Partitions that have moved are read again by whoever has them now, and what is written down is recognised.
            pass
        except KafkaError as error:
            log_event(LogEvent.NOTIFIER_WAITS, error=f"{type(error).__name__}: {error}")

    async def _choose(self, record: ConsumerRecord) -> list[Delivery]:
        try:
            change = AlertChange.decode(record.value or b"")
        except ContractError as error:
            await self._park(record, error)
            return []
        came = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        chosen = []
        for subscription in select(change, self._subscriptions.values()):
            id_ = delivery_id(subscription.id, change.alert.id, change.sequence)
            since = subscription.created_time
            if id_ in self._seen or (since is not None and came < since - _SLACK):
                continue
            paused = subscription.paused_reason if subscription.paused else None
            chosen.append(
                Delivery(
                    id=id_,
                    subscription_id=subscription.id,
                    alert_id=change.alert.id,
                    sequence=change.sequence,
                    state=DeliveryState.WAITING if paused is None else DeliveryState.PARKED,
                    attempt=0,
                    answer="" if paused is None else f"the subscription is paused: {paused}",
                    sent_time=came,
                    accepted_time=came,
                    changes=(change,),
                )
            )
        return chosen

    async def _park(self, record: ConsumerRecord, error: ContractError) -> None:
        log_event(
            LogEvent.ALERT_UNREADABLE, partition=record.partition, offset=record.offset, error=error.reason
        )
        letter = DeadLetter(
            topic=ALERTS.name,
            partition=record.partition,
            offset=record.offset,
            timestamp_ms=record.timestamp,
            stage="notifier",
            stage_version=version("dragoman"),
            reason=DeadLetterReason(error.kind),
            message=error.reason,
            error_class=type(error).__name__,
            attempts=1,
            failed_time=self._now(),
        )
        await self._writer.persist(lambda producer: park(producer, self._settings, record, letter))

    def _carrier(self, subscription_id: str) -> Carrier:
        carrier = self._carriers.get(subscription_id)
        if carrier is None:
            carrier = Carrier(self._subscriptions[subscription_id], self, self._clock, self.metrics)
            self._carriers[subscription_id] = carrier
            self._tasks[subscription_id] = asyncio.create_task(carrier.run())
        return carrier

    def _look_after(self) -> None:
        """Show how much waits; a carrier that fails is a fault of the program, and ends it."""
        for task in self._tasks.values():
            if task.done():
                task.result()
        self._health.tell()
        self.metrics.set(DELIVERIES_WAITING, sum(len(c.waiting) for c in self._carriers.values()))
        self.metrics.set(
            SUBSCRIPTIONS_AT_WORK,
            sum(1 for s in self._subscriptions.values() if s.channel and not s.paused),
        )

    @staticmethod
    def _remember(memory: dict[str, None], id_: str) -> None:
        memory.pop(id_, None)
        memory[id_] = None
        while len(memory) > _REMEMBERED:
            del memory[next(iter(memory))]

    async def close(self) -> None:
        """Stop sending; what has not ended in time is repeated under its id at the next start."""
        under_way = [task for carrier in self._carriers.values() for task in carrier.finish()]
        if under_way:
            await asyncio.wait(under_way, timeout=_FINISH_S)
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
