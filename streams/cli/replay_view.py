"""How replays, differences and previews look on a terminal."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from streams.cli.errors import fail, sentence_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schemas.alert import Alert
    from streams.replay.diff import Diff, Difference
    from streams.replay.preview import Preview

_SHOWN: Final = 3


@contextmanager
def sentences() -> Iterator[None]:
    """Turn what a user can mend into one sentence and exit code 1."""
    try:
        yield
    except Exception as error:
        from streams.replay.archive import ArchiveError  # noqa: PLC0415 - only once something has failed
        from streams.replay.store import ReplayError  # noqa: PLC0415
        from streams.rules.errors import RuleError  # noqa: PLC0415

        if isinstance(error, ReplayError | ArchiveError | RuleError):
            fail(str(error))
        sentence = sentence_of(error)
        if sentence is None:
            raise
        fail(sentence)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error, with rate and time left, where that is a terminal; give what tells it how far it is."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}  {task.fields[rate]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=0, rate="")
        begun: list[tuple[float, int]] = []

        def tell(done: int, total: int) -> None:
            now_s = time.monotonic()
            if not begun:
                begun.append((now_s, done))
            began_s, before = begun[0]
            rate = ""
            if done > before:
                a_second = (done - before) / (now_s - began_s)
                left = timedelta(seconds=round(max(0, total - done) / a_second))
                rate = f"{a_second:.0f} a second, {left} left"
            progress.update(task, completed=done, total=total, rate=rate)

        yield tell


def print_diff(found: Diff) -> None:
    """Print a difference for people: counts by rule, then each alert with its words and the reason."""
    from streams.replay.diff import DifferenceKind  # noqa: PLC0415 - keeps --help quick

    console = Console(highlight=False)
    console.print(
        f"{escape(found.after)} against {escape(found.before)}, {iso(found.from_time)} to {iso(found.to_time)}",
        soft_wrap=True,
    )
    console.print(
        f"{found.same} alike, {found.count(DifferenceKind.ADDED)} added, {found.count(DifferenceKind.LOST)} lost, "
        f"{found.count(DifferenceKind.CHANGED)} changed; {found.alerts_a_day_before:g} alerts a day before, "
        f"{found.alerts_a_day_after:g} expected",
        soft_wrap=True,
    )
    table = Table("rule", "before", "after", "added", "lost", "changed", box=None)
    for row in found.rules:
        table.add_row(
            escape(row.title),
            *(str(n) for n in (row.before, row.after, row.added, row.lost, row.changed)),
        )
    if found.rules:
        console.print(table)
    for difference in found.differences:
        console.print(*_difference_lines(difference), sep="\n", soft_wrap=True)


_COLOURS: Final = {"added": "green", "lost": "red", "changed": "yellow"}


def _difference_lines(difference: Difference) -> Iterator[str]:
    colour = _COLOURS[difference.kind.value]
    yield from _alert_lines(difference.alert, difference.kind.value, colour)
    for change in difference.fields:
        yield f"          {change.field}: {escape(change.before)} -> {escape(change.after)}"
    if difference.why is not None:
        yield f"          [{colour}]why[/]: {escape(difference.why.sentence)}"
        for clause in difference.why.clauses[:_SHOWN]:
            on = f" on “{escape(' '.join(clause.evidence.text.split()))}”" if clause.evidence else ""
            yield f"            {escape(clause.selection)}: {escape(clause.field or 'text')} = {escape(clause.value)}{on}"


def _alert_lines(alert: Alert, word: str, colour: str) -> Iterator[str]:
    yield f"\n[{colour}]{word:>8}[/]  [bold]{escape(alert.summary)}[/]  {alert.level.value}"
    yield f"          {escape(alert.rule_title)} · {iso(alert.raised_time)} · {alert.topic} · {alert.id}"
    for subject in alert.subjects[-_SHOWN:]:
        for evidence in subject.evidence[:1]:
            words = " ".join(evidence.text.split())
            yield f"          “{escape(words)}”  {escape(subject.source.broadcaster)}"


def print_preview(seen: Preview, limit: int) -> None:
    """Print for people what rules would have raised: how often, and the latest alerts with their words."""
    console = Console(highlight=False)
    days = (seen.to_time - seen.from_time).total_seconds() / 86_400
    console.print(
        f"{count_of(len(seen.alerts), 'alert')} in {days:g} days, {seen.alerts_a_day:g} a day, "
        f"{count_of(seen.near_misses, 'near miss', 'near misses')}, {count_of(seen.transcripts, 'transcript')}",
        soft_wrap=True,
    )
    for alert in seen.alerts[max(0, len(seen.alerts) - limit) :]:
        console.print(*_alert_lines(alert, "would fire", "cyan"), sep="\n", soft_wrap=True)


def iso(time: datetime) -> str:
    """Write an instant for people and programs, to the minute."""
    return time.astimezone(UTC).isoformat(timespec="minutes").replace("+00:00", "Z")


def count_of(number: int, noun: str, nouns: str | None = None) -> str:
    """Write a number of things."""
    return f"{number} {noun}" if number == 1 else f"{number} {nouns or noun + 's'}"
