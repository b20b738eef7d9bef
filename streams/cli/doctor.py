"""`dragoman doctor`: look at everything that an installation needs, and say what is wrong and what to do."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import shutil
import sys
import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import orjson
from rich.console import Console
from rich.text import Text

from schemas.contract import ContractError
from schemas.rule import Rule
from schemas.topics import RULES, TRANSCRIPTS_RAW, dead_letter_topic_name
from streams.cli.errors import settings_or_exit
from streams.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aiokafka import AIOKafkaConsumer
    from aiokafka.admin import AIOKafkaAdminClient

    from streams.kafka.features import KafkaLevel
    from streams.kafka.topics import TopicState
    from streams.settings import Settings

_LOCK: Final = Path(__file__).parents[2] / "requirements" / "run.txt"
"""Beside the code where it runs from a checkout; a wheel has none."""

_MIB: Final = 1_048_576
_LITTLE_BYTES: Final = 1024 * _MIB
_TOO_LITTLE_BYTES: Final = 300 * _MIB
"""What the first hours of a local broker may write."""

_SKEW_S: Final = 5.0
_ANSWER_S: Final = 3.0


class State(StrEnum):
    """How a thing stands."""

    OK = "ok"
    WARN = "warn"
    """It works, and somebody should look."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it stands and what to do; nothing to do where all is well."""

    what: str
    state: State
    sentence: str
    advice: str = ""


@click.command()
@click.option("--broker", metavar="HOST:PORT", help="The Kafka to ask [DRAGOMAN_BROKER].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")
def command(*, broker: str | None, as_json: bool) -> None:
    """Check settings, versions, disk, models, broker, topics, lag, rules, dead letters, clocks and processes.

    Each line says ok, warn or wrong, and what to do. Nothing is written anywhere. Exit code 1 if anything is wrong;
    a warning alone is exit code 0. Without a broker the rest is checked all the same.
    """
    settings = settings_or_exit(broker=broker)
    findings = [*check_machine(settings), *asyncio.run(_check_services(settings))]
    if as_json:
        print_json(findings)
    else:
        _print(findings)
    sys.exit(1 if any(f.state is State.WRONG for f in findings) else 0)


def check_machine(settings: Settings) -> Iterator[Finding]:
    """Check what needs no network: settings, versions, folders, models."""
    changed = sorted(name for name in os.environ if name.startswith("DRAGOMAN_"))
    yield Finding("settings", State.OK, f"{', '.join(changed)} set" if changed else "all are the defaults")
    yield Finding("python", State.OK, f"{platform.python_version()} on {platform.system()}")
    yield _check_packages(_LOCK)
    for name, folder in (("data folder", settings.data_dir), ("cache folder", settings.cache_dir)):
        yield check_folder(name, folder)
    yield _check_models()


