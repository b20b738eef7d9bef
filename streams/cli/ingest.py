"""`dragoman ingest`: transcripts in, from files, folders and standard input."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from schemas import topics
from schemas.contract import ContractError
from schemas.topics import Output
from schemas.transcript import Medium
from streams.cli.errors import fail, settings_or_exit
from streams.cli.parameters import written_time
from streams.ingest import MAX_FILE_BYTES, SUFFIXES, Refusal, parse_items

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence

    from schemas.transcript import Transcript
    from streams.settings import Settings

_UNDER_WAY: Final = 200
"""Records sent and not yet acknowledged: enough to fill batches, few enough to fit into memory."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What was not taken in: file, place and reason."""

    file: str
    where: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.where, self.reason) if part)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was taken in, without its text: an archive is larger than memory."""

    file: str
    id: str
    source: str
    title: str
    event_time: datetime
    characters: int


@dataclass(slots=True)
class Intake:
    """What came of an import."""

    sent: list[Sent] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


@click.command()
@click.argument("paths", metavar="FILE|FOLDER|-...", nargs=-1, required=True)
@click.option("--source", "broadcaster", metavar="NAME", help="The station, paper or agency, such as IRIB.")
@click.option("--programme", metavar="NAME", help="Its programme.")
@click.option("--medium", type=click.Choice([m.value for m in Medium]), help="How it reached the public.")
@click.option("--country", metavar="ISO3", help="The state the source speaks from, such as IRN.")
@click.option("--language", metavar="TAG", help="BCP 47 tag of the text, such as fa.")
@click.option("--title", metavar="TEXT", help="Headline, where the files have none.")
@click.option("--place", metavar="TEXT", help="Where it was reported from.")
@click.option(
    "--published", "published_time", metavar="TIME", callback=written_time, help="Such as 2026-03-01T08:00Z."
)
@click.option(
    "--broadcast", "broadcast_time", metavar="TIME", callback=written_time, help="Such as 2026-03-01T08:00Z."
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing. Needs no Kafka.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, for a program.")
@click.option("--broker", metavar="HOST:PORT", help="Kafka to send to [DRAGOMAN_BROKER].")
def command(
    *, paths: tuple[str, ...], dry_run: bool, as_json: bool, broker: str | None, **given: str | None
) -> None:
    """Send transcripts to Dragoman: plain text, JSON, JSON Lines, RSS and Atom files, SRT and WebVTT captions.

    \b
    dragoman ingest talk.txt --source IRIB --country IRN --medium radio
    dragoman ingest archive/                 every file in it whose format is known, the oldest first
    fetch-captions | dragoman ingest -       standard input

    A plain text may begin with lines such as `Source: IRIB` and `Broadcast: 2026-03-01T08:00Z`, then a blank line.
    Options go before what a file says. What is refused is listed with its reason, and the rest is sent. To send
    something again changes nothing: the same content has the same id.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    from aiokafka.errors import KafkaError  # noqa: PLC0415 - keeps --help quick

    from streams.tracing import tracing  # noqa: PLC0415

    settings = settings_or_exit(broker=broker)
    known = {name: value for name, value in given.items() if value is not None}
    files, passed_over = _find_files(paths)
    files = _in_time_order(files, known)
    intake = Intake()
    try:
        with tracing(settings, "ingest"):
            asyncio.run(_take_in(intake, settings, files, known, dry_run=dry_run))
    except KafkaError as error:
        fail(f"the broker stopped taking transcripts ({error}): send the files again, nothing enters twice")
    if as_json:
        sys.stdout.buffer.write(
            orjson.dumps(_summary(intake, passed_over, dry_run=dry_run), option=orjson.OPT_UTC_Z) + b"\n"
        )
    else:
        _print_summary(intake, passed_over, dry_run=dry_run)
    if intake.refused:
        sys.exit(1)


async def send_files(settings: Settings, files: Iterable[tuple[str, bytes]], *, pause_s: float = 0.0) -> int:
    """Send the transcripts of some files, given by name and content, and say how many there were.

    With a pause, each transcript is on the broker before it, and the next one comes after it.

    Raises:
        ContractError: something in them is refused; what stands before it was sent.
        NoBrokerError: no Kafka answers.
        TopicError: the topic of raw transcripts is not there.
    """
    now = _now()
    count = 0
    async with _sender(settings) as send:
        for name, data in files:
            for item in parse_items(name, data, now):
                if isinstance(item, Refusal):
                    raise ContractError("schema", f"{name}: {item}")
                await send(item)
                count += 1
                if pause_s:
                    await asyncio.sleep(pause_s)
    return count


def _find_files(paths: Sequence[str]) -> tuple[list[str], int]:
    """Give the files meant by the arguments, folders opened up, and how many in them are of no known format."""
    files: list[str] = []
    passed_over = 0
    for path in paths:
        if path == "-":
            files.append(path)
            continue
        place = Path(path)
        if not place.exists():
            fail(f"there is no file or folder {path}")
        if not place.is_dir():
            files.append(path)
            continue
        for found in sorted(place.rglob("*")):
            if not found.is_file() or any(part.startswith(".") for part in found.relative_to(place).parts):
                continue
            if found.suffix.lower() in SUFFIXES and found.suffix:
                files.append(str(found))
            else:
                passed_over += 1
    return files, passed_over


