from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import topics
from schemas.alert import AlertChange
from schemas.json_schema import to_draft_07, topic_schema
from schemas.topics import ALERTS, TOPICS, Topic
from streams.extract.models import load_models
from streams.replay.run import run_outputs
from streams.rules.load import load_pack
from tests.export.test_export import make_agreement
from tests.factories import make_alert_change, make_event, make_transcript
from tests.generated_files import GENERATED
from tests.golden import sample_transcripts

if TYPE_CHECKING:
    from schemas.contract import Contract

RECORDS: list[tuple[Topic, Contract]] = [
    (topics.TRANSCRIPTS_RAW, make_transcript()),
    (topics.EVENTS_EXTRACTED, make_event()),
    (topics.AGREEMENTS_CURRENT, make_agreement()),
    (topics.ALERTS, make_alert_change(group=(("agreement.key", "CHN|IRN"),))),
]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_schema_in_draft_7_is_one_and_refers_to_what_it_holds(topic: Topic) -> None:
    schema = to_draft_07(topic_schema(topic))
    jsonschema.Draft7Validator.check_schema(schema)
    text = json.dumps(schema)
    assert "$defs" not in text
    assert "prefixItems" not in text
    names = {part.split('"')[0] for part in text.split("#/definitions/")[1:]}
    assert names <= set(schema.get("definitions", {}))


@given(st.sampled_from(RECORDS), st.data())
def test_both_drafts_take_and_refuse_the_same(record: tuple[Topic, Contract], data: st.DataObject) -> None:
    topic, contract = record
    ours = jsonschema.Draft202012Validator(topic_schema(topic))
    older = jsonschema.Draft7Validator(to_draft_07(topic_schema(topic)))
    value: dict[str, Any] = json.loads(contract.encode())
    assert ours.is_valid(value)
    assert older.is_valid(value)
    place: Any = value
    for _ in range(data.draw(st.integers(min_value=0, max_value=4))):
        inner = [
            v
            for v in (place.values() if isinstance(place, dict) else place)
            if v and isinstance(v, (dict, list))
        ]
        place = data.draw(st.sampled_from(inner)) if inner else place
    wrong: Any = data.draw(st.sampled_from([None, 3, "x", [], {}, True, ["a"], ["a", "b"], ["a", "b", "c"]]))
    if isinstance(place, dict):
        place[data.draw(st.sampled_from([*sorted(place), "other"]))] = wrong
    else:
        place[0] = wrong
    assert ours.is_valid(value) == older.is_valid(value)


def test_every_record_that_the_samples_lead_to_keeps_to_the_committed_schema_of_its_topic() -> None:
    validators: dict[str, jsonschema.Draft202012Validator] = {}
    for output in run_outputs(sample_transcripts(), load_models(), load_pack()):
        name = ALERTS.name if output.topic.model is AlertChange else output.topic.name
        if name not in validators:
            schema = json.loads((GENERATED / f"{name}.schema.json").read_text("utf-8"))
            validators[name] = jsonschema.Draft202012Validator(schema)
        validators[name].validate(json.loads(output.record.encode()))
    written = {"enriched", "extracted", "changed", "current", "matched", "tagged"}
    assert written <= {name.split(".")[1] for name in validators}
    assert ALERTS.name in validators
