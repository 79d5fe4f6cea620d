"""Draws, records and moments of a small bundle, of known kinds."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import xarray as xr
from disclosure_examples import scores
from report_example import CHANGE, OUTCOMES, ROLES, WAVES, example_posterior
from scipy import stats

from securebase.config import Config, Sampling, Sensitivity
from securebase.sampling import derived_seed, seed_rule

STUDY = "couples_example"
CHAINS, DRAWS = 4, 1000
SPREAD = 1.5
COMPLETE, ONCE, TWICE = 100, 46, 40
RESPONSES = [f"{wave} {role} {outcome}" for wave in WAVES for role in ROLES for outcome in OUTCOMES]
MEAN, SD = (
    np.array([[CHANGE[role, outcome][part] for outcome in OUTCOMES] for role in ROLES])
    for part in (0, 1)
)
CONFIG = Config(
    studies=(STUDY,),
    sampling=Sampling(draws=DRAWS),
    sensitivity=Sensitivity(refits=True, sd_factors=(0.25, 4.0), sd_factors_of_all=(4.0,)),
)


def records(seed: int = 3) -> np.ndarray:
    """Scores (couple, response): complete, at the first wave only, and at the first two."""
    y = scores(np.random.default_rng(seed), COMPLETE + ONCE + TWICE, len(RESPONSES))
    y[COMPLETE : COMPLETE + ONCE, 4:] = np.nan
    y[COMPLETE + ONCE :, 8:] = np.nan
    return y


def draws(seed: int, mean: np.ndarray = MEAN, sd: np.ndarray = SD) -> xr.DataTree:
    """Draws of the changes from independent normals, with the density a sampler would keep."""
    rng = np.random.default_rng(seed)
    dims, labels = ("chain", "draw", "role", "outcome"), {"role": ROLES, "outcome": OUTCOMES}
    coords = {key: list(names) for key, names in labels.items()}
    samples = {"chain": np.arange(CHAINS), "draw": np.arange(DRAWS)}
    change = rng.normal(mean, sd, (CHAINS, DRAWS, 2, 2))
    density = stats.norm.logpdf(change, mean, sd).sum(axis=(2, 3))
    prior = stats.norm.logpdf(change, 0, SPREAD).sum(axis=(2, 3))
    kept = ("chain", "draw")
    sampler = {
        "diverging": (kept, np.zeros((CHAINS, DRAWS), dtype=bool)),
        "maxdepth_reached": (kept, np.zeros((CHAINS, DRAWS), dtype=bool)),
        "energy": (kept, rng.normal(size=(CHAINS, DRAWS))),
        "logp": (kept, density - 3.0),
    }
    groups = {
        "posterior": xr.Dataset({"change": (dims, change)}, {**samples, **coords}),
        "sample_stats": xr.Dataset(sampler, samples),
        "log_prior": xr.Dataset({"change": (kept, prior)}, samples),
        "log_likelihood": xr.Dataset({"study": (kept, density - prior)}, samples),
        "prior": xr.Dataset({"change": (dims, rng.normal(0, SPREAD, (1, 1000, 2, 2)))}, coords),
    }
    return xr.DataTree.from_dict(groups)


def moment_fit(rng: np.random.Generator) -> xr.Dataset:
    pairs = [(of, "mean") for of in RESPONSES]
    pairs += [(of, other) for row, of in enumerate(RESPONSES) for other in RESPONSES[: row + 1]]
    of, other = zip(*pairs, strict=True)
    coords = {"of": ("moment", list(of)), "with": ("moment", list(other))}
    coords |= {"moment_composition": ("moment", ["all"] * len(pairs))}
    coords |= {"composition": ["all"], "data": ["observed", "replicated"]}
    apart = ("composition", "data", "draw"), rng.normal(0.08, 0.01, (1, 2, 100))
    residual = ("moment", rng.normal(0, 0.05, len(pairs)))
    return xr.Dataset({"discrepancy": apart, "residual": residual}, coords)


def posterior_tree(waves: Path) -> xr.DataTree:
    """Everything a fit leaves, with its provenance."""
    tree, example = draws(11), example_posterior()
    for group in ("posterior_predictive", "prior_predictive", "observed_data"):
        tree[group] = example[group]
    tree["moment_fit"] = xr.DataTree(moment_fit(np.random.default_rng(5)))
    root = CONFIG.sampling.seed
    tree.attrs = {
        "study": STUDY, "analysis": "growth", "family": "dyadic_growth",
        "seed": str(derived_seed(root, STUDY, "growth")),
        "seed_rule": seed_rule(root, STUDY, "growth"),
        "settings": CONFIG.sampling.model_dump_json(),
        "waves_sha256": sha256(waves.read_bytes()).hexdigest(),
        "versions": "securebase 0.1.0, pymc 6.4.0",
    }  # fmt: skip
    return tree


def public_tree() -> xr.DataTree:
    """The re-fit from the public moments."""
    tree, root = draws(12), CONFIG.sampling.seed
    names = (STUDY, "growth", "public")
    tree.attrs = {"seed": str(derived_seed(root, *names)), "seed_rule": seed_rule(root, *names)}
    return tree


def moments_tree(y: np.ndarray) -> xr.DataTree:
    """Cells of those who answered all, once, and twice."""
    mean, scatter = np.full((3, 20), np.nan), np.full((3, 20, 20), np.nan)
    starts = np.cumsum([0, COMPLETE, ONCE, TWICE])
    for row, width in enumerate((20, 4, 8)):
        rows = y[starts[row] : starts[row + 1], :width]
        deviation = rows - rows.mean(axis=0)
        mean[row, :width], scatter[row, :width, :width] = rows.mean(axis=0), deviation.T @ deviation
    variables = {
        "n": ("cell", [COMPLETE, ONCE, TWICE]), "mean": (("cell", "column"), mean),
        "scatter": (("cell", "column", "column_bis"), scatter),
        "response": ("column", np.ones(20, dtype=bool)),
    }  # fmt: skip
    coords = {"cell": ["cell 1", "cell 2", "cell 3"], "column": RESPONSES, "column_bis": RESPONSES}
    attrs = {"kind": "cells", "counted": "couple"}
    return xr.DataTree.from_dict({"/all": xr.Dataset(variables, coords, attrs)})
