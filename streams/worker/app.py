"""One Faust app for each agent: its own consumer group, its own table, so that agents can be spread over processes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import faust
from faust.auth import SASLCredentials, SSLCredentials

from streams import pipeline
from streams.kafka.any_header import accept_any_header
from streams.kafka.groups import ALERTING, EXTRACTION, LANGUAGE, LEDGER, changelog_name, group_id
from streams.kafka.records import decode_headers
from streams.kafka.security import SASL_MECHANISM, load_security
from streams.kafka.topics import RECORD_LIMIT_BYTES
from streams.telemetry import READER_SECONDS, STATE_BYTES, STATE_GROUPS
from streams.worker.agents import (
    AlertingWorker,
    Gate,
    LedgerWorker,
    StepWorker,
    Worker,
    attach_agent,
    watermark_of,
)
from streams.worker.continuity import Continuity, Pulse, find_starts, holds_records
from streams.worker.delivery import Delivery, Parcel
from streams.worker.order import EventTimeOrder, WholeFetches
from streams.worker.outbox import find_missing
from streams.worker.store import ROCKSDB_OPTIONS, FaustStore, agent_folder
from streams.worker.tables import KeptBook, KeptState, KeptT, Shelf
from streams.worker.transport import KafkaTransport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from streams.extract.models import Models
    from streams.health import Health
    from streams.kafka.groups import Agent
    from streams.kafka.security import Security
    from streams.ledger import Book
    from streams.pipeline import Judged, Outcome, Posted
    from streams.rules.evaluate import RuleState
    from streams.rules.match import RuleIndex
    from streams.settings import Settings
    from streams.telemetry import Metrics
    from streams.worker.delivery import Record
    from streams.worker.rule_feed import RuleFeed
    from streams.worker.transport import ProducerLine

_READS_TEXT: Final = (LANGUAGE, EXTRACTION)

_READING_BUFFER: Final = 32
"""Records in the buffer of an agent that reads text: each may have a mebibyte, and the agent is slower than the fetch."""

_LIGHT_BUFFER: Final = 4096
"""Where the agent is light a small buffer costs most of the rate, for a full one pauses the partition."""


class PartTimes:
    """How long the parts of the reader took on the record under way. One record is read at a time."""

    def __init__(self) -> None:
        self._last_s = 0.0
        self._taken: list[tuple[str, float]] = []

    def begin(self) -> None:
        """Begin with another record."""
        self._taken = []
        self._last_s = time.perf_counter()

    def done(self, part: str) -> None:
        """Note that a part is through."""
        now_s = time.perf_counter()
        self._taken.append((part, now_s - self._last_s))
        self._last_s = now_s

    def take(self) -> list[tuple[str, float]]:
        """Give what was noted, each part once."""
        taken, self._taken = self._taken, []
        return taken


_IN_TURNS: Final = {"broker_max_poll_records": 200, "consumer_max_fetch_size": RECORD_LIMIT_BYTES}
_IN_EVENT_TIME: Final = {
    "ConsumerScheduler": EventTimeOrder,
    # all partitions in one go, for they are put in order as far as they are fetched together: little of each, so that
    # together they fit into memory (a record larger than this comes all the same, alone), and bounded, so that they are
    # done with long before Kafka takes an agent that does not fetch for dead
    "broker_max_poll_records": 2000,
    "consumer_max_fetch_size": 262_144,
}
"""How agents that read text fetch. What they tell lies on the partition of its parties, in the order in which they told it."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The functions that decide, one for each agent, and the one that lets time pass."""

    tag: Callable[[bytes], Outcome]
    enrich: Callable[[bytes], Outcome]
    post: Callable[[bytes, Book | None], Posted]
    match: Callable[[str, bytes], Outcome]
    judge: Callable[[bytes, RuleState | None, datetime | None], Judged]
    judge_time: Callable[[RuleState, datetime], Judged]
    part_times: PartTimes = field(default_factory=PartTimes)


def real_steps(models: Models | None, index: RuleIndex) -> Steps:
    """Give the steps of the pipeline. Without models the agents that read text cannot run."""

    def tag(data: bytes) -> Outcome:
        return pipeline.tag(data, _loaded(models))

    times = PartTimes()

    def enrich(data: bytes) -> Outcome:
        times.begin()
        return pipeline.enrich(data, _loaded(models), times.done)

    def match(topic: str, data: bytes) -> Outcome:
        return pipeline.match(topic, data, index)

    return Steps(tag, enrich, pipeline.post, match, pipeline.judge, pipeline.judge_time, times)


