"""Which language a text is in, as a whole and part by part: letters first, then n-grams, then a second opinion.

Three detectors, each asked for what it is best at. The script and its letters settle what they can (Pashto has letters
that Persian has not). `eldc` knows sixty languages by their n-grams and needs a microsecond. `pycld2` is asked where the
first is in doubt and for the languages that it lacks.
"""
# ruff: noqa: SIM905 - lists of words are read as words

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import eldc
import pycld2

from schemas.transcript import LanguagePart, LanguageTag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.transcript import Transcript
    from streams.extract.models import Models

UNDETERMINED: Final = "und"
MULTIPLE: Final = "mul"

_SCRIPTS: Final = {
    "Latn": r"A-Za-z\xaa\xba\xc0-\xd6\xd8-\xf6\xf8-\u024f\u1e00-\u1eff\u2c60-\u2c7f\ua722-\ua7ff\uff21-\uff3a\uff41-\uff5a",
    "Arab": r"\u0610-\u061a\u0620-\u065f\u066e-\u06d3\u06d5-\u06ef\u06fa-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc",
    "Cyrl": r"\u0400-\u0481\u0483-\u052f\u1c80-\u1c88\u2de0-\u2dff\ua640-\ua69f",
    "Deva": r"\u0900-\u0963\u0971-\u097f",
    "Hani": r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f",
    "Hira": r"\u3041-\u309f",
    "Kana": r"\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d",
    "Hang": r"\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e",
    "Hebr": r"\u0591-\u05bd\u05bf-\u05c7\u05d0-\u05ea\u05ef-\u05f4",
    "Grek": r"\u0370-\u037d\u0386-\u03ff\u1f00-\u1ffc",
    "Thai": r"\u0e01-\u0e3a\u0e40-\u0e4e",
    "Beng": r"\u0980-\u09e3\u09f0-\u09f1",
    "Armn": r"\u0531-\u0556\u0559-\u0587",
    "Geor": r"\u10a0-\u10ff\u2d00-\u2d2d\u1c90-\u1cbf",
    "Ethi": r"\u1200-\u135f",
    "Guru": r"\u0a01-\u0a51\u0a59-\u0a75",
    "Gujr": r"\u0a81-\u0ae3",
    "Orya": r"\u0b01-\u0b63",
    "Taml": r"\u0b82-\u0bd7",
    "Telu": r"\u0c01-\u0c63",
    "Knda": r"\u0c82-\u0ce3",
    "Mlym": r"\u0d02-\u0d63",
    "Sinh": r"\u0d82-\u0df3",
    "Laoo": r"\u0e81-\u0ecd",
    "Mymr": r"\u1000-\u103f\u104c-\u109f",
    "Khmr": r"\u1780-\u17d3",
    "Tibt": r"\u0f00\u0f18-\u0f19\u0f40-\u0fbc",
}
"""Letters of each script, by ISO 15924 code."""

_WORD: Final = re.compile("|".join(f"(?P<{name}>[{letters}]+)" for name, letters in _SCRIPTS.items()))

_ASCII_WORD: Final = re.compile("[A-Za-z]+")

_ALPHABETS: Final = frozenset(("Latn", "Cyrl", "Arab", "Grek", "Hebr", "Armn", "Geor"))
"""Scripts in which one letter is no word."""

_PRIOR: Final = 0.1
"""What a declared language gains where the score leaves it open."""

_SECOND_FROM: Final = 10
"""From so many letters on, the second detector is worth asking."""

_TWIN_LETTERS: Final = 40

_WEAK: Final = 0.8
"""Below this score of the first detector, a text may be another language in Latin letters."""

_OWN_LETTERS: Final = 0.03
"""From this share of letters of its own on, a text is in that language."""

