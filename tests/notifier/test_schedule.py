from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from schemas.subscription import Delivery, DeliveryState, Digest, QuietHours, Subscription
from streams.notifier.schedule import (
    AT_ONCE,
    DIGEST_MOST,
    Answer,
    Pace,
    Patience,
    bundle_member,
    judge_answer,
    judge_moved,
    make_digest,
    parse_retry_after,
    plan_next,
    quiet_end,
    retry_pause_s,
)
from streams.subscriptions import delivery_id
from tests.factories import NOON, make_alert_change

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED = Answer(delivered=False, words="500", status=500)
DONE = Answer(delivered=True, words="200 OK", status=200)
PATIENCE = Patience(first_s=5, limit_s=600, give_up_s=86_400)


def make_subscription(**fields: object) -> Subscription:
    return Subscription.model_validate(
        {"id": "desk", "name": "desk", "channel": "https://desk.example/hook", **fields}
    )


def make_delivery(number: int = 1, sequence: int = 1, at: datetime = NOON, **fields: object) -> Delivery:
    change = make_alert_change(number, sequence=sequence)
    return Delivery.model_validate(
        {
            "id": delivery_id("desk", change.alert.id, sequence),
            "subscription_id": "desk",
            "alert_id": change.alert.id,
            "sequence": sequence,
            "state": DeliveryState.WAITING,
            "attempt": 0,
            "answer": "",
            "sent_time": at,
            "accepted_time": at,
            "changes": (change,),
            **fields,
        }
    )


def ids(deliveries: Sequence[Delivery]) -> list[str]:
    return [delivery.id for delivery in deliveries]


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


# --- tries ----------------------------------------------------------------------------------------------------------


def test_what_is_delivered_keeps_its_id_and_no_content() -> None:
    verdict = judge_answer(make_delivery(), DONE, None, NOON, PATIENCE)
    assert verdict.delivery.id == make_delivery().id
    assert (verdict.delivery.state, verdict.delivery.changes) == (DeliveryState.DELIVERED, ())


@given(st.uuids().map(str), st.integers(1, 200))
def test_pauses_double_up_to_the_limit_and_differ_between_deliveries(id_: str, attempt: int) -> None:
    pause_s = retry_pause_s(id_, attempt, 5, 600)
    exact = min(5 * 2 ** (attempt - 1), 600)
    assert 0.75 * exact <= pause_s <= 1.25 * exact
    assert pause_s == retry_pause_s(id_, attempt, 5, 600)
    assert pause_s != retry_pause_s(id_ + "x", attempt, 5, 600)


def test_a_failed_try_is_repeated_later_with_all_that_it_needs() -> None:
    delivery = make_delivery()
    after = judge_answer(delivery, FAILED, None, NOON, PATIENCE).delivery
    assert (after.state, after.attempt, after.changes) == (DeliveryState.RETRYING, 1, delivery.changes)
    assert after.failing_since == NOON
    assert after.due_time is not None
    assert after.due_time > NOON


def test_retry_after_is_honoured_and_holds_up_the_whole_subscriber() -> None:
    asked = NOON + timedelta(minutes=20)
    verdict = judge_answer(
        make_delivery(),
        Answer(delivered=False, words="429", status=429, retry_after=asked),
        None,
        NOON,
        PATIENCE,
    )
    assert verdict.delivery.due_time == verdict.hold_until == asked
    assert verdict.delivery.asked
    plan = plan_next([make_delivery(2)], make_subscription(), Pace(hold_until=asked), NOON)
    assert (plan.send, plan.wake) == ((), asked)


def test_410_pauses_at_once() -> None:
    gone = Answer(delivered=False, words="410 Gone", status=410)
    verdict = judge_answer(make_delivery(), gone, NOON, NOON, PATIENCE)
    assert verdict.delivery.state is DeliveryState.PARKED
    assert verdict.pause == "the receiver answered 410 Gone"


def test_what_can_never_be_delivered_is_parked_and_the_others_go_on() -> None:
    verdict = judge_answer(
        make_delivery(), Answer(delivered=False, words="refused", never=True), None, NOON, PATIENCE
    )
    assert (verdict.delivery.state, verdict.pause) == (DeliveryState.PARKED, None)


def test_one_that_fails_for_long_while_others_get_through_is_parked_without_a_pause() -> None:
    since = NOON - timedelta(days=1)
    delivery = make_delivery(failing_since=since, state=DeliveryState.RETRYING, attempt=9)
    alone = judge_answer(delivery, FAILED, since - seconds(1), NOON, PATIENCE)
    among = judge_answer(delivery, FAILED, since + seconds(1), NOON, PATIENCE)
    assert alone.pause == "nothing was delivered for 24 hours; the last answer: 500"
    assert among.pause is None
    assert alone.delivery.state is among.delivery.state is DeliveryState.PARKED


