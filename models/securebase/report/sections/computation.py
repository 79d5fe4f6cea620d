"""How the posterior was drawn, and where it mixed worst."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import xarray as xr

from securebase.claims import estimand_draws
from securebase.names import SAMPLES
from securebase.report.addresses import draws_address
from securebase.report.analysed import Analysed
from securebase.report.chain_figures import rank_panel
from securebase.report.claims import ClaimResult
from securebase.report.fit_tables import estimate_table
from securebase.report.inputs import number_at
from securebase.report.section import Block, Gallery, Note, Section, folded
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import Cell, Table
from securebase.report.wording import Number, Sentence, counted, fixed, place_words

_WORST: Final = 10
_DRAWN: Final = 3
_RANKS: Final = (
    "Ranks of each chain's draws among all, of what mixed worst: flat where chains agree, within "
    "the grey band nineteen times in twenty."
)


def section(one: Analysed) -> Section:
    """Say how many draws there are, what they are worth, and which quantities mixed worst."""
    return Section("computation", "How it was computed", sentence(one), tuple(_blocks(one)))


def sentence(one: Analysed) -> Sentence:
    """Count chains and draws; name the largest R-hat and the smallest effective sample size."""
    line = int(str(one.results.summary["r_hat"].idxmax()))
    return (
        *(_size(one, "chain"), " of ", _size(one, "draw")),
        *(": largest R-hat ", _extreme(one, "r_hat", line, 3)),
        *(", smallest effective sample size ", _smallest_ess(one)),
        *(*_divergent(one), "."),
    )


def _size(one: Analysed, dim: str) -> Number:
    size = one.results.posterior["posterior"].sizes[dim]
    return Number(size, counted(size, dim), f"{one.name}/posterior.nc#posterior.{dim}.size")


def _divergent(one: Analysed) -> Sentence:
    tree = one.results.posterior
    if "sample_stats" not in tree.children or "diverging" not in tree["sample_stats"]:
        return ()
    count = int(tree["sample_stats"]["diverging"].sum())
    source = draws_address(one.name, "sample_stats", "diverging", {}, "sum")
    return (", ", Number(count, counted(count, "divergent draw"), source))


def _smallest_ess(one: Analysed) -> Number:
    least = one.results.summary[["ess_bulk", "ess_tail"]].min()
    column = str(least.idxmin())
    return _extreme(one, column, int(str(one.results.summary[column].idxmin())), 0)


def _extreme(one: Analysed, column: str, line: int, places: int) -> Number:
    return number_at(one.results.summary, f"{one.name}/summary.csv", line, column, places)


def _blocks(one: Analysed) -> Iterator[Block]:
    if one.withheld:
        return
    table = one.results.summary
    least = table[["ess_bulk", "ess_tail"]].min(axis=1)
    lines = least.sort_values(kind="stable").index[:_WORST]
    yield Gallery([_ranks(one, int(line), float(least[line])) for line in lines[:_DRAWN]])
    yield Note((_RANKS,))
    caption = f"The {counted(len(lines), 'quantity', 'quantities')} that mixed worst"
    yield folded(estimate_table(caption, one.results, table.loc[lines], one.labels))
    if one.claims:
        yield folded(_steadiness(one))


def _ranks(one: Analysed, line: int, effective: float) -> Picture:
    row = one.results.summary.loc[line]
    place = f"{row['name']}[{row['coordinates']}]"
    draws = cell_draws(one.results.posterior["posterior"].to_dataset(), place)
    title = place_words(place)
    words = f"Ranks of the draws of {title} by chain; R-hat {fixed(float(str(row['r_hat'])), 3)}."
    drawing = rank_panel(draws.transpose(*SAMPLES).to_numpy(), effective, title)
    return Picture(inline_svg(drawing, f"ranks-{line}", words), words)


def cell_draws(posterior: xr.Dataset, place: str) -> xr.DataArray:
    """Find the draws of a cell by its place: "level[role=patient, outcome=anxiety]".

    Parameters
    ----------
    posterior : xr.Dataset
    place : str
        Variable and coordinates, as in summary.csv.
    """
    name, _, coordinates = place.removesuffix("]").partition("[")
    pairs = (pair.partition("=") for pair in coordinates.split(", ") if pair)
    return posterior[name].sel({dim: label for dim, _, label in pairs})


def _steadiness(one: Analysed) -> Table:
    """Put half of the draws beside all, and say how alike neighbours are (WAMBS, 3 and 5)."""
    posterior = one.results.posterior["posterior"].to_dataset()
    return Table(
        caption="Half of the draws beside all of them, and how alike neighbouring draws are",
        columns=(
            *("claim", "#mean of the first half", "#mean of all"),
            *("#difference in MCSE", "#in % of the mean", "#autocorrelation at lag 1"),
        ),
        rows=tuple(_steadiness_row(two, posterior, one.name) for two in one.shown),
        source=f"{one.name}/posterior.nc",
    )


def _steadiness_row(result: ClaimResult, posterior: xr.Dataset, analysis: str) -> tuple[Cell, ...]:
    draws = estimand_draws(result.claim, posterior)
    half = float(draws.isel(draw=slice(0, draws.sizes["draw"] // 2)).mean())
    whole = float(draws.mean())
    error = result.value("sd") / np.sqrt(result.value("ess_bulk") / 2)
    told = (
        (half, 3, "mean_of_first_half"),
        (whole, 3, "mean"),
        ((half - whole) / error, 1, "shift_of_first_half"),
        (100 * (half - whole) / whole, 1, "percent_of_first_half"),
        (autocorrelation(draws), 2, "autocorrelation"),
    )
    at = {"claim": result.claim.id}
    numbers = (
        Number(
            value, fixed(value, places), draws_address(analysis, "posterior", "estimand", at, name)
        )
        for value, places, name in told
    )
    return (result.claim.id, *numbers)


def autocorrelation(draws: xr.DataArray) -> float:
    """Correlate draws (chain, draw) with their neighbours, over all chains."""
    centred = draws - draws.mean()
    product = (centred.values[:, 1:] * centred.values[:, :-1]).mean()
    return float(product / centred.values.var())
