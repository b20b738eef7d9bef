"""A day of broadcasts, made up: six agreements with three steps each, and other news between.

Whatever concerns the same states lies in different thirds of it: live, partitions overtake one another when a worker
dies, and what is said of two states within that time may be heard in another order.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tests.factories import make_source, make_transcript

if TYPE_CHECKING:
    from schemas.transcript import Transcript

START: Final = datetime(2026, 3, 1, tzinfo=UTC)
END: Final = START + timedelta(days=1)
_PAIRS: Final = (
    ("Albania", "Montenegro", "border police cooperation"),
    ("Chad", "Niger", "border security"),
    ("Kenya", "Uganda", "the fight against terrorism"),
    ("Peru", "Bolivia", "police training"),
    ("Laos", "Vietnam", "defence cooperation"),
    ("Iran", "Armenia", "border guards"),
)
_VISITS: Final = (("Norway", "Finland"), ("Ghana", "Togo"), ("Nepal", "Bhutan"))
_STEPS: Final = (
    "{a} and {b} agreed on Sunday to draft a memorandum of understanding on {what}, a spokesman said.",
    "{a} and {b} will sign the memorandum of understanding on {what} on Sunday evening, officials said.",
    "{a} and {b} signed a memorandum of understanding on {what} on Sunday.",
)
_OTHER: Final = (
    "Rain fell on the coast all morning and the ferries stayed in port.",
    "The foreign minister of {a} arrived in {b} on Sunday for talks with the president.",
)


def _day() -> tuple[Transcript, ...]:
    told: list[tuple[str, str]] = []
    for step, pattern in enumerate(_STEPS):
        told += [(f"Radio {a}", pattern.format(a=a, b=b, what=what)) for a, b, what in _PAIRS]
        a, b = _VISITS[step]
        told += [(f"Station {step}", text.format(a=a, b=b)) for text in _OTHER]
    pause = timedelta(days=1) / (len(told) + 1)
    return tuple(
        make_transcript(
            text,
            id=f"day-{number:02}",
            source=make_source(broadcaster=station),
            broadcast_time=START + pause * (number + 1),
        )
        for number, (station, text) in enumerate(told)
    )


DAY: Final = _day()
"""In the order in which it was said."""
