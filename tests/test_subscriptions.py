from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.subscription import DeliveryState, Subscription
from streams.subscriptions import (
    SubscriptionError,
    channel_error,
    delivery_id,
    edit_subscription,
    find_errors,
    hide_channel,
    is_secret,
    parse_subscription,
    request_again,
    request_sample,
    resume,
    rotate_secret,
    select,
    without_secrets,
)
from tests.factories import NOON, make_alert_change

SECRET = "whsec_" + "A" * 43 + "="


def make_subscription(name: str = "desk", **fields: object) -> Subscription:
    return Subscription.model_validate(
        {"id": name, "name": name, "channel": "https://desk.example/hook", **fields}
    )


def test_whoever_wants_a_change_is_chosen_in_the_order_of_ids() -> None:
    wishes = [
        make_subscription("b"),
        make_subscription("a", filter={"countries": ["IRN"]}),
        make_subscription("c", filter={"countries": ["FRA"]}),
        make_subscription("d", channel=""),
    ]
    for ordered in permutations(wishes):
        assert [s.name for s in select(make_alert_change(), ordered)] == ["a", "b"]


def test_who_paused_wants_nothing_and_who_was_paused_still_does() -> None:
    by_owner = make_subscription("a", paused=True)
    by_notifier = make_subscription("b", paused=True, paused_reason="gone")
    assert select(make_alert_change(), [by_owner, by_notifier]) == (by_notifier,)
    assert resume(by_notifier) == make_subscription("b")


def test_one_change_and_one_subscription_have_one_delivery_id() -> None:
    assert delivery_id("a", "b", 1) == delivery_id("a", "b", 1)
    assert len({delivery_id(s, a, n) for s in "ab" for a in "ab" for n in (1, 2)}) == 8


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": ""}, "name", "is empty"),
        ({"filter": {"countries": ["Iran"]}}, "filter.countries.0", "pattern"),
        ({"filter": {"languages": ["persian!"]}}, "filter.languages.0", "no language tag"),
        ({"digest": {"every_s": 5}}, "digest.every_s", "greater than or equal to 60"),
        ({"quiet": {"start": "22:00", "end": "6", "time_zone": "UTC"}}, "quiet.end", "pattern"),
        ({"quiet": {"start": "22:00", "end": "06:00", "time_zone": "Vienna"}}, "quiet.time_zone", "IANA"),
        ({"quiet": {"start": "22:00", "end": "06:00", "time_zone": "../etc"}}, "quiet.time_zone", "IANA"),
        ({"quiet": {"start": "22:00", "end": "22:00", "time_zone": "UTC"}}, "quiet", "never be loud"),
        ({"per_minute": 0}, "per_minute", "greater than or equal to 1"),
        ({"per_minute": True}, "per_minute", "valid integer"),
        ({"per_minute": 10**30}, "per_minute", "more than 10000"),
        ({"digest": {"every_s": 10**12}}, "digest.every_s", "more than 2678400"),
        ({"filter": {"sources": ["x" * 300_000]}}, "record", "larger than"),
        ({"secrets": ["hunter2"]}, "secrets.0", "base64"),
        ({"secrets": [SECRET], "channel": "slack://x"}, "secrets", "webhooks only"),
        ({"channel": "ftp://desk.example"}, "channel", "neither https:// nor"),
        ({"surprise": 1}, "surprise", "unknown"),
    ],
)
def test_what_cannot_be_served_is_refused_with_its_field(
    fields: dict[str, object], field: str, words: str
) -> None:
    given = {"id": "desk", "name": "desk", "channel": "https://desk.example/hook", **fields}
    with pytest.raises(SubscriptionError) as caught:
        parse_subscription(given)
    assert [words in e.reason for e in caught.value.errors if e.field == field] == [True]


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ("https://", "no host"),
        ("https://user:pw@desk.example/", "user name or password"),
        ("https://desk.example/#x", "a #"),
        ("https://desk.example:0/", "port 0"),
        ("https://desk.example:99999/", "no address"),
        ("https://[::1/", "no address"),
        ("https://desk.example\\@127.0.0.1/", "backslash"),
        ("https://desk.example/\n", "control character"),
        ("https://2130706433/", "usual form"),
        ("https://0x7f.1/", "usual form"),
        ("https://127.1/", "usual form"),
        ("syslog://", "nobody looks there"),
        ("fcm://project@apikey/x?keyfile=/etc/passwd", "files of the notifier"),
        ("mailto://a:b@c.example?pgpkey=/etc/passwd", "names a file"),
        ("nosuch://x", "neither https:// nor"),
    ],
)
def test_a_channel_that_leads_nowhere_good_is_refused(channel: str, words: str) -> None:
    assert words in (channel_error(channel) or "")


