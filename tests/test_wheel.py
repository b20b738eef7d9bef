from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_holds_rules_models_samples_and_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "streams/py.typed",
        "schemas/py.typed",
        "streams/kafka/jars.lock",
        "streams/rules/pack/rules.lock",
    ):
        assert needed in names
    assert any(n.startswith("streams/samples/") for n in names)
    assert any(n.startswith("streams/extract/model/") for n in names)
    assert any(n.startswith("streams/rules/pack/") and n.endswith(".yml") for n in names)
    assert not any(n.startswith(("tests/", "benchmarks/", "training/")) for n in names)


def test_the_wheel_works_from_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(tmp_path / "venv")], check=True)
    install = [*uv, "pip", "install", "-q", "--python", str(python)]
    subprocess.run(
        [
            *install,
            "--require-hashes",
            "--only-binary",
            ":all:",
            "-r",
            str(ROOT / "requirements" / "run.txt"),
        ],
        check=True,
    )
    subprocess.run([*install, "--no-deps", str(wheel)], check=True)
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    env |= {
        "DRAGOMAN_DATA_DIR": str(tmp_path / "data"),
        "DRAGOMAN_HEALTH_PORT": "0",
        "DRAGOMAN_NOTIFIER_PORT": "0",
    }
    done = subprocess.run(
        [str(python.with_name("dragoman")), "up", "--demo"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stage: drafting" in done.stdout
