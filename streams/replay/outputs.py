"""What a replay puts out: a file of lines for each topic, which grows with the checkpoint and is cut back to it after a sudden end."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, Final

import orjson

from schemas import topics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from schemas.topics import Topic

OUTPUT_TOPICS: Final = (
    topics.AGREEMENTS_CHANGED,
    topics.AGREEMENTS_CURRENT,
    topics.RULES_MISSED,
    topics.ALERTS,
)
"""What a replay publishes, in its own namespace. All alerts are on the one topic."""
_VALUE: Final = b',"value":'


@dataclass(frozen=True, slots=True)
class Line:
    """An output as it stands in a file."""

    key: str
    event_time: datetime
    data: bytes


class Outputs:
    """The files, open for writing. They begin where the last checkpoint says: what was written after it never was."""

    def __init__(self, folder: Path, sizes: Mapping[str, int]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._files: dict[str, BinaryIO] = {}
        for topic in OUTPUT_TOPICS:
            file = output_path(folder, topic).open("ab")
            file.truncate(sizes.get(topic.name, 0))
            file.seek(0, os.SEEK_END)
            self._files[topic.name] = file

    def write(self, topic: Topic, line: Line) -> None:
        """Write an output."""
        head = orjson.dumps({"key": line.key, "event_time": line.event_time}, option=orjson.OPT_UTC_Z)
        self._files[topic.name].write(head[:-1] + _VALUE + line.data + b"}\n")

    def flush(self) -> dict[str, int]:
        """Have all that was written on disk, and give how long each file is."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        return {name: file.tell() for name, file in self._files.items()}

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files.values():
            file.close()


def output_path(folder: Path, topic: Topic) -> Path:
    """Give the file of a topic."""
    return folder / f"{topic.name}.jsonl"


def read_outputs(folder: Path, topic: Topic, *, start: int = 0, end: int | None = None) -> Iterator[Line]:
    """Give the outputs on a topic, those between two places in its file where they are given."""
    path = output_path(folder, topic)
    if not path.is_file():
        return
    with path.open("rb") as file:
        file.seek(start)
        at = start
        for line in file:
            at += len(line)
            if (end is not None and at > end) or not line.endswith(b"\n"):
                return
            head, _, rest = line.partition(_VALUE)
            fields = orjson.loads(head + b"}")
            yield Line(fields["key"], datetime.fromisoformat(fields["event_time"]), rest[:-2])
