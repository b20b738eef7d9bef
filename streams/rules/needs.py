"""What a rule needs at least: its condition as clauses over atoms, so that most rules are never looked at.

An atom is a string: a word of the text (`border`), a phrase (`border guard`), a prefix (`secur*`), a value of a field
(`@event.type=consult`), its presence (`?event.mode`), or a number reached (`#event.confidence>=0.5`). No word begins
with one of these signs. Words of another text than the main one bear its name: `title=border`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from schemas.rule import RuleSource
from streams.rules.condition import And, Condition, Named, Not, Or
from streams.rules.facts import FRAMES
from streams.rules.fields import FieldKind
from streams.rules.text import AllOf, AnyOf, AtLeast, InSentence, Near, No, Phrase, Text, Word, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from streams.rules.detection import Item, Selection

Clause = frozenset[str]

_COMPARE: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
UNSEEN: Final = 0.3
_COMMON_WORDS: Final = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "to",
        "in",
        "and",
        "or",
        "is",
        "was",
        "are",
        "were",
        "be",
        "been",
        "by",
        "for",
        "on",
        "at",
        "with",
        "from",
        "as",
        "that",
        "this",
        "it",
        "its",
        "he",
        "she",
        "they",
        "his",
        "her",
        "their",
        "who",
        "which",
        "has",
        "have",
        "had",
        "will",
        "would",
        "said",
        "not",
        "but",
    ]
)


@dataclass(frozen=True, slots=True)
class Needs:
    """Every clause must be met by one atom, and no atom of `never` may be there. `exact`: that is all there is to it."""

    clauses: tuple[Clause, ...] = ()
    never: Clause = frozenset()
    exact: bool = True


_NOTHING: Final = Needs(exact=False)
"""Nothing is known that it needs."""


def atom_cost(atom: str, frequency: Mapping[str, float]) -> float:
    """Guess how many of a thousand records hold an atom."""
    known = frequency.get(atom)
    if known is not None:
        return known
    if atom[0] in "?#":
        return 800.0
    if atom[0] == "@":
        return 50.0
    if " " in atom:
        return 0.5 * min(atom_cost(w, frequency) for w in atom.split(" "))
    if atom[-1] == "*":
        return 5.0
    return 900.0 if atom in _COMMON_WORDS else UNSEEN


def needs_of(
    condition: Condition,
    selections: Mapping[str, Selection],
    source: RuleSource,
    frequency: Mapping[str, float],
) -> Needs:
    """Say what a condition needs at least."""

    def cost(clause: Clause) -> float:
        return sum(atom_cost(a, frequency) for a in clause)

    def visit(part: Condition) -> Needs:
        match part:
            case Named(name):
                groups = [_group_needs(group, source, cost) for group in selections[name].groups]
                return _any_of(groups, cost)
            case And(parts):
                return _all_of([visit(p) for p in parts])
            case Or(parts):
                return _any_of([visit(p) for p in parts], cost)
            case Not(inner):
                return _none_of(visit(inner))

    return visit(condition)


def fields_of(selections: Iterable[Selection]) -> frozenset[str]:
    """Name the fields of which the needs of some selections speak."""
    items = [i for s in selections for group in s.groups for i in group]
    return frozenset(f"{i.field}.name" if i.point else i.field for i in items)


def _all_of(parts: Iterable[Needs]) -> Needs:
    clauses: dict[Clause, None] = {}
    never: set[str] = set()
    exact = True
    for part in parts:
        clauses.update(dict.fromkeys(part.clauses))
        never |= part.never
        exact = exact and part.exact
    return Needs(tuple(clauses), frozenset(never), exact)


def _any_of(parts: list[Needs], cost: Callable[[Clause], float]) -> Needs:
    if len(parts) == 1:
        return parts[0]
    exact = all(p.exact and len(p.clauses) == 1 and not p.never for p in parts)
    if not all(p.clauses for p in parts):
        return _NOTHING
    return Needs((frozenset().union(*(min(p.clauses, key=cost) for p in parts)),), frozenset(), exact)


def _none_of(part: Needs) -> Needs:
    if part.exact and len(part.clauses) == 1 and not part.never:
        return Needs((), part.clauses[0])
    if part.exact and not part.clauses and part.never:
        return Needs((part.never,))
    return _NOTHING


def _group_needs(group: tuple[Item, ...], source: RuleSource, cost: Callable[[Clause], float]) -> Needs:
    whole = _all_of(_item_needs(item, cost) for item in group)
    framed = source is RuleSource.TRANSCRIPTS and any(_is_framed(i) for i in group)
    if not framed:
        return whole
    # Two values may lie in two events, and a value that must not be there may lie in another one.
    return Needs(whole.clauses, frozenset(), exact=whole.exact and len(group) == 1 and not whole.never)


def _is_framed(item: Item) -> bool:
    prefix = item.field.split(".", 1)[0]
    return item.kind is not FieldKind.TEXT and (prefix in FRAMES or prefix == "agreement")


def _item_needs(item: Item, cost: Callable[[Clause], float]) -> Needs:  # noqa: PLR0911 - one answer for each sort of item
    there = frozenset({f"?{item.field}"})
    if item.kind is FieldKind.TEXT:
        mark = "" if item.field == "text" else f"{item.field}="
        parts = [_text_needs(t, mark, cost) for t in item.texts]
        return _all_of(parts) if item.every else _any_of(parts, cost)
    if item.point:
        return Needs((frozenset({f"?{item.field}.name"}),), exact=False)
    if item.absent:
        return Needs((), there)
    if item.compare == "neq":
        exact = item.kind is not FieldKind.NUMBER and not item.cased
        return Needs((), frozenset(value_atom(item.field, v) for v in item.values)) if exact else _NOTHING
    if item.compare in _COMPARE:
        return Needs((frozenset({number_atom(item.field, item.compare, item.number)}),))
    if item.compare or item.variable or item.kind is FieldKind.NUMBER:
        return Needs((there,), exact=item.compare == "exists")
    atoms = [value_atom(item.field, v) for v in item.values]
    clauses = tuple(frozenset({a}) for a in atoms) if item.every else (frozenset(atoms),)
    return Needs(clauses, exact=not item.cased)


def number_atom(field: str, compare: str, number: float) -> str:
    """Name the atom of a number that a field reaches, such as `#event.confidence>=0.5`."""
    return f"#{field}{_COMPARE[compare]}{number!r}"


def value_atom(field: str, value: str) -> str:
    """Name the atom of a value of a field, such as `@event.type=consult`."""
    return f"@{field}={fold(value)}"


def _text_needs(text: Text, mark: str, cost: Callable[[Clause], float]) -> Needs:
    match text:
        case Word() | Phrase():
            return _word_needs(text, mark)
        case AllOf(parts):
            return _all_of([_text_needs(p, mark, cost) for p in parts])
        case AnyOf(parts):
            return _any_of([_text_needs(p, mark, cost) for p in parts], cost)
        case No(part):
            return _none_of(_text_needs(part, mark, cost))
        case Near(left, right, apart=apart):
            sides = [left] if apart else [left, right]
            inner = _all_of([_text_needs(p, mark, cost) for p in sides])
            return Needs(inner.clauses, exact=False)
        case InSentence(part) | AtLeast(_, part):
            return Needs(_text_needs(part, mark, cost).clauses, exact=False)


def _word_needs(text: Word | Phrase, mark: str) -> Needs:
    words = text.words if isinstance(text, Phrase) else (text,)
    if isinstance(text, Phrase) and not any(w.cased or w.prefix for w in words):
        return Needs((frozenset({mark + " ".join(w.text for w in words)}),))
    clauses = tuple(frozenset({mark + fold(w.text) + ("*" if w.prefix else "")}) for w in words)
    exact = len(words) == 1 and not words[0].cased
    return Needs(clauses, exact=exact)
