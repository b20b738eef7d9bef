"""What is known to break programs, once and for all: bombs, depth, width, signs that lie, numbers that are none."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Final

import httpx
import orjson
import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from schemas.contract import ContractError
from schemas.transcript import TaggedTranscript, Transcript
from streams.extract.language import tag_language
from streams.extract.read import read_transcript
from streams.gateway.ingest import accept_lines, accept_transcript
from streams.ingest import Refusal, parse_items
from streams.pipeline import DeadLetter, match_record, tag
from streams.rules.condition import parse_condition
from streams.rules.errors import RuleError
from streams.rules.load import parse_rule
from streams.rules.match import RuleIndex
from streams.rules.source import read_documents
from streams.rules.text import TextView, find_text, parse_text
from tests.factories import NOON, make_event, make_transcript
from tests.fuzz.targets import models, pack
from tests.gateway.test_door import BASE, House
from tests.rules.making import RULE_TEXT, parse_changed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemas.enriched import EnrichedTranscript

pytestmark = pytest.mark.slow

DEEP: Final = 30_000
QUICK: Final = pytest.mark.timeout(20)
"""What grows faster than its input does not come back within this."""


def read(text: str) -> EnrichedTranscript:
    transcript = make_transcript(text)
    tagged = TaggedTranscript(transcript=transcript, language=tag_language(transcript, models()))
    return read_transcript(tagged, models())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, open_to_all=True)
    with made.index:
        yield made


async def post(house: House, path: str, body: bytes, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(house.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        return await client.post(path, content=body, headers={"content-type": "application/json", **headers})


# --- bombs -----------------------------------------------------------------------------------------------------------

BOMB: Final = gzip.compress(bytes(50 * 2**20), 9)


@pytest.mark.parametrize("name", ["a.txt", "a.json", "a.jsonl", "a.xml", "a.srt", "a.vtt", "-"])
def test_a_file_that_is_compressed_is_refused_and_not_unpacked(name: str) -> None:
    (refusal,) = parse_items(name, BOMB, NOON)
    assert str(refusal) == "the file is compressed; unpack it first"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "identity"])
async def test_a_body_that_is_compressed_is_refused_and_not_unpacked(house: House, coding: str) -> None:
    body = zlib.compress(bytes(2**20)) if coding == "deflate" else BOMB
    answer = await post(house, "/v1/transcripts", body, **{"content-encoding": coding})
    assert answer.status_code == 400
    assert "not UTF-8" in answer.json()["detail"]


async def test_a_body_over_the_limit_is_refused(house: House) -> None:
    answer = await post(house, "/v1/transcripts", b"[" * (16 * 2**20 + 1))
    assert answer.status_code == 413


@QUICK
def test_aliases_of_aliases_are_counted_before_they_are_unfolded() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{c}: &{c} [{', '.join(f'*{b}' for _ in range(9))}]"
        for b, c in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    with pytest.raises(RuleError, match="aliases counted each time"):
        read_documents("\n".join(lines), "bomb.yml")


@QUICK
def test_an_alias_within_itself_is_refused() -> None:
    with pytest.raises(RuleError, match=r"nested deeper|undefined alias|recursive"):
        read_documents("a: &a [*a, *a]", "loop.yml")


@QUICK
def test_entities_of_entities_are_refused() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    feed = f'<!DOCTYPE r [<!ENTITY e0 "x">{entities}]><rss version="2.0"><channel><title>&e11;</title></channel></rss>'
    (refusal,) = parse_items("a.xml", feed.encode(), NOON)
    assert "defines entities" in str(refusal)


# --- depth -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
async def test_json_that_is_nested_without_end_is_refused_at_every_door(
    house: House, begin: bytes, end: bytes
) -> None:
    deep = begin * DEEP + b"1" + end * DEEP
    body = b'{"id":"a","source":{"broadcaster":"R"},"text":"a","tape":' + deep + b"}"
    with pytest.raises(ContractError):
        accept_transcript(body, NOON)
    assert accept_lines(body, NOON)[0] == ()
    assert isinstance(tag(body, models()), DeadLetter)
    for name in ("a.json", "a.jsonl", "-"):
        assert all(isinstance(item, Refusal) for item in parse_items(name, body, NOON))
    for path in ("/v1/transcripts",):
        assert (await post(house, path, body)).status_code == 400


@QUICK
@pytest.mark.parametrize("text", ["[" * DEEP, "- " * DEEP, "{a: " * DEEP, "? " * DEEP, "!!seq [" * 30_000])
def test_yaml_that_is_nested_without_end_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        read_documents(text, "deep.yml")


@QUICK
@pytest.mark.parametrize("sign", ["(", "not ", "(not ", "1 of ", "a and (", ")"])
def test_a_condition_that_is_nested_without_end_is_refused(sign: str) -> None:
    for count in (40, 150, 400, DEEP):
        with pytest.raises(RuleError):
            parse_condition(sign * count, ("a",))


@QUICK
@pytest.mark.parametrize(
    "sign", ["(", "[", "!", "!(", "#2 ", "a ~2 ", "a & (", '"', "[a & ", "#1 (", "=", "~1"]
)
def test_a_text_expression_that_is_nested_without_end_is_refused(sign: str) -> None:
    for count in (70, 600, 1500, DEEP):
        with pytest.raises(RuleError):
            parse_text(sign * count)


# --- patterns --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["(a+)+$", "(.*)*x", "(?R)", "[", "(a|a)*b"])
def test_there_is_no_pattern_in_a_rule_that_could_take_forever(pattern: str) -> None:
    with pytest.raises(RuleError, match='there is no modifier "re"'):
        parse_changed("event.mode: visit", f"event.mode|re: '{pattern}'")
    rule = parse_changed("event.mode: visit", f"event.mode|contains: '{pattern}'")
    index = RuleIndex()
    index.add(rule)
    assert match_record(make_event("a" * 5000), index).outputs == ()


@QUICK
@pytest.mark.parametrize(
    "expression",
    [
        "a ~1000 a", "(a | aa) >1000 (a | aa)", "a !~1000 b", "#1000 a", "[a & [a & [a & b]]]", "a a a a a a a a b", "aaa* ~1000 aaa*",
        "((a ~9 a) ~9 (a ~9 a)) ~9 a", " | ".join(f"(a ~{n} a)" for n in range(1, 20)),
    ],
)  # fmt: skip
def test_no_expression_takes_forever_on_a_text_made_against_it(expression: str) -> None:
    view = TextView("a aa aaa " * 1000)
    find_text(parse_text(expression), view)


# --- width -----------------------------------------------------------------------------------------------------------

WIDE: Final = 10 * 2**20


@pytest.mark.parametrize("name", ["a.txt", "a.json", "a.jsonl", "a.xml", "a.srt", "a.vtt", "-"])
def test_a_line_of_ten_megabytes_is_refused(name: str) -> None:
    for data in (
        b"a" * WIDE,
        b'{"text":"' + b"a" * WIDE + b'"}',
        b"<rss>" * (WIDE // 5),
        b"WEBVTT " + b"-" * WIDE,
    ):
        assert all(isinstance(item, Refusal) for item in parse_items(name, data, NOON))


async def test_a_line_of_ten_megabytes_in_a_request_is_refused(house: House) -> None:
    body = b'{"source":{"broadcaster":"R"},"text":"' + b"a" * WIDE + b'"}'
    for kind in ("application/json", "application/x-ndjson"):
        answer = await post(house, "/v1/transcripts", body, **{"content-type": kind})
        assert answer.status_code == 400
        assert "over the limit" in answer.json()["detail"]


@QUICK
@pytest.mark.parametrize(
    "piece",
    [
        "a", "A", " ", "\n", "\t", ".", "...", "“", "\"'", "(", "[", "[ ", "]", "((", ": ", "- ", ">> ", "Mr. ", "U.S. ", "A-", "a’", "٣", "1,",
        "1 May ", "the ", "Iran ", "Iran and ", "of the ", "said ", "will ", "who ", "not ", "signed ", "memorandum of understanding ",
        "IRAN, CHINA ", "\u202e", "\u200d", "\u0301", "\U0001f468\u200d", "\ufeff", "國", "\x0b", "\x85", "\u2028",
    ],
)  # fmt: skip
def test_a_text_of_one_thing_over_and_over_is_read(piece: str) -> None:
    text = "x " + piece * (15_000 // len(piece)) + " x"
    enriched = read(text)
    assert all(text[m.start : m.end] == m.text for m in enriched.mentions)


# --- signs -----------------------------------------------------------------------------------------------------------

LYING: Final = "\u202eIran\u202c and \u2066China\u2069 sig\u200bned a memo\u00adrandum\u200f on \ufeffborder security.\u0000\u0301"


def test_signs_that_change_the_direction_of_writing_move_no_offset() -> None:
    enriched = read(LYING)
    assert {m.text.strip("\u202a\u202c\u202e\u2066\u2069\ufeff") for m in enriched.mentions} >= {
        "Iran",
        "China",
    }
    for mention in enriched.mentions:
        assert LYING[mention.start : mention.end] == mention.text
    match_record(enriched, pack())


@pytest.mark.parametrize(
    "place", [b'"text":"\\ud800"', b'"text":"a","title":"\\udfff"', b'"text":"a","tape":{"\\ud800":1}']
)
def test_half_a_character_is_refused_with_its_place(place: bytes) -> None:
    with pytest.raises(ContractError, match="surrogate"):
        accept_transcript(b'{"source":{"broadcaster":"R"},' + place + b"}", NOON)


@pytest.mark.parametrize("data", [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"])
def test_bytes_that_are_no_utf8_are_refused_at_every_door(data: bytes) -> None:
    body = b'{"source":{"broadcaster":"R"},"text":"a' + data + b'"}'
    with pytest.raises(ContractError, match="not UTF-8: byte"):
        accept_transcript(body, NOON)
    for name in ("a.txt", "a.json", "a.jsonl", "a.xml"):
        (refusal,) = parse_items(name, body, NOON)
        assert "not UTF-8: byte" in str(refusal)


def test_nul_is_no_text_in_a_file_and_a_sign_like_others_in_json() -> None:
    (refusal,) = parse_items("a.txt", b"a\x00b", NOON)
    assert "is NUL" in str(refusal)
    found = accept_transcript(b'{"source":{"broadcaster":"R"},"text":"a\\u0000b"}', NOON)
    assert Transcript.decode(found.encode()) == found


@pytest.mark.parametrize("name", ["\\ud800", "a\\udfffb"])
async def test_half_a_character_in_a_subscription_is_refused(house: House, name: str) -> None:
    answer = await post(house, "/v1/subscriptions", f'{{"name":"{name}","channel":""}}'.encode())
    assert answer.status_code == 400
    assert "name" in answer.json()["detail"]


# --- numbers and keys ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"NaN", b"Infinity", b"0x10", b"01", b"1e", b"--1"])
def test_what_is_no_number_of_json_is_refused(number: bytes) -> None:
    body = b'{"source":{"broadcaster":"R"},"text":"a","tape":' + number + b"}"
    with pytest.raises(ContractError, match="not JSON"):
        accept_transcript(body, NOON)


def test_a_number_of_any_length_is_taken_and_written_again() -> None:
    body = b'{"source":{"broadcaster":"R"},"text":"a","tape":[' + b"9" * 300 + b",1e-999,-0.0]}"
    found = accept_transcript(body, NOON)
    assert Transcript.decode(found.encode()) == found


def test_of_a_key_that_stands_twice_the_last_one_counts_in_json_and_a_rule_is_refused() -> None:
    body = b'{"source":{"broadcaster":"R"},"text":"first","text":"last"}'
    assert accept_transcript(body, NOON).text == "last"
    with pytest.raises(RuleError, match='"level" is there twice'):
        parse_rule(RULE_TEXT + "level: high\n", "visit.yml")


def test_a_record_of_the_wrong_kind_is_refused_and_not_taken_for_another() -> None:
    values: tuple[object, ...] = (None, True, 1, "a", [], [[]])
    for value in values:
        with pytest.raises(ContractError, match="a JSON object is expected"):
            accept_transcript(orjson.dumps(value), NOON)


def test_the_client_by_itself_cannot_read_a_name_of_a_header_that_is_no_utf8() -> None:
    """Once this fails, streams/kafka/any_header.py can go."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10_000)
    builder.append(0, 1000, b"key", b"value", [("name", b"1")])
    batch = bytearray(builder.build())
    at = batch.index(b"name")
    batch[at : at + 4] = b"\xff\xfe\xfd\xfc"
    read = MemoryRecords(bytes(batch)).next_batch()
    assert read is not None
    with pytest.raises(UnicodeDecodeError):
        next(iter(read))
