"""Telling copies of one text from independent reports: a MinHash of its words."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from rensa import RMinHash

SIGNATURE_SIZE: Final = 64
SEED: Final = 1981
"""Part of every sketch that lies in a topic: another seed makes old and new sketches strangers."""

SHINGLE_WORDS: Final = 3
SAME_ORIGIN: Final = 0.55
"""Least share of equal values for two texts to be one origin. Between a copy with another headline or a cut
paragraph (above) and two reports of one event in their own words (below)."""

HEADLINE_WORDS: Final = 25

# Scripts without spaces between words count by sign, all others by word.
_WORD: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|\w+")
_NOTE: Final = re.compile(r"^[ \t]*\[[^\[\]\n]*\][ \t]*$", re.MULTILINE)
_PARAGRAPH_END: Final = re.compile(r"\n[ \t\r]*\n")
_AGENCIES: Final = frozenset(
    {
        "aa", "afp", "anadolu", "ani", "ansa", "ap", "apa", "apn", "apnews", "belga", "bernama", "bna", "cna", "dpa", "efe",
        "fars", "ians", "interfax", "irna", "isna", "itar", "kcna", "kuna", "kyodo", "lusa", "mehr", "mena", "mti", "novosti",
        "petra", "pti", "qna", "reuters", "ria", "sana", "spa", "sputnik", "tanjug", "tasnim", "tass", "ukrinform", "unian",
        "upi", "wafa", "wam", "xinhua", "yonhap",
    }
)  # fmt: skip
"""Words of agency credits. They come and go when a text is passed on, and say nothing of what it tells."""


def sketch_text(text: str) -> tuple[int, ...]:
    """Give the MinHash of a text over its three-word shingles: the same text, the same numbers, in every process.

    White space, case, punctuation, a headline above the text, an editor's note in brackets and agency credits
    do not count. A text of fewer words than a shingle is one shingle.
    """
    words = _words(_body(text)) or _words(text) or text.split()
    last = max(1, len(words) - SHINGLE_WORDS + 1)
    shingles = sorted({" ".join(words[at : at + SHINGLE_WORDS]) for at in range(last)})
    signature = RMinHash(num_perm=SIGNATURE_SIZE, seed=SEED)
    signature.update(shingles)
    return tuple(int(value) for value in signature.digest())


def same_origin(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Say whether two sketches come from copies of one text. A missing sketch is like no other."""
    if not a or len(a) != len(b):
        return False
    equal = sum(left == right for left, right in zip(a, b, strict=True))
    return equal >= SAME_ORIGIN * len(a)


def _body(text: str) -> str:
    """Leave out notes, and the first paragraph where it is a headline: short, without a full stop, more text below."""
    body = _NOTE.sub("", text.replace("\r\n", "\n")).strip()
    end = _PARAGRAPH_END.search(body)
    if end is None:
        return body
    first, rest = body[: end.start()].strip(), body[end.end() :]
    if first.endswith((".", "。", "؟", ":", ";", ",")) or len(first) > HEADLINE_WORDS * 12:
        return body
    words = len(_WORD.findall(first))
    return rest if words <= HEADLINE_WORDS and len(_WORD.findall(rest[: len(first) * 4])) > words else body


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [word for word in _WORD.findall(folded) if word not in _AGENCIES]
