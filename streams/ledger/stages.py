"""The life of an instrument as data: what may follow what, and what a step back means."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from schemas.agreement import TransitionKind
from schemas.event import EXITS, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

LIFE: Final = (
    Stage.PROPOSED, Stage.NEGOTIATING, Stage.DRAFTING, Stage.AGREED, Stage.TO_BE_SIGNED, Stage.INITIALLED,
    Stage.SIGNED, Stage.AWAITING_RATIFICATION, Stage.RATIFIED, Stage.IN_FORCE, Stage.EXTENDED,
)  # fmt: skip
"""The stages in the order of a life. Reports skip steps, so any later one may follow an earlier one."""

RANK: Final[Mapping[Stage, int]] = {stage: at for at, stage in enumerate(LIFE)}

_TALKS: Final = frozenset(LIFE[: RANK[Stage.SIGNED]])
_BOUND: Final = frozenset(LIFE[RANK[Stage.SIGNED] :])

EXIT_FROM: Final[Mapping[Stage, frozenset[Stage]]] = {
    # talks fail; a parliament refuses what was signed
    Stage.REJECTED: _TALKS | {Stage.SIGNED, Stage.AWAITING_RATIFICATION, Stage.SUSPENDED},
    Stage.SUSPENDED: frozenset(LIFE) | {Stage.VIOLATED},
    Stage.WITHDRAWN: frozenset(LIFE) | {Stage.SUSPENDED, Stage.VIOLATED},
    # what was never agreed cannot run out or be broken
    Stage.EXPIRED: _BOUND | {Stage.AGREED, Stage.SUSPENDED, Stage.VIOLATED},
    Stage.VIOLATED: _BOUND | {Stage.AGREED, Stage.SUSPENDED},
}
"""Exit to the stages from which it may be taken."""

REVIVAL_AFTER: Final = timedelta(days=1)
"""How long after an exit a report of life is a revival. Before that it is the history told along with the exit."""
RETOLD_FOR: Final = timedelta(days=45)
"""A signature is retold as news for so long: after an exit it revives nothing, later it is another instrument."""

EXTENDED_AGAIN_AFTER: Final = timedelta(days=7)
"""An instrument may be extended again and again; two reports within this time speak of one extension."""


def is_concluded(stage: Stage) -> bool:
    """Tell whether the instrument was signed, at the least."""
    return stage in _BOUND


def step_kind(before: Stage, after: Stage) -> TransitionKind | None:
    """Say what it means that `after` is told of an instrument that stands at `before`; None: it is no step.

    A step back in life is none: whether it corrects something is for the ledger to say, by source and time.
    """
    if after in EXITS:
        return TransitionKind.EXIT if before in EXIT_FROM[after] else None
    if after not in RANK:
        return None
    if before in EXITS:
        return TransitionKind.REVIVAL
    return TransitionKind.STEP if RANK[after] > RANK[before] else None


def is_revival(before_exit: Stage | None, exit_stage: Stage, told: Stage, passed: timedelta) -> bool:
    """Tell whether a report of life, so long after an exit, brings the instrument back.

    Further than it had come, or negotiated anew, or in force again: soon. The signature that it had had before: only
    once nobody retells that as news.
    """
    if passed <= timedelta(0) or told not in RANK:
        return False
    further = before_exit is not None and before_exit in RANK and RANK[told] > RANK[before_exit]
    if further and exit_stage is Stage.REJECTED:
        return True
    retold = told in {Stage.INITIALLED, Stage.SIGNED, Stage.AWAITING_RATIFICATION, Stage.RATIFIED}
    return passed >= (RETOLD_FOR if retold and not further else REVIVAL_AFTER)


def is_contradicted(standing: Stage, denied: Stage) -> bool:
    """Tell whether the denial of a stage speaks against where an instrument stands.

    That it "has not been signed" says nothing against a draft, but something against a ratification.
    """
    if standing in EXITS or denied in EXITS:
        return standing is denied
    return standing in RANK and denied in RANK and RANK[denied] <= RANK[standing]
