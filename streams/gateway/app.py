"""The routes of the gateway."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from aiokafka.errors import KafkaError
from fastapi import FastAPI, Path, Query, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from schemas import topics
from schemas.agreement import Agreement, Transition
from schemas.alert import Alert, AlertChange
from schemas.contract import ContractError
from schemas.enriched import EnrichedTranscript
from schemas.event import Event
from schemas.ids import content_hash
from schemas.subscription import AlertFilter
from streams import telemetry
from streams.gateway.cursor import CursorError, format_cursor, parse_cursor
from streams.gateway.desk import add_desk, add_pages, add_rules
from streams.gateway.door import Door, Rules
from streams.gateway.feed import render_feed
from streams.gateway.following import Following, Seats
from streams.gateway.history import History
from streams.gateway.index import (
    Kind,
    PageCursorError,
    format_page_cursor,
    parse_page_cursor,
)
from streams.gateway.index import Query as IndexQuery
from streams.gateway.ingest import accept_lines, accept_transcript
from streams.gateway.log import TopicLog
from streams.gateway.problems import Problem, problem, problem_responses
from streams.gateway.queries import AgreementQuery, AlertChoice, AlertQuery, EventQuery, Order
from streams.gateway.rows import change_item, event_item, transition_item
from streams.gateway.sse import EventStream
from streams.gateway.websocket import serve_websocket
from streams.kafka.records import TRACEPARENT
from streams.subscriptions import wanted_alerts
from streams.tracing import Role, span

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from aiokafka import AIOKafkaConsumer

    from schemas.topics import Topic
    from schemas.transcript import Transcript
    from streams.facets import Wanted
    from streams.gateway.index import Index
    from streams.gateway.operation import Operation
    from streams.telemetry import Metrics

FEED_ENTRIES: Final = 50
_BROKER_TIMEOUT_S: Final = 5.0


class NotTakenError(Exception):
    """The broker has not confirmed what was sent to it."""


@dataclass(frozen=True, slots=True)
class Broker:
    """What the gateway needs of Kafka, given by who starts it."""

    send: Callable[[tuple[Transcript, ...]], Awaitable[None]]
    """Send to the raw topic; done when the broker has all. Raises NotTakenError when it has not."""
    open_reader: Callable[..., AbstractAsyncContextManager[AIOKafkaConsumer]]
    """Open a consumer without a group on topics by name, or on none."""
    name_of: Callable[[Topic], str]
    """Give a topic's name on this broker."""
    busy: Callable[[], bool]
    """Whether more sends are under way than should be."""
    trouble: Callable[[], Awaitable[str | None]]
    """Say why transcripts cannot be taken in at the moment; None where they can."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the gateway takes on."""

    streams: int = 2000
    let_go_s: float = 30.0


class Accepted(BaseModel):
    """Ids of what was taken in, in the order of the request."""

    ids: list[str]


class _Page(BaseModel):
    next: str | None
    """Give it back as `page` for what comes after; null at the end."""
    cursor: str
    """Give it as `cursor` to a stream, which then begins behind what the page knows of."""
    complete: bool
    """False while the gateway, just started, is still reading the past: ask again."""


class AlertPage(_Page):
    """Alerts as they stand."""

    alerts: list[Alert]


class EventPage(_Page):
    """Events."""

    events: list[Event]


class AgreementPage(_Page):
    """Agreements as they stand."""

    agreements: list[Agreement]


class AlertLife(BaseModel):
    """An alert and all its changes, oldest first."""

    alert: Alert
    changes: list[AlertChange]


class AgreementLife(BaseModel):
    """An agreement and all its steps, oldest first."""

    agreement: Agreement
    transitions: list[Transition]


Id = Annotated[str, Path(min_length=1, max_length=200, description="Its id")]

