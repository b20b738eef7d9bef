"""Between whom an instrument is, and of which sort that makes it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType, MentionKind
from schemas.event import InstrumentType, Party, Scope
from streams.extract.stage import CLEAR, HINTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from schemas.entity import Entity, Mention
    from streams.extract.instruments import NounPhrase
    from streams.extract.reading import Sentence
    from streams.extract.stage import Step

SUBJECT_REACH: Final = 48
"""So many words before an act its subject is still looked for."""
PAIR: Final = 2
"""An instrument has two parties at least."""
NOT_IN_TEXT: Final = -1
"""The offset of an actor whom only the headline names."""

STATE, ORGANISATION, REBELS = "state", "igo", "rebels"
PEACE: Final = frozenset({InstrumentType.CEASEFIRE, InstrumentType.PEACE_AGREEMENT})

_NAMESAKES: Final = {
    "koreas": (("KOR", "South Korea"), ("PRK", "North Korea")),
    "sudans": (("SDN", "Sudan"), ("SSD", "South Sudan")),
    "congos": (("COD", "Democratic Republic of the Congo"), ("COG", "Republic of the Congo")),
    "germanys": (("DEU", "West Germany"), ("DDR", "East Germany")),
    "germanies": (("DEU", "West Germany"), ("DDR", "East Germany")),
    "yemens": (("YEM", "Yemen"), ("YMD", "South Yemen")),
}
"""Two states of one name, spoken of together."""
_HOSTS: Final = {"place:BEL:brussels": "EU"}
"""Towns that stand for a body, where the text does not speak of the state they are in."""
_SECTORS: Final = {
    "IGO": ORGANISATION, "REB": REBELS, "MNC": "company", "BUS": "company", "EDU": "institution", "NGO": "institution",
    "OPP": "party", "LAB": "labour",
}  # fmt: skip
_SECTOR_CODES: Final = frozenset(
    {
        "MIL", "COP", "GOV", "BUS", "REB", "MED", "NGO", "OPP", "LAB", "EDU", "LEG", "JUD", "SPY", "CVL", "ELI",
        "INS", "CRM", "UAF", "SEP", "RAD", "HRI", "REF", "MNC",
    }
)  # fmt: skip
_NAMELESS: Final = frozenset({"ORG", "PER", "XXX"})
_PUBLIC: Final = frozenset(
    {Scope.INTER, Scope.MULTI, Scope.STATE_ORG, Scope.IGO, Scope.INTRA, Scope.NONSTATE, Scope.OTHER}
)
"""Scopes of whose parties only those with a code of their own are kept."""

_CIVIL: Final = frozenset({Scope.INTRA, Scope.NONSTATE})
"""Scopes in which a movement counts that the lexicon does not know, by its name."""

_MOVEMENTS: Final = frozenset(
    {
        "front", "movement", "army", "party", "alliance", "rebels", "militia", "union", "council", "guerrillas", "separatists",
        "forces", "resistance", "brigade", "brigades", "coalition", "congress", "organisation", "organization", "militants",
    }
)  # fmt: skip
_PLACE_WORDS: Final = frozenset(
    {
        "in", "at", "near", "from", "to", "into", "outside", "across", "visiting", "via", "inside", "around", "off",
        "through", "toward", "towards", "throughout", "within",
    }
)  # fmt: skip
_DIRECTIONS: Final = frozenset(
    {
        "the",
        "a",
        "eastern",
        "western",
        "northern",
        "southern",
        "central",
        "neighbouring",
        "neighboring",
        "nearby",
    }
)
_ELSEWHERE: Final = frozenset({"after", "during", "following", "amid"})
"""Behind these another `by` is not that of the act: reached after mediation by."""
_ENVOYS: Final = frozenset(
    {
        "experts", "officials", "delegations", "delegates", "negotiators", "ministers", "representatives", "envoys",
        "diplomats", "commanders", "officers", "teams", "lawyers", "leaders", "generals", "chiefs", "envoy", "team",
        "delegation",
    }
)  # fmt: skip
_TOWNS: Final = frozenset(
    {
        "city", "town", "capital", "port", "resort", "province", "village", "region", "embassy", "city's", "island",
        "border", "territory", "side",
    }
)  # fmt: skip
_OF_A_STATE: Final = frozenset(
    {
        "government", "parliament", "army", "police", "ministry", "side", "delegation", "navy", "military", "state", "and", "or",
        "senate", "foreign", "prime", "defence", "defense", "interior", "president", "minister", "people", "public",
        "leader", "premier", "cabinet", "counterpart", "team", "embassy", "justice", "border", "coast", "air", "armed", "security",
        "council", "congress", "chancellor", "king", "queen", "authority", "ambassador", "envoy", "negotiator", "official",
    }
)  # fmt: skip
"""Behind an adjective of a state these say who acts; anything else that it is a thing of that state: Polish soil."""
_MODALS: Final = frozenset({"should", "would", "could", "shall", "can", "may", "might", "must", "who", "to"})
_PREFIXES: Final = frozenset({"inter", "pan", "anti", "pro", "trans", "non", "ex", "latin"})
_SEATED: Final = frozenset(
    {
        "ministry", "ministries", "government", "governments", "parliament", "parliaments", "authorities", "lawmakers", "deputies",
        "cabinet", "chancellery", "presidency", "leadership", "senate", "police", "officials", "senators", "junta", "mps",
        "ministers", "legislators", "capitals", "department", "court",
    }
)  # fmt: skip
_SEATED_ALONE: Final = frozenset((word,) for word in _SEATED)
_TOLD: Final = frozenset({"telling", "notified", "informed", "notifying", "informing", "notifies", "informs"})
_DATELINE: Final = frozenset({"(", "--", "—", "_"})
_INDIRECT: Final = frozenset({"from", "to", "against", "about", "over", "on", "for", "told"})
"""Who stands behind one of these acts in no instrument."""
_LIST_BREAKS: Final = frozenset({"on", "for", "to", "in", "that", "which", "who", "year", "month", "week"})
_CONJUNCTIONS: Final = frozenset({"and", ",", "&", "or", "nor", "/", "-", "–"})
_PRONOUN_SUBJECTS: Final = (("it",), ("he",), ("she",))
_OPENING: Final = (("that",), ("and",), (",",), ("but",), ("while",), ("after",), ("when",), ())
"""A subject of a clause of its own stands behind one of these."""
_STOPS: Final = frozenset({";", ":", ".", "?", "!"})
_BROKERED: Final = frozenset(
    {"brokered", "mediated", "backed", "sponsored", "led", "supervised", "drafted", "imposed", "facilitated"}
)
_CALLS: Final = frozenset(
    {"call", "calls", "called", "calling", "urge", "urges", "urged", "urging", "ask", "asks", "asked"}
)
_SHARED: Final = frozenset({"bilateral", "trilateral"})
_BOTH: Final = frozenset(
    {
        *((number, noun) for number in ("two", "both") for noun in (
            "countries", "sides", "nations", "governments", "states", "leaders", "ministers", "presidents",
            "neighbours", "neighbors", "men", "parties", "foreign", "heads", "capitals", "armies",
        )),
        ("our", "two"), ("the", "leaders"), ("the", "two"),
    }
)  # fmt: skip
_LIST_OPENERS: Final = frozenset({"are", "include", "including", "namely"})
_COUNTED: Final = frozenset({"both", "either", "neither"})
_COUNTED_BEHIND: Final = frozenset({"by", "of", "from", "without", "with", "between", "binding", "on"})
_MADE: Final = frozenset(
    {
        "signed", "initialled", "initialed", "concluded", "reached", "struck", "announced", "offered", "proposed", "agreed",
        "drawn", "cut", "hammered", "made", "negotiated", "drafted", "declared", "ratified", "renewed", "sought", "seek", "want", "wants", "sign", "inked",
    }
)  # fmt: skip
_AUXILIARIES: Final = frozenset(
    {"have", "has", "had", "will", "would", "are", "were", "is", "was", "to", "jointly", "just"}
)
_SIGNATORIES: Final = frozenset({"countries", "parties", "signatories", "nations", "states"})


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone in a sentence who can be a party: words `first` up to `last`, the codes that stand for them, and the sort.

    One that is `located` only says where; a `seat` is a place that stands for a state or names a treaty: Minsk.
    One that is `indirect` is spoken to or about.
    """

    first: int
    last: int
    codes: tuple[str, ...]
    names: tuple[str, ...]
    sort: str
    entity_id: str | None
    start: int
    end: int
    located: bool = False
    seat: bool = False
    indirect: bool = False
    adjective: bool = False
    home: str | None = None
    """The state that a movement fights in."""