_ONLY: Final = {
    "Hang": "ko", "Hebr": "he", "Grek": "el", "Thai": "th", "Armn": "hy", "Geor": "ka", "Ethi": "am", "Guru": "pa",
    "Gujr": "gu", "Orya": "or", "Taml": "ta", "Telu": "te", "Knda": "kn", "Mlym": "ml", "Sinh": "si", "Laoo": "lo",
    "Mymr": "my", "Khmr": "km", "Tibt": "bo", "Hira": "ja", "Kana": "ja",
}  # fmt: skip
"""Scripts that tell the language by themselves, as far as broadcasters use them."""

_BY_SCRIPT: Final = {
    "Latn": frozenset(
        "az ca cs da de en es et eu fi fr hr hu is it ku lt lv ms nl no pl pt ro sk sl sq sv tl tr vi yo sr "
        "id sw so uz tk ha af cy ga mt rw ig xh zu mg bs".split()
    ),
    "Cyrl": frozenset("ru uk be bg sr mk kk ky tg uz mn tt tk".split()),
    "Arab": frozenset("ar fa ur ps ckb ug sd pnb ku".split()),
    "Deva": frozenset("hi mr ne".split()),
    "Beng": frozenset(("bn",)),
    "Hani": frozenset(("zh", "ja")),
}
"""Which languages a script may be; an answer of a detector from elsewhere is not believed."""

_RARE: Final = {"yo": 0.10, "eu": 0.06, "ca": 0.05, "is": 0.05, "tl": 0.06, "ku": 0.08, "sq": 0.03, "et": 0.02, "sl": 0.02,
                "mr": 0.25, "be": 0.02, "hr": 0.03, "da": 0.02, "sk": 0.02}  # fmt: skip
"""What a language loses against others where the score leaves it open: few broadcasts are in it."""

_ARABIC_LETTERS: Final = (
    ("sd", re.compile("[ڏڳٻڄڪڙڃڀٺٿڇ]")),
    ("ug", re.compile("[ۇۈۋېە]")),
    ("ckb", re.compile("[ێۆڵڕەڤ]")),
    ("ps", re.compile("[ټډړښګڼېۍځڅۀ]")),
)
_PUNJABI_WORDS: Final = frozenset(
    "دا دی دے نوں وچ تے نیں سی ہن اوہ ایہہ توں ایس اوس کیتا جیہڑا جیہڑے ہر".split()
)
_URDU_WORDS: Final = frozenset("کا کی کے کو میں ہے ہیں سے اور نے پر یہ وہ تھا جو اس".split())

_LETTERS: Final = {
    "Arab": (
        (re.compile("[ٹڈڑےںہۓ]"), frozenset(("ur", "pnb", "sd"))),
        (re.compile("ھ"), frozenset(("ur", "pnb", "sd", "ug", "ckb"))),
        (re.compile("[پچژگ]"), frozenset(("fa", "ur", "pnb", "ps", "ckb", "ug", "sd", "ku"))),
        (re.compile("[ةأإ]"), frozenset(("ar", "fa", "ur", "ps", "sd"))),
    ),
    "Cyrl": (
        (re.compile("[ыэЫЭ]"), frozenset(("ru", "be", "kk", "ky", "tg", "mn", "tt", "tk"))),
        (re.compile("[їєґЇЄҐ]"), frozenset(("uk",))),
        (re.compile("[ўЎ]"), frozenset(("be", "uz"))),
        (re.compile("[ђћЂЋ]"), frozenset(("sr",))),
        (re.compile("[ѓќѕЃЌЅ]"), frozenset(("mk",))),
        (re.compile("[џљњјЏЉЊЈ]"), frozenset(("sr", "mk"))),
        (re.compile("[іІ]"), frozenset(("uk", "be", "kk"))),
        (re.compile("[ъЪ]"), frozenset(("ru", "bg", "ky", "tg", "uz", "mn", "tt", "tk"))),
        (re.compile("[щЩ]"), frozenset(("ru", "uk", "bg", "kk", "ky", "mn", "tt"))),
    ),
}
"""Letters that only some languages of their script have."""

_TURKIC: Final = re.compile("[әғқңөұүһҳҷӣӯҗ]", re.IGNORECASE)