_STREAM: Final[dict[str, Any]] = {
    "description": "A page where only application/json is accepted, else the stream",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


class _Gateway:
    """What the routes share."""

    def __init__(self, broker: Broker, index: Index, metrics: Metrics, limits: Limits) -> None:
        self.history = History(index, broker.open_reader, broker.name_of, metrics)
        self.metrics = metrics
        self.limits = limits
        self.seats = Seats(limits.streams)
        self.logs = {
            topic.name: TopicLog(
                broker.open_reader,
                broker.name_of(topic),
                decode,
                lambda id_, kind=kind: self.history.first_place(kind, id_),  # type: ignore[misc]
            )
            for topic, decode, kind in (
                (topics.ALERTS, change_item, Kind.CHANGE),
                (topics.EVENTS_EXTRACTED, event_item, Kind.EVENT),
                (topics.AGREEMENTS_CHANGED, transition_item, Kind.TRANSITION),
            )
        }

    async def follow(self, topic: Topic, stream: str, wanted: Wanted, given: str | None) -> Following:
        """Place a client in a topic: behind its cursor, at the beginning, or now.

        Raises:
            HTTPException: the cursor is none, there is no seat, or the broker does not answer.
        """
        if self.seats.are_full:
            raise HTTPException(
                503, f"{self.seats.limit} clients follow already: come back later", {"Retry-After": "30"}
            )
        log = self.logs[topic.name]
        lost: tuple[int, ...] = ()
        try:
            async with asyncio.timeout(_BROKER_TIMEOUT_S):
                if given and given != "begin":
                    positions, lost = await log.resume(parse_cursor(given))
                elif given == "begin":
                    positions = await log.begin()
                else:
                    positions = log.end()
        except CursorError as error:
            raise HTTPException(400, f"cursor: {error}") from error
        except (KafkaError, TimeoutError) as error:
            raise HTTPException(
                503, "the broker does not answer: come back later", {"Retry-After": "2"}
            ) from error
        return Following(stream, log, positions, lost, wanted, self.limits.let_go_s, self.seats, self.metrics)

    async def page(
        self, kind: Kind, name: str, topic: Topic, wanted: Wanted, query: AlertQuery | EventQuery | AgreementQuery
    ) -> Response:  # fmt: skip
        """Answer with a page from the index."""
        after, newest_first = None, query.order is Order.NEWEST
        if query.page is not None:
            try:
                after, newest_first = parse_page_cursor(query.page)
            except PageCursorError as error:
                return problem(400, f"page: {error}")
        asked = IndexQuery(
            kind,
            wanted,
            _ms(query.from_time),
            _ms(query.to_time),
            newest_first,
            after,
            query.limit,
        )
        complete = self.history.complete
        page = await self.history.find(asked, topic)
        follows = format_page_cursor(page.after, newest_first=newest_first) if page.after else None
        # the bodies are JSON already
        head = orjson.dumps({"next": follows, "cursor": format_cursor(page.positions), "complete": complete})
        body = b'{"' + name.encode() + b'":[' + b",".join(page.bodies) + b"]," + head[1:]
        return Response(body, media_type="application/json")

    async def life(self, what: str, kind: Kind, step: Kind, steps: str, id_: str) -> Response:
        """Answer with one thing and the steps of its life."""
        body = await self.history.get(kind, id_)
        if body is None:
            return self.missing(what, id_)
        found = await self.history.life(step, id_)
        whole = b'{"%b":%b,"%b":[%b]}' % (what.encode(), body, steps.encode(), b",".join(found))
        return Response(whole, media_type="application/json")

    def missing(self, what: str, id_: str) -> Response:
        """Answer that there is no such thing, or none yet."""
        why = f"there is no {what} {id_[:200]}"
        if not self.history.complete:
            why += ": the gateway is still reading the past, ask again"
        return problem(404, why)

    async def feed(self, request: Request, wanted: Wanted, title: str) -> Response:
        """Answer with the alerts that moved last, as a feed."""
        query = IndexQuery(Kind.ALERT, wanted, limit=FEED_ENTRIES)
        page = await self.history.find(query, topics.ALERTS)
        alerts = [Alert.decode(body) for body in page.bodies]
        origin = str(request.base_url).rstrip("/")
        query_text = f"?{request.url.query}" if request.url.query else ""
        body = render_feed(
            alerts, title=title, address=f"{origin}{request.url.path}{query_text}", origin=origin
        )
        tag = f'"{content_hash(body.decode())[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/atom+xml", headers=headers)


def build_app(  # noqa: PLR0917 - each is of a type of its own
    broker: Broker,
    index: Index,
    rules: Rules,
    metrics: Metrics,
    now: Callable[[], datetime],
    clock: Callable[[], float],
    limits: Limits | None = None,
    operation: Operation | None = None,
) -> FastAPI:
    """Make the gateway over a broker, an index and two clocks: the time of day, and one that only goes on.

    Without an operation it has no routes for operators.
    """
    gateway = _Gateway(broker, index, metrics, limits or Limits())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(gateway.history)
            for log in gateway.logs.values():
                await stack.enter_async_context(log)
            yield

    app = FastAPI(
        title="Dragoman",
        summary="Transcripts in, alerts with the words that prove them out.",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.add_middleware(Door, rules=rules, metrics=metrics, now=now, clock=clock)
    if rules.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(rules.origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "Last-Event-ID"],
            expose_headers=["ETag"],
            max_age=600,
        )
    _add_problems(app)
    _add_operation(app, broker, metrics)
    _add_transcripts(app, gateway, broker, now)
    _add_alerts(app, gateway)
    _add_events_and_agreements(app, gateway)
    _add_feeds(app, gateway)
    add_rules(app, gateway.history)
    if operation is not None:
        add_desk(app, gateway.history, operation, now)
    add_pages(app)
    _document(app)
    return app


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(NotTakenError)
    async def broker_gone(_: Request, error: NotTakenError) -> Response:
        return problem(503, str(error), headers={"Retry-After": "2"})

    async def wrong(_: object, error: RequestValidationError | WebSocketRequestValidationError) -> Response:
        errors = [
            {"field": ".".join(str(step) for step in item["loc"][1:]), "reason": item["msg"]}
            for item in error.errors()
        ]
        return problem(400, "; ".join(f"{e['field']}: {e['reason']}" for e in errors), errors=errors)

    app.add_exception_handler(RequestValidationError, wrong)  # type: ignore[arg-type]
    app.add_exception_handler(WebSocketRequestValidationError, wrong)  # type: ignore[arg-type]

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        detail = (
            f"there is no {request.url.path}: /openapi.json lists what there is"
            if error.status_code == HTTPStatus.NOT_FOUND
            else error.detail
        )
        return problem(error.status_code, detail, headers=dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def failed(_: Request, __: Exception) -> Response:
        return problem(500, "the gateway failed at this request; its log says why")


def _add_operation(app: FastAPI, broker: Broker, metrics: Metrics) -> None:
    @app.get("/healthz", tags=["operation"])
    async def alive() -> dict[str, str]:
        """The process runs."""
        return {"status": "alive"}

    async def find_trouble() -> str | None:
        trouble = await broker.trouble()
        metrics.set(telemetry.READY, int(trouble is None))
        return trouble

    @app.get("/readyz", tags=["operation"], responses=problem_responses(503))
    async def ready() -> dict[str, str]:
        """The broker answers and can keep what comes, so that transcripts can be taken in and alerts given."""
        if (trouble := await find_trouble()) is not None:
            raise HTTPException(503, trouble, {"Retry-After": "2"})
        return {"status": "ready"}

    @app.get(
        "/metrics",
        tags=["operation"],
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problem_responses()},
    )
    async def show_metrics() -> Response:
        """Metrics in the Prometheus text format."""
        await find_trouble()
        return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)


