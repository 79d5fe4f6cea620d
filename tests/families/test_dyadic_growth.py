"""The growth family against moments written out by hand from its equations."""

from collections.abc import Callable

import numpy as np
import pymc as pm
import pytest
from growth_by_hand import (
    EXAMPLES,
    FAMILY,
    Evaluated,
    cells_of,
    compiled,
    covariance_of,
    hand_cluster,
    hand_moments,
    used,
)
from growth_examples import growth_panel, growth_study
from scipy.stats import multivariate_normal

from securebase.family import build
from securebase.faults import InputError
from securebase.names import OUTCOME, ROLE, UNIT, WAVE
from securebase.panel import Panel


@pytest.mark.parametrize("name", EXAMPLES)
def test_moments_are_those_written_out_by_hand(name: str, at: Callable[[str], Evaluated]) -> None:
    one = at(name)
    for number, (part, cells) in enumerate(zip(one.built.parts, cells_of(one), strict=True)):
        mean, cov = hand_moments(one, used(one)[number], cells)
        np.testing.assert_allclose(part.predictors @ one.means[number].T, mean, atol=1e-10)
        np.testing.assert_allclose(one.covariances[number], cov, atol=1e-10)


@pytest.mark.parametrize("name", EXAMPLES)
def test_scores_enter_in_the_places_of_their_moments(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    one = at(name)
    seen = 0
    for composition, part, cells in zip(used(one), one.built.parts, cells_of(one), strict=True):
        score = one.panel.units_of(composition).data["score"]
        for column, (wave, slot, outcome) in enumerate(cells):
            own = score.sel({WAVE: wave, ROLE: slot, OUTCOME: outcome}).values
            np.testing.assert_array_equal(part.score[:, column], own)
        seen += np.isfinite(part.score).sum()
    assert seen == int(one.panel.data["score"].notnull().sum())


@pytest.mark.parametrize("name", [n for n, one in EXAMPLES.items() if not one.waves["clusters"]])
def test_log_likelihood_is_that_of_each_unit_s_observed_scores(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    one = at(name)
    for number, (part, cells) in enumerate(zip(one.built.parts, cells_of(one), strict=True)):
        mean, cov = hand_moments(one, used(one)[number], cells)
        total = 0.0
        for score, expected in zip(part.score, mean, strict=True):
            seen = np.isfinite(score)
            density = multivariate_normal(expected[seen], cov[np.ix_(seen, seen)])
            total += density.logpdf(score[seen])
        assert one.logliks[number] == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("name", [n for n, one in EXAMPLES.items() if one.waves["clusters"]])
def test_log_likelihood_of_a_cluster_is_one_dense_normal(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    one = at(name)
    (part,), (cells,) = one.built.parts, cells_of(one)
    mean, cov = hand_moments(one, used(one)[0], cells)
    shared = hand_cluster(one, cells)
    total = 0.0
    for cluster in np.unique(one.panel.data["cluster"].values):
        rows = np.flatnonzero(one.panel.data["cluster"].values == cluster)
        whole = np.kron(np.eye(len(rows)), cov) + np.kron(np.ones((len(rows),) * 2), shared)
        score = part.score[rows].ravel()
        seen = np.isfinite(score)
        density = multivariate_normal(mean[rows].ravel()[seen], whole[np.ix_(seen, seen)])
        total += density.logpdf(score[seen])
    assert one.logliks[0] == pytest.approx(total, rel=1e-10)


def test_joint_density_is_priors_times_likelihood(rng: np.random.Generator) -> None:
    panel, priors = growth_panel(growth_study(roles=("soldier",)), rng, units=6)
    model = build(FAMILY, panel, priors).model
    point = model.initial_point()
    joint = model.compile_logp(mode="FAST_COMPILE")(point)
    prior = model.compile_logp(vars=model.free_RVs, mode="FAST_COMPILE")(point)
    loglik = model.compile_logp(vars=model.potentials, mode="FAST_COMPILE")(point)
    assert joint == pytest.approx(prior + loglik, rel=1e-12)


# --- exchangeable members ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exchangeable", "exchangeable with predictors"])
def test_swapping_labels_of_exchangeable_members_changes_nothing(
    name: str, at: Callable[[str], Evaluated], rng: np.random.Generator
) -> None:
    one = at(name)
    swapped = one.panel.data.copy(deep=True)
    turned = rng.random(swapped.sizes[UNIT]) < 0.5
    assert 0 < turned.sum() < len(turned)
    swapped["score"].values[turned] = swapped["score"].values[turned][:, :, ::-1]
    swapped["predictor_value"].values[turned] = swapped["predictor_value"].values[turned][:, ::-1]
    panel = Panel(
        swapped, one.panel.analysis, one.panel.compositions, one.panel.ranges, "year",
        one.panel.left_out,
    )  # fmt: skip
    other = build(FAMILY, panel, FAMILY.default_priors(panel))
    values = [one.truth[variable.name].values for variable in other.model.free_RVs]
    loglik = float(compiled(other)(*values)[-1])
    assert not np.array_equal(other.parts[0].score, one.built.parts[0].score, equal_nan=True)
    assert loglik == pytest.approx(one.logliks[0], abs=1e-8)
    draws = FAMILY.derived(one.truth.expand_dims(("chain", "draw")), one.panel)
    paths = FAMILY.trajectories(draws, one.panel)
    np.testing.assert_allclose(FAMILY.trajectories(draws, panel), paths, atol=1e-10)


def test_swapping_labels_of_distinguishable_members_matters(
    at: Callable[[str], Evaluated],
) -> None:
    one = at("linear")
    values = [one.truth[variable.name].values for variable in one.built.model.free_RVs]
    score = one.panel.data["score"]
    panel = one.panel.with_scores(score.copy(data=score.values[:, :, ::-1]))
    other = build(FAMILY, panel, FAMILY.default_priors(panel))
    assert abs(float(compiled(other)(*values)[-1]) - one.logliks[0]) > 0.1


@pytest.mark.parametrize("name", ["linear", "exchangeable", "mixed compositions", "clusters"])
def test_derived_deviations_and_correlations_describe_the_covariances(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    one = at(name)
    derived = FAMILY.derived(one.truth.expand_dims(("chain", "draw")), one.panel).isel(
        chain=0, draw=0
    )
    for composition in used(one):
        suffix = f"_{composition.name}" if len(one.panel.compositions) > 1 else ""
        word = dict(zip(composition.slots, composition.labels, strict=True))
        if composition.exchangeable:
            word[composition.slots[1]] = f"{composition.labels[1]}'s partner"
        for prefix, dim, kinds in (
            ("unit", "effect", ("level", "change")),
            ("residual", "series", ("",)),
        ):
            between = covariance_of(one.truth, prefix + suffix, dim + suffix, composition)
            sd = derived[f"{prefix}{suffix}_sd"]
            corr = derived[f"{prefix}{suffix}_corr"]
            rows = [
                (kind, slot, outcome)
                for kind in kinds
                for slot in composition.slots
                for outcome in one.panel.analysis.outcomes
            ]
            labels = [f"{kind} {word[slot]} {out}".strip() for kind, slot, out in rows]
            for a, first in zip(rows, labels, strict=True):
                own = float(sd.sel({dim + suffix: first}))
                assert own == pytest.approx(np.sqrt(between(a, a)))
                for b, second in zip(rows, labels, strict=True):
                    expected = between(a, b) / np.sqrt(between(a, a) * between(b, b))
                    place = {dim + suffix: first, f"{dim}{suffix}_bis": second}
                    assert float(corr.sel(place)) == pytest.approx(expected, abs=1e-10)


def test_prior_spread_of_exchangeable_members_is_that_of_distinguishable_ones(
    rng: np.random.Generator,
) -> None:
    # variance of a member = (of the sum + of the difference) / 2, each HalfNormal(s): mean s²
    panel, priors = growth_panel(growth_study(exchangeable=True), rng)
    model = build(FAMILY, panel, priors).model
    draws = 4000
    of_sum, of_difference = pm.draw(
        [model["unit_sum_sd"], model["unit_difference_sd"]],
        draws=draws, random_seed=3, mode="FAST_COMPILE",
    )  # fmt: skip
    variance = (of_sum**2 + of_difference**2) / 2
    spread = np.array([0.25 * 6, 0.25 * 6, 0.25 * 6 / 2, 0.25 * 6 / 2])
    # HalfNormal(s): E x² = s², var x² = 2 s⁴; half the sum of two has variance s⁴
    error = spread**2 / np.sqrt(draws)
    assert np.all(np.abs(variance.mean(axis=0) - spread**2) < 4 * error)


# --- trajectories --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "linear",
        "piecewise from a later wave",
        "free",
        "interactions",
        "an outcome in one role only",
    ],
)
def test_trajectories_are_the_mean_over_units(name: str, at: Callable[[str], Evaluated]) -> None:
    one = at(name)
    draws = one.truth.expand_dims(("chain", "draw"))
    paths = FAMILY.trajectories(draws, one.panel).isel(chain=0, draw=0)
    (cells,) = cells_of(one)
    mean, _ = hand_moments(one, used(one)[0], cells)
    for column, (wave, slot, outcome) in enumerate(cells):
        found = float(paths.sel(wave=wave, role=slot, outcome=outcome))
        assert found == pytest.approx(mean[:, column].mean())
    assert int(paths.notnull().sum()) == len(cells)


# --- simulated scores ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["linear", "free", "exchangeable", "clusters of exchangeable members", "one role"],
)
def test_simulated_scores_have_the_implied_moments(
    name: str, at: Callable[[str], Evaluated], rng: np.random.Generator
) -> None:
    one = at(name)
    (cells,) = cells_of(one)
    truth = FAMILY.derived(one.truth.expand_dims(("chain", "draw")), one.panel)
    truth = truth.isel(chain=0, draw=0)
    # many units who answer everything they are asked, each a cluster of its own
    many = 20_000
    data = one.panel.data.isel({UNIT: np.zeros(many, dtype=int)}).copy(deep=True)
    data = data.assign_coords({UNIT: [f"u{n}" for n in range(many)]})
    data["score"][:] = 4.0
    data["cluster"] = (UNIT, [f"c{n}" for n in range(many)])
    panel = Panel(
        data, one.panel.analysis, one.panel.compositions, one.panel.ranges, "year",
        one.panel.left_out,
    )  # fmt: skip
    # what is asked of nobody stays out of the design
    panel = panel.with_scores(
        panel.data["score"].where(one.panel.data["score"].notnull().any(UNIT))
    )
    new = FAMILY.simulate(rng, truth, panel).data["score"]
    columns = [new.sel(wave=w, role=r, outcome=o).values for w, r, o in cells]
    scores = np.stack(columns, axis=1)
    mean, cov = hand_moments(one, used(one)[0], cells)
    if one.panel.analysis.clusters:
        cov = cov + hand_cluster(one, cells)
    # standard errors of a mean, √(var / n), and of a covariance, √((vᵢvⱼ + c²) / n)
    variance = np.diag(cov)
    worst = np.abs(scores.mean(axis=0) - mean[0]) / np.sqrt(variance / many)
    assert worst.max() < 4.5
    error = np.sqrt((np.outer(variance, variance) + cov**2) / many)
    assert (np.abs(np.cov(scores.T) - cov) / error).max() < 4.5


@pytest.mark.parametrize("name", ["interactions", "mixed compositions", "clusters"])
def test_simulated_scores_are_missing_where_the_panel_s_are(
    name: str, at: Callable[[str], Evaluated], rng: np.random.Generator
) -> None:
    one = at(name)
    truth = FAMILY.derived(one.truth.expand_dims(("chain", "draw")), one.panel)
    new = FAMILY.simulate(rng, truth.isel(chain=0, draw=0), one.panel)
    old = one.panel.data["score"]
    assert bool((new.data["score"].isnull() == old.isnull()).all())
    assert not bool((new.data["score"] == old).any())


# --- what is refused -----------------------------------------------------------------------


def test_clusters_with_mixed_compositions_are_refused(rng: np.random.Generator) -> None:
    study = growth_study(
        {"clusters": True}, compositions={"mixed": {}, "same": {"exchangeable": True}}
    )
    panel, priors = growth_panel(study, rng, clusters=3, units=20)
    with pytest.raises(InputError, match="clusters together with mixed compositions"):
        build(FAMILY, panel, priors)


# --- real data -----------------------------------------------------------------------------
