#!/usr/bin/env python3
"""Score the parts of transcripts: a part counts when kind, start and end are those of the gold. Standard library only.

    score_segments.py --gold transcripts.jsonl --pred mine.jsonl [--errors]

Gold: `{"id", "text", "segments": [{kind, start, end}]}` a line. Prediction: `{"id", "segments": [...]}` in the same form,
as `dragoman extract --segments` writes it. It prints precision, recall and F1 of all parts, of each kind, and of the
bounds alone; the gold is halved by the number in its ids, so that a fit to one half shows.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any


def main() -> None:
    """Read gold and prediction and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gold", required=True, type=Path)
    parser.add_argument("--pred", required=True, type=Path)
    parser.add_argument("--errors", action="store_true", help="print every part that is in one of them only")
    options = parser.parse_args()
    gold = {record["id"]: record for record in _read(options.gold)}
    pred = {record["id"]: record for record in _read(options.pred)}
    right: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for number, (name, record) in enumerate(gold.items()):
        digits = re.findall(r"\d+", name)
        half = f"half {int(digits[-1]) % 2 if digits else number % 2}"
        want = {(part["kind"], part["start"], part["end"]) for part in record["segments"]}
        have = {
            (part["kind"], part["start"], part["end"])
            for part in pred.get(name, {"segments": []})["segments"]
        }
        for counter, parts in ((right, want & have), (wanted, want), (found, have)):
            for kind, _, _ in parts:
                counter.update(("all", half, kind))
        bounds = {part[1:] for part in want}, {part[1:] for part in have}
        right["bounds alone"] += len(bounds[0] & bounds[1])
        wanted["bounds alone"] += len(bounds[0])
        found["bounds alone"] += len(bounds[1])
        if options.errors:
            for mark, parts in (("missed", want - have), ("added ", have - want)):
                for kind, start, end in sorted(parts, key=lambda part: part[1]):
                    print(f"{name} {mark} {kind:12} {start:5}-{end:<5} {record['text'][start:end][:100]!r}")  # noqa: T201 - it is what the command is for
    first = ("all", "half 0", "half 1", "bounds alone")
    for kind in (*first, *sorted(set(wanted | found) - set(first))):
        precision = right[kind] / found[kind] if found[kind] else 0.0
        recall = right[kind] / wanted[kind] if wanted[kind] else 0.0
        score = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        print(f"{kind:14} F1 {score:.3f}   P {precision:.3f}   R {recall:.3f}   of {wanted[kind]}")  # noqa: T201 - as above


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main()
