"""A tiny replay: the tests of a rule, run in event time through the functions that run live, with nobody notified."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from schemas import topics
from schemas.agreement import Agreement, Report, Transition, TransitionKind
from schemas.alert import Alert, AlertChange, AlertStatus, NearMiss
from schemas.contract import describe_validation
from schemas.enriched import EnrichedTranscript
from schemas.event import (
    EXITS,
    AgreementReport,
    Argument,
    ArgumentRole,
    Event,
    EventContext,
    Evidence,
    InstrumentType,
    Party,
    Polarity,
    Scope,
    Stage,
)
from schemas.ids import content_hash, derived_id, group_key
from schemas.transcript import Source, parse_transcript
from streams.replay.run import MemoryRun, run_outputs
from streams.rules.errors import RuleError, nearest
from streams.rules.load import parse_duration
from streams.rules.match import RuleIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schemas.rule import Rule
    from schemas.topics import Output
    from schemas.transcript import Transcript
    from streams.extract.models import Models
    from streams.rules.errors import Path
    from streams.rules.source import Document

DEFAULT_START: Final = datetime(2026, 3, 1, 8, tzinfo=UTC)
_TEST_KEYS: Final = ("name", "start", "input", "expect")
_INPUT_KEYS: Final = (
    "at",
    "text",
    "title",
    "event",
    "transition",
    "copy",
    "tick",
    "source",
    "country",
    "origin",
    "language",
)
_EXPECT_KEYS: Final = ("at", "alerts", "near-misses")
_ALERT_KEYS: Final = (
    "level",
    "status",
    "stage",
    "summary",
    "evidence",
    "parties",
    "origins",
    "sequence",
    "group",
    "topic",
)
_MISS_KEYS: Final = ("failed",)
_EVENT_KEYS: Final = (
    "type", "mode", "contexts", "cameo", "actor", "recipient", "place", "lat", "lon", "realis", "date", "confidence", "text",
    "agreement",
)  # fmt: skip
_TRANSITION_KEYS: Final = (
    "parties", "stage", "before", "kind", "instrument", "domains", "scope", "subject", "name", "confidence", "text", "agreement",
    "next_stage",
)  # fmt: skip
_REPORT_KEYS: Final = (
    "parties", "stage", "next_stage", "polarity", "is_news", "instrument", "domains", "scope", "subject", "name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleTestResult:
    """How one test of a rule went. `problems` is empty if it passed."""

    name: str
    problems: tuple[str, ...]
    near_misses: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.problems


class _Run:
    """One test on its way through event time, driven as files are, with nothing that comes late."""

    def __init__(self, rule: Rule, models: Models | None) -> None:
        index = RuleIndex(every_near_miss=True)
        index.add(rule)
        self._run = MemoryRun(models, index, lateness_s=0.0)
        self.alerts: dict[str, tuple[int, Alert]] = {}
        self.missed: list[NearMiss] = []

    def feed(self, record: Transcript | Event | Transition) -> None:
        if isinstance(record, Event):
            self._take(self._run.take_event(record))
        elif isinstance(record, Transition):
            self._take(self._run.take_transition(record))
        else:
            self._take(self._run.take(record))

    def tick(self, now: datetime) -> None:
        self._take(self._run.pass_time(now))

    def _take(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            record = output.record
            if isinstance(record, NearMiss):
                self.missed.append(record)
            elif isinstance(record, AlertChange) and output.topic == topics.ALERTS:
                self.alerts[record.alert.id] = (record.sequence, record.alert)


class _Tests:
    """The tests of one file, read step by step; an error says where in the file."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def error(self, reason: str, path: Path) -> RuleError:
        return self.document.error(reason, path)

    def mapping(self, value: object, known: tuple[str, ...], path: Path) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.error("a mapping is expected here", path)
        for key in value:
            if key not in known:
                raise self.error(f'"{key}" is no key here{nearest(key, known)}', (*path, key))
        return value

    def list(self, value: object, path: Path) -> list[Any]:
        if not isinstance(value, list):
            raise self.error("a list is expected here", path)
        return value

    def duration(self, value: object, path: Path) -> timedelta:
        try:
            return parse_duration(str(value))
        except RuleError as error:
            raise self.error(error.reason, path) from None


