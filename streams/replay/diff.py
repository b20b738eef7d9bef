"""What another run of the same history raised otherwise: alerts added, lost and changed, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from pydantic import Field

from schemas.alert import Alert, AlertChange, ClauseMatch, NearMiss
from schemas.contract import Contract, Time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from schemas.rule import Rule

_DAY_S: Final = 86_400
_BRIEF_SIGNS: Final = 240
_OF_THE_VERSION: Final = frozenset({"id", "rule_id", "rule_version", "rule_title"})
"""Fields that differ between two versions of a rule although the alert says the same."""


class DifferenceKind(StrEnum):
    """How an alert differs."""

    ADDED = "added"
    LOST = "lost"
    CHANGED = "changed"


class Why(Contract):
    """What made the difference, seen from the side that has no such alert."""

    sentence: str
    failed: tuple[str, ...] = Field(default=(), description="Selections that failed there")
    near_miss: NearMiss | None = None
    clauses: tuple[ClauseMatch, ...] = Field(
        default=(), description="Clauses of these selections, as they held where the alert is"
    )


class FieldChange(Contract):
    """A field of an alert that both sides have, as it stands on each."""

    field: str
    before: str
    after: str


class Difference(Contract):
    """One alert that the two sides do not have alike."""

    kind: DifferenceKind
    before: Alert | None = None
    after: Alert | None = None
    why: Why | None = None
    fields: tuple[FieldChange, ...] = ()

    @property
    def alert(self) -> Alert:
        """The alert, of the newer side where both have it."""
        alert = self.after or self.before
        if alert is None:
            raise ValueError("a difference is about an alert")
        return alert


class RuleCount(Contract):
    """The alerts of one rule on both sides."""

    rule_id: str
    title: str
    before: int
    after: int
    added: int
    lost: int
    changed: int


class Diff(Contract):
    """The whole difference. `before` is the side that one had, `after` the one that one would have."""

    before: str
    after: str
    from_time: Time
    to_time: Time
    alerts_before: int
    alerts_after: int
    same: int
    alerts_a_day_before: float
    alerts_a_day_after: float
    rules: tuple[RuleCount, ...]
    differences: tuple[Difference, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both sides raised the same."""
        return not self.differences

    def count(self, kind: DifferenceKind) -> int:
        """Say how many alerts differ in this way."""
        return sum(d.kind is kind for d in self.differences)


@dataclass(frozen=True, slots=True)
class Side:
    """What one run raised, by which rules, and what almost held in it."""

    label: str
    changes: Sequence[AlertChange]
    rules: Mapping[str, Rule]
    near_misses: Sequence[NearMiss] = ()


def compare(before: Side, after: Side, from_time: datetime, to_time: datetime) -> Diff:
    """Compare the alerts of two runs over the same stretch of event time, each as it stood at the end of it."""
    old, new = (_standing(side.changes, from_time, to_time) for side in (before, after))
    pairs, lost, added = _pair(old, new)
    misses_before, misses_after = (_Misses(side) for side in (before, after))
    differences = [
        *(
            Difference(kind=DifferenceKind.ADDED, after=a, why=misses_before.why(a, after.rules))
            for a in added
        ),
        *(
            Difference(kind=DifferenceKind.LOST, before=a, why=misses_after.why(a, before.rules))
            for a in lost
        ),
    ]
    same = 0
    for a, b in pairs:
        fields = tuple(_fields(a, b))
        if fields:
            differences.append(
                Difference(kind=DifferenceKind.CHANGED, before=a, after=b, fields=fields, why=_clauses(a, b))
            )
        else:
            same += 1
    differences.sort(key=lambda d: (d.alert.raised_time, d.alert.rule_title, d.kind.value, d.alert.id))
    days = max((to_time - from_time).total_seconds(), 1.0) / _DAY_S
    return Diff(
        before=before.label,
        after=after.label,
        from_time=from_time,
        to_time=to_time,
        alerts_before=len(old),
        alerts_after=len(new),
        same=same,
        alerts_a_day_before=round(len(old) / days, 3),
        alerts_a_day_after=round(len(new) / days, 3),
        rules=_count(old, new, differences),
        differences=tuple(differences),
    )


