"""One transcript read from end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.enriched import EnrichedTranscript
from schemas.event import EventContext
from schemas.ids import content_hash
from streams.extract.entities import find_mentions, resolve_entities
from streams.extract.events import extract_events
from streams.extract.reading import Reading
from streams.extract.segments import split_segments, split_sentences
from streams.extract.sketch import sketch_text
from streams.extract.version import READER_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.transcript import TaggedTranscript
    from streams.extract.models import Models


def read_transcript(
    tagged: TaggedTranscript, models: Models, done: Callable[[str], None] = lambda _: None
) -> EnrichedTranscript:
    """Read a transcript: parts, mentions, entities, events with their agreement reports. The same text, the same reading.

    `done` is told of each part when it is through, for who wants to know how long it took.
    """
    transcript = tagged.transcript
    segments = split_segments(transcript, tagged.language)
    sentences = split_sentences(transcript.text, segments, tagged.language)
    reading = Reading(transcript, tagged.language, segments, sentences)
    done("segments")
    context = EventContext(
        transcript_id=transcript.id,
        title=transcript.title,
        source=transcript.source,
        language=tagged.language.language,
        event_time=transcript.event_time,
        content_hash=content_hash(transcript.text),
        sketch=sketch_text(transcript.text),
    )
    mentions = find_mentions(reading, models)
    done("mentions")
    resolved = resolve_entities(reading, mentions, models)
    done("entities")
    events = extract_events(reading, resolved, context, models, lambda: done("agreements"))
    done("events")
    return EnrichedTranscript(
        transcript=transcript,
        language=tagged.language,
        reader_version=READER_VERSION,
        segments=segments,
        mentions=resolved.mentions,
        entities=resolved.entities,
        events=events,
        context=context,
    )
