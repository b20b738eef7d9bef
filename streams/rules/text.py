"""The text language: words, phrases, nearness, sentences and counts, and how they are found in a text.

    border & guard*            both            border | frontier      one of them         !football      not
    "border guard"             a phrase        =WHO                   exactly so written  secur*         a prefix
    talks ~5 border            within 5 words  talks >5 border        in this order       talks !~5 war  not near
    [border & (guard | post)]  one sentence    #3 border              three times at least

Bare words side by side are a phrase. `&` and `|` do not mix without brackets: readers differ on which goes first.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final

from schemas.event import Evidence
from streams.rules.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WORD: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W_]+(?:['’][^\W_]+)*"
)
"""Scripts without spaces between words count by sign, all others by word."""
_SENTENCE_END: Final = re.compile(r"[.!?][\"'”’)\]]*(?=\s)|[。！？؟۔।]|\n[ \t\r]*\n")
MIN_PREFIX: Final = 3
MAX_TEXT_RULE: Final = 4000
MAX_DEPTH: Final = 30

Span = tuple[int, int]
"""First token and the one after the last."""


def fold(word: str) -> str:
    """Make words that differ only in case, width or the form of an apostrophe equal."""
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFKC", word).casefold().replace("’", "'")


class _Chunks(dict[str, tuple[str, ...]]):
    """The folded words of what stands between two spaces, which is mostly the same few thousand things again."""

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        words = tuple(map(fold, _WORD.findall(chunk)))
        if len(chunk) <= MAX_CHUNK:
            if len(self) >= MAX_CHUNKS:
                self.clear()
            self[chunk] = words
        return words


MAX_CHUNK: Final = 40
MAX_CHUNKS: Final = 100_000
"""Longer ones are not remembered, nor more of them at once: some ten megabytes."""
_CHUNKS: Final = _Chunks()


class TextView:
    """A text laid out for searching: its words by place and by form. `shift` is where it starts in the original.

    Most texts are only asked for their folded words, so everything else is laid out when it is first asked for.
    """

    def __init__(self, text: str, shift: int | None = 0) -> None:
        self.text = text
        self.shift = shift
        self._evidence: dict[Span, Evidence] = {}

    @cached_property
    def words(self) -> list[str]:
        """The words as written."""
        return _WORD.findall(self.text)

    @cached_property
    def folded(self) -> list[str]:
        """The words in the form that is compared. No word goes over a space, so they are those of the parts between spaces."""
        return list(chain.from_iterable(map(_CHUNKS.__getitem__, self.text.split())))

    @cached_property
    def starts(self) -> list[int]:
        """Where in the text each word starts."""
        return [m.start() for m in _WORD.finditer(self.text)]

    def _written(self, at: int) -> str:
        found = _WORD.match(self.text, self.starts[at])
        return found.group() if found else ""

    @cached_property
    def places(self) -> Mapping[str, list[int]]:
        """Where each word stands."""
        places: defaultdict[str, list[int]] = defaultdict(list)
        for at, word in enumerate(self.folded):
            places[word].append(at)
        return dict(places)

    @cached_property
    def vocabulary(self) -> list[str]:
        """All words, sorted, for prefixes."""
        return sorted(self.places)

    @cached_property
    def sentences(self) -> list[Span]:
        """The sentences, as spans of words. A stop after a single letter or an initial ends none."""
        starts = self.starts
        spans: list[Span] = []
        first = 0
        for end in _SENTENCE_END.finditer(self.text):
            last = bisect_left(starts, end.start())
            if last <= first:
                continue
            if end.group()[0] == "." and self.text[starts[last - 1]].isupper():
                word = self._written(last - 1)
                if len(word) == 1:
                    continue
            spans.append((first, last))
            first = last
        if first < len(starts):
            spans.append((first, len(starts)))
        return spans

    def evidence(self, span: Span) -> Evidence | None:
        """Give the verbatim words of a span; None where the text has no place in the original."""
        if self.shift is None or span[1] <= span[0]:
            return None
        known = self._evidence.get(span)
        if known is None:  # many rules hold on the same words
            last = span[1] - 1
            start, end = self.starts[span[0]], self.starts[last] + len(self._written(last))
            known = Evidence(text=self.text[start:end], start=self.shift + start, end=self.shift + end)
            self._evidence[span] = known
        return known

    def as_written(self, span: Span) -> str:
        """Give the words of a span, one space between them."""
        return " ".join(map(self._written, range(*span)))

    def sentence_of(self, words: Evidence) -> Evidence | None:
        """Give the whole sentence in which some words of this text begin; None for words from elsewhere."""
        if self.shift is None or not 0 <= words.start - self.shift < len(self.text):
            return None
        at = bisect_right(self.starts, words.start - self.shift) - 1
        index = bisect_right(self.sentences, at, key=lambda span: span[0]) - 1
        return self.evidence(self.sentences[index]) if at >= 0 and index >= 0 else None


@dataclass(frozen=True, slots=True)
class Word:
    """One word; with `cased` exactly as written, with `prefix` any word that begins so."""

    text: str
    cased: bool = False
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words side by side."""

    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part."""

    parts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part at least."""

    parts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class No:
    """Not this."""

    part: Text