def read_tests(document: Document) -> list[dict[str, Any]]:
    """Give the tests of a test file, their keys checked.

    Raises:
        RuleError: it is no test file, or a test has a key that there is not.
    """
    tests = _Tests(document)
    value = tests.mapping(document.value, ("rule", "tests"), ())
    if not isinstance(value.get("rule"), str):
        raise tests.error("rule: names the rule file beside it", ())
    found = tests.list(value.get("tests"), ("tests",))
    for at, test in enumerate(found):
        path: Path = ("tests", at)
        tests.mapping(test, _TEST_KEYS, path)
        for key in ("name", "input", "expect"):
            if key not in test:
                raise tests.error(f'a test has "{key}"', path)
        for number, item in enumerate(tests.list(test["input"], (*path, "input"))):
            tests.mapping(item, _INPUT_KEYS, (*path, "input", number))
        for number, item in enumerate(tests.list(test["expect"], (*path, "expect"))):
            _check_expectation(tests, item, (*path, "expect", number))
    return found


def _check_expectation(tests: _Tests, item: object, path: Path) -> None:
    expected = tests.mapping(item, _EXPECT_KEYS, path)
    for key, known in (("alerts", _ALERT_KEYS), ("near-misses", _MISS_KEYS)):
        for place, one in enumerate(tests.list(expected.get(key, []), (*path, key))):
            where: Path = (*path, key, place)
            for name, value in tests.mapping(one, known, where).items():
                words = value if isinstance(value, list) else [value]
                if name in {"evidence", "parties", "failed"} and not all(isinstance(w, str) for w in words):
                    raise tests.error(f"{name} is a list of words", (*where, name))


def check_coverage(tests: list[dict[str, Any]]) -> str | None:
    """Say what is missing among the tests of a rule: one in which it fires and one in which it almost does."""
    fires = any(e.get("alerts") for t in tests for e in t["expect"])
    silent = any(t["expect"] and t["expect"][-1].get("alerts") == [] for t in tests)
    if not fires:
        return "no test in which the rule fires: give one an expectation with alerts"
    if not silent:
        return "no test in which the rule almost fires: give one that ends with alerts: [], best with near-misses"
    return None


def run_tests(rule: Rule, document: Document, load_models: Callable[[], Models]) -> Iterator[RuleTestResult]:
    """Run the tests of a rule, one result each. Models are loaded only where a test has text.

    Raises:
        RuleError: the test file is wrong; with file, line and column.
    """
    for at, test in enumerate(read_tests(document)):
        yield _run_test(rule, _Tests(document), test, ("tests", at), load_models)


def _run_test(
    rule: Rule, tests: _Tests, test: dict[str, Any], path: Path, load_models: Callable[[], Models]
) -> RuleTestResult:
    models = load_models() if any("text" in item for item in test["input"]) else None
    run = _Run(rule, models)
    start = test.get("start", DEFAULT_START)
    if not isinstance(start, datetime):
        raise tests.error("start is an instant such as 2026-03-01T08:00:00Z", (*path, "start"))
    start = start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC)
    inputs = _Inputs(tests, test["input"], (*path, "input"), start)
    steps: list[tuple[timedelta, int, int]] = []
    for number, item in enumerate(test["input"]):
        steps.append((tests.duration(item.get("at", "0s"), (*path, "input", number, "at")), 0, number))
    for number, item in enumerate(test["expect"]):
        steps.append((tests.duration(item.get("at", "0s"), (*path, "expect", number, "at")), 1, number))
    problems: list[str] = []
    for after, sort, number in sorted(steps):
        now = start + after
        run.tick(now)
        if sort == 0:
            inputs.feed(run, number, now)
        else:
            expected = test["expect"][number]
            problems.extend(f"at {expected.get('at', '0s')}: {p}" for p in _compare(run, expected))
    near = tuple(f"{', '.join(m.failed)} failed on {_first_words(m)}" for m in run.missed)
    return RuleTestResult(str(test["name"]), tuple(problems), near)


def _first_words(miss: NearMiss) -> str:
    return f'"{miss.subject.evidence[0].text}"' if miss.subject.evidence else miss.subject.transcript_id


def _compare(run: _Run, expected: dict[str, Any]) -> Iterator[str]:
    alerts = sorted(run.alerts.values(), key=lambda pair: (pair[1].raised_time, pair[1].id))
    if "alerts" in expected:
        wanted = expected["alerts"]
        if not any("status" in w for w in wanted):
            alerts = [a for a in alerts if a[1].status is not AlertStatus.CANCELLED]
        if len(wanted) != len(alerts):
            told = "; ".join(f"{a.level.value}: {a.summary}" for _, a in alerts) or "none"
            yield f"{len(wanted)} alerts expected, {len(alerts)} there ({told})"
        else:
            for want, (sequence, alert) in zip(wanted, alerts, strict=True):
                yield from _differences(want, sequence, alert)
    if "near-misses" in expected:
        told_misses = [set(m.failed) for m in run.missed]
        if not expected["near-misses"] and told_misses:
            yield f"no near miss expected, but {', '.join(sorted(told_misses[0]))} failed alone"
        for miss in expected["near-misses"]:
            if set(_listed(miss.get("failed"))) not in told_misses:
                yield f"no near miss in which {miss.get('failed')} failed; there are {[sorted(m) for m in told_misses]}"


