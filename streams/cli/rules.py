"""`dragoman rules`: check rules, test them, put them to work, see what they do."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from schemas.contract import ContractError
from schemas.rule import Rule
from schemas.topics import RULES, Output, alert_topic
from streams.cli.errors import fail, sentence_of, settings_or_exit
from streams.cli.output import print_json
from streams.cli.parameters import DurationParameter, TimeParameter
from streams.rules.errors import RuleError, nearest
from streams.rules.load import LOCK_NAME, TEST_SUFFIX, load_rule, pack_folder, rule_files, rule_hash
from streams.rules.lock import check_lock, parse_lock, render_lock

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator, Mapping
    from datetime import timedelta

    from streams.replay.rule_test import RuleTestResult
    from streams.rules.lock import Locked
    from streams.rules.match import Explanation
    from streams.rules.source import Document
    from streams.settings import Settings

_broker = click.option("--broker", metavar="HOST:PORT", help="The Kafka to use [DRAGOMAN_BROKER].")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")
_paths = click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
T = TypeVar("T")
SOURCE_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The event time of a rule record: a rule is true at any time, and the same rule gives the same record."""


@click.group()
def command() -> None:
    """Check rules, test them, put them to work, and see why they fire or do not.

    A rule is a YAML file; its tests lie beside it in NAME.test.yml. Without a PATH the shipped pack is meant.
    docs/rules.md is the language.

    \b
    dragoman rules check my_rules/           is each one right? file:line:column of what is not
    dragoman rules test my_rules/            run the tests that lie beside them
    dragoman rules apply my_rules/           put them to work, on the next record, without a restart
    dragoman rules list                      what is at work
    dragoman rules explain visit news.txt    which clause holds on which words of a transcript, and which fails
    """  # noqa: D301 - \b is click's mark for text that is not to be wrapped


@dataclass(slots=True)
class _Loaded:
    """Rules read from files, and everything wrong with them."""

    rules: dict[Path, Rule] = field(default_factory=dict)
    tests: dict[Path, Document] = field(default_factory=dict)
    problems: list[RuleError] = field(default_factory=list)


@command.command()
@_paths
@_json
def check(*, paths: tuple[Path, ...], as_json: bool) -> None:
    """Say what is wrong with rules: with file, line, column, and the nearest right word.

    Each rule has a test file with a test that fires and one that almost does. Where a rules.lock lies in the folder,
    a rule that says something else has another version. Exit code 1 if anything is wrong.
    """
    loaded = _load(paths)
    if as_json:
        problems = [
            {"file": p.file, "line": p.line, "column": p.column, "reason": p.reason} for p in loaded.problems
        ]
        print_json({"rules": len(loaded.rules), "problems": problems})
    else:
        for problem in loaded.problems:
            click.echo(str(problem))
        if not loaded.problems:
            click.echo(f"{_count(len(loaded.rules), 'rule')}, all in order.", err=True)
    sys.exit(1 if loaded.problems else 0)


def _load(paths: tuple[Path, ...], *, locked: bool = True) -> _Loaded:
    loaded = _Loaded()
    by_id: dict[str, Path] = {}
    for file in _files(paths):
        try:
            rule = load_rule(file)
        except RuleError as error:
            loaded.problems.append(error)
            continue
        if rule.id in by_id:
            loaded.problems.append(
                RuleError(f"its id is that of {by_id[rule.id]}; each rule has its own", str(file), 1, 1)
            )
            continue
        by_id[rule.id] = file
        loaded.rules[file] = rule
        _load_tests(loaded, file)
    if not loaded.rules and not loaded.problems:
        loaded.problems.append(
            RuleError("there is no rule file (*.yml) in it", ", ".join(str(p) for p in paths))
        )
    if locked:
        loaded.problems.extend(_lock_problems(loaded.rules))
    return loaded


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths or (pack_folder(),):
        whole = (
            path.with_name(path.name.removesuffix(TEST_SUFFIX) + ".yml")
            if path.name.endswith(TEST_SUFFIX)
            else path
        )
        for file in rule_files(whole):
            if file not in seen:
                seen.add(file)
                yield file


