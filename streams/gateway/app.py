"""The routes of the gateway."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from fastapi import FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.exceptions import HTTPException

from schemas import topics
from schemas.alert import AlertChange, AlertChangeKind
from schemas.contract import ContractError, CountryCode
from schemas.rule import Level
from schemas.subscription import AlertFilter
from streams import telemetry
from streams.gateway.cursor import CursorError, format_cursor, parse_cursor
from streams.gateway.ingest import accept_lines, accept_transcript
from streams.gateway.log import AlertLog
from streams.gateway.subscriptions import is_wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from aiokafka import AIOKafkaConsumer

    from schemas.transcript import Transcript
    from streams.telemetry import Metrics

MAX_BODY_BYTES: Final = 16 * 1_048_576
"""The largest body of a request: a transcript of 1 MiB with every sign escaped, or many small ones."""

HEARTBEAT_S: Final = 15.0
SEND_TIMEOUT_S: Final = 30.0
"""A client that takes nothing for this long is let go; it can resume by its cursor."""


class NotTakenError(Exception):
    """The broker has not confirmed what was sent to it."""


@dataclass(frozen=True, slots=True)
class Broker:
    """What the gateway needs of Kafka, given by who starts it."""

    send: Callable[[tuple[Transcript, ...]], Awaitable[None]]
    """Send to the raw topic; done when the broker has all. Raises NotTakenError when it has not."""
    open_reader: Callable[..., AbstractAsyncContextManager[AIOKafkaConsumer]]
    """Open a consumer without a group on topics by name, or on none."""
    alerts_topic: str
    """Name of the topic alerts.v1 on this broker."""
    busy: Callable[[], bool]
    """Whether more sends are under way than should be."""
    answers: Callable[[], Awaitable[bool]]


class Accepted(BaseModel):
    """Ids of what was taken in, in the order of the request."""

    ids: list[str]


class Problem(BaseModel):
    """Why a request was not done (RFC 9457)."""

    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = None


class AlertPage(BaseModel):
    """Changes of alerts, oldest first, and the cursor that follows them."""

    changes: list[AlertChange]
    cursor: str


_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Problem, "description": "The request is wrong; the detail names the field"},
    413: {"model": Problem, "description": "The body is too large"},
    429: {"model": Problem, "description": "The broker is behind; try again after Retry-After seconds"},
    503: {"model": Problem, "description": "The broker does not answer; try again after Retry-After seconds"},
}


def build_app(broker: Broker, metrics: Metrics, now: Callable[[], datetime]) -> FastAPI:  # noqa: C901, PLR0915 - a list of routes, each short
    """Make the gateway over a broker and a clock."""
    log = AlertLog(broker.open_reader, broker.alerts_topic)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(log)
            yield

    app = FastAPI(
        title="Dragoman",
        summary="Transcripts in, alerts with the words that prove them out.",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )

    @app.exception_handler(NotTakenError)
    async def broker_gone(_: Request, error: NotTakenError) -> Response:
        return _problem(503, str(error), headers={"Retry-After": "2"})

    @app.exception_handler(RequestValidationError)
    async def wrong(_: Request, error: RequestValidationError) -> Response:
        errors = [
            {"field": ".".join(str(step) for step in item["loc"][1:]), "reason": item["msg"]}
            for item in error.errors()
        ]
        return _problem(400, "; ".join(f"{e['field']}: {e['reason']}" for e in errors), errors=errors)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        detail = (
            f"there is no {request.url.path}: /openapi.json lists what there is"
            if error.status_code == HTTPStatus.NOT_FOUND
            else error.detail
        )
        return _problem(error.status_code, detail, headers=dict(error.headers or {}))

    @app.middleware("http")
    async def secure(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        metrics.count(telemetry.REQUESTS, request.method, str(response.status_code))
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.get("/healthz", tags=["operation"])
    async def alive() -> dict[str, str]:
        """The process runs."""
        return {"status": "alive"}

    @app.get("/readyz", tags=["operation"], responses={503: _PROBLEMS[503]})
    async def ready() -> Response:
        """The broker answers, so that transcripts can be taken in and alerts given."""
        if not await broker.answers():
            return _problem(503, "the broker does not answer", headers={"Retry-After": "2"})
        return JSONResponse({"status": "ready"})

    @app.get("/metrics", tags=["operation"], response_class=Response)
    async def show_metrics() -> Response:
        """Metrics in the Prometheus text format."""
        return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)

    @app.post(
        "/v1/transcripts",
        status_code=202,
        response_model=Accepted,
        responses={code: _PROBLEMS[code] for code in (400, 413, 429, 503)},
        tags=["transcripts"],
        openapi_extra={"requestBody": _BODY},
    )
    async def accept(
        request: Request, content_type: Annotated[str, Header()] = "application/json"
    ) -> Response:
        """Take in one transcript (application/json), or one a line (application/x-ndjson): all of them or none.

        The answer comes when the broker has them on disk.
        """
        if broker.busy():
            return _problem(
                429, "the broker is behind with what was sent before", headers={"Retry-After": "1"}
            )
        body = await _read_body(request)
        if body is None:
            return _problem(
                413, f"the body is over {MAX_BODY_BYTES} bytes: send fewer transcripts in one request"
            )
        if content_type.partition(";")[0].strip().lower() in {"application/x-ndjson", "application/jsonl"}:
            transcripts, refused = accept_lines(body, now())
            if refused:
                errors = [{"line": r.line, "reason": r.reason} for r in refused]
                return _problem(400, f"line {refused[0].line}: {refused[0].reason}", errors=errors)
            if not transcripts:
                return _problem(400, "the body holds no transcript")
        else:
            try:
                transcripts = (accept_transcript(body, now()),)
            except ContractError as error:
                return _problem(400, error.reason)
        await broker.send(transcripts)
        metrics.count(telemetry.ACCEPTED, by=len(transcripts))
        return JSONResponse({"ids": [t.id for t in transcripts]}, HTTPStatus.ACCEPTED)

    @app.get(
        "/v1/alerts",
        response_model=AlertPage,
        responses={
            200: {
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
                "description": "A page, or the stream",
            },
            400: _PROBLEMS[400],
            503: _PROBLEMS[503],
        },
        tags=["alerts"],
    )
    async def alerts(  # noqa: PLR0917 - one argument for each parameter of the request
        request: Request,
        topic: Annotated[list[str] | None, Query(description="Alert topic, such as security-mou")] = None,
        rule: Annotated[list[str] | None, Query(description="Rule id")] = None,
        country: Annotated[list[CountryCode] | None, Query(description="ISO 3166-1 alpha-3")] = None,
        organisation: Annotated[list[str] | None, Query(description="Short name, such as NATO")] = None,
        source: Annotated[list[str] | None, Query(description="Broadcaster")] = None,
        language: Annotated[list[str] | None, Query(description="BCP 47 tag")] = None,
        level: Annotated[Level | None, Query(description="This level or a higher one")] = None,
        change: Annotated[list[AlertChangeKind] | None, Query(description="Only these changes")] = None,
        cursor: Annotated[
            str | None, Query(description="Where to read on: the id of the last event, or `begin`")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=1000, description="Changes in a page")] = 100,
        accept: Annotated[str, Header()] = "*/*",
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Follow the alerts: a stream of server-sent events, or a page where only application/json is accepted.

        Every event carries its cursor as `id:`; sent back as `Last-Event-ID` (or `cursor=`) the stream goes on behind it with no
        gap and no repeat. Without a cursor a stream begins now, a page at the beginning. An event `reset` says that what lay
        behind the cursor is no longer held, and from where the stream goes on.
        """
        wanted = AlertFilter(
            topics=tuple(topic or ()),
            rules=tuple(rule or ()),
            countries=tuple(country or ()),
            organisations=tuple(organisation or ()),
            sources=tuple(source or ()),
            languages=tuple(language or ()),
            level=level,
            changes=tuple(change or ()),
        )
        page = "application/json" in accept and "text/event-stream" not in accept
        given = last_event_id or cursor
        lost: tuple[int, ...] = ()
        try:
            if given and given != "begin":
                positions, lost = await log.resume(parse_cursor(given))
            elif given == "begin" or page:
                positions = await log.begin()
            else:
                positions = log.end()
        except CursorError as error:
            return _problem(400, str(error))
        if page:
            return await _page(log, positions, wanted, limit)
        return EventSourceResponse(
            _counted(_events(log, positions, lost, wanted, request.is_disconnected), metrics),
            ping=HEARTBEAT_S,
            send_timeout=SEND_TIMEOUT_S,
            headers={"X-Accel-Buffering": "no"},
        )

    return app


