"""The whole pipeline in memory: the steps that the agents drive, in the same order, with the same memory under the same keys.

Files, rule tests and `dragoman extract` run through here. Live and here cannot disagree about what a record means; they
can about its order: several partitions overtake one another, a list does not.
"""

from __future__ import annotations

from datetime import timedelta
from heapq import heapify, heappop, heappush
from itertools import chain
from typing import TYPE_CHECKING, Final

from pydantic import Field

from schemas import topics
from schemas.alert import AlertChange
from schemas.contract import Contract, Time
from schemas.ids import group_key
from schemas.topics import Output
from streams import pipeline
from streams.ledger import Book
from streams.rules.evaluate import RuleState
from streams.rules.match import RuleIndex, can_compile
from streams.rules.window import Watermark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from schemas.agreement import Transition
    from schemas.event import Event
    from schemas.rule import Rule
    from schemas.transcript import Transcript
    from streams.extract.models import Models
    from streams.replay.prepare import Prepared

WORTH_COMPILING: Final = 50_000
"""With fewer rules the plain index is as fast, and to load what compiles takes longer than it saves."""
LATENESS_S: Final = 3600.0
"""As the worker's setting of this name has it by default."""
_PARTITION: Final = 0
_AWAKE_S: Final = 0.0


class StepError(Exception):
    """A step refused a record that an earlier step made. Live it would be parked; here nobody would see it."""


def run_transcripts(
    transcripts: Iterable[Transcript],
    models: Models,
    rules: RuleIndex | Iterable[Rule],
    lateness_s: float = LATENESS_S,
) -> Iterator[AlertChange]:
    """Give every change of every alert that the transcripts lead to, in order, with nothing remembered from before."""
    for output in run_outputs(transcripts, models, rules, lateness_s):
        if output.topic == topics.ALERTS and isinstance(output.record, AlertChange):
            yield output.record


def run_outputs(
    transcripts: Iterable[Transcript],
    models: Models,
    rules: RuleIndex | Iterable[Rule],
    lateness_s: float = LATENESS_S,
) -> Iterator[Output]:
    """Give all that would be published for the transcripts, on whichever topic, in order."""
    run = MemoryRun(models, index_of(rules), lateness_s)
    for transcript in transcripts:
        yield from run.take(transcript)


def index_of(rules: RuleIndex | Iterable[Rule]) -> RuleIndex:
    """Give the index of some rules, or the one that is there already.

    Raises:
        RuleError: one of the rules cannot be used.
    """
    if isinstance(rules, RuleIndex):
        return rules
    rules = tuple(rules)
    index = RuleIndex(compiled=len(rules) >= WORTH_COMPILING and can_compile())
    for rule in rules:
        index.add(rule)
    return index


class Memory(Contract):
    """All that a run remembers between two records, so that it can be written down and taken up again."""

    books: tuple[Book, ...] = ()
    states: dict[str, RuleState] = Field(default_factory=dict)
    latest_time: Time | None = Field(
        default=None, description="The latest event time that the watermark was told of"
    )


