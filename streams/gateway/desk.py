"""The routes that the console needs beside those for everyone: its own files, rules, topics, dead letters, subscriptions, replays."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from aiokafka.errors import KafkaError
from fastapi import FastAPI, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from schemas import topics
from schemas.dead_letter import DeadLetter
from schemas.rule import Level, Rule, RuleStatus
from streams.gateway.index import Kind, PageCursorError, format_page_cursor, parse_page_cursor
from streams.gateway.index import Query as IndexQuery
from streams.gateway.operation import CommandError, NoSuchTopicError, StoppingError
from streams.gateway.pages import PAGE_HEADERS, load_pages
from streams.gateway.problems import problem, problem_responses
from streams.gateway.subscriptions import add_subscriptions
from streams.kafka.client import NoBrokerError
from streams.kafka.dead_letters import Settled
from streams.rules.errors import RuleError
from streams.rules.load import TEST_SUFFIX, load_rule, pack_folder, parse_rule, rule_files
from streams.rules.write import write_rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.gateway.history import History
    from streams.gateway.operation import Operation
    from streams.gateway.pages import PageFile
    from streams.kafka.dead_letters import ParkedRecord

MAX_TEXT: Final = 20_000
_SHOWN_LETTERS: Final = 500
_SUFFIX: Final = topics.dead_letter_topic_name("")

Id = Annotated[str, Path(min_length=1, max_length=200, description="Its id")]


class RuleQuery(BaseModel):
    """Which rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: list[Annotated[str, Field(min_length=1, max_length=60)]] = Field(default=[], max_length=100)
    level: list[Level] = Field(default=[], max_length=5)
    status: list[RuleStatus] = Field(default=[], max_length=4)
    limit: int = Field(default=100, ge=1, le=1000)
    page: str | None = Field(default=None, max_length=2000, description="`next` of the page before")


class RulePage(BaseModel):
    """Rules at work."""

    rules: list[Rule]
    next: str | None
    complete: bool


class RuleText(BaseModel):
    """A rule at work, and the text of a rule file that says the same."""

    rule: Rule
    text: str
    tests: str | None
    """The text of its test file, where it is a rule of the shipped pack in the version that was shipped."""


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExplainRequest(_Given):
    """A rule at work by its id, or the text of a rule file; and the text to hold it against."""

    rule_id: str | None = Field(default=None, min_length=1, max_length=200)
    rule: str | None = Field(default=None, min_length=1, max_length=100_000)
    text: str = Field(min_length=1, max_length=MAX_TEXT, pattern=r"\S")


class Since(StrEnum):
    """How far back a preview looks, in event time."""

    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    YEAR = "365d"
    ALL = "3650d"


class PreviewRequest(_Given):
    """The text of a rule file, and how far back to look."""

    rule: str = Field(min_length=1, max_length=100_000)
    since: Since = Since.QUARTER


class TopicRow(BaseModel):
    """A topic, its records, and for each of the worker's groups how many of them it has not finished."""

    topic: str
    partitions: int
    records: int
    lag: dict[str, int]


class DeadLetterRow(BaseModel):
    """A dead letter and what became of it."""

    topic: str
    id: str
    state: str
    replays: int
    size_bytes: int
    key: str | None
    letter: DeadLetter | None


class SettleRequest(_Given):
    """Which dead letters of a topic, by the ids that the list shows."""

    topic: str = Field(min_length=1, max_length=249)
    ids: list[Annotated[str, Field(pattern=r"^[0-9]{1,9}:[0-9]{1,18}$")]] = Field(
        min_length=1, max_length=1000
    )
    again: bool = Field(default=False, description="Also those that were settled before")


class SettleAnswer(BaseModel):
    """What was done, and a sentence for each that could not be."""

    done: list[str]
    refused: list[str]


def add_pages(app: FastAPI) -> None:
    """Serve the console's files."""
    for path, page in load_pages().items():
        app.add_api_route(path, _page_route(page), methods=["GET"], include_in_schema=False)


def _page_route(page: PageFile) -> Callable[[Request], Any]:
    async def give(request: Request) -> Response:
        headers = {**PAGE_HEADERS, "ETag": page.tag}
        if request.headers.get("if-none-match") == page.tag:
            return Response(status_code=304, headers=headers)
        return Response(page.body, media_type=page.media_type, headers=headers)

    return give


