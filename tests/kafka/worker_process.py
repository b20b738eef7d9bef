"""A worker as a process of its own, for tests that kill it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Self

import httpx

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from streams.settings import Settings

PLAIN = ("-m", "tests.kafka.plain_worker")
REAL = ("-m", "streams.cli", "worker")


class WorkerProcess:
    """Started on entry, ready then, and killed on exit if it still runs."""

    def __init__(self, settings: Settings, *command: str, log: Path) -> None:
        self._environment = {
            **os.environ,
            "DRAGOMAN_BROKER": settings.broker,
            "DRAGOMAN_TOPIC_PREFIX": settings.topic_prefix,
            "DRAGOMAN_GROUP": settings.group,
            "DRAGOMAN_PARTITIONS": str(settings.partitions),
            "DRAGOMAN_DATA_DIR": str(settings.data_dir),
            "DRAGOMAN_STATE_STORE": settings.state_store,
            "DRAGOMAN_HEALTH_PORT": "0",
            "DRAGOMAN_SESSION_TIMEOUT_S": str(settings.session_timeout_s),
            "DRAGOMAN_COMMIT_INTERVAL_S": str(settings.commit_interval_s),
            "DRAGOMAN_RETRY_FIRST_S": str(settings.retry_first_s),
            "DRAGOMAN_RETRY_LIMIT_S": str(settings.retry_limit_s),
            "DRAGOMAN_STALL_S": str(settings.stall_s),
            "DRAGOMAN_LATENESS_S": str(settings.lateness_s),
        }
        for name in (
            "broker_security",
            "broker_ca_file",
            "broker_user",
            "broker_password_file",
            "traces_endpoint",
        ):
            if (value := getattr(settings, name)) is not None:
                self._environment[f"DRAGOMAN_{name.upper()}"] = str(value)
        if settings.worker_id is not None:
            self._environment["DRAGOMAN_WORKER_ID"] = settings.worker_id
        self._command = command
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self.first_line = ""

    async def __aenter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._command,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log, env=self._environment,
            )  # fmt: skip
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            self.first_line = (await self._process.stdout.readline()).decode().strip()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running.returncode is None:
            await self.kill()

    @property
    def running(self) -> asyncio.subprocess.Process:
        assert self._process is not None
        return self._process

    @property
    def words(self) -> str:
        """What it said on standard error."""
        return self._log.read_text()

    @property
    def port(self) -> int:
        """Port of its health and metrics, from the line that says that it is ready."""
        return int("".join(sign if sign.isdigit() else " " for sign in self.first_line).split()[-1])

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.running.kill()
        await self.running.wait()

    async def stop(self) -> int:
        """End it as an operator would; give its exit code."""
        self.running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            return await self.running.wait()

    async def ask(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(f"http://127.0.0.1:{self.port}{path}")
