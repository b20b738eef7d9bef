"""Mending what the tagger saw: names that it cut, joined or took for something else."""
# ruff: noqa: SIM905 - lists of words are read as words

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType, MentionKind
from streams.extract.tagger import Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.extract.names import NameMatch, Word, WordLists

_BODIES: Final = frozenset(
    """party alliance union coalition movement front league council congress association federation confederation
    committee commission ministry department university institute institution academy college bank fund agency bureau
    organization organisation society community forum assembly parliament senate house court office foundation center
    centre group network service services corps army force forces board authority administration club company democrats
    liberals greens socialists conservatives republicans communists nationalists radicals rally list bloc order
    partnership initiative project programme program school church brotherhood conference secretariat tribunal""".split()
)
"""Words that make a name in capitals an organisation when they begin it or end its first part."""
_INSTRUMENTS: Final = frozenset(
    """memorandum memoranda agreement agreements treaty treaties protocol protocols accord accords pact charter declaration
    understanding resolution communique constitution""".split()
)
"""Words that make a name in capitals a text and no body."""
_SURE_BODIES: Final = frozenset(
    """party alliance union coalition movement league council association federation confederation committee commission
    ministry university institute academy bank agency organization organisation foundation corps authority forum""".split()
)
"""Of those, the words that end nothing but names of bodies when they stand in capitals."""
_REGIONS: Final = frozenset(
    """principality kingdom republic duchy county province state city gulf bay isle island islands sea union emirate
    sultanate colony district region municipality territory commonwealth archdiocese empire strait cape port""".split()
)
"""Words that with `of` and a place make the name of a place: Principality of Monaco."""
_ELECTIONS: Final = frozenset(
    "election elections referendum by-election byelection primary primaries".split()
)
_BEFORE_ELECTION: Final = frozenset(
    """general federal presidential parliamentary legislative local municipal mayoral regional state provincial
    gubernatorial leadership european parliament assembly senate congressional special by council city house
    representatives constituency lower upper of""".split()
)
_DIRECTIONS: Final = frozenset("north south east west northern southern eastern western".split())
_NO_BODY: Final = frozenset(
    """ai it ict nsm nda fta fdi eez lng covid rpg tv pm mp mps am ceo ii iii iv vi vii viii ix xi xii usd gdp hiv aids dna id tvs ok ad bc ce bce gmt utc jr sr vs
    dr mr mrs ms st no q a i phd cd dvd km cm mm kg sms pdf http www mou moa nda wmd icbm icbms uav uavs ngo ngos igo gps
    the and for with not from this that will has have was were are but you all new two one his her our its who what when
    by in on of to is it as at an be or if so we he they""".split()
)
"""Words in capitals that are no organisation."""
_SHORTEST_ACRONYM: Final = 2
_LONGEST_ACRONYM: Final = 6
_LONGEST_RANK: Final = 5


def merge_spans(
    words: Sequence[Word], spans: Sequence[Span], known_at: Mapping[int, NameMatch], lists: WordLists
) -> list[Span]:
    """Give the names of a sentence in order, none overlapping, after the tagger's cuts are mended."""
    shouted = _is_shouted(words)
    elections = _elections(words)
    bare = [
        s if words[s.last - 1].low != "'s" or s.last - s.first == 1 else Span(s.first, s.last - 1, s.label)
        for s in spans
    ]
    found = [part for span in bare for part in _split(words, span, known_at, lists)]
    found = _with_unseen_bodies(words, found)
    found = _join(words, found)
    found = _with_brackets(words, found)
    found = _with_whole_persons(words, found, lists)
    found = [
        s if s.label != "PER" or not _is_thing(words, s) else Span(s.first, s.last, "ORG") for s in found
    ]
    if not shouted:
        found = _with_acronyms(words, found, known_at)
    found = _without_parts_of_known(found, known_at)
    taken = {i for s in elections for i in range(s.first, s.last)}
    kept = [s for s in found if not any(i in taken for i in range(s.first, s.last))]
    return sorted((*kept, *elections))


def _is_shouted(words: Sequence[Word]) -> bool:
    letters = [w.text for w in words if w.text[0].isalpha()]
    return sum(t.isupper() for t in letters) > len(letters) / 2


def _is_capital(word: Word) -> bool:
    return word.text[0].isupper() or word.text[0].isdigit()


