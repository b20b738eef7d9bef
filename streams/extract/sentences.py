"""Sentences: where a thought ends. Segments are cut at full stops that are no abbreviation, at paragraphs, and by length."""

# ruff: noqa: SIM905 - lists of words are read as words

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from streams.extract.reading import Sentence, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.transcript import LanguageTag, Segment

LONGEST: Final = 1000
"""No sentence is longer, in characters: beyond it lies text without full stops."""

_LONGEST_UNSTOPPED: Final = 320
"""The same where a text has hardly any full stops, as captions have none."""

_STOP: Final = re.compile(
    r"(?<![.!?…‼⁇-⁉])[.!?…‼⁇-⁉]++[\"'”’»)\]]*+(?=\s|$)|[。！？｡](?:[。！？｡])*[”’」』）\"'»)\]]*|[؟۔।॥።။]+[\"'”’»)\]]*|\n[^\S\n]*(?:\n\s*)?"
)
_WORD_BEFORE: Final = re.compile(r"[\w.'’\-&]*$")
_NEXT: Final = re.compile(r"[\s\"'“‘«(\[¿¡–—-]*")

_NEVER: Final = frozenset(
    "mr mrs ms messrs dr prof gen lt col maj sgt capt cmdr adm brig cpl pvt gov sen rep rev hon pres amb st mt ft supt insp det vs no nos vol art fig sec par para pp ed eds al viz cf approx est bros dept "
    "sr sra srta dña mm mme mlle mgr m pr hr fr herr abg dipl ing mag bzw vgl ca evtl ggf inkl usw nr str г гг им ул пр обл р руб млн млрд тыс т д см стр рис напр доц проф акад ген полк кап "
    "jan feb mar apr jun jul aug sep sept oct nov dec yrd doç".split()
)  # fmt: skip
"""Abbreviations that something always follows."""

_SELDOM: Final = frozenset(
    "inc corp co ltd jr sr etc plc dept univ assn bros gmbh ag s.a e.g i.e a.m p.m u.s u.k u.n e.u d.c u.s.s.r u.a.e ph.d b.a m.a ee.uu u.s.a d.p.r.k r.o.k p.r.c".split()
)
"""Abbreviations that may also end a sentence; what follows decides."""

_STARTERS: Final = frozenset(
    "the a an he she it they we i you this that these those there in on at but and or if when while after before as for from however meanwhile also his her its their our my what who why how where "
    "no not yes so then now some many most all both each by with under according since although because one two earlier later speaking asked".split()
)
_MONTHS: Final = frozenset(
    "januar februar märz april mai juni juli august september oktober november dezember jänner".split()
)
_ORDINAL_LEADS: Final = frozenset("der die das dem den des am im zum vom zur beim ihr sein unser".split())
_WRAPPED: Final = 100
_LOOK: Final = 40
"""So far a look back goes."""

_INITIAL: Final = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]", re.UNICODE)


def split_sentences(text: str, segments: tuple[Segment, ...], language: LanguageTag) -> tuple[Sentence, ...]:  # noqa: ARG001 - one rule serves all languages that were measured
    """Cut segments into sentences. They are in order, and none crosses the bounds of its segment or is longer than `LONGEST`."""
    found = []
    for index, segment in enumerate(segments):
        for start, end in _cut(text, segment.start, segment.end):
            found.append(Sentence(start, end, index, tokenize(text, start, end)))
    return tuple(found)


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut one segment; the pieces carry no space at their ends."""
    wrapped = _is_wrapped(text[start:end])
    limit = LONGEST
    begin = start
    stops = 0
    for stop in _STOP.finditer(text, start, end):
        if stop.start() < begin:
            continue
        if stop.group()[0] == "\n":
            if not _ends_at_line(text, begin, stop, end, wrapped=wrapped):
                continue
        elif not _ends_at_stop(text, begin, stop, end):
            continue
        else:
            stops += 1
        yield from _bound(text, begin, stop.end(), limit)
        begin = stop.end()
    if end - start > _LONGEST_UNSTOPPED and not stops:
        limit = _LONGEST_UNSTOPPED
    yield from _bound(text, begin, end, limit)


def _is_wrapped(text: str) -> bool:
    """Whether lines are cut by width rather than by thought: several short ones, hardly any of which ends in a stop."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) < 2 or max(map(len, lines)) > _WRAPPED:  # noqa: PLR2004 - one line is not wrapped
        return False
    return sum(line.endswith((".", "!", "?", "。", "۔", "।", ":", ";")) for line in lines) * 2 < len(lines)