@dataclass(frozen=True, slots=True)
class Found:
    """The parties that grammar gives.

    `shared`: the words say `the two countries`, `bilateral` or the like. `strangers`: those who reject it are none
    of its parties. `paired`: the words say `between A and B`.
    """

    actors: tuple[Actor, ...]
    shared: bool
    strangers: bool
    paired: bool


_ASIDE: Final = {
    "by": frozenset(
        {
            "brokered", "mediated", "hosted", "sponsored", "facilitated", "supervised", "monitored", "guaranteed", "opposed",
            "condemned", "criticised", "criticized", "denounced", "welcomed", "praised", "hailed", "mediation", "objections",
            "protests", "criticism", "observed", "organised", "organized", "convened", "chaired", "threatened", "attacked",
        }
    ),
    "of": frozenset({"mediation", "auspices", "sponsorship", "supervision", "aegis", "objections", "help", "protests"}),
    "from": frozenset({"mediators", "mediator", "mediation", "observers", "objections", "protests", "pressure", "criticism"}),
}  # fmt: skip
"""Who stands behind these words helped, watched or objected: opposed by Iran, mediators from Egypt."""
_ASIDE_REACH: Final = 4
_ASIDE_GAP: Final = frozenset({"the", "and", ",", "visiting", "former", "neighbouring", "neighboring"})