def _elections(words: Sequence[Word]) -> list[Span]:
    """Find elections of a year, which are events: 2004 European Parliament election."""
    found = []
    done = 0
    for index, word in enumerate(words):
        if word.low not in _ELECTIONS:
            continue
        first = index
        while first > done and (
            words[first - 1].low in _BEFORE_ELECTION
            or _is_capital(words[first - 1])
            or words[first - 1].text == "-"
        ):
            first -= 1
        if first < index and any(w.text[0].isdigit() for w in words[first:index]):
            found.append(Span(first, index + 1, "EVENT"))
            done = index + 1
    return found


def _split(
    words: Sequence[Word], span: Span, known_at: Mapping[int, NameMatch], lists: WordLists
) -> list[Span]:
    """Cut ranks off persons, articles off bodies, and names that only stand side by side (Iran-China; a station and its town)."""
    if span.label == "PER":
        return _persons(words, span, lists)
    if span.label == "LOC":
        if span.last - span.first == 1 and words[span.first].low in _DIRECTIONS:
            return []
        first = span.first + (words[span.first].low == "the" and span.last - span.first > 1)
        bare = Span(first, span.last, "LOC")
        return _known_parts(words, bare, known_at) or [bare]
    if span.label == "ORG":
        single = words[span.first] if span.last - span.first == 1 else None
        if any(w.low in _INSTRUMENTS for w in words[span.first : span.last]) or (
            single and single.low in _NO_BODY
        ):
            return []
        return _known_parts(words, span, known_at) or _bodies(words, _known_end(words, span, known_at))
    return []


def _persons(words: Sequence[Word], span: Span, lists: WordLists) -> list[Span]:
    first, last = span.first, span.last
    for index in range(first, last - 1):
        if words[index].text == "'" and words[index + 1].low == "s":  # a possessive with a space before it
            last = index
            break
    while first < last:
        length = _rank_at(words, first, last, lists)
        if not length or (first == span.first and first + length == last):
            break
        first += length
        if first < last and words[first].text == ".":
            first += 1
    return [Span(first, last, "PER")] if first < last else []


def _rank_at(words: Sequence[Word], first: int, last: int, lists: WordLists) -> int:
    for length in range(min(_LONGEST_RANK, last - first), 0, -1):
        phrase = tuple(w.low for w in words[first : first + length])
        if phrase in lists.ranks.sectors or phrase in lists.roles.sectors:
            return length
    return 0


def _bodies(words: Sequence[Word], span: Span) -> list[Span]:
    """Cut one span of bodies where a comma, or an `and` between two whole names, parts it; strip small words before it."""
    cuts = [span.first]
    for index in range(span.first + 1, span.last - 1):
        whole = words[index].low in {"and", "or"} and any(w.low in _BODIES for w in words[cuts[-1] : index])
        if words[index].text in {",", "/", ";", ":"} or (
            whole and words[span.last - 1].low in _BODIES and words[index - 1].low in _BODIES
        ):
            cuts.append(index + 1)
    ends = [*(c - 1 for c in cuts[1:]), span.last]
    found = []
    for first, end in zip(cuts, ends, strict=True):
        start, last = first, end
        while start < last - 1 and words[start].text.islower():
            start += 1
        while last > start and words[last - 1].low in {"'", "'s", "-", ","}:
            last -= 1
        if last - start > 1 and words[last - 1].low == "s" and words[last - 2].text in {"'", "’"}:
            last -= 2
        if start < last:
            found.append(Span(start, last, "ORG"))
    return [
        Span(s.first + (words[s.first].low == "the" and s.last - s.first > 1), s.last, "ORG") for s in found
    ]


def _known_end(words: Sequence[Word], span: Span, known_at: Mapping[int, NameMatch]) -> Span:
    """Cut a span down to the known organisation that it ends in: Rebels of the Sudan Liberation Movement."""
    for index in range(span.first + 1, span.last):
        match = known_at.get(index)
        if (
            match is not None
            and match.last == span.last
            and match.known.type is EntityType.ORGANISATION
            and words[index - 1].low in {"of", "the"}
            and not any(w.low in _BODIES for w in words[span.first : index])
        ):
            return Span(index, span.last, span.label)
    return span


def _known_parts(words: Sequence[Word], span: Span, known_at: Mapping[int, NameMatch]) -> list[Span]:
    """Give the parts of a span that is nothing but known names, with hyphens or commas between; else nothing."""
    parts: list[Span] = []
    index = span.first
    while index < span.last:
        match = known_at.get(index)
        if match is None or match.last > span.last:
            if parts and words[index].text in {"-", ",", "/", "–"}:
                index += 1
                continue
            return []
        label = "ORG" if match.known.type is EntityType.ORGANISATION else "LOC"
        if match.known.kind is MentionKind.NAME:
            parts.append(Span(match.first, match.last, label))
        index = match.last
    return parts if len(parts) > 1 else []


