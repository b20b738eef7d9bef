"""Agreements between parties: which instrument, where it stands, between whom, about what, in which words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from schemas.event import AgreementReport, Evidence, InstrumentType, PloverType, Polarity, Scope, Stage
from schemas.transcript import Segment, SegmentKind
from streams.extract.entities import find_mentions, resolve_entities
from streams.extract.instruments import find_noun_phrases, sentence_words
from streams.extract.parties import find_actors, make_parties, parties_of, scope_of
from streams.extract.reading import Reading, Sentence, tokenize
from streams.extract.stage import Step, read_step

if TYPE_CHECKING:
    from datetime import date

    from schemas.entity import Entity
    from schemas.event import EventContext
    from streams.extract.entities import Resolved
    from streams.extract.instruments import AgreementLexicon, NounPhrase
    from streams.extract.models import Models
    from streams.extract.parties import Actor


@dataclass(frozen=True, slots=True)
class FoundAgreement:
    """One instrument that the transcript speaks of, and what it reports.

    `plover`, `cameo` follow from the stage. `parties` of the report say who; `event_date` is the ISO date that the
    words of the clause resolve to, if any; `segment` is the index of the segment that holds the evidence.
    """

    report: AgreementReport
    evidence: Evidence
    confidence: float
    segment: int
    plover: PloverType
    cameo: str | None = None
    event_date: str | None = None


@dataclass(frozen=True, slots=True)
class _Report:
    """What one noun phrase says, before reports of one instrument are joined. `sentence` is None in the title."""

    phrase: NounPhrase
    step: Step
    actors: tuple[Actor, ...]
    shared: bool
    domains: tuple[str, ...]
    subject: tuple[int, int] | None
    sentence: Sentence | None
    words: tuple[str, ...]
    near: frozenset[str]


_READ: Final = frozenset({SegmentKind.NARRATION, SegmentKind.QUOTE, SegmentKind.QUESTION, SegmentKind.HEADLINE, SegmentKind.DATELINE})
_PEACE: Final = frozenset({InstrumentType.CEASEFIRE, InstrumentType.PEACE_AGREEMENT})
_WEAK: Final = frozenset("on about for to regarding concerning covering over in of relating against aimed that which designed establishing allowing".split())
_CLAUSE: Final = frozenset(". ; ? ! : — – --".split())
_PLOVER: Final = {
    Stage.SIGNED: (PloverType.SUPPORT, "057"), Stage.RATIFIED: (PloverType.SUPPORT, "057"), Stage.INITIALLED: (PloverType.SUPPORT, "057"),
    Stage.EXTENDED: (PloverType.SUPPORT, "057"), Stage.IN_FORCE: (PloverType.COOPERATE, "040"), Stage.REJECTED: (PloverType.REJECT, "120"),
    Stage.WITHDRAWN: (PloverType.RETREAT, "120"), Stage.SUSPENDED: (PloverType.RETREAT, "120"), Stage.EXPIRED: (PloverType.RETREAT, None),
    Stage.VIOLATED: (PloverType.ACCUSE, "112"), Stage.NEGOTIATING: (PloverType.CONSULT, "046"), Stage.PROPOSED: (PloverType.AGREE, "030"),
}  # fmt: skip


def find_agreements(reading: Reading, resolved: Resolved, context: EventContext, models: Models) -> tuple[FoundAgreement, ...]:
    """Find the instruments that a transcript speaks of, each once, in the order of their evidence."""
    lexicon = models.agreements
    day = context.event_time.date()
    entities = {entity.id: entity for entity in resolved.entities}
    reports: list[_Report] = []
    passage: set[str] = set()
    people: Counter[str] = Counter()
    for index, sentence in enumerate(reading.sentences):
        if reading.segments[sentence.segment].kind not in _READ:
            continue
        words = sentence_words(sentence)
        actors = find_actors(sentence, resolved, entities, words)
        for actor in actors:
            if actor.sort == "state":
                people.update(actor.codes)
        passage |= _sorts(words, lexicon)
        for phrase in find_noun_phrases(index, words, lexicon):
            report = _read(phrase, sentence, words, actors, lexicon, day)
            if not (phrase.noun.needs_act and report.step.strength < 3):
                reports.append(report)
    title = _title_reports(reading, context, models, day)
    joined = _join(reports, title)
    return tuple(_finish(group, reading, people, frozenset(passage), lexicon) for group in joined)


def _sorts(words: tuple[str, ...], lexicon: AgreementLexicon) -> frozenset[str]:
    found = {hit[0] for at in range(len(words)) if (hit := lexicon.actors.at(words, at))}
    if "palestinian" in words or "palestinians" in words:
        found.add("palestinian")
    return frozenset(found)


def _read(phrase: NounPhrase, sentence: Sentence, words: tuple[str, ...], actors: tuple[Actor, ...], lexicon: AgreementLexicon, day: date) -> _Report:
    step = read_step(phrase, sentence, words, lexicon, day)
    found = parties_of(phrase, step, actors, words)
    subject = _subject(phrase, words)
    low = max(0, min(step.start, phrase.start) - 10)
    near = _sorts(words[low : max(step.end, phrase.end) + 10], lexicon)
    return _Report(phrase, step, found.actors, found.shared, _domains(phrase, subject, words, lexicon), subject, sentence, words, near)


def _subject(phrase: NounPhrase, words: tuple[str, ...]) -> tuple[int, int] | None:
    """Give the tokens that say what an instrument is about: after `on`, `to`, `regarding`, else before the noun."""
    at = phrase.end
    while at < min(len(words), phrase.end + 14) and words[at] not in _CLAUSE:
        if words[at] in _WEAK:
            end = at + 1
            while end < min(len(words), at + 24) and words[end] not in _CLAUSE:
                end += 1
            if end > at + 1:
                return at + 1, end
        at += 1
    return (phrase.start, phrase.head) if phrase.head > phrase.start else None


def _domains(phrase: NounPhrase, subject: tuple[int, int] | None, words: tuple[str, ...], lexicon: AgreementLexicon) -> tuple[str, ...]:
    spans = [(phrase.start, phrase.tail)]
    if subject:
        spans.append(subject)
    found = _domains_in(words, spans, lexicon)
    if phrase.noun.type in _PEACE:
        found = ("peace", *(d for d in found if d != "peace"))
    return found or _domains_in(words, [(0, len(words))], lexicon)[:2]


def _domains_in(words: tuple[str, ...], spans: list[tuple[int, int]], lexicon: AgreementLexicon) -> tuple[str, ...]:
    found: dict[str, int] = {}
    for low, high in spans:
        for at in range(low, high):
            for name, phrases in lexicon.domains:
                if phrases.at(words, at):
                    found.setdefault(name, at)
    return tuple(sorted(found, key=lambda name: (found[name], name)))


def _title_reports(reading: Reading, context: EventContext, models: Models, day: date) -> list[_Report]:
    """Read the headline as one sentence: it is part of the report, and evidence is never taken from it."""
    if not context.title or not context.title.strip():
        return []
    text = context.title
    sentence = Sentence(0, len(text), 0, tokenize(text))
    segment = Segment(kind=SegmentKind.HEADLINE, start=0, end=len(text))
    headline = Reading(reading.transcript.model_copy(update={"text": text}), reading.language, (segment,), (sentence,))
    resolved = resolve_entities(headline, find_mentions(headline, models), models)
    words = sentence_words(sentence)
    actors = find_actors(sentence, resolved, {entity.id: entity for entity in resolved.entities}, words)
    return [replace(_read(phrase, sentence, words, actors, models.agreements, day), sentence=None) for phrase in find_noun_phrases(-1, words, models.agreements)]


_KIN: Final = {
    InstrumentType.MOU: 1, InstrumentType.MEMORANDUM_OF_AGREEMENT: 1, InstrumentType.LETTER_OF_INTENT: 2, InstrumentType.TREATY: 3, InstrumentType.CONVENTION: 4,
    InstrumentType.PROTOCOL: 5, InstrumentType.PACT: 3, InstrumentType.AGREEMENT: 6, InstrumentType.ARRANGEMENT: 6, InstrumentType.CONTRACT: 7,
    InstrumentType.EXCHANGE_OF_LETTERS: 8, InstrumentType.PEACE_AGREEMENT: 9, InstrumentType.CEASEFIRE: 10, InstrumentType.JOINT_STATEMENT: 11,
    InstrumentType.DECLARATION: 12, InstrumentType.ROADMAP: 13,
}  # fmt: skip
_DEFINITE: Final = frozenset("the this that these those its their our such both".split())


def _same(first: _Report, second: _Report) -> bool:
    """Whether a later noun phrase speaks of the instrument of an earlier one."""
    a, b = first.phrase, second.phrase
    kin = _KIN[a.noun.type] == _KIN[b.noun.type]
    if not kin and not (b.noun.anaphor and b.determiner in _DEFINITE) and not (a.noun.anaphor and b.sentence == a.sentence + 1 and b.determiner in _DEFINITE):
        return False
    codes, others = _codes(first), _codes(second)
    if codes and others and not codes & others:
        return False
    if kin and first.step.background != second.step.background and second.step.strength >= 3 and first.step.strength >= 3:
        return False
    if not kin:
        return b.head - b.start <= 2
    return b.determiner not in {"another", "other", "second"}


def _codes(report: _Report) -> set[str]:
    return {code for actor in report.actors for code in actor.codes}


def _join(reports: list[_Report], title: list[_Report]) -> list[list[_Report]]:
    groups: list[list[_Report]] = []
    for report in reports:
        home = next((group for group in groups if any(_same(earlier, report) for earlier in group)), None)
        if home is None:
            groups.append([report])
        else:
            home.append(report)
    for heading in title:
        for group in groups:
            first = group[0]
            if first.phrase.noun.type is heading.phrase.noun.type or heading.phrase.noun.anaphor or first.phrase.noun.anaphor:
                group.append(heading)
                break
    return groups


def _weight(report: _Report) -> tuple[int, int, int]:
    step = report.step
    return (int(step.is_news and step.polarity in {Polarity.ASSERTED, Polarity.NEGATED}), step.strength, int(report.sentence is not None))


def _finish(group: list[_Report], reading: Reading, people: Counter[str], passage: frozenset[str], lexicon: AgreementLexicon) -> FoundAgreement:
    best = max(group, key=_weight)
    body = [report for report in group if report.sentence is not None]
    proof = best if best.sentence is not None else max(body, key=_weight)
    step = best.step
    actors: list[Actor] = []
    for report in [proof, *body]:
        known = {code for actor in actors for code in actor.codes}
        if len(known) < 2:
            actors.extend(actor for actor in report.actors if set(actor.codes) - known)
    domains = proof.domains
    for report in group:
        if not domains:
            domains = report.domains
    near = frozenset().union(*(report.near for report in body))
    kind = _kind(group)
    scope = scope_of(actors, kind, near, passage)
    parties = make_parties(actors)
    missing = tuple(
        name for name, there in (("parties", len({p.code for p in parties}) > 1), ("stage", step.strength > 1), ("domain", bool(domains))) if not there
    )
    sentence = proof.sentence
    assert sentence is not None  # noqa: S101 - a group holds a report of the text
    low, high = _evidence(proof, sentence)
    start, end = sentence.tokens[low].start, sentence.tokens[high - 1].end
    subject = None
    if proof.subject:
        subject = reading.text[sentence.tokens[proof.subject[0]].start : sentence.tokens[proof.subject[1] - 1].end]
    plover, cameo = _PLOVER.get(step.stage, (PloverType.AGREE, "0313"))
    report = AgreementReport(
        instrument=kind, stage=step.stage, next_stage=step.next_stage, polarity=step.polarity, is_news=step.is_news,
        parties=parties, domains=domains or ("other",), scope=scope, subject=subject, missing=missing,
    )  # fmt: skip
    speaker = reading.segments[sentence.segment].speaker
    confidence = round(min(0.95, 0.35 + 0.1 * step.strength + 0.1 * (2 - min(2, len(missing)))), 2)
    return FoundAgreement(report, Evidence(text=reading.text[start:end], start=start, end=end, speaker=speaker), confidence, sentence.segment, plover, cameo, step.dated)


def _kind(group: list[_Report]) -> InstrumentType:
    """Give the most telling name of the instrument: a memorandum that is also called the deal is a memorandum."""
    named = [report.phrase.noun for report in group if not report.phrase.noun.anaphor and report.sentence is not None]
    return (named or [group[0].phrase.noun])[0].type


def _evidence(report: _Report, sentence: Sentence) -> tuple[int, int]:
    """Give the tokens of the clause that holds act and instrument."""
    words = report.words
    low = min(report.step.start, report.phrase.start)
    floor = max(0, low - 10)
    while low > floor and words[low - 1] not in _CLAUSE and words[low - 1] not in {",", "that", "but"}:
        low -= 1
    high = max(report.step.end, report.phrase.end)
    roof = min(len(words), high + 18)
    while high < roof and words[high] not in _CLAUSE and words[high] not in {",", "which", "who"}:
        high += 1
    return low, max(high, low + 1)
