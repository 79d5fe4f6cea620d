"""Who may import whom: one way, from the names of things up to the report."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from securebase.sources import imported_modules

# Lowest first: none of these rests, directly or through others, on one further down. A package
# ("families") stands for all of its modules.
ORDER = [
    "caches",
    "keeping",
    "digests",
    "whole_files",
    "draws_files",
    "faults",
    "names",
    "codebook",
    "config",
    "ledger",
    "retries",
    "registration",
    "waves",
    "clusters",
    "coding",
    "predictors",
    "schedules",
    "panel",
    "responses",
    "moments",
    "likelihood",
    "part",
    "disclosure",
    "explicit",
    "correlation",
    "priors",
    "dials",
    "structure",
    "growth",
    "panels",
    "family",
    "mediation",
    "slopes",
    "families",
    "sampling",
    "simulation",
    "refits",
    "mixing",
    "summaries",
    "calibration",
    "predictive",
    "claims",
    "checks",
    "fitting",
    "claim_refits",
    "robustness",
    "multiverse",
    "recovery",
    "sensitivity",
    "dropout",
    "gate",
    "synthesis",
    "deposit",
    "report",
    "audit",
    "cli",
]

# what every job has to import to read the Snakefile
LIGHT = (
    *("faults", "names", "codebook.loading", "codebook.extracts", "config", "sources"),
    *("synthesis.settings", "registration.deviations", "multiverse.batches"),
)


@pytest.fixture(scope="session")
def package(root: Path) -> Path:
    return root / "models" / "securebase"


@pytest.fixture(scope="session")
def imports(package: Path) -> dict[str, set[str]]:
    """Give what each module imports of this library: {"families.dyadic_growth": {"panel"}}."""
    return {
        dotted(path.relative_to(package)): {
            name.removeprefix("securebase.")
            for name in imported_modules(path)
            if name != "securebase"
        }
        for path in sorted(package.rglob("*.py"))
        if path != package / "__init__.py"
    }


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def top(module: str) -> str:
    return module.split(".", 1)[0]


@pytest.fixture(scope="session")
def graph(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """Give the same with each package as one."""
    edges: dict[str, set[str]] = {}
    for module, others in imports.items():
        edges.setdefault(top(module), set()).update({top(other) for other in others})
    return {module: others - {module} for module, others in edges.items()}


def reached(module: str, graph: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [module]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def test_no_imports_in_a_circle(graph: dict[str, set[str]]) -> None:
    TopologicalSorter(graph).prepare()


def test_no_modules_import_in_a_circle(imports: dict[str, set[str]]) -> None:
    # "from securebase.moments import gathering" inside moments needs that module, not the package
    inner = {
        module: {other for other in others if not module.startswith(f"{other}.")}
        for module, others in imports.items()
    }
    TopologicalSorter(inner).prepare()


@pytest.mark.parametrize("module", ORDER)
def test_imports_go_one_way(module: str, graph: dict[str, set[str]]) -> None:
    later = set(ORDER[ORDER.index(module) + 1 :])
    assert sorted(reached(module, graph) & later) == []


@pytest.mark.parametrize("group", ["families", "waves.readers"])
def test_members_found_by_file_name_do_not_know_each_other(
    group: str, imports: dict[str, set[str]]
) -> None:
    members = {module for module in imports if module.startswith(f"{group}.")}
    assert members
    assert {
        module: acquainted
        for module in members
        if (acquainted := imports[module] & members - {module})
    } == {}


def test_no_family_is_named_outside_its_file(package: Path) -> None:
    families = {path.stem for path in (package / "families").glob("[!_]*.py")}
    naming = [
        f"{path.name}:{node.lineno}"
        for path in package.rglob("*.py")
        if path.parent.name != "families"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in families
    ]
    assert naming == []


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
