"""Waves: from raw files to the scored table with a row per person and wave."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import pandas as pd
import pandera.pandas as pa

from securebase.codebook.study import Study
from securebase.faults import Fault, InputError
from securebase.names import COMPOSITION, ROLE, TIME, UNIT, WAVE, WAVE_KEYS
from securebase.waves.cleaning import CleanAnswers, clean_answers
from securebase.waves.flow import flow_table
from securebase.waves.quarantine import joined
from securebase.waves.raw import RawAnswers, read_raw
from securebase.waves.scoring import Scores, keying_faults, score
from securebase.waves.variables import variable_table

FILES: Final = {
    "waves": "waves.parquet",
    "exclusions": "exclusions.tsv",
    "scoring": "scoring.tsv",
    "flow": "flow.csv",
    "codebook": "codebook.csv",
}


@dataclass(frozen=True)
class CleanWaves:
    """The cleaned study.

    Parameters
    ----------
    waves : pd.DataFrame
        One row per person and wave: unit, person, role, wave, time, date, cluster, composition, a
        column of numbers per scale, a column per covariate.
    exclusions : pd.DataFrame
        Every row and cell set aside: `quarantine.COLUMNS`.
    scoring : pd.DataFrame
        Items and scales by wave: `scoring.COLUMNS`.
    flow : pd.DataFrame
        Persons and units by stage: `flow.COLUMNS`.
    codebook : pd.DataFrame
        The columns of `waves`: `variables.COLUMNS`.
    """

    waves: pd.DataFrame
    exclusions: pd.DataFrame
    scoring: pd.DataFrame
    flow: pd.DataFrame
    codebook: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write waves.parquet, exclusions.tsv, scoring.tsv, flow.csv and codebook.csv.

        All five are written under other names first, so that a failure leaves none half-written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        drafts = {}
        try:
            for part in fields(self):
                target = folder / FILES[part.name]
                drafts[target] = folder / f".{target.name}.draft"
                _writer(target)(getattr(self, part.name), drafts[target])
            for target, draft in drafts.items():
                draft.replace(target)
        finally:
            for draft in drafts.values():
                draft.unlink(missing_ok=True)


class KeyingError(InputError):
    """Items that are keyed the wrong way round; the tables are there to be looked at.

    Parameters
    ----------
    study : str
        Name of the study.
    faults : list of Fault
        One per item.
    tables : CleanWaves
        What would have been written.
    """

    def __init__(self, study: str, faults: list[Fault], tables: CleanWaves) -> None:
        super().__init__(f"keying of study {study}", faults)
        self.tables = tables


def clean(study: Study, raw_root: Path) -> CleanWaves:
    """Read, clean and score the raw waves of a study.

    Parameters
    ----------
    study : Study
        The codebook.
    raw_root : Path
        Folder the raw files' paths start from.

    Returns
    -------
    CleanWaves
        In a fixed order: units, waves and roles; equal input gives equal bytes.

    Raises
    ------
    InputError
        With every fault of the raw files or of the study.
    KeyingError
        Where items turn negative: scale, item, waves, correlations and what to do.
    """
    raw = read_raw(study, raw_root)
    tables = _tables(raw, clean_answers(raw, study), study)
    faults = keying_faults(tables.scoring, study)
    if faults:
        raise KeyingError(study.study, faults, tables)
    return tables


def _tables(raw: RawAnswers, answers: CleanAnswers, study: Study) -> CleanWaves:
    scored = score(answers, study)
    waves = _arranged(answers, scored, study)
    check_waves(waves, study)
    files = [spec.name for spec in study.raw.files]
    exclusions = joined([answers.exclusions, *scored.unscored], files)
    return CleanWaves(
        waves,
        exclusions,
        scored.scoring,
        flow_table(raw, exclusions, waves, study),
        variable_table(waves, study),
    )


def _arranged(answers: CleanAnswers, scored: Scores, study: Study) -> pd.DataFrame:
    times = {name: level.time for name, level in study.waves.levels.items()}
    keys = answers.keys.assign(**{TIME: answers.keys[WAVE].map(times).astype(float)})
    text = [name for name in WAVE_KEYS if name != TIME]
    keys = keys[list(WAVE_KEYS)].astype(dict.fromkeys(text, "str"))
    table = pd.concat([keys, scored.scores, answers.covariates], axis=1)
    for name, one in study.covariates.items():
        table[name] = table[name].astype("str" if one.type == "categorical" else float)
    order = {role: number for number, role in enumerate(study.roles.levels)}
    table = table.assign(role_order=table[ROLE].map(order))
    table = table.sort_values([UNIT, TIME, "role_order"], kind="stable", ignore_index=True)
    return table.drop(columns="role_order")


def waves_schema(study: Study) -> pa.DataFrameSchema:
    """Say what waves.parquet must be for a study: what every later step may rely on."""
    columns = {
        UNIT: pa.Column("str"),
        "person": pa.Column("str"),
        ROLE: pa.Column("str", pa.Check.isin(list(study.roles.levels))),
        WAVE: pa.Column("str", pa.Check.isin(list(study.waves.levels))),
        TIME: pa.Column(float),
        "date": pa.Column("str", nullable=True),
        "cluster": pa.Column("str", nullable=True),
        COMPOSITION: pa.Column(
            "str", pa.Check.isin(list(study.roles.compositions or {})), nullable=True
        ),
    }
    for name, scale in study.scales.items():
        columns[name] = pa.Column(float, pa.Check.in_range(*scale.score_range), nullable=True)
    for name, one in study.covariates.items():
        if one.type == "categorical":
            levels = list((one.levels or {}).values())
            columns[name] = pa.Column("str", pa.Check.isin(levels), nullable=True)
        else:
            checks = [] if one.range is None else [pa.Check.in_range(*one.range)]
            columns[name] = pa.Column(float, checks, nullable=True)
    return pa.DataFrameSchema(columns, unique=[UNIT, ROLE, WAVE], strict=True)


def check_waves(waves: pd.DataFrame, study: Study, file: str = FILES["waves"]) -> None:
    """Compare a wave table with what its codebook promises.

    Raises
    ------
    InputError
        With every column and row that breaks the promise.
    """
    try:
        waves_schema(study).validate(waves, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases.drop_duplicates(["column", "check"])
        faults = [
            Fault(file, f"{case.failure_case!r}", str(case.check), "run the cleaning again")
            for case in cases.itertuples()
        ]
        raise InputError(f"waves of study {study.study}", faults) from None


def read_waves(path: Path, study: Study) -> pd.DataFrame:
    """Read waves.parquet and check it against the codebook.

    Raises
    ------
    InputError
        Where it is missing, or was made from another codebook.
    """
    if not path.is_file():
        remedy = "run the cleaning of this study"
        raise InputError(str(path), [Fault(str(path), "no such file", "cleaned waves", remedy)])
    waves = pd.read_parquet(path)
    check_waves(waves, study, str(path))
    return waves


def _writer(target: Path) -> Callable[[pd.DataFrame, Path], None]:
    if target.suffix == ".parquet":
        return _write_parquet
    return _write_tsv if target.suffix == ".tsv" else _write_csv


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    table.to_parquet(path, engine="pyarrow", index=False)


def _write_tsv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, sep="\t", index=False, lineterminator="\n", float_format="%.10g")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", float_format="%.10g")
