"""Mentions and entities: who and what a transcript names, and which mentions are one and the same.

Coreference is by rule, over the transcript as a whole. Every rule would rather leave two mentions apart than join two
people: an alert that names the wrong police chief is worse than one that names him twice.
"""
# ruff: noqa: SIM905 - lists of words are read as words

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from schemas.entity import Entity, EntityType, Mention, MentionKind
from schemas.ids import derived_id
from schemas.transcript import SegmentKind
from streams.extract.mentions import Owner, RawMention, find_mentions
from streams.extract.names import leader_key, plain_name, skeleton, split_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.extract.models import Models
    from streams.extract.names import Known
    from streams.extract.reading import Reading

__all__ = ["RawMention", "Resolved", "find_mentions", "mention_spans", "resolve_entities"]

_SMALL: Final = frozenset("of the a an and for to at on in ' 's - & .".split())
_SAME: Final = {
    "defense": "defence",
    "affairs": "",
    "force": "",
    "forces": "",
    "organisation": "organization",
    "ministry": "minister",
}
"""Words that do not tell two offices apart, and spellings of one word."""
_ARMED: Final = frozenset({"COP", "MIL", "SPY"})
_HOME_OF_LANGUAGE: Final = {
    "fa": "IRN",
    "he": "ISR",
    "hi": "IND",
    "id": "IDN",
    "ru": "RUS",
    "tr": "TUR",
    "uk": "UKR",
    "ur": "PAK",
    "zh": "CHN",
}
"""Where a broadcaster of unknown name most likely is, for languages that are mostly spoken to one public."""
_SIGNATURE: Final = 100
"""A last line longer than this, in signs, is no signature."""
_LEAD: Final = 60
"""The longest speaker tag, in signs."""
_DEEPEST: Final = 4
"""Bodies within bodies are followed so far."""
_LOOK_BACK: Final = 200
"""How many entities or mentions are looked at for one that is not named: keeps reading linear in the text."""
LONG_TEXT: Final = 25
"""A text of more sentences speaks of many things: who was named far away has no part in what is told here."""
_TOGETHER: Final = frozenset("and with met meets host hosted hosts welcomed visited".split())
_LEADERS: Final = frozenset("leaders presidents ministers both two".split())
_PAIR_REACH: Final = 3
_OPENING_SENTENCES: Final = 3
_SUBJECT_WORDS: Final = 5
_COUNTERPARTS: Final = frozenset({"counterpart", "counterparts"})
_OF_A_STATE: Final = frozenset(
    "government authorities army military police parliament cabinet navy central federal".split()
)
"""Words for a body that every state has one of."""
_MINISTRY: Final = frozenset({"minister"})
"""The words of `the ministry`, as offices are compared."""
_COMMON_BODIES: Final = frozenset("council congress command department office commons senate".split())
"""Last words of names that many states have a body of."""
_REPORTERS: Final = frozenset("reporter correspondent".split())
_FAMILY_FIRST: Final = frozenset(
    """xi hu jiang deng mao li wang zhang liu chen yang zhao huang zhou wu xu sun zhu ma guo lin gao luo qin tang qian wen
    kim park moon yoon lee roh choe ri nguyen pham tran ho han chun tsai lai cho kang jang dong wei meng""".split()
)
"""Family names that stand first: Xi Jinping is later called Xi."""
_ARTICLES: Final = frozenset({"al", "el"})
"""Parts of Arabic names that are now written, now left out: al-Sisi, Sisi."""
_FAMILY_LAST: Final = frozenset({"jr", "sr", "ii", "iii"})


@dataclass(frozen=True, slots=True)
class Resolved:
    """The entities of a transcript in the order in which they appear, and their mentions in the order of the text."""

    entities: tuple[Entity, ...]
    mentions: tuple[Mention, ...]


@dataclass(slots=True)
class _Draft:
    """An entity while the transcript is being read."""

    id: str
    type: EntityType
    name: str
    sector: str | None = None
    code: str | None = None
    countries: list[str] = field(default_factory=list)
    role: str | None = None
    heads: list[frozenset[str]] = field(default_factory=list)
    organisation_id: str | None = None
    members: list[str] = field(default_factory=list)
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class _Office:
    """What a role says: its words, whose it is, and its sector."""

    head: frozenset[str]
    states: list[str]
    body: str | None
    sector: str


def resolve_entities(reading: Reading, raw: tuple[RawMention, ...], models: Models) -> Resolved:
    """Join the mentions of one entity across the transcript."""
    return _Resolver(reading, raw, models).run()


def mention_spans(resolved: Resolved) -> list[tuple[int, int, str]]:
    """Give the names of persons, organisations and places as spans: PER, ORG or LOC, none inside another."""
    kinds = {e.id: e.type for e in resolved.entities}
    labels = {
        EntityType.PERSON: "PER",
        EntityType.ORGANISATION: "ORG",
        EntityType.COUNTRY: "LOC",
        EntityType.PLACE: "LOC",
        EntityType.EVENT: "EVENT",
    }
    names = [
        (m.start, m.end, labels[kinds[m.entity_id]])
        for m in resolved.mentions
        if m.kind is MentionKind.NAME and kinds[m.entity_id] in labels
    ]
    found: list[tuple[int, int, str]] = []
    for start, end, label in sorted(names, key=lambda s: (s[0], -s[1])):
        if not found or start >= found[-1][1]:
            found.append((start, end, label))
    return [span for span in found if span[2] != "EVENT"]