def _add_transcripts(app: FastAPI, gateway: _Gateway, broker: Broker, now: Callable[[], datetime]) -> None:
    @app.post(
        "/v1/transcripts",
        status_code=202,
        response_model=Accepted,
        responses=problem_responses(400, 413, 503),
        tags=["transcripts"],
        openapi_extra={"requestBody": _BODY},
    )
    async def accept(request: Request) -> Response:
        """Take in one transcript (application/json), or one a line (application/x-ndjson): all of them or none.

        The answer comes when the broker has them on disk.
        """
        if broker.busy():
            return problem(
                429, "the broker is behind with what was sent before", headers={"Retry-After": "1"}
            )
        body = await request.body()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in {"application/x-ndjson", "application/jsonl"}:
            transcripts, refused = accept_lines(body, now())
            if refused:
                errors = [{"line": r.line, "reason": r.reason} for r in refused]
                return problem(400, f"line {refused[0].line}: {refused[0].reason}", errors=errors)
            if not transcripts:
                return problem(400, "the body holds no transcript")
        else:
            try:
                transcripts = (accept_transcript(body, now()),)
            except ContractError as error:
                return problem(400, error.reason)
        given = [(name, value.encode()) for name, value in request.headers.items() if name == TRACEPARENT]
        attributes: dict[str, str | int] = {
            "dragoman.transcripts": len(transcripts),
            "dragoman.transcript.id": transcripts[0].id,
        }
        with span("POST /v1/transcripts", Role.SERVER, given, attributes):
            await broker.send(transcripts)
        gateway.metrics.count(telemetry.ACCEPTED, by=len(transcripts))
        return JSONResponse({"ids": [t.id for t in transcripts]}, HTTPStatus.ACCEPTED)

    @app.get(
        "/v1/transcripts/{id:path}",
        response_model=EnrichedTranscript,
        responses=problem_responses(400, 404, 503),
        tags=["transcripts"],
    )
    async def transcript(id: Id) -> Response:  # noqa: A002 - the name in the address
        """Give a transcript with all that was read in it."""
        try:
            body = await gateway.history.transcript(id)
        except (KafkaError, TimeoutError):
            return problem(503, "the broker does not answer", headers={"Retry-After": "2"})
        return Response(body, media_type="application/json") if body else gateway.missing("transcript", id)


