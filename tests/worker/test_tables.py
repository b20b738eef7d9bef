from __future__ import annotations

from datetime import timedelta

import pytest

from streams.ledger import Book
from streams.rules.evaluate import RuleState
from streams.worker.tables import Glimpse, KeptBook, KeptState, Position, Shelf, TableError, glimpse_state
from tests.factories import NOON, make_alert_change
from tests.worker.dict_store import DictStore
from tests.worker.plain_steps import RULE

AT = Position(partition=1, offset=5, timestamp_ms=1000)


def test_a_position_covers_what_came_before_it_on_its_partition() -> None:
    assert AT.covers(AT)
    assert AT.covers(Position(partition=1, offset=4, timestamp_ms=999))
    assert not AT.covers(Position(partition=1, offset=6, timestamp_ms=1000))
    assert not AT.covers(Position(partition=0, offset=4, timestamp_ms=999))


def test_a_position_does_not_cover_the_records_of_a_topic_that_was_deleted_and_made_again() -> None:
    assert not AT.covers(Position(partition=1, offset=0, timestamp_ms=2000))


async def test_a_value_that_the_changelog_refused_is_not_kept() -> None:
    async def refuse(key: bytes, value: bytes | None, partition: int) -> int:
        raise ConnectionError

    shelf = Shelf(KeptBook, DictStore(), refuse)
    with pytest.raises(ConnectionError):
        await shelf.put(b"k", KeptBook(position=AT, book=Book(key="k")))
    assert shelf.get(b"k") is None


def test_a_glimpse_says_what_the_whole_value_says() -> None:
    due = NOON + timedelta(hours=1)
    state = RuleState(rule_id=RULE.id, rule=RULE, due_time=due)
    kept = KeptState(position=AT, seen_time=NOON, state=state, outbox=(make_alert_change(),))
    assert glimpse_state(b"k", kept.encode()) == Glimpse(1, NOON, due, unsettled=True, empty=False)
    bare = KeptState(position=AT, seen_time=NOON, state=None)
    assert glimpse_state(b"k", bare.encode()) == Glimpse(1, NOON, None, unsettled=False, empty=True)


def test_what_is_no_state_is_told_with_its_key() -> None:
    for value in (b"{}", b"not JSON", b'{"state": [], "position": 1}'):
        with pytest.raises(TableError, match="what is kept under some-rule cannot be read"):
            glimpse_state(b"some-rule", value)


async def test_the_size_of_a_table_counts_what_was_recovered_a_changed_value_once_and_a_dropped_one_no_more() -> (
    None
):
    async def accept(key: bytes, value: bytes | None, partition: int) -> int:
        return 7

    told: list[tuple[int, int]] = []
    recovered = KeptBook(position=AT, book=Book(key="recovered"))
    store = DictStore({b"recovered": recovered.encode()})
    shelf = Shelf(KeptBook, store, accept, lambda groups, size_bytes: told.append((groups, size_bytes)))
    assert [key for key, _ in shelf.recover()] == [b"recovered"]
    assert told == [(1, len(store.data[b"recovered"]))]
    for book in (Book(key="k"), Book(key="k" * 50)):
        await shelf.put(b"k", KeptBook(position=AT, book=book))
        assert told[-1] == (2, sum(map(len, store.data.values())))
    await shelf.drop(b"recovered", recovered)
    assert told[-1] == (1, len(store.data[b"k"]))
    assert store.applied == [(1, 7)] * 3
