"""Who fills the slots of an event, whom pronouns and groups stand for, and who says so."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType
from schemas.event import PloverType
from schemas.transcript import SegmentKind
from streams.extract.clauses import Group, Layout, Parties, find_after, find_subject
from streams.extract.scene import Line, Scene, Slot, mention_slot
from streams.extract.segments import ANCHOR, REPORTER, STATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.extract.triggers import Trigger

REPORT_REACH: Final = 40
"""So many words may lie between a verb of saying and an act in what is said."""
CLOSING_REPORT: Final = 8
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
_SUFFERING: Final = frozenset({"in", "on", "at", "near", "against"})
_HARM: Final = frozenset(
    {
        "attack", "attacks", "bombing", "bombings", "killing", "killings", "murder", "assassination", "strike", "strikes", "blast",
        "violence", "explosion", "massacre", "shooting", "raid", "assault", "kidnapping", "coup", "hijacking", "shelling",
    }
)  # fmt: skip
_SHARED: Final = frozenset({"two", "both"})
_FIRST_PERSON: Final = frozenset({"we", "i", "us", "me"})
_COMMAS: Final = frozenset({",", '"', "”"})


def fill_slots(line: Line, groups: Sequence[Group]) -> tuple[Slot, ...]:
    """Give whom some groups stand for, each of them once."""
    slots: dict[str, Slot] = {}
    for group in groups:
        for slot in _fillers(line, group):
            slots.setdefault(slot.key, slot)
    return tuple(slots.values())


def _fillers(line: Line, group: Group) -> tuple[Slot, ...]:
    """Give whom a group stands for: its members, the speaker for "we", else itself."""
    speaks = group.pronoun and group.text.lower() in _FIRST_PERSON
    speaker = segment_speaker(line) if speaks else None
    members = group.entity.members if group.entity is not None else ()
    if speaker is not None and (speaker.entity is None or speaker.entity.id not in members):
        return (speaker,)
    entities = line.scene.entities
    known = [entities[member] for member in members if member in entities]
    known.sort(key=lambda entity: line.scene.first_start(entity.id))
    if not known:
        slot = slot_of(group)
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


def slot_of(group: Group) -> Slot:
    """Give the slot of a group that stands for itself."""
    entity = group.entity
    bare = entity is None or group.weak or (entity.type is EntityType.COUNTRY and ":" in (group.code or ""))
    name = group.text if bare or entity is None else entity.name
    return Slot(entity, name, group.code, group.text, group.start, group.end, group.weak)


def is_speaker(actors: Sequence[Slot], speaker: Slot) -> bool:
    """Whether the subject of reported words is whoever says them: "we", and "they" of rebels or a ministry."""
    if len(actors) != 1 or actors[0].entity is not None:
        return False
    word = actors[0].text.lower()
    one = speaker.entity is not None and speaker.entity.type in {EntityType.PERSON, EntityType.ROLE}
    return word in _FIRST_PERSON or (word == "they" and not one)


def carries_meeting(line: Line, actors: Sequence[Slot], acting: Parties) -> bool:
    """Whether those who met before act here: in this meeting, the two ministers, they."""
    if any(slot.code for slot in actors):
        return False
    words = line.layout.words
    shared = any(g.text.lower() == "they" or _SHARED & set(words[g.np : g.first]) for g in acting.groups)
    points = _points_at_meeting(line.layout)
    far = line.layout.sentence.start - line.scene.meeting_end > (MEETING_REACH if points else PRONOUN_REACH)
    return bool(line.scene.meeting) and not far and (shared or points)


def _points_at_meeting(layout: Layout) -> bool:
    """Whether the sentence opens by pointing back: In this meeting, During the talks."""
    words = layout.words[:OPENING_WORDS]
    return any(
        word in _MEETING_WORDS and at > 0 and words[at - 1] in _POINTING for at, word in enumerate(words)
    )


def is_victim(layout: Layout, trigger: Trigger, slot: Slot) -> bool:
    """Whether somebody only suffered what is condemned: condemned the attack on a mosque in Peru."""
    group = next((g for g in layout.groups if g.start == slot.start and g.first >= trigger.last), None)
    if trigger.meaning.type is not PloverType.ACCUSE or group is None:
        return False
    between = layout.words[trigger.last : group.first]
    harm = next((at for at, word in enumerate(between) if word in _HARM), len(between))
    return bool(_SUFFERING & set(between[harm:]))


def report_over(line: Line, trigger: Trigger, subject: Parties) -> int | None:
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


def speaker_of(line: Line, at: int | None) -> Slot | None:
    """Give whom the verb of saying at `at` is said of, unless it is a station or a paper."""
    return next((s for s in speakers_of(line, at) if not (s.code or "").endswith(":MED")), None)


def speakers_of(line: Line, at: int | None) -> tuple[Slot, ...]:
    """Give who says what the verb of saying at `at` carries; "said X" behind a comma as well as "X said"."""
    if at is None:
        return ()
    layout = line.layout
    if layout.words[at] == "according":
        return fill_slots(line, find_after(layout, at, "to").groups)
    if _COMMAS & set(layout.words[max(0, at - 1) : at]) and not layout.words[at].endswith("ing"):
        for token in range(at + 1, min(len(layout.words), at + 4)):
            if (group := layout.group_at(token)) is not None:
                return fill_slots(line, (group,))
    return fill_slots(line, find_subject(layout, at).groups)


def segment_speaker(line: Line) -> Slot | None:
    """Give who speaks the segment, where the transcript names them anywhere."""
    speaker = line.scene.reading.segments[line.segment].speaker
    return _named_slot(line.scene, speaker) if speaker else None


def _named_slot(scene: Scene, name: str) -> Slot | None:
    entity_id = scene.names.get(name.casefold())
    mention = scene.first_mentions.get(entity_id) if entity_id else None
    return mention_slot(mention, scene.entities[mention.entity_id]) if mention else None


def station_slot(line: Line) -> tuple[Slot, ...]:
    """Give who speaks where nobody is named: the speaker of the quotation, else the station, if the text names it."""
    scene = line.scene
    slot = segment_speaker(line) if line.kind is SegmentKind.QUOTE else None
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


def said_by(line: Line, speaker: Slot | None) -> str | None:
    """Name who says it, where it is not the station: the one it is reported of, else whoever speaks the segment."""
    if speaker is not None:
        return speaker.name
    name = line.scene.reading.segments[line.segment].speaker
    return None if name in {ANCHOR, REPORTER, STATION} else name