@given(st.lists(st.sampled_from([500, 429, 503]), max_size=40), st.integers(1, 100_000))
def test_a_delivery_is_tried_until_patience_ends_and_keeps_its_id_and_content(
    statuses: list[int], give_up_s: int
) -> None:
    patience = Patience(5, 600, give_up_s)
    delivery, now = make_delivery(), NOON
    for status in statuses:
        verdict = judge_answer(
            delivery, Answer(delivered=False, words=str(status), status=status), None, now, patience
        )
        after = verdict.delivery
        assert (after.id, after.changes) == (delivery.id, delivery.changes)
        assert after.attempt == delivery.attempt + 1
        if after.state is DeliveryState.PARKED:
            assert now - NOON >= seconds(give_up_s)
            assert verdict.pause is not None
            return
        assert after.due_time is not None
        assert now < after.due_time <= NOON + seconds(give_up_s)
        delivery, now = after, after.due_time


def test_retry_after_is_read_as_seconds_or_as_a_date_and_never_for_longer_than_a_day() -> None:
    assert parse_retry_after("120", NOON) == NOON + seconds(120)
    assert parse_retry_after("Sun, 01 Mar 2026 12:05:00 GMT", NOON) == NOON + seconds(300)
    assert parse_retry_after("Sun, 01 Mar 2020 12:05:00 GMT", NOON) == NOON
    assert parse_retry_after("99999999999", NOON) == NOON + timedelta(days=1)
    assert parse_retry_after("Fri, 31 Dec 9999 23:59:59 -2359", NOON) == NOON + timedelta(days=1)
    for nonsense in (None, "", "soon", "-3", "1.5", "٣", "Sun, 01 Mar 2026 12:05:" + "9" * 30):
        assert parse_retry_after(nonsense, NOON) is None


@given(st.text(max_size=40))
def test_no_retry_after_breaks_it(value: str) -> None:
    found = parse_retry_after(value, NOON)
    assert found is None or NOON <= found <= NOON + timedelta(days=1)


# --- order and rate -------------------------------------------------------------------------------------------------


def test_a_later_change_of_an_alert_waits_for_the_earlier_one() -> None:
    first = make_delivery(state=DeliveryState.RETRYING, attempt=1, due_time=NOON + seconds(30))
    plan = plan_next([make_delivery(sequence=2), first, make_delivery(2)], make_subscription(), Pace(), NOON)
    assert ids(plan.send) == [make_delivery(2).id]
    assert plan.wake == NOON + seconds(30)


def test_what_was_tried_while_the_clock_was_a_day_ahead_does_not_wait_for_that_day() -> None:
    ahead = NOON + timedelta(days=1)
    retrying = judge_answer(make_delivery(), FAILED, None, ahead, PATIENCE).delivery
    assert ids(plan_next([retrying], make_subscription(), Pace(), NOON).send) == [retrying.id]
    held = Pace((ahead, ahead), hold_until=ahead + seconds(120))
    plan = plan_next([make_delivery()], make_subscription(per_minute=2), held, NOON)
    assert ids(plan.send) == [make_delivery().id]


def test_a_change_that_came_while_the_clock_was_ahead_still_goes_out_before_the_next_one() -> None:
    first, second = make_delivery(at=NOON + timedelta(days=1)), make_delivery(sequence=2)
    assert ids(plan_next([second, first], make_subscription(), Pace(), NOON).send) == [first.id]


def test_a_plan_reaches_further_than_what_goes_out_now_but_no_further_than_the_rate() -> None:
    waiting = [make_delivery(n) for n in range(AT_ONCE + 3)]
    plan = plan_next(waiting, make_subscription(), Pace(), NOON)
    assert (ids(plan.send), ids(plan.then)) == (ids(waiting[:AT_ONCE]), ids(waiting[AT_ONCE:]))
    plan = plan_next(waiting, make_subscription(per_minute=AT_ONCE + 1), Pace(), NOON)
    assert ids(plan.then) == ids(waiting[AT_ONCE : AT_ONCE + 1])


def test_so_many_a_minute_go_out_and_the_rest_follows() -> None:
    waiting = [make_delivery(n) for n in range(9)]
    wish = make_subscription(per_minute=3)
    plan = plan_next(waiting, wish, Pace(), NOON)
    assert len(plan.send) == 3
    sent = tuple(NOON + seconds(n) for n in range(3))
    later = plan_next(waiting[3:], wish, Pace(sent), NOON + seconds(10))
    assert (later.send, later.wake) == ((), NOON + seconds(60))
    assert len(plan_next(waiting[3:], wish, Pace(sent), NOON + seconds(60)).send) == 1


