"""What is only mentioned, and words for deeds that mean something else: no events of today."""

from __future__ import annotations

import pytest

from schemas.event import PloverType, Realis
from tests.extract.test_events import events_of, types_of


@pytest.mark.parametrize(
    "text",
    [
        "Chad thanked Mali for its answer to Libya's brutal and unprovoked invasion of Niger.",
        "Prices rose because of the Libyan invasion of Niger.",
        "Libya's invasion of Niger is a clear violation of the charter.",
        "The ministers spoke of the price that Kenya pays, despite the Libyan shelling of Niger.",
        "When Libya invaded Niger, nobody in Chad believed it.",
        "That would require planes over the river, Libya shelling Chad.",
    ],
)
def test_an_attack_that_all_know_of_is_not_told_as_news(text: str) -> None:
    told = [event.realis for event in events_of(text) if event.type is PloverType.ASSAULT]
    assert told
    assert Realis.ASSERTED not in told


@pytest.mark.parametrize(
    "text",
    [
        "Libya invaded Niger on Tuesday.",
        "Libya's shelling of Niger continued overnight.",
        "Libya launched an invasion of Niger.",
        "Libyan gunmen attacked a convoy in Niger.",
        "Villagers fled when Libya shelled Niger.",
    ],
)
def test_an_attack_that_is_told_is_news(text: str) -> None:
    assert any(
        event.type is PloverType.ASSAULT and event.realis is Realis.ASSERTED for event in events_of(text)
    )


def test_who_is_held_by_nobody_that_is_named_was_not_taken_now() -> None:
    told = events_of("The minister of Peru will bring home Peruvians held hostage abroad.")
    assert all(event.realis is not Realis.ASSERTED for event in told if event.mode == "abduct")
    assert any(
        event.mode == "abduct" and event.realis is Realis.ASSERTED
        for event in events_of("Colombian rebels are holding two Peruvian engineers hostage.")
    )


@pytest.mark.parametrize(
    "text",
    [
        "Peru has demonstrated that it keeps its word.",
        "The figures of Peru demonstrate the need for reform.",
        "We are demonstrating our concern about Peru.",
    ],
)
def test_who_demonstrates_something_does_not_protest(text: str) -> None:
    assert PloverType.PROTEST not in types_of(text)


def test_who_demonstrates_in_the_street_protests() -> None:
    assert PloverType.PROTEST in types_of("Peruvian students demonstrated in Lima.")
    assert PloverType.PROTEST in types_of("Peruvian miners demonstrated peacefully against the government.")


@pytest.mark.parametrize(
    "text",
    [
        "Colombia has hosted millions of refugees from Venezuela.",
        "The children were received by Polish families.",
        "Egypt is hosting the U.N. climate conferences.",
        "She met the will of Colombia.",
        "The minister of Chile spoke to how Peru can grow.",
    ],
)
def test_a_visit_or_meeting_is_one_of_those_who_act_for_states(text: str) -> None:
    assert PloverType.CONSULT not in types_of(text)


def test_states_that_receive_each_others_leaders_consult() -> None:
    assert PloverType.CONSULT in types_of("Egypt hosted the Jordanian king.")
    assert PloverType.CONSULT in types_of("The president of Peru met the foreign minister of Colombia.")


def test_a_vote_at_home_is_no_veto_between_states() -> None:
    home = events_of("The president of Peru vetoed a bill of the senate on fishing with Chile.")
    abroad = events_of("Peru vetoed a resolution of the Security Council on Chile.")
    assert "veto" not in {event.mode for event in home}
    assert "veto" in {event.mode for event in abroad}


def test_who_suffered_an_attack_is_not_condemned_for_it() -> None:
    (event,) = [
        event
        for event in events_of("Peru strongly condemns the terrorist attack on a church in Bogota, Colombia.")
        if event.type is PloverType.ACCUSE
    ]
    assert {argument.code for argument in event.arguments if argument.role == "recipient"} == set()
    aimed = events_of("Peru condemned Colombia for the attack on a church.")
    assert any(a.code == "COL" and a.role == "recipient" for event in aimed for a in event.arguments)


@pytest.mark.parametrize(
    "text",
    [
        "He'll meet the president of Peru.",
        "The presidents of Peru and Chile meet next week.",
        "Peru can negotiate with Chile.",
    ],
)
def test_what_is_yet_to_come_or_only_possible_is_not_told_as_done(text: str) -> None:
    assert Realis.ASSERTED not in {event.realis for event in events_of(text)}