def _differences(want: dict[str, Any], sequence: int, alert: Alert) -> Iterator[str]:
    have = {
        "level": alert.level.value,
        "status": alert.status.value,
        "stage": alert.stage.value if alert.stage else None,
        "summary": alert.summary,
        "parties": sorted({p.code for p in alert.parties}),
        "origins": alert.origins,
        "sequence": sequence,
        "group": dict(alert.group),
        "topic": alert.topic,
    }
    for key, value in want.items():
        if key == "evidence":
            words = [e.text for s in alert.subjects for e in s.evidence]
            words += [c.evidence.text for c in alert.clauses if c.evidence]
            for text in value if isinstance(value, list) else [value]:
                if not any(text in w for w in words):
                    yield f'evidence "{text}" is not among {words}'
        elif key == "parties":
            if sorted(_listed(value)) != have["parties"]:
                yield f"parties: {sorted(_listed(value))} expected, {have['parties']} there"
        elif have[key] != value:
            yield f"{key}: {value} expected, {have[key]} there"


@dataclass(slots=True)
class _Inputs:
    """Builds the records of a test's inputs: whole ones from text, smallest valid ones from shorthand."""

    tests: _Tests
    items: list[dict[str, Any]]
    path: Path
    start: datetime
    stages: dict[str, tuple[Stage, int]] = field(default_factory=dict)

    def feed(self, run: _Run, number: int, now: datetime) -> None:
        item, first = self.original(number)
        path: Path = (*self.path, number)
        if item.get("tick"):
            return
        origin = str(item.get("origin", f"input {first}"))
        try:
            if "text" in item:
                run.feed(self.transcript(item, number, now))
            elif "event" in item:
                run.feed(self.event(item, number, now, origin, (*path, "event")))
            elif "transition" in item:
                run.feed(self.transition(item, number, now, origin, (*path, "transition")))
            else:
                raise self.tests.error("an input has text, event, transition, copy or tick", path)
        except ValidationError as error:
            raise self.tests.error(describe_validation("test input", error), path) from None
        except RuleError:
            raise
        except ValueError as error:
            raise self.tests.error(str(error), path) from None

    def original(self, number: int) -> tuple[dict[str, Any], int]:
        """Give an input and its number; a copy is the input that it copies, with its own time and source."""
        item = self.items[number]
        if "copy" not in item:
            return item, number
        first = item["copy"]
        if not isinstance(first, int) or not 0 <= first < len(self.items) or "copy" in self.items[first]:
            where: Path = (*self.path, number, "copy")
            raise self.tests.error(
                "copy is the number of an input, counted from 0, that is no copy itself", where
            )
        return {**self.items[first], **{k: v for k, v in item.items() if k != "copy"}}, first

    def source(self, item: dict[str, Any]) -> Source:
        return Source(broadcaster=str(item.get("source", "Test Radio")), country=item.get("country"))

    def transcript(self, item: dict[str, Any], number: int, now: datetime) -> Transcript:
        fields = {
            "id": f"input-{number}",
            "source": self.source(item).model_dump(mode="json"),
            "title": item.get("title"),
            "text": item["text"],
            "language": item.get("language"),
            "broadcast_time": now.isoformat(),
            "ingest_time": now.isoformat(),
        }
        return parse_transcript(fields)

    def event(self, item: dict[str, Any], number: int, now: datetime, origin: str, path: Path) -> Event:
        short = self.tests.mapping(item["event"], _EVENT_KEYS, path)
        words = str(short.get("text", f"Event {number} of the test."))
        arguments = [
            Argument(role=role, name=str(code), code=str(code), text=str(code), start=0, end=len(str(code)))
            for role in (ArgumentRole.ACTOR, ArgumentRole.RECIPIENT)
            for code in _listed(short.get(role.value))
        ]
        if "place" in short or "lat" in short:
            place = str(short.get("place", "somewhere"))
            arguments.append(
                Argument(
                    role=ArgumentRole.PLACE, name=place, code=place if len(place) == 3 and place.isupper() else None,  # noqa: PLR2004
                    text=place, start=0, end=len(place), latitude=short.get("lat"), longitude=short.get("lon"),
                )
            )  # fmt: skip
        report = None
        if "agreement" in short:
            told = self.tests.mapping(short["agreement"], _REPORT_KEYS, (*path, "agreement"))
            report = AgreementReport(
                instrument=InstrumentType(told.get("instrument", "mou")),
                stage=Stage(told.get("stage", "signed")),
                next_stage=told.get("next_stage"),
                polarity=Polarity(told.get("polarity", "asserted")),
                is_news=told.get("is_news", True),
                parties=_parties(told.get("parties")),
                domains=tuple(_listed(told.get("domains", ["security"]))),
                scope=Scope(told.get("scope", "inter")),
                subject=told.get("subject"),
                name=told.get("name"),
            )
        return Event(
            id=derived_id("test-event", str(number)),
            type=short.get("type", "AGREE"),
            mode=short.get("mode"),
            contexts=tuple(_listed(short.get("contexts"))),
            cameo=str(short["cameo"]) if "cameo" in short else None,
            arguments=tuple(arguments),
            realis=short.get("realis", "asserted"),
            event_date=short.get("date"),
            confidence=short.get("confidence", 0.9),
            evidence=Evidence(text=words, start=0, end=len(words)),
            segment=0,
            agreement=report,
            context=EventContext(
                transcript_id=f"input-{number}", title=item.get("title"), source=self.source(item), language=item.get("language", "en"),
                event_time=now, content_hash=content_hash(origin),
            ),
            reader_version="test",
        )  # fmt: skip

    def transition(
        self, item: dict[str, Any], number: int, now: datetime, origin: str, path: Path
    ) -> Transition:
        short = self.tests.mapping(item["transition"], _TRANSITION_KEYS, path)
        parties = _parties(short.get("parties", ["IRN", "CHN"]))
        key = group_key([p.code for p in parties])
        domains = tuple(_listed(short.get("domains", ["security"])))
        instrument = InstrumentType(short.get("instrument", "mou"))
        agreement_id = derived_id(
            "test-agreement", str(short.get("agreement", f"{key} {instrument.value} {domains}"))
        )
        stage = Stage(short.get("stage", "signed"))
        known = self.stages.get(agreement_id)
        before = Stage(short["before"]) if short.get("before") else known[0] if known else None
        kind = TransitionKind(short["kind"]) if "kind" in short else _kind(before, stage)
        self.stages[agreement_id] = (stage, number)
        words = str(short.get("text", f"Step {number} of the test."))
        evidence = Evidence(text=words, start=0, end=len(words))
        event_id = derived_id("test-event", str(number))
        report = Report(
            transcript_id=f"input-{number}", event_id=event_id, source=self.source(item), event_time=now, stage=stage,
            evidence=evidence, origin=int(content_hash(origin)[:8], 16),
        )  # fmt: skip
        agreement = Agreement(
            id=agreement_id, key=key, instrument=instrument, parties=parties, scope=Scope(short.get("scope", "inter")),
            domains=domains, subject=short.get("subject"), name=short.get("name"), stage=stage, next_stage=short.get("next_stage"),
            denied=kind is TransitionKind.DENIAL, since=now, first_time=now, last_time=now, sequence=number + 1, origins=1,
            reports=(report,),
        )  # fmt: skip
        return Transition(
            id=derived_id("test-transition", str(number)), kind=kind, before=before, stage=stage, agreement=agreement,
            event_id=event_id, transcript_id=f"input-{number}", title=item.get("title"), source=self.source(item),
            language=item.get("language", "en"), event_time=now, confidence=short.get("confidence", 0.9), evidence=evidence,
        )  # fmt: skip


def _kind(before: Stage | None, stage: Stage) -> TransitionKind:
    if before is None:
        return TransitionKind.FIRST
    if stage in EXITS:
        return TransitionKind.EXIT
    return TransitionKind.REVIVAL if before in EXITS else TransitionKind.STEP


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _parties(value: object) -> tuple[Party, ...]:
    return tuple(Party(name=code, code=code) for code in _listed(value))


def read_records(
    transcripts: Iterable[Transcript], models: Models
) -> Iterator[EnrichedTranscript | Event | Transition]:
    """Give every record that transcripts lead to and rules can watch, in order, from an empty ledger."""
    for output in run_outputs(transcripts, models, ()):
        if isinstance(output.record, EnrichedTranscript | Event | Transition):
            yield output.record
