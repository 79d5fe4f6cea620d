from collections.abc import Callable
from pathlib import Path

import pytest

from securebase import sources

TREE = {
    "__init__.py": "",
    "faults.py": "",
    "study.py": "import securebase.faults\n",
    "priors.py": "from securebase.faults import InputError\n",
    "family.py": "from securebase import priors\n",
    "sampling.py": "from securebase.family import Family\nimportlib.import_module(name)\n",
    "figures.py": "import matplotlib\n",
    "report.py": "def page():\n    from securebase.figures import svg\n",
    "families/__init__.py": "import pkgutil\n",
    "families/growth.py": "from securebase.family import Family\n",
    "families/lead.py": "from securebase.family import Family\n",
    "templates/report.html": "<html>",
    "templates/__pycache__/junk.pyc": "",
}

FilesOf = Callable[..., set[str]]


@pytest.fixture
def files_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FilesOf:
    """Give the library files of a script, in a small library of known imports."""
    package = tmp_path / "models" / "securebase"
    for name, text in TREE.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(sources, "PACKAGE_FOLDER", package)
    monkeypatch.chdir(tmp_path)

    def files(script: str, also: tuple[str, ...] = ()) -> set[str]:
        (tmp_path / "script.py").write_text(script, encoding="utf-8")
        paths = sources.library_files(tmp_path / "script.py", also)
        assert paths == sorted(set(paths))
        prefix = "models/securebase/"
        assert all(path.startswith(prefix) for path in paths)
        return {path.removeprefix(prefix) for path in paths}

    return files


def test_follows_imports_through_modules(files_of: FilesOf) -> None:
    assert files_of("from securebase.family import Family\n") == {
        "__init__.py",
        "family.py",
        "priors.py",
        "faults.py",
    }


@pytest.mark.parametrize(
    "line",
    ["import securebase.study", "from securebase import study", "from securebase.study import X"],
)
def test_sees_every_way_of_writing_an_import(files_of: FilesOf, line: str) -> None:
    assert files_of(line) == {"__init__.py", "study.py", "faults.py"}


def test_sees_imports_inside_functions(files_of: FilesOf) -> None:
    assert files_of("import securebase.report") == {"__init__.py", "report.py", "figures.py"}


def test_skips_imports_for_type_checkers_but_not_their_alternative(files_of: FilesOf) -> None:
    script = (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import securebase.figures\nelse:\n    import securebase.faults\n"
    )
    assert files_of(script) == {"__init__.py", "faults.py"}


def test_other_packages_are_not_followed(files_of: FilesOf) -> None:
    assert files_of("import numpy, securebase_tools\nfrom json import load\n") == set()


def test_a_fit_rests_on_its_own_family_only(files_of: FilesOf) -> None:
    files = files_of("import securebase.sampling", also=("securebase.families.growth",))
    assert "families/growth.py" in files
    assert "families/__init__.py" in files
    assert "families/lead.py" not in files


def test_a_folder_of_templates_brings_all_its_files(files_of: FilesOf) -> None:
    assert files_of("", also=("securebase.templates",)) == {"__init__.py", "templates/report.html"}


def test_a_changed_import_is_seen_by_the_next_call(files_of: FilesOf) -> None:
    assert "figures.py" not in files_of("import securebase.study")
    assert "figures.py" in files_of("import securebase.study, securebase.figures")


def test_paths_start_from_the_folder_asked_for(files_of: FilesOf, tmp_path: Path) -> None:
    files_of("import securebase.faults")
    paths = sources.library_files(tmp_path / "script.py", relative_to=tmp_path / "models" / "other")
    assert paths == ["../securebase/__init__.py", "../securebase/faults.py"]


def test_an_unknown_name_is_refused(files_of: FilesOf) -> None:
    with pytest.raises(ValueError, match=r"securebase\.families\.growht is neither a module nor"):
        files_of("", also=("securebase.families.growht",))


def test_in_this_repository_no_family_is_followed_unnamed(root: Path) -> None:
    families = root / "models" / "securebase" / "families"
    for script in sorted((root / "workflow" / "scripts").glob("*.py")):
        paths = sources.library_files(script, relative_to=root)
        named = [path for path in paths if "/families/" in path and "__init__" not in path]
        assert named == [], f"{script.name} imports a family by name"
    assert families.is_dir()
