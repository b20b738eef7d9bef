"""What every step of reading works on: the text, its segments, sentences and tokens, with offsets into the original."""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.transcript import LanguageTag, Segment, Transcript


def _ranges(points: Iterable[int]) -> str:
    """Write code points as the inside of a character class."""
    found = []
    for _, run in groupby(enumerate(points), key=lambda item: item[1] - item[0]):
        members = [point for _, point in run]
        found.append(f"\\U{members[0]:08x}-\\U{members[-1]:08x}")
    return "".join(found)


_MARKS: Final = _ranges(
    point for point in range(0x300, 0x1F000) if unicodedata.category(chr(point))[0] == "M"
)
"""Combining marks: `\\w` leaves them out, and would cut Hindi and decomposed letters to pieces."""

_HAN: Final = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_LETTER: Final = rf"(?:(?![{_HAN}])[^\W_])[{_MARKS}\u200c\u200d\u00ad]*"
_WORD: Final = rf"(?:{_LETTER})+"
_PICTURE: Final = "[\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff\u2600-\u27bf]"
_CLUSTER: Final = f"{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff\u20e3]*"

_TOKEN: Final = re.compile(
    rf"\d+(?:[.,:٫٬]\d+)*(?:[^\W\d_]+)?"  # 1,000 and 5:30, 89th
    rf"|(?:[^\W\d_]\.)+"  # U.S., p.m., an initial
    rf"|{_WORD}(?:['’‐‑\-]{_WORD})*"  # Brigadier-General, Iran’s, O'Brien
    rf"|[{_HAN}][{_MARKS}]*"  # Chinese has no spaces: every sign is a token
    rf"|[\U0001f1e6-\U0001f1ff]{{2}}|{_CLUSTER}(?:\u200d{_CLUSTER})*"  # a flag; a picture with all that is joined to it
    rf"|[^\w\s\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff{_MARKS}]|_"
)


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


def tokenize(text: str, start: int = 0, end: int = sys.maxsize) -> tuple[Token, ...]:
    """Split a stretch of text into words and signs; offsets point into `text`. Linear in its length.

    Compounds with a hyphen, possessives and numbers are one token each. Space, control characters and the invisible
    marks of writing direction are no tokens, but joiners within a word are part of it.
    """
    return tuple(
        Token(found.group(), found.start(), found.end()) for found in _TOKEN.finditer(text, start, end)
    )
