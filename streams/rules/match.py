"""Which rules hold on a record, on which words, and which almost held."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from schemas.alert import ClauseMatch, Match, NearMiss, Subject
from schemas.ids import derived_id
from schemas.rule import RuleSource, RuleStatus
from streams.rules.compile import CompiledRule, compile_rule
from streams.rules.condition import And, Condition, Named, Not, Or, selections_of
from streams.rules.detection import MAX_HITS, Hit, match_selection
from streams.rules.facts import Facts, frame_of, read_facts, source_of
from streams.rules.index import FactIndex
from streams.rules.needs import needs_of, value_atom
from streams.rules.summary import load_state_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.agreement import Transition
    from schemas.enriched import EnrichedTranscript
    from schemas.event import Event
    from schemas.rule import Rule
    from streams.rules.compiled import CompiledIndex
    from streams.rules.facts import Frame
    from streams.rules.index import ThresholdBook
    from streams.rules.needs import Needs

MAX_NEAR_MISSES: Final = 100
"""Near misses told of one record: with very many rules in the making they would soon be most of what is published."""
MAX_MATCHES: Final = 32
"""Groups of one rule that one record can hold on; more of them tell nothing new."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the rules say of one record."""

    matches: tuple[Match, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()


class RuleIndex:
    """Every rule at work. Adding and removing act on the next record, and cost what the one rule costs.

    Near misses are told for rules that are still being written (status experimental or test), or for all of them
    with `every_near_miss`, as rule tests want it; of one record a hundred at most, with very many of other rules each time.

    `frequency` says how many of a thousand records hold an atom (see `streams.rules.needs`). It makes the index fast
    and changes no answer. Nor does `compiled`, for which `can_compile` must be true.
    """

    def __init__(
        self,
        *,
        every_near_miss: bool = False,
        frequency: Mapping[str, float] | None = None,
        compiled: bool = False,
    ) -> None:
        self._rules: dict[str, CompiledRule] = {}
        self._every_near_miss = every_near_miss
        self._frequency: Mapping[str, float] = {} if frequency is None else frequency
        self._indexes: dict[RuleSource, FactIndex | CompiledIndex] = {
            source: _make_index(self._frequency, compiled=compiled) for source in RuleSource
        }
        self._almost: dict[str, str] = {}
        """The entries that say what must be there for a rule to hold but for one part, and the rule of each."""
        self._asked = {source: _Asked() for source in RuleSource}
        self._counts = dict.fromkeys(RuleSource, 0)

    def add(self, rule: Rule) -> None:
        """Put a rule to work, in place of an older one of its id.

        Raises:
            RuleError: the rule cannot be used; the index is as it was.
        """
        compiled = compile_rule(rule)
        self.remove(rule.id)
        self._rules[rule.id] = compiled
        needs = [
            needs_of(s.condition, compiled.selections, rule.source, self._frequency) for s in compiled.steps
        ]
        index = self._indexes[rule.source]
        index.add(rule.id, needs)
        if self._wants_near_miss(rule):
            almost = _almost_id(rule.id)
            self._almost[almost] = rule.id
            index.add(almost, _near_needs(compiled, self._frequency))
        self._asked[rule.source].add(compiled.fields)
        self._counts[rule.source] += 1

    def remove(self, rule_id: str) -> None:
        """Take a rule out of work; one that is not there is no error."""
        compiled = self._rules.pop(rule_id, None)
        if compiled is not None:
            self._indexes[compiled.source].remove(rule_id)
            self._indexes[compiled.source].remove(_almost_id(rule_id))
            self._almost.pop(_almost_id(rule_id), None)
            self._asked[compiled.source].remove(compiled.fields)
            self._counts[compiled.source] -= 1

    def __contains__(self, rule_id: str) -> bool:
        return rule_id in self._rules

    def __len__(self) -> int:
        return len(self._rules)

    def match(self, record: EnrichedTranscript | Event | Transition) -> Found:
        """Say which rules hold on a record and which almost do, in the order of rule ids."""
        if not self._counts[source_of(record)]:
            return Found()
        matches: list[Match] = []
        near: list[NearMiss] = []
        for facts in read_facts(record):
            held: set[str] = set()
            entries = self._entries(facts)
            almost = sorted(self._almost[e] for e in entries if e in self._almost)
            for rule_id in sorted(e for e in entries if e not in self._almost):
                found = match_rule(self._rules[rule_id], facts)
                if found:
                    held.add(rule_id)
                    matches.extend(found)
            # from another place for each record, so that no rule is passed over for ever
            at = bisect_left(almost, facts.subject.record_id) if len(almost) > MAX_NEAR_MISSES else 0
            misses = (
                m
                for i in (*almost[at:], *almost[:at])
                if i not in held
                for m in near_misses(self._rules[i], facts)
            )
            near.extend(islice(misses, MAX_NEAR_MISSES))
        return Found(tuple(matches), tuple(near))

    def candidates(self, facts: Facts) -> set[str]:
        """Give the ids of the rules that may hold on a record; every rule that does is among them."""
        return {entry for entry in self._entries(facts) if entry not in self._almost}

    def _entries(self, facts: Facts) -> set[str]:
        """Give the rules that may hold, and the entries of those that may almost hold."""
        index, asked = self._indexes[facts.kind], self._asked[facts.kind]
        texts = {
            "" if name == "text" else f"{name}=": view.folded
            for name, view in facts.texts.items()
            if name in asked.counts
        }
        return index.match(texts, _field_atoms(facts, asked, index.thresholds))

    def _wants_near_miss(self, rule: Rule) -> bool:
        return self._every_near_miss or rule.status in {RuleStatus.EXPERIMENTAL, RuleStatus.TEST}


def can_compile() -> bool:
    """Say whether the extra `fast` is installed, by which the index is compiled."""
    return find_spec("numba") is not None


def _make_index(frequency: Mapping[str, float], *, compiled: bool) -> FactIndex | CompiledIndex:
    if not compiled:
        return FactIndex(frequency)
    # Late: it needs an extra, and its import costs more than a few rules are worth.
    from streams.rules.compiled import CompiledIndex  # noqa: PLC0415

    return CompiledIndex(frequency)


def _almost_id(rule_id: str) -> str:
    return derived_id("almost", rule_id)


class _Asked:
    """The fields that rules ask for; no others need be laid out."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.frames: frozenset[str] = frozenset()
        """The frames that some of them belong to."""

    def add(self, fields: frozenset[str]) -> None:
        """Count the fields of one more rule."""
        for name in fields:
            self.counts[name] = self.counts.get(name, 0) + 1
            if self.counts[name] == 1:
                self.frames |= {frame_of(name)}

    def remove(self, fields: frozenset[str]) -> None:
        """Count them once less."""
        for name in fields:
            self.counts[name] -= 1
            if not self.counts[name]:
                del self.counts[name]
                self.frames = frozenset(map(frame_of, self.counts))


def _field_atoms(facts: Facts, asked: _Asked, thresholds: ThresholdBook) -> set[str]:
    atoms: set[str] = set()
    counts = asked.counts
    frames = [
        frame for prefix in facts.tell_frames if prefix in asked.frames for frame in facts.frames(prefix)
    ]
    for frame in (facts.fields, *frames):
        for name, cells in frame.items():
            if name not in counts:
                continue
            atoms.add(f"?{name}")
            for value, _ in cells:
                if isinstance(value, str):
                    atoms.add(value_atom(name, value))
                else:
                    atoms.update(thresholds.reached(name, value))
    return atoms


def _near_needs(rule: CompiledRule, frequency: Mapping[str, float]) -> list[Needs]:
    """Say for each part of a condition what the others need at least, where they would make a near miss."""
    needs: list[Needs] = []
    for step in rule.steps:
        if step.name is not None or not isinstance(step.condition, And):
            continue
        parts = step.condition.parts
        for at in range(len(parts)):
            others = (*parts[:at], *parts[at + 1 :])
            if any(not isinstance(p, Not) and rule.telling.intersection(selections_of(p)) for p in others):
                needs.append(needs_of(And(others), rule.selections, rule.source, frequency))
    return needs


def match_rule(rule: CompiledRule, facts: Facts) -> tuple[Match, ...]:
    """Give the matches of one rule on one record: one for each step and group on which it holds."""
    known: dict[str, tuple[Hit, ...]] = {}
    matches: list[Match] = []
    for step in rule.steps:
        seen: set[tuple[tuple[str, str], ...]] = set()
        for hit in _match_condition(step.condition, rule, facts, known):
            slots = slot_values(rule.slots, facts, hit)
            group = tuple((name, _joined(slots.get(name))) for name in rule.rule.group_by)
            if group in seen:
                continue
            seen.add(group)
            matches.append(_make_match(rule, step.name, group, slots, hit, facts))
            if len(seen) >= MAX_MATCHES:
                break
    return tuple(matches)


def _make_match(  # noqa: PLR0917 - one caller, and each is needed
    rule: CompiledRule,
    step: str | None,
    group: tuple[tuple[str, str], ...],
    slots: dict[str, Any],
    hit: Hit,
    facts: Facts,
) -> Match:
    parts = (
        rule.rule.id,
        str(rule.rule.version),
        facts.subject.record_id,
        step or "",
        *(v for pair in group for v in pair),
    )
    return Match(
        id=derived_id("match", *parts),
        rule_id=rule.rule.id,
        rule_version=rule.rule.version,
        rule=rule.head,
        group=group,
        selection=step,
        sketch=facts.sketch,
        clauses=hit.clauses,
        slots=slots,
        subject=_with_words(facts, hit.clauses),
    )


def _with_words(facts: Facts, clauses: tuple[ClauseMatch, ...]) -> Subject:
    """Give the subject with the sentences that prove the match: a whole transcript has no words of its own."""
    if facts.subject.evidence:
        return facts.subject
    view = facts.texts["text"]
    found = {words for c in clauses if c.evidence and (words := view.sentence_of(c.evidence))}
    return facts.subject.model_copy(update={"evidence": tuple(sorted(found, key=lambda e: e.start))})


def slot_values(names: tuple[str, ...], facts: Facts, hit: Hit) -> dict[str, Any]:
    """Give the values of the named fields, as lists; those that the record does not have are left out."""
    frames: dict[str, Frame] = {}
    for prefix, frame in hit.frames:
        frames.setdefault(prefix, frame)
    bound = dict(hit.bindings)
    values: dict[str, Any] = {}
    for name in names:
        found: list[str | float]
        if name in bound:
            found = [bound[name]]
        elif name == "origin":
            found = [facts.subject.origin]
        elif name == "transcript":
            found = [facts.subject.transcript_id]
        elif name == "day":
            found = [facts.subject.event_time.date().isoformat()]
        elif name == "parties":
            states = load_state_names()
            found = [p.code if p.code in states else p.name for p in facts.subject.parties]
        elif name in facts.texts:
            found = [facts.texts[name].text[:500]]
        else:
            prefix = name.split(".", 1)[0]
            frame = frames.get("event" if prefix == "agreement" else prefix, facts.fields)
            found = [cell.value for cell in frame.get(name, ())]
        if found:
            values[name] = list(dict.fromkeys(found))
    return values


def _joined(values: list[str | float] | None) -> str:
    return "|".join(str(v) for v in values or ())


def _match_condition(
    condition: Condition, rule: CompiledRule, facts: Facts, known: dict[str, tuple[Hit, ...]]
) -> tuple[Hit, ...]:
    """Give every way in which a condition holds. Variables bind across selections; a `not` sees what is bound before it."""
    match condition:
        case Named(name):
            if name not in known:
                known[name] = match_selection(rule.selections[name], facts)
            return known[name]
        case Or(parts):
            return tuple(h for p in parts for h in _match_condition(p, rule, facts, known))[:MAX_HITS]
        case Not(part):
            return () if _match_condition(part, rule, facts, known) else (Hit(),)
        case And(parts):
            hits: tuple[Hit, ...] = (Hit(),)
            ordered = [p for p in parts if not isinstance(p, Not)] + [p for p in parts if isinstance(p, Not)]
            for part in ordered:
                if isinstance(part, Not):
                    against = _match_condition(part.part, rule, facts, known)
                    hits = tuple(h for h in hits if not any(_join(h, a) for a in against))
                else:
                    found = _match_condition(part, rule, facts, known)
                    hits = tuple(j for h in hits for f in found if (j := _join(h, f)) is not None)[:MAX_HITS]
                if not hits:
                    return ()
            return hits


def _join(a: Hit, b: Hit) -> Hit | None:
    """Put two hits together, unless a variable is bound to two values or two variables to one."""
    bound = dict(a.bindings)
    for variable, value in b.bindings:
        if bound.get(variable, value) != value:
            return None
        bound[variable] = value
    if len(set(bound.values())) < len(bound):
        return None
    return Hit(tuple(sorted(bound.items())), (*a.clauses, *b.clauses), (*a.frames, *b.frames))


def near_misses(rule: CompiledRule, facts: Facts) -> tuple[NearMiss, ...]:
    """Tell whether a rule failed by one part of its condition only, while a part that tells records apart held.

    Only the conditions that raise count. With a single part there is nothing that could almost hold. That an event
    took place, or that the reader is sure of it, is true of most events and makes no near miss.
    """
    misses: list[NearMiss] = []
    known: dict[str, tuple[Hit, ...]] = {}
    for step in rule.steps:
        if step.name is not None or not isinstance(step.condition, And):
            continue
        failed: list[Condition] = []
        held: list[ClauseMatch] = []
        positive = False
        for part in step.condition.parts:
            hits = _match_condition(part, rule, facts, known)
            if not hits:
                failed.append(part)
            elif not isinstance(part, Not):
                positive = positive or any(c.selection in rule.telling for c in hits[0].clauses)
                held.extend(hits[0].clauses)
        if len(failed) == 1 and positive:
            names = selections_of(failed[0])
            misses.append(
                NearMiss(
                    rule_id=rule.rule.id,
                    rule_version=rule.rule.version,
                    failed=names,
                    held=tuple(held),
                    subject=facts.subject,
                )
            )
    return tuple(misses)


@dataclass(frozen=True, slots=True)
class SelectionResult:
    """How one selection of a rule fared on a record: the clauses that held, or None if it failed."""

    name: str
    clauses: tuple[ClauseMatch, ...] | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a rule fares on one record, selection by selection."""

    subject: Subject
    selections: tuple[SelectionResult, ...]
    matched: tuple[str, ...]
    """The conditions that held: "condition", a step, or corroborate, contradict, cancel."""


def explain(rule: Rule, record: EnrichedTranscript | Event | Transition) -> tuple[Explanation, ...]:
    """Say for each selection of a rule on which words of a record it held, or that it failed.

    A record of another kind than the rule watches gives nothing.

    Raises:
        RuleError: the rule cannot be used.
    """
    compiled = compile_rule(rule)
    explanations: list[Explanation] = []
    for facts in read_facts(record):
        if facts.kind is not compiled.source:
            continue
        results: list[SelectionResult] = []
        for name, selection in compiled.selections.items():
            hits = match_selection(selection, facts)
            results.append(SelectionResult(name, hits[0].clauses if hits else None))
        known: dict[str, tuple[Hit, ...]] = {}
        matched = tuple(
            step.name or "condition"
            for step in compiled.steps
            if _match_condition(step.condition, compiled, facts, known)
        )
        explanations.append(Explanation(facts.subject, tuple(results), matched))
    return tuple(explanations)
