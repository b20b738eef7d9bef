from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import suppress
from datetime import timedelta
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import feedparser
import httpx
import orjson
import pytest
from click.testing import CliRunner
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from schemas import topics
from schemas.enriched import EnrichedTranscript
from schemas.event import Stage
from schemas.subscription import AlertFilter, Subscription
from schemas.topics import Output
from schemas.transcript import LanguageTag
from streams.cli.main import dragoman
from streams.kafka.client import open_admin, open_producer
from streams.kafka.groups import installation_plans
from streams.kafka.records import encode_tombstone
from streams.kafka.topics import create_topics, delete_topics, kafka_name
from streams.ledger import post_event
from tests.factories import NOON, make_alert_change, make_event, make_report, make_transcript
from tests.kafka.gateway_process import (
    JSON,
    STREAM,
    publish,
    run_gateway,
    start_gateway,
    stream_events,
    until_indexed,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from aiokafka import AIOKafkaProducer
    from aiokafka.admin import AIOKafkaAdminClient

    from schemas.alert import AlertChange
    from streams.settings import Settings

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]


def alert_output(change: AlertChange) -> Output:
    return Output(topics.ALERTS, change.alert.id, change, change.alert.updated_time)


def outputs_of_a_life() -> tuple[str, list[Output]]:
    """An agreement that is drafted and signed: its id, and what the ledger publishes of it."""
    drafted = post_event(None, make_event("They drafted it.", report=make_report(stage=Stage.DRAFTING)))
    signed = post_event(drafted.book, make_event(at=NOON + timedelta(days=3), broadcaster="Radio Other"))
    outputs = []
    for posting in (drafted, signed):
        assert posting.agreement is not None
        assert posting.transition is not None
        outputs += [
            Output(topics.AGREEMENTS_CHANGED, posting.agreement.key, posting.transition, NOON),
            Output(topics.AGREEMENTS_CURRENT, posting.agreement.id, posting.agreement, NOON),
        ]
    assert drafted.agreement is not None
    return drafted.agreement.id, outputs


@pytest.fixture
async def client(settings: Settings, created_topics: object) -> AsyncIterator[httpx.AsyncClient]:
    with run_gateway(settings) as address:
        async with httpx.AsyncClient(base_url=address, timeout=10) as opened:
            yield opened


