"""The rules at work: rules.v1 read from its start and followed for good, by every process that needs them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from schemas.contract import ContractError
from schemas.rule import Rule
from schemas.topics import RULES
from streams.kafka.client import NoBrokerError, open_reader
from streams.kafka.topics import kafka_name
from streams.rules.errors import RuleError
from streams.telemetry import RULES_AT_WORK, RULES_UNREADABLE, LogEvent, log_event
from streams.worker.delivery import pauses

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

    from streams.health import Health
    from streams.rules.match import RuleIndex
    from streams.settings import Settings
    from streams.telemetry import Metrics

_UNREAD: Final = "rules"


class RuleFeed:
    """Keeps an index as rules.v1 says. No consumer group: every process holds every rule."""

    def __init__(self, index: RuleIndex, settings: Settings, health: Health, metrics: Metrics) -> None:
        self._index = index
        self._read_event = asyncio.Event()
        self._settings = settings
        self._health = health
        self._metrics = metrics
        self._unreadable: set[str] = set()
        self._next_offset = 0

    def __contains__(self, rule_id: str) -> bool:
        """Tell whether a rule is at work."""
        return rule_id in self._index

    async def wait_read(self) -> None:
        """Return when the topic was read as far as it went at the start: before that, rules would be missed."""
        await self._read_event.wait()

    async def follow(self) -> None:
        """Follow the topic until cancelled; a broker that is away is waited for."""
        self._health.report(_UNREAD, f"{RULES.name} is not read to its end yet")
        waits = pauses(self._settings.retry_first_s, self._settings.retry_limit_s)
        while True:
            try:
                async with open_reader(self._settings) as reader:
                    await self._read(reader)
            except (KafkaError, NoBrokerError, OSError) as error:
                self._health.report(_UNREAD, f"{RULES.name} cannot be read: {error}")
                log_event(LogEvent.RULES_LOST, error=str(error))
                await asyncio.sleep(next(waits))

    async def _read(self, reader: AIOKafkaConsumer) -> None:
        place = TopicPartition(kafka_name(RULES, self._settings), 0)
        reader.assign([place])
        reader.seek(place, self._next_offset)
        end = (await reader.end_offsets([place]))[place]
        while True:
            self._next_offset = await reader.position(place)
            if self._next_offset >= end:
                self._health.clear(_UNREAD)
                self._read_event.set()
            batch = await reader.getmany(place, timeout_ms=500)
            for record in batch.get(place, ()):
                self.apply((record.key or b"").decode(errors="replace"), record.value)

    def apply(self, key: str, value: bytes | None) -> None:
        """Put a rule to work, replace it, or withdraw it for a tombstone. One that is unreadable is reported."""
        self._unreadable.discard(key)
        if value is None:
            self._index.remove(key)
        else:
            try:
                self._index.add(_decode_rule(key, value))
            except (ContractError, RuleError) as error:
                self._unreadable.add(key)
                log_event(LogEvent.RULE_UNREADABLE, rule=key, error=str(error))
        self._metrics.set(RULES_AT_WORK, len(self._index))
        self._metrics.set(RULES_UNREADABLE, len(self._unreadable))


def _decode_rule(key: str, value: bytes) -> Rule:
    rule = Rule.decode(value)
    if rule.id != key:
        raise RuleError(f"its key is {key!r} but its id is {rule.id!r}")
    return rule
