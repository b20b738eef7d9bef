"""Our own commands, run by the gateway in processes of their own."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from streams.gateway.operation import CommandError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from streams.settings import Settings

_TIMEOUT_S: Final = 600.0
_AT_ONCE: Final = 2
"""Each is a process that reads or replays: more of them would take the machine from the worker."""


def command_runner(
    settings: Settings,
) -> Callable[[Sequence[str], Mapping[str, bytes]], Awaitable[Any]]:
    """Give a function that runs `dragoman WORDS --json` on these settings and gives what it prints.

    Files that the words name are written to a folder of their own, which is where the command runs; it goes again.
    """
    environment = {
        **os.environ,
        **settings.as_environment(),
        "NO_COLOR": "1",
    }
    seats = asyncio.Semaphore(_AT_ONCE)

    async def run(words: Sequence[str], files: Mapping[str, bytes]) -> Any:  # noqa: ANN401 - whatever the command prints
        async with seats:
            with tempfile.TemporaryDirectory(prefix="dragoman-") as folder:
                for name, content in files.items():
                    (Path(folder) / name).write_bytes(content)
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "streams.cli", *words, "--json", cwd=folder, env=environment,
                    stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                )  # fmt: skip
                try:
                    async with asyncio.timeout(_TIMEOUT_S):
                        printed, said = await process.communicate()
                except TimeoutError:
                    raise CommandError(f"it has taken longer than {_TIMEOUT_S:.0f} s") from None
                finally:
                    if process.returncode is None:
                        process.kill()
                        await process.wait()
                if process.returncode:
                    raise CommandError(_last_words(said))
                return orjson.loads(printed)

    return run


def _last_words(said: bytes) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    return (
        lines[-1].removeprefix("dragoman: ").removeprefix("Error: ")
        if lines
        else "the command failed and did not say why"
    )