def _is_aside(first: int, words: Sequence[str], taken: Sequence[Actor]) -> bool:
    """Tell one who only helped, watched or objected by the words before: brokered by Egypt and Qatar."""
    at = first - 1
    inside = {k for actor in taken for k in range(actor.first, actor.last)}
    while at > 0 and first - at <= 2 * _ASIDE_REACH and (words[at] in _ASIDE_GAP or at in inside):
        at -= 1
    if at <= PAIR + 1 and "," in words[at:first]:
        return False  # through the mediation of Oman, Iran and Iraq signed
    return at > 0 and words[at - 1] in _ASIDE.get(words[at], ())


def codes_of(actors: Iterable[Actor]) -> set[str]:
    """Give the codes of actors that have one of their own."""
    return {code for actor in actors if actor.sort in {STATE, ORGANISATION, REBELS} for code in actor.codes}


def find_actors(
    sentence: Sentence, mentions: Iterable[Mention], entities: Mapping[str, Entity], words: Sequence[str]
) -> tuple[Actor, ...]:
    """Lay the mentions of a sentence over its tokens, the outermost of those that nest, in order."""
    starts = [token.start for token in sentence.tokens]
    # marks of writing direction alone are no tokens, and no party either
    inside = [m for m in mentions if words and sentence.start <= m.start and m.end <= sentence.end]
    found: list[Actor] = []
    for mention in sorted(inside, key=lambda m: (m.start, -m.end, m.entity_id)):
        actor = _actor(mention, entities, starts, words)
        if actor is None or (found and actor.end <= found[-1].end):
            continue
        if found and actor.start < found[-1].end:
            earlier = found.pop()
            if (
                earlier.entity_id == actor.entity_id
            ):  # the US envoy John Smith: the office, then rank and name
                actor = replace(
                    actor, first=earlier.first, located=earlier.located, indirect=earlier.indirect
                )
        if _is_another(actor, words, found):
            continue
        if actor.located and _is_seat(actor, words, found):
            actor = replace(actor, located=False)
            if found and found[-1].sort == "organisation" and found[-1].last == actor.first - 1:
                found.pop()  # the new government in Baghdad: one party
        found.append(actor)
    for at, word in enumerate(words):
        if word in _NAMESAKES and (token := sentence.tokens[at]):
            codes, names = zip(*_NAMESAKES[word], strict=True)
            found.append(Actor(at, at + 1, codes, names, STATE, None, token.start, token.end))
            found.sort(key=lambda a: a.first)
    return tuple(
        a
        for n, a in enumerate(found)
        if not (
            _is_aside(a.first, words, found[max(0, n - _ASIDE_REACH) : n])
            or _is_owner(a, found[n + 1 : n + 2], sentence)
        )
    )


