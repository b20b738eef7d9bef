"""Rules, records and matches for tests: each function fills in what a test is not about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from schemas.alert import Match, Subject
from schemas.event import Argument, ArgumentRole, Event, Evidence, Stage
from schemas.ids import derived_id
from schemas.rule import Rule, RuleSource
from streams.rules.load import parse_rule
from tests.factories import NOON, make_event, make_source

RULE_ID = "0b1f9d5e-5f0a-4f0e-8f5e-6c1b8f6f2a10"


def make_rule(detection: dict[str, Any], source: str = "events.extracted", /, **fields: object) -> Rule:
    return Rule.model_validate(
        {
            "id": RULE_ID,
            "title": "A rule of a test",
            "version": 1,
            "status": "test",
            "falsepositives": ["None that the test is about."],
            "level": "medium",
            "source": source,
            "detection": detection,
            "alert": {"topic": "diplomacy", "summary": "It fired"},
            **fields,
        }
    )


RULE_TEXT = """\
title: Visit
id: 0b1f9d5e-5f0a-4f0e-8f5e-6c1b8f6f2a10
version: 1
status: test
falsepositives: [A private journey.]
level: low
source: events.extracted
detection:
  visit: {event.type: CONSULT, event.mode: visit}
  hoped: {event.realis: hoped}
  condition: visit and not hoped
group-by: [event.parties]
timespan: 2d
alert: {topic: diplomacy, summary: "{event.actor} visits"}
"""


def parse_changed(old: str, new: str) -> Rule:
    """Parse the rule text with one thing changed."""
    assert old in RULE_TEXT
    return parse_rule(RULE_TEXT.replace(old, new), "visit.yml")


def make_act(
    kind: str = "CONSULT",
    actor: str | None = "IRN",
    recipient: str | None = "CHN",
    /,
    text: str = "The minister visited Beijing.",
    **fields: Any,  # noqa: ANN401 - whatever an event has
) -> Event:
    arguments = [
        Argument(role=role, name=code, code=code, text=code, start=0, end=3)
        for role, code in ((ArgumentRole.ACTOR, actor), (ArgumentRole.RECIPIENT, recipient))
        if code is not None
    ]
    return make_event(text, **{"type": kind, "agreement": None, "arguments": tuple(arguments), **fields})


def make_match(
    rule: Rule,
    hours: float = 0,
    /,
    *,
    record: str = "",
    transcript: str = "",
    origin: str = "",
    step: str | None = None,
    stage: Stage | None = None,
    **slots: object,
) -> Match:
    """A match so many hours after noon; everything that is not told follows from the time."""
    at: datetime = NOON + timedelta(hours=hours)
    name = transcript or record or f"t{hours}"
    record = record or f"r-{name}"
    return Match(
        id=derived_id("match", rule.id, str(rule.version), record, step or ""),
        rule_id=rule.id,
        rule_version=rule.version,
        rule=rule.head,
        group=(("event.parties", "CHN|IRN"),),
        selection=step,
        clauses=(),
        slots={name.replace("_", "."): [value] for name, value in slots.items()},
        subject=Subject(
            kind=RuleSource.EVENTS,
            record_id=record,
            transcript_id=name,
            source=make_source(),
            language="en",
            event_time=at,
            origin=origin or name,
            stage=stage,
            evidence=(Evidence(text=f"words of {name}", start=0, end=len(f"words of {name}")),),
        ),
    )
