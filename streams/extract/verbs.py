"""How a verb is meant: done, planned, wanted, hoped, refused; read from the words before it, without a parser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streams.extract.phrases import plain_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.extract.phrases import Phrases
    from streams.extract.reading import Sentence

NEGATIONS: Final = frozenset(
    {"not", "never", "no", "n't", "cannot", "won't", "nor", "neither", "none", "nobody", "hardly", "without"}
)
FUTURE: Final = frozenset({"will", "shall", "would", "'ll", "going", "gonna", "won't"})
MODAL: Final = frozenset({"may", "might", "could", "can", "should", "must"})
BE: Final = frozenset(
    {"is", "are", "was", "were", "be", "been", "being", "am", "it's", "he's", "she's", "that's"}
)
HAVE: Final = frozenset({"has", "have", "had", "having"})
AUXILIARIES: Final = FUTURE | MODAL | BE | HAVE | {"do", "does", "did", "to", "get", "got"}
RELATIVE: Final = frozenset({"who", "which", "that", "whom"})
SUBORDINATE: Final = frozenset(
    {
        "because", "while", "although", "though", "whereas", "since", "after", "before", "unless", "whether",
        "if", "until", "when",
    }
)  # fmt: skip
BARRIERS: Final = frozenset({".", ";", ":", "?", "!", "—", "–", "--", "..."})
"""Signs over which no act reaches its instrument."""

_ADVERBS: Final = frozenset(
    {
        "also", "already", "now", "just", "then", "still", "yet", "finally", "both", "all", "jointly", "recently",
        "today", "yesterday", "tomorrow", "soon", "only", "even", "officially", "formally", "later", "last",
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "there", "here", "again",
        "ever", "once", "so", "far", "one", "day", "some", "someday", "next", "week", "month", "year",
    }
)  # fmt: skip
_EXPECTED: Final = frozenset({"expected", "due", "set", "scheduled", "likely", "about"})
_FIRSTS: Final = frozenset({"first", "last", "only", "latest"})
_TOWARDS: Final = frozenset({"about", "of", "for", "at", "towards", "toward", "to", "from", "before"})
_BOUTS: Final = frozenset(
    {"day", "days", "round", "rounds", "hours", "weeks", "months", "session", "bout", "years"}
)
_BLAME: Final = frozenset({"accused", "accuses", "accuse", "accusing", "suspected", "guilty"})
_OWN_PREPOSITION: Final = frozenset({"about", "on", "of", "for"})
_SHORT: Final = {"'ve": "have", "'ll": "will", "'re": "are", "'m": "am", "'d": "would"}
_CONTRACTED: Final = {"can't": "cannot", "won't": "won't"}
"""Contracted negations that keep their auxiliary: who can't or won't sign refuses."""
_LEADING: Final = {"without": "denied", "before": "planned", "or": "hoped"}
_HELP: Final = frozenset({"help", "helps", "helping", "let", "lets", "make", "makes"})
_REACH: Final = 9
_UTTERED: Final = frozenset({"announce", "confirm", "report", "reveal"})
_LONG_ADVERB: Final = 4
_NEGATED_AUXILIARIES: Final = {"cannot": ("can",), "won't": ("will",)}
_NEGATED: Final = {
    "done": "denied", "ongoing": "denied", "planned": "refused", "purpose": "refused", "wanted": "refused",
    "hoped": "failed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a verb is meant. `start` is the first word of its group, `background` that it lies before what is reported."""

    mode: str
    background: bool
    start: int


def grammar_words(sentence: Sentence) -> tuple[str, ...]:
    """Give the words of a sentence for grammar: we've counts as have, didn't as not, and an owner keeps its 's."""
    return mend_signs([_grammar_word(token.text) for token in sentence.tokens], sentence)


def mend_signs(words: list[str], sentence: Sentence) -> tuple[str, ...]:
    """Give two hyphens as the dash that they stand for, and take the stop of an abbreviation for no end: Nov. 21."""
    tokens = sentence.tokens
    for at in range(1, len(words)):
        if (
            words[at - 1] == "would"
            and tokens[at - 1].text[-2:].lower() in {"'d", "’d"}
            and words[at].endswith("ed")
        ):
            words[at - 1] = "had"  # he'd signed
        if words[at - 1] == words[at] == "-" and tokens[at - 1].end == tokens[at].start:
            words[at - 1 : at + 1] = ("--", "--")
        elif words[at] == "." and words[at - 1] in _SHORTENED and at + 1 < len(words):
            words[at] = "·"
    return tuple(words)


