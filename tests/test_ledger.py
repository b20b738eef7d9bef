from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise, permutations, product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.agreement import TransitionKind
from schemas.contract import Contract
from schemas.event import EXITS, Event, InstrumentType, Polarity, Scope, Stage
from schemas.topics import MAX_RECORD_BYTES
from streams.extract.sketch import sketch_text
from streams.ledger import Book, Posting, post_event
from streams.ledger.book import MAX_AGREEMENTS, MAX_REPORTS
from streams.ledger.stages import EXIT_FROM, LIFE, RANK, step_kind
from tests.factories import NOON, make_event, make_report

if TYPE_CHECKING:
    from schemas.agreement import Agreement, Transition


def day(number: float) -> datetime:
    return NOON + timedelta(days=number)


def told(stage: Stage, number: float = 0, station: str = "Radio Test", /, **report: object) -> Event:
    """A report that `stage` was reached, in words of its own."""
    text = f"{station} says on day {number} that the memorandum is {stage}."
    return make_event(text, at=day(number), broadcaster=station, report=make_report(stage=stage, **report))


def post_all(*events: Event, book: Book | None = None) -> tuple[Posting, ...]:
    postings = []
    for event in events:
        posting = post_event(book, event)
        book = posting.book
        postings.append(posting)
    return tuple(postings)


def kinds(*postings: Posting) -> list[TransitionKind | None]:
    return [p.transition.kind if p.transition else None for p in postings]


def agreements(postings: tuple[Posting, ...]) -> tuple[Agreement, ...]:
    book = postings[-1].book
    assert book is not None
    return book.agreements


# --- steps ---------------------------------------------------------------------------------------------------


def test_the_first_report_opens_an_agreement_with_its_words() -> None:
    event = told(Stage.DRAFTING)
    posting = post_event(None, event)
    assert posting.agreement is not None
    assert posting.transition is not None
    assert posting.agreement.key == "CHN|IRN"
    assert (posting.transition.kind, posting.transition.before) == (TransitionKind.FIRST, None)
    assert posting.transition.evidence == event.evidence
    assert posting.transition.agreement == posting.agreement


def test_a_later_stage_moves_the_agreement_once() -> None:
    postings = post_all(told(Stage.DRAFTING), told(Stage.SIGNED, 2), told(Stage.SIGNED, 2.1))
    assert kinds(*postings) == [TransitionKind.FIRST, TransitionKind.STEP, None]
    step = postings[1].transition
    assert step is not None
    assert (step.before, step.stage) == (Stage.DRAFTING, Stage.SIGNED)
    assert len(agreements(postings)) == 1


def test_a_rebroadcast_draft_does_not_undo_a_signature() -> None:
    draft = told(Stage.DRAFTING)
    copy = make_event(
        draft.evidence.text, at=day(3), broadcaster="Radio Two", report=make_report(stage=Stage.DRAFTING)
    )
    postings = post_all(draft, told(Stage.SIGNED, 2), copy)
    assert kinds(*postings)[2] is None
    assert agreements(postings)[0].stage is Stage.SIGNED
    assert len(agreements(postings)[0].reports) == 3


def test_a_report_that_comes_late_changes_nothing_but_the_reports() -> None:
    postings = post_all(told(Stage.SIGNED, 5), told(Stage.DRAFTING, 1))
    assert kinds(*postings) == [TransitionKind.FIRST, None]
    agreement = agreements(postings)[0]
    assert (agreement.stage, agreement.since, agreement.first_time) == (Stage.SIGNED, day(5), day(1))
    assert [r.stage for r in agreement.reports] == [Stage.DRAFTING, Stage.SIGNED]


def test_a_late_report_of_a_later_stage_still_moves_it() -> None:
    postings = post_all(told(Stage.DRAFTING, 5), told(Stage.SIGNED, 3))
    assert kinds(*postings) == [TransitionKind.FIRST, TransitionKind.STEP]


@pytest.mark.parametrize(
    "report",
    [
        {"stage": Stage.SIGNED, "polarity": Polarity.HISTORICAL, "is_news": False},
        {"stage": Stage.SIGNED, "is_news": False},
        {"stage": Stage.IN_FORCE, "polarity": Polarity.HYPOTHETICAL},
        {"stage": Stage.WITHDRAWN, "polarity": Polarity.HYPOTHETICAL},
        {"stage": Stage.UNKNOWN},
    ],
)
def test_an_anniversary_a_wish_and_a_threat_only_join_the_reports(report: dict[str, object]) -> None:
    later = make_event("Years ago it was signed.", at=day(400), broadcaster="B", report=make_report(**report))
    postings = post_all(told(Stage.SIGNED), later)
    assert kinds(*postings) == [TransitionKind.FIRST, None]
    assert len(agreements(postings)) == 1
    assert agreements(postings)[0].stage is Stage.SIGNED


