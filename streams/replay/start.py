"""Beginning a replay and running it: everything is checked and collected first, so that what cannot be done leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from aiokafka.errors import KafkaError

from streams.extract.models import load_models
from streams.extract.version import READER_VERSION
from streams.kafka.client import open_producer
from streams.replay.drive import Drive, Pace
from streams.replay.history import Stretch, read_file, read_topic
from streams.replay.pool import open_pool
from streams.replay.prepare import ReplaySource
from streams.replay.publish import Publisher, count_published, create_replay_topics
from streams.replay.spool import Spool
from streams.replay.store import Plan, ReplayError, name_plan, progress_of

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from schemas.rule import Rule
    from streams.replay.archive import SourceRecord
    from streams.replay.spool import Spooled
    from streams.replay.store import Checkpoint, Replay, Store
    from streams.settings import Settings


_LONG_AGO: Final = datetime(1, 1, 2, tzinfo=UTC)
_FAR_AHEAD: Final = datetime(9999, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Question:
    """What a replay is to find out."""

    from_time: datetime
    to_time: datetime
    rules: tuple[Rule, ...]
    rules_from: str
    source: ReplaySource = ReplaySource.ENRICHED
    files: tuple[Path, ...] = ()
    reader: str | None = None
    warm_up: timedelta = timedelta(0)
    publish: bool = True
    speed: float | None = None
    name: str | None = None
    near_misses: bool = True

    @property
    def stretch(self) -> Stretch:
        """All that is read: with what comes before for memory's sake."""
        return Stretch(self.from_time - self.warm_up, self.to_time)


def check_question(question: Question) -> None:
    """Return if the question makes sense.

    Raises:
        ReplayError: it does not; the message says why.
    """
    if question.from_time >= question.to_time:
        raise ReplayError(
            f"--from {_day(question.from_time)} is not before --to {_day(question.to_time)}: swap them"
        )
    if question.reader is not None and question.reader != READER_VERSION:
        raise ReplayError(
            f"reader version {question.reader} is not installed; this is version {READER_VERSION}: install the "
            "release that has it into an environment of its own and replay there"
        )
    if question.reader is not None and question.source is ReplaySource.ENRICHED:
        raise ReplayError("--reader reads transcripts again, so it goes with --source raw")
    if not question.rules:
        raise ReplayError(
            f"{question.rules_from}: there is no rule there, so no alert could come of it: name rules with --rules"
        )


async def begin_replay(
    settings: Settings,
    store: Store,
    question: Question,
    now: datetime,
    told: Callable[[int, int], None] | None = None,
) -> Replay:
    """Collect the input of a new replay and write down what it is to do. `now` dates transcripts that have no time.

    Raises:
        ReplayError: it cannot be done, or there is nothing to do.
        ArchiveError: a file is damaged.
        NoBrokerError, TopicError: the source or the topics of the replay are not there.
    """
    check_question(question)
    source = question.source
    reader = READER_VERSION if source is ReplaySource.RAW else None
    replay_id = question.name or name_plan(
        question.from_time,
        question.to_time,
        "|".join((source.value, *(f.name for f in question.files))),
        question.rules,
        reader,
    )
    with store.create(replay_id) as unfinished:
        spool = Spool(unfinished.input_folder, source.topic.name)
        spooled, reached_time = await _collect(settings, spool, question, now, told)
        if not _within(spooled, question):
            raise ReplayError(await _nothing_there(settings, question, now))
        unfinished.write_plan(
            Plan(
                id=replay_id,
                from_time=question.from_time,
                to_time=question.to_time,
                warm_up_s=question.warm_up.total_seconds(),
                source=source,
                rules=tuple(sorted(question.rules, key=lambda r: r.id)),
                rules_from=question.rules_from,
                reader_version=reader,
                lateness_s=float(settings.lateness_s),
                publish=question.publish,
                speed=question.speed,
                near_misses=question.near_misses,
                reached_time=reached_time,
                spooled=spooled,
            )
        )
        if question.publish:
            await create_replay_topics(settings, replay_id)
    return store.find(replay_id)


