"""What every step of reading works on: the text, its segments, sentences and tokens, with offsets into the original."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from schemas.transcript import LanguageTag, Segment, Transcript

_TOKEN: Final = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*\.?(?<=\b[^\W\d_]\.)|[^\W_]+(?:['’\-][^\W_]+)*|[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a sign: `text[start:end]` of the original."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of one segment. `segment` is the index of that segment."""

    start: int
    end: int
    segment: int
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A transcript laid out for reading. `sentences` cover all segments in the order of the text."""

    transcript: Transcript
    language: LanguageTag
    segments: tuple[Segment, ...]
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """The original text."""
        return self.transcript.text


def tokenize(text: str, start: int = 0, end: int | None = None) -> tuple[Token, ...]:
    """Split a stretch of text into words and signs; offsets point into `text`. Linear in its length."""
    return tuple(Token(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(text, start, len(text) if end is None else end))