def test_an_instrument_known_from_background_raises_nothing_but_is_entered() -> None:
    old = told(Stage.IN_FORCE, is_news=False, polarity=Polarity.HISTORICAL)
    postings = post_all(old, told(Stage.SUSPENDED, 3))
    assert kinds(*postings) == [None, TransitionKind.EXIT]
    assert postings[0].agreement is not None
    assert postings[0].agreement.sequence == 0
    step = postings[1].transition
    assert step is not None
    assert (step.before, step.agreement.sequence) == (Stage.IN_FORCE, 1)


def test_what_is_signed_today_is_not_what_was_in_force_before() -> None:
    old = told(Stage.IN_FORCE, is_news=False, polarity=Polarity.HISTORICAL)
    postings = post_all(old, told(Stage.DRAFTING, 1), told(Stage.SIGNED, 9))
    assert kinds(*postings) == [None, TransitionKind.FIRST, TransitionKind.STEP]
    assert [a.stage for a in agreements(postings)] == [Stage.IN_FORCE, Stage.SIGNED]


def test_the_old_agreement_recalled_beside_a_draft_is_another_one() -> None:
    recalled = told(Stage.IN_FORCE, 1, is_news=False, polarity=Polarity.HISTORICAL)
    postings = post_all(told(Stage.DRAFTING), recalled)
    assert len(agreements(postings)) == 2


@pytest.mark.parametrize("polarity", [Polarity.NEGATED, Polarity.HYPOTHETICAL])
def test_a_denial_or_a_wish_of_something_unknown_opens_nothing(polarity: Polarity) -> None:
    posting = post_event(None, told(Stage.SIGNED, polarity=polarity))
    assert posting.book is not None
    assert (posting.book.agreements, posting.agreement, posting.transition) == ((), None, None)


def test_without_known_parties_there_is_no_entry() -> None:
    event = make_event(report=make_report(("ORG",)))
    assert post_event(None, event) == Posting(None, None)


def test_an_event_without_an_instrument_is_no_business_of_the_ledger() -> None:
    event = make_event().model_copy(update={"agreement": None})
    assert post_event(None, event) == Posting(None, None)


# --- exits, denials, corrections -----------------------------------------------------------------------------


def test_talks_that_fail_are_an_exit_although_worded_as_a_negation() -> None:
    refused = told(Stage.REJECTED, 4, polarity=Polarity.NEGATED)
    assert kinds(*post_all(told(Stage.NEGOTIATING), refused)) == [TransitionKind.FIRST, TransitionKind.EXIT]


def test_a_suspended_agreement_comes_back_to_life() -> None:
    postings = post_all(told(Stage.SIGNED), told(Stage.SUSPENDED, 10), told(Stage.IN_FORCE, 40))
    assert kinds(*postings) == [TransitionKind.FIRST, TransitionKind.EXIT, TransitionKind.REVIVAL]
    assert len(agreements(postings)) == 1


def test_the_signature_told_along_with_a_withdrawal_is_no_revival() -> None:
    postings = post_all(told(Stage.SIGNED), told(Stage.WITHDRAWN, 10), told(Stage.SIGNED, 10.2, "Radio Two"))
    assert kinds(*postings)[2] is None
    assert agreements(postings)[0].stage is Stage.WITHDRAWN


@pytest.mark.parametrize(
    ("stage", "number", "revived"),
    [
        (Stage.NEGOTIATING, 11.5, True),
        (Stage.IN_FORCE, 11.5, True),
        (Stage.SIGNED, 20, False),
        (Stage.SIGNED, 70, True),
        (Stage.NEGOTIATING, 10.5, False),
    ],
)
def test_what_is_told_after_an_exit_is_a_revival_unless_it_retells(
    stage: Stage, number: float, *, revived: bool
) -> None:
    postings = post_all(told(Stage.SIGNED), told(Stage.SUSPENDED, 10), told(stage, number, "Radio Two"))
    assert (kinds(*postings)[2] is TransitionKind.REVIVAL) is revived


def test_what_was_rejected_may_be_agreed_the_same_day() -> None:
    postings = post_all(told(Stage.DRAFTING), told(Stage.REJECTED, 10), told(Stage.AGREED, 10.3))
    assert kinds(*postings)[2] is TransitionKind.REVIVAL


def test_a_step_known_from_background_is_still_told_once() -> None:
    known = told(Stage.IN_FORCE, is_news=False)
    postings = post_all(known, told(Stage.IN_FORCE, 1, "Radio Two"), told(Stage.IN_FORCE, 2, "Radio Two"))
    assert kinds(*postings) == [None, TransitionKind.FIRST, None]
    assert len(agreements(postings)) == 1


