"""The nouns that name an instrument, and the noun phrases around them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import yaml

from schemas.event import InstrumentType, Stage
from streams.extract.phrases import Phrases, plain_word
from streams.extract.verbs import mend_signs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from streams.extract.reading import Sentence

MAX_PREMODIFIERS: Final = 8
"""So many words before the noun can belong to it."""


@dataclass(frozen=True, slots=True)
class InstrumentNoun:
    """A noun that names an instrument.

    An `anaphor` can stand for any instrument named before; one that `needs_act` counts only where something is
    done with it.
    """

    type: InstrumentType
    anaphor: bool
    needs_act: bool
    formal: bool = False
    """Counts without an act only by its capital or by what it is `on` or `against`: a convention is also a meeting."""
    paper: bool = False
    signed_only: bool = False
    """Counts only where it is signed, adopted, drafted or failed: a declaration is often mere words."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done with an instrument, and the stage it leads to by how it is told."""

    name: str
    stages: Mapping[str, Stage]
    by_type: Mapping[InstrumentType, Stage]
    """What agreeing means for some types of instrument: a truce that is declared holds."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A word form of an act: base, s, past, part, ing, noun or prep.

    `links` are the prepositions it takes, and one that is `near` acts only on what stands right behind it. One with
    `needs` means the act only where one of these words follows the instrument: sent the treaty to the Senate.
    """

    act: Act
    form: str
    links: frozenset[str] = frozenset()
    near: bool = False
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AgreementLexicon:
    """The words of agreements, ready to be looked up."""

    nouns: Phrases[InstrumentNoun]
    excluded: Phrases[bool]
    triggers: Phrases[tuple[Trigger, ...]]
    split: Mapping[str, tuple[tuple[tuple[str, ...], Trigger], ...]]
    """The verbs of two and more words that let their object between them, by the first: put the pact into force."""
    acts: Mapping[str, Act]
    subject_verbs: Phrases[Stage]
    controllers: Phrases[str]
    denials: Phrases[bool]
    modifiers: Phrases[Stage]
    followers: Phrases[Stage]
    transparent: frozenset[str]
    domains: Phrases[tuple[str, ...]]
    actors: Phrases[str]

    def triggers_at(self, words: Sequence[str], at: int) -> tuple[tuple[Trigger, int], ...]:
        """Give the triggers of the longest phrase at a word, each with the index after it; verbs before nouns."""
        hit = self.triggers.at(words, at)
        if words[at] in self.split and at + 1 < len(words):
            hit = self._parted_at(words, at) or hit
        return tuple((trigger, hit[1]) for trigger in hit[0]) if hit else ()

    def _parted_at(self, words: Sequence[str], at: int) -> tuple[tuple[Trigger, ...], int] | None:
        """Look up a verb with a day or an adverb within: voted on Thursday against."""
        for place in range(at + 1, min(len(words), at + _BETWEEN)):
            length = adverbial_at(words, place)
            if length:
                rest = words[place + length : place + length + _LONGEST_VERB]
                hit = self.triggers.at((*words[at:place], *rest), 0)
                return (hit[0], at + hit[1] + length) if hit and hit[1] > place - at else None
        return None

    def split_at(self, words: Sequence[str], at: int, phrase: NounPhrase) -> tuple[Trigger, int] | None:
        """Give the verb that opens at a word and closes behind the instrument, or before it with somebody in between.

        With it comes the index after the last word of both: tore the pact up; withdrew Malta from the pact.
        """
        for rest, trigger in self.split.get(words[at], ()):
            close = phrase.start - len(rest)
            if at + 1 < close <= at + _BETWEEN and tuple(words[close : phrase.start]) == rest:
                return trigger, phrase.end
            if rest[-1] not in _CLOSERS:
                continue
            for start in range(phrase.end, min(len(words), phrase.end + _CLOSING_REACH)):
                if tuple(words[start : start + len(rest)]) == rest:
                    return trigger, start + len(rest)
                if words[start] in _ENDS or words[start] == ",":
                    break
        return None


