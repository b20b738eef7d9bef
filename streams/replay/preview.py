"""What rules would have raised, in brief."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.alert import Alert
from schemas.contract import Contract, Time
from streams.replay.diff import Side, compare

if TYPE_CHECKING:
    from streams.replay.store import Plan


class Preview(Contract):
    """The alerts that rules would have raised in a stretch of event time, oldest first, each as it would stand now."""

    from_time: Time
    to_time: Time
    transcripts: int
    alerts_a_day: float
    near_misses: int
    alerts: tuple[Alert, ...]


def summarize(side: Side, plan: Plan) -> Preview:
    """Sum up a replay for whoever writes its rules: it is the difference to a world without them."""
    diff = compare(Side("nothing", (), {}), side, plan.from_time, plan.to_time)
    return Preview(
        from_time=plan.from_time,
        to_time=plan.to_time,
        transcripts=plan.spooled.records,
        alerts_a_day=diff.alerts_a_day_after,
        near_misses=len(side.near_misses),
        alerts=tuple(d.alert for d in diff.differences),
    )