def _load_tests(loaded: _Loaded, file: Path) -> None:
    from streams.rules.source import read_documents  # noqa: PLC0415 - keeps --help quick

    beside = file.with_name(file.name.removesuffix(".yml") + TEST_SUFFIX)
    try:
        text = beside.read_text(encoding="utf-8")
    except FileNotFoundError:
        loaded.problems.append(RuleError(f"has no tests: write {beside.name} beside it", str(file), 1, 1))
        return
    except (OSError, UnicodeDecodeError) as error:
        loaded.problems.append(RuleError(f"cannot be read: {error}", str(beside)))
        return
    try:
        loaded.tests[file] = _test_document(read_documents(text, str(beside)), file, beside)
    except RuleError as error:
        loaded.problems.append(error)


def _test_document(documents: tuple[Document, ...], file: Path, beside: Path) -> Document:
    from streams.replay.rule_test import check_coverage, read_tests  # noqa: PLC0415 - keeps --help quick

    if len(documents) != 1:
        raise RuleError("a test file holds one document", str(beside), 1, 1)
    document = documents[0]
    missing = check_coverage(read_tests(document))
    if missing:
        raise RuleError(missing, str(beside), 1, 1)
    if document.value["rule"] != file.name:
        raise document.error(f"rule: it is {file.name} that lies beside it", ("rule",))
    return document


def _read_lock(folder: Path) -> dict[str, Locked] | None:
    path = folder / LOCK_NAME
    return parse_lock(path.read_text(encoding="utf-8"), str(path)) if path.is_file() else None


def _lock_problems(rules: Mapping[Path, Rule]) -> Iterator[RuleError]:
    for folder in sorted({file.parent for file in rules}):
        try:
            locked = _read_lock(folder)
        except RuleError as error:
            yield error
            continue
        if locked is None:
            continue
        for file, rule in rules.items():
            if file.parent == folder and (problem := check_lock(rule, locked)) is not None:
                yield RuleError(problem, str(file), 1, 1)


@command.command()
@_paths
def lock(*, paths: tuple[Path, ...]) -> None:
    """Note version and content of the rules of a folder in its rules.lock.

    It refuses a rule that says something else under the same version: subscribers must be able to tell the two apart.
    """
    loaded = _load(paths, locked=False)
    _stop_on(loaded.problems)
    for folder in sorted({file.parent for file in loaded.rules}):
        locked = _read_lock(folder) or {}
        rules = {f: r for f, r in loaded.rules.items() if f.parent == folder}
        problems = [
            RuleError(p, str(f), 1, 1)
            for f, r in rules.items()
            if (p := check_lock(r, locked, writing=True)) is not None
        ]
        _stop_on(problems)
        (folder / LOCK_NAME).write_text(render_lock(rules.values()), encoding="utf-8")
        click.echo(f"{folder / LOCK_NAME}: {_count(len(rules), 'rule')}")


def _stop_on(problems: Iterable[RuleError]) -> None:
    found = list(problems)
    for problem in found:
        click.echo(str(problem), err=True)
    if found:
        sys.exit(1)


@command.command()
@_paths
@click.option("--verbose", "-v", is_flag=True, help="Also name the tests that pass, and every near miss.")
@_json
def test(*, paths: tuple[Path, ...], verbose: bool, as_json: bool) -> None:
    """Run the tests that lie beside rules, in event time, through the functions that run live. Nobody is notified."""
    loaded = _load(paths, locked=False)
    _stop_on(loaded.problems)
    results = _run_tests(loaded)
    failed = [(f, r) for f, r in results if not r.passed]
    if as_json:
        print_json(
            [
                {
                    "file": str(f),
                    "test": r.name,
                    "passed": r.passed,
                    "problems": r.problems,
                    "near_misses": r.near_misses,
                }
                for f, r in results
            ]
        )
    else:
        for file, result in results if verbose else failed:
            click.echo(f"{'passed' if result.passed else 'FAILED'} {file.name}: {result.name}")
            for problem in result.problems:
                click.echo(f"  {problem}")
            for miss in result.near_misses:
                click.echo(f"  near miss: {miss}")
        rules = _count(len(loaded.tests), "rule")
        click.echo(f"{_count(len(results), 'test')} of {rules}, {len(failed)} failed.", err=True)
    sys.exit(1 if failed else 0)


