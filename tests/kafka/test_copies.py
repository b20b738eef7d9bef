from __future__ import annotations

from streams.kafka.copies import Copies, tell_unwritable
from streams.kafka.topics import all_topics, least_up_to_date, plan_topics
from streams.settings import Settings


def test_a_partition_takes_records_while_enough_of_its_copies_are_up_to_date() -> None:
    assert tell_unwritable([]) is None
    assert tell_unwritable([Copies("one", 0, has_leader=True, wanted=1, up_to_date=1)]) is None
    assert tell_unwritable([Copies("three", 0, has_leader=True, wanted=3, up_to_date=2)]) is None


def test_what_takes_no_records_is_told_in_a_sentence_with_an_example() -> None:
    alone = Copies("b", 1, has_leader=True, wanted=3, up_to_date=1)
    headless = Copies("a", 0, has_leader=False, wanted=3, up_to_date=1)
    assert tell_unwritable([alone]) == (
        "1 partition takes no records, such as b, partition 1: it has 1 of 3 copies up to date, and 2 must be; brokers are away"
    )
    assert tell_unwritable([alone, headless]) == (
        "2 partitions take no records, such as a, partition 0: it has no leader; brokers are away"
    )


def test_of_three_copies_two_must_be_up_to_date_and_every_topic_says_so() -> None:
    assert [least_up_to_date(copies) for copies in (1, 2, 3, 5)] == [1, 1, 2, 2]
    three = plan_topics(Settings(replication=3), all_topics())
    assert {plan.configs["min.insync.replicas"] for plan in three} == {"2"}
    assert not any("min.insync.replicas" in plan.configs for plan in plan_topics(Settings(), all_topics()))
