"""The parts of a transcript: headline, dateline, editor's notes, who speaks, narration and quotation.

Three looks at a text, each linear in its length. The first finds its lines and what sort of transcript it is (its
speaker tags, its front matter). The second cuts each line into pieces: datelines, bracketed notes, tags and the words
between them. The third goes through the pieces with the voice that is speaking, and joins words of one voice.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from schemas.transcript import Segment, SegmentKind
from streams.extract.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.transcript import LanguageTag, Transcript

__all__ = ["split_segments", "split_sentences"]

K = SegmentKind

STATION: Final = "station"
ANCHOR: Final = "anchor"
REPORTER: Final = "reporter"
UNIDENTIFIED: Final = "unidentified"
UNIDENTIFIED_REPORTER: Final = "unidentified reporter"

_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY: Final = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}(?:,?\s+\d{{2,4}})?|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?|no date)"
_DASH: Final = r"(?:--|—|–|-)"

_MONITORED: Final = re.compile(
    rf"[^\W\d_][^\n]{{0,70}}?,\s+{_DAY}\s*\([^()\n]{{1,90}}(?:\([^()\n]{{1,40}}\))?\)\s*(?:{_DASH}|:)(?=\s)",
    re.IGNORECASE,
)
"""A monitoring service's dateline: place, date, station: `Managua (Nicaragua), 27 Aug 88 (Radio Sandino) --`."""

_AGENCY: Final = re.compile(
    rf"(?:[A-Z][^\W\d_.'’\-/]*[\w .,'’\-/()]{{0,60}}?)?(?:,?\s*(?i:{_DAY}))?\s*(?P<agency>\((?!\d)[A-Z][\w .&/\-]{{1,40}}\)|,\s*[A-Z]{{2,10}})?\s*(?P<end>--|—|–|-|:)(?=\s)"
)
_UPPER_PLACE: Final = re.compile(
    rf"[A-Z][A-Z.'’\-/]+(?: [A-Z][A-Z.'’\-/]+){{0,3}}(?:,\s*(?:[A-Z][A-Za-z.'’]+)(?: [A-Z][a-z]+)?)?\s*(?:--|—|–|-)(?=\s)"
)
_DATED_PLACE: Final = re.compile(
    rf"[A-Z][^\W\d_]+(?:[ \-][A-Z][^\W\d_]+){{0,3}}(?:,\s*[A-Z][^\W\d_]+)?,\s*(?i:{_DAY})\s*(?:--|—|–|-|:)(?=\s)"
)
_WIRE: Final = re.compile(r"\((?:[A-Z][\w.]{1,15})(?: [A-Z][\w.]{1,15}){0,2}\)\s*(?:--|—|–|-)(?=\s)")

_TIME_LINE: Final = re.compile(
    r"(?:\(?(?:as of|local|time:?)\s*)?\d{1,2}[:.]\d{2}\s*(?:[ap]\.?m\.?)(?:\s*\(?[A-Z]{2,5}\)?|\s+local(?: time)?)?\.?",
    re.IGNORECASE,
)
_END_LINE: Final = re.compile(
    r"(?:end|ends|\[ends?\]|\(ends?\)|-+\s*ends?\s*-+|#{3,}|-\s*30\s*-|\*{3,}\s*end.{0,20}|end of (?:transcript|text|interview|broadcast))"
    r"[\s.]*(?:\d{1,2}[:.]\d{2}\s*[ap]\.?m\.?.{0,16})?",
    re.IGNORECASE,
)
_RULE_LINE: Final = re.compile(r"(?:[-=_*~#•·]\s?){3,}")
_BY_LINE: Final = re.compile(r"(?:By|BY)\s+[A-Z][^\W\d_.'’\-]*\.?(?:[ ,|/&]+(?:and\s+)?[\w.'’\-]+){0,9}")
_CREDITS: Final = re.compile(
    r"\(?(?:Reporting|Additional reporting|Writing|Editing|Compiled|Translated) by\b.{0,300}", re.IGNORECASE
)
_SOURCE_LINE: Final = re.compile(
    r"(?:Source|Text of report|Excerpts? from (?:a )?report|Text of (?:an? )?\w+)\b.{0,300}", re.IGNORECASE
)
_BOILERPLATE: Final = re.compile(
    r"(?:e\s?&\s?oe\b.{0,80}|page\s*\d+(?:\s*(?:of|/)\s*\d+)?|\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?|(?:©|\(c\)|copyright\b).{0,200}|.{0,40}all rights reserved\b.{0,80}"
    r"|(?:click|tap) (?:here|to)\b.{0,80}|(?:share|print|e-?mail|tweet|facebook|twitter|whatsapp|telegram|linkedin|instagram|rss|home|menu|search|subscribe|sign in|log in|"
    r"advertisement|sponsored|related|comments?|read more|more on this story|skip to (?:main )?content|follow us.{0,60}|back to top|next|previous|newsletter|cookies?.{0,80}|"
    r"terms (?:of use|and conditions).{0,40}|privacy policy.{0,40}|contact us|about us|live tv|watch live|listen live|video|photos?|gallery|trending|most (?:read|popular|viewed))"
    r"(?:\s*[|•·>/,-]?\s*(?:share|print|e-?mail|tweet|facebook|twitter|whatsapp|telegram|linkedin|instagram|rss|home|menu|search|subscribe|sign in|log in|this article|this page|on|via|news|world|sport|"
    r"business|politics|video|photos?|comments?|about us|contact us|live|tv|radio|more|stories|articles?|topics|by|us))*\s*[:.]?"
    r"|(?:this (?:site|website) uses|we use|by continuing).{0,20}\bcookies?\b.{0,200}|sign up (?:for|to)\b.{0,100}|subscribe (?:to|now)\b.{0,100}|follow .{1,40} on (?:twitter|facebook|x|instagram|telegram)\b.{0,60}"
    r"|https?://\S+|www\.\S+|.{0,30}(?:rush transcript|may not be in its final form|updated as needed|not for (?:quotation|publication)).{0,200}"
    r"|(?:tel|phone|fax|e-?mail|media contact|contact|press contact)\s*:.{0,120}|download (?:the )?(?:pdf|app)\b.{0,60})",
    re.IGNORECASE,
)
_DEBRIS: Final = re.compile(r"[a-z]{1,3}(?: [a-z]{1,3}){0,2}|[^\w\s]{1,3}|[^\w\s]*\w?[^\w\s]*")
_STATION_ID: Final = re.compile(
    r"(?:this is(?! (?:what|how|why|a|an|not|the (?:first|second|report))\b)|you(?:['’]re| are) (?:listening to|watching|tuned (?:in )?to)|welcome to|live from|broadcasting (?:from|on)|from \w+(?: \w+)?, this is|here is the news from)\b"
    r".{0,60}\b(?:radio|tv|television|channel|network|broadcasting|news|service|fm|voice of|bbc|voa|cnn|npr|irib|cgtn|rt|al jazeera)\b.{0,40}",
    re.IGNORECASE,
)

