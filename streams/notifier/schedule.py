"""When what is sent: pure. Time is an argument, and what looks like chance follows from ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from schemas.subscription import Delivery, DeliveryState
from streams.subscriptions import digest_id

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from schemas.subscription import QuietHours, Subscription

MINUTE: Final = timedelta(minutes=1)
LONGEST_RETRY_AFTER: Final = timedelta(days=1)
DIGEST_MOST: Final = 100
"""Changes in one digest at most; more are split."""
DIGEST_BYTES: Final = 2 * 1_048_576
"""Roughly how large a digest may be; a single change may be larger."""
AT_ONCE: Final = 4
"""Deliveries to one subscriber at the same time."""
AHEAD: Final = 256
"""Deliveries that a plan names beyond these: to look at all that waits for every single one takes long where much waits."""

_GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a failed delivery is tried again."""

    first_s: float = 5.0
    limit_s: float = 3600.0
    give_up_s: float = 86_400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try."""

    delivered: bool
    words: str
    status: int | None = None
    retry_after: datetime | None = None
    """Not before then, as the receiver asked."""
    never: bool = False
    """It can never be delivered as it is."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from an answer: the delivery as it stands now, and what the subscriber has to expect."""

    delivery: Delivery
    pause: str | None = None
    """Pause the subscription, for this reason."""
    hold_until: datetime | None = None
    """Send nothing at all to this subscriber before then."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now for one subscription."""

    send: tuple[Delivery, ...] = ()
    then: tuple[Delivery, ...] = ()
    """What goes out as soon as one of those before is through, each of another alert, if nothing else has changed."""
    bundle: tuple[Delivery, ...] = ()
    """Make one digest of these; oldest first."""
    wake: datetime | None = None
    """Nothing else is due before then; None: not before something new comes."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What was sent lately, and how long the subscriber wants to be left alone."""

    sent: tuple[datetime, ...] = ()
    hold_until: datetime | None = None
    busy: frozenset[str] = field(default_factory=frozenset)
    """Ids of the alerts that are under way."""


def judge_answer(
    delivery: Delivery, answer: Answer, last_success: datetime | None, now: datetime, patience: Patience
) -> Verdict:
    """Say what follows from a try of a delivery.

    A subscriber who had nothing delivered while one delivery failed for as long as patience lasts has failed for
    long; one who answers 410 is gone.
    """
    tried = delivery.model_copy(
        update={
            "attempt": delivery.attempt + 1,
            "answer": answer.words[:500],
            "sent_time": now,
            "due_time": None,
            "asked": False,
        }
    )
    if answer.delivered:
        done = tried.model_copy(
            update={"state": DeliveryState.DELIVERED, "changes": (), "failing_since": None}
        )
        return Verdict(done)
    since = delivery.failing_since or now
    parked = tried.model_copy(update={"state": DeliveryState.PARKED, "failing_since": since})
    if delivery.sample or answer.never:
        return Verdict(parked)
    if answer.status == _GONE:
        return Verdict(parked, pause="the receiver answered 410 Gone")
    pause_s = retry_pause_s(delivery.id, tried.attempt, patience.first_s, patience.limit_s)
    due = now + timedelta(seconds=pause_s)
    if answer.retry_after is not None:
        due = max(due, min(answer.retry_after, now + LONGEST_RETRY_AFTER))
    end = since + timedelta(seconds=patience.give_up_s)
    if now >= end:
        if last_success is not None and last_success >= since:
            return Verdict(parked)
        hours = _span(now - since)
        return Verdict(parked, pause=f"nothing was delivered for {hours}; the last answer: {tried.answer}")
    asked = answer.retry_after is not None
    # Unless the receiver asked for more, the last try is made when patience ends, not some time after.
    due = due if asked else min(due, end)
    retrying = tried.model_copy(
        update={"state": DeliveryState.RETRYING, "failing_since": since, "due_time": due, "asked": asked}
    )
    return Verdict(retrying, hold_until=due if asked else None)


NOWHERE: Final = "the subscription has no channel any more"


