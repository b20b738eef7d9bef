"""The JSON Schema of each topic, as it is committed, published and checked against earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.topics import Topic

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
DRAFT_07: Final = "http://json-schema.org/draft-07/schema#"


def schema_id(topic: Topic) -> str:
    """Give the name of a topic's schema: records bear it in the header `ce_dataschema`."""
    return f"urn:dragoman:schema:{topic.name}"


def topic_schema(topic: Topic) -> dict[str, Any]:
    """Give the JSON Schema that every value on a topic keeps to."""
    schema = topic.model.model_json_schema(mode="serialization")
    head = {"$schema": DRAFT, "$id": schema_id(topic), "title": f"{topic.name}: {topic.doc}"}
    return {**schema, **head}


def to_draft_07(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Write a schema of ours in draft 7, without an `$id`: it takes the same values.

    Schema registries compare versions in this draft; of ours they cannot resolve the definitions.
    """
    return {**_older(schema), "$schema": DRAFT_07}


_NAMED: Final = frozenset({"properties", "$defs"})
"""Keywords that hold schemas by names, which are no keywords."""
_DATA: Final = frozenset({"default", "enum", "const", "examples"})


def _older(schema: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in schema.items():
        match key:
            case "$id":
                continue
            case "$ref":
                found[key] = value.replace("#/$defs/", "#/definitions/")
            case "prefixItems":
                found["items"] = [_older_value(item) for item in value]
            case "items" if "prefixItems" in schema:
                found["additionalItems"] = _older_value(value)
            case _ if key in _DATA:
                found[key] = value
            case _ if key in _NAMED:
                found["definitions" if key == "$defs" else key] = {
                    name: _older_value(item) for name, item in value.items()
                }
            case _:
                found[key] = _older_value(value)
    return found


def _older_value(value: object) -> object:
    if isinstance(value, dict):
        return _older(value)
    return [_older_value(item) for item in value] if isinstance(value, list) else value
