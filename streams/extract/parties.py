"""Between whom an instrument is, and of which sort that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType, MentionKind
from schemas.event import InstrumentType, Party, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schemas.entity import Entity, Mention
    from streams.extract.entities import Resolved
    from streams.extract.instruments import AgreementLexicon, NounPhrase
    from streams.extract.reading import Sentence
    from streams.extract.stage import Step

SUBJECT_REACH: Final = 30
"""So many words before an act its subject is still looked for."""
_PUBLIC: Final = frozenset(
    {Scope.INTER, Scope.MULTI, Scope.STATE_ORG, Scope.IGO, Scope.INTRA, Scope.NONSTATE, Scope.OTHER}
)
NAMELESS: Final = frozenset({"ORG", "PER", "XXX"})


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone in a sentence who can be a party: tokens `first` to `last`, the codes that stand for them, and the sort."""

    first: int
    last: int
    codes: tuple[str, ...]
    sort: str
    name: str
    entity_id: str | None
    start: int
    end: int
    located: bool = False
    group: bool = False
    seat: bool = False
    """A place that stands for a state or names a treaty: Minsk, Geneva."""


_STATE: Final = "state"
_SECTORS: Final = {
    "IGO": "igo",
    "REB": "rebels",
    "MNC": "company",
    "BUS": "company",
    "EDU": "institution",
    "NGO": "institution",
    "OPP": "party",
    "LAB": "labour",
}
_PLACE_WORDS: Final = frozenset(
    "in at near from to into outside across visiting via inside around off through toward towards".split()
)
_LIST: Final = frozenset(
    "and , the a an of or & both as well respective governments government republic kingdom its his her their".split()
)
_STOP_SUBJECT: Final = frozenset("; : . ? !".split())


def find_actors(
    sentence: Sentence, resolved: Resolved, entities: dict[str, Entity], words: Sequence[str]
) -> tuple[Actor, ...]:
    """Lay the mentions of a sentence over its tokens, the outermost of those that nest, in order."""
    starts = [token.start for token in sentence.tokens]
    found: list[Actor] = []
    for mention in _mentions(resolved, sentence):
        entity = entities[mention.entity_id]
        if mention.kind is MentionKind.PRONOUN:
            continue
        actor = _actor(mention, entity, entities, starts, words)
        if actor is None:
            continue
        if found and actor.start < found[-1].end:
            if actor.end <= found[-1].end and found[-1].codes:
                continue
            found.pop()
        found.append(actor)
    return tuple(found)


def _mentions(resolved: Resolved, sentence: Sentence) -> list[Mention]:
    inside = [m for m in resolved.mentions if sentence.start <= m.start and m.end <= sentence.end]
    return sorted(inside, key=lambda m: (m.start, -m.end, m.entity_id))


def _actor(
    mention: Mention, entity: Entity, entities: dict[str, Entity], starts: list[int], words: Sequence[str]
) -> Actor | None:
    first = max((i for i, at in enumerate(starts) if at <= mention.start), default=0)
    last = max((i for i, at in enumerate(starts) if at < mention.end), default=first) + 1
    before = words[first - 1] if first else ""
    if before in {"the", "a"} and first > 1:
        before = words[first - 2]
    codes, sort = _codes(entity, entities)
    if not codes:
        return None
    located = (
        before in _PLACE_WORDS
        and entity.type in {EntityType.COUNTRY, EntityType.PLACE}
        and mention.kind is not MentionKind.NATIONALITY
    )
    if entity.type is EntityType.PLACE and not located and before in {"of", "on", "for", ","}:
        located = True
    return Actor(
        first,
        last,
        codes,
        sort,
        mention.text,
        mention.entity_id,
        mention.start,
        mention.end,
        located,
        entity.type is EntityType.GROUP,
        _is_seat(mention, entity),
    )


def _is_seat(mention: Mention, entity: Entity) -> bool:
    if entity.type is EntityType.PLACE:
        return True
    if entity.type is not EntityType.COUNTRY or mention.kind is not MentionKind.NAME:
        return False
    text = mention.text
    return (
        not (text.isupper() and len(text) <= 6)
        and not set(text.lower().split()) & set(entity.name.lower().split())
        and text not in {"Britain", "Great Britain", "America", "the United States"}
    )


