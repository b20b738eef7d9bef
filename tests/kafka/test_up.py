from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from streams.kafka.local import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from streams.settings import Settings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]

BENCH = Path(__file__).parents[3] / "shared" / "bench"
DRAGOMAN = [sys.executable, "-m", "streams.cli"]


def environment(folder: Path, **changes: object) -> dict[str, str]:
    given = {
        "data_dir": folder / "data",
        "local_broker_port": free_port(),
        "gateway_port": free_port(),
        "health_port": 0,
        "notifier_port": 0,
        **changes,
    }
    return {**os.environ, **{f"DRAGOMAN_{name.upper()}": str(value) for name, value in given.items()}}


def run(env: Mapping[str, str], *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [*DRAGOMAN, *arguments], env=env, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def processes_of(folder: Path) -> list[str]:
    """Name the processes that have this folder on their command line or in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.environ().get("DRAGOMAN_DATA_DIR", "")]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(folder) in word for word in words):
            found.append(" ".join(process.cmdline()))
    return found


class Up:
    """`dragoman up` as a process, and what it has said."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []

    def wait_for(self, pattern: str, timeout_s: float = 120) -> str:
        assert self.process.stdout is not None
        end = time.monotonic() + timeout_s
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if re.search(pattern, line):
                return line
            if time.monotonic() > end:
                break
        raise AssertionError(f"no {pattern!r} in:\n" + "\n".join(self.said))


@contextmanager
def up(env: Mapping[str, str], *arguments: str) -> Iterator[Up]:
    with subprocess.Popen(
        [*DRAGOMAN, "up", *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield Up(process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            assert process.stdout is not None
            rest = process.stdout.read()
            process.wait(60)
    assert process.returncode in {0, -9}, rest
    assert "Traceback" not in rest


def test_the_demo_shows_alerts_ends_and_leaves_nothing_behind(tmp_path: Path) -> None:
    env = environment(tmp_path)
    said = run(env, "up", "--demo")
    assert said.count("NEW") >= 3
    assert "stage: drafting" in said
    assert "stage: signed" in said
    assert re.search(r"“.+memorandum.+”", said)
    assert said.rstrip().endswith("the samples are through")
    assert processes_of(tmp_path) == []
    assert not (tmp_path / "data" / "demo").exists()


def test_after_a_kill_in_the_middle_the_demo_runs_again(tmp_path: Path) -> None:
    env = environment(tmp_path)
    with up(env, "--demo") as first:
        first.wait_for(r"^ +topics")
        first.process.kill()
    assert processes_of(tmp_path)
    assert run(env, "up", "--demo").count("NEW") >= 3
    assert processes_of(tmp_path) == []


@pytest.mark.skipif(
    not BENCH.exists(), reason="the seed transcript is not part of the project and is not here"
)
def test_the_seed_raises_its_alert_once_and_again_nothing(tmp_path: Path) -> None:
    env = environment(tmp_path)
    seed = str(BENCH / "seed_iran_china_police.txt")
    expected = json.loads((BENCH / "seed_gold.json").read_text("utf-8"))["expected_alert"]
    env["DRAGOMAN_BROKER"] = f"127.0.0.1:{env['DRAGOMAN_LOCAL_BROKER_PORT']}"
    with up(env) as running:
        address = running.wait_for(r"^ +gateway").split()[-1]
        run(env, "ingest", seed)
        running.wait_for(r"^ +NEW")
        [change] = [
            json.loads(line)
            for line in run(env, "alerts", "--json", "--topic", expected_topic()).splitlines()
        ]
        alert = change["alert"]
        assert (change["kind"], change["sequence"], alert["stage"]) == ("raise", 1, expected["stage"])
        assert sorted(p["code"] for p in alert["parties"]) == sorted(expected["parties"])
        assert any(
            expected["must_quote"].split(", to be")[0] in e["text"] for e in alert["subjects"][0]["evidence"]
        )
        assert alert["subjects"][0]["evidence"][0]["text"] in Path(seed).read_text("utf-8")
        run(env, "ingest", seed)
        run(env, "ingest", seed)
        wait_until_through(env)
        assert len(run(env, "alerts", "--json", "--topic", expected_topic()).splitlines()) == 1
        assert httpx.get(f"{address}/readyz").json() == {"status": "ready"}
    with up(env) as again:
        again.wait_for(r"^ +gateway")
        assert json.loads(run(env, "alerts", "--json", "--topic", expected_topic())) == change
    assert processes_of(tmp_path) == []


def expected_topic() -> str:
    return "security-mou"


def wait_until_through(env: Mapping[str, str]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        topics = json.loads(run(env, "topics", "list", "--json"))
        if sum(sum(topic["lag"].values()) for topic in topics) == 0:
            return
        time.sleep(0.5)
    raise AssertionError("the agents are not through")


def test_up_uses_a_kafka_that_exists_and_refuses_one_that_does_not(
    tmp_path: Path, settings: Settings
) -> None:
    env = environment(tmp_path, topic_prefix=settings.topic_prefix, group=settings.group, partitions=2)
    with up(env, "--broker", settings.broker) as running:
        running.wait_for(r"^ +gateway")
        text = "TEHRAN, March 1 - Iran and Oman signed a memorandum of understanding on border security in Muscat on Sunday."
        (tmp_path / "a.txt").write_text(text)
        run({**env, "DRAGOMAN_BROKER": settings.broker}, "ingest", str(tmp_path / "a.txt"))
        running.wait_for(r"^ +NEW")
    assert "no Kafka answers at 127.0.0.1:9" in run(env, "up", "--broker", "127.0.0.1:9", code=1)


def test_a_second_up_on_the_same_folder_is_refused_in_words(tmp_path: Path) -> None:
    env = environment(tmp_path)
    with up(env) as running:
        running.wait_for(r"^ +gateway")
        assert "another run has the local broker" in run(env, "up", code=1)
        run(env, "topics", "check", "--broker", f"127.0.0.1:{env['DRAGOMAN_LOCAL_BROKER_PORT']}")
