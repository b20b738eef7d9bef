"""From YAML text to rules, with the line and column of whatever is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.rules.errors import RuleError

if TYPE_CHECKING:
    from schemas.rule import Rule


def parse_rule(text: str, file: str) -> Rule:
    """Read one rule.

    Raises:
        RuleError: the text is not YAML or not a rule; it names file, line, column and the nearest right word.
    """
    raise RuleError(f"not yet read: {len(text)} signs", file)


def load_pack() -> tuple[Rule, ...]:
    """Load the shipped rules, in the order of their file names."""
    return ()
