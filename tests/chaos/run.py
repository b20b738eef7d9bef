"""Runs one scenario: an installation under a steady load, the fault, and the books when all has come to rest."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx
from aiokafka.errors import KafkaError

from schemas import topics
from schemas.agreement import Transition
from schemas.alert import AlertChange
from schemas.subscription import Delivery, DeliveryState
from schemas.topics import Output
from streams.extract.models import load_models
from streams.kafka.client import NoBrokerError, open_admin, open_producer, open_reader
from streams.kafka.dead_letters import read_parked
from streams.kafka.groups import count_work_left, installation_plans
from streams.kafka.local import free_port
from streams.kafka.topics import create_topics, delete_topics
from streams.replay.run import run_transcripts
from streams.rules.load import load_pack
from tests.chaos.clients import Sender, Subscriber
from tests.chaos.cluster import COPIES, LocalCluster
from tests.chaos.faults import WAIT_S, Site, strike, until, within
from tests.chaos.installation import (
    Installation,
    ScenarioSkippedError,
    clock_environment,
    small_disk,
)
from tests.chaos.ledger import Balance, Books, Parked, balance
from tests.chaos.scenarios import Fault, Kafka, Scenario, Target
from tests.chaos.stories import tell_stories
from tests.kafka.conftest import reader_of
from tests.kafka.gateway_process import JSON, publish
from tests.kafka.notifier_receiver import make_subscription, receiving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from streams.kafka.local import LocalBroker
    from streams.settings import Settings
    from tests.kafka.notifier_receiver import Receiver

SESSION_S: Final = 6.0
"""Session timeout of worker and notifier: the shortest that Kafka takes by default, so that a run stays short."""

_STATE_DISK_MIB: Final = 24
_REPORT_PAUSE_S: Final = 0.3
_STORY_PAUSE_S: Final = 1.0
_POISON_PAUSE_S: Final = 1.0
_BEFORE: Final = 6
"""Alerts that have come before the fault."""
_AFTER: Final = 5
"""Stories that are begun after it."""
_FAULT_S: Final = 240.0
_DAY: Final = timedelta(days=1)


@dataclass
class Result:
    """What came of a scenario. `skipped` says why it was not run."""

    scenario: Scenario
    faults: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    fault_s: float = 0.0
    settle_s: float = 0.0
    whole_s: float = 0.0
    skipped: str | None = None

    @property
    def verdict(self) -> str:
        """Say it in a word."""
        if self.skipped is not None:
            return "not run"
        return "broken" if self.faults else "holds"


async def run_scenario(
    scenario: Scenario,
    kafka: LocalBroker | LocalCluster,
    base: Settings,
    folder: Path,
    broker_disk: Path | None = None,
) -> Result:
    """Run a scenario in a namespace of its own and give what came of it.

    Args:
        scenario: Which.
        kafka: A running broker or cluster, as the scenario wants it; it is hit where the scenario says so.
        base: What all scenarios have in common; `cache_dir` and nothing of a namespace.
        folder: For logs and state, of this scenario alone.
        broker_disk: The disk that the broker's data lie on, if it may be filled.
    """
    begin = time.monotonic()
    result = Result(scenario)
    if scenario.fault is Fault.FILL_BROKER_DISK and broker_disk is None:
        result.skipped = "the broker has no disk of its own that could be filled"
        return result
    try:
        with ExitStack() as disks:
            settings = _settings_of(scenario, kafka, base, folder)
            if scenario.fault is Fault.FILL_STATE_DISK:
                disks.enter_context(small_disk(settings.data_dir, _STATE_DISK_MIB))
            await _Run(scenario, kafka, settings, folder, broker_disk, result).run()
    except ScenarioSkippedError as reason:
        result.skipped = str(reason)
    except Exception as error:  # noqa: BLE001 - a run that broke off is a result too, and the others go on
        result.faults.append(f"the run broke off: {type(error).__name__}: {error}")
    result.whole_s = time.monotonic() - begin
    return result


def _settings_of(
    scenario: Scenario, kafka: LocalBroker | LocalCluster, base: Settings, folder: Path
) -> Settings:
    return base.model_copy(
        update={
            "broker": kafka.address,
            "replication": COPIES if isinstance(kafka, LocalCluster) else 1,
            "topic_prefix": f"{scenario.name}.",
            "group": scenario.name,
            "partitions": 3,
            "data_dir": folder / "data",
            "gateway_port": free_port(),
            "gateway_rate": 1_000_000,
            # two of them may run: a free one each, but where it is asked whether they are ready
            "health_port": 0 if scenario.kafka is Kafka.ONE else free_port(),
            "notifier_port": 0 if scenario.kafka is Kafka.ONE else free_port(),
            "notifier_allow": "127.0.0.1",
            "notifier_retry_first_s": 0.2,
            "notifier_retry_limit_s": 1.0,
            "notifier_timeout_s": 5.0,
            "session_timeout_s": SESSION_S,
            "commit_interval_s": 0.5,
            "retry_limit_s": 1.0,
        }
    )


@dataclass
class _Run:
    scenario: Scenario
    kafka: LocalBroker | LocalCluster
    settings: Settings
    folder: Path
    broker_disk: Path | None
    result: Result
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the fault is over and everyone is back."""

    async def run(self) -> None:
        rules = [rule for rule in load_pack() if rule.alert.topic == "security-mou"]
        self.folder.mkdir(parents=True, exist_ok=True)
        clock = self.folder / "clock"
        skewed = self.scenario.fault in {Fault.CLOCK_AHEAD, Fault.CLOCK_BEHIND}
        installation = Installation(self.settings, self.folder, clock_environment(clock) if skewed else {})
        async with AsyncExitStack() as stack:
            stack.push_async_callback(installation.clear)
            await stack.enter_async_context(_topics(self.settings))
            receiver = await stack.enter_async_context(receiving())
            async with open_producer(self.settings) as producer:
                outputs = [Output(topics.RULES, rule.id, rule, _now()) for rule in rules]
                desk = make_subscription("desk", f"{receiver.address}/desk")
                await publish(
                    producer, self.settings, *outputs, Output(topics.SUBSCRIPTIONS, desk.id, desk, _now())
                )
            await installation.add(Target.WORKER, Target.GATEWAY, Target.NOTIFIER, *self.scenario.pairs)
            address = f"http://127.0.0.1:{self.settings.gateway_port}"
            sender, subscriber = Sender(address), Subscriber(address)
            following = await _background(stack, subscriber.follow())
            await within(subscriber.following.wait(), 30, "the stream did not begin")
            loading = await _background(stack, self._load(sender))
            await until(lambda: len(subscriber.told) >= _BEFORE, "no alerts came before the fault")
            hit = time.monotonic()
            site = Site(
                self.scenario,
                self.settings,
                installation,
                self.kafka,
                self.broker_disk,
                clock,
                lambda: len(subscriber.told),
                lambda: sender.turned_away,
            )
            await within(strike(site), _FAULT_S, "the fault did not come to its end")
            self.result.fault_s = time.monotonic() - hit
            self.over.set()
            await within(loading, WAIT_S, "the load was not taken")
            ended = time.monotonic()
            expected = await asyncio.to_thread(
                lambda: tuple(run_transcripts(sender.accepted, load_models(), rules))
            )
            await self._settle(sender, subscriber, receiver, expected, address)
            self.result.settle_s = time.monotonic() - ended
            await installation.stop()
            following.cancel()
            await self._close_books(sender, subscriber, receiver, expected, installation)

    async def _load(self, sender: Sender) -> None:
        """Begin one story after the other until the fault is over and some more have begun."""
        fault = self.scenario.fault
        offsets = (timedelta(), _DAY, -_DAY) if fault is Fault.TIMES_OFF else (timedelta(),)
        times = 2 if fault is Fault.SEND_TWICE else 1
        stories = tell_stories(self.scenario.name, self.settings.partitions, _now(), offsets)
        after = 0
        async with (
            httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=200)) as client,
            asyncio.TaskGroup() as telling,
        ):
            enough = asyncio.Event()
            telling.create_task(sender.poison_topic(self.settings, _POISON_PAUSE_S, enough))
            begun = []
            for story in stories:
                begun.append(telling.create_task(sender.tell(story, client, _REPORT_PAUSE_S, times)))
                await asyncio.sleep(_STORY_PAUSE_S)
                after += self.over.is_set()
                if after >= _AFTER:
                    break
            await asyncio.gather(*begun)
            if fault is Fault.SEND_TWICE:
                await sender.repeat(client)
            enough.set()

    async def _settle(
        self,
        sender: Sender,
        subscriber: Subscriber,
        receiver: Receiver,
        expected: tuple[AlertChange, ...],
        address: str,
    ) -> None:
        """Return when all has come and nobody has anything left to do; what does not come in time is told."""
        changes, alerts = len({c.id for c in expected}), len({c.alert.id for c in expected})
        waits: tuple[tuple[str, Callable[[], bool | Awaitable[bool]]], ...] = (
            ("changes at the stream", lambda: len({c.id for c in subscriber.told}) >= changes),
            ("changes at the webhook", lambda: len(set(receiver.taken_ids())) >= changes),
            ("records with an agent", self._nothing_left),
            ("deliveries with the notifier", self._all_delivered),
            ("alerts in the gateway's index", lambda: _indexed(address, sender.accepted[-1].id, alerts)),
        )
        deadline = time.monotonic() + WAIT_S
        for what, holds in waits:
            try:
                await until(holds, what, max(2.0, deadline - time.monotonic()))
            except TimeoutError:
                self.result.faults.append(f"{what}: not all through {WAIT_S:.0f} s after the load")
        await asyncio.sleep(1)  # what nobody expects may still come

    async def _nothing_left(self) -> bool:
        async with open_admin(self.settings) as admin, open_reader(self.settings) as reader:
            return not await count_work_left(admin, reader, self.settings)

    async def _all_delivered(self) -> bool:
        states: dict[str, DeliveryState] = {}
        for record in await reader_of(self.settings)(topics.DELIVERIES):
            delivery = Delivery.decode(record.value)
            # One that was halted and wakes may write down again what another one has delivered; nobody sends it.
            if states.get(delivery.id) is not DeliveryState.DELIVERED:
                states[delivery.id] = delivery.state
        return set(states.values()) == {DeliveryState.DELIVERED}

    async def _close_books(
        self,
        sender: Sender,
        subscriber: Subscriber,
        receiver: Receiver,
        expected: tuple[AlertChange, ...],
        installation: Installation,
    ) -> None:
        read_all = reader_of(self.settings)
        parked = [
            read_parked(r) for r in await read_all(topics.dead_letter_topic_name(topics.TRANSCRIPTS_RAW.name))
        ]
        books = Books(
            accepted=[t.id for t in sender.accepted],
            poison=sender.poison,
            expected=expected,
            enriched=[r.key.decode() for r in await read_all(topics.TRANSCRIPTS_ENRICHED)],
            parked=[
                Parked(p.value or b"", None if p.letter is None else p.letter.reason.value) for p in parked
            ],
            transitions=[Transition.decode(r.value) for r in await read_all(topics.AGREEMENTS_CHANGED)],
            alerts=[AlertChange.decode(r.value) for r in await read_all(topics.ALERTS)],
            streamed=subscriber.told,
            hooked=[(id_, AlertChange.model_validate(content)) for id_, content in receiver.taken],
            bodies={id_: len(bodies) for id_, bodies in receiver.bodies.items()},
        )
        found: Balance = balance(books)
        self.result.faults += found.faults
        self.result.faults += [f"the gateway refused: {words}" for words in sender.refused[:1]]
        self.result.faults += [f"the stream was reset {subscriber.resets} times"] * bool(subscriber.resets)
        self.result.faults += installation.bad_ends()
        self.result.figures.update(found.figures)
        self.result.figures["connections"] = subscriber.connections
        self.result.figures["tries"] = sender.tries
        self.result.figures["turned away"] = sender.turned_away


async def _indexed(address: str, transcript_id: str, alerts: int) -> bool:
    """Tell whether the gateway knows, by its own index, a transcript's reading and every alert."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        with suppress(httpx.TransportError):
            reading = await client.get(f"{address}/v1/transcripts/{transcript_id}", headers=JSON)
            page = await client.get(f"{address}/v1/alerts?limit=1000", headers=JSON)
            return reading.is_success and page.is_success and len(page.json()["alerts"]) == alerts
    return False


async def _background(stack: AsyncExitStack, work: Any) -> asyncio.Task[None]:  # noqa: ANN401 - a coroutine
    """Start work that is cancelled at the end, if it still runs."""
    task: asyncio.Task[None] = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)
    return task


@asynccontextmanager
async def _topics(settings: Settings) -> AsyncIterator[None]:
    async with open_admin(settings) as admin:
        await create_topics(admin, installation_plans(settings))
    yield
    with suppress(NoBrokerError, KafkaError, TimeoutError):
        async with open_admin(settings) as admin:
            mine = [name for name in await admin.list_topics() if name.startswith(settings.topic_prefix)]
            await delete_topics(admin, mine)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the load is told as it happens
