"""The two sides of a trigger, told by grammar, and which of them acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas.event import PloverType
from streams.extract.circumstances import LOCAL
from streams.extract.clauses import (
    NOBODY,
    POSSESSIVES,
    PREPOSITIONS,
    STOPS,
    Layout,
    Parties,
    find_after,
    find_object,
    find_subject,
    is_passive,
    listed_before,
    main_subject_behind,
)
from streams.extract.triggers import SECTOR_CODES, Meaning, Roles, Trigger

OWNER_REACH: Final = 5
LIGHT_REACH: Final = 4
_WHERE: Final = frozenset({"in", "at", "to", "from"})


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of a trigger before it is said which of them acts."""

    subject: Parties
    objects: Parties
    passive: bool = False
    explicit: bool = True
    """Grammar ties at least one of them to the trigger itself."""


def find_sides(layout: Layout, trigger: Trigger) -> Sides:
    """Find the groups on both sides of a trigger."""
    meaning = trigger.meaning
    if not trigger.pattern.verb:
        return _noun_sides(layout, trigger)
    subject = find_subject(layout, trigger.first)
    if is_passive(layout, trigger.first, layout.words[trigger.first]):
        return Sides(subject, find_after(layout, trigger.last, "by"), passive=True)
    if meaning.recipient == {"between"}:
        return Sides(subject, find_after(layout, trigger.last, "between"))
    objects = find_object(layout, trigger.first, trigger.last, meaning.recipient)
    if not objects.groups and meaning.roles is Roles.MUTUAL:
        objects = find_after(layout, trigger.last, "between")
    return Sides(subject, objects)


def _noun_sides(layout: Layout, trigger: Trigger) -> Sides:
    meaning, first, last = trigger.meaning, trigger.first, trigger.last
    if meaning.actor != "subject":
        acting = find_object(layout, last - 1, last, frozenset({"object", meaning.actor}))
        return Sides(acting, find_subject(layout, first), explicit=bool(acting.groups))
    between = find_after(layout, first + 1, "between", last - first + 5)
    if between.groups:
        return Sides(Parties(between.groups[:1]), Parties(between.groups[1:]))
    objects = find_object(layout, first, last, meaning.recipient)
    owner = _owner(layout, first)
    if owner is None:
        by = find_after(layout, last, "by", 8)
        owner = by if by.groups else None
    if owner is not None:
        return Sides(owner, objects, explicit=bool(owner.groups))
    reached = bool(objects.groups) and objects.groups[0].preposition is not None
    light = set(layout.words[max(0, first - LIGHT_REACH) : first]) & layout.lexicon.light
    if meaning.type is not PloverType.CONSULT and not light:
        return Sides(NOBODY, objects, explicit=reached and meaning.type in LOCAL)
    subject = find_subject(layout, first)
    tied = subject.sure and bool(subject.groups) and reached
    return Sides(Parties(subject.groups, sure=False), objects, explicit=tied)


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


def assign_sides(meaning: Meaning, sides: Sides) -> tuple[Parties, Parties]:
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
