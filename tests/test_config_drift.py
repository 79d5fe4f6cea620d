"""What is generated from the models of the configuration is as they are now."""

import difflib
import json
from pathlib import Path
from typing import Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field

from securebase import schemas
from securebase.codebook.document import read_document

REPAIR = "`make schemas` repairs this"


@pytest.fixture(scope="module")
def expected(root: Path) -> dict[Path, str]:
    readme = root / "config" / "README.md"
    return dict(schemas.generated(root / "workflow" / "schemas", readme))


@pytest.mark.parametrize(
    "name",
    [
        "workflow/schemas/config.schema.json",
        "workflow/schemas/study.schema.json",
        "workflow/schemas/synthesis.schema.json",
        "config/README.md",
    ],
)
def test_generated_file_is_current(name: str, root: Path, expected: dict[Path, str]) -> None:
    path = root / name
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    difference = "".join(
        difflib.unified_diff(
            found.splitlines(keepends=True),
            expected[path].splitlines(keepends=True),
            f"{name} as it is",
            f"{name} as the models say",
        )
    )
    assert not difference, f"{REPAIR}\n{difference}"


def test_every_key_says_what_it_means() -> None:
    silent = [
        f"{part.__name__}.{key}"
        for model in schemas.MODELS.values()
        for _, part in schemas.models_inside(model)
        for key, field in part.model_fields.items()
        if not field.description
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("config", "config/*.yaml"),
        ("study", "config/studies/*.yaml"),
        ("synthesis", "config/synthesis.yaml"),
    ],
)
def test_shipped_files_keep_their_schema(name: str, pattern: str, root: Path) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schemas.schema_text(name)))
    others = set(schemas.MODELS) - {name}
    files = [path for path in sorted(root.glob(pattern)) if path.stem not in others]
    assert files
    for path in files:
        folder = "../" * len(path.relative_to(root).parent.parts) + "workflow/schemas"
        pointer = f"# yaml-language-server: $schema={folder}/{name}.schema.json"
        assert path.read_text(encoding="utf-8").split("\n", 1)[0] == pointer, path.name
        faults = validator.iter_errors(read_document(path).data)
        assert [f"{fault.json_path}: {fault.message}" for fault in faults] == [], path.name


def test_the_schema_refuses_an_unknown_key() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schemas.schema_text("config")))
    faults = [fault.message for fault in validator.iter_errors({"studies": ["a"], "sead": 1})]
    assert len(faults) == 1
    assert "'sead' was unexpected" in faults[0]


def test_a_readme_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the keys of config"):
        schemas.with_tables("# Configuration\n")


class Inner(BaseModel):
    """A part.

    Not in the table.
    """

    limits: tuple[float, float] = Field((0.0, 1.0), description="Both | ends.")
    count: int = Field(ge=2, description="How many.")


class Outer(BaseModel):
    """The whole."""

    parts: dict[str, Inner] = Field({}, description="Parts.")
    kind: Literal["a", "b"] | None = Field(None, description="Which.")


def test_tables_give_path_type_default_and_meaning_of_every_key() -> None:
    assert schemas.reference_tables(Outer).split("\n") == [
        "| key | type | default | meaning |",
        "|---|---|---|---|",
        "| `parts` | name → keys below | `{}` | Parts. |",
        "| `kind` | `a` or `b` or null | `null` | Which. |",
        "",
        "#### `parts.<name>`",
        "",
        "A part.",
        "",
        "| key | type | default | meaning |",
        "|---|---|---|---|",
        "| `parts.<name>.limits` | [number, number] | `[0.0, 1.0]` | Both \\| ends. |",
        "| `parts.<name>.count` | whole number, ≥ 2 | **required** | How many. |",
    ]
