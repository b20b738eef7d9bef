from __future__ import annotations

import stat
import subprocess
import sys
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from streams.cli.main import dragoman
from streams.gateway.tokens import (
    Scope,
    TokenError,
    TokenFile,
    Tokens,
    add_token,
    find_token,
    make_token,
    revoke_token,
)
from tests.factories import NOON

if TYPE_CHECKING:
    from pathlib import Path


@given(st.binary(min_size=32, max_size=64), st.text(max_size=60))
def test_a_token_is_found_by_itself_and_by_nothing_else(secret: bytes, other: str) -> None:
    text, kept = make_token("desk", [Scope.READ], secret, NOON, None)
    assert find_token([kept], text) == kept
    assert find_token([kept], other) is None
    assert find_token([], text) is None


def test_a_token_itself_is_not_kept() -> None:
    text, kept = make_token("desk", [Scope.READ], bytes(32), NOON, None)
    assert text not in kept.encode().decode()


def test_a_token_of_few_random_bytes_is_not_made() -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        make_token("desk", [Scope.READ], bytes(31), NOON, None)


def test_a_token_expires_at_its_time_and_not_before() -> None:
    _, kept = make_token("desk", [Scope.READ], bytes(32), NOON, NOON + timedelta(days=1))
    assert not kept.is_expired(NOON + timedelta(hours=23))
    assert kept.is_expired(NOON + timedelta(days=1))


def test_a_name_is_given_once() -> None:
    _, kept = make_token("desk", [Scope.READ], bytes(32), NOON, None)
    with pytest.raises(TokenError, match="revoke it first"):
        add_token(add_token(Tokens(), kept), kept)
    with pytest.raises(TokenError, match="no token other"):
        revoke_token(Tokens(tokens=(kept,)), "other")


def test_a_file_is_for_its_owner_alone_and_a_change_is_seen(tmp_path: Path) -> None:
    reader, writer = TokenFile(tmp_path), TokenFile(tmp_path)
    assert reader.read() == Tokens()
    for number in range(3):
        _, kept = make_token(f"t{number}", [Scope.READ], bytes([number] * 32), NOON, None)
        writer.change(partial(add_token, token=kept))
        assert [t.name for t in reader.read().tokens] == [f"t{n}" for n in range(number + 1)]
    assert stat.S_IMODE(reader.path.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["tokens.json"]


_ADD_FIVE = """
import sys; from functools import partial; from pathlib import Path
from streams.gateway.tokens import Scope, TokenFile, add_token, make_token
from tests.factories import NOON
print("ready", flush=True); sys.stdin.readline()
for number in range(5):
    token = make_token(f"{sys.argv[1]}-{number}", [Scope.READ], bytes(32), NOON, None)[1]
    TokenFile(Path(sys.argv[2])).change(partial(add_token, token=token))
"""


def test_of_tokens_that_are_made_at_once_none_is_lost(tmp_path: Path) -> None:
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", _ADD_FIVE, name, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in ("a", "b", "c")
    ]
    for maker in makers:
        assert maker.stdout is not None
        assert maker.stdout.readline() == b"ready\n"
    for maker in makers:
        maker.communicate(b"go\n")
        assert maker.returncode == 0
    names = {token.name for token in TokenFile(tmp_path).read().tokens}
    assert names == {f"{maker}-{number}" for maker in "abc" for number in range(5)}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    runner = CliRunner(env={"DRAGOMAN_DATA_DIR": str(tmp_path / "file")})
    done = runner.invoke(dragoman, ["tokens", "add", "desk", "--scope", "read"])
    assert done.exit_code == 1
    assert f"{tmp_path / 'file'} cannot be used" in done.output.replace("\n", "")


def test_a_file_that_holds_no_tokens_is_named(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.path.write_text("{")
    with pytest.raises(TokenError, match="no file of tokens"):
        file.read()


def test_the_command_makes_a_token_shows_it_once_and_revokes_it(tmp_path: Path) -> None:
    runner = CliRunner(env={"DRAGOMAN_DATA_DIR": str(tmp_path)})
    made = runner.invoke(dragoman, ["tokens", "add", "desk", "--scope", "read", "--expires", "90d"])
    assert made.exit_code == 0
    text = made.stdout.strip()
    found = find_token(TokenFile(tmp_path).read().tokens, text)
    assert found is not None
    assert (found.scopes, found.expires_time) == ((Scope.READ,), found.created_time + timedelta(days=90))
    listed = runner.invoke(dragoman, ["tokens", "list"]).output
    assert "desk" in listed
    assert text not in listed
    assert found.hash not in runner.invoke(dragoman, ["tokens", "list", "--json"]).output
    assert runner.invoke(dragoman, ["tokens", "revoke", "desk"]).exit_code == 0
    assert TokenFile(tmp_path).read() == Tokens()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["add", "de sk", "--scope", "read"], 2, "letters, digits"),
        (["add", "desk"], 2, "--scope"),
        (["add", "desk", "--scope", "read", "--expires", "soon"], 2, "such as 90d"),
        (["revoke", "desk"], 1, "no token desk"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    runner = CliRunner(env={"DRAGOMAN_DATA_DIR": str(tmp_path)})
    done = runner.invoke(dragoman, ["tokens", *arguments])
    assert (done.exit_code, words in done.output) == (code, True)
