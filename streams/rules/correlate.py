"""Correlation: when several matches of one group, in event time, are worth an alert."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from schemas.rule import Correlation, CorrelationType
from streams.rules.origins import cluster_origins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.alert import Subject
    from schemas.rule import RuleHead


class Remembered(Protocol):
    """What correlation needs to know of a match."""

    @property
    def time(self) -> datetime:
        """Event time."""

    @property
    def selection(self) -> str | None:
        """Step of the correlation."""

    @property
    def slots(self) -> dict[str, Any]:
        """Values of fields."""

    @property
    def subject(self) -> Subject:
        """The record."""

    @property
    def sketch(self) -> tuple[int, ...]:
        """MinHash of its text."""


E = TypeVar("E", bound=Remembered)


@dataclass(frozen=True, slots=True)
class Firing(Generic[E]):
    """At this event time these matches are together what the rule waits for."""

    time: datetime
    entries: tuple[E, ...]


def entry_value(slots: Mapping[str, Any], field: str) -> str | None:
    """Give the value of a field as one word; several values are joined."""
    values = slots.get(field)
    return "|".join(str(v) for v in values) if values else None


def find_firings(
    head: RuleHead, entries: Sequence[E], now: datetime | None
) -> tuple[list[Firing[E]], list[datetime]]:
    """Find when a rule fires on the matches of a group, sorted by event time; and the times at which time alone may make it."""
    correlation = head.correlation
    if correlation is None or correlation.type is CorrelationType.TRANSITION:
        return [Firing(e.time, (e,)) for e in entries], []
    span = timedelta(seconds=correlation.timespan_s or 0)
    match correlation.type:
        case CorrelationType.EVENT_COUNT | CorrelationType.VALUE_COUNT:
            return _counted(correlation, entries, span), []
        case CorrelationType.TEMPORAL | CorrelationType.TEMPORAL_ORDERED:
            return _sequences(correlation, entries, span), []
        case CorrelationType.ABSENCE:
            return _absences(correlation, entries, span, now)
        case CorrelationType.FIRST_SEEN:
            return _first_seen(entries, span), []


def _counted(correlation: Correlation, entries: Sequence[E], span: timedelta) -> list[Firing[E]]:
    times = [e.time for e in entries]
    values: list[str | None] | None = None
    if correlation.type is CorrelationType.VALUE_COUNT:
        if correlation.field == "origin":
            values = list(cluster_origins([(e.subject.origin, e.sketch) for e in entries]))
        else:
            values = [entry_value(e.slots, correlation.field or "") for e in entries]
    firings: list[Firing[E]] = []
    for at, entry in enumerate(entries):
        first = bisect_right(times, entry.time - span)
        within = range(first, at + 1)
        count = len(within) if values is None else len({values[i] for i in within} - {None})
        if count >= (correlation.gte or 1):
            firings.append(Firing(entry.time, tuple(entries[first : at + 1])))
    return firings


def _sequences(correlation: Correlation, entries: Sequence[E], span: timedelta) -> list[Firing[E]]:
    """Fire at each match that completes the steps: the latest chain that fits, so that the shortest story is told."""
    ordered = correlation.type is CorrelationType.TEMPORAL_ORDERED
    firings: list[Firing[E]] = []
    steps = correlation.steps
    for at, entry in enumerate(entries):
        if ordered:
            if entry.selection != steps[-1]:
                continue
            chain = [entry]
            for step in reversed(steps[:-1]):
                before = next(
                    (e for e in reversed(entries[:at]) if e.selection == step and e.time < chain[-1].time),
                    None,
                )
                if before is None:
                    break
                chain.append(before)
            found = list(reversed(chain))
        else:
            others = (s for s in steps if s != entry.selection)
            picked = [next((e for e in reversed(entries[:at]) if e.selection == s), None) for s in others]
            found = [e for e in picked if e is not None]
            found = sorted([*found, entry], key=lambda e: e.time)
        if len(found) == len(steps) and entry.time - found[0].time <= span:
            firings.append(Firing(entry.time, tuple(found)))
    return firings


def _absences(
    correlation: Correlation, entries: Sequence[E], span: timedelta, now: datetime | None
) -> tuple[list[Firing[E]], list[datetime]]:
    first, missing = correlation.steps
    answers = [e.time for e in entries if e.selection == missing]
    firings: list[Firing[E]] = []
    waiting: list[datetime] = []
    for entry in entries:
        if entry.selection != first:
            continue
        deadline = entry.time + span
        at = bisect_left(answers, entry.time)
        if at < len(answers) and answers[at] < deadline:
            continue
        if now is not None and now >= deadline:
            firings.append(Firing(deadline, (entry,)))
        else:
            waiting.append(deadline)
    return firings, waiting


def _first_seen(entries: Sequence[E], span: timedelta) -> list[Firing[E]]:
    firings: list[Firing[E]] = []
    last: datetime | None = None
    for entry in entries:
        if last is None or entry.time - last > span:
            firings.append(Firing(entry.time, (entry,)))
        last = entry.time
    return firings
