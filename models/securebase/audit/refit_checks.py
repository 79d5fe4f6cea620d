"""A32 to A34: a re-fit with the reader's own seed, by the model of the bundle."""

from collections.abc import Iterator
from typing import Final

import pandas as pd
import xarray as xr

from securebase.audit.asking import NEEDS_MODEL, Asked, holds_draws, source_of_draws, unfit
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.audit.refit_tests import changed_verdicts, refit_test
from securebase.claims import claims_table
from securebase.families import claim_units, load_family
from securebase.mixing import mixing, reported_cells
from securebase.report.result_tables import as_read

_NEAR: Final = 1e-6


def refit(asked: Asked) -> Iterator[Said]:
    """A32: a re-fit with the reader's own seed gives the same posterior."""
    for name in _refittable(asked):
        again = asked.refit(name)["posterior"].to_dataset()
        family = load_family(asked.opened.study.analyses[name].family)
        stored = asked.opened.tree(source_of_draws(asked.opened, name))["posterior"].to_dataset()
        first, second = (reported_cells(one, family) for one in (stored, again))
        if first.keys() != second.keys():
            yield fails(f"{name}: the re-fit has other quantities than the file.")
            continue
        cells = [xr.concat(one.values(), dim="cell") for one in (first, second)]
        limits, (worst, fewest) = (
            asked.opened.as_run.thresholds,
            mixing(cells[1].to_dataset(name="x")),
        )
        if worst > limits.r_hat or fewest < limits.ess:
            yield warns(f"{name}: the re-fit did not mix (R-hat {worst:.3f}, ESS {fewest:.0f}).")
            continue
        found = refit_test(*cells, [f"{variable} ({at})" for variable, at in first])
        told = f"max abs z {found.largest:.1f} of {found.z.size} (limit {found.limit:.1f})"
        if not found.passed:
            yield fails(f"{name}: re-fit disagrees: {found.names[found.worst]}, {told}.")
        yield passes(f"{name}: re-fit agrees: {told}, rms {found.rms:.2f}.")
    yield from _not_refitted(asked)


def second_route(asked: Asked) -> Iterator[Said]:
    """A33: another way to compute the likelihood gives the same density."""
    for name in _refittable(asked):
        if asked.models is not None:
            apart = asked.models.second_route(asked.opened, name)
            if not apart <= _NEAR:
                yield fails(f"{name}: moment and row-level likelihood differ by {apart:.2g}.")
            yield passes(f"{name}: row-level model gives the same log density to {apart:.0e}.")
    yield from _not_refitted(asked)


def verdicts_again(asked: Asked) -> Iterator[Said]:
    """A34: the re-fit gives the same verdicts."""
    names = list(_refittable(asked))
    if names:
        stored, again = (_claims(asked, names, fresh=fresh) for fresh in (False, True))
        for claim, words, close in changed_verdicts(stored, again):
            told = f"{claim}: {words} on re-fit"
            yield warns(f"{told}: too close to call.") if close else fails(f"{told}.")
        yield passes("All verdicts unchanged.")
    yield from _not_refitted(asked)


def _claims(asked: Asked, names: list[str], *, fresh: bool) -> pd.DataFrame:
    """Judge the claims on the stored draws of the moments, or on those of the re-fit."""
    opened = asked.opened
    trees = {
        name: asked.refit(name) if fresh else opened.tree(source_of_draws(opened, name))
        for name in names
    }
    posteriors = {name: tree["posterior"].to_dataset() for name, tree in trees.items()}
    claims = [one for one in opened.study.claims if one.analysis in names]
    trusted, units = dict.fromkeys(names, True), claim_units(opened.study)
    return as_read(claims_table(claims, posteriors, trusted, units, opened.as_run.decision))


def _refittable(asked: Asked) -> Iterator[str]:
    if asked.models is not None and not unfit(asked.opened):
        names = asked.opened.study.analyses
        yield from (
            one for one in names if holds_draws(asked.opened, source_of_draws(asked.opened, one))
        )


def _not_refitted(asked: Asked) -> Iterator[Said]:
    if asked.models is None:
        yield skips(NEEDS_MODEL)
        return
    why = unfit(asked.opened)
    if why:
        yield skips(why)
        return
    for name in asked.opened.study.analyses:
        file = source_of_draws(asked.opened, name)
        if not holds_draws(asked.opened, file):
            yield skips(f"{file} is not in the bundle: there is nothing to compare with.")
