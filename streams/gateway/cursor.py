"""The cursor of a stream: for each partition the offset that comes next, such as `0:42,1:17`.

It travels as the `id:` of a server-sent event and comes back as `Last-Event-ID`, so that a client resumes with no gap and
no repeat, whichever gateway it reaches.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_CURSOR: Final = re.compile(r"\d{1,6}:\d{1,18}(?:,\d{1,6}:\d{1,18}){0,9999}")


class CursorError(ValueError):
    """A cursor that this gateway did not write."""


def format_cursor(positions: Mapping[int, int]) -> str:
    """Write partition and next offset, by partition; empty for no partition."""
    return ",".join(f"{partition}:{positions[partition]}" for partition in sorted(positions))


def parse_cursor(text: str) -> dict[int, int]:
    """Read a cursor.

    Raises:
        CursorError: it is not of the form `partition:offset,...`, or names a partition twice.
    """
    if not _CURSOR.fullmatch(text):
        raise CursorError(
            f"not a cursor: {text[:60]!r}; send back the id of the last event, such as 0:42,1:17"
        )
    pairs = [pair.split(":") for pair in text.split(",")]
    positions = {int(partition): int(offset) for partition, offset in pairs}
    if len(positions) != len(pairs):
        raise CursorError(f"not a cursor: {text[:60]!r} names a partition twice")
    return positions


def clamp_cursor(
    positions: Mapping[int, int], begin: Mapping[int, int], end: Mapping[int, int]
) -> tuple[dict[int, int], tuple[int, ...]]:
    """Bring a cursor within what the topic still holds.

    Partitions that the cursor does not name start at their beginning: they came after it. Returns the positions and the
    partitions whose records between the cursor and now can no longer be given (out of retention, or another topic of the
    same name): the client must be told.
    """
    resumed: dict[int, int] = {}
    lost: list[int] = []
    for partition in sorted(begin):
        wanted = positions.get(partition, begin[partition])
        if begin[partition] <= wanted <= end[partition]:
            resumed[partition] = wanted
        else:
            resumed[partition] = begin[partition]
            lost.append(partition)
    return resumed, tuple(lost)
