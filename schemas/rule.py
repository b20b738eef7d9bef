"""A rule as data, in Sigma's words, and its tests.

Source of the words: the Sigma specification 2.0 (title, id, status, level, falsepositives, detection, condition, correlation).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from schemas.contract import Contract


class Level(StrEnum):
    """How much an alert matters."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class RuleStatus(StrEnum):
    """How ripe a rule is."""

    EXPERIMENTAL = "experimental"
    TEST = "test"
    STABLE = "stable"
    DEPRECATED = "deprecated"


class RuleSource(StrEnum):
    """What a rule watches: whole transcripts, single events, or the transitions of agreements."""

    TRANSCRIPTS = "transcripts.enriched"
    EVENTS = "events.extracted"
    AGREEMENTS = "agreements.changed"


class AlertTemplate(Contract):
    """How a rule's alerts look."""

    topic: str = Field(pattern=r"^[a-z][a-z0-9-]{0,59}$", description="Alerts also go to alerts.<topic>.v1")
    summary: str = Field(
        min_length=1, max_length=500, description="One line; {slots} are filled from the match"
    )
    level: dict[str, Level] = Field(
        default_factory=dict, description="Level by stage, where it differs from the rule's"
    )


class Rule(Contract):
    """A rule as it travels on rules.v1. `detection` holds named selections and one `condition`."""

    id: str
    title: str = Field(min_length=1, max_length=200)
    version: int = Field(ge=1)
    status: RuleStatus
    description: str = ""
    author: str | None = None
    references: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = Field(min_length=1)
    level: Level
    source: RuleSource
    detection: dict[str, Any]
    correlation: dict[str, Any] | None = None
    group_by: tuple[str, ...] = ()
    timespan_s: int | None = Field(
        default=None, ge=1, description="Matches of one group within it are one alert, updated"
    )
    hold_s: int | None = Field(
        default=None,
        ge=1,
        description="The match must stand this long, in event time, before the alert is raised",
    )
    suppress_s: int | None = Field(
        default=None,
        ge=1,
        description="After an alert, further ones of its group only update it for this long",
    )
    alert: AlertTemplate
