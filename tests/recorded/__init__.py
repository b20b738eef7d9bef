"""What a release wrote to Kafka, byte for byte: a later one must read it. `python -m tests.recorded` records the present one."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER: Final = Path(__file__).parent
RECORDINGS: Final = tuple(sorted(FOLDER.glob("*.jsonl.gz")))
"""One for each release."""
PARTITIONS: Final = 2
POISON: Final = b"not JSON at all"
"""Sent as a transcript, so that a dead letter is recorded too."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record of a topic, by its name without a prefix."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def load_recording(path: Path) -> tuple[Recorded, ...]:
    """Give the records of a release, each partition in its order."""
    return tuple(
        Recorded(
            line["topic"],
            line["partition"],
            line["offset"],
            line["timestamp_ms"],
            _bytes(line["key"]),
            _bytes(line["value"]),
            tuple((name, _bytes(value) or b"") for name, value in line["headers"]),
        )
        for line in map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
    )


def save_recording(path: Path, records: Sequence[Recorded]) -> None:
    """Write records so that the same ones make the same file."""
    lines = [
        {
            "topic": r.topic,
            "partition": r.partition,
            "offset": r.offset,
            "timestamp_ms": r.timestamp_ms,
            "key": _text(r.key),
            "value": _text(r.value),
            "headers": [(name, _text(value)) for name, value in r.headers],
        }
        for r in records
    ]
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode(), mtime=0))


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "surrogateescape")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogateescape")
