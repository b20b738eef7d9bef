"""Selections: `field|modifier: value`, and whether they hold on a record, on which words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from schemas.alert import ClauseMatch
from streams.rules.errors import RuleError, nearest
from streams.rules.facts import FRAMES, frame_of
from streams.rules.fields import CAMEO_ROOTS, FIELDS, FieldKind, FieldSpec
from streams.rules.text import Text, TextView, find_text, fold, parse_text

if TYPE_CHECKING:
    from schemas.rule import RuleSource
    from streams.rules.errors import Path
    from streams.rules.facts import Cell, Facts, Frame

MODIFIERS: Final = frozenset(
    {
        "contains", "all", "startswith", "endswith", "cased", "neq", "exists",
        "lt", "lte", "gt", "gte", "near",
    }
)  # fmt: skip
_COMPARE: Final = ("contains", "startswith", "endswith", "lt", "lte", "gt", "gte", "exists", "near", "neq")
MAX_VALUES: Final = 2000
MAX_HITS: Final = 64
"""Ways in which one selection can hold on one record; more tell nothing new."""
_NO_TEXT: Final = TextView("")
EARTH_KM: Final = 6371.0088


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a selection."""

    field: str
    kind: FieldKind
    compare: str
    every: bool
    cased: bool
    values: tuple[str, ...] = ()
    number: float = 0.0
    texts: tuple[Text, ...] = ()
    variable: str | None = None
    point: tuple[float, float, float] | None = None
    absent: bool = False

    @property
    def negative(self) -> bool:
        """Whether it holds where the field is not there."""
        return self.absent or self.compare == "neq"


@dataclass(frozen=True, slots=True)
class Selection:
    """A named selection: one group of items at least must hold whole."""

    name: str
    groups: tuple[tuple[Item, ...], ...]

    @property
    def variables(self) -> frozenset[str]:
        """The variables that it binds."""
        return frozenset(i.variable for g in self.groups for i in g if i.variable)


class Hit(NamedTuple):
    """One way in which a selection or a condition holds: bound variables, the clauses, and the frame it held on."""

    bindings: tuple[tuple[str, str], ...] = ()
    clauses: tuple[ClauseMatch, ...] = ()
    frames: tuple[tuple[str, Frame], ...] = ()


def compile_selection(name: str, value: object, source: RuleSource, path: Path) -> Selection:
    """Read a selection: a mapping (all must hold), a list of mappings (one must), or a list of text expressions (one must).

    Raises:
        RuleError: a field, modifier or value is not known; `path` says which.
    """
    if isinstance(value, dict):
        return Selection(name, (_group(value, source, path),))
    if isinstance(value, str):
        return Selection(name, ((_item("text", value, source, path),),))
    if isinstance(value, list) and value:
        if all(isinstance(v, str) for v in value):
            return Selection(name, ((_item("text", value, source, path),),))
        groups = []
        for at, part in enumerate(value):
            if not isinstance(part, dict):
                raise RuleError(
                    "a list of a selection holds mappings, or text expressions, not both", path=(*path, at)
                )
            groups.append(_group(part, source, (*path, at)))
        return Selection(name, tuple(groups))
    raise RuleError("a selection is a mapping of fields to values, or a list of such", path=path)


def _group(value: dict[Any, Any], source: RuleSource, path: Path) -> tuple[Item, ...]:
    if not value:
        raise RuleError("an empty selection would hold on everything", path=path)
    return tuple(_item(str(key), item, source, (*path, str(key))) for key, item in value.items())


