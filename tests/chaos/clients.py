"""Whoever stands outside: a sender that does not give up, and a subscriber that keeps all it was told."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import httpx
from aiokafka.errors import KafkaError

from schemas import topics
from schemas.alert import AlertChange
from streams.kafka.client import NoBrokerError, open_producer
from streams.kafka.topics import kafka_name
from tests.kafka.gateway_process import STREAM

if TYPE_CHECKING:
    from schemas.transcript import Transcript
    from streams.settings import Settings
    from tests.chaos.stories import Story

_AGAIN_S: Final = 0.2
_SILENT_S: Final = 20.0
"""A stream says something every fifteen seconds; one that is silent for longer is opened anew."""

_ANSWER_S: Final = 12.0
"""A request without an answer after this long is sent again."""


@dataclass
class Sender:
    """Sends each transcript until the gateway has taken it, and the reports of a story one after the other."""

    address: str
    accepted: list[Transcript] = field(default_factory=list)
    poison: list[bytes] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    tries: int = 0
    turned_away: int = 0
    """Answers that said to come back later."""

    async def tell(self, story: Story, client: httpx.AsyncClient, pause_s: float, times: int = 1) -> None:
        """Send the reports of a story, each so many times."""
        for transcript in story:
            for _ in range(times):
                await self._send(transcript, client)
            self.accepted.append(transcript)
            await asyncio.sleep(pause_s)

    async def repeat(self, client: httpx.AsyncClient) -> None:
        """Send again what was taken, in the same order."""
        for transcript in self.accepted:
            await self._send(transcript, client)

    async def _send(self, transcript: Transcript, client: httpx.AsyncClient) -> None:
        while True:
            self.tries += 1
            with suppress(httpx.TransportError):
                answer = await client.post(
                    f"{self.address}/v1/transcripts", content=transcript.encode(), timeout=_ANSWER_S
                )
                if answer.is_success:
                    return
                if answer.status_code not in {429, 503}:
                    self.refused.append(f"{answer.status_code} {answer.text}")
                    return
                self.turned_away += 1
                if "retry-after" not in answer.headers:
                    self.refused.append(f"{answer.status_code} without Retry-After: {answer.text}")
            await asyncio.sleep(_AGAIN_S)

    async def poison_topic(self, settings: Settings, every_s: float, enough: asyncio.Event) -> None:
        """Put records that are no transcripts on the raw topic until there are enough, each until the broker has it."""
        name = kafka_name(topics.TRANSCRIPTS_RAW, settings)
        while not enough.is_set():
            number = len(self.poison)
            value = f'{{"no transcript": {number}'.encode()
            self.poison.append(value)
            await self._put(settings, name, value, number % settings.partitions)
            with suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await enough.wait()

    async def _put(self, settings: Settings, name: str, value: bytes, partition: int) -> None:
        while True:
            with suppress(KafkaError, NoBrokerError, OSError, TimeoutError):
                async with open_producer(settings) as producer:
                    await producer.send_and_wait(name, value, partition=partition)
                    return
            await asyncio.sleep(_AGAIN_S)


@dataclass
class Subscriber:
    """Follows the alerts by server-sent events; comes back with its cursor whenever the stream breaks off."""

    address: str
    told: list[AlertChange] = field(default_factory=list)
    following: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    resets: int = 0
    _cursor: str | None = None

    async def follow(self) -> None:
        """Follow until cancelled."""
        async with httpx.AsyncClient(trust_env=False, timeout=_SILENT_S) as client:
            while True:
                with suppress(httpx.TransportError, httpx.StreamError):
                    await self._connect(client)
                await asyncio.sleep(_AGAIN_S)

    async def _connect(self, client: httpx.AsyncClient) -> None:
        headers = STREAM if self._cursor is None else {**STREAM, "Last-Event-ID": self._cursor}
        async with client.stream("GET", f"{self.address}/v1/alerts", headers=headers) as answer:
            if not answer.is_success:
                return
            self.connections += 1
            fields: dict[str, str] = {}
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                    continue
                self._take(fields)
                fields = {}

    def _take(self, fields: dict[str, str]) -> None:
        """Take an event that has come whole; one that was cut off comes again behind the cursor of the one before."""
        self._cursor = fields.get("id", self._cursor)
        if self._cursor is not None:
            self.following.set()
        if fields.get("event") == "alert":
            self.told.append(AlertChange.decode(fields["data"].encode()))
        self.resets += fields.get("event") == "reset"
