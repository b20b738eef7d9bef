"""What one sentence tells: each trigger with who acts, on whom, where, when, and whether it took place."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType
from schemas.event import PloverType, Realis
from schemas.transcript import SegmentKind
from streams.extract.background import is_at_home, is_background, is_other_sense
from streams.extract.clauses import (
    AUXILIARIES,
    DETERMINERS,
    NOBODY,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    RELATIVES,
    STOPS,
    Group,
    Layout,
    Parties,
    clause_end,
    find_after,
    find_object,
    find_subject,
    is_adverb,
    is_asked,
    is_passive,
    lay_out,
    listed_before,
    main_subject_behind,
    verb_start,
)
from streams.extract.dates import FoundDate, find_dates
from streams.extract.realis import find_realis, name_context, name_event, name_matter
from streams.extract.segments import ANCHOR, REPORTER, STATION
from streams.extract.triggers import SECTOR_CODES, Meaning, Roles, Trigger, match_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from schemas.entity import Entity, Mention
    from streams.extract.entities import Resolved
    from streams.extract.reading import Reading, Sentence
    from streams.extract.triggers import EventLexicon

REPORT_REACH: Final = 40
"""So many words may lie between a verb of saying and an act in what is said."""
NOUN_CLAUSE_REACH: Final = 30
SUBJECT_GAP: Final = 12
CLOSING_REPORT: Final = 8
OWNER_REACH: Final = 5
TRIGGERS_AHEAD: Final = 8
LIGHT_REACH: Final = 4
MATTER_REACH: Final = 5
GOVERNED_REACH: Final = 12
MATTER_WORDS: Final = 14
"""So many words behind a demand, refusal or threat can say of what."""
WEAPON_REACH: Final = 8
"""So many words before an attack can name the weapon."""
FRONT_SIGNS: Final = 12
MEETING_REACH: Final = 3000
PRONOUN_REACH: Final = 600
"""So many signs behind a meeting `in this meeting`, and so many `they`, can mean it."""
OPENING_WORDS: Final = 8

_MEETING_WORDS: Final = frozenset(
    {
        "meeting",
        "talks",
        "visit",
        "session",
        "conversation",
        "discussions",
        "negotiations",
        "summit",
        "call",
        "consultations",
    }
)
_POINTING: Final = frozenset({"this", "the", "these", "that", "such"})
_VERB_OPENERS: Final = (
    AUXILIARIES | PRONOUNS | RELATIVES | {"and", "or", ",", "that", "not", "to", ")", "help", "helped"}
)
_LISTING: Final = frozenset({"and", "or", ","})
_TOPIC: Final = frozenset(
    {"of", "about", "on", "in", "regarding", "concerning", "against", "from", "into", "over", "at"}
)
_LOCAL: Final = frozenset(
    {
        PloverType.PROTEST,
        PloverType.ASSAULT,
        PloverType.COERCE,
        PloverType.MOBILIZE,
        PloverType.RETREAT,
        PloverType.SANCTION,
    }
)
"""Acts that are told of people of no named state; where it was says whose affair it is."""
_OVER_MATTER: Final = frozenset(
    {
        PloverType.REJECT,
        PloverType.REQUEST,
        PloverType.THREATEN,
        PloverType.AGREE,
        PloverType.ACCUSE,
        PloverType.SUPPORT,
    }
)
_SAID: Final = frozenset({PloverType.STATEMENT, PloverType.REQUEST, PloverType.AGREE})
_LOCATING: Final = frozenset({"in", "at", "near", "across", "outside", "around", "inside", "throughout"})
_LOCATING_OF: Final = {
    PloverType.CONSULT: frozenset({"to"}),
    PloverType.RETREAT: frozenset({"from", "to"}),
    PloverType.MOBILIZE: frozenset({"into", "to"}),
    PloverType.COERCE: frozenset({"on"}),
    PloverType.PROTEST: frozenset({"through", "to"}),
}
_SUFFERING: Final = frozenset({"in", "on", "at", "near", "against"})
_HARM: Final = frozenset(
    {
        "attack", "attacks", "bombing", "bombings", "killing", "killings", "murder", "assassination", "strike", "strikes", "blast",
        "violence", "explosion", "massacre", "shooting", "raid", "assault", "kidnapping", "coup", "hijacking", "shelling",
    }
)  # fmt: skip
_WHERE: Final = frozenset({"in", "at", "to", "from"})
_REDUCED: Final = frozenset({"in", "at", "on", "under", "during", "between", "as", "of"})
_VISITS: Final = frozenset({"visit", "trip", "tour"})
_SHARED: Final = frozenset({"two", "both"})
_FIRST_PERSON: Final = frozenset({"we", "i", "us", "me"})
_COMMAS: Final = frozenset({",", '"', "”"})
_VERB_BEFORE: Final = frozenset({"to", "before", "after", "since", "than", "as"})
_NO_ARTICLE: Final = frozenset({"this", "that", "all", "both", "some"})
_TAIL: Final = frozenset({".", "!", "?", '"', "”", "’"})
_HEAD: Final = frozenset({"-", "–", "—", '"', "“", "that", ":", ","})
_INHERITED: Final = 0.1


@dataclass(frozen=True, slots=True)
class Slot:
    """Somebody in a slot of an event. `text` is verbatim."""

    entity: Entity | None
    name: str
    code: str | None
    text: str
    start: int
    end: int
    weak: bool = False

    @property
    def key(self) -> str:
        """Tell one filler from another."""
        return self.entity.id if self.entity else f"{self.name.lower()}|{self.code}"


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it is weighed against the others of its transcript."""

    meaning: Meaning
    type: PloverType
    mode: str | None
    cameo: str
    realis: Realis
    actors: tuple[Slot, ...]
    recipients: tuple[Slot, ...]
    place: Slot | None
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
        """Who takes part; where all do the same, sides do not count."""
        actors, others = frozenset(s.key for s in self.actors), frozenset(s.key for s in self.recipients)
        if self.meaning.roles is Roles.MUTUAL:
            return actors | others, frozenset()
        return actors, others


