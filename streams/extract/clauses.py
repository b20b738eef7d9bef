"""Who does what to whom in a sentence, told by where the words stand: noun groups, subjects, objects, clause ends.

Without a parser, because most of what a desk needs of one is the subject of a verb and what follows it, and
because a clause can then be read in a few microseconds. Every search is bounded, so the work is linear in the text.
"""
# ruff: noqa: SIM905 - lists of words are read as words

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType, MentionKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.entity import Entity, Mention
    from streams.extract.reading import Sentence
    from streams.extract.triggers import EventLexicon

SUBJECT_REACH: Final = 60
OBJECT_REACH: Final = 30
CLAUSE_REACH: Final = 60

PREPOSITIONS: Final = frozenset(
    """of in on at to from with by for between among against into over under after before during about through near
    towards toward via without within across along outside inside upon around behind beyond per like than as despite
    including until since regarding concerning following above below beside beneath amongst""".split()
)
DETERMINERS: Final = frozenset(
    "the a an this that these those its his her their our my your both all some any no each two three four five several many other another".split()
)
POSSESSIVES: Final = frozenset("his her its their our my your".split())
PREMODIFIERS: Final = DETERMINERS | frozenset(
    """visiting former new senior top own official high-ranking acting deputy chief young old late current outgoing
    incoming prominent leading armed masked islamic moslem muslim main mostly only last new neighbouring neighboring
    more additional fellow respective suspected alleged""".split()
)
AUXILIARIES: Final = frozenset(
    "is are was were be been being am has have had having do does did will would shall should can could may might must 'll to".split()
)
BE: Final = frozenset("is are was were be been being am gets got".split())
RELATIVES: Final = frozenset("who which whose".split())
SUBORDINATORS: Final = frozenset(
    "because although though while when whereas unless if whether after before since where amid as".split()
)
STOPS: Final = frozenset({";", ":", "(", ")", '"', "“", "”", "[", "]", "–", "—"})
ADVERBS: Final = frozenset(
    "also not never again then now already just still today yesterday jointly once later earlier even only ever first n't".split()
)
_ACTING: Final = frozenset({"REB", "OPP", "MIL", "COP", "CVL", "GOV"})
_LIST_WORDS: Final = frozenset({",", "and", "&", "or", "as", "well", "plus", "-", "–", "/"})
PRONOUNS: Final = frozenset("he she it they we i you them him us".split())


@dataclass(frozen=True, slots=True)
class Group:
    """A noun group that stands for somebody: tokens `first` up to but not including `last`."""

    first: int
    last: int
    start: int
    end: int
    entity: Entity | None
    code: str | None
    text: str
    preposition: str | None = None
    place: bool = False
    possessive: bool = False
    pronoun: bool = False
    weak: bool = False
    """Only a people or a state before a noun of another sort: the Swiss banks, Iran's economy."""
    np: int = 0
    """Where its noun phrase begins, with article and adjectives."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A sentence with its groups. `at` gives the group on a token."""

    sentence: Sentence
    words: tuple[str, ...]
    groups: tuple[Group, ...]
    at: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Parties:
    """Groups in one slot, and whether grammar puts them there or they are only the likeliest."""

    groups: tuple[Group, ...] = ()
    sure: bool = True


def lay_out(
    sentence: Sentence,
    text: str,
    mentions: Sequence[Mention],
    entities: Mapping[str, Entity],
    lexicon: EventLexicon,
) -> Layout:
    """Lay the mentions of a sentence, which are in the order of the text, over its words."""
    words = tuple(token.text.lower().replace("’", "'") for token in sentence.tokens)
    starts = [token.start for token in sentence.tokens]
    groups: list[Group] = []
    for mention in _outermost(mentions, entities):
        group = _group(mention, entities[mention.entity_id], sentence, starts, words)
        if (
            groups
            and groups[-1].last >= group.first
            and groups[-1].end <= group.start
            and not groups[-1].pronoun
        ):
            joined = _joined(groups[-1], group, text)
            if joined is not None:
                groups[-1] = joined
                continue
        groups.append(group)
    following = [g.first for g in groups[1:]] + [len(words)]
    groups = [
        _extended(g, limit, sentence, text, words, lexicon)
        for g, limit in zip(groups, following, strict=False)
    ]
    groups.extend(_nameless(groups, sentence, text, words, lexicon))
    groups = [_governed(g, words) for g in sorted(groups, key=lambda g: (g.first, g.start))]
    at: dict[int, int] = {}
    for number, group in enumerate(groups):
        for token in range(group.first, group.last):
            at.setdefault(token, number)
    return Layout(sentence, words, tuple(groups), at)


