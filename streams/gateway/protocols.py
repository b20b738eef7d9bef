"""Uvicorn's protocols, with a way to let go of a client that takes nothing.

To close a connection the ordinary way waits until what was written has gone out, and for such a client that is never.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from streams.gateway.problems import problem

if TYPE_CHECKING:
    from websockets.http11 import Request

LET_GO: Final = "dragoman.let_go"
"""Key in the extensions of a connection: a function of close code and reason that lets the client go."""

_GRACE_S: Final = 5.0
"""For so long a client on a WebSocket can still read why."""


class HttpProtocol(HttpToolsProtocol):
    """HTTP/1.1."""

    def on_message_begin(self) -> None:
        """Note in the request how to let go of who sent it."""
        super().on_message_begin()
        self.scope["extensions"] = {LET_GO: self._let_go}  # type: ignore[dict-item]

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP at all, or has an address longer than the parser takes, as every other problem."""
        answer = problem(400, f"{msg.rstrip('.')}: it is no HTTP, or its address is too long")
        head = [b"HTTP/1.1 400 Bad Request", b"connection: close"]
        head += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join(head) + b"\r\n\r\n" + bytes(answer.body))
        self.transport.close()

    def _let_go(self, _code: int, _reason: str) -> None:
        self.transport.abort()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket."""

    def handle_connect(self, event: Request) -> None:
        """Note in the request how to let go of who sent it."""
        super().handle_connect(event)
        if not self.close_sent:
            # ASGI knows only dicts here, and hands anything through
            self.scope["extensions"][LET_GO] = self._let_go  # type: ignore[assignment]

    def _let_go(self, code: int, reason: str) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
        self.loop.call_later(_GRACE_S, self.transport.abort)
