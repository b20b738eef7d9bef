"""Agreements between parties: which instrument, where it stands, between whom, about what, in which words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from schemas.event import (
    SECURITY_DOMAINS,
    AgreementReport,
    Evidence,
    InstrumentType,
    PloverType,
    Polarity,
    Scope,
    Stage,
)
from streams.extract.entities import LONG_TEXT
from streams.extract.foreign import find_foreign_agreements
from streams.extract.parties import (
    ORGANISATION,
    PAIR,
    PEACE,
    PRIVATE_SORTS,
    REBELS,
    STATE,
    SUBJECT_REACH,
    codes_of,
    is_broker,
    is_of_a_thing,
    make_parties,
    scope_of,
)
from streams.extract.reports import TITLE, domains_in, read_reports
from streams.extract.stage import CLEAR, HINTED, PLAIN
from streams.extract.verbs import BARRIERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schemas.event import EventContext
    from streams.extract.entities import Resolved
    from streams.extract.instruments import AgreementLexicon
    from streams.extract.models import Models
    from streams.extract.parties import Actor
    from streams.extract.reading import Reading, Sentence
    from streams.extract.reports import Report, Scene


@dataclass(frozen=True, slots=True)
class FoundAgreement:
    """One instrument that the transcript speaks of, and what it reports.

    `plover` and `cameo` follow from the stage; `event_date` is the ISO date that the words of the clause resolve
    to, if any; `segment` is the index of the segment that holds the evidence.
    """

    report: AgreementReport
    evidence: Evidence
    confidence: float
    segment: int
    plover: PloverType
    cameo: str | None = None
    event_date: str | None = None


_PLOVER: Final = {
    Stage.SIGNED: (PloverType.SUPPORT, "057"), Stage.RATIFIED: (PloverType.SUPPORT, "057"),
    Stage.INITIALLED: (PloverType.SUPPORT, "057"), Stage.EXTENDED: (PloverType.SUPPORT, "057"),
    Stage.IN_FORCE: (PloverType.COOPERATE, "040"), Stage.REJECTED: (PloverType.REJECT, "120"),
    Stage.WITHDRAWN: (PloverType.RETREAT, "120"), Stage.SUSPENDED: (PloverType.RETREAT, "120"),
    Stage.EXPIRED: (PloverType.RETREAT, None), Stage.VIOLATED: (PloverType.ACCUSE, "112"),
    Stage.NEGOTIATING: (PloverType.CONSULT, "046"), Stage.PROPOSED: (PloverType.AGREE, "030"),
}  # fmt: skip
"""PLOVER's conventions: a promise to sign is AGREE (as all that is not named here), signing or ratifying SUPPORT."""


def _plover(stage: Stage) -> tuple[PloverType, str | None]:
    return _PLOVER.get(stage, (PloverType.AGREE, "0313"))


def find_agreements(
    reading: Reading, resolved: Resolved, context: EventContext, models: Models
) -> tuple[FoundAgreement, ...]:
    """Find the instruments that a transcript speaks of, each once, in the order in which it names them."""
    foreign = models.foreign_agreements.get(reading.language.language.split("-")[0])
    if foreign is not None:
        found = find_foreign_agreements(reading, resolved, context, foreign)
        return tuple(
            FoundAgreement(
                item.report, item.evidence, item.confidence, item.segment, *_plover(item.report.stage)
            )
            for item in found
        )
    if not reading.sentences:
        return ()  # a headline alone has no words of the text to prove anything
    reports, scene = read_reports(reading, resolved, context, models)
    stories = {index: reading.segments[s.segment].story for index, s in enumerate(reading.sentences)}
    groups = _join(reports, stories)
    return tuple(_Group(tuple(group), scene, reading, models.agreements).finish() for group in groups)


# --- which reports speak of one instrument

_KIN: Final = {
    kind: number
    for number, kinds in enumerate(
        (
            (InstrumentType.MOU, InstrumentType.MEMORANDUM_OF_AGREEMENT),
            (InstrumentType.TREATY, InstrumentType.PACT),
            (InstrumentType.AGREEMENT, InstrumentType.ARRANGEMENT),
        )
    )
    for kind in kinds
}
_DEFINITE: Final = frozenset(
    {"the", "this", "that", "these", "those", "its", "their", "our", "such", "both", "any", "no"}
)
_OTHERS: Final = frozenset({"another", "other", "second"})
_TOLD: Final = frozenset({"done", "ongoing", "planned", "purpose", "tried"})
_PASSAGE: Final = 6
"""So many sentences on, a noun alone no longer speaks of the same instrument."""
_PLAIN_WORDS: Final = frozenset(
    {"new", "final", "good", "great", "historic", "major", "such", "first", "big"}
)
_RECENT_GROUPS: Final = 60
"""So many instruments back a later noun is compared with; more would make long texts slow."""
_TITLE_REACH: Final = 8
"""A headline speaks of what the first sentences tell."""
_YEAR_DIGITS: Final = 4
_TELLING: Final = 6
"""A sentence of so many words tells something; a dateline has less."""


