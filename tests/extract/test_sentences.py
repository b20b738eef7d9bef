from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.transcript import LanguageTag, Segment, SegmentKind
from streams.extract.segments import split_segments
from streams.extract.sentences import LONGEST, split_sentences
from tests.factories import make_transcript

TAG = LanguageTag(language="en", script="Latn", confidence=1.0)


def sentences(text: str) -> list[str]:
    whole = (Segment(kind=SegmentKind.NARRATION, start=0, end=len(text)),)
    return [text[found.start : found.end] for found in split_sentences(text, whole, TAG)]


@pytest.mark.parametrize(
    "expected",
    [
        ["The U.S. signed it.", "Iran did not."],
        ["Gen. Rojas met Dr. Li of the U.S. Embassy on Jan. 5.", "They agreed."],
        ["The talks went on until 5 p.m.", "They will go on."],
        ["It was signed in the U.S.", "In Geneva, J. R. Smith Jr. spoke."],
        ['"We will sign," he said.', '"When?" she asked.', '"Soon."', "He left."],
        ["What?!", "Yes!", "No…", "Perhaps."],
        ["They waited… and waited.", "Nothing came."],
        ["1. The parties agree.", "2. They meet yearly.", "It was No. 5 in 2021.", "Next came 2022."],
        ["Acme Inc. won.", "Acme Inc.", "The firm lost."],
        ["(They agreed.)", "[Nobody signed.]", "It ended."],
        ["The price is 3.5 percent.", "See www.example.com for more."],
        ["So did I.", "Then it ended."],
        ["В 1994 г. Россия и Иран подписали договор.", "Это договор А. С. Иванова."],
        [
            "Am 3. März trafen sie sich.",
            "Der 2. Weltkrieg war vorbei.",
            "Das war 1945.",
            "Danach kam Frieden.",
        ],
        ["समझौते पर हस्ताक्षर हुए।", "मंत्री ने कहा।"],
        ["معاہدے پر دستخط ہوئے۔", "کیوں؟", "ہاں۔"],
        ["تم التوقيع اليوم.", "متى؟", "غدا."],
        ["ስምምነቱ ተፈረመ።", "ነገ ይቀጥላል።"],
    ],
)
def test_text_is_cut_where_a_thought_ends(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


def test_chinese_is_cut_without_spaces() -> None:
    assert sentences("双方签署协议。他说：“会谈顺利。”会后离开！") == [
        "双方签署协议。",
        "他说：“会谈顺利。”",
        "会后离开！",
    ]


def test_a_paragraph_ends_a_sentence_without_a_stop() -> None:
    assert sentences("Treaty signed\n\nThe two states met") == ["Treaty signed", "The two states met"]


def test_lines_wrapped_by_width_are_one_sentence() -> None:
    text = "THE MINISTER SAID TODAY\nTHAT TWO STATES WILL\nSIGN A TREATY SOON"
    assert sentences(text) == [text]


def test_captions_without_stops_are_cut_between_words() -> None:
    text = "THE MINISTER SAID THAT TWO STATES WILL SIGN A TREATY ON BORDERS " * 40
    found = sentences(text.strip())
    assert max(map(len, found)) <= LONGEST / 2
    assert " ".join(found).split() == text.split()


def test_sentences_do_not_cross_segments() -> None:
    text = "MUSCAT (AP) - Oman signed\nthe treaty. It covers borders.\n(Reporting by Jane Doe)"
    segments = split_segments(make_transcript(text), TAG)
    found = split_sentences(text, segments, TAG)
    assert [sentence.segment for sentence in found] == [0, 1, 1, 2]
    assert all(segments[s.segment].start <= s.start < s.end <= segments[s.segment].end for s in found)


@given(st.lists(st.sampled_from([".", "!", "?", "…", "。", "۔", " ", "\n", "\n\n", "\r\n", "A", "b", "U.S.", "Mr", "5", '"', "”", "e\u0301", "👍🏽", "\u200f", "\x00", ";", ",", "،"]) | st.text(max_size=3), max_size=80).map("".join))  # fmt: skip
def test_sentences_are_in_order_bounded_and_keep_every_letter(text: str) -> None:
    if not text.strip():
        return
    segments = split_segments(make_transcript(text), TAG)
    found = split_sentences(text, segments, TAG)
    place = 0
    for sentence in found:
        assert place <= sentence.start < sentence.end <= len(text)
        assert sentence.end - sentence.start <= LONGEST
        assert segments[sentence.segment].start <= sentence.start
        assert sentence.end <= segments[sentence.segment].end
        place = sentence.end
    kept = sum(sum(map(str.isalnum, text[s.start : s.end])) for s in found)
    assert kept == sum(map(str.isalnum, text))


@pytest.mark.parametrize("unit", ["a. ", ".", "\n", "a\n", "x", "A. B ", '"', "Mr. ", "word ", ".\n", "1. "])
def test_a_long_text_of_one_kind_is_cut_into_bounded_sentences(unit: str) -> None:
    text = "x" + unit * (100_000 // len(unit)) + "x"
    assert max(map(len, sentences(text))) <= LONGEST
