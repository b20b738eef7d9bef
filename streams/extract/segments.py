"""The parts of a transcript: headline, dateline, editor's notes, who speaks, narration and quotation.

Three looks at a text, each linear in its length. The first finds its lines and what sort of transcript it is (its
speaker tags, its front matter). The second cuts each line into pieces: datelines, bracketed notes, tags and the words
between them. The third goes through the pieces with the voice that is speaking, and joins words of one voice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from schemas.transcript import Segment, SegmentKind
from streams.extract import marks
from streams.extract.layout import Layout, Line, lay_out, tag_name
from streams.extract.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.transcript import LanguageTag, Transcript

__all__ = ["split_segments", "split_sentences"]

K = SegmentKind

_CALL_WORDS: Final = 16
_SIGNOFF_WORDS: Final = 10
_ROLE_WORDS: Final = 4
_TURN: Final = 1500
"""The longest turn that is looked through for its question mark."""

_LOOK: Final = 200
"""So far around a bracket words count as standing beside it."""

STATION: Final = "station"
ANCHOR: Final = "anchor"
REPORTER: Final = "reporter"
UNIDENTIFIED: Final = "unidentified"
UNIDENTIFIED_REPORTER: Final = "unidentified reporter"


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


def split_segments(transcript: Transcript, language: LanguageTag) -> tuple[Segment, ...]:  # noqa: ARG001 - marks of a transcript are the same in every language so far
    """Cut a transcript into its parts. They are in order, do not overlap and carry no space at their ends."""
    text = transcript.text
    plan = lay_out(text, transcript.title)
    pieces = _Cutter(text, plan).cut()
    return tuple(_join(pieces))


def _usual_voice(plan: Layout) -> str:
    if plan.monitored:
        return STATION
    return REPORTER if plan.led or plan.placed else ANCHOR


def _author_of(note: str) -> str | None:
    """Who is named in `Statement by President Roe on the pact`."""
    found = marks.AUTHOR.search(note)
    return found.group("name") if found else None


def _speaks_of_self(words: str) -> bool:
    """Whether someone says `I` outside quotation marks, as a station's own text does not."""
    return bool(marks.SELF.search(words)) and not any(mark in words for mark in '"“”«»')


