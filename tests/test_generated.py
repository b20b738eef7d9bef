from __future__ import annotations

import json

import jsonschema
import pytest

from schemas.topics import TOPICS, Topic
from tests.generated_files import ROOT, generated_files


def test_generated_files_are_what_the_code_says() -> None:
    stale = [path for path, content in generated_files().items() if not _is_current(path, content)]
    assert not stale, f"run `make docs` and commit: {', '.join(stale)}"


def test_no_schema_is_left_of_a_topic_that_is_gone() -> None:
    names = {path.name for path in (ROOT / "schemas" / "generated").glob("*.json")}
    assert names == {"rule-file.json", *(f"{topic.name}.schema.json" for topic in TOPICS)}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_schema_is_valid_json_schema_and_closed(topic: Topic) -> None:
    schema = json.loads((ROOT / "schemas" / "generated" / f"{topic.name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False


def _is_current(path: str, content: str) -> bool:
    target = ROOT / path
    return target.exists() and target.read_text("utf-8") == content
