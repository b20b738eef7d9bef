"""What is generated from code and committed: `make docs` writes it, a test compares it."""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from schemas.compatibility import find_breaks_in_history
from schemas.json_schema import DRAFT, topic_schema
from schemas.rule import Level
from schemas.topics import TOPICS, Cleanup, alert_topic, dead_letter_topic_name
from streams.cli.main import COMMANDS, dragoman
from streams.kafka import strimzi
from streams.kafka.acls import plan_acls
from streams.kafka.asyncapi import describe_topics
from streams.rules.schema import rule_file_schema
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
GENERATED = ROOT / "schemas" / "generated"
HISTORY = GENERATED / "history"


def generated_files() -> dict[str, str]:
    """Give every generated file: path from the root to content."""
    files = {f"schemas/generated/{t.name}.schema.json": _to_json(topic_schema(t)) for t in TOPICS}
    rule = {"$schema": DRAFT, "$id": "urn:dragoman:schema:rule-file", **rule_file_schema()}
    files["schemas/generated/rule-file.json"] = json.dumps(rule, indent=1, ensure_ascii=False) + "\n"
    files["schemas/generated/asyncapi.yaml"] = _asyncapi()
    files["docs/reference.md"] = _reference()
    # As many partitions and copies as deploy/kubernetes/kustomization.yaml sets.
    cluster = Settings.model_construct(partitions=12, replication=3)
    for name, resources in (
        ("topics", strimzi.describe_topics(cluster)),
        ("users", strimzi.describe_users(cluster)),
    ):
        files[f"deploy/kubernetes/{name}.yaml"] = (
            "# Written by `make docs` from the registry of topics\n"
            + yaml.safe_dump_all(resources, sort_keys=False, width=110)
        )
    return files


def released_schemas(name: str) -> list[dict[str, Any]]:
    """Give every released version of a topic's schema, the first one first."""
    paths = sorted((HISTORY / name).glob("*.schema.json"), key=lambda path: int(path.name.split(".")[0]))
    return [json.loads(path.read_text("utf-8")) for path in paths]


def release_schemas() -> list[str]:
    """Keep the schemas as they are now as released versions, where they differ from the last one.

    Gives what stands against it, one sentence each; then nothing is written.
    """
    schemas = {topic.name: topic_schema(topic) for topic in TOPICS}
    breaks = [
        f"{name}: {sentence}"
        for name, schema in schemas.items()
        for sentence in find_breaks_in_history(released_schemas(name), schema)
    ]
    if breaks:
        return breaks
    for name, schema in schemas.items():
        released = released_schemas(name)
        if not released or released[-1] != schema:
            target = HISTORY / name / f"{len(released) + 1}.schema.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_to_json(schema), encoding="utf-8")
    return []


def _to_json(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _asyncapi() -> str:
    # Good: the defaults, whatever this machine's environment sets
    document = describe_topics(Settings.model_construct(), version("dragoman"))
    return "# Written by `make docs` from schemas/topics.py\n" + yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True, width=110
    )


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
        "## Rights on Kafka",
        ("What each process may do where the broker asks for rights (ACLs): on these names, with the prefix of topics and the group "
        "of the installation; `*` stands for whatever follows. deploy/kubernetes/users.yaml has the same."),
        _table(("Process", "On", "Name", "May"), _rights()),
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


def _rights() -> Iterator[tuple[str, ...]]:
    for acl in plan_acls(Settings.model_construct()):
        name = f"`{acl.name}{'*' if acl.prefixed else ''}`"
        yield acl.process, acl.resource.value, name, ", ".join(acl.operations)


def _command(name: str) -> str:
    context = click.Context(dragoman, info_name="dragoman")
    command = dragoman.get_command(context, name)
    assert command is not None
    texts = [_help(command, f"dragoman {name}")]
    if isinstance(command, click.Group):
        texts += [_help(sub, f"dragoman {name} {key}") for key, sub in sorted(command.commands.items())]
    return f"### dragoman {name}\n\n" + "\n\n".join(texts)


def _help(command: click.Command, path: str) -> str:
    command._help_option = None  # click keeps it from whoever asked first, with the names it had there
    with click.Context(command, info_name=path, max_content_width=110, terminal_width=110) as context:
        return f"```\n{command.get_help(context)}\n```"


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> None:
    """Write every generated file, and remove schemas that no topic has any more."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--release-schemas", action="store_true", help="also keep the schemas as released versions"
    )
    release = parser.parse_args().release_schemas
    files = generated_files()
    for old in GENERATED.glob("*.schema.json"):
        if f"schemas/generated/{old.name}" not in files:
            old.unlink()
    for path, content in files.items():
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    if release and (breaks := release_schemas()):
        advice = "make a topic of the next version for this (schemas/topics.py), or undo the change"
        sys.exit("\n".join([*breaks, f"a released schema never breaks: {advice}"]))


if __name__ == "__main__":
    main()