def add_rules(app: FastAPI, history: History) -> None:
    """Add the routes to the rules at work."""

    @app.get("/v1/rules", response_model=RulePage, responses=problem_responses(400), tags=["rules"])
    async def rules(query: Annotated[RuleQuery, Query()]) -> Response:
        """Give a page of the rules at work, the latest written first."""
        after = None
        if query.page is not None:
            try:
                after, _ = parse_page_cursor(query.page)
            except PageCursorError as error:
                return problem(400, f"page: {error}")
        wanted = {
            name: frozenset(map(str, values))
            for name, values in (("topic", query.topic), ("level", query.level), ("status", query.status))
            if values
        }
        complete = history.complete
        page = await history.find(IndexQuery(Kind.RULE, wanted, after=after, limit=query.limit), topics.RULES)
        follows = format_page_cursor(page.after, newest_first=True) if page.after else None
        return JSONResponse(
            {"rules": [orjson.loads(body) for body in page.bodies], "next": follows, "complete": complete}
        )

    @app.get("/v1/rules/{id}", response_model=RuleText, responses=problem_responses(400, 404), tags=["rules"])
    async def rule(id: Id) -> Response:  # noqa: A002 - the name in the address
        """Give a rule at work, and the text of a rule file that says the same."""
        body = await history.get(Kind.RULE, id)
        if body is None:
            return problem(404, f"there is no rule {id}")
        found = Rule.decode(body)
        shipped = await asyncio.to_thread(_shipped_tests)
        return JSONResponse(
            {
                "rule": found.model_dump(mode="json"),
                "text": write_rule(found),
                "tests": shipped.get((found.id, found.version)),
            }
        )


@cache
def _shipped_tests() -> dict[tuple[str, int], str]:
    """Give the tests of the shipped rules, by id and version."""
    found = {}
    for path in rule_files(pack_folder()):
        tests = path.with_name(path.stem + TEST_SUFFIX)
        if tests.is_file():
            rule = load_rule(path)
            found[rule.id, rule.version] = tests.read_text()
    return found


def add_desk(app: FastAPI, history: History, operation: Operation, now: Callable[[], datetime]) -> None:
    """Add the routes for who works the installation."""

    async def broker_gone(_: Request, error: Exception) -> Response:
        return problem(
            503, f"the broker does not answer ({type(error).__name__})", headers={"Retry-After": "2"}
        )

    for kind in (NoBrokerError, KafkaError, TimeoutError):
        app.add_exception_handler(kind, broker_gone)
    _add_trying(app, history, operation)
    _add_topics(app, operation)
    add_subscriptions(app, operation, now)
    _add_replays(app, operation)


def _add_trying(app: FastAPI, history: History, operation: Operation) -> None:
    @app.post(
        "/v1/rules/explain",
        response_model=list[dict[str, Any]],
        responses=problem_responses(400, 404, 503),
        tags=["rules"],
    )
    async def explain(asked: ExplainRequest) -> Response:
        """Say which clause of a rule holds on which words of a text, and which fails. The text is read as if alone."""
        text = asked.rule
        if text is None:
            body = await history.get(Kind.RULE, asked.rule_id or "")
            if body is None:
                return problem(404, f"there is no rule {asked.rule_id}")
            text = write_rule(Rule.decode(body))
        else:
            wrong = _rule_problem(text)
            if wrong is not None:
                return wrong
        transcript = orjson.dumps({"source": {"broadcaster": "Console"}, "text": asked.text})
        return await _run(
            operation,
            ["rules", "explain", "rule.yml", "text.json"],
            {"rule.yml": text.encode(), "text.json": transcript},
        )

    @app.post(
        "/v1/rules/preview",
        response_model=dict[str, Any],
        responses=problem_responses(400, 503),
        tags=["rules"],
    )
    async def preview(asked: PreviewRequest) -> Response:
        """Say what a rule would have raised: a small replay of what was read, into no topic."""
        wrong = _rule_problem(asked.rule)
        if wrong is not None:
            return wrong
        return await _run(
            operation,
            ["rules", "preview", "rule.yml", "--since", asked.since],
            {"rule.yml": asked.rule.encode()},
        )


