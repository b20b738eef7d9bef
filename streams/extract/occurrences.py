"""What one sentence tells: each trigger with who acts, on whom, where, when, and whether it took place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType
from schemas.event import PloverType, Realis
from schemas.transcript import SegmentKind
from streams.extract.background import is_at_home, is_background, is_other_sense
from streams.extract.circumstances import (
    LOCAL,
    date_of,
    find_bounds,
    find_contexts,
    find_place,
    is_elsewhere,
    matter_words,
    story_place,
    struck_place,
    tell_manner,
    without_place,
)
from streams.extract.clauses import Layout, clause_end, lay_out
from streams.extract.dates import find_dates
from streams.extract.realis import find_realis, name_context, name_event, name_matter
from streams.extract.scene import Draft, Line, Scene, Slot, mentions_in
from streams.extract.sides import Sides, assign_sides, find_sides
from streams.extract.slots import (
    carries_meeting,
    fill_slots,
    is_speaker,
    is_victim,
    report_over,
    said_by,
    segment_speaker,
    speaker_of,
    speakers_of,
    station_slot,
)
from streams.extract.trigger_sites import (
    find_triggers,
    is_matter,
    is_report,
    is_topic,
    opens_list,
    shares_verb,
)
from streams.extract.triggers import SECTOR_CODES, Roles, Trigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.entity import Mention
    from streams.extract.reading import Sentence

_SAID: Final = frozenset({PloverType.STATEMENT, PloverType.REQUEST, PloverType.AGREE})
_TAIL: Final = frozenset({".", "!", "?", '"', "”", "’"})
_HEAD: Final = frozenset({"-", "–", "—", '"', "“", "that", ":", ","})
_INHERITED: Final = 0.1


def read_sentence(scene: Scene, sentence: Sentence) -> tuple[Draft, ...]:
    """Read the events of one sentence. A sentence in which somebody only speaks of others gives a statement."""
    mentions = [
        m
        for m in mentions_in(scene, sentence.start, sentence.end)
        if not _is_headline_verb(scene, sentence, m)
    ]
    layout = lay_out(sentence, scene.reading.text, mentions, scene.entities, scene.lexicon)
    reporting = scene.lexicon.reporting
    line = Line(
        scene,
        layout,
        find_dates(sentence, scene.today),
        tuple(at for at, word in enumerate(layout.words) if word in reporting and is_report(layout, at)),
        find_triggers(layout),
    )
    drafts: list[Draft] = []
    if _is_play(layout):
        return ()
    topic_end = 0
    earlier: Trigger | None = None
    for trigger in line.triggers:
        if is_topic(layout, trigger, topic_end) or is_matter(layout, trigger, earlier):
            topic_end = max(topic_end, clause_end(layout, trigger.last))
            continue
        draft = _draft(line, trigger)
        if draft is None:
            continue
        earlier = trigger
        if drafts and shares_verb(layout, trigger) and draft.realis is Realis.ASSERTED:
            draft = _as_unreal(draft, drafts[-1], scene)
        drafts.append(draft)
        if draft.type is PloverType.CONSULT:
            scene.meeting, scene.meeting_end = (*draft.actors, *draft.recipients), sentence.end
        if trigger.meaning.realis is Realis.INTENDED or opens_list(layout, trigger):
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


def _as_unreal(draft: Draft, earlier: Draft, scene: Scene) -> Draft:
    aimed = bool(draft.recipients)
    kind, mode, cameo = name_event(draft.meaning, earlier.realis, draft.contexts, scene.lexicon, aimed=aimed)
    return replace(draft, realis=earlier.realis, type=kind, mode=mode, cameo=cameo)


def _draft(line: Line, trigger: Trigger) -> Draft | None:
    meaning, layout, scene = trigger.meaning, line.layout, line.scene
    sides = find_sides(layout, trigger)
    acting, other = assign_sides(meaning, sides)
    report = report_over(line, trigger, sides.subject)
    speaker = speaker_of(line, report)
    actors, recipients = fill_slots(line, acting.groups), fill_slots(line, other.groups)
    if speaker is not None and is_speaker(actors, speaker):
        actors = (speaker,)
    if meaning.roles is Roles.ALLEGED:
        speaker = speaker or next(iter(speakers_of(line, report)), None)
        actors, recipients = (
            (speaker,) if speaker else station_slot(line),
            actors or recipients,
        )  # whom it is said of
    if is_other_sense(layout, trigger, (acting, other)):
        return None
    recipients = tuple(s for s in recipients if not is_victim(layout, trigger, s))
    carried = carries_meeting(line, actors, acting)
    if carried:
        actors, recipients = scene.meeting[:1], recipients or scene.meeting[1:]
    recipients = tuple(s for s in recipients if s.key not in {a.key for a in actors})
    first, last = find_bounds(line, trigger, sides.subject)
    here = find_place(line, first, last, meaning.type)
    recipients = without_place(meaning.type, recipients, here)
    if not _holds(trigger, sides, (actors, recipients), here, carried=carried):
        return None
    start, end = layout.sentence.tokens[first].start, layout.sentence.tokens[last - 1].end
    found = date_of(line, start, end)
    realis = find_realis(
        layout, trigger, sides.subject, found, scene.today, headline=line.kind is SegmentKind.HEADLINE
    )
    contexts = find_contexts(layout, first, last, meaning.contexts)
    if realis is Realis.ASSERTED and is_background(layout, trigger, acts=bool(actors)):
        realis = Realis.HISTORICAL
    kind, mode, cameo = name_event(meaning, realis, contexts, scene.lexicon, aimed=bool(recipients))
    if (
        kind is PloverType.PROTEST
        and layout.words[trigger.first].startswith("protest")
        and _is_official(actors, layout)
    ):
        kind, mode, cameo = PloverType.ACCUSE, "disapprove", "114"  # a government protests by a note
    mode, cameo = name_matter(kind, mode, cameo, matter_words(layout, trigger, kind, first), scene.lexicon)
    contexts = name_context(kind, cameo, contexts, scene.lexicon)
    mode, cameo = (None, "120") if mode == "veto" and is_at_home(layout.words) else (mode, cameo)
    talked_of = layout.words[trigger.first].startswith("discuss")
    if (
        kind is PloverType.CONSULT
        and mode is None
        and not talked_of
        and is_elsewhere(here, (*actors, *recipients))
    ):
        mode, cameo = "third-party", "044"
    if kind is PloverType.CONSULT and mode is None and cameo == "040":
        mode, cameo = tell_manner(line, (first, last), (acting, other), (actors, recipients))
    tokens = layout.sentence.tokens
    sure = (acting.sure or carried) and (other.sure or not other.groups)
    return Draft(
        meaning, kind, mode, cameo, realis, actors, recipients, here or struck_place(kind, recipients) or story_place(line), found, contexts,
        _confidence(trigger, actors, recipients, realis, sure=sure), start, end,
        (tokens[trigger.first].start, tokens[trigger.last - 1].end), line.segment, said_by(line, speaker),
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


def _holds(
    trigger: Trigger,
    sides: Sides,
    slots: tuple[Sequence[Slot], Sequence[Slot]],
    here: Slot | None,
    *,
    carried: bool,
) -> bool:
    """Whether enough is told of who takes part, or where, for it to be an event at all."""
    actors, recipients = slots
    everyone = (*actors, *recipients)
    told = trigger.meaning.type in LOCAL and bool(everyone)
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


def _statement(line: Line) -> Draft | None:
    """Make a statement of a sentence in which somebody speaks of others and nothing else takes place."""
    layout, tokens = line.layout, line.layout.sentence.tokens
    first, last = 0, len(tokens)
    speakers: tuple[Slot, ...] = ()
    if line.kind is SegmentKind.QUOTE:
        speaker = segment_speaker(line)
        speakers = (speaker,) if speaker else ()
    elif line.reports:
        speakers = speakers_of(line, line.reports[0])
        first = line.reports[0] + 1
    while last > first and tokens[last - 1].text in _TAIL:
        last -= 1
    while first < last and tokens[first].text in _HEAD:
        first += 1
    if first >= last or not any(s.code and not s.code.endswith(":MED") for s in speakers):
        return None
    groups = [g for g in layout.groups if first <= g.first < last and g.code and not g.pronoun]
    others = tuple(s for s in fill_slots(line, groups) if s.key not in {speaker.key for speaker in speakers})
    if not others:
        return None
    meaning = line.scene.lexicon.plain_statement
    start, end = tokens[first].start, tokens[last - 1].end
    return Draft(
        meaning, meaning.type, meaning.mode, meaning.cameo, Realis.ASSERTED, speakers, others, None, date_of(line, start, end),
        find_contexts(layout, first, last, ()), 0.6, start, end, (start, end), line.segment, speakers[0].name,
    )  # fmt: skip


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
