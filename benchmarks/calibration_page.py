"""Picture and words of a calibration."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from designs import Design, Simulated
from matplotlib import rc_context
from matplotlib.figure import Figure

from securebase.calibration.band import distribution_difference, uniform_band
from securebase.calibration.ranks import Calibration

HEAD = """# Simulation-based calibration

True values are drawn from the prior, a study is simulated from each, the study is fitted, and
the true value is ranked among posterior draws (Talts et al. 2018, arXiv:1804.06788). If model,
likelihood, sampler and simulator agree, ranks are uniform. A quantity is judged by the largest
departure of its ranks' distribution function: the band holds the whole function with 95 %
probability (Säilynoja et al. 2022, doi:10.1007/s11222-022-10090-6); `p_family` corrects for the
number of quantities of a design (Holm). One quantity in twenty leaves the band by chance.
The log-likelihood is ranked too (Modrák et al. 2023, doi:10.1214/23-BA1404).

Whether curves turn where they are said to is measured in another way: [vertex.md](vertex.md).
Made by `make calibrate`; nothing here is written by hand.
"""


def drawn(calibration: Calibration, title: str) -> str:
    """Draw distributions of ranks, less the uniform one, over the band: a panel per variable."""
    share, low, high = uniform_band(len(calibration.ranks), calibration.highest).limits()
    variables = calibration.ranks.T.groupby(lambda name: name.partition("[")[0], sort=False)
    columns = 5
    rows = -(-len(variables) // columns)
    style = {"svg.hashsalt": "securebase", "svg.fonttype": "none", "font.size": 7}
    with rc_context(style):
        figure = Figure(figsize=(2.2 * columns, 1.5 * rows + 0.5), layout="constrained")
        figure.suptitle(f"{title}: {len(calibration.ranks)} re-fits, 95 % simultaneous band")
        grid = np.ravel(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False))
        for axes, (variable, quantities) in zip(grid, variables, strict=False):
            axes.fill_between(share, low, high, color="#d3d8dd", linewidth=0)
            for ranks in quantities.to_numpy():
                difference = distribution_difference(ranks, calibration.highest)
                outside = bool(((difference < low) | (difference > high)).any())
                colour = "#d55e00" if outside else "#0072b2"
                # what is outside lies on top
                axes.plot(share, difference, color=colour, linewidth=0.7, zorder=2 + outside)
            axes.set_title(f"{variable} ({len(quantities)})", fontsize=6)
            axes.spines[["top", "right"]].set_visible(False)
        for axes in grid[len(variables) :]:
            axes.set_visible(False)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


def sections(
    name: str,
    design: Design | Simulated,
    calibration: Calibration,
    found: pd.DataFrame,
    seconds: float,
) -> str:
    """Say what was found in one design."""
    fits, outside = calibration.fits, found[found["p"] < 0.05]
    failed = int((fits["failure"] != "").sum())
    pairs = zip(fits["r_hat"], fits["ess"], strict=True)
    apart = sum(not design.refits.mixed(r_hat, ess) for r_hat, ess in pairs)
    left = ", ".join(f"`{one}` (p = {p:.3f})" for one, p in outside["p"].items()) or "none"
    lines = [
        f"## {design.title}\n",
        f"- {len(calibration.ranks)} re-fits, {failed} failed; {seconds:.0f} s with simulation and "
        f"compilation, {seconds / len(fits):.2f} s each.",
        f"- {len(found)} quantities; outside their own 95 % band: {len(outside)} ({left}); "
        f"expected by chance {0.05 * len(found):.1f}.",
        f"- Smallest p over the whole family: {found['p_family'].min():.3f}.",
        f"- Divergent draws: {int(fits['divergences'].sum())} in "
        f"{int((fits['divergences'] > 0).sum())} re-fits.",
        f"- {int((fits['draws'] > fits['draws'].min()).sum())} re-fits had not mixed after "
        f"{int(fits['draws'].min())} draws and were drawn again, with up to "
        f"{int(fits['draws'].max())}; {apart} had not even then, and keep their ranks: largest "
        f"R-hat {fits['r_hat'].max():.3f}, smallest effective sample size {fits['ess'].min():.0f}.",
        f"- Numbers: [{name}.csv]({name}.csv), ranks: [{name}_ranks.csv]({name}_ranks.csv).\n",
        f"![Distribution of ranks less the uniform one, {design.title}]({name}.svg)\n",
    ]
    return "\n".join(lines)


def written(folder: Path, designs: Mapping[str, Design | Simulated]) -> None:
    """Put the sections of all designs that were calibrated on one page, and tabulate them."""
    done = {name: design for name, design in designs.items() if (folder / f"{name}.md").exists()}
    texts = [(folder / f"{name}.md").read_text(encoding="utf-8") for name in done]
    (folder / "README.md").write_text("\n".join([HEAD, *texts]), encoding="utf-8")
    rows = [_of_family(folder, name, design) for name, design in done.items()]
    pd.DataFrame(rows).to_csv(folder / "families.csv", index=False)


def _of_family(folder: Path, name: str, design: Design | Simulated) -> dict[str, object]:
    found = pd.read_csv(folder / f"{name}.csv")
    return {
        "family": design.family,
        "design": name,
        "refits": len(pd.read_csv(folder / f"{name}_ranks.csv")),
        "quantities": len(found),
        "p_family": found["p_family"].min(),
    }
