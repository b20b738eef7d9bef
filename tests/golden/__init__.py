"""What judgement comes to on texts that do not change. `make golden` writes it anew; the difference is to be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.agreement import Transition
from schemas.alert import AlertChange
from schemas.topics import AGREEMENTS_CHANGED, ALERTS
from streams.extract.models import load_models
from streams.ingest import parse_file
from streams.replay.run import run_outputs
from streams.rules.load import load_pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.transcript import Transcript

FOLDER: Final = Path(__file__).parent
INGESTED: Final = datetime(2026, 1, 1, tzinfo=UTC)


def sample_transcripts() -> tuple[Transcript, ...]:
    """The samples of the demo, in the order in which it sends them."""
    folder = files("streams.samples")
    names = sorted(i.name for i in folder.iterdir() if i.name.endswith((".txt", ".json", ".jsonl")))
    return tuple(t for name in names for t in parse_file(name, folder.joinpath(name).read_bytes(), INGESTED))


def judge_samples() -> list[dict[str, object]]:
    """Every transition and every change of an alert that the samples lead to, in order."""
    transcripts = sample_transcripts()
    titles = {t.id: t.title for t in transcripts}
    told: list[dict[str, object]] = []
    for output in run_outputs(transcripts, load_models(), load_pack()):
        record = output.record
        if output.topic == AGREEMENTS_CHANGED and isinstance(record, Transition):
            told.append(
                {
                    "transition": record.kind,
                    "parties": record.agreement.key,
                    "instrument": record.agreement.instrument,
                    "domains": list(record.agreement.domains),
                    "stage": f"{record.before or ''} -> {record.stage}",
                    "words": record.evidence.text,
                    "title": titles[record.transcript_id],
                }
            )
        elif output.topic == ALERTS and isinstance(record, AlertChange):
            subject = record.alert.subjects[-1]
            told.append(
                {
                    "alert": record.kind,
                    "topic": record.alert.topic,
                    "level": record.alert.level,
                    "status": record.alert.status,
                    "summary": record.alert.summary,
                    "words": [e.text for e in subject.evidence],
                    "title": titles[subject.transcript_id],
                }
            )
    return told


WRITERS: Final[dict[str, Callable[[], object]]] = {"samples.json": judge_samples}
"""File in this folder, to what gives its content."""


def render(value: object) -> str:
    """Lay out a result so that differences show line by line."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
