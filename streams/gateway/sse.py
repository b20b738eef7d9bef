"""A topic as a stream of server-sent events."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import orjson
from starlette.responses import Response

from streams.facets import is_met
from streams.gateway.cursor import format_cursor
from streams.gateway.protocols import WIRE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope, Send

    from streams.facets import Wanted
    from streams.gateway.following import Following
    from streams.gateway.log import Entry, Wave
    from streams.gateway.protocols import Wire

HEARTBEAT_S: Final = 15.0
_CHUNK_BYTES: Final = 65_536
_RETRY: Final = b"retry: 1000\n"
"""Milliseconds until a browser that lost the connection tries again; of itself it would take three times as long."""
_ALIVE: Final = b": alive\n\n"
_FAREWELL: Final = b": the gateway stops; come back with your cursor\n\n"


def render_events(name: bytes, entries: Iterable[tuple[Entry, str]], wanted: Wanted) -> bytes:
    """Write what is wanted of some entries as events, each with the cursor behind it. Empty where nothing is."""
    events = [
        # Good: orjson writes no line end into JSON, so the data is one line
        b"id: %b\nevent: %b\ndata: %b\n\n" % (cursor.encode(), name, entry.item.data)
        for entry, cursor in entries
        if entry.item is not None and is_met(wanted, entry.item.facets)
    ]
    return b"".join(events)


class EventStream(Response):
    """The answer to a client that follows. One that takes nothing for too long is let go and can resume.

    Who has everything so far is *live*: what comes is written once for all who want the same, and handed to each
    connection by the log itself. Who does not keep up reads on alone, in the task of its request, until it is live again.
    """

    media_type = "text/event-stream"

    def __init__(self, following: Following, event: str, heartbeat_s: float = HEARTBEAT_S) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._following = following
        self._heartbeat_s = heartbeat_s
        self._name = event.encode()
        self._choice = (event, frozenset(following.wanted.items()))
        self._wire: Wire | None = None
        self._behind: asyncio.Future[None] | None = None
        self._ending = False
        self._told = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve until the client goes, or is let go, or the process stops."""
        wire = self._wire = scope.get("extensions", {}).get(WIRE)
        if wire is not None:
            wire.on_shutdown = self._end
        with self._following.counted():
            streaming = asyncio.create_task(self._stream(send))
            listening = asyncio.create_task(_until_gone(receive))
            try:
                await asyncio.wait({streaming, listening}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if wire is not None:
                    wire.on_shutdown = None
                for task in (streaming, listening):
                    task.cancel()
                found, _ = await asyncio.gather(streaming, listening, return_exceptions=True)
            if isinstance(found, TimeoutError):
                self._following.let_go(scope)
            elif isinstance(found, Exception):
                raise found

    async def _stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self._say(send, self._greeting())
        while not self._ending:
            entries = await self._following.read()
            if entries:
                await self._catch_up(send, entries)
            else:
                await self._say(send, await self._be_live())
        await self._say(send, _FAREWELL, more=False)

    def _greeting(self) -> bytes:
        self._told = cursor = format_cursor(self._following.positions)
        if self._following.lost:
            told = orjson.dumps(self._following.reset())
            return b"%bid: %b\nevent: reset\ndata: %b\n\n" % (_RETRY, cursor.encode(), told)
        # an id without data moves the client's cursor, so that it can resume even before its first event
        return b"%bid: %b\n\n" % (_RETRY, cursor.encode())

    def _heartbeat(self) -> bytes:
        cursor = format_cursor(self._following.positions)
        if cursor == self._told:
            return _ALIVE
        # what was not wanted moved the position: a cursor that stands still would fall out of retention
        self._told = cursor
        return f"id: {cursor}\n\n".encode()

    async def _catch_up(self, send: Send, entries: list[Entry]) -> None:
        passed: list[tuple[Entry, str]] = []
        size = 0
        for number, entry in enumerate(entries, start=1):
            passed.append((entry, self._following.pass_by(entry)))
            size += len(entry.item.data) if entry.item is not None else 0
            if size >= _CHUNK_BYTES or number == len(entries):
                data = render_events(self._name, passed, self._following.wanted)
                if data:
                    await self._say(send, data)
                passed, size = [], 0

    async def _be_live(self) -> bytes:
        """Have what comes written by the log, until a heartbeat is due or this client does not keep up; gives what to say then."""
        following = self._following
        if self._wire is None or not following.has_all:
            return b"" if await following.wait(self._heartbeat_s) else self._heartbeat()
        self._behind = asyncio.get_running_loop().create_future()
        with following.live(self._take):
            behind, _ = await asyncio.wait({self._behind}, timeout=self._heartbeat_s)
        # to be said, it has to take what it was given before
        return _ALIVE if behind else self._heartbeat()

    def _take(self, wave: Wave) -> None:
        """Write what came to the connection, if it is keeping up."""
        if self._behind is None or self._behind.done() or self._wire is None:
            return
        self._following.positions = dict(wave.after)
        data = wave.written.get(self._choice)
        if data is None:
            data = render_events(self._name, wave.entries, self._following.wanted)
            wave.written[self._choice] = data
        if data and not self._wire.write_chunk(data):
            self._behind.set_result(None)

    def _end(self) -> None:
        self._ending = True
        if self._behind is not None and not self._behind.done():
            self._behind.set_result(None)

    async def _say(self, send: Send, data: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(self._following.let_go_s):
            await send({"type": "http.response.body", "body": data, "more_body": more})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
