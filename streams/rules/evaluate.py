"""The life of alerts: what a rule remembers of a group, and what a match or the passing of time changes.

The alerts of a group are a function of the matches remembered and of the event time reached; what is published is the
difference to what was published before. The order in which matches come, repeats and restarts therefore make no
difference to where it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from schemas.alert import (
    Alert,
    AlertChange,
    AlertChangeKind,
    AlertStatus,
    ClauseMatch,
    Match,
    Subject,
)
from schemas.contract import Contract, Time
from schemas.ids import derived_id
from schemas.rule import CorrelationType, RuleHead
from streams.rules.compile import CANCEL, CONTRADICT, CORROBORATE, MOVES
from streams.rules.correlate import Firing, entry_value, find_firings
from streams.rules.origins import cluster_origins
from streams.rules.summary import fill_summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_ENTRIES: Final = 250
"""Matches remembered of one group. Beyond, the oldest windows are let go, and of a single one its middle."""
KEPT_FIRST: Final = 50
MIN_KEEP_S: Final = 7 * 86_400
"""A record that comes again within this event time is known again, and so is a copy of its text."""
MAX_SUBJECTS: Final = 50
MAX_CLAUSES: Final = 50
FOREVER_KEEP_S: Final = 400 * 86_400
"""How long, in event time, a group without a timespan is remembered after its last match. Its alert has the same id ever after."""


class Entry(Contract):
    """One match as a rule remembers it."""

    id: str
    rule_version: int
    selection: str | None = None
    clauses: tuple[ClauseMatch, ...] = ()
    slots: dict[str, Any] = Field(default_factory=dict)
    subject: Subject
    sketch: tuple[int, ...] = ()
    arrived_time: Time | None = Field(default=None, description="How far event time had come when it came")
    window_s: int | None = Field(
        default=None, description="How long one alert lasted by the rule that matched"
    )
    spent: bool = Field(default=False, description="Its alert is done with; it counts as history only")

    @property
    def time(self) -> datetime:
        """Its event time."""
        return self.subject.event_time

    @property
    def order(self) -> tuple[datetime, str, int, str, str]:
        """Event time first; within one transcript the order of the text."""
        words = self.subject.evidence
        start = words[0].start if words else 0
        return (self.time, self.subject.transcript_id, start, self.subject.record_id, self.selection or "")


class Published(Contract):
    """An alert as it was last published."""

    alert: Alert
    sequence: int = Field(ge=1)


class RuleState(Contract):
    """What a rule remembers of one group.

    A rule that is withdrawn must not speak any more: whoever keeps the states drops those whose `rule_id` is no
    longer in the index, instead of letting time pass over them.
    """

    rule_id: str
    group: tuple[tuple[str, str], ...] = ()
    rule: RuleHead
    entries: tuple[Entry, ...] = ()
    published: tuple[Published, ...] = ()
    closed_until: Time | None = Field(default=None, description="Windows that end before it are done with")
    watermark: Time | None = None
    due_time: Time | None = Field(
        default=None, description="When time alone will change something; before it nobody need ask"
    )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is remembered afterwards (None: nothing) and what changed, in order."""

    state: RuleState | None
    changes: tuple[AlertChange, ...]


