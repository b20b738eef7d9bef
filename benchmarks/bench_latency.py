"""How long it takes from POST /v1/transcripts to the alert at a client, stage by stage, with the real worker.

Every transcript tells of another new memorandum, so that every one of them raises an alert. The stages are told apart by
the timestamps that the broker gives a record when it appends it; all clocks are that of this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import httpx
import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.installation import percentile, run_installation, write_results
from schemas import topics
from schemas.rule import RuleSource
from streams.kafka.client import open_reader
from streams.kafka.topics import kafka_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiokafka.structs import ConsumerRecord

    from schemas.topics import Topic
    from streams.settings import Settings

COUNTRIES: Final = (
    "Albania", "Armenia", "Austria", "Bolivia", "Chad", "Croatia", "Cuba", "Egypt", "Finland", "Ghana", "Hungary", "India",
    "Kenya", "Laos", "Malaysia", "Nepal", "Oman", "Peru", "Qatar", "Serbia", "Togo", "Uganda", "Vietnam", "Zambia",
)  # fmt: skip
TEXT: Final = """{first} and {second} sign a memorandum on border security

The interior ministers of {first} and {second} signed a memorandum of understanding on border security on Tuesday, the ministry said.

The paper had been in preparation since last autumn. It provides for common patrols, for a telephone line between the two border
commands and for courses for young officers. Nothing was said about its cost.

"We know the smugglers' paths, and now our neighbours will know them as well," the minister of {first} told reporters after the
ceremony. He thanked his guest for the patience of his delegation.

