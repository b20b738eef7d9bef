"""A STIX 2.1 bundle: alerts as reports, agreements as groupings, events as notes, actors as identities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from schemas.alert import AlertStatus
from schemas.ids import derived_id
from streams.export.actors import Actor, ActorKind, alert_actors, event_actors, party_actors
from streams.export.titles import agreement_title, event_title, in_words, quotation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from schemas.agreement import Agreement
    from schemas.alert import Alert
    from schemas.event import Event, Evidence
    from schemas.transcript import Source
    from streams.export import Selection

SPEC_VERSION: Final = "2.1"
_NAMES_SINCE: Final = "2020-01-01T00:00:00.000Z"
"""When identities were made: the same in every export, since the same id must be the same object."""

_CLASSES: Final = {
    ActorKind.STATE: "organization",
    ActorKind.ORGANISATION: "organization",
    ActorKind.PERSON: "individual",
    ActorKind.UNKNOWN: "unknown",
}


def to_bundle(selection: Selection) -> dict[str, Any]:
    """Give the bundle of a selection. The same records give the same ids, in every export and on every machine."""
    agreements = {a.id: stix_id("grouping", a.id) for a in selection.agreements}
    actors: set[Actor] = set()
    objects: list[dict[str, Any]] = []
    for agreement in selection.agreements:
        found = party_actors(agreement.parties)
        actors.update(found)
        objects.append(_grouping(agreement, found))
    for event in selection.events:
        found = event_actors(event)
        actors.update(found)
        objects.append(_note(event, found))
    for alert in selection.alerts:
        found = alert_actors(alert)
        actors.update(found)
        objects.append(_report(alert, found, agreements.get(alert.agreement_id or "")))
    objects.sort(key=lambda item: (item["type"], item["id"]))
    whole = [_ourselves(), *(_identity(actor) for actor in sorted(actors)), *objects]
    versions = [f"{item['id']} {item['modified']}" for item in whole]
    return {"type": "bundle", "id": f"bundle--{derived_id('stix bundle', *versions)}", "objects": whole}


def stix_id(kind: str, record_id: str) -> str:
    """Give the id that a record has in STIX."""
    return f"{kind}--{derived_id('stix', kind, record_id)}"


_OURSELVES: Final = stix_id("identity", "dragoman")


def _ourselves() -> dict[str, Any]:
    head = _head("identity", "dragoman", _NAMES_SINCE, _NAMES_SINCE)
    del head["created_by_ref"]
    return {**head, "name": "Dragoman", "identity_class": "system"}


def _identity(actor: Actor) -> dict[str, Any]:
    head = _head("identity", actor.key, _NAMES_SINCE, _NAMES_SINCE)
    identity = {**head, "name": actor.name, "identity_class": _CLASSES[actor.kind]}
    if actor.kind is ActorKind.STATE:
        identity["sectors"] = ["government"]
        identity["external_references"] = [{"source_name": "ISO 3166-1", "external_id": actor.alpha3}]
    return identity


def _grouping(agreement: Agreement, actors: Sequence[Actor]) -> dict[str, Any]:
    stage = in_words(agreement.stage) + (", but denied" if agreement.denied else "")
    told = [_told(r.source, r.transcript_id, r.title, (r.evidence,)) for r in agreement.reports]
    created = min(agreement.first_time, agreement.last_time)
    return {
        **_head("grouping", agreement.id, _time(created), _time(max(created, agreement.last_time))),
        "name": agreement_title(agreement),
        "description": f"Stage: {stage}, since {_time(agreement.since)}.",
        "context": "unspecified",
        "labels": [
            "agreement",
            agreement.instrument.value,
            agreement.stage.value,
            *sorted(agreement.domains),
        ],
        **_references(told),
        "object_refs": _refs(actors),
    }


def _note(event: Event, actors: Sequence[Actor]) -> dict[str, Any]:
    context = event.context
    time = _time(context.event_time)
    return {
        **_head("note", event.id, time, time),
        "abstract": event_title(event),
        "content": quotation(event.evidence),
        "authors": [context.source.broadcaster],
        "confidence": _percent(event.confidence),
        "labels": ["event", event.type.value, event.realis.value, *sorted(set(event.contexts))],
        **_references([_told(context.source, context.transcript_id, context.title, ())]),
        "object_refs": _refs(actors),
    }


def _report(alert: Alert, actors: Sequence[Actor], agreement: str | None) -> dict[str, Any]:
    quotations = [quotation(e) for s in alert.subjects for e in s.evidence]
    told = [_told(s.source, s.transcript_id, s.title, s.evidence) for s in alert.subjects]
    created = min(alert.raised_time, alert.updated_time)
    return {
        **_head("report", alert.id, _time(created), _time(max(created, alert.updated_time))),
        "name": alert.summary,
        "description": "\n".join([alert.rule_title, *dict.fromkeys(quotations)]),
        "report_types": ["observed-data"],
        "published": _time(alert.raised_time),
        "confidence": _percent(max((s.confidence for s in alert.subjects), default=0.0)),
        "labels": ["alert", alert.topic, alert.level.value, alert.status.value],
        **({"revoked": True} if alert.status is AlertStatus.CANCELLED else {}),
        **_references(told),
        "object_refs": [*_refs(actors), *([agreement] if agreement else [])],
    }


def _head(kind: str, record_id: str, created: str, modified: str) -> dict[str, Any]:
    return {
        "type": kind,
        "spec_version": SPEC_VERSION,
        "id": stix_id(kind, record_id),
        "created_by_ref": _OURSELVES,
        "created": created,
        "modified": modified,
    }


def _refs(actors: Iterable[Actor]) -> list[str]:
    # STIX wants at least one object: what names nobody is at least ours.
    return [stix_id("identity", actor.key) for actor in actors] or [_OURSELVES]


def _told(source: Source, transcript_id: str, title: str | None, words: Iterable[Evidence]) -> dict[str, Any]:
    description = " ".join([*([title] if title else []), *(quotation(evidence) for evidence in words)])
    return {
        "source_name": source.broadcaster,
        **({"description": description} if description else {}),
        "external_id": transcript_id,
    }


def _references(told: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    unique = {tuple(sorted(reference.items())): reference for reference in told}
    return {"external_references": list(unique.values())} if unique else {}


def _percent(confidence: float) -> int:
    return round(confidence * 100)


def _time(time: datetime) -> str:
    """Write an instant as STIX has it: UTC, to the millisecond."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"
