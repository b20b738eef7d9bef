"""A rule as the text of a rule file: the way back from rules.v1. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from streams.rules.load import RULE_KEYS

if TYPE_CHECKING:
    from schemas.rule import Rule

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "m"))
_WIDTH: Final = 100


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - yaml's own signature
        return True


def write_rule(rule: Rule) -> str:
    """Give the text of a rule file that is read as this rule; what is unset or empty is left out."""
    fields = rule.model_dump(mode="json")
    value: dict[str, Any] = {}
    for key, name in RULE_KEYS.items():
        item = fields[name]
        if item in (None, [], ""):
            continue
        value[key] = _duration(item) if name.endswith("_s") else item
    value["alert"] = {k: v for k, v in fields["alert"].items() if v not in (None, {})}
    if rule.correlation is not None:
        value["correlation"] = _correlation(fields["correlation"])
    return yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None
    )


def _correlation(fields: dict[str, Any]) -> dict[str, Any]:
    written = {k: v for k, v in fields.items() if v not in (None, []) and k not in {"gte", "timespan_s"}}
    if fields["gte"] is not None:
        written["condition"] = {"gte": fields["gte"]}
    if fields["timespan_s"] is not None:
        written["timespan"] = _duration(fields["timespan_s"])
    return written


def _duration(seconds: int) -> str:
    for size, unit in _UNITS:
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
