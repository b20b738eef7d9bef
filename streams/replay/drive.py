"""One replay on its way: the input in event time, through memory, to its outputs, with checkpoints to be taken up from."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from schemas.topics import RULES_MISSED
from streams.replay.outputs import OUTPUT_TOPICS, Line, Outputs
from streams.replay.run import MemoryRun, index_of
from streams.replay.spool import Spool
from streams.replay.store import Checkpoint, progress_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from schemas.topics import Output, Topic
    from streams.replay.archive import SourceRecord
    from streams.replay.pool import Prepare
    from streams.replay.prepare import Prepared
    from streams.replay.store import Replay

_SHARE: Final = 20
"""A checkpoint is written when as many times as long has passed as the last one took: a twentieth of the time at most."""
_AT_LEAST_S: Final = 1.0
_EXAMPLE_SIGNS: Final = 300


@dataclass(slots=True)
class Pace:
    """Holds a replay to a multiple of event time. The clock and the pause are given, so that it can be tried without waiting."""

    speed: float
    now_s: Callable[[], float]
    wait: Callable[[float], None]
    _begun: tuple[datetime, float] | None = None

    def keep(self, event_time: datetime) -> None:
        """Wait until it is this event time's turn."""
        if self._begun is None:
            self._begun = (event_time, self.now_s())
            return
        first, began_s = self._begun
        due_s = began_s + (event_time - first).total_seconds() / self.speed
        pause_s = due_s - self.now_s()
        if pause_s > 0:
            self.wait(pause_s)


@dataclass(slots=True)
class Drive:
    """A replay at work. Whoever drives it may stop after any record."""

    replay: Replay
    prepare: Prepare
    pace: Pace | None = None
    stopped: Callable[[], bool] = field(default=lambda: False)

    def points(self) -> Iterator[Checkpoint]:
        """Do the work; each time a checkpoint was written it is given. The last one is written in any case.

        After a sudden end the outputs are cut back to the last checkpoint, and what followed it is done again, to
        the same end: nothing is repeated, nothing skipped.
        """
        plan = self.replay.read_plan()
        point = self.replay.read_checkpoint()
        outputs = Outputs(self.replay.outputs_folder, point.sizes)
        run = MemoryRun(None, index_of(plan.rules_at_work), plan.lateness_s, point.memory)
        work = _Work(point, outputs, plan.from_time, plan.to_time)
        spool = Spool(self.replay.input_folder, plan.source.topic.name)
        clock = _CheckpointClock()
        try:
            for batch in self.prepare(spool.read(point.position)):
                for position, record, prepared in batch:
                    if self.stopped():
                        break
                    if self.pace is not None and record.event_time >= plan.from_time:
                        self.pace.keep(record.event_time)
                    work.take(run, position, record, prepared)
                    if clock.is_due():
                        yield self._keep(work, run, clock, done=False)
                if self.stopped():
                    break
            done = point.done or not self.stopped()
            if done and plan.passed_time is not None:
                # what was held or awaited until then is told as it was live, where time went on
                work.take_outputs(run.pass_time(plan.passed_time))
            yield self._keep(work, run, clock, done=done)
        finally:
            outputs.close()

    def _keep(self, work: _Work, run: MemoryRun, clock: _CheckpointClock, *, done: bool) -> Checkpoint:
        began_s = time.perf_counter()
        sizes = work.outputs.flush()
        work.point = work.point.model_copy(
            update={"sizes": sizes, "counts": dict(work.counts), "memory": run.memory, "done": done}
        )
        self.replay.write_checkpoint(work.point)
        rate = clock.rate(work.point.transcripts)
        self.replay.write_progress(progress_of(work.point, rate=rate))
        clock.took(time.perf_counter() - began_s)
        return work.point


@dataclass(slots=True)
class _Work:
    """What was done since the start, of which the last checkpoint knows a part."""

    point: Checkpoint
    outputs: Outputs
    from_time: datetime
    to_time: datetime
    counts: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = dict(self.point.counts)

    def take(self, run: MemoryRun, position: int, record: SourceRecord, prepared: Prepared) -> None:
        changes: dict[str, object] = {
            "position": position + 1,
            "transcripts": self.point.transcripts + 1,
            "event_time": record.event_time,
        }
        if prepared.refused is not None:
            changes["refused"] = self.point.refused + 1
            if self.point.first_refused is None:
                key = (record.key or b"").decode(errors="replace")
                changes["first_refused"] = f"{key}: {prepared.refused}"[:_EXAMPLE_SIGNS]
        for part in prepared.parts:
            for miss in part.near_misses:
                self._write(RULES_MISSED, Line(miss.key, miss.event_time, miss.data))
        self.take_outputs(run.take_prepared(prepared))
        self.point = self.point.model_copy(update=changes)

    def take_outputs(self, given: Iterable[Output]) -> None:
        for output in given:
            if output.topic in OUTPUT_TOPICS:
                self._write(output.topic, Line(output.key, output.event_time, output.record.encode()))

    def _write(self, topic: Topic, line: Line) -> None:
        """Write what falls into the range asked for; before it, memory is warmed up and nothing told."""
        if not self.from_time <= line.event_time < self.to_time:
            return
        self.outputs.write(topic, line)
        self.counts[topic.name] = self.counts.get(topic.name, 0) + 1


class _CheckpointClock:
    """Says when the next checkpoint is due. Wall time: it decides how often, never what."""

    def __init__(self) -> None:
        self._last_s = time.perf_counter()
        self._cost_s = 0.0
        self._last_count: int | None = None

    def is_due(self) -> bool:
        return time.perf_counter() - self._last_s >= max(_AT_LEAST_S, self._cost_s * _SHARE)

    def rate(self, transcripts: int) -> float | None:
        """Give transcripts a second since the last checkpoint."""
        before, self._last_count = self._last_count, transcripts
        passed_s = time.perf_counter() - self._last_s
        if before is None or passed_s <= 0:
            return None
        return (transcripts - before) / passed_s

    def took(self, cost_s: float) -> None:
        self._cost_s = cost_s
        self._last_s = time.perf_counter()


def time_left(position: int, records: int, rate: float | None) -> timedelta | None:
    """Say how long what is left takes at a rate; None where the rate is not known."""
    if rate is None or rate <= 0:
        return None
    return timedelta(seconds=max(0, records - position) / rate)
