from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError

from schemas import topics
from schemas.dead_letter import DeadLetterReason
from schemas.topics import Output
from streams.health import Health
from streams.kafka.records import ARRIVED, encode_record, last_header
from streams.pipeline import DeadLetter, Emit
from streams.settings import Settings
from streams.telemetry import Metrics
from streams.worker.delivery import Delivery, Headers, Parcel, Record, pauses
from tests.factories import NOON, make_alert_change, make_event, make_transcript
from tests.worker.plain_steps import RULE, match

SETTINGS = Settings(retry_first_s=0.001, retry_limit_s=0.002)
RECORD = Record("transcripts.raw.v1", 0, 7, 1000, b"t-1", b"as it came", [("x", b"1"), ("x", b"2")])


@dataclass
class Line:
    """Refuses the first sends with the given errors, then takes everything."""

    errors: list[Exception] = field(default_factory=list)
    taken: list[Parcel] = field(default_factory=list)
    ready_at_error: list[bool] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    health: Health | None = None
    confirm: asyncio.Event | None = None
    """Where there is one, every send waits for it."""

    async def send(self, parcel: Parcel) -> int:
        if self.confirm is not None:
            await self.confirm.wait()
        if self.errors:
            raise self.errors.pop(0)
        if self.health is not None:
            self.ready_at_error.append(self.health.ready)
            self.reasons += self.health.reasons
        self.taken.append(parcel)
        return len(self.taken) - 1

    def pack(self, output: Output, headers: Headers) -> Parcel:
        laid_out = encode_record(output, SETTINGS, headers)
        return Parcel(laid_out.topic, laid_out.key, laid_out.value, laid_out.headers)

    def pack_dead_letter(self, record: Record, letter: DeadLetter, attempts: int) -> Parcel:
        return Parcel(
            "dlq", record.key, record.value, [*record.headers, (letter.reason.value, str(attempts).encode())]
        )


def make_delivery(line: Line) -> Delivery:
    metrics = Metrics()
    line.health = Health(metrics)
    return Delivery("language", line, SETTINGS, line.health, metrics)


def make_output(number: int = 1) -> Output:
    change = make_alert_change(number)
    return topics.Output(topics.ALERTS, change.alert.id, change, NOON)


def test_pauses_double_up_to_the_limit_and_never_end() -> None:
    assert list(itertools.islice(pauses(0.5, 3), 5)) == [0.5, 1, 2, 3, 3]
    assert next(pauses(5, 3)) == 3


async def test_a_send_that_fails_is_repeated_until_it_succeeds_and_readiness_comes_back() -> None:
    line = Line([KafkaConnectionError("away"), KafkaConnectionError("away")])
    delivery = make_delivery(line)
    await delivery.settle(RECORD, Emit((make_output(),)))
    assert [p.topic for p in line.taken] == ["alerts.v1"]
    assert line.ready_at_error == [False]  # while it was being repeated
    assert delivery.health.ready
    assert 'dragoman_retries_total{agent="language",what="send"} 2.0' in delivery.metrics.render().decode()


async def test_a_send_that_is_never_refused_and_not_confirmed_either_keeps_the_process_from_being_ready() -> (
    None
):
    line = Line(confirm=asyncio.Event())
    metrics = Metrics()
    delivery = Delivery("language", line, SETTINGS, Health(metrics), metrics, unconfirmed_s=0.01)
    settling = asyncio.create_task(delivery.settle(RECORD, Emit((make_output(),))))
    async with asyncio.timeout(10):
        while delivery.health.ready:
            await asyncio.sleep(0.01)
    assert "has not confirmed it within" in delivery.health.reasons["language send"]
    assert line.confirm is not None
    line.confirm.set()
    await settling
    assert delivery.health.reasons == {}
    assert len(line.taken) == 1


async def test_a_match_is_counted_by_its_rule_and_the_record_by_its_age() -> None:
    outcome = match(topics.EVENTS_EXTRACTED.name, make_event("Chad and Niger met.").encode())
    delivery = make_delivery(Line())
    await delivery.settle(RECORD, outcome)
    told = delivery.metrics.render().decode()
    assert f'dragoman_matches_total{{rule="{RULE.id}"}} 1.0' in told
    assert 'dragoman_age_seconds_count{agent="language"} 1.0' in told