class _Resolver:
    """One transcript on its way from mentions to entities."""

    def __init__(self, reading: Reading, raw: tuple[RawMention, ...], models: Models) -> None:
        self.reading = reading
        self.text = reading.text
        self.names = models.names
        self.raw = raw
        self.drafts: dict[str, _Draft] = {}
        self.recent: deque[_Draft] = deque(maxlen=_LOOK_BACK)
        """The entities last spoken of, latest last."""
        self.people_by_name: dict[str, str] = {}
        """Normalised full names and surnames to the person; a surname that two share leads to nobody."""
        self.roles: dict[tuple[str, frozenset[str]], str] = {}
        """State (or body) and office to who holds it."""
        self.bodies: dict[tuple[str, frozenset[str]], str] = {}
        self.fields: dict[frozenset[str], str] = {}
        """What an office is about to the state that was last named with it."""
        self.recent_states: list[str] = []
        self.sides: list[tuple[int, str, int, int]] = []
        """In which sentence and where a state was named, or somebody who acts for one, latest last."""
        self.opening: list[str] = []
        """The states of the first sentences."""
        self.pairs: list[tuple[int, str]] = []
        """In which sentence words such as `the two countries` stood, and for which group."""
        self.long = len(reading.sentences) > LONG_TEXT
        self.last_body: str | None = None
        self.last_group: str | None = None
        self.last_person: str | None = None
        self.subjects: list[tuple[int, str]] = []
        """Who opened which sentence, latest last."""
        self.at: dict[tuple[int, int], str] = {}
        """Where a mention stands to the entity it got, for holders and owners."""
        self.segment_of = [s.segment for s in reading.sentences]
        self.starts = [m.start for m in raw]
        self.depth = 0
        """How many bodies within bodies are being read."""
        self.sentences: dict[tuple[int, int], list[RawMention]] = {}
        for mention in raw:
            self.sentences.setdefault((mention.sentence, mention.part), []).append(mention)
        self.spoken: dict[str, set[str | None]] | None = None
        """By which known names the text speaks of which state; made when it is asked for."""
        self.home = self._home()
        self.reporter = self._reporter()

    def run(self) -> Resolved:
        """Read the mentions in the order of the text."""
        for mention in self.raw:
            ident = self._resolve(mention)
            if ident is not None:
                self.at[mention.start, mention.end] = ident
                self._note(mention, ident)
        mentions: dict[tuple[int, int], Mention] = {}
        for m in self.raw:
            ident = self.at.get((m.start, m.end))
            if ident is not None and (m.start, m.end) not in mentions:
                mentions[m.start, m.end] = Mention(
                    entity_id=self.drafts[ident].id,
                    kind=m.kind,
                    text=self.text[m.start : m.end],
                    start=m.start,
                    end=m.end,
                )
        ordered = tuple(sorted(mentions.values(), key=lambda m: (m.start, -m.end)))
        return Resolved(self._entities({m.entity_id for m in ordered}), ordered)

    def _entities(self, named: set[str]) -> tuple[Entity, ...]:
        """Give the entities that are mentioned, and those that a mentioned group or office stands on."""
        drafts = {draft.id: draft for draft in self.drafts.values()}
        wanted = set(named)
        for ident in named:
            draft = drafts[ident]
            wanted.update(self.drafts[member].id for member in draft.members)
            if draft.organisation_id in drafts:
                wanted.add(drafts[draft.organisation_id].id)
        return tuple(self._finish(draft) for draft in drafts.values() if draft.id in wanted)

    # --- what holds for the whole transcript ------------------------------------------------------------------------

    def _home(self) -> str | None:
        """Give the state that `our country` means to this broadcaster: as declared, by its name, or by its sign-off."""
        source = self.reading.transcript.source
        if source.country:
            return source.country
        known = self._medium(source.broadcaster)
        if known is not None:
            return known
        media = [
            m
            for m in self.raw
            if m.code and m.code.endswith(":MED") and m.kind is MentionKind.NAME and m.countries
        ]
        if media:
            return media[-1].countries[0]
        return _HOME_OF_LANGUAGE.get(self.reading.language.language.split("-")[0])

    def _medium(self, name: str) -> str | None:
        words = split_words(name)
        for index in range(len(words)):
            match = self.names.english.at(words, index)
            if (
                match is not None
                and match.known.code
                and match.known.code.endswith(":MED")
                and match.known.countries
            ):
                return match.known.countries[0]
        return None

    def _reporter(self) -> RawMention | None:
        """Find the reporter's name: in a byline or sign-off, else a last line that is a name with a station or a place."""
        segments = self.reading.segments
        named = {SegmentKind.BYLINE, SegmentKind.SIGNOFF}
        spots = [i for i, s in enumerate(segments) if s.kind in named] or (
            [len(segments) - 1] if segments and segments[-1].end - segments[-1].start < _SIGNATURE else []
        )
        for spot in spots:
            start, end = segments[spot].start, segments[spot].end
            inside = [m for m in self.raw if start <= m.start and m.end <= end]
            people = [m for m in inside if m.type is EntityType.PERSON and m.kind is MentionKind.NAME]
            if people and (segments[spot].kind in named or (people[0].start == start and len(inside) > 1)):
                return people[0]
        return None

    # --- one mention ------------------------------------------------------------------------------------------------

    def _resolve(self, m: RawMention) -> str | None:
        if m.key is not None:
            return self._keyed(m, m.key)
        if m.deixis is not None and m.deixis != "generic":
            return self._deictic(m)
        if self._is_leader(m) or self._is_surname(m):
            return self._person(m)
        ways = {
            EntityType.PERSON: self._person,
            EntityType.ROLE: self._role,
            EntityType.ORGANISATION: self._body,
            EntityType.PLACE: self._place,
            EntityType.GROUP: self._group,
        }
        way = ways.get(m.type)
        return way(m) if way else self._new(m.type, self.text[m.start : m.end])

    def _keyed(self, m: RawMention, key: str) -> str | None:
        """Give what a known name stands for; here that may be another's body, or nothing."""
        if self._is_abroad(m):
            return None
        text = self.text[m.start : m.end]
        if state := self._other_owner(m):
            return self._body_of(state, _office(tuple(text.lower().split())), text, "GOV")
        return self._known(key, m.type, m.name or text, m.code, m.countries)

    def _is_leader(self, m: RawMention) -> bool:
        """Tell whether what looks like no person is one whom everybody knows."""
        if m.kind is not MentionKind.NAME or m.type is EntityType.PERSON or m.head:
            return False
        text = self.text[m.start : m.end]
        single = plain_name(text)
        return (" " not in single and single in self.names.leaders) or leader_key(
            text
        ) in self.names.leader_keys

    def _other_owner(self, m: RawMention) -> str | None:
        """Give the state that a common name of a body is of, where another stands right before it: Russia's Security Council."""
        text = self.text[m.start : m.end]
        if m.type is not EntityType.ORGANISATION or text.rpartition(" ")[2].lower() not in _COMMON_BODIES:
            return None
        before = bisect_right(self.starts, m.start - 1) - 1
        owner = self.raw[before] if before >= 0 else None
        if (
            owner is None
            or owner.type is not EntityType.COUNTRY
            or not owner.countries
            or owner.start == m.start
        ):
            return None
        beside = self.text[owner.end : m.start].strip() in {"", "'s", "’s", "'", "’"}
        return owner.countries[0] if beside and owner.countries[0] not in m.countries else None

    def _is_surname(self, m: RawMention) -> bool:
        """Tell whether what looks like a place or a body is the surname of who was named before: met Laftit."""
        text = self.text[m.start : m.end]
        bare = m.kind is MentionKind.NAME and m.type in {EntityType.PLACE, EntityType.ORGANISATION}
        if not bare or m.head or m.countries or " " in text or text.isupper():
            return False
        ident = self.people_by_name.get(_surname(text))
        known = self.drafts.get(ident) if ident else None
        return known is not None and " " in known.name and _name_parts(known.name)[-1] == _plain(text)

    def _is_abroad(self, m: RawMention) -> bool:
        """Tell whether a name stands for a body only at home, and this text does not speak of its home."""
        state = (m.countries or ("",))[0]
        if (plain_name(self.text[m.start : m.end]), state) not in self.names.at_home:
            return False
        return not self._spoken_of(state) - {m.key}

    def _spoken_of(self, state: str) -> set[str | None]:
        """Give by which known names a text speaks of a state; None stands for all that are not known."""
        if self.spoken is None:
            self.spoken = {}
            for mention in self.raw:
                for code in mention.countries:
                    self.spoken.setdefault(code, set()).add(mention.key)
        return self.spoken.get(state, set())

    def _known(
        self, ident: str, kind: EntityType, name: str, code: str | None, countries: tuple[str, ...]
    ) -> str:
        if ident not in self.drafts:
            self.drafts[ident] = _Draft(ident, kind, name, code=code, countries=list(countries))
        return ident

    def _new(self, kind: EntityType, name: str, *parts: str) -> str:
        plain = _plain(name)
        ident = f"{_PREFIX[kind]}:{derived_id('entity', kind.value, plain, *parts)[:13]}"
        if ident not in self.drafts:
            self.drafts[ident] = _Draft(ident, kind, name)
        return ident

    def _country(self, code: str) -> str:
        return self._known(
            f"country:{code}", EntityType.COUNTRY, self.names.countries.get(code, code), code, (code,)
        )

    # --- deictics ---------------------------------------------------------------------------------------------------

    def _deictic(self, m: RawMention) -> str | None:
        if m.deixis == "our":
            return self._country(state) if (state := self._our_state(m)) else None
        if m.deixis == "this" and m.type is EntityType.COUNTRY:
            return self._country(state) if (state := self._this_state(m)) else None
        if m.deixis == "this":
            return self.last_body
        if m.deixis is not None and m.deixis.startswith("pair"):
            return self._pair(int(m.deixis[4:]), m)
        if m.deixis in {"he", "she"}:
            return self._third_person()
        return self._they(m)

    def _our_state(self, m: RawMention) -> str | None:
        """Give the speaker's state: that of a quoted person where it is known, else the broadcaster's."""
        segment = self.reading.segments[self.segment_of[m.sentence]]
        if segment.speaker:
            ident = self.people_by_name.get(_surname(segment.speaker))
            if ident and self.drafts[ident].countries:
                return self.drafts[ident].countries[0]
        return self.home

    def _this_state(self, m: RawMention) -> str | None:
        """Give the state in focus: the last one named that is not the broadcaster's own."""
        other = [c for c in self.recent_states if c != self.home]
        if other:
            return other[-1]
        later = [x.countries[0] for x in self._ahead(m) if x.countries[0] != self.home]
        return later[0] if later else (self.recent_states[-1] if self.recent_states else None)

    def _pair(self, size: int, m: RawMention) -> str | None:
        """Give the states that `the two countries` means: those last spoken of; at the start, those that come first.

        In a long text the last two may have nothing to do with each other: there it is whom a sentence just before
        names together, else who opened the text together.
        """
        if self.long and size == 2:  # noqa: PLR2004 - a pair
            together = self._together(m.sentence, _PAIR_REACH)
            if not together and len(set(self.opening)) == 2:  # noqa: PLR2004
                together = list(dict.fromkeys(self.opening))
            return self._states_as_group(together) if together else None
        codes = list(dict.fromkeys(reversed(self.recent_states)))[:size][::-1]
        if len(codes) < size:
            for later in self._ahead(m):
                if later.countries[0] not in codes:
                    codes.append(later.countries[0])
                if len(codes) == size:
                    break
        return self._states_as_group(codes) if len(codes) == size else None

    def _together(self, sentence: int, reach: int) -> list[str]:
        """Give the two states that the nearest sentence names together, if it names no third."""
        for number in range(sentence, max(-1, sentence - reach - 1), -1):
            sides = [side for side in self.sides if side[0] == number]
            codes = list(dict.fromkeys(side[1] for side in sides))
            if len(codes) == 2 and any(map(self._are_joined, sides, sides[1:])):  # noqa: PLR2004 - a pair
                return codes
        return []

    def _who_opened(self, m: RawMention) -> list[str]:
        """Give the two states that opened a statement whose leaders the sentence before speaks of."""
        if m.sentence == 0 or len(set(self.opening)) != 2:  # noqa: PLR2004 - a pair
            return []
        before = self.reading.sentences[m.sentence - 1].tokens[:_SUBJECT_WORDS]
        told = any(token.text.lower() in _LEADERS for token in before)
        return list(dict.fromkeys(self.opening)) if told else []

    def _are_joined(self, one: tuple[int, str, int, int], other: tuple[int, str, int, int]) -> bool:
        """Tell whether the words between two states put them together: A and B, A spoke with B."""
        between = self.text[one[3] : other[2]].lower()
        return one[1] != other[1] and len(between) < _LEAD * 2 and bool(_TOGETHER & set(split_words(between)))

    def _states_as_group(self, codes: Sequence[str]) -> str:
        members = [self._country(c) for c in sorted(codes)]
        return self._group_of(
            members,
            ";".join(sorted(codes)),
            " and ".join(self.names.countries.get(c, c) for c in sorted(codes)),
        )

    def _ahead(self, m: RawMention) -> list[RawMention]:
        """Give the states named behind a mention, not too far on."""
        first = bisect_right(self.starts, m.end - 1)
        window = self.raw[first : first + _LOOK_BACK]
        return [x for x in window if x.start >= m.end and x.type is EntityType.COUNTRY and x.countries]

    def _group_of(self, members: list[str], code: str | None, name: str, *parts: str) -> str:
        ident = f"group:{derived_id('entity', 'group', *sorted(members), *parts)[:13]}"
        if ident not in self.drafts:
            countries = sorted({c for member in members for c in self.drafts[member].countries})
            self.drafts[ident] = _Draft(
                ident, EntityType.GROUP, name, code=code, countries=countries, members=sorted(members)
            )
        return ident

    def _third_person(self) -> str | None:
        return self.last_person

    def _they(self, m: RawMention) -> str | None:
        """Give who `they` are: the one who opened an earlier sentence and the one met there, else the states spoken of."""
        segment = self.segment_of[m.sentence]
        if m.deixis == "we":
            speaker = self.reading.segments[segment].speaker
            quoted = self.reading.segments[segment].kind is SegmentKind.QUOTE
            return self.last_group if (speaker or quoted) and self.last_group and m.subject else None
        for sentence in range(m.sentence, max(-1, m.sentence - 4), -1):
            if self.segment_of[sentence] != segment:
                break
            actors = [
                (x, ident)
                for x in self._in_sentence(sentence, m.part if sentence == m.sentence else 0)
                if x.end <= m.start
                and x.type in {EntityType.PERSON, EntityType.ROLE}
                and (ident := self.at.get((x.start, x.end)))
                and x.kind is not MentionKind.PRONOUN
                and self.drafts[ident].sector != "MED"
            ]
            if len({ident for _, ident in actors}) < 2:  # noqa: PLR2004 - they are at least two
                continue
            first = actors[0][1]
            met = next(
                (ident for x, ident in reversed(actors) if ident != first and self._is_partner(x)), None
            )
            if met is not None:
                names = [self.drafts[i].name for i in (first, met)]
                codes = [c for i in (first, met) if (c := self._code(self.drafts[i]))]
                self.last_group = self._group_of([first, met], ";".join(codes) or None, " and ".join(names))
                return self.last_group
        if self.long:
            near = [ident for sentence, ident in self.pairs if sentence >= m.sentence - 2]
            together = self._together(m.sentence, 1) or self._who_opened(m)
            return near[-1] if near else self._states_as_group(together) if together else None
        return self._pair(2, m) if len(set(self.recent_states)) > 1 else None

    def _in_sentence(self, number: int, part: int = 0) -> list[RawMention]:
        return self.sentences.get((number, part), [])

    def _is_partner(self, m: RawMention) -> bool:
        """Tell whether somebody stands after `with`, `and` or a verb of meeting."""
        before = self.text[max(0, m.start - 14) : m.start].lower().split()
        return bool(before) and before[-1] in {"with", "and", "met", "visited", "counterpart"}

    # --- persons and roles ------------------------------------------------------------------------------------------

    def _person(self, m: RawMention) -> str | None:
        start, end = m.holder or (m.start, m.end)
        name = self.text[start:end]
        ident = self._named_person(name)
        if m.countries and not self.drafts[ident].countries:
            self.drafts[ident].countries = list(m.countries)
        if m.holder and m.head:
            self._give_role(ident, m)
        return ident

    def _named_person(self, name: str) -> str:
        full, last = _person_key(name), _surname(name)
        ident = self.people_by_name.get(full)
        if ident:
            return ident
        single = len(_name_parts(name)) < 2  # noqa: PLR2004 - a surname alone
        ident = self.people_by_name.get(last)
        if ident and ident in self.drafts:
            old = self.drafts[ident]
            if single or len(_name_parts(old.name)) < 2 or _agree(old.name, name):  # noqa: PLR2004
                if len(_name_parts(name)) > len(_name_parts(old.name)):
                    old.name = name
                self.people_by_name[full] = ident
                return ident
        ident = self._new(EntityType.PERSON, name)
        self.people_by_name[full] = ident
        self.people_by_name[last] = ident
        for part in _name_parts(name)[1:-1]:  # the first of two surnames: Carlos Ruiz Ortega, then Ruiz
            self.people_by_name.setdefault(_surname(part), ident)
        return ident

    def _give_role(self, ident: str, m: RawMention) -> None:
        """Add a rank or office to a person; join an office that was spoken of before under no name."""
        draft = self.drafts[ident]
        sector = m.code
        head = _office(m.head)
        if draft.role is None:
            draft.role = self.text[
                m.start : m.holder[0] if m.holder and m.holder[0] > m.start else m.end
            ].strip()
        if not draft.heads:
            role = self._unnamed_role(m, head)
            if role is not None:
                self._merge(role, ident)
        draft.heads.append(head)
        if sector and draft.sector is None and sector not in {"", "MIL", "REL"}:
            draft.sector = sector

    def _unnamed_role(self, m: RawMention, head: frozenset[str]) -> str | None:
        """Find the office without a name that a rank with a name goes on with: who opened a sentence just before."""
        segment = self.segment_of[m.sentence]
        for sentence, ident in reversed(self.subjects):
            if m.sentence - sentence > 3 or self.segment_of[sentence] != segment:  # noqa: PLR2004 - the same story
                return None
            draft = self.drafts[ident]
            if draft.type is not EntityType.ROLE or sentence == m.sentence:
                continue
            if m.code == "MIL" and draft.sector in _ARMED:
                return ident
            if any(head <= known for known in draft.heads):
                return ident
        return None

    def _merge(self, old: str, new: str) -> None:
        """Let a person take over what was said of an office: one entity from here on, and backwards.

        Both ids lead to the person from now on, so that nothing that was noted under the old one is lost.
        """
        role, person = self.drafts[old], self.drafts[new]
        person.countries = list(dict.fromkeys((*person.countries, *role.countries)))
        person.heads.extend(role.heads)
        person.sector = role.sector or person.sector
        person.organisation_id = person.organisation_id or role.organisation_id
        person.role = role.role or person.role
        role.heads = []
        self.drafts[old] = person

    def _role(self, m: RawMention) -> str | None:
        states, body, sector = self._owned(m)
        head = _office(m.head)
        if head & _REPORTERS and not states and body is None and m.holder is None:
            return self._reporting()
        if head & _COUNTERPARTS:
            head, sector = self._same_office(head, sector)
        if body is None and not states:
            state = self._state_of_field(m)
            states = [state] if state else []
        if sector == "IGO" and states and body is None:
            sector = "GOV"
        owner = body or (states[0] if len(states) == 1 else "")
        text = self.text[m.start : m.end]
        if m.holder:
            ident = self._named_person(self.text[m.holder[0] : m.holder[1]])
            self._claim(ident, m, _Office(head, states, body, sector))
            return ident
        if len(states) > 1:
            return self._group_of(
                [self._country(s) for s in states],
                ";".join(f"{s}:{sector}" for s in states),
                text,
                "role",
                *sorted(head),
            )
        ident = self._holder_of(owner, head) or self._new(
            EntityType.ROLE, _without_article(text), owner, *sorted(head)
        )
        self._claim(ident, m, _Office(head, states, body, sector))
        return ident

    def _same_office(self, head: frozenset[str], sector: str) -> tuple[frozenset[str], str]:
        """Give a counterpart the office of the one whose counterpart he is: the last one named who has any."""
        for known in reversed(self.recent):
            if known.type in {EntityType.PERSON, EntityType.ROLE} and known.heads and known.sector != "MED":
                return known.heads[-1], known.sector or sector
        return head, sector

    def _claim(self, ident: str, m: RawMention, office: _Office) -> None:
        """Give an office to whom it belongs, with its state, body and sector."""
        draft = self.drafts[ident]
        if office.states:
            draft.countries = (
                list(dict.fromkeys((*draft.countries, *office.states)))[:1]
                if len(office.states) == 1 and draft.countries
                else list(office.states)
            )
        if office.head not in draft.heads:
            draft.heads.append(office.head)
        if office.sector and draft.sector is None:
            draft.sector = office.sector
        if office.body:
            draft.organisation_id = office.body
            home = self.drafts[office.body].countries
            if home and not draft.countries and not self._is_party(office.body):
                draft.countries = list(home[:1])
        if draft.role is None:
            draft.role = _without_article(self.text[m.start : m.end])
        owner = office.body or (office.states[0] if len(office.states) == 1 else "")
        self.roles[owner, office.head] = ident
        if len(office.states) == 1 and office.sector:
            self._remember_field(m.head, office.states[0])

    def _holder_of(self, owner: str, head: frozenset[str]) -> str | None:
        ident = self.roles.get((owner, head))
        if ident is not None or owner:
            return ident
        # the minister, the police chief: the last one whose office has these words
        for known in reversed(self.recent):
            if known.type in {EntityType.ROLE, EntityType.PERSON} and any(head <= h for h in known.heads):
                return known.id
        return None

    def _reporting(self) -> str:
        """Give the reporter: by name where the transcript is signed, else a role of the broadcaster."""
        if self.reporter is None:
            ident = self._new(EntityType.ROLE, "reporter")
            draft = self.drafts[ident]
        else:
            ident = self._named_person(self.text[self.reporter.start : self.reporter.end])
            draft = self.drafts[ident]
        draft.sector, draft.role = "MED", "reporter"
        draft.countries = [self.home] if self.home else []
        return ident

    # --- whose it is ------------------------------------------------------------------------------------------------

    def _owned(self, m: RawMention) -> tuple[list[str], str | None, str]:
        """Give the states that an office or body belongs to, the body that it is in, and its sector."""
        states: list[str] = []
        body = None
        sector = m.code or ""
        for owner in m.owners:
            if owner.deixis is not None:
                states.extend(self._states_of_deixis(owner, m))
            elif owner.span is not None:
                body = self._body_within(m, *owner.span) or body
            elif owner.known is not None:
                body = self._longer_body(owner.known, m) or self._owned_by(owner.known, states, m) or body
        if body is None and m.type is EntityType.ROLE:
            body = self._body_within(m, m.start, m.end)
        if body is not None:
            if not self._is_party(body):
                states.extend(c for c in self.drafts[body].countries[:1] if c not in states)
            sector = self._sector_from(self.drafts[body], sector)
        return list(dict.fromkeys(states)), body, sector

    def _longer_body(self, known: Known, m: RawMention) -> str | None:
        """Give the body whose name goes on before a common one: secretary of the Russian Security Council."""
        last = known.name.rpartition(" ")[2].lower()
        if known.type is not EntityType.ORGANISATION or last not in _COMMON_BODIES or self.depth == _DEEPEST:
            return None
        for x in self._in_sentence(m.sentence, m.part):
            inside = m.start < x.start and x.end <= m.end and x.kind is MentionKind.NAME and x.key is None
            if (
                inside
                and x.type is EntityType.ORGANISATION
                and self.text[m.start : x.end].lower().endswith(last)
            ):
                return self._resolve(x)
        return None

    def _is_party(self, body: str) -> bool:
        """Tell whether a body speaks for itself and not for a state: Hamas, the European Union."""
        draft = self.drafts[body]
        return draft.code is not None and draft.code.partition(":")[0] not in {*draft.countries, ""}

    def _owned_by(self, known: Known, states: list[str], m: RawMention) -> str | None:
        del m
        if known.type is EntityType.ORGANISATION:
            self._known(known.id, known.type, known.name, known.code, known.countries)
            return known.id
        states.extend(c for c in known.countries if c not in states)
        return None

    def _states_of_deixis(self, owner: Owner, m: RawMention) -> list[str]:
        if owner.deixis == "our":
            state = self._our_state(m)
            return [state] if state else []
        if owner.deixis == "this":
            state = self._this_state(m)
            return [state] if state else []
        group = self._pair(int((owner.deixis or "pair2")[4:]), m)
        return [] if group is None else list(self.drafts[group].countries)

    def _body_within(self, m: RawMention, start: int, end: int) -> str | None:
        """Give the body named in the words of a role: head of cyber security of Public Security Ministry."""
        inside = [
            x
            for x in self._in_sentence(m.sentence, m.part)
            if x.type is EntityType.ORGANISATION
            and max(start, m.start + 1) <= x.start < end
            and (x.kind is MentionKind.NAME or x.owners)
            and x.deixis is None
        ]
        if not inside or self.depth == _DEEPEST:
            return None
        self.depth += 1
        ident = self._resolve(inside[-1])
        self.depth -= 1
        return ident

    def _sector_from(self, body: _Draft, sector: str) -> str:
        own = (body.code or "").rpartition(":")[2] if body.code and ":" in body.code else body.sector
        return own if own and sector in {"", "GOV", "EDU", "MIL", "BUS", "IGO"} else sector

    def _remember_field(self, head: tuple[str, ...], state: str) -> None:
        words = _field_words(head)
        if words:
            self.fields[words] = state

    def _state_of_field(self, m: RawMention) -> str | None:
        words = _field_words(m.head)
        return self.fields.get(words) if words and len(words) > 1 else None

    # --- bodies, places and groups ----------------------------------------------------------------------------------

    def _body(self, m: RawMention) -> str | None:
        text = self.text[m.start : m.end]
        if m.deixis == "generic":
            ident = self._new(EntityType.ORGANISATION, text, "generic")
            self.drafts[ident].code = m.code
            return ident
        if not m.head:
            return self._named_body(m, text)
        states, owner, sector = self._owned(m)
        if owner is not None and sector == "REB" and (self.drafts[owner].code or "").endswith(":REB"):
            return owner  # the URNG guerrillas are the URNG
        head = _office(m.head)
        if not states and head == _MINISTRY:
            states, head, sector = self._ministry_of_minister(head, sector)
        if not states:
            state = self._state_of_field(m) or self._only_state(head)
            states = [state] if state else []
        if len(states) > 1 and sector == "OPP":
            return None  # an alliance between two states is no body of theirs
        if len(states) > 1:
            return self._group_of(
                [self._country(s) for s in states],
                ";".join(f"{s}:{sector}" for s in states),
                text,
                "body",
                *sorted(head),
            )
        ident = self._body_of(states[0] if states else "", head, _without_article(text), sector)
        if states:
            self._remember_field(m.head, states[0])
        return ident

    def _named_body(self, m: RawMention, text: str) -> str:
        """Give the body of a name that says nothing of its kind."""
        key = ("", frozenset({_plain(text)}))
        known = self.bodies.get(key) or self._abbreviated(text)
        ident = known or self._new(EntityType.ORGANISATION, text)
        self.bodies[key] = ident
        if not m.countries and not self.drafts[ident].countries and (state := self._state_in_name(text)):
            self.drafts[ident].countries = [state]
        if m.countries and not self.drafts[ident].countries:
            self.drafts[ident].countries = list(m.countries)
        return ident

    def _state_in_name(self, text: str) -> str | None:
        """Give the state that an official name begins with: Peruvian Congress, but not British Airways."""
        words = split_words(text)
        if len(words) < 2 or words[-1].low not in _COMMON_BODIES | _OF_A_STATE:  # noqa: PLR2004 - a state and a body
            return None
        match = self.names.english.at(words, 0)
        known = match.known if match is not None and match.last < len(words) else None
        return (
            known.countries[0]
            if known is not None and known.type is EntityType.COUNTRY and known.countries
            else None
        )

    def _body_of(self, owner: str, head: frozenset[str], name: str, sector: str) -> str:
        """Give the body of a state, or of no state that is told, which has these words in its name."""
        known = self.bodies.get((owner, head))
        if known is None and not owner:
            known = self.bodies.get(("*", head)) or self._last_body(head)
        if known is None:
            known = self._new(EntityType.ORGANISATION, name, owner, *sorted(head))
            draft = self.drafts[known]
            draft.sector, draft.countries = sector, [owner] if owner else []
            draft.heads.append(head)
        self.bodies[owner, head] = self.bodies["*", head] = known
        return known

    def _ministry_of_minister(
        self, head: frozenset[str], sector: str
    ) -> tuple[list[str], frozenset[str], str]:
        """Give the ministry that `the ministry` means where none but a minister was named: his."""
        for known in reversed(self.recent):
            if known.type is EntityType.ORGANISATION and any(head <= h for h in known.heads):
                break
            office = next((h for h in known.heads if head < h), None)
            if office is not None and len(known.countries) == 1:
                return list(known.countries), office, known.sector or sector
        return [], head, sector

    def _last_body(self, head: frozenset[str]) -> str | None:
        """Give the body that `the ministry` means: the last one whose name has these words."""
        for known in reversed(self.recent):
            if known.type is EntityType.ORGANISATION and any(head <= h for h in known.heads):
                return known.id
        return None

    def _only_state(self, head: frozenset[str]) -> str | None:
        """Give the state that `the government` is of, where one state alone has been spoken of."""
        states = set(self.recent_states)
        return next(iter(states)) if len(states) == 1 and head <= _OF_A_STATE else None

    def _abbreviated(self, text: str) -> str | None:
        """Find the body whose capitals make these letters: Ulster Unionist Party, then UUP."""
        letters = text.replace(".", "")
        if not (2 <= len(letters) <= 8 and letters.isupper()):  # noqa: PLR2004
            return None
        for draft in reversed(self.recent):
            if (
                draft.type is EntityType.ORGANISATION
                and "".join(w[0] for w in draft.name.split() if w[0].isupper()) == letters
            ):
                return draft.id
        return None

    def _place(self, m: RawMention) -> str:
        text = self.text[m.start : m.end]
        city = self.names.cities.get(text) or self.names.cities.get(text.title())
        if city is None:
            return self._new(EntityType.PLACE, text)
        ident = f"place:{city.country}:{_plain(city.name).replace(' ', '-')}"
        return self._known(ident, EntityType.PLACE, city.name, city.country, (city.country,))

    def _group(self, m: RawMention) -> str | None:
        text = self.text[m.start : m.end]
        if m.code and ":" in m.code:
            ident = self._new(EntityType.GROUP, m.code, *m.head)
            self.drafts[ident].code, self.drafts[ident].name, self.drafts[ident].confidence = (
                m.code,
                text,
                0.5,
            )
            return ident
        states, body, sector = self._owned(m)
        if not states and body is None:
            states = self._states_in_sentence(m)
        if not states and body is None:
            return None
        members = [self._country(s) for s in states]
        code = ";".join(f"{s}:{sector}" for s in states) if states else None
        if body is not None and self._is_party(body):
            members, code = [*members, body], code or self.drafts[body].code
        ident = self._group_of(
            members, code, _without_article(text), "people", " ".join(sorted(_office(m.head)))
        )
        self.drafts[ident].organisation_id = body
        return ident

    def _states_in_sentence(self, m: RawMention) -> list[str]:
        """Give the two states that a sentence speaks of: `officials` after `the two countries` are theirs."""
        for other in self._in_sentence(m.sentence, m.part):
            ident = self.at.get((other.start, other.end))
            if other.deixis and other.deixis.startswith("pair") and ident and other.end <= m.start:
                return list(self.drafts[ident].countries)
        return []

    # --- focus ------------------------------------------------------------------------------------------------------

    def _note(self, m: RawMention, ident: str) -> None:
        draft = self.drafts[ident]
        self.recent.append(draft)
        if draft.members and (m.deixis == "pair2" or any(owner.deixis == "pair2" for owner in m.owners)):
            self.pairs = [*self.pairs[-3:], (m.sentence, ident)]
        if m.type is EntityType.COUNTRY and draft.countries:
            self._note_state(draft.countries[0], m)
        elif draft.type in {EntityType.PERSON, EntityType.ROLE} and m.kind is not MentionKind.PRONOUN:
            state = draft.countries[0] if draft.countries else self.names.leaders.get(plain_name(draft.name))
            if state in self.names.countries and draft.sector != "MED":
                self._note_state(state, m)
        if draft.type is EntityType.ORGANISATION and (draft.code or "").endswith(":IGO"):
            self.last_body = ident
        if draft.type in {EntityType.PERSON, EntityType.ROLE} and m.kind is not MentionKind.PRONOUN:
            opens = m.subject or self._opens(m)
            if draft.sector != "MED" and opens:
                self.subjects.append((m.sentence, ident))
                del self.subjects[:-12]
                self.last_person = ident
            elif draft.sector != "MED" and self.last_person is None:
                self.last_person = ident

    def _note_state(self, code: str, m: RawMention) -> None:
        self.recent_states.append(code)
        del self.recent_states[:-12]
        self.sides = [*self.sides[-12:], (m.sentence, code, m.start, m.end)]
        if m.sentence < _OPENING_SENTENCES:
            self.opening.append(code)

    def _opens(self, m: RawMention) -> bool:
        """Tell whether a mention opens its sentence, a speaker tag before it left out: The reporter says: The chief ..."""
        sentence = self.reading.sentences[m.sentence]
        lead = self.text[sentence.start : m.start]
        return len(lead) < _LEAD and (
            not lead.strip()
            or lead.rstrip().endswith(":")
            or lead.strip().lower() in {"the", "and", "but", "meanwhile,"}
        )

    # --- the result -------------------------------------------------------------------------------------------------

    def _code(self, draft: _Draft) -> str | None:
        if draft.code is not None:
            return draft.code
        if draft.organisation_id in self.drafts and draft.type in {EntityType.PERSON, EntityType.ROLE}:
            body = self.drafts[draft.organisation_id]
            if body.code and (not body.countries or self._is_party(body.id)):
                return body.code
        if draft.countries and draft.sector:
            return f"{draft.countries[0]}:{draft.sector}"
        return draft.countries[0] if draft.countries else None

    def _place_leader(self, draft: _Draft) -> None:
        """Give a person whom everybody knows the state he acts for, where the text does not say of which he is."""
        plain = plain_name(draft.name)
        code = self.names.leaders.get(plain) or self.names.leader_keys.get(leader_key(draft.name))
        if (
            code is None
            and draft.role is not None
            and draft.sector in {"GOV", "MIL", None}
            and " " not in plain
        ):
            code = self.names.leader_surnames.get(plain)
        if code is None:
            return
        if code in self.names.countries:
            draft.countries = [code]
            draft.sector = draft.sector or "GOV"
        else:
            draft.organisation_id = draft.organisation_id or f"org:{code}"
            draft.code = f"{code}:{self.names.sectors.get(code, 'IGO')}"

    def _finish(self, draft: _Draft) -> Entity:
        if (
            draft.type is EntityType.PERSON
            and not draft.countries
            and draft.code is None
            and draft.organisation_id is None
        ):
            self._place_leader(draft)
        latitude = longitude = None
        if (
            draft.type is EntityType.PLACE
            and (city := self.names.cities.get(draft.name))
            and city.country in draft.countries
        ):
            latitude, longitude = city.latitude, city.longitude
        return Entity(
            id=draft.id,
            type=draft.type,
            name=draft.name,
            code=self._code(draft),
            countries=tuple(c for c in draft.countries if re.fullmatch(r"[A-Z]{3}", c)),
            role=draft.role,
            organisation_id=draft.organisation_id if draft.organisation_id in self.drafts else None,
            members=tuple(dict.fromkeys(self.drafts[member].id for member in draft.members)),
            latitude=latitude,
            longitude=longitude,
            confidence=draft.confidence,
        )


