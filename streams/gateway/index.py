"""The index of the past: what the topics hold, in SQLite, to be asked by filter and time.

It holds nothing that the topics do not. A file that is absent, broken or of another version is filled anew, and the
position in each topic is written with the rows it stands for, so that a kill in the middle costs nothing.
"""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from streams.facets import Facets, Wanted

VERSION: Final = 2
"""Of the tables and of what is written into them; another one means that the file is filled anew."""

_READERS: Final = 4
_SLOTS: Final = 64

_TABLES: Final = """
CREATE TABLE positions (topic TEXT, partition INTEGER, next INTEGER NOT NULL, stamp_ms INTEGER NOT NULL, PRIMARY KEY (topic, partition)) WITHOUT ROWID;
CREATE TABLE rows (
    n INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, subject TEXT NOT NULL, sequence INTEGER NOT NULL,
    time_ms INTEGER NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL, body BLOB
);
CREATE UNIQUE INDEX rows_by_id ON rows (kind, id);
CREATE INDEX rows_by_time ON rows (kind, time_ms, id);
CREATE INDEX rows_by_subject ON rows (kind, subject, sequence);
CREATE INDEX rows_by_place ON rows (topic, partition, position);
CREATE TABLE facets (name TEXT, value TEXT, n INTEGER, PRIMARY KEY (name, value, n)) WITHOUT ROWID;
CREATE INDEX facets_by_row ON facets (n);
"""


class Kind(StrEnum):
    """The sorts of row."""

    ALERT = "alert"
    """An alert as it stands."""
    CHANGE = "change"
    EVENT = "event"
    AGREEMENT = "agreement"
    """An agreement as it stands."""
    TRANSITION = "transition"
    TRANSCRIPT = "transcript"
    """Where the transcript lies; its body stays on the topic."""
    SUBSCRIPTION = "subscription"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Row:
    """What is remembered of a record."""

    kind: Kind
    id: str
    subject: str
    sequence: int
    """Of rows with one id the highest sequence stays; of equal ones the first."""
    time_ms: int
    facets: Facets
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Gone:
    """A tombstone: the row is deleted."""

    kind: Kind
    id: str


