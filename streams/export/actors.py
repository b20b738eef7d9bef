"""Who takes part, under one key whoever tells of it: states and known organisations by code, all others by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from schemas.event import ArgumentRole
from streams.export.countries import COUNTRIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.alert import Alert
    from schemas.event import Event, Party

_PERSON: Final = "PER"
_NO_NAMES: Final = frozenset({"ORG", _PERSON, "XXX", "-", ""})
"""Codes that tell nobody apart."""

_COUNTRY_ID: Final = "country:"
_ACTING: Final = frozenset({ArgumentRole.ACTOR, ArgumentRole.RECIPIENT})


class ActorKind(StrEnum):
    """The sorts of actor that other tools tell apart."""

    STATE = "state"
    ORGANISATION = "organisation"
    PERSON = "person"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class Actor:
    """One actor. Its name follows from its key, so that two exports never disagree."""

    key: str
    kind: ActorKind
    name: str
    alpha3: str | None = None
    alpha2: str | None = None


def party_actors(parties: Iterable[Party]) -> tuple[Actor, ...]:
    """Give the actors that the parties are, sorted, each once."""
    return tuple(sorted({_actor(p.code, p.name, p.entity_id) for p in parties}))


def event_actors(event: Event) -> tuple[Actor, ...]:
    """Give who acts in an event and towards whom, and the parties of its instrument; sorted, each once."""
    found = {
        _actor((a.code or "").split(":")[0], a.name, a.entity_id)
        for a in event.arguments
        if a.role in _ACTING
    }
    return tuple(sorted(found | set(party_actors(event.agreement.parties if event.agreement else ()))))


def alert_actors(alert: Alert) -> tuple[Actor, ...]:
    """Give the parties of an alert, or the countries where it names no party."""
    return party_actors(alert.parties) or tuple(
        sorted({_actor(code, code, f"{_COUNTRY_ID}{code}") for code in alert.countries})
    )


def _actor(code: str, name: str, entity_id: str | None) -> Actor:
    words = " ".join(name.split())
    # Good: PER is a person without a code, and the state of Peru where the entity says so
    named = code not in _NO_NAMES or entity_id == _COUNTRY_ID + code
    if named and (country := COUNTRIES.get(code)) is not None:
        key = _COUNTRY_ID + code
        return Actor(key, ActorKind.STATE, country.name, country.alpha3, country.alpha2)
    if named:
        return Actor(f"org:{code}", ActorKind.ORGANISATION, code)
    kind = {"ORG": ActorKind.ORGANISATION, _PERSON: ActorKind.PERSON}.get(code, ActorKind.UNKNOWN)
    return Actor(f"{kind}:{words.casefold()}", kind, words)
