from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import orjson
import pytest

from schemas import topics
from schemas.contract import MAX_TEXT_BYTES
from schemas.topics import Output
from schemas.transcript import Transcript
from tests.factories import make_alert_change
from tests.kafka.gateway_process import JSON, run_gateway, stream_events, until_indexed
from tests.kafka.gateway_process import publish as publish_outputs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiokafka import AIOKafkaProducer

    from schemas.alert import AlertChange
    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]

GIVEN = {"source": {"broadcaster": "Radio Test"}, "text": "Good morning."}


@pytest.fixture
async def client(settings: Settings, created_topics: object) -> AsyncIterator[httpx.AsyncClient]:
    with run_gateway(settings) as address:
        async with httpx.AsyncClient(base_url=address, timeout=10) as opened:
            yield opened


async def publish(producer: AIOKafkaProducer, settings: Settings, *changes: AlertChange) -> None:
    outputs = [Output(topics.ALERTS, c.alert.id, c, c.alert.updated_time) for c in changes]
    await publish_outputs(producer, settings, *outputs)


async def follow(
    client: httpx.AsyncClient,
    count: int,
    *,
    last: str | None = None,
    query: str = "",
    started: asyncio.Event | None = None,
) -> list[tuple[str, str, dict[str, object]]]:
    """Read so many events of the stream: name, cursor, data."""
    found: list[tuple[str, str, dict[str, object]]] = []
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
    async with asyncio.timeout(20), client.stream("GET", f"/v1/alerts{query}", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        if started is not None:
            started.set()
        async for event in stream_events(response):
            found.append(event)
            if len(found) == count:
                break
    return found


def ids(events: list[tuple[str, str, dict[str, object]]]) -> list[object]:
    return [data["id"] for _, _, data in events]


async def test_a_transcript_is_taken_in_and_lies_on_the_raw_topic(
    client: httpx.AsyncClient, read_all: ReadAll
) -> None:
    answer = await client.post("/v1/transcripts", json={**GIVEN, "desk": "foreign"})
    assert answer.status_code == 202
    [record] = await read_all(topics.TRANSCRIPTS_RAW)
    transcript = Transcript.decode(record.value)
    assert answer.json() == {"ids": [transcript.id]}
    assert record.key == transcript.id.encode()
    assert transcript.extra == {"desk": "foreign"}
    assert dict(record.headers)["ce_type"] == b"dragoman.transcripts.raw.v1"


async def test_the_same_transcript_twice_has_the_same_id(client: httpx.AsyncClient) -> None:
    first, second = [(await client.post("/v1/transcripts", json=GIVEN)).json() for _ in range(2)]
    assert first == second


async def test_many_transcripts_come_one_a_line(client: httpx.AsyncClient, read_all: ReadAll) -> None:
    lines = b"\n".join(orjson.dumps({**GIVEN, "text": f"Item {number}."}) for number in range(50))
    answer = await client.post(
        "/v1/transcripts", content=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.status_code == 202
    assert {r.key.decode() for r in await read_all(topics.TRANSCRIPTS_RAW)} == set(answer.json()["ids"])
    assert len(answer.json()["ids"]) == 50


async def test_of_many_all_or_none_are_taken_in(client: httpx.AsyncClient, read_all: ReadAll) -> None:
    lines = orjson.dumps(GIVEN) + b"\n\n" + orjson.dumps({**GIVEN, "text": ""}) + b"\n{"
    answer = await client.post(
        "/v1/transcripts", content=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.status_code == 400
    assert [error["line"] for error in answer.json()["errors"]] == [3, 4]
    assert "text: is empty" in answer.json()["detail"]
    assert await read_all(topics.TRANSCRIPTS_RAW) == []


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (orjson.dumps({**GIVEN, "text": ""}), 400, "text: is empty"),
        (
            orjson.dumps({**GIVEN, "text": "x" * (MAX_TEXT_BYTES + 1)}),
            400,
            "text: is 1048577 bytes, over the limit",
        ),
        (orjson.dumps({**GIVEN, "published_time": "soon"}), 400, "published_time"),
        (orjson.dumps({"text": "hello"}), 400, "source: is missing"),
        (b"{", 400, "not JSON"),
        (b'{"text": "\xff"}', 400, "not UTF-8: byte 10"),
        (b"[]", 400, "a JSON object is expected"),
        (b" " * (16 * 1_048_576 + 1), 413, "over 16777216 bytes"),
    ],
    ids=["empty", "too long", "date", "no source", "no json", "no utf-8", "list", "too large"],
)
async def test_what_cannot_be_taken_in_is_refused_with_the_field(
    client: httpx.AsyncClient, body: bytes, status: int, words: str
) -> None:
    answer = await client.post("/v1/transcripts", content=body)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


async def test_alerts_stream_as_they_come_and_resume_behind_the_cursor(
    client: httpx.AsyncClient, settings: Settings, producer: AIOKafkaProducer
) -> None:
    started = asyncio.Event()
    reading = asyncio.create_task(follow(client, 3, started=started))
    await started.wait()
    await publish(producer, settings, *[make_alert_change(n) for n in range(3)])
    events = await reading
    assert {name for name, _, _ in events} == {"alert"}
    await publish(producer, settings, make_alert_change(3), make_alert_change(4))
    later = await follow(client, 4, last=events[0][1])
    assert sorted(map(str, ids([*events[:1], *later]))) == sorted(make_alert_change(n).id for n in range(5))


async def test_a_stream_goes_on_at_another_gateway(settings: Settings, producer: AIOKafkaProducer) -> None:
    await publish(producer, settings, *[make_alert_change(n) for n in range(6)])
    found: list[object] = []
    cursor = ""
    for _ in range(3):
        with run_gateway(settings) as address:
            async with httpx.AsyncClient(base_url=address) as client:
                events = await follow(client, 2, last=cursor, query="?cursor=begin")
                cursor = events[-1][1]
                found += ids(events)
    assert sorted(map(str, found)) == sorted(make_alert_change(n).id for n in range(6))


async def test_what_a_worker_said_twice_is_given_once(
    client: httpx.AsyncClient, settings: Settings, producer: AIOKafkaProducer
) -> None:
    started = asyncio.Event()
    reading = asyncio.create_task(follow(client, 3, started=started))
    await started.wait()
    first, update, other = make_alert_change(1), make_alert_change(1, sequence=2), make_alert_change(2)
    await publish(producer, settings, first, first, update, first, update)
    await asyncio.sleep(0.5)
    await publish(producer, settings, other)
    assert ids(await reading) == [first.id, update.id, other.id]


async def test_a_cursor_of_another_topic_is_answered_by_a_reset(
    client: httpx.AsyncClient, settings: Settings, producer: AIOKafkaProducer
) -> None:
    await publish(producer, settings, make_alert_change(1))
    events = await follow(client, 2, last="0:999999,1:999999")
    assert [name for name, _, _ in events] == ["reset", "alert"]


async def test_a_page_gives_what_there_is_and_a_cursor_to_go_on(
    client: httpx.AsyncClient, settings: Settings, producer: AIOKafkaProducer
) -> None:
    await publish(producer, settings, *[make_alert_change(n) for n in range(5)])
    await until_indexed(client, "/v1/alerts", 5)
    first = (await client.get("/v1/alerts?limit=3", headers=JSON)).json()
    rest = (await client.get(f"/v1/alerts?page={first['next']}", headers=JSON)).json()
    assert (len(first["alerts"]), len(rest["alerts"]), rest["next"]) == (3, 2, None)
    assert {a["id"] for a in first["alerts"] + rest["alerts"]} == {f"alert-{n}" for n in range(5)}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("topic=military", {2}),
        ("country=RUS", {3}),
        ("country=RUS&country=IRN", {1, 2, 3}),
        ("level=critical", {2}),
        ("source=radio%20test&language=en", {1, 2, 3}),
        ("source=other", set()),
    ],
)
async def test_filters_choose(
    client: httpx.AsyncClient, settings: Settings, producer: AIOKafkaProducer, query: str, expected: set[int]
) -> None:
    changes = {
        1: make_alert_change(1),
        2: make_alert_change(2, topic="military", level="critical"),
        3: make_alert_change(3, countries=("RUS", "BLR")),
    }
    await publish(producer, settings, *changes.values())
    await until_indexed(client, "/v1/alerts", 3)
    page = (await client.get(f"/v1/alerts?{query}", headers=JSON)).json()
    assert {a["id"] for a in page["alerts"]} == {f"alert-{n}" for n in expected}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("cursor=abc", "not a cursor"),
        ("level=huge", "level"),
        ("country=Iran", "country"),
        ("limit=0", "limit"),
    ],
)
async def test_a_wrong_parameter_is_named(client: httpx.AsyncClient, query: str, words: str) -> None:
    answer = await client.get(f"/v1/alerts?{query}")
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


async def test_a_path_that_is_not_there_is_answered_in_words(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v2/alerts")
    assert answer.status_code == 404
    assert "there is no /v2/alerts" in answer.json()["detail"]
    assert (await client.delete("/v1/alerts")).status_code == 405


async def test_health_metrics_and_document_are_there(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {"status": "ready"}
    await client.post("/v1/transcripts", json=GIVEN)
    metrics = (await client.get("/metrics")).text
    assert "dragoman_accepted_total 1.0" in metrics
    assert "\ndragoman_ready 1.0\n" in metrics
    assert "/v1/transcripts" in (await client.get("/openapi.json")).json()["paths"]


async def test_without_a_broker_the_gateway_says_so(settings: Settings) -> None:
    environment = {**os.environ, "DRAGOMAN_BROKER": "127.0.0.1:9"}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "streams.cli", "gateway"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "no Kafka answers at 127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr
