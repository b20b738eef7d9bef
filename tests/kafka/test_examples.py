"""The examples for those downstream run as they stand: the table is right, and each alert comes once."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pytest
from aiokafka.partitioner import murmur2

from schemas import topics
from schemas.event import Stage
from schemas.topics import ALERTS, Output, alert_topic
from streams.kafka.records import encode_tombstone
from streams.kafka.topics import kafka_name
from tests.export.test_export import make_agreement
from tests.factories import NOON, make_alert_change
from tests.generated_files import ROOT
from tests.kafka.gateway_process import publish, run_gateway

if TYPE_CHECKING:
    from pathlib import Path

    from aiokafka import AIOKafkaProducer

    from schemas.alert import AlertChange
    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]

EXAMPLES: Final = ROOT / "docs" / "examples"
SECURITY: Final = alert_topic("security-mou")
NODE: Final = 18
JAVA: Final = 17


def version_of(*command: str) -> int | None:
    """The major version of a program of this machine, None if there is none that runs."""
    if shutil.which(command[0]) is None:
        return None
    printed = subprocess.run(command, capture_output=True, text=True, check=False)
    words = printed.stdout.lstrip("v").replace("javac ", "")
    return int(words.split(".")[0]) if printed.returncode == 0 and words[:1].isdigit() else None


async def publish_agreements(producer: AIOKafkaProducer, settings: Settings) -> None:
    """Three agreements: one moves, one is deleted."""
    agreements = [
        make_agreement(1, stage=Stage.DRAFTING, sequence=1),
        make_agreement(2, stage=Stage.RATIFIED),
        make_agreement(3),
        make_agreement(1, stage=Stage.SIGNED),
    ]
    for agreement in agreements:
        await publish(producer, settings, Output(topics.AGREEMENTS_CURRENT, agreement.id, agreement, NOON))
    gone = encode_tombstone(topics.AGREEMENTS_CURRENT, "agreement-3", settings)
    await producer.send_and_wait(gone.topic, value=gone.value, key=gone.key, headers=gone.headers)


async def publish_alerts(producer: AIOKafkaProducer, settings: Settings, *changes: AlertChange) -> None:
    for change in changes:
        outputs = [Output(topic, change.alert.id, change, NOON) for topic in (ALERTS, SECURITY)]
        await publish(producer, settings, *outputs)


async def run_example(
    command: list[str], environment: dict[str, str], producer: AIOKafkaProducer, settings: Settings
) -> list[list[str]]:
    """Run an example until it has told of three alerts, and give its lines in words."""
    await publish_agreements(producer, settings)
    first, update, second = make_alert_change(1), make_alert_change(1, sequence=2), make_alert_change(2)
    await publish_alerts(producer, settings, first)
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, "ALERTS": "3", **environment}, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines: list[list[str]] = []
    try:
        async with asyncio.timeout(40):
            async for line in process.stdout:
                lines.append(line.decode().rstrip("\n").split("\t"))
                if lines[-1] == ["following"]:
                    # the first one again, as after a restart of those who write it
                    await publish_alerts(producer, settings, first, update, second)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return lines


def check(lines: list[list[str]]) -> None:
    assert lines[:3] == [
        ["agreement", "agreement-1", "CHN|IRN", "signed"],
        ["agreement", "agreement-2", "CHN|IRN", "ratified"],
        ["following"],
    ]
    alerts = [line[1:4] for line in lines[3:]]
    assert sorted(alerts) == [
        ["alert-1", "1", "raise"],
        ["alert-1", "2", "update"],
        ["alert-2", "1", "raise"],
    ]
    assert alerts.index(["alert-1", "1", "raise"]) < alerts.index(["alert-1", "2", "update"])


def kafka_environment(settings: Settings) -> dict[str, str]:
    return {"BROKER": settings.broker, "PREFIX": settings.topic_prefix, "GROUP": f"{settings.group}-desk"}


async def test_the_python_example_reads_the_table_and_follows(
    producer: AIOKafkaProducer, settings: Settings
) -> None:
    command = [sys.executable, str(EXAMPLES / "python" / "follow.py")]
    check(await run_example(command, kafka_environment(settings), producer, settings))


async def test_the_java_example_reads_the_table_and_follows(
    producer: AIOKafkaProducer, settings: Settings, jar_cache: Path
) -> None:
    if (version_of("javac", "--version") or 0) < JAVA:
        pytest.skip(f"the Java example needs a JDK of version {JAVA} or later on the path")
    command = ["java", "-cp", f"{jar_cache / 'libs'}/*", str(EXAMPLES / "java" / "Follow.java")]
    check(await run_example(command, kafka_environment(settings), producer, settings))


async def test_the_javascript_example_reads_the_table_and_follows(
    producer: AIOKafkaProducer, settings: Settings, tmp_path: Path
) -> None:
    if (version_of("node", "--version") or 0) < NODE:
        pytest.skip(f"the JavaScript example needs Node {NODE} or later on the path")
    with ExitStack() as stack:
        address = stack.enter_context(run_gateway(settings))
        environment = {"GATEWAY": address, "CURSOR": str(tmp_path / "cursor.txt")}
        command = ["node", str(EXAMPLES / "javascript" / "follow.mjs")]
        check(await run_example(command, environment, producer, settings))


async def test_a_key_lies_on_the_partition_that_murmur2_gives(
    producer: AIOKafkaProducer, settings: Settings, read_all: ReadAll
) -> None:
    agreements = [make_agreement(number) for number in range(20)]
    outputs = [Output(topics.AGREEMENTS_CURRENT, a.id, a, NOON) for a in agreements]
    await publish(producer, settings, *outputs)
    found = {r.key: r.partition for r in await read_all(topics.AGREEMENTS_CURRENT)}
    count = len(await producer.partitions_for(kafka_name(topics.AGREEMENTS_CURRENT, settings)))
    assert found == {a.id.encode(): (murmur2(a.id.encode()) & 0x7FFFFFFF) % count for a in agreements}
    assert len(set(found.values())) == count
