from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.transcript import LanguageTag, Segment, SegmentKind
from streams.extract.segments import split_segments
from tests.factories import make_transcript

BENCH = Path(__file__).parents[3] / "shared" / "bench"
TAG = LanguageTag(language="en", script="Latn", confidence=1.0)


def split(text: str, **fields: object) -> tuple[Segment, ...]:
    return split_segments(make_transcript(text, **fields), TAG)


def parts(text: str, **fields: object) -> list[tuple[str, str]]:
    return [(part.kind.value, text[part.start : part.end]) for part in split(text, **fields)]


def speakers(text: str) -> list[tuple[str, str | None]]:
    spoken = (SegmentKind.NARRATION, SegmentKind.QUOTE, SegmentKind.QUESTION)
    return [(part.kind.value, part.speaker) for part in split(text) if part.kind in spoken]


def test_a_plain_sentence_is_narration() -> None:
    assert parts("Two states signed a treaty.") == [("narration", "Two states signed a treaty.")]


def test_a_led_report_has_headline_note_narration_insert_and_signoff() -> None:
    text = (
        "Police chiefs meet in Baku!\n\n[A report about the visit.]\n\n  The reporter says: Colonel Asadov met his guest.\n\n"
        "–We agreed on a plan. It will hold.\n\nThe reporter continues: The guest left at noon.\n\nLeyla Karimova, AzTV Baku"
    )
    assert parts(text) == [
        ("headline", "Police chiefs meet in Baku!"),
        ("note", "[A report about the visit.]"),
        ("narration", "The reporter says: Colonel Asadov met his guest."),
        ("quote", "–We agreed on a plan. It will hold."),
        ("narration", "The reporter continues: The guest left at noon."),
        ("signoff", "Leyla Karimova, AzTV Baku"),
    ]
    assert speakers(text) == [("narration", "reporter"), ("quote", "Asadov"), ("narration", "reporter")]


def test_a_monitored_broadcast_has_dateline_notes_and_recording() -> None:
    text = (
        "Lima (Peru), 3 Mar 91 (Radio Andes Network) -- [Excerpts] [Passage omitted] The minister spoke to General Luis Rojas.\n"
        "[Begin recording] [Rojas] We want [words indistinct] peace. [passage omitted]\nThe pact stands. [end recording]\nThe talks go on."
    )
    assert parts(text) == [
        ("dateline", "Lima (Peru), 3 Mar 91 (Radio Andes Network) --"),
        ("note", "[Excerpts]"),
        ("note", "[Passage omitted]"),
        ("narration", "The minister spoke to General Luis Rojas."),
        ("note", "[Begin recording]"),
        ("speaker_tag", "[Rojas]"),
        ("quote", "We want [words indistinct] peace."),
        ("note", "[passage omitted]"),
        ("quote", "The pact stands."),
        ("note", "[end recording]"),
        ("narration", "The talks go on."),
    ]
    assert speakers(text)[1] == ("quote", "Luis Rojas")


def test_a_monitored_report_in_capitals_reads_alike() -> None:
    text = "LA PAZ, 2 JUN 90 (RADIO ILLIMANI) -- [TEXT] THE TREATY [TIAR] WAS SIGNED ON MONDAY [1 JUNE].\n[BEGIN RECORDING] [DIAZ] IT IS A GOOD DAY. [END RECORDING]"
    assert [kind for kind, _ in parts(text)] == [
        "dateline",
        "note",
        "narration",
        "note",
        "speaker_tag",
        "quote",
        "note",
    ]


def test_a_reporter_within_a_recording_narrates() -> None:
    text = "Quito, 2 Jun 90 (Voice) -- [Text] Here is a report by Ana Mora.\n[Begin recording] [Mora] The ministers met at noon. [end recording]"
    assert speakers(text) == [("narration", "station"), ("narration", "Ana Mora")]


