from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from schemas.alert import Alert, AlertChange, AlertStatus, ClauseMatch, NearMiss
from schemas.event import Evidence
from schemas.rule import Level, Rule
from streams.replay.diff import Diff, DifferenceKind, Side, compare
from streams.replay.page import render_page
from streams.rules.load import load_pack
from tests.factories import NOON, make_alert_change

FROM: Final = NOON - timedelta(days=1)
TO: Final = NOON + timedelta(days=1)
RULE: Final = load_pack()[0].model_copy(update={"id": "rule-1", "title": "New security agreement"})


def side(*changes: AlertChange, rules: tuple[Rule, ...] = (RULE,), misses: tuple[NearMiss, ...] = ()) -> Side:
    return Side("one side", changes, {r.id: r for r in rules}, misses)


def diff(before: Side, after: Side) -> Diff:
    return compare(before, after, FROM, TO)


def near_miss(change: AlertChange, *failed: str) -> NearMiss:
    return NearMiss(rule_id="rule-1", rule_version=1, failed=failed, subject=change.alert.subjects[0])


def test_the_same_alerts_are_no_difference() -> None:
    found = diff(side(make_alert_change()), side(make_alert_change()))
    assert (found.is_empty, found.same, found.alerts_before, found.alerts_after) == (True, 1, 1, 1)


def test_an_alert_on_one_side_only_is_added_or_lost() -> None:
    change = make_alert_change()
    added = diff(side(), side(change)).differences
    lost = diff(side(change), side()).differences
    assert [(d.kind, d.after) for d in added] == [(DifferenceKind.ADDED, change.alert)]
    assert [(d.kind, d.before) for d in lost] == [(DifferenceKind.LOST, change.alert)]


def test_an_alert_is_compared_as_it_stood_at_the_end_of_the_range() -> None:
    first = make_alert_change()
    moved = make_alert_change(sequence=2, status=AlertStatus.CORROBORATED, origins=2)
    beyond = make_alert_change(sequence=3, status=AlertStatus.CANCELLED, updated_time=TO)
    assert diff(side(first, moved, beyond), side(moved, first)).is_empty
    (changed,) = diff(side(first), side(first, moved)).differences
    assert changed.kind is DifferenceKind.CHANGED
    assert [(f.field, f.before, f.after) for f in changed.fields] == [
        ("status", "open", "corroborated"),
        ("origins", "1", "2"),
    ]


def test_what_moved_outside_of_the_range_is_not_compared() -> None:
    early = make_alert_change(updated_time=FROM - timedelta(seconds=1))
    assert diff(side(early), side()).is_empty


def test_another_version_of_a_rule_that_says_the_same_is_the_same() -> None:
    newer = make_alert_change(id="other id", rule_version=2, rule_title="New title")
    assert diff(side(make_alert_change()), side(newer)).same == 1
    louder = make_alert_change(id="other id", rule_version=2, level=Level.CRITICAL)
    (changed,) = diff(side(make_alert_change()), side(louder)).differences
    assert [f.field for f in changed.fields] == ["level"]


def test_the_near_miss_of_the_other_side_says_which_clause_made_the_difference() -> None:
    held = ClauseMatch(selection="security", field="agreement.domains", value="border")
    other = ClauseMatch(selection="signed", field="transition.stage", value="signed")
    change = make_alert_change(clauses=(held, other))
    miss = near_miss(change, "security")
    (lost,) = diff(side(change), side(misses=(miss,))).differences
    assert lost.why is not None
    assert lost.why.failed == ("security",)
    assert lost.why.clauses == (held,)
    assert lost.why.near_miss == miss


def test_without_a_near_miss_the_rules_themselves_say_what_differs() -> None:
    change = make_alert_change()
    (absent,) = diff(side(rules=()), side(change)).differences
    assert absent.why is not None
    assert absent.why.sentence == "one side has no such rule"
    narrower = RULE.model_copy(
        update={"detection": {**RULE.detection, "narrow": {"text": "x"}}, "hold_s": 60}
    )
    (lost,) = diff(side(change), side(rules=(narrower,))).differences
    assert lost.why is not None
    assert lost.why.failed == ("narrow", "hold")
    (nothing,) = diff(side(change), side()).differences
    assert nothing.why is not None
    assert "the rule held on none of these reports" in nothing.why.sentence


def test_what_differs_within_a_report_is_named() -> None:
    change = make_alert_change()
    subject = change.alert.subjects[0].model_copy(update={"record_id": "another"})
    (changed,) = diff(side(change), side(make_alert_change(subjects=(subject,)))).differences
    assert [(f.field, f.before, f.after) for f in changed.fields] == [
        ("subjects", "record_id transition-1", "record_id another")
    ]


def test_counts_by_rule_and_alerts_a_day() -> None:
    found = diff(side(make_alert_change(1)), side(make_alert_change(1), make_alert_change(2)))
    (count,) = found.rules
    assert (count.before, count.after, count.added, count.lost, count.changed) == (1, 2, 1, 0, 0)
    assert (found.alerts_a_day_before, found.alerts_a_day_after) == (0.5, 1.0)


def test_the_page_stands_by_itself_and_writes_no_markup_of_its_texts() -> None:
    evil = "<script>alert(1)</script>"
    change = make_alert_change(summary=evil)
    subject = change.alert.subjects[0].model_copy(
        update={"evidence": (Evidence(text=evil, start=0, end=len(evil)),), "language": 'fa"><b>'}
    )
    alert = Alert.model_validate({**dict(change.alert), "subjects": (subject,)})
    page = render_page(diff(side(), side(change.model_copy(update={"alert": alert}))))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=|url\(|@import|https?:", page)
    assert page == render_page(diff(side(), side(change.model_copy(update={"alert": alert}))))


def test_a_page_without_a_difference_says_so() -> None:
    assert "raised the same alerts" in render_page(diff(side(), side()))