class _Cutter:
    """Goes through the lines once and cuts them. What it has to remember on the way is all here."""

    def __init__(self, text: str, plan: Layout) -> None:
        self._text = text
        self._plan = plan
        self._pieces: list[_Piece] = []
        self._story = 0
        self._told = False  # whether the present story has had words
        self._home = _Voice(K.NARRATION, _usual_voice(plan))
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

    def _cut_whole(self, index: int, line: Line) -> bool:
        if len(line.text) > marks.LONG_LINE:
            return False
        kind = self._kind_of_line(index, line)
        if kind is None:
            return False
        if kind is K.BOILERPLATE and marks.RULE_LINE.fullmatch(line.text) and self._told:
            self._add(kind, line.start, line.end)
            self._next_story()
            return True
        self._add(kind, line.start, line.end, self._speaker_of_line(kind, line.text))
        return True

    def _kind_of_line(self, index: int, line: Line) -> SegmentKind | None:
        text, plan = line.text, self._plan
        if index in plan.tags:
            return None
        if index == plan.headline:
            return K.HEADLINE
        if marks.is_furniture(text):
            return K.BOILERPLATE
        timed = bool(marks.TIME_LINE.fullmatch(text))
        if marks.END_LINE.fullmatch(text) or (timed and self._told):
            return K.SIGNOFF
        if timed or index < plan.front:
            return self._kind_in_front(index, text)
        return self._kind_beside_story(index, text)

    def _kind_in_front(self, index: int, text: str) -> SegmentKind:
        """Before the first words: place and time of what is transcribed, who is there, and debris of the page."""
        if marks.BY_LINE.fullmatch(text):
            return K.BYLINE
        if len(text) < 10 and text.islower() and marks.DEBRIS.fullmatch(text):  # noqa: PLR2004 - scanned specks are short
            return K.BOILERPLATE
        front = self._plan.lines[: max(self._plan.front, index + 1)]
        timed = any(marks.TIME_LINE.fullmatch(line.text[: marks.LONG_LINE]) for line in front)
        if timed or marks.dateline_end(text + " "):
            return K.DATELINE
        return K.NOTE

    def _kind_beside_story(self, index: int, text: str) -> SegmentKind | None:
        """A line before, after or between stories that is no part of them; None where it is."""
        end = index >= len(self._plan.lines) - 3
        if marks.CREDITS.fullmatch(text) or (not self._told and marks.BY_LINE.fullmatch(text)):
            return K.BYLINE
        if not self._told and (marks.METADATA.fullmatch(text) or marks.ASIDE_LINE.fullmatch(text)):
            return K.NOTE
        if marks.SOURCE_LINE.fullmatch(text) and (end or not self._told) and not text.endswith(","):
            return K.NOTE
        if marks.STATION_ID.fullmatch(text) and text[-1] not in ":," and len(text.split()) <= _CALL_WORDS:
            return K.STATION_ID
        if self._told and self._is_signoff(index, text):
            return K.SIGNOFF
        return None

    def _is_signoff(self, index: int, text: str) -> bool:
        """The last line, or the last of its story, when it is a name and a place and no sentence."""
        lines = self._plan.lines
        ends = index >= len(lines) - 2 or bool(
            marks.RULE_LINE.fullmatch(lines[index + 1].text[: marks.LONG_LINE])
        )
        if not ends or len(text) > marks.SIGNOFF_LENGTH or self._plan.tags:
            return False
        if marks.MY_SIGNOFF.fullmatch(text) and index == len(lines) - 1:
            return True
        return (
            "," in text and bool(marks.SIGNOFF_NAME.fullmatch(text)) and len(text.split()) <= _SIGNOFF_WORDS
        )

    def _speaker_of_line(self, kind: SegmentKind, text: str) -> str | None:
        if kind is K.BYLINE:
            return text.partition(" ")[2] if text[:3].lower() == "by " else None
        if kind is K.SIGNOFF and self._voice.kind is K.NARRATION:
            named = marks.SIGNOFF_NAME.fullmatch(text)
            return named and (REPORTER if self._plan.led else named.group("name"))
        return None

    def _next_story(self) -> None:
        self._story += 1
        self._told = self._recording = False
        self._voice = self._home

    # lines of several pieces

    def _cut_line(self, index: int, line: Line) -> None:
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

    def _cut_dateline(self, line: Line) -> int:
        line = self._cut_headline(line)
        end = marks.dateline_end(line.text)
        if not end and not self._told and not self._plan.tags:
            place = marks.PLACE_COLON.match(line.text)
            end = place.end() if place else 0
        if not end:
            return line.start
        if self._told:
            self._begin_story(line)
        self._add(K.DATELINE, line.start, line.start + len(line.text[:end].rstrip()))
        self._voice = self._home
        return self._cut_head_notes(line.start + end, line.end)

    def _cut_headline(self, line: Line) -> Line:
        """Cut off a headline that stands on one line with the dateline, and give what is left of the line."""
        end, begin = (0, 0) if self._told else marks.headline_end(line.text)
        if not end:
            return line
        self._add(K.HEADLINE, line.start, line.start + end)
        return Line(line.start + begin, line.end, line.text[begin:], blank=False)

    def _begin_story(self, line: Line) -> None:
        """A dateline after words opens the next story; a short line before it is that story's headline."""
        last = self._pieces[-1]
        heading = (
            last.kind is None
            and line.start - last.end <= 4  # noqa: PLR2004 - the line before, at most one empty line between
            and last.end - last.start <= marks.LONG_LINE
            and not self._text[last.end - 1 : last.end].endswith(marks.SENTENCE_END)
            and "\n" in self._text[max(0, last.start - 2) : last.start]
        )
        self._next_story()
        if heading:
            self._pieces[-1] = replace(last, kind=K.HEADLINE, voice=None, story=self._story)

    def _cut_head_notes(self, position: int, end: int) -> int:
        """The brackets between a dateline and the words: notes, the author, and perhaps the first speaker."""
        found = self._brackets(position, end)
        kind, speaker = K.NARRATION, None
        for number, bracket in enumerate(found):
            inside = (bracket.group(1) or "").strip()
            if not inside or self._text[position : bracket.start()].strip() or marks.BEGIN.fullmatch(inside):
                break
            follows = (found[number + 1].group(1) or "") if number + 1 < len(found) else ""
            if marks.HEAD_NOTE.fullmatch(inside) or marks.OMITTED.fullmatch(inside):
                self._add(K.NOTE, bracket.start(), bracket.end())
                if marks.WORDS_OF_A_SOURCE.match(inside):
                    kind, speaker = K.QUOTE, _author_of(inside) or UNIDENTIFIED
            elif self._speaks_next(number, inside, follows):
                break
            elif number or inside.lower().startswith("by "):
                speaker = _author_of(inside) or inside
                self._add(K.BYLINE, bracket.start(), bracket.end(), speaker)
            else:
                self._add(K.NOTE, bracket.start(), bracket.end())
            position = bracket.end()
        if speaker:
            self._voice = _Voice(kind, speaker)
        return position

    def _speaks_next(self, number: int, inside: str, follows: str) -> bool:
        """Whether a name among the brackets of the head speaks the words after it, rather than having written them."""
        if marks.BEGIN.fullmatch(follows):
            return True
        after_note = bool(number) and self._pieces[-1].kind is K.NOTE
        return after_note and self._is_role(inside) and not marks.HEAD_NOTE.fullmatch(follows)

    def _cut_arrows(self, line: Line) -> int:
        """`>>` in captions is another speaker, `>>>` another story."""
        if not self._plan.captions:
            return line.start
        position = line.start
        for found in marks.ARROWS.finditer(self._text, line.start, line.end):
            self._cut_words(position, found.start())
            if found.group().startswith(">>>") and self._told:
                self._next_story()
            name = found.group("name")
            end = found.start() + len(found.group().rstrip())
            self._add(K.SPEAKER_TAG, found.start(), end, name)
            if found.group().startswith(">>>"):
                self._voice = self._home
            elif name is None or marks.STATION_VOICE.search(name):
                self._voice = _Voice(K.NARRATION, name.lower() if name else UNIDENTIFIED)
            else:
                self._voice = _Voice(K.QUOTE, name)
            position = end
        return position

    def _cut_tag(self, line: Line, tag: re.Match[str]) -> int:
        name = tag_name(tag)
        written = {"q": "Q", "answer": "A"}.get(name) or tag.group("name").strip()
        end = line.start + len(tag.group().rstrip())
        self._add(K.SPEAKER_TAG, line.start, end, written)
        if name in self._plan.askers:
            generic = name in marks.GENERIC_ASKERS or name in marks.BROADCASTERS
            self._voice = _Voice(K.QUESTION, UNIDENTIFIED_REPORTER if generic else written)
        elif marks.STATION_VOICE.search(name):
            self._voice = _Voice(K.NARRATION, written)
        else:
            self._voice = _Voice(K.QUOTE, written)
        return end

    def _turn(self, index: int, line: Line) -> bool:
        """Change the voice where a paragraph says or shows that another speaks. True where a segment begins anyhow."""
        lead = marks.LEAD.match(line.text)
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

    def _is_insert(self, index: int, line: Line) -> bool:
        """A paragraph in someone's own words: opened by a dash, wholly in quotation marks, or spoken with hesitation."""
        lines = self._plan.lines
        dashed = bool(marks.OPENING_DASH.match(line.text))
        if dashed:
            near = [
                other
                for other in lines[max(0, index - 1) : index + 2]
                if marks.OPENING_DASH.match(other.text)
            ]
            return self._plan.led or len(near) == 1
        if not self._told:
            return False
        if self._plan.led and line.text[0] in '“"«' and line.text.rstrip(".")[-1] in '”"»':
            return True
        broadcast = len(lines) > 2 and not self._plan.placed  # noqa: PLR2004 - narration before it and after it
        return broadcast and bool(marks.HESITATION.search(line.text) or _speaks_of_self(line.text))

    def _last_named(self) -> str:
        said = [piece for piece in self._pieces[-4:] if piece.kind is None]
        for piece in reversed(said):
            names = marks.RANKED_NAME.findall(self._text, max(piece.start, piece.end - 2000), piece.end)
            if names:
                return str(names[-1])
        return UNIDENTIFIED

    # words with brackets among them

    def _brackets(self, start: int, end: int) -> list[re.Match[str]]:
        return list(marks.BRACKET.finditer(self._text, start, end))

    def _is_role(self, inside: str) -> bool:
        """Whether what stands in brackets names who speaks: a role, or a name of a few capital words."""
        if marks.ROLE_TAG.fullmatch(inside) or inside.lower() in self._names:
            return True
        if marks.INDISTINCT.fullmatch(inside.partition(",")[0]):
            return False
        words = inside.partition(",")[0].split()
        named = all(word[0].isupper() and len(word) > 1 for word in words)
        return named and 0 < len(words) <= _ROLE_WORDS and not any(map(str.isdigit, inside))

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
        if marks.BEGIN.fullmatch(inside) or marks.CLOSE.fullmatch(inside) or marks.OMITTED.fullmatch(inside):
            return K.NOTE
        before = self._text[max(start, bracket.start() - _LOOK) : bracket.start()].strip()
        after = self._text[bracket.end() : min(end, bracket.end() + _LOOK)].strip()
        if not square:
            return None
        if not before and not after and not marks.INDISTINCT.fullmatch(inside):
            return K.NOTE
        if self._beside_begin(found, number):
            return K.SPEAKER_TAG
        sure = bool(marks.ROLE_TAG.fullmatch(inside)) or inside.lower() in self._names
        named = (self._plan.monitored or bool(self._names)) and self._is_role(inside)
        opens = (not before or self._after_mark(bracket.start())) and bool(after)
        if (sure or named) and (opens or before.endswith(marks.FULL_STOPS)):
            return K.SPEAKER_TAG
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
                marks.BEGIN.fullmatch(following.group(1) or "")
                and not self._text[bracket.end() : following.start()].strip()
            ):
                return True
        last = self._pieces[-1] if self._pieces else None
        if last is None or last.kind is not K.NOTE or self._text[last.end : bracket.start()].strip():
            return False
        return bool(marks.BEGIN.fullmatch(self._text[last.start + 1 : last.end - 1].strip()))

    def _name_speaker(self, bracket: re.Match[str], inside: str) -> None:
        self._names.add(inside.lower())
        speaker = self._full_name(inside.partition(",")[0].strip(), bracket.start())
        self._add(K.SPEAKER_TAG, bracket.start(), bracket.end(), speaker)
        lower = inside.lower()
        if (
            "question" in lower
            or "interviewer" in lower
            or "journalist" in lower
            or (marks.STATION_VOICE.search(inside) and self._asks(bracket.end()))
        ):
            self._voice = _Voice(K.QUESTION, UNIDENTIFIED_REPORTER)
        elif marks.STATION_VOICE.search(inside) or self._reports(inside, bracket.start()):
            self._voice = _Voice(K.NARRATION, speaker)
        else:
            self._voice = _Voice(K.QUOTE, speaker)

    def _asks(self, start: int) -> bool:
        """Whether the words up to the next bracket end in a question."""
        window = self._text[start : start + _TURN]
        return window.partition("[")[0].rstrip().endswith("?")

    def _reports(self, name: str, before: int) -> bool:
        """Whether the words before introduced this name as the station's own: `a report by Ana Diaz`."""
        window = self._text[max(0, before - 400) : before]
        pattern = rf"(?:report(?:s|ed|ing)? (?:\w+ )?(?:by|from)|correspondent|reporter)\s+(?:[\w.'’\-]+ ){{0,3}}{re.escape(name)}\b"
        return bool(re.search(pattern, window, re.IGNORECASE))

    def _full_name(self, name: str, before: int) -> str:
        """The name in brackets as it was written in full before it, in the spelling of names."""
        if marks.ROLE_TAG.fullmatch(name) or len(name.split()) > marks.IN_BRACKETS:
            return name
        window = self._text[max(0, before - 1500) : before]
        pattern = rf"((?:[A-Z][^\W\d_'’\-]+ ){{0,2}}){re.escape(name)}((?: [A-Z][^\W\d_'’\-]+){{0,2}})\b"
        best = name
        for found in re.finditer(pattern, window):
            given = [
                word
                for word in found.group(1).split()
                if word.lower() not in marks.TITLES and not word.isdigit()
            ]
            if window.isupper():
                given = given[-1:]
            full = " ".join([*given, name, *(found.group(2).split() if not window.isupper() else ())])
            best = max(best, full, key=len)
        return best.title() if best.isupper() else best

    def _follow_note(self, inside: str) -> None:
        """A recording begins: its speaker is the one just named, or not known. It ends: the station speaks again."""
        if marks.BEGIN.fullmatch(inside):
            self._recording = True
            last = next((piece for piece in reversed(self._pieces[:-1])), None)
            named = (
                last is not None
                and last.kind is K.SPEAKER_TAG
                and not self._text[last.end : self._pieces[-1].start].strip()
            )
            if not named:
                self._voice = _Voice(K.QUOTE, UNIDENTIFIED)
        elif marks.CLOSE.fullmatch(inside):
            self._recording = False
            self._voice = self._home if not self._plan.tags else self._voice

    def _hand_over(self, index: int, line: Line) -> None:
        """After `Jane Smith reports.` the next paragraph is hers; her name at its end signs it off."""
        if (
            self._plan.tags
            or self._plan.monitored
            or self._plan.captions
            or self._voice.kind is not K.NARRATION
        ):
            return
        self._sign_off(index)
        if index + 1 < len(self._plan.lines):
            found = marks.HANDS_OVER.search(self._text, max(line.start, line.end - 160), line.end)
            if found:
                self._voice = _Voice(K.NARRATION, found.group("name"))

    def _sign_off(self, index: int) -> None:
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
        named = "," in closing and marks.SIGNOFF_NAME.fullmatch(closing)
        mine = marks.MY_SIGNOFF.fullmatch(closing) and not closing.lower().startswith(("thank", "good"))
        if (named and len(closing.split()) <= 10) or mine:  # noqa: PLR2004 - as for a line of its own
            speaker = named.group("name") if named else None
            self._pieces[-1] = replace(
                last,
                end=begin
                - len(self._text[last.start : begin])
                + len(self._text[last.start : begin].rstrip()),
            )
            self._add(K.SIGNOFF, begin, last.end, speaker)


def _join(pieces: list[_Piece]) -> Iterator[Segment]:
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