@dataclass(frozen=True, slots=True)
class Near:
    """At most `distance` words from one to the other; `ordered`: left before right; `apart`: left somewhere without right near."""

    left: Text
    right: Text
    distance: int
    ordered: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True)
class InSentence:
    """All within one sentence."""

    part: Text


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many times."""

    count: int
    part: Text


Text = Word | Phrase | AllOf | AnyOf | No | Near | InSentence | AtLeast

_LEX: Final = re.compile(
    r"\s*(?:(?P<apart>!~\d+)|(?P<near>~\d+)|(?P<order>>\d+)|(?P<count>#\d+)|(?P<sign>[&|!()\[\]])"
    r"|\"(?P<quoted>[^\"]*)\"|(?P<word>=?[^\s&|!()\[\]~>#\"=*]+\*?)|(?P<bad>\S))"
)


@dataclass(frozen=True, slots=True)
class _Lexeme:
    kind: str
    text: str
    at: int


class _Parser:
    def __init__(self, text: str) -> None:
        self.lexemes = [
            _Lexeme(kind, m.group(kind), m.start(kind))
            for m in _LEX.finditer(text)
            if (kind := m.lastgroup) is not None
        ]
        self.at = 0
        self.length = len(text)
        self.depth = 0

    def peek(self) -> _Lexeme:
        return self.lexemes[self.at] if self.at < len(self.lexemes) else _Lexeme("end", "", self.length)

    def take(self) -> _Lexeme:
        lexeme = self.peek()
        self.at += 1
        return lexeme

    def expression(self) -> Text:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise RuleError(f"brackets go deeper than {MAX_DEPTH}", offset=self.peek().at)
        parts = [self.unary()]
        sign = ""
        while self.peek().text in {"&", "|"} and self.peek().kind == "sign":
            mark = self.take()
            if sign and mark.text != sign:
                raise RuleError(
                    "& and | are mixed without brackets; write (a & b) | c or a & (b | c)", offset=mark.at
                )
            sign = mark.text
            parts.append(self.unary())
        self.depth -= 1
        if not sign:
            return parts[0]
        return AllOf(tuple(parts)) if sign == "&" else AnyOf(tuple(parts))

    def unary(self) -> Text:
        if self.peek().kind == "sign" and self.peek().text == "!":
            self.take()
            return No(self.near())
        return self.near()

    def near(self) -> Text:
        left = self.primary()
        if self.peek().kind not in {"near", "order", "apart"}:
            return left
        sign = self.take()
        distance = int(sign.text.lstrip("!~>"))
        right = self.primary()
        for side in (left, right):
            if not _has_places(side):
                raise RuleError("nearness is between words, phrases or alternatives of them", offset=sign.at)
        if self.peek().kind in {"near", "order", "apart"}:
            raise RuleError(
                "one nearness inside another needs brackets, or write both with &", offset=self.peek().at
            )
        if not 1 <= distance <= 1000:  # noqa: PLR2004 - as far as a thought may reach
            raise RuleError("a distance is 1 to 1000 words", offset=sign.at)
        return Near(left, right, distance, ordered=sign.kind == "order", apart=sign.kind == "apart")

    def primary(self) -> Text:
        lexeme = self.peek()
        if lexeme.kind == "sign" and lexeme.text in {"(", "["}:
            self.take()
            inner = self.expression()
            want = ")" if lexeme.text == "(" else "]"
            if self.peek().text != want or self.peek().kind != "sign":
                raise RuleError(f'"{lexeme.text}" is not closed; "{want}" is missing', offset=lexeme.at)
            self.take()
            return inner if want == ")" else InSentence(inner)
        if lexeme.kind == "count":
            self.take()
            count = int(lexeme.text[1:])
            inner = self.primary()
            if not _has_places(inner) or not 1 <= count <= 1000:  # noqa: PLR2004
                raise RuleError("#n counts a word or a phrase, 1 to 1000 times", offset=lexeme.at)
            return AtLeast(count, inner)
        return self.phrase()

    def phrase(self) -> Text:
        words: list[Word] = []
        first = self.peek()
        while self.peek().kind in {"word", "quoted"}:
            words.extend(_words(self.take()))
        if not words:
            if first.kind in {"word", "quoted"}:
                raise RuleError(f'"{first.text}" holds no word', offset=first.at)
            what = f'before "{first.text}"' if first.text else "at the end"
            raise RuleError(f"a word is missing {what}", offset=first.at)
        return words[0] if len(words) == 1 else Phrase(tuple(words))


def _words(lexeme: _Lexeme) -> list[Word]:
    text = lexeme.text
    cased = lexeme.kind == "word" and text.startswith("=")
    prefix = lexeme.kind == "word" and text.endswith("*")
    found = _WORD.findall(text)
    if prefix and len(fold(found[-1]) if found else "") < MIN_PREFIX:
        raise RuleError(f"a prefix has {MIN_PREFIX} letters at least", offset=lexeme.at)
    last = len(found) - 1
    return [
        Word(w if cased else fold(w), cased=cased, prefix=prefix and at == last) for at, w in enumerate(found)
    ]


def _has_places(part: Text) -> bool:
    match part:
        case Word() | Phrase():
            return True
        case AnyOf(parts):
            return all(_has_places(p) for p in parts)
        case Near(apart=apart):
            return not apart
        case _:
            return False


def parse_text(text: str) -> Text:
    """Read a text expression.

    Raises:
        RuleError: it is none; `offset` says where.
    """
    if len(text) > MAX_TEXT_RULE:
        raise RuleError(f"a text expression has {MAX_TEXT_RULE} signs at most")
    parser = _Parser(text)
    expression = parser.expression()
    rest = parser.peek()
    if rest.kind != "end":
        raise RuleError(f'"{rest.text}" has no place here', offset=rest.at)
    return expression


@dataclass(frozen=True, slots=True)
class _Range:
    view: TextView
    low: int
    high: int


def find_text(expression: Text, view: TextView) -> tuple[Span, ...] | None:
    """Say whether an expression holds on a text: None if not, else the spans of words that it holds on."""
    return _find(expression, _Range(view, 0, len(view.folded)))


def _find(part: Text, within: _Range) -> tuple[Span, ...] | None:  # noqa: C901, PLR0911 - one case for each sort of expression
    match part:
        case Word() | Phrase() | Near(apart=False):
            return tuple(_spans(part, within)) or None
        case AnyOf(parts):
            held = [found for p in parts if (found := _find(p, within)) is not None]
            return tuple(sorted({span for found in held for span in found})) if held else None
        case AllOf(parts):
            spans: set[Span] = set()
            for p in parts:
                found = _find(p, within)
                if found is None:
                    return None
                spans.update(found)
            return tuple(sorted(spans))
        case No(inner):
            return () if _find(inner, within) is None else None
        case Near():
            return tuple(_apart(part, within)) or None
        case InSentence(inner):
            for low, high in within.view.sentences:
                if low >= within.low and high <= within.high:
                    found = _find(inner, _Range(within.view, low, high))
                    if found is not None:
                        return found
            return None
        case AtLeast(count, inner):
            spans_found = _spans(inner, within)
            return tuple(spans_found) if len(spans_found) >= count else None


def _spans(part: Text, within: _Range) -> list[Span]:
    match part:
        case Word():
            return [(at, at + 1) for at in _places(part, within)]
        case Phrase(words):
            return _phrase_spans(words, within)
        case AnyOf(parts):
            return sorted({span for p in parts for span in _spans(p, within)})
        case Near():
            return _near_spans(part, within)
        case _:
            return []


def _places(word: Word, within: _Range) -> list[int]:
    view = within.view
    key = fold(word.text) if word.cased else word.text
    if word.prefix:
        vocabulary = view.vocabulary
        places: list[int] = []
        for at in range(bisect_left(vocabulary, key), len(vocabulary)):
            if not vocabulary[at].startswith(key):
                break
            places.extend(view.places[vocabulary[at]])
        places.sort()
    else:
        places = view.places.get(key, [])
    whole = within.low == 0 and within.high == len(view.folded)
    found = places if whole else places[bisect_left(places, within.low) : bisect_left(places, within.high)]
    if word.cased:
        found = [
            at
            for at in found
            if (view.words[at].startswith(word.text) if word.prefix else view.words[at] == word.text)
        ]
    return found


def _phrase_spans(words: tuple[Word, ...], within: _Range) -> list[Span]:
    length = len(words)
    if not any(w.cased or w.prefix for w in words):
        plain = [w.text for w in words]
        view = within.view
        every = [view.places.get(word, []) for word in plain]
        rarest = min(range(length), key=lambda i: len(every[i]))
        starts = [at - rarest for at in every[rarest]]
        return [
            (at, at + length)
            for at in starts
            if within.low <= at <= within.high - length and view.folded[at : at + length] == plain
        ]
    sets = [set(_places(w, within)) for w in words[1:]]
    return [
        (at, at + length)
        for at in _places(words[0], within)
        if all(at + step in places for step, places in enumerate(sets, 1))
    ]


def _gap(left: Span, right: Span) -> int:
    """Words from one to the other: 1 for neighbours, 0 if they overlap."""
    if left[1] <= right[0]:
        return right[0] - left[1] + 1
    if right[1] <= left[0]:
        return left[0] - right[1] + 1
    return 0


def _near_spans(part: Near, within: _Range) -> list[Span]:
    rights = _Rights(_spans(part.right, within), part.distance)
    found: set[Span] = set()
    for left in _spans(part.left, within):
        for right in rights.around(left):
            if (part.ordered and right[0] < left[1]) or not 1 <= _gap(left, right) <= part.distance:
                continue
            found.add((min(left[0], right[0]), max(left[1], right[1])))
            break
    return sorted(found)


def _apart(part: Near, within: _Range) -> list[Span]:
    rights = _Rights(_spans(part.right, within), part.distance)
    return [
        left
        for left in _spans(part.left, within)
        if not any(_gap(left, right) <= part.distance for right in rights.around(left))
    ]


class _Rights:
    """The spans on the right of a nearness, sorted, of which those around a span on the left are looked at."""

    def __init__(self, spans: list[Span], distance: int) -> None:
        self._spans = spans
        self._starts = [start for start, _ in spans]
        self._distance = distance
        self._reach = distance + max((end - start for start, end in spans), default=0)

    def around(self, left: Span) -> Iterator[Span]:
        """Give the spans that may lie near enough, in order."""
        low = bisect_left(self._starts, left[0] - self._reach)
        high = bisect_right(self._starts, left[1] + self._distance)
        return (self._spans[at] for at in range(low, high))
