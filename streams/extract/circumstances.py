"""The clause of a trigger: its bounds, where and when it took place, about what and in which manner."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType
from schemas.event import PloverType
from streams.extract.clauses import STOPS, Layout, Parties, clause_end, verb_start
from streams.extract.slots import slot_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.extract.dates import FoundDate
    from streams.extract.scene import Line, Slot
    from streams.extract.triggers import Trigger

NOUN_CLAUSE_REACH: Final = 30
SUBJECT_GAP: Final = 12
TRIGGERS_AHEAD: Final = 8
MATTER_WORDS: Final = 14
"""So many words behind a demand, refusal or threat can say of what."""
WEAPON_REACH: Final = 8
"""So many words before an attack can name the weapon."""
FRONT_SIGNS: Final = 12
LOCAL: Final = frozenset(
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
_LOCATING: Final = frozenset({"in", "at", "near", "across", "outside", "around", "inside", "throughout"})
_LOCATING_OF: Final = {
    PloverType.CONSULT: frozenset({"to"}),
    PloverType.RETREAT: frozenset({"from", "to"}),
    PloverType.MOBILIZE: frozenset({"into", "to"}),
    PloverType.COERCE: frozenset({"on"}),
    PloverType.PROTEST: frozenset({"through", "to"}),
}
_VISITS: Final = frozenset({"visit", "trip", "tour"})


def find_bounds(line: Line, trigger: Trigger, subject: Parties) -> tuple[int, int]:
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


def date_of(line: Line, start: int, end: int) -> FoundDate | None:
    """Give the date of the clause, or the one that opens a sentence which tells one thing: On Monday the two met."""
    position = bisect_left(line.dates, start, key=lambda d: d.start)
    if position < len(line.dates) and line.dates[position].end <= end:
        return line.dates[position]
    fronted = [d for d in line.dates[:1] if d.start <= line.layout.sentence.tokens[0].end + FRONT_SIGNS]
    return fronted[0] if fronted and len(line.triggers) <= 1 else None


def find_contexts(layout: Layout, first: int, last: int, given: tuple[str, ...]) -> tuple[str, ...]:
    """Give the matters that the words of a clause name, and those that the meaning of its trigger has."""
    found = set(given)
    for at in range(first, last):
        for phrase, name in layout.lexicon.contexts.get(layout.words[at], ()):
            if layout.words[at : at + len(phrase)] == phrase:
                found.add(name)
    return tuple(sorted(found))


def matter_words(layout: Layout, trigger: Trigger, kind: PloverType, first: int) -> tuple[str, ...]:
    """Give the words that may say what is asked, refused or threatened; of an attack, those before it too."""
    low = first if kind is PloverType.ASSAULT else trigger.first
    if kind is PloverType.ASSAULT:
        low = max(0, min(first, trigger.first - WEAPON_REACH))
    return layout.words[
        low : max(trigger.last, min(clause_end(layout, trigger.last), trigger.last + MATTER_WORDS))
    ]


def tell_manner(
    line: Line,
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


def find_place(line: Line, first: int, last: int, kind: PloverType) -> Slot | None:
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
            slot = slot_of(group)
            if slot.code is not None:
                return slot
            unknown = unknown or slot
    return unknown


def without_place(kind: PloverType, recipients: tuple[Slot, ...], here: Slot | None) -> tuple[Slot, ...]:
    """Leave out the town that only says where: a curfew in Colombo."""
    if here is None or kind not in LOCAL:
        return recipients
    return tuple(slot for slot in recipients if slot.start != here.start or not _is_town(slot))


def _is_town(slot: Slot) -> bool:
    """Whether a slot is a place and no state: it says where, and suffers nothing by it."""
    return slot.entity is not None and slot.entity.type is EntityType.PLACE


def struck_place(kind: PloverType, recipients: Sequence[Slot]) -> Slot | None:
    """Give the town that is itself what is attacked or closed: there it took place."""
    if kind not in LOCAL:
        return None
    return next((s for s in recipients if _is_town(s)), None)


def story_place(line: Line) -> Slot | None:
    """Give where the story was reported from."""
    return line.scene.places.get(line.scene.reading.segments[line.segment].story)


def is_elsewhere(here: Slot | None, everyone: Sequence[Slot]) -> bool:
    """Whether two states meet on the ground of a third: Greeks and Turks in Vienna."""
    states = {(slot.code or "").split(":")[0] for slot in everyone}
    two = len(states) > 1 and all(len(state) == len("ISO") and state.isupper() for state in states)
    return two and here is not None and here.code is not None and here.code not in states
