from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from streams.rules.load import pack_folder, rule_files
from streams.rules.schema import rule_file_schema
from tests.rules.making import RULE_TEXT

if TYPE_CHECKING:
    from pathlib import Path

VALIDATOR = Draft202012Validator(rule_file_schema())


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(rule_file_schema())


@pytest.mark.parametrize("file", rule_files(pack_folder()), ids=lambda f: f.stem)
def test_every_shipped_rule_is_valid(file: Path) -> None:
    rule: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    assert [e.message for e in VALIDATOR.iter_errors(rule)] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("event.type", "event.typ"),
        ("CONSULT", "CONSULTS"),
        ("event.mode:", "event.mode|contain:"),
        ("level: low", "level: lo"),
        ("timespan: 2d", "timespan: two days"),
        ("timespan: 2d", "time-span: 2d"),
        ("title: Visit\n", ""),
    ],
)
def test_what_check_refuses_the_schema_refuses(old: str, new: str) -> None:
    assert not VALIDATOR.is_valid(yaml.safe_load(RULE_TEXT.replace(old, new)))
    assert VALIDATOR.is_valid(yaml.safe_load(RULE_TEXT))
