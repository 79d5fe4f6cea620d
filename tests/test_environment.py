"""The lock, environment.yml and pyproject.toml name the same versions."""

import re
import runpy
import tomllib
from pathlib import Path

import pytest
import yaml

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
    pins = dict(entry.split("=") for entry in environment["dependencies"][2:])
    assert pins == {CONDA_NAMES.get(name, name): version for name, version in direct.items()}, (
        REPAIR
    )


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
    from importlib.metadata import version

    assert {name: version(name) for name in direct} == direct, "run `make environment`"
