"""Mentions and entities: who and what a transcript names, and which mentions are one and the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.entity import Entity, EntityType, Mention, MentionKind
from streams.extract.names import split_words

if TYPE_CHECKING:
    from streams.extract.models import Models
    from streams.extract.names import NameTable
    from streams.extract.reading import Reading


@dataclass(frozen=True, slots=True)
class RawMention:
    """Words that name or describe somebody, before it is known who that is. `key` is set where the name itself tells."""

    start: int
    end: int
    type: EntityType
    kind: MentionKind
    sentence: int
    key: str | None = None
    name: str | None = None
    code: str | None = None
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """The entities of a transcript in the order in which they appear, and their mentions in the order of the text."""

    entities: tuple[Entity, ...]
    mentions: tuple[Mention, ...]


def find_mentions(reading: Reading, models: Models) -> tuple[RawMention, ...]:
    """Find all words that refer to somebody or something, in the order of the text; they may nest."""
    table = table_for(reading, models)
    found: list[RawMention] = []
    for number, sentence in enumerate(reading.sentences):
        words = split_words(reading.text, sentence.start, sentence.end)
        index = 0
        while index < len(words):
            match = table.at(words, index)
            if match is None:
                index += 1
                continue
            known = match.known
            found.append(
                RawMention(
                    words[match.first].start,
                    words[match.last - 1].end,
                    known.type,
                    known.kind,
                    number,
                    known.id,
                    known.name,
                    known.code,
                    known.countries,
                )
            )
            index = match.last
    return tuple(found)


def table_for(reading: Reading, models: Models) -> NameTable:
    """Give the names to look for in the language of a transcript."""
    return models.names.by_language.get(reading.language.language.split("-")[0], models.names.english)


def resolve_entities(reading: Reading, raw: tuple[RawMention, ...], models: Models) -> Resolved:
    """Join the mentions of one entity across the transcript."""
    del models
    entities: dict[str, Entity] = {}
    mentions: list[Mention] = []
    for found in raw:
        if found.key is None:
            continue
        text = reading.text[found.start : found.end]
        mentions.append(
            Mention(entity_id=found.key, kind=found.kind, text=text, start=found.start, end=found.end)
        )
        if found.key not in entities:
            entities[found.key] = Entity(
                id=found.key,
                type=found.type,
                name=found.name or text,
                code=found.code,
                countries=found.countries,
            )
    return Resolved(tuple(entities.values()), tuple(mentions))