def judge_moved(verdict: Verdict, *, has_channel: bool) -> Verdict:
    """Say what follows from a try when the subscription has come to lead elsewhere meanwhile.

    A failure was the old channel's: nobody is paused or held up for it, and the new channel is tried.
    """
    after = verdict.delivery
    if after.state is DeliveryState.DELIVERED or after.sample:
        return Verdict(after)
    if not has_channel:
        return Verdict(
            after.model_copy(update={"state": DeliveryState.DROPPED, "answer": NOWHERE, "due_time": None})
        )
    return Verdict(start_afresh(after))


def start_afresh(failed: Delivery) -> Delivery:
    """Give a delivery that failed as one that is due now, with all patience before it."""
    return failed.model_copy(
        update={
            "state": DeliveryState.RETRYING,
            "due_time": None,
            "asked": False,
            "failing_since": None,
        }
    )


def plan_next(waiting: Collection[Delivery], subscription: Subscription, pace: Pace, now: datetime) -> Plan:
    """Say what of the waiting deliveries of a subscription goes out now, and when to look again.

    Changes of one alert go out in their order, one after the other. What is tried again is not collected into digests
    a second time, and a sample waits for nothing.
    """
    samples = tuple(d for d in waiting if d.sample and d.alert_id not in pace.busy)
    if subscription.paused:
        return Plan(samples)
    ordered = sorted((d for d in waiting if not d.sample), key=_order)
    gate = _gate(subscription, pace, now)
    if gate is not None:
        return Plan(samples, wake=gate if ordered else None)
    bundle, wake = _digest(ordered, subscription, now)
    if subscription.digest is not None:
        ordered = [d for d in ordered if not _is_for_digest(d)]
    going: list[Delivery] = []
    free = max(0, AT_ONCE - len(pace.busy))
    wakes = [] if wake is None else [wake]
    room, frees = _room(subscription, pace, now)
    for delivery in _first_of_each_alert(ordered):
        if delivery.alert_id in pace.busy:
            continue
        due = _due_later(delivery, now)
        if due is not None:
            wakes.append(due)
        elif room is not None and len(going) >= room:
            if frees is not None:
                wakes.append(frees)
        elif len(going) < free + AHEAD:
            going.append(delivery)
    return Plan((*samples, *going[:free]), tuple(going[free:]), bundle, min(wakes, default=None))


def _due_later(delivery: Delivery, now: datetime) -> datetime | None:
    """Give when a delivery is due, if that is later; what was tried while the clock ran ahead is due now."""
    due = delivery.due_time
    return due if due is not None and due > now and not _lies_ahead(delivery.sent_time, now) else None


def _gate(subscription: Subscription, pace: Pace, now: datetime) -> datetime | None:
    """Give the end of what holds up everything: quiet hours, or a pause that the receiver asked for."""
    quiet = quiet_end(subscription.quiet, now)
    hold = None if pace.hold_until is None or pace.hold_until > now + LONGEST_RETRY_AFTER else pace.hold_until
    return max((t for t in (quiet, hold) if t is not None and t > now), default=None)


def make_digest(members: Sequence[Delivery], now: datetime) -> Delivery:
    """Make one delivery of several; its id follows from theirs."""
    first = members[0]
    ids = tuple(member.id for member in members)
    return Delivery(
        id=digest_id(first.subscription_id, ids),
        subscription_id=first.subscription_id,
        alert_id=first.alert_id,
        sequence=first.sequence,
        state=DeliveryState.WAITING,
        attempt=0,
        answer="",
        sent_time=now,
        accepted_time=now,
        changes=tuple(change for member in members for change in member.changes),
        members=ids,
    )


def bundle_member(member: Delivery, digest: Delivery, now: datetime) -> Delivery:
    """Give a delivery as it stands once it goes out in a digest."""
    return member.model_copy(
        update={
            "state": DeliveryState.BUNDLED,
            "digest_id": digest.id,
            "changes": (),
            "sent_time": now,
            "due_time": None,
        }
    )


def retry_pause_s(delivery_id: str, attempt: int, first_s: float, limit_s: float) -> float:
    """Give the pause after a failed try: it doubles, and varies by a quarter up and down.

    The variation follows from the delivery and the number of the try: many that failed together do not come back
    together, and the same one always waits the same.
    """
    pause_s = min(first_s * 2.0 ** min(attempt - 1, 60), limit_s)
    chance = int.from_bytes(sha256(f"{delivery_id}|{attempt}".encode()).digest()[:4]) / 2**32
    return pause_s * (0.75 + chance / 2)


