"""A53 and A63: who was left out of comparisons, and what masking has cost."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.audit.recomputing import recomputed, recomputed_claims
from securebase.claims import claims_table, estimand_draws
from securebase.codebook.extracts import claims_of
from securebase.families import claim_units
from securebase.report.result_tables import as_read

TABLE: Final = "fidelity.csv"
_MOST_WITHHELD: Final = 0.2
_NEAR: Final = 1e-9


def left_out(opened: Opened) -> Iterator[Said]:
    """A53: predictions leave out whole units, or whole clusters, on the marginal likelihood."""
    study, told = opened.study, False
    for name in study.analyses:
        tree = opened.draws(name)
        if "log_likelihood" in tree.children:
            dims = {str(dim) for dim in tree["log_likelihood"].sizes} - {"chain", "draw"}
            if dims:
                yield fails(f"{name}: a log-likelihood by {', '.join(sorted(dims))}.")
        file = opened.file(name, "prediction.csv")
        if not opened.has(file):
            continue
        told = True
        whole = (
            {study.unit} if not study.analyses[name].clusters else {"cluster", study.roles.leader}
        )
        for row in opened.table(file).itertuples():
            if row.left_out not in whole:
                yield fails(
                    f"{name}: comparison of {row.model} leaves out a {row.left_out}: it predicts "
                    "new answers of known ones, not new ones."
                )
        yield passes(f"{name}: leave-one-{study.unit}-out on the marginal likelihood.")
    if not told:
        yield skips("No analysis was held against a rival.")


def fidelity(opened: Opened) -> Iterator[Said]:
    """A63: the posterior of the public moments gives the verdicts of the full data."""
    for name in opened.study.analyses:
        public, claims = opened.file(name, "public.nc"), claims_of(opened.study, name)
        yield from _withheld(opened, name)
        if not opened.has(public):
            yield skips(f"{name}: there is no re-fit from the public moments.")
        elif claims:
            full = recomputed_claims(opened)
            full = full[full["analysis"] == name]
            again = _public_claims(opened, name)
            yield from _verdicts(full, again)
            shifts = _shifts(opened, name)
            yield from _as_told(opened, name, shifts)
            worst = max(shifts, key=lambda one: abs(shifts[one]))
            yield passes(
                f"{name}: public re-fit shifts claims <= {abs(shifts[worst]):.2f} sd ({worst}); "
                "verdicts equal."
            )


def _withheld(opened: Opened, name: str) -> Iterator[Said]:
    lost = opened.about.units_withheld.get(name, 0)
    levels = opened.table(opened.file(name, "levels.csv"))
    units = float(levels.loc[levels["level"] == "unit", "number"].sum())
    if lost > _MOST_WITHHELD * units:
        yield warns(f"{name}: {lost} of {units:.0f} units are withheld: no verdict is robust.")


def _public_claims(opened: Opened, name: str) -> pd.DataFrame:
    draws = opened.tree(opened.file(name, "public.nc"))["posterior"].to_dataset()
    trusted = {name: recomputed(opened, name).trusted}
    units, decision = claim_units(opened.study), opened.as_run.decision
    claims = claims_of(opened.study, name)
    return as_read(claims_table(claims, {name: draws}, trusted, units, decision))


def _verdicts(full: pd.DataFrame, again: pd.DataFrame) -> Iterator[Said]:
    for before, after in zip(full.itertuples(), again.itertuples(), strict=True):
        if before.verdict != after.verdict:
            yield fails(
                f"{before.id}: full-data verdict {before.verdict}, public-moments verdict "
                f"{after.verdict}."
            )


def _shifts(opened: Opened, name: str) -> dict[str, float]:
    """How far the mean of each claim moves, in posterior standard deviations."""
    full, public = (
        opened.tree(opened.file(name, file))["posterior"].to_dataset()
        for file in ("posterior.nc", "public.nc")
    )
    found = {}
    for claim in claims_of(opened.study, name):
        before, after = (estimand_draws(claim, draws) for draws in (full, public))
        found[claim.id] = float((after.mean() - before.mean()) / before.std(ddof=1))
    return found


def _as_told(opened: Opened, name: str, shifts: dict[str, float]) -> Iterator[Said]:
    """What the table says of claims is what the two files of draws give."""
    file = opened.file(name, TABLE)
    table = opened.table(file)
    told = dict(zip(table["quantity"].astype(str), table["shift"].astype(float), strict=True))
    for claim, shift in shifts.items():
        if claim not in told:
            yield fails(f"{file} says nothing of {claim}.")
        elif not abs(told[claim] - shift) <= _NEAR * max(abs(shift), 1.0):
            yield fails(f"{file} says {claim} shifts by {told[claim]:.3g} sd, draws {shift:.3g}.")
