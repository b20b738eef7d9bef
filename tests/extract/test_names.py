"""The lists of names: that they are whole, and that a name is found as it is written."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import yaml

from schemas.entity import EntityType
from streams.extract.models import LEXICON, load_models
from streams.extract.names import plain_name, split_words

NAMES = load_models().names


@cache
def lexicon(file: str) -> Any:  # noqa: ANN401 - the files differ in shape
    return yaml.load((LEXICON / file).read_text(encoding="utf-8"), yaml.CSafeLoader)


def rows(file: str) -> list[list[str]]:
    lines = (LEXICON / file).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def found(text: str) -> list[tuple[str, str]]:
    words = split_words(text)
    matches = []
    index = 0
    while index < len(words):
        match = NAMES.english.at(words, index)
        if match is not None:
            matches.append((text[words[match.first].start : words[match.last - 1].end], match.known.id))
        index = match.last if match else index + 1
    return matches


def test_every_state_has_a_code_of_three_letters_and_a_name() -> None:
    assert all(
        re.fullmatch(r"[A-Z]{3}", code) and value["name"] for code, value in lexicon("countries.yml").items()
    )


def test_every_list_says_where_it_comes_from() -> None:
    for path in (*LEXICON.glob("*.yml"), *LEXICON.glob("*.tsv")):
        assert path.read_text(encoding="utf-8").startswith("#"), path.name


def test_every_word_list_is_told_in_the_readme() -> None:
    readme = (LEXICON / "README.md").read_text(encoding="utf-8")
    mine = [
        "countries.yml",
        "country_names.tsv",
        "names_other.yml",
        "places.yml",
        "cities.tsv",
        "organisations.yml",
        "roles.yml",
        "leaders.yml",
    ]
    assert [name for name in mine if name not in readme] == []


def test_places_and_organisations_belong_to_states_that_are_listed() -> None:
    known = set(lexicon("countries.yml"))
    owners = {
        c
        for file in ("places.yml", "organisations.yml")
        for entry in lexicon(file)
        for c in entry.get("countries", ())
    }
    assert owners <= known
    assert {code for _, code, *_ in rows("cities.tsv")} - known <= {
        code for _, code, _ in rows("country_names.tsv")
    }


def test_a_code_stands_for_one_organisation() -> None:
    entries = [entry["code"] for entry in lexicon("organisations.yml")]
    assert sorted(entries) == sorted(set(entries))


def test_leaders_belong_to_states_and_organisations_that_are_listed() -> None:
    value = lexicon("leaders.yml")
    assert set(value["leaders"]) <= set(lexicon("countries.yml"))
    assert set(value["organisations"]) <= {entry["code"] for entry in lexicon("organisations.yml")}
    assert {plain_name(name) for name in value["surnames"]} <= set(NAMES.leaders)


def test_names_in_other_languages_are_of_what_is_listed() -> None:
    value = lexicon("names_other.yml")
    assert {*value["countries"], *value["leaders"]} <= set(lexicon("countries.yml"))
    assert set(value["organisations"]) <= {entry["code"] for entry in lexicon("organisations.yml")}


def test_every_state_is_found_by_its_name() -> None:
    names = {code: value["name"] for code, value in lexicon("countries.yml").items()}
    wrong = [
        name
        for code, name in names.items()
        if found(f"Envoys of {name} spoke.") != [(name, f"country:{code}")]
    ]
    assert wrong == []


def test_the_longest_name_is_taken() -> None:
    assert found("Talks in South Sudan and Papua New Guinea.") == [
        ("South Sudan", "country:SSD"),
        ("Papua New Guinea", "country:PNG"),
    ]


def test_a_city_is_the_largest_of_its_name() -> None:
    assert (NAMES.cities["London"].country, NAMES.cities["Birmingham"].country) == ("GBR", "GBR")


@pytest.mark.parametrize("words", ["US", "WHO", "IS", "CAR"])
def test_an_acronym_that_is_a_word_is_none_in_a_line_of_capitals(words: str) -> None:
    assert found(f"LET EVERYBODY {words} NOW SPEAK") == []


def test_an_acronym_in_its_own_case_is_found() -> None:
    assert [ident for _, ident in found("The WHO and the US met in Doha.")] == [
        "org:WHO",
        "country:USA",
        "place:QAT:doha",
    ]


def test_known_organisations_have_a_sector_or_speak_for_themselves() -> None:
    organisations = [k for k in NAMES.english.entries.values() if k.type is EntityType.ORGANISATION]
    assert organisations
    assert all(re.fullmatch(r"[A-Z0-9-]+:[A-Z]{3}", known.code or "") for known in organisations)