@dataclass(slots=True)
class Scene:
    """What is known of a transcript while its sentences are read: its entities, its places, the last meeting told."""

    reading: Reading
    resolved: Resolved
    lexicon: EventLexicon
    broadcaster: str
    today: date
    entities: Mapping[str, Entity]
    names: Mapping[str, str]
    first_mentions: Mapping[str, Mention]
    starts: Sequence[int]
    places: Mapping[int, Slot] = field(default_factory=dict)
    meeting: tuple[Slot, ...] = ()
    meeting_end: int = 0
    visitors: set[str] = field(default_factory=set)
    """Keys of those who were called visiting."""

    def first_start(self, entity_id: str) -> int:
        """Say where an entity is first mentioned."""
        mention = self.first_mentions.get(entity_id)
        return mention.start if mention is not None else 0


@dataclass(frozen=True, slots=True)
class _Line:
    """One sentence laid out, with its dates and its verbs of saying."""

    scene: Scene
    layout: Layout
    dates: tuple[FoundDate, ...]
    reports: tuple[int, ...]
    triggers: tuple[Trigger, ...]

    @property
    def segment(self) -> int:
        return self.layout.sentence.segment

    @property
    def kind(self) -> SegmentKind:
        return self.scene.reading.segments[self.segment].kind


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sides of a trigger before it is said which of them acts."""

    subject: Parties
    objects: Parties
    passive: bool = False
    explicit: bool = True
    """Grammar ties at least one of them to the trigger itself."""


def open_scene(reading: Reading, resolved: Resolved, lexicon: EventLexicon, broadcaster: str) -> Scene:
    """Lay out what the sentences of a transcript share."""
    entities = {entity.id: entity for entity in resolved.entities}
    names = {entity.name.casefold(): entity.id for entity in reversed(resolved.entities)}
    first_mentions: dict[str, Mention] = {}
    for mention in resolved.mentions:
        first_mentions.setdefault(mention.entity_id, mention)
        names.setdefault(mention.text.casefold(), mention.entity_id)
    starts = [mention.start for mention in resolved.mentions]
    today = reading.transcript.event_time.date()
    scene = Scene(reading, resolved, lexicon, broadcaster, today, entities, names, first_mentions, starts)
    scene.places = _story_places(scene)
    return scene


def _story_places(scene: Scene) -> dict[int, Slot]:
    """Give the place of each story: from its dateline, else its sign-off."""
    places: dict[int, Slot] = {}
    for kind in (SegmentKind.DATELINE, SegmentKind.SIGNOFF):
        for segment in scene.reading.segments:
            if segment.kind is not kind or segment.story in places:
                continue
            for mention in mentions_in(scene, segment.start, segment.end):
                entity = scene.entities[mention.entity_id]
                if entity.type in {EntityType.PLACE, EntityType.COUNTRY}:
                    places[segment.story] = mention_slot(mention, entity)
                    break
    return places


def mentions_in(scene: Scene, start: int, end: int) -> list[Mention]:
    """Give the mentions that lie in a stretch of text."""
    low, high = bisect_left(scene.starts, start), bisect_left(scene.starts, end)
    return [m for m in scene.resolved.mentions[low:high] if m.end <= end]


def mention_slot(mention: Mention, entity: Entity) -> Slot:
    """Make a slot of a mention."""
    code = entity.code or (entity.countries[0] if entity.countries else None)
    return Slot(entity, entity.name, code, mention.text, mention.start, mention.end)


def read_sentence(scene: Scene, sentence: Sentence) -> tuple[Draft, ...]:
    """Read the events of one sentence. A sentence in which somebody only speaks of others gives a statement."""
    mentions = [
        m
        for m in mentions_in(scene, sentence.start, sentence.end)
        if not _is_headline_verb(scene, sentence, m)
    ]
    layout = lay_out(sentence, scene.reading.text, mentions, scene.entities, scene.lexicon)
    reporting = scene.lexicon.reporting
    line = _Line(
        scene,
        layout,
        find_dates(sentence, scene.today),
        tuple(at for at, word in enumerate(layout.words) if word in reporting and _reports(layout, at)),
        find_triggers(layout),
    )
    drafts: list[Draft] = []
    if _is_play(layout):
        return ()
    topic_end = 0
    earlier: Trigger | None = None
    for trigger in line.triggers:
        if _is_topic(layout, trigger, topic_end) or _is_matter(layout, trigger, earlier):
            topic_end = max(topic_end, clause_end(layout, trigger.last))
            continue
        draft = _draft(line, trigger)
        if draft is None:
            continue
        earlier = trigger
        if drafts and _shares_verb(layout, trigger) and draft.realis is Realis.ASSERTED:
            draft = _as_unreal(draft, drafts[-1], scene)
        drafts.append(draft)
        if draft.type is PloverType.CONSULT:
            scene.meeting, scene.meeting_end = (*draft.actors, *draft.recipients), sentence.end
        if trigger.meaning.realis is Realis.INTENDED or _opens_list(layout, trigger):
            topic_end = max(topic_end, clause_end(layout, trigger.last))
    scene.visitors.update(
        group.entity.id
        for group in layout.groups
        if group.entity is not None and "visiting" in layout.words[group.np : group.last]
    )
    if not drafts and (words := _statement(line)) is not None:
        drafts.append(words)
    return tuple(drafts)


def _is_headline_verb(scene: Scene, sentence: Sentence, mention: Mention) -> bool:
    """Whether a name in capitals among capitals begins with a verb and is known to nobody: TROOPS SHELL KHARKIV."""
    entity = scene.entities[mention.entity_id]
    word = mention.text.split()[0].lower()
    unknown = entity.type is EntityType.ORGANISATION and entity.code is None and not entity.countries
    if not unknown or mention.start == sentence.start or word not in scene.lexicon.verbs:
        return False
    return scene.reading.text[sentence.start : sentence.end].isupper()


def _is_play(layout: Layout) -> bool:
    """Whether a sentence is of sport or of business, by a word that only those have."""
    words = layout.words
    return any(
        words[at : at + len(phrase)] == phrase
        for at, word in enumerate(words)
        for phrase, _ in layout.lexicon.play.get(word, ())
    )


def _shares_verb(layout: Layout, trigger: Trigger) -> bool:
    """Whether a bare verb goes on after another under the same auxiliary: will hold talks with A, meet B."""
    before = layout.words[trigger.first - 1] if trigger.first else ""
    return (
        trigger.pattern.verb
        and layout.words[trigger.first] in layout.lexicon.bases
        and before in {",", "and", "or"}
    )


def _as_unreal(draft: Draft, earlier: Draft, scene: Scene) -> Draft:
    aimed = bool(draft.recipients)
    kind, mode, cameo = name_event(draft.meaning, earlier.realis, draft.contexts, scene.lexicon, aimed=aimed)
    return replace(draft, realis=earlier.realis, type=kind, mode=mode, cameo=cameo)


# --- triggers


def find_triggers(layout: Layout) -> tuple[Trigger, ...]:
    """Find the triggers of a sentence, from left to right; none overlaps another, none lies in a name."""
    found: list[Trigger] = []
    words = layout.words
    at = 0
    while at < len(words):
        patterns = layout.lexicon.patterns.get(words[at], ())
        if patterns and at not in layout.at:
            verb, noun = _readings(layout, at)
            alone = verb and _stands_alone(layout, at)
            usable = [p for p in patterns if ((alone or (verb and len(p.elements) > 1)) if p.verb else noun)]
            match = match_at(words, at, usable)
            if match is not None:
                pattern, end = match
                found.append(Trigger(at, end, pattern))
                at = end
                continue
        at += 1
    return tuple(found)


def _readings(layout: Layout, at: int) -> tuple[bool, bool]:
    """Say whether the word can be a verb here, and whether it can be a noun: visits, talks, strikes are both."""
    word, before = layout.words[at], layout.words[at - 1] if at else ""
    article = before in POSSESSIVES or (before in DETERMINERS and before not in _NO_ARTICLE)
    if word in layout.lexicon.past:
        return not (article or before in PREPOSITIONS or _is_reduced(layout, at)), True
    nominal = article or _is_modified(layout, at)
    if word.endswith("ing"):
        return not nominal and before not in _NO_ARTICLE, True
    after_verb = (at - 1) not in layout.at and before in layout.lexicon.verbs and not _opens_verb(before)
    governed = before in PREPOSITIONS and before not in _VERB_BEFORE
    if nominal or at == 0 or after_verb or governed:
        return False, True
    return True, before != "to"


def _is_modified(layout: Layout, at: int) -> bool:
    """Whether a people, an owner or a noun behind a preposition stands before the word, as before a noun."""
    group = layout.group_at(at - 1)
    if group is None:
        return False
    return group.weak or group.possessive or (group.entity is None and group.preposition is not None)


def _is_reduced(layout: Layout, at: int) -> bool:
    """Whether a participle only describes the noun before it: a pullout agreed in May, the number of rebels killed in it."""
    before, after = (
        layout.words[at - 1] if at else "",
        layout.words[at + 1] if at + 1 < len(layout.words) else "",
    )
    if after not in _REDUCED:
        return False
    if after == "of" and layout.lexicon.past.isdisjoint({before}) and not _opens_verb(before):
        return True  # a man convicted of spying
    group = layout.group_at(at - 1)
    if group is not None:
        return group.preposition == "of" and group.entity is None
    return before.isalpha() and not _opens_verb(before)


def _reports(layout: Layout, at: int) -> bool:
    return at not in layout.at and _readings(layout, at)[0] and _stands_alone(layout, at)


def _stands_alone(layout: Layout, at: int) -> bool:
    """Whether a form that could be a noun is a verb for certain, so that it needs no other word beside it."""
    word, before = layout.words[at], layout.words[at - 1] if at else ""
    if word in layout.lexicon.past or word.endswith("ing") or (at - 1) in layout.at:
        return True
    if before in _LISTING and at > 1 and (at - 2) not in layout.at:
        # "political ties and exports" lists nouns; "said so and leaves" goes on with another verb
        return layout.words[at - 2] in layout.lexicon.verbs or is_adverb(layout.words[at - 2])
    return _opens_verb(before)


def _opens_verb(before: str) -> bool:
    return before in _VERB_OPENERS or is_adverb(before) or before.endswith("n't")


def _is_topic(layout: Layout, trigger: Trigger, topic_end: int) -> bool:
    """Whether a gerund or noun only says what others speak of or are blamed for: views about strengthening borders."""
    word = layout.words[trigger.first]
    before = layout.words[trigger.first - 1] if trigger.first else ""
    gerund = trigger.pattern.verb and word.endswith("ing")
    if trigger.first < topic_end and (gerund or not trigger.pattern.verb):
        return True
    return (gerund and before in _TOPIC) or (trigger.pattern.verb and is_asked(layout, trigger.first))


def _is_matter(layout: Layout, trigger: Trigger, earlier: Trigger | None) -> bool:
    """Whether a noun is only what somebody rejects, asks for, threatens or agrees to: voted against the deployment."""
    if earlier is None or not earlier.pattern.verb or earlier.meaning.type not in _OVER_MATTER:
        return False
    between = layout.words[earlier.last : trigger.first]
    if trigger.pattern.verb:
        governed = between[-1:] == ("to",) or (
            between[-1:] == ("for",) and layout.words[trigger.first].endswith("ing")
        )
        direct = layout.words[earlier.last - 1] == "to" and not between
        return (governed or direct) and len(between) <= GOVERNED_REACH and not {",", "and"} & set(between)
    return len(between) <= MATTER_REACH and not {",", "and", "after", "during", "following", "in"} & set(
        between
    )


def _opens_list(layout: Layout, trigger: Trigger) -> bool:
    return any(word.endswith("ing") for word in layout.words[trigger.last : trigger.last + 2])


# --- one event


def _draft(line: _Line, trigger: Trigger) -> Draft | None:
    meaning, layout, scene = trigger.meaning, line.layout, line.scene
    sides = _sides(layout, trigger)
    acting, other = _assign(meaning, sides)
    report = _report_over(line, trigger, sides.subject)
    speaker = _speaker(line, report)
    actors, recipients = _slots(line, acting.groups), _slots(line, other.groups)
    if speaker is not None and _is_speaker(actors, speaker):
        actors = (speaker,)
    if meaning.roles is Roles.ALLEGED:
        speaker = speaker or next(iter(_speakers(line, report)), None)
        actors, recipients = (
            (speaker,) if speaker else _station(line),
            actors or recipients,
        )  # whom it is said of
    if is_other_sense(layout, trigger, (acting, other)):
        return None
    recipients = tuple(s for s in recipients if not _is_victim(layout, trigger, s))
    carried = _carries(line, actors, acting)
    if carried:
        actors, recipients = scene.meeting[:1], recipients or scene.meeting[1:]
    recipients = tuple(s for s in recipients if s.key not in {a.key for a in actors})
    first, last = _bounds(line, trigger, sides.subject)
    here = _place(line, first, last, meaning.type)
    recipients = _without_place(meaning.type, recipients, here)
    if not _holds(trigger, sides, (actors, recipients), here, carried=carried):
        return None
    start, end = layout.sentence.tokens[first].start, layout.sentence.tokens[last - 1].end
    found = _date_of(line, start, end)
    realis = find_realis(
        layout, trigger, sides.subject, found, scene.today, headline=line.kind is SegmentKind.HEADLINE
    )
    contexts = _contexts(layout, first, last, meaning.contexts)
    if realis is Realis.ASSERTED and is_background(layout, trigger, acts=bool(actors)):
        realis = Realis.HISTORICAL
    kind, mode, cameo = name_event(meaning, realis, contexts, scene.lexicon, aimed=bool(recipients))
    if (
        kind is PloverType.PROTEST
        and layout.words[trigger.first].startswith("protest")
        and _is_official(actors, layout)
    ):
        kind, mode, cameo = PloverType.ACCUSE, "disapprove", "114"  # a government protests by a note
    mode, cameo = name_matter(kind, mode, cameo, _matter_words(layout, trigger, kind, first), scene.lexicon)
    contexts = name_context(kind, cameo, contexts, scene.lexicon)
    mode, cameo = (None, "120") if mode == "veto" and is_at_home(layout.words) else (mode, cameo)
    talked_of = layout.words[trigger.first].startswith("discuss")
    if (
        kind is PloverType.CONSULT
        and mode is None
        and not talked_of
        and _is_elsewhere(here, (*actors, *recipients))
    ):
        mode, cameo = "third-party", "044"
    if kind is PloverType.CONSULT and mode is None and cameo == "040":
        mode, cameo = _manner(line, (first, last), (acting, other), (actors, recipients))
    tokens = layout.sentence.tokens
    sure = (acting.sure or carried) and (other.sure or not other.groups)
    return Draft(
        meaning, kind, mode, cameo, realis, actors, recipients, here or _struck(kind, recipients) or _story_place(line), found, contexts,
        _confidence(trigger, actors, recipients, realis, sure=sure), start, end,
        (tokens[trigger.first].start, tokens[trigger.last - 1].end), line.segment, _said_by(line, speaker),
    )  # fmt: skip


def _is_official(actors: Sequence[Slot], layout: Layout) -> bool:
    """Whether those who act are states or act for one, and no people of theirs: Vietnam, but not Vietnamese students."""
    return bool(actors) and all(
        slot.entity is not None
        and slot.code is not None
        and (":" not in slot.code or slot.code.endswith(":GOV"))
        and layout.lexicon.sectors.get(slot.text.split()[-1].lower(), "GOV") == "GOV"
        for slot in actors
    )


def _is_elsewhere(here: Slot | None, everyone: Sequence[Slot]) -> bool:
    """Whether two states meet on the ground of a third: Greeks and Turks in Vienna."""
    states = {(slot.code or "").split(":")[0] for slot in everyone}
    two = len(states) > 1 and all(len(state) == len("ISO") and state.isupper() for state in states)
    return two and here is not None and here.code is not None and here.code not in states


def _matter_words(layout: Layout, trigger: Trigger, kind: PloverType, first: int) -> tuple[str, ...]:
    """Give the words that may say what is asked, refused or threatened; of an attack, those before it too."""
    low = first if kind is PloverType.ASSAULT else trigger.first
    if kind is PloverType.ASSAULT:
        low = max(0, min(first, trigger.first - WEAPON_REACH))
    return layout.words[
        low : max(trigger.last, min(clause_end(layout, trigger.last), trigger.last + MATTER_WORDS))
    ]


def _sides(layout: Layout, trigger: Trigger) -> _Sides:
    """Find the groups on both sides of a trigger."""
    meaning = trigger.meaning
    if not trigger.pattern.verb:
        return _noun_sides(layout, trigger)
    subject = find_subject(layout, trigger.first)
    if is_passive(layout, trigger.first, layout.words[trigger.first]):
        return _Sides(subject, find_after(layout, trigger.last, "by"), passive=True)
    if meaning.recipient == {"between"}:
        return _Sides(subject, find_after(layout, trigger.last, "between"))
    objects = find_object(layout, trigger.first, trigger.last, meaning.recipient)
    if not objects.groups and meaning.roles is Roles.MUTUAL:
        objects = find_after(layout, trigger.last, "between")
    return _Sides(subject, objects)


def _noun_sides(layout: Layout, trigger: Trigger) -> _Sides:
    meaning, first, last = trigger.meaning, trigger.first, trigger.last
    if meaning.actor != "subject":
        acting = find_object(layout, last - 1, last, frozenset({"object", meaning.actor}))
        return _Sides(acting, find_subject(layout, first), explicit=bool(acting.groups))
    between = find_after(layout, first + 1, "between", last - first + 5)
    if between.groups:
        return _Sides(Parties(between.groups[:1]), Parties(between.groups[1:]))
    objects = find_object(layout, first, last, meaning.recipient)
    owner = _owner(layout, first)
    if owner is None:
        by = find_after(layout, last, "by", 8)
        owner = by if by.groups else None
    if owner is not None:
        return _Sides(owner, objects, explicit=bool(owner.groups))
    reached = bool(objects.groups) and objects.groups[0].preposition is not None
    light = set(layout.words[max(0, first - LIGHT_REACH) : first]) & layout.lexicon.light
    if meaning.type is not PloverType.CONSULT and not light:
        return _Sides(NOBODY, objects, explicit=reached and meaning.type in _LOCAL)
    subject = find_subject(layout, first)
    tied = subject.sure and bool(subject.groups) and reached
    return _Sides(Parties(subject.groups, sure=False), objects, explicit=tied)


def _owner(layout: Layout, first: int) -> Parties | None:
    """Give whose act a noun names: Iran's visit, the Iran-China talks, his visit."""
    for at in range(first - 1, max(-1, first - OWNER_REACH - 1), -1):
        number = layout.last_at(at)
        if number is not None:
            group = layout.groups[number]
            beside = (
                at == first - 1
                and group.entity is not None
                and not group.place
                and group.preposition not in _WHERE
            )
            if beside or group.possessive or group.weak or group.pronoun:
                return Parties(listed_before(layout, number) if beside and not group.pronoun else (group,))
            return None
        if layout.words[at] in POSSESSIVES:
            ahead = find_subject(layout, at)
            return ahead if ahead.sure and ahead.groups else main_subject_behind(layout, first)
        if layout.words[at] in PREPOSITIONS or layout.words[at] in STOPS or layout.words[at] == ",":
            return None
    return None


