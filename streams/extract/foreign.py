"""Agreements in languages other than English: from words near one another in a sentence, without grammar.

It knows less than the English reading: who acts is not told from who is spoken of, so that all states of a sentence
count as parties, and of several instruments of one type in a text it reports one.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import yaml

from schemas.event import AgreementReport, Evidence, InstrumentType, Polarity, Scope, Stage
from streams.extract.parties import (
    ORGANISATION,
    PAIR,
    PEACE,
    REBELS,
    STATE,
    codes_of,
    find_actors,
    make_parties,
)
from streams.extract.phrases import Phrases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from schemas.event import EventContext
    from streams.extract.entities import Resolved
    from streams.extract.parties import Actor
    from streams.extract.reading import Reading, Sentence

T = TypeVar("T")
REACH: Final = 14
"""So many words from its noun a cue of the stage still counts."""
_FAR_REACH: Final = 26
"""The same where the verb ends the sentence, or where each sign is a word of its own."""
_VERB_LAST: Final = frozenset({"fa", "tr", "hi", "ur", "de", "zh"})
_NEAR: Final = 4
_DATED: Final = 5
_MAX_DOMAINS: Final = 3
_CLAUSE: Final = frozenset({",", ";", ".", "،", "؛", "，", "。", "；", "!", "?", "؟", "—", "–"})
_PERSIAN: Final = str.maketrans({"ي": "ی", "ك": "ک", "ة": "ه", "\u200c": None, "أ": "ا", "إ": "ا", "ئ": "ی"})
_ARABIC: Final = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ـ": None})
_TURKISH: Final = str.maketrans({"İ": "i", "I": "ı"})
_MIN_STEM: Final = 2


@dataclass(frozen=True, slots=True)
class ForeignLexicon:
    """The words of agreements in one language."""

    language: str
    prefixes: tuple[str, ...]
    instruments: Phrases[InstrumentType]
    stages: Phrases[Stage]
    negations: Phrases[bool]
    future: Phrases[bool]
    hopes: Phrases[bool]
    entered: Phrases[bool]
    background: Phrases[bool]
    domains: Phrases[tuple[str, ...]]
    private: Phrases[bool]
    rebels: Phrases[bool]


@dataclass(frozen=True, slots=True)
class ForeignReport:
    """What a text says of one instrument."""

    report: AgreementReport
    evidence: Evidence
    confidence: float
    segment: int


def load_foreign_lexicons(folder: Path) -> dict[str, ForeignLexicon]:
    """Read agreements_other.yml of a folder."""
    data = yaml.load((folder / "agreements_other.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return {language: _lexicon(language, words) for language, words in data.items()}


def _lexicon(language: str, data: Mapping[str, Any]) -> ForeignLexicon:
    def table(key: str) -> Phrases[bool]:
        return Phrases.of((normalise(word, language), True) for word in data.get(key, ()))

    domains: dict[str, list[str]] = {}
    for name, words in data["domains"].items():
        for word in words:
            domains.setdefault(normalise(word, language), []).append(name)
    return ForeignLexicon(
        language=language,
        prefixes=tuple(data.get("prefixes", ())),
        instruments=Phrases.of(
            (normalise(word, language), InstrumentType(kind))
            for kind, words in data["instruments"].items()
            for word in words
        ),
        stages=Phrases.of(
            (normalise(word, language), Stage(stage))
            for stage, words in data["stages"].items()
            for word in words
        ),
        negations=table("negations"),
        future=table("future"),
        hopes=table("hopes"),
        entered=table("entered"),
        background=table("background"),
        domains=Phrases.of((word, tuple(names)) for word, names in domains.items()),
        private=table("private"),
        rebels=table("rebels"),
    )


def normalise(word: str, language: str) -> str:
    """Write a word as the lexicon of its language holds it: lower case, one form of letters that vary, no vowel signs."""
    if language in {"fa", "ur"}:
        word = word.translate(_PERSIAN)
    elif language in {"ar", "he"}:
        word = "".join(sign for sign in word.translate(_ARABIC) if unicodedata.category(sign) != "Mn")
    elif language == "tr":
        word = word.translate(_TURKISH)
    return word.lower().replace("’", "'")


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence with its words, and the same without the prefixes that are written together with them."""

    index: int
    sentence: Sentence
    words: tuple[str, ...]
    bare: tuple[str, ...]
    actors: tuple[Actor, ...]
    lexicon: ForeignLexicon

    def hits(self, table: Phrases[T]) -> Iterator[tuple[T, int, int]]:
        """Give what a table knows of the words, with first and last place, from left to right, none overlapping."""
        at = 0
        while at < len(self.words):
            hit = table.at(self.words, at) or table.at(self.bare, at)
            if hit is None:
                at += 1
                continue
            yield hit[0], at, hit[1]
            at = hit[1]


