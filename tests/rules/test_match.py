from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.event import Argument, ArgumentRole, Event
from schemas.ids import derived_id
from schemas.rule import RuleStatus
from streams.rules.detection import distance_km
from streams.rules.errors import RuleError
from streams.rules.match import MAX_NEAR_MISSES, Found, RuleIndex, explain
from tests.rules.making import RULE_ID, make_act, make_rule


def match_one(detection: dict[str, Any], event: Event, /, **fields: object) -> Found:
    index = RuleIndex(every_near_miss=True)
    index.add(make_rule(detection, **fields))
    return index.match(event)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"event.type": "CONSULT"}, True),
        ({"event.type": ["ACCUSE", "CONSULT"]}, True),
        ({"event.type": "04"}, True),
        ({"event.type": "ACCUSE"}, False),
        ({"event.actor": "irn"}, True),
        ({"event.actor|cased": "irn"}, False),
        ({"event.parties|all": ["IRN", "CHN"]}, True),
        ({"event.parties|all": ["IRN", "RUS"]}, False),
        ({"event.parties": ["IRN", "RUS"]}, True),
        ({"event.party_count|gte": 2}, True),
        ({"event.party_count|gt": 2}, False),
        ({"event.confidence|lt": 0.95}, True),
        ({"event.confidence|lte": 0.5}, False),
        ({"event.mode|exists": False}, True),
        ({"event.mode|exists": True}, False),
        ({"event.mode": None}, True),
        ({"event.actor|neq": "RUS"}, True),
        ({"event.actor|neq": "IRN"}, False),
        ({"source.broadcaster|startswith": "radio"}, True),
        ({"source.broadcaster|endswith": "test"}, True),
        ({"source.broadcaster|contains": "o T"}, True),
        ({"text": "minister ~3 beijing"}, True),
        ({"text": ["tehran", "beijing"]}, True),
        ({"text|all": ["tehran", "beijing"]}, False),
    ],
)
def test_modifiers_compare_as_they_say(selection: dict[str, Any], *, expected: bool) -> None:
    found = match_one({"it": selection, "condition": "it"}, make_act())
    assert bool(found.matches) is expected


def test_a_match_tells_which_words_satisfied_which_clause() -> None:
    found = match_one(
        {"visit": {"text": "visited", "event.recipient": "CHN"}, "condition": "visit"}, make_act()
    )
    clauses = found.matches[0].clauses
    assert [(c.selection, c.field, c.value, c.evidence.text if c.evidence else None) for c in clauses] == [
        ("visit", "text", "visited", "visited"),
        ("visit", "event.recipient", "CHN", "CHN"),
    ]


def test_a_list_of_mappings_holds_if_one_of_them_does() -> None:
    detection = {
        "it": [{"event.type": "ACCUSE"}, {"event.actor": "IRN", "event.recipient": "CHN"}],
        "condition": "it",
    }
    assert match_one(detection, make_act()).matches
    assert not match_one(detection, make_act("CONSULT", "IRN", "RUS")).matches


def test_a_list_of_expressions_is_about_the_text() -> None:
    assert match_one({"it": ["tehran", "visited beijing"], "condition": "it"}, make_act()).matches


def test_a_rule_that_fails_by_one_part_is_a_near_miss_with_what_held() -> None:
    detection = {
        "talks": {"event.type": "CONSULT"},
        "russia": {"event.actor": "RUS"},
        "condition": "talks and russia",
    }
    found = match_one(detection, make_act())
    assert not found.matches
    assert [m.failed for m in found.near_misses] == [("russia",)]
    assert [c.value for c in found.near_misses[0].held] == ["CONSULT"]


def test_what_fails_by_two_parts_or_only_by_exclusions_is_no_near_miss() -> None:
    both = {
        "a": {"event.type": "ACCUSE"},
        "b": {"event.actor": "RUS"},
        "c": {"text": "visited"},
        "condition": "a and b and c",
    }
    assert not match_one(both, make_act()).near_misses
    only_not = {"a": {"event.type": "ACCUSE"}, "b": {"event.actor": "RUS"}, "condition": "a and not b"}
    assert not match_one(only_not, make_act()).near_misses


def test_what_most_events_share_makes_no_near_miss() -> None:
    detection = {
        "act": {"event.type": "ACCUSE"},
        "done": {"event.realis": "asserted"},
        "condition": "act and done",
    }
    assert not match_one(detection, make_act()).near_misses
    assert match_one(detection, make_act("ACCUSE", realis="hoped")).near_misses


def test_near_misses_are_for_rules_that_are_still_written() -> None:
    detection = {
        "talks": {"event.type": "CONSULT"},
        "russia": {"event.actor": "RUS"},
        "condition": "talks and russia",
    }
    index = RuleIndex()
    index.add(make_rule(detection, status=RuleStatus.STABLE))
    assert not index.match(make_act()).near_misses
    index.add(make_rule(detection, status=RuleStatus.TEST))
    assert index.match(make_act()).near_misses


def test_every_rule_tells_its_near_misses_up_to_a_bound_for_each_record() -> None:
    index = RuleIndex()
    detection = {
        "talks": {"event.type": "CONSULT"},
        "russia": {"event.actor": "RUS"},
        "condition": "talks and russia",
    }
    ids = sorted(derived_id("test-rule", str(number)) for number in range(2 * MAX_NEAR_MISSES))
    for rule_id in ids:
        index.add(make_rule(detection, id=rule_id))
    told = [[m.rule_id for m in index.match(make_act(id=i)).near_misses] for i in ids]
    assert {len(set(some)) for some in told} == {MAX_NEAR_MISSES}
    assert {rule_id for some in told for rule_id in some} == set(ids), "none is passed over for ever"
    for rule_id in ids[:-1]:
        index.remove(rule_id)
    assert [m.rule_id for m in index.match(make_act()).near_misses] == ids[-1:]