def _standing(changes: Iterable[AlertChange], from_time: datetime, to_time: datetime) -> list[Alert]:
    """Give each alert that moved within the stretch as it stood at its end."""
    latest: dict[str, AlertChange] = {}
    for change in changes:
        if from_time <= change.alert.updated_time < to_time:
            known = latest.get(change.alert.id)
            if known is None or change.sequence >= known.sequence:
                latest[change.alert.id] = change
    return sorted((c.alert for c in latest.values()), key=lambda a: (a.raised_time, a.id))


def _pair(
    old: Sequence[Alert], new: Sequence[Alert]
) -> tuple[list[tuple[Alert, Alert]], list[Alert], list[Alert]]:
    """Find the alerts that are the same on both sides: by id, else by rule, group and a report that both rest on.

    Another version of a rule gives its alerts other ids.
    """
    by_id = {a.id: a for a in new}
    pairs = [(a, by_id.pop(a.id)) for a in old if a.id in by_id]
    taken = {a.id for a, _ in pairs}
    open_new: dict[tuple[str, tuple[tuple[str, str], ...]], list[Alert]] = defaultdict(list)
    for alert in by_id.values():
        open_new[alert.rule_id, alert.group].append(alert)
    lost = []
    for alert in (a for a in old if a.id not in taken):
        others = open_new[alert.rule_id, alert.group]
        told = {s.transcript_id for s in alert.subjects}
        other = next((o for o in others if told & {s.transcript_id for s in o.subjects}), None)
        if other is None:
            lost.append(alert)
        else:
            others.remove(other)
            pairs.append((alert, other))
    added = [a for alerts in open_new.values() for a in alerts]
    return pairs, lost, sorted(added, key=lambda a: (a.raised_time, a.id))


def _fields(before: Alert, after: Alert) -> Iterator[FieldChange]:
    """Name the fields that differ. Two versions of a rule may differ in what they call it and still say the same."""
    skipped = _OF_THE_VERSION if before.rule_version != after.rule_version else frozenset[str]()
    for name in Alert.model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if old != new and name not in skipped:
            yield FieldChange(field=name, **_tell_apart(name, old, new))


def _tell_apart(name: str, old: object, new: object) -> dict[str, str]:
    """Say in words what a field is on either side, down to where the words differ."""
    before, after = _in_words(name, old), _in_words(name, new)
    if before != after or not (isinstance(old, tuple) and isinstance(new, tuple)):
        return {"before": before, "after": after}
    one, other = next((a, b) for a, b in zip(old, new, strict=True) if a != b)
    if isinstance(one, Contract) and type(one) is type(other):
        inner = next(n for n in type(one).model_fields if getattr(one, n) != getattr(other, n))
        return {k: f"{inner} {_brief(getattr(x, inner))}" for k, x in (("before", one), ("after", other))}
    return {"before": _brief(one), "after": _brief(other)}


def _brief(value: object) -> str:
    match value:
        case Contract():
            text = value.encode().decode()
        case tuple():
            text = ", ".join(_brief(v) for v in value) or "none"
        case None:
            text = "none"
        case _:
            text = str(value)
    return text if len(text) <= _BRIEF_SIGNS else text[:_BRIEF_SIGNS] + "…"


def _in_words(name: str, value: object) -> str:
    match value:
        case None:
            return "none"
        case tuple() if name in {"subjects", "clauses"}:
            return f"{len(value)}"
        case tuple():
            return ", ".join(str(getattr(v, "code", None) or getattr(v, "name", None) or v) for v in value)
        case _:
            return str(value)