_SHORTENED: Final = frozenset(
    {
        "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mr", "mrs", "ms", "dr", "gen",
        "lt", "col", "maj", "capt", "sgt", "st", "gov", "sen", "rep", "prof", "no", "art", "pres", "amb", "adm",
    }
)  # fmt: skip


def _grammar_word(text: str) -> str:
    word = text.lower().replace("’", "'")
    if word.endswith("n't"):
        return _CONTRACTED.get(word, "not")
    for ending, full in _SHORT.items():
        if word.endswith(ending):
            return full
    if word in BE:
        return word
    return word if word.endswith("'s") else plain_word(text)


def is_adverb(word: str) -> bool:
    """Tell a word that can stand between an auxiliary and its verb."""
    return word in _ADVERBS or (word.endswith("ly") and len(word) > _LONG_ADVERB)


def group_start(words: Sequence[str], at: int) -> int:
    """Give the first word of the verb group that ends at `at`: have not yet been signed."""
    j = at - 1
    while j >= 0 and at - j < _REACH:
        word = words[j]
        if not (word in AUXILIARIES or word in NEGATIONS or word in _EXPECTED or is_adverb(word)):
            break
        j -= 1
    return j + 1


def is_conditional(words: Sequence[str], start: int) -> bool:
    """Whether an `if` governs what begins at `start`."""
    for j in range(start - 1, max(-1, start - _REACH), -1):
        if words[j] in BARRIERS or words[j] == ",":
            return False
        if words[j] in {"if", "unless", "whether"}:
            return True
    return is_inverted(words, start)


_INVERTED: Final = frozenset({"had", "should", "were"})
_INVERTED_REACH: Final = 30
_CONSEQUENCE: Final = frozenset({"would", "could", "might"})


def is_inverted(words: Sequence[str], start: int) -> bool:
    """Whether a verb that opens the sentence stands for an `if`: had they signed, the war would have ended."""
    if words[:1] == () or words[0] not in _INVERTED or start > _INVERTED_REACH:
        return False
    comma = next((at for at in range(start, min(len(words), _INVERTED_REACH)) if words[at] == ","), None)
    between = words[1:start]
    return (
        comma is not None
        and not ({","} | BARRIERS) & set(between)
        and bool(_CONSEQUENCE & set(words[comma : comma + _INVERTED_REACH]))
    )


def read_verb(words: Sequence[str], at: int, form: str, controllers: Phrases[str]) -> Meaning:
    """Tell how the verb at `at` is meant. `form` is base, s, past, part or ing."""
    start, kinds, negated = _auxiliaries(words, at)
    before = words[start - 1] if start else ""
    if form == "base" and not kinds and before in {"and", ","}:
        kinds = _shared_auxiliary(words, start - 1)
    helped = form == "base" and not kinds and bool(_HELP & set(words[max(0, start - 7) : start]))
    relative = before in RELATIVE or (
        start > 1 and before in {"refused", "failed", "declined"} and words[start - 2] in RELATIVE
    )
    mode = "hoped" if helped else _mode(words, at, form, start, kinds=kinds, controllers=controllers)
    background = "had" in kinds or (
        relative and (mode in {"refused", "failed"} or (mode == "done" and not kinds & HAVE))
    )
    if form == "ing" and mode == "done" and "had" in words[max(0, at - 12) : at]:
        background = True
    if mode == "done" and "to" in kinds and "before" in words[max(0, start - 6) : start]:
        background = True
    opening = words[max(0, start - _REACH) : start]
    if mode == "done" and kinds & {"is", "are"} and {"once", "until"} & set(opening):
        mode = "hoped" if "until" in opening else "planned"
    if is_conditional(words, start) or (
        mode in {"planned", "purpose"} and _is_indirect_question(words, start)
    ):
        return Meaning("hoped", background, start)
    if negated:
        mode = _negate(mode, kinds, words[start:at])
    return Meaning(mode, background, start)


def _auxiliaries(words: Sequence[str], at: int) -> tuple[int, frozenset[str], bool]:
    kinds: set[str] = set()
    negated = False
    j = at - 1
    while j >= 0 and at - j < _REACH:
        word = words[j]
        if word in NEGATIONS:
            negated = True
            kinds.update(_NEGATED_AUXILIARIES.get(word, ()))
        elif word in AUXILIARIES:
            kinds.add(word)
        elif not is_adverb(word):
            break
        j -= 1
    return j + 1, frozenset(kinds), negated


