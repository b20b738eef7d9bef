"""The index of rules: which of very many can hold on a record, found by what they need at least.

Each rule hangs on pairs of atoms, one from each of its two rarest clauses. A record is a set of atoms; only pairs of
which both are there are looked at. Adding and removing touch the rule's own pairs only; nothing is ever rebuilt.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from streams.rules.needs import Clause, Needs, atom_cost
from streams.rules.text import MIN_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_PAIRS: Final = 16
"""Two clauses that make more pairs than this hang by the first one alone."""
MAX_MEMO: Final = 200_000
"""Words whose prefixes are remembered; then it begins anew."""

Residue = tuple[str, tuple[Clause, ...], Clause]
"""A rule that its pair does not decide: what else must be there, and what must not."""
Entry = str | Residue


class FactIndex:
    """Rules by what they need. `frequency` makes it fast and changes no answer."""

    def __init__(self, frequency: Mapping[str, float] | None = None) -> None:
        self._frequency: Mapping[str, float] = {} if frequency is None else frequency
        self._single: dict[str, list[Entry]] = {}
        self._pairs: dict[str, dict[str, list[Entry]]] = {}
        self._always: dict[str, list[Residue]] = {}
        self._keys: dict[str, list[tuple[str, str | None]]] = {}
        self._used: dict[str, list[str]] = {}
        self._phrases = PhraseBook(self._frequency)
        self._prefixes = PrefixBook()
        self.thresholds = ThresholdBook()

    def add(self, rule_id: str, needs: Sequence[Needs]) -> None:
        """Put a rule in, with what each of its conditions needs. It must not be there already."""
        self._keys[rule_id] = []
        self._used[rule_id] = []
        for need in needs:
            self._note_atoms(rule_id, need)
            self._add_entry(rule_id, need)

    def _note_atoms(self, rule_id: str, need: Needs) -> None:
        used = self._used[rule_id]
        for atom in [a for c in need.clauses for a in c] + list(need.never):
            book = self._book(atom)
            if book is not None:
                book.add(atom)
                used.append(atom)

    def _book(self, atom: str) -> PhraseBook | PrefixBook | ThresholdBook | None:
        if atom[0] == "#":
            return self.thresholds
        if atom[0] in "@?":
            return None
        if " " in atom:
            return self._phrases
        return self._prefixes if atom[-1] == "*" else None

    def _add_entry(self, rule_id: str, need: Needs) -> None:
        keys = self._keys[rule_id]
        clauses = sorted(need.clauses, key=self._cost)
        if not clauses:
            self._always.setdefault(rule_id, []).append((rule_id, (), need.never))
            return
        first = clauses[0]
        paired = len(clauses) > 1 and len(first) * len(clauses[1]) <= MAX_PAIRS
        rest = tuple(clauses[2 if paired else 1 :])
        entry: Entry = (rule_id, rest, need.never) if rest or need.never else rule_id
        if paired:
            for a in first:
                under = self._pairs.setdefault(a, {})
                for b in clauses[1]:
                    under.setdefault(b, []).append(entry)
                    keys.append((a, b))
        else:
            for a in first:
                self._single.setdefault(a, []).append(entry)
                keys.append((a, None))

    def _cost(self, clause: Clause) -> float:
        return sum(atom_cost(a, self._frequency) for a in clause)

    def remove(self, rule_id: str) -> None:
        """Take a rule out; one that is not there is no error."""
        for a, b in self._keys.pop(rule_id, ()):
            if b is None:
                _drop(self._single, a, rule_id)
            else:
                under = self._pairs.get(a)
                if under is not None:
                    _drop(under, b, rule_id)
                    if not under:
                        del self._pairs[a]
        for atom in self._used.pop(rule_id, ()):
            book = self._book(atom)
            if book is not None:
                book.remove(atom)
        self._always.pop(rule_id, None)

    def atoms(self, words: list[str], fields: Iterable[str], mark: str = "") -> set[str]:
        """Give the atoms of a text of folded words and of fields: words, the phrases and prefixes in use, and the fields."""
        found = {mark + w for w in words} if mark else set(words)
        self._prefixes.find(found, mark)
        self._phrases.find(words, found, mark)
        found.update(fields)
        return found

    def find(self, atoms: set[str]) -> set[str]:  # noqa: C901, PLR0912 - one flat loop: a call for each entry would double its time
        """Give the rules that can hold on a record of these atoms. Where what a rule needs is exact, it does hold."""
        found: set[str] = set()
        add = found.add
        residues: list[Residue] = []
        later = residues.append
        there = atoms.__contains__
        none = atoms.isdisjoint
        size = len(atoms)
        single, pairs = self._single, self._pairs
        for a in atoms & single.keys():
            for entry in single[a]:
                if isinstance(entry, str):
                    add(entry)
                else:
                    later(entry)
        for a in atoms & pairs.keys():
            under = pairs[a]
            # most anchors are there without any of their seconds, which this tells quickest
            if none(under):
                continue
            for b in filter(there, under) if len(under) < size else atoms & under.keys():
                for entry in under[b]:
                    if isinstance(entry, str):
                        add(entry)
                    else:
                        later(entry)
        for entries in self._always.values():
            residues.extend(entries)
        for rule_id, clauses, never in residues:
            if none(never):
                for clause in clauses:
                    if none(clause):
                        break
                else:
                    add(rule_id)
        return found


def _drop(entries: dict[str, list[Entry]], key: str, rule_id: str) -> None:
    kept = [e for e in entries.get(key, ()) if (e if isinstance(e, str) else e[0]) != rule_id]
    if kept:
        entries[key] = kept
    else:
        entries.pop(key, None)


@dataclass(slots=True)
class _Hung:
    """What hangs on two words: the phrases that they are, and longer ones with the place of the two in them."""

    whole: list[str] = field(default_factory=list)
    longer: list[tuple[str, int, list[str]]] = field(default_factory=list)


class PhraseBook:
    """The phrases in use, each hung on its rarest two words."""

    def __init__(self, frequency: Mapping[str, float]) -> None:
        self._frequency = frequency
        self._counts: dict[str, int] = {}
        self._hung: dict[str, dict[tuple[str, str], _Hung]] = {}

    def _place(self, phrase: str) -> tuple[str, list[str], int]:
        mark, _, rest = phrase.rpartition("=")
        words = rest.split(" ")
        costs = [atom_cost(w, self._frequency) for w in words]
        at = min(range(len(words) - 1), key=lambda i: min(costs[i], costs[i + 1]))
        return (mark + "=" if mark else ""), words, at

    def add(self, phrase: str) -> None:
        """Count one more use of a phrase."""
        self._counts[phrase] = self._counts.get(phrase, 0) + 1
        if self._counts[phrase] > 1:
            return
        mark, words, at = self._place(phrase)
        hung = self._hung.setdefault(mark, {}).setdefault((words[at], words[at + 1]), _Hung())
        if len(words) > 2:  # noqa: PLR2004 - more than the pair
            hung.longer.append((phrase, at, words))
        else:
            hung.whole.append(phrase)

    def remove(self, phrase: str) -> None:
        """Count one use less."""
        self._counts[phrase] -= 1
        if self._counts[phrase]:
            return
        del self._counts[phrase]
        mark, words, at = self._place(phrase)
        pair = (words[at], words[at + 1])
        hung = self._hung[mark][pair]
        hung.whole = [p for p in hung.whole if p != phrase]
        hung.longer = [e for e in hung.longer if e[0] != phrase]
        if not hung.whole and not hung.longer:
            del self._hung[mark][pair]

    def find(self, words: list[str], found: set[str], mark: str) -> None:
        """Add the phrases in a text to what was found."""
        book = self._hung.get(mark)
        if not book:
            return
        for place, hung in enumerate(map(book.get, pairwise(words))):
            if hung is None:
                continue
            if hung.whole:
                found.update(hung.whole)
            for phrase, at, parts in hung.longer:
                start = place - at
                if start >= 0 and words[start : start + len(parts)] == parts:
                    found.add(phrase)


class PrefixBook:
    """The prefixes in use, and which of them each word has."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lengths: list[int] = []
        self._memo: dict[str, tuple[str, ...]] = {}

    def add(self, prefix: str) -> None:
        """Count one more use of a prefix, such as `secur*`."""
        self._counts[prefix] = self._counts.get(prefix, 0) + 1
        if self._counts[prefix] == 1:
            self._changed()

    def remove(self, prefix: str) -> None:
        """Count one use less."""
        self._counts[prefix] -= 1
        if not self._counts[prefix]:
            del self._counts[prefix]
            self._changed()

    def _changed(self) -> None:
        self._memo.clear()
        self._lengths = []

    def find(self, found: set[str], mark: str) -> None:
        """Add the prefixes of the words found."""
        if not self._counts:
            return
        if not self._lengths:
            self._lengths = sorted({len(p) for p in self._counts})
        memo = self._memo
        if len(memo) > MAX_MEMO:
            memo.clear()
        for word in list(found):
            prefixes = memo.get(word)
            if prefixes is None:
                shortest = len(mark) + MIN_PREFIX
                own = (word[: n - 1] + "*" for n in self._lengths if shortest <= n - 1 <= len(word))
                prefixes = tuple(p for p in own if p in self._counts)
                memo[word] = prefixes
            if prefixes:
                found.update(prefixes)


