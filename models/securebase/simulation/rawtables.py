"""Raw tables: what a form would have exported at each wave, as text."""

import pandas as pd

from securebase.codebook.study import Study, code_texts
from securebase.names import DATE, PERSON, ROLE, UNIT, WAVE
from securebase.simulation.settings import Distribution, Simulation

Record = dict[str, str]
"""One row of a raw file: text by column, columns as the codebook calls them."""
Tables = dict[str, dict[str, Record]]
"""{wave: {name of the row: its record}}"""


def row_name(unit: str, role: str) -> str:
    """Name of a row within its wave: what faults are planted by."""
    return f"{unit} {role}"


def raw_tables(
    persons: pd.DataFrame, answers: pd.DataFrame, study: Study, settings: Simulation
) -> Tables:
    """Write persons and answers as the text of one table per wave.

    Parameters
    ----------
    persons : pd.DataFrame
        Columns unit, person, role, wave, date and a column per covariate; who came.
    answers : pd.DataFrame
        Aligned with `persons`: a column of keyed numbers per item.
    study : Study
        Names of columns, codes of roles, reversed items.
    settings : Simulation
        Decimals of covariates.

    Returns
    -------
    Tables
        In the order of `persons`. A reversed item holds lowest + highest - keyed answer; an empty
        text is no answer.
    """
    decimals = {one.measure: one.decimals for one in _distributions(settings)}
    columns = _id_columns(persons, study)
    for scale in study.scales.values():
        for item in scale.items:
            keyed = answers[item]
            raw = sum(scale.range) - keyed if item in scale.reverse else keyed
            columns[item] = raw.map(_number, na_action="ignore")
    for name, covariate in study.covariates.items():
        places = decimals.get(name, 0)
        written = persons[name].map(lambda value, p=places: f"{value:.{p}f}", na_action="ignore")
        columns[covariate.column] = written
    names = [row_name(*pair) for pair in zip(persons[UNIT], persons[ROLE], strict=True)]
    table = pd.DataFrame(columns, dtype=object).fillna("").set_axis(names)
    waves = persons[WAVE].to_numpy()
    return {wave: _records(table[waves == wave], wave, study) for wave in study.waves.levels}


def _distributions(settings: Simulation) -> tuple[Distribution, ...]:
    return settings.predictors.distributions if settings.predictors else ()


def _id_columns(persons: pd.DataFrame, study: Study) -> dict[str, pd.Series]:
    names = study.raw.columns
    codes = {role: code_texts(one.code, role)[0] for role, one in study.roles.levels.items()}
    waves = {wave: code_texts(one.code, wave)[0] for wave, one in study.waves.levels.items()}
    found = {
        names.unit: persons[UNIT],
        names.person: persons[PERSON],
        names.role: persons[ROLE].map(codes),
        names.wave: persons[WAVE].map(waves),
        names.date: persons[DATE],
    }
    return {name: column for name, column in found.items() if name is not None}


def _records(table: pd.DataFrame, wave: str, study: Study) -> dict[str, Record]:
    """Keep the ids and the columns that the wave asks."""
    ids = set(study.raw.columns.model_dump().values())
    kept = [str(name) for name in table if name in ids | set(study.answer_columns(None, wave))]
    rows = table[kept].itertuples(index=True, name=None)
    return {str(name): dict(zip(kept, map(str, cells), strict=True)) for name, *cells in rows}


def _number(value: float) -> str:
    return f"{value:g}"
