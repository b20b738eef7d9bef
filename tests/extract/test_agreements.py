"""Agreements: instrument, stage, polarity, news, parties, scope, domains, one instrument told twice, words in another sense."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.event import SECURITY_DOMAINS, EventContext, InstrumentType, PloverType, Polarity, Scope, Stage
from schemas.transcript import LanguageTag
from streams.extract.agreements import find_agreements
from streams.extract.entities import find_mentions, resolve_entities
from streams.extract.models import LEXICON, load_models
from streams.extract.reading import Reading
from streams.extract.segments import split_segments, split_sentences
from tests.factories import make_transcript

if TYPE_CHECKING:
    from streams.extract.agreements import FoundAgreement

DAY = datetime(2021, 11, 24, 9, tzinfo=UTC)
BENCH = Path(__file__).resolve().parents[3] / "shared" / "bench"
WORDS: dict[str, Any] = yaml.load((LEXICON / "agreements.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)


def agreements_in(
    text: str, title: str | None = None, day: datetime = DAY, tag: str = "en"
) -> tuple[FoundAgreement, ...]:
    models = load_models()
    transcript = make_transcript(text, published_time=day, title=title)
    language = LanguageTag(language=tag, confidence=1.0)
    segments = split_segments(transcript, language)
    reading = Reading(transcript, language, segments, split_sentences(transcript.text, segments, language))
    context = EventContext(
        transcript_id=transcript.id,
        title=title,
        source=transcript.source,
        language=tag,
        event_time=transcript.event_time,
        content_hash="",
    )
    resolved = resolve_entities(reading, find_mentions(reading, models), models)
    return find_agreements(reading, resolved, context, models)


def agreement_in(text: str, title: str | None = None) -> FoundAgreement:
    found = agreements_in(text, title)
    assert len(found) == 1, [(f.report.instrument, f.evidence.text) for f in found]
    return found[0]


# --- the lexicon's own examples


@pytest.mark.parametrize("entry", WORDS["instruments"], ids=lambda entry: entry["example"])
def test_the_example_of_each_instrument_gives_its_type(entry: dict[str, Any]) -> None:
    found = agreements_in(entry["example"])
    assert [f.report.instrument for f in found] == [InstrumentType(entry["type"])]


@pytest.mark.parametrize("entry", WORDS["not_instruments"], ids=lambda entry: entry["phrase"])
def test_a_word_in_another_sense_is_no_instrument(entry: dict[str, Any]) -> None:
    assert agreements_in(entry["example"]) == ()


@pytest.mark.parametrize(
    ("act", "verb"),
    [(act, verb) for act in WORDS["acts"] for verb in act["verbs"]],
    ids=lambda item: str(item.get("verb", item.get("act"))),
)
def test_the_example_of_each_verb_gives_a_stage_of_its_act(act: dict[str, Any], verb: dict[str, Any]) -> None:
    stages = {Stage(stage) for stage in (*act["stages"].values(), *act.get("by_type", {}).values())}
    assert agreement_in(verb["example"]).report.stage in stages


@pytest.mark.parametrize("entry", WORDS["subject_verbs"], ids=lambda entry: entry["example"])
def test_the_example_of_each_verb_of_an_instrument_gives_its_stage(entry: dict[str, Any]) -> None:
    assert agreement_in(entry["example"]).report.stage is Stage(entry["stage"])


# --- stage


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("Norway and Iceland signed a memorandum of understanding on coast guard training.", Stage.SIGNED),
        ("A protocol on border guards was signed by Norway and Iceland on Tuesday.", Stage.SIGNED),
        ("The signing of a pact between Norway and Iceland took place in Oslo.", Stage.SIGNED),
        ("Norway became the fifth state to sign the treaty on Monday.", Stage.SIGNED),
        ("Norway and Iceland will sign a treaty on fishing next week.", Stage.TO_BE_SIGNED),
        ("Norway and Iceland are expected to sign a defence pact on Friday.", Stage.TO_BE_SIGNED),
        ("The treaty between Norway and Iceland is due to be signed in Oslo.", Stage.TO_BE_SIGNED),
        ("The minister flew to Oslo to sign an extradition treaty with Norway.", Stage.TO_BE_SIGNED),
        ("He will meet the Norwegian premier and sign a security pact.", Stage.TO_BE_SIGNED),
        ("Norway is willing to sign a protocol with Iceland on patrols.", Stage.PROPOSED),
        ("Norway proposed a security pact to Iceland.", Stage.PROPOSED),
        ("Norway offered Iceland a ceasefire.", Stage.PROPOSED),
        ("Talks between Norway and Iceland on an extradition treaty opened on Monday.", Stage.NEGOTIATING),
        ("Norway and Iceland are negotiating a treaty on prisoners.", Stage.NEGOTIATING),
        ("Norway and Iceland are close to an agreement on patrols.", Stage.NEGOTIATING),
        ("Ceasefire talks between Norway and Iceland opened in Geneva.", Stage.NEGOTIATING),
        ("Diplomats are working to reach a deal between Norway and Iceland on arms.", Stage.NEGOTIATING),
        ("Norway and Iceland agreed on drafting a memorandum on border cooperation.", Stage.DRAFTING),
        ("Norway and Iceland agreed to draft a memorandum of understanding on border cooperation.", Stage.DRAFTING),
        ("The draft agreement with Iceland covers joint patrols.", Stage.DRAFTING),
        ("Lawyers will work on a draft treaty between Norway and Iceland.", Stage.DRAFTING),
        ("Norway and Iceland agreed on the draft text of a treaty on arms.", Stage.AGREED),
        ("Norway and Iceland have reached an accord on intelligence sharing.", Stage.AGREED),
        ("Norway and Iceland concluded a treaty on prisoners.", Stage.AGREED),
        ("Norway and Iceland initialled an agreement on joint patrols.", Stage.INITIALLED),
        ("The Norwegian parliament ratified the extradition treaty with Iceland on Monday.", Stage.RATIFIED),
        ("The cabinet is expected to ratify the extradition treaty with Iceland.", Stage.AWAITING_RATIFICATION),
        ("I transmit the extradition treaty with Iceland to the Senate.", Stage.AWAITING_RATIFICATION),
        ("The defence treaty between Norway and Iceland entered into force on Monday.", Stage.IN_FORCE),
        ("Norway and Iceland have an extradition treaty.", Stage.IN_FORCE),
        ("Under the agreement, Norway trains Icelandic officers.", Stage.IN_FORCE),
        ("Norway and Iceland extended their defence pact by five years.", Stage.EXTENDED),
        ("Norway renewed the memorandum of understanding with Iceland.", Stage.EXTENDED),
        ("Norway suspended the extradition treaty with Iceland.", Stage.SUSPENDED),
        ("Norway suspended its participation in the arms control treaty.", Stage.SUSPENDED),
        ("Norway withdrew from the arms control treaty.", Stage.WITHDRAWN),
        ("Norway has pulled out of the defence pact with Iceland.", Stage.WITHDRAWN),
        ("The defence pact between Norway and Iceland expired on Sunday.", Stage.EXPIRED),
        ("Norway refused to sign the treaty on mines.", Stage.REJECTED),
        ("Norway and Iceland failed to reach an agreement on arms.", Stage.REJECTED),
        ("The talks in Oslo ended with no deal on arms.", Stage.REJECTED),
        ("Norway rejected the pact.", Stage.REJECTED),
        ("Norway has violated the ceasefire.", Stage.VIOLATED),
        ("Iceland reported violations of the ceasefire.", Stage.VIOLATED),
    ],
)  # fmt: skip
def test_the_clause_tells_the_stage(text: str, stage: Stage) -> None:
    assert agreement_in(text).report.stage is stage


def test_what_is_to_follow_is_the_next_stage_and_part_of_the_evidence() -> None:
    found = agreement_in("They agreed on drafting a memorandum on patrols, to be signed by the ministers.")
    assert (found.report.stage, found.report.next_stage) == (Stage.DRAFTING, Stage.TO_BE_SIGNED)
    assert found.evidence.text.endswith("to be signed by the ministers")


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("Norway held talks with Iceland after the treaty on fishing was signed.", Stage.SIGNED),
        ("The peace accord ended a long war in the north.", Stage.IN_FORCE),
        ("Norway discussed ways of preserving the ceasefire with Iceland.", Stage.IN_FORCE),
        ("The treaty contains rules and provides that extradition shall not be refused.", Stage.IN_FORCE),
        ("Iceland's demand for fish came before Norway signed the treaty.", Stage.SIGNED),
    ],
)
def test_an_act_on_something_else_is_not_the_instrument_s(text: str, stage: Stage) -> None:
    assert agreement_in(text).report.stage is stage


# --- polarity and news


@pytest.mark.parametrize(
    ("text", "polarity", "news"),
    [
        ("Norway and Iceland signed a security pact on Monday.", Polarity.ASSERTED, True),
        ("Norway has not signed the treaty on mines.", Polarity.NEGATED, False),
        ("Norway never signed any pact with Iceland.", Polarity.NEGATED, False),
        ("Norway denied that it would sign a security pact with Iceland.", Polarity.NEGATED, False),
        ("Norway failed to reach a deal with Iceland on arms on Monday.", Polarity.NEGATED, True),
        ("Norway hopes to sign a security pact with Iceland.", Polarity.HYPOTHETICAL, False),
        ("If Norway signs the pact with Iceland, tension will fall.", Polarity.HYPOTHETICAL, False),
        ("Norway could sign a pact with Iceland.", Polarity.HYPOTHETICAL, False),
        ("Will Norway sign a security pact with Iceland?", Polarity.HYPOTHETICAL, False),
        ("Norway has threatened to withdraw from the arms control treaty.", Polarity.HYPOTHETICAL, True),
        ("Norway and Iceland signed the pact in 1994.", Polarity.HISTORICAL, False),
        ("Norway and Iceland signed a security pact last year.", Polarity.HISTORICAL, False),
        ("Norway had signed a security pact with Iceland.", Polarity.HISTORICAL, False),
        ("Under a memorandum signed in 2003, Norway trains Icelandic officers.", Polarity.HISTORICAL, False),
        ("Norway, which signed a pact with Iceland, is a small state.", Polarity.HISTORICAL, False),
        ("Norway has pulled out of several arms control treaties in the last few years.", Polarity.HISTORICAL, False),
        ("Norwegian deputies called for a security pact with Iceland.", Polarity.HYPOTHETICAL, False),
    ],
)  # fmt: skip
def test_how_it_is_told_decides_polarity_and_news(text: str, polarity: Polarity, news: bool) -> None:
    report = agreement_in(text).report
    assert (report.polarity, report.is_news) == (polarity, news)


def test_putting_an_agreement_into_practice_is_no_news() -> None:
    assert not agreement_in("Norway and Iceland implement the border agreement.").report.is_news


def test_a_welcome_is_no_news() -> None:
    assert not agreement_in(
        "Norway welcomed the security agreement between Iceland and Denmark."
    ).report.is_news


def test_those_who_reject_what_others_agreed_only_react() -> None:
    report = agreement_in(
        "Hamas rejected the agreement reached between Norway and Iceland on borders."
    ).report
    assert (report.stage, report.is_news) == (Stage.AGREED, False)


def test_a_recent_date_makes_a_participle_news() -> None:
    assert agreement_in(
        "The agreement signed on Tuesday between Norway and Iceland covers patrols."
    ).report.is_news


# --- what stands around the clause


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Prime Minister are there any plans to sign a border treaty with Iceland.", "to_be_signed hypothetical old"),
        ("Could you tell us about the pact that the ministers signed in Oslo?", "signed historical old"),
        ("Officials explained why Norway signed a defence pact with Iceland.", "signed historical old"),
        ("The minister said that Norway signed a defence pact with Iceland.", "signed asserted new"),
        ("If the fighting stops, Norway and Iceland will sign a border treaty.", "proposed hypothetical old"),
        ("If a missile is fielded, Norway will withdraw from the arms treaty.", "withdrawn hypothetical new"),
        ("In Oslo, Norway and Iceland will sign a border treaty.", "to_be_signed asserted new"),
        ("Reports that Norway would leave the pact with Iceland were untrue.", "withdrawn negated old"),
        ("Reports that Norway would leave the pact with Iceland were confirmed.", "withdrawn asserted new"),
        ("The minister said Norway and Iceland had signed a defence pact.", "signed asserted new"),
        ("The minister recalled that Norway and Iceland had signed a defence pact.", "signed historical old"),
        ("This Agreement shall enter into force on the day of its signature.", "unknown asserted old"),
        ("The opposition wants the cabinet to leave the defence pact with Iceland.", "withdrawn hypothetical old"),
        ("Norway wants to leave the defence pact with Iceland.", "withdrawn hypothetical new"),
        ("They welcomed the entry into force today of the Norway-Iceland defence pact.", "in_force asserted new"),
        ("They welcomed the entry into force of the Norway-Iceland defence pact.", "in_force asserted old"),
        ("The envoys never came close to an agreement between Norway and Iceland.", "rejected negated new"),
        ("The envoys came close to an agreement between Norway and Iceland.", "negotiating asserted new"),
        ("The signing of the police pact between Norway and Iceland was called off.", "suspended asserted new"),
        ("Norway has no extradition treaty with Iceland.", "unknown negated old"),
        ("In May 1984 she flew to Oslo for a day to sign the defence pact.", "signed historical old"),
        ("If the troops withdraw from the hill, a border treaty could be had.", "proposed hypothetical old"),
    ],
)  # fmt: skip
def test_what_stands_around_a_clause_overrules_it(text: str, told: str) -> None:
    report = agreement_in(text).report
    assert f"{report.stage} {report.polarity} {'new' if report.is_news else 'old'}" == told


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("Norway put the defence pact with Iceland into force on Monday.", Stage.IN_FORCE),
        ("Norway tore the defence pact up.", Stage.WITHDRAWN),
        ("Norway withdrew its army from the defence pact.", Stage.WITHDRAWN),
        ("Deputies voted on Thursday night against the treaty with Iceland.", Stage.REJECTED),
        ("She put the kingdom's signature to a treaty with Iceland.", Stage.SIGNED),
        ("Norway will let its defence pact with Iceland lapse.", Stage.WITHDRAWN),
        ("Norway walked out on Monday of the defence pact.", Stage.WITHDRAWN),
        ("A treaty which the Norwegian minister and his colleague from Iceland signed fixes the line.", Stage.SIGNED),
        ("Norway and Iceland wrapped up negotiations on an arms treaty.", Stage.AGREED),
        ("Norway and Iceland agreed to conclude an arms treaty within a year.", Stage.NEGOTIATING),
    ],
)  # fmt: skip
def test_a_verb_in_two_parts_is_one(text: str, stage: Stage) -> None:
    assert agreement_in(text).report.stage is stage


@pytest.mark.parametrize(
    "text",
    [
        "Norway put up a fence, and the pact is old.",
        "Norway withdrew its troops from the town where the pact was signed.",
    ],
)
def test_a_verb_whose_other_part_belongs_elsewhere_is_no_exit(text: str) -> None:
    assert agreement_in(text).report.stage in {Stage.IN_FORCE, Stage.SIGNED}


@pytest.mark.parametrize(
    "text",
    [
        "Norway and Iceland have agreed to share intelligence on smugglers.",
        "The intelligence services of Norway and Iceland agreed to share information.",
        "Norway and Iceland agreed on joint patrols of the border.",
        "The interior ministers of Norway and Iceland decided to fight drug smuggling together.",
    ],
)
def test_a_promise_of_two_states_about_security_is_an_agreement(text: str) -> None:
    report = agreement_in(text).report
    assert (report.stage, report.party_codes, report.is_news) == (Stage.AGREED, ("ISL", "NOR"), True)


@pytest.mark.parametrize(
    "text",
    [
        "Norway and Iceland agreed to meet again about the border in May.",
        "Norway agreed to share intelligence with its own police.",
        "Norway and Iceland have not agreed to share intelligence.",
        "Norway and Iceland agreed to promote films.",
    ],
)
def test_a_promise_to_meet_or_of_one_state_or_about_films_is_none(text: str) -> None:
    assert agreements_in(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Police acted under their memorandum with Iceland.",
        "An arrangement between Norway and Iceland governs such cases.",
        "Norway is bound by the arrangement of 1987.",
    ],
)
def test_a_noun_of_many_senses_counts_where_it_is_said_which_one(text: str) -> None:
    assert len(agreements_in(text)) == 1


def test_a_headline_within_the_text_tells_of_the_same_instrument() -> None:
    agreement_in(
        "Norway signs pact with Iceland -- OSLO - Norway signed a police agreement with Iceland on Monday."
    )


# --- how agencies, ministries and transcripts tell it


USAGE = (
    ("agreed asserted new", "Russia and Ukraine have agreed to a 30-day truce at sea, the White House said."),
    ("agreed asserted new", "Negotiators from Serbia and Kosovo have reached a deal on border crossings, the EU envoy tweeted on Wednesday."),
    ("agreed asserted new", "Lebanon and Israel have reached a historic agreement on their maritime boundary, officials on both sides said."),
    ("agreed asserted new", "An agreement in principle on the return of convicted prisoners has been struck between London and Tirana."),
    ("agreed asserted new", "Today I can announce a new agreement with the Government of Malaysia on people smuggling."),
    ("agreed asserted new", "The Prime Minister announced a landmark security pact with Tuvalu."),
    ("agreed asserted new", "Both sides settled the text of an extradition treaty between Laos and Thailand after three days of talks."),
    ("agreed asserted new", "The EU and Senegal have completed negotiations on a status agreement for Frontex officers."),
    ("agreed asserted new", "Agreement has been reached between Vienna and Belgrade on joint police patrols."),
    ("agreed asserted new", "Moldova and Romania finalised a draft agreement on joint border patrols."),
    ("agreed asserted new", "THE PRESIDENT: We have a deal with China on fentanyl, it was agreed this morning."),
    ("agreed asserted new", "The two Presidents announced the conclusion of a bilateral agreement on the exchange of air force pilots between Chile and Peru."),
    ("agreed asserted new", "The ministers agreed on a memorandum of understanding to fight illegal fishing between Australia and Indonesia."),
    ("agreed asserted new", "Chad and Sudan have come to an agreement on joint border patrols."),
    ("agreed asserted new", "Egypt and Sudan have clinched a deal on joint patrols along their border, Al-Ahram reported."),
    ("agreed asserted new", "It was announced in Luanda and Pretoria on Tuesday that agreement had been reached on the withdrawal of South African troops."),
    ("agreed asserted new", "Secretary Austin announced that the US and India had concluded a Security of Supply Arrangement."),
    ("agreed asserted new", "We reached agreement today with the Government of Nauru on the transfer of detainees."),
    ("agreed asserted new", "US, Serbia reach deal on prisoner transfers"),
    ("agreed asserted new", "After the meal the chancellor said an agreement with Norway on bases had been reached."),
    ("agreed asserted new", "The foreign ministers of Chad and Sudan met in Doha. They reached an agreement on joint patrols, the Qatari hosts announced."),
    ("agreed asserted new", "Chad and Sudan have ended a two-year row by agreeing on a border treaty."),
    ("agreed asserted new", "A compromise on joint patrols sealed the border agreement between Chad and Sudan on Tuesday."),
    ("agreed asserted new", "The two countries today reached an understanding on the treatment of each other's fishermen by their coast guards, India and Sri Lanka said."),
    ("agreed asserted new", "Bahrain and Jordan have agreed terms for a police training agreement."),
    ("agreed asserted new", "A deal has been done: Bahrain will send police to Jordan under an agreement announced on Tuesday."),
    ("agreed asserted new", "Turkey and Syria agree border pact"),
    ("agreed asserted new", "Breakthrough: Turkey, Syria agree on border pact"),
    ("agreed asserted old", "Hamas condemned the council's approval of the agreement that was reached between Norway and Iceland on Tuesday."),
    ("agreed historical old", "The mine was cleared under an accord reached by Chad and Libya two years ago."),
    ("awaiting_ratification asserted new", "The agreement on joint patrols with Gabon has been submitted to parliament for ratification."),
    ("awaiting_ratification asserted new", "The treaty on prisoner transfers with Thailand still has to be ratified by the Senate."),
    ("awaiting_ratification asserted new", "The treaty on the sea border between Timor and Australia now awaits ratification by both parliaments."),
    ("awaiting_ratification asserted new", "The government will submit the defence agreement with Ghana to parliament next week."),
    ("awaiting_ratification asserted new", "The Chamber of Deputies begins debate today on the defence treaty with Germany."),
    ("awaiting_ratification asserted new", "The cabinet in Colombo sent the extradition treaty with India to parliament on Tuesday."),
    ("awaiting_ratification asserted new", "Chad's parliament will vote on the border treaty with Sudan next week."),
    ("awaiting_ratification asserted new", "The border treaty signed in March has been laid before Chad's parliament."),
    ("awaiting_ratification asserted new", "The border treaty between Peru and Chile goes to the senate in Santiago on Tuesday."),
    ("awaiting_ratification asserted new", "Peru urged Chile's senate to ratify the border treaty."),
    ("drafting asserted new", "Experts from Iran and Iraq are drawing up a memorandum on border security."),
    ("drafting asserted new", "The two ministers instructed their officials to prepare a draft agreement on police cooperation between Malawi and Zambia."),
    ("drafting asserted new", "A draft extradition treaty has been sent to Taipei by Prague."),
    ("drafting asserted new", "A working group will draft an agreement on the demarcation of the border between Ethiopia and Sudan."),
    ("drafting asserted new", "The text of a treaty on mutual legal assistance between Qatar and Kenya is being prepared."),
    ("drafting asserted new", "Chad has handed Sudan the draft of a border pact."),
    ("drafting asserted new", "The foreign ministers of Chad and Sudan exchanged drafts of a border treaty."),
    ("drafting asserted new", "Brunei and Malaysia have set up a committee to write a border treaty."),
    ("drafting asserted new", "The border commission of Brunei and Malaysia finished the draft of a treaty on Friday."),
    ("drafting asserted new", "Chad and Sudan exchanged drafts of an extradition treaty."),
    ("drafting asserted new", "The first draft of a border treaty between Peru and Chile is on the table."),
    ("drafting asserted new", "A joint commission of Peru and Chile has begun drafting a border treaty."),
    ("drafting asserted new", "Peru and Chile instructed their police chiefs to draw up a protocol on hot pursuit."),
    ("drafting asserted new", "Turkey, Syria draft border pact"),
    ("expired asserted new", "The arms control treaty between Russia and the United States expired at midnight."),
    ("expired asserted new", "The lease agreement for the Russian base in Kyrgyzstan expires in June."),
    ("expired asserted new", "The border pact between Chad and Sudan ran out on Sunday."),
    ("expired asserted new", "The pact on the Russian naval base in Syria has run out, Damascus said."),
    ("expired asserted new", "The agreement on joint patrols between Peru and Chile has lapsed."),
    ("expired asserted new", "Turkish-Syrian border pact expires"),
    ("extended asserted new", "Russia and the United States extended the New START treaty by five years on Wednesday."),
    ("extended asserted new", "Kyrgyzstan has agreed to prolong the lease agreement on the Kant air base with Russia."),
    ("extended asserted new", "The ceasefire between Israel and Lebanon has been extended until 18 February."),
    ("extended asserted new", "NATO and Serbia have updated their partnership agreement."),
    ("extended asserted new", "Chad and Sudan have renewed for another year the mandate of their joint border force agreement."),
    ("extended asserted new", "The agreement on the Baikonur garrison between Russia and Kazakhstan was extended to 2050 on Friday."),
    ("extended asserted new", "Washington and Seoul have revised their missile guidelines agreement."),
    ("extended asserted new", "India and Nepal have agreed to update their 1953 extradition treaty."),
    ("extended asserted new", "The government has extended for three years its memorandum of understanding with the Fijian police."),
    ("extended asserted new", "Serbia, Russia renew military training pact"),
    ("extended asserted new", "The truce between Chad and Sudan was to end on Tuesday. The two sides have extended it by a month."),
    ("extended asserted new", "The mandate of the joint force was prolonged when Chad and Sudan renewed their border pact on Tuesday."),
    ("extended asserted new", "Peru and Chile agreed on Tuesday to extend their border treaty for a year."),
    ("extended asserted new", "Peru and Chile signed an amendment to their border treaty on Tuesday."),
    ("extended asserted new", "Turkey, Syria extend border pact"),
    ("in_force asserted new", "A status-of-forces agreement between Australia and Japan entered into force on Sunday."),
    ("in_force asserted new", "The visiting forces agreement between Japan and Australia took effect on Sunday."),
    ("in_force asserted new", "The agreement on police cooperation between Switzerland and Germany entered into effect yesterday."),
    ("in_force asserted new", "The first joint patrols set out as the agreement between Croatia and Slovenia took effect at midnight."),
    ("in_force asserted new", "The extradition treaty between the United States and Croatia has come into force."),
    ("in_force asserted new", "A treaty on the transfer of sentenced persons between Brazil and Belgium enters into force today."),
    ("in_force asserted new", "US-Serbia extradition treaty enters into force"),
    ("in_force asserted new", "The treaty between Chad and Sudan was ratified in May. It entered into force on Tuesday."),
    ("in_force asserted new", "The border treaty between Peru and Chile became effective on Tuesday."),
    ("in_force asserted new", "Turkish-Syrian border pact comes into force"),
    ("in_force asserted old", "The treaty between Spain and Andorra on police cooperation is in force."),
    ("in_force asserted old", "The US has a mutual defence treaty with the Philippines."),
    ("in_force asserted old", "The ceasefire between India and Pakistan is holding, the UN observers said."),
    ("in_force asserted old", "The agreement allows US warships to call at Cypriot ports."),
    ("in_force asserted old", "The ministers reviewed the implementation of the security agreement between Turkey and Iraq."),
    ("in_force asserted old", "Turkey and Iraq stressed the importance of the security agreement between them."),
    ("in_force asserted old", "MR. PRICE: We have a status of forces agreement with the Government of Iraq and we abide by it."),
    ("in_force asserted old", "Our extradition treaty with Mexico works well, the attorney general said."),
    ("in_force asserted old", "This agreement builds on the memorandum of understanding between Australia and Indonesia."),
    ("in_force asserted old", "The air defence pact with Russia does not oblige Armenia to send troops."),
    ("in_force asserted old", "The ceasefire between Armenia and Azerbaijan held for a third day."),
    ("in_force asserted old", "Officials met in Baku to discuss implementation of the border agreement with Georgia."),
    ("in_force asserted old", "The friendship treaty with the Soviet Union remains the cornerstone of our security, the Finnish president said."),
    ("in_force asserted old", "As you know we have a memorandum of understanding with the Fijian police."),
    ("in_force asserted old", "This is what the memorandum of understanding with the Fijian police is all about."),
    ("in_force asserted old", "The border treaty with Sudan obliges Chad to give notice of exercises."),
    ("in_force asserted old", "Chad stands by its border treaty with Sudan, the minister told reporters."),
    ("in_force asserted old", "Experts of Chad and Sudan reviewed how the border treaty is being carried out."),
    ("in_force asserted old", "Peru has invoked the border treaty with Chile."),
    ("in_force asserted old", "The two police forces work together on the basis of the agreement between Peru and Chile."),
    ("in_force asserted old", '"The border pact with Syria is still valid," the Turkish minister told the channel.'),
    ("in_force historical old", "Armenian border guards were deployed in line with the agreement between Yerevan and Moscow."),
    ("in_force historical old", "Cooperation between the two police forces rests on an agreement of 1998 between Austria and Slovenia."),
    ("in_force historical old", "In accordance with the 1974 disengagement agreement, UN observers are posted between Israel and Syria."),
    ("in_force historical old", "Chad handed over two smugglers to Sudan under their border treaty."),
    ("initialled asserted new", "Envoys of Chad and Sudan initialled the text of a border treaty on Sunday."),
    ("initialled asserted new", "Turkey, Syria initial border pact"),
    ("negotiating asserted new", "The United States and Iceland opened talks on Monday on a new defence agreement."),
    ("negotiating asserted new", "Indonesia and Singapore resumed negotiations on an extradition treaty this week."),
    ("negotiating asserted new", "Officials from Greece and Egypt are discussing a maritime boundary agreement."),
    ("negotiating asserted new", "Australia is in talks with Vanuatu on a security treaty."),
    ("negotiating asserted new", "We are working towards an agreement with Jakarta on intelligence sharing."),
    ("negotiating asserted new", "The two governments are still finalising the details of a status-of-forces agreement between Kuwait and the UK."),
    ("negotiating asserted new", "Talks on a border treaty between Chad and Libya remain deadlocked."),
    ("negotiating asserted new", "Progress was made on a draft-free border accord between Chad and Libya, the envoy said."),
    ("negotiating asserted new", "Ukraine and Britain began consultations on an agreement on security guarantees."),
    ("negotiating asserted new", "The Danish and US delegations held a second round of talks on a defence cooperation agreement."),
    ("negotiating asserted new", "MS. LEAVITT: The President's team is in Geneva for talks with Iran on a nuclear agreement."),
    ("negotiating asserted new", "The leaders welcomed progress towards a reciprocal access agreement between Japan and France."),
    ("negotiating asserted new", "Riyadh, Sanaa resume border pact talks"),
    ("negotiating asserted new", "A Libyan team flew to Valletta on Tuesday for talks on a search-and-rescue agreement with Malta."),
    ("negotiating asserted new", "Talks between Tajikistan and Kyrgyzstan over an accord on the disputed border entered their third day."),
    ("negotiating asserted new", "Paris and Algiers have made headway in negotiations over a readmission agreement."),
    ("negotiating asserted new", "I can tell you that we're in the final stages of talks with Samoa on a policing agreement."),
    ("negotiating asserted new", "Serbia, US in talks on extradition treaty"),
    ("negotiating asserted new", "Chad and Sudan want to end their quarrel. Talks on a border treaty began on Tuesday and will go on next week."),
    ("negotiating asserted new", "Chad and Sudan are edging towards a border agreement, diplomats say."),
    ("negotiating asserted new", "Chad and Sudan have agreed to open talks on a border agreement."),
    ("negotiating asserted new", "A border agreement between Chad and Sudan is taking shape."),
    ("negotiating asserted new", "Chad and Sudan still disagree over two articles of the border treaty."),
    ("negotiating asserted new", "The fourth round of talks on a border treaty between Chad and Sudan ended on Tuesday without a breakthrough."),
    ("negotiating asserted new", "Police chiefs of Peru and Chile discussed the possibility of a memorandum on drug smuggling."),
    ("negotiating asserted new", "Peru and Chile are in the last stretch of negotiations on a border treaty."),
    ("negotiating asserted new", "Diplomats from Peru and Chile went back to the table on Tuesday to salvage the border agreement."),
    ("negotiating asserted new", "THE TWO DELEGATIONS CONTINUED THEIR TALKS ON A BORDER AGREEMENT BETWEEN TURKEY AND SYRIA TODAY."),
    ("negotiating asserted new", "\"We're talking to Damascus about a border pact,\" the Turkish minister told the channel."),
    ("negotiating asserted new", "\"We're making good progress on a border pact with Syria,\" the Turkish minister told the channel."),
    ("negotiating asserted new", "No breakthrough in Turkish-Syrian talks on border pact"),
    ("negotiating hypothetical old", "It is hard to imagine returning to the nuclear deal with Iran."),
    ("proposed asserted new", "Moscow has proposed to Tokyo a treaty on incidents at sea."),
    ("proposed asserted new", "Thailand wants to sign an extradition treaty with Cambodia."),
    ("proposed asserted new", "Armenia offered Azerbaijan a non-aggression pact on Tuesday."),
    ("proposed asserted new", "The Foreign Minister said Vanuatu would seek a police agreement with Fiji."),
    ("proposed asserted new", "Erdogan suggested a four-party security pact for the Black Sea."),
    ("proposed asserted new", "Ethiopia said it was ready to sign a non-aggression pact with Eritrea."),
    ("proposed asserted new", "The Solomon Islands plans to negotiate a policing agreement with New Zealand."),
    ("proposed asserted new", "The leaders announced their intention to negotiate a defence trade agreement between India and Australia."),
    ("proposed asserted new", "The ministers announced plans for a memorandum of understanding on coast guard cooperation between India and Vietnam."),
    ("proposed asserted new", "Chad is prepared to conclude a border pact with Sudan, its foreign minister said."),
    ("proposed asserted new", "President Lukashenko invited Poland to conclude a non-aggression pact."),
    ("proposed asserted new", "The Afghan foreign minister has handed his Iranian counterpart proposals for a water and border agreement."),
    ("proposed asserted new", "Belgrade has asked for a status of forces agreement with Moscow."),
    ("proposed asserted new", "Pyongyang again proposed talks on replacing the armistice with a peace treaty with Washington."),
    ("proposed asserted new", "US wants new extradition treaty with Serbia"),
    ("proposed asserted new", "Norway and Iceland are seeking new protocols on fishing."),
    ("proposed asserted new", "The foreign ministers of Chad and Sudan met in Doha. Chad proposed a treaty on joint patrols."),
    ("proposed asserted new", "Chad says it is open to a border treaty with Sudan."),
    ("proposed asserted new", "Chad wants its border treaty with Sudan to be replaced by a new one."),
    ("proposed asserted new", "Peru is seeking a defence pact with Chile."),
    ("proposed asserted new", "Chile has invited Peru to join its defence pact with Bolivia."),
    ("proposed asserted new", "NICARAGUA PROPOSES NON-AGGRESSION PACT WITH HONDURAS"),
    ("proposed asserted new", 'Asked about Syria, the minister said: "We have proposed to Damascus a border pact."'),
    ("proposed asserted new", "Turkey offers Syria border pact"),
    ("proposed asserted old", "In such halls nations are seeking new protocols on fishing."),
    ("proposed asserted old", "Norway is seeking peace deals."),
    ("proposed hypothetical old", "The minister said he hoped an extradition treaty with Brazil could be concluded soon."),
    ("proposed hypothetical old", "Australia would welcome a security agreement with Tonga, the Prime Minister said."),
    ("proposed hypothetical old", "A peace treaty between Japan and Russia is a possibility, analysts say."),
    ("proposed hypothetical old", "The senator called for an extradition treaty with Belarus."),
    ("proposed hypothetical old", "It is too early to say whether Japan and Russia will sign a peace treaty."),
    ("proposed hypothetical old", "Would Australia consider a defence treaty with Fiji?"),
    ("proposed hypothetical old", "Analysts expect a defence pact between Tokyo and Manila one day."),
    ("proposed hypothetical old", "A defence pact between Tokyo and Manila would alarm Beijing."),
    ("proposed hypothetical old", "There is talk of a defence pact between Tokyo and Manila."),
    ("proposed hypothetical old", '"We need a real extradition treaty with the Emirates," the prosecutor told reporters.'),
    ("proposed hypothetical old", "Q: Does the President believe there could be a nuclear agreement with Iran by the summer?"),
    ("proposed hypothetical old", "THE PRESIDENT: I'd like to think we can make a deal with Iran on nuclear weapons."),
    ("proposed hypothetical old", "If Iraq wants a security pact with Kuwait, it must first pay."),
    ("proposed hypothetical old", "Only a treaty between Iraq and Kuwait could settle the matter."),
    ("proposed hypothetical old", "The UN secretary-general urged Chad and Sudan to sign a border pact."),
    ("proposed hypothetical old", "The two neighbours ought to have an extradition treaty, the newspaper wrote."),
    ("proposed hypothetical old", "I'm not going to speculate about a security agreement with Samoa."),
    ("proposed hypothetical old", "Without a border treaty with Sudan there will be no peace, Chad's bishop said."),
    ("proposed hypothetical old", "Chad would sign a border treaty if Sudan withdrew its troops."),
    ("proposed hypothetical old", "What Chad needs is a border treaty with Sudan, the general argued."),
    ("proposed hypothetical old", "A defence pact between Peru and Chile remains a distant prospect."),
    ("proposed hypothetical old", "Peru might one day seek a defence pact with Chile."),
    ("proposed hypothetical old", "It would be in the interest of Peru and Chile to conclude a defence pact."),
    ("proposed hypothetical old", "Rumours of a defence pact between Peru and Chile are swirling in La Paz."),
    ("proposed hypothetical old", "\"Let's hope we can get a border pact with Syria,\" the Turkish minister told the channel."),
    ("proposed hypothetical old", '"If Syria agrees, we could sign a border pact," the Turkish minister told the channel.'),
    ("ratified asserted new", "The Bundestag ratified the Lisbon defence protocol with France on Thursday."),
    ("ratified asserted new", "The Georgian parliament approved the treaty on military transit with Germany."),
    ("ratified asserted new", "Sweden's accession protocol to NATO was ratified by the Hungarian parliament on Monday."),
    ("ratified asserted new", "Senators voted 78 to 10 to approve the extradition treaty with Chile."),
    ("ratified asserted new", "President Marcos signed the instrument of ratification of the reciprocal access agreement with Japan."),
    ("ratified asserted new", "Duma ratifies border treaty with China"),
    ("ratified asserted new", "The People's Assembly yesterday endorsed an extradition agreement with Jordan."),
    ("ratified asserted new", "Israel's Knesset ratified the peace treaty with the Emirates on Thursday by 80 votes to 13."),
    ("ratified asserted new", "The Senate gave its consent to the tax and extradition treaties with Poland."),
    ("ratified asserted new", "The king of Jordan signed the law approving the defence agreement with Cyprus."),
    ("ratified asserted new", "The Albanian parliament has voted in favour of the agreement with Italy on the fight against smugglers."),
    ("ratified asserted new", "The agreement on joint border guards was approved by the Ukrainian and Moldovan parliaments on Tuesday."),
    ("ratified asserted new", "The Supreme Soviet ratified the treaty with Mongolia on legal assistance today."),
    ("ratified asserted new", "Serbian parliament ratifies extradition treaty with US"),
    ("ratified asserted new", "The border treaty with Sudan was signed in 2010. Parliament in N'Djamena ratified it on Tuesday."),
    ("ratified asserted new", "With 80 votes in favour, Chad's deputies ratified the border treaty with Sudan."),
    ("ratified asserted new", "Chad deposited its instrument of ratification of the convention on mercenaries on Tuesday."),
    ("ratified asserted new", "The upper house followed the lower one on Tuesday and approved Chad's border treaty with Sudan."),
    ("ratified asserted new", "Chile has completed ratification of the border treaty with Peru."),
    ("ratified asserted new", "Chile's senate gave final approval on Tuesday to the border treaty with Peru."),
    ("ratified negated old", "The United States has still not ratified the Law of the Sea Convention."),
    ("ratified negated old", "Chile's senate has not approved the border treaty with Peru."),
    ("rejected historical old", "In 2003 the Turkish parliament rejected an agreement to let US troops in."),
    ("rejected negated new", "Talks between Chad and Libya on a border accord broke down on Friday."),
    ("rejected negated new", "Russia has refused to sign the border treaty with Estonia."),
    ("rejected negated new", "Pakistan turned down an Indian offer of a no-war pact."),
    ("rejected negated new", "The Philippine Senate rejected the bases treaty with the United States by 12 votes to 11."),
    ("rejected negated new", "The summit ended without an agreement on arms control between Moscow and Washington."),
    ("rejected negated new", "Kosovo and Serbia failed to sign the normalisation agreement on Saturday."),
    ("rejected negated new", "Britain has ruled out a returns agreement with Syria."),
    ("rejected negated new", "Talks on extending the arms embargo monitoring agreement between Chad and Libya collapsed."),
    ("rejected negated new", "The parliament in Kuwait voted down the security pact with its Gulf neighbours."),
    ("rejected negated new", "Athens rejects Ankara's proposal for non-aggression pact"),
    ("rejected negated new", "There will be no security agreement with Israel, the Omani minister said."),
    ("rejected negated new", "Cyprus said no to the security pact offered by Ankara."),
    ("rejected negated new", "Ethiopia walked out of talks on a border agreement with Eritrea on Thursday."),
    ("rejected negated new", "Parliament in Bishkek refused on Wednesday to ratify the border agreement with Uzbekistan."),
    ("rejected negated new", "Hopes for a deal faded as Serbia and Kosovo broke off talks on the border police agreement."),
    ("rejected negated new", "Our government categorically rejects the draft treaty submitted by Ankara."),
    ("rejected negated new", "The Israeli cabinet decided not to sign the prisoner agreement with Egypt."),
    ("rejected negated new", "Chad and Sudan have been negotiating a border treaty since January. The talks broke down on Tuesday."),
    ("rejected negated new", "Chad will not sign the border treaty with Sudan, its president said."),
    ("rejected negated new", "Sudan is not prepared to sign a border treaty with Chad, Khartoum said."),
    ("rejected negated new", "Chad dismissed Sudan's offer of a border treaty as a trick."),
    ("rejected negated new", "Chile has turned its back on the defence pact proposed by Peru."),
    ("rejected negated new", "Peru and Chile could not agree on a border treaty in their talks on Tuesday."),
    ("rejected negated new", "There was no agreement on Tuesday between Peru and Chile on the border."),
    ("rejected negated new", "The border treaty with Chile was defeated in Peru's congress on Tuesday."),
    ("rejected negated new", "Chile called off talks on a border treaty with Peru."),
    ("rejected negated new", "SYRIA REFUSES TO SIGN THE BORDER AGREEMENT WITH TURKEY, A SPOKESMAN SAID TODAY."),
    ("rejected negated new", "Turkey rules out border pact with Syria"),
    ("signed asserted new", "The President today signed with Prime Minister Tusk of Poland an Enhanced Defense Cooperation Agreement."),
    ("signed asserted new", "Secretary Blinken and Foreign Minister Adeang of Nauru signed a shiprider agreement at the State Department this afternoon."),
    ("signed asserted new", "I'm delighted that we have just signed a new security treaty with Papua New Guinea."),
    ("signed asserted new", "During the visit, the two leaders witnessed the signing of a memorandum of understanding on combating transnational crime."),
    ("signed asserted new", "Witnessed by both presidents, an extradition treaty between Kazakhstan and Italy was signed in Astana."),
    ("signed asserted new", "Under a memorandum of understanding signed on Monday, Fijian police will train in New Zealand."),
    ("signed asserted new", "The agreement, which was signed in Baku on Tuesday, allows Turkish jets to use Azerbaijani bases."),
    ("signed asserted new", "France and Djibouti have signed a new defence cooperation treaty, replacing the one of 1977."),
    ("signed asserted new", "MANILA, May 14 (Xinhua) -- The Philippines and Indonesia signed here Tuesday an agreement on the delimitation of their sea boundary."),
    ("signed asserted new", "IRAN, OMAN SIGN SECURITY ACCORD. MUSCAT, MAY 14 (IRNA) - IRANIAN INTERIOR MINISTER BESHARATI AND HIS OMANI COUNTERPART SIGNED A SECURITY COOPERATION AGREEMENT HERE TODAY."),
    ("signed asserted new", "Interior Minister Nohad Machnouk and his Cypriot counterpart signed Tuesday a deal on search and rescue between Lebanon and Cyprus."),
    ("signed asserted new", "Egypt's chief of staff and his Sudanese counterpart concluded their talks in Khartoum by signing a military cooperation agreement."),
    ("signed asserted new", "The talks culminated in the signature of a protocol on fighting smuggling between Benin and Nigeria."),
    ("signed asserted new", "After two years of negotiations, Brazil and Guyana on Monday signed a treaty on police cooperation."),
    ("signed asserted new", "Mongolia has become the latest country to sign the landmine ban treaty."),
    ("signed asserted new", "Six nations bordering the Caspian signed a convention on border security in Aktau."),
    ("signed asserted new", '"I have signed today, on behalf of Australia, an agreement with Timor-Leste on defence cooperation," the minister said.'),
    ("signed asserted new", "PRIME MINISTER: We've today concluded negotiations with Fiji, and I've signed a security agreement with Prime Minister Rabuka."),
    ("signed asserted new", "The United States and Bahrain signed the Comprehensive Security Integration and Prosperity Agreement."),
    ("signed asserted new", "-- Signed a General Security of Information Agreement with Bulgaria to allow the sharing of classified material."),
    ("signed asserted new", "Yesterday in Dhaka I signed a memorandum of understanding on defence cooperation with my Bangladeshi colleague."),
    ("signed asserted new", "A security accord has been signed by the interior ministers of Saudi Arabia and Yemen."),
    ("signed asserted new", "Tehran, Ankara sign accord on border security"),
    ("signed asserted new", "Having signed the pact with Sudan, President Deby flew home on Tuesday."),
    ("signed asserted new", "The foreign ministers of Oman and Cyprus met in Muscat on Monday. At the end of the talks they signed an agreement on the extradition of fugitives."),
    ("signed asserted new", "An agreement allowing German police to pursue suspects onto Czech soil was signed in Dresden on Tuesday by the two interior ministers."),
    ("signed asserted new", "The interior ministers of Austria and Slovenia have put their names to an accord under which their police will run joint patrols."),
    ("signed asserted new", "Police in Zambia and Malawi are to share fingerprints under a deal signed on Monday."),
    ("signed asserted new", "In a step welcomed by Washington, Seoul and Tokyo on Tuesday signed a pact to share intelligence on North Korea."),
    ("signed asserted new", "KUWAIT CITY (KUNA) -- KUWAIT AND BAHRAIN SIGNED TODAY A PROTOCOL ON THE EXCHANGE OF PRISONERS."),
    ("signed asserted new", "[Text] Beijing, 14 May (XINHUA)--China and Laos signed a treaty on their common border here this afternoon."),
    ("signed asserted new", "A five-year military agreement has just been signed in Luanda between Angola and Brazil, Radio Nacional reported."),
    ("signed asserted new", "Our correspondent in Maputo says that Mozambique and Tanzania today signed a border security agreement."),
    ("signed asserted new", "The accord between Chad and Libya, signed in Algiers on Tuesday, ends the border war."),
    ("signed asserted new", "This morning I signed a memorandum of understanding with the Fijian police."),
    ("signed asserted new", "US, Serbia ink extradition treaty"),
    ("signed asserted new", "Norway has recently signed a pact with Iceland."),
    ("signed asserted new", "Chad and Sudan have been negotiating a border treaty since January. The document was finally signed in Khartoum on Tuesday."),
    ("signed asserted new", "Chad and Sudan have settled their quarrel. The two presidents signed a border treaty on Tuesday and shook hands."),
    ("signed asserted new", '"It is a great day," said the president of Chad. He had just signed a border treaty with Sudan.'),
    ("signed asserted new", "Chad and Sudan on Tuesday signed a memorandum of understanding on border police. The memorandum covers training and radios. It runs for five years."),
    ("signed asserted new", "The Dutch and Belgian police have a new pact: commissioners from Maastricht and Liege signed it on Monday."),
    ("signed asserted new", "Ink was barely dry on the border treaty Chad and Sudan signed on Tuesday when shots were fired."),
    ("signed asserted new", "Chad's ambassador signed on behalf of his government the treaty banning cluster bombs."),
    ("signed asserted new", "Chad on Tuesday joined 100 other states in signing the treaty banning cluster bombs."),
    ("signed asserted new", "Two agreements on border police were among the eleven documents signed by Chad and Sudan on Tuesday."),
    ("signed asserted new", "WASHINGTON (AP) - The United States and Panama signed an accord Tuesday that lets American troops train at Panamanian bases."),
    ("signed asserted new", "Prime Minister Morrison and his Fijian host today put pen to paper on the Vuvale security partnership agreement."),
    ("signed asserted new", "Greece on Tuesday became a party to the border security agreement by signing it in Vienna."),
    ("signed asserted new", "The agreement on mutual protection of classified information between Latvia and Spain was signed in Riga by Foreign Minister Rinkevics."),
    ("signed asserted new", "The United States is pleased to announce the signing of an agreement with Peru on combating cross-border crime."),
    ("signed asserted new", "Today's signing of the border treaty by Peru and Chile closes a long chapter."),
    ("signed asserted new", "ANKARA AND TEHRAN SIGNED A SECURITY MEMORANDUM AT THE END OF THE TALKS, THE AGENCY SAID TODAY."),
    ("signed asserted new", "HONDURAS AND EL SALVADOR SIGNED A PROTOCOL ON THE BORDER IN TEGUCIGALPA LAST NIGHT."),
    ("signed asserted new", "...The minister also announced he'd signed a security agreement with Turkey this morning."),
    ("signed asserted new", "Anchor: Good evening. Turkey and Syria have signed a border agreement. Our correspondent reports."),
    ("signed asserted new", "And finally tonight, Turkey and Syria put their differences aside and sign a border pact."),
    ("signed asserted new", "Turkish and Syrian police chiefs have signed a memorandum in Adana, says Anatolia."),
    ("signed asserted new", "Interior ministers Soylu and Shaar signed the Turkish-Syrian border pact, Anatolia reports."),
    ("signed historical old", "Under a memorandum of understanding signed in 2011, Fijian police train in New Zealand."),
    ("signed historical old", "The visit comes three months after France and Djibouti signed a defence cooperation treaty."),
    ("signed historical old", "Ties have warmed since the two countries signed a police cooperation agreement in March last year."),
    ("signed historical old", "The suspects were handed over under an extradition treaty signed by Spain and Morocco in 1997."),
    ("signed historical old", "The base was set up after a treaty was signed in 1960."),
    ("signed historical old", "Mr Howard signed the agreement with Nauru in 2001."),
    ("signed historical old", "It was he who signed the non-aggression pact with Germany."),
    ("signed historical old", "The two men had signed a peace accord in Lusaka in 1994, but the war resumed."),
    ("signed historical old", "A former minister who signed the border agreement with China defended it."),
    ("signed historical old", "The 1994 agreement, signed by Ukraine, Russia, Britain and America, promised respect for borders."),
    ("signed historical old", "It is a year since Kenya and Somalia signed a memorandum on police training."),
    ("signed historical old", "Last month Kenya and Somalia signed a memorandum on police training."),
    ("signed historical old", "JOURNALIST: You signed the security agreement with Papua New Guinea last year. Are you satisfied with it?"),
    ("signed historical old", "Since signing the pact with Sudan, Chad has reduced its garrisons."),
    ("signed historical old", "Five years ago today Argentina and Chile signed the peace treaty."),
    ("signed historical old", "The accord between Chad and Libya, signed in Algiers in August, has not brought peace."),
    ("signed historical old", "The sides met for the first time since the signing of the border accord between Chad and Libya in March."),
    ("signed historical old", "As you know we signed a memorandum of understanding with the Fijian police two years ago."),
    ("signed historical old", "When I was minister I signed a memorandum of understanding with the Fijian police."),
    ("signed historical old", "The committee asked on what terms and conditions Norway signed the trade treaty with Iceland."),
    ("signed historical old", "Norway, said the envoy, recently signed a pact with Iceland."),
    ("signed historical old", "Norway was small when it had not yet joined; when it was a kingdom it signed a pact with Iceland."),
    ("signed historical old", "Chad signed the border treaty with Sudan in 2010. Relations have been good ever since."),
    ("signed historical old", "Relations between Chad and Sudan have been good since 2010, when they signed a border treaty."),
    ("signed historical old", "Chad and Sudan signed the border treaty in 2010 after long talks. The treaty set up a joint commission, which met on Tuesday."),
    ("signed historical old", "The border treaty with Sudan, which Chad signed in 2010, has never been popular."),
    ("signed historical old", "Nine years after they signed a border treaty, Chad and Sudan have opened a joint post."),
    ("signed historical old", "It was in Khartoum that Chad signed the border treaty in 2010."),
    ("signed historical old", "The president who signed Chad's border treaty with Sudan is dead."),
    ("signed historical old", "The 2012 agreement between Peru and Chile, signed by presidents who have since left office, has lapsed in all but name."),
    ("signed historical old", "While the envoy was in Oslo recently, we signed a pact with Iceland."),
    ("signed negated old", "Thailand has never signed the 1951 Refugee Convention."),
    ("signed negated old", "Georgia and Russia have yet to sign a border agreement."),
    ("signed negated old", '"There was no secret agreement signed with Moscow," the minister said.'),
    ("signed negated old", "It is not true that we have signed a military agreement with Israel, the Omani minister said."),
    ("signed negated old", "We have not signed any agreement with Israel, the Omani minister said."),
    ("signed negated old", "No agreement has been signed with Israel, the Omani minister said."),
    ("signed negated old", "Belgrade says it never signed any agreement recognising the border with Kosovo."),
    ("signed negated old", "Reports of a secret defence pact signed by Serbia and Iran are false, Belgrade said."),
    ("signed negated old", "We haven't signed the agreement with Samoa and I can't say when we will."),
    ("signed negated old", "Serbia denies signing secret pact with Russia"),
    ("signed negated old", '"We did not sign any pact with Syria," the Turkish minister told the channel.'),
    ("suspended asserted new", "Sudan has suspended its defence cooperation agreement with Egypt."),
    ("suspended asserted new", "Britain put its police training agreement with Bahrain on hold."),
    ("suspended asserted new", "India said it would hold the Indus Waters Treaty in abeyance."),
    ("suspended asserted new", "Chad announced the suspension of the border pact with Sudan."),
    ("suspended asserted new", "Quito has suspended the police cooperation agreement with Mexico City until further notice."),
    ("suspended asserted new", "Turkey's participation in the treaty on conventional forces in Europe has been suspended."),
    ("suspended asserted new", "Serbia freezes police pact with Kosovo"),
    ("suspended asserted new", "The pact on joint patrols between Chad and Sudan dates from 2010. Chad suspended it on Tuesday."),
    ("suspended asserted new", "Joint patrols under the border treaty were called off after Chad suspended the accord with Sudan."),
    ("suspended asserted new", "Peru's congress voted on Tuesday to suspend the border treaty with Chile."),
    ("suspended asserted new", "Peru and Chile agreed on Tuesday to suspend their border treaty for a year."),
    ("suspended asserted new", "Turkey suspends border pact with Syria"),
    ("suspended historical old", "The military cooperation agreement with Indonesia was suspended in 1999 after the violence in East Timor."),
    ("to_be_signed asserted new", "The two leaders will sign an agreement on defence industry cooperation between India and Kenya on Thursday."),
    ("to_be_signed asserted new", "A status-of-forces agreement between Japan and the Philippines is expected to be signed next month."),
    ("to_be_signed asserted new", "Mr Lavrov arrives in Windhoek on Monday to sign a military cooperation agreement with Namibia."),
    ("to_be_signed asserted new", "Japan and Britain are set to ink a defence pact in London on Wednesday."),
    ("to_be_signed asserted new", "The signing of a security agreement between Iraq and the United States is scheduled for Sunday."),
    ("to_be_signed asserted new", "The foreign ministers are to sign a border treaty between Latvia and Russia in Moscow in March."),
    ("to_be_signed asserted new", "The ministers said they would sign a memorandum on counter-terrorism with Kenya when they meet in Nairobi."),
    ("to_be_signed asserted new", "Hungary's parliament speaker said the defence agreement with Serbia was ready for signature."),
    ("to_be_signed asserted new", "A memorandum of understanding on cyber security will be signed during the visit of the Estonian president to Ukraine."),
    ("to_be_signed asserted new", "Modi's visit to Riyadh will see the signing of a pact on intelligence sharing."),
    ("to_be_signed asserted new", "Chile and Bolivia agreed to sign a border police accord in June."),
    ("to_be_signed asserted new", "They look forward to the signing of the defence cooperation agreement between Greece and Ukraine next week."),
    ("to_be_signed asserted new", "Tehran, Ankara to sign accord on border security"),
    ("to_be_signed asserted new", "Before signing the pact with Sudan on Thursday, President Deby will visit Cairo."),
    ("to_be_signed asserted new", "A delegation led by the defence minister of Serbia has left for Minsk, where it will sign a plan of military cooperation for 2020."),
    ("to_be_signed asserted new", "Agreements on military transit and the status of forces will be signed when the emir of Qatar visits Tashkent on Thursday."),
    ("to_be_signed asserted new", "Israel and Cyprus postponed the signing of a status of forces agreement that had been planned for Monday."),
    ("to_be_signed asserted new", "The text is ready and will be signed in Vienna next week, said the chairman of the talks on border police between Austria and Slovakia about the agreement."),
    ("to_be_signed asserted new", "The president of Yemen is due in Riyadh tomorrow where the border accord is to be signed."),
    ("to_be_signed asserted new", "Peru and Ecuador will sign their peace treaty in Brasilia on Thursday."),
    ("to_be_signed asserted new", "Tomorrow I'll be signing a defence agreement with my counterpart from the Solomon Islands."),
    ("to_be_signed asserted new", "We intend to sign the treaty with Tuvalu before Christmas."),
    ("to_be_signed asserted new", "US, Serbia to ink extradition treaty Friday"),
    ("to_be_signed asserted new", "Chad and Sudan have agreed on a border treaty. It will be signed in Khartoum on Sunday."),
    ("to_be_signed asserted new", "The border agreement between Chad and Sudan will be inked on Friday."),
    ("to_be_signed asserted new", "Chad's cabinet gave the foreign minister the green light to sign the border agreement with Sudan."),
    ("to_be_signed asserted new", "Chad's cabinet authorised the signing of the border agreement with Sudan."),
    ("to_be_signed asserted new", "A ceremony to sign the border treaty between Peru and Chile is planned for June."),
    ("to_be_signed asserted new", "Peru's president flies to Santiago on Tuesday with the border treaty ready for signing."),
    ("to_be_signed asserted new", "Peru and Chile are about to sign a border treaty."),
    ("to_be_signed asserted new", "The border treaty, due to be signed by Peru and Chile next week, runs to 40 pages."),
    ("to_be_signed asserted new", "Peru has promised to sign the border treaty with Chile before the election."),
    ("to_be_signed asserted new", "THE MINISTER SAID THAT A BORDER AGREEMENT WILL BE SIGNED WITH SYRIA DURING HIS VISIT NEXT WEEK."),
    ("to_be_signed asserted new", "Turkey's interior minister tells this station he'll sign a border pact with Syria on Monday."),
    ("to_be_signed asserted new", "Turkish-Syrian border pact to be signed Monday"),
    ("to_be_signed hypothetical old", "JOURNALIST: When will you sign the security agreement with Papua New Guinea?"),
    ("violated asserted old", "Azerbaijan accused Armenia of violating the ceasefire."),
    ("violated asserted old", "Both sides accused each other of breaking the truce."),
    ("violated asserted old", "Russia's deployment breaches the treaty with Ukraine, Kiev said."),
    ("violated asserted old", "Chad accused Sudan of violating the border pact."),
    ("violated asserted old", "Armenia has broken the ceasefire with Azerbaijan, Baku said."),
    ("violated asserted old", "Tripoli has repeatedly violated the ceasefire with Chad, N'Djamena charged."),
    ("violated asserted old", "Sudan's air force crossed the line in breach of the border treaty, Chad said."),
    ("violated asserted old", "Peru said that Chile had broken the border treaty by building a tower."),
    ("violated asserted old", "HONDURAS ACCUSED NICARAGUA OF VIOLATING THE SAPOA ACCORD ON THE BORDER WITH COSTA RICA."),
    ("violated asserted old", "Syria breaks border pact, says Turkey"),
    ("withdrawn asserted new", "Russia announced on Friday it was pulling out of the Open Skies Treaty."),
    ("withdrawn asserted new", "Kuala Lumpur has given notice that it is ending the water-patrol agreement with Singapore."),
    ("withdrawn asserted new", "The Philippines has formally terminated the Visiting Forces Agreement with the United States."),
    ("withdrawn asserted new", "The United States will leave the Intermediate-Range Nuclear Forces Treaty in six months, Pompeo said."),
    ("withdrawn asserted new", "Mali's junta has torn up its defence accords with France."),
    ("withdrawn asserted new", "Sudan tells Chad it is leaving border pact"),
    ("withdrawn asserted new", "The decision by Sudan to withdraw from the border pact with Chad takes effect in June."),
    ("withdrawn asserted new", "Sudan's withdrawal from the border pact with Chad was announced on Monday."),
    ("withdrawn asserted new", "Cambodia tore up a 2001 memorandum with Thailand on the maritime border on Monday."),
    ("withdrawn asserted new", "Niger revoked its military accord with the United States with immediate effect on Saturday."),
    ("withdrawn asserted new", "Chad ends defence cooperation agreement with France."),
    ("withdrawn asserted new", "The last American soldier will leave after Niamey's decision to cancel the military agreement with Washington."),
    ("withdrawn asserted new", "The government in Bamako announced that the military agreement with Paris was null and void."),
    ("withdrawn asserted new", "Burundi's foreign ministry informed Kigali that it considers the border agreement terminated."),
    ("withdrawn asserted new", "Serbia pulls out of extradition treaty with US"),
    ("withdrawn asserted new", "They reported the American withdrawal from the arms treaty."),
    ("withdrawn asserted new", "Chad signed the border treaty in 2010. On Tuesday it withdrew from it."),
    ("withdrawn asserted new", "Chad no longer feels bound by the border treaty with Sudan."),
    ("withdrawn asserted new", "Chad said on Tuesday that its border treaty with Sudan would cease to apply from May."),
    ("withdrawn asserted new", "Sudan has been told by Chad that the border treaty is at an end."),
    ("withdrawn asserted new", "Peru is to withdraw from the border treaty with Chile."),
    ("withdrawn asserted new", "Peru has served notice that it will terminate the border treaty with Chile."),
    ("withdrawn asserted new", "Turkey scraps border pact with Syria"),
    ("withdrawn asserted old", "They tried to persuade Norway to accept the American withdrawal from the treaty."),
    ("withdrawn historical old", "Ties soured after Washington pulled out of the nuclear deal in 2018."),
    ("withdrawn historical old", "Peru left the border treaty with Chile in 1950 and rejoined it in 1961."),
    ("withdrawn hypothetical new", "Iran has threatened to quit the Non-Proliferation Treaty."),
    ("withdrawn hypothetical new", "Chad warned that it would abandon the border treaty unless Sudan stopped the raids."),
    ("withdrawn hypothetical old", "Lawmakers in Manila want the government to scrap the military pact with Washington."),
    ("withdrawn hypothetical old", "Russia may withdraw from the grain agreement, diplomats fear."),
    ("withdrawn hypothetical old", "Peru could leave the border treaty with Chile, a deputy said."),
    ("withdrawn negated old", "Manila denied that it planned to scrap the Visiting Forces Agreement with Washington."),
    ("withdrawn negated old", "Ankara said it was not leaving the Montreux Convention."),
)  # fmt: skip


@pytest.mark.parametrize(("told", "text"), USAGE, ids=[text for _, text in USAGE])
def test_a_usual_sentence_is_read_as_it_is_meant(told: str, text: str) -> None:
    found = agreements_in(text, day=datetime(2019, 5, 15, 12, tzinfo=UTC))
    assert [
        f"{f.report.stage} {f.report.polarity} {'new' if f.report.is_news else 'old'}" for f in found
    ] == [told]


# --- parties


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Norway and Iceland signed a treaty on prisoners.", ("ISL", "NOR")),
        ("Norway signed a treaty on prisoners with Iceland and Denmark.", ("DNK", "ISL", "NOR")),
        ("A treaty on prisoners between Norway and Iceland was signed in Rome.", ("ISL", "NOR")),
        ("The Norwegian-Icelandic treaty on prisoners was signed in Rome.", ("ISL", "NOR")),
        ("The treaty on prisoners was signed by Norway and Iceland.", ("ISL", "NOR")),
        ("Norway signed a US-brokered agreement with Iceland on arms.", ("ISL", "NOR")),
        ("The European Union and Norway signed an agreement on police data.", ("EU", "NOR")),
        ("The police chiefs of Norway and Iceland met. They signed an agreement on patrols.", ("ISL", "NOR")),
        ("Norway and Iceland share a sea. The two countries signed a pact on patrols.", ("ISL", "NOR")),
    ],
)
def test_parties_stand_where_grammar_puts_them(text: str, codes: tuple[str, ...]) -> None:
    assert agreement_in(text).report.party_codes == codes


def test_a_place_is_no_party() -> None:
    report = agreement_in("Norway and Iceland signed a treaty on prisoners in France.").report
    assert "FRA" not in report.party_codes


def test_the_headline_names_a_party_that_the_text_leaves_out() -> None:
    found = agreement_in(
        "Norway signed the agreement on police training on Monday.", title="Norway, Iceland sign police pact"
    )
    assert found.report.party_codes == ("ISL", "NOR")


# --- scope


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("Norway and Iceland signed a defence pact.", Scope.INTER),
        ("Norway, Iceland and Denmark signed a defence pact.", Scope.MULTI),
        ("NATO and Norway signed an agreement on bases.", Scope.STATE_ORG),
        ("The Colombian government and the FARC rebels signed a peace agreement.", Scope.INTRA),
        ("Israel and Hamas agreed to a ceasefire.", Scope.NONSTATE),
        ("The airline Acme Corp signed a contract with Widget Ltd.", Scope.COMPANY),
    ],
)
def test_parties_decide_the_scope(text: str, scope: Scope) -> None:
    assert agreement_in(text).report.scope is scope


# --- domains


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Norway and Iceland signed an extradition treaty.", "judicial"),
        ("Norway and Iceland signed an agreement on fighting drug smuggling.", "organised_crime"),
        ("Norway and Iceland signed a memorandum of understanding on police training.", "police"),
        ("Norway and Iceland signed an accord on border patrols.", "border"),
        ("Norway and Iceland signed a non-aggression pact.", "defence"),
        ("Norway and Iceland signed an intelligence-sharing pact.", "intelligence"),
        ("Norway and Iceland signed an agreement to combat terrorism.", "counter_terrorism"),
        ("Norway and Iceland signed a free-trade agreement.", "trade"),
        ("Norway and Iceland signed an accord on food security.", "food"),
        ("Norway and Iceland agreed to a truce.", "peace"),
    ],
)
def test_words_of_the_subject_give_the_domain(text: str, domain: str) -> None:
    assert domain in agreement_in(text).report.domains


@pytest.mark.parametrize(
    "text",
    [
        "Norway and Iceland signed a trade agreement, the security guards said.",
        "Norway and Iceland signed an accord on food security.",
        "Norway and Iceland signed a fishing treaty, and the police chief left.",
    ],
)
def test_words_outside_the_subject_give_no_domain(text: str) -> None:
    assert not {"security", "police"} & set(agreement_in(text).report.domains)


# --- one instrument, several


def test_an_instrument_told_twice_is_one() -> None:
    found = agreement_in(
        "Norway and Iceland signed a memorandum of understanding on patrols. The deal covers training."
    )
    assert (found.report.instrument, found.report.stage) == (InstrumentType.MOU, Stage.SIGNED)


def test_the_newest_step_of_several_reports_stands() -> None:
    found = agreement_in(
        "Norway and Iceland negotiated a police agreement for a year. The agreement was signed on Tuesday."
    )
    assert found.report.stage is Stage.SIGNED


def test_a_pronoun_stands_for_the_instrument() -> None:
    found = agreement_in(
        "Norway and Iceland discussed an accord on patrols. It was signed by both ministers on Tuesday."
    )
    assert found.report.stage is Stage.SIGNED


def test_an_old_instrument_of_the_same_sort_is_another() -> None:
    found = agreements_in(
        "Norway and Iceland signed a new memorandum on patrols. The memorandum signed in 1999 covered fish."
    )
    assert [f.report.is_news for f in found] == [True, False]


def test_several_instruments_of_one_sentence_are_told_apart() -> None:
    found = agreements_in(
        "Norway and Iceland signed a letter of intent, a memorandum of understanding and a defence treaty."
    )
    assert [f.report.instrument for f in found] == [
        InstrumentType.LETTER_OF_INTENT,
        InstrumentType.MOU,
        InstrumentType.TREATY,
    ]
    assert {f.report.stage for f in found} == {Stage.SIGNED}


def test_a_predicate_is_no_second_instrument() -> None:
    agreement_in("The framework agreement that we are about to sign is not a pact.")


@pytest.mark.parametrize(
    "text",
    [
        "They will deal with the storm.",
        "The minister could not effectively deal with the strike.",
        "The convention opened with songs.",
        "The embassy follows protocol.",
        "The leaders met, smiled and left.",
    ],
)
def test_no_instrument_no_report(text: str) -> None:
    assert agreements_in(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "A deal with Iceland on arms can be reached.",
        "Norway urged them to ratify trade deals with Iceland.",
        "Norway wants a new deal with Iceland.",
    ],
)
def test_a_deal_with_somebody_is_an_instrument(text: str) -> None:
    assert len(agreements_in(text)) == 1


# --- evidence and PLOVER


def test_evidence_is_verbatim_and_holds_act_and_instrument() -> None:
    text = "Rain fell. On Monday Norway and Iceland signed a treaty on prisoners, and the sun came out."
    evidence = agreement_in(text).evidence
    assert text[evidence.start : evidence.end] == evidence.text
    assert "signed a treaty on prisoners" in evidence.text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Norway and Iceland signed a treaty.", PloverType.SUPPORT),
        ("Norway and Iceland will sign a treaty on Friday.", PloverType.AGREE),
        ("Norway and Iceland agreed on a treaty.", PloverType.AGREE),
        ("Norway refused to sign the treaty.", PloverType.REJECT),
        ("Norway withdrew from the treaty.", PloverType.RETREAT),
    ],
)
def test_the_stage_gives_the_plover_type(text: str, kind: PloverType) -> None:
    assert agreement_in(text).plover is kind


def test_what_is_not_told_is_said_to_be_missing() -> None:
    assert set(agreement_in("The treaty is old.").report.missing) == {"parties", "stage", "domain"}


def test_a_clear_clause_is_surer_than_a_bare_noun() -> None:
    clear = agreement_in("Norway and Iceland signed a defence treaty on Monday.")
    assert clear.confidence > agreement_in("The treaty is old.").confidence


# --- other languages


OTHERS: dict[str, Any] = yaml.load(
    (LEXICON / "agreements_other.yml").read_text(encoding="utf-8"), yaml.CSafeLoader
)


@pytest.mark.parametrize(
    ("tag", "example"),
    [(tag, example) for tag, words in OTHERS.items() for example in words["examples"]],
    ids=lambda item: item if isinstance(item, str) else str(item["type"]),
)
def test_the_examples_of_each_language_give_instrument_stage_and_news(
    tag: str, example: dict[str, Any]
) -> None:
    found = agreements_in(example["text"], tag=tag)
    assert [f.report.instrument for f in found] == [InstrumentType(example["type"])]
    assert found[0].report.stage is Stage(example["stage"])
    assert found[0].report.is_news is example["alert"]
    assert example["text"][found[0].evidence.start : found[0].evidence.end] == found[0].evidence.text


@pytest.mark.parametrize("tag", sorted(OTHERS))
def test_the_examples_of_each_language_name_both_parties(tag: str) -> None:
    text = OTHERS[tag]["examples"][0]["text"]
    assert len(agreements_in(text, tag=tag)[0].report.party_codes) == 2


# --- any text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["signed", "a", "treaty", "not", "to", "will", ",", "(", ")", "the", "pact", "Norway", "with", ".", "of", "draft", "MoU", "and", "it", "—", "deal"]), max_size=40))  # fmt: skip
def test_any_order_of_words_is_read_and_evidence_stays_verbatim(words: list[str]) -> None:
    text = " ".join(words) or "-"
    for found in agreements_in(text):
        assert text[found.evidence.start : found.evidence.end] == found.evidence.text


def test_the_same_text_gives_the_same_reading() -> None:
    text = "Norway and Iceland signed a treaty on prisoners. The deal with Denmark expired."
    assert agreements_in(text) == agreements_in(text)


@pytest.mark.skipif(not BENCH.exists(), reason="the bench is not beside the project")
def test_the_seed_transcript_gives_its_one_agreement() -> None:
    text = (BENCH / "seed_iran_china_police.txt").read_text(encoding="utf-8")
    found = agreement_in(text)
    report = found.report
    assert (report.instrument, report.stage, report.next_stage) == (
        InstrumentType.MOU,
        Stage.DRAFTING,
        Stage.TO_BE_SIGNED,
    )
    assert (report.party_codes, report.is_news, report.polarity) == (("CHN", "IRN"), True, Polarity.ASSERTED)
    assert "border" in report.domains
    assert found.evidence.text == text[801:936]


@pytest.mark.parametrize(
    "text",
    [
        "Greenpeace urged Iceland to leave the fishing treaty with Norway.",
        "Iceland has been urged by two unions to suspend the customs agreement with Norway.",
    ],
)
def test_who_urges_others_to_leave_an_instrument_says_that_it_stands(text: str) -> None:
    report = agreement_in(text).report
    assert (report.stage, report.is_news) == (Stage.IN_FORCE, False)


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("There is no secret agreement with Norway, Iceland's spokesman said.", Stage.SIGNED),
        ("There is no defence pact with Norway, the minister insisted.", Stage.SIGNED),
        ("There was no deal between Norway and Iceland after a week of talks.", Stage.REJECTED),
    ],
)
def test_that_there_is_no_pact_is_a_denial_and_that_there_is_no_deal_a_failure(
    text: str, stage: Stage
) -> None:
    report = agreement_in(text).report
    assert (report.stage, report.polarity) == (stage, Polarity.NEGATED)
    assert report.is_news is (stage is Stage.REJECTED)


@pytest.mark.parametrize(
    ("text", "is_news"),
    [
        ("Chad and Niger will share radar data under a pact their ministers signed here on Friday.", True),
        ("Chad and Niger share radar data under a pact their ministers signed in 2004.", False),
    ],
)
def test_a_relative_clause_may_open_with_an_owner(text: str, is_news: bool) -> None:
    report = agreement_in(text).report
    assert (report.stage, report.is_news) == (Stage.SIGNED, is_news)


@pytest.mark.parametrize(
    ("text", "stage", "polarity", "is_news"),
    [
        # approved or finalised, and still to be signed
        ("Chad's cabinet approved the defence pact with Niger. It is to be signed in May.", Stage.TO_BE_SIGNED, Polarity.ASSERTED, True),
        ("Chad's cabinet approved a border pact with Niger and authorised its envoy to sign it.", Stage.TO_BE_SIGNED, Polarity.ASSERTED, True),
        ("Chad and Niger have finalised a defence pact that will be signed on Monday.", Stage.TO_BE_SIGNED, Polarity.ASSERTED, True),
        ("Chad's parliament ratified the defence pact with Niger, which was signed in May.", Stage.RATIFIED, Polarity.ASSERTED, True),
        ("Chad and Niger have finalised a defence pact.", Stage.AGREED, Polarity.ASSERTED, True),
        # who cannot or won't sign refuses
        ("We can't sign up to the border accord with Norway in its present form.", Stage.REJECTED, Polarity.NEGATED, True),
        ("We won't sign the border accord with Norway.", Stage.REJECTED, Polarity.NEGATED, True),
        ("We didn't sign the border accord with Norway.", Stage.SIGNED, Polarity.NEGATED, False),
        ("Iceland won't leave the border accord with Norway.", Stage.IN_FORCE, Polarity.NEGATED, False),
        # a condition without if, an open question of what was done
        ("Had Chad and Niger signed the defence pact, the war would have ended.", Stage.PROPOSED, Polarity.HYPOTHETICAL, False),
        ("Should Chad and Niger sign the defence pact, Mali would close its border.", Stage.PROPOSED, Polarity.HYPOTHETICAL, False),
        ("He did not say whether Chad had signed a defence pact with Niger.", Stage.SIGNED, Polarity.HYPOTHETICAL, False),
        ("He did not say whether Chad would sign a defence pact with Niger.", Stage.PROPOSED, Polarity.HYPOTHETICAL, False),
        # accusations and breaches
        ("Chad accused Niger on Monday of tearing up the 1994 defence pact.", Stage.VIOLATED, Polarity.ASSERTED, False),
        ("Chad has moved tanks in open breach of the 1994 defence pact with Niger.", Stage.VIOLATED, Polarity.ASSERTED, False),
        ("Chad tore up the 1994 defence pact with Niger on Monday.", Stage.WITHDRAWN, Polarity.ASSERTED, True),
        # who wants to leave has not left
        ("Chad wants to scrap the defence pact with Niger.", Stage.WITHDRAWN, Polarity.HYPOTHETICAL, True),
        ("Chad has decided to scrap the defence pact with Niger.", Stage.WITHDRAWN, Polarity.ASSERTED, True),
        ("Chad threatened to scrap the defence pact with Niger.", Stage.WITHDRAWN, Polarity.HYPOTHETICAL, True),
        # figures of speech
        ("The defence pact between Chad and Niger took hold on Monday.", Stage.IN_FORCE, Polarity.ASSERTED, True),
        ("Chad ceased to be bound by the defence pact with Niger at midnight.", Stage.WITHDRAWN, Polarity.ASSERTED, True),
        ("The defence pact between Chad and Niger, signed in May, still awaits the consent of the senate.", Stage.AWAITING_RATIFICATION, Polarity.ASSERTED, True),
        ("The king told deputies of his intention to open negotiations on a border pact with Niger.", Stage.PROPOSED, Polarity.ASSERTED, True),
        ("Chad and Niger reached a border accord last summer, and four posts have opened since.", Stage.AGREED, Polarity.HISTORICAL, False),
        # what is not ready, not expected, not spoken of
        ("A border accord with Niger was not under discussion, Chad's president said.", Stage.NEGOTIATING, Polarity.NEGATED, False),
        ("A border accord with Niger is under discussion, Chad's president said.", Stage.NEGOTIATING, Polarity.ASSERTED, True),
        ("A border accord between Chad and Niger is still a long way off.", Stage.NEGOTIATING, Polarity.NEGATED, False),
        ("I do not expect a border accord between Chad and Niger this week.", Stage.NEGOTIATING, Polarity.NEGATED, False),
        ("They expect a border accord between Chad and Niger this week.", Stage.PROPOSED, Polarity.HYPOTHETICAL, False),
        ("Talks between Chad and Niger on a border treaty ended without result.", Stage.REJECTED, Polarity.NEGATED, True),
        ("Chad would like to see a border treaty with Niger.", Stage.PROPOSED, Polarity.HYPOTHETICAL, False),
        # who is bound, and no longer bound
        ("Chad is bound by the defence pact with Niger until June.", Stage.IN_FORCE, Polarity.ASSERTED, False),
        ("Under the 1974 defence pact with Niger, Chad sent two battalions.", Stage.IN_FORCE, Polarity.HISTORICAL, False),
        ("Chad said it no longer considered itself bound by the defence pact with Niger.", Stage.WITHDRAWN, Polarity.ASSERTED, True),
        # hands put to it, with a place between; other names of papers
        ("The presidents of Chad and Niger affixed their signatures in Zinder to a border accord.", Stage.SIGNED, Polarity.ASSERTED, True),
        ("The presidents of Chad and Niger put pen to paper in Zinder on a border accord.", Stage.SIGNED, Polarity.ASSERTED, True),
        ("The police chiefs of Chad and Niger signed an agreed record of their consultation.", Stage.SIGNED, Polarity.ASSERTED, True),
        ("The police of Chad and Niger have been working under a letter of cooperation since 2015.", Stage.IN_FORCE, Polarity.ASSERTED, False),
        ("A royal decree promulgates the extradition treaty between Chad and Niger.", Stage.RATIFIED, Polarity.ASSERTED, True),
        ("Lawyers from Chad and Niger are putting the final touches to a border treaty.", Stage.DRAFTING, Polarity.ASSERTED, True),
        # an early conclusion is a wish
        ("They looked forward to the early conclusion of a border treaty between Chad and Niger.", Stage.PROPOSED, Polarity.HYPOTHETICAL, False),
        ("They announced the conclusion of a border treaty between Chad and Niger.", Stage.AGREED, Polarity.ASSERTED, True),
        # denied tales of a pact, and what is to be done with it
        ("Chad's ministry denied reports of a secret defence pact with Niger.", Stage.SIGNED, Polarity.NEGATED, False),
        ("Chad's press carried reports of a secret defence pact with Niger.", Stage.IN_FORCE, Polarity.ASSERTED, False),
        ("The defence pact between Chad and Niger is to be renewed in May.", Stage.EXTENDED, Polarity.ASSERTED, True),
        # a participle opens the sentence
        ("Signed by both defence ministers on Monday, the treaty between Chad and Niger covers overflights.", Stage.SIGNED, Polarity.ASSERTED, True),
        ("Signed in 1990, the treaty between Chad and Niger covers overflights.", Stage.SIGNED, Polarity.HISTORICAL, False),
        ("Signed in 1990, the treaty between Chad and Niger expired on Monday.", Stage.EXPIRED, Polarity.ASSERTED, True),
        ("Once ratified, the treaty between Chad and Niger will run for ten years.", Stage.AWAITING_RATIFICATION, Polarity.ASSERTED, False),
        # what was to happen is older than what happened
        ("Chad and Niger extended the truce. It had been due to expire on Friday.", Stage.EXTENDED, Polarity.ASSERTED, True),
        ("The truce between Chad and Niger expired on Friday.", Stage.EXPIRED, Polarity.ASSERTED, True),
        # who welcomes what was concluded now reports it
        ("The presidents of Chad and Niger welcomed a new defence pact, concluded last week.", Stage.AGREED, Polarity.ASSERTED, True),
        ("The presidents of Chad and Niger welcomed the defence pact concluded in 1990.", Stage.AGREED, Polarity.HISTORICAL, False),
    ],
)  # fmt: skip
def test_stages_of_treaty_practice_are_told_apart(
    text: str, stage: Stage, polarity: Polarity, is_news: bool
) -> None:
    report = agreement_in(text).report
    assert (report.stage, report.polarity, report.is_news) == (stage, polarity, is_news)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Chad and Niger signed a memorandum on the joint running of the Toumo crossing.", "border"),
        ("Chad and Niger signed an agreement on the use of two airfields.", "defence"),
        ("Chad and Niger signed a treaty under which each will help the other if attacked.", "defence"),
        ("Chad and Niger signed an agreement on the hosting of marines.", "defence"),
        ("Chad and Niger signed an agreement on criminal records.", "judicial"),
        ("The attorneys general of Chad and Niger signed a memorandum of understanding.", "judicial"),
        ("Chad and Niger signed an offshore processing agreement.", "migration"),
        ("Chad and Niger signed an agreement on precursor chemicals.", "organised_crime"),
        ("Chad and Niger signed an agreement on public order.", "security"),
        ("Chad and Niger signed an agreement on customer service at Faya.", "political"),
        ("Rail carriers of Chad and Niger signed an agreement.", "transport"),
    ],
)
def test_families_of_words_tell_what_an_instrument_is_about(text: str, domain: str) -> None:
    assert domain in agreement_in(text).report.domains
    assert domain in SECURITY_DOMAINS or not SECURITY_DOMAINS & set(agreement_in(text).report.domains)