def _clauses(before: Alert, after: Alert) -> Why | None:
    """Say which clauses only one of two states of an alert rests on."""
    old, new = ({(c.selection, c.field, c.value) for c in a.clauses} for a in (before, after))
    gone = [c for c in before.clauses if (c.selection, c.field, c.value) not in new]
    come = [c for c in after.clauses if (c.selection, c.field, c.value) not in old]
    reports = {s.record_id for s in before.subjects} ^ {s.record_id for s in after.subjects}
    parts = []
    if come:
        parts.append("now it also rests on " + ", ".join(_clause_in_words(c) for c in come[:3]))
    if gone:
        parts.append("it no longer rests on " + ", ".join(_clause_in_words(c) for c in gone[:3]))
    if reports:
        parts.append(f"{len(reports)} of the reports behind it differ")
    if not parts:
        return None
    return Why(sentence="; ".join(parts), clauses=tuple(come or gone))


def _clause_in_words(clause: ClauseMatch) -> str:
    return f"{clause.selection} ({clause.field or 'text'}: {clause.value})"


@dataclass(slots=True)
class _Misses:
    """Why a side has not got an alert: by its rules, and by what almost held in it."""

    side: Side
    _by_place: dict[tuple[str, str], list[NearMiss]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_place = defaultdict(list)
        for miss in self.side.near_misses:
            self._by_place[miss.rule_id, miss.subject.transcript_id].append(miss)

    def why(self, alert: Alert, theirs: Mapping[str, Rule]) -> Why:
        """Say why this side has not got an alert of the other side, whose rules are `theirs`."""
        name = self.side.label
        rule = self.side.rules.get(alert.rule_id)
        if rule is None:
            return Why(
                sentence=f"{name} has no such rule",
                failed=tuple(dict.fromkeys(c.selection for c in alert.clauses)),
                clauses=alert.clauses,
            )
        miss = self._find(alert)
        if miss is not None:
            failed = miss.failed
            clauses = tuple(c for c in alert.clauses if c.selection in failed)
            names = ", ".join(failed)
            return Why(
                sentence=f"{name} has a near miss: {names} failed",
                failed=failed,
                near_miss=miss,
                clauses=clauses,
            )
        changed = _changed_selections(theirs.get(alert.rule_id), rule)
        if changed:
            clauses = tuple(c for c in alert.clauses if c.selection in changed)
            names = ", ".join(changed)
            return Why(sentence=f"the rule differs in {names}", failed=changed, clauses=clauses)
        return Why(
            sentence=f"in {name} the rule held on none of these reports, and no near miss of it is on record"
        )

    def _find(self, alert: Alert) -> NearMiss | None:
        """Give the near miss on the report that raised the alert, on the very record where there is one."""
        for subject in alert.subjects:
            near = self._by_place.get((alert.rule_id, subject.transcript_id), [])
            for miss in near:
                if miss.subject.record_id == subject.record_id:
                    return miss
            if near:
                return near[0]
        return None


def _changed_selections(one: Rule | None, other: Rule) -> tuple[str, ...]:
    """Name what two texts of one rule say differently: selections first, then other parts of it."""
    if one is None:
        return ()
    names = [
        n
        for n in sorted({*one.detection, *other.detection})
        if one.detection.get(n) != other.detection.get(n)
    ]
    names += [
        name.removesuffix("_s").replace("_", "-")
        for name in ("correlation", "group_by", "timespan_s", "hold_s", "suppress_s", "source")
        if getattr(one, name) != getattr(other, name)
    ]
    return tuple(names)


def _count(
    old: Sequence[Alert], new: Sequence[Alert], differences: Sequence[Difference]
) -> tuple[RuleCount, ...]:
    titles = {a.rule_id: a.rule_title for a in (*old, *new)}
    before, after = (Counter(a.rule_id for a in alerts) for alerts in (old, new))
    kinds = Counter((d.alert.rule_id, d.kind) for d in differences)
    counts = [
        RuleCount(
            rule_id=rule_id,
            title=title,
            before=before[rule_id],
            after=after[rule_id],
            added=kinds[rule_id, DifferenceKind.ADDED],
            lost=kinds[rule_id, DifferenceKind.LOST],
            changed=kinds[rule_id, DifferenceKind.CHANGED],
        )
        for rule_id, title in titles.items()
    ]
    return tuple(sorted(counts, key=lambda c: (-(c.added + c.lost + c.changed), c.title, c.rule_id)))
