"""An installation that can be hit: the processes of `dragoman`, a broker of their own, and a disk that can be filled."""

from __future__ import annotations

import asyncio
import errno
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.chaos.scenarios import Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from streams.settings import Settings

_READY_S: Final = 120.0
_END_S: Final = 40.0
_BLOCK: Final = b"\0" * 65_536


class ScenarioSkippedError(Exception):
    """What a scenario needs is not to be had on this machine; the message says what."""


@dataclass
class Member:
    """One process of the installation, started again as often as it is needed."""

    target: Target
    name: str
    environment: Mapping[str, str]
    log: Path
    exits: list[int] = field(default_factory=list)
    """Exit codes of its ends that were no kill."""
    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, as often as it takes until it says that it is ready: so would whoever supervises it."""
        async with asyncio.timeout(_READY_S):
            while not (await self._start()).startswith(f"{self.target}: "):
                assert self._process is not None
                self.exits.append(await self._process.wait())
                await asyncio.sleep(1)

    async def _start(self) -> str:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "streams.cli", self.target.value,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
                env={**os.environ, **self.environment},
            )  # fmt: skip
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode()

    @property
    def is_alive(self) -> bool:
        """Whether it runs, be it halted."""
        return self._process is not None and self._process.returncode is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()
            self._process = None

    async def stop(self) -> None:
        """End it as an operator would."""
        if self._process is None or self._process.returncode is not None:
            return
        self.send(signal.SIGTERM)
        try:
            async with asyncio.timeout(_END_S):
                self.exits.append(await self._process.wait())
        except TimeoutError:
            await self.kill()
            self.exits.append(-signal.SIGKILL)

    async def revive(self) -> bool:
        """Start it again if it has ended, as whoever supervises it would; tell whether it had."""
        if self.is_alive:
            return False
        if self._process is not None and self._process.returncode is not None:
            self.exits.append(self._process.returncode)
        await self.start()
        return True

    def last_words(self) -> str:
        """Give the last that it said on standard error."""
        lines = [line for line in self.log.read_text("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else "it said nothing"


@dataclass
class Installation:
    """Worker, gateway and notifier of one scenario."""

    settings: Settings
    logs: Path
    more: Mapping[str, str]
    """Variables besides those of the settings."""
    members: list[Member] = field(default_factory=list)
    left: list[Member] = field(default_factory=list)

    async def add(self, *targets: Target) -> list[Member]:
        """Start processes beside those that run."""
        added: list[Member] = []
        for target in targets:
            number = 1 + sum(member.target is target for member in [*self.members, *added])
            name = target.value if number == 1 else f"{target}-{number}"
            environment = {**self.settings.as_environment(), **self.more}
            added.append(Member(target, name, environment, self.logs / f"{name}.log"))
        self.members += added
        await asyncio.gather(*(member.start() for member in added))
        return added

    def of(self, target: Target) -> list[Member]:
        """Give the processes of a target."""
        return [m for m in self.members if m.target is target or target is Target.EVERYONE]

    def leave(self, members: Sequence[Member]) -> None:
        """Count members no longer that were stopped for good; how they ended is kept."""
        self.left += members
        self.members = [member for member in self.members if member not in members]

    def bad_ends(self) -> list[str]:
        """Say of the processes that ended otherwise than by a kill or, as asked, with exit code 0."""
        return [
            f"the {member.name} ended with exit code {code}: {member.last_words()}"
            for member in (*self.members, *self.left)
            for code in member.exits
            if code
        ]

    async def stop(self) -> None:
        """Stop all of them."""
        await asyncio.gather(*(member.stop() for member in self.members))

    async def clear(self) -> None:
        """Leave none behind, whatever happened."""
        await asyncio.gather(*(member.kill() for member in self.members if member.is_alive))


@contextmanager
def small_disk(folder: Path, size_mib: int) -> Iterator[Path]:
    """Make a folder a disk of its own, in memory, that can be filled without harm to anyone.

    Raises:
        ScenarioSkippedError: That takes rights that this process does not have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _mount("mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        _mount("umount", "-l", str(folder))


def _mount(*command: str) -> None:
    program = shutil.which(command[0])
    if program is None or not sys.platform.startswith("linux"):
        raise ScenarioSkippedError("there is no mount on this machine")
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ScenarioSkippedError(f"a disk of its own may not be mounted: {done.stderr.strip()}")


def fill_disk(folder: Path) -> Path:
    """Write a file that leaves no room on the disk of a folder; gives the file."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        size = len(_BLOCK)
        while size:
            try:
                file.write(_BLOCK[:size])
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                size //= 2
    return filler


def clock_environment(file: Path) -> dict[str, str]:
    """Give the variables by which a process takes its wall clock's offset from a file; its monotonic clock stays right.

    Raises:
        ScenarioSkippedError: libfaketime is not installed.
    """
    found = importlib.util.find_spec("libfaketime")
    places: Sequence[Path] = (
        [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    )
    libraries = [library for place in places for library in place.rglob("libfaketime.so.1")]
    libraries += Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    if not libraries:
        raise ScenarioSkippedError("libfaketime is not installed")
    set_clock(file, 0)
    return {
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def set_clock(file: Path, days: int) -> None:
    """Let the clocks that look at the file be off by so many days."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{days:+d}d\n" if days else "+0\n")
    fresh.replace(file)
