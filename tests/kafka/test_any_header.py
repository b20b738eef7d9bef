from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from schemas.topics import TRANSCRIPTS_RAW, TRANSCRIPTS_TAGGED
from streams.kafka.any_header import AnyHeaderRecords
from streams.kafka.topics import kafka_name
from tests.factories import make_transcript
from tests.kafka.worker_process import REAL, WorkerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll

BAD = b"\xff\xfe\xfd\xfc"


def make_batch(*names: str, compression: int = 0) -> bytes:
    builder = DefaultRecordBatchBuilder(2, compression, 0, -1, -1, -1, 10_000)
    for offset, name in enumerate(names):
        builder.append(offset, 1000 + offset, b"key", f"value {offset}".encode(), [(name, b"1"), ("x", b"2")])
    return bytes(builder.build())


def spoil(batch: bytes) -> bytes:
    """Make every header called `name` one whose name is no UTF-8, with the checksum that belongs to it."""
    spoilt = bytearray(batch.replace(b"name", BAD))
    spoilt[17:21] = struct.pack(">I", calc_crc32c(bytes(spoilt[21:])))
    return bytes(spoilt)


def test_a_name_that_is_no_utf8_is_read_with_signs_for_what_it_has_not() -> None:
    data = spoil(make_batch("good", "name", "good", "name")) + make_batch("good")
    records = AnyHeaderRecords(data)
    found = []
    while records.has_next():
        batch = records.next_batch()
        assert batch is not None
        assert batch.validate_crc()
        found += [(r.offset, r.value, tuple(r.headers)) for r in batch]
    names = ["good", "\ufffd" * 4, "good", "\ufffd" * 4, "good"]
    assert [headers[0][0] for _, _, headers in found] == names
    assert [value for _, value, _ in found] == [b"value 0", b"value 1", b"value 2", b"value 3", b"value 0"]
    assert all(headers[1] == ("x", b"2") for _, _, headers in found)
    assert records.next_batch() is None


@pytest.mark.parametrize("compression", [0, 1, 2, 3, 4])
def test_what_is_well_formed_is_read_as_ever(compression: int) -> None:
    batch = AnyHeaderRecords(make_batch("a", "b", compression=compression)).next_batch()
    assert batch is not None
    assert [(r.offset, r.key, r.headers[0][0]) for r in batch] == [(0, b"key", "a"), (1, b"key", "b")]


@pytest.mark.kafka
async def test_a_stranger_whose_header_has_such_a_name_holds_up_nobody(
    settings: Settings,
    created_topics: tuple[str, ...],
    read_all: ReadAll,
    tmp_path: Path,
) -> None:
    name = kafka_name(TRANSCRIPTS_RAW, settings)
    # one that numbers nothing: the batch is laid out already
    async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
        batch = producer.create_batch()
        for number in range(3):
            transcript = make_transcript(id=f"t-{number}")
            headers = [("name", b"1")] if number == 1 else []
            batch.append(
                timestamp=1000, key=transcript.id.encode(), value=transcript.encode(), headers=headers
            )
        batch._buffer = bytearray(spoil(bytes(batch._build())))
        await (await producer.send_batch(batch, name, partition=0))
    raw = await read_all(TRANSCRIPTS_RAW)
    assert [record.key for record in raw] == [b"t-0", b"t-1", b"t-2"]
    assert raw[1].headers == (("\ufffd" * 4, b"1"),)
    async with WorkerProcess(settings, *REAL, log=tmp_path / "log") as worker:
        async with asyncio.timeout(60):
            while len(tagged := await read_all(TRANSCRIPTS_TAGGED)) < 3:
                await asyncio.sleep(0.5)
        assert await worker.stop() == 0
    assert {record.key for record in tagged} == {b"t-0", b"t-1", b"t-2"}
    assert "agent.broken" not in worker.words
