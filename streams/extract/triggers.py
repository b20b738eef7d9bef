"""The words that tell an event: the lexicon, and where its patterns stand in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import yaml

from schemas.event import PloverType, Realis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

GAP_WORDS: Final = 5
"""So many words at most may stand where a pattern has `...`."""

ADVERBS: Final = frozenset(
    {
        "today", "yesterday", "tomorrow", "here", "also", "again", "jointly", "briefly", "separately", "recently", "monday",
        "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    }
)  # fmt: skip
"""One of these may stand between any two words of a pattern: spoke today with."""

SECTOR_CODES: Final = frozenset(
    {"BUS", "COP", "CRM", "CVL", "DEV", "EDU", "ELI", "ENV", "GOV", "HLH", "IGO", "INS", "JUD", "LAB", "LEG", "MED", "MIL", "MOD",
     "NGO", "OPP", "PTY", "RAD", "REB", "REF", "REL", "SEP", "SPY", "UAF"}
)  # fmt: skip
"""CAMEO sectors: alone they say what somebody is, not whose."""

_CLOSING: Final = frozenset({",", ";", ":", ".", "!", "?", "(", ")", '"', "“", "”", "[", "]", "–", "—"})
UNLESS_WORDS: Final = 5
"""So many words behind a trigger are searched for what gives it another meaning."""

_GAP: Final = frozenset({"..."})


class Roles(StrEnum):
    """Who is who around a trigger."""

    PLAIN = "plain"
    MUTUAL = "mutual"
    REVERSED = "reversed"
    ALLEGED = "alleged"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a trigger tells: one entry of the lexicon."""

    type: PloverType
    mode: str | None
    cameo: str
    contexts: tuple[str, ...]
    recipient: frozenset[str]
    actor: str
    roles: Roles
    realis: Realis | None
    unless: frozenset[str]
    """Words shortly behind the trigger with which it means another thing."""
    needs: bool
    """It is no event without another side."""
    example: str
    counter: str | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words in a row: each element is the forms it may take. `verb` says that its subject acts."""

    elements: tuple[frozenset[str], ...]
    verb: bool
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Trigger:
    """A pattern that stands in a sentence: tokens `first` up to but not including `last`."""

    first: int
    last: int
    pattern: Pattern

    @property
    def meaning(self) -> Meaning:
        """What it tells."""
        return self.pattern.meaning


@dataclass(frozen=True, slots=True)
class Announced:
    """What an act is called while it is only announced, meant or hoped for."""

    type: PloverType
    mode: str | None
    cameo: str


@dataclass(frozen=True, slots=True)
class Matter:
    """What is asked, refused, threatened or used, and the mode that it makes: the words of the lexicon under `matters`."""

    open: frozenset[str | None]
    modes: Mapping[str, tuple[str | None, str]]
    """Word to mode and CAMEO code."""


@dataclass(frozen=True, slots=True)
class EventLexicon:
    """Everything of lexicon/events.yml, laid out for looking up."""

    meanings: tuple[Meaning, ...]
    plain_statement: Meaning
    """What somebody says of others where nothing else takes place."""
    patterns: Mapping[str, tuple[Pattern, ...]]
    announced: Mapping[PloverType, Announced]
    promises: tuple[tuple[frozenset[str], str, str], ...]
    """Matters, the CAMEO code of a promise about them, and its PLOVER context."""
    matters: Mapping[PloverType, Matter]
    play: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]
    """Words of sport and business, by the first: what is fought there is no event."""
    contexts: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]
    sectors: Mapping[str, str]
    reporting: frozenset[str]
    light: frozenset[str]
    """Forms of verbs that make a noun the act of their subject: made an appeal, voiced support."""
    control: Mapping[str, tuple[tuple[str, ...], ...]]
    """Phrases before whoever is asked to act, by their last word."""
    realis: Mapping[str, tuple[tuple[tuple[str, ...], Realis], ...]]
    """By the last word of the phrase, the longest first."""
    verbs: frozenset[str]
    """Every form of every verb that the lexicon knows."""
    past: frozenset[str]
    """Of these the past forms and past participles, which are no nouns."""
    bases: frozenset[str]
    """Of these the base forms: after `to` and modals, and in the present of many."""
    heads_before: frozenset[str]
    """Words that can follow the head of a noun phrase, so that the noun before them is no mere modifier."""


def load_event_lexicon(folder: Path) -> EventLexicon:
    """Load lexicon/events.yml."""
    data = yaml.load((folder / "events.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    irregular: dict[str, list[str]] = data["irregular"]
    meanings: list[Meaning] = []
    by_first: dict[str, list[Pattern]] = {}
    verbs: set[str] = set()
    for entry in data["triggers"]:
        meaning = _meaning(entry)
        meanings.append(meaning)
        for text, verb in [(t, True) for t in entry["verbs"]] + [(t, False) for t in entry["nouns"]]:
            pattern = Pattern(_elements(text, irregular), verb, meaning)
            for word in sorted(pattern.elements[0]):
                by_first.setdefault(word, []).append(pattern)
            if verb and text.split()[0].endswith("+"):
                verbs |= pattern.elements[0]
    reporting = _forms(data["reporting"], irregular)
    verbs |= reporting | _forms(data["other_verbs"], irregular)
    past = frozenset(v for v in verbs if v.endswith("ed")) | _past(verbs, irregular)
    return EventLexicon(
        meanings=tuple(meanings),
        plain_statement=next(
            m for m in meanings if (m.type, m.mode, m.cameo) == (PloverType.STATEMENT, "comment", "010")
        ),
        patterns={word: tuple(sorted(found, key=_rank)) for word, found in sorted(by_first.items())},
        announced={PloverType(name): _announced(item) for name, item in data["announced"].items()},
        promises=tuple(
            (frozenset(item["contexts"]), item["cameo"], item["context"]) for item in data["promises"]
        ),
        matters={PloverType(name): _matter(item) for name, item in data["matters"].items()},
        play=_by_first((tuple(phrase.split()), "play") for phrase in data["play"]),
        contexts=_by_first(
            (tuple(word.split()), name) for name, words in data["contexts"].items() for word in words
        ),
        sectors={word: sector for sector, words in data["sectors"].items() for word in words},
        reporting=reporting,
        light=_forms(data["light"], irregular),
        control=_by_last(data["control"], irregular),
        realis=_realis(data["realis"], irregular),
        verbs=frozenset(verbs),
        past=past,
        bases=frozenset(v for v in verbs - past if not v.endswith(("ing", "s"))),
        heads_before=past | reporting | frozenset(data["after_heads"]),
    )


def inflect(verb: str, irregular: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Give every form of an English verb, its base first."""
    if verb in irregular:
        return (verb, *irregular[verb])
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"
    third = verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")
    if verb.endswith("e"):
        return verb, third, verb + "d", (verb if verb.endswith(("ee", "oe")) else verb[:-1]) + "ing"
    return verb, third, verb + "ed", verb + "ing"


