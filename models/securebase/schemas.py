"""JSON Schemas and reference tables, generated from the models that check a configuration.

Run as ``python -m securebase.schemas SCHEMA_FOLDER README``; `make schemas` does.
"""

import datetime
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

from securebase.codebook.loading import Study
from securebase.config import Config
from securebase.synthesis.settings import Synthesis

MODELS: dict[str, type[BaseModel]] = {"config": Config, "study": Study, "synthesis": Synthesis}
TITLES = {
    "config": "Keys of config/config.yaml",
    "study": "Keys of config/studies/<study>.yaml",
    "synthesis": "Keys of config/synthesis.yaml",
}

PLAIN_TYPES = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    datetime.date: "date",
    NoneType: "null",
    Any: "anything",
}
BOUNDS: dict[type, tuple[str, str]] = {
    annotated_types.Ge: ("≥", "ge"),
    annotated_types.Gt: (">", "gt"),
    annotated_types.Le: ("≤", "le"),
    annotated_types.Lt: ("<", "lt"),
    annotated_types.MinLen: ("length ≥", "min_length"),
    annotated_types.MaxLen: ("length ≤", "max_length"),
}


def schema_text(name: str) -> str:
    """Give the JSON Schema (draft 2020-12) of one model as the text of a file.

    Parameters
    ----------
    name : str
        A key of `MODELS`.
    """
    schema = {
        "$schema": GenerateJsonSchema.schema_dialect,
        **MODELS[name].model_json_schema(mode="validation"),
        "title": TITLES[name],
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def reference_tables(model: type[BaseModel]) -> str:
    """Give Markdown tables of every key of a model: its path, type, default and meaning.

    One table for the model itself and one for each model inside it, in the order of the fields.
    """
    return "\n\n".join(_table(path, part) for path, part in models_inside(model))


def with_tables(readme: str) -> str:
    """Replace what stands between the markers of a README by the current tables.

    Parameters
    ----------
    readme : str
        Text with a line ``<!-- begin keys: NAME -->`` and ``<!-- end keys: NAME -->`` per model.

    Raises
    ------
    ValueError
        If a pair of markers is missing.
    """
    for name, model in MODELS.items():
        begin, end = f"<!-- begin keys: {name} -->", f"<!-- end keys: {name} -->"
        if begin not in readme or end not in readme:
            raise ValueError(f"no place for the keys of {name}: expected lines {begin} and {end}")
        before, rest = readme.split(begin, 1)
        after = rest.split(end, 1)[1]
        readme = f"{before}{begin}\n\n{reference_tables(model)}\n\n{end}{after}"
    return readme


def generated(schema_folder: Path, readme: Path) -> Mapping[Path, str]:
    """Give every generated file with the text it should have."""
    schemas = {schema_folder / f"{name}.schema.json": schema_text(name) for name in MODELS}
    return {**schemas, readme: with_tables(readme.read_text(encoding="utf-8"))}


def models_inside(
    model: type[BaseModel], path: str = "", above: tuple[type[BaseModel], ...] = ()
) -> Iterator[tuple[str, type[BaseModel]]]:
    """Walk a model and every model inside it, each with the path of keys that leads to it."""
    yield path, model
    for key, field in model.model_fields.items():
        for step, inner in _models_of(field.annotation):
            if inner not in (model, *above):
                prefix = f"{path}.{key}" if path else key
                yield from models_inside(inner, f"{prefix}{step}", (*above, model))


def _models_of(annotation: Any, step: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield step, annotation
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict:
        yield from _models_of(arguments[1], f"{step}.<name>")
    elif origin in (list, tuple):
        yield from _models_of(arguments[0], f"{step}[]")
    elif origin in (Union, UnionType, Annotated):
        for argument in arguments:
            yield from _models_of(argument, step)


def _table(path: str, model: type[BaseModel]) -> str:
    heading = f"#### `{path}`\n\n{_sentence(model)}\n\n" if path else ""
    rows = [
        (
            f"`{path}.{key}`" if path else f"`{key}`",
            _type_of_field(field),
            _default(field),
            field.description or "",
        )
        for key, field in model.model_fields.items()
    ]
    lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    lines += ["| " + " | ".join(_cell(text) for text in row) + " |" for row in rows]
    return heading + "\n".join(lines)


def _sentence(model: type[BaseModel]) -> str:
    return re.split(r"\n\s*\n", (model.__doc__ or "").strip())[0].replace("\n", " ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _type_of_field(field: FieldInfo) -> str:
    bounds = [
        f"{word} {getattr(entry, attribute)}"
        for entry in field.metadata
        for kind, (word, attribute) in BOUNDS.items()
        if isinstance(entry, kind)
    ]
    return ", ".join([_type(field.annotation), *bounds])


def _type(annotation: Any) -> str:
    """Give a type in words: "list of text", "name → number or null"."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_type(argument) for argument in arguments))
    if origin is dict:
        return f"name → {_type(arguments[1])}"
    if origin in (list, tuple):
        return _type_of_list(arguments)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "keys below"
    return PLAIN_TYPES.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _type_of_list(arguments: tuple[Any, ...]) -> str:
    if len(arguments) == 1 or arguments[1] is Ellipsis:
        return f"list of {_type(arguments[0])}"
    return "[" + ", ".join(_type(argument) for argument in arguments) + "]"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    default = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, BaseModel):
        return "its defaults"
    if isinstance(default, tuple | frozenset):
        default = list(default)
    return f"`{json.dumps(default, ensure_ascii=False)}`"


def main(arguments: list[str]) -> None:
    """Write every generated file anew: ``SCHEMA_FOLDER README``."""
    schema_folder, readme = map(Path, arguments)
    schema_folder.mkdir(parents=True, exist_ok=True)
    for path, text in generated(schema_folder, readme).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
