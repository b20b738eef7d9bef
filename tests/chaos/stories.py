"""What the load tells: stories of agreements, each a fixed run of reports, so that every alert to come is known."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations, count
from typing import TYPE_CHECKING, Final

from aiokafka.partitioner import murmur2

from benchmarks.bench_latency import COUNTRIES
from schemas.transcript import Source, Transcript

if TYPE_CHECKING:
    from collections.abc import Iterator

Story = tuple[Transcript, ...]

_REPORTS: Final = (
    (
        "Radio North",
        "Officials of {a} and {b} agreed on Monday to draft a memorandum of understanding on border police cooperation.",
    ),
    (
        "Gulf Agency",
        "{a} and {b} signed the memorandum of understanding on border police cooperation on Wednesday, the interior ministry said.",
    ),
    (
        "Hill Radio",
        "At a short ceremony the two interior ministers put pen to paper. {b} and {a} have signed a memorandum of understanding on border police cooperation, a spokesman told reporters.",
    ),
    (
        "Coast Radio",
        "{b} denied reports that it signed a memorandum of understanding on border police cooperation with {a}.",
    ),
)
"""Drafted, signed, signed by another origin, denied: two alerts are raised, one of them is updated twice, a third is raised."""


def tell_stories(
    prefix: str, partitions: int, begin: datetime, offsets: tuple[timedelta, ...]
) -> Iterator[Story]:
    """Give one story after the other, each of a pair of states of its own.

    The reports of a story lie on one partition of the raw topic: what one sender says in order is then read in order.
    The times of each story are off by the next of `offsets`, in turn.
    """
    for number, (a, b) in enumerate(combinations(COUNTRIES, 2)):
        time = begin + timedelta(seconds=number) + offsets[number % len(offsets)]
        yield tuple(
            Transcript(
                id=_id_on(number % partitions, partitions, f"{prefix}-{number:03}-{step}"),
                source=Source(broadcaster=broadcaster),
                text=text.format(a=a, b=b),
                broadcast_time=time + timedelta(milliseconds=step),
                ingest_time=begin,
            )
            for step, (broadcaster, text) in enumerate(_REPORTS)
        )


def _id_on(partition: int, partitions: int, stem: str) -> str:
    """Give an id that begins with `stem` and lies on a partition."""
    ids = (f"{stem}-{n}" for n in count())
    return next(i for i in ids if (murmur2(i.encode()) & 0x7FFFFFFF) % partitions == partition)
