"""Mending what the tagger saw: names that it cut, joined or took for something else."""
# ruff: noqa: SIM905 - lists of words are read as words

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.entity import EntityType
from streams.extract.tagger import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_INNER: Final = frozenset("of for and the & in on - ' 's de la du des".split())
_ELECTIONS: Final = frozenset(
    "election elections referendum by-election byelection primary primaries".split()
)
_BEFORE_ELECTION: Final = frozenset(
    """general federal presidential parliamentary legislative local municipal mayoral regional state provincial
    gubernatorial leadership european parliament assembly senate congressional special by council city house
    representatives constituency lower upper of""".split()
)


def merge_spans(
    words: Sequence[Word], spans: Sequence[Span], known_at: dict[int, NameMatch], lists: WordLists
) -> list[Span]:
    """Give the names of a sentence in order, none overlapping, after the tagger's cuts are mended."""
    elections = _elections(words)
    found = _split(words, spans, known_at, lists)
    found = _join_bodies(words, found)
    found = _add_bracketed(words, found)
    taken = {i for s in elections for i in range(s.first, s.last)}
    kept = [s for s in found if not any(i in taken for i in range(s.first, s.last))]
    return sorted((*kept, *elections))


def _elections(words: Sequence[Word]) -> list[Span]:
    """Find elections, which are events: 2004 European Parliament election."""
    found = []
    for index, word in enumerate(words):
        if word.low not in _ELECTIONS:
            continue
        first = index
        while first > 0 and (
            words[first - 1].low in _BEFORE_ELECTION
            or words[first - 1].text[0].isupper()
            or words[first - 1].text == "-"
        ):
            first -= 1
        if first > 0 and words[first - 1].text.isdigit():
            found.append(Span(first - 1, index + 1, "EVENT"))
        elif first > 0 and first < index and words[first].text.isdigit():
            found.append(Span(first, index + 1, "EVENT"))
    return [s for s in found if any(w.text[0].isdigit() for w in words[s.first : s.last])]


def _split(
    words: Sequence[Word], spans: Sequence[Span], known_at: dict[int, NameMatch], lists: WordLists
) -> list[Span]:
    """Cut ranks off persons, and names that only stand side by side (Iran-China; a station and its town)."""
    found = []
    for span in spans:
        if span.label == "PER":
            trimmed = _without_rank(words, span, lists)
            if trimmed is not None:
                found.append(trimmed)
        elif span.label == "ORG":
            first = span.first + (words[span.first].low == "the" and span.last - span.first > 1)
            bare = Span(first, span.last, "ORG")
            found.extend(_known_parts(words, bare, known_at) or [bare])
        elif span.label == "LOC":
            found.extend(_known_parts(words, span, known_at) or [span])
    return found


def _without_rank(words: Sequence[Word], span: Span, lists: WordLists) -> Span | None:
    low = [w.low for w in words[span.first : span.last]]
    first = 0
    while first < len(low):
        length = next(
            (
                n
                for n in range(min(4, len(low) - first), 0, -1)
                if tuple(low[first : first + n]) in lists.ranks
                or tuple(low[first : first + n]) in lists.roles
            ),
            0,
        )
        if not length or (first + length == len(low) and first == 0):
            break
        first += length
        if first < len(low) and low[first] == ".":
            first += 1
    if first >= len(low):
        return None
    return Span(span.first + first, span.last, "PER")


def _known_parts(words: Sequence[Word], span: Span, known_at: dict[int, NameMatch]) -> list[Span]:
    """Give the parts of a span that is nothing but known names, with hyphens or commas between; else nothing."""
    parts = []
    index = span.first
    while index < span.last:
        match = known_at.get(index)
        if match is None or match.last > span.last:
            if parts and words[index].text in {"-", ",", "/", "–"}:
                index += 1
                continue
            return []
        label = "ORG" if match.known.type is EntityType.ORGANISATION else "LOC"
        if match.known.kind.value == "name":
            parts.append(Span(match.first, match.last, label))
        index = match.last
    return parts if len(parts) > 1 else []


def _is_capital(word: Word) -> bool:
    return word.text[0].isupper() or word.text[0].isdigit()


def _join_bodies(words: Sequence[Word], spans: list[Span]) -> list[Span]:
    """Join the parts of one organisation: Socialist Party of Ukraine, Movement for Rights and Freedoms."""
    spans = sorted(spans)
    found: list[Span] = []
    covered = -1
    heads = [s for s in spans]
    for span in heads:
        if span.first < covered:
            continue
        if span.label == "ORG":
            span = _extend(words, span)
            covered = span.last
        found.append(span)
    return found


def _extend(words: Sequence[Word], span: Span) -> Span:
    last = span.last
    if words[last - 1].low not in _BODIES and words[span.first].low not in _BODIES:
        return span
    while last < len(words) - 1 and words[last].low in {"of", "for"}:
        ahead = last + 1
        if words[ahead].low in {"the", "a"} and ahead + 1 < len(words):
            ahead += 1
        if not _is_capital(words[ahead]):
            break
        end = ahead
        while end < len(words) and (
            _is_capital(words[end])
            and words[end].text.isalnum()
            or (words[end].text == "-" and end + 1 < len(words) and _is_capital(words[end + 1]))
        ):
            end += 1
        last = end
    return Span(span.first, last, "ORG")


def _add_bracketed(words: Sequence[Word], spans: list[Span]) -> list[Span]:
    """Give an abbreviation in brackets the sort of the name that it abbreviates."""
    taken = {i: s for s in spans for i in range(s.first, s.last)}
    found = list(spans)
    for index in range(1, len(words) - 2):
        if words[index].text != "(" or words[index + 2].text != ")" or not _is_acronym(words[index + 1].text):
            continue
        before = taken.get(index - 1)
        if before is not None and before.label == "ORG":
            found = [s for s in found if not (s.first <= index + 1 < s.last)]
            found.append(Span(index + 1, index + 2, "ORG"))
    return sorted(found)


def _is_acronym(text: str) -> bool:
    return 2 <= len(text) <= 8 and sum(c.isupper() for c in text) >= 2  # noqa: PLR2004 - UUP, MpS, PvdA
