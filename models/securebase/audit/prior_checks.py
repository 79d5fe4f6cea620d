"""A40 to A43: declared priors are those in use, with reasons; and what others would do."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from securebase.audit.identities import ALPHA
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.audit.prior_densities import Declared, blocks, declared_priors, spreads
from securebase.audit.recomputing import recomputed
from securebase.names import AS_DECLARED
from securebase.report.wording import counted

# priors.csv prints six digits
_NEAR: Final = 1e-4


def in_use(opened: Opened) -> Iterator[Said]:
    """A40: densities of the table give ``log_prior``, and draws from the prior look like them."""
    for name in opened.study.analyses:
        tree, file = opened.draws(name), opened.file(name, "priors.csv")
        priors = declared_priors(opened.table(file))
        yield from _densities(opened, name, priors)
        told = 0
        for group in ("prior", "posterior"):
            for place, declared, used in spreads(priors, tree[group].to_dataset()):
                told += 1
                if abs(used - declared) > _NEAR * declared:
                    yield fails(
                        f"{name}: {file} says Half-normal({declared:g}) for {place}, "
                        f"the draws have {used:g}."
                    )
        if told:
            yield passes(f"{name}: spreads of {told // 2} standard deviations are as declared.")


def _densities(opened: Opened, name: str, priors: list[Declared]) -> Iterator[Said]:
    tree = opened.draws(name)
    prior, posterior = (tree[group].to_dataset() for group in ("prior", "posterior"))
    density = tree["log_prior"].to_dataset() if "log_prior" in tree.children else {}
    compared = [one for one in blocks(priors, prior) if one.variable in posterior]
    for one in compared:
        if one.smallest_p(prior) < ALPHA / len(compared):
            yield fails(f"{name}: draws from the prior of {one.name} are not of the declared one.")
        if one.name in density:
            stored = density[one.name].values.ravel()
            apart = np.abs(one.log_density(posterior) - stored)
            if not (apart <= _NEAR * np.maximum(np.abs(stored), 1.0)).all():
                yield fails(
                    f"{name}: log_prior of {one.name} is not that of the declared prior "
                    f"(max diff {apart.max():.2g})."
                )
    words = ", ".join(one.name for one in compared)
    if compared:
        held = "prior draws and log_prior" if density else "prior draws (no log_prior is told)"
        yield passes(f"{name}: {held} match priors.csv ({words}).")
    left = {str(one) for one in density} - {one.name for one in compared}
    if left:
        yield skips(f"{name}: the table does not determine {', '.join(sorted(left))}.")


def justified(opened: Opened) -> Iterator[Said]:
    """A41: every prior has its reason."""
    for name in opened.study.analyses:
        table = opened.table(opened.file(name, "priors.csv"))
        for row in table[table["reason"].str.strip() == ""].itertuples():
            yield fails(f"{name}: no justification for the prior of {row.block} {row.outcome}.")
        yield passes(f"{name}: {len(table)} of {len(table)} prior blocks are justified.")


def power_scaled(opened: Opened) -> Iterator[Said]:
    """A42: what moves a claim when a prior counts more, block by block, from the draws."""
    for name in opened.study.analyses:
        table = recomputed(opened, name).tables.get("power_scaling.csv")
        if table is None:
            yield skips(f"{name}: no log-likelihood of the draws: power-scaling is only told.")
            table = opened.table(opened.file(name, "power_scaling.csv"))
        for row in table[table["diagnosis"] != ""].itertuples():
            yield warns(
                f"{row.claim}: prior {row.prior:.2f}, likelihood {row.likelihood:.2f}: "
                f"{row.diagnosis} ({row.block})."
            )
        limit = opened.as_run.sensitivity.threshold
        yield passes(
            f"{name}: no claim moves by more than {limit:g} with any of "
            f"{counted(table['block'].nunique(), 'block')} of priors."
        )


def other_priors(opened: Opened) -> Iterator[Said]:
    """A43: verdicts under the grid of other priors."""
    if not opened.as_run.sensitivity.refits:
        yield skips("The run was not asked for re-fits under other priors.")
        return
    verdicts = opened.table("claims.csv").set_index("id")["verdict"]
    for name in opened.study.analyses:
        file = opened.file(name, "prior_grid.csv")
        if not opened.has(file):
            yield skips(f"{file} is not there: see A13.")
            continue
        grid = opened.table(file)
        failed = grid[grid["failure"] != ""]
        if len(failed):
            yield warns(f"{name}: {counted(len(failed), 'line')} of re-fits that failed.")
        others = grid[(grid["failure"] == "") & (grid["block"] != AS_DECLARED)]
        for row in others.itertuples():
            if row.verdict != verdicts.get(str(row.claim)):
                yield warns(f"{row.claim} is {row.verdict} at {row.block} {row.setting}.")
        factors = sorted(set(others["factor"]))
        if factors:
            yield passes(f"{name}: verdicts hold for priors × {factors[0]:g} to × {factors[-1]:g}.")
