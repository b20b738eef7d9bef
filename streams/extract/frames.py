"""What stands around a clause and overrules it: a question, a condition, a denial behind it, what it takes as known."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from streams.extract.verbs import BARRIERS, BE, HAVE

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASKING: Final = BE | {"do", "does", "did", "will", "would", "can", "could", "have", "has"}
_ASKED: Final = frozenset(
    {
        "there",
        "you",
        "we",
        "they",
        "he",
        "she",
        "it",
        "the",
        "this",
        "these",
        "those",
        "any",
        "your",
        "i",
        "that",
    }
)
_WH: Final = frozenset({"what", "why", "how", "when", "where", "who", "which"})
_ADDRESS_REACH: Final = 8
_CALLING: Final = 6
_SURELY: Final = frozenset(
    {
        *((verb, "there") for verb in ("is", "are", "was", "were")),
        *((verb, "you") for verb in ("do", "did", "will", "can")),
    }
)
"""What asks behind a form of address too: Prime Minister are there any plans."""


def is_question(words: Sequence[str]) -> bool:
    """Whether a sentence asks, with or without its mark: captions have none, and a quotation may close behind it."""
    if "?" in words[-2:]:
        return True
    if any(pair in _SURELY for pair in pairwise(words[:_CALLING])):
        return True
    starts = [0]
    starts += [at + 1 for at in range(min(_ADDRESS_REACH, len(words) - 2)) if words[at] in {",", ":"}][:1]
    return any(_asks(words, at) for at in starts)


def _asks(words: Sequence[str], at: int) -> bool:
    first, second = words[at : at + 1], words[at + 1 : at + 2]
    if not second:
        return False
    if first[0] in _WH:
        return second[0] in _ASKING - BE and words[at + 2 : at + 3] != (",",)
    return first[0] in _ASKING - {"have", "had"} and second[0] in _ASKED


_KNOWN: Final = frozenset({"why", "how"})
_LOOK_BACK: Final = 14


def is_presupposed(words: Sequence[str], at: int) -> bool:
    """Whether a clause only takes a step as known: explained why they signed, asked on what terms they had joined."""
    for back in range(at - 1, max(-1, at - _LOOK_BACK), -1):
        word = words[back]
        if word in BARRIERS or word in {",", "that"}:
            return False
        if back and (word in _KNOWN or (word == "what" and words[back - 1] in {"under", "on", "at"})):
            return True
    return False


_CONDITION: Final = frozenset({"if", "unless", "provided", "should", "were"})
_OPENING: Final = 30


def is_under_condition(words: Sequence[str], at: int) -> bool:
    """Whether a condition opens the sentence and the main clause at `at` stands under it: if it wins, it will."""
    opens = 1 if words[:1] and words[0] in {'"', "“", "but", "and", "‘"} else 0
    if words[opens : opens + 1] and words[opens] in _CONDITION:
        comma = next((k for k in range(opens, min(at, opens + _OPENING)) if words[k] == ","), None)
        return comma is not None and not BARRIERS & set(words[comma:at])
    return False


_PROVISOS: Final = frozenset({"if", "unless", "provided"})
_PROVISO_REACH: Final = 14


def is_conditioned(words: Sequence[str], end: int) -> bool:
    """Whether a condition follows: would sign the pact if they left; will quit the pact unless they stop."""
    for at in range(end, min(len(words), end + _PROVISO_REACH)):
        if words[at] in BARRIERS or words[at] in {"who", "which", "said", "but", "and"}:
            return False
        if words[at] in _PROVISOS:
            return words[at - 1] not in {"even", "see", "asked", "know"}
    return False


_UNTRUE: Final = frozenset(
    {
        "untrue", "false", "unfounded", "baseless", "groundless", "wrong", "incorrect", "fabricated", "nonsense", "fake",
        "fiction", "rubbish", "invented", "inaccurate", "misleading", "denied", "dismissed", "rejected", "refuted",
    }
)  # fmt: skip
_TALES: Final = frozenset(
    {"report", "reports", "claim", "claims", "rumour", "rumours", "rumor", "rumors", "allegation", "allegations", "story",
    "stories", "suggestion", "suggestions", "talk", "speculation"}
)  # fmt: skip
_VERDICT_REACH: Final = 14


def is_refuted(words: Sequence[str], start: int, end: int) -> bool:
    """Whether what is told behind a clause takes it back: reports that they signed were untrue."""
    if not _TALES & set(words[max(0, start - _VERDICT_REACH) : start]):
        return False
    for at in range(end, min(len(words), end + _VERDICT_REACH)):
        if words[at] in BARRIERS:
            return False
        if words[at] in BE | HAVE and (_UNTRUE | {"true"}) & set(words[at + 1 : at + 4]):
            denied = bool({"not", "no"} & set(words[at + 1 : at + 4]))
            return denied or bool(_UNTRUE & set(words[at + 1 : at + 4]))
    return False


_CONTRACTING: Final = frozenset({"party", "parties", "participant", "participants", "signatories"})


def is_own_text(words: Sequence[str]) -> bool:
    """Whether a sentence is an instrument's own text: this protocol shall enter into force; either party may leave it."""
    if ("either", "party") in pairwise(words):
        return True
    if "shall" not in words:
        return False
    own = any(pair[0] == "this" and pair[1] in _NAMES for pair in pairwise(words))
    return own or (bool(_CONTRACTING & set(words)) and bool({"contracting", "either", "other"} & set(words)))


_NAMES: Final = frozenset(
    {
        "agreement",
        "treaty",
        "protocol",
        "convention",
        "memorandum",
        "arrangement",
        "accord",
        "pact",
        "charter",
        "article",
        "mou",
    }
)
