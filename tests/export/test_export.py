"""The same records, in the formats of other tools, read with the libraries of those tools."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
import stix2
import yaml
from followthemoney import model
from hypothesis import given
from hypothesis import strategies as st

from schemas.agreement import Agreement, Report
from schemas.alert import Alert, AlertStatus
from schemas.event import Argument, ArgumentRole, Evidence, InstrumentType, Party, Scope, Stage
from streams.export import Selection
from streams.export.actors import ActorKind, event_actors, party_actors
from streams.export.countries import COUNTRIES
from streams.export.ftm import to_entities
from streams.export.parquet import to_parquet
from streams.export.stix import to_bundle
from streams.export.tables import (
    AGREEMENT_COLUMNS,
    ALERT_COLUMNS,
    EVENT_COLUMNS,
    Column,
    to_csv,
    to_rows,
)
from tests.factories import NOON, make_alert_change, make_event, make_source
from tests.generated_files import ROOT

if TYPE_CHECKING:
    from followthemoney.property import Property
    from followthemoney.schema import Schema

PARTIES = (Party(name="Tehran", code="IRN"), Party(name="the Chinese side", code="CHN"))


def make_agreement(number: int = 1, **fields: object) -> Agreement:
    report = Report(
        transcript_id="t-1",
        event_id="e-1",
        title="Memorandum signed",
        source=make_source(country="IRN"),
        event_time=NOON,
        stage=Stage.SIGNED,
        evidence=Evidence(text="signed a memorandum", start=0, end=19, speaker="the minister"),
        origin=0,
    )
    return Agreement.model_validate(
        {
            "id": f"agreement-{number}",
            "key": "CHN|IRN",
            "instrument": InstrumentType.MOU,
            "parties": PARTIES,
            "scope": Scope.INTER,
            "domains": ("border", "security"),
            "stage": Stage.SIGNED,
            "since": NOON,
            "first_time": NOON - timedelta(days=2),
            "last_time": NOON,
            "sequence": 2,
            "origins": 1,
            "reports": (report,),
            **fields,
        }
    )


def make_alert(**fields: object) -> Alert:
    change = make_alert_change(parties=PARTIES, agreement_id="agreement-1")
    return Alert.model_validate({**dict(change.alert), **fields})


def make_selection() -> Selection:
    argument = Argument(
        role=ArgumentRole.ACTOR, name="police chief", code="IRN:COP", text="police chief", start=0, end=12
    )
    return Selection((make_alert(),), (make_event(arguments=(argument,)),), (make_agreement(),))


# --- STIX -----------------------------------------------------------------------------------------------------------


def parsed(selection: Selection) -> dict[str, Any]:
    bundle = stix2.parse(json.dumps(to_bundle(selection)), version="2.1")
    found: dict[str, Any] = json.loads(bundle.serialize())
    return found


def test_a_bundle_is_stix_as_its_library_reads_it_and_nothing_is_lost_in_it() -> None:
    selection = make_selection()
    read, written = (
        # the library leaves out the thousandths where a time need not have them
        {o["id"]: {k: str(v).replace(".000Z", "Z") for k, v in o.items()} for o in objects}
        for objects in (parsed(selection)["objects"], to_bundle(selection)["objects"])
    )
    assert read == written
    assert sorted(o["type"] for o in to_bundle(selection)["objects"]) == [
        "grouping", "identity", "identity", "identity", "note", "report",
    ]  # fmt: skip


def test_whatever_a_bundle_refers_to_is_in_it() -> None:
    objects = to_bundle(make_selection())["objects"]
    referred = {r for o in objects for r in o.get("object_refs", ())} | {
        o["created_by_ref"] for o in objects if "created_by_ref" in o
    }
    assert referred <= {o["id"] for o in objects}


def test_a_report_holds_the_words_the_source_and_the_agreement() -> None:
    [report] = [o for o in to_bundle(make_selection())["objects"] if o["type"] == "report"]
    [grouping] = [o for o in to_bundle(make_selection())["objects"] if o["type"] == "grouping"]
    assert "“agreed to draft a memorandum”" in report["description"]
    assert report["external_references"][0]["source_name"] == "Radio Test"
    assert grouping["id"] in report["object_refs"]


def test_a_cancelled_alert_is_revoked() -> None:
    cancelled = Selection(alerts=(make_alert(status=AlertStatus.CANCELLED),))
    [report] = [o for o in parsed(cancelled)["objects"] if o["type"] == "report"]
    assert report["revoked"] is True


def test_the_same_record_has_the_same_id_in_every_bundle() -> None:
    alone, together = (to_bundle(s)["objects"] for s in (Selection(alerts=(make_alert(),)), make_selection()))
    assert {o["id"] for o in alone} <= {o["id"] for o in together}
    assert to_bundle(make_selection()) == to_bundle(make_selection())


def test_an_event_of_nobody_is_still_an_object_of_a_bundle() -> None:
    event = make_event(agreement=None, arguments=())
    assert len(parsed(Selection(events=(event,)))["objects"]) == 2


def test_an_empty_selection_is_a_bundle_too() -> None:
    assert [o["name"] for o in parsed(Selection())["objects"]] == ["Dragoman"]


# --- FollowTheMoney -------------------------------------------------------------------------------------------------


def schema_of(name: str) -> Schema:
    schema = model.get(name)
    assert schema is not None, name
    return schema


def property_of(schema: str, name: str) -> Property:
    found = schema_of(schema).get(name)
    assert found is not None, (schema, name)
    return found


def test_entities_are_valid_as_their_library_checks_them() -> None:
    entities = to_entities(make_selection())
    for entity in entities:
        schema_of(entity["schema"]).validate(entity)
        for name, values in entity["properties"].items():
            kind = property_of(entity["schema"], name).type
            assert [v for v in values if not kind.validate(v)] == [], (entity["schema"], name)
    assert {e["schema"] for e in entities} == {"PublicBody", "Article", "Event"}


def test_whatever_an_entity_refers_to_is_there_and_of_the_right_schema() -> None:
    entities = {e["id"]: e for e in to_entities(make_selection())}
    for entity in entities.values():
        for name, values in entity["properties"].items():
            wanted = property_of(entity["schema"], name).range
            for value in values if wanted is not None else ():
                assert schema_of(entities[value]["schema"]).is_a(wanted), (entity["schema"], name)


def test_every_country_code_is_one_that_follow_the_money_knows() -> None:
    country = property_of("Thing", "country").type
    codes = [c.alpha2.lower() for c in COUNTRIES.values() if c.alpha2]
    assert [code for code in codes if not country.validate(code)] == []


def test_an_article_that_two_records_tell_of_is_one() -> None:
    selection = Selection(alerts=(make_alert(),), agreements=(make_agreement(),))
    assert [e["schema"] for e in to_entities(selection)].count("Article") == 1


# --- tables ---------------------------------------------------------------------------------------------------------

TABLES = [("alerts", ALERT_COLUMNS), ("events", EVENT_COLUMNS), ("agreements", AGREEMENT_COLUMNS)]


@pytest.mark.parametrize(("kind", "columns"), TABLES)
def test_csv_and_parquet_hold_the_same_rows(kind: str, columns: tuple[Column, ...]) -> None:
    records = getattr(make_selection(), kind)
    lines = list(csv.DictReader(io.StringIO(to_csv(records, columns).decode(), newline="")))
    table = pq.read_table(io.BytesIO(to_parquet(records, columns)))
    assert list(lines[0]) == [c.name for c in columns] == table.column_names
    assert len(lines) == table.num_rows == len(records)
    assert [line["id"] for line in lines] == table["id"].to_pylist() == [r.id for r in records]


def test_parquet_gives_back_what_the_records_say() -> None:
    records = (make_agreement(), make_agreement(2, stage=Stage.AGREED))
    table = pq.read_table(io.BytesIO(to_parquet(records, AGREEMENT_COLUMNS)))
    assert table.to_pylist() == to_rows(records, AGREEMENT_COLUMNS)


def test_a_table_without_rows_has_its_columns() -> None:
    assert to_csv((), ALERT_COLUMNS).decode().startswith("id,topic,level,")
    assert pq.read_table(io.BytesIO(to_parquet((), ALERT_COLUMNS))).num_rows == 0


@given(st.text(min_size=1, max_size=30))
def test_no_cell_of_csv_is_a_formula_and_any_text_stays_one_cell(text: str) -> None:
    data = to_csv([make_alert(summary=text)], ALERT_COLUMNS).decode("utf-8", "surrogatepass")
    [row] = csv.DictReader(io.StringIO(data, newline=""))
    assert not row["summary"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row["summary"].removeprefix("'") == text.removeprefix("'") or row["summary"] == text


# --- actors ---------------------------------------------------------------------------------------------------------


def test_a_state_is_one_actor_under_whatever_name_it_is_told() -> None:
    [actor] = party_actors([Party(name="Tehran", code="IRN"), Party(name="the Iranians", code="IRN")])
    assert (actor.name, actor.alpha3, actor.alpha2) == ("Iran", "IRN", "IR")


def test_a_person_without_a_code_is_not_the_state_of_peru() -> None:
    person, state = (
        party_actors([Party(name=name, code="PER", entity_id=entity_id)])
        for name, entity_id in (("A. Karimi", "e-1"), ("Peru", "country:PER"))
    )
    assert [a.kind for a in (*person, *state)] == [ActorKind.PERSON, ActorKind.STATE]


def test_a_sector_acts_for_its_state() -> None:
    argument = Argument(role=ArgumentRole.ACTOR, name="police", code="IRN:COP", text="police", start=0, end=6)
    assert [a.key for a in event_actors(make_event(agreement=None, arguments=(argument,)))] == ["country:IRN"]


def test_countries_have_the_names_of_the_reader() -> None:
    lexicon = yaml.load((ROOT / "streams/extract/lexicon/countries.yml").read_text("utf-8"), yaml.CSafeLoader)
    assert {code: c.name for code, c in COUNTRIES.items()} == {c: e["name"] for c, e in lexicon.items()}


def test_times_are_written_in_utc() -> None:
    late = datetime(2026, 3, 1, 23, 30, 0, 123456, tzinfo=UTC)
    [report] = [
        o
        for o in to_bundle(Selection(alerts=(make_alert(updated_time=late),)))["objects"]
        if o["type"] == "report"
    ]
    assert (report["published"], report["modified"]) == (
        "2026-03-01T12:00:00.000Z",
        "2026-03-01T23:30:00.123Z",
    )
