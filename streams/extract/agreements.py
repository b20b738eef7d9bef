"""Agreements between parties: which instrument, where it stands, between whom, about what, in which words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from schemas.event import AgreementReport, Evidence, InstrumentType, PloverType, Polarity, Scope, Stage
from schemas.transcript import Segment, SegmentKind
from streams.extract.entities import find_mentions, resolve_entities
from streams.extract.instruments import find_noun_phrases, sentence_words
from streams.extract.parties import (
    PAIR,
    PEACE,
    PRIVATE_SORTS,
    REBELS,
    ORGANISATION,
    STATE,
    codes_of,
    find_actors,
    is_broker,
    make_parties,
    parties_of,
    scope_of,
)
from streams.extract.reading import Reading, Sentence, tokenize
from streams.extract.stage import Step, read_pronoun, read_step

if TYPE_CHECKING:
    from collections.abc import Iterable
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
    paired: bool = False
    meant: int | None = None
    """Which earlier report a pronoun stands for."""


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
_POWERS: Final = frozenset(
    {"powers", "allies", "members", "nations", "countries", "states", "neighbours", "neighbors"}
)
_READ: Final = frozenset(
    {
        SegmentKind.NARRATION,
        SegmentKind.QUOTE,
        SegmentKind.QUESTION,
        SegmentKind.HEADLINE,
        SegmentKind.DATELINE,
    }
)
_PAPERS: Final = frozenset(
    {InstrumentType.JOINT_STATEMENT, InstrumentType.DECLARATION, InstrumentType.ROADMAP}
)
_WEAK: Final = frozenset(
    "on about for to regarding concerning covering over in of relating against aimed designed establishing allowing".split()
)
_CLAUSE: Final = frozenset(". ; ? ! : — – --".split())
_PLOVER: Final = {
    Stage.SIGNED: (PloverType.SUPPORT, "057"), Stage.RATIFIED: (PloverType.SUPPORT, "057"), Stage.INITIALLED: (PloverType.SUPPORT, "057"),
    Stage.EXTENDED: (PloverType.SUPPORT, "057"), Stage.IN_FORCE: (PloverType.COOPERATE, "040"), Stage.REJECTED: (PloverType.REJECT, "120"),
    Stage.WITHDRAWN: (PloverType.RETREAT, "120"), Stage.SUSPENDED: (PloverType.RETREAT, "120"), Stage.EXPIRED: (PloverType.RETREAT, None),
    Stage.VIOLATED: (PloverType.ACCUSE, "112"), Stage.NEGOTIATING: (PloverType.CONSULT, "046"), Stage.PROPOSED: (PloverType.AGREE, "030"),
}  # fmt: skip


def find_agreements(
    reading: Reading, resolved: Resolved, context: EventContext, models: Models
) -> tuple[FoundAgreement, ...]:
    """Find the instruments that a transcript speaks of, each once, in the order of their evidence."""
    lexicon = models.agreements
    day = context.event_time.date()
    entities = {entity.id: entity for entity in resolved.entities}
    reports: list[_Report] = []
    passage: set[str] = set()
    counts: Counter[str] = Counter()
    everyone: dict[int, tuple[Actor, ...]] = {}
    after: dict[int, tuple[str, ...]] = {}
    for index, sentence in enumerate(reading.sentences):
        if reading.segments[sentence.segment].kind not in _READ:
            continue
        words = sentence_words(sentence)
        actors = find_actors(sentence, resolved, entities, words)
        everyone[index] = actors
        after[index - 1] = words
        for actor in actors:
            if actor.sort == "state":
                counts.update(actor.codes)
        passage |= _sorts(words, lexicon)
        before = reports[-1] if reports and index - reports[-1].phrase.sentence <= 1 else None
        for phrase in find_noun_phrases(index, words, lexicon):
            report = _read(phrase, sentence, words, actors, lexicon, day)
            if _counts(report, sentence):
                reports.append(report)
        place = read_pronoun(sentence, lexicon) if reports else None
        earlier = [
            r for r in reports if place is not None and r.phrase.sentence == index and r.phrase.tail <= place
        ]
        meant = earlier[-1] if earlier else before
        if place is not None and meant is not None:
            phrase = replace(
                meant.phrase,
                sentence=index,
                start=place,
                head=place,
                tail=place + 1,
                end=place + 1,
                determiner="it",
            )
            report = _read(phrase, sentence, words, actors, lexicon, day)
            if report.step.strength >= 3:  # noqa: PLR2004
                reports.append(replace(report, meant=reports.index(meant)))
    title, heads, title_words = _title_reports(reading, context, models, day)
    states = _States(counts, everyone, heads, title_words, after)
    return tuple(
        _finish(group, reading, states, frozenset(passage), lexicon) for group in _join(reports, title)
    )


def _counts(report: _Report, sentence: Sentence) -> bool:
    """Whether a noun that has other senses too is an instrument here."""
    noun, step = report.phrase.noun, report.step
    if noun.signed_only:
        return step.act in {"sign", "initial"}
    if noun.paper:
        return step.act in {"sign", "adopt", "initial", "draft", "conclude", "reach"} and step.strength >= 3  # noqa: PLR2004
    if noun.formal and step.strength < 3:  # noqa: PLR2004
        head = sentence.tokens[report.phrase.head].text
        after = report.words[report.phrase.end : report.phrase.end + 1]
        return (head[:1].isupper() and report.phrase.head > 0) or bool(
            after and after[0] in {"on", "against", "concerning", "relating"}
        )
    return not noun.needs_act or step.strength >= 3  # noqa: PLR2004


def _sorts(words: tuple[str, ...], lexicon: AgreementLexicon) -> frozenset[str]:
    found = {hit[0] for at in range(len(words)) if (hit := lexicon.actors.at(words, at))}
    if "palestinian" in words or "palestinians" in words:
        found.add("palestinian")
    return frozenset(found)


def _read(
    phrase: NounPhrase,
    sentence: Sentence,
    words: tuple[str, ...],
    actors: tuple[Actor, ...],
    lexicon: AgreementLexicon,
    day: date,
) -> _Report:
    step = read_step(phrase, sentence, lexicon, day)
    found = parties_of(phrase, step, actors, words)
    if found.strangers:
        step = replace(step, stage=Stage.AGREED, mode="done", quiet=True)
    if phrase.noun.type in _PAPERS and step.act == "adopt" and step.stage is Stage.AGREED:
        step = replace(step, stage=Stage.SIGNED)
    subject = _subject(phrase, words)
    low = max(0, min(step.start, phrase.start) - 10)
    near = _sorts(words[low : max(step.end, phrase.end) + 10], lexicon)
    return _Report(
        phrase,
        step,
        found.actors,
        found.shared,
        _domains(phrase, subject, words, lexicon),
        subject,
        sentence,
        words,
        near,
        found.paired,
    )


def _subject(phrase: NounPhrase, words: tuple[str, ...]) -> tuple[int, int] | None:
    """Give the tokens that say what an instrument is about: after `on`, `to`, `regarding`, else before the noun."""
    at = phrase.end
    while (
        at < min(len(words), phrase.end + 14)
        and words[at] not in _CLAUSE
        and words[at] not in _ASIDE | _MAYBE
    ):
        if words[at] in _WEAK and not (words[at + 1 : at + 2] and _is_date(words[at + 1])):
            end = at + 1
            while (
                end < min(len(words), at + 20)
                and words[end] not in _CLAUSE
                and words[end] not in _ASIDE
                and not _turns(words, at, end)
            ):
                end += 1
            if end > at + 1:
                return at + 1, end
        at += 1
    return (phrase.start, phrase.head) if phrase.head > phrase.start else None


_ASIDE: Final = frozenset(
    "which who when while after before as instead despite if unless because said says".split()
)
_DAYS: Final = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september"
    " october november december jan feb mar apr jun jul aug sept sep oct nov dec this last next".split()
)


_MAYBE: Final = frozenset({"could", "would", "may", "might", "should", "can", "helps", "covers", "provides"})
_BOOSTS: Final = frozenset(
    "boost increase promote strengthen enhance improve deepen expand facilitate".split()
)


def _turns(words: tuple[str, ...], start: int, at: int) -> bool:
    """Whether the words leave the subject here: for a purpose that is only hoped for, or for another act."""
    after = words[at + 1] if at + 1 < len(words) else ""
    if words[at] == "to":
        return words[start] != "to" and after in _BOOSTS
    return words[at] == "," and (
        after.endswith("ed") or after in {"led", "held", "he", "she", "it", "they", "we", "but", "to"}
    )


def _is_date(word: str) -> bool:
    return word.isdigit() or word in _DAYS


def _domains(
    phrase: NounPhrase, subject: tuple[int, int] | None, words: tuple[str, ...], lexicon: AgreementLexicon
) -> tuple[str, ...]:
    """Give the domains that the words of the phrase and of its subject name; a peace is about peace and nothing else."""
    if phrase.noun.type in PEACE:
        rows = _ROWS & set(words)  # a truce in a trade row is no peace
        return (
            ("trade",)
            if rows and not {"war", "fighting", "troops", "rebels", "army", "violence"} & set(words)
            else ("peace",)
        )
    spans = [(phrase.start, phrase.tail)]
    if subject:
        spans.append(subject)
    return _domains_in(words, spans, lexicon)


def _domains_in(
    words: tuple[str, ...], spans: list[tuple[int, int]], lexicon: AgreementLexicon
) -> tuple[str, ...]:
    found: dict[str, int] = {}
    for low, high in spans:
        at = low
        while at < high:
            hit = lexicon.domains.at(words, at) or _part(words[at], lexicon, at)
            for name in hit[0] if hit else ():
                found.setdefault(name, at)
            at = hit[1] if hit else at + 1
    return tuple(sorted(found, key=lambda name: (found[name], name)))


def _part(word: str, lexicon: AgreementLexicon, at: int) -> tuple[tuple[str, ...], int] | None:
    """Look up the parts of a word with hyphens: free-trade, arms-control."""
    parts = word.split("-") if "-" in word else []
    names = dict.fromkeys(
        name for part in parts if part and (hit := lexicon.domains.at((part,), 0)) for name in hit[0]
    )
    return (tuple(names), at + 1) if names else None


def _title_reports(
    reading: Reading, context: EventContext, models: Models, day: date
) -> tuple[list[_Report], tuple[Actor, ...], tuple[str, ...]]:
    """Read the headline as one sentence: it is part of the report, and evidence is never taken from it."""
    if not context.title or not context.title.strip():
        return [], (), ()
    text = context.title
    sentence = Sentence(0, len(text), 0, tokenize(text))
    segment = Segment(kind=SegmentKind.HEADLINE, start=0, end=len(text))
    headline = Reading(
        reading.transcript.model_copy(update={"text": text}), reading.language, (segment,), (sentence,)
    )
    resolved = resolve_entities(headline, find_mentions(headline, models), models)
    words = sentence_words(sentence)
    actors = find_actors(sentence, resolved, {entity.id: entity for entity in resolved.entities}, words)
    phrases = find_noun_phrases(-1, words, models.agreements)
    heads = tuple(
        a for a in actors if a.last < len(words) or words[a.first - 1] != ","
    )  # not the state of a dateline
    return (
        [
            replace(_read(phrase, sentence, words, actors, models.agreements, day), sentence=None)
            for phrase in phrases
        ],
        heads,
        words,
    )


_KIN: Final = {
    InstrumentType.MOU: 1, InstrumentType.MEMORANDUM_OF_AGREEMENT: 1, InstrumentType.LETTER_OF_INTENT: 2, InstrumentType.TREATY: 3, InstrumentType.CONVENTION: 4,
    InstrumentType.PROTOCOL: 5, InstrumentType.PACT: 3, InstrumentType.AGREEMENT: 6, InstrumentType.ARRANGEMENT: 6, InstrumentType.CONTRACT: 7,
    InstrumentType.EXCHANGE_OF_LETTERS: 8, InstrumentType.PEACE_AGREEMENT: 9, InstrumentType.CEASEFIRE: 10, InstrumentType.JOINT_STATEMENT: 11,
    InstrumentType.DECLARATION: 12, InstrumentType.ROADMAP: 13,
}  # fmt: skip
_DEFINITE: Final = frozenset("the this that these those its their our such both any no".split())
_RANK: Final = tuple(Stage)


def _same(first: _Report, second: _Report) -> bool:
    """Whether a later noun phrase speaks of the instrument of an earlier one."""
    a, b = first.phrase, second.phrase
    kin = _KIN[a.noun.type] == _KIN[b.noun.type]
    codes, others = _codes(first), _codes(second)
    pointing = b.noun.anaphor and b.determiner in {"the", "this"} and b.head - b.start <= 1
    if codes and others and not codes & others and not pointing:
        return False
    if a.plural and not b.plural and b.determiner in {"one", "another"}:
        return True
    if (
        _is_hard(first) != _is_hard(second)
        and second.step.strength >= 3
        and (first.step.strength >= 3 or _is_new(first))
    ):
        return False
    if a.sentence == b.sentence and _is_predicate(second):
        return True
    names, own = (
        set(first.words[a.start : a.head]) - _DEFINITE,
        set(second.words[b.start : b.head]) - _DEFINITE,
    )
    bare = b.head - b.start <= 1 or not own - names
    if not kin:
        if (
            first.step.is_news
            and second.step.is_news
            and first.step.stage is second.step.stage
            and codes
            and others
            and (a.noun.anaphor or b.noun.anaphor)
        ):
            return True  # two words for what the same parties did in the same way
        near = b.sentence - a.sentence <= 1
        return (
            near
            and b.determiner in _DEFINITE
            and (b.noun.anaphor or (a.noun.anaphor and second.step.strength < 4))
            and bare
        )
    if _years(own) != _years(names) and not bare:
        return False
    return b.determiner not in {"another", "other", "second"} and not (
        _draft(first) != _draft(second) and _is_hard(first) != _is_hard(second)
    )


def _is_hard(report: _Report) -> bool:
    return report.step.background and not report.step.soft


def _is_predicate(report: _Report) -> bool:
    """Whether the noun only says what the one before is: the accord is not a treaty."""
    before = report.words[max(0, report.phrase.start - 2) : report.phrase.start]
    return bool(before) and (before[-1] in _BE or (before[-1] == "not" and before[0] in _BE))


_BE: Final = frozenset("is are was were be been".split())


def _years(words: set[str]) -> set[str]:
    return {word for word in words if word.isdigit() and len(word) == 4}  # noqa: PLR2004


def _is_new(report: _Report) -> bool:
    return "new" in report.words[report.phrase.start : report.phrase.head]


def _draft(report: _Report) -> bool:
    return "draft" in report.words[report.phrase.start : report.phrase.head]


def _codes(report: _Report) -> set[str]:
    return {code for actor in report.actors for code in actor.codes}


def _join(reports: list[_Report], title: list[_Report]) -> list[list[_Report]]:
    """Join what is said of one instrument; a headline goes to the first that its words fit and that is not old."""
    groups: list[list[_Report]] = []
    for report in reports:
        if report.meant is not None:
            meant = reports[report.meant]
            next(group for group in groups if any(member is meant for member in group)).append(report)
            continue
        home = next((group for group in groups if any(_same(earlier, report) for earlier in group)), None)
        if home is None:
            groups.append([report])
        else:
            home.append(report)
    for heading in title:
        if heading.step.mode not in {"done", "ongoing", "planned", "purpose", "tried"}:
            continue  # a headline that denies speaks of what the text explains
        for group in groups:
            if any(r.step.background and r.step.strength >= 3 for r in group):
                continue
            kin = any(
                _KIN[r.phrase.noun.type] == _KIN[heading.phrase.noun.type] or r.phrase.noun.anaphor
                for r in group
            )
            if kin or heading.phrase.noun.anaphor:
                group.append(heading)
                break
    return groups


def _weight(report: _Report) -> tuple[int, int, int, int]:
    """Order reports of one instrument: a new step first, the text before the headline, the plainer, the further."""
    step = report.step
    news = step.is_news and step.polarity in {Polarity.ASSERTED, Polarity.NEGATED}
    told = report.sentence is not None and step.strength > 1
    return (
        int(news and step.strength >= 2),
        int(told),
        int(step.strength >= 3),
        _RANK.index(step.stage) if news else step.strength,
    )


def _finish(
    group: list[_Report],
    reading: Reading,
    states: _States,
    passage: frozenset[str],
    lexicon: AgreementLexicon,
) -> FoundAgreement:
    best = max(group, key=_weight)
    body = [report for report in group if report.sentence is not None]
    proof = best if best.sentence is not None else max(body, key=_weight)
    step = best.step
    near = frozenset().union(*(report.near for report in body))
    kind = _kind(group)
    actors = _all_parties(proof, group, states, near)
    domains = proof.domains
    if kind not in PEACE:
        told = [report for report in body if report.domains and not report.step.background]
        domains = tuple(dict.fromkeys([*domains, *(d for report in told for d in report.domains)]))[:4]
        for report in group:
            domains = domains or report.domains
        for words in (
            proof.words,
            *(report.words for report in body),
            states.title_words,
            states.after.get(proof.phrase.sentence, ()),
        ):
            domains = domains or _domains_in(words, [(0, len(words))], lexicon)[:2]
    scope = scope_of(actors, kind, near, passage, paired=proof.paired and not _POWERS & set(proof.words))
    if scope is Scope.INTRA:
        domains = ("peace",)
    if not domains:
        domains = ("peace",) if scope in {Scope.INTRA, Scope.NONSTATE} else ("political",)
    parties = make_parties(actors, scope)
    missing = tuple(
        name
        for name, there in (
            ("parties", len({p.code for p in parties}) > 1),
            ("stage", step.strength > 1),
            ("domain", bool(proof.domains)),
        )
        if not there
    )
    sentence = proof.sentence
    assert sentence is not None  # noqa: S101 - a group holds a report of the text
    low, high = _evidence(proof, sentence)
    start, end = sentence.tokens[low].start, sentence.tokens[high - 1].end
    subject = None
    if proof.subject:
        subject = reading.text[
            sentence.tokens[proof.subject[0]].start : sentence.tokens[proof.subject[1] - 1].end
        ]
    plover, cameo = _PLOVER.get(step.stage, (PloverType.AGREE, "0313"))
    report = AgreementReport(
        instrument=kind, stage=step.stage, next_stage=step.next_stage, polarity=step.polarity, is_news=step.is_news,
        parties=parties, domains=domains, scope=scope, subject=subject, missing=missing,
    )  # fmt: skip
    speaker = reading.segments[sentence.segment].speaker
    confidence = round(min(0.95, 0.35 + 0.1 * step.strength + 0.1 * (2 - min(2, len(missing)))), 2)
    return FoundAgreement(
        report,
        Evidence(text=reading.text[start:end], start=start, end=end, speaker=speaker),
        confidence,
        sentence.segment,
        plover,
        cameo,
        step.dated,
    )


@dataclass(frozen=True, slots=True)
class _States:
    """The states that a transcript speaks of, for words such as `the two countries`."""

    counts: Counter[str]
    actors: dict[int, tuple[Actor, ...]]
    title: tuple[Actor, ...]
    title_words: tuple[str, ...]
    after: dict[int, tuple[str, ...]]
    """The words of the sentence that follows each."""


def _all_parties(proof: _Report, group: list[_Report], states: _States, near: frozenset[str]) -> list[Actor]:
    """Take the parties of the telling clause; where it names less than two, look on: other reports, the sentence, the headline."""
    actors: list[Actor] = list(proof.actors)
    kind = proof.phrase.noun.type
    for report in group:
        if len(codes_of(actors)) < PAIR:
            helps = {STATE, REBELS} if kind in PEACE else {STATE}
            known = codes_of(actors)
            actors.extend(
                a for a in report.actors if (a.sort in helps or not actors) and set(a.codes) - known
            )
    # a convention has many parties, and whoever stands near one, a rebel or a reaction is no clue
    silent = (
        near & (PRIVATE_SORTS | {"rebels"})
        or kind is InstrumentType.CONVENTION
        or proof.step.act in {"call", "react"}
    )
    if silent or len(codes_of(actors)) >= PAIR:
        return actors
    if proof.shared:
        _add(actors, _couple(states, proof.phrase.sentence))
    around = [a for a in states.actors.get(proof.phrase.sentence, ()) if _stands_by(a, proof)]
    if proof.shared or len(codes_of(around) | codes_of(actors)) <= PAIR + 1:
        _add(actors, around)
    heads = [a for a in states.title if a.sort == STATE or (a.sort == ORGANISATION and kind not in PEACE)]
    if not codes_of(actors) or proof.shared or codes_of(actors) & codes_of(heads):
        _add(actors, heads)
    common = [code for code, count in states.counts.most_common() if proof.shared or count >= PAIR]
    everyone = [a for index in sorted(states.actors) for a in states.actors[index] if a.sort == STATE]
    if codes_of(actors) or proof.shared:
        _add(actors, (next(a for a in everyone if code in a.codes) for code in common))
    return actors


def _couple(states: _States, index: int) -> list[Actor]:
    """Give the two states of which the sentence before spoke: `they` and `the two leaders` are theirs."""
    for earlier in (index - 1, index - 2):
        named = [a for a in states.actors.get(earlier, ()) if a.sort == STATE and not a.located]
        if len(codes_of(named)) == PAIR:
            return named
    return []


def _stands_by(actor: Actor, proof: _Report) -> bool:
    """Whether an actor of the sentence may be a party though no grammar says so."""
    phrase = proof.phrase
    inside = phrase.start <= actor.first < phrase.tail
    return actor.sort == STATE and not (
        actor.located or actor.seat or inside or is_broker(actor, proof.words)
    )


def _add(actors: list[Actor], more: Iterable[Actor]) -> None:
    """Add actors until there is a pair; one that brings no new code is left out."""
    for actor in more:
        known = codes_of(actors)
        if len(known) < PAIR and set(actor.codes) - known:
            actors.append(actor)


def _kind(group: list[_Report]) -> InstrumentType:
    """Give the most telling name of the instrument: a memorandum that is also called the deal is a memorandum."""
    named = [
        report.phrase.noun
        for report in group
        if not report.phrase.noun.anaphor and report.sentence is not None
    ]
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
