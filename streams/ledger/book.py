"""What the ledger holds under one party key, and how it stays bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import Field

from schemas.agreement import Agreement
from schemas.contract import Contract, Time
from schemas.event import Event, Stage

if TYPE_CHECKING:
    from schemas.agreement import Report, Transition

MAX_AGREEMENTS: Final = 100
MAX_REPORTS: Final = 100
BUSY_AGREEMENTS: Final = 10
"""Only so many agreements of a book, the ones told of last, keep `MAX_REPORTS` reports."""
MAX_IDLE_REPORTS: Final = 10
MAX_TEXTS: Final = 48
MAX_TELLERS: Final = 64
MAX_SEEN: Final = 256
MAX_DENIALS: Final = 8
"""The record of a book must stay far under the largest record of a topic, whatever is reported of two parties."""


class Teller(Contract):
    """A text that told of an agreement: from which broadcaster, at which stage, and which independent origin it counts as."""

    origin: int = Field(ge=0)
    broadcaster: str
    transcript_id: str
    stage: Stage
    content_hash: str


class Text(Contract):
    """A text that was read, kept to know its copies."""

    content_hash: str
    sketch: tuple[int, ...]


class Seen(Contract):
    """An event that was posted, and the agreement it was taken to speak of, if any."""

    event_id: str
    agreement_id: str | None


class Entry(Contract):
    """An agreement, and what is needed to know it again."""

    agreement: Agreement
    words: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Words of its subject and name, by language"
    )
    names: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Words of its own name, by language"
    )
    others: tuple[str, ...] = Field(default=(), description="Words in the names of parties that have no code")
    tellers: tuple[Teller, ...] = ()
    told: tuple[int, ...] = Field(default=(), description="The origins that told the step it stands at")
    step_broadcaster: str = Field(description="Who told the step first")
    step_transcript_id: str
    before_exit: Stage | None = Field(
        default=None, description="Where it stood before the exit that it stands at"
    )
    denied_time: Time | None = None

    def find_copied(self, transcript_id: str, copied: frozenset[str]) -> tuple[Teller, ...]:
        """Give the tellers whose text is one of `copied` and came in another transcript."""
        return tuple(t for t in self.tellers if t.content_hash in copied and t.transcript_id != transcript_id)


class Book(Contract):
    """All agreements between the same parties, in the order in which they became known."""

    key: str
    entries: tuple[Entry, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict, description="Agreements opened so far, by field")
    texts: tuple[Text, ...] = Field(default=(), description="The last texts, oldest first")
    seen: tuple[Seen, ...] = Field(default=(), description="The last events, oldest first")
    denials: tuple[Event, ...] = Field(
        default=(),
        description="The last denials that denied nothing known, in case they overtook what they deny",
    )

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """The agreements as they stand."""
        return tuple(entry.agreement for entry in self.entries)

    def find_agreement(self, agreement_id: str | None) -> Agreement | None:
        """Give the agreement of an id, if the book still holds it."""
        return next((a for a in self.agreements if a.id == agreement_id), None)

    def find_seen(self, event_id: str) -> Seen | None:
        """Say what was made of an event when it came before, as far as the book remembers."""
        for item in reversed(self.seen):
            if item.event_id == event_id:
                return item
        for agreement in self.agreements:
            if any(report.event_id == event_id for report in agreement.reports):
                return Seen(event_id=event_id, agreement_id=agreement.id)
        return None


@dataclass(frozen=True, slots=True)
class Posting:
    """What an event did to the ledger: the book afterwards, the agreement it speaks of, and the transitions it made.

    At most one is its own; the others are denials that had come before it and deny it.
    """

    book: Book | None
    agreement: Agreement | None
    transitions: tuple[Transition, ...] = ()

    @property
    def transition(self) -> Transition | None:
        """Its own transition, if it made any."""
        return next(iter(self.transitions), None)


def add_report(agreement: Agreement, report: Report) -> Agreement:
    """Put a report in its place by event time. One transcript counts once for a stage, whatever its number of sentences."""
    for known in agreement.reports:
        told = (known.transcript_id, known.stage, known.polarity, known.is_news)
        if told == (report.transcript_id, report.stage, report.polarity, report.is_news):
            return agreement
    reports = tuple(sorted((*agreement.reports, report), key=lambda r: (r.event_time, r.event_id)))
    return _keep_last(
        agreement.model_copy(
            update={
                "reports": reports,
                "first_time": min(agreement.first_time, report.event_time),
                "last_time": max(agreement.last_time, report.event_time),
            }
        ),
        MAX_REPORTS,
    )


def trim_book(book: Book) -> Book:
    """Drop what a book holds over its bounds: first agreements known from background only, then those longest untold."""
    latest = sorted(
        book.entries,
        key=lambda e: (e.agreement.sequence > 0, e.agreement.last_time, e.agreement.id),
        reverse=True,
    )
    kept = {e.agreement.id for e in latest[:MAX_AGREEMENTS]}
    busy = {e.agreement.id for e in latest[:BUSY_AGREEMENTS]}
    entries = tuple(
        entry
        if entry.agreement.id in busy
        else entry.model_copy(update={"agreement": _keep_last(entry.agreement, MAX_IDLE_REPORTS)})
        for entry in book.entries
        if entry.agreement.id in kept
    )
    return book.model_copy(
        update={
            "entries": entries,
            "texts": book.texts[-MAX_TEXTS:],
            "seen": book.seen[-MAX_SEEN:],
            "denials": book.denials[-MAX_DENIALS:],
        }
    )


def _keep_last(agreement: Agreement, limit: int) -> Agreement:
    over = len(agreement.reports) - limit
    if over <= 0:
        return agreement
    update = {"reports": agreement.reports[over:], "dropped_reports": agreement.dropped_reports + over}
    return agreement.model_copy(update=update)
