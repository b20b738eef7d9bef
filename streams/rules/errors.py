"""What can be wrong with a rule, in words that say where and how to mend it."""

from __future__ import annotations


class RuleError(ValueError):
    """A rule that cannot be used: `str()` is `file:line:column: sentence`, as editors and compilers read it."""

    def __init__(self, reason: str, file: str = "", line: int = 0, column: int = 0) -> None:
        where = f"{file}:{line}:{column}: " if line else f"{file}: " if file else ""
        super().__init__(where + reason)
        self.reason = reason
        self.file = file
        self.line = line
        self.column = column
