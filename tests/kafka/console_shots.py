"""Photographs every page of the console, with the samples on a broker of its own, into docs/console."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from playwright.async_api import expect

from schemas import topics
from schemas.dead_letter import DeadLetter, DeadLetterReason
from streams.kafka.client import open_admin, open_producer, open_reader
from streams.kafka.dead_letters import park
from streams.kafka.groups import installation_plans
from streams.kafka.local import LocalBroker, free_port
from streams.kafka.topics import create_topics, kafka_name
from streams.rules.load import pack_folder
from streams.settings import Settings
from tests.kafka.browser import open_browser, publish_samples
from tests.kafka.gateway_process import JSON, run_gateway, until_indexed

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

FOLDER: Final = Path(__file__).parents[2] / "docs" / "console"
SETTLE_MS: Final = 1500
RATES_MS: Final = 6000
"""Until the page of topics knows a second count."""


async def _pages(address: str) -> dict[str, str]:
    async with httpx.AsyncClient(base_url=address) as client:
        await until_indexed(client, "/v1/alerts?limit=1000", 10)
        await until_indexed(client, "/v1/rules?limit=1000", 30)
        alerts = (await client.get("/v1/alerts?limit=1000", headers=JSON)).json()["alerts"]
        rules = (await client.get("/v1/rules?limit=1000", headers=JSON)).json()["rules"]
        for name, channel, chosen in (
            ("Central desk", "https://desk.example/hooks/central", {"topics": ["security-mou"]}),
            ("Night duty", "mailto://user:password@mail.example", {"level": "high"}),
            ("Caucasus feed", "", {"countries": ["ARM"]}),
        ):
            made = await client.post(
                "/v1/subscriptions", json={"name": name, "channel": channel, "filter": chosen}
            )
            made.raise_for_status()
    told_often = max(alerts, key=lambda a: (len(a["subjects"]), a["id"]))
    persian = next(a for a in alerts if "fa" in a["languages"])
    rule = next(r for r in rules if r["title"].startswith("New security agreement between states"))
    return {
        "alerts": "alerts",
        "alert": f"alerts/{told_often['id']}",
        "alert-persian": f"alerts/{persian['id']}",
        "agreements": "agreements",
        "pair": "agreements?pair=ARM%7CIRN",
        "events": "events",
        "rules": "rules",
        "rule": f"rules/{rule['id']}",
        "topics": "topics",
        "subscriptions": "subscriptions",
        "replays": "replays",
        "replay": "replays/no-talks",
    }


async def _replay(settings: Settings) -> None:
    """Read the samples again, through the shipped rules but for one."""
    rules = settings.data_dir / "fewer-rules"
    shutil.copytree(pack_folder(), rules, ignore=shutil.ignore_patterns("talks*", "*.lock"))
    words = ["--rules", str(rules), "--from", "2025-03-01", "--to", "2025-04-01"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.cli", "replay", "start", "--name", "no-talks", "--local", *words,
        env={**os.environ, **settings.as_environment()}, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    if await process.wait():
        raise RuntimeError("the replay failed")


async def _park_one(producer: AIOKafkaProducer, settings: Settings) -> None:
    name = kafka_name(topics.TRANSCRIPTS_RAW, settings)
    value = b'{"source": {"broadcaster": "Radio Test"}, "text": ""}'
    await producer.send_and_wait(name, value, key=b"t-1", partition=0)
    async with open_reader(settings, name) as reader:
        record = await reader.getone()
    letter = DeadLetter(
        topic=topics.TRANSCRIPTS_RAW.name, partition=record.partition, offset=record.offset, timestamp_ms=record.timestamp,
        stage="language", stage_version="0.1.0", reason=DeadLetterReason.SCHEMA, message="text: is empty",
        error_class="ContractError", attempts=1, failed_time=datetime.now(UTC),  # noqa: TID251 - as a worker would
    )  # fmt: skip
    await park(producer, settings, record, letter)


async def photograph(settings: Settings) -> None:
    """Take the pictures: all in light at the width of a desk, some in dark at that of a phone."""
    async with open_admin(settings) as admin:
        await create_topics(admin, installation_plans(settings))
    async with open_producer(settings) as producer:
        await publish_samples(producer, settings)
        await _park_one(producer, settings)
    await _replay(settings)
    with run_gateway(settings) as address:
        pages = await _pages(address)
        async with open_browser() as browser:
            desk = await browser.new_page(viewport={"width": 1040, "height": 720})
            dark = await browser.new_page(viewport={"width": 1040, "height": 720}, color_scheme="dark")
            phone = await browser.new_page(viewport={"width": 360, "height": 720}, color_scheme="dark")
            for page, chosen, suffix in (
                (desk, pages, ""),
                (dark, ("alerts", "alert-persian"), "-dark"),
                (phone, ("alerts", "alert", "agreements"), "-phone"),
            ):
                for name in chosen:
                    await page.goto("about:blank")
                    await page.goto(f"{address}/#/{pages[name]}")
                    await expect(page.get_by_text("Reading")).to_have_count(0, timeout=20_000)
                    await expect(page.get_by_text("Comparing")).to_have_count(0, timeout=60_000)
                    await page.wait_for_timeout(RATES_MS if name == "topics" else SETTLE_MS)
                    await page.screenshot(path=FOLDER / f"{name}{suffix}.png")


def main() -> None:
    """Start a broker, photograph, and stop it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with LocalBroker(data / "broker", Settings().cache_dir / "broker", port=free_port()) as broker:
            settings = Settings(broker=broker.address, data_dir=data, gateway_port=0, partitions=2)
            asyncio.run(photograph(settings))
    sys.stdout.write(f"pictures are in {FOLDER.name}\n")


if __name__ == "__main__":
    main()
