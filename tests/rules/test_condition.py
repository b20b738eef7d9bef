from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.rules.condition import And, Condition, Named, Not, Or, parse_condition, selections_of
from streams.rules.errors import RuleError

NAMES = ("signed", "hearsay", "talks_a", "talks_b", "_hidden")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("signed", Named("signed")),
        ("signed and not hearsay", And((Named("signed"), Not(Named("hearsay"))))),
        ("signed or (hearsay and talks_a)", Or((Named("signed"), And((Named("hearsay"), Named("talks_a")))))),
        ("1 of talks_*", Or((Named("talks_a"), Named("talks_b")))),
        ("all of talks_*", And((Named("talks_a"), Named("talks_b")))),
        ("1 of them", Or((Named("hearsay"), Named("signed"), Named("talks_a"), Named("talks_b")))),
        (
            "SIGNED_ AND".replace("SIGNED_ AND", "signed AND hearsay"),
            And((Named("signed"), Named("hearsay"))),
        ),
    ],
)
def test_conditions_mean_what_sigma_means(text: str, condition: Condition) -> None:
    assert parse_condition(text, NAMES) == condition


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("signed and hearsay or talks_a", 19),
        ("signed hearsay", 7),
        ("signed and", 10),
        ("", 0),
        ("2 of talks_*", 0),
        ("1 of news_*", 5),
        ("(signed", 0),
        ("signed)", 6),
        ("not", 3),
    ],
)
def test_a_wrong_condition_says_at_which_sign(text: str, offset: int) -> None:
    with pytest.raises(RuleError) as caught:
        parse_condition(text, NAMES)
    assert caught.value.offset == offset


def _written(condition: Condition) -> str:
    match condition:
        case Named(name):
            return name
        case Not(part):
            return f"not ({_written(part)})"
        case And(parts):
            return " and ".join(f"({_written(p)})" for p in parts)
        case Or(parts):
            return " or ".join(f"({_written(p)})" for p in parts)


conditions: st.SearchStrategy[Condition] = st.recursive(
    st.sampled_from([Named(n) for n in NAMES]),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: And(tuple(p))),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: Or(tuple(p))),
    ),
    max_leaves=8,
)


@given(conditions)
def test_a_condition_survives_writing_and_reading(condition: Condition) -> None:
    read = parse_condition(_written(condition), NAMES)
    assert read == condition
    assert set(selections_of(read)) <= set(NAMES)


@given(st.text(alphabet="signedhrytalk_ab ()*1of andot", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_condition(text, NAMES)
    except RuleError as error:
        assert 0 <= error.offset <= len(text)
