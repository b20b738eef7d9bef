"""Measure events against the bench, or with --own against our own: `python -m benchmarks.eval_events [--own] [--show]`.

Reads the bench beside the project; nothing of it is kept here. Gold events of its passages are not exhaustive, so
their precision only says how many of ours the annotator also wrote down; the seed's list is meant to be whole.

Our own sentences (tests/quality/events.jsonl) are labelled whole: type, mode, code, who, on whom, where. Some are traps, in
which nothing happens: sport, idiom, history, nature, mere suppositions. Lexicon and rules were mended with the even half.
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
OWN = Path(__file__).resolve().parents[1] / "tests" / "quality" / "events.jsonl"
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
    parser.add_argument(
        "--own", action="store_true", help="measure on tests/quality/events.jsonl, each half apart"
    )
    parser.add_argument("--half", choices=["even", "odd"], help="with --own: only this half")
    parser.add_argument("--speed", action="store_true", help="print words per second, and nothing else")
    options = parser.parse_args()
    show: bool = options.show
    if options.own:
        measure_own([options.half] if options.half else ["even", "odd"], show=show)
        return
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


# --- our own sentences


@dataclass
class Score:
    """What was right on our own sentences of one half, counted."""

    gold: int = 0
    told: int = 0
    typed: int = 0
    asked: dict[str, list[bool]] = field(default_factory=dict)
    slots: dict[str, list[int]] = field(default_factory=dict)
    traps: int = 0
    trapped: int = 0

    @property
    def type_f1(self) -> float:
        """F1 of events found with the right type."""
        return 2 * self.typed / max(1, self.gold + self.told)

    def share(self, name: str) -> float:
        """Share of events of the right type in which this was right too."""
        asked = self.asked.get(name, [])
        return sum(asked) / max(1, len(asked))

    def slot_f1(self, name: str) -> float:
        """F1 of a slot over all gold events; one whose event was not found is missed."""
        hit, told, gold = self.slots.get(name, [0, 0, 0])
        return 2 * hit / max(1, told + gold)


def measure_own(halves: list[str], *, show: bool) -> None:
    """Print one row for each half of our own sentences."""
    columns = (
        "half",
        "gold",
        "type F1",
        "mode",
        "CAMEO root",
        "realis",
        *(f"{s} F1" for s in _SLOTS),
        "traps with an event",
    )
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")  # noqa: T201
    for half in halves:
        s = score_own(half, show=show)
        shares = " | ".join(f"{s.share(name):.3f}" for name in ("mode", "root", "realis"))
        slots = " | ".join(f"{s.slot_f1(name):.3f}" for name in _SLOTS)
        print(f"| {half} | {s.gold} | {s.type_f1:.3f} | {shares} | {slots} | {s.trapped} of {s.traps} |")  # noqa: T201


def score_own(half: str, *, show: bool = False) -> Score:
    """Read one half of our own sentences and count what is right."""
    score = Score()
    for line in OWN.read_bytes().splitlines():
        record = orjson.loads(line)
        if int(record["id"].rpartition("-")[2]) % 2 != (half == "odd"):
            continue
        events = [e for e in read(record["text"], None, None, "own") if e.type != "STATEMENT"]
        if record["events"]:
            score_sentence(record, events, score, show=show)
            continue
        score.traps += 1
        false = [e for e in events if e.realis in _TAKEN_FOR_REAL]
        score.trapped += bool(false)
        if show and false:
            print(f"{record['id']} TRAP {record['text']}")  # noqa: T201
            for event in false:
                print(f"    {describe(event)}")  # noqa: T201
    return score


_SLOTS = ("actor", "recipient", "place")
_TAKEN_FOR_REAL = frozenset({"asserted", "future", "intended"})


def score_sentence(record: dict[str, Any], events: list[Event], score: Score, *, show: bool) -> None:
    """Match the events of a sentence to those labelled, each once, and count."""
    left = list(events)
    score.gold += len(record["events"])
    score.told += len(events)
    for gold in record["events"]:
        at = record["text"].find(gold["evidence"])
        near = [e for e in left if e.evidence.start < at + len(gold["evidence"]) and at < e.evidence.end]
        found = next((e for e in near if e.type == gold["type"]), None)
        if found is not None:
            left.remove(found)
        wrong = score_event(gold, found, score)
        if show and wrong:
            print(f"{record['id']} {record['text']}\n  gold {gold}\n  wrong {wrong}: {describe(found)}")  # noqa: T201
    if show and left:
        print(f"{record['id']} {record['text']}\n  more: {[describe(e) for e in left]}")  # noqa: T201


def score_event(gold: dict[str, Any], found: Event | None, score: Score) -> list[str]:
    """Count one labelled event; give what is wrong with what was found."""
    wrong = [] if found is not None else ["type"]
    for name in _SLOTS:
        role = ArgumentRole(name)
        wanted = gold[name] if isinstance(gold[name], list) else [gold[name]] if gold[name] else []
        roles = _sides_asked(gold, role)
        told = [a for a in found.arguments if a.role in roles] if found is not None else []
        hits = [w for w in wanted if any(fills(a.code, a.text, w) for a in told)]
        extra = [a for a in told if not any(fills(a.code, a.text, w) for w in wanted)]
        tally = score.slots.setdefault(name, [0, 0, 0])
        tally[0] += len(hits)
        tally[1] += len(hits) + (len(extra) if name != "place" or wanted else 0)
        tally[2] += len(wanted)
        if found is not None and (len(hits) < len(wanted) or (extra and name != "place")):
            wrong.append(name)
    if found is None:
        return wrong
    score.typed += 1
    asked = {"root": (found.cameo or "")[:2] == gold["cameo"][:2], "realis": found.realis == gold["realis"]}
    if gold["mode"] is not None:
        asked["mode"] = found.mode == gold["mode"]
    for name, right in asked.items():
        score.asked.setdefault(name, []).append(right)
        wrong += [] if right else [name]
    return wrong


def _sides_asked(gold: dict[str, Any], role: ArgumentRole) -> set[ArgumentRole]:
    """Say which sides of an event answer for a slot: where all do the same to each other, both are actors."""
    mutual = len(gold["actor"]) > 1 and not gold["recipient"]
    if mutual and role is ArgumentRole.ACTOR:
        return {ArgumentRole.ACTOR, ArgumentRole.RECIPIENT}
    return set() if mutual and role is ArgumentRole.RECIPIENT else {role}


def fills(code: str | None, text: str, wanted: str) -> bool:
    """Say whether a filler is the one wanted: a code in capitals, else a word of it."""
    head, _, rest = (code or "").partition(":")
    return wanted in {head, rest} if wanted.isupper() else wanted.lower() in text.lower()


# --- the bench


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