def test_an_exit_that_comes_late_undoes_nothing() -> None:
    postings = post_all(told(Stage.SIGNED, 10), told(Stage.SUSPENDED, 5))
    assert kinds(*postings)[1] is None


def test_a_denial_marks_the_stage_and_leaves_it() -> None:
    denial = told(Stage.SIGNED, 1, "Radio Two", polarity=Polarity.NEGATED)
    postings = post_all(told(Stage.SIGNED), denial, told(Stage.SIGNED, 0.5, "Radio Three"))
    assert kinds(*postings) == [TransitionKind.FIRST, TransitionKind.DENIAL, None]
    agreement = agreements(postings)[0]
    assert (agreement.stage, agreement.denied) == (Stage.SIGNED, True)


def test_that_a_draft_is_not_yet_signed_is_no_denial() -> None:
    denial = told(Stage.SIGNED, 1, polarity=Polarity.NEGATED)
    assert kinds(*post_all(told(Stage.DRAFTING), denial))[1] is None


@pytest.mark.parametrize("before", [(), (told(Stage.DRAFTING, -3),)])
def test_a_denial_that_overtook_what_it_denies_is_told_after_it(before: tuple[Event, ...]) -> None:
    denial = told(Stage.SIGNED, 0.2, "Radio Two", polarity=Polarity.NEGATED)
    postings = post_all(*before, denial, told(Stage.SIGNED))
    assert kinds(*postings)[-2] is None
    own, denied = postings[-1].transitions
    assert own.stage is denied.stage is Stage.SIGNED
    assert (denied.kind, denied.event_id) == (TransitionKind.DENIAL, denial.id)
    assert (own.agreement.denied, denied.agreement.denied) == (False, True)
    assert denied.agreement.sequence == own.agreement.sequence + 1
    assert agreements(postings) == (denied.agreement,)
    again = post_all(denial, told(Stage.SIGNED), book=postings[-1].book)
    assert [p.transitions for p in again] == [(), ()]


@pytest.mark.parametrize("when", [-0.5, 0, 1.5])
def test_a_denial_from_before_or_long_after_denies_nothing_that_is_told_later(when: float) -> None:
    denial = told(Stage.SIGNED, when, "Radio Two", polarity=Polarity.NEGATED)
    later = told(Stage.DRAFTING, 3, "Radio Three")
    postings = post_all(told(Stage.DRAFTING, -3), denial, later, told(Stage.SIGNED))
    assert kinds(*postings)[-1] is TransitionKind.STEP
    assert not agreements(postings)[0].denied


def test_a_report_after_the_denial_restores_the_stage() -> None:
    denial = told(Stage.SIGNED, 1, "Radio Two", polarity=Polarity.NEGATED)
    postings = post_all(told(Stage.SIGNED), denial, told(Stage.SIGNED, 2, "Radio Three"))
    assert kinds(*postings)[2] is TransitionKind.CORROBORATION
    assert not agreements(postings)[0].denied


def test_draft_rebroadcast_signature_by_two_agencies_denial_correction() -> None:
    draft = told(Stage.DRAFTING)
    copy = make_event(
        draft.evidence.text, at=day(0.4), broadcaster="Radio Two", report=make_report(stage=Stage.DRAFTING)
    )
    postings = post_all(
        draft,
        copy,
        told(Stage.SIGNED, 2, "Agency One"),
        told(Stage.SIGNED, 2.1, "Agency Two"),
        told(Stage.SIGNED, 3, "Ministry", polarity=Polarity.NEGATED),
        told(Stage.TO_BE_SIGNED, 3.5, "Agency One"),
    )
    assert kinds(*postings) == [
        TransitionKind.FIRST,
        None,
        TransitionKind.STEP,
        TransitionKind.CORROBORATION,
        TransitionKind.DENIAL,
        TransitionKind.CORRECTION,
    ]
    agreement = agreements(postings)[0]
    assert (agreement.stage, agreement.denied, agreement.sequence) == (Stage.TO_BE_SIGNED, False, 5)


def test_the_only_source_of_a_step_corrects_it_within_two_days() -> None:
    postings = post_all(told(Stage.SIGNED), told(Stage.TO_BE_SIGNED, 0.2))
    assert kinds(*postings) == [TransitionKind.FIRST, TransitionKind.CORRECTION]
    assert agreements(postings)[0].stage is Stage.TO_BE_SIGNED


@pytest.mark.parametrize(
    "again",
    [
        told(Stage.TO_BE_SIGNED, 0.2, "Radio Two"),  # another source
        told(Stage.TO_BE_SIGNED, 4),  # too late to be a correction
        told(Stage.AGREED, 0.2),  # how it came about
        told(Stage.DRAFTING, 0.2),  # what it told before the signature
    ],
)
def test_an_earlier_stage_told_again_corrects_nothing(again: Event) -> None:
    postings = post_all(told(Stage.DRAFTING, -5), told(Stage.SIGNED), again)
    assert kinds(*postings)[2] is None
    assert agreements(postings)[0].stage is Stage.SIGNED


