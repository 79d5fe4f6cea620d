"""A32 to A34: a re-fit with the reader's own seed, by the model of the bundle."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from securebase.audit.asking import NEEDS_MODEL, Asked, hindrance, source_of_draws, unfit
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.audit.refit_tests import changed_verdicts, refit_test
from securebase.audit.second_route import Route
from securebase.bundle.fidelity import failed_checks
from securebase.claims import claims_table
from securebase.codebook.extracts import claims_of
from securebase.families import claim_units, load_family
from securebase.mixing import reported_cells
from securebase.report.result_tables import as_read

# two routes to one density, relative to its size
_NEAR: Final = 1e-9


def refit(asked: Asked) -> Iterator[Said]:
    """A32: a re-fit with the reader's own seed gives the same posterior."""
    for name in _refitted(asked):
        trouble = _trouble(asked, name)
        if trouble:
            yield warns(f"{name}: the re-fit cannot be compared: {trouble}.")
            continue
        family = load_family(asked.opened.study.analyses[name].family)
        again, _ = asked.refit(name)
        first, second = (reported_cells(one, family) for one in (_stored(asked, name), again))
        if first.keys() != second.keys():
            yield fails(f"{name}: the re-fit has other quantities than the file.")
            continue
        before, after = (xr.concat(one.values(), dim="cell") for one in (first, second))
        found = refit_test(before, after, [f"{variable} ({at})" for variable, at in first])
        told = f"max abs z {found.largest:.1f} of {found.z.size} (limit {found.limit:.1f})"
        if not found.passed:
            yield fails(f"{name}: re-fit disagrees: {found.names[found.worst]}, {told}.")
        yield passes(f"{name}: re-fit agrees: {told}, rms {found.rms:.2f}.")
    yield from _not_refitted(asked)


def second_route(asked: Asked) -> Iterator[Said]:
    """A33: another way to compute the likelihood gives the same density."""
    if asked.models is None:
        yield skips(NEEDS_MODEL)
        return
    for name in asked.opened.study.analyses:
        file = source_of_draws(asked.opened, name)
        if not asked.opened.has(file):
            yield skips(f"{file} is not in the bundle: there are no draws to compare at.")
            continue
        found = asked.models.second_route(asked.opened, name, file)
        yield from (
            _of_route(name, found)
            if isinstance(found, Route)
            else [skips(f"{name}: there is no second route: {found}.")]
        )


def _of_route(name: str, found: Route) -> Iterator[Said]:
    wrong = False
    # nothing that cannot be computed is near
    if not found.from_moments <= _NEAR:
        wrong = True
        yield fails(
            f"{name}: moment and row-level likelihood differ by {found.from_moments:.2g} of "
            "their size."
        )
    if found.from_stored > _NEAR:
        wrong = True
        yield fails(
            f"{name}: the stored log density differs from that of rows with the moments of the "
            f"bundle by {found.from_stored:.2g} of its size: other data, priors or draws."
        )
    if not wrong:
        apart = max(found.from_moments, np.nan_to_num(found.from_stored))
        yield passes(
            f"{name}: row-level model gives the same log density to {apart:.0e} ({found.rows} "
            f"synthetic rows, {found.draws} draws)."
        )


def verdicts_again(asked: Asked) -> Iterator[Said]:
    """A34: the re-fit gives the same verdicts."""
    names = [name for name in _refitted(asked) if not _trouble(asked, name)]
    if names:
        stored = _claims(asked, {name: _stored(asked, name) for name in names})
        again = _claims(asked, {name: asked.refit(name)[0] for name in names})
        for claim, words, close in changed_verdicts(stored, again):
            told = f"{claim}: {words} on re-fit"
            yield warns(f"{told}: too close to call.") if close else fails(f"{told}.")
        yield passes("All verdicts unchanged.")
    yield from _not_refitted(asked)


def _stored(asked: Asked, name: str) -> xr.Dataset:
    """The draws of the moments that the bundle holds."""
    tree = asked.opened.tree(source_of_draws(asked.opened, name))
    return tree["posterior"].to_dataset()


def _trouble(asked: Asked, name: str) -> str:
    """Say which checks the re-fit itself fails: then it tells nothing of the bundle."""
    return asked.opened.once("trouble", f"{name} {asked.seed}", lambda: _failures(asked, name))


def _failures(asked: Asked, name: str) -> str:
    posterior, stats = asked.refit(name)
    study = asked.opened.study
    found = failed_checks(
        claims_of(study, name), posterior, stats, load_family(study.analyses[name].family),
        study.waves.time_unit, asked.opened.as_run.thresholds,
    )  # fmt: skip
    return ", ".join(f"{row.check} {row.value:.4g}" for row in found.itertuples())


def _claims(asked: Asked, posteriors: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    study = asked.opened.study
    claims = [one for one in study.claims if one.analysis in posteriors]
    trusted, units = dict.fromkeys(posteriors, True), claim_units(study)
    return as_read(claims_table(claims, posteriors, trusted, units, asked.opened.as_run.decision))


def _refitted(asked: Asked) -> Iterator[str]:
    """Analyses that can be fitted again, and compared with what the bundle holds."""
    if asked.models is not None and not unfit(asked.opened):
        for name in asked.opened.study.analyses:
            if asked.opened.has(source_of_draws(asked.opened, name)):
                yield name


def _not_refitted(asked: Asked) -> Iterator[Said]:
    why = hindrance(asked)
    if why:
        yield skips(why)
        return
    for name in asked.opened.study.analyses:
        file = source_of_draws(asked.opened, name)
        if not asked.opened.has(file):
            yield skips(f"{file} is not in the bundle: there is nothing to compare with.")
