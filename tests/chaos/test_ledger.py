from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.ledger import Books, Parked, balance
from tests.factories import make_alert_change

CHANGES = (make_alert_change(1), make_alert_change(1, sequence=2), make_alert_change(2))
WHOLE = Books(
    accepted=("t-1", "t-2"),
    poison=(b"{",),
    expected=CHANGES,
    enriched=("t-1", "t-2", "t-1"),
    parked=(Parked(b"{", "json"),),
    transitions=(),
    alerts=CHANGES,
    streamed=CHANGES,
    hooked=tuple((f"hook {c.id}", c) for c in CHANGES),
    bodies={f"hook {c.id}": 1 for c in CHANGES},
)


def test_books_in_which_all_is_there_once_and_in_order_balance() -> None:
    found = balance(WHOLE)
    assert found.faults == ()
    assert (found.figures["sent"], found.figures["enriched"], found.figures["enriched again"]) == (2, 2, 1)


def test_a_webhook_that_comes_again_under_its_id_is_told_and_no_fault() -> None:
    found = balance(replace(WHOLE, hooked=(*WHOLE.hooked, WHOLE.hooked[0])))
    assert found.faults == ()
    assert found.figures["webhook again"] == 1


@pytest.mark.parametrize(
    ("books", "fault"),
    [
        (replace(WHOLE, enriched=("t-1",)), "1 transcripts lost, such as 't-2'"),
        (replace(WHOLE, parked=()), "1 poison records lost"),
        (replace(WHOLE, parked=(*WHOLE.parked, Parked(b"good", "json"))), "1 good records parked"),
        (replace(WHOLE, parked=(Parked(b"{", None),)), "1 dead letters without a reason"),
        (replace(WHOLE, streamed=CHANGES[:2]), "1 stream: changes lost"),
        (replace(WHOLE, streamed=(*CHANGES, make_alert_change(3))), "1 stream: changes nobody expects"),
        (replace(WHOLE, streamed=(*CHANGES, CHANGES[2])), "1 stream: changes told twice"),
        (replace(WHOLE, streamed=(CHANGES[1], CHANGES[0], CHANGES[2])), "1 stream: alerts out of order"),
        (replace(WHOLE, hooked=WHOLE.hooked[1:]), "1 webhook: changes lost"),
        (replace(WHOLE, hooked=(*WHOLE.hooked, ("other", CHANGES[0]))), "1 webhook: changes told twice"),
        (replace(WHOLE, bodies={"one": 2}), "1 webhook-ids with two bodies"),
    ],
)
def test_what_is_lost_doubled_altered_or_out_of_order_is_found(books: Books, fault: str) -> None:
    assert any(found.startswith(fault) for found in balance(books).faults), balance(books).faults


def test_a_change_in_other_words_is_found() -> None:
    told = (CHANGES[0].model_copy(update={"cause_id": "another"}), *CHANGES[1:])
    assert balance(replace(WHOLE, streamed=told)).faults == (
        f"1 stream: changes told otherwise, such as {CHANGES[0].id!r}",
    )