def _outermost(mentions: Sequence[Mention], entities: Mapping[str, Entity]) -> list[Mention]:
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (m.start, -m.end)):
        if entities[mention.entity_id].type is EntityType.EVENT:
            continue
        if kept and mention.start < kept[-1].end:
            continue
        kept.append(mention)
    return kept


def _group(
    mention: Mention, entity: Entity, sentence: Sentence, starts: Sequence[int], words: Sequence[str]
) -> Group:
    first = max(0, bisect_right(starts, mention.start) - 1)
    last = max(first + 1, bisect_right(starts, mention.end - 1))
    code = entity.code or (entity.countries[0] if entity.countries else None)
    return Group(
        first,
        last,
        mention.start,
        mention.end,
        entity,
        code,
        mention.text,
        place=entity.type is EntityType.PLACE,
        possessive=sentence.tokens[last - 1].end > mention.end and words[last - 1].endswith(("'s", "s'")),
        pronoun=mention.kind is MentionKind.PRONOUN,
        weak=mention.kind is MentionKind.NATIONALITY,
    )


def _joined(left: Group, right: Group, text: str) -> Group | None:
    """Join what stands side by side: a people, an office and a name are one person."""
    if left.first == right.first or (left.place and not left.possessive):
        return None
    person = right.entity is not None and right.entity.type in {
        EntityType.PERSON,
        EntityType.ROLE,
        EntityType.ORGANISATION,
    }
    if not (
        person
        and (
            left.weak or left.possessive or (left.entity is not None and left.entity.type is EntityType.ROLE)
        )
    ):
        return None
    code = right.code if right.code and not right.code.startswith(":") else left.code
    return replace(right, first=left.first, start=left.start, text=text[left.start : right.end], code=code)


def _extended(
    group: Group, limit: int, sentence: Sentence, text: str, words: Sequence[str], lexicon: EventLexicon
) -> Group:
    """Take the noun behind a people or a state into its group, where it acts for it: Iranian border guards."""
    if not (group.weak or group.possessive) or group.pronoun:
        return group
    for at in range(group.last, min(limit, group.last + 4)):
        word = words[at].removesuffix("'s")
        if word in lexicon.sectors:
            end = sentence.tokens[at].end - (2 if words[at].endswith("'s") else 0)
            country = (group.code or "").split(":")[0]
            code = f"{country}:{lexicon.sectors[word]}" if country else None
            return replace(
                group, last=at + 1, end=end, text=text[group.start : end], code=code, weak=False, place=False,
                possessive=words[at].endswith("'s"),
            )  # fmt: skip
        if word in PREPOSITIONS or word in AUXILIARIES or not word[:1].isalpha() or word in {"and", "or"}:
            break
        if word in lexicon.verbs and word.endswith(("ed", "s")):
            break
    return replace(group, weak=group.weak or group.possessive)


def _nameless(
    groups: Sequence[Group], sentence: Sentence, text: str, words: Sequence[str], lexicon: EventLexicon
) -> list[Group]:
    """Give a group to each bare noun for people who act: gunmen, demonstrators, the opposition."""
    taken = {at for group in groups for at in range(group.first, group.last)}
    found = []
    for at, word in enumerate(words):
        if at in taken or lexicon.sectors.get(word) not in _ACTING:
            continue
        following = words[at + 1] if at + 1 < len(words) else "."
        if following in PREPOSITIONS or following in AUXILIARIES or following in lexicon.verbs or not following[:1].isalpha() or following in {"and", "or", "who", "that", "also"}:  # fmt: skip
            token = sentence.tokens[at]
            found.append(Group(at, at + 1, token.start, token.end, None, None, text[token.start : token.end]))
    return found


def _governed(group: Group, words: Sequence[str]) -> Group:
    """Find the preposition before a group, over its article and adjectives."""
    np = group.first
    while np > 0 and group.first - np < 4 and words[np - 1] in PREMODIFIERS:  # noqa: PLR2004
        np -= 1
    before = words[np - 1] if np else ""
    return replace(group, np=np, preposition=before if before in PREPOSITIONS else None)


def listed_after(layout: Layout, number: int) -> tuple[Group, ...]:
    """Give a group and those coordinated with it on its right: A, B and C."""
    found = [layout.groups[number]]
    for group in layout.groups[number + 1 :]:
        if not _coordinated(layout, found[-1], group) or group.place != found[-1].place:
            break
        found.append(group)
    return tuple(found)


def listed_before(layout: Layout, number: int) -> tuple[Group, ...]:
    """Give a group and those coordinated with it on its left, in the order of the text."""
    found = [layout.groups[number]]
    for group in reversed(layout.groups[:number]):
        if not _coordinated(layout, group, found[0]):
            break
        found.insert(0, group)
    return tuple(found)


