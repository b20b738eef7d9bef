"""How names of states change in the languages of broadcasters: endings, prefixes and spellings of one letter.

This is no grammar. It is what it takes to know Иран in Ираном and иранский, and الصين in وبالصين: a stem, and a closed list
of what may follow or precede it.
"""
# ruff: noqa: SIM905 - lists of endings are read as words

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUSSIAN_ADJECTIVE: Final = "ий ая ое ие ого ому им ом ой ую их ими ем ею"
_UKRAINIAN_ADJECTIVE: Final = "ий а е і ого ому им ій ою у их ими ім ї"


def _slavic(nouns: str, mark: str, adjectives: str, peoples: str) -> frozenset[str]:
    endings = {"", *nouns.split(), *peoples.split()}
    for link in ("", "й", "ий"):
        endings.update(link + mark + ending for ending in adjectives.split())
    endings.update(adjectives.split())
    return frozenset(endings)


ENDINGS: Final[dict[str, frozenset[str]]] = {
    "ru": _slavic(
        "а у ом е и ы ю я ей ем й ь ью ой ою ии ию ия ией ям ями ях ам ами ах",
        "ск",
        _RUSSIAN_ADJECTIVE,
        "ец ца цу цем цы цев цам цами анин анина ане ан янин яне",
    ),
    "uk": _slavic(
        "а у ом і и ю я єю ею ії ію ія ією й ь ю ою ів ам ами ах ові ем єм",
        "ськ",
        _UKRAINIAN_ADJECTIVE,
        "ець ця ці ців цям",
    ),
    "ar": frozenset({"", *"ي ية يين يون يان يا يات ا ة ين ون ات يتين يتان يه".split()}),
    "fa": frozenset({"", *"ی یی ای ها یها یان یانی ه".split()}),
    "ur": frozenset({"", *"ی وں یوں کی".split()}),
    "he": frozenset({"", *"י ית ים יים יות ה".split()}),
    "hi": frozenset({"", "ी", "ियों", "ई", "ों"}),
    "tr": frozenset(
        {
            "",
            *"""li lı lu lü lılar liler lular lüler lar ler nın nin nun nün ın in un ün da de ta te dan den tan ten ya ye
            yı yi yu yü nı ni a e ı i la le yla yle nda nde ndan nden ce ca""".split(),
        }
    ),
    "fr": frozenset({"", *"s e es ne nes n en ens enne ennes x".split()}),
    "es": frozenset({"", *"s es o a os as".split()}),
    "pt": frozenset({"", *"s es o a os as".split()}),
    "de": frozenset({"", *"s e en er es em n ern in innen".split()}),
    "id": frozenset({""}),
}
"""What may follow a stem, by language."""

_PREFIXES: Final[dict[str, tuple[str, ...]]] = {
    "ar": ("وال", "بال", "فال", "كال", "وبال", "ولل", "لل", "ال", "و", "ف", "ب", "ل", "ك", "وب", "ول"),
    "he": ("ו", "ב", "ל", "ה", "מ", "ש", "כ", "וה", "שב", "שה", "מה", "לה", "ול", "וב"),
}
_SHORTEST_STEM: Final = 3
_LONGEST_ENDING: Final = 7
_LETTERS: Final = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ك": "ک", "ہ": "ه", "ۀ": "ه", "ھ": "ه", "ۂ": "ه", "ـ": None,
     "\u200c": None, "\u200d": None, "\u200e": None, "\u200f": None, "ё": "е", "İ": "i"}
)  # fmt: skip


def fold(low: str) -> str:
    """Give the form of a word that its spellings share: Arabic and Persian yeh and kaf, hamza, vowel signs, dotted i."""
    if low.isascii():
        return low
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", low).translate(_LETTERS)).replace(
        "i̇", "i"
    )
    if any("\u0591" <= c <= "\u06ed" for c in plain):
        plain = "".join(c for c in plain if not unicodedata.combining(c))
    return plain


FOLDED_ENDINGS: Final = {
    language: frozenset(fold(e) for e in endings) for language, endings in ENDINGS.items()
}


def stems_in(word: str, language: str) -> Iterator[tuple[str, str, int]]:
    """Give every reading of a folded word as stem and ending, with the length of the prefix before it, longest stem first."""
    endings = FOLDED_ENDINGS.get(language)
    if endings is None:
        return
    for prefix in ("", *_PREFIXES.get(language, ())):
        if not word.startswith(prefix):
            continue
        rest = word[len(prefix) :]
        for cut in range(min(_LONGEST_ENDING, len(rest) - _SHORTEST_STEM) + 1):
            ending = rest[len(rest) - cut :]
            if ending in endings:
                yield rest[: len(rest) - cut], ending, len(prefix)


def without_prefix(word: str, language: str) -> Iterator[str]:
    """Give what a folded word is without the small words written together with it: والولايات is also الولايات."""
    for prefix in _PREFIXES.get(language, ()):
        if word.startswith(prefix) and len(word) - len(prefix) >= _SHORTEST_STEM:
            yield word[len(prefix) :]
            if prefix.endswith("ل") and len(prefix) > 1:
                yield "ال" + word[len(prefix) :]


def stem_of(name: str, language: str) -> str | None:
    """Give the stem of a name of one word, or nothing where its language shows none or the stem would be too short."""
    word = fold(name.lower())
    if " " in word or "-" in word:
        return None
    if language in {"ru", "uk"}:
        stem = word.rstrip("аяьйоеиії") if word[-1] in "аяьйоеиії" else word
        stem = word[:-1] if len(word) - len(stem) > 1 else stem
        return stem if len(stem) > _SHORTEST_STEM else None
    if language in {"ar", "fa", "ur", "he", "tr", "hi"}:
        stem = word.removeprefix("ال") if language == "ar" else word
        return stem if len(stem) > _SHORTEST_STEM else None
    return None
