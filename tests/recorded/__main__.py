"""`python -m tests.recorded`: run the worker over a short story on a real Kafka, and keep all that it wrote there."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from schemas import topics
from schemas.topics import Output
from streams.kafka.client import open_admin, open_producer, open_reader
from streams.kafka.groups import count_work_left, installation_plans
from streams.kafka.local import LocalBroker, free_port
from streams.kafka.records import encode_record
from streams.kafka.topics import create_topics, kafka_name
from streams.rules.load import load_pack
from streams.settings import Settings
from tests.factories import NOON, make_transcript
from tests.kafka.conftest import reader_of
from tests.kafka.worker_process import REAL, WorkerProcess
from tests.recorded import FOLDER, PARTITIONS, POISON, Recorded, save_recording

STORY = (
    ("Radio One", 0, "The police chiefs of Albania and Montenegro agreed to draft a memorandum of understanding on border police."),
    ("Radio Two", 5, "Albania and Montenegro are drafting a memorandum of understanding on border police, officials said on Sunday."),
    ("Radio One", 9, "Chad and Niger signed a memorandum of understanding on border security on Sunday."),
    ("Radio One", 12, "The foreign minister of Chad met the president of Niger in Niamey. Protesters marched through the capital."),
)  # fmt: skip
"""Who said what, so many hours after noon of the first day."""


async def record(folder: Path) -> list[Recorded]:
    """Give all that is on the topics after the story, partition by partition."""
    with LocalBroker(
        folder / "broker", Settings().cache_dir / "broker", port=free_port(), heap_mib=256
    ) as broker:
        settings = Settings(
            broker=broker.address,
            partitions=PARTITIONS,
            data_dir=folder / "data",
            health_port=0,
            commit_interval_s=0.3,
        )
        plans = installation_plans(settings)
        async with open_admin(settings) as admin, open_producer(settings) as producer:
            await create_topics(admin, plans)
            for rule in load_pack():
                if rule.alert.topic == "security-mou":
                    name = kafka_name(topics.RULES, settings)
                    await producer.send_and_wait(name, rule.encode(), key=rule.id.encode())
            raw = kafka_name(topics.TRANSCRIPTS_RAW, settings)
            async with WorkerProcess(settings, *REAL, log=folder / "log") as worker:
                await producer.send_and_wait(raw, POISON, key=b"poison")
                for number, (broadcaster, hours, text) in enumerate(STORY):
                    at = NOON.replace(hour=(NOON.hour + hours) % 24, day=NOON.day + (NOON.hour + hours) // 24)
                    transcript = make_transcript(
                        text, id=f"t-{number}", source={"broadcaster": broadcaster}, broadcast_time=at
                    )
                    laid_out = encode_record(
                        Output(topics.TRANSCRIPTS_RAW, transcript.id, transcript, transcript.event_time),
                        settings,
                    )
                    await producer.send_and_wait(raw, laid_out.value, laid_out.key, headers=laid_out.headers)
                    async with open_reader(settings) as reader:
                        while await count_work_left(admin, reader, settings):
                            await asyncio.sleep(0.5)
                await worker.stop()
        read_all = reader_of(settings)
        return [
            Recorded(plan.name, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers))
            for plan in sorted(plans, key=lambda plan: plan.name)
            for r in await read_all(plan.name)
        ]


if __name__ == "__main__":
    path = FOLDER / f"{version('dragoman')}.jsonl.gz"
    if path.exists():
        sys.exit(
            f"{path.name} is there already: a release is recorded once, and what it wrote is read for good"
        )
    with tempfile.TemporaryDirectory() as temporary:
        records = asyncio.run(record(Path(temporary)))
    save_recording(path, records)
    sys.stdout.write(f"{len(records)} records, {path.stat().st_size} bytes: {path}\n")
