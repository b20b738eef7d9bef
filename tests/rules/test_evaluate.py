from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alert import Alert, AlertChange, AlertChangeKind, AlertStatus
from schemas.event import Stage
from streams.rules.evaluate import MAX_ENTRIES, RuleState, evaluate
from streams.rules.summary import fill_summary
from tests.factories import NOON
from tests.rules.making import make_match, make_rule

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from schemas.alert import Match
    from schemas.rule import Rule

DAY = 86_400
HOUR = 3_600


def rule_with(**fields: object) -> Rule:
    return make_rule({"it": {"event.type": "CONSULT"}, "condition": "it"}, **fields)


def correlated(steps: tuple[str, ...] = (), **correlation: object) -> Rule:
    if steps:
        detection = {name: {"event.type": "CONSULT"} for name in steps}
        return make_rule(detection, correlation={"steps": steps, **correlation})
    return rule_with(correlation=correlation)


class Life:
    """Feeds matches to a group and keeps what was published, through its bytes at every step, as a restart would."""

    def __init__(self, *, restarts: bool = True) -> None:
        self.restarts = restarts
        self.state: RuleState | None = None
        self.changes: list[AlertChange] = []

    def feed(self, *found: Match | None, now: float | None = None) -> list[AlertChange]:
        new: list[AlertChange] = []
        for match in found:
            watermark = None if now is None else NOON + timedelta(hours=now)
            evaluation = evaluate(self.state, match, watermark)
            self.state = evaluation.state
            if self.state is not None and self.restarts:
                self.state = RuleState.decode(self.state.encode())
            new.extend(evaluation.changes)
        self.changes.extend(new)
        return new

    def pass_time(self, hours: float) -> list[AlertChange]:
        return self.feed(None, now=hours)

    @property
    def alerts(self) -> dict[str, Alert]:
        return {c.alert.id: c.alert for c in self.changes}


def kinds(changes: Iterable[AlertChange]) -> list[str]:
    return [c.kind.value for c in changes]


def test_a_match_raises_once_and_its_repeat_changes_nothing() -> None:
    life = Life()
    match = make_match(rule_with(timespan_s=DAY))
    assert kinds(life.feed(match)) == ["raise"]
    assert life.feed(match, match) == []


def test_a_copy_adds_a_source_and_an_independent_origin_corroborates() -> None:
    life = Life()
    rule = rule_with(timespan_s=DAY)
    life.feed(make_match(rule, 0, origin="agency"))
    assert kinds(life.feed(make_match(rule, 1, origin="agency"))) == ["update"]
    (change,) = life.feed(make_match(rule, 2, origin="elsewhere"))
    assert change.kind is AlertChangeKind.CORROBORATE
    assert (change.sequence, change.alert.origins, change.alert.status) == (3, 2, AlertStatus.CORROBORATED)
    assert len(life.alerts) == 1


def test_a_transcript_that_says_it_twice_is_one_source() -> None:
    life = Life()
    rule = rule_with(timespan_s=DAY)
    life.feed(make_match(rule, 0, record="a", transcript="t"))
    assert life.feed(make_match(rule, 0, record="b", transcript="t")) == []


def test_near_equal_texts_are_one_origin() -> None:
    life = Life()
    rule = rule_with(timespan_s=DAY)
    sketch = tuple(range(64))
    copy = (*range(60), 1, 1, 1, 1)
    life.feed(make_match(rule, 0).model_copy(update={"sketch": sketch}))
    (change,) = life.feed(make_match(rule, 1).model_copy(update={"sketch": copy}))
    assert change.alert.origins == 1


def test_a_rebroadcast_after_the_timespan_joins_the_alert_that_it_repeats() -> None:
    life = Life()
    rule = rule_with(timespan_s=DAY)
    (first,) = life.feed(make_match(rule, 0, origin="agency"), now=0)
    (again,) = life.feed(make_match(rule, 40, origin="agency"), now=40)
    assert (again.kind, again.alert.id) == (AlertChangeKind.UPDATE, first.alert.id)
    assert kinds(life.feed(make_match(rule, 41, origin="elsewhere"), now=41)) == ["raise"]
    assert kinds(life.feed(make_match(rule, 400, origin="agency"), now=400)) == ["raise"]


