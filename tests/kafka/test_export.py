"""`dragoman export`, as it is typed, on a real broker."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest
import stix2

from schemas import topics
from schemas.topics import Output
from streams.kafka.records import encode_record
from tests.export.test_export import make_agreement
from tests.factories import NOON, make_alert_change, make_event
from tests.kafka.test_commands import run

if TYPE_CHECKING:
    from pathlib import Path

    from aiokafka import AIOKafkaProducer

    from streams.settings import Settings
    from tests.kafka.test_commands import Ran

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]


async def publish_all(producer: AIOKafkaProducer, settings: Settings) -> None:
    """Two alerts, one of which moved; an event that came twice; an agreement."""
    changes = [make_alert_change(1), make_alert_change(1, sequence=2, summary="Moved"), make_alert_change(2)]
    event, agreement = make_event(), make_agreement()
    outputs = [
        *(Output(topics.ALERTS, c.alert.id, c, NOON) for c in changes),
        *(Output(topics.EVENTS_EXTRACTED, "CHN|IRN", event, NOON) for _ in range(2)),
        Output(topics.AGREEMENTS_CURRENT, agreement.id, agreement, NOON),
    ]
    for output in outputs:
        record = encode_record(output, settings)
        await producer.send_and_wait(record.topic, record.value, key=record.key, headers=record.headers)


def export(settings: Settings, *arguments: str) -> Ran:
    return run(
        "export",
        *arguments,
        "--broker",
        settings.broker,
        DRAGOMAN_TOPIC_PREFIX=settings.topic_prefix,
    )


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


async def test_every_format_holds_each_record_once_as_it_stands(
    producer: AIOKafkaProducer, settings: Settings, tmp_path: Path
) -> None:
    await publish_all(producer, settings)
    stix, ftm, table, events = (str(tmp_path / name) for name in ("b.json", "e.jsonl", "a.csv", "x.parquet"))
    assert export(settings, "--format", "stix", stix).err == "4 records written.\n"
    assert export(settings, "--format", "ftm", ftm).code == 0
    assert export(settings, "--format", "csv", table).err == "2 records written.\n"
    assert export(settings, "--format", "parquet", "--kind", "events", events).err == "1 record written.\n"
    kinds = [o["type"] for o in stix2.parse((tmp_path / "b.json").read_text("utf-8"))["objects"]]
    assert (kinds.count("report"), kinds.count("note"), kinds.count("grouping")) == (2, 1, 1)
    entities = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text("utf-8").splitlines()]
    assert sum(e["schema"] == "Event" for e in entities) == 4
    with (tmp_path / "a.csv").open(newline="") as file:
        assert {row["id"]: row["summary"] for row in csv.DictReader(file)} == {
            "alert-1": "Moved",
            "alert-2": "Alert 2",
        }
    assert names_in(tmp_path) == ["a.csv", "b.json", "e.jsonl", "x.parquet"]
    lines = export(settings, "--format", "jsonl", "--kind", "agreements", "-").out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["agreement-1"]
    late = export(settings, "--format", "jsonl", "--since", "2026-03-02", "-")
    assert (late.out, late.err) == ("", "0 records written.\n")


def test_a_table_of_two_kinds_is_refused_with_what_to_do(settings: Settings) -> None:
    ran = export(settings, "--format", "csv", "--kind", "alerts", "--kind", "events", "-")
    assert ran.code == 1
    assert "give --kind once" in ran.err


def test_a_folder_that_is_not_there_is_one_sentence(settings: Settings, tmp_path: Path) -> None:
    ran = export(settings, "--format", "jsonl", str(tmp_path / "nowhere" / "a.jsonl"))
    assert ran.code == 1
    assert "No such file or directory" in ran.err