def _codes(entity: Entity, entities: dict[str, Entity]) -> tuple[tuple[str, ...], str]:
    """Give the codes of parties that an entity stands for, and their sort."""
    if entity.type is EntityType.GROUP and entity.members:
        codes: list[str] = []
        for member in entity.members:
            if member in entities:
                codes.extend(_codes(entities[member], {})[0])
        return tuple(dict.fromkeys(codes)), _STATE
    head, _, sector = (entity.code or "").partition(":")
    sort = _SECTORS.get(sector, "")
    if sort in {"igo", "rebels"} and entity.type is EntityType.ORGANISATION:
        return (head,), sort
    if entity.countries and sort not in {"company", "institution"}:
        return tuple(entity.countries[:1]), _STATE
    if entity.type is EntityType.ORGANISATION:
        return (head or "ORG",), sort or "organisation"
    if entity.type in {EntityType.PERSON, EntityType.ROLE}:
        return (), ""
    return ((head,), _STATE) if head else ((), "")


@dataclass(frozen=True, slots=True)
class Found:
    """Parties with the places they were taken from."""

    actors: tuple[Actor, ...]
    shared: bool
    """The words say `the two countries`, `both sides`, `bilateral` or the like."""
    strangers: bool
    """Those who reject it are none of its parties."""
    paired: bool
    """The words say `between A and B`."""


_BROKERED: Final = frozenset(
    "brokered mediated backed sponsored led supervised drafted imposed facilitated -brokered -mediated -backed".split()
)
_CALLS: Final = frozenset("call calls called calling urge urges urged urging asked asks".split())
_SHARED: Final = frozenset("bilateral trilateral".split())
_BOTH: Final = (
    ("two", "countries"),
    ("two", "sides"),
    ("both", "sides"),
    ("both", "countries"),
    ("two", "nations"),
    ("two", "governments"),
    ("both", "nations"),
    ("two", "states"),
    ("our", "two"),
    ("both", "governments"),
    ("two", "leaders"),
    ("two", "men"),
    ("the", "leaders"),
    ("two", "parties"),
    ("two", "foreign"),
    ("two", "heads"),
    ("the", "two"),
    ("two", "ministers"),
    ("two", "presidents"),
    ("two", "neighbours"),
    ("two", "neighbors"),
)


def parties_of(phrase: NounPhrase, step: Step, actors: Sequence[Actor], words: Sequence[str]) -> Found:
    """Take the parties from where grammar puts them: between A and B, A-B pact, A signed with B, signed by A and B."""
    taken: list[Actor] = []
    rest = [a for a in actors if not a.located]
    inside = [a for a in actors if not set(words[a.last : a.last + 2]) & _BROKERED]
    inside = [
        a
        for a in inside
        if phrase.start <= a.first < phrase.head
        and (a.sort != "igo" or (a.codes != ("UN",) and phrase.noun.type is not InstrumentType.CONVENTION))
        and not a.seat
    ]
    taken.extend(inside)
    after = max(phrase.end, step.end if step.end - phrase.end < 3 else phrase.end)
    between = _after(words, after, {"between", "among"}, 16)
    if between is not None:
        taken.extend(_listed(actors, words, between + 1))
    low = step.start if step.verb is not None and step.verb < phrase.start else phrase.start
    for at in range(low, min(len(words), max(step.end, phrase.end) + 22)):
        if words[at] in {"; ", ".", ";"}:
            break
        if words[at] in {"with", "w/"} and not (at and words[at - 1] in {"deal", "dealing"}):
            taken.extend(_listed(actors, words, at + 1))
    if (between is None or len({c for a in taken for c in a.codes}) < 2) and step.act not in {
        "call",
        "react",
    }:
        taken.extend(_agents(phrase, step, rest, words))
    span = words
    shared = bool(set(span) & _SHARED) or any(pair in _BOTH for pair in zip(span, span[1:], strict=False))
    outside = [a for a in taken if a in inside or between is not None]
    agents = _agents(phrase, step, rest, words)
    mine = {c for a in outside for c in a.codes}
    strangers = (
        len(mine) > 1
        and step.act == "reject"
        and not step.passive
        and not {c for a in agents for c in a.codes} & mine
    )
    unique = {(a.start, a.end): a for a in taken}
    return Found(tuple(unique[key] for key in sorted(unique)), shared, strangers, between is not None)


def _after(words: Sequence[str], start: int, wanted: set[str], reach: int) -> int | None:
    for at in range(start, min(len(words), start + reach)):
        if words[at] in _STOP_SUBJECT:
            return None
        if words[at] in wanted:
            return at
    return None


