"""The worker as a process: its agents started, watched, started again, and stopped without losing anything."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from streams.health import Health, HealthServer
from streams.kafka.client import open_admin
from streams.kafka.copies import watch_copies
from streams.kafka.groups import ALERTING, MATCHING, installation_plans
from streams.kafka.topics import TopicError, check_topics
from streams.telemetry import AGENT_RESTARTS, LogEvent, Metrics, log_event
from streams.worker.app import Steps, Surroundings, build_app
from streams.worker.continuity import HaltedError, RecoveryWatch, StuckError
from streams.worker.delivery import pauses
from streams.worker.rule_feed import RuleFeed
from streams.worker.store import StoreError, agent_folder, check_store, discard_stale
from streams.worker.transport import ProducerLine
from streams.worker.watch import watch_lag

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from streams.kafka.groups import Agent
    from streams.rules.match import RuleIndex
    from streams.settings import Settings
    from streams.worker.agents import AlertingWorker, Gate
    from streams.worker.app import BuiltApp

_FINISH_S: Final = 6.0
"""How long the record under way may take to end when the process is told to stop; after that it is repeated later."""

_HURRY_S: Final = 1.0
"""The same while the broker is away: what is under way will not end."""

_STOP_S: Final = 5.0
"""How long Faust may take to leave its group."""

_TICK_S: Final = 1.0
"""How often event time is let pass over what awaits it."""

_RECOVERY_S: Final = 30.0
"""An agent is started again when the recovery of its table has brought nothing for longer."""


class WorkerError(Exception):
    """The worker cannot run; the message says why and what to do."""


def run_as_process(main: Coroutine[Any, Any, None], tell: Callable[[Exception], None]) -> NoReturn:
    """Run a worker to its end, which is the end of the process: exit code 0, or 1 once `tell` has said what went wrong.

    Not `asyncio.run`: it waits for every task of the libraries, and some do not end while the broker is away. When
    `main` has returned all that was finished is committed, and nothing else is worth waiting for.
    """
    code = 0
    try:
        asyncio.Runner().run(main)
    except Exception as error:  # noqa: BLE001 - `tell` knows which of them are faults of the program
        tell(error)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


async def check_worker(settings: Settings) -> None:
    """Return if everything is there that the worker needs on the broker.

    Raises:
        NoBrokerError: No Kafka answers.
        TopicError: Topics are missing or have the wrong number of partitions.
        WorkerError: The store that the settings ask for is not installed.
    """
    try:
        check_store(settings)
    except StoreError as error:
        raise WorkerError(str(error)) from error
    # How many copies a topic has, and its other settings, are the operator's; these two an agent cannot work without.
    plans = [replace(plan, configs={}, replication=1) for plan in installation_plans(settings)]
    async with open_admin(settings) as admin:
        differences = await check_topics(admin, plans)
    if differences:
        more = f" (and {len(differences) - 1} more like it)" if len(differences) > 1 else ""
        raise TopicError(differences[0] + more)


async def run_worker(
    settings: Settings,
    agents: Sequence[Agent],
    *,
    index: RuleIndex,
    steps: Steps,
    stop: asyncio.Event,
    on_ready: Callable[[int], None],
) -> None:
    """Run agents until `stop` is set.

    Args:
        settings: As the operator set them.
        agents: Which of the agents.
        index: The rules, kept as rules.v1 says while this runs; `steps` match against it.
        steps: What decides.
        stop: Set from outside to end.
        on_ready: Called once, with the port of health and metrics, when all agents have their partitions.

    Raises:
        NoBrokerError: No Kafka answers at the start; later it is waited for.
        TopicError: Topics are missing or have the wrong number of partitions.
        WorkerError: The address for health and metrics cannot be used, or the store is not installed.
    """
    await check_worker(settings)
    metrics = Metrics()
    health = Health(metrics)
    line = ProducerLine(settings)
    await line.open()
    server = HealthServer(health, metrics)
    feed = RuleFeed(index, settings, health, metrics)
    around = Surroundings(settings, steps, line, feed, health, metrics)
    hosted = [HostedAgent(agent, around) for agent in agents]
    tasks: list[asyncio.Task[None]] = []
    try:
        port = await _listen(server, settings)
        tasks.append(asyncio.create_task(watch_lag(agents, settings, health, metrics)))
        names = [plan.name for plan in installation_plans(settings)]
        tasks.append(asyncio.create_task(watch_copies(settings, names, partial(health.note, "copies"))))
        if any(agent in (MATCHING, ALERTING) for agent in agents):
            tasks.append(asyncio.create_task(feed.follow()))
        tasks += [asyncio.create_task(one.run()) for one in hosted]
        tasks.append(asyncio.create_task(_announce(health, hosted, port=port, on_ready=on_ready)))
        await _wait_for_end(stop, tasks)
    finally:
        await _wind_up(hosted, tasks)
        await server.stop()
        with suppress(TimeoutError):
            # What is still under way then goes to a broker that is away; it was not acknowledged.
            async with asyncio.timeout(_HURRY_S):
                await line.close()


async def _wait_for_end(stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Return when the process is to end. A task that fails is a fault of the program, and ends it too."""
    stopping = asyncio.create_task(stop.wait())
    waiting: set[asyncio.Task[Any]] = {stopping, *tasks}
    while not stopping.done():
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