def _add_alerts(app: FastAPI, gateway: _Gateway) -> None:
    @app.get(
        "/v1/alerts",
        response_model=AlertPage,
        responses={200: _STREAM, **problem_responses(400, 503)},
        tags=["alerts"],
    )
    async def alerts(request: Request, query: Annotated[AlertQuery, Query()]) -> Response:
        """Follow the alerts: a stream of server-sent events; or a page of them as they stand, where only JSON is accepted.

        Every event carries its cursor as `id:`; sent back as `Last-Event-ID` (or `cursor=`) the stream goes on behind it with no
        gap and no repeat. Without a cursor a stream begins now. An event `reset` says that what lay behind the cursor is no
        longer held, and from where the stream goes on.
        """
        if _wants_page(request):
            return await gateway.page(Kind.ALERT, "alerts", topics.ALERTS, query.wanted, query)
        return await _stream(gateway, topics.ALERTS, "alert", query.wanted_changes, query.cursor, request)

    @app.websocket("/v1/alerts")
    async def alerts_socket(socket: WebSocket, query: Annotated[AlertQuery, Query()]) -> None:
        following = await gateway.follow(topics.ALERTS, "alert", query.wanted_changes, query.cursor)
        await serve_websocket(socket, following, "change")

    @app.get(
        "/v1/alerts/{id}",
        response_model=AlertLife,
        responses=problem_responses(400, 404),
        tags=["alerts"],
    )
    async def alert(id: Id) -> Response:  # noqa: A002 - the name in the address
        """Give an alert as it stands and every change of its life."""
        return await gateway.life("alert", Kind.ALERT, Kind.CHANGE, "changes", id)


def _add_events_and_agreements(app: FastAPI, gateway: _Gateway) -> None:
    @app.get(
        "/v1/events",
        response_model=EventPage,
        responses={200: _STREAM, **problem_responses(400, 503)},
        tags=["events"],
    )
    async def events(request: Request, query: Annotated[EventQuery, Query()]) -> Response:
        """Follow the events, or give a page of them, as with alerts."""
        if _wants_page(request):
            return await gateway.page(Kind.EVENT, "events", topics.EVENTS_EXTRACTED, query.wanted, query)
        return await _stream(gateway, topics.EVENTS_EXTRACTED, "event", query.wanted, query.cursor, request)

    @app.websocket("/v1/events")
    async def events_socket(socket: WebSocket, query: Annotated[EventQuery, Query()]) -> None:
        following = await gateway.follow(topics.EVENTS_EXTRACTED, "event", query.wanted, query.cursor)
        await serve_websocket(socket, following, "event")

    @app.get(
        "/v1/agreements",
        response_model=AgreementPage,
        responses={200: _STREAM, **problem_responses(400, 503)},
        tags=["agreements"],
    )
    async def agreements(request: Request, query: Annotated[AgreementQuery, Query()]) -> Response:
        """Follow the steps of agreements; or give a page of agreements as they stand, where only JSON is accepted."""
        if _wants_page(request):
            return await gateway.page(
                Kind.AGREEMENT, "agreements", topics.AGREEMENTS_CHANGED, query.wanted, query
            )
        return await _stream(
            gateway, topics.AGREEMENTS_CHANGED, "transition", query.wanted_changes, query.cursor, request
        )

    @app.websocket("/v1/agreements")
    async def agreements_socket(socket: WebSocket, query: Annotated[AgreementQuery, Query()]) -> None:
        following = await gateway.follow(
            topics.AGREEMENTS_CHANGED, "transition", query.wanted_changes, query.cursor
        )
        await serve_websocket(socket, following, "transition")

    @app.get(
        "/v1/agreements/{id}",
        response_model=AgreementLife,
        responses=problem_responses(400, 404),
        tags=["agreements"],
    )
    async def agreement(id: Id) -> Response:  # noqa: A002 - the name in the address
        """Give an agreement as it stands and every step of its life."""
        return await gateway.life("agreement", Kind.AGREEMENT, Kind.TRANSITION, "transitions", id)


