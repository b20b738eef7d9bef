"""Measure alerts on whole real briefings: `python -m benchmarks.eval_briefings [--seed N] [--count N] [--list RULE]`.

Draws texts from the corpus of White House briefings (public domain, up to 100 kB each), reads them in the order in which
they appeared through the shipped rules, and holds every alert against the verdicts of tests/quality/briefings.tsv, which
has no text: corpus id, rule, start and end of the evidence, parties, and `right`, `wrong` or `open` (readers may differ). Lines
with `wanted` are alerts that a careful reader of the text would have raised; they give the recall.

The texts of seed 7 were looked at while the reader was mended; those of seed 11 only to judge their alerts. `--list RULE`, or
`--list all`, prints alerts that have no verdict yet, with the words around their evidence, for who judges; `--write` puts the
table of both samples into docs/quality.md.
"""

from __future__ import annotations

import argparse
import json
import lzma
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from schemas.alert import AlertChangeKind
from schemas.transcript import parse_transcript
from streams.extract.models import load_models
from streams.replay.run import run_transcripts
from streams.rules.load import load_rule, pack_folder, rule_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.alert import Alert
    from schemas.transcript import Transcript

ROOT: Final = Path(__file__).resolve().parents[1]
CORPUS: Final = ROOT.parent / "shared" / "corpus" / "white_house_2021_2023.jsonl.xz"
VERDICTS: Final = ROOT / "tests" / "quality" / "briefings.tsv"
QUALITY: Final = ROOT / "docs" / "quality.md"
BEGIN, END = "<!-- briefings: written by benchmarks/eval_briefings.py -->", "<!-- briefings end -->"
SAMPLES: Final = ((7, 500), (11, 250))
"""Seed and count of the sample that was mended with and of the one that was only judged."""
_AROUND: Final = 260


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader says of one alert; it holds for the same rule and parties where the evidence overlaps."""

    id: str
    rule: str
    start: int
    end: int
    parties: str
    says: str


@dataclass(frozen=True, slots=True)
class Raised:
    """One alert of a sample."""

    id: str
    rule: str
    start: int
    end: int
    parties: str
    alert: Alert


def load_verdicts() -> list[Verdict]:
    """Load what readers said."""
    rows = (line.split("\t") for line in VERDICTS.read_text(encoding="utf-8").splitlines()[1:])
    return [
        Verdict(i, rule, int(start), int(end), parties, says) for i, rule, start, end, parties, says in rows
    ]


def draw(seed: int, count: int) -> dict[str, Transcript]:
    """Draw texts, in the order in which they appeared, by their corpus id; none twice in two samples."""
    with lzma.open(CORPUS, "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    first, size = SAMPLES[0]
    known = Random(first).sample(range(len(lines)), size)  # noqa: S311 - a sample, not a secret
    others = range(len(lines)) if seed == first else sorted(set(range(len(lines))) - set(known))
    drawn = sorted(Random(seed).sample(others, count))  # noqa: S311 - as above
    return {lines[at]["id"]: _transcript(lines[at]) for at in drawn}


def _transcript(line: dict[str, Any]) -> Transcript:
    time = line["published"] or f"{line['date']}T12:00:00+00:00"
    return parse_transcript(
        {
            "external_id": line["id"],
            "source": {"broadcaster": "White House", "country": "USA", "medium": "press"},
            "title": line["title"],
            "text": line["text"],
            "published_time": time,
            "ingest_time": datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
        }
    )


def raise_alerts(texts: dict[str, Transcript]) -> Iterator[Raised]:
    """Give the alerts that the shipped rules raise on the texts."""
    rules = {path.stem: load_rule(path) for path in rule_files(pack_folder())}
    names = {rule.id: name for name, rule in rules.items()}
    ids = {transcript.id: name for name, transcript in texts.items()}
    for change in run_transcripts(texts.values(), load_models(), rules.values()):
        if change.kind is not AlertChangeKind.RAISE:
            continue
        subject = change.alert.subjects[-1]
        first = min(subject.evidence, key=lambda e: e.start, default=None)
        start, end = (first.start, first.end) if first else (0, 0)
        parties = "|".join(sorted({p.code or p.name for p in change.alert.parties})) or "-"
        rule = names[change.alert.rule_id]
        yield Raised(ids[subject.transcript_id], rule, start, end, parties, change.alert)


def verdict_on(raised: Raised, verdicts: Sequence[Verdict]) -> str | None:
    """Give what was said of an alert, if anything."""
    return next(
        (
            v.says
            for v in verdicts
            if v.says != "wanted"
            and (v.rule, v.parties) == (raised.rule, raised.parties)
            and v.start < raised.end
            and raised.start < v.end
        ),
        None,
    )


def recall(raised: Sequence[Raised], verdicts: Sequence[Verdict], ids: set[str]) -> tuple[int, int]:
    """Give how many of the alerts that somebody found right, in any reading, or missed are raised, and how many there are."""
    due = {(v.id, v.rule, v.parties) for v in verdicts if v.says in {"right", "wanted"} and v.id in ids}
    return len(due & {(r.id, r.rule, r.parties) for r in raised}), len(due)


def table(count: int, raised: Sequence[Raised], verdicts: Sequence[Verdict], ids: set[str]) -> list[str]:
    """Lay out, rule by rule, how many alerts there are and how many of the judged are right."""
    by_id: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_id[verdict.id].append(verdict)
    found: dict[str, list[str]] = defaultdict(list)
    for item in raised:
        found[item.rule].append(verdict_on(item, by_id[item.id]) or "not judged")
    lines = [
        "| rule | alerts per 100 texts | judged | right | open | wrong | share right |",
        "| --- " * 7 + "|",
    ]
    said_of_all = [said for rule in found for said in found[rule]]
    for rule, said in [*sorted(found.items()), ("all", said_of_all)]:
        right, unsure, wrong = (said.count(word) for word in ("right", "open", "wrong"))
        judged = right + unsure + wrong
        share = f"{right / (right + wrong):.2f}" if right + wrong else ""
        rate = f"{100 * len(said) / count:.1f}"
        lines.append(
            f"| {rule} | {rate} | {judged} of {len(said)} | {right} | {unsure} | {wrong} | {share} |"
        )
    met, due = recall(raised, verdicts, ids)
    return [
        *lines,
        "",
        f"Of the {due} alerts of these texts that were right in some reading, or wanted, {met} are raised.",
    ]


def main() -> None:
    """Print the table of a sample, or the alerts of a rule that nobody has judged."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=SAMPLES[0][0])
    parser.add_argument("--count", type=int, default=SAMPLES[0][1])
    parser.add_argument("--list", metavar="RULE")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if not CORPUS.is_file():
        sys.exit(
            f"{CORPUS} is not there: the briefings are no part of the project, and nothing is measured without them."
        )
    verdicts = load_verdicts()
    if options.write:
        _write([line for seed, count in SAMPLES for line in _measure(seed, count, verdicts)])
        return
    if options.list is None:
        sys.stdout.write("\n".join(_measure(options.seed, options.count, verdicts)) + "\n")
        return
    texts = draw(options.seed, options.count)
    for raised in sorted(raise_alerts(texts), key=lambda r: r.rule):
        if (
            options.list in {"all", raised.rule}
            and verdict_on(raised, [v for v in verdicts if v.id == raised.id]) is None
        ):
            _show(raised, texts[raised.id].text)


def _measure(seed: int, count: int, verdicts: Sequence[Verdict]) -> list[str]:
    texts = draw(seed, count)
    raised = list(raise_alerts(texts))
    lines = table(count, raised, verdicts, set(texts))
    return [f"{count} texts, seed {seed}:", "", *lines, ""]


def _write(lines: Sequence[str]) -> None:
    head, _, rest = QUALITY.read_text(encoding="utf-8").partition(BEGIN)
    tail = rest.partition(END)[2]
    QUALITY.write_text("\n".join([head + BEGIN, "", *lines, END]) + tail, encoding="utf-8")


def _show(raised: Raised, text: str) -> None:
    """Print an alert as a line of the verdicts' file without a verdict, and the words around its evidence."""
    row = (raised.id, raised.rule, str(raised.start), str(raised.end), raised.parties)
    before = text[max(0, raised.start - _AROUND) : raised.start]
    after = text[raised.end : raised.end + _AROUND // 2]
    said = " ".join(f"{before}[[{text[raised.start : raised.end]}]]{after}".split())
    sys.stdout.write("\t".join(row) + f"\n  {raised.alert.summary}\n  {said}\n\n")


if __name__ == "__main__":
    main()
