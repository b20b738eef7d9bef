"""Changing what is JSON or YAML so that it stays so: what lies behind the parser is reached as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import yaml

from tests.fuzz.targets import Shape

if TYPE_CHECKING:
    from random import Random

ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63 - 1, -(2**63), 0.5, -0.0, 1e308, "", " ", "a", "\x00", "٣", "\u202eabc", "x" * 300,
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00", "2026-03-01T12:00:00Z", "IRN", "nan", "1e400", [], {}, [[]], {"": ""},
    [0] * 20, ["IRN", "IRN"], "{0}", "{a.b}", "%s", "$a", "*", "|", "https://[", "Europe/..", "01:00",
)  # fmt: skip
"""Values that programs trip over."""
SIGNS: Final = ("\x00", "\u202e", " ", "\n", "(", "|", "}", "*", "é", "\U0001f600")


def change_value(data: bytes, shape: Shape, chance: Random) -> bytes | None:
    """Change a value somewhere within an input; None where the input has no such form."""
    try:
        match shape:
            case Shape.ANY:
                return None
            case Shape.JSON:
                return _json(data, chance)
            case Shape.RECORD:
                return data[:1] + _json(data[1:], chance)
            case Shape.LINES:
                lines = data.split(b"\n")
                at = chance.randrange(len(lines))
                lines[at : at + chance.randrange(2)] = [_json(lines[at], chance)]
                return b"\n".join(lines)
            case Shape.YAML:
                value = _changed(yaml.safe_load(data), chance)
                return yaml.safe_dump(value, allow_unicode=True, sort_keys=False).encode()
    except (ValueError, TypeError, AttributeError, RecursionError, yaml.YAMLError):
        return None  # what PyYAML says to dates and keys that are none is of every kind


def _json(data: bytes, chance: Random) -> bytes:
    return orjson.dumps(_changed(orjson.loads(data), chance))


def _changed(value: Any, chance: Random) -> Any:  # noqa: ANN401 - a value is any value
    """Put something odd in the place of some part of a value, or take a part out, or put one in twice."""
    if chance.random() < 0.85:
        match value:
            case dict() if value:
                return _changed_mapping(value, chance)
            case list() if value:
                return _changed_list(value, chance)
            case str() if value and chance.random() < 0.5:
                at = chance.randrange(len(value) + 1)
                return value[:at] + chance.choice(SIGNS) + value[at:]
    return chance.choice(ODD)


def _changed_mapping(value: dict[Any, Any], chance: Random) -> dict[Any, Any]:
    key = chance.choice(list(value))
    kind = chance.random()
    if kind < 0.08:
        return {name: item for name, item in value.items() if name != key}
    if kind < 0.14:
        return {**value, chance.choice(("x", "", "id", "extra", f"{key}s")): value[key]}
    return {**value, key: _changed(value[key], chance)}


def _changed_list(value: list[Any], chance: Random) -> list[Any]:
    at = chance.randrange(len(value))
    kind = chance.random()
    if kind < 0.08:
        return value[:at] + value[at + 1 :]
    if kind < 0.16:
        return value[: at + 1] + value[at:]
    return [*value[:at], _changed(value[at], chance), *value[at + 1 :]]
