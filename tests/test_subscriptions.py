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
