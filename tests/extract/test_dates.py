"""Time expressions: each resolved against Wednesday 24 November 2021."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.extract.dates import Direction, FoundDate, Precision, find_dates
from streams.extract.reading import Sentence, tokenize

REFERENCE = date(2021, 11, 24)


def dates_of(text: str, reference: date = REFERENCE) -> tuple[FoundDate, ...]:
    return find_dates(Sentence(0, len(text), 0, tokenize(text)), reference)


@pytest.mark.parametrize(
    ("text", "expression", "value"),
    [
        ("The ministers met today.", "today", "2021-11-24"),
        ("They left yesterday evening.", "yesterday", "2021-11-23"),
        ("It was agreed the day before yesterday.", "the day before yesterday", "2021-11-22"),
        ("The two sides met on Monday.", "Monday", "2021-11-22"),
        ("The two sides will meet on Monday.", "Monday", "2021-11-29"),
        ("Talks will be held Tuesday.", "Tuesday", "2021-11-30"),
        ("It is due next Monday.", "next Monday", "2021-11-29"),
        ("He arrived last Wednesday.", "last Wednesday", "2021-11-17"),
        ("It was initialled last month.", "last month", "2021-10"),
        ("It takes effect next year.", "next year", "2022"),
        ("They signed it in 1994.", "1994", "1994"),
        ("Under the 1994 treaty both may inspect.", "1994", "1994"),
        ("Moscow, 27 Aug 88", "27 Aug 88", "1988-08-27"),
        ("It was signed on 29 June 2008.", "29 June 2008", "2008-06-29"),
        ("It was signed on May 27, 2024.", "May 27, 2024", "2024-05-27"),
        ("They agreed to meet on May 13-14.", "May 13-14", "2022-05-13"),
        ("They met on the 22nd.", "on the 22nd", "2021-11-22"),
        ("It ended two weeks ago.", "two weeks ago", "2021-W45"),
        ("They will be back in 15 days.", "in 15 days", "2021-12-09"),
        ("It was founded in the 1960s.", "the 1960s", "196"),
        ("The text will be signed in May.", "May", "2022-05"),
        ("The text was signed in May.", "May", "2021-05"),
        ("It was filed on 13/05/2006.", "13/05/2006", "2006-05-13"),
        ("It was filed on 3/4/2006.", "3/4/2006", "2006"),
        ("They met\non\nThursday   morning.", "Thursday", "2021-11-18"),
    ],
)
def test_an_expression_becomes_an_iso_date_and_is_kept(text: str, expression: str, value: str) -> None:
    (found,) = dates_of(text)
    assert (found.text.removesuffix(" morning"), found.value) == (expression, value)
    assert text[found.start : found.end] == found.text


@pytest.mark.parametrize(
    "text",
    [
        "Some 2000 people marched.",
        "The deal may fall through.",
        "Troops march on.",
        "It cost $1994 a head.",
        "On the 50th anniversary they met.",
        "On the 31 February page.",
        "The vote was 19-94 against.",
        "مذاکرات دیروز پایان یافت",
    ],
)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert dates_of(text) == ()


@pytest.mark.parametrize(
    ("text", "direction", "precision"),
    [
        ("Several years ago they fell out.", Direction.PAST, Precision.VAGUE),
        ("They meet this week.", Direction.PRESENT, Precision.WEEK),
        ("It runs until 2030.", Direction.FUTURE, Precision.YEAR),
        ("Relations began in July of '71.", Direction.PAST, Precision.MONTH),
    ],
)
def test_the_direction_is_told_from_the_day_of_the_transcript(
    text: str, direction: Direction, precision: Precision
) -> None:
    (found,) = dates_of(text)
    assert (found.direction, found.precision) == (direction, precision)


def test_a_leap_day_is_found_in_any_year() -> None:
    (found,) = dates_of("It was signed on 29 February.", date(2023, 5, 1))
    assert found.value == "2024-02-29"


def test_the_ends_of_the_calendar_do_no_harm() -> None:
    assert dates_of("They met 900 decades ago and yesterday.", date.min) == ()
    assert dates_of("They meet tomorrow, in 99 years and in 3 days.", date.max) == ()


WORDS = st.sampled_from(
    [
        "next",
        "last",
        "the",
        "May",
        "Monday",
        "in",
        "13",
        "31",
        "1994",
        "'88",
        "two",
        "weeks",
        "ago",
        "of",
        "-",
        "/",
        ",",
        "will",
        "\n",
    ]
)


@given(st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=60), st.dates())
def test_any_words_give_ordered_expressions_inside_the_text(words: list[str], reference: date) -> None:
    text = " ".join(words)
    found = dates_of(text, reference)
    assert all(left.end <= right.start for left, right in pairwise(found))
    assert all(0 <= f.start < f.end <= len(text) for f in found)
    assert found == dates_of(text, reference)
