"""Captions of broadcasts (SubRip and WebVTT): one text, with the place of every caption in it."""

from __future__ import annotations

import io
from typing import Any, Final

import webvtt
from webvtt.errors import MalformedCaptionError, MalformedFileError

from schemas.contract import ContractError
from streams.ingest.plain import parse_plain

PARAGRAPH_GAP_S: Final = 4.0
"""A silence of this length between two captions begins a new paragraph."""


def parse_captions(text: str, form: str) -> dict[str, Any]:
    """Give the fields of a caption file; `form` is `srt` or `vtt`.

    Captions are joined by spaces, a change of speaker begins a line, a long silence a paragraph. Lines that roll up
    from one caption into the next count once. A WebVTT file may hold header lines in a NOTE above its captions.

    Raises:
        ContractError: the file is malformed, or no caption has words.
    """
    try:
        parsed = webvtt.from_buffer(io.BytesIO(text.encode("utf-8")), format=form)
    except (MalformedFileError, MalformedCaptionError, ValueError) as error:
        name = "WebVTT" if form == "vtt" else "SubRip"
        raise ContractError("schema", f"not {name}: {str(error)[:1].lower()}{str(error)[1:]}") from None
    fields: dict[str, Any] = {}
    for note in parsed.header_comments if form == "vtt" else ():
        found = parse_plain(note.strip() + "\n\n")
        fields.update({name: value for name, value in found.items() if name != "text"})
    joined, captions = _join(parsed)
    if not captions:
        raise ContractError("schema", "text: is empty; no caption has words")
    return {**fields, "text": joined, "captions": captions}


def _join(parsed: webvtt.WebVTT) -> tuple[str, list[dict[str, float | int]]]:
    joined = ""
    captions: list[dict[str, float | int]] = []
    rolled: list[str] = []
    speaker: str | None = None
    until_s = 0.0
    for caption in parsed.captions:
        lines = [" ".join(line.split()) for line in caption.text.splitlines()]
        lines = [line for line in lines if line]
        fresh = lines[_overlap(rolled, lines) :]
        start_s, end_s = _seconds(caption.start_time), _seconds(caption.end_time)
        if end_s < start_s:
            raise ContractError("schema", f"captions: the caption at {caption.start} ends before it starts")
        if lines:
            rolled = lines
        if not fresh:
            continue
        if joined:
            turned = caption.voice not in {None, speaker} or fresh[0].startswith((">>", "- ", "– ", "— "))
            joined += "\n\n" if start_s - until_s >= PARAGRAPH_GAP_S else "\n" if turned else " "
        speaker = caption.voice or speaker
        start = len(joined)
        joined += " ".join(fresh)
        captions.append({"start_s": start_s, "end_s": end_s, "start": start, "end": len(joined)})
        until_s = end_s
    return joined, captions


def _overlap(before: list[str], lines: list[str]) -> int:
    """Count the lines at the start of a caption that stood at the end of the one before."""
    for count in range(min(len(before), len(lines)), 0, -1):
        if before[-count:] == lines[:count]:
            return count
    return 0


def _seconds(time: Any) -> float:  # noqa: ANN401 - webvtt.models.Timestamp is not typed
    seconds: int = time.hours * 3600 + time.minutes * 60 + time.seconds
    milliseconds: int = time.milliseconds
    return round(seconds + milliseconds / 1000, 3)
