"""The gateway as a process of its own, and clients of it, for the tests that need one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import orjson

from streams.kafka.records import encode_record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx
    from aiokafka import AIOKafkaProducer

    from schemas.topics import Output
    from streams.settings import Settings

JSON = {"Accept": "application/json"}
STREAM = {"Accept": "text/event-stream"}

StreamEvent = tuple[str, str, dict[str, object]]


def start_gateway(settings: Settings, log: IO[str] | None = None) -> tuple[subprocess.Popen[str], str]:
    """Start `dragoman gateway`; gives the process and its address on this machine once it is ready. Its log goes to a file."""
    environment = {
        f"DRAGOMAN_{name.upper()}": str(v) for name, v in settings.model_dump().items() if v is not None
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "streams.cli", "gateway"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("gateway: http://"), line
    return process, line.removeprefix("gateway: ").strip().replace("//0.0.0.0:", "//127.0.0.1:")


@contextmanager
def run_gateway(settings: Settings) -> Iterator[str]:
    """Run `dragoman gateway` as long as this lasts; gives its address. However it was used, no library complains."""
    with tempfile.TemporaryFile("w+") as log:
        process, address = start_gateway(settings, log)
        with process:
            try:
                yield address
            finally:
                process.send_signal(signal.SIGTERM)
                assert process.wait(15) == 0
        log.seek(0)
        said = log.read()
        assert '"event":"library"' not in said, said
        assert "Traceback" not in said, said


async def publish(producer: AIOKafkaProducer, settings: Settings, *outputs: Output) -> None:
    """Write records to their topics and wait until the broker has them."""
    records = [encode_record(output, settings) for output in outputs]
    sent = [await producer.send(r.topic, value=r.value, key=r.key, headers=r.headers) for r in records]
    await asyncio.gather(*sent)


async def stream_events(response: httpx.Response) -> AsyncIterator[StreamEvent]:
    """Read server-sent events: name, cursor, data."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        if "data" in fields:
            yield fields["event"], fields["id"], orjson.loads(fields["data"])
        fields = {}


async def until_indexed(client: httpx.AsyncClient, path: str, count: int) -> None:
    """Wait until a page holds so many."""
    async with asyncio.timeout(20):
        while True:
            page = (await client.get(path, headers=JSON)).json()
            if len(page[path.partition("?")[0].rpartition("/")[2]]) >= count:
                return
            await asyncio.sleep(0.05)
