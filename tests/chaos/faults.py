"""The faults: each is done to a running installation, is seen to have taken, and is undone."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import httpx
from aiokafka.errors import KafkaError

from schemas import topics
from schemas.transcript import Transcript
from streams.kafka.client import NoBrokerError, open_admin
from streams.kafka.copies import read_copies
from streams.kafka.dead_letters import read_parked
from streams.kafka.local import LocalBroker
from streams.kafka.topics import kafka_name
from tests.chaos.cluster import LocalCluster, kill
from tests.chaos.installation import fill_disk, set_clock
from tests.chaos.scenarios import Fault, Kafka, Scenario, Target
from tests.kafka.conftest import reader_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from streams.settings import Settings
    from tests.chaos.installation import Installation

AWAY_S: Final = 2.0
"""How long what was killed or stopped stays away, and how long what has come back is left alone."""

WAIT_S: Final = 180.0
_FULL_S: Final = 30.0
_AWAY_OF_THREE_S: Final = 15.0
"""How long brokers of a cluster stay away: longer than it takes to be found missing."""

_TELL_S: Final = 30.0
"""How soon a process must say that it can do nothing."""

_MOVES: Final = 6
"""Changes that must come while a disk is full."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a fault is done to."""

    scenario: Scenario
    settings: Settings
    installation: Installation
    kafka: LocalBroker | LocalCluster
    broker_disk: Path | None
    clock: Path
    told: Callable[[], int]
    """How many changes the subscriber was told so far."""
    turned_away: Callable[[], int]
    """How often the sender was told to come back later."""

    @property
    def broker(self) -> LocalBroker:
        """The only one."""
        assert isinstance(self.kafka, LocalBroker)
        return self.kafka

    @property
    def cluster(self) -> LocalCluster:
        """Three of them."""
        assert isinstance(self.kafka, LocalCluster)
        return self.kafka


async def strike(site: Site) -> None:
    """Do to a site what its scenario says; on return whoever was ended and is supervised runs again."""
    if site.scenario.kafka is not Kafka.ONE:
        done = _CLUSTER
    else:
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


async def _kill_one_of_three(site: Site) -> None:
    if site.scenario.target is Target.LEADER:
        async with open_admin(site.settings) as admin:
            (raw,) = await admin.describe_topics([kafka_name(topics.TRANSCRIPTS_RAW, site.settings)])
        hit = site.cluster.brokers[raw["partitions"][0]["leader"]]
    else:
        hit = site.cluster.leader_of_cluster()
    kill([hit])
    # Longer than the others take to notice and to choose another one; alerts must come meanwhile.
    before = site.told()
    await asyncio.sleep(_AWAY_OF_THREE_S)
    await until(lambda: site.told() >= before + _MOVES, "no alerts came while one of three brokers was away")
    await _revive_cluster(site)


async def _restart_one_after_the_other(site: Site) -> None:
    for broker in site.cluster.brokers.values():
        await asyncio.to_thread(broker.stop)
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(broker.start)
        await until(lambda: _all_copies_are_there(site), "the broker did not catch up")


async def _lose_two(site: Site) -> None:
    kill(list(site.cluster.brokers.values())[:2])
    lost = time.monotonic()
    before = site.turned_away()
    await until(lambda: site.turned_away() > before, "the gateway did not say that it can take nothing")
    await _all_say(site, ready=False, timeout_s=_TELL_S)
    await asyncio.sleep(max(0.0, _AWAY_OF_THREE_S - (time.monotonic() - lost)))
    await _revive_cluster(site)
    await _all_say(site, ready=True, timeout_s=WAIT_S)


async def _all_say(site: Site, *, ready: bool, timeout_s: float) -> None:
    """Wait until gateway, worker and notifier each say that they are ready, or that they are not."""
    ports = {
        Target.GATEWAY: site.settings.gateway_port,
        Target.WORKER: site.settings.health_port,
        Target.NOTIFIER: site.settings.notifier_port,
    }
    wrong = "does not say that it is not ready" if not ready else "does not say that it is ready again"
    await asyncio.gather(
        *(
            until(partial(_says, port, ready=ready), f"the {target} {wrong}", timeout_s)
            for target, port in ports.items()
        )
    )


async def _says(port: int, *, ready: bool) -> bool:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        with suppress(httpx.TransportError):
            answer = await client.get(f"http://127.0.0.1:{port}/readyz")
            return answer.is_success == ready
    return False


async def _revive_cluster(site: Site) -> None:
    await asyncio.to_thread(site.cluster.revive)
    await until(lambda: _all_copies_are_there(site), "the brokers that came back did not catch up")


async def _all_copies_are_there(site: Site) -> bool:
    try:
        async with open_admin(site.settings) as admin:
            copies = await read_copies(admin)
    except (NoBrokerError, KafkaError, TimeoutError, OSError):
        return False
    return all(one.up_to_date == one.wanted for one in copies)


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
_CLUSTER: Final[Mapping[Fault, Callable[[Site], Awaitable[None]]]] = {
    Fault.KILL: _kill_one_of_three,
    Fault.TERMINATE: _restart_one_after_the_other,
    Fault.LOSE_TWO: _lose_two,
}


async def within(what: Awaitable[Any], timeout_s: float, otherwise: str) -> None:
    """Wait for something; `otherwise` says what it means that it did not come in time."""
    try:
        async with asyncio.timeout(timeout_s) as scope:
            await what
    except TimeoutError as error:
        if not scope.expired():
            raise
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
