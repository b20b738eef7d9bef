from __future__ import annotations

import gzip
from datetime import UTC
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.replay.archive import (
    ArchiveError,
    ArchiveHead,
    SourceRecord,
    decode_line,
    encode_line,
    read_archive,
    read_head,
    write_archive,
)
from tests.factories import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD: Final = ArchiveHead("transcripts.raw.v1")


def record(number: int = 0, value: bytes | None = b'{"id":"t"}') -> SourceRecord:
    return SourceRecord(NOON, 1, number, 1_700_000_000_000, b"key", (("ce_id", b"x"),), value)


records = st.builds(
    SourceRecord,
    event_time=st.datetimes(
        min_value=NOON.replace(year=1971, tzinfo=None),
        max_value=NOON.replace(year=2999, tzinfo=None),
        timezones=st.just(UTC),
    ),
    partition=st.integers(0, 99),
    offset=st.integers(0, 2**60),
    timestamp_ms=st.integers(-1, 2**50),
    key=st.none() | st.binary(max_size=20) | st.text(max_size=10).map(str.encode),
    headers=st.lists(st.tuples(st.text(max_size=10), st.binary(max_size=10)), max_size=3).map(tuple),
    value=st.none()
    | st.binary(max_size=40)
    | st.sampled_from(
        [b"null", b'{"a": 1}', b'{"value":1,"value":2}', b"[]\n", b' {"a":1}', b'{"a":"\\u0000"}']
    ),
)


@given(records)
def test_every_record_comes_back_byte_for_byte(one: SourceRecord) -> None:
    line = encode_line(one)
    assert line.count(b"\n") == 1
    assert decode_line(line) == one


def test_an_archive_gives_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    written = [record(0), record(1, None), record(2, b"\xff not JSON")]
    assert write_archive(path, HEAD, written) == 3
    assert read_head(path) == HEAD
    assert list(read_archive(path)) == written


def test_the_same_records_give_the_same_file(tmp_path: Path) -> None:
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        write_archive(tmp_path / name, HEAD, [record(0)])
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.999])
def test_an_archive_cut_short_is_told_wherever_it_ends(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.jsonl.gz"
    write_archive(path, HEAD, [record(n, str(n * 7919 % 1000).encode()) for n in range(500)])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ArchiveError, match="is cut short after"):
        list(read_archive(path))


def test_an_archive_without_its_last_line_is_cut_short_although_its_compression_is_whole(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.jsonl.gz"
    write_archive(path, HEAD, [record(0), record(1)])
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(lines[:-1])))
    with pytest.raises(ArchiveError, match="cut short after 2 records"):
        list(read_archive(path))
    path.write_bytes(gzip.compress(b"".join([*lines[:-2], lines[-1]])))
    with pytest.raises(ArchiveError, match="holds 1 records and says it holds 2"):
        list(read_archive(path))


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    for data in (
        b"plain text",
        gzip.compress(b"plain text\n"),
        gzip.compress(b'{"dragoman_archive":9,"topic":"t"}\n'),
    ):
        path.write_bytes(data)
        with pytest.raises(ArchiveError, match=r"a\.jsonl\.gz"):
            read_head(path)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    write_archive(path, HEAD, [record(0)])
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join([lines[0], b'{"what":1}\n', lines[2]])))
    with pytest.raises(ArchiveError, match="line 2 is no record"):
        list(read_archive(path))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"offset":', b'"offset":99999999999999999999999,"x":'),
        (b'"offset":', b'"offset":1e300,"x":'),
        (b'"event_time":"', b'"event_time":"0001-01-01T00:00:00+14:00","x":"'),
    ],
)
def test_a_line_with_a_number_or_a_time_out_of_range_is_named(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "a.jsonl.gz"
    write_archive(path, HEAD, [record(0)])
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    assert old in lines[1]
    path.write_bytes(gzip.compress(b"".join([lines[0], lines[1].replace(old, new), lines[2]])))
    with pytest.raises(ArchiveError, match="line 2 is no record"):
        list(read_archive(path))


@pytest.mark.parametrize(
    "last", [b'{"records":x}\n', b'{"records":1e400}\n', b'{"records":"1"}\n', b'{"records":}\n']
)
def test_a_last_line_that_counts_nothing_is_told(tmp_path: Path, last: bytes) -> None:
    path = tmp_path / "a.jsonl.gz"
    write_archive(path, HEAD, [record(0)])
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join([*lines[:2], last])))
    with pytest.raises(ArchiveError, match="it is damaged"):
        list(read_archive(path))


def test_damage_at_the_very_beginning_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    write_archive(path, HEAD, [record(0)])
    whole = bytearray(path.read_bytes())
    whole[12:20] = b"\xff" * 8
    path.write_bytes(whole)
    with pytest.raises(ArchiveError, match="is damaged"):
        list(read_archive(path))


def test_a_small_file_that_unpacks_to_an_endless_line_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    write_archive(path, HEAD, [record(0)])
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(lines[0])
        for _ in range(40):
            file.write(bytes(2**20))
    assert path.stat().st_size < 2**17
    with pytest.raises(ArchiveError, match="has a line of more than"):
        list(read_archive(path))


def test_an_archive_that_was_not_finished_has_no_name(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"

    def broken() -> Iterator[SourceRecord]:
        yield record(0)
        raise KeyError

    with pytest.raises(KeyError):
        write_archive(path, HEAD, broken())
    assert list(tmp_path.iterdir()) == []