async def _wind_up(hosted: Sequence[HostedAgent], tasks: Sequence[asyncio.Task[None]]) -> None:
    """Stop the agents in order, then whatever still runs; none of it may keep the process from ending."""
    await asyncio.gather(*(one.stop() for one in hosted))
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_HURRY_S)


async def _listen(server: HealthServer, settings: Settings) -> int:
    try:
        return await server.start(settings.health_host, settings.health_port)
    except OSError as error:
        raise WorkerError(
            f"health and metrics cannot be served at {settings.health_host}:{settings.health_port} "
            f"({error.strerror or error}): set DRAGOMAN_HEALTH_PORT to another port, or to 0 for a free one"
        ) from error


async def _announce(
    health: Health, hosted: Sequence[HostedAgent], port: int, on_ready: Callable[[int], None]
) -> None:
    for one in hosted:
        await one.started.wait()
    await health.wait_ready()
    on_ready(port)


class HostedAgent:
    """One agent of this process, kept running."""

    def __init__(self, agent: Agent, around: Surroundings) -> None:
        self.started = asyncio.Event()
        """Set once the agent has had its partitions for the first time."""
        self._agent = agent
        self._around = around
        self._built: BuiltApp | None = None
        self._stopping = asyncio.Event()
        self._trouble = f"{agent.name} agent"
        around.health.report(self._trouble, "is starting: no partitions yet")

    async def run(self) -> None:
        """Run the agent until `stop`; what breaks it down is logged, and it is built anew after a pause."""
        settings = self._around.settings
        waits = pauses(settings.retry_first_s, settings.retry_limit_s)
        while not self._stopping.is_set():
            try:
                await self._run_once()
            except WorkerError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it was, the other agents go on and this one comes back
                reason = f"{type(error).__name__}: {error}"
                log_event(LogEvent.AGENT_BROKEN, agent=self._agent.name, error=reason)
                self._around.health.report(self._trouble, f"broke down and is started again: {reason}")
                self._around.metrics.count(AGENT_RESTARTS, self._agent.name)
                with suppress(TimeoutError):
                    async with asyncio.timeout(next(waits)):
                        await self._stopping.wait()

    async def stop(self) -> None:
        """Let the record under way end, commit, and leave the group."""
        self._stopping.set()
        if self._built is not None:
            await self._stop_app(self._built)

    async def _run_once(self) -> None:
        folder = agent_folder(self._agent, self._around.settings)
        folder.mkdir(parents=True, exist_ok=True)
        discard_stale(folder, time.time())
        built = self._built = build_app(self._agent, self._around)
        self._connect(built)
        timers: list[asyncio.Task[None]] = []
        try:
            if (error := await _finish(asyncio.create_task(built.app.start()))) is not None:
                raise error
            timers.append(asyncio.create_task(_feel_pulse(built, self._around.health)))
            if built.alerting is not None:
                timers.append(asyncio.create_task(self._pass_time(built.alerting, built.gate)))
            await _wait_for_break(built)
        finally:
            for timer in timers:
                timer.cancel()
            if not self._stopping.is_set() and not await self._stop_app(built):
                # Its consumer may still hold partitions: a second one beside it in this process would share them.
                raise WorkerError(
                    f"the {self._agent.name} agent broke down and could not be stopped: start the worker again; "
                    "nothing that was not finished is lost"
                )

    async def _stop_app(self, built: BuiltApp) -> bool:
        """Let the record under way end, commit, and leave the group; give whether all of it was done in time."""
        away = "broker" in self._around.health.reasons
        in_time = await built.gate.close(_HURRY_S if away else _FINISH_S)

        async def end() -> None:
            if in_time and built.app.started and not built.app.crashed and not away:
                await built.app.consumer.commit()
            await built.app.stop()

        if (error := await _finish(asyncio.create_task(end()), _STOP_S)) is not None:
            log_event(
                LogEvent.AGENT_UNSTOPPED, agent=self._agent.name, error=f"{type(error).__name__}: {error}"
            )
        return error is None

    def _connect(self, built: BuiltApp) -> None:
        """Follow the moves of partitions: nothing is worked on while they move."""

        async def revoked(*_: object, **__: object) -> None:
            self._around.health.report(
                self._trouble, "has no partitions at the moment: they are being shared out"
            )
            await built.gate.close(self._around.settings.session_timeout_s / 2)

        async def complete(*_: object, **__: object) -> None:
            recovery = cast("Any", built.app.tables).recovery
            if self._stopping.is_set() or recovery.signal_recovery_start.is_set():
                return  # where partitions have moved again meanwhile, tables are not whole: this is said once more
            _hold_flow(built)
            built.worker.recover(_partitions(built))
            built.gate.reopen()
            self._around.health.clear(self._trouble)
            self.started.set()

        built.app.on_partitions_revoked.connect(revoked)
        built.app.on_rebalance_complete.connect(complete)

    async def _pass_time(self, alerting: AlertingWorker, gate: Gate) -> None:
        while not gate.broken.done():
            await asyncio.sleep(_TICK_S)
            try:
                async with gate.passing() as may_pass:
                    if may_pass:
                        await alerting.pass_time()
            except Exception as error:  # noqa: BLE001 - as with records: the agent is started again
                gate.breakdown(error)


