from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from click.testing import CliRunner, Result

from schemas.alert import AlertChange
from schemas.enriched import EnrichedTranscript
from streams.cli.extract import command
from streams.cli.extract_lines import print_languages
from streams.extract.models import load_models

if TYPE_CHECKING:
    from pathlib import Path

SIGNED = "MUSCAT (AP) - Iran and Oman signed a memorandum of understanding on border security on Sunday.\n"


def run(*arguments: str, lines: list[Any] | None = None, given: str | bytes | None = None) -> Result:
    text = given if lines is None else b"".join(orjson.dumps(line) + b"\n" for line in lines)
    return CliRunner().invoke(command, list(arguments), input=text)


def answers(result: Result) -> list[Any]:
    return [orjson.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def story(tmp_path: Path) -> str:
    file = tmp_path / "story.txt"
    file.write_text(SIGNED, encoding="utf-8")
    return str(file)


def test_a_file_is_read_for_people(story: str) -> None:
    result = run(story)
    assert result.exit_code == 0, result.output
    assert all(
        word in result.stdout
        for word in ("Parts", "dateline", "Entities", "IRN", "Agreements", "signed", "border")
    )
    assert "\x1b" not in result.stdout
    assert all(line == line.rstrip() for line in result.stdout.splitlines())


def test_a_file_is_read_for_programs(story: str) -> None:
    result = run("--json", "--country", "OMN", "--broadcast", "2026-03-01T08:00Z", story)
    record = EnrichedTranscript.decode(result.stdout_bytes)
    assert record.transcript.source.country == "OMN"
    assert record.context.event_time.year == 2026
    assert [report.party_codes for report in record.agreements] == [("IRN", "OMN")]


def test_standard_input_is_a_file_called_dash() -> None:
    result = run("--json", "--broadcast", "2026-03-01T08:00Z", "-", given=SIGNED)
    assert EnrichedTranscript.decode(result.stdout_bytes).transcript.text == SIGNED


def test_every_transcript_of_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "two.jsonl"
    file.write_bytes(
        b"".join(orjson.dumps({"source": name, "text": SIGNED}) + b"\n" for name in ("IRIB", "Oman TV"))
    )
    found = [
        EnrichedTranscript.decode(line.encode()) for line in run("--json", str(file)).stdout.splitlines()
    ]
    assert [record.transcript.source.broadcaster for record in found] == ["IRIB", "Oman TV"]


def test_alerts_are_told_once_over_several_files(story: str, tmp_path: Path) -> None:
    again = tmp_path / "again.txt"
    again.write_text(f"Source: Oman TV\n\n{SIGNED}", encoding="utf-8")
    result = run("--alerts", "--json", "--broadcast", "2026-03-01T08:00Z", story, str(again))
    changes = [AlertChange.decode(line.encode()) for line in result.stdout.splitlines()]
    security = [change for change in changes if change.alert.topic == "security-mou"]
    assert [change.sequence for change in security if change.kind == "raise"] == [1]
    assert security[0].alert.countries == ("IRN", "OMN")
    assert "memorandum of understanding" in run("--alerts", story).stdout


def test_a_file_without_an_alert_says_so() -> None:
    result = run("--alerts", "-", given="Rain is expected in the north on Monday, and sun in the south.")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No alert" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "name a FILE"),
        (("--segments", "--events"), 2, "choose one of"),
        (("--segments", "story.txt"), 2, "< story.txt"),
        (("missing.txt",), 1, "missing.txt: is not there"),
        (("--broadcast", "yesterday", "-"), 2, "no time"),
    ],
)
def test_a_wrong_command_line_says_how_to_mend_it(arguments: tuple[str, ...], code: int, words: str) -> None:
    result = run(*arguments, given="")
    assert result.exit_code == code
    assert words in " ".join(result.stderr.split())


def test_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    result = run(str(tmp_path))
    assert (result.exit_code, "is a folder" in result.stderr) == (1, True)


def test_a_file_that_is_no_text_is_refused_with_its_name(tmp_path: Path, story: str) -> None:
    file = tmp_path / "noise.txt"
    file.write_bytes(b"\xff\xfe\xfa\x00\x01")
    result = run("--json", str(file), story)
    assert result.exit_code == 1
    assert "noise.txt" in result.stderr
    assert len(result.stdout.splitlines()) == 1


def test_segments_are_answered_in_order_with_offsets() -> None:
    result = run(
        "--segments", lines=[{"id": "a", "text": SIGNED, "unknown": 1}, {"id": 2, "text": "It rains."}]
    )
    first, second = answers(result)
    assert [part["kind"] for part in first["segments"]] == ["dateline", "narration"]
    assert SIGNED[first["segments"][0]["start"] : first["segments"][0]["end"]] == "MUSCAT (AP) -"
    assert (first["id"], second["id"]) == ("a", 2)


def test_languages_are_answered_one_tag_a_line() -> None:
    texts = [
        "Two states signed a treaty today.",
        "Два государства подписали договор.",
        "",
        "12",
        "دو کشور پیمانی امضا کردند.",
    ]
    result = run("--languages", lines=[{"text": text} for text in texts])
    assert result.stdout.split() == ["en", "ru", "und", "und", "fa"]


