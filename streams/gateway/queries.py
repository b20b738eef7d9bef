"""What can be asked for: the parameters of pages, streams and feeds."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.agreement import TransitionKind
from schemas.alert import AlertChangeKind, AlertStatus
from schemas.contract import CountryCode, Time
from schemas.event import InstrumentType, PloverType, Realis, Scope, Stage
from schemas.rule import Level
from schemas.subscription import AlertFilter
from streams.facets import Wanted, source_name
from streams.subscriptions import wanted_alerts

if TYPE_CHECKING:
    from collections.abc import Sequence

Words = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=100)]


class Order(StrEnum):
    """The order of a page, by event time."""

    NEWEST = "newest"
    OLDEST = "oldest"


class _Asked(BaseModel):
    # a filter that is misspelt would otherwise choose everything
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Chosen(_Asked):
    country: list[CountryCode] = Field(default=[], max_length=100, description="ISO 3166-1 alpha-3")
    organisation: Words = Field(default=[], description="Short name, such as NATO")
    source: Words = Field(default=[], description="Broadcaster")
    language: Words = Field(default=[], description="BCP 47 tag")

    def _wanted(self, **more: Sequence[str]) -> Wanted:
        values = {
            "country": self.country,
            "organisation": self.organisation,
            "source": [source_name(name) for name in self.source],
            "language": self.language,
            **more,
        }
        return {name: frozenset(map(str, found)) for name, found in values.items() if found}


class _Read(_Asked):
    cursor: str | None = Field(
        default=None,
        max_length=20_000,
        description="Stream: the id of the last event, to read on behind it, or `begin`. Not for pages",
    )
    limit: int = Field(default=100, ge=1, le=1000, description="Page: how many at most")
    order: Order = Field(default=Order.NEWEST, description="Page: by event time")
    page: str | None = Field(default=None, max_length=2000, description="Page: `next` of the page before")
    from_time: Time | None = Field(default=None, alias="from", description="Page: from this event time on")
    to_time: Time | None = Field(default=None, alias="to", description="Page: before this event time")


class AlertChoice(_Chosen):
    """Which alerts."""

    topic: Words = Field(default=[], description="Alert topic, such as security-mou")
    rule: Words = Field(default=[], description="Rule id")
    level: Level | None = Field(default=None, description="This level or a higher one")
    status: list[AlertStatus] = Field(default=[], max_length=10, description="How it stands")

    @property
    def wanted(self) -> Wanted:
        """What it asks for, in facets."""
        chosen = AlertFilter(
            topics=tuple(self.topic),
            rules=tuple(self.rule),
            countries=tuple(self.country),
            organisations=tuple(self.organisation),
            sources=tuple(self.source),
            languages=tuple(self.language),
            level=self.level,
        )
        status = {"status": frozenset(map(str, self.status))} if self.status else {}
        return wanted_alerts(chosen) | status


class AlertQuery(AlertChoice, _Read):
    """Which alerts, and how."""

    change: list[AlertChangeKind] = Field(default=[], max_length=10, description="Stream: only these changes")

    @property
    def wanted_changes(self) -> Wanted:
        """What it asks for of a stream, in facets."""
        return self.wanted | ({"change": frozenset(map(str, self.change))} if self.change else {})


class EventQuery(_Chosen, _Read):
    """Which events, and how."""

    type: list[PloverType] = Field(default=[], max_length=20)
    mode: Words = []
    context: Words = Field(default=[], description="PLOVER context, or domain of the instrument")
    realis: list[Realis] = Field(default=[], max_length=10)
    transcript: Words = Field(default=[], description="Transcript id")

    @property
    def wanted(self) -> Wanted:
        """What it asks for, in facets."""
        return self._wanted(
            type=self.type,
            mode=self.mode,
            context=self.context,
            realis=self.realis,
            transcript=self.transcript,
        )


class AgreementQuery(_Chosen, _Read):
    """Which agreements, and how."""

    stage: list[Stage] = Field(default=[], max_length=20)
    instrument: list[InstrumentType] = Field(default=[], max_length=20)
    scope: list[Scope] = Field(default=[], max_length=20)
    domain: Words = Field(default=[], description="Such as police, border, trade")
    change: list[TransitionKind] = Field(default=[], max_length=10, description="Stream: only these steps")

    @property
    def wanted(self) -> Wanted:
        """What it asks for, in facets."""
        return self._wanted(
            stage=self.stage,
            instrument=self.instrument,
            scope=self.scope,
            domain=self.domain,
        )

    @property
    def wanted_changes(self) -> Wanted:
        """What it asks for of a stream, in facets."""
        return self.wanted | ({"change": frozenset(map(str, self.change))} if self.change else {})
