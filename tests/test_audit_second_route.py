"""The density by rows: against that by moments, and against ones that were changed on purpose."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from bundle_examples import small_results
from growth_examples import dated, growth_study, random_waves
from scipy.stats import multivariate_normal
from test_bundle_models import BY_AGE, leaders

from securebase.audit.bundled import BundledModels
from securebase.audit.opened import Opened
from securebase.audit.second_route import Route, by_rows, row_loglik, rows_of
from securebase.audit.synthetic_rows import SyntheticRows, synthetic_rows
from securebase.bundle.models import BundledModel, modelled
from securebase.bundle.moment_files import dataset_of, exact_dataset, moments_for
from securebase.bundle.release import masked_parts
from securebase.bundle.template import template_of
from securebase.bundle.writing import write_bundle
from securebase.columns import column_summary
from securebase.fitting import Question, posed
from securebase.likelihood import kernel_arrays, moments_of_arrays, with_designs
from securebase.moments import moments_of
from securebase.sampling import prior_draws

EQUAL = 1e-12
NOTHING_STORED = np.full((1, 4), np.nan)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    folder = tmp_path_factory.mktemp("route")
    with zipfile.ZipFile(write_bundle(small_results(folder, 0))) as archive:
        archive.extractall(folder / "bundle")
    return Opened(folder / "bundle")


def route(opened: Opened) -> Route:
    found = BundledModels().second_route(opened, "growth", "analyses/growth/posterior.nc")
    assert isinstance(found, Route)
    return found


def test_rows_give_the_density_that_the_sampler_saw(opened: Opened) -> None:
    found = route(opened)
    assert (found.rows, found.draws) == (44, 20)
    assert found.from_moments < EQUAL
    assert found.from_stored < EQUAL


def test_a_moment_that_was_tampered_with_is_told(opened: Opened, tmp_path: Path) -> None:
    """Both routes read it, but the file of draws has the density of the other."""
    moments = opened.folder / "analyses" / "growth" / "moments.nc"
    before = moments.read_bytes()
    with xr.open_dataset(moments, group="all") as found:
        data = found.load()
    data["scatter"][0, 0, 0] += 0.01
    try:
        xr.DataTree.from_dict({"/all": data}).to_netcdf(moments)
        found = route(Opened(opened.folder))
        assert found.from_moments < EQUAL
        assert found.from_stored > 1e-6
    finally:
        moments.write_bytes(before)


def test_a_moment_likelihood_that_is_wrong_is_told(opened: Opened) -> None:
    """As a fault of the kernels would show: their data are not those of the rows."""
    models = BundledModels()
    model = models.model(opened, "growth").built.model
    rows = model["all_rows"].get_value()
    try:
        model["all_rows"].set_value(rows * (1 + 1e-6))
        assert (
            models.second_route(opened, "growth", "analyses/growth/posterior.nc").from_moments
            > 1e-9
        )  # type: ignore[union-attr]
    finally:
        model["all_rows"].set_value(rows)


def of_question(question: Question, moments: dict[str, xr.Dataset]) -> Route:
    told = {
        one.name: column_summary(one.predictors, one.columns, one.cluster)
        for one in question.built.parts
    }
    template = template_of(question.panel, question.built, told)
    model = modelled(template, question.priors, moments)
    return by_rows(model, moments, prior_draws(question.built.model, 4, 3), NOTHING_STORED)


def test_leaders_and_their_followers_are_rows_with_one_dense_covariance() -> None:
    study, waves = leaders()
    (name,) = study.analyses
    question = posed(study, name, waves)
    released = {one.name: dataset_of(one) for one in masked_parts(question, b"")}
    exact = {one.name: exact_dataset(one) for one in question.built.parts}
    for moments in (released, exact):
        found = of_question(question, moments)
        assert found.rows == 72 + 18
        assert found.from_moments < EQUAL
        assert np.isnan(found.from_stored)


def test_exact_moments_of_many_patterns_are_rows_too() -> None:
    compositions = {"mf": {}, "ff": {"exchangeable": True}}
    study = growth_study(BY_AGE, covariates={"age": {}}, compositions=compositions)
    question = posed(study, "growth", random_waves(study, np.random.default_rng(2), 30))
    exact = {one.name: exact_dataset(one) for one in question.built.parts}
    # draws of the prior: far from the data, so that squares are large
    assert of_question(question, exact).from_moments < 1e-9


def test_units_with_times_of_their_own_have_no_rows() -> None:
    study = growth_study({"time": {"measured_by": "date"}})
    rng = np.random.default_rng(2)
    question = posed(study, "growth", dated(random_waves(study, rng, 20), rng))
    exact = {one.name: exact_dataset(one) for one in question.built.parts}
    model = BundledModel(question.panel, question.priors, question.built)
    with pytest.raises(ValueError, match="times of their own"):
        rows_of(model, exact)


def records(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    y = rng.normal([3.0, 400.0, 2.0], [1.0, 5.0, 0.1], (60, 3))
    y[:20, 1] = np.nan
    return y, np.column_stack([np.ones(60), rng.normal(20.0, 4.0, 60)])


def test_rows_have_exactly_the_moments_and_are_nobody_s() -> None:
    rng = np.random.default_rng(1)
    y, w = records(rng)
    cluster = np.repeat(np.arange(12), 5)
    for labels in (None, cluster):
        moments = moments_of(y, w, labels, ["a", "b", "c"], ["1", "x"])
        rows = synthetic_rows(moments, rng)
        again = moments_of(rows.score, rows.designs, rows.cluster, ["a", "b", "c"], ["1", "x"])
        back = again.measured_from(moments.reference)
        np.testing.assert_allclose(back.centred, moments.centred, rtol=1e-9, atol=1e-8)
        np.testing.assert_array_equal(again.counts, moments.counts)
        if moments.cells is not None and back.cells is not None:
            np.testing.assert_allclose(back.cells.sums, moments.cells.sums, atol=1e-8)
        ages = np.sort(w[:, 1])
        assert np.abs(np.sort(rows.designs[:, 1]) - ages).max() > 0.01
        assert rows.names[0] == "SYNTHETIC-IPSO 1"


def test_moments_that_no_rows_can_have_are_refused() -> None:
    rng = np.random.default_rng(1)
    y, w = records(rng)
    moments = moments_of(y, w, None, ["a", "b", "c"], ["1", "x"])
    few = replace(moments, centred=moments.centred.copy(), counts=np.array([40, 3]))
    few.centred[1] *= 3 / 20
    with pytest.raises(ValueError, match="3 rows in 1 groups cannot have a scatter of 3"):
        synthetic_rows(few, rng)


def test_density_of_rows_is_scipy_s() -> None:
    rng = np.random.default_rng(3)
    score, designs = rng.normal(size=(6, 3)), np.ones((6, 1))
    score[0, 1] = score[4, 0] = np.nan
    root = rng.normal(size=(3, 3))
    loading, within = rng.normal(size=(3, 2)), np.array([[1.0, 0.2], [0.2, 0.5]])
    implied = {"mean": rng.normal(size=(3, 1)), "cov": root @ root.T + np.eye(3)}
    alone = row_loglik(SyntheticRows(score, designs, None), implied)
    expected = 0.0
    for row in score:
        seen = ~np.isnan(row)
        normal = multivariate_normal(implied["mean"][seen, 0], implied["cov"][np.ix_(seen, seen)])
        expected += normal.logpdf(row[seen])
    assert alone == pytest.approx(expected, rel=1e-12)
    cluster = np.array([0, 0, 0, 1, 1, 1])
    both = {**implied, "loading": loading, "cluster_cov": within}
    shared, total = loading @ within @ loading.T, 0.0
    for one in (0, 1):
        rows = score[cluster == one].ravel()
        cov = np.kron(np.eye(3), implied["cov"]) + np.kron(np.ones((3, 3)), shared)
        seen = ~np.isnan(rows)
        normal = multivariate_normal(
            np.tile(implied["mean"][:, 0], 3)[seen], cov[np.ix_(seen, seen)]
        )
        total += normal.logpdf(rows[seen])
    assert row_loglik(SyntheticRows(score, designs, cluster), both) == pytest.approx(total)


def test_arrays_of_kernels_lead_back_to_their_moments() -> None:
    rng = np.random.default_rng(4)
    y, w = records(rng)
    y[5:9, 0] = np.nan
    names = ["a", "b", "c"], ["1", "x"]
    for cluster in (None, np.repeat(np.arange(12), 5)):
        moments = moments_of(y, w, cluster, *names)
        back = moments_of_arrays(kernel_arrays(moments), *names)
        np.testing.assert_array_equal(back.observed, moments.observed)
        np.testing.assert_array_equal(back.counts, moments.counts)
        np.testing.assert_allclose(back.centred, moments.centred, atol=1e-9)
        fewer, direct = with_designs(back, ["1"]), moments_of(y, w[:, :1], cluster, names[0], ["1"])
        moved = fewer.measured_from(direct.reference)
        np.testing.assert_allclose(moved.centred, direct.centred, rtol=1e-9, atol=1e-7)


def test_a_rival_without_predictors_is_a_direct_model_of_these_moments(opened: Opened) -> None:
    with xr.open_dataset(opened.folder / "analyses/growth/moments.nc", group="all") as found:
        data = found.load()
    model = BundledModels().model(opened, "growth")
    (part,) = model.built.parts
    whole, fewer = moments_for(data, part), moments_for(data, replace(part, columns=("1",)))
    assert fewer.design_names == ("1",)
    kept = [0, *range(whole.centred.shape[1])][1 : len(part.responses) + 2]
    same = whole.measured_from(np.zeros_like(whole.reference)).centred[:, kept][:, :, kept]
    again = fewer.measured_from(np.zeros_like(fewer.reference)).centred
    np.testing.assert_allclose(again, same, rtol=1e-12)
