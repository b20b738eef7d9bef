"""Whether a schema still takes every record that an earlier one took (BACKWARD, and over all versions TRANSITIVE).

The comparison is of structure and errs on the safe side: what it cannot compare counts as a break. It knows the part of
JSON Schema 2020-12 that the contracts use. A `format` counts as an assertion, because our readers check it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Schema: TypeAlias = "Mapping[str, Any] | bool"

_ANNOTATIONS: Final = frozenset(
    {"$schema", "$id", "$comment", "$defs", "title", "description", "default", "examples", "deprecated"}
    | {"readOnly", "writeOnly"}
)
_KINDS: Final = ("array", "boolean", "integer", "null", "number", "object", "string")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_EQUAL: Final = ("pattern", "format", "multipleOf", "uniqueItems")
_CONCERNS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        frozenset({"integer", "number"}),
    ),
    **dict.fromkeys(("minLength", "maxLength", "pattern", "format"), frozenset({"string"})),
    **dict.fromkeys(("minItems", "maxItems", "uniqueItems", "items", "prefixItems"), frozenset({"array"})),
    **dict.fromkeys(
        ("minProperties", "maxProperties", "properties", "required", "additionalProperties"),
        frozenset({"object"}),
    ),
}
"""Which sorts of value a keyword says anything about; of all others it is true."""
_COMPARED: Final = frozenset({*_CONCERNS, "type", "enum", "const", "anyOf", "allOf", "$ref"})


def find_breaks(old: Schema, new: Schema) -> tuple[str, ...]:
    """Say in one sentence each why records that `old` took may be refused by `new`; none means compatible."""
    return tuple(dict.fromkeys(_Comparison(old, new).breaks(old, new, "")))


def find_breaks_in_history(history: Sequence[Schema], new: Schema) -> tuple[str, ...]:
    """Say why a schema breaks with any of its earlier versions, which are numbered from 1."""
    return tuple(
        f"{sentence} (against version {number})"
        for number, old in enumerate(history, start=1)
        for sentence in find_breaks(old, new)
    )


class _Comparison:
    """One comparison of two documents: each has its own definitions."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old_defs = _definitions(old)
        self._new_defs = _definitions(new)
        self._under_way: set[tuple[str, str]] = set()

    def breaks(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        """Give what breaks where a value stands at `path`."""
        if old is False or new is True:
            return
        references = (_reference(old), _reference(new))
        if any(references):
            # A definition may hold itself: while it is compared, it is taken to be compatible with itself.
            pair = (references[0] or repr(old), references[1] or repr(new))
            if pair in self._under_way:
                return
            self._under_way.add(pair)
            yield from self._resolved(_resolve(old, self._old_defs), _resolve(new, self._new_defs), path)
            self._under_way.discard(pair)
            return
        yield from self._resolved(old, new, path)

    def _resolved(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        if new is False:
            yield f"{_name(path)}: nothing is taken any more"
            return
        if new is True or old is False:
            return
        old = {} if old is True else old
        if "anyOf" in old:
            # What stands beside it only narrows it: without, more is compared than need be, never less.
            for branch in old["anyOf"]:
                yield from self.breaks(branch, new, path)
            return
        if "allOf" in old:
            yield from self._of_all(old, new, path)
            return
        yield from self._plain(old, new, path)

    def _of_all(self, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[str]:
        # A value of `old` is a value of each of its parts, so that one compatible part is enough.
        rest = {key: value for key, value in old.items() if key != "allOf"}
        found: list[str] = []
        for part in (rest, *old["allOf"]):
            found = list(self.breaks(part, new, path))
            if not found:
                return
        yield from found

    def _plain(self, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[str]:
        kinds = _kinds(old)
        for key in sorted(new.keys() - _COMPARED - _ANNOTATIONS):
            yield f"{_name(path)}: `{key}` cannot be compared"
        for key in sorted(old.keys() & {"patternProperties", "propertyNames"}):
            yield f"{_name(path)}: `{key}` cannot be compared"
        yield from _value_breaks(old, new, kinds, path)
        yield from _bound_breaks(old, new, kinds, path)
        if "object" in kinds and new.keys() & {"properties", "required", "additionalProperties"}:
            yield from self._object(old, new, path)
        if "array" in kinds and new.keys() & {"items", "prefixItems"}:
            yield from self._array(old, new, path)
        for part in new.get("allOf", ()):
            yield from self.breaks(old, part, path)
        if "anyOf" in new:
            yield from self._any(old, new["anyOf"], path)
        if "$ref" in new:
            yield from self.breaks(old, {"$ref": new["$ref"]}, path)

    def _any(self, old: Mapping[str, Any], branches: Sequence[Schema], path: str) -> Iterator[str]:
        found = [list(self.breaks(old, branch, path)) for branch in branches]
        if all(found):
            # The branch that comes nearest tells best what is wrong.
            yield from min(found, key=len)

    def _object(self, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[str]:
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield f"{_name(_join(path, name))}: is required now, and earlier records may lack it"
        old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
        old_others, new_others = old.get("additionalProperties", True), new.get("additionalProperties", True)
        for name in sorted(old_fields.keys() | new_fields.keys()):
            before = old_fields.get(name, old_others)
            after = new_fields.get(name, new_others)
            if before is not False and after is False:
                yield f"{_name(_join(path, name))}: is gone, and earlier records hold it"
            else:
                yield from self.breaks(before, after, _join(path, name))
        if old_others is not False and new_others is False:
            yield f"{_name(path)}: fields without a name in the contract are refused now"
        else:
            yield from self.breaks(old_others, new_others, _join(path, "*"))

    def _array(self, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[str]:
        old_first, new_first = old.get("prefixItems", ()), new.get("prefixItems", ())
        old_rest, new_rest = old.get("items", True), new.get("items", True)
        most = old.get("maxItems")
        places = max(len(old_first), len(new_first))
        for place in range(places if most is None else min(places, most)):
            before = old_first[place] if place < len(old_first) else old_rest
            after = new_first[place] if place < len(new_first) else new_rest
            yield from self.breaks(before, after, f"{path}[{place}]")
        if most is None or most > places:
            yield from self.breaks(old_rest, new_rest, f"{path}[]")


def _value_breaks(
    old: Mapping[str, Any], new: Mapping[str, Any], kinds: frozenset[str], path: str
) -> Iterator[str]:
    if "type" in new:
        taken = _kinds({"type": new["type"]})
        lost = sorted(kind for kind in kinds if kind not in taken)
        if lost:
            yield f"{_name(path)}: {_and(lost)} is no longer taken, only {_and(sorted(_listed(new['type'])))}"
    before, after = _values(old), _values(new)
    if after is None:
        return
    if before is None:
        yield f"{_name(path)}: only certain values are taken now"
        return
    lost = [repr(value) for value in before if not any(_is_same(value, other) for other in after)]
    if lost:
        yield f"{_name(path)}: {_and(lost)} is no longer taken"


def _bound_breaks(
    old: Mapping[str, Any], new: Mapping[str, Any], kinds: frozenset[str], path: str
) -> Iterator[str]:
    for key in (*_UPPER, *_LOWER, *_EQUAL):
        if key not in new or not kinds & _CONCERNS[key] or (key == "uniqueItems" and new[key] is False):
            continue
        before, after = old.get(key), new[key]
        if before is None:
            if not (key in {"minLength", "minItems", "minProperties"} and after == 0):
                yield f"{_name(path)}: `{key}` {after!r} is new, and earlier records need not keep to it"
        elif (
            (key in _UPPER and after < before)
            or (key in _LOWER and after > before)
            or (key in _EQUAL and after != before)
        ):
            yield f"{_name(path)}: `{key}` was {before!r} and is {after!r}"


def _kinds(schema: Mapping[str, Any]) -> frozenset[str]:
    """Give the sorts of value that a schema may take. A number may be whole, so `number` holds `integer`."""
    named = _listed(schema["type"]) if "type" in schema else set(_KINDS)
    return frozenset({*named, "integer"} if "number" in named else named)


def _listed(kinds: str | Sequence[str]) -> set[str]:
    return {kinds} if isinstance(kinds, str) else set(kinds)


def _values(schema: Mapping[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return list(schema["enum"]) if "enum" in schema else None


def _is_same(one: object, other: object) -> bool:
    # In JSON true is not 1, as it is in Python.
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _definitions(schema: Schema) -> Mapping[str, Schema]:
    found: Mapping[str, Schema] = {} if isinstance(schema, bool) else schema.get("$defs", {})
    return found


def _reference(schema: Schema) -> str | None:
    """Give what a schema refers to, where it does nothing else."""
    if isinstance(schema, bool) or "$ref" not in schema or schema.keys() - _ANNOTATIONS - {"$ref"}:
        return None
    found: str = schema["$ref"]
    return found


def _resolve(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    seen: set[str] = set()
    while (reference := _reference(schema)) is not None:
        if reference in seen:
            return True
        seen.add(reference)
        schema = definitions[reference.removeprefix("#/$defs/")]
    return schema


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _name(path: str) -> str:
    return path or "the record"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
