"""Known vulnerabilities of what is locked: `make audit`, by pip-audit. Exit code 0: none, 1: some, 3: it cannot be told here.

It asks the package index that publishes advisories with its packages; a mirror often serves the packages alone. No
answer is not the same as no vulnerability, and so has an exit code of its own.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import orjson

ROOT: Final = Path(__file__).parents[1]
LOCK: Final = ROOT / "requirements" / "extras.txt"
UNTOLD: Final = 3


@dataclass(frozen=True, slots=True)
class Audit:
    """What came of it."""

    exit_code: int
    lines: tuple[str, ...]


def judge(report: dict[str, Any]) -> Audit:
    """Say what a report of pip-audit comes to."""
    packages = report["dependencies"]
    asked = [p for p in packages if "skip_reason" not in p]
    skipped = [p["name"] for p in packages if "skip_reason" in p]
    if not asked:
        return Audit(
            UNTOLD,
            (
                "the package index that answers here publishes no advisories: run this where the official one answers",
            ),
        )
    lines = [
        f"{p['name']} {p['version']}: {v['id']}"
        + (f", mended in {', '.join(v['fix_versions'])}" if v["fix_versions"] else "")
        for p in asked
        for v in p["vulns"]
    ]
    found = len(lines)
    lines.append(f"{len(asked)} packages asked for, {found} known vulnerabilit{'y' if found == 1 else 'ies'}")
    if skipped:
        lines.append(f"nothing is known of {', '.join(skipped)}")
    return Audit(int(bool(found)), tuple(lines))


def main() -> int:
    """Ask, and print what came of it."""
    words = [
        sys.executable,
        "-m",
        "pip_audit",
        "-r",
        str(LOCK),
        "--disable-pip",
        "--require-hashes",
        "-f",
        "json",
    ]
    done = subprocess.run([*words, "--progress-spinner", "off"], capture_output=True, check=False)
    try:
        audit = judge(orjson.loads(done.stdout))
    except (orjson.JSONDecodeError, KeyError):
        last = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        audit = Audit(UNTOLD, (f"pip-audit could not ask: {last[-1][:300]}",))
    for line in audit.lines:
        click.echo(f"audit: {line}", err=audit.exit_code != 0)
    return audit.exit_code


if __name__ == "__main__":
    sys.exit(main())
