from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest

from streams.telemetry import LogEvent, configure_logging, log_event

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    configure_logging(written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.disable(logging.NOTSET)


def test_an_event_is_one_json_object_on_one_line(stream: io.StringIO) -> None:
    log_event(LogEvent.RECORD_PARKED, topic="events.extracted.v1", message="two\nlines")
    (line,) = stream.getvalue().splitlines()
    fields = json.loads(line)
    assert (fields["event"], fields["topic"], fields["message"]) == (
        "record.parked",
        "events.extracted.v1",
        "two\nlines",
    )


def test_a_library_says_the_same_once_and_our_events_are_all_told(stream: io.StringIO) -> None:
    for number in range(3):
        logging.getLogger("aiokafka").error("Unable connect to node %s", number)
        log_event(LogEvent.SEND_RETRIED, attempt=number)
    events = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert events == ["library", "send.retried", "send.retried", "send.retried"]


def test_what_is_normal_is_not_said(stream: io.StringIO) -> None:
    logging.getLogger("faust").info("starting")
    logging.getLogger("mode.timers").warning("Timer commit is overlapping")
    assert stream.getvalue() == ""
