"""Steps that decide nothing of interest: each transcript becomes one event, one match, one alert under one id."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from schemas import topics
from schemas.alert import Match, Subject
from schemas.contract import ContractError
from schemas.dead_letter import DeadLetterReason
from schemas.enriched import EnrichedTranscript
from schemas.event import Event, EventContext
from schemas.ids import content_hash, derived_id
from schemas.rule import AlertTemplate, Level, RuleHead, RuleSource
from schemas.topics import Output
from schemas.transcript import LanguageTag, TaggedTranscript, decode_transcript
from streams.ledger import Book
from streams.pipeline import DeadLetter, Emit, Judged, Outcome, Posted, announce, state_key
from streams.rules.evaluate import RuleState
from streams.worker.app import Steps
from tests.factories import make_alert_change, make_event

if TYPE_CHECKING:
    from datetime import datetime


RULE = RuleHead(
    id="plain",
    version=1,
    title="Every transcript",
    level=Level.LOW,
    alert=AlertTemplate(topic="security-mou", summary="{title}"),
)


def plain_steps() -> Steps:
    return Steps(tag, enrich, post, match, judge, judge_time)


def tag(data: bytes) -> Outcome:
    try:
        transcript = decode_transcript(data)
    except ContractError as error:
        return _parked(error)
    if transcript.title == "breaks the step":
        raise RuntimeError("the step cannot take this")
    if transcript.title == "takes long":
        time.sleep(8)
    tagged = TaggedTranscript(transcript=transcript, language=LanguageTag(language="en", confidence=1))
    return Emit((Output(topics.TRANSCRIPTS_TAGGED, transcript.id, tagged, transcript.event_time),))


def enrich(data: bytes) -> Outcome:
    try:
        transcript = TaggedTranscript.decode(data).transcript
    except ContractError as error:
        return _parked(error)
    event = make_event(transcript.text, at=transcript.event_time, transcript_id=transcript.id)
    context = EventContext(
        transcript_id=transcript.id,
        source=transcript.source,
        language="en",
        event_time=transcript.event_time,
        content_hash=content_hash(transcript.text),
    )
    enriched = EnrichedTranscript(
        transcript=transcript,
        language=LanguageTag(language="en", confidence=1),
        reader_version="plain",
        context=context,
    )
    return Emit(
        (
            Output(topics.TRANSCRIPTS_ENRICHED, transcript.id, enriched, transcript.event_time),
            Output(topics.EVENTS_EXTRACTED, transcript.id, event, transcript.event_time),
        )
    )


def post(data: bytes, book: Book | None) -> Posted:
    try:
        event = Event.decode(data)
    except ContractError as error:
        return Posted(book, _parked(error))
    count = 0 if book is None else book.counts.get("events", 0)
    return Posted(Book(key=event.context.transcript_id, counts={"events": count + 1}), Emit(()))


def match(topic: str, data: bytes) -> Outcome:
    if topic != topics.EVENTS_EXTRACTED.name:
        return Emit(())
    try:
        event = Event.decode(data)
    except ContractError as error:
        return _parked(error)
    subject = Subject(
        kind=RuleSource.EVENTS,
        record_id=event.id,
        transcript_id=event.context.transcript_id,
        source=event.context.source,
        event_time=event.context.event_time,
        origin="1",
    )
    found = Match(
        id=derived_id("plain match", event.id),
        rule_id=RULE.id,
        rule_version=1,
        rule=RULE,
        group=(("transcript", event.context.transcript_id),),
        clauses=(),
        subject=subject,
    )
    return Emit((Output(topics.RULES_MATCHED, state_key(found), found, subject.event_time),))


def judge(data: bytes, state: RuleState | None, watermark: datetime | None) -> Judged:
    del watermark
    if state is not None:
        return Judged(state, Emit(()))  # the match came before: a repeat changes nothing
    found = Match.decode(data)
    number = int(found.subject.transcript_id.removeprefix("t-"))
    return Judged(RuleState(rule_id=RULE.id, rule=RULE), Emit(announce((make_alert_change(number),))))


def judge_time(state: RuleState, watermark: datetime) -> Judged:
    del watermark
    return Judged(state, Emit(()))


def _parked(error: ContractError) -> DeadLetter:
    return DeadLetter(DeadLetterReason(error.kind), error.reason)
