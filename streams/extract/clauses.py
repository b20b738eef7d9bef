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
from streams.extract.triggers import phrase_ends_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from schemas.entity import Entity, Mention
    from streams.extract.reading import Sentence
    from streams.extract.triggers import EventLexicon

SUBJECT_REACH: Final = 60
OBJECT_REACH: Final = 30
CLAUSE_REACH: Final = 60
PREPOSITION_REACH: Final = 14
ANTECEDENT_REACH: Final = 8
PREMODIFIERS_AT_MOST: Final = 4
LIST_WORDS_AT_MOST: Final = 3
LISTED_AT_MOST: Final = 40
VERB_WORDS_AT_MOST: Final = 8

PREPOSITIONS: Final = frozenset(
    """of in on at to from with by for between among amongst against into over under after before during about through
    near towards toward via without within across along outside inside upon around behind beyond per like than as
    despite including until since regarding concerning following above below beside beneath""".split()
)
DETERMINERS: Final = frozenset(
    """the a an this that these those its his her their our my your both all some any no each two three four five
    several many other another""".split()
)
POSSESSIVES: Final = frozenset("his her its their our my your".split())
PREMODIFIERS: Final = DETERMINERS | frozenset(
    """visiting former new senior top own official high-ranking acting deputy chief young old late current outgoing
    incoming prominent leading armed masked islamic moslem muslim main mostly only last neighbouring neighboring more
    additional fellow respective suspected alleged""".split()
)
AUXILIARIES: Final = frozenset(
    """is are was were be been being am has have had having do does did will would shall should can could may might must
    'll to""".split()
)
BE: Final = frozenset("is are was were be been being am gets got".split())
RELATIVES: Final = frozenset("who which whose".split())
SUBORDINATORS: Final = frozenset(
    "because although though while when whereas unless if whether after before since where amid as".split()
)
STOPS: Final = frozenset({";", ":", '"', "“", "”", "[", "]", "–", "—", "--"})
ADVERBS: Final = frozenset(
    """also not never again then now already just still today yesterday jointly once later earlier even only ever first
    n't here tomorrow monday tuesday wednesday thursday friday saturday sunday""".split()
)
TIMES: Final = frozenset("week month year morning afternoon evening night last this".split())
PRONOUNS: Final = frozenset("he she it they we i you them him us".split())

_LIST_WORDS: Final = frozenset({",", "and", "&", "or", "as", "well", "plus", "-", "–", "/"})
_JOINING: Final = frozenset({"and", "or", "&"})
_ACTING: Final = frozenset({"REB", "OPP", "MIL", "COP", "CVL", "GOV"})
_SEATED: Final = frozenset(
    """police government authorities junta court parliament protesters demonstrators students workers residents opposition
    regime administration judge prosecutors gendarmes miners farmers crowds villagers prisoners teachers nurses drivers
    rioters marchers""".split()
)
"""Where these are, they are of: the police in Nairobi. Soldiers and diplomats may be abroad."""
_NUMERALS: Final = frozenset(
    """six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty
    forty fifty sixty seventy eighty ninety hundred thousand dozen nearly almost""".split()
)
_MEANS: Final = frozenset(
    {"phone", "telephone", "video", "radio", "letter", "sea", "air", "land", "road", "rail"}
)
"""Behind `by` these say how and not who: spoke by phone."""
_SAME_PARTICIPLE: Final = frozenset({"put", "cut", "set", "beat", "shut", "hit"})
_SPEAKERS: Final = frozenset({"i", "we", "they"})
_ATTACHED: Final = frozenset({"of", "from"})
_LIKELY: Final = frozenset({None, "of", "from", "between", "among", "by", "for"})
_CLAUSE_OPENERS: Final = frozenset("but while although to saying where when as it who which whose".split())
_FUNCTION_WORDS: Final = (
    PREPOSITIONS | PREMODIFIERS | SUBORDINATORS | RELATIVES | _JOINING | _CLAUSE_OPENERS | PRONOUNS
)
_ENDS: Final = frozenset({";", '"', "”", "“", "—", "–", "--", ".", "!", "?"})


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
    """A sentence with its groups. `at` gives the number of the group on a token."""

    sentence: Sentence
    words: tuple[str, ...]
    groups: tuple[Group, ...]
    at: Mapping[int, int]
    lexicon: EventLexicon

    def last_at(self, token: int) -> int | None:
        """Give the number of the last group on a token: of Iran-China, China."""
        number = self.at.get(token)
        while number is not None and number + 1 < len(self.groups) and self.groups[number + 1].first == token:
            number += 1
        return number

    def group_at(self, token: int) -> Group | None:
        """Give the group on a token."""
        number = self.at.get(token)
        return None if number is None else self.groups[number]


