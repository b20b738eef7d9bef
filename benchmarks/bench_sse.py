"""Many clients on one gateway: whether each gets every alert once, how fast, and what a client costs.

The clients live in a process of their own beside the gateway's. One more reads nothing at all. Latency is from the time that
the broker gave the alert when it appended it to alerts.v1 until a client has it; all clocks are that of this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import resource
import time
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.installation import percentile, run_installation, write_results
from schemas import topics
from schemas.topics import Output
from streams.kafka.client import open_producer
from streams.kafka.records import encode_record
from tests.factories import make_alert_change

_NUMBER: Final = re.compile(rb'"summary":"bench (\d+)')
_BIG: Final = "x" * 2000
"""About as large as an alert with a handful of reports."""


class Client(asyncio.Protocol):
    """A client that notes when it got which alert."""

    def __init__(self, *, lazy: bool = False) -> None:
        self.got: list[tuple[int, float]] = []
        self.lazy = lazy
        self.ready = asyncio.get_running_loop().create_future()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        transport.write(b"GET /v1/alerts HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        if self.lazy:
            transport.pause_reading()
            self.ready.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Note what came."""
        now = time.time()
        if not self.ready.done():
            self.ready.set_result(None)
        text = self._rest + data
        end = 0
        for found in _NUMBER.finditer(text):
            self.got.append((int(found[1]), now))
            end = found.end()
        self._rest = text[max(end, len(text) - 40) :]


async def measure(clients: int, alerts: int, rate: float) -> dict[str, object]:
    """Connect so many clients, publish so many alerts, and give what came of it."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    loop = asyncio.get_running_loop()
    async with run_installation(worker=False) as running:
        gateway = psutil.Process(running.gateway_pid)
        place = urlsplit(running.gateway)
        before = gateway.memory_info().rss
        opened: list[Client] = []
        begin = time.monotonic()
        for number in range(clients + 1):
            _, client = await loop.create_connection(
                lambda number=number: Client(lazy=number == 0),  # type: ignore[misc]
                place.hostname or "",
                place.port or 0,
            )
            opened.append(client)
        await asyncio.gather(*(client.ready for client in opened))
        connect_s = time.monotonic() - begin
        connected = gateway.memory_info().rss
        appended: dict[int, float] = {}
        async with open_producer(running.settings) as producer:
            for number in range(alerts):
                change = make_alert_change(number, summary=f"bench {number} {_BIG}")
                output = Output(topics.ALERTS, change.alert.id, change, datetime.now(UTC))  # noqa: TID251 - a clock
                record = encode_record(output, running.settings)
                sent = await producer.send_and_wait(
                    record.topic, value=record.value, key=record.key, headers=record.headers
                )
                appended[number] = sent.timestamp / 1000
                await asyncio.sleep(1 / rate)
        until = time.monotonic() + 20
        readers = opened[1:]
        while any(len(c.got) < alerts for c in readers) and time.monotonic() < until:  # noqa: ASYNC110 - lists
            await asyncio.sleep(0.1)
        after = gateway.memory_info().rss
        once = sum(sorted(n for n, _ in client.got) == list(range(alerts)) for client in readers)
        waits = [1000 * (at - appended[number]) for client in readers for number, at in client.got]
    return {
        "clients": clients,
        "lazy_clients": 1,
        "alerts": alerts,
        "per_second": rate,
        "clients_that_got_every_alert_once": once,
        "deliveries": len(waits),
        "milliseconds": {
            "p50": round(percentile(waits, 0.5), 1),
            "p99": round(percentile(waits, 0.99), 1),
            "max": round(max(waits), 1),
        },
        "connect_s": round(connect_s, 1),
        "gateway_rss_mib": {
            "without clients": round(before / 2**20, 1),
            "all connected": round(connected / 2**20, 1),
            "at the end": round(after / 2**20, 1),
        },
        "kib_a_client": round((after - before) / 1024 / (clients + 1), 1),
    }


def main() -> None:
    """Measure, print and write build/bench/sse.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--alerts", type=int, default=60)
    parser.add_argument("--rate", type=float, default=2.0, help="alerts a second")
    given = parser.parse_args()
    results = asyncio.run(measure(given.clients, given.alerts, given.rate))
    table = Table(show_header=False)
    for name, value in results.items():
        if isinstance(value, dict):
            for part, figure in value.items():
                table.add_row(f"{name.replace('_', ' ')}: {part}", str(figure))
        else:
            table.add_row(name.replace("_", " "), str(value))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"written to {write_results('sse', results)}", soft_wrap=True)


if __name__ == "__main__":
    main()
