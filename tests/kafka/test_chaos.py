"""The short form of `make chaos`: who holds state in memory is killed under load, and the books balance."""

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


@pytest.mark.parametrize("name", ["worker-kill", "gateway-kill"])
async def test_nothing_is_lost_doubled_or_out_of_order(name: str, broker: LocalBroker, tmp_path: Path) -> None:
    result = await run_scenario(find_scenario(name), broker, Settings(), tmp_path)
    assert result.faults == []
    assert result.figures["sent"] == result.figures["enriched"] > 0
    assert result.figures["alerts"] == result.figures["streamed"] == result.figures["hooked"] > 0