@dataclass(frozen=True, slots=True)
class Parties:
    """Groups in one slot, and whether grammar puts them there or they are only the likeliest."""

    groups: tuple[Group, ...] = ()
    sure: bool = True


NOBODY: Final = Parties((), sure=False)


# --- groups


def lay_out(
    sentence: Sentence,
    text: str,
    mentions: Sequence[Mention],
    entities: Mapping[str, Entity],
    lexicon: EventLexicon,
) -> Layout:
    """Lay the mentions of a sentence, which are in the order of the text, over its words."""
    words = tuple(token.text.lower().replace("’", "'") for token in sentence.tokens)
    if not any(token.text.islower() for token in sentence.tokens):
        mentions = [
            m for m in mentions if m.text.lower() not in RELATIVES
        ]  # WHO ARRIVED is no health organisation
    if not words:
        mentions = ()  # control characters may stand for a name and are no word
    starts = [token.start for token in sentence.tokens]
    groups = [
        _group(m, code, entities[m.entity_id], sentence, starts) for m, code in _outermost(mentions, entities)
    ]
    following = [g.first for g in groups[1:]] + [len(words)]
    groups = [
        _extended(g, limit, sentence, text, lexicon) for g, limit in zip(groups, following, strict=False)
    ]
    groups = _side_by_side(groups, text)
    groups.extend(_nameless(groups, sentence, words, lexicon))
    groups = [_governed(g, words) for g in sorted(groups, key=lambda g: (g.first, g.start))]
    groups = [_with_state(groups, number, words) for number in range(len(groups))]
    at: dict[int, int] = {}
    for number, group in enumerate(groups):
        for token in range(group.first, group.last):
            at.setdefault(token, number)
    return Layout(sentence, words, tuple(groups), at, lexicon)


def _outermost(
    mentions: Sequence[Mention], entities: Mapping[str, Entity]
) -> list[tuple[Mention, str | None]]:
    """Give the mentions that lie in no other, each with its code or that of the first one in it."""
    kept: list[tuple[Mention, str | None]] = []
    for mention in sorted(mentions, key=lambda m: (m.start, -m.end, m.entity_id)):
        entity = entities[mention.entity_id]
        if entity.type is EntityType.EVENT:
            continue
        code = entity.code or (entity.countries[0] if entity.countries else None)
        if kept and mention.start < kept[-1][0].end:
            outer, known = kept[-1]
            names_it = known is None and entity.type is EntityType.COUNTRY and mention.end == outer.end
            kept[-1] = (mention if names_it else outer, known or code)
            continue
        kept.append((mention, code))
    return kept


def _group(
    mention: Mention, code: str | None, entity: Entity, sentence: Sentence, starts: Sequence[int]
) -> Group:
    first = max(0, bisect_right(starts, mention.start) - 1)
    last = max(first + 1, bisect_right(starts, mention.end - 1))
    token = sentence.tokens[last - 1]
    return Group(
        first,
        last,
        mention.start,
        mention.end,
        entity,
        code,
        mention.text,
        place=entity.type is EntityType.PLACE,
        possessive=token.text.replace("’", "'").endswith(("'s", "s'")) and token.end >= mention.end,
        pronoun=mention.kind is MentionKind.PRONOUN,
        weak=mention.kind is MentionKind.NATIONALITY,
    )


def _extended(group: Group, limit: int, sentence: Sentence, text: str, lexicon: EventLexicon) -> Group:
    """Take the noun behind a people or a state into its group, where it acts for it: Iranian border guards."""
    state = _is_state(group)
    if group.pronoun or not (group.weak or state):
        return group
    reach = min(limit, group.last + (4 if group.weak or group.possessive else 1))
    raw = [sentence.tokens[at].text.lower().replace("’", "'") for at in range(group.last, reach)]
    at = _acting_noun([word.removesuffix("'s") for word in raw], lexicon)
    if at is None:
        return replace(group, weak=group.weak or group.possessive)
    word = raw[at].removesuffix("'s")
    end = sentence.tokens[group.last + at].end - (len(raw[at]) - len(word))
    country = (group.code or "").split(":")[0]
    return replace(
        group,
        last=group.last + at + 1,
        end=end,
        text=text[group.start : end],
        code=f"{country}:{lexicon.sectors[word]}" if country else None,
        weak=False,
        place=False,
        possessive=raw[at] != word,
    )


