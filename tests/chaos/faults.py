"""The faults: each is done to a running installation, is seen to have taken, and is undone."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from aiokafka.errors import KafkaError

from schemas import topics
from schemas.transcript import Transcript
from streams.kafka.client import NoBrokerError, open_admin
from streams.kafka.dead_letters import read_parked
from tests.chaos.installation import fill_disk, set_clock
from tests.chaos.scenarios import Fault, Scenario, Target
from tests.kafka.conftest import reader_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from streams.kafka.local import LocalBroker
    from streams.settings import Settings
    from tests.chaos.installation import Installation

AWAY_S: Final = 2.0
"""How long what was killed or stopped stays away, and how long what has come back is left alone."""

WAIT_S: Final = 180.0
_FULL_S: Final = 30.0
_MOVES: Final = 6
"""Changes that must come while a disk is full."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a fault is done to."""

    scenario: Scenario
    settings: Settings
    installation: Installation
    broker: LocalBroker
    broker_disk: Path | None
    clock: Path
    told: Callable[[], int]
    """How many changes the subscriber was told so far."""


async def strike(site: Site) -> None:
    """Do to a site what its scenario says; on return whoever was ended and is supervised runs again."""
    done = _BROKER if site.scenario.target is Target.BROKER else _PROCESS
    await done[site.scenario.fault](site)
    await asyncio.gather(*(member.revive() for member in site.installation.members))


async def _kill(site: Site) -> None:
    hit = site.installation.of(site.scenario.target)
    await asyncio.gather(*(member.kill() for member in hit))
    await asyncio.sleep(AWAY_S)


async def _terminate(site: Site) -> None:
    await site.installation.of(site.scenario.target)[0].stop()
    await asyncio.sleep(AWAY_S)


async def _halt(site: Site) -> None:
    member = site.installation.of(site.scenario.target)[0]
    member.send(signal.SIGSTOP)
    await asyncio.sleep(_halt_s(site))
    member.send(signal.SIGCONT)
    await asyncio.sleep(AWAY_S)


def _halt_s(site: Site) -> float:
    return site.settings.session_timeout_s + 4


async def _join_and_leave(site: Site) -> None:
    joined = []
    for _ in range(2):
        joined += await site.installation.add(site.scenario.target)
        await asyncio.sleep(AWAY_S)
    for member in joined:
        await member.stop()
    site.installation.leave(joined)


async def _delete_state(site: Site) -> None:
    shutil.rmtree(site.settings.data_dir)
    await asyncio.sleep(AWAY_S)
    await site.installation.clear()


async def _fill_state_disk(site: Site) -> None:
    filler = fill_disk(site.settings.data_dir)
    try:
        before = site.told()
        await until(lambda: site.told() >= before + _MOVES, "no alerts came while the disk was full")
        worker = site.installation.of(Target.WORKER)[0]
        await worker.stop()
        await worker.start()
        before = site.told()
        await until(lambda: site.told() >= before + _MOVES, "no alerts came after a start on a full disk")
    finally:
        filler.unlink()


async def _skew_clocks(site: Site) -> None:
    set_clock(site.clock, 1 if site.scenario.fault is Fault.CLOCK_AHEAD else -1)
    await until(lambda: _clocks_are_off(site.settings), "the clocks did not jump")
    await asyncio.sleep(AWAY_S)
    set_clock(site.clock, 0)
    await asyncio.sleep(AWAY_S)


async def _clocks_are_off(settings: Settings) -> bool:
    """Tell whether gateway and worker have written a time that is a day from the broker's."""
    read_all = reader_of(settings)
    raw = [
        (Transcript.decode(r.value).ingest_time.timestamp(), r.timestamp)
        for r in await read_all(topics.TRANSCRIPTS_RAW)
        if r.key is not None
    ]
    parked = [
        (letter.failed_time.timestamp(), r.timestamp)
        for r in await read_all(topics.dead_letter_topic_name(topics.TRANSCRIPTS_RAW.name))
        if (letter := read_parked(r).letter) is not None
    ]
    limit_s = timedelta(hours=23).total_seconds()
    return all(any(abs(said - at_ms / 1000) > limit_s for said, at_ms in times) for times in (raw, parked))


async def _only_load(_: Site) -> None:
    """The load itself is what is wrong; it goes on for a while."""
    await asyncio.sleep(3 * AWAY_S)


async def _kill_broker(site: Site) -> None:
    os.kill(_broker_pid(site), signal.SIGKILL)
    await asyncio.sleep(AWAY_S)
    await asyncio.to_thread(site.broker.stop)
    await _start_broker(site)


async def _stop_broker(site: Site) -> None:
    await asyncio.to_thread(site.broker.stop)
    await asyncio.sleep(AWAY_S)
    await _start_broker(site)


async def _halt_broker(site: Site) -> None:
    os.kill(_broker_pid(site), signal.SIGSTOP)
    await asyncio.sleep(_halt_s(site))
    os.kill(_broker_pid(site), signal.SIGCONT)
    await until(lambda: _broker_answers(site.settings), "the broker did not come back")


async def _fill_broker_disk(site: Site) -> None:
    assert site.broker_disk is not None
    filler = fill_disk(site.broker_disk)
    try:
        await until(lambda: not site.broker.is_alive(), "the broker went on without a disk", _FULL_S)
    finally:
        filler.unlink()
    await asyncio.to_thread(site.broker.stop)
    await _start_broker(site)


def _broker_pid(site: Site) -> int:
    assert site.broker.pid is not None
    return site.broker.pid


async def _start_broker(site: Site) -> None:
    await asyncio.to_thread(site.broker.start)
    await until(lambda: _broker_answers(site.settings), "the broker did not come back")


async def _broker_answers(settings: Settings) -> bool:
    try:
        async with open_admin(settings) as admin:
            return bool(await admin.list_topics())
    except (NoBrokerError, KafkaError, TimeoutError, OSError):
        return False


_PROCESS: Final[Mapping[Fault, Callable[[Site], Awaitable[None]]]] = {
    Fault.KILL: _kill,
    Fault.TERMINATE: _terminate,
    Fault.HALT: _halt,
    Fault.JOIN_AND_LEAVE: _join_and_leave,
    Fault.DELETE_STATE: _delete_state,
    Fault.FILL_STATE_DISK: _fill_state_disk,
    Fault.CLOCK_AHEAD: _skew_clocks,
    Fault.CLOCK_BEHIND: _skew_clocks,
    Fault.TIMES_OFF: _only_load,
    Fault.SEND_TWICE: _only_load,
}
_BROKER: Final[Mapping[Fault, Callable[[Site], Awaitable[None]]]] = {
    Fault.KILL: _kill_broker,
    Fault.TERMINATE: _stop_broker,
    Fault.HALT: _halt_broker,
    Fault.FILL_BROKER_DISK: _fill_broker_disk,
}


async def within(what: Awaitable[Any], timeout_s: float, otherwise: str) -> None:
    """Wait for something; `otherwise` says what it means that it did not come in time."""
    try:
        async with asyncio.timeout(timeout_s):
            await what
    except TimeoutError as error:
        raise TimeoutError(f"{otherwise} (within {timeout_s:.0f} s)") from error


async def until(
    holds: Callable[[], bool | Awaitable[bool]], otherwise: str, timeout_s: float = WAIT_S
) -> None:
    """Wait until something holds; `otherwise` says what it means that it did not in time."""

    async def ask() -> None:
        while True:
            found = holds()
            if found is True or (not isinstance(found, bool) and await found):
                return
            await asyncio.sleep(0.1)

    await within(ask(), timeout_s, otherwise)
