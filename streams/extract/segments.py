"""The parts of a transcript, and their sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from schemas.transcript import Segment, SegmentKind
from streams.extract.reading import Sentence, tokenize

if TYPE_CHECKING:
    from schemas.transcript import LanguageTag, Transcript

_PARAGRAPH: Final = re.compile(r"[^\n\r]+")
_END: Final = re.compile(r"(?<=[.!?。！？।؟۔])[\"'”’)\]]?\s+")


def split_segments(transcript: Transcript, language: LanguageTag) -> tuple[Segment, ...]:  # noqa: ARG001 - the parts of some languages differ
    """Cut a transcript into its parts. They are in order, do not overlap and carry no space at their ends."""
    segments = []
    for match in _PARAGRAPH.finditer(transcript.text):
        words = match.group()
        start = match.start() + len(words) - len(words.lstrip())
        end = match.start() + len(words.rstrip())
        if start < end:
            segments.append(Segment(kind=SegmentKind.NARRATION, start=start, end=end))
    return tuple(segments)


def split_sentences(text: str, segments: tuple[Segment, ...], language: LanguageTag) -> tuple[Sentence, ...]:  # noqa: ARG001 - as above
    """Cut segments into sentences. They are in order, and none crosses the bounds of its segment."""
    sentences = []
    for index, segment in enumerate(segments):
        start = segment.start
        for match in _END.finditer(text, segment.start, segment.end):
            sentences.append(Sentence(start, match.start(), index, tokenize(text, start, match.start())))
            start = match.end()
        if start < segment.end:
            sentences.append(Sentence(start, segment.end, index, tokenize(text, start, segment.end)))
    return tuple(sentences)
