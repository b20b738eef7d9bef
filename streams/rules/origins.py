"""How many independent origins stand behind reports: copies of one text are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.extract.sketch import SAME_ORIGIN

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_COMPARED: Final = 60
"""Distinct texts compared with one another; from there on only equal texts are one origin."""


def cluster_origins(reports: Sequence[tuple[str, tuple[int, ...]]]) -> tuple[str, ...]:
    """Give for each report, told by its origin and its sketch, the name of the independent origin it belongs to.

    Copies of copies count as one, whatever the order in which they came: the answer for a set of reports does not
    depend on their order.
    """
    sketches: dict[str, tuple[int, ...]] = {}
    for origin, sketch in sorted(reports):
        sketches.setdefault(origin, sketch)
    leader = {origin: origin for origin in sketches}

    def find(origin: str) -> str:
        while leader[origin] != origin:
            origin = leader[origin]
        return origin

    compared = [o for o, sketch in sketches.items() if sketch][:MAX_COMPARED]
    forms = {o: set(enumerate(sketches[o])) for o in compared}
    for at, a in enumerate(compared):
        for b in compared[at + 1 :]:
            if len(sketches[a]) == len(sketches[b]) and len(forms[a] & forms[b]) >= SAME_ORIGIN * len(
                sketches[a]
            ):
                first, second = sorted((find(a), find(b)))
                leader[second] = first
    return tuple(find(origin) for origin, _ in reports)
