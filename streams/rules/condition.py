"""The condition of a rule: `signed and security and not hearsay`, `1 of talks_*`, `all of them`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streams.rules.errors import RuleError, nearest

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_DEPTH: Final = 30
MAX_CONDITION: Final = 2000
_LEX: Final = re.compile(r"[()]|[^\s()]+")
_KEYWORDS: Final = frozenset({"and", "or", "not", "of", "them", "1", "all", "any"})


@dataclass(frozen=True, slots=True)
class Named:
    """A selection by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    part: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of these at least."""

    parts: tuple[Condition, ...]


Condition = Named | Not | And | Or


def parse_condition(text: str, names: Collection[str]) -> Condition:
    """Read a condition over the selections of a detection.

    `and` and `or` do not mix without brackets: readers differ on which goes first.

    Raises:
        RuleError: it is none, or names a selection that is not there; `offset` says where in the text.
    """
    if len(text) > MAX_CONDITION:
        raise RuleError(f"a condition has {MAX_CONDITION} signs at most")
    parser = _Parser(text, sorted(names))
    condition = parser.expression()
    word, at = parser.peek()
    if word:
        raise RuleError(f'"{word}" has no place here; between two selections stands "and" or "or"', offset=at)
    return condition


def selections_of(condition: Condition) -> tuple[str, ...]:
    """Name the selections of a condition, each once, in order."""
    match condition:
        case Named(name):
            return (name,)
        case Not(part):
            return selections_of(part)
        case And(parts) | Or(parts):
            return tuple(dict.fromkeys(n for p in parts for n in selections_of(p)))


class _Parser:
    def __init__(self, text: str, names: list[str]) -> None:
        self.words = [(m.group(), m.start()) for m in _LEX.finditer(text)]
        self.names = names
        self.at = 0
        self.length = len(text)
        self.depth = 0

    def peek(self) -> tuple[str, int]:
        return self.words[self.at] if self.at < len(self.words) else ("", self.length)

    def take(self) -> tuple[str, int]:
        word = self.peek()
        self.at += 1
        return word

    def expression(self) -> Condition:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise RuleError(f"brackets go deeper than {MAX_DEPTH}", offset=self.peek()[1])
        parts = [self.unary()]
        sign = ""
        while self.peek()[0].lower() in {"and", "or"}:
            word, at = self.take()
            if sign and word.lower() != sign:
                raise RuleError(
                    '"and" and "or" are mixed without brackets; write (a and b) or c, or a and (b or c)',
                    offset=at,
                )
            sign = word.lower()
            parts.append(self.unary())
        self.depth -= 1
        if not sign:
            return parts[0]
        return And(tuple(parts)) if sign == "and" else Or(tuple(parts))

    def unary(self) -> Condition:
        word, at = self.take()
        if not word:
            raise RuleError("a selection is missing at the end", offset=at)
        if word.lower() == "not":
            return Not(self.unary())
        if word == "(":
            inner = self.expression()
            if self.take()[0] != ")":
                raise RuleError('"(" is not closed', offset=at)
            return inner
        if word.lower() in {"1", "any", "all"} and self.peek()[0].lower() == "of":
            self.take()
            return self.several(every=word.lower() == "all")
        if word not in self.names:
            raise RuleError(self.unknown(word), offset=at)
        return Named(word)

    def unknown(self, word: str) -> str:
        if word == ")":
            return '")" has no "("'
        if word.lower() in _KEYWORDS:
            return f'a selection is missing before "{word}"'
        if word.isdigit():
            return f'only "1 of" and "all of" exist; counting events is for correlation, not "{word} of"'
        return f'there is no selection "{word}"{nearest(word, self.names)}'

    def several(self, *, every: bool) -> Condition:
        pattern, at = self.take()
        if pattern.lower() == "them":
            named = [n for n in self.names if not n.startswith("_")]
        elif pattern.endswith("*"):
            named = [n for n in self.names if n.startswith(pattern[:-1])]
        else:
            named = [n for n in self.names if n == pattern]
        if not named:
            what = f'no selection is called "{pattern}"' if pattern else "what it is of is missing at the end"
            raise RuleError(what + nearest(pattern.rstrip("*"), self.names), offset=at)
        parts = tuple(Named(n) for n in named)
        if len(parts) == 1:
            return parts[0]
        return And(parts) if every else Or(parts)
