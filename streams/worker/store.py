"""Where the values of a table lie in this process: in memory, or in a RocksDB of its own; either is a copy of the changelog."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, Final, cast

from faust.types import TP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faust.types import TableT

    from streams.kafka.groups import Agent
    from streams.settings import Settings

ROCKSDB_OPTIONS: Final = {
    "block_cache_size": 32 * 1_048_576,
    "write_buffer_size": 16 * 1_048_576,
    "target_file_size_base": 16 * 1_048_576,
    "max_open_files": 256,
}
"""For each partition. Faust's own are for one database on a large machine: a cache of two gibibytes each."""


_STALE_S: Final = 12 * 3600
"""Half of the time for which Kafka keeps the marks of deleted keys, unless its operator says otherwise."""


class StoreError(Exception):
    """The store that the settings ask for cannot be had or written; the message says what to do."""


def check_store(settings: Settings) -> None:
    """Return if the store that the settings ask for can be opened.

    Raises:
        StoreError: Its library is not installed.
    """
    if settings.state_store == "rocksdb" and find_spec("rocksdict") is None:
        raise StoreError(
            "DRAGOMAN_STATE_STORE is rocksdb, whose library is not installed: install it with "
            "`pip install 'dragoman[rocksdb]'`, or unset DRAGOMAN_STATE_STORE to keep state in memory"
        )


def agent_folder(agent: Agent, settings: Settings) -> Path:
    """Give the folder in which an agent of this process may keep things. It may be deleted while no worker runs."""
    return settings.data_dir / "worker" / agent.name


def discard_stale(folder: Path, now_s: float) -> None:
    """Delete the databases of an agent that lay unused for long: they come back from the changelog.

    What was deleted there meanwhile may be told of no more, so that they would hold it for good.
    """
    for database in folder.glob("*/tables/*.db"):
        used_s = max((path.stat().st_mtime for path in database.iterdir()), default=0.0)
        if now_s - used_s > _STALE_S:
            shutil.rmtree(database)


def size_on_disk(folder: Path) -> int:
    """Give the bytes that files take in a folder, as far as they can be seen: a database deletes some at any time."""
    size = 0
    for path in folder.rglob("*"):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        if S_ISREG(found.st_mode):
            size += found.st_size
    return size


class FaustStore:
    """The store behind a Faust table, written to in the one way in which a recovery writes to it.

    Not through the table itself: that would only queue a changelog record, and not wait for it.
    """

    def __init__(self, table: TableT[bytes, bytes], changelog: str) -> None:
        """Take the store of a table whose changelog has this full name."""
        self._store = cast("Any", table.data)
        self._folder: Path = self._store.app.conf.datadir
        self._changelog = changelog

    def get(self, key: bytes) -> bytes | None:
        """Give the value of a key."""
        return cast("bytes | None", self._store.get(key))

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Give all keys and values of the partitions that are open here."""
        yield from self._store.items()

    def apply(self, key: bytes, value: bytes | None, partition: int, offset: int) -> None:
        """Do what a record of the changelog says, and note that it was done: a recovery begins after it.

        Raises:
            StoreError: The disk does not take it. The changelog has it, so that it is not lost.
        """
        message = _Message(TP(self._changelog, partition), offset, key, value)
        try:
            self._store.apply_changelog_batch([_Applied(key, value, message)], _as_it_is, _as_it_is)
        except Exception as error:
            # RocksDB raises nothing more special
            raise StoreError(
                f"the table cannot be written below {self._folder} ({error}): make room there; what the changelog has "
                "is taken up again"
            ) from error


@dataclass(frozen=True, slots=True)
class _Message:
    """As much of a Kafka record as a store looks at."""

    tp: TP
    offset: int
    key: bytes
    value: bytes | None

    @property
    def partition(self) -> int:
        return self.tp.partition


@dataclass(frozen=True, slots=True)
class _Applied:
    key: bytes
    value: bytes | None
    message: _Message


def _as_it_is(value: object) -> object:
    return value