def _join(reports: Sequence[Report], stories: dict[int, int]) -> list[list[Report]]:
    """Join what is said of one instrument; a headline goes to the first that its words fit and that is not old."""
    groups: list[list[Report]] = []
    home: dict[int, list[Report]] = {}
    for number, report in enumerate(reports):
        if report.in_title:
            continue
        group = home.get(report.meant) if report.meant is not None else None
        story = stories[report.phrase.sentence]
        if group is None:
            group = next(
                (
                    known
                    for known in groups[-_RECENT_GROUPS:]
                    if stories[known[0].phrase.sentence] == story
                    and any(_is_same(earlier, report) for earlier in (*known[:2], known[-1]))
                ),
                None,
            )
        if group is None:
            group = []
            groups.append(group)
        elif _is_dated(group[0]) and group[0].step.stage is report.step.stage:
            group.append(replace(report, step=replace(report.step, background=True)))  # told again, as old
            home[number] = group
            continue
        group.append(report)
        home[number] = group
    for heading in (report for report in reports if report.in_title):
        _add_heading(groups, heading)
    return groups


def _add_heading(groups: list[list[Report]], heading: Report) -> None:
    """Put a headline to the group that it fits; where none does, it may stand alone."""
    told = heading.step.mode in _TOLD
    fitting = next((group for group in groups if told and _fits_heading(group, heading)), None)
    if fitting is not None:
        fitting.append(heading)
    elif (told or heading.step.stage is Stage.REJECTED) and _stands_alone(groups, heading):
        groups.append([heading])


def _stands_alone(groups: list[list[Report]], heading: Report) -> bool:
    """Whether only the headline tells of an instrument, and of a step: Oslo and Accra sign tax treaty."""
    step = heading.step
    early = any(group[0].phrase.sentence <= _TITLE_REACH for group in groups)
    told = step.is_news and step.strength >= CLEAR
    return told and not early and len(heading.codes) + heading.shared >= 1


def _fits_heading(group: list[Report], heading: Report) -> bool:
    if group[0].phrase.sentence > _TITLE_REACH or any(
        r.step.background and r.step.strength >= CLEAR for r in group
    ):
        return False
    if heading.phrase.noun.anaphor:
        return True
    return any(_are_kin(report, heading) or report.phrase.noun.anaphor for report in group)


def _are_kin(first: Report, second: Report) -> bool:
    one, other = first.phrase.noun.type, second.phrase.noun.type
    return one is other or (one in _KIN and _KIN[one] == _KIN.get(other))


def _is_same(first: Report, second: Report) -> bool:
    """Whether a later noun phrase speaks of the instrument of an earlier one."""
    if _contradict(first, second):
        return False
    a, b = first.phrase, second.phrase
    if b.sentence - a.sentence > _PASSAGE and not _bear_one_name(first, second):
        return False
    if (a.plural and not b.plural and b.determiner in {"one", "another"}) or _is_predicate(first, second):
        return True
    names, own = _modifiers(first), _modifiers(second)
    bare = b.head - b.start <= 1 or not own - names
    if _are_kin(first, second):
        old_draft = ("draft" in names) != ("draft" in own) and _is_dated(first) != _is_dated(second)
        return (bare or _years(own) == _years(names)) and b.determiner not in _OTHERS and not old_draft
    if _tell_the_same(first, second):
        return True
    weak = b.noun.anaphor or (a.noun.anaphor and second.step.strength < PLAIN)
    return bare and weak and b.determiner in _DEFINITE and b.sentence - a.sentence <= 1


def _bear_one_name(first: Report, second: Report) -> bool:
    """Whether two noun phrases that stand far apart name one instrument: the Horn fisheries treaty, told again."""
    own = _modifiers(second) - _PLAIN_WORDS
    return bool(own) and own == _modifiers(first) - _PLAIN_WORDS and _are_kin(first, second)