def _run_tests(loaded: _Loaded) -> list[tuple[Path, RuleTestResult]]:
    from rich.progress import Progress  # noqa: PLC0415 - keeps --help quick

    from streams.extract.models import load_models  # noqa: PLC0415
    from streams.replay.rule_test import run_tests  # noqa: PLC0415

    results: list[tuple[Path, RuleTestResult]] = []
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for file in progress.track(list(loaded.tests), description="rules"):
            try:
                results.extend(
                    (file, r) for r in run_tests(loaded.rules[file], loaded.tests[file], load_models)
                )
            except RuleError as error:
                _stop_on([error])
    return results


@command.command()
@_paths
@click.option("--prune", is_flag=True, help="Withdraw the rules that are at work and not among these.")
@click.option("--force", is_flag=True, help="Also where version or tests speak against it.")
@_broker
@_json
def apply(*, paths: tuple[Path, ...], prune: bool, force: bool, broker: str | None, as_json: bool) -> None:
    """Put rules to work: check them, test them, make their alert topics, send what changed to rules.v1.

    They act on the next record. A rule that says something else than the one at work under the same version, or is
    older than it, is refused.
    """
    loaded = _load(paths)
    if not force:
        _stop_on(loaded.problems)
        failed = [f"{f.name}: {r.name}: {p}" for f, r in _run_tests(loaded) for p in r.problems]
        if failed:
            fail(f"a test fails, so nothing was applied: {failed[0]} (`dragoman rules test` tells all)")
    settings = settings_or_exit(broker=broker)
    sent, withdrawn = _asyncio_run(
        apply_rules(settings, list(loaded.rules.values()), prune=prune, force=force)
    )
    if as_json:
        print_json({"applied": [r.id for r in sent], "withdrawn": withdrawn})
        return
    for rule in sent:
        click.echo(f"applied {rule.id} version {rule.version}: {rule.title}")
    for rule_id in withdrawn:
        click.echo(f"withdrawn {rule_id}")
    if not sent and not withdrawn:
        click.echo("Nothing to do: they are at work as they are.", err=True)


async def apply_pack(settings: Settings) -> int:
    """Put the shipped rules to work where they are not, or are older; give how many were sent."""
    from streams.rules.load import load_pack  # noqa: PLC0415 - keeps --help quick

    there = await read_rules(settings)
    rules = [r for r in load_pack() if r.id not in there or there[r.id].version <= r.version]
    sent, _ = await apply_rules(settings, rules, prune=False, force=True)
    return len(sent)


async def apply_rules(
    settings: Settings, rules: list[Rule], *, prune: bool, force: bool
) -> tuple[list[Rule], list[str]]:
    """Put rules to work, with `prune` those and no others; give what was sent and the ids of what was withdrawn."""
    from streams.kafka.client import open_admin, open_producer  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.records import encode_record, encode_tombstone  # noqa: PLC0415
    from streams.kafka.topics import create_topics, plan_topics  # noqa: PLC0415

    there = await read_rules(settings)
    changed = [r for r in rules if there.get(r.id) != r]
    if not force:
        for rule in changed:
            _check_replacement(rule, there.get(rule.id))
    gone = sorted(set(there) - {r.id for r in rules}) if prune else []
    if changed:
        names = sorted({r.alert.topic for r in changed})
        async with open_admin(settings) as admin:
            await create_topics(admin, plan_topics(settings, [alert_topic(n) for n in names]))
    if changed or gone:
        records = [encode_record(Output(RULES, r.id, r, SOURCE_TIME), settings) for r in changed]
        records += [encode_tombstone(RULES, rule_id, settings) for rule_id in gone]
        async with open_producer(settings) as producer:
            for record in records:
                await producer.send_and_wait(
                    record.topic, value=record.value, key=record.key, headers=record.headers
                )
    return changed, gone


