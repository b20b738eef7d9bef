"""Show where the reading of agreements differs from the development passages, each half apart.

    python benchmarks/eval_agreements.py BENCH_FOLDER [--errors all|even|odd] [--file NAME]

benchmarks/eval.py measures through the command, as it is judged from outside; this one reads in the process, lists single
errors, and shows how often a confidence is right. The alert here is the policy of the bench's README over the reports.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from schemas.event import SECURITY_DOMAINS, EventContext, Polarity, Scope, Stage
from schemas.transcript import parse_transcript
from streams.extract.agreements import FoundAgreement, find_agreements
from streams.extract.entities import find_mentions, resolve_entities
from streams.extract.language import tag_language
from streams.extract.models import Models, load_models
from streams.extract.reading import Reading
from streams.extract.segments import split_segments, split_sentences

if TYPE_CHECKING:
    from types import ModuleType

Record = dict[str, Any]
UNDATED: Final = "2026-01-01"
_WHOLE_DATE: Final = len(UNDATED)
_BETWEEN_STATES: Final = frozenset({Scope.INTER, Scope.MULTI, Scope.STATE_ORG, Scope.IGO})
_COLUMNS: Final = (
    ("alert", "alert"),
    ("clear", "alert_clear_cases"),
    ("instrument", "instrument"),
    ("new step", "new_step_instrument"),
    ("parties", "party_end_to_end"),
    ("domain", "domain_micro"),
)


def read_passage(record: Record, models: Models) -> tuple[FoundAgreement, ...]:
    """Read one passage; one without a whole date is read as of `UNDATED`."""
    day = record.get("date_if_known") or ""
    time = f"{day if len(day) == _WHOLE_DATE else UNDATED}T12:00:00Z"
    value = {
        "id": record["id"],
        "source": {"broadcaster": "bench"},
        "title": record.get("headline"),
        "text": record["text"],
        "ingest_time": time,
        "published_time": time,
    }
    transcript = parse_transcript(value)
    language = tag_language(transcript, models)
    segments = split_segments(transcript, language)
    reading = Reading(transcript, language, segments, split_sentences(transcript.text, segments, language))
    context = EventContext(
        transcript_id=transcript.id,
        title=transcript.title,
        source=transcript.source,
        language=language.language,
        event_time=transcript.event_time,
        content_hash="",
    )
    resolved = resolve_entities(reading, find_mentions(reading, models), models)
    return find_agreements(reading, resolved, context, models)


def is_alert(found: FoundAgreement) -> bool:
    """Say whether the policy of the bench wants the report."""
    report = found.report
    step = report.is_news and (report.polarity is Polarity.ASSERTED or report.stage is Stage.REJECTED)
    return step and report.scope in _BETWEEN_STATES and bool(SECURITY_DOMAINS & set(report.domains))


def predict(record: Record, models: Models) -> Record:
    """Write a passage's reading in the format of the scorer."""
    found = read_passage(record, models)
    instruments = [
        {
            "type": f.report.instrument.value,
            "stage": f.report.stage.value,
            "domain": list(f.report.domains),
            "scope": f.report.scope.value,
            "parties": [{"code": p.code, "name": p.name} for p in f.report.parties],
            "evidence_span": f.evidence.text,
            "polarity": f.report.polarity.value,
            "is_news": f.report.is_news,
            "confidence": f.confidence,
        }
        for f in found
    ]
    return {
        "id": record["id"],
        "is_security_mou_alert": any(map(is_alert, found)),
        "instruments": instruments,
    }


def main() -> None:
    """Print the scores of all passages, of those with an even number and of those with an odd one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bench", type=Path)
    parser.add_argument("--file", default="agreements_dev.jsonl")
    parser.add_argument("--errors", choices=["all", "even", "odd"])
    options = parser.parse_args()
    scorer = load_scorer(options.bench / "score_agreements.py")
    lines = (options.bench / options.file).read_text(encoding="utf-8").splitlines()
    gold: list[Record] = [json.loads(line) for line in lines]
    models = load_models()
    predictions = {record["id"]: predict(record, models) for record in gold}
    parts = {
        "all": gold,
        "even": [record for record in gold if number_of(record) % 2 == 0],
        "odd": [record for record in gold if number_of(record) % 2],
    }
    for name, part in parts.items():
        say(scores(name, scorer.score(part, predictions)))
    calibrate(gold, predictions, scorer)
    for record in parts[options.errors] if options.errors else ():
        show(record, predictions[record["id"]], scorer)


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def load_scorer(path: Path) -> ModuleType:
    """Load the bench's own scorer."""
    spec = importlib.util.spec_from_file_location("scorer", path)
    if spec is None or spec.loader is None:
        sys.exit(f"{path} is no scorer: name the folder of the bench")
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    return scorer