def _acting_noun(words: Sequence[str], lexicon: EventLexicon) -> int | None:
    """Find the last of the nouns that act for a state: of "official media", media."""
    found: int | None = None
    for at, word in enumerate(words):
        if word in lexicon.sectors:
            found = at
        elif (
            found is not None
            or word in _FUNCTION_WORDS
            or word in AUXILIARIES
            or word in lexicon.past
            or not word.isalpha()
        ):
            break
    return found


def _is_state(group: Group) -> bool:
    return group.entity is not None and group.entity.type in {EntityType.COUNTRY, EntityType.PLACE}


def _side_by_side(groups: Sequence[Group], text: str) -> list[Group]:
    """Join what stands side by side: a people, an office and a name are one person."""
    joined: list[Group] = []
    for group in groups:
        if (
            joined
            and joined[-1].last == group.first
            and (one := _joined(joined[-1], group, text)) is not None
        ):
            joined[-1] = one
        else:
            joined.append(group)
    return joined


def _joined(left: Group, right: Group, text: str) -> Group | None:
    if left.pronoun or right.entity is None or left.first == right.first:
        return None
    if right.entity.type not in {EntityType.PERSON, EntityType.ROLE, EntityType.ORGANISATION}:
        return None
    office = left.entity is not None and left.entity.type in {EntityType.ROLE, EntityType.COUNTRY}
    same = left.entity is not None and left.entity.id == right.entity.id
    if not (same or left.weak or left.possessive or office):
        return None
    return replace(
        right,
        first=left.first,
        start=left.start,
        text=text[left.start : right.end],
        code=right.code or left.code,
    )


def _nameless(
    groups: Sequence[Group], sentence: Sentence, words: Sequence[str], lexicon: EventLexicon
) -> Iterator[Group]:
    """Give a group to each bare noun for people who act (gunmen, demonstrators, the opposition), and to I, we and they."""
    taken = {at for group in groups for at in range(group.first, group.last)}
    for at, word in enumerate(words):
        speaks = word in _SPEAKERS
        if at in taken or not (speaks or lexicon.sectors.get(word) in _ACTING):
            continue
        following = words[at + 1] if at + 1 < len(words) else "."
        if speaks or following in lexicon.heads_before or not following[:1].isalpha():
            token = sentence.tokens[at]
            yield Group(at, at + 1, token.start, token.end, None, None, token.text, pronoun=speaks)


def _governed(group: Group, words: Sequence[str]) -> Group:
    """Find the preposition before a group, over its article and adjectives."""
    np = group.first
    while (
        not group.pronoun
        and np > 0
        and group.first - np < PREMODIFIERS_AT_MOST
        and (words[np - 1] in PREMODIFIERS or words[np - 1] in _NUMERALS or words[np - 1].isdigit())
    ):
        if words[np - 1] == "visiting" and (_is_state(group) or words[max(0, np - 2)] in BE):
            break
        np -= 1
    if words[max(0, np - 2) : np] in {("at", "least"), ("at", "most"), ("more", "than"), ("up", "to")}:
        np -= 2  # at least thirty villagers
    before = words[np - 1] if np else ""
    return replace(group, np=np, preposition=before if before in PREPOSITIONS else None)


def _with_state(groups: Sequence[Group], number: int, words: Sequence[str]) -> Group:
    """Give a nameless group the state of what follows it: officials from Iran, students of a Chinese university."""
    group = groups[number]
    if group.code is not None:
        return group
    codes: list[str] = []
    for other in groups[number + 1 : number + 5]:
        between = set(words[group.last : other.np])
        seated = other.preposition == "in" and other.np == group.last + 1 and words[group.first] in _SEATED
        attached = (
            not codes and other.preposition in _ATTACHED and not between - _LIST_WORDS - {other.preposition}
        )
        attached = (attached and group.entity is None) or (not codes and seated)
        listed = bool(codes) and other.preposition is None and words[other.np - 1] in {",", "and"}
        if other.code and (attached or listed):
            codes.append(other.code)
        elif codes or other.preposition is not None or (other.entity is not None and other.code):
            break
    return replace(group, code=";".join(codes)) if codes else group


