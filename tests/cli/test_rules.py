from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from streams.cli.rules import command
from tests.rules.making import RULE_TEXT

if TYPE_CHECKING:
    from pathlib import Path

TESTS = """\
rule: visit.yml
tests:
  - name: a visit
    input: [{at: 0h, event: {type: CONSULT, mode: visit, actor: IRN, recipient: CHN}}]
    expect: [{at: 1h, alerts: [{level: low}]}]
  - name: a hope
    input: [{at: 0h, event: {type: CONSULT, mode: visit, realis: hoped}}]
    expect: [{at: 1h, alerts: []}]
"""


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "visit.yml").write_text(RULE_TEXT, encoding="utf-8")
    (tmp_path / "visit.test.yml").write_text(TESTS, encoding="utf-8")
    return tmp_path


def test_the_shipped_pack_is_in_order() -> None:
    result = call("check")
    assert result.exit_code == 0, result.output
    assert "all in order" in result.output


def test_check_says_where_a_rule_is_wrong(folder: Path) -> None:
    (folder / "visit.yml").write_text(RULE_TEXT.replace("CONSULT", "CONSULTS"), encoding="utf-8")
    result = call("check", folder)
    assert result.exit_code == 1
    assert (
        f'{folder / "visit.yml"}:9:23: "CONSULTS" is no value of it; did you mean "CONSULT"?' in result.output
    )
    told = json.loads(call("check", folder, "--json").output)
    assert (told["problems"][0]["line"], told["problems"][0]["column"]) == (9, 23)


def test_check_wants_tests_and_ids_of_their_own(folder: Path) -> None:
    (folder / "again.yml").write_text(RULE_TEXT, encoding="utf-8")
    (folder / "visit.test.yml").unlink()
    result = call("check", folder)
    assert "its id is that of" in result.output
    assert "has no tests: write again.test.yml beside it" in result.output


def test_a_locked_rule_that_changes_needs_a_new_version(folder: Path) -> None:
    assert call("lock", folder).exit_code == 0
    assert call("check", folder).exit_code == 0
    changed = RULE_TEXT.replace("level: low", "level: high")
    (folder / "visit.yml").write_text(changed, encoding="utf-8")
    assert "raise version to 2, then run `dragoman rules lock`" in call("check", folder).output
    refused = call("lock", folder)
    assert refused.exit_code == 1
    assert "raise version to 2" in refused.output
    (folder / "visit.yml").write_text(changed.replace("version: 1", "version: 2"), encoding="utf-8")
    assert "notes version 2" in call("check", folder).output
    assert call("lock", folder).exit_code == 0
    assert call("check", folder).exit_code == 0


def test_test_tells_what_failed(folder: Path) -> None:
    assert "2 tests of 1 rule, 0 failed." in call("test", folder).output
    (folder / "visit.test.yml").write_text(TESTS.replace("level: low", "level: high"), encoding="utf-8")
    result = call("test", folder / "visit.test.yml")
    assert result.exit_code == 1
    assert "FAILED visit.yml: a visit\n  at 1h: level: high expected, low there" in result.output


def test_explain_names_the_clauses_that_held_and_those_that_failed(folder: Path) -> None:
    text = folder / "news.txt"
    text.write_text("Border guards closed the crossing to Iran on Monday.", encoding="utf-8")
    result = call("explain", "border_talk", text)
    assert result.exit_code == 0, result.output
    assert "+ words held" in result.output
    assert 'on "Border guards"' in result.output
    assert "- archive failed" in result.output


def test_explain_says_where_rules_lie_that_no_name_is_like(folder: Path) -> None:
    result = call("explain", "no such thing", folder / "visit.yml")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "dragoman: there is no rule file no such thing, and no shipped rule of this name; shipped are "
    )


def test_explain_knows_the_nearest_shipped_rule(folder: Path) -> None:
    result = call("explain", "visits", folder / "visit.yml")
    assert result.exit_code == 1
    assert 'did you mean "visit"?' in result.output