class ThresholdBook:
    """The numbers that rules compare fields with."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._numbers: dict[str, dict[str, list[float]]] = {}

    def add(self, atom: str) -> None:
        """Count one more use of a comparison, such as `#event.confidence>=0.5`."""
        self._counts[atom] = self._counts.get(atom, 0) + 1
        if self._counts[atom] == 1:
            field, sign, number = _compared(atom)
            insort(self._numbers.setdefault(field, {}).setdefault(sign, []), number)

    def remove(self, atom: str) -> None:
        """Count one use less."""
        self._counts[atom] -= 1
        if not self._counts[atom]:
            del self._counts[atom]
            field, sign, number = _compared(atom)
            self._numbers[field][sign].remove(number)

    def reached(self, field: str, value: float) -> list[str]:
        """Name the comparisons that hold for a value of a field."""
        atoms: list[str] = []
        for sign, numbers in self._numbers.get(field, {}).items():
            match sign:
                case ">=":
                    held = numbers[: bisect_right(numbers, value)]
                case ">":
                    held = numbers[: bisect_left(numbers, value)]
                case "<=":
                    held = numbers[bisect_left(numbers, value) :]
                case _:
                    held = numbers[bisect_right(numbers, value) :]
            atoms.extend(f"#{field}{sign}{n!r}" for n in held)
        return atoms


_COMPARISON: Final = re.compile(r"#([^<>]+)([<>]=?)(.+)")


def _compared(atom: str) -> tuple[str, str, float]:
    found = _COMPARISON.fullmatch(atom)
    if found is None:
        raise ValueError(f"{atom} compares nothing")
    return found[1], found[2], float(found[3])
