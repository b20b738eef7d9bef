"""A real Chromium on the console, and something for it to show."""

from __future__ import annotations

import os
import shutil
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import pytest

from schemas import topics
from schemas.topics import Output
from streams.extract.models import load_models
from streams.ingest.parse import parse_file
from streams.replay.run import run_outputs
from streams.rules.load import load_pack
from tests.kafka.gateway_process import publish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiokafka import AIOKafkaProducer
    from playwright.async_api import Browser

    from streams.settings import Settings

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sample_outputs() -> list[Output]:
    """Give every record that the samples lead to, and the shipped rules."""
    folder = files("streams.samples")
    names = sorted(i.name for i in folder.iterdir() if i.name.endswith((".txt", ".json")))
    transcripts = [t for name in names for t in parse_file(name, folder.joinpath(name).read_bytes(), NOON)]
    rules = load_pack()
    outputs = list(run_outputs(transcripts, load_models(), rules))
    return [*outputs, *(Output(topics.RULES, rule.id, rule, NOON) for rule in rules)]


async def publish_samples(producer: AIOKafkaProducer, settings: Settings) -> None:
    """Put on the topics what a worker would have made of the samples."""
    shown = {t.name for t in topics.TOPICS}
    await publish(producer, settings, *(o for o in sample_outputs() if o.topic.name in shown))


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Start Debian's Chromium; where there is none, the test is skipped."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium is installed: on Debian and Ubuntu, apt-get install chromium")
    from playwright.async_api import async_playwright  # noqa: PLC0415 - only where there is a browser

    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=sandbox)
        try:
            yield browser
        finally:
            await browser.close()
