"""A63: what masking has cost: the posterior of all data beside that of the public moments."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.audit.recomputation import differences
from securebase.audit.recomputing import recomputed, recomputed_claims
from securebase.bundle.fidelity import judged_as
from securebase.checks import checks_table
from securebase.codebook.extracts import claims_of
from securebase.families import claim_units, load_family
from securebase.gate import failed
from securebase.names import NOT_ASSESSABLE
from securebase.report.result_tables import as_read
from securebase.robustness import opposite_of
from securebase.summaries import summary_table

FILE: Final = "fidelity.csv"
_KEYS: Final = ["kind", "name", "coordinates"]
_MOST_WITHHELD: Final = 0.2


def fidelity(opened: Opened) -> Iterator[Said]:
    """A63: the posterior of the public moments gives the verdicts of the full data."""
    for name in opened.study.analyses:
        yield from _withheld(opened, name)
        if not opened.has(opened.file(name, "public.nc")):
            yield _not_refitted(opened, name)
            continue
        found = _expected(opened, name)
        yield from _as_told(opened, name, found)
        claims = found[found["kind"] == "claim"]
        yield from _verdicts(opened, name, claims)
        if len(claims):
            worst = claims.iloc[int(claims["shift"].abs().to_numpy().argmax())]
            yield passes(
                f"{name}: public re-fit shifts claims <= {abs(worst['shift']):.2f} sd "
                f"({worst['name']}); verdicts equal."
            )


def _not_refitted(opened: Opened, name: str) -> Said:
    words = f"{name}: there is no re-fit from the public moments"
    if opened.about.tier == "controlled" or name in opened.about.without_moments:
        return skips(f"{words}.")
    return fails(f"{words}, though these are released: what masking costs is not told.")


def _verdicts(opened: Opened, name: str, claims: pd.DataFrame) -> Iterator[Said]:
    """Compare verdicts; where too few draws leave none, the one that the draws as they are give.

    So nobody hides another verdict behind a re-fit that misses a threshold, and no threshold that
    is missed by chance alone makes another verdict.
    """
    lean = _judged(opened, name, trusted=True).set_index("id")["verdict"].to_dict()
    verdicts = claims[["name", "full_verdict", "public_verdict"]].astype(str)
    for claim, full, public in verdicts.itertuples(index=False):
        few = public == NOT_ASSESSABLE != full
        verdict = lean[claim] if few else public
        words = f"{claim}: full-data verdict {full}, public-moments verdict {verdict}"
        if verdict != full and (few or verdict == opposite_of(full)):
            yield fails(f"{words}.")
        elif verdict != full:
            yield warns(f"{words}; the bundle tells both: no reader can check the first.")
        elif few:
            yield warns(
                f"{claim}: the public re-fit misses a threshold of its checks; as far as its "
                f"draws tell, the verdict is {verdict} too."
            )


def _withheld(opened: Opened, name: str) -> Iterator[Said]:
    lost = opened.about.units_withheld.get(name, 0)
    levels = opened.table(opened.file(name, "levels.csv"))
    units = float(levels.loc[levels["level"] == "unit", "number"].sum())
    if lost > _MOST_WITHHELD * units:
        yield warns(f"{name}: {lost} of {units:.0f} units are withheld: no verdict is robust.")


def _as_told(opened: Opened, name: str, found: pd.DataFrame) -> Iterator[Said]:
    """Say where the table is not what the two files of draws give."""
    file = opened.file(name, FILE)
    told = opened.table(file)
    lines = pd.MultiIndex.from_frame(told[_KEYS].astype(str))
    wanted = pd.MultiIndex.from_frame(found[_KEYS])
    if lines.has_duplicates or not wanted.isin(lines).all():
        yield fails(f"{file} has not one line for each claim and quantity.")
        return
    aligned = told.iloc[lines.get_indexer(wanted)]
    yield from differences(file, aligned, found)


def _expected(opened: Opened, name: str) -> pd.DataFrame:
    """Compare both fits, claim by claim and quantity by quantity: as they would be read."""
    posterior, stats = _public(opened, name)
    family, claims = load_family(opened.study.analyses[name].family), claims_of(opened.study, name)
    summary = summary_table(posterior, family, opened.study.waves.time_unit)
    checks = checks_table(summary, posterior, stats, claims, opened.as_run.thresholds)
    full = recomputed_claims(opened)
    before = full[full["analysis"] == name].rename(columns={"id": "name"})
    after = _judged(opened, name, bool(failed(checks).empty)).rename(columns={"id": "name"})
    of_claims = _beside(before.assign(coordinates=""), after.assign(coordinates=""), "claim")
    quantities = recomputed(opened, name).tables["summary.csv"]
    return as_read(pd.concat([of_claims, _beside(quantities, as_read(summary), "quantity")]))


def _public(opened: Opened, name: str) -> tuple[xr.Dataset, xr.Dataset]:
    tree = opened.tree(opened.file(name, "public.nc"))
    return tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()


def _judged(opened: Opened, name: str, trusted: bool) -> pd.DataFrame:
    """Judge the claims of an analysis by the public re-fit: as a table that was read."""
    draws, units = _public(opened, name)[0], claim_units(opened.study)
    claims = claims_of(opened.study, name)
    return as_read(judged_as(claims, draws, trusted, units, opened.as_run.decision))


def _beside(before: pd.DataFrame, after: pd.DataFrame, kind: str) -> pd.DataFrame:
    keys = _KEYS[1:]
    both = before[keys].merge(after, on=keys, how="left", validate="one_to_one")
    shown = {"mean": "mean", "sd": "sd"}
    if kind == "claim":
        shown |= {"p": "p_beyond", "verdict": "verdict"}
    columns = {
        f"{which}_{short}": table[column].to_numpy()
        for short, column in shown.items()
        for which, table in (("full", before), ("public", both))
    }
    found = before[keys].reset_index(drop=True).assign(kind=kind, **columns)
    moved = (found["public_mean"] - found["full_mean"]) / found["full_sd"].replace(0.0, np.nan)
    return found.assign(shift=moved)