# --- lists


def listed_after(layout: Layout, number: int) -> tuple[Group, ...]:
    """Give a group and those coordinated with it on its right: A, B and C."""
    found = [layout.groups[number]]
    for group in layout.groups[number + 1 : number + LISTED_AT_MOST]:
        if not _coordinated(layout, found[-1], group) or group.place != found[-1].place:
            break
        found.append(group)
    return tuple(found)


def listed_before(layout: Layout, number: int) -> tuple[Group, ...]:
    """Give a group and those coordinated with it on its left, in the order of the text."""
    found = [layout.groups[number]]
    for group in reversed(layout.groups[max(0, number - LISTED_AT_MOST) : number]):
        if not _coordinated(layout, group, found[0]):
            break
        found.insert(0, group)
    return tuple(found)


def _coordinated(layout: Layout, left: Group, right: Group) -> bool:
    if left.first == right.first:
        return True
    between = _without_brackets(layout.words[left.last : right.np])
    if not between or len(between) > LIST_WORDS_AT_MOST or not set(between) <= _LIST_WORDS:
        return False
    if between != (",",):
        return True
    # "In Egypt, Sudan won" and "met rebels, Reuters says" are no lists; "in Egypt, Sudan and Chad" and, at the head of
    # a clause, "Egypt, Sudan to meet" are.
    after = layout.words[right.last] if right.last < len(layout.words) else ""
    if after in layout.lexicon.reporting:
        return False
    return after in {",", "and", "or"} or left.np == 0 or layout.words[left.np - 1] in STOPS


def _without_brackets(words: tuple[str, ...]) -> tuple[str, ...]:
    if words[:1] == ("(",) and ")" in words:
        return words[words.index(")") + 1 :]
    return words


# --- verbs and their subjects


def verb_start(layout: Layout, first: int) -> int:
    """Give where the verb group begins whose last word is at `first`: auxiliaries and adverbs belong to it."""
    at = first
    while (
        at > 0
        and first - at < VERB_WORDS_AT_MOST
        and (at - 1) not in layout.at
        and _in_verb_group(layout.words[at - 1])
    ):
        at -= 1
    return at


def is_adverb(word: str) -> bool:
    """Say whether a word may stand in a verb group, or between a verb and its object, without meaning another."""
    return word in ADVERBS or (len(word) > 3 and word.endswith("ly"))  # noqa: PLR2004 - fly, ally


def _in_verb_group(word: str) -> bool:
    return word in AUXILIARIES or is_adverb(word) or word in TIMES or word.endswith("n't")


def is_passive(layout: Layout, first: int, form: str) -> bool:
    """Say whether the participle at `first` is passive: a form of be before it, or a bare one with `by` behind."""
    if form.endswith(("ing", "s")) or (form in layout.lexicon.bases and form not in _SAME_PARTICIPLE):
        return False
    verb_group = layout.words[verb_start(layout, first) : first]
    if any(word in BE for word in verb_group):
        return True
    if set(verb_group) & AUXILIARIES:
        return False
    behind = layout.words[first + 1 : first + 4]
    return "by" in behind[:2] and not _MEANS & set(behind)


def find_subject(layout: Layout, first: int) -> Parties:
    """Find who does what the verb at `first` says: to its left, in its clause."""
    return _Leftward(layout, first).search()


