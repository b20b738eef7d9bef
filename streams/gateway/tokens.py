"""Tokens: who may do what at the door.

A token is 256 random bits, so that its SHA-256 is enough to keep: there is nothing to guess that a slow hash would protect.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import tempfile
from base64 import urlsafe_b64encode
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import Field

from schemas.contract import Contract, ContractError, Time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

PREFIX: Final = "dragoman_"
"""So that a token is known for one where it turns up by mistake."""
SECRET_BYTES: Final = 32


class Scope(StrEnum):
    """What a token is good for. None of them includes another."""

    INGEST = "ingest"
    """Send transcripts."""
    READ = "read"
    """Read alerts, events, agreements and transcripts, and follow them."""
    MANAGE = "manage"
    """Change how the installation works: subscriptions, rules, replays."""


class Token(Contract):
    """A token as it is kept: everything but itself."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    hash: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the token")
    scopes: tuple[Scope, ...] = Field(min_length=1)
    created_time: Time
    expires_time: Time | None = None

    def is_expired(self, now: datetime) -> bool:
        """Tell whether its time is over."""
        return self.expires_time is not None and now >= self.expires_time


class Tokens(Contract):
    """All tokens of an installation."""

    tokens: tuple[Token, ...] = ()


class TokenError(Exception):
    """Tokens cannot be read or changed as asked; the message says why."""


def make_token(
    name: str, scopes: Iterable[Scope], secret: bytes, created: datetime, expires: datetime | None
) -> tuple[str, Token]:
    """Make a token of random bytes: the text for its owner, and what is kept of it.

    Raises:
        pydantic.ValidationError: the name is none.
    """
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"a token needs {SECRET_BYTES} random bytes, not {len(secret)}")
    text = PREFIX + urlsafe_b64encode(secret).rstrip(b"=").decode()
    kept = Token(
        name=name,
        hash=hash_token(text),
        scopes=tuple(sorted(set(scopes))),
        created_time=created,
        expires_time=expires,
    )
    return text, kept


def hash_token(text: str) -> str:
    """Give the SHA-256 of a token in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def find_token(tokens: Iterable[Token], text: str) -> Token | None:
    """Give the token that a text is, expired or not. It takes as long for a near miss as for anything else."""
    given = hash_token(text)
    found = None
    for token in tokens:
        if hmac.compare_digest(token.hash, given):
            found = token
    return found


def add_token(tokens: Tokens, token: Token) -> Tokens:
    """Add a token.

    Raises:
        TokenError: the name is taken.
    """
    if any(known.name == token.name for known in tokens.tokens):
        raise TokenError(f"there is a token {token.name}: revoke it first, or choose another name")
    return Tokens(tokens=tuple(sorted((*tokens.tokens, token), key=lambda known: known.name)))


def revoke_token(tokens: Tokens, name: str) -> Tokens:
    """Take a token away.

    Raises:
        TokenError: there is none of that name.
    """
    kept = tuple(token for token in tokens.tokens if token.name != name)
    if len(kept) == len(tokens.tokens):
        raise TokenError(f"there is no token {name}: `dragoman tokens list` shows them")
    return Tokens(tokens=kept)


class TokenFile:
    """The tokens in their file, which only its owner can read. A change is seen at the next question."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tokens.json"
        self._seen: tuple[int, int, int] | None = None
        self._tokens = Tokens()

    def read(self) -> Tokens:
        """Give the tokens; none where there is no file.

        Raises:
            TokenError: the file is there and cannot be read.
        """
        try:
            state = self.path.stat()
        except FileNotFoundError:
            self._seen, self._tokens = None, Tokens()
            return self._tokens
        except OSError as error:
            raise TokenError(f"{self.path} cannot be read: {error.strerror}") from error
        seen = (state.st_mtime_ns, state.st_ino, state.st_size)
        if seen != self._seen:
            try:
                self._tokens = Tokens.decode(self.path.read_bytes())
            except OSError as error:
                raise TokenError(f"{self.path} cannot be read: {error.strerror}") from error
            except ContractError as error:
                raise TokenError(
                    f"{self.path} is no file of tokens ({error.reason}): mend it, or remove it and make new tokens"
                ) from error
            self._seen = seen
        return self._tokens

    def change(self, how: Callable[[Tokens], Tokens]) -> None:
        """Change the tokens, with nobody else between reading and writing.

        Raises:
            TokenError: the file cannot be read or written, or `how` raised it.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            folder = os.open(self.path.parent, os.O_RDONLY)
        except OSError as error:
            raise TokenError(f"{self.path.parent} cannot be used: {error.strerror}") from error
        try:
            # The folder and not the file: a lock on a file that is replaced holds up nobody who opens the next one.
            fcntl.flock(folder, fcntl.LOCK_EX)
            self._write(how(self.read()))
        except OSError as error:
            raise TokenError(f"{self.path} cannot be written: {error.strerror}") from error
        finally:
            os.close(folder)

    def _write(self, tokens: Tokens) -> None:
        """Replace the file: whole or not at all, for its owner's eyes alone."""
        number, name = tempfile.mkstemp(prefix=".tokens-", dir=self.path.parent)  # made with mode 0600
        try:
            with os.fdopen(number, "wb") as file:
                file.write(tokens.encode())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
