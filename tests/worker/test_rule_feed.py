from __future__ import annotations

from streams.health import Health
from streams.rules.load import load_pack
from streams.rules.match import RuleIndex
from streams.settings import Settings
from streams.telemetry import Metrics
from streams.worker.rule_feed import RuleFeed


def make_feed() -> tuple[RuleFeed, RuleIndex, Metrics]:
    index, metrics = RuleIndex(), Metrics()
    return RuleFeed(index, Settings(), Health(metrics), metrics), index, metrics


def test_a_tombstone_withdraws_a_rule() -> None:
    feed, index, _ = make_feed()
    rule = load_pack()[0]
    feed.apply(rule.id, rule.encode())
    assert rule.id in feed
    feed.apply(rule.id, None)
    assert len(index) == 0


def test_an_unreadable_rule_leaves_the_rule_of_its_key_as_it_was_and_the_others_go_on() -> None:
    feed, index, metrics = make_feed()
    first, second = load_pack()[:2]
    feed.apply(first.id, first.encode())
    feed.apply(first.id, b'{"id": "half a rule"')
    feed.apply(second.id, second.encode())
    assert first.id in index
    assert second.id in index
    assert "dragoman_rules_unreadable 1.0" in metrics.render().decode()
    feed.apply(first.id, first.encode())
    assert "dragoman_rules_unreadable 0.0" in metrics.render().decode()


def test_a_rule_under_the_key_of_another_is_not_taken() -> None:
    feed, index, _ = make_feed()
    rule = load_pack()[0]
    feed.apply("another", rule.encode())
    assert len(index) == 0
