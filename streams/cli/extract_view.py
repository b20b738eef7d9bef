"""A reading and a change of an alert, laid out for people. Where standard output is no terminal it is plain text."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schemas.event import ArgumentRole, Polarity, Realis
from schemas.transcript import SegmentKind
from streams.cli import alerts

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.alert import AlertChange
    from schemas.enriched import EnrichedTranscript
    from schemas.entity import Entity
    from schemas.event import Event, Party

_SHOWN: Final = 72
_NAMES: Final = 4
_PLAIN_WIDTH: Final = 120


def _print_out(draw: Callable[[Console], None]) -> None:
    """Draw on standard output: as wide as the terminal, else of a fixed width, without colours and trailing space."""
    console = Console(highlight=False)
    if console.is_terminal:
        draw(console)
        return
    plain = Console(highlight=False, width=_PLAIN_WIDTH)
    with plain.capture() as captured:
        draw(plain)
    sys.stdout.write("\n".join(line.rstrip() for line in captured.get().split("\n")))


def print_reading(record: EnrichedTranscript) -> None:
    """Print what was read: where it comes from, its parts, entities, events, and agreements with their words."""
    _print_out(lambda console: _draw_reading(console, record))


def _draw_reading(console: Console, record: EnrichedTranscript) -> None:
    transcript, language = record.transcript, record.language
    console.print(Text(transcript.title or _first_headline(record) or transcript.id, style="bold"))
    source = transcript.source
    mixed = ", mixed" if language.mixed else ""
    facts = (
        source.broadcaster,
        source.country,
        f"{transcript.event_time:%Y-%m-%d %H:%M} UTC",
        f"{language.language}{'-' + language.script if language.script else ''} ({language.confidence:.2f}{mixed})",
    )
    console.print(Text(" · ".join(fact for fact in facts if fact), style="dim"))
    _print_segments(console, record)
    _print_entities(console, record)
    _print_events(console, [event for event in record.events if event.agreement is None])
    _print_agreements(console, [event for event in record.events if event.agreement is not None])
    console.print()


def print_change(change: AlertChange) -> None:
    """Print one change of an alert as `dragoman alerts` does."""
    _print_out(lambda console: alerts.print_change(console, change))


def _first_headline(record: EnrichedTranscript) -> str | None:
    found = (part for part in record.segments if part.kind is SegmentKind.HEADLINE)
    first = next(found, None)
    return None if first is None else " ".join(record.transcript.text[first.start : first.end].split())


def _print_segments(console: Console, record: EnrichedTranscript) -> None:
    table = _make_table("Parts")
    for part in record.segments:
        words = record.transcript.text[part.start : part.end]
        table.add_row(
            Text(part.kind.value.replace("_", " "), style="cyan"),
            Text(_shorten(words)),
            Text(part.speaker or "", style="dim"),
        )
    _print_table(console, table, len(record.segments))


def _print_entities(console: Console, record: EnrichedTranscript) -> None:
    mentions: dict[str, Counter[str]] = {}
    for mention in record.mentions:
        mentions.setdefault(mention.entity_id, Counter())[" ".join(mention.text.split())] += 1
    table = _make_table("Entities")
    for entity in record.entities:
        told = mentions.get(entity.id, Counter())
        others = [name for name, _ in told.most_common() if name != entity.name][:_NAMES]
        table.add_row(
            Text(_describe_entity(entity), style="cyan"),
            Text(entity.name, style="bold") + Text(f"  ×{told.total()}", style="dim"),
            Text("; ".join(others), style="dim"),
        )
    _print_table(console, table, len(record.entities))


def _describe_entity(entity: Entity) -> str:
    return " ".join(part for part in (entity.type.value, entity.code or ",".join(entity.countries)) if part)


def _print_events(console: Console, events: list[Event]) -> None:
    table = _make_table("Events")
    for event in events:
        kind = " ".join(part for part in (event.type.value, event.mode, event.cameo) if part)
        note = "" if event.realis is Realis.ASSERTED else f" ({event.realis.value})"
        table.add_row(
            Text(kind, style="cyan") + Text(note, style="yellow"),
            Text(_who_to_whom(event), style="bold"),
            Text(f"“{_shorten(event.evidence.text)}”", style="green"),
        )
    _print_table(console, table, len(events))


def _who_to_whom(event: Event) -> str:
    def names(role: ArgumentRole) -> str:
        return ", ".join(a.code or a.name for a in event.arguments if a.role is role)

    actor, recipient, place = (
        names(role) for role in (ArgumentRole.ACTOR, ArgumentRole.RECIPIENT, ArgumentRole.PLACE)
    )
    arrow = f" → {recipient}" if recipient else ""
    return (actor or "?") + arrow + (f" in {place}" if place else "")


def _print_agreements(console: Console, events: list[Event]) -> None:
    if not events:
        return
    console.print(Text("\nAgreements", style="bold underline"))
    for event in events:
        report = event.agreement
        if report is None:
            continue
        marks = [] if report.polarity is Polarity.ASSERTED else [report.polarity.value]
        marks += [] if report.is_news else ["background"]
        line = Text("  ")
        line.append(" – ".join(map(_name_party, report.parties)) or "parties not told", style="bold")
        line.append(f"  {report.instrument.value.replace('_', ' ')}")
        line.append(
            f"  {report.stage.value.replace('_', ' ')}", style="bold red" if report.is_news else "red"
        )
        line.append(f"  ({', '.join(marks)})" if marks else "", style="yellow")
        line.append(
            f"  {', '.join(report.domains)}".replace("_", " ") if report.domains else "", style="cyan"
        )
        line.append(f"  {event.confidence:.2f}", style="dim")
        console.print(line)
        _print_quote(console, event.evidence.text, event.evidence.speaker)


def _name_party(party: Party) -> str:
    """A party as written, or its code where the words only point to it, as `the two countries` does."""
    return party.name if party.name[:1].isupper() or not party.name[:1].isalpha() else party.code


def _print_quote(console: Console, words: str, speaker: str | None) -> None:
    quote = Text(f"“{' '.join(words.split())}”", style="green")
    if speaker:
        quote.append(f" — {speaker}", style="dim")
    console.print(Padding(quote, (0, 0, 0, 4)))


def _make_table(title: str) -> Table:
    table = Table(
        title=escape(title),
        title_style="bold underline",
        title_justify="left",
        box=None,
        show_header=False,
        padding=(0, 2, 0, 2),
    )
    for _ in range(3):
        table.add_column(overflow="fold")
    return table


def _print_table(console: Console, table: Table, rows: int) -> None:
    if rows:
        console.print()
        console.print(table)


def _shorten(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1].rstrip() + "…"
