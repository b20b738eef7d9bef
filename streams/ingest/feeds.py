"""RSS and Atom files: one transcript for each entry, its HTML turned to plain text."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import ParseError

import feedparser
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from schemas.contract import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCKS: Final = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer",
        "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td",
        "th", "tr", "ul",
    }
)  # fmt: skip
_MAX_DEPTH: Final = 200
_STEP_BYTES: Final = 2**20
_SILENT: Final = frozenset({"script", "style", "template", "noscript"})


def parse_feed(text: str) -> Iterator[tuple[str, dict[str, Any] | ContractError]]:
    """Give for each entry of a feed its place and its fields, or why it has none.

    Raises:
        ContractError: it is no feed, not well formed, or defines entities (which can make a small file endless).
    """
    data = _without_declaration(text).encode("utf-8")
    _check_xml(data)
    parsed = feedparser.parse(
        io.BytesIO(data), response_headers={"content-type": "application/xml; charset=utf-8"}
    )
    if not parsed.version:
        raise ContractError("schema", "not a feed: the XML is neither RSS nor Atom")
    feed = parsed.feed
    source = {"broadcaster": strip_html(feed.get("title", ""))[:200], "medium": "web"}
    for number, entry in enumerate(parsed.entries, start=1):
        where = f"entry {number}"
        try:
            yield where, _entry_fields(entry, {k: v for k, v in source.items() if v}, feed.get("language"))
        except ContractError as error:
            yield where, error


def _entry_fields(entry: Any, source: dict[str, str], language: str | None) -> dict[str, Any]:  # noqa: ANN401 - feedparser is not typed
    title = strip_html(entry.get("title", ""))
    contents = [strip_html(item.get("value", "")) for item in entry.get("content", [])]
    body = max([*contents, strip_html(entry.get("summary", ""))], key=len)
    declared = next((item.get("language") for item in entry.get("content", []) if item.get("language")), None)
    return {
        "source": source,
        "title": title or None,
        "text": body or title,
        "language": declared or language or None,
        "published_time": _entry_time(entry),
        "extra": {name: entry[name] for name in ("id", "link") if isinstance(entry.get(name), str)},
    }


def _entry_time(entry: Any) -> str | None:  # noqa: ANN401 - feedparser is not typed
    for name in ("published", "updated"):
        if not entry.get(name):
            continue
        parsed = entry.get(f"{name}_parsed")
        if parsed is None:
            raise ContractError("schema", f"{name}: {entry[name][:60]!r} is no date")
        year, month, day, hour, minute, second = parsed[:6]
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).isoformat()
    return None


def strip_html(value: str) -> str:
    """Give the words of a piece of HTML: a line for each block, no scripts, entities resolved."""
    reader = _Words()
    reader.feed(value)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            # a line break in HTML is a space
            self.pieces.append(data.replace("\n", " "))


def _without_declaration(text: str) -> str:
    """Leave out the XML declaration: the text is decoded already, whatever encoding it names."""
    text = text.lstrip()
    if text.startswith("<?xml"):
        return text.partition("?>")[2].lstrip()
    return text


class _WideSteps(io.BytesIO):
    """Read in wide steps: at each, expat looks again at a tag or a comment that has not ended, from its beginning."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size if size is None or size < 0 else max(size, _STEP_BYTES))


def _check_xml(data: bytes) -> None:
    depth = 0
    try:
        for event, element in iterparse(
            _WideSteps(data), ("start", "end"), forbid_dtd=False, forbid_entities=True, forbid_external=True
        ):
            if event == "start":
                depth += 1
                if depth > _MAX_DEPTH:
                    raise ContractError("schema", f"the XML is nested more than {_MAX_DEPTH} levels deep")
            else:
                depth -= 1
                element.clear()
    except DefusedXmlException:
        raise ContractError(
            "schema", "the XML defines entities, which no feed needs; it is not read"
        ) from None
    except ParseError as error:
        raise ContractError("schema", f"not well-formed XML: {error}") from None
