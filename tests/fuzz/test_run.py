from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.run import BEGIN, END, Tally, render, share_out, write_page
from tests.fuzz.targets import TARGETS, Shape
from tests.fuzz.values import change_value

if TYPE_CHECKING:
    from pathlib import Path


def test_every_target_gets_inputs_by_its_share_and_each_at_least_one() -> None:
    assert share_out(100, [1, 3, 0]) == [25, 75, 1]
    assert len({target.name for target in TARGETS}) == len(TARGETS)


def test_the_table_tells_of_what_is_to_be_mended() -> None:
    good, bad = (
        Tally("good", inputs=10, refused=5),
        Tally("bad", inputs=10, crashes={"ValueError": "found"}, hangs=1),
    )
    assert not good.failed
    assert bad.failed
    assert Tally("dead", ended="exit code 77").failed
    rows = render([good, bad]).splitlines()
    assert [row.split("|")[1].strip() for row in rows[2:]] == ["good", "bad", "all"]
    assert [cell.strip() for cell in rows[-1].split("|")[-4:-1]] == ["25%", "1", "1"]


def test_the_table_has_its_place_in_the_page_and_takes_no_other(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert not write_page("| a |", page)
    page.write_text(f"Before.\n\n{BEGIN}\nold\n{END}\n\nAfter.\n", "utf-8")
    assert write_page("| a |", page)
    assert write_page("| \\1 |", page)
    assert page.read_text("utf-8") == f"Before.\n\n{BEGIN}\n\n| \\1 |\n\n{END}\n\nAfter.\n"


@given(st.integers(0, 2**32))
def test_what_is_json_or_yaml_stays_so_when_it_is_changed(seed: int) -> None:
    value = {"a": [1, {"b": "text"}], "c": None}
    data = orjson.dumps(value)
    chance = Random(seed)  # noqa: S311 - a fuzzer draws, it guesses no secrets
    for shape in (Shape.JSON, Shape.LINES):
        changed = change_value(data, shape, chance)
        assert changed is not None
        for line in changed.split(b"\n"):
            orjson.loads(line)
    changed = change_value(b"a: [1, {b: text}]", Shape.YAML, chance)
    if changed is not None:
        yaml.safe_load(changed)


@pytest.mark.parametrize("shape", [Shape.JSON, Shape.RECORD, Shape.LINES, Shape.YAML, Shape.ANY])
def test_what_has_no_form_is_left_to_the_fuzzer(shape: Shape) -> None:
    assert change_value(b"{[:", shape, Random(1)) is None  # noqa: S311 - as above