_LONGEST_VERB: Final = 6
WEEKDAYS: Final = frozenset({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
_MOMENTS: Final = frozenset(
    {"yesterday", "today", "tonight", "tomorrow", "formally", "officially", "finally", "overwhelmingly", "unanimously",
    "narrowly", "jointly", "again", "also", "immediately", "unilaterally", "definitively"}
)  # fmt: skip
_DAY_PARTS: Final = frozenset({"morning", "afternoon", "evening", "night"})
_SPANS: Final = frozenset({*_DAY_PARTS, "week", "month", "year"})


def adverbial_at(words: Sequence[str], at: int) -> int:
    """Give how many words an adverb of time or manner takes at a place, 0 where there is none: on Thursday night."""
    length = 0
    while at + length < len(words) and words[at + length] in {"late", "early", "on", "that", "this", "last"}:
        length += 1
    if at + length >= len(words):
        return 0
    word = words[at + length]
    if word in WEEKDAYS:
        return (
            length
            + 1
            + (words[at + length + 1 : at + length + 2] != () and words[at + length + 1] in _DAY_PARTS)
        )
    if length and words[at + length - 1] in {"this", "that", "last"} and word in _SPANS:
        return length + 1
    return 1 if not length and word in _MOMENTS else 0


_CLOSING_REACH: Final = 8
"""So far behind the instrument its verb may close: put the pact with Malta into force."""
_BETWEEN: Final = 5
"""So many words can stand between a verb and its preposition: pulled his country out of."""
_LETTING: Final = frozenset({"from", "of", "into"})
_ASKING: Final = frozenset({"ask", "asks", "asked", "asking", "press", "presses", "pressed", "pressing"})
_TALKING: Final = frozenset({"talk", "talks", "talked", "talking"})
_MARKS: Final = frozenset({"signature", "signatures", "name", "names", "initials", "hand", "hands"})
_CLOSERS: Final = frozenset(
    {
        "lapse", "expire", "up", "out", "off", "down", "aside", "forward", "effect", "force", "operation", "hold", "ice", "abeyance", "end",
        "being", "law", "through", "practice", "together", "paper", "over", "void", "away", "history", "pieces",
    }
)  # fmt: skip
"""How a verb ends that lets its object in: tore up the pact, tore the pact up; but not: put their names to."""


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """An instrument's noun with its words: tokens `start` to `end` of its sentence, the noun itself `head` to `tail`."""

    noun: InstrumentNoun
    sentence: int
    start: int
    head: int
    tail: int
    end: int
    determiner: str
    plural: bool


_ARTICLES: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "its",
        "their",
        "our",
        "his",
        "her",
        "my",
        "your",
        "any",
        "no",
        "some",
        "several",
        "many",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "both",
        "such",
        "each",
        "every",
        "another",
        "all",
        "various",
        "numerous",
        "most",
        "first",
        "second",
        "new",
        "dozen",
    ]
)
_STOPS: Final = frozenset(
    [
        "of",
        "on",
        "in",
        "at",
        "by",
        "for",
        "to",
        "from",
        "with",
        "between",
        "and",
        "or",
        "but",
        "as",
        "if",
        "than",
        "about",
        "into",
        "over",
        "under",
        "after",
        "before",
        "since",
        "while",
        "that",
        "which",
        "who",
        "whom",
        "whose",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "has",
        "have",
        "had",
        "will",
        "would",
        "shall",
        "should",
        "may",
        "might",
        "can",
        "could",
        "must",
        "do",
        "does",
        "did",
        "not",
        "said",
        "says",
        "say",
        "it",
        "he",
        "she",
        "they",
        "we",
        "i",
        "you",
        "him",
        "them",
        "us",
        "there",
        "where",
        "when",
        "because",
        "so",
        "against",
        "during",
        "without",
        "within",
        "through",
        "toward",
        "towards",
        "regarding",
        "concerning",
        "via",
        "per",
        "also",
        "however",
        "following",
        "including",
        "agreed",
        "agree",
        "agrees",
        "signed",
        "sign",
        "signs",
        "signing",
        "reached",
        "reach",
    ]
)
_ENDS: Final = frozenset([".", ";", ":", "?", "!", "—", "–", "--", "...", "[", "]", "”", '"'])


