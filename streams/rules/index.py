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


_NO_SECONDS: Final[frozenset[str]] = frozenset()


@dataclass(slots=True)
class _Held:
    """The rules that hang on a key: those that it decides, and those of which more is asked.

    What is empty is one and the same empty thing for all keys: to see that it is empty, nothing has to come from memory.
    """

    direct: list[str] | tuple[()] = ()
    checked: list[Residue] | tuple[()] = ()

    def add(self, rule_id: str, residue: Residue | None) -> None:
        if residue is not None:
            self.checked = self.checked or []
            self.checked.append(residue)
        else:
            self.direct = self.direct or []
            self.direct.append(rule_id)

    def drop(self, rule_id: str) -> None:
        self.direct = [r for r in self.direct if r != rule_id] or ()
        self.checked = [e for e in self.checked if e[0] != rule_id] or ()


@dataclass(slots=True)
class _Anchor(_Held):
    """What hangs on an atom alone, and on it together with a second one.

    `seconds` are the keys of `pairs` once more: two sets are compared by the hashes that they store, while the keys of a
    dictionary are each fetched from memory.
    """

    seconds: set[str] | frozenset[str] = _NO_SECONDS
    pairs: dict[str, _Held] = field(default_factory=dict)

    def second(self, atom: str) -> _Held:
        held = self.pairs.get(atom)
        if held is None:
            held = self.pairs[atom] = _Held()
            self.seconds = {atom} if isinstance(self.seconds, frozenset) else self.seconds
            self.seconds.add(atom)
        return held

    def drop_second(self, atom: str, rule_id: str) -> None:
        held = self.pairs.get(atom)
        if held is None:  # a rule may hang on a pair twice
            return
        held.drop(rule_id)
        if not held.direct and not held.checked:
            del self.pairs[atom]
            if isinstance(self.seconds, set):
                self.seconds.discard(atom)


class FactIndex:
    """Rules by what they need. `frequency` makes it fast and changes no answer."""

    def __init__(self, frequency: Mapping[str, float] | None = None) -> None:
        self._frequency: Mapping[str, float] = {} if frequency is None else frequency
        self._anchors: dict[str, _Anchor] = {}
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
        residue: Residue | None = (rule_id, rest, need.never) if rest or need.never else None
        for a in first:
            anchor = self._anchors.get(a)
            if anchor is None:
                anchor = self._anchors[a] = _Anchor()
            if not paired:
                anchor.add(rule_id, residue)
                keys.append((a, None))
                continue
            for b in clauses[1]:
                anchor.second(b).add(rule_id, residue)
                keys.append((a, b))

    def _cost(self, clause: Clause) -> float:
        return sum(atom_cost(a, self._frequency) for a in clause)

    def remove(self, rule_id: str) -> None:
        """Take a rule out; one that is not there is no error."""
        emptied: list[str] = []
        for a, b in self._keys.pop(rule_id, ()):
            anchor = self._anchors[a]
            if b is None:
                anchor.drop(rule_id)
            else:
                anchor.drop_second(b, rule_id)
            if not anchor.pairs and not anchor.direct and not anchor.checked:
                emptied.append(a)
        for a in emptied:
            self._anchors.pop(a, None)
        for atom in self._used.pop(rule_id, ()):
            book = self._book(atom)
            if book is not None:
                book.remove(atom)
        self._always.pop(rule_id, None)

    def atoms(self, words: list[str], fields: Iterable[str], mark: str = "") -> set[str]:
        """Give the atoms of a text of folded words and of fields: words, the phrases and prefixes in use, and the fields."""
        found = {mark + w for w in words} if mark else set(words)
        if self._prefixes:
            self._prefixes.find(list(found), found, mark)
        self._phrases.find(words, found, mark)
        found.update(fields)
        return found

    def match(self, texts: Mapping[str, list[str]], fields: Iterable[str]) -> set[str]:
        """Give the rules that can hold on a record of these texts, by mark, and of these fields."""
        atoms: set[str] = set()
        for mark, words in texts.items():
            found = self.atoms(words, (), mark)
            atoms = atoms | found if atoms else found
        atoms.update(fields)
        return self.find(atoms)

    def find(self, atoms: set[str]) -> set[str]:  # noqa: C901, PLR0912 - one flat loop: a call for each atom would double its time
        """Give the rules that can hold on a record of these atoms. Where what a rule needs is exact, it does hold."""
        found: set[str] = set()
        hold = found.update
        residues: list[Residue] = []
        ask = residues.extend
        none = atoms.isdisjoint
        both = atoms.intersection
        for anchor in filter(None, map(self._anchors.get, atoms)):
            if anchor.direct:
                hold(anchor.direct)
            if anchor.checked:
                ask(anchor.checked)
            # most anchors are there without any of their seconds, which this tells quickest
            if none(anchor.seconds):
                continue
            for b in both(anchor.seconds):
                held = anchor.pairs[b]
                if held.direct:
                    hold(held.direct)
                if held.checked:
                    ask(held.checked)
        for entries in self._always.values():
            ask(entries)
        for rule_id, clauses, never in residues:
            if none(never):
                for clause in clauses:
                    if none(clause):
                        break
                else:
                    found.add(rule_id)
        return found


@dataclass(slots=True)
class _Hung:
    """What hangs on two words: the phrase that they are, and longer ones with the place of the two in them."""

    whole: str | None = None
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
            hung.whole = phrase

    def remove(self, phrase: str) -> None:
        """Count one use less."""
        self._counts[phrase] -= 1
        if self._counts[phrase]:
            return
        del self._counts[phrase]
        mark, words, at = self._place(phrase)
        pair = (words[at], words[at + 1])
        hung = self._hung[mark][pair]
        if hung.whole == phrase:
            hung.whole = None
        hung.longer = [e for e in hung.longer if e[0] != phrase]
        if hung.whole is None and not hung.longer:
            del self._hung[mark][pair]

    def find(self, words: list[str], found: set[str], mark: str) -> None:
        """Add the phrases in a text to what was found."""
        book = self._hung.get(mark)
        if not book:
            return
        add = found.add
        for place, hung in [(i, h) for i, h in enumerate(map(book.get, pairwise(words))) if h is not None]:
            if hung.whole is not None:
                add(hung.whole)
            for phrase, at, parts in hung.longer:
                start = place - at
                if start >= 0 and words[start : start + len(parts)] == parts:
                    add(phrase)


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

    def __len__(self) -> int:
        return len(self._counts)

    def find(self, words: Iterable[str], found: set[str], mark: str) -> None:
        """Add the prefixes of words, which bear their mark, to what was found."""
        if not self._lengths:
            self._lengths = sorted({len(p) for p in self._counts})
        memo = self._memo
        if len(memo) > MAX_MEMO:
            memo.clear()
        for word in words:
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