def find_foreign_agreements(
    reading: Reading, resolved: Resolved, context: EventContext, lexicon: ForeignLexicon
) -> tuple[ForeignReport, ...]:
    """Find the instruments of a text in another language than English, each type once."""
    found: dict[InstrumentType, ForeignReport] = {}
    for line in _lines(reading, resolved, lexicon):
        for kind, start, end in line.hits(lexicon.instruments):
            report = _Noun(line, kind, start, end).report(reading, context.event_time.year)
            known = found.get(kind)
            if known is None or (report.report.is_news, report.confidence) > (
                known.report.is_news,
                known.confidence,
            ):
                found[kind] = report
    return tuple(sorted(found.values(), key=lambda item: (item.evidence.start, item.report.instrument)))


def _lines(reading: Reading, resolved: Resolved, lexicon: ForeignLexicon) -> Iterator[_Line]:
    entities = {entity.id: entity for entity in resolved.entities}
    starts = [mention.start for mention in resolved.mentions]
    for index, sentence in enumerate(reading.sentences):
        words = tuple(normalise(token.text, lexicon.language) for token in sentence.tokens)
        low, high = bisect_left(starts, sentence.start), bisect_left(starts, sentence.end)
        actors = find_actors(sentence, resolved.mentions[low:high], entities, words)
        yield _Line(
            index, sentence, words, tuple(_strip(word, lexicon.prefixes) for word in words), actors, lexicon
        )


def _strip(word: str, prefixes: Sequence[str]) -> str:
    for prefix in prefixes:
        if word.startswith(prefix) and len(word) - len(prefix) >= _MIN_STEM:
            return word[len(prefix) :]
    return word


