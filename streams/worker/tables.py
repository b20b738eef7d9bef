"""What an agent remembers from one record to the next: one frozen value for each key, recovered from a changelog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import orjson
from pydantic import Field

from schemas.alert import AlertChange
from schemas.contract import Contract, ContractError, Time
from streams.ledger import Book
from streams.rules.evaluate import RuleState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator


class TableError(Exception):
    """What a table holds is not what it should be; the message says under which key and what to do."""


class Position(Contract):
    """Where a record lies. The timestamp tells apart two topics of one name, of which the older was deleted."""

    partition: int = Field(ge=0)
    offset: int = Field(ge=0)
    timestamp_ms: int

    def covers(self, other: Position) -> bool:
        """Tell whether a record at `other` came no later than the one here, that is, was gone through before."""
        return (
            self.partition == other.partition
            and self.offset >= other.offset
            and self.timestamp_ms >= other.timestamp_ms
        )


class Kept(Contract):
    """What is kept under a key. `position` is that of the last record that it comes from."""

    position: Position


class KeptBook(Kept):
    """What the ledger keeps under a key: the book, and the last event that was posted in it."""

    book: Book | None


class KeptState(Kept):
    """What alerting keeps under a key: the state of the rule's group, and the last match that it was judged by.

    `outbox` holds the changes that this step decided on, until it is known that they are on their topics: after a
    sudden end they can be looked up there and only what is missing is published. Judged again they might come out
    otherwise, because event time has moved on.
    """

    seen_time: Time = Field(
        description="Latest event time on the partition; the watermark starts from it again"
    )
    state: RuleState | None
    outbox: tuple[AlertChange, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is known of the group but how far its matches were judged."""
        return self.state is None and not self.outbox


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What is needed of a kept state to know when to look at it."""

    partition: int
    seen_time: datetime
    due_time: datetime | None
    unsettled: bool
    empty: bool


def glimpse_state(key: bytes, value: bytes) -> Glimpse:
    """Look at an encoded `KeptState` without reading all of it: a table may hold very many when it is recovered.

    Raises:
        TableError: It is none.
    """
    try:
        fields = orjson.loads(value)
        due = (fields["state"] or {}).get("due_time")
        return Glimpse(
            fields["position"]["partition"],
            datetime.fromisoformat(fields["seen_time"]),
            None if due is None else datetime.fromisoformat(due),
            bool(fields["outbox"]),
            fields["state"] is None and not fields["outbox"],
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _unreadable(key, f"{type(error).__name__}: {error}") from error


def _unreadable(key: bytes, why: str) -> TableError:
    return TableError(
        f"what is kept under {key.decode(errors='replace')} cannot be read ({why}): it was written by a newer version, or "
        "by something else; run that version, or delete the changelog topic, and the folder of a RocksDB, and make the "
        "topic again: what it held is forgotten"
    )


class Store(Protocol):
    """Where the encoded values of a table lie in this process: a copy of what its changelog says."""

    def get(self, key: bytes) -> bytes | None:
        """Give the value of a key."""

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Give all keys and values."""

    def apply(self, key: bytes, value: bytes | None, partition: int, offset: int) -> None:
        """Do what the record of the changelog at this place says; without a value the key goes."""


KeptT = TypeVar("KeptT", bound=Kept)


class Shelf(Generic[KeptT]):
    """The table of one agent. A value counts as kept only when the changelog on the broker has it."""

    def __init__(
        self,
        kind: type[KeptT],
        store: Store,
        write_changelog: Callable[[bytes, bytes | None, int], Awaitable[int]],
        tell: Callable[[int, int], None] | None = None,
    ) -> None:
        """Wrap the raw table.

        Args:
            kind: What its values are.
            store: Key to encoded value, as recovered.
            write_changelog: Puts key and value on a partition of the changelog and gives its offset when the broker has
                them.
            tell: Told of the number of values and of their bytes when these change.
        """
        self._kind = kind
        self._tell = tell
        self._groups = 0
        self._size_bytes = 0
        self._store = store
        self._write_changelog = write_changelog

    def get(self, key: bytes) -> KeptT | None:
        """Give what is kept under a key."""
        value = self._store.get(key)
        if value is None:
            return None
        try:
            return self._kind.decode(value)
        except ContractError as error:
            raise _unreadable(key, error.reason) from error

    async def put(self, key: bytes, kept: KeptT) -> None:
        """Keep a value: first on the broker, on the partition of the record it comes from, then here."""
        await self._write(key, kept.encode(), kept.position.partition)

    async def drop(self, key: bytes, kept: KeptT) -> None:
        """Forget a key, whose value this is: first on the broker, then here."""
        await self._write(key, None, kept.position.partition)

    async def _write(self, key: bytes, value: bytes | None, partition: int) -> None:
        offset = await self._write_changelog(key, value, partition)
        before = self._store.get(key)
        self._store.apply(key, value, partition, offset)
        self._groups += (value is not None) - (before is not None)
        self._size_bytes += len(value or b"") - len(before or b"")
        self._tell_size()

    def recover(self) -> Iterator[tuple[bytes, bytes]]:
        """Give everything kept as it is encoded, and count it: what a recovery wrote it wrote past this class.

        Values of partitions that have moved away may still be among it.
        """
        self._groups = self._size_bytes = 0
        for key, value in self._store.items():
            self._groups += 1
            self._size_bytes += len(value)
            yield key, value
        self._tell_size()

    def _tell_size(self) -> None:
        if self._tell is not None:
            self._tell(self._groups, self._size_bytes)