def _with_unseen_bodies(words: Sequence[Word], spans: list[Span]) -> list[Span]:
    """Take words in capitals that end in a word for a body for one, where the tagger saw nothing: Farmers Party."""
    taken = {i for s in spans for i in range(s.first, s.last)}
    found = list(spans)
    first = 0
    for index, word in enumerate(words):
        if not word.text[0].isupper() or index in taken or (word.low == "the"):
            first = index + 1
            continue
        after = words[index + 1] if index + 1 < len(words) else None
        ends = after is None or not after.text[0].isupper() or index + 1 in taken
        if (
            ends
            and word.low in _SURE_BODIES
            and index - first >= 1
            and not (first == 0 and index - first == 1)
        ):
            found.append(Span(first, index + 1, "ORG"))
    return sorted(found)


def _join(words: Sequence[Word], spans: Sequence[Span]) -> list[Span]:
    """Join the parts of one name: Socialist Party of Ukraine, Movement for Rights, Social Democratic and Labour Party."""
    found: list[Span] = []
    for raw in sorted(spans):
        span = raw
        if found and span.first < found[-1].last:
            continue
        if span.label == "ORG":
            span = _extend_body(words, span)
        elif span.label == "LOC":
            span = _extend_region(words, span)
        before = found[-1] if found else None
        if (
            before is not None
            and before.label == "ORG"
            and span.label in {"ORG", "LOC"}
            and _are_one(words, before, span)
        ):
            found[-1] = Span(before.first, span.last, "ORG")
        else:
            found.append(span)
    return found


def _are_one(words: Sequence[Word], before: Span, span: Span) -> bool:
    between = [w.low for w in words[before.last : span.first]]
    if between in (["for"], ["for", "a"], ["for", "the"]):
        return span.label == "ORG" or words[before.last - 1].low in _BODIES
    if between == ["and"] and span.label == "ORG":
        left, right = words[before.last - 1].low, words[span.last - 1].low
        return (
            right
            in {"party", "union", "alliance", "association", "organization", "council", "affairs", "ministry"}
            and left not in _BODIES
            and not left.endswith("s")
            and before.first > 0
            and words[before.first - 1].low == "the"
        )
    return False


def _extend_body(words: Sequence[Word], span: Span) -> Span:
    last = span.last
    if words[last - 1].low not in _BODIES and words[span.first].low not in _BODIES:
        return span
    while last < len(words) - 1 and words[last].low in {"of", "for"}:
        ahead = last + 1
        if words[ahead].low in {"the", "a"} and ahead + 1 < len(words):
            ahead += 1
        if not words[ahead].text[0].isupper():
            break
        last = _run_end(words, ahead)
    return Span(span.first, last, "ORG")


def _extend_region(words: Sequence[Word], span: Span) -> Span:
    """Take in `Principality of` before a place, and `of ...` behind a region."""
    first = span.first
    if (
        first > 1
        and words[first - 1].low == "of"
        and words[first - 2].low in _REGIONS
        and words[first - 2].text[0].isupper()
    ):
        first -= 2
        while (
            first > 0
            and words[first - 1].text[0].isupper()
            and words[first - 1].low in {"crown", "democratic", "people", "islamic", "federal", "united"}
        ):
            first -= 1
    return Span(first, span.last, "LOC")


def _run_end(words: Sequence[Word], index: int) -> int:
    """Give the end of the words in capitals that begin at `index`."""
    end = index
    while end < len(words) and (
        (_is_capital(words[end]) and words[end].text[0].isalnum())
        or (words[end].text == "-" and end + 1 < len(words) and _is_capital(words[end + 1]))
        or (
            words[end].low in {"'s", "and"}
            and end + 1 < len(words)
            and _is_capital(words[end + 1])
            and words[end].low == "'s"
        )
    ):
        end += 1
    return end


