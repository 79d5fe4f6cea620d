"""What a model replicates: observed summaries beside those of studies drawn from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import xarray as xr

from securebase.codebook.loading import Study
from securebase.report import figures
from securebase.report.addresses import draws_address
from securebase.report.analysed import Analysed
from securebase.report.inputs import AnalysisResults
from securebase.report.section import Block, Gallery, Section, folded
from securebase.report.sections.misfit import moment_blocks, moment_sentence
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import Cell, Table, labels_of, wave_labels
from securebase.report.wording import Number, Sentence, counted, fixed

_SUMMARIES: Final = {
    "mean": "Mean",
    "sd": "Standard deviation",
    "partner_corr": "Correlation of partners",
}


@dataclass(frozen=True)
class Replication:
    """An observed summary, and where those of replicated studies lie.

    Parameters
    ----------
    summary : str
        Name of the summary: mean, sd, partner_corr.
    at : dict
        Its coordinates.
    observed, low, high : float
        The observed summary; 2.5 % and 97.5 % quantiles of the replicated ones.
    share_above : float
        Share of the replicated ones above the observed.
    """

    summary: str
    at: dict[str, str]
    observed: float
    low: float
    high: float
    share_above: float

    @property
    def inside(self) -> bool:
        """Whether the observed summary lies within 95 % of the replicated ones."""
        return self.low <= self.observed <= self.high


def section(one: Analysed) -> Section:
    """Say how many observed summaries lie where those of replicated studies do."""
    compared = replications(one.results)
    words = replication_note(compared, one.name) if compared else (_nothing(one),)
    title = "Does the model reproduce what was observed?"
    sentence = words if one.withheld else (*words, " ", *moment_sentence(one))
    return Section("replication", title, sentence, tuple(_blocks(one, compared)))


def _nothing(one: Analysed) -> str:
    if "posterior_predictive" in one.results.posterior.children:
        return "Observed summaries are not told: what is not released of some would follow."
    return "No study was replicated from the model."


def _blocks(one: Analysed, compared: Sequence[Replication]) -> Iterator[Block]:
    if compared:
        yield Gallery(replication_panels(one.study, one.name, compared))
        yield folded(replication_table(compared, one.results))
    if not one.withheld:
        yield from moment_blocks(one)


def replications(analysis: AnalysisResults) -> list[Replication]:
    """Compare observed summaries with replicated ones, where the posterior file has them.

    Summaries that nothing was observed of are left out.
    """
    tree = analysis.posterior
    if not {"posterior_predictive", "observed_data"} <= set(tree.children):
        return []
    replicated = tree["posterior_predictive"].to_dataset()
    observed = tree["observed_data"].to_dataset()
    # in the order of the model's waves and roles
    ordered = observed.reindex_like(replicated.isel(chain=0, draw=0))
    return [
        _replication(str(name), key, value, ordered[name], replicated[name])
        for name in replicated.data_vars
        if name in ordered.data_vars
        for key, value in ordered[name].to_series().dropna().items()
    ]


def _replication(
    name: str, key: Any, value: float, observed: xr.DataArray, replicated: xr.DataArray
) -> Replication:
    labels = key if isinstance(key, tuple) else (key,)
    at = {str(dim): str(label) for dim, label in zip(observed.dims, labels, strict=True)}
    draws = replicated.sel(at)
    low, high = draws.quantile([0.025, 0.975]).to_numpy()
    share = float((draws > value).mean())
    return Replication(name, at, float(value), float(low), float(high), share)


def replication_table(compared: Sequence[Replication], analysis: AnalysisResults) -> Table:
    """Tabulate observed summaries beside those of replicated studies."""
    columns = ("summary", "of", "#observed", "#replicated: 95 % of them", "#share above observed")
    return Table(
        caption=f"All {counted(len(compared), 'summary', 'summaries')}",
        columns=columns,
        rows=tuple(_replication_row(one, analysis.name) for one in compared),
        source=f"{analysis.name}/posterior.nc",
    )


def _replication_row(one: Replication, analysis: str) -> tuple[Cell, ...]:
    def number(value: float, statistic: str, group: str = "posterior_predictive") -> Number:
        source = draws_address(analysis, group, one.summary, one.at, statistic)
        return Number(value, fixed(value, 2), source)

    return (
        one.summary.replace("_", " "),
        ", ".join(one.at.values()),
        number(one.observed, "value", "observed_data"),
        (number(one.low, "q2_5"), " to ", number(one.high, "q97_5")),
        number(one.share_above, "above"),
    )


def replication_note(compared: Sequence[Replication], analysis: str) -> Sentence:
    """Say how many observed summaries lie where replicated ones do."""
    inside, every = sum(one.inside for one in compared), len(compared)
    source = f"{analysis}/posterior.nc#posterior_predictive.*"
    return (
        *(Number(inside, str(inside), f"{source}.inside"), " of "),
        Number(every, counted(every, "observed summary", "observed summaries"), f"{source}.count"),
        " lie within 95 % of those of studies replicated from the model (bars); one in twenty is "
        "expected outside. Symbols as above.",
    )


def replication_panels(
    study: Study, analysis: str, compared: Sequence[Replication]
) -> list[Picture]:
    """Draw the comparison, a panel per summary and outcome."""
    labels = labels_of(study)
    panels = dict.fromkeys((one.summary, one.at.get("outcome", "")) for one in compared)
    outcomes = list(dict.fromkeys(outcome for _, outcome in panels))
    pictures = []
    for summary, outcome in panels:
        part = [
            one
            for one in compared
            if one.summary == summary and one.at.get("outcome", "") == outcome
        ]
        title = f"{_SUMMARIES.get(summary, summary)}, {labels.get(outcome, outcome)}"
        colour = figures.outcome_colour(outcome, outcomes.index(outcome))
        drawing = figures.replication_panel(_panel_rows(part), wave_labels(study), colour, title)
        inside = sum(one.inside for one in part)
        sentence = f"{title}: {inside} of {len(part)} within 95 % of the replicated."
        name = f"{analysis}-{summary}-{outcome}"
        pictures.append(Picture(inline_svg(drawing, name, sentence), sentence))
    return pictures


def _panel_rows(part: Sequence[Replication]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "wave": [one.at.get("wave", "") for one in part],
            "series": [one.at.get("role", one.at.get("composition", "")) for one in part],
            "observed": [one.observed for one in part],
            "low": [one.low for one in part],
            "high": [one.high for one in part],
        }
    )
