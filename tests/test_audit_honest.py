"""An honest bundle passes every check of its files."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from bundle_by_hand import write_bundle, write_json
from bundle_pieces import TWICE

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Outcome
from securebase.audit.registry import CHECKS, audited
from securebase.audit.untested import untested
from securebase.selftest.changes import seal

SKIPPED = {"A30", "A31", "A32", "A33", "A34", "A35", "A44", "A45", "A53", "A71", "A80", "A81"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("audit"))


@pytest.fixture(scope="module")
def outcomes(bundle: Path) -> dict[str, Outcome]:
    return {one.id: one for one in audited(Opened(bundle))}


def test_every_check_of_files_passes(outcomes: dict[str, Outcome]) -> None:
    found = {name: (one.status, one.message) for name, one in outcomes.items()}
    passed = {name for name, (status, _) in found.items() if status == "PASS"}
    assert passed == {one.id for one in CHECKS} - SKIPPED - {"A03"}, found
    assert found["A03"] == ("WARN", "Bundle is unsigned.")
    assert {name for name, (status, _) in found.items() if status == "SKIP"} == SKIPPED


def test_checks_stand_in_the_order_of_their_numbers() -> None:
    names = [one.id for one in CHECKS]
    assert names == sorted(names)
    assert len(set(names)) == len(names) == 42


def test_what_is_skipped_says_why(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["A32"].message == "This needs --level refit."
    assert "model of the bundle" in outcomes["A30"].message
    assert outcomes["A44"].message == "This needs --level full."
    assert "--nonces, --raw" in outcomes["A80"].message


def test_the_messages_count_what_was_seen(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["A12"].message == "4 of 4 declared claims have a verdict."
    assert "186 couples analysed, moments contain 186, 0 are withheld" in outcomes["A15"].message
    assert "4 chains of 1000 draws" in outcomes["A23"].message
    assert "20 of 20 observed means" in outcomes["A51"].message
    assert outcomes["A60"].message.count("smallest cell 40") == 1
    assert "(change)" in outcomes["A40"].message


def test_the_end_says_what_was_not_tested(bundle: Path, outcomes: dict[str, Outcome]) -> None:
    said = untested(Opened(bundle), list(outcomes.values()))
    assert [one[:3] for one in said[: len(SKIPPED)]] == sorted(SKIPPED)
    assert any("real people" in one for one in said)
    assert any("deposited as its digest says" in one for one in said)


def test_a_bundle_with_masked_values_passes_with_what_it_may_tell(
    bundle: Path, tmp_path: Path
) -> None:
    masked = _masked(bundle, tmp_path / "bundle")
    found = {one.id: one for one in audited(Opened(masked))}
    failed = {name: one.message for name, one in found.items() if one.status == "FAIL"}
    assert failed == {}
    assert "told, not recomputed" in found["A52"].message
    assert f"moments contain 146, {TWICE} are withheld" in found["A15"].message
    assert "withheld: no verdict is robust" in found["A63"].message
    assert "e_bfmi, moment_ppp and power-scaling are only told" in found["A25"].message


def test_what_tells_masked_values_is_refused(bundle: Path, tmp_path: Path) -> None:
    masked = _masked(bundle, tmp_path / "bundle")
    shutil.copy(bundle / "analyses/growth/posterior.nc", masked / "analyses/growth/posterior.nc")
    seal(masked)
    found = {one.id: one for one in audited(Opened(masked))}
    assert found["A60"].status == "FAIL"
    assert "values are masked, but the draws have log_likelihood" in found["A60"].message


def test_moments_that_are_not_released_are_not_asked_for(bundle: Path, tmp_path: Path) -> None:
    without = _masked(bundle, tmp_path / "bundle")
    for name in ("moments.nc", "public.nc", "fidelity.csv", "cells.csv"):
        (without / "analyses" / "growth" / name).unlink()
    about = json.loads((without / "bundle.json").read_text())
    about["without_moments"] = {"growth": "units measured at times of their own"}
    write_json(without / "bundle.json", about)
    seal(without)
    found = {one.id: one for one in audited(Opened(without))}
    assert [one.id for one in found.values() if one.status == "FAIL"] == []
    for name in ("A15", "A50", "A51"):
        assert found[name].status == "SKIP"
        assert "times of their own" in found[name].message


def test_rules_for_the_public_are_not_asked_of_the_controlled_tier(
    bundle: Path, tmp_path: Path
) -> None:
    controlled = tmp_path / "bundle"
    shutil.copytree(bundle, controlled)
    about = json.loads((controlled / "bundle.json").read_text())
    write_json(controlled / "bundle.json", about | {"tier": "controlled"})
    (controlled / "exclusions.tsv").write_text("unit\tperson\trule\n1\t1\tdeclared\n")
    seal(controlled)
    found = {one.id: one for one in audited(Opened(controlled))}
    assert [one.id for one in found.values() if one.status == "FAIL"] == []
    assert {found[name].status for name in ("A60", "A61")} == {"SKIP"}


def _masked(bundle: Path, copy: Path) -> Path:
    """The same bundle without those who answered twice, as its author would have to give it."""
    shutil.copytree(bundle, copy)
    growth = copy / "analyses" / "growth"
    with xr.open_datatree(growth / "posterior.nc") as opened:
        tree = opened.load()
    stats = tree["sample_stats"].to_dataset()
    tree["sample_stats"] = xr.DataTree(
        stats.drop_vars("logp").assign(energy=stats["energy"].round(1))
    )
    for group in ("log_likelihood", "moment_fit", "observed_data"):
        del tree[group]
    tree.to_netcdf(growth / "posterior.nc")
    with xr.open_dataset(growth / "moments.nc", group="all") as opened_part:
        part = opened_part.load()
    xr.DataTree.from_dict({"/all": part.isel(cell=[0, 1])}).to_netcdf(growth / "moments.nc")
    table = pd.read_csv(growth / "trajectories.csv")
    table.assign(observed_n=None, observed_mean=None, observed_se=None).to_csv(
        growth / "trajectories.csv", index=False
    )
    pd.read_csv(growth / "residual_moments.csv").iloc[:0].to_csv(
        growth / "residual_moments.csv", index=False
    )
    about = json.loads((copy / "bundle.json").read_text())
    about["units_withheld"] = {"growth": TWICE}
    write_json(copy / "bundle.json", about)
    shutil.rmtree(copy / "pages")
    seal(copy)
    return copy
