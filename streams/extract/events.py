"""Events: who did what to whom, where and when, and whether it took place, each with the words that say so.

An instrument that is spoken of is an event with its agreement report. All others come from the trigger
lexicon. Who acts and who is acted on is told by the clause of the trigger alone: an act, its actor and its place
are never put together from sentences that have nothing to do with each other. There are two exceptions that
language itself makes: "In this meeting it was stressed" takes its parties from the meeting last told, and a report
without a place took place where its dateline or sign-off says.

A retelling within one transcript is left out where type, mode, realis, actors and recipients agree and it has no
matter, place or day of its own; else both stay.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType
from schemas.event import (
    Argument,
    ArgumentRole,
    Event,
    Evidence,
    PloverType,
    Polarity,
    Realis,
    Stage,
)
from schemas.ids import derived_id
from schemas.transcript import SegmentKind
from streams.extract.agreements import find_agreements
from streams.extract.clauses import (
    AUXILIARIES,
    DETERMINERS,
    POSSESSIVES,
    PREPOSITIONS,
    Group,
    Layout,
    Parties,
    clause_end,
    find_after,
    find_object,
    find_subject,
    is_passive,
    lay_out,
    verb_start,
)
from streams.extract.dates import Direction, FoundDate, Precision, find_dates
from streams.extract.triggers import Meaning, Roles, Trigger, match_at, phrase_ends_at
from streams.extract.version import READER_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.entity import Entity, Mention
    from schemas.event import AgreementReport, EventContext
    from streams.extract.agreements import FoundAgreement
    from streams.extract.entities import Resolved
    from streams.extract.models import Models
    from streams.extract.reading import Reading, Sentence
    from streams.extract.triggers import EventLexicon

_SPOKEN: Final = frozenset({SegmentKind.HEADLINE, SegmentKind.NOTE, SegmentKind.NARRATION, SegmentKind.QUOTE})
_OLD_DAYS: Final = 180
_WORDS: Final = frozenset(
    {PloverType.STATEMENT, PloverType.REQUEST, PloverType.ACCUSE, PloverType.THREATEN, PloverType.REJECT}
)
_UNREAL: Final = frozenset({Realis.FUTURE, Realis.INTENDED, Realis.HOPED})
_SYMMETRIC: Final = frozenset(
    {PloverType.AGREE, PloverType.SUPPORT, PloverType.CONSULT, PloverType.COOPERATE}
)
_MEETINGS: Final = frozenset(
    {"meeting", "talks", "visit", "session", "conversation", "discussions", "negotiations", "summit", "call"}
)
_WINDOW: Final = 14


@dataclass(frozen=True, slots=True)
class _Slot:
    """Somebody in a slot of an event."""

    entity: Entity | None
    name: str
    code: str | None
    text: str
    start: int
    end: int
    weak: bool = False

    @property
    def key(self) -> str:
        return self.entity.id if self.entity else self.name.lower()


@dataclass(frozen=True, slots=True)
class _Draft:
    """An event before it is weighed against the others of its transcript."""

    meaning: Meaning
    type: PloverType
    mode: str | None
    cameo: str
    realis: Realis
    actors: tuple[_Slot, ...]
    recipients: tuple[_Slot, ...]
    place: _Slot | None
    date: FoundDate | None
    contexts: tuple[str, ...]
    confidence: float
    start: int
    end: int
    trigger: tuple[int, int]
    segment: int
    speaker: str | None

    @property
    def parties(self) -> tuple[frozenset[str], frozenset[str]]:
        actors, others = frozenset(s.key for s in self.actors), frozenset(s.key for s in self.recipients)
        if self.meaning.roles is Roles.MUTUAL:
            return actors | others, frozenset()
        return actors, others


@dataclass(slots=True)
class _Scene:
    """What reading has met so far in a transcript: the last meeting, and who the entities are by name."""

    reading: Reading
    resolved: Resolved
    lexicon: EventLexicon
    entities: Mapping[str, Entity]
    names: Mapping[str, str]
    starts: Sequence[int]
    places: Mapping[int, _Slot]
    meeting: tuple[_Slot, ...] = ()
    drafts: list[_Draft] = field(default_factory=list)


def extract_events(
    reading: Reading, resolved: Resolved, context: EventContext, models: Models
) -> tuple[Event, ...]:
    """Find the events of a transcript in the order of their evidence. The same text gives the same events and ids.

    Texts in other languages than English give only the events that carry an agreement report.
    """
    agreements = find_agreements(reading, resolved, context, models)
    drafts: list[_Draft] = []
    scene = _open_scene(reading, resolved, models.events)
    if any(_is_english(reading, segment.start) for segment in reading.segments):
        for sentence in reading.sentences:
            if reading.segments[sentence.segment].kind in _SPOKEN and _is_english(reading, sentence.start):
                _read_sentence(scene, sentence, context)
        drafts = _settle(scene.drafts, agreements)
    events = [_agreement_event(found, scene, context) for found in agreements]
    events.extend(_event(draft, scene, context) for draft in drafts)
    events.sort(key=lambda e: (e.evidence.start, e.evidence.end, e.type, e.agreement is None))
    return _with_ids(events, context)


def _open_scene(reading: Reading, resolved: Resolved, lexicon: EventLexicon) -> _Scene:
    entities = {entity.id: entity for entity in resolved.entities}
    names = {entity.name.casefold(): entity.id for entity in reversed(resolved.entities)}
    for mention in reversed(resolved.mentions):
        names.setdefault(mention.text.casefold(), mention.entity_id)
    scene = _Scene(reading, resolved, lexicon, entities, names, [m.start for m in resolved.mentions], {})
    return replace(scene, places=_station_places(scene))


def _station_places(scene: _Scene) -> dict[int, _Slot]:
    """Give the place of each story: from its dateline, else its sign-off."""
    places: dict[int, _Slot] = {}
    for kind in (SegmentKind.DATELINE, SegmentKind.SIGNOFF):
        for segment in scene.reading.segments:
            if segment.kind is not kind or segment.story in places:
                continue
            for mention in _mentions(scene, segment.start, segment.end):
                entity = scene.entities[mention.entity_id]
                if entity.type in {EntityType.PLACE, EntityType.COUNTRY}:
                    places[segment.story] = _mention_slot(mention, entity)
                    break
    return places


def _is_english(reading: Reading, at: int) -> bool:
    for part in reading.language.parts:
        if part.start <= at < part.end:
            return part.language.split("-")[0] == "en"
    return reading.language.language.split("-")[0] == "en"


def _mentions(scene: _Scene, start: int, end: int) -> Sequence[Mention]:
    low = bisect_left(scene.starts, start)
    high = bisect_left(scene.starts, end)
    return [m for m in scene.resolved.mentions[low:high] if m.end <= end]


def _read_sentence(scene: _Scene, sentence: Sentence, context: EventContext) -> None:
    lexicon = scene.lexicon
    layout = lay_out(
        sentence, scene.reading.text, _mentions(scene, sentence.start, sentence.end), scene.entities, lexicon
    )
    dates = find_dates(sentence, context.event_time.date())
    reports = [
        at for at, word in enumerate(layout.words) if word in lexicon.reporting and at not in layout.at
    ]
    before = len(scene.drafts)
    for trigger in find_triggers(layout, lexicon):
        draft = _draft(scene, layout, trigger, dates, reports, context)
        if draft is not None:
            scene.drafts.append(draft)
            if draft.type is PloverType.CONSULT:
                scene.meeting = (*draft.actors, *draft.recipients)
    if len(scene.drafts) == before:
        words = _spoken_words(scene, layout, dates, reports)
        if words is not None:
            scene.drafts.append(words)


def find_triggers(layout: Layout, lexicon: EventLexicon) -> tuple[Trigger, ...]:
    """Find the triggers of a sentence, from left to right; none overlaps another."""
    found: list[Trigger] = []
    words = layout.words
    at = 0
    while at < len(words):
        patterns = lexicon.patterns.get(words[at])
        if patterns is None or (
            at in layout.at and layout.groups[layout.at[at]].first <= at and not _at_edge(layout, at)
        ):
            at += 1
            continue
        verb, noun = _readings(layout, at, lexicon)
        usable = [p for p in patterns if (p.verb and verb) or (not p.verb and noun)]
        match = match_at(words, at, usable)
        if match is None:
            at += 1
            continue
        pattern, end = match
        found.append(Trigger(at, end, pattern))
        at = end
    return tuple(found)


def _at_edge(layout: Layout, at: int) -> bool:
    """A word inside a name is no trigger."""
    del layout, at
    return False


def _readings(layout: Layout, at: int, lexicon: EventLexicon) -> tuple[bool, bool]:
    """Say whether the word can be a verb here, and whether it can be a noun: visits, talks, strikes are both."""
    word = layout.words[at]
    before = layout.words[at - 1] if at else ""
    group = layout.groups[layout.at[at - 1]] if at - 1 in layout.at else None
    nominal = (
        (before in DETERMINERS and before not in {"this", "that", "all", "both", "some"})
        or before in POSSESSIVES
        or (group is not None and (group.weak or group.possessive))
    )
    if word.endswith("ing"):
        return not nominal, True
    if nominal:
        return False, True
    if word.endswith("ed"):
        return before not in PREPOSITIONS, True
    if at == 0 or (
        before in lexicon.verbs and before not in AUXILIARIES and before not in {"help", "helped"}
    ):
        return False, True
    if before in PREPOSITIONS and before not in {"to", "before", "after", "since", "than", "as"}:
        return False, True
    return True, before != "to"


def _draft(
    scene: _Scene,
    layout: Layout,
    trigger: Trigger,
    dates: Sequence[FoundDate],
    reports: Sequence[int],
    context: EventContext,
) -> _Draft | None:
    meaning = trigger.meaning
    lexicon = scene.lexicon
    tokens = layout.sentence.tokens
    subject, objects, passive = _sides(scene, layout, trigger)
    speaker_at = _report_over(layout, trigger, reports, subject)
    speaker = _speaker(scene, layout, speaker_at)
    actors, recipients = _assign(meaning, subject, objects, passive=passive)
    actor_slots, other_slots = _slots(scene, layout, actors.groups), _slots(scene, layout, recipients.groups)
    if meaning.roles is Roles.ALLEGED:
        other_slots = actor_slots
        actor_slots = (speaker,) if speaker else _station(scene, context, layout.sentence.segment)
    carried = False
    if not actor_slots and _names_meeting(layout):
        actor_slots, carried = scene.meeting[:1], True
        other_slots = other_slots or scene.meeting[1:]
    if not any(s.code for s in (*actor_slots, *other_slots)):
        return None
    if not actor_slots and not (passive or meaning.roles is Roles.ALLEGED or not trigger.pattern.verb):
        return None
    if not trigger.pattern.verb and not actors.sure and all(s.weak for s in (*actor_slots, *other_slots)):
        return None
    other_slots = tuple(s for s in other_slots if s.key not in {a.key for a in actor_slots})
    first = _evidence_first(layout, trigger, subject)
    last = max(trigger.last, clause_end(layout, trigger.last, lexicon))
    start, end = tokens[first].start, tokens[last - 1].end
    date = _date_of(dates, start, end)
    realis = _realis(scene, layout, trigger, subject, date, context)
    contexts = _contexts(layout, first, last, meaning, lexicon)
    kind, mode, cameo = _named(meaning, realis, contexts, lexicon)
    place = _place(scene, layout, first, last)
    sure = (actors.sure or carried) and (recipients.sure or not recipients.groups)
    confidence = _confidence(meaning, actor_slots, other_slots, realis, sure=sure, verb=trigger.pattern.verb)
    segment = scene.reading.segments[layout.sentence.segment]
    said_by = (
        speaker.name
        if speaker is not None
        else segment.speaker
        if segment.kind is SegmentKind.QUOTE
        else None
    )
    return _Draft(
        meaning, kind, mode, cameo, realis, actor_slots, other_slots, place, date, contexts, confidence, start, end,
        (tokens[trigger.first].start, tokens[trigger.last - 1].end), layout.sentence.segment, said_by,
    )  # fmt: skip


def _sides(scene: _Scene, layout: Layout, trigger: Trigger) -> tuple[Parties, Parties, bool]:
    """Find the groups on both sides of a trigger, and whether it is passive."""
    meaning, lexicon = trigger.meaning, scene.lexicon
    if not trigger.pattern.verb:
        return (*_noun_sides(layout, trigger, lexicon), False)
    subject = find_subject(layout, trigger.first, lexicon)
    if is_passive(layout, trigger.first, layout.words[trigger.first]):
        return subject, find_after(layout, trigger.last, "by"), True
    if meaning.recipient == {"between"}:
        return subject, find_after(layout, trigger.last, "between"), False
    objects = find_object(layout, trigger.first, trigger.last, meaning.recipient)
    if not objects.groups and meaning.roles is Roles.MUTUAL:
        objects = find_after(layout, trigger.last, "between")
    return subject, objects, False


def _noun_sides(layout: Layout, trigger: Trigger, lexicon: EventLexicon) -> tuple[Parties, Parties]:
    meaning = trigger.meaning
    last = trigger.last
    if meaning.actor != "subject":
        behind = find_object(layout, last - 1, last, frozenset({"object", meaning.actor}))
        return behind, find_subject(layout, trigger.first, lexicon)
    closing = layout.words[last - 1]
    between = find_after(layout, last - 1 if closing == "between" else last, "between", 6)
    if between.groups:
        return Parties(between.groups[:1]), Parties(between.groups[1:])
    owner = _owner(layout, trigger.first)
    if owner is None:
        by = find_after(layout, last, "by", 8)
        owner = by if by.groups else find_subject(layout, trigger.first, lexicon)
        owner = replace(owner, sure=owner.sure and bool(by.groups))
    return owner, find_object(layout, last - 1, last, meaning.recipient)


def _owner(layout: Layout, first: int) -> Parties | None:
    """Give whose act a noun names: Iran's visit, the Iranian visit, his visit."""
    for at in range(first - 1, max(-1, first - 4), -1):
        number = layout.at.get(at)
        if number is not None:
            group = layout.groups[number]
            return Parties((group,)) if group.possessive or group.weak or group.pronoun else None
        if layout.words[at] in PREPOSITIONS or not layout.words[at][:1].isalpha():
            return None
    return None