def test_a_channel_that_is_refused_is_not_written_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    for channel in ("gopher://user:secret@x", "slack://secret", "mailto://secret"):
        channel_error(channel)
    assert "secret" not in caplog.text


def test_good_channels_are_taken() -> None:
    for channel in ("", "https://desk.example:8443/hook?a=b", "https://93.184.215.14/x", "https://[2606:2800::1]/x",
                    "mailtos://u:p@mail.example?to=a@b.example"):  # fmt: skip
        assert channel_error(channel) is None


@given(st.text(max_size=60))
def test_no_channel_breaks_the_check(text: str) -> None:
    channel = f"https://{text}"
    assert isinstance(hide_channel(channel), str)
    error = channel_error(channel)
    assert error is None or error


def test_what_is_secret_is_not_shown() -> None:
    wish = make_subscription(channel="https://desk.example:8443/T0/B0/token?key=1", secrets=[SECRET])
    assert find_errors(wish) == ()
    shown = without_secrets(wish)
    assert (shown["channel"], shown["secrets"]) == ("https://desk.example:8443/...", 1)
    assert hide_channel("slack://xoxb-token/#general") == "slack://..."
    assert hide_channel("mailto://user:password@mail.example") == "mailto://..."


def test_two_secrets_are_in_use_while_they_rotate() -> None:
    newer, newest = (SECRET.replace("A", letter) for letter in "BC")
    wish = rotate_secret(rotate_secret(make_subscription(secrets=[SECRET]), newer), newest)
    assert wish.secrets == (newest, newer)
    assert is_secret(newest)


def test_a_request_keeps_the_id_and_what_is_to_be_sent() -> None:
    sample = request_sample(make_subscription(), NOON)
    parked = sample.model_copy(update={"state": DeliveryState.PARKED, "attempt": 7, "failing_since": NOON})
    again = request_again(parked, NOON)
    assert (again.id, again.changes, again.attempt) == (sample.id, sample.changes, 7)
    assert (again.state, again.failing_since) == (DeliveryState.REQUESTED, None)


FRESH = SECRET.replace("A", "F")
OTHER = SECRET.replace("A", "B")
MADE = {"add_secret": "new"}


def edit(wish: Subscription, **changes: object) -> Subscription:
    return edit_subscription(wish, changes, FRESH).subscription


def test_an_edit_changes_what_it_names_and_leaves_the_rest() -> None:
    wish = make_subscription(
        filter={"countries": ["IRN"], "level": "high"},
        secrets=[SECRET],
        digest={"every_s": 900, "count": 20},
        quiet={"start": "22:00", "end": "06:00", "time_zone": "UTC"},
        paused=True,
        paused_reason="the receiver answered 410 Gone",
        created_time=NOON,
    )
    edited = edit(
        wish,
        name="night",
        filter={"countries": ["IRN", "CHN"], "level": None},
        digest={"count": None},
        quiet=None,
        per_minute=10,
    )
    assert edited == make_subscription(
        id="desk",
        name="night",
        filter={"countries": ["IRN", "CHN"]},
        secrets=[SECRET],
        digest={"every_s": 900},
        per_minute=10,
        paused=True,
        paused_reason="the receiver answered 410 Gone",
        created_time=NOON,
    )


