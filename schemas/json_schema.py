"""The JSON Schema of each topic, as it is committed, published and checked against earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from schemas.topics import Topic

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_id(topic: Topic) -> str:
    """Give the name of a topic's schema: records bear it in the header `ce_dataschema`."""
    return f"urn:dragoman:schema:{topic.name}"


def topic_schema(topic: Topic) -> dict[str, Any]:
    """Give the JSON Schema that every value on a topic keeps to."""
    schema = topic.model.model_json_schema(mode="serialization")
    head = {"$schema": DRAFT, "$id": schema_id(topic), "title": f"{topic.name}: {topic.doc}"}
    return {**schema, **head}
