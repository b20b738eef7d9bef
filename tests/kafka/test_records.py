"""Records go to Kafka as CloudEvents, the same bytes for the same output."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from schemas import topics
from schemas.rule import Rule
from schemas.topics import Output
from schemas.transcript import LanguageTag, TaggedTranscript
from streams.kafka.records import CloudEvent, decode_headers, encode_record, encode_tombstone, record_id
from streams.settings import Settings
from tests.factories import NOON, make_transcript

SETTINGS = Settings(topic_prefix="t.")


def raw_output(text: str = "Iran and China signed a memorandum.") -> Output:
    transcript = make_transcript(text)
    return Output(topics.TRANSCRIPTS_RAW, transcript.id, transcript, transcript.event_time)


def make_rule(**fields: object) -> Rule:
    return Rule.model_validate(
        {
            "id": "0b1f9d5e-5f0a-4f0e-8f5e-6c1b8f6f2a10",
            "title": "Signed",
            "version": 1,
            "status": "test",
            "falsepositives": ["none known"],
            "level": "high",
            "source": "agreements.changed",
            "detection": {"condition": "signed"},
            "alert": {"topic": "security-mou", "summary": "signed"},
            **fields,
        }
    )


def test_a_record_carries_its_cloudevents_attributes_as_headers() -> None:
    record = encode_record(raw_output(), SETTINGS)
    assert record.topic == "t.transcripts.raw.v1"
    assert record.key == b"t-1"
    assert record.value == make_transcript("Iran and China signed a memorandum.").encode()
    assert record.headers == [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"t-1"),
        ("ce_source", b"/dragoman/t.transcripts.raw.v1"),
        ("ce_type", b"dragoman.transcripts.raw.v1"),
        ("ce_time", b"2026-03-01T12:00:00Z"),
        ("ce_dataschema", b"urn:dragoman:schema:transcripts.raw.v1"),
        ("ce_partitionkey", b"t-1"),
        ("content-type", b"application/json"),
    ]


def test_headers_are_read_as_they_were_written() -> None:
    assert decode_headers(encode_record(raw_output(), SETTINGS).headers) == CloudEvent(
        "t-1",
        "/dragoman/t.transcripts.raw.v1",
        "dragoman.transcripts.raw.v1",
        NOON,
        "urn:dragoman:schema:transcripts.raw.v1",
        "t-1",
    )


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    noon_in_tehran = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=3, minutes=30)))
    output = Output(topics.TRANSCRIPTS_RAW, "t-1", make_transcript(), noon_in_tehran)
    event = decode_headers(encode_record(output, SETTINGS).headers)
    assert event is not None
    assert event.time == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def test_the_trace_of_the_cause_goes_on_and_nothing_else_of_it() -> None:
    cause = [("traceparent", b"00-1"), ("ce_id", b"another"), ("traceparent", b"00-2")]
    headers = encode_record(raw_output(), SETTINGS, cause).headers
    assert headers[-1] == ("traceparent", b"00-2")
    assert headers[:-1] == encode_record(raw_output(), SETTINGS).headers


def test_a_tombstone_has_no_value_and_says_that_it_deletes() -> None:
    record = encode_tombstone(topics.RULES, "rule-1", SETTINGS)
    assert (record.topic, record.key, record.value) == ("t.rules.v1", b"rule-1", None)
    assert ("ce_type", b"dragoman.rules.v1.deleted") in record.headers


def test_two_states_of_one_rule_have_two_ids_and_the_same_state_has_one() -> None:
    first = record_id(topics.RULES, "rule-1", make_rule())
    assert record_id(topics.RULES, "rule-1", make_rule()) == first
    assert record_id(topics.RULES, "rule-1", make_rule(version=2)) != first


def test_the_same_transcript_is_another_record_on_another_topic() -> None:
    tagged = TaggedTranscript(transcript=make_transcript(), language=LanguageTag(language="en", confidence=1))
    assert record_id(topics.TRANSCRIPTS_TAGGED, "t-1", tagged) != "t-1"


def test_a_record_of_a_stranger_is_no_cloudevent() -> None:
    assert decode_headers([]) is None
    assert decode_headers([("ce_id", b"1"), ("ce_type", b"x")]) is None


def test_a_time_that_is_none_is_left_out() -> None:
    named = [("ce_id", b"1"), ("ce_source", b"/s"), ("ce_type", b"x")]
    for time in (b"yesterday", b"2026-03-01T12:00:00", b"\xff"):
        assert decode_headers([*named, ("ce_time", time)]) == CloudEvent("1", "/s", "x")


@given(
    st.lists(
        st.tuples(st.sampled_from(["ce_id", "ce_source", "ce_type", "ce_time", "x"]), st.binary() | st.none())
    )
)
def test_any_headers_at_all_are_read_without_an_error(headers: list[tuple[str, bytes]]) -> None:
    event = decode_headers(headers)
    assert event is None or event.time is None or event.time.tzinfo is UTC
