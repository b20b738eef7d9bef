"""Photographs every page of the console, with the samples on a broker of its own, into docs/console."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

import httpx
from playwright.async_api import expect

from streams.kafka.client import open_admin, open_producer
from streams.kafka.groups import installation_plans
from streams.kafka.local import LocalBroker, free_port
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.kafka.browser import open_browser, publish_samples
from tests.kafka.gateway_process import JSON, run_gateway, until_indexed

FOLDER: Final = Path(__file__).parents[2] / "docs" / "console"
SETTLE_MS: Final = 1500


async def _pages(address: str) -> dict[str, str]:
    async with httpx.AsyncClient(base_url=address) as client:
        await until_indexed(client, "/v1/alerts?limit=1000", 10)
        await until_indexed(client, "/v1/rules?limit=1000", 30)
        alerts = (await client.get("/v1/alerts?limit=1000", headers=JSON)).json()["alerts"]
        rules = (await client.get("/v1/rules?limit=1000", headers=JSON)).json()["rules"]
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
    }


async def photograph(settings: Settings) -> None:
    """Take the pictures: all in light at the width of a desk, some in dark at that of a phone."""
    async with open_admin(settings) as admin:
        await create_topics(admin, installation_plans(settings))
    async with open_producer(settings) as producer:
        await publish_samples(producer, settings)
    with run_gateway(settings) as address:
        pages = await _pages(address)
        async with open_browser() as browser:
            desk = await browser.new_page(viewport={"width": 1040, "height": 720})
            phone = await browser.new_page(viewport={"width": 360, "height": 720}, color_scheme="dark")
            for page, chosen, suffix in (
                (desk, pages, ""),
                (phone, ("alerts", "alert", "agreements"), "-phone"),
            ):
                for name in chosen:
                    await page.goto("about:blank")
                    await page.goto(f"{address}/#/{pages[name]}")
                    await expect(page.get_by_text("Reading")).to_have_count(0, timeout=20_000)
                    await page.wait_for_timeout(SETTLE_MS)
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
