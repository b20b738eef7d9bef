"""Derived identifiers: the same input gives the same id, wherever and whenever it is processed."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("6f1c2a52-5d1b-5a0e-9a55-0d2a60a7b9d4")
"""The root of every derived id. Changing it would make every id in every topic another one."""

_SEPARATOR: Final = "\x1f"


def derived_id(kind: str, *parts: str) -> str:
    """Give the id of what `parts` say, as a lower-case UUID (version 5, RFC 9562).

    `kind` keeps two records of different sorts apart although their parts agree. The parts are
    joined by the unit separator, so that ("ab", "c") and ("a", "bc") differ.
    """
    return str(uuid5(NAMESPACE, _SEPARATOR.join((kind, *parts))))


def content_hash(text: str) -> str:
    """Give the SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def group_key(codes: list[str] | tuple[str, ...]) -> str:
    """Join the codes of actors or parties to one partition key: sorted, each once, such as `CHN|IRN`.

    Without any code the key is `-`, so that no record goes without one.
    """
    return "|".join(sorted(set(codes))) or "-"
