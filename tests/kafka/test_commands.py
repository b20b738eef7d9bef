"""`dragoman topics` and `dragoman dlq`, as they are typed."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from click.testing import CliRunner

from schemas.topics import TRANSCRIPTS_RAW
from streams.cli.errors import sentence_of
from streams.cli.main import dragoman
from streams.kafka.dead_letters import park
from streams.kafka.local import free_port
from streams.kafka.topics import kafka_name
from tests.kafka.test_dead_letters import POISON, make_letter, make_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiokafka import AIOKafkaProducer

    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was printed
        return orjson.loads(self.out)


def run(*arguments: str, **environment: str | None) -> Ran:
    """Run the command as `main` does, in a thread of its own: it brings its own event loop."""
    unset: dict[str, str | None] = {name: None for name in os.environ if name.startswith("DRAGOMAN_")}
    runner = CliRunner(env={**unset, **environment})
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(runner.invoke, dragoman, arguments).result()
    if result.exception is None or isinstance(result.exception, SystemExit):
        return Ran(result.exit_code, result.stdout, result.stderr)
    assert isinstance(result.exception, Exception)
    sentence = sentence_of(result.exception)
    if sentence is None:
        raise result.exception
    return Ran(1, result.stdout, f"{result.stderr}dragoman: {sentence}\n")


@pytest.fixture
def typed(settings: Settings) -> Callable[..., Ran]:
    """Run the command in the test's namespace."""
    environment = {
        "DRAGOMAN_BROKER": settings.broker,
        "DRAGOMAN_TOPIC_PREFIX": settings.topic_prefix,
        "DRAGOMAN_GROUP": settings.group,
        "DRAGOMAN_PARTITIONS": str(settings.partitions),
    }
    return lambda *arguments: run(*arguments, **environment)


@pytest.mark.kafka
def test_topics_are_checked_created_and_listed(settings: Settings, typed: Callable[..., Ran]) -> None:
    empty = typed("topics", "list")
    assert (empty.code, empty.out) == (0, "")
    assert "No topic of Dragoman is at" in empty.err
    missing = typed("topics", "check")
    assert missing.code == 1
    assert (
        f"topic {settings.topic_prefix}alerts.v1 is missing: `dragoman topics create` makes it" in missing.out
    )

    created = typed("topics", "create", "--alert", "floods", "--json")
    assert f"{settings.topic_prefix}alerts.floods.v1" in created.json["created"]
    again = typed("topics", "create", "--alert", "floods")
    assert (again.code, again.out, again.err) == (0, "", "All topics are there.\n")
    assert typed("topics", "check", "--json").json == {"differences": []}
    listed = typed("topics", "list")
    assert f"{settings.topic_prefix}alerts.floods.v1\t2\t0\t\n" in listed.out


@pytest.mark.kafka
async def test_a_dead_letter_is_listed_shown_replayed_once_and_discarded(
    settings: Settings,
    created_topics: tuple[str, ...],
    producer: AIOKafkaProducer,
    read_all: ReadAll,
    typed: Callable[..., Ran],
) -> None:
    assert typed("dlq", "list").err == "No dead letter waits.\n"
    await park(producer, settings, make_record(), make_letter())
    await park(producer, settings, make_record(key=b"second"), make_letter(offset=8))

    listed = typed("dlq", "list").out.splitlines()
    assert listed[0].split("\t") == [
        "transcripts.raw.v1", "0:0", "2026-03-01 12:00:00Z", "encoding", "waits", "not UTF-8: byte 0 is 0xff",
    ]  # fmt: skip
    shown = typed("dlq", "show", TRANSCRIPTS_RAW.name, "0:0")
    assert "came from  transcripts.raw.v1, partition 1, offset 7" in shown.out
    assert "\\xff\\xfe{not json�" in shown.out

    replayed = typed("dlq", "replay", TRANSCRIPTS_RAW.name, "0:0")
    assert (replayed.code, replayed.out) == (0, "replayed 0:0\n")
    again = typed("dlq", "replay", TRANSCRIPTS_RAW.name, "0:0")
    assert (again.code, again.out) == (0, "")
    assert "0:0 was settled before" in again.err
    assert [record.value for record in await read_all(TRANSCRIPTS_RAW)] == [POISON]

    discarded = typed("dlq", "discard", TRANSCRIPTS_RAW.name, "--all", "--json")
    assert discarded.json == {"discarded": ["0:1"], "skipped": [], "refused": []}
    assert typed("dlq", "list", "--json").json == []
    states = [letter["state"] for letter in typed("dlq", "list", "--all", "--json").json]
    assert states == ["replayed", "discarded"]


@pytest.mark.kafka
def test_a_name_that_is_almost_a_topic_gets_the_nearest_one(
    created_topics: tuple[str, ...], typed: Callable[..., Ran]
) -> None:
    answer = typed("dlq", "list", "transcript.raw")
    assert answer.code == 1
    assert answer.err == (
        "dragoman: there is no dead-letter topic of transcript.raw; did you mean transcripts.raw.v1?\n"
    )


@pytest.mark.kafka
def test_an_id_that_is_not_there_is_said_in_words(
    settings: Settings, created_topics: tuple[str, ...], typed: Callable[..., Ran]
) -> None:
    for command in ("show", "replay", "discard"):
        answer = typed("dlq", command, kafka_name(TRANSCRIPTS_RAW, settings), "5")
        assert answer.code == 1
        assert "there is no dead letter 0:5 of " in answer.err


def test_no_broker_is_one_sentence_and_exit_code_1() -> None:
    address = f"127.0.0.1:{free_port()}"
    for command in (("topics", "list"), ("dlq", "list")):
        answer = run(*command, "--broker", address)
        assert (answer.code, answer.out) == (1, "")
        assert answer.err == (
            f"dragoman: no Kafka answers at {address}: start one with `dragoman up`, or set DRAGOMAN_BROKER\n"
        )


@pytest.mark.parametrize(
    "arguments",
    [
        ("dlq", "replay", "transcripts.raw.v1"),
        ("dlq", "replay", "transcripts.raw.v1", "0:1", "--all"),
        ("dlq", "show", "transcripts.raw.v1", "one"),
        ("topics", "create", "--alert", "Not A Name"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).code == 2
