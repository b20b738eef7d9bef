from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.extract.language import guess_language, known_languages, primary_tag, tag_language
from streams.extract.models import load_models
from tests.factories import make_transcript

if TYPE_CHECKING:
    from schemas.transcript import LanguageTag

SENTENCES = {
    "en": "The two ministers signed a memorandum of understanding on border security.",
    "fr": "Les deux ministres ont signé un mémorandum d'entente sur la sécurité des frontières.",
    "es": "Los dos ministros firmaron un memorando de entendimiento sobre seguridad fronteriza.",
    "de": "Die beiden Minister unterzeichneten eine Absichtserklärung zur Grenzsicherheit.",
    "tr": "İki bakan sınır güvenliği konusunda bir mutabakat zaptı imzaladı.",
    "ru": "Два министра подписали меморандум о взаимопонимании по безопасности границ.",
    "uk": "Два міністри підписали меморандум про взаєморозуміння щодо безпеки кордонів.",
    "kk": "Екі министр шекара қауіпсіздігі туралы меморандумға қол қойды.",
    "tg": "Ду вазир ёддошти тафоҳум оид ба амнияти сарҳадро имзо карданд.",
    "ar": "وقع الوزيران مذكرة تفاهم بشأن أمن الحدود.",
    "fa": "دو وزیر یادداشت تفاهمی درباره امنیت مرزها امضا کردند.",
    "ur": "دونوں وزراء نے سرحدی سلامتی پر مفاہمت کی یادداشت پر دستخط کیے۔",
    "ps": "دواړو وزیرانو د پولو د امنیت په اړه د پوهاوي یوه تړلیک لاسلیک کړ.",
    "he": "שני השרים חתמו על מזכר הבנות בנושא ביטחון הגבולות.",
    "hi": "दोनों मंत्रियों ने सीमा सुरक्षा पर समझौता ज्ञापन पर हस्ताक्षर किए।",
    "zh": "两国部长签署了关于边境安全的谅解备忘录。",
    "ja": "両国の大臣は国境警備に関する覚書に署名した。",
    "ko": "두 장관은 국경 안보에 관한 양해각서에 서명했다.",
    "id": "Kedua menteri itu menandatangani nota kesepahaman tentang keamanan perbatasan.",
    "sw": "Mawaziri hao wawili walitia saini mkataba wa maelewano kuhusu usalama wa mpakani.",
    "el": "Οι δύο υπουργοί υπέγραψαν μνημόνιο συνεννόησης για την ασφάλεια των συνόρων.",
    "am": "ሁለቱ ሚኒስትሮች በድንበር ደህንነት ላይ የመግባቢያ ስምምነት ተፈራረሙ።",
}
SCRIPTS = {
    "en": "Latn",
    "ru": "Cyrl",
    "fa": "Arab",
    "he": "Hebr",
    "hi": "Deva",
    "zh": "Hans",
    "ja": "Jpan",
    "ko": "Kore",
    "am": "Ethi",
}


def tag(text: str, **fields: object) -> LanguageTag:
    return tag_language(make_transcript(text, **fields), load_models())


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_a_sentence_is_told_by_its_language(language: str) -> None:
    assert tag(SENTENCES[language]).language == language


@pytest.mark.parametrize("language", sorted(SCRIPTS))
def test_the_script_is_named(language: str) -> None:
    assert tag(SENTENCES[language]).script == SCRIPTS[language]


def test_traditional_characters_are_named_apart_from_simplified_ones() -> None:
    assert tag("兩國部長簽署了關於邊境安全的諒解備忘錄，總統說這是歷史性的協議。").script == "Hant"


@pytest.mark.parametrize("text", ["12345 — 67", "👍🏽 🇮🇷", "...", "x", "\u200f\u200f7"])
def test_what_has_no_words_is_undetermined(text: str) -> None:
    found = tag(text)
    assert (found.language, found.confidence) == ("und", 0.0)


def test_words_of_no_language_are_not_guessed_at() -> None:
    assert tag("zxqv wrtplk bnmgh xcvbqw plmkj").language == "und"


def test_names_alone_are_not_taken_for_a_language() -> None:
    assert tag("Mohammad Reza Sohrabi, IRIB Beijing").language == "und"


