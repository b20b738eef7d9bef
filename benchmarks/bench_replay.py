"""How fast history is replayed: `make bench-replay` prints the table and writes build/bench/replay.json.

Everything is measured in CPU seconds of the processes that do the work, so that what else runs on the machine weighs
little, and given as ratios to (a) decoding alone and (b) the live path: a worker on a real Kafka that is started for it.
Ratios can be compared between machines, times cannot. The texts are real press briefings where the corpus is there,
else sentences put together from a seed. A run with the live path also puts what it printed into docs/replay.md.
"""

from __future__ import annotations

import asyncio
import json
import lzma
import os
import platform
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import psutil

from benchmarks.page import keep_on_page
from schemas import topics
from schemas.enriched import EnrichedTranscript
from schemas.ids import derived_id
from schemas.rule import Rule
from schemas.topics import Output
from schemas.transcript import Source, Transcript, decode_transcript
from streams.extract.models import load_models
from streams.kafka.client import open_admin, open_producer, open_reader
from streams.kafka.groups import count_work_left, installation_plans
from streams.kafka.local import LocalBroker, free_port
from streams.kafka.records import encode_record
from streams.kafka.topics import create_topics, kafka_name
from streams.pipeline import Emit, enrich, tag
from streams.replay.archive import SourceRecord
from streams.replay.drive import Drive
from streams.replay.pool import open_pool
from streams.replay.prepare import ReplaySource
from streams.replay.spool import Spool
from streams.replay.start import default_jobs
from streams.replay.store import Plan, Replay
from streams.rules.load import load_pack
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from schemas.topics import Topic

ROOT: Final = Path(__file__).parent.parent
CORPUS: Final = ROOT.parent / "shared" / "corpus" / "white_house_2021_2023.jsonl.xz"
SEED: Final = 7
RULES: Final = 1000
MILLION: Final = 1_000_000
TEXT_SHARE: Final = 0.6
PROBES: Final = 40
PROBE_PAUSE_S: Final = 0.5
REPEATS: Final = 5
_HALF: Final = "rules only, half of them"
_NEAR: Final = "rules only, with near misses"
_ONLY: Final = ("rules only", _HALF, _NEAR)
_WORD: Final = re.compile(r"[a-z]{4,12}")
_STATES: Final = (
    "CHN",
    "RUS",
    "IRN",
    "FRA",
    "DEU",
    "GBR",
    "UKR",
    "MEX",
    "CAN",
    "JPN",
    "IND",
    "BRA",
    "TUR",
    "ISR",
    "KOR",
)
_TYPES: Final = (
    "CONSULT",
    "AGREE",
    "ACCUSE",
    "REJECT",
    "THREATEN",
    "PROTEST",
    "SANCTION",
    "MOBILIZE",
    "COERCE",
    "ASSAULT",
)


