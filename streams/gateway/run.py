"""The gateway as a process: HTTP on one side, Kafka on the other."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from aiokafka.errors import KafkaError

from schemas import topics
from schemas.topics import Output
from streams.gateway.app import Broker, Limits, NotTakenError, build_app
from streams.gateway.door import Rules
from streams.gateway.index import Index
from streams.gateway.limit import Rate
from streams.gateway.operation import Operation
from streams.gateway.protocols import HttpProtocol, WebSocketProtocol
from streams.gateway.tokens import TokenError, TokenFile
from streams.kafka.client import NoBrokerError, open_admin, open_producer, open_reader
from streams.kafka.copies import read_copies, tell_unwritable
from streams.kafka.records import encode_record
from streams.kafka.topics import kafka_name
from streams.telemetry import Metrics
from streams.tracing import carried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from socket import socket

    from aiokafka import AIOKafkaProducer

    from schemas.transcript import Transcript
    from streams.gateway.operation import RunCommand
    from streams.settings import Settings

_MOST_UNDER_WAY: Final = 2000
"""Transcripts sent and not yet confirmed; with more the door says 429."""

_SEND_TIMEOUT_S: Final = 10.0
_UNCONFIRMED_S: Final = 10.0
"""The gateway is not ready when the broker has not confirmed something for longer."""

_ANSWER_S: Final = 3.0


class _Sender:
    def __init__(self, producer: AIOKafkaProducer, settings: Settings) -> None:
        self._producer = producer
        self._settings = settings
        self._under_way = 0
        self._unconfirmed: dict[asyncio.Future[Any], float] = {}

    def busy(self) -> bool:
        return self._under_way > _MOST_UNDER_WAY

    def waits_s(self) -> float:
        """Give for how long the oldest of what was sent has not been confirmed."""
        return time.monotonic() - min(self._unconfirmed.values(), default=time.monotonic())

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
            Output(topics.TRANSCRIPTS_RAW, transcript.id, transcript, transcript.event_time),
            self._settings,
            carried(),
        )
        sent = await self._producer.send(
            record.topic, value=record.value, key=record.key, headers=record.headers
        )
        self._unconfirmed[sent] = time.monotonic()
        sent.add_done_callback(self._confirm)
        # The door may stop waiting; the producer goes on trying, and only its end says that the broker is back.
        await asyncio.shield(sent)

    def _confirm(self, sent: asyncio.Future[Any]) -> None:
        del self._unconfirmed[sent]
        if not sent.cancelled():
            sent.exception()  # seen: whoever sent it was told, or has given up


_SOCKET_BYTES: Final = 4096
"""The largest message of a client on a WebSocket: none is looked at."""

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def door_rules(settings: Settings) -> Rules:
    """Say who is let in: everyone who calls this machine by its own name on loopback, else who has a token.

    Raises:
        TokenError: the gateway is to listen elsewhere than on loopback and there is no token that is good.
    """
    tokens = None
    if settings.gateway_host not in LOOPBACK:
        tokens = TokenFile(settings.data_dir)
        now = datetime.now(UTC)  # noqa: TID251 - what has expired by now
        if all(token.is_expired(now) for token in tokens.read().tokens):
            raise TokenError(
                f"there is no token yet, and without one the gateway serves this machine only, not {settings.gateway_host}: "
                "`dragoman tokens add NAME --scope read` makes one"
            )
    return Rules(
        tokens,
        LOOPBACK | set(_listed(settings.gateway_hosts)),
        frozenset(_listed(settings.gateway_cors)),
        Rate(settings.gateway_rate),
    )


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


class _Server(uvicorn.Server):
    """Uvicorn that ends with exit code 0 on a signal; its own way is to raise the signal again when all is done."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End what would be waited for in vain, then all else."""
        self._on_stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_gateway(settings: Settings, on_ready: Callable[[str], None], run_command: RunCommand) -> None:
    """Serve until SIGTERM or SIGINT. `on_ready` is told the address once requests are answered.

    `run_command` runs one of our commands for an operator: see `Operation`.

    Raises:
        NoBrokerError: no Kafka answers at the start. One that goes away later is waited for.
        TokenError: it is to listen elsewhere than on loopback and there is no token.
        OSError: the address is taken.
    """
    rules = door_rules(settings)
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(open_producer(settings))
        sender = _Sender(producer, settings)
        broker = Broker(
            send=sender.send,
            open_reader=lambda *names, **options: open_reader(settings, *names, **options),
            name_of=lambda topic: kafka_name(topic, settings),
            busy=sender.busy,
            trouble=lambda: _find_trouble(settings, sender),
        )
        index = stack.enter_context(
            Index(settings.data_dir / "index", f"{settings.broker} {settings.topic_prefix}")
        )
        operation = Operation(settings, producer, run_command)
        app = build_app(
            broker,
            index,
            rules,
            metrics,
            lambda: datetime.now(UTC),  # noqa: TID251 - the door's clock
            time.monotonic,
            Limits(settings.gateway_streams, settings.gateway_let_go_s),
            operation,
        )
        config = uvicorn.Config(
            app, host=settings.gateway_host, port=settings.gateway_port, log_level="warning", access_log=False,
            timeout_graceful_shutdown=3, log_config=None, server_header=False, http=HttpProtocol, ws=WebSocketProtocol,
            ws_per_message_deflate=False, ws_max_size=_SOCKET_BYTES,
        )  # fmt: skip
        server = _Server(config, operation.stop)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, server.handle_exit, number, None)
        told = asyncio.create_task(_tell(server, on_ready))
        try:
            await server.serve()
        except SystemExit as error:  # uvicorn's way to say that it could not bind
            raise OSError(
                f"{settings.gateway_host}:{settings.gateway_port} is taken or no address of this machine: "
                "pick another with --port and --host, or DRAGOMAN_GATEWAY_PORT and DRAGOMAN_GATEWAY_HOST"
            ) from error
        finally:
            told.cancel()


async def _tell(server: uvicorn.Server, on_ready: Callable[[str], None]) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag and no event
        await asyncio.sleep(0.02)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


async def _find_trouble(settings: Settings, sender: _Sender) -> str | None:
    """Say why transcripts cannot be taken in at the moment; None where they can."""
    raw = kafka_name(topics.TRANSCRIPTS_RAW, settings)
    try:
        async with asyncio.timeout(_ANSWER_S), open_admin(settings) as admin:
            copies = await read_copies(admin, {raw})
    except (NoBrokerError, KafkaError, TimeoutError):
        return "the broker does not answer"
    if not copies:
        return f"there is no topic {raw}: `dragoman topics create` makes it"
    # What a cluster that has lost most of its controllers says of itself is what was so before.
    if (sentence := tell_unwritable(copies)) is None and sender.waits_s() > _UNCONFIRMED_S:
        sentence = f"the broker has not confirmed transcripts for more than {_UNCONFIRMED_S:.0f} s"
    return sentence
