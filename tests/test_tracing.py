from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from schemas.topics import TRANSCRIPTS_RAW, Output
from streams.kafka.records import TRACEPARENT, encode_record, last_header
from streams.settings import Settings
from streams.tracing import Role, carried, of_record, span, tracing
from tests.factories import NOON, make_transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

OFF = Settings(traces_endpoint="")
ON = Settings(traces_endpoint="http://127.0.0.1:9")
GIVEN = [("x", b"1"), (TRACEPARENT, b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]


def spans_of(settings: Settings, *names: str) -> Sequence[ReadableSpan]:
    kept = InMemorySpanExporter()
    with tracing(settings, "test", kept):
        for name in names:
            with span(name, Role.CONSUMER, GIVEN, of_record("transcripts.raw.v1", 1, 2, b"t-1")):
                pass
    return kept.get_finished_spans()


def test_where_it_is_off_a_trace_is_handed_on_as_it_came() -> None:
    with tracing(OFF, "test"), span("a", Role.SERVER, GIVEN):
        assert carried(GIVEN) == GIVEN
        assert carried() == []
    assert spans_of(OFF, "a") == ()


def test_a_span_belongs_to_the_trace_of_its_cause_and_says_which_record_it_is_about() -> None:
    (found,) = spans_of(ON, "process")
    assert found.context is not None
    assert found.parent is not None
    assert f"{found.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{found.parent.span_id:016x}" == "b7ad6b7169203331"
    assert dict(found.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.destination.name": "transcripts.raw.v1",
        "messaging.destination.partition.id": "1",
        "messaging.kafka.offset": 2,
        "messaging.kafka.message.key": "t-1",
        "dragoman.transcript.id": "t-1",
    }
    assert found.resource.attributes["service.name"] == "dragoman-test"


def test_a_record_is_the_same_with_a_trace_but_for_one_header() -> None:
    transcript = make_transcript()
    output = Output(TRANSCRIPTS_RAW, transcript.id, transcript, NOON)
    plain = encode_record(output, OFF)
    with tracing(ON, "test", InMemorySpanExporter()), span("ingest", Role.PRODUCER):
        traced = encode_record(output, ON, carried())
    assert (traced.topic, traced.key, traced.value) == (plain.topic, plain.key, plain.value)
    assert [h for h in traced.headers if h[0] != TRACEPARENT] == plain.headers
    assert last_header(traced.headers, TRACEPARENT) is not None


def test_a_header_that_is_no_trace_begins_a_new_one() -> None:
    kept = InMemorySpanExporter()
    with tracing(ON, "test", kept):
        for value in (b"", b"\xff", b"00-0-0-0", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01"):
            with span("a", Role.CONSUMER, [(TRACEPARENT, value)]):
                assert last_header(carried(), TRACEPARENT) is not None
    assert all(found.parent is None for found in kept.get_finished_spans())


def test_an_error_ends_the_span_as_failed_and_goes_on() -> None:
    kept = InMemorySpanExporter()
    with tracing(ON, "test", kept), pytest.raises(KeyError), span("a", Role.CONSUMER):
        raise KeyError
    (found,) = kept.get_finished_spans()
    assert not found.status.is_ok


def test_without_the_extra_it_says_in_one_sentence_what_to_do() -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None; sys.argv = ['dragoman', 'ingest', '-']; "
        "from streams.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"DRAGOMAN_TRACES_ENDPOINT": "http://127.0.0.1:9"},
        input="A text.",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "pip install 'dragoman[tracing]'" in line
