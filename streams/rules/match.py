"""Which rules hold on a record, on which words, and which almost held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.agreement import Transition
    from schemas.alert import Match, NearMiss
    from schemas.enriched import EnrichedTranscript
    from schemas.event import Event
    from schemas.rule import Rule


@dataclass(frozen=True, slots=True)
class Found:
    """What the rules say of one record."""

    matches: tuple[Match, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()


class RuleIndex:
    """Every rule at work. Adding and removing act on the next record."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}

    def add(self, rule: Rule) -> None:
        """Put a rule to work, in place of an older one of its id.

        Raises:
            RuleError: the rule cannot be used; the index is as it was.
        """
        self._rules[rule.id] = rule

    def remove(self, rule_id: str) -> None:
        """Take a rule out of work; one that is not there is no error."""
        self._rules.pop(rule_id, None)

    def __contains__(self, rule_id: str) -> bool:
        return rule_id in self._rules

    def __len__(self) -> int:
        return len(self._rules)

    def match(self, record: EnrichedTranscript | Event | Transition) -> Found:
        """Say which rules hold on a record and which almost do."""
        del record
        return Found()