def test_a_communique_is_the_word_of_the_one_who_issues_it() -> None:
    text = (
        "Quito, 2 Jun 90 (Voice) -- [Communique] [Ministry of Defence] [Text] The army has taken two towns."
    )
    assert parts(text)[2] == ("byline", "[Ministry of Defence]")
    assert speakers(text) == [("quote", "Ministry of Defence")]


def test_a_reporter_in_brackets_who_asks_has_a_question() -> None:
    text = "Quito, 2 Jun 90 (Voice) -- [Text] [Begin recording] [Reporter] Will you sign? [Mora] We will. [Reporter] When is that? [Mora] Soon. [end recording]"
    assert speakers(text) == [
        ("question", "unidentified reporter"), ("quote", "Mora"), ("question", "unidentified reporter"), ("quote", "Mora"),
    ]  # fmt: skip


def test_an_excerpt_with_bracketed_roles_needs_no_dateline() -> None:
    text = "[REPORTER] WHY DO YOU GO TO LIMA, GENERAL? [GOMEZ] I BELIEVE IN TALKS. THE TREATY [TIAR] STANDS."
    assert speakers(text) == [("question", "unidentified reporter"), ("quote", "Gomez")]


def test_a_statement_by_someone_is_their_word() -> None:
    text = "Quito, 2 Jun 90 (Voice) -- [Statement by President Mora on the pact] [Text] My government will not sign."
    assert speakers(text) == [("quote", "President Mora")]


def test_an_author_in_brackets_is_a_byline() -> None:
    text = "Quito, 2 Jun 90 (Voice) -- [By Ana Mora] [Text] The ministers met."
    assert [kind for kind, _ in parts(text)] == ["dateline", "byline", "note", "narration"]
    assert speakers(text) == [("narration", "Ana Mora")]


def test_two_datelines_are_two_stories() -> None:
    text = "Tehran, 5 May 92 (IRIB) -- [Text] Iran signed.\n\nKabul, 6 May 92 (Radio Kabul) -- [Text] Kabul did not sign."
    assert [(part.kind.value, part.story) for part in split(text)] == [
        ("dateline", 0), ("note", 0), ("narration", 0), ("dateline", 1), ("note", 1), ("narration", 1),
    ]  # fmt: skip


def test_a_translation_of_a_monitoring_service_names_its_speakers_in_brackets() -> None:
    text = (
        "Text of report by Tajik television\n\n[Presenter] The ministers met today.\n\n[Correspondent] They will sign on Friday.\n\n"
        "[Karimov, in Russian] We are ready.\n\nSource: Tajik TV, Dushanbe, in Tajik 1300 gmt 4 May 09\nBBC Mon CAU"
    )
    assert [kind for kind, _ in parts(text)] == [
        "note", "speaker_tag", "narration", "speaker_tag", "narration", "speaker_tag", "quote", "note", "boilerplate",
    ]  # fmt: skip
    assert speakers(text) == [
        ("narration", "Presenter"),
        ("narration", "Correspondent"),
        ("quote", "Karimov"),
    ]


def test_a_briefing_has_heading_tags_questions_and_an_end() -> None:
    text = (
        "Press Briefing by Spokeswoman Ada Roe\nConference Hall\n1:05 P.M. EST\nMS. ROE: Good afternoon.\nI have one announcement.\n"
        "Q Will you sign? MS. ROE: We will. (Laughter.)\n1:20 P.M. EST"
    )
    assert parts(text) == [
        ("headline", "Press Briefing by Spokeswoman Ada Roe"),
        ("dateline", "Conference Hall"),
        ("dateline", "1:05 P.M. EST"),
        ("speaker_tag", "MS. ROE:"),
        ("quote", "Good afternoon.\nI have one announcement."),
        ("speaker_tag", "Q"),
        ("question", "Will you sign?"),
        ("speaker_tag", "MS. ROE:"),
        ("quote", "We will. (Laughter.)"),
        ("signoff", "1:20 P.M. EST"),
    ]


