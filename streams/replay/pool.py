"""The part of a replay that needs no memory, on all cores: batches go out in order and come back in order."""

from __future__ import annotations

import gc
import os
import threading
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Final, TypeAlias

from schemas.rule import Rule
from streams.replay.prepare import Prepared, ReplaySource, prepare
from streams.replay.run import index_of
from streams.replay.store import ReplayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from streams.extract.models import Models
    from streams.replay.archive import SourceRecord
    from streams.rules.match import RuleIndex

BATCH_RECORDS: Final = {ReplaySource.RAW: 8, ReplaySource.ENRICHED: 64}
"""To read a text takes ten times as long as to match one; a replay that is told to stop waits for a batch."""
BATCH_BYTES: Final = 4 * 1_048_576
_AHEAD: Final = 2
"""Batches under way for each process: one at work, one waiting, so that none is idle and few are held."""
_NEW_OBJECTS: Final = 50_000
"""So many more objects than were freed, and Python looks for cycles: a long transcript makes ten thousand."""

Placed: TypeAlias = "tuple[int, SourceRecord]"
Prepare: TypeAlias = "Callable[[Iterable[Placed]], Iterator[list[tuple[int, SourceRecord, Prepared]]]]"


def batches(records: Iterable[Placed], limit: int) -> Iterator[list[Placed]]:
    """Cut records into batches of a bounded number and size."""
    batch: list[Placed] = []
    size = 0
    for placed in records:
        batch.append(placed)
        size += len(placed[1].value or b"")
        if len(batch) >= limit or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@contextmanager
def open_pool(
    source: ReplaySource, rules: tuple[Rule, ...], jobs: int, models: Callable[[], Models]
) -> Iterator[Prepare]:
    """Give a function that prepares records in batches, on so many processes; one process is this one.

    Raises:
        ReplayError: a process of the pool was ended from outside.
    """
    if jobs <= 1:
        index = index_of(rules)
        loaded = models() if source is ReplaySource.RAW else None

        def alone(records: Iterable[Placed]) -> Iterator[list[tuple[int, SourceRecord, Prepared]]]:
            for batch in batches(records, BATCH_RECORDS[source]):
                yield [(at, r, prepare(source, r.value or b"", loaded, index)) for at, r in batch]

        with _settled():
            yield alone
        return
    packed = tuple(rule.encode() for rule in rules)
    # spawn: a fork would copy the threads and connections of the broker's client
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _set_up, (source, packed, models))

    def together(records: Iterable[Placed]) -> Iterator[list[tuple[int, SourceRecord, Prepared]]]:
        waiting = batches(records, BATCH_RECORDS[source])
        under_way: deque[tuple[list[Placed], Future[list[Prepared]]]] = deque()
        try:
            while True:
                for batch in islice(waiting, jobs * _AHEAD - len(under_way)):
                    under_way.append((batch, pool.submit(_prepare_batch, [r.value or b"" for _, r in batch])))
                if not under_way:
                    return
                batch, future = under_way.popleft()
                prepared = future.result()
                yield [(at, r, p) for (at, r), p in zip(batch, prepared, strict=True)]
        except BrokenProcessPool:
            raise ReplayError(
                "a process that reads was ended from outside, most likely for want of memory: "
                "`dragoman replay resume` goes on, with fewer --jobs"
            ) from None

    try:
        with _settled():
            yield together
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _settle() -> None:
    """Look for cycles rarely, and not in what is there already: records are trees, rules and models stay to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


@contextmanager
def _settled() -> Iterator[None]:
    before = gc.get_threshold()
    _settle()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _Process:
    """What a process of the pool has loaded."""

    source: ReplaySource
    index: RuleIndex
    models: Models | None


def _set_up(source: ReplaySource, rules: tuple[bytes, ...], models: Callable[[], Models]) -> None:
    import signal  # noqa: PLC0415 - only in a process of the pool

    # Ctrl-C goes to the whole group of processes; it is for the one that keeps the checkpoint
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Process.source = source
    _Process.index = index_of(Rule.decode(rule) for rule in rules)
    _Process.models = models() if source is ReplaySource.RAW else None
    _settle()


def _end_with_parent() -> None:
    """End when the process ends that gives the batches, however it ends: the pool would wait for more for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _prepare_batch(values: list[bytes]) -> list[Prepared]:
    return [prepare(_Process.source, value, _Process.models, _Process.index) for value in values]
