"""Bundles of runs that were asked for re-fits: all of them are there, and in the ledger."""

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from bundle_examples import small_results

from securebase.audit import ledger_checks, page_checks, refits_asked
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said
from securebase.bundle.order import Order
from securebase.bundle.writing import write_bundle
from securebase.codebook.extracts import claims_of
from securebase.config import Dropout, Sensitivity, Thresholds
from securebase.dropout.departures import judge_departures
from securebase.faults import InputError
from securebase.fitting import posed
from securebase.ledger.recording import recording
from securebase.sensitivity.grid import refit_grid

LEFT = 4
LENIENT = Thresholds(r_hat=1.5, r_hat_focal=1.5, ess=10, ess_focal=10, mcse_share_focal=1.0,
                     mcse_probability=0.2, tree_depth_share=1.0, divergences_fail=300)  # fmt: skip
FEW = {"refits": True, "draws": 100, "tune": 100, "r_hat": 2.0, "ess": 5.0}
SENSITIVITY = Sensitivity(**FEW, sd_factors=(0.5,), sd_factors_of_all=(2.0,), eta_factors=(2.0,))
DROPOUT = Dropout(**FEW, shifts=(-0.5,), imputations=2)


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> Order:
    made = small_results(tmp_path_factory.mktemp("small"), LEFT, LENIENT)
    asked = {"sensitivity": SENSITIVITY, "dropout": DROPOUT}
    return replace(made, config=made.config.model_copy(update=asked))


def refit(order: Order) -> None:
    """Fit again under other priors, and to other fates of those who left."""
    study, config, waves = order.study, order.config, order.folder / "waves.parquet"
    question, claims = posed(study, "growth", pd.read_parquet(waves)), claims_of(study, "growth")
    with xr.open_dataset(order.folder / "growth" / "posterior.nc", group="posterior") as opened:
        posterior = opened.load()
    with recording(order.project.ledger, waves):
        grid = refit_grid(question, claims, SENSITIVITY, config.sampling, config.decision, 1)
        left = judge_departures(
            question, posterior, claims, DROPOUT, config.sampling, config.decision, 1
        )
    grid.to_csv(order.folder / "growth" / "prior_grid.csv", index=False)
    left.to_csv(order.folder / "growth" / "dropout.csv", index=False)


def of(checked: Iterator[Said]) -> set[str]:
    return {one.status for one in checked}


def test_refits_are_asked_for_before_they_are_bundled(order: Order) -> None:
    with pytest.raises(InputError, match=r"prior_grid\.csv(.|\n)*dropout\.csv"):
        write_bundle(order)


def test_every_refit_is_reported(order: Order, tmp_path: Path) -> None:
    refit(order)
    with zipfile.ZipFile(write_bundle(order)) as archive:
        archive.extractall(tmp_path)
    opened = Opened(tmp_path)
    purposes = set(opened.table("fits.csv")["purpose"])
    assert purposes == {"posterior", "other priors", "drop-out"}
    assert of(ledger_checks.all_shown(opened)) == {"PASS"}
    assert of(refits_asked.all_asked(opened)) == {"PASS"}
    assert of(page_checks.printed(opened)) <= {"PASS", "SKIP"}
    assert "dropout.csv#" in opened.text("pages/claims.html") + opened.text("pages/growth.html")

    # the scores of one outcome were not shifted by themselves
    table = tmp_path / "analyses" / "growth" / "dropout.csv"
    whole = pd.read_csv(table)
    whole[whole["outcome"] != "anxiety"].to_csv(table, index=False)
    assert "FAIL" in of(refits_asked.all_asked(Opened(tmp_path)))

    # nobody left for good: the table is empty, and says so
    whole.iloc[:0].to_csv(table, index=False)
    assert of(refits_asked.all_asked(Opened(tmp_path))) == {"PASS", "SKIP"}
    table.unlink()
    assert "FAIL" in of(refits_asked.all_asked(Opened(tmp_path)))