def test_the_place_and_hour_of_a_briefing_are_no_headline() -> None:
    text = "East Hall\n\n1:05 P.M. EST\n\nMS. ROE: Good afternoon, everyone.\n\nQ Will you sign?"
    assert [kind for kind, _ in parts(text)] == [
        "dateline",
        "dateline",
        "speaker_tag",
        "quote",
        "speaker_tag",
        "question",
    ]


def test_a_doorstop_has_notes_before_the_first_word_and_page_numbers_between() -> None:
    text = (
        "Transcript of doorstop: Parliament House: defence\nMINISTER FOR DEFENCE\n4 May 2004\nE&OE.........\nMINISTER:\nI have signed it.\n"
        "JOURNALIST:\nWith whom?\n2\nMINISTER:\nWith our neighbours."
    )
    assert [kind for kind, _ in parts(text)] == [
        "headline", "note", "note", "boilerplate", "speaker_tag", "quote", "speaker_tag", "question", "boilerplate", "speaker_tag", "quote",
    ]  # fmt: skip
    assert speakers(text)[1] == ("question", "unidentified reporter")


def test_an_interviewer_is_known_by_the_questions() -> None:
    text = (
        "Interview with Foreign Minister Pavel Orlov\n\nANNA KLEIN: Will you sign the treaty?\nPAVEL ORLOV: We will.\n"
        "ANNA KLEIN: When will that be?\nPAVEL ORLOV: In June."
    )
    assert [kind for kind, _ in speakers(text)] == ["question", "quote", "question", "quote"]


def test_questions_and_answers_are_told_apart_in_other_languages_too() -> None:
    assert [k for k, _ in speakers("Вопрос: Когда подпишут?\nОтвет: Скоро.")] == ["question", "quote"]
    assert [k for k, _ in speakers("问：什么时候签署？\n答：很快。")] == ["question", "quote"]


def test_a_television_transcript_has_anchors_clips_and_breaks() -> None:
    text = (
        "THIS IS A RUSH TRANSCRIPT. IT MAY BE UPDATED.\n\nJO DOE, NEWS ANCHOR: Good evening. A pact was signed.\n\n(BEGIN VIDEO CLIP)\n\n"
        "LI WEI, FOREIGN MINISTER: We are glad.\n\n(END VIDEO CLIP)\n\nDOE: We will be right back.\n\n(COMMERCIAL BREAK)"
    )
    assert [kind for kind, _ in parts(text)] == [
        "boilerplate", "speaker_tag", "narration", "note", "speaker_tag", "quote", "note", "speaker_tag", "quote", "note",
    ]  # fmt: skip


def test_a_headline_on_one_line_with_the_dateline_is_cut_off() -> None:
    text = "Two States Sign Pact on Borders (AP) -- The ministers signed it on Monday."
    assert parts(text) == [
        ("headline", "Two States Sign Pact on Borders"),
        ("dateline", "(AP) --"),
        ("narration", "The ministers signed it on Monday."),
    ]


def test_one_tag_in_capitals_is_a_speaker_where_the_words_are_and_a_place_where_they_are_news() -> None:
    assert parts("ORLOV: We will sign it when the text is ready.")[0] == ("speaker_tag", "ORLOV:")
    assert parts("LAHORE: The ministers said on Monday that they will sign.")[0] == ("dateline", "LAHORE:")


def test_captions_change_speakers_and_stories_at_arrows() -> None:
    text = ">>> TWO STATES SIGNED A PACT\nON BORDERS TODAY.\n>> REPORTER: THE CHIEFS MET.\n>>> IN OTHER NEWS, IT RAINS"
    assert [(p.kind.value, text[p.start : p.end], p.story) for p in split(text)] == [
        ("speaker_tag", ">>>", 0),
        ("narration", "TWO STATES SIGNED A PACT\nON BORDERS TODAY.", 0),
        ("speaker_tag", ">> REPORTER:", 0),
        ("narration", "THE CHIEFS MET.", 0),
        ("speaker_tag", ">>>", 1),
        ("narration", "IN OTHER NEWS, IT RAINS", 1),
    ]


