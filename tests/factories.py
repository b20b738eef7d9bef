"""Records for tests: each function fills in what a test is not about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from schemas.alert import Alert, AlertChange, AlertChangeKind, AlertStatus, Subject
from schemas.event import (
    AgreementReport,
    Event,
    EventContext,
    Evidence,
    InstrumentType,
    Party,
    PloverType,
    Scope,
    Stage,
)
from schemas.ids import content_hash, derived_id
from schemas.rule import Level, RuleSource
from schemas.transcript import Source, Transcript

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_source(**fields: object) -> Source:
    return Source.model_validate({"broadcaster": "Radio Test", **fields})


def make_transcript(
    text: str = "Iran and China signed a memorandum on border security.", **fields: object
) -> Transcript:
    return Transcript.model_validate(
        {"id": "t-1", "source": make_source(), "text": text, "ingest_time": NOON, **fields}
    )


def make_report(parties: tuple[str, ...] = ("IRN", "CHN"), /, **fields: object) -> AgreementReport:
    """A report of a memorandum on border security, by default between Iran and China and signed."""
    return AgreementReport.model_validate(
        {
            "instrument": InstrumentType.MOU,
            "stage": Stage.SIGNED,
            "parties": tuple(Party(name=code.title(), code=code) for code in parties),
            "domains": ("border", "security"),
            "scope": Scope.INTER,
            "subject": "border security",
            **fields,
        }
    )


def make_event(
    text: str = "Iran and China signed a memorandum on border security.",
    *,
    at: datetime = NOON,
    transcript_id: str = "",
    broadcaster: str = "Radio Test",
    title: str | None = None,
    language: str = "en",
    sketch: tuple[int, ...] = (),
    report: AgreementReport | None = None,
    **fields: object,
) -> Event:
    """An event of one sentence that carries a report. Its transcript and ids follow from text, station and time."""
    transcript_id = transcript_id or derived_id("test transcript", broadcaster, text, at.isoformat())
    report = make_report() if report is None else report
    return Event.model_validate(
        {
            "id": derived_id("test event", transcript_id, report.model_dump_json()),
            "type": PloverType.AGREE,
            "confidence": 0.9,
            "evidence": Evidence(text=text, start=0, end=len(text)),
            "segment": 0,
            "agreement": report,
            "context": EventContext(
                transcript_id=transcript_id,
                title=title,
                source=make_source(broadcaster=broadcaster),
                language=language,
                event_time=at,
                content_hash=content_hash(text),
                sketch=sketch,
            ),
            "reader_version": "test",
            **fields,
        }
    )


def make_alert_change(number: int = 1, *, sequence: int = 1, **fields: object) -> AlertChange:
    subject = Subject(
        kind=RuleSource.AGREEMENTS,
        record_id=f"transition-{number}",
        transcript_id=f"t-{number}",
        source=make_source(),
        language="en",
        event_time=NOON,
        origin="1",
        evidence=(Evidence(text="agreed to draft a memorandum", start=0, end=28),),
    )
    alert = {
        "id": f"alert-{number}",
        "rule_id": "rule-1",
        "rule_version": 1,
        "rule_title": "New security agreement",
        "topic": "security-mou",
        "level": Level.HIGH,
        "status": AlertStatus.OPEN,
        "summary": f"Alert {number}",
        "raised_time": NOON,
        "updated_time": NOON,
        "countries": ("IRN", "CHN"),
        "stage": Stage.DRAFTING,
        "subjects": (subject,),
        "origins": 1,
        **fields,
    }
    return AlertChange(
        id=derived_id("change", f"alert-{number}", str(sequence)),
        kind=AlertChangeKind.RAISE if sequence == 1 else AlertChangeKind.UPDATE,
        sequence=sequence,
        cause_id=f"match-{number}",
        alert=Alert.model_validate(alert),
    )
