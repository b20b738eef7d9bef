from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from schemas.subscription import Delivery, DeliveryState, Subscription
from streams.notifier.carrier import Carrier, Clock
from streams.notifier.schedule import AT_ONCE, NOWHERE, Answer, Patience
from streams.telemetry import Metrics
from tests.notifier.test_schedule import ids, make_delivery, make_subscription

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

OK = Answer(delivered=True, words="200 OK", status=200)
BAD = Answer(delivered=False, words="500", status=500)


class Memory:
    """Keeps what a carrier writes, and answers tries as it is told to: by alert, then 200."""

    def __init__(self, **script: list[Answer]) -> None:
        self.script = script
        self.tried: list[str] = []
        self.written: list[Delivery] = []
        self.paused: list[str] = []
        self.full = False
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, _: Subscription, delivery: Delivery) -> Answer:
        self.tried.append(delivery.id)
        await asyncio.sleep(0)
        await self.open.wait()
        answers = self.script.get(delivery.alert_id.replace("-", "_"), [])
        return answers.pop(0) if answers else OK

    async def write(self, deliveries: Iterable[Delivery]) -> None:
        if self.full:
            raise RuntimeError("the disk is full")
        self.written += deliveries

    async def pause(self, _: Subscription, reason: str) -> None:
        self.paused.append(reason)

    def state(self, delivery: Delivery) -> DeliveryState | None:
        return next((d.state for d in reversed(self.written) if d.id == delivery.id), None)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - pauses between tries are real here


@asynccontextmanager
async def carrying(carrier: Carrier) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(carrier.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, RuntimeError):
            await task


def make_carrier(memory: Memory, give_up_s: float = 60, **fields: object) -> Carrier:
    clock = Clock(now, Patience(0.01, 0.02, give_up_s))
    return Carrier(make_subscription(**fields), memory, clock, Metrics())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


async def test_what_fails_is_tried_again_before_a_later_change_of_its_alert_and_others_go_on() -> None:
    memory = Memory(alert_1=[BAD, BAD])
    carrier = make_carrier(memory)
    first, second, other = make_delivery(1), make_delivery(1, 2), make_delivery(2)
    for delivery in (second, first, other):
        carrier.add(delivery, 0)
    async with carrying(carrier):
        await until(lambda: carrier.waiting == ())
    assert [id_ for id_ in memory.tried if id_ != other.id] == [*ids([first] * 3), second.id]
    assert memory.tried.index(other.id) < memory.tried.index(second.id)
    assert {memory.state(d) for d in (first, second, other)} == {DeliveryState.DELIVERED}


async def test_after_long_failure_the_rest_is_parked_and_nothing_more_is_tried() -> None:
    memory = Memory(alert_1=[BAD] * 1000)
    carrier = make_carrier(memory, give_up_s=0.05)
    first, second = make_delivery(1), make_delivery(1, 2)
    carrier.add(first, 0)
    carrier.add(second, 1)
    async with carrying(carrier):
        await until(lambda: carrier.waiting == ())
    assert len(memory.paused) == 1
    assert memory.state(first) is memory.state(second) is DeliveryState.PARKED
    assert second.id not in memory.tried
    assert carrier.subscription.paused_reason == memory.paused[0]
    assert all(d.changes for d in memory.written if d.state is DeliveryState.PARKED)


async def test_a_digest_is_written_before_its_members_and_before_it_is_sent() -> None:
    memory = Memory()
    carrier = make_carrier(memory, digest={"every_s": 60, "count": 2})
    members = [make_delivery(1), make_delivery(2)]
    async with carrying(carrier):
        for delivery in members:
            carrier.add(delivery, 0)
        await until(lambda: len(memory.tried) == 1 and carrier.waiting == ())
    digest, *rest = memory.written
    assert digest.members == tuple(ids(members))
    assert [d.state for d in rest] == [DeliveryState.BUNDLED, DeliveryState.BUNDLED, DeliveryState.DELIVERED]
    assert memory.tried == [digest.id]


async def test_a_receiver_who_asked_for_a_pause_has_it_after_a_restart_too() -> None:
    memory = Memory()
    carrier = make_carrier(memory)
    asked = now() + timedelta(seconds=0.2)
    retried = make_delivery(1, state=DeliveryState.RETRYING, attempt=1, due_time=asked, asked=True)
    carrier.add(retried, 0)
    carrier.add(make_delivery(2), 0)
    async with carrying(carrier):
        await until(lambda: len(memory.tried) == 2)
        assert now() >= asked


