from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from structures import Structure, draw

from securebase.faults import InputError
from securebase.likelihood import loglik
from securebase.moments import Moments, moments_of


def gathered(s: Structure, rows: slice = slice(None)) -> Moments:
    return moments_of(s.y[rows], s.w[rows], s.cluster[rows], list("abcde"), ["one", "x"])


def same(first: Moments, second: Moments, tolerance: float) -> None:
    np.testing.assert_array_equal(first.observed, second.observed)
    np.testing.assert_array_equal(first.counts, second.counts)
    np.testing.assert_allclose(first.crossproducts, second.crossproducts, tolerance, tolerance)
    assert first.cells is not None
    assert second.cells is not None
    np.testing.assert_array_equal(first.cells.labels, second.cells.labels)
    np.testing.assert_array_equal(first.cells.counts, second.cells.counts)
    moved = second.measured_from(first.reference).cells
    assert moved is not None
    np.testing.assert_allclose(first.cells.sums, moved.sums, tolerance, tolerance)


def test_crossproducts_are_those_of_the_units_of_a_pattern(rng: np.random.Generator) -> None:
    s = draw(rng)
    moments = gathered(s)
    assert moments.n_units == 25
    for pattern, count, product in zip(
        moments.observed, moments.counts, moments.crossproducts, strict=True
    ):
        mine = (~np.isnan(s.y) == pattern).all(axis=1)
        assert count == mine.sum()
        fields = np.nan_to_num(np.hstack([s.y[mine], s.w[mine]]))
        np.testing.assert_allclose(product, fields.T @ fields, rtol=1e-12, atol=1e-12)


def test_cells_sum_the_units_of_a_cluster_and_pattern(rng: np.random.Generator) -> None:
    s = draw(rng)
    moments = gathered(s).measured_from(np.zeros((5, 2)))
    cells = moments.cells
    assert cells is not None
    assert cells.counts.sum() == 25
    for label, pattern, count, total in zip(
        cells.labels[cells.cluster], cells.pattern, cells.counts, cells.sums, strict=True
    ):
        mine = (~np.isnan(s.y) == moments.observed[pattern]).all(axis=1) & (s.cluster == label)
        assert count == mine.sum()
        fields = np.nan_to_num(np.hstack([s.y[mine], s.w[mine]])).sum(axis=0)
        np.testing.assert_allclose(total, fields, rtol=1e-12, atol=1e-12)


def test_order_of_units_does_not_matter(rng: np.random.Generator) -> None:
    s = draw(rng)
    order = rng.permutation(25)
    shuffled = moments_of(s.y[order], s.w[order], s.cluster[order], list("abcde"), ["one", "x"])
    same(gathered(s), shuffled, 1e-12)


def test_moments_of_parts_add_up(rng: np.random.Generator) -> None:
    s = draw(rng)
    same(gathered(s), gathered(s, slice(0, 9)) + gathered(s, slice(9, 25)), 1e-11)


def test_moments_of_other_responses_do_not_add(rng: np.random.Generator) -> None:
    moments = gathered(draw(rng))
    other = replace(moments, response_names=tuple("abcdf"))
    with pytest.raises(ValueError, match="moments differ in response_names"):
        moments + other
    with pytest.raises(ValueError, match="moments differ in clustered"):
        moments + replace(moments, cells=None)


def test_reference_of_another_shape_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=r"reference is \(5, 3\); expected \(5, 2\)"):
        gathered(draw(rng)).measured_from(np.zeros((5, 3)))


@pytest.mark.parametrize("clustered", [True, False])
def test_what_is_written_is_read(tmp_path: Path, rng: np.random.Generator, clustered: bool) -> None:
    moments = gathered(draw(rng))
    if not clustered:
        moments = replace(moments, cells=None)
    moments.write(tmp_path / "moments.nc")
    back = Moments.read(tmp_path / "moments.nc")
    assert back.response_names == tuple("abcde")
    assert back.design_names == ("one", "x")
    assert back.clustered is clustered
    np.testing.assert_array_equal(back.observed, moments.observed)
    np.testing.assert_array_equal(back.counts, moments.counts)
    np.testing.assert_array_equal(back.centred, moments.centred)
    np.testing.assert_array_equal(back.reference, moments.reference)
    if clustered:
        same(moments, back, 0.0)