def test_a_correction_that_says_so_takes_back_even_to_what_was_told_before() -> None:
    correction = told(Stage.DRAFTING, 1)
    context = correction.context.model_copy(update={"title": "CORRECTION: memorandum still being drafted"})
    marked = correction.model_copy(update={"context": context})
    postings = post_all(told(Stage.DRAFTING, -5), told(Stage.SIGNED), marked)
    assert kinds(*postings)[2] is TransitionKind.CORRECTION


def test_an_agreement_is_extended_again_and_again_but_each_time_once() -> None:
    postings = post_all(
        told(Stage.EXTENDED), told(Stage.EXTENDED, 1), told(Stage.EXTENDED, 365), told(Stage.EXTENDED, 366)
    )
    assert kinds(*postings) == [TransitionKind.FIRST, None, TransitionKind.STEP, None]


# --- identity ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # other words for one matter
        ({"subject": "border cooperation", "domains": ("border",)}, {"subject": "on border security"}),
        ({"subject": "frontier guards", "domains": ("border",)}, {"subject": "border cooperation", "domains": ("border",)}),
        ({"subject": "fighting drug trafficking", "domains": ("organised_crime",)},
         {"subject": "narcotics smuggling", "domains": ("organised_crime", "police")}),
        # the reader took the wrong words for the subject
        ({}, {"subject": "Yerevan, where the ministers spoke to journalists"}),
        ({"subject": "be signed next week"}, {}),
        # no subject told the second time
        ({}, {"subject": None, "domains": ()}),
        # a memorandum called an agreement
        ({}, {"instrument": InstrumentType.AGREEMENT}),
        ({"instrument": InstrumentType.AGREEMENT, "domains": ("security",)}, {"subject": "security"}),
        # a treaty by its name and by its matter
        ({"instrument": InstrumentType.TREATY, "name": "Treaty on Open Skies", "subject": None, "domains": ("arms_control",)},
         {"instrument": InstrumentType.TREATY, "name": "Open Skies Treaty", "subject": None, "domains": ("defence",)}),
    ],
)  # fmt: skip
def test_one_instrument_in_other_words_is_one_agreement(
    first: dict[str, object], second: dict[str, object]
) -> None:
    postings = post_all(told(Stage.DRAFTING, **first), told(Stage.SIGNED, 6, "Radio Two", **second))
    assert kinds(*postings) == [TransitionKind.FIRST, TransitionKind.STEP]
    assert len(agreements(postings)) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"subject": "trade", "domains": ("trade",)}),
        ({}, {"instrument": InstrumentType.TREATY}),
        ({}, {"subject": "police training", "domains": ("police",)}),
        ({"subject": "extradition", "domains": ("judicial",)}, {"subject": "prisoner transfer", "domains": ("judicial",)}),
        ({"instrument": InstrumentType.TREATY, "name": "Treaty of Vale"}, {"instrument": InstrumentType.TREATY, "name": "Hill Treaty"}),
        ({"instrument": InstrumentType.JOINT_STATEMENT}, {"instrument": InstrumentType.AGREEMENT}),
    ],
)  # fmt: skip
def test_two_instruments_between_the_same_parties_stay_two(
    first: dict[str, object], second: dict[str, object]
) -> None:
    one = make_event("Both in one text.", report=make_report(stage=Stage.DRAFTING, **first))
    other = make_event("Both in one text.", report=make_report(stage=Stage.SIGNED, **second))
    assert one.context.transcript_id == other.context.transcript_id
    postings = post_all(one, other)
    assert kinds(*postings) == [TransitionKind.FIRST, TransitionKind.FIRST]
    assert len({a.id for a in agreements(postings)}) == 2


def test_each_step_goes_to_the_instrument_it_speaks_of() -> None:
    trade = {"subject": "trade", "domains": ("trade",), "instrument": InstrumentType.TREATY}
    postings = post_all(
        told(Stage.DRAFTING),
        told(Stage.NEGOTIATING, 1, **trade),
        told(Stage.SIGNED, 2),
        told(Stage.SIGNED, 3, **trade),
    )
    assert kinds(*postings)[2:] == [TransitionKind.STEP, TransitionKind.STEP]
    assert [a.stage for a in agreements(postings)] == [Stage.SIGNED, Stage.SIGNED]


