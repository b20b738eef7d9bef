"""The ledger of sent against received (pure): what was lost, what came twice, what came out of order."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from schemas.agreement import Transition
    from schemas.alert import AlertChange


@dataclass(frozen=True, slots=True)
class Parked:
    """A dead letter: the record, and its reason where it has one."""

    value: bytes
    reason: str | None


@dataclass(frozen=True, slots=True)
class Books:
    """What was sent, what should follow from it, and what came."""

    accepted: Sequence[str]
    """Ids of the transcripts that the gateway said it had taken."""
    poison: Sequence[bytes]
    """Records on the raw topic that are no transcripts."""
    expected: Sequence[AlertChange]
    """What the same transcripts lead to when they are read from files."""
    enriched: Sequence[str]
    parked: Sequence[Parked]
    transitions: Sequence[Transition]
    alerts: Sequence[AlertChange]
    """What lies on the alert topic."""
    streamed: Sequence[AlertChange]
    """What the subscriber to the stream was told, over all its connections."""
    hooked: Sequence[tuple[str, AlertChange]]
    """What the receiver of webhooks took: webhook-id and change."""
    bodies: Mapping[str, int] = field(default_factory=dict)
    """How many different bodies came under each webhook-id."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What the books come to. `faults` breaks a promise; `figures` only tells."""

    faults: tuple[str, ...]
    figures: Mapping[str, int]


def balance(books: Books) -> Balance:
    """Hold what was sent against what came."""
    parked = {letter.value for letter in books.parked}
    hooked = list(dict(books.hooked).values())
    faults = [
        *_missing("transcripts lost", set(books.accepted), set(books.enriched)),
        *_missing("poison records lost", set(books.poison), parked),
        *_missing("good records parked", parked, set(books.poison)),
        *_missing(
            "dead letters without a reason", (p.value for p in books.parked if p.reason is None), set()
        ),
        *_told("stream", books.streamed, books.expected),
        *_told("webhook", hooked, books.expected),
        *_missing(
            "webhook-ids with two bodies", (i for i, count in books.bodies.items() if count > 1), set()
        ),
        *_order("agreements", ((t.agreement.id, t.id, t.agreement.sequence) for t in books.transitions)),
    ]
    figures = {
        "sent": len(books.accepted),
        "enriched": len(set(books.enriched) & set(books.accepted)),
        "poison": len(books.poison),
        "parked": len(parked & set(books.poison)),
        "alerts": len(books.expected),
        "streamed": len({c.id for c in books.streamed}),
        "hooked": len({c.id for c in hooked}),
        "agreements": len({t.agreement.id for t in books.transitions}),
        "enriched again": len(books.enriched) - len(set(books.enriched)),
        "alert topic again": len(books.alerts) - len({c.id for c in books.alerts}),
        "webhook again": len(books.hooked) - len(hooked),
    }
    return Balance(tuple(faults), figures)


def _told(where: str, told: Sequence[AlertChange], expected: Sequence[AlertChange]) -> list[str]:
    wanted = {c.id: c for c in expected}
    counts = Counter(c.id for c in told)
    return [
        *_missing(f"{where}: changes lost", wanted, counts),
        *_missing(f"{where}: changes nobody expects", counts, wanted),
        *_missing(f"{where}: changes told twice", (i for i, count in counts.items() if count > 1), set()),
        *_missing(
            f"{where}: changes told otherwise", (c.id for c in told if wanted.get(c.id, c) != c), set()
        ),
        *_order(f"{where}: alerts", ((c.alert.id, c.id, c.sequence) for c in told)),
    ]


def _order(what: str, steps: Iterable[tuple[str, str, int]]) -> list[str]:
    """Look whether the steps of each subject, a repeat left out, come as 1, 2, 3."""
    numbers: dict[str, dict[str, int]] = defaultdict(dict)
    for subject, id_, number in steps:
        numbers[subject].setdefault(id_, number)
    wrong = [s for s, known in numbers.items() if list(known.values()) != list(range(1, len(known) + 1))]
    return _missing(f"{what} out of order", wrong, set())


def _missing(what: str, wanted: Iterable[str | bytes], there: Iterable[str | bytes]) -> list[str]:
    """Say of which of the wanted nothing is there, in one sentence with an example; nothing if all are."""
    gone = sorted(set(wanted) - set(there), key=str)
    return [f"{len(gone)} {what}, such as {gone[0]!r}"] if gone else []
