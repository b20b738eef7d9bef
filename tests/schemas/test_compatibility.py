from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from schemas.compatibility import find_breaks, find_breaks_in_history
from schemas.json_schema import topic_schema
from schemas.topics import TOPICS, Topic
from tests.generated_files import HISTORY, released_schemas

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

NAMES = ("id", "stage", "extra")


def closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


# --- the contracts themselves -------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_still_takes_what_every_released_version_wrote(topic: Topic) -> None:
    released = released_schemas(topic.name)
    assert released, f"{topic.name} has no released schema: run `make release-schemas` and commit"
    breaks = find_breaks_in_history(released, topic_schema(topic))
    advice = (
        f"{topic.name} would break those who read or wrote it: give the change a topic of the next version"
    )
    assert breaks == (), "\n".join([advice, *breaks])


def test_released_versions_are_numbered_without_a_gap_and_each_takes_what_earlier_ones_wrote() -> None:
    for folder in sorted(HISTORY.iterdir()):
        numbers = sorted(int(path.name.split(".")[0]) for path in folder.iterdir())
        assert numbers == list(range(1, len(numbers) + 1)), folder.name
        released = released_schemas(folder.name)
        for count, schema in enumerate(released):
            assert find_breaks_in_history(released[:count], schema) == ()


def test_a_topic_that_was_released_is_never_dropped_without_its_next_version() -> None:
    assert {folder.name for folder in HISTORY.iterdir()} <= {topic.name for topic in TOPICS}


# --- what breaks, by example --------------------------------------------------------------------------------------

TEXT = {"type": "string"}
OLD = closed({"id": TEXT, "stage": {"enum": ["a", "b"], "type": "string"}}, "id")


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        (
            closed({**OLD["properties"], "more": TEXT}, "id", "more"),
            "more: is required now, and earlier records may lack it",
        ),
        (closed(OLD["properties"], "id", "stage"), "stage: is required now, and earlier records may lack it"),
        (closed({"id": TEXT}, "id"), "stage: is gone, and earlier records hold it"),
        (
            closed({**OLD["properties"], "id": {"type": "integer"}}, "id"),
            "id: string is no longer taken, only integer",
        ),
        (closed({**OLD["properties"], "stage": {"enum": ["a"]}}, "id"), "stage: 'b' is no longer taken"),
        (
            closed({**OLD["properties"], "id": {**TEXT, "pattern": "^[a-z]"}}, "id"),
            "id: `pattern` '^[a-z]' is new, and earlier records need not keep to it",
        ),
        (
            closed({**OLD["properties"], "id": {**TEXT, "enum": ["x"]}}, "id"),
            "id: only certain values are taken now",
        ),
    ],
)
def test_a_break_is_told_in_a_sentence(new: dict[str, Any], sentence: str) -> None:
    assert find_breaks(OLD, new) == (sentence,)


@pytest.mark.parametrize(
    "new",
    [
        closed({**OLD["properties"], "more": TEXT}, "id"),
        closed(OLD["properties"]),
        closed({**OLD["properties"], "stage": {"enum": ["a", "b", "c"], "type": "string"}}, "id"),
        closed({**OLD["properties"], "stage": TEXT}, "id"),
        closed({**OLD["properties"], "id": {"anyOf": [{"type": "null"}, TEXT]}}, "id"),
        closed({**OLD["properties"], "id": {**TEXT, "description": "Other words"}}, "id"),
        {**OLD, "additionalProperties": True},
        True,
    ],
)
def test_what_takes_more_is_no_break(new: dict[str, Any]) -> None:
    assert find_breaks(OLD, new) == ()


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ({"type": "number", "minimum": 0}, {"type": "number", "minimum": 1}, 1),
        ({"type": "number", "minimum": 1}, {"type": "number", "minimum": 0}, 0),
        ({"type": "string", "maxLength": 9}, {"type": "string", "maxLength": 8}, 1),
        ({"type": "integer"}, {"type": "number"}, 0),
        ({"type": "number"}, {"type": "integer"}, 1),
        ({"type": "string"}, {"type": "string", "minLength": 0}, 0),
        ({"type": "integer"}, {"type": ["integer", "null"], "maxLength": 3}, 0),
        ({"enum": [1]}, {"enum": [True]}, 1),
        ({"type": "array", "items": TEXT}, {"type": "array", "items": {"type": "null"}}, 1),
        ({"type": "array", "prefixItems": [TEXT], "maxItems": 1}, {"type": "array", "items": TEXT}, 0),
        ({"type": "array", "prefixItems": [TEXT]}, {"type": "array", "items": TEXT}, 1),
        (
            {"type": "array", "prefixItems": [TEXT], "maxItems": 1},
            {"type": "array", "items": {"type": "null"}},
            1,
        ),
        (
            {"type": "object", "additionalProperties": TEXT},
            {"type": "object", "additionalProperties": {"type": "null"}},
            1,
        ),
        (TEXT, {"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        (TEXT, {"not": {"type": "null"}}, 1),
    ],
)
def test_bounds_kinds_and_lists(old: dict[str, Any], new: dict[str, Any], count: int) -> None:
    assert len(find_breaks(old, new)) == count


