"""What a replay publishes: told in words where the broker takes nothing more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
from aiokafka.errors import KafkaTimeoutError

from schemas import topics
from streams.replay.outputs import OUTPUT_TOPICS, Line, Outputs
from streams.replay.publish import Publisher
from streams.replay.store import Replay
from streams.rules.match import RuleIndex
from streams.settings import Settings
from tests.rules.making import make_act, make_rule

if TYPE_CHECKING:
    from pathlib import Path

    from aiokafka import AIOKafkaProducer


class SilentProducer:
    """Takes what it is given, and never hears of it again: its broker is gone."""

    async def send(self, *_: object, **__: object) -> asyncio.Future[object]:
        return asyncio.get_running_loop().create_future()


async def test_a_broker_that_takes_nothing_more_is_told_and_not_waited_for_without_end(
    tmp_path: Path,
) -> None:
    replay = Replay(tmp_path)
    outputs = Outputs(replay.outputs_folder, {})
    index = RuleIndex(every_near_miss=True)
    index.add(
        make_rule({"a": {"event.type": "CONSULT"}, "b": {"event.actor": "RUS"}, "condition": "a and b"})
    )
    (miss,) = index.match(make_act()).near_misses
    outputs.write(topics.RULES_MISSED, Line("key", miss.subject.event_time, miss.encode()))
    sizes = outputs.flush()
    outputs.close()
    publisher = Publisher(
        Settings(),
        replay,
        cast("AIOKafkaProducer", SilentProducer()),
        dict.fromkeys((t.name for t in OUTPUT_TOPICS), 0),
        patience_s=0.01,
    )
    with pytest.raises(KafkaTimeoutError, match="took nothing"):
        await publisher.publish(sizes)