@dataclass(frozen=True, slots=True)
class Measure:
    """CPU and wall seconds of one way through all transcripts."""

    name: str
    transcripts: int
    cpu_s: float
    wall_s: float

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds for one transcript."""
        return 1000 * self.cpu_s / self.transcripts


def read_corpus(count: int) -> tuple[Transcript, ...]:
    """Give transcripts of the corpus, spread over all of it; without the corpus, made-up ones."""
    if not CORPUS.is_file():
        return tuple(_made_up(count))
    with lzma.open(CORPUS, "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    step = max(1, len(lines) // count)
    return tuple(_transcript(fields) for fields in islice(lines[::step], count))


def _transcript(fields: dict[str, Any]) -> Transcript:
    told = fields["published"] or fields["date"]
    at = datetime.fromisoformat(told)
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return Transcript(
        id=fields["id"][:200], source=Source(broadcaster="The White House", country="USA"), title=fields["title"],
        text=fields["text"], published_time=at, ingest_time=at,
    )  # fmt: skip


def _made_up(count: int) -> Iterator[Transcript]:
    pick = random.Random(SEED)  # noqa: S311 - a benchmark is drawn, not guessed
    states = ("Iran", "China", "France", "Chad", "Peru", "Kenya", "Turkey", "Japan")
    patterns = (
        "The foreign ministers of {a} and {b} met on Monday to speak about trade.",
        "{a} and {b} signed a memorandum of understanding on border security.",
        "Officials in {a} said that the weather had been unusually dry for the season.",
        "The president of {a} accused {b} of breaking the treaty, and called for talks.",
        "Markets rose a little, and the harvest is expected to be better than last year's.",
    )
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        lines = (
            pick.choice(patterns).format(a=a, b=b) for a, b in (pick.sample(states, 2) for _ in range(90))
        )
        yield Transcript(
            id=f"made-up-{number}", source=Source(broadcaster=f"Radio {number % 9}"), text=" ".join(lines),
            broadcast_time=at + timedelta(minutes=20 * number), ingest_time=at,
        )  # fmt: skip


def draw_rules(transcripts: Sequence[Transcript]) -> tuple[Rule, ...]:
    """Give the shipped rules, and others as people write them until there are a thousand: words, and states with event types."""
    pick = random.Random(SEED)  # noqa: S311 - as above
    counted = Counter(w for t in transcripts for w in set(_WORD.findall(t.text.lower())))
    # what people watch for is rare: words of two transcripts in a hundred
    topical = sorted(w for w, n in counted.items() if 1 < n <= max(2, len(transcripts) // 50))
    # as at work for good: near misses are for rules that are still being written, and only the shipped ones are
    rules = list(load_pack())
    head = json.loads(rules[0].encode())
    for number in range(RULES - len(rules)):
        if pick.random() < TEXT_SHARE:
            a, b, c = pick.sample(topical, 3)
            source, selection = (
                "transcripts.enriched",
                {"text": pick.choice((f"{a} & {b}", f"{a} & ({b} | {c})"))},
            )
        else:
            source = "events.extracted"
            selection = {"event.parties": pick.choice(_STATES), "event.type": pick.choice(_TYPES)}
        rules.append(
            Rule.model_validate(
                {
                    **head, "id": derived_id("bench rule", str(number)), "title": f"Drawn {number}", "status": "stable",
                    "level": "low", "source": source, "detection": {"a": selection, "condition": "a"}, "correlation": None,
                    "group_by": [], "timespan_s": 86_400, "hold_s": None, "suppress_s": None,
                    "alert": {"topic": "diplomacy", "summary": f"Drawn {number}"},
                }
            )
        )  # fmt: skip
    return tuple(rules)


def enriched_of(transcripts: Sequence[Transcript]) -> list[bytes]:
    """Read the transcripts once, as a worker does."""
    models = load_models()
    values = []
    for transcript in transcripts:
        tagged = tag(transcript.encode(), models)
        outcome = enrich(tagged.outputs[0].record.encode(), models) if isinstance(tagged, Emit) else tagged
        if isinstance(outcome, Emit):
            values.append(outcome.outputs[0].record.encode())
    return values


def _note(counts: dict[str, int], work: Callable[[], dict[str, int]]) -> None:
    counts.update(work())


def measure(name: str, count: int, work: Callable[[], object], repeats: int = 1) -> Measure:
    """Measure work by the CPU time of this process and of those that it started and that have ended.

    Of several passes the quickest counts: what else runs on the machine only ever adds.
    """
    found: list[Measure] = []
    for _ in range(repeats):
        before, began_s = _cpu_s(), time.perf_counter()
        work()
        found.append(Measure(name, count, _cpu_s() - before, time.perf_counter() - began_s))
    return min(found, key=lambda m: m.cpu_s)


def _cpu_s() -> float:
    used = os.times()
    return time.process_time() + used.children_user + used.children_system


def replay(
    folder: Path,
    source: ReplaySource,
    records: Sequence[SourceRecord],
    rules: tuple[Rule, ...],
    *,
    jobs: int = 1,
    near_misses: bool = True,
) -> dict[str, int]:
    """Run a replay of the records, spool, checkpoints, outputs and all, and give what came out."""
    shutil.rmtree(folder, ignore_errors=True)
    one = Replay(folder)
    spooled = Spool(one.input_folder, source.topic.name).collect(records)
    first, last = min(r.event_time for r in records), max(r.event_time for r in records)
    plan = Plan(
        id=folder.name, from_time=first, to_time=last + timedelta(days=1), source=source, rules=rules, rules_from="drawn",
        publish=False, spooled=spooled, near_misses=near_misses,
    )  # fmt: skip
    one.write_plan(plan)
    with open_pool(source, plan.rules_at_work, jobs, load_models) as prepare:
        *_, point = Drive(one, prepare).points()
    return point.counts


def measure_live(
    transcripts: Sequence[Transcript], rules: Sequence[Rule], folder: Path
) -> tuple[Measure, dict[str, float]]:
    """Send transcripts through a worker on a Kafka of its own; the CPU time is the worker's, from its being ready to the end.

    Then see how long live takes from a transcript's being taken in to its being read, by the broker's clock, alone and
    beside a replay.
    """
    port = free_port()
    with LocalBroker(folder / "broker", Settings().cache_dir / "broker", port=port) as broker:
        settings = Settings(broker=broker.address, partitions=2, data_dir=folder / "data", health_port=0)
        return asyncio.run(_run_live(settings, transcripts, rules))


async def _run_live(
    settings: Settings, transcripts: Sequence[Transcript], rules: Sequence[Rule]
) -> tuple[Measure, dict[str, float]]:
    async with open_admin(settings) as admin:
        await create_topics(admin, installation_plans(settings))
    async with open_producer(settings) as producer:
        for rule in rules:
            await producer.send_and_wait(
                kafka_name(topics.RULES, settings), rule.encode(), key=rule.id.encode()
            )
    environment = {
        "DRAGOMAN_BROKER": settings.broker, "DRAGOMAN_PARTITIONS": "2", "DRAGOMAN_DATA_DIR": str(settings.data_dir),
        "DRAGOMAN_HEALTH_PORT": "0",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "streams.cli",
        "worker",
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    try:
        if process.stdout is None or not await process.stdout.readline():
            raise click.ClickException("the worker did not begin; its reason stands above")
        watched = psutil.Process(process.pid)
        before, began_s = _process_cpu_s(watched), time.perf_counter()
        async with open_producer(settings) as producer:
            for transcript in transcripts:
                output = Output(topics.TRANSCRIPTS_RAW, transcript.id, transcript, transcript.event_time)
                record = encode_record(output, settings)
                await producer.send(record.topic, record.value, record.key, headers=record.headers)
        await _wait_until_done(settings)
        live = Measure(
            "live path", len(transcripts), _process_cpu_s(watched) - before, time.perf_counter() - began_s
        )
        return live, await _measure_latency(settings, environment, transcripts)
    finally:
        process.terminate()
        await process.wait()


async def _wait_until_done(settings: Settings) -> None:
    async with open_admin(settings) as admin, open_reader(settings) as reader:
        while await count_work_left(admin, reader, settings):  # noqa: ASYNC110 - the broker tells nobody
            await asyncio.sleep(0.2)


async def _measure_latency(
    settings: Settings, environment: dict[str, str], transcripts: Sequence[Transcript]
) -> dict[str, float]:
    alone = await _probe(settings, "alone")
    first, last = min(t.event_time for t in transcripts), max(t.event_time for t in transcripts)
    replaying = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.cli", "replay", "start", "--local", "--source", "raw", "--name", "beside",
        "--from", first.isoformat(), "--to", (last + timedelta(days=1)).isoformat(), "--warm-up", "0",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, env={**os.environ, **environment},
    )  # fmt: skip
    try:
        await asyncio.sleep(5)  # it has collected, and its processes have begun
        beside = await _probe(settings, "beside")
        if replaying.returncode not in {None, 0}:
            raise click.ClickException("the replay beside the live flow failed")
    finally:
        if replaying.returncode is None:
            replaying.terminate()
        await replaying.wait()
    return {**alone, **beside}


async def _probe(settings: Settings, name: str) -> dict[str, float]:
    """Send short transcripts at an even pace, and say how long each took from topic to topic."""
    texts = [
        "Iran and China signed a memorandum on border security. The ministers met on Monday.",
        "It rained.",
    ]
    at = datetime(2026, 1, 1, tzinfo=UTC)
    async with open_producer(settings) as producer:
        for number in range(PROBES):
            probe = Transcript(
                id=f"probe-{name}-{number}", source=Source(broadcaster=name), text=texts[number % 2],
                broadcast_time=at + timedelta(minutes=number), ingest_time=at,
            )  # fmt: skip
            record = encode_record(
                Output(topics.TRANSCRIPTS_RAW, probe.id, probe, probe.event_time), settings
            )
            await producer.send_and_wait(record.topic, record.value, record.key, headers=record.headers)
            await asyncio.sleep(PROBE_PAUSE_S)
    await _wait_until_done(settings)
    came, read = [
        await _arrivals(settings, topic, f"probe-{name}-".encode())
        for topic in (topics.TRANSCRIPTS_RAW, topics.TRANSCRIPTS_ENRICHED)
    ]
    took = sorted(read[key] - came[key] for key in came)
    return {f"{name}_p50": took[len(took) // 2], f"{name}_p95": took[len(took) * 95 // 100]}


async def _arrivals(settings: Settings, topic: Topic, prefix: bytes) -> dict[bytes, int]:
    """Say when each record whose key begins so came to a topic, by the broker's clock."""
    found: dict[bytes, int] = {}
    async with open_reader(settings, kafka_name(topic, settings)) as reader:
        ends = await reader.end_offsets(reader.assignment())
        while any([await reader.position(place) < ends[place] for place in ends]):
            for records in (await reader.getmany(timeout_ms=200)).values():
                for record in records:
                    if record.key.startswith(prefix):
                        found.setdefault(record.key, record.timestamp)
    return found


