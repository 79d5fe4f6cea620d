"""Who may import whom: one way, from the names of things up to the report."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from securebase.sources import imported_modules

# Lowest first. A module imports only modules of lines above its own; modules on one line do not
# know each other. A package ("families") stands for all of its modules.
ORDER = """
faults names
analysis cells correlation sources logs
document scale wording
rawfiles
study
consistency config
readers
raw
cleaning
scoring
flow
waves
predictors
panel
moments
likelihood
priors
growth member_covariance
mean_structure
family
families
sampling
summaries
checks
claims
svg
figures
report_inputs
report_tables report_claims
report
provenance schemas warm
cli
"""
LINE = {name: line for line, names in enumerate(ORDER.split("\n")) for name in names.split()}

# what every job has to import to read the Snakefile
LIGHT = ("faults", "names", "analysis", "study", "config", "sources")


@pytest.fixture(scope="session")
def package(root: Path) -> Path:
    return root / "models" / "securebase"


@pytest.fixture(scope="session")
def imports(package: Path) -> dict[str, list[str]]:
    """Give the modules each module imports: {"families.dyadic_growth": ["panel", ..]}."""
    return {
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__"): [
            name.removeprefix("securebase.")
            for name in imported_modules(path)
            if name != "securebase"
        ]
        for path in sorted(package.rglob("*.py"))
        if path != package / "__init__.py"
    }


def top(module: str) -> str:
    return module.split(".", 1)[0]


def test_every_module_has_its_place(imports: dict[str, list[str]]) -> None:
    assert sorted({top(module) for module in imports} - LINE.keys()) == [], "add it to ORDER"


def test_imports_go_one_way(imports: dict[str, list[str]]) -> None:
    upwards = [
        f"{module} imports {other}"
        for module, others in imports.items()
        for other in others
        if top(other) != top(module) and LINE[top(other)] >= LINE[top(module)]
    ]
    assert upwards == []


def test_families_and_readers_do_not_know_each_other(imports: dict[str, list[str]]) -> None:
    for group in ("families", "readers"):
        members = {module for module in imports if module.startswith(f"{group}.")}
        acquainted = [
            f"{module} imports {other}"
            for module, others in imports.items()
            for other in others
            if other in members and module != other
        ]
        assert acquainted == [], f"{group} are found by file name"


def test_the_library_knows_neither_snakemake_nor_the_repository(package: Path) -> None:
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        }
        assert not {name for name in names if name and top(name) == "snakemake"}, path
        assert not [node for node in ast.walk(tree) if getattr(node, "level", 0)], (
            f"{path}: imports are absolute"
        )


def test_reading_the_snakefile_imports_nothing_heavy() -> None:
    program = (
        f"import sys, {', '.join(f'securebase.{name}' for name in LIGHT)}\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {
        "numpy",
        "pandas",
        "xarray",
        "scipy",
        "numba",
        "pymc",
        "pytensor",
        "arviz",
        "matplotlib",
    }
    assert "pydantic" in loaded
    assert heavy.isdisjoint(loaded), sorted(heavy.intersection(loaded))
