"""Draws: the same from the same seed, on however many cores, with their provenance."""

import json
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import nutpie
import pandas as pd
import pytest
import xarray as xr
from draws_by_hand import claim
from growth_examples import growth_panel, growth_study, random_waves

from securebase import fitting
from securebase.codebook.loading import Study
from securebase.config import Sampling
from securebase.families import load_family
from securebase.family import build
from securebase.faults import InputError
from securebase.fitting import FittedAnalysis, fit_analysis, posed, question_faults
from securebase.ledger.recording import recording
from securebase.ledger.verifying import read_ledger
from securebase.sampling import derived_seed, prior_draws
from securebase.summaries import summary_table

FAMILY = load_family("dyadic_growth")
SMALL = Sampling(chains=3, draws=100, tune=100, prior_draws=100, predictive_draws=50)
# one series: as small as growth can be
SOLDIERS: dict[str, Any] = {"roles": ("soldier",), "scales": {"readiness": {}}}


def study_and_waves(folder: Path, **settings: Any) -> tuple[Study, Path]:
    study = growth_study(**(SOLDIERS | settings))
    path = folder / "waves.parquet"
    random_waves(study, np.random.default_rng(3), units=25).to_parquet(path)
    return study, path


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Fit the same analysis on one core and on two."""
    folder = tmp_path_factory.mktemp("soldiers")
    study, waves = study_and_waves(folder)
    compiled: list[Any] = []

    def once(model: Any, **settings: Any) -> Any:
        # compiling takes twenty seconds and knows nothing of cores
        if not compiled:
            compiled.append(compile_model(model, **settings))
        return compiled[0]

    compile_model = nutpie.compile_pymc_model
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nutpie, "compile_pymc_model", once)
        for cores in (1, 2):
            # one with a ledger, one without: it has no say in the draws
            record = recording(folder / "ledger.jsonl", waves) if cores == 2 else nullcontext()
            with record:
                fit_analysis(study, "growth", waves, SMALL, cores).write(folder / str(cores))
    return {cores: folder / str(cores) for cores in (1, 2)}


def test_same_seed_gives_the_same_bytes_on_one_core_and_on_two(folders: dict[int, Path]) -> None:
    for name in ("posterior.nc", "priors.csv", "left_out.csv"):
        one, two = ((folders[cores] / name).read_bytes() for cores in (1, 2))
        assert one == two
    assert sorted(path.name for path in folders[1].iterdir()) == [
        "left_out.csv", "posterior.nc", "priors.csv",
    ]  # fmt: skip


def test_the_ledger_says_what_was_fitted_and_how_it_ended(folders: dict[int, Path]) -> None:
    folder = folders[2].parent
    started, finished = read_ledger(folder / "ledger.jsonl").entries
    attributes = xr.open_datatree(folders[2] / "posterior.nc").attrs
    for key in ("study", "analysis", "seed_rule"):
        assert started[key] == attributes[key]
    assert str(started["seed"]) == attributes["seed"]
    assert started["seed_as_ruled"] is True
    assert started["settings"] == json.loads(attributes["settings"])
    assert started["data_sha256"] == attributes["waves_sha256"]
    assert started["model"]["family"] == "dyadic_growth"
    priors = (folders[2] / "priors.csv").read_bytes()
    assert started["priors_sha256"] == sha256(priors).hexdigest()
    assert finished["started"] == started["number"]
    posterior = xr.open_datatree(folders[2] / "posterior.nc")["posterior"].to_dataset()
    summary = summary_table(posterior, FAMILY, "month")
    assert finished["r_hat"] == pytest.approx(summary["r_hat"].max())
    assert finished["ess"] == pytest.approx(summary[["ess_bulk", "ess_tail"]].min().min())
    assert finished["divergences"] >= 0


def test_a_fit_that_fails_or_has_another_seed_is_in_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no draws")

    study, waves = study_and_waves(tmp_path)
    monkeypatch.setattr(fitting, "posterior_draws", fail)
    reseeded = SMALL.model_copy(update={"seed": 7})
    with recording(tmp_path / "ledger.jsonl", waves), pytest.raises(RuntimeError, match="no draws"):
        fit_analysis(study, "growth", waves, reseeded, 1)
    started, failed = read_ledger(tmp_path / "ledger.jsonl").entries
    assert (failed["event"], failed["error"]) == ("failed", "RuntimeError")
    assert started["seed"] == derived_seed(7, study.study, "growth")
    assert started["seed_as_ruled"] is False
    assert f"'{Sampling().seed}/{study.study}/growth'" in started["seed_rule"]


def test_file_holds_draws_and_summaries_but_nobody_s_scores(folders: dict[int, Path]) -> None:
    tree = xr.open_datatree(folders[1] / "posterior.nc").load()
    assert set(tree.children) == {
        "posterior", "sample_stats", "log_prior", "log_likelihood", "prior", "prior_predictive",
        "posterior_predictive", "moment_fit", "observed_data",
    }  # fmt: skip
    for group in tree.children.values():
        assert group.to_dataset().attrs == {}
        for dim, size in group.to_dataset().sizes.items():
            assert "unit" not in str(dim).split("_")
            assert size != 25
    assert dict(tree["posterior"].sizes) == {
        "chain": 3, "draw": 100, "role": 1, "outcome": 1, "effect": 2, "effect_bis": 2,
        "effect_pair": 1, "series": 1, "series_bis": 1,
    }  # fmt: skip
    assert tree["posterior_predictive"].sizes["draw"] == 50
    chains = tree["posterior"]["change"].values.reshape(3, -1)
    assert len(np.unique(chains)) > 100
    assert not np.array_equal(chains[0], chains[1])


def test_provenance_says_what_the_draws_rest_on(folders: dict[int, Path]) -> None:
    tree = xr.open_datatree(folders[1] / "posterior.nc")
    attrs = tree.attrs
    assert (attrs["study"], attrs["analysis"], attrs["family"]) == (
        "made_up", "growth", "dyadic_growth",
    )  # fmt: skip
    waves = (folders[1].parent / "waves.parquet").read_bytes()
    assert attrs["waves_sha256"] == sha256(waves).hexdigest()
    assert attrs["seed"] == str(derived_seed(SMALL.seed, "made_up", "growth"))
    # what the run leaves to the family is told as the family decides it
    assert json.loads(attrs["settings"]) == SMALL.model_dump() | {"adaptation": "diag"}
    assert "nutpie 0." in attrs["versions"]
    assert json.loads(attrs["declared"])["outcomes"] == ["readiness"]
    # no clock, no path
    text = json.dumps(dict(attrs))
    assert str(folders[1].parent) not in text
    assert not {"created_at", "sampling_time"} & set(attrs)


def test_draws_follow_the_data(folders: dict[int, Path]) -> None:
    tree = xr.open_datatree(folders[1] / "posterior.nc")
    waves = pd.read_parquet(folders[1].parent / "waves.parquet")
    first = waves.loc[waves["wave"] == "w1", "readiness"]
    error = first.std() / np.sqrt(first.count())
    assert abs(float(tree["posterior"]["level"].mean()) - first.mean()) < 4 * error


def test_seed_is_derived_from_root_study_and_analysis() -> None:
    text = sha256(b"7/couples/growth").hexdigest()
    assert derived_seed(7, "couples", "growth") == int(text[:8], 16)
    seeds = {
        derived_seed(root, study, analysis)
        for root in (7, 8)
        for study in ("couples", "officers")
        for analysis in ("growth", "sensitivity")
    }
    assert len(seeds) == 8
    assert max(seeds) < 2**32


def test_prior_draws_have_the_priors_moments(rng: np.random.Generator) -> None:
    panel, priors = growth_panel(growth_study(scales={"anxiety": {}}), rng)
    built = build(FAMILY, panel, priors)
    count = 4000
    prior = prior_draws(built.model, count, 1)
    assert dict(prior["change"].sizes) == {"chain": 1, "draw": count, "role": 2, "outcome": 1}
    assert list(prior["role"].values) == ["patient", "partner"]
    spread = priors["change"].sd["anxiety"]
    change = prior["change"].values.reshape(count, -1)
    assert np.abs(change.mean(axis=0)).max() < 4 * spread / np.sqrt(count)
    assert change.std(axis=0) == pytest.approx(spread, rel=4 / np.sqrt(2 * count))
    # half-normal: E x² is the square of its spread
    squares = (prior["residual_sd"].values ** 2).reshape(count, -1).mean(axis=0)
    expected = priors["residual_sd"].sd["anxiety"] ** 2
    assert squares == pytest.approx(expected, rel=4 * np.sqrt(2 / count))


def test_prior_draws_depend_on_the_seed_only(rng: np.random.Generator) -> None:
    panel, priors = growth_panel(growth_study(**SOLDIERS), rng)
    model = build(FAMILY, panel, priors).model
    xr.testing.assert_identical(prior_draws(model, 5, 1), prior_draws(model, 5, 1))
    assert not prior_draws(model, 5, 1).equals(prior_draws(model, 5, 2))


def test_prior_does_not_see_the_scores(rng: np.random.Generator) -> None:
    panel, priors = growth_panel(growth_study(**SOLDIERS), rng)
    other = panel.with_scores(panel.data["score"] + 1)
    one, two = (prior_draws(build(FAMILY, p, priors).model, 5, 1) for p in (panel, other))
    xr.testing.assert_identical(one, two)


def test_unanswerable_claim_is_refused_before_sampling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("sampled in spite of a claim that no draw can answer")

    monkeypatch.setattr(fitting, "posterior_draws", never)
    wrong = claim({"variable": "change", "at": {"role": "nurse", "outcome": "readiness"}})
    study, waves = study_and_waves(tmp_path, claims=(wrong.model_dump(),))
    with pytest.raises(InputError, match="no role 'nurse'; expected soldier"):
        fit_analysis(study, "growth", waves, SMALL, 1)


def test_faults_of_questions_are_all_listed(tmp_path: Path) -> None:
    wrong = claim({"variable": "slope"})
    study, waves = study_and_waves(tmp_path, claims=(wrong.model_dump(),))
    faults = question_faults(study, pd.read_parquet(waves))
    assert ["no variable 'slope'" in str(fault) for fault in faults] == [True]
    study, waves = study_and_waves(
        tmp_path,
        analysis={"priors": {"slope": {"sd": 1.0, "reason": "a reason to have"}}},
        claims=(claim({"variable": "slope"}).model_dump(),),
    )
    faults = question_faults(study, pd.read_parquet(waves))
    assert ["no prior block 'slope'" in str(fault) for fault in faults] == [True]


def test_overridden_prior_reaches_the_model(tmp_path: Path) -> None:
    override = {"change": {"mean": 2.0, "sd": 0.001, "reason": "a reason to have"}}
    study, waves = study_and_waves(tmp_path, analysis={"priors": override})
    question = posed(study, "growth", pd.read_parquet(waves))
    change = question.prior(50, 1)["change"].values
    assert change == pytest.approx(2.0, abs=0.006)


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"x": ("draw", [1.0])})})
    fitted = FittedAnalysis(tree, pd.DataFrame({"block": []}), pd.DataFrame({"unit": []}))

    def fails(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(xr.DataTree, "to_netcdf", fails)
    with pytest.raises(OSError, match="the disk is full"):
        fitted.write(tmp_path / "fit")
    assert not (tmp_path / "fit" / "posterior.nc").exists()
