"""A topic over a WebSocket: JSON messages, the cursor in each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import orjson
from starlette.websockets import WebSocketDisconnect

from streams.facets import is_met
from streams.gateway.cursor import format_cursor

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from streams.gateway.following import Following

HEARTBEAT_S: Final = 15.0


async def serve_websocket(socket: WebSocket, following: Following, name: str) -> None:
    """Serve until the client goes, or is let go with a close code that says so.

    Messages: `{cursor}` at the start and now and then, `{cursor, reset}` where the past is no longer held,
    `{cursor, name}` for each record, such as `{cursor, change}`. What the client sends is not looked at.
    """
    await socket.accept()
    with following.counted():
        sender = asyncio.create_task(_send(socket, following, name))
        listener = asyncio.create_task(_listen(socket))
        try:
            await asyncio.wait({sender, listener}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, listener):
                task.cancel()
            results = await asyncio.gather(sender, listener, return_exceptions=True)
        if isinstance(results[0], TimeoutError):
            following.let_go(socket.scope)
        elif isinstance(results[0], Exception) and not isinstance(results[0], WebSocketDisconnect):
            raise results[0]


async def _send(socket: WebSocket, following: Following, name: str) -> None:
    async def say(message: bytes) -> None:
        async with asyncio.timeout(following.let_go_s):
            await socket.send_text(message.decode())

    first: dict[str, object] = {"cursor": format_cursor(following.positions)}
    if following.lost:
        first["reset"] = following.reset()
    await say(orjson.dumps(first))
    while True:
        entries = await following.read()
        for entry in entries:
            cursor = following.pass_by(entry)
            if entry.item is not None and is_met(following.wanted, entry.item.facets):
                await say(b'{"cursor":"%b","%b":%b}' % (cursor.encode(), name.encode(), entry.item.data))
        if not entries and not await following.wait(HEARTBEAT_S):
            await say(orjson.dumps({"cursor": format_cursor(following.positions)}))


async def _listen(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
