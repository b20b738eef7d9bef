from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.extract.models import load_models
from streams.replay.rule_test import RuleTestResult, check_coverage, read_tests, run_tests
from streams.rules.errors import RuleError
from streams.rules.load import TEST_SUFFIX, load_rule, pack_folder, parse_rule, rule_files
from streams.rules.source import Document, read_documents
from tests.rules.making import RULE_TEXT

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.rule import Rule

FIRES = """\
rule: visit.yml
tests:
  - name: a visit
    input:
      - {at: 0h, source: One, event: {type: CONSULT, mode: visit, actor: IRN, recipient: CHN}}
      - {at: 1h, copy: 0, source: Two}
    expect:
      - {at: 2h, alerts: [{level: low, origins: 1}]}
  - name: a hope
    input:
      - {at: 0h, event: {type: CONSULT, mode: visit, actor: IRN, recipient: CHN, realis: hoped}}
    expect:
      - {at: 2h, alerts: [], near-misses: [{failed: [hoped]}]}
"""


def document(text: str) -> Document:
    (found,) = read_documents(text, "visit.test.yml")
    return found


def run(text: str) -> list[RuleTestResult]:
    return list(run_tests(parse_rule(RULE_TEXT, "visit.yml"), document(text), load_models))


def test_tests_that_are_as_expected_pass() -> None:
    assert [(r.name, r.problems) for r in run(FIRES)] == [("a visit", ()), ("a hope", ())]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("level: low", "level: high", "at 2h: level: high expected, low there"),
        ("origins: 1", "origins: 2", "at 2h: origins: 2 expected, 1 there"),
        ("[{level: low, origins: 1}]", "[]", "at 2h: 0 alerts expected, 1 there (low: Iran visits)"),
        ("alerts: [], near", "alerts: [{level: low}], near", "at 2h: 1 alerts expected, 0 there (none)"),
        (
            "failed: [hoped]",
            "failed: [visit]",
            "at 2h: no near miss in which ['visit'] failed; there are [['hoped']]",
        ),
        ("origins: 1", "evidence: [nowhere]", 'at 2h: evidence "nowhere" is not among'),
    ],
)
def test_a_difference_is_told_in_words(old: str, new: str, problem: str) -> None:
    problems = [p for r in run(FIRES.replace(old, new)) for p in r.problems]
    assert [p[: len(problem)] for p in problems] == [problem]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("mode: visit, actor: IRN, recipient: CHN}}\n      - {at: 1h", "mod: visit}}\n      - {at: 1h", '5:54: "mod" is no key here; did you mean "mode"?'),
        ("copy: 0", "copy: 7", "6:18: copy is the number of an input"),
        ("at: 1h", "at: soon", '6:10: "soon" is no time'),
        ("origins: 1", "origin: 1", '8:40: "origin" is no key here; did you mean "origins"?'),
        ("expect:\n      - {at: 2h, alerts: [{", "outcome:\n      - {at: 2h, alerts: [{", '7:5: "outcome" is no key here'),
        ("type: CONSULT, mode: visit, actor: IRN, recipient: CHN, realis", "type: TALK, realis", "11:"),
    ],
)  # fmt: skip
def test_a_wrong_test_file_says_where(old: str, new: str, sentence: str) -> None:
    with pytest.raises(RuleError) as caught:
        run(FIRES.replace(old, new))
    assert str(caught.value).startswith(f"visit.test.yml:{sentence}")


def test_a_rule_needs_a_test_that_fires_and_one_that_almost_does() -> None:
    tests = read_tests(document(FIRES))
    assert check_coverage(tests) is None
    assert "fires" in (check_coverage(tests[1:]) or "")
    assert "almost" in (check_coverage(tests[:1]) or "")


@pytest.mark.parametrize("file", rule_files(pack_folder()), ids=lambda f: f.stem)
def test_every_shipped_rule_passes_its_tests(file: Path) -> None:
    rule: Rule = load_rule(file)
    beside = file.with_name(file.stem + TEST_SUFFIX)
    (found,) = read_documents(beside.read_text(encoding="utf-8"), beside.name)
    assert check_coverage(read_tests(found)) is None
    failed = [r for r in run_tests(rule, found, load_models) if not r.passed]
    assert failed == []