def _assign(meaning: Meaning, sides: _Sides) -> tuple[Parties, Parties]:
    """Say which side acts."""
    subject, objects = sides.subject, sides.objects
    if meaning.roles is Roles.REVERSED:
        return (subject, objects) if meaning.actor != "subject" else (objects, subject)
    if meaning.roles is Roles.MUTUAL:
        if len(subject.groups) > 1 and all(g.code in SECTOR_CODES for g in objects.groups):
            objects = NOBODY
        if sides.passive and objects.groups:
            subject, objects = objects, NOBODY
        if len(subject.groups) > 1 and not objects.groups:
            return Parties(subject.groups[:1], subject.sure), Parties(subject.groups[1:], subject.sure)
        return subject, objects
    return (objects, subject) if sides.passive else (subject, objects)


def _holds(
    trigger: Trigger,
    sides: _Sides,
    slots: tuple[Sequence[Slot], Sequence[Slot]],
    here: Slot | None,
    *,
    carried: bool,
) -> bool:
    """Whether enough is told of who takes part, or where, for it to be an event at all."""
    actors, recipients = slots
    everyone = (*actors, *recipients)
    told = trigger.meaning.type in _LOCAL and bool(everyone)
    located = told and here is not None and (here.code is not None or bool(actors and recipients))
    if not located and not any(s.code and s.code not in SECTOR_CODES for s in everyone):
        return False
    both = (sides.objects.groups and sides.objects.sure) or len(everyone) > 1
    if trigger.meaning.needs and not (sides.passive or both):
        return False
    if trigger.pattern.verb:
        return bool(actors) or (sides.passive and trigger.meaning.type not in _SAID)
    if trigger.meaning.type is PloverType.CONSULT and not sides.explicit:
        return False  # "in this meeting" points at one that was told
    return carried or (sides.explicit and bool(everyone) and not all(s.weak for s in everyone))


