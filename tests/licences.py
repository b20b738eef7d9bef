"""The licence of everything that is installed or shipped: `make licences` lists them and fails on one that is not allowed.

What a package says of itself counts, in this order: its SPDX expression (PEP 639), its field `License` where that is
one, its classifier. Where none of them is clear, `[tool.dragoman.licences.said]` in pyproject.toml says what its
licence file says. Which licences are allowed stands beside it, and so do data and models that lie in the package.
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).parents[1]
UNKNOWN: Final = "not known"

_CLASSIFIERS: Final = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
"""Classifiers that leave no doubt, or the usual one of them."""
_WORDS: Final = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache2": "Apache-2.0",
    "mit license": "MIT",
    "psfl": "PSF-2.0",
}
"""What packages write for a licence that has an SPDX name."""


@dataclass(frozen=True, slots=True)
class Row:
    """One package or one piece of data."""

    name: str
    version: str
    licence: str
    why: str
    """`direct`, the packages that want it, or where the data is from."""


def list_packages(root: Path = ROOT) -> list[Row]:
    """Give every package of the locks for running and for the extras, by name; one for other systems has its licence not read."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    said: Mapping[str, str] = project["tool"]["dragoman"]["licences"]["said"]
    locked = _locked((root / "requirements" / "extras.txt").read_text("utf-8"))
    direct = [Requirement(item) for item in project["project"]["dependencies"]]
    for items in project["project"]["optional-dependencies"].values():
        direct += [Requirement(item) for item in items]
    wanted_by = _wanted_by(direct, locked)
    rows = []
    for name, version in sorted(locked.items()):
        found = _distribution(name)
        if found is None:
            rows.append(Row(name, version, said.get(name, UNKNOWN), "other systems"))
            continue
        licence = said.get(name) or licence_of(found.metadata.json)
        rows.append(Row(name, version, licence, ", ".join(wanted_by.get(name, ("?",)))))
    return rows


def list_data(root: Path = ROOT) -> list[Row]:
    """Give the models and data that lie in the package, as pyproject.toml tells."""
    told = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["dragoman"]["licences"]["data"]
    return [Row(item["path"], "", item["licence"], item["origin"]) for item in told]


def licence_of(metadata: Mapping[str, Any]) -> str:
    """Give the SPDX expression of a package by its metadata, or that it is not known."""
    expression = str(metadata.get("license_expression") or "")
    if expression:
        return str(canonicalize_license_expression(expression))
    text = str(metadata.get("license") or "").strip()
    named = _WORDS.get(text.lower(), text)
    try:
        if named and len(named) < 60:  # longer is the licence itself
            return str(canonicalize_license_expression(named))
    except InvalidLicenseExpression:
        pass
    classifiers = [
        c.rpartition(" :: ")[2] for c in metadata.get("classifier", ()) if c.startswith("License ::")
    ]
    known = sorted({_CLASSIFIERS[c] for c in classifiers if c in _CLASSIFIERS})
    return known[0] if len(known) == 1 and len(classifiers) == 1 else UNKNOWN


def is_allowed(expression: str, allowed: Iterable[str]) -> bool:
    """Tell whether an SPDX expression can be met by allowed licences alone: each of `AND`, one of `OR`."""
    words = re.findall(r"\(|\)|[^\s()]+(?: WITH [^\s()]+)?", expression)
    value, rest = _or(words, frozenset(allowed))
    return value and not rest


def _or(words: Sequence[str], allowed: frozenset[str]) -> tuple[bool, Sequence[str]]:
    value, rest = _and(words, allowed)
    while rest and rest[0] == "OR":
        other, rest = _and(rest[1:], allowed)
        value = value or other
    return value, rest


def _and(words: Sequence[str], allowed: frozenset[str]) -> tuple[bool, Sequence[str]]:
    value, rest = _one(words, allowed)
    while rest and rest[0] == "AND":
        other, rest = _one(rest[1:], allowed)
        value = value and other
    return value, rest


def _one(words: Sequence[str], allowed: frozenset[str]) -> tuple[bool, Sequence[str]]:
    if not words:
        return False, words
    if words[0] == "(":
        value, rest = _or(words[1:], allowed)
        return (value, rest[1:]) if rest[:1] == [")"] else (False, rest)
    return words[0] in allowed, words[1:]


def _locked(text: str) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {str(canonicalize_name(name)): version for name, version in found}


def _distribution(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _wanted_by(direct: Iterable[Requirement], locked: Mapping[str, str]) -> dict[str, list[str]]:
    """Give for each package who wants it: `direct`, or the names of packages."""
    wanted: dict[str, set[str]] = {}
    open_: list[tuple[str, Requirement]] = [("direct", item) for item in direct]
    seen: set[tuple[str, frozenset[str]]] = set()
    while open_:
        who, item = open_.pop()
        name = str(canonicalize_name(item.name))
        if name not in locked:
            continue
        wanted.setdefault(name, set()).add(who)
        extras = frozenset(item.extras)
        if (name, extras) not in seen:
            seen.add((name, extras))
            open_ += [(name, below) for below in _requirements(name, extras)]
    return {name: ["direct"] if "direct" in who else sorted(who) for name, who in wanted.items()}


def _requirements(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    found = _distribution(name)
    for text in (found.requires if found is not None else None) or ():
        item = Requirement(text)
        if item.marker is None or any(item.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield item


def allowed_licences(root: Path = ROOT) -> tuple[str, ...]:
    """Give the licences that pyproject.toml allows."""
    told = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["dragoman"]["licences"]
    return tuple(told["allowed"])


def main() -> int:
    """Print the list; exit code 1 if a licence is not allowed or not known."""
    allowed = allowed_licences()
    wrong = []
    for title, rows in (
        ("Packages, for running and for the extras", list_packages()),
        ("Data and models in the package", list_data()),
    ):
        click.echo(f"{title}\n")
        name_width, version_width = (max(len(getattr(r, n)) for r in rows) for n in ("name", "version"))
        licence_width = max(len(r.licence) for r in rows)
        for row in rows:
            refused = row.why != "other systems" and not is_allowed(row.licence, allowed)
            wrong += [row] if refused else []
            version = f"{row.version:<{version_width}}  " if version_width else ""
            click.echo(
                f"{'! ' if refused else '  '}{row.name:<{name_width}}  {version}{row.licence:<{licence_width}}  {row.why}".rstrip()
            )
        click.echo()
    for row in wrong:
        click.echo(
            f"{row.name}: the licence {row.licence} is not allowed: leave it out, or say in pyproject.toml under "
            "[tool.dragoman.licences] why it is",
            err=True,
        )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
