"""One analysis from scored waves to a file of draws."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import xarray as xr

from securebase.claims import refuse_faulty_claims
from securebase.codebook.closed import Closed
from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import Study
from securebase.config import Sampling
from securebase.dials import add_dials, log_likelihood, log_prior
from securebase.families import load_family
from securebase.family import Built, Family, build
from securebase.faults import Fault, InputError
from securebase.ledger.entries import digest
from securebase.ledger.models import choices, declared_digest
from securebase.ledger.recording import Attempt, Purpose, recorded
from securebase.mixing import reported_mixing
from securebase.moment_fit import moment_fit
from securebase.panel import Panel, panel_from_waves
from securebase.predictive import (
    observed_statistics,
    predictive_statistics,
    replicated_statistics,
    replications,
)
from securebase.priors import Priors, overridden_priors, prior_table
from securebase.sampling import derived_seed, posterior_draws, prior_draws, seed_rule
from securebase.whole_files import whole, write_whole

LIBRARIES = ("securebase", "pymc", "pytensor", "nutpie", "numba", "numpy", "arviz", "xarray")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FittedAnalysis:
    """Draws, priors in force and units left out of one analysis.

    Parameters
    ----------
    draws : xr.DataTree
        Groups posterior, sample_stats, log_prior (by block) and log_likelihood (of the study) of
        each draw, prior, and as summary statistics only prior_predictive, posterior_predictive and
        observed_data.
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
        with whole(folder / "posterior.nc") as partial:
            self.draws.to_netcdf(partial, engine="netcdf4")
        write_whole(self.priors.to_csv(index=False), folder / "priors.csv")
        write_whole(self.left_out.to_csv(index=False), folder / "left_out.csv")


@dataclass(frozen=True)
class Question:
    """One analysis of a study, written as a model but not sampled.

    Parameters
    ----------
    study : Study
    name : str
        The analysis.
    panel : Panel
    priors : Priors
        In force: the family's, with the codebook's overrides.
    built : Built
        Model and implied moments.
    """

    study: Study
    name: str
    panel: Panel
    priors: Priors
    built: Built

    @property
    def family(self) -> Family:
        """Family of the analysis."""
        return load_family(self.panel.analysis.family)

    def prior(self, draws: int, seed: int) -> xr.Dataset:
        """Draw from the prior, derived variables included."""
        return self.family.derived(prior_draws(self.built.model, draws, seed), self.panel)

    def mixing(self, posterior: xr.Dataset) -> tuple[float, float]:
        """Largest R-hat and smallest effective sample size of what is reported of a posterior.

        Parameters
        ----------
        posterior : xr.Dataset
            Dims chain, draw and the model's.
        """
        return reported_mixing(self.family.derived(posterior, self.panel), self.family)

    def attempt(
        self, purpose: Purpose, settings: Closed, root: int, names: Sequence[str], fits: int = 1
    ) -> Attempt:
        """Describe a fit of this question, or a batch of fits, for the ledger.

        Parameters
        ----------
        purpose : str
        settings : Closed
            How it is drawn, and what is asked of it.
        root : int
            Of all seeds of the run. The rule is that of a run that leaves it as it comes.
        names : sequence of str
            What the seed is derived from beside the root.
        fits : int
        """
        seed, ruled = derived_seed(root, *names), Sampling().seed
        return Attempt(
            study=self.study.study,
            analysis=self.name,
            purpose=purpose,
            fits=fits,
            model=choices(self.panel.analysis),
            declared_sha256=declared_digest(self.panel.analysis),
            priors_sha256=digest(prior_table(self.priors).to_csv(index=False).encode()),
            seed=seed,
            seed_rule=seed_rule(ruled, *names),
            seed_as_ruled=seed == derived_seed(ruled, *names),
            settings=settings.model_dump(mode="json"),
        )


def posed(study: Study, name: str, waves: pd.DataFrame) -> Question:
    """Arrange the panel of an analysis and write its model.

    Raises
    ------
    InputError
        Where the data cannot answer, or a prior does not fit the family.
    """
    family = load_family(study.analyses[name].family)
    where = f"config/studies/{study.study}.yaml, analyses.{name}"
    family.refuse_other_keys(study.analyses[name], where)
    return posed_on(panel_from_waves(waves, study, name), study, name)


def posed_on(panel: Panel, study: Study, name: str) -> Question:
    """Write the model of an analysis on a panel that is arranged already."""
    family = load_family(study.analyses[name].family)
    where = f"config/studies/{study.study}.yaml, analyses.{name}"
    overrides = panel.analysis.priors
    priors = overridden_priors(family.default_priors(panel), overrides, f"{where}.priors")
    built = build(family, panel, priors)
    add_dials(built.model)
    return Question(study, name, panel, priors, built)