def _coordinated(layout: Layout, left: Group, right: Group) -> bool:
    if left.first == right.first:
        return True
    between = layout.words[left.last : right.np]
    if not between or len(between) > 3 or not set(between) <= _LIST_WORDS:  # noqa: PLR2004
        return False
    # "In Egypt, Sudan won": a lone comma ends a fronted phrase; in "in Egypt, Sudan and Chad" the list goes on.
    ends = left.preposition is not None and between == (",",)
    return not ends or layout.words[right.last : right.last + 1] in {(",",), ("and",), ("or",)}


def verb_start(layout: Layout, first: int) -> int:
    """Give where the verb group begins whose last word is at `first`: auxiliaries and adverbs belong to it."""
    at = first
    while at > 0 and first - at < 8:  # noqa: PLR2004
        word = layout.words[at - 1]
        if (at - 1) in layout.at or not (
            word in AUXILIARIES
            or word in ADVERBS
            or (word.endswith("ly") and len(word) > 3)
            or word.endswith("n't")  # noqa: PLR2004
        ):
            break
        at -= 1
    return at


def is_passive(layout: Layout, first: int, form: str) -> bool:
    """Say whether the participle at `first` is passive: a form of be before it, or a bare one with `by` behind."""
    if form.endswith("ing") or form.endswith("s"):
        return False
    start = verb_start(layout, first)
    verb_group = layout.words[start:first]
    if any(word in BE for word in verb_group):
        return True
    if verb_group or (first > 0 and (first - 1) in layout.at and not form.endswith("ed")):
        return False
    return "by" in layout.words[first + 1 : first + 3]


def find_subject(layout: Layout, first: int, lexicon: EventLexicon) -> Parties:
    """Find who does what the verb at `first` says: to its left, in its clause."""
    start = verb_start(layout, first)
    words = layout.words
    low = max(0, start - SUBJECT_REACH)
    at = start - 1
    fallback: int | None = None
    while at >= low:
        number = layout.at.get(at)
        word = words[at]
        if number is not None:
            group = layout.groups[number]
            governed = group.preposition is not None or _is_object(layout, group, lexicon)
            if not governed and not (group.weak and _noun_follows(layout, group, start)):
                return Parties(listed_before(layout, number), sure=True)
            if listed := listed_before(layout, number):
                head = listed[0]
                if head.preposition is None and not _is_object(layout, head, lexicon) and len(listed) > 1:
                    return Parties(listed, sure=True)
            if fallback is None and group.preposition in {
                None,
                "of",
                "from",
                "between",
                "among",
                "by",
                "for",
            }:
                fallback = number
            at = min(group.np, group.first) - 1
            continue
        if word in RELATIVES:
            return _antecedent(layout, at)
        if word == "," and at == start - 1 and not words[first].endswith("ing"):
            opener = _opener(layout, at, low)
            if opener is not None:
                at = opener - 1
                continue
        elif (
            word in STOPS
            or (word == "that" and at > 0 and words[at - 1] in lexicon.reporting)
            or (
                word in SUBORDINATORS
                and fallback is None
                and at < start - 1
                and words[at - 1 : at] != ("such",)
            )
        ):
            break
        at -= 1
    if fallback is not None:
        return Parties(listed_before(layout, fallback), sure=False)
    if words[first].endswith("ing") or words[start] == "to" or first == 0:
        return _subject_behind(layout, first)
    return Parties((), sure=False)


def _noun_follows(layout: Layout, group: Group, start: int) -> bool:
    """Whether a weak group is only the adjective of another noun before the verb: Swiss banks said."""
    return not group.possessive and group.last < start and layout.words[group.last][:1].isalpha()


def _is_object(layout: Layout, group: Group, lexicon: EventLexicon) -> bool:
    if group.np == 0:
        return False
    before = layout.words[group.np - 1]
    if before not in lexicon.verbs or before in AUXILIARIES:
        return False
    inverted = before in lexicon.reporting and group.np > 1 and layout.words[group.np - 2] in {",", '"', "”"}
    return not (inverted or before in lexicon.reporting)


def _antecedent(layout: Layout, relative: int) -> Parties:
    """Give the group before `who` or `which`."""
    for at in range(relative - 1, max(-1, relative - 8), -1):
        number = layout.at.get(at)
        if number is not None:
            group = layout.groups[number]
            if (
                group.preposition in {"of", "from"}
                and number > 0
                and group.np - layout.groups[number - 1].last <= 1
            ):
                number -= 1
            return Parties((layout.groups[number],), sure=True)
    return Parties((), sure=False)


