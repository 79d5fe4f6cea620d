"""Whether another prior would change a verdict, as a page says it."""

from collections.abc import Iterator, Sequence

import pandas as pd

from securebase.config import Decision
from securebase.names import AS_DECLARED
from securebase.report.analysed import Analysed
from securebase.report.claim_counts import verdicts_kept
from securebase.report.claims import ClaimResult
from securebase.report.counting import lines_of, lines_or_none
from securebase.report.inputs import AnalysisResults, number_at
from securebase.report.section import Block, Note, Section, folded
from securebase.report.tables import Cell, Table, probability_range
from securebase.report.wording import Sentence, listed, short, variable_words
from securebase.robustness import capped, grade


def section(one: Analysed) -> Section:
    """Say what the priors weigh, block by block, and what others would have made of the claims."""
    title = "Would another prior change it?"
    return Section("sensitivity", title, sentence(one), tuple(_blocks(one)))


def sentence(one: Analysed) -> Sentence:
    """Say which claims lean on a prior, and which verdicts hold under others."""
    grid = grid_sentence(one)
    return (scaling_sentence(one.results), *((" ", *grid) if grid else ()))


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


def graded(analysis: AnalysisResults, result: ClaimResult, decision: Decision) -> Sentence:
    """Grade a verdict by those under other priors: "robust: same in 12 of 12"; else empty."""
    if analysis.grid is None:
        return ()
    declared, others = _refits(analysis.grid, result)
    if declared.empty or others.empty:
        return ()
    verdict = str(declared["verdict"].iloc[0])
    over = grade(verdict, list(others["verdict"]), decision)
    word = capped(over, result.verdict, result.elsewhere)
    return (f"{word}: same in ", *_same(analysis, verdict, others))


def _same(analysis: AnalysisResults, verdict: str, others: pd.DataFrame) -> Sentence:
    file, same = f"{analysis.name}/prior_grid.csv", others[others["verdict"] == verdict]
    return (lines_or_none(file, same.index), " of ", lines_or_none(file, others.index))


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
    changes = "; ".join(_changes(others, verdict)) or "nowhere"
    return (result.claim.id, *probabilities, _same(analysis, verdict, others), changes)


def _changes(others: pd.DataFrame, verdict: str) -> Iterator[str]:
    changed = others[others["verdict"] != verdict]
    for (other, block), part in changed.groupby(["verdict", "block"], sort=False):
        yield f"{other} at {variable_words(str(block))} {listed(map(str, part['setting']))}"


def grid_sentence(one: Analysed) -> Sentence:
    """Say how many verdicts hold, whatever the prior; empty where nothing was fitted again."""
    grid, file = one.results.grid, f"{one.name}/prior_grid.csv"
    if grid is None or grid.empty:
        return ()
    each = grid.drop_duplicates(["block", "setting"])
    others = each[(each["failure"] == "") & (each["block"] != AS_DECLARED)]
    failed = each[each["failure"] != ""]
    lost = ("; ", lines_of(file, failed.index, "re-fit"), " failed") if len(failed) else ()
    return (
        *("Fitted again under ", lines_or_none(file, others.index, "other prior"), ", "),
        *verdicts_kept(one.claims, grid[grid["failure"] == ""]),
        *(" keep their verdict under all", *lost, "."),
    )
