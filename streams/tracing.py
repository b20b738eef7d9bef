"""Traces by OpenTelemetry, from the arrival of a transcript to the delivery of its alerts: off unless an address is set.

The trace travels as W3C `traceparent` in the headers of records; nothing else of a record changes. Where it is off,
nothing of OpenTelemetry is loaded, and a `traceparent` that a record came with is handed on as it is. What is under
way is held for the process as a whole, as OpenTelemetry itself does: a process has one way to its collector.
"""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from streams.kafka.records import TRACEPARENT, last_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

    from streams.kafka.records import Header
    from streams.settings import Settings

_EXPORT_S: Final = 5.0
"""A collector that has not answered after this long is given up for these spans; none is waited for."""


class TracingError(Exception):
    """Traces cannot be sent as set; the message says why and what to do."""


class Role(StrEnum):
    """What a stage is in the terms of OpenTelemetry."""

    SERVER = "SERVER"
    PRODUCER = "PRODUCER"
    CONSUMER = "CONSUMER"
    CLIENT = "CLIENT"


_tracer: Tracer | None = None


@contextmanager
def tracing(settings: Settings, process: str, exporter: SpanExporter | None = None) -> Iterator[None]:
    """Trace what this process does as long as this lasts, if an address is set; at the end all spans are sent.

    Args:
        settings: Say where to.
        process: Name of the process in the traces.
        exporter: Takes the spans in the place of the collector.

    Raises:
        TracingError: An address is set, and OpenTelemetry is not installed.
    """
    global _tracer  # noqa: PLW0603 - the process has one: see above
    if not settings.traces_endpoint:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise TracingError(
            "DRAGOMAN_TRACES_ENDPOINT is set, and OpenTelemetry is not installed: "
            "pip install 'dragoman[tracing]', or unset it"
        ) from error
    if exporter is None:
        address = f"{settings.traces_endpoint.rstrip('/')}/v1/traces"
        exporter = OTLPSpanExporter(endpoint=address, timeout=_EXPORT_S)
    named = {"service.name": f"dragoman-{process}", "service.namespace": "dragoman"}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = provider.get_tracer("dragoman")
    try:
        yield
    finally:
        _tracer = None
        provider.shutdown()


@contextmanager
def span(
    name: str, role: Role, headers: Iterable[Header] = (), attributes: Mapping[str, str | int] | None = None
) -> Iterator[None]:
    """Make what is done meanwhile a span of the trace that `headers` name, or of a new one. An error ends it as failed."""
    if _tracer is None:
        yield
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - only where it is installed
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    parent = last_header(headers, TRACEPARENT)
    carrier = {} if parent is None else {TRACEPARENT: parent.decode("ascii", "replace")}
    context = TraceContextTextMapPropagator().extract(carrier)
    with _tracer.start_as_current_span(name, context, SpanKind[role.value], dict(attributes or {})):
        yield


def carried(headers: Iterable[Header] = ()) -> list[Header]:
    """Give the headers by which what is sent belongs to the trace: of the span under way, else of its cause."""
    kept = list(headers)
    if _tracer is None:
        return kept
    from opentelemetry.trace import get_current_span  # noqa: PLC0415 - only where it is installed

    here = get_current_span().get_span_context()
    if not here.is_valid:
        return kept
    own = f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"
    return [*(h for h in kept if h[0] != TRACEPARENT), (TRACEPARENT, own.encode())]


def of_record(topic: str, partition: int, offset: int, key: bytes | None) -> dict[str, str | int]:
    """Give the attributes of a record, by the names of OpenTelemetry; topics of transcripts have their ids as keys."""
    text = (key or b"").decode("utf-8", "replace")
    known: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.destination.partition.id": str(partition),
        "messaging.kafka.offset": offset,
        "messaging.kafka.message.key": text,
    }
    return known | ({"dragoman.transcript.id": text} if topic.startswith("transcripts.") else {})
