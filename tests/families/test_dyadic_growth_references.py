"""The growth family on real data against estimates of other software."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytensor
import pytest
import xarray as xr
from growth_by_hand import FAMILY
from scipy.optimize import minimize

from securebase.codebook.loading import load_study
from securebase.config import Sampling
from securebase.family import build
from securebase.names import OUTCOME, ROLE
from securebase.panel import Panel, panel_from_waves
from securebase.sampling import posterior_draws
from securebase.summaries import describe
from securebase.waves.clean import clean


def maximised(panel: Panel) -> tuple[dict[str, np.ndarray], np.ndarray, list[str]]:
    """Maximise the likelihood: estimates, covariance of the mean parameters, their names."""
    built = build(FAMILY, panel, FAMILY.default_priors(panel))
    variables, loglik = built.model.free_RVs, built.model.potentials[0]
    function = pytensor.function(
        variables, [loglik, *pytensor.grad(loglik, variables)], mode="FAST_COMPILE"
    )
    shapes = [tuple(one.shape.eval()) for one in variables]
    limits, start = [], []
    for one, shape in zip(variables, shapes, strict=True):
        size = int(np.prod(shape))
        kind = one.name.rpartition("_")[2]
        limits += [
            {"signed": (1e-3, 10.0), "vine": (1e-4, 1 - 1e-4)}.get(kind, (-20.0, 20.0))
        ] * size
        start += [
            {"signed": 0.5, "vine": 0.5}.get(kind, 3.0 if one.name == "level" else 0.0)
        ] * size

    def minus(vector: np.ndarray) -> tuple[float, np.ndarray]:
        pieces = np.split(vector, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
        found = function(*(one.reshape(shape) for one, shape in zip(pieces, shapes, strict=True)))
        return -float(found[0]), -np.concatenate([np.ravel(one) for one in found[1:]])

    best = minimize(
        minus, start, jac=True, bounds=limits, method="L-BFGS-B",
        options={"maxiter": 5000, "maxfun": 10000, "ftol": 1e-13, "gtol": 1e-5, "maxcor": 40},
    )  # fmt: skip
    inside = (best.x > np.array(limits)[:, 0]) & (best.x < np.array(limits)[:, 1])
    assert np.abs(best.jac[inside]).max() < 0.05
    pieces = np.split(best.x, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
    values = {
        one.name: piece.reshape(shape)
        for one, piece, shape in zip(variables, pieces, shapes, strict=True)
    }
    fixed = built.model.deterministics
    derive = pytensor.function(variables, fixed, mode="FAST_COMPILE", on_unused_input="ignore")
    found = derive(*values.values())
    values |= {one.name: value for one, value in zip(fixed, found, strict=True)}
    # the score is linear in the means, so that differences give their block of the information
    # exactly; the block alone is the whole but for what missing scores couple to covariances
    means = [n for n, one in enumerate(variables) if one.name in ("level", "change")]
    places = np.concatenate(
        [
            np.flatnonzero(np.repeat(np.arange(len(pieces)), list(map(len, pieces))) == n)
            for n in means
        ]
    )
    steps = np.eye(len(best.x))[places]
    information = np.stack([(minus(best.x + one)[1] - minus(best.x)[1])[places] for one in steps])
    return values, np.linalg.inv(information), [variables[n].name for n in means]


@pytest.fixture(scope="module")
def couples(root: Path) -> Panel:
    """Clean the real couples as the workflow does."""
    raw_root = root.parent / "shared" / "data"
    if not (raw_root / "couples_ecr").is_dir():
        pytest.skip("the real couples are not beside this checkout (../shared/data)")
    study = load_study(root / "config" / "studies" / "couples_ecr.yaml")
    return panel_from_waves(clean(study, raw_root).waves, study, "growth")


def test_real_couples_maximised_likelihood_is_the_reference_s(couples: Panel) -> None:
    # lavaan, full-information maximum likelihood, four-process latent growth
    values, cov, names = maximised(couples)
    assert names == ["level", "change"]
    change = values["change"]
    contrast = change[:, 0] - change[:, 1]
    assert list(couples.data[ROLE].values) == ["patient", "partner"]
    assert list(couples.data[OUTCOME].values) == ["anxiety", "avoidance"]
    assert contrast == pytest.approx([-0.343, -0.231], abs=0.005)
    assert contrast.mean() == pytest.approx(-0.287, abs=0.005)
    weights = np.array([0, 0, 0, 0, 1, -1, 0, 0]), np.array([0, 0, 0, 0, 0, 0, 1, -1])
    errors = [np.sqrt(one @ cov @ one) for one in (*weights, (weights[0] + weights[1]) / 2)]
    assert errors == pytest.approx([0.088, 0.091, 0.067], rel=0.08)


@pytest.mark.slow
def test_real_couples_posterior_is_the_reference_s(couples: Panel) -> None:
    built = build(FAMILY, couples, FAMILY.default_priors(couples))
    posterior, stats = posterior_draws(built.model, Sampling(), 1, 2)
    change = posterior["change"]
    contrast = change.sel(outcome="anxiety") - change.sel(outcome="avoidance")
    mean = contrast.mean("role")
    assert float(mean.mean()) == pytest.approx(-0.287, abs=0.02)
    assert 0.060 <= float(mean.std()) <= 0.075
    assert float(contrast.sel(role="patient").mean()) == pytest.approx(-0.343, abs=0.03)
    assert float(contrast.sel(role="partner").mean()) == pytest.approx(-0.231, abs=0.03)
    # nlme, restricted maximum likelihood, each outcome on its own
    for outcome, role, slope in (
        ("anxiety", "patient", -0.162), ("anxiety", "partner", -0.017),
        ("avoidance", "patient", 0.181), ("avoidance", "partner", 0.198),
    ):  # fmt: skip
        draws = change.sel(outcome=outcome, role=role)
        assert abs(float(draws.mean()) - slope) < 0.25 * float(draws.std())
    assert int(stats["diverging"].sum()) == 0
    quality = describe(
        xr.concat([mean, *(contrast.sel(role=r, drop=True) for r in contrast["role"])], "cell")
    )
    assert quality["r_hat"].max() <= 1.01
    assert quality[["ess_bulk", "ess_tail"]].min().min() >= 1000


Soldiers = Callable[[str], Panel]
RESPONSES = ("readiness", "commitment", "job_satisfaction")


@pytest.fixture(scope="module")
def soldiers(root: Path) -> Soldiers:
    """Clean the real soldiers in their companies as the workflow does."""
    raw_root = root.parent / "shared" / "data"
    if not (raw_root / "univbct").is_dir():
        pytest.skip("the real soldiers are not beside this checkout (../shared/data)")
    study = load_study(root / "config" / "studies" / "univbct.yaml")
    waves = clean(study, raw_root).waves
    return lambda analysis: panel_from_waves(waves, study, analysis)


@pytest.fixture(scope="module")
def lme4(root: Path) -> pd.DataFrame:
    """Give estimates and standard errors of lme4, restricted maximum likelihood, by outcome."""
    path = root.parent / "shared" / "reference" / "reference_estimates.csv"
    if not path.is_file():
        pytest.skip("the reference estimates are not beside this checkout (../shared/reference)")
    table = pd.read_csv(path)
    found = table[table["dataset"] == "univbct_soldiers_3wave"]
    outcome = found["model"].str.removeprefix("3.1 three-level growth of ")
    names = {
        "(Intercept)": "level",
        "time": "change",
        "SD/corr soldier_id (Intercept) NA": "unit level",
        "SD/corr soldier_id time NA": "unit change",
        "SD/corr company_id (Intercept) NA": "cluster level",
        "SD/corr company_id time NA": "cluster change",
        "SD/corr Residual NA NA": "residual",
    }
    return found.assign(outcome=outcome, term=found["term"].map(names)).set_index(
        ["outcome", "term"]
    )


@pytest.mark.parametrize("outcome", RESPONSES)
def test_real_soldiers_maximised_likelihood_is_the_reference_s(
    outcome: str, soldiers: Soldiers, lme4: pd.DataFrame
) -> None:
    reference = lme4.loc[outcome]
    panel = soldiers(outcome)
    values, cov, names = maximised(panel)
    assert names == ["level", "change"]
    assert len(np.unique(panel.data["cluster"].values)) == 43
    assert int(panel.data["score"].notnull().sum()) == reference["n_obs"].iloc[0]
    # restricted likelihood moves the means little, and widens what lies between 43 companies
    means = reference.loc[["level", "change"]]
    found = np.array([values["level"].item(), values["change"].item()])
    assert (np.abs(found - means["estimate"]) < 0.1 * means["se"]).all()
    assert np.sqrt(np.diag(cov)) == pytest.approx(means["se"].to_numpy(), rel=0.05)
    residual = reference.loc["residual", "estimate"]
    assert values["residual_sd"].item() == pytest.approx(residual, abs=0.005)
    for name, tolerance in (("unit", 0.005), ("cluster", 0.02)):
        sds = reference.loc[[f"{name} level", f"{name} change"], "estimate"].to_numpy()
        assert values[f"{name}_sd"] == pytest.approx(sds, abs=tolerance)


# Where the restricted likelihood is largest at a correlation of -1 between the levels and the
# changes of companies (lme4: singular), the posterior averages over correlations that are not at
# that end, companies weigh otherwise, and means move by part of their standard deviation.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("outcome", "tolerance"), [("readiness", 0.25), ("commitment", 0.65), ("job_satisfaction", 0.4)]
)
def test_real_soldiers_posterior_is_the_reference_s(
    outcome: str, tolerance: float, soldiers: Soldiers, lme4: pd.DataFrame
) -> None:
    reference, panel = lme4.loc[outcome, "estimate"], soldiers(outcome)
    built = build(FAMILY, panel, FAMILY.default_priors(panel))
    posterior, stats = posterior_draws(built.model, Sampling(), 1, 2)
    assert int(stats["diverging"].sum()) == 0
    for name in ("level", "change"):
        draws = posterior[name].squeeze(["role", "outcome"])
        assert abs(float(draws.mean()) - reference[name]) < tolerance * float(draws.std())
        assert float(draws.std()) == pytest.approx(lme4.loc[(outcome, name), "se"], rel=0.15)
    for name, dim in (("unit", "effect"), ("cluster", "cluster_effect")):
        for growth in ("level", "change"):
            draws = posterior[f"{name}_sd"].sel({dim: f"{growth} soldier {outcome}"})
            low, high = draws.quantile([0.025, 0.975])
            assert low < reference[f"{name} {growth}"] < high


@pytest.mark.slow
def test_real_soldiers_modelled_jointly_change_about_as_they_do_alone(
    soldiers: Soldiers, lme4: pd.DataFrame
) -> None:
    panel = soldiers("joint")
    built = build(FAMILY, panel, FAMILY.default_priors(panel))
    posterior, stats = posterior_draws(built.model, Sampling(), 1, 2)
    assert int(stats["diverging"].sum()) == 0
    for outcome in RESPONSES:
        draws = posterior["change"].sel(role="soldier", outcome=outcome)
        reference = lme4.loc[(outcome, "change"), "estimate"]
        # no reference models them jointly: what one outcome misses the others tell
        assert abs(float(draws.mean()) - reference) < float(draws.std())
