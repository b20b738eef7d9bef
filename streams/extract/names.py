"""Names that the reader knows: states, peoples, places and organisations, looked up in the words of a sentence."""
# ruff: noqa: SIM905 - lists of words are read as words

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from schemas.entity import EntityType, MentionKind
from streams.extract.inflection import fold, stem_of, stems_in, without_prefix

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


class Word(NamedTuple):
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

    language: str = "en"
    entries: dict[tuple[str, ...], Known] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)
    stems: dict[str, Known] = field(default_factory=dict)
    """Names that take endings, in languages where names do."""

    def add(self, form: str, known: Known) -> None:
        """Add one name; the first meaning of a form stands."""
        words = tuple(word.low for word in self.words(form))
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

    def words(self, text: str, start: int = 0, end: int | None = None) -> list[Word]:
        """Split text into words as this table spells them."""
        words = split_words(text, start, end)
        if self.language == "en":
            return words
        return [Word(w.text, fold(w.low), w.start, w.end) for w in words]

    def at(self, words: Sequence[Word], index: int) -> NameMatch | None:
        """Find the longest name that begins at a word."""
        length = self.longest.get(words[index].low, 0)
        length = min(length, len(words) - index)
        while length:
            known = self.entries.get(tuple([w.low for w in words[index : index + length]]))
            if known is not None and _is_written_so(words, index, index + length, known):
                return self._or_longer(words, NameMatch(index, index + length, known))
            length -= 1
        return self._inflected(words, index) if self.stems else None

    def _or_longer(self, words: Sequence[Word], match: NameMatch) -> NameMatch:
        """Prefer a longer name behind an article: the Sudan is a state, the Sudan Liberation Movement is not."""
        if words[match.first].low == "the" and match.last - match.first > 1:
            longer = self.at(words, match.first + 1)
            if longer is not None and longer.last > match.last:
                return longer
        return match

    def _inflected(self, words: Sequence[Word], index: int) -> NameMatch | None:
        """Find a name under its ending: Ираном, иранский, والصين."""
        word = words[index]
        for bare in without_prefix(word.low, self.language):
            for length in range(min(self.longest.get(bare, 0), len(words) - index), 1, -1):
                known = self.entries.get((bare, *[w.low for w in words[index + 1 : index + length]]))
                if known is not None:
                    return NameMatch(index, index + length, known)
        for stem, ending, prefix in stems_in(word.low, self.language):
            known = self.stems.get(stem)
            plain = self.entries.get((stem,)) if prefix and not ending else None
            if plain is None and prefix and not ending:
                plain = self.entries.get(("ال" + stem,))
            known = plain or known
            if known is None:
                continue
            if known.type is EntityType.COUNTRY and (
                word.text[0].islower() or ending.startswith(("ي", "י", "ी"))
            ):
                known = replace(known, kind=MentionKind.NATIONALITY)
            return NameMatch(index, index + 1, known)
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
    pairs: dict[str, PhraseTable]
    """Words for two states together, by language."""
    ours: dict[str, PhraseTable]
    """Words for the speaker's own state, by language."""
    leaders: dict[str, str]
    """Plain full name, or a surname that stands for one person, to the state or organisation he speaks for."""
    leader_keys: dict[str, str]
    """What spellings of a full name have in common, to the state or organisation."""
    leader_surnames: dict[str, str]
    """Surname to state, where all leaders of that surname are of one state; good only with an office before it."""
    sectors: dict[str, str]
    """The code of an organisation to its sector."""
    at_home: frozenset[tuple[str, str]]
    """Plain names that stand for an organisation only where its state is spoken of, each with that state: Maoists."""


def split_words(text: str, start: int = 0, end: int | None = None) -> list[Word]:
    """Split text into words and signs: a hyphen and a possessive stand alone, an abbreviation with dots is one word."""
    found = _WORD.finditer(text, start, len(text) if end is None else end)
    return [Word(t := m.group(), t.lower().replace("’", "'"), m.start(), m.end()) for m in found]


def skeleton(part: str) -> str:
    """Give what spellings of one name from another script have in common: Hussein, Hossein, Husayn."""
    plain = part
    for old, new in (
        ("ph", "f"),
        ("zh", "j"),
        ("kh", "h"),
        ("gh", "g"),
        ("q", "g"),
        ("sch", "sh"),
        ("tch", "ch"),
        ("ks", "x"),
        ("k", "g"),
        ("w", "v"),
        ("z", "s"),
        ("j", "y"),
    ):
        plain = plain.replace(old, new)
    consonants = plain[:1] + re.sub(r"[aeiouyh'’]", "", plain[1:])
    return re.sub(r"(.)\1+", r"\1", consonants)


_ARTICLES: Final = frozenset({"al", "el", "as", "ash", "ad", "an", "ar", "bin", "ibn", "ben"})


def leader_key(name: str) -> str:
    """Give what spellings of one full name have in common; empty for a single name."""
    parts = [part for part in plain_name(name).split() if part not in _ARTICLES]
    return " ".join(skeleton(part) for part in parts) if len(parts) > 1 else ""


def is_person_name(name: str) -> bool:
    """Tell whether a place name is a first name or surname too."""
    return name.lower() in _PERSON_NAMES


