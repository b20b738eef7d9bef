"""The gateway as a process: HTTP on one side, Kafka on the other."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import uvicorn
from aiokafka.errors import KafkaError

from schemas import topics
from schemas.topics import Output
from streams.gateway.app import Broker, NotTakenError, build_app
from streams.kafka.client import NoBrokerError, open_producer, open_reader
from streams.kafka.records import encode_record
from streams.kafka.topics import kafka_name
from streams.telemetry import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiokafka import AIOKafkaProducer

    from schemas.transcript import Transcript
    from streams.settings import Settings

_MOST_UNDER_WAY: Final = 2000
"""Transcripts sent and not yet confirmed; with more the door says 429."""

_SEND_TIMEOUT_S: Final = 10.0


class _Sender:
    def __init__(self, producer: AIOKafkaProducer, settings: Settings) -> None:
        self._producer = producer
        self._settings = settings
        self._under_way = 0

    def busy(self) -> bool:
        return self._under_way > _MOST_UNDER_WAY

    async def send(self, transcripts: tuple[Transcript, ...]) -> None:
        self._under_way += len(transcripts)
        try:
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                await asyncio.gather(*[self._send(t) for t in transcripts])
        except (KafkaError, TimeoutError) as error:
            raise NotTakenError(
                f"the broker has not confirmed the transcripts ({type(error).__name__}); send them again"
            ) from error
        finally:
            self._under_way -= len(transcripts)

    async def _send(self, transcript: Transcript) -> None:
        record = encode_record(
            Output(topics.TRANSCRIPTS_RAW, transcript.id, transcript, transcript.event_time), self._settings
        )
        sent = await self._producer.send(
            record.topic, value=record.value, key=record.key, headers=record.headers
        )
        await sent


class _Server(uvicorn.Server):
    """Uvicorn that ends with exit code 0 on a signal; its own way is to raise the signal again when all is done."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_gateway(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. `on_ready` is told the address once requests are answered.

    Raises:
        NoBrokerError: no Kafka answers at the start. One that goes away later is waited for.
        OSError: the address is taken.
    """
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        sender = _Sender(await stack.enter_async_context(open_producer(settings)), settings)
        broker = Broker(
            send=sender.send,
            open_reader=lambda *names: open_reader(settings, *names),
            alerts_topic=kafka_name(topics.ALERTS, settings),
            busy=sender.busy,
            answers=lambda: _answers(settings),
        )
        app = build_app(broker, metrics, lambda: datetime.now(UTC))  # noqa: TID251 - the door's clock
        config = uvicorn.Config(
            app, host=settings.gateway_host, port=settings.gateway_port, log_level="warning", access_log=False,
            timeout_graceful_shutdown=3, log_config=None, server_header=False,
        )  # fmt: skip
        server = _Server(config)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, server.handle_exit, number, None)
        told = asyncio.create_task(_tell(server, on_ready))
        try:
            await server.serve()
        except SystemExit as error:  # uvicorn's way to say that it could not bind
            raise OSError(
                f"{settings.gateway_host}:{settings.gateway_port} is taken or no address of this machine"
            ) from error
        finally:
            told.cancel()


async def _tell(server: uvicorn.Server, on_ready: Callable[[str], None]) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag and no event
        await asyncio.sleep(0.02)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


async def _answers(settings: Settings) -> bool:
    try:
        async with asyncio.timeout(3), open_reader(settings) as reader:
            return bool(await reader.topics())
    except (NoBrokerError, KafkaError, TimeoutError):
        return False
