"""What runs live and what reads files say the same of the same transcripts, word for word."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from schemas import topics
from streams.cli.ingest import send_files
from streams.cli.rules import apply_pack
from streams.kafka.client import open_admin, open_reader
from streams.kafka.groups import count_work_left, installation_plans
from streams.kafka.topics import create_topics
from tests.kafka.worker_process import REAL, WorkerProcess

if TYPE_CHECKING:
    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll

pytestmark = pytest.mark.kafka

SAMPLES = sorted(p for p in Path(str(files("streams.samples"))).iterdir() if p.suffix in {".txt", ".json"})


async def test_live_alerts_are_those_of_extract_over_the_same_files(
    settings: Settings, read_all: ReadAll, tmp_path: Path
) -> None:
    async with open_admin(settings) as admin, open_reader(settings) as reader:
        await create_topics(admin, installation_plans(settings))
        await apply_pack(settings)
        async with WorkerProcess(settings, *REAL, log=tmp_path / "log") as worker:
            for sample in SAMPLES:
                # one after the other, as a feed comes: partitions that overtake one another change the order of the story
                await send_files(settings, [(sample.name, sample.read_bytes())])
                async with asyncio.timeout(60):
                    while await count_work_left(admin, reader, settings):
                        await asyncio.sleep(0.1)
            assert await worker.stop() == 0
    live = [json.loads(record.value) for record in await read_all(topics.ALERTS)]
    command = [sys.executable, "-m", "streams.cli", "extract", "--alerts", "--json", *map(str, SAMPLES)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    from_files = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(live) > len(SAMPLES) // 2
    assert by_alert(live) == by_alert(from_files)


def by_alert(changes: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    """Sort changes by what they are; a change that came twice would be one too few."""
    found = {str(change["id"]): change for change in sorted(changes, key=lambda c: str(c["id"]))}
    assert len(found) == len(changes)
    return found
