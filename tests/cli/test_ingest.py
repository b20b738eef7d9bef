from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from click.testing import CliRunner, Result

from streams.cli.main import dragoman

if TYPE_CHECKING:
    from pathlib import Path


def ingest(*arguments: str | Path, data: bytes | None = None) -> Result:
    return CliRunner().invoke(dragoman, ["ingest", *map(str, arguments)], input=data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.txt").write_text("Source: Radio One\n\nThe ministers met.", encoding="utf-8")
    (tmp_path / "two.jsonl").write_bytes(
        b'{"source": "Agency", "text": "They left."}\n{"source": "Agency"}\n'
    )
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    (tmp_path / ".hidden.txt").write_text("Hidden.", encoding="utf-8")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "three.srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,000\nHello.\n", encoding="utf-8"
    )
    return tmp_path


def test_a_folder_is_taken_in_and_what_is_refused_is_listed(folder: Path) -> None:
    result = ingest(folder, "--dry-run")
    assert result.exit_code == 1
    assert "3 transcripts would be sent, 1 refused, 1 file of other formats passed over" in result.stdout
    assert "two.jsonl: line 2: text: is missing" in result.stderr


def test_files_are_sent_in_the_order_of_their_times_and_those_without_one_last(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Published: 2026-03-02T08:00Z\n\nThey signed it.", encoding="utf-8")
    (tmp_path / "b.jsonl").write_bytes(
        b'no json\n{"text": "They met.", "published_time": "2026-03-01T08:00:00Z"}\n{"text": "No time."}\n'
    )
    (tmp_path / "c.txt").write_text("Nobody says when.", encoding="utf-8")
    told = orjson.loads(ingest(tmp_path / "c.txt", tmp_path, "--dry-run", "--json").stdout)
    names = [item["file"].rpartition("/")[2] for item in told["would_send"]]
    assert names == ["b.jsonl", "b.jsonl", "a.txt", "c.txt", "c.txt"]


def test_a_program_gets_json_and_the_same_ids_every_time(folder: Path) -> None:
    first, second = (orjson.loads(ingest(folder, "--dry-run", "--json").stdout) for _ in range(2))
    assert [item["id"] for item in first["would_send"]] == [item["id"] for item in second["would_send"]]
    assert first["refused"] == [
        {"file": str(folder / "two.jsonl"), "where": "line 2", "reason": "text: is missing"}
    ]
    assert first["passed_over"] == 1


def test_where_no_file_is_a_transcript_it_says_which_are(tmp_path: Path) -> None:
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    result = ingest(tmp_path, "--dry-run")
    assert result.exit_code == 0
    assert result.stdout == (
        "0 transcripts would be sent, 1 file of other formats passed over: "
        "what is taken ends in .atom, .json, .jsonl, .ndjson, .rss, .srt, .text, .txt, .vtt, .xml\n"
    )


def test_standard_input_and_options() -> None:
    result = ingest(
        "-",
        "--dry-run",
        "--json",
        "--source",
        "IRIB",
        "--broadcast",
        "2025-03-01T08:00Z",
        data=b"The ministers met.",
    )
    assert result.exit_code == 0
    sent = orjson.loads(result.stdout)["would_send"]
    assert [(item["source"], item["event_time"]) for item in sent] == [("IRIB", "2025-03-01T08:00:00Z")]


def test_a_file_that_is_not_there_is_said_in_one_sentence() -> None:
    result = ingest("no-such-file.txt", "--dry-run")
    assert result.exit_code == 1
    assert result.stderr.strip() == "dragoman: there is no file or folder no-such-file.txt"


def test_a_file_named_by_hand_is_refused_if_its_format_is_unknown(folder: Path) -> None:
    result = ingest(folder / "notes.pdf", "--dry-run")
    assert result.exit_code == 1
    assert "notes.pdf: unknown format .pdf; known are" in result.stderr


def test_a_wrong_time_on_the_command_line_is_a_wrong_command_line() -> None:
    result = ingest("-", "--dry-run", "--published", "yesterday", data=b"Text.")
    assert result.exit_code == 2
    assert "'yesterday' is no time; write it as 2026-03-01T08:00:00Z" in result.stderr


def test_without_kafka_one_sentence_says_so() -> None:
    # port 1 is never a Kafka
    result = ingest("-", "--broker", "127.0.0.1:1", data=b"Text.")
    assert result.exit_code == 1
    assert "no Kafka answers at 127.0.0.1:1" in f"{result.stderr}{result.exception}"
