from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from streams.notifier.guard import Policy
from streams.notifier.schedule import Answer, make_digest
from streams.notifier.webhooks import deliver_webhook, encode_body, make_session, read_answer, sign
from streams.subscriptions import request_sample
from tests.factories import NOON
from tests.notifier.test_schedule import make_delivery, make_subscription

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OLD, NEW = ("whsec_" + letter * 43 + "=" for letter in "AB")
POLICY = Policy(frozenset({"127.0.0.1"}))


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - receivers compare with their clock


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_secrets_rotate_either_verifies(secret: str) -> None:
    body = encode_body(make_delivery())
    headers = sign(make_delivery(), body, (NEW, OLD), now())
    assert Webhook(secret).verify(body, headers)["alert"]["id"] == "alert-1"


def test_a_signature_covers_the_body_and_the_id() -> None:
    body = encode_body(make_delivery())
    headers = sign(make_delivery(), body, (NEW,), now())
    for wrong in ({"webhook-id": "other"}, {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}):
        with pytest.raises(WebhookVerificationError):
            Webhook(NEW).verify(body, {**headers, **wrong})
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(body, headers)


def test_every_try_has_the_same_id_and_body_and_its_own_time() -> None:
    delivery = make_delivery()
    again = delivery.model_copy(update={"attempt": 3})
    assert encode_body(delivery) == encode_body(again)
    first, second = (sign(d, b"{}", (), now()) for d in (delivery, again))
    assert first["webhook-id"] == second["webhook-id"] == delivery.id
    assert "webhook-signature" not in first


def test_a_digest_has_its_changes_in_a_list_and_a_sample_says_so() -> None:
    digest = make_digest([make_delivery(1), make_delivery(2)], NOON)
    assert [c["alert"]["id"] for c in orjson.loads(encode_body(digest))["changes"]] == ["alert-1", "alert-2"]
    sample = request_sample(make_subscription(), NOON)
    assert sign(sample, encode_body(sample), (), NOON)["dragoman-sample"] == "true"
    assert "sample" in sample.changes[0].alert.summary


def test_only_what_is_2xx_is_delivered() -> None:
    assert read_answer(204, "No Content", None, NOON) == Answer(
        delivered=True, words="204 No Content", status=204
    )
    assert not read_answer(302, "Found", None, NOON).delivered
    assert "redirects are not followed" in read_answer(302, "Found", None, NOON).words
    assert read_answer(500, "Oh", "30", NOON).retry_after is None
    assert read_answer(429, "Slow", "30", NOON).retry_after is not None


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=200)
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65_536)

    app = web.Application()
    app.router.add_post("/endless", endless)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def answer_of(channel: str, policy: Policy = POLICY) -> Answer:
    async with make_session(policy, 2.0) as session:
        return await deliver_webhook(
            session, make_subscription(channel=channel), make_delivery(), policy, now
        )


async def test_an_answer_without_end_is_not_read(address: str) -> None:
    assert await answer_of(f"http://{address}/endless") == Answer(delivered=True, words="200 OK", status=200)


@pytest.mark.parametrize(
    ("channel", "words", "never"),
    [
        ("https://{}/x", "it speaks no TLS that is good", False),
        ("http://127.0.0.1:1/x", "it cannot be connected to", False),
        ("https://name.invalid/x", "its name cannot be looked up", False),
        ("https://[::1]/secret-path", "refused: it leads to", True),
        ("https://2130706433/x", "its address is none", True),
    ],
)
async def test_what_cannot_be_reached_is_said_in_words_that_give_no_path_away(
    address: str, channel: str, words: str, never: object
) -> None:
    answer = await answer_of(channel.format(address))
    assert (answer.delivered, answer.never) == (False, never)
    assert words in answer.words
    assert "secret-path" not in answer.words
