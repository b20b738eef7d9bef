"""What is fuzzed, as data: every decoder and parser that meets bytes or words of strangers.

A target takes bytes and gives whether they were taken; what it raises beside its refusals is a crash. Where more can be
said of an answer than that there is one (what was read can be written and read again, evidence stands in the text),
the target says it too.
"""

from __future__ import annotations

import gzip
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import orjson
from aiokafka import ConsumerRecord
from pydantic import ValidationError

from schemas.agreement import Agreement, Transition
from schemas.alert import AlertChange, Match, NearMiss
from schemas.contract import Contract, ContractError
from schemas.enriched import EnrichedTranscript
from schemas.event import Event
from schemas.rule import Rule
from schemas.subscription import Delivery, Subscription
from schemas.transcript import TaggedTranscript, Transcript, decode_transcript
from streams.extract.dates import find_dates
from streams.extract.language import tag_language
from streams.extract.models import load_models
from streams.extract.read import read_transcript
from streams.extract.reading import Sentence, tokenize
from streams.gateway.cursor import CursorError, format_cursor, parse_cursor
from streams.gateway.index import PageCursorError, format_page_cursor, parse_page_cursor
from streams.gateway.ingest import accept_lines, accept_transcript
from streams.gateway.queries import AgreementQuery, AlertQuery, EventQuery
from streams.gateway.tokens import Tokens
from streams.ingest import Refusal, parse_items, parse_time
from streams.kafka.dead_letters import read_parked
from streams.kafka.records import decode_headers
from streams.ledger import post_event
from streams.notifier.schedule import parse_retry_after
from streams.pipeline import DeadLetter, Emit, match_record, tag
from streams.replay.archive import ArchiveError, ArchiveHead, SourceRecord, encode_line, read_archive
from streams.replay.rule_test import run_tests
from streams.rules.condition import parse_condition
from streams.rules.errors import RuleError
from streams.rules.load import load_pack, pack_folder, parse_duration, parse_rule
from streams.rules.match import RuleIndex
from streams.rules.source import read_documents
from streams.rules.text import TextView, find_text, parse_text
from streams.settings import Settings
from streams.subscriptions import SubscriptionError, hide_channel, parse_subscription, wanted_alerts
from tests.factories import NOON, make_alert_change, make_event, make_transcript
from tests.rules.making import RULE_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.extract.models import Models


