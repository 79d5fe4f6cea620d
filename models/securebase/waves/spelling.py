"""Ids that differ only in spelling: probably one id, and never merged in silence."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from securebase.codebook.study import Study
from securebase.names import PERSON, UNIT
from securebase.waves.quarantine import entries

RULE: Final = "possible_typo"
# Persons in two units are worth a note only where ids of persons are unique at all.
_SHARED: Final = 0.05


def one_spelling_per_person(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the spellings of a person's id within a unit as the most frequent one.

    Parameters
    ----------
    rows : pd.DataFrame
        Keys of records.

    Returns
    -------
    (pd.DataFrame, pd.DataFrame)
        The rows, and a note for every row whose spelling was replaced.
    """
    plain = _plain(rows[PERSON])
    sizes = rows.assign(plain=plain).groupby([UNIT, "plain", PERSON]).size().rename("n")
    counts = sizes.reset_index().sort_values(["n", PERSON], ascending=[False, True])
    usual = counts.drop_duplicates([UNIT, "plain"]).set_index([UNIT, "plain"])[PERSON]
    place = pd.MultiIndex.from_arrays([rows[UNIT], plain])
    read = pd.Series(usual.reindex(place).to_numpy(dtype=object), index=rows.index)
    read = read.where(read.notna(), rows[PERSON])
    other = rows[PERSON].notna() & (read != rows[PERSON])
    note = entries(
        rows[other],
        RULE,
        "the person's id is spelt otherwise on the other rows of the unit",
        "note",
        value=rows.loc[other, PERSON],
        action="read as the usual spelling",
    )
    return rows.assign(**{PERSON: read}), note


def spelling_notes(rows: pd.DataFrame, study: Study) -> Iterator[pd.DataFrame]:
    """Note units whose ids differ only in spelling, and persons seen in two units."""
    sizes = rows.groupby(UNIT).size().rename("n").reset_index()
    sizes = sizes.assign(plain=_plain(sizes[UNIT])).sort_values(
        ["n", UNIT], ascending=[False, True]
    )
    rare = sizes[sizes.duplicated("plain")]
    reason = "differs from the id of another unit only in case, blanks or leading zeros"
    noted = rows[UNIT].isin(rare[UNIT])
    yield _first_rows(rows, noted, reason, UNIT)
    if study.raw.columns.person is not None:
        yield _persons_in_two_units(rows[~noted])


def _persons_in_two_units(rows: pd.DataFrame) -> pd.DataFrame:
    sizes = rows.groupby([PERSON, UNIT]).size().rename("n").reset_index()
    sizes = sizes.sort_values(["n", UNIT], ascending=[False, True])
    rare = sizes[sizes.duplicated(PERSON)]
    if rare[PERSON].nunique() > _SHARED * sizes[PERSON].nunique():
        rare = rare.iloc[:0]
    pairs = pd.MultiIndex.from_frame(rows[[PERSON, UNIT]])
    hit = pd.Series(pairs.isin(pd.MultiIndex.from_frame(rare[[PERSON, UNIT]])), index=rows.index)
    return _first_rows(rows, hit, "the person is mostly in another unit", PERSON)


def _first_rows(rows: pd.DataFrame, hit: pd.Series, reason: str, use: str) -> pd.DataFrame:
    first = rows[hit.to_numpy(dtype=bool)].drop_duplicates(
        [UNIT, PERSON] if use == PERSON else UNIT
    )
    return entries(first, RULE, reason, "note", column=use, value=first[use])


def _plain(ids: pd.Series) -> pd.Series:
    plain = ids.astype("str").str.casefold().str.replace(" ", "", regex=False)
    return plain.str.replace(r"^0+(?=.)", "", regex=True)
