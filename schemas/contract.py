"""What all contracts share: frozen, closed, plain JSON in and out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Self

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

MAX_TEXT_BYTES = 1_048_576
"""The largest transcript text, in bytes of UTF-8 (1 MiB)."""


class ContractError(ValueError):
    """Bytes that are not the record they should be. `reason` is one sentence for people, `kind` one word for programs."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the years 1 to 9999 once it is in UTC") from None


_NUMBER = re.compile(r"\s*[-+]?[\d.]+\s*")


def _no_number(value: object) -> object:
    # pydantic reads a number as seconds or milliseconds, whichever it looks like: a guess
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise ValueError("is no time as RFC 3339 writes it, such as 2026-03-01T12:00:00Z")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_no_number), AfterValidator(_to_utc)]
"""An instant with a zone, kept in UTC, written as RFC 3339."""

Confidence = Annotated[float, Field(ge=0.0, le=1.0)]
Offset = Annotated[int, Field(ge=0, le=MAX_TEXT_BYTES)]
"""A place in the original text, counted in Unicode code points from 0."""

CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""ISO 3166-1 alpha-3; states of the past by their former code (SUN, YUG, DDR)."""


MAX_DEPTH = 32
"""How deeply what a contract leaves open may be nested: beyond 255 it could be read and not be written again."""


def _check_depth(value: dict[str, Any]) -> dict[str, Any]:
    # level by level, so that no recursion runs out
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = [item for item in below if isinstance(item, dict | list)]
        if not level:
            return value
    raise ValueError(f"is nested more than {MAX_DEPTH} levels deep")


OpenFields = Annotated[dict[str, Any], AfterValidator(_check_depth)]
"""Fields that a contract does not name: any JSON, but not without end."""


class Contract(BaseModel):
    """A record or a part of one: frozen, with no field that the contract does not name."""

    # JSON has no infinity, and a number that came as text may be one
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def encode(self) -> bytes:
        """Write the record as one JSON object in UTF-8, fields in the order of the contract."""
        return orjson.dumps(self.model_dump(mode="json"))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a record.

        Raises:
            ContractError: `data` is not UTF-8, not JSON, or not this record; the reason names the field.
        """
        value = decode_json(data)
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise ContractError("schema", describe_validation(cls.__name__, error)) from None


def decode_json(data: bytes) -> object:
    """Read JSON from bytes.

    Raises:
        ContractError: of kind `encoding` (not UTF-8) or `json`.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContractError(
            "encoding", f"not UTF-8: byte {error.start} is 0x{data[error.start]:02x}"
        ) from None
    try:
        value: object = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ContractError("json", f"not JSON: {error}") from None
    return value


def describe_validation(name: str, error: ValidationError) -> str:
    """Say in one sentence which fields of a record are wrong, the first three of them by name."""
    wrong = list_field_errors(error)
    parts = [f"{field}: {reason}" for field, reason in wrong[:3]]
    more = f" (and {len(wrong) - 3} more)" if len(wrong) > 3 else ""  # noqa: PLR2004
    return f"not a {name}: " + "; ".join(parts) + more


def list_field_errors(error: ValidationError) -> list[tuple[str, str]]:
    """Give each wrong field of a record, and in words what is wrong with it."""
    return [
        (".".join(str(step) for step in item["loc"]) or "record", _in_words(item["type"], item["msg"]))
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _in_words(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "is unknown to this version; a newer one may have written it"
        case "string_too_short" if message.endswith("at least 1 character"):
            return "is empty"
        case "missing":
            return "is missing"
        case "value_error":
            return message.removeprefix("Value error, ")
        case _:
            return message[:1].lower() + message[1:]
