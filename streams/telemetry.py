"""Every metric and every log event, with its meaning. Normal work logs nothing; what is logged is one JSON object a line."""

from __future__ import annotations

import logging
import sys
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TextIO

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Mapping


class MetricKind(StrEnum):
    """The sorts of metric that Prometheus knows."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric by contract."""

    name: str
    kind: MetricKind
    doc: str
    labels: tuple[str, ...] = ()


RECORDS: Final = Metric(
    "dragoman_records_total",
    MetricKind.COUNTER,
    "Records that an agent is through with, by outcome: emitted, parked, or repeated (one it had been through with before)",
    ("agent", "outcome"),
)
PUBLISHED: Final = Metric(
    "dragoman_published_total", MetricKind.COUNTER, "Records published, by topic", ("agent", "topic")
)
PARKED: Final = Metric(
    "dragoman_dead_letters_total",
    MetricKind.COUNTER,
    "Records parked in a dead-letter topic, by reason",
    ("agent", "topic", "reason"),
)
RETRIES: Final = Metric(
    "dragoman_retries_total",
    MetricKind.COUNTER,
    "Tries that had to be repeated: of a send, or of a step",
    ("agent", "what"),
)
STEP_SECONDS: Final = Metric(
    "dragoman_step_seconds", MetricKind.HISTOGRAM, "Time that a step took on a record", ("agent",)
)
AGE_SECONDS: Final = Metric(
    "dragoman_age_seconds",
    MetricKind.HISTOGRAM,
    "Time from a record's arrival on its topic, by the broker's clock, until its agent had it and all that follows from it on the broker",
    ("agent",),
)
ALERT_SECONDS: Final = Metric(
    "dragoman_alert_seconds",
    MetricKind.HISTOGRAM,
    "Time from a transcript's arrival on its topic, by the broker's clock, until a change of an alert that follows from it is on alerts.v1",
)
READER_SECONDS: Final = Metric(
    "dragoman_reader_seconds",
    MetricKind.HISTOGRAM,
    "Time that a part of the reader took on a transcript: segments, mentions, entities, agreements, events",
    ("part",),
)
MATCHES: Final = Metric(
    "dragoman_matches_total",
    MetricKind.COUNTER,
    "Matches of a rule at work, by its id; a rule that was withdrawn stays until the process ends",
    ("rule",),
)
LAG: Final = Metric(
    "dragoman_lag_records",
    MetricKind.GAUGE,
    "Records of a partition that its agent has not committed yet",
    ("agent", "topic", "partition"),
)
RULES_AT_WORK: Final = Metric("dragoman_rules", MetricKind.GAUGE, "Rules at work")
RULES_UNREADABLE: Final = Metric(
    "dragoman_rules_unreadable", MetricKind.GAUGE, "Rules on rules.v1 that cannot be used as they stand"
)
WATERMARK: Final = Metric(
    "dragoman_watermark_seconds",
    MetricKind.GAUGE,
    "Event time up to which alerts are judged, in seconds since 1970",
    ("agent",),
)
LATE: Final = Metric(
    "dragoman_late_records_total",
    MetricKind.COUNTER,
    "Matches that came after event time had passed them by more than the allowed lateness; they are judged all the same",
    ("agent",),
)
STATE_GROUPS: Final = Metric(
    "dragoman_state_groups",
    MetricKind.GAUGE,
    "Values in the table of an agent: groups of rules (alerting), or books of agreements between the same parties (ledger)",
    ("agent",),
)
STATE_BYTES: Final = Metric(
    "dragoman_state_bytes", MetricKind.GAUGE, "Size of these values as they are encoded", ("agent",)
)
STATE_DISK_BYTES: Final = Metric(
    "dragoman_state_disk_bytes",
    MetricKind.GAUGE,
    "What the table of an agent takes on disk, with what RocksDB has not compacted yet; nothing where state is kept in memory",
    ("agent",),
)
READY: Final = Metric("dragoman_ready", MetricKind.GAUGE, "1 when the process is ready, else 0")
AGENT_RESTARTS: Final = Metric(
    "dragoman_agent_restarts_total",
    MetricKind.COUNTER,
    "Times that an agent was started again after it had broken down",
    ("agent",),
)

ACCEPTED: Final = Metric(
    "dragoman_accepted_total", MetricKind.COUNTER, "Transcripts that the gateway has taken in"
)
REQUESTS: Final = Metric(
    "dragoman_requests_total",
    MetricKind.COUNTER,
    "Requests that the gateway has answered, by status",
    ("method", "status"),
)
STREAMS: Final = Metric(
    "dragoman_streams",
    MetricKind.GAUGE,
    "Clients that follow alerts, events or agreements at the moment, by stream",
    ("stream",),
)
LET_GO: Final = Metric(
    "dragoman_streams_let_go_total",
    MetricKind.COUNTER,
    "Clients that took nothing for too long and were let go, by stream",
    ("stream",),
)
REFUSED: Final = Metric(
    "dragoman_refused_total",
    MetricKind.COUNTER,
    "Requests that the gateway has turned away at the door, by reason: token, scope, rate, size, host or origin",
    ("reason",),
)
INDEX_BEHIND: Final = Metric(
    "dragoman_index_behind_records",
    MetricKind.GAUGE,
    "Records that the gateway's index of the past has not read yet",
)

