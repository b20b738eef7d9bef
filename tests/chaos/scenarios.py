"""What is done to an installation under load: every scenario is a row of data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Target(StrEnum):
    """What is hit."""

    BROKER = "broker"
    WORKER = "worker"
    GATEWAY = "gateway"
    NOTIFIER = "notifier"
    EVERYONE = "worker, gateway, notifier"
    LOAD = "transcripts"
    LEADER = "leader of transcripts.raw, of three brokers"
    CONTROLLER = "active controller, of three"
    BROKERS = "three brokers, one after the other"
    TWO_BROKERS = "two of three brokers"


class Fault(StrEnum):
    """What is done to it."""

    KILL = "kill -9"
    TERMINATE = "SIGTERM"
    HALT = "SIGSTOP for longer than the session"
    JOIN_AND_LEAVE = "two more join, then leave"
    DELETE_STATE = "state folder deleted, then kill -9"
    FILL_STATE_DISK = "disk of the state folder full"
    FILL_BROKER_DISK = "disk of the broker full"
    CLOCK_AHEAD = "clock jumps a day ahead and back"
    CLOCK_BEHIND = "clock jumps a day back and ahead"
    TIMES_OFF = "a third dated a day ahead, a third a day back"
    SEND_TWICE = "all sent twice, and once more at the end"
    LOSE_TWO = "kill -9, and away until all have said so"


class Kafka(StrEnum):
    """Which Kafka it runs on."""

    ONE = "one broker"
    THREE = "three brokers, which are the controllers too"
    APART = "three brokers, and three controllers apart"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault on one target. `pairs` are those of which a second one runs beside the first, to take over."""

    name: str
    target: Target
    fault: Fault
    pairs: frozenset[Target] = frozenset()
    kafka: Kafka = Kafka.ONE


_PROCESSES: Final = (Target.BROKER, Target.WORKER, Target.GATEWAY, Target.NOTIFIER)
_SIGNALS: Final = {Fault.KILL: "kill", Fault.TERMINATE: "stop", Fault.HALT: "halt"}
_TAKEN_OVER: Final = frozenset({Target.WORKER, Target.NOTIFIER})
"""Processes whose work another one takes up when they are thought dead; halted, they wake beside their successor."""

SCENARIOS: Final = (
    *(
        Scenario(
            f"{target}-{word}",
            target,
            fault,
            frozenset({target}) & _TAKEN_OVER if fault is Fault.HALT else frozenset(),
        )
        for target in _PROCESSES
        for fault, word in _SIGNALS.items()
    ),
    Scenario("everyone-kill", Target.EVERYONE, Fault.KILL),
    Scenario("workers-join-and-leave", Target.WORKER, Fault.JOIN_AND_LEAVE),
    Scenario("state-deleted", Target.EVERYONE, Fault.DELETE_STATE),
    Scenario("state-disk-full", Target.EVERYONE, Fault.FILL_STATE_DISK),
    Scenario("broker-disk-full", Target.BROKER, Fault.FILL_BROKER_DISK),
    Scenario("clock-ahead", Target.EVERYONE, Fault.CLOCK_AHEAD),
    Scenario("clock-behind", Target.EVERYONE, Fault.CLOCK_BEHIND),
    Scenario("times-off", Target.LOAD, Fault.TIMES_OFF),
    Scenario("sent-twice", Target.LOAD, Fault.SEND_TWICE),
    Scenario("leader-kill", Target.LEADER, Fault.KILL, kafka=Kafka.THREE),
    Scenario("controller-kill", Target.CONTROLLER, Fault.KILL, kafka=Kafka.THREE),
    Scenario("brokers-restart", Target.BROKERS, Fault.TERMINATE, kafka=Kafka.THREE),
    Scenario("majority-lost", Target.TWO_BROKERS, Fault.LOSE_TWO, kafka=Kafka.THREE),
    Scenario("copies-lost", Target.TWO_BROKERS, Fault.LOSE_TWO, kafka=Kafka.APART),
)
"""All of them, in the order in which they are run."""


def find_scenario(name: str) -> Scenario:
    """Give the scenario of a name; `KeyError` if there is none."""
    return {scenario.name: scenario for scenario in SCENARIOS}[name]
