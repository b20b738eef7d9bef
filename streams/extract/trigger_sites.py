"""Where triggers stand in a sentence, as a verb or as a noun, and which of them are only what others speak of."""

from __future__ import annotations

from typing import Final

from schemas.event import PloverType
from streams.extract.clauses import (
    AUXILIARIES,
    DETERMINERS,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    RELATIVES,
    Layout,
    is_adverb,
    is_asked,
)
from streams.extract.triggers import Trigger, match_at

MATTER_REACH: Final = 5
GOVERNED_REACH: Final = 12
_VERB_OPENERS: Final = (
    AUXILIARIES | PRONOUNS | RELATIVES | {"and", "or", ",", "that", "not", "to", ")", "help", "helped"}
)
_LISTING: Final = frozenset({"and", "or", ","})
_TOPIC: Final = frozenset(
    {"of", "about", "on", "in", "regarding", "concerning", "against", "from", "into", "over", "at"}
)
_OVER_MATTER: Final = frozenset(
    {
        PloverType.REJECT,
        PloverType.REQUEST,
        PloverType.THREATEN,
        PloverType.AGREE,
        PloverType.ACCUSE,
        PloverType.SUPPORT,
    }
)
_REDUCED: Final = frozenset({"in", "at", "on", "under", "during", "between", "as", "of"})
_VERB_BEFORE: Final = frozenset({"to", "before", "after", "since", "than", "as"})
_NO_ARTICLE: Final = frozenset({"this", "that", "all", "both", "some"})


def find_triggers(layout: Layout) -> tuple[Trigger, ...]:
    """Find the triggers of a sentence, from left to right; none overlaps another, none lies in a name."""
    found: list[Trigger] = []
    words = layout.words
    at = 0
    while at < len(words):
        patterns = layout.lexicon.patterns.get(words[at], ())
        if patterns and at not in layout.at:
            verb, noun = _readings(layout, at)
            alone = verb and _stands_alone(layout, at)
            usable = [p for p in patterns if ((alone or (verb and len(p.elements) > 1)) if p.verb else noun)]
            match = match_at(words, at, usable)
            if match is not None:
                pattern, end = match
                found.append(Trigger(at, end, pattern))
                at = end
                continue
        at += 1
    return tuple(found)


def _readings(layout: Layout, at: int) -> tuple[bool, bool]:
    """Say whether the word can be a verb here, and whether it can be a noun: visits, talks, strikes are both."""
    word, before = layout.words[at], layout.words[at - 1] if at else ""
    article = before in POSSESSIVES or (before in DETERMINERS and before not in _NO_ARTICLE)
    if word in layout.lexicon.past:
        return not (article or before in PREPOSITIONS or _is_reduced(layout, at)), True
    nominal = article or _is_modified(layout, at)
    if word.endswith("ing"):
        return not nominal and before not in _NO_ARTICLE, True
    after_verb = (at - 1) not in layout.at and before in layout.lexicon.verbs and not _opens_verb(before)
    governed = before in PREPOSITIONS and before not in _VERB_BEFORE
    if nominal or at == 0 or after_verb or governed:
        return False, True
    return True, before != "to"


def _is_modified(layout: Layout, at: int) -> bool:
    """Whether a people, an owner or a noun behind a preposition stands before the word, as before a noun."""
    group = layout.group_at(at - 1)
    if group is None:
        return False
    return group.weak or group.possessive or (group.entity is None and group.preposition is not None)


def _is_reduced(layout: Layout, at: int) -> bool:
    """Whether a participle only describes the noun before it: a pullout agreed in May, the number of rebels killed in it."""
    before, after = (
        layout.words[at - 1] if at else "",
        layout.words[at + 1] if at + 1 < len(layout.words) else "",
    )
    if after not in _REDUCED:
        return False
    if after == "of" and layout.lexicon.past.isdisjoint({before}) and not _opens_verb(before):
        return True  # a man convicted of spying
    group = layout.group_at(at - 1)
    if group is not None:
        return group.preposition == "of" and group.entity is None
    return before.isalpha() and not _opens_verb(before)


def is_report(layout: Layout, at: int) -> bool:
    """Say whether the form of a verb of saying is a verb here."""
    return at not in layout.at and _readings(layout, at)[0] and _stands_alone(layout, at)


def _stands_alone(layout: Layout, at: int) -> bool:
    """Whether a form that could be a noun is a verb for certain, so that it needs no other word beside it."""
    word, before = layout.words[at], layout.words[at - 1] if at else ""
    if word in layout.lexicon.past or word.endswith("ing") or (at - 1) in layout.at:
        return True
    if before in _LISTING and at > 1 and (at - 2) not in layout.at:
        # "political ties and exports" lists nouns; "said so and leaves" goes on with another verb
        return layout.words[at - 2] in layout.lexicon.verbs or is_adverb(layout.words[at - 2])
    return _opens_verb(before)


def _opens_verb(before: str) -> bool:
    return before in _VERB_OPENERS or is_adverb(before) or before.endswith("n't")


def is_topic(layout: Layout, trigger: Trigger, topic_end: int) -> bool:
    """Whether a gerund or noun only says what others speak of or are blamed for: views about strengthening borders."""
    word = layout.words[trigger.first]
    before = layout.words[trigger.first - 1] if trigger.first else ""
    gerund = trigger.pattern.verb and word.endswith("ing")
    if trigger.first < topic_end and (gerund or not trigger.pattern.verb):
        return True
    return (gerund and before in _TOPIC) or (trigger.pattern.verb and is_asked(layout, trigger.first))


def is_matter(layout: Layout, trigger: Trigger, earlier: Trigger | None) -> bool:
    """Whether a noun is only what somebody rejects, asks for, threatens or agrees to: voted against the deployment."""
    if earlier is None or not earlier.pattern.verb or earlier.meaning.type not in _OVER_MATTER:
        return False
    between = layout.words[earlier.last : trigger.first]
    if trigger.pattern.verb:
        governed = between[-1:] == ("to",) or (
            between[-1:] == ("for",) and layout.words[trigger.first].endswith("ing")
        )
        direct = layout.words[earlier.last - 1] == "to" and not between
        return (governed or direct) and len(between) <= GOVERNED_REACH and not {",", "and"} & set(between)
    return len(between) <= MATTER_REACH and not {",", "and", "after", "during", "following", "in"} & set(
        between
    )


def opens_list(layout: Layout, trigger: Trigger) -> bool:
    """Say whether gerunds that list what is meant follow a trigger."""
    return any(word.endswith("ing") for word in layout.words[trigger.last : trigger.last + 2])


def shares_verb(layout: Layout, trigger: Trigger) -> bool:
    """Whether a bare verb goes on after another under the same auxiliary: will hold talks with A, meet B."""
    before = layout.words[trigger.first - 1] if trigger.first else ""
    return (
        trigger.pattern.verb
        and layout.words[trigger.first] in layout.lexicon.bases
        and before in {",", "and", "or"}
    )