def test_captions_without_marks_have_no_headline() -> None:
    text = "THE MINISTER SAID TODAY THAT\nTWO STATES WILL SIGN\nA MEMORANDUM OF UNDERSTANDING\nNEXT MONTH"
    assert parts(text) == [("narration", text)]


@pytest.mark.parametrize(
    "dateline",
    [
        "MUSCAT, Oman (AP) —", "LONDON (Reuters) -", "BEIJING, Jan. 3 (Xinhua) --", "Tehran, 5 May:", "WASHINGTON –", "GENEVA (5 March 2024) –",
        "Berlin (dpa) -", "(Reuters) -", "QUETTA:", "МОСКВА, 3 мая /ТАСС/.", "新华社北京5月3日电（记者张三）", "تهران - ایرنا -", "UNITED NATIONS --",
    ],
)  # fmt: skip
def test_a_dateline_stands_before_the_story(dateline: str) -> None:
    text = f"{dateline} The two states have signed a treaty.\nIt covers borders."
    assert parts(text) == [
        ("dateline", dateline),
        ("narration", "The two states have signed a treaty.\nIt covers borders."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The talks - held in Baku - ended on Monday.",
        "Iran - which has signed - is ready.",
        "The minister (right) - a lawyer - smiled.",
        "In May, the two sides met: nothing came of it.",
        "He said: We will sign.",
        "Note: the treaty is not in force.",
        "A man asked whether they would sign.",
    ],
)
def test_words_that_only_look_like_marks_stay_narration(text: str) -> None:
    assert parts(text) == [("narration", text)]


def test_a_scraped_page_loses_its_furniture() -> None:
    text = (
        "Home | News | World\nTwo states agree on border markets\nBy Our Correspondent\nPublished: 12 May 2023\nShare\nTweet\n"
        "QUETTA: The ministers have agreed to open six border markets.\nThey met on Thursday.\nRead more: Border trade grows\n"
        "Follow us on Twitter\nCopyright 2023 Example Media. All rights reserved."
    )
    assert [kind for kind, _ in parts(text)] == [
        "boilerplate", "headline", "byline", "note", "boilerplate", "boilerplate", "dateline", "narration", "boilerplate", "boilerplate", "boilerplate",
    ]  # fmt: skip


def test_a_word_of_the_page_within_a_sentence_is_no_furniture() -> None:
    text = "Share prices rose.\nThe home of the minister was searched. Search parties set out."
    assert [kind for kind, _ in parts(text)] == ["narration"]


def test_an_agency_story_ends_in_credits() -> None:
    text = "Oman signs\n\nMUSCAT (AP) - Oman signed.\n\n(Reporting by Jane Doe; editing by John Roe)"
    assert [kind for kind, _ in parts(text)] == ["headline", "dateline", "narration", "byline"]


def test_a_radio_report_is_handed_over_and_signed_off() -> None:
    text = "This is Radio Europe News.\nThe pact was signed. Mary Major reports.\nThe streets were quiet at dawn. Mary Major, Radio Europe, Bonn."
    assert parts(text) == [
        ("station_id", "This is Radio Europe News."),
        ("narration", "The pact was signed. Mary Major reports."),
        ("narration", "The streets were quiet at dawn."),
        ("signoff", "Mary Major, Radio Europe, Bonn."),
    ]
    assert speakers(text)[1] == ("narration", "Mary Major")


def test_a_last_sentence_with_a_name_and_a_verb_is_no_signoff() -> None:
    text = "The pact was signed.\nThe streets were quiet. John Roe, the envoy, left for Bonn by train last night."
    assert [kind for kind, _ in parts(text)] == ["narration"]


def test_an_answer_with_hesitation_between_narration_is_a_quotation() -> None:
    text = "Oil fell again today, as it has for weeks.\nUh, we have seen this before, and um, it will last.\nPrices at the pump fell too, a survey says."
    assert [kind for kind, _ in speakers(text)] == ["narration", "quote", "narration"]


