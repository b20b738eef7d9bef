"""The order of steps: tag, enrich, post, match, judge. Worker, replay, files and rule tests all drive these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from schemas import topics
from schemas.agreement import Transition
from schemas.alert import AlertChange, Match
from schemas.contract import ContractError
from schemas.dead_letter import DeadLetterReason
from schemas.enriched import EnrichedTranscript
from schemas.event import Event
from schemas.ids import group_key
from schemas.topics import Output
from schemas.transcript import TaggedTranscript, decode_transcript
from streams.extract.language import tag_language
from streams.extract.read import read_transcript
from streams.ledger import Book, post_event
from streams.rules.evaluate import RuleState, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from streams.extract.models import Models
    from streams.rules.match import RuleIndex


@dataclass(frozen=True, slots=True)
class Emit:
    """The record was understood; these follow from it, in this order. None is an answer too."""

    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The record can never be processed as it is: it is parked with its reason."""

    reason: DeadLetterReason
    message: str
    error_class: str = "ContractError"


Outcome = Emit | DeadLetter


def tag(data: bytes, models: Models) -> Outcome:
    """Raw transcript to tagged transcript."""
    try:
        transcript = decode_transcript(data)
    except ContractError as error:
        return _parked(error)
    tagged = TaggedTranscript(transcript=transcript, language=tag_language(transcript, models))
    return Emit((Output(topics.TRANSCRIPTS_TAGGED, transcript.id, tagged, transcript.event_time),))


def enrich(data: bytes, models: Models, done: Callable[[str], None] = lambda _: None) -> Outcome:
    """Tagged transcript to enriched transcript, and one record for each event in it; `done` is told of each part of the reading."""
    try:
        tagged = TaggedTranscript.decode(data)
    except ContractError as error:
        return _parked(error)
    return Emit(tell_reading(read_transcript(tagged, models, done)))


def tell_reading(enriched: EnrichedTranscript) -> tuple[Output, ...]:
    """Say where a reading goes: the transcript with all of it, and each event to those who share its actors."""
    event_time = enriched.transcript.event_time
    events = (
        Output(topics.EVENTS_EXTRACTED, group_key(e.actor_codes), e, event_time) for e in enriched.events
    )
    return (Output(topics.TRANSCRIPTS_ENRICHED, enriched.transcript.id, enriched, event_time), *events)


@dataclass(frozen=True, slots=True)
class Posted:
    """What the ledger holds under the key of the event afterwards, and what to publish."""

    book: Book | None
    outcome: Outcome


def post(data: bytes, book: Book | None) -> Posted:
    """Event to transition. `book` is what the ledger holds under the event's key."""
    try:
        event = Event.decode(data)
    except ContractError as error:
        return Posted(book, _parked(error))
    if event.agreement is None:
        return Posted(book, Emit(()))
    posting = post_event(book, event)
    outputs = [
        Output(topics.AGREEMENTS_CHANGED, transition.agreement.key, transition, transition.event_time)
        for transition in posting.transitions
    ]
    if posting.agreement is not None:
        outputs.append(
            Output(
                topics.AGREEMENTS_CURRENT, posting.agreement.id, posting.agreement, event.context.event_time
            )
        )
    return Posted(posting.book, Emit(tuple(outputs)))


_MATCHED: Final[Mapping[str, type[EnrichedTranscript | Event | Transition]]] = {
    topics.TRANSCRIPTS_ENRICHED.name: EnrichedTranscript,
    topics.EVENTS_EXTRACTED.name: Event,
    topics.AGREEMENTS_CHANGED.name: Transition,
}


def match(topic_name: str, data: bytes, index: RuleIndex) -> Outcome:
    """Transcript, event or transition to the rules that hold on it, and those that almost do."""
    try:
        record = _MATCHED[topic_name].decode(data)
    except ContractError as error:
        return _parked(error)
    return match_record(record, index)


def match_record(record: EnrichedTranscript | Event | Transition, index: RuleIndex) -> Emit:
    """Match a record that is decoded already."""
    found = index.match(record)
    matches = (Output(topics.RULES_MATCHED, state_key(m), m, m.subject.event_time) for m in found.matches)
    missed = (Output(topics.RULES_MISSED, m.rule_id, m, m.subject.event_time) for m in found.near_misses)
    return Emit((*matches, *missed))


def state_key(found: Match) -> str:
    """Give the key under which a rule remembers the group of a match: rule id and group values."""
    return "|".join((found.rule_id, *(value for _, value in found.group)))


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rule remembers of the group afterwards, and what to publish."""

    state: RuleState | None
    outcome: Outcome


def judge(data: bytes, state: RuleState | None, watermark: datetime | None) -> Judged:
    """Match to changes of alerts. `state` is what is held under the key of the match."""
    try:
        found = Match.decode(data)
    except ContractError as error:
        return Judged(state, _parked(error))
    return _judged(state, found, watermark)


def judge_time(state: RuleState, watermark: datetime) -> Judged:
    """Let event time pass over a group without a new match: what was held or awaited falls due."""
    return _judged(state, None, watermark)


def _judged(state: RuleState | None, found: Match | None, watermark: datetime | None) -> Judged:
    evaluation = evaluate(state, found, watermark)
    return Judged(evaluation.state, Emit(announce(evaluation.changes)))


def announce(changes: tuple[AlertChange, ...]) -> tuple[Output, ...]:
    """Say where the changes of alerts go: all of them to alerts.v1, and each to the topic of its subject."""
    return tuple(
        Output(topic, change.alert.id, change, change.alert.updated_time)
        for change in changes
        for topic in (topics.ALERTS, topics.alert_topic(change.alert.topic))
    )


def _parked(error: ContractError) -> DeadLetter:
    return DeadLetter(DeadLetterReason(error.kind), error.reason)
