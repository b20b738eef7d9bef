"""Which alert changes are on their topics already: asked after a sudden end, so that none goes out twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition
from aiokafka.partitioner import DefaultPartitioner

from schemas.alert import AlertChange
from schemas.contract import ContractError
from streams.kafka.client import open_reader
from streams.kafka.topics import kafka_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiokafka import AIOKafkaConsumer

    from schemas.topics import Output
    from streams.settings import Settings

_SLACK_MS: Final = 60_000
"""Brokers of one cluster have clocks of their own; the search starts a little before the record that caused the change."""


async def find_missing(outputs: Sequence[Output], since_ms: int, settings: Settings) -> tuple[Output, ...]:
    """Give those of the outputs that are not on their topics yet, in order.

    Args:
        outputs: Alert changes, each with its topic and key.
        since_ms: Kafka timestamp of the record that caused them; they cannot lie before it.
        settings: Where the broker is.
    """
    names = sorted({kafka_name(output.topic, settings) for output in outputs})
    if not names:
        return ()
    async with open_reader(settings, *names) as reader:
        partitions: dict[str, list[int]] = {name: [] for name in names}
        for place in sorted(reader.assignment()):
            partitions[place.topic].append(place.partition)
        there: set[tuple[str, str]] = set()
        for place in sorted({_place(output, partitions, settings) for output in outputs}):
            there |= {
                (place.topic, found) for found in await _change_ids(reader, place, since_ms - _SLACK_MS)
            }
    return tuple(o for o in outputs if (kafka_name(o.topic, settings), _change_id(o)) not in there)


def _place(output: Output, partitions: Mapping[str, list[int]], settings: Settings) -> TopicPartition:
    """Say where the producer has put the output, or will put it: the default partitioner decides by the key alone."""
    name = kafka_name(output.topic, settings)
    return TopicPartition(name, DefaultPartitioner()(output.key.encode(), partitions[name], partitions[name]))


def _change_id(output: Output) -> str:
    if not isinstance(output.record, AlertChange):
        raise TypeError(f"only alert changes are looked up, not a {type(output.record).__name__}")
    return output.record.id


async def _change_ids(reader: AIOKafkaConsumer, place: TopicPartition, since_ms: int) -> set[str]:
    begin = (await reader.offsets_for_times({place: max(0, since_ms)}))[place]
    end = (await reader.end_offsets([place]))[place]
    if begin is None:
        return set()
    reader.assign([place])
    reader.seek(place, begin.offset)
    found: set[str] = set()
    while await reader.position(place) < end:
        batch = await reader.getmany(place, timeout_ms=500)
        for record in batch.get(place, ()):
            try:
                found.add(AlertChange.decode(record.value or b"").id)
            except ContractError:
                continue  # someone else's; ours are well formed
    return found
