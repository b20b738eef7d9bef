from __future__ import annotations

import httpx

from streams.health import Health, HealthServer
from streams.telemetry import LOG_EVENTS, METRICS, LogEvent, Metrics


async def test_readiness_tells_why_not_and_liveness_goes_on() -> None:
    metrics = Metrics()
    health = Health(metrics)
    server = HealthServer(health, metrics)
    port = await server.start("127.0.0.1", 0)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            assert (await client.get("/readyz")).json() == {"ready": True, "reasons": {}}
            health.report("broker", "does not answer")
            answer = await client.get("/readyz")
            assert (answer.status_code, answer.json()["reasons"]) == (503, {"broker": "does not answer"})
            assert (await client.get("/healthz")).status_code == 200
            assert "dragoman_ready 0.0" in (await client.get("/metrics")).text
            health.clear("broker")
            assert (await client.get("/readyz")).status_code == 200
    finally:
        await server.stop()


def test_every_log_event_has_its_meaning_and_every_metric_its_own_name() -> None:
    assert set(LOG_EVENTS) == set(LogEvent)
    assert len({metric.name for metric in METRICS}) == len(METRICS)
