from __future__ import annotations

from schemas.enriched import EnrichedTranscript
from schemas.event import Argument, ArgumentRole, EventContext, Evidence
from schemas.ids import content_hash
from schemas.transcript import LanguageTag, Segment, SegmentKind
from streams.rules.facts import read_facts
from streams.rules.match import RuleIndex
from tests.factories import NOON, make_source, make_transcript
from tests.rules.making import make_act, make_rule


def argument(role: ArgumentRole, code: str | None, entity_id: str | None = None) -> Argument:
    return Argument(role=role, name="x", code=code, entity_id=entity_id, text="x", start=0, end=1)


def two_stories() -> EnrichedTranscript:
    text = "Iran talked with China.\n\nBorder guards went on strike."
    cut = text.index("Border")
    segments = (
        Segment(kind=SegmentKind.NARRATION, start=0, end=cut - 2, story=0),
        Segment(kind=SegmentKind.NARRATION, start=cut, end=len(text), story=1),
    )
    talks = make_act(evidence=Evidence(text="talked", start=5, end=11))
    return EnrichedTranscript(
        transcript=make_transcript(text),
        language=LanguageTag(language="en", confidence=1.0),
        reader_version="test",
        segments=segments,
        events=(talks,),
        context=EventContext(
            transcript_id="t-1",
            source=make_source(),
            language="en",
            event_time=NOON,
            content_hash=content_hash(text),
        ),
    )


def test_organisations_and_unknown_ones_are_no_countries() -> None:
    event = make_act(
        arguments=(
            argument(ArgumentRole.ACTOR, "IRN:COP"),
            argument(ArgumentRole.RECIPIENT, "WHO:IGO", "org:WHO"),
            argument(ArgumentRole.RECIPIENT, "UNK"),
            argument(ArgumentRole.RECIPIENT, "COP"),
            argument(ArgumentRole.PLACE, "CHN"),
        )
    )
    (facts,) = read_facts(event)
    assert facts.subject.countries == ("CHN", "IRN")
    assert [c.value for c in facts.fields["event.parties"]] == ["IRN", "WHO"]
    assert [c.value for c in facts.fields["event.actor.sector"]] == ["COP"]


def test_stories_of_one_transcript_do_not_mix() -> None:
    index = RuleIndex()
    index.add(make_rule({"it": {"text": "iran & strike"}, "condition": "it"}, "transcripts.enriched"))
    assert not index.match(two_stories()).matches
    index.add(make_rule({"it": {"text": "guards & strike"}, "condition": "it"}, "transcripts.enriched"))
    (match,) = index.match(two_stories()).matches
    assert match.subject.record_id == "t-1#1"
    words = [c.evidence for c in match.clauses if c.evidence]
    text = two_stories().transcript.text
    assert [w.text for w in words] == ["guards", "strike"]
    assert all(text[w.start : w.end] == w.text for w in words)
    proof = match.subject.evidence
    assert proof, "a subscriber sees the sentences"
    assert all(any(s.start <= w.start and w.end <= s.end for s in proof) for w in words)


def test_an_event_belongs_to_the_story_in_which_its_words_lie() -> None:
    index = RuleIndex()
    index.add(make_rule({"it": {"event.type": "CONSULT"}, "condition": "it"}, "transcripts.enriched"))
    assert [m.subject.record_id for m in index.match(two_stories()).matches] == ["t-1#0"]


def test_the_lines_of_a_selection_fit_one_and_the_same_event() -> None:
    record = two_stories()
    accusation = make_act("ACCUSE", "RUS", evidence=Evidence(text="talked", start=5, end=11))
    record = record.model_copy(update={"events": (*record.events, accusation), "segments": ()})
    index = RuleIndex()
    index.add(
        make_rule(
            {"it": {"event.type": "CONSULT", "event.actor": "RUS"}, "condition": "it"}, "transcripts.enriched"
        )
    )
    assert not index.match(record).matches
    both = {"a": {"event.type": "CONSULT"}, "b": {"event.actor": "RUS"}, "condition": "a and b"}
    index.add(make_rule(both, "transcripts.enriched"))
    assert index.match(record).matches
