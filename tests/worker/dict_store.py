"""The store of a table as a plain dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class DictStore:
    def __init__(self, data: dict[bytes, bytes] | None = None) -> None:
        self.data = {} if data is None else data
        self.applied: list[tuple[int, int]] = []
        """Partition and offset of what was applied."""

    def get(self, key: bytes) -> bytes | None:
        return self.data.get(key)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        yield from self.data.items()

    def apply(self, key: bytes, value: bytes | None, partition: int, offset: int) -> None:
        self.applied.append((partition, offset))
        if value is None:
            self.data.pop(key, None)
        else:
            self.data[key] = value
