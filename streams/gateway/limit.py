"""How often someone may come: pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests a minute, evenly, and a burst of as many at once after a pause of a minute."""

    per_minute: int

    @property
    def interval_s(self) -> float:
        """The time that one request uses up."""
        return 60.0 / self.per_minute


def pass_rate(due_s: float | None, now_s: float, rate: Rate) -> tuple[float, float]:
    """Let a request pass, or say how long to wait (the generic cell rate algorithm).

    Args:
        due_s: When all requests so far are used up; None for the first one.
        now_s: The time, on the same clock.
        rate: How many may come.

    Returns:
        The new `due_s`, and the seconds to wait: 0 where the request passes. One that does not pass costs nothing.
    """
    due = max(now_s if due_s is None else due_s, now_s) + rate.interval_s
    wait = due - now_s - 60.0
    if wait > 1e-9:  # noqa: PLR2004 - rounding of sums of intervals
        return due - rate.interval_s, wait
    return due, 0.0


class Limiter:
    """What each of the last callers has used up. Of very many the one who came least lately is forgotten."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._due: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, caller: str, now_s: float) -> float:
        """Let a caller pass (0), or give the seconds to wait."""
        due, wait = pass_rate(self._due.pop(caller, None), now_s, self._rate)
        self._due[caller] = due
        if len(self._due) > _REMEMBERED:
            self._due.popitem(last=False)
        return wait
