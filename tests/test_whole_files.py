"""Files that appear whole or not at all."""

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from securebase import whole_files
from securebase.whole_files import whole, write_whole


def half_written(path: Path, error: Exception) -> None:
    with whole(path) as partial:
        partial.write_text("half")
        raise error


def test_what_was_there_stays_until_the_new_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_whole("before\n", path)
    with whole(path) as partial:
        partial.write_text("after\n")
        assert path.read_text() == "before\n"
    assert path.read_text() == "after\n"
    assert [one.name for one in tmp_path.iterdir()] == ["table.csv"]


def test_where_writing_fails_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with pytest.raises(ValueError, match="not a number"):
        half_written(path, ValueError("not a number"))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_called_so_whatever_a_library_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_files.shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    path = tmp_path / "posterior.nc"
    with pytest.raises(OSError, match="No space left on device") as raised:
        half_written(path, RuntimeError("NetCDF: HDF error"))
    assert raised.value.errno == errno.ENOSPC
    assert isinstance(raised.value.__cause__, RuntimeError)
    assert list(tmp_path.iterdir()) == []
