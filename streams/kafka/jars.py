"""The jars of the local broker: pinned in jars.lock, fetched once, checked at every start."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

THREADS: Final = 8
TRIES: Final = 3
TIMEOUT_S: Final = 60
PIECE_BYTES: Final = 262_144
"""How much comes in before it is told again."""


class LocalBrokerError(Exception):
    """The local broker cannot run; the message is one sentence that says how to mend it."""


class DownloadError(LocalBrokerError):
    """A jar could not be fetched."""


class ChecksumError(LocalBrokerError):
    """A fetched jar is not the pinned one."""


class DiskFullError(LocalBrokerError):
    """There is no room for the broker or its jars."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned artifact of a Maven repository."""

    coordinate: str
    sha256: str

    @property
    def name(self) -> str:
        """Its file name."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far fetching is."""

    jars_done: int
    jars_total: int
    size_bytes: int
    """Bytes that came in so far."""


def load_jars() -> tuple[Jar, ...]:
    """Read the pins that come with the package."""
    lines = files("streams.kafka").joinpath("jars.lock").read_text("utf-8").splitlines()
    return tuple(Jar(*line.split()) for line in lines if line)


def kafka_version(jars: tuple[Jar, ...]) -> str:
    """Give the version of Kafka that the pins hold."""
    return next(
        j.coordinate.split(":")[2] for j in jars if j.coordinate.startswith("org.apache.kafka:kafka_")
    )


def fetch_jars(
    cache: Path,
    jars: tuple[Jar, ...],
    progress: Callable[[FetchProgress], None] | None = None,
    repositories: Mapping[str, str] | None = None,
) -> tuple[Path, ...]:
    """Give the paths of all jars, each with its pinned checksum; what is missing or damaged is fetched.

    Several processes may do so at once: one fetches, the others wait for it. A kill at any moment leaves at
    most a folder of unfinished downloads, which the next one removes.

    Args:
        cache: The folder to keep them in.
        jars: What is wanted.
        progress: Told after each piece that comes in, from several threads, one at a time.
        repositories: Name to address of other Maven repositories; none means Maven Central.

    Raises:
        DownloadError: A jar could not be fetched.
        ChecksumError: A jar came, and is not the pinned one.
        DiskFullError: There is no room for them.
    """
    libs = cache / "libs"
    wanted = tuple(libs / jar.name for jar in jars)
    if not _missing(libs, jars):
        return wanted
    try:
        libs.mkdir(parents=True, exist_ok=True)
        with locked(cache / "fetch.lock"):
            # Good: whoever waited for the lock finds the work done, so look again.
            if missing := _missing(libs, jars):
                _Fetch(libs, len(jars) - len(missing), len(jars), progress, repositories).fetch_all(missing)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                f"the disk is full: the broker's jars need about 50 MB in {cache}; make room, or set "
                "DRAGOMAN_CACHE_DIR to a folder on another disk"
            ) from error
        if isinstance(error, PermissionError):
            raise DownloadError(
                f"{cache} cannot be written: set DRAGOMAN_CACHE_DIR to a folder of yours"
            ) from error
        raise
    return wanted


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes, waiting for it. It goes with the process, however that ends."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _missing(libs: Path, jars: tuple[Jar, ...]) -> tuple[Jar, ...]:
    return tuple(jar for jar in jars if not _is_whole(libs / jar.name, jar.sha256))


def _is_whole(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


class _Fetch:
    """One go at all missing jars: what is counted, and told, over its threads."""

    def __init__(
        self,
        libs: Path,
        jars_done: int,
        jars_total: int,
        progress: Callable[[FetchProgress], None] | None,
        repositories: Mapping[str, str] | None,
    ) -> None:
        self._libs = libs
        self._progress = progress
        self._repositories = repositories
        self._lock = threading.Lock()
        self._state = FetchProgress(jars_done, jars_total, 0)
        self._told_bytes = 0

    def fetch_all(self, jars: tuple[Jar, ...]) -> None:
        for left in self._libs.parent.glob("fetch-*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        with ThreadPoolExecutor(THREADS) as pool:
            futures = [pool.submit(self._fetch_one, jar) for jar in jars]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _fetch_one(self, jar: Jar) -> None:
        for attempt in range(1, TRIES + 1):
            with tempfile.TemporaryDirectory(prefix="fetch-", dir=self._libs.parent) as folder:
                try:
                    path = self._download(jar, Path(folder))
                except Exception as error:
                    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                        raise
                    if attempt == TRIES or "not found" in str(error):
                        raise DownloadError(_refused(jar, error)) from error
                    continue
                if not _is_whole(path, jar.sha256):
                    raise ChecksumError(
                        f"{jar.coordinate} was fetched, but is not the file this version was tested with (its SHA-256 "
                        "differs): something between here and the Maven repository changes downloads; it was not kept"
                    )
                path.replace(self._libs / jar.name)
            break
        self._count(jars=1)

    def _download(self, jar: Jar, folder: Path) -> Path:
        # Late: the Maven client is wanted once in the life of a cache, and its import costs more than all checks.
        from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415

        group, artifact, version = jar.coordinate.split(":")
        context = MavenContext(
            resolver=PythonResolver(progress_callback=self._pieces),
            repo_cache=folder,
            remote_repos=dict(self._repositories) if self._repositories is not None else None,
            timeout=TIMEOUT_S,
        )
        # One artifact at a time and no resolution of dependencies: the pins are the whole truth.
        return Path(context.project(group, artifact).at_version(version).artifact().resolve())

    @contextmanager
    def _pieces(self, _name: str, _total: int) -> Iterator[Callable[[int], None]]:
        yield lambda more_bytes: self._count(more_bytes=more_bytes)

    def _count(self, *, jars: int = 0, more_bytes: int = 0) -> None:
        with self._lock:
            size_bytes = self._state.size_bytes + more_bytes
            self._state = FetchProgress(self._state.jars_done + jars, self._state.jars_total, size_bytes)
            if self._progress is not None and (jars or size_bytes - self._told_bytes >= PIECE_BYTES):
                self._told_bytes = size_bytes
                self._progress(self._state)


def _refused(jar: Jar, error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return (
        f"{jar.coordinate} could not be fetched ({reason[:300]}): check the network and the proxy (HTTPS_PROXY, "
        "REQUESTS_CA_BUNDLE), then start again; what has come in already is kept"
    )
