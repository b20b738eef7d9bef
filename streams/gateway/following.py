"""One client that follows a topic, by whatever protocol."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from streams import telemetry
from streams.gateway.cursor import format_cursor
from streams.gateway.protocols import WIRE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import Scope

    from streams.facets import Wanted
    from streams.gateway.log import Entry, TopicLog, Wave
    from streams.telemetry import Metrics

TRY_AGAIN_LATER: Final = 1013
"""Close code of a WebSocket (IANA registry)."""


class Seats:
    """How many may follow at once, and how many do."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0

    @property
    def are_full(self) -> bool:
        """Whether one more has to come back later."""
        return self.taken >= self.limit


@dataclass(slots=True)
class Following:
    """Where a client stands in a topic and what it wants of it. That is all that is held for it."""

    stream: str
    log: TopicLog
    positions: dict[int, int]
    lost: tuple[int, ...]
    wanted: Wanted
    let_go_s: float
    seats: Seats
    metrics: Metrics

    async def read(self) -> list[Entry]:
        """Give what comes next, at most some hundred entries; nothing at the end."""
        return await self.log.read(self.positions)

    async def wait(self, timeout_s: float) -> bool:
        """Wait for more; tell whether it came in time."""
        return await self.log.wait(self.positions, timeout_s)

    @property
    def has_all(self) -> bool:
        """Whether it stands behind everything that came in so far."""
        return self.log.is_end(self.positions)

    @contextmanager
    def live(self, take: Callable[[Wave], None]) -> Iterator[None]:
        """Have all that comes given to `take` as it comes. It has all so far, and was asked so just now."""
        self.log.live.add(take)
        try:
            yield
        finally:
            self.log.live.discard(take)

    def pass_by(self, entry: Entry) -> str:
        """Move behind an entry; gives the cursor there."""
        self.positions[entry.partition] = entry.offset + 1
        return format_cursor(self.positions)

    def reset(self) -> dict[str, Any]:
        """Say that what lay behind the client's cursor is no longer held."""
        return {
            "reason": "what lay behind the cursor is no longer held",
            "partitions": self.lost,
            "cursor": format_cursor(self.positions),
        }

    def let_go(self, connection: Scope) -> None:
        """Close the connection of a client that took nothing for too long; where it can, it is told why."""
        self.metrics.count(telemetry.LET_GO, self.stream)
        telemetry.log_event(telemetry.LogEvent.CLIENT_LET_GO, stream=self.stream, after_s=self.let_go_s)
        wire = connection.get("extensions", {}).get(WIRE)
        if wire is not None:
            wire.let_go(TRY_AGAIN_LATER, "too slow: come back with your cursor")

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the client as long as this lasts."""
        self.seats.taken += 1
        self.metrics.add(telemetry.STREAMS, 1, self.stream)
        try:
            yield
        finally:
            self.seats.taken -= 1
            self.metrics.add(telemetry.STREAMS, -1, self.stream)