def test_captions_in_capitals_are_told_like_other_text() -> None:
    assert tag("THE TWO MINISTERS SAID TODAY\nTHAT A TREATY WILL BE SIGNED").language == "en"
    assert tag("ДВА МИНИСТРА ПОДПИСАЛИ МЕМОРАНДУМ О БЕЗОПАСНОСТИ").language == "ru"


def test_a_language_in_latin_letters_keeps_its_tag_and_shows_the_script() -> None:
    found = tag("dolat-e Iran emruz tavafoghnameh ra ba keshvar-e digar emza kard va hamkari shod")
    assert (found.language, found.script) == ("fa", "Latn")


def test_a_foreign_sentence_is_a_part_of_its_own() -> None:
    text = f"{SENTENCES['en']} {SENTENCES['ru']} {SENTENCES['en']}"
    found = tag(text)
    assert [part.language for part in found.parts] == ["en", "ru", "en"]
    assert text[found.parts[1].start : found.parts[1].end].strip() == SENTENCES["ru"]
    assert found.mixed


def test_a_foreign_quotation_within_a_sentence_is_a_part_of_its_own() -> None:
    found = tag("The minister said: «Мы подписали меморандум о взаимопонимании сегодня» and left the hall.")
    assert [part.language for part in found.parts] == ["en", "ru", "en"]


def test_a_foreign_name_is_no_part() -> None:
    found = tag("The party of Ахмад met the press and said that it would sign the treaty on Monday.")
    assert [part.language for part in found.parts] == ["en"]


def test_a_text_that_no_language_holds_most_of_is_multiple() -> None:
    found = tag("\n".join((SENTENCES["fr"], SENTENCES["ru"], SENTENCES["ar"], SENTENCES["hi"])))
    assert (found.language, found.mixed) == ("mul", True)


def test_a_text_with_a_foreign_line_is_mixed_but_keeps_its_language() -> None:
    found = tag("\n".join([SENTENCES["en"]] * 4 + [SENTENCES["de"]]))
    assert (found.language, found.mixed) == ("en", True)


def test_a_short_line_follows_the_lines_before_it() -> None:
    found = tag(f"{SENTENCES['es']}\nGracias.\n{SENTENCES['es']}")
    assert [part.language for part in found.parts] == ["es"]


def test_the_declared_language_decides_only_what_the_words_leave_open() -> None:
    assert tag("Iran", language="de").language in {"de", "und", "en", "no"}
    assert tag(SENTENCES["fr"], language="de").language == "fr"


def test_expected_languages_keep_others_out() -> None:
    model = load_models().language
    free = guess_language("नमस्कार मंडळी", model)
    bound = guess_language("नमस्कार मंडळी", model, expected=("hi", "en"))
    assert free.language in {"mr", "hi"}
    assert bound.language == "hi"


def test_a_tag_is_cut_to_its_language() -> None:
    assert [primary_tag(t) for t in ("zh-Hant-TW", "pt_BR", "iw", "nb", "EN")] == [
        "zh",
        "pt",
        "he",
        "no",
        "en",
    ]


def test_every_known_language_has_a_name_and_a_way_to_be_told() -> None:
    known = known_languages()
    assert len({item.tag for item in known}) == len(known)
    assert {"en", "fa", "zh", "ps", "ar"} <= {item.tag for item in known}


@given(st.text(min_size=1).filter(str.strip))
def test_the_parts_cover_any_text_without_a_gap(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    if not text.strip():
        return
    found = tag(text)
    assert found.parts[0].start == 0
    assert found.parts[-1].end == len(text)
    assert all(a.end == b.start for a, b in zip(found.parts, found.parts[1:], strict=False))


@given(st.lists(st.sampled_from(sorted(SENTENCES)), min_size=1, max_size=6))
def test_the_same_text_has_the_same_tag_in_every_thread(languages: list[str]) -> None:
    text = "\n".join(SENTENCES[language] for language in languages)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(tag, [text] * 8))
    assert len({item.encode() for item in found}) == 1


@pytest.mark.parametrize("unit", ["a", "(", "слово word ", "Hello. ", "\n", "@", "http://", "ب ", "字"])
def test_a_long_text_of_one_kind_is_tagged(unit: str) -> None:
    text = unit * (150_000 // len(unit)) + "x"
    assert tag(text).parts[-1].end == len(text)


def test_one_line_of_the_largest_size_is_tagged() -> None:
    assert tag("a" * 1_048_576).language == "und"
