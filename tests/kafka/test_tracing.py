"""One trace from the request that brought a transcript to the webhook that told of the alert."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from schemas.topics import RULES, SUBSCRIPTIONS, TRANSCRIPTS_RAW, Output
from streams.kafka.records import TRACEPARENT, last_header
from streams.rules.load import load_pack
from streams.tracing import tracing
from tests.factories import NOON
from tests.kafka.collector import collecting
from tests.kafka.gateway_process import publish, run_gateway
from tests.kafka.notifier_receiver import make_subscription, receiving, until
from tests.kafka.test_notifier import notifying
from tests.kafka.worker_process import REAL, WorkerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from aiokafka import AIOKafkaProducer

    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
STAGES = {
    "POST /v1/transcripts": "dragoman-gateway",
    "process transcripts.raw.v1": "dragoman-worker",
    "process transcripts.tagged.v1": "dragoman-worker",
    "process events.extracted.v1": "dragoman-worker",
    "process agreements.changed.v1": "dragoman-worker",
    "process rules.matched.v1": "dragoman-worker",
    "process alerts.v1": "dragoman-notifier",
    "deliver": "dragoman-notifier",
}


async def test_the_trace_of_a_request_goes_on_to_the_webhook(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll, tmp_path: Path
) -> None:
    with collecting() as collector:
        settings = settings.model_copy(
            update={"traces_endpoint": collector.address, "notifier_allow": "127.0.0.1", "idle_s": 1.0}
        )
        await publish(producer, settings, *(Output(RULES, r.id, r, NOON) for r in load_pack()))
        async with receiving() as receiver:
            wish = make_subscription("desk", f"{receiver.address}/desk", filter={"topics": ["security-mou"]})
            await publish(producer, settings, Output(SUBSCRIPTIONS, wish.id, wish, NOON))
            with run_gateway(settings) as address, tracing(settings, "notifier"):
                async with (
                    notifying(settings),
                    WorkerProcess(settings, *REAL, log=tmp_path / "log") as worker,
                ):
                    async with httpx.AsyncClient(trust_env=False) as client:
                        answer = await client.post(
                            f"{address}/v1/transcripts",
                            json={
                                "source": {"broadcaster": "Radio Test"},
                                "text": "Iran and China signed a memorandum of understanding on border security on Sunday.",
                            },
                            headers={TRACEPARENT: f"00-{TRACE}-{SPAN}-01"},
                        )
                        assert answer.status_code == 202
                    await until(lambda: bool(receiver.taken), 60)
                    metrics = (await worker.ask("/metrics")).text
                    assert await worker.stop() == 0
                (raw,) = await read_all(TRANSCRIPTS_RAW)
    assert "dragoman_alert_seconds_count 0.0" not in metrics
    for part in ("segments", "mentions", "entities", "agreements", "events"):
        assert f'dragoman_reader_seconds_count{{part="{part}"}} 1.0' in metrics
    (id_,) = answer.json()["ids"]
    assert (last_header(raw.headers, TRACEPARENT) or b"").decode().split("-")[1] == TRACE
    told = {headers[TRACEPARENT].split("-")[1] for headers in receiver.headers.values()}
    assert told == {TRACE}
    ours = [one for one in collector.spans if one.trace == TRACE]
    assert {one.span.name: one.process for one in ours}.items() >= STAGES.items()
    ids = {one.span.span_id.hex() for one in ours}
    assert all(one.span.parent_span_id.hex() in {SPAN, *ids} for one in ours)
    (first,) = [one for one in ours if one.span.name == "process transcripts.raw.v1"]
    assert first.attributes["dragoman.transcript.id"] == id_
    assert first.attributes["messaging.destination.name"] == "transcripts.raw.v1"
    assert {"messaging.destination.partition.id", "messaging.kafka.offset"} <= first.attributes.keys()


async def test_without_an_address_no_header_is_added(
    settings: Settings, producer: AIOKafkaProducer, read_all: ReadAll
) -> None:
    with run_gateway(settings) as address:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(
                f"{address}/v1/transcripts", json={"source": {"broadcaster": "R"}, "text": "Good morning."}
            )
    assert answer.status_code == 202
    (raw,) = await read_all(TRANSCRIPTS_RAW)
    assert last_header(raw.headers, TRACEPARENT) is None
