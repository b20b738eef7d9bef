"""`dragoman doctor`: what it says of each thing, and of a machine without a broker."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from streams.cli.doctor import State, check_folder, judge_clock, judge_kafka, judge_readiness, judge_rules
from streams.cli.main import dragoman
from streams.kafka import local
from streams.kafka.features import TRIED, KafkaLevel, read_level, release_of
from streams.kafka.local import free_port


def _doctor(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    nobody = f"127.0.0.1:{free_port()}"
    environment = {
        "DRAGOMAN_BROKER": nobody,
        "DRAGOMAN_DATA_DIR": str(tmp_path),
        "DRAGOMAN_HEALTH_PORT": "0",
        "DRAGOMAN_GATEWAY_PORT": "0",
        "DRAGOMAN_NOTIFIER_PORT": "0",
    }
    result = CliRunner(env=environment).invoke(dragoman, ["doctor", *arguments])
    return result.exit_code, result.stdout


def test_without_a_broker_it_says_so_and_checks_the_rest(tmp_path: Path) -> None:
    code, said = _doctor(tmp_path, "--json")
    found = {line["what"]: line for line in orjson.loads(said)}
    assert code == 1
    assert found["broker"]["state"] == "wrong"
    assert "no Kafka answers" in found["broker"]["sentence"]
    assert "dragoman up" in found["broker"]["advice"]
    assert found["models"]["state"] == "ok"
    assert found["data folder"]["state"] != "wrong"


def test_each_line_says_how_it_stands(tmp_path: Path) -> None:
    _, said = _doctor(tmp_path)
    assert {line.split()[0] for line in said.splitlines()} <= {"ok", "warn", "wrong"}


def test_a_folder_that_cannot_be_written_is_wrong_and_names_its_setting(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    finding = check_folder("cache folder", file / "below")
    assert finding.state is State.WRONG
    assert "DRAGOMAN_CACHE_DIR" in finding.advice


def test_a_broker_whose_clock_is_ahead_is_found() -> None:
    assert judge_clock(1_000_100.0, 1_000_000.0).state is State.WRONG
    assert judge_clock(999_000.0, 1_000_000.0).state is State.OK
    assert judge_clock(0, 1_000_000.0).state is State.OK


def test_a_rule_that_cannot_be_read_is_wrong_and_none_at_all_is_a_warning() -> None:
    assert judge_rules({"a": b"{}"}).state is State.WRONG
    assert judge_rules({}).state is State.WARN


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"ready":false,"reasons":{"broker":"is away"}}', "broker: is away"),
        (b'{"detail":"the broker does not answer"}', "the broker does not answer"),
        (b"<html>", "not as Dragoman does"),
        (b"[]", "not as Dragoman does"),
    ],
)
def test_a_process_that_is_not_ready_says_why(body: bytes, words: str) -> None:
    finding = judge_readiness("worker", "127.0.0.1:6066", 503, body)
    assert finding.state is State.WRONG
    assert words in finding.sentence


@pytest.mark.parametrize(
    ("level", "state", "words"),
    [
        (
            KafkaLevel(33, 33),
            State.OK,
            "Kafka 4.4 with the features of 4.4 (KRaft, metadata.version 33); supported",
        ),
        (
            KafkaLevel(33, 22),
            State.OK,
            "Kafka 4.4 with the features of 4.0 (KRaft, metadata.version 22); supported",
        ),
        (KafkaLevel(21, 21), State.WARN, "Kafka 3.9 with the features of 3.9"),
        (KafkaLevel(99, 40), State.OK, "newer than Kafka 4.4 (metadata.version 40 of 99)"),
        (None, State.WARN, "it uses ZooKeeper, or is another program"),
    ],
)
def test_it_says_which_kafka_it_is_and_whether_it_is_tried(
    level: KafkaLevel | None, state: State, words: str
) -> None:
    found = judge_kafka(level)
    assert found.state is state
    assert words in found.sentence


def test_the_release_that_is_tried_is_the_one_of_the_local_broker() -> None:
    lock = (Path(local.__file__).parent / "jars.lock").read_text("utf-8")
    assert f"org.apache.kafka:kafka-clients:{TRIED[0]}.{TRIED[1]}." in lock
    assert release_of(33) == TRIED


def test_levels_are_read_from_the_tagged_fields_of_the_answer() -> None:
    supported = b"\x02\x11metadata.version\x00\x07\x00\x21\x00"
    finalized = b"\x02\x11metadata.version\x00\x1e\x00\x1e\x00"
    assert read_level({0: supported, 1: b"\x00" * 8, 2: finalized}) == KafkaLevel(33, 30)
    assert read_level({0: supported}) is None
    assert read_level({}) is None