class _Leftward:
    """The search for a subject: from the verb to the left, over objects, asides and phrases with prepositions."""

    def __init__(self, layout: Layout, first: int) -> None:
        self.layout = layout
        self.words = layout.words
        self.first = first
        self.start = verb_start(layout, first)
        self.low = max(0, self.start - SUBJECT_REACH)
        self.gerund = self.words[first].endswith("ing")
        self.fallback: tuple[Group, ...] | None = None
        self.crossed = False

    def search(self) -> Parties:
        if (beside := self._beside()) is not None:
            return beside
        stranger, at = self._stranger()
        return stranger if stranger is not None else self._search_from(at)

    def _search_from(self, at: int) -> Parties:
        while at >= self.low:
            if at in self.layout.at:
                found, at = self._try_group(at)
                if found is not None:
                    return found
            elif self._is_relative(at) and not self.crossed:
                return _antecedent(self.layout, at)
            elif self._closes_clause(at):
                break
            else:
                at = self._step_over(at)
        if self.fallback is not None:
            return Parties(self.fallback, sure=False)
        if self.gerund or self.words[self.start] == "to" or self.start == 0:
            return self._behind()
        return NOBODY

    def _is_relative(self, at: int) -> bool:
        """Whether a pronoun opens a relative clause; `that` does right before its verb: the rebels that attacked."""
        if self.words[at] != "that":
            return self.words[at] in RELATIVES
        return at == self.start - 1 and not self._closes_clause(at)

    def _beside(self) -> Parties | None:
        """Right before a participle stands its subject, whatever governs it: a report about Iran visiting China."""
        group = self.layout.group_at(self.start - 1)
        if (
            self.gerund
            and self.start == self.first
            and group is not None
            and not group.weak
            and not group.place
        ):
            return Parties((group,))
        return None

    def _stranger(self) -> tuple[Parties | None, int]:
        """Look at a noun that is no group right before the verb: The ministry condemned, a partnership hailed as.

        Where it begins its clause it is the subject, and whoever stands further left is not. Where it is an object or
        behind a preposition the search goes on before it.
        """
        end = self.start - 1
        at = self._before(end, self._is_plain_noun)
        if at == end:
            return None, end
        group = self.layout.group_at(at)
        if group is None:
            at = self._before(at, PREMODIFIERS.__contains__)
            told = at >= self.low and self.words[at] in self.layout.lexicon.reporting
            inside = at in self.layout.at or (at >= self.low and not told and self._continues(self.words[at]))
            return (None if inside else NOBODY), at
        owner = (group.weak or group.possessive or _is_state(group)) and group.preposition is None
        return (Parties((group,), sure=False) if owner else None), at

    def _before(self, at: int, holds: Callable[[str], bool]) -> int:
        """Step left over words that are in no group while they are of a kind."""
        while at >= self.low and at not in self.layout.at and holds(self.words[at]):
            at -= 1
        return at

    def _is_plain_noun(self, word: str) -> bool:
        return word.isalpha() and word not in _FUNCTION_WORDS and word not in self.layout.lexicon.verbs

    def _continues(self, word: str) -> bool:
        return word in PREPOSITIONS or word in AUXILIARIES or word in self.layout.lexicon.verbs

    def _try_group(self, at: int) -> tuple[Parties | None, int]:
        number = self.layout.at[at]
        listed = listed_before(self.layout, number)
        head = listed[0]
        if not self._is_governed(head) and not self._is_adjective(listed[-1]):
            return Parties(listed), at
        if (
            head.preposition in _ATTACHED
            and len(listed) > 1
            and (owner := self._attached_to(head)) is not None
        ):
            return Parties((owner,) if owner.entity is None else (owner, *listed[1:])), at
        if len(listed) > 1 and listed[-1].entity is None:
            return Parties(listed[-1:], sure=False), at  # the capital of Mali, and soldiers seized
        if self.fallback is None and head.preposition in _LIKELY:
            self.fallback = listed
        return None, min(head.np, head.first) - 1

    def _attached_to(self, head: Group) -> Group | None:
        """The minister of China and his guest: the list begins before `of`."""
        group = self.layout.group_at(head.np - 2)
        return group if group is not None and not self._is_governed(group) else None

    def _is_governed(self, group: Group) -> bool:
        """Whether the group is behind a preposition, or the object of another verb."""
        if group.preposition is not None:
            return True
        before = self.words[group.np - 1] if group.np else ""
        lexicon = self.layout.lexicon
        return before in lexicon.verbs and before not in AUXILIARIES and before not in lexicon.reporting

    def _is_adjective(self, group: Group) -> bool:
        """Whether a people or state only stands before another noun, not before the verb: Swiss banks said."""
        if group.possessive or group.last >= self.start or not (group.weak or _is_state(group)):
            return False
        return self._is_plain_noun(self.words[group.last])

    def _closes_clause(self, at: int) -> bool:
        word = self.words[at]
        if word in STOPS:
            return True
        if word == "that":
            return at > 0 and (
                self.words[at - 1] in self.layout.lexicon.reporting or is_adverb(self.words[at - 1])
            )
        return word in SUBORDINATORS and self.fallback is None and at < self.start - 1

    def _step_over(self, at: int) -> int:
        if self.words[at] == ")":
            opener = next((k for k in range(at - 1, max(-1, at - 12), -1) if self.words[k] == "("), None)
            return at - 1 if opener is None else opener - 1
        self.crossed = self.crossed or self.words[at] in {",", "but"}
        bare = self.start == self.first and self.words[self.first] in self.layout.lexicon.bases
        if self.words[at] == "," and at == self.start - 1 and not (self.gerund or bare):
            opener = self._aside(at)
            return at - 1 if opener is None else opener - 1
        return at - 1

    def _aside(self, comma: int) -> int | None:
        """Find the comma that opens the aside which `comma` closes: over a relative clause, else an apposition."""
        nearest: int | None = None
        for at in range(comma - 1, self.low, -1):
            if self.words[at] in STOPS:
                break
            if self.words[at] == ",":
                if self.words[at + 1] in RELATIVES:
                    return at
                nearest = nearest or at
        return nearest

    def _behind(self) -> Parties:
        """Give the subject of the main clause that follows a fronted one: After meeting X, Y left."""
        return main_subject_behind(self.layout, self.first)


