"""Sentences: where one thought ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from streams.extract.reading import Sentence, tokenize

if TYPE_CHECKING:
    from schemas.transcript import LanguageTag, Segment

_END: Final = re.compile(r"(?<=[.!?。！？।؟۔])[\"'”’)\]]?\s+")


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
