"""The JSON Schema of rule files: editors complete and check with it what `dragoman rules check` decides."""

from __future__ import annotations

from typing import Any, Final

from schemas.event import Stage
from schemas.rule import CorrelationType, Level, RuleSource, RuleStatus
from streams.rules.detection import MODIFIERS
from streams.rules.fields import CAMEO_ROOTS, FIELDS, FieldKind, FieldSpec
from streams.rules.load import ALERT_KEYS, CORRELATION_KEYS, NEEDED, RULE_KEYS

_DURATION: Final = {
    "type": "string",
    "pattern": r"^(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$",
    "minLength": 2,
    "description": "A time: 10m, 24h, 7d, 2h10m",
}
_TEXT: Final = {"type": "string", "minLength": 1}
_WORDS: Final = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_SCALAR: Final = {"type": ["string", "number", "boolean", "null"]}
_ANY_VALUE: Final = {
    "oneOf": [_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1}, {"type": "object"}]
}


def rule_file_schema() -> dict[str, Any]:
    """Give the schema of a rule file, for draft 2020-12."""
    return {
        "title": "Rule",
        "description": "A rule of Dragoman; docs/rules.md is the language",
        "type": "object",
        "required": list(NEEDED),
        "additionalProperties": False,
        "properties": {key: _property(key) for key in RULE_KEYS},
        "allOf": [
            {
                "if": {"properties": {"source": {"const": source.value}}},
                "then": {"properties": {"detection": {"$ref": f"#/$defs/{source.name.lower()}"}}},
            }
            for source in RuleSource
        ],
        "$defs": {
            **{source.name.lower(): _detection(source) for source in RuleSource},
            **{f"{source.name.lower()}_selection": _group(source) for source in RuleSource},
        },
    }


def _property(key: str) -> dict[str, Any]:
    own: dict[str, dict[str, Any]] = {
        "id": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
        "version": {"type": "integer", "minimum": 1, "description": "Up by one when it decides differently"},
        "status": {"enum": [s.value for s in RuleStatus]},
        "level": {"enum": [level.value for level in Level]},
        "source": {"enum": [s.value for s in RuleSource]},
        "detection": {"type": "object"},
        "correlation": _correlation(),
        "alert": _alert(),
        **dict.fromkeys(("timespan", "hold", "suppress"), _DURATION),
        **dict.fromkeys(("references", "tags", "falsepositives", "group-by"), _WORDS),
    }
    return own.get(key, _TEXT)


def _correlation() -> dict[str, Any]:
    parts: dict[str, Any] = {
        "type": {"enum": [t.value for t in CorrelationType]},
        "steps": {"type": "array", "items": _TEXT, "minItems": 2},
        "field": _TEXT,
        "condition": {
            "type": "object",
            "properties": {"gte": {"type": "integer", "minimum": 1, "maximum": 200}},
            "required": ["gte"],
            "additionalProperties": False,
        },
        "timespan": _DURATION,
    }
    return {
        "type": "object",
        "required": ["type"],
        "additionalProperties": False,
        "properties": {k: parts[k] for k in CORRELATION_KEYS},
    }


def _alert() -> dict[str, Any]:
    by_stage = {stage.value: {"enum": [level.value for level in Level]} for stage in Stage}
    levels = {"type": "object", "properties": by_stage, "additionalProperties": False}
    own: dict[str, Any] = {"topic": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,59}$"}, "level": levels}
    return {
        "type": "object",
        "required": ["topic", "summary"],
        "additionalProperties": False,
        "properties": {k: own.get(k, _TEXT) for k in ALERT_KEYS},
    }


def _group(source: RuleSource) -> dict[str, Any]:
    fields = FIELDS[source]
    modified = "|".join(sorted(MODIFIERS))
    names = "|".join(sorted(name.replace(".", r"\.") for name in fields))
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {name: _value(name, spec) for name, spec in sorted(fields.items())},
        "patternProperties": {rf"^({names})(\|({modified}))+$": _ANY_VALUE},
        "additionalProperties": False,
    }


def _detection(source: RuleSource) -> dict[str, Any]:
    group = {"$ref": f"#/$defs/{source.name.lower()}_selection"}
    selection = {
        "oneOf": [group, _TEXT, {"type": "array", "minItems": 1, "items": {"oneOf": [group, _TEXT]}}]
    }
    return {
        "type": "object",
        "properties": {
            "condition": {**_TEXT, "description": "Such as: signed and not hearsay, 1 of talks_*"}
        },
        "additionalProperties": selection,
    }


def _value(name: str, spec: FieldSpec) -> dict[str, Any]:
    if spec.kind is FieldKind.NUMBER:
        return {"type": ["number", "null"], "description": spec.doc}
    one: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
    if spec.values:
        roots = sorted(CAMEO_ROOTS) if name == "event.type" else []
        truth: list[Any] = [True, False] if set(spec.values) == {"true", "false"} else []
        one = {
            "anyOf": [
                {"enum": [*spec.values, *roots, *truth, None]},
                {"type": "string", "pattern": r"^\$\w+$"},
            ]
        }
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}], "description": spec.doc}