The minister of {second} spoke of a good day. The two delegations then visited a school for border guards near the capital, where
cadets showed them an exercise with dogs and a small drone. In the evening the guests left for home.
"""

STAGES: Final = (
    ("door", None, topics.TRANSCRIPTS_RAW),
    ("language", topics.TRANSCRIPTS_RAW, topics.TRANSCRIPTS_TAGGED),
    ("extraction", topics.TRANSCRIPTS_TAGGED, topics.EVENTS_EXTRACTED),
    ("ledger", topics.EVENTS_EXTRACTED, topics.AGREEMENTS_CHANGED),
    ("matching", topics.AGREEMENTS_CHANGED, topics.RULES_MATCHED),
    ("alerting", topics.RULES_MATCHED, topics.ALERTS),
    ("delivery", topics.ALERTS, None),
)
"""What happens between two appends; before the first is the request, after the last the client."""

_TRANSCRIPT_OF: Final[dict[str, Callable[[ConsumerRecord], str | None]]] = {
    topics.TRANSCRIPTS_RAW.name: lambda record: bytes(record.key).decode(),
    topics.TRANSCRIPTS_TAGGED.name: lambda record: bytes(record.key).decode(),
    topics.EVENTS_EXTRACTED.name: lambda record: _json(record)["context"]["transcript_id"],
    topics.AGREEMENTS_CHANGED.name: lambda record: _json(record)["transcript_id"],
    topics.RULES_MATCHED.name: lambda record: _of_agreement(_json(record)["subject"]),
    topics.ALERTS.name: lambda record: _of_agreement(_json(record)["alert"]["subjects"][0]),
}


def _of_agreement(subject: dict[str, Any]) -> str | None:
    """Give the transcript of what came by way of the ledger; rules on whole transcripts and events are there sooner."""
    return str(subject["transcript_id"]) if subject["kind"] == RuleSource.AGREEMENTS else None


def _json(record: ConsumerRecord) -> Any:  # noqa: ANN401 - JSON
    return orjson.loads(record.value)


async def _receive(address: str, received: dict[str, float], started: asyncio.Event) -> None:
    async with (
        httpx.AsyncClient(base_url=address, timeout=None) as client,  # noqa: S113 - until it is cancelled
        client.stream("GET", "/v1/alerts", headers={"Accept": "text/event-stream"}) as response,
    ):
        started.set()
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                now = time.time()
                id_ = _of_agreement(orjson.loads(line[6:])["alert"]["subjects"][0])
                if id_ is not None:
                    received.setdefault(id_, now)


async def _appended(settings: Settings, topic: Topic) -> dict[str, float]:
    """Give for each transcript when the first record of it was appended, in seconds."""
    found: dict[str, float] = {}
    async with open_reader(settings, kafka_name(topic, settings)) as reader:
        ends = await reader.end_offsets(reader.assignment())
        for place, end in ends.items():
            while await reader.position(place) < end:
                for records in (await reader.getmany(place, timeout_ms=500)).values():
                    for record in records:
                        id_, at = _TRANSCRIPT_OF[topic.name](record), record.timestamp / 1000
                        if id_ is not None:
                            found[id_] = min(at, found.get(id_, at))
    return found


async def measure(count: int, rate: float, warm_up: int) -> dict[str, object]:
    """Send so many transcripts a second and give what each stage took, in milliseconds."""
    pairs = list(combinations(COUNTRIES, 2))
    if count + warm_up > len(pairs):
        raise SystemExit(f"{len(pairs)} transcripts at most: {count} and {warm_up} were asked for")
    sent: dict[str, float] = {}
    answered: dict[str, float] = {}
    received: dict[str, float] = {}
    started = asyncio.Event()
    async with run_installation(worker=True) as running:
        receiving = asyncio.create_task(_receive(running.gateway, received, started))
        async with httpx.AsyncClient(base_url=running.gateway, timeout=30) as client:
            await started.wait()

            async def send(number: int) -> None:
                first, second = pairs[(number * 37) % len(pairs)]
                body = {
                    "id": f"bench-{number}",
                    "source": {"broadcaster": "Radio Bench"},
                    "text": TEXT.format(first=first, second=second),
                }
                sent[f"bench-{number}"] = time.time()
                (await client.post("/v1/transcripts", json=body)).raise_for_status()
                answered[f"bench-{number}"] = time.time()

            sending = []
            for number in range(warm_up + count):
                sending.append(asyncio.create_task(send(number)))
                await asyncio.sleep(1 / rate)
            await asyncio.gather(*sending)
            until = time.monotonic() + 30
            while len(received) < len(sent) and time.monotonic() < until:  # noqa: ASYNC110 - a dict
                await asyncio.sleep(0.1)
        receiving.cancel()
        appended = {
            topic.name: await _appended(running.settings, topic)
            for _, _, topic in STAGES
            if topic is not None
        }
    measured = [
        f"bench-{number}" for number in range(warm_up, warm_up + count) if f"bench-{number}" in received
    ]
    stages: dict[str, list[float]] = {}
    for name, before, after in STAGES:
        start = appended[before.name] if before is not None else sent
        end = appended[after.name] if after is not None else received
        stages[name] = [1000 * (end[id_] - start[id_]) for id_ in measured]
    stages["answer to the sender"] = [1000 * (answered[id_] - sent[id_]) for id_ in measured]
    stages["whole"] = [1000 * (received[id_] - sent[id_]) for id_ in measured]
    return {
        "transcripts": count,
        "per_second": rate,
        "arrived": len(measured),
        "milliseconds": {
            name: {
                "p50": round(percentile(values, 0.5), 1),
                "p99": round(percentile(values, 0.99), 1),
                "max": round(max(values), 1),
            }
            for name, values in stages.items()
        },
    }


def main() -> None:
    """Measure, print and write build/bench/latency.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=150, help="transcripts that are measured")
    parser.add_argument("--rate", type=float, default=5.0, help="transcripts a second")
    parser.add_argument("--warm-up", type=int, default=25, help="transcripts before, which are not measured")
    given = parser.parse_args()
    results = asyncio.run(measure(given.count, given.rate, given.warm_up))
    table = Table("stage", "p50 ms", "p99 ms", "max ms")
    milliseconds = results["milliseconds"]
    assert isinstance(milliseconds, dict)  # noqa: S101 - for the type checker
    for name, values in milliseconds.items():
        table.add_row(name, *(f"{values[share]:.0f}" for share in ("p50", "p99", "max")))
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{results['arrived']} of {results['transcripts']} transcripts arrived as alerts, at {given.rate:g} a second"
    )
    console.print(f"written to {write_results('latency', results)}", soft_wrap=True)


if __name__ == "__main__":
    main()
