"""A topic as a stream of server-sent events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson
from sse_starlette import EventSourceResponse
from sse_starlette.sse import SendTimeoutError

from streams.facets import is_met
from streams.gateway.cursor import format_cursor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from streams.gateway.following import Following

HEARTBEAT_S: Final = 15.0


class EventStream(EventSourceResponse):
    """The answer to a client that follows. One that takes nothing for too long is let go and can resume."""

    def __init__(self, following: Following, event: str) -> None:
        super().__init__(
            _events(following, event), ping=HEARTBEAT_S, send_timeout=following.let_go_s, sep="\n"
        )
        self._following = following

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve until the client goes, or is let go."""
        with self._following.counted():
            try:
                await super().__call__(scope, receive, send)
            except SendTimeoutError:
                self._following.let_go(scope)


async def _events(following: Following, event: str) -> AsyncIterator[bytes]:
    cursor = format_cursor(following.positions)
    if following.lost:
        told = orjson.dumps(following.reset()).decode()
        yield f"id: {cursor}\nevent: reset\ndata: {told}\n\n".encode()
    else:
        # an id without data moves the client's cursor, so that it can resume even before its first event
        yield f": following\nid: {cursor}\n\n".encode()
    name = event.encode()
    moved = False
    while True:
        entries = await following.read()
        for entry in entries:
            moved = True
            if entry.item is not None and is_met(following.wanted, entry.item.facets):
                moved = False
                id_ = following.pass_by(entry).encode()
                # Good: orjson writes no line end into JSON, so the data is one line
                yield b"id: " + id_ + b"\nevent: " + name + b"\ndata: " + entry.item.data + b"\n\n"
            else:
                following.pass_by(entry)
        if not entries and not await following.wait(HEARTBEAT_S) and moved:
            # what was not wanted moved the position: a cursor that stands still would fall out of retention
            moved = False
            yield f"id: {format_cursor(following.positions)}\n\n".encode()
