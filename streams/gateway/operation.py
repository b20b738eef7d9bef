"""What operators do by way of the gateway: topics, dead letters, subscriptions; rules and replays by the commands there are."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from schemas import topics
from schemas.contract import ContractError
from schemas.subscription import Subscription
from schemas.topics import Output, dead_letter_topic_name
from streams.kafka.client import open_admin, open_reader
from streams.kafka.dead_letters import Settled as How
from streams.kafka.dead_letters import list_parked, read_to_end, send_again, settle, stream_parked
from streams.kafka.groups import installation_plans
from streams.kafka.records import encode_record, encode_tombstone
from streams.kafka.topics import kafka_name, list_topics, worker_groups

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    from schemas.subscription import Delivery
    from streams.kafka.dead_letters import ParkedRecord
    from streams.kafka.topics import TopicState
    from streams.settings import Settings

    RunCommand = Callable[[Sequence[str], Mapping[str, bytes]], Awaitable[Any]]

_SUFFIX: Final = dead_letter_topic_name("")


class CommandError(Exception):
    """A command that could not do what was asked; the message is what it said."""


class StoppingError(Exception):
    """The process stops, and with it what it was asked to run."""


class NoSuchTopicError(Exception):
    """There is no topic of dead letters of this name."""


@dataclass(frozen=True, slots=True)
class KeptSubscription:
    """A subscription as it stands, and its version: where it was written, so that no two writes have the same."""

    subscription: Subscription
    version: int


class Operation:
    """The operators' side of an installation.

    Args:
        settings: Which installation.
        open_producer: Gives the producer of this process.
        run_command: Runs one of our commands with files of its own and gives the JSON that it prints. Raises CommandError.
            Reading texts and replaying history take long and much memory: in a process of their own they hold up no stream.
    """

    def __init__(self, settings: Settings, producer: AIOKafkaProducer, run_command: RunCommand) -> None:
        self._settings = settings
        self._producer = producer
        self._run_command = run_command
        self._running: set[asyncio.Future[Any]] = set()
        self._stopping = False
        self.changing = asyncio.Lock()
        """Held from the reading of a subscription to the writing of it, so that no two changes of this process cross."""

    async def run(self, words: Sequence[str], files: Mapping[str, bytes]) -> Any:  # noqa: ANN401 - whatever the command prints
        """Run one of our commands.

        Raises:
            CommandError: it could not do what was asked.
            StoppingError: the process stops.
        """
        task = asyncio.ensure_future(self._run_command(words, files))
        self._running.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if self._stopping:
                raise StoppingError from None
            raise
        finally:
            self._running.discard(task)

    def stop(self) -> None:
        """End the commands that run: nobody should have to wait for them."""
        self._stopping = True
        for task in self._running:
            task.cancel()

    @property
    def has_replays(self) -> bool:
        """Whether a replay was ever begun here."""
        return (self._settings.data_dir / "replays").is_dir()

    def plain_name(self, name: str) -> str:
        """Give a topic's name without the installation's prefix."""
        return name.removeprefix(self._settings.topic_prefix)

    async def topics(self) -> tuple[TopicState, ...]:
        """Give the topics that there are, with the lag of each of the worker's groups."""
        async with open_admin(self._settings) as admin, open_reader(self._settings) as reader:
            names = [plan.name for plan in installation_plans(self._settings)]
            mine = kafka_name("alerts.", self._settings)
            names += sorted(n for n in await admin.list_topics() if n.startswith(mine) and n not in names)
            return await list_topics(admin, reader, names, await worker_groups(admin, self._settings))

    async def dead_letters(self) -> tuple[ParkedRecord, ...]:
        """Give all dead letters, each with what became of it, without their values."""
        async with self._dead_letter_reader(None) as reader:
            return await list_parked(reader) if reader is not None else ()

    async def settle(
        self, topic: str, places: Collection[str], how: How, *, again: bool
    ) -> tuple[list[str], list[str]]:
        """Send dead letters again or let them go; gives which were, and a sentence for each that could not be."""
        done, refused = [], []
        async with self._dead_letter_reader(topic) as reader:
            if reader is None:
                raise NoSuchTopicError(f"there is no dead-letter topic of {topic}")
            found = {p.place: p for p in await list_parked(reader)}
            refused += [
                f"there is no dead letter {place} of {topic}" for place in places if place not in found
            ]
            chosen = [found[p] for p in places if p in found and (again or not found[p].settled)]
            async for parked in stream_parked(reader, chosen):
                try:
                    if how is How.REPLAYED:
                        await send_again(self._producer, self._settings, parked)
                    else:
                        await settle(self._producer, parked, how)
                except ValueError as error:
                    refused.append(str(error))
                    continue
                done.append(parked.place)
        return done, refused

    @asynccontextmanager
    async def _dead_letter_reader(self, topic: str | None) -> AsyncIterator[AIOKafkaConsumer | None]:
        prefix = self._settings.topic_prefix
        async with open_admin(self._settings) as admin:
            there = {
                name
                for name in await admin.list_topics()
                if name.startswith(prefix) and name.endswith(_SUFFIX)
            }
        names = sorted(there if topic is None else there & {f"{prefix}{topic}{_SUFFIX}"})
        if not names:
            yield None
            return
        async with open_reader(self._settings, *names) as reader:
            yield reader

    async def subscriptions(self) -> list[KeptSubscription]:
        """Give the subscriptions as they stand, secrets and all, by name."""
        found: dict[bytes | None, KeptSubscription] = {}
        async with open_reader(self._settings, kafka_name(topics.SUBSCRIPTIONS, self._settings)) as reader:
            async for record in read_to_end(reader):
                found.pop(record.key, None)
                try:
                    if record.value is not None:
                        found[record.key] = KeptSubscription(Subscription.decode(record.value), record.offset)
                except ContractError:
                    continue
        return sorted(found.values(), key=lambda kept: (kept.subscription.name, kept.subscription.id))

    async def write_subscription(self, subscription: Subscription, time: datetime) -> KeptSubscription:
        """Add a subscription, or put it in the place of the one of its id."""
        record = encode_record(
            Output(topics.SUBSCRIPTIONS, subscription.id, subscription, time), self._settings
        )
        written = await self._producer.send_and_wait(
            record.topic, record.value, key=record.key, headers=record.headers
        )
        return KeptSubscription(subscription, written.offset)

    async def write_delivery(self, delivery: Delivery) -> None:
        """Ask the notifier for a delivery."""
        record = encode_record(
            Output(topics.DELIVERIES, delivery.alert_id, delivery, delivery.sent_time), self._settings
        )
        await self._producer.send_and_wait(record.topic, record.value, key=record.key, headers=record.headers)

    async def remove_subscription(self, id_: str) -> None:
        """Remove a subscription."""
        record = encode_tombstone(topics.SUBSCRIPTIONS, id_, self._settings)
        await self._producer.send_and_wait(record.topic, value=None, key=record.key, headers=record.headers)
