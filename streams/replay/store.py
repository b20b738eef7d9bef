"""Replays on disk: what each was asked for, how far it is, and whether a process is at it now."""

from __future__ import annotations

import fcntl
import gzip
import os
import shutil
import time
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from pydantic import Field

from schemas.contract import Contract, ContractError, Time
from schemas.ids import derived_id
from schemas.rule import Rule, RuleStatus
from streams.replay.prepare import ReplaySource
from streams.replay.run import LATENESS_S, Memory
from streams.replay.spool import Spooled
from streams.rules.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from streams.settings import Settings

_PLAN: Final = "plan.json"
_CHECKPOINT: Final = "checkpoint.json.gz"
_PROGRESS: Final = "progress.json"
_LOCK: Final = "lock"
LOG: Final = "log"
_UNFINISHED: Final = ".unfinished"
_TRIES: Final = 4
_BETWEEN_S: Final = 0.05


class ReplayError(Exception):
    """A replay cannot be begun, found or gone on with; the message says why and what to do."""


class Plan(Contract):
    """What a replay was asked for. Everything that decides is in it, so that it can be gone on with anywhere."""

    id: str
    from_time: Time
    to_time: Time
    warm_up_s: float = Field(
        default=0.0, ge=0, description="Event time before `from_time` that is read for memory's sake only"
    )
    source: ReplaySource
    rules: tuple[Rule, ...]
    rules_from: str
    reader_version: str | None = Field(default=None, description="Of raw: which reader read it")
    lateness_s: float = LATENESS_S
    publish: bool = Field(default=True, description="Write to topics, not to files alone")
    speed: float | None = Field(
        default=None, gt=0, description="Times as fast as event time; unset: no limit"
    )
    reached_time: Time | None = Field(
        default=None, description="The newest event time in the source, be it beyond the range"
    )
    near_misses: bool = Field(
        default=True, description="Record near misses of rules that are being written, as live"
    )
    spooled: Spooled = Spooled(records=0)

    @property
    def passed_time(self) -> datetime | None:
        """How far event time had come live, up to the end of the range; None where nothing was heard after it."""
        if self.reached_time is None:
            return None
        return min(self.to_time, self.reached_time - timedelta(seconds=self.lateness_s))

    @property
    def rules_at_work(self) -> tuple[Rule, ...]:
        """The rules as they are put to work: near misses are told of rules that are being written, so none is if none are wanted."""
        if self.near_misses:
            return self.rules
        return tuple(rule.model_copy(update={"status": RuleStatus.STABLE}) for rule in self.rules)


class Checkpoint(Contract):
    """Where a replay can be taken up: everything up to `position` is done, and its outputs have these sizes."""

    position: int = 0
    transcripts: int = 0
    refused: int = 0
    first_refused: str | None = None
    event_time: Time | None = None
    sizes: dict[str, int] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict, description="Outputs by topic")
    done: bool = False
    memory: Memory = Memory()


class Progress(Contract):
    """How far a replay is, for whoever asks."""

    position: int = 0
    transcripts: int = 0
    refused: int = 0
    first_refused: str | None = None
    event_time: Time | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    done: bool = False
    rate: float | None = Field(default=None, description="Transcripts a second, of the last stretch")


