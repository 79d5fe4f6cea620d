"""Clouds of changes: shares by counting, and which pairs a page shows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from report_example import example_study, write_example

from securebase.report.analysed import Analysed, analysed
from securebase.report.cloud_figures import Cloud
from securebase.report.inputs import read_results
from securebase.report.rules import Rules
from securebase.report.section import Gallery
from securebase.report.sections import together
from securebase.report.wording import plain

EFFECTS = [
    "level patient anxiety",
    *(f"change {role} {outcome}" for role in ("patient", "partner")
      for outcome in ("anxiety", "avoidance")),
]  # fmt: skip


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_an_ellipse_holds_its_share(rng: np.random.Generator, share: float) -> None:
    mean, sd, correlation = np.array([0.3, -1.0]), np.array([0.5, 2.0]), -0.7
    cov = np.outer(sd, sd) * np.array([[1, correlation], [correlation, 1]])
    cloud = Cloud(mean[None], sd[None], np.array([correlation]))
    outline = cloud.ellipse(0, share)
    # every corner is equally far in Mahalanobis' distance, and that far lie so many
    apart = np.einsum("ci,ij,cj->c", outline - mean, np.linalg.inv(cov), outline - mean)
    assert apart == pytest.approx(apart[0])
    units = rng.multivariate_normal(mean, cov, 40000) - mean
    inside = np.einsum("ui,ij,uj->u", units, np.linalg.inv(cov), units) <= apart[0]
    assert inside.mean() == pytest.approx(share, abs=0.01)
    assert cloud.ellipse(None, share) == pytest.approx(outline)


@pytest.fixture
def one(tmp_path: Path) -> Analysed:
    study = example_study()
    folder = write_example(tmp_path / "couples_example")
    (found,) = analysed(study, read_results(study, folder), Rules())
    posterior = found.results.posterior["posterior"].to_dataset()
    dims, size = ("chain", "draw"), len(EFFECTS)
    corr = np.full((4, 500, size, size), 0.4) + np.eye(size) * 0.6
    posterior = posterior.assign(
        unit_sd=((*dims, "effect"), np.ones((4, 500, size))),
        unit_corr=((*dims, "effect", "effect_bis"), corr),
    ).assign_coords(effect=EFFECTS, effect_bis=EFFECTS)
    tree = xr.DataTree.from_dict({"/posterior": posterior})
    pairs = [(EFFECTS[i], EFFECTS[j]) for i in range(size) for j in range(i + 1, size)]
    rows = pd.DataFrame(
        {
            "name": "unit_corr",
            "coordinates": [f"effect={a}, effect_bis={b}" for a, b in pairs],
            "q2_5": 0.1, "median": 0.4, "q97_5": 0.6, "mean": 0.4, "sd": 0.1,
            "mcse_mean": 0.002, "ess_bulk": 2000.0, "ess_tail": 1900.0, "r_hat": 1.0, "unit": "",
        }
    )  # fmt: skip
    rows.loc[rows["coordinates"].str.contains("patient avoidance"), "q2_5"] = -0.1
    rows.index = pd.RangeIndex(2, 2 + len(rows), name="line")
    return replace(found, results=replace(found.results, posterior=tree, summary=rows))


def test_pairs_share_a_person_or_an_outcome(one: Analysed) -> None:
    section = together.section(one)
    assert section is not None
    assert plain(section.sentence) == (
        "Of 4 pairs of changes, 2 keep zero outside of the 95 % ETI of their correlation."
    )
    gallery = section.blocks[0]
    assert isinstance(gallery, Gallery)
    assert [picture.caption.partition(":")[0] for picture in gallery.pictures] == [
        "Changes of patient attachment anxiety and patient attachment avoidance",
        "Changes of partner attachment anxiety and partner attachment avoidance",
        "Changes of patient attachment anxiety and partner attachment anxiety",
        "Changes of patient attachment avoidance and partner attachment avoidance",
    ]
    assert "correlation 0.40 (95 % ETI 0.10 to 0.60)" in gallery.pictures[1].caption


def test_nothing_is_said_where_no_change_varies(one: Analysed) -> None:
    posterior = one.results.posterior["posterior"].to_dataset()
    levels = [name for name in EFFECTS if name.startswith("level")]
    tree = xr.DataTree.from_dict({"/posterior": posterior.sel(effect=levels, effect_bis=levels)})
    assert together.section(replace(one, results=replace(one.results, posterior=tree))) is None
