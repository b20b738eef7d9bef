"""From YAML text to rules, with the line and column of whatever is wrong."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import ValidationError

from schemas.rule import Correlation, Rule
from streams.rules.compile import MOVES, compile_rule
from streams.rules.errors import RuleError, nearest
from streams.rules.needs import needs_of
from streams.rules.source import Document, read_documents

if TYPE_CHECKING:
    from streams.rules.compile import CompiledRule
    from streams.rules.errors import Path as KeyPath

RULE_KEYS: Final = {
    "title": "title", "id": "id", "version": "version", "status": "status", "description": "description",
    "author": "author", "references": "references", "tags": "tags", "falsepositives": "falsepositives",
    "level": "level", "source": "source", "detection": "detection", "correlation": "correlation",
    "group-by": "group_by", "timespan": "timespan_s", "hold": "hold_s", "suppress": "suppress_s", "alert": "alert",
}  # fmt: skip
"""Keys of a rule file and the fields of the contract that they fill."""
NEEDED: Final = (
    "title",
    "id",
    "version",
    "status",
    "falsepositives",
    "level",
    "source",
    "detection",
    "alert",
)
CORRELATION_KEYS: Final = ("type", "steps", "field", "condition", "timespan")
ALERT_KEYS: Final = ("topic", "summary", "level", "corroborate", "contradict", "cancel")
_LISTS: Final = ("references", "tags", "falsepositives", "group-by")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DURATION: Final = re.compile(r"(?:(\d{1,5})w)?(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?")
_SECONDS: Final = (604_800, 86_400, 3_600, 60, 1)
MAX_DURATION_S: Final = 3_660 * 86_400

TEST_SUFFIX: Final = ".test.yml"
LOCK_NAME: Final = "rules.lock"


def parse_duration(text: str) -> timedelta:
    """Read a time such as `7d`, `90m` or `2h10m`: weeks, days, hours, minutes, seconds in this order.

    Raises:
        RuleError: it is none, or over ten years.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise RuleError(f'"{text}" is no time; write 10m, 24h, 7d or 2h10m')
    seconds = sum(int(n) * size for n, size in zip(found.groups(), _SECONDS, strict=True) if n)
    if seconds > MAX_DURATION_S:
        raise RuleError(f'"{text}" is more than ten years')
    return timedelta(seconds=seconds)


def parse_rule(text: str, file: str) -> Rule:
    """Read one rule.

    Raises:
        RuleError: the text is not YAML or not a rule; it names file, line, column and the nearest right word.
    """
    documents = read_documents(text, file)
    if len(documents) != 1:
        raise RuleError(
            f"a rule file holds one rule, not {len(documents)}; tests go into {TEST_SUFFIX} beside it",
            file,
            1,
            1,
        )
    return read_rule(documents[0])


def read_rule(document: Document) -> Rule:
    """Make a rule of a YAML document.

    Raises:
        RuleError: as `parse_rule`.
    """
    value = _checked(document)
    fields: dict[str, Any] = {}
    for key, item in value.items():
        if key in _LISTS and isinstance(item, str):
            item = [item]  # noqa: PLW2901 - a single value is a list of one, as in Sigma
        fields[RULE_KEYS[key]] = item
    for key in ("timespan", "hold", "suppress"):
        if key in value:
            fields[RULE_KEYS[key]] = _duration(document, value[key], (key,))
    if "alert" in value:
        fields["alert"] = _alert(document, value["alert"])
    if "correlation" in value:
        fields["correlation"] = _correlation(document, value["correlation"])
    try:
        rule = Rule.model_validate(fields)
    except ValidationError as error:
        raise _from_validation(document, error) from None
    try:
        _check_breadth(document, compile_rule(rule))
    except RuleError as error:
        raise error if error.line else document.locate(error) from None
    return rule


def _check_breadth(document: Document, compiled: CompiledRule) -> None:
    """Refuse a rule that says of nothing that it must be there: it would be asked on every record."""
    for number, step in enumerate(compiled.steps):
        needs = needs_of(step.condition, compiled.selections, compiled.source, {})
        if step.name in MOVES or needs.clauses:
            continue
        path: KeyPath = ("detection", "condition") if step.name is None else ("correlation", "steps", number)
        raise document.error(
            "it would be asked on every record, since nothing says what must be there; add a selection that does",
            path,
        )