def test_variables_bind_over_selections_and_stand_for_different_states() -> None:
    detection = {
        "talks": {"event.actor": "$a", "event.recipient": "$b"},
        "same": {"event.recipient": "$a"},
        "condition": "talks and not same",
    }
    found = match_one(detection, make_act(), group_by=["$a", "$b"])
    assert [dict(m.group) for m in found.matches] == [{"$a": "IRN", "$b": "CHN"}]
    assert not match_one(detection, make_act("CONSULT", "IRN", "IRN"), group_by=["$a", "$b"]).matches


def test_each_binding_is_a_group_of_its_own() -> None:
    arguments = tuple(
        Argument(role=role, name=code, code=code, text=code, start=0, end=3)
        for role, code in (
            (ArgumentRole.ACTOR, "IRN:GOV"),
            (ArgumentRole.RECIPIENT, "CHN"),
            (ArgumentRole.RECIPIENT, "RUS"),
        )
    )
    found = match_one(
        {"talks": {"event.actor": "$a", "event.recipient": "$b"}, "condition": "talks"},
        make_act(arguments=arguments),
        group_by=["$b"],
    )
    assert [m.group for m in found.matches] == [(("$b", "CHN"),), (("$b", "RUS"),)]
    assert len({m.id for m in found.matches}) == 2


def test_a_field_with_several_values_groups_by_all_of_them_together() -> None:
    found = match_one(
        {"it": {"event.type": "CONSULT"}, "condition": "it"}, make_act(), group_by=["event.parties"]
    )
    assert found.matches[0].group == (("event.parties", "CHN|IRN"),)


def test_a_place_is_near_within_its_kilometres() -> None:
    baghdad = Argument(
        role=ArgumentRole.PLACE, name="Baghdad", text="Baghdad", start=0, end=7, latitude=33.3, longitude=44.4
    )
    detection = {"near": {"event.place|near": {"point": [33.0, 44.0], "km": 60}}, "condition": "near"}
    assert match_one(detection, make_act(arguments=(baghdad,))).matches
    far = baghdad.model_copy(update={"latitude": 36.3, "longitude": 43.1})
    assert not match_one(detection, make_act(arguments=(far,))).matches
    assert not match_one(detection, make_act()).matches


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((0, 0), (0, 1), 111.2),
        ((90, 0), (-90, 0), 20_015.1),
        ((51.5, -0.1), (48.9, 2.4), 338.6),
        ((1, 179.5), (1, -179.5), 111.2),
    ],
)
def test_distances_are_great_circles(a: tuple[float, ...], b: tuple[float, ...], km: float) -> None:
    assert distance_km(a, b) == pytest.approx(km, rel=0.02)


def test_a_rule_added_again_replaces_the_older_one_and_a_removed_one_is_silent() -> None:
    index = RuleIndex()
    index.add(make_rule({"it": {"event.type": "CONSULT"}, "condition": "it"}))
    index.add(make_rule({"it": {"event.type": "ACCUSE"}, "condition": "it"}, version=2))
    assert len(index) == 1
    assert not index.match(make_act()).matches
    assert [m.rule_version for m in index.match(make_act("ACCUSE")).matches] == [2]
    index.remove(RULE_ID)
    index.remove(RULE_ID)
    assert RULE_ID not in index
    assert not index.match(make_act("ACCUSE")).matches


def test_a_bad_rule_leaves_the_index_as_it_was() -> None:
    index = RuleIndex()
    index.add(make_rule({"it": {"event.type": "CONSULT"}, "condition": "it"}))
    with pytest.raises(RuleError):
        index.add(make_rule({"it": {"event.typ": "CONSULT"}, "condition": "it"}))
    assert index.match(make_act()).matches


def test_the_same_record_gives_the_same_match_id() -> None:
    detection = {"it": {"event.type": "CONSULT"}, "condition": "it"}
    assert match_one(detection, make_act()) == match_one(detection, make_act())


def test_explain_names_every_selection_with_its_words_or_as_failed() -> None:
    rule = make_rule(
        {"talks": {"event.type": "CONSULT"}, "russia": {"event.actor": "RUS"}, "condition": "talks or russia"}
    )
    (explanation,) = explain(rule, make_act())
    assert explanation.matched == ("condition",)
    assert {s.name: s.clauses is not None for s in explanation.selections} == {"talks": True, "russia": False}


selections = st.fixed_dictionaries(
    {},
    optional={
        "event.type": st.sampled_from(["CONSULT", "ACCUSE"]),
        "event.actor": st.sampled_from(["IRN", "RUS"]),
        "text": st.sampled_from(["visited", "!visited", "tehran", "minister & beijing"]),
        "event.confidence|gte": st.sampled_from([0.5, 0.95]),
    },
).filter(bool)


@given(selections, selections, st.booleans())
@settings(max_examples=40, deadline=None)
def test_not_and_or_are_what_logic_says(a: dict[str, Any], b: dict[str, Any], swap: bool) -> None:
    a, b = (b, a) if swap else (a, b)
    event = make_act()

    def holds(condition: str) -> bool:
        return bool(match_one({"_a": a, "_b": b, "condition": condition}, event).matches)

    left, right = holds("_a"), holds("_b")
    assert holds("_a and _b") is (left and right)
    assert holds("_a or _b") is (left or right)
    assert holds("not _a") is (not left)
    assert holds("not (_a or _b)") is (not (left or right))
