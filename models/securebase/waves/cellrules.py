"""Rules that set one cell aside; from text to numbers and levels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from securebase.codebook.cells import as_code
from securebase.codebook.scale import Covariate, Measure, Scale
from securebase.codebook.study import Study
from securebase.faults import Fault
from securebase.names import ROLE, WAVE
from securebase.waves.quarantine import entries
from securebase.waves.rawfaults import is_unknown

# More answers than this share outside the range: the range is declared wrongly.
TOLERATED_SHARE: Final = 0.2
_GRID_TOLERANCE: Final = 1e-6

REASONS: Final = {
    "not_asked": "the codebook says this role is not asked this scale at this wave",
    "missing_code": "a code for no answer",
    "not_a_number": "no number",
    "out_of_range": "outside the range {low:g} to {high:g}",
    "off_grid": "between two answers of the form, which are {step:g} apart",
    "unknown_level": "no level of the covariate",
}

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """The cells of one measure: the items of a scale, or a covariate.

    Parameters
    ----------
    text : pd.DataFrame
        One column per item, None where empty.
    numbers : array (record, item)
        The text as numbers, NaN where it is none.
    filled : array (record, item)
        Whether anything is written there.
    asked : array (record, 1)
        Whether the role is asked the measure at the wave.
    missing : array (record, item)
        Whether it is a code for no answer.
    """

    text: pd.DataFrame
    numbers: NDArray[np.float64]
    filled: Mask
    asked: Mask
    missing: Mask

    @property
    def answered(self) -> Mask:
        """Which cells hold something that was asked and is no code for no answer."""
        return self.filled & self.asked & ~self.missing


def cells_of(answers: pd.DataFrame, keys: pd.DataFrame, measure: Measure) -> Cells:
    """Take the cells of a measure out of the answers.

    Parameters
    ----------
    answers : pd.DataFrame
        Text, a column per item and covariate column.
    keys : pd.DataFrame
        Role and wave of each record, aligned.
    measure : Scale or Covariate
        What the codebook says.
    """
    columns = list(measure.items) if isinstance(measure, Scale) else [measure.column]
    text = answers[columns]
    flat = pd.Series(text.to_numpy(dtype=object).ravel(), dtype=object)
    numbers = pd.to_numeric(flat, errors="coerce").to_numpy(dtype=float, copy=True)
    numbers[np.isinf(numbers)] = np.nan
    codes = [as_code(code) for code in measure.missing_codes]
    missing = flat.map(as_code, na_action="ignore").isin(codes) if codes else flat.isin([])
    asked = np.ones(len(keys), dtype=bool)
    if measure.roles is not None:
        asked &= keys[ROLE].isin(measure.roles).to_numpy()
    if measure.waves is not None:
        asked &= keys[WAVE].isin(measure.waves).to_numpy()
    return Cells(
        text,
        numbers.reshape(text.shape),
        text.notna().to_numpy(),
        asked[:, np.newaxis],
        missing.to_numpy().reshape(text.shape),
    )


def cell_masks(cells: Cells, measure: Measure) -> dict[str, Mask]:
    """Find the cells that each rule sets aside; a cell falls to the first rule that finds it.

    Returns
    -------
    dict of str to array (record, item)
        By the name of the rule, in the order of the rules.
    """
    masks = _item_masks(cells, measure) if isinstance(measure, Scale) else {}
    if isinstance(measure, Covariate):
        masks = _covariate_masks(cells, measure)
    taken = np.zeros(cells.filled.shape, dtype=bool)
    for rule, mask in masks.items():
        masks[rule] = mask & cells.filled & ~taken
        taken |= mask
    return masks


def _item_masks(cells: Cells, scale: Scale) -> dict[str, Mask]:
    masks = {"not_asked": np.broadcast_to(~cells.asked, cells.filled.shape)}
    masks |= _number_masks(cells, scale.range)
    if scale.step is not None:
        steps = (cells.numbers - scale.range[0]) / scale.step
        masks["off_grid"] = np.abs(steps - np.rint(steps)) > _GRID_TOLERANCE
    return masks


def _covariate_masks(cells: Cells, covariate: Covariate) -> dict[str, Mask]:
    if covariate.type == "continuous":
        masks = _number_masks(cells, covariate.range or (-np.inf, np.inf))
    else:
        unknown = is_unknown(cells.text.iloc[:, 0], covariate).to_numpy()
        masks = {"missing_code": cells.missing, "unknown_level": unknown[:, np.newaxis]}
    # what a covariate says where it is not asked is not looked at: a sex that stands on each row
    return {rule: mask & cells.asked for rule, mask in masks.items()}


def _number_masks(cells: Cells, limits: tuple[float, float]) -> dict[str, Mask]:
    low, high = limits
    return {
        "missing_code": cells.missing,
        "not_a_number": np.isnan(cells.numbers),
        "out_of_range": (cells.numbers < low) | (cells.numbers > high),
    }


def cell_values(cells: Cells, masks: dict[str, Mask], measure: Measure) -> pd.DataFrame:
    """Give the numbers, or the names of levels, that stay.

    Returns
    -------
    pd.DataFrame
        A column per item; missing where the cell is empty, set aside or not asked.
    """
    out = ~cells.asked | ~cells.filled
    for mask in masks.values():
        out = out | mask
    if isinstance(measure, Scale) or measure.type == "continuous":
        values: NDArray[np.generic] = np.where(out, np.nan, cells.numbers)
        return pd.DataFrame(values, index=cells.text.index, columns=cells.text.columns)
    names = {as_code(code): name for code, name in (measure.levels or {}).items()}
    named = cells.text.map(lambda cell: names.get(as_code(cell))).astype(object)
    return named.where(~out, None)


def cell_entries(
    keys: pd.DataFrame, cells: Cells, masks: dict[str, Mask], measure: Measure
) -> Iterator[pd.DataFrame]:
    """List the cells that were set aside."""
    low, high = measure.range or (-np.inf, np.inf)
    step = (measure.step if isinstance(measure, Scale) else None) or 0
    text = cells.text.to_numpy(dtype=object)
    names = np.asarray(cells.text.columns, dtype=object)
    for rule, mask in masks.items():
        rows, columns = np.nonzero(mask)
        if len(rows):
            reason = REASONS[rule].format(low=low, high=high, step=step)
            where, found = list(names[columns]), list(text[rows, columns])
            yield entries(keys.iloc[rows], rule, reason, "cell", where, found)


def range_faults(cells: Cells, masks: dict[str, Mask], study: Study, path: str) -> Iterator[Fault]:
    """Report columns so many of whose answers fall outside that the codebook must be wrong."""
    for rule, remedy in (
        ("out_of_range", "correct the range, or add missing_codes"),
        ("off_grid", "correct the step; null allows every value of the range"),
    ):
        mask = masks.get(rule)
        if mask is None:
            continue
        counts, filled = mask.sum(axis=0), cells.answered.sum(axis=0)
        for place in np.flatnonzero((counts >= 2) & (counts > TOLERATED_SHARE * filled)).tolist():
            name = str(cells.text.columns[place])
            values = ", ".join(dict.fromkeys(cells.text.loc[mask[:, place], name][:3]))
            given = f"{counts[place]} of {filled[place]} answers to {name} are {rule} "
            expected = f"at most {TOLERATED_SHARE:.0%}"
            yield Fault(f"{study.study}.yaml", f"{given}({values})", expected, remedy, column=path)
