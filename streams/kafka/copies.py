"""Copies of partitions: how many there are, how many are up to date, and whether anything can be written."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiokafka.errors import KafkaError

from streams.kafka.client import NoBrokerError, open_admin
from streams.kafka.topics import least_up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from aiokafka.admin import AIOKafkaAdminClient

    from streams.settings import Settings

_EVERY_S: Final = 5.0
_ANSWER_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies of one partition."""

    topic: str
    partition: int
    has_leader: bool
    wanted: int
    up_to_date: int

    @property
    def is_writable(self) -> bool:
        """Whether a record that is written now can count as written."""
        return self.has_leader and self.up_to_date >= least_up_to_date(self.wanted)


async def read_copies(admin: AIOKafkaAdminClient, names: Collection[str] | None = None) -> list[Copies]:
    """Give the copies of every partition of the topics that are there; without names of all topics."""
    return [
        Copies(found["topic"], p["partition"], p["leader"] >= 0, len(p["replicas"]), len(p["isr"]))
        for found in await admin.describe_topics()
        if names is None or found["topic"] in names
        for p in sorted(found["partitions"], key=lambda p: p["partition"])
    ]


def tell_unwritable(copies: Iterable[Copies]) -> str | None:
    """Say in a sentence what cannot be written at the moment; None where everything can."""
    shut: dict[str, list[Copies]] = defaultdict(list)
    for one in copies:
        if not one.is_writable:
            shut[one.topic].append(one)
    if not shut:
        return None
    count = sum(map(len, shut.values()))
    name, (first, *_) = min(shut.items())
    what = "no leader"
    if first.has_leader:
        what = f"{first.up_to_date} of {first.wanted} copies up to date, and {least_up_to_date(first.wanted)} must be"
    partitions = "1 partition takes" if count == 1 else f"{count} partitions take"
    return f"{partitions} no records, such as {name}, partition {first.partition}: it has {what}; brokers are away"


async def watch_copies(
    settings: Settings, names: Sequence[str], tell: Callable[[str | None], None], every_s: float = _EVERY_S
) -> None:
    """Say every few seconds, until cancelled, what cannot be written; a broker that does not answer is not told of here."""
    wanted = frozenset(names)
    while True:
        try:
            async with open_admin(settings) as admin:
                while True:
                    async with asyncio.timeout(_ANSWER_S):
                        found = await read_copies(admin, wanted)
                    tell(tell_unwritable(found))
                    await asyncio.sleep(every_s)
        except (KafkaError, NoBrokerError, OSError, TimeoutError):
            await asyncio.sleep(min(1.0, every_s))