async def until(found: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(20):
        while not await found():
            await asyncio.sleep(0.05)


async def is_gone(admin: AIOKafkaAdminClient, name: str) -> bool:
    return name not in await admin.list_topics()


async def drain(opened: ClientConnection) -> None:
    while True:
        await opened.recv()


async def answers(client: httpx.AsyncClient, path: str, status: int) -> bool:
    return (await client.get(path)).status_code == status


async def says(client: httpx.AsyncClient, metric: str) -> bool:
    return f"\n{metric}\n" in (await client.get("/metrics")).text


async def follow(client: httpx.AsyncClient, path: str, count: int) -> list[dict[str, Any]]:
    """Read so many events of a stream from its beginning."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(20), client.stream("GET", path, headers=STREAM) as response:
        async for _, _, data in stream_events(response):
            found.append(data)
            if len(found) == count:
                break
    return found


async def test_events_and_agreements_are_pages_streams_and_lives(
    client: httpx.AsyncClient, settings: Settings, producer: AIOKafkaProducer
) -> None:
    id_, life = outputs_of_a_life()
    events = [make_event(), make_event("Russia too.", report=make_report(("IRN", "RUS")))]
    await publish(
        producer, settings, *life, *[Output(topics.EVENTS_EXTRACTED, "k", e, NOON) for e in (*events, events[0])]
    )  # fmt: skip
    await until_indexed(client, "/v1/events", 2)
    await until_indexed(client, "/v1/agreements?stage=signed", 1)

    page = (await client.get("/v1/events?country=RUS", headers=JSON)).json()
    assert [event["id"] for event in page["events"]] == [events[1].id]
    streamed = await follow(client, "/v1/events?cursor=begin", 2)
    assert {event["id"] for event in streamed} == {event.id for event in events}

    assert (await client.get("/v1/agreements?stage=drafting", headers=JSON)).json()["agreements"] == []
    steps = await follow(client, "/v1/agreements?cursor=begin", 2)
    assert [step["stage"] for step in steps] == ["drafting", "signed"]
    socket_address = str(client.base_url).replace("http", "ws").rstrip("/")
    for path, name, ids in (
        ("events", "event", {event.id for event in events}),
        ("agreements", "transition", {step["id"] for step in steps}),
    ):
        async with (
            asyncio.timeout(20),
            connect(f"{socket_address}/v1/{path}?cursor=begin") as opened,
        ):
            await opened.recv()
            assert {orjson.loads(await opened.recv())[name]["id"] for _ in range(2)} == ids
    whole = (await client.get(f"/v1/agreements/{id_}")).json()
    assert whole["agreement"]["stage"] == "signed"
    assert [step["stage"] for step in whole["transitions"]] == ["drafting", "signed"]


async def test_an_alert_has_a_life_and_a_transcript_its_reading_and_others_are_not_there(
    client: httpx.AsyncClient, settings: Settings, producer: AIOKafkaProducer
) -> None:
    changes = [make_alert_change(1), make_alert_change(1, sequence=2, status="corroborated")]
    enriched = EnrichedTranscript(
        transcript=make_transcript(id="desk/1 ü"),
        language=LanguageTag(language="en", confidence=1.0),
        reader_version="test",
        context=make_event().context,
    )
    await publish(
        producer,
        settings,
        *[alert_output(change) for change in (*changes, changes[0])],
        Output(topics.TRANSCRIPTS_ENRICHED, enriched.transcript.id, enriched, NOON),
    )
    await until_indexed(client, "/v1/alerts?status=corroborated", 1)
    life = (await client.get("/v1/alerts/alert-1")).json()
    assert [change["sequence"] for change in life["changes"]] == [1, 2]
    assert life["alert"] == life["changes"][1]["alert"]

    await until(lambda: answers(client, "/v1/transcripts/desk%2F1%20%C3%BC", 200))
    answer = await client.get("/v1/transcripts/desk%2F1%20%C3%BC")
    assert EnrichedTranscript.decode(answer.content) == enriched

    for what in ("alert", "agreement", "transcript"):
        answer = await client.get(f"/v1/{what}s/unheard-of")
        assert answer.status_code == 404
        assert answer.json()["detail"].startswith(f"there is no {what} unheard-of")


async def test_a_page_and_the_stream_behind_it_leave_no_gap(
    client: httpx.AsyncClient, settings: Settings, producer: AIOKafkaProducer
) -> None:
    await publish(producer, settings, *[alert_output(make_alert_change(n)) for n in range(4)])
    await until_indexed(client, "/v1/alerts", 4)
    page = (await client.get("/v1/alerts?order=oldest", headers=JSON)).json()
    await publish(producer, settings, *[alert_output(make_alert_change(n)) for n in range(4, 7)])
    later = await follow(client, f"/v1/alerts?cursor={page['cursor']}", 3)
    found = [alert["id"] for alert in page["alerts"]] + [change["alert"]["id"] for change in later]
    assert sorted(found) == [f"alert-{n}" for n in range(7)]


async def test_the_index_is_there_again_after_a_restart_and_is_made_anew_when_deleted(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    await publish(producer, settings, *[alert_output(make_alert_change(n)) for n in range(3)])
    pages = []
    for _ in range(2):
        with run_gateway(settings) as address:
            async with httpx.AsyncClient(base_url=address) as client:
                await until_indexed(client, "/v1/alerts", 3)
                pages.append((await client.get("/v1/alerts", headers=JSON)).json()["alerts"])
        for file in (settings.data_dir / "index").iterdir():
            file.unlink()
    assert pages[0] == pages[1]


async def test_a_topic_that_was_made_anew_is_read_anew_and_nothing_of_it_is_taken_for_a_repeat(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    def one_by_one(numbers: range) -> list[Output]:
        return [alert_output(make_alert_change(number)) for number in numbers]

    await publish(producer, settings, *one_by_one(range(4)))
    with run_gateway(settings) as address:
        async with httpx.AsyncClient(base_url=address) as client:
            await until_indexed(client, "/v1/alerts", 4)
    name = kafka_name(topics.ALERTS, settings)
    async with open_admin(settings) as admin:
        await delete_topics(admin, [name])
        await until(lambda: is_gone(admin, name))
        await create_topics(admin, installation_plans(settings))
    async with open_producer(settings) as fresh:
        # the same again and more, in another order: the old positions are within the new topic
        await publish(fresh, settings, *reversed(one_by_one(range(8))))
    with run_gateway(settings) as address:
        async with httpx.AsyncClient(base_url=address) as client:
            await until_indexed(client, "/v1/alerts", 8)
            found = await follow(client, "/v1/alerts?cursor=begin", 8)
    assert {change["alert"]["id"] for change in found} == {f"alert-{n}" for n in range(8)}


async def test_alerts_come_over_a_websocket_and_resume_behind_the_cursor(
    client: httpx.AsyncClient, settings: Settings, producer: AIOKafkaProducer
) -> None:
    address = str(client.base_url).replace("http", "ws").rstrip("/") + "/v1/alerts"
    found: list[str] = []
    async with asyncio.timeout(20), connect(f"{address}?topic=security-mou") as opened:
        cursor = orjson.loads(await opened.recv())["cursor"]
        await publish(producer, settings, *[alert_output(make_alert_change(n)) for n in range(4)])
        while len(found) < 2:
            message = orjson.loads(await opened.recv())
            found.append(message["change"]["alert"]["id"])
            cursor = message["cursor"]
    async with asyncio.timeout(20), connect(f"{address}?cursor={cursor}") as opened:
        while len(found) < 4:
            message = orjson.loads(await opened.recv())
            if "change" in message:
                found.append(message["change"]["alert"]["id"])
    assert sorted(found) == [f"alert-{n}" for n in range(4)]
    async with asyncio.timeout(20), connect(f"{address}?cursor=0:999999,1:999999") as opened:
        first = orjson.loads(await opened.recv())
        assert "no longer held" in first["reset"]["reason"]
        assert orjson.loads(await opened.recv())["change"]["alert"]["id"] in found


async def test_a_feed_gives_what_a_subscription_wants_and_says_when_nothing_is_new(
    client: httpx.AsyncClient, settings: Settings, producer: AIOKafkaProducer
) -> None:
    wanted = Subscription(id="desk", name="The desk", filter=AlertFilter(topics=("military",)), channel="")
    changes = [make_alert_change(1), make_alert_change(2, topic="military")]
    await publish(
        producer, settings, Output(topics.SUBSCRIPTIONS, "desk", wanted, NOON), *map(alert_output, changes)
    )
    await until_indexed(client, "/v1/alerts", 2)
    await until(lambda: answers(client, "/v1/feeds/subscriptions/desk.atom", 200))
    answer = await client.get("/v1/feeds/subscriptions/desk.atom")
    feed = feedparser.parse(answer.content)
    assert (feed.bozo, feed.feed.title, [e.title for e in feed.entries]) == (
        False,
        "Dragoman: The desk",
        ["Alert 2"],
    )
    assert len(feedparser.parse((await client.get("/v1/feeds/alerts.atom")).content).entries) == 2
    again = await client.get(
        "/v1/feeds/subscriptions/desk.atom", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    tombstone = encode_tombstone(topics.SUBSCRIPTIONS, "desk", settings)
    await producer.send_and_wait(tombstone.topic, value=None, key=tombstone.key, headers=tombstone.headers)
    await until(lambda: answers(client, "/v1/feeds/subscriptions/desk.atom", 404))


async def test_a_stream_too_many_is_told_to_come_back(settings: Settings) -> None:
    with run_gateway(settings.model_copy(update={"gateway_streams": 1})) as address:
        async with (
            httpx.AsyncClient(base_url=address, timeout=10) as client,
            client.stream("GET", "/v1/alerts", headers=STREAM) as first,
        ):
            assert first.status_code == 200
            refused = await client.get("/v1/events", headers=STREAM)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
            assert "1 clients follow already" in refused.json()["detail"]
            assert (await client.get("/v1/alerts", headers=JSON)).status_code == 200


FILL: Final = "x" * 60_000
LET_GO: Final = 'dragoman_streams_let_go_total{stream="alert"} 1.0'


async def test_a_client_that_takes_nothing_is_let_go_and_resumes_while_others_notice_nothing(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    count = 100
    changes = [make_alert_change(n, summary=f"{n} {FILL}") for n in range(count)]
    with run_gateway(settings.model_copy(update={"gateway_let_go_s": 1.0})) as address:
        place = urlsplit(address)
        async with httpx.AsyncClient(base_url=address, timeout=20) as client:
            with socket.create_connection((place.hostname, place.port), 10) as lazy:
                lazy.sendall(
                    b"GET /v1/alerts?cursor=begin HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
                )
                others = [
                    asyncio.create_task(follow(client, "/v1/alerts?cursor=begin", count)) for _ in range(3)
                ]
                await publish(producer, settings, *map(alert_output, changes))
                found = await asyncio.gather(*others)
                assert all(len({change["id"] for change in got}) == count for got in found)
                await until(lambda: says(client, LET_GO))
                read = b""
                with suppress(ConnectionError):
                    while data := lazy.recv(1 << 20):
                        read += data
            cursors = [line[4:] for line in read.split(b"\n") if line.startswith(b"id: ")]
            events = read.split(b"\n\n")[:-1]
            got = {orjson.loads(e.split(b"data: ")[1])["id"] for e in events if b"\ndata: " in e}
            assert 0 < len(got) < count
            # the last whole event, not the one that was cut off
            last = cursors[len([e for e in events if b"id: " in e]) - 1].decode()
            rest = await follow(client, f"/v1/alerts?cursor={last}", count - len(got))
            assert got | {change["id"] for change in rest} == {change.id for change in changes}


async def test_a_socket_that_takes_nothing_is_closed_with_a_reason(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    changes = [make_alert_change(n, summary=f"{n} {FILL}") for n in range(300)]
    await publish(producer, settings, *map(alert_output, changes))
    with run_gateway(settings.model_copy(update={"gateway_let_go_s": 1.0})) as address:
        # Good: one message waits here and no more are read from the socket
        async with connect(
            f"{address.replace('http', 'ws')}/v1/alerts?cursor=begin", max_queue=1, compression=None
        ) as lazy:
            async with httpx.AsyncClient(base_url=address, timeout=20) as client:
                await until(lambda: says(client, LET_GO))
            with pytest.raises(ConnectionClosed) as closed:
                await drain(lazy)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "cursor" in closed.value.rcvd.reason) == (1013, True)


async def test_when_it_is_told_to_stop_streams_end_in_order_and_are_told_why(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    changes = [make_alert_change(n, summary=f"{n} {FILL}") for n in range(100)]
    await publish(producer, settings, *map(alert_output, changes))
    with socket.socket() as lazy, TemporaryFile("w+") as log:
        process, address = start_gateway(settings, log)
        with process:
            place = urlsplit(address)
            lazy.connect((place.hostname, place.port))
            lazy.sendall(
                b"GET /v1/alerts?cursor=begin HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
            )
            async with (
                httpx.AsyncClient(base_url=address, timeout=20) as client,
                client.stream("GET", "/v1/alerts", headers=STREAM) as response,
                connect(f"{address.replace('http', 'ws')}/v1/alerts") as opened,
            ):
                await until(lambda: says(client, 'dragoman_streams{stream="alert"} 3.0'))
                process.terminate()
                # read to its end, and a body that is cut off would raise
                lines = [line async for line in response.aiter_lines()]
                with pytest.raises(ConnectionClosed) as closed:
                    await drain(opened)
            assert await asyncio.to_thread(process.wait, 15) == 0
        log.seek(0)
        assert log.read() == ""
    assert lines[-2:] == [": the gateway stops; come back with your cursor", ""]
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "cursor" in closed.value.rcvd.reason) == (1001, True)


async def test_on_another_address_nobody_is_let_in_without_a_token(settings: Settings) -> None:
    public = settings.model_copy(update={"gateway_host": "0.0.0.0"})  # noqa: S104 - what is tested
    runner = CliRunner(env={"DRAGOMAN_DATA_DIR": str(settings.data_dir)})
    # a thread, for the command has a loop of its own
    refused = await asyncio.to_thread(runner.invoke, dragoman, ["gateway", "--host", "0.0.0.0"])  # noqa: S104
    assert (refused.exit_code, "dragoman tokens add NAME" in refused.output) == (1, True)
    made = runner.invoke(dragoman, ["tokens", "add", "desk", "--scope", "read"])
    token = made.stdout.strip()
    with run_gateway(public) as address:
        async with httpx.AsyncClient(base_url=address, timeout=10) as client:
            assert (await client.get("/v1/alerts", headers=STREAM)).status_code == 401
            allowed = {"Authorization": f"Bearer {token}"}
            assert (await client.get("/v1/alerts", headers=JSON | allowed)).status_code == 200
            assert (await client.post("/v1/transcripts", headers=allowed)).status_code == 403
            async with client.stream("GET", f"/v1/alerts?access_token={token}", headers=STREAM) as opened:
                assert opened.status_code == 200
        async with connect(
            f"{address.replace('http', 'ws')}/v1/alerts?access_token={token}"
        ) as opened_socket:
            assert b"cursor" in await opened_socket.recv(decode=False)


async def test_a_gateway_killed_under_load_loses_nothing_and_says_nothing_twice(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    count = 600
    found: list[object] = []
    cursors = ["begin"]

    async def load() -> None:
        for number in range(count):
            # never far ahead, so that there is something to come whenever the gateway is killed
            while number > len(found) + 120:
                await asyncio.sleep(0.005)
            # every seventh is said again, as by a worker that was killed too
            change = make_alert_change(number)
            await publish(producer, settings, *[alert_output(change)] * (2 if number % 7 == 0 else 1))

    async def receive(address: str) -> None:
        async with httpx.AsyncClient(base_url=address, timeout=10) as client:
            query = "?cursor=begin" if cursors[-1] == "begin" else ""
            headers = STREAM if query else {**STREAM, "Last-Event-ID": cursors[-1]}
            with suppress(httpx.TransportError):
                async with client.stream("GET", f"/v1/alerts{query}", headers=headers) as response:
                    async for name, cursor, data in stream_events(response):
                        assert name == "alert"
                        cursors.append(cursor)
                        found.append(data["id"])
                        if len(set(found)) == count:
                            return

    loading = asyncio.create_task(load())
    kills = 0
    async with asyncio.timeout(90):
        while len(set(found)) < count:
            process, address = await asyncio.to_thread(start_gateway, settings)
            try:
                receiving = asyncio.create_task(receive(address))
                while not receiving.done() and (kills == 3 or len(found) < 100 + 150 * kills):
                    await asyncio.sleep(0.01)
                if not receiving.done():
                    kills += 1
                    process.send_signal(signal.SIGKILL)
                await receiving
            finally:
                process.kill()
                process.wait()
                assert process.stdout is not None
                process.stdout.close()
    await loading
    assert kills == 3
    assert len(found) == len(set(found)) == count
    assert set(found) == {make_alert_change(n).id for n in range(count)}
