"""`dragoman notifier`: alerts to webhooks, mail and chat."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import click

from streams.cli.errors import fail, settings_or_exit

if TYPE_CHECKING:
    from streams.settings import Settings


@click.command()
@click.option("--broker", metavar="HOST:PORT", help="Kafka to use [DRAGOMAN_BROKER].")
@click.option(
    "--health-port",
    type=click.IntRange(0, 65535),
    help="Port of health and metrics, 0 for a free one [DRAGOMAN_NOTIFIER_PORT].",
)
def command(*, broker: str | None, health_port: int | None) -> None:
    """Deliver alerts to those who subscribed: webhooks, mail, chat.

    What is not through yet lies on deliveries.v1: after a restart, or a kill, it goes on from there. Several processes
    share the work. One line on standard output says that it has begun. SIGTERM or Ctrl-C ends it.

    \b
    GET /healthz   alive          GET /readyz   ready, or why not          GET /metrics   for Prometheus
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from streams.notifier.run import NotifierError  # noqa: PLC0415 - keeps --help quick
    from streams.telemetry import configure_logging  # noqa: PLC0415

    settings = settings_or_exit(broker=broker, notifier_port=health_port)
    configure_logging()
    try:
        asyncio.run(_run(settings))
    except NotifierError as error:
        fail(str(error))
    except KeyboardInterrupt:
        return


async def _run(settings: Settings) -> None:
    from streams.notifier.run import run_notifier  # noqa: PLC0415 - keeps --help quick
    from streams.tracing import tracing  # noqa: PLC0415

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def on_ready(count: int, port: int) -> None:
        counted = f"{count} subscription{'' if count == 1 else 's'}"
        click.echo(f"notifier: ready, {counted}, health at http://{settings.health_host}:{port}/readyz")

    with tracing(settings, "notifier"):
        await run_notifier(settings, stop, on_ready)