_PREFIX: Final = {
    EntityType.PERSON: "person",
    EntityType.ROLE: "role",
    EntityType.ORGANISATION: "org",
    EntityType.COUNTRY: "country",
    EntityType.PLACE: "place",
    EntityType.GROUP: "group",
    EntityType.EVENT: "event",
}


def _plain(name: str) -> str:
    letters = "".join(
        c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c)
    )
    return " ".join(re.sub(r"[^\w\s]", " ", letters).split())


def _without_article(text: str) -> str:
    return text[4:] if text.lower().startswith("the ") else text


def _office(head: tuple[str, ...]) -> frozenset[str]:
    """Give the words that tell offices apart: `chief of police` and `police chief` are one."""
    return frozenset(w for word in head if word not in _SMALL and (w := _SAME.get(word, word)))


def _field_words(head: tuple[str, ...]) -> frozenset[str]:
    return frozenset(
        w
        for w in _office(head)
        if w
        not in {"minister", "deputy", "vice", "former", "head", "chief", "university", "dean", "spokesman"}
    )


def _name_parts(name: str) -> list[str]:
    parts = _plain(name).split()
    own = [p for p in parts if p not in _FAMILY_LAST] or parts
    return [p for p in own if p not in _ARTICLES] or own


def _person_key(name: str) -> str:
    return " ".join(skeleton(p) if len(p) > 3 else p for p in _name_parts(name))  # noqa: PLR2004 - short names have no letter to spare


def _surname(name: str) -> str:
    parts = _name_parts(name)
    last = parts[-1] if parts else _plain(name)
    if len(parts) > 1 and parts[0] in _FAMILY_FIRST:
        last = parts[0]
    short = re.sub(r"(.)\1+", r"\1", last)  # but for a doubled letter: Sissi and Sisi
    return "\x00" + (skeleton(last) if len(last) > 5 else short)  # noqa: PLR2004 - short surnames must agree else


def _agree(one: str, other: str) -> bool:
    """Tell whether two names of one surname can be one person's: an initial, a spelling, or given names left out."""
    first, second = _name_parts(one), _name_parts(other)
    if not first or not second:
        return False
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) > 1 and longer[-len(shorter) :] == shorter:
        return True
    initial = len(first[0]) == 1 or len(second[0]) == 1
    return first[0][0] == second[0][0] and (initial or skeleton(first[0]) == skeleton(second[0]))