def _is_speaker(actors: Sequence[Slot], speaker: Slot) -> bool:
    """Whether the subject of reported words is whoever says them: "we", and "they" of rebels or a ministry."""
    if len(actors) != 1 or actors[0].entity is not None:
        return False
    word = actors[0].text.lower()
    one = speaker.entity is not None and speaker.entity.type in {EntityType.PERSON, EntityType.ROLE}
    return word in _FIRST_PERSON or (word == "they" and not one)


def _carries(line: _Line, actors: Sequence[Slot], acting: Parties) -> bool:
    """Whether those who met before act here: in this meeting, the two ministers, they."""
    if any(slot.code for slot in actors):
        return False
    words = line.layout.words
    shared = any(g.text.lower() == "they" or _SHARED & set(words[g.np : g.first]) for g in acting.groups)
    points = _points_at_meeting(line.layout)
    far = line.layout.sentence.start - line.scene.meeting_end > (MEETING_REACH if points else PRONOUN_REACH)
    return bool(line.scene.meeting) and not far and (shared or points)


def _is_victim(layout: Layout, trigger: Trigger, slot: Slot) -> bool:
    """Whether somebody only suffered what is condemned: condemned the attack on a mosque in Peru."""
    group = next((g for g in layout.groups if g.start == slot.start and g.first >= trigger.last), None)
    if trigger.meaning.type is not PloverType.ACCUSE or group is None:
        return False
    between = layout.words[trigger.last : group.first]
    harm = next((at for at, word in enumerate(between) if word in _HARM), len(between))
    return bool(_SUFFERING & set(between[harm:]))