def _add_feeds(app: FastAPI, gateway: _Gateway) -> None:
    described: dict[int | str, dict[str, Any]] = {
        200: {"content": {"application/atom+xml": {"schema": {"type": "string"}}}, "description": "The feed"},
        304: {"description": "As it was when it was last asked for (If-None-Match)"},
    }

    @app.get(
        "/v1/feeds/alerts.atom",
        response_class=Response,
        responses={**described, **problem_responses(400)},
        tags=["feeds"],
    )
    async def alerts_feed(request: Request, query: Annotated[AlertChoice, Query()]) -> Response:
        """Give the fifty alerts that moved last as an Atom feed."""
        return await gateway.feed(request, query.wanted, "Dragoman: alerts")

    @app.get(
        "/v1/feeds/subscriptions/{id}.atom",
        response_class=Response,
        responses={**described, **problem_responses(400, 404)},
        tags=["feeds"],
    )
    async def subscription_feed(request: Request, id: Id) -> Response:  # noqa: A002 - the name in the address
        """Give the fifty alerts of a subscription that moved last as an Atom feed."""
        body = await gateway.history.get(Kind.SUBSCRIPTION, id)
        if body is None:
            return gateway.missing("subscription", id)
        kept = orjson.loads(body)
        wanted = wanted_alerts(AlertFilter.model_validate(kept["filter"]))
        # alerts have facets for all but the kind of change, which a feed of alerts as they stand has not
        wanted.pop("change", None)
        return await gateway.feed(request, wanted, f"Dragoman: {kept['name']}")


def _wants_page(request: Request) -> bool:
    accept = request.headers.get("accept", "*/*")
    return "application/json" in accept and "text/event-stream" not in accept


async def _stream(  # noqa: PLR0917 - each is of a type of its own
    gateway: _Gateway, topic: Topic, name: str, wanted: Wanted, cursor: str | None, request: Request
) -> Response:
    given = request.headers.get("last-event-id") or cursor
    return EventStream(await gateway.follow(topic, name, wanted, given), name)


def _ms(time: datetime | None) -> int | None:
    return int(time.timestamp() * 1000) if time is not None else None


def _request_schema() -> dict[str, Any]:
    schema = topics.TRANSCRIPTS_RAW.model.model_json_schema(ref_template="#/components/schemas/{model}")
    required = [name for name in schema["required"] if name not in {"id", "ingest_time"}]
    properties = {name: value for name, value in schema["properties"].items() if name != "ingest_time"}
    properties["text"] = {**properties["text"], "pattern": r"\S"}
    return {
        "type": "object",
        "title": "Transcript",
        "required": required,
        "properties": properties,
        "description": "Fields that are not named here are kept under `extra`",
    }


_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/json": {"schema": _request_schema()},
        "application/x-ndjson": {"schema": {"type": "string"}},
    },
}

_LAST_EVENT_ID: Final[dict[str, Any]] = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "Stream: the id of the last event; wins over `cursor`",
    "schema": {"type": "string"},
}


def _document(app: FastAPI) -> None:
    """Say in the OpenAPI document what the door does, and how a bad request is answered (400, not 422)."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        document = build()
        schemas = document["components"]["schemas"]
        schemas["Problem"] = Problem.model_json_schema()
        schema = topics.TRANSCRIPTS_RAW.model.model_json_schema(ref_template="#/components/schemas/{model}")
        for name, part in schema.get("$defs", {}).items():
            schemas.setdefault(name, part)
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}, {}]
        for path, operations in document["paths"].items():
            for operation in operations.values():
                operation["responses"].pop("422", None)
                if "text/event-stream" in operation["responses"].get("200", {}).get("content", {}):
                    operation.setdefault("parameters", []).append(_LAST_EVENT_ID)
            if path in {"/healthz", "/readyz"}:
                operations["get"]["security"] = []
        app.openapi_schema = document
        return document

    app.openapi = openapi  # type: ignore[method-assign]
