"""Finding the words that refer to somebody: names, offices, bodies, peoples, groups, pronouns."""
# ruff: noqa: SIM905 - lists of words are read as words

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType, MentionKind
from streams.extract.names import is_person_name, split_words
from streams.extract.spans import merge_spans
from streams.extract.tagger import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.extract.models import Models
    from streams.extract.names import Known, NameMatch, NameTable, PhraseTable, Word, WordLists
    from streams.extract.reading import Reading
    from streams.extract.tagger import Tagger

_DETERMINERS: Final = frozenset("the a an his her their its our my your this these".split())
_MODIFIERS: Final = frozenset(
    """border security public foreign deputy former senior high-ranking high ranking top federal national state cyber
    armed military naval police traffic law enforcement home interior internal external domestic affairs finance trade
    economic health defence defense justice intelligence joint chief first second acting new then late current outgoing
    incoming special general permanent assistant vice prime supreme royal central local regional provincial counter
    anti narcotics drug drugs crime terrorism counterterrorism anti-terrorism customs immigration coast air ground
    presidential parliamentary cabinet government opposition ruling rebel judicial nuclear energy oil atomic political
    diplomatic official dear ordinary young press media news university respective visiting""".split()
)
"""Words that may stand between a state and the head of a role, a body or a group."""
_OFFICES: Final = frozenset(
    """committee ministry agency service council department police guard army office authority commission command force
    forces corps directorate administration bureau secretariat cabinet court parliament assembly inspectorate customs
    prosecutor government""".split()
)
"""Words in the name of a body that tell that it is the state's and no company."""
_FIELDED: Final = frozenset(
    "minister ministry secretary department agency commission bureau official commissioner".split()
)
"""Heads whose sector is that of their field: a minister of defence is of the armed forces, a president is not."""
_PLURALS: Final = frozenset("police troops military people forces".split())
_NEIGHBOURS: Final = frozenset("country nation homeland land state".split())
_PAIR_NOUNS: Final = frozenset(
    "countries nations states sides parties neighbours neighbors governments peoples capitals powers leaders".split()
)
_NUMBERS: Final = {"two": 2, "both": 2, "three": 3, "four": 4, "five": 5}
_BODY_NOUNS: Final = frozenset(
    "organization organisation body alliance bloc union agency group league".split()
)
_ORDINALS: Final = frozenset(
    "first second third fourth fifth sixth seventh eighth ninth tenth annual upcoming".split()
)
_MEETINGS: Final = frozenset("assembly session summit meeting conference congress forum round".split())
_WEAK_ROLES: Final = frozenset(
    "head chief director secretary representative member founder justice deputy judge host speaker chairman king queen prince "
    "leader student teacher editor general scholar coordinator premier emperor mp minister soldier commander cardinal father".split()
)
"""Heads that are words of other meanings too: they need a state, a body, a determiner or a name beside them."""
_PRONOUNS: Final = frozenset("he she they we".split())
_BODY_WORDS: Final = frozenset(
    "ministry department office police party council committee commission agency university".split()
)
_MAX_WORDS: Final = 400
"""A sentence longer than this is read in parts: what is looked up within a part costs no more in a longer text."""
_NAME_WORDS: Final = 3
"""Words that are looked at where a name or the adjectives of one are read without the tagger."""
_MAX_LEFT: Final = 6
_MAX_RIGHT: Final = 12


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose office or body it is: a known name, a deictic such as `our country`, or the words of a body."""

    known: Known | None = None
    deixis: str | None = None
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class RawMention:
    """Words that name or describe somebody, before it is known who that is. `key` is set where the name itself tells."""

    start: int
    end: int
    type: EntityType
    kind: MentionKind
    sentence: int
    key: str | None = None
    name: str | None = None
    code: str | None = None
    """State and sector where known; the sector alone for a role, body or group."""
    countries: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    """The words that say which office or body it is, in lower case."""
    owners: tuple[Owner, ...] = ()
    holder: tuple[int, int] | None = None
    """Where the name of the person stands that holds this role."""
    deixis: str | None = None
    subject: bool = False
    """It opens its sentence."""
    part: int = 0
    """Which part of a very long sentence it is in."""


def find_mentions(reading: Reading, models: Models) -> tuple[RawMention, ...]:
    """Find all words that refer to somebody or something, in the order of the text; they may nest."""
    language = reading.language.language.split("-")[0]
    if language not in {"en", "und", "mul", ""}:
        return _find_in_other_language(reading, models, language)
    found: list[RawMention] = []
    spelled: list[tuple[int, list[Word]]] = []
    for number, sentence in enumerate(reading.sentences):
        words = split_words(reading.text, sentence.start, sentence.end)
        spelled.append((number, words))
        for part, first in enumerate(range(0, len(words), _MAX_WORDS)):
            scan = _Scan(words[first : first + _MAX_WORDS], number, models)
            found.extend(
                replace(m, part=part, subject=m.subject and not part) if part else m for m in scan.run()
            )
    found.extend(_surnames_again(reading.text, spelled, found))
    return tuple(sorted(found, key=lambda m: (m.start, -m.end, m.type.value, m.kind.value)))


def _surnames_again(
    text: str, sentences: Sequence[tuple[int, list[Word]]], found: Sequence[RawMention]
) -> list[RawMention]:
    """Find the surnames of those named in full before, where nothing was seen: Faeser praised him.

    A name that also stands without a capital in the text is a common word.
    """
    first: dict[str, int] = {}
    for m in found:
        parts = text[m.start : m.end].split()
        if m.type is EntityType.PERSON and m.kind is MentionKind.NAME and len(parts) > 1 and not m.head:
            first.setdefault(parts[-1], m.end)
    first = {name: end for name, end in first.items() if len(name) >= _SHORTEST_SURNAME and name[0].isupper()}
    if not first:
        return []
    low = {word.text for _, words in sentences for word in words if word.text.islower()}
    taken = {at for m in found if m.kind is not MentionKind.PRONOUN for at in (m.start, m.end)}
    spans = sorted((m.start, m.end) for m in found)
    starts = [start for start, _ in spans]
    again = []
    for number, words in sentences:
        for at, word in enumerate(words):
            if (
                first.get(word.text, word.start) >= word.start
                or word.low in low
                or taken & {word.start, word.end}
            ):
                continue
            near = spans[
                max(0, bisect_right(starts, word.start) - _SPANS_AROUND) : bisect_right(starts, word.start)
            ]
            if not any(start <= word.start < end for start, end in near):
                again.append(
                    RawMention(
                        word.start, word.end, EntityType.PERSON, MentionKind.NAME, number, subject=at == 0
                    )
                )
    return again


def _find_in_other_language(reading: Reading, models: Models, language: str) -> tuple[RawMention, ...]:
    """Find states, organisations, leaders, words for two states or the own one, and what a tagger of the language sees."""
    table = models.names.by_language.get(language, models.names.english)
    tagger = models.other_taggers.get(language)
    deictic = [
        (t[language], sort)
        for t, sort in ((models.names.pairs, "pair2"), (models.names.ours, "our"))
        if language in t
    ]
    found: list[RawMention] = []
    for number, sentence in enumerate(reading.sentences):
        words = table.words(reading.text, sentence.start, sentence.end)
        known = _known_words(words, table, deictic, number)
        if language == "zh":
            taken = {m.start for m in known}
            shorts = [_short_states(words, i, number, models.names.countries) for i in range(len(words))]
            known += [m for pair in shorts for m in pair if m.start not in taken]
        if tagger is not None:
            known += _tagged_words(words, tagger, known, number)
        found.extend(known)
    return tuple(sorted(found, key=lambda m: (m.start, -m.end, m.type.value)))


def _known_words(
    words: Sequence[Word], table: NameTable, deictic: Sequence[tuple[PhraseTable, str]], number: int
) -> list[RawMention]:
    low = [w.low for w in words]
    found = []
    index = 0
    while index < len(words):
        length, sort = max(((t.length_at(low, index), sort) for t, sort in deictic), default=(0, ""))
        match = table.at(words, index)
        if length and (match is None or match.last - index <= length):
            kind = EntityType.GROUP if sort.startswith("pair") else EntityType.COUNTRY
            start, end = words[index].start, words[index + length - 1].end
            found.append(RawMention(start, end, kind, MentionKind.NOMINAL, number, deixis=sort))
            index += length
        elif match is not None:
            found.append(_named(words, match, number))
            index = match.last
        else:
            index += 1
    return found


_SHORTEST_SURNAME: Final = 4
_SPANS_AROUND: Final = 6
"""So many mentions before a word are looked at for one that it lies in."""
_LABELS: Final = {"PER": EntityType.PERSON, "ORG": EntityType.ORGANISATION, "LOC": EntityType.PLACE}


def _tagged_words(
    words: Sequence[Word], tagger: Tagger, known: Sequence[RawMention], number: int
) -> list[RawMention]:
    """Give the names that a tagger sees and the lexica do not; signs at their ends are no part of them."""
    spots = {(m.start, m.end) for m in known}
    inside = {m.start for m in known}
    found = []
    for first in range(0, len(words), _MAX_WORDS):
        part = words[first : first + _MAX_WORDS]
        for span in tagger.tag(part):
            begin, end = span.first, span.last
            while begin < end and not part[begin].text[0].isalnum():
                begin += 1
            while end > begin and not part[end - 1].text[0].isalnum():
                end -= 1
            if begin == end or span.label not in _LABELS:
                continue
            start, stop = part[begin].start, part[end - 1].end
            alone = (start, stop) in spots or (end - begin == 1 and start in inside)
            if not alone:
                states = [c for m in known if start <= m.start and m.end <= stop for c in m.countries]
                found.append(
                    RawMention(
                        start,
                        stop,
                        _LABELS[span.label],
                        MentionKind.NAME,
                        number,
                        countries=tuple(states[:1]),
                    )
                )
    return found


_SHORT_STATES: Final = {
    "中": "CHN", "美": "USA", "俄": "RUS", "英": "GBR", "法": "FRA", "德": "DEU", "日": "JPN", "韩": "KOR", "朝": "PRK", "印": "IND",
    "巴": "PAK", "伊": "IRN", "以": "ISR", "土": "TUR", "乌": "UKR", "塔": "TJK", "吉": "KGZ", "哈": "KAZ", "越": "VNM", "老": "LAO",
    "柬": "KHM", "泰": "THA", "菲": "PHL", "澳": "AUS", "加": "CAN", "蒙": "MNG", "缅": "MMR", "沙": "SAU", "埃": "EGY",
}  # fmt: skip
"""One-character names of states, used in pairs: 中俄关系."""
_SHORT_PAIR: Final = 3
"""Two one-character names and what follows them."""
_AFTER_SHORT: Final = frozenset(
    "两兩双雙关關边邊外联聯贸貿防元领領合协協经經友战戰签簽举舉之、军軍共达達政高总總首执執"
)
"""What may follow such a pair; elsewhere the characters are common words."""


def _short_states(
    words: Sequence[Word], index: int, sentence: int, names: dict[str, str]
) -> list[RawMention]:
    pair = words[index : index + 3]
    if (
        len(pair) < _SHORT_PAIR
        or pair[0].text not in _SHORT_STATES
        or pair[1].text not in _SHORT_STATES
        or pair[0].text == pair[1].text
    ):
        return []
    if pair[2].text not in _AFTER_SHORT and pair[2].text not in _SHORT_STATES:
        return []
    codes = [(_SHORT_STATES[w.text], w) for w in pair[:2]]
    return [
        RawMention(
            w.start,
            w.end,
            EntityType.COUNTRY,
            MentionKind.NAME,
            sentence,
            f"country:{code}",
            names[code],
            code,
            (code,),
        )
        for code, w in codes
    ]


def _named(words: Sequence[Word], match: NameMatch, sentence: int) -> RawMention:
    known = match.known
    first, last = match.first, match.last - 1
    if words[first].low == "the" and last > first:
        first += 1
    if words[last].text == "-" and last > match.first:
        last -= 1
    return RawMention(
        words[first].start,
        words[last].end,
        known.type,
        known.kind,
        sentence,
        known.id,
        known.name,
        known.code,
        known.countries,
        subject=match.first == 0,
    )


@dataclass(slots=True)
class _Phrase:
    """A noun phrase around a head: words `first` to `last`, the words of its head, and whose it is."""

    first: int
    last: int
    head: tuple[str, ...]
    sector: str
    owners: list[Owner] = field(default_factory=list)
    definite: bool = False


class _Scan:
    """One sentence on its way from words to mentions."""

    def __init__(self, words: list[Word], sentence: int, models: Models) -> None:
        self.low = [w.low for w in words]
        self.sentence = sentence
        self.lists: WordLists = models.names.words
        self.found: list[RawMention] = []
        self.known_at: dict[int, NameMatch] = {}
        self.known_end: dict[int, NameMatch] = {}
        table = models.names.english
        index = 0
        while index < len(words):
            match = table.at(words, index)
            if match is None:
                index += 1
                continue
            self.known_at[match.first] = match
            self.known_end[match.last] = match
            index = match.last
        self.words = models.tagger.recase(words)
        if self.words != words:
            for match in self.known_at.values():  # US, UN: a known name keeps its capitals
                self.words[match.first : match.last] = words[match.first : match.last]
        self.spans = merge_spans(self.words, models.tagger.tag(self.words), self.known_at, self.lists)
        self.people = {s.first: s for s in self.spans if s.label == "PER"}
        self.in_person = {i for s in self.spans if s.label == "PER" for i in range(s.first, s.last)}
        self.taken: set[int] = set()

    def run(self) -> list[RawMention]:
        """Find everything in the sentence."""
        self._events()
        self._deictics()
        self._labels()
        self._phrases()
        self._ranks()
        self._names()
        self._pronouns()
        return self.found

    # --- names ------------------------------------------------------------------------------------------------------

    def _names(self) -> None:
        covered: set[int] = set()
        for span in self.spans:
            known = self.known_at.get(span.first)
            if (
                known is not None
                and known.last == span.last
                and not (span.label == "PER" and is_person_name(self._text(span.first, span.last)))
            ):
                continue
            kind = {
                "PER": EntityType.PERSON,
                "ORG": EntityType.ORGANISATION,
                "LOC": EntityType.PLACE,
                "EVENT": EntityType.EVENT,
            }.get(span.label)
            if kind is None:
                continue
            if kind is EntityType.ORGANISATION and self._is_office(span):
                continue
            covered.update(range(span.first, span.last))
            if kind is EntityType.ORGANISATION and self._is_body(span):
                continue
            self._add(span.first, span.last, kind, MentionKind.NAME, countries=self._state_behind(span))
        for match in self.known_at.values():
            if match.first in covered and not (match.known.type is EntityType.COUNTRY and self._owns(match)):
                continue
            self.found.append(_named(self.words, match, self.sentence))

    def _state_behind(self, span: Span) -> tuple[str, ...]:
        """Give the state of a person who is called by it (Sheikh Tamim of Qatar), or of a body that a state owns."""
        if span.label == "ORG":
            return self._state_before(span)
        if span.label != "PER" or span.last + 1 >= len(self.words) or self.low[span.last] != "of":
            return ()
        match = self.known_at.get(span.last + 1)
        named = match is not None and match.known.type is EntityType.COUNTRY
        return match.known.countries if match is not None and named else ()

    def _state_before(self, span: Span) -> tuple[str, ...]:
        """Give the state before the name of an office of state: Tajikistan's State Committee for National Security."""
        if not _OFFICES & set(self.low[span.first : span.last]) or span.first == 0:
            return ()
        at = span.first - (self.low[span.first - 1] == "'s")
        match = self.known_end.get(at)
        named = match is not None and match.known.type is EntityType.COUNTRY
        return match.known.countries if match is not None and named else ()

    def _is_office(self, span: Span) -> bool:
        """Tell whether a span is only words of an office: the Interior of Interior Minister."""
        start, end = self.words[span.first].start, self.words[span.last - 1].end
        words = set(self.low[span.first : span.last])
        return (
            any(
                m.type is EntityType.ROLE
                and m.start <= start
                and end <= m.end
                and self.low[span.last - 1] in m.head
                for m in self.found
            )
            and not words & _BODY_WORDS
        )

    def _is_body(self, span: Span) -> bool:
        """Let a body that was read from its words take over the name that the tagger saw, at its full length."""
        start, end = self.words[span.first].start, self.words[span.last - 1].end
        for index, other in enumerate(self.found):
            if (
                other.type is EntityType.ORGANISATION
                and other.head
                and other.start < end
                and start < other.end
            ):
                if other.start <= start and end <= other.end:
                    self.found[index] = replace(other, kind=MentionKind.NAME)
                    return True
                self.found[index] = replace(
                    other, start=min(start, other.start), end=max(end, other.end), kind=MentionKind.NAME
                )
                return True
        return False

    def _owns(self, match: NameMatch) -> bool:
        """Tell whether a state inside a longer name is worth a mention of its own: not in a person's name."""
        return match.first not in self.in_person and not any(
            s.label == "ORG" and s.first <= match.first and match.last <= s.last for s in self.spans
        )

    # --- fixed phrases ----------------------------------------------------------------------------------------------

    def _events(self) -> None:
        for index, low in enumerate(self.low):
            if low not in _MEETINGS:
                continue
            first = index
            while (
                first > 0
                and index - first < _NAME_WORDS
                and (self.low[first - 1] in {"general", "annual", "ministerial", "extraordinary"})
            ):
                first -= 1
            if (
                first > 0
                and (self.low[first - 1] in _ORDINALS or self.words[first - 1].text[0].isdigit())
                and self.low[first - 1][-2:] in {"st", "nd", "rd", "th", *(o[-2:] for o in _ORDINALS)}
            ):
                self._add(first - 1, index + 1, EntityType.EVENT, MentionKind.NOMINAL)

    def _deictics(self) -> None:
        low = self.low
        for i in range(len(low) - 1):
            if (
                low[i] in {"our", "my", "this", "that"}
                and low[i + 1] in _NEIGHBOURS
                and not (low[i] in {"this", "that"} and low[i + 1] == "state")
            ):
                deixis = "our" if low[i] in {"our", "my"} else "this"
                self._add(i, i + 2, EntityType.COUNTRY, MentionKind.NOMINAL, deixis=deixis)
            elif low[i] == "this" and low[i + 1] in _BODY_NOUNS:
                self._add(i, i + 2, EntityType.ORGANISATION, MentionKind.NOMINAL, deixis="this")
        for first, last in self._pairs():
            self._add(
                first,
                last,
                EntityType.GROUP,
                MentionKind.NOMINAL,
                deixis=f"pair{_NUMBERS.get(low[last - 2], 2)}",
            )

    def _pairs(self) -> list[tuple[int, int]]:
        """Find `the two countries`, `both sides`."""
        low = self.low
        return [
            (i - 1 if i and low[i - 1] in {"the", "these"} else i, i + 2)
            for i in range(len(low) - 1)
            if low[i] in _NUMBERS
            and low[i + 1] in _PAIR_NOUNS
            and (low[i] == "both" or (i > 0 and low[i - 1] in {"the", "these"}))
        ]

    def _labels(self) -> None:
        for first, last, code in self._phrases_of(self.lists.labels):
            self._add(
                first,
                last,
                EntityType.GROUP,
                MentionKind.NOMINAL,
                code=code,
                head=tuple(self.low[first:last]),
            )

    def _pronouns(self) -> None:
        for index, low in enumerate(self.low):
            if low in _PRONOUNS and (index not in self.taken):
                self._add(
                    index,
                    index + 1,
                    EntityType.GROUP if low in {"they", "we"} else EntityType.PERSON,
                    MentionKind.PRONOUN,
                    deixis=low,
                )

    # --- offices, bodies and groups ---------------------------------------------------------------------------------

    def _phrases(self) -> None:
        """Find roles, bodies and groups, the longest head at each word."""
        index = 0
        size = len(self.words)
        while index < size:
            known = self.known_at.get(index)
            if known is not None and known.known.type is EntityType.ORGANISATION:
                index = known.last  # the Movement of a known movement heads no other body
                continue
            best: tuple[int, str, str] | None = None
            for table, sort in (
                (self.lists.roles, "role"),
                (self.lists.bodies, "body"),
                (self.lists.groups, "group"),
            ):
                length = table.length_at(self.low, index)
                if length and (best is None or length > best[0]):
                    best = (length, table.sectors[tuple(self.low[index : index + length])], sort)
            if best is None or index in self.in_person or index in self.taken:
                index += 1
                continue
            length, sector, sort = best
            index = self._phrase(index, index + length, sector, sort)

    def _phrase(self, first: int, last: int, sector: str, sort: str) -> int:
        phrase = _Phrase(first, last, tuple(self.low[first:last]), sector)
        self._extend_left(phrase)
        if sort == "group":
            return self._group(phrase, last)
        self._extend_right(phrase, sort)
        field_sector = (
            self._field(phrase.first, phrase.last) if sector in {"", "GOV", "MIL"} and sort != "group" else ""
        )
        if field_sector and (sector != "GOV" or self.low[last - 1] in _FIELDED):
            phrase.sector = field_sector
        if sort == "role":
            self._role(phrase)
            return last  # bodies and offices in the complement are mentions of their own
        return self._body(phrase, last)

    def _extend_left(self, phrase: _Phrase) -> None:
        """Take in what stands before the head: whose it is, and of which field."""
        for _ in range(_MAX_LEFT):
            if phrase.first == 0 or not self._take_left(phrase, phrase.first - 1):
                return

    def _take_left(self, phrase: _Phrase, at: int) -> bool:
        """Take in the word before a phrase, or the name that ends there; tell whether there may be more before it."""
        low = self.low
        known = self.known_end.get(phrase.first)
        if low[at] in {"'s", "'"} and at > 0:
            self._possessor(phrase, at)
            return False
        if known is not None and known.first not in self.in_person:
            return self._take_owner(phrase, known)
        if low[at] in _DETERMINERS:
            if low[at] in {"our", "my"}:
                phrase.owners.insert(0, Owner(deixis="our"))
            phrase.first = at
            phrase.definite = low[at] not in {"a", "an"}
            return False
        if low[at] == "-" and at > 0 and self.words[at].start == self.words[at - 1].end:
            phrase.first = at
            return True
        capital = (
            self.words[at].text[0].isupper()
            and at > 0
            and at not in self.in_person
            and self.words[phrase.last - 1].text[0].isupper()
        )
        if low[at] in _MODIFIERS or capital:
            phrase.head = (low[at], *phrase.head)
            phrase.first = at
            return True
        return False

    def _take_owner(self, phrase: _Phrase, match: NameMatch) -> bool:
        """Take in a state, a people or a body before a phrase: Iranian and Iraqi foreign ministers."""
        phrase.owners.insert(0, Owner(match.known))
        phrase.first = match.first
        if match.known.kind is MentionKind.NAME and match.known.type is EntityType.ORGANISATION:
            return False
        listed = phrase.first > 1 and self.low[phrase.first - 1] in {"and", ","}
        if listed and (phrase.head[-1].endswith("s") or phrase.head[-1] in _PLURALS):
            other = self.known_end.get(phrase.first - 1)
            if other is not None and other.known.kind is MentionKind.NATIONALITY:
                phrase.first -= 1
        return True

    def _possessor(self, phrase: _Phrase, at: int) -> bool:
        """Take in a possessor that ends before the word `at`: Iran's, our country's, the two countries'."""
        known = self.known_end.get(at)
        if known is not None:
            phrase.owners.insert(0, Owner(known.known))
            phrase.first = known.first
            phrase.definite = True
            return True
        for mention in self.found:
            if mention.deixis in {"our", "this", "pair2", "pair3"} and mention.end == self.words[at - 1].end:
                phrase.owners.insert(0, Owner(deixis=mention.deixis))
                phrase.first = next(i for i, w in enumerate(self.words) if w.start == mention.start)
                phrase.definite = True
                return True
        for span in self.spans:
            if span.last == at and span.label == "ORG":
                phrase.owners.insert(
                    0, Owner(span=(self.words[span.first].start, self.words[span.last - 1].end))
                )
                phrase.first = span.first
                phrase.definite = True
                return True
        return False

    def _extend_right(self, phrase: _Phrase, sort: str) -> None:
        """Take in `of ...`: the field, the body and the state of an office."""
        steps = 0
        links = {"of", "for", "to", "at"} if sort == "role" else {"of", "for"}
        while phrase.last < len(self.words) - 1 and self.low[phrase.last] in links and steps < _MAX_RIGHT:
            loose = self.low[phrase.last] == "of" and (
                sort != "body" or self.words[phrase.last - 1].text[0].isupper()
            )
            end = self._complement(phrase, phrase.last + 1, sort, strict=not loose)
            if end is None:
                return
            phrase.last = end
            steps += 1

    def _complement(self, phrase: _Phrase, first: int, sort: str, *, strict: bool) -> int | None:
        """Read one noun phrase after `of`; give the word after it, or nothing if it is none that a role can have."""
        words = self.words
        articles = {"the"} if sort == "body" else {"the", "a", "an"}
        index = first + (first < len(words) and self.low[first] in articles)
        end = None
        content: list[str] = []
        owners: list[Owner] = []
        while index < len(words) and index - first < _MAX_RIGHT:
            end_of_owner = self._owner_at(first, index, owners)
            if end_of_owner is not None:
                index = end = end_of_owner
                if (
                    self.known_end.get(end) is not None
                    and owners[-1].known is not None
                    and owners[-1].known.kind is not MentionKind.NAME
                ):
                    continue
                break
            length = self._content_at(index, strict=strict)
            if length:
                content.extend(self.low[index : index + length])
                index = end = index + length
            elif sort != "group" and self._goes_on(index, end):
                index += 1
            else:
                break
        if end is None or (strict and not owners and not any(w.text[0].isupper() for w in words[first:end])):
            return None
        if not owners:
            owners.append(Owner(span=(words[first].start, words[end - 1].end)))
        phrase.owners.extend(owners)
        phrase.head = (*phrase.head, *content)
        return end

    def _owner_at(self, first: int, index: int, owners: list[Owner]) -> int | None:
        """Read a state, a body or a deictic that begins at a word of a complement; give the word after it."""
        spots = {self.words[index].start}
        if index == first + 1:
            spots.add(self.words[first].start)  # the two countries begins with its article
        for mention in self.found:
            if mention.deixis in {"our", "this", "pair2", "pair3"} and mention.start in spots:
                owners.append(Owner(deixis=mention.deixis))
                return next(i for i, w in enumerate(self.words) if w.end >= mention.end) + 1
        known = self.known_at.get(index)
        if known is None:
            return None
        owners.append(Owner(known.known))
        if known.known.kind is not MentionKind.NAME:
            return known.last
        others, end = self._more_states(known.last)
        owners.extend(others)
        return end

    def _content_at(self, index: int, *, strict: bool) -> int:
        """Give how many words from here on are words of a field or a body."""
        if index in self.in_person:
            return 0
        body = self.lists.bodies.length_at(self.low, index)
        if body:
            return body
        capital = self.words[index].text[0].isupper()
        return int(capital or (self.low[index] in _MODIFIERS and not strict))

    def _goes_on(self, index: int, end: int | None) -> bool:
        """Tell whether an `and` joins two words of one name: Foreign Affairs and Trade."""
        return (
            self.low[index] in {"and", "&"}
            and end == index
            and index + 1 < len(self.words)
            and self.words[index + 1].text[0].isupper()
            and self.words[index - 1].text[0].isupper()
            and self.known_at.get(index + 1) is None
        )

    def _more_states(self, end: int) -> tuple[list[Owner], int]:
        """Read on in a list of states: of Iran, Iraq and Oman."""
        found: list[Owner] = []
        index = end
        while index < len(self.words):
            step = index
            while (
                step < len(self.words)
                and self.low[step] in {",", "and", "the"}
                and step - index < _NAME_WORDS
            ):
                step += 1
            match = self.known_at.get(step)
            if (
                step == index
                or match is None
                or match.known.type is not EntityType.COUNTRY
                or match.known.kind is not MentionKind.NAME
            ):
                break
            found.append(Owner(match.known))
            index = match.last
            if "and" in self.low[step - 2 : step]:
                break
        closed = found and "and" in self.low[end:index]
        return (found, index) if closed else ([], end)

    def _field(self, first: int, last: int) -> str:
        text = " " + " ".join(self.low[first:last]) + " "
        for words, sector in self.lists.fields:
            if f" {words}" in text:
                return sector
        return ""

    def _role(self, phrase: _Phrase) -> None:
        holder = self._holder(phrase)
        plain = phrase.head in {(w,) for w in _WEAK_ROLES} or len(phrase.head) == 1
        linked = (
            bool(phrase.owners) or holder is not None or phrase.last - phrase.first > len(phrase.head) + 1
        )
        capital = self.words[phrase.last - 1].text[0].isupper() and phrase.first > 0
        if (
            plain
            and not linked
            and not (
                phrase.definite
                and phrase.head[-1] not in {"head", "chief", "justice", "speaker", "member", "host"}
            )
            and not capital
            and not (
                phrase.first == 0 and phrase.head[-1] in {"reporter", "correspondent", "anchor", "presenter"}
            )
        ):
            return
        self._add(
            phrase.first,
            phrase.last,
            EntityType.ROLE,
            MentionKind.ROLE,
            code=phrase.sector,
            head=phrase.head,
            owners=tuple(phrase.owners),
            holder=holder,
        )

    def _holder(self, phrase: _Phrase) -> tuple[int, int] | None:
        """Find the name beside a role: Foreign Minister Wang Yi; Wang Yi, the foreign minister."""
        index = phrase.last
        if index < len(self.words) and self.words[index].text == ",":
            index += 1
        after = self._person_from(index)
        if after is not None and (index == phrase.last or phrase.definite or phrase.owners):
            return after
        before = phrase.first
        if before > 1 and self.words[before - 1].text in {",", "("}:
            for span in self.people.values():
                if span.last == before - 1:
                    return self.words[span.first].start, self.words[span.last - 1].end
        return None

    def _person_from(self, index: int) -> tuple[int, int] | None:
        """Give the person whose name begins at a word, ranks before it left out."""
        length = (
            self.lists.ranks.length_at(self.low, index)
            if index < len(self.words) and self.words[index].text[0].isupper()
            else 0
        )
        for at in (index, index + length):
            span = self.people.get(at)
            if span is not None:
                return self.words[span.first].start, self.words[span.last - 1].end
        return None

    def _body(self, phrase: _Phrase, core: int) -> int:
        words = self.words
        capital = words[core - 1].text[0].isupper()
        if capital:
            while (
                phrase.first < core - 1
                and words[phrase.first].text.islower()
                and words[phrase.first].text.isalpha()
                and phrase.first + 1 not in self.known_end
            ):
                phrase.first += 1  # the new, the former, the ruling party
        generic = not phrase.owners and not phrase.definite
        single = len(phrase.head) == 1
        pair = any(o.deixis and o.deixis.startswith("pair") for o in phrase.owners)
        if (
            self.low[phrase.first] in _DETERMINERS
            and self.low[phrase.first] not in {"our", "this"}
            and not pair
        ):
            phrase.first += 1
        if single and generic and phrase.sector not in {"COP", "MIL"}:
            return phrase.last
        if (
            single
            and not phrase.owners
            and phrase.head[0]
            in {
                "forces",
                "force",
                "company",
                "group",
                "party",
                "front",
                "school",
                "movement",
                "alliance",
                "court",
                "agency",
                "commission",
                "diet",
                "faculty",
                "coalition",
                "bank",
                "institute",
                "department",
                "delegation",
                "college",
                "administration",
                "fleet",
                "radio",
                "television",
            }
            and not (capital and phrase.definite)
        ):
            return phrase.last
        self._add(
            phrase.first,
            phrase.last,
            EntityType.ORGANISATION,
            MentionKind.NAME if capital and phrase.last - phrase.first > 1 else MentionKind.NOMINAL,
            code=phrase.sector,
            head=phrase.head,
            owners=tuple(phrase.owners),
            deixis="generic" if generic and not capital else None,
        )
        return phrase.last

    def _group(self, phrase: _Phrase, last: int) -> int:
        """Read groups of people, also several in a row: students, officers, and professors of the university."""
        sector = phrase.sector
        end = last
        parts = 1
        index = last
        while index < len(self.words):
            step = index
            while step < len(self.words) and self.low[step] in {",", "and"}:
                step += 1
            length = self.lists.groups.length_at(self.low, step) if step > index else 0
            if not length:
                break
            end = index = step + length
            parts += 1
        tail = _Phrase(phrase.first, end, phrase.head, sector, phrase.owners)
        self._extend_right(tail, "group")
        if not phrase.owners and not tail.owners and sector == "CVL":
            return end
        self._add(
            tail.first,
            end if parts > 1 else tail.last,
            EntityType.GROUP,
            MentionKind.NOMINAL,
            code=sector,
            head=tuple(self.low[tail.first : end]),
            owners=tuple(tail.owners),
        )
        return end if parts > 1 else max(last, tail.last)

    def _ranks(self) -> None:
        """Find ranks and forms of address with the name behind them: Brigadier-General Ashtari."""
        done = 0
        for index in range(len(self.words)):
            if index < done or not self.words[index].text[0].isupper() or index in self.in_person:
                continue
            length = self.lists.ranks.length_at(self.low, index)
            span = self.people.get(index + length) if length else None
            if (
                length
                and span is None
                and self.lists.ranks.sectors[tuple(self.low[index : index + length])] == "MIL"
            ):
                span = self._unseen_name(index + length)
            if not length or span is None:
                continue
            sector = self.lists.ranks.sectors[tuple(self.low[index : index + length])]
            done = span.last
            self._add(
                index,
                span.last,
                EntityType.PERSON,
                MentionKind.ROLE,
                code=sector,
                head=tuple(self.low[index : index + length]),
                holder=(self.words[span.first].start, self.words[span.last - 1].end),
            )

    def _unseen_name(self, index: int) -> Span | None:
        """Read the words in capitals after a rank as a name, though the tagger saw none."""
        end = index
        while (
            end < len(self.words)
            and end - index < _NAME_WORDS
            and self.words[end].text[0].isupper()
            and self.words[end].text.isalpha()
            and end not in self.known_at
        ):
            end += 1
        if end == index or any(s.first < end and index < s.last for s in self.spans):
            return None
        if self.lists.roles.length_at(self.low, index) or self.lists.bodies.length_at(self.low, index):
            return None
        span = Span(index, end, "PER")
        self.spans.append(span)
        self.people[index] = span
        self.in_person.update(range(index, end))
        return span

    # --- small parts ------------------------------------------------------------------------------------------------

    def _phrases_of(self, table: PhraseTable) -> list[tuple[int, int, str]]:
        found = []
        index = 0
        while index < len(self.low):
            length = table.length_at(self.low, index)
            if length:
                found.append((index, index + length, table.sectors[tuple(self.low[index : index + length])]))
            index += max(1, length)
        return found

    def _text(self, first: int, last: int) -> str:
        return " ".join(w.text for w in self.words[first:last])

    def _add(
        self,
        first: int,
        last: int,
        kind: EntityType,
        how: MentionKind,
        *,
        code: str | None = None,
        head: tuple[str, ...] = (),
        owners: tuple[Owner, ...] = (),
        holder: tuple[int, int] | None = None,
        deixis: str | None = None,
        countries: tuple[str, ...] = (),
    ) -> None:
        if kind is not EntityType.ROLE:
            self.taken.update(range(first, last))
        self.found.append(
            RawMention(
                self.words[first].start,
                self.words[last - 1].end,
                kind,
                how,
                self.sentence,
                code=code,
                countries=countries,
                head=head,
                owners=owners,
                holder=holder,
                deixis=deixis,
                subject=first == 0,
            )
        )
