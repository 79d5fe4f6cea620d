"""One analysis from scored waves to a file of draws."""

import logging
import os
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import xarray as xr

from securebase.config import Sampling
from securebase.families import load_family
from securebase.panel import Panel, panel_from_waves
from securebase.predictive import predictive_statistics, summary_statistics
from securebase.priors import Priors, overridden_priors, prior_table
from securebase.sampling import derived_seed, fit
from securebase.study import Study

LIBRARIES = ("securebase", "pymc", "pytensor", "nutpie", "numba", "numpy", "arviz", "xarray")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FittedAnalysis:
    """Draws, priors in force and units left out of one analysis.

    Parameters
    ----------
    draws : xr.DataTree
        Groups posterior, sample_stats, prior, and as summary statistics only
        prior_predictive, posterior_predictive and observed_data.
    priors : pd.DataFrame
        See `priors.prior_table`.
    left_out : pd.DataFrame
        Columns unit, reason.
    """

    draws: xr.DataTree
    priors: pd.DataFrame
    left_out: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write posterior.nc, priors.csv and left_out.csv, each whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / ".posterior.nc.partial"
        self.draws.to_netcdf(partial, engine="netcdf4")
        os.replace(partial, folder / "posterior.nc")
        self.priors.to_csv(folder / "priors.csv", index=False)
        self.left_out.to_csv(folder / "left_out.csv", index=False)


def prepared(study: Study, name: str, waves: pd.DataFrame) -> tuple[Panel, Priors]:
    """Arrange the panel of an analysis and the priors in force."""
    panel = panel_from_waves(waves, study, name)
    defaults = load_family(panel.analysis.family).default_priors(panel)
    where = f"config/studies/{study.study}.yaml, analyses.{name}.priors"
    return panel, overridden_priors(defaults, panel.analysis.priors, where)


def fit_analysis(
    study: Study, name: str, waves: Path, sampling: Sampling, cores: int
) -> FittedAnalysis:
    """Fit one analysis of a study.

    Parameters
    ----------
    waves : Path
        waves.parquet of the study.
    sampling : Sampling
        From the configuration; the seed of this fit is derived from its seed and the
        names of study and analysis.
    cores : int
        Processors to use; the draws do not depend on it.
    """
    panel, priors = prepared(study, name, pd.read_parquet(waves))
    family = load_family(panel.analysis.family)
    seed = derived_seed(sampling.seed, study.study, name)
    log.info("%d units, %d left out, seed %d", panel.data.sizes["unit"], len(panel.left_out), seed)
    fitted = fit(family, panel, priors, sampling, seed, cores)
    draws = fitted.draws
    log.info("replicating the study at %d draws", sampling.predictive_draws)
    for group in ("prior", "posterior"):
        draws[f"{group}_predictive"] = xr.DataTree(
            predictive_statistics(
                fitted.built, panel, draws[group].to_dataset(), sampling.predictive_draws, seed
            )
        )
    observed = [part.score for part in fitted.built.parts]
    draws["observed_data"] = xr.DataTree(summary_statistics(observed, fitted.built, panel))
    draws.attrs = provenance(study, name, waves, sampling, seed)
    return FittedAnalysis(draws, prior_table(priors), panel.left_out)


def provenance(
    study: Study, name: str, waves: Path, sampling: Sampling, seed: int
) -> dict[str, str]:
    """Say where draws come from; no clock and no path, so that equal runs give equal bytes."""
    return {
        "study": study.study,
        "analysis": name,
        "simulated": str(study.simulated).lower(),
        "family": study.analyses[name].family,
        "declared": study.analyses[name].model_dump_json(),
        "seed": str(seed),
        "seed_rule": f"first 8 hex digits of sha256('{sampling.seed}/{study.study}/{name}')",
        "settings": sampling.model_dump_json(),
        "waves_sha256": sha256(waves.read_bytes()).hexdigest(),
        "raw_sha256": ", ".join(f"{file.path} {file.sha256}" for file in study.raw.files),
        "versions": ", ".join(f"{library} {version(library)}" for library in LIBRARIES),
    }