_SECOND_OPINION: Final = frozenset("ms tl tr az und ku yo sq et fi ru eu is hr sl da hu lv no".split())
"""Answers of the first detector behind which a language that it lacks may hide."""

_FIRST_LACKS: Final = frozenset(
    "kk ky tg uz tk ug id sw so ps sd ha af cy ga mt rw ig xh zu mg mk mn ne si my km tt".split()
)

_NEAR_TWINS: Final = frozenset(("ne", "mk", "bs"))
"""Languages that the second detector must be sure of, because a much larger one is written almost alike."""

_NAMES: Final = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali",
    "bo": "Tibetan", "bs": "Bosnian", "ca": "Catalan", "ckb": "Sorani Kurdish", "cs": "Czech", "cy": "Welsh", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish",
    "fr": "French", "ga": "Irish", "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "hy": "Armenian", "id": "Indonesian", "ig": "Igbo", "is": "Icelandic", "it": "Italian", "ja": "Japanese", "ka": "Georgian",
    "kk": "Kazakh", "km": "Khmer", "kn": "Kannada", "ko": "Korean", "ku": "Kurdish", "ky": "Kirghiz", "lo": "Lao", "lt": "Lithuanian",
    "lv": "Latvian", "mg": "Malagasy", "mk": "Macedonian", "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi", "ms": "Malay",
    "mt": "Maltese", "my": "Burmese", "ne": "Nepali", "nl": "Dutch", "no": "Norwegian", "or": "Odia", "pa": "Punjabi", "pl": "Polish",
    "pnb": "Western Punjabi", "ps": "Pashto", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "rw": "Kinyarwanda", "sd": "Sindhi",
    "si": "Sinhala", "sk": "Slovak", "sl": "Slovene", "so": "Somali", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili",
    "ta": "Tamil", "te": "Telugu", "tg": "Tajik", "th": "Thai", "tk": "Turkmen", "tl": "Tagalog", "tr": "Turkish", "tt": "Tatar",
    "ug": "Uighur", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "xh": "Xhosa", "yo": "Yoruba", "zh": "Chinese",
    "zu": "Zulu",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownLanguage:
    """A language that can be told, and by what."""

    tag: str
    name: str
    told_by: str


def known_languages() -> tuple[KnownLanguage, ...]:
    """List every language that `tag_language` can answer, in the order of their tags."""
    by_script = set(_ONLY.values())
    by_letters = {"ps", "sd", "ug", "ckb", "pnb", "tg", "kk", "ky", "tk", "tt"}
    told = {}
    for tag in sorted(by_script.union(*_BY_SCRIPT.values())):
        if tag in by_script:
            told[tag] = "script"
        elif tag in by_letters:
            told[tag] = "letters"
        else:
            told[tag] = "second detector" if tag in _FIRST_LACKS else "n-grams"
    return tuple(KnownLanguage(tag, _NAMES[tag], how) for tag, how in told.items())


_TRADITIONAL: Final = re.compile(
    "[國會們個這來時說對開關學經發現長門問題東車電話場動產業務實點務後裡與為過邊還進選舉總統軍隊議員協議簽署]"
)
_SIMPLIFIED: Final = re.compile(
    "[国会们个这来时说对开关学经发现长门问题东车电话场动产业务实点务后里与为过边还进选举总统军队议员协议签署]"
)

_TRANSLITERATED: Final = {
    "ru": frozenset("i v na chto iz po ob eto dlya kotoryy kotorye byl byla bylo soglashenie soglasheniye prezident vstrecha segodnya rossii rossiya rossiyskiy mezhdu sotrudnichestve podpisali podpisal ministr glava".split()),
    "fa": frozenset("va dar az ke ra in be baraye ba emruz emrooz keshvar dolat iran jomhuri eslami ast shod kard mikonad beyn vazir khareje tavafogh tavafoghnameh emza hamkari do".split()),
    "ar": frozenset("fi min ila ala wa an bayn wazir al alyawm hadha ittifaq ittifaqiyya alittifaq tawqi dawla ra'is kharijiyya albaladayn hukumat taawun".split()),
    "hi": frozenset("ke ki ka hai hain mein aur ko se ne par yeh ye kiya gaya samjhauta desh sarkar mantri pradhan bharat nahin tha aaj kaha".split()),
}  # fmt: skip
"""Common words of languages that are also written in Latin letters, for texts that no Latin language claims."""

