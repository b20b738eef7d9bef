"""The life of alerts: what a rule remembers of a group, and what a match or the passing of time changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.contract import Contract, Time

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.alert import AlertChange, Match


class RuleState(Contract):
    """What a rule remembers of one group.

    A rule that is withdrawn must not speak any more: whoever keeps the states drops those whose `rule_id` is no
    longer in the index, instead of letting time pass over them.
    """

    rule_id: str
    due_time: Time | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is remembered afterwards (None: nothing) and what changed, in order."""

    state: RuleState | None
    changes: tuple[AlertChange, ...]


def evaluate(state: RuleState | None, found: Match | None, watermark: datetime | None) -> Evaluation:
    """Judge a match, or with `found` None the passing of time, by what is remembered of its group."""
    del found, watermark
    return Evaluation(state, ())