async def _collect(
    settings: Settings,
    spool: Spool,
    question: Question,
    now: datetime,
    told: Callable[[int, int], None] | None,
) -> tuple[Spooled, datetime | None]:
    """Collect what falls into the range; give that, and the newest event time there is, be it beyond the range."""
    collector = spool.collector()
    newest: datetime | None = None
    onward = Stretch(question.stretch.start, _FAR_AHEAD)
    async for record in _read(settings, question, onward, now, told):
        newest = max(newest or record.event_time, record.event_time)
        if record.event_time in question.stretch:
            collector.add(record)
    return collector.end(), newest


async def _read(
    settings: Settings,
    question: Question,
    stretch: Stretch,
    now: datetime,
    told: Callable[[int, int], None] | None = None,
) -> AsyncIterator[SourceRecord]:
    """Give what the source has in a stretch of event time, whatever the source is."""
    if not question.files:
        async for record in read_topic(settings, question.source.topic, stretch, told):
            yield record
    for number, file in enumerate(question.files, start=1):
        for record in read_file(file, stretch, now):
            yield record
        if told is not None:
            told(number, len(question.files))


def _within(spooled: Spooled, question: Question) -> bool:
    """Tell whether there is anything in the range itself, not only in what comes before it."""
    return spooled.last_time is not None and spooled.last_time >= question.from_time


async def _nothing_there(settings: Settings, question: Question, now: datetime) -> str:
    """Say that there is nothing, and where there is something."""
    first: datetime | None = None
    last: datetime | None = None
    where = ", ".join(f.name for f in question.files) or question.source.topic.name
    async for record in _read(settings, question, Stretch(_LONG_AGO, _FAR_AHEAD), now):
        first = min(first or record.event_time, record.event_time)
        last = max(last or record.event_time, record.event_time)
    sentence = f"{where} has no transcript from {_day(question.from_time)} to {_day(question.to_time)}"
    if first is None or last is None:
        return sentence + ": it is empty"
    return f"{sentence}: what it has was said from {_day(first)} to {_day(last)}"


async def run_replay(
    settings: Settings,
    replay: Replay,
    *,
    jobs: int,
    stop: threading.Event,
    now_s: Callable[[], float],
    told: Callable[[Checkpoint], None],
) -> Checkpoint:
    """Run a replay to its end, or until `stop` is set; give where it stands. What is published is what a checkpoint has.

    Raises:
        ReplayError: another process is at it, or it needs another reader.
        NoBrokerError, TopicError: its topics cannot be written.
    """
    plan = replay.read_plan()
    if plan.reader_version not in {None, READER_VERSION}:
        raise ReplayError(
            f"replay {replay.id} was begun with reader version {plan.reader_version}, and this is version "
            f"{READER_VERSION}: begin it anew, or go on with the release that began it"
        )
    pace = None if plan.speed is None else Pace(plan.speed, now_s, lambda s: _pause(stop, s))
    with replay.locked():
        async with AsyncExitStack() as stack:
            publisher = None
            if plan.publish:
                await create_replay_topics(settings, replay.id)
                producer = await stack.enter_async_context(open_producer(settings))
                publisher = Publisher(settings, replay, producer, await count_published(settings, replay.id))
            point = replay.read_checkpoint()
            replay.write_progress(progress_of(point, rate=None))
            prepare = stack.enter_context(open_pool(plan.source, plan.rules_at_work, jobs, load_models))
            points = Drive(replay, prepare, pace, stop.is_set).points()
            while (following := await asyncio.to_thread(next, points, None)) is not None:
                point = following
                if publisher is not None:
                    await _publish(publisher, point)
                told(point)
        return point


async def _publish(publisher: Publisher, point: Checkpoint) -> None:
    try:
        await publisher.publish(point.sizes)
    except KafkaError as error:
        replay_id = publisher.replay.id
        raise ReplayError(
            f"the broker stopped taking what replay {replay_id} publishes ({error}): nothing is lost, "
            f"`dragoman replay resume {replay_id}` goes on"
        ) from error


def _pause(stop: threading.Event, pause_s: float) -> None:
    stop.wait(pause_s)


def default_jobs() -> int:
    """Give how many processes read at once: one for each core."""
    return max(1, os.cpu_count() or 1)


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}Z"
