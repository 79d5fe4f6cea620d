"""How a raw table holds persons and waves: a row each, or side by side in columns."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from securebase.codebook.rawfiles import RawFile, placeholders
from securebase.codebook.study import Study, code_texts
from securebase.faults import Fault
from securebase.names import CLUSTER, COMPOSITION, DATE, PERSON, ROLE, UNIT, WAVE
from securebase.waves.tables import unknown_columns

FILE: Final = "file"
ROW: Final = "row"
# number of the exclusion that takes a row out; KEPT where none does
DECLARED: Final = "declared"
KEPT: Final = -1
ID_COLUMNS: Final = (UNIT, PERSON, ROLE, WAVE, DATE, CLUSTER, COMPOSITION)
KEYS: Final = (FILE, ROW, *ID_COLUMNS, DECLARED)


@dataclass(frozen=True)
class Block:
    """The columns of one role and wave; None where a column says which.

    Parameters
    ----------
    role, wave : str or None
        Level that all rows of the block belong to.
    found : mapping of str to str
        Column of the table by the codebook's name.
    special : frozenset of str
        The names whose columns belong to this block alone, not to others or to the whole row.
    missing : tuple of str
        Columns of answers that the table should have and has not, as it would call them.
    """

    role: str | None
    wave: str | None
    found: Mapping[str, str]
    special: frozenset[str]
    missing: tuple[str, ...]


def blocks_of(table: pd.DataFrame, spec: RawFile, study: Study) -> list[Block]:
    """Find the blocks of a table: one for a long table, one per role and wave for a wide one."""
    blocks = [
        _block(table, role, wave, study)
        for role, wave in itertools.product(_roles(spec, study), _waves(spec, study))
    ]
    if not study.raw.patterns:
        return blocks
    uses = Counter(name for block in blocks for name in block.found.values())
    blocks = [
        replace(
            block, special=frozenset(use for use in block.special if uses[block.found[use]] == 1)
        )
        for block in blocks
    ]
    # a role or wave that has no column in this file is another file's
    return [block for block in blocks if block.special]


def layout_faults(
    blocks: list[Block], table: pd.DataFrame, spec: RawFile, study: Study
) -> Iterator[Fault]:
    """Report columns that a codebook needs and a table has not."""
    if not blocks:
        example = _names(study.answer_columns()[0], *_first_block(spec, study), study)[0]
        given = f"no column that fits the pattern {' or '.join(study.raw.patterns)}"
        yield Fault(spec.name, given, f"columns such as '{example}'", column="raw.pattern")
    ids = {use: getattr(study.raw.columns, use) for use in ID_COLUMNS}
    found = {use for block in blocks for use in block.found}
    told = {ROLE: spec.role, WAVE: spec.wave}
    wanted = {use: name for use, name in ids.items() if name and told.get(use) is None}
    lost = [name for use, name in wanted.items() if use not in found and blocks]
    answers = [name for block in blocks for name in block.missing]
    used = [name for block in blocks for name in block.found.values()]
    yield from unknown_columns(dict.fromkeys(lost), table, spec, "raw.columns")
    yield from unknown_columns(dict.fromkeys(answers), table, spec, "scales, covariates")
    yield from unknown_columns(dict.fromkeys(used), table, spec, "codebook")


def _roles(spec: RawFile, study: Study) -> tuple[str | None, ...]:
    if spec.role is not None:
        return (spec.role,)
    if study.raw.has_place("role"):
        return tuple(study.roles.levels)
    if study.raw.columns.role is None and len(study.roles.levels) == 1:
        return tuple(study.roles.levels)
    return (None,)


def _waves(spec: RawFile, study: Study) -> tuple[str | None, ...]:
    if spec.wave is not None:
        return (spec.wave,)
    if study.raw.has_place("wave"):
        return tuple(study.waves.levels)
    if study.raw.columns.wave is None and len(study.waves.levels) == 1:
        return tuple(study.waves.levels)
    return (None,)


def _first_block(spec: RawFile, study: Study) -> tuple[str | None, str | None]:
    return _roles(spec, study)[0], _waves(spec, study)[0]


def _block(table: pd.DataFrame, role: str | None, wave: str | None, study: Study) -> Block:
    columns = set(table.columns)
    ids = {use: getattr(study.raw.columns, use) for use in ID_COLUMNS}
    taken = {ROLE: role, WAVE: wave}
    wanted = {use: name for use, name in ids.items() if name and taken.get(use) is None}
    wanted |= {name: name for name in study.answer_columns(role, wave)}
    found: dict[str, str] = {}
    special, missing = set(), []
    for use, name in wanted.items():
        names = _names(name, role, wave, study)
        hit = next((one for one in names if one in columns), None)
        if hit is not None:
            found[use] = hit
        elif use not in ids:
            missing.append(names[0])
        if hit is not None and hit != name:
            special.add(use)
    return Block(role, wave, found, frozenset(special), tuple(missing))


def _names(column: str, role: str | None, wave: str | None, study: Study) -> list[str]:
    """List what a column may be called in a block, the most specific name first."""
    names = []
    role_codes = code_texts(study.roles.levels[role].code, role) if role else ()
    wave_codes = code_texts(study.waves.levels[wave].code, wave) if wave else ()
    for pattern in study.raw.patterns:
        places = placeholders(pattern)
        fills = itertools.product(
            role_codes if "role" in places else ("",), wave_codes if "wave" in places else ("",)
        )
        names += [pattern.format(column=column, role=r, wave=w) for r, w in fills]
    return [*names, column]
