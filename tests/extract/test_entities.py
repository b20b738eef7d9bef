"""Who and what a transcript names, and which mentions are one and the same."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.entity import Entity, EntityType, MentionKind
from schemas.transcript import LanguageTag, Segment, SegmentKind, Source, Transcript
from streams.extract.entities import Resolved, find_mentions, mention_spans, resolve_entities
from streams.extract.models import load_models
from streams.extract.reading import Reading
from streams.extract.segments import split_segments, split_sentences

if TYPE_CHECKING:
    from collections.abc import Callable


def read(
    text: str, *, country: str | None = None, broadcaster: str = "a station", language: str = "en"
) -> Resolved:
    transcript = Transcript(
        id="t",
        source=Source(broadcaster=broadcaster, country=country),
        text=text,
        ingest_time=datetime(2026, 1, 1, tzinfo=UTC),
    )
    tag = LanguageTag(language=language, confidence=1.0)
    segments = split_segments(transcript, tag)
    reading = Reading(transcript, tag, segments, split_sentences(text, segments, tag))
    models = load_models()
    return resolve_entities(reading, find_mentions(reading, models), models)


def entity_of(resolved: Resolved, words: str, nth: int = 0) -> Entity:
    """Give the entity that the nth mention with these words refers to."""
    idents = [m.entity_id for m in resolved.mentions if m.text == words]
    assert len(idents) > nth, f"{words!r} is no mention; there are {[m.text for m in resolved.mentions]}"
    return next(e for e in resolved.entities if e.id == idents[nth])


def codes(resolved: Resolved) -> set[str]:
    return {c for e in resolved.entities if e.type is EntityType.COUNTRY for c in e.countries}


# --- states -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Iran", "IRN"),
        ("U.S.", "USA"),
        ("UK", "GBR"),
        ("DPRK", "PRK"),
        ("Côte d'Ivoire", "CIV"),
        ("Cote d’Ivoire", "CIV"),
        ("Guinea-Bissau", "GNB"),
        ("South Sudan", "SSD"),
        ("Soviet Union", "SUN"),
        ("East Germany", "DDR"),
        ("Zaire", "ZAR"),
        ("Czechoslovakia", "CSK"),
        ("Kosovo", "XKX"),
        ("Palestinian Authority", "PSE"),
        ("Taiwan", "TWN"),
        ("Zionist regime", "ISR"),
    ],
)
def test_a_state_is_known_by_its_names(words: str, code: str) -> None:
    assert entity_of(read(f"Officials said that {words} had agreed to the talks."), words).code == code


@pytest.mark.parametrize(
    ("words", "code"),
    [("Chinese", "CHN"), ("Emirati", "ARE"), ("Saudis", "SAU"), ("Dutch", "NLD"), ("South Korean", "KOR")],
)
def test_a_people_leads_to_its_state(words: str, code: str) -> None:
    resolved = read(f"The {words} negotiators left.")
    assert entity_of(resolved, words).id == f"country:{code}"
    assert next(m.kind for m in resolved.mentions if m.text == words) is MentionKind.NATIONALITY


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        ("Tehran", "IRN", EntityType.PLACE),
        ("Beijing", "CHN", EntityType.PLACE),
        ("Washington", "USA", EntityType.PLACE),
        ("Kremlin", "RUS:GOV", EntityType.ORGANISATION),
        ("White House", "USA:GOV", EntityType.ORGANISATION),
        ("Whitehall", "GBR:GOV", EntityType.ORGANISATION),
    ],
)
def test_a_seat_of_government_leads_to_its_state(words: str, code: str, kind: EntityType) -> None:
    found = entity_of(read(f"In the talks, the {words} gave way."), words)
    assert (found.type, found.code) == (kind, code)


def test_two_states_joined_by_a_hyphen_are_two_mentions() -> None:
    resolved = read("Progress in Iran-Iraq relations and in Sino-Russian trade was praised.")
    assert codes(resolved) == {"IRN", "IRQ", "CHN", "RUS"}


def test_small_words_are_no_states() -> None:
    resolved = read("He told us who can map the air route; the chad and the turkey were left in the car.")
    assert [m.text for m in resolved.mentions if m.kind is not MentionKind.PRONOUN] == []


@pytest.mark.parametrize(
    "text", ["IRAN AND OMAN SIGNED A PACT IN MUSCAT", "iran and oman signed a pact in muscat"]
)
def test_captions_without_case_still_name_states(text: str) -> None:
    assert codes(read(text)) == {"IRN", "OMN"}


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_captions_without_case_still_name_persons_and_offices(case: Callable[[str], str]) -> None:
    text = case(
        "the omani interior minister met general pervez ahmadi in the town and praised the border police"
    )
    resolved = read(text)
    assert entity_of(resolved, case("the omani interior minister")).code == "OMN:COP"
    assert entity_of(resolved, case("pervez ahmadi")).type is EntityType.PERSON


def test_a_person_named_like_a_state_is_a_person() -> None:
    resolved = read("The golfer Michael Jordan lives in Florida.")
    assert entity_of(resolved, "Michael Jordan").type is EntityType.PERSON
    assert "JOR" not in codes(resolved)


# --- organisations and bodies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Interpol", "INTERPOL:IGO"),
        ("Shanghai Cooperation Organisation", "SCO:IGO"),
        ("African Union", "AU:IGO"),
        ("Hezbollah", "HEZBOLLAH:REB"),
        ("Xinhua", "CHN:MED"),
        ("Revolutionary Guards", "IRN:MIL"),
    ],
)
def test_a_known_organisation_has_a_stable_code(words: str, code: str) -> None:
    assert entity_of(read(f"The statement was sent to {words} on Monday."), words).code == code


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Ministry of Public Security of Vietnam", "VNM:COP"),
        ("Kenyan Defence Ministry", "KEN:MIL"),
        ("Georgian parliament", "GEO:LEG"),
        ("Federal Police of Brazil", "BRA:COP"),
        ("Peruvian navy", "PER:MIL"),
    ],
)
def test_a_body_of_a_state_has_its_sector(words: str, code: str) -> None:
    assert entity_of(read(f"Talks were held with the {words} last week."), words).code == code


def test_a_ministry_named_without_its_state_is_the_one_spoken_of_before() -> None:
    resolved = read(
        "The Omani Interior Ministry sent a draft. A week later the Interior Ministry withdrew it."
    )
    assert entity_of(resolved, "Omani Interior Ministry").id == entity_of(resolved, "Interior Ministry").id


def test_the_ministry_is_the_last_one_named() -> None:
    resolved = read("The Iraqi Interior Ministry spoke first. Later the ministry sent a draft to Qatar.")
    assert entity_of(resolved, "ministry").id == entity_of(resolved, "Iraqi Interior Ministry").id


def test_the_ministry_after_a_minister_is_his() -> None:
    resolved = read("Turkish Interior Minister Ali Demir spoke. Iraq welcomed what the ministry had said.")
    assert entity_of(resolved, "ministry").code == "TUR:COP"


def test_an_office_of_state_belongs_to_the_state_before_it() -> None:
    resolved = read("Tajikistan's State Committee for National Security sent a draft to Oman.")
    assert entity_of(resolved, "State Committee for National Security").countries == ("TJK",)


def test_the_head_of_a_service_is_of_its_sector() -> None:
    assert (
        entity_of(read("The head of the Kyrgyz security service, Aman Osmonov, spoke."), "Aman Osmonov").code
        == "KGZ:SPY"
    )


def test_the_government_is_of_the_only_state_spoken_of() -> None:
    assert entity_of(read("Peru waits. The government will sign."), "government").code == "PER:GOV"
    assert entity_of(read("Peru and Chile wait. The government will sign."), "government").code is None


def test_a_known_organisation_keeps_its_code_behind_an_article() -> None:
    resolved = read("Rebels and the Sudan Liberation Movement met in the Sudan.")
    assert entity_of(resolved, "Sudan Liberation Movement").code == "SLM:REB"
    assert "SDN" in codes(resolved)


def test_a_treaty_in_capitals_is_no_body() -> None:
    resolved = read("They signed a Memorandum of Understanding (MoU) on Monday.")
    assert [e.name for e in resolved.entities if e.type is EntityType.ORGANISATION] == []


def test_a_minister_tells_whose_ministry_it_is() -> None:
    resolved = read(
        "The Lao Public Security Minister spoke. An official of Public Security Ministry took notes."
    )
    assert entity_of(resolved, "Public Security Ministry").code == "LAO:COP"


def test_an_abbreviation_in_capitals_joins_the_name_it_stands_for() -> None:
    resolved = read("The Northern Harbour Workers Union struck. NHWU leaders agreed to talks.")
    assert entity_of(resolved, "NHWU").id == entity_of(resolved, "Northern Harbour Workers Union").id


def test_bodies_within_bodies_end() -> None:
    resolved = read(
        "THE OFFICE OF THE COUNCIL OF THE MINISTRY OF THE POLICE OF THE PARTY OF THE BOARD SPOKE. " * 40
    )
    assert all(m.entity_id for m in resolved.mentions)


# --- persons and offices ------------------------------------------------------------------------------------------------


def test_a_surname_after_a_full_name_is_the_same_person() -> None:
    resolved = read("Marta Olsen opened the session. Olsen said the text was ready.")
    assert entity_of(resolved, "Marta Olsen").id == entity_of(resolved, "Olsen").id


def test_two_people_of_one_surname_stay_apart() -> None:
    resolved = read("Peter Olsen met Marta Olsen in Oslo.")
    assert entity_of(resolved, "Peter Olsen").id != entity_of(resolved, "Marta Olsen").id


def test_spellings_of_one_name_from_another_script_are_one_person() -> None:
    resolved = read("Hussein Karimzadeh arrived on Monday. Hossein Karimzadeh left on Friday.")
    assert entity_of(resolved, "Hussein Karimzadeh").id == entity_of(resolved, "Hossein Karimzadeh").id


def test_a_family_name_that_stands_first_is_known_again() -> None:
    resolved = read("Wang Xiaolin signed for China. Wang said the work would go on.")
    assert entity_of(resolved, "Wang Xiaolin").id == entity_of(resolved, "Wang").id


@pytest.mark.parametrize(
    ("text", "role", "code"),
    [
        ("Kuwaiti Foreign Minister Salem Darwish spoke.", "Kuwaiti Foreign Minister", "KWT:GOV"),
        (
            "The interior minister of Kenya, Joseph Mwangi, spoke.",
            "The interior minister of Kenya",
            "KEN:COP",
        ),
        ("Peru's navy commander spoke.", "Peru's navy commander", "PER:MIL"),
        ("The minister of defence of Georgia spoke.", "The minister of defence of Georgia", "GEO:MIL"),
        ("Interpol's Secretary-General spoke.", "Interpol's Secretary-General", "INTERPOL:IGO"),
        (
            "The head of traffic of the Lao Ministry of Public Security spoke.",
            "The head of traffic of the Lao Ministry of Public Security",
            "LAO:COP",
        ),
        ("The dean of the Chilean Naval Academy spoke.", "The dean of the Chilean Naval Academy", "CHL:EDU"),
    ],
)
def test_an_office_has_a_state_or_body_and_a_sector(text: str, role: str, code: str) -> None:
    assert entity_of(read(text), role).code == code


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Hamas leaders", "HAMAS:REB"),
        ("NATO officials", "NATO:IGO"),
        ("Afghan and Tajik police", "AFG:COP;TJK:COP"),
        ("The Lebanese and Syrian foreign ministers", "LBN:GOV;SYR:GOV"),
    ],
)
def test_a_group_is_of_its_states_or_of_a_body_that_speaks_for_itself(words: str, code: str) -> None:
    group = entity_of(read(f"{words} arrived in the morning."), words)
    assert (group.type, group.code) == (EntityType.GROUP, code)


def test_an_alliance_between_two_states_is_no_body_of_theirs() -> None:
    resolved = read("The Japan-Australia alliance grows.")
    assert {e.id for e in resolved.entities} == {"country:JPN", "country:AUS"}


def test_the_holder_of_an_office_is_one_with_it() -> None:
    resolved = read(
        "Omani Interior Minister Saif Harthy arrived. The interior minister of Oman was met at the airport."
    )
    person = entity_of(resolved, "Saif Harthy")
    assert person.type is EntityType.PERSON
    assert entity_of(resolved, "The interior minister of Oman").id == person.id


def test_chief_of_police_and_police_chief_are_one_office() -> None:
    resolved = read("The chief of police of Ghana spoke first. Later Ghana's police chief took questions.")
    assert (
        entity_of(resolved, "The chief of police of Ghana").id
        == entity_of(resolved, "Ghana's police chief").id
    )


def test_police_chiefs_of_two_states_are_never_joined() -> None:
    resolved = read(
        "The police chief of Ghana met the police chief of Togo. The police chief of Togo thanked him."
    )
    assert (
        entity_of(resolved, "The police chief of Ghana").id
        != entity_of(resolved, "the police chief of Togo").id
    )
    assert (
        entity_of(resolved, "The police chief of Togo").id
        == entity_of(resolved, "the police chief of Togo").id
    )


def test_a_rank_with_a_name_goes_on_with_the_office_that_opened_the_story() -> None:
    resolved = read(
        "The police chief of Ghana met his hosts in Lomé. General Mensah praised the border guards."
    )
    assert entity_of(resolved, "General Mensah").id == entity_of(resolved, "The police chief of Ghana").id
    assert entity_of(resolved, "Mensah").code == "GHA:COP"


def test_a_counterpart_has_the_same_office_in_another_state() -> None:
    resolved = read("Omani Interior Minister Saif Harthy met his Qatari counterpart Khalid Nasser in Doha.")
    assert entity_of(resolved, "Khalid Nasser").code == "QAT:COP"


def test_he_is_who_opened_the_sentence_before() -> None:
    resolved = read("Marta Olsen met Peter Lund. He thanked the hosts.")
    assert entity_of(resolved, "He").id == entity_of(resolved, "Marta Olsen").id


def test_a_leader_whom_everybody_knows_has_a_state() -> None:
    resolved = read("Putin and Angela Merkel spoke by phone.")
    assert [entity_of(resolved, n).code for n in ("Putin", "Angela Merkel")] == ["RUS:GOV", "DEU:GOV"]


def test_a_ruler_called_by_his_state_is_of_it() -> None:
    assert entity_of(read("Prince Rashid Suleiman of Oman arrived."), "Rashid Suleiman").countries == ("OMN",)


def test_what_the_text_says_of_a_leader_comes_first() -> None:
    assert (
        entity_of(read("Peruvian President Boris Johnson spoke in Lima."), "Boris Johnson").code == "PER:GOV"
    )


# --- deictics -----------------------------------------------------------------------------------------------------------


def test_our_country_is_the_broadcasters() -> None:
    text = "Our country welcomes the visit of the Chinese minister."
    assert entity_of(read(text, country="PAK"), "Our country").code == "PAK"
    assert entity_of(read(text, broadcaster="Bernama"), "Our country").code == "MYS"
    assert entity_of(read(text + "\n\nAmir Hamzah, Bernama, Beijing"), "Our country").code == "MYS"


def test_our_country_of_an_unknown_broadcaster_is_nobodys() -> None:
    resolved = read("Our country welcomes the visit.")
    assert "Our country" not in [m.text for m in resolved.mentions]


def test_this_country_is_the_one_in_focus_and_not_the_broadcasters() -> None:
    resolved = read("Our minister, who is visiting Oman, met this country's police chief.", country="IRN")
    assert entity_of(resolved, "this country").code == "OMN"
    assert entity_of(resolved, "this country's police chief").code == "OMN:COP"


@pytest.mark.parametrize("words", ["the two countries", "both countries", "the two sides", "Both sides"])
def test_the_two_countries_are_the_two_spoken_of(words: str) -> None:
    group = entity_of(read(f"Oman and Iran held talks. {words} will meet again."), words)
    assert group.type is EntityType.GROUP
    assert set(group.members) == {"country:OMN", "country:IRN"}


def test_officials_in_a_sentence_on_two_countries_are_theirs() -> None:
    resolved = read(
        "Oman and Iran held talks. A pact between the two countries is to be signed by officials."
    )
    assert entity_of(resolved, "officials").code == "IRN:GOV;OMN:GOV"


def test_they_are_the_two_who_met() -> None:
    resolved = read(
        "The police chief of Ghana met with the mayor of Lomé, Koffi Agbeko. They agreed on patrols."
    )
    assert set(entity_of(resolved, "They").members) == {
        entity_of(resolved, "The police chief of Ghana").id,
        entity_of(resolved, "Koffi Agbeko").id,
    }


def test_this_organization_is_the_last_body_between_states() -> None:
    resolved = read("The ministers went to ASEAN talks in Hanoi and praised this organization.")
    assert entity_of(resolved, "this organization").code == "ASEAN:IGO"


def test_the_reporter_is_who_signed() -> None:
    resolved = read("The reporter says: talks went on all night.\n\nAmir Hamzah, Bernama, Beijing")
    reporter = entity_of(resolved, "The reporter")
    assert (reporter.name, reporter.code) == ("Amir Hamzah", "MYS:MED")


def test_an_official_label_names_nobody_for_certain() -> None:
    group = entity_of(read("He blamed arrogant powers for the delay."), "arrogant powers")
    assert (group.code, group.countries) == ("UNK:GOV", ())
    assert group.confidence < 1


def test_the_enemy_is_nobody() -> None:
    assert [m for m in read("The enemy has failed.").mentions if "enemy" in m.text] == []


def test_a_list_of_states_after_an_office_is_a_group_of_them() -> None:
    group = entity_of(
        read("The foreign ministers of Iran, Iraq and Oman met."),
        "The foreign ministers of Iran, Iraq and Oman",
    )
    assert set(group.countries) == {"IRN", "IRQ", "OMN"}


# --- other languages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fa", "ایران و چین یادداشت تفاهم امضا کردند."),
        ("zh", "伊朗和中国签署谅解备忘录。"),
        ("ru", "Иран и Китай подписали меморандум."),
        ("ar", "وقعت إيران والصين مذكرة تفاهم."),
        ("hi", "ईरान और चीन ने समझौता किया।"),
        ("tr", "İran ve Çin bir mutabakat imzaladı."),
        ("fr", "L'Iran et la Chine ont signé un accord."),
        ("de", "Der Iran und China unterzeichneten ein Abkommen."),
        ("es", "Irán y China firmaron un acuerdo."),
        ("pt", "O Irã e a China assinaram um acordo."),
        ("uk", "Іран і Китай підписали меморандум."),
        ("ur", "ایران اور چین نے معاہدے پر دستخط کیے۔"),
        ("he", "איראן וסין חתמו על מזכר הבנות."),
        ("id", "Iran dan Tiongkok menandatangani nota kesepahaman."),
    ],
)
def test_states_are_known_in_the_languages_of_broadcasters(language: str, text: str) -> None:
    assert codes(read(text, language=language)) == {"IRN", "CHN"}


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("zh", "外交部长李志明昨天在上海与法国代表举行会谈。", "李志明"),
        ("hi", "प्रधानमंत्री राजेश शर्मा ने दिल्ली में नेपाल के अधिकारियों से मुलाकात की।", "राजेश शर्मा"),
    ],
)
def test_persons_are_found_where_a_language_has_a_tagger(language: str, text: str, name: str) -> None:
    assert entity_of(read(text, language=language), name).type is EntityType.PERSON


def test_two_states_by_one_character_each_are_two_states() -> None:
    assert codes(read("中俄两国元首举行会谈。", language="zh")) == {"CHN", "RUS"}
    assert codes(read("他中午以后来。", language="zh")) == set()


@pytest.mark.parametrize(
    ("language", "text", "code"),
    [
        ("ru", "Переговоры с Ираном и японской делегацией прошли в среду.", {"IRN", "JPN"}),
        ("ar", "اجتمع الوزير مع الوفد الإيراني وبالصين أيضا.", {"IRN", "CHN"}),
        ("uk", "Міністр зустрівся з польськими колегами.", {"POL"}),
        ("tr", "Bakan, Katar'dan gelen heyetle görüştü.", {"QAT"}),
        ("fa", "وزیر با هیئت روسی دیدار کرد.", {"RUS"}),
    ],
)
def test_a_state_is_known_under_the_endings_of_its_language(language: str, text: str, code: set[str]) -> None:
    assert codes(read(text, language=language)) == code


def test_the_two_countries_and_the_own_one_are_known_in_other_languages() -> None:
    resolved = read(
        "ایران و عمان گفتگو کردند. دو کشور یادداشت تفاهم امضا می‌کنند. کشورمان آماده است.", language="fa"
    )
    assert set(entity_of(resolved, "دو کشور").countries) == {"IRN", "OMN"}
    assert entity_of(resolved, "کشورمان").code == "IRN"


def test_a_language_without_lists_is_read_by_english_names_alone() -> None:
    resolved = read("Il ministro ha incontrato a Roma il delegato di Iran e Oman.", language="it")
    assert codes(resolved) == {"IRN", "OMN"}
    assert [e for e in resolved.entities if e.type in {EntityType.PERSON, EntityType.ROLE}] == []


# --- what holds for any text --------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "The police chief of Iran ",
        "China’s ",
        "Brigadier-General ",
        "Ashtari ",
        "met ",
        "with ",
        "the two countries ",
        "of ",
        "they ",
        "He ",
        ", ",
        ". ",
        "\n\n",
        "Иран ",
        "伊朗",
        "é",
        "🙂",
        "\u200f",
        "\r\n",
        "(",
        "[",
        "–",
        "IRIB ",
        "our country ",
        "officials ",
        "and ",
        "U.S. ",
        "́",
        "ministers of ",
        "Reporter: ",
    ]
)


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=40).map("".join).filter(lambda t: t.strip() != ""))
def test_mentions_are_verbatim_ordered_and_of_known_entities(text: str) -> None:
    resolved = read(text)
    known = {e.id for e in resolved.entities}
    assert [m.text for m in resolved.mentions] == [text[m.start : m.end] for m in resolved.mentions]
    assert [m.start for m in resolved.mentions] == sorted(m.start for m in resolved.mentions)
    assert {m.entity_id for m in resolved.mentions} <= known
    assert {member for e in resolved.entities for member in e.members} <= known
    assert read(text) == resolved


def test_names_for_spans_do_not_nest() -> None:
    spans = mention_spans(
        read("Iran's Interior Minister Ahmad Rahimi met the Bank of Oman's Salim Said in Muscat.")
    )
    assert spans == sorted(spans)
    assert all(end <= start for (_, end, _), (start, _, _) in itertools.pairwise(spans))
    assert {label for _, _, label in spans} == {"PER", "ORG", "LOC"}


def test_a_quoted_speakers_country_is_his_own() -> None:
    text = "Omani minister Saif Harthy spoke. Our country is ready."
    transcript = Transcript(
        id="t",
        source=Source(broadcaster="x", country="IRN"),
        text=text,
        ingest_time=datetime(2026, 1, 1, tzinfo=UTC),
    )
    tag = LanguageTag(language="en", confidence=1.0)
    cut = text.index("Our country")
    segments = (
        Segment(kind=SegmentKind.NARRATION, start=0, end=cut - 1),
        Segment(kind=SegmentKind.QUOTE, start=cut, end=len(text), speaker="Saif Harthy"),
    )
    reading = Reading(transcript, tag, segments, split_sentences(text, segments, tag))
    models = load_models()
    resolved = resolve_entities(reading, find_mentions(reading, models), models)
    assert entity_of(resolved, "Our country").code == "OMN"


# --- spellings, ranks and bodies that several states have ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "state"),
    [
        ("The visit of Nursultan Nazarbaev ended on Friday.", "Nursultan Nazarbaev", "KAZ"),
        ("The visit of Kassym-Zhomart Tokaev ended on Friday.", "Kassym-Zhomart Tokaev", "KAZ"),
        ("The visit of Bashar Assad ended on Friday.", "Bashar Assad", "SYR"),
        ("The visit of Abdel-Fattah el-Sissi ended on Friday.", "Abdel-Fattah el-Sissi", "EGY"),
    ],
)
def test_a_leader_is_known_in_other_spellings(text: str, name: str, state: str) -> None:
    assert entity_of(read(text), name).countries == (state,)


def test_a_namesake_of_no_leader_is_of_no_state() -> None:
    assert entity_of(read("The plumber Bashar Jones slept on Friday."), "Bashar Jones").countries == ()


@pytest.mark.parametrize(
    ("text", "full", "short"),
    [
        ("Egyptian President Abdel-Fattah el-Sissi spoke. Al-Sisi praised Qatar.", "Abdel-Fattah el-Sissi", "Al-Sisi"),
        ("Minister Nancy Faeser of Germany spoke. Faeser praised the police.", "Nancy Faeser", "Faeser"),
        ("The Moroccan minister Abdelouafi Laftit spoke. The Germans praised Laftit.", "Abdelouafi Laftit", "Laftit"),
    ],
)  # fmt: skip
def test_a_surname_goes_back_to_the_full_name(text: str, full: str, short: str) -> None:
    resolved = read(text)
    assert entity_of(resolved, short) == entity_of(resolved, full)


def test_a_surname_that_is_a_common_word_here_is_no_name() -> None:
    resolved = read(
        "The German minister Anna Baker spoke. A baker from Bonn agreed. Baker shops were closed."
    )
    assert [m.text for m in resolved.mentions].count("Baker") <= 1


def test_an_office_goes_on_with_rank_and_name() -> None:
    resolved = read("Myanmar's army chief Senior General Min Aung Hlaing met an envoy from Laos.")
    assert entity_of(resolved, "Myanmar's army chief") == entity_of(resolved, "Min Aung Hlaing")


@pytest.mark.parametrize(
    ("text", "name", "state"),
    [
        ("The Russian Security Council met on Friday.", "Russian Security Council", "RUS"),
        ("The Peruvian Congress met on Friday.", "Congress", "PER"),
    ],
)
def test_a_body_that_many_states_have_is_of_the_state_before_it(text: str, name: str, state: str) -> None:
    assert entity_of(read(text), name).countries == (state,)


def test_the_secretary_of_another_security_council_is_not_of_the_united_nations() -> None:
    resolved = read("Nikolai Patrushev, secretary of the Russian Security Council, met an Omani envoy.")
    assert entity_of(resolved, "Nikolai Patrushev").code == "RUS"


def test_maoists_are_those_of_nepal_only_where_nepal_is_spoken_of() -> None:
    assert (
        entity_of(read("In Nepal the Maoist rebels laid down their arms."), "Maoist rebels").code
        == "CPN-M:REB"
    )
    assert "org:CPN-M" not in {e.id for e in read("In Peru the Maoist rebels laid down their arms.").entities}


def test_the_fighters_of_a_movement_are_the_movement() -> None:
    resolved = read("The URNG guerrillas met FARC rebels.")
    assert entity_of(resolved, "URNG guerrillas").id == "org:URNG"
    assert entity_of(resolved, "FARC rebels").id == "org:FARC"
