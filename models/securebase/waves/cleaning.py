"""Cleaning: what of the raw answers may be scored, and what is set aside and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from securebase.codebook.scale import Scale
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError
from securebase.names import CLUSTER, COMPOSITION, ROLE, UNIT, WAVE
from securebase.waves.cellrules import cell_entries, cell_masks, cell_values, cells_of, range_faults
from securebase.waves.layout import KEYS
from securebase.waves.quarantine import entries, joined
from securebase.waves.raw import RawAnswers
from securebase.waves.rowrules import ROW_RULES, another_person
from securebase.waves.spelling import one_spelling_per_person, spelling_notes

# Another person in this share of the rows: the column does not name persons over the waves.
_STRANGERS: Final = 0.25


@dataclass(frozen=True)
class CleanAnswers:
    """Answers that may be scored.

    Parameters
    ----------
    keys : pd.DataFrame
        One row per person and wave: file, row, unit, person, role, wave, date, cluster,
        composition. The index numbers the records of the raw files.
    items : pd.DataFrame
        Aligned with `keys`: a column of numbers per item, not yet reversed.
    covariates : pd.DataFrame
        Aligned with `keys`: a column per covariate, numbers or names of levels.
    exclusions : pd.DataFrame
        Every row and cell that was set aside (columns of `quarantine.COLUMNS`).
    """

    keys: pd.DataFrame
    items: pd.DataFrame
    covariates: pd.DataFrame
    exclusions: pd.DataFrame


def clean_answers(raw: RawAnswers, study: Study) -> CleanAnswers:
    """Apply the rules of quarantine, rows before cells.

    Parameters
    ----------
    raw : RawAnswers
        Every record of the raw files.
    study : Study
        The codebook.

    Returns
    -------
    CleanAnswers
        Every raw record is in `keys` or is an entry of kind "row" in `exclusions`.

    Raises
    ------
    InputError
        With every fault that concerns the study as a whole: a wave, role or item without answers,
        fewer than two units, a unit in two clusters, a range most answers fall outside of.
    """
    rows, notes = one_spelling_per_person(_rows_with_counts(raw, study))
    parts, faults = [notes], []
    for rule in ROW_RULES:
        verdict = rule(rows, study)
        if rule is another_person and len(verdict) > max(1, _STRANGERS * len(rows)):
            faults.append(_stranger_fault(len(verdict), len(rows), study))
        parts.append(
            entries(
                rows.loc[verdict.index],
                rule.__name__,
                verdict["reason"],
                "row",
                value=verdict["value"],
            )
        )
        rows = rows.drop(index=verdict.index)
    parts += spelling_notes(rows, study)
    keys, answers = rows[list(KEYS)], raw.answers.loc[rows.index]
    items, covariates, cells, more = _clean_cells(keys, answers, study)
    faults += [*more, *_study_faults(keys, items, study)]
    if faults:
        raise InputError(f"study {study.study}", faults)
    files = [spec.name for spec in study.raw.files]
    return CleanAnswers(keys, items, covariates, joined([*parts, *cells], files))


def _rows_with_counts(raw: RawAnswers, study: Study) -> pd.DataFrame:
    """Add to the keys how much each row answers, and a fingerprint of what."""
    counts = np.zeros(len(raw.keys), dtype=np.int64)
    for measure in study.measures().values():
        counts += cells_of(raw.answers, raw.keys, measure).answered.sum(axis=1)
    content = pd.util.hash_pandas_object(raw.answers.fillna("").astype(str), index=False)
    return raw.keys.assign(answered=counts, content=content)


def _clean_cells(
    keys: pd.DataFrame, answers: pd.DataFrame, study: Study
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame], list[Fault]]:
    items, covariates = [pd.DataFrame(index=keys.index)], [pd.DataFrame(index=keys.index)]
    quarantined: list[pd.DataFrame] = []
    faults: list[Fault] = []
    for name, measure in study.measures().items():
        cells = cells_of(answers, keys, measure)
        masks = cell_masks(cells, measure)
        values = cell_values(cells, masks, measure)
        if isinstance(measure, Scale):
            items.append(values)
        else:
            covariates.append(values.set_axis([name], axis=1))
        quarantined += cell_entries(keys, cells, masks, measure)
        part = "scales" if isinstance(measure, Scale) else "covariates"
        faults += range_faults(cells, masks, study, f"{part}.{name}")
    return pd.concat(items, axis=1), pd.concat(covariates, axis=1), quarantined, faults


def _study_faults(keys: pd.DataFrame, items: pd.DataFrame, study: Study) -> Iterator[Fault]:
    file = f"{study.study}.yaml"
    units = keys[UNIT].nunique()
    if not units:
        remedy = "look at the missing codes and at exclusions"
        yield Fault(file, "no row holds an answer", "answers", remedy, column="raw")
    elif units < 2:
        given = f"{units} {study.unit} with usable rows"
        yield Fault(file, given, "at least 2: a spread between units needs them", column="raw")
    for use, levels in ((WAVE, list(study.waves.levels)), (ROLE, list(study.roles.levels))):
        for level in levels:
            if units and not (keys[use] == level).any():
                remedy = "add its file, or take the level out of the codebook"
                given = f"no usable row of {use} {level}"
                yield Fault(file, given, "at least one", remedy, column=f"{use}s.levels.{level}")
    for name, scale in study.scales.items():
        silent = [item for item in scale.items if units and not items[item].notna().any()]
        if silent:
            given = f"no answer in any row to {', '.join(silent)}"
            remedy = "see whether these are the right columns"
            yield Fault(file, given, "answers", remedy, column=f"scales.{name}.items")
    yield from _moving_units(keys, study)


def _moving_units(keys: pd.DataFrame, study: Study) -> Iterator[Fault]:
    for use in (CLUSTER, COMPOSITION):
        counts = keys.groupby(UNIT)[use].nunique()
        for unit in counts.index[counts > 1]:
            part = keys[(keys[UNIT] == unit) & keys[use].notna()].drop_duplicates(use)
            values = ", ".join(
                f"{value} (row {row})" for value, row in zip(part[use], part["row"], strict=True)
            )
            remedy = "correct the rows, or leave some out under exclusions"
            given = f"{study.unit} {unit} has {use}s {values}"
            column = getattr(study.raw.columns, use)
            yield Fault(str(part["file"].iloc[0]), given, "one", remedy, column=column)


def _stranger_fault(count: int, total: int, study: Study) -> Fault:
    return Fault(
        f"{study.study}.yaml",
        f"{count} of {total} rows are of another person than the unit and role mostly have",
        f"a column that names a person alike at every wave (not '{study.raw.columns.person}')",
        "raw.columns.person: null, if no column does",
        column="raw.columns.person",
    )
