"""What can be wrong with a rule, in words that say where and how to mend it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]
"""Where in a rule: the keys and list places that lead there, such as ("detection", "signed", "transition.stage")."""


class RuleError(ValueError):
    """A rule that cannot be used: `str()` is `file:line:column: sentence`, as editors and compilers read it."""

    def __init__(
        self,
        reason: str,
        file: str = "",
        line: int = 0,
        column: int = 0,
        *,
        path: Path = (),
        offset: int = 0,
        of_value: bool = False,
    ) -> None:
        where = f"{file}:{line}:{column}: " if line else f"{file}: " if file else ""
        if not where and path:
            where = ".".join(str(step) for step in path) + ": "
        super().__init__(where + reason)
        self.reason = reason
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.offset = offset
        """How many signs into the value, for errors within a condition or a text expression."""
        self.of_value = of_value
        """The value at the path is wrong, not its key."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Name the right word that is most like a wrong one: `; did you mean "x"?`, or the known words if few, or nothing."""
    words = sorted(set(known))
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if not close:
        by_fold = {w.casefold().replace("-", "_"): w for w in words}
        same = by_fold.get(word.casefold().replace("-", "_"))
        close = [same] if same else []
    if close:
        return f'; did you mean "{close[0]}"?'
    if words and len(words) <= 20:  # noqa: PLR2004 - as many as one reads
        return "; known are " + ", ".join(words)
    return ""