def _assign(
    meaning: Meaning, subject: Parties, objects: Parties, *, passive: bool
) -> tuple[Parties, Parties]:
    """Say which side acts."""
    if meaning.roles is Roles.REVERSED or (passive and meaning.roles is not Roles.MUTUAL):
        if meaning.actor != "subject":
            return subject, objects
        return objects, subject
    if meaning.roles is Roles.MUTUAL:
        if passive and objects.groups:
            subject, objects = objects, Parties()
        if len(subject.groups) > 1 and not objects.groups:
            return Parties(subject.groups[:1], subject.sure), Parties(subject.groups[1:], subject.sure)
    return subject, objects


def _slots(scene: _Scene, layout: Layout, groups: Sequence[Group]) -> tuple[_Slot, ...]:
    slots: dict[str, _Slot] = {}
    for group in groups:
        slot = _slot(group)
        if group.pronoun and group.text.lower() in {"we", "i", "us"} and slot.code is None:
            slot = _segment_speaker(scene, layout.sentence.segment) or slot
        slots.setdefault(slot.key, slot)
    return tuple(slots.values())


def _slot(group: Group) -> _Slot:
    name = group.text if group.weak or group.entity is None else group.entity.name
    if (
        group.entity is not None
        and group.entity.type is EntityType.COUNTRY
        and group.text != group.entity.name
        and ":" in (group.code or "")
    ):
        name = group.text
    return _Slot(group.entity, name, group.code, group.text, group.start, group.end, group.weak)


