"""Whether the process is alive and ready, told over HTTP together with its metrics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from streams.telemetry import READY, LogEvent, Metrics, log_event

if TYPE_CHECKING:
    from collections.abc import Mapping


class Health:
    """What keeps the process from being ready: one sentence for each trouble, by name."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._troubles: dict[str, str] = {}
        self._told_ready: bool | None = None
        self._is_ready = asyncio.Event()
        self._is_ready.set()
        metrics.set(READY, 1)

    def report(self, name: str, sentence: str) -> None:
        """Note a trouble; one of the same name is replaced."""
        self._troubles[name] = sentence
        self._is_ready.clear()
        self._metrics.set(READY, 0)

    def clear(self, name: str) -> None:
        """Take a trouble back; one that is not there is no error."""
        self._troubles.pop(name, None)
        self._metrics.set(READY, 0 if self._troubles else 1)
        if not self._troubles:
            self._is_ready.set()

    def note(self, name: str, sentence: str | None) -> None:
        """Note a trouble, or take it back where there is nothing to say."""
        if sentence is None:
            self.clear(name)
        else:
            self.report(name, sentence)

    async def wait_ready(self) -> None:
        """Return when nothing is wrong."""
        await self._is_ready.wait()

    @property
    def ready(self) -> bool:
        """Whether nothing is wrong."""
        return not self._troubles

    @property
    def reasons(self) -> Mapping[str, str]:
        """What is wrong, by name, in order."""
        return dict(sorted(self._troubles.items()))

    def tell(self) -> None:
        """Write a line when the process lost readiness or has it back; a start is neither."""
        if self.ready == self._told_ready or (self._told_ready is None and not self.ready):
            return
        if not self.ready:
            log_event(LogEvent.NOT_READY, reasons=self.reasons)
        elif self._told_ready is not None:
            log_event(LogEvent.READY)
        self._told_ready = self.ready


class HealthServer:
    """Serves /healthz, /readyz and /metrics: nothing else, and nothing that changes anything."""

    def __init__(self, health: Health, metrics: Metrics) -> None:
        self._health = health
        self._metrics = metrics
        app = web.Application()
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/metrics", self._render)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self, host: str, port: int) -> int:
        """Listen, and give the port: the one asked for, or a free one for 0.

        Raises:
            OSError: the address cannot be used, most often because someone else has the port.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        found: int = self._runner.addresses[0][1]
        return found

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _alive(self, _: web.Request) -> web.Response:
        return _answer(200, {"alive": True})

    async def _ready(self, _: web.Request) -> web.Response:
        return _answer(
            200 if self._health.ready else 503, {"ready": self._health.ready, "reasons": self._health.reasons}
        )

    async def _render(self, _: web.Request) -> web.Response:
        return web.Response(
            body=self._metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )


def _answer(status: int, body: object) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
