"""Score the reading of agreements on the development passages, each half apart.

Usage: python benchmarks/eval_agreements.py BENCH_FOLDER [--errors even|odd|all] [--file NAME]

The alert is the policy of the bench's README over the reports; the product decides it by rules.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from schemas.event import SECURITY_DOMAINS, EventContext, Polarity, Scope, Stage
from schemas.transcript import parse_transcript
from streams.extract.agreements import FoundAgreement, find_agreements
from streams.extract.entities import find_mentions, resolve_entities
from streams.extract.language import tag_language
from streams.extract.models import Models, load_models
from streams.extract.reading import Reading
from streams.extract.segments import split_segments, split_sentences

UNDATED = "2026-01-01T00:00:00Z"


def read(record: dict[str, Any], models: Models) -> tuple[FoundAgreement, ...]:
    """Read one passage."""
    date = record.get("date_if_known")
    time = f"{date}T12:00:00Z" if date and len(date) == 10 else UNDATED
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
    sentences = split_sentences(transcript.text, segments, language)
    reading = Reading(transcript, language, segments, sentences)
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
    between = report.scope in {Scope.INTER, Scope.MULTI, Scope.STATE_ORG, Scope.IGO}
    return step and between and bool(SECURITY_DOMAINS & set(report.domains))


def predict(record: dict[str, Any], models: Models) -> dict[str, Any]:
    """Write a passage's reading in the format of the scorer."""
    found = read(record, models)
    instruments = [
        {
            "type": f.report.instrument.value, "stage": f.report.stage.value, "domain": list(f.report.domains), "scope": f.report.scope.value,
            "parties": [{"code": p.code, "name": p.name} for p in f.report.parties], "evidence_span": f.evidence.text,
            "polarity": f.report.polarity.value, "is_news": f.report.is_news, "confidence": f.confidence,
        }
        for f in found
    ]  # fmt: skip
    return {
        "id": record["id"],
        "is_security_mou_alert": any(is_alert(f) for f in found),
        "instruments": instruments,
    }


def main() -> int:
    """Print the scores of all passages, of those with an even number and of those with an odd one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench", type=Path)
    parser.add_argument("--file", default="agreements_dev.jsonl")
    parser.add_argument("--errors", choices=["even", "odd", "all", "first", "third"])
    options = parser.parse_args()
    spec = importlib.util.spec_from_file_location("scorer", options.bench / "score_agreements.py")
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    gold = [
        json.loads(line) for line in (options.bench / options.file).read_text(encoding="utf-8").splitlines()
    ]
    models = load_models()
    predictions = {record["id"]: predict(record, models) for record in gold}
    number = {record["id"]: int("".join(c for c in record["id"] if c.isdigit())) for record in gold}
    halves = {
        "all": gold,
        "even": [r for r in gold if number[r["id"]] % 2 == 0],
        "odd": [r for r in gold if number[r["id"]] % 2],
        "first": [r for r in gold if number[r["id"]] % 4 == 1],
        "third": [r for r in gold if number[r["id"]] % 4 == 3],
    }
    print(
        f"{'':<6}{'alert P/R/F1':<20}{'clear':<7}{'inst P/R/F1':<20}{'new P/R/F1':<20}{'stage':<7}{'macro':<7}{'type':<7}{'pol':<7}{'news':<7}{'party':<20}{'domain':<20}"
    )
    for name, part in halves.items():
        s = scorer.score(part, predictions)
        three = lambda v: f"{v['p']:.3f}/{v['r']:.3f}/{v['f1']:.3f}"  # noqa: E731
        print(
            f"{name:<6}{three(s['alert']):<20}{s['alert_clear_cases']['f1']:<7.3f}{three(s['instrument']):<20}{three(s['new_step_instrument']):<20}"
            f"{s['stage_accuracy']:<7.3f}{s['stage_macro_f1']:<7.3f}{s['type_group_accuracy']:<7.3f}{s['polarity_accuracy']:<7.3f}{s['is_news_accuracy']:<7.3f}"
            f"{three(s['party_end_to_end']):<20}{three(s['domain_micro']):<20}"
        )
    calibrate(gold, predictions, scorer)
    if options.errors:
        for record in halves[options.errors]:
            show(record, predictions[record["id"]], scorer)
    return 0


def calibrate(gold: list[dict[str, Any]], predictions: dict[str, dict[str, Any]], scorer: Any) -> None:
    """Print how often an instrument is one, with the right stage, by the confidence that it was given."""
    bins: dict[float, list[bool]] = {}
    for record in gold:
        want = [scorer.norm(i) for i in record["instruments"]]
        have = [scorer.norm(i) for i in predictions[record["id"]]["instruments"]]
        pairs = {j: i for i, j in scorer.match(want, have)}
        for j, item in enumerate(have):
            right = j in pairs and want[pairs[j]]["stage"] == item["stage"]
            bins.setdefault(int(item["confidence"] * 10) / 10, []).append(right)
    for low, outcomes in sorted(bins.items()):
        print(
            f"confidence {low:.1f} to {low + 0.1:.1f}: {sum(outcomes)} of {len(outcomes)} right, {sum(outcomes) / len(outcomes):.2f}"
        )


def show(record: dict[str, Any], prediction: dict[str, Any], scorer: Any) -> None:
    """Print one passage where the reading differs from the gold."""
    gold, found = (
        [scorer.norm(i) for i in record["instruments"]],
        [scorer.norm(i) for i in prediction["instruments"]],
    )
    pairs = scorer.match(gold, found)
    lines = []
    if record["is_security_mou_alert"] != prediction["is_security_mou_alert"]:
        lines.append(
            f"  ALERT gold {record['is_security_mou_alert']} {'borderline' if record['alert_borderline'] else ''}"
        )
    for i, j in pairs:
        g, p = gold[i], found[j]
        wrong = [
            f"{k}: {g[k]} <- {p[k]}"
            for k in ("type", "stage", "polarity", "is_news", "scope")
            if g[k] != p[k] and (g.get("required") or k == "scope")
        ]
        gc, pc = sorted(str(x["code"]) for x in g["parties"]), sorted(x["code"] for x in p["parties"])
        if gc != pc and g.get("required"):
            wrong.append(f"parties {gc} <- {pc}")
        if set(g["domain"]) != set(p["domain"]) and g.get("required"):
            wrong.append(f"domain {sorted(g['domain'])} <- {sorted(p['domain'])}")
        if wrong:
            lines.append(f"  ~ {g['evidence_span']!r} | {p['evidence_span']!r}\n      " + "; ".join(wrong))
    lines += [
        f"  MISSED {'' if g.get('required') else '(opt) '}{g['type']} {g['stage']} {g['evidence_span']!r}"
        for i, g in enumerate(gold)
        if i not in {a for a, _ in pairs}
    ]
    lines += [
        f"  EXTRA {p['type']} {p['stage']} {p['polarity']} {p['is_news']} {p['evidence_span']!r}"
        for j, p in enumerate(found)
        if j not in {b for _, b in pairs}
    ]
    if lines:
        print(
            f"## {record['id']} {record['source']} {record['date_if_known']} H: {record['headline']}\n{record['text']}\n"
            + "\n".join(lines)
        )


if __name__ == "__main__":
    sys.exit(main())
