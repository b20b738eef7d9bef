from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.index import (
    Gone,
    Index,
    Kind,
    PageCursorError,
    Placed,
    Position,
    Query,
    Row,
    format_page_cursor,
    parse_page_cursor,
)

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = "alerts.v1"


def row(id_: str = "a", *, sequence: int = 1, time_ms: int = 0, body: bytes = b"{}", **facets: str) -> Row:
    return Row(Kind.ALERT, id_, id_, sequence, time_ms, frozenset(facets.items()), body)


def put(index: Index, *rows: Row | Gone, offset: int = 0) -> None:
    index.write(TOPIC, [Placed(0, offset, rows)], {0: Position(offset + 1, offset)})


def bodies(index: Index, **fields: object) -> list[bytes]:
    query = Query(**{"kind": Kind.ALERT, "wanted": {}, **fields})  # type: ignore[arg-type]
    return list(index.find(query, TOPIC).bodies)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path, "test")


def test_a_row_is_replaced_by_a_later_one_and_by_no_earlier_one(index: Index) -> None:
    put(index, row(sequence=2, body=b"2"), offset=0)
    put(index, row(sequence=1, body=b"1"), offset=1)
    assert bodies(index) == [b"2"]
    put(index, row(sequence=3, body=b"3", level="high"), offset=2)
    assert bodies(index, wanted={"level": frozenset({"high"})}) == [b"3"]


def test_what_is_said_again_keeps_the_place_where_it_was_said_first(index: Index) -> None:
    put(index, row(), offset=4)
    put(index, row(), offset=9)
    assert index.place(Kind.ALERT, "a") == (0, 4)


def test_every_facet_that_is_asked_for_must_be_met(index: Index) -> None:
    put(
        index,
        row("a", country="IRN", level="high", body=b"a"),
        row("b", country="RUS", level="high", body=b"b"),
    )
    assert bodies(index, wanted={"country": frozenset({"IRN", "CHN"}), "level": frozenset({"high"})}) == [
        b"a"
    ]
    assert bodies(index, wanted={"country": frozenset({"IRN"}), "level": frozenset({"low"})}) == []


def test_time_bounds_hold_the_first_and_not_the_last_moment(index: Index) -> None:
    put(index, *[row(str(n), time_ms=n, body=b"%d" % n) for n in range(5)])
    assert bodies(index, from_ms=1, to_ms=3, newest_first=False) == [b"1", b"2"]


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=3), st.integers(-3, 3), max_size=30
    ),
    st.integers(1, 7),
    st.booleans(),
)
def test_pages_give_every_row_once_in_order(
    tmp_path_factory: pytest.TempPathFactory, times: dict[str, int], limit: int, newest: bool
) -> None:  # fmt: skip
    with Index(tmp_path_factory.mktemp("index"), "test") as index:
        put(index, *[row(id_, time_ms=time, body=id_.encode()) for id_, time in times.items()])
        found: list[str] = []
        after = None
        while True:
            page = index.find(Query(Kind.ALERT, {}, newest_first=newest, after=after, limit=limit), TOPIC)
            found += [body.decode() for body in page.bodies]
            if page.after is None:
                break
            after, _ = parse_page_cursor(format_page_cursor(page.after, newest_first=newest))
        assert sorted(found) == sorted(times)
        assert [times[id_] for id_ in found] == sorted(times.values(), reverse=newest)


@given(st.text(max_size=50))
def test_any_text_is_a_paging_cursor_or_refused_in_words(text: str) -> None:
    try:
        after, newest = parse_page_cursor(text)
    except PageCursorError as error:
        assert "paging cursor" in str(error)
    else:
        assert parse_page_cursor(format_page_cursor(after, newest_first=newest)) == (after, newest)


def test_a_tombstone_deletes(index: Index) -> None:
    put(index, row(level="high"))
    put(index, Gone(Kind.ALERT, "a"), offset=1)
    assert bodies(index) == []
    assert index.get(Kind.ALERT, "a") is None


def test_rows_and_position_are_written_together_or_not_at_all(index: Index) -> None:
    put(index, row())
    with pytest.raises(sqlite3.Error):
        index.write(TOPIC, [Placed(0, 1, (row("b"), row("c", body=object())))], {0: Position(2, 1)})  # type: ignore[arg-type]
    assert bodies(index) == [b"{}"]
    assert index.positions(TOPIC) == {0: Position(1, 0)}


def test_what_is_out_of_retention_and_what_was_made_anew_is_dropped(index: Index) -> None:
    put(index, row("a", level="high"), offset=0)
    put(index, row("b"), offset=5)
    index.trim(TOPIC, {0: 5})
    assert index.get(Kind.ALERT, "a") is None
    assert index.get(Kind.ALERT, "b") == b"{}"
    index.forget(TOPIC)
    assert (bodies(index), index.positions(TOPIC)) == ([], {})


def test_an_index_is_there_again_and_is_filled_anew_where_it_cannot_be_read(tmp_path: Path) -> None:
    with Index(tmp_path, "test") as index:
        put(index, row())
        path = index.path
    with Index(tmp_path, "test") as index:
        assert (index.positions(TOPIC), index.rebuilt) == ({0: Position(1, 0)}, False)
    path.write_bytes(b"no database, but rather long" * 100)
    with Index(tmp_path, "test") as index:
        assert (index.positions(TOPIC), index.rebuilt) == ({}, True)
        put(index, row())
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 999")
    with Index(tmp_path, "test") as index:
        assert (index.positions(TOPIC), index.rebuilt) == ({}, True)


def test_two_gateways_side_by_side_have_a_file_each_and_names_too(tmp_path: Path) -> None:
    with (
        Index(tmp_path, "test") as first,
        Index(tmp_path, "test") as second,
        Index(tmp_path, "other") as other,
    ):
        put(first, row())
        assert bodies(second) == []
        assert len({first.path, second.path, other.path}) == 3


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a file, where a folder should be")
    with Index(tmp_path / "index", "test") as index:
        put(index, row())
        assert bodies(index) == [b"{}"]
        folder = index.path.parent
    assert not folder.exists()
