"""Rules that set one cell aside; from text to numbers and levels."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from securebase.cells import as_code
from securebase.codebook import Study
from securebase.faults import Fault
from securebase.names import ROLE, WAVE
from securebase.quarantine import entries
from securebase.rawfaults import as_numbers, is_unknown, is_unread
from securebase.scale import Covariate, Scale

# More answers than this share outside the range: the range is declared wrongly.
TOLERATED_SHARE: Final = 0.2
_GRID_TOLERANCE: Final = 1e-6

REASONS: Final = {
    "not_asked": "the codebook says this role is not asked this scale at this wave",
    "not_a_number": "no number",
    "missing_code": "a code for no answer",
    "out_of_range": "outside the range {low:g} to {high:g}",
    "off_grid": "between two answers of the form, which are {step:g} apart",
    "unknown_level": "no level of the covariate",
}

Masks = dict[str, pd.Series]


def is_asked(measure: Scale | Covariate, keys: pd.DataFrame) -> pd.Series:
    """Say for which records the role has the measure at the wave."""
    asked = pd.Series(True, index=keys.index)
    if measure.roles is not None:
        asked &= keys[ROLE].isin(measure.roles)
    if measure.waves is not None:
        asked &= keys[WAVE].isin(measure.waves)
    return asked


def missing_codes(text: pd.Series, codes: tuple[float, ...] | tuple[str, ...]) -> pd.Series:
    """Say which cells hold a code for no answer."""
    if not codes:
        return pd.Series(False, index=text.index)
    return text.map(as_code, na_action="ignore").isin([as_code(code) for code in codes])


def item_masks(text: pd.Series, scale: Scale, asked: pd.Series) -> Masks:
    """Find the cells of an item that each rule sets aside; each cell falls to the first rule."""
    filled = text.notna()
    numbers = as_numbers(text)
    low, high = scale.range
    masks: Masks = {"not_asked": filled & ~asked}
    masks["missing_code"] = missing_codes(text, scale.missing_codes)
    masks["not_a_number"] = is_unread(text)
    masks["out_of_range"] = filled & ((numbers < low) | (numbers > high))
    if scale.step is not None:
        steps = (numbers - low) / scale.step
        masks["off_grid"] = filled & ((steps - steps.round()).abs() > _GRID_TOLERANCE)
    return _exclusive(masks)


def covariate_masks(text: pd.Series, covariate: Covariate, asked: pd.Series) -> Masks:
    """Find the cells of a covariate that each rule sets aside; where not asked, none."""
    masks: Masks = {"missing_code": missing_codes(text, covariate.missing_codes)}
    if covariate.type == "categorical":
        masks["unknown_level"] = is_unknown(text, covariate)
    else:
        numbers = as_numbers(text)
        low, high = covariate.range or (-np.inf, np.inf)
        masks["not_a_number"] = is_unread(text)
        masks["out_of_range"] = text.notna() & ((numbers < low) | (numbers > high))
    return {rule: mask & asked for rule, mask in _exclusive(masks).items()}


def _exclusive(masks: Masks) -> Masks:
    taken = pd.Series(False, index=next(iter(masks.values())).index)
    for rule, mask in masks.items():
        masks[rule] = mask & ~taken
        taken |= mask
    return masks


def set_aside(masks: Masks) -> pd.Series:
    """Say which cells any rule sets aside."""
    return pd.concat(masks.values(), axis=1).any(axis=1)


def cell_entries(
    keys: pd.DataFrame, text: pd.Series, masks: Masks, measure: Scale | Covariate
) -> Iterator[pd.DataFrame]:
    """List the cells that were set aside."""
    low, high = measure.range or (-np.inf, np.inf)
    step = measure.step if isinstance(measure, Scale) else None
    for rule, mask in masks.items():
        if mask.any():
            reason = REASONS[rule].format(low=low, high=high, step=step or 0)
            hit = mask.to_numpy()
            yield entries(keys[hit], rule, reason, "cell", str(text.name), text[hit])


def item_values(text: pd.Series, masks: Masks) -> pd.Series:
    """Give the numbers that stay."""
    return as_numbers(text).mask(set_aside(masks))


def covariate_values(
    text: pd.Series, covariate: Covariate, masks: Masks, asked: pd.Series
) -> pd.Series:
    """Give the numbers or the names of levels that stay."""
    out = set_aside(masks) | ~asked
    if covariate.type == "continuous":
        return as_numbers(text).mask(out)
    names = {as_code(code): name for code, name in (covariate.levels or {}).items()}
    named = text.map(as_code, na_action="ignore").map(names).astype(object)
    return named.where(named.notna() & ~out, None)


def range_faults(text: pd.Series, masks: Masks, study: Study, path: str) -> Iterator[Fault]:
    """Report a column so many of whose answers fall outside that the codebook must be wrong."""
    filled = int(text.notna().sum())
    for rule, remedy in (
        ("out_of_range", "correct the range, or add missing_codes"),
        ("off_grid", "correct the step; null allows every value of the range"),
    ):
        mask = masks.get(rule)
        count = 0 if mask is None else int(mask.sum())
        if mask is not None and count >= 2 and count > TOLERATED_SHARE * filled:
            values = ", ".join(dict.fromkeys(text[mask]).keys() if count < 4 else text[mask][:3])
            given = f"{count} of {filled} answers of {text.name} are {rule} ({values})"
            expected = f"at most {TOLERATED_SHARE:.0%}"
            yield Fault(f"{study.study}.yaml", given, expected, remedy, column=path)