def _mention_slot(mention: Mention, entity: Entity) -> _Slot:
    code = entity.code or (entity.countries[0] if entity.countries else None)
    return _Slot(entity, entity.name, code, mention.text, mention.start, mention.end)


def _segment_speaker(scene: _Scene, number: int) -> _Slot | None:
    """Give who speaks a segment, where the transcript names them anywhere."""
    speaker = scene.reading.segments[number].speaker
    if speaker is None:
        return None
    entity_id = scene.names.get(speaker.casefold())
    if entity_id is None:
        return None
    return _first_slot(scene, entity_id)


def _first_slot(scene: _Scene, entity_id: str) -> _Slot | None:
    for mention in scene.resolved.mentions:
        if mention.entity_id == entity_id:
            return _mention_slot(mention, scene.entities[entity_id])
    return None


def _station(scene: _Scene, context: EventContext, segment: int) -> tuple[_Slot, ...]:
    """Give who speaks where nobody else does: the speaker of the quotation, else the station, if the text names it."""
    speaker = _segment_speaker(scene, segment)
    if speaker is not None:
        return (speaker,)
    entity_id = scene.names.get(context.source.broadcaster.casefold())
    slot = _first_slot(scene, entity_id) if entity_id else None
    if slot is None:
        media = (
            e
            for e in scene.resolved.entities
            if (e.code or "").endswith(":MED") and e.type is EntityType.ORGANISATION
        )
        entity = next(media, None)
        slot = _first_slot(scene, entity.id) if entity else None
    return (slot,) if slot else ()