def test_the_table_of_languages_says_what_each_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    print_languages()
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows["en"][-2:] == ["yes", "yes"]
    assert rows["am"] == ["Amharic", "script"]
    assert "names" in rows["fa"]
    assert set(load_models().foreign_agreements) <= {tag for tag, row in rows.items() if "yes" in row}


def test_mentions_are_flat_spans_of_three_kinds() -> None:
    text = "Foreign Minister Sergey Lavrov met officials of NATO in Brussels."
    (record,) = answers(run("--mentions", lines=[{"id": "m", "text": text, "lang": "en"}]))
    assert [(text[start:end], kind) for start, end, kind in record["spans"]] == [
        ("Sergey Lavrov", "PER"),
        ("NATO", "ORG"),
        ("Brussels", "LOC"),
    ]


def test_events_name_actor_recipient_and_words() -> None:
    text = "The foreign minister of Iran visited Oman on Monday."
    (record,) = answers(run("--events", lines=[{"id": "e", "text": text}]))
    event = record["events"][0]
    assert event["plover"] == "CONSULT"
    assert event["actor"][0]["code"].startswith("IRN")
    assert event["recipient"][0]["code"] == "OMN"
    assert text[event["start"] : event["end"]] == event["evidence"]


def test_agreements_are_answered_with_the_alert_of_the_shipped_rules() -> None:
    lines = [
        {
            "id": "yes",
            "headline": "Pact on borders",
            "text": SIGNED,
            "date_if_known": "2026-03-01",
            "notes": "ignored",
        },
        {
            "id": "no",
            "headline": None,
            "text": "The bank and the union signed a wage agreement.",
            "date_if_known": None,
        },
        {"id": "year", "text": SIGNED, "date_if_known": "2025"},
        {"id": "empty", "text": " "},
    ]
    yes, no, year, empty = answers(run("--agreements", lines=lines))
    assert yes["is_security_mou_alert"] is True
    instrument = yes["instruments"][0]
    assert (instrument["type"], instrument["stage"], instrument["polarity"], instrument["is_news"]) == (
        "mou",
        "signed",
        "asserted",
        True,
    )
    assert {party["code"] for party in instrument["parties"]} == {"IRN", "OMN"}
    assert SIGNED[instrument["evidence_start"] :].startswith(instrument["evidence_span"])
    assert (no["is_security_mou_alert"], year["is_security_mou_alert"]) == (False, True)
    assert empty == {"id": "empty", "is_security_mou_alert": False, "instruments": []}


def test_one_passage_does_not_change_the_answer_to_the_next() -> None:
    line = {"id": "a", "text": SIGNED, "date_if_known": "2026-03-01"}
    first, second = answers(run("--agreements", lines=[line, line]))
    assert first == second


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "not JSON"),
        (b"[1]", "a JSON object is expected, not list"),
        (b'{"id": 1}', "text: is missing"),
        (b'{"text": 5}', "text: int is no text"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b'{"text": "' + b"a" * 1_048_577 + b'"}', "over the limit"),
        (b'{"text": "\\ud800"}', "not JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_others_go_on(line: bytes, words: str) -> None:
    good = orjson.dumps({"id": "g", "text": "It rains."})
    result = run("--segments", given=good + b"\n" + line + b"\n" + good + b"\n")
    assert result.exit_code == 1
    assert len(answers(result)) == 2
    assert "line 2: " in result.stderr
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_bad_date_is_named() -> None:
    result = run("--agreements", lines=[{"id": "a", "text": SIGNED, "date_if_known": "May"}])
    assert (result.exit_code, "date_if_known" in result.stderr) == (1, True)


def test_a_bad_line_keeps_the_place_of_the_tags() -> None:
    result = run(
        "--languages", given=b'{"text": "It rains in the north."}\n{\n{"text": "Il pleut dans le nord."}\n'
    )
    assert (result.exit_code, result.stdout.split()) == (1, ["en", "und", "fr"])


@pytest.mark.slow
def test_answers_come_while_the_input_is_still_open() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "streams.cli", "extract", "--segments"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for name in ("a", "b"):
            process.stdin.write(orjson.dumps({"id": name, "text": "It rains."}) + b"\n")
            process.stdin.flush()
            assert orjson.loads(process.stdout.readline())["id"] == name
        process.stdin.close()
        assert process.wait(timeout=30) == 0


@pytest.mark.slow
def test_ctrl_c_ends_it_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "streams.cli", "extract", "--segments"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b'{"text": "It rains."}\n')
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert process.stderr.read() == b""


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    lines = (orjson.dumps({"id": "a", "text": "It rains."}) + b"\n") * 3000
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = subprocess.run(
        [sys.executable, "-m", "streams.cli", "extract", "--segments"],
        input=lines,
        stdout=write_end,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(write_end)
    assert b"Traceback" not in process.stderr
    assert b"Exception" not in process.stderr


@pytest.mark.slow
def test_the_same_text_is_read_alike_in_every_process(story: str) -> None:
    def read(seed: str) -> bytes:
        arguments = [
            sys.executable,
            "-m",
            "streams.cli",
            "extract",
            "--json",
            "--broadcast",
            "2026-03-01",
            story,
        ]
        output = subprocess.run(
            arguments, capture_output=True, timeout=60, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        record: dict[str, Any] = orjson.loads(output)
        record["transcript"].pop("ingest_time")  # the clock at the door
        return orjson.dumps(record)

    assert read("1") == read("2")
