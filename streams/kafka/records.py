"""Records as they lie on Kafka: CloudEvents 1.0 in the binary mode of its Kafka binding.

The attributes are headers, the value is the plain JSON of the record, and the key is the partition key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from schemas.agreement import Agreement, Transition
from schemas.alert import AlertChange, Match, NearMiss
from schemas.enriched import EnrichedTranscript
from schemas.event import Event
from schemas.ids import content_hash, derived_id
from schemas.subscription import Delivery
from schemas.transcript import TaggedTranscript, Transcript
from streams.kafka.topics import kafka_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.contract import Contract
    from schemas.topics import Output, Topic
    from streams.settings import Settings

CONTENT_TYPE: Final = "application/json"
TRACEPARENT: Final = "traceparent"
"""W3C Trace Context, carried along from the record that caused this one."""

ARRIVED: Final = "dragoman-arrived"
"""When the transcript arrived from which a record follows: Kafka's time on the raw topic, in milliseconds since 1970."""
_CARRIED: Final = (TRACEPARENT, ARRIVED)

Header = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    """A record ready to be sent. `topic` is the full name; without a value it is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: list[Header]


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """The attributes of a record that names itself a CloudEvent."""

    id: str
    source: str
    type: str
    time: datetime | None = None
    dataschema: str | None = None
    partitionkey: str | None = None


def encode_record(output: Output, settings: Settings, caused_by: Iterable[Header] = ()) -> KafkaRecord:
    """Lay out an output for Kafka. The same output gives the same bytes, header for header.

    Args:
        output: What to publish.
        settings: For the names of topics.
        caused_by: The headers of the record that this one follows from; its trace and its arrival go on in this one.
    """
    return KafkaRecord(
        kafka_name(output.topic, settings),
        output.key.encode(),
        output.record.encode(),
        encode_headers(output, settings, caused_by),
    )


def encode_tombstone(topic: Topic, key: str, settings: Settings) -> KafkaRecord:
    """Lay out the deletion of what stands under a key of a compacted topic."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", derived_id("tombstone", topic.name, key).encode()),
        ("ce_source", _source(topic, settings)),
        ("ce_type", f"{topic.event_type}.deleted".encode()),
        ("ce_partitionkey", key.encode()),
    ]
    return KafkaRecord(kafka_name(topic, settings), key.encode(), None, headers)


def encode_headers(output: Output, settings: Settings, caused_by: Iterable[Header] = ()) -> list[Header]:
    """Give the headers of an output, as `encode_record` does."""
    topic = output.topic
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", record_id(topic, output.key, output.record).encode()),
        ("ce_source", _source(topic, settings)),
        ("ce_type", topic.event_type.encode()),
        ("ce_time", output.event_time.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()),
        ("ce_dataschema", f"urn:dragoman:schema:{topic.name}".encode()),
        ("ce_partitionkey", output.key.encode()),
        ("content-type", CONTENT_TYPE.encode()),
    ]
    cause = tuple(caused_by)
    carried = ((name, last_header(cause, name)) for name in _CARRIED)
    return [*headers, *((name, value) for name, value in carried if value is not None)]


def record_id(topic: Topic, key: str, record: Contract) -> str:
    """Give the id under which a repeat of a record is recognised: on one topic, another state has another id.

    What happened once bears its own id. What stands for something that changes (an agreement, a rule) has an id
    that lasts, so that its states are told apart by what makes them differ.
    """
    parts: tuple[str, ...]
    match record:
        case Transcript() | Event() | Transition() | Match() | AlertChange():
            return record.id
        case TaggedTranscript():
            parts = (record.transcript.id,)
        case EnrichedTranscript():
            parts = (record.transcript.id, record.reader_version)
        case NearMiss():
            parts = (record.rule_id, str(record.rule_version), record.subject.record_id)
        case Agreement():
            parts = (record.id, str(record.sequence), str(record.dropped_reports + len(record.reports)))
        case Delivery():
            parts = (record.id, str(record.attempt), record.state.value)
        case _:
            parts = (key, content_hash(record.encode().decode()))
    return derived_id("record", topic.name, *parts)


def decode_headers(headers: Iterable[Header]) -> CloudEvent | None:
    """Read the CloudEvents attributes of a record; None where it has no full set, as those of strangers may.

    Of a header that comes twice the last counts. A time that is none is left out: it decides nothing.
    """
    found = {name: (value or b"").decode("utf-8", "replace") for name, value in headers}
    try:
        event = CloudEvent(found["ce_id"], found["ce_source"], found["ce_type"])
    except KeyError:
        return None
    return CloudEvent(
        event.id,
        event.source,
        event.type,
        _parse_time(found.get("ce_time")),
        found.get("ce_dataschema"),
        found.get("ce_partitionkey"),
    )


def event_time_of(headers: Iterable[Header]) -> datetime | None:
    """Give when what a record tells took place, if its headers say so."""
    time = last_header(headers, "ce_time")
    return None if time is None else _parse_time(time.decode("utf-8", "replace"))


def last_header(headers: Iterable[Header], name: str) -> bytes | None:
    """Give the value of a header, the last where it comes more than once."""
    value = None
    for header, found in headers:
        if header == name:
            value = found
    return value


def _source(topic: Topic, settings: Settings) -> bytes:
    # The full name: what a replay writes in its namespace is another source than what is live.
    return f"/dragoman/{kafka_name(topic, settings)}".encode()


def _parse_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo is not None else None
