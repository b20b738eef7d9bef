from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click
import pytest
import yaml

from streams.cli.main import dragoman
from streams.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def test_every_direct_dependency_is_named_with_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    named = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    groups = [
        item for group in project["dependency-groups"].values() for item in group if isinstance(item, str)
    ]
    names = {re.split(r"[\[<>=!~ ]", item)[0] for item in [*project["project"]["dependencies"], *groups]}
    assert {name for name in names if not re.search(rf"\b{re.escape(name)}\b", named)} == set()


def test_no_dependency_is_named_that_is_gone() -> None:
    locked = "\n".join(path.read_text("utf-8") for path in (ROOT / "requirements").glob("*.txt"))
    rows = re.findall(
        r"^\| ([a-z0-9_, -]+) \|", (ROOT / "docs" / "dependencies.md").read_text("utf-8"), re.MULTILINE
    )
    names = {name for row in rows for name in row.split(", ")}
    assert {name for name in names if f"\n{name}==" not in "\n" + locked} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [t for t in targets if "://" not in t and not (page.parent / t).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_docs_exist(page: Path) -> None:
    wrong = []
    for name, sub in re.findall(r"[`/]dragoman ([a-z]+)(?: ([a-z][a-z-]*))?", page.read_text("utf-8")):
        command = dragoman.get_command(click.Context(dragoman), name)
        if command is None or (sub and isinstance(command, click.Group) and sub not in command.commands):
            wrong.append(f"{name} {sub}".strip())
    assert wrong == []


def test_make_targets_in_the_readme_exist() -> None:
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)", (ROOT / "README.md").read_text("utf-8"))) <= made


def test_the_compose_file_speaks_of_commands_and_settings_that_exist() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    known = {f"DRAGOMAN_{name.upper()}" for name in Settings.model_fields}
    for service in compose["services"].values():
        assert {name for name in service["environment"] if name.startswith("DRAGOMAN_")} <= known
        if isinstance(service.get("command"), list):
            name, *rest = service["command"]
            command = dragoman.get_command(click.Context(dragoman), name)
            assert command is not None
            assert not rest or (isinstance(command, click.Group) and rest[0] in command.commands)


def test_nothing_names_a_package_host_or_a_folder_of_some_machine() -> None:
    hosts = [
        "pypi." + "org",
        "pythonhosted." + "org",
        "repo1." + "maven",
        "registry." + "npmjs",
        "deb." + "debian",
        "/ro" + "ot/",
        "/wo" + "rk/",
    ]
    suffixes = {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".json", ".lock", ".cfg", ""}
    folders = [
        "schemas",
        "streams",
        "tests",
        "deploy",
        "docs",
        "requirements",
        "training",
        "benchmarks",
        ".ci",
    ]
    files = [
        p
        for folder in folders
        for p in (ROOT / folder).rglob("*")
        if p.is_file() and p.suffix in suffixes and "__pycache__" not in p.parts
    ]
    files += [p for p in ROOT.iterdir() if p.is_file() and p.name != "uv.lock"]
    found = [
        f"{p.relative_to(ROOT)}: {host}" for p in files for host in hosts if host.encode() in p.read_bytes()
    ]
    assert found == []


def test_the_index_of_decisions_has_each_under_its_title() -> None:
    folder = ROOT / "docs" / "adr"
    titles = {path.name: path.read_text("utf-8").partition("\n")[0] for path in sorted(folder.glob("0*.md"))}
    rows = [f"- [{title.removeprefix('# ')}]({name})" for name, title in titles.items()]
    assert re.findall(r"^- .*$", (folder / "README.md").read_text("utf-8"), re.MULTILINE) == rows
