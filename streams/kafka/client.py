"""Connections to Kafka: producers, readers without a group, and the administrator."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError

from streams.kafka.any_header import accept_any_header
from streams.kafka.security import SecurityError, explain_refusal, load_security
from streams.kafka.topics import DEAD_LETTER_LIMIT_BYTES, TopicError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from streams.kafka.security import Security
    from streams.settings import Settings

COMPRESSION: Final = "lz4"
"""Cheapest to write of those that every client in any language reads."""


START_TIMEOUT_S: Final = 15.0
STOP_TIMEOUT_S: Final = 30.0

# Its own words about a broker that is not there would come before our sentence; a root logger still gets them.
logging.getLogger("aiokafka").addHandler(logging.NullHandler())


class NoBrokerError(Exception):
    """No Kafka answers where one should be; the message says where and what to do."""


@asynccontextmanager
async def open_producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer that is told of every record by all replicas (acks=all) and writes none twice by a retry of its own.

    Raises:
        NoBrokerError: No Kafka answers.
    """
    producer = AIOKafkaProducer(
        **_connection(settings),
        acks="all",
        enable_idempotence=True,
        compression_type=COMPRESSION,
        # Good: the size limits lie with the topics; the producer must be able to park what is largest.
        max_request_size=DEAD_LETTER_LIMIT_BYTES,
    )
    async with _opened(producer, settings):
        yield producer


@asynccontextmanager
async def open_reader(settings: Settings, *names: str, **options: Any) -> AsyncIterator[AIOKafkaConsumer]:  # noqa: ANN401 - as aiokafka takes them
    """Give a consumer without a group, which commits nothing.

    With names of topics, all their partitions are assigned, read from the beginning unless one seeks; without,
    assign some.

    Raises:
        NoBrokerError: No Kafka answers.
        TopicError: One of the topics is not there.
    """
    places = await _find_partitions(settings, names) if names else []
    accept_any_header()
    reader = AIOKafkaConsumer(
        **_connection(settings),
        **{
            "group_id": None,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "isolation_level": "read_committed",
            # A record larger than this comes all the same, alone: these only bound what is held at once.
            "max_partition_fetch_bytes": 4 * 1_048_576,
            "fetch_max_wait_ms": 100,
            **options,
        },
    )
    async with _opened(reader, settings):
        if places:
            reader.assign(places)
        yield reader


async def _find_partitions(settings: Settings, names: tuple[str, ...]) -> list[TopicPartition]:
    # Asked first: a consumer waits without end for a topic that is not there. And asked for all of them: a Kafka that
    # makes topics by itself would make one that is asked for by its name.
    async with open_admin(settings) as admin:
        found = {t["topic"]: t["partitions"] for t in await admin.describe_topics()}
    for name in names:
        if name not in found:
            raise TopicError(
                f"there is no topic {name} at {settings.broker}: `dragoman topics create` makes it"
            )
    return [TopicPartition(name, part["partition"]) for name in names for part in found[name]]


@asynccontextmanager
async def open_admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Give the administrator of topics and groups.

    Raises:
        NoBrokerError: No Kafka answers.
    """
    admin = AIOKafkaAdminClient(**_connection(settings))
    try:
        await _start(admin, settings)
        yield admin
    finally:
        await admin.close()


def _connection(settings: Settings) -> dict[str, Any]:
    """Give what every client needs to connect."""
    return {
        "bootstrap_servers": settings.broker,
        "client_id": "dragoman",
        **_security(settings).for_client(),
    }


def _security(settings: Settings) -> Security:
    try:
        return load_security(settings)
    except SecurityError as error:
        raise NoBrokerError(str(error)) from error


@asynccontextmanager
async def _opened(client: AIOKafkaProducer | AIOKafkaConsumer, settings: Settings) -> AsyncIterator[None]:
    try:
        await _start(client, settings)
        # aiokafka's own tasks must have run once: a stop before that ends in a CancelledError that nobody asked for.
        await asyncio.sleep(0)
        yield
    finally:
        # a producer that is being stopped waits without end for a broker to take what is under way
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await client.stop()


async def _start(
    client: AIOKafkaProducer | AIOKafkaConsumer | AIOKafkaAdminClient, settings: Settings
) -> None:
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            await client.start()
    except (KafkaConnectionError, OSError) as error:
        refusal = await explain_refusal(settings, _security(settings))
        raise NoBrokerError(
            refusal
            or f"no Kafka answers at {settings.broker}: start one with `dragoman up`, or set DRAGOMAN_BROKER"
        ) from error
    except KafkaError as error:
        raise NoBrokerError(f"the Kafka at {settings.broker} refuses the connection: {error}") from error
    except (ValueError, OverflowError) as error:
        raise NoBrokerError(
            f"DRAGOMAN_BROKER is {settings.broker!r}, which is not host:port: {error}"
        ) from error
