"""Stories in the words of stations, through reader and ledger."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.agreement import Transition
from streams.extract.models import load_models
from streams.replay.run import run_outputs
from tests.factories import NOON, make_source, make_transcript

STORIES: list[dict[str, Any]] = yaml.load(
    (Path(__file__).parent / "sequences.yml").read_text(encoding="utf-8"), yaml.CSafeLoader
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story["name"])
def test_a_story_comes_to_its_transitions(story: dict[str, Any]) -> None:
    transcripts = [
        make_transcript(
            report["text"],
            id=f"{story['name']} {number}",
            source=make_source(broadcaster=report["from"]),
            broadcast_time=NOON + timedelta(days=report["at"]),
        )
        for number, report in enumerate(story["reports"])
    ]
    records = [output.record for output in run_outputs(transcripts, load_models(), ())]
    assert [f"{t.kind} {t.stage}" for t in records if isinstance(t, Transition)] == story["expect"]
