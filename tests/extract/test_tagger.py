"""The mention tagger and the mending of its cuts."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.extract.models import TRAINED, load_models
from streams.extract.names import split_words
from streams.extract.spans import merge_spans
from streams.extract.tagger import Span, load_tagger, spans_of

SIZE_LIMIT = 15_000_000
"""No file of the trained model may be larger: it lies in the repository and in every wheel."""


def tagged(text: str) -> set[tuple[str, str]]:
    """Tag a sentence and mend the cuts, without the names that the lexica know."""
    words = split_words(text)
    models = load_models()
    spans = merge_spans(words, models.tagger.tag(words), {}, models.names.words)
    return {(text[words[s.first].start : words[s.last - 1].end], s.label) for s in spans}


def test_spans_begin_at_b_and_go_on_with_i() -> None:
    labels = ["B-PER", "I-PER", "O", "B-ORG", "B-ORG", "I-LOC"]
    assert spans_of(labels) == [Span(0, 2, "PER"), Span(3, 4, "ORG"), Span(4, 5, "ORG"), Span(5, 6, "LOC")]


def test_words_are_cut_at_hyphens_and_possessives_but_not_in_abbreviations() -> None:
    words = [w.text for w in split_words("The U.S.-led talks on Iran’s Sino-Russian plan")]
    assert words == ["The", "U.S.", "-", "led", "talks", "on", "Iran", "’s", "Sino", "-", "Russian", "plan"]


def test_a_vowel_sign_does_not_cut_a_word() -> None:
    assert [w.text for w in split_words("ईरान और चीन")] == ["ईरान", "और", "चीन"]
    assert [w.text for w in split_words("می‌خواهد")] == ["می‌خواهد"]


def test_persons_bodies_and_places_are_told_apart() -> None:
    assert tagged("Marta Olsen of the Harbour Workers Union spoke in Rotterdam.") >= {
        ("Marta Olsen", "PER"),
        ("Rotterdam", "LOC"),
    }


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("He left the Farmers Party of Norway last year.", "Farmers Party of Norway"),
        ("She spoke to the Movement for Clean Rivers ( MCR ) in May.", "Movement for Clean Rivers"),
        ("The Liberal Union ( LU ) won.", "LU"),
    ],
)
def test_the_name_of_a_body_is_taken_whole(text: str, name: str) -> None:
    assert (name, "ORG") in tagged(text)


def test_an_election_of_a_year_is_no_place() -> None:
    assert ("2009 Norwegian general election", "EVENT") in tagged(
        "She won the 2009 Norwegian general election easily."
    )


def test_a_title_is_no_part_of_a_name() -> None:
    assert ("Marta Olsen", "PER") in tagged("On Monday President Marta Olsen opened the road.")


def test_case_is_given_back_to_a_line_in_capitals_and_offsets_stay() -> None:
    text = "THE POLICE OF OSLO MET MARTA OLSEN"
    words = split_words(text)
    recased = load_models().tagger.recase(words)
    assert [w.text for w in recased] == ["the", "police", "of", "Oslo", "met", "Marta", "Olsen"]
    assert [(w.start, w.end) for w in recased] == [(w.start, w.end) for w in words]


def test_a_line_with_case_is_left_as_it_is() -> None:
    words = split_words("The police of Oslo met Marta Olsen and the UN.")
    assert load_models().tagger.recase(words) == words


def test_a_second_tagger_reads_the_same() -> None:
    words = split_words("Envoy Peter Lund of the Nordic Council met officials in Riga.")
    assert load_tagger(TRAINED).tag(words) == load_models().tagger.tag(words)


@settings(max_examples=60, deadline=None)
@example("Oslo \0 A\0 \x01Marta \ufffe")
@given(st.text(min_size=0, max_size=200))
def test_any_text_gets_spans_that_lie_in_it_and_do_not_overlap(text: str) -> None:
    words = split_words(text)
    assert all(text[w.start : w.end] == w.text for w in words)
    models = load_models()
    spans = merge_spans(words, models.tagger.tag(words), {}, models.names.words)
    assert all(0 <= s.first < s.last <= len(words) for s in spans)


def test_the_model_files_are_small_enough_for_the_repository() -> None:
    sizes = {path.name: path.stat().st_size for path in Path(TRAINED).iterdir()}
    assert max(sizes.values()) < SIZE_LIMIT
    assert gzip.decompress((TRAINED / "english.crf.gz").read_bytes())[:4] == b"lCRF"
