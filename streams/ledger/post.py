"""Posting: an event moves an agreement, or only joins its reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger.book import Posting

if TYPE_CHECKING:
    from schemas.event import Event
    from streams.ledger.book import Book


def post_event(book: Book | None, event: Event) -> Posting:  # noqa: ARG001 - first form
    """Move an agreement by one event."""
    return Posting(book, None, None)