def is_of_a_thing(actor: Actor, words: Sequence[str]) -> bool:
    """Tell an adjective of what is no body of the state: Polish soil, a German magazine."""
    return actor.adjective and words[actor.last] not in _OF_A_STATE


def _is_owner(actor: Actor, behind: Sequence[Actor], sentence: Sentence) -> bool:
    """Tell whose movement or body another is: Abbas's secular Fatah faction."""
    owned = sentence.tokens[actor.last - 1].text.endswith(("'s", "’s"))
    near = behind[0].first - actor.last <= PAIR + 1 if behind else False
    return owned and near and actor.sort == STATE and behind[0].sort in {REBELS, ORGANISATION}


def _is_another(actor: Actor, words: Sequence[str], before: Sequence[Actor]) -> bool:
    """Tell a known name that means another here: Colombia's Congress, Inter-American."""
    opener, hyphen, _ = words[actor.first].partition("-")
    if hyphen and opener in _PREFIXES:
        return True
    owner = before[-1] if before else None
    theirs = owner is not None and owner.last == actor.first and owner.sort == actor.sort == STATE
    return (
        theirs
        and owner is not None
        and (actor.entity_id or "").startswith("org:")
        and owner.codes != actor.codes
    )


def _is_seat(actor: Actor, words: Sequence[str], before: Sequence[Actor]) -> bool:
    """Whether a body that no state is told of sits there: the ministry in Oslo, the parliaments in Accra and Rome."""
    opener = words[actor.first - 1]
    body = words[actor.first - 2] if actor.first > 1 else ""
    owned = bool(before) and before[-1].sort == STATE and before[-1].last >= actor.first - 1
    return opener == "in" and body in _SEATED and not owned


def _actor(
    mention: Mention, entities: Mapping[str, Entity], starts: list[int], words: Sequence[str]
) -> Actor | None:
    entity = entities[mention.entity_id]
    codes, sort = _codes(entity, entities)
    if entity.id in _HOSTS and f"country:{codes[0]}" not in entities:
        codes, sort = (_HOSTS[entity.id],), ORGANISATION
    group = entity.type is EntityType.GROUP
    if not codes or (mention.kind is MentionKind.PRONOUN and group):
        return None
    first = max(0, bisect_right(starts, mention.start) - 1)
    last = max(first + 1, bisect_left(starts, mention.end))
    before = words[first - 1] if first else ""
    if before in _DIRECTIONS and first > 1:
        before = words[first - 2]
    sent = before == "from" and first > 1 and words[first - 2] in _ENVOYS
    placed = before in _PLACE_WORDS and not sent and entity.type in {EntityType.COUNTRY, EntityType.PLACE}
    located = placed and mention.kind is not MentionKind.NATIONALITY
    after = words[last] if last < len(words) else ""
    spoken = before == "in" and words[first - 1 : first] == ("in",) and not after.isalpha()
    if mention.kind is MentionKind.NATIONALITY and (spoken or (after in _TOWNS and before in _PLACE_WORDS)):
        located = True  # in the Chinese city of, in Spanish
    if entity.type is EntityType.PLACE and (before in {"of", "on", "for", ","} or after in _DATELINE):
        located = True
    return Actor(
        first=first,
        last=last,
        codes=codes,
        sort=sort,
        names=tuple(entities[m].name for m in entity.members if m in entities)
        if len(codes) > 1
        else (entity.name if mention.kind is MentionKind.PRONOUN else mention.text,),
        entity_id=mention.entity_id,
        start=mention.start,
        end=mention.end,
        located=located,
        seat=entity.type is EntityType.PLACE,
        indirect=before in _INDIRECT and not sent,
        adjective=mention.kind is MentionKind.NATIONALITY
        and after.isalpha()
        and not after.endswith("s")
        and after not in _VERBS | _MODALS,
        home=next(iter(entity.countries), None) if sort == REBELS else None,
    )