def load_agreement_lexicon(folder: Path) -> AgreementLexicon:
    """Read agreements.yml of a folder."""
    data = yaml.load((folder / "agreements.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    acts = {
        item["act"]: Act(
            item["act"],
            {mode: Stage(stage) for mode, stage in item["stages"].items()},
            {InstrumentType(kind): Stage(stage) for kind, stage in item.get("by_type", {}).items()},
        )
        for item in data["acts"]
    }
    return AgreementLexicon(
        nouns=Phrases.of(
            (
                form,
                InstrumentNoun(
                    InstrumentType(item["type"]),
                    *(
                        bool(item.get(key))
                        for key in ("anaphor", "needs_act", "formal", "paper", "signed_only")
                    ),
                ),
            )
            for item in data["instruments"]
            for form in item["forms"]
        ),
        excluded=Phrases.of((item["phrase"], True) for item in data["not_instruments"]),
        triggers=Phrases.all_of(pair for item in data["acts"] for pair in _triggers(item, acts[item["act"]])),
        split=_split_verbs(pair for item in data["acts"] for pair in _triggers(item, acts[item["act"]])),
        acts=acts,
        subject_verbs=Phrases.of(
            (word, Stage(item["stage"])) for item in data["subject_verbs"] for word in item["words"]
        ),
        controllers=Phrases.of((word, mode) for mode, words in data["controllers"].items() for word in words),
        denials=Phrases.of((word, True) for word in data["denials"]),
        modifiers=Phrases.of(
            (word, Stage(stage)) for stage, item in data["modifiers"].items() for word in item["words"]
        ),
        followers=Phrases.of(
            (word, Stage(stage)) for stage, item in data["followers"].items() for word in item["words"]
        ),
        transparent=frozenset(data["transparent"]),
        domains=_domain_phrases(data),
        actors=Phrases.of((word, sort) for sort, item in data["actors"].items() for word in item["words"]),
    )


def _domain_phrases(data: Mapping[str, Any]) -> Phrases[tuple[str, ...]]:
    domains: dict[str, list[str]] = {phrase: [] for phrase in data["not_domains"]}
    for name, item in data["domains"].items():
        for word in item["words"]:
            domains.setdefault(word, []).append(name)
    return Phrases.of((word, tuple(names)) for word, names in domains.items())


def _triggers(item: Mapping[str, Any], act: Act) -> Iterator[tuple[str, Trigger]]:
    for entry in item["verbs"]:
        links = frozenset(entry.get("links", [""]))
        for form, text in _forms(entry["verb"], entry.get("forms"), entry.get("ing")):
            needs = frozenset(entry.get("needs", ()))
            yield text, Trigger(act, form, links, entry.get("near", False), needs)
    for noun, links in item.get("nouns", {}).items():
        yield noun, Trigger(act, "noun", frozenset(str(links).split(",")))
    for word in item.get("words", ()):
        yield word, Trigger(act, "past")
    for word in item.get("prepositions", ()):
        yield word, Trigger(act, "prep")


def _split_verbs(
    entries: Iterable[tuple[str, Trigger]],
) -> dict[str, tuple[tuple[tuple[str, ...], Trigger], ...]]:
    found: dict[str, list[tuple[tuple[str, ...], Trigger]]] = {}
    for text, trigger in entries:
        first, *rest = text.split()
        lets = bool(rest) and (rest[-1] in _CLOSERS | _LETTING or (rest[-1] == "to" and rest[0] in _MARKS))
        lets = lets or (rest == ["for"] and first in _ASKING) or (rest == ["about"] and first in _TALKING)
        if trigger.form not in {"noun", "prep"} and lets:
            found.setdefault(first, []).append((tuple(rest), replace(trigger, links=_DIRECTLY)))
    return {first: tuple(pairs) for first, pairs in found.items()}


_DIRECTLY: Final = frozenset({""})


def _forms(verb: str, irregular: list[str] | None, ing: str | None) -> Iterator[tuple[str, str]]:
    base, _, rest = verb.partition(" ")
    rest = f" {rest}" if rest else ""
    stem = base[:-1] if base.endswith("e") and not base.endswith("ee") else base
    yield "base", base + rest
    if base.endswith("y") and base[-2:-1] not in "aeiou":
        third, past = base[:-1] + "ies", base[:-1] + "ied"
    elif base.endswith(("s", "x", "z", "ch", "sh")):
        third, past = base + "es", base + "ed"
    else:
        third, past = base + "s", (base + "d" if base.endswith("e") else base + "ed")
    yield "s", ("has" if base == "have" else third) + rest
    if irregular:
        yield "past", irregular[0]
        yield "part", irregular[1]
        doubled = irregular[0].removesuffix("ed")
        if irregular[0].endswith("ed") and len(doubled) > len(base):
            stem = doubled
    else:
        yield "past", past + rest
    yield "ing", (ing or stem + "ing") + rest


def sentence_words(sentence: Sentence) -> tuple[str, ...]:
    """Give the words of a sentence as the lexicon holds them."""
    return mend_signs([plain_word(token.text) for token in sentence.tokens], sentence)


def find_noun_phrases(
    index: int, words: tuple[str, ...], lexicon: AgreementLexicon, names: tuple[bool, ...] = ()
) -> tuple[NounPhrase, ...]:
    """Find the instruments named in a sentence, in order, with the words that belong to each.

    `names` says which words have a capital: the Law of the Sea Convention is one name.
    """
    found: list[NounPhrase] = []
    blocked = _blocked(words, lexicon)
    at = 0
    while at < len(words):
        hit = lexicon.nouns.at(words, at)
        if hit is None or at in blocked or _is_verb(words, at) or _is_short_name(words, at):
            at += 1
            continue
        noun, tail = hit
        phrase = _phrase(noun, index, words, (at, tail), lexicon)
        phrase = _whole_name(phrase, words, names)
        if (
            found and phrase.start <= found[-1].head
        ):  # a ceasefire and hostage deal: one instrument with two nouns
            first = found.pop()
            noun = (
                noun if first.noun.paper and at == first.tail else first.noun
            )  # a partnership memorandum is a memorandum
            phrase = replace(first, noun=noun, tail=phrase.tail, end=phrase.end)
        found.append(phrase)
        at = tail
    return tuple(found)


def _is_short_name(words: tuple[str, ...], at: int) -> bool:
    """Tell the short name that a contract text gives right after the long one: (the "Treaty")."""
    before = tuple(word for word in words[max(0, at - 3) : at] if word not in {"“", '"', "'", "‘"})
    return before[-2:] == ("(", "the")


_BEFORE_VERB: Final = frozenset(
    [
        "to",
        "can",
        "could",
        "will",
        "would",
        "must",
        "should",
        "may",
        "might",
        "not",
        "and",
        "who",
        "that",
        "which",
        "they",
        "we",
        "i",
        "you",
        "he",
        "she",
        "also",
        "better",
        "helps",
        "help",
        "or",
        "let",
        "us",
        "how",
        "'ll",
        "'d",
        "did",
        "does",
    ]
)


def _is_verb(words: tuple[str, ...], at: int) -> bool:
    """Tell `deal with` the verb from a deal with somebody, and `contract` the verb from a contract."""
    if words[at] not in {"deal", "deals", "contract", "contracts"}:
        return False
    before = words[at - 1] if at else ""
    if before.endswith("ly") and at > 1:
        before = words[at - 2]
    after = words[at + 1] if at + 1 < len(words) else ""
    if after in {"a", "an", "the", "your", "my", "another", "them", "it"}:
        return True
    if before in _BEFORE_VERB:
        return before not in {"and", "or"} or after == "with"
    if after != "with":
        return False
    if words[at] == "deals":
        return before == "also" or words[at - 2 : at - 1] in {("the",), ("this",), ("a",)}
    helped = bool(set(words[max(0, at - 4) : at]) & {"help", "helps", "helped", "let", "make"})
    return helped and before not in {"a", "an", "the", "this", "any", "no", "new", "that"}


def _blocked(words: tuple[str, ...], lexicon: AgreementLexicon) -> frozenset[int]:
    """Give the places whose word stands in a phrase that is no instrument."""
    blocked: set[int] = set()
    for at in range(len(words)):
        hit = lexicon.excluded.at(words, at)
        if hit:
            blocked.update(range(at, hit[1]))
    return frozenset(blocked)


def _phrase(
    noun: InstrumentNoun,
    index: int,
    words: tuple[str, ...],
    place: tuple[int, int],
    lexicon: AgreementLexicon,
) -> NounPhrase:
    head, tail = place
    start = _left_edge(words, head, lexicon)
    end = tail
    if words[end : end + 1] == ("(",):  # the short form that often follows the long one
        close = next((at for at in range(end + 1, min(end + 6, len(words))) if words[at] == ")"), None)
        end = close + 1 if close is not None else end
    determiner = words[start] if words[start] in _ARTICLES else ""
    bearing = (
        words[head] if "of" in words[head:tail] else words[tail - 1]
    )  # memoranda of understanding, peace deals
    plural = bearing.endswith(("s", "a")) and bearing not in {"cessation", "minutes"}
    return NounPhrase(noun, index, start, head, tail, end, determiner, plural)


def _closes_verb(words: tuple[str, ...], at: int, lexicon: AgreementLexicon) -> bool:
    """Whether a verb of several words ends here: rules out border pact."""
    starts = range(max(0, at - _LONGEST_VERB), at - 1)
    return any(
        trigger.form != "noun" and end == at
        for start in starts
        for trigger, end in lexicon.triggers_at(words, start)
    )


_PARTICIPLES: Final = frozenset({"past", "part"})
_OWNERS: Final = frozenset({"a", "an", "the", "its", "their", "this", "any", "our"})


_WITHIN_NAMES: Final = frozenset({"of", "the", "on", "for", "and"})


def _whole_name(phrase: NounPhrase, words: tuple[str, ...], names: tuple[bool, ...]) -> NounPhrase:
    """Take in what stands before the noun in its name: the Law of the Sea Convention."""
    start, head = phrase.start, phrase.head
    if not names or not names[head] or head - start < 1 or not all(names[k] for k in range(head - 1, head)):
        return phrase
    at = start
    while at > 0 and start - at < MAX_PREMODIFIERS and words[at - 1] in _WITHIN_NAMES:
        at -= 1
    crossed = "of" in words[at:start] or "on" in words[at:start]
    first = at
    while first > 0 and names[first - 1] and at - first < MAX_PREMODIFIERS and words[first - 1].isalpha():
        first -= 1
    if not crossed or first in {at, 0} or words[first - 1] not in {"the", "a", "an"}:
        return phrase
    return replace(phrase, start=first - 1, determiner=words[first - 1])


def _left_edge(words: tuple[str, ...], head: int, lexicon: AgreementLexicon) -> int:
    """Walk from the noun to the first word of its phrase; a determiner ends it, and a coordination is gone through."""
    at = head
    while at > 0 and head - at < MAX_PREMODIFIERS:
        word = words[at - 1]
        if word in _ARTICLES:
            at -= 1
            if at > 0 and words[at - 1] in _ARTICLES and words[at - 1] != "that":
                at -= 1
            break
        if (
            word == "and"
            and at > 1
            and at < head
            and words[at - 2] not in _STOPS
            and words[at - 2] not in _ENDS
            and words[at - 2] != ","
        ):
            at -= 1
            continue
        if word in _STOPS or word in _ENDS or word in {",", "(", ")", "*", "“", "‘", "'"}:
            break
        triggers = lexicon.triggers_at(words, at - 1)
        verb = triggers and triggers[0][0].form != "noun" and not lexicon.modifiers.at(words, at - 1)
        if verb and not (triggers[0][0].form in _PARTICIPLES and at > 1 and words[at - 2] in _OWNERS):
            break  # but a revised treaty is one phrase
        if words[at - 1] in _CLOSERS and _closes_verb(words, at, lexicon):
            break
        at -= 1
    return at
