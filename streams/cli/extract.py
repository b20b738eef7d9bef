"""`dragoman extract`: what the reader finds in a text, with no broker and nothing sent."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from schemas.transcript import Medium
from streams.cli.errors import fail
from streams.cli.parameters import written_time
from streams.ingest import Refusal, parse_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.transcript import Transcript

_LINE_MODES: Final = ("agreements", "mentions", "languages", "segments", "events")
_STANDARD_INPUT: Final = "-"
_INTERRUPTED: Final = 130
"""The exit code of what Ctrl-C ended, as shells have it."""


@click.command()
@click.argument("files", metavar="[FILE|-]...", nargs=-1)
@click.option("--source", "broadcaster", metavar="NAME", help="The station, paper or agency, such as IRIB.")
@click.option("--medium", type=click.Choice([m.value for m in Medium]), help="How it reached the public.")
@click.option("--country", metavar="ISO3", help="The state the source speaks from: what “our country” means.")
@click.option("--language", metavar="TAG", help="BCP 47 tag of the text, such as fa.")
@click.option("--title", metavar="TEXT", help="Headline, where the file has none.")
@click.option(
    "--broadcast",
    "broadcast_time",
    metavar="TIME",
    callback=written_time,
    help="Such as 2026-03-01T08:00Z: what “today” means.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
@click.option(
    "--alerts",
    is_flag=True,
    help="Print the alerts that the shipped rules raise on the files, in their order.",
)
@click.option(
    "--agreements",
    is_flag=True,
    help='JSON Lines in, {"id", "headline", "text", "date_if_known"}: instruments and the security-MoU alert.',
)
@click.option(
    "--mentions",
    is_flag=True,
    help='JSON Lines in, {"id", "text", "lang"}: spans of persons, organisations, places.',
)
@click.option(
    "--languages",
    is_flag=True,
    help='JSON Lines in, {"text"}: one language tag a line. Without input: what each language can do.',
)
@click.option("--segments", is_flag=True, help='JSON Lines in, {"id", "text"}: the parts of each transcript.')
@click.option("--events", is_flag=True, help='JSON Lines in, {"id", "text"}: PLOVER events.')
def command(*, files: tuple[str, ...], as_json: bool, alerts: bool, **options: str | bool | None) -> None:
    """Read transcripts and print what is found in them. Needs no Kafka; nothing is sent or kept.

    \b
    dragoman extract talk.txt                        parts, entities, events and agreements, for people
    dragoman extract --json talk.txt                 the same as a program reads it from transcripts.enriched.v1
    dragoman extract --alerts monday.txt tuesday.txt   what the shipped rules would have raised
    dragoman extract --segments < transcripts.jsonl    one answer a line, in the order of the input

    A FILE may have any format that `dragoman ingest` takes; - is standard input. The modes for JSON Lines ignore
    fields they do not know; a line that cannot be read is named on standard error, the others go on, and the exit
    code is 1.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped
    try:
        _run(files, options, as_json=as_json, alerts=alerts)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _run(
    files: tuple[str, ...], options: dict[str, str | bool | None], *, as_json: bool, alerts: bool
) -> None:
    modes = [name for name in _LINE_MODES if options.pop(name)]
    if len(modes) + alerts > 1:
        raise click.UsageError("choose one of --alerts, " + ", ".join(f"--{name}" for name in _LINE_MODES))
    given = {name: str(value) for name, value in options.items() if value is not None}
    if modes:
        if files:
            raise click.UsageError(f"--{modes[0]} reads JSON Lines from standard input: write `< {files[0]}`")
        _answer_lines(modes[0])
        return
    if not files:
        raise click.UsageError("name a FILE to read, or - for standard input")
    transcripts = _read_files(files, given)
    if alerts:
        _print_alerts(transcripts, as_json=as_json)
    else:
        _print_readings(transcripts, as_json=as_json)
    if transcripts.refused:
        sys.exit(1)


def _answer_lines(mode: str) -> None:
    from streams.cli.extract_lines import answer_lines, print_languages  # noqa: PLC0415 - keeps --help quick

    if mode == "languages" and sys.stdin.isatty():
        print_languages()
        return
    wrong = answer_lines(mode, sys.stdin.buffer, sys.stdout.buffer)
    if wrong:
        sys.exit(1)


class _Files:
    """The transcripts of some files, one after the other; what is refused is told on standard error and counted."""

    def __init__(self, names: tuple[str, ...], given: dict[str, str]) -> None:
        self._names = names
        self._given = given
        self._now = datetime.now(UTC)  # noqa: TID251 - the door's clock: a text without a date was said today
        self.refused = 0

    def __iter__(self) -> Iterator[Transcript]:
        for name in self._names:
            for item in parse_items(name, _read_bytes(name), self._now, self._given):
                if isinstance(item, Refusal):
                    self.refused += 1
                    click.echo(f"dragoman: {name}: {item}", err=True)
                else:
                    yield item


def _read_files(names: tuple[str, ...], given: dict[str, str]) -> _Files:
    for name in names:
        if name != _STANDARD_INPUT and not Path(name).is_file():
            fail(f"{name}: is {'a folder; name the files in it' if Path(name).is_dir() else 'not there'}")
    return _Files(names, given)


def _read_bytes(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == _STANDARD_INPUT else Path(name).read_bytes()


def _print_readings(transcripts: _Files, *, as_json: bool) -> None:
    from schemas.transcript import TaggedTranscript  # noqa: PLC0415 - as above
    from streams.cli.extract_view import print_reading  # noqa: PLC0415
    from streams.extract.language import tag_language  # noqa: PLC0415
    from streams.extract.models import load_models  # noqa: PLC0415
    from streams.extract.read import read_transcript  # noqa: PLC0415

    models = load_models()
    for transcript in transcripts:
        tagged = TaggedTranscript(transcript=transcript, language=tag_language(transcript, models))
        record = read_transcript(tagged, models)
        if as_json:
            _write_json(record.encode())
        else:
            print_reading(record)


def _print_alerts(transcripts: _Files, *, as_json: bool) -> None:
    from streams.cli.extract_view import print_change  # noqa: PLC0415 - as above
    from streams.extract.models import load_models  # noqa: PLC0415
    from streams.replay.run import run_transcripts  # noqa: PLC0415
    from streams.rules.load import load_pack  # noqa: PLC0415

    count = 0
    for change in run_transcripts(transcripts, load_models(), load_pack()):
        count += 1
        if as_json:
            _write_json(change.encode())
        else:
            print_change(change)
    if not count and not as_json:
        click.echo("No alert.", err=True)


def _write_json(data: bytes) -> None:
    sys.stdout.buffer.write(data + b"\n")
    sys.stdout.buffer.flush()
