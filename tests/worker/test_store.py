from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from streams.worker.store import discard_stale, size_on_disk

if TYPE_CHECKING:
    from pathlib import Path


def test_a_store_that_is_not_installed_is_told_in_one_sentence_before_anything_else() -> None:
    without = (
        "import os, sys; sys.modules['rocksdict'] = None; os.environ['DRAGOMAN_STATE_STORE'] = 'rocksdb'; "
        "from streams.cli.main import main; sys.argv = ['dragoman', 'worker', '--check']; main()"
    )
    ended = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == (
        "dragoman: DRAGOMAN_STATE_STORE is rocksdb, whose library is not installed: install it with "
        "`pip install 'dragoman[rocksdb]'`, or unset DRAGOMAN_STATE_STORE to keep state in memory\n"
    )


def test_the_size_of_a_folder_is_that_of_all_files_below_it(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "one").write_bytes(b"123")
    (tmp_path / "deep" / "er" / "two").write_bytes(b"4567")
    assert size_on_disk(tmp_path) == 7
    assert size_on_disk(tmp_path / "not there") == 0


def test_a_database_that_lay_unused_for_long_is_thrown_away_and_one_in_use_is_kept(tmp_path: Path) -> None:
    hour_s = 3600
    now_s = 1_000 * hour_s
    for name, unused_h in (("books-0.db", [30, 2]), ("books-1.db", [30, 13])):
        database = tmp_path / "v1" / "tables" / name
        database.mkdir(parents=True)
        for number, hours in enumerate(unused_h):
            (database / f"{number}.sst").write_bytes(b"x")
            os.utime(database / f"{number}.sst", (now_s - hours * hour_s,) * 2)
    discard_stale(tmp_path, now_s)
    assert [path.name for path in (tmp_path / "v1" / "tables").iterdir()] == ["books-0.db"]
    discard_stale(tmp_path / "not there", now_s)