def _process_cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


@click.command()
@click.option(
    "--transcripts", "count", type=click.IntRange(min=10), default=150, show_default=True, help="How many."
)
@click.option("--no-live", is_flag=True, help="Leave out the live path, which starts a Kafka.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=ROOT / "build" / "bench" / "replay.json",
    show_default=False,
)
def main(count: int, *, no_live: bool, out: Path) -> None:
    """Measure and print."""
    transcripts = read_corpus(count)
    rules = draw_rules(transcripts)
    load_models()
    values = enriched_of(transcripts)
    raw = [
        SourceRecord(t.event_time, 0, n, 0, t.id.encode(), (), t.encode()) for n, t in enumerate(transcripts)
    ]
    enriched = [
        SourceRecord(r.event_time, 0, r.offset, 0, r.key, (), v) for r, v in zip(raw, values, strict=True)
    ]
    jobs = default_jobs()
    with tempfile.TemporaryDirectory(prefix="dragoman-bench-") as name:
        folder = Path(name)
        found: list[Measure] = [
            measure(
                "decoding raw alone", count, lambda: [decode_transcript(r.value or b"") for r in raw], REPEATS
            ),
            measure(
                "decoding enriched alone",
                count,
                lambda: [EnrichedTranscript.decode(v) for v in values],
                REPEATS,
            ),
        ]
        counts: dict[str, int] = {}
        ways: list[tuple[str, Callable[[], dict[str, int]]]] = [
            (
                "rules only",
                lambda: replay(folder / "1", ReplaySource.ENRICHED, enriched, rules, near_misses=False),
            ),
            (
                _HALF,
                lambda: replay(folder / "5", ReplaySource.ENRICHED, enriched[::2], rules, near_misses=False),
            ),
            (
                _NEAR,
                lambda: replay(folder / "2", ReplaySource.ENRICHED, enriched, rules),
            ),
            (
                f"rules only, {jobs} processes and their start",
                lambda: replay(
                    folder / "3", ReplaySource.ENRICHED, enriched, rules, jobs=jobs, near_misses=False
                ),
            ),
            ("full reading, with near misses", lambda: replay(folder / "4", ReplaySource.RAW, raw, rules)),
        ]
        for name_of_way, work in ways:
            size = len(enriched[::2]) if name_of_way == _HALF else count
            repeats = REPEATS if name_of_way in _ONLY else 1
            found.append(measure(name_of_way, size, partial(_note, counts, work), repeats))
        latency = None
        if not no_live:
            live, latency = measure_live(transcripts, rules, folder / "live")
            found.append(live)
    report = _report(
        transcripts=transcripts, rules=rules, values=values, found=found, counts=counts, latency=latency
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    printed = _printed(report)
    click.echo(printed + f"\n\n{out} holds it.")
    if not no_live and CORPUS.is_file():
        keep_on_page("replay.md", "make bench-replay", printed)


def _report(
    *,
    transcripts: Sequence[Transcript],
    rules: Sequence[Rule],
    values: Sequence[bytes],
    found: Sequence[Measure],
    counts: dict[str, int],
    latency: dict[str, float] | None,
) -> dict[str, Any]:
    by_name = {m.name: m for m in found}
    decoding, only = by_name["decoding enriched alone"], by_name["rules only"]
    reading, live = by_name["full reading, with near misses"], by_name.get("live path")
    half = by_name[_HALF]
    # what grows with the transcripts: compiling a thousand rules is done once, whether for a hundred of them or a million
    each_s = (only.cpu_s - half.cpu_s) / (only.transcripts - half.transcripts)
    hours = MILLION * each_s / 3600
    return {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count(), "processes": default_jobs()},
        "corpus": CORPUS.name if CORPUS.is_file() else "made up",
        "transcripts": len(transcripts),
        "mean_characters": round(sum(len(t.text) for t in transcripts) / len(transcripts)),
        "mean_enriched_bytes": round(sum(len(v) for v in values) / len(values)),
        "rules": len(rules),
        "outputs": counts,
        "live_latency_ms": latency,
        "measures": [
            {
                "name": m.name, "cpu_ms_each": round(m.cpu_ms, 3), "a_second_of_cpu": round(1000 / m.cpu_ms, 1),
                "a_second": round(m.transcripts / m.wall_s, 1), "to_decoding": round(m.cpu_s / decoding.cpu_s, 2),
                "to_live": None if live is None else round(m.cpu_ms / live.cpu_ms, 4),
            }
            for m in found
        ],
        "rules_only_to_decoding": round(only.cpu_s / decoding.cpu_s, 2),
        "rules_only_faster_than_live": None if live is None else round(live.cpu_ms / only.cpu_ms, 1),
        "with_near_misses_faster_than_live": None
        if live is None
        else round(live.cpu_ms / by_name[_NEAR].cpu_ms, 1),
        "full_reading_to_live": None if live is None else round(reading.cpu_ms / live.cpu_ms, 2),
        "rules_only_cpu_ms_each_without_start": round(each_s * 1000, 3),
        "million_with_these_rules_core_hours": round(hours, 2),
        "million_with_these_rules_hours_on_two_cores": round(hours / 2, 2),
    }  # fmt: skip


