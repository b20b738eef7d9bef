"""Names that the reader knows: states, peoples, places and organisations, looked up in the words of a sentence."""
# ruff: noqa: SIM905 - lists of words are read as words

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from schemas.entity import EntityType, MentionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_MARKS: Final = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u200c\u200d"
"""Signs that belong to the letter before them, which `\\w` leaves out: a word must not fall apart at a vowel sign."""
_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(
    rf"(?:[A-Za-z]\.){{2,}}|['’]s\b|[{_HAN}]|[^\W_{_HAN}](?:[^\W_{_HAN}]|[{_MARKS}])*|[^\w\s]|_"
)

_COMMON: Final = frozenset(
    """us who is it can car air map tap eco as so am pm or in on an at to no mit isi rai mena spa guam abc fox app ana
    ana petra saba bali java polish pole poles finn finns swede swedes dane danes scot scots brit brits kiwi kiwis turk
    reunion contras un au ec ap wam sana suna cna antara contra congress english quad as nam aes eta ira mal bsf ans can
    sdf cis niger chad mali jordan georgia turkey guinea""".split()
)
"""Names that are common words, or names of people, when their capitals are gone."""

_PERSON_NAMES: Final = frozenset(
    """chad jordan georgia paris israel kenya india sydney florence sofia lima victoria carolina virginia dakota austin
    houston lincoln madison jackson washington kent york lancaster""".split()
)
"""Places that are first names or surnames too: where the tagger sees a person, it is one."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a sign of a sentence. `low` is its lower case with a straight apostrophe."""

    text: str
    low: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Known:
    """What a known name refers to."""

    id: str
    type: EntityType
    kind: MentionKind
    name: str
    code: str | None
    countries: tuple[str, ...]
    forms: frozenset[str] = frozenset()
    """The ways it is written; empty where any case will do."""


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A known name in a sentence: words `first` up to but not including `last`."""

    first: int
    last: int
    known: Known


@dataclass(frozen=True, slots=True)
class NameTable:
    """Names by their words. Lookup takes the longest name at each word, so it is linear in the sentence."""

    entries: dict[tuple[str, ...], Known] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)

    def add(self, form: str, known: Known) -> None:
        """Add one name; the first meaning of a form stands."""
        words = tuple(word.low for word in split_words(form))
        if not words:
            return
        old = self.entries.get(words)
        if old is None:
            self.entries[words] = known
            self.longest[words[0]] = max(self.longest.get(words[0], 0), len(words))
        elif old.id == known.id and old.kind == known.kind:
            merged = Known(
                old.id, old.type, old.kind, old.name, old.code, old.countries, old.forms | known.forms
            )
            self.entries[words] = merged

    def at(self, words: Sequence[Word], index: int) -> NameMatch | None:
        """Find the longest name that begins at a word."""
        length = self.longest.get(words[index].low, 0)
        length = min(length, len(words) - index)
        while length:
            known = self.entries.get(tuple([w.low for w in words[index : index + length]]))
            if known is not None and _is_written_so(words, index, index + length, known):
                return NameMatch(index, index + length, known)
            length -= 1
        return None


@dataclass(frozen=True, slots=True)
class City:
    """A city of GeoNames."""

    name: str
    country: str
    latitude: float
    longitude: float
    people: int


@dataclass(frozen=True, slots=True)
class Label:
    """An official label: what a state calls others, and the code it gets."""

    words: tuple[str, ...]
    code: str


@dataclass(frozen=True, slots=True)
class PhraseTable:
    """Phrases in lower case with a sector code each."""

    sectors: dict[tuple[str, ...], str] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)

    def add(self, phrase: tuple[str, ...], sector: str) -> None:
        """Add a phrase; the first sector of a phrase stands."""
        self.sectors.setdefault(phrase, sector)
        self.longest[phrase[0]] = max(self.longest.get(phrase[0], 0), len(phrase))

    def length_at(self, low: Sequence[str], index: int) -> int:
        """Give the number of words of the longest phrase that begins at a word, or 0."""
        length = self.longest.get(low[index], 0) if index < len(low) else 0
        length = min(length, len(low) - index)
        while length and tuple(low[index : index + length]) not in self.sectors:
            length -= 1
        return length


@dataclass(frozen=True, slots=True)
class WordLists:
    """The words of roles.yml: heads of offices, ranks, bodies and groups with their sectors; longest phrases first."""

    roles: PhraseTable
    ranks: PhraseTable
    bodies: PhraseTable
    groups: PhraseTable
    fields: tuple[tuple[str, str], ...]
    labels: PhraseTable


@dataclass(frozen=True, slots=True)
class Names:
    """Every list of names, ready for lookup."""

    english: NameTable
    by_language: dict[str, NameTable]
    cities: dict[str, City]
    countries: dict[str, str]
    """ISO 3166-1 alpha-3 to the English name."""
    words: WordLists
    leaders: dict[str, str]
    """Plain full name, or a surname that stands for one person, to the state or organisation he speaks for."""
    leader_surnames: dict[str, str]
    """Surname to state, where all leaders of that surname are of one state; good only with an office before it."""


def split_words(text: str, start: int = 0, end: int | None = None) -> list[Word]:
    """Split text into words and signs: a hyphen and a possessive stand alone, an abbreviation with dots is one word."""
    found = _WORD.finditer(text, start, len(text) if end is None else end)
    return [Word(t := m.group(), t.lower().replace("’", "'"), m.start(), m.end()) for m in found]


def is_person_name(name: str) -> bool:
    """Tell whether a place name is a first name or surname too."""
    return name.lower() in _PERSON_NAMES


def _is_written_so(words: Sequence[Word], first: int, last: int, known: Known) -> bool:
    """Tell whether the case of the words fits: capitals as in the name, or a text that has no case to go by."""
    if not known.forms:
        return True
    surface = " ".join(w.text.replace("’", "'") for w in words[first:last])
    if surface in known.forms:
        return True
    low = surface.lower()
    if low in _COMMON:
        return (
            surface.isupper() and first > 0 and words[first - 1].text == "THE" and low in {"us", "un", "au"}
        )
    if surface.isupper():
        return len(low) > 3 or _is_upper(words)  # noqa: PLR2004 - a short word in capitals is an acronym of its own
    if surface == low:
        return _is_lower(words)
    # capitals of a headline: Palestinian Territories, Ivory Coast; small words do not matter
    return all(w.text[0].isupper() or len(w.text) <= 3 or not w.text[0].isalpha() for w in words[first:last])  # noqa: PLR2004


def _is_upper(words: Sequence[Word]) -> bool:
    letters = [w.text for w in words if w.text[0].isalpha()]
    return sum(t.isupper() for t in letters) > 0.8 * len(letters)


def _is_lower(words: Sequence[Word]) -> bool:
    """Tell whether a sentence has no capitals at all, as captions and transcripts of speech have none."""
    return not any(w.text[0].isupper() for w in words)


def load_names(folder: Path) -> Names:
    """Read the lists of names from the lexicon folder."""
    countries = _load_yaml(folder / "countries.yml")
    english = NameTable()
    for country in countries:
        _add_country(english, country, countries[country])
    for place in _load_yaml(folder / "places.yml"):
        _add_place(english, place)
    for organisation in _load_yaml(folder / "organisations.yml"):
        _add_organisation(english, organisation)
    leaders, surnames = _load_leaders(folder / "leaders.yml")
    names = {code: str(value["name"]) for code, value in countries.items()}
    return Names(
        english=english,
        by_language=_load_country_names(folder / "country_names.tsv", names, english),
        cities=_load_cities(folder / "cities.tsv"),
        countries=names,
        words=_load_words(folder / "roles.yml"),
        leaders=leaders,
        leader_surnames=surnames,
    )


def _load_yaml(path: Path) -> Any:  # noqa: ANN401 - the files differ in shape; their readers below say which
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


def _forms(name: str) -> frozenset[str]:
    return frozenset({" ".join(w.text for w in split_words(name.replace("’", "'")))})


def _variants(name: str) -> Iterator[str]:
    yield name
    if "-" in name:
        yield name.replace("-", " ")
    plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    if plain != name:
        yield plain


def _plurals(word: str) -> Iterator[str]:
    yield word
    if not word.endswith(("ese", "ish", "ch", "ss", "s", "men", "man", "oman", "é", "ni-Vanuatu", "Thai")):
        yield word + "s"
    if word.endswith("man"):
        yield word[:-3] + "men"
    if word == "Thai":
        yield "Thais"


def _add_country(table: NameTable, code: str, value: dict[str, Any]) -> None:
    """Add a state: its names, its people, and the places and palaces that stand for it."""
    name = value["name"]

    def add(
        form: str, ident: str, sort: tuple[EntityType, MentionKind], title: str, sector: str = ""
    ) -> None:
        for variant in _variants(form):
            table.add(variant, Known(ident, *sort, title, code + sector, (code,), _forms(variant)))

    ident = f"country:{code}"
    for form in (name, *value.get("also", ())):
        add(form, ident, (EntityType.COUNTRY, MentionKind.NAME), name)
    for form in (form for people in value.get("people", ()) for form in _plurals(people)):
        add(form, ident, (EntityType.COUNTRY, MentionKind.NATIONALITY), name)
    for prefix in value.get("prefix", ()):
        known = Known(
            ident, EntityType.COUNTRY, MentionKind.NATIONALITY, name, code, (code,), _forms(prefix + "-")
        )
        table.add(prefix + "-", known)
    for seat in value.get("seats", ()):
        add(seat, f"place:{code}:{_slug(seat)}", (EntityType.PLACE, MentionKind.NAME), seat)
    for power in value.get("power", ()):
        house = power.removeprefix("the ")
        add(power, f"org:{code}:{_slug(house)}", (EntityType.ORGANISATION, MentionKind.NAME), house, ":GOV")


def _add_place(table: NameTable, value: dict[str, Any]) -> None:
    name = value["name"]
    countries = tuple(value.get("countries", ()))
    ident = f"place:{countries[0] if countries else 'XXX'}:{_slug(name)}"
    code = countries[0] if countries else None
    for form in (name, *value.get("also", ())):
        for variant in _variants(form):
            table.add(
                variant,
                Known(ident, EntityType.PLACE, MentionKind.NAME, name, code, countries, _forms(variant)),
            )
    for people in value.get("people", ()):
        for form in _plurals(people):
            table.add(
                form,
                Known(ident, EntityType.PLACE, MentionKind.NATIONALITY, name, code, countries, _forms(form)),
            )


def _add_organisation(table: NameTable, value: dict[str, Any]) -> None:
    countries = tuple(value.get("countries", ()))
    code, sector = value["code"], value["sector"]
    own = (
        sector in {"IGO", "NGO", "REB", "OPP"} or not countries
    )  # a party in its own right, not an arm of its state
    full = f"{code}:{sector}" if own else f"{countries[0]}:{sector}"
    for form in (value["name"], *value.get("also", ())):
        for variant in _variants(form):
            table.add(
                variant,
                Known(
                    f"org:{code}",
                    EntityType.ORGANISATION,
                    MentionKind.NAME,
                    value["name"],
                    full,
                    countries,
                    _forms(variant),
                ),
            )


def _load_country_names(path: Path, names: dict[str, str], english: NameTable) -> dict[str, NameTable]:
    """Read the names of states in other languages; acronyms of organisations, which cross languages, go along."""
    tables: dict[str, NameTable] = {}
    for language, code, form in _rows(path):
        if language == "en":
            continue
        table = tables.setdefault(language, NameTable())
        known = Known(
            f"country:{code}",
            EntityType.COUNTRY,
            MentionKind.NAME,
            names.get(code, form),
            code,
            (code,),
            _forms(form) if form[0].isupper() else frozenset(),
        )
        table.add(form, known)
    for words, known in english.entries.items():
        if len(words) == 1 and any(form.isupper() for form in known.forms):
            for table in tables.values():
                table.add(words[0], known)
    return tables


def _load_cities(path: Path) -> dict[str, City]:
    """Read the cities; of two with one name the larger stands."""
    cities: dict[str, City] = {}
    for name, code, latitude, longitude, people, others in _rows(path):
        city = City(name, code, float(latitude), float(longitude), int(people))
        for form in (name, *filter(None, others.split("|"))):
            old = cities.get(form)
            if old is None or (old.people, old.country) < (city.people, city.country):
                cities[form] = city
    return cities


def _load_words(path: Path) -> WordLists:
    value = _load_yaml(path)

    def table(section: dict[str, list[str]]) -> PhraseTable:
        found = PhraseTable()
        for sector, phrases in section.items():
            for variant in (v for phrase in phrases for v in _variants(phrase)):
                found.add(tuple(w.low for w in split_words(variant)), sector)
        return found

    labels = PhraseTable()
    for label in value["labels"]:
        for phrase in label["words"]:
            labels.add(tuple(w.low for w in split_words(phrase)), label["code"])
    return WordLists(
        roles=table(value["roles"]),
        ranks=table(value["ranks"]),
        bodies=table(value["bodies"]),
        groups=table(value["groups"]),
        fields=tuple((phrase, sector) for sector, phrases in value["fields"].items() for phrase in phrases),
        labels=labels,
    )


def plain_name(name: str) -> str:
    """Give a name without case, accents and signs, for comparison."""
    letters = "".join(
        c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c)
    )
    return " ".join(re.sub(r"[^\w\s]", " ", letters).split())


def _load_leaders(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    value = _load_yaml(path)
    full: dict[str, str] = {}
    surnames: dict[str, str] = {}
    shared: set[str] = set()
    for section in ("leaders", "organisations"):
        for code, people in value[section].items():
            for person in people:
                plain = plain_name(person)
                full[plain] = code
                last = plain.split()[0] if code in {"CHN", "KOR", "PRK", "TWN"} else plain.split()[-1]
                if surnames.setdefault(last, code) != code:
                    shared.add(last)
    for surname in value["surnames"]:
        plain = plain_name(surname)
        if plain in surnames:
            full.setdefault(plain, surnames[plain])
    return full, {name: code for name, code in surnames.items() if name not in shared}


def _rows(path: Path) -> Iterable[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def _slug(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFD", name.lower()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