def _points_at_meeting(layout: Layout) -> bool:
    """Whether the sentence opens by pointing back: In this meeting, During the talks."""
    words = layout.words[:OPENING_WORDS]
    return any(
        word in _MEETING_WORDS and at > 0 and words[at - 1] in _POINTING for at, word in enumerate(words)
    )


def _slots(line: _Line, groups: Sequence[Group]) -> tuple[Slot, ...]:
    slots: dict[str, Slot] = {}
    for group in groups:
        for slot in _fillers(line, group):
            slots.setdefault(slot.key, slot)
    return tuple(slots.values())


def _fillers(line: _Line, group: Group) -> tuple[Slot, ...]:
    """Give whom a group stands for: its members, the speaker for "we", else itself."""
    speaks = group.pronoun and group.text.lower() in _FIRST_PERSON
    speaker = _segment_speaker(line) if speaks else None
    members = group.entity.members if group.entity is not None else ()
    if speaker is not None and (speaker.entity is None or speaker.entity.id not in members):
        return (speaker,)
    entities = line.scene.entities
    known = [entities[member] for member in members if member in entities]
    known.sort(key=lambda entity: line.scene.first_start(entity.id))
    if not known:
        slot = _slot(group)
        return (
            tuple(replace(slot, code=code) for code in (slot.code or "").split(";"))
            if ";" in (slot.code or "")
            else (slot,)
        )
    codes = (e.code or (e.countries[0] if e.countries else None) for e in known)
    return tuple(
        Slot(e, e.name, code, group.text, group.start, group.end)
        for e, code in zip(known, codes, strict=True)
    )