async def test_who_leads_elsewhere_is_tried_there_at_once_and_what_the_old_channel_said_is_forgotten() -> (
    None
):
    memory = Memory(alert_1=[BAD], alert_2=[Answer(delivered=False, words="410", status=410)])
    carrier = make_carrier(memory)
    long_after = now() + timedelta(hours=3)
    carrier.add(make_delivery(1, state=DeliveryState.RETRYING, attempt=1, due_time=long_after, asked=True), 0)
    memory.open.clear()
    async with carrying(carrier):
        carrier.change(make_subscription(channel="https://second.example/hook"))
        carrier.add(make_delivery(2), 0)
        await until(lambda: len(memory.tried) == 2)
        carrier.change(make_subscription(channel="https://third.example/hook"))
        memory.open.set()
        await until(lambda: carrier.waiting == ())
    assert memory.paused == []
    assert sorted(memory.tried) == sorted(ids([make_delivery(1)] * 2 + [make_delivery(2)] * 2))


async def test_what_waits_is_dropped_when_the_subscription_has_no_channel_any_more() -> None:
    memory = Memory()
    carrier = make_carrier(memory, paused=True)
    waits = make_delivery(1)
    carrier.add(waits, 0)
    async with carrying(carrier):
        carrier.change(make_subscription(channel=""))
        await carrier.close(NOWHERE)
    assert memory.tried == []
    assert memory.state(waits) is DeliveryState.DROPPED


async def test_what_belongs_to_others_now_is_left_to_them() -> None:
    memory = Memory()
    carrier = make_carrier(memory, paused=True)
    mine, theirs = make_delivery(1), make_delivery(2)
    carrier.add(mine, 0)
    carrier.add(theirs, 1)
    carrier.drop(frozenset({1}))
    async with carrying(carrier):
        carrier.change(make_subscription())
        await until(lambda: carrier.waiting == ())
    assert memory.tried == [mine.id]


async def test_a_fault_of_the_program_ends_the_carrier_instead_of_going_round_for_ever() -> None:
    memory = Memory()
    memory.full = True
    carrier = make_carrier(memory)
    carrier.add(make_delivery(), 0)
    async with carrying(carrier) as task:
        await until(task.done)
        with pytest.raises(RuntimeError, match="the disk is full"):
            await task
    assert len(memory.tried) == 1


class Counting(Memory):
    """Notes how many tries are under way at once, and does something at the sixtieth."""

    most = under_way = 0
    then: Callable[[], Answer | None] | None = None

    async def send(self, subscription: Subscription, delivery: Delivery) -> Answer:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            answer = await super().send(subscription, delivery)
        finally:
            self.under_way -= 1
        if len(self.tried) >= SIXTY and self.then is not None:
            then, self.then = self.then, None
            return then() or answer
        return answer


SIXTY = 60


async def test_of_much_that_waits_each_goes_out_once_and_few_at_a_time() -> None:
    memory = Counting(alert_7=[BAD])
    carrier = make_carrier(memory)
    deliveries = [make_delivery(n, 1 + n % 2) for n in range(600)]
    for delivery in deliveries:
        carrier.add(delivery, 0)
    async with carrying(carrier):
        await until(lambda: carrier.waiting == ())
    assert sorted(memory.tried) == sorted([*ids(deliveries), deliveries[7].id])
    assert memory.most == AT_ONCE


@pytest.mark.parametrize("change", ["pause", "drop", "hold"])
async def test_a_change_in_the_middle_of_much_that_waits_is_heeded_at_once(change: str) -> None:
    asked = Answer(delivered=False, words="429", status=429, retry_after=now() + timedelta(hours=1))
    memory = Counting()
    carrier = make_carrier(memory)
    for number in range(400):
        carrier.add(make_delivery(number), number % 2)
    memory.then = {
        "pause": lambda: carrier.change(make_subscription(paused=True)),
        "drop": lambda: carrier.drop(frozenset({0, 1})),
        "hold": lambda: asked,
    }[change]
    async with carrying(carrier):
        await until(lambda: memory.then is None)
        # as many turns of the loop as all that waits would take
        for _ in range(3000):
            await asyncio.sleep(0)
    assert SIXTY <= len(memory.tried) < SIXTY + 2 * AT_ONCE
