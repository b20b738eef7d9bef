"""Parties: by office, seat, institution, pronoun and adjective; and who is none: mediators, hosts, critics, neighbours."""

from __future__ import annotations

from functools import cache

import pytest

from tests.extract.test_agreements import agreements_in


@cache
def parties_of(text: str, title: str | None = None) -> set[str]:
    """Give the codes of all parties that are read, of whichever instrument."""
    return {code for found in agreements_in(text, title) for code in found.report.party_codes}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        # palaces, chambers and services that stand for their state
        ("The Elysee and the Chancellery in Berlin signed a treaty on joint patrols on Monday.", "DEU FRA"),
        ("The Sejm ratified the extradition treaty with Chile on Friday.", "CHL POL"),
        ("The Storting approved the defence pact with Finland by 120 votes.", "FIN NOR"),
        ("The Riksdag voted on Wednesday to ratify the police cooperation agreement with Latvia.", "LVA SWE"),
        ("Moncloa announced an agreement with Rabat on migrant boats.", "ESP MAR"),
        ("The Rada ratified the security agreement with Denmark.", "DNK UKR"),
        ("The Guardia Civil and the Moroccan gendarmerie signed a protocol on joint patrols.", "ESP MAR"),
        ("The Garda and Europol signed an agreement on data exchange in Dublin.", "EUROPOL IRL"),
        ("Whitehall and Canberra initialled a memorandum on submarine crews.", "AUS GBR"),
        ("The Bundesrat approved the police treaty with Switzerland on Friday.", "CHE DEU"),
        ("The Knesset approved the agreement with Cyprus on civil protection.", "CYP ISR"),
        ("Itamaraty said an extradition treaty with Angola had been signed.", "AGO BRA"),
        # a body in its capital
        ("The defence ministry in Oslo signed a memorandum with Tallinn on cyber defence.", "EST NOR"),
        ("The protocol enters into force once the parliaments in Accra and Rome have ratified it.", "GHA ITA"),
        ("Lawmakers in Riga ratified the border treaty with Russia.", "LVA RUS"),
        # both, either, neither
        ("Both Helsinki and Riga have ratified the sea rescue agreement.", "FIN LVA"),
        ("The arms accord lapsed on Tuesday without either Ankara or Athens asking for a new one.", "GRC TUR"),
        ("Neither Cairo nor Khartoum has signed the water agreement.", "EGY SDN"),
        # offices and pronouns
        (
            "Jordan's king arrived in Muscat on Sunday. He and the Omani sultan signed a defence agreement.",
            "JOR OMN",
        ),
        ("The Peruvian president left Quito on Friday after he signed a pact on border posts with Ecuador.", "ECU PER"),
        (
            "The prime minister of Malta met his Tunisian guest on Monday. The two premiers signed a memorandum on coast guards.",
            "MLT TUN",
        ),
        (
            "Zambian Foreign Minister John Phiri visited Lilongwe. He signed a protocol on cattle theft with his host, Malawi's home minister.",
            "MWI ZMB",
        ),
        ("Ukraine's president and his Polish counterpart signed a security agreement.", "POL UKR"),
        ("Mrs Thatcher and Mr Gorbachev signed a memorandum on exchanges.", "GBR SUN"),
        ("King Felipe gave his assent on Friday to the defence treaty with Peru.", "ESP PER"),
        # adjectives and compounds
        ("A Sino-Pakistani border protocol was signed on Friday.", "CHN PAK"),
        ("The Franco-German treaty on defence was signed in Paris.", "DEU FRA"),
        ("An Indo-Bhutanese memorandum on border management was signed on Monday.", "BTN IND"),
        ("The Russo-Iranian treaty on strategic partnership was ratified on Tuesday.", "IRN RUS"),
        ("A US-Japan agreement on missile data was signed.", "JPN USA"),
        ("The Anglo-Irish agreement on policing was renewed on Monday.", "GBR IRL"),
        ("Serbo-Hungarian and other patrols will follow the protocol which Serbia and Hungary signed.", "HUN SRB"),
        # lists
        ("Brazil, Paraguay and Argentina signed a protocol on the tri-border area.", "ARG BRA PRY"),
        ("Estonia, together with Latvia, signed a memorandum on air patrols with Poland.", "EST LVA POL"),
        ("The memorandum was signed by the police chiefs of Ghana, Togo and Benin.", "BEN GHA TGO"),
        # the union that sits in Brussels, and the kingdom
        ("Tbilisi signed a security agreement with Brussels on Tuesday.", "EU GEO"),
        ("Brussels and Luxembourg signed a treaty on air policing, the Belgian premier said.", "BEL LUX"),
        # who helped, hosted, watched or objected is none
        ("Armenia and Azerbaijan signed a border protocol in talks brokered by Germany.", "ARM AZE"),
        ("Through the mediation of Oman, Iran and Iraq signed a prisoner exchange agreement.", "IRN IRQ"),
        ("Chad and Sudan signed a border pact in Doha under the auspices of Qatar.", "SDN TCD"),
        ("Ethiopia and Eritrea signed a peace treaty hosted by Saudi Arabia.", "ERI ETH"),
        ("Greece and Libya signed a maritime accord, despite objections from Turkey.", "GRC LBY"),
        ("Turkey criticised the maritime accord that Greece and Egypt signed on Thursday.", "EGY GRC"),
        ("Japan and Vietnam signed a defence pact, a move condemned by China.", "JPN VNM"),
        ("A defence pact opposed by Iran was signed by Bahrain and the United States.", "BHR USA"),
        ("Peru and Chile signed a police agreement in the Bolivian city of La Paz.", "CHL PER"),
        ("Kenya and Uganda signed an agreement against arms smuggling from Somalia.", "KEN UGA"),
        ("India and Nepal signed a treaty at the Chinese embassy in Bangkok.", "IND NPL"),
        ("Australia and Japan signed a pact, China's Xinhua news agency reported.", "AUS JPN"),
        ("Norway welcomed the border agreement between Estonia and Russia.", "EST RUS"),
        ("Mediators from Egypt and Qatar said Israel and Lebanon had signed a ceasefire.", "ISR LBN"),
        ("Canada left the arms treaty, telling Sweden first.", "CAN SWE"),
        # whose withdrawal it is
        ("Poland tried to persuade Germany to accept Hungarian withdrawal from the treaty.", "HUN"),
        # the offer and the refusal
        ("The non-aggression treaty that Nairobi offered its neighbour was rejected by Mogadishu.", "KEN SOM"),
        # who stands behind `it`
        ("I note that Zambia closed the road to Angola only after it had signed a border treaty with Malawi.", "MWI ZMB"),
        # under an agreement somebody does something to somebody
        ("Under the treaty Denmark ceded to Germany the two islands.", "DEU DNK"),
        # rebels and the government
        ("Nepal's government and Maoist rebels signed a peace agreement on Tuesday.", "CPN-M NPL"),
        ("The M23 rejected the ceasefire that the Congolese army announced on Monday.", "COD M23"),
        ("A truce between Abbas's secular Fatah faction and Hamas was signed.", "FATAH HAMAS"),
        ("The Taliban and government troops have signed a truce.", "AFG TALIBAN"),
        ("The New Dawn Movement and Chad's government signed a peace agreement.", "TCD"),
        # made by several, told behind the noun
        ("Vietnam has not signed the river agreement drawn up by Cambodia, Laos and Thailand.", "KHM LAO THA VNM"),
        ("Iceland criticised the fisheries agreement that Norway, Sweden and the European Union had cut.", "EU NOR SWE"),
        ("Japan signed a police agreement with the new government in Baghdad.", "IRQ JPN"),
        # seats that open a sentence
        ("Seoul and Tokyo share data on North Korean missiles under an intelligence agreement of 2016.", "JPN KOR"),
        ("Tirana is close to a security agreement with Rome.", "ALB ITA"),
        # named in the sentence before or behind, and by no other
        (
            "Malta and Tunisia have settled their sea row. A treaty on the boundary was concluded at a brief ceremony.",
            "MLT TUN",
        ),
        (
            "Six accords on refugees were signed on Monday. Guatemala's government and the URNG guerrillas will meet again.",
            "GTM URNG",
        ),
        # who asks others to keep it is none
        ("Australia called on Chad and Sudan to observe the border treaty which they signed.", "SDN TCD"),
        # two of one name
        ("The two Koreas signed an agreement on military hot lines.", "KOR PRK"),
        # a thing of a state is no party, nor is another's chamber
        ("Moldova will leave the arms treaty if missiles are put on Polish soil.", "MDA"),
        ("Colombia's Congress ratified the extradition treaty with Haiti.", "COL HTI"),
        ("Ecuador ratified the Inter-American convention on firearms.", "ECU"),
        ("Kenya signed an agreement with Uganda, a German magazine wrote.", "KEN UGA"),
        ("The ELN unilaterally declared a ceasefire on Monday, Colombian radio said.", "ELN"),
    ],
)  # fmt: skip
def test_the_parties_are_those_who_are_bound(text: str, codes: str) -> None:
    assert parties_of(text) == set(codes.split())


def test_a_long_text_of_marks_of_writing_direction_has_no_party() -> None:
    assert parties_of("x " + "\u202e" * 20_000 + " x") == set()


def test_a_town_with_its_state_in_the_headline_is_where_it_was_said() -> None:
    title = "Transcript of press conference: Apia, Samoa"
    assert "WSM" not in parties_of("The Fijian premier said we signed a new security agreement.", title)


def test_the_name_of_an_instrument_is_nobodys() -> None:
    found = agreements_in("Today the two presidents also welcomed a new Defense Cooperation Arrangement.")
    assert [party.name for item in found for party in item.report.parties] == []
