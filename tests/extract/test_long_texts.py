"""A text of an hour speaks of many things: who is named far away has no part in what is told here."""

from __future__ import annotations

import pytest

from schemas.event import PloverType, Scope, Stage
from streams.extract.entities import LONG_TEXT
from tests.extract.test_agreements import agreements_in
from tests.extract.test_events import events_of

FILLER = (
    "The budget of the schools grew again. Nobody asked why the roof leaks. The price of milk fell in the spring. "
    "Two bridges in the valley were painted. The library opens at nine. A new clock hangs in the hall. "
)
LONG = FILLER * (LONG_TEXT // 6 + 1)


def test_the_parties_of_a_long_text_stand_near_the_instrument() -> None:
    text = f"Peru and Chile quarrel over fish. {LONG} The unions will sign an agreement on border guards."
    assert all({"PER", "CHL"}.isdisjoint({p.code for p in f.report.parties}) for f in agreements_in(text))
    near = f"{LONG} Peru and Chile signed an agreement on border guards."
    assert [{p.code for p in f.report.parties} for f in agreements_in(near)] == [{"PER", "CHL"}]


def test_an_agreement_far_on_is_another_one() -> None:
    text = f"Peru and Chile signed a defence agreement. {LONG} The ministers reached an agreement on wages."
    found = agreements_in(text)
    assert next(f.report.stage for f in found) is Stage.SIGNED
    assert len(found) == 1 or {p.code for p in found[1].report.parties} == set()


def test_a_named_instrument_told_again_far_on_is_the_same_one() -> None:
    text = f"Peru and Chile signed the Horn Fisheries Treaty. {LONG} Peru praised the Horn Fisheries Treaty."
    assert len(agreements_in(text)) == 1


def test_the_domains_of_a_long_text_are_those_of_the_clause() -> None:
    text = f"{LONG} Police and nuclear experts spoke. Peru and Chile signed an agreement on fishing. The army slept."
    (found,) = agreements_in(text)
    assert not {"police", "nuclear", "defence"} & set(found.report.domains)


def test_firms_that_sign_are_no_states_although_a_state_is_named_beside_them() -> None:
    text = f"{LONG} Peru and Chile welcomed it. Airwing Industries and Brass Motors have signed an MoU on engines."
    found = agreements_in(text)
    assert found
    assert all(f.report.scope is not Scope.INTER for f in found)


def test_a_reason_told_in_passing_is_no_news_in_a_long_text() -> None:
    text = f"{LONG} Prices rose after Peru withdrew from the defence treaty with Chile."
    assert not any(f.report.is_news for f in agreements_in(text))
    told = f"{LONG} Peru withdrew from the defence treaty with Chile."
    assert any(f.report.is_news for f in agreements_in(told))


@pytest.mark.parametrize(
    "text",
    [
        f"Peru and Chile share a river. {LONG} Some senators are angry. They discussed the matter for hours.",
        f"{LONG} Peru's engagement on Bolivia was striking. They suspended some aid.",
    ],
)
def test_they_are_not_two_states_that_nothing_puts_together(text: str) -> None:
    assert all(
        len({a.code for a in event.arguments if a.role in {"actor", "recipient"} and a.code}) < 2
        for event in events_of(text)
        if event.type in {PloverType.CONSULT, PloverType.SANCTION}
    )


def test_they_are_the_two_who_met_just_before() -> None:
    text = (
        f"{LONG} The president of Peru met with the president of Chile. They discussed the price of copper."
    )
    told = [event for event in events_of(text) if event.type is PloverType.CONSULT]
    assert {(a.code or "")[:3] for event in told for a in event.arguments if a.role != "place"} >= {
        "PER",
        "CHL",
    }


def test_the_leaders_of_a_joint_statement_are_those_who_open_it() -> None:
    text = (
        f"The presidents of Peru and Chile met in Lima. {LONG} The leaders praised the harvest. "
        "They condemned the shelling of the port by Libya."
    )
    blamed = [event for event in events_of(text) if event.type is PloverType.ACCUSE]
    assert {a.code for event in blamed for a in event.arguments if a.role == "actor"} >= {"PER", "CHL"}
