"""Archives: the records of a topic as compressed JSON Lines, byte for byte, so that history outlives the topic.

The first line says what it is, the last one how many records there are, and between them each line is a record. A file
without its last line is cut short and is told so. `value` always stands last in a line and holds the very bytes of the
record, so that they are cut out and not written anew. What is no JSON on one line stands under `value_base64`.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import os
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FORMAT: Final = 1
SUFFIX: Final = ".jsonl.gz"
_VALUE: Final = b',"value":'
_MAX_HEAD_BYTES: Final = 4096
_LEVEL: Final = 3
"""Of gzip: beyond it a file gets hardly smaller and takes much longer."""
MAX_LINE_BYTES: Final = 32 * 2**20
"""No topic takes a record that makes a longer line; without a bound a small file could fill the memory."""


class ArchiveError(Exception):
    """A file is no archive, or not a whole one; the message says which, where and what is wrong."""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record as it lay on its topic. Without a value it is a tombstone."""

    event_time: datetime
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None

    @property
    def order(self) -> tuple[datetime, bytes, int, int]:
        """Event time, then key; records of one key lie on one partition, in order."""
        return (self.event_time, self.key or b"", self.partition, self.offset)


@dataclass(frozen=True, slots=True)
class ArchiveHead:
    """What an archive says of itself: the topic by its name in the registry."""

    topic: str


