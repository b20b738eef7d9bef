"""Matches, near misses, and alerts with their life."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from schemas.contract import Confidence, Contract, Time
from schemas.event import Evidence, Party, Stage
from schemas.rule import Level, RuleHead, RuleSource
from schemas.transcript import Source


class ClauseMatch(Contract):
    """One clause of a rule that held, and the words on which it held."""

    selection: str
    field: str | None = None
    value: str
    evidence: Evidence | None = None


class Subject(Contract):
    """What a rule was judged on: enough of the record to say who, what, where, which stage, and in which words."""

    kind: RuleSource
    record_id: str = Field(description="Id of the transcript, the event or the transition")
    transcript_id: str
    title: str | None = None
    source: Source
    language: str | None = None
    event_time: Time
    origin: str = Field(description="Which independent origin it comes from; copies of one text share it")
    confidence: Confidence = 1.0
    parties: tuple[Party, ...] = ()
    countries: tuple[str, ...] = ()
    stage: Stage | None = None
    stage_before: Stage | None = None
    agreement_id: str | None = None
    evidence: tuple[Evidence, ...] = ()


class Match(Contract):
    """A rule held on a record. Keyed by rule and group values, so that its state has one home."""

    id: str
    rule_id: str
    rule_version: int
    rule: RuleHead = Field(description="What judging needs of the rule")
    group: tuple[tuple[str, str], ...] = Field(
        default=(), description="The fields of group-by and their values"
    )
    selection: str | None = Field(
        default=None, description="Which step of a correlation, or corroborate, contradict, cancel"
    )
    sketch: tuple[int, ...] = Field(
        default=(), description="MinHash of the text, to tell copies of one origin"
    )
    clauses: tuple[ClauseMatch, ...]
    slots: dict[str, Any] = Field(default_factory=dict, description="Values for the summary")
    subject: Subject


class NearMiss(Contract):
    """A rule that almost held: which clauses held and which failed. For authors; never sent to subscribers."""

    rule_id: str
    rule_version: int
    failed: tuple[str, ...] = Field(description="Names of the selections that failed")
    held: tuple[ClauseMatch, ...] = ()
    subject: Subject


class AlertStatus(StrEnum):
    """Where an alert stands in its life."""

    OPEN = "open"
    CORROBORATED = "corroborated"
    CONTRADICTED = "contradicted"
    CANCELLED = "cancelled"


class Alert(Contract):
    """One alert, with every slot's words, speaker and source, and the clause that each satisfied."""

    id: str = Field(
        description="Derived from rule, rule version, window and group: the same alert has the same id anywhere"
    )
    rule_id: str
    rule_version: int
    rule_title: str
    topic: str
    level: Level
    status: AlertStatus
    summary: str
    group: tuple[tuple[str, str], ...] = ()
    raised_time: Time = Field(description="Event time of the report that raised it")
    updated_time: Time
    parties: tuple[Party, ...] = ()
    countries: tuple[str, ...] = ()
    stage: Stage | None = None
    agreement_id: str | None = None
    clauses: tuple[ClauseMatch, ...] = ()
    subjects: tuple[Subject, ...] = Field(
        description="The reports behind it, oldest first, the last fifty at most"
    )
    origins: int = Field(ge=1, description="Independent origins behind it")
    languages: tuple[str, ...] = ()


class AlertChangeKind(StrEnum):
    """What happened to an alert."""

    RAISE = "raise"
    UPDATE = "update"
    CORROBORATE = "corroborate"
    CONTRADICT = "contradict"
    CANCEL = "cancel"


class AlertChange(Contract):
    """A change in the life of an alert, with the whole alert in it. `sequence` starts at 1 and has no gap."""

    id: str = Field(description="Derived from alert and sequence")
    kind: AlertChangeKind
    sequence: int = Field(ge=1)
    cause_id: str = Field(description="Id of the match or timer that caused it")
    alert: Alert
