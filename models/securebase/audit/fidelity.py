"""A63: what masking has cost: the posterior of all data beside that of the public moments."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.audit.recomputation import differences
from securebase.audit.recomputing import recomputed, recomputed_claims
from securebase.checks import checks_table
from securebase.claims import claims_table
from securebase.codebook.extracts import claims_of
from securebase.families import claim_units, load_family
from securebase.gate import failed
from securebase.report.result_tables import as_read
from securebase.summaries import summary_table

FILE: Final = "fidelity.csv"
_KEYS: Final = ["kind", "name", "coordinates"]
_MOST_WITHHELD: Final = 0.2


def fidelity(opened: Opened) -> Iterator[Said]:
    """A63: the posterior of the public moments gives the verdicts of the full data."""
    for name in opened.study.analyses:
        yield from _withheld(opened, name)
        if not opened.has(opened.file(name, "public.nc")):
            yield skips(f"{name}: there is no re-fit from the public moments.")
            continue
        found = _expected(opened, name)
        yield from _as_told(opened, name, found)
        claims = found[found["kind"] == "claim"]
        for row in claims[claims["full_verdict"] != claims["public_verdict"]].itertuples():
            yield fails(
                f"{row.name}: full-data verdict {row.full_verdict}, public-moments verdict "
                f"{row.public_verdict}."
            )
        if len(claims):
            worst = claims.iloc[int(claims["shift"].abs().to_numpy().argmax())]
            yield passes(
                f"{name}: public re-fit shifts claims <= {abs(worst['shift']):.2f} sd "
                f"({worst['name']}); verdicts equal."
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
    study = opened.study
    tree = opened.tree(opened.file(name, "public.nc"))
    posterior, stats = (tree[group].to_dataset() for group in ("posterior", "sample_stats"))
    family, claims = load_family(study.analyses[name].family), claims_of(study, name)
    summary = summary_table(posterior, family, study.waves.time_unit)
    checks = checks_table(summary, posterior, stats, claims, opened.as_run.thresholds)
    trusted, units = {name: bool(failed(checks).empty)}, claim_units(study)
    judged = claims_table(claims, {name: posterior}, trusted, units, opened.as_run.decision)
    full = recomputed_claims(opened)
    before = full[full["analysis"] == name].rename(columns={"id": "name"})
    after = as_read(judged).rename(columns={"id": "name"})
    of_claims = _beside(before.assign(coordinates=""), after.assign(coordinates=""), "claim")
    quantities = recomputed(opened, name).tables["summary.csv"]
    return as_read(pd.concat([of_claims, _beside(quantities, as_read(summary), "quantity")]))


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