async def test_a_dead_letter_that_does_not_go_out_is_a_reason_to_be_not_ready_until_it_does() -> None:
    line = Line([KafkaConnectionError("the disk is full")])
    delivery = make_delivery(line)
    await delivery.park(RECORD, DeadLetter(DeadLetterReason.SCHEMA, "no transcript"))
    assert line.reasons == ["language dead letter"]
    assert delivery.health.ready
    assert [p.topic for p in line.taken] == ["dlq"]


async def test_only_what_is_not_known_to_be_there_is_sent_again() -> None:
    line = Line([KafkaConnectionError("away")])
    await make_delivery(line).publish([make_output(1), make_output(2)], [])
    assert [p.key for p in line.taken] == [b"alert-2", b"alert-1"]


async def test_after_a_failed_send_only_what_is_missing_is_sent_again() -> None:
    line = Line([KafkaConnectionError("the answer was lost, the record was not")])

    async def find_missing(left: object) -> list[Output]:
        return []

    await make_delivery(line).publish([make_output()], [], find_missing)
    assert line.taken == []


async def test_an_output_that_its_topic_refuses_as_too_large_parks_the_record_that_it_came_from() -> None:
    line = Line([MessageSizeTooLargeError("too large")])
    await make_delivery(line).settle(RECORD, Emit((make_output(),)))
    (parcel,) = line.taken
    assert (parcel.topic, parcel.key, parcel.value) == ("dlq", b"t-1", b"as it came")
    assert parcel.headers == [("x", b"1"), ("x", b"2"), ("too_large", b"1")]


async def test_an_output_over_the_limit_is_not_even_sent() -> None:
    change = make_alert_change(1, summary="x" * topics.MAX_RECORD_BYTES)
    line = Line()
    await make_delivery(line).settle(RECORD, Emit((topics.Output(topics.ALERTS, "k", change, NOON),)))
    assert [p.topic for p in line.taken] == ["dlq"]


async def test_a_step_is_tried_as_often_as_the_settings_say_and_its_record_is_parked_then() -> None:
    tries = []

    async def step() -> str:
        tries.append(1)
        raise ValueError("first line\nsecond line")

    letter = await make_delivery(Line()).attempt(step)
    assert len(tries) == SETTINGS.step_attempts
    assert letter == DeadLetter(DeadLetterReason.FAILED, "the step failed 3 times: first line", "ValueError")


async def test_a_step_that_succeeds_at_its_second_try_is_as_good_as_at_its_first() -> None:
    answers = iter([ValueError("once"), make_transcript()])

    async def step() -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await make_delivery(Line()).attempt(step) == make_transcript()


async def test_a_fault_of_the_program_in_a_send_is_not_taken_for_a_broker_that_is_away() -> None:
    with pytest.raises(TypeError):
        await make_delivery(Line([TypeError("bytes expected")])).publish([make_output()], [])


async def test_the_arrival_of_a_transcript_goes_along_with_what_follows_from_it_and_times_its_alerts() -> (
    None
):
    line = Line()
    delivery = make_delivery(line)
    transcript = make_transcript()
    await delivery.settle(RECORD, Emit((Output(topics.TRANSCRIPTS_TAGGED, "t-1", transcript, NOON),)))
    (tagged,) = line.taken
    assert last_header(tagged.headers, ARRIVED) == b"1000"
    judged = Record("rules.matched.v1", 0, 8, 2000, b"k", b"", tagged.headers)
    change = make_alert_change()
    await delivery.settle(
        judged,
        Emit(
            tuple(
                Output(t, "alert-1", change, NOON)
                for t in (topics.ALERTS, topics.alert_topic("security-mou"))
            )
        ),
    )
    assert "dragoman_alert_seconds_count 1.0" in delivery.metrics.render().decode()


@pytest.mark.parametrize(
    "headers", [[], [(ARRIVED, b"soon")], [(ARRIVED, b"9" * 40)], [(ARRIVED, b"\xd9\xa3")]]
)
async def test_an_arrival_that_is_none_times_nothing(headers: Headers) -> None:
    delivery = make_delivery(Line())
    await delivery.settle(
        Record("rules.matched.v1", 0, 8, 2000, b"k", b"", headers),
        Emit((Output(topics.ALERTS, "alert-1", make_alert_change(), NOON),)),
    )
    assert "dragoman_alert_seconds_count 0.0" in delivery.metrics.render().decode()
