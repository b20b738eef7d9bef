"""The input of a replay in event time: collected once, sorted, and from then on the same whatever happens to its source.

Sorting is done outside of memory: runs of bounded size are sorted and written as archives, and merged when they are
read. Position n in the merged order is the same record every time, so that a replay that was killed goes on at a number.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from schemas.contract import Contract, Time
from streams.replay.archive import SUFFIX, ArchiveHead, SourceRecord, read_archive, write_archive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

RUN_BYTES: Final = 128 * 1_048_576
"""How much is sorted in memory at once. A file of a million long transcripts makes some hundred runs, which can be open at once."""
_OVERHEAD: Final = 500


class Spooled(Contract):
    """What was collected."""

    records: int
    first_time: Time | None = None
    last_time: Time | None = None


class Spool:
    """The sorted runs of one replay, in a folder of their own."""

    def __init__(self, folder: Path, topic: str, run_bytes: int = RUN_BYTES) -> None:
        self._folder = folder
        self._topic = topic
        self._run_bytes = run_bytes

    def collect(self, records: Iterable[SourceRecord]) -> Spooled:
        """Write the records down in sorted runs."""
        collector = self.collector()
        for record in records:
            collector.add(record)
        return collector.end()

    def collector(self) -> Collector:
        """Begin anew, and give what takes the records one by one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._runs():
            old.unlink()
        return Collector(self._folder, self._topic, self._run_bytes)

    def read(self, skip: int = 0) -> Iterator[tuple[int, SourceRecord]]:
        """Give the records in event-time order, each with its position, from position `skip` on.

        A record that comes again byte for byte (an agent that was killed sent it twice) is given once; its positions count.
        """
        merged = heapq.merge(*(read_archive(run) for run in self._runs()), key=lambda r: r.order)
        before: SourceRecord | None = None
        for position, record in enumerate(merged):
            repeated = before is not None and (before.order[:2], before.value) == (
                record.order[:2],
                record.value,
            )
            before = record
            if position >= skip and not repeated:
                yield position, record

    def _runs(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{SUFFIX}"))


class Collector:
    """Takes records in any order and writes them down in sorted runs."""

    def __init__(self, folder: Path, topic: str, run_bytes: int) -> None:
        self._folder = folder
        self._topic = topic
        self._run_bytes = run_bytes
        self._held: list[SourceRecord] = []
        self._size = 0
        self._runs = 0
        self.count = 0
        self._first: datetime | None = None
        self._last: datetime | None = None

    def add(self, record: SourceRecord) -> None:
        """Take a record."""
        self._held.append(record)
        self.count += 1
        self._size += len(record.value or b"") + _OVERHEAD
        self._first = min(self._first or record.event_time, record.event_time)
        self._last = max(self._last or record.event_time, record.event_time)
        if self._size >= self._run_bytes:
            self._write_run()

    def end(self) -> Spooled:
        """Write down what is still held, and say what there is."""
        if self._held:
            self._write_run()
        return Spooled(records=self.count, first_time=self._first, last_time=self._last)

    def _write_run(self) -> None:
        self._held.sort(key=lambda r: r.order)
        write_archive(self._folder / f"{self._runs:06}{SUFFIX}", ArchiveHead(self._topic), self._held)
        self._held, self._size, self._runs = [], 0, self._runs + 1
