"""`dragoman replay`: history again, through other rules or another reader, and what would have been different."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from schemas import topics
from streams.cli.errors import fail, settings_or_exit
from streams.cli.output import print_json
from streams.cli.parameters import DurationParameter, SpeedParameter, TimeParameter
from streams.cli.replay_view import count_of, iso, print_diff, progress_bar, sentences
from streams.rules.errors import RuleError
from streams.rules.load import load_rule, rule_files

if TYPE_CHECKING:
    from schemas.alert import AlertChange, NearMiss
    from schemas.rule import Rule
    from streams.replay.diff import Diff, Side
    from streams.replay.preview import Preview
    from streams.replay.store import Checkpoint, Plan, Replay, Store
    from streams.settings import Settings

DIFF_FILE: Final = "promoted.json"
_STOP_WAIT_S: Final = 120.0
_NICENESS: Final = 10
"""What is live on the same machine goes first; the processes that read take this on."""
_WORTH_PROCESSES: Final = 500
_WARM_UP: Final = timedelta(days=30)
_LONGEST_NAME: Final = 40

_broker = click.option("--broker", metavar="HOST:PORT", help="The Kafka to use [DRAGOMAN_BROKER].")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")
_jobs = click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    help="Processes that read and match at once; one for each core if not given.",
)
_id = click.argument("replay_id", metavar="ID")


@click.group()
def command() -> None:
    """Read history again, through other rules or another reader, and see what would have been different.

    A replay reads transcripts in the order in which they were said, through the functions that run live, into topics
    of its own (replay.ID.alerts.v1 and so on). It writes to no live topic and notifies nobody.

    \b
    dragoman replay start --from 2026-03-01 --to 2026-04-01 --rules my_rules/
    dragoman replay status ID               how far it is
    dragoman replay diff ID --html page.html   alerts added, lost, changed, and why
    dragoman replay promote ID              put its rules to work

    Stopped or killed anywhere, `dragoman replay resume ID` goes on with it: nothing is repeated or skipped.
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped


@command.command()
@click.option(
    "--from", "from_time", type=TimeParameter(), required=True, help="First event time, such as 2026-03-01."
)
@click.option("--to", "to_time", type=TimeParameter(), required=True, help="Event time before which it ends.")
@click.option(
    "--rules",
    "rules_path",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="Judge by these rules; without it by those at work.",
)
@click.option(
    "--reader", metavar="VERSION", help="Read transcripts again with this version; goes with --source raw."
)
@click.option(
    "--source",
    "sources",
    metavar="raw|enriched|FILE",
    multiple=True,
    default=("enriched",),
    show_default=True,
    help="Read transcripts again, or take what was read in them; or files: archives, or whatever `dragoman ingest` takes.",
)
@click.option(
    "--speed", type=SpeedParameter(), default="max", show_default=True, help="N times as fast as event time."
)
@click.option(
    "--warm-up",
    type=DurationParameter(),
    default="30d",
    show_default=True,
    help="What was said so long before --from is read for memory's sake, and nothing told of it.",
)
@click.option("--name", metavar="ID", help="Its name; without one it is derived from the question.")
@click.option(
    "--near-misses/--no-near-misses",
    default=True,
    show_default=True,
    help="Record near misses of rules that are being written, as live; without them it is faster, and a diff says less.",
)
@click.option(
    "--local",
    is_flag=True,
    help="Write to files alone, and to no topic. With files as source it needs no Kafka.",
)
@click.option("--detach", is_flag=True, help="Return once the input is collected; the work goes on behind.")
@_jobs
@_broker
def start(
    *,
    from_time: datetime,
    to_time: datetime,
    rules_path: Path | None,
    reader: str | None,
    sources: tuple[str, ...],
    speed: float | None,
    warm_up: timedelta,
    name: str | None,
    near_misses: bool,
    local: bool,
    detach: bool,
    jobs: int | None,
    broker: str | None,
) -> None:
    """Begin a replay and see it through."""
    from streams.replay.start import Question, begin_replay, check_question  # noqa: PLC0415 - keeps --help quick
    from streams.replay.store import Store  # noqa: PLC0415

    settings = settings_or_exit(broker=broker)
    signal.signal(signal.SIGTERM, _interrupt)  # while it collects; a replay under way stops at a checkpoint
    with sentences():
        source, files = _source(sources)
        rules, rules_from = _rules(settings, rules_path, local=local)
        question = Question(
            from_time=from_time,
            to_time=to_time,
            rules=rules,
            rules_from=rules_from,
            source=source,
            files=files,
            reader=reader,
            warm_up=warm_up,
            publish=not local,
            speed=speed,
            name=_checked_name(name),
            near_misses=near_misses,
        )
        check_question(question)
        with progress_bar("collecting") as tell:
            replay = asyncio.run(begin_replay(settings, Store(settings), question, _now(), tell))
    click.echo(
        f"replay {replay.id}: {count_of(replay.read_plan().spooled.records, 'transcript')} to go through",
        err=True,
    )
    if detach:
        _detach(settings, replay, jobs)
    else:
        _see_through(settings, replay, jobs)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _source(sources: tuple[str, ...]) -> tuple[Any, tuple[Path, ...]]:
    from streams.replay.history import source_of_files  # noqa: PLC0415 - keeps --help quick
    from streams.replay.prepare import ReplaySource  # noqa: PLC0415

    names = [s.value for s in ReplaySource]
    if len(sources) == 1 and sources[0] in names:
        return ReplaySource(sources[0]), ()
    if any(s in names for s in sources):
        fail("--source is raw, enriched, or files, not several of them")
    files = tuple(Path(s) for s in sources)
    return source_of_files(files), files