class ReplayState(StrEnum):
    """Whether anything happens."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class Replay:
    """One replay's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def id(self) -> str:
        """Its name."""
        return self.folder.name

    @property
    def input_folder(self) -> Path:
        """Where its input lies."""
        return self.folder / "input"

    @property
    def outputs_folder(self) -> Path:
        """Where its outputs lie."""
        return self.folder / "outputs"

    def read_plan(self) -> Plan:
        """Give what it was asked for."""
        try:
            return Plan.decode((self.folder / _PLAN).read_bytes())
        except ContractError as error:
            raise ReplayError(f"replay {self.id} was written by another version: {error.reason}") from None

    def write_plan(self, plan: Plan) -> None:
        """Keep what it was asked for."""
        _write(self.folder / _PLAN, plan.encode())

    def read_checkpoint(self) -> Checkpoint:
        """Give where it can be taken up; at its start where there is nothing yet."""
        try:
            return Checkpoint.decode(gzip.decompress((self.folder / _CHECKPOINT).read_bytes()))
        except FileNotFoundError:
            return Checkpoint()
        except ContractError as error:
            raise ReplayError(f"replay {self.id} was written by another version: {error.reason}") from None

    def write_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep where it can be taken up: all of it or, after a sudden end, the one before."""
        _write(self.folder / _CHECKPOINT, gzip.compress(checkpoint.encode(), compresslevel=1, mtime=0))

    def read_progress(self) -> Progress:
        """Say how far it is."""
        try:
            return Progress.decode((self.folder / _PROGRESS).read_bytes())
        except FileNotFoundError:
            return Progress()

    def write_progress(self, progress: Progress) -> None:
        """Tell how far it is."""
        _write(self.folder / _PROGRESS, progress.encode())

    @property
    def last_words(self) -> str | None:
        """The last line that a process left that ran behind; None if it had nothing to say."""
        path = self.folder / LOG
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.is_file() else []
        return next((line for line in reversed(lines) if line.strip()), None)

    @property
    def state(self) -> ReplayState:
        """Whether a process is at it, and if not, whether it is through."""
        with self._held() as file:
            if file is None:
                return ReplayState.RUNNING
        return ReplayState.DONE if self.read_progress().done else ReplayState.STOPPED

    @contextmanager
    def locked(self) -> Iterator[Self]:
        """Be the only one at it, known by the id of this process. The lock goes with the process, however that ends.

        Raises:
            ReplayError: another process is at it.
        """
        with self._held() as file:
            if file is None:
                raise ReplayError(f"replay {self.id} is running: see `dragoman replay status {self.id}`")
            file.truncate(0)
            file.write(str(os.getpid()).encode())
            file.flush()
            yield self

    @property
    def holder(self) -> int | None:
        """The id of the process that is at it; None if there is none."""
        if not (self.folder / _LOCK).is_file():
            return None
        with self._held() as file:
            if file is not None:
                return None
        try:
            return int((self.folder / _LOCK).read_bytes())
        except ValueError:
            return None

    @contextmanager
    def _held(self) -> Iterator[BinaryIO | None]:
        with (self.folder / _LOCK).open("ab") as file:
            for _ in range(_TRIES):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    # someone who only looks holds it for a moment
                    time.sleep(_BETWEEN_S)
                else:
                    yield file
                    return
            yield None


class Store:
    """All replays of an installation."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir / "replays"

    def ids(self) -> list[str]:
        """Name the replays there are."""
        if not self._folder.is_dir():
            return []
        return sorted(
            f.name
            for f in self._folder.iterdir()
            if (f / _PLAN).is_file() and not f.name.endswith(_UNFINISHED)
        )

    def find(self, replay_id: str) -> Replay:
        """Give a replay by its name.

        Raises:
            ReplayError: there is none of this name; the nearest is named.
        """
        known = self.ids()
        if replay_id not in known:
            hint = nearest(replay_id, known) or "; `dragoman replay list` shows them"
            if not known:
                hint = ": none was started yet"
            raise ReplayError(f"there is no replay {replay_id}{hint}")
        return Replay(self._folder / replay_id)

    @contextmanager
    def create(self, replay_id: str) -> Iterator[Replay]:
        """Give the folder of a new replay. It counts once the block has ended; an error in it leaves nothing behind.

        Raises:
            ReplayError: there is one of this name, or one is just being made.
        """
        if replay_id in self.ids():
            raise ReplayError(
                f"there is a replay {replay_id} already: `dragoman replay resume {replay_id}` goes on with it, "
                "--name NAME begins another"
            )
        self._clear_unfinished()
        unfinished = self._folder / (replay_id + _UNFINISHED)
        unfinished.mkdir(parents=True, exist_ok=True)
        with Replay(unfinished).locked():
            try:
                yield Replay(unfinished)
                (unfinished / _LOCK).unlink()
                unfinished.rename(self._folder / replay_id)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise

    def _clear_unfinished(self) -> None:
        """Remove what processes left that ended suddenly while they collected."""
        for folder in self._folder.glob(f"*{_UNFINISHED}"):
            if Replay(folder).holder is None:
                shutil.rmtree(folder, ignore_errors=True)

    def remove(self, replay_id: str) -> None:
        """Remove a replay that nobody is at.

        Raises:
            ReplayError: there is none, or it is running.
        """
        replay = self.find(replay_id)
        with replay.locked():
            shutil.rmtree(replay.folder)


def name_plan(
    from_time: datetime, to_time: datetime, source: str, rules: tuple[Rule, ...], reader: str | None
) -> str:
    """Give the name of a replay that was given none: the same question has the same name."""
    contents = sorted(rule.encode().decode() for rule in rules)
    parts = (from_time.isoformat(), to_time.isoformat(), source, reader or "", *contents)
    return derived_id("replay", *parts)[:8]


def progress_of(checkpoint: Checkpoint, *, rate: float | None) -> Progress:
    """Say how far a replay is that stands at a checkpoint."""
    fields = {name: getattr(checkpoint, name) for name in Progress.model_fields if hasattr(checkpoint, name)}
    return Progress(**fields, rate=rate)


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
