"""What the ledger holds under one party key."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from schemas.agreement import Agreement, Transition
from schemas.contract import Contract


class Book(Contract):
    """All agreements between the same parties, and what is needed to know them again."""

    key: str
    agreements: tuple[Agreement, ...] = ()
    transitions: tuple[Transition, ...] = Field(default=(), description="The last transitions, for events that come again")


@dataclass(frozen=True, slots=True)
class Posting:
    """What an event did to the ledger: the book afterwards, the agreement it speaks of, and the step it made, if any."""

    book: Book | None
    agreement: Agreement | None
    transition: Transition | None