def test_after_the_timespan_it_is_another_alert() -> None:
    life = Life()
    rule = rule_with(timespan_s=DAY)
    assert kinds(life.feed(make_match(rule, 0), make_match(rule, 23.9), make_match(rule, 24))) == [
        "raise",
        "corroborate",
        "raise",
    ]


def test_without_a_timespan_a_group_is_one_alert_for_ever() -> None:
    life = Life()
    rule = rule_with()
    assert kinds(life.feed(make_match(rule, 0), make_match(rule, 9_000))) == ["raise", "corroborate"]


def test_suppression_lengthens_the_time_in_which_matches_only_update() -> None:
    life = Life()
    rule = rule_with(timespan_s=HOUR, suppress_s=DAY)
    assert kinds(life.feed(make_match(rule, 0), make_match(rule, 20), make_match(rule, 25))) == [
        "raise",
        "corroborate",
        "raise",
    ]


def test_an_alert_is_held_until_event_time_has_passed() -> None:
    life = Life()
    rule = rule_with(timespan_s=DAY, hold_s=600)
    assert life.feed(make_match(rule, 0), now=0) == []
    assert life.state is not None
    assert life.state.due_time == NOON + timedelta(seconds=600)
    (change,) = life.pass_time(0.2)
    assert change.alert.raised_time == NOON + timedelta(seconds=600)
    assert life.pass_time(0.3) == []


def test_a_contradiction_within_the_hold_stops_the_alert() -> None:
    life = Life()
    rule = rule_with(timespan_s=DAY, hold_s=600)
    life.feed(make_match(rule, 0), make_match(rule, 0.1, step="contradict"), now=0)
    assert life.pass_time(5) == []


def test_corroborated_contradicted_cancelled() -> None:
    life = Life()
    rule = rule_with()
    changes = life.feed(
        make_match(rule, 0),
        make_match(rule, 1, step="corroborate"),
        make_match(rule, 2, step="contradict"),
        make_match(rule, 3, step="cancel"),
        make_match(rule, 4, step="contradict"),
    )
    assert kinds(changes)[:4] == ["raise", "corroborate", "contradict", "cancel"]
    assert [c.sequence for c in changes] == list(range(1, len(changes) + 1))
    assert life.alerts[changes[0].alert.id].status is AlertStatus.CANCELLED


def test_the_last_word_counts_until_it_is_cancelled() -> None:
    life = Life()
    rule = rule_with()
    life.feed(
        make_match(rule, 0), make_match(rule, 2, step="contradict"), make_match(rule, 3, step="corroborate")
    )
    (alert,) = life.alerts.values()
    assert alert.status is AlertStatus.CORROBORATED
    life.feed(make_match(rule, 1, step="contradict"))
    assert {a.status for a in life.alerts.values()} == {AlertStatus.CORROBORATED}


def test_what_only_backs_or_contradicts_raises_nothing() -> None:
    life = Life()
    rule = rule_with()
    assert life.feed(*(make_match(rule, 0, step=s) for s in ("corroborate", "contradict", "cancel"))) == []


def test_each_new_stage_is_an_alert_of_its_own_and_a_denial_meets_the_stage_it_denies() -> None:
    life = Life()
    rule = correlated(type="transition", field="transition.stage")
    drafting = make_match(rule, 0, stage=Stage.DRAFTING, transition_stage="drafting")
    signed = make_match(rule, 48, stage=Stage.SIGNED, transition_stage="signed")
    again = make_match(rule, 50, stage=Stage.SIGNED, transition_stage="signed", origin="t48")
    denial = make_match(rule, 60, step="contradict", transition_stage="signed")
    changes = life.feed(drafting, signed, again, denial)
    assert kinds(changes) == ["raise", "raise", "update", "contradict"]
    assert {a.stage: a.status for a in life.alerts.values()} == {
        Stage.DRAFTING: AlertStatus.OPEN,
        Stage.SIGNED: AlertStatus.CONTRADICTED,
    }


