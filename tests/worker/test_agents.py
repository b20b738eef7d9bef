"""An agent ended at any moment and started again leaves the same behind as one that was never ended."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import topics
from schemas.alert import AlertChange, AlertStatus, Match, Subject
from schemas.ids import derived_id
from schemas.rule import RuleHead, RuleSource
from streams import pipeline
from streams.health import Health
from streams.kafka.records import decode_headers, encode_record
from streams.rules.window import Watermark
from streams.settings import Settings
from streams.telemetry import Metrics
from streams.worker.agents import AlertingWorker, Gate
from streams.worker.delivery import Delivery, Headers, Parcel, Record
from streams.worker.tables import KeptState, Shelf
from tests.factories import NOON, make_source
from tests.worker.dict_store import DictStore
from tests.worker.plain_steps import RULE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.alert import Alert
    from schemas.topics import Output, Topic
    from streams.pipeline import DeadLetter

SETTINGS = Settings()


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Broker:
    """Keeps what was sent; ends the process at the send of a given number, before or after it has the record."""

    kill_at: int | None = None
    kill_after: bool = False
    logs: dict[str, list[Parcel]] = field(default_factory=dict)
    sends: int = 0
    sizes: list[tuple[int, int]] = field(default_factory=list)
    """What was told of the table: its groups and its bytes."""

    async def send(self, parcel: Parcel) -> int:
        self.sends += 1
        if self.sends == self.kill_at and not self.kill_after:
            raise Killed
        log = self.logs.setdefault(parcel.topic, [])
        log.append(parcel)
        if self.sends == self.kill_at:
            raise Killed
        return len(log) - 1

    def pack(self, output: Output, headers: Headers) -> Parcel:
        laid_out = encode_record(output, SETTINGS, headers)
        return Parcel(laid_out.topic, laid_out.key, laid_out.value, laid_out.headers)

    def pack_dead_letter(self, record: Record, letter: DeadLetter, attempts: int) -> Parcel:  # noqa: ARG002
        return Parcel(
            f"{record.topic}.dlq.v1", record.key, record.value, [("reason", letter.reason.value.encode())]
        )

    def told(self, topic: Topic) -> list[str]:
        return [AlertChange.decode(p.value or b"").id for p in self.logs.get(topic.name, [])]


@dataclass
class Rules:
    withdrawn: bool = False

    def __contains__(self, rule_id: str) -> bool:
        return not self.withdrawn

    async def wait_read(self) -> None:
        return


def start_alerting(
    broker: Broker, rules: Rules | None = None, *, forget_after_s: float = 300.0
) -> AlertingWorker:
    """Alerting as it starts: what it remembers is what the changelog says."""
    metrics = Metrics()
    delivery = Delivery("alerting", broker, SETTINGS, Health(metrics), metrics)

    async def write_changelog(key: bytes, value: bytes | None, partition: int) -> int:
        return await delivery.put(Parcel("changelog", key, value, [], partition))

    async def find_missing(outputs: Sequence[Output], since_ms: int) -> Sequence[Output]:
        return [
            o
            for o in outputs
            if isinstance(o.record, AlertChange) and o.record.id not in broker.told(o.topic)
        ]

    async def topic_exists(topic: Topic) -> bool:
        return True

    def event_time_of(record: Record):  # type: ignore[no-untyped-def]  # noqa: ANN202
        event = decode_headers(record.headers)
        return None if event is None else event.time

    recovered = {p.key or b"": p.value for p in broker.logs.get("changelog", [])}
    worker = AlertingWorker(
        delivery,
        Shelf(
            KeptState,
            DictStore({key: value for key, value in recovered.items() if value is not None}),
            write_changelog,
            lambda groups, size_bytes: broker.sizes.append((groups, size_bytes)),
        ),
        pipeline.judge,
        pipeline.judge_time,
        find_missing,
        topic_exists,
        event_time_of,
        rules or Rules(),
        Watermark(3600, 30),
        forget_after_s,
    )
    worker.recover([0])
    return worker


def make_match_record(offset: int, group: str, number: int, hours: int, rule: RuleHead = RULE) -> Record:
    subject = Subject(
        kind=RuleSource.EVENTS,
        record_id=f"event-{number}",
        transcript_id=f"t-{number}",
        source=make_source(broadcaster=f"Radio {number}"),
        event_time=NOON + timedelta(hours=hours),
        origin=str(number),
    )
    found = Match(
        id=derived_id("test match", group, str(number)),
        rule_id=RULE.id,
        rule_version=1,
        rule=rule,
        group=(("g", group),),
        clauses=(),
        subject=subject,
    )
    output = topics.Output(topics.RULES_MATCHED, pipeline.state_key(found), found, subject.event_time)
    laid_out = encode_record(output, SETTINGS)
    return Record(
        topics.RULES_MATCHED.name, 0, offset, 1000 + offset, laid_out.key, laid_out.value, laid_out.headers
    )


async def run_to_the_end(broker: Broker, records: list[Record], committed_behind: int) -> AlertingWorker:
    """Feed all records; after a kill start again, at most `committed_behind` records before the one it fell in."""
    place = 0
    worker = start_alerting(broker)
    while place < len(records):
        try:
            await worker.handle(records[place])
            place += 1
        except Killed:
            worker = start_alerting(broker)
            place = max(0, place - committed_behind)
    await worker.pass_time()
    return worker


HELD = RULE.model_copy(update={"hold_s": 3600})
BRIEF = RULE.model_copy(update={"timespan_s": 3600})
MATCHES = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 4), st.integers(-30, 30)), min_size=1, max_size=8
)


@given(matches=MATCHES, kill_at=st.integers(1, 40), kill_after=st.booleans(), behind=st.integers(0, 3))
def test_a_kill_at_any_send_loses_no_alert_and_tells_none_twice(
    matches: list[tuple[str, int, int]], kill_at: int, kill_after: bool, behind: int
) -> None:
    records = [make_match_record(offset, *match) for offset, match in enumerate(matches)]
    untouched = Broker()
    asyncio.run(run_to_the_end(untouched, records, 0))
    killed = Broker(kill_at, kill_after)
    asyncio.run(run_to_the_end(killed, records, behind))
    assert killed.told(topics.ALERTS) == untouched.told(topics.ALERTS)
    assert killed.told(topics.alert_topic("security-mou")) == untouched.told(
        topics.alert_topic("security-mou")
    )
    assert max(Counter(killed.told(topics.ALERTS)).values(), default=1) == 1


def make_partitions(drawn: list[tuple[int, int, bool]]) -> list[list[Record]]:
    """Lay out matches, each a partition, an event time and whether it is held, as three partitions; each group is in one."""
    partitions: list[list[Record]] = [[], [], []]
    for number, (partition, hours, held) in enumerate(drawn):
        records = partitions[partition]
        made = make_match_record(len(records), f"{partition} {held}", number, hours, HELD if held else BRIEF)
        records.append(replace(made, partition=partition))
    for partition, records in enumerate(partitions):
        # so that event time passes what is held, on every partition
        records.append(
            replace(make_match_record(len(records), f"end {partition}", -1, 60, BRIEF), partition=partition)
        )
    return partitions


@given(
    drawn=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 48), st.booleans()), min_size=1, max_size=12),
    turns=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["on", "on", "again", "restart"])), max_size=40
    ),
)
@settings(max_examples=40)
def test_any_interleaving_of_partitions_any_repeats_and_restarts_end_in_the_same_alerts(
    drawn: list[tuple[int, int, bool]], turns: list[tuple[int, str]]
) -> None:
    partitions = make_partitions(drawn)
    in_order, interleaved = Broker(), Broker()

    async def run(broker: Broker, turns: Sequence[tuple[int, str]]) -> None:
        worker = start_alerting(broker)
        worker.recover([0, 1, 2])
        places = [0, 0, 0]
        for partition, what in turns:
            if what == "restart":
                worker = start_alerting(broker)
                worker.recover([0, 1, 2])
            elif what == "again":
                places[partition] = max(0, places[partition] - 2)  # it was not committed yet
            elif places[partition] < len(partitions[partition]):
                await worker.handle(partitions[partition][places[partition]])
                places[partition] += 1
        for partition, records in enumerate(partitions):
            for record in records[places[partition] :]:
                await worker.handle(record)
        await worker.pass_time()

    asyncio.run(run(in_order, []))
    asyncio.run(run(interleaved, turns))
    assert _standing(interleaved) == _standing(in_order)
    assert max(Counter(interleaved.told(topics.ALERTS)).values()) == 1


def _standing(broker: Broker) -> dict[str, Alert]:
    changes = [AlertChange.decode(p.value or b"") for p in broker.logs[topics.ALERTS.name]]
    alerts = {change.alert.id: change.alert for change in changes}
    return {key: alert for key, alert in alerts.items() if alert.status is not AlertStatus.CANCELLED}


async def test_a_record_that_came_before_changes_nothing() -> None:
    broker = Broker()
    worker = start_alerting(broker)
    record = make_match_record(0, "a", 1, 0)
    await worker.handle(record)
    before = broker.sends
    await worker.handle(record)
    assert broker.sends == before


async def test_an_alert_that_is_held_goes_out_when_event_time_has_passed_even_after_a_restart() -> None:
    broker = Broker()
    await start_alerting(broker).handle(make_match_record(0, "held", 1, 0, HELD))
    assert broker.told(topics.ALERTS) == []
    worker = start_alerting(broker)
    await worker.pass_time()
    assert broker.told(topics.ALERTS) == []
    await worker.handle(
        make_match_record(1, "other", 2, 3, HELD)
    )  # lateness is an hour, so that two have passed
    assert len(broker.told(topics.ALERTS)) == 1
    await worker.pass_time()
    assert len(broker.told(topics.ALERTS)) == 1


async def test_a_rule_that_was_withdrawn_does_not_speak_when_its_time_comes() -> None:
    broker, rules = Broker(), Rules()
    worker = start_alerting(broker, rules)
    await worker.handle(make_match_record(0, "held", 1, 0, HELD))
    rules.withdrawn = True
    await worker.handle(make_match_record(1, "other", 2, 3, HELD))
    assert broker.told(topics.ALERTS) == []


async def test_time_passes_over_the_partitions_of_this_process_only() -> None:
    broker = Broker()
    await start_alerting(broker).handle(make_match_record(0, "held", 1, 0, HELD))
    worker = start_alerting(broker)
    worker.recover([1])  # partition 0 has gone to another process
    await worker.handle(replace(make_match_record(0, "other", 2, 9, HELD), partition=1))
    assert broker.told(topics.ALERTS) == []


async def test_a_kill_between_an_alert_of_time_and_its_publishing_does_not_lose_it() -> None:
    broker = Broker()
    worker = start_alerting(broker)
    await worker.handle(make_match_record(0, "held", 1, 0, HELD))
    broker.kill_at, broker.kill_after = broker.sends + 1, True  # the changelog has it, the topics do not
    second = make_match_record(1, "other", 2, 3, HELD)
    with pytest.raises(Killed):
        await worker.handle(second)
    assert broker.told(topics.ALERTS) == []
    worker = start_alerting(broker)
    await worker.pass_time()
    await worker.handle(second)
    assert len(broker.told(topics.ALERTS)) == 1


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40), st.booleans()), min_size=20, max_size=60),
)
@settings(max_examples=20)
def test_groups_that_are_done_with_go_from_table_and_changelog_also_after_restarts(
    steps: list[tuple[int, int, bool]],
) -> None:
    async def run() -> None:
        broker = Broker()
        worker = start_alerting(broker, forget_after_s=0)
        hours, last = 0, dict[str, int]()
        for offset, (group, gap, restart) in enumerate(steps):
            hours += gap
            last[f"{group}"] = hours
            if restart:
                worker = start_alerting(broker, forget_after_s=0)
            await worker.handle(make_match_record(offset, f"{group}", offset, hours, BRIEF))
            await worker.pass_time()
            # a group is remembered for two weeks at most; event time lags by the allowed lateness of an hour
            recent = [g for g, at in last.items() if at >= hours - 1 - 14 * 24]
            assert broker.sizes[-1][0] <= len(recent)
        ended = start_alerting(broker, forget_after_s=0)
        await ended.handle(make_match_record(len(steps), "end", len(steps), hours + 24 * 15, BRIEF))
        await ended.pass_time()
        left = {p.key: p.value for p in broker.logs["changelog"]}
        assert [key for key, value in left.items() if value is not None] == [b"plain|end"]
        assert broker.sizes[-1] == (1, len(left[b"plain|end"] or b""))

    asyncio.run(run())


async def test_what_is_forgotten_is_remembered_as_judged_for_as_long_as_it_may_come_again() -> None:
    broker = Broker()
    worker = start_alerting(broker)
    first = make_match_record(0, "a", 1, 0, BRIEF)
    await worker.handle(first)
    await worker.handle(make_match_record(1, "b", 2, 24 * 20, BRIEF))
    await worker.pass_time()
    told = broker.told(topics.ALERTS)
    await worker.handle(first)
    assert broker.told(topics.ALERTS) == told
    assert broker.sizes[-1][0] == 2


async def test_a_late_match_is_counted_and_judged_all_the_same() -> None:
    broker = Broker()
    worker = start_alerting(broker)
    await worker.handle(make_match_record(0, "a", 1, 9, BRIEF))
    await worker.handle(make_match_record(1, "b", 2, 8, BRIEF))
    assert _late(worker) is None
    await worker.handle(make_match_record(2, "c", 3, 6, BRIEF))
    assert _late(worker) == "1.0"
    changes = [AlertChange.decode(p.value or b"") for p in broker.logs[topics.ALERTS.name]]
    assert [change.alert.raised_time for change in changes] == [
        NOON + timedelta(hours=hours) for hours in (9, 8, 6)
    ]


def _late(worker: AlertingWorker) -> str | None:
    found = re.search(
        r'^dragoman_late_records_total{agent="alerting"} (.+)$',
        worker.delivery.metrics.render().decode(),
        re.MULTILINE,
    )
    return found and found[1]


async def test_a_gate_lets_nothing_through_that_waited_while_partitions_moved() -> None:
    gate = Gate()
    passed: list[bool] = []

    async def work() -> None:
        async with gate.passing() as may_pass:
            passed.append(may_pass)

    async with gate.passing() as first:
        assert first
        waiting = asyncio.create_task(work())
        await asyncio.sleep(0)
        assert not await gate.close(0.01)  # the work under way does not end in time
        gate.reopen()
    await waiting
    await work()
    assert passed == [False, True]


async def test_a_gate_that_is_closed_waits_for_the_work_under_way() -> None:
    gate = Gate()
    done = asyncio.Event()

    async def work() -> None:
        async with gate.passing():
            await asyncio.sleep(0.01)
            done.set()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    assert await gate.close(5)
    assert done.is_set()
    async with gate.passing() as may_pass:
        assert not may_pass
    await task
