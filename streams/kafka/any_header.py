"""Records whose headers have names that are not UTF-8: read like all others, with U+FFFD where the name has no character.

Kafka's protocol calls such a name wrong, and no broker refuses it; aiokafka (0.14) cannot read past it: at every try
the consumer raises anew, and one record of a stranger would hold up its partition for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

if TYPE_CHECKING:
    from collections.abc import Iterator

_LENGTH_AT, _LENGTH_END = 8, 12
"""Where a batch says how many bytes follow, in every format of Kafka."""


def accept_any_header() -> None:
    """Let all consumers of this process read such records."""
    fetcher.MemoryRecords = AnyHeaderRecords


class AnyHeaderRecords:
    """The batches of a fetch, as aiokafka's `MemoryRecords` gives them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._records = MemoryRecords(data)
        self._at = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it has
        return getattr(self._records, name)

    def next_batch(self) -> AnyHeaderBatch | None:
        """Give the next batch, None at the end."""
        batch = self._records.next_batch()
        if batch is None:
            return None
        begin = self._at
        size = int.from_bytes(self._data[begin + _LENGTH_AT : begin + _LENGTH_END])
        self._at = begin + _LENGTH_END + size
        return AnyHeaderBatch(batch, self._data[begin : self._at])


class AnyHeaderBatch:
    """One batch: read by the compiled reader, and from a record that it cannot read on by the slow one."""

    def __init__(self, batch: Any, data: bytes) -> None:  # noqa: ANN401 - aiokafka has no types
        self._batch = batch
        self._data = data

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it has
        return getattr(self._batch, name)

    def __next__(self) -> Any:  # noqa: ANN401 - as above
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        given = 0
        try:
            for record in self._batch:
                given += 1
                yield record
        except UnicodeDecodeError:
            slow = _DefaultRecordBatchPy(self._data)
            iter(slow)  # unpacks what is compressed
            slow._buffer = _Buffer(slow._buffer)  # noqa: SLF001 - the rest of that class is as it should be
            yield from (record for number, record in enumerate(slow) if number >= given)


class _Piece(bytearray):
    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, errors)


class _Buffer(bytearray):
    def __getitem__(self, at: SupportsIndex | slice) -> Any:  # noqa: ANN401 - a byte, or a piece
        found = super().__getitem__(at)
        return _Piece(found) if isinstance(found, bytearray) else found