def test_a_correction_cancels_the_stage_that_it_takes_back() -> None:
    life = Life()
    rule = correlated(type="transition", field="transition.stage")
    signed = make_match(rule, 0, stage=Stage.SIGNED, transition_stage="signed")
    taken_back = make_match(rule, 1, step="cancel", transition_stage="drafting", transition_before="signed")
    assert kinds(life.feed(signed, taken_back)) == ["raise", "cancel"]


def test_so_many_within_the_timespan_fire_and_fewer_do_not() -> None:
    life = Life()
    rule = correlated(type="event_count", gte=3, timespan_s=DAY)
    assert life.feed(make_match(rule, 0), make_match(rule, 20), make_match(rule, 30)) == []
    (change,) = life.feed(make_match(rule, 40))
    assert len(change.alert.subjects) == 3


def test_distinct_origins_count_and_copies_do_not() -> None:
    life = Life()
    rule = correlated(type="value_count", field="origin", gte=2, timespan_s=DAY)
    assert life.feed(make_match(rule, 0, origin="a"), make_match(rule, 1, origin="a")) == []
    assert kinds(life.feed(make_match(rule, 2, origin="b"))) == ["raise"]


def test_a_sequence_fires_in_its_order_only() -> None:
    rule = correlated(type="temporal_ordered", steps=("talks", "rupture"), timespan_s=10 * DAY)
    life = Life()
    assert life.feed(make_match(rule, 0, step="rupture"), make_match(rule, 1, step="talks")) == []
    assert kinds(life.feed(make_match(rule, 30, step="rupture"))) == ["raise"]


def test_all_steps_in_any_order_fire() -> None:
    rule = correlated(type="temporal", steps=("talks", "rupture"), timespan_s=DAY)
    assert kinds(Life().feed(make_match(rule, 0, step="rupture"), make_match(rule, 1, step="talks"))) == [
        "raise"
    ]
    assert Life().feed(make_match(rule, 0, step="rupture"), make_match(rule, 25, step="talks")) == []


def test_silence_fires_at_its_deadline_in_event_time() -> None:
    rule = correlated(type="absence", steps=("promised", "done"), timespan_s=DAY)
    life = Life()
    assert life.feed(make_match(rule, 0, step="promised"), now=0) == []
    assert life.state is not None
    assert life.state.due_time == NOON + timedelta(days=1)
    assert life.pass_time(23) == []
    (change,) = life.pass_time(24)
    assert change.alert.raised_time == NOON + timedelta(days=1)
    assert life.pass_time(30) == []


def test_an_answer_in_time_ends_the_waiting() -> None:
    rule = correlated(type="absence", steps=("promised", "done"), timespan_s=DAY)
    life = Life()
    assert life.feed(make_match(rule, 0, step="promised"), make_match(rule, 23, step="done"), now=0) == []
    assert life.pass_time(50) == []


def test_an_answer_that_was_late_cancels_the_alert_of_its_silence() -> None:
    rule = correlated(type="absence", steps=("promised", "done"), timespan_s=DAY)
    life = Life()
    life.feed(make_match(rule, 0, step="promised"), now=0)
    life.pass_time(24)
    assert kinds(life.feed(make_match(rule, 3, step="done"), now=25)) == ["cancel"]


def test_first_seen_fires_once_and_again_after_a_long_silence() -> None:
    rule = correlated(type="first_seen", timespan_s=10 * DAY)
    life = Life()
    assert kinds(life.feed(make_match(rule, 0), now=0)) == ["raise"]
    assert "raise" not in kinds(life.feed(make_match(rule, 200), now=200))
    assert kinds(life.feed(make_match(rule, 200 + 241), now=441)) == ["raise"]


def test_an_open_alert_keeps_its_id_when_its_rule_is_changed() -> None:
    life = Life()
    (first,) = life.feed(make_match(rule_with(timespan_s=DAY), 0))
    (second,) = life.feed(make_match(rule_with(timespan_s=DAY, version=2), 1))
    assert (second.alert.id, second.alert.rule_version) == (first.alert.id, 1)
    (third,) = life.feed(make_match(rule_with(timespan_s=DAY, version=2), 30))
    assert third.alert.rule_version == 2