def _codes(entity: Entity, entities: Mapping[str, Entity]) -> tuple[tuple[str, ...], str]:
    """Give the codes of parties that an entity stands for, and their sort."""
    if entity.type is EntityType.GROUP and entity.members:
        members = (entities[member] for member in entity.members if member in entities)
        held = [
            code
            for member in members
            if member.type is not EntityType.GROUP
            for code in _codes(member, {})[0]
        ]
        return tuple(dict.fromkeys(held)), STATE
    head, _, sector = (entity.code or "").partition(":")
    sort = _SECTORS.get(sector, "")
    body = entity.type is EntityType.ORGANISATION
    codes: tuple[str, ...] = ()
    if sector == "MED":
        sort = ""  # who reports is no party
    elif body and sort in {ORGANISATION, REBELS} and head not in _SECTOR_CODES:
        codes = (head,)
    elif body and sort == "party" and head not in {*entity.countries, *_SECTOR_CODES}:
        codes, sort = (head,), REBELS  # Fatah, Sinn Fein: no arm of their state
    elif entity.type in {EntityType.PERSON, EntityType.ROLE} and sort == REBELS and head not in _SECTOR_CODES:
        codes = (head,)
    elif entity.countries and sort not in {"company", "institution"}:
        codes, sort = tuple(entity.countries[:1]), STATE
    elif body:
        codes, sort = ("ORG",), sort or "organisation"
    elif entity.type not in {EntityType.PERSON, EntityType.ROLE} and head:
        codes, sort = (head,), STATE
    return codes, sort


def parties_of(phrase: NounPhrase, step: Step, actors: Sequence[Actor], words: Sequence[str]) -> Found:
    """Take the parties from where grammar puts them: between A and B, A-B pact, A signed with B, signed by A and B."""
    own = _inside(phrase, actors, words)
    close = step.end if step.end - phrase.end <= PAIR else phrase.end
    between = _next(words, max(phrase.end, close), {"between", "among"}, 16)
    if between is not None:
        own.extend(_listed(actors, words, between + 1))
    if between is None and step.verb is not None and step.verb < phrase.start:
        ahead = _next(words, step.verb + 1, {"between", "among"}, phrase.start - step.verb - 1)
        if ahead is not None:
            own.extend(_listed(actors, words, ahead + 1))  # talks between A and B on a pact
    if (
        step.act not in {"call", "react"}
        and step.verb is not None
        and step.verb < phrase.start
        and not step.passive
    ):
        before = (a for a in actors if step.verb < a.first <= step.verb + PAIR and a.last == phrase.start)
        own.extend(a for a in before if not (a.located or a.indirect or a.seat or is_broker(a, words)))
    if step.act == "propose" and words[phrase.end : phrase.end + 1] == ("to",):
        own.extend(_listed(actors, words, phrase.end + 1))
    if step.act in {"leave", "suspend"}:
        own.extend(actor for actor in actors if set(words[max(0, actor.first - 1) : actor.first]) & _TOLD)
    own.extend(_paired_off(step, actors, words))
    own.extend(_of_relative(phrase, actors, words))
    own.extend(_made_by(phrase, actors, words))
    own.extend(_under(phrase, step, actors, words))
    agents = [] if step.act in {"call", "react"} else _agents(phrase, step, actors, words)
    named = codes_of(own)
    strangers = (
        len(named) >= PAIR and step.act == "reject" and not step.passive and not codes_of(agents) & named
    )
    taken = [*own, *_partners(phrase, step, actors, words), *_signatories(actors, words)]
    if not strangers and (between is None or len(codes_of(taken)) < PAIR):
        taken.extend(agents)
    shared = bool(set(words) & _SHARED) or any(pair in _BOTH for pair in pairwise(words))
    shared = shared or words[max(0, step.start - 1) : step.start] == ("they",)
    unique = {(actor.first, actor.last, actor.codes): actor for actor in taken}
    return Found(tuple(unique[key] for key in sorted(unique)), shared, strangers, between is not None)


def _paired_off(step: Step, actors: Sequence[Actor], words: Sequence[str]) -> list[Actor]:
    """Take those whom `both`, `either` or `neither` counts: neither Cairo nor Khartoum has ratified it."""
    for at in range(max(0, step.start - SUBJECT_REACH), min(len(words), step.end + SUBJECT_REACH)):
        if words[at] not in _COUNTED:
            continue
        pair = _listed(actors, words, at + 1)
        if len(pair) != PAIR or pair[0].first > at + PAIR or not pair[0].sort == pair[1].sort == STATE:
            continue
        acts = 0 <= step.start - pair[1].last <= PAIR
        if acts or words[max(0, at - 1)] in _COUNTED_BEHIND:
            return pair
    return []


