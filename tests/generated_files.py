"""What is generated from code and committed: `make docs` writes it, a test compares it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemas.rule import Level
from schemas.topics import TOPICS, Cleanup, alert_topic, dead_letter_topic_name
from streams.cli.main import COMMANDS, dragoman
from streams.rules.schema import rule_file_schema
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def generated_files() -> dict[str, str]:
    """Give every generated file: path from the root to content."""
    files = {f"schemas/generated/{name}.schema.json": text for name, text in _json_schemas()}
    rule = {"$schema": DRAFT, "$id": "urn:dragoman:schema:rule-file", **rule_file_schema()}
    files["schemas/generated/rule-file.json"] = json.dumps(rule, indent=1, ensure_ascii=False) + "\n"
    files["docs/reference.md"] = _reference()
    return files


def _json_schemas() -> Iterator[tuple[str, str]]:
    for topic in TOPICS:
        schema = topic.model.model_json_schema(mode="serialization")
        head = {
            "$schema": DRAFT,
            "$id": f"urn:dragoman:schema:{topic.name}",
            "title": f"{topic.name}: {topic.doc}",
        }
        yield topic.name, json.dumps({**schema, **head}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _reference() -> str:
    parts = [
        "# Reference: topics, settings, metrics, commands",
        "Written by `make docs` from the code; a test compares it.",
        "## Topics",
        ("Values are JSON by the schema of the same name in `schemas/generated/`; attributes are CloudEvents 1.0 headers (binary mode). "
        "Every topic has a dead-letter topic beside it, such as "
        f"`{dead_letter_topic_name(TOPICS[0].name)}`. Each alert also goes to the topic of its subject, such as `{alert_topic('security-mou').name}`."),
        _table(("Topic", "Key", "Record", "What", "Kept"), (
            (f"`{t.name}`", t.key, f"`{t.model.__name__}`", t.doc, "latest by key" if t.cleanup is Cleanup.COMPACT else f"{t.retention_ms // 86_400_000} days")
            for t in TOPICS
        )),
        "Levels of alerts, from the lowest: " + ", ".join(f"`{level}`" for level in Level) + ".",
        "## Settings",
        "Environment variables. An unset one takes its default.",
        _table(("Variable", "Default", "What"), (
            (f"`DRAGOMAN_{name.upper()}`", _default(name), field.description or "") for name, field in sorted(Settings.model_fields.items())
        )),
        "## Metrics",
        _table(("Metric", "What"), _metrics()),
        "## Commands",
        *(_command(name) for name in COMMANDS),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _default(name: str) -> str:
    if name.endswith("_dir"):
        return f"the user's {'cache' if name == 'cache_dir' else 'data'} folder for dragoman"
    default = Settings.model_fields[name].default
    return "unset" if default is None else f"`{default}`" if default != "" else "empty"


def _metrics() -> Iterator[tuple[str, str]]:
    from streams.telemetry import METRICS  # noqa: PLC0415 - the list is long to load and wanted here only

    for metric in METRICS:
        labels = f" (by {', '.join(metric.labels)})" if metric.labels else ""
        yield f"`{metric.name}`", metric.doc + labels


def _command(name: str) -> str:
    context = click.Context(dragoman, info_name="dragoman")
    command = dragoman.get_command(context, name)
    assert command is not None
    texts = [_help(command, f"dragoman {name}")]
    if isinstance(command, click.Group):
        texts += [_help(sub, f"dragoman {name} {key}") for key, sub in sorted(command.commands.items())]
    return f"### dragoman {name}\n\n" + "\n\n".join(texts)


def _help(command: click.Command, path: str) -> str:
    with click.Context(command, info_name=path, max_content_width=110, terminal_width=110) as context:
        return f"```\n{command.get_help(context)}\n```"


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> None:
    """Write every generated file, and remove schemas that no topic has any more."""
    files = generated_files()
    for old in (ROOT / "schemas" / "generated").glob("*.schema.json"):
        if f"schemas/generated/{old.name}" not in files:
            old.unlink()
    for path, content in files.items():
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