def _opener(layout: Layout, comma: int, low: int) -> int | None:
    """Find the comma that opens the aside which `comma` closes, over a relative clause or an apposition."""
    words = layout.words
    nearest: int | None = None
    for at in range(comma - 1, low, -1):
        if words[at] == ",":
            if at + 1 < len(words) and words[at + 1] in RELATIVES:
                return at
            if nearest is None:
                nearest = at
        elif words[at] in STOPS:
            break
    return nearest


def _subject_behind(layout: Layout, first: int) -> Parties:
    """Give the subject of the main clause that follows a fronted one: After meeting X, Y left."""
    words = layout.words
    for at in range(first, min(len(words), first + OBJECT_REACH)):
        if words[at] == ",":
            for token in range(at + 1, min(len(words), at + 6)):
                number = layout.at.get(token)
                if number is not None and layout.groups[number].preposition is None:
                    return Parties(listed_after(layout, number), sure=False)
            return Parties((), sure=False)
    return Parties((), sure=False)


def find_object(layout: Layout, first: int, last: int, wanted: frozenset[str]) -> Parties:
    """Find the other side of a trigger: within it, straight after, or behind a wanted preposition."""
    words = layout.words
    if "object" in wanted:
        for token in range(first + 1, last):
            if token in layout.at:
                return Parties(listed_after(layout, layout.at[token]))
    high = min(len(words), last + OBJECT_REACH)
    at = last
    loose: int | None = None
    opened = words[last - 1] in wanted or words[last - 1] in PREPOSITIONS
    while at < high:
        number = layout.at.get(at)
        word = words[at]
        if number is not None:
            group = layout.groups[number]
            if not group.place or "to" in wanted or "in" in wanted:
                straight = group.np <= last or (opened and group.preposition == words[last - 1])
                if straight and ("object" in wanted or opened):
                    return Parties(listed_after(layout, number))
                if group.preposition in wanted:
                    return Parties(listed_after(layout, number))
                if "object" in wanted and group.preposition is None and loose is None:
                    return Parties(listed_after(layout, number), sure=group.np - last <= 2)  # noqa: PLR2004
                if loose is None and group.preposition in {"of", "from"}:
                    loose = number
            at = group.last
            continue
        if word in STOPS or word in RELATIVES:
            break
        if word == "that" and "that" not in wanted:
            break
        if word in SUBORDINATORS and word != "as":
            break
        if word == "," and not _list_goes_on(layout, at):
            break
        at += 1
    if loose is not None and "object" in wanted:
        return Parties(listed_after(layout, loose), sure=False)
    return Parties((), sure=False)


def _list_goes_on(layout: Layout, comma: int) -> bool:
    return (comma + 1) in layout.at and (comma - 1) in layout.at


def find_after(layout: Layout, last: int, preposition: str, reach: int = 14) -> Parties:
    """Find the groups behind a preposition, such as `by` or `between`, in the same clause."""
    words = layout.words
    for at in range(last, min(len(words), last + reach)):
        if words[at] in STOPS or words[at] in RELATIVES:
            break
        if words[at] == preposition:
            for token in range(at + 1, min(len(words), at + 8)):
                number = layout.at.get(token)
                if number is not None:
                    return Parties(listed_after(layout, number))
            break
    return Parties((), sure=False)


def clause_end(layout: Layout, last: int, lexicon: EventLexicon) -> int:
    """Give the index after the last word of the clause that holds the words before `last`."""
    words = layout.words
    high = min(len(words), last + CLAUSE_REACH)
    at = last
    while at < high:
        word = words[at]
        following = words[at + 1] if at + 1 < len(words) else ""
        if word in {";", '"', "”", "“", "—", "–", ".", "!", "?"}:
            break
        if word == "," and (
            following in RELATIVES or following in {"but", "while", "although", "to", "saying", "where", "when", "as", "it"}
            or (following in lexicon.verbs and following.endswith(("ing", "ed")))
            or following in lexicon.reporting
            or _new_subject(layout, at + 1, lexicon)
        ):  # fmt: skip
            break
        if word in {"while", "but", "although", "because"} or (
            word == "and" and _new_subject(layout, at + 1, lexicon)
        ):
            break
        at += 1
    return at


def _new_subject(layout: Layout, at: int, lexicon: EventLexicon) -> bool:
    """Whether a clause with a subject of its own begins here: a group, and a verb behind it."""
    if at < len(layout.words) and layout.words[at] == "and":
        at += 1
    for token in range(at, min(len(layout.words), at + 4)):
        number = layout.at.get(token)
        if number is not None:
            after = layout.groups[number].last
            return after < len(layout.words) and (
                layout.words[after] in AUXILIARIES
                or (layout.words[after] in lexicon.verbs and not layout.words[after].endswith("ing"))
            )
        if layout.words[token] not in PREMODIFIERS:
            return layout.words[token] in PRONOUNS and token + 1 < len(layout.words)
    return False
