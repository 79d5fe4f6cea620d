"""Tampering with draws, tables, priors and moments: the check that is meant for it fails."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from bundle_by_hand import fidelity_of, write_bundle
from bundle_pieces import CHAINS, COMPLETE, RESPONSES
from bundle_tampering import GROWTH, failed, tampered
from disclosure_examples import scores

from securebase.audit.opened import Opened
from securebase.selftest.changes import attribute, cell, draws, key, text, together
from securebase.selftest.of_draws import fewer, values
from securebase.selftest.of_moments import mean_plus, scatter, small_cell, without_one

PAGE = "pages/claims.html"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("audit"))


def moved_chain(draws: np.ndarray) -> np.ndarray:
    return draws + 0.05 * (np.arange(CHAINS) == 2)[:, None, None, None]


def sticky(draws: np.ndarray) -> np.ndarray:
    """Each draw fifty times: as many rows, fewer draws."""
    return np.repeat(draws[:, ::50], 50, axis=1)


def diverging(flags: np.ndarray) -> np.ndarray:
    return np.arange(flags.size).reshape(flags.shape) < 37


OF_DRAWS = {"A20", "A21", "A25", "A26", "A40", "A63"}
TAMPERINGS = {
    "a chain is elsewhere": (draws(values("change", moved_chain)), OF_DRAWS, "A20",
                             "the chains disagree"),
    "few draws many times": (draws(values("change", sticky)), OF_DRAWS, "A21", "bulk ESS"),
    "divergences": (draws(values("diverging", diverging), "sample_stats"),
                    {"A22", "A25", "A26", "A63"}, "A22", "divergences 37"),
    "no flag of tree depth": (draws(lambda one: one.drop_vars("maxdepth_reached"), "sample_stats"),
                              {"A20", "A21", "A22", "A25", "A42", "A52", "A63"}, "A22",
                              "maxdepth_reached is missing"),
    "a chain is gone": (fewer(chain=slice(0, 3)), {"A23", "A25", "A26", "A63"}, "A23",
                        "4 chains of 1000 draws, the file has 3 chains of 1000 draws"),
    "every second draw": (fewer(draw=slice(None, None, 2)), {"A23", "A25", "A26", "A63"},
                          "A23", "are not 0 to 499 without a gap"),
    "settings hide a chain": (
        together(fewer(chain=slice(0, 3)),
                 attribute("settings", '{"chains": 3, "draws": 1000}'),
                 key("config.json", ("sampling", "chains"), 3)),
        {"A23", "A25", "A26", "A63"}, "A23", "the ledger has 4 chains of 1000 draws"),
    "too many digits": (text(PAGE, 'class="strong">−0.158<', 'class="strong">−0.15842<'), None,
                        "A24", ""),
    "a number of a table": (cell("claims.csv", 0, "p_beyond", 0.981), {"A25", "A26"}, "A25",
                            "H1: claims.csv says p_beyond=0.981, draws give"),
    "a summary": (cell(f"{GROWTH}/summary.csv", 2, "q97_5", -0.2), {"A25", "A26"}, "A25",
                  "summary.csv says q97_5=-0.2"),
    "a verdict and its page": (
        cell("claims.csv", 1, "verdict", "supported"), {"A25", "A26"}, "A25",
        "verdict='supported'"),
    "another prior is told": (
        text(f"{GROWTH}/priors.csv", "Normal(0, 1.5)", "Normal(0, 0.5)", 2), {"A05", "A40"}, "A40",
        "log_prior of change is not that of the declared prior"),
    "draws of another prior": (draws(values("change", lambda one: one - 0.5), "prior"),
                               {"A25", "A26", "A40"}, "A40", "draws from the prior of change"),
    "no reason": (cell(f"{GROWTH}/priors.csv", 1, "reason", ""), {"A05", "A41"}, "A41",
                  "no justification for the prior of change avoidance"),
    "another prior decides": (cell(f"{GROWTH}/prior_grid.csv", 4, "verdict", "contradicted"), set(),
                              "A43", "H1 is contradicted at change sd × 1/4"),
    "a scatter of no records": (scatter(0, 1, 1.7), {"A50"}, "A50",
                                "not positive semi-definite"),
    "a variance too large": (scatter(0, 0, 40.0), {"A50"}, "A50",
                             "exceeds the maximum possible on a 1-7 scale"),
    "a mean too large": (mean_plus(6.0), {"A50", "A51"}, "A50", "outside of 1-7"),
    "a mean of no scores": (mean_plus(1e-5), {"A50", "A51"}, "A50", "not an integer"),
    "another Table 1": (cell(f"{GROWTH}/trajectories.csv", 2, "observed_mean", 3.11),
                        {"A51", "A26"}, "A51", "table 3.11, moments"),
    "another fit": (cell(f"{GROWTH}/moment_fit.csv", 0, "ppp", 0.97), {"A52", "A26"}, "A52",
                    "says ppp=0.97"),
    "a log-likelihood by couple": (
        draws(lambda one: one.expand_dims(couple=3), "log_likelihood"), None, "A53",
        "a log-likelihood by couple"),
    "an array by person": (draws(lambda one: one.expand_dims(person=2), "observed_data"),
                           {"A26", "A60"},
                           "A60", "an array with the dim person (R7)"),
    "a small count": (cell("exclusions.csv", 0, "count", 3), {"A60"}, "A60",
                      "exclusions.csv: count below 10 in line 2"),
    "a small cell": (small_cell(5, 10), {"A15", "A51", "A60", "A61"}, "A60",
                     "n=5, d=10: every record can be recovered"),
    "a shift made small": (cell(f"{GROWTH}/fidelity.csv", 0, "shift", 0.001), {"A63"}, "A63",
                           "says shift=0.001"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERINGS)
def test_the_check_that_is_meant_for_it_fails(name: str, bundle: Path, tmp_path: Path) -> None:
    tampering, expected, check, words = TAMPERINGS[name]
    found = tampered(bundle, tmp_path / "bundle", tampering)
    if expected is not None:
        assert failed(found) == expected, {one: found[one].message for one in failed(found)}
    assert found[check].status == ("WARN" if expected == set() else "FAIL")
    assert any(words in said.words for said in found[check].said), found[check].said


def test_the_attack_names_how_many_it_recovered(bundle: Path, tmp_path: Path) -> None:
    found = tampered(bundle, tmp_path / "bundle", small_cell(5, 10))
    assert "Lattice attack recovered 5 couples from growth/all/cell 4." in found["A61"].message


def test_public_draws_of_another_answer_are_told(bundle: Path, tmp_path: Path) -> None:
    away = draws(values("change", lambda one: one + 0.6), file="public.nc")
    found = tampered(bundle, tmp_path / "bundle", away)
    assert failed(found) == {"A63"}
    told = " ".join(said.words for said in found["A63"].said)
    assert "full-data verdict" in told
    assert "public-moments verdict contradicted" in told


@pytest.mark.parametrize(("by", "status"), [(0.1, "PASS"), (-0.05, "WARN"), (-0.6, "FAIL")])
def test_another_verdict_that_is_told_is_a_warning_unless_it_is_the_opposite(
    by: float, status: str, bundle: Path, tmp_path: Path
) -> None:
    away = draws(values("change", lambda one: one + by), file="public.nc")

    def told(folder: Path) -> None:
        away(folder)
        inner, study = folder / "analyses" / "growth", Opened(folder).study
        with xr.open_datatree(inner / "public.nc") as tree:
            table = fidelity_of(study, folder, tree["posterior"].to_dataset())
        table.to_csv(inner / "fidelity.csv", index=False)

    found = tampered(bundle, tmp_path / "bundle", told)["A63"]
    assert found.status == status, found.message
    assert ("the bundle tells both" in found.message) == (status == "WARN")


def test_loose_thresholds_are_a_warning(bundle: Path, tmp_path: Path) -> None:
    loose = together(
        draws(values("change", moved_chain)), key("config.json", ("thresholds", "r_hat"), 1.5),
        key("config.json", ("thresholds", "r_hat_focal"), 1.5),
    )  # fmt: skip
    found = tampered(bundle, tmp_path / "bundle", loose)
    assert found["A20"].status == "WARN"
    assert "passes 1.5; Securebase's own limit is 1.01" in found["A20"].message


def test_two_samples_that_differ_by_one_give_that_one_away(bundle: Path, tmp_path: Path) -> None:
    """A second part without one of the couples: their difference is that couple's record."""
    y = scores(np.random.default_rng(3), COMPLETE, len(RESPONSES))
    with_all = tampered(bundle, tmp_path / "bundle", without_one(y))
    assert "Differencing attack recovered 1 record" in with_all["A61"].message
    assert "differ by 1 couple" in with_all["A60"].message
