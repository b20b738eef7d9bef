"""Word lists looked up where they stand in a sentence: phrases of tokens, and words by how they begin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from streams.extract.reading import tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

T = TypeVar("T")
_OPENING: Final = 2


def plain_word(text: str) -> str:
    """Give the form of a token that word lists hold: lower case, without a possessive."""
    word = text.lower().replace("’", "'")
    return word.removesuffix("'s") if len(word) > 2 else word  # noqa: PLR2004 - 's itself stays


def plain_words(text: str) -> tuple[str, ...]:
    """Give the words of a phrase as `plain_word` makes them."""
    return tuple(plain_word(token.text) for token in tokenize(text))


@dataclass(frozen=True, slots=True)
class Phrases(Generic[T]):
    """Phrases with a value each. A phrase whose last word ends in `*` matches every word that begins so."""

    by_first: dict[str, tuple[tuple[tuple[str, ...], T], ...]] = field(default_factory=dict)
    by_opening: dict[str, tuple[tuple[str, T], ...]] = field(default_factory=dict)
    """Words by how they begin, the longest first, under their first two letters."""

    @classmethod
    def of(cls, entries: Iterable[tuple[str, T]]) -> Phrases[T]:
        """Build the table; of two equal phrases the first stands."""
        firsts: dict[str, dict[tuple[str, ...], T]] = {}
        prefixes: dict[str, T] = {}
        for text, value in entries:
            open_end = text.endswith("*")
            words = plain_words(text.removesuffix("*"))
            if not words:
                continue
            if open_end and len(words) == 1:
                prefixes.setdefault(words[0], value)
                continue
            if open_end:
                words = (*words[:-1], words[-1] + "*")
            firsts.setdefault(words[0], {}).setdefault(words, value)
        by_first = {
            first: tuple(sorted(found.items(), key=lambda item: (-len(item[0]), item[0])))
            for first, found in firsts.items()
        }
        openings: dict[str, list[tuple[str, T]]] = {}
        for prefix in sorted(prefixes, key=lambda known: (-len(known), known)):
            openings.setdefault(prefix[:_OPENING], []).append((prefix, prefixes[prefix]))
        return cls(by_first, {opening: tuple(found) for opening, found in openings.items()})

    @classmethod
    def all_of(cls, entries: Iterable[tuple[str, T]]) -> Phrases[tuple[T, ...]]:
        """Build a table that keeps every value of a phrase, in order."""
        grouped: dict[str, list[T]] = {}
        for text, value in entries:
            grouped.setdefault(text, []).append(value)
        return Phrases[tuple[T, ...]].of((text, tuple(values)) for text, values in grouped.items())

    def at(self, words: Sequence[str], index: int) -> tuple[T, int] | None:
        """Give the value of the longest phrase that starts at `index`, and the index after it."""
        word = words[index]
        for phrase, value in self.by_first.get(word, ()):
            end = index + len(phrase)
            if end > len(words):
                continue
            last = phrase[-1]
            if last.endswith("*"):
                same = tuple(words[index : end - 1]) == phrase[:-1] and words[end - 1].startswith(last[:-1])
            else:
                same = tuple(words[index:end]) == phrase
            if same:
                return value, end
        for prefix, value in self.by_opening.get(word[:_OPENING], ()):
            if word.startswith(prefix):
                return value, index + 1
        return None
