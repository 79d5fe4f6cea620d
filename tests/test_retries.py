"""Jobs that are tried again, with and without files that an earlier attempt had finished."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from securebase import retries
from securebase.retries import KEPT, make_once

OUTPUTS = ["results/posterior.nc", "results/priors.csv"]


class Tried:
    """A job in the folder of a run; each time that it makes its files they are others."""

    def __init__(self, folder: Path) -> None:
        self.times = 0
        self.waves, self.seed = folder / "waves.parquet", 1
        self.waves.write_text("scores")
        (folder / "results").mkdir()

    def attempt(self, number: int) -> str:
        """Try once; give what is in the files."""
        job = SimpleNamespace(
            input=[str(self.waves)], output=OUTPUTS, params={"seed": self.seed},
            resources=SimpleNamespace(attempt=number),
        )  # fmt: skip
        make_once(job, self._make)
        first, second = (Path(name).read_text() for name in OUTPUTS)
        assert first == second
        return first

    def lost(self) -> None:
        """Remove the files, as Snakemake does where a job failed."""
        for name in OUTPUTS:
            Path(name).unlink(missing_ok=True)

    def _make(self) -> None:
        self.times += 1
        for name in OUTPUTS:
            Path(name).write_text(f"draws {self.times}")


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tried:
    monkeypatch.chdir(tmp_path)
    return Tried(tmp_path)


def test_what_had_finished_is_given_back_as_often_as_its_end_is_lost(tried: Tried) -> None:
    tried.attempt(1)
    for number in (2, 3):
        tried.lost()
        assert tried.attempt(number) == "draws 1"
    assert tried.times == 1


def test_the_first_attempt_makes_its_files_whatever_is_kept(tried: Tried) -> None:
    tried.attempt(1)
    assert tried.attempt(1) == "draws 2"
    tried.lost()
    assert tried.attempt(2) == "draws 2"


@pytest.mark.parametrize("what", ["waves", "seed"])
def test_other_data_or_settings_are_other_files(tried: Tried, what: str) -> None:
    tried.attempt(1)
    tried.lost()
    if what == "waves":
        tried.waves.write_text("other scores")
    else:
        tried.seed = 2
    assert tried.attempt(2) == "draws 2"


@pytest.mark.parametrize("damage", ["edited", "gone", "no label", "half a label"])
def test_what_is_not_whole_is_made_again(tried: Tried, damage: str) -> None:
    tried.attempt(1)
    tried.lost()
    folder = KEPT / OUTPUTS[0]
    if damage == "edited":
        (folder / "0").write_text("other")
    elif damage == "half a label":
        (folder / "label.json").write_text('{"made_from": "')
    else:
        (folder / {"gone": "1", "no label": "label.json"}[damage]).unlink()
    assert tried.attempt(2) == "draws 2"


def test_an_attempt_that_is_killed_as_it_makes_its_files_leaves_nothing_to_take(
    tried: Tried, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(tried, "_make", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tried.attempt(1)
    assert not KEPT.exists()
    assert tried.attempt(2) == "draws 1"


def test_where_files_cannot_be_linked_the_job_is_done_all_the_same(
    tried: Tried, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    with monkeypatch.context() as linkless:
        linkless.setattr(retries.os, "link", refuse)
        assert tried.attempt(1) == "draws 1"
    assert "a retry of this job would begin anew (no links here)" in caplog.text
    tried.lost()
    assert tried.attempt(2) == "draws 2"
