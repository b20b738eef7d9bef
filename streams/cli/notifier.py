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
def command(*, broker: str | None) -> None:
    """Deliver alerts to those who subscribed: webhooks, mail, chat.

    What is not through yet lies on deliveries.v1: after a restart, or a kill, it goes on from there. Several processes
    share the work. One line on standard output says that it has begun. SIGTERM or Ctrl-C ends it.
    """
    from streams.notifier.run import NotifierError  # noqa: PLC0415 - keeps --help quick
    from streams.telemetry import configure_logging  # noqa: PLC0415

    settings = settings_or_exit(broker=broker)
    configure_logging()
    try:
        asyncio.run(_run(settings))
    except NotifierError as error:
        fail(str(error))
    except KeyboardInterrupt:
        return


async def _run(settings: Settings) -> None:
    from streams.notifier.run import run_notifier  # noqa: PLC0415 - keeps --help quick

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def on_ready(count: int) -> None:
        click.echo(f"notifier: ready, {count} subscription{'' if count == 1 else 's'}")

    await run_notifier(settings, stop, on_ready)