DELIVERIES: Final = Metric(
    "dragoman_deliveries_total",
    MetricKind.COUNTER,
    "Deliveries to subscribers, by what became of the try: delivered, retrying, parked",
    ("state",),
)
DELIVERIES_WAITING: Final = Metric(
    "dragoman_deliveries_waiting",
    MetricKind.GAUGE,
    "Deliveries that are still to be made: digest, quiet hours, rate, or tried again",
)
SUBSCRIPTIONS_AT_WORK: Final = Metric(
    "dragoman_subscriptions", MetricKind.GAUGE, "Subscriptions with a channel that are not paused"
)

METRICS: Final[tuple[Metric, ...]] = (
    RECORDS,
    PUBLISHED,
    PARKED,
    RETRIES,
    STEP_SECONDS,
    AGE_SECONDS,
    ALERT_SECONDS,
    READER_SECONDS,
    MATCHES,
    LAG,
    RULES_AT_WORK,
    RULES_UNREADABLE,
    WATERMARK,
    LATE,
    STATE_GROUPS,
    STATE_BYTES,
    STATE_DISK_BYTES,
    READY,
    AGENT_RESTARTS,
    ACCEPTED,
    REQUESTS,
    STREAMS,
    LET_GO,
    REFUSED,
    INDEX_BEHIND,
    DELIVERIES,
    DELIVERIES_WAITING,
    SUBSCRIPTIONS_AT_WORK,
)
"""Every metric of worker, gateway and notifier."""

_STEP_BUCKETS: Final = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
    5,
    10,
    30,
    60,
    300,
    3600,
)