def test_what_was_shown_can_be_sent_back_and_changes_nothing() -> None:
    wish = make_subscription(channel="https://desk.example/T0/token", secrets=[SECRET], created_time=NOON)
    assert edit_subscription(wish, without_secrets(wish), FRESH) == edit_subscription(wish, {}, FRESH)
    assert edit(wish, **without_secrets(wish)) == wish


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["desk", "night", "", None]),
            "filter": st.none()
            | st.dictionaries(
                st.sampled_from(["countries", "level", "topics", "nothing"]),
                st.none() | st.just(["IRN"]) | st.just("high"),
            ),
            "digest": st.none()
            | st.fixed_dictionaries({}, optional={"every_s": st.integers(), "count": st.none()}),
            "secrets": st.none() | st.lists(st.sampled_from([SECRET, OTHER, "hunter2"]), max_size=7),
            "add_secret": st.sampled_from(["new", OTHER, "hunter2", None, 7]),
            "keep_secrets": st.integers(-1, 7) | st.booleans() | st.none(),
            "channel": st.sampled_from(
                ["", "https://x.example/y", "https://", "mailto://a:b@c.example", None]
            ),
        },
    )
)
def test_an_edit_gives_what_can_be_served_or_names_the_fields_and_twice_is_as_once(
    changes: dict[str, object],
) -> None:
    wish = make_subscription(secrets=[SECRET])
    try:
        edited = edit_subscription(wish, changes, FRESH).subscription
    except SubscriptionError as error:
        assert error.errors
        assert {e.field.partition(".")[0] for e in error.errors} <= {*changes, "secrets"}
        return
    assert find_errors(edited) == ()
    again = {name: value for name, value in changes.items() if name not in {"add_secret", "keep_secrets"}}
    assert edit(edit(wish, **again), **again) == edit(wish, **again)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"id": "other"}, "id", "an edit leaves it"),
        ({"paused": True}, "paused", "pause and resume"),
        ({"created_time": "2026-03-01T12:00:00Z"}, "created_time", "when it was added"),
        ({"name": None}, "name", "is missing"),
        ({"filter": {"contries": None}}, "filter.contries", "unknown"),
        ({"surprise": None}, "surprise", "unknown"),
        ({"digest": {"count": 5}}, "digest.every_s", "is missing"),
        ({"filter": {"countries": ["IRN", "Iran"]}}, "filter.countries.1", "pattern"),
        ({"add_secret": "hunter2"}, "add_secret", "neither new nor"),
        ({"add_secret": "new", "channel": None}, "add_secret", "webhooks only"),
        ({"keep_secrets": 9}, "keep_secrets", "from 0 to 5"),
        ({"keep_secrets": 1, "secrets": []}, "keep_secrets", "does not go with secrets"),
        ({"channel": "gopher://x"}, "channel", "neither https:// nor"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_with_its_field(
    changes: dict[str, object], field: str, words: str
) -> None:
    with pytest.raises(SubscriptionError) as caught:
        edit_subscription(make_subscription(), changes, FRESH)
    assert [words in e.reason for e in caught.value.errors if e.field == field] == [True]


def test_a_secret_is_added_before_those_in_use_and_older_ones_stay_until_they_are_let_go() -> None:
    added = edit_subscription(make_subscription(secrets=[SECRET]), MADE, FRESH)
    assert (added.subscription.secrets, added.secret) == ((FRESH, SECRET), FRESH)
    given_one = edit_subscription(added.subscription, {"add_secret": OTHER}, FRESH)
    assert (given_one.subscription.secrets, given_one.secret) == ((OTHER, FRESH, SECRET), None)
    assert edit(given_one.subscription, keep_secrets=1).secrets == (OTHER,)
    assert edit(given_one.subscription, add_secret=SECRET, keep_secrets=3).secrets == (SECRET, OTHER, FRESH)
    assert edit(given_one.subscription, keep_secrets=0, **MADE).secrets == (FRESH,)
    full = make_subscription(secrets=[SECRET.replace("A", letter) for letter in "BCDEG"])
    with pytest.raises(SubscriptionError, match="one more than 5"):
        edit(full, **MADE)


def test_secrets_come_and_go_with_the_webhook() -> None:
    hook = make_subscription(secrets=[SECRET])
    mail = edit(hook, channel="mailto://a:b@c.example")
    assert mail.secrets == ()
    assert edit(hook, channel=None).channel == ""
    back = edit_subscription(mail, {"channel": "https://desk.example/hook"}, FRESH)
    assert (back.subscription.secrets, back.secret) == ((FRESH,), FRESH)
    assert edit(hook, channel="https://other.example/hook").secrets == (SECRET,)
    assert edit(mail, channel="https://desk.example/hook", secrets=[]).secrets == ()
