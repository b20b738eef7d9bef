"""An instrument between parties, and the steps of its life."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.contract import Confidence, Contract, Time
from schemas.event import Evidence, InstrumentType, Party, Polarity, Scope, Stage
from schemas.transcript import Source


class Report(Contract):
    """One report of an agreement: who told it, when, and in which words."""

    transcript_id: str
    event_id: str
    title: str | None = None
    source: Source
    event_time: Time
    language: str | None = None
    stage: Stage = Field(description="The stage that this report speaks of")
    polarity: Polarity = Polarity.ASSERTED
    is_news: bool = True
    evidence: Evidence
    origin: int = Field(ge=0, description="Number of the independent origin; copies of one text share it")


class Agreement(Contract):
    """One instrument between the same parties on the same matter, however often and in whatever words it is told."""

    id: str
    key: str = Field(description="Sorted party codes, such as CHN|IRN: the partition key of its transitions")
    instrument: InstrumentType
    parties: tuple[Party, ...]
    scope: Scope
    domains: tuple[str, ...]
    subject: str | None = None
    name: str | None = None
    stage: Stage
    next_stage: Stage | None = None
    denied: bool = Field(default=False, description="The last word on its stage is a denial")
    since: Time = Field(description="Event time of the step it stands at")
    first_time: Time
    last_time: Time
    sequence: int = Field(
        ge=0, description="Number of transitions so far; 0: known from background reports only"
    )
    origins: int = Field(ge=1, description="Independent origins that told the step it stands at")
    reports: tuple[Report, ...] = Field(description="The reports, oldest first, the last hundred at most")
    dropped_reports: int = Field(default=0, ge=0, description="Older reports no longer in the list")


class TransitionKind(StrEnum):
    """Why there is a transition.

    first: a new instrument, at whatever stage. step: further in its life. exit: rejected, suspended, withdrawn,
    expired or violated. revival: back to life after an exit. denial: the step it stands at is denied; the stage
    stays and `denied` is set. correction: its only source takes a step back. corroboration: another independent
    origin tells the step it stands at; stage and `before` are equal, and it is no news by itself.
    """

    FIRST = "first"
    STEP = "step"
    EXIT = "exit"
    DENIAL = "denial"
    CORRECTION = "correction"
    REVIVAL = "revival"
    CORROBORATION = "corroboration"


class Transition(Contract):
    """One step of an agreement: from which stage to which, with the words that say so."""

    id: str
    kind: TransitionKind
    before: Stage | None
    stage: Stage = Field(description="The stage it now stands at")
    agreement: Agreement = Field(description="As it stands after the step")
    event_id: str
    transcript_id: str
    title: str | None = None
    source: Source
    language: str | None = None
    event_time: Time
    confidence: Confidence
    evidence: Evidence
