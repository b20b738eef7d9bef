"""Who and what a transcript speaks of."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.contract import Confidence, Contract, CountryCode, Offset


class EntityType(StrEnum):
    """The sorts of entity. ROLE is an office held by a person, named or not."""

    PERSON = "person"
    ROLE = "role"
    ORGANISATION = "organisation"
    COUNTRY = "country"
    PLACE = "place"
    GROUP = "group"
    EVENT = "event"


class MentionKind(StrEnum):
    """How a mention refers: by name, by role, by nationality, by a noun or by a pronoun."""

    NAME = "name"
    ROLE = "role"
    NATIONALITY = "nationality"
    NOMINAL = "nominal"
    PRONOUN = "pronoun"


class Mention(Contract):
    """Words of the text that refer to an entity: `text` is verbatim `text[start:end]`."""

    entity_id: str
    kind: MentionKind
    text: str
    start: Offset
    end: Offset


class Entity(Contract):
    """Someone or something, with all its mentions joined across the transcript.

    `id` is stable for countries (`country:IRN`) and known organisations (`org:INTERPOL`), else derived
    from the normalised name.
    """

    id: str
    type: EntityType
    name: str = Field(description="The fullest form found, or the canonical name of a known one")
    code: str | None = Field(
        default=None,
        description="CAMEO-like: state or organisation, then sector, such as IRN:COP or INTERPOL:IGO",
    )
    countries: tuple[CountryCode, ...] = Field(default=(), description="The states it is or acts for")
    role: str | None = Field(default=None, description="Office or rank, as written")
    organisation_id: str | None = Field(default=None, description="The body it belongs to or leads")
    members: tuple[str, ...] = Field(default=(), description="Ids of the entities that a group stands for")
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    confidence: Confidence = 1.0
