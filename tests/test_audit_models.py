"""Checks that need a model, with models whose posterior is known exactly."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from bundle_by_hand import write_bundle
from bundle_pieces import CHAINS, DRAWS, MEAN, SD, draws
from bundle_tampering import tampered
from scipy import stats

from securebase.audit.asking import Scores
from securebase.audit.opened import Opened
from securebase.audit.outcomes import LEVELS, Outcome
from securebase.audit.registry import audited
from securebase.audit.second_route import Route
from securebase.bundle.models import BundledModel
from securebase.selftest.changes import draws as in_file

ALIKE = Route(186, 20, 1e-12, float("nan"))


@dataclass(frozen=True)
class Known:
    """Models of independent normal changes, as the bundle by hand was drawn from."""

    shift: float = 0.0
    route: Route | str = ALIKE

    cores: int = 1

    def model(self, opened: Opened, analysis: str) -> BundledModel:
        raise NotImplementedError("its posterior is known without")

    def log_density(self, opened: Opened, analysis: str, posterior: xr.Dataset) -> np.ndarray:
        values = posterior["change"].values
        return np.asarray(stats.norm.logpdf(values, MEAN, SD).sum(axis=(2, 3)) + 40.0)

    def scores(self, opened: Opened, analysis: str, posterior: xr.Dataset) -> Scores:
        values = posterior["change"].values
        slopes = -(values - MEAN) / SD**2
        shape = (*values.shape[:2], 4)
        return Scores(("a", "b", "c", "d"), values.reshape(shape), slopes.reshape(shape))

    def refit(self, opened: Opened, analysis: str, seed: int) -> tuple[xr.Dataset, xr.Dataset]:
        tree = draws(seed, MEAN + self.shift * SD)
        return tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()

    def second_route(self, opened: Opened, analysis: str, file: str) -> Route | str:
        return self.route


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("audit"))


def of_models(folder: Path, models: Known, level: str = "refit") -> dict[str, Outcome]:
    known = next(one for one in LEVELS if one == level)
    found = audited(Opened(folder), known, 77, models)
    return {one.id: one for one in found if "A30" <= one.id < "A35"}


def test_honest_draws_pass_every_check_of_the_model(bundle: Path) -> None:
    found = of_models(bundle, Known())
    assert {name: one.status for name, one in found.items()} == dict.fromkeys(
        ("A30", "A31", "A32", "A33", "A34"), "PASS"
    )
    assert f"{CHAINS * DRAWS:,} draws" in found["A30"].message
    assert "of 8 (limit" in found["A31"].message
    assert "of 16 (limit" in found["A32"].message
    assert found["A34"].message == "All verdicts unchanged."


def test_without_a_re_fit_the_density_is_checked_all_the_same(bundle: Path) -> None:
    found = of_models(bundle, Known(), "quick")
    assert [found[name].status for name in ("A30", "A31", "A32")] == ["PASS", "PASS", "SKIP"]


def edited(found: xr.Dataset) -> xr.Dataset:
    """Move one effect by a fifth of its standard deviation."""
    effect = np.zeros((2, 2))
    effect[0, 0] = 0.2 * SD[0, 0]
    return found.assign(change=found["change"] + xr.DataArray(effect, dims=("role", "outcome")))


def test_edited_draws_do_not_have_their_density(bundle: Path, tmp_path: Path) -> None:
    tampered(bundle, tmp_path / "bundle", in_file(edited))
    found = of_models(tmp_path / "bundle", Known())
    assert found["A30"].status == "FAIL"
    assert "logp differs for 4,000 draws of chain 0, 1, 2, 3" in found["A30"].message


def test_who_edits_the_density_too_is_told_by_identities_and_by_a_re_fit(
    bundle: Path, tmp_path: Path
) -> None:
    def both(folder: Path) -> None:
        in_file(edited)(folder)
        change = xr.open_dataset(folder / "analyses/growth/posterior.nc", group="posterior")
        logp = Known().log_density(Opened(folder), "growth", change)
        change.close()
        in_file(lambda one: one.assign(logp=one["logp"].copy(data=logp - 43.0)), "sample_stats")(
            folder
        )

    tampered(bundle, tmp_path / "bundle", both)
    found = of_models(tmp_path / "bundle", Known())
    assert found["A30"].status == "PASS"
    assert found["A31"].status == found["A32"].status == "FAIL"
    assert "score of a fails" in found["A31"].message
    assert "role=patient, outcome=anxiety" in found["A32"].message


def test_another_answer_of_the_re_fit_is_named(bundle: Path) -> None:
    found = of_models(bundle, Known(shift=-8.0, route=Route(186, 20, 3.1, float("nan"))))
    assert {found[name].status for name in ("A32", "A33", "A34")} == {"FAIL"}
    assert "moment and row-level likelihood differ by 3.1" in found["A33"].message
    assert "on re-fit" in found["A34"].message


def test_there_need_be_no_second_route(bundle: Path) -> None:
    found = of_models(bundle, Known(route="units measured at times of their own"))
    assert found["A33"].status == "SKIP"
    assert found["A33"].message.endswith("no second route: units measured at times of their own.")


def test_a_stored_density_of_other_data_is_told_by_rows(bundle: Path) -> None:
    found = of_models(bundle, Known(route=Route(186, 20, 1e-15, 2e-3)))
    assert found["A33"].status == "FAIL"
    assert "stored log density differs" in found["A33"].message


def test_draws_that_did_not_mix_are_not_tested_further(bundle: Path, tmp_path: Path) -> None:
    """Tests in Monte Carlo errors assume that the chains agree."""

    def apart(found: xr.Dataset) -> xr.Dataset:
        return found.assign(change=found["change"] + 0.5 * (found["chain"] == 1))

    tampered(bundle, tmp_path / "bundle", in_file(apart))
    found = of_models(tmp_path / "bundle", Known())
    # two routes to one density differ nowhere, whatever the draws
    assert found.pop("A33").status == "PASS"
    assert {one.status for one in found.values()} == {"SKIP"}
    assert all("Draws fail before: growth: R-hat" in one.message for one in found.values())
