"""What a clause only mentions: deeds that all know of, and words of deeds that mean something else here.

In a briefing of an hour most words for deeds report nothing: the answer to the invasion, the people who are held hostage,
results that demonstrate progress, a senate that votes against a bill. News is what a clause tells as done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType
from schemas.event import PloverType
from streams.extract.clauses import (
    AUXILIARIES,
    BE,
    DETERMINERS,
    POSSESSIVES,
    PREMODIFIERS,
    PREPOSITIONS,
    RELATIVES,
    STOPS,
    is_adverb,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.extract.clauses import Group, Layout, Parties
    from streams.extract.triggers import Trigger

_NAMED: Final = frozenset({PloverType.ASSAULT, PloverType.RETREAT})
"""Of these a noun with its owner names what is known already: Peru's invasion of Chile."""
_TELLING: Final = frozenset(
    {
        "launch", "launched", "launches", "launching", "began", "begin", "begins", "begun", "started", "starts", "start", "mounted",
        "conducted", "resumed", "continued", "continues", "continue", "reported", "announced", "announces", "ordered", "saw",
        "survived", "confirmed", "staged", "led", "renewed", "repelled", "by",
    }
)  # fmt: skip
"""Behind these a noun tells what took place."""
_SAYING: Final = frozenset({"said", "says", "that", ":", '"', "“", "and", "but", "meanwhile", "then"})
_NP_REACH: Final = 8
_MODALS: Final = frozenset({"would", "could", "might", "should", "potentially"})
_HELD: Final = ("held", "hostage")
_HOLDING: Final = frozenset({"hold", "holds", "held", "holding"})
_SHOWING: Final = frozenset({"demonstrate", "demonstrates", "demonstrated", "demonstrating"})
_IN_THE_STREET: Final = (
    PREPOSITIONS | STOPS | {".", ",", "and", "or", "?", "!", "outside", "peacefully", "today"}
)
_CIVILIANS: Final = "CVL"
_FLEEING: Final = frozenset(
    {"refugees", "migrants", "people", "families", "evacuees", "students", "nationals", "children"}
)
_MATTERS: Final = frozenset({"how", "it", "what", "why", "whether"})
_MOVED: Final = frozenset({"visit", "host"})
_AT_HOME: Final = frozenset(
    {
        "republican", "republicans", "democrat", "democrats", "senators", "senator", "senate", "congress", "congressional",
        "congressman", "congresswoman", "house", "bill", "bills", "lawmakers", "lawmaker", "legislature", "governor", "amendment",
        "law", "act", "budget", "tax", "taxes", "mps", "lords", "commons", "party", "parliament", "caucus", "resources",
    }
)  # fmt: skip
_ABROAD: Final = frozenset(
    {
        "council",
        "un",
        "u.n.",
        "unsc",
        "nations",
        "sanctions",
        "membership",
        "accession",
        "security-council",
        "nato",
        "eu",
    }
)


def is_background(layout: Layout, trigger: Trigger, *, acts: bool) -> bool:
    """Say whether a deed is only mentioned as known: the response to Peru's invasion, people who are held hostage.

    `acts` says that somebody is told who did it.
    """
    words, first = layout.words, trigger.first
    kind, mode = trigger.meaning.type, trigger.meaning.mode
    if (
        mode == "abduct"
        and words[first] == "holding"
        and words[max(0, first - 1)] in {"as", "of", "including"}
    ):
        return True
    if mode == "abduct" and words[first] in _HOLDING:
        return not acts or (
            trigger.last - first == len(_HELD) and "by" not in words[trigger.last : trigger.last + 2]
        )
    if kind is PloverType.ASSAULT and trigger.pattern.verb:
        return _is_supposed(layout, trigger) or _is_fronted(words, trigger)
    return kind in _NAMED and not trigger.pattern.verb and _is_only_named(layout, trigger)


def _is_only_named(layout: Layout, trigger: Trigger) -> bool:
    """Whether a noun with its owner is no more than part of what is told: despite the Russian invasion of."""
    words = layout.words
    owner = _owner_before(layout, trigger.first)
    if owner is None:
        return False
    start = owner.np
    while start > 0 and words[start - 1] in DETERMINERS:
        start -= 1
    before = words[start - 1] if start else ""
    if before in _TELLING:
        return False
    if not before or before in _SAYING or before in {",", "because", "as", "while"}:
        return _is_judged(layout, trigger.last, listed=before == "and")
    return True


def _owner_before(layout: Layout, first: int) -> Group | None:
    """Give the group that owns the noun, over adjectives: Peru's long and brutal invasion."""
    for at in range(first - 1, max(-1, first - _NP_REACH), -1):
        group = layout.group_at(at)
        if group is not None:
            return group if group.possessive or group.weak or at == first - 1 else None
        if layout.words[at] in PREPOSITIONS or layout.words[at] in STOPS or layout.words[at] in AUXILIARIES:
            return None
    return None


