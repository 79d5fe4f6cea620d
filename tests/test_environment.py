"""The lock, environment.yml and pyproject.toml name the same versions."""

import re
import runpy
import shutil
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

import securebase

REPAIR = "run `make lock`"
CONDA_NAMES = {"matplotlib": "matplotlib-base", "snakemake": "snakemake-minimal"}


def normal(name: str) -> str:
    """Spell a package as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def direct(root: Path) -> dict[str, str]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert all(pin.count("==") == 1 for pin in pins), "direct packages are pinned exactly"
    return dict(pin.split("==") for pin in pins)


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def locked(lock: str) -> dict[str, str]:
    return {normal(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock, re.M)}


def test_lock_has_every_direct_pin(direct: dict[str, str], locked: dict[str, str]) -> None:
    assert {normal(name): locked.get(normal(name)) for name in direct} == {
        normal(name): version for name, version in direct.items()
    }, REPAIR


def test_every_locked_package_has_a_hash(lock: str) -> None:
    entries = re.split(r"^(?=[\w.-]+==)", lock, flags=re.M)[1:]
    bare = [entry.split("\n", 1)[0] for entry in entries if "--hash=sha256:" not in entry]
    assert len(entries) > 50
    assert bare == [], REPAIR


def test_lock_names_no_index(lock: str) -> None:
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links", lock), REPAIR


def test_conda_environment_has_the_same_pins(root: Path, direct: dict[str, str]) -> None:
    environment = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    *of_conda, of_pip = environment["dependencies"][2:]
    pins = dict(entry.split("=") for entry in of_conda) | dict(
        entry.split("==") for entry in of_pip["pip"]
    )
    assert pins == {
        CONDA_NAMES.get(name, name): re.sub(r"\.post\d+$", "", pin) for name, pin in direct.items()
    }, REPAIR


def test_conda_environment_takes_the_pythons_of_the_package(root: Path) -> None:
    environment = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    assert environment["dependencies"][:2] == ["python >=3.12,<3.15", "pip"]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.12"


def test_conda_environment_is_as_generated(root: Path) -> None:
    writer = runpy.run_path(str(root / "workflow" / "envs" / "write_conda_environment.py"))
    expected = writer["environment_text"]((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert (root / "environment.yml").read_text(encoding="utf-8") == expected, REPAIR


def test_the_tests_run_in_the_locked_versions(direct: dict[str, str]) -> None:
    assert {name: version(name) for name in direct} == direct, "run `make environment`"


def test_this_checkout_is_the_one_imported(root: Path) -> None:
    assert Path(securebase.__file__).is_relative_to(root), "run `make environment` in this checkout"


@pytest.mark.parametrize("old_python", [None, "#!/bin/sh\nexit 0\n"], ids=["missing", "too old"])
def test_set_up_says_in_one_sentence_how_to_get_python(
    root: Path, tmp_path: Path, old_python: str | None
) -> None:
    script = tmp_path / "workflow" / "envs" / "make_environment.sh"
    script.parent.mkdir(parents=True)
    shutil.copy(root / "workflow" / "envs" / script.name, script)
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(root / name, tmp_path)
    python = tmp_path / "python3.9"
    if old_python:
        python.write_text(old_python, encoding="utf-8")
        python.chmod(0o755)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHON": str(python)}
    run = subprocess.run([script], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith(
        f"Securebase needs Python 3.12, 3.13 or 3.14 and {python} is not one: get one ("
    )
    assert run.stderr.count("\n") == 1
    assert not (tmp_path / ".venv").exists()