def question_faults(study: Study, waves: pd.DataFrame) -> list[Fault]:
    """List what keeps the analyses and claims of a study from being answered.

    Nothing is sampled: every model is written, and every claim is looked up among the
    variables and coordinates it would have.
    """
    faults: list[Fault] = []
    for name in study.analyses:
        try:
            question = posed(study, name, waves)
            refuse_faulty_claims(
                claims_of(study, name), question.prior(2, 0), question.family, study.study
            )
        except InputError as error:
            faults += error.faults
    return faults


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

    Raises
    ------
    InputError
        As `posed`, and for claims on what the model does not have, before any sampling.
    """
    question = posed(study, name, pd.read_parquet(waves))
    panel, built, family = question.panel, question.built, question.family
    sampling = family.sampled(sampling)
    seed = derived_seed(sampling.seed, study.study, name)
    log.info("%d units, %d left out, seed %d", panel.data.sizes["unit"], len(panel.left_out), seed)
    for row in family.unused(panel).itertuples():
        log.info(
            "%d of %d answers to %s by %s not used: what predicts them was not observed then",
            row.lost, row.answers, row.outcome, row.role,
        )  # fmt: skip
    prior = question.prior(sampling.prior_draws, seed)
    refuse_faulty_claims(claims_of(study, name), prior, family, study.study)
    attempt = question.attempt("posterior", sampling, sampling.seed, (study.study, name))
    with recorded(attempt) as ending:
        sampled, stats = posterior_draws(built.model, sampling, seed, cores)
        posterior = family.derived(sampled, panel)
        ending.diagnosed(*reported_mixing(posterior, family), int(stats["diverging"].sum()))
    declared = log_prior(built.model, sampled)
    log.info("replicating the study at %d draws", sampling.predictive_draws)
    count = sampling.predictive_draws
    studies = list(replications(built, posterior, count, seed))
    groups = {
        "posterior": posterior,
        "sample_stats": stats,
        "log_prior": declared,
        "log_likelihood": log_likelihood(built.model, sampled, stats, declared),
        "prior": prior,
        "posterior_predictive": replicated_statistics(built, panel, (one for _, one in studies)),
        "prior_predictive": predictive_statistics(built, panel, prior, count, seed),
        "moment_fit": moment_fit(built, panel, studies),
        "observed_data": observed_statistics(built, panel),
    }
    # attributes hold the time of the run: without them equal runs give equal bytes
    draws = xr.DataTree.from_dict({key: group.drop_attrs() for key, group in groups.items()})
    draws.attrs = provenance(study, name, waves, sampling, seed)
    return FittedAnalysis(draws, prior_table(question.priors), panel.left_out)


def provenance(
    study: Study, name: str, waves: Path, sampling: Sampling, seed: int
) -> dict[str, str]:
    """Say where draws come from; no clock and no path, so that equal runs give equal bytes."""
    return {
        "study": study.study,
        "analysis": name,
        "simulated": str(study.simulated).lower(),
        "family": study.analyses[name].family,
        "equation": load_family(study.analyses[name].family).equation,
        "declared": study.analyses[name].model_dump_json(exclude={"rivals"}),
        "seed": str(seed),
        "seed_rule": seed_rule(sampling.seed, study.study, name),
        "settings": sampling.model_dump_json(),
        "waves_sha256": sha256(waves.read_bytes()).hexdigest(),
        "raw_sha256": ", ".join(f"{file.path} {file.sha256}" for file in study.raw.files),
        "versions": ", ".join(f"{library} {version(library)}" for library in LIBRARIES),
    }


def provenance_of_refit(
    question: Question, sampling: Sampling, names: Sequence[str]
) -> dict[str, str]:
    """Say where draws come from that were fitted to released moments; see `provenance`.

    Parameters
    ----------
    names : sequence of str
        What the seed is derived from beside the root.
    """
    study, analysis = question.study, question.panel.analysis
    return {
        "study": study.study,
        "analysis": question.name,
        "simulated": str(study.simulated).lower(),
        "family": analysis.family,
        "equation": question.family.equation,
        "declared": analysis.model_dump_json(exclude={"rivals"}),
        "seed": str(derived_seed(sampling.seed, *names)),
        "seed_rule": seed_rule(sampling.seed, *names),
        "settings": question.family.sampled(sampling).model_dump_json(),
        "versions": ", ".join(f"{library} {version(library)}" for library in LIBRARIES),
    }
