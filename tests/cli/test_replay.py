"""`dragoman replay` and `dragoman archive` on files, without a broker."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import psutil
import pytest
from click.testing import CliRunner

from schemas.topics import TRANSCRIPTS_RAW
from streams.cli.main import dragoman
from streams.replay.archive import ArchiveHead, SourceRecord, write_archive
from streams.rules.load import pack_folder
from tests.golden import sample_transcripts

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

pytestmark = pytest.mark.slow

MARCH: Final = ("--from", "2025-03-01", "--to", "2025-04-01", "--local", "--jobs", "1")
MOU: Final = pack_folder() / "security_mou.yml"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DRAGOMAN_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "samples.jsonl.gz"
    records = (
        SourceRecord(t.event_time, 0, n, 0, t.id.encode(), (), t.encode())
        for n, t in enumerate(sample_transcripts())
    )
    write_archive(path, ArchiveHead(TRANSCRIPTS_RAW.name), records)
    return path


def dragoman_says(*words: object) -> Result:
    return CliRunner().invoke(dragoman, [str(word) for word in words])


def start(archive: Path, name: str, *words: object) -> Result:
    return dragoman_says("replay", "start", *MARCH, "--source", archive, "--name", name, *words)


def narrower(folder: Path) -> Path:
    """The shipped rule, but for signatures only."""
    folder.mkdir()
    text = MOU.read_text(encoding="utf-8").replace("version: 1\n", "version: 2\n", 1)
    text = text.replace("  untold:", "  big: {transition.stage: signed}\n  untold:").replace(
        "condition: step and", "condition: step and big and"
    )
    (folder / "mou.yml").write_text(text, encoding="utf-8")
    return folder


def test_from_start_to_difference_and_page(archive: Path, tmp_path: Path) -> None:
    assert start(archive, "wide", "--rules", MOU).exit_code == 0
    assert start(archive, "narrow", "--rules", narrower(tmp_path / "rules")).exit_code == 0
    page = tmp_path / "page.html"
    answer = dragoman_says("replay", "diff", "wide", "narrow", "--json", "--html", page)
    assert answer.exit_code == 0
    found = json.loads(answer.stdout)
    lost = [d for d in found["differences"] if d["kind"] == "lost"]
    assert lost
    assert all(d["why"]["failed"] == ["big"] for d in lost)
    assert all(d["before"]["subjects"][0]["evidence"] for d in lost)
    assert found["rules"][0]["lost"] == len(lost)
    assert "big failed" in page.read_text(encoding="utf-8")
    told = dragoman_says("replay", "diff", "wide", "narrow").stdout
    assert "replay narrow has a near miss: big failed" in told


def test_status_and_list_say_how_far_it_is(archive: Path) -> None:
    assert "none" in dragoman_says("replay", "status", "one").stderr
    assert start(archive, "one", "--rules", MOU).stdout == "one\n"
    row = json.loads(dragoman_says("replay", "status", "one", "--json").stdout)
    assert (row["state"], row["position"]) == ("done", row["transcripts_in_all"])
    assert row["records"]["alerts.v1"] > 0
    assert dragoman_says("replay", "list").stdout.startswith("one\tdone\t2025-03-01T00:00Z")
    assert "is not running: it is done" in dragoman_says("replay", "stop", "one").stderr
    assert dragoman_says("replay", "remove", "one").exit_code == 0
    assert json.loads(dragoman_says("replay", "list", "--json").stdout) == []


def test_the_same_question_is_told_that_it_was_asked(archive: Path) -> None:
    words = ("replay", "start", *MARCH, "--source", archive, "--rules", MOU)
    first = dragoman_says(*words)
    assert first.exit_code == 0
    again = dragoman_says(*words)
    assert again.exit_code == 1
    assert f"there is a replay {first.stdout.strip()} already" in again.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--name", "über"), "--name is 'über'"),
        (("--rules", "nowhere"), "there is no rule file or folder nowhere"),
        (("--source", "raw"), "--source is raw, enriched, or files"),
    ],
)
def test_what_is_wrong_with_a_question_is_one_sentence(
    archive: Path, data_dir: Path, words: tuple[str, ...], sentence: str
) -> None:
    answer = start(archive, "one", *words)
    assert answer.exit_code == 1
    assert sentence in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not data_dir.exists()


def test_an_archive_is_checked_and_one_cut_short_is_no_source(archive: Path, data_dir: Path) -> None:
    assert "whole" in dragoman_says("archive", "check", archive).stdout
    archive.write_bytes(archive.read_bytes()[:-20])
    for answer in (dragoman_says("archive", "check", archive), start(archive, "one", "--rules", MOU)):
        assert answer.exit_code == 1
        assert "is cut short after" in answer.stderr
    assert not list(data_dir.rglob("*.json"))


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "yesterday", "--to", "2025-04-01"),
        ("--from", "2025-03-01T10:00", "--to", "2025-04-01"),
        ("--from", "1969-01-01", "--to", "2025-04-01"),
        ("--from", "2025-03-01", "--to", "2025-04-01", "--speed", "0"),
        ("--from", "2025-03-01", "--to", "2025-04-01", "--warm-up", "long"),
    ],
)
def test_a_time_or_speed_that_is_none_is_a_wrong_command_line(words: tuple[str, ...]) -> None:
    assert dragoman_says("replay", "start", *words).exit_code == 2


def test_a_replay_that_is_killed_leaves_no_process_behind(archive: Path, data_dir: Path) -> None:
    words = (
        "--from",
        "2025-03-01",
        "--to",
        "2025-04-01",
        "--local",
        "--source",
        str(archive),
        "--name",
        "cut",
    )
    command = (sys.executable, "-m", "streams.cli", "replay", "start", *words, "--rules", str(MOU))
    with subprocess.Popen([*command, "--speed", "1", "--jobs", "2"]) as process:
        while not (readers := _readers(process.pid)) or not (data_dir / "replays" / "cut").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    _, alive = psutil.wait_procs(readers, timeout=120)
    assert alive == []
    assert json.loads(dragoman_says("replay", "status", "cut", "--json").stdout)["state"] == "stopped"


def _readers(pid: int) -> list[psutil.Process]:
    """Give the processes of a replay that read."""
    return [p for p in psutil.Process(pid).children() if any("spawn_main" in word for word in p.cmdline())]


def test_a_topic_that_cannot_be_archived_is_told_with_the_nearest(tmp_path: Path) -> None:
    answer = dragoman_says("archive", "write", tmp_path / "a.jsonl.gz", "--topic", "transcripts.raw")
    assert answer.exit_code == 1
    assert 'did you mean "transcripts.raw.v1"' in answer.stderr
    assert "ends in .jsonl.gz" in dragoman_says("archive", "write", tmp_path / "a.txt").stderr
