"""Measure the mentions that the reader finds: `python -m benchmarks.score_mentions [--set en_politics] [--errors 20]`.

It reads the named-entity records of the bench (../shared/bench/ner_dev.jsonl) and prints exact-span precision, recall and
F1 for persons, organisations and places, on the whole and on its two halves: rules are tuned looking at the odd records
alone, so that a gap between the halves shows what was only learnt by heart.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.transcript import LanguageTag, Source, Transcript
from streams.extract.entities import find_mentions, mention_spans, resolve_entities
from streams.extract.models import load_models
from streams.extract.reading import Reading
from streams.extract.segments import split_segments, split_sentences

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.extract.models import Models

BENCH: Final = Path("../shared/bench/ner_dev.jsonl")
CASES: Final[dict[str, Callable[[str], str]]] = {"as-written": str, "upper": str.upper, "lower": str.lower}
LABELS: Final = ("PER", "ORG", "LOC")
_ARTICLE: Final = re.compile(r"(?i)the\s+")
_POSSESSIVE: Final = re.compile(r"\s?['’]s$")

Span = tuple[int, int, str]


def trim(text: str, span: Span) -> Span:
    """Cut a leading article and a trailing possessive off, as the bench's scorer does."""
    start, end, label = span
    article = _ARTICLE.match(text, start, end)
    if article and article.end() < end:
        start = article.end()
    possessive = _POSSESSIVE.search(text[start:end])
    if possessive and possessive.start():
        end = start + possessive.start()
    return start, end, label


def read_spans(text: str, language: str, models: Models) -> list[Span]:
    """Read one text as a transcript and give its names."""
    transcript = Transcript(
        id="bench",
        source=Source(broadcaster="bench"),
        text=text,
        ingest_time=datetime(2026, 1, 1, tzinfo=UTC),
    )
    tag = LanguageTag(language=language, confidence=1.0)
    segments = split_segments(transcript, tag)
    reading = Reading(transcript, tag, segments, split_sentences(text, segments, tag))
    return mention_spans(resolve_entities(reading, find_mentions(reading, models), models))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gold", type=Path, default=BENCH, help="records with id, set, lang, text and spans")
    parser.add_argument("--set", default="", help="measure this set alone")
    parser.add_argument(
        "--case", choices=sorted(CASES), default="as-written", help="measure on captions, so to say"
    )
    parser.add_argument("--errors", type=int, default=0, help="show the errors of so many odd records")
    options = parser.parse_args()
    if not options.gold.is_file():
        sys.exit(f"{options.gold} is not there: the bench's records are needed, name them with --gold")
    models = load_models()
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    shown = 0
    records = [json.loads(line) for line in options.gold.read_text(encoding="utf-8").splitlines()]
    for number, record in enumerate(r for r in records if options.set in {"", r["set"]}):
        text = CASES[options.case](record["text"])
        if len(text) != len(record["text"]):
            continue  # a letter that is two in the other case would move the spans
        gold = {trim(text, (start, end, label)) for start, end, label in record["spans"]}
        mine = {trim(text, span) for span in read_spans(text, record["lang"], models)}
        for half in ("all", "odd" if number % 2 else "even"):
            for label in (*LABELS, "all"):
                right = {s for s in gold if label in {"all", s[2]}}
                found = {s for s in mine if label in {"all", s[2]}}
                count = counts[record["set"], half, label]
                for index, size in enumerate((len(right & found), len(found), len(right))):
                    count[index] += size
        if number % 2 and gold != mine and shown < options.errors:
            shown += 1
            print("\n" + text)  # noqa: T201 - a report
            for name, spans in (("missed", gold - mine), ("extra", mine - gold)):
                print(f"  {name}: " + "; ".join(f"{label} {text[s:e]}" for s, e, label in sorted(spans)))  # noqa: T201
    print(f"{'set':14} {'half':5} {'type':4} {'P':>6} {'R':>6} {'F1':>6} {'gold':>6}")  # noqa: T201
    for (name, half, label), (hit, found_n, gold_n) in sorted(counts.items()):
        precision, recall = hit / max(1, found_n), hit / max(1, gold_n)
        f1 = 2 * hit / max(1, found_n + gold_n)
        print(f"{name:14} {half:5} {label:4} {precision:6.3f} {recall:6.3f} {f1:6.3f} {gold_n:6d}")  # noqa: T201


if __name__ == "__main__":
    main()