def match_at(words: Sequence[str], index: int, patterns: Iterable[Pattern]) -> tuple[Pattern, int] | None:
    """Give the first of the patterns that stands at `index`, and the index after it."""
    for pattern in patterns:
        end = _match(words, index, pattern.elements)
        if end is not None and not pattern.meaning.unless & set(words[end : end + UNLESS_WORDS]):
            return pattern, end
    return None


def phrase_ends_at(words: Sequence[str], end: int, phrase: Sequence[str]) -> bool:
    """Say whether the words before `end` are this phrase."""
    start = end - len(phrase)
    return start >= 0 and all(words[start + at] == word for at, word in enumerate(phrase))


def _match(words: Sequence[str], index: int, elements: tuple[frozenset[str], ...]) -> int | None:
    at = index
    number = 0
    while number < len(elements):
        if elements[number] is not _GAP:
            if number and at < len(words) and words[at] in ADVERBS and words[at] not in elements[number]:
                at += 1
            if at >= len(words) or words[at] not in elements[number]:
                return None
            at += 1
            number += 1
            continue
        wanted = elements[number + 1]
        limit = min(len(words), at + GAP_WORDS + 1)
        while at < limit and words[at] not in wanted:
            if words[at] in _CLOSING:
                return None
            at += 1
        if at >= limit:
            return None
        number += 1
    return at


def _meaning(entry: dict[str, Any]) -> Meaning:
    return Meaning(
        type=PloverType(entry["type"]),
        mode=entry.get("mode"),
        cameo=entry["cameo"],
        contexts=tuple(entry["contexts"]),
        recipient=frozenset(entry.get("recipient", ())),
        actor=entry.get("actor", "subject"),
        roles=Roles(entry.get("roles", "plain")),
        realis=Realis(entry["realis"]) if "realis" in entry else None,
        unless=frozenset(entry.get("unless", ())),
        needs=bool(entry.get("needs", False)),
        example=entry["example"],
        counter=entry.get("counter"),
    )


def _announced(item: dict[str, str]) -> Announced:
    return Announced(PloverType(item["type"]), item.get("mode"), item["cameo"])


def _matter(item: dict[str, Any]) -> Matter:
    modes = {word: (entry["mode"], entry["cameo"]) for entry in item["modes"] for word in entry["words"]}
    return Matter(frozenset(item["open"]), modes)


def _elements(text: str, irregular: Mapping[str, Sequence[str]]) -> tuple[frozenset[str], ...]:
    elements = []
    for part in text.split():
        if part == "...":
            elements.append(_GAP)
        elif part.endswith("+"):
            elements.append(frozenset(inflect(part[:-1], irregular)))
        else:
            elements.append(frozenset(part.split("|")))
    return tuple(elements)


def _rank(pattern: Pattern) -> int:
    return -sum(element is not _GAP for element in pattern.elements)


def _forms(verbs: Iterable[str], irregular: Mapping[str, Sequence[str]]) -> frozenset[str]:
    return frozenset(form for verb in verbs for form in inflect(verb.removesuffix("+"), irregular))


def _past(verbs: set[str], irregular: Mapping[str, Sequence[str]]) -> frozenset[str]:
    forms = {form for base, given in irregular.items() for form in given if form != base}
    return frozenset(form for form in forms & verbs if not form.endswith(("ing", "s")))


def _by_first(
    entries: Iterable[tuple[tuple[str, ...], str]],
) -> dict[str, tuple[tuple[tuple[str, ...], str], ...]]:
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for words, name in entries:
        found.setdefault(words[0], []).append((words, name))
    return {first: tuple(items) for first, items in found.items()}


def _by_last(
    phrases: Iterable[str], irregular: Mapping[str, Sequence[str]]
) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        for words in product(*(sorted(element) for element in _elements(phrase, irregular))):
            found.setdefault(words[-1], []).append(words)
    return {last: tuple(items) for last, items in found.items()}


def _realis(
    data: dict[str, list[str]], irregular: Mapping[str, Sequence[str]]
) -> dict[str, tuple[tuple[tuple[str, ...], Realis], ...]]:
    found: dict[str, list[tuple[tuple[str, ...], Realis]]] = {}
    for name, phrases in data.items():
        for phrase in phrases:
            for words in product(*(sorted(element) for element in _elements(phrase, irregular))):
                found.setdefault(words[-1], []).append((words, Realis(name)))
    return {last: tuple(sorted(items, key=lambda item: -len(item[0]))) for last, items in found.items()}
