from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from schemas import topics
from schemas.agreement import Agreement, Transition, TransitionKind
from schemas.alert import AlertChange, AlertChangeKind
from schemas.event import Stage
from streams.extract.models import load_models
from streams.replay.run import MemoryRun, index_of, run_outputs, run_transcripts
from streams.rules.load import load_pack
from tests.factories import NOON, make_event, make_report, make_source, make_transcript
from tests.golden import FOLDER, WRITERS, render, sample_transcripts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.topics import Output
    from schemas.transcript import Transcript

SECURITY_MOU: Final = "security-mou"
_DRAFT: Final = (
    "The border guards of Iran and Armenia agreed to draft a memorandum of understanding on border security."
)
_SIGNED: Final = (
    "Iran and Armenia signed a memorandum of understanding on border security in Yerevan on Monday."
)


def told(text: str, hours: float, station: str = "Radio One") -> Transcript:
    at = NOON + timedelta(hours=hours)
    return make_transcript(
        text, id=f"{station} {hours}", source=make_source(broadcaster=station), broadcast_time=at
    )


def security_changes(transcripts: Iterable[Transcript]) -> list[AlertChange]:
    changes = run_transcripts(transcripts, load_models(), load_pack())
    return [change for change in changes if change.alert.topic == SECURITY_MOU]


def memory_run() -> MemoryRun:
    return MemoryRun(load_models(), index_of(load_pack()))


def transitions(outputs: Iterable[Output]) -> list[Transition]:
    return [o.record for o in outputs if isinstance(o.record, Transition)]


@pytest.fixture(scope="module")
def sample_changes() -> list[AlertChange]:
    return list(run_transcripts(sample_transcripts(), load_models(), load_pack()))


def test_the_samples_lead_to_what_is_written_down() -> None:
    for name, give in WRITERS.items():
        expected = (FOLDER / name).read_text(encoding="utf-8")
        assert json.loads(render(give())) == json.loads(expected), (
            f"{name}: read the difference, then `make golden`"
        )


def test_the_samples_tell_of_a_memorandum_from_draft_to_signature(sample_changes: list[AlertChange]) -> None:
    story = [
        c for c in sample_changes if c.alert.topic == SECURITY_MOU and c.alert.countries == ("ARM", "IRN")
    ]
    raised = [c.alert.stage for c in story if c.kind is AlertChangeKind.RAISE]
    assert raised == [Stage.DRAFTING, Stage.TO_BE_SIGNED, Stage.SIGNED]
    assert story[-1].kind is AlertChangeKind.CORROBORATE
    assert story[-1].alert.origins == 2
    assert len({c.alert.agreement_id for c in story}) == 1


def test_a_trade_deal_and_plain_news_raise_no_security_alert(sample_changes: list[AlertChange]) -> None:
    countries = {code for c in sample_changes if c.alert.topic == SECURITY_MOU for code in c.alert.countries}
    assert not countries & {"KEN", "TUR", "HUN", "BRA", "PRT", "KAZ", "UZB", "DJI", "ETH"}


def test_all_samples_together_tell_of_no_agreement_a_second_time() -> None:
    run = memory_run()
    first = [o for t in sample_transcripts() for o in run.take(t)]
    books = run.books
    again = [o for t in sample_transcripts() for o in run.take(t)]
    assert any(o.topic == topics.alert_topic(SECURITY_MOU) for o in first)
    assert [o.record for o in again if o.topic == topics.alert_topic(SECURITY_MOU)] == []
    assert transitions(again) == []
    assert run.books == books


def test_a_transcript_sent_twice_raises_one_alert() -> None:
    once = told(_DRAFT, 0)
    later = once.model_copy(update={"ingest_time": NOON + timedelta(days=1)})
    changes = security_changes([once, later])
    assert [c.kind for c in changes] == [AlertChangeKind.RAISE]


def test_each_step_is_told_with_its_words() -> None:
    changes = security_changes([told(_DRAFT, 0), told(_SIGNED, 48)])
    assert [(c.kind, c.alert.stage) for c in changes] == [
        (AlertChangeKind.RAISE, Stage.DRAFTING),
        (AlertChangeKind.RAISE, Stage.SIGNED),
    ]
    for change, text in zip(changes, (_DRAFT, _SIGNED), strict=True):
        words = change.alert.subjects[0].evidence[0]
        assert text[words.start : words.end] == words.text


def test_the_same_transcripts_give_the_same_records() -> None:
    transcripts = [told(_DRAFT, 0), told(_SIGNED, 48)]
    one, other = (list(run_outputs(transcripts, load_models(), load_pack())) for _ in range(2))
    assert one == other
    assert {o.topic.name for o in one} >= {
        "transcripts.tagged.v1", "transcripts.enriched.v1", "events.extracted.v1", "agreements.changed.v1",
        "agreements.current.v1", "rules.matched.v1", "alerts.v1", "alerts.security-mou.v1",
    }  # fmt: skip


def test_what_is_published_stands_under_the_keys_of_the_contract() -> None:
    for output in run_outputs([told(_DRAFT, 0)], load_models(), load_pack()):
        record = output.record
        if isinstance(record, Agreement):
            assert output.key == record.id
        elif isinstance(record, Transition):
            assert output.key == record.agreement.key == "ARM|IRN"
        elif isinstance(record, AlertChange):
            assert output.key == record.alert.id


def test_an_event_can_be_given_without_a_transcript() -> None:
    run = memory_run()
    first = transitions(run.take_event(make_event(report=make_report(stage=Stage.DRAFTING))))
    second = transitions(run.take_event(make_event("They signed it.", at=NOON + timedelta(days=2))))
    assert [t.kind for t in (*first, *second)] == [TransitionKind.FIRST, TransitionKind.STEP]
    assert [book.key for book in run.books] == ["CHN|IRN"]


def test_a_transition_can_be_given_without_the_ledger() -> None:
    made = transitions(memory_run().take_event(make_event()))[0]
    run = memory_run()
    changes = [o.record for o in run.take_transition(made) if o.topic == topics.ALERTS]
    assert len(changes) == 1
    assert run.books == ()


def test_event_time_follows_the_records_and_never_goes_back() -> None:
    run = memory_run()
    assert run.watermark is None
    list(run.pass_time(NOON))
    assert run.watermark == NOON
    list(run.pass_time(NOON - timedelta(days=1)))
    assert run.watermark == NOON


def test_what_was_announced_and_did_not_come_is_told_when_time_has_passed() -> None:
    announced = told(
        "Iran and Armenia will sign a memorandum of understanding on border security next week.", 0
    )
    run = memory_run()
    list(run.take(announced))
    early = [o.record for o in run.pass_time(NOON + timedelta(days=100))]
    late = [o.record for o in run.pass_time(NOON + timedelta(days=200)) if o.topic == topics.ALERTS]
    assert early == []
    assert [c.alert.rule_title for c in late if isinstance(c, AlertChange)] == [
        "Security agreement announced, then silence"
    ]
