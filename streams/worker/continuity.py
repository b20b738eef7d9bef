"""Whether an agent goes through every record: none passed over, and none worked on by two at once.

Faust may pass over records when partitions move while the broker or this process stands still: what it had fetched is
dropped, and it does not go back for it. An agent that finds such a jump, or wakes after others were given its work,
breaks down; it is started again, and goes on from its last commit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from streams.kafka.client import open_admin, open_reader
from streams.kafka.groups import group_id
from streams.kafka.topics import kafka_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from streams.kafka.groups import Agent
    from streams.settings import Settings

Place = tuple[str, int]
"""A topic by its full name, and a partition of it."""

_POLL_MS = 500


class SkippedError(Exception):
    """Records were passed over; the message says which."""


class HaltedError(Exception):
    """The process stood still for longer than its session; others may have its work."""


class StuckError(Exception):
    """The recovery of a table goes no further."""


@dataclass(slots=True)
class Continuity:
    """Holds an agent to its records: on each partition one after the other, from the last commit on.

    Args:
        find_starts: Gives for each partition where its next record is to be read: asked once for each turn.
        holds_records: Tells whether a partition has any record from one offset up to, and without, another. Marks of
            transactions and records that were deleted leave offsets empty, so that a jump alone says nothing.
    """

    find_starts: Callable[[], Awaitable[Mapping[Place, int]]]
    holds_records: Callable[[Place, int, int], Awaitable[bool]]
    _next: dict[Place, int] = field(default_factory=dict)
    _turn: int | None = None

    async def check(self, place: Place, offset: int, turn: int) -> None:
        """Return if the record at `offset` is the next one, or one that comes again.

        Args:
            place: Where it lies.
            offset: Its offset there.
            turn: Goes up whenever partitions were shared out anew: reading begins again at the last commit then.

        Raises:
            SkippedError: One before it was passed over.
        """
        if turn != self._turn:
            self._next = dict(await self.find_starts())
            self._turn = turn
        expected = self._next.get(place, offset)
        if offset > expected and await self.holds_records(place, expected, offset):
            raise SkippedError(
                f"offset {offset} of {place[0]}, partition {place[1]}, came where {expected} was the next"
            )
        self._next[place] = max(expected, offset + 1)


@dataclass(slots=True)
class Pulse:
    """Notices that the process stood still for longer than `limit_s`: halted, or its machine asleep."""

    limit_s: float
    clock: Callable[[], float] = time.monotonic
    _last_s: float | None = None
    _halted_s: float = 0.0

    def check(self) -> None:
        """Return if the process has run on since the last call; to be called often.

        Raises:
            HaltedError: It has not, now or at any time before.
        """
        now_s = self.clock()
        if self._last_s is not None:
            self._halted_s = max(self._halted_s, now_s - self._last_s)
        self._last_s = now_s
        if self._halted_s > self.limit_s:
            raise HaltedError(
                f"the process stood still for {self._halted_s:.0f} s, longer than DRAGOMAN_SESSION_TIMEOUT_S: others "
                "may have its work"
            )


@dataclass(slots=True)
class RecoveryWatch:
    """Notices that the recovery of a table has gone no further for `limit_s`: Faust may wait for good for what it has.

    Nothing is lost by it, for the agent that is started again recovers from the beginning.
    """

    limit_s: float
    clock: Callable[[], float] = time.monotonic
    _progress: int | None = None
    _since_s: float = 0.0

    def check(self, progress: int | None) -> None:
        """Take how far it has come, None where nothing is being recovered; to be called often.

        Raises:
            StuckError: It has stood there for longer.
        """
        now_s = self.clock()
        if progress is None or progress != self._progress:
            self._progress, self._since_s = progress, now_s
        elif now_s - self._since_s > self.limit_s:
            raise StuckError(
                f"the recovery of its table has gone no further for {now_s - self._since_s:.0f} s"
            )


async def find_starts(agent: Agent, settings: Settings) -> dict[Place, int]:
    """Give for each partition that an agent reads the offset from which it is to be read: after the last commit."""
    names = [kafka_name(topic, settings) for topic in agent.sources]
    async with open_admin(settings) as admin, open_reader(settings) as reader:
        found = await admin.describe_topics(names)
        places = [TopicPartition(t["topic"], p["partition"]) for t in found for p in t["partitions"]]
        committed = await admin.list_consumer_group_offsets(group_id(agent, settings))
        begins = await reader.beginning_offsets(places)
    return {
        (place.topic, place.partition): max(
            begins[place], committed[place].offset if place in committed else 0
        )
        for place in places
    }


async def holds_records(place: Place, start: int, stop: int, settings: Settings) -> bool:
    """Tell whether a partition has any record from `start` up to, and without, `stop`."""
    partition = TopicPartition(*place)
    async with open_reader(settings) as reader:
        begin = (await reader.beginning_offsets([partition]))[partition]
        reader.assign([partition])
        reader.seek(partition, max(begin, start))
        while await reader.position(partition) < stop:
            for records in (await reader.getmany(partition, timeout_ms=_POLL_MS)).values():
                if records:
                    return bool(records[0].offset < stop)
    return False
