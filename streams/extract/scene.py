"""What the sentences of a transcript share while its events are read, and the drafts that they give."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from schemas.entity import EntityType
from schemas.transcript import SegmentKind
from streams.extract.triggers import Meaning, Roles, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from schemas.entity import Entity, Mention
    from schemas.event import PloverType, Realis
    from streams.extract.clauses import Layout
    from streams.extract.dates import FoundDate
    from streams.extract.entities import Resolved
    from streams.extract.reading import Reading
    from streams.extract.triggers import EventLexicon


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
class Line:
    """One sentence laid out, with its dates and its verbs of saying."""

    scene: Scene
    layout: Layout
    dates: tuple[FoundDate, ...]
    reports: tuple[int, ...]
    triggers: tuple[Trigger, ...]

    @property
    def segment(self) -> int:
        """The number of its segment."""
        return self.layout.sentence.segment

    @property
    def kind(self) -> SegmentKind:
        """Of which sort its segment is."""
        return self.scene.reading.segments[self.segment].kind


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