class Metrics:
    """The metrics of one process, in a registry of their own: two in one process do not meet."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counters = {m: self._counter(m) for m in METRICS if m.kind is MetricKind.COUNTER}
        self._gauges = {m: self._gauge(m) for m in METRICS if m.kind is MetricKind.GAUGE}
        self._histograms = {m: self._histogram(m) for m in METRICS if m.kind is MetricKind.HISTOGRAM}

    def _counter(self, metric: Metric) -> Counter:
        return Counter(metric.name, metric.doc, metric.labels, registry=self._registry)

    def _gauge(self, metric: Metric) -> Gauge:
        return Gauge(metric.name, metric.doc, metric.labels, registry=self._registry)

    def _histogram(self, metric: Metric) -> Histogram:
        return Histogram(
            metric.name, metric.doc, metric.labels, registry=self._registry, buckets=_STEP_BUCKETS
        )

    def count(self, metric: Metric, *labels: str, by: float = 1) -> None:
        """Add to a counter; the labels in the order of its contract."""
        counter = self._counters[metric]
        (counter.labels(*labels) if labels else counter).inc(by)

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Set a gauge."""
        gauge = self._gauges[metric]
        (gauge.labels(*labels) if labels else gauge).set(value)

    def add(self, metric: Metric, by: float, *labels: str) -> None:
        """Move a gauge up, or down by a negative number."""
        gauge = self._gauges[metric]
        (gauge.labels(*labels) if labels else gauge).inc(by)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Add an observation to a histogram."""
        histogram = self._histograms[metric]
        (histogram.labels(*labels) if labels else histogram).observe(value)

    def drop(self, metric: Metric) -> None:
        """Forget all label values of a gauge, such as the partitions that another process has now."""
        self._gauges[metric].clear()

    def render(self) -> bytes:
        """Write all metrics in the text format of Prometheus."""
        return generate_latest(self._registry)


class LogEvent(StrEnum):
    """What is worth a line in the log."""

    SEND_RETRIED = "send.retried"
    STEP_RETRIED = "step.retried"
    RECORD_PARKED = "record.parked"
    RULE_UNREADABLE = "rule.unreadable"
    RULES_LOST = "rules.lost"
    ALERT_TOPIC_MISSING = "alert_topic.missing"
    ALERT_TOO_LARGE = "alert.too_large"
    OUTBOX_SETTLED = "outbox.settled"
    TIMER_FAILED = "timer.failed"
    AGENT_BROKEN = "agent.broken"
    AGENT_UNSTOPPED = "agent.unstopped"
    NOT_READY = "worker.not_ready"
    READY = "worker.ready"
    TOPIC_UNREAD = "topic.unread"
    INDEX_REBUILT = "index.rebuilt"
    INDEX_FAILED = "index.failed"
    CLIENT_LET_GO = "client.let_go"
    TOKENS_UNREADABLE = "tokens.unreadable"
    SUBSCRIPTION_PAUSED = "subscription.paused"
    SUBSCRIPTION_UNREADABLE = "subscription.unreadable"
    DELIVERY_PARKED = "delivery.parked"
    DELIVERY_UNREADABLE = "delivery.unreadable"
    ALERT_UNREADABLE = "alert.unreadable"
    NOTIFIER_WAITS = "notifier.waits"
    LIBRARY = "library"


LOG_EVENTS: Final[Mapping[LogEvent, str]] = {
    LogEvent.SEND_RETRIED: "A send to the broker failed and is tried again; nothing is acknowledged before it succeeds",
    LogEvent.STEP_RETRIED: "A step failed on a record and is tried again",
    LogEvent.RECORD_PARKED: "A record can never be processed as it is and lies in its dead-letter topic now",
    LogEvent.RULE_UNREADABLE: "A record on rules.v1 is no rule that can be used; the rule of its key stays as it was",
    LogEvent.RULES_LOST: "rules.v1 cannot be read at the moment; the rules read so far stay at work",
    LogEvent.ALERT_TOPIC_MISSING: "A rule names an alert topic that does not exist; its alerts go to alerts.v1 only",
    LogEvent.ALERT_TOO_LARGE: "A change of an alert is larger than its topic takes and was not published",
    LogEvent.OUTBOX_SETTLED: "After a sudden end, alert changes that had not gone out were published",
    LogEvent.TIMER_FAILED: "Letting event time pass over a group of a rule failed; it is tried again as time goes on",
    LogEvent.AGENT_BROKEN: "An agent broke down and is started again after a pause",
    LogEvent.AGENT_UNSTOPPED: "An agent did not stop in time; its last record will be repeated",
    LogEvent.NOT_READY: "The process is not ready any more; `reasons` says why",
    LogEvent.READY: "The process is ready again",
    LogEvent.TOPIC_UNREAD: "The gateway cannot read a topic at the moment; it tries again",
    LogEvent.INDEX_REBUILT: "The index of the past was of no use and is read anew from the topics",
    LogEvent.INDEX_FAILED: "The index of the past cannot be written at the moment; it tries again",
    LogEvent.CLIENT_LET_GO: "A client took nothing for too long and was let go; it can resume by its cursor",
    LogEvent.TOKENS_UNREADABLE: "The file of tokens cannot be read; nobody is let in until it can",
    LogEvent.SUBSCRIPTION_PAUSED: "A subscriber failed for long or said that it is gone; `dragoman subscriptions resume` goes on",
    LogEvent.SUBSCRIPTION_UNREADABLE: "A record on subscriptions.v1 is no subscription; the one of its key stays as it was",
    LogEvent.DELIVERY_PARKED: "A delivery was given up and lies on deliveries.v1; `dragoman subscriptions retry` sends it again",
    LogEvent.DELIVERY_UNREADABLE: "A record on deliveries.v1 is no delivery and was passed over",
    LogEvent.ALERT_UNREADABLE: "A record on alerts.v1 is no change of an alert and went to its dead-letter topic",
    LogEvent.NOTIFIER_WAITS: "The notifier cannot reach the broker at the moment; it tries again and loses nothing",
    LogEvent.LIBRARY: "A library had something to say at level WARNING or above",
}
"""Every log event and what it means."""

_LOGGER: Final = logging.getLogger("dragoman")


def log_event(event: LogEvent, level: int = logging.WARNING, **fields: object) -> None:
    """Write one line. Fields hold names and sentences, never the text of a record and never a secret."""
    _LOGGER.log(level, event.value, extra={"dragoman": fields})


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "dragoman", None)
        line: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
        }
        if fields is None:
            line |= {"event": LogEvent.LIBRARY.value, "logger": record.name, "message": record.getMessage()}
            if record.exc_info and record.exc_info[1] is not None:
                line["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        else:
            line |= {"event": record.getMessage(), **fields}
        return orjson.dumps(line, default=str).decode()


def _log_thread_error(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread is not None else "a thread"
    logging.getLogger("threading").error("%s ended: %s: %s", name, args.exc_type.__name__, args.exc_value)


class _SaidOnce(logging.Filter):
    """Lets a library say the same thing once in ten seconds: a broker that is away is worth a line, not a hundred."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if hasattr(record, "dragoman"):
            return True
        said = (record.name, str(record.msg))
        if record.created - self._said_at.get(said, float("-inf")) < _SAID_ONCE_S:
            return False
        self._said_at[said] = record.created
        return True


_SAID_ONCE_S: Final = 10.0

_TALKATIVE: Final = (
    "aiokafka.consumer.group_coordinator",  # every time partitions move
    "aiokafka.producer.sender",  # every try that it repeats by itself; what fails in the end comes to us
    "mode.timers",  # commits that take longer than their interval; if it matters it is told of as lag
)
"""Libraries that warn of what is normal."""


def configure_logging(stream: TextIO | None = None) -> None:
    """Send what is logged to standard error, one JSON object a line; libraries are heard from WARNING on.

    Below INFO nothing is even built: the debug lines that Faust drops cost it a quarter of its rate.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_JsonLines())
    handler.addFilter(_SaidOnce())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.disable(logging.DEBUG)
    threading.excepthook = _log_thread_error
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