def test_same_moments_are_the_same_bytes(tmp_path: Path, rng: np.random.Generator) -> None:
    moments = gathered(draw(rng))
    for name in ("one.nc", "two.nc"):
        moments.write(tmp_path / name)
    assert (tmp_path / "one.nc").read_bytes() == (tmp_path / "two.nc").read_bytes()


def test_labels_of_clusters_may_be_words(tmp_path: Path, rng: np.random.Generator) -> None:
    s = draw(rng)
    words = np.array(["delta", "alpha", "echo", "bravo", "charlie"])[s.cluster]
    moments = moments_of(s.y, s.w, words)
    moments.write(tmp_path / "moments.nc")
    cells = Moments.read(tmp_path / "moments.nc").cells
    assert cells is not None
    assert cells.labels.tolist() == ["alpha", "bravo", "charlie", "delta", "echo"]


def test_dataset_without_a_variable_is_refused(rng: np.random.Generator) -> None:
    dataset = gathered(draw(rng)).to_dataset().drop_vars(["count", "cell_sum"])
    with pytest.raises(InputError, match=r"(?s)no variable 'count'.*no variable 'cell_sum'"):
        Moments.from_dataset(dataset)


def test_large_means_cost_no_digits(rng: np.random.Generator) -> None:
    s = draw(rng, n_units=200)
    far = replace(s, y=s.y + 1e6, mean=s.mean + np.array([1e6, 0.0]))
    near = loglik(s.mean, s.cov, moments_of(s.y, s.w))
    # adding 1e6 itself rounds y at 1e-10
    assert loglik(far.mean, far.cov, moments_of(far.y, far.w)) == pytest.approx(near, rel=1e-9)


def test_every_fault_is_named() -> None:
    y = np.array([[1.0, np.inf], [np.nan, np.nan], [2.0, 1.0], [np.nan, np.nan]])
    w = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [1.0, 2.0]])
    with pytest.raises(InputError) as caught:
        moments_of(y, w, response_names=["anxiety", "avoidance"], design_names=["one", "age"])
    assert [str(fault) for fault in caught.value.faults] == [
        "y, avoidance: infinite values; expected finite, or NaN if missing",
        "y: 2 of 4 units have no observed response; expected at least one each"
        " -> leave these units out",
        "w, age: determined by the columns before it; expected a design of full rank"
        " -> leave it out, or measure more units",
    ]


def test_design_that_is_not_finite_is_refused() -> None:
    w = np.array([[1.0, np.nan], [1.0, 2.0], [1.0, 3.0]])
    with pytest.raises(InputError, match="w, age: values that are not finite"):
        moments_of(np.ones((3, 1)), w, design_names=["one", "age"])


def test_part_of_a_panel_may_share_one_design() -> None:
    y, w = np.array([[1.0], [2.0]]), np.array([[1.0, 5.0], [1.0, 5.0]])
    assert moments_of(y, w, full_rank=False).n_units == 2
    with pytest.raises(InputError, match="w, 1: determined by the columns before it"):
        moments_of(y, w)


@pytest.mark.parametrize(
    ("y", "w", "message"),
    [
        (np.ones((0, 2)), np.ones((0, 1)), "an empty panel"),
        (np.ones((3, 2)), np.ones((4, 1)), "4 units; expected 3 as in y"),
        (np.ones(3), np.ones((3, 1)), r"y has shape \(3,\)"),
    ],
)
def test_shapes_that_do_not_agree_are_refused(y: object, w: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        moments_of(y, w)  # type: ignore[arg-type]


def test_names_and_clusters_must_fit() -> None:
    y, w = np.ones((3, 2)), np.ones((3, 1))
    with pytest.raises(
        InputError, match=r"(?s)cluster: shape \(2,\).*y: 1 names.*names that repeat"
    ):
        moments_of(y, w, [1, 2], ["a"], ["a", "a"])
