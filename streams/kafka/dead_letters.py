"""Dead letters: records that could not be processed, kept as they came until someone sends them again or lets them go.

A record is parked on the dead-letter topic of its topic with key, value and headers unchanged and its story in
headers `dragoman-dlq-<field>`. What became of it is written to the same topic, as a record of its own with an empty
value and the header `dragoman-dlq-settled`: nothing is deleted, and what was done can be read off the topic.
See docs/adr/0004-dead-letters-are-settled-on-their-topic.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from schemas.dead_letter import DeadLetter
from schemas.topics import dead_letter_topic_name
from streams.kafka.records import last_header
from streams.kafka.topics import DEAD_LETTER_LIMIT_BYTES, kafka_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

    from streams.kafka.records import Header
    from streams.settings import Settings

PREFIX: Final = "dragoman-dlq-"
SETTLED: Final = PREFIX + "settled"
SETTLED_OFFSET: Final = PREFIX + "settled-offset"
NULL_VALUE: Final = PREFIX + "null-value"
CUT_BYTES: Final = PREFIX + "cut-bytes"
REPLAYS: Final = "dragoman-replays"
"""How often a record was sent again; it goes along with the record, also into the next dead letter."""
REPLAYED_FROM: Final = "dragoman-replayed-from"

Place = tuple[str, int, int]

_KEPT_BYTES: Final = 1_048_576
_HEADROOM_BYTES: Final = 65_536


class Settled(StrEnum):
    """What became of a dead letter."""

    REPLAYED = "replayed"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A dead letter as it lies on its topic. `letter` is None where its headers do not tell a story of ours."""

    topic: str
    """Full name of the dead-letter topic."""
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    """As they came, without those of the dead letter."""
    letter: DeadLetter | None
    size_bytes: int = 0
    cut_bytes: int | None = None
    """How large the value was, where it was too large to be kept whole."""
    settled: tuple[Settled, ...] = ()

    @property
    def place(self) -> str:
        """Which one it is on its topic: partition and offset."""
        return f"{self.partition}:{self.offset}"

    @property
    def replays(self) -> int:
        """How often it had been sent again before it was parked here."""
        count = last_header(self.headers, REPLAYS)
        return int(count) if count is not None and count.isdigit() else 0


@dataclass(frozen=True, slots=True)
class ParkedLayout:
    """Value and headers with which a record is parked."""

    value: bytes | None
    headers: list[Header]


def lay_out(
    key: bytes | None, value: bytes | None, headers: Iterable[Header], letter: DeadLetter
) -> ParkedLayout:
    """Give what is to be sent to the dead-letter topic: the record as it came, and its story.

    A value so large that even the dead-letter topic refuses it (one that was small only while compressed) is cut,
    and the headers say so and where the whole of it lies.
    """
    own = [(name, content) for name, content in headers if not name.startswith(PREFIX)]
    story = [(PREFIX + name, _text(content)) for name, content in letter.model_dump(mode="json").items()]
    if value is None and key is None:
        # Clients refuse to send nothing at all; an empty value stands for it.
        return ParkedLayout(b"", [*own, *story, (NULL_VALUE, b"true")])
    around = sum(len(name) + len(content or b"") for name, content in (*own, *story)) + len(key or b"")
    if value is not None and len(value) + around > DEAD_LETTER_LIMIT_BYTES - _HEADROOM_BYTES:
        return ParkedLayout(value[:_KEPT_BYTES], [*own, *story, (CUT_BYTES, str(len(value)).encode())])
    return ParkedLayout(value, [*own, *story])


async def park(
    producer: AIOKafkaProducer,
    settings: Settings,
    record: ConsumerRecord,
    letter: DeadLetter,
) -> None:
    """Put a record on the dead-letter topic of `letter.topic` (the name without a prefix); on return it is there."""
    layout = lay_out(record.key, record.value, record.headers, letter)
    name = kafka_name(dead_letter_topic_name(letter.topic), settings)
    await producer.send_and_wait(name, layout.value, key=record.key, headers=layout.headers)