def _antecedent(layout: Layout, relative: int) -> Parties:
    """Give the group before `who` or `which`."""
    for at in range(relative - 1, max(-1, relative - ANTECEDENT_REACH), -1):
        number = layout.at.get(at)
        if number is None:
            continue
        group = layout.groups[number]
        between = layout.words[group.last : relative]
        if len(between) > 1 and between[-1].isalpha() and PREPOSITIONS & set(between):
            return NOBODY  # an official's role in an attack that killed
        if group.preposition in _ATTACHED and number > 0 and group.np - layout.groups[number - 1].last <= 1:
            number -= 1
        return Parties((layout.groups[number],))
    return NOBODY


def main_subject_behind(layout: Layout, first: int) -> Parties:
    """Give the subject of the clause behind the next comma: In his talks with X, Y said."""
    words = layout.words
    for comma in range(first, min(len(words), first + OBJECT_REACH)):
        if words[comma] != ",":
            continue
        for token in range(comma + 1, min(len(words), comma + 6)):
            number = layout.at.get(token)
            if number is not None and layout.groups[number].preposition is None:
                return Parties(listed_after(layout, number), sure=False)
        break
    return NOBODY


def is_asked(layout: Layout, first: int) -> bool:
    """Say whether the infinitive at `first` is what somebody is asked, told or brought to do."""
    if first < 2 or layout.words[first - 1] != "to":  # noqa: PLR2004 - somebody and `to` stand before it
        return False
    number = layout.at.get(first - 2)
    if number is None:
        return False
    before = listed_before(layout, number)[0].np
    phrases = layout.lexicon.control.get(layout.words[before - 1], ()) if before else ()
    return any(phrase_ends_at(layout.words, before, phrase) for phrase in phrases)


# --- objects


def find_object(layout: Layout, first: int, last: int, wanted: frozenset[str]) -> Parties:
    """Find the other side of a trigger: within it, straight after, or behind a wanted preposition."""
    inner: int | None = None
    for token in range(first + 1, last) if "object" in wanted else ():
        number = layout.at.get(token)
        if number is None or layout.groups[number].entity is None:
            continue
        group = layout.groups[number]
        if group.place and group.preposition is not None:
            continue  # gathered in Tbilisi to
        if group.code is not None:
            return Parties(listed_after(layout, number))
        inner = number if inner is None else inner  # recalled its ambassador from Paris
    loose: int | None = None
    for number in _groups_behind(layout, last, wanted):
        group = layout.groups[number]
        if _fits(layout, group, last, wanted):
            return Parties(
                listed_after(layout, number), sure=group.preposition is not None or group.np - last <= 1
            )
        if loose is None and group.preposition in _ATTACHED:
            loose = number
    if inner is not None:
        return Parties(listed_after(layout, inner))
    if loose is not None and "object" in wanted:
        return Parties(listed_after(layout, loose), sure=False)
    return NOBODY


