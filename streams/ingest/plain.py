"""Plain text, with or without a block of header lines above it."""

from __future__ import annotations

import re
from typing import Any, Final

from schemas.contract import ContractError

HEADERS: Final = {
    "id": "id",
    "source": "source.broadcaster",
    "programme": "source.programme",
    "medium": "source.medium",
    "country": "source.country",
    "language": "language",
    "title": "title",
    "published": "published_time",
    "broadcast": "broadcast_time",
    "place": "place",
    "translated-from": "translation.source_language",
    "translated-by": "translation.by",
}
"""Header line, in small letters, to the field of a transcript that it fills."""

_LINE: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,39}):[ \t]*(.*)")


def parse_plain(text: str) -> dict[str, Any]:
    """Give the fields of a plain text.

    If the first line is one of `HEADERS`, all lines down to the first blank one are header lines, and the text
    begins after it. Else everything is text. Header lines of other names are kept under `extra`.

    Raises:
        ContractError: the block has a line that is none, a line twice, or no blank line after it.
    """
    lines = text.splitlines(keepends=True)
    first = _LINE.match(lines[0]) if lines else None
    if first is None or first[1].lower() not in HEADERS:
        return {"text": text}
    fields: dict[str, Any] = {}
    seen: set[str] = set()
    used = 0
    for number, line in enumerate(lines, start=1):
        used += len(line)
        if not line.strip():
            break
        found = _LINE.match(line.rstrip())
        if found is None:
            raise ContractError(
                "schema",
                f"line {number}: {line.strip()[:40]!r} is no header line `Name: value`; a blank line ends the header",
            )
        name, value = found[1].lower(), found[2].strip()
        if name in seen:
            raise ContractError("schema", f"line {number}: {found[1]} stands twice in the header")
        seen.add(name)
        _put(fields, name, found[1], value)
    return {**fields, "text": text[used:]}


def _put(fields: dict[str, Any], name: str, written: str, value: str) -> None:
    if not value:
        return
    path = HEADERS.get(name)
    if path is None:
        fields.setdefault("extra", {})[written] = value
        return
    room, _, field = path.rpartition(".")
    if field == "medium":
        value = value.lower()
    (fields.setdefault(room, {}) if room else fields)[field] = value
