"""Priors as their table tells them, held against the models of every family."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from securebase.audit.prior_densities import Declared, blocks, declared_priors, spreads
from securebase.codebook.loading import load_study
from securebase.dials import log_prior
from securebase.fitting import posed
from securebase.priors import prior_table
from securebase.report.result_tables import as_read
from securebase.waves.clean import clean

# study, analysis, a block that the table determines
MODELS = [
    ("couples_like", "lavi2007", "growth", "unit_corr"),
    ("clusters", "davidovitz_combat", "deterioration", "cluster_corr"),
    ("exchangeable panel", "asem_models", "ripple", "mean"),
    ("panel", "gur_residential", "security", "stable_corr"),
    ("diary", "asem_moments", "buffering", "level"),
]
LEAST = 0.001


def drawn(root: Path, study: str, analysis: str) -> tuple[list[Declared], xr.Dataset, xr.Dataset]:
    """Declared priors, draws from them, and the density that the model gives these."""
    codebook = load_study(root / "config" / "studies" / f"{study}.yaml")
    waves = clean(codebook, root / "data" / "example").waves
    question = posed(codebook, analysis, waves)
    prior = question.prior(400, 3)
    table = as_read(prior_table(question.priors))
    return declared_priors(table), prior, log_prior(question.built.model, prior)


@pytest.mark.parametrize(
    ("study", "analysis", "block"), [one[1:] for one in MODELS], ids=[one[0] for one in MODELS]
)
def test_declared_priors_are_recognised_in_the_models_of_every_family(
    study: str, analysis: str, block: str, root: Path
) -> None:
    priors, prior, density = drawn(root, study, analysis)
    found = {one.name: one for one in blocks(priors, prior)}
    assert block in found
    for name, one in found.items():
        assert one.smallest_p(prior) > LEAST / len(found), name
        stored = density[name].values.ravel()
        assert one.log_density(prior) == pytest.approx(stored, rel=1e-4, abs=1e-4), name
    for place, declared, used in spreads(priors, prior):
        assert used == pytest.approx(declared, rel=1e-4), place


def test_other_priors_than_the_declared_are_told(root: Path) -> None:
    priors, prior, density = drawn(root, "davidovitz_combat", "deterioration")
    other = [
        replace(one, value=2 * one.value) if one.block in ("level", "cluster_corr") else one
        for one in priors
    ]
    found = {one.name: one for one in blocks(other, prior)}
    for name in ("level", "cluster_corr"):
        apart = np.abs(found[name].log_density(prior) - density[name].values.ravel())
        assert np.median(apart) > 0.05, name
    wider = [replace(one, value=0.6) if one.block == "cluster_level_sd" else one for one in priors]
    told = {place: (declared, used) for place, declared, used in spreads(wider, prior)}
    assert told["cluster_sd (level soldier mental_health)"] == pytest.approx((0.6, 0.5))
