"""Batches put together: the table of all specifications, and what the public may have of it."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from securebase.codebook.specifications import specifications
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError

PUBLIC: Final = ("claim", "analysis", "specification", "kind", "p_claim", "verdict")
NO_RESULT: Final = "no result"


def gathered(study: Study, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of batches together, in the order in which the grid was declared.

    Parameters
    ----------
    study : Study
        The codebook that declares the multiverse.
    tables : sequence of pd.DataFrame
        See `fitting.fit_batch`.

    Returns
    -------
    pd.DataFrame
        The same columns; the same rows however the grid was cut.

    Raises
    ------
    InputError
        Where a declared specification has no result, or another than what is declared now.
    """
    table = pd.concat(tables, ignore_index=True)
    declared = {(one.analysis, one.sha256): one for one in specifications(study)}
    places = {key: place for place, key in enumerate(declared)}
    found = list(zip(table["analysis"], table["sha256"], strict=True))
    faults = [
        Fault("results of the multiverse", f"nothing for {one.analysis}: {one.key}", "a result")
        for key, one in declared.items()
        if key not in set(found)
    ]
    faults += [
        Fault("results of the multiverse", f"{row.analysis}: {row.specification}", "declared")
        for row in table.itertuples()
        if (row.analysis, row.sha256) not in places
    ]
    if faults:
        raise InputError(f"multiverse of study {study.study}", faults)
    order = pd.Series([places[one] for one in found])
    return table.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


def public(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Give the verdicts of a table of specifications, and the probability behind each.

    Specifications may differ in few units, whose records follow from exact results of both: what
    is published of them is the probability to two decimals and the verdict, no estimate and no
    number of units.

    Returns
    -------
    pd.DataFrame
        A row per claim and specification, columns `PUBLIC`, claims in declared order; `p_claim`
        is the probability of the region that the claim names.
    """
    zero = [claim.id for claim in study.claims if claim.direction == "zero"]
    claimed = table["p_beyond"].where(~table["claim"].isin(zero), table["p_rope"])
    verdict = table["verdict"].where(table["failure"] == "", NO_RESULT)
    told = table.assign(p_claim=claimed.astype(float).round(2), verdict=verdict)
    order = {claim.id: place for place, claim in enumerate(study.claims)}
    told = told.iloc[told["claim"].map(order).argsort(kind="stable")]
    return told[list(PUBLIC)].reset_index(drop=True)