@given(
    st.lists(st.integers(0, 300), max_size=60),
    st.integers(1, 8),
    st.sampled_from([None, 60, 240]),
)
def test_run_through_time_each_goes_out_once_in_order_and_within_the_rate(
    arrivals: list[int], per_minute: int, digest_s: int | None
) -> None:
    """A subscriber who takes everything, driven by the plan alone."""
    wish = make_subscription(
        per_minute=per_minute, digest=None if digest_s is None else Digest(every_s=digest_s, count=5)
    )
    coming = sorted(
        (make_delivery(n % 7, 1 + n // 7, NOON + seconds(at)) for n, at in enumerate(sorted(arrivals))),
        key=lambda d: d.sent_time,
    )
    waiting: dict[str, Delivery] = {}
    sent: list[datetime] = []
    told: list[tuple[str, int]] = []
    now, steps = NOON, 0
    while coming or waiting:
        steps += 1
        assert steps < 1000
        while coming and coming[0].sent_time <= now:
            come = coming.pop(0)
            waiting[come.id] = come
        plan = plan_next(list(waiting.values()), wish, Pace(tuple(sent)), now)
        if plan.bundle:
            digest = make_digest(plan.bundle, now)
            assert len(plan.bundle) <= DIGEST_MOST
            for member in plan.bundle:
                assert bundle_member(member, digest, now).digest_id == digest.id
                del waiting[member.id]
            waiting[digest.id] = digest
            continue
        assert len(plan.send) <= AT_ONCE
        going = (*plan.send, *plan.then)  # one that takes everything takes these at once
        assert len({delivery.alert_id for delivery in going}) == len(going)
        for delivery in going:
            del waiting[delivery.id]
            sent.append(now)
            told += [(change.alert.id, change.sequence) for change in delivery.changes]
        if plan.send:
            continue
        nexts = [t for t in (plan.wake, coming[0].sent_time if coming else None) if t is not None]
        assert nexts, "something waits, and nothing says until when"
        assert min(nexts) > now
        now = min(nexts)
    assert len(told) == len(set(told)) == len(arrivals)
    for alert in {alert for alert, _ in told}:
        of_alert = [sequence for found, sequence in told if found == alert]
        assert of_alert == sorted(of_alert)
    assert all(sum(t - seconds(60) < other <= t for other in sent) <= per_minute for t in sent)


def test_nothing_goes_out_while_paused_but_a_sample() -> None:
    sample = make_delivery(9, sample=True, state=DeliveryState.REQUESTED)
    plan = plan_next([make_delivery(), sample], make_subscription(paused=True), Pace(), NOON)
    assert ids(plan.send) == [sample.id]


# --- digests --------------------------------------------------------------------------------------------------------


def test_a_digest_is_due_by_time_or_by_count() -> None:
    wish = make_subscription(digest={"every_s": 900, "count": 3})
    two = [make_delivery(n, at=NOON + seconds(n)) for n in range(2)]
    waits = plan_next(two, wish, Pace(), NOON + seconds(10))
    assert (waits.send, waits.bundle, waits.wake) == ((), (), NOON + seconds(900))
    assert ids(plan_next(two, wish, Pace(), NOON + seconds(900)).bundle) == ids(two)
    three = [*two, make_delivery(2, at=NOON + seconds(2))]
    assert ids(plan_next(three, wish, Pace(), NOON + seconds(10)).bundle) == ids(three)


def test_a_digest_that_is_tried_again_holds_back_the_next() -> None:
    wish = make_subscription(digest={"every_s": 60})
    digest = make_digest([make_delivery(1), make_delivery(2)], NOON)
    failed = judge_answer(digest, FAILED, None, NOON, PATIENCE).delivery
    plan = plan_next([failed, make_delivery(3)], wish, Pace(), NOON + seconds(61))
    assert plan.bundle == ()
    assert ids(plan.send) == [digest.id]


def test_the_id_of_a_digest_follows_from_what_is_in_it() -> None:
    members = [make_delivery(1), make_delivery(2)]
    assert make_digest(members, NOON).id == make_digest(members, NOON + seconds(5)).id
    assert make_digest(members, NOON).id != make_digest(members[:1], NOON).id


# --- quiet hours ----------------------------------------------------------------------------------------------------


def vienna(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo("Europe/Vienna"), fold=fold).astimezone(UTC)  # type: ignore[misc, arg-type]


NIGHT = QuietHours(start="22:00", end="06:00", time_zone="Europe/Vienna")


def test_quiet_hours_over_midnight_end_in_the_morning() -> None:
    assert quiet_end(NIGHT, vienna(2026, 1, 5, 21, 59)) is None
    assert quiet_end(NIGHT, vienna(2026, 1, 5, 22, 0)) == vienna(2026, 1, 6, 6, 0)
    assert quiet_end(NIGHT, vienna(2026, 1, 6, 5, 59)) == vienna(2026, 1, 6, 6, 0)
    assert quiet_end(NIGHT, vienna(2026, 1, 6, 6, 0)) is None


def test_quiet_hours_follow_the_clock_on_the_wall_over_its_changes() -> None:
    spring, autumn = vienna(2026, 3, 28, 23, 0), vienna(2026, 10, 24, 23, 0)
    assert quiet_end(NIGHT, spring) == datetime(2026, 3, 29, 4, tzinfo=UTC)
    assert quiet_end(NIGHT, autumn) == datetime(2026, 10, 25, 5, tzinfo=UTC)


def test_an_end_that_the_clock_leaves_out_or_shows_twice_comes_all_the_same() -> None:
    quiet = QuietHours(start="01:00", end="02:30", time_zone="Europe/Vienna")
    assert quiet_end(quiet, vienna(2026, 3, 29, 1, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert quiet_end(quiet, vienna(2026, 10, 25, 2, 10)) == vienna(2026, 10, 25, 2, 30)
    assert quiet_end(quiet, vienna(2026, 10, 25, 2, 10, fold=1)) == vienna(2026, 10, 25, 2, 30, fold=1)


_CLOCK = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda t: f"{t[0]:02}:{t[1]:02}")


@given(
    st.integers(946_684_800, 2_114_380_800).map(lambda second: datetime.fromtimestamp(second, UTC)),
    _CLOCK,
    _CLOCK,
    st.sampled_from(
        ["Europe/Vienna", "America/New_York", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
    ),
)
def test_quiet_hours_always_end_within_the_next_day(now: datetime, start: str, end: str, zone: str) -> None:
    if start == end:
        return
    quiet = QuietHours(start=start, end=end, time_zone=zone)
    found = quiet_end(quiet, now)
    wall = f"{now.astimezone(ZoneInfo(zone)):%H:%M}"
    within = start <= wall < end if start < end else wall >= start or wall < end
    assert (found is not None) == within
    if found is not None:
        assert now < found <= now + timedelta(hours=49)


def test_what_came_in_quiet_hours_goes_out_when_they_end() -> None:
    wish = make_subscription(quiet=NIGHT.model_dump())
    night = vienna(2026, 1, 5, 23, 0)
    waiting = [make_delivery(at=night)]
    assert plan_next(waiting, wish, Pace(), night).wake == vienna(2026, 1, 6, 6, 0)
    assert ids(plan_next(waiting, wish, Pace(), vienna(2026, 1, 6, 6, 0)).send) == ids(waiting)


def test_a_failure_at_a_channel_that_was_left_pauses_nobody_and_the_new_one_is_tried_at_once() -> None:
    for answer in (
        Answer(delivered=False, words="410 Gone", status=410),
        Answer(delivered=False, words="429", status=429, retry_after=NOON + timedelta(hours=3)),
        Answer(delivered=False, words="refused", never=True),
        FAILED,
    ):
        delivery = make_delivery(attempt=3, failing_since=NOON - timedelta(days=2))
        verdict = judge_moved(judge_answer(delivery, answer, None, NOON, PATIENCE), has_channel=True)
        assert (verdict.pause, verdict.hold_until) == (None, None)
        after = verdict.delivery
        assert (after.state, after.attempt, after.failing_since) == (DeliveryState.RETRYING, 4, None)
        assert plan_next([after], make_subscription(), Pace(), NOON).send == (after,)
    nowhere = judge_moved(judge_answer(make_delivery(), FAILED, None, NOON, PATIENCE), has_channel=False)
    assert nowhere.delivery.state is DeliveryState.DROPPED
    done = judge_answer(make_delivery(), DONE, None, NOON, PATIENCE)
    assert judge_moved(done, has_channel=False) == done


def test_what_was_collected_goes_out_one_by_one_once_the_digest_is_taken_away() -> None:
    waiting = [make_delivery(n, at=NOON + timedelta(seconds=n)) for n in range(3)]
    collecting = make_subscription(digest={"every_s": 3600})
    assert plan_next(waiting, collecting, Pace(), NOON).send == ()
    assert plan_next(waiting, make_subscription(), Pace(), NOON).send == tuple(waiting)
