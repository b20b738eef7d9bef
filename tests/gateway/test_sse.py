from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.following import Following, Seats
from streams.gateway.log import Item, TopicLog
from streams.gateway.protocols import WIRE
from streams.gateway.sse import EventStream
from streams.telemetry import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from starlette.types import Message

PARTITIONS: Final = 2
EVENT: Final = re.compile(rb"id: (\S+)\nevent: alert\ndata: (\S+)\n\n")
CURSOR: Final = re.compile(rb"id: (\S+)\n")

Batch = list[tuple[int, str, int]]
"""Partition, country and time of each record."""


class Topic:
    """A topic as the log reads it: an aiokafka consumer as far as it is used."""

    def __init__(self) -> None:
        self.batches: asyncio.Queue[dict[TopicPartition, list[Any]]] = asyncio.Queue()
        self.next = [0] * PARTITIONS

    @asynccontextmanager
    async def open(self, *_: str) -> AsyncIterator[Topic]:
        yield self

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("t", number) for number in range(PARTITIONS)}

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    end_offsets = beginning_offsets

    def seek(self, place: TopicPartition, offset: int) -> None:
        assert (place.topic, offset) == ("t", 0)

    async def getmany(self, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        assert timeout_ms
        return await self.batches.get()

    def say(self, batch: Batch) -> list[tuple[str, str]]:
        """Add records; gives id and country of each."""
        records: dict[TopicPartition, list[Any]] = {}
        said = []
        for partition, country, time in batch:
            offset = self.next[partition]
            self.next[partition] += 1
            id_ = f"{partition}:{offset}"
            said.append((id_, country))
            records.setdefault(TopicPartition("t", partition), []).append(
                SimpleNamespace(
                    partition=partition, offset=offset, timestamp=time, value=f"{id_} {country}".encode()
                )
            )
        self.batches.put_nowait(records)
        return said


def decode(value: bytes) -> Item:
    id_, country = value.decode().split()
    return Item(id_, id_, 1, frozenset({("country", country)}), id_.encode())


class Client:
    """A client on a wire that keeps up as the script says."""

    def __init__(self, script: list[bool]) -> None:
        self.script = script
        self.got = b""
        self.on_shutdown: Callable[[], None] | None = None
        self.ended = False

    def write_chunk(self, data: bytes) -> bool:
        self.got += data
        return self.script.pop(0) if self.script else True

    async def send(self, message: Message) -> None:
        self.got += message.get("body", b"")
        self.ended = message["type"] == "http.response.body" and not message["more_body"]
        await asyncio.sleep(0)

    async def receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    def serve(
        self, log: TopicLog, positions: dict[int, int], country: str | None, heartbeat_s: float = 60.0
    ) -> Coroutine[None, None, None]:
        wanted = {"country": frozenset({country})} if country else {}
        following = Following("alert", log, positions, (), wanted, 0.5, Seats(10), Metrics())
        scope = {"type": "http", "extensions": {WIRE: self}}
        return EventStream(following, "alert", heartbeat_s)(scope, self.receive, self.send)


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


batches = st.lists(
    st.lists(st.tuples(st.integers(0, PARTITIONS - 1), st.sampled_from("ab"), st.integers(0, 3)), min_size=1),
    max_size=6,
)
clients = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", None]), st.lists(st.booleans())), max_size=4
)


