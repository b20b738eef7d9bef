"""What lies on topics and in files, by the event time of its records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from schemas.alert import AlertChange, NearMiss
from schemas.contract import Contract, ContractError
from schemas.enriched import EnrichedTranscript
from schemas.topics import TRANSCRIPTS_ENRICHED, TRANSCRIPTS_RAW
from schemas.transcript import decode_transcript
from streams.ingest import MAX_FILE_BYTES, SUFFIXES, Refusal, parse_items
from streams.kafka.client import open_reader
from streams.kafka.records import decode_headers
from streams.kafka.topics import kafka_name
from streams.replay.archive import SUFFIX, SourceRecord, read_archive, read_head
from streams.replay.prepare import ReplaySource
from streams.replay.store import ReplayError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from pathlib import Path

    from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

    from schemas.topics import Topic
    from streams.settings import Settings

ContractT = TypeVar("ContractT", bound=Contract)
EARLY_S: Final = 86_400
"""How much earlier than its event time a record may have arrived: clocks and time zones are wrong at times."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of event time, its end left out."""

    start: datetime
    end: datetime

    def __contains__(self, time: datetime) -> bool:
        return self.start <= time < self.end


async def read_topic(
    settings: Settings,
    topic: Topic,
    stretch: Stretch,
    told: Callable[[int, int], None] | None = None,
) -> AsyncIterator[SourceRecord]:
    """Give the records of a topic whose event time falls into a stretch, partition by partition interleaved as they come.

    A topic keeps the order of arrival, and a record may arrive long after its event time; so it is read from what
    arrived a day before the stretch to its end as it is now. `told` hears how many records were looked at, of how many.

    Raises:
        NoBrokerError: no Kafka answers.
        TopicError: the topic is not there.
    """
    async with open_reader(settings, kafka_name(topic, settings)) as reader:
        starts, ends = await _bounds(reader, stretch)
        total = sum(ends[place] - starts[place] for place in ends)
        looked_at = 0
        # tombstones and aborted records leave gaps, so that the position and not the count tells the end
        while any([await reader.position(place) < ends[place] for place in ends]):
            for place, records in (await reader.getmany(timeout_ms=500)).items():
                for record in records:
                    if record.offset >= ends[place]:
                        continue
                    looked_at += 1
                    found = _source_record(topic, record)
                    if found.event_time in stretch:
                        yield found
            if told is not None:
                told(looked_at, total)


async def _bounds(
    reader: AIOKafkaConsumer, stretch: Stretch
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Find where to begin and to end on each partition, and go to the beginning."""
    places = sorted(reader.assignment())
    ends = await reader.end_offsets(places)
    starts = await reader.beginning_offsets(places)
    early_ms = max(0, int((stretch.start - timedelta(seconds=EARLY_S)).timestamp() * 1000))
    for place, found in (await reader.offsets_for_times(dict.fromkeys(places, early_ms))).items():
        # Nothing has arrived since, yet event times may lie in the future of a wrong clock: read all of it.
        if found is not None:
            starts[place] = max(starts[place], found.offset)
    for place, offset in starts.items():
        reader.seek(place, offset)
    return starts, ends


def _source_record(topic: Topic, record: ConsumerRecord) -> SourceRecord:
    headers = tuple((name, value or b"") for name, value in record.headers)
    arrived = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return SourceRecord(
        event_time=event_time_of(topic, headers, record.value) or arrived,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
        key=record.key,
        headers=headers,
        value=record.value,
    )


def event_time_of(
    topic: Topic, headers: tuple[tuple[str, bytes], ...], value: bytes | None
) -> datetime | None:
    """Tell when what a record says took place; None where that cannot be read.

    Whoever sends raw transcripts may write what he likes into headers; there the transcript itself decides, as it
    does live.
    """
    event = decode_headers(headers)
    header_time = None if event is None else event.time
    try:
        if topic == TRANSCRIPTS_RAW:
            return decode_transcript(value or b"").event_time
        if header_time is None and topic == TRANSCRIPTS_ENRICHED:
            return EnrichedTranscript.decode(value or b"").transcript.event_time
    except ContractError:
        return header_time
    return header_time


async def read_changes(settings: Settings, topic: Topic, stretch: Stretch) -> tuple[AlertChange, ...]:
    """Give the changes of alerts on a topic."""
    return tuple([r async for r in _decoded(settings, topic, stretch, AlertChange)])


async def read_near_misses(settings: Settings, topic: Topic, stretch: Stretch) -> tuple[NearMiss, ...]:
    """Give the near misses on a topic, as far as it still has them."""
    return tuple([r async for r in _decoded(settings, topic, stretch, NearMiss)])


async def _decoded(
    settings: Settings, topic: Topic, stretch: Stretch, model: type[ContractT]
) -> AsyncIterator[ContractT]:
    async for record in read_topic(settings, topic, stretch):
        try:
            yield model.decode(record.value or b"")
        except ContractError:
            continue


def source_of_files(files: Sequence[Path]) -> ReplaySource:
    """Say what is in files: archives say it of themselves, other files hold raw transcripts.

    Raises:
        ReplayError: they hold different things, or something that is no source.
        ArchiveError: one is no archive.
    """
    found: dict[ReplaySource, Path] = {}
    for file in files:
        found.setdefault(_source_of_file(file), file)
    if len(found) > 1:
        raise ReplayError(
            "one replay reads either raw or enriched transcripts: "
            + " and ".join(f"{path.name} is {source.value}" for source, path in sorted(found.items()))
        )
    return next(iter(found))


def _source_of_file(file: Path) -> ReplaySource:
    if not file.is_file():
        raise ReplayError(f"{file}: is {'a folder; name the files in it' if file.is_dir() else 'not there'}")
    if not file.name.endswith(SUFFIX):
        if file.suffix.lower() not in SUFFIXES:
            raise ReplayError(
                f"{file}: is neither an archive ({SUFFIX}) nor of a format that can be taken in"
            )
        return ReplaySource.RAW
    topic = read_head(file).topic
    for source in ReplaySource:
        if source.topic.name == topic:
            return source
    known = " or ".join(s.topic.name for s in ReplaySource)
    raise ReplayError(f"{file}: is an archive of {topic}; a replay reads {known}")


def read_file(file: Path, stretch: Stretch, now: datetime) -> Iterator[SourceRecord]:
    """Give the records of an archive or a file of transcripts that fall into a stretch.

    Raises:
        ArchiveError: an archive is damaged or cut short.
        ReplayError: a file of transcripts holds something else.
    """
    records = read_archive(file) if file.name.endswith(SUFFIX) else _read_transcripts(file, now)
    yield from (record for record in records if record.event_time in stretch)


def _read_transcripts(file: Path, now: datetime) -> Iterator[SourceRecord]:
    if file.stat().st_size > MAX_FILE_BYTES:
        raise ReplayError(f"{file}: is over the limit of {MAX_FILE_BYTES} bytes; split it")
    for number, item in enumerate(parse_items(file.name, file.read_bytes(), now)):
        if isinstance(item, Refusal):
            raise ReplayError(f"{file}: {item}")
        yield SourceRecord(item.event_time, 0, number, 0, item.id.encode(), (), item.encode())
