"""Words of subjects, weighed by how well they tell one instrument from another.

Origin: written for this project from the titles of memoranda and treaties between states.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

CONCEPTS: Final[Mapping[str, str]] = {
    "frontier": "border", "policing": "police", "constabulary": "police",
    "military": "defence", "defense": "defence", "army": "defence", "armed": "defence",
    "narcotic": "drug", "trafficking": "smuggling", "smuggler": "smuggling", "trafficker": "smuggling",
    "terrorist": "terror", "terrorism": "terror", "counterterrorism": "terror", "antiterrorism": "terror",
    "extremist": "extremism", "cybercrime": "cyber", "cybersecurity": "cyber", "cyberspace": "cyber",
    "commerce": "trade", "commercial": "trade", "convict": "prisoner", "inmate": "prisoner",
    "maritime": "sea", "naval": "sea", "marine": "sea", "refugee": "migrant", "migration": "migrant",
    "immigration": "migrant", "people": "migrant", "human": "migrant", "judicial": "legal", "criminal": "crime",
    "aviation": "air", "airline": "air", "flight": "air",
}  # fmt: skip
"""Words that name one matter in news English, by the one that stands for them."""

EMPTY_WORDS: Final = frozenset(
    """
    about accord affair against agency agreement aimed aiming also among and annual area arrangement assistance
    authority being between bilateral body both broad broader build building charter closer collaboration combat
    combating common comprehensive concerning convention cooperation cooperative coordination countering countries
    country covering day deal declaration deepen deepening developing development document each effort enhance
    enhancing establish establishing expand expanding field fight fighting finalise finalised finalize finalized for
    force framework friday from general government historic implementation improve improving increase increased
    increasing information inter interaction international into issue its jointly joint last later level long-term
    matter measure memorandum ministry monday month morning mou multilateral mutual nation national neighbor neighbour
    new next night office official other our over pact parties partnership party practical prepared previous problem
    promote promoting protocol ready recent regarding region regional related relating relation relationship
    respective saturday service sharing side sign signed signing soon state statement strategic strengthen
    strengthening such sunday text that the their these this those through thursday tie today tomorrow tonight toward
    towards treaty tuesday two under understanding various version wednesday week which will with within work working
    year yesterday
    entre les des deux pays une sur pour dans avec coopération accord mémorandum entente domaine relations bilatérale
    bilatéral commun commune
    между двумя странами стран сторон сотрудничество сотрудничества сотрудничестве области сфере меморандум
    меморандума соглашение соглашения договор договора взаимопонимании двусторонний
    los las dos países cooperación acuerdo memorando entendimiento ámbito materia sobre para con
    zwischen den beiden ländern staaten zusammenarbeit abkommen vereinbarung über bereich und der die das
    ile arasında iki ülke işbirliği alanında anlaşma mutabakat zaptı
    میان بین دو کشور همکاری همکاریهای تفاهم نامه تفاهمنامه زمینه در از برای های
    بين البلدين دولتين تعاون التعاون مذكرة تفاهم اتفاق اتفاقية مجال في على من
    """.split()  # noqa: SIM905 - a word a line would be six pages
)
"""Words that tell no two instruments apart, in the languages of most reports."""

WEAK_WORDS: Final = frozenset(
    {"security", "safety", "secure", "sécurité", "безопасности", "امنیت", "امنیتی", "الأمن"}
)
"""Words that do not count: security is the matter of half the instruments here."""

MANNER_WORDS: Final = frozenset(
    {"training", "smuggling", "patrol", "exchange", "transfer", "control", "supply", "crime", "fight"}
)
"""Words for how, not for what: they count only where one side says nothing else. Drugs and people are both smuggled."""

MATTER_STEMS: Final = (
    # security
    "border", "police", "terror", "extrem", "criminal", "drug", "smuggl", "launder", "mafia", "corrupt", "cyber",
    "intelligence", "espion", "defen", "milit", "troop", "soldier", "weapon", "missile", "naval", "submarine", "nuclear",
    "atomic", "uranium", "enrich", "disarm", "peace", "ceasefire", "truce", "hostil", "hostage", "extradit", "prison",
    "legal", "judic", "safeguard", "aggress",
    # people, sea and land
    "migra", "asylum", "refugee", "readmi", "deport", "repatri", "consul", "citizen", "boundar", "coast", "fish",
    "territor", "delimit", "demarc",
    # economy and the rest
    "trade", "tariff", "econom", "invest", "financ", "currenc", "energy", "pipeline", "electric", "railway", "transport",
    "transit", "agricultur", "medic", "vaccin", "educat", "student", "cultur", "touris", "scien", "technolog", "satellite",
    "climate", "environment", "labour", "mineral", "telecom", "friendship", "disaster",
)  # fmt: skip
"""How words begin, in English, that name a matter. A reader's subject without any is taken for a slip of the reader."""

MATTER_WORDS: Final = frozenset(
    {
        "guard", "patrol", "crime", "gang", "fraud", "hacking", "spy", "navy", "army", "arms", "arm", "fighter", "base", "mine",
        "skies", "sky", "alliance", "court", "custody", "sentence", "visa", "sea", "strait", "island", "water", "river", "custom",
        "export", "import", "tax", "taxation", "bank", "debt", "loan", "gas", "oil", "power", "air", "rail", "road", "port", "ship",
        "shipping", "food", "grain", "wheat", "health", "sport", "youth", "space", "worker", "data", "mining", "media",
    }
)  # fmt: skip
"""The same for words that begin like others: sea and season, import and important."""
