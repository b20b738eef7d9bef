from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.replay.archive import SourceRecord
from streams.replay.spool import Spool
from tests.factories import NOON

if TYPE_CHECKING:
    import random


def record(minute: int, key: str, offset: int, value: bytes = b"{}") -> SourceRecord:
    partition = len(key) % 2
    return SourceRecord(NOON + timedelta(minutes=minute), partition, offset, 0, key.encode(), (), value)


_records = st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["a", "b", "cc", "dd"])), max_size=30)


@given(_records, st.randoms(use_true_random=False), st.integers(1, 3000), st.integers(0, 30))
@settings(max_examples=40)
def test_the_order_is_that_of_event_time_however_the_records_came_and_can_be_taken_up_anywhere(
    drawn: list[tuple[int, str]],
    chance: random.Random,
    run_bytes: int,
    skip: int,
) -> None:
    records = [record(minute, key, n, str(n).encode()) for n, (minute, key) in enumerate(drawn)]
    shuffled = list(records)
    chance.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder), "transcripts.raw.v1", run_bytes)
        spooled = spool.collect(shuffled)
        whole = list(spool.read())
        rest = list(spool.read(skip))
    assert spooled.records == len(records)
    assert [r for _, r in whole] == sorted(records, key=lambda r: r.order)
    assert rest == whole[skip:]


def test_a_record_that_was_sent_twice_is_given_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "transcripts.enriched.v1")
    spool.collect([record(0, "a", 0), record(0, "a", 1), record(0, "a", 2, b"[]"), record(1, "a", 3)])
    assert [position for position, _ in spool.read()] == [0, 2, 3]
    assert [position for position, _ in spool.read(1)] == [2, 3]


def test_collecting_begins_anew(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "transcripts.raw.v1", run_bytes=1)
    spool.collect([record(n, "a", n) for n in range(3)])
    assert spool.collect([record(7, "b", 0)]).records == 1
    assert [r.key for _, r in spool.read()] == [b"b"]
