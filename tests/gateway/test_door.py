from __future__ import annotations

import itertools
import logging
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from aiokafka.errors import KafkaConnectionError
from fastapi.routing import APIRoute
from starlette.routing import Route, WebSocketRoute

from streams.gateway.app import Broker, NotTakenError, build_app
from streams.gateway.door import MAX_BODY_BYTES, OPEN, Rules, needed_scope
from streams.gateway.index import Index
from streams.gateway.limit import Rate
from streams.gateway.operation import CommandError, Operation
from streams.gateway.tokens import Scope, TokenFile, add_token, make_token, revoke_token
from streams.kafka.client import open_reader
from streams.settings import Settings
from streams.telemetry import Metrics
from tests.factories import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping, Sequence

    from fastapi import FastAPI

    from schemas.transcript import Transcript

BASE: Final = "http://localhost:8080"
JSON: Final = {"Accept": "application/json"}
RULES: Final = Path(__file__).parents[2] / "deploy" / "rules"
TEXT_OF: Final = {"/v1/rules/explain": {"text": "Iran and China signed it."}}

Content = bytes | AsyncIterator[bytes] | None


async def take_nothing(_: tuple[Transcript, ...]) -> None:
    raise NotTakenError("the broker is away")


async def away() -> str | None:
    return "the broker does not answer"


AWAY: Final = Broker(
    send=take_nothing,
    open_reader=lambda *names: open_reader(Settings(broker="127.0.0.1:9"), *names),
    name_of=lambda topic: topic.name,
    busy=lambda: False,
    trouble=away,
)
"""The broker as it is when it is away: the door has to be shut all the same."""


async def run_nothing(words: Sequence[str], _: Mapping[str, bytes]) -> Any:  # noqa: ANN401 - what a command prints
    raise CommandError(f"{words[0]} cannot be run here: the broker is away")


class Absent:
    """A producer that reaches nobody."""

    async def send_and_wait(self, *_: object, **__: object) -> None:
        raise KafkaConnectionError


ABSENT: Final = Absent()


class House:
    """A gateway with tokens for every scope."""

    def __init__(
        self, folder: Path, *, open_to_all: bool = False, per_minute: int = 100_000, broker: Broker = AWAY
    ) -> None:
        self.file = TokenFile(folder)
        self.now = NOON
        self.seconds = 0.0
        self.tokens: dict[str, str] = {}
        numbers = itertools.count(1)
        for name, scopes, days in (
            *((scope, (scope,), 90) for scope in Scope),
            ("all", tuple(Scope), 90),
            ("old", tuple(Scope), 1),
            ("revoked", tuple(Scope), 90),
        ):
            text, kept = make_token(
                name, scopes, bytes([next(numbers)] * 32), NOON, NOON + timedelta(days=days)
            )
            self.file.change(partial(add_token, token=kept))
            self.tokens[name] = text
        self.file.change(partial(revoke_token, name="revoked"))
        self.now = NOON + timedelta(days=2)
        self.index = Index(folder / "index", "test")
        rules = Rules(
            None if open_to_all else self.file,
            frozenset({"localhost", "127.0.0.1", "::1"}),
            frozenset({"https://desk.example"}),
            Rate(per_minute),
        )
        operation = Operation(Settings(broker="127.0.0.1:9", data_dir=folder), ABSENT, run_nothing)
        self.app: FastAPI = build_app(
            broker, self.index, rules, Metrics(), self._clock, lambda: self.seconds, operation=operation
        )

    def _clock(self) -> datetime:
        return self.now

    async def ask(
        self, method: str, path: str, token: str | None = None, *, content: Content = None, json: object = None, **headers: str
    ) -> httpx.Response:  # fmt: skip
        given = {"Authorization": f"Bearer {token}"} if token is not None else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.request(
                method, path, content=content, json=json, headers={**JSON, **given, **headers}
            )


