"""Raw tables: what each file of a study would have been exported with, as text."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from securebase.codebook.rawfiles import RawFile
from securebase.codebook.scale import Covariate
from securebase.codebook.study import Study, code_texts
from securebase.names import CLUSTER, DATE, PERSON, ROLE, UNIT, WAVE
from securebase.simulation.predictorsettings import Distribution
from securebase.simulation.settings import Simulation

Record = dict[str, str]
"""One row of a raw file: text by column, columns as the codebook calls them."""


class RowKey(NamedTuple):
    """Whose row it is, and when: what faults are planted by. A copy tells rows of one apart."""

    unit: str
    role: str
    wave: str
    copy: str = ""


@dataclass(frozen=True)
class Table:
    """The rows of one raw file.

    Parameters
    ----------
    columns : tuple of str
        As the codebook calls them.
    rows : dict of RowKey to Record
        In the order of persons.
    """

    columns: tuple[str, ...]
    rows: dict[RowKey, Record]

    def copied(self) -> "Table":
        """Give a table that may be changed."""
        return replace(self, rows={key: record.copy() for key, record in self.rows.items()})


Tables = dict[str, Table]
"""{path of the file: its rows}"""


def files_of(study: Study, role: str, wave: str) -> list[RawFile]:
    """List the files that take what a role answers at a wave: one, if the codebook is clear.

    A file that names the wave or the role comes before one that leaves it to a column.
    """
    fitting = [
        spec for spec in study.raw.files if spec.wave in (None, wave) and spec.role in (None, role)
    ]
    named = [(spec.wave is not None) + (spec.role is not None) for spec in fitting]
    return [spec for spec, count in zip(fitting, named, strict=True) if count == max(named)]


def raw_tables(
    persons: pd.DataFrame, answers: pd.DataFrame, study: Study, settings: Simulation
) -> Tables:
    """Write persons and answers as the text of one table per raw file.

    Parameters
    ----------
    persons : pd.DataFrame
        Columns unit, person, role, wave, date, cluster and a column per covariate; who came.
    answers : pd.DataFrame
        Aligned with `persons`: a column of keyed numbers per item.
    study : Study
        Files, names of columns, codes of roles, reversed items.
    settings : Simulation
        Decimals of covariates.

    Returns
    -------
    Tables
        Rows in the order of `persons`. A reversed item holds lowest + highest - keyed answer; an
        empty text is no answer.
    """
    columns = dict(_id_columns(persons, study))
    for scale in study.scales.values():
        for item in scale.items:
            keyed = answers[item]
            raw = sum(scale.range) - keyed if item in scale.reverse else keyed
            columns[item] = raw.map(_number, na_action="ignore")
    decimals = {one.measure: one.decimals for one in _distributions(settings)}
    for name, covariate in study.covariates.items():
        columns[covariate.column] = _written(persons[name], covariate, decimals.get(name, 0))
    text = pd.DataFrame(columns, dtype=object).fillna("").astype(str)
    path = {
        (role, wave): files_of(study, role, wave)[0].path
        for role, wave in set(zip(persons[ROLE], persons[WAVE], strict=True))
    }
    of_row = [path[pair] for pair in zip(persons[ROLE], persons[WAVE], strict=True)]
    keys = [RowKey(*key) for key in persons[[UNIT, ROLE, WAVE]].itertuples(index=False, name=None)]
    tables = {spec.path: Table(_columns(text, spec, study), {}) for spec in study.raw.files}
    for key, file, row in zip(keys, of_row, text.to_dict("records"), strict=True):
        kept = tables[file].columns
        tables[file].rows[key] = {column: row[column] for column in kept}
    return tables


def _distributions(settings: Simulation) -> tuple[Distribution, ...]:
    return settings.predictors.distributions if settings.predictors else ()


def _id_columns(persons: pd.DataFrame, study: Study) -> Iterator[tuple[str, pd.Series]]:
    names = study.raw.columns
    codes = {role: code_texts(one.code, role)[0] for role, one in study.roles.levels.items()}
    waves = {wave: code_texts(one.code, wave)[0] for wave, one in study.waves.levels.items()}
    found = (
        (names.unit, persons[UNIT]),
        (names.person, persons[PERSON]),
        (names.role, persons[ROLE].map(codes)),
        (names.wave, persons[WAVE].map(waves)),
        (names.date, persons[DATE]),
        (names.cluster, persons[CLUSTER]),
    )
    return ((name, column) for name, column in found if name is not None)


def _written(values: pd.Series, covariate: Covariate, decimals: int) -> pd.Series:
    if covariate.type == "categorical":
        codes = {level: code for code, level in (covariate.levels or {}).items()}
        return values.map(codes)
    return values.map(lambda value: f"{value:.{decimals}f}", na_action="ignore")


def _columns(text: pd.DataFrame, spec: RawFile, study: Study) -> tuple[str, ...]:
    """Ids that the file itself does not tell, and what its roles and waves are asked."""
    names = study.raw.columns
    ids = {name for name in names.model_dump().values() if name is not None}
    ids -= {names.role} if spec.role else set()
    ids -= {names.wave} if spec.wave else set()
    kept = ids | set(study.answer_columns(spec.role, spec.wave))
    return tuple(str(name) for name in text if name in kept)


def _number(value: float) -> str:
    return f"{value:g}"