def _of_relative(phrase: NounPhrase, actors: Sequence[Actor], words: Sequence[str]) -> list[Actor]:
    """Take who made it by a clause behind the noun: the pact that Greece and Egypt signed, the truce the army declared."""
    at = phrase.end + (words[phrase.end : phrase.end + 1] in (("that",), ("which",)))
    made = _listed(actors, words, at)
    if not made or made[0].first - at > 1 + (words[at : at + 1] == ("the",)):
        return []
    behind = words[made[-1].last : made[-1].last + PAIR + 1]
    verb = next((k for k, word in enumerate(behind) if word not in _AUXILIARIES), None)
    done = verb is not None and (behind[verb] in _MADE or (verb and behind[verb].endswith("ed")))
    return made if done else []


def _made_by(phrase: NounPhrase, actors: Sequence[Actor], words: Sequence[str]) -> list[Actor]:
    """Take who made it by a participle behind the noun: the agreement drawn up by Laos, Burma and Thailand."""
    by = _next(words, phrase.end, {"by"}, _SLACK)
    return _listed(actors, words, by + 1) if by is not None and set(words[phrase.end : by]) & _MADE else []


def _under(phrase: NounPhrase, step: Step, actors: Sequence[Actor], words: Sequence[str]) -> list[Actor]:
    """Take who does something to whom under it: by the treaty Spain ceded to the United States its colonies."""
    before = words[phrase.start - 1] if phrase.start else ""
    if before not in {"under", "by"} or phrase.start > PAIR or step.strength > HINTED:
        return []
    ahead = [actor for actor in actors if actor.first >= phrase.end]
    if not ahead or ahead[0].first - phrase.end > PAIR or ahead[0].located:
        return []
    given = next(
        (a for a in ahead[1:] if {"to", "from", "with"} & set(words[a.first - PAIR : a.first])), None
    )
    return [ahead[0], given] if given else []


def _inside(phrase: NounPhrase, actors: Sequence[Actor], words: Sequence[str]) -> list[Actor]:
    """Take those within the noun phrase: the Iran-China accord, but not the Minsk accords or a US-brokered one."""
    named = phrase.noun.type is InstrumentType.CONVENTION
    return [
        actor
        for actor in actors
        if phrase.start <= actor.first < phrase.head
        and not (actor.last > phrase.head and actor.sort == "organisation")  # the instrument's own name
        and not actor.seat
        and not is_broker(actor, words)
        and not (actor.sort == ORGANISATION and (named or actor.codes == ("UN",)))
    ]


def is_broker(actor: Actor, words: Sequence[str]) -> bool:
    """Tell one who only helped: the US-brokered deal."""
    last = words[actor.last - 1]
    return bool(set(words[actor.last : actor.last + 2]) & _BROKERED) or last.rpartition("-")[2] in _BROKERED


def _partners(phrase: NounPhrase, step: Step, actors: Sequence[Actor], words: Sequence[str]) -> list[Actor]:
    out: list[Actor] = []
    low = step.start if step.verb is not None and step.verb < phrase.start else phrase.start
    for at in range(low, min(len(words), max(step.end, phrase.end) + 22)):
        if words[at] == ".":
            break
        if words[at] == "with" and words[at - 1] not in {"deal", "dealing"}:
            out.extend(_listed(actors, words, at + 1))
    return out


def _signatories(actors: Sequence[Actor], words: Sequence[str]) -> list[Actor]:
    """Take a list that says who they are: the countries that will sign are A, B and C."""
    if not _SIGNATORIES & set(words):
        return []
    for at, word in enumerate(words):
        if word in _LIST_OPENERS and _SIGNATORIES & set(words[:at]):
            listed = _listed(actors, words, at + 1)
            if len(listed) > PAIR:
                return listed
    return []


def _next(words: Sequence[str], start: int, wanted: set[str], reach: int) -> int | None:
    for at in range(start, min(len(words), start + reach)):
        if words[at] in _STOPS:
            return None
        if words[at] in wanted:
            return at
    return None