def _slot(group: Group) -> Slot:
    entity = group.entity
    bare = entity is None or group.weak or (entity.type is EntityType.COUNTRY and ":" in (group.code or ""))
    name = group.text if bare or entity is None else entity.name
    return Slot(entity, name, group.code, group.text, group.start, group.end, group.weak)


# --- who says so


def _report_over(line: _Line, trigger: Trigger, subject: Parties) -> int | None:
    """Find the verb of saying whose words the trigger stands in."""
    words = line.layout.words
    position = bisect_left(line.reports, trigger.first)
    if position:
        at = line.reports[position - 1]
        inside = any(at < g.first < trigger.first for g in subject.groups) or "that" in words[at + 1 : at + 3]
        if inside and trigger.first - at <= REPORT_REACH:
            return at
    told = _according(words, trigger)
    if told is not None:
        return told
    position = bisect_left(line.reports, trigger.last)
    if position < len(line.reports):
        at = line.reports[position]
        if len(words) - at <= CLOSING_REPORT and _COMMAS & set(words[max(trigger.last, at - 10) : at]):
            return at
    return None


def _according(words: tuple[str, ...], trigger: Trigger) -> int | None:
    """Find "according to" behind a trigger, or at the head of the sentence."""
    if words[:2] == ("according", "to"):
        return 0
    for at in range(trigger.last, min(len(words) - 1, trigger.last + REPORT_REACH)):
        if words[at] == "according" and words[at + 1] == "to":
            return at
    return None