def _in_time_order(files: list[str], given: dict[str, str]) -> list[str]:
    """Give the files in the order in which what they begin with was said; those that do not say come last, as they were.

    So that the reports of an agreement reach the ledger in their order, as far as partitions allow.
    """
    if len(files) == 1:
        return files
    now = _now()
    times: dict[str, datetime] = {}
    for name in files:
        data = b"" if name == "-" else _read(name)  # standard input can be read once only
        items = () if isinstance(data, Refused) else parse_items(name, data, now, given)
        times[name] = next((i.event_time for i in items if not isinstance(i, Refusal)), now)
    return sorted(files, key=times.__getitem__)


def _read(path: str) -> bytes | Refused:
    """Read a file, or say why it cannot be; one that is too large is not even opened."""
    if path == "-":
        data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    else:
        try:
            size = Path(path).stat().st_size
            data = Path(path).read_bytes() if size <= MAX_FILE_BYTES else b""
        except OSError as error:
            return Refused(path, "", f"it cannot be read: {error.strerror}")
        if size > MAX_FILE_BYTES:
            return Refused(path, "", f"it has {size} bytes, over the limit of {MAX_FILE_BYTES}; split it")
    return data


async def _take_in(
    intake: Intake, settings: Settings, files: Sequence[str], given: dict[str, str], *, dry_run: bool
) -> None:
    with _progress() as progress:
        task = progress.add_task("transcripts", total=len(files))
        if dry_run:
            for name, item in _items_of(files, given, lambda: progress.advance(task)):
                _note(intake, name, item)
            return
        async with _sender(settings) as send:
            for name, item in _items_of(files, given, lambda: progress.advance(task)):
                if not isinstance(item, Refused):
                    await send(item)
                _note(intake, name, item)


def _items_of(
    files: Iterable[str], given: dict[str, str], done: Callable[[], None]
) -> Iterator[tuple[str, Transcript | Refused]]:
    """Give what is in the files, one after the other, and call `done` after each file."""
    now = _now()
    for name in files:
        data = _read(name)
        if isinstance(data, Refused):
            yield name, data
        else:
            for item in parse_items(name, data, now, given):
                yield name, Refused(name, item.where, item.reason) if isinstance(item, Refusal) else item
        done()


def _note(intake: Intake, name: str, item: Transcript | Refused) -> None:
    if isinstance(item, Refused):
        intake.refused.append(item)
    else:
        title = " ".join((item.title or item.text)[:60].split())
        intake.sent.append(
            Sent(name, item.id, item.source.broadcaster, title, item.event_time, len(item.text))
        )


@asynccontextmanager
async def _sender(settings: Settings) -> AsyncIterator[Callable[[Transcript], Awaitable[None]]]:
    """Give a function that sends a transcript; at the end of the block all that was sent is on the broker."""
    from streams.kafka.client import open_admin, open_producer  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.records import encode_record  # noqa: PLC0415
    from streams.kafka.topics import TopicError, kafka_name  # noqa: PLC0415
    from streams.tracing import Role, carried, span  # noqa: PLC0415

    name = kafka_name(topics.TRANSCRIPTS_RAW, settings)
    async with open_admin(settings) as admin:
        if name not in await admin.list_topics():
            # a producer would wait long for it, and some brokers make it, with the wrong settings
            raise TopicError(
                f"there is no topic {name} at {settings.broker}: `dragoman topics create` makes it"
            )
    under_way: list[Awaitable[object]] = []
    async with open_producer(settings) as producer:

        async def send(transcript: Transcript) -> None:
            with span("ingest", Role.PRODUCER, attributes={"dragoman.transcript.id": transcript.id}):
                record = encode_record(
                    Output(topics.TRANSCRIPTS_RAW, transcript.id, transcript, transcript.event_time),
                    settings,
                    carried(),
                )
                under_way.append(
                    await producer.send(record.topic, record.value, record.key, headers=record.headers)
                )
            if len(under_way) >= _UNDER_WAY:
                await asyncio.gather(*under_way)
                under_way.clear()

        yield send
        await asyncio.gather(*under_way)


def _progress() -> Progress:
    """Give a progress bar on standard error, which shows on a terminal only."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _print_summary(intake: Intake, passed_over: int, *, dry_run: bool) -> None:
    for refused in intake.refused:
        click.secho(f"refused: {refused}", fg="red", err=True)
    if dry_run:
        for sent in intake.sent:
            click.echo(f"{sent.file}: {sent.source}, {sent.event_time:%Y-%m-%d %H:%M} UTC, {sent.title!r}")
    parts = [f"{_count(len(intake.sent), 'transcript')} {'would be sent' if dry_run else 'sent'}"]
    if intake.refused:
        parts.append(f"{len(intake.refused)} refused")
    if passed_over:
        parts.append(f"{_count(passed_over, 'file')} of other formats passed over")
    counts = ", ".join(parts)
    if not intake.sent and not intake.refused:  # folders alone: a file that is named is sent or refused
        counts += f": what is taken ends in {', '.join(sorted(s for s in SUFFIXES if s))}"
    click.echo(counts)


def _summary(intake: Intake, passed_over: int, *, dry_run: bool) -> dict[str, Any]:
    sent = [asdict(item) for item in intake.sent]
    refused = [{"file": r.file, "where": r.where, "reason": r.reason} for r in intake.refused]
    return {"would_send" if dry_run else "sent": sent, "refused": refused, "passed_over": passed_over}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the door is where the clock is asked
