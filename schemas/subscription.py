"""Who wants which alerts, and what was sent to them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.alert import AlertChangeKind
from schemas.contract import Contract, CountryCode, Time
from schemas.rule import Level


class AlertFilter(Contract):
    """Which alerts: every list that is not empty must be met by one of its values."""

    topics: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    countries: tuple[CountryCode, ...] = ()
    organisations: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    level: Level | None = Field(default=None, description="This level or a higher one")
    changes: tuple[AlertChangeKind, ...] = Field(
        default=(), description="Only these changes; empty means all"
    )


class Digest(Contract):
    """Collect alerts and send them together: after so many seconds or so many alerts, whichever comes first."""

    every_s: int = Field(ge=60)
    count: int | None = Field(default=None, ge=2)


class QuietHours(Contract):
    """Hours in which nothing is sent; what came in goes out when they end."""

    start: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    end: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    time_zone: str = Field(description="IANA name, such as Europe/Vienna")


class Subscription(Contract):
    """A standing wish for alerts, and the channel they go to."""

    id: str
    name: str = Field(min_length=1, max_length=200)
    filter: AlertFilter = AlertFilter()
    channel: str = Field(
        description="https:// address of a webhook, or an Apprise URL; empty for stream and feed only"
    )
    secrets: tuple[str, ...] = Field(default=(), description="Signing secrets of a webhook, newest first")
    digest: Digest | None = None
    quiet: QuietHours | None = None
    per_minute: int | None = Field(default=None, ge=1)
    paused: bool = False


class DeliveryState(StrEnum):
    """What became of a delivery."""

    DELIVERED = "delivered"
    RETRYING = "retrying"
    PARKED = "parked"


class Delivery(Contract):
    """What was sent where, when, and with what answer."""

    id: str = Field(description="Derived from subscription, alert and sequence; constant over retries")
    subscription_id: str
    alert_id: str
    sequence: int = Field(ge=1)
    state: DeliveryState
    attempt: int = Field(ge=1)
    answer: str = Field(description="HTTP status or the error in words")
    sent_time: Time