_BRACKET: Final = re.compile(r"\[([^\[\]\n]{1,300})\]|\(([^()\[\]\n]{1,80})\)")
_BEGIN: Final = re.compile(
    r"(?:begin|start)(?:ning)? (?:of )?(?:[\w-]+ ){0,2}(?:recording|clip|tape|videotape|video|audio|sound ?bite|transcript)s?\b.{0,60}",
    re.IGNORECASE,
)
_CLOSE: Final = re.compile(
    r"end (?:of )?(?:[\w-]+ ){0,2}(?:recording|clip|tape|videotape|video|audio|sound ?bite)s?\b.{0,60}",
    re.IGNORECASE,
)
_OMITTED: Final = re.compile(
    r"(?:[\w-]+ )?(?:passages?|portions?|paragraphs?|sections?|sentences?|text|parts?|material) (?:on .{1,80} |about .{1,80} )?omitted\b.{0,60}|omitted|commercial break|break in (?:transmission|recording|reception)\b.{0,40}",
    re.IGNORECASE,
)
_INDISTINCT: Final = re.compile(
    r".{0,30}(?:indistinct|inaudible|unintelligible|as (?:heard|received|published|printed|broadcast)|sic|changes? thought|laughter|laughs|applause|crosstalk|ph|phonetic|pause|coughs|cheers|in \w+|voice-?over|on camera)\b.{0,20}",
    re.IGNORECASE,
)
_HEAD_NOTE: Final = re.compile(
    r"(?:(?:unattributed|unsigned|live|recorded|taped|video|news|special|telephone|exclusive|editorial|front-page|from the|no video)\b.{0,20} )?"
    r"(?:text|excerpts?|report|reportage|communique|commentary|editorial|interview|statement|speech|address|article|announcement|bulletin|news conference|press (?:conference|release)|declaration|letter|message|"
    r"resolution|dispatch|remarks|proclamation|decree|roundup|continued|live|recorded|summary|dialogue|correspondence|analysis|feature|program(?:me)?|sermon|toast|talk|discussion)\b.{0,250}",
    re.IGNORECASE,
)
_WORDS_OF_A_SOURCE: Final = re.compile(
    r"(?:communique|statement|speech|address|declaration|letter|message|proclamation|decree|remarks|toast|sermon)\b",
    re.IGNORECASE,
)
_ROLE_TAG: Final = re.compile(
    r"(?:unidentified|unnamed|first|second|third|male|female|another|the)?\s*(?:[\w-]+ ){0,2}(?:question|answer|reporter|correspondent|presenter|announcer|moderator|interviewer|journalist|speaker|anchor|newsreader|host|spokes(?:man|woman|person)|narrator|translator|interpreter)",
    re.IGNORECASE,
)
_STATION_VOICE: Final = re.compile(
    r"\b(?:reporter|correspondent|presenter|announcer|anchor|newsreader|narrator|newscaster|host)\b",
    re.IGNORECASE,
)