class Shape(StrEnum):
    """What inputs look like, so that they can also be changed without breaking what holds them together.

    json: one value. lines: one value a line. record: one byte, and a value. yaml: a value as YAML.
    """

    ANY = "any"
    JSON = "json"
    LINES = "lines"
    RECORD = "record"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to fuzz.

    `call` gives whether the input was taken; `refusals` are the errors by which it may refuse. `words` are what inputs
    are made of beside bytes of the seeds. `share` is its part of a run, by what its inputs cost and what meets it.
    """

    name: str
    call: Callable[[bytes], bool]
    seeds: Callable[[], tuple[bytes, ...]]
    words: tuple[str, ...] = ()
    refusals: tuple[type[Exception], ...] = ()
    shape: Shape = Shape.ANY
    share: int = 1
    max_bytes: int = 4096


@cache
def models() -> Models:
    """The models of the reader, loaded once."""
    return load_models()


@cache
def pack() -> RuleIndex:
    """The shipped rules at work."""
    index = RuleIndex()
    for rule in load_pack():
        index.add(rule)
    return index


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# --- transcripts as they come ----------------------------------------------------------------------------------------


def _samples(*suffixes: str) -> tuple[bytes, ...]:
    folder = files("streams.samples")
    return tuple(i.read_bytes() for i in folder.iterdir() if i.name.endswith(suffixes))


def _ingest(name: str) -> Callable[[bytes], bool]:
    def call(data: bytes) -> bool:
        found = tuple(parse_items(name, data, NOON))
        assert found, "a file gives transcripts or refusals"
        for item in found:
            if isinstance(item, Transcript):
                assert decode_transcript(item.encode()) == item
        return not any(isinstance(item, Refusal) for item in found)

    return call


_PLAIN: Final = (
    (
        b"Source: Radio North\nCountry: NOR\nLanguage: en\nPublished: 2026-02-28\nBroadcast: 2026-02-28T20:00+01:00\nTape: 7\n\n"
        b"The minister left.\n\nHe returned."
    ),
    b"\xff\xfeH\x00i\x00.\x00",
)
_JSON: Final = (
    (
        b'{"source":{"broadcaster":"Radio North","medium":"radio","country":"NOR"},"text":"He left.","title":"A","language":"en",'
        b'"published_time":"2026-02-28T10:00:00Z","captions":[{"start_s":0.5,"end_s":2,"start":0,"end":8}],"tape":{"n":[1,null]}}'
    ),
    b'[{"source":"Radio","text":"One"},{"text":"Two","id":"x"},3]',
)
_LINES: Final = (
    _JSON[0] + b'\n\n{"source":{"broadcaster":"R"},"text":"\\u06af\\ud83d\\ude00"}\n',
    b'{"a":1}\n[\n"x"',
)
_FEED: Final = (
    (
        b'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>North</title><language>en</language><item>'
        b"<title>A visit</title><description>&lt;p&gt;He &amp;amp; she&lt;/p&gt;</description><pubDate>Sat, 28 Feb 2026 10:00:00 GMT"
        b"</pubDate><guid>1</guid></item></channel></rss>"
    ),
    (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>N</title><entry><title>T</title><content type="html">&lt;br&gt;a</content>'
        b"<updated>2026-02-28T10:00:00Z</updated><id>urn:1</id></entry></feed>"
    ),
    '<?xml version="1.0" encoding="windows-1251"?><rss><channel><title>Север</title></channel></rss>'.encode(
        "cp1251"
    ),
    b'<!DOCTYPE r [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><rss><channel><title>&c;</title></channel></rss>',
)
_SRT: Final = (
    b"1\n00:00:01,000 --> 00:00:02,500\nHe left.\n\n2\n00:00:09,000 --> 00:00:10,000\n- She stayed.\n<i>Why?</i>\n",
)
_VTT: Final = (
    (
        b"WEBVTT - T\nKind: captions\n\nNOTE\nSource: Radio North\nLanguage: en\n\nSTYLE\n::cue {}\n\n1\n00:01.000 --> 00:02.000 align:start"
        b"\n<v Ann>He left.\n\n00:00:09.000 --> 01:00:10.000\n<v Bo>She stayed.\n"
    ),
)


def _gateway_one(data: bytes) -> bool:
    found = accept_transcript(data, NOON)
    outcome = tag(found.encode(), models())
    assert isinstance(outcome, Emit), "what the door takes in, the worker takes up"
    return True


def _gateway_lines(data: bytes) -> bool:
    accepted, refused = accept_lines(data, NOON)
    for found in accepted:
        assert decode_transcript(found.encode()) == found
    return bool(accepted) and not refused


# --- records of topics -----------------------------------------------------------------------------------------------

_RECORDS: Final[tuple[type[Contract], ...]] = (
    Transcript,
    TaggedTranscript,
    EnrichedTranscript,
    Event,
    Transition,
    Agreement,
    Rule,
    Match,
    NearMiss,
    AlertChange,
    Subscription,
    Delivery,
    Tokens,
)


def _record(data: bytes) -> bool:
    """The first byte says which contract; what is read and written again is the same."""
    model = _RECORDS[data[0] % len(_RECORDS)] if data else Transcript
    found = model.decode(data[1:])
    written = found.encode()
    again = model.decode(written)
    assert again == found
    assert again.encode() == written
    return True


@cache
def _record_seeds() -> tuple[bytes, ...]:
    transcript = make_transcript()
    tagged = TaggedTranscript(transcript=transcript, language=tag_language(transcript, models()))
    enriched = read_transcript(tagged, models())
    posting = post_event(None, make_event())
    found = [match_record(record, pack()) for record in (*enriched.events, posting.transition) if record]
    rest = [output.record for emit in found for output in emit.outputs]
    subscription = parse_subscription(orjson.loads(_SUBSCRIPTIONS[0]))
    records: list[Contract | None] = [
        transcript,
        tagged,
        enriched,
        make_event(),
        posting.transition,
        posting.agreement,
        load_pack()[0],
        make_alert_change(),
        subscription,
        *rest[:4],
    ]
    return tuple(
        bytes([_RECORDS.index(type(record))]) + record.encode() for record in records if record is not None
    )


def _worker_bytes(data: bytes) -> bool:
    """A transcript on the raw topic, as anyone may put it there, through tagging."""
    return not isinstance(tag(data, models()), DeadLetter)


def _headers_of(data: bytes) -> list[tuple[str, bytes]]:
    pairs = (line.partition(b"=") for line in data.split(b"\n"))
    return [(_text(name), value) for name, _, value in pairs]


def _headers(data: bytes) -> bool:
    headers = _headers_of(data)
    event = decode_headers(headers)
    assert event is None or event.time is None or event.time.tzinfo is not None
    record = ConsumerRecord("t.dlq.v1", 0, 1, 2, 0, data[:8] or None, data, 0, 0, len(data), tuple(headers))
    parked = read_parked(record)
    assert parked.replays >= 0
    return event is not None or parked.letter is not None


_HEADERS: Final = (
    (
        b"ce_specversion=1.0\nce_id=1\nce_source=/dragoman/t\nce_type=x\nce_time=2026-02-28T10:00:00Z\nce_partitionkey=k\n"
        b"traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ),
    (
        b"dragoman-dlq-topic=t\ndragoman-dlq-partition=0\ndragoman-dlq-offset=1\ndragoman-dlq-timestamp_ms=2\ndragoman-dlq-stage=language"
        b"\ndragoman-dlq-stage_version=1\ndragoman-dlq-reason=schema\ndragoman-dlq-message=m\ndragoman-dlq-error_class=E\n"
        b"dragoman-dlq-attempts=1\ndragoman-dlq-failed_time=2026-02-28T10:00:00Z\ndragoman-replays=2\ndragoman-dlq-cut-bytes=9"
    ),
)


# --- rules -----------------------------------------------------------------------------------------------------------


def _rule(data: bytes) -> bool:
    """A rule that is taken can also be put to work, written, read again, and held against a record."""
    rule = parse_rule(_text(data), "rule.yml")
    index = RuleIndex(every_near_miss=True)
    index.add(rule)
    for record in (make_event(), _signed()):
        match_record(record, index)
    assert Rule.decode(rule.encode()) == rule
    return True


@cache
def _signed() -> Transition:
    transition = post_event(None, make_event()).transition
    assert transition is not None
    return transition


@cache
def _fixed_rule() -> Rule:
    return load_pack()[0]


def _rule_test(data: bytes) -> bool:
    for document in read_documents(_text(data), "rule.test.yml"):
        tuple(run_tests(_fixed_rule(), document, models))
    return True


def _condition(data: bytes) -> bool:
    parse_condition(_text(data), ("signed", "security", "talks_1", "talks_2", "_hidden"))
    return True


_VIEW: Final = TextView(
    "The police chiefs of Iran and China agreed to draft a memorandum. Talks on the border go on! 国境 警備"
)


def _expression(data: bytes) -> bool:
    """A text expression that is taken is also looked for."""
    find_text(parse_text(_text(data)), _VIEW)
    return True


def _pack_files(suffix: str, *, tests: bool) -> tuple[bytes, ...]:
    found = sorted(f for f in pack_folder().iterdir() if f.name.endswith(suffix))
    return tuple(f.read_bytes() for f in found if f.name.endswith(".test.yml") == tests)


_RULE: Final = (
    RULE_TEXT.partition("detection:")[0].encode()
    + b"""\