def _loaded(models: Models | None) -> Models:
    if models is None:
        raise RuntimeError("this process was started without the models that reading needs")
    return models


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the agents of one process share."""

    settings: Settings
    steps: Steps
    line: ProducerLine
    feed: RuleFeed
    health: Health
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class BuiltApp:
    """A Faust app with its agent attached. `gate` stops the agent between two records."""

    app: faust.App
    gate: Gate
    pulse: Pulse
    worker: Worker
    alerting: AlertingWorker | None = None


def build_app(agent: Agent, around: Surroundings) -> BuiltApp:
    """Build the Faust app of one agent, ready to be started, once."""
    accept_any_header()
    app = faust.App(group_id(agent, around.settings), **_faust_settings(agent, around.settings))
    if agent in _READS_TEXT:
        app.transport = WholeFetches(app.conf.broker_consumer, app)
    pulse = Pulse(around.settings.session_timeout_s)
    delivery = Delivery(
        agent.name,
        KafkaTransport(agent.name, around.line, around.settings),
        around.settings,
        around.health,
        around.metrics,
        pulse.check,
    )
    gate = Gate()
    continuity = Continuity(
        lambda: delivery.persist("look-up", partial(find_starts, agent, around.settings)),
        lambda place, start, stop: delivery.persist(
            "look-up", partial(holds_records, place, start, stop, around.settings)
        ),
    )
    steps = around.steps
    worker: Worker
    alerting: AlertingWorker | None = None
    match agent.name:
        case LANGUAGE.name:
            worker = StepWorker(delivery, _in_thread(steps.tag))
        case EXTRACTION.name:
            worker = StepWorker(delivery, _timed(_in_thread(steps.enrich), steps.part_times, around.metrics))
        case LEDGER.name:
            books = _shelf(app, agent, around.settings, KeptBook, delivery)
            worker = LedgerWorker(delivery, books, steps.post)
        case ALERTING.name:
            worker = alerting = AlertingWorker(
                delivery,
                _shelf(app, agent, around.settings, KeptState, delivery),
                steps.judge,
                steps.judge_time,
                partial(_find_missing, around.settings),
                around.line.exists,
                _event_time_of,
                around.feed,
                watermark_of(around.settings),
            )
        case _:
            worker = StepWorker(delivery, _with_rules(around.feed, steps.match))
    attach_agent(app, agent, around.settings, gate, continuity, worker)
    return BuiltApp(app, gate, pulse, worker, alerting)


def _faust_settings(agent: Agent, settings: Settings) -> dict[str, Any]:
    reads_text = agent in _READS_TEXT
    return {
        "broker": ";".join(f"kafka://{server.strip()}" for server in settings.broker.split(",")),
        "broker_credentials": _credentials(load_security(settings)),
        "store": f"{settings.state_store}://",
        "datadir": agent_folder(agent, settings),
        "web_enabled": False,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "topic_partitions": settings.partitions,
        "stream_wait_empty": False,
        "stream_buffer_maxsize": _READING_BUFFER if reads_text else _LIGHT_BUFFER,
        **(_IN_EVENT_TIME if reads_text else _IN_TURNS),
        "broker_commit_interval": settings.commit_interval_s,
        "broker_session_timeout": settings.session_timeout_s,
        "broker_heartbeat_interval": min(3.0, settings.session_timeout_s / 3),
        "broker_request_timeout": max(90.0, settings.session_timeout_s + 10),
        "broker_client_id": f"dragoman-{agent.name}",
        "consumer_auto_offset_reset": "earliest",
        # None and never "": an empty id would make all workers the same member
        "consumer_group_instance_id": f"{settings.worker_id}-{agent.name}" if settings.worker_id else None,
        "table_standby_replicas": 0,
        "producer_acks": -1,
        "worker_redirect_stdouts": False,
    }


def _credentials(security: Security) -> SASLCredentials | SSLCredentials | None:
    """Give what Faust takes for what the other clients connect with."""
    if security.user is not None:
        return SASLCredentials(
            username=security.user,
            password=security.password,
            ssl_context=security.tls,
            mechanism=SASL_MECHANISM,
        )
    return None if security.tls is None else SSLCredentials(security.tls)


def _timed(
    step: Callable[[Record], Awaitable[Outcome]], times: PartTimes, metrics: Metrics
) -> Callable[[Record], Awaitable[Outcome]]:
    """Tell the metrics how long each part of the reader took."""

    async def run(record: Record) -> Outcome:
        outcome = await step(record)
        for part, seconds in times.take():
            metrics.observe(READER_SECONDS, seconds, part)
        return outcome

    return run


def _in_thread(step: Callable[[bytes], Outcome]) -> Callable[[Record], Any]:
    """Run a step that reads text beside the loop, so that health, sends and the other agents go on meanwhile."""

    async def run(record: Record) -> Outcome:
        return await asyncio.to_thread(step, record.value or b"")

    return run


def _with_rules(feed: RuleFeed, step: Callable[[str, bytes], Outcome]) -> Callable[[Record], Any]:
    async def run(record: Record) -> Outcome:
        await feed.wait_read()
        return step(record.topic, record.value or b"")

    return run


def _shelf(
    app: faust.App, agent: Agent, settings: Settings, kind: type[KeptT], delivery: Delivery
) -> Shelf[KeptT]:
    name = changelog_name(agent, settings)
    changelog = app.topic(
        name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw",
        partitions=settings.partitions, acks=False, internal=True, compacting=True, allow_empty=True,
    )  # fmt: skip
    table = app.Table(
        agent.table or "",
        key_type=bytes,
        value_type=bytes,
        partitions=settings.partitions,
        changelog_topic=changelog,
        options=dict(ROCKSDB_OPTIONS) if settings.state_store == "rocksdb" else None,
    )

    async def write_changelog(key: bytes, value: bytes | None, partition: int) -> int:
        return await delivery.put(Parcel(name, key, value, [], partition), "changelog")

    def tell(groups: int, size_bytes: int) -> None:
        delivery.metrics.set(STATE_GROUPS, groups, agent.name)
        delivery.metrics.set(STATE_BYTES, size_bytes, agent.name)

    return Shelf(kind, FaustStore(table, name), write_changelog, tell)


async def _find_missing(settings: Settings, outputs: Any, since_ms: int) -> Any:  # noqa: ANN401
    return await find_missing(outputs, since_ms, settings)


def _event_time_of(record: Record) -> datetime | None:
    event = decode_headers(record.headers)
    return None if event is None else event.time
