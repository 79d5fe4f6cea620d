"""Cells and the rules R1 to R5: what each refuses, and in which words."""

from dataclasses import replace

import numpy as np
import pytest
from disclosure_examples import Floats, sample, scores, with_patterns
from structures import dense_rows, draw

from securebase.codebook.scale import Scale
from securebase.disclosure import (
    Cell,
    Grid,
    Limits,
    Sample,
    cells_of,
    grid_of_scale,
    grid_of_values,
    moments_of_cells,
)
from securebase.disclosure.cells import leverages
from securebase.disclosure.differences import difference_findings, earlier_findings
from securebase.disclosure.joint import joint_cells, joint_findings
from securebase.disclosure.rules import cell_findings
from securebase.faults import InputError
from securebase.likelihood import loglik


def told(s: Sample, limits: Limits | None = None) -> list[str]:
    return [
        f"{one}{'' if one.fails else ', to look at'}"
        for cell in cells_of(s)
        for one in cell_findings(cell, limits or Limits())
    ]


def test_cells_hold_the_mean_and_scatter_of_their_units(rng: np.random.Generator) -> None:
    y = with_patterns(scores(rng, 40, 3), [(15, [0, 1, 2]), (15, [0, 2]), (10, [1])])
    x = rng.normal(size=(40, 2))
    cells = cells_of(sample(y, x))
    assert [one.cell.columns for one in cells] == [
        ("y0", "y1", "y2", "x0", "x1"),
        ("y0", "y2", "x0", "x1"),
        ("y1", "x0", "x1"),
    ]
    rows = np.hstack([y, x])[15:30][:, [0, 2, 3, 4]]
    np.testing.assert_allclose(cells[1].cell.mean, rows.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(cells[1].cell.scatter, 14 * np.cov(rows.T), rtol=1e-11, atol=1e-11)
    assert sorted(cells[1].units) == list(range(15, 30))


def test_cells_do_not_depend_on_the_order_of_the_units(rng: np.random.Generator) -> None:
    s = sample(scores(rng, 50, 4), rng.normal(size=(50, 1)))
    for one, other in zip(cells_of(s), cells_of(s.only(rng.permutation(50))), strict=True):
        assert one.cell.scatter.tobytes() == other.cell.scatter.tobytes()
        assert one.cell.mean.tobytes() == other.cell.mean.tobytes()
        np.testing.assert_array_equal(one.units, other.units)


def test_cells_have_the_likelihood_of_the_records(rng: np.random.Generator) -> None:
    s = draw(rng, n_units=120)
    far = replace(s, y=s.y + 1e4, mean=s.mean + np.array([1e4, 0.0]))
    cells = [one.cell for one in cells_of(sample(far.y, far.w[:, 1:]))]
    moments = moments_of_cells(cells, [f"y{number}" for number in range(5)])
    assert loglik(far.mean, far.cov, moments) == pytest.approx(dense_rows(s).sum(), rel=1e-9)


def test_leverages_are_those_of_the_hat_matrix(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(20, 4)) * [1, 1e3, 1e-3, 1] + [0, 1e4, 0, 0]
    x = np.column_stack([np.ones(20), (rows - rows.mean(axis=0)) / rows.std(axis=0)])
    hat = x @ np.linalg.inv(x.T @ x) @ x.T
    np.testing.assert_allclose(leverages(rows), np.diag(hat), rtol=1e-8)
    # columns that others determine add nothing
    twice = np.column_stack([rows, rows[:, 0] + rows[:, 2], np.full(20, 3.0)])
    np.testing.assert_allclose(leverages(twice), np.diag(hat), rtol=1e-8)


def test_small_cells_are_refused_in_plain_words(rng: np.random.Generator) -> None:
    found = told(sample(scores(rng, 10, 10)))
    expected = (
        "cell 1: 10 couples, 10 measured variables: every record could be recovered; "
        "needed: 22 couples (R2)"
    )
    assert expected in found
    few = told(sample(scores(rng, 9, 2)))
    known = "who knows some of them knows much of the others"
    assert few[0] == f"cell 1: 9 couples: {known}; needed: 10 couples (R1)"
    assert not [one for one in few if "R2" in one]
    assert [one for one in told(sample(scores(rng, 21, 10))) if "(R2)" in one]
    assert not [one for one in told(sample(scores(rng, 22, 10))) if "(R2)" in one]


def test_lonely_records_are_refused_or_worth_a_look(rng: np.random.Generator) -> None:
    rows = np.column_stack([np.tile([-1.0, 1.0], 20), rng.normal(size=40)])
    rows[:, 0] += rng.normal(scale=0.01, size=40)
    for distance, expected in ((2.0, 0), (14.0, 1), (40.0, 2)):
        rows[3] = distance, 0.0
        found = told(sample(rows))
        largest = leverages(rows).max()
        assert int(largest > 0.7) + int(largest > 0.9) == expected
        assert [one.endswith("to look at") for one in found] == [[], [True], [False]][expected]


def levels(n: int, some: int) -> Floats:
    return (np.arange(n) < some).astype(float)[:, None]


def test_levels_that_few_have_are_refused(rng: np.random.Generator) -> None:
    y = scores(rng, 60, 2)
    for some in (1, 9, 51, 59):
        (found,) = [one for one in told(sample(y, levels(60, some))) if "R4" in one]
        value = 1 if some < 30 else 0
        assert f"cell 1: {min(some, 60 - some)} of 60 couples have x0 = {value}" in found
    for some in (0, 10, 50, 60):
        assert told(sample(y, levels(60, some))) == []
    # an interaction is 0 for all who do not have the level
    product = levels(60, 9) * rng.normal(size=(60, 1))
    (found,) = [one for one in told(sample(y, product)) if "R4" in one]
    assert "9 of 60 couples differ from the others in x0" in found


def test_samples_that_differ_by_a_few_are_refused(rng: np.random.Generator) -> None:
    s = sample(scores(rng, 80, 3))
    whole = cells_of(s)

    def differences(apart: int) -> list[str]:
        return [
            str(one) for one in difference_findings(whole, cells_of(s.only(np.arange(80 - apart))))
        ]

    assert differences(0) == []
    assert differences(10) == []
    (found,) = differences(9)
    assert found.startswith("cell 1 and cell 1 of another sample: they differ by 9 couples")
    wide = sample(scores(rng, 80, 6))
    (found,) = [
        str(one) for one in difference_findings(cells_of(wide), cells_of(wide.only(np.arange(67))))
    ]
    assert found.endswith("needed: none or 14 couples (R5)")


def test_cells_that_another_sample_joins_are_compared_as_a_whole(rng: np.random.Generator) -> None:
    y = with_patterns(scores(rng, 60, 4), [(35, range(4)), (25, range(2))])
    s = sample(y)
    short = replace(s, y=np.where(np.arange(4) < 2, y, np.nan))
    assert difference_findings(cells_of(s), cells_of(short)) == []
    less = cells_of(short.only(np.delete(np.arange(60), 3)))
    (found,) = difference_findings(cells_of(s), less)
    assert str(found).startswith(
        "cell 1 with cell 2 and cell 1 of another sample: they differ by 1"
    )


@pytest.mark.parametrize("far", [0.0, 1e4])
def test_earlier_releases_are_compared_by_their_moments(
    rng: np.random.Generator, far: float
) -> None:
    s = sample(scores(rng, 90, 3) + far)

    def cell(rows: list[int]) -> list[Cell]:
        return [one.cell for one in cells_of(s.only(np.array(rows)))]

    before = cell(list(range(60)))
    assert earlier_findings(before, before) == []
    assert earlier_findings(cell(list(range(75))), before) == []
    (withdrawn,) = earlier_findings(cell(list(range(57))), before)
    assert "they differ by 3 couples" in str(withdrawn)
    (changed,) = earlier_findings(cell([*range(1, 61)]), before)
    assert "some couples have left and others have come" in str(changed)
    (both,) = earlier_findings(cell([*range(5, 67)]), before)
    assert both.given == changed.given


def test_analyses_of_the_same_units_count_together(rng: np.random.Generator) -> None:
    s = sample(scores(rng, 24, 12))
    asked = {"a": [*range(8)], "b": [*range(4, 12)], "c": [*range(4), *range(8, 12)]}
    parts = {
        name: cells_of(replace(s, y=np.where(np.isin(np.arange(12), own), s.y, np.nan)))
        for name, own in asked.items()
    }
    assert not [one for cells in parts.values() for one in cell_findings(cells[0]) if one.fails]
    (found,) = joint_findings(dict(parts))
    assert found.what == "a, cell 1 and b, cell 1 and c, cell 1"
    assert found.given == "the same 24 couples, 12 measured variables in all"
    assert found.needed == "26 couples"
    (joint,) = joint_cells(parts)
    assembled = joint.assembled()
    assert assembled is not None
    (whole,) = cells_of(s)
    place = [assembled.cell.columns.index(name) for name in whole.cell.columns]
    np.testing.assert_allclose(
        assembled.cell.scatter[np.ix_(place, place)], whole.cell.scatter, rtol=1e-10, atol=1e-10
    )
    two = joint_cells({name: parts[name] for name in "ab"})[0]
    assert two.assembled() is None


def test_grids_follow_the_scoring_rule() -> None:
    scale = Scale(items=tuple("abcdef"), range=(1, 7))
    assert grid_of_scale(scale) == Grid((1 / 6,), 1.0)
    assert grid_of_scale(scale.model_copy(update={"score": "sum"})) == Grid((1.0,), 6.0)
    assert grid_of_scale(scale.model_copy(update={"step": None})) is None
    # means of 4, 5 or 6 answers all lie on sixtieths
    assert grid_of_scale(scale.model_copy(update={"minimum_items": 4})) == Grid(
        (1 / 6, 1 / 60), 1.0
    )
    halves = scale.model_copy(update={"range": (0.5, 4.0), "step": 0.5})
    assert grid_of_scale(halves) == Grid((0.5 / 6,), 0.5)


def test_grids_are_read_off_centred_and_scaled_values(rng: np.random.Generator) -> None:
    ages = rng.integers(20, 70, size=50).astype(float)
    found = grid_of_values((ages - ages.mean()) / ages.std())
    assert found is not None
    assert found.steps[0] == pytest.approx(1 / ages.std(), rel=1e-6)
    assert grid_of_values(rng.normal(size=50)) is None
    assert grid_of_values(np.ones(5)) is None


def test_every_fault_of_the_records_is_named(rng: np.random.Generator) -> None:
    s = sample(scores(rng, 5, 2), rng.normal(size=(5, 1)))
    with pytest.raises(InputError) as caught:
        replace(s, units=np.array([1, 1, 2, 3, 4]), predictors=("y0",), grids={"z": Grid((1.0,))})
    assert [str(fault) for fault in caught.value.faults] == [
        "units: 1 labels that repeat; expected one label for each unit",
        "x, y0: also the name of a response; expected distinct names",
        "grids: no column 'z'; expected one of: y0, y1, y0",
    ]
