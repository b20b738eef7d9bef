"""Which Kafka it is: the release of its software, and the features that its cluster has agreed on (KIP-584)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aiokafka.protocol.api import Request, RequestStruct, Response, ResponseHeader_v0
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

if TYPE_CHECKING:
    from aiokafka.admin import AIOKafkaAdminClient

TRIED: Final = (4, 4)
"""The release of the local broker, with which every test runs (streams/kafka/jars.lock)."""
OLDEST: Final = (4, 0)
"""Of those before, some still need ZooKeeper and none is tried."""

_LEVELS: Final = {
    (3, 3): 7, (3, 4): 8, (3, 5): 11, (3, 6): 14, (3, 7): 19, (3, 8): 20, (3, 9): 21, (4, 0): 25, (4, 1): 27, (4, 2): 29, (4, 3): 30,
    (4, 4): 33,
}  # fmt: skip
"""Release of Kafka, and the last level of `metadata.version` that is its own (Kafka's MetadataVersion)."""
_METADATA: Final = "metadata.version"
_SUPPORTED, _FINALIZED = 0, 2
"""Numbers of the tagged fields."""


@dataclass(frozen=True, slots=True)
class KafkaLevel:
    """Levels of `metadata.version`: what the software of a broker can do, and what the cluster does."""

    supported: int
    finalized: int


def release_of(level: int) -> tuple[int, int] | None:
    """Give the release of Kafka that a level belongs to; None for one that is newer than this version knows."""
    return next((release for release, last in sorted(_LEVELS.items()) if level <= last), None)


async def ask_level(admin: AIOKafkaAdminClient) -> KafkaLevel | None:
    """Ask a broker for its levels; None where it has none: it uses ZooKeeper, or is another program that speaks Kafka.

    Raises:
        KafkaError: it does not answer.
    """
    try:
        answer = await admin._send_request(_ApiVersions())  # noqa: SLF001 - there is no public way to send one's own
    except NotImplementedError:  # aiokafka's word for a broker that is too old for it
        return None
    return read_level(answer.tags)


def read_level(tags: dict[int, bytes]) -> KafkaLevel | None:
    """Read the levels from the tagged fields of an answer; None where they are not told."""
    supported, finalized = (_ranges(tags.get(tag, b"\x01")) for tag in (_SUPPORTED, _FINALIZED))
    if _METADATA not in supported or _METADATA not in finalized:
        return None
    # of what is supported the lowest level stands first, of what is finalized the highest
    return KafkaLevel(supported[_METADATA][1], finalized[_METADATA][0])


_FEATURES: Final = CompactArray(
    ("name", CompactString("utf-8")), ("one", Int16), ("other", Int16), ("tags", TaggedFields)
)


def _ranges(data: bytes) -> dict[str, tuple[int, int]]:
    found: list[Any] = _FEATURES.decode(io.BytesIO(data)) or []
    return {name: (one, other) for name, one, other, _ in found}


class _ApiVersionsAnswer(Response):  # type: ignore[misc] # aiokafka has no types
    API_KEY = 18
    API_VERSION = 3
    SCHEMA = Schema(
        ("error_code", Int16),
        (
            "api_versions",
            CompactArray(("api_key", Int16), ("min", Int16), ("max", Int16), ("tags", TaggedFields)),
        ),
        ("throttle_time_ms", Int32),
        ("tags", TaggedFields),
    )


class _ApiVersionsStruct(RequestStruct):  # type: ignore[misc] # the same
    FLEXIBLE_VERSION = True
    API_KEY = 18
    API_VERSION = 3
    RESPONSE_TYPE = _ApiVersionsAnswer
    SCHEMA = Schema(
        ("client_software_name", CompactString("utf-8")),
        ("client_software_version", CompactString("utf-8")),
        ("tags", TaggedFields),
    )

    def parse_response_header(self, read_buffer: io.BytesIO | bytes) -> ResponseHeader_v0:
        """Read the header in its oldest form: a client must be able to read it before it knows the versions."""
        return ResponseHeader_v0.decode(read_buffer)


class _ApiVersions(Request[_ApiVersionsStruct]):  # type: ignore[misc] # the same
    API_KEY = 18

    def build(self, request_struct_class: type[_ApiVersionsStruct]) -> _ApiVersionsStruct:
        return request_struct_class("dragoman", "1", {})
