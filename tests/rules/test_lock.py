from __future__ import annotations

import pytest

from streams.rules.errors import RuleError
from streams.rules.load import parse_rule
from streams.rules.lock import check_lock, parse_lock, render_lock
from tests.rules.making import RULE_TEXT, parse_changed


def test_a_lock_that_was_just_written_holds() -> None:
    rule = parse_rule(RULE_TEXT, "visit.yml")
    locked = parse_lock(render_lock([rule]), "rules.lock")
    assert check_lock(rule, locked) is None


def test_other_content_needs_another_version() -> None:
    locked = parse_lock(render_lock([parse_rule(RULE_TEXT, "visit.yml")]), "rules.lock")
    changed = parse_changed("level: low", "level: high")
    assert "raise version to 2" in (check_lock(changed, locked) or "")
    raised = changed.model_copy(update={"version": 2})
    assert "`dragoman rules lock` notes version 2" in (check_lock(raised, locked) or "")
    assert check_lock(raised, locked, writing=True) is None
    assert check_lock(changed, locked, writing=True) is not None


def test_versions_only_go_up() -> None:
    locked = parse_lock(render_lock([parse_changed("version: 1", "version: 3")]), "rules.lock")
    assert "versions only go up" in (check_lock(parse_rule(RULE_TEXT, "visit.yml"), locked) or "")


def test_a_rule_that_the_lock_does_not_know_is_named() -> None:
    rule = parse_rule(RULE_TEXT, "visit.yml")
    assert "does not know the rule" in (check_lock(rule, {}) or "")
    assert check_lock(rule, {}, writing=True) is None


def test_a_broken_lock_says_in_which_line() -> None:
    with pytest.raises(RuleError, match=r"rules\.lock:2:1: "):
        parse_lock("# head\nnonsense\n", "rules.lock")