async def _feel_pulse(built: BuiltApp, health: Health) -> None:
    watch = RecoveryWatch(_RECOVERY_S)
    while not built.gate.broken.done():
        await asyncio.sleep(_TICK_S)
        recovery = cast("Any", built.app.tables).recovery
        waits = recovery.in_recovery and "broker" not in health.reasons
        try:
            built.pulse.check()
            watch.check(sum(recovery.active_offsets.values()) if waits else None)
        except (HaltedError, StuckError) as error:
            built.gate.breakdown(error)


async def _wait_for_break(built: BuiltApp) -> None:
    """Return when the app was stopped from outside.

    Raises:
        Exception: What broke it down, in our part of it or in Faust's.
    """
    ended = asyncio.create_task(built.app.wait())
    either: set[asyncio.Future[Any]] = {ended, built.gate.broken}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended.cancel()
    if built.gate.broken.done():
        raise built.gate.broken.result()
    if built.app.crashed:
        raise built.app.crash_reason or RuntimeError("it crashed without a reason")


async def _finish(task: asyncio.Task[None], timeout_s: float | None = None) -> BaseException | None:
    """Wait for a piece of Faust's work and give what went wrong.

    In a task of its own, because Faust and its threads cancel what waits for them when they break down: that must not
    be taken for the end of the worker.
    """
    try:
        done, _ = await asyncio.wait({task}, timeout=timeout_s)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        return TimeoutError(f"not within {timeout_s} s")
    if task.cancelled():
        return RuntimeError("it was cancelled from within")
    return task.exception()


def _hold_flow(built: BuiltApp) -> None:
    """Let nothing come in until Faust has gone back to the last commit.

    When tables are recovered, Faust first lets records in again, then goes back to the last commit, and then empties
    the buffers: a record that came in between these is lost, and the next acknowledgement is committed past it. With
    the flow held from before the first of the three, until Faust lets it go after the last, nothing comes in between.
    """
    built.app.consumer.stop_flow()
    built.app.flow_control.suspend()


def _partitions(built: BuiltApp) -> set[int]:
    return {place.partition for place in built.app.consumer.assignment()}
