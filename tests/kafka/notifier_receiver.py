"""A receiver of webhooks for the tests: it verifies what it gets, keeps it, and answers as it is told to."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from schemas.ids import derived_id
from schemas.subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

OK = 200

Said = int | str | tuple[int, dict[str, str]]
"""How to answer a try: a status, a status with headers, `hang`, or `close`."""


@dataclass
class Receiver:
    """What came, by webhook-id; `script` says how each path answers, try by try, and 200 behind its end."""

    address: str = ""
    script: dict[str, list[Said]] = field(default_factory=dict)
    pause_s: float = 0.0
    bodies: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    tries: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    taken: list[tuple[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why a signature was not accepted, each time."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        try:
            content = Webhook(SECRET).verify(body, dict(request.headers))
        except WebhookVerificationError as error:
            self.refused.append(str(error))
            return web.Response(status=400)
        id_, path = request.headers["webhook-id"], request.path
        self.bodies[id_].add(body)
        self.headers[id_] = dict(request.headers)
        self.tries[path].append(id_)
        self.times[path].append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.pause_s)
        script = self.script.get(path, [])
        said = script.pop(0) if script else OK
        if said == "hang":
            await asyncio.sleep(60)
        elif said == "close":
            assert request.transport is not None
            request.transport.abort()
        elif said == OK:
            self.taken.append((id_, content))
        if isinstance(said, tuple):
            return web.Response(status=said[0], headers=said[1])
        return web.Response(status=said if isinstance(said, int) else 500)

    def taken_ids(self) -> list[str]:
        return [id_ for id_, _ in self.taken]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/{name:.*}", receiver.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield receiver
    finally:
        await runner.cleanup()


def make_subscription(name: str, channel: str, **fields: object) -> Subscription:
    secrets = (SECRET,) if channel.startswith("http") else ()
    return Subscription.model_validate(
        {
            "id": derived_id("test subscription", name),
            "name": name,
            "channel": channel,
            "secrets": secrets,
            **fields,
        }
    )


async def until(holds: Callable[[], bool | Awaitable[bool]], timeout_s: float = 20) -> None:
    """Wait until something holds; what does not come in time fails the test."""
    async with asyncio.timeout(timeout_s):
        while True:
            found = holds()
            if found is True or (not isinstance(found, bool) and await found):
                return
            await asyncio.sleep(0.03)
