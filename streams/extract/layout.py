"""What sort of transcript a text is, before it is cut: its lines, its speaker tags, its heading."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from streams.extract import marks

if TYPE_CHECKING:
    import re

_WORDS: Final = 12
"""Lines of at most so many characters are names and marks rather than words."""

_TAG_WORDS: Final = 9
_NAME_WORDS: Final = 5
_STOPS: Final = (".", ":", ",", ";", "…", "--", "。", "۔", "।")
_HEADING_LINES: Final = 3
_FURNITURE_LINES: Final = 8
"""So many lines of a page may stand before its headline."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line without the space around it. `blank` says that an empty line stands before it."""

    start: int
    end: int
    text: str
    blank: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A text as its marks lay it out."""

    lines: tuple[Line, ...]
    tags: dict[int, re.Match[str]]
    """The speaker tag that opens a line, by the number of the line."""
    askers: frozenset[str]
    """The names in tags whose words are questions."""
    headline: int | None
    front: int
    """The lines before this one are a heading: they come before the first words of anyone."""
    monitored: bool
    """It comes from a service that monitors and translates broadcasts, with its brackets."""
    led: bool
    """Paragraphs are introduced by `The reporter says:`."""
    captions: bool
    placed: bool
    """It has a dateline."""


def lay_out(text: str, title: str | None) -> Layout:
    """Look through a text once for the marks that decide how it is to be cut."""
    lines = _split_lines(text)
    tags = _find_tags(lines, title)
    headline = _find_headline(lines, tags, title)
    return Layout(
        lines=lines,
        tags=tags,
        askers=_find_askers(lines, tags, title),
        headline=headline,
        front=_find_front(lines, tags, headline),
        monitored=any(
            marks.MONITORED.match(line.text) or marks.MONITORING.match(line.text) for line in lines
        ),
        led=any(marks.LEAD.match(line.text) for line in lines),
        captions=text.count(">>") > 1 or text.lstrip().startswith(">>"),
        placed=any(marks.dateline_end(line.text) for line in lines[: marks.FRONT_LINES]),
    )


def tag_name(found: re.Match[str]) -> str:
    """The name in a tag, in lower case: `MS. SMITH:` is `ms. smith`; `q` and `answer` in whatever language."""
    groups = found.groupdict()
    if "asked" in groups:
        return "q" if groups["asked"] else "answer"
    return found.group("name").strip().lower()


def _split_lines(text: str) -> tuple[Line, ...]:
    lines: list[Line] = []
    start, blank = 0, False
    for raw in text.splitlines(keepends=True):
        body = raw.strip()
        if body:
            first = start + len(raw) - len(raw.lstrip())
            cuts = [(found.start(), found.end()) for found in marks.INLINE_TAG.finditer(body)]
            begins = [0, *(end for _, end in cuts)]
            ends = [*(begin for begin, _ in cuts), len(body)]
            for begin, end in zip(begins, ends, strict=True):
                lines.append(Line(first + begin, first + end, body[begin:end], blank and not begin))
        blank = not body
        start += len(raw)
    return tuple(lines)


def _find_tags(lines: tuple[Line, ...], title: str | None) -> dict[int, re.Match[str]]:
    candidates = {
        i: found
        for i, line in enumerate(lines)
        if (found := marks.Q.match(line.text) or marks.TAG.match(line.text))
    }
    names = Counter(tag_name(found) for found in candidates.values())
    bodies = [
        line.text[candidates[i].end() :] if i in candidates else line.text for i, line in enumerate(lines)
    ]
    capitals = _in_capitals(bodies)
    tags = {i: found for i, found in candidates.items() if _is_tag(found, names, capitals=capitals)}
    if len(tags) == 1:
        place, found = next(iter(tags.items()))
        words = " ".join(bodies[place : place + 3])[:2000]
        known = _is_certain(found) or tag_name(found).split()[-1] in (title or "").lower()
        news = marks.NEWS.search(words) and not marks.FIRST_PERSON.search(words)
        if news and not known and marks.PLACE_COLON.match(lines[place].text):
            return {}  # `QUETTA: The ministers said`, as papers of South Asia have it
    return tags


def _in_capitals(bodies: list[str]) -> bool:
    """Whether the words themselves are in capitals, as captions are and old teletypes were."""
    told = [
        body for body in bodies if len(body) > _WORDS and body[0] not in "[(" and not marks.is_furniture(body)
    ]
    return sum(map(str.isupper, told)) * 2 > len(told)


def _is_certain(found: re.Match[str]) -> bool:
    """Whether one tag is enough to know it for one: a role, or a title with a name."""
    name = tag_name(found)
    first = name.split()[0].rstrip(".")
    return (
        name in ("q", "answer")
        or name in marks.GENERIC_ASKERS
        or name in marks.BROADCASTERS
        or first in marks.TITLES
    )


def _is_tag(found: re.Match[str], names: Counter[str], *, capitals: bool) -> bool:
    name = tag_name(found)
    if name in ("q", "answer"):
        return name == "q" or names["q"] > 0
    words = name.split()
    refused = name in marks.NO_TAG or words[0] in marks.NO_TAG or words[-1] in marks.SPEECH_VERBS
    if refused or len(words) > _TAG_WORDS:
        return False
    written = found.group("name")
    head = written.split(",")[0]
    upper = sum(map(str.isupper, head))
    if upper and upper >= 0.7 * sum(map(str.isalpha, head)) and not capitals:
        return True
    small = ("of", "the", "de", "al", "bin", "van", "von", "and")
    titled = all(word[0].isupper() or word in small or not word[0].islower() for word in written.split())
    return titled and len(words) <= _NAME_WORDS and (_is_certain(found) or names[name] > 1)


def _find_askers(
    lines: tuple[Line, ...], tags: dict[int, re.Match[str]], title: str | None
) -> frozenset[str]:
    """The tags whose words are questions: by their name, or because most of their turns end in a question."""
    turns: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for place, following in pairwise([*sorted(tags), len(lines)]):
        name = tag_name(tags[place])
        turns[name] += 1
        asked[name] += lines[following - 1].text.rstrip("\"”'’)").endswith(("?", "？", "؟"))
    before = lines[: min(_HEADING_LINES, min(tags, default=0))]
    heading = " ".join([title or "", *(line.text for line in before)]).lower()
    guest = _find_guest(turns, asked, heading)
    askers = set()
    for name, count in turns.items():
        share = asked[name] / count
        generic = name in marks.GENERIC_ASKERS or name.startswith(
            ("unidentified reporter", "unidentified journalist")
        )
        if guest is None:
            known = name in marks.BROADCASTERS and share >= 0.3  # noqa: PLR2004 - some of their words are greetings
            others = any(asked[other] / turns[other] < share / 2 for other in turns if other != name)
            known = known or (count > 1 and share >= 0.6 and others)  # noqa: PLR2004 - most of them
        else:
            known = name != guest and share >= 0.3 and share > 2 * asked[guest] / turns[guest]  # noqa: PLR2004 - as above
        if generic or known:
            askers.add(name)
    return frozenset(askers)


def _find_guest(turns: Counter[str], asked: Counter[str], heading: str) -> str | None:
    """Who answers, where the heading announces an interview or a news conference: of those it names, who asks least."""
    if not marks.ASKING.search(heading):
        return None
    named = [name for name in turns if name not in marks.GENERIC_ASKERS and name.split()[-1] in heading]
    return min(named, key=lambda name: (asked[name] / turns[name], -turns[name], name), default=None)


def _find_front(lines: tuple[Line, ...], tags: dict[int, re.Match[str]], headline: int | None) -> int:
    """How many lines come before the first words: all before the first tag, if they look like a heading; else the headline."""
    first = min(tags, default=0)
    if 0 < first <= marks.FRONT_LINES and not any(marks.is_prose(line.text) for line in lines[:first]):
        return first
    return 0 if headline is None else headline + 1


def _find_headline(lines: tuple[Line, ...], tags: dict[int, re.Match[str]], title: str | None) -> int | None:
    """The first line, page furniture apart, if it heads the others rather than beginning the story."""
    for index, line in enumerate(lines[:_FURNITURE_LINES]):
        if marks.is_furniture(line.text) or marks.STATION_ID.fullmatch(line.text[: marks.LONG_LINE]):
            continue
        if index in tags:
            return None
        heads = 0 < min(tags, default=0) <= marks.FRONT_LINES
        return index if _is_headline(lines[index:], title, heads=heads) else None
    return None


def _is_headline(lines: tuple[Line, ...], title: str | None, *, heads: bool) -> bool:
    """Whether the first of some lines is a headline; `heads` says that speaker tags follow it."""
    line = lines[0].text
    if len(lines) < 2 or len(line) > marks.LONG_LINE or line[0] in "[(>–—-":  # noqa: PLR2004 - a headline heads something
        return False
    if title and " ".join(line.split()).casefold() == " ".join(title.split()).casefold():
        return True
    if _opens_story(line) or _is_place_of_talk(lines, title):
        return False
    longest = max(len(item.text) for item in lines[1:_FURNITURE_LINES])
    if (
        not lines[1].blank
        and max(len(item.text) for item in lines[:20]) <= marks.CAPTION_WIDTH
        and _in_capitals([item.text for item in lines[:20]])
    ):
        return False  # captions: the first line is as good as the second
    short = len(line.split()) <= marks.HEADLINE_WORDS and not line[0].islower()
    return short and (heads or longest > len(line) or lines[1].blank or line.endswith("\\n"))


def _opens_story(line: str) -> bool:
    """Whether a line begins a story or stands in one: it has a dateline or a lead, or ends as a sentence does."""
    begins = marks.headline_end(line)[0] or marks.dateline_end(line) or marks.LEAD.match(line)
    return bool(begins or marks.SOURCE_LINE.fullmatch(line) or line.endswith(_STOPS))


def _is_place_of_talk(lines: tuple[Line, ...], title: str | None) -> bool:
    """Whether a heading begins with the hour of a talk, or with the place where it was held and then the hour."""
    first, second = (bool(marks.TIME_LINE.fullmatch(line.text[: marks.LONG_LINE])) for line in lines[:2])
    return first or (second and (title is not None or not marks.TALK.search(lines[0].text)))
