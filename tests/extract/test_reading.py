from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.extract.reading import tokenize


def words(text: str) -> list[str]:
    return [token.text for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The U.S. and Iran.", ["The", "U.S.", "and", "Iran", "."]),
        ("Brigadier-General Ashtari", ["Brigadier-General", "Ashtari"]),
        ("Iran’s and Iran's", ["Iran’s", "and", "Iran's"]),
        ("Iran-China MoU, No. 5", ["Iran-China", "MoU", ",", "No", ".", "5"]),
        (
            "$3.5 million, 1,000 men at 5:30 p.m.",
            ["$", "3.5", "million", ",", "1,000", "men", "at", "5:30", "p.m."],
        ),
        ("the 89th assembly", ["the", "89th", "assembly"]),
        ("J. R. O'Neill", ["J.", "R.", "O'Neill"]),
        ("F-16s, COVID-19", ["F-16s", ",", "COVID-19"]),
        ("AT&T a_b", ["AT", "&", "T", "a", "_", "b"]),
        ("हिन्दी में समझौता।", ["हिन्दी", "में", "समझौता", "।"]),
        ("می\u200cشود", ["می\u200cشود"]),
        ("\u200fمذكرة\u200f تفاهم", ["مذكرة", "تفاهم"]),
        ("۱۲٬۳۰۰ تن", ["۱۲٬۳۰۰", "تن"]),
        ("谅解备忘录", ["谅", "解", "备", "忘", "录"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("👨\u200d👩\u200d👧 👍🏽 🇮🇷🇨🇳", ["👨\u200d👩\u200d👧", "👍🏽", "🇮🇷", "🇨🇳"]),
        ("inter\u00adnational", ["inter\u00adnational"]),
        ("a\x00b\r\nc", ["a", "b", "c"]),
        ("", []),
    ],
)
def test_text_is_split_into_words_and_signs(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_offsets_point_into_the_whole_text_also_from_the_middle() -> None:
    text = "One. Two three. Four."
    tokens = tokenize(text, 5, 15)
    assert [text[token.start : token.end] for token in tokens] == ["Two", "three", "."]


@given(st.text(), st.integers(0, 20), st.integers(0, 40))
def test_tokens_are_in_order_and_verbatim(text: str, start: int, length: int) -> None:
    end = min(len(text), start + length)
    tokens = tokenize(text, start, end)
    place = start
    for token in tokens:
        assert place <= token.start < token.end <= end
        assert token.text == text[token.start : token.end]
        place = token.end


@given(st.text())
def test_no_letter_or_digit_is_lost(text: str) -> None:
    kept = "".join(words(text))
    assert sum(map(str.isalnum, kept)) == sum(map(str.isalnum, text))


@pytest.mark.parametrize("unit", ["a", "a-", "a.", "1,", "(", "\u0301", "a\u0301", "word ", "👍\u200d", "'"])
def test_a_long_text_of_one_kind_is_split(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    assert all(token.text == text[token.start : token.end] for token in tokenize(text))