def _item(key: str, value: object, source: RuleSource, path: Path) -> Item:
    field, *modifiers = key.split("|")
    known = FIELDS[source]
    spec = known.get(field)
    if spec is None:
        raise RuleError(f'{source.value} has no field "{field}"{nearest(field, known)}', path=path)
    compare = _compare_of(modifiers, path)
    if compare == "exists" and not isinstance(value, bool):
        raise RuleError("exists takes true or false", path=path)
    if compare == "exists" or value is None:
        return Item(field, spec.kind, "exists", every=False, cased=False, absent=not value)
    if compare == "near":
        return Item(field, spec.kind, "near", every=False, cased=False, point=_point(spec, value, path))
    values = value if isinstance(value, list) else [value]
    if not values or len(values) > MAX_VALUES:
        raise RuleError(f"a field takes 1 to {MAX_VALUES} values", path=path)
    if spec.kind is FieldKind.NUMBER:
        return _number_item(field, compare, values, path)
    if compare in {"lt", "lte", "gt", "gte"}:
        raise RuleError(f'"{compare}" compares numbers; {field} is none', path=path)
    if spec.kind is FieldKind.TEXT:
        return _text_item(field, values, path, every="all" in modifiers, compare=compare)
    places = [(*path, at) if isinstance(value, list) else path for at in range(len(values))]
    words = [_value(spec, v, place, field) for v, place in zip(values, places, strict=True)]
    return _word_item(field, spec, words, places, modifiers, compare)


def _compare_of(modifiers: list[str], path: Path) -> str:
    for modifier in modifiers:
        if modifier == "re":
            raise RuleError(
                'there is no modifier "re": a pattern can take forever; use contains, startswith, endswith or a text expression',
                path=path,
            )
        if modifier not in MODIFIERS:
            raise RuleError(f'there is no modifier "{modifier}"{nearest(modifier, MODIFIERS)}', path=path)
    compares = [m for m in modifiers if m in _COMPARE]
    if len(compares) > 1:
        raise RuleError(f'"{compares[0]}" and "{compares[1]}" exclude one another', path=path)
    return compares[0] if compares else ""


def _word_item(  # noqa: PLR0917 - one caller
    field: str, spec: FieldSpec, words: list[str], places: list[Path], modifiers: list[str], compare: str
) -> Item:
    variables = [w for w in words if w.startswith("$")]
    if variables:
        if len(words) > 1 or compare or len(variables[0]) == 1:
            raise RuleError("a variable such as $a stands alone as the value of a field", path=places[0])
        return Item(field, spec.kind, "", every=False, cased=False, variable=variables[0])
    if not compare or compare == "neq":
        for word, place in zip(words, places, strict=True):
            if spec.values and word not in spec.values:
                raise RuleError(
                    f'"{word}" is no value of it{nearest(word, spec.values)}', path=place, of_value=True
                )
    cased = "cased" in modifiers
    folded = words if cased else [fold(w) for w in words]
    return Item(field, spec.kind, compare, every="all" in modifiers, cased=cased, values=tuple(folded))


def _value(spec: FieldSpec, value: object, path: Path, field: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and field == "event.type":
        value = f"{value:02d}"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str) or not value:
        raise RuleError("a value is a word or a number", path=path)
    if field == "event.type" and value in CAMEO_ROOTS:
        return CAMEO_ROOTS[value]
    if spec.values and value not in spec.values and value.casefold() in {v.casefold() for v in spec.values}:
        return next(v for v in spec.values if v.casefold() == value.casefold())
    return value


def _number_item(field: str, compare: str, values: list[object], path: Path) -> Item:
    if len(values) > 1 or isinstance(values[0], bool) or not isinstance(values[0], int | float):
        raise RuleError(f"{field} is compared with one number", path=path, of_value=True)
    if compare not in {"", "neq", "lt", "lte", "gt", "gte"}:
        raise RuleError(f'"{compare}" compares words; {field} is a number', path=path)
    return Item(field, FieldKind.NUMBER, compare or "eq", every=False, cased=False, number=float(values[0]))


def _text_item(field: str, values: list[object], path: Path, *, every: bool, compare: str) -> Item:
    if compare not in {"", "contains"}:
        raise RuleError(f'{field} takes a text expression; "{compare}" is for words', path=path)
    texts = []
    for value in values:
        if not isinstance(value, str):
            raise RuleError("a text expression is a string", path=path)
        try:
            texts.append(parse_text(value))
        except RuleError as error:
            raise RuleError(error.reason, path=path, offset=error.offset, of_value=True) from None
    return Item(field, FieldKind.TEXT, "", every=every, cased=False, texts=tuple(texts))


