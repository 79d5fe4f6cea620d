"""Which library files a script rests on, so that a change in one of them re-runs what it touches.

Snakemake notices a change in a script but not in what the script imports. The files listed here
become inputs of the rule.
"""

import ast
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import securebase

PACKAGE = securebase.__name__
PACKAGE_FOLDER = Path(securebase.__file__).parent


def library_files(
    script: Path, also: Iterable[str] = (), relative_to: Path | None = None
) -> list[str]:
    """List the files of this package that a script imports, directly or through others.

    Imports are read from the text, nothing is run. A module that is found by its name at run time
    (a family, a reader) or a folder of templates is not seen in the text: name it in `also`. So a
    fit of one family does not rest on the files of the others.

    Parameters
    ----------
    script : Path
        The script.
    also : iterable of str
        Dotted names beside what the script imports: a module ("securebase.families.dyadic_growth"),
        with all that it imports, or a folder without modules ("securebase.report.templates"), with
        all of its files.
    relative_to : Path, optional
        Folder the paths start from; by default the working directory. Relative, so that a clone
        that was moved re-runs nothing.

    Returns
    -------
    list of str
        Paths with forward slashes, sorted.

    Raises
    ------
    ValueError
        If a name in `also` is neither a module nor a folder of this package.
    """
    found: set[Path] = set()
    waiting = [path for name in also for path in _files_of(name)]
    waiting += _imported_files(script)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported_files(path) if path.suffix == ".py" else ()
    start = relative_to or Path.cwd()
    return sorted(Path(os.path.relpath(path, start)).as_posix() for path in found)


def imported_modules(path: Path) -> list[str]:
    """List the modules of this package that a Python file imports when it runs, sorted.

    Imports for type checkers alone are left out: they change no result.
    """
    return list(_modules_in(path, path.stat().st_mtime_ns))


@cache
def _modules_in(path: Path, _changed: int) -> tuple[str, ...]:
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    names = {name for node in _running_nodes(tree) for name in _names_imported_by(node)}
    return tuple(sorted(name for name in names if _is_ours(name) and _file_of(name) is not None))


def _running_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _names_imported_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_ours(name: str) -> bool:
    return name.split(".", 1)[0] == PACKAGE


def _file_of(name: str) -> Path | None:
    """Give the file of a module, or None where the name is none (a function, a class)."""
    place = PACKAGE_FOLDER.joinpath(*name.split(".")[1:])
    candidates = (place / "__init__.py", place.with_suffix(".py"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _imported_files(path: Path) -> list[Path]:
    return [file for name in imported_modules(path) for file in _files_of(name)]


def _files_of(name: str) -> list[Path]:
    """Give the file of a module and of the packages it lies in, or the files of a plain folder."""
    parents = name.split(".")
    packages = [_file_of(".".join(parents[:depth])) for depth in range(1, len(parents))]
    above = [path for path in packages if path is not None]
    module = _file_of(name)
    if module is not None:
        return [*above, module]
    folder = PACKAGE_FOLDER.joinpath(*parents[1:])
    if not _is_ours(name) or not folder.is_dir():
        raise ValueError(f"{name} is neither a module nor a folder of {PACKAGE}")
    inside = (path for path in folder.rglob("*") if path.is_file())
    return [*above, *(path for path in inside if "__pycache__" not in path.parts)]
