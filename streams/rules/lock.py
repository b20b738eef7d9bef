"""rules.lock: which version of which rule says what. A rule that decides differently is another version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.rules.errors import RuleError
from streams.rules.load import rule_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from schemas.rule import Rule

_HEAD = "# Rule id, version, SHA-256 of what it decides and says. Written by `dragoman rules lock`.\n"
_FIELDS = ("id", "version", "hash")


@dataclass(frozen=True, slots=True)
class Locked:
    """One line of the lock."""

    version: int
    hash: str


def parse_lock(text: str, file: str) -> dict[str, Locked]:
    """Read a lock.

    Raises:
        RuleError: a line is not one; with file and line.
    """
    locked: dict[str, Locked] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split()
        if len(parts) != len(_FIELDS) or not parts[1].isdigit():
            raise RuleError(
                "a line of the lock is: id, version, hash; `dragoman rules lock` writes it", file, number, 1
            )
        locked[parts[0]] = Locked(int(parts[1]), parts[2])
    return locked


def render_lock(rules: Iterable[Rule]) -> str:
    """Write the lock of some rules, sorted by id."""
    lines = sorted(f"{r.id} {r.version} {rule_hash(r)}\n" for r in rules)
    return _HEAD + "".join(lines)


def check_lock(rule: Rule, locked: Mapping[str, Locked], *, writing: bool = False) -> str | None:
    """Say in what a rule breaks the lock. With `writing`, what the next lock will note anyway is no breach."""
    line = locked.get(rule.id)
    if line is None:
        return None if writing else "rules.lock does not know the rule: `dragoman rules lock` notes it"
    if rule.version < line.version:
        return (
            f"version {rule.version} is older than version {line.version} in rules.lock: versions only go up"
        )
    if rule.version == line.version:
        if rule_hash(rule) == line.hash:
            return None
        return (
            f"it says something else than version {line.version} in rules.lock: raise version to {line.version + 1}, "
            "then run `dragoman rules lock`"
        )
    return (
        None
        if writing
        else f"rules.lock holds version {line.version}: `dragoman rules lock` notes version {rule.version}"
    )
