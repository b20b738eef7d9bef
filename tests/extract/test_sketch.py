from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.extract.sketch import SIGNATURE_SIZE, same_origin, sketch_text

STORY = (
    "The interior ministers of Ruritania and Graustark signed a protocol on the joint policing of their river border "
    "on Tuesday. Patrol boats of both sides will begin to exchange radar pictures in the spring, the ministry said. "
    "Smugglers have used the delta for years, and both capitals came under pressure to act after a ferry was seized "
    "in October. The protocol is to run for five years and can be prolonged."
)
OTHER = (
    "A protocol for shared patrols on the frontier river has been concluded between Graustark and Ruritania. It was "
    "put to paper by the two interior ministers and lets crews swap radar images. Officials hope it will curb the "
    "smuggling that led to the seizure of a ferry last autumn."
)


@pytest.mark.parametrize(
    "copy",
    [
        STORY.upper(),
        STORY.replace(" ", "  ").replace(". ", ".\r\n"),
        "Neighbours to police river together\n\n" + STORY,
        "[Report by the diplomatic desk]\n" + STORY,
        "STRELSAU (AFP) -- " + STORY,
        "STRELSAU, Nov. 24 (Xinhua) -- " + STORY,
        STORY + " (Reuters)",
        STORY[: len(STORY) * 3 // 4],
    ],
)
def test_a_copy_is_of_the_same_origin(copy: str) -> None:
    assert same_origin(sketch_text(STORY), sketch_text(copy))


@pytest.mark.parametrize("other", [OTHER, "The harvest in Graustark was good.", STORY[:60]])
def test_another_report_is_of_another_origin(other: str) -> None:
    assert not same_origin(sketch_text(STORY), sketch_text(other))


def test_a_changed_credit_does_not_split_a_short_text() -> None:
    short = "MOSCOW (AP) - Ruritania signed the pact."
    assert same_origin(sketch_text(short), sketch_text(short.replace("AP", "Reuters")))


def test_the_next_step_told_in_the_same_mould_is_another_report() -> None:
    draft = "Ruritania and Graustark agreed to draft a memorandum on river police."
    signed = "Ruritania and Graustark signed a memorandum on river police."
    assert not same_origin(sketch_text(draft), sketch_text(signed))


@pytest.mark.parametrize("text", ["x", "!!!", "Signed.", "AP", "两国签署了边境合作谅解备忘录"])
def test_the_shortest_texts_have_a_sketch_that_equals_only_itself(text: str) -> None:
    sketch = sketch_text(text)
    assert len(sketch) == SIGNATURE_SIZE
    assert same_origin(sketch, sketch_text(text))
    assert not same_origin(sketch, sketch_text(STORY))


def test_no_sketch_is_like_no_sketch() -> None:
    assert not same_origin((), ())


def test_another_process_gives_the_same_numbers() -> None:
    code = "import sys; from streams.extract.sketch import sketch_text; print(sketch_text(sys.argv[1]))"
    answer = subprocess.run([sys.executable, "-c", code, STORY], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == str(sketch_text(STORY))


@given(st.text(min_size=1, max_size=200))
def test_any_text_has_a_sketch_of_bounded_integers(text: str) -> None:
    sketch = sketch_text(text)
    assert all(0 <= value < 2**32 for value in sketch)
    assert same_origin(sketch, sketch_text(text))
