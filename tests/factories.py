"""Records for tests: each function fills in what a test is not about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from schemas.transcript import Source, Transcript

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_source(**fields: object) -> Source:
    return Source.model_validate({"broadcaster": "Radio Test", **fields})


def make_transcript(
    text: str = "Iran and China signed a memorandum on border security.", **fields: object
) -> Transcript:
    return Transcript.model_validate(
        {"id": "t-1", "source": make_source(), "text": text, "ingest_time": NOON, **fields}
    )
