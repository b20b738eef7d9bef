"""Hold the reading of the seed transcript against its golden answer: `python -m benchmarks.score_seed [--missing]`.

It prints, for every kind of line in the answer, how many of them hold, and with `--missing` which do not. The transcript
and the answer belong to the bench (../shared/bench) and are only read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from schemas.event import ArgumentRole
from schemas.transcript import Source, TaggedTranscript, Transcript
from streams.extract.language import tag_language
from streams.extract.models import load_models
from streams.extract.read import read_transcript

BENCH: Final = Path("../shared/bench")
FEWEST_WORDS_SHARED: Final = 0.5

Line = tuple[str, str, bool]
"""Kind of line, what it says, whether it holds."""


def read_seed(bench: Path) -> Any:  # noqa: ANN401 - an EnrichedTranscript, whose parts are only compared here
    """Read the seed as it would come in without any word on its source."""
    text = (bench / "seed_iran_china_police.txt").read_text(encoding="utf-8")
    transcript = Transcript(
        id="seed",
        source=Source(broadcaster="unknown"),
        text=text,
        ingest_time=datetime(2026, 1, 1, tzinfo=UTC),
    )
    models = load_models()
    return read_transcript(
        TaggedTranscript(transcript=transcript, language=tag_language(transcript, models)), models
    )


def compare(reading: Any, gold: dict[str, Any]) -> list[Line]:  # noqa: ANN401 - as above
    """Give every line of the golden answer with whether it holds."""
    lines = [
        (
            "segment",
            f"{s['kind']} {s['start']}-{s['end']}",
            (s["kind"], s["start"], s["end"]) in _segments(reading),
        )
        for s in gold["segments"]
    ]
    at = {(m.start, m.end): m.entity_id for m in reading.mentions}
    entities = {e.id: e for e in reading.entities}
    home: dict[str, str] = {}
    for entity in gold["entities"]:
        spots = [(m["start"], m["end"], m["text"]) for m in entity["mentions"]]
        found = Counter(at[s, e] for s, e, _ in spots if (s, e) in at)
        lines += [("mention", f"{entity['id']}: {words} {s}-{e}", (s, e) in at) for s, e, words in spots]
        chosen = found.most_common(1)[0][0] if found else None
        if chosen:
            home[entity["id"]] = chosen
        lines.append(
            ("entity", f"{entity['id']} is one entity", len(found) == 1 and sum(found.values()) == len(spots))
        )
        if chosen:
            code = entities[chosen].code
            same = set((code or "").split(";")) == set((entity["code"] or "").split(";"))
            lines.append(("code", f"{entity['id']}: {entity['code']}, found {code}", same))
    owners = defaultdict(list)
    for name, ident in home.items():
        owners[ident].append(name)
    lines += [
        ("coreference", f"{name} is nobody else ({', '.join(owners[ident])})", owners[ident] == [name])
        for name, ident in home.items()
    ]
    lines += _events(reading, gold)
    lines += _agreement(reading, gold)
    return lines


def _segments(reading: Any) -> set[tuple[str, int, int]]:  # noqa: ANN401 - as above
    return {(s.kind.value, s.start, s.end) for s in reading.segments}


def _overlap(one: Any, other: dict[str, Any]) -> bool:  # noqa: ANN401 - anything with bounds
    shared = min(one.end, other["end"]) - max(one.start, other["start"])
    return bool(shared >= FEWEST_WORDS_SHARED * min(one.end - one.start, other["end"] - other["start"]))


def _is_done_so(event: Any, mode: str | None) -> bool:  # noqa: ANN401 - an Event
    """Whether an event has the mode; a promise has none in PLOVER, and the answer writes its context there."""
    return event.mode == mode or (event.type.value == "AGREE" and mode in event.contexts)


def _events(reading: Any, gold: dict[str, Any]) -> list[Line]:  # noqa: ANN401 - as above
    lines = []
    for event in gold["events"]:
        near = [e for e in reading.events if _overlap(e.evidence, event["evidence"])]
        same = [e for e in near if e.type.value == event["plover"]]
        what = f"{event['id']} {event['plover']} {event['mode'] or ''}: {event['evidence']['text'][:60]}"
        lines.append(("event", what, bool(same)))
        if same:
            lines.append(("event mode", what, any(_is_done_so(e, event["mode"]) for e in same)))
            lines.append(
                (
                    "event realis",
                    f"{event['realis']} {what}",
                    any(e.realis.value == event["realis"] for e in same),
                )
            )
    return lines


def _agreement(reading: Any, gold: dict[str, Any]) -> list[Line]:  # noqa: ANN401 - as above
    wanted = gold["agreements"][0]
    found = [e for e in reading.events if e.agreement is not None]
    lines: list[Line] = [("agreement", "exactly one instrument", len(found) == 1)]
    near = [e for e in found if _overlap(e.evidence, wanted["evidence_span"])]
    if not near:
        return [*lines, ("agreement", "its sentence", False)]
    event = near[0]
    report = event.agreement
    codes = {p["code"] for p in wanted["parties"]}
    lines += [
        ("agreement", f"type {report.instrument.value}", report.instrument.value == wanted["type"]),
        ("agreement", f"stage {report.stage.value}", report.stage.value == wanted["stage"]),
        ("agreement", f"next stage {report.next_stage}", report.next_stage == wanted["next_stage"]),
        ("agreement", f"parties {report.party_codes}", set(report.party_codes) == codes),
        ("agreement", f"domains {report.domains}", set(wanted["core_domain"]) <= set(report.domains)),
        ("agreement", f"polarity {report.polarity.value}", report.polarity.value == wanted["polarity"]),
        ("agreement", "is news", report.is_news == wanted["is_news"]),
        ("agreement", f"subject {report.subject}", report.subject == wanted["subject_span"]["text"]),
        (
            "agreement",
            f"evidence {event.evidence.text}",
            event.evidence.text == wanted["evidence_span"]["text"],
        ),
        ("must not", "be reported as signed", report.stage.value != "signed"),
        ("must not", "find a second instrument", len(found) == 1),
        ("must not", "name the United States", all("USA" not in _codes(e) for e in reading.events)),
        ("must not", "count Interpol as a party", "INTERPOL" not in report.party_codes),
    ]
    quote = next(s for s in reading.segments if s.kind.value == "quote")
    lines.append(
        (
            "must not",
            "take the hope for an agreement",
            not any(quote.start <= e.evidence.start < quote.end for e in found),
        )
    )
    lines.append(
        ("must not", "give the quotation to the reporter", "reporter" not in (quote.speaker or "").lower())
    )
    return lines


def _codes(event: Any) -> set[str]:  # noqa: ANN401 - as above
    return {c for role in (ArgumentRole.ACTOR, ArgumentRole.RECIPIENT) for c in event.codes(role)}


def main() -> None:
    """Print how many lines of each kind hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bench", type=Path, default=BENCH, help="folder of the bench")
    parser.add_argument("--missing", action="store_true", help="say which lines do not hold")
    options = parser.parse_args()
    if not (options.bench / "seed_gold.json").is_file():
        sys.exit(f"the seed transcript is not in {options.bench}: name the folder of the bench with --bench")
    gold = json.loads((options.bench / "seed_gold.json").read_text(encoding="utf-8"))
    lines = compare(read_seed(options.bench), gold)
    for kind in dict.fromkeys(kind for kind, _, _ in lines):
        of_kind = [line for line in lines if line[0] == kind]
        print(f"{kind:14} {sum(holds for _, _, holds in of_kind):3d} of {len(of_kind):3d}")  # noqa: T201 - a report
        for _, what, holds in of_kind:
            if options.missing and not holds:
                print(f"    not: {what}")  # noqa: T201 - a report


if __name__ == "__main__":
    main()
