"""The audit of a bundle as it was sent: unzipped, its models written, its densities computed."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from bundle_examples import small_results

from securebase.audit.bundled import BundledModels
from securebase.audit.opened import Opened
from securebase.bundle.writing import write_bundle
from securebase.cli import main


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(small_results(tmp_path_factory.mktemp("sent"), 0))


@pytest.fixture
def opened(sent: Path, tmp_path: Path) -> Opened:
    with zipfile.ZipFile(sent) as archive:
        archive.extractall(tmp_path)
    return Opened(tmp_path)


def _few(opened: Opened) -> tuple[xr.Dataset, xr.Dataset]:
    with xr.open_datatree(opened.folder / "analyses" / "growth" / "posterior.nc") as tree:
        posterior, stats = (
            tree[group].to_dataset().isel(draw=slice(0, 5)).load()
            for group in ("posterior", "sample_stats")
        )
    return posterior, stats


def test_the_command_opens_the_zip(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["audit", str(sent)])
    lines = {line[5:8]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["A01"].startswith("PASS A01 All ")
    assert lines["A61"].startswith("PASS A61 0 records recovered")
    # so few draws do not mix: nothing is said of their density
    assert lines["A30"].startswith("SKIP A30 Draws fail before")


def test_densities_are_the_sampler_s_and_those_of_edited_draws_are_not(opened: Opened) -> None:
    posterior, stats = _few(opened)
    models = BundledModels()
    assert models.log_density(opened, "growth", posterior) == pytest.approx(stats["logp"].values)
    edited = posterior.assign(change=posterior["change"] + 0.05)
    assert models.log_density(opened, "growth", edited) != pytest.approx(stats["logp"].values)


def test_gradients_are_those_of_the_density(opened: Opened) -> None:
    """Against differences of the density in an effect that is sampled as it is."""
    posterior, _ = _few(opened)
    models, step = BundledModels(), 1e-5
    scores = models.scores(opened, "growth", posterior)
    place = scores.names.index("change 0")
    assert scores.draws[..., place] == pytest.approx(posterior["change"].values[..., 0, 0])
    ends = []
    for sign in (-1, 1):
        moved = posterior.copy(deep=True)
        moved["change"][:, :, 0, 0] += sign * step
        ends.append(models.log_density(opened, "growth", moved))
    slope = (ends[1] - ends[0]) / (2 * step)
    assert scores.gradients[..., place] == pytest.approx(slope, rel=1e-5, abs=1e-5)
    assert np.isfinite(scores.gradients).all()


def test_what_is_no_bundle_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bundle.zip"
    file.write_bytes(b"no zip")
    assert main(["audit", str(file)]) != 0
    assert main(["audit", str(tmp_path / "none.zip")]) != 0
    assert "no such file or folder" in capsys.readouterr().err
