"""FollowTheMoney entities: actors, transcripts as articles, and what was told as events that they prove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from schemas.event import ArgumentRole
from schemas.ids import derived_id
from streams.export.actors import Actor, ActorKind, alert_actors, event_actors, party_actors
from streams.export.countries import COUNTRIES
from streams.export.titles import agreement_title, event_title, in_words, quotation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from schemas.agreement import Agreement
    from schemas.alert import Alert
    from schemas.event import Event
    from schemas.transcript import Source
    from streams.export import Selection

_SCHEMATA: Final = {
    ActorKind.STATE: "PublicBody",
    ActorKind.ORGANISATION: "Organization",
    ActorKind.PERSON: "Person",
    ActorKind.UNKNOWN: "LegalEntity",
}

Entity = dict[str, Any]


def to_entities(selection: Selection) -> list[Entity]:
    """Give the entities of a selection, sorted by schema and id. The same records give the same ids everywhere."""
    found: dict[str, Entity] = {}

    def keep(entity: Entity) -> str:
        identity: str = entity["id"]
        # the first one stays: an article is told of by several records, at times without its title
        if identity not in found or len(entity["properties"]) > len(found[identity]["properties"]):
            found[identity] = entity
        return identity

    for agreement in sorted(selection.agreements, key=lambda a: a.id):
        articles = [
            keep(_article(r.transcript_id, r.source, r.title, r.event_time)) for r in agreement.reports
        ]
        keep(_agreement(agreement, [keep(_actor(a)) for a in party_actors(agreement.parties)], articles))
    for event in sorted(selection.events, key=lambda e: e.id):
        c = event.context
        article = keep(_article(c.transcript_id, c.source, c.title, c.event_time))
        keep(_event(event, [keep(_actor(a)) for a in event_actors(event)], article))
    for alert in sorted(selection.alerts, key=lambda a: a.id):
        articles = [keep(_article(s.transcript_id, s.source, s.title, s.event_time)) for s in alert.subjects]
        keep(_alert(alert, [keep(_actor(a)) for a in alert_actors(alert)], articles))
    return sorted(found.values(), key=lambda entity: (entity["schema"], entity["id"]))


def ftm_id(kind: str, record_id: str) -> str:
    """Give the id that a record has in FollowTheMoney."""
    return f"dragoman-{derived_id('ftm', kind, record_id)}"


def _actor(actor: Actor) -> Entity:
    country = [actor.alpha2.lower()] if actor.alpha2 else []
    return _entity(
        _SCHEMATA[actor.kind], ftm_id("actor", actor.key), {"name": [actor.name], "country": country}
    )


def _article(transcript_id: str, source: Source, title: str | None, time: datetime) -> Entity:
    country = COUNTRIES.get(source.country or "")
    return _entity(
        "Article",
        ftm_id("transcript", transcript_id),
        {
            "title": [" ".join(title.split())] if title else [],
            "publisher": [source.broadcaster],
            "country": [country.alpha2.lower()] if country and country.alpha2 else [],
            "publishedAt": [_time(time)],
        },
    )


def _agreement(agreement: Agreement, actors: Iterable[str], articles: Iterable[str]) -> Entity:
    stage = in_words(agreement.stage) + (", but denied" if agreement.denied else "")
    return _entity(
        "Event",
        ftm_id("agreement", agreement.id),
        {
            "name": [agreement_title(agreement)],
            "startDate": [_time(agreement.first_time)],
            "date": [_time(agreement.since)],
            "summary": [f"{in_words(agreement.instrument)}: {stage}"],
            "description": [quotation(r.evidence) for r in agreement.reports],
            "keywords": ["agreement", agreement.instrument, agreement.stage, *agreement.domains],
            "recordId": [agreement.id],
            "involved": actors,
            "proof": articles,
        },
    )


def _event(event: Event, actors: Iterable[str], article: str) -> Entity:
    return _entity(
        "Event",
        ftm_id("event", event.id),
        {
            "name": [event_title(event)],
            "date": [_time(event.context.event_time)],
            "location": [" ".join(a.name.split()) for a in event.arguments if a.role is ArgumentRole.PLACE],
            "description": [quotation(event.evidence)],
            "keywords": ["event", event.type, event.realis, *event.contexts],
            "recordId": [event.id],
            "involved": actors,
            "proof": [article],
        },
    )


def _alert(alert: Alert, actors: Iterable[str], articles: Iterable[str]) -> Entity:
    return _entity(
        "Event",
        ftm_id("alert", alert.id),
        {
            "name": [alert.summary],
            "date": [_time(alert.raised_time)],
            "modifiedAt": [_time(alert.updated_time)],
            "summary": [f"{alert.rule_title}: {alert.level}, {alert.status}"],
            "description": [quotation(e) for s in alert.subjects for e in s.evidence],
            "keywords": ["alert", alert.topic, alert.level, alert.status],
            "recordId": [alert.id],
            "involved": actors,
            "proof": articles,
        },
    )


def _entity(schema: str, identity: str, properties: Mapping[str, Iterable[str]]) -> Entity:
    filled = {name: list(dict.fromkeys(str(v) for v in values if v)) for name, values in properties.items()}
    return {
        "id": identity,
        "schema": schema,
        "properties": {name: values for name, values in filled.items() if values},
    }


def _time(time: datetime) -> str:
    """Write an instant as FollowTheMoney has it: UTC, to the second, without a zone."""
    return f"{time:%Y-%m-%dT%H:%M:%S}"