def _printed(report: dict[str, Any]) -> str:
    lines = [
        (
            f"{report['transcripts']} transcripts ({report['corpus']}, {report['mean_characters']:,} characters each, "
            f"{report['mean_enriched_bytes']:,} bytes enriched), {report['rules']:,} rules, Python {report['machine']['python']}."
        ),
        "",
        "| | CPU ms each | a CPU second | a second | x decoding | x live |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in report["measures"]:
        live = "" if row["to_live"] is None else f"{row['to_live']:g}"
        lines.append(
            f"| {row['name']} | {row['cpu_ms_each']:g} | {row['a_second_of_cpu']:g} | {row['a_second']:g} | "
            f"{row['to_decoding']:g} | {live} |"
        )
    lines.append("")
    if report["rules_only_faster_than_live"] is not None:
        lines.append(
            f"Rules only is {report['rules_only_faster_than_live']:g} times as fast as the live path, per core, and "
            f"{report['with_near_misses_faster_than_live']:g} times with near misses."
        )
    lines.append(
        f"A million such transcripts through these rules: {report['million_with_these_rules_hours_on_two_cores']:g} hours "
        f"on two cores, computed from {report['rules_only_cpu_ms_each_without_start']:g} ms of CPU each (the start taken off)."
    )
    if (beside := report["live_latency_ms"]) is not None:
        lines.append(
            "Live, from taken in to read: median {alone_p50:g} ms, 95 of 100 within {alone_p95:g} ms; while a replay reads on "
            "all cores: {beside_p50:g} ms and {beside_p95:g} ms.".format(**beside)
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
