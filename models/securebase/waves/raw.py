"""Raw answers of a study: its files as one long table of text, each row knowing where it stood."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from securebase.codebook.cells import as_code
from securebase.codebook.rawfiles import RawFile
from securebase.codebook.study import Study, code_texts, codes_of
from securebase.faults import Fault, InputError
from securebase.names import CLUSTER, COMPOSITION, PERSON, ROLE, UNIT, WAVE
from securebase.waves.layout import (
    DECLARED,
    FILE,
    ID_COLUMNS,
    KEPT,
    KEYS,
    ROW,
    Block,
    blocks_of,
    layout_faults,
)
from securebase.waves.rawfaults import code_faults, value_faults
from securebase.waves.tables import read_table

_IDS = (UNIT, PERSON, ROLE, WAVE, CLUSTER, COMPOSITION)


@dataclass(frozen=True)
class RawAnswers:
    """Every record of a study's raw files.

    Parameters
    ----------
    keys : pd.DataFrame
        One row per record: file, row (as an editor shows it), unit, person, role and wave (levels
        of the codebook), date, cluster, composition; None where the file says nothing; declared,
        the number of the exclusion that takes the row out, -1 where none does.
    answers : pd.DataFrame
        Aligned with `keys`: a column of text per item and covariate column, None where empty.
    used : frozenset of int
        Numbers of the exclusions that match a row.
    """

    keys: pd.DataFrame
    answers: pd.DataFrame
    used: frozenset[int]


def read_raw(study: Study, raw_root: Path) -> RawAnswers:
    """Read all raw files of a study.

    Parameters
    ----------
    study : Study
        The codebook.
    raw_root : Path
        Folder the files' paths start from.

    Returns
    -------
    RawAnswers
        In the order of files and rows.

    Raises
    ------
    InputError
        With every fault of every file: missing, empty, another digest, encoding, delimiter,
        columns, codes of roles or waves outside the levels, columns that are no numbers.
    """
    parts: list[RawAnswers] = []
    faults: list[Fault] = []
    for spec in study.raw.files:
        try:
            parts.append(_read_file(spec, study, raw_root))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(f"raw files of study {study.study}", faults)
    keys = pd.concat([part.keys for part in parts], ignore_index=True)
    answers = pd.concat([part.answers for part in parts], ignore_index=True)
    used = frozenset(number for part in parts for number in part.used)
    faults = list(_idle_exclusions(study, used))
    if faults:
        raise InputError(f"study {study.study}", faults)
    return RawAnswers(_with_persons(_with_roles(keys, study)), answers, used)


def _read_file(spec: RawFile, study: Study, raw_root: Path) -> RawAnswers:
    table = read_table(spec, raw_root)
    blocks = blocks_of(table, spec, study)
    faults = list(layout_faults(blocks, table, spec, study))
    if not blocks:
        raise InputError(spec.name, faults)
    # a column that is there twice is a fault already: go on with the first to find the rest
    text = _emptied(table.loc[:, ~table.columns.duplicated()], study)
    declared, used = _declared(text, study)
    pieces = [_piece(text, block, spec, study).assign(**{DECLARED: declared}) for block in blocks]
    records = pd.concat(pieces, ignore_index=True)
    if study.raw.patterns:
        records = records[_is_record(pieces, blocks).to_numpy()].reset_index(drop=True)
    keys, answers = records[list(KEYS)], records[study.answer_columns()]
    kept = keys[DECLARED] == KEPT
    faults += code_faults(keys, spec, study)
    faults += value_faults(answers[kept], keys.loc[kept, ROW], spec, study)
    if faults:
        raise InputError(spec.name, faults)
    return RawAnswers(_with_levels(keys, study), answers, used)


def _emptied(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Strip every cell and make None of the texts that mean an empty one."""
    text = table.apply(lambda column: column.str.strip())
    return text.astype(object).where(~text.isin([*study.raw.missing, ""]), None)


def _declared(text: pd.DataFrame, study: Study) -> tuple[pd.Series, frozenset[int]]:
    """Give each row the number of the first exclusion it matches, and all numbers in use."""
    declared = pd.Series(KEPT, index=text.index)
    used = set()
    for number, exclusion in enumerate(study.exclusions):
        if not set(exclusion.where) <= set(text.columns):
            continue
        match = pd.Series(True, index=text.index)
        for column, values in exclusion.where.items():
            match &= text[column].map(as_code, na_action="ignore").isin(code_texts(values, ""))
        declared = declared.mask(match & (declared == KEPT), number)
        if match.any():
            used.add(number)
    return declared, frozenset(used)