def _names_meeting(layout: Layout) -> bool:
    words = layout.words[:8]
    return any(
        word in _MEETINGS and at > 0 and words[at - 1] in {"this", "the", "these", "that"}
        for at, word in enumerate(words)
    )


def _report_over(layout: Layout, trigger: Trigger, reports: Sequence[int], subject: Parties) -> int | None:
    """Find the verb of saying whose words the trigger stands in."""
    position = bisect_left(reports, trigger.first)
    if position:
        at = reports[position - 1]
        inside = (
            any(at < g.first < trigger.first for g in subject.groups)
            or "that" in layout.words[at + 1 : at + 3]
        )
        if inside and trigger.first - at <= 40:  # noqa: PLR2004
            return at
    behind = bisect_left(reports, trigger.last)
    if behind < len(reports):
        at = reports[behind]
        closes = len(layout.words) - at <= 8  # noqa: PLR2004
        if closes and {",", '"', "”"} & set(layout.words[max(trigger.last, at - 10) : at]):
            return at
    return None


def _speaker(scene: _Scene, layout: Layout, at: int | None) -> _Slot | None:
    if at is None:
        return None
    found = find_subject(layout, at, scene.lexicon).groups
    comma = {",", '"', "”"} & set(layout.words[max(0, at - 2) : at])
    if comma and at + 1 < len(layout.words):
        for token in range(at + 1, min(len(layout.words), at + 4)):
            if token in layout.at:
                found = (layout.groups[layout.at[token]],)
                break
    for group in found:
        if not (group.code or "").endswith(":MED"):
            return _slot(group)
    return None


