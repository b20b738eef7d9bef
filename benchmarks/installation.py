"""A whole installation on this machine for a benchmark: broker, topics, rules, worker, gateway; gone when it ends."""

from __future__ import annotations

import os
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from streams.cli.processes import Processes
from streams.cli.rules import apply_pack
from streams.kafka.client import open_admin
from streams.kafka.groups import installation_plans
from streams.kafka.local import LocalBroker, free_port
from streams.kafka.topics import create_topics
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RESULTS = Path(__file__).parent.parent / "build" / "bench"


@dataclass(frozen=True, slots=True)
class Installation:
    """What runs."""

    settings: Settings
    gateway: str
    """Address of the gateway."""
    gateway_pid: int


@asynccontextmanager
async def run_installation(*, worker: bool) -> AsyncIterator[Installation]:
    """Run it as `dragoman up` does, in a folder of its own, on free ports."""
    with tempfile.TemporaryDirectory(prefix="dragoman-bench-") as folder:
        given = Settings(
            data_dir=Path(folder),
            local_broker_port=free_port(),
            gateway_port=0,
            health_port=0,
            gateway_rate=1_000_000,
        )
        with LocalBroker.of_settings(given) as broker:
            settings = given.model_copy(update={"broker": broker.address})
            async with open_admin(settings) as admin:
                await create_topics(admin, installation_plans(settings))
            environment = {
                f"DRAGOMAN_{name.upper()}": str(value)
                for name, value in settings.model_dump().items()
                if value is not None
            }
            processes = Processes(Path(folder), {**os.environ, **environment})
            try:
                if worker:
                    await apply_pack(settings)
                    await processes.start("worker", "worker")
                gateway = await processes.start("gateway", "gateway")
                yield Installation(settings, gateway.first_line.split()[-1], gateway.process.pid)
            finally:
                await processes.stop()


def percentile(values: list[float], share: float) -> float:
    """Give the value that this share of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def write_results(name: str, results: dict[str, object]) -> Path:
    """Write what was measured to build/bench."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
    return path
