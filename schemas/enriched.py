"""A transcript with all that was read in it."""

from __future__ import annotations

from pydantic import Field

from schemas.contract import Contract
from schemas.entity import Entity, Mention
from schemas.event import AgreementReport, Event, EventContext
from schemas.transcript import LanguageTag, Segment, Transcript


class EnrichedTranscript(Contract):
    """A transcript, its language, and what the reader found. `reader_version` says which reader."""

    transcript: Transcript
    language: LanguageTag
    reader_version: str
    segments: tuple[Segment, ...] = ()
    mentions: tuple[Mention, ...] = ()
    entities: tuple[Entity, ...] = ()
    events: tuple[Event, ...] = Field(default=(), description="With the agreement reports that they carry")
    context: EventContext

    @property
    def agreements(self) -> tuple[AgreementReport, ...]:
        """What is said of instruments, in the order of the text."""
        return tuple(e.agreement for e in self.events if e.agreement is not None)