@dataclass(frozen=True, slots=True)
class _Noun:
    """An instrument noun of a line: words `start` up to `end`."""

    line: _Line
    kind: InstrumentType
    start: int
    end: int

    @property
    def reach(self) -> int:
        """So many words from the noun a cue still counts."""
        return _FAR_REACH if self.line.lexicon.language in _VERB_LAST else REACH

    def report(self, reading: Reading, year: int) -> ForeignReport:
        stage, cue = self._stage()
        entered = cue is not None and self._near(self.line.lexicon.entered, cue)
        polarity, stage = self._polarity(stage, cue, year)
        actors = [actor for actor in self.line.actors if actor.sort in {STATE, ORGANISATION, REBELS}]
        scope = self._scope(actors)
        domains = self._domains()
        step = entered or stage not in {Stage.IN_FORCE, Stage.VIOLATED}
        refused = polarity is Polarity.NEGATED and stage is Stage.REJECTED
        news = step and (polarity is Polarity.ASSERTED or refused)
        parties = make_parties(actors, scope)
        told = {"parties": len(parties) >= PAIR, "stage": cue is not None, "domain": bool(domains)}
        missing = tuple(name for name, there in told.items() if not there)
        low, high = self._clause(cue)
        tokens = self.line.sentence.tokens
        start, end = tokens[low].start, tokens[high - 1].end
        return ForeignReport(
            AgreementReport(
                instrument=self.kind,
                stage=stage,
                polarity=polarity,
                is_news=news,
                parties=parties,
                domains=domains or ("political",),
                scope=scope,
                missing=missing,
            ),
            Evidence(
                text=reading.text[start:end],
                start=start,
                end=end,
                speaker=reading.segments[self.line.sentence.segment].speaker,
            ),
            round(0.7 - 0.15 * len(missing), 2),
            self.line.sentence.segment,
        )

    def _stage(self) -> tuple[Stage, int | None]:
        """Give the stage whose cue stands nearest to the noun."""
        best: tuple[int, int, Stage] | None = None
        for stage, first, last in self.line.hits(self.line.lexicon.stages):
            gap = self.start - last if last <= self.start else first - self.end
            if 0 <= gap <= self.reach and (best is None or gap < best[0]):
                best = (gap, first, stage)
        return (best[2], best[1]) if best else (Stage.IN_FORCE, None)

    def _polarity(self, stage: Stage, cue: int | None, year: int) -> tuple[Polarity, Stage]:
        lexicon, words = self.line.lexicon, self.line.words
        place = self.start if cue is None else cue
        if self._near(lexicon.negations, place):
            refused = stage in {Stage.AGREED, Stage.REJECTED}
            return Polarity.NEGATED, Stage.REJECTED if refused else stage
        around = words[max(0, min(place, self.start) - _DATED) : max(place, self.end) + _DATED]
        dated = any(word.isdecimal() and len(word) == len(str(year)) and int(word) < year for word in around)
        if dated or any(first <= place < last for _, first, last in self.line.hits(lexicon.background)):
            return Polarity.HISTORICAL, stage
        if self._near(lexicon.hopes, place):
            return Polarity.HYPOTHETICAL, stage
        if self._near(lexicon.future, place):
            ahead = {
                Stage.SIGNED: Stage.TO_BE_SIGNED,
                Stage.RATIFIED: Stage.AWAITING_RATIFICATION,
                Stage.AGREED: Stage.NEGOTIATING,
            }
            return Polarity.ASSERTED, ahead.get(stage, stage)
        if stage is Stage.REJECTED:
            return Polarity.NEGATED, stage
        return Polarity.ASSERTED, stage

    def _near(self, table: Phrases[bool], place: int) -> bool:
        return any(first - _NEAR <= place <= last + _NEAR for _, first, last in self.line.hits(table))

    def _domains(self) -> tuple[str, ...]:
        if self.kind in PEACE:
            return ("peace",)
        names: dict[str, None] = {}
        for found, first, last in self.line.hits(self.line.lexicon.domains):
            if first - REACH <= self.end and last + REACH >= self.start:
                names.update(dict.fromkeys(found))
        return tuple(names)[:_MAX_DOMAINS]

    def _scope(self, actors: Sequence[Actor]) -> Scope:
        lexicon = self.line.lexicon
        states = {code for actor in actors if actor.sort == STATE for code in actor.codes}
        bodies = codes_of(actors) - states
        rebels = any(actor.sort == REBELS for actor in actors) or self._tells_of(lexicon.rebels)
        private = self._tells_of(lexicon.private)
        if rebels or (self.kind in PEACE and len(states) < PAIR):
            return Scope.INTRA
        if private and (len(states) < PAIR or self.kind is InstrumentType.CONTRACT):
            return Scope.STATE_COMPANY if states else Scope.COMPANY
        if len(states) > PAIR or (states and self.kind is InstrumentType.CONVENTION):
            return Scope.MULTI
        if bodies and len(states) < PAIR:
            return Scope.STATE_ORG
        return Scope.INTER if states else Scope.OTHER

    def _tells_of(self, table: Phrases[bool]) -> bool:
        return next(self.line.hits(table), None) is not None

    def _clause(self, cue: int | None) -> tuple[int, int]:
        words = self.line.words
        low, high = self.start, self.end
        if cue is not None:
            low, high = min(low, cue), max(high, cue + 1)
        floor, roof = max(0, low - self.reach), min(len(words), high + self.reach)
        while low > floor and words[low - 1] not in _CLAUSE:
            low -= 1
        while high < roof and words[high] not in _CLAUSE:
            high += 1
        return low, high