@given(batches, clients)
def test_whenever_clients_come_and_however_they_keep_up_each_gets_what_it_wants_once_and_in_order(
    told: list[Batch], coming: list[tuple[int, str | None, list[bool]]]
) -> None:
    async def run() -> None:
        topic = Topic()
        said: list[tuple[str, str]] = []
        opened: list[tuple[Client, asyncio.Task[None], int, str | None]] = []
        async with TopicLog(topic.open, "t", decode, lambda _: None) as log:
            for number in range(max(len(told), *(at for at, _, _ in coming), 0) + 1):
                for at, country, script in coming:
                    if at == number:
                        client = Client(list(script))
                        serving = asyncio.create_task(client.serve(log, log.end(), country))
                        opened.append((client, serving, len(said), country))
                        await asyncio.sleep(0)
                if number < len(told):
                    said += topic.say(told[number])
                await settle()
            for client, serving, _, _ in opened:
                assert client.on_shutdown is not None
                client.on_shutdown()
                await serving
                assert client.ended
        for client, _, since, country in opened:
            got = [data.decode() for _, data in EVENT.findall(client.got)]
            assert sorted(got) == sorted(i for i, c in said[since:] if country in {None, c})
            for partition in range(PARTITIONS):
                offsets = [int(i[2:]) for i in got if i.startswith(f"{partition}:")]
                assert offsets == sorted(offsets)

    asyncio.run(run())


@given(batches, st.integers(0, 5), st.lists(st.booleans()), st.data())
def test_from_any_cursor_that_a_client_was_told_it_goes_on_with_no_gap_and_no_repeat(
    told: list[Batch], later: int, script: list[bool], data: st.DataObject
) -> None:
    async def run() -> None:
        topic = Topic()
        async with TopicLog(topic.open, "t", decode, lambda _: None) as log:
            first, second = Client(list(script)), Client([])
            serving = asyncio.create_task(first.serve(log, log.end(), None))
            await settle()
            said = []
            for batch in told:
                said += topic.say(batch)
                await settle()
            cursors = [m.end() for m in CURSOR.finditer(first.got)]
            cut = data.draw(st.sampled_from(cursors))
            cursor = CURSOR.findall(first.got[:cut])[-1].decode()
            # the event of the cursor was taken whole before the connection was lost
            event = EVENT.match(first.got, first.got.rfind(b"id: ", 0, cut))
            before = EVENT.findall(first.got[: event.end() if event else cut])
            positions = {int(p): int(o) for p, o in (pair.split(":") for pair in cursor.split(","))}
            again = asyncio.create_task(second.serve(log, positions, None))
            await settle()
            said += topic.say([(0, "a", 0)] * later) if later else []
            await settle()
            for client, task in ((first, serving), (second, again)):
                assert client.on_shutdown is not None
                client.on_shutdown()
                await task
        got = [i.decode() for _, i in before] + [i.decode() for _, i in EVENT.findall(second.got)]
        assert sorted(got) == sorted(id_ for id_, _ in said)

    asyncio.run(run())


async def test_in_silence_a_client_is_told_that_the_connection_lives_and_where_it_stands() -> None:
    topic, client = Topic(), Client([])
    async with TopicLog(topic.open, "t", decode, lambda _: None) as log:
        serving = asyncio.create_task(client.serve(log, log.end(), "b", heartbeat_s=0.01))
        async with asyncio.timeout(10):
            while b": alive\n\n" not in client.got:
                await asyncio.sleep(0.005)
            topic.say([(0, "a", 0)])
            # nothing of it is wanted, and the cursor moves all the same
            while b"id: 0:1,1:0\n\n" not in client.got:
                await asyncio.sleep(0.005)
        assert client.on_shutdown is not None
        client.on_shutdown()
        await serving
    assert client.got.startswith(b"retry: 1000\nid: 0:0,1:0\n\n")
    assert EVENT.findall(client.got) == []
    assert client.got.count(b"id: 0:1,1:0") == 1


async def test_a_client_that_takes_nothing_is_let_go() -> None:
    topic, client = Topic(), Stuck([])
    async with TopicLog(topic.open, "t", decode, lambda _: None) as log:
        topic.say([(0, "a", 0)])
        await client.serve(log, log.end(), None, heartbeat_s=0.01)
    assert client.let_go_with == 1013


class Stuck(Client):
    """A client that never takes more than the head of the answer."""

    let_go_with = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    def let_go(self, code: int, reason: str) -> None:
        assert "cursor" in reason
        self.let_go_with = code