def _contradict(first: Report, second: Report) -> bool:
    """Whether two reports cannot be of one instrument: no party in common, or one is old and the other new."""
    a, b = first.phrase, second.phrase
    pointing = b.noun.anaphor and b.determiner in {"the", "this", "that"} and b.head - b.start <= 1
    one, other = _states(first), _states(second)
    if one and other and not one & other and not pointing:
        return True
    plain = first.step.strength >= CLEAR or "new" in first.words[a.start : a.head]
    retold = second.step.strength == PLAIN and not second.step.passive
    if pointing and retold and b.sentence - a.sentence == 1 and first.step.stage is second.step.stage:
        return False
    return _is_dated(first) != _is_dated(second) and second.step.strength >= CLEAR and plain


def _states(report: Report) -> set[str]:
    """Give the codes by which two instruments are told apart; rebels go by too many names."""
    return {code for actor in report.actors if actor.sort != REBELS for code in actor.codes}


def _tell_the_same(first: Report, second: Report) -> bool:
    """Whether two words stand for what the same parties did in the same way: the pact, a cooperation agreement."""
    one, other = first.step, second.step
    loose = first.phrase.noun.anaphor or second.phrase.noun.anaphor
    a, b = first.phrase, second.phrase
    parted = a.sentence != b.sentence or bool(BARRIERS & set(first.words[a.end : b.start]) - {";"})
    loose = loose and parted  # a list names several
    return (
        loose
        and one.is_news
        and other.is_news
        and one.stage is other.stage
        and bool(first.codes & second.codes)
    )


def _is_dated(report: Report) -> bool:
    """Whether words date a report weeks back; a mere relative clause does not."""
    return report.step.background and not report.step.soft


_BE: Final = frozenset({"is", "are", "was", "were", "be", "been"})


def _is_predicate(first: Report, second: Report) -> bool:
    """Whether the second noun only says what the first is: the accord is not a treaty."""
    if first.phrase.sentence != second.phrase.sentence:
        return False
    before = second.words[max(0, second.phrase.start - 2) : second.phrase.start]
    return bool(before) and (before[-1] in _BE or (before[-1] == "not" and before[0] in _BE))


def _modifiers(report: Report) -> set[str]:
    return set(report.words[report.phrase.start : report.phrase.head]) - _DEFINITE


def _years(words: set[str]) -> set[str]:
    return {word for word in words if word.isdigit() and len(word) == _YEAR_DIGITS}


# --- what the reports of one instrument say together

_RANK: Final = {stage: number for number, stage in enumerate(Stage)}
_POWERS: Final = frozenset(
    {"powers", "allies", "members", "nations", "countries", "states", "neighbours", "neighbors"}
)
_PRIVATE_KINDS: Final = frozenset(
    {
        InstrumentType.CONTRACT,
        InstrumentType.ROADMAP,
        InstrumentType.DECLARATION,
        InstrumentType.JOINT_STATEMENT,
    }
)
_MAX_DOMAINS: Final = 4
_GUESSED_DOMAINS: Final = 2
_SIDE_MATTERS: Final = frozenset({"education", "science", "culture", "sport", "youth", "tourism"})
"""What only stands near an instrument tells its matter seldom: a school, a museum, a match."""


