"""Who wants which alerts, and what was sent to them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.alert import AlertChange, AlertChangeKind
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

    every_s: int = Field(ge=60, strict=True)
    count: int | None = Field(default=None, ge=2, strict=True)


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
    per_minute: int | None = Field(default=None, ge=1, strict=True)
    paused: bool = Field(
        default=False, strict=True, description="Nothing is sent; what comes meanwhile is not for it"
    )
    paused_reason: str | None = Field(
        default=None,
        description="Why the notifier paused it by itself; what comes meanwhile is parked and can be sent again",
    )
    created_time: Time | None = Field(
        default=None, description="It gets what comes from then on; unset: all that has not been worked on"
    )


class DeliveryState(StrEnum):
    """What became of a delivery.

    waiting: it is to be sent when its subscription allows (digest, quiet hours, rate). retrying: it failed and is tried
    again at `due_time`. delivered: the receiver has it. parked: it was given up; `dragoman subscriptions retry` sends it
    again. requested: someone asked for it to be sent again. bundled: it goes out as a part of the digest `digest_id`.
    dropped: its subscription is gone.
    """

    WAITING = "waiting"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    PARKED = "parked"
    REQUESTED = "requested"
    BUNDLED = "bundled"
    DROPPED = "dropped"


class Delivery(Contract):
    """What was sent where, when, and with what answer; what is still to be sent carries all that sending it needs.

    A digest is a delivery of its own, with the changes in it and the ids of the deliveries that it stands for.
    """

    id: str = Field(description="Derived from subscription, alert and sequence; constant over retries")
    subscription_id: str
    alert_id: str
    sequence: int = Field(ge=1)
    state: DeliveryState
    attempt: int = Field(ge=0, description="Tries so far")
    answer: str = Field(description="HTTP status or the error in words; empty before the first try")
    sent_time: Time = Field(description="When it was tried last; before the first try, when it came")
    due_time: Time | None = Field(default=None, description="Not before then")
    asked: bool = Field(
        default=False,
        description="The receiver asked for the pause until `due_time`; nothing else is sent to it before",
    )
    accepted_time: Time | None = Field(default=None, description="When the notifier came upon it")
    failing_since: Time | None = Field(default=None, description="When it failed first")
    changes: tuple[AlertChange, ...] = Field(
        default=(), description="What is to be sent; left out once it is delivered"
    )
    members: tuple[str, ...] = Field(default=(), description="Of a digest: the ids of what it stands for")
    digest_id: str | None = Field(default=None, description="The digest in which it goes out")
    sample: bool = Field(default=False, description="A test; sent at once, and once")
