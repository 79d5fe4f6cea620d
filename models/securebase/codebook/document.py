"""A YAML file with the lines its keys stand on, and the faults of what it says."""

import difflib
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from securebase.faults import Fault, InputError

KeyPath = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """YAML with the booleans of version 1.2: a key called `on` or `no` is text, dates are too."""


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if not pair[0].endswith((":bool", ":timestamp"))]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


@dataclass(frozen=True)
class Document:
    """What a YAML file says, and where.

    Parameters
    ----------
    file : str
        Its name, for messages.
    data : object
        Its content as plain Python.
    lines : mapping of key path to int
        Line of each key and list entry; keys as text, positions as integers.
    """

    file: str
    data: Any
    lines: Mapping[KeyPath, int]

    def known(self, path: Iterable[str | int]) -> KeyPath:
        """Return the part of a path that the file has, skipping what it has not."""
        found: KeyPath = ()
        for key in path:
            for step in (key, str(key)):
                if (*found, step) in self.lines:
                    found = (*found, step)
                    break
        return found

    def fault(
        self, path: Iterable[str | int], given: str, expected: str, remedy: str = ""
    ) -> Fault:
        """Make a fault at a key path: its dotted name, the line of its nearest known key."""
        path = tuple(path)
        return Fault(
            self.file,
            given,
            expected,
            remedy,
            row=self.lines.get(self.known(path)),
            column=".".join(map(str, path)) or None,
        )


def read_document(path: Path) -> Document:
    """Read a YAML file with its line numbers.

    Raises
    ------
    InputError
        Where the file is missing, is not UTF-8 or not YAML, holds no mapping, or holds a key twice.
    """
    file = str(path)
    try:
        loader = _Loader(path.read_text(encoding="utf-8-sig"))
        node = loader.get_single_node()
        data = None if node is None else loader.construct_document(node)
    except FileNotFoundError:
        raise _refused(Fault(file, "no such file", "a YAML file")) from None
    except UnicodeDecodeError as error:
        raise _refused(Fault(file, f"byte {error.start} is not UTF-8", "UTF-8 text")) from None
    except yaml.YAMLError as error:
        raise _refused(_syntax_fault(file, error)) from None
    if node is None or not isinstance(data, dict):
        raise _refused(Fault(file, "no keys at its top", "a mapping of keys to values"))
    lines: dict[KeyPath, int] = {}
    doubles = list(_walk(file, node, (), lines))
    if doubles:
        raise InputError(file, doubles)
    return Document(file, data, lines)


def nearest(name: object, known: Iterable[str]) -> str:
    """Say which known name was probably meant; the empty text where none is near."""
    names = list(known)
    folded = {one.casefold(): one for one in reversed(names)}
    hits = difflib.get_close_matches(str(name).casefold(), list(folded), n=1, cutoff=0.6)
    return f"did you mean '{folded[hits[0]]}'?" if hits else ""


def model_faults(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Fault]:
    """Say every fault of a document against a pydantic model, with lines and valid keys.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    document : Document
        The file that was checked.
    model : type of BaseModel
        The model it was checked against.
    """
    return [_model_fault(detail, document, model) for detail in error_details(error)]


def error_details(error: ValidationError) -> list[Any]:
    """List what pydantic found, without a list being too short because its entries are faulty."""
    details = error.errors(include_url=False)
    places = [detail["loc"] for detail in details]
    return [
        detail
        for detail in details
        if detail["type"] != "too_short"
        or not any(
            len(place) > len(detail["loc"]) and place[: len(detail["loc"])] == detail["loc"]
            for place in places
        )
    ]


def _model_fault(detail: Any, document: Document, model: type[BaseModel]) -> Fault:
    path = tuple(detail["loc"])
    name = path[-1] if path else ""
    if detail["type"] == "extra_forbidden":
        keys = valid_keys(model, path[:-1])
        place = (*document.known(path[:-1]), name)
        known = f"one of: {', '.join(keys)}"
        return document.fault(place, f"unknown key '{name}'", known, nearest(name, keys))
    if detail["type"] == "missing":
        return document.fault(path, f"key '{name}' is missing", "a value for it")
    shown = repr(detail["input"])
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return document.fault(document.known(path) or path, f"given {shown}", message)


def valid_keys(model: type[BaseModel], path: Iterable[str | int]) -> tuple[str, ...]:
    """List the keys that a model knows at a key path of its input."""
    kinds: list[Any] = [model]
    for key in path:
        # pydantic adds tags of union members to its paths: what resolves to nothing is skipped
        kinds = [inner for kind in kinds for inner in _inside(kind, key)] or kinds
    models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return tuple(key for one in models for key in one.model_fields)


def _inside(kind: Any, key: str | int) -> Iterator[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(key))
        yield from () if field is None else _members(field.annotation)
    elif get_origin(kind) is dict:
        yield from _members(get_args(kind)[1])
    elif get_origin(kind) in (tuple, list) and isinstance(key, int):
        yield from _members(get_args(kind)[0])


def _members(kind: Any) -> Iterator[Any]:
    if get_origin(kind) in (Union, types.UnionType):
        for member in get_args(kind):
            yield from _members(member)
    elif get_origin(kind) is Annotated:
        yield from _members(get_args(kind)[0])
    else:
        yield kind


def _walk(file: str, node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int]) -> Iterator[Fault]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            line = key.start_mark.line + 1
            if inner in lines:
                given = f"key '{key.value}' again, first on line {lines[inner]}"
                yield Fault(
                    file, given, "each key once", row=line, column=".".join(map(str, inner))
                )
            lines[inner] = line
            yield from _walk(file, value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            lines[(*path, position)] = value.start_mark.line + 1
            yield from _walk(file, value, (*path, position), lines)


def _syntax_fault(file: str, error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return Fault(
        file,
        f"not YAML: {problem}",
        "valid YAML",
        "check indentation, quotes and colons on and before this line",
        row=None if mark is None else mark.line + 1,
    )


def _refused(fault: Fault) -> InputError:
    return InputError(fault.file, [fault])