def _point(spec: FieldSpec, value: object, path: Path) -> tuple[float, float, float]:
    if spec.kind is not FieldKind.POINT:
        raise RuleError("near is for places: event.place|near", path=path)
    wrong = RuleError("near takes {point: [latitude, longitude], km: distance}", path=path)
    if not isinstance(value, dict) or set(value) != {"point", "km"}:
        raise wrong
    point, km = value["point"], value["km"]
    numbers = [*point, km] if isinstance(point, list) else []
    if len(numbers) != len(("latitude", "longitude", "km")) or not all(
        isinstance(x, int | float) for x in numbers
    ):
        raise wrong
    latitude, longitude, _ = numbers
    if not (abs(latitude) <= 90 and abs(longitude) <= 180 and 0 < km <= 20_000):  # noqa: PLR2004 - the earth's own bounds
        raise wrong
    return float(latitude), float(longitude), float(km)


def match_selection(selection: Selection, facts: Facts) -> tuple[Hit, ...]:
    """Give every way in which a selection holds; none if it fails."""
    hits: list[Hit] = []
    for group in selection.groups:
        hits.extend(_match_group(selection.name, group, facts))
        if len(hits) >= MAX_HITS:
            break
    return tuple(hits[:MAX_HITS])


def _match_group(name: str, group: tuple[Item, ...], facts: Facts) -> list[Hit]:
    prefixes = _frame_prefixes(group, facts)
    contexts: list[tuple[tuple[str, Frame], ...]] = [()]
    for prefix in prefixes:
        contexts = [(*context, (prefix, frame)) for context in contexts for frame in facts.frames(prefix)]
        contexts = contexts[: MAX_HITS * MAX_HITS]
    hits: list[Hit] = []
    for context in contexts:
        hits.extend(_match_items(name, group, facts, context))
        if len(hits) >= MAX_HITS:
            break
    return hits


def _frame_prefixes(group: tuple[Item, ...], facts: Facts) -> list[str]:
    if not facts.tell_frames:
        return []
    wanted = {frame_of(i.field) for i in group if i.kind is not FieldKind.TEXT}
    return [p for p in FRAMES if p in wanted]


def _match_items(
    name: str, group: tuple[Item, ...], facts: Facts, context: tuple[tuple[str, Frame], ...]
) -> list[Hit]:
    lookup = dict(context)
    clauses: list[ClauseMatch] = []
    bindings: list[tuple[tuple[str, str], ...]] = [()]
    for item in group:
        if item.kind is FieldKind.TEXT:
            found = _match_text(name, item, facts.texts.get(item.field, _NO_TEXT))
        else:
            frame = lookup.get(frame_of(item.field), facts.fields)
            if item.variable:
                bindings = _bind(item.variable, frame.get(item.field, ()), bindings)
                if not bindings:
                    return []
                continue
            found = _match_item(name, item, frame.get(item.field, ()), facts)
        if found is None:
            return []
        clauses.extend(found)
    if bindings == [()]:
        return [Hit((), tuple(clauses), context)]
    hits = []
    for bound in bindings:
        named = [
            ClauseMatch(
                selection=name,
                field=item.field,
                value=value,
                evidence=_words_for(item.field, value, lookup, facts),
            )
            for item in group
            if item.variable
            for variable, value in bound
            if variable == item.variable
        ]
        hits.append(Hit(tuple(sorted(bound)), (*clauses, *named), context))
    return hits


def _words_for(field: str, value: str, lookup: dict[str, Frame], facts: Facts) -> Any:  # noqa: ANN401 - Evidence or None
    frame = lookup.get(frame_of(field), facts.fields)
    return next((c.evidence for c in frame.get(field, ()) if c.value == value), None)


