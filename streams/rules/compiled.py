"""The index of rules once more, in numbers: the same answers as `streams.rules.index`, several times faster.

It needs numba (the extra `fast`) and compiles when it is first asked; `streams.rules.index` is its reference, and what
is used without it. Atoms, needs and phrases are rows of integer arrays, linked by their numbers. Adding appends, removing
marks; what is dead is swept when it is more than what lives. The entries of an atom are brought together from time to time,
so that they come from memory at once.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

import numba
import numpy as np

from streams.rules.index import MAX_PAIRS, PrefixBook, ThresholdBook
from streams.rules.needs import Clause, Needs, atom_cost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.signedinteger[Any]]

MIN_SWEPT: Final = 10_000
"""Fewer dead rows than this are never swept."""
MIN_LOOSE: Final = 2_000
"""Fewer new entries than this are never brought together."""
_LOOSE: Final = 8
"""One loose entry to so many that lie together is let be."""

# columns of the arrays
ENTRY_NEXT, ENTRY_SECOND, ENTRY_RULE, ENTRY_PROGRAM = 0, 1, 2, 3
ALWAYS_RULE, ALWAYS_PROGRAM = 0, 1
PHRASE_NEXT, PHRASE_START, PHRASE_LENGTH, PHRASE_AT, PHRASE_ATOM = 0, 1, 2, 3, 4

EMPTY: Final = -1
DIRECT: Final = -1
"""In place of a program: the pair decides the rule."""
_ODD: Final = 0x9E3779B97F4A7C1
"""Spreads the keys of a table; any large odd number does."""


def _holds(programs: Numbers, at: int, seen: Numbers) -> bool:  # pragma: no cover - compiled
    """Run the program of a need: of each clause one atom must be there; a clause of negative length must be absent."""
    count = programs[at]
    at += 1
    for _ in range(count):
        length = programs[at]
        at += 1
        absent = length < 0
        length = abs(length)
        met = False
        for i in range(length):
            if seen[programs[at + i]]:
                met = True
                break
        if met == absent:
            return False
        at += length
    return True


def _place(bigrams: Numbers, left: int, right: int) -> int:  # pragma: no cover - compiled
    """Give where two words lie in a table of open addresses, or the empty place where they would."""
    key = (np.int64(left) << 32) | np.int64(right)
    mask = len(bigrams) - 1
    at = (key * _ODD >> 20) & mask
    while bigrams[at] not in (EMPTY, key):
        at = (at + 1) & mask
    return int(at)


def _find(  # noqa: C901, PLR0912, PLR0917 - one loop over arrays, which is what can be compiled
    tokens: Numbers,
    fields: Numbers,
    heads: Numbers,
    seen: Numbers,
    entries: Numbers,
    bigrams: Numbers,
    hung: Numbers,
    phrases: Numbers,
    phrase_words: Numbers,
    programs: Numbers,
    always: Numbers,
    alive: Numbers,
    there: Numbers,
    found: Numbers,
) -> int:  # pragma: no cover - compiled
    """Write the rules that hold to `found`, some twice, and give how many. `seen` marks the atoms that are there, until the end.

    A mark is one byte: those of all atoms then lie in the processor's own cache, where neighbours do not push them out.
    """
    size = len(tokens)
    distinct = 0
    for at in range(size):
        atom = tokens[at]
        if atom >= 0 and not seen[atom]:
            seen[atom] = 1
            there[distinct] = atom
            distinct += 1
    for at in range(len(fields)):
        atom = fields[at]
        if atom >= 0 and not seen[atom]:
            seen[atom] = 1
            there[distinct] = atom
            distinct += 1
    for at in range(size - 1):
        if tokens[at] < 0 or tokens[at + 1] < 0:
            continue
        phrase = hung[place(bigrams, tokens[at], tokens[at + 1])]
        while phrase >= 0:
            start = at - phrases[phrase, PHRASE_AT]
            length = phrases[phrase, PHRASE_LENGTH]
            whole = phrases[phrase, PHRASE_ATOM]
            if start >= 0 and start + length <= size and not seen[whole]:
                words = phrases[phrase, PHRASE_START]
                equal = True
                for i in range(length):
                    if tokens[start + i] != phrase_words[words + i]:
                        equal = False
                        break
                if equal:
                    seen[whole] = 1
                    there[distinct] = whole
                    distinct += 1
            phrase = phrases[phrase, PHRASE_NEXT]
    count = 0
    for i in range(distinct):
        entry = heads[there[i]]
        while entry >= 0:
            second = entries[entry, ENTRY_SECOND]
            if second < 0 or seen[second]:
                rule, program = entries[entry, ENTRY_RULE], entries[entry, ENTRY_PROGRAM]
                if alive[rule] and (program == DIRECT or holds(programs, program, seen)):
                    found[count] = rule
                    count += 1
            entry = entries[entry, ENTRY_NEXT]
    for i in range(len(always)):
        rule, program = always[i, ALWAYS_RULE], always[i, ALWAYS_PROGRAM]
        if alive[rule] and holds(programs, program, seen):
            found[count] = rule
            count += 1
    for i in range(distinct):
        seen[there[i]] = 0
    return count


def _gather(
    heads: Numbers, entries: Numbers, alive: Numbers, gathered: Numbers
) -> int:  # pragma: no cover - compiled
    """Write the living entries of each atom side by side, in the order in which they hang on it, and give how many."""
    count = 0
    for atom in range(len(heads)):
        entry = heads[atom]
        heads[atom] = -1
        while entry >= 0:
            following = entries[entry, ENTRY_NEXT]
            if alive[entries[entry, ENTRY_RULE]]:
                if heads[atom] < 0:
                    heads[atom] = count
                else:
                    gathered[count - 1, ENTRY_NEXT] = count
                gathered[count] = entries[entry]
                gathered[count, ENTRY_NEXT] = -1
                count += 1
            entry = following
    return count


def _compiled(function: Callable[..., object]) -> Any:  # noqa: ANN401 - numba has no types
    try:
        return numba.njit(cache=True)(function)
    except RuntimeError:  # there is no folder that may be written: compiled anew by every process, then
        return numba.njit(function)


place = _compiled(_place)
holds = _compiled(_holds)
find = _compiled(_find)
gather = _compiled(_gather)


_BETWEEN: Final = np.array([-1], np.int32)
"""Between two texts: no phrase goes over from one to the next."""


class _Rows:
    """An array that grows by its end."""

    def __init__(self, width: int = 1, fill: int = 0, kind: type[np.signedinteger[Any]] = np.int32) -> None:
        self.used = 0
        self._fill = fill
        self.all: Numbers = np.full((64, width) if width > 1 else 64, fill, kind)

    def take(self, count: int = 1) -> int:
        """Make room for so many rows and give the number of the first."""
        first = self.used
        self.used += count
        if self.used > len(self.all):
            shape = (max(self.used, 2 * len(self.all)), *self.all.shape[1:])
            grown = np.full(shape, self._fill, self.all.dtype)
            grown[: len(self.all)] = self.all
            self.all = grown
        return first


class CompiledIndex:
    """Rules by what they need, as `FactIndex` has them."""

    def __init__(self, frequency: Mapping[str, float] | None = None) -> None:
        self._frequency: Mapping[str, float] = {} if frequency is None else frequency
        self._prefixes = PrefixBook()
        self.thresholds = ThresholdBook()
        self._needs: dict[str, tuple[Needs, ...]] = {}
        self._dead = 0
        self._clear()

    def _clear(self) -> None:
        self._ids: dict[str, int] = {}
        self._words: dict[str, int] = {}
        """The numbers of words once more: a smaller table, since each word of a text is looked up in it."""
        self._rule_ids: list[str] = []
        self._own: dict[str, tuple[int, int]] = {}
        """The number of a rule and of its entries."""
        self._alive = _Rows(kind=np.int8)
        self._gathered = 0
        """So many entries, the first ones, lie together by atom."""
        self._heads = _Rows(fill=-1)
        self._seen = _Rows(kind=np.int8)
        self._there = _Rows()
        self._entries = _Rows(4, -1)
        self._phrases = _Rows(5, -1)
        self._phrase_words = _Rows()
        self._bigrams: NDArray[np.int64] = np.full(1024, EMPTY, np.int64)
        self._hung: NDArray[np.int32] = np.full(1024, -1, np.int32)
        self._bigrams_used = 0
        self._programs = _Rows()
        self._found = _Rows()
        self._always = _Rows(2)

    def add(self, rule_id: str, needs: Sequence[Needs]) -> None:
        """Put a rule in, with what each of its conditions needs. It must not be there already."""
        self._needs[rule_id] = tuple(needs)
        for need in needs:
            for atom in _booked(need):
                (self.thresholds if atom[0] == "#" else self._prefixes).add(atom)
        self._append(rule_id, needs)

    def _append(self, rule_id: str, needs: Iterable[Needs]) -> None:
        number = self._alive.take()
        self._alive.all[number] = 1
        self._rule_ids.append(rule_id)
        before = self.entry_count
        for need in needs:
            self._append_need(number, need)
        self._own[rule_id] = (number, self.entry_count - before)

    def _append_need(self, rule: int, need: Needs) -> None:
        clauses = sorted(need.clauses, key=self._cost)
        paired = len(clauses) > 1 and len(clauses[0]) * len(clauses[1]) <= MAX_PAIRS
        rest = clauses[2 if paired else 1 :]
        program = self._program(rest, need.never) if rest or need.never or not clauses else DIRECT
        if not clauses:
            self._found.take()
            at = self._always.take()
            self._always.all[at] = (rule, program)
            return
        seconds = [self._atom(b) for b in clauses[1]] if paired else [EMPTY]
        for first in clauses[0]:
            a = self._atom(first)
            for b in seconds:
                self._heads.all[a] = self._enter(self._heads.all[a], b, rule, program)

    def _enter(self, following: int, second: int, rule: int, program: int) -> int:
        entry = self._entries.take()
        self._found.take()
        self._entries.all[entry] = (following, second, rule, program)
        return entry

    def _program(self, clauses: Sequence[Clause], never: Clause) -> int:
        code = [len(clauses) + bool(never)]
        for clause in clauses:
            code += [len(clause), *(self._atom(a) for a in clause)]
        if never:
            code += [-len(never), *(self._atom(a) for a in never)]
        start = self._programs.take(len(code))
        self._programs.all[start : start + len(code)] = code
        return start

    def _cost(self, clause: Clause) -> float:
        return sum(atom_cost(a, self._frequency) for a in clause)

    def _atom(self, atom: str) -> int:
        number = self._ids.get(atom)
        if number is None:
            number = self._ids[atom] = self._heads.take()
            self._seen.take()
            self._there.take()
            if " " not in atom:
                self._words[atom] = number
            elif atom[0] not in "@?#":
                self._hang(atom, number)
        return number

    def _hang(self, phrase: str, number: int) -> None:
        """Hang a phrase on its rarest two words."""
        mark, sign, rest = phrase.rpartition("=")
        words = [mark + sign + w for w in rest.split(" ")]
        costs = [atom_cost(w, self._frequency) for w in words]
        at = min(range(len(words) - 1), key=lambda i: min(costs[i], costs[i + 1]))
        numbers = [self._atom(w) for w in words]
        start = self._phrase_words.take(len(words))
        self._phrase_words.all[start : start + len(words)] = numbers
        where = self._bigram(numbers[at], numbers[at + 1])
        row = self._phrases.take()
        self._phrases.all[row] = (self._hung[where], start, len(words), at, number)
        self._hung[where] = row

    def _bigram(self, left: int, right: int) -> int:
        """Give the place of two words in the table, which is at most half full."""
        where = int(place(self._bigrams, left, right))
        if self._bigrams[where] != EMPTY:
            return where
        if 2 * self._bigrams_used >= len(self._bigrams):
            old, hung = self._bigrams, self._hung
            self._bigrams = np.full(2 * len(old), EMPTY, np.int64)
            self._hung = np.full(2 * len(old), -1, np.int32)
            for key, row in zip(old.tolist(), hung.tolist(), strict=True):
                if key != EMPTY:
                    moved = int(place(self._bigrams, key >> 32, key & 0xFFFFFFFF))
                    self._bigrams[moved], self._hung[moved] = key, row
            where = int(place(self._bigrams, left, right))
        self._bigrams[where] = left << 32 | right
        self._bigrams_used += 1
        return where

    def remove(self, rule_id: str) -> None:
        """Take a rule out; one that is not there is no error."""
        for need in self._needs.pop(rule_id, ()):
            for atom in _booked(need):
                (self.thresholds if atom[0] == "#" else self._prefixes).remove(atom)
        number, count = self._own.pop(rule_id, (None, 0))
        if number is not None:
            self._alive.all[number] = 0
            self._dead += count
        if self._dead > MIN_SWEPT and 2 * self._dead > self.entry_count:
            self._sweep()

    def _sweep(self) -> None:
        self._dead = 0
        self._clear()
        for rule_id, needs in self._needs.items():
            self._append(rule_id, needs)

    def _gather(self) -> None:
        gathered = _Rows(4, -1)
        gathered.take(self._entries.used)
        gathered.used = gather(
            self._heads.all[: self._heads.used], self._entries.all, self._alive.all, gathered.all
        )
        self._entries, self._gathered = gathered, gathered.used

    @property
    def entry_count(self) -> int:
        """Entries held, dead ones among them."""
        return self._entries.used + self._always.used

    def match(self, texts: Mapping[str, list[str]], fields: Iterable[str]) -> set[str]:
        """Give the rules that can hold on a record of these texts, by mark, and of these fields."""
        loose = self._entries.used - self._gathered
        if loose > MIN_LOOSE and loose * _LOOSE > self._gathered:
            self._gather()
        number = self._words.get
        parts: list[NDArray[np.int32]] = []
        extra: set[str] = set()
        for mark, words in texts.items():
            marked = [mark + w for w in words] if mark else words
            if parts:
                parts.append(_BETWEEN)
            parts.append(np.fromiter(map(number, marked, repeat(-1)), np.int32, len(marked)))
            if self._prefixes:
                self._prefixes.find(set(marked), extra, mark)
        number = self._ids.get
        own = [number(f, -1) for f in (*fields, *extra)]
        count = find(
            parts[0] if len(parts) == 1 else np.concatenate(parts or [_BETWEEN]),
            np.array(own, np.int32),
            self._heads.all,
            self._seen.all,
            self._entries.all,
            self._bigrams,
            self._hung,
            self._phrases.all,
            self._phrase_words.all,
            self._programs.all,
            self._always.all[: self._always.used],
            self._alive.all,
            self._there.all,
            self._found.all,
        )
        return set(map(self._rule_ids.__getitem__, self._found.all[:count].tolist()))


def _booked(need: Needs) -> list[str]:
    """Give the atoms that are no words of a text and no values of a field: prefixes and numbers reached."""
    atoms = [a for c in need.clauses for a in c] + list(need.never)
    return [a for a in atoms if a[0] == "#" or (a[-1] == "*" and a[0] not in "@?" and " " not in a)]
