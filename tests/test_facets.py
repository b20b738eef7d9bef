from __future__ import annotations

from schemas.rule import Level
from schemas.subscription import AlertFilter
from streams.facets import event_facets, is_met, levels_from, source_name
from streams.subscriptions import is_wanted
from tests.factories import make_alert_change, make_event


def test_an_empty_filter_wants_everything() -> None:
    assert is_wanted(make_alert_change(), AlertFilter())


def test_every_list_must_be_met_by_one_of_its_values() -> None:
    change = make_alert_change(countries=("IRN", "CHN"))
    assert is_wanted(change, AlertFilter(countries=("RUS", "IRN"), topics=("security-mou",)))
    assert not is_wanted(change, AlertFilter(countries=("RUS", "IRN"), topics=("military",)))


def test_a_level_wants_itself_and_what_is_higher() -> None:
    assert levels_from(Level.HIGH) == {"high", "critical"}
    assert is_wanted(make_alert_change(level="critical"), AlertFilter(level=Level.HIGH))
    assert not is_wanted(make_alert_change(level="medium"), AlertFilter(level=Level.HIGH))


def test_broadcasters_are_compared_without_case_and_spaces() -> None:
    assert source_name("  Radio   TEST ") == source_name("radio test")
    assert is_wanted(make_alert_change(), AlertFilter(sources=("RADIO TEST",)))


def test_only_the_kinds_of_change_that_are_asked_for_are_wanted() -> None:
    only_raised = AlertFilter.model_validate({"changes": ["raise"]})
    assert is_wanted(make_alert_change(), only_raised)
    assert not is_wanted(make_alert_change(sequence=2), only_raised)


def test_an_event_is_found_by_the_parties_of_its_instrument() -> None:
    facets = event_facets(make_event())
    assert is_met({"country": frozenset({"CHN"}), "type": frozenset({"AGREE"})}, facets)
    assert not is_met({"country": frozenset({"RUS"})}, facets)
