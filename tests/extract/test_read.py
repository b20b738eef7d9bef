from __future__ import annotations

from schemas.transcript import TaggedTranscript
from streams.extract.language import tag_language
from streams.extract.models import load_models
from streams.extract.read import read_transcript
from tests.factories import make_transcript


def test_each_part_of_a_reading_is_told_once_and_changes_nothing() -> None:
    models = load_models()
    transcript = make_transcript()
    tagged = TaggedTranscript(transcript=transcript, language=tag_language(transcript, models))
    parts: list[str] = []
    assert read_transcript(tagged, models, parts.append) == read_transcript(tagged, models)
    assert parts == ["segments", "mentions", "entities", "agreements", "events"]
