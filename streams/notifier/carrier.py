"""Everything that is under way to one subscriber. Each has its own: one who is slow or away holds up nobody else."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from schemas.subscription import Delivery, DeliveryState
from streams.notifier.schedule import (
    AT_ONCE,
    MINUTE,
    Answer,
    Pace,
    bundle_member,
    judge_answer,
    judge_moved,
    make_digest,
    plan_next,
    start_afresh,
)
from streams.telemetry import DELIVERIES, LogEvent, log_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from schemas.subscription import Subscription
    from streams.notifier.schedule import Patience
    from streams.telemetry import Metrics

_PLAN_LASTS: Final = timedelta(seconds=1)
"""For so long a plan is followed at most: quiet hours may begin, and what was tried may be due again."""

_LOOK_AGAIN_S: Final = 60.0
"""However far the next due time is: clocks are put right now and then."""


class Post(Protocol):
    """What a carrier needs of the world."""

    async def send(self, subscription: Subscription, delivery: Delivery) -> Answer:
        """Try a delivery once."""

    async def write(self, deliveries: Iterable[Delivery]) -> None:
        """Write to deliveries.v1; on return the broker has all of it."""

    async def pause(self, subscription: Subscription, reason: str) -> None:
        """Write a subscription as paused; on return the broker has it."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, as the one who starts the notifier gives it."""

    now: Callable[[], datetime]
    patience: Patience


