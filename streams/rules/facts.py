"""What rules can ask of a record: its fields, its frames and its text, each value with the words that say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from schemas.agreement import Transition
from schemas.alert import Subject
from schemas.event import ArgumentRole, Event, Evidence, Party
from schemas.rule import RuleSource
from streams.rules.text import TextView

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from schemas.agreement import Agreement
    from schemas.enriched import EnrichedTranscript
    from schemas.entity import Entity, Mention
    from schemas.event import AgreementReport, Argument
    from schemas.transcript import Source

FRAMES: Final = ("event", "entity")
"""Fields that belong together: all of one selection must hold on one and the same event or entity."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a field and the words behind it."""

    value: str | float
    evidence: Evidence | None = None


Frame = dict[str, tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Facts:
    """A record as rules see it."""

    subject: Subject
    fields: Frame
    texts: Mapping[str, TextView]
    frames: Mapping[str, tuple[Frame, ...]] = field(default_factory=dict)
    sketch: tuple[int, ...] = ()
    points: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def source_of(record: EnrichedTranscript | Event | Transition) -> RuleSource:
    """Say by which name rules call this sort of record."""
    if isinstance(record, Event):
        return RuleSource.EVENTS
    return RuleSource.AGREEMENTS if isinstance(record, Transition) else RuleSource.TRANSCRIPTS


def read_facts(record: EnrichedTranscript | Event | Transition) -> tuple[Facts, ...]:
    """Lay a record out for rules. A transcript of several stories gives facts for each story, which do not mix."""
    if isinstance(record, Event):
        return (_event_facts(record),)
    if isinstance(record, Transition):
        return (_transition_facts(record),)
    stories = sorted({s.story for s in record.segments}) or [0]
    return tuple(_story_facts(record, story, alone=len(stories) == 1) for story in stories)


def _cells(values: Iterable[str | float | None], evidence: Evidence | None = None) -> tuple[Cell, ...]:
    return tuple(Cell(v, evidence) for v in values if v is not None)


def _source(source: Source, language: str | None) -> Frame:
    return _filled(
        {
            "source.broadcaster": _cells([source.broadcaster]),
            "source.programme": _cells([source.programme]),
            "source.medium": _cells([source.medium.value]),
            "source.country": _cells([source.country]),
            "language": _cells([language]),
        }
    )


def _filled(frame: Frame) -> Frame:
    return {name: cells for name, cells in frame.items() if cells}


def _span(argument: Argument) -> Evidence | None:
    return Evidence(text=argument.text, start=argument.start, end=argument.end) if argument.text else None


def _arguments(event: Event, role: ArgumentRole) -> tuple[Argument, ...]:
    return tuple(a for a in event.arguments if a.role is role)


def _event_frame(event: Event) -> Frame:
    words = event.evidence
    frame: Frame = {
        "event.type": _cells([event.type.value], words),
        "event.mode": _cells([event.mode], words),
        "event.context": _cells(event.contexts, words),
        "event.cameo": _cells([event.cameo], words),
        "event.realis": _cells([event.realis.value]),
        "event.confidence": _cells([event.confidence]),
        "event.date": _cells([event.event_date]),
    }
    both: dict[str, Cell] = {}
    for role in (ArgumentRole.ACTOR, ArgumentRole.RECIPIENT, ArgumentRole.PLACE):
        found = _arguments(event, role)
        codes: dict[str, Cell] = {}
        sectors: list[Cell] = []
        for argument in found:
            state, *sector = (argument.code or "").split(":")
            if state and not _is_nobody(state, argument.entity_id, sector=bool(sector)):
                codes.setdefault(state, Cell(state, _span(argument)))
            sectors.extend(Cell(s, _span(argument)) for s in sector)
        frame[f"event.{role.value}"] = tuple(codes[c] for c in sorted(codes))
        frame[f"event.{role.value}.name"] = tuple(Cell(a.name, _span(a)) for a in found)
        if role is not ArgumentRole.PLACE:
            frame[f"event.{role.value}.sector"] = tuple(sectors)
            both.update(codes)
    frame["event.parties"] = tuple(both[c] for c in sorted(both))
    frame["event.party_count"] = _cells([float(len(both))])
    if event.agreement is not None:
        frame.update(_report_frame(event.agreement, words))
    return _filled(frame)


def _party_cells(parties: Iterable[Party], words: Evidence) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """Give codes and names of parties.

    The place of a party may hold "the two countries": its name is quoted only where it is as long as that, else the
    sentence speaks for it.
    """
    codes: dict[str, Cell] = {}
    names: list[Cell] = []
    for party in parties:
        span = words
        if (
            party.start is not None
            and party.end is not None
            and party.end - party.start == len(party.name) > 0
        ):
            span = Evidence(text=party.name, start=party.start, end=party.end)
        codes.setdefault(party.code, Cell(party.code, span))
        names.append(Cell(party.name, span))
    return tuple(codes[c] for c in sorted(codes)), tuple(names)


def _report_frame(report: AgreementReport, words: Evidence) -> Frame:
    codes, names = _party_cells(report.parties, words)
    return _filled(
        {
            "agreement.instrument": _cells([report.instrument.value], words),
            "agreement.stage": _cells([report.stage.value], words),
            "agreement.next_stage": _cells([report.next_stage.value if report.next_stage else None]),
            "agreement.polarity": _cells([report.polarity.value]),
            "agreement.is_news": _cells(["true" if report.is_news else "false"]),
            "agreement.parties": codes,
            "agreement.parties.name": names,
            "agreement.party_count": _cells([float(len(report.party_codes))]),
            "agreement.domains": _cells(report.domains, words),
            "agreement.scope": _cells([report.scope.value]),
            "agreement.subject": _cells([report.subject], words),
            "agreement.name": _cells([report.name], words),
            "agreement.missing": _cells(report.missing),
        }
    )


def _event_facts(event: Event) -> Facts:
    context = event.context
    frame = _event_frame(event)
    parties = event.agreement.parties if event.agreement else _as_parties(event.arguments)
    subject = Subject(
        kind=RuleSource.EVENTS,
        record_id=event.id,
        transcript_id=context.transcript_id,
        title=context.title,
        source=context.source,
        language=context.language,
        event_time=context.event_time,
        origin=context.content_hash,
        confidence=event.confidence,
        parties=parties,
        countries=_states([event]),
        stage=event.agreement.stage if event.agreement else None,
        evidence=(event.evidence,),
    )
    texts = _texts(event.evidence.text, event.evidence.start, context.title)
    fields = {**_source(context.source, context.language), **frame}
    return Facts(subject, fields, texts, sketch=context.sketch, points=_points(event))


def _points(event: Event) -> dict[str, tuple[float, float]]:
    for argument in _arguments(event, ArgumentRole.PLACE):
        if argument.latitude is not None and argument.longitude is not None:
            return {"event.place": (argument.latitude, argument.longitude)}
    return {}


def _as_parties(arguments: Iterable[Argument]) -> tuple[Party, ...]:
    seen: dict[str, Party] = {}
    for a in arguments:
        if a.role in (ArgumentRole.ACTOR, ArgumentRole.RECIPIENT) and a.code:
            state = a.code.split(":")[0]
            seen.setdefault(
                state, Party(name=a.name, code=state, entity_id=a.entity_id, start=a.start, end=a.end)
            )
    return tuple(seen.values())


_ISO3: Final = 3
_SECTORS: Final = frozenset(
    {
        "AGR", "BUS", "COP", "CRM", "CVL", "DEV", "EDU", "ELI", "ENV", "GOV", "HLH", "HRI", "IGO", "IMG", "INS", "JUD",
        "LAB", "LEG", "MED", "MIL", "MNC", "MOD", "NGM", "NGO", "OPP", "RAD", "REB", "REF", "SEP", "SPY", "UAF",
    }
)  # fmt: skip
"""CAMEO's roles: without a state before it, a sector is nobody in particular."""
_NOBODY: Final = frozenset({"ORG", "PER", "XXX", "UNK"}) | _SECTORS
"""Codes that tell nobody apart. PER is also Peru: with the id of a country or a sector it is that."""


def _is_nobody(code: str, entity_id: str | None, *, sector: bool = False) -> bool:
    if code == "PER" and sector:
        return False
    return code in _NOBODY and entity_id != f"country:{code}"


def _state_codes(found: Iterable[tuple[str | None, str | None]]) -> tuple[str, ...]:
    """Give the codes of states among (code, entity id): three capitals, and no organisation as WHO is one."""
    codes: set[str] = set()
    organisations: set[str] = set()
    for code, entity_id in found:
        state, _, sector = (code or "").partition(":")
        if (entity_id or "").startswith("org:"):
            organisations.add(state)
        elif not _is_nobody(state, entity_id, sector=bool(sector)):
            codes.add(state)
    known = codes - organisations
    return tuple(sorted(c for c in known if len(c) == _ISO3 and c.isascii() and c.isalpha() and c.isupper()))


def _states(events: Iterable[Event]) -> tuple[str, ...]:
    found: list[tuple[str | None, str | None]] = []
    for event in events:
        found.extend((a.code, a.entity_id) for a in event.arguments)
        if event.agreement is not None:
            found.extend((p.code, p.entity_id) for p in event.agreement.parties)
    return _state_codes(found)


def _texts(text: str, shift: int, title: str | None) -> dict[str, TextView]:
    views = {"text": TextView(text, shift)}
    if title:
        views["title"] = TextView(title, None)
    return views


def _agreement_frame(agreement: Agreement, words: Evidence) -> Frame:
    codes, names = _party_cells(agreement.parties, words)
    known = {p.code for p in agreement.parties if p.is_named}
    return _filled(
        {
            "agreement.id": _cells([agreement.id]),
            "agreement.key": _cells([agreement.key]),
            "agreement.instrument": _cells([agreement.instrument.value], words),
            "agreement.stage": _cells([agreement.stage.value], words),
            "agreement.next_stage": _cells([agreement.next_stage.value if agreement.next_stage else None]),
            "agreement.parties": codes,
            "agreement.parties.name": names,
            "agreement.party_count": _cells([float(len(known))]),
            "agreement.domains": _cells(agreement.domains, words),
            "agreement.scope": _cells([agreement.scope.value]),
            "agreement.subject": _cells([agreement.subject], words),
            "agreement.name": _cells([agreement.name], words),
            "agreement.denied": _cells(["true" if agreement.denied else "false"]),
            "agreement.origins": _cells([float(agreement.origins)]),
            "agreement.sequence": _cells([float(agreement.sequence)]),
        }
    )


def _transition_facts(change: Transition) -> Facts:
    agreement = change.agreement
    number = next((r.origin for r in agreement.reports if r.event_id == change.event_id), None)
    subject = Subject(
        kind=RuleSource.AGREEMENTS,
        record_id=change.id,
        transcript_id=change.transcript_id,
        title=change.title,
        source=change.source,
        language=change.language,
        event_time=change.event_time,
        origin=change.transcript_id if number is None else f"{agreement.id}#{number}",
        confidence=change.confidence,
        parties=agreement.parties,
        countries=_state_codes((p.code, p.entity_id) for p in agreement.parties),
        stage=change.stage,
        stage_before=change.before,
        agreement_id=agreement.id,
        evidence=(change.evidence,),
    )
    own: Frame = {
        "transition.id": _cells([change.id]),
        "transition.kind": _cells([change.kind.value]),
        "transition.stage": _cells([change.stage.value], change.evidence),
        "transition.before": _cells([change.before.value if change.before else None]),
        "transition.confidence": _cells([change.confidence]),
    }
    fields = {
        **_source(change.source, change.language),
        **_agreement_frame(agreement, change.evidence),
        **_filled(own),
    }
    return Facts(subject, fields, _texts(change.evidence.text, change.evidence.start, change.title))


def _entity_frame(entity: Entity, mention: Mention | None) -> Frame:
    words = (
        Evidence(text=mention.text, start=mention.start, end=mention.end)
        if mention and mention.text
        else None
    )
    return _filled(
        {
            "entity.id": _cells([entity.id], words),
            "entity.type": _cells([entity.type.value], words),
            "entity.name": _cells([entity.name], words),
            "entity.code": _cells([entity.code], words),
            "entity.country": _cells(entity.countries, words),
            "entity.role": _cells([entity.role], words),
            "entity.confidence": _cells([entity.confidence]),
        }
    )


def _story_facts(record: EnrichedTranscript, story: int, *, alone: bool) -> Facts:
    transcript = record.transcript
    parts = [s for s in record.segments if s.story == story]
    start = 0 if alone or not parts else min(s.start for s in parts)
    end = len(transcript.text) if alone or not parts else max(s.end for s in parts)
    events = [e for e in record.events if start <= e.evidence.start < end]
    mentions = [m for m in record.mentions if start <= m.start < end]
    first: dict[str, Mention] = {}
    for mention in mentions:
        first.setdefault(mention.entity_id, mention)
    entities = tuple(_entity_frame(e, first.get(e.id)) for e in record.entities if alone or e.id in first)
    subject = Subject(
        kind=RuleSource.TRANSCRIPTS,
        record_id=transcript.id if alone else f"{transcript.id}#{story}",
        transcript_id=transcript.id,
        title=transcript.title,
        source=transcript.source,
        language=record.language.language,
        event_time=transcript.event_time,
        origin=record.context.content_hash if alone else f"{record.context.content_hash}#{story}",
        countries=_states(events),
        evidence=(),
    )
    return Facts(
        subject,
        _source(transcript.source, record.language.language),
        _texts(transcript.text[start:end], start, transcript.title),
        frames={"event": tuple(_event_frame(e) for e in events), "entity": entities},
        sketch=record.context.sketch if alone else (),
    )