_TAG: Final = re.compile(
    r"(?P<name>[^\s:\[\]()<>\"“”.,;?!][^:\n\[\]()<>\"“”;?!]{0,70}?)(?P<aside>\s*\([^()\n]{1,40}\))?\s*:(?=\s|$)"
)
_Q: Final = re.compile(r"(?P<tag>Q(?:uestion)?\s?[.:]|Q(?=[ \t\xa0]+\S)|A(?:nswer)?\s?:)(?=\s|$|[ \t\xa0])")
_ARROWS: Final = re.compile(r">{2,3}(?!>)\s*(?:(?P<name>[^\s:<>][^:<>\n]{0,40}?):(?=\s))?")
_LEAD: Final = re.compile(
    r"(?:the |our |this )?(?P<who>reporter|correspondent|anchor|presenter|announcer|newsreader|newscaster|narrator|speaker|host)\s+"
    r"(?:says|said|continues|continued|states|stated|concludes|concluded|adds|added|reports|reported|ends|notes|explains|asks)\s*:",
    re.IGNORECASE,
)
_HANDS_OVER: Final = re.compile(
    r"(?P<name>[A-Z][^\W\d_'’\-]+(?: [A-Z][^\W\d_'’.\-]+){1,3}) (?:reports|has (?:more|the (?:story|details|report))|has this report|explains|filed this report|reporting)\b[^.!?\n]{0,60}[.!:]?$"
)
_SIGNOFF_NAME: Final = re.compile(
    r"(?:for [^,.\n]{2,40}, )?(?:(?:i['’]m|this is|reporting for .{2,40}, (?:i['’]m|this is)) )?(?P<name>[A-Z][^\W\d_'’\-]+(?: (?:[A-Z]\.|al-|bin|de|van|von|[A-Z][^\W\d_'’\-]+)){1,4})"
    r",? (?:reporting |reports )?(?:for |from |in |of |at )?[^,.!?:;\n]{2,40}(?:, (?:in |reporting from )?[^,.!?:;\n]{2,30}){0,2}\.?"
)
_MY_SIGNOFF: Final = re.compile(
    r"(?:for [^,.\n]{2,40}, )?(?:i['’]m|this is|i am) [A-Z][^\n]{2,80}|that['’]s (?:all|the news)\b[^\n]{0,100}|(?:good ?(?:night|bye)|thank you for (?:watching|listening))\b[^\n]{0,60}",
    re.IGNORECASE,
)
_HESITATION: Final = re.compile(r"\b(?:uh|um|ah|er|erm|uhm|you know,)\b", re.IGNORECASE)
_OPENING_DASH: Final = re.compile(r"[–—―]\s?(?=[^\W\d_a-z])|-(?=[^\W\d_a-z])")
_SENTENCE_END: Final = tuple('.!?…。！？।؟۔"”’»)]')
_RANKED_NAME: Final = re.compile(
    r"\b(?:President|Minister|Premier|Chancellor|King|Prince|General|Admiral|Colonel|Major|Brigadier|Commander|Ambassador|Secretary|Spokesman|Spokeswoman|Chief|Mr\.?|Mrs\.?|Ms\.?|Dr\.?|Gen\.?|Col\.?|"
    r"Ayatollah|Sheikh|Senator|Director)(?:-General)? ((?:[A-Z][^\W\d_'’\-]+ ){0,2}[A-Z][^\W\d_'’\-]+)"
)

_GENERIC_ASKERS: Final = frozenset(
    (
        "q",
        "question",
        "journalist",
        "journalists",
        "press",
        "interviewer",
        "unidentified journalist",
        "unidentified reporter",
        "unknown",
        "questioner",
        "audience member",
        "quest",
        "media",
    )
)
_BROADCASTERS: Final = frozenset(
    (
        "reporter",
        "host",
        "compere",
        "presenter",
        "anchor",
        "announcer",
        "correspondent",
        "moderator",
        "newsreader",
        "narrator",
        "broadcaster",
    )
)
_NO_TAG: Final = frozenset(
    (
        "subjects", "subject", "topics", "topic", "note", "notes", "source", "date", "time", "contact", "location", "venue", "re", "cc", "to", "from", "e&oe", "photo", "video", "copyright", "title", "place",
        "programme", "program", "headline", "headlines", "for immediate release", "background", "summary", "transcript", "website", "email", "phone", "fax", "embargo", "editors", "editor's note", "update",
        "breaking", "watch", "read more", "related", "issue", "volume", "page", "file", "language", "media", "station", "published", "updated", "tags", "keywords", "category",
    )
)  # fmt: skip
_TITLES: Final = frozenset(
    "mr ms mrs dr president secretary senator minister premier general gen ambassador chairman chair the prime vice speaker sen rep governor admiral colonel col justice judge sir lord lady deputy professor prof unidentified".split()  # noqa: SIM905 - read as words
)
_SPEECH_VERBS: Final = frozenset(
    "said says added stated asked told noted continued declared explained reported follows is was are were will has have".split()
)  # noqa: SIM905 - as above

_HEADLINE_WORDS: Final = 30
_FRONT_LINES: Final = 25
_LONG_LINE: Final = 300

_IN_BRACKETS: Final = 2
"""So many capital words make a name in brackets a name; longer ones are asides."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line without the space around it. `blank` says that an empty line stands before it."""

    start: int
    end: int
    text: str
    blank: bool


