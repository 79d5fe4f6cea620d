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
from securebase.report.fit_tables import estimate_table
from securebase.report.section import Block, Gallery, Note, Section, folded
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import Cell, Table
from securebase.report.wording import Number, counted, fixed, place_words

_WORST: Final = 10
_DRAWN: Final = 3
_RANKS: Final = (
    "Ranks of each chain's draws among all, of what mixed worst: flat where chains agree, within "
    "the grey band nineteen times in twenty."
)


def section(one: Analysed) -> Section:
    """Say how many draws there are, what they are worth, and which quantities mixed worst."""
    return Section("computation", "How it was computed", (sentence(one),), tuple(_blocks(one)))


def sentence(one: Analysed) -> str:
    """Count chains and draws; name the largest R-hat and the smallest effective sample size."""
    tree, table = one.results.posterior, one.results.summary
    sizes = tree["posterior"].sizes
    diverged = ""
    if "sample_stats" in tree.children and "diverging" in tree["sample_stats"]:
        count = int(tree["sample_stats"]["diverging"].sum())
        diverged = f", {counted(count, 'divergent draw')}"
    return (
        f"{counted(sizes['chain'], 'chain')} of {counted(sizes['draw'], 'draw')}: largest R-hat "
        f"{fixed(table['r_hat'].max(), 3)}, smallest effective sample size "
        f"{fixed(one.results.smallest_ess, 0)}{diverged}."
    )


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
        yield folded(_halves(one))


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


def _halves(one: Analysed) -> Table:
    """Put the first half of the draws beside all of them (WAMBS, point 3)."""
    posterior = one.results.posterior["posterior"].to_dataset()
    rows: list[tuple[Cell, ...]] = []
    for result in one.shown:
        draws = estimand_draws(result.claim, posterior)
        half = draws.isel(draw=slice(0, draws.sizes["draw"] // 2))
        at = {"claim": result.claim.id}
        error = result.value("sd") / np.sqrt(result.value("ess_bulk") / 2)
        change = (float(half.mean()) - float(draws.mean())) / error
        told = (
            (float(half.mean()), 3, "mean_of_first_half"),
            (float(draws.mean()), 3, "mean"),
            (change, 1, "shift_of_first_half"),
        )
        numbers = (
            Number(
                value,
                fixed(value, places),
                draws_address(one.name, "posterior", "estimand", at, statistic),
            )
            for value, places, statistic in told
        )
        rows.append((result.claim.id, *numbers))
    return Table(
        caption="Half of the draws beside all of them",
        columns=("claim", "#mean of the first half", "#mean of all", "#difference in MCSE"),
        rows=tuple(rows),
        source=f"{one.name}/posterior.nc",
    )
