"""`dragoman up`: all of it on this machine."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from contextlib import AsyncExitStack, ExitStack, contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from streams.cli.alerts import find_end, print_change, read_alerts
from streams.cli.errors import fail, settings_or_exit
from streams.cli.processes import ProcessError, Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aiokafka import TopicPartition

    from streams.kafka.jars import FetchProgress
    from streams.kafka.local import LocalBroker
    from streams.settings import Settings

_QUIET_S: Final = 1.5
"""All is through when no agent has anything left to do for this long."""

_THROUGH_WITHIN_S: Final = 180.0

_SAMPLE_PAUSE_S: Final = 0.5
"""Between two samples: they tell a story, and partitions would overtake one another if all came at once."""


@click.command()
@click.option("--broker", metavar="HOST:PORT", help="Use a Kafka that exists instead of starting one.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port of the local broker [DRAGOMAN_LOCAL_BROKER_PORT, 9092].",
)
@click.option(
    "--gateway-port", type=click.IntRange(0, 65535), help="Port of the gateway [DRAGOMAN_GATEWAY_PORT, 8080]."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the local broker's data [DRAGOMAN_DATA_DIR].",
)
@click.option(
    "--demo",
    is_flag=True,
    help="Send the samples that come with Dragoman, in a data folder that is new every time.",
)
@click.option(
    "--once",
    is_flag=True,
    help="With --demo: end when the samples are through, as it does where the output is no terminal.",
)
def command(
    *,
    broker: str | None,
    port: int | None,
    gateway_port: int | None,
    data: Path | None,
    demo: bool,
    once: bool,
) -> None:
    """Run everything on this machine: Kafka, worker, gateway and notifier, and show alerts as they are raised.

    The first start downloads Apache Kafka (45 MB) into the user's cache folder. Data persists until the folder is removed.
    Ctrl-C ends it and stops all that it started.
    """
    if demo and broker:
        raise click.UsageError("--demo brings its own broker: leave --broker out")
    settings = settings_or_exit(
        broker=broker, local_broker_port=port, gateway_port=gateway_port, data_dir=data
    )
    if demo:
        settings = _demo_settings(settings, port, gateway_port)
    once = demo and (once or not sys.stdout.isatty())
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _run(settings, own_broker=broker is None, demo=demo, once=once)
    except KeyboardInterrupt:
        click.echo("Stopped.")
    except ProcessError as error:
        fail(str(error))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _demo_settings(settings: Settings, port: int | None, gateway_port: int | None) -> Settings:
    """Give settings that get along with whatever else runs on this machine: free ports, a folder of its own."""
    from streams.kafka.local import free_port, is_free  # noqa: PLC0415 - keeps --help quick

    changes: dict[str, object] = {
        "data_dir": settings.data_dir / "demo",
        "topic_prefix": "",
        "group": "dragoman",
    }
    if port is None and not is_free(settings.local_broker_port):
        changes["local_broker_port"] = free_port()
    if gateway_port is None and not is_free(settings.gateway_port):
        changes["gateway_port"] = free_port()
    for name in ("health_port", "notifier_port"):
        if not is_free(getattr(settings, name)):
            changes[name] = 0
    return settings.model_copy(update=changes)


def _run(settings: Settings, *, own_broker: bool, demo: bool, once: bool) -> None:
    from streams.kafka.local import LocalBroker, Started  # noqa: PLC0415 - keeps --help quick

    console = Console(highlight=False)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    local: LocalBroker | None = None
    with ExitStack() as stack:
        if own_broker:
            with _fetching(console) as progress:
                local = LocalBroker.of_settings(settings, progress=progress)
                if demo:
                    _processes(settings).stop_leftovers()
                    local.discard()
                    stack.callback(shutil.rmtree, settings.data_dir, ignore_errors=True)
                started = local.start()
            stack.callback(local.stop)
            settings = settings.model_copy(update={"broker": local.address})
            how = "taken over from a run that was killed" if started is Started.ADOPTED else "started"
            _say(console, "Kafka", f"{local.address}, {how}; data in {local.folder}")
        else:
            _say(console, "Kafka", settings.broker)
        asyncio.run(_serve(settings, console, local, demo=demo, once=once))


def _say(console: Console, what: str, how: str) -> None:
    console.print(f"[bold]{what:>9}[/]  {how}", soft_wrap=True)


@contextmanager
def _fetching(console: Console) -> Iterator[Callable[[FetchProgress], None]]:
    """Show the download of the broker while there is one."""
    columns = (
        TextColumn("    [bold]Kafka[/]  downloading"),
        BarColumn(),
        MofNCompleteColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        jars, last_tenth = bar.add_task("", total=None, visible=False), -1

        def show(progress: FetchProgress) -> None:
            nonlocal last_tenth
            if progress.jars_done == progress.jars_total and last_tenth < 0:
                return
            bar.update(jars, completed=progress.jars_done, total=progress.jars_total, visible=True)
            tenth = progress.jars_done * 10 // max(progress.jars_total, 1)
            if not console.is_terminal and tenth > last_tenth:
                _say(console, "Kafka", f"downloading: {progress.jars_done} of {progress.jars_total} files")
            last_tenth = max(tenth, last_tenth)

        yield show


def _processes(settings: Settings) -> Processes:
    return Processes(settings.data_dir, settings.as_environment())


async def _serve(
    settings: Settings, console: Console, local: LocalBroker | None, *, demo: bool, once: bool
) -> None:
    from streams.cli.rules import apply_pack  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.client import open_admin  # noqa: PLC0415
    from streams.kafka.groups import installation_plans  # noqa: PLC0415
    from streams.kafka.topics import create_topics  # noqa: PLC0415

    processes = _processes(settings)
    left = processes.stop_leftovers()
    if left:
        _say(console, "", f"{left} processes of a run that was killed were stopped")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(processes.stop)
        async with open_admin(settings) as admin:
            made = await create_topics(admin, installation_plans(settings))
        _say(console, "topics", f"{len(made)} created" if made else "all there")
        applied = await apply_pack(settings)
        _say(
            console,
            "rules",
            f"{applied} of the shipped pack applied" if applied else "the shipped pack is at work",
        )
        start = None if demo else await find_end(settings)  # before anything can come
        worker, gateway, notifier = await asyncio.gather(
            *(processes.start(name, name) for name in ("worker", "gateway", "notifier"))
        )
        for child in (worker, notifier, gateway):
            _say(console, child.name, child.first_line.removeprefix(f"{child.name}: "))
        console.print()
        jobs = {
            asyncio.create_task(processes.watch()),
            asyncio.create_task(_show_alerts(settings, console, start)),
        }
        if local is not None:
            jobs.add(asyncio.create_task(_watch_broker(local)))
        if demo:
            jobs.add(
                asyncio.create_task(
                    _send_samples(settings, console, gateway.first_line.split()[-1], once=once)
                )
            )
        await _until_done(jobs, once=once)


async def _until_done(jobs: set[asyncio.Task[None]], *, once: bool) -> None:
    try:
        while jobs:
            done, jobs = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
            if once and done:
                return
    finally:
        for job in jobs:
            job.cancel()
            with suppress(asyncio.CancelledError):
                await job


async def _watch_broker(local: LocalBroker) -> None:
    while local.is_alive():  # noqa: ASYNC110 - another program's process has no event to wait for
        await asyncio.sleep(1)
    raise ProcessError(local.why_ended() or "the broker ended")


async def _show_alerts(
    settings: Settings, console: Console, start: Mapping[TopicPartition, int] | None
) -> None:
    async for change in read_alerts(settings, None, None, follow=True, start=start):
        print_change(console, change)


async def _send_samples(settings: Settings, console: Console, address: str, *, once: bool) -> None:
    from streams.cli.ingest import send_files  # noqa: PLC0415 - keeps --help quick

    folder = files("streams.samples")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith((".txt", ".json", ".jsonl")))
    _say(console, "samples", f"{len(names)} files go to transcripts.raw.v1, one after the other; alerts:\n")
    contents = [(name, folder.joinpath(name).read_bytes()) for name in names]
    await send_files(settings, contents, pause_s=_SAMPLE_PAUSE_S)
    await _all_through(settings)
    if once:
        _say(console, "done", "the samples are through")
        return
    _say(
        console,
        "done",
        f"the samples are through. The API is at {address} (try: curl -N {address}/v1/alerts?cursor=begin). Ctrl-C ends it.\n",
    )


async def _all_through(settings: Settings) -> None:
    """Return when no agent has anything left to do.

    Raises:
        ProcessError: they have not come through in time.
    """
    from streams.kafka.client import open_admin, open_reader  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.groups import count_work_left  # noqa: PLC0415

    try:
        async with (
            asyncio.timeout(_THROUGH_WITHIN_S),
            open_admin(settings) as admin,
            open_reader(settings) as reader,
        ):
            quiet = 0.0
            while quiet < _QUIET_S:
                await asyncio.sleep(0.5)
                quiet = 0.0 if await count_work_left(admin, reader, settings) else quiet + 0.5
    except TimeoutError:
        raise ProcessError(
            f"the samples were not through within {_THROUGH_WITHIN_S:.0f} s: `dragoman topics list` shows where they wait"
        ) from None