class MemoryRun:
    """What the agents remember, in dicts: books by party key, the states of rules by rule and group, event time.

    Everything that is given yields what would be published because of it. The iterators must be drained: they do
    the work.
    """

    def __init__(
        self,
        models: Models | None,
        index: RuleIndex,
        lateness_s: float = LATENESS_S,
        memory: Memory | None = None,
    ) -> None:
        """Begin with nothing remembered, or where another run left off. Without models it can be given no text to read."""
        memory = Memory() if memory is None else memory
        self._models = models
        self._index = index
        self._books: dict[str, Book] = {book.key: book for book in memory.books}
        self._states: dict[str, RuleState] = dict(memory.states)
        self._watermark = Watermark(lateness_s, idle_s=1.0)
        if memory.latest_time is not None:
            self._watermark = self._watermark.advance(_PARTITION, memory.latest_time, _AWAKE_S)
        self._queue = [(s.due_time, key) for key, s in self._states.items() if s.due_time is not None]
        heapify(self._queue)

    @property
    def memory(self) -> Memory:
        """All that it remembers now."""
        seen = self._watermark.partitions.get(_PARTITION)
        states = {key: self._states[key] for key in sorted(self._states)}
        return Memory(books=self.books, states=states, latest_time=None if seen is None else seen[0])

    @property
    def books(self) -> tuple[Book, ...]:
        """What the ledger holds, by party key."""
        return tuple(self._books[key] for key in sorted(self._books))

    @property
    def watermark(self) -> datetime | None:
        """How far event time has come."""
        return self._watermark.time

    def take(self, transcript: Transcript) -> Iterator[Output]:
        """Give a transcript to the run."""
        if self._models is None:
            raise ValueError("a run without models reads no text")
        for output in _outputs(pipeline.tag(transcript.encode(), self._models)):
            yield from self._drive(output)

    def take_prepared(self, prepared: Prepared) -> Iterator[Output]:
        """Give a transcript with which all is done that needs no memory. Only what follows from memory is given back."""
        for part in prepared.parts:
            for match in part.matches:
                yield from self._judge(match.key, match.data, match.event_time)
            if part.event is not None:
                yield from self._post(part.event.key, part.event.data)

    def take_event(self, event: Event) -> Iterator[Output]:
        """Give an event to the run, as if it had been read in a transcript."""
        key = group_key(event.actor_codes)
        yield from self._drive(Output(topics.EVENTS_EXTRACTED, key, event, event.context.event_time))

    def take_transition(self, transition: Transition) -> Iterator[Output]:
        """Give a transition to the run, as if the ledger had made it. The ledger does not learn of it."""
        key = transition.agreement.key
        yield from self._drive(Output(topics.AGREEMENTS_CHANGED, key, transition, transition.event_time))

    def pass_time(self, until: datetime) -> Iterator[Output]:
        """Let event time reach `until`, as a record does that leads to nothing else."""
        yield from self._advance(until + timedelta(seconds=self._watermark.lateness_s))

    def _drive(self, output: Output) -> Iterator[Output]:
        """Give an output, and all that follows from it, each step after the one before."""
        yield output
        match output.topic:
            case topics.TRANSCRIPTS_TAGGED if self._models is not None:
                following = self._drive_all(pipeline.enrich(output.record.encode(), self._models))
            case topics.EVENTS_EXTRACTED:
                following = chain(self._match(output), self._post(output.key, output.record.encode()))
            case topics.TRANSCRIPTS_ENRICHED | topics.AGREEMENTS_CHANGED:
                following = self._match(output)
            case topics.RULES_MATCHED:
                following = self._judge(output.key, output.record.encode(), output.event_time)
            case _:
                return
        yield from following

    def _drive_all(self, outcome: pipeline.Outcome) -> Iterator[Output]:
        for output in _outputs(outcome):
            yield from self._drive(output)

    def _match(self, output: Output) -> Iterator[Output]:
        yield from self._drive_all(pipeline.match(output.topic.name, output.record.encode(), self._index))

    def _post(self, key: str, data: bytes) -> Iterator[Output]:
        posted = pipeline.post(data, self._books.get(key))
        if posted.book is not None:
            self._books[key] = posted.book
        yield from self._drive_all(posted.outcome)

    def _judge(self, key: str, data: bytes, event_time: datetime) -> Iterator[Output]:
        yield from self._advance(event_time)
        state = self._states.get(key)
        yield from self._remember(key, pipeline.judge(data, state, self._watermark.time))

    def _advance(self, event_time: datetime) -> Iterator[Output]:
        """Take note of an event time, and judge the groups that fall due by it, the earliest first."""
        self._watermark = self._watermark.advance(_PARTITION, event_time, _AWAKE_S)
        now = self._watermark.time
        if now is None:
            return
        for key in self._pop_due(now):
            state = self._states[key]
            if state.rule_id in self._index:
                yield from self._remember(key, pipeline.judge_time(state, now))
            else:
                # a rule that was withdrawn must not speak any more
                del self._states[key]

    def _pop_due(self, now: datetime) -> list[str]:
        """Give the keys of the groups that are due, each once; entries of the queue that time overtook are passed over."""
        due: dict[str, None] = {}
        while self._queue and self._queue[0][0] <= now:
            due_time, key = heappop(self._queue)
            state = self._states.get(key)
            if state is not None and state.due_time == due_time:
                due[key] = None
        return list(due)

    def _remember(self, key: str, judged: pipeline.Judged) -> Iterator[Output]:
        before = self._states.get(key)
        if judged.state is None:
            self._states.pop(key, None)
        else:
            self._states[key] = judged.state
            due_time = judged.state.due_time
            if due_time is not None and (before is None or before.due_time != due_time):
                heappush(self._queue, (due_time, key))
        yield from self._drive_all(judged.outcome)


def _outputs(outcome: pipeline.Outcome) -> tuple[Output, ...]:
    match outcome:
        case pipeline.Emit(outputs):
            return outputs
        case pipeline.DeadLetter(reason, message):
            raise StepError(f"{reason}: {message}")