def _evidence_first(layout: Layout, trigger: Trigger, subject: Parties) -> int:
    """Give where the clause of a trigger begins: at its subject where that stands beside it, else at its verb."""
    start = verb_start(layout, trigger.first) if trigger.pattern.verb else trigger.first
    for group in subject.groups:
        if group.first < start and start - group.last <= 12 and "," not in layout.words[group.last : start]:  # noqa: PLR2004
            start = min(start, group.np)
    return start


def _date_of(dates: Sequence[FoundDate], start: int, end: int) -> FoundDate | None:
    inside = [d for d in dates if start <= d.start and d.end <= end]
    return inside[0] if inside else dates[0] if len(dates) == 1 else None


def _realis(
    scene: _Scene,
    layout: Layout,
    trigger: Trigger,
    subject: Parties,
    date: FoundDate | None,
    context: EventContext,
) -> Realis:
    meaning = trigger.meaning
    found = _cue(scene, layout, trigger, subject)
    if found is None and not trigger.pattern.verb:
        found = _cue_behind(scene, layout, trigger)
    if found is None:
        found = meaning.realis or _historical(date, context) or Realis.ASSERTED
    elif found is Realis.PURPOSE and meaning.realis is not None:
        found = meaning.realis
    return found


def _cue(scene: _Scene, layout: Layout, trigger: Trigger, subject: Parties) -> Realis | None:
    """Find the nearest words before a trigger that say it has not taken place; `if` and the like reach furthest."""
    words = layout.words
    low = max(0, trigger.first - _WINDOW)
    for group in subject.groups:
        if group.last <= trigger.first:
            low = max(low, group.last)
    if trigger.pattern.meaning.actor != "subject":
        low = trigger.first
    for at in range(trigger.first, low, -1):
        if words[at - 1] in {";", ":"}:
            break
        for phrase, realis in scene.lexicon.realis.get(words[at - 1], ()):
            if phrase_ends_at(words, at, phrase) and at - len(phrase) >= max(0, low - 1):
                if realis is Realis.DENIED and trigger.meaning.type in {PloverType.REJECT}:
                    return None
                return realis
    before = words[max(0, trigger.first - 24) : trigger.first]
    if "if" in before or "unless" in before or "whether" in before:
        return Realis.HYPOTHETICAL
    if trigger.first and words[trigger.first - 1] == "to":
        headline = scene.reading.segments[layout.sentence.segment].kind is SegmentKind.HEADLINE
        beside = trigger.first >= 2 and (trigger.first - 2) in layout.at  # noqa: PLR2004
        return Realis.FUTURE if headline and beside else Realis.PURPOSE
    if (
        trigger.pattern.verb
        and words[trigger.first].endswith("ing")
        and trigger.first
        and words[trigger.first - 1] == "for"
    ):
        return Realis.PURPOSE
    return None


