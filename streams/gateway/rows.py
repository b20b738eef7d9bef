"""What a record becomes for those who ask: an item of a stream, rows of the index. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from schemas import topics
from schemas.agreement import Agreement, Transition
from schemas.alert import AlertChange
from schemas.contract import ContractError
from schemas.event import Event
from schemas.rule import Rule
from schemas.subscription import Subscription
from streams.facets import (
    agreement_facets,
    alert_facets,
    change_facets,
    event_facets,
    transition_facets,
)
from streams.gateway.index import Gone, Kind, Placed, Row
from streams.gateway.log import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from aiokafka.structs import ConsumerRecord

    from schemas.topics import Topic


def change_item(data: bytes) -> Item:
    """Read a change of an alert. Raises ContractError."""
    change = AlertChange.decode(data)
    return Item(change.id, change.alert.id, change.sequence, change_facets(change), change.encode())


def event_item(data: bytes) -> Item:
    """Read an event. Raises ContractError."""
    event = Event.decode(data)
    return Item(event.id, event.id, 1, event_facets(event), event.encode())


def transition_item(data: bytes) -> Item:
    """Read a step of an agreement. Raises ContractError."""
    transition = Transition.decode(data)
    return Item(transition.id, transition.id, 1, transition_facets(transition), transition.encode())


def place_record(topic: Topic, record: ConsumerRecord) -> Placed:
    """Say what the index keeps of a record. One that cannot be read leaves nothing but its position."""
    try:
        rows = _ROWS[topic.name](record)
    except (ContractError, UnicodeDecodeError):
        rows = ()
    return Placed(record.partition, record.offset, rows)


def _alert_rows(record: ConsumerRecord) -> tuple[Row | Gone, ...]:
    change = AlertChange.decode(record.value or b"")
    alert = change.alert
    time_ms = _ms(alert.updated_time)
    return (
        Row(Kind.ALERT, alert.id, alert.id, change.sequence, time_ms, alert_facets(alert), alert.encode()),
        Row(Kind.CHANGE, change.id, alert.id, change.sequence, time_ms, frozenset(), change.encode()),
    )


def _event_rows(record: ConsumerRecord) -> tuple[Row | Gone, ...]:
    event = Event.decode(record.value or b"")
    time_ms = _ms(event.context.event_time)
    return (Row(Kind.EVENT, event.id, event.id, 1, time_ms, event_facets(event), event.encode()),)


def _agreement_rows(record: ConsumerRecord) -> tuple[Row | Gone, ...]:
    if record.value is None:
        return (Gone(Kind.AGREEMENT, _key(record)),)
    found = Agreement.decode(record.value)
    facets = agreement_facets(found)
    return (Row(Kind.AGREEMENT, found.id, found.id, record.offset, _ms(found.last_time), facets, found.encode()),)  # fmt: skip


def _transition_rows(record: ConsumerRecord) -> tuple[Row | Gone, ...]:
    step = Transition.decode(record.value or b"")
    agreement = step.agreement
    return (
        Row(Kind.TRANSITION, step.id, agreement.id, agreement.sequence, _ms(step.event_time), frozenset(), step.encode()),
    )  # fmt: skip


def _transcript_rows(record: ConsumerRecord) -> tuple[Row | Gone, ...]:
    # not decoded: it is large, and asked for by its id alone
    id_ = _key(record)
    return (Row(Kind.TRANSCRIPT, id_, id_, record.offset, record.timestamp, frozenset(), None),)


def _subscription_rows(record: ConsumerRecord) -> tuple[Row | Gone, ...]:
    if record.value is None:
        return (Gone(Kind.SUBSCRIPTION, _key(record)),)
    found = Subscription.decode(record.value)
    # neither channel nor secrets: a feed needs to know what is wanted and no more
    body = orjson.dumps({"name": found.name, "filter": found.filter.model_dump(mode="json")})
    return (Row(Kind.SUBSCRIPTION, found.id, found.id, record.offset, record.timestamp, frozenset(), body),)


def _rule_rows(record: ConsumerRecord) -> tuple[Row | Gone, ...]:
    if record.value is None:
        return (Gone(Kind.RULE, _key(record)),)
    found = Rule.decode(record.value)
    facets = frozenset(
        {("topic", found.alert.topic), ("level", str(found.level)), ("status", str(found.status))}
    )
    return (Row(Kind.RULE, found.id, found.id, record.offset, record.timestamp, facets, found.encode()),)


def _key(record: ConsumerRecord) -> str:
    return bytes(record.key or b"").decode()


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)


_ROWS: Final[Mapping[str, Callable[[ConsumerRecord], tuple[Row | Gone, ...]]]] = {
    topics.ALERTS.name: _alert_rows,
    topics.EVENTS_EXTRACTED.name: _event_rows,
    topics.AGREEMENTS_CURRENT.name: _agreement_rows,
    topics.AGREEMENTS_CHANGED.name: _transition_rows,
    topics.TRANSCRIPTS_ENRICHED.name: _transcript_rows,
    topics.SUBSCRIPTIONS.name: _subscription_rows,
    topics.RULES.name: _rule_rows,
}

INDEXED: Final = (
    topics.ALERTS,
    topics.AGREEMENTS_CURRENT,
    topics.AGREEMENTS_CHANGED,
    topics.EVENTS_EXTRACTED,
    topics.TRANSCRIPTS_ENRICHED,
    topics.SUBSCRIPTIONS,
    topics.RULES,
)
"""The topics that the index reads."""