def _fits(layout: Layout, group: Group, last: int, wanted: frozenset[str]) -> bool:
    beside = group.preposition is None and group.np == last  # accuses Tehran of
    if group.place and not group.possessive and not beside and not wanted & {"to", "in"}:
        return False
    closing = layout.words[last - 1]
    if closing in PREPOSITIONS and group.preposition == closing and group.np <= last:
        return True
    return group.preposition in wanted or (group.preposition is None and "object" in wanted)


def _groups_behind(layout: Layout, last: int, wanted: frozenset[str]) -> Iterator[int]:
    """Give the groups behind a trigger in its clause, in order."""
    words = layout.words
    at = last
    high = min(len(words), last + OBJECT_REACH)
    while at < high:
        number = layout.at.get(at)
        if number is not None:
            yield number
            at = layout.groups[number].last
            continue
        word = words[at]
        if (
            word in STOPS
            or word in RELATIVES
            or (word in SUBORDINATORS and word not in wanted and word != "as")
        ):
            return
        if (word == "that" and "that" not in wanted) or (word == "," and not _list_goes_on(layout, at)):
            return
        at += 1


def _list_goes_on(layout: Layout, comma: int) -> bool:
    behind = next((layout.groups[layout.at[at]] for at in (comma + 1, comma + 2) if at in layout.at), None)
    if behind is None or behind.np != comma + 1 or (comma - 1) not in layout.at:
        return False
    after = layout.words[behind.last] if behind.last < len(layout.words) else ""
    return after not in layout.lexicon.reporting  # near Quetta, Pakistani police said


def find_after(layout: Layout, last: int, preposition: str, reach: int = PREPOSITION_REACH) -> Parties:
    """Find the groups behind a preposition, such as `by` or `between`, in the same clause."""
    words = layout.words
    for at in range(last, min(len(words), last + reach)):
        if (
            words[at] in STOPS
            or words[at] in RELATIVES
            or (at > last and words[at - 1] in layout.lexicon.past and words[at] == "by")
        ):
            break
        if words[at] == preposition:
            for token in range(at + 1, min(len(words), at + 8)):
                number = layout.at.get(token)
                if number is not None:
                    return Parties(listed_after(layout, number))
            break
    return NOBODY


# --- bounds


def clause_end(layout: Layout, last: int) -> int:
    """Give the index after the last word of the clause that holds the words before `last`."""
    words = layout.words
    listing = any(word.endswith("ing") for word in words[last - 1 : last + 2])
    for at in range(last, min(len(words), last + CLAUSE_REACH)):
        word = words[at]
        if word in _ENDS or word in {"while", "but", "although", "because"}:
            return at
        if word == "," and _comma_closes(layout, at, listing=listing):
            return at
        if word == "and" and _new_subject(layout, at + 1) and not _between(layout, at):
            return at
    return min(len(words), last + CLAUSE_REACH)


def _between(layout: Layout, at: int) -> bool:
    """Whether `and` joins two sides: talks between Greece and Turkey were held."""
    group = layout.group_at(at - 1)
    return group is not None and group.preposition in {"between", "among"}


def _comma_closes(layout: Layout, comma: int, *, listing: bool) -> bool:
    following = layout.words[comma + 1] if comma + 1 < len(layout.words) else ""
    if following in _CLAUSE_OPENERS or following in layout.lexicon.reporting:
        return True
    if following in layout.lexicon.past or (following.endswith("ing") and following in layout.lexicon.verbs):
        return not (listing and following.endswith("ing"))
    return _new_subject(layout, comma + 1)


def _new_subject(layout: Layout, at: int) -> bool:
    """Whether a clause with a subject of its own begins here: a group, and a verb behind it."""
    words = layout.words
    if at < len(words) and words[at] == "and":
        at += 1
    for token in range(at, min(len(words), at + 4)):
        group = layout.group_at(token)
        if group is not None:
            after = words[group.last] if group.last < len(words) else ""
            if (
                at > 1
                and words[at - 2 : at] == (",", "and")
                and after.isalpha()
                and after not in PREPOSITIONS
            ):
                return after not in _JOINING
            return (after in AUXILIARIES and after != "to") or after in layout.lexicon.past
        if words[token] not in PREMODIFIERS:
            return words[token] in PRONOUNS and token + 1 < len(words)
    return False
