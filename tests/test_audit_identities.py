"""Tests of draws against a known posterior: exact Gaussians, where every answer is known."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from securebase.audit.identities import aligned_difference, limit, stein_test
from securebase.audit.refit_tests import changed_verdicts, refit_test

CHAINS, DRAWS, WIDTH = 4, 1000, 23
MEAN = np.linspace(-3.0, 3.0, WIDTH)
FACTOR = np.eye(WIDTH) * 0.7 + 0.1 * np.tri(WIDTH)
COV = FACTOR @ FACTOR.T
PRECISION = np.linalg.inv(COV)
SD = np.sqrt(np.diag(COV))
NAMES = [f"u{place}" for place in range(WIDTH)]


def draws(seed: int, persistence: float = 0.0) -> np.ndarray:
    """Draws (chain, draw, parameter) of a known normal, as chains that forget slowly."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((CHAINS, DRAWS, WIDTH))
    for place in range(1, DRAWS):
        fresh = np.sqrt(1 - persistence**2) * noise[:, place]
        noise[:, place] = persistence * noise[:, place - 1] + fresh
    return MEAN + noise @ FACTOR.T


def gradients(values: np.ndarray) -> np.ndarray:
    return -(values - MEAN) @ PRECISION


def as_cells(values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(values, dims=("chain", "draw", "cell")).transpose("cell", "chain", "draw")


def moved(values: np.ndarray, share: float) -> np.ndarray:
    """One effect elsewhere by a share of its standard deviation."""
    found = values.copy()
    found[..., 5] += share * SD[5]
    return found


def narrowed(values: np.ndarray, factor: float) -> np.ndarray:
    """One effect with a narrower posterior."""
    found = values.copy()
    found[..., 5] = found[..., 5].mean() + factor * (found[..., 5] - found[..., 5].mean())
    return found


def test_limits_are_those_of_bonferroni() -> None:
    assert limit(92) == pytest.approx(4.4, abs=0.01)
    assert limit(196) == pytest.approx(4.6, abs=0.06)
    assert limit(1, 0.05) == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize("persistence", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_honest_draws_satisfy_the_identities(seed: int, persistence: float) -> None:
    values = draws(seed, persistence)
    found = stein_test(values, gradients(values), NAMES)
    assert found.passed, (found.largest, found.limit)
    assert found.z.size == 2 * WIDTH
    assert 0.6 < found.rms < 1.5


@pytest.mark.parametrize("seed", range(5))
def test_a_shift_of_a_fifth_of_a_standard_deviation_is_told(seed: int) -> None:
    values = moved(draws(seed), 0.2)
    found = stein_test(values, gradients(values), NAMES)
    assert not found.passed
    assert found.names[found.worst].startswith("score of")


def test_a_shift_of_a_tenth_of_a_standard_deviation_is_told() -> None:
    """Of 4,000 independent draws, in an effect that others go with."""
    values = moved(draws(1), 0.1)
    assert not stein_test(values, gradients(values), NAMES).passed


@pytest.mark.parametrize("seed", range(3))
def test_a_posterior_made_narrower_by_a_fifth_is_told(seed: int) -> None:
    values = narrowed(draws(seed), 0.8)
    found = stein_test(values, gradients(values), NAMES)
    assert not found.passed
    assert found.largest > 10


def test_draws_that_are_no_numbers_do_not_pass() -> None:
    values = draws(0)
    values[0, 0, 0] = np.nan
    with np.errstate(invalid="ignore"):
        assert not stein_test(values, gradients(values), NAMES).passed


def test_the_density_may_differ_by_a_constant_only() -> None:
    rng = np.random.default_rng(2)
    stored = rng.normal(-500, 3, (CHAINS, DRAWS))
    assert np.abs(aligned_difference(stored, stored + 17.5)).max() < 1e-9
    edited = stored.copy()
    edited[2] += rng.normal(0, 0.1, DRAWS)
    apart = np.abs(aligned_difference(edited, stored + 17.5)) > 1e-6
    assert apart[2].mean() > 0.99
    assert not apart[[0, 1, 3]].any()


@pytest.mark.parametrize("seed", range(5))
def test_two_honest_fits_agree(seed: int) -> None:
    found = refit_test(as_cells(draws(seed, 0.4)), as_cells(draws(seed + 100, 0.4)), NAMES)
    assert found.passed, (found.largest, found.limit)
    assert found.z.size == 4 * WIDTH
    assert 0.6 < found.rms < 1.5


@pytest.mark.parametrize(
    ("change", "kind"),
    [(lambda one: moved(one, 0.2), "u5"), (lambda one: narrowed(one, 0.8), "sd of u5")],
)
def test_a_re_fit_tells_shifts_and_narrow_posteriors(change: object, kind: str) -> None:
    assert callable(change)
    found = refit_test(as_cells(change(draws(3))), as_cells(draws(4)), NAMES)
    assert not found.passed
    assert found.names[found.worst].endswith(kind)


def test_what_never_varies_is_equal_or_is_not() -> None:
    one, other = draws(0)[..., :2], draws(1)[..., :2]
    one[..., 1] = other[..., 1] = 1.0
    same = refit_test(as_cells(one), as_cells(other), ["a", "b"])
    assert same.passed
    other[..., 1] = 2.0
    assert not refit_test(as_cells(one), as_cells(other), ["a", "b"]).passed


def test_verdicts_that_changed_are_named_and_those_too_close_marked() -> None:
    table = pd.DataFrame(
        {"id": ["H1", "H2", "H3"], "direction": ["negative", "zero", "positive"],
         "p_beyond": [0.953, 0.1, 0.97], "p_rope": [0.04, 0.97, 0.02], "p_mcse": 0.003,
         "verdict": "supported"}
    )  # fmt: skip
    again = table.assign(p_beyond=[0.948, 0.1, 0.97], p_rope=[0.04, 0.90, 0.02])
    again["verdict"] = ["undecided", "undecided", "supported"]
    assert list(changed_verdicts(table, again)) == [
        ("H1", "supported -> undecided (P 0.953 -> 0.948)", True),
        ("H2", "supported -> undecided (P 0.970 -> 0.900)", False),
    ]
