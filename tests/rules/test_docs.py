from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from schemas.rule import CorrelationType, RuleSource
from streams.extract.models import load_models
from streams.replay.rule_test import check_coverage, read_tests, run_tests
from streams.rules.detection import MODIFIERS
from streams.rules.fields import DERIVED_SLOTS, FIELDS
from streams.rules.load import (
    ALERT_KEYS,
    RULE_KEYS,
    load_pack,
    load_rule,
    pack_folder,
    parse_rule,
    rule_files,
)
from streams.rules.source import read_documents

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

WORDS = {
    *(name for source in RuleSource for name in FIELDS[source]),
    *DERIVED_SLOTS,
    *MODIFIERS,
    *(t.value for t in CorrelationType),
    *RULE_KEYS,
    *ALERT_KEYS,
}


@pytest.mark.parametrize("word", sorted(WORDS - {"title", "author", "references", "tags", "description"}))
def test_the_page_of_the_language_names_every_word_of_it(word: str) -> None:
    assert re.search(rf"(?<![\w.]){re.escape(word)}(?![\w.])", PAGE)


def test_the_page_names_every_shipped_rule() -> None:
    rows = [f"`{f.stem}` | {load_rule(f).title} |" for f in rule_files(pack_folder())]
    assert [row for row in rows if row not in PAGE] == []


def test_the_examples_on_the_page_are_right() -> None:
    whole, tests = BLOCKS[0], BLOCKS[2]
    rule = parse_rule(whole, "docs/rules.md")
    assert rule.title == "Visit between states"
    assert rule.id not in {
        shipped.id for shipped in load_pack()
    }  # copied and applied, it replaces none of them
    (document,) = read_documents(tests, "docs/rules.md")
    assert check_coverage(read_tests(document)) is None
    assert [r.problems for r in run_tests(rule, document, load_models)] == [(), ()]
    part = {**yaml.safe_load(whole), **yaml.safe_load(BLOCKS[1])}
    del part["timespan"]
    part["alert"]["summary"] = "{$a} and {$b}"
    assert parse_rule(yaml.safe_dump(part), "docs/rules.md").correlation is not None