def _cue_behind(scene: _Scene, layout: Layout, trigger: Trigger) -> Realis | None:
    """The talks will be held, the visit is scheduled."""
    words = layout.words
    for at in range(trigger.last, min(len(words), trigger.last + 10)):
        if words[at] in {",", ";", "that", "which"}:
            return None
        for phrase, realis in scene.lexicon.realis.get(words[at], ()):
            if realis is Realis.FUTURE and phrase_ends_at(words, at + 1, phrase):
                return realis
    return None


def _historical(date: FoundDate | None, context: EventContext) -> Realis | None:
    if date is None or date.direction is not Direction.PAST:
        return None
    if date.precision in {Precision.VAGUE, Precision.DECADE}:
        return Realis.HISTORICAL
    today = context.event_time.date()
    year = int((date.value or "0")[:4])
    if date.precision is Precision.YEAR:
        return Realis.HISTORICAL if today.year - year > 0 else None
    month = int(date.value[5:7]) if date.value and date.precision is not Precision.WEEK else 1
    return Realis.HISTORICAL if (today.year - year) * 365 + (today.month - month) * 30 > _OLD_DAYS else None


def _contexts(
    layout: Layout, first: int, last: int, meaning: Meaning, lexicon: EventLexicon
) -> tuple[str, ...]:
    found = set(meaning.contexts)
    for at in range(first, last):
        for phrase, name in lexicon.contexts.get(layout.words[at], ()):
            if layout.words[at : at + len(phrase)] == phrase:
                found.add(name)
    return tuple(sorted(found))


def _named(
    meaning: Meaning, realis: Realis, contexts: tuple[str, ...], lexicon: EventLexicon
) -> tuple[PloverType, str | None, str]:
    """Name the event: what is only announced is a promise or a threat, and a promise has its code by its matter."""
    kind, mode, cameo = meaning.type, meaning.mode, meaning.cameo
    if realis in _UNREAL and kind in lexicon.announced:
        announced = lexicon.announced[kind]
        kind, mode, cameo = announced.type, announced.mode, announced.cameo
    if kind is PloverType.AGREE and cameo in {"030", "031"}:
        told = set(contexts) - ({"legal"} if meaning.type is PloverType.SUPPORT else set())
        cameo = next((code for matter, code in lexicon.promises if matter & told), cameo)
    return kind, mode, cameo


def _place(scene: _Scene, layout: Layout, first: int, last: int) -> _Slot | None:
    for group in layout.groups:
        if first <= group.first < last and group.entity is not None and not group.possessive:
            located = group.preposition in {"in", "at", "near", "to"} and not group.weak
            if group.entity.type in {EntityType.PLACE, EntityType.COUNTRY} and located:
                return _slot(group)
    return scene.places.get(scene.reading.segments[layout.sentence.segment].story)