@contextmanager
def open_archive_writer(path: Path, head: ArchiveHead) -> Iterator[ArchiveWriter]:
    """Give what writes an archive. It has its name only once it is whole; an error or a sudden end leaves no file of that name."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as raw:
            # no name and no time within: the same records are the same bytes
            with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=raw, mtime=0) as file:
                writer = ArchiveWriter(cast("BinaryIO", file), head)
                yield writer
                writer.end()
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class ArchiveWriter:
    """Writes records, one a line."""

    def __init__(self, file: BinaryIO, head: ArchiveHead) -> None:
        self._file = file
        self.count = 0
        self._file.write(orjson.dumps({"dragoman_archive": FORMAT, "topic": head.topic}) + b"\n")

    def write(self, record: SourceRecord) -> None:
        """Write a record."""
        self._file.write(encode_line(record))
        self.count += 1

    def end(self) -> None:
        """Write how many there were."""
        self._file.write(orjson.dumps({"records": self.count}) + b"\n")


def read_head(path: Path) -> ArchiveHead:
    """Say what an archive holds.

    Raises:
        ArchiveError: it is none.
    """
    with _reading(path) as file:
        return _read_head(path, file)


def read_archive(path: Path) -> Iterator[SourceRecord]:
    """Give the records of an archive, in the order in which they were written.

    Raises:
        ArchiveError: the file is no archive, cut short, or damaged; what was given until then is as it was.
    """
    count = 0
    with _reading(path) as file:
        _read_head(path, file)
        while True:
            line = _read_line(path, file, count)
            if not line.endswith(b"\n"):
                raise ArchiveError(_cut_short(path, count))
            if line.startswith(b'{"records":'):
                _check_count(path, line, count)
                if _read_line(path, file, count):
                    raise ArchiveError(f"{path}: goes on after its last line: it is damaged")
                return
            try:
                record = decode_line(line)
            except (ValueError, KeyError, TypeError, IndexError, OverflowError, binascii.Error) as error:
                raise ArchiveError(
                    f"{path}: line {count + 2} is no record of an archive: it is damaged"
                ) from error
            count += 1
            yield record


def _read_line(path: Path, file: BinaryIO, count: int) -> bytes:
    try:
        line = file.readline(MAX_LINE_BYTES + 1)
    except EOFError:
        raise ArchiveError(_cut_short(path, count)) from None
    except (zlib.error, gzip.BadGzipFile):
        raise ArchiveError(f"{path}: is damaged after {count} records: fetch or write it again") from None
    if len(line) > MAX_LINE_BYTES:
        raise ArchiveError(
            f"{path}: has a line of more than {MAX_LINE_BYTES} bytes after {count} records, which no record makes: "
            "it is damaged"
        )
    return line


def _check_count(path: Path, line: bytes, count: int) -> None:
    """Return if the last line of an archive says as many records as there were."""
    try:
        told = orjson.loads(line)["records"]
    except (orjson.JSONDecodeError, KeyError):
        raise ArchiveError(
            f"{path}: its last line does not say how many records it holds: it is damaged"
        ) from None
    if told != count:
        raise ArchiveError(f"{path}: holds {count} records and says it holds {told}: it is damaged")


def _cut_short(path: Path, count: int) -> str:
    return f"{path}: is cut short after {count} record{'' if count == 1 else 's'}: fetch or write it again"


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    try:
        with gzip.open(path, "rb") as file:
            yield cast("BinaryIO", file)
    except gzip.BadGzipFile:
        raise ArchiveError(f"{path}: is no archive of Dragoman: it is not compressed with gzip") from None


def _read_head(path: Path, file: BinaryIO) -> ArchiveHead:
    try:
        line = file.readline(_MAX_HEAD_BYTES)
    except EOFError:
        raise ArchiveError(_cut_short(path, 0)) from None
    except zlib.error:
        raise ArchiveError(f"{path}: is damaged in its first line: fetch or write it again") from None
    try:
        head = orjson.loads(line)
        if head["dragoman_archive"] == FORMAT:
            return ArchiveHead(str(head["topic"]))
        told = head["dragoman_archive"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ArchiveError(f"{path}: is no archive of Dragoman: its first line does not say so") from None
    raise ArchiveError(f"{path}: is an archive of format {told}; this version reads format {FORMAT}")


def encode_line(record: SourceRecord) -> bytes:
    """Lay a record out as a line."""
    head: dict[str, object] = {
        "event_time": record.event_time,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
        "key": _text(record.key),
        "headers": [[name, _text(value)] for name, value in record.headers],
    }
    start = orjson.dumps(head, option=orjson.OPT_UTC_Z)[:-1]
    if record.value is None:
        return start + _VALUE + b"null}\n"
    if _fits(record.value):
        return start + _VALUE + record.value + b"}\n"
    return start + b',"value_base64":"' + base64.b64encode(record.value) + b'"}\n'


def _fits(value: bytes) -> bool:
    if value == b"null" or b"\n" in value or value != value.strip():
        return False
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return False
    return True


def _text(data: bytes | None) -> object:
    """Give bytes as text where they are text, else in base64."""
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _bytes(value: object) -> bytes | None:
    match value:
        case None:
            return None
        case str():
            return value.encode()
        case {"base64": str(text)}:
            return base64.b64decode(text, validate=True)
        case _:
            raise ValueError("neither text nor base64")


def _number(value: object) -> int:
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return int(value)
    raise ValueError("no number that Kafka counts by")


def decode_line(line: bytes) -> SourceRecord:
    """Read a record from its line.

    Raises:
        ValueError, KeyError, TypeError, OverflowError: it is none.
    """
    start, found, rest = line.partition(_VALUE)
    value: bytes | None
    if found:
        head = orjson.loads(start + b"}")
        value = rest.rstrip(b"\n")[:-1]
        if value == b"null":
            value = None
    else:
        head = orjson.loads(line)
        value = base64.b64decode(head["value_base64"], validate=True)
    return SourceRecord(
        event_time=datetime.fromisoformat(head["event_time"]).astimezone(UTC),
        partition=_number(head["partition"]),
        offset=_number(head["offset"]),
        timestamp_ms=_number(head["timestamp_ms"]),
        key=_bytes(head["key"]),
        headers=tuple((str(name), _bytes(value) or b"") for name, value in head["headers"]),
        value=value,
    )


def write_archive(path: Path, head: ArchiveHead, records: Iterable[SourceRecord]) -> int:
    """Write an archive of these records and give how many there were."""
    with open_archive_writer(path, head) as writer:
        for record in records:
            writer.write(record)
    return writer.count
