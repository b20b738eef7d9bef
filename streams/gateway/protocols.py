"""Uvicorn's protocols, with what streams need of a connection beside ASGI: a quick way to write, an end, a letting go.

To close a connection the ordinary way waits until what was written has gone out, and for a client that takes nothing that
is never.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from streams.gateway.problems import problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.http11 import Request

WIRE: Final = "dragoman.wire"
"""Key in the extensions of a connection: its `Wire`."""

GOING_AWAY: Final = 1001
"""Close code of a WebSocket (RFC 6455): the server stops."""

_GRACE_S: Final = 5.0
"""For so long a client on a WebSocket can still read why it is let go."""

_LAST_WORDS_S: Final = 1.0
"""For so long a client can take what is left when the process stops."""


class Wire(Protocol):
    """What a stream may do with its connection beside ASGI."""

    on_shutdown: Callable[[], None] | None
    """Called when the process stops: a stream has to end by itself, for its server would wait for it."""

    def write_chunk(self, data: bytes) -> bool:
        """Add to the answer that has begun; False when the client does not keep up: then wait before the next."""

    def let_go(self, code: int, reason: str) -> None:
        """Close, whatever the client has not taken yet."""


class HttpProtocol(HttpToolsProtocol):
    """HTTP/1.1."""

    on_shutdown: Callable[[], None] | None = None

    def on_message_begin(self) -> None:
        """Note in the request the connection on which it came."""
        super().on_message_begin()
        self.scope["extensions"] = {WIRE: self}  # type: ignore[dict-item] # ASGI knows only dicts here

    def write_chunk(self, data: bytes) -> bool:
        """Write one chunk past ASGI: of a thousand clients each costs what writing to its socket costs, and no more."""
        if self.transport.is_closing():
            return False
        self.transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        return not self.flow.write_paused

    def let_go(self, code: int, reason: str) -> None:  # noqa: ARG002 - HTTP can tell neither in the middle of an answer
        """Close at once."""
        if self.cycle is not None:
            # the transport tells of it a moment later, and until then the server would miss the rest of the answer
            self.cycle.disconnected = True
        self.transport.abort()

    def shutdown(self) -> None:
        """End a stream by its own words; what is left is closed soon."""
        super().shutdown()
        if self.on_shutdown is not None:
            self.on_shutdown()
            self.loop.call_later(_LAST_WORDS_S, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP at all, or has an address longer than the parser takes, as every other problem."""
        answer = problem(400, f"{msg.rstrip('.')}: it is no HTTP, or its address is too long")
        head = [b"HTTP/1.1 400 Bad Request", b"connection: close"]
        head += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join(head) + b"\r\n\r\n" + bytes(answer.body))
        self.transport.close()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket."""

    def handle_connect(self, event: Request) -> None:
        """Note in the request how to let go of who sent it."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"][WIRE] = self  # type: ignore[assignment] # as above

    def let_go(self, code: int, reason: str) -> None:
        """Close with a reason, and for good a little later."""
        self._close(code, reason, _GRACE_S)

    def shutdown(self) -> None:
        """Close with a reason: the client can come back to another gateway, or to this one in a moment."""
        if not self.handshake_complete or self.close_sent:
            super().shutdown()
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": GOING_AWAY})
        self._close(GOING_AWAY, "the gateway stops: come back with your cursor", _LAST_WORDS_S)

    def _close(self, code: int, reason: str, grace_s: float) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
        self.loop.call_later(grace_s, self.transport.abort)