def test_the_report_of_another_language_is_known_by_its_matter() -> None:
    other = make_event(
        "ایران و چین یادداشت تفاهم امضا کردند.",
        at=day(2),
        broadcaster="صدای ایران",
        language="fa",
        report=make_report(subject="همکاری مرزی"),
    )
    assert kinds(*post_all(told(Stage.DRAFTING), other)) == [TransitionKind.FIRST, TransitionKind.STEP]


def test_a_second_signature_long_after_the_first_is_another_instrument() -> None:
    postings = post_all(told(Stage.SIGNED), told(Stage.SIGNED, 300, "Radio Two"))
    assert kinds(*postings) == [TransitionKind.FIRST, TransitionKind.FIRST]


def test_companies_that_deal_with_one_state_are_kept_apart() -> None:
    def deal(company: str) -> Event:
        report = make_report(
            ("IRN",),
            instrument=InstrumentType.CONTRACT,
            subject=None,
            domains=("energy",),
            scope=Scope.STATE_COMPANY,
        )
        party = report.parties[0].model_copy(update={"name": company, "code": "ORG"})
        return make_event(
            f"A contract with {company}.",
            report=report.model_copy(update={"parties": (*report.parties, party)}),
        )

    assert kinds(*post_all(deal("Alpha Oil"), deal("Beta Gas"))) == [
        TransitionKind.FIRST,
        TransitionKind.FIRST,
    ]


def test_the_id_does_not_depend_on_which_report_came_first() -> None:
    early, late = told(Stage.DRAFTING, 0, "Radio One"), told(Stage.SIGNED, 1, "Radio Two")
    assert agreements(post_all(early, late))[0].id == agreements(post_all(late, early))[0].id


Wording = tuple[str, tuple[str, ...], str]

_MATTERS: dict[str, tuple[Wording, ...]] = {
    "border patrols": (
        ("mou", ("border", "security"), "border security"),
        ("mou", ("border",), "cooperation between border guards"),
        ("agreement", ("border", "police"), "joint patrols on the common border"),
    ),
    "people smuggling": (
        ("mou", ("organised_crime", "migration"), "people smuggling and trafficking"),
        ("mou", ("migration", "organised_crime"), "irregular migration and people smuggling"),
        ("arrangement", ("organised_crime", "migration"), "combating the smuggling of migrants"),
    ),
    "terrorism": (
        ("mou", ("counter_terrorism",), "international terrorism"),
        ("agreement", ("counter_terrorism", "intelligence"), "fighting terrorism"),
        ("mou", ("security", "counter_terrorism"), "counter-terrorism"),
    ),
    "drugs": (
        ("mou", ("organised_crime", "police"), "narcotics control"),
        ("mou", ("organised_crime",), "the fight against drug trafficking"),
        ("agreement", ("organised_crime",), "drugs"),
    ),
    "prisoners": (
        ("agreement", ("judicial",), "transfer of prisoners"),
        ("treaty", ("judicial",), "the transfer of convicted prisoners"),
        ("agreement", ("judicial",), "prisoner transfer"),
    ),
    "extradition": (
        ("treaty", ("judicial",), "extradition"),
        ("treaty", ("judicial", "police"), "extradition of suspects"),
        ("agreement", ("judicial",), "extradition"),
    ),
    "defence": (
        ("agreement", ("defence",), "defence cooperation"),
        ("pact", ("defence", "security"), "military cooperation"),
        ("mou", ("defence",), "defense and military training"),
    ),
    "intelligence": (
        ("agreement", ("intelligence",), "sharing of intelligence"),
        ("agreement", ("intelligence", "security"), "intelligence exchange"),
        ("arrangement", ("intelligence",), "intelligence sharing"),
    ),
    "sea boundary": (
        ("treaty", ("maritime", "border"), "maritime boundary"),
        ("agreement", ("maritime",), "the boundary at sea"),
        ("treaty", ("maritime",), "delimitation of the maritime boundary"),
    ),
    "free trade": (
        ("agreement", ("trade",), "free trade"),
        ("agreement", ("trade", "economy"), "free-trade area"),
        ("treaty", ("trade",), "trade and tariffs"),
    ),
    "gas": (
        ("contract", ("energy",), "supply of natural gas"),
        ("contract", ("energy", "trade"), "gas deliveries"),
        ("agreement", ("energy",), "gas"),
    ),
    "taxes": (
        ("convention", ("finance",), "avoidance of double taxation"),
        ("agreement", ("finance",), "double taxation"),
        ("treaty", ("finance", "economy"), "double taxation and tax evasion"),
    ),
    "flights": (
        ("agreement", ("transport",), "air services"),
        ("mou", ("transport",), "flights between the two capitals"),
        ("agreement", ("transport",), "air traffic"),
    ),
    "cyber": (
        ("mou", ("cyber",), "cybersecurity"),
        ("mou", ("cyber", "police"), "cyber crime"),
        ("agreement", ("cyber", "security"), "security in cyberspace"),
    ),
    "police training": (
        ("mou", ("police",), "police training"),
        ("mou", ("police", "security"), "training of police officers"),
        ("agreement", ("police",), "police cooperation"),
    ),
    "food": (("roadmap", ("food",), "food security"), ("roadmap", ("food", "economy"), "food security")),
}
"""One matter in several words, as reports of one instrument differ from each other."""