def parse_retry_after(value: str | None, now: datetime) -> datetime | None:
    """Read the header Retry-After (RFC 9110): seconds, or a date. What is neither is as good as none."""
    text = (value or "").strip()
    if text.isascii() and text.isdecimal():
        return now + min(timedelta(seconds=int(text[:9])), LONGEST_RETRY_AFTER)
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the second where a number is larger than any date's
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return max(now, min(found, now + LONGEST_RETRY_AFTER)).astimezone(UTC)


def quiet_end(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """Give the end of the quiet hours if `now` lies in them, else None.

    They are hours of the clock on the wall: where the clock is put forward or back they are an hour shorter or longer.
    """
    if quiet is None:
        return None
    zone = ZoneInfo(quiet.time_zone)
    start, end = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    local = now.astimezone(zone)
    wall = local.time()
    within = start <= wall < end if start < end else (wall >= start or wall < end)
    if not within:
        return None
    day = local.date() if wall < end else local.date() + timedelta(days=1)
    # Where the clock is put back over the end it shows it twice: the one that is yet to come counts.
    ends = (datetime.combine(day, end, tzinfo=zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return next(found for found in ends if found > now)


def _digest(
    ordered: Sequence[Delivery], subscription: Subscription, now: datetime
) -> tuple[tuple[Delivery, ...], datetime | None]:
    digest = subscription.digest
    if digest is None:
        return (), None
    fresh = [d for d in ordered if _is_for_digest(d)]
    # One at a time: the next must not overtake one that is tried again.
    if not fresh or any(d.members for d in ordered):
        return (), None
    due = _accepted(fresh[0]) + timedelta(seconds=digest.every_s)
    count = digest.count
    if due > now and (count is None or len(fresh) < count):
        return (), due
    chosen: list[Delivery] = []
    size = 0
    for delivery in fresh[: count if due > now and count else DIGEST_MOST]:
        size += sum(len(change.encode()) for change in delivery.changes)
        if chosen and (size > DIGEST_BYTES or len(chosen) == DIGEST_MOST):
            break
        chosen.append(delivery)
    # what did not fit is looked at again at once
    return tuple(chosen), now if len(chosen) < len(fresh) else None


def _is_for_digest(delivery: Delivery) -> bool:
    return delivery.state is DeliveryState.WAITING and not delivery.members and not delivery.sample


def _room(subscription: Subscription, pace: Pace, now: datetime) -> tuple[int | None, datetime | None]:
    """Give how many may go out now, and when the next one may."""
    most = subscription.per_minute
    if most is None:
        return None, None
    lately = sorted(t for t in pace.sent if t > now - MINUTE and not _lies_ahead(t, now))
    if len(lately) < most:
        return most - len(lately), lately[0] + MINUTE if lately else now + MINUTE
    return 0, lately[-most] + MINUTE


def _first_of_each_alert(ordered: Sequence[Delivery]) -> list[Delivery]:
    """Give of each alert the change that goes out next: a later one waits for it, whether it is due or not.

    The number of the change decides, not when it came: a clock may have been put right in between.
    """
    first: dict[str, Delivery] = {}
    for delivery in ordered:
        known = first.setdefault(delivery.alert_id, delivery)
        if delivery.sequence < known.sequence:
            first[delivery.alert_id] = delivery
    return list(first.values())


def _lies_ahead(done: datetime, now: datetime) -> bool:
    """Tell whether something that was done lies ahead: the clock was wrong then, and what follows from it counts no more."""
    return done > now + MINUTE


def _order(delivery: Delivery) -> tuple[datetime, str, int, str]:
    return (_accepted(delivery), delivery.alert_id, delivery.sequence, delivery.id)


def _accepted(delivery: Delivery) -> datetime:
    return delivery.accepted_time or delivery.sent_time


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours >= 2 else f"{span.total_seconds() / 60:.0f} minutes"  # noqa: PLR2004