detection:
  visit: {event.type: CONSULT, event.mode: [visit, &a meet], text: "talks ~5 border | =WHO | #2 secur*"}
  near: {event.place|near: {point: [35.7, 51.4], km: 100}, event.confidence|gte: 0.5}
  hoped: {event.actor: $a, event.recipient|startswith|cased: IR, event.realis: hoped}
  condition: visit and near and not 1 of ho*
group-by: [event.parties]
timespan: 2d
alert: {topic: diplomacy, summary: "{event.actor} visits"}
"""
)
_STEPS: Final = _RULE.replace(
    b"  condition: visit and near and not 1 of ho*\n",
    b"correlation: {type: temporal_ordered, steps: [visit, near], timespan: 2d}\n",
)


# --- subscriptions, cursors, filters, times --------------------------------------------------------------------------


def _subscription(data: bytes) -> bool:
    fields = orjson.loads(data)
    if not isinstance(fields, dict):
        return False
    subscription = parse_subscription({"id": "s", "created_time": NOON, **fields})
    hide_channel(subscription.channel)
    wanted_alerts(subscription.filter)
    return True


_SUBSCRIPTIONS: Final = (
    (
        b'{"id":"s","name":"desk","channel":"https://desk.example:8443/hook?a=1","filter":{"topics":["security-mou"],"countries":["IRN"],'
        b'"languages":["fa","zh-Hans"],"level":"high","changes":["raise"]},"secrets":["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],'
        b'"digest":{"every_s":600,"count":5},"quiet":{"start":"22:00","end":"06:30","time_zone":"Europe/Vienna"},"per_minute":3}'
    ),
    b'{"name":"a","channel":"mailto://user:pass@mail.example?to=x@y.example"}',
    b'{"name":"b","channel":"http://[::1]:99999/"}',
)


def _cursor(data: bytes) -> bool:
    positions = parse_cursor(_text(data))
    assert parse_cursor(format_cursor(positions)) == positions
    return True


def _page_cursor(data: bytes) -> bool:
    after, newest_first = parse_page_cursor(_text(data))
    assert parse_page_cursor(format_page_cursor(after, newest_first=newest_first)) == (after, newest_first)
    return True


def _filter(data: bytes) -> bool:
    """A query as it stands in an address; each kind of page reads it."""
    fields = parse_qs(_text(data), keep_blank_values=True)
    single = {"limit", "order", "page", "from", "to", "level", "cursor"}
    given = {name: values[0] if name in single else values for name, values in fields.items()}
    taken = 0
    for query in (AlertQuery, EventQuery, AgreementQuery):
        try:
            found = query.model_validate(given)
        except ValidationError:
            continue
        assert all(found.wanted.values())
        taken += 1
    return bool(taken)


def _time(data: bytes) -> bool:
    text = _text(data)
    parse_retry_after(text, NOON)
    assert parse_time("time", text).tzinfo is UTC
    return True


def _duration(data: bytes) -> bool:
    assert parse_duration(_text(data)).total_seconds() >= 0
    return True


def _dates(data: bytes) -> bool:
    text = _text(data)
    sentence = Sentence(0, len(text), 0, tokenize(text))
    found = find_dates(sentence, date(2026, 3, 1))
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    return bool(found)


def _settings(data: bytes) -> bool:
    given = {
        _text(name).lower(): _text(value) for name, _, value in (s.partition(b"=") for s in data.split(b"\n"))
    }
    settings = Settings.model_validate(given)
    settings.as_environment()
    return True


# --- texts and archives ----------------------------------------------------------------------------------------------


def _reading(data: bytes) -> bool:
    """Any text is read; every finding stands in it where it says, and the rules of the pack are held against it."""
    text = _text(data)
    if not text.strip():
        return False
    transcript = make_transcript(text)
    tagged = TaggedTranscript(transcript=transcript, language=tag_language(transcript, models()))
    enriched = read_transcript(tagged, models())
    for mention in enriched.mentions:
        assert text[mention.start : mention.end] == mention.text
    for event in enriched.events:
        assert text[event.evidence.start : event.evidence.end] == event.evidence.text
    end = 0
    for segment in enriched.segments:
        assert end <= segment.start <= segment.end <= len(text)
        end = segment.end
    match_record(enriched, pack())
    for event in enriched.events:
        match_record(event, pack())
    return True


def _archive_text(data: bytes) -> bool:
    return _archive(gzip.compress(data, 1, mtime=0))


def _archive(data: bytes) -> bool:
    path = _scratch() / "records.jsonl.gz"
    path.write_bytes(data)
    for record in read_archive(path):
        encode_line(record)
    return True


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own within it
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)


def _scratch() -> Path:
    return Path(_folder().name)


def _archive_lines() -> bytes:
    record = SourceRecord(NOON, 0, 1, 2, b"k", (("ce_id", b"1"), ("x", b"\xff")), b'{"a":1}')
    other = SourceRecord(datetime(1970, 1, 1, tzinfo=UTC), 1, 2, 3, None, (), b"\xff\n")
    head = orjson.dumps({"dragoman_archive": 1, "topic": ArchiveHead("transcripts.raw.v1").topic})
    return b"\n".join([head, encode_line(record) + encode_line(other) + b'{"records":2}']) + b"\n"


_JSON_WORDS: Final = (
    '{"', '":', "null", "1e400", "-0.0", '"\\ud800"', "[[[[", "]]]]", '"text"', '"id"', '"source"', '"extra"', '"captions"',
    "9007199254740993", "\\u0000",
)  # fmt: skip
_YAML_WORDS: Final = (
    "detection:", "condition:", "correlation:", "&a ", "*a", "<<: ", "!!python/object:os.system", "|\n", "- ", ": ", "{", "}",
    "[", "]", "|contains", "|all", "|re", "not ", " and ", "1 of ", "them", "2d", "text: ", "event.type", "agreement.stage",
    "0x1f", "1_000", "2026-02-30", ".inf", "~", "? ", "%YAML 1.1\n---\n",
)  # fmt: skip
_MARKS: Final = (
    "\u202e",
    "\u2066",
    "\u200f",
    "\u0000",
    "\ufeff",
    "\u2028",
    "\u0301" * 8,
    "\U0001f468\u200d\U0001f469",
    "İ",
    "ß",
)

TARGETS: Final[tuple[Target, ...]] = (
    Target("ingest plain", _ingest("a.txt"), lambda: (*_PLAIN, *_samples(".txt")), ("Source: ", "Published: ", "\n\n", *_MARKS), share=60),
    Target("ingest json", _ingest("a.json"), lambda: (*_JSON, *_samples(".json")), _JSON_WORDS, shape=Shape.JSON, share=90),
    Target("ingest lines", _ingest("a.jsonl"), lambda: _LINES, _JSON_WORDS, shape=Shape.LINES, share=70),
    Target("ingest feed", _ingest("a.xml"), lambda: _FEED, ("<item>", "</item>", "<!ENTITY", "<![CDATA[", "]]>", "&#x0;", "<pubDate>", "&lt;"), share=40),
    Target("ingest srt", _ingest("a.srt"), lambda: _SRT, (" --> ", "00:00:01,000", "\n\n", "<b>"), share=30),
    Target("ingest vtt", _ingest("a.vtt"), lambda: _VTT, (" --> ", "WEBVTT", "NOTE ", "STYLE", "<v ", "\n\n"), share=30),
    Target("ingest any", _ingest("-"), lambda: (*_PLAIN, *_JSON, *_LINES, *_SRT, *_VTT), (*_JSON_WORDS, *_MARKS), share=40),
    Target("http transcript", _gateway_one, lambda: _JSON, _JSON_WORDS, (ContractError,), shape=Shape.JSON, share=60),
    Target("http lines", _gateway_lines, lambda: _LINES, _JSON_WORDS, shape=Shape.LINES, share=60),
    Target("raw topic", _worker_bytes, lambda: (make_transcript().encode(), *_JSON), _JSON_WORDS, shape=Shape.JSON, share=50),
    Target("records", _record, _record_seeds, _JSON_WORDS, (ContractError,), shape=Shape.RECORD, share=100, max_bytes=16384),
    Target("headers", _headers, lambda: _HEADERS, ("ce_id=", "ce_time=", "dragoman-dlq-", "dragoman-replays=", "٣"), share=60),
    Target("rule files", _rule, lambda: (_RULE, _STEPS, *_pack_files(".yml", tests=False)[:12]), _YAML_WORDS, (RuleError,), shape=Shape.YAML, share=25),
    Target("rule tests", _rule_test, lambda: _pack_files(".yml", tests=True)[:6], _YAML_WORDS, (RuleError,), shape=Shape.YAML, share=10),
    Target("conditions", _condition, lambda: (b"signed and not (security or 1 of talks_*)", b"all of them"), (" and ", " or ", "not ", "1 of ", "them", "signed"), (RuleError,), share=60, max_bytes=2500),
    Target("text expressions", _expression, lambda: (b"[border & (guard | post)] & talks !~5 war", b'#3 =WHO | secur* >2 "border guard"'), ("~5 ", ">5 ", "!~3 ", "#2 ", "police", "iran", " & ", " | ", "!", "[", "]", *_MARKS), (RuleError,), share=50),
    Target("subscriptions", _subscription, lambda: _SUBSCRIPTIONS, (*_JSON_WORDS, "https://", "slack://", "@", "%00", "?to=", "whsec_"), (SubscriptionError, orjson.JSONDecodeError), shape=Shape.JSON, share=30),
    Target("cursors", _cursor, lambda: (b"0:42,1:17", b"3:0"), ("0:", ",", "٣:1"), (CursorError,), share=40, max_bytes=512),
    Target("page cursors", _page_cursor, lambda: (format_page_cursor((1_700_000_000_000, "x"), newest_first=True).encode(), b"WzEsMTcsIngiXQ"), ("WzEs", "=", "-_"), (PageCursorError,), share=40, max_bytes=512),
    Target("filters", _filter, lambda: (b"topic=a&country=IRN&level=high&from=2026-01-01T00:00:00Z&limit=5&order=oldest", b"stage=signed&instrument=mou&domain=police", b"type=AGREE&realis=hoped"), ("&country=", "&level=", "&from=", "&page=", "%00", "&stage="), share=40, max_bytes=1024),
    Target("times", _time, lambda: (b"2026-02-28T10:00:00+03:30", b"2026-02-28", b"Sat, 28 Feb 2026 10:00:00 GMT", b"20260228T100000Z", b"2026-W09-6"), ("9999-12-31T23:59:59-23:59", "0001-01-01T00:00+14:00", "Z", " GMT", "٢"), (ContractError,), share=50, max_bytes=128),
    Target("durations", _duration, lambda: (b"7d", b"2h10m", b"1w1d1h1m1s"), ("99999w", "٣d", "s"), (RuleError,), share=30, max_bytes=64),
    Target("dates in texts", _dates, lambda: (b"They met on 24 November 2021, and will meet next Monday or in the 1990s, two years ago, on the 5th.", b"12/31/2020 or 2021-02-30, in May '05 last week"), ("yesterday ", "next ", "ago", " 31 ", "February ", "the year 2099 ", "in ", *_MARKS), share=40, max_bytes=2048),
    Target("settings", _settings, lambda: (b"broker=a:9092,b:9092\npartitions=12\nhealth_port=0\nnotifier_ports=any", b"broker_security=SSL\ntopic_prefix=test.\npublic_address=https://x.example"), ("\nlateness_s=", "\nidle_s=", "nan", "inf", "1e400", "\nworker_id="), (ValidationError,), share=20, max_bytes=1024),
    Target("texts", _reading, lambda: (*(s for s in _samples(".txt")), b'[words indistinct] \xd8\xa7\xdb\x8c\xd8\xb1\xd8\xa7\xd9\x86: "We signed!"'), ("Iran ", "memorandum ", "signed ", '"', "“", "”", "[", "]", "(", ")", "Mr. ", ">> ", "\n\n", ": ", *_MARKS), share=9, max_bytes=2048),
    Target("archives", _archive, lambda: (gzip.compress(_archive_lines(), mtime=0), gzip.compress(_archive_lines()[:60], mtime=0)), (), (ArchiveError,), share=20),
    Target("archive lines", _archive_text, lambda: (_archive_lines(),), (*_JSON_WORDS, ',"value":', '{"records":', '"event_time":"', '"value_base64":"', "\n"), (ArchiveError,), shape=Shape.LINES, share=20),
)  # fmt: skip
"""In the order of a record's life."""
