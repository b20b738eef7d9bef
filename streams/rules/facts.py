"""What rules can ask of a record: its fields, its frames and its text, each value with the words that say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from schemas.agreement import Transition
from schemas.alert import Subject
from schemas.event import ArgumentRole, Event, Evidence, Party
from schemas.rule import RuleSource
from streams.rules.text import TextView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from schemas.agreement import Agreement
    from schemas.enriched import EnrichedTranscript
    from schemas.entity import Entity, Mention
    from schemas.event import AgreementReport, Argument
    from schemas.transcript import Source

FRAMES: Final = ("event", "entity")
"""Fields that belong together: all of one selection must hold on one and the same event or entity."""


def frame_of(field: str) -> str:
    """Say to which frame a field belongs."""
    prefix = field.split(".", 1)[0]
    return "event" if prefix == "agreement" else prefix


class Cell(NamedTuple):
    """One value of a field and the words behind it, which most rules never ask for."""

    value: str | float
    words: Words | None = None

    @property
    def evidence(self) -> Evidence | None:
        """The words behind the value."""
        if isinstance(self.words, tuple):
            text, start, end = self.words
            return Evidence(text=text, start=start, end=end)
        return self.words


Words: TypeAlias = "Evidence | tuple[str, int, int]"
"""Words of the original: made ready, or as text, start and end."""
Frame = dict[str, tuple[Cell, ...]]


@dataclass(frozen=True)
class Facts:
    """A record as rules see it. Most records meet no rule: each part is laid out when it is first asked for."""

    kind: RuleSource
    texts: Mapping[str, TextView]
    tell_subject: Callable[[], Subject]
    tell_fields: Callable[[], Frame]
    tell_frames: Mapping[str, Callable[[], tuple[Frame, ...]]] = field(default_factory=dict)
    sketch: tuple[int, ...] = ()
    points: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    _frames: dict[str, tuple[Frame, ...]] = field(default_factory=dict, init=False)

    @cached_property
    def subject(self) -> Subject:
        """What matches and near misses say of the record."""
        return self.tell_subject()

    @cached_property
    def fields(self) -> Frame:
        """The values that the record has once."""
        return self.tell_fields()

    def frames(self, prefix: str) -> tuple[Frame, ...]:
        """Give the events or the entities of a record that has several."""
        known = self._frames.get(prefix)
        if known is None:
            tell = self.tell_frames.get(prefix)
            known = self._frames[prefix] = () if tell is None else tell()
        return known


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


def _cells(values: Iterable[str | float | None], words: Words | None = None) -> tuple[Cell, ...]:
    return tuple([Cell(v, words) for v in values if v is not None])


def _cell(value: str | float | None, words: Words | None = None) -> tuple[Cell, ...]:
    return () if value is None else (Cell(value, words),)


def _source(source: Source, language: str | None) -> Frame:
    return _filled(
        {
            "source.broadcaster": _cell(source.broadcaster),
            "source.programme": _cell(source.programme),
            "source.medium": _cell(source.medium.value),
            "source.country": _cell(source.country),
            "language": _cell(language),
        }
    )


def _filled(frame: Frame) -> Frame:
    return {name: cells for name, cells in frame.items() if cells}


def _span(found: Argument | Mention) -> Words | None:
    return (found.text, found.start, found.end) if found.text else None


def _arguments(event: Event, role: ArgumentRole) -> tuple[Argument, ...]:
    return tuple(a for a in event.arguments if a.role is role)


def _event_frame(event: Event) -> Frame:
    words = event.evidence
    frame: Frame = {
        "event.type": _cell(event.type.value, words),
        "event.mode": _cell(event.mode, words),
        "event.context": _cells(event.contexts, words),
        "event.cameo": _cell(event.cameo, words),
        "event.realis": _cell(event.realis.value),
        "event.confidence": _cell(event.confidence),
        "event.date": _cell(event.event_date),
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
    frame["event.party_count"] = _cell(float(len(both)))
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
        span: Words = words
        if (
            party.start is not None
            and party.end is not None
            and party.end - party.start == len(party.name) > 0
        ):
            span = (party.name, party.start, party.end)
        codes.setdefault(party.code, Cell(party.code, span))
        names.append(Cell(party.name, span))
    return tuple(codes[c] for c in sorted(codes)), tuple(names)


def _report_frame(report: AgreementReport, words: Evidence) -> Frame:
    codes, names = _party_cells(report.parties, words)
    return _filled(
        {
            "agreement.instrument": _cell(report.instrument.value, words),
            "agreement.stage": _cell(report.stage.value, words),
            "agreement.next_stage": _cell(report.next_stage.value if report.next_stage else None),
            "agreement.polarity": _cell(report.polarity.value),
            "agreement.is_news": _cell("true" if report.is_news else "false"),
            "agreement.parties": codes,
            "agreement.parties.name": names,
            "agreement.party_count": _cell(float(len(report.party_codes))),
            "agreement.domains": _cells(report.domains, words),
            "agreement.scope": _cell(report.scope.value),
            "agreement.subject": _cell(report.subject, words),
            "agreement.name": _cell(report.name, words),
            "agreement.missing": _cells(report.missing),
        }
    )


def _event_facts(event: Event) -> Facts:
    return Facts(
        RuleSource.EVENTS,
        _texts(event.evidence.text, event.evidence.start, event.context.title),
        partial(_event_subject, event),
        partial(_event_fields, event),
        sketch=event.context.sketch,
        points=_points(event),
    )


def _event_fields(event: Event) -> Frame:
    return {**_source(event.context.source, event.context.language), **_event_frame(event)}


def _event_subject(event: Event) -> Subject:
    context = event.context
    return Subject(
        kind=RuleSource.EVENTS,
        record_id=event.id,
        transcript_id=context.transcript_id,
        title=context.title,
        source=context.source,
        language=context.language,
        event_time=context.event_time,
        origin=context.content_hash,
        confidence=event.confidence,
        parties=event.agreement.parties if event.agreement else _as_parties(event.arguments),
        countries=_states([event]),
        stage=event.agreement.stage if event.agreement else None,
        evidence=(event.evidence,),
    )


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
            "agreement.id": _cell(agreement.id),
            "agreement.key": _cell(agreement.key),
            "agreement.instrument": _cell(agreement.instrument.value, words),
            "agreement.stage": _cell(agreement.stage.value, words),
            "agreement.next_stage": _cell(agreement.next_stage.value if agreement.next_stage else None),
            "agreement.parties": codes,
            "agreement.parties.name": names,
            "agreement.party_count": _cell(float(len(known))),
            "agreement.domains": _cells(agreement.domains, words),
            "agreement.scope": _cell(agreement.scope.value),
            "agreement.subject": _cell(agreement.subject, words),
            "agreement.name": _cell(agreement.name, words),
            "agreement.denied": _cell("true" if agreement.denied else "false"),
            "agreement.origins": _cell(float(agreement.origins)),
            "agreement.sequence": _cell(float(agreement.sequence)),
        }
    )


def _transition_facts(change: Transition) -> Facts:
    return Facts(
        RuleSource.AGREEMENTS,
        _texts(change.evidence.text, change.evidence.start, change.title),
        partial(_transition_subject, change),
        partial(_transition_fields, change),
    )


def _transition_subject(change: Transition) -> Subject:
    agreement = change.agreement
    number = next((r.origin for r in agreement.reports if r.event_id == change.event_id), None)
    return Subject(
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


def _transition_fields(change: Transition) -> Frame:
    own: Frame = {
        "transition.id": _cell(change.id),
        "transition.kind": _cell(change.kind.value),
        "transition.stage": _cell(change.stage.value, change.evidence),
        "transition.before": _cell(change.before.value if change.before else None),
        "transition.confidence": _cell(change.confidence),
    }
    return {
        **_source(change.source, change.language),
        **_agreement_frame(change.agreement, change.evidence),
        **_filled(own),
    }


def _entity_frame(entity: Entity, mention: Mention | None) -> Frame:
    words = _span(mention) if mention else None
    return _filled(
        {
            "entity.id": _cell(entity.id, words),
            "entity.type": _cell(entity.type.value, words),
            "entity.name": _cell(entity.name, words),
            "entity.code": _cell(entity.code, words),
            "entity.country": _cells(entity.countries, words),
            "entity.role": _cell(entity.role, words),
            "entity.confidence": _cell(entity.confidence),
        }
    )


def _story_facts(record: EnrichedTranscript, story: int, *, alone: bool) -> Facts:
    transcript = record.transcript
    parts = [s for s in record.segments if s.story == story]
    start = 0 if alone or not parts else min(s.start for s in parts)
    end = len(transcript.text) if alone or not parts else max(s.end for s in parts)
    events = [e for e in record.events if start <= e.evidence.start < end]
    span = None if alone else (start, end)
    return Facts(
        RuleSource.TRANSCRIPTS,
        _texts(transcript.text[start:end], start, transcript.title),
        partial(_story_subject, record, None if alone else story, events),
        partial(_source, transcript.source, record.language.language),
        {"event": lambda: tuple(map(_event_frame, events)), "entity": partial(_entity_frames, record, span)},
        sketch=record.context.sketch if alone else (),
    )


def _story_subject(record: EnrichedTranscript, story: int | None, events: Sequence[Event]) -> Subject:
    transcript = record.transcript
    mark = "" if story is None else f"#{story}"
    return Subject(
        kind=RuleSource.TRANSCRIPTS,
        record_id=transcript.id + mark,
        transcript_id=transcript.id,
        title=transcript.title,
        source=transcript.source,
        language=record.language.language,
        event_time=transcript.event_time,
        origin=record.context.content_hash + mark,
        countries=_states(events),
        evidence=(),
    )


def _entity_frames(record: EnrichedTranscript, span: tuple[int, int] | None) -> tuple[Frame, ...]:
    """Lay out the entities of a transcript, or of the story in it that lies between two places."""
    first: dict[str, Mention] = {}
    for mention in record.mentions:
        if span is None or span[0] <= mention.start < span[1]:
            first.setdefault(mention.entity_id, mention)
    return tuple(_entity_frame(e, first.get(e.id)) for e in record.entities if span is None or e.id in first)