@dataclass(frozen=True, slots=True)
class _Voice:
    """Who speaks, and as what."""

    kind: SegmentKind
    speaker: str | None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a line. Of kind None are the words between the marks: whose they are is told by the voice."""

    kind: SegmentKind | None
    start: int
    end: int
    speaker: str | None = None
    voice: _Voice | None = None
    fresh: bool = False
    """Whether words here are a new segment although the voice is the same."""
    story: int = 0


@dataclass(frozen=True, slots=True)
class _Plan:
    """What sort of transcript it is, as seen before it is cut."""

    lines: tuple[_Line, ...]
    tags: dict[int, re.Match[str]]
    askers: frozenset[str]
    front: int
    """The lines before this one come before the first words of anyone."""
    monitored: bool
    led: bool
    """Paragraphs are introduced by `The reporter says:`."""
    captions: bool


def split_segments(transcript: Transcript, language: LanguageTag) -> tuple[Segment, ...]:  # noqa: ARG001 - marks of a transcript are the same in every language so far
    """Cut a transcript into its parts. They are in order, do not overlap and carry no space at their ends."""
    text = transcript.text
    plan = _plan(text, transcript.title)
    pieces = _Cutter(text, plan, transcript.title).cut()
    return tuple(_join(text, pieces))


def _lines(text: str) -> tuple[_Line, ...]:
    lines: list[_Line] = []
    start, blank = 0, False
    for raw in text.splitlines(keepends=True):
        body = raw.strip()
        if body:
            begin = start + len(raw) - len(raw.lstrip())
            lines.append(_Line(begin, begin + len(body), body, blank))
        blank = not body
        start += len(raw)
    return tuple(lines)


def _plan(text: str, title: str | None) -> _Plan:
    lines = _lines(text)
    letters = sum(map(str.isalpha, text))
    capitals = bool(letters) and sum(map(str.isupper, text)) > letters * 0.6
    candidates = {i: found for i, line in enumerate(lines) if (found := _find_tag(line.text))}
    names = Counter(_tag_name(found) for found in candidates.values())
    tags = {i: found for i, found in candidates.items() if _is_tag(found, names, capitals=capitals)}
    if len(tags) == 1 and not _certain(next(iter(tags.values()))):
        tags = {}
    monitored = any(_MONITORED.match(line.text) for line in lines[:200])
    arrows = text.count(">>")
    return _Plan(
        lines=lines,
        tags=tags,
        askers=_find_askers(lines, tags, title),
        front=_find_front(lines, tags, title),
        monitored=monitored,
        led=any(_LEAD.match(line.text) for line in lines),
        captions=arrows > 1 or text.lstrip().startswith(">>"),
    )


def _find_tag(line: str) -> re.Match[str] | None:
    return _Q.match(line) or _TAG.match(line)


def _tag_name(found: re.Match[str]) -> str:
    """The name in a tag, in lower case: `MS. SMITH:` is `ms. smith`; `Q` for any mark of a question."""
    groups = found.groupdict()
    if "tag" in groups:
        return "answer" if found.group().startswith("A") else "q"
    return found.group("name").strip().lower()


def _certain(found: re.Match[str]) -> bool:
    """Whether one tag is enough to know it for one: a role, or a title with a name."""
    name = _tag_name(found)
    return name in _GENERIC_ASKERS or name in _BROADCASTERS or name.split()[0].rstrip(".") in _TITLES


def _is_tag(found: re.Match[str], names: Counter[str], *, capitals: bool) -> bool:
    name = _tag_name(found)
    if name in ("q", "answer"):
        return name == "q" or names["q"] > 0
    words = name.split()
    if name in _NO_TAG or words[0] in _NO_TAG or len(words) > 9 or words[-1] in _SPEECH_VERBS:
        return False
    written = found.group("name")
    head = written.split(",")[0]
    capital = sum(map(str.isupper, head)) >= 0.7 * sum(map(str.isalpha, head)) and any(map(str.isupper, head))
    known = _certain(found)
    if capital and not capitals:
        return len(words) <= 9
    titled = all(
        word[:1].isupper() or word in ("of", "the", "de", "al", "bin", "van", "von", "and")
        for word in written.split()
    )
    return titled and len(words) <= 5 and (known or names[name] > 1)


def _find_askers(
    lines: tuple[_Line, ...], tags: dict[int, re.Match[str]], title: str | None
) -> frozenset[str]:
    """The tags whose words are questions: by their name, or because most of their turns end in a question."""
    turns: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    order = sorted(tags)
    for place, following in pairwise([*order, len(lines)]):
        name = _tag_name(tags[place])
        turns[name] += 1
        last = lines[following - 1].text if following - 1 >= place else ""
        asked[name] += last.rstrip("\"”'’)").endswith("?")
    heading = " ".join([title or "", *(line.text for line in lines[:3])]).lower()
    askers = set()
    for name, count in turns.items():
        share = asked[name] / count
        generic = name in _GENERIC_ASKERS or name.startswith(
            ("unidentified reporter", "unidentified journalist")
        )
        broadcaster = name in _BROADCASTERS and share >= 0.3  # noqa: PLR2004 - some of their words are greetings
        surname = name.split()[-1]
        host = "interview" in heading and f"with {surname}" in heading.replace(
            "with " + heading.partition("with ")[2].partition(surname)[0], "with "
        )
        others = any(asked[other] / turns[other] < share / 2 for other in turns if other != name)
        interviewer = count > 1 and share >= 0.6 and others  # noqa: PLR2004
        if generic or broadcaster or interviewer or (host and share >= 0.3):  # noqa: PLR2004
            askers.add(name)
    return frozenset(askers)


def _find_front(lines: tuple[_Line, ...], tags: dict[int, re.Match[str]], title: str | None) -> int:
    """How many lines come before the first words: all before the first tag, if they look like a heading; else the headline."""
    first = min(tags, default=None)
    if (
        first is not None
        and 0 < first <= _FRONT_LINES
        and not any(_is_prose(line.text) for line in lines[1:first])
    ):
        return first
    return 1 if _is_headline(lines, title) else 0


def _is_prose(line: str) -> bool:
    return len(line) > _LONG_LINE or (line.endswith((".", ".”", '."')) and len(line.split()) > 12)  # noqa: PLR2004 - shorter ones end in initials


def _is_headline(lines: tuple[_Line, ...], title: str | None) -> bool:
    """Whether the first line heads the others rather than beginning the story."""
    if not lines:
        return False
    line = lines[0].text
    if title and " ".join(line.split()).casefold() == " ".join(title.split()).casefold():
        return len(lines) > 1
    if len(lines) < 2 or len(line) > _LONG_LINE or line[0] in "[(>–—-":  # noqa: PLR2004 - a headline heads something
        return False
    if (
        _dateline_end(line)
        or _find_lead(line)
        or _BOILERPLATE.fullmatch(line)
        or line.endswith((".", ":", ",", ";", "…", "--"))
    ):
        return False
    following = max(len(item.text) for item in lines[1:4])
    short = len(line.split()) <= _HEADLINE_WORDS and (
        line[0].isupper() or not line[0].isalpha() or line[0].lower() == line[0].upper()
    )
    return short and (following > len(line) or lines[1].blank or line.endswith("\\n"))


def _find_lead(line: str) -> re.Match[str] | None:
    return _LEAD.match(line)


def _dateline_end(line: str) -> int:
    """Where the dateline at the start of a line ends; 0 where there is none."""
    found = (
        _MONITORED.match(line) or _WIRE.match(line) or _UPPER_PLACE.match(line) or _DATED_PLACE.match(line)
    )
    if found:
        return found.end()
    found = _AGENCY.match(line)
    if found is None or found.end() > 90 or not found.group("agency"):  # noqa: PLR2004 - a place and a date are no longer
        return 0
    return found.end()


class _Cutter:
    """Goes through the lines once and cuts them. What it has to remember on the way is all here."""

    def __init__(self, text: str, plan: _Plan, title: str | None) -> None:
        self._text = text
        self._plan = plan
        self._title = title
        self._pieces: list[_Piece] = []
        self._story = 0
        self._told = False  # whether the present story has had words
        self._home = _Voice(K.NARRATION, STATION if plan.monitored else REPORTER if plan.led else ANCHOR)
        self._voice = self._home
        self._recording = False
        self._names: set[str] = set()  # names that have been bracketed tags

    def cut(self) -> list[_Piece]:
        lines = self._plan.lines
        for index, line in enumerate(lines):
            if not self._cut_whole(index, line):
                self._cut_line(index, line)
        return self._pieces

    def _add(self, kind: SegmentKind, start: int, end: int, speaker: str | None = None) -> None:
        self._pieces.append(_Piece(kind, start, end, speaker, story=self._story))

    def _say(self, start: int, end: int, *, fresh: bool = False) -> None:
        """Add words in the present voice, without the space around them."""
        words = self._text[start:end]
        start, end = start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip())
        if start < end:
            self._told = True
            self._pieces.append(_Piece(None, start, end, voice=self._voice, fresh=fresh, story=self._story))

    # lines that are one piece

    def _cut_whole(self, index: int, line: _Line) -> bool:
        if len(line.text) > _LONG_LINE:
            return False
        kind = self._kind_of_line(index, line)
        if kind is None:
            return False
        if kind is K.BOILERPLATE and _RULE_LINE.fullmatch(line.text) and self._told:
            self._add(kind, line.start, line.end)
            self._next_story()
            return True
        self._add(kind, line.start, line.end, self._speaker_of_line(kind, line.text))
        return True

    def _kind_of_line(self, index: int, line: _Line) -> SegmentKind | None:  # noqa: PLR0911 - one return for each sort of line
        text, plan = line.text, self._plan
        last = index == len(plan.lines) - 1
        if index in plan.tags:
            return None
        if index == 0 and plan.front and _is_headline(plan.lines, self._title):
            return K.HEADLINE
        if _RULE_LINE.fullmatch(text) or _BOILERPLATE.fullmatch(text):
            return K.BOILERPLATE
        if _END_LINE.fullmatch(text):
            return K.SIGNOFF
        if _TIME_LINE.fullmatch(text):
            return K.DATELINE if not self._told else K.SIGNOFF
        if index < plan.front:
            return self._kind_in_front(index, text)
        if _CREDITS.fullmatch(text) or (not self._told and _BY_LINE.fullmatch(text)):
            return K.BYLINE
        if _STATION_ID.fullmatch(text) and text[-1] not in ":," and len(text.split()) <= 16:  # noqa: PLR2004 - longer ones tell something
            return K.STATION_ID
        if _SOURCE_LINE.fullmatch(text) and (last or not self._told) and not text.endswith(","):
            return K.NOTE
        if self._told and self._is_signoff(index, text):
            return K.SIGNOFF
        return None

    def _kind_in_front(self, index: int, text: str) -> SegmentKind:
        """Before the first words: place and time of what is transcribed, who is there, and debris of the page."""
        if _BY_LINE.fullmatch(text):
            return K.BYLINE
        if len(text) < 10 and text.islower() and _DEBRIS.fullmatch(text):  # noqa: PLR2004
            return K.BOILERPLATE
        timed = any(
            _TIME_LINE.fullmatch(line.text)
            for line in self._plan.lines[:_FRONT_LINES]
            if len(line.text) < _LONG_LINE
        )
        if (timed and index > 0) or _dateline_end(text + " "):
            return K.DATELINE
        return K.NOTE if index or not _is_headline(self._plan.lines, self._title) else K.HEADLINE

    def _is_signoff(self, index: int, text: str) -> bool:
        """The last line, or the last of its story, when it is a name and a place and no sentence."""
        lines = self._plan.lines
        ends = index >= len(lines) - 2 or bool(_RULE_LINE.fullmatch(lines[index + 1].text[:40]))
        if not ends or len(text) > 120 or self._plan.tags:  # noqa: PLR2004
            return False
        if _MY_SIGNOFF.fullmatch(text) and index == len(lines) - 1:
            return True
        return "," in text and bool(_SIGNOFF_NAME.fullmatch(text)) and len(text.split()) <= 10  # noqa: PLR2004

    def _speaker_of_line(self, kind: SegmentKind, text: str) -> str | None:
        if kind is K.BYLINE:
            return text.partition(" ")[2] if text[:3].lower() == "by " else None
        if kind is K.SIGNOFF and self._voice.kind is K.NARRATION and "," in text:
            return REPORTER if self._plan.led else _SIGNOFF_NAME.fullmatch(text) and text.split(",")[0]
        return None

    def _next_story(self) -> None:
        self._story += 1
        self._told = self._recording = False
        self._voice = self._home

    # lines of several pieces

    def _cut_line(self, index: int, line: _Line) -> None:
        position = line.start
        if index not in self._plan.tags:
            position = self._cut_dateline(line)
            if position == line.start:
                position = self._cut_arrows(line)
        fresh = False
        tag = self._plan.tags.get(index)
        if tag is not None:
            position = self._cut_tag(line, tag)
        elif not self._recording and not self._plan.captions:
            fresh = self._turn(index, line)
        self._cut_words(position, line.end, fresh=fresh)
        self._hand_over(index, line)

    def _cut_dateline(self, line: _Line) -> int:
        end = _dateline_end(line.text)
        if not end:
            return line.start
        if self._told:
            self._begin_story(line)
        self._add(K.DATELINE, line.start, line.start + len(line.text[:end].rstrip()))
        self._voice = self._home
        return self._cut_head_notes(line.start + end, line.end)

    def _begin_story(self, line: _Line) -> None:
        """A dateline after words opens the next story; a short line before it is that story's headline."""
        last = self._pieces[-1]
        heading = (
            last.kind is None
            and line.start - last.end <= 4  # noqa: PLR2004 - the line before, at most one empty line between
            and last.end - last.start <= _LONG_LINE
            and not self._text[last.end - 1 : last.end].endswith(_SENTENCE_END)
            and "\n" in self._text[max(0, last.start - 2) : last.start]
        )
        self._next_story()
        if heading:
            self._pieces[-1] = replace(last, kind=K.HEADLINE, voice=None, story=self._story)

    def _cut_head_notes(self, position: int, end: int) -> int:
        """The brackets between a dateline and the words: notes, the author, and perhaps the first speaker."""
        found = self._brackets(position, end)
        source = False
        for number, bracket in enumerate(found):
            if self._text[position : bracket.start()].strip() or bracket.group(1) is None:
                break
            inside = bracket.group(1).strip()
            follows = found[number + 1].group(1) if number + 1 < len(found) else ""
            named = not (
                _HEAD_NOTE.fullmatch(inside) or _OMITTED.fullmatch(inside) or _BEGIN.fullmatch(inside)
            )
            if named and (
                _BEGIN.fullmatch(follows or "")
                or (
                    number
                    and self._pieces[-1].kind is K.NOTE
                    and self._is_role(inside)
                    and not _HEAD_NOTE.fullmatch(follows or "")
                )
            ):
                break
            if named and number:
                self._add(K.BYLINE, bracket.start(), bracket.end(), inside)
                self._voice = _Voice(K.QUOTE if source else K.NARRATION, inside)
            elif _BEGIN.fullmatch(inside):
                break
            else:
                self._add(K.NOTE, bracket.start(), bracket.end())
                source = source or bool(_WORDS_OF_A_SOURCE.match(inside))
            position = bracket.end()
        if source and self._voice == self._home:
            self._voice = _Voice(K.QUOTE, UNIDENTIFIED)
        return position

    def _cut_arrows(self, line: _Line) -> int:
        """`>>` in captions is another speaker, `>>>` another story."""
        if not self._plan.captions:
            return line.start
        position = line.start
        for found in _ARROWS.finditer(self._text, line.start, line.end):
            self._cut_words(position, found.start())
            if found.group().startswith(">>>") and self._told:
                self._next_story()
            name = found.group("name")
            end = found.start() + len(found.group().rstrip())
            self._add(K.SPEAKER_TAG, found.start(), end, name)
            own = name is None or _STATION_VOICE.search(name)
            self._voice = _Voice(
                K.NARRATION if own else K.QUOTE, name.lower() if name and own else name or UNIDENTIFIED
            )
            position = end
        return position

    def _cut_tag(self, line: _Line, tag: re.Match[str]) -> int:
        name = _tag_name(tag)
        written = "Q" if name == "q" else "A" if name == "answer" else tag.group("name").strip()
        end = line.start + len(tag.group().rstrip())
        self._add(K.SPEAKER_TAG, line.start, end, written)
        if name in self._plan.askers:
            generic = name in _GENERIC_ASKERS or name in _BROADCASTERS
            self._voice = _Voice(K.QUESTION, UNIDENTIFIED_REPORTER if generic else written)
        elif _STATION_VOICE.search(name):
            self._voice = _Voice(K.NARRATION, written)
        else:
            self._voice = _Voice(K.QUOTE, written)
        return end

    def _turn(self, index: int, line: _Line) -> bool:
        """Change the voice where a paragraph says or shows that another speaks. True where a segment begins anyhow."""
        lead = _find_lead(line.text)
        if lead:
            who = lead.group("who").lower()
            self._voice = _Voice(K.NARRATION, who)
            return True
        if self._plan.tags or self._plan.monitored:
            return False
        if self._is_insert(index, line):
            self._voice = _Voice(K.QUOTE, self._last_named())
            return True
        if self._voice.kind is K.QUOTE:
            self._voice = self._home
            return True
        return False

    def _is_insert(self, index: int, line: _Line) -> bool:
        """A paragraph in someone's own words: opened by a dash, wholly in quotation marks, or spoken with hesitation."""
        lines = self._plan.lines
        dashed = bool(_OPENING_DASH.match(line.text))
        if dashed:
            near = [
                other for other in lines[max(0, index - 1) : index + 2] if _OPENING_DASH.match(other.text)
            ]
            return self._plan.led or len(near) == 1
        if not self._told:
            return False
        if self._plan.led and line.text[0] in '“"«' and line.text.rstrip(".")[-1] in '”"»':
            return True
        return len(lines) > 2 and bool(_HESITATION.search(line.text)) and line.text.isascii()  # noqa: PLR2004

    def _last_named(self) -> str:
        said = [piece for piece in self._pieces[-4:] if piece.kind is None]
        for piece in reversed(said):
            names = _RANKED_NAME.findall(self._text, max(piece.start, piece.end - 2000), piece.end)
            if names:
                return str(names[-1])
        return UNIDENTIFIED

    # words with brackets among them

    def _brackets(self, start: int, end: int) -> list[re.Match[str]]:
        return list(_BRACKET.finditer(self._text, start, end))

    def _is_role(self, inside: str) -> bool:
        """Whether what stands in brackets names who speaks: a role, or a name of a few capital words."""
        if _ROLE_TAG.fullmatch(inside) or inside.lower() in self._names:
            return True
        words = inside.split()
        return (
            len(words) <= 4
            and all(word[:1].isupper() and len(word) > 1 for word in words)
            and not any(sign.isdigit() for sign in inside)
        )  # noqa: PLR2004

    def _cut_words(self, position: int, end: int, *, fresh: bool = False) -> None:
        found = (
            self._brackets(position, end)
            if "[" in self._text[position:end] or "(" in self._text[position:end]
            else []
        )
        line_start = position
        for number, bracket in enumerate(found):
            kind = self._kind_of_bracket(found, number, line_start, end)
            if kind is None:
                continue
            self._say(position, bracket.start(), fresh=fresh)
            fresh = False
            inside = (bracket.group(1) or bracket.group(2)).strip()
            if kind is K.SPEAKER_TAG:
                self._name_speaker(bracket, inside)
            else:
                self._add(kind, bracket.start(), bracket.end())
                self._follow_note(inside)
            position = bracket.end()
        self._say(position, end, fresh=fresh)

    def _kind_of_bracket(
        self, found: list[re.Match[str]], number: int, start: int, end: int
    ) -> SegmentKind | None:
        """What a bracket in running words is: a note, a speaker, or (None) an aside that belongs to the words."""
        bracket = found[number]
        square = bracket.group(1) is not None
        inside = (bracket.group(1) or bracket.group(2)).strip()
        if _BEGIN.fullmatch(inside) or _CLOSE.fullmatch(inside) or _OMITTED.fullmatch(inside):
            return K.NOTE
        before = self._text[start : bracket.start()].strip()
        after = self._text[bracket.end() : end].strip()
        if not square:
            return None
        if not before and not after and not _INDISTINCT.fullmatch(inside):
            return K.NOTE
        if self._beside_begin(found, number):
            return K.SPEAKER_TAG
        at_start = not before or self._after_mark(bracket.start())
        if (
            at_start
            and after
            and self._is_role(inside)
            and (self._plan.monitored or _ROLE_TAG.fullmatch(inside))
        ):
            return K.SPEAKER_TAG
        if _ROLE_TAG.fullmatch(inside) or inside.lower() in self._names:
            return K.SPEAKER_TAG if before.endswith(_SENTENCE_END) else None
        return None

    def _after_mark(self, start: int) -> bool:
        last = self._pieces[-1] if self._pieces else None
        return last is not None and last.kind is not None and not self._text[last.end : start].strip()

    def _beside_begin(self, found: list[re.Match[str]], number: int) -> bool:
        """Whether a recording begins right before or after this bracket."""
        bracket = found[number]
        if number + 1 < len(found):
            following = found[number + 1]
            if (
                _BEGIN.fullmatch(following.group(1) or "")
                and not self._text[bracket.end() : following.start()].strip()
            ):
                return True
        last = self._pieces[-1] if self._pieces else None
        if last is None or last.kind is not K.NOTE or self._text[last.end : bracket.start()].strip():
            return False
        return bool(_BEGIN.fullmatch(self._text[last.start + 1 : last.end - 1].strip()))

    def _name_speaker(self, bracket: re.Match[str], inside: str) -> None:
        self._names.add(inside.lower())
        speaker = self._full_name(inside, bracket.start())
        self._add(K.SPEAKER_TAG, bracket.start(), bracket.end(), speaker)
        lower = inside.lower()
        if "question" in lower or "interviewer" in lower or "journalist" in lower:
            self._voice = _Voice(K.QUESTION, UNIDENTIFIED_REPORTER)
        elif _STATION_VOICE.search(inside) or self._reports(inside, bracket.start()):
            self._voice = _Voice(K.NARRATION, speaker)
        else:
            self._voice = _Voice(K.QUOTE, speaker)

    def _reports(self, name: str, before: int) -> bool:
        """Whether the words before introduced this name as the station's own: `a report by Ana Diaz`."""
        window = self._text[max(0, before - 400) : before]
        pattern = rf"(?:report(?:s|ed|ing)? (?:\w+ )?(?:by|from)|correspondent|reporter)\s+(?:[\w.'’\-]+ ){{0,3}}{re.escape(name)}\b"
        return bool(re.search(pattern, window, re.IGNORECASE))

    def _full_name(self, name: str, before: int) -> str:
        """The name in brackets as it was written in full before it, in the spelling of names."""
        if _ROLE_TAG.fullmatch(name) or len(name.split()) > _IN_BRACKETS:
            return name
        window = self._text[max(0, before - 1500) : before]
        pattern = rf"((?:[A-Z][^\W\d_'’\-]+ ){{0,2}}){re.escape(name)}((?: [A-Z][^\W\d_'’\-]+){{0,2}})\b"
        best = name
        for found in re.finditer(pattern, window):
            given = [
                word for word in found.group(1).split() if word.lower() not in _TITLES and not word.isdigit()
            ]
            if window.isupper():
                given = given[-1:]
            full = " ".join([*given, name, *(found.group(2).split() if not window.isupper() else ())])
            best = max(best, full, key=len)
        return best.title() if best.isupper() else best

    def _follow_note(self, inside: str) -> None:
        """A recording begins: its speaker is the one just named, or not known. It ends: the station speaks again."""
        if _BEGIN.fullmatch(inside):
            self._recording = True
            last = next((piece for piece in reversed(self._pieces[:-1])), None)
            named = (
                last is not None
                and last.kind is K.SPEAKER_TAG
                and not self._text[last.end : self._pieces[-1].start].strip()
            )
            if not named:
                self._voice = _Voice(K.QUOTE, UNIDENTIFIED)
        elif _CLOSE.fullmatch(inside):
            self._recording = False
            self._voice = self._home if not self._plan.tags else self._voice

    def _hand_over(self, index: int, line: _Line) -> None:
        """After `Jane Smith reports.` the next paragraph is hers; her name at its end signs it off."""
        if (
            self._plan.tags
            or self._plan.monitored
            or self._plan.captions
            or self._voice.kind is not K.NARRATION
        ):
            return
        self._sign_off(index, line)
        if index + 1 < len(self._plan.lines):
            found = _HANDS_OVER.search(self._text, max(line.start, line.end - 160), line.end)
            if found:
                self._voice = _Voice(K.NARRATION, found.group("name"))

    def _sign_off(self, index: int, line: _Line) -> None:
        """Cut `Jane Smith, BBC News, Bonn.` from the end of the last words."""
        if index != len(self._plan.lines) - 1 or not self._pieces or self._pieces[-1].kind is not None:
            return
        last = self._pieces[-1]
        tail = max(last.start, last.end - 140)
        words = self._text[tail : last.end]
        cut = max(words.rfind(mark, 0, len(words) - 1) for mark in (". ", "! ", "? ", ".” ", '." '))
        if cut < 0:
            return
        begin = tail + cut + len(words[cut:]) - len(words[cut:].lstrip('.!?”" '))
        closing = self._text[begin : last.end]
        named = "," in closing and _SIGNOFF_NAME.fullmatch(closing)
        mine = _MY_SIGNOFF.fullmatch(closing) and not closing.lower().startswith(("thank", "good"))
        if (named and len(closing.split()) <= 10) or mine:  # noqa: PLR2004 - as for a line of its own
            speaker = named.group("name") if named else None
            self._pieces[-1] = replace(
                last,
                end=begin
                - len(self._text[last.start : begin])
                + len(self._text[last.start : begin].rstrip()),
            )
            self._add(K.SIGNOFF, begin, last.end, speaker)


def _join(text: str, pieces: list[_Piece]) -> Iterator[Segment]:
    """Join words of one voice that nothing but space stands between."""
    held: _Piece | None = None
    for piece in pieces:
        if (
            held is not None
            and piece.kind is None
            and not piece.fresh
            and piece.voice == held.voice
            and piece.story == held.story
        ):
            held = replace(held, end=piece.end)
            continue
        if held is not None:
            yield _segment(held)
            held = None
        if piece.kind is None:
            held = piece
        else:
            yield _segment(piece)
    if held is not None:
        yield _segment(held)


def _segment(piece: _Piece) -> Segment:
    voice = piece.voice
    kind = piece.kind or (voice.kind if voice else K.NARRATION)
    speaker = voice.speaker if voice else piece.speaker
    return Segment(kind=kind, start=piece.start, end=piece.end, speaker=speaker or None, story=piece.story)