def test_a_change_deep_in_a_definition_that_holds_itself_is_found() -> None:
    def tree(stage: dict[str, Any]) -> dict[str, Any]:
        node = closed({"stage": stage, "parts": {"type": "array", "items": {"$ref": "#/$defs/Node"}}})
        return {"$ref": "#/$defs/Node", "$defs": {"Node": node}}

    assert find_breaks(tree(TEXT), tree(TEXT)) == ()
    assert find_breaks(tree(TEXT), tree({"type": "null"})) == ("stage: string is no longer taken, only null",)


def test_a_field_that_came_and_went_is_seen_over_all_versions() -> None:
    without, with_field = OLD, closed({**OLD["properties"], "more": TEXT}, "id")
    assert find_breaks_in_history([without, with_field], without) == (
        "more: is gone, and earlier records hold it (against version 2)",
    )


# --- the promise: what the old one took, the new one takes --------------------------------------------------------


def bounds(low: str, high: str) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {}, optional={low: st.integers(min_value=0, max_value=2), high: st.integers(min_value=2, max_value=4)}
    )


SIMPLE: SearchStrategy[Any] = st.one_of(
    bounds("minLength", "maxLength").map(lambda b: {"type": "string", **b}),
    bounds("minimum", "maximum").map(lambda b: {"type": "integer", **b}),
    st.just({"type": "number"}),
    st.just({"type": "null"}),
    st.lists(st.sampled_from(["", "a", "bb", 1, True, None]), min_size=1, max_size=3).map(
        lambda v: {"enum": v}
    ),
    st.just({"$ref": "#/$defs/Text"}),
    st.just({"$ref": "#/$defs/Node"}),
)


@st.composite
def objects(draw: st.DrawFn, parts: SearchStrategy[Any]) -> dict[str, Any]:
    properties = draw(st.dictionaries(st.sampled_from(NAMES), parts, max_size=3))
    found = {
        "type": "object",
        "properties": properties,
        "required": draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=2)),
        "additionalProperties": draw(st.one_of(st.booleans(), parts)),
    }
    for key in draw(st.sets(st.sampled_from(sorted(found)), max_size=2)):
        if key != "type":
            del found[key]
    return found