def _confidence(
    meaning: Meaning,
    actors: Sequence[_Slot],
    others: Sequence[_Slot],
    realis: Realis,
    *,
    sure: bool,
    verb: bool,
) -> float:
    value = 0.9
    value -= 0.25 * (not actors)
    value -= 0.15 * (not others and bool(meaning.recipient))
    value -= 0.15 * (not sure)
    value -= 0.1 * any(s.weak for s in (*actors, *others))
    value -= 0.05 * (not verb)
    value -= 0.1 * (realis in {Realis.HYPOTHETICAL, Realis.HOPED})
    return round(max(0.1, value), 2)


def _spoken_words(
    scene: _Scene, layout: Layout, dates: Sequence[FoundDate], reports: Sequence[int]
) -> _Draft | None:
    """Make a statement of a sentence in which somebody speaks of others and nothing else takes place."""
    segment = scene.reading.segments[layout.sentence.segment]
    tokens = layout.sentence.tokens
    speaker: _Slot | None = None
    first, last = 0, len(tokens)
    if segment.kind is SegmentKind.QUOTE:
        speaker = _segment_speaker(scene, layout.sentence.segment)
    elif reports:
        speaker = _speaker(scene, layout, reports[0])
        first = reports[0] + 1
    while last > first and tokens[last - 1].text in {".", "!", "?", '"', "”", "’"}:
        last -= 1
    while first < last and tokens[first].text in {"-", "–", "—", '"', "“", "that", ":", ","}:
        first += 1
    if speaker is None or speaker.code is None or first >= last:
        return None
    groups = [g for g in layout.groups if first <= g.first < last and g.code and not g.pronoun]
    others = tuple(s for s in _slots(scene, layout, groups) if s.key != speaker.key)
    if not others:
        return None
    meaning = next(
        m
        for m in scene.lexicon.meanings
        if m.type is PloverType.STATEMENT and m.cameo == "010" and m.mode == "comment"
    )
    start, end = tokens[first].start, tokens[last - 1].end
    return _Draft(
        meaning, meaning.type, meaning.mode, meaning.cameo, Realis.ASSERTED, (speaker,), others, None,
        _date_of(dates, start, end), _contexts(layout, first, last, meaning, scene.lexicon), 0.6, start, end, (start, end),
        layout.sentence.segment, speaker.name,
    )  # fmt: skip


def _settle(drafts: Sequence[_Draft], agreements: Sequence[FoundAgreement]) -> list[_Draft]:
    """Leave out what an agreement report tells already, what a clause tells twice, and retellings."""
    kept: list[_Draft] = []
    told: dict[tuple[object, ...], list[_Draft]] = {}
    spans = sorted((a.evidence.start, a.evidence.end, a) for a in agreements) if agreements else []
    for draft in drafts:
        if any(
            start <= draft.trigger[0] < end and _tells_the_same(draft, found) for start, end, found in spans
        ):
            continue
        if kept and _same_clause(kept[-1], draft):
            continue
        key = (draft.type, draft.mode, draft.realis, draft.parties)
        if any(_adds_nothing(draft, earlier) for earlier in told.get(key, ())):
            continue
        told.setdefault(key, []).append(draft)
        kept.append(draft)
    return kept


def _tells_the_same(draft: _Draft, found: FoundAgreement) -> bool:
    about = {PloverType.AGREE, PloverType.SUPPORT, PloverType.CONCEDE, PloverType.RETREAT}
    if (
        draft.realis is Realis.FUTURE
        and found.report.next_stage is Stage.TO_BE_SIGNED
        and draft.meaning.cameo == "057"
    ):
        return False
    return draft.type is found.plover or (draft.type in about and found.plover in about)


def _same_clause(earlier: _Draft, draft: _Draft) -> bool:
    return (
        draft.type is earlier.type
        and draft.trigger[0] < earlier.end
        and draft.realis in {earlier.realis, Realis.PURPOSE}
    )


def _adds_nothing(draft: _Draft, earlier: _Draft) -> bool:
    return (
        set(draft.contexts) <= set(earlier.contexts)
        and (draft.date is None or (earlier.date is not None and earlier.date.value == draft.date.value))
        and (draft.place is None or (earlier.place is not None and earlier.place.key == draft.place.key))
    )