def test_a_rule_that_groups_otherwise_takes_back_nothing_and_repeats_nothing() -> None:
    life = Life()
    short, long = rule_with(timespan_s=DAY), rule_with(timespan_s=10 * DAY, version=2)
    life.feed(make_match(short, 0), make_match(short, 30))
    changes = life.feed(make_match(long, 40))
    assert "cancel" not in kinds(changes)
    assert "raise" not in kinds(changes)
    assert len(life.alerts) == 2


@pytest.mark.slow
def test_a_flood_of_matches_is_remembered_in_part_and_cancels_nothing() -> None:
    life = Life(restarts=False)
    rule = rule_with(timespan_s=HOUR)
    for number in range(MAX_ENTRIES + 60):
        life.feed(make_match(rule, number / 10))
    assert life.state is not None
    assert len(life.state.entries) <= MAX_ENTRIES
    assert set(kinds(life.changes)) == {"raise", "corroborate"}
    single = Life(restarts=False)
    for number in range(MAX_ENTRIES + 20):
        single.feed(make_match(rule_with(), number / 10))
    assert len(single.alerts) == 1
    assert single.state is not None
    assert len(single.state.entries) == MAX_ENTRIES


def test_a_group_that_is_done_with_is_forgotten() -> None:
    life = Life()
    life.feed(make_match(rule_with(timespan_s=DAY), 0), now=0)
    life.pass_time(24 * 13.9)
    assert life.state is not None
    life.pass_time(24 * 15)
    assert life.state is None


@pytest.mark.slow
def test_a_busy_group_stays_small() -> None:
    life = Life()
    rule = rule_with(timespan_s=HOUR)
    for hour in range(200):
        life.feed(make_match(rule, hour), now=hour)
    assert life.state is not None
    assert len(life.state.entries) <= 180
    assert kinds(life.changes) == ["raise"] * 200


def test_a_straggler_from_before_does_not_move_what_came_after() -> None:
    life = Life()
    rule = rule_with(timespan_s=10 * HOUR)
    for hour in range(0, 400, 10):
        life.feed(make_match(rule, hour), now=hour)
    before = {a.id for a in life.alerts.values()}
    late = life.feed(make_match(rule, 5, origin="late"), now=400)
    assert kinds(late) == ["raise"]
    assert {c.alert.id for c in life.feed(make_match(rule, 401), now=401)}.isdisjoint(
        before - {late[0].alert.id}
    )


def test_the_summary_names_what_the_match_brought() -> None:
    rule = rule_with(
        alert={"topic": "diplomacy", "summary": "{event.actor} to {event.recipient}: {event.mode}"}
    )
    match = make_match(rule, 0).model_copy(
        update={"slots": {"event.actor": ["IRN", "CHN", "RUS"], "event.mode": ["to_be_signed"]}}
    )
    (change,) = Life().feed(match)
    assert change.alert.summary == "Iran, China and Russia to (not told): to be signed"


def test_a_part_in_brackets_is_left_out_where_it_has_nothing_to_say() -> None:
    template = "Attack by {event.actor}[ on {event.recipient}][ in {event.place}] [sic]"
    assert (
        fill_summary(template, {"event.actor": ["AZE"], "event.place": ["ARM"]})
        == "Attack by Azerbaijan in Armenia [sic]"
    )


RULES = (
    rule_with(timespan_s=6 * HOUR),
    rule_with(timespan_s=3 * HOUR, hold_s=HOUR),
    rule_with(),
    correlated(type="event_count", gte=2, timespan_s=4 * HOUR),
    correlated(type="value_count", field="origin", gte=2, timespan_s=4 * HOUR),
    correlated(type="temporal_ordered", steps=("a", "b"), timespan_s=5 * HOUR),
    correlated(type="absence", steps=("a", "b"), timespan_s=3 * HOUR),
    correlated(type="first_seen", timespan_s=3 * HOUR),
    correlated(type="transition", field="transition.stage"),
)
LATENESS = 2.0
REMEMBERED = 20.0
"""Hours of event time within which every rule knows a repeat again."""


