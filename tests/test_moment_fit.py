"""Residual moments: by hand, where an EM algorithm ends, whoever is called first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from diary_by_hand import FAMILY as DIARY
from diary_by_hand import at_a_point, diary_panel, diary_study, varying
from growth_examples import growth_panel, growth_study, parameters
from scipy.stats import multivariate_normal

from securebase.checks import COLUMNS, with_moment_fit
from securebase.config import Thresholds
from securebase.families import load_family
from securebase.family import Built, build
from securebase.moment_fit import fit_tables, labels, moment_fit, residuals, swapped
from securebase.panel import Panel
from securebase.part import Part
from securebase.predictive import Implied, implied_moments, replicate, replications
from securebase.sampling import prior_draws

GROWTH = load_family("dyadic_growth")
Array = np.ndarray


def grown(
    rng: np.random.Generator, clusters: int = 0, **study: Any
) -> tuple[Built, Panel, Implied]:
    """A growth model with its moments where nothing is zero."""
    panel, priors = growth_panel(growth_study(**study), rng, units=40, clusters=clusters)
    built = build(GROWTH, panel, priors)
    values = parameters(built.model, rng)
    names = (one.name for one in built.model.free_RVs)
    return built, panel, implied_moments(built)(dict(zip(names, values, strict=True)))[0]


def marginal(part: Part, implied: Implied) -> Array:
    if part.cluster is None:
        return implied["cov"]
    loading = implied["loading"]
    return implied["cov"] + loading @ implied["cluster_cov"] @ loading.T


@pytest.mark.parametrize("clusters", [0, 8])
def test_without_gaps_it_is_observed_minus_implied(rng: np.random.Generator, clusters: int) -> None:
    built, _, implied = grown(rng, clusters=clusters)
    (part,) = built.parts
    cov = marginal(part, implied)
    score = rng.normal(size=(40, len(cov)))
    found = residuals(part, implied, score, [])
    deviation = score - part.predictors @ implied["mean"].T
    sd = np.sqrt(np.diag(cov))
    expected = (deviation.T @ deviation / 40 - cov) / np.outer(sd, sd)
    assert found.cov == pytest.approx(expected)
    assert found.mean == pytest.approx(deviation.mean(axis=0) / sd)


def test_it_is_zero_where_an_em_algorithm_ends(rng: np.random.Generator) -> None:
    """An independent optimum: the observed-data likelihood of a saturated model is flat there."""
    built, _, implied = grown(rng)
    (part,) = built.parts
    size = len(implied["cov"])
    factor = rng.normal(size=(size, size)) / 3 + np.eye(size)
    score = rng.normal(size=(400, size)) @ factor.T
    # who scored high at first is gone at the end: random given what was observed
    score[np.ix_(score[:, 0] > 0.3, range(size - 3, size))] = np.nan
    part = _with_units(part, len(score))
    mean, cov = np.zeros(size), np.eye(size)
    for _ in range(600):
        at = {"mean": mean[:, None], "cov": cov}
        found, sd = residuals(part, at, score, []), np.sqrt(np.diag(cov))
        step = found.mean * sd
        mean, cov = mean + step, cov + found.cov * np.outer(sd, sd) - np.outer(step, step)
    assert np.abs(found.values).max() < 1e-6

    def loglik(shift: Array, turned: Array) -> float:
        parts = (~np.isnan(row) for row in score)
        return sum(
            multivariate_normal(mean[seen] + shift[seen], turned[np.ix_(seen, seen)]).logpdf(
                row[seen]
            )
            for row, seen in zip(score, parts, strict=True)
        )

    middle = loglik(np.zeros(size), cov)
    for place in (0, size - 1):
        for sign in (-1, 1):
            assert loglik(sign * 0.02 * np.eye(size)[place], cov) < middle
            turned = cov.copy()
            turned[place, 0] = turned[0, place] = cov[place, 0] + sign * 0.02
            assert loglik(np.zeros(size), turned) < middle


def _with_units(part: Part, count: int) -> Part:
    return replace(part, predictors=np.ones((count, 1)), score=np.empty((count, 1)))


def test_it_is_the_same_whoever_is_called_first(rng: np.random.Generator) -> None:
    built, panel, implied = grown(rng, exchangeable=True)
    (part,) = built.parts
    swap = swapped(part, panel.compositions[0])
    assert sorted(swap) == list(range(len(swap)))
    first = residuals(part, implied, part.score, swap)
    other = residuals(part, implied, part.score[:, swap], swap)
    assert other.values == pytest.approx(first.values, nan_ok=True)
    assert residuals(part, implied, part.score, []).values != pytest.approx(first.values)


def test_roles_that_are_told_apart_do_not_swap(rng: np.random.Generator) -> None:
    built, panel, _ = grown(rng)
    assert swapped(built.parts[0], panel.compositions[0]) == []


@pytest.fixture(scope="module")
def diary() -> tuple[Part, Implied]:
    rng = np.random.default_rng(20261127)
    study = diary_study({"predictors": [varying("tension")]})
    point = at_a_point(DIARY, diary_panel(study, rng, units=12), rng)
    names = (one.name for one in point.built.model.free_RVs)
    at: Mapping[str, Array] = dict(zip(names, point.values, strict=True))
    return point.built.parts[0], implied_moments(point.built)(at)[0]


def test_own_times_by_hand(diary: tuple[Part, Implied]) -> None:
    """Dense covariances of each unit, and plain loops over units and waves."""
    part, implied = diary
    basis, series = part.effects.unit_basis, part.effects.series
    assert basis is not None
    waves = list(dict.fromkeys(part.effects.wave))
    own, noise = implied["own"], implied["residual"]
    size = len(noise)
    found, expected, count = (np.zeros((size, 2 * size)) for _ in range(3))
    mean = np.zeros(size)
    for unit, score in enumerate(part.score):
        effects = implied["regression"] @ part.predictors[unit]
        cov = basis[unit] @ own @ basis[unit].T
        off = score - basis[unit] @ effects
        for one, two in np.ndindex(len(score), len(score)):
            apart = waves.index(part.effects.wave[two]) - waves.index(part.effects.wave[one])
            if apart not in (0, 1) or np.isnan(off[one] + off[two]):
                continue
            at = series[one], series[two] + apart * size
            found[at] += off[one] * off[two]
            expected[at] += cov[one, two] + (noise[series[one], series[two]] if not apart else 0)
            count[at] += 1
            if one == two:
                mean[series[one]] += off[one]
    sd = np.sqrt(np.diag(expected) / np.diag(count))
    result = residuals(part, implied, part.score, [])
    assert result.cov == pytest.approx((found - expected) / count / np.outer(sd, np.tile(sd, 2)))
    assert result.mean == pytest.approx(mean / np.diag(count) / sd)
    assert len(result.values) == len(list(labels(part)))


def test_replicated_studies_leave_nothing_on_average(diary: tuple[Part, Implied]) -> None:
    part, implied = diary
    rng = np.random.default_rng(5)
    found = np.array([
        residuals(part, implied, replicate(rng, part, implied), []).values for _ in range(400)
    ])  # fmt: skip
    error = found.std(axis=0) / 20
    assert np.abs(found.mean(axis=0) / error).max() < 4.5


def _fitted(built: Built, panel: Panel) -> xr.Dataset:
    studies = replications(built, prior_draws(built.model, 40, 3), 40, 4)
    return moment_fit(built, panel, list(studies))


def test_what_is_written_names_every_moment(rng: np.random.Generator) -> None:
    study = growth_study(compositions={"mf": {}, "ff": {"exchangeable": True}})
    panel, priors = growth_panel(study, rng, units=30)
    built = build(GROWTH, panel, priors)
    found = _fitted(built, panel)
    assert dict(found["discrepancy"].sizes) == {"composition": 2, "data": 2, "draw": 40}
    assert set(found["moment_composition"].values) == {"mf", "ff"}
    pairs = found["residual"].to_dataframe()[["moment_composition", "of", "with"]]
    assert not pairs.duplicated().any()
    # each mean, each variance and each covariance once
    size = len(built.parts[0].responses)
    assert (pairs["moment_composition"] == "mf").sum() == size + size * (size + 1) // 2
    xr.testing.assert_identical(found, _fitted(built, panel))


def test_tables_count_moments_and_studies_that_lie_as_far() -> None:
    found = xr.Dataset(
        {
            "discrepancy": (
                ("composition", "data", "draw"),
                np.array([[[0.1, 0.1, 0.3, 0.1], [0.2, 0.1, 0.2, 0.05]]]),
            ),
            "residual": ("moment", np.array([0.1, np.nan, -0.2])),
        },
        coords={
            "composition": ["all"],
            "data": ["observed", "replicated"],
            "moment_composition": ("moment", ["all"] * 3),
            "of": ("moment", ["a", "b", "b"]),
            "with": ("moment", ["mean", "mean", "a"]),
        },
    )
    fit, residual = fit_tables(found)
    assert fit.to_dict("records") == [
        {"composition": "all", "moments": 2, "observed": pytest.approx(0.15),
         "replicated": pytest.approx(0.1375), "ppp": 0.5}
    ]  # fmt: skip
    assert residual.columns.tolist() == ["composition", "of", "with", "residual"]
    assert residual["residual"].tolist() == pytest.approx([0.1, np.nan, -0.2], nan_ok=True)


@pytest.mark.parametrize(("ppp", "outcome"), [(0.05, "pass"), (0.049, "warn"), (np.nan, "warn")])
def test_misfit_is_a_warning(ppp: float, outcome: str) -> None:
    fit = pd.DataFrame({"composition": ["mf", "ff"], "ppp": [0.4, ppp]})
    checks = pd.DataFrame([("r_hat", "", 1.0, 1.01, "<=", "pass", "")], columns=list(COLUMNS))
    found = with_moment_fit(checks, fit, Thresholds())
    assert found["passed"].tolist() == ["pass", outcome]
    assert found.iloc[1][["check", "what"]].tolist() == ["moment_ppp", "ff"]


def test_a_partner_correlation_that_a_model_lacks_is_found(rng: np.random.Generator) -> None:
    """Scores whose partners' errors go together, under a model in which they do not."""
    built, _, implied = grown(rng)
    (part,) = built.parts
    apart = dict(implied)
    apart["cov"] = np.diag(np.diag(implied["cov"]))
    shares = []
    for _ in range(50):
        score = replicate(rng, part, implied)
        seen = residuals(part, apart, score, []).root_mean_square
        others = [
            residuals(part, apart, replicate(rng, part, apart), []).root_mean_square
            for _ in range(40)
        ]
        shares.append(np.mean(np.array(others) >= seen))
    assert np.mean(np.array(shares) < 0.05) > 0.9
