from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.rule import CorrelationType, Level
from streams.rules.errors import RuleError
from streams.rules.load import load_pack, parse_duration, parse_rule, rule_hash
from tests.rules.making import RULE_TEXT, parse_changed


def test_a_rule_file_is_read() -> None:
    rule = parse_rule(RULE_TEXT, "visit.yml")
    assert rule.level is Level.LOW
    assert rule.group_by == ("event.parties",)
    assert rule.timespan_s == 172_800


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("event.type:", "event.typ:", '9:11: events.extracted has no field "event.typ"; did you mean "event.type"?'),
        ("CONSULT", "CONSULTT", '9:23: "CONSULTT" is no value of it; did you mean "CONSULT"?'),
        ("mode:", "mode|contain:", '9:32: there is no modifier "contain"; did you mean "contains"?'),
        ("mode: visit", "mode|re: v.*", '9:32: there is no modifier "re"'),
        ("visit and not hoped", "visit and not hopedd", '11:28: there is no selection "hopedd"; did you mean "hoped"?'),
        ("visit and not hoped", "visit and hoped or visit", '11:30: "and" and "or" are mixed without brackets'),
        ("visit and not hoped", "visit and (not hoped", '11:24: "(" is not closed'),
        ("visit and not hoped", "visit", '10:3: the selection "hoped" is in no condition'),
        ("visit and not hoped", "not visit and not hoped", "11:3: it would be asked on every record"),
        ("visit and not hoped", "visit or not hoped", "11:3: it would be asked on every record"),
        ("level: low", "level: lo", '6:1: "lo" is no level; did you mean "low"?'),
        ("timespan: 2d", "timespan: 2 days", '13:1: "2 days" is no time'),
        ("timespan: 2d", "time-span: 2d", '13:1: "time-span" is no key here; did you mean "timespan"?'),
        ("[event.parties]", "[event.partys]", '12:12: events.extracted has no field "event.partys"; did you mean "event.parties"?'),
        ("{event.actor}", "{event.akteur}", '14:38: events.extracted has no field "event.akteur"'),
        ("topic: diplomacy", "level: {sgined: high}, topic: diplomacy", '14:17: "sgined" is no stage; did you mean "signed"?'),
        ("topic: diplomacy", "topic: Diplomacy", "14:9: topic: "),
        ("level: low", "level: low\nlevel: high", '7:1: "level" is there twice'),
        ("falsepositives: [A private journey.]\n", "", "1:1: falsepositives is missing"),
        ("source: events.extracted", "source: events", '7:1: "events" is no source'),
        ("{event.realis: hoped}", "[unclosed", "11:12: not YAML"),
        ("{event.realis: hoped}", "{event.confidence: high}", "10:29: event.confidence is compared with one number"),
        ("{event.realis: hoped}", "{text: 'a & b | c'}", "10:24: & and | are mixed without brackets"),
        ("{event.realis: hoped}", "{event.realis: [hoped, sure]}", '10:33: "sure" is no value of it'),
        ("0b1f9d5e", "0B1F9D5E", "2:1: id is a UUID in lower case"),
    ],
)  # fmt: skip
def test_an_error_says_where_and_names_the_right_word(old: str, new: str, sentence: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_changed(old, new)
    assert str(caught.value).startswith(f"visit.yml:{sentence}")


@pytest.mark.parametrize(
    "text", ["", "- a list", "just words", "a: &a [*a, *a]", "\x00", "{" * 400, "? [1]: 2"]
)
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(RuleError):
        parse_rule(text, "x.yml")


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan", "9223372036854775808", "-" + "9" * 30])
def test_a_number_that_would_be_another_one_on_the_topic_is_refused(number: str) -> None:
    with pytest.raises(RuleError, match=r"^visit\.yml:10:33: .* is no number that a rule can hold"):
        parse_changed("hoped: {event.realis: hoped}", f"hoped: {{event.confidence|gte: {number}}}")


def test_aliases_that_multiply_are_stopped() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    with pytest.raises(RuleError, match="aliases counted each time"):
        parse_rule(bomb, "x.yml")


@pytest.mark.parametrize(
    ("text", "seconds"), [("10m", 600), ("2h10m", 7_800), ("7d", 604_800), ("1w", 604_800), ("0s", 0)]
)
def test_times_have_units(text: str, seconds: int) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "7", "d7", "10m2h", "99999d", "-1d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("correlation", "sentence"),
    [
        ("{type: event_count, timespan: 1d}", "event_count needs condition"),
        ("{type: value_count, condition: {gte: 3}, timespan: 1d}", "value_count needs field"),
        ("{type: event_count, condition: {gte: 3}}", "event_count needs timespan"),
        ("{type: event_count, condition: {lt: 3}, timespan: 1d}", "the condition of a correlation is"),
        ("{type: absence, steps: [visit], timespan: 1d}", "absence has two steps"),
        (
            "{type: temporal, steps: [visit, hoped], timespan: 1d}",
            "a correlation with steps has no condition of its own",
        ),
        ("{type: sequence, timespan: 1d}", '"sequence" is no type'),
    ],
)
def test_a_correlation_says_what_it_lacks(correlation: str, sentence: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_changed("timespan: 2d", f"correlation: {correlation}")
    assert sentence in caught.value.reason


def test_a_correlation_is_read_in_the_words_of_sigma() -> None:
    rule = parse_changed(
        "timespan: 2d", "correlation: {type: value_count, field: origin, condition: {gte: 3}, timespan: 24h}"
    )
    assert rule.correlation is not None
    assert rule.correlation.type is CorrelationType.VALUE_COUNT
    assert (rule.correlation.field, rule.correlation.gte, rule.correlation.timespan_s) == (
        "origin",
        3,
        86_400,
    )


def test_a_cameo_root_stands_for_its_plover_type() -> None:
    assert parse_changed("event.type: CONSULT", "event.type: '04'").detection["visit"]["event.type"] == "04"


def test_words_for_people_do_not_change_the_hash_and_conditions_do() -> None:
    rule = parse_rule(RULE_TEXT, "visit.yml")
    assert rule_hash(parse_changed("A private journey.", "A journey of a private sort.")) == rule_hash(rule)
    assert rule_hash(parse_changed("visit and not hoped", "visit and (not hoped)")) != rule_hash(rule)


def test_the_pack_has_thirty_rules_and_more_with_ids_of_their_own() -> None:
    pack = load_pack()
    assert len(pack) >= 30
    assert len({r.id for r in pack}) == len(pack)
    assert all(r.falsepositives for r in pack)


_WHOLE: dict[str, Any] = {
    **yaml.safe_load(RULE_TEXT),
    "correlation": {"type": "value_count", "field": "origin", "condition": {"gte": 3}, "timespan": "24h"},
    "hold": "10m",
    "references": ["https://example.org"],
}
_PLACES = [
    (),
    *((k,) for k in _WHOLE),
    *((k, j) for k, v in _WHOLE.items() if isinstance(v, dict) for j in v),
]
_PLACES += [("detection", "visit", "event.type"), ("correlation", "condition", "gte")]
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.sampled_from(["$", "$a", "7d", "visit", "{", "[a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.sampled_from(["event.type", "event.place|near", "text", "steps", "gte"]), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@given(st.sampled_from(_PLACES), _values)
@settings(max_examples=150, deadline=None)
def test_whatever_stands_where_it_should_not_is_refused_in_words(place: tuple[str, ...], value: Any) -> None:  # noqa: ANN401 - any value
    whole = copy.deepcopy(_WHOLE)
    if place:
        inner = whole
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = value
    else:
        whole = value
    try:
        parse_rule(yaml.safe_dump(whole, allow_unicode=True), "x.yml")
    except RuleError as error:
        assert error.line >= 1
        assert error.reason