def _piece(text: pd.DataFrame, block: Block, spec: RawFile, study: Study) -> pd.DataFrame:
    """Take one role's and wave's columns out of a table; ids and codes as plain text."""
    columns: dict[str, Any] = {FILE: spec.name, ROW: text.index}
    for use in ID_COLUMNS:
        columns[use] = _id_column(text, block.found.get(use), use)
    if block.role is not None:
        columns[ROLE] = code_texts(study.roles.levels[block.role].code, block.role)[0]
        shared = PERSON in block.found and block.found[PERSON] == study.raw.columns.person
        if study.raw.has_place("role") and shared:
            # one id for both members: the role tells them apart
            columns[PERSON] = [
                f"{one} {block.role}" if isinstance(one, str) else None for one in columns[PERSON]
            ]
    if block.wave is not None:
        columns[WAVE] = code_texts(study.waves.levels[block.wave].code, block.wave)[0]
    asked = study.answer_columns(block.role, block.wave)
    for name in study.answer_columns():
        found = block.found.get(name) if name in asked else None
        columns[name] = None if found is None else text[found]
    piece = pd.DataFrame(columns, index=text.index, dtype=object)
    return _with_points(piece, study) if spec.decimal == "," else piece


def _id_column(text: pd.DataFrame, name: str | None, use: str) -> pd.Series | None:
    if name is None:
        return None
    return text[name].map(as_code, na_action="ignore") if use in _IDS else text[name]


def _with_points(piece: pd.DataFrame, study: Study) -> pd.DataFrame:
    numbers = [item for scale in study.scales.values() for item in scale.items]
    numbers += [one.column for one in study.covariates.values() if one.type == "continuous"]
    points = {name: piece[name].map(_point, na_action="ignore") for name in numbers}
    return piece.assign(**points)


def _point(cell: str) -> str:
    return cell.replace(",", ".")


def _is_record(pieces: list[pd.DataFrame], blocks: list[Block]) -> pd.Series:
    """Say which rows of wide blocks hold an answer of their own.

    A wide table has room for everybody at every wave; room that was never used is no record. Of a
    row without any answer one record stays, so that it is accounted for.
    """
    filled = pd.concat(
        [
            piece[[name for name in block.special if name not in ID_COLUMNS]].notna().any(axis=1)
            for piece, block in zip(pieces, blocks, strict=True)
        ]
    )
    lines = pd.Series(filled.index, index=filled.index)
    answered = filled.groupby(level=0).any().reindex(filled.index)
    return filled | (~answered & ~lines.duplicated())


def _with_levels(keys: pd.DataFrame, study: Study) -> pd.DataFrame:
    levels = {ROLE: study.roles.codes(), WAVE: study.waves.codes()}
    levels[COMPOSITION] = codes_of(study.roles.compositions or {})
    named = {use: keys[use].map(codes).astype(object) for use, codes in levels.items()}
    return keys.assign(**{use: column.where(column.notna(), None) for use, column in named.items()})


def _with_roles(keys: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Tell exchangeable members apart by their ids where no column does."""
    sourced = study.raw.columns.role or study.raw.has_place("role")
    unsaid = keys[ROLE].isna() & keys[PERSON].notna() & (keys[DECLARED] == KEPT)
    if sourced or not unsaid.any():
        return keys
    counts = keys[unsaid].groupby([UNIT, PERSON]).size().rename("rows").reset_index()
    # the two ids seen most often: a third is a typing error until somebody says otherwise
    members = counts.sort_values(["rows", PERSON], ascending=[False, True]).groupby(UNIT).head(2)
    members = members.sort_values([UNIT, PERSON])
    labels = list(study.roles.levels)
    members[ROLE] = [labels[place] for place in members.groupby(UNIT).cumcount()]
    found = members.set_index([UNIT, PERSON])[ROLE].to_dict()
    pairs = zip(keys[UNIT], keys[PERSON], keys[ROLE], strict=True)
    told = [role or found.get((unit, one)) for unit, one, role in pairs]
    return keys.assign(**{ROLE: pd.Series(told, index=keys.index, dtype=object)})


def _with_persons(keys: pd.DataFrame) -> pd.DataFrame:
    """Where no column names the person, the unit and the role do."""
    if keys[PERSON].notna().any():
        return keys
    return keys.assign(**{PERSON: keys[UNIT] + " " + keys[ROLE]})


def _idle_exclusions(study: Study, used: frozenset[int]) -> Iterator[Fault]:
    for number, exclusion in enumerate(study.exclusions):
        if number not in used:
            shown = ", ".join(f"{column} = {value}" for column, value in exclusion.where.items())
            yield Fault(
                f"{study.study}.yaml",
                f"no row has {shown}",
                "an exclusion that matches at least one row",
                "correct the column or the value, or delete the exclusion",
                column=f"exclusions.{number}",
            )
