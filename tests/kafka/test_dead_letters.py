"""What could not be processed lies where it was put, unchanged, until someone sends it again or lets it go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from schemas.dead_letter import DeadLetter, DeadLetterReason
from schemas.topics import TRANSCRIPTS_RAW, dead_letter_topic_name
from streams.kafka.client import open_reader
from streams.kafka.dead_letters import (
    CUT_BYTES,
    ParkedRecord,
    Settled,
    lay_out,
    list_parked,
    park,
    send_again,
    settle,
    stream_parked,
)
from streams.kafka.topics import DEAD_LETTER_LIMIT_BYTES, RECORD_LIMIT_BYTES, dead_letter_name, kafka_name
from streams.settings import Settings
from tests.factories import NOON

if TYPE_CHECKING:
    from tests.kafka.conftest import ReadAll

POISON = b"\xff\xfe{not json\x00"


def make_letter(**fields: object) -> DeadLetter:
    return DeadLetter.model_validate(
        {
            "topic": TRANSCRIPTS_RAW.name,
            "partition": 1,
            "offset": 7,
            "timestamp_ms": 1_772_366_400_000,
            "stage": "language",
            "stage_version": "1",
            "reason": DeadLetterReason.ENCODING,
            "message": "not UTF-8: byte 0 is 0xff",
            "error_class": "ContractError",
            "attempts": 1,
            "failed_time": NOON,
            **fields,
        }
    )


def make_record(key: bytes | None = b"k", value: bytes | None = POISON) -> ConsumerRecord:
    headers = (("ce_id", b"1"), ("x", b"\xff"), ("x", b"twice"))
    return ConsumerRecord("t", 0, 0, 0, 0, key, value, None, 0, 0, headers)


async def read_parked(settings: Settings) -> tuple[ParkedRecord, ...]:
    async with open_reader(settings, dead_letter_name(TRANSCRIPTS_RAW, settings)) as reader:
        listed = await list_parked(reader)
        return tuple([parked async for parked in stream_parked(reader, listed)])


@pytest.mark.kafka
async def test_poison_is_parked_sent_again_unchanged_and_no_longer_waits(
    settings: Settings, created_topics: tuple[str, ...], producer: AIOKafkaProducer, read_all: ReadAll
) -> None:
    await park(producer, settings, make_record(), make_letter())
    (parked,) = await read_parked(settings)
    assert (parked.key, parked.value, parked.letter, parked.settled) == (b"k", POISON, make_letter(), ())
    assert parked.headers == make_record().headers

    await send_again(producer, settings, parked)
    (sent,) = await read_all(TRANSCRIPTS_RAW)
    assert (sent.key, sent.value) == (b"k", POISON)
    assert sent.headers == (
        *make_record().headers,
        ("dragoman-replays", b"1"),
        ("dragoman-replayed-from", f"{dead_letter_name(TRANSCRIPTS_RAW, settings)}/0:0".encode()),
    )
    (parked,) = await read_parked(settings)
    assert parked.settled == (Settled.REPLAYED,)


@pytest.mark.kafka
async def test_what_fails_again_is_another_dead_letter_that_counts_its_tries(
    settings: Settings, created_topics: tuple[str, ...], producer: AIOKafkaProducer, read_all: ReadAll
) -> None:
    await park(producer, settings, make_record(), make_letter())
    await send_again(producer, settings, (await read_parked(settings))[0])
    (sent,) = await read_all(TRANSCRIPTS_RAW)
    await park(producer, settings, sent, make_letter(offset=8))
    _, second = await read_parked(settings)
    assert (second.replays, second.settled) == (1, ())
    await send_again(producer, settings, second)
    assert ("dragoman-replays", b"2") in [h for r in await read_all(TRANSCRIPTS_RAW) for h in r.headers]


@pytest.mark.kafka
async def test_a_discarded_one_no_longer_waits_and_is_still_there(
    settings: Settings, created_topics: tuple[str, ...], producer: AIOKafkaProducer, read_all: ReadAll
) -> None:
    for key in (b"first", b"second"):
        await park(producer, settings, make_record(key), make_letter())
    first, _ = await read_parked(settings)
    await settle(producer, first, Settled.DISCARDED)
    assert [(p.key, p.settled) for p in await read_parked(settings)] == [
        (b"first", (Settled.DISCARDED,)),
        (b"second", ()),
    ]
    assert await read_all(TRANSCRIPTS_RAW) == []


@pytest.mark.kafka
async def test_the_largest_record_fits_on_its_dead_letter_topic(
    settings: Settings, created_topics: tuple[str, ...], producer: AIOKafkaProducer
) -> None:
    largest = bytes(range(256)) * ((RECORD_LIMIT_BYTES - 70_000) // 256)
    await producer.send_and_wait(kafka_name(TRANSCRIPTS_RAW, settings), largest)
    await park(producer, settings, make_record(value=largest), make_letter(message="x" * 20_000))
    (parked,) = await read_parked(settings)
    assert parked.value == largest


@pytest.mark.kafka
async def test_a_record_with_neither_key_nor_value_can_be_parked_and_sent_again(
    settings: Settings, created_topics: tuple[str, ...], producer: AIOKafkaProducer, read_all: ReadAll
) -> None:
    await park(producer, settings, make_record(key=None, value=None), make_letter())
    (parked,) = await read_parked(settings)
    assert (parked.key, parked.value) == (None, None)
    await send_again(producer, settings, parked)
    assert [r.value for r in await read_all(TRANSCRIPTS_RAW)] == [b""]


@pytest.mark.kafka
async def test_a_record_that_someone_else_put_there_is_listed_and_not_sent_anywhere(
    settings: Settings, created_topics: tuple[str, ...], producer: AIOKafkaProducer
) -> None:
    headers = [("dragoman-dlq-partition", b"\xff"), ("dragoman-dlq-topic", b"transcripts.raw.v1")]
    await producer.send_and_wait(dead_letter_name(TRANSCRIPTS_RAW, settings), b"?", headers=headers)
    (parked,) = await read_parked(settings)
    assert parked.letter is None
    with pytest.raises(ValueError, match=r"0:0 on .* does not say which topic it came from"):
        await send_again(producer, settings, parked)


def test_the_story_of_an_earlier_parking_is_not_kept_beside_the_new_one() -> None:
    first = lay_out(b"k", POISON, [("x", b"1")], make_letter(offset=1))
    second = lay_out(b"k", POISON, first.headers, make_letter(offset=2))
    assert [name for name, _ in second.headers] == [name for name, _ in first.headers]
    assert ("dragoman-dlq-offset", b"2") in second.headers


def test_what_even_the_dead_letter_topic_refuses_is_cut_and_says_so() -> None:
    layout = lay_out(None, bytes(DEAD_LETTER_LIMIT_BYTES), [], make_letter())
    assert len(layout.value or b"") == 1_048_576
    assert (CUT_BYTES, str(DEAD_LETTER_LIMIT_BYTES).encode()) in layout.headers


def test_dead_letter_topics_take_all_that_their_topics_take() -> None:
    assert DEAD_LETTER_LIMIT_BYTES > RECORD_LIMIT_BYTES
    assert dead_letter_name("a.v1", Settings(topic_prefix="t.")) == "t." + dead_letter_topic_name("a.v1")
