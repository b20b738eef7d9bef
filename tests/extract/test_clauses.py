from __future__ import annotations

from schemas.entity import Entity, EntityType, Mention, MentionKind
from streams.extract.clauses import lay_out
from streams.extract.models import load_models
from streams.extract.reading import Sentence


def test_a_name_of_control_characters_alone_is_no_word_and_breaks_nothing() -> None:
    name = Entity(id="person:x", type=EntityType.PERSON, name="\x1c")
    mention = Mention(entity_id=name.id, kind=MentionKind.NAME, text="\x1c", start=0, end=1)
    layout = lay_out(Sentence(0, 1, 0, ()), "\x1c", [mention], {name.id: name}, load_models().events)
    assert list(layout.words) == []
    assert list(layout.groups) == []
