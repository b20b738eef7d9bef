"""What can be done with a transcript by itself: read it, match it. No memory is needed, so that any process can do it.

What is prepared holds bytes: it crosses from one process to another, and the next step takes bytes as it does live.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from schemas import topics
from schemas.contract import ContractError
from schemas.enriched import EnrichedTranscript
from schemas.event import Event
from streams import pipeline

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.topics import Output, Topic
    from streams.extract.models import Models
    from streams.rules.match import RuleIndex


class ReplaySource(StrEnum):
    """What a replay reads: the transcripts as they came, to read them again, or what was read in them."""

    RAW = "raw"
    ENRICHED = "enriched"

    @property
    def topic(self) -> Topic:
        """The topic that holds it."""
        return topics.TRANSCRIPTS_RAW if self is ReplaySource.RAW else topics.TRANSCRIPTS_ENRICHED


@dataclass(frozen=True, slots=True)
class Packed:
    """An output as bytes."""

    key: str
    event_time: datetime
    data: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """A transcript or one of its events: what matched on it, and the event itself if the ledger must hear of it."""

    matches: tuple[Packed, ...]
    near_misses: tuple[Packed, ...]
    event: Packed | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A transcript, ready for what needs memory; `refused` says why a record is none."""

    parts: tuple[Part, ...] = ()
    refused: str | None = None


def prepare(source: ReplaySource, data: bytes, models: Models | None, index: RuleIndex) -> Prepared:
    """Do with a record of the source all that needs no memory."""
    match source:
        case ReplaySource.ENRICHED:
            try:
                outputs = pipeline.tell_reading(EnrichedTranscript.decode(data))
            except ContractError as error:
                return Prepared(refused=error.reason)
        case ReplaySource.RAW:
            if models is None:
                raise ValueError("raw transcripts cannot be read without models")
            tagged = pipeline.tag(data, models)
            if isinstance(tagged, pipeline.DeadLetter):
                return Prepared(refused=tagged.message)
            enriched = pipeline.enrich(tagged.outputs[0].record.encode(), models)
            if isinstance(enriched, pipeline.DeadLetter):
                return Prepared(refused=enriched.message)
            outputs = enriched.outputs
    return Prepared(tuple(_prepare_part(output, index) for output in outputs))


def _prepare_part(output: Output, index: RuleIndex) -> Part:
    record = output.record
    if not isinstance(record, EnrichedTranscript | Event):
        raise TypeError(f"{output.topic.name} holds no reading")
    found = pipeline.match_record(record, index).outputs
    is_news = isinstance(record, Event) and record.agreement is not None
    return Part(
        matches=tuple(pack(o) for o in found if o.topic == topics.RULES_MATCHED),
        near_misses=tuple(pack(o) for o in found if o.topic == topics.RULES_MISSED),
        event=pack(output) if is_news else None,
    )


def pack(output: Output) -> Packed:
    """Give an output as bytes."""
    return Packed(output.key, output.event_time, output.record.encode())
