from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

from schemas import topics
from schemas.topics import ALERT_TOPIC_NAMES, TOPICS, Output, Topic, alert_topic
from streams.kafka.asyncapi import describe_topics
from streams.kafka.groups import AGENTS
from streams.kafka.records import encode_headers, encode_tombstone
from streams.kafka.topics import plan_topics
from streams.settings import Settings
from tests.factories import make_alert_change, make_transcript
from tests.generated_files import GENERATED

OFFICIAL: Final = Path(__file__).parent / "asyncapi" / "3.0.0.schema.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((GENERATED / "asyncapi.yaml").read_text("utf-8"))
    return found


def resolve(document: dict[str, Any], reference: str) -> dict[str, Any]:
    found = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for item in value.values() for found in references(item)]
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    return []


def test_the_document_is_valid_by_the_official_schema(document: dict[str, Any]) -> None:
    official = json.loads(OFFICIAL.read_text("utf-8"))
    jsonschema.Draft7Validator(official).validate(document)


def test_the_official_schema_refuses_a_document_that_is_wrong(document: dict[str, Any]) -> None:
    official = json.loads(OFFICIAL.read_text("utf-8"))
    wrong = {**document, "operations": {"x": {"action": "subscribe"}}}
    assert not jsonschema.Draft7Validator(official).is_valid(wrong)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        if reference.startswith("#/"):
            assert resolve(document, reference)
        else:
            assert (GENERATED / reference).is_file()


def test_every_topic_is_a_channel_with_its_key_retention_and_schema(document: dict[str, Any]) -> None:
    for topic in TOPICS:
        channel = document["channels"][topic.name]
        [message] = [resolve(document, m["$ref"]) for m in channel["messages"].values()]
        plan = plan_topics(Settings.model_construct(), [topic])[0]
        configuration = channel["bindings"]["kafka"]["topicConfiguration"]
        assert channel["address"] == topic.name
        assert message["bindings"]["kafka"]["key"]["description"] == topic.key
        assert message["payload"]["schema"]["$ref"] == f"./{topic.name}.schema.json"
        assert configuration["cleanup.policy"] == [plan.configs["cleanup.policy"]]
        assert str(configuration.get("retention.ms")) == plan.configs.get("retention.ms", "None")


def test_every_topic_is_written_by_somebody_and_every_agent_reads_its_sources(
    document: dict[str, Any],
) -> None:
    operations = document["operations"].values()
    sent = {resolve(document, o["channel"]["$ref"])["address"] for o in operations if o["action"] == "send"}
    received = {
        (o["bindings"]["kafka"]["groupId"]["enum"][0], resolve(document, o["channel"]["$ref"])["address"])
        for o in operations
        if o["action"] == "receive"
    }
    assert sent == {*(topic.name for topic in TOPICS), "alerts.{subject}.v1"}
    assert received == {
        (f"dragoman-{agent.name}", source.name) for agent in AGENTS for source in agent.sources
    }


def headers_schema(document: dict[str, Any], topic: Topic) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["messages"][topic.name]["headers"]
    return found


def test_the_headers_of_real_records_keep_to_the_document(document: dict[str, Any]) -> None:
    settings = Settings()
    transcript, change = make_transcript(), make_alert_change()
    outputs = [
        Output(topics.TRANSCRIPTS_RAW, transcript.id, transcript, transcript.event_time),
        Output(topics.ALERTS, change.alert.id, change, change.alert.updated_time),
    ]
    for output in outputs:
        headers = {name: value.decode() for name, value in encode_headers(output, settings)}
        schema = headers_schema(document, output.topic)
        jsonschema.Draft202012Validator(schema).validate(headers)
        assert headers.keys() <= schema["properties"].keys()
    tombstone = encode_tombstone(topics.AGREEMENTS_CURRENT, "a-1", settings)
    headers = {name: value.decode() for name, value in tombstone.headers}
    jsonschema.Draft202012Validator(headers_schema(document, topics.AGREEMENTS_CURRENT)).validate(headers)


def test_alert_topics_of_subjects_are_one_channel_with_a_parameter(document: dict[str, Any]) -> None:
    channel = document["channels"]["alerts.subject"]
    [parameter] = channel["parameters"]
    names = [
        channel["address"].format(**{parameter: example})
        for example in channel["parameters"][parameter]["examples"]
    ]
    assert names == [alert_topic(name).name for name in ALERT_TOPIC_NAMES]


def test_the_settings_of_an_installation_show_in_its_document() -> None:
    settings = Settings(broker="kafka.example:9093", partitions=12, replication=3, group="desk")
    document = describe_topics(settings, "1.2.3")
    binding = document["channels"]["alerts.v1"]["bindings"]["kafka"]
    assert document["servers"]["kafka"]["host"] == "kafka.example:9093"
    assert (binding["partitions"], binding["replicas"]) == (12, 3)
    group = document["operations"]["ledger.receive.events.extracted.v1"]["bindings"]["kafka"]["groupId"]
    assert group["enum"] == ["desk-ledger"]