def _is_judged(layout: Layout, last: int, *, listed: bool) -> bool:
    """Whether only a judgement follows: Peru's invasion of Chile is a crime; of what is `listed`, nothing."""
    ahead = layout.words[last : last + _NP_REACH]
    verb = next(
        (n for n, word in enumerate(ahead) if word in AUXILIARIES or word in layout.lexicon.verbs), None
    )
    if verb is None or ahead[verb] not in BE:
        return listed and verb is None
    behind = ahead[verb + 1 : verb + 2]
    return behind != () and (behind[0] in {"a", "an", "the", "not"} or not behind[0].endswith(("ed", "ing")))


def _is_supposed(layout: Layout, trigger: Trigger) -> bool:
    """Whether a bare participle goes on with what would be: it would mean war, Peru shooting down planes."""
    words, first = layout.words, trigger.first
    bare = words[first].endswith("ing") and words[first - 1] not in BE and first > 0
    return bare and bool(_MODALS & set(words[:first]))


def _is_fronted(words: Sequence[str], trigger: Trigger) -> bool:
    """Whether a sentence opens with it as known: When Peru invaded, nobody came."""
    opens = words[:1] == ("when",) or words[:2] in {("and", "when"), ("but", "when"), ("since", "the")}
    return opens and "," in words[trigger.last :] and "," not in words[: trigger.first]


# --- words that mean something else here


def is_other_sense(layout: Layout, trigger: Trigger, sides: tuple[Parties, Parties]) -> bool:
    """Say whether the words of a trigger mean another thing: results that demonstrate, a family that hosts refugees."""
    words, first = layout.words, trigger.first
    kind = trigger.meaning.type
    if kind is PloverType.PROTEST and words[first] in _SHOWING:
        return _shows(layout, trigger, sides[0])
    return kind is PloverType.CONSULT and trigger.pattern.verb and _is_no_meeting(layout, trigger, sides)


def _is_no_meeting(layout: Layout, trigger: Trigger, sides: tuple[Parties, Parties]) -> bool:
    """Whether nobody who acts for a state goes, receives or meets: doses that arrive, a family that hosts."""
    words, first, mode = layout.words, trigger.first, trigger.meaning.mode
    groups = (*sides[0].groups, *sides[1].groups)
    if mode in _MOVED and any(_is_of_the_people(layout, group) for group in groups):
        return True
    if mode in _MOVED and words[first - 1] == "that" and first > 1 and layout.group_at(first - 2) is None:
        return True  # the doses that arrived in Chile
    if mode == "host":
        return any(_is_of_a_thing(layout, group) for group in sides[1].groups) or _is_sent(trigger, sides[1])
    if words[trigger.last - 1] == "to" and trigger.last < len(words) and words[trigger.last] in _MATTERS:
        return True  # spoke to how it came
    return mode is None and _is_loose(sides[1], trigger)


def is_at_home(words: Sequence[str]) -> bool:
    """Say whether a vote or veto is one of a parliament at home, and not of states: vetoed the bill of the senate."""
    return bool(_AT_HOME & set(words)) and not _ABROAD & set(words)


def _shows(layout: Layout, trigger: Trigger, acting: Parties) -> bool:
    """Whether somebody demonstrates something, and not in the street."""
    words, at = layout.words, trigger.last
    if words[at - 1] not in _SHOWING:
        return False  # demonstrated against
    while at < len(words) and is_adverb(words[at]):
        at += 1
    if at < len(words) and words[at] not in _IN_THE_STREET:
        return True
    return any(
        group.pronoun
        or (group.code or "").endswith(":GOV")
        or (":" not in (group.code or ":") and not group.weak and group.preposition is None)
        for group in acting.groups
    )


def _is_sent(trigger: Trigger, other: Parties) -> bool:
    """Whether a name only says from where or whose a thing is that was received: specimens from Peru."""
    group = other.groups[0] if other.groups else None
    return group is not None and group.np > trigger.last and group.preposition in {"from", "of"}


def _is_of_the_people(layout: Layout, group: Group) -> bool:
    """Whether somebody acts for no state: Peruvian families, the refugees from Peru."""
    before = layout.words[max(0, group.np - 2) : group.np]
    if (group.code or "").endswith(_CIVILIANS) or group.text.lower() in _FLEEING:
        return True
    return group.preposition == "from" and bool(_FLEEING & set(before))


def _is_of_a_thing(layout: Layout, group: Group) -> bool:
    """Whether a name only says which thing is hosted: the U.N. conferences, a Chile-Peru dialogue."""
    following = layout.words[group.last] if group.last < len(layout.words) else "."
    plain = following.isalpha() and following not in PREPOSITIONS | AUXILIARIES | RELATIVES | PREMODIFIERS
    thing = (
        plain and following not in layout.lexicon.verbs and following not in {"and", "or", "that", "today"}
    )
    owned = (
        group.possessive
        or group.weak
        or (group.entity is not None and group.entity.type is EntityType.ORGANISATION)
    )
    return thing and owned and following not in POSSESSIVES


def _is_loose(other: Parties, trigger: Trigger) -> bool:
    """Whether whoever is met only owns what is met: met the will of Chile."""
    group = other.groups[0] if other.groups else None
    return (
        group is not None
        and not other.sure
        and group.preposition in {"of", "from"}
        and trigger.last < group.np
        and bool(trigger.meaning.recipient & {"object"})
    )
