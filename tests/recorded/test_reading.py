from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schemas import topics
from schemas.topics import TOPICS, alert_topic
from streams.kafka.groups import ALERTING, LEDGER, changelog_name
from streams.kafka.records import decode_headers
from streams.settings import Settings
from streams.worker.tables import KeptBook, KeptState
from tests.recorded import POISON, RECORDINGS, load_recording

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.contract import Contract

WRITTEN = (
    topics.TRANSCRIPTS_RAW,
    topics.TRANSCRIPTS_TAGGED,
    topics.TRANSCRIPTS_ENRICHED,
    topics.EVENTS_EXTRACTED,
    topics.AGREEMENTS_CHANGED,
    topics.AGREEMENTS_CURRENT,
    topics.RULES,
    topics.RULES_MATCHED,
    topics.ALERTS,
)
TABLES: dict[str, type[Contract]] = {
    changelog_name(LEDGER, Settings()): KeptBook,
    changelog_name(ALERTING, Settings()): KeptState,
}
MODELS = {**{topic.name: topic.model for topic in (*TOPICS, alert_topic("security-mou"))}, **TABLES}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_whatever_an_earlier_release_wrote_is_read(path: Path) -> None:
    records = [
        record
        for record in load_recording(path)
        if not record.topic.endswith(".dlq.v1") and record.value != POISON
    ]
    for record in records:
        read = MODELS[record.topic].decode(record.value or b"")
        assert type(read).decode(read.encode()) == read
        event = decode_headers(record.headers)
        assert event is None or event.type == f"dragoman.{record.topic}"
    assert {record.topic for record in records} >= {topic.name for topic in WRITTEN} | set(TABLES)
