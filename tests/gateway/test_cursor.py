from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.cursor import CursorError, clamp_cursor, format_cursor, parse_cursor

positions = st.dictionaries(st.integers(0, 999), st.integers(0, 10**12), min_size=1, max_size=20)


@given(positions)
def test_a_cursor_comes_back_as_it_was_written(given_positions: dict[int, int]) -> None:
    assert parse_cursor(format_cursor(given_positions)) == given_positions


@given(st.text(max_size=40))
def test_any_text_is_a_cursor_or_refused_in_words(text: str) -> None:
    try:
        parsed = parse_cursor(text)
    except CursorError as error:
        assert "cursor" in str(error)
    else:
        assert parse_cursor(format_cursor(parsed)) == parsed


@pytest.mark.parametrize(
    "text", ["", "0", "0:", ":1", "0:1,", "0:1,0:2", "0:-1", "a:b", "0:1;1:2", "0:" + "9" * 30]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorError):
        parse_cursor(text)


def test_a_cursor_within_the_topic_resumes_where_it_stood() -> None:
    assert clamp_cursor({0: 5, 1: 7}, {0: 0, 1: 7}, {0: 9, 1: 7}) == ({0: 5, 1: 7}, ())


def test_a_cursor_out_of_retention_starts_at_what_is_left_and_says_so() -> None:
    assert clamp_cursor({0: 5}, {0: 6}, {0: 9}) == ({0: 6}, (0,))


def test_a_cursor_beyond_the_end_is_of_another_topic() -> None:
    assert clamp_cursor({0: 50}, {0: 0}, {0: 9}) == ({0: 0}, (0,))


def test_a_partition_that_the_cursor_does_not_know_is_read_whole() -> None:
    assert clamp_cursor({0: 5}, {0: 0, 1: 0}, {0: 9, 1: 3}) == ({0: 5, 1: 0}, ())
