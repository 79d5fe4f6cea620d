"""Whether another prior would change a verdict, as a page says it."""

from collections.abc import Iterator, Sequence

import pandas as pd

from securebase.config import Decision
from securebase.names import AS_DECLARED
from securebase.report.analysed import Analysed
from securebase.report.claims import ClaimResult
from securebase.report.inputs import AnalysisResults, number_at
from securebase.report.section import Block, Note, Section, folded
from securebase.report.tables import Cell, Table, probability_range
from securebase.report.wording import Sentence, counted, listed, short, variable_words
from securebase.robustness import grade


def section(one: Analysed) -> Section:
    """Say what the priors weigh, block by block, and what others would have made of the claims."""
    title = "Would another prior change it?"
    return Section("sensitivity", title, (sentence(one),), tuple(_blocks(one)))


def sentence(one: Analysed) -> str:
    """Say which claims lean on a prior, and which verdicts hold under others."""
    return f"{scaling_sentence(one.results)} {grid_sentence(one.results)}".strip()


def _blocks(one: Analysed) -> Iterator[Block]:
    scaling, grid = scaling_table(one.results, one.claims), grid_table(one.results, one.claims)
    if grid:
        yield grid
    if scaling:
        yield folded(scaling) if grid else scaling
    threshold = short(one.rules.sensitivity.threshold)
    yield Note(
        (
            "Power-scaling: how far the quantity a claim asks for moves when the prior of a block, "
            f"or the likelihood, counts double. From {threshold} on a prior is said to weigh; that "
            "may be intended.",
            ""
            if grid
            else " The analysis was not fitted again under other priors in this run "
            "(sensitivity.refits).",
        )
    )


def prior_weight(analysis: AnalysisResults, result: ClaimResult) -> Sentence:
    """Name the block of the prior that moves a claim most, and how far."""
    line = _heaviest(analysis, result)
    if line is None:
        return ()
    scaling, file = analysis.scaling, f"{analysis.name}/power_scaling.csv"
    block = variable_words(str(scaling.at[line, "block"]))
    return (number_at(scaling, file, line, "prior", 2), f" {block}")


def graded(analysis: AnalysisResults, result: ClaimResult, decision: Decision) -> str:
    """Grade a verdict by those under other priors: "robust: same in 12 of 12"; else empty."""
    verdicts = _verdicts(analysis, result)
    if verdicts is None:
        return ""
    declared, others = verdicts
    same = sum(other == declared for other in others)
    return f"{grade(declared, others, decision)}: same in {same} of {len(others)}"


def _verdicts(analysis: AnalysisResults, result: ClaimResult) -> tuple[str, list[str]] | None:
    """The verdict of the re-fit as declared, and those under other priors."""
    if analysis.grid is None:
        return None
    declared, others = _refits(analysis.grid, result)
    if declared.empty or others.empty:
        return None
    return str(declared["verdict"].iloc[0]), list(others["verdict"])


def _refits(grid: pd.DataFrame, result: ClaimResult) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of a claim that were fitted: as declared, and under other priors."""
    fitted = grid[(grid["claim"] == result.claim.id) & (grid["failure"] == "")]
    as_declared = fitted["block"] == AS_DECLARED
    return fitted[as_declared], fitted[~as_declared]


def _heaviest(analysis: AnalysisResults, result: ClaimResult) -> int | None:
    """Line of the block of the prior that moves a claim most."""
    mine = analysis.scaling.loc[analysis.scaling["claim"] == result.claim.id, "prior"].dropna()
    return None if mine.empty else int(str(mine.idxmax()))


def scaling_table(analysis: AnalysisResults, claims: Sequence[ClaimResult]) -> Table | None:
    """Tabulate, for each claim, the block of the prior that moves it most."""
    lines = {one.claim.id: _heaviest(analysis, one) for one in claims if not one.withheld}
    rows = [_scaling_row(analysis, name, line) for name, line in lines.items() if line is not None]
    if not rows:
        return None
    return Table(
        caption="How far each claim moves with the prior and with the data",
        columns=("claim", "block that moves it most", "#prior", "#data", "what it says"),
        rows=tuple(rows),
        source=f"{analysis.name}/power_scaling.csv",
    )


def _scaling_row(analysis: AnalysisResults, claim: str, line: int) -> tuple[Cell, ...]:
    scaling, file = analysis.scaling, f"{analysis.name}/power_scaling.csv"
    return (
        claim,
        variable_words(str(scaling.at[line, "block"])),
        *(number_at(scaling, file, line, name, 2) for name in ("prior", "likelihood")),
        str(scaling.at[line, "diagnosis"]) or "the data decide",
    )


def scaling_sentence(analysis: AnalysisResults) -> str:
    """Say which claims lean on a prior."""
    leaning = analysis.scaling[analysis.scaling["diagnosis"] != ""]
    if leaning.empty:
        return "No claim leans on a block of the prior."
    parts = [
        f"{claim} on {listed(map(variable_words, part['block']))}"
        for claim, part in leaning.groupby("claim", sort=False)
    ]
    return f"Claims that lean on a block of the prior: {'; '.join(parts)}."


def grid_table(analysis: AnalysisResults, claims: Sequence[ClaimResult]) -> Table | None:
    """Tabulate, for each claim, what other priors make of its verdict."""
    if analysis.grid is None or analysis.grid.empty:
        return None
    rows = [_grid_row(analysis, analysis.grid, one) for one in claims if not one.withheld]
    return Table(
        caption="Every claim again under other priors",
        columns=(
            *("claim", "#P(claim), lowest", "#as declared", "#highest"),
            *("#same verdict", "another verdict where"),
        ),
        rows=tuple(rows),
        source=f"{analysis.name}/prior_grid.csv",
    )


def _grid_row(
    analysis: AnalysisResults, grid: pd.DataFrame, result: ClaimResult
) -> tuple[Cell, ...]:
    declared, others = _refits(grid, result)
    part = pd.concat([declared, others])
    file, column = f"{analysis.name}/prior_grid.csv", result.claimed_column
    probabilities = probability_range(grid, file, part, column, declared)
    if declared.empty:
        return (result.claim.id, *probabilities, "", "the re-fit as declared failed")
    verdict = str(declared["verdict"].iloc[0])
    same = int((others["verdict"] == verdict).sum())
    changes = "; ".join(_changes(others, verdict)) or "nowhere"
    return (result.claim.id, *probabilities, f"{same} of {len(others)}", changes)


def _changes(others: pd.DataFrame, verdict: str) -> Iterator[str]:
    changed = others[others["verdict"] != verdict]
    for (other, block), part in changed.groupby(["verdict", "block"], sort=False):
        yield f"{other} at {variable_words(str(block))} {listed(map(str, part['setting']))}"


def grid_sentence(analysis: AnalysisResults) -> str:
    """Say how many verdicts hold, whatever the prior; empty where nothing was fitted again."""
    if analysis.grid is None or analysis.grid.empty:
        return ""
    fitted = analysis.grid[analysis.grid["failure"] == ""]
    count = fitted.groupby(["block", "setting"]).ngroups - 1
    kept = fitted.groupby("claim")["verdict"].nunique() == 1
    failed = analysis.grid.loc[analysis.grid["failure"] != "", ["block", "setting"]]
    lost = len(failed.drop_duplicates())
    end = f"; {counted(lost, 're-fit')} failed" if lost else ""
    return (
        f"Fitted again under {counted(count, 'other prior')}, {int(kept.sum())} of "
        f"{counted(len(kept), 'claim')} keep their verdict under all{end}."
    )
