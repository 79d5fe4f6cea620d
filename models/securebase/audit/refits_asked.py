"""A13: whether everything that a run was asked for beside its posteriors has results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Final

import pandas as pd

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips
from securebase.audit.specification_checks import declared_options, without_result
from securebase.dropout.departures import departures
from securebase.dropout.leaving import ALONE, TOGETHER
from securebase.names import AS_DECLARED, EVERY_BLOCK

GRID: Final = "prior_grid.csv"
DROPOUT: Final = "dropout.csv"
RIVALS: Final = "prediction.csv"

Setting = Mapping[str, object]
"""What a re-fit was: columns of its table, with their values."""


def all_asked(opened: Opened) -> Iterator[Said]:
    """A13: what the run was asked for beside the posteriors has results."""
    asked, wanted = opened.as_run, 0
    for name in opened.study.analyses:
        claims = [one.id for one in opened.study.claims if one.analysis == name]
        for file, settings in _refits(opened, name) if claims else ():
            wanted += len(settings)
            yield from _without_line(opened, opened.file(name, file), claims, settings)
        if asked.prediction.compare:
            rivals = opened.study.analyses[name].rivals
            wanted += len(rivals)
            yield from _rivals_without_line(opened, name, list(rivals))
    wanted += len(declared_options(opened))
    yield from without_result(opened)
    if wanted:
        yield passes(f"{wanted} of {wanted} declared specifications have results.")
    else:
        yield skips("No other specifications were declared.")


def _refits(opened: Opened, analysis: str) -> Iterator[tuple[str, list[Setting]]]:
    """Tables of re-fits that the run was asked for, and what each re-fit was."""
    if opened.as_run.sensitivity.refits:
        yield GRID, list(_other_priors(opened, analysis))
    if opened.as_run.dropout.refits:
        yield DROPOUT, list(_departures(opened, analysis))


def _other_priors(opened: Opened, analysis: str) -> Iterator[Setting]:
    """List the other priors; the blocks are those whose log density the draws have."""
    asked, draws = opened.as_run.sensitivity, opened.draws(analysis)
    yield {"block": AS_DECLARED, "factor": 1.0}
    for block in map(str, draws["log_prior"].data_vars):
        lkj = f"{block.removesuffix('_corr')}_vine" in draws["posterior"].data_vars
        yield from ({"block": block, "factor": one} for one in asked.factors(lkj))
    yield from ({"block": EVERY_BLOCK, "factor": one} for one in asked.sd_factors_of_all)


def _departures(opened: Opened, analysis: str) -> Iterator[Setting]:
    """List the fates of those who left; either way of leaving is shifted where there are both."""
    file, both = opened.file(analysis, DROPOUT), (TOGETHER, ALONE)
    told = set(opened.table(file)["who"]) if opened.has(file) else set()
    ways = both if told & {*both} else ()
    outcomes, shifts = opened.study.analyses[analysis].outcomes, opened.as_run.dropout.shifts
    yield from (asdict(one) for one in departures(outcomes, ways, shifts))


def _without_line(
    opened: Opened, file: str, claims: Sequence[str], settings: Sequence[Setting]
) -> Iterator[Said]:
    if not opened.has(file):
        yield fails(f"{len(settings)} declared specifications have no result: {file} is not there.")
        return
    rows = opened.table(file)
    if rows.empty and file.endswith(DROPOUT):
        yield skips(f"{file}: nobody left for good, or on no planned wave; the author says so.")
        return
    for setting in settings:
        alike = (rows[list(setting)] == pd.Series(setting)).all(axis=1)
        told = ", ".join(f"{name} {value}" for name, value in setting.items())
        for claim in sorted({*claims} - {*rows.loc[alike, "claim"]}):
            yield fails(f"{file} has no result for {claim} at {told}.")


def _rivals_without_line(opened: Opened, analysis: str, rivals: Sequence[str]) -> Iterator[Said]:
    file = opened.file(analysis, RIVALS)
    there = set(opened.table(file)["model"]) if opened.has(file) else set()
    for rival in sorted({*rivals} - there):
        yield fails(f"Rival {rival} of {analysis} was declared but has no result.")