async def knock(app: FastAPI, path: str, query: str = "", **headers: str) -> int:
    """Ask for a WebSocket; gives the status of the refusal, or 101."""
    scope = {
        "type": "websocket", "path": path, "query_string": query.encode(), "client": ("127.0.0.1", 1), "subprotocols": [],
        "headers": [(b"host", b"localhost:8080"), *((n.encode(), v.encode()) for n, v in headers.items())],
        "extensions": {"websocket.http.response": {}},
    }  # fmt: skip
    answers: list[int] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message.get("status", 101))

    await app(scope, receive, send)
    return answers[0]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    with made.index:
        yield made


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path that the app answers, but WebSockets."""
    found = []
    for route in app.routes:
        if isinstance(route, APIRoute | Route):
            found += [(method, route.path.replace("{id}", "x")) for method in sorted(route.methods or ())]
        else:
            assert isinstance(route, WebSocketRoute), f"the test does not know what a {route} is"
    assert len(found) > 10
    return found


async def test_without_a_good_token_no_route_answers(house: House) -> None:
    given = [None, "", "wrong", house.tokens["old"], house.tokens["revoked"], house.tokens["read"][:-1]]
    for (method, path), token in itertools.product(routes(house.app), given):
        answer = await house.ask(method, path, token)
        assert (answer.status_code == 401) == (path not in OPEN), (method, path, token)
        if path not in OPEN:
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert "token" in answer.text or method == "HEAD"


async def test_with_a_token_for_something_else_no_route_answers(house: House) -> None:
    for (method, path), scope in itertools.product(routes(house.app), Scope):
        needed = needed_scope(method, path)
        answer = await house.ask(method, path, house.tokens[scope])
        assert (answer.status_code == 403) == (needed not in {None, scope}), (method, path, scope)
        assert answer.status_code != 401


def test_every_route_but_health_needs_a_scope_and_reading_and_sending_differ(house: House) -> None:
    needed = {(method, path): needed_scope(method, path) for method, path in routes(house.app)}
    assert {path for (_, path), scope in needed.items() if scope is None} == OPEN
    assert [route for route, scope in needed.items() if scope is Scope.INGEST] == [
        ("POST", "/v1/transcripts")
    ]


def test_whatever_changes_something_is_for_who_may_manage(house: House) -> None:
    changing = {(m, p) for m, p in routes(house.app) if m not in {"GET", "HEAD"}} - {
        ("POST", "/v1/transcripts")
    }
    assert {needed_scope(method, path) for method, path in changing} == {Scope.MANAGE}
    documented = {
        (method.upper(), path.replace("{id}", "x"))
        for path, operations in house.app.openapi()["paths"].items()
        for method in operations
    }
    assert changing <= documented
    assert ("DELETE", "/v1/subscriptions/x") in changing


async def test_no_route_reads_a_body_without_end(house: House) -> None:
    taking = [(m, p) for m, p in routes(house.app) if m in {"POST", "PUT", "PATCH"} and "/x/" not in p]
    assert len(taking) > 4
    for method, path in taking:
        token = house.tokens["all"]
        whole = await house.ask(method, path, token, content=b" " * (MAX_BODY_BYTES + 1))
        piecemeal = await house.ask(method, path, token, content=pieces(MAX_BODY_BYTES + 1))
        for answer in (whole, piecemeal):
            assert (answer.status_code, "over 16777216 bytes" in answer.text) == (413, True), path


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 2**20 + 1):
        yield b" " * 2**20


async def test_what_is_wrong_in_a_request_of_an_operator_is_named_by_its_field(house: House) -> None:
    wrong: list[tuple[str, object, str]] = [
        ("/v1/rules/explain", {"rule": "title: x", "text": ""}, "text"),
        ("/v1/rules/explain", {"rule": "title: [", "text": "x"}, "rule"),
        ("/v1/rules/preview", {"rule": "title: x", "since": "soon"}, "since"),
        ("/v1/rules/preview", {"rule": "title: x"}, "rule"),
        ("/v1/subscriptions", {"channel": ""}, "name"),
        ("/v1/subscriptions", {"name": "x", "channel": "gopher://x"}, "channel"),
        ("/v1/dead-letters/replay", {"topic": "alerts.v1", "ids": ["../1"]}, "ids.0"),
        ("/v1/dead-letters/discard", {"topic": "alerts.v1", "ids": [], "all": True}, "all"),
    ]
    for path, body, field in wrong:
        answer = await house.ask("POST", path, house.tokens["manage"], json=body)
        assert answer.status_code == 400, path
        assert field in {error["field"] for error in answer.json()["errors"]}, path


async def test_what_the_broker_or_a_command_cannot_do_is_a_sentence(house: House) -> None:
    token = house.tokens["all"]
    for path in ("/v1/topics", "/v1/dead-letters", "/v1/subscriptions", "/readyz"):
        answer = await house.ask("GET", path, token)
        assert (answer.status_code, "broker" in answer.json()["detail"]) == (503, True), path
        assert answer.headers["retry-after"]
    rule = (RULES / "security_mou.yml").read_text()
    for path in ("/v1/rules/preview", "/v1/rules/explain"):
        answer = await house.ask("POST", path, token, json={"rule": rule, **TEXT_OF.get(path, {})})
        assert answer.status_code == 400
        assert answer.json()["detail"] == "rules cannot be run here: the broker is away"


async def test_no_token_and_no_secret_is_written_to_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = house.tokens["all"]
    given = {"name": "desk", "channel": "https://desk.example/path-secret", "secrets": ["whsec_" + "s" * 32]}
    await house.ask("POST", "/v1/subscriptions", token, json=given)
    await house.ask("GET", f"/v1/alerts?level=huge&access_token={token}", Accept="text/event-stream")
    house.file.path.write_text("{")
    assert (await house.ask("GET", "/v1/topics", token)).status_code == 401
    # the client that asks here logs the addresses it asks; that is not the gateway
    said = "\n".join(
        record.getMessage() + str(vars(record)) for record in caplog.records if record.name != "httpx"
    )
    assert "tokens.unreadable" in said
    assert not any(secret in said for secret in (token, "path-secret", "whsec_"))


def test_a_route_that_nobody_thought_of_needs_a_token() -> None:
    assert needed_scope("GET", "/v9/new") is Scope.READ
    assert needed_scope("POST", "/v9/new") is Scope.MANAGE
    assert needed_scope("POST", "/v1/transcripts/") is Scope.MANAGE


@pytest.mark.parametrize(
    ("token", "status"), [(None, 401), ("wrong", 401), ("old", 401), ("revoked", 401), ("ingest", 403)]
)
async def test_a_socket_is_turned_away_as_a_request_is(house: House, token: str | None, status: int) -> None:
    paths = [route.path for route in house.app.routes if isinstance(route, WebSocketRoute)]
    assert paths == ["/v1/alerts", "/v1/events", "/v1/agreements"]
    for path in paths:
        query = f"access_token={house.tokens.get(token, token)}" if token else ""
        assert await knock(house.app, path, query) == status
        # an error behind the door: this one is let in
        assert await knock(house.app, path, f"access_token={house.tokens['read']}&cursor=none") == 400


async def test_a_socket_of_a_page_elsewhere_is_turned_away(tmp_path: Path) -> None:
    house = House(tmp_path, open_to_all=True)
    with house.index:
        assert await knock(house.app, "/v1/alerts", origin="https://elsewhere.example") == 403
        assert await knock(house.app, "/v1/alerts", "level=huge", origin="https://desk.example") == 400


async def test_a_token_in_the_address_is_for_streams_only(house: House) -> None:
    address = f"/v1/alerts?access_token={house.tokens['read']}"
    assert (await house.ask("GET", address)).status_code == 401
    asked = await house.ask("GET", f"{address}&level=huge", Accept="text/event-stream")
    assert (asked.status_code, "level" in asked.json()["detail"]) == (400, True)


async def test_a_feed_reader_may_send_its_token_as_password(house: House) -> None:
    secret = b64encode(f"anyone:{house.tokens['read']}".encode()).decode()
    answer = await house.ask("GET", "/v1/feeds/alerts.atom", Authorization=f"Basic {secret}")
    assert answer.status_code == 200


async def test_a_token_made_or_revoked_acts_at_once(house: House) -> None:
    text, kept = make_token("new", [Scope.READ], bytes([99] * 32), NOON, None)
    assert (await house.ask("GET", "/metrics", text)).status_code == 401
    house.file.change(partial(add_token, token=kept))
    assert (await house.ask("GET", "/metrics", text)).status_code == 200
    house.file.change(partial(revoke_token, name="new"))
    assert (await house.ask("GET", "/metrics", text)).status_code == 401


async def test_tokens_that_cannot_be_read_let_nobody_in(house: House) -> None:
    house.file.path.write_text("{")
    assert (await house.ask("GET", "/metrics", house.tokens["read"])).status_code == 401


async def test_who_comes_too_often_waits_and_others_do_not(tmp_path: Path) -> None:
    house = House(tmp_path, per_minute=2)
    with house.index:
        asked = [(await house.ask("GET", "/metrics", house.tokens["read"])) for _ in range(3)]
        assert [answer.status_code for answer in asked] == [200, 200, 429]
        assert asked[2].headers["retry-after"] == "30"
        assert (await house.ask("GET", "/metrics", house.tokens["all"])).status_code == 200
        assert [(await house.ask("GET", "/metrics", "guess")).status_code for _ in range(3)] == [
            401,
            401,
            429,
        ]
        house.seconds += 30
        assert (await house.ask("GET", "/metrics", house.tokens["read"])).status_code == 200
        assert (await house.ask("GET", "/healthz")).status_code == 200


async def test_on_loopback_no_token_is_needed_but_the_right_name(tmp_path: Path) -> None:
    house = House(tmp_path, open_to_all=True)
    with house.index:
        assert (await house.ask("GET", "/metrics")).status_code == 200
        assert (await house.ask("GET", "/metrics", Host="[::1]:8080")).status_code == 200
        for host in ("evil.example", "localhost.evil.example:8080", ""):
            assert (await house.ask("GET", "/metrics", Host=host)).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8080", 503),
        ("https://desk.example", 503),
        ("https://evil.example", 403),
        ("null", 403),
    ],
)
async def test_a_page_elsewhere_cannot_send_transcripts(tmp_path: Path, origin: str, status: int) -> None:
    house = House(tmp_path, open_to_all=True)
    transport = httpx.ASGITransport(house.app)
    body = {"source": {"broadcaster": "Radio Test"}, "text": "Good morning."}
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        with house.index:
            answer = await client.post("/v1/transcripts", json=body, headers={"Origin": origin})
    assert answer.status_code == status


async def test_a_broker_that_is_behind_is_told_with_a_time_to_come_back(tmp_path: Path) -> None:
    house = House(tmp_path, broker=replace(AWAY, busy=lambda: True))
    with house.index:
        answer = await house.ask("POST", "/v1/transcripts", house.tokens["ingest"], content=b"{}")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.json()["detail"] == "the broker is behind with what was sent before"


async def test_only_origins_that_are_set_may_read_elsewhere(house: House) -> None:
    asked: dict[str, Any] = {"Access-Control-Request-Method": "GET"}
    for origin, allowed in (("https://desk.example", True), ("https://evil.example", False)):
        answer = await house.ask("OPTIONS", "/v1/alerts", Origin=origin, **asked)
        assert ("access-control-allow-origin" in answer.headers) == allowed


async def test_without_a_broker_it_is_not_ready_and_its_metrics_say_so(house: House) -> None:
    assert (await house.ask("GET", "/readyz")).status_code == 503
    assert "\ndragoman_ready 0.0\n" in (await house.ask("GET", "/metrics", house.tokens["read"])).text


async def test_every_answer_carries_the_headers_that_protect_who_reads_it(house: House) -> None:
    for path in ("/healthz", "/metrics", "/nowhere", "/v1/alerts"):
        answer = await house.ask("GET", path, house.tokens["read"])
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
