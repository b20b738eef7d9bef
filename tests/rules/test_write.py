from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.rules.load import load_pack, parse_rule
from streams.rules.write import write_rule

if TYPE_CHECKING:
    from schemas.rule import Rule


@pytest.mark.parametrize("rule", load_pack(), ids=lambda rule: rule.title)
def test_a_rule_that_is_written_is_read_as_itself(rule: Rule) -> None:
    assert parse_rule(write_rule(rule), "written.yml") == rule


def test_what_is_not_set_is_not_written() -> None:
    [text] = [write_rule(rule) for rule in load_pack() if rule.title == "Accusation, threat, force"]
    assert "author" not in text
    assert "timespan: 21d" in text
    assert "hold" not in text
