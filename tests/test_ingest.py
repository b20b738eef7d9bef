from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.contract import MAX_TEXT_BYTES, ContractError
from schemas.transcript import Medium, Source, Transcript, derive_transcript_id
from streams.ingest import HEADERS, MAX_FILE_BYTES, Refusal, parse_file, parse_items
from tests.factories import NOON

SEED: Final = Path(__file__).parents[2] / "shared/bench/seed_iran_china_police.txt"


def one(name: str, data: bytes | str, **given_fields: str) -> Transcript:
    found = parse_file(name, data.encode() if isinstance(data, str) else data, NOON, given_fields)
    assert len(found) == 1
    return found[0]


def reasons(name: str, data: bytes | str) -> list[str]:
    items = parse_items(name, data.encode() if isinstance(data, str) else data, NOON)
    return [str(item) for item in items if isinstance(item, Refusal)]


# --- plain text ----------------------------------------------------------------------------------------------


def test_a_header_block_fills_the_fields_and_is_no_part_of_the_text() -> None:
    data = (
        "Source: Radio North\nProgramme: Evening\nMedium: Radio\nCountry: NOR\nLanguage: en\nTitle: A visit\n"
        "Published: 2026-02-28\nBroadcast: 2026-02-28T20:00+01:00\nPlace: Oslo\nTranslated-From: no\n"
        "Translated-By: desk\nId: north-1\nTape: 7\n\nThe minister left.\n\nHe returned."
    )
    found = one("a.txt", data)
    assert found.text == "The minister left.\n\nHe returned."
    assert found.source == Source(
        broadcaster="Radio North", programme="Evening", medium=Medium.RADIO, country="NOR"
    )
    assert (found.id, found.language, found.title, found.place) == ("north-1", "en", "A visit", "Oslo")
    assert found.published_time == datetime(2026, 2, 28, tzinfo=UTC)
    assert found.broadcast_time == datetime(2026, 2, 28, 19, tzinfo=UTC)
    assert found.translation is not None
    assert (found.translation.source_language, found.translation.by) == ("no", "desk")
    assert found.extra == {"Tape": "7"}


@pytest.mark.parametrize(
    "text",
    [
        "Beijing: the ministers met.\n\nThey left.",
        "[A note.]\n\nText.",
        "Only text",
        "\nSource: below a blank line\n\nText",
    ],
)
def test_a_text_that_begins_with_no_header_is_all_text(text: str) -> None:
    found = one("a.txt", text)
    assert found.text == text
    assert found.source.broadcaster == "unknown"


def test_the_seed_transcript_needs_no_options() -> None:
    if not SEED.exists():
        pytest.skip("the seed transcript is not on this machine")
    found = one(SEED.name, SEED.read_bytes())
    assert found.text == SEED.read_text(encoding="utf-8")


def test_the_name_of_a_file_is_no_part_of_its_identity() -> None:
    assert one("a.txt", "One text.").id == one("b.text", "One text.").id
    assert one("a.txt", "One text.").id == derive_transcript_id(
        Source(broadcaster="unknown"), None, "One text."
    )


