"""Why and where a record was parked. The record itself lies unchanged in its dead-letter topic; this stands in headers."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.contract import Contract, Time


class DeadLetterReason(StrEnum):
    """Why a record can never be processed as it is."""

    ENCODING = "encoding"
    JSON = "json"
    SCHEMA = "schema"
    TOO_LARGE = "too_large"
    FAILED = "failed"


class DeadLetter(Contract):
    """The story of a parked record, written as headers `dragoman-dlq-<field>`, values as UTF-8 text."""

    topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)
    timestamp_ms: int = Field(description="Kafka timestamp of the original record")
    stage: str = Field(description="The agent that parked it")
    stage_version: str
    reason: DeadLetterReason
    message: str = Field(description="One sentence: what is wrong and, where one can, how to mend it")
    error_class: str
    attempts: int = Field(ge=1)
    failed_time: Time