@dataclass(frozen=True, slots=True)
class _Window:
    """Firings that are one alert. `value` is the field's value for alerts by transition."""

    anchor: datetime
    end: datetime | None
    entries: tuple[Entry, ...]
    value: str | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An alert as it should stand, or the time at which it may be raised."""

    window: _Window
    moves: tuple[Entry, ...]
    alert: Alert | None
    due_time: datetime | None = None


def evaluate(state: RuleState | None, found: Match | None, watermark: datetime | None) -> Evaluation:
    """Judge a match, or with `found` None the passing of time, by what is remembered of its group."""
    if found is not None:
        state = _remember(state, found, watermark)
    if state is None:
        return Evaluation(None, ())
    now = _latest(state.watermark, watermark)
    wanted, waiting = _derive(state, now)
    changes, published = _difference(state, wanted, found, now)
    state = state.model_copy(update={"published": published, "watermark": now})
    kept, expiry = _forget(state, wanted, now)
    if kept is None:
        return Evaluation(None, changes)
    dues = [t for t in (*waiting, *(w.due_time for w in wanted if w.alert is None), expiry) if t is not None]
    future = [t for t in dues if now is None or t > now]
    return Evaluation(kept.model_copy(update={"due_time": min(future, default=None)}), changes)


def _latest(a: datetime | None, b: datetime | None) -> datetime | None:
    if a is None or b is None:
        return a or b
    return max(a, b)


def _remember(state: RuleState | None, found: Match, watermark: datetime | None) -> RuleState:
    if state is None:
        state = RuleState(rule_id=found.rule_id, group=found.group, rule=found.rule)
    head = found.rule if found.rule.version >= state.rule.version else state.rule
    entry = Entry(
        id=found.id,
        rule_version=found.rule_version,
        selection=found.selection,
        clauses=found.clauses,
        slots=found.slots,
        subject=found.subject,
        sketch=found.sketch,
        window_s=_window_s(found.rule),
        arrived_time=_latest(state.watermark, watermark),
    )
    told = (entry.selection, entry.subject.record_id)
    known = [e for e in state.entries if (e.selection, e.subject.record_id) == told]
    if any(e.rule_version >= entry.rule_version for e in known):
        return state.model_copy(update={"rule": head})
    entries = sorted([*(e for e in state.entries if e not in known), entry], key=lambda e: e.order)
    return state.model_copy(update={"rule": head, "entries": tuple(entries)})


def _window_s(head: RuleHead) -> int | None:
    """How long matches of one group are one alert; None: for ever."""
    spans = [s for s in (head.timespan_s, head.suppress_s) if s is not None]
    if not spans and head.correlation is not None and head.correlation.timespan_s is not None:
        spans = [head.correlation.timespan_s]
    return max(spans, default=None)


def _keep_s(head: RuleHead) -> int:
    """How long after the end of a window its matches may still matter."""
    inner = head.correlation.timespan_s if head.correlation and head.correlation.timespan_s else 0
    return max(_window_s(head) or FOREVER_KEEP_S, inner, head.hold_s or 0, MIN_KEEP_S)


def _derive(state: RuleState, now: datetime | None) -> tuple[list[_Wanted], list[datetime]]:
    head = state.rule
    steps = head.correlation.steps if head.correlation is not None and head.correlation.steps else (None,)
    mains = [e for e in state.entries if e.selection in steps]
    moves = [e for e in state.entries if e.selection in MOVES]
    wanted: list[_Wanted] = []
    waiting: list[datetime] = []
    correlation = head.correlation
    parts: dict[str | None, list[Entry]] = {None: mains}
    if correlation is not None and correlation.type is CorrelationType.TRANSITION and correlation.field:
        parts = {}
        for entry in mains:
            value = entry_value(entry.slots, correlation.field)
            if value:
                parts.setdefault(value, []).append(entry)
    for value in sorted(parts, key=str):
        firings, due = find_firings(head, parts[value], now)
        waiting.extend(due)
        firings = [f for f in firings if not f.entries[-1].spent]
        windows = _windows(firings, head, state.closed_until, value)
        for window, own in _assign(windows, moves, state):
            wanted.append(_want(state, window, own, now))
    wanted.sort(key=lambda w: (w.window.anchor, w.window.value or ""))
    return wanted, waiting


def _windows(
    firings: Sequence[Firing[Entry]], head: RuleHead, closed_until: datetime | None, value: str | None
) -> list[_Window]:
    """Group firings into alerts: each begins with the first firing that no earlier one covers.

    A copy of what an earlier alert rests on belongs to that one, as long as it is remembered for certain: a
    rebroadcast is no news. What is older than `closed_until` stands apart, so that a straggler from before does not
    move what came after.
    """
    length_s, keep = _window_s(head), timedelta(seconds=_keep_s(head))
    opened: list[tuple[datetime, datetime | None, list[Entry]]] = []
    names = _origins_of(firings, head)
    told: dict[str, int] = {}
    for firing, name in zip(firings, names, strict=True):
        at = len(opened) - 1
        if at < 0 or not _covers(opened[at][1], firing.time):
            at = told.get(name, -1)
            end = opened[at][1] if at >= 0 else None
            if end is None or not _covers(end + keep, firing.time):
                end = None if length_s is None else firing.time + timedelta(seconds=length_s)
                if end is not None and closed_until is not None and firing.time < closed_until:
                    end = min(end, closed_until)
                opened.append((firing.time, end, []))
                at = len(opened) - 1
        opened[at][2].extend(firing.entries)
        if name:
            told[name] = at
    return [
        _Window(anchor, end, tuple(sorted({e.id: e for e in entries}.values(), key=lambda e: e.order)), value)
        for anchor, end, entries in opened
    ]


def _covers(end: datetime | None, time: datetime) -> bool:
    return end is None or time < end


def _origins_of(firings: Sequence[Firing[Entry]], head: RuleHead) -> tuple[str, ...]:
    """Name the origin of each firing; of one that rests on several matches none."""
    if head.correlation is not None and head.correlation.type is not CorrelationType.TRANSITION:
        return ("",) * len(firings)
    first = [f.entries[0] for f in firings]
    return cluster_origins([(e.subject.origin, e.sketch) for e in first])


def _assign(
    windows: list[_Window], moves: list[Entry], state: RuleState
) -> Iterable[tuple[_Window, list[Entry]]]:
    """Give each window the records that back, contradict or cancel it.

    They belong to the last one that began before them, as long as it is remembered for certain. What backs the first
    alert of all may also have come before it.
    """
    own: list[list[Entry]] = [[] for _ in windows]
    keep = timedelta(seconds=_keep_s(state.rule))
    for move in moves:
        at = max((i for i, w in enumerate(windows) if w.anchor <= move.time), default=None)
        if at is None:
            if move.selection != CORROBORATE or not windows or state.closed_until is not None:
                continue
            at = 0
        window = windows[at]
        if window.end is not None and move.time >= window.end + keep:
            continue
        if window.value is None or _moved_value(move, state.rule) == window.value:
            own[at].append(move)
    return zip(windows, own, strict=True)


def _moved_value(move: Entry, head: RuleHead) -> str | None:
    """Say which alert of a group by transition is meant: what cancels a stage goes back to the one before."""
    field = head.correlation.field if head.correlation else None
    if field is None:
        return None
    if move.selection == CANCEL and field == "transition.stage":
        return entry_value(move.slots, "transition.before")
    return entry_value(move.slots, field)


def _want(state: RuleState, window: _Window, moves: list[Entry], now: datetime | None) -> _Wanted:
    head = state.rule
    raised = window.anchor
    if head.hold_s is not None:
        raised = window.anchor + timedelta(seconds=head.hold_s)
        if any(m.selection in {CONTRADICT, CANCEL} and m.time < raised for m in moves):
            return _Wanted(window, tuple(moves), None)
        if now is None or now < raised:
            return _Wanted(window, tuple(moves), None, raised)
    return _Wanted(window, tuple(moves), _build_alert(state, window, moves, raised))


def _build_alert(state: RuleState, window: _Window, moves: list[Entry], raised: datetime) -> Alert:
    head = state.rule
    backing = [m for m in moves if m.selection == CORROBORATE]
    reports = sorted([*window.entries, *backing], key=lambda e: e.order)
    told = _telling(window.entries)
    names = cluster_origins([(e.subject.origin, e.sketch) for e in reports])
    origins = len(set(names))
    group = state.group
    if window.value is not None and head.correlation is not None and head.correlation.field is not None:
        group = (*group, (head.correlation.field, window.value))
    against = [m for m in moves if m.selection in {CONTRADICT, CANCEL}]
    subjects = _one_each_transcript([*reports, *against])
    stage = told.subject.stage
    level = head.alert.level.get(stage.value, head.level) if stage else head.level
    clauses = dict.fromkeys([*told.clauses, *(c for m in against for c in m.clauses)])
    slots: dict[str, Any] = {}
    for entry in (told, *window.entries):
        for name, values in entry.slots.items():
            slots.setdefault(name, values)
    return Alert(
        id=_alert_id(head, window, state.group),
        rule_id=state.rule_id,
        rule_version=window.entries[0].rule_version,
        rule_title=head.title,
        topic=head.alert.topic,
        level=level,
        status=_status(window.entries, moves, origins),
        summary=fill_summary(head.alert.summary, slots),
        group=group,
        raised_time=raised,
        updated_time=max(raised, *(s.event_time for s in subjects)),
        parties=told.subject.parties,
        countries=tuple(sorted({c for e in window.entries for c in e.subject.countries})),
        stage=stage,
        agreement_id=told.subject.agreement_id,
        clauses=tuple(clauses)[:MAX_CLAUSES],
        subjects=tuple(subjects)[-MAX_SUBJECTS:],
        origins=max(1, origins),
        languages=tuple(sorted({s.language for s in subjects if s.language})),
    )


def _alert_id(head: RuleHead, window: _Window, group: tuple[tuple[str, str], ...]) -> str:
    """Derive the id from rule, version, group and the place of its window on a grid of the window's length.

    Two windows of one group begin at least a length apart, so that no two of them share a place. Version and length
    are those by which the first report matched: a rule that is changed does not give its open alerts other ids.
    """
    length = window.entries[0].window_s
    place = "" if length is None else str(int(window.anchor.timestamp()) // length)
    values = [v for pair in group for v in pair]
    return derived_id(
        "alert", head.id, str(window.entries[0].rule_version), place, *values, window.value or ""
    )


def _telling(entries: tuple[Entry, ...]) -> Entry:
    """Choose the report whose words the alert speaks with: the first one of the stage that was reached last."""
    told = entries[0]
    for entry in entries:
        if entry.subject.stage is not None and entry.subject.stage is not told.subject.stage:
            told = entry
    return told


def _one_each_transcript(entries: Iterable[Entry]) -> list[Subject]:
    """Give one report for each transcript and sort of saying, oldest first: a transcript that says it twice is one source."""
    seen: dict[tuple[str, bool], Subject] = {}
    for entry in sorted(entries, key=lambda e: e.order):
        against = entry.selection in {CONTRADICT, CANCEL}
        seen.setdefault((entry.subject.transcript_id, against), entry.subject)
    return list(seen.values())


def _status(entries: Iterable[Entry], moves: Iterable[Entry], origins: int) -> AlertStatus:
    """Say where an alert stands: the last word counts, and what is cancelled stays so."""
    good = AlertStatus.CORROBORATED if origins > 1 else AlertStatus.OPEN
    status = good
    for entry in sorted([*entries, *moves], key=lambda e: e.order):
        if entry.selection == CANCEL:
            return AlertStatus.CANCELLED
        status = AlertStatus.CONTRADICTED if entry.selection == CONTRADICT else good
    return status


def _difference(
    state: RuleState, wanted: list[_Wanted], found: Match | None, now: datetime | None
) -> tuple[tuple[AlertChange, ...], tuple[Published, ...]]:
    before = {p.alert.id: p for p in state.published}
    changes: list[AlertChange] = []
    published: list[Published] = []
    for alert in (w.alert for w in wanted if w.alert is not None):
        old = before.pop(alert.id, None)
        kind = _change_kind(old.alert if old else None, alert)
        if kind is None and old is not None:
            published.append(old)
        elif kind is not None:
            published.append(_publish(changes, kind, alert, old, found))
    for old in before.values():
        if old.alert.status is AlertStatus.CANCELLED or old.alert.rule_version < state.rule.version:
            # what an older version raised is not taken back because a newer one groups otherwise
            published.append(old)
            continue
        fallen = old.alert.model_copy(
            update={"status": AlertStatus.CANCELLED, "updated_time": _latest(old.alert.updated_time, now)}
        )
        published.append(_publish(changes, AlertChangeKind.CANCEL, fallen, old, found))
    return tuple(changes), tuple(published)


def _publish(
    changes: list[AlertChange],
    kind: AlertChangeKind,
    alert: Alert,
    old: Published | None,
    found: Match | None,
) -> Published:
    sequence = old.sequence + 1 if old else 1
    cause = (
        found.id if found else derived_id("timer", alert.id, alert.raised_time.astimezone(UTC).isoformat())
    )
    change_id = derived_id("change", alert.id, str(sequence))
    changes.append(AlertChange(id=change_id, kind=kind, sequence=sequence, cause_id=cause, alert=alert))
    return Published(alert=alert, sequence=sequence)


def _change_kind(old: Alert | None, new: Alert) -> AlertChangeKind | None:
    """Name the change between two states of an alert; None if nothing changed. A cancelled alert stays cancelled."""
    if old is None:
        return None if new.status is AlertStatus.CANCELLED else AlertChangeKind.RAISE
    if old == new:
        return None
    if new.status is not old.status:
        if new.status is AlertStatus.CONTRADICTED:
            return AlertChangeKind.CONTRADICT
        if new.status is AlertStatus.CANCELLED:
            return AlertChangeKind.CANCEL
    if new.origins > old.origins:
        return AlertChangeKind.CORROBORATE
    return AlertChangeKind.UPDATE


def _forget(
    state: RuleState, wanted: list[_Wanted], now: datetime | None
) -> tuple[RuleState | None, datetime | None]:
    """Drop what can no longer matter, and say when the next part of it can be dropped.

    A window goes whole, with its alert, once its end and the coming of its last match both lie far enough back. What
    a later correlation may still look back upon stays, but fires no more. What belongs to no window, such as the first
    step of a sequence that never came about, goes by its age.
    """
    if not state.entries:
        return None, None
    keep = timedelta(seconds=_keep_s(state.rule))
    expiry = max(_touched(e) for e in state.entries) + keep + keep
    if now is not None and expiry <= now:
        return None, None
    ending = _ending(state, wanted, now)
    closed = max((w.window.end for w in ending if w.window.end is not None), default=None)
    inner = state.rule.correlation.timespan_s if state.rule.correlation else None
    history = None if closed is None or inner is None else closed - timedelta(seconds=inner)
    spent = {e.id for w in ending for e in (*w.window.entries, *w.moves)}
    live = {e.id for w in wanted[len(ending) :] for e in (*w.window.entries, *w.moves)}
    entries = tuple(
        e.model_copy(update={"spent": True}) if e.id in spent else e
        for e in state.entries
        if (history is not None and e.time >= history)
        or e.id in live
        or (e.id not in spent and (now is None or _touched(e) + keep + keep > now))
    )
    if len(entries) > MAX_ENTRIES:
        entries = (*entries[:KEPT_FIRST], *entries[KEPT_FIRST + len(entries) - MAX_ENTRIES :])
    gone = {w.alert.id for w in ending if w.alert is not None}
    published = tuple(p for p in state.published if p.alert.id not in gone)
    closed_until = _latest(state.closed_until, closed)
    kept = {"entries": entries, "published": published, "closed_until": closed_until}
    return state.model_copy(update=kept), expiry


def _ending(state: RuleState, wanted: list[_Wanted], now: datetime | None) -> list[_Wanted]:
    """Give the windows to let go, the oldest first: those far enough back, and more if there is too much to remember."""
    keep = timedelta(seconds=_keep_s(state.rule))
    excess = len(state.entries) - MAX_ENTRIES
    ending: list[_Wanted] = []
    for want in wanted:
        end = want.window.end
        if end is None:
            break
        over = now is not None and max(end, *(_touched(e) for e in want.window.entries)) + keep <= now
        if not over and (excess <= 0 or want is wanted[-1]):
            break
        ending.append(want)
        excess -= len(want.window.entries) + len(want.moves)
    return ending


def _touched(entry: Entry) -> datetime:
    """How far event time had come when a match came, or its own time if that is later."""
    return max(entry.time, entry.arrived_time or entry.time)
