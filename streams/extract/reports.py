"""What a transcript says of instruments, noun by noun, before the reports of one instrument are joined."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from schemas.event import SECURITY_DOMAINS, InstrumentType, Stage
from schemas.transcript import Segment, SegmentKind
from streams.extract.entities import find_mentions, resolve_entities
from streams.extract.instruments import InstrumentNoun, NounPhrase, find_noun_phrases, sentence_words
from streams.extract.parties import (
    NOT_IN_TEXT,
    PAIR,
    PEACE,
    STATE,
    Actor,
    codes_of,
    find_actors,
    is_broker,
    parties_of,
)
from streams.extract.reading import Reading, Sentence, tokenize
from streams.extract.stage import (
    CLEAR,
    FRAMED,
    PLAIN,
    RESOLVING,
    Clause,
    Step,
    capitals,
    find_promise,
    lay_out_clause,
    read_pronoun,
    read_step,
)
from streams.extract.verbs import BARRIERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.event import EventContext
    from streams.extract.entities import Resolved
    from streams.extract.instruments import AgreementLexicon
    from streams.extract.models import Models

TITLE: Final = -1
"""The index of the headline among the sentences."""
MAX_SUBJECT: Final = 20
"""So many words can say what an instrument is about."""

_READ: Final = frozenset(
    {
        SegmentKind.NARRATION, SegmentKind.QUOTE, SegmentKind.QUESTION, SegmentKind.HEADLINE, SegmentKind.DATELINE,
    }
)  # fmt: skip
_NEAR: Final = 10


@dataclass(frozen=True, slots=True)
class Report:
    """What one noun phrase says of an instrument. `near` are the sorts of actors that words beside it tell of.

    `shared` and `paired` are as in parties.Found; `meant` is the index of the report that a pronoun stands for.
    """

    phrase: NounPhrase
    step: Step
    words: tuple[str, ...]
    actors: tuple[Actor, ...]
    domains: tuple[str, ...]
    subject: tuple[int, int] | None
    near: frozenset[str]
    shared: bool = False
    paired: bool = False
    meant: int | None = None

    @property
    def in_title(self) -> bool:
        """Whether it stands in the headline, from which no evidence is taken."""
        return self.phrase.sentence == TITLE

    @property
    def codes(self) -> set[str]:
        """The codes of all actors."""
        return {code for actor in self.actors for code in actor.codes}


@dataclass(frozen=True, slots=True)
class Scene:
    """Who is there in a transcript: for words such as `the two countries`. All by the index of the sentence."""

    actors: Mapping[int, tuple[Actor, ...]]
    words: Mapping[int, tuple[str, ...]]
    common: tuple[tuple[Actor, int], ...]
    """The states, the most often named first, with how often."""
    sorts: frozenset[str]
    """The sorts of actors that words anywhere tell of: rebels, a company."""


def read_reports(
    reading: Reading, resolved: Resolved, context: EventContext, models: Models
) -> tuple[tuple[Report, ...], Scene]:
    """Read every instrument noun of headline and text."""
    lexicon, day = models.agreements, context.event_time.date()
    entities = {entity.id: entity for entity in resolved.entities}
    starts = [mention.start for mention in resolved.mentions]
    actors: dict[int, tuple[Actor, ...]] = {}
    words: dict[int, tuple[str, ...]] = {}
    reports = list(_read_title(reading, context, models, actors, words))
    for index, sentence in enumerate(reading.sentences):
        if reading.segments[sentence.segment].kind not in _READ:
            continue
        low, high = bisect_left(starts, sentence.start), bisect_left(starts, sentence.end)
        words[index] = sentence_words(sentence)
        actors[index] = find_actors(sentence, resolved.mentions[low:high], entities, words[index])
        phrases = find_noun_phrases(index, words[index], lexicon, capitals(sentence))
        recent = reports and index - reports[-1].phrase.sentence <= 1
        if not phrases and not recent and not RESOLVING & set(words[index]):
            continue
        clause = lay_out_clause(sentence, day)
        reader = _Reader(index, clause, words[index], actors[index], lexicon)
        told = reader.read_nouns(phrases)
        reports.extend(told or reader.read_promise())
        reports.extend(reader.read_pronoun(reports))
    return tuple(reports), _scene(actors, words, lexicon)


def _scene(
    actors: Mapping[int, tuple[Actor, ...]], words: Mapping[int, tuple[str, ...]], lexicon: AgreementLexicon
) -> Scene:
    named = [
        actor
        for index, found in actors.items()
        if index != TITLE
        for actor in found
        if actor.sort == STATE and not is_broker(actor, words[index])
    ]
    counts = Counter(code for actor in named for code in actor.codes)
    first: dict[str, Actor] = {}
    for actor in named:
        for code in actor.codes:
            first.setdefault(code, actor)
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    sorts = frozenset().union(*(_sorts(said, lexicon) for index, said in words.items() if index != TITLE))
    return Scene(actors, words, tuple((first[code], count) for code, count in order), sorts)


def _read_title(
    reading: Reading,
    context: EventContext,
    models: Models,
    actors: dict[int, tuple[Actor, ...]],
    words: dict[int, tuple[str, ...]],
) -> tuple[Report, ...]:
    """Read the headline as one sentence: it is part of the report."""
    text = context.title or ""
    if not text.strip():
        return ()
    sentence = Sentence(0, len(text), 0, tokenize(text))
    segment = Segment(kind=SegmentKind.HEADLINE, start=0, end=len(text))
    transcript = reading.transcript.model_copy(update={"text": text})
    headline = Reading(transcript, reading.language, (segment,), (sentence,))
    resolved = resolve_entities(headline, find_mentions(headline, models), models)
    said = sentence_words(sentence)
    found = find_actors(
        sentence, resolved.mentions, {entity.id: entity for entity in resolved.entities}, said
    )
    found = tuple(replace(actor, start=NOT_IN_TEXT, end=NOT_IN_TEXT) for actor in found)
    words[TITLE] = said
    # the state at the very end is often that of a dateline: En route to Brindisi, Italy
    actors[TITLE] = tuple(a for a in found if a.last < len(said) or said[a.first - 1] != ",")
    clause = lay_out_clause(sentence, context.event_time.date())
    reader = _Reader(TITLE, clause, said, found, models.agreements)
    return tuple(reader.read_nouns(find_noun_phrases(TITLE, said, models.agreements)))


@dataclass(frozen=True, slots=True)
class _Reader:
    """One sentence with all that is needed to read it."""

    index: int
    clause: Clause
    words: tuple[str, ...]
    actors: tuple[Actor, ...]
    lexicon: AgreementLexicon

    def read_nouns(self, phrases: Sequence[NounPhrase]) -> list[Report]:
        reports = (self._read(phrase) for phrase in phrases)
        return [report for report in reports if self._counts(report)]

    def read_promise(self) -> list[Report]:
        """Read what states agreed to do about security where no noun names an instrument: agreed to share intelligence."""
        found = find_promise(self.clause.words)
        if found is None:
            return []
        at, end = found
        phrase = NounPhrase(_PROMISE, self.index, at, at, at + 1, at + 1, "", plural=False)
        step = Step(Stage.AGREED, "done", PLAIN, at, end, verb=at, act="reach")
        parties = parties_of(phrase, step, self.actors, self.words)
        actors = tuple(
            actor for actor in parties.actors if actor.last <= at or "with" in self.words[at : actor.first]
        )
        domains = domains_in(self.words[at:end], self.lexicon)
        if not SECURITY_DOMAINS & set(domains):  # their intelligence services agreed to share information
            domains = (*domains, *domains_in(self.words[max(0, at - _NEAR) : at], self.lexicon))
        sides = codes_of(actors)
        if (len(sides) < PAIR and not parties.shared) or not SECURITY_DOMAINS & set(domains):
            return []
        near = _sorts(self.words[max(0, at - _NEAR) : end], self.lexicon)
        cut = next((k for k in range(at + 3, end) if _leaves(self.words, at + 1, k)), end)
        report = Report(phrase, step, self.words, actors, domains, (at + 1, cut), near, paired=parties.paired)
        return [report]

    def read_pronoun(self, reports: Sequence[Report]) -> list[Report]:
        """Read `it was signed` of the instrument that was named last, in this sentence or the one before."""
        place = read_pronoun(self.clause, self.lexicon) if reports else None
        if place is None:
            return []
        for number in range(len(reports) - 1, -1, -1):
            phrase = reports[number].phrase
            if phrase.sentence < self.index - 1 or phrase.sentence == TITLE:
                return []
            if phrase.sentence < self.index or phrase.tail <= place:
                span = replace(
                    phrase,
                    sentence=self.index,
                    start=place,
                    head=place,
                    tail=place + 1,
                    end=place + 1,
                    determiner="it",
                )
                report = self._read(span)
                return [replace(report, meant=number)] if report.step.strength >= CLEAR else []
        return []

    def _read(self, phrase: NounPhrase) -> Report:
        step = read_step(phrase, self.clause, self.lexicon)
        if self.index == TITLE and step.passive and step.soft:
            step = replace(step, background=False)  # in a headline, a pact signed was signed now
        found = parties_of(phrase, step, self.actors, self.words)
        if found.strangers:  # who rejects what others agreed only reacts
            step = replace(step, stage=Stage.AGREED, mode="done", quiet=True)
        if _is_vague(phrase, step) and len(codes_of(found.actors)) < PAIR:
            step = replace(step, quiet=True)
        subject = find_subject(phrase, self.words)
        beside = self.words[max(0, min(step.start, phrase.start) - _NEAR) : max(step.end, phrase.end) + _NEAR]
        return Report(
            phrase=phrase,
            step=step,
            words=self.words,
            actors=found.actors,
            domains=_domains(phrase, subject, self.words, self.lexicon),
            subject=subject,
            near=_sorts(beside, self.lexicon),
            shared=found.shared,
            paired=found.paired,
        )

    def _is_placed(self, phrase: NounPhrase, step: Step) -> bool:
        """Whether words tell which instrument it is, so that no act is needed: the arrangement of 1987, with Malta."""
        if self.index == TITLE:
            return False
        words, names = self.words, self.clause.names
        if step.strength == FRAMED and not phrase.noun.formal:
            return True
        dated = any(map(_is_year, words[phrase.start : phrase.head])) or (
            words[phrase.end : phrase.end + 1] in {("of",), ("from",)}
            and _is_year((*words, "")[phrase.end + 1])
        )
        between = words[phrase.end : phrase.end + 1]
        ahead = range(phrase.end + 1, min(len(words), phrase.end + _SIDE_REACH))
        sided = bool(_PLACING & set(between)) and any(names[at] for at in ahead)
        owned = any(names[at] for at in range(max(1, phrase.start), phrase.head))
        return dated or sided or (owned and _is_of_states(phrase))

    def _counts(self, report: Report) -> bool:
        """Whether a noun that has other senses too is an instrument here."""
        noun, step, phrase = report.phrase.noun, report.step, report.phrase
        if noun.signed_only:
            behind = self.words[phrase.end : phrase.end + _NEAR]
            return step.act in _SIGNED_ACTS or bool(_SIGNED & set(behind))
        if noun.paper:
            return step.strength >= CLEAR and step.act in _PAPER_ACTS
        if step.strength >= CLEAR:
            return True
        if (noun.needs_act or noun.formal) and self._is_placed(phrase, step):
            return True
        if not noun.formal:
            named = self.clause.sentence.tokens[phrase.head].text[:1].isupper() and step.strength > 0
            return not noun.needs_act or (named and phrase.head > phrase.start)
        capital = self.clause.sentence.tokens[phrase.head].text[:1].isupper() and phrase.head > 0
        return capital or bool(_ABOUT & set(self.words[phrase.end : phrase.end + 1]))


_VAGUE: Final = frozenset({"", "some", "many", "several", "various", "new", "any", "all"})


def _is_vague(phrase: NounPhrase, step: Step) -> bool:
    """Whether it is of no particular instrument that something is wanted or said: nations seek new protocols."""
    aimed = step.act in _AIMS or (step.act in _ENDS and step.mode != "done")
    return phrase.plural and phrase.determiner in _VAGUE and aimed


_AIMS: Final = frozenset({"negotiate", "propose", "call"})
_ENDS: Final = frozenset({"reach", "bargain", "conclude"})
_SIDE_REACH: Final = 8
_PLACING: Final = frozenset({"between", "with", "among"})
_YEAR: Final = 4


def _is_of_states(phrase: NounPhrase) -> bool:
    """Whether a noun with a name before it is an instrument of states: the Five Power arrangements, no Acme contract."""
    return phrase.noun.type is not InstrumentType.CONTRACT


def _is_year(word: str) -> bool:
    return len(word) == _YEAR and word.isdigit() and word[0] in "12"


_PROMISE: Final = InstrumentNoun(InstrumentType.AGREEMENT, anaphor=False, needs_act=False)
_SIGNED_ACTS: Final = frozenset({"sign", "initial", "draft", "ratify", "leave"})
_SIGNED: Final = frozenset({"signed", "initialled", "initialed", "signing"})
_PAPER_ACTS: Final = frozenset(
    {
        "sign", "adopt", "initial", "draft", "conclude", "reach", "leave", "suspend", "ratify", "enter", "accede",
        "bargain", "violate", "submit",
    }
)  # fmt: skip
_ABOUT: Final = frozenset({"on", "against", "concerning", "relating"})


def _sorts(words: Sequence[str], lexicon: AgreementLexicon) -> frozenset[str]:
    found = {hit[0] for at in range(len(words)) if (hit := lexicon.actors.at(words, at))}
    if {"palestinian", "palestinians"} & set(words):
        found.add("palestinian")
    return frozenset(found)


# --- what it is about

_OPENERS: Final = frozenset(
    {
        "on", "about", "for", "to", "regarding", "concerning", "covering", "over", "in", "of", "relating", "against",
        "aimed", "designed", "establishing", "allowing",
    }
)  # fmt: skip
_ASIDE: Final = frozenset(
    {
        "which", "who", "when", "while", "after", "before", "as", "instead", "despite", "if", "unless", "because",
        "said", "says",
    }
)  # fmt: skip
_MAYBE: Final = frozenset({"could", "would", "may", "might", "should", "can", "helps", "covers", "provides"})
_DAYS: Final = frozenset(
    {
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march",
        "april", "may", "june", "july", "august", "september", "october", "november", "december", "jan", "feb", "mar",
        "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec", "this", "last", "next",
    }
)  # fmt: skip
_BOOSTS: Final = frozenset(
    {"boost", "increase", "promote", "strengthen", "enhance", "improve", "deepen", "expand", "facilitate"}
)
_NEXT_ACT: Final = frozenset({"led", "held", "he", "she", "it", "they", "we", "but", "to"})
_OPENER_REACH: Final = 14
_NO_MATTER: Final = frozenset(
    {
        "be", "have", "been", "sign", "years", "months", "weeks", "year", "month", "week", "force", "effect", "principle",
        "return", "exchange", "place", "time", "future", "today", "tomorrow", "power", "office", "writing", "public",
    }
)  # fmt: skip
"""Words behind an opener that say when, how or what is done with it, and not what it is about: to be signed next week."""


def find_subject(phrase: NounPhrase, words: Sequence[str]) -> tuple[int, int] | None:
    """Give the words that say what an instrument is about: after `on`, `to`, `regarding`, else before the noun."""
    for at in range(phrase.end, min(len(words), phrase.end + _OPENER_REACH)):
        word = words[at]
        if word in BARRIERS or word in _ASIDE or word in _MAYBE:
            break
        if word in _OPENERS and _opens(words, at):
            end = at + 1
            while end < min(len(words), at + MAX_SUBJECT) and not _leaves(words, at, end):
                end += 1
            if end > at + 1:
                return at + 1, end
    start = phrase.start
    while start < phrase.head and words[start] in _EMPTY_WORDS:
        start += 1
    return (start, phrase.head) if phrase.head > start else None


_EMPTY_WORDS: Final = frozenset(
    "the a an this that these those its their our his her my no any such new same said current recent latest last".split()  # noqa: SIM905
)
_FIELDS: Final = frozenset(
    {"field", "fields", "area", "areas", "sphere", "spheres", "domain", "domains", "matters", "combating"}
)
_FIELD_REACH: Final = 6


def _opens(words: Sequence[str], at: int) -> bool:
    """Whether what follows says what it is about, and not when, where or to whom."""
    ahead = words[at + 1 : at + 3]
    if not ahead or ahead[0].isdigit() or ahead[0] in _DAYS or _NO_MATTER & set(ahead):
        return False
    if words[at] == "in":
        return bool(_FIELDS & set(words[at + 1 : at + _FIELD_REACH]))
    return words[at] != "to" or ahead[0] not in _EMPTY_WORDS


_FINITE: Final = frozenset(
    {"will", "would", "has", "have", "had", "is", "are", "was", "were", "said", "told", "announced"}
)
_LIST_REACH: Final = 6


def _leaves(words: Sequence[str], start: int, at: int) -> bool:
    """Whether the words leave the subject here: a new clause, a purpose that is only hoped for, a day, who said so."""
    word = words[at]
    after = words[at + 1] if at + 1 < len(words) else ""
    if word in BARRIERS or word in _ASIDE or word in _FINITE or word in {"”", '"'}:
        return True
    if word == "to":
        return words[start] != "to" and after in _BOOSTS
    if word in {"on", "at", "in", "by", "for"} and (after in _DAYS or after.isdigit()):
        return True
    if word != ",":
        return False
    ahead = set(words[at + 1 : at + _LIST_REACH])
    return after.endswith("ed") or after in _NEXT_ACT or not ahead & {"and", "or"} or bool(ahead & _FINITE)


_ROWS: Final = frozenset(
    {
        "tariff",
        "tariffs",
        "price",
        "prices",
        "subsidies",
        "subsidy",
        "wto",
        "row",
        "turf",
        "industry",
        "companies",
    }
)
_FIGHTS: Final = frozenset({"war", "fighting", "troops", "rebels", "army", "violence"})


def _domains(
    phrase: NounPhrase, subject: tuple[int, int] | None, words: Sequence[str], lexicon: AgreementLexicon
) -> tuple[str, ...]:
    """Give the domains that the words of the phrase and of its subject name; a peace is about peace and nothing else."""
    if phrase.noun.type in PEACE:  # but a truce in a trade row is no peace
        return ("trade",) if _ROWS & set(words) and not _FIGHTS & set(words) else ("peace",)
    own = domains_in(words[phrase.start : phrase.tail], lexicon)
    rest = domains_in(words[subject[0] : subject[1]], lexicon) if subject else ()
    return tuple(dict.fromkeys((*own, *rest)))


def domains_in(words: Sequence[str], lexicon: AgreementLexicon) -> tuple[str, ...]:
    """Give the domains that some words name, in their order; of free-trade each part counts."""
    found: dict[str, None] = {}
    at = 0
    while at < len(words):
        hit = lexicon.domains.at(words, at)
        if hit is None and "-" in words[at]:
            parts = [part for part in words[at].split("-") if part]
            found.update(dict.fromkeys(domains_in(parts, lexicon)))
        elif hit is not None:
            found.update(dict.fromkeys(hit[0]))
        at = hit[1] if hit else at + 1
    return tuple(found)
