"""Level full: rivals, grids and calibration of a small bundle, and what each of them notices."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from bundle_examples import small_results

from securebase.audit.asking import Asked
from securebase.audit.bundled import BundledModels
from securebase.audit.full import calibrated, grid_again, rivals_again
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said
from securebase.audit.questions.answers import Answer, Judged, Line
from securebase.audit.questions.asked import Asking
from securebase.audit.second_route import rows_of
from securebase.bundle.opening import Bundle
from securebase.bundle.writing import write_bundle
from securebase.codebook.analysis import Rival
from securebase.config import Sensitivity
from securebase.moments import moments_of
from securebase.names import AS_DECLARED
from securebase.refits import Outcome

REPLICATES = 16


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("full")
    with zipfile.ZipFile(write_bundle(small_results(made, 0))) as archive:
        archive.extractall(made / "bundle")
    return made / "bundle"


@pytest.fixture(scope="module")
def models() -> BundledModels:
    return BundledModels(cores=2)


@pytest.fixture
def asked(folder: Path, models: BundledModels) -> Asked:
    return Asked(Opened(folder), models, 5, None, REPLICATES)


def statuses(said: list[Said]) -> list[str]:
    return [one.status for one in said]


def test_truths_rank_anywhere_and_those_of_edited_draws_do_not(asked: Asked) -> None:
    honest, lost = calibrated.ranks_of(asked, "growth")
    assert (list(honest), lost) == (["H1"], 0)
    ranks = honest["H1"]
    assert len(ranks) == REPLICATES
    assert 0 <= ranks.min() <= ranks.max() <= calibrated.HIGHEST
    assert abs(ranks.mean() / calibrated.HIGHEST - 0.5) < 0.3
    # draws that were moved by three of their standard deviations: data at hand contradict them
    file = "analyses/growth/posterior.nc"
    tree = asked.opened.tree(file)
    change = tree["posterior"]["change"]
    moved = tree["posterior"].to_dataset().assign(change=change + 3 * change.std(("chain", "draw")))
    edited = xr.DataTree.from_dict({"posterior": moved, "sample_stats": tree["sample_stats"]})
    asked.opened._known["tree", file] = edited
    ranks = calibrated.ranks_of(asked, "growth")[0]["H1"]
    assert ranks.mean() > 0.9 * calibrated.HIGHEST


def test_ranks_that_are_not_uniform_fail(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrated, "unfit", lambda _: "")
    even = np.arange(100) * 49 // 99
    for ranks, lost, expected in (
        ({"H1": even, "H2": even}, 0, ["PASS"]),
        ({"H1": even, "H2": even // 2}, 0, ["FAIL"]),
        ({"H1": even}, 3, ["WARN", "PASS"]),
    ):
        monkeypatch.setattr(calibrated, "ranks_of", lambda *_, r=ranks, n=lost: (r, n))
        said = list(calibrated.calibrated(asked))
        assert statuses(said) == expected
    monkeypatch.setattr(calibrated, "ranks_of", lambda *_: ({"H1": even, "H2": even // 2}, 0))
    (said_one,) = calibrated.calibrated(asked)
    assert "H2: true values are not where posteriors say" in said_one.words


def test_simulated_studies_add_the_moments_of_the_first_to_their_own(asked: Asked) -> None:
    model = asked.models.model(asked.opened, "growth")  # type: ignore[union-attr]
    rows = rows_of(model, Bundle(asked.opened.folder).moments("growth"))
    posterior = asked.opened.draws("growth")["posterior"].to_dataset()
    truth = posterior.stack(sample=("chain", "draw")).isel(sample=9)
    (task,) = calibrated._studies(model, rows, [truth], 3)
    patterns = task.data["all_patterns"]
    assert patterns[1:, 0].sum() == 88
    again = next(calibrated._studies(model, rows, [truth], 4))
    assert np.abs(task.data["all_rows"] - again.data["all_rows"]).max() > 0.01
    # predictors are the same twice
    (part,) = model.built.parts
    one = moments_of(rows[0].score, rows[0].designs, None, part.responses, part.columns)
    width = len(part.columns)
    reference = task.data["all_rows"][:width]
    factor = task.data["all_rows"][width:][:, :width]
    assert reference.shape[0] == width
    np.testing.assert_allclose(factor.T @ factor, 2 * one.centred[0][-width:, -width:], rtol=1e-9)


def table(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    columns = ["block", "setting", "p", "verdict"]
    return pd.DataFrame(rows, columns=columns).assign(claim="H1", failure="", p_mcse=0.004)


DECLARED = (AS_DECLARED, "as declared", 0.98, "supported")


def test_the_grid_warns_of_flips_and_fails_where_its_table_is_another(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = "analyses/growth/prior_grid.csv"
    (asked.opened.folder / file).write_text("x\n")
    same, other = ("change", "sd × 2", 0.99, "supported"), ("change", "sd × 2", 0.6, "undecided")
    close = ("change", "sd × 2", 0.985, "undecided")
    cases = (
        (same, same, ["PASS", "PASS"]),
        (other, other, ["WARN", "PASS"]),
        (same, other, ["PASS", "FAIL"]),
        (same, close, ["PASS", "WARN"]),
    )
    try:
        for found, told, expected in cases:
            grid = table(DECLARED, found)
            stored = table(DECLARED, told).assign(p_rope=0.0).rename(columns={"p": "p_beyond"})
            asked.opened._known["table", file] = stored
            monkeypatch.setattr(grid_again, "grid_of", lambda *_, g=grid: g)
            assert statuses(list(grid_again.grid_again(asked))) == expected
    finally:
        (asked.opened.folder / file).unlink()


def test_a_narrower_prior_of_the_grid_is_a_narrower_posterior(asked: Asked) -> None:
    asked.opened.as_run.__dict__["sensitivity"] = Sensitivity(
        draws=200, tune=200, r_hat=1.2, ess=20,
        sd_factors=(1 / 64,), sd_factors_of_all=(1.0,), eta_factors=(1.0,),
    )  # fmt: skip
    found = grid_again.grid_of(asked, "growth")
    assert found["failure"].eq("").all()
    rows = found[found["block"] == "change"]
    # nothing changes by a tenth of a point where the prior hardly lets it
    assert rows["p"].tolist() == [0.0]
    assert rows["verdict"].tolist() == ["practically zero"]
    assert set(found["block"]) > {AS_DECLARED, "change", "unit_corr"}


def test_declared_rivals_are_asked_and_another_verdict_is_a_warning(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = asked.opened.study
    growth = study.analyses["growth"]
    rivals = {
        "plain": Rival(reason="Age has no part in it.", change={"predictors": []}),
        "dated": Rival(reason="Days matter.", change={"time": {"measured_by": "date"}}),
    }
    changed = study.model_copy(
        update={"analyses": {"growth": growth.model_copy(update={"rivals": rivals})}}
    )
    asked.opened.__dict__["study"] = changed
    gone = "not in this model: no variable 'change'"
    verdicts = iter(["undecided", "supported", gone])

    def fixed(opened: Opened, asking: Asking, seed: int, cores: int) -> Answer:
        asking.model(Bundle(opened.folder))
        before = Judged(-0.2, -0.3, -0.1, 0.98, "supported")
        after = replace(before, verdict=next(verdicts))
        return Answer(asking, (Line("H1", "It falls.", "", "supported", before, after),))

    monkeypatch.setattr(rivals_again, "answered", fixed)
    first = list(rivals_again.rivals_again(asked))
    assert statuses(first) == ["WARN", "SKIP"]
    assert first[0].words == "growth, plain: H1 supported -> undecided."
    assert "dated: moments cannot be asked: times of each unit's own" in first[1].words
    same, _ = rivals_again.rivals_again(asked)
    assert same == ("PASS", "growth, plain: the verdicts of H1 are the same.")
    lost, _ = rivals_again.rivals_again(asked)
    assert lost.status == "SKIP"
    assert "H1 cannot be judged" in lost.words


def test_a_fit_that_failed_is_counted(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = [Outcome[xr.Dataset](0, None, "no draw was finite")] * REPLICATES
    monkeypatch.setattr(calibrated, "fits_of_claims", lambda *_: lost)
    ranks, count = calibrated.ranks_of(asked, "growth")
    assert (len(ranks["H1"]), count) == (0, REPLICATES)