def _speaker(line: _Line, at: int | None) -> Slot | None:
    return next((s for s in _speakers(line, at) if not (s.code or "").endswith(":MED")), None)


def _speakers(line: _Line, at: int | None) -> tuple[Slot, ...]:
    """Give who says what the verb of saying at `at` carries; "said X" behind a comma as well as "X said"."""
    if at is None:
        return ()
    layout = line.layout
    if layout.words[at] == "according":
        return _slots(line, find_after(layout, at, "to").groups)
    if _COMMAS & set(layout.words[max(0, at - 1) : at]) and not layout.words[at].endswith("ing"):
        for token in range(at + 1, min(len(layout.words), at + 4)):
            if (group := layout.group_at(token)) is not None:
                return _slots(line, (group,))
    return _slots(line, find_subject(layout, at).groups)


def _segment_speaker(line: _Line) -> Slot | None:
    """Give who speaks the segment, where the transcript names them anywhere."""
    speaker = line.scene.reading.segments[line.segment].speaker
    return _named_slot(line.scene, speaker) if speaker else None


def _named_slot(scene: Scene, name: str) -> Slot | None:
    entity_id = scene.names.get(name.casefold())
    mention = scene.first_mentions.get(entity_id) if entity_id else None
    return mention_slot(mention, scene.entities[mention.entity_id]) if mention else None


def _station(line: _Line) -> tuple[Slot, ...]:
    """Give who speaks where nobody is named: the speaker of the quotation, else the station, if the text names it."""
    scene = line.scene
    slot = _segment_speaker(line) if line.kind is SegmentKind.QUOTE else None
    slot = slot or _named_slot(scene, scene.broadcaster)
    if slot is None:
        for entity in scene.resolved.entities:
            if entity.type is EntityType.ORGANISATION and (entity.code or "").endswith(":MED"):
                slot = (
                    mention_slot(scene.first_mentions[entity.id], entity)
                    if entity.id in scene.first_mentions
                    else None
                )
                break
    return (slot,) if slot else ()


def _said_by(line: _Line, speaker: Slot | None) -> str | None:
    """Name who says it, where it is not the station: the one it is reported of, else whoever speaks the segment."""
    if speaker is not None:
        return speaker.name
    name = line.scene.reading.segments[line.segment].speaker
    return None if name in {ANCHOR, REPORTER, STATION} else name


def _statement(line: _Line) -> Draft | None:
    """Make a statement of a sentence in which somebody speaks of others and nothing else takes place."""
    layout, tokens = line.layout, line.layout.sentence.tokens
    first, last = 0, len(tokens)
    speakers: tuple[Slot, ...] = ()
    if line.kind is SegmentKind.QUOTE:
        speaker = _segment_speaker(line)
        speakers = (speaker,) if speaker else ()
    elif line.reports:
        speakers = _speakers(line, line.reports[0])
        first = line.reports[0] + 1
    while last > first and tokens[last - 1].text in _TAIL:
        last -= 1
    while first < last and tokens[first].text in _HEAD:
        first += 1
    if first >= last or not any(s.code and not s.code.endswith(":MED") for s in speakers):
        return None
    groups = [g for g in layout.groups if first <= g.first < last and g.code and not g.pronoun]
    others = tuple(s for s in _slots(line, groups) if s.key not in {speaker.key for speaker in speakers})
    if not others:
        return None
    meaning = line.scene.lexicon.plain_statement
    start, end = tokens[first].start, tokens[last - 1].end
    return Draft(
        meaning, meaning.type, meaning.mode, meaning.cameo, Realis.ASSERTED, speakers, others, None, _date_of(line, start, end),
        _contexts(layout, first, last, ()), 0.6, start, end, (start, end), line.segment, speakers[0].name,
    )  # fmt: skip


# --- where, when, about what


def _bounds(line: _Line, trigger: Trigger, subject: Parties) -> tuple[int, int]:
    """Give the clause of a trigger: from its subject where that stands beside it, else from its verb, to its end."""
    layout = line.layout
    words = layout.words
    last = max(trigger.last, clause_end(layout, trigger.last))
    position = bisect_left(line.triggers, trigger.last + 1, key=lambda t: t.first)
    for other in line.triggers[position : position + TRIGGERS_AHEAD]:
        if other.first < last and _is_own_phrase(layout, other):
            last = other.first - (words[other.first - 1] == "for")
            break
    if not trigger.pattern.verb and trigger.meaning.actor == "subject":
        first = trigger.first
        low = max(0, first - NOUN_CLAUSE_REACH)
        while first > low and words[first - 1] not in STOPS and words[first - 1] != ",":
            first -= 1
        return first, last
    first = verb_start(layout, trigger.first) if trigger.pattern.verb else trigger.first
    ahead = [group for group in subject.groups if group.last <= first]
    if ahead and first - ahead[-1].last <= SUBJECT_GAP and "," not in words[ahead[-1].last : first]:
        first = min(group.np for group in ahead)
    return first, last


