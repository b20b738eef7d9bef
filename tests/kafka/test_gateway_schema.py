"""Requests of every kind from the OpenAPI document: whatever comes, the answer is one that the document names."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from schemas.subscription import Subscription
from schemas.topics import SUBSCRIPTIONS, Output
from tests.factories import NOON
from tests.kafka.gateway_process import publish, run_gateway

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer
    from schemathesis.schemas import APIOperation

    from streams.settings import Settings

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]

_JUDGED: Final = ("/v1/subscriptions", "/v1/subscriptions/{id}", "/v1/rules/preview", "/v1/rules/explain")
"""What these take is judged by more than a JSON Schema can say: the text of a rule, an address of a channel."""

EDITED: Final = "/v1/subscriptions/{id}"

EXAMPLES: Final = 12
"""Requests of each operation in each mode."""


def probe(operation: APIOperation[Any, Any, Any, Any], mode: schemathesis.GenerationMode) -> int:
    """Send requests to an operation and check every answer against the document; give how many were sent."""
    sent = 0

    @given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def send(case: schemathesis.Case[Any]) -> None:
        nonlocal sent
        # a page and no stream: that one has no end
        case.headers["Accept"] = "application/json"
        # what HTTP parsers take in an address
        assume(len(urlencode(case.query, doseq=True)) < 60_000)
        if operation.path == EDITED:
            # what HTTP parsers take in a header; the rest never comes as far as the gateway
            tag = str(case.headers.get("If-Match", ""))
            assume(tag.isascii() and (tag.isprintable() or not tag))
            if operation.method.upper() != "DELETE" and case.path_parameters:
                # one that there is: of all others every edit is refused, whatever it says
                case.path_parameters["id"] = "desk"
        if mode is schemathesis.GenerationMode.POSITIVE:
            # only a gateway can write one that is accepted
            case.query.pop("page", None)
        case.call_and_validate(
            timeout=60, excluded_checks=[positive_data_acceptance] if operation.path in _JUDGED else None
        )
        sent += 1

    # what takes nothing cannot be asked wrongly
    with suppress(Unsatisfiable):
        send()
    return sent


async def test_no_request_is_answered_by_what_the_document_does_not_name(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    secrets = ["whsec_" + letter * 43 + "=" for letter in "AB"]
    wish = {"id": "desk", "name": "desk", "channel": "https://desk.example/hook", "secrets": secrets}
    await publish(producer, settings, Output(SUBSCRIPTIONS, "desk", Subscription.model_validate(wish), NOON))
    await asyncio.to_thread(probe_all, settings)


def probe_all(settings: Settings) -> None:
    sent: dict[str, int] = {}
    with run_gateway(settings.model_copy(update={"gateway_rate": 1_000_000})) as address:
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
        for result in schema.get_all_operations():
            assert isinstance(result, Ok), result
            operation = result.ok()
            for mode in schemathesis.GenerationMode:
                sent[f"{operation.label} {mode}"] = probe(operation, mode)
    assert len(sent) >= 24
    assert all(count > 0 for name, count in sent.items() if "POSITIVE" in name), sent
