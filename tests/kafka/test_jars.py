"""Jars are fetched once, whole, and the pinned ones, whatever happens meanwhile. A small repository serves them."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from streams.kafka.jars import (
    ChecksumError,
    DownloadError,
    FetchProgress,
    Jar,
    fetch_jars,
    kafka_version,
    load_jars,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENTS = {f"part-{number}": bytes([number]) * 20_000 for number in range(6)}
JARS = tuple(
    Jar(f"org.example:{name}:1.0", hashlib.sha256(data).hexdigest()) for name, data in CONTENTS.items()
)


@dataclass
class Repository:
    """A Maven repository on this machine."""

    address: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    changed: dict[str, bytes] = field(default_factory=dict)
    stalled: threading.Event = field(default_factory=threading.Event)
    stall: bool = False
    go_on: threading.Event = field(default_factory=threading.Event)

    @property
    def addresses(self) -> dict[str, str]:
        return {"here": self.address}


@contextmanager
def serving() -> Iterator[Repository]:
    repository = Repository()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.split("/")[-3]
            data = {**CONTENTS, **repository.changed}.get(name)
            if data is None or not self.path.endswith(".jar"):
                self.send_error(404)
                return
            repository.asked[name] += 1
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:10_000])
            if repository.stall:
                self.wfile.flush()
                repository.stalled.set()
                repository.go_on.wait(30)
            self.wfile.write(data[10_000:])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    repository.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield repository
    finally:
        repository.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as served:
        yield served


def fetch_apart(cache: Path, repository: Repository) -> subprocess.Popen[bytes]:
    """Fetch in a process of its own."""
    code = (
        "import sys; from pathlib import Path; from streams.kafka.jars import Jar, fetch_jars; "
        "jars = tuple(Jar(*j.split()) for j in sys.argv[3:]); "
        "fetch_jars(Path(sys.argv[1]), jars, repositories={'here': sys.argv[2]})"
    )
    pins = [f"{jar.coordinate} {jar.sha256}" for jar in JARS]
    return subprocess.Popen([sys.executable, "-c", code, str(cache), repository.address, *pins])


def test_jars_are_fetched_once_and_progress_is_told(tmp_path: Path, repository: Repository) -> None:
    told: list[FetchProgress] = []
    paths = fetch_jars(tmp_path, JARS, told.append, repository.addresses)
    assert [path.read_bytes() for path in paths] == list(CONTENTS.values())
    assert [t.jars_done for t in told] == [1, 2, 3, 4, 5, 6]
    assert told[-1] == FetchProgress(6, 6, 120_000)
    assert fetch_jars(tmp_path, JARS, told.append, repository.addresses) == paths
    assert set(repository.asked.values()) == {1}


def test_a_damaged_jar_is_fetched_again(tmp_path: Path, repository: Repository) -> None:
    paths = fetch_jars(tmp_path, JARS, repositories=repository.addresses)
    paths[2].write_bytes(b"damaged")
    assert fetch_jars(tmp_path, JARS, repositories=repository.addresses)[2].read_bytes() == CONTENTS["part-2"]
    assert repository.asked["part-2"] == 2
    assert repository.asked["part-1"] == 1


def test_a_jar_that_is_not_the_pinned_one_is_refused_and_not_kept(
    tmp_path: Path, repository: Repository
) -> None:
    repository.changed["part-3"] = b"something else"
    with pytest.raises(
        ChecksumError, match=r"org\.example:part-3:1\.0 .* not the file this version was tested with"
    ):
        fetch_jars(tmp_path, JARS, repositories=repository.addresses)
    assert not (tmp_path / "libs" / "part-3-1.0.jar").exists()


def test_a_refused_download_names_its_coordinate(tmp_path: Path, repository: Repository) -> None:
    missing = Jar("org.example:nowhere:2.0", "0" * 64)
    with pytest.raises(
        DownloadError, match=r"org\.example:nowhere:2\.0 could not be fetched .* check the network"
    ):
        fetch_jars(tmp_path, (*JARS, missing), repositories=repository.addresses)
    repository.asked.clear()
    fetch_jars(tmp_path, JARS, repositories=repository.addresses)
    assert not repository.asked, "what had come in was kept"


def test_no_network_is_said_in_words(tmp_path: Path, repository: Repository) -> None:
    with pytest.raises(DownloadError, match="could not be fetched"):
        fetch_jars(tmp_path, JARS[:1], repositories={"nobody": "http://127.0.0.1:1"})


def test_a_kill_in_the_middle_of_a_download_breaks_nothing(tmp_path: Path, repository: Repository) -> None:
    repository.stall = True
    process = fetch_apart(tmp_path, repository)
    assert repository.stalled.wait(20)
    process.send_signal(signal.SIGKILL)
    process.wait()
    repository.stall = False
    repository.go_on.set()
    paths = fetch_jars(tmp_path, JARS, repositories=repository.addresses)
    assert [path.read_bytes() for path in paths] == list(CONTENTS.values())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fetch.lock", "libs"], "nothing half done is left"


def test_two_processes_at_once_fetch_each_jar_once(tmp_path: Path, repository: Repository) -> None:
    processes = [fetch_apart(tmp_path, repository) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert repository.asked == Counter(dict.fromkeys(CONTENTS, 1))


def test_the_pins_of_the_package_are_whole() -> None:
    jars = load_jars()
    assert len({jar.name for jar in jars}) == len(jars) == 45
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert kafka_version(jars) == "4.4.0"
