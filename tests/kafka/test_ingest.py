"""`dragoman ingest` and `dragoman agreements` on a real Kafka."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import orjson
import pytest

from schemas import topics
from schemas.agreement import Transition
from schemas.event import Stage
from schemas.topics import Output
from schemas.transcript import Transcript
from streams.cli.ingest import send_files
from streams.kafka.records import encode_record
from streams.ledger import post_event
from tests.factories import make_event, make_report

if TYPE_CHECKING:
    from pathlib import Path

    from aiokafka import AIOKafkaProducer

    from streams.ledger import Book
    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll

pytestmark = pytest.mark.kafka


async def dragoman(settings: Settings, *arguments: str, data: bytes = b"") -> tuple[int, str, str]:
    """Run the command as its users do."""
    environment = {
        **os.environ,
        "DRAGOMAN_BROKER": settings.broker,
        "DRAGOMAN_TOPIC_PREFIX": settings.topic_prefix,
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.cli", *arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
    )
    out, err = await process.communicate(data)
    return process.returncode or 0, out.decode(), err.decode()


async def test_what_is_ingested_twice_has_the_same_ids(
    settings: Settings, created_topics: tuple[str, ...], tmp_path: Path, read_all: ReadAll
) -> None:
    (tmp_path / "one.txt").write_text("Source: Radio One\n\nThe ministers met.", encoding="utf-8")
    (tmp_path / "two.json").write_bytes(b'{"source": "Agency", "text": "They left."}')
    for _ in range(2):
        code, out, err = await dragoman(settings, "ingest", str(tmp_path))
        assert (code, out.strip(), err) == (0, "2 transcripts sent", "")
    records = await read_all(topics.TRANSCRIPTS_RAW)
    transcripts = [Transcript.decode(record.value) for record in records]
    assert len(transcripts) == 4
    assert sorted({t.source.broadcaster for t in transcripts}) == ["Agency", "Radio One"]
    assert len({t.id for t in transcripts}) == 2
    assert {record.key.decode() for record in records} == {t.id for t in transcripts}


async def test_what_is_refused_does_not_hold_up_the_rest(
    settings: Settings, created_topics: tuple[str, ...], read_all: ReadAll
) -> None:
    lines = b"".join(orjson.dumps({"source": "Agency", "text": f"Report {n}."}) + b"\n" for n in range(450))
    code, out, err = await dragoman(
        settings, "ingest", "-", data=lines + b"no json\n" + lines.replace(b"Agency", b"Paper")
    )
    assert code == 1
    assert out.strip() == "900 transcripts sent, 1 refused"
    assert "line 451: not JSON" in err
    assert len(await read_all(topics.TRANSCRIPTS_RAW)) == 900


async def test_without_the_topic_a_sentence_says_how_to_make_it(settings: Settings) -> None:
    code, out, err = await dragoman(settings, "ingest", "-", data=b"Text.")
    assert (code, out) == (1, "")
    assert err.strip().endswith("`dragoman topics create` makes it")


async def test_files_are_sent_from_within_too(settings: Settings, created_topics: tuple[str, ...]) -> None:
    assert (
        await send_files(settings, [("a.txt", b"One."), ("b.json", b'{"source": "Agency", "text": "Two."}')])
        == 2
    )


async def test_the_ledger_is_listed_shown_and_told(
    settings: Settings, created_topics: tuple[str, ...], producer: AIOKafkaProducer
) -> None:
    assert "No agreement has been reported yet." in (await dragoman(settings, "agreements", "list"))[2]

    book: Book | None = None
    for text, stage in (("They will draft it.", Stage.DRAFTING), ("They signed it.", Stage.SIGNED)):
        posting = post_event(book, make_event(text, report=make_report(stage=stage)))
        book, agreement, transition = posting.book, posting.agreement, posting.transition
        assert agreement is not None
        assert transition is not None
        for output in (
            Output(topics.AGREEMENTS_CURRENT, agreement.id, agreement, agreement.since),
            Output(topics.AGREEMENTS_CHANGED, agreement.key, transition, agreement.since),
            # after a restart a transition may lie there twice
            Output(topics.AGREEMENTS_CHANGED, agreement.key, transition, agreement.since),
        ):
            record = encode_record(output, settings)
            await producer.send_and_wait(record.topic, record.value, record.key, headers=record.headers)
    assert agreement is not None

    code, out, _ = await dragoman(settings, "agreements", "list", "--party", "irn", "--json")
    assert code == 0
    assert [orjson.loads(line)["stage"] for line in out.splitlines()] == ["signed"]
    assert "CHN IRN" in (await dragoman(settings, "agreements", "list"))[1]
    assert (
        "No agreement is like that." in (await dragoman(settings, "agreements", "list", "--party", "FRA"))[2]
    )

    shown = (await dragoman(settings, "agreements", "show", agreement.id[:6]))[1]
    assert "“They will draft it.”" in shown
    assert "“They signed it.”" in shown

    told = (await dragoman(settings, "agreements", "history", agreement.id, "--json"))[1].splitlines()
    assert [Transition.decode(line.encode()).stage for line in told] == [Stage.DRAFTING, Stage.SIGNED]
    assert "drafting → signed" in (await dragoman(settings, "agreements", "history", agreement.id))[1]

    code, _, err = await dragoman(settings, "agreements", "show", "zzz")
    assert (code, "no agreement has an id that begins with zzz" in err) == (1, True)
