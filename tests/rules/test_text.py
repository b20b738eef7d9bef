from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.rules.errors import RuleError
from streams.rules.text import TextView, find_text, fold, parse_text

NEWS = (
    "Border guards closed the crossing at Mehran. The WHO said that who came could not pass. "
    "A memorandum of understanding on border security was signed, the border guard's chief said. Guards sang."
)


def holds(expression: str, text: str = NEWS) -> bool:
    return find_text(parse_text(expression), TextView(text)) is not None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("border", True),
        ("BORDER", True),
        ("frontier", False),
        ("memorandum of understanding", True),
        ('"memorandum of understanding" & signed', True),
        ("understanding of memorandum", False),
        ("border | frontier", True),
        ("border & frontier", False),
        ("!frontier", True),
        ("border & !football", True),
        ("secur*", True),
        ("secur", False),
        ("border guard*", True),
        ("=WHO", True),
        ("=Who", False),
        ("#3 border", True),
        ("#4 border", False),
        ("guards ~2 crossing", False),
        ("guards ~3 crossing", True),
        ("crossing ~3 guards", True),
        ("crossing >3 guards", False),
        ("guards >3 crossing", True),
        ("(guard* | police) ~3 (crossing | gate)", True),
        ("guards !~3 crossing", True),
        ("closed !~3 crossing", False),
        ("[border & crossing]", True),
        ("[crossing & WHO]", False),
        ("[(border* | frontier*) ~5 (guard* | crossing*)] & !football", True),
        ("[border & !guards]", True),
        ("(border & closed) | (frontier & open)", True),
    ],
)
def test_expressions_hold_where_they_should(expression: str, *, expected: bool) -> None:
    assert holds(expression) is expected


@pytest.mark.parametrize(
    ("expression", "offset"),
    [
        ("a & b | c", 6),
        ("", 0),
        ("border &", 8),
        ("(border", 0),
        ("border)", 6),
        ("se*", 0),
        ("!a ~5 (b & c)", 3),
        ("#3 (a & b)", 0),
        ("a ~0 b", 2),
        ("a ~5 b ~5 c", 7),
    ],
)
def test_a_wrong_expression_says_at_which_sign(expression: str, offset: int) -> None:
    with pytest.raises(RuleError) as caught:
        parse_text(expression)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("expression", "text", "words"),
    [
        ("border guard*", NEWS, ["Border guards", "border guard's"]),
        ("guards ~3 crossing", NEWS, ["guards closed the crossing"]),
        ("谅解备忘录", "伊朗和中国签署谅解备忘录。", ["谅解备忘录"]),
        ("یادداشت تفاهم", "ایران و چین یادداشت تفاهم امضا کردند.", ["یادداشت تفاهم"]),
        ("straße", "DIE STRASSE IST ZU", ["STRASSE"]),
    ],
)
def test_evidence_is_verbatim_in_every_script(expression: str, text: str, words: list[str]) -> None:
    view = TextView("x" * 0 + text, 7)
    spans = find_text(parse_text(expression), view)
    assert spans is not None
    found = [view.evidence(span) for span in spans]
    assert [e.text for e in found if e] == words
    assert all(e is not None and text[e.start - 7 : e.end - 7] == e.text for e in found)


def test_a_stop_after_an_initial_ends_no_sentence() -> None:
    assert holds("[general & guards]", "General A. Karimi met the guards. He left.")
    assert not holds("[general & left]", "General A. Karimi met the guards. He left.")


words = st.sampled_from(["border", "guard", "talks", "war", "peace"])


@given(st.lists(words, max_size=30), words, words, st.integers(1, 6))
def test_nearness_is_what_counting_words_says(text: list[str], a: str, b: str, distance: int) -> None:
    near = any(
        x == a and y == b and i != j and abs(i - j) <= distance
        for i, x in enumerate(text)
        for j, y in enumerate(text)
    )
    assert holds(f"{a} ~{distance} {b}", " ".join(text)) is near
    ordered = any(
        x == a and y == b and 0 < j - i <= distance for i, x in enumerate(text) for j, y in enumerate(text)
    )
    assert holds(f"{a} >{distance} {b}", " ".join(text)) is ordered


@given(
    st.lists(
        st.sampled_from(["a war", "No!", "J. Smith spoke", "peace?", "\n\n", "left. "]),
        min_size=1,
        max_size=8,
    )
)
def test_every_word_lies_in_the_sentence_that_is_given_for_it(parts: list[str]) -> None:
    view = TextView(" ".join(parts), 7)
    for at in range(len(view.words)):
        word = view.evidence((at, at + 1))
        assert word is not None
        sentence = view.sentence_of(word)
        assert sentence is not None
        assert sentence.start <= word.start < word.end <= sentence.end
        assert sentence.text == view.text[sentence.start - 7 : sentence.end - 7]


@given(
    st.text(alphabet=st.one_of(st.sampled_from("aB'’ \n.-_éßﷺﾞあ谅ไتّ\u0301İ"), st.characters()), max_size=60)
)
def test_words_stand_where_they_are_read(text: str) -> None:
    view = TextView(text, 7)
    assert [fold(word) for word in view.words] == view.folded
    end = 0
    for at, (word, start) in enumerate(zip(view.words, view.starts, strict=True)):
        assert text[start : start + len(word)] == word == view.as_written((at, at + 1))
        assert not any(sign.isalnum() for sign in text[end:start]), "no word is passed over"
        end = start + len(word)
    assert not any(sign.isalnum() for sign in text[end:])


@given(st.text(alphabet="ab &|!()[]~>#=*\"'12", max_size=50), st.text(max_size=80))
def test_any_expression_is_read_or_refused(expression: str, text: str) -> None:
    try:
        parsed = parse_text(expression)
    except RuleError as error:
        assert 0 <= error.offset <= len(expression)
    else:
        find_text(parsed, TextView(text))