def _rule_problem(text: str) -> Response | None:
    try:
        parse_rule(text, "rule")
    except RuleError as error:
        return problem(
            400, str(error), errors=[{"field": "rule", "line": error.line, "reason": error.reason}]
        )
    return None


async def _run(operation: Operation, words: list[str], files: dict[str, bytes]) -> Response:
    try:
        found = await operation.run(words, files)
    except CommandError as error:
        return problem(400, str(error))
    except StoppingError:
        return problem(503, "the gateway stops: ask again in a moment", headers={"Retry-After": "2"})
    return JSONResponse(found)


def _add_topics(app: FastAPI, operation: Operation) -> None:
    @app.get(
        "/v1/topics", response_model=list[TopicRow], responses=problem_responses(503), tags=["operation"]
    )
    async def show_topics() -> list[TopicRow]:
        """Give each topic with its records, and how many of them the worker has not finished (lag)."""
        return [
            TopicRow(
                topic=operation.plain_name(state.name),
                partitions=state.partitions,
                records=state.records,
                lag=dict(sorted(state.lag.items())),
            )
            for state in await operation.topics()
        ]

    @app.get(
        "/v1/dead-letters",
        response_model=list[DeadLetterRow],
        responses=problem_responses(400, 503),
        tags=["operation"],
    )
    async def dead_letters(
        settled: Annotated[bool, Query(description="Also those sent again or let go")] = False,
    ) -> list[DeadLetterRow]:
        """Give the dead letters that wait, the latest five hundred at most."""
        found = [p for p in await operation.dead_letters() if settled or not p.settled]
        return [_letter_row(p, operation) for p in sorted(found, key=_failed, reverse=True)[:_SHOWN_LETTERS]]

    for path, how in (("replay", Settled.REPLAYED), ("discard", Settled.DISCARDED)):
        app.add_api_route(
            f"/v1/dead-letters/{path}",
            _settle_route(operation, how),
            methods=["POST"],
            response_model=SettleAnswer,
            responses=problem_responses(400, 404, 503),
            tags=["operation"],
            summary=f"Dead letters are {how.value}",
        )


def _settle_route(operation: Operation, how: Settled) -> Callable[[SettleRequest], Any]:
    async def settle(asked: SettleRequest) -> Response:
        """Send dead letters to the topic they came from, or let them go; each once."""
        try:
            done, refused = await operation.settle(asked.topic, asked.ids, how, again=asked.again)
        except NoSuchTopicError as error:
            return problem(404, str(error))
        return JSONResponse({"done": done, "refused": refused})

    return settle


def _failed(parked: ParkedRecord) -> tuple[str, str, int, int]:
    time = parked.letter.failed_time.isoformat() if parked.letter else ""
    return time, parked.topic, parked.partition, parked.offset


def _letter_row(parked: ParkedRecord, operation: Operation) -> DeadLetterRow:
    return DeadLetterRow(
        topic=operation.plain_name(parked.topic).removesuffix(_SUFFIX),
        id=parked.place,
        state=parked.settled[-1].value if parked.settled else "waits",
        replays=parked.replays,
        size_bytes=parked.size_bytes,
        key=None if parked.key is None else parked.key.decode("utf-8", "backslashreplace"),
        letter=parked.letter,
    )


_REPLAY_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")


def _add_replays(app: FastAPI, operation: Operation) -> None:
    @app.get(
        "/v1/replays",
        response_model=list[dict[str, Any]],
        responses=problem_responses(400, 503),
        tags=["replays"],
    )
    async def replays() -> Response:
        """Give the replays on this machine, their ranges and how far they are."""
        if not operation.has_replays:
            return JSONResponse([])
        return await _run(operation, ["replay", "list"], {})

    @app.get(
        "/v1/replays/{id}/difference",
        response_model=dict[str, Any],
        responses=problem_responses(400, 404, 503),
        tags=["replays"],
    )
    async def difference(id: Id) -> Response:  # noqa: A002 - the name in the address
        """Give the alerts that a replay added, lost or changed by comparison with what was raised live."""
        if not operation.has_replays or not _REPLAY_NAME.fullmatch(id):
            return problem(404, f"there is no replay {id}")
        return await _run(operation, ["replay", "diff", id], {})