@dataclass(frozen=True, slots=True)
class Placed:
    """What follows from one record of a topic."""

    partition: int
    offset: int
    rows: tuple[Row | Gone, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition was read."""

    next: int
    stamp_ms: int
    """The broker's timestamp of the record before it: whether the topic is still the one that was read."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows are asked for, and in which order."""

    kind: Kind
    wanted: Wanted
    from_ms: int | None = None
    to_ms: int | None = None
    newest_first: bool = True
    after: tuple[int, str] | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and from where to go on; None at the end."""

    bodies: tuple[bytes, ...]
    after: tuple[int, str] | None
    positions: dict[int, int]
    """How far the topic was read when the rows were found, by partition."""


class PageCursorError(ValueError):
    """A paging cursor that no gateway wrote."""


def format_page_cursor(after: tuple[int, str], *, newest_first: bool) -> str:
    """Write where a page ended. It says time and id, so that any gateway can go on from it."""
    return urlsafe_b64encode(orjson.dumps([int(newest_first), *after])).rstrip(b"=").decode()


def parse_page_cursor(text: str) -> tuple[tuple[int, str], bool]:
    """Read where a page ended, and whether its order was newest first.

    Raises:
        PageCursorError: it is not one of ours.
    """
    try:
        value = orjson.loads(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except (ValueError, Base64Error):
        value = None
    match value:
        case [(0 | 1) as order, int(time_ms), str(id_)] if abs(time_ms) < 2**62 and not isinstance(
            order, bool
        ):
            return (time_ms, id_), bool(order)
        case _:
            raise PageCursorError(f"not a paging cursor: {text[:60]!r}; send back `next` of the page before")


class Index:
    """The index in its file. Writing and reading may go on at once, each in threads of its own.

    Args:
        folder: Where the files lie. A folder that cannot be written is replaced by one that goes with the process.
        name: What is indexed, such as broker and prefix: another one has another file.

    Gateways side by side each have a file: the first free one of a few is taken and locked.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._stem = f"history-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path, self._lock = self._take_slot(folder)
        except (OSError, sqlite3.OperationalError):
            self._temporary = tempfile.TemporaryDirectory(prefix="dragoman-index-")
            self.path, self._lock = self._take_slot(Path(self._temporary.name))
        self.rebuilt = False
        self._writer = self._opened()
        self._readers: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for _ in range(_READERS):
            self._readers.put(self._connect())
        self._places = self._connect()

    def _take_slot(self, folder: Path) -> tuple[Path, sqlite3.Connection]:
        for slot in range(_SLOTS):
            path = folder / f"{self._stem}-{slot}.sqlite3"
            # SQLite's own lock on a file beside: it goes with the process however that ends, on every system
            lock = sqlite3.connect(
                path.with_suffix(".lock"), timeout=0, isolation_level=None, check_same_thread=False
            )
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                lock.close()
                if "locked" not in str(error):
                    raise
            else:
                return path, lock
        raise OSError(f"{folder} holds the indexes of {_SLOTS} gateways that run")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        # A power cut may cost the last rows with their positions, together: they are read again.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _opened(self) -> sqlite3.Connection:
        existed = self.path.exists()
        with suppress(sqlite3.DatabaseError):
            connection = self._connect()
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == VERSION:
                return connection
            connection.close()
        self.rebuilt = existed
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        self.path.touch(mode=0o600)
        connection = self._connect()
        connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in range(_READERS):
            self._readers.get().close()
        self._places.close()
        self._writer.close()
        self._lock.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    # --- writing: by one thread at a time -----------------------------------------------------------------------

    def write(self, topic: str, placed: Sequence[Placed], positions: Mapping[int, Position]) -> None:
        """Add what follows from records of a topic and where to read on, together or not at all."""
        writer = self._writer
        writer.execute("BEGIN IMMEDIATE")
        try:
            for place in placed:
                for row in place.rows:
                    if isinstance(row, Gone):
                        self._delete("kind = ? AND id = ?", (row.kind, row.id))
                    else:
                        self._put(topic, place, row)
            writer.executemany(
                "INSERT INTO positions VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET next = excluded.next, stamp_ms = excluded.stamp_ms",
                [(topic, partition, at.next, at.stamp_ms) for partition, at in positions.items()],
            )
        except BaseException:
            writer.execute("ROLLBACK")
            raise
        writer.execute("COMMIT")

    def _put(self, topic: str, place: Placed, row: Row) -> None:
        known = self._writer.execute(
            "SELECT n, sequence FROM rows WHERE kind = ? AND id = ?", (row.kind, row.id)
        ).fetchone()
        if known is not None:
            if known[1] >= row.sequence:
                return
            self._delete("n = ?", (known[0],))
        number = self._writer.execute(
            "INSERT INTO rows (kind, id, subject, sequence, time_ms, topic, partition, position, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row.kind, row.id, row.subject, row.sequence, row.time_ms, topic, place.partition, place.offset, row.body),
        ).lastrowid  # fmt: skip
        self._writer.executemany(
            "INSERT INTO facets VALUES (?, ?, ?)",
            [(name, value, number) for name, value in sorted(row.facets)],
        )

    def _delete(self, where: str, values: Sequence[object]) -> None:
        # `where` is one of the fixed texts of this class
        self._writer.execute(
            f"DELETE FROM facets WHERE n IN (SELECT n FROM rows WHERE {where})",  # noqa: S608
            values,
        )
        self._writer.execute(f"DELETE FROM rows WHERE {where}", values)  # noqa: S608

    def forget(self, topic: str) -> None:
        """Drop all that came from a topic: it was made anew."""
        self._writer.execute("BEGIN IMMEDIATE")
        self._delete("topic = ?", (topic,))
        self._writer.execute("DELETE FROM positions WHERE topic = ?", (topic,))
        self._writer.execute("COMMIT")

    def trim(self, topic: str, begin: Mapping[int, int]) -> None:
        """Drop what the topic itself no longer holds."""
        self._writer.execute("BEGIN IMMEDIATE")
        for partition, offset in begin.items():
            self._delete("topic = ? AND partition = ? AND position < ?", (topic, partition, offset))
        self._writer.execute("COMMIT")

    def positions(self, topic: str) -> dict[int, Position]:
        """Give where to read on, by partition."""
        found = self._writer.execute(
            "SELECT partition, next, stamp_ms FROM positions WHERE topic = ?", (topic,)
        ).fetchall()
        return {partition: Position(following, stamp_ms) for partition, following, stamp_ms in found}

    # --- reading: from any thread -------------------------------------------------------------------------------

    def find(self, query: Query, topic: str) -> Page:
        """Give the rows that are asked for."""
        sql, values = _select(query)
        reader = self._readers.get()
        try:
            reader.execute("BEGIN")
            found = reader.execute(sql, values).fetchall()
            positions = reader.execute(
                "SELECT partition, next FROM positions WHERE topic = ?", (topic,)
            ).fetchall()
            reader.execute("COMMIT")
        finally:
            if reader.in_transaction:
                reader.execute("ROLLBACK")
            self._readers.put(reader)
        rows, more = found[: query.limit], len(found) > query.limit
        after = (rows[-1][0], rows[-1][1]) if more else None
        return Page(tuple(row[2] for row in rows), after, dict(positions))

    def get(self, kind: Kind, id_: str) -> bytes | None:
        """Give the body of one row."""
        found = self._fetch("SELECT body FROM rows WHERE kind = ? AND id = ?", (kind, id_))
        return found[0][0] if found else None

    def life(self, kind: Kind, subject: str) -> tuple[bytes, ...]:
        """Give all rows of a subject, in the order of its life."""
        found = self._fetch(
            "SELECT body FROM rows WHERE kind = ? AND subject = ? ORDER BY sequence, time_ms, id",
            (kind, subject),
        )
        return tuple(row[0] for row in found)

    def place(self, kind: Kind, id_: str) -> tuple[int, int] | None:
        """Give partition and offset of the record that a row came from.

        From one thread only, on a connection of its own: it takes microseconds and waits for no other question.
        """
        found = self._places.execute(
            "SELECT partition, position FROM rows WHERE kind = ? AND id = ?", (kind, id_)
        ).fetchone()
        return (found[0], found[1]) if found else None

    def _fetch(self, sql: str, values: tuple[str, ...]) -> list[Any]:
        reader = self._readers.get()
        try:
            with closing(reader.execute(sql, values)) as cursor:
                return cursor.fetchall()
        finally:
            self._readers.put(reader)


def _select(query: Query) -> tuple[str, list[object]]:
    """Build the question. Only fixed texts go into it; whatever came from outside is a value."""
    sign, order = ("<", "DESC") if query.newest_first else (">", "ASC")
    sql = ["SELECT time_ms, id, body FROM rows WHERE kind = ?"]
    values: list[object] = [query.kind]
    for name, chosen in sorted(query.wanted.items()):
        marks = ", ".join("?" * len(chosen))
        sql.append(f"AND n IN (SELECT n FROM facets WHERE name = ? AND value IN ({marks}))")  # noqa: S608 - question marks
        values += [name, *sorted(chosen)]
    if query.from_ms is not None:
        sql.append("AND time_ms >= ?")
        values.append(query.from_ms)
    if query.to_ms is not None:
        sql.append("AND time_ms < ?")
        values.append(query.to_ms)
    if query.after is not None:
        sql.append(f"AND (time_ms, id) {sign} (?, ?)")
        values += query.after
    sql.append(f"ORDER BY time_ms {order}, id {order} LIMIT ?")
    values.append(query.limit + 1)
    return " ".join(sql), values