def read_parked(record: ConsumerRecord) -> ParkedRecord:
    """Read a dead letter; its headers may be anyone's."""
    story = {
        n.removeprefix(PREFIX): v.decode("utf-8", "replace")
        for n, v in record.headers
        if n.startswith(PREFIX)
    }
    cut = story.get(CUT_BYTES.removeprefix(PREFIX), "")
    try:
        letter = DeadLetter.model_validate({n: v for n, v in story.items() if n in DeadLetter.model_fields})
    except ValidationError:
        letter = None
    return ParkedRecord(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        None if NULL_VALUE.removeprefix(PREFIX) in story else record.value,
        tuple((n, v) for n, v in record.headers if not n.startswith(PREFIX)),
        letter,
        len(record.value or b""),
        int(cut) if cut.isdecimal() else None,
    )


async def list_parked(reader: AIOKafkaConsumer) -> tuple[ParkedRecord, ...]:
    """Give all dead letters on the topics of the reader, by topic and place, each with what became of it.

    Their values are left out (`size_bytes` tells how large they are): `stream_parked` gives them, one at a time.
    """
    parked: dict[Place, ParkedRecord] = {}
    settled: dict[Place, list[Settled]] = {}
    async for record in read_to_end(reader):
        mark = last_header(record.headers, SETTLED)
        if mark is None:
            parked[record.topic, record.partition, record.offset] = replace(read_parked(record), value=None)
            continue
        offset = last_header(record.headers, SETTLED_OFFSET) or b""
        if offset.isdigit() and mark.decode("utf-8", "replace") in set(Settled):
            place = (record.topic, record.partition, int(offset))
            settled.setdefault(place, []).append(Settled(mark.decode()))
    return tuple(replace(parked[p], settled=tuple(settled.get(p, ()))) for p in sorted(parked))


async def stream_parked(
    reader: AIOKafkaConsumer, chosen: Collection[ParkedRecord]
) -> AsyncIterator[ParkedRecord]:
    """Give the chosen ones of a list with their values, in the order in which they were parked."""
    settled = {(c.topic, c.partition, c.offset): c.settled for c in chosen}
    async for record in read_to_end(reader):
        place = (record.topic, record.partition, record.offset)
        if place in settled:
            yield replace(read_parked(record), settled=settled[place])


async def read_to_end(reader: AIOKafkaConsumer) -> AsyncIterator[ConsumerRecord]:
    """Give every record that the topics of the reader hold at this moment, partition by partition, in order."""
    ends = await reader.end_offsets(reader.assignment())
    await reader.seek_to_beginning(*ends)
    places = sorted(ends)
    for place in places:
        reader.pause(*(other for other in places if other != place))
        reader.resume(place)
        while await reader.position(place) < ends[place]:
            batch = await reader.getmany(place, timeout_ms=200)
            for record in batch.get(place, ()):
                yield record


async def send_again(producer: AIOKafkaProducer, settings: Settings, parked: ParkedRecord) -> None:
    """Send a dead letter to the topic it came from, with key, value and headers as they were, and note it.

    A kill between the sending and the note lets a second replay send it again: the record keeps its id, and
    whoever reads it recognises the repeat.

    Raises:
        ValueError: It has no story that says where it came from, or its value was cut.
    """
    if parked.letter is None:
        raise ValueError(
            f"{parked.place} on {parked.topic} does not say which topic it came from: it cannot be sent again"
        )
    if parked.cut_bytes is not None:
        raise ValueError(
            f"{parked.place} on {parked.topic} was too large to be kept whole ({parked.cut_bytes} bytes): mend it at its "
            f"source; the original lies on {parked.letter.topic}, partition {parked.letter.partition}, offset "
            f"{parked.letter.offset}, for as long as that topic keeps it"
        )
    headers = [(name, value) for name, value in parked.headers if name not in (REPLAYS, REPLAYED_FROM)]
    headers.append((REPLAYS, str(parked.replays + parked.settled.count(Settled.REPLAYED) + 1).encode()))
    headers.append((REPLAYED_FROM, f"{parked.topic}/{parked.place}".encode()))
    value = b"" if parked.value is None and parked.key is None else parked.value
    await producer.send_and_wait(
        kafka_name(parked.letter.topic, settings), value, key=parked.key, headers=headers
    )
    await settle(producer, parked, Settled.REPLAYED)


async def settle(producer: AIOKafkaProducer, parked: ParkedRecord, how: Settled) -> None:
    """Note on its topic what became of a dead letter."""
    await producer.send_and_wait(
        parked.topic,
        b"",
        partition=parked.partition,
        headers=[(SETTLED, how.value.encode()), (SETTLED_OFFSET, str(parked.offset).encode())],
    )


def _text(value: object) -> bytes:
    return str(value).encode()