_BROKEN: Final = re.compile(
    r"[^\t\n\r -~\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0001fffd\U00020000-\U0002fffd\U00030000-\U0003fffd]+"
)
"""What the second detector refuses: control characters and noncharacters."""

_NOISE: Final = re.compile(r"https?://\S+|www\.\S+|[\w.+-]{1,64}@[\w.-]+|[#@]\w+|\d+")
_STRETCH: Final = re.compile(r"[^\n\r.!?。！？।؟۔…]+[.!?。！？।؟۔…\"'”’»)\]]*[^\S\n\r]*")

_SAMPLE: Final = 20_000
"""So many characters tell the language of a stretch; more of them do not tell it better."""

_SHORT: Final = 16
"""A stretch with fewer letters than this follows its neighbours of the same script."""

_CONTRADICTS: Final = 0.95
"""From this confidence on, a stretch is believed against the language around it."""

_FOLLOWS: Final = 0.8
"""The most that one is believed that follows what stands around it."""

_RUN: Final = 12
_EAST_RUN: Final = 4
"""So many letters of another script within a sentence are a part of their own; fewer are a name."""

_EAST: Final = "East"
_FAMILY: Final = dict.fromkeys(("Hani", "Hira", "Kana", "Hang", "Hans", "Hant", "Jpan", "Kore"), _EAST)
"""Scripts that are written together."""

_DENSITY: Final = {"Hans": 3, "Hant": 3, "Jpan": 2, "Kore": 2}
"""How many letters of an alphabet a sign of these stands for."""

_MIXED: Final = 0.1
_MOST: Final = 0.5


@dataclass(frozen=True, slots=True)
class Guess:
    """The language of one stretch, and how far to believe it."""

    language: str
    script: str | None
    confidence: float


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """The n-grams of the first detector, in memory; the second one carries its own."""

    detector: Any


def load_language_model() -> LanguageModel:
    """Load the n-grams that ship in the detector's wheel."""
    eldc.init()
    detector = eldc.instance()
    detector.set_scores(4)
    return LanguageModel(detector=detector)


