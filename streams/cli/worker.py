"""`dragoman worker`: the agents."""

from __future__ import annotations

import asyncio
import signal
import traceback
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from streams.cli.errors import sentence_of, settings_or_exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.kafka.groups import Agent
    from streams.settings import Settings


@click.command()
@click.option(
    "--agents",
    "names",
    metavar="NAME,...",
    help="Only these of language, extraction, ledger, matching, alerting.",
)
@click.option("--broker", metavar="HOST:PORT", help="Kafka to use [DRAGOMAN_BROKER].")
@click.option(
    "--health-port",
    type=click.IntRange(0, 65535),
    help="Port of health and metrics, 0 for a free one [DRAGOMAN_HEALTH_PORT].",
)
@click.option(
    "--check", is_flag=True, help="Only see whether everything is there that the agents need, and end."
)
def command(*, names: str | None, broker: str | None, health_port: int | None, check: bool) -> None:
    """Run the agents: from transcripts to alerts.

    All five run in this process, or those that --agents names; several processes share the work, each agent by the
    partitions of the topic that it reads. One line on standard output says that all have begun. SIGTERM or Ctrl-C
    ends them after the record under way.

    \b
    GET /healthz   alive          GET /readyz   ready, or why not          GET /metrics   for Prometheus
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    agents = _choose(names)
    settings = settings_or_exit(broker=broker, health_port=health_port)

    from streams.telemetry import configure_logging  # noqa: PLC0415 - keeps --help quick
    from streams.worker.run import WorkerError, run_as_process  # noqa: PLC0415

    def tell(error: Exception) -> None:
        sentence = str(error) if isinstance(error, WorkerError) else sentence_of(error)
        if sentence is None:
            traceback.print_exception(error)
        else:
            click.secho(f"dragoman: {sentence}", fg="red", err=True)

    configure_logging()
    run_as_process(_check(settings) if check else _run(settings, agents), tell)


async def _check(settings: Settings) -> None:
    from streams.worker.run import check_worker  # noqa: PLC0415

    await check_worker(settings)
    click.echo(f"worker: the Kafka at {settings.broker} has all that is needed")


async def _run(settings: Settings, agents: Sequence[Agent]) -> None:
    from streams.extract.models import load_models  # noqa: PLC0415
    from streams.kafka.groups import EXTRACTION, LANGUAGE  # noqa: PLC0415
    from streams.rules.match import RuleIndex, can_compile  # noqa: PLC0415
    from streams.tracing import tracing  # noqa: PLC0415
    from streams.worker.app import real_steps  # noqa: PLC0415
    from streams.worker.run import check_worker, run_worker  # noqa: PLC0415

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await check_worker(settings)  # before the models, which take longer
    reads_text = any(agent in (LANGUAGE, EXTRACTION) for agent in agents)
    models = await asyncio.to_thread(load_models) if reads_text else None
    index = RuleIndex(compiled=can_compile())

    def on_ready(port: int) -> None:
        listed = ", ".join(agent.name for agent in agents)
        click.echo(f"worker: {listed} ready, health at http://{settings.health_host}:{port}/readyz")

    with tracing(settings, "worker"):
        await run_worker(
            settings, agents, index=index, steps=real_steps(models, index), stop=stop, on_ready=on_ready
        )


def _choose(names: str | None) -> tuple[Agent, ...]:
    from streams.kafka.groups import AGENTS  # noqa: PLC0415

    if names is None:
        return AGENTS
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = [agent.name for agent in AGENTS]
    for name in wanted:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
            raise click.BadParameter(f"there is no agent {name!r}{hint}", param_hint="--agents")
    if not wanted:
        raise click.BadParameter(f"name at least one of {', '.join(known)}", param_hint="--agents")
    return tuple(agent for agent in AGENTS if agent.name in wanted)
