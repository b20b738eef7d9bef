"""Figures on a page of the docs: what a benchmark printed stands between two marks, and nothing else there does."""

from __future__ import annotations

from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parent.parent / "docs"
_END: Final = "<!-- end -->"


def keep_on_page(name: str, command: str, text: str) -> None:
    """Put what a command printed in the place of what it printed before."""
    page = DOCS / name
    head, mark, rest = page.read_text(encoding="utf-8").partition(f"<!-- written by {command} -->")
    if not mark:
        raise ValueError(f"docs/{name} has no place for what {command} prints")
    _, end, tail = rest.partition(_END)
    page.write_text(f"{head}{mark}\n\n{text}\n\n{end}{tail}", encoding="utf-8")
