"""Measure events against the bench: `.venv/bin/python benchmarks/eval_events.py [--show | --speed]`.

Reads the bench beside the project; nothing of it is kept here. Gold events of the passages are not exhaustive, so
their precision only says how many of ours the annotator also wrote down; the seed's list is meant to be whole.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import orjson

from schemas.event import ArgumentRole, EventContext
from schemas.transcript import Source, TaggedTranscript, Transcript
from streams.extract.agreements import find_agreements
from streams.extract.entities import find_mentions, resolve_entities
from streams.extract.events import extract_events
from streams.extract.language import tag_language
from streams.extract.models import Models, load_models
from streams.extract.read import read_transcript
from streams.extract.reading import Reading
from streams.extract.segments import split_segments
from streams.extract.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.event import Event
    from streams.extract.entities import Resolved

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench"
UNKNOWN_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Gold:
    """One event of the annotator."""

    type: str
    mode: str | None
    cameo: str
    actors: frozenset[str]
    recipients: frozenset[str]
    realis: str | None
    start: int
    end: int
    words: str


@dataclass
class Tally:
    """What was found, counted."""

    gold: int = 0
    predicted: int = 0
    found: dict[str, int] = field(default_factory=dict)
    overlap: float = 0.0

    def add(self, name: str, *, hit: bool) -> None:
        """Count one question that was or was not answered right."""
        self.found[name] = self.found.get(name, 0) + hit


def main() -> None:
    """Print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--show", action="store_true", help="print every gold event with what was found for it"
    )
    parser.add_argument("--speed", action="store_true", help="print words per second, and nothing else")
    options = parser.parse_args()
    show: bool = options.show
    if not BENCH.is_dir():
        sys.exit(f"The bench is not at {BENCH}: put it there, or run this where it is.")
    if options.speed:
        measure_speed()
        return
    passages = Tally()
    for line in (BENCH / "agreements_dev.jsonl").read_bytes().splitlines():
        record = orjson.loads(line)
        if record.get("events"):
            day = record["date_if_known"]
            events = read(record["text"], record["headline"], day, "bench")
            compare(events, [passage_gold(e, record["text"]) for e in record["events"]], passages, show=show)
    report("30 passages (gold not exhaustive)", passages)
    seed = orjson.loads((BENCH / "seed_gold.json").read_bytes())
    text = (BENCH / seed["text_file"]).read_text(encoding="utf-8")
    codes = {entity["id"]: entity["code"] or "" for entity in seed["entities"]}
    tally = Tally()
    compare(
        read(text, None, "2021-11-24", "IRIB"),
        [seed_gold(e, codes) for e in seed["events"]],
        tally,
        show=show,
    )
    report("seed (gold exhaustive)", tally)


def measure_speed() -> None:
    """Time `extract_events` on all passages, agreements included, after everything before it is done; best of three."""
    models = load_models()
    prepared: list[tuple[Reading, Resolved, EventContext]] = []
    words = 0
    for line in (BENCH / "agreements_dev.jsonl").read_bytes().splitlines():
        text = orjson.loads(line)["text"]
        transcript = Transcript(
            id="bench", source=Source(broadcaster="bench"), text=text, ingest_time=UNKNOWN_DAY
        )
        language = tag_language(transcript, models)
        segments = split_segments(transcript, language)
        reading = Reading(transcript, language, segments, split_sentences(text, segments, language))
        resolved = resolve_entities(reading, find_mentions(reading, models), models)
        context = EventContext(
            transcript_id="bench",
            source=transcript.source,
            language="en",
            event_time=UNKNOWN_DAY,
            content_hash="",
        )
        prepared.append((reading, resolved, context))
        words += len(text.split())
    for name, extract in (("agreements", find_agreements), ("agreements and events", extract_events)):
        best = min(timed(extract, prepared, models) for _ in range(3))
        print(f"{name}: {words / best:,.0f} words/s on {words} words")  # noqa: T201


def timed(
    extract: Callable[[Reading, Resolved, EventContext, Models], object],
    prepared: list[tuple[Reading, Resolved, EventContext]],
    models: Models,
) -> float:
    """Give the processor seconds of one run over all readings."""
    start = process_time()
    for reading, resolved, context in prepared:
        extract(reading, resolved, context, models)
    return process_time() - start


def read(text: str, title: str | None, day: str | None, broadcaster: str) -> tuple[Event, ...]:
    """Read one text as the pipeline does."""
    time = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else UNKNOWN_DAY
    transcript = Transcript(
        id="bench",
        source=Source(broadcaster=broadcaster),
        title=title,
        text=text,
        published_time=time,
        ingest_time=time,
    )
    models = load_models()
    tagged = TaggedTranscript(transcript=transcript, language=tag_language(transcript, models))
    return read_transcript(tagged, models).events