def worded(wording: Wording, **report: object) -> dict[str, object]:
    instrument, domains, subject = wording
    return {"instrument": instrument, "domains": domains, "subject": subject, **report}


@pytest.mark.parametrize("matter", _MATTERS)
def test_each_wording_of_a_matter_leads_to_its_agreement(matter: str) -> None:
    for first, second in permutations(_MATTERS[matter], 2):
        postings = post_all(
            told(Stage.DRAFTING, **worded(first)), told(Stage.SIGNED, 6, "Radio Two", **worded(second))
        )
        assert kinds(*postings) == [TransitionKind.FIRST, TransitionKind.STEP], (first, second)


@pytest.mark.parametrize("matter", _MATTERS)
def test_no_wording_of_another_matter_does(matter: str) -> None:
    others = [wording for other, wordings in _MATTERS.items() if other != matter for wording in wordings]
    for first, second in product(_MATTERS[matter], others):
        apart = post_all(
            told(Stage.DRAFTING, **worded(first)), told(Stage.SIGNED, 6, "Radio Two", **worded(second))
        )
        assert len(agreements(apart)) == 2, (first, second)
        together = post_all(
            make_event("Both.", report=make_report(**worded(first, stage=Stage.DRAFTING))),
            make_event("Both.", report=make_report(**worded(second))),
        )
        assert len(agreements(together)) == 2, (first, second)


def test_later_reports_fill_in_what_the_first_left_open() -> None:
    vague = told(
        Stage.AGREED, instrument=InstrumentType.AGREEMENT, domains=(), subject=None, scope=Scope.OTHER
    )
    agreement = agreements(post_all(vague, told(Stage.SIGNED, 3, "Radio Two")))[0]
    assert (agreement.instrument, agreement.scope) == (InstrumentType.MOU, Scope.INTER)
    assert (agreement.domains, agreement.subject) == (("border", "security"), "border security")


# --- origins -------------------------------------------------------------------------------------------------

_AGENCY_TEXT = (
    "The interior ministers of the two states met on Tuesday in the capital and signed a memorandum of understanding "
    "on border security, under which patrols will exchange information on smugglers and hold joint training."
)


def test_copies_of_an_agency_text_are_one_origin() -> None:
    wire = make_event(_AGENCY_TEXT, sketch=sketch_text(_AGENCY_TEXT), broadcaster="Agency")
    cut = f"From our correspondent. {_AGENCY_TEXT}"
    copy = make_event(cut, at=day(0.1), sketch=sketch_text(cut), broadcaster="Daily Paper")
    postings = post_all(wire, copy)
    agreement = agreements(postings)[0]
    assert kinds(*postings) == [TransitionKind.FIRST, None]
    assert agreement.origins == 1
    assert {r.origin for r in agreement.reports} == {0}


def test_another_source_in_its_own_words_corroborates_and_the_same_source_does_not() -> None:
    postings = post_all(told(Stage.SIGNED), told(Stage.SIGNED, 0.1), told(Stage.SIGNED, 0.2, "Radio Two"))
    assert kinds(*postings) == [TransitionKind.FIRST, None, TransitionKind.CORROBORATION]
    assert agreements(postings)[0].origins == 2


def test_origins_count_for_the_step_it_stands_at() -> None:
    postings = post_all(told(Stage.DRAFTING), told(Stage.DRAFTING, 1, "Radio Two"), told(Stage.SIGNED, 2))
    assert [a.origins for p in postings if (a := p.agreement)] == [1, 2, 1]


# --- repeats and bounds --------------------------------------------------------------------------------------


def test_an_event_that_comes_again_changes_nothing() -> None:
    first, second = told(Stage.DRAFTING), told(Stage.SIGNED, 2)
    postings = post_all(first, second, first, second)
    assert kinds(*postings) == [TransitionKind.FIRST, TransitionKind.STEP, None, None]
    assert postings[3].book == postings[2].book == postings[1].book
    assert postings[3].agreement == postings[2].agreement == postings[1].agreement


def test_an_event_posted_in_the_book_before_it_makes_the_same_transition() -> None:
    before = post_all(told(Stage.DRAFTING))[-1].book
    assert post_event(before, told(Stage.SIGNED, 2)) == post_event(before, told(Stage.SIGNED, 2))