def _check_replacement(rule: Rule, old: Rule | None) -> None:
    if old is None:
        return
    if rule.version < old.version:
        fail(
            f"{rule.title}: version {old.version} is at work, and this is version {rule.version}; raise it, or use --force"
        )
    if rule.version == old.version and rule_hash(rule) != rule_hash(old):
        fail(
            f"{rule.title}: version {rule.version} is at work and says something else; "
            f"raise version to {rule.version + 1}, or use --force"
        )


async def read_rules(settings: Settings) -> dict[str, Rule]:
    """Give the rules at work by id, as rules.v1 has them now. What is unreadable on it is left out.

    Raises:
        TopicError: the topic is not there.
    """
    from streams.kafka.client import open_reader  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import TopicError, kafka_name  # noqa: PLC0415

    name = kafka_name(RULES, settings)
    rules: dict[str, Rule] = {}
    async with open_reader(settings, name) as reader:
        partitions = reader.assignment()
        if not partitions:
            raise TopicError(
                f"there is no topic {name} at {settings.broker}: `dragoman topics create` makes it"
            )
        end = await reader.end_offsets(partitions)
        while any([await reader.position(p) < end[p] for p in partitions]):
            for records in (await reader.getmany(timeout_ms=500)).values():
                for record in records:
                    _take_rule(rules, (record.key or b"").decode(errors="replace"), record.value)
    return rules


def _take_rule(rules: dict[str, Rule], key: str, value: bytes | None) -> None:
    rules.pop(key, None)
    if value is None:
        return
    try:
        rules[key] = Rule.decode(value)
    except ContractError:
        return


@command.command("list")
@_broker
@_json
def list_(*, broker: str | None, as_json: bool) -> None:
    """Show the rules at work."""
    settings = settings_or_exit(broker=broker)
    rules = sorted(_asyncio_run(read_rules(settings)).values(), key=lambda r: (r.alert.topic, r.title))
    if as_json:
        print_json([r.model_dump(mode="json") for r in rules])
        return
    if not rules:
        click.echo("No rule is at work. `dragoman rules apply` puts the shipped pack to work.", err=True)
        return
    console = Console(highlight=False)
    table = Table("topic", "level", "title", "watches", "status", "version", "id", box=None)
    for rule in rules:
        table.add_row(
            rule.alert.topic, rule.level.value, escape(rule.title), rule.source.value, rule.status.value, str(rule.version), rule.id
        )  # fmt: skip
    if console.is_terminal:
        console.print(table)
    else:
        for rule in rules:
            click.echo(
                "\t".join((rule.alert.topic, rule.level.value, rule.title, str(rule.version), rule.id))
            )


@command.command()
@_paths
@_broker
@_json
def diff(*, paths: tuple[Path, ...], broker: str | None, as_json: bool) -> None:
    """Say what `apply` would change: rules that are new, changed, or at work without a file. It changes nothing."""
    loaded = _load(paths, locked=False)
    _stop_on(loaded.problems)
    there = _asyncio_run(read_rules(settings_or_exit(broker=broker)))
    mine = {r.id: r for r in loaded.rules.values()}
    rows: list[tuple[str, Rule, Rule | None]] = [("new", r, None) for i, r in mine.items() if i not in there]
    rows += [("changed", r, there[i]) for i, r in mine.items() if i in there and there[i] != r]
    rows += [("at work only", r, r) for i, r in sorted(there.items()) if i not in mine]
    if as_json:
        print_json(
            [
                {
                    "change": what,
                    "id": r.id,
                    "title": r.title,
                    "version": r.version,
                    "fields": _changed_fields(r, old),
                }
                for what, r, old in rows
            ]
        )
        return
    for what, rule, old in rows:
        fields = ", ".join(_changed_fields(rule, old))
        click.echo(f"{what}\t{rule.title}\tversion {rule.version}\t{fields}".rstrip())
    if not rows:
        click.echo("No difference.", err=True)


def _changed_fields(rule: Rule, old: Rule | None) -> list[str]:
    if old is None:
        return []
    a, b = rule.model_dump(), old.model_dump()
    return [name for name in a if a[name] != b[name]]