def _check_packages(lock: Path) -> Finding:
    try:
        lines = lock.read_text("utf-8").splitlines()
    except OSError:
        return Finding(
            "packages", State.OK, f"dragoman {version('dragoman')}; no lock file is here to compare with"
        )
    locked = {m[1]: m[2] for line in lines if (m := re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)\s*\\?$", line))}
    different = [
        f"{name} is {found}, locked is {wanted}"
        for name, wanted in sorted(locked.items())
        if (found := _installed(name)) != wanted
    ]
    if different:
        more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
        return Finding(
            "packages", State.WARN, different[0] + more, "`make setup` installs what the lock file says"
        )
    return Finding(
        "packages", State.OK, f"dragoman {version('dragoman')}; {len(locked)} packages are as locked"
    )


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def check_folder(name: str, folder: Path) -> Finding:
    """Say whether a folder can be written and has room; one that is not there yet counts as its nearest parent."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    variable = f"DRAGOMAN_{name.partition(' ')[0].upper()}_DIR"
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            name,
            State.WRONG,
            f"{folder} cannot be written",
            f"set {variable} to another folder, or mend the rights of {there}",
        )
    free = shutil.disk_usage(there).free
    sentence = f"{free // _MIB} MiB free in {folder}"
    if free < _LITTLE_BYTES:
        state = State.WRONG if free < _TOO_LITTLE_BYTES else State.WARN
        return Finding(name, state, sentence, f"make room, or set {variable} to a folder on another disk")
    return Finding(name, State.OK, sentence)


def _check_models() -> Finding:
    from streams.extract.models import load_models  # noqa: PLC0415 - keeps --help quick

    try:
        load_models()
    except Exception as error:  # noqa: BLE001 - whatever it is, this is the line for it
        return Finding(
            "models",
            State.WRONG,
            f"the reader does not load: {type(error).__name__}: {error}",
            "install dragoman again: files of the package are missing or damaged",
        )
    return Finding("models", State.OK, "word lists and taggers load")


async def _check_services(settings: Settings) -> list[Finding]:
    findings = await _check_broker(settings)
    findings += await asyncio.gather(
        _check_process("worker", settings.health_host, settings.health_port, "`dragoman worker` starts it"),
        _check_process(
            "gateway", settings.gateway_host, settings.gateway_port, "`dragoman gateway` starts it"
        ),
        _check_process("notifier", settings.health_host, settings.notifier_port, ""),
    )
    return findings


async def _check_broker(settings: Settings) -> list[Finding]:
    from aiokafka.errors import KafkaError  # noqa: PLC0415 - keeps --help quick

    from streams.kafka.client import NoBrokerError, open_admin, open_reader  # noqa: PLC0415
    from streams.kafka.features import ask_level  # noqa: PLC0415
    from streams.kafka.topics import TopicError  # noqa: PLC0415

    findings: list[Finding] = []
    try:
        async with open_admin(settings) as admin, open_reader(settings) as reader:
            cluster = await admin.describe_cluster()
            brokers = len(cluster["brokers"])
            findings.append(
                Finding(
                    "broker",
                    State.OK,
                    f"{settings.broker} answers: {_count(brokers, 'broker')}, cluster {cluster['cluster_id']}",
                )
            )
            findings.append(judge_kafka(await ask_level(admin)))
            if brokers < settings.replication:
                findings.append(
                    Finding(
                        "replication",
                        State.WRONG,
                        f"{settings.replication} copies are wanted and there is {_count(brokers, 'broker')}",
                        "set DRAGOMAN_REPLICATION to what the cluster has, or add brokers",
                    )
                )
            findings += await _check_installation(admin, reader, settings)
    except NoBrokerError as error:
        sentence, _, advice = str(error).partition(": ")
        findings.append(Finding("broker", State.WRONG, sentence, advice))
        findings.append(
            Finding(
                "topics",
                State.WARN,
                "topics, lag, rules, dead letters and clocks were not looked at: no broker",
                "mend that first, then ask again",
            )
        )
    except (KafkaError, TopicError) as error:
        sentence = str(error) or type(error).__name__
        findings.append(
            Finding("broker", State.WRONG, sentence, "look at the rights of this user and the broker's log")
        )
    return findings


def judge_kafka(level: KafkaLevel | None) -> Finding:
    """Say which Kafka it is, and whether Dragoman is tried with it."""
    from streams.kafka.features import OLDEST, TRIED, release_of  # noqa: PLC0415 - keeps --help quick

    tried = f"Dragoman is tried with Kafka {_dotted(TRIED)} in KRaft mode"
    if level is None:
        return Finding(
            "kafka version",
            State.WARN,
            "the broker tells no metadata.version: it uses ZooKeeper, or is another program that speaks Kafka",
            f"{tried}; run its own tests against this one before you rely on it",
        )
    software, cluster = release_of(level.supported), release_of(level.finalized)
    if software is None or cluster is None:
        newest = (
            f"newer than Kafka {_dotted(TRIED)} (metadata.version {level.finalized} of {level.supported})"
        )
        return Finding("kafka version", State.OK, f"{newest}; {tried}, and newer ones speak its protocol")
    sentence = f"Kafka {_dotted(software)} with the features of {_dotted(cluster)} (KRaft, metadata.version {level.finalized})"
    if software < OLDEST:
        return Finding(
            "kafka version",
            State.WARN,
            sentence,
            f"{tried}; older than {_dotted(OLDEST)} is untried: upgrade it",
        )
    return Finding("kafka version", State.OK, f"{sentence}; supported")


def _dotted(release: tuple[int, int]) -> str:
    return f"{release[0]}.{release[1]}"


async def _check_installation(
    admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, settings: Settings
) -> list[Finding]:
    from streams.kafka.groups import installation_plans  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import (  # noqa: PLC0415
        check_topics,
        kafka_name,
        list_topics,
        worker_groups,
    )

    plans = installation_plans(settings)
    differences = await check_topics(admin, plans)
    findings = [_of_differences(sentence) for sentence in differences]
    if not differences:
        findings.append(Finding("topics", State.OK, f"all {len(plans)} are as they should be"))
    mine = kafka_name("alerts.", settings)
    names = list(
        dict.fromkeys(
            [*(p.name for p in plans), *(n for n in await admin.list_topics() if n.startswith(mine))]
        )
    )
    states = await list_topics(admin, reader, names, await worker_groups(admin, settings))
    findings += await _check_groups(admin, settings, states)
    there = {state.name for state in states}
    if kafka_name(RULES, settings) in there:
        findings.append(await _check_rules(settings))
    findings += await _check_dead_letters(settings, states)
    if kafka_name(TRANSCRIPTS_RAW, settings) in there:
        findings.append(await _check_clock(settings))
    return findings


def _of_differences(sentence: str) -> Finding:
    what, _, advice = sentence.partition(": ")
    # A worker does not start without a topic or with other partitions; the rest is the operator's to decide.
    state = State.WARN if "dragoman topics create --alter" in sentence else State.WRONG
    return Finding("topics", state, what, advice)


async def _check_groups(
    admin: AIOKafkaAdminClient, settings: Settings, states: Sequence[TopicState]
) -> list[Finding]:
    from streams.kafka.groups import AGENTS, group_id  # noqa: PLC0415 - keeps --help quick

    findings = []
    for agent in AGENTS:
        group = group_id(agent, settings)
        lag = sum(state.lag.get(group, 0) for state in states)
        members = await _count_members(admin, group)
        sentence = f"{agent.name}: {_count(members, 'member')}, {_count(lag, 'record')} not finished"
        if members == 0:
            advice = f"start it with `dragoman worker --agents {agent.name}`, or all with `dragoman worker`"
            findings.append(Finding("agents", State.WARN, sentence, advice))
        else:
            findings.append(Finding("agents", State.OK, sentence))
    return findings


async def _count_members(admin: AIOKafkaAdminClient, group: str) -> int:
    from aiokafka.errors import GroupCoordinatorNotAvailableError  # noqa: PLC0415 - keeps --help quick

    try:
        answers = await admin.describe_consumer_groups([group])
    except GroupCoordinatorNotAvailableError:
        # A Kafka that no group has ever asked makes its topic of groups only now.
        return 0
    return sum(len(found[5]) for answer in answers for found in answer.groups)


async def _check_rules(settings: Settings) -> Finding:
    from streams.kafka.client import open_reader  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.dead_letters import read_to_end  # noqa: PLC0415
    from streams.kafka.topics import kafka_name  # noqa: PLC0415

    latest: dict[str, bytes | None] = {}
    async with open_reader(settings, kafka_name(RULES, settings)) as reader:
        async for record in read_to_end(reader):
            latest[(record.key or b"").decode(errors="replace")] = record.value
    return judge_rules({key: value for key, value in latest.items() if value is not None})


def judge_rules(records: dict[str, bytes]) -> Finding:
    """Say whether the rules on rules.v1 can be put to work, given the latest record of each key."""
    from streams.rules.errors import RuleError  # noqa: PLC0415 - keeps --help quick
    from streams.rules.match import RuleIndex  # noqa: PLC0415

    index = RuleIndex()
    unreadable = []
    for key, value in sorted(records.items()):
        try:
            rule = Rule.decode(value)
            index.add(rule)
        except (ContractError, RuleError) as error:
            unreadable.append(f"{key}: {error}")
        else:
            if rule.id != key:
                unreadable.append(f"{key}: its id is {rule.id}")
    if unreadable:
        return Finding(
            "rules",
            State.WRONG,
            f"{_count(len(unreadable), 'rule')} on {RULES.name} cannot be used, such as {unreadable[0]}",
            "`dragoman rules apply` them again; with --prune it withdraws the others",
        )
    if not records:
        return Finding(
            "rules", State.WARN, "no rule is at work", "`dragoman rules apply` puts the shipped pack to work"
        )
    return Finding("rules", State.OK, f"{_count(len(records), 'rule')} at work, all readable")


async def _check_dead_letters(settings: Settings, states: Iterable[TopicState]) -> list[Finding]:
    from streams.kafka.client import open_reader  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.dead_letters import list_parked  # noqa: PLC0415

    suffix = dead_letter_topic_name("")
    names = [state.name for state in states if state.name.endswith(suffix) and state.records]
    waiting: Counter[str] = Counter()
    if names:
        async with open_reader(settings, *names) as reader:
            waiting.update(parked.topic for parked in await list_parked(reader) if not parked.settled)
    if not waiting:
        return [Finding("dead letters", State.OK, "none wait")]
    return [
        Finding(
            "dead letters",
            State.WARN,
            f"{_count(count, 'record')} on {name}",
            f"`dragoman dlq list {name.removeprefix(settings.topic_prefix).removesuffix(suffix)}` says why, "
            "`dragoman dlq replay` sends them again",
        )
        for name, count in sorted(waiting.items())
    ]


async def _check_clock(settings: Settings) -> Finding:
    """Compare with the time that the broker gave to the newest transcript: it cannot lie in the future.

    Only a broker that is ahead is found so; to find one that is behind, a record would have to be written.
    """
    from streams.kafka.client import open_reader  # noqa: PLC0415 - keeps --help quick
    from streams.kafka.topics import kafka_name  # noqa: PLC0415

    newest_ms = 0
    async with open_reader(settings, kafka_name(TRANSCRIPTS_RAW, settings)) as reader:
        begins = await reader.beginning_offsets(reader.assignment())
        ends = await reader.end_offsets(reader.assignment())
        for place in sorted(ends):
            if ends[place] <= begins[place]:
                continue
            reader.seek(place, ends[place] - 1)
            batch = await reader.getmany(place, timeout_ms=1000)
            newest_ms = max([newest_ms, *(record.timestamp for record in batch.get(place, ()))])
    return judge_clock(newest_ms / 1000, time.time())


def judge_clock(newest_s: float, now_s: float) -> Finding:
    """Say whether the newest time that the broker gave, in seconds since 1970, can be by this machine's clock."""
    if not newest_s:
        return Finding("clock", State.OK, "cannot be compared: no transcript has come yet")
    ahead_s = newest_s - now_s
    if ahead_s > _SKEW_S:
        return Finding(
            "clock",
            State.WRONG,
            f"the broker's clock is at least {ahead_s:.0f} s ahead of this machine's",
            "set both by NTP: event time is judged by them",
        )
    return Finding("clock", State.OK, "the broker's clock is not ahead of this machine's")


async def _check_process(what: str, host: str, port: int, advice: str) -> Finding:
    import aiohttp  # noqa: PLC0415 - keeps --help quick

    if port == 0:
        return Finding(what, State.OK, "its port is picked when it starts, and is not known here")
    # Whoever listens on every address listens on loopback too.
    where = f"{'127.0.0.1' if host in {'0.0.0.0', '::', ''} else host}:{port}"  # noqa: S104 - compared, not bound
    try:
        timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://{where}/readyz") as answer,
        ):
            body = await answer.read()
            status = answer.status
    except (aiohttp.ClientError, OSError, TimeoutError):
        state = State.WARN if advice else State.OK
        return Finding(what, state, f"none answers at {where} on this machine", advice)
    return judge_readiness(what, where, status, body)


def judge_readiness(what: str, where: str, status: int, body: bytes) -> Finding:
    """Read what a process says at /readyz."""
    if status == 200:  # noqa: PLR2004 - as HTTP says
        return Finding(what, State.OK, f"ready at {where}")
    try:
        told = orjson.loads(body)
        reasons = told.get("reasons") or {"broker": told["detail"]}
    except (orjson.JSONDecodeError, AttributeError, KeyError):
        reasons = None
    if not isinstance(reasons, dict):
        return Finding(
            what,
            State.WRONG,
            f"{where} answers {status}, and not as Dragoman does",
            "another program may have its port",
        )
    said = "; ".join(f"{name}: {reason}" for name, reason in sorted(reasons.items()))
    return Finding(
        what, State.WRONG, f"not ready at {where}: {said}", "docs/operations.md says what each reason means"
    )


def _print(findings: Sequence[Finding]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    colours = {State.OK: "green", State.WARN: "yellow", State.WRONG: "red"}
    for finding in findings:
        advice = f": {finding.advice}" if finding.advice else ""
        line = Text(f"{finding.state.value:<6}", style=colours[finding.state])
        line.append(f"{finding.what:<14}{finding.sentence}{advice}", style="default")
        console.print(line)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