def tag_language(transcript: Transcript, models: Models, expected: tuple[str, ...] = ()) -> LanguageTag:
    """Say in which language a transcript is, as a whole and part by part.

    The parts cover the text without a gap. The declared language and `expected` decide only what the words leave open.
    """
    text = transcript.text
    declared = transcript.language
    prior = declared if declared and primary_tag(declared) not in (UNDETERMINED, MULTIPLE) else None
    whole = guess_language(text, models.language, expected, prior)
    if whole.language != UNDETERMINED:
        prior = whole.language
    settled: list[tuple[_Stretch, Guess]] = []
    last = {_FAMILY.get(whole.script or "", whole.script): whole} if whole.language != UNDETERMINED else {}
    for stretch in _cut_stretches(text):
        usual = last.get(stretch.family)
        if usual and stretch.letters < _SHORT:
            guess = usual  # too short to contradict what stands before it
        else:
            guess = guess_language(text[stretch.start : stretch.end], models.language, expected, prior)
            if usual and guess.language != usual.language and guess.confidence < _CONTRADICTS:
                guess = Guess(usual.language, usual.script, min(usual.confidence, _FOLLOWS))
        if guess.language != UNDETERMINED and stretch.letters >= _SHORT:
            last[stretch.family] = guess
        settled.append((stretch, guess))
    return _weigh(settled, len(text), whole)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A piece of text in one script, or in scripts that are written together."""

    start: int
    end: int
    family: str
    letters: int


@dataclass(slots=True)
class _Run:
    family: str
    start: int
    letters: int


def _cut_stretches(text: str) -> Iterator[_Stretch]:
    """Cut a text at lines, at the ends of sentences and where the script changes for more than a word or two."""
    for found in _STRETCH.finditer(text):
        start, end = found.span()
        kept = _merge(_find_runs(text, start, end))
        bounds = [start, *(run.start for run in kept[1:]), end]
        for run, (begin, stop) in zip(kept, pairwise(bounds), strict=False):  # no run, no stretch
            yield _Stretch(begin, stop, run.family, run.letters)


def _find_runs(text: str, start: int, end: int) -> list[_Run]:
    runs: list[_Run] = []
    for word in _WORD.finditer(text, start, end):
        script = word.lastgroup or ""
        family = _FAMILY.get(script, script)
        if runs and runs[-1].family == family:
            runs[-1].letters += word.end() - word.start()
        else:
            runs.append(_Run(family, word.start(), word.end() - word.start()))
    return runs


def _merge(runs: list[_Run]) -> list[_Run]:
    """Let a word or two of another script belong to the run around them."""
    kept: list[_Run] = []
    for run in runs:
        few = run.letters < (_EAST_RUN if run.family == _EAST else _RUN)
        if kept and (run.family == kept[-1].family or few):
            kept[-1].letters += run.letters
        elif len(kept) == 1 and kept[0].letters < _RUN:
            kept[0] = _Run(
                run.family, kept[0].start, kept[0].letters + run.letters
            )  # it opens with a foreign name
        else:
            kept.append(run)
    return kept


def _weigh(settled: list[tuple[_Stretch, Guess]], length: int, whole: Guess) -> LanguageTag:
    """Join stretches of one language to parts, and say which language holds most of the text."""
    weights: Counter[str] = Counter()
    runs: list[tuple[int, Guess]] = []  # where it starts, what it is
    for stretch, guess in settled:
        if guess.language != UNDETERMINED:
            weights[guess.language] += stretch.letters * _DENSITY.get(guess.script or "", 1)
        if runs and (runs[-1][1].language, runs[-1][1].script) == (guess.language, guess.script):
            if guess.confidence > runs[-1][1].confidence:
                runs[-1] = (runs[-1][0], guess)
        else:
            runs.append((stretch.start if runs else 0, guess))
    if not runs:
        runs.append((0, Guess(UNDETERMINED, None, 0.0)))
    bounds = [*(start for start, _ in runs[1:]), length]
    parts = tuple(
        LanguagePart(
            start=start, end=end, language=guess.language, script=guess.script, confidence=guess.confidence
        )
        for (start, guess), end in zip(runs, bounds, strict=True)
    )
    total = sum(weights.values())
    if not total:
        return LanguageTag(language=UNDETERMINED, script=whole.script, confidence=0.0, parts=parts)
    first = max(sorted(weights), key=lambda language: weights[language])
    mixed = sum(weight >= total * _MIXED for weight in weights.values()) > 1
    best = max((part for part in parts if part.language == first), key=lambda part: part.confidence)
    share = weights[first] / total
    if share <= _MOST:
        return LanguageTag(
            language=MULTIPLE, script=whole.script, confidence=best.confidence, mixed=True, parts=parts
        )
    confidence = round(best.confidence * (share if mixed else 1.0), 3)
    return LanguageTag(language=first, script=best.script, confidence=confidence, mixed=mixed, parts=parts)


def guess_language(
    text: str, model: LanguageModel, expected: tuple[str, ...] = (), prior: str | None = None
) -> Guess:
    """Say in which language a stretch of text is; `und` where that would be a guess only.

    `expected` lists the languages that may come (BCP 47, primary tags); empty means all. `prior` is a language that is
    likely for other reasons, such as the declared one: it decides what the words leave open, and nothing else.
    """
    text = _NOISE.sub(" ", text[:_SAMPLE])
    counts = _count_letters(text)
    script, letters = _main_script(counts)
    if letters < 1 + (script in _ALPHABETS):
        return Guess(UNDETERMINED, None, 0.0)
    allowed = frozenset(primary_tag(tag) for tag in expected)
    language, confidence = _guess_in_script(
        text, script, letters, model, allowed=allowed, prior=primary_tag(prior) if prior else None
    )
    return Guess(language, _name_script(script, language, text), confidence)


def primary_tag(tag: str) -> str:
    """Give the language of a BCP 47 tag without script and region: `zh-Hant-TW` is `zh`."""
    primary = tag.replace("_", "-").split("-", 1)[0].lower()
    return {"iw": "he", "in": "id", "nb": "no", "nn": "no", "prs": "fa", "cmn": "zh"}.get(primary, primary)


def _count_letters(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    if text.isascii():
        counts["Latn"] = sum(map(len, _ASCII_WORD.findall(text)))
        return +counts
    for found in _WORD.finditer(text):
        counts[found.lastgroup or ""] += found.end() - found.start()
    return counts


def _main_script(counts: Counter[str]) -> tuple[str, int]:
    """The script of most letters; a Chinese sign weighs as much as three letters, and kana or hangul beside them make it theirs."""
    east = counts["Hira"] + counts["Kana"]
    if east and east * 8 >= counts["Hani"]:
        counts = counts.copy()
        counts["Hira"] += counts["Kana"] + counts["Hani"]
        counts["Kana"] = counts["Hani"] = 0
    if counts["Hang"] * 2 >= counts["Hani"] > 0:
        counts = counts.copy()
        counts["Hang"] += counts["Hani"]
        counts["Hani"] = 0
    dense = {"Hani": 3, "Hira": 2, "Hang": 2}
    script = max(sorted(counts), key=lambda name: counts[name] * dense.get(name, 1), default="")
    return script, counts[script]


def _name_script(script: str, language: str, text: str) -> str:
    if script == "Hani":
        if language == "ja":
            return "Jpan"
        traditional, simplified = len(_TRADITIONAL.findall(text)), len(_SIMPLIFIED.findall(text))
        return "Hant" if traditional > simplified else "Hans"
    return {"Hira": "Jpan", "Kana": "Jpan", "Hang": "Kore"}.get(script, script)


def _guess_in_script(
    text: str, script: str, letters: int, model: LanguageModel, *, allowed: frozenset[str], prior: str | None
) -> tuple[str, float]:
    only = _ONLY.get(script)
    if only:
        return only, 0.98
    candidates = _BY_SCRIPT[script]
    if allowed & candidates:
        candidates &= allowed
    for found, having in _LETTERS.get(script, ()):
        if candidates & having and found.search(text):
            candidates &= having
    if len(candidates) == 1:
        return next(iter(candidates)), 0.95
    by_letters = None
    if script == "Arab":
        by_letters = _guess_arabic(text, letters, candidates)
    elif script == "Cyrl":
        by_letters = _guess_turkic(text, letters, candidates)
    return by_letters or _guess_by_ngrams(text, letters, candidates, model, prior)


def _guess_by_ngrams(
    text: str, letters: int, candidates: frozenset[str], model: LanguageModel, prior: str | None
) -> tuple[str, float]:
    found = model.detector.detect_details(text)
    openness = 10 / (10 + letters)
    scores = {
        language: score
        - _RARE.get(language, 0.0) * openness
        + (_PRIOR * openness if language == prior else 0.0)
        for language, score in found.scores.items()
        if language in candidates
    }
    if not scores:
        if "ja" in candidates and "zh" in candidates:
            return "zh", 0.6  # signs without kana; Japanese without kana is rarer than Chinese
        return _second_opinion(text, letters, candidates & _FIRST_LACKS) or (UNDETERMINED, 0.0)
    ranked = sorted(scores, key=lambda language: (-scores[language], language))
    first = ranked[0]
    gap = scores[first] - (scores[ranked[1]] if len(ranked) > 1 else 0.0)
    if not found.reliable and found.scores[first] < _WEAK and "en" in candidates:
        written_otherwise = _guess_transliterated(text)
        if written_otherwise:
            return written_otherwise
    if letters >= _SECOND_FROM and (first in _SECOND_OPINION or not found.reliable):
        second = _second_opinion(text, letters, candidates & _FIRST_LACKS)
        if second and (second[1] > 0.8 or gap < 0.02 or (first, second[0]) == ("ms", "id")):  # noqa: PLR2004 - as measured
            return second
    return _believe(first, letters, score=found.scores[first], gap=gap, reliable=found.reliable)


def _believe(first: str, letters: int, *, score: float, gap: float, reliable: bool) -> tuple[str, float]:
    """Turn the first detector's score into a share of right answers, as measured on texts of that length."""
    if reliable:
        return first, 0.98 if gap >= 0.03 or letters >= 24 else 0.85  # noqa: PLR2004
    if first in _BY_SCRIPT["Latn"] and letters >= 6 and score < 0.5:  # noqa: PLR2004
        return UNDETERMINED, 0.0
    if score >= 0.9:  # noqa: PLR2004
        return first, 0.95
    return first, 0.8 if score >= 0.8 or (score >= 0.7 and letters >= 12) else 0.6  # noqa: PLR2004


