from __future__ import annotations

import subprocess
import tomllib

import pytest

from tests.licences import ROOT, UNKNOWN, allowed_licences, is_allowed, licence_of, list_data, list_packages

ALLOWED = ("MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception")


def test_every_licence_of_what_is_installed_or_shipped_is_allowed() -> None:
    allowed = allowed_licences()
    rows = [row for row in (*list_packages(), *list_data()) if row.why != "other systems"]
    assert len(rows) > 80
    assert [(row.name, row.licence) for row in rows if not is_allowed(row.licence, allowed)] == []
    assert [row.name for row in rows if row.why == "?"] == []


def test_all_data_in_the_package_has_its_licence_told() -> None:
    told = [row.name for row in list_data()]
    assert [path for path in told if not (ROOT / path).exists()] == []
    listed = subprocess.run(
        ["git", "ls-files", "streams", "deploy/rules"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is no working copy of git")
    data = [p for p in listed.stdout.splitlines() if not p.endswith((".py", "/py.typed"))]
    assert data
    assert [p for p in data if not any(p == path or p.startswith(f"{path}/") for path in told)] == []


def test_what_was_said_by_hand_is_still_needed() -> None:
    said = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["dragoman"]["licences"]["said"]
    assert said.keys() <= {row.name for row in list_packages()}


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND Apache-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND (Apache-2.0 OR MIT)", False),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("MIT OR Apache-2.0 AND GPL-3.0-only", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("MIT WITH LLVM-exception", False),
        (UNKNOWN, False),
        ("", False),
        ("(MIT", False),
        ("MIT )", False),
    ],
)
def test_an_expression_is_allowed_if_allowed_licences_meet_it(expression: str, allowed: bool) -> None:
    assert is_allowed(expression, ALLOWED) is allowed


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ({"license_expression": "mit and apache-2.0"}, "MIT AND Apache-2.0"),
        ({"license": "Apache License, Version 2.0"}, "Apache-2.0"),
        ({"license": "bsd-3-clause"}, "BSD-3-Clause"),
        ({"license": "Copyright (c) 2020, Somebody. " * 9, "classifier": ["License :: OSI Approved :: MIT License"]}, "MIT"),
        ({"classifier": ["License :: OSI Approved :: GNU General Public License v2 (GPLv2)"]}, UNKNOWN),
        ({"license": "see the file"}, UNKNOWN),
        ({}, UNKNOWN),
    ],
)  # fmt: skip
def test_what_a_package_says_of_itself_is_read_in_order(metadata: dict[str, object], licence: str) -> None:
    assert licence_of(metadata) == licence
