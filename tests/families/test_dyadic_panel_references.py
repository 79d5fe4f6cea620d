"""The panel family on real couples against estimates of other software."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytensor
import pytest
from panel_by_hand import FAMILY
from scipy.optimize import minimize

from securebase.codebook.analysis import Analysis
from securebase.codebook.loading import Study, load_study
from securebase.config import Sampling
from securebase.family import Built, build
from securebase.panel import Panel, panel_from_waves
from securebase.sampling import posterior_draws
from securebase.waves.clean import clean

# lavaan 0.6, full-information maximum likelihood: random intercepts, means of each wave, first
# deviations free, lagged effects and the innovations' covariance equal over waves. Log-likelihood,
# then estimate and standard error of each lagged effect by path and role of the target
LAVAAN = {
    "anxiety": (-1352.696, {
        ("anxiety to anxiety", "patient"): (0.160, 0.070),
        ("partner anxiety to anxiety", "patient"): (0.028, 0.069),
        ("anxiety to anxiety", "partner"): (0.199, 0.093),
        ("partner anxiety to anxiety", "partner"): (0.048, 0.076),
    }),
    "avoidance": (-1159.248, {
        ("avoidance to avoidance", "patient"): (0.603, 0.075),
        ("partner avoidance to avoidance", "patient"): (0.150, 0.081),
        ("avoidance to avoidance", "partner"): (-0.043, 0.079),
        ("partner avoidance to avoidance", "partner"): (0.255, 0.070),
    }),
}  # fmt: skip
outcomes = pytest.mark.parametrize("outcome", LAVAAN)
# the same with innovations free at each wave: the effects in the same order
BY_WAVE = {
    "anxiety": (-1339.203, [0.165, 0.004, 0.059, 0.061]),
    "avoidance": (-1148.983, [0.607, 0.160, -0.090, 0.309]),
}


@pytest.fixture(scope="module")
def cleaned(root: Path) -> tuple[Study, pd.DataFrame]:
    """Clean the real couples as the workflow does."""
    raw_root = root.parent / "shared" / "data"
    if not (raw_root / "couples_ecr").is_dir():
        pytest.skip("the real couples are not beside this checkout (../shared/data)")
    study = load_study(root / "config" / "studies" / "couples_ecr.yaml")
    return study, clean(study, raw_root).waves


def panel_of(
    cleaned: tuple[Study, pd.DataFrame], outcome: str, innovations: str = "equal"
) -> Panel:
    study, waves = cleaned
    analysis = Analysis.model_validate(
        {
            "family": "dyadic_panel",
            "question": "What drives what?",
            "outcomes": [outcome],
            "dynamics": {"innovations": innovations},
        }
    )
    return panel_from_waves(waves, study.model_copy(update={"analyses": {"one": analysis}}), "one")


def maximised(built: Built) -> tuple[float, np.ndarray]:
    """Maximise the likelihood: its logarithm, and the lagged effects (path, role)."""
    variables, loglik = built.model.free_RVs, built.model.potentials[0]
    function = pytensor.function(
        variables, [loglik, *pytensor.grad(loglik, variables)], mode="FAST_COMPILE"
    )
    shapes = [tuple(one.shape.eval()) for one in variables]
    sizes = [int(np.prod(shape)) for shape in shapes]
    kinds = [one.name.rpartition("_")[2] for one in variables]
    limits = {"signed": (1e-3, 10.0), "vine": (1e-4, 1 - 1e-4)}
    starts = {"signed": 1.0, "vine": 0.5, "mean": 3.0, "lagged": 0.1}

    def minus(vector: np.ndarray) -> tuple[float, np.ndarray]:
        pieces = np.split(vector, np.cumsum(sizes)[:-1])
        found = function(*(one.reshape(shape) for one, shape in zip(pieces, shapes, strict=True)))
        return -float(found[0]), -np.concatenate([np.ravel(one) for one in found[1:]])

    best = minimize(
        minus, np.repeat([starts[kind] for kind in kinds], sizes), jac=True, method="L-BFGS-B",
        bounds=[limits.get(kind, (-20.0, 20.0)) for kind, n in zip(kinds, sizes, strict=True)
                for _ in range(n)],
        options={"maxiter": 5000, "maxfun": 10000, "ftol": 1e-13, "gtol": 1e-6},
    )  # fmt: skip
    pieces = dict(zip(kinds, np.split(best.x, np.cumsum(sizes)[:-1]), strict=False))
    return -float(best.fun), pieces["lagged"].reshape(2, 2)


@outcomes
def test_real_couples_maximised_likelihood_is_the_reference_s(
    outcome: str, cleaned: tuple[Study, pd.DataFrame]
) -> None:
    panel = panel_of(cleaned, outcome)
    loglik, lagged = maximised(build(FAMILY, panel, FAMILY.default_priors(panel)))
    expected, estimates = LAVAAN[outcome]
    assert loglik == pytest.approx(expected, abs=0.001)
    by_cell = [estimate for estimate, _ in estimates.values()]
    # paths down, roles across
    assert lagged.T.ravel() == pytest.approx(by_cell, abs=0.001)


@outcomes
def test_real_couples_innovations_by_wave_are_the_reference_s(
    outcome: str, cleaned: tuple[Study, pd.DataFrame]
) -> None:
    panel = panel_of(cleaned, outcome, "by_wave")
    loglik, lagged = maximised(build(FAMILY, panel, FAMILY.default_priors(panel)))
    expected, estimates = BY_WAVE[outcome]
    assert loglik == pytest.approx(expected, abs=0.002)
    assert lagged.T.ravel() == pytest.approx(estimates, abs=0.002)


@pytest.mark.slow
@outcomes
def test_real_couples_posterior_is_near_the_reference(
    outcome: str, cleaned: tuple[Study, pd.DataFrame]
) -> None:
    panel = panel_of(cleaned, outcome)
    built = build(FAMILY, panel, FAMILY.default_priors(panel))
    posterior, stats = posterior_draws(built.model, Sampling(), 1, 2)
    assert int(stats["diverging"].sum()) == 0
    away = {}
    for (path, role), (estimate, error) in LAVAAN[outcome][1].items():
        draws = posterior["lagged"].sel(path=path, role=role)
        assert float(draws.std()) == pytest.approx(error, rel=0.2)
        away[path, role] = abs(float(draws.mean()) - estimate) / float(draws.std())
    # skewed: its likelihood falls off slower above than below the maximum (see docs)
    skewed = away.pop(("anxiety to anxiety", "partner"), 0.0)
    assert skewed < 0.4
    assert max(away.values()) < 0.25
