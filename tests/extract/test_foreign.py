"""Agreements in other languages: what nearness in a sentence can tell, and what it must not claim."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.event import EventContext, Polarity, Scope, Stage
from schemas.transcript import LanguageTag
from streams.extract.entities import find_mentions, resolve_entities
from streams.extract.foreign import find_foreign_agreements, normalise
from streams.extract.models import load_models
from streams.extract.reading import Reading
from streams.extract.segments import split_segments, split_sentences
from tests.factories import make_transcript

if TYPE_CHECKING:
    from streams.extract.foreign import ForeignReport

DAY = datetime(2021, 11, 24, 9, tzinfo=UTC)


def reports_in(text: str, tag: str) -> tuple[ForeignReport, ...]:
    models = load_models()
    transcript = make_transcript(text, published_time=DAY)
    language = LanguageTag(language=tag, confidence=1.0)
    segments = split_segments(transcript, language)
    reading = Reading(transcript, language, segments, split_sentences(text, segments, language))
    context = EventContext(
        transcript_id=transcript.id,
        source=transcript.source,
        language=tag,
        event_time=transcript.event_time,
        content_hash="",
    )
    resolved = resolve_entities(reading, find_mentions(reading, models), models)
    return find_foreign_agreements(reading, resolved, context, models.foreign_agreements[tag])


def report_in(text: str, tag: str) -> ForeignReport:
    found = reports_in(text, tag)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("text", "tag", "stage"),
    [
        ("La Norvège et l'Islande négocient un traité d'extradition.", "fr", Stage.NEGOTIATING),
        ("La Norvège s'est retirée du traité.", "fr", Stage.WITHDRAWN),
        ("L'accord entre la Norvège et l'Islande sera signé lundi.", "fr", Stage.TO_BE_SIGNED),
        ("Норвегия и Исландия продлили договор о границе.", "ru", Stage.EXTENDED),
        ("Парламент Норвегии ратифицировал соглашение с Исландией.", "ru", Stage.RATIFIED),
        ("Norwegen und Island verhandeln über ein Abkommen.", "de", Stage.NEGOTIATING),
        ("Noruega e Islandia negocian un acuerdo de extradición.", "es", Stage.NEGOTIATING),
        ("Norveç ve İzlanda anlaşmayı onayladı.", "tr", Stage.RATIFIED),
        ("پارلمان نروژ پیمان با ایسلند را تصویب کرد.", "fa", Stage.RATIFIED),
        ("挪威和冰岛正在就引渡条约进行谈判。", "zh", Stage.NEGOTIATING),
    ],
)
def test_the_nearest_cue_gives_the_stage(text: str, tag: str, stage: Stage) -> None:
    assert report_in(text, tag).report.stage is stage


@pytest.mark.parametrize(
    ("text", "tag", "polarity"),
    [
        ("La Norvège n'a jamais signé le traité.", "fr", Polarity.NEGATED),
        ("Норвегия не подписала договор.", "ru", Polarity.NEGATED),
        ("Norwegen und Island unterzeichneten das Abkommen 1994.", "de", Polarity.HISTORICAL),
        ("Si la Norvège signe le traité, tout ira mieux.", "fr", Polarity.HYPOTHETICAL),
    ],
)
def test_a_denial_an_old_year_and_an_if_are_no_news(text: str, tag: str, polarity: Polarity) -> None:
    report = report_in(text, tag).report
    assert (report.polarity, report.is_news) == (polarity, False)


@pytest.mark.parametrize(
    ("text", "tag", "scope"),
    [
        ("La société Acme a signé un contrat.", "fr", Scope.COMPANY),
        ("La guerrilla y el Gobierno de Colombia firmaron un acuerdo de paz.", "es", Scope.INTRA),
        ("Norwegen und Island unterzeichneten ein Abkommen.", "de", Scope.INTER),
    ],
)
def test_parties_and_words_decide_the_scope(text: str, tag: str, scope: Scope) -> None:
    assert report_in(text, tag).report.scope is scope


@pytest.mark.parametrize(
    ("text", "tag"),
    [("Il fait beau à Oslo.", "fr"), ("Погода в Осло хорошая.", "ru"), ("今天天气很好。", "zh")],
)
def test_no_instrument_no_report(text: str, tag: str) -> None:
    assert reports_in(text, tag) == ()


def test_letters_that_vary_are_written_in_one_way() -> None:
    assert normalise("تفاهم‌نامه", "fa") == normalise("تفاهمنامه", "fa")
    assert normalise("اتفاقيّة", "ar") == normalise("اتفاقيه", "ar")
    assert normalise("İMZALADI", "tr") == "imzaladı"


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(load_models().foreign_agreements)), st.text(max_size=120))
def test_any_text_is_read_and_evidence_stays_verbatim(tag: str, text: str) -> None:
    whole = f"{text} -"
    for found in reports_in(whole, tag):
        assert whole[found.evidence.start : found.evidence.end] == found.evidence.text