@st.composite
def interleavings(draw: st.DrawFn) -> tuple[Rule, list[Match], list[Match]]:
    """A rule, its matches in event time, and the same with repeats in an order that the allowed lateness permits."""
    rule = draw(st.sampled_from(RULES))
    steps = rule.correlation.steps if rule.correlation and rule.correlation.steps else (None,)
    times = sorted(draw(st.lists(st.integers(0, 48) | st.integers(0, 1000), min_size=1, max_size=12)))
    matches = [
        make_match(
            rule,
            time / 2,
            record=f"m{number}",
            origin=draw(st.sampled_from(["x", "y", "z"])),
            step=draw(st.sampled_from([*steps, "corroborate", "contradict"])),
            transition_stage=draw(st.sampled_from(["drafting", "signed"])),
        )
        for number, time in enumerate(times)
    ]
    delays = [draw(st.floats(0, LATENESS * 0.99)) for _ in matches]
    order = sorted(range(len(matches)), key=lambda i: times[i] / 2 + delays[i])
    arriving: list[Match] = []
    latest = 0
    for i in order:
        arriving.append(matches[i])
        latest = max(latest, times[i])
        if draw(st.booleans()):
            again = draw(st.sampled_from(order[: order.index(i) + 1]))
            if latest - times[again] < REMEMBERED * 2:
                arriving.append(matches[again])
    return rule, matches, arriving


def _open_alerts(rule: Rule, matches: list[Match]) -> dict[str, Alert]:
    life = Life()
    latest = 0.0
    for match in matches:
        hours = (match.subject.event_time - NOON) / timedelta(hours=1)
        latest = max(latest, hours)
        life.feed(match, now=latest - LATENESS)
    life.pass_time(520)
    alerts: dict[str, Alert] = {}
    sequences: dict[str, int] = {}
    told: set[str] = set()
    for change in life.changes:
        # a repeat that comes after its group was forgotten is told again under the ids that it had: no reader takes it twice
        if change.id in told:
            continue
        told.add(change.id)
        assert change.sequence == sequences.get(change.alert.id, 0) + 1
        sequences[change.alert.id] = change.sequence
        alerts[change.alert.id] = change.alert
    return {i: a for i, a in alerts.items() if a.status is not AlertStatus.CANCELLED}


@given(interleavings())
@settings(max_examples=60, deadline=None)
def test_any_order_within_the_lateness_and_any_repeats_end_in_the_same_alerts(
    drawn: tuple[Rule, list[Match], list[Match]],
) -> None:
    rule, in_order, shuffled = drawn
    assert _open_alerts(rule, shuffled) == _open_alerts(rule, in_order)


BOUNDED = tuple(
    rule
    for rule in RULES
    if rule.timespan_s is not None
    or (rule.correlation is not None and rule.correlation.timespan_s is not None)
)
"""Rules with windows; all are shorter than the week that a group is remembered in any case."""


@given(
    rule=st.sampled_from(BOUNDED),
    gaps=st.lists(st.floats(0, 60), min_size=20, max_size=60),
    drawn=st.randoms(use_true_random=False),
)
@settings(max_examples=40, deadline=None)
def test_what_is_remembered_of_a_group_goes_back_by_its_windows_and_no_further(
    rule: Rule, gaps: list[float], drawn: Random
) -> None:
    steps = rule.correlation.steps if rule.correlation and rule.correlation.steps else (None,)
    life = Life()
    hours = 0.0
    for gap in gaps:
        hours += gap
        life.feed(make_match(rule, hours, step=drawn.choice([*steps, "contradict"])), now=hours)
        assert life.state is not None
        oldest = min(entry.time for entry in life.state.entries)
        assert NOON + timedelta(hours=hours) - oldest <= timedelta(days=3 * 7 + 1)
    life.pass_time(hours + 24 * 15)
    assert life.state is None
