"""A rule made ready: its selections and conditions read once, and everything wrong with it found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from schemas.event import Stage
from schemas.rule import Correlation, CorrelationType, Rule, RuleHead, RuleSource
from streams.rules.condition import Condition, parse_condition, selections_of
from streams.rules.detection import Selection, compile_selection
from streams.rules.errors import RuleError, nearest
from streams.rules.fields import DERIVED_SLOTS, FIELDS, FieldKind
from streams.rules.needs import fields_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.rules.detection import Item
    from streams.rules.errors import Path

CORROBORATE: Final = "corroborate"
CONTRADICT: Final = "contradict"
CANCEL: Final = "cancel"
MOVES: Final = (CORROBORATE, CONTRADICT, CANCEL)
"""What a record can do to alerts that are there, besides raising one."""

COMMON_FIELDS: Final = frozenset(
    {
        "event.realis", "event.context", "event.confidence", "event.party_count", "agreement.party_count", "agreement.polarity",
        "agreement.is_news", "agreement.denied", "agreement.origins", "agreement.sequence", "transition.confidence",
        "entity.type", "entity.confidence", "language", "source.medium", "source.country",
    }
)  # fmt: skip
"""Fields whose values most records share."""

_STAGES: Final = frozenset(stage.value for stage in Stage)
_SLOT: Final = re.compile(r"\{([^{}]*)\}")
_STEPS: Final = {
    CorrelationType.TEMPORAL: 2,
    CorrelationType.TEMPORAL_ORDERED: 2,
    CorrelationType.ABSENCE: 2,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A condition and what its match means: None raises, else a step of the correlation or a move of the alert."""

    name: str | None
    condition: Condition


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule ready for matching."""

    rule: Rule
    head: RuleHead
    source: RuleSource
    selections: Mapping[str, Selection]
    steps: tuple[Step, ...]
    slots: tuple[str, ...]
    """Every field that a match must bring along: for the group, the correlation and the summary."""
    fields: frozenset[str]
    """The fields that it asks for to find out whether it can hold."""
    telling: frozenset[str]
    """The selections that tell records apart: one that holds makes a near miss worth telling."""


def compile_rule(rule: Rule) -> CompiledRule:
    """Read the detection of a rule, its correlation and its summary.

    Raises:
        RuleError: something in it is wrong; `path` says where.
    """
    selections = _selections(rule)
    steps = _steps(rule, selections)
    used = {n for s in steps for n in selections_of(s.condition)}
    for name in selections:
        if name not in used and not name.startswith("_"):
            raise RuleError(
                f'the selection "{name}" is in no condition; use it, or leave it out',
                path=("detection", name),
            )
    for stage in rule.alert.level:
        if stage not in _STAGES:
            raise RuleError(f'"{stage}" is no stage{nearest(stage, _STAGES)}', path=("alert", "level", stage))
    slots = _slots(rule, selections)
    telling = frozenset(name for name, selection in selections.items() if all(map(_tells, selection.groups)))
    fields = fields_of(selections.values())
    return CompiledRule(rule, rule.head, rule.source, selections, steps, slots, fields, telling)


def _tells(group: tuple[Item, ...]) -> bool:
    return any(
        i.field not in COMMON_FIELDS
        and not i.negative
        and i.compare != "exists"
        and i.kind is not FieldKind.NUMBER
        for i in group
    )


def _selections(rule: Rule) -> dict[str, Selection]:
    selections: dict[str, Selection] = {}
    for name, value in rule.detection.items():
        if name == "condition":
            continue
        if not re.fullmatch(r"[A-Za-z_][\w-]{0,59}", name) or name.lower() in {
            "and",
            "or",
            "not",
            "of",
            "them",
            "all",
            "any",
        }:
            raise RuleError(
                f'"{name}" is no name for a selection; take letters, digits and _', path=("detection", name)
            )
        selections[name] = compile_selection(name, value, rule.source, ("detection", name))
    if not selections:
        raise RuleError("a detection has one selection at least, and a condition", path=("detection",))
    return selections


def _condition(text: object, selections: Mapping[str, Selection], path: Path) -> Condition:
    if not isinstance(text, str):
        raise RuleError("a condition is text such as: signed and not hearsay", path=path)
    try:
        return parse_condition(text, selections)
    except RuleError as error:
        raise RuleError(error.reason, path=path, offset=error.offset, of_value=True) from None


def _steps(rule: Rule, selections: Mapping[str, Selection]) -> tuple[Step, ...]:
    steps: list[Step] = []
    correlation = rule.correlation
    main = rule.detection.get("condition")
    if correlation is not None:
        _check_correlation(correlation)
    if correlation is not None and correlation.steps:
        if main is not None:
            raise RuleError(
                "a correlation with steps has no condition of its own: put it into the steps",
                path=("detection", "condition"),
            )
        for at, text in enumerate(correlation.steps):
            steps.append(Step(text, _condition(text, selections, ("correlation", "steps", at))))
    elif main is None:
        raise RuleError(f"a condition is missing, such as: {' and '.join(selections)}", path=("detection",))
    else:
        steps.append(Step(None, _condition(main, selections, ("detection", "condition"))))
    for name in MOVES:
        text = getattr(rule.alert, name)
        if text is not None:
            steps.append(Step(name, _condition(text, selections, ("alert", name))))
    return tuple(steps)


def _check_correlation(correlation: Correlation) -> None:
    kind = correlation.type
    want = _STEPS.get(kind, 0)
    if kind is CorrelationType.ABSENCE and len(correlation.steps) != want:
        raise RuleError(
            "absence has two steps: what happened, and what then is missing", path=("correlation", "steps")
        )
    if want and len(correlation.steps) < want:
        raise RuleError(f"{kind.value} has two steps at least", path=("correlation", "steps"))
    if not want and correlation.steps:
        raise RuleError(
            f"{kind.value} takes no steps; it counts what the condition finds", path=("correlation", "steps")
        )
    if len(set(correlation.steps)) < len(correlation.steps):
        raise RuleError(
            "two steps are the same; count with event_count instead", path=("correlation", "steps")
        )
    if set(correlation.steps) & set(MOVES):
        raise RuleError(f"a step cannot be called {', '.join(MOVES)}", path=("correlation", "steps"))
    if kind in {CorrelationType.EVENT_COUNT, CorrelationType.VALUE_COUNT} and correlation.gte is None:
        raise RuleError(f"{kind.value} needs condition: {{gte: number}}", path=("correlation",))
    if kind in {CorrelationType.VALUE_COUNT, CorrelationType.TRANSITION} and correlation.field is None:
        raise RuleError(f"{kind.value} needs field: whose values", path=("correlation",))
    if kind is not CorrelationType.TRANSITION and correlation.timespan_s is None:
        raise RuleError(f"{kind.value} needs timespan: within which time", path=("correlation",))


def _slots(rule: Rule, selections: Mapping[str, Selection]) -> tuple[str, ...]:
    known: dict[str, Any] = {**FIELDS[rule.source], **DERIVED_SLOTS}
    variables = {v for s in selections.values() for v in s.variables}
    slots: dict[str, None] = {}

    def want(name: str, path: Path, offset: int = 0) -> None:
        if name.startswith("$"):
            if name not in variables:
                raise RuleError(
                    f'no selection binds "{name}"{nearest(name, variables)}', path=path, offset=offset
                )
        elif name not in known:
            raise RuleError(
                f'{rule.source.value} has no field "{name}"{nearest(name, known)}', path=path, offset=offset
            )
        slots[name] = None

    for at, name in enumerate(rule.group_by):
        want(name, ("group-by", at))
    if rule.correlation is not None and rule.correlation.field is not None:
        want(rule.correlation.field, ("correlation", "field"))
    for found in _SLOT.finditer(rule.alert.summary):
        want(found.group(1).strip(), ("alert", "summary"), found.start(1))
    if "transition.stage" in slots:
        slots["transition.before"] = None
    return tuple(slots)
