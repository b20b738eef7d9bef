"""How well agreements are read on passages of the project's own: floors, so that no later change undoes what is there.

The passages are invented, people and events in them too. Their labels follow the public definitions of the stages. Rules
and word lists were mended with those of an even number only; those of an odd number show what generalises, except in the
second set, where they were opened at the end. The second set was written by somebody who did not know the reader, with harder
sentences than news has on an average day; the third as well, as hard as the bench.
"""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from streams.cli.extract_lines import answer_lines

pytestmark = pytest.mark.slow

SETS = {
    "first": Path(__file__).parent / "agreements.jsonl",
    "second": Path(__file__).parent / "agreements_unseen.jsonl",
    "third": Path(__file__).parent / "agreements_third.jsonl",
}
SHARED_WORDS = 0.25
"""The least share of words for two pieces of evidence to be about one instrument."""

FLOORS = {
    ("first even", "alert"): 0.87, ("first even", "stage"): 0.77, ("first even", "parties"): 0.78, ("first even", "new"): 0.89, ("first even", "domain"): 0.73,
    ("first odd", "alert"): 0.79, ("first odd", "stage"): 0.70, ("first odd", "parties"): 0.72, ("first odd", "new"): 0.82, ("first odd", "domain"): 0.73,
    ("second even", "alert"): 0.70, ("second even", "stage"): 0.54, ("second even", "parties"): 0.46, ("second even", "new"): 0.67, ("second even", "domain"): 0.65,
    ("second odd", "alert"): 0.60, ("second odd", "stage"): 0.46, ("second odd", "parties"): 0.39, ("second odd", "new"): 0.60, ("second odd", "domain"): 0.56,
    ("third even", "alert"): 0.66, ("third even", "stage"): 0.53, ("third even", "parties"): 0.44, ("third even", "new"): 0.72, ("third even", "domain"): 0.67,
    ("third odd", "alert"): 0.60, ("third odd", "stage"): 0.59, ("third odd", "parties"): 0.61, ("third odd", "new"): 0.73, ("third odd", "domain"): 0.59,
}  # fmt: skip
"""Each a few points under what was measured, because one passage moves a figure by almost one."""

FALSE_INSTRUMENTS_AT_MOST = 2


@cache
def read_passages(name: str) -> tuple[tuple[dict[str, Any], dict[str, Any]], ...]:
    """Give each passage of a set with its answer, as the command gives it."""
    lines = SETS[name].read_bytes().splitlines()
    output = io.BytesIO()
    assert answer_lines("agreements", lines, output) == 0
    answers = output.getvalue().splitlines()
    return tuple((json.loads(line), json.loads(answer)) for line, answer in zip(lines, answers, strict=True))