def _weight(report: Report) -> tuple[bool, bool, bool, bool, int]:
    """Order reports of one instrument: a new step first, the text before the headline, the plainer, the further.

    A headline also stands in the text, before a dash: Peru signs pact -- LIMA (AP) -- Peru signed.
    """
    step = report.step
    news = step.is_news and step.polarity in {Polarity.ASSERTED, Polarity.NEGATED}
    told = not report.in_title and step.strength >= HINTED
    return (
        news and step.strength >= HINTED,
        told,
        "--" not in report.words[report.phrase.end :],
        step.strength >= CLEAR,
        _RANK[step.stage] if news else step.strength,
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """The reports of one instrument, in the order of the text, a headline last."""

    reports: tuple[Report, ...]
    scene: Scene
    reading: Reading
    lexicon: AgreementLexicon

    def finish(self) -> FoundAgreement:
        body = [report for report in self.reports if not report.in_title] or list(self.reports)
        best = max(self.reports, key=_weight)
        if best.step.stage is Stage.RATIFIED:
            best = next((report for report in body if _is_to_be_signed(report)), best)
        proof = max(body, key=_weight) if best.in_title else best
        index = self._opening() if proof.in_title else proof.phrase.sentence
        step = best.step
        near = frozenset().union(*(report.near for report in body))
        kind = self._kind(body)
        actors = self._parties(proof, near)
        paired = proof.paired and not _POWERS & set(proof.words)
        sorts = near if self.is_long else self.scene.sorts
        scope = scope_of(actors, kind, near, sorts, paired=paired)
        domains = self._domains(proof, body, kind, scope)
        if scope is Scope.OTHER and SECURITY_DOMAINS & set(domains) and kind not in _PRIVATE_KINDS:
            scope = Scope.INTER  # who borders, bases or fugitives are agreed with is a state, named or not
        parties = make_parties(actors, scope)
        told = {
            "parties": len(parties) >= PAIR,
            "stage": step.strength >= HINTED,
            "domain": bool(proof.domains),
        }
        missing = tuple(name for name, there in told.items() if not there)
        sentence = self.reading.sentences[index]
        plover, cameo = _plover(step.stage)
        return FoundAgreement(
            report=AgreementReport(
                instrument=kind,
                stage=step.stage,
                next_stage=step.next_stage,
                polarity=step.polarity,
                is_news=step.is_news and not (self.is_long and _is_aside(proof)),
                parties=parties,
                domains=domains,
                scope=scope,
                subject=None if proof.in_title else self._verbatim(proof.subject, sentence),
                missing=missing,
            ),
            evidence=self._evidence(proof, sentence),
            confidence=_confidence(step.strength, missing),
            segment=sentence.segment,
            plover=plover,
            cameo=cameo,
            event_date=step.dated,
        )

    @property
    def is_long(self) -> bool:
        """Whether the text speaks of many things, so that only what stands near the instrument is of it."""
        return len(self.reading.sentences) > LONG_TEXT

    def _opening(self) -> int:
        """Give the first sentence that tells something: a dateline may stand before it."""
        told = (n for n, sentence in enumerate(self.reading.sentences) if len(sentence.tokens) >= _TELLING)
        return next(told, 0)

    def _kind(self, body: Sequence[Report]) -> InstrumentType:
        """Give the most telling name: a memorandum that is also called the deal is a memorandum."""
        named = (report.phrase.noun for report in body if not report.phrase.noun.anaphor)
        return next(named, body[0].phrase.noun).type

    def _domains(
        self, proof: Report, body: Sequence[Report], kind: InstrumentType, scope: Scope
    ) -> tuple[str, ...]:
        """Give the domains of all that is told of it as new; where nothing tells, those of the sentences around."""
        if scope is Scope.INTRA:
            return ("peace",)
        if kind in PEACE:
            return proof.domains
        told = (
            d
            for report in (proof, *body)
            if report is proof or not report.step.background
            for d in report.domains
        )
        domains = tuple(dict.fromkeys(told))[:_MAX_DOMAINS]
        if self.is_long:
            domains = proof.domains or domains_in(proof.words, self.lexicon)[:_GUESSED_DOMAINS] or domains
        for report in self.reports:
            domains = domains or report.domains
        words = self.scene.words
        around = [report.words for report in (proof, *body)]
        if not self.is_long:
            around += [words.get(TITLE, ()), words.get(proof.phrase.sentence + 1, ())]
        for said in around:
            likely = tuple(d for d in domains_in(said, self.lexicon) if d not in _SIDE_MATTERS)
            likely = tuple(sorted(likely, key=lambda d: d not in SECURITY_DOMAINS))
            domains = domains or likely[:_GUESSED_DOMAINS]
        return domains or (("peace",) if scope is Scope.NONSTATE else ("political",))

    def _parties(self, proof: Report, near: frozenset[str]) -> list[Actor]:
        """Take the parties of the telling clause; where it names less than two, look on.

        First other reports of the instrument, then the sentence, the headline, the states of which all speaks.
        """
        actors = list(proof.actors)
        kind = proof.phrase.noun.type
        helpful = {STATE, REBELS} if kind in PEACE else {STATE}
        firms = self.is_long and bool(actors) and not codes_of(actors)
        for report in () if firms else self.reports:
            if len(codes_of(actors)) < PAIR:
                known = codes_of(actors)
                more = (a for a in report.actors if a.sort in helpful or not actors)
                actors.extend(a for a in more if set(a.codes) - known)
        home = _foe_at_home(actors, proof.words)
        if home is not None:
            actors.append(home)
            return actors
        # a convention has many parties, and whoever stands near one, a rebel or a reaction is no clue
        private = near & PRIVATE_SORTS or ("rebels" in near and actors)
        silent = bool(private) or kind is InstrumentType.CONVENTION or _is_alone(proof, len(codes_of(actors)))
        if silent or proof.step.act in {"call", "react"} or len(codes_of(actors)) >= PAIR:
            if _is_trilateral(proof) and len(codes_of(actors)) == PAIR:
                around = [a for a in self.scene.actors.get(proof.phrase.sentence, ()) if _stands_by(a, proof)]
                actors.extend([a for a in around if not codes_of([a]) & codes_of(actors)][:1])
            return actors
        if self.is_long:
            return self._look_nearby(actors, proof)
        return self._look_everywhere(actors, proof)

    def _look_everywhere(self, actors: list[Actor], proof: Report) -> list[Actor]:
        """Look on in the sentence, the headline, and among the states of which a short text speaks."""
        kind, index = proof.phrase.noun.type, proof.phrase.sentence
        if proof.shared:
            _add(actors, self._couple(index))
        around = [a for a in self.scene.actors.get(index, ()) if _stands_by(a, proof)]
        if proof.shared or len(codes_of(around) | codes_of(actors)) <= PAIR + 1:
            _add(actors, around)
        bodies = {STATE} if kind in PEACE else {STATE, ORGANISATION}
        heads = [a for a in self._heads() if a.sort in bodies]
        acts = proof.step.strength >= HINTED
        if (acts and not codes_of(actors)) or proof.shared or codes_of(actors) & codes_of(heads):
            _add(actors, heads)
        if codes_of(actors) or proof.shared:
            _add(actors, (actor for actor, count in self.scene.common if proof.shared or count >= PAIR))
        if len(codes_of(actors)) < PAIR:
            _add(actors, self._sides_beside(index, codes_of(actors)))
        home = _foe_at_home(actors, proof.words)
        return actors if home is None else [*actors, home]

    def _heads(self) -> list[Actor]:
        """Give those whom the headline names; of a place with its state behind a comma none acts: Apia, Samoa."""
        named, words = self.scene.actors.get(TITLE, ()), self.scene.words.get(TITLE, ())
        towns = {a.last for a in named if a.seat}
        return [
            a
            for a in named
            if not (a.seat and a.first > 1) and not (a.first - 1 in towns and words[a.first - 1] == ",")
        ]

    def _sides_beside(self, index: int, known: set[str]) -> list[Actor]:
        """Give the two of whom the sentence before speaks, or the one behind, where they fit who is known so far."""
        for beside in (index - 1, index + 1):
            named = [
                a for a in self.scene.actors.get(beside, ()) if a.sort in {STATE, REBELS} and not a.located
            ]
            if beside != TITLE and len(codes_of(named)) == PAIR and known <= codes_of(named):
                return named
        return []

    def _look_nearby(self, actors: list[Actor], proof: Report) -> list[Actor]:
        """Look on in a text of many topics: no further than to the sentence, and for `the two` to the sentences before.

        Who else is named in the sentence counts where it names nobody but the two.
        """
        index = proof.phrase.sentence
        if proof.shared:
            _add(actors, self._couple(index))
        named = [
            a for a in self.scene.actors.get(index, ()) if a.sort == STATE and not is_broker(a, proof.words)
        ]
        if len(codes_of(named)) <= PAIR and codes_of(actors):
            _add(actors, (a for a in named if _stands_by(a, proof)))
        elif len(codes_of(named)) == PAIR and proof.step.strength >= CLEAR and proof.phrase.sentence == index:
            _add(actors, (a for a in named if a.first > proof.phrase.head))
        return actors

    def _couple(self, index: int) -> list[Actor]:
        """Give the two states of which a sentence before spoke: `they` and `the two leaders` are theirs."""
        for earlier in (index - 1, index - 2):
            named = [a for a in self.scene.actors.get(earlier, ()) if a.sort == STATE and not a.located]
            if earlier != TITLE and len(codes_of(named)) == PAIR:
                return named
        return []

    def _verbatim(self, span: tuple[int, int] | None, sentence: Sentence) -> str | None:
        if span is None:
            return None
        return self.reading.text[sentence.tokens[span[0]].start : sentence.tokens[span[1] - 1].end]

    def _evidence(self, proof: Report, sentence: Sentence) -> Evidence:
        """Give the words of the clause that holds act and instrument; where only the headline does, the first sentence."""
        if proof.in_title:
            start, end = sentence.start, sentence.end
            return Evidence(text=self.reading.text[start:end], start=start, end=end)
        words = proof.words
        low = min(proof.step.start, proof.phrase.start)
        floor = max(0, low - 10)
        while low > floor and words[low - 1] not in BARRIERS and words[low - 1] not in {",", "that", "but"}:
            low -= 1
        high = max(proof.step.end, proof.phrase.end)
        roof = min(len(words), high + 18)
        while high < roof and words[high] not in BARRIERS and words[high] not in {",", "which", "who"}:
            high += 1
        start, end = sentence.tokens[low].start, sentence.tokens[max(high, low + 1) - 1].end
        speaker = self.reading.segments[sentence.segment].speaker
        return Evidence(text=self.reading.text[start:end], start=start, end=end, speaker=speaker)


def _is_to_be_signed(report: Report) -> bool:
    """Whether it is still to be signed, so that what was approved before is only its draft."""
    step = report.step
    sure = step.mode == "planned" or (step.mode == "purpose" and report.meant is not None)
    return step.is_news and step.stage is Stage.TO_BE_SIGNED and sure and step.strength >= CLEAR


_REASONS: Final = frozenset({"after", "since", "when", "result", "because", "before"})
_ASIDE_REACH: Final = 10


def _is_aside(proof: Report) -> bool:
    """Whether a clause only says when or why something else came about: after Peru was cut out of the deal."""
    low = max(0, min(proof.step.start, proof.phrase.start) - _ASIDE_REACH)
    before = proof.words[low : proof.step.start]
    opener = next((n for n in range(len(before) - 1, -1, -1) if before[n] in _REASONS), None)
    return opener is not None and not ({",", ";", "—"} & set(before[opener:]))


def _is_alone(proof: Report, known: int) -> bool:
    """Whether one party is all there is to tell: who leaves a treaty, who declares a ceasefire by itself."""
    beside = proof.words[max(0, proof.step.start - 3) : proof.phrase.head + 1]
    leaving = proof.step.act == "leave" and proof.step.verb is not None and not proof.step.passive
    return known == 1 and (leaving or bool({"unilateral", "unilaterally"} & set(beside)))


_CALLING: Final = frozenset(
    {"call", "calls", "called", "calling", "urge", "urges", "urged", "urging", "appealed"}
)
"""Who does so between his name and an instrument asks others to keep or make it."""
_RULERS: Final = frozenset(
    {"government", "army", "navy", "junta", "military", "troops", "authorities", "regime"}
)


def _foe_at_home(actors: Sequence[Actor], words: Sequence[str]) -> Actor | None:
    """Give the government that a movement fights, where the words speak of one and name no other state."""
    if len(codes_of(actors)) != 1 or not _RULERS & set(words):
        return None
    rebel = next((actor for actor in actors if actor.home is not None), None)
    if rebel is None or rebel.home is None:
        return None
    return replace(rebel, codes=(rebel.home,), names=(rebel.home,), sort=STATE, home=None)


def _is_trilateral(proof: Report) -> bool:
    return "trilateral" in proof.words[proof.phrase.start : proof.phrase.head]


def _stands_by(actor: Actor, proof: Report) -> bool:
    """Whether an actor of the sentence may be a party though no grammar says so."""
    inside = proof.phrase.start <= actor.first < proof.phrase.tail
    acts = actor.first <= 1 or proof.words[actor.first - 1] == "and"
    of_a_thing = actor.first > 0 and is_of_a_thing(actor, proof.words)
    asked = proof.words[max(actor.last, proof.phrase.start - SUBJECT_REACH) : proof.phrase.start]
    calls = bool(_CALLING & set(asked))
    placed = actor.located or (actor.seat and not acts)
    aside = placed or inside or of_a_thing or calls or is_broker(actor, proof.words)
    sorts = {STATE, REBELS} if proof.phrase.noun.type in PEACE or "rebels" in proof.near else {STATE}
    return actor.sort in sorts and not aside


def _add(actors: list[Actor], more: Iterable[Actor]) -> None:
    """Add actors until there is a pair; one that brings no new code is left out."""
    for actor in more:
        known = codes_of(actors)
        if len(known) >= PAIR:
            return
        if set(actor.codes) - known:
            actors.append(actor)


_SURE: Final = (0.62, 0.66, 0.62, 0.83, 0.9)
"""The confidence of a stage by how plainly it is told; benchmarks/eval_agreements.py shows how often each is right."""


def _confidence(strength: int, missing: Sequence[str]) -> float:
    gaps = len(missing)
    return round(_SURE[strength] - 0.05 * gaps - 0.05 * max(0, gaps - 1), 2)