class Carrier:
    """Sends what waits for one subscription, when its schedule says so."""

    def __init__(self, subscription: Subscription, post: Post, clock: Clock, metrics: Metrics) -> None:
        self._subscription = subscription
        self._post = post
        self._clock = clock
        self._metrics = metrics
        self._waiting: dict[str, tuple[Delivery, int]] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._busy: set[str] = set()
        self._sent: deque[datetime] = deque(maxlen=10_000)
        self._hold_until: datetime | None = None
        self._last_success: datetime | None = None
        self._then: deque[Delivery] = deque()
        self._then_until: datetime | None = None
        self._wake = asyncio.Event()
        self._finishing = False
        self._fault: Exception | None = None

    @property
    def subscription(self) -> Subscription:
        """The subscription as it stands."""
        return self._subscription

    @property
    def waiting(self) -> tuple[Delivery, ...]:
        """What is not through yet."""
        return tuple(delivery for delivery, _ in self._waiting.values())

    def change(self, subscription: Subscription) -> None:
        """Go on by a subscription that was changed; one that is resumed, or leads elsewhere, is tried at once.

        What waits was promised when it came, and goes out all the same: to where the subscription leads now, and when it
        wants it now. What the old channel asked for, and how long it failed, does not count against the new one.
        """
        before = self._subscription
        if before.channel != subscription.channel:
            self._hold_until = None
            self._waiting = {
                id_: (start_afresh(d) if d.state is DeliveryState.RETRYING else d, home)
                for id_, (d, home) in self._waiting.items()
            }
        if before.paused and not subscription.paused:
            self._hold_until = None
        self._subscription = subscription
        self._then.clear()
        self._wake.set()

    def add(self, delivery: Delivery, partition: int) -> None:
        """Take on a delivery, unless it is under way already."""
        if delivery.id not in self._under_way:
            self._waiting[delivery.id] = (delivery, partition)
            self._then.clear()
            if delivery.asked and delivery.due_time is not None:
                self._hold_until = max(self._hold_until or delivery.due_time, delivery.due_time)
            self._wake.set()

    def drop(self, partitions: frozenset[int]) -> None:
        """Leave to others what came from partitions that are theirs now."""
        for id_ in [id_ for id_, (_, home) in self._waiting.items() if home in partitions]:
            del self._waiting[id_]
        self._then.clear()

    def note_sent(self, times: Iterable[datetime], last_success: datetime | None) -> None:
        """Note what was sent in an earlier life of the process."""
        self._sent.extend(sorted(times))
        if last_success is not None and (self._last_success is None or last_success > self._last_success):
            self._last_success = last_success

    def finish(self) -> tuple[asyncio.Task[None], ...]:
        """Begin nothing new; gives what is under way."""
        self._finishing = True
        return tuple(self._under_way.values())

    async def run(self) -> None:
        """Send until cancelled; what is under way then is repeated under its id at the next start."""
        try:
            while True:
                self._wake.clear()
                wait_s = await self._step()
                try:
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _step(self) -> float:
        """Do what is due, and give how long nothing else is."""
        if self._fault is not None:
            raise self._fault
        now = self._clock.now()
        if self._finishing:
            return _LOOK_AGAIN_S
        while self._sent and not now - MINUTE < self._sent[0] <= now + MINUTE:
            self._sent.popleft()
        if self._then and self._then_until is not None and now < self._then_until <= now + _PLAN_LASTS:
            return self._go_on(self._then_until, now)
        pace = Pace(tuple(self._sent), self._hold_until, frozenset(self._busy))
        idle = [d for id_, (d, _) in self._waiting.items() if id_ not in self._under_way]
        plan = plan_next(idle, self._subscription, pace, now)
        if plan.bundle:
            await self._bundle(plan.bundle, now)
            return 0.0
        for delivery in plan.send:
            self._start(delivery, now)
        self._then = deque(plan.then)
        self._then_until = min(now + _PLAN_LASTS, plan.wake) if plan.wake is not None else now + _PLAN_LASTS
        wake = self._then_until if plan.then else plan.wake
        if wake is None:
            return _LOOK_AGAIN_S
        return min(max((wake - self._clock.now()).total_seconds(), 0.001), _LOOK_AGAIN_S)

    def _go_on(self, until: datetime, now: datetime) -> float:
        """Send on by the plan that was made, as far as there is room."""
        while self._then and len(self._busy) < AT_ONCE:
            self._start(self._then.popleft(), now)
        return max((until - now).total_seconds(), 0.001) if self._then else 0.001

    def _start(self, delivery: Delivery, now: datetime) -> None:
        if not delivery.sample:
            self._sent.append(now)
        self._busy.add(delivery.alert_id)
        self._under_way[delivery.id] = asyncio.create_task(self._carry(delivery))

    async def _carry(self, delivery: Delivery) -> None:
        subscription = self._subscription
        try:
            answer = await self._try(subscription, delivery)
            now = self._clock.now()
            verdict = judge_answer(delivery, answer, self._last_success, now, self._clock.patience)
            if self._subscription.channel != subscription.channel:
                verdict = judge_moved(verdict, has_channel=bool(self._subscription.channel))
            after = verdict.delivery
            await self._post.write([after])
            self._settle(after)
            if after.state is DeliveryState.DELIVERED:
                self._last_success = now
            if verdict.hold_until is not None:
                self._hold_until = verdict.hold_until
                self._then.clear()
            if verdict.pause is not None and not self._subscription.paused:
                await self._pause(verdict.pause)
        except Exception as error:  # noqa: BLE001 - a fault of the program, told where the process looks for one
            self._fault = error
        finally:
            self._under_way.pop(delivery.id, None)
            self._busy.discard(delivery.alert_id)
            self._wake.set()

    async def _try(self, subscription: Subscription, delivery: Delivery) -> Answer:
        try:
            return await self._post.send(subscription, delivery)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again, and the others go on
            return Answer(delivered=False, words=f"the notifier could not send it ({type(error).__name__})")

    def _settle(self, after: Delivery) -> None:
        self._metrics.count(DELIVERIES, after.state.value)
        held = self._waiting.get(after.id)
        if after.state is DeliveryState.RETRYING:
            if held is not None:  # else its partition is someone else's by now
                self._waiting[after.id] = (after, held[1])
            return
        self._waiting.pop(after.id, None)
        if after.state is DeliveryState.PARKED:
            log_event(
                LogEvent.DELIVERY_PARKED,
                subscription=after.subscription_id,
                delivery=after.id,
                answer=after.answer,
            )

    async def _pause(self, reason: str) -> None:
        """Pause the subscription, tell of it, and park what waits: it can be sent again."""
        log_event(LogEvent.SUBSCRIPTION_PAUSED, subscription=self._subscription.id, reason=reason)
        before = self._subscription
        self._subscription = before.model_copy(update={"paused": True, "paused_reason": reason})
        self._then.clear()
        await self._post.pause(before, reason)
        await self._end_waiting(DeliveryState.PARKED, f"the subscription was paused: {reason}")

    async def close(self, answer: str) -> None:
        """Note of what waits that it will not be sent: there is nowhere to send it to any more."""
        await self._end_waiting(DeliveryState.DROPPED, answer)

    async def _end_waiting(self, state: DeliveryState, answer: str) -> None:
        ended = [
            delivery.model_copy(update={"state": state, "answer": answer, "due_time": None})
            for id_, (delivery, _) in self._waiting.items()
            if id_ not in self._under_way
        ]
        await self._post.write(ended)
        for delivery in ended:
            self._waiting.pop(delivery.id, None)
            self._metrics.count(DELIVERIES, state.value)

    async def _bundle(self, members: tuple[Delivery, ...], now: datetime) -> None:
        """Close a digest. Once it is written its members belong to it, whatever happens: one record decides."""
        digest = make_digest(members, now)
        home = self._waiting[members[0].id][1]
        await self._post.write([digest])
        for member in members:
            self._waiting.pop(member.id, None)
        self._waiting[digest.id] = (digest, home)
        await self._post.write([bundle_member(member, digest, now) for member in members])