def number_of(record: Record) -> int:
    """Give the number in the id of a passage."""
    return int(record["id"].rpartition("-")[2])


def scores(name: str, result: Record) -> str:
    """Write the scores of one part in a line."""
    rates = (
        f"{title} {result[key]['p']:.3f}/{result[key]['r']:.3f}/{result[key]['f1']:.3f}"
        for title, key in _COLUMNS
    )
    keys = ("stage_accuracy", "stage_macro_f1", "polarity_accuracy", "is_news_accuracy")
    others = (f"{key} {result[key]:.3f}" for key in keys)
    return f"{name}: " + ", ".join((*rates, *others))


def calibrate(gold: list[Record], predictions: dict[str, Record], scorer: ModuleType) -> None:
    """Print how often an instrument is one, with the right stage, by the confidence that it was given."""
    bins: dict[int, list[bool]] = {}
    for record in gold:
        want = [scorer.norm(i) for i in record["instruments"]]
        have = [scorer.norm(i) for i in predictions[record["id"]]["instruments"]]
        pairs = {j: i for i, j in scorer.match(want, have)}
        for j, item in enumerate(have):
            right = j in pairs and want[pairs[j]]["stage"] == item["stage"]
            bins.setdefault(int(item["confidence"] * 10), []).append(right)
    for tenth, outcomes in sorted(bins.items()):
        rate = sum(outcomes) / len(outcomes)
        say(f"confidence from {tenth / 10:.1f}: {sum(outcomes)} of {len(outcomes)} right, {rate:.2f}")


def show(record: Record, prediction: Record, scorer: ModuleType) -> None:
    """Print one passage where the reading differs from the gold."""
    gold = [scorer.norm(i) for i in record["instruments"]]
    found = [scorer.norm(i) for i in prediction["instruments"]]
    pairs = scorer.match(gold, found)
    lines = []
    if record["is_security_mou_alert"] != prediction["is_security_mou_alert"]:
        lines.append(f"  alert: {record['is_security_mou_alert']}, borderline: {record['alert_borderline']}")
    for i, j in pairs:
        wrong = differences(gold[i], found[j])
        if wrong and gold[i].get("required", True):
            lines.append(
                f"  {gold[i]['evidence_span']!r}\n    read {found[j]['evidence_span']!r}\n    {wrong}"
            )
    missed = set(range(len(gold))) - {i for i, _ in pairs}
    extra = set(range(len(found))) - {j for _, j in pairs}
    lines += [
        f"  missed: {gold[i]['type']} {gold[i]['stage']} {gold[i]['evidence_span']!r}" for i in sorted(missed)
    ]
    lines += [
        f"  not there: {found[j]['type']} {found[j]['stage']} {found[j]['evidence_span']!r}"
        for j in sorted(extra)
    ]
    if lines:
        say(
            f"## {record['id']} {record['source']} {record['date_if_known']} {record['headline']}\n{record['text']}"
        )
        say("\n".join(lines))


def differences(gold: Record, found: Record) -> str:
    """Say in which fields a report differs, the gold first."""
    fields = ("type", "stage", "polarity", "is_news", "scope")
    wrong = [f"{key}: {gold[key]}, not {found[key]}" for key in fields if gold[key] != found[key]]
    for key, value in (("domain", list), ("parties", lambda parties: [str(p["code"]) for p in parties])):
        want, have = sorted(value(gold[key])), sorted(value(found[key]))
        if want != have:
            wrong.append(f"{key}: {want}, not {have}")
    return "; ".join(wrong)


if __name__ == "__main__":
    main()
