"""A transcript as it came, and what its language is."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from pydantic import Field, ValidationError, field_validator

from schemas.contract import (
    MAX_TEXT_BYTES,
    Confidence,
    Contract,
    ContractError,
    CountryCode,
    Offset,
    OpenFields,
    Time,
    decode_json,
    describe_validation,
)
from schemas.ids import content_hash, derived_id

_NO_ID: Final = "-"


class Medium(StrEnum):
    """How the words reached the public."""

    RADIO = "radio"
    TELEVISION = "television"
    PRESS = "press"
    AGENCY = "agency"
    WEB = "web"
    OTHER = "other"


class Source(Contract):
    """Who said it: the broadcaster, its programme, its medium, and the state it speaks from."""

    broadcaster: str = Field(
        min_length=1, max_length=200, description="Name of the station, paper or agency, such as IRIB"
    )
    programme: str | None = Field(default=None, max_length=300)
    medium: Medium = Medium.OTHER
    country: CountryCode | None = Field(
        default=None, description="ISO 3166-1 alpha-3 of the state the broadcaster belongs to"
    )


class Translation(Contract):
    """Where a text came from before it was translated."""

    source_language: str | None = Field(default=None, max_length=35, description="BCP 47 tag of the original")
    by: str | None = Field(
        default=None, max_length=200, description="Who translated: a service, a person, a machine"
    )


class Caption(Contract):
    """One caption of a broadcast: when its words were on screen and where they stand in the text."""

    start_s: float = Field(ge=0, description="Seconds from the start of the broadcast")
    end_s: float = Field(ge=0)
    start: Offset
    end: Offset


class Transcript(Contract):
    """A transcript as it came. `text` is the original; every offset in every later record points into it.

    Fields that the contract does not name are kept under `extra`.
    """

    id: str = Field(
        min_length=1, max_length=200, description="Given by the source, or derived from source and content"
    )
    source: Source
    language: str | None = Field(default=None, max_length=35, description="BCP 47 tag as declared, if it was")
    title: str | None = Field(default=None, max_length=2000)
    text: str = Field(min_length=1)
    published_time: Time | None = None
    broadcast_time: Time | None = None
    ingest_time: Time = Field(
        description="When it came in at the door; decides nothing where another time is known"
    )
    place: str | None = Field(default=None, max_length=300, description="Where it was reported from")
    translation: Translation | None = None
    captions: tuple[Caption, ...] = ()
    extra: OpenFields = Field(default_factory=dict, description="What came along and has no field of its own")

    @field_validator("text")
    @classmethod
    def _check_text(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("is empty")
        try:
            size = len(text.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise ValueError(f"holds a lone surrogate at {error.start}, which is no character") from None
        if size > MAX_TEXT_BYTES:
            raise ValueError(f"is {size} bytes, over the limit of {MAX_TEXT_BYTES}")
        return text

    @property
    def event_time(self) -> Time:
        """When it was said: broadcast, else published, else taken in."""
        return self.broadcast_time or self.published_time or self.ingest_time


def derive_transcript_id(source: Source, title: str | None, text: str) -> str:
    """Give the id of a transcript that came without one: the same words from the same source are the same transcript."""
    return derived_id(
        "transcript", source.broadcaster, source.programme or "", title or "", content_hash(text)
    )


def decode_transcript(data: bytes) -> Transcript:
    """Read a transcript from the raw topic or the door; what the contract does not name goes under `extra`.

    An `id` that is missing is derived from source and content.

    Raises:
        ContractError: the bytes are not UTF-8, not JSON, or not a transcript; the reason names the field.
    """
    value = decode_json(data)
    if not isinstance(value, dict):
        raise ContractError(
            "schema", f"not a Transcript: a JSON object is expected, not {type(value).__name__}"
        )
    return parse_transcript(value)


def parse_transcript(value: dict[str, Any]) -> Transcript:
    """Make a transcript from the fields of a JSON object, as `decode_transcript` does from bytes.

    Raises:
        ContractError: as `decode_transcript`.
    """
    known = {name: item for name, item in value.items() if name in Transcript.model_fields}
    unknown = {name: item for name, item in value.items() if name not in Transcript.model_fields}
    extra = known.get("extra", {})
    if unknown and isinstance(extra, dict):
        known["extra"] = {**extra, **unknown}
    given = known.get("id")
    if given is None:
        known["id"] = _NO_ID
    try:
        transcript = Transcript.model_validate(known)
    except ValidationError as error:
        raise ContractError("schema", describe_validation("Transcript", error)) from None
    if given is not None:
        return transcript
    return transcript.model_copy(
        update={"id": derive_transcript_id(transcript.source, transcript.title, transcript.text)}
    )


class LanguagePart(Contract):
    """The language of one stretch of the text."""

    start: Offset
    end: Offset
    language: str = Field(description="BCP 47 tag, or `und` where it cannot be told")
    script: str | None = Field(default=None, description="ISO 15924 code, such as Latn, Arab, Cyrl, Hans")
    confidence: Confidence


class LanguageTag(Contract):
    """The language of a whole transcript and of each of its parts.

    `und` is undetermined rather than a guess; `mul` says that no language holds most of it.
    """

    language: str
    script: str | None = None
    confidence: Confidence
    mixed: bool = Field(default=False, description="Two languages or more hold a tenth of the letters each")
    parts: tuple[LanguagePart, ...] = ()


class TaggedTranscript(Contract):
    """A transcript with its language."""

    transcript: Transcript
    language: LanguageTag


class SegmentKind(StrEnum):
    """What a part of a transcript is."""

    HEADLINE = "headline"
    DATELINE = "dateline"
    NOTE = "note"
    BYLINE = "byline"
    SPEAKER_TAG = "speaker_tag"
    NARRATION = "narration"
    QUOTE = "quote"
    QUESTION = "question"
    SIGNOFF = "signoff"
    STATION_ID = "station_id"
    BOILERPLATE = "boilerplate"


class Segment(Contract):
    """One part of a transcript: `text[start:end]` of the original."""

    kind: SegmentKind
    start: Offset
    end: Offset
    speaker: str | None = Field(
        default=None, description="Who speaks, as written or as the role: reporter, anchor, a name"
    )
    story: int = Field(default=0, ge=0, description="Which story of the transcript it belongs to, from 0")
