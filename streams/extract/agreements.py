"""Agreements between parties: which instrument, where it stands, between whom, about what, in which words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.event import AgreementReport, Evidence, EventContext, PloverType
    from streams.extract.entities import Resolved
    from streams.extract.models import Models
    from streams.extract.reading import Reading


@dataclass(frozen=True, slots=True)
class FoundAgreement:
    """One instrument that the transcript speaks of, and what it reports.

    `plover`, `cameo` follow from the stage. `parties` of the report say who; `event_date` is the ISO date that the
    words of the clause resolve to, if any; `segment` is the index of the segment that holds the evidence.
    """

    report: AgreementReport
    evidence: Evidence
    confidence: float
    segment: int
    plover: PloverType
    cameo: str | None = None
    event_date: str | None = None


def find_agreements(reading: Reading, resolved: Resolved, context: EventContext, models: Models) -> tuple[FoundAgreement, ...]:
    """Find the instruments that a transcript speaks of, each once, in the order of their evidence."""
    raise NotImplementedError
