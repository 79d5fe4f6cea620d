"""What was believed before the data, why, and what the data made of it."""

from collections.abc import Iterator

from securebase.claims import estimand_draws
from securebase.names import SAMPLES
from securebase.report.addresses import draws_address
from securebase.report.analysed import Analysed
from securebase.report.claims import ClaimResult
from securebase.report.fit_tables import prior_table
from securebase.report.section import Block, Section, folded
from securebase.report.tables import Cell, Table
from securebase.report.wording import (
    Number,
    Sentence,
    estimand_words,
    factor_text,
    fixed,
    strung,
)

_INTERVAL = (0.025, 0.975)
_LIMITS = ("q2_5", "q97_5")


def section(one: Analysed) -> Section:
    """Say what the priors allowed, and give each with its reason."""
    return Section("priors", "What was believed before", sentence(one), tuple(_blocks(one)))


def sentence(one: Analysed) -> Sentence:
    """Say how much narrower the data made what claims ask about."""
    tree = one.results.posterior
    if "prior" not in tree.children:
        return ("What the priors alone allow was not drawn.",)
    if not one.shown:
        return ("Priors are weak and each has its reason.",)
    narrowed = [(f"{two.claim.id} ", _narrowing(two, one), " times") for two in one.shown]
    return ("The data made what is claimed narrower than the priors had it: ", *strung(narrowed),
            ".")  # fmt: skip


def _narrowing(result: ClaimResult, one: Analysed) -> Number:
    prior = estimand_draws(result.claim, one.results.posterior["prior"].to_dataset())
    ratio = float(prior.std()) / result.value("sd")
    at = {"claim": result.claim.id}
    source = draws_address(one.name, "prior", "estimand", at, "sd_over_posterior")
    return Number(ratio, factor_text(ratio), source)


def _blocks(one: Analysed) -> Iterator[Block]:
    if "prior" in one.results.posterior.children and one.shown:
        yield Table(
            caption="Claims before and after the data",
            columns=(
                *("claim", "what it asks", "#95 % before", "#95 % after"),
                *("#P(claim) before", "#factor of odds"),
            ),
            rows=tuple(_row(result, one) for result in one.shown),
            source=f"{one.name}/posterior.nc, claims.csv",
        )
    if {"prior_predictive", "observed_data"} <= set(one.results.posterior.children):
        yield folded(_foretold(one))
    declared = prior_table(one.results)
    if declared:
        yield declared


def _foretold(one: Analysed) -> Table:
    """Put the means that the priors alone foretell beside the observed ones."""
    tree = one.results.posterior
    observed = tree["observed_data"]["mean"]
    foretold = tree["prior_predictive"]["mean"]
    rows: list[tuple[Cell, ...]] = []
    for at, mean in observed.to_series().dropna().items():
        labels = dict(zip(map(str, observed.dims), _labels(at), strict=True))
        low, high = foretold.sel(labels).quantile(_INTERVAL, dim=SAMPLES).to_numpy().tolist()
        read = (
            *((low, "prior_predictive", "q2_5"), (high, "prior_predictive", "q97_5")),
            (float(mean), "observed_data", "value"),
        )
        lowest, highest, seen = (
            Number(value, fixed(value, 2), draws_address(one.name, group, "mean", labels, which))
            for value, group, which in read
        )
        words = ", ".join(one.labels.get(label, label) for label in labels.values())
        rows.append((words, (lowest, " to ", highest), seen))
    return Table(
        caption="Means that the priors alone foretell",
        columns=("of", "#95 % before", "#observed"),
        rows=tuple(rows),
        source=f"{one.name}/posterior.nc",
    )


def _labels(at: object) -> tuple[str, ...]:
    return at if isinstance(at, tuple) else (str(at),)


def _row(result: ClaimResult, one: Analysed) -> tuple[Cell, ...]:
    prior = estimand_draws(result.claim, one.results.posterior["prior"].to_dataset())
    at = {"claim": result.claim.id}
    low, high = (
        Number(value, fixed(value, 2), draws_address(one.name, "prior", "estimand", at, which))
        for value, which in zip(map(float, prior.quantile(_INTERVAL)), _LIMITS, strict=True)
    )
    return (
        result.claim.id,
        estimand_words(result.claim),
        (low, " to ", high),
        (result.estimate("q2_5"), " to ", result.estimate("q97_5")),
        result.prior_probability,
        ("× ", result.bayes_factor),
    )
