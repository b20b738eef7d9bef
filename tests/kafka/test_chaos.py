"""The short form of `make chaos`: all of ours are killed at once under load, and the books balance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.settings import Settings
from tests.chaos.run import run_scenario
from tests.chaos.scenarios import find_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from streams.kafka.local import LocalBroker

pytestmark = pytest.mark.kafka


async def test_worker_gateway_and_notifier_killed_at_once_lose_double_and_disorder_nothing(
    broker: LocalBroker, tmp_path: Path
) -> None:
    result = await run_scenario(find_scenario("everyone-kill"), broker, Settings(), tmp_path)
    assert result.faults == []
    assert result.figures["sent"] == result.figures["enriched"] > 0
    assert result.figures["alerts"] == result.figures["streamed"] == result.figures["hooked"] > 0