_SLACK: Final = 5
_VERBS: Final = frozenset(
    {
        "is", "are", "was", "were", "has", "have", "had", "will", "would", "took", "takes", "take", "came", "comes", "went",
        "entered", "enters", "collapsed", "expired", "lapsed", "broke", "said", "says", "ended", "held",
    }
)  # fmt: skip


def _listed(actors: Sequence[Actor], words: Sequence[str], start: int) -> list[Actor]:
    """Take the actors of a list that begins at `start`: each follows the last with only list words between."""
    out: list[Actor] = []
    at = start
    for actor in actors:
        if actor.first < start:
            continue
        gap = words[at : actor.first]
        if out and tuple(gap) == ("(",):
            at = actor.last  # the short name in brackets
            continue
        if out and _VERBS & set(gap):
            break  # a truce between A and B took effect, C said
        gap = tuple(w for n, w in enumerate(gap) if w != "in" or gap[n - 1 : n] not in _SEATED_ALONE)
        too_far = len(gap) > _SLACK + PAIR * bool(out) or (not out and "," in gap)
        if too_far or any(w.isdigit() or w in _STOPS or w in _LIST_BREAKS for w in gap):
            break
        if out and (not set(gap) & _CONJUNCTIONS or is_of_a_thing(actor, words)):
            break
        out.append(actor)
        at = actor.last
    return out


def _agents(phrase: NounPhrase, step: Step, actors: Sequence[Actor], words: Sequence[str]) -> list[Actor]:
    """Take those who act: the subject of an active verb, whom `by` names, the owner of a noun."""
    acting = [actor for actor in actors if not actor.located and not actor.indirect]
    if step.verb is None:
        return [actor for actor in acting if actor.last == phrase.start]
    if step.passive or step.strength == CLEAR:
        by = _next(words, max(step.verb, step.end - 1), {"by"}, 12)
        between = words[step.verb + 1 : by] if by is not None else ()
        other = bool(_ELSEWHERE & set(between)) or (bool(between) and between[-1].endswith("ed"))
        if by is not None and not other:
            return _listed(actors, words, by + 1)
    if step.passive and step.strength == CLEAR:
        return []  # who stands before the deal struck in May did something else
    if step.verb > phrase.end and not step.passive:
        return [actor for actor in acting if phrase.end <= actor.first < step.verb]
    end = phrase.start if step.passive else step.start
    owner = [actor for actor in acting if actor.last == end and step.strength == CLEAR and not step.passive]
    if words[step.verb + 1 : step.verb + 2] == ("of",):  # the signature of Ukraine with
        owner.extend(
            actor
            for actor in acting
            if 0 <= actor.first - step.verb - PAIR <= PAIR and actor.last <= phrase.start
        )
    return owner or [
        *_subjects(acting, words, end, passive=step.passive),
        *_likewise(acting, words, step.end),
    ]


def _likewise(acting: Sequence[Actor], words: Sequence[str], behind: int) -> list[Actor]:
    """Take who is said to have done the same: and so did the Czech premier, nor did Bern."""
    out: list[Actor] = []
    for at in range(behind, min(len(words) - 1, behind + SUBJECT_REACH)):
        if words[at] in {"so", "nor", "as"} and words[at + 1] in {
            "did",
            "has",
            "have",
            "will",
            "does",
            "had",
        }:
            out.extend(actor for actor in acting if at + PAIR <= actor.first <= at + PAIR + 1)
    return out


def _subjects(acting: Sequence[Actor], words: Sequence[str], end: int, *, passive: bool) -> list[Actor]:
    """Take those before a verb, back to the start of its clause; of a pronoun, who opens the sentence."""
    if words[end - 1 : end] in _PRONOUN_SUBJECTS and not passive:
        before = [actor for actor in acting if actor.first < end]
        read = [actor for actor in before if actor.last == end]
        doing = [
            a for a in before if words[a.last].endswith("ed") and words[a.first - 1 : a.first] in _OPENING
        ]
        return read or doing[-1:] or before[:1]  # Peru claimed that it never signed
    low = end
    while low > max(0, end - SUBJECT_REACH) and words[low - 1] not in _STOPS and words[low - 1] not in _CALLS:
        low -= 1
    return [actor for actor in acting if low <= actor.first < end]