def _argument(role: ArgumentRole, slot: _Slot) -> Argument:
    return Argument(
        role=role,
        entity_id=slot.entity.id if slot.entity else None,
        name=slot.name,
        code=slot.code,
        text=slot.text,
        start=slot.start,
        end=slot.end,
    )


def _event(draft: _Draft, scene: _Scene, context: EventContext) -> Event:
    arguments = [_argument(ArgumentRole.ACTOR, s) for s in draft.actors]
    arguments.extend(_argument(ArgumentRole.RECIPIENT, s) for s in draft.recipients)
    if draft.place is not None:
        arguments.append(_argument(ArgumentRole.PLACE, draft.place))
    if draft.date is not None:
        start, end = draft.date.start, draft.date.end
        text = scene.reading.text[start:end]
        arguments.append(
            Argument(role=ArgumentRole.TIME, name=draft.date.value or text, text=text, start=start, end=end)
        )
    return Event(
        id="",
        type=draft.type,
        mode=draft.mode,
        contexts=draft.contexts,
        cameo=draft.cameo,
        arguments=tuple(arguments),
        realis=draft.realis,
        event_date=draft.date.value if draft.date else None,
        confidence=draft.confidence,
        evidence=Evidence(
            text=scene.reading.text[draft.start : draft.end],
            start=draft.start,
            end=draft.end,
            speaker=draft.speaker,
        ),
        segment=draft.segment,
        context=context,
        reader_version=READER_VERSION,
    )


def _agreement_event(found: FoundAgreement, scene: _Scene, context: EventContext) -> Event:
    """Make the event that carries an agreement report: the first party acts, the others are acted with."""
    report = found.report
    arguments = []
    for number, party in enumerate(report.parties):
        if party.start is None or party.end is None:
            continue
        role = ArgumentRole.RECIPIENT if number else ArgumentRole.ACTOR
        text = scene.reading.text[party.start : party.end]
        arguments.append(
            Argument(
                role=role,
                entity_id=party.entity_id,
                name=party.name,
                code=party.code,
                text=text,
                start=party.start,
                end=party.end,
            )
        )
    place = _agreement_place(found, scene)
    if place is not None:
        arguments.append(_argument(ArgumentRole.PLACE, place))
    return Event(
        id="",
        type=found.plover,
        mode=None,
        contexts=report.domains,
        cameo=found.cameo,
        arguments=tuple(arguments),
        realis=_agreement_realis(report),
        event_date=found.event_date,
        confidence=found.confidence,
        evidence=found.evidence,
        segment=found.segment,
        agreement=report,
        context=context,
        reader_version=READER_VERSION,
    )


def _agreement_place(found: FoundAgreement, scene: _Scene) -> _Slot | None:
    for mention in _mentions(scene, found.evidence.start, found.evidence.end):
        entity = scene.entities[mention.entity_id]
        if entity.type is EntityType.PLACE and scene.reading.text[
            max(0, mention.start - 8) : mention.start
        ].split()[-1:] in (["in"], ["at"]):
            return _mention_slot(mention, entity)
    return scene.places.get(scene.reading.segments[found.segment].story)


def _agreement_realis(report: AgreementReport) -> Realis:
    if report.polarity is Polarity.NEGATED:
        return Realis.DENIED
    if report.polarity is Polarity.HYPOTHETICAL:
        return Realis.HYPOTHETICAL
    if report.polarity is Polarity.HISTORICAL:
        return Realis.HISTORICAL
    if report.stage is Stage.TO_BE_SIGNED:
        return Realis.FUTURE
    return Realis.INTENDED if report.stage is Stage.PROPOSED else Realis.ASSERTED


def _with_ids(events: Sequence[Event], context: EventContext) -> tuple[Event, ...]:
    """Give each event an id of transcript, reader and words; the same words told twice are told apart by their order."""
    seen: dict[tuple[str, ...], int] = {}
    out = []
    for event in events:
        kind = "agreement" if event.agreement is not None else "event"
        key = (event.type, event.mode or "", kind, str(event.evidence.start), str(event.evidence.end))
        seen[key] = seen.get(key, 0) + 1
        identity = derived_id("event", context.transcript_id, READER_VERSION, *key, str(seen[key]))
        out.append(event.model_copy(update={"id": identity}))
    return tuple(out)
