"""Taking transcripts in at the door: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.contract import ContractError, decode_json
from schemas.transcript import Transcript, parse_transcript

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a transcript is not taken in: the line of the body, from 1, and the field's name with what is wrong."""

    line: int
    reason: str


def accept_transcript(data: bytes, ingest_time: datetime) -> Transcript:
    """Read one transcript from the body of a request. The door's clock says when it came in, whatever the body claims.

    Raises:
        ContractError: it is no transcript; the reason names the field.
    """
    value = decode_json(data)
    if not isinstance(value, dict):
        raise ContractError(
            "schema", f"not a Transcript: a JSON object is expected, not {type(value).__name__}"
        )
    return parse_transcript({**value, "ingest_time": ingest_time.isoformat()})


def accept_lines(data: bytes, ingest_time: datetime) -> tuple[tuple[Transcript, ...], tuple[Refusal, ...]]:
    """Read a transcript from every line that is not empty (NDJSON)."""
    accepted: list[Transcript] = []
    refused: list[Refusal] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            accepted.append(accept_transcript(line, ingest_time))
        except ContractError as error:
            refused.append(Refusal(number, error.reason))
    return tuple(accepted), tuple(refused)
