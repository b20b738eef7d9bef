"""The processes that `dragoman up` runs beside itself: started, watched, stopped; none survives it for long."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson
import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STOP_S: Final = 20.0
"""A process that has not ended this long after SIGTERM is killed; what it was doing is repeated at the next start."""


class ProcessError(Exception):
    """A process ended that should not have; the message says which and what its last words were."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running process."""

    name: str
    process: asyncio.subprocess.Process
    first_line: str
    """What it said when it was ready."""


class Processes:
    """The processes of one data folder. What a killed run left behind is stopped before anything is started."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._noted = folder / "processes.json"
        self._children: list[Child] = []

    def log(self, name: str) -> Path:
        """Give the file that holds what a process says on standard error."""
        return self._folder / f"{name}.log"

    def stop_leftovers(self) -> int:
        """Stop what a killed run left; give how many there were."""
        try:
            noted = orjson.loads(self._noted.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return 0
        left = [p for pid, started in noted if (p := _find(pid, started)) is not None]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(left, timeout=STOP_S)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._noted.unlink(missing_ok=True)
        return len(left)

    async def start(self, name: str, *arguments: str, ready_within_s: float = 120.0) -> Child:
        """Start `dragoman <arguments>` and wait for the line that says that it is ready.

        Raises:
            ProcessError: it ended, or was not ready in time.
        """
        with self.log(name).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "streams.cli", *arguments,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
                env={**os.environ, **self._environment},
                start_new_session=True,  # Ctrl-C is ours to answer, in the right order
            )  # fmt: skip
        self._note(process.pid)
        try:
            async with asyncio.timeout(ready_within_s):
                line = await _first_line(process)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise ProcessError(
                f"the {name} was not ready within {ready_within_s:.0f} s; its log is {self.log(name)}"
            ) from None
        except asyncio.CancelledError:
            process.kill()  # another one has ended meanwhile, and nobody would stop this one later
            await process.wait()
            raise
        if not line:
            await process.wait()
            raise ProcessError(self._ended(name, process))
        child = Child(name, process, line)
        self._children.append(child)
        return child

    async def watch(self) -> None:
        """Return never, unless a process ends.

        Raises:
            ProcessError: one ended.
        """
        waits = {asyncio.create_task(child.process.wait()): child for child in self._children}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        child = waits[next(iter(done))]
        raise ProcessError(self._ended(child.name, child.process))

    async def stop(self) -> None:
        """Stop all, the last started first."""
        for child in reversed(self._children):
            with suppress(ProcessLookupError):
                child.process.send_signal(signal.SIGTERM)
        for child in self._children:
            try:
                async with asyncio.timeout(STOP_S):
                    await child.process.wait()
            except TimeoutError:
                child.process.kill()
                await child.process.wait()
        self._children.clear()
        self._noted.unlink(missing_ok=True)

    def _note(self, pid: int) -> None:
        try:
            noted = orjson.loads(self._noted.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            noted = []
        with suppress(psutil.NoSuchProcess):
            noted.append([pid, psutil.Process(pid).create_time()])
        fresh = self._noted.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(noted))
        fresh.replace(self._noted)

    def _ended(self, name: str, process: asyncio.subprocess.Process) -> str:
        with suppress(OSError):
            lines = self.log(name).read_text("utf-8", "replace").splitlines()
            words = next((line for line in reversed(lines) if line.strip()), "it said nothing")
            return f"the {name} ended (exit code {process.returncode}): {words.removeprefix('dragoman: ')[:400]}; its log is {self.log(name)}"
        return f"the {name} ended (exit code {process.returncode})"


async def _first_line(process: asyncio.subprocess.Process) -> str:
    line = b"" if process.stdout is None else await process.stdout.readline()
    return line.decode("utf-8", "replace").strip()


def _find(pid: int, started: float) -> psutil.Process | None:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if abs(process.create_time() - started) < 1:
            return process
    return None