def test_a_book_survives_its_bytes() -> None:
    book = post_all(told(Stage.DRAFTING), told(Stage.SIGNED, 2))[-1].book
    assert book is not None
    assert Book.decode(book.encode()) == book


def test_a_book_is_bounded_whatever_is_reported() -> None:
    sketch = tuple(range(2**32 - 64, 2**32))
    book: Book | None = None
    for number in range(400):
        event = told(Stage.SIGNED, number * 50, f"Station {number}")
        context = event.context.model_copy(update={"sketch": tuple(value - number * 64 for value in sketch)})
        book = post_event(book, event.model_copy(update={"context": context})).book
    for number in range(300):
        book = post_event(book, told(Stage.SIGNED, 399 * 50 + number / 24, f"Late station {number}")).book
    assert book is not None
    assert len(book.agreements) == MAX_AGREEMENTS
    assert max(len(a.reports) for a in book.agreements) == MAX_REPORTS
    assert max(a.dropped_reports for a in book.agreements) == 201
    assert len(book.encode()) < MAX_RECORD_BYTES / 4


# --- the table of stages -------------------------------------------------------------------------------------


def test_every_stage_has_its_place_in_life_or_is_an_exit() -> None:
    assert set(LIFE) | EXITS | {Stage.UNKNOWN} == set(Stage)
    assert set(EXIT_FROM) == EXITS


def test_the_docs_show_the_table_of_exits() -> None:
    page = (Path(__file__).parent.parent / "docs" / "ledger.md").read_text(encoding="utf-8")
    for exit_stage, before in EXIT_FROM.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| {exit_stage} |"))
        named = row.split("|")[2].replace("any stage of life", ", ".join(LIFE)).split(",")
        assert {name.strip() for name in named} == set(before)


@pytest.mark.parametrize("before", [*LIFE, *sorted(EXITS)])
@pytest.mark.parametrize("after", [*LIFE, *sorted(EXITS)])
def test_a_step_goes_on_in_life_or_out_of_it_or_back_into_it(before: Stage, after: Stage) -> None:
    kind = step_kind(before, after)
    if kind is TransitionKind.STEP:
        assert RANK[after] > RANK[before]
    elif kind is TransitionKind.EXIT:
        assert after in EXITS
    elif kind is TransitionKind.REVIVAL:
        assert before in EXITS
        assert after in RANK
    else:
        assert kind is None


# --- properties ----------------------------------------------------------------------------------------------

_STATIONS = st.sampled_from(["Radio One", "Radio Two", "Agency", "Paper"])


@st.composite
def _events(draw: st.DrawFn) -> Event:
    report = make_report(
        stage=draw(st.sampled_from(list(Stage))),
        polarity=draw(st.sampled_from([Polarity.ASSERTED] * 4 + list(Polarity))),
        is_news=draw(st.integers(0, 4)) > 0,
        domains=draw(st.sampled_from([("border", "security"), ("border",), ("trade",), ()])),
        subject=draw(st.sampled_from(["border security", "border cooperation", "trade", None])),
        instrument=draw(
            st.sampled_from([InstrumentType.MOU, InstrumentType.AGREEMENT, InstrumentType.TREATY])
        ),
    )
    text = draw(st.sampled_from(["One text.", "Another text.", "A third text."]))
    at = day(draw(st.integers(0, 900)) / 10)
    return make_event(text, at=at, broadcaster=draw(_STATIONS), report=report)


@given(st.lists(_events(), max_size=25))
def test_told_twice_counts_once(events: list[Event]) -> None:
    once = post_all(*events)
    twice = post_all(*(event for event in events for _ in range(2)))
    assert [p.book for p in once] == [p.book for p in twice[1::2]]
    assert [p.agreement for p in once] == [p.agreement for p in twice[1::2]]
    assert kinds(*twice[1::2]) == [None] * len(events)
    assert [p.transition for p in once] == [p.transition for p in twice[::2]]


@given(st.lists(_events(), max_size=25))
def test_the_same_events_give_the_same_book(events: list[Event]) -> None:
    assert post_all(*events) == post_all(*events)


def _check_step(before: Agreement, step: Transition) -> None:
    after = step.agreement
    if before.sequence == 0 and step.kind is TransitionKind.FIRST:
        assert step.before is None
        return
    assert step.before is before.stage
    assert after.sequence == before.sequence + 1
    if step.kind is TransitionKind.STEP:
        assert RANK[after.stage] > RANK[before.stage] or after.stage is before.stage is Stage.EXTENDED
    elif step.kind is TransitionKind.EXIT:
        assert after.stage in EXITS
    elif step.kind is TransitionKind.REVIVAL:
        assert before.stage in EXITS
    elif step.kind is TransitionKind.CORROBORATION:
        assert after.stage is before.stage
        assert after.origins > before.origins or before.denied
    elif step.kind is TransitionKind.DENIAL:
        assert after.stage is before.stage
        assert after.denied
    else:
        assert step.kind is TransitionKind.CORRECTION


