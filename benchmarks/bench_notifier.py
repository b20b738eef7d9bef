"""How fast a burst of alerts reaches webhooks: one subscriber who has much waiting, and many who share the notifier.

The receiver verifies every signature, in this process and on this machine; each delivery is written down before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from datetime import UTC, datetime

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.installation import run_installation, write_results
from schemas import topics
from schemas.topics import Output
from streams.cli.processes import Processes
from streams.kafka.client import open_producer
from tests.factories import make_alert_change
from tests.kafka.gateway_process import publish
from tests.kafka.notifier_receiver import make_subscription, receiving


async def measure(subscribers: int, alerts: int, timeout_s: float) -> dict[str, object]:
    """Tell so many subscribers of so many alerts at once, and give what came of it."""
    async with run_installation(worker=False) as running, receiving() as receiver:
        settings = running.settings.model_copy(update={"notifier_allow": "127.0.0.1", "notifier_port": 0})
        wishes = [make_subscription(f"s{n}", f"{receiver.address}/s{n}") for n in range(subscribers)]
        now = datetime.now(UTC)  # noqa: TID251 - a clock
        processes = Processes(settings.data_dir, {**os.environ, **settings.as_environment()})
        try:
            async with open_producer(settings) as producer:
                outputs = [Output(topics.SUBSCRIPTIONS, wish.id, wish, now) for wish in wishes]
                await publish(producer, settings, *outputs)
                child = await processes.start("notifier", "notifier")
                notifier = psutil.Process(child.process.pid)
                idle_s = sum(notifier.cpu_times()[:2])
                changes = [make_alert_change(n) for n in range(alerts)]
                begin = asyncio.get_running_loop().time()
                await publish(
                    producer, settings, *[Output(topics.ALERTS, c.alert.id, c, now) for c in changes]
                )
            until = time.monotonic() + timeout_s
            while len(receiver.taken) < subscribers * alerts and time.monotonic() < until:  # noqa: ASYNC110 - a list
                await asyncio.sleep(0.1)
            busy_s = sum(notifier.cpu_times()[:2]) - idle_s
        finally:
            await processes.stop()
    waits = sorted(at - begin for times in receiver.times.values() for at in times)
    return {
        "subscribers": subscribers,
        "alerts": alerts,
        "deliveries": len(receiver.taken),
        "twice": len(receiver.taken) - len(set(receiver.taken_ids())),
        "a second": round(len(waits) / waits[-1], 1) if waits else 0.0,
        "all there after s": round(waits[-1], 1) if waits else 0.0,
        "processor ms each": round(1000 * busy_s / max(len(waits), 1), 2),
    }


def main() -> None:
    """Measure, print and write build/bench/notifier.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for each of the two at most")
    given = parser.parse_args()
    results = [
        asyncio.run(measure(subscribers, alerts, given.timeout))
        for subscribers, alerts in ((1, 6000), (300, 10))
    ]
    table = Table(*(name.replace(" ", "\n") for name in results[0]))
    for result in results:
        table.add_row(*map(str, result.values()))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"written to {write_results('notifier', {'runs': results})}", soft_wrap=True)


if __name__ == "__main__":
    main()
