"""The short form of `make fuzz`: seeds changed a little, drawn by Hypothesis, for every target."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, Target

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

EXAMPLES = 25


@st.composite
def changed_seeds(draw: DrawFn, target: Target) -> bytes:
    """A seed in which some stretches were taken out, and words, bytes or stretches of another seed put in."""
    seeds = target.seeds()
    data = draw(st.sampled_from(seeds))[: target.max_bytes]
    pieces = st.binary(max_size=8)
    if target.words:
        pieces |= st.sampled_from([word.encode("utf-8", "surrogatepass") for word in target.words])
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        gone = draw(st.integers(0, 12))
        other = draw(st.sampled_from(seeds))
        piece = draw(pieces) if draw(st.booleans()) else other[at : at + gone]
        data = data[:at] + piece + data[at + gone :]
    return data


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_comes_is_taken_or_refused(target: Target, data: st.DataObject) -> None:
    with suppress(*target.refusals):
        target.call(data.draw(changed_seeds(target)))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_first_seed_is_taken(target: Target) -> None:
    assert target.call(target.seeds()[0])
