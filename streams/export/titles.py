"""One line for people that names a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.event import ArgumentRole

if TYPE_CHECKING:
    from schemas.agreement import Agreement
    from schemas.event import Event, Evidence


def agreement_title(agreement: Agreement) -> str:
    """Say between whom, what, and on which matter."""
    names = ", ".join(
        dict.fromkeys(p.name if p.name == p.code else f"{p.name} ({p.code})" for p in agreement.parties)
    )
    name = agreement.name or in_words(agreement.instrument)
    matter = agreement_matter(agreement)
    return f"{names}: {name}" + (f" on {matter}" if matter and agreement.name is None else "")


def agreement_matter(agreement: Agreement) -> str:
    """Say what it is about: its subject as told, else its domains."""
    return " ".join((agreement.subject or ", ".join(agreement.domains).replace("_", " ")).split())


def event_title(event: Event) -> str:
    """Say of which type an event is, who acts, and towards whom."""
    actors, recipients = (
        ", ".join(dict.fromkeys(" ".join(a.name.split()) for a in event.arguments if a.role is role))
        for role in (ArgumentRole.ACTOR, ArgumentRole.RECIPIENT)
    )
    who = " to ".join(part for part in (actors, recipients) if part)
    return f"{event.type}: {who}" if who else event.type.value


def quotation(evidence: Evidence) -> str:
    """Give the words of an evidence on one line, in quotation marks, with their speaker."""
    words = f"“{' '.join(evidence.text.split())}”"
    return f"{words} ({evidence.speaker})" if evidence.speaker else words


def in_words(value: str) -> str:
    """Write a value of the contracts as words: to be signed."""
    return value.replace("_", " ")
