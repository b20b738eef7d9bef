"""A worker process with plain steps: `python -m tests.kafka.plain_worker [AGENT,...]`, settings from the environment."""

from __future__ import annotations

import asyncio
import signal
import sys
import traceback

from streams.kafka.groups import AGENTS
from streams.rules.match import RuleIndex
from streams.settings import load_settings
from streams.telemetry import configure_logging
from streams.worker.run import run_as_process, run_worker
from tests.worker.plain_steps import plain_steps


async def main(names: list[str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    agents = [agent for agent in AGENTS if not names or agent.name in names]
    await run_worker(
        load_settings(),
        agents,
        index=RuleIndex(),
        steps=plain_steps(),
        stop=stop,
        on_ready=lambda port: print(f"ready {port}", flush=True),  # noqa: T201 - the line that the test waits for
    )


if __name__ == "__main__":
    configure_logging()
    run_as_process(main(sys.argv[1].split(",") if len(sys.argv) > 1 else []), traceback.print_exception)