def _is_own_phrase(layout: Layout, trigger: Trigger) -> bool:
    """Whether a trigger hangs a phrase of its own on a clause: at the invitation of, for taking part in."""
    if trigger.meaning.actor != "subject":
        return True
    return layout.words[trigger.first - 1] == "for" and layout.words[trigger.first].endswith("ing")


def _date_of(line: _Line, start: int, end: int) -> FoundDate | None:
    """Give the date of the clause, or the one that opens a sentence which tells one thing: On Monday the two met."""
    position = bisect_left(line.dates, start, key=lambda d: d.start)
    if position < len(line.dates) and line.dates[position].end <= end:
        return line.dates[position]
    fronted = [d for d in line.dates[:1] if d.start <= line.layout.sentence.tokens[0].end + FRONT_SIGNS]
    return fronted[0] if fronted and len(line.triggers) <= 1 else None


def _contexts(layout: Layout, first: int, last: int, given: tuple[str, ...]) -> tuple[str, ...]:
    found = set(given)
    for at in range(first, last):
        for phrase, name in layout.lexicon.contexts.get(layout.words[at], ()):
            if layout.words[at : at + len(phrase)] == phrase:
                found.add(name)
    return tuple(sorted(found))


def _manner(
    line: _Line,
    bounds: tuple[int, int],
    sides: tuple[Parties, Parties],
    slots: tuple[Sequence[Slot], Sequence[Slot]],
) -> tuple[str | None, str]:
    """Tell a visit from a reception: who is called visiting travels, and the other side is the host."""
    words, visitors = line.layout.words, line.scene.visitors
    for side, filled, manner in zip(
        reversed(sides), reversed(slots), (("host", "043"), ("visit", "042")), strict=True
    ):
        visiting = [
            s.key
            for g in side.groups
            if "visiting" in words[g.np : g.last]
            for s in filled
            if s.start == g.start
        ]
        visitors.update(visiting)
        if visiting or (slots[0] and slots[1] and any(s.key in visitors for s in filled)):
            return manner
    clause = words[bounds[0] : bounds[1]]
    if any(word in {"telephone", "phone"} and clause[at - 1] == "by" for at, word in enumerate(clause) if at):
        return "phone", "041"
    for at, word in enumerate(clause):
        if word in _VISITS and {"during", "on"} & set(clause[max(0, at - 4) : at]):
            return "visit", "042"
    return None, "040"


def _place(line: _Line, first: int, last: int, kind: PloverType) -> Slot | None:
    """Give where it took place as the clause says: the first place whose state is known, else the first."""
    locating = _LOCATING | _LOCATING_OF.get(kind, frozenset())
    unknown: Slot | None = None
    for token in range(first, last):
        group = line.layout.group_at(token)
        if (
            group is None
            or group.entity is None
            or group.preposition not in locating
            or group.weak
            or group.possessive
        ):
            continue
        if group.entity.type in {EntityType.PLACE, EntityType.COUNTRY}:
            slot = _slot(group)
            if slot.code is not None:
                return slot
            unknown = unknown or slot
    return unknown


def _without_place(kind: PloverType, recipients: tuple[Slot, ...], here: Slot | None) -> tuple[Slot, ...]:
    """Leave out the town that only says where: a curfew in Colombo."""
    if here is None or kind not in _LOCAL:
        return recipients
    return tuple(slot for slot in recipients if slot.start != here.start or not _is_town(slot))


def _is_town(slot: Slot) -> bool:
    """Whether a slot is a place and no state: it says where, and suffers nothing by it."""
    return slot.entity is not None and slot.entity.type is EntityType.PLACE


def _struck(kind: PloverType, recipients: Sequence[Slot]) -> Slot | None:
    """Give the town that is itself what is attacked or closed: there it took place."""
    if kind not in _LOCAL:
        return None
    return next((s for s in recipients if _is_town(s)), None)


def _story_place(line: _Line) -> Slot | None:
    """Give where the story was reported from."""
    return line.scene.places.get(line.scene.reading.segments[line.segment].story)


def _confidence(
    trigger: Trigger, actors: Sequence[Slot], recipients: Sequence[Slot], realis: Realis, *, sure: bool
) -> float:
    """Weigh how much of the event the grammar shows."""
    value = 0.9
    value -= 0.25 * (not actors)
    value -= 0.15 * (not recipients and bool(trigger.meaning.recipient))
    value -= 0.15 * (not sure)
    unsaid = trigger.meaning.type is PloverType.CONSULT and not any(s.code for s in actors)
    value -= 0.45 * (unsaid and len(recipients) > 1)  # I went to Peru and Chile: who did is not told
    value -= 0.1 * any(s.weak for s in (*actors, *recipients))
    value -= 0.05 * (not trigger.pattern.verb)
    value -= 0.1 * (realis in {Realis.HYPOTHETICAL, Realis.HOPED})
    return round(max(_INHERITED, value), 2)
