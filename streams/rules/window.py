"""Event time: how far it has come over all partitions, and what is late."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Watermark:
    """The event time up to which records have come in, but for those that are late.

    Each partition has its own clock, the latest event time seen on it less the allowed lateness; the slowest
    partition sets the time of all. A partition that has been silent for `idle_s` of wall time (which the caller
    brings along) holds nobody up. Time never goes back.
    """

    lateness_s: float
    idle_s: float
    partitions: Mapping[int, tuple[datetime, float]] = field(default_factory=dict)
    """Partition to its latest event time and the wall time, in seconds, of its last record."""
    time: datetime | None = None

    def advance(self, partition: int, event_time: datetime, wall_s: float) -> Watermark:
        """Take note of a record."""
        seen = self.partitions.get(partition)
        latest = event_time if seen is None else max(seen[0], event_time)
        return replace(self, partitions={**self.partitions, partition: (latest, wall_s)}).settle(wall_s)

    def settle(self, wall_s: float) -> Watermark:
        """Let wall time pass: partitions that fell silent no longer count, as long as another one speaks."""
        if not self.partitions:
            return self
        awake = [latest for latest, last_s in self.partitions.values() if wall_s - last_s < self.idle_s]
        slowest = min(awake) if awake else max(latest for latest, _ in self.partitions.values())
        now = slowest - timedelta(seconds=self.lateness_s)
        return self if self.time is not None and now <= self.time else replace(self, time=now)

    def revoke(self, partition: int) -> Watermark:
        """Forget a partition that someone else reads now."""
        return replace(self, partitions={p: seen for p, seen in self.partitions.items() if p != partition})

    def is_late(self, event_time: datetime) -> bool:
        """Tell whether a record of this event time comes after the watermark has passed it."""
        return self.time is not None and event_time.astimezone(UTC) < self.time