def _ends_at_line(text: str, begin: int, stop: re.Match[str], end: int, *, wrapped: bool) -> bool:
    if not text[begin : min(stop.start(), begin + _LOOK)].strip():
        return False
    if stop.group().count("\n") > 1:
        return True
    following = text[stop.end() : min(end, stop.end() + 1)]
    return not wrapped and not following.islower()


def _ends_at_stop(text: str, begin: int, stop: re.Match[str], end: int) -> bool:  # noqa: PLR0911 - one return for each reason
    mark = stop.group()
    if mark[0] not in ".!?…":
        return not _inside_quotes(mark, text, stop.end(), end)
    gap = _NEXT.match(text, stop.end(), min(end, stop.end() + 40))
    at = gap.end() if gap else stop.end()
    if at >= end:
        return True
    following = text[at]
    if following.islower():
        return False  # "... he said": the sentence goes on
    if mark[0] != "." or mark.startswith(".."):
        return True
    before = _word_before(text, begin, stop.start())
    if not before:
        return True
    low = before.lower()
    after = _word_after(text, at, end)
    if low in _NEVER:
        return False
    if before.isdigit():
        return _number_ends(text, begin, stop.start() - len(before), after)
    if low in _SELDOM:
        return after.lower() in _STARTERS and not (low.endswith(".m") and after.lower() in ("a", "i"))
    if _INITIAL.fullmatch(before) and before[0].isupper() and before != "I":
        return "." in before and after.lower() in _STARTERS and len(after) > 1
    return True


def _word_before(text: str, begin: int, stop: int) -> str:
    found = _WORD_BEFORE.search(text, max(begin, stop - 24), stop)
    return found.group().strip(".'’-&") if found else ""


def _word_after(text: str, at: int, end: int) -> str:
    stop = at
    while stop < min(end, at + 24) and (text[stop].isalnum() or text[stop] in "'’"):
        stop += 1
    return text[at:stop]


def _number_ends(text: str, begin: int, start: int, after: str) -> bool:
    """A number with a stop ends a sentence, unless it numbers what follows (`2. The parties`) or is a German ordinal (`am 3. März`)."""
    before = text[max(begin, start - _LOOK) : start].split()
    return bool(before) and after.lower() not in _MONTHS and before[-1].lower() not in _ORDINAL_LEADS


def _inside_quotes(mark: str, text: str, at: int, end: int) -> bool:
    """Whether a Chinese quotation closes here and its sentence goes on: `“……。”他说`."""
    return mark[-1] in "”’」』）" and text[at : min(end, at + 1)] in ("，", "、", "的")


def _bound(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    """Strip a stretch of space, and cut it where it is longer than `limit`, at the best place there is."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > limit:
        cut = _best_cut(text, start, start + limit)
        stop = cut
        while stop > start and text[stop - 1].isspace():
            stop -= 1
        if stop > start:
            yield start, stop
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end


def _best_cut(text: str, start: int, end: int) -> int:
    """The last semicolon in the window, else the last line end, comma, space; else its end."""
    middle = start + (end - start) // 3
    for mark in ("; ", "؛ ", "；", "\n", " - ", ", ", "، ", "，", " "):
        found = text.rfind(mark, middle, end)
        if found >= 0:
            return found + len(mark)
    return end
