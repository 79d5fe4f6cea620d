"""How the posterior was drawn, and where it mixed worst."""

from collections.abc import Iterator

from securebase.report.analysed import Analysed
from securebase.report.fit_tables import estimate_table
from securebase.report.section import Block, Section, folded
from securebase.report.wording import counted, fixed

_WORST = 10


def section(one: Analysed) -> Section:
    """Say how many draws there are, what they are worth, and which quantities mixed worst."""
    return Section("computation", "How it was computed", (sentence(one),), tuple(_blocks(one)))


def sentence(one: Analysed) -> str:
    """Count chains and draws; name the largest R-hat and the smallest effective sample size."""
    tree, table = one.results.posterior, one.results.summary
    sizes = tree["posterior"].sizes
    smallest = float(table[["ess_bulk", "ess_tail"]].to_numpy().min())
    diverged = ""
    if "sample_stats" in tree.children and "diverging" in tree["sample_stats"]:
        count = int(tree["sample_stats"]["diverging"].sum())
        diverged = f", {counted(count, 'divergent draw')}"
    return (
        f"{counted(sizes['chain'], 'chain')} of {counted(sizes['draw'], 'draw')}: largest R-hat "
        f"{fixed(table['r_hat'].max(), 3)}, smallest effective sample size "
        f"{fixed(smallest, 0)}{diverged}."
    )


def _blocks(one: Analysed) -> Iterator[Block]:
    table = one.results.summary
    worst = table.assign(least=table[["ess_bulk", "ess_tail"]].min(axis=1))
    lines = worst.sort_values("least", kind="stable").index[:_WORST]
    if not one.withheld:
        caption = f"The {counted(len(lines), 'quantity', 'quantities')} that mixed worst"
        yield folded(estimate_table(caption, one.results, table.loc[lines], one.labels))