async def _page(log: AlertLog, positions: dict[int, int], wanted: AlertFilter, limit: int) -> Response:
    changes: list[bytes] = []
    end = log.end()
    while len(changes) < limit and any(positions[p] < end.get(p, 0) for p in positions):
        entries = await log.read(positions)
        if not entries:
            break
        for entry in entries:
            positions[entry.partition] = entry.offset + 1
            if entry.change is not None and is_wanted(entry.change, wanted):
                changes.append(entry.change.encode())
                if len(changes) == limit:
                    break
    body = (
        b'{"changes":[' + b",".join(changes) + b'],"cursor":' + orjson.dumps(format_cursor(positions)) + b"}"
    )
    return Response(body, media_type="application/json")


async def _events(
    log: AlertLog,
    positions: dict[int, int],
    lost: tuple[int, ...],
    wanted: AlertFilter,
    gone: Callable[[], Awaitable[bool]],
) -> AsyncIterator[ServerSentEvent]:
    if lost:
        told = {
            "reason": "what lay behind the cursor is no longer held",
            "partitions": lost,
            "cursor": format_cursor(positions),
        }
        yield ServerSentEvent(orjson.dumps(told).decode(), event="reset", id=format_cursor(positions))
    else:
        # an id without data moves the client's cursor, so that it can resume even before its first alert
        yield ServerSentEvent(comment="following", id=format_cursor(positions))
    while not await gone():
        entries = await log.read(positions)
        for entry in entries:
            positions[entry.partition] = entry.offset + 1
            if entry.change is not None and is_wanted(entry.change, wanted):
                yield ServerSentEvent(
                    entry.change.encode().decode(), event="alert", id=format_cursor(positions)
                )
        if not entries:
            await log.wait(positions, HEARTBEAT_S)


async def _counted(
    events: AsyncIterator[ServerSentEvent], metrics: Metrics
) -> AsyncIterator[ServerSentEvent]:
    metrics.add(telemetry.STREAMS, 1)
    try:
        async for event in events:
            yield event
    finally:
        metrics.add(telemetry.STREAMS, -1)


async def _read_body(request: Request) -> bytes | None:
    """Read the body, or give None as soon as it is over the limit."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _problem(
    status: int,
    detail: str,
    *,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors)
    return JSONResponse(
        body.model_dump(exclude_none=True), status, headers, media_type="application/problem+json"
    )


def _request_schema() -> dict[str, Any]:
    schema = topics.TRANSCRIPTS_RAW.model.model_json_schema(
        ref_template="#/components/schemas/Transcript/$defs/{model}"
    )
    required = [name for name in schema["required"] if name not in {"id", "ingest_time"}]
    return {"type": "object", "title": "Transcript", "required": required}


_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/json": {"schema": _request_schema()},
        "application/x-ndjson": {"schema": {"type": "string"}},
    },
}