def test_options_go_before_what_the_file_says() -> None:
    found = one(
        "a.txt", "Source: Radio North\nMedium: radio\n\nText.", broadcaster="Radio South", country="ITA"
    )
    assert found.source == Source(broadcaster="Radio South", medium=Medium.RADIO, country="ITA")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "text: is empty"),
        ("Source: Radio\n\n  \n", "text: is empty"),
        ("Source: Radio\nno colon here\n\nText", "line 2: 'no colon here' is no header line"),
        ("Source: Radio\nSource: Two\n\nText", "line 2: Source stands twice"),
        ("Source: Radio\nCountry: Norway\n\nText", "source.country: 'Norway' is no ISO 3166 code"),
        ("Source: Radio\nMedium: smoke\n\nText", "source.medium: input should be"),
        ("Source: Radio\nBroadcast: yesterday\n\nText", "broadcast_time: 'yesterday' is no time"),
        ("Source: Radio\nBroadcast: 2026-02-28 20:00\n\nText", "says no time zone"),
        ("Source: Radio\nBroadcast: 2036-02-28\n\nText", "broadcast_time: 2036-02-28T00:00:00+00:00 lies more than a day ahead"),
        ("Source: Radio\nBroadcast: 0001-01-01T00:00+23:00\n\nText", "is out of range"),
        (b"abc\xff\xfe", "not UTF-8: byte 3 is 0xff"),
        (b"\xef\xbb\xbfabc\xff", "not UTF-8: byte 6 is 0xff"),
        (b"\xff\xfea", "not UTF-16: byte 2"),
        ("abc".encode("utf-16-be"), "character 0 is NUL"),
        (b"\x1f\x8b\x08\x00rest", "the file is compressed"),
        ("a" * (MAX_TEXT_BYTES + 1), f"text: is {MAX_TEXT_BYTES + 1} bytes"),
        (b"a" * (MAX_FILE_BYTES + 1), "the file has"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_the_name_of_the_field(data: str | bytes, reason: str) -> None:
    found = reasons("a.txt", data)
    assert len(found) == 1
    assert reason in found[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_the_text(encoding: str) -> None:
    assert one("a.txt", "Übung. تفاهم".encode(encoding)).text == "Übung. تفاهم"


def test_an_unknown_format_is_refused_by_name() -> None:
    assert "unknown format .pdf; known are .atom, .json" in reasons("a.pdf", "text")[0]


@given(st.text())
def test_any_text_is_taken_in_unchanged_or_refused(text: str) -> None:
    for item in parse_items("a.txt", text.encode("utf-8", "surrogatepass"), NOON):
        if isinstance(item, Transcript) and text.partition(":")[0].lower() not in HEADERS:
            assert item.text == text.removeprefix("\ufeff")


@given(
    st.binary(max_size=200), st.sampled_from(["a.txt", "a.json", "a.jsonl", "a.xml", "a.srt", "a.vtt", "-"])
)
def test_any_bytes_are_taken_in_or_refused_in_words(data: bytes, name: str) -> None:
    items = list(parse_items(name, data, NOON))
    assert items
    assert all(isinstance(item, Transcript) or item.reason for item in items)


# --- JSON ----------------------------------------------------------------------------------------------------


def test_an_object_and_an_array_of_objects_are_transcripts_and_unknown_fields_are_kept() -> None:
    item = {"source": {"broadcaster": "Agency", "medium": "agency"}, "text": "Text.", "desk": {"row": 4}}
    assert one("a.json", orjson.dumps(item)).extra == {"desk": {"row": 4}}
    two = parse_file("a.json", orjson.dumps([item, {**item, "source": "Radio", "id": "r-1"}]), NOON)
    assert [(t.source.broadcaster, t.id == "r-1") for t in two] == [("Agency", False), ("Radio", True)]


def test_a_bad_line_is_refused_by_its_number_and_the_others_are_taken_in() -> None:
    data = b'{"source": "Radio", "text": "One\xe2\x80\xa8line."}\n\nno json\n{"source": "Radio"}\n[1]\n{"source": "Radio", "text": "Two."}\n'
    items = list(parse_items("a.jsonl", data, NOON))
    assert [t.text for t in items if isinstance(t, Transcript)] == ["One\u2028line.", "Two."]
    refused = [str(r) for r in items if isinstance(r, Refusal)]
    assert refused[0].startswith("line 3: not JSON")
    assert refused[1:] == ["line 4: text: is missing", "line 5: a JSON object is expected, not an array"]


def test_a_whole_file_or_nothing_where_that_is_asked_for() -> None:
    with pytest.raises(ContractError, match="line 2: not JSON"):
        parse_file("a.jsonl", b'{"source": "Radio", "text": "One."}\nno json\n', NOON)


@pytest.mark.parametrize("depth", [40, 1_000, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    data = b'{"source": "Radio", "text": "One.", "more": ' + b"[" * depth + b"]" * depth + b"}"
    found = reasons("a.json", data)
    assert len(found) == 1
    assert "deep" in found[0] or "depth" in found[0]


def test_a_number_is_no_date() -> None:
    data = b'{"source": "Radio", "text": "One.", "published_time": 20260301}'
    assert reasons("a.json", data) == [
        "published_time: 20260301 is no time in text; write it as 2026-03-01T08:00:00Z"
    ]


def test_the_door_says_when_it_came_in() -> None:
    assert (
        one("a.json", '{"source": "R", "text": "One.", "ingest_time": "2001-01-01T00:00:00Z"}').ingest_time
        == NOON
    )


# --- feeds ---------------------------------------------------------------------------------------------------

_RSS: Final = """<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE rss>
<rss version="2.0"><channel><title>News &amp; Views</title><language>en</language>
<item><title>One &lt;b&gt;visit&lt;/b&gt;</title><guid>g-1</guid><pubDate>Sat, 28 Feb 2026 10:00:00 +0100</pubDate>
<description>&lt;p&gt;The minister&lt;br&gt;left.&lt;/p&gt;&lt;p&gt;He &amp;amp; she.&lt;script&gt;no()&lt;/script&gt;&lt;/p&gt;</description></item>
<item><title>Zwei</title><pubDate>some day</pubDate></item>
</channel></rss>"""


def test_each_entry_of_a_feed_is_a_transcript_without_html() -> None:
    first, second = parse_items("a.rss", _RSS.encode(), NOON)
    assert isinstance(first, Transcript)
    assert (first.title, first.text) == ("One visit", "The minister\nleft.\nHe & she.")
    assert first.source == Source(broadcaster="News & Views", medium=Medium.WEB)
    assert (first.language, first.published_time) == ("en", datetime(2026, 2, 28, 9, tzinfo=UTC))
    assert first.extra["id"] == "g-1"
    assert second == Refusal("entry 2", "published: 'some day' is no date")


def test_a_feed_in_an_older_encoding_is_read_as_it_declares() -> None:
    data = '<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel><item><title>Визит</title></item></channel></rss>'
    assert one("a.rss", data.encode("windows-1251")).text == "Визит"
    assert "not UTF-8" in reasons("a.rss", data.replace("windows-1251", "no-such").encode("windows-1251"))[0]


def test_an_atom_feed_is_read_too() -> None:
    data = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Agence</title><entry><title>T</title><id>u</id>
    <updated>2026-02-01T00:00:00Z</updated><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Bonjour.</p>
    </div></content></entry></feed>"""
    assert one("a.atom", data).text == "Bonjour."
    assert one("-", data).text == "Bonjour."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ('<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><rss version="2.0"><channel><title>&c;</title></channel></rss>',
         "defines entities"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><rss version="2.0"><channel><title>&b;</title></channel></rss>',
         "defines entities"),
        ("<rss><channel></rss>", "not well-formed XML"),
        ("<page/>", "not a feed"),
        ('<rss version="2.0"><channel><title>T</title></channel></rss>', "there is no transcript in it"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_harmless_feed_is_refused(data: str, reason: str) -> None:
    assert reason in reasons("a.xml", data)[0]


# --- captions ------------------------------------------------------------------------------------------------

_SRT: Final = """1
00:00:01,000 --> 00:00:03,500
The ministers
of both states

2
00:00:03,600 --> 00:00:05,000
of both states
signed it.

3
00:00:15,000 --> 00:00:16,250
- Really?
"""


def test_captions_are_one_text_that_every_caption_points_into() -> None:
    for name in ("a.srt", "-"):
        found = one(name, _SRT)
        assert found.text == "The ministers of both states signed it.\n\n- Really?"
        words = [found.text[c.start : c.end] for c in found.captions]
        assert words == ["The ministers of both states", "signed it.", "- Really?"]
        assert (found.captions[0].start_s, found.captions[2].end_s) == (1.0, 16.25)


def test_a_note_above_web_captions_may_hold_the_header() -> None:
    data = (
        "WEBVTT\n\nNOTE\nSource: TV One\nCountry: TUR\n\n00:01.000 --> 00:03.000\n<v Anna>They met.\n\n"
        "00:03.100 --> 00:05.000\n<v Bob>They <b>did</b>.\n"
    )
    found = one("a.vtt", data)
    assert found.source == Source(broadcaster="TV One", country="TUR")
    assert found.text == "They met.\nThey did."


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.vtt", "no captions", "not WebVTT"),
        ("a.srt", "no captions", "not SubRip"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:03.000\n<i></i>\n", "no caption has words"),
        ("a.vtt", "WEBVTT\n\n00:05.000 --> 00:03.000\nWords\n", "ends before it starts"),
    ],
)
def test_captions_that_are_none_are_refused(name: str, data: str, reason: str) -> None:
    assert reason in reasons(name, data)[0]
