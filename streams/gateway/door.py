"""The door: who is let in, how often, and what every answer carries. Nothing of a request is read before it."""

from __future__ import annotations

import math
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from streams import telemetry
from streams.gateway.limit import Limiter, Rate
from streams.gateway.pages import PAGES
from streams.gateway.problems import problem
from streams.gateway.tokens import Scope, Token, TokenError, TokenFile, find_token

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Send
    from starlette.types import Scope as Connection

    from streams.telemetry import Metrics

OPEN: Final = frozenset({"/healthz", "/readyz", *PAGES})
"""Paths for everyone: whether the process is well, and the empty pages of the console."""

MAX_BODY_BYTES: Final = 16 * 1_048_576
"""The largest body of a request: a transcript of 1 MiB with every sign escaped, or many small ones."""

_TOO_LARGE: Final = f"the body is over {MAX_BODY_BYTES} bytes: send less in one request"

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
"""What an answer carries unless it says otherwise itself."""


def needed_scope(method: str, path: str) -> Scope | None:
    """Say what a token must be good for; None for what is open to all.

    A path that is not known here needs a token too: a new route cannot be left open by forgetting it.
    """
    if path in OPEN:
        return None
    if method == "POST" and path == "/v1/transcripts":
        return Scope.INGEST
    if method in {"GET", "HEAD"}:
        return Scope.READ
    return Scope.MANAGE


@dataclass(frozen=True, slots=True)
class Rules:
    """How the door is kept."""

    tokens: TokenFile | None
    """None where no token is needed: on loopback."""
    hosts: frozenset[str]
    """Names by which the gateway may be called where no token is needed. Without this, a web page anywhere could have its
    own name point to this machine and read what is here (DNS rebinding)."""
    origins: frozenset[str]
    """Origins of other web pages that may call."""
    rate: Rate


class _RefusedError(Exception):
    def __init__(self, reason: str, response: Response) -> None:
        super().__init__(reason)
        self.reason = reason
        self.response = response


class Door:
    """ASGI middleware before everything else."""

    def __init__(
        self,
        app: ASGIApp,
        rules: Rules,
        metrics: Metrics,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._app = app
        self._rules = rules
        self._metrics = metrics
        self._now = now
        self._clock = clock
        self._limiter = Limiter(rules.rate)

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Let a request or a WebSocket in, or turn it away."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        method = scope.get("method", "GET")

        async def answer(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                self._metrics.count(
                    telemetry.REQUESTS, method if method in _METHODS else "other", str(message["status"])
                )
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        given, scope = _take_token(scope)
        try:
            self._check(scope, method, given)
        except _RefusedError as refusal:
            self._metrics.count(telemetry.REFUSED, refusal.reason)
            await refusal.response(scope, receive, answer)
            return
        await self._app(scope, _limited(receive), answer)

    def _check(self, scope: Connection, method: str, given: str | None) -> None:
        headers = Headers(scope=scope)
        needed = needed_scope(method, scope["path"])
        if needed is None:
            return
        self._check_host(headers)
        self._check_origin(headers, method, websocket=scope["type"] == "websocket")
        if int(_digits(headers.get("content-length", ""))) > MAX_BODY_BYTES:
            raise _RefusedError("size", problem(413, _TOO_LARGE))
        client = scope.get("client")
        address = f"address {client[0]}" if client else "address unknown"
        if self._rules.tokens is None:
            self._check_rate(address)
            return
        token = self._find(given)
        # who comes without a good token is counted too, by address
        self._check_rate(f"token {token.name}" if isinstance(token, Token) else address)
        if not isinstance(token, Token):
            raise _RefusedError(
                "token", problem(401, token, headers={"WWW-Authenticate": 'Bearer realm="dragoman"'})
            )
        if needed not in token.scopes:
            why = f"the token {token.name} is for {', '.join(token.scopes)}, and this needs {needed}"
            challenge = f'Bearer realm="dragoman", error="insufficient_scope", scope="{needed}"'
            raise _RefusedError("scope", problem(403, why, headers={"WWW-Authenticate": challenge}))

    def _find(self, given: str | None) -> Token | str:
        """Give the token, or in a sentence why there is none."""
        if given is None:
            return (
                "a token is needed: send it as `Authorization: Bearer ...`; `dragoman tokens add` makes one"
            )
        try:
            known = self._rules.tokens.read().tokens if self._rules.tokens is not None else ()
        except TokenError as error:
            telemetry.log_event(telemetry.LogEvent.TOKENS_UNREADABLE, error=str(error))
            return "the gateway cannot read its tokens at the moment; its log says why"
        token = find_token(known, given)
        if token is None:
            return "the token is wrong, or it was revoked"
        if token.is_expired(self._now()):
            return f"the token {token.name} has expired: `dragoman tokens add` makes a new one"
        return token

    def _check_rate(self, caller: str) -> None:
        wait = self._limiter.wait_s(caller, self._clock())
        if wait > 0:
            why = f"more than {self._rules.rate.per_minute} requests a minute"
            raise _RefusedError("rate", problem(429, why, headers={"Retry-After": str(math.ceil(wait))}))

    def _check_host(self, headers: Headers) -> None:
        if self._rules.tokens is not None:
            return
        host = _host_name(headers.get("host", ""))
        if host not in self._rules.hosts:
            why = (
                f"the gateway is not called {host[:100]!r}: name it in DRAGOMAN_GATEWAY_HOSTS if it is to be"
            )
            raise _RefusedError("host", problem(403, why))

    def _check_origin(self, headers: Headers, method: str, *, websocket: bool) -> None:
        origin = headers.get("origin")
        if origin is None or (method in {"GET", "HEAD"} and not websocket):
            return  # a page elsewhere can send such a GET and, without CORS, read nothing of the answer
        if origin not in self._rules.origins and urlsplit(origin).netloc != headers.get("host", ""):
            why = f"pages of {origin[:100]!r} may not call: name it in DRAGOMAN_GATEWAY_CORS if they are to"
            raise _RefusedError("origin", problem(403, why))


def _limited(receive: Receive) -> Receive:
    """Give up as soon as a body is over the limit, whatever its header said."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            raise HTTPException(413, _TOO_LARGE)
        return message

    return limited


def _digits(text: str) -> str:
    return text[:18] if text.isascii() and text.isdecimal() else "0"


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _take_token(scope: Connection) -> tuple[str | None, Connection]:
    """Give the token of a request, and the request without it in its address.

    A token in the address counts for streams only, for browsers can give theirs no header.
    """
    headers = Headers(scope=scope)
    kind, _, value = headers.get("authorization", "").partition(" ")
    given: str | None = None
    if kind.lower() == "bearer":
        given = value.strip()
    elif kind.lower() == "basic":  # all that feed readers know: any name, and the token as password
        given = _basic_password(value)
    query = scope["query_string"].decode("latin-1")
    if "access_token" not in query:
        return given, scope
    pairs = parse_qsl(query, keep_blank_values=True)
    rest = [(name, text) for name, text in pairs if name != "access_token"]
    in_address = [text for name, text in pairs if name == "access_token"]
    if in_address and (scope["type"] == "websocket" or "text/event-stream" in headers.get("accept", "")):
        given = given or in_address[0]
    return given, {**scope, "query_string": urlencode(rest).encode()}


def _basic_password(value: str) -> str | None:
    try:
        return b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (Base64Error, UnicodeDecodeError):
        return None