def _with_brackets(words: Sequence[Word], spans: list[Span]) -> list[Span]:
    """Give an abbreviation in brackets the sort of the name before it; its letters tell that the name is a body's."""
    found = list(spans)
    for index in range(2, len(words) - 1):
        letters = words[index].text
        if (
            words[index - 1].text not in {"(", "["}
            or words[index + 1].text not in {")", "]", ","}
            or not _is_acronym(letters)
        ):
            continue
        if words[index - 2].low in _INSTRUMENTS or _is_instrument(words[:index], letters):
            continue
        before = next((s for s in found if s.last == index - 1), None)
        if before is not None and (
            before.label == "ORG" or _initials_fit(words[before.first : before.last], letters)
        ):
            found = [s for s in found if s != before and not s.first <= index < s.last]
            found += [Span(before.first, before.last, "ORG"), Span(index, index + 1, "ORG")]
            continue
        start = _name_of(words, index - 1, letters)
        if start is not None:
            found = [
                s
                for s in found
                if not (s.first < index - 1 and start < s.last) and not s.first <= index < s.last
            ]
            found += [Span(start, index - 1, "ORG"), Span(index, index + 1, "ORG")]
    return sorted(found)


def _is_instrument(words: Sequence[Word], letters: str) -> bool:
    """Tell whether letters in brackets abbreviate a treaty or the like: Memorandum of Understanding (MoU)."""
    return any(w.low in _INSTRUMENTS for w in words[-len(letters) - 3 :])


def _name_of(words: Sequence[Word], end: int, letters: str) -> int | None:
    """Find the words before a bracket whose first letters are those in it: Movement for the Left (MpS) has none."""
    wanted = [c.lower() for c in letters if c.isupper()]
    index = end
    while wanted and index > 0 and end - index < 3 * len(letters):
        index -= 1
        first = words[index].text[0]
        if first.lower() == wanted[-1] and first.isupper():
            wanted.pop()
        elif (first.isupper() or not first.isalpha()) and words[index].low not in {"'s", "-", "'"}:
            return None
    return index if not wanted else None


def _initials_fit(words: Sequence[Word], letters: str) -> bool:
    initials = [w.text[0] for w in words if w.text[0].isupper()]
    return "".join(initials) == "".join(c for c in letters if c.isupper())


def _is_acronym(text: str) -> bool:
    return 2 <= len(text) <= 8 and sum(c.isupper() for c in text) >= 2  # noqa: PLR2004 - UUP, MpS, PvdA


def _with_whole_persons(words: Sequence[Word], spans: list[Span], lists: WordLists) -> list[Span]:
    """Join the parts of a person's name after a title, where the tagger took the second for a body or a place."""
    found: list[Span] = []
    for span in spans:
        before = found[-1] if found else None
        if (
            before is not None
            and before.label == "PER"
            and before.last == span.first
            and span.last - span.first <= _SHORTEST_ACRONYM
            and before.first > 0
            and (
                (title := (words[before.first - 1].low,)) in lists.ranks.sectors
                or title in lists.roles.sectors
            )
            and not any(w.low in _BODIES or w.text.isupper() for w in words[span.first : span.last])
        ):
            found[-1] = Span(before.first, span.last, "PER")
        else:
            found.append(span)
    return found


def _is_thing(words: Sequence[Word], span: Span) -> bool:
    """Tell a body that was taken for a person: persons stand without an article, unless a noun follows."""
    if span.last - span.first < 2 or span.first == 0 or words[span.first - 1].low != "the":  # noqa: PLR2004
        return False
    return (
        span.last == len(words)
        or not words[span.last].text[0].isalpha()
        or words[span.last].low in {"and", "or"}
    )


def _with_acronyms(words: Sequence[Word], spans: list[Span], known_at: Mapping[int, NameMatch]) -> list[Span]:
    """Take an abbreviation in capitals that nobody knows for a body."""
    taken = {i for s in spans for i in range(s.first, s.last)}
    found = list(spans)
    for index, word in enumerate(words):
        text = word.text
        if (
            index in taken
            or index in known_at
            or not _SHORTEST_ACRONYM <= len(text) <= _LONGEST_ACRONYM
            or not text.isalpha()
            or not text.isascii()
        ):
            continue
        if text.isupper() and word.low not in _NO_BODY and not (index and words[index - 1].text == "-"):
            found.append(Span(index, index + 1, "ORG"))
    return sorted(found)


def _without_parts_of_known(spans: list[Span], known_at: Mapping[int, NameMatch]) -> list[Span]:
    """Drop spans that are only a part of a longer known name."""
    inside: dict[int, NameMatch] = {i: m for m in known_at.values() for i in range(m.first, m.last)}
    return [
        s
        for s in spans
        if (m := inside.get(s.first)) is None
        or m.last < s.last
        or (m.first, m.last) == (s.first, s.last)
        or m.known.kind is not MentionKind.NAME
    ]
