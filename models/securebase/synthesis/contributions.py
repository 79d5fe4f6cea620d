"""Posteriors of studies on the common scale: baseline standard deviations."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import arviz_stats as az
import numpy as np
import pandas as pd
import xarray as xr

from securebase.claims import contrast_draws, term_faults
from securebase.codebook.study import Study
from securebase.families import load_family
from securebase.faults import Fault, InputError
from securebase.gate import failed
from securebase.names import SAMPLES
from securebase.synthesis.settings import Contribution, Side, Synthesis, synthesis_faults

QUANTITIES = ("difference", "anxiety", "avoidance")
NOT_IN_RUN = "its study is not part of this run"


@dataclass(frozen=True)
class Contributed:
    """What became of a contribution.

    Parameters
    ----------
    contribution : Contribution
        As declared.
    study : Study, optional
        Its codebook; None where the run has not got it.
    draws : xr.Dataset, optional
        difference, anxiety, avoidance (chain, draw), in baseline sds; None where left out.
    prior : xr.Dataset, optional
        The same quantities before the data.
    reason : str
        Why it is left out; "" where it is used.
    """

    contribution: Contribution
    study: Study | None
    draws: xr.Dataset | None = None
    prior: xr.Dataset | None = None
    reason: str = ""

    def description(self, quantity: str) -> dict[str, float]:
        """Describe the draws of a quantity; NaN where there are none.

        Returns
        -------
        dict
            mean, sd, q2_5, q97_5, mcse_mean; skewness; prior_share: the squared ratio of the
            posterior's to the prior's interquartile range, about the share of the posterior's
            precision that the prior brought.
        """
        if self.draws is None or self.prior is None:
            names = ("mean", "sd", "q2_5", "q97_5", "mcse_mean", "skewness", "prior_share")
            return dict.fromkeys(names, np.nan)
        draws = self.draws[quantity]
        low, high = draws.quantile([0.025, 0.975], dim=SAMPLES).values
        mean, sd = float(draws.mean()), float(draws.std(ddof=1))
        ratio = _quartile_range(draws) / _quartile_range(self.prior[quantity])
        return {
            "mean": mean,
            "sd": sd,
            "q2_5": float(low),
            "q97_5": float(high),
            "mcse_mean": float(np.asarray(az.mcse(draws, method="mean"))),
            "skewness": float((((draws - mean) / sd) ** 3).mean()),
            "prior_share": ratio**2,
        }


def _quartile_range(draws: xr.DataArray) -> float:
    low, high = draws.quantile([0.25, 0.75], dim=SAMPLES).values
    return float(high - low)


def contributed(
    synthesis: Synthesis, studies: Mapping[str, Study], results: Path, file: str
) -> list[Contributed]:
    """Read what each study contributes.

    Parameters
    ----------
    synthesis : Synthesis
    studies : mapping of str to Study
        Those of the run.
    results : Path
        Holds {study}/{analysis}/posterior.nc and checks.tsv.
    file : str
        Name of the synthesis, for messages.

    Raises
    ------
    InputError
        With every contribution that asks what a study has not got.
    """
    found, faults = [], list(synthesis_faults(synthesis, studies, file))
    for place, one in enumerate(synthesis.contributions):
        if one.study not in studies:
            found.append(Contributed(one, None, reason=NOT_IN_RUN))
        elif one.analysis in studies[one.study].analyses:
            folder = results / one.study / one.analysis
            try:
                found.append(_read(one, studies[one.study], folder, f"contributions.{place}", file))
            except InputError as error:
                faults += error.faults
    if faults:
        raise InputError(f"synthesis {file}", faults)
    return found


def _read(
    contribution: Contribution, study: Study, folder: Path, place: str, file: str
) -> Contributed:
    if len(failed(pd.read_csv(folder / "checks.tsv", sep="\t"))):
        return Contributed(contribution, study, reason="a check of its analysis failed")
    with xr.open_datatree(folder / "posterior.nc") as tree:
        posterior, prior = (tree[name].to_dataset().load() for name in ("posterior", "prior"))
    faults = list(_term_faults(contribution, posterior, study, place, file))
    if faults:
        raise InputError(file, faults)
    draws, before = (standardised(contribution, one) for one in (posterior, prior))
    return Contributed(contribution, study, draws, before)


def _term_faults(
    contribution: Contribution, posterior: xr.Dataset, study: Study, place: str, file: str
) -> Iterator[Fault]:
    family = load_family(study.analyses[contribution.analysis].family)
    for name, side in (("anxiety", contribution.anxiety), ("avoidance", contribution.avoidance)):
        for key, terms in (
            ("estimand", side.estimand),
            ("baseline_sd.terms", side.baseline_sd.terms),
        ):
            for number, term in enumerate(terms):
                where = f"{place}.{name}.{key}[{number}]"
                yield from term_faults(term, posterior, family, file, where)


def standardised(contribution: Contribution, posterior: xr.Dataset) -> xr.Dataset:
    """Bring the effects of a study to the common scale, draw by draw.

    Returns
    -------
    xr.Dataset
        anxiety, avoidance and their difference (chain, draw) in baseline sds; below zero: more
        secure, and by more for anxiety than for avoidance.
    """
    anxiety = contribution.factor * _in_baseline_sds(contribution.anxiety, posterior)
    avoidance = contribution.factor * _in_baseline_sds(contribution.avoidance, posterior)
    return xr.Dataset(
        {"difference": anxiety - avoidance, "anxiety": anxiety, "avoidance": avoidance}
    )


def _in_baseline_sds(side: Side, posterior: xr.Dataset) -> xr.DataArray:
    effect, scale = contrast_draws(side.estimand, posterior), side.baseline_sd
    if scale.value is not None:
        return effect / scale.value
    squares = [contrast_draws([term], posterior) ** 2 for term in scale.terms]
    return effect / xr.concat(squares, dim="term").sum("term") ** 0.5
