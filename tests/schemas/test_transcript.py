from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.contract import MAX_TEXT_BYTES, ContractError
from schemas.transcript import Transcript, decode_transcript

GIVEN = {
    "source": {"broadcaster": "Radio Example"},
    "text": "Good morning.",
    "ingest_time": "2026-03-01T08:00:00Z",
}


def _decode(**changes: object) -> Transcript:
    return decode_transcript(orjson.dumps({**GIVEN, **changes}))


def test_the_same_words_from_the_same_source_have_the_same_id() -> None:
    assert _decode().id == _decode(ingest_time="2027-01-01T00:00:00Z").id


def test_another_source_or_another_word_is_another_transcript() -> None:
    ids = {
        _decode().id,
        _decode(source={"broadcaster": "Radio Other"}).id,
        _decode(text="Good evening.").id,
        _decode(title="News").id,
    }
    assert len(ids) == 4


def test_an_id_that_was_given_is_kept() -> None:
    assert _decode(id="irna-2026-17").id == "irna-2026-17"


def test_fields_without_a_place_are_kept_under_extra() -> None:
    assert _decode(desk="foreign", extra={"old": 1}).extra == {"old": 1, "desk": "foreign"}


def test_a_record_reads_back_as_it_was_written() -> None:
    transcript = _decode(
        broadcast_time="2026-03-01T10:00:00+03:30",
        captions=[{"start_s": 0, "end_s": 1.5, "start": 0, "end": 4}],
    )
    assert Transcript.decode(transcript.encode()) == transcript


def test_event_time_is_the_broadcast_else_the_publication_else_the_arrival() -> None:
    published, broadcast = "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"
    assert _decode(published_time=published, broadcast_time=broadcast).event_time.month == 1
    assert _decode(published_time=published).event_time.month == 2
    assert _decode().event_time.month == 3


@pytest.mark.parametrize(
    ("changes", "kind", "word"),
    [
        ({"text": ""}, "schema", "text: is empty"),
        ({"text": " \n\t"}, "schema", "text: is empty"),
        ({"text": "x" * (MAX_TEXT_BYTES + 1)}, "schema", "over the limit"),
        ({"text": "é" * (MAX_TEXT_BYTES // 2 + 1)}, "schema", "over the limit"),
        ({"text": 5}, "schema", "text"),
        ({"source": {}}, "schema", "source.broadcaster: is missing"),
        ({"source": None}, "schema", "source: "),
        ({"broadcast_time": "yesterday"}, "schema", "broadcast_time"),
        ({"broadcast_time": "2026-01-01T00:00:00"}, "schema", "broadcast_time"),
        ({"source": {"broadcaster": "R", "country": "Iran"}}, "schema", "country"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], kind: str, word: str) -> None:
    with pytest.raises(ContractError) as caught:
        _decode(**changes)
    assert caught.value.kind == kind
    assert word in caught.value.reason
    assert "\n" not in caught.value.reason


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"\xff\xfe", "encoding"), (b"{", "json"), (b"[]", "schema"), (b"null", "schema"), (b"", "json")],
)
def test_bytes_that_are_no_transcript_are_told_apart(data: bytes, kind: str) -> None:
    with pytest.raises(ContractError) as caught:
        decode_transcript(data)
    assert caught.value.kind == kind


@given(st.binary(max_size=300))
def test_any_bytes_are_a_transcript_or_a_contract_error(data: bytes) -> None:
    try:
        decode_transcript(data)
    except ContractError as error:
        assert error.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*Transcript.model_fields, "unknown"]), json_values))
def test_any_json_object_is_a_transcript_or_a_contract_error(value: dict[str, object]) -> None:
    try:
        decode_transcript(orjson.dumps(value))
    except ContractError as error:
        assert error.kind == "schema"


@pytest.mark.parametrize("depth", [33, 254, 256, 1000, 5000, 100_000])
def test_what_is_nested_so_deeply_that_it_could_not_be_written_again_is_refused(depth: int) -> None:
    data = orjson.dumps({**GIVEN, "tape": 0}).replace(b'"tape":0', b'"tape":' + b"[" * depth + b"]" * depth)
    with pytest.raises(ContractError, match=r"levels deep|depth limit"):
        decode_transcript(data)


def test_whatever_is_taken_in_can_be_written_again_however_deep() -> None:
    data = orjson.dumps({**GIVEN, "tape": 0}).replace(b'"tape":0', b'"tape":' + b"[" * 31 + b"]" * 31)
    taken = decode_transcript(data)
    assert decode_transcript(taken.encode()) == taken


@pytest.mark.parametrize("number", ["1e400", "-1e400", "nan", "Infinity"])
def test_a_number_that_json_does_not_have_is_refused_although_it_came_as_text(number: str) -> None:
    with pytest.raises(ContractError, match=r"captions\.0\.end_s: input should be a finite number"):
        _decode(captions=[{"start_s": 0, "end_s": number, "start": 0, "end": 4}])