@given(st.lists(_events(), max_size=40))
def test_an_agreement_changes_by_transitions_only_and_goes_back_only_by_a_correction(
    events: list[Event],
) -> None:
    book: Book | None = None
    for event in events:
        known = {} if book is None else {a.id: a for a in book.agreements}
        posting = post_event(book, event)
        book = posting.book
        assert isinstance(book, Contract)
        for after in book.agreements:
            before = known.get(after.id)
            step = posting.transition
            if (
                step is not None
                and step.event_id == event.id
                and step.agreement.id == after.id
                and after.reports != (before.reports if before else ())
            ):
                if before is None:
                    assert step.kind is TransitionKind.FIRST
                else:
                    _check_step(before, step)
            elif before is not None and step is None:
                assert (after.stage, after.denied, after.sequence) == (
                    before.stage,
                    before.denied,
                    before.sequence,
                )


@given(
    st.lists(st.tuples(st.integers(0, 200), _STATIONS), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_any_order_of_reports_of_one_stage_gives_the_same_agreement(
    reports: list[tuple[int, str]], random: object
) -> None:
    events = [told(Stage.SIGNED, hours / 24, station) for hours, station in reports]
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    one, other = agreements(post_all(*events)), agreements(post_all(*shuffled))
    assert len(one) == len(other) == 1
    assert (one[0].id, one[0].stage, one[0].origins) == (other[0].id, other[0].stage, other[0].origins)
    assert {r.event_id for r in one[0].reports} == {r.event_id for r in other[0].reports}


@given(st.lists(st.sampled_from(LIFE), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_any_order_of_a_life_from_several_sources_ends_at_its_last_stage(
    stages: list[Stage], random: object
) -> None:
    events = [told(stage, RANK[stage], f"Station {at}") for at, stage in enumerate(stages)]
    (straight,) = agreements(post_all(*sorted(events, key=lambda e: e.context.event_time)))
    random.shuffle(events)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    (last,) = agreements(post_all(*events))
    assert last.stage is max(stages, key=RANK.__getitem__)
    # the steps told on the way differ; where it stands, since when and by which reports does not
    assert (last.id, last.stage, last.since) == (straight.id, straight.stage, straight.since)
    assert (last.first_time, last.last_time) == (straight.first_time, straight.last_time)
    assert {r.event_id for r in last.reports} == {r.event_id for r in straight.reports}


@given(st.sets(st.sampled_from(LIFE), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_in_any_order_the_last_step_of_a_life_is_denied_by_the_denial_after_it(
    stages: set[Stage], random: object
) -> None:
    last = max(stages, key=RANK.__getitem__)
    denial = told(last, 0.5, "Ministry", polarity=Polarity.NEGATED)
    events = [*(told(stage, RANK[stage] / 24, f"Station {stage}") for stage in sorted(stages)), denial]
    random.shuffle(events)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    postings = post_all(*events)
    (agreement,) = agreements(postings)
    assert (agreement.stage, agreement.denied) == (last, True)
    (told_of,) = [t for p in postings for t in p.transitions if t.kind is TransitionKind.DENIAL]
    assert (told_of.stage, told_of.event_id) == (last, denial.id)


@given(
    st.lists(st.sampled_from(LIFE), min_size=1, max_size=6),
    st.lists(st.sampled_from(LIFE), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_two_lives_told_in_any_order_are_two_agreements(
    ours: list[Stage], theirs: list[Stage], random: object
) -> None:
    trade = {"subject": "free trade", "domains": ("trade",), "instrument": InstrumentType.TREATY}
    events = [told(stage, RANK[stage], f"Station {at}") for at, stage in enumerate(ours)]
    events += [told(stage, RANK[stage], f"Station {at}", **trade) for at, stage in enumerate(theirs)]
    straight = agreements(post_all(*events))
    random.shuffle(events)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    shuffled = agreements(post_all(*events))
    last = {max(ours, key=RANK.__getitem__), max(theirs, key=RANK.__getitem__)}
    assert {a.stage for a in shuffled} == last
    assert {(a.id, a.stage, len(a.reports)) for a in shuffled} == {
        (a.id, a.stage, len(a.reports)) for a in straight
    }


def test_the_transitions_of_a_life_are_a_chain() -> None:
    steps = [
        p.transition for p in post_all(*(told(stage, RANK[stage] * 3) for stage in LIFE)) if p.transition
    ]
    assert all(b.before is a.stage for a, b in pairwise(steps))
    assert [s.agreement.sequence for s in steps] == list(range(1, len(LIFE) + 1))
