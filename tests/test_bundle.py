"""Bundles of small studies: what is in them, what is not, and what can be done with them."""

import json
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from bundle_examples import COUPLES, MARK, SAMPLING, small_results

from securebase.bundle.models import BundledModel
from securebase.bundle.moment_files import read_moments
from securebase.bundle.opening import (
    Bundle,
    bundled_model,
    log_density,
    open_bundle,
    refit_bundle,
)
from securebase.bundle.order import Order
from securebase.bundle.release import masked_parts, outgoing
from securebase.bundle.writing import write_bundle
from securebase.codebook.analysis import PriorOverride
from securebase.codebook.loading import Study
from securebase.config import Sampling
from securebase.dials import log_prior
from securebase.disclosure import inspect
from securebase.faults import InputError
from securebase.fitting import Question, posed
from securebase.sampling import posterior_draws

SEED = 7
LEFT = 4


@dataclass
class Made:
    """A study with results and its public bundle."""

    order: Order
    path: Path

    @cached_property
    def files(self) -> dict[str, bytes]:
        with zipfile.ZipFile(self.path) as archive:
            return {one: archive.read(one) for one in archive.namelist()}

    @cached_property
    def question(self) -> Question:
        waves = pd.read_parquet(self.order.folder / "waves.parquet")
        return posed(self.order.study, "growth", waves)


def made(folder: Path, left: int) -> Made:
    order = small_results(folder, left)
    return Made(order, write_bundle(order))


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("complete"), 0)


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("masked"), LEFT)


@pytest.fixture(scope="module")
def bundle(complete: Made) -> Iterator[Bundle]:
    with open_bundle(complete.path) as opened:
        yield opened


def test_density_that_the_sampler_saw_is_computed_from_the_bundle_alone(
    bundle: Bundle, complete: Made
) -> None:
    assert bundle.about["units_withheld"] == {"growth": 0}
    assert bundle.about["values_masked"] == {"growth": 0}
    for file in ("posterior.nc", "public.nc"):
        tree = bundle.draws("growth", file)
        posterior, stats = (tree[one].to_dataset() for one in ("posterior", "sample_stats"))
        some = {"draw": slice(None, None, 30)}
        found = log_density(bundle, "growth", posterior.isel(some))
        np.testing.assert_allclose(found, stats["logp"].isel(some), rtol=0, atol=1e-9)


def test_masked_bundle_has_a_density_of_its_own_moments_only(masked: Made) -> None:
    with open_bundle(masked.path) as opened:
        assert opened.about["values_masked"]["growth"] > 0
        everyone, public = (opened.draws("growth", f"{one}.nc") for one in ("posterior", "public"))
        assert "logp" not in everyone["sample_stats"]
        assert not {"log_likelihood", "moment_fit", "observed_data"} & set(everyone.children)
        energy = everyone["sample_stats"]["energy"]
        np.testing.assert_array_equal(energy, energy.round(1))
        some = public["posterior"].to_dataset().isel(draw=[0, 99])
        found = log_density(opened, "growth", some)
        logp = public["sample_stats"]["logp"].isel(draw=[0, 99])
        np.testing.assert_allclose(found, logp, rtol=0, atol=1e-9)


def test_priors_are_scaled_by_those_who_are_released(masked: Made) -> None:
    with open_bundle(masked.path) as opened:
        assert opened.about["units_withheld"]["growth"] == LEFT + 1
        told = opened.draws("growth")
        model = bundled_model(opened, "growth")
    posterior = told["posterior"].to_dataset()
    own = log_prior(model.built.model, posterior)
    xr.testing.assert_equal(own, told["log_prior"].to_dataset())
    with xr.open_datatree(masked.order.folder / "growth" / "posterior.nc") as tree:
        everyone = tree["log_prior"].to_dataset().load()
        np.testing.assert_array_equal(posterior["change"], tree["posterior"]["change"])
    # the exact scale of all would tell the ages of the few who are withheld
    assert float(abs(everyone["actor_on_level"] - own["actor_on_level"]).max()) > 1e-3
    np.testing.assert_array_equal(everyone["change"], own["change"])


def test_masked_bundle_withstands_every_attack(masked: Made) -> None:
    root = json.loads(masked.files["seal/commitments.json"])["records"]["merkle_root"]
    parts = masked_parts(masked.question, bytes.fromhex(root))
    assert not [one for one in inspect(outgoing({"growth": parts})) if one.fails]
    # and what lies in the file is what was attacked
    with open_bundle(masked.path) as opened:
        data = read_moments(opened.of("growth", "moments.nc"))["all"]
    cells = [one.cell for one in parts[0].masked.cells]  # type: ignore[union-attr]
    assert data["n"].values.tolist() == [one.n for one in cells]
    for row, cell in enumerate(cells):
        np.testing.assert_array_equal(data["mean"][row].dropna("column"), cell.mean)


def test_same_results_give_the_same_bytes(complete: Made) -> None:
    before = complete.path.read_bytes()
    assert write_bundle(complete.order).read_bytes() == before


def test_nobody_and_no_place_is_named(complete: Made, masked: Made) -> None:
    for one in (complete, masked):
        folder = str(one.order.folder.parents[1])
        for name, content in one.files.items():
            assert MARK.encode() not in content, name
            assert folder.encode() not in content, name
            if name.endswith(".nc"):
                for group in _groups(one, name):
                    assert not {"unit", "person", "cluster"} & {*map(str, group.dims)}, name
                    assert (one.order.folder.name, COUPLES) not in group.sizes.items()
                    text = [v for v in group.variables.values() if v.dtype.kind in "OU"]
                    assert not [v for v in text if any(MARK in str(x) for x in v.values.flat)]


