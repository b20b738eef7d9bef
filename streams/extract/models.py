"""Everything that reading needs beside the text: loaded once, the same in every process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from streams.extract.foreign import ForeignLexicon, load_foreign_lexicons
from streams.extract.instruments import AgreementLexicon, load_agreement_lexicon
from streams.extract.language import LanguageModel, load_language_model
from streams.extract.names import Names, load_names
from streams.extract.tagger import Tagger, load_other_taggers, load_tagger
from streams.extract.triggers import EventLexicon, load_event_lexicon

LEXICON: Final = Path(__file__).parent / "lexicon"
"""The folder of word lists that ships with the package."""
TRAINED: Final = Path(__file__).parent / "model"
"""The folder of trained models that ships with the package; docs/model-card.md says what they were trained on."""


@dataclass(frozen=True, slots=True)
class Models:
    """What the parts of reading load, one field for each part; a part's module defines its type and its loader.

    A loader takes the folder of its data and returns a frozen value; `load_models` is the only caller.
    """

    agreements: AgreementLexicon
    events: EventLexicon
    foreign_agreements: dict[str, ForeignLexicon]
    language: LanguageModel
    names: Names
    tagger: Tagger
    other_taggers: dict[str, Tagger]


@cache
def load_models() -> Models:
    """Load every model and lexicon: the one door from reading to disk. Later calls give the same value at once."""
    return Models(
        agreements=load_agreement_lexicon(LEXICON),
        events=load_event_lexicon(LEXICON),
        foreign_agreements=load_foreign_lexicons(LEXICON),
        language=load_language_model(),
        names=load_names(LEXICON),
        tagger=load_tagger(TRAINED),
        other_taggers=load_other_taggers(TRAINED),
    )