def make_parties(actors: Iterable[Actor], scope: Scope) -> tuple[Party, ...]:
    """Make one party of each code; a nameless one is kept apart by its words."""
    parties: dict[str, Party] = {}
    for actor in actors:
        for code, name in zip(actor.codes, actor.names, strict=False):
            nameless = code in _NAMELESS and actor.sort != STATE  # PER is Peru where it is a state
            fights = scope in _CIVIL and name[:1].isupper() and bool(_MOVEMENTS & set(name.lower().split()))
            if nameless and scope in _PUBLIC and not fights:
                continue
            key = f"{code}:{name.lower()}" if nameless else code
            peru = code in _NAMELESS and actor.sort == STATE
            entity = actor.entity_id if len(actor.codes) == 1 and not peru else f"country:{code}"
            start, end = (None, None) if actor.start == NOT_IN_TEXT else (actor.start, actor.end)
            party = Party(name=name, code=code, entity_id=entity, start=start, end=end)
            parties.setdefault(key, party)
    return tuple(parties.values())


_PRIVATE: Final = (
    ("labour", Scope.LABOUR),
    ("party", Scope.PARTY),
    ("institution", Scope.INSTITUTION),
    ("subnat", Scope.SUBNAT),
    ("agency", Scope.AGENCY),
)
PRIVATE_SORTS: Final = frozenset({"company", *(sort for sort, _ in _PRIVATE)})


def scope_of(
    actors: Sequence[Actor],
    kind: InstrumentType,
    near: frozenset[str],
    passage: frozenset[str],
    *,
    paired: bool,
) -> Scope:
    """Say of which sort an instrument is from its parties, from words beside it (`near`) and in the passage."""
    states = {code for actor in actors if actor.sort == STATE for code in actor.codes}
    bodies = {code for actor in actors if actor.sort == ORGANISATION for code in actor.codes}
    rebels = any(actor.sort == REBELS for actor in actors)
    rebels = rebels or ("rebels" in near and (len(states) < PAIR or kind in PEACE))
    rebels = rebels or (kind in PEACE and states <= {"ISR", "PSE"} and "rebels" in passage)
    if rebels or (kind in PEACE and len(states) < PAIR):
        de_facto = states & {"ISR", "PSE"} or "palestinian" in passage
        return Scope.NONSTATE if de_facto else Scope.INTRA
    if kind is InstrumentType.CONVENTION or len(states) > PAIR or (bodies and len(states) == PAIR):
        return Scope.MULTI
    if bodies:
        return Scope.STATE_ORG if states or len(bodies) == 1 else Scope.IGO
    private = _private_scope(near, states) if len(states) < PAIR else None
    if private is None and len(states) < PAIR and _has_firm(actors, kind):
        private = Scope.STATE_COMPANY if states else Scope.COMPANY
    if private is None and len(states) == 1 and paired:
        private = Scope.AGENCY
    if private is None and not states:
        private = _private_scope(passage, states) or Scope.OTHER
    return private or Scope.INTER


_OFFICIAL: Final = frozenset(
    {
        "parliament", "ministry", "senate", "congress", "department", "government", "council", "cabinet", "army", "navy",
        "police", "office", "agency", "command", "commission", "committee", "house", "assembly", "force", "forces", "pentagon",
        "authority", "service", "bureau", "court", "duma", "knesset", "bundestag", "majlis", "customs", "embassy", "centre",
        "center", "secretariat", "union", "organisation", "organization",
    }
)  # fmt: skip
"""Words in the names of bodies of a state: who bears one is no firm."""


def _has_firm(actors: Sequence[Actor], kind: InstrumentType) -> bool:
    """Whether a party is a firm: of a contract, or one of which nothing else is known: Boeing."""
    firms = (
        a
        for a in actors
        if a.sort == "organisation" and not _OFFICIAL & set(" ".join(a.names).lower().split())
    )
    return kind is InstrumentType.CONTRACT or (kind in _BUSINESS and any(firms))


_BUSINESS: Final = frozenset({InstrumentType.MOU, InstrumentType.LETTER_OF_INTENT})


def _private_scope(words: frozenset[str], states: set[str]) -> Scope | None:
    if "company" in words:
        return Scope.STATE_COMPANY if states else Scope.COMPANY
    return next((scope for sort, scope in _PRIVATE if sort in words), None)
