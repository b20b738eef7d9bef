"""Read the agreements into a table, then follow the alerts on security memoranda. Needs only aiokafka.

    python follow.py

BROKER      Kafka, host:port (127.0.0.1:9092)
PREFIX      the installation's DRAGOMAN_TOPIC_PREFIX (none)
GROUP       consumer group: it remembers how far this program came (my-desk)
ALERTS      end after so many alerts; without it the program follows for ever
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from aiokafka import AIOKafkaConsumer

BROKER = os.environ.get("BROKER", "127.0.0.1:9092")
PREFIX = os.environ.get("PREFIX", "")
GROUP = os.environ.get("GROUP", "my-desk")
ALERTS = int(os.environ.get("ALERTS", "0"))


async def read_table() -> dict[str, dict[str, Any]]:
    """Read the compacted topic from its beginning to its end: the last record of each key counts."""
    consumer = AIOKafkaConsumer(  # without a group it reads all partitions
        f"{PREFIX}agreements.current.v1", bootstrap_servers=BROKER, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        places = consumer.assignment()
        ends = await consumer.end_offsets(places)
        table: dict[str, dict[str, Any]] = {}
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if record.value is None:  # a tombstone: there is no such agreement any more
                        table.pop(record.key.decode(), None)
                    else:
                        table[record.key.decode()] = json.loads(record.value)
        return table
    finally:
        await consumer.stop()


async def follow_alerts() -> None:
    """Follow the alerts. Kafka may give a record again after a restart, so pass by what was seen."""
    consumer = AIOKafkaConsumer(
        f"{PREFIX}alerts.security-mou.v1",
        bootstrap_servers=BROKER,
        group_id=GROUP,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        print("following", flush=True)
        seen: dict[str, int] = {}  # keep it where you keep the alerts, if a repeat would harm
        told = 0
        async for record in consumer:
            change = json.loads(record.value)
            alert = change["alert"]
            if change["sequence"] > seen.get(alert["id"], 0):
                seen[alert["id"]] = change["sequence"]
                print(
                    "alert",
                    alert["id"],
                    change["sequence"],
                    change["kind"],
                    alert["summary"],
                    sep="\t",
                    flush=True,
                )
                told += 1
            await consumer.commit()  # only now: a crash above gives the alert again, it never loses one
            if told == ALERTS:
                return
    finally:
        await consumer.stop()


async def main() -> None:
    """Do both, one after the other."""
    for identity, agreement in sorted((await read_table()).items()):
        print("agreement", identity, agreement["key"], agreement["stage"], sep="\t", flush=True)
    await follow_alerts()


if __name__ == "__main__":
    asyncio.run(main())
