"""The topics as an AsyncAPI 3.0 document, derived from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from schemas import topics
from schemas.json_schema import schema_id
from schemas.topics import ALERT_TOPIC_NAMES, ALERTS, FOREVER_MS, TOPICS, Cleanup
from streams.kafka.groups import AGENTS, group_id
from streams.kafka.records import ARRIVED, CONTENT_TYPE, TRACEPARENT
from streams.kafka.topics import plan_topics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.topics import Topic
    from streams.kafka.groups import Agent
    from streams.settings import Settings

VERSION: Final = "3.0.0"
BINDING: Final = "0.5.0"
"""Of the Kafka bindings."""

_ALERTS_OF_A_SUBJECT: Final = "alerts.{subject}.v1"
_DEAD_LETTERS: Final = "{source}.dlq.v1"
_SCHEMA_FORMAT: Final = "application/schema+json;version=draft-2020-12"

_SENDS: Final[Mapping[str, tuple[Topic, ...]]] = {
    "language": (topics.TRANSCRIPTS_TAGGED,),
    "extraction": (topics.TRANSCRIPTS_ENRICHED, topics.EVENTS_EXTRACTED),
    "ledger": (topics.AGREEMENTS_CHANGED, topics.AGREEMENTS_CURRENT),
    "matching": (topics.RULES_MATCHED, topics.RULES_MISSED),
    "alerting": (topics.ALERTS,),
}
"""What each agent writes. Every agent reads its sources (`streams/kafka/groups.py`)."""


def describe_topics(settings: Settings, version: str) -> dict[str, Any]:
    """Give the AsyncAPI document of an installation: a channel for each topic, an operation for each use of one.

    Payloads refer to the JSON Schemas that lie beside the document.

    Args:
        settings: For the broker, partitions, copies and groups.
        version: Of Dragoman.
    """
    channels = {topic.name: _channel(topic, settings) for topic in TOPICS}
    channels["alerts.subject"] = _subject_channel(settings)
    channels["dead-letters"] = _dead_letter_channel()
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Dragoman",
            "version": version,
            "description": (
                "Transcripts in, alerts out. Records are CloudEvents 1.0 in the binary mode of Kafka: the attributes are headers, "
                "the value is JSON. A breaking change of a record makes a topic of the next version (alerts.v2) beside the old one."
            ),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "kafka": {
                "host": settings.broker,
                "protocol": "kafka",
                "description": "The Kafka of the installation (DRAGOMAN_BROKER)",
            }
        },
        "channels": channels,
        "operations": _operations(settings),
        "components": {
            "messages": {
                **{topic.name: _message(topic) for topic in TOPICS},
                "dead-letter": {
                    "title": "Dead letter",
                    "summary": "The record as it came, key and value unchanged",
                    "headers": {"$ref": "#/components/schemas/DeadLetterHeaders"},
                },
            },
            "schemas": {"DeadLetterHeaders": _dead_letter_headers()},
        },
    }


def _channel(topic: Topic, settings: Settings) -> dict[str, Any]:
    return {
        "address": topic.name,
        "title": topic.doc,
        "description": f"Key: {topic.key}. {_kept(topic)}",
        "messages": {topic.model.__name__: {"$ref": f"#/components/messages/{topic.name}"}},
        "bindings": {"kafka": _topic_binding(topic, settings)},
    }


def _subject_channel(settings: Settings) -> dict[str, Any]:
    channel = _channel(ALERTS, settings)
    channel["bindings"]["kafka"].pop("topic")
    return {
        **channel,
        "address": _ALERTS_OF_A_SUBJECT,
        "title": "The alerts of one subject, as on alerts.v1",
        "parameters": {
            "subject": {
                "description": "The alert topic that rules name; the shipped rules name these, others may be added",
                "examples": list(ALERT_TOPIC_NAMES),
            }
        },
    }


def _dead_letter_channel() -> dict[str, Any]:
    return {
        "address": _DEAD_LETTERS,
        "title": "Records of a topic that can never be processed as they are",
        "description": "Key and value as they came, the reason in headers. Kept for ever; `dragoman dlq` lists them and sends them again.",
        "parameters": {
            "source": {"description": "The topic that they lay on", "examples": [t.name for t in TOPICS]}
        },
        "messages": {"DeadLetter": {"$ref": "#/components/messages/dead-letter"}},
    }


def _kept(topic: Topic) -> str:
    if topic.cleanup is Cleanup.COMPACT:
        return "The latest record of each key is kept; one without a value deletes its key."
    return f"Kept for {topic.retention_ms // topics.DAY_MS} days."


def _topic_binding(topic: Topic, settings: Settings) -> dict[str, Any]:
    plan = plan_topics(settings, [topic])[0]
    return {
        "topic": topic.name,
        "partitions": plan.partitions,
        "replicas": plan.replication,
        "topicConfiguration": {
            "cleanup.policy": [topic.cleanup.value],
            **({"retention.ms": topic.retention_ms} if topic.retention_ms != FOREVER_MS else {}),
            "max.message.bytes": int(plan.configs["max.message.bytes"]),
        },
        "bindingVersion": BINDING,
    }


def _message(topic: Topic) -> dict[str, Any]:
    return {
        "name": topic.event_type,
        "title": topic.model.__name__,
        "summary": topic.doc,
        "contentType": CONTENT_TYPE,
        "headers": _headers(topic),
        "payload": {"schemaFormat": _SCHEMA_FORMAT, "schema": {"$ref": f"./{topic.name}.schema.json"}},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": topic.key},
                "schemaLookupStrategy": "TopicNameStrategy",
                "bindingVersion": BINDING,
            }
        },
    }


def _headers(topic: Topic) -> dict[str, Any]:
    """Say which headers a record bears, as `streams.kafka.records.encode_headers` writes them."""
    deleted = [f"{topic.event_type}.deleted"] if topic.cleanup is Cleanup.COMPACT else []
    texts: dict[str, dict[str, Any]] = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"description": "The same record has the same id, however often it is written"},
        "ce_source": {"format": "uri-reference", "examples": [f"/dragoman/{topic.name}"]},
        "ce_type": {"enum": [topic.event_type, *deleted]},
        "ce_time": {"format": "date-time", "description": "Event time: when what it tells was said"},
        "ce_dataschema": {"const": schema_id(topic)},
        "ce_partitionkey": {"description": f"The key: {topic.key}"},
        "content-type": {"const": CONTENT_TYPE},
        TRACEPARENT: {"description": "W3C Trace Context, where the record that caused this one bore it"},
        ARRIVED: {
            "description": "When the transcript arrived from which this follows: Kafka's time on the raw topic, milliseconds since 1970"
        },
    }
    always = ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_partitionkey"]
    if not deleted:
        always += ["ce_time", "ce_dataschema", "content-type"]
    return {
        "type": "object",
        "properties": {name: {"type": "string", **facts} for name, facts in texts.items()},
        "required": always,
    }


def _dead_letter_headers() -> dict[str, Any]:
    from schemas.dead_letter import DeadLetter  # noqa: PLC0415 - wanted here only

    fields = DeadLetter.model_fields
    return {
        "type": "object",
        "description": "The headers that the record came with, and these",
        "properties": {
            f"dragoman-dlq-{name}": {
                "type": "string",
                **({"description": f.description} if f.description else {}),
            }
            for name, f in fields.items()
        },
        "required": [f"dragoman-dlq-{name}" for name in fields],
    }


def _operations(settings: Settings) -> dict[str, Any]:
    operations = {
        "door.send.transcripts.raw.v1": _operation(
            "send", topics.TRANSCRIPTS_RAW.name, "`dragoman ingest` and POST /v1/transcripts take it in"
        )
    }
    for agent in AGENTS:
        for source in agent.sources:
            operations[f"{agent.name}.receive.{source.name}"] = _receive(agent, source, settings)
        for topic in _SENDS[agent.name]:
            operations[f"{agent.name}.send.{topic.name}"] = _operation(
                "send", topic.name, f"The agent {agent.name} writes it"
            )
    operations["alerting.send.alerts.subject"] = _operation(
        "send", "alerts.subject", "The agent alerting writes each alert to the topic of its subject too"
    )
    operations["notifier.send.deliveries.v1"] = _operation(
        "send", topics.DELIVERIES.name, "What the notifier sent, and the answer"
    )
    for topic in (topics.RULES, topics.SUBSCRIPTIONS):
        operations[f"desk.send.{topic.name}"] = _operation(
            "send", topic.name, "The command line and the gateway write it"
        )
    return operations


def _receive(agent: Agent, source: Topic, settings: Settings) -> dict[str, Any]:
    operation = _operation("receive", source.name, f"The agent {agent.name} reads it")
    group = {"type": "string", "enum": [group_id(agent, settings)]}
    return {**operation, "bindings": {"kafka": {"groupId": group, "bindingVersion": BINDING}}}


def _operation(action: str, channel: str, summary: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{_escape(channel)}"},
        "summary": summary,
    }


def _escape(name: str) -> str:
    """Write a name as a step of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")