def _groups(one: Made, name: str) -> list[xr.Dataset]:
    with (
        open_bundle(one.path) as opened,
        xr.open_datatree(opened.folder / name, engine="netcdf4") as tree,
    ):
        return [group.to_dataset().load() for group in tree.children.values()]


def test_no_array_has_as_many_entries_as_there_are_couples(complete: Made) -> None:
    for name in complete.files:
        if name.endswith(".nc"):
            for group in _groups(complete, name):
                assert COUPLES not in group.sizes.values(), name


def test_small_counts_are_blank_and_what_is_withheld_is_said(masked: Made) -> None:
    with open_bundle(masked.path) as opened:
        exclusions = pd.read_csv(opened.folder / "exclusions.csv")
        assert exclusions["count"].isna().all()
        assert (exclusions["withheld"] == "fewer than 10").all()
        flow = pd.read_csv(opened.folder / "flow.csv")
        assert not flow["persons"].isin(range(1, 10)).any()
        assert flow["persons"].isna().any()
        said = yaml.safe_load((opened.folder / "study.yaml").read_text(encoding="utf-8"))
        study = Study.model_validate(said)
        assert study.exclusions[0].where == {"couple": "withheld"}
        scoring = pd.read_csv(opened.folder / "scoring.tsv", sep="\t")
        assert scoring[["mean", "sd"]].isna().all(axis=None)
        text = (opened.folder / "README.md").read_text(encoding="utf-8")
        lost = opened.about["values_masked"]["growth"]
        assert f"{lost} observed values treated as missing" in text


def test_manifest_lists_every_other_file(complete: Made, tmp_path: Path) -> None:
    with zipfile.ZipFile(complete.path) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", "manifest.sha256"], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == len(complete.files) - 1


def test_other_priors_draw_what_a_direct_fit_draws(bundle: Bundle, complete: Made) -> None:
    override = {"change": PriorOverride(sd=0.05, reason="a sceptic's prior")}
    sampling = Sampling(**SAMPLING)
    refitted, _ = refit_bundle(bundle, "growth", SEED, override, sampling=sampling)
    # the model of the study itself, with these priors and the moments of the bundle
    question = complete.question
    analysis = question.panel.analysis.model_copy(update={"priors": override})
    study = question.study.model_copy(update={"analyses": {"growth": analysis}})
    waves = pd.read_parquet(complete.order.folder / "waves.parquet")
    direct = posed(study, "growth", waves)
    rebuilt = bundled_model(bundle, "growth", override)
    data = {one.name: one.get_value() for one in rebuilt.built.model.data_vars}
    with direct.built.model as model:
        for name, values in data.items():
            model.set_data(name, values)
    own, _ = posterior_draws(direct.built.model, sampling, SEED, 1)
    for one in direct.built.model.free_RVs:
        np.testing.assert_array_equal(refitted[one.name], own[one.name])
    declared = bundle.draws("growth")["posterior"]["change"]
    assert float(refitted["change"].std()) < float(declared.std())


def test_fidelity_compares_every_quantity_and_claim(masked: Made) -> None:
    with open_bundle(masked.path) as opened:
        table = pd.read_csv(opened.of("growth", "fidelity.csv"))
    summary = pd.read_csv(masked.order.folder / "growth" / "summary.csv")
    assert (table["kind"] == "quantity").sum() == len(summary)
    (claim,) = table[table["kind"] == "claim"].to_dict("records")
    assert claim["name"] == "H1"
    shift = (claim["public_mean"] - claim["full_mean"]) / claim["full_sd"]
    assert claim["shift"] == pytest.approx(shift)
    assert {claim["full_verdict"], claim["public_verdict"]} <= {
        "supported", "contradicted", "practically zero", "undecided", "not assessable",
    }  # fmt: skip


def test_controlled_tier_gives_the_exact_density_of_all_data(masked: Made) -> None:
    path = write_bundle(masked.order, "controlled")
    assert path.name == "bundle-controlled.zip"
    with open_bundle(path) as opened:
        tree = opened.draws("growth")
        some = tree["posterior"].to_dataset().isel(draw=[0, 99])
        found = log_density(opened, "growth", some)
        logp = tree["sample_stats"]["logp"].isel(draw=[0, 99])
        np.testing.assert_allclose(found, logp, rtol=1e-14)


def test_what_has_no_moments_says_why(bundle: Bundle) -> None:
    path = bundle.of("growth", "model.json")
    before = path.read_text(encoding="utf-8")
    path.write_text(json.dumps({**json.loads(before), "moments": "too few units"}))
    try:
        with pytest.raises(InputError, match="too few units"):
            bundled_model(bundle, "growth")
    finally:
        path.write_text(before, encoding="utf-8")


def test_results_that_are_not_there_are_named(tmp_path: Path, complete: Made) -> None:
    with pytest.raises(InputError, match=r"growth/posterior\.nc"):
        write_bundle(replace(complete.order, folder=tmp_path))


def test_prior_of_a_bundle_is_that_of_the_fit(bundle: Bundle, complete: Made) -> None:
    model = bundled_model(bundle, "growth")
    own = BundledModel(
        complete.question.panel, complete.question.priors, complete.question.built
    ).prior(4, SEED)
    xr.testing.assert_equal(model.prior(4, SEED), own)
