"""Moments of clusters, as the audit reads them: what they add up to, and the rule for them."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml
from bundle_by_hand import write_json
from bundle_pieces import STUDY
from disclosure_examples import sample, scores
from report_example import example_study

from securebase.audit.disclosure_checks import attacks, rules
from securebase.audit.moments_checks import well_formed
from securebase.audit.moments_read import released_parts
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said
from securebase.disclosure.clustered import ClusteredRelease, ClusteredSample, release_of

WIDTH = 4
COLUMNS = [f"y{number}" for number in range(WIDTH)]


def release(teams: int, size: int, seed: int = 2) -> ClusteredRelease:
    """Statistics of teams of one size."""
    y = scores(np.random.default_rng(seed), teams * size, WIDTH)
    return release_of(ClusteredSample(sample(y, noun="soldier"), np.repeat(np.arange(teams), size)))


def bundle(folder: Path, found: ClusteredRelease) -> Opened:
    """As much of a bundle as checks of moments read."""
    cells = [one.records.cell for one in found.between]
    variables = {
        "n": ("cell", [one.n for one in cells]), "size": ("cell", [one.size for one in cells]),
        "mean": (("cell", "column"), np.array([one.mean for one in cells])),
        "scatter": (("cell", "column", "column_bis"), np.array([one.scatter for one in cells])),
        "response": ("column", np.ones(WIDTH, dtype=bool)),
        "within_scatter": (("column", "column_bis"), found.within.scatter),
        "within_n": found.within.n, "within_clusters": found.within.clusters,
    }  # fmt: skip
    coords = {"cell": [one.name for one in cells], "column": COLUMNS, "column_bis": COLUMNS}
    part = xr.Dataset(variables, coords, {"kind": "clusters of one size", "counted": "soldier"})
    inner = folder / "analyses" / "growth"
    inner.mkdir(parents=True)
    xr.DataTree.from_dict({"/all": part}).to_netcdf(inner / "moments.nc")
    about = {"format": 1, "tier": "public", "study": STUDY, "securebase": "0.1.0"}
    none = {"analyses": ["growth"], "units_withheld": {}, "values_masked": {}}
    write_json(folder / "bundle.json", about | none)
    said = example_study().model_dump(mode="json", by_alias=True)
    (folder / "study.yaml").write_text(yaml.safe_dump(said))
    return Opened(folder)


def failures(said: list[Said]) -> list[str]:
    return [one.words for one in said if one.status == "FAIL"]


def test_what_lies_within_and_between_adds_up_to_everybody(tmp_path: Path) -> None:
    found = release(30, 5)
    (part,) = released_parts(bundle(tmp_path, found), "growth")
    (everybody,) = part.everybody
    assert part.units == everybody.n == 150
    assert everybody.mean == pytest.approx(found.total.cell.mean, rel=1e-12)
    assert everybody.scatter == pytest.approx(found.total.cell.scatter, rel=1e-10)
    assert part.cells[0].noun == "cluster"


def test_enough_clusters_pass(tmp_path: Path) -> None:
    opened = bundle(tmp_path, release(30, 5))
    for check in (well_formed, attacks, rules):
        assert failures(list(check(opened))) == []


def test_few_clusters_of_a_size_are_refused(tmp_path: Path) -> None:
    opened = bundle(tmp_path, release(3, 5))
    assert any("n=3, d=4: every record can be recovered" in one for one in
               failures(list(rules(opened))))  # fmt: skip


def test_too_few_followers_beyond_their_means_are_refused(tmp_path: Path) -> None:
    found = release(12, 5)
    opened = bundle(tmp_path, found)
    path = tmp_path / "analyses/growth/moments.nc"
    with xr.open_datatree(path) as tree:
        part = tree.load()["all"].to_dataset()
    xr.DataTree.from_dict({"/all": part.assign(within_n=15)}).to_netcdf(path)
    assert any("3 followers beyond their clusters; needed: 10 (R6)" in one for one in
               failures(list(rules(opened))))  # fmt: skip


def test_scatter_within_clusters_has_to_be_one(tmp_path: Path) -> None:
    found = release(30, 5)
    scatter = found.within.scatter
    scatter[0, 1] = scatter[1, 0] = 3 * np.sqrt(scatter[0, 0] * scatter[1, 1])
    told = failures(list(well_formed(bundle(tmp_path, found))))
    assert any("within clusters: scatter is not positive semi-definite" in one for one in told)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    opened = bundle(tmp_path, release(30, 5))
    path = tmp_path / "analyses/growth/moments.nc"
    with xr.open_datatree(path) as tree:
        part = tree.load()["all"].to_dataset()
    xr.DataTree.from_dict({"/all": part.drop_vars("within_n")}).to_netcdf(path)
    with pytest.raises(ValueError, match="within_n"):
        released_parts(opened, "growth")
