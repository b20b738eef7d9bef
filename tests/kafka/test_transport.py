"""One producer for all agents: what one agent's error does to the others' sends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError

from streams.kafka.client import open_admin
from streams.kafka.topics import delete_topics
from streams.worker.delivery import Parcel
from streams.worker.transport import ProducerLine

if TYPE_CHECKING:
    from streams.settings import Settings

pytestmark = pytest.mark.kafka

WAIT_S = 60


async def test_every_send_ends_although_others_errors_close_the_producer_again_and_again(
    settings: Settings,
) -> None:
    # A topic that takes no stamp but the broker's own moment refuses most records for good.
    picky, plain = f"{settings.topic_prefix}picky", f"{settings.topic_prefix}plain"
    refuses = {"message.timestamp.type": "CreateTime", "message.timestamp.before.max.ms": "0"}
    line = ProducerLine(settings)
    async with open_admin(settings) as admin:
        await admin.create_topics([NewTopic(picky, 3, 1, topic_configs=refuses), NewTopic(plain, 3, 1)])
        await line.open()
        try:
            async with asyncio.timeout(WAIT_S):
                sent = await asyncio.gather(
                    *(_send_often(line, name, p) for name in (picky, plain) for p in range(3))
                )
        finally:
            await line.close()
            await delete_topics(admin, [picky, plain])
    assert all(count < 20 for count in sent[:3])
    assert all(count > 0 for count in sent[3:])


async def _send_often(line: ProducerLine, topic: str, partition: int) -> int:
    """Send twenty records one after the other; give how many are known to be there."""
    there = 0
    for number in range(20):
        try:
            await line.send(Parcel(topic, None, b"%d" % number, [], partition))
            there += 1
        except KafkaError:
            await asyncio.sleep(0.01)
    return there
