"""Remembering: one agreement for one instrument between the same parties on the same matter. Pure."""

from streams.ledger.book import Book, Posting
from streams.ledger.post import post_event

__all__ = ["Book", "Posting", "post_event"]