def _listed(actors: Sequence[Actor], words: Sequence[str], start: int) -> list[Actor]:
    """Take the actors of a list that begins at `start`: each follows the last with only list words between."""
    out: list[Actor] = []
    at = start
    slack = 5
    for actor in actors:
        if actor.first < start:
            continue
        gap = words[at : actor.first]
        if (
            len(gap) > slack
            or (not out and "," in gap)
            or any(w.isdigit() or w in {"year", "month", "week"} for w in gap)
            or any(w in _STOP_SUBJECT or w in {"on", "for", "to", "in", "that", "which", "who"} for w in gap)
        ):
            break
        if out and not set(gap) & {"and", ",", "&", "or", "/", "-", "–"}:
            break
        out.append(actor)
        at = actor.last
        slack = 7
    return out


def _agents(phrase: NounPhrase, step: Step, actors: Sequence[Actor], words: Sequence[str]) -> list[Actor]:
    if step.verb is None:
        return [a for a in actors if a.last == phrase.start]
    out: list[Actor] = []
    if step.passive or step.verb < phrase.start:
        by = _after(words, max(step.verb, step.end - 1), {"by"}, 14)
        if by is not None and (step.passive or step.strength == 3):
            return _listed(actors, words, by + 1)
    if step.verb > phrase.end and not step.passive:
        return [a for a in actors if phrase.end <= a.first < step.verb]
    end = step.start if not step.passive else phrase.start
    low = end
    while (
        low > 0
        and end - low < SUBJECT_REACH
        and words[low - 1] not in _STOP_SUBJECT
        and words[low - 1] not in _CALLS
    ):
        low -= 1
    out.extend(a for a in actors if low <= a.first < end)
    return out


_SECTOR_CODES: Final = frozenset(
    "MIL COP GOV BUS REB MED NGO OPP LAB EDU LEG JUD SPY CVL ELI INS CRM UAF SEP RAD HRI REF MNC".split()
)


def make_parties(actors: Iterable[Actor], scope: Scope) -> tuple[Party, ...]:
    """Make one party of each code; a nameless one is kept apart by its words."""
    parties: dict[str, Party] = {}
    for actor in actors:
        for code in actor.codes:
            nameless = code in NAMELESS and actor.sort != _STATE  # PER is Peru where it is a state
            if code in _SECTOR_CODES or (nameless and scope in _PUBLIC):
                continue
            key = f"{code}:{actor.name.lower()}" if nameless else code
            if key not in parties:
                parties[key] = Party(
                    name=actor.name,
                    code=code,
                    entity_id=actor.entity_id if len(actor.codes) == 1 else f"country:{code}",
                    start=actor.start,
                    end=actor.end,
                )
    return tuple(parties.values())


_PEACE: Final = frozenset({InstrumentType.CEASEFIRE, InstrumentType.PEACE_AGREEMENT})


def scope_of(
    actors: Sequence[Actor],
    kind: InstrumentType,
    near: frozenset[str],
    passage: frozenset[str],
    *,
    paired: bool,
) -> Scope:
    """Say of which sort an instrument is from its parties, from words beside it (`near`) and in the passage."""
    states = {c for a in actors if a.sort == _STATE for c in a.codes}
    igos = {c for a in actors if a.sort == "igo" for c in a.codes}
    sorts = {a.sort for a in actors} | near
    if "rebels" in sorts or (kind in _PEACE and "rebels" in passage and len(states) < 2):
        return (
            Scope.NONSTATE
            if states & {"ISR", "PSE"} or not states and passage & {"palestinian"}
            else Scope.INTRA
        )
    if kind in _PEACE and len(states) < 2:
        return Scope.NONSTATE if passage & {"palestinian"} else Scope.INTRA
    if len(states) >= 3 or kind is InstrumentType.CONVENTION:
        return Scope.MULTI
    if len(states) == 2:
        return Scope.MULTI if igos else Scope.INTER
    if states and igos:
        return Scope.STATE_ORG
    if len(igos) >= 2:
        return Scope.IGO
    for sort, scope in (
        ("company", Scope.STATE_COMPANY if states else Scope.COMPANY),
        ("labour", Scope.LABOUR),
        ("party", Scope.PARTY),
        ("institution", Scope.INSTITUTION),
        ("subnat", Scope.SUBNAT),
        ("agency", Scope.AGENCY),
    ):
        if sort in near:
            return scope
    if len(states) == 1 and not igos and paired:
        return Scope.AGENCY
    if states or igos:
        return Scope.INTER if not igos else Scope.STATE_ORG
    for sort, scope in (
        ("company", Scope.COMPANY),
        ("labour", Scope.LABOUR),
        ("party", Scope.PARTY),
        ("institution", Scope.INSTITUTION),
        ("subnat", Scope.SUBNAT),
        ("agency", Scope.AGENCY),
    ):
        if sort in passage:
            return scope
    return Scope.OTHER
