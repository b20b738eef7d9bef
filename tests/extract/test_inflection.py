"""Names of states under the endings and prefixes of their languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.extract.inflection import ENDINGS, fold, stem_of, stems_in, without_prefix


@pytest.mark.parametrize(
    ("word", "same"),
    [("إيران", "ايران"), ("ايرانى", "ایرانی"), ("كوريا", "کوریا"), ("می‌شود", "میشود"), ("مُحَمَّد", "محمد")],
)
def test_spellings_of_one_letter_are_one(word: str, same: str) -> None:
    assert fold(word) == fold(same)


@pytest.mark.parametrize(
    ("word", "language", "stem"),
    [
        ("ираном", "ru", "иран"),
        ("иранский", "ru", "иран"),
        ("китайские", "ru", "кита"),
        ("росією", "uk", "росі"),
        ("ايراني", "ar", "ايران"),
        ("katardan", "tr", "katar"),
    ],
)
def test_a_stem_is_among_the_readings_of_its_forms(word: str, language: str, stem: str) -> None:
    assert fold(stem) in [found for found, _, _ in stems_in(fold(word), language)]


def test_small_words_written_together_with_a_name_are_taken_off() -> None:
    assert "الصين" in list(without_prefix(fold("والصين"), "ar"))
    assert fold("الصين") in list(without_prefix(fold("للصين"), "ar"))


def test_a_name_of_several_words_or_of_few_letters_has_no_stem() -> None:
    assert stem_of("Южная Корея", "ru") is None
    assert stem_of("Чад", "ru") is None
    assert stem_of("Iran", "fr") is None


@given(st.text(max_size=30), st.sampled_from(sorted(ENDINGS)))
def test_a_reading_is_prefix_stem_and_ending(word: str, language: str) -> None:
    for stem, ending, prefix in stems_in(word, language):
        assert word[prefix:] == stem + ending
        assert len(stem) >= 3


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(word: str) -> None:
    assert fold(fold(word)) == fold(word)