def _is_written_so(words: Sequence[Word], first: int, last: int, known: Known) -> bool:
    """Tell whether the case of the words fits: capitals as in the name, or a text that has no case to go by."""
    if not known.forms:
        return True
    surface = " ".join(w.text.replace("’", "'") for w in words[first:last])
    low = surface.lower()
    if surface in known.forms and not (low in _COMMON and _is_upper(words)):
        return True
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
    organisations = _load_yaml(folder / "organisations.yml")
    for organisation in organisations:
        _add_organisation(english, organisation)
    leaders, surnames = _load_leaders(folder / "leaders.yml")
    names = {code: str(value["name"]) for code, value in countries.items()}
    return Names(
        english=english,
        by_language=_load_other_languages(folder, names, english),
        pairs=_load_phrases(folder / "names_other.yml", "pairs"),
        ours=_load_phrases(folder / "names_other.yml", "ours"),
        cities=_load_cities(folder / "cities.tsv"),
        countries=names,
        words=_load_words(folder / "roles.yml"),
        leaders=leaders,
        leader_keys=_without_shared((leader_key(name), code) for name, code in leaders.items()),
        leader_surnames=surnames,
        sectors={organisation["code"]: organisation["sector"] for organisation in organisations},
        at_home=frozenset(
            (plain_name(form), organisation["countries"][0])
            for organisation in organisations
            for form in organisation.get("at_home", ())
        ),
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
    for form in (value["name"], *value.get("also", ()), *value.get("at_home", ())):
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


def _load_other_languages(folder: Path, names: dict[str, str], english: NameTable) -> dict[str, NameTable]:
    """Read names in other languages; acronyms of organisations, which cross languages, go along."""
    tables: dict[str, NameTable] = {}
    value = _load_yaml(folder / "names_other.yml")
    organisations = {
        known.id: known for known in english.entries.values() if known.type is EntityType.ORGANISATION
    }
    for section in ("countries", "organisations", "leaders"):
        for code, languages in value[section].items():
            for language, forms in languages.items():
                table = tables.setdefault(language, NameTable(language))
                for form in forms:
                    _add_form(table, form, _meaning(section, code, form, names, organisations))
    for language, code, form in _rows(folder / "country_names.tsv"):
        if language == "en" or form in _WORDS_TOO:
            continue
        table = tables.setdefault(language, NameTable(language))
        known = Known(
            f"country:{code}",
            EntityType.COUNTRY,
            MentionKind.NAME,
            names.get(code, form),
            code,
            (code,),
            _cased(form),
        )
        table.add(form, known)
        stem = stem_of(form, language)
        if stem is not None and form not in _NO_STEM:
            table.stems.setdefault(stem, known)
    _add_acronyms(tables, english)
    return tables


def _add_acronyms(tables: dict[str, NameTable], english: NameTable) -> None:
    for words, known in english.entries.items():
        if len(words) == 1 and any(form.isupper() for form in known.forms):
            for table in tables.values():
                table.add(next(iter(sorted(known.forms))), known)


_NO_STEM: Final = frozenset({"Мали", "Малі", "Того", "Чад", "Перу", "שאד"})
"""Names of states that are common words with an ending: of that, smoke."""
_WORDS_TOO: Final = frozenset({"مالي", "مالی", "Того"})
"""Names of states that are common words as they stand: financial, of that. Better missed than found everywhere."""


def _meaning(
    section: str, code: str, form: str, names: dict[str, str], organisations: dict[str, Known]
) -> Known:
    forms = _cased(form.removesuffix("*"))
    if section == "organisations":
        return replace(organisations[f"org:{code}"], forms=forms)
    if section == "leaders":
        name = form.removesuffix("*")
        return Known(
            f"person:{_slug(name) or name}",
            EntityType.PERSON,
            MentionKind.NAME,
            name,
            f"{code}:GOV",
            (code,),
            forms,
        )
    people = form[0].islower() or form.endswith(("ي*", "ی*", "י*", "ी"))
    kind = MentionKind.NATIONALITY if people else MentionKind.NAME
    return Known(f"country:{code}", EntityType.COUNTRY, kind, names[code], code, (code,), forms)


def _add_form(table: NameTable, form: str, known: Known) -> None:
    table.add(form.removesuffix("*"), known)
    if form.endswith("*"):
        stem = fold(form[:-1].lower())
        table.stems.setdefault(stem.removeprefix("ال") if table.language == "ar" else stem, known)


def _cased(form: str) -> frozenset[str]:
    """Give the forms to which case is held; none in scripts that have no case."""
    return _forms(form) if form.lower() != form.upper() else frozenset()


def _load_phrases(path: Path, section: str) -> dict[str, PhraseTable]:
    """Read words for `the two countries` and `our country`, by language."""
    found: dict[str, PhraseTable] = {}
    for language, phrases in _load_yaml(path)[section].items():
        table = found.setdefault(language, PhraseTable())
        for phrase in phrases:
            table.add(tuple(fold(w.low) for w in split_words(phrase)), section)
    return found


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


def _without_shared(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Make a table of what leads to one code only."""
    found: dict[str, str] = {}
    shared: set[str] = {""}
    for key, code in pairs:
        if found.setdefault(key, code) != code:
            shared.add(key)
    return {key: code for key, code in found.items() if key not in shared}


def _rows(path: Path) -> Iterable[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def _slug(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFD", name.lower()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