def _checked(document: Document) -> dict[str, Any]:
    """Give the mapping of a rule that has the right keys."""
    value = document.value
    if not isinstance(value, dict):
        raise document.error("a rule is a mapping that begins with title, id and version", ())
    _check_keys(document, value, RULE_KEYS, ())
    for key in NEEDED:
        if key not in value:
            raise document.error(_missing(key), ())
    if not isinstance(value["id"], str) or not _UUID.fullmatch(value["id"]):
        raise document.error(
            "id is a UUID in lower case, as `python -m uuid` prints it; it stays when all else changes",
            ("id",),
        )
    if not isinstance(value["detection"], dict):
        raise document.error("detection holds selections by name and a condition", ("detection",))
    return value


def _missing(key: str) -> str:
    if key == "falsepositives":
        return "falsepositives is missing: say which reports would fool the rule; every rule has some"
    return f'"{key}" is missing'


def _check_keys(
    document: Document, value: dict[str, Any], known: dict[str, str] | tuple[str, ...], path: KeyPath
) -> None:
    for key in value:
        if key not in known:
            raise document.error(f'"{key}" is no key here{nearest(key, known)}', (*path, key))


def _duration(document: Document, value: object, path: KeyPath) -> int:
    if not isinstance(value, str):
        raise document.error("a time has a unit: 10m, 24h, 7d", path)
    try:
        seconds = int(parse_duration(value).total_seconds())
    except RuleError as error:
        raise document.error(error.reason, path) from None
    if seconds < 1:
        raise document.error("a time is one second at least", path)
    return seconds


def _alert(document: Document, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise document.error("alert is a mapping with topic and summary", ("alert",))
    _check_keys(document, value, ALERT_KEYS, ("alert",))
    return value


def _correlation(document: Document, value: object) -> Correlation:
    path: KeyPath = ("correlation",)
    if not isinstance(value, dict):
        raise document.error("correlation is a mapping with a type", path)
    _check_keys(document, value, CORRELATION_KEYS, path)
    fields = {k: v for k, v in value.items() if k not in {"timespan", "condition"}}
    if "timespan" in value:
        fields["timespan_s"] = _duration(document, value["timespan"], (*path, "timespan"))
    if "condition" in value:
        condition = value["condition"]
        if not isinstance(condition, dict) or set(condition) != {"gte"}:
            raise document.error(
                "the condition of a correlation is {gte: number}; fewer than something is absence",
                (*path, "condition"),
            )
        fields["gte"] = condition["gte"]
    try:
        return Correlation.model_validate(fields)
    except ValidationError as error:
        raise _from_validation(document, error, path) from None


def _from_validation(document: Document, error: ValidationError, path: KeyPath = ()) -> RuleError:
    first = error.errors(include_url=False)[0]
    names = {field: key for key, field in RULE_KEYS.items()} | {"gte": "condition", "timespan_s": "timespan"}
    steps = tuple(names.get(s, s) if isinstance(s, str) else s for s in first["loc"])
    where = (*path, *steps)
    if first["type"] == "missing":
        return document.error(f'"{steps[-1]}" is missing', where[:-1])
    reason = first["msg"][:1].lower() + first["msg"][1:]
    name = next((s for s in reversed(steps) if isinstance(s, str)), "value")
    given = first.get("input")
    context = first.get("ctx", {})
    if first["type"] == "enum" and isinstance(given, str):
        known = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        reason = f'"{given}" is no {name}{nearest(given, known)}'
    return document.error(f"{name}: {reason}" if first["type"] != "enum" else reason, where)


def rule_hash(rule: Rule) -> str:
    """Give the SHA-256 of what a rule decides and says; its version is left out, and so are words for people only."""
    content = rule.model_dump(
        mode="json",
        exclude={"version", "status", "description", "author", "references", "tags", "falsepositives"},
    )
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def pack_folder() -> Path:
    """Name the folder of the shipped rules: inside the package where it was installed, else in the source tree."""
    inside = Path(__file__).parent / "pack"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "deploy" / "rules"


def rule_files(path: Path) -> tuple[Path, ...]:
    """Name the rule files at a path: itself, or all of a folder in the order of their names."""
    if path.is_dir():
        return tuple(sorted(f for f in path.rglob("*.yml") if not f.name.endswith(TEST_SUFFIX)))
    return (path,)


def load_rule(path: Path) -> Rule:
    """Load a rule file.

    Raises:
        RuleError: it cannot be read, or is not a rule.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise RuleError(f"cannot be read: {error.strerror}", str(path)) from None
    except UnicodeDecodeError as error:
        raise RuleError(f"not UTF-8: byte {error.start}", str(path)) from None
    return parse_rule(text, str(path))


def load_pack() -> tuple[Rule, ...]:
    """Load the shipped rules, in the order of their file names.

    Raises:
        RuleError: a file of the pack is not a rule.
    """
    return tuple(load_rule(f) for f in rule_files(pack_folder()))
