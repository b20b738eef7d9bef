"""A rule as data, in Sigma's words, and its tests.

Source of the words: the Sigma specification 2.0 (title, id, status, level, falsepositives, detection, condition, correlation).
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.contract import Contract, OpenFields


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
    """How a rule's alerts look, and what else than a match moves them."""

    topic: str = Field(pattern=r"^[a-z][a-z0-9-]{0,59}$", description="Alerts also go to alerts.<topic>.v1")
    summary: str = Field(
        min_length=1, max_length=500, description="One line; {slots} are filled from the match"
    )
    level: dict[str, Level] = Field(
        default_factory=dict, description="Level by stage, where it differs from the rule's"
    )
    corroborate: str | None = Field(
        default=None, description="Condition on which a record backs an alert of its group and raises none"
    )
    contradict: str | None = Field(
        default=None, description="Condition on which a record contradicts the alerts of its group"
    )
    cancel: str | None = Field(
        default=None, description="Condition on which a record cancels the alerts of its group"
    )


class CorrelationType(StrEnum):
    """What several matches of one group must be to one another, in event time.

    event_count: so many within the timespan. value_count: so many distinct values of a field. temporal: every step,
    in any order. temporal_ordered: every step, one after the other. absence: the first step, and the second not
    within the timespan. first_seen: the group was not seen in the timespan before. transition: each new value of a
    field in the group is an alert of its own.
    """

    EVENT_COUNT = "event_count"
    VALUE_COUNT = "value_count"
    TEMPORAL = "temporal"
    TEMPORAL_ORDERED = "temporal_ordered"
    ABSENCE = "absence"
    FIRST_SEEN = "first_seen"
    TRANSITION = "transition"


class Correlation(Contract):
    """How several matches make one alert. `steps` are conditions over the selections of the detection."""

    type: CorrelationType
    steps: tuple[str, ...] = ()
    field: str | None = Field(
        default=None, description="Whose distinct values count, or whose new value is a transition"
    )
    gte: int | None = Field(default=None, ge=1, le=200, description="How many at least")
    timespan_s: int | None = Field(default=None, ge=1)


class RuleHead(Contract):
    """What judging needs of a rule; it travels in every match, so that no rule is looked up behind it."""

    id: str
    version: int = Field(ge=1)
    title: str
    level: Level
    correlation: Correlation | None = None
    timespan_s: int | None = None
    hold_s: int | None = None
    suppress_s: int | None = None
    alert: AlertTemplate


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
    detection: OpenFields
    correlation: Correlation | None = None
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

    @property
    def head(self) -> RuleHead:
        """The part of the rule that its matches carry."""
        return RuleHead(
            id=self.id,
            version=self.version,
            title=self.title,
            level=self.level,
            correlation=self.correlation,
            timespan_s=self.timespan_s,
            hold_s=self.hold_s,
            suppress_s=self.suppress_s,
            alert=self.alert,
        )
