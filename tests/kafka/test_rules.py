"""`dragoman rules` where it speaks to Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schemas.rule import Rule
from schemas.topics import RULES
from streams.cli.rules import apply_pack, read_rules
from streams.kafka.client import open_admin
from streams.kafka.topics import kafka_name
from streams.rules.load import load_pack
from tests.cli.test_rules import TESTS
from tests.kafka.test_commands import Ran, run
from tests.rules.making import RULE_ID, RULE_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.settings import Settings
    from tests.kafka.conftest import ReadAll

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("created_topics")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "visit.yml").write_text(
        RULE_TEXT.replace("topic: diplomacy", "topic: travel"), encoding="utf-8"
    )
    (tmp_path / "visit.test.yml").write_text(TESTS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def typed(settings: Settings) -> Callable[..., Ran]:
    environment = {
        "DRAGOMAN_BROKER": settings.broker,
        "DRAGOMAN_TOPIC_PREFIX": settings.topic_prefix,
        "DRAGOMAN_PARTITIONS": "2",
    }
    return lambda *arguments: run("rules", *(str(a) for a in arguments), **environment)


async def test_a_rule_is_applied_once_with_its_alert_topic_and_withdrawn_by_prune(
    typed: Callable[..., Ran], folder: Path, settings: Settings, read_all: ReadAll
) -> None:
    first = typed("apply", folder)
    assert (first.code, first.out) == (0, f"applied {RULE_ID} version 1: Visit\n"), first.err
    assert "Nothing to do" in typed("apply", folder).err
    async with open_admin(settings) as admin:
        assert kafka_name("alerts.travel.v1", settings) in await admin.list_topics()
    (record,) = await read_all(RULES)
    assert record.key == RULE_ID.encode()
    assert Rule.decode(record.value).title == "Visit"
    assert [r["title"] for r in typed("list", "--json").json] == ["Visit"]

    other = folder / "other"
    other.mkdir()
    for name in ("visit.yml", "visit.test.yml"):
        (other / name).write_text(
            (folder / name).read_text("utf-8").replace(RULE_ID[:8], "11111111"), encoding="utf-8"
        )
    pruned = typed("apply", other, "--prune")
    assert f"withdrawn {RULE_ID}" in pruned.out
    assert list(await read_rules(settings)) == [RULE_ID.replace(RULE_ID[:8], "11111111")]


async def test_other_content_under_the_same_version_is_refused(
    typed: Callable[..., Ran], folder: Path, settings: Settings
) -> None:
    assert typed("apply", folder).code == 0
    file = folder / "visit.yml"
    file.write_text(file.read_text("utf-8").replace("timespan: 2d", "timespan: 3d"), encoding="utf-8")
    refused = typed("apply", folder)
    assert refused.code == 1
    assert "raise version to 2, or use --force" in refused.err
    assert "changed\tVisit\tversion 1\ttimespan_s" in typed("diff", folder).out
    file.write_text(file.read_text("utf-8").replace("version: 1", "version: 2"), encoding="utf-8")
    assert typed("apply", folder).code == 0
    assert (await read_rules(settings))[RULE_ID].version == 2


async def test_a_rule_that_is_wrong_or_fails_its_tests_never_reaches_the_topic(
    typed: Callable[..., Ran], folder: Path, read_all: ReadAll
) -> None:
    (folder / "visit.test.yml").write_text(TESTS.replace("level: low", "level: high"), encoding="utf-8")
    assert "a test fails, so nothing was applied" in typed("apply", folder).err
    (folder / "visit.yml").write_text(RULE_TEXT.replace("event.type", "event.typ"), encoding="utf-8")
    assert 'did you mean "event.type"?' in typed("apply", folder).err
    assert await read_all(RULES) == []


async def test_the_pack_is_applied_once(settings: Settings) -> None:
    assert await apply_pack(settings) == len(load_pack())
    assert await apply_pack(settings) == 0
    assert await read_rules(settings) == {r.id: r for r in load_pack()}
