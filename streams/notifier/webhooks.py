"""Webhooks by Standard Webhooks: signed, pinned to a judged address, one try each."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import aiohttp
from standardwebhooks.webhooks import Webhook
from yarl import URL

from streams.notifier.guard import GuardedResolver, RefusedError, check_url
from streams.notifier.schedule import Answer, parse_retry_after
from streams.tracing import carried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from schemas.subscription import Delivery, Subscription
    from streams.notifier.guard import Policy

SAMPLE_HEADER: Final = "dragoman-sample"
_REASON_SIGNS: Final = 60
_RECONSIDERED: Final = frozenset({429, 503})


def make_session(policy: Policy, timeout_s: float) -> aiohttp.ClientSession:
    """Make the HTTP client of all webhooks. What it holds of an answer is bounded: the body is never read."""
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(policy),
        use_dns_cache=False,
        limit=0,  # bounded by subscriber: one that hangs must not take a connection from another
        force_close=True,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=timeout_s, connect=min(timeout_s, 10.0)),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        read_bufsize=2**14,
    )


def encode_body(delivery: Delivery) -> bytes:
    """Give the body: the AlertChange, or for a digest `{"changes": [AlertChange, ...]}`. Equal for every try."""
    bodies = [change.encode() for change in delivery.changes]
    return b'{"changes":[' + b",".join(bodies) + b"]}" if delivery.members else bodies[0]


def sign(delivery: Delivery, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Give the headers: id constant over tries, time of this try, one signature for each secret."""
    headers = {
        "content-type": "application/json",
        "user-agent": f"Dragoman/{version('dragoman')}",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(int(now.timestamp())),
    }
    if secrets:
        text = body.decode()
        headers["webhook-signature"] = " ".join(
            Webhook(secret).sign(delivery.id, now, text) for secret in secrets
        )
    if delivery.sample:
        headers[SAMPLE_HEADER] = "true"
    return headers


async def deliver_webhook(
    session: aiohttp.ClientSession,
    subscription: Subscription,
    delivery: Delivery,
    policy: Policy,
    now: Callable[[], datetime],
) -> Answer:
    """Try once, and say what came of it. No redirect is followed."""
    body = encode_body(delivery)
    headers = sign(delivery, body, subscription.secrets, now())
    headers |= {name: value.decode() for name, value in carried()}
    try:
        url = URL(subscription.channel)
        check_url(url, policy)
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            return read_answer(
                response.status, response.reason or "", response.headers.get("retry-after"), now()
            )
    except RefusedError as error:
        return Answer(delivered=False, words=f"refused: it {error}", never=True)
    except TimeoutError:
        return Answer(
            delivered=False, words="no answer within the time that DRAGOMAN_NOTIFIER_TIMEOUT_S allows"
        )
    except (aiohttp.InvalidURL, ValueError):
        return Answer(delivered=False, words="its address is none", never=True)
    except (aiohttp.ClientError, OSError) as error:
        return Answer(delivered=False, words=_in_words(error))


def read_answer(status: int, reason: str, retry_after: str | None, now: datetime) -> Answer:
    """Say what a status means: 2xx is delivered, all else is not."""
    words = f"{status} {reason[:_REASON_SIGNS]}".strip()
    if 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls a success
        return Answer(delivered=True, words=words, status=status)
    if 300 <= status < 400:  # noqa: PLR2004 - a redirect
        words += ": redirects are not followed; give the address that it leads to"
    again = parse_retry_after(retry_after, now) if status in _RECONSIDERED else None
    return Answer(delivered=False, words=words, status=status, retry_after=again)


_FAILURES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (aiohttp.ClientConnectorCertificateError, "its certificate is not good for this name"),
    (aiohttp.ClientConnectorDNSError, "its name cannot be looked up"),
    (aiohttp.ClientSSLError, "it speaks no TLS that is good"),
    (aiohttp.ClientConnectorError, "it cannot be connected to"),
    (aiohttp.ServerDisconnectedError, "it closed the connection without an answer"),
    (aiohttp.ClientResponseError, "its answer is no HTTP"),
)


def _in_words(error: Exception) -> str:
    # Never the words of the error itself: some repeat the address, and in its path may lie what is secret.
    words = next((words for kind, words in _FAILURES if isinstance(error, kind)), "the connection failed")
    return f"{words} ({type(error).__name__})"
