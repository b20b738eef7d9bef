"""Which rules hold on a record, on which words, and which almost held."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from schemas.alert import ClauseMatch, Match, NearMiss, Subject
from schemas.ids import derived_id
from schemas.rule import RuleSource, RuleStatus
from streams.rules.compile import CompiledRule, compile_rule
from streams.rules.condition import And, Condition, Named, Not, Or, selections_of
from streams.rules.detection import MAX_HITS, Hit, match_selection
from streams.rules.facts import Facts, read_facts, source_of
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

MAX_WRITTEN: Final = 1000
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
    with `every_near_miss`, as rule tests want it; for the first thousand of them, since they cost more than matches.

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
        self._written: dict[RuleSource, set[str]] = {source: set() for source in RuleSource}
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
        self._indexes[rule.source].add(rule.id, needs)
        self._counts[rule.source] += 1
        if self._wants_near_miss(rule) and sum(map(len, self._written.values())) < MAX_WRITTEN:
            self._written[rule.source].add(rule.id)

    def remove(self, rule_id: str) -> None:
        """Take a rule out of work; one that is not there is no error."""
        compiled = self._rules.pop(rule_id, None)
        if compiled is not None:
            self._indexes[compiled.source].remove(rule_id)
            self._written[compiled.source].discard(rule_id)
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
            for rule_id in sorted(self.candidates(facts)):
                found = match_rule(self._rules[rule_id], facts)
                if found:
                    held.add(rule_id)
                    matches.extend(found)
            for rule_id in sorted(self._written[facts.subject.kind]):
                if rule_id not in held:
                    near.extend(near_misses(self._rules[rule_id], facts))
        return Found(tuple(matches), tuple(near))

    def candidates(self, facts: Facts) -> set[str]:
        """Give the ids of the rules that may hold on a record; every rule that does is among them."""
        index = self._indexes[facts.subject.kind]
        return index.match(_texts_of(facts), _field_atoms(facts, index.thresholds))

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


def _texts_of(facts: Facts) -> dict[str, list[str]]:
    return {"" if name == "text" else f"{name}=": view.folded for name, view in facts.texts.items()}


def _field_atoms(facts: Facts, thresholds: ThresholdBook) -> set[str]:
    atoms: set[str] = set()
    for frame in (facts.fields, *(f for frames in facts.frames.values() for f in frames)):
        for name, cells in frame.items():
            atoms.add(f"?{name}")
            for cell in cells:
                if isinstance(cell.value, str):
                    atoms.add(value_atom(name, cell.value))
                else:
                    atoms.update(thresholds.reached(name, cell.value))
    return atoms


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
        if facts.subject.kind is not compiled.source:
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
