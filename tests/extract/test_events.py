"""Events: the lexicon's own examples, then who, whether, where and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from schemas.event import ArgumentRole, Event, PloverType, Realis
from schemas.transcript import LanguageTag, TaggedTranscript
from streams.extract.models import load_models
from streams.extract.read import read_transcript
from tests.factories import make_transcript

if TYPE_CHECKING:
    from streams.extract.triggers import Meaning

MEANINGS = load_models().events.meanings
DAY = datetime(2021, 11, 24, 9, tzinfo=UTC)


def events_of(text: str, language: str = "en", **fields: object) -> tuple[Event, ...]:
    transcript = make_transcript(text, **{"published_time": DAY, **fields})
    tagged = TaggedTranscript(transcript=transcript, language=LanguageTag(language=language, confidence=1.0))
    return read_transcript(tagged, load_models()).events


def event_of(text: str, kind: PloverType) -> Event:
    return next(event for event in events_of(text) if event.type is kind)


def name_of(meaning: Meaning) -> str:
    return f"{meaning.type}-{meaning.mode}-{meaning.cameo}"


@pytest.mark.parametrize("meaning", MEANINGS, ids=name_of)
def test_the_example_of_each_lexicon_entry_gives_its_event(meaning: Meaning) -> None:
    events = events_of(meaning.example)
    found = [e for e in events if (e.type, e.mode, e.cameo) == (meaning.type, meaning.mode, meaning.cameo)]
    assert [e.realis for e in found] == [meaning.realis or Realis.ASSERTED]


@pytest.mark.parametrize("meaning", MEANINGS, ids=name_of)
def test_the_counter_example_of_each_lexicon_entry_does_not(meaning: Meaning) -> None:
    assert meaning.counter is not None
    assert [e for e in events_of(meaning.counter) if (e.type, e.mode) == (meaning.type, meaning.mode)] == []


def test_every_type_has_a_trigger() -> None:
    assert {meaning.type for meaning in MEANINGS} == set(PloverType)


@pytest.mark.parametrize(
    ("text", "kind", "actors", "recipients"),
    [
        ("Rwanda accused Burundi of shelling.", PloverType.ACCUSE, ("RWA",), ("BDI",)),
        ("Burundi was accused by Rwanda of shelling.", PloverType.ACCUSE, ("RWA",), ("BDI",)),
        ("Peru and Chile held talks.", PloverType.CONSULT, ("PER",), ("CHL",)),
        ("Negotiations between Peru and Chile went on.", PloverType.CONSULT, ("PER",), ("CHL",)),
        ("Peru, which borders Chile, condemned Brazil.", PloverType.ACCUSE, ("PER",), ("BRA",)),
        ("Peru attacked Chile and condemned Brazil.", PloverType.ACCUSE, ("PER",), ("BRA",)),
        ("Egypt's visit to Sudan ended.", PloverType.CONSULT, ("EGY",), ("SDN",)),
        ("At the invitation of Egypt, Sudan sent a team.", PloverType.REQUEST, ("EGY",), ("SDN",)),
    ],
)
def test_who_acts_and_on_whom_is_told_by_the_clause(
    text: str, kind: PloverType, actors: tuple[str, ...], recipients: tuple[str, ...]
) -> None:
    event = event_of(text, kind)
    assert event.codes(ArgumentRole.ACTOR) == actors
    assert event.codes(ArgumentRole.RECIPIENT) == recipients