@command.command()
@click.argument("rule", metavar="RULE")
@click.argument("transcript", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_json
def explain(*, rule: str, transcript: Path, as_json: bool) -> None:
    """Say why a rule fires on a transcript or does not: which clause held on which words, and which failed.

    RULE is a file, or the name of a shipped rule such as security_mou. TRANSCRIPT is a file as `dragoman ingest` takes it.
    The transcript is read as if nothing had come before it.
    """
    try:
        judged = load_rule(_rule_path(rule))
    except RuleError as error:
        _stop_on([error])
    explanations = _explanations(judged, transcript)
    if as_json:
        print_json([_as_json(e) for e in explanations])
        return
    if not explanations:
        click.echo(
            f"The rule watches {judged.source.value}, and there is no such record in this transcript.",
            err=True,
        )
        return
    for explanation in explanations:
        _print_explanation(explanation)


def _rule_path(name: str) -> Path:
    path = Path(name)
    if path.is_file():
        return path
    shipped = pack_folder() / f"{name}.yml"
    if not shipped.is_file():
        names = [f.stem for f in rule_files(pack_folder())]
        hint = nearest(name, names) or f"; shipped are {', '.join(names)}"
        fail(f"there is no rule file {name}, and no shipped rule of this name{hint}")
    return shipped


def _explanations(rule: Rule, path: Path) -> list[Explanation]:
    from streams.extract.models import load_models  # noqa: PLC0415 - keeps --help quick
    from streams.ingest.parse import parse_file  # noqa: PLC0415
    from streams.replay.rule_test import read_records  # noqa: PLC0415
    from streams.rules.match import explain as explain_record  # noqa: PLC0415

    now = datetime.now(UTC)  # noqa: TID251 - a transcript without a time came in now, as at the door
    try:
        transcripts = parse_file(path.name, path.read_bytes(), now)
    except ContractError as error:
        fail(f"{path}: {error.reason}")
    return [e for record in read_records(transcripts, load_models()) for e in explain_record(rule, record)]


def _print_explanation(explanation: Explanation) -> None:
    words = explanation.subject.evidence
    about = f'"{words[0].text}"' if words else f"transcript {explanation.subject.transcript_id}"
    verdict = f"holds ({', '.join(explanation.matched)})" if explanation.matched else "does not hold"
    click.echo(f"{verdict}: {about}")
    for selection in explanation.selections:
        if selection.clauses is None:
            click.echo(f"  - {selection.name} failed")
            continue
        click.echo(f"  + {selection.name} held")
        for clause in selection.clauses:
            on = f' on "{clause.evidence.text}"' if clause.evidence else ""
            click.echo(f"      {clause.field} = {clause.value}{on}")


def _as_json(explanation: Explanation) -> dict[str, Any]:
    return {
        "record_id": explanation.subject.record_id,
        "matched": explanation.matched,
        "selections": {
            s.name: None if s.clauses is None else [c.model_dump(mode="json") for c in s.clauses]
            for s in explanation.selections
        },
    }


@command.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path), metavar="FILE")
@click.option(
    "--since",
    type=DurationParameter(),
    default="90d",
    show_default=True,
    help="How far back, in event time.",
)
@click.option(
    "--until",
    type=TimeParameter(),
    help="The event time to look back from, such as 2026-03-01; now if not given.",
)
@click.option(
    "--limit", type=click.IntRange(min=0), default=50, show_default=True, help="Show so many alerts."
)
@_broker
@_json
def preview(
    *,
    file: Path,
    since: timedelta,
    until: datetime | None,
    limit: int,
    broker: str | None,
    as_json: bool,
) -> None:
    """Say what a rule would have raised: a small replay of what was read, into no topic. FILE may be a folder."""
    from streams.cli.replay import preview_rules  # noqa: PLC0415 - keeps --help quick
    from streams.cli.replay_view import print_preview, sentences  # noqa: PLC0415

    with sentences():
        seen = preview_rules(settings_or_exit(broker=broker), file, since, until)
    if as_json:
        print_json(seen.model_dump(mode="json"))
    else:
        print_preview(seen, limit)


def _asyncio_run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        fail(sentence)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
