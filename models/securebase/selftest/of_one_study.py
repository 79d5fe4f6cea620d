"""Tamperings that are the same whatever the design: plan, ledger, seeds, pages, files."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import yaml

from securebase.selftest.changes import (
    Tampering,
    attribute,
    cell,
    inner,
    key,
    remove,
    table,
    together,
    without_line,
    write,
    write_inner,
)
from securebase.selftest.of_files import (
    CLAIMS_PAGE,
    another_seed,
    codebook,
    fewer_waves,
    later_registration,
    lines,
    link,
    narrower_rope,
    one_more_fit,
    own_prior,
    page,
    rechained,
    without_last_claim,
    without_registration,
)
from securebase.selftest.of_moments import Array, without_one
from securebase.selftest.threats import Mutation

_PAGE, _GRID = CLAIMS_PAGE, "./prior_grid.csv"
_MEDIAN = r'(data-src="claims\.csv#[^"]+\.median"[^>]*>)'


def mutations(records: Array) -> Sequence[Mutation]:
    """List what is done to the bundle of one design, where all units are released.

    Parameters
    ----------
    records : float (unit, column)
        What the moments of its one cell are of.
    """
    fold = without_one(records)
    subtracted = [
        Mutation(23, "a sample of all but one beside all", "A60", fold),
        Mutation(23, "a sample of all but one beside all", "A61", fold),
    ]
    return [*_of_numbers(), *_of_plan(), *_of_ledger(), *_of_files(), *subtracted]


def _of_numbers() -> list[Mutation]:
    return [
        Mutation(1, "a number on a page", "A26", page(_MEDIAN + "[^<]+", r"\g<1>−9.99"),
                 needs=_PAGE),
        Mutation(1, "a number behind a printed one", "A26",
                 page(r'<data value="[^"]+"( data-src="claims)', r'<data value="9.5"\1'),
                 needs=_PAGE),
        Mutation(1, "a verdict on a page", "A26", _turned_verdict(), needs=_PAGE),
        Mutation(1, "a number without its address", "A26",
                 page(r' data-src="claims\.csv#[^"]+\.median"', ""), needs=_PAGE),
        Mutation(1, "more digits than the draws have", "A24",
                 page(_MEDIAN + "[^<]+", r"\g<1>0.123456"), needs=_PAGE),
        Mutation(1, "words of another school", "A70",
                 page("<main>", "<main><p>A significant effect.</p>"), "WARN", needs=_PAGE),
        Mutation(1, "fit of moments", "A52", cell("./moment_fit.csv", 0, "ppp", 0.97)),
        Mutation(15, "an observed mean of other data", "A51",
                 cell("./trajectories.csv", 0, "observed_mean", 3.11)),
        Mutation(15, "the fit is of other data", "A05", attribute("waves_sha256", 64 * "0")),
        Mutation(10, "people get lost between waves", "A15", table("flow.csv", _fewer_came)),
    ]  # fmt: skip


def _turned_verdict() -> Tampering:
    """Let the first claim have another verdict, word and colour."""

    def tampering(folder: Path) -> None:
        told = pd.read_csv(folder / "claims.csv")["verdict"][0].replace(" ", "-")
        other = "contradicted" if told == "supported" else "supported"
        page(f'class="chip {told}"', f'class="chip {other}"')(folder)

    return tampering


def _fewer_came(found: pd.DataFrame) -> None:
    line = found.index[found["stage"] == "answered"][-1]
    found.loc[line, "persons"] = str(int(found.loc[line, "persons"]) - 12)


def _of_plan() -> list[Mutation]:
    return [
        Mutation(9, "another ROPE in the codebook", "A10", codebook(narrower_rope)),
        Mutation(9, "another probability in the rule", "A10",
                 key("config.json", ("decision", "probability"), 0.9)),
        Mutation(9, "another ROPE in the plan", "A10", _plan_rewritten),
        Mutation(9, "a deviation is not listed", "A10", without_line("deviations.csv", 0)),
        Mutation(9, "a deviation has no reason", "A11", cell("deviations.csv", 0, "reason", "")),
        Mutation(9, "a deviation is told otherwise", "A11",
                 cell("deviations.csv", 0, "registered", "1.9")),
        Mutation(9, "confirmatory claims, and no plan", "A10", codebook(without_registration)),
        Mutation(7, "another prior than that of the plan", "A10", codebook(own_prior)),
        Mutation(7, "verdicts turn under another prior", "A43",
                 cell("./prior_grid.csv", 4, "verdict", "contradicted"), "WARN", needs=_GRID),
        Mutation(11, "a claim has no line", "A12", without_line("claims.csv", 1)),
        Mutation(11, "a claim is nowhere but in the plan", "A12",
                 together(codebook(without_last_claim), without_line("claims.csv", 1))),
        Mutation(11, "a wave is left out of the analysis", "A10", codebook(fewer_waves)),
        Mutation(11, "re-fits of a block have no lines, another's have", "A13",
                 table("./prior_grid.csv", _fewer_refits), needs=_GRID),
        Mutation(11, "re-fits were asked for, and are not there", "A13",
                 together(key("config.json", ("sensitivity", "refits"), True), _without_grid)),
    ]  # fmt: skip


def _plan_rewritten(folder: Path) -> None:
    path = folder / "plan.yaml"
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    narrower_rope(said)
    path.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")


def _fewer_refits(found: pd.DataFrame) -> pd.DataFrame:
    return found[found["block"] != found["block"].iloc[len(found) // 2]]


def _without_grid(folder: Path) -> None:
    inner(folder, "prior_grid.csv").unlink(missing_ok=True)


def _of_ledger() -> list[Mutation]:
    return [
        Mutation(6, "the seed of the draws is another", "A14", attribute("seed", "4711")),
        Mutation(6, "the seed of the public draws is another", "A14",
                 attribute("seed", "4711", "public.nc")),
        Mutation(6, "the ledger has another seed, chained anew", "A05", rechained(another_seed)),
        Mutation(12, "the last entry of the ledger is gone", "A04", lines(lambda one: one[:-1])),
        Mutation(12, "the first entry of the ledger is gone", "A04", lines(lambda one: one[1:])),
        Mutation(12, "an entry of the ledger is edited", "A04",
                 lines(lambda one: [one[0].replace('"fits": 1', '"fits": 2'), *one[1:]])),
        Mutation(12, "a fit of the ledger is not listed", "A05", without_line("fits.csv", 0)),
        Mutation(12, "one more fit is in the ledger, chained anew", "A05",
                 rechained(one_more_fit)),
        Mutation(12, "nothing says which entry is the last", "A04", remove("ledger.head"), "WARN"),
        Mutation(12, "fits came before the plan", "A05", codebook(later_registration), "WARN"),
        Mutation(5, "the ledger has failed fits that are not told", "A05",
                 cell("fits.csv", 0, "failed", 1)),
        Mutation(13, "a comparison leaves out occasions", "A53",
                 write_inner("prediction.csv", "model,left_out\ndeclared,occasion\n")),
    ]  # fmt: skip


def _of_files() -> list[Mutation]:
    return [
        Mutation(19, "a program", "A02", write("model.py", "print()")),
        Mutation(19, "a pickle", "A02", write("draws.pkl", "")),
        Mutation(19, "a link out of the bundle", "A02", link("codebook.csv", "/etc/hostname")),
        Mutation(19, "a file that the manifest does not list", "A02", write("more.csv", "a\n1\n"),
                 sealed=False),
        Mutation(19, "a file of the manifest is gone", "A02", remove("scoring.tsv"), sealed=False),
        Mutation(19, "a file of draws that is none", "A30",
                 write_inner("posterior.nc", "CDF\x01 no file of draws")),
    ]  # fmt: skip