def deeper(parts: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.one_of(
        objects(parts),
        st.fixed_dictionaries(
            {"type": st.just("array")},
            optional={
                "items": parts,
                "prefixItems": st.lists(parts, min_size=1, max_size=2),
                "maxItems": st.integers(min_value=0, max_value=3),
            },
        ),
        st.lists(parts, min_size=1, max_size=3).map(lambda p: {"anyOf": p}),
        st.lists(parts, min_size=1, max_size=2).map(lambda p: {"allOf": p}),
    )


SHAPES: SearchStrategy[Any] = st.recursive(SIMPLE, deeper, max_leaves=6)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    text = draw(bounds("minLength", "maxLength").map(lambda b: {"type": "string", **b}))
    node = closed(
        {
            "id": draw(SIMPLE.filter(lambda s: "$ref" not in s)),
            "extra": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Node"}]},
        }
    )
    return {**draw(SHAPES), "$defs": {"Text": text, "Node": node}}


def parts_of(schema: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """Every schema within a schema, itself first."""
    if not isinstance(schema, dict):
        return []
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    inner += [*schema.get("prefixItems", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())]
    inner += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    return [schema, *(found for part in inner for found in parts_of(part))]


@st.composite
def edited(draw: st.DrawFn, schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema with a few changes as people make them, wider or narrower."""
    new: dict[str, Any] = _copied(schema)
    for _ in range(draw(st.integers(min_value=0, max_value=2))):
        part = draw(st.sampled_from(parts_of(new)))
        key = draw(st.sampled_from([*sorted(part.keys() - {"$defs"}), "required", "properties"]))
        match part.get(key):
            case bool():
                part[key] = not part[key]
            case int() as bound:
                part[key] = max(0, bound + draw(st.sampled_from([-1, 1])))
            case list() as values if key in {"enum", "required", "anyOf"}:
                more = {"enum": "c", "required": "id"}.get(key, {"type": "null"})
                kept = [v for v in values if draw(st.booleans())]
                part[key] = (kept or values) if draw(st.booleans()) else [*values, more]
            case dict() as fields if key == "properties":
                goes = draw(st.booleans())
                if fields and goes:
                    del fields[draw(st.sampled_from(sorted(fields)))]
                else:
                    fields[draw(st.sampled_from(NAMES))] = _copied(draw(SIMPLE))
            case None if key == "required" and part.get("type") == "object":
                part[key] = [draw(st.sampled_from(NAMES))]
            case "integer" | "number" as kind:
                part[key] = "number" if kind == "integer" else "integer"
            case _ if key in {"items", "additionalProperties"}:
                part[key] = _copied(draw(SIMPLE))
            case _:
                part.pop(key, None)
    return new


def _copied(part: Any) -> Any:  # noqa: ANN401 - any JSON
    """Give JSON of its own: what is drawn belongs to the strategy, and an edit of it would change later draws."""
    return json.loads(json.dumps(part))


def values_of(schema: Any, document: dict[str, Any], depth: int = 0) -> SearchStrategy[Any]:  # noqa: ANN401 - any JSON
    """Values that most often keep to a schema."""
    if not isinstance(schema, dict) or depth > 4:
        return st.nothing() if schema is False else VALUES
    schema = document["$defs"][schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema
    branches = schema.get("anyOf") or schema.get("allOf")
    if branches:
        return st.one_of([values_of(part, document, depth + 1) for part in branches])
    match schema.get("type"):
        case "array":
            return arrays_of(schema, document, depth + 1)
        case "object":
            return objects_of(schema, document, depth + 1)
        case _:
            return simple_of(schema)


def simple_of(schema: dict[str, Any]) -> SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return {
        "string": st.text("ab", min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 5)),
        "integer": st.integers(min_value=schema.get("minimum", -1), max_value=schema.get("maximum", 5)),
        "number": st.one_of(st.integers(min_value=-1, max_value=5), st.floats(0, 2)),
        "null": st.none(),
    }.get(schema.get("type", ""), VALUES)


def arrays_of(schema: dict[str, Any], document: dict[str, Any], depth: int) -> SearchStrategy[Any]:
    first = [values_of(part, document, depth) for part in schema.get("prefixItems", ())]
    more = values_of(schema.get("items", True), document, depth)
    rest = st.just([]) if more.is_empty else st.lists(more, max_size=2)
    most = schema.get("maxItems")
    return st.tuples(st.tuples(*first), rest).map(lambda pair: [*pair[0], *pair[1]][:most])


def objects_of(schema: dict[str, Any], document: dict[str, Any], depth: int) -> SearchStrategy[Any]:
    fields = {n: values_of(f, document, depth) for n, f in schema.get("properties", {}).items()}
    others = values_of(schema.get("additionalProperties", True), document, depth)
    required = {n: fields.get(n, others) for n in schema.get("required", ())}
    optional = {n: fields.get(n, others) for n in (*NAMES, "other") if n not in required}
    return st.fixed_dictionaries(required, optional={n: f for n, f in optional.items() if not f.is_empty})


VALUES: SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(min_value=-1, max_value=5),
        st.floats(0, 2),
        st.text("ab", max_size=5),
    ),
    lambda parts: st.one_of(
        st.lists(parts, max_size=3), st.dictionaries(st.sampled_from((*NAMES, "other")), parts, max_size=3)
    ),
    max_leaves=5,
)


def validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.slow
@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_the_old_schema_took_a_compatible_one_takes(data: st.DataObject) -> None:
    old = data.draw(documents(), label="old")
    new = data.draw(edited(old), label="new")
    kept = values_of(old, old)
    if find_breaks(old, new) or kept.is_empty:
        return
    before, after = validator(old), validator(new)
    for value in data.draw(st.lists(kept, max_size=6), label="values"):
        if before.is_valid(value):
            after.validate(value)


@given(documents())
def test_a_schema_takes_what_it_took(schema: dict[str, Any]) -> None:
    assume("allOf" not in repr(schema))
    assert find_breaks(schema, schema) == ()


@given(documents(), documents())
def test_sentences_are_the_same_each_time(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert find_breaks(old, new) == find_breaks(old, new)