def _guess_transliterated(text: str) -> tuple[str, float] | None:
    """Russian, Persian, Arabic or Hindi in Latin letters, by its small words; two different ones at least."""
    words = re.findall(r"[a-z']+", text.lower())
    found = {tag: [word for word in words if word in small] for tag, small in _TRANSLITERATED.items()}
    best = max(sorted(found), key=lambda tag: len(found[tag]))
    several = len({word for word in found[best] if len(word) > 2}) >= 2  # noqa: PLR2004
    rivals = max(len(hits) for tag, hits in found.items() if tag != best)
    if several and len(found[best]) * 4 >= len(words) and len(found[best]) > rivals:
        return best, 0.6
    return None


def _second_opinion(text: str, letters: int, candidates: frozenset[str]) -> tuple[str, float] | None:
    try:
        reliable, _, found = pycld2.detect(_BROKEN.sub(" ", text), bestEffort=True)
    except pycld2.error:
        return None
    tag = found[0][1].split("-")[0]
    if tag not in candidates or (tag in _NEAR_TWINS and (letters < _TWIN_LETTERS or not reliable)):
        return None
    return tag, 0.9 if reliable else 0.5


def _guess_arabic(text: str, letters: int, candidates: frozenset[str]) -> tuple[str, float] | None:
    """Pashto, Sindhi, Sorani and Uighur by letters of their own, Punjabi by its small words."""
    shares = {tag: len(found.findall(text)) / letters for tag, found in _ARABIC_LETTERS if tag in candidates}
    best = max(sorted(shares), key=lambda tag: shares[tag], default="")
    if best and shares[best] > _OWN_LETTERS:
        return best, 0.9
    if "pnb" in candidates:
        words = text.split()
        punjabi = sum(word in _PUNJABI_WORDS for word in words)
        if punjabi > 1 and punjabi > sum(word in _URDU_WORDS for word in words):
            return "pnb", 0.8
    return None


def _guess_turkic(text: str, letters: int, candidates: frozenset[str]) -> tuple[str, float] | None:
    """Kazakh, Kirghiz, Tajik and others in Cyrillic letters, none of which the first detector knows."""
    found = {sign.lower() for sign in _TURKIC.findall(text)}
    if not found:
        return None
    if found & set("ӣӯҳҷ"):
        return ("uz", 0.7) if "ў" in text.lower() and not found & set("ӣӯҷ") else ("tg", 0.9)
    if "җ" in found:
        return ("tt", 0.7) if "һ" in found else ("tk", 0.7)
    if found & set("ұқғ") or ("і" in text.lower() and found & set("әңөүһ")):
        return "kk", 0.9
    second = _second_opinion(text, letters, candidates & _FIRST_LACKS)
    return second or ("ky", 0.5)
