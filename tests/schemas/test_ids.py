from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import derived_id, group_key


def test_an_id_is_the_same_in_every_process_and_release() -> None:
    assert derived_id("transcript", "a", "b") == "6ed5ca87-140f-5b0c-9c79-2ecfff6a85d7"


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]), max_size=5), max_size=4
    ),
    st.lists(
        st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]), max_size=5), max_size=4
    ),
)
def test_other_parts_give_another_id(left: list[str], right: list[str]) -> None:
    assert (derived_id("x", *left) == derived_id("x", *right)) == (
        left == right or "\x1f".join(["x", *left]) == "\x1f".join(["x", *right])
    )


def test_the_kind_keeps_ids_apart() -> None:
    assert derived_id("event", "1") != derived_id("alert", "1")


@given(st.lists(st.sampled_from(["IRN", "CHN", "RUS"])))
def test_a_group_key_does_not_depend_on_order_or_repeats(codes: list[str]) -> None:
    shuffled = sorted(codes + codes, reverse=True)
    assert group_key(codes) == group_key(shuffled)


def test_nobody_has_a_key_too() -> None:
    assert group_key([]) == "-"
