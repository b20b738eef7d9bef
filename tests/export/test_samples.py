"""What is read in the sample transcripts, exported: real records hold what made-up ones do not."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
import stix2

from schemas.agreement import Agreement
from schemas.alert import AlertChange
from schemas.event import Event
from streams.export import Selection
from streams.export.ftm import to_entities
from streams.export.stix import to_bundle
from streams.export.tables import AGREEMENT_COLUMNS, EVENT_COLUMNS, to_csv
from streams.extract.models import load_models
from streams.replay.run import run_outputs
from streams.rules.load import load_pack
from tests.export.test_export import property_of, schema_of
from tests.golden import sample_transcripts

if TYPE_CHECKING:
    from schemas.alert import Alert

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def selection() -> Selection:
    """Every event, and every agreement and alert as it stands at the end of the samples."""
    alerts: dict[str, Alert] = {}
    events: dict[str, Event] = {}
    agreements: dict[str, Agreement] = {}
    for output in run_outputs(sample_transcripts(), load_models(), load_pack()):
        match output.record:
            case AlertChange(alert=alert):
                alerts[alert.id] = alert
            case Event() as event:
                events[event.id] = event
            case Agreement() as agreement:
                agreements[agreement.id] = agreement
            case _:
                continue
    return Selection(tuple(alerts.values()), tuple(events.values()), tuple(agreements.values()))


def test_the_samples_are_a_bundle_as_stix2_reads_it(selection: Selection) -> None:
    bundle = stix2.parse(json.dumps(to_bundle(selection)), version="2.1")
    kinds = [item["type"] for item in bundle["objects"]]
    assert kinds.count("note") == len(selection.events) > 0
    assert kinds.count("grouping") == len(selection.agreements) > 0
    assert kinds.count("report") == len(selection.alerts) > 0
    assert len({item["id"] for item in bundle["objects"]}) == len(kinds)


def test_the_samples_are_entities_as_followthemoney_checks_them(selection: Selection) -> None:
    entities = to_entities(selection)
    for entity in entities:
        schema_of(entity["schema"]).validate(entity)
        for name, values in entity["properties"].items():
            kind = property_of(entity["schema"], name).type
            assert [v for v in values if not kind.validate(v)] == [], (entity["schema"], name)
    wanted = len(selection.alerts) + len(selection.events) + len(selection.agreements)
    assert sum(entity["schema"] == "Event" for entity in entities) == wanted


def test_the_samples_are_rows_one_for_each_record(selection: Selection) -> None:
    events, agreements = (
        to_csv(selection.events, EVENT_COLUMNS),
        to_csv(selection.agreements, AGREEMENT_COLUMNS),
    )
    assert len(list(csv.reader(io.StringIO(events.decode(), newline="")))) == len(selection.events) + 1
    assert (
        len(list(csv.reader(io.StringIO(agreements.decode(), newline="")))) == len(selection.agreements) + 1
    )


def test_whatever_order_records_come_in_the_files_are_the_same(selection: Selection) -> None:
    turned = Selection(selection.alerts[::-1], selection.events[::-1], selection.agreements[::-1])
    assert to_bundle(turned) == to_bundle(selection)
    assert to_entities(turned) == to_entities(selection)