def passage_gold(event: dict[str, Any], text: str) -> Gold:
    """Lay an event of a passage out; its trigger is its evidence."""
    start = max(0, text.find(event["trigger"]))
    return Gold(
        event["plover"], event["mode"], event["cameo"], frozenset(event["actor"]["codes"]),
        frozenset((event["recipient"] or {}).get("codes", ())), None, start, start + len(event["trigger"]), event["trigger"],
    )  # fmt: skip


def seed_gold(event: dict[str, Any], codes: dict[str, str]) -> Gold:
    """Lay an event of the seed out; groups stand for the states of their members."""

    def states(names: list[str]) -> frozenset[str]:
        return frozenset(code.split(":")[0] for name in names for code in codes[name].split(";") if code)

    evidence = event["evidence"]
    return Gold(
        event["plover"], event["mode"], event["cameo"], states(event["actor"]), states(event["recipient"]),
        event["realis"], evidence["start"], evidence["end"], evidence["text"],
    )  # fmt: skip


def compare(events: tuple[Event, ...], golds: list[Gold], tally: Tally, *, show: bool) -> None:
    """Match gold and found events one to one: by type first, then by shared words, and count."""
    pairs = sorted(
        (
            (-(event.type == gold.type), -bool(gold.actors & codes(event)), -shared(event, gold), i, j)
            for i, gold in enumerate(golds)
            for j, event in enumerate(events)
            if shared(event, gold) > 0
        ),
    )
    taken: dict[int, int] = {}
    for _, _, _, i, j in pairs:
        if i not in taken and j not in taken.values():
            taken[i] = j
    tally.gold += len(golds)
    tally.predicted += len(events)
    for i, gold in enumerate(golds):
        event = events[taken[i]] if i in taken else None
        count(event, gold, tally)
        if show:
            print(f"{gold.type:9} {gold.mode!s:10} {gold.cameo:5} {gold.words[:60]!r}")  # noqa: T201
            print(f"    {describe(event)}")  # noqa: T201
    if show:
        for j, event in enumerate(events):
            if j not in taken.values():
                print(f"  + {describe(event)}")  # noqa: T201


def count(event: Event | None, gold: Gold, tally: Tally) -> None:
    """Count one gold event and what was found for it, if anything."""
    same = event is not None and event.type == gold.type
    tally.add("any event on its words", hit=event is not None)
    tally.add("type", hit=same)
    if event is None or not same:
        return
    actors, recipients = set(event.codes(ArgumentRole.ACTOR)), set(event.codes(ArgumentRole.RECIPIENT))
    either = bool(gold.actors & (actors | recipients))
    tally.add("type, mode", hit=event.mode == gold.mode)
    tally.add("type, CAMEO root", hit=(event.cameo or "")[:2] == gold.cameo[:2])
    tally.add("type, CAMEO", hit=event.cameo == gold.cameo)
    tally.add("type, actor", hit=bool(gold.actors & actors) or (not gold.actors and not actors))
    tally.add("type, actor on either side", hit=either)
    tally.add(
        "type, actor, recipient",
        hit=bool(gold.actors & actors) and (not gold.recipients or bool(gold.recipients & recipients)),
    )
    tally.add("type, realis", hit=gold.realis is None or event.realis == gold.realis)
    tally.overlap += shared(event, gold)


def codes(event: Event) -> set[str]:
    """Give the states and organisations that act."""
    return set(event.codes(ArgumentRole.ACTOR))


def shared(event: Event, gold: Gold) -> float:
    """Give the share of the gold words that the evidence holds."""
    common = min(event.evidence.end, gold.end) - max(event.evidence.start, gold.start)
    return max(0, common) / (gold.end - gold.start)


def describe(event: Event | None) -> str:
    """Say what was found in one line."""
    if event is None:
        return "nothing"
    who = ", ".join(
        f"{a.role}={a.name}[{a.code}]" for a in event.arguments if a.role is not ArgumentRole.TIME
    )
    mark = "AGREEMENT " if event.agreement else ""
    return f"{event.type} {event.mode} {event.cameo} {event.realis} {mark}{event.confidence}: {who} | {event.evidence.text!r}"


def report(name: str, tally: Tally) -> None:
    """Print one table."""
    print(f"\n{name}: {tally.gold} gold events, {tally.predicted} found")  # noqa: T201
    for label, number in tally.found.items():
        recall, precision = number / max(1, tally.gold), number / max(1, tally.predicted)
        print(f"  {label:28} {number:3}   recall {recall:.3f}   precision {precision:.3f}")  # noqa: T201
    same = max(1, tally.found.get("type", 0))
    print(f"  gold words in the evidence of events of the same type: {tally.overlap / same:.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
