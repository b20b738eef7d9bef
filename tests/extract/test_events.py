"""Events: the lexicon's own examples, then who, whether, where and when, by whom it is said, and what is left out."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.event import ArgumentRole, Event, PloverType, Realis
from schemas.transcript import LanguageTag, TaggedTranscript
from streams.extract.models import load_models
from streams.extract.read import read_transcript
from tests.factories import make_source, make_transcript

if TYPE_CHECKING:
    from streams.extract.triggers import Meaning

MEANINGS = load_models().events.meanings
DAY = datetime(2021, 11, 24, 9, tzinfo=UTC)
BENCH = Path(__file__).resolve().parents[3] / "shared" / "bench"


def events_of(text: str, language: str = "en", **fields: object) -> tuple[Event, ...]:
    transcript = make_transcript(text, **{"published_time": DAY, **fields})
    tagged = TaggedTranscript(transcript=transcript, language=LanguageTag(language=language, confidence=1.0))
    return read_transcript(tagged, load_models()).events


def event_of(text: str, kind: PloverType) -> Event:
    return next(event for event in events_of(text) if event.type is kind)


def types_of(text: str) -> list[PloverType]:
    return [event.type for event in events_of(text)]


def actors(event: Event) -> tuple[str, ...]:
    return event.codes(ArgumentRole.ACTOR)


def recipients(event: Event) -> tuple[str, ...]:
    return event.codes(ArgumentRole.RECIPIENT)


def name_of(meaning: Meaning) -> str:
    return f"{meaning.type}-{meaning.mode}-{meaning.cameo}"


# --- the lexicon


@pytest.mark.parametrize("meaning", MEANINGS, ids=name_of)
def test_the_example_of_each_lexicon_entry_gives_its_event(meaning: Meaning) -> None:
    events = events_of(meaning.example)
    found = [e for e in events if (e.type, e.mode, e.cameo) == (meaning.type, meaning.mode, meaning.cameo)]
    assert [e.realis for e in found] == [meaning.realis or Realis.ASSERTED]


@pytest.mark.parametrize("meaning", MEANINGS, ids=name_of)
def test_the_counter_example_of_each_lexicon_entry_does_not(meaning: Meaning) -> None:
    assert meaning.counter is not None
    assert [e for e in events_of(meaning.counter) if (e.type, e.mode) == (meaning.type, meaning.mode)] == []


def test_every_type_has_a_trigger() -> None:
    assert {meaning.type for meaning in MEANINGS} == set(PloverType)


# --- who, and on whom


@pytest.mark.parametrize(
    ("text", "kind", "who", "whom"),
    [
        ("Rwanda accused Burundi of shelling.", PloverType.ACCUSE, ("RWA",), ("BDI",)),
        ("Burundi was accused by Rwanda of shelling.", PloverType.ACCUSE, ("RWA",), ("BDI",)),
        ("Peru and Chile held talks.", PloverType.CONSULT, ("PER",), ("CHL",)),
        ("Negotiations between Peru and Chile went on.", PloverType.CONSULT, ("PER",), ("CHL",)),
        ("Peru, which borders Chile, condemned Brazil.", PloverType.ACCUSE, ("PER",), ("BRA",)),
        ("Peru attacked Chile and condemned Brazil.", PloverType.ACCUSE, ("PER",), ("BRA",)),
        ("Egypt's visit to Sudan ended.", PloverType.CONSULT, ("EGY",), ("SDN",)),
        ("At the invitation of Egypt, Sudan sent a team.", PloverType.REQUEST, ("EGY",), ("SDN",)),
        ("The presidents of Hungary and Slovakia met.", PloverType.CONSULT, ("HUN", "SVK"), ()),
        ("Officials from India and Pakistan met in Dubai.", PloverType.CONSULT, ("IND", "PAK"), ()),
        (
            "Germany, France and Italy rejected the British plan.",
            PloverType.REJECT,
            ("DEU", "FRA", "ITA"),
            ("GBR",),
        ),
        ("Poland will send tanks to Ukraine.", PloverType.AGREE, ("POL",), ("UKR",)),
        ("Iraq recalled its ambassador to Sweden.", PloverType.SANCTION, ("IRQ",), ("SWE",)),
        (
            "Three Colombian citizens were arrested by Venezuelan police.",
            PloverType.COERCE,
            ("VEN",),
            ("COL",),
        ),
        ("Egypt mediated between Chad and Sudan.", PloverType.CONSULT, ("EGY",), ("SDN", "TCD")),
        ("Denmark, Norway reject Swedish offer", PloverType.REJECT, ("DNK", "NOR"), ("SWE",)),
    ],
)
def test_who_acts_and_on_whom_is_told_by_the_clause(
    text: str, kind: PloverType, who: tuple[str, ...], whom: tuple[str, ...]
) -> None:
    event = event_of(text, kind)
    assert (actors(event), recipients(event)) == (who, whom)


def test_what_others_are_said_to_want_is_said_of_them_and_not_of_whom_they_want_it_for() -> None:
    event = event_of(
        "The Kenyan minister said France is not willing for Niger and Mali to have good relations.",
        PloverType.ACCUSE,
    )
    assert (actors(event), recipients(event)) == (("KEN",), ("FRA",))


def test_an_act_is_not_given_to_whoever_stands_in_the_next_sentence() -> None:
    events = events_of("Iran was calm. A spokesman condemned Norway. Chile slept.")
    assert {code for event in events for code in actors(event)} == set()


def test_an_unnamed_subject_keeps_others_from_being_taken_for_it() -> None:
    assert types_of("The envoys talked of Iran, and the crowd condemned a film.") == []


def test_in_this_meeting_takes_its_parties_from_the_meeting_told_before() -> None:
    text = "Oman's interior minister met his Qatari counterpart. In this meeting, there was an emphasis on closer cooperation."
    event = event_of(text, PloverType.AGREE)
    assert (actors(event), recipients(event)) == (("OMN",), ("QAT",))


def test_a_visitor_travels_and_the_other_side_is_the_host() -> None:
    event = event_of(
        "Kenya's president held talks with the visiting Somali prime minister.", PloverType.CONSULT
    )
    assert (event.mode, event.cameo, actors(event), recipients(event)) == ("host", "043", ("KEN",), ("SOM",))


def test_who_is_asked_to_act_has_not_acted() -> None:
    events = events_of("France called on Mali to release the prisoners.")
    assert [(e.type, actors(e), recipients(e)) for e in events] == [(PloverType.REQUEST, ("FRA",), ("MLI",))]


def test_people_of_no_named_state_are_told_with_the_place() -> None:
    event = event_of("Thousands demonstrated against dear bread in Tbilisi.", PloverType.PROTEST)
    assert [(a.role, a.code) for a in event.arguments if a.code] == [(ArgumentRole.PLACE, "GEO")]


@pytest.mark.parametrize("who", ["Police", "The government", "Demonstrators", "The court"])
def test_who_sits_in_a_place_acts_for_its_state(who: str) -> None:
    event = event_of(f"{who} in Nairobi attacked a Greek trader.", PloverType.ASSAULT)
    assert actors(event) == ("KEN",)


@pytest.mark.parametrize("who", ["Soldiers", "Diplomats"])
def test_who_may_be_abroad_does_not(who: str) -> None:
    event = event_of(f"{who} in Nairobi attacked a Greek trader.", PloverType.ASSAULT)
    assert actors(event) == ()


# --- the matter of a demand, a refusal, a threat, an attack


@pytest.mark.parametrize(
    ("text", "kind", "mode"),
    [
        ("Peru urged Chile to return to the negotiating table.", PloverType.REQUEST, "meet"),
        ("Peru demanded that Chile release the fishermen.", PloverType.REQUEST, "yield"),
        ("Peru asked Chile for fire engines.", PloverType.REQUEST, "assist"),
        ("Peru urged Chile to change its fishing law.", PloverType.REQUEST, "change"),
        ("Peru refused to meet the Chilean envoy.", PloverType.REJECT, "meet"),
        ("Peru refused to lift the blockade of Chile.", PloverType.REJECT, "yield"),
        ("Peru rejected a Chilean request for aid.", PloverType.REJECT, "assist"),
        ("Peru rejected the Chilean view.", PloverType.REJECT, None),
        ("Peru threatened to annex a Chilean island.", PloverType.THREATEN, "territory"),
        ("Peru threatened Chile with sanctions.", PloverType.THREATEN, "restrict"),
        ("Peru threatened to expel the Chilean ambassador.", PloverType.THREATEN, "expel"),
        ("Peru threatened to break off relations with Chile.", PloverType.THREATEN, "relations"),
        ("Rebels attacked a Chilean convoy with rockets.", PloverType.ASSAULT, "heavy-weapons"),
        ("Rebels with machetes killed four Chilean settlers.", PloverType.ASSAULT, "primitive"),
        ("Rebels attacked a Chilean convoy.", PloverType.ASSAULT, None),
    ],
)
def test_what_is_asked_refused_threatened_or_used_makes_the_mode(
    text: str, kind: PloverType, mode: str | None
) -> None:
    assert event_of(text, kind).mode == mode


@pytest.mark.parametrize(
    "text",
    [
        "Peru threatened to expel the Chilean ambassador.",
        "Peru called on Chile and Bolivia to stop the fighting.",
        "Peru criticised Chile for closing the border.",
        "Peru accused Chile of arresting its fishermen.",
    ],
)
def test_what_is_threatened_demanded_or_blamed_is_no_event_of_its_own(text: str) -> None:
    assert len(events_of(text)) == 1


def test_two_states_that_meet_on_the_ground_of_a_third_do_so_at_a_third_party() -> None:
    event = event_of("Greek and Turkish diplomats held talks in Vienna.", PloverType.CONSULT)
    assert (event.mode, event.cameo) == ("third-party", "044")
    assert event_of("Greek and Turkish diplomats held talks in Athens.", PloverType.CONSULT).mode is None


@pytest.mark.parametrize(
    "text",
    [
        "Did Chad expel the Libyan envoy?",
        "Was the Libyan envoy expelled by Chad?",
        "Had Chad expelled the Libyan envoy, Tripoli would have closed the border.",
    ],
)
def test_what_is_asked_or_supposed_did_not_take_place(text: str) -> None:
    assert {e.realis for e in events_of(text)} <= {Realis.HYPOTHETICAL, Realis.FUTURE}


@pytest.mark.parametrize(
    "text",
    [
        "Chad attacked through its winger and shot at the Libyan goalkeeper.",
        "Libya defended the trophy and crushed Chad in straight sets.",
        "Shareholders attacked the Libyan bank over its dividend.",
    ],
)
def test_sport_and_business_tell_no_attack(text: str) -> None:
    assert events_of(text) == ()


def test_an_anniversary_of_a_deed_is_history() -> None:
    text = "The anniversary of the invasion of Kuwait by Iraq was marked on Monday."
    assert event_of(text, PloverType.ASSAULT).realis is Realis.HISTORICAL


def test_a_headline_in_capitals_has_verbs_in_capitals() -> None:
    event = event_of("RUSSIAN TROOPS SHELL KHARKIV", PloverType.ASSAULT)
    assert (actors(event), event.mode) == (("RUS",), "heavy-weapons")


def test_by_telephone_is_no_agent() -> None:
    event = event_of(
        "The Malian president spoke by telephone with the Togolese president.", PloverType.CONSULT
    )
    assert (actors(event), recipients(event), event.mode) == (("MLI",), ("TGO",), "phone")


def test_a_deed_that_is_only_named_is_not_given_to_whoever_speaks_of_it() -> None:
    event = event_of("Chad's president gave his condolences over the attack on Kenya.", PloverType.ASSAULT)
    assert (actors(event), recipients(event)) == ((), ("KEN",))


def test_a_light_verb_makes_the_deed_its_subjects() -> None:
    event = event_of("Sudan launched an attack on Kenya.", PloverType.ASSAULT)
    assert (actors(event), recipients(event)) == (("SDN",), ("KEN",))


def test_a_participle_that_describes_a_noun_is_no_verb() -> None:
    assert types_of("Chad's army will publish the number of rebels killed in May.") == []


def test_what_is_voted_on_is_no_act() -> None:
    assert types_of("Chad's parliament voted against the deployment of troops in Kenya.") == [
        PloverType.REJECT
    ]


def test_in_capitals_who_is_no_organisation() -> None:
    assert types_of("THERE WERE YOUNG MEN WHO ATTACKED A SHOP.") == []


def test_what_others_must_do_is_not_what_they_will_do() -> None:
    event = event_of("Chad must withdraw its troops from Kenya.", PloverType.RETREAT)
    assert event.realis is Realis.HYPOTHETICAL


REPORT = """[A VTV report about the Venezuelan defence minister's trip to Belarus.]

Reporter says: The defence minister of our country, who arrived in Minsk yesterday at the invitation of the Belarusian president, held \
talks with the Belarusian interior minister this morning. During the talks, the two ministers discussed spare parts. They agreed to \
prepare a protocol on the exchange of cadets. The Venezuelan minister said: I hope that we will develop cooperation in air defence too. \
The Venezuelan minister then visited the academy in Minsk and said that imperialist powers want to divide Venezuela.

Ana Rivas, VTV, Minsk"""


def test_a_report_of_another_visit_gives_its_meetings_hopes_and_accusations() -> None:
    events = events_of(REPORT, source=make_source(broadcaster="VTV", country="VEN"))
    told = [(e.type, e.realis, actors(e), e.agreement is not None) for e in events]
    venezuela = ("VEN",)
    assert (PloverType.CONSULT, Realis.ASSERTED, venezuela, False) in told
    assert (PloverType.REQUEST, Realis.ASSERTED, ("BLR",), False) in told
    assert (PloverType.AGREE, Realis.ASSERTED, venezuela, True) in told
    assert (PloverType.AGREE, Realis.HOPED, venezuela, False) in told
    assert (PloverType.ACCUSE, Realis.ASSERTED, venezuela, False) in told
    assert sum(agreement for *_, agreement in told) == 1


def test_they_of_rebels_who_say_so_are_the_rebels() -> None:
    event = event_of("Chadian rebels said they had captured the town of Abeche.", PloverType.ASSAULT)
    assert (actors(event), event.evidence.text) == (("TCD",), "they had captured the town of Abeche")


# --- whether it took place


@pytest.mark.parametrize(
    ("text", "kind", "realis"),
    [
        ("Japan's envoy visited Laos.", PloverType.CONSULT, Realis.ASSERTED),
        ("Japan's envoy will visit Laos.", PloverType.AGREE, Realis.FUTURE),
        ("Japan's envoy is to visit Laos.", PloverType.AGREE, Realis.FUTURE),
        ("Japan to supply arms to Laos", PloverType.AGREE, Realis.FUTURE),
        ("Japan's envoy plans to visit Laos.", PloverType.AGREE, Realis.INTENDED),
        ("Japan hopes to cooperate with Laos.", PloverType.AGREE, Realis.HOPED),
        ("Japan's envoy has not visited Laos.", PloverType.CONSULT, Realis.DENIED),
        ("Japan denied that it had hacked Laotian networks.", PloverType.COERCE, Realis.DENIED),
        ("If Japan attacks Laos, all will suffer.", PloverType.ASSAULT, Realis.HYPOTHETICAL),
        ("Japan might recognise Palestine.", PloverType.SUPPORT, Realis.HYPOTHETICAL),
        ("Japan attacked Laos in 1942.", PloverType.ASSAULT, Realis.HISTORICAL),
        ("Japan's team is in Laos for talks with the Laotian minister.", PloverType.CONSULT, Realis.PURPOSE),
        ("Peace talks between Japan and Laos will be held in May.", PloverType.AGREE, Realis.FUTURE),
        ("Japan threatened to attack Laos.", PloverType.THREATEN, Realis.ASSERTED),
        ("Japan will attack Laos.", PloverType.THREATEN, Realis.FUTURE),
        ("Japan's envoy met his Laotian counterpart on March 13.", PloverType.CONSULT, Realis.HISTORICAL),
    ],
)
def test_only_what_took_place_is_asserted(text: str, kind: PloverType, realis: Realis) -> None:
    assert event_of(text + ("" if text.endswith(".") else "\n\nOther news."), kind).realis is realis


def test_a_refusal_is_the_event_and_not_what_was_refused() -> None:
    events = events_of("Mexico refused to extradite the banker to Spain.")
    assert [e.type for e in events] == [PloverType.REJECT]


def test_verbs_that_share_an_auxiliary_share_what_it_says() -> None:
    events = events_of(
        "Poland's minister will visit Latvia on Friday, meet the Latvian president and praise the Estonian army."
    )
    assert {e.realis for e in events} == {Realis.FUTURE}


@pytest.mark.parametrize(
    ("text", "cameo"),
    [
        ("Italy pledged to train troops with Malta.", "0312"),
        ("Italy pledged to fight smuggling with Malta.", "0313"),
        ("Italy pledged to boost trade with Malta.", "0311"),
        ("Italy pledged to sing with Malta.", "030"),
    ],
)
def test_a_promise_has_its_code_by_its_matter(text: str, cameo: str) -> None:
    assert event_of(text, PloverType.AGREE).cameo == cameo


# --- who says so


def test_the_speaker_of_reported_words_is_named_and_does_not_act_in_them() -> None:
    event = event_of("Ukraine's president said Russia had shelled two villages.", PloverType.ASSAULT)
    assert actors(event) == ("RUS",)
    assert event.evidence.speaker == "Ukraine's president"


def test_words_behind_a_comma_have_their_speaker_too() -> None:
    event = event_of("Russia shelled two villages, Ukraine said.", PloverType.ASSAULT)
    assert (actors(event), event.evidence.speaker) == (("RUS",), "Ukraine")


def test_an_intention_that_a_speaker_ascribes_to_others_is_an_accusation() -> None:
    event = event_of("Iran's president said the United States wants to isolate Iran.", PloverType.ACCUSE)
    assert (actors(event), recipients(event)) == (("IRN",), ("USA",))


def test_what_somebody_only_says_of_others_is_a_statement() -> None:
    event = event_of("Sudan's president said Egypt was a neighbour.", PloverType.STATEMENT)
    assert (event.cameo, actors(event), recipients(event)) == ("010", ("SDN",), ("EGY",))


# --- where, when, in which words


def test_the_place_is_that_of_the_clause_and_else_that_of_the_dateline() -> None:
    events = events_of(
        "NAIROBI (Radio Test) -- Kenya condemned Chad. Kenya's envoy met the Chadian minister in Cairo."
    )
    places = [a.text for e in events for a in e.arguments if a.role is ArgumentRole.PLACE]
    assert places == ["NAIROBI", "Cairo"]


def test_the_date_is_resolved_and_its_words_are_kept() -> None:
    event = event_of("Kenya condemned Chad on Monday.", PloverType.ACCUSE)
    assert event.event_date == "2021-11-22"
    assert [(a.name, a.text) for a in event.arguments if a.role is ArgumentRole.TIME] == [
        ("2021-11-22", "Monday")
    ]


def test_the_date_of_an_aside_is_not_the_date_of_the_act() -> None:
    event = event_of(
        "Cuba and Angola, which have been friends since 1975, condemned Chad.", PloverType.ACCUSE
    )
    assert event.event_date is None


def test_evidence_is_the_clause_verbatim() -> None:
    text = "Kenya, where it rained, condemned the coup in Chad, and Uganda slept."
    event = event_of(text, PloverType.ACCUSE)
    assert event.evidence.text == "condemned the coup in Chad"
    assert text[event.evidence.start : event.evidence.end] == event.evidence.text


# --- told twice, told as an agreement, told in another language


def test_a_retelling_that_adds_nothing_is_left_out() -> None:
    assert types_of("Kenya condemned Chad. It rained. Kenya condemned Chad.") == [PloverType.ACCUSE]


def test_a_retelling_with_a_day_of_its_own_stays() -> None:
    assert len(events_of("Kenya condemned Chad on Monday. Kenya condemned Chad on Tuesday.")) == 2


def test_met_and_discussed_is_one_event() -> None:
    assert types_of("Peru's minister met his Chilean counterpart to discuss fishing.") == [PloverType.CONSULT]


def test_an_agreement_is_one_event_with_its_report() -> None:
    (event,) = events_of("Peru and Chile signed a memorandum of understanding on border security.")
    assert event.agreement is not None
    assert (event.type, event.actor_codes) == (PloverType.SUPPORT, ("CHL", "PER"))


def test_another_language_gives_agreements_only() -> None:
    text = "L'Iran et la Chine ont signé un accord sur la police. L'Iran a attaqué la Chine."
    assert all(event.agreement is not None for event in events_of(text, "fr"))


# --- the same again, and nasty text


@pytest.mark.slow
def test_ids_are_the_same_in_another_process_and_differ_in_another_transcript() -> None:
    text = "Kenya condemned Chad. Peru's minister met his Chilean counterpart. Peru attacked Chile."
    code = "import sys; from tests.extract.test_events import events_of; print(*(e.id for e in events_of(sys.argv[1])))"
    answer = subprocess.run([sys.executable, "-c", code, text], capture_output=True, text=True, check=True)
    ids = [event.id for event in events_of(text)]
    assert answer.stdout.split() == ids
    assert len(set(ids)) == len(ids) == 3
    assert not set(ids) & {event.id for event in events_of(text, id="t-2")}


WORDS = st.sampled_from(
    [
        "Iran", "China's", "met", "meeting", "to", "sign", "and", ",", "who", "that", "said", "with", "between", "(", ")", '"', "we",
        "the", "president", "of", "will", "not", "attacked", "by", "in", "Paris", "on Monday", ".", "\n\n", "hope", "talks", "–", ":",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(st.one_of(WORDS, st.text(max_size=4)), min_size=1, max_size=60))
def test_any_words_give_events_whose_words_stand_in_the_text(words: list[str]) -> None:
    text = " ".join(words)
    if not text.strip():
        return
    events = events_of(text)
    for event in events:
        assert text[event.evidence.start : event.evidence.end] == event.evidence.text
        assert all(text[a.start : a.end] == a.text for a in event.arguments)
    assert events == events_of(text)


@pytest.mark.slow
def test_one_endless_sentence_is_read() -> None:
    assert events_of("Iran met China and " * 4000)


# --- the bench, where it is there


@pytest.fixture(scope="module")
def seed() -> tuple[dict[str, Any], tuple[Event, ...]]:
    if not BENCH.is_dir():
        pytest.skip("The bench is not beside the project: its seed cannot be read.")
    gold = orjson.loads((BENCH / "seed_gold.json").read_bytes())
    text = (BENCH / gold["text_file"]).read_text(encoding="utf-8")
    return gold, events_of(text, source=make_source(broadcaster="IRIB"))


def test_every_event_of_the_seed_is_found_with_its_type(
    seed: tuple[dict[str, Any], tuple[Event, ...]],
) -> None:
    gold, events = seed
    missing = [
        item["id"]
        for item in gold["events"]
        if not any(
            event.type == item["plover"]
            and event.evidence.start < item["evidence"]["end"]
            and item["evidence"]["start"] < event.evidence.end
            for event in events
        )
    ]
    assert missing == []


def test_the_hope_of_the_seed_is_no_agreement(seed: tuple[dict[str, Any], tuple[Event, ...]]) -> None:
    hopes = [event for event in seed[1] if "we hope" in event.evidence.text or event.realis is Realis.HOPED]
    assert hopes
    assert [event.agreement for event in hopes] == [None] * len(hopes)


def test_the_quotation_of_the_seed_is_the_police_chiefs(
    seed: tuple[dict[str, Any], tuple[Event, ...]],
) -> None:
    gold, events = seed
    (quote,) = [segment for segment in gold["segments"] if segment["kind"] == "quote"]
    told = [event for event in events if quote["start"] <= event.evidence.start < quote["end"]]
    assert told
    assert {event.evidence.speaker for event in told} == {"Ashtari"}
    assert all("IRN" in actors(event) for event in told)


def test_the_seed_has_one_instrument_and_nobody_from_outside_in_it(
    seed: tuple[dict[str, Any], tuple[Event, ...]],
) -> None:
    carrying = [event for event in seed[1] if event.agreement is not None]
    assert [event.actor_codes for event in carrying] == [("CHN", "IRN")]


# --- long sentences as agencies write them


def test_a_past_verb_after_and_is_not_governed_by_the_modal_before() -> None:
    text = "Hungary's minister said Budapest would veto the plan and accused Serbia of blackmail."
    assert event_of(text, PloverType.ACCUSE).realis is Realis.ASSERTED
    assert event_of(text, PloverType.REJECT).realis is Realis.FUTURE


def test_what_somebody_is_thanked_for_is_no_act_of_his() -> None:
    text = "The Thai premier thanked Cambodia for releasing seven villagers and promised to help Laos."
    assert [(e.type, actors(e), recipients(e)) for e in events_of(text)] == [
        (PloverType.SUPPORT, ("THA",), ("KHM",)),
        (PloverType.AGREE, ("THA",), ("LAO",)),
    ]


def test_who_is_said_to_have_acted_is_not_who_says_so() -> None:
    text = "Peru's navy said the trawler attacked two Chilean fishermen."
    assert all(actors(e) != ("PER",) for e in events_of(text) if e.type is PloverType.ASSAULT)


def test_an_attack_that_killed_is_not_the_deed_of_who_speaks_of_it() -> None:
    text = "Mali accused a Ukrainian official of a role in an attack that killed Malian soldiers."
    assert all(actors(e) == () for e in events_of(text) if e.type is PloverType.ASSAULT)


def test_the_source_behind_a_comma_is_nobody_in_the_deed() -> None:
    event = event_of("A bomber struck a bus outside Quetta, Pakistani police said.", PloverType.ASSAULT)
    assert recipients(event) == ()


def test_a_government_protests_by_a_note_and_people_in_the_street() -> None:
    assert event_of("Vietnam protested against the Chinese survey.", PloverType.ACCUSE).cameo == "114"
    assert (
        event_of("Vietnamese students protested against the Chinese survey.", PloverType.PROTEST).mode
        == "demo"
    )


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("Dutch police used water cannon against Belgian farmers.", "crowd-control"),
        ("Turkish jets carried out air strikes on a Syrian village.", "aerial"),
        ("Turkish warplanes hit two Syrian villages.", "aerial"),
    ],
)
def test_weapons_are_known(text: str, mode: str) -> None:
    assert event_of(text, PloverType.ASSAULT).mode == mode


def test_at_least_so_many_stand_where_they_would_without() -> None:
    event = event_of("Rebels abducted at least thirty Congolese villagers.", PloverType.ASSAULT)
    assert recipients(event) == ("COD",)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Sri Lanka extended the curfew in Colombo.", PloverType.COERCE),
        ("A Chechen rebel blew himself up in Moscow.", PloverType.ASSAULT),
        ("Kenya deployed riot police in Nairobi.", PloverType.MOBILIZE),
    ],
)
def test_a_town_in_which_it_happens_is_the_place_and_not_the_other_side(text: str, kind: PloverType) -> None:
    event = event_of(text, kind)
    assert recipients(event) == ()
    assert len(event.codes(ArgumentRole.PLACE)) == 1


def test_a_state_in_which_it_happens_may_be_the_other_side() -> None:
    assert recipients(event_of("Ethiopia deployed troops in Somalia.", PloverType.MOBILIZE)) == ("SOM",)


def test_a_place_of_no_known_state_gives_way_to_one_that_has_one() -> None:
    event = event_of("Gunmen attacked a checkpoint in Upper Nowhere in Iraq.", PloverType.ASSAULT)
    assert event.codes(ArgumentRole.PLACE) == ("IRQ",)