def _shared_auxiliary(words: Sequence[str], conjunction: int) -> frozenset[str]:
    """Give the auxiliary that a second verb shares with the first: will meet him and sign."""
    for j in range(conjunction - 1, max(-1, conjunction - 60), -1):
        if words[j] in {"must", "should"} and conjunction - j < _REACH:
            return frozenset({"must"})
        if words[j] in {"will", "would", "to"}:
            return frozenset({"will"})
    return frozenset()


def _mode(
    words: Sequence[str], at: int, form: str, start: int, *, kinds: frozenset[str], controllers: Phrases[str]
) -> str:
    if "to" in kinds:
        return _infinitive(words, start, kinds, controllers)
    if form == "ing" and not kinds & BE:
        return _gerund(words, at, controllers)
    if kinds & FUTURE:
        return "planned"
    if words[at] in _UTTERED and kinds <= {"can"} and words[start - 1 : start] in {("i",), ("we",)}:
        return "done"  # today I can announce
    if kinds & MODAL:
        return "wanted" if "must" in kinds else "hoped"
    return "ongoing" if form == "ing" or "being" in kinds else "done"


def _negate(mode: str, kinds: frozenset[str], group: Sequence[str]) -> str:
    if mode == "hoped" and kinds & {"should", "may", "might", "must"}:
        return mode  # should not be signed is an opinion, no refusal
    if "yet" in group and "to" in kinds:
        return "planned"  # has yet to sign
    return _NEGATED.get(mode, mode)


def _is_indirect_question(words: Sequence[str], start: int) -> bool:
    before = words[:start]
    return "question" in before and bool({"when", "if", "whether"} & set(before))


def _infinitive(words: Sequence[str], start: int, kinds: frozenset[str], controllers: Phrases[str]) -> str:
    """Tell what an infinitive hangs on: plans to, refused to, hopes to; where nothing tells it is a purpose."""
    if "going" in kinds:
        return "planned"
    if "be" in kinds and words[start - 1 : start] == (",",):
        return "planned"  # a memorandum, to be signed by officials
    if kinds & {"is", "are"} and not kinds & HAVE:
        return "planned"  # is to be renewed
    if kinds & HAVE and "yet" not in words[start : start + 4]:
        return "wanted" if kinds & {"has", "have"} else "done"  # had to sign
    control = controller_of(words, start, controllers, _REACH)
    if control is not None:
        return control
    return "done" if _FIRSTS & set(words[max(0, start - 6) : start]) else "purpose"


def _gerund(words: Sequence[str], at: int, controllers: Phrases[str]) -> str:
    before = words[at - 1] if at else ""
    if tuple(words[max(0, at - 2) : at]) == ("such", "as"):
        return "hoped"
    if before in _LEADING:
        return _LEADING[before]
    fixed = _after_of(words, at) if before == "of" else None
    if fixed is not None:
        return fixed
    reach = 12 if before == "and" else 6  # pledged to train officers and signing
    control = controller_of(words, at - 1 if before in _OWN_PREPOSITION else at, controllers, reach)
    if before in {"by", "after", "in", "upon"} and control not in {"failed", "refused"}:
        return "done"
    if control:
        return control
    return "hoped" if before in _TOWARDS or before == "on" else "done"


def _after_of(words: Sequence[str], at: int) -> str | None:
    """Tell a gerund after `of` where what stands before decides: a third day of haggling, accused of breaking."""
    if _BOUTS & set(words[max(0, at - 2) : at - 1]):
        return "ongoing"
    return "done" if _BLAME & set(words[max(0, at - 6) : at]) else None


def controller_of(words: Sequence[str], before: int, controllers: Phrases[str], reach: int) -> str | None:
    """Give the mode that the nearest controlling word before a place sets, within `reach` words and the same clause."""
    for j in range(before - 1, max(-1, before - 1 - reach), -1):
        if words[j] in BARRIERS:
            return None
        hit = controllers.at(words, j)
        if hit and hit[1] <= before:
            mode = hit[0]
            near = set(words[max(0, j - 3) : j])
            if mode in {"planned", "wanted", "hoped", "tried"} and near & NEGATIONS:
                return "refused"
            if mode in {"planned", "wanted"} and near & {"if", "whether"}:
                return "hoped"
            return mode
    return None