def _bind(
    variable: str, cells: tuple[Cell, ...], bindings: list[tuple[tuple[str, str], ...]]
) -> list[tuple[tuple[str, str], ...]]:
    values = sorted({str(c.value) for c in cells})
    result: list[tuple[tuple[str, str], ...]] = []
    for bound in bindings:
        known = dict(bound)
        if variable in known:
            if known[variable] in values:
                result.append(bound)
            continue
        taken = set(known.values())
        result.extend((*bound, (variable, value)) for value in values if value not in taken)
    return result[:MAX_HITS]


def _match_text(name: str, item: Item, view: TextView) -> list[ClauseMatch] | None:
    found: list[ClauseMatch] = []
    for text in item.texts:
        spans = find_text(text, view)
        if spans is None:
            if item.every:
                return None
            continue
        words = [(view.evidence(span), view.as_written(span)) for span in spans[:3]]
        found.extend(
            ClauseMatch(selection=name, field=item.field, value=value, evidence=e) for e, value in words
        )
        if not words:
            found.append(ClauseMatch(selection=name, field=item.field, value="(not there, as wanted)"))
        if not item.every:
            return found
    return found or None


def _match_item(name: str, item: Item, cells: tuple[Cell, ...], facts: Facts) -> list[ClauseMatch] | None:
    if item.compare == "near":
        return _match_near(name, item, facts)
    if item.negative:
        wrong = bool(cells) if item.absent else any(_equals(item, c) for c in cells)
        return None if wrong else []
    if item.every:
        held = [
            next((c for c in cells if _holds(item.compare, _form(item, c), v)), None) for v in item.values
        ]
        return (
            None if None in held else [_clause(name, item, c) for c in dict.fromkeys(held) if c is not None]
        )
    found = [c for c in cells if _fits(item, c)]
    return [_clause(name, item, c) for c in found[:8]] or None


def _fits(item: Item, cell: Cell) -> bool:
    if item.compare == "exists":
        return True
    if item.kind is FieldKind.NUMBER:
        return isinstance(cell.value, float) and _compares(item, cell.value)
    have = _form(item, cell)
    return any(_holds(item.compare, have, v) for v in item.values) if item.compare else have in item.values


def _equals(item: Item, cell: Cell) -> bool:
    if item.kind is FieldKind.NUMBER:
        return cell.value == item.number
    return _form(item, cell) in item.values


def _form(item: Item, cell: Cell) -> str:
    return str(cell.value) if item.cased else fold(str(cell.value))


def _holds(compare: str, have: str, want: str) -> bool:
    match compare:
        case "contains":
            return want in have
        case "startswith":
            return have.startswith(want)
        case "endswith":
            return have.endswith(want)
        case _:
            return have == want


def _compares(item: Item, value: float) -> bool:
    match item.compare:
        case "lt":
            return value < item.number
        case "lte":
            return value <= item.number
        case "gt":
            return value > item.number
        case "gte":
            return value >= item.number
        case _:
            return value == item.number


def _match_near(name: str, item: Item, facts: Facts) -> list[ClauseMatch] | None:
    point = facts.points.get(item.field)
    if point is None or item.point is None:
        return None
    distance = distance_km(point, item.point[:2])
    if distance > item.point[2]:
        return None
    cell = next(iter(facts.fields.get("event.place.name", ())), None)
    value = f"{distance:.0f} km away"
    return [
        ClauseMatch(selection=name, field=item.field, value=value, evidence=cell.evidence if cell else None)
    ]


def distance_km(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Give the great-circle distance of two points by the haversine formula."""
    lat_a, lon_a, lat_b, lon_b = (math.radians(x) for x in (*a, *b))
    h = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, h)))


def _clause(name: str, item: Item, cell: Cell) -> ClauseMatch:
    return ClauseMatch(selection=name, field=item.field, value=str(cell.value), evidence=cell.evidence)
