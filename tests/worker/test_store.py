from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from streams.worker.store import size_on_disk

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