def _rules(settings: Settings, path: Path | None, *, local: bool) -> tuple[tuple[Rule, ...], str]:
    """Give the rules to judge by, and where they come from."""
    from streams.cli.rules import read_rules  # noqa: PLC0415 - keeps --help quick
    from streams.rules.load import load_pack  # noqa: PLC0415

    if path is not None:
        return load_rules(path), str(path)
    if local:
        return tuple(load_pack()), "the shipped rules"
    return tuple(asyncio.run(read_rules(settings)).values()), "the rules at work"


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Read the rules of a file or folder, all of them or none.

    Raises:
        RuleError: one of them is wrong, or two share an id.
    """
    if not path.exists():
        fail(f"there is no rule file or folder {path}")
    rules: dict[str, Rule] = {}
    for file in rule_files(path):
        rule = load_rule(file)
        if rule.id in rules:
            raise RuleError(
                f"its id is that of {rules[rule.id].title!r} too; each rule has its own", str(file), 1, 1
            )
        rules[rule.id] = rule
    return tuple(rules.values())


def _checked_name(name: str | None) -> str | None:
    if name is None:
        return None
    if not (0 < len(name) <= _LONGEST_NAME) or not all(
        s.isascii() and (s.isalnum() or s in "-_") for s in name
    ):
        fail(
            f"--name is {name!r}; it has up to {_LONGEST_NAME} letters, digits, - and _, since it stands in names of topics"
        )
    return name


def _detach(settings: Settings, replay: Replay, jobs: int | None) -> None:
    from streams.replay.store import LOG  # noqa: PLC0415 - keeps --help quick

    words = [sys.executable, "-m", "streams.cli", "replay", "resume", replay.id, "--broker", settings.broker]
    if jobs is not None:
        words += ["--jobs", str(jobs)]
    with (replay.folder / LOG).open("ab") as log:
        subprocess.Popen(  # noqa: S603 - our own command
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    click.echo(replay.id)


def _see_through(settings: Settings, replay: Replay, jobs: int | None) -> None:
    """Run a replay in this process, with a bar; SIGTERM and Ctrl-C stop it at a checkpoint."""
    from streams.replay.start import default_jobs, run_replay  # noqa: PLC0415 - keeps --help quick

    os.nice(_NICENESS)
    stop = threading.Event()
    before = {n: signal.signal(n, lambda *_: stop.set()) for n in (signal.SIGTERM, signal.SIGINT)}
    plan = replay.read_plan()
    with sentences():
        try:
            with progress_bar("replaying") as tell:
                point = asyncio.run(
                    run_replay(
                        settings,
                        replay,
                        jobs=jobs or default_jobs(),
                        stop=stop,
                        now_s=time.monotonic,
                        told=lambda p: tell(p.position, plan.spooled.records),
                    )
                )
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    _print_end(replay, plan, point)


def _print_end(replay: Replay, plan: Plan, point: Checkpoint) -> None:
    if point.refused:
        click.echo(
            f"{count_of(point.refused, 'record')} could not be read, such as {point.first_refused}", err=True
        )
    if not point.done:
        click.echo(
            f"replay {replay.id} stopped at {point.position} of {plan.spooled.records}: "
            f"`dragoman replay resume {replay.id}` goes on",
            err=True,
        )
        return
    alerts = point.counts.get(topics.ALERTS.name, 0)
    click.echo(
        f"replay {replay.id} is done: {count_of(point.transcripts, 'transcript')}, "
        f"{count_of(alerts, 'change')} of alerts; `dragoman replay diff {replay.id}` compares them",
        err=True,
    )
    click.echo(replay.id)


@command.command()
@_id
@_jobs
@_broker
def resume(*, replay_id: str, jobs: int | None, broker: str | None) -> None:
    """Go on with a replay that was stopped or killed, from its last checkpoint."""
    settings = settings_or_exit(broker=broker)
    with sentences():
        replay = _store(settings).find(replay_id)
    _see_through(settings, replay, jobs)


@command.command()
@_id
@_broker
def stop(*, replay_id: str, broker: str | None) -> None:
    """Stop a replay at a checkpoint; `dragoman replay resume` goes on with it."""
    settings = settings_or_exit(broker=broker)
    with sentences():
        replay = _store(settings).find(replay_id)
        holder = replay.holder
        if holder is None:
            fail(f"replay {replay_id} is not running: it is {replay.state.value}")
        os.kill(holder, signal.SIGTERM)
        end_s = time.monotonic() + _STOP_WAIT_S
        while replay.holder == holder:
            if time.monotonic() > end_s:
                fail(
                    f"replay {replay_id} (process {holder}) has not stopped within {_STOP_WAIT_S:.0f} s; it may still"
                )
            time.sleep(0.1)
        progress = replay.read_progress()
    click.echo(f"replay {replay_id} stands at {progress.position} of {replay.read_plan().spooled.records}")


@command.command()
@_id
@_json
@_broker
def status(*, replay_id: str, as_json: bool, broker: str | None) -> None:
    """Say how far a replay is: transcripts, event time, rate, time left, what came of it."""
    settings = settings_or_exit(broker=broker)
    with sentences():
        row = _row(_store(settings).find(replay_id))
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        if value not in (None, {}):
            shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
            click.echo(f"{name.replace('_', ' '):>16}  {shown}")


@command.command("list")
@_json
@_broker
def list_(*, as_json: bool, broker: str | None) -> None:
    """Show all replays, their ranges and how far they are."""
    settings = settings_or_exit(broker=broker)
    store = _store(settings)
    with sentences():
        rows = [_row(store.find(name)) for name in store.ids()]
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("No replay was started yet: `dragoman replay start --help` says how.", err=True)
        return
    for row in rows:
        click.echo(
            "\t".join(
                str(row[n])
                for n in ("id", "state", "from", "to", "source", "rules", "position", "transcripts_in_all")
            )
        )


def _row(replay: Replay) -> dict[str, Any]:
    from streams.replay.drive import time_left  # noqa: PLC0415 - keeps --help quick
    from streams.replay.store import ReplayState  # noqa: PLC0415

    plan, progress = replay.read_plan(), replay.read_progress()
    state = replay.state
    running = state is ReplayState.RUNNING
    left = time_left(progress.position, plan.spooled.records, progress.rate) if running else None
    return {
        "id": replay.id,
        "state": state.value,
        "from": iso(plan.from_time),
        "to": iso(plan.to_time),
        "source": plan.source.value,
        "rules": f"{count_of(len(plan.rules), 'rule')} of {plan.rules_from}",
        "reader": plan.reader_version,
        "position": progress.position,
        "transcripts_in_all": plan.spooled.records,
        "event_time": None if progress.event_time is None else iso(progress.event_time),
        "rate_a_second": None if progress.rate is None or not running else round(progress.rate, 1),
        "seconds_left": None if left is None else round(left.total_seconds()),
        "refused": progress.refused,
        "first_refused": progress.first_refused,
        "records": progress.counts,
        "topics": f"replay.{replay.id}.*" if plan.publish else None,
        "process": replay.holder,
        "last_words": replay.last_words if state is ReplayState.STOPPED else None,
    }


@command.command()
@_id
@click.argument("other", metavar="[OTHER]", required=False)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write one page that can be sent around.",
)
@_json
@_broker
def diff(*, replay_id: str, other: str | None, html: Path | None, as_json: bool, broker: str | None) -> None:
    """Show which alerts a replay added, lost or changed, by comparison with what was raised live.

    With two replays, OTHER is compared with ID: what OTHER adds is added. Each difference says which clause made it,
    and the near miss on the other side.
    """
    settings = settings_or_exit(broker=broker)
    with sentences():
        found = make_diff(settings, replay_id, other)
    if html is not None:
        from streams.replay.page import render_page  # noqa: PLC0415 - only for a page

        html.write_text(render_page(found), encoding="utf-8")
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_diff(found)
        if html is not None:
            click.echo(f"{html} shows it.", err=True)


def make_diff(settings: Settings, replay_id: str, other: str | None = None) -> Diff:
    """Compare a replay with the live alerts of the same stretch, or two replays with one another.

    Raises:
        ReplayError: there is no such replay, or it is not through.
    """
    from streams.replay.diff import compare  # noqa: PLC0415 - keeps --help quick

    store = _store(settings)
    first = _finished(store, replay_id)
    plan = first.read_plan()
    if other is None:
        before = asyncio.run(_live_side(settings, plan))
        return compare(before, _replay_side(first), plan.from_time, plan.to_time)
    second = _finished(store, other)
    other_plan = second.read_plan()
    start_time = max(plan.from_time, other_plan.from_time)
    end_time = min(plan.to_time, other_plan.to_time)
    if start_time >= end_time:
        fail(f"replays {replay_id} and {other} have no time in common")
    return compare(_replay_side(first), _replay_side(second), start_time, end_time)


def _finished(store: Store, replay_id: str) -> Replay:
    from streams.replay.store import ReplayError, ReplayState  # noqa: PLC0415 - keeps --help quick

    replay = store.find(replay_id)
    state = replay.state
    if state is ReplayState.RUNNING:
        raise ReplayError(
            f"replay {replay_id} is still running: `dragoman replay status {replay_id}` says how far it is"
        )
    if state is ReplayState.STOPPED:
        raise ReplayError(
            f"replay {replay_id} was stopped before its end: `dragoman replay resume {replay_id}` goes on"
        )
    return replay


def _replay_side(replay: Replay) -> Side:
    from schemas.alert import AlertChange, NearMiss  # noqa: PLC0415 - keeps --help quick
    from streams.replay.diff import Side  # noqa: PLC0415
    from streams.replay.outputs import read_outputs  # noqa: PLC0415

    changes = [AlertChange.decode(line.data) for line in read_outputs(replay.outputs_folder, topics.ALERTS)]
    misses = [NearMiss.decode(line.data) for line in read_outputs(replay.outputs_folder, topics.RULES_MISSED)]
    return Side(f"replay {replay.id}", changes, {r.id: r for r in replay.read_plan().rules}, misses)


async def _live_side(settings: Settings, plan: Plan) -> Side:
    from streams.cli.rules import read_rules  # noqa: PLC0415 - keeps --help quick
    from streams.replay.diff import Side  # noqa: PLC0415
    from streams.replay.history import Stretch, read_changes, read_near_misses  # noqa: PLC0415

    stretch = Stretch(plan.from_time, plan.to_time)
    changes: tuple[AlertChange, ...] = await read_changes(settings, topics.ALERTS, stretch)
    misses: tuple[NearMiss, ...] = await read_near_misses(settings, topics.RULES_MISSED, stretch)
    return Side("live", changes, await read_rules(settings), misses)


def preview_rules(settings: Settings, path: Path, since: timedelta, until: datetime | None) -> Preview:
    """Replay what was read through some rules, in a folder that goes again, and give what they would have raised.

    Raises:
        RuleError, ReplayError: as for a replay.
    """
    import tempfile  # noqa: PLC0415 - keeps --help quick

    from streams.replay.preview import summarize  # noqa: PLC0415
    from streams.replay.start import Question, begin_replay, default_jobs, run_replay  # noqa: PLC0415
    from streams.replay.store import Store  # noqa: PLC0415

    rules = load_rules(path)
    end_time = until or _now()
    question = Question(
        end_time - since, end_time, rules, str(path), warm_up=_WARM_UP, publish=False, name="preview"
    )
    with tempfile.TemporaryDirectory(prefix="dragoman-") as folder:
        own = settings.model_copy(update={"data_dir": Path(folder)})
        with progress_bar("reading") as tell:
            replay = asyncio.run(begin_replay(own, Store(own), question, _now(), tell))
        plan = replay.read_plan()
        # a process takes longer to start than it takes to match this many
        jobs = default_jobs() if plan.spooled.records > _WORTH_PROCESSES else 1
        with progress_bar("matching") as tell:
            asyncio.run(
                run_replay(
                    own,
                    replay,
                    jobs=jobs,
                    stop=threading.Event(),
                    now_s=time.monotonic,
                    told=lambda p: tell(p.position, plan.spooled.records),
                )
            )
        return summarize(_replay_side(replay), plan)


@command.command()
@_id
@click.option("--force", is_flag=True, help="Also where a version speaks against it.")
@_broker
@_json
def promote(*, replay_id: str, force: bool, broker: str | None, as_json: bool) -> None:
    """Put the rules of a replay to work, those and no others, and keep the difference it showed as the record.

    The record is promoted.json and promoted.html in the replay's folder.
    """
    from streams.cli.rules import apply_rules  # noqa: PLC0415 - keeps --help quick
    from streams.replay.page import render_page  # noqa: PLC0415

    settings = settings_or_exit(broker=broker)
    with sentences():
        replay = _finished(_store(settings), replay_id)
        found = make_diff(settings, replay_id)
        sent, withdrawn = asyncio.run(
            apply_rules(settings, list(replay.read_plan().rules), prune=True, force=force)
        )
        record = {
            "promoted_time": _now(),
            "applied": [r.id for r in sent],
            "withdrawn": withdrawn,
            "diff": found.model_dump(mode="json"),
        }
        (replay.folder / DIFF_FILE).write_bytes(
            orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
        )
        page = (replay.folder / DIFF_FILE).with_suffix(".html")
        page.write_text(render_page(found), encoding="utf-8")
    if as_json:
        print_json(
            {
                "applied": [r.id for r in sent],
                "withdrawn": withdrawn,
                "record": str(page.with_suffix(".json")),
            }
        )
        return
    click.echo(
        f"{count_of(len(sent), 'rule')} applied, {len(withdrawn)} withdrawn; {page} keeps what the replay showed"
    )


@command.command()
@_id
@_broker
def remove(*, replay_id: str, broker: str | None) -> None:
    """Remove a replay: its folder and its topics. One that is running is stopped first by `dragoman replay stop`."""
    from streams.replay.publish import delete_replay_topics  # noqa: PLC0415 - keeps --help quick

    settings = settings_or_exit(broker=broker)
    with sentences():
        store = _store(settings)
        replay = store.find(replay_id)
        plan = replay.read_plan()
        with replay.locked():
            pass  # nobody is at it
        if plan.publish:
            asyncio.run(delete_replay_topics(settings, replay_id))
        store.remove(replay_id)
    click.echo(f"replay {replay_id} is removed")


def _store(settings: Settings) -> Store:
    from streams.replay.store import Store  # noqa: PLC0415 - keeps --help quick

    return Store(settings)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - when it was promoted, and the date of a text that has none