def test_a_paragraph_in_the_first_person_between_narration_is_a_quotation() -> None:
    text = "The town was calm again today.\nNobody told me anything, and I think they never will.\nThe army says that the road is open."
    assert [kind for kind, _ in speakers(text)] == ["narration", "quote", "narration"]


def test_the_interviewer_whom_the_heading_names_asks_all_the_same() -> None:
    text = "Transcript of the Prime Minister's interview with Jo Laws\nLAWS: Will you sign it?\nPRIME MINISTER: We will.\nLAWS: When?\nPRIME MINISTER: Soon."
    assert [kind for kind, _ in speakers(text)] == ["question", "quote", "question", "quote"]


def test_the_title_heads_the_text_whatever_it_looks_like() -> None:
    text = "A treaty is signed.\nThe two states signed it in a ceremony at noon, and nobody was surprised."
    assert parts(text, title="A treaty  is signed.")[0] == ("headline", "A treaty is signed.")
    assert parts(text)[0][0] == "narration"


def test_lists_with_dashes_are_no_quotations() -> None:
    text = "The parties agreed on:\n- border patrols\n- exchange of data\n- training\n\nThey will meet again."
    assert [kind for kind, _ in parts(text)] == ["narration"]


PIECES = st.sampled_from(
    [
        "[Begin recording]", "[end recording]", "[Text]", "[Ortega]", "(Applause.)", "[", "]", "(", ")", "Q ", "MS. ROE: ", ">>", ">>> ", "\n", "\r\n", "\n\n",
        "Lima, 3 Mar 91 (Radio) -- ", "The reporter says: ", "–We agree. ", "Words of a sentence. ", "e\u0301", "👨\u200d👩\u200d👧", "\u200f", "\x00", "\u2028", "###", "END", "\t ",
        "WASHINGTON (AP) - ", "Jane Doe, BBC News, Bonn.", "问：", "1:05 P.M. EST", "By Jane Doe", "Share", "…", "۔", "Mary Major reports.",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=6), min_size=1, max_size=40).map("".join))
def test_parts_are_in_order_apart_and_without_space_at_their_ends(text: str) -> None:
    if not text.strip():
        return
    place, story = 0, 0
    for part in split(text):
        words = text[part.start : part.end]
        assert place <= part.start < part.end <= len(text)
        assert words == words.strip()
        assert part.story >= story
        place, story = part.end, part.story


@given(st.lists(PIECES | st.text(max_size=6), min_size=1, max_size=30).map("".join))
def test_nothing_but_space_is_outside_every_part(text: str) -> None:
    if not text.strip():
        return
    covered = [False] * len(text)
    for part in split(text):
        covered[part.start : part.end] = [True] * (part.end - part.start)
    assert not [sign for sign, inside in zip(text, covered, strict=True) if not sign.isspace() and not inside]


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "[",
        "(",
        "[a] ",
        ">>",
        "A: ",
        "a\n",
        "Q a\n",
        "(x\n",
        "\r\n",
        "[Text] ",
        "Mr. A, b. ",
        "By A ",
        "home ",
        "-",
        "word ",
    ],
)
def test_a_long_text_of_one_mark_is_cut(unit: str) -> None:
    text = unit * (100_000 // len(unit)) + "x"
    assert split(text)[-1].end == len(text)


@pytest.mark.parametrize("unit", ["a", "(", "[a", "word "])
def test_one_line_of_the_largest_size_is_cut(unit: str) -> None:
    text = unit * (1_048_575 // len(unit)) + "x"
    assert split(text)[-1].end == len(text)


def test_the_parts_of_the_seed_are_those_of_its_gold() -> None:
    if not BENCH.is_dir():
        pytest.skip("the bench is not beside the project: ../shared/bench")
    text = (BENCH / "seed_iran_china_police.txt").read_text(encoding="utf-8")
    gold = json.loads((BENCH / "seed_gold.json").read_text(encoding="utf-8"))["segments"]
    found = [(part.kind.value, part.start, part.end) for part in split(text)]
    assert found == [(part["kind"], part["start"], part["end"]) for part in gold]
