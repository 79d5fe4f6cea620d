"""Faults of raw answers that the codebook, not the researcher's eye, must be wrong about."""

from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from securebase.codebook.cells import as_code
from securebase.codebook.document import nearest
from securebase.codebook.rawfiles import RawFile
from securebase.codebook.scale import Covariate
from securebase.codebook.study import Level, Study, codes_of
from securebase.faults import Fault
from securebase.names import COMPOSITION, ROLE, WAVE
from securebase.waves.layout import DECLARED, KEPT, ROW

# A column of which more than this share is no number (or no known level) is not a column with
# typing errors but a column that was exported or declared wrongly.
TOLERATED_SHARE: Final = 0.05


def as_numbers(text: pd.Series) -> pd.Series:
    """Read text as numbers; NaN where it is empty or none."""
    return pd.to_numeric(text, errors="coerce").astype(float)


def is_unread(text: pd.Series) -> pd.Series:
    """Say which filled cells are no finite number."""
    numbers = as_numbers(text)
    return text.notna() & ~(numbers.abs() < float("inf"))


def is_unknown(text: pd.Series, covariate: Covariate) -> pd.Series:
    """Say which filled cells of a categorical covariate are neither a level nor a missing code."""
    known = {as_code(code) for code in (*(covariate.levels or {}), *covariate.missing_codes)}
    return text.notna() & ~text.map(as_code, na_action="ignore").isin(known)


def code_faults(keys: pd.DataFrame, spec: RawFile, study: Study) -> Iterator[Fault]:
    """Report codes of role, wave or composition that the codebook does not know.

    Parameters
    ----------
    keys : pd.DataFrame
        Columns row, role, wave, composition (codes as text) and declared.
    spec : RawFile
        The file, for messages.
    study : Study
        The codebook.
    """
    known: dict[str, dict[str, Any]] = {ROLE: dict(study.roles.levels)}
    known[WAVE] = dict(study.waves.levels)
    known[COMPOSITION] = dict(study.roles.compositions or {})
    rows = keys[keys[DECLARED] == KEPT]
    for use, levels in known.items():
        column = getattr(study.raw.columns, use)
        if column is not None:
            yield from _unknown_codes(rows, use, column, levels, spec)


def _unknown_codes(
    rows: pd.DataFrame, use: str, column: str, levels: dict[str, Level], spec: RawFile
) -> Iterator[Fault]:
    codes = codes_of(levels)
    wrong = rows[rows[use].notna() & ~rows[use].isin(list(codes))]
    for code, part in wrong.groupby(use, sort=True):
        more = f" (and {len(part) - 1} rows more)" if len(part) > 1 else ""
        yield Fault(
            spec.name,
            f"{use} '{code}'{more}",
            f"one of: {', '.join(f'{code} ({name})' for code, name in codes.items())}",
            (f"{nearest(code, codes)} " if str(code).isalpha() and nearest(code, codes) else "")
            + "correct the file, add a level to the codebook, or leave the rows out: "
            f"exclusions: [{{where: {{{column}: {code}}}, reason: ...}}]",
            row=int(part[ROW].iloc[0]),
            column=column,
        )


def value_faults(
    answers: pd.DataFrame, rows: pd.Series, spec: RawFile, study: Study
) -> Iterator[Fault]:
    """Report columns too many of whose cells cannot be what the codebook says.

    Parameters
    ----------
    answers : pd.DataFrame
        Text, a column per item and covariate column.
    rows : pd.Series
        Line of each record in its file, aligned with `answers`.
    spec : RawFile
        The file, for messages.
    study : Study
        The codebook.
    """
    for scale in study.scales.values():
        for item in scale.items:
            yield from _excess(answers[item], is_unread(answers[item]), rows, spec, "numbers")
    for covariate in study.covariates.values():
        text = answers[covariate.column]
        if covariate.type == "categorical":
            levels = f"levels ({', '.join(covariate.levels or {})})"
            yield from _excess(text, is_unknown(text, covariate), rows, spec, levels)
        else:
            wrong = is_unread(text) & ~text.isin(covariate.missing_codes)
            yield from _excess(text, wrong, rows, spec, "numbers")


def _excess(
    text: pd.Series, wrong: pd.Series, rows: pd.Series, spec: RawFile, expected: str
) -> Iterator[Fault]:
    count, filled = int(wrong.sum()), int(text.notna().sum())
    # one cell alone is a typing error in however short a column
    if count < 2 or count <= TOLERATED_SHARE * filled:
        return
    shown = ", ".join(f"'{value}'" for value in text[wrong].drop_duplicates()[:3])
    yield Fault(
        spec.name,
        f"{count} of {filled} cells are no {expected.split(' (')[0]} ({shown})",
        expected,
        _remedy(text[wrong]),
        row=int(rows[wrong].iloc[0]),
        column=str(text.name),
    )


def _remedy(cells: pd.Series) -> str:
    if cells.str.fullmatch(r"[+-]?\d+,\d+").all():
        return 'decimal: "," for this file'
    if cells.str.fullmatch(r"\d{4}-\d{2}-\d{2}.*").all():
        return "the spreadsheet made dates of them: export again with the column as text"
    return "export codes instead of labels, or name the text under raw.missing"