def half(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    which, _, part = name.partition(" ")
    rest = {"even": 0, "odd": 1}[part]
    return [pair for pair in read_passages(which) if int(pair[0]["id"].rpartition("-")[2]) % 2 == rest]


def overlap(one: str, other: str) -> float:
    a, b = set(one.lower().split()), set(other.lower().split())
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def matched(gold: dict[str, Any], answer: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Pair the instruments of a passage with those found, each once, the likest first."""
    wanted, found = gold["instruments"], answer["instruments"]
    pairs = sorted(
        ((overlap(g["evidence_span"], f["evidence_span"]), i, j) for i, g in enumerate(wanted) for j, f in enumerate(found)),
        key=lambda item: (-item[0], item[1], item[2]),
    )  # fmt: skip
    taken: list[tuple[int, int]] = []
    for share, i, j in pairs:
        free = all(i != a and j != b for a, b in taken)
        if free and share >= SHARED_WORDS:
            taken.append((i, j))
    return [(wanted[i], found[j]) for i, j in taken]


def f1(right: int, wrong: int, missed: int) -> float:
    return 2 * right / (2 * right + wrong + missed)


def alert_f1(part: list[tuple[dict[str, Any], dict[str, Any]]]) -> float:
    told = [(gold["is_security_mou_alert"], answer["is_security_mou_alert"]) for gold, answer in part]
    return f1(told.count((True, True)), told.count((False, True)), told.count((True, False)))


def is_new(instrument: dict[str, Any]) -> bool:
    return instrument["polarity"] == "asserted" and bool(instrument["is_news"])


def new_step_f1(part: list[tuple[dict[str, Any], dict[str, Any]]]) -> float:
    pairs = [pair for gold, answer in part for pair in matched(gold, answer)]
    right = sum(is_new(g) and is_new(f) for g, f in pairs)
    wanted = sum(is_new(g) for gold, _ in part for g in gold["instruments"])
    found = sum(is_new(f) for _, answer in part for f in answer["instruments"])
    return f1(right, found - right, wanted - right)


def share_right(part: list[tuple[dict[str, Any], dict[str, Any]]], name: str) -> float:
    """Give the share of instruments between states of which the stage or the parties are as they should be."""
    pairs = [pair for gold, answer in part for pair in matched(gold, answer) if pair[0]["required"]]
    wanted = sum(g["required"] for gold, _ in part for g in gold["instruments"])
    if name == "stage":
        right = sum(bool(g["stage"] == f["stage"]) for g, f in pairs)
    else:
        right = sum({p["code"] for p in g["parties"]} == {p["code"] for p in f["parties"]} for g, f in pairs)
    return float(right) / float(wanted)


def domain_f1(part: list[tuple[dict[str, Any], dict[str, Any]]]) -> float:
    pairs = [
        (set(g["domain"]), set(f["domain"]))
        for gold, answer in part
        for g, f in matched(gold, answer)
        if g["required"]
    ]
    right = sum(len(wanted & found) for wanted, found in pairs)
    return f1(right, sum(len(f - w) for w, f in pairs), sum(len(w - f) for w, f in pairs))


def measure(part: list[tuple[dict[str, Any], dict[str, Any]]], name: str) -> float:
    whole = {"alert": alert_f1, "new": new_step_f1, "domain": domain_f1}
    return whole[name](part) if name in whole else share_right(part, name)


@pytest.mark.parametrize(("name", "figure"), FLOORS, ids=lambda value: value)
def test_agreements_are_read_as_well_as_they_were(name: str, figure: str) -> None:
    assert measure(half(name), figure) >= FLOORS[name, figure]


@pytest.mark.parametrize("name", SETS)
def test_plain_news_holds_hardly_any_instrument_and_no_alert(name: str) -> None:
    plain = [answer for gold, answer in read_passages(name) if gold["background"]]
    assert sum(len(answer["instruments"]) for answer in plain) <= FALSE_INSTRUMENTS_AT_MOST
    assert not any(answer["is_security_mou_alert"] for answer in plain)


@pytest.mark.parametrize("name", SETS)
def test_the_passages_are_labelled_in_their_own_words(name: str) -> None:
    for gold, _ in read_passages(name):
        for instrument in gold["instruments"]:
            assert instrument["evidence_span"] in gold["text"], gold["id"]
            named = f"{gold['headline'] or ''}\n{gold['text']}"
            written = [party["name_as_written"] for party in instrument["parties"]]
            assert all(name is None or name in named for name in written), gold["id"]


CONSTRUCTIONS = {
    "Bolivia and Peru put their names to a pact on border police on Tuesday.": "signed asserted new",
    "The signing in Lima of a border pact ended a dispute between Bolivia and Peru.": "signed asserted new",
    "The presidents of Bolivia and Peru are expected in Cusco on Friday for the signing of a border pact.": "to_be_signed asserted new",
    "Seoul put off the signing of a military intelligence pact with Japan.": "to_be_signed asserted new",
    "The border treaty between Bolivia and Peru entered into force on Sunday.": "in_force asserted new",
    "No agreement was reached between Bolivia and Peru on the border.": "rejected negated new",
    "Talks between Bolivia and Peru on border security ended without agreement.": "rejected negated new",
    "Negotiations between Bolivia and Peru on a border treaty have collapsed.": "rejected negated new",
    "Bolivia and Peru completed negotiations on a border treaty on Friday.": "agreed asserted new",
    "Bolivia and Peru agreed to negotiate a border treaty.": "negotiating asserted new",
    "Bolivia and Peru agreed to share intelligence on drug traffickers.": "agreed asserted new",
    "Bolivia denies signing defence pact with Peru.": "signed negated old",
    "Bolivia has denounced the 1902 border treaty with Peru.": "withdrawn asserted new",
    "North Korea declared the armistice agreement with the South void on Monday.": "withdrawn asserted new",
    "Thirty years ago this week Bolivia and Peru signed a border treaty.": "signed historical old",
    "Bolivia and Peru, which signed a border treaty last year, opened a bridge on Monday.": "signed historical old",
    "The treaty, signed by Bolivia and Peru on Monday, fixes the border.": "signed asserted new",
    "The border treaty that Bolivia offered Peru last week was rejected by Lima on Monday.": "rejected negated new",
    "The opposition demanded that Bolivia cancel its defence pact with Peru.": "withdrawn hypothetical old",
    "Bolivia and Peru exchanged instruments of ratification of the extradition treaty.": "ratified asserted new",
    "The Bolivian senate gave its approval late on Tuesday to the extradition treaty with Peru.": "ratified asserted new",
    "The president sent the extradition treaty with Peru to the Senate on Thursday.": "awaiting_ratification asserted new",
}  # fmt: skip


@pytest.mark.parametrize("text", CONSTRUCTIONS)
def test_a_construction_of_treaty_practice_is_read(text: str) -> None:
    output = io.BytesIO()
    assert answer_lines("agreements", [json.dumps({"id": "own", "text": text}).encode()], output) == 0
    first = json.loads(output.getvalue())["instruments"][0]
    assert (
        CONSTRUCTIONS[text] == f"{first['stage']} {first['polarity']} {'new' if first['is_news'] else 'old'}"
    )


HEADLINES = {
    "Bolivia, Peru sign border police pact": "signed", "Bolivia, Peru to sign border police pact": "to_be_signed",
    "Border police pact signed by Bolivia and Peru": "signed", "Signing of Bolivia-Peru security pact planned for next week": "to_be_signed",
    "Bolivian senate ratifies extradition treaty with Peru": "ratified", "Bolivia quits defence pact with Peru": "withdrawn",
    "Bolivia-Peru border talks end without agreement": "rejected", "Bolivia-Peru extradition treaty enters into force": "in_force",
}  # fmt: skip


@pytest.mark.parametrize("title", HEADLINES)
def test_what_only_the_headline_tells_is_read_and_proved_by_the_first_sentence(title: str) -> None:
    line = json.dumps(
        {"id": "own", "headline": title, "text": "The ministers met for three hours. It rained."}
    )
    output = io.BytesIO()
    assert answer_lines("agreements", [line.encode()], output) == 0
    (found,) = json.loads(output.getvalue())["instruments"]
    assert (found["stage"], found["evidence_span"]) == (
        HEADLINES[title],
        "The ministers met for three hours.",
    )
    assert {party["code"] for party in found["parties"]} == {"BOL", "PER"}
