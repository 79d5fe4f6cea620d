"""Opening a bundle that somebody sent: unzipped with care, nothing of it is run."""

import json
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Final

import xarray as xr

from securebase.bundle.archive import SUFFIXES
from securebase.bundle.models import BundledModel, modelled, priors_in
from securebase.bundle.moment_files import read_moments
from securebase.bundle.rival import rival_of
from securebase.codebook.analysis import PriorOverride
from securebase.config import Sampling
from securebase.draws_files import read_draws
from securebase.faults import Fault, InputError
from securebase.priors import Prior

MOST_FILES: Final = 2_000
MOST_BYTES: Final = 2_000_000_000
FORMAT: Final = 1
# no honest file comes near: what is larger is not read
_MOST_BYTES_OF: Final[Mapping[str, int]] = {".nc": 2 << 30}
_MOST_TEXT: Final = 256 << 20


@dataclass(frozen=True)
class Bundle:
    """A bundle that was unzipped.

    Parameters
    ----------
    folder : pathlib.Path
        Its own root, where manifest.sha256 lies.
    """

    folder: Path

    def path(self, name: str) -> Path:
        """Find a file.

        Raises
        ------
        InputError
            Where there is none, it is too large to be read, or it lies outside of the folder.
        """
        path = self.folder / name
        if path.is_symlink() or not path.resolve().is_relative_to(self.folder.resolve()):
            given, expected = "leads out of the bundle", "a file of the bundle"
        elif not path.is_file():
            given, expected = "no such file", "a file of the bundle"
        elif path.stat().st_size > _MOST_BYTES_OF.get(path.suffix, _MOST_TEXT):
            given, expected = "too large to be read", "tables and draws of a study"
        else:
            return path
        raise InputError("the bundle", [Fault(name, given, expected)])

    @cached_property
    def about(self) -> dict[str, Any]:
        """What bundle.json says."""
        return dict(self.json("bundle.json"))

    @property
    def analyses(self) -> list[str]:
        """Names of its analyses."""
        return [str(name) for name in self.about["analyses"]]

    def json(self, name: str) -> Any:
        """Read a JSON file."""
        return json.loads(self.path(name).read_text(encoding="utf-8"))

    def of(self, analysis: str, name: str) -> Path:
        """Path of a file of an analysis."""
        if analysis not in self.analyses:
            given, known = f"no analysis '{analysis}'", ", ".join(self.analyses)
            raise InputError("bundle", [Fault("bundle.json", given, f"one of: {known}")])
        return self.path(f"analyses/{analysis}/{name}")

    def template(self, analysis: str) -> dict[str, Any]:
        """What model.json says of an analysis."""
        return dict(json.loads(self.of(analysis, "model.json").read_text(encoding="utf-8")))

    def moments(self, analysis: str) -> dict[str, xr.Dataset]:
        """Moments by part.

        Raises
        ------
        InputError
            Nothing is released of its units, with the reason.
        """
        why = self.template(analysis)["moments"]
        if why != "released":
            given, remedy = f"no moments of {analysis}: {why}", "ask for the controlled tier"
            raise InputError("bundle", [Fault("model.json", given, "moments to fit to", remedy)])
        return read_moments(self.of(analysis, "moments.nc"))

    def priors(self, analysis: str) -> dict[str, Prior]:
        """Priors in force."""
        return priors_in(json.loads(self.of(analysis, "priors.json").read_text(encoding="utf-8")))

    def draws(self, analysis: str, file: str = "posterior.nc") -> xr.DataTree:
        """Draws of the fit to all data, or of that to the bundle's moments ("public.nc")."""
        return read_draws(self.of(analysis, file))

    def sampling(self) -> Sampling:
        """How posteriors of the study were drawn."""
        return Sampling.model_validate(self.json("config.json")["sampling"])


def bundled_model(
    bundle: Bundle,
    analysis: str,
    priors: Mapping[str, PriorOverride] | None = None,
    change: Mapping[str, Any] | None = None,
) -> BundledModel:
    """Write the model of an analysis, with the bundle's moments as its data.

    Parameters
    ----------
    bundle : Bundle
    analysis : str
    priors : mapping of str to PriorOverride, optional
        Other priors, block by block.
    change : mapping, optional
        Another structure of the same scores and predictors, see `rival.rival_of`.

    Raises
    ------
    InputError
        Nothing is released of its units, with the reason; see also `models.modelled`.
    """
    template, moments = bundle.template(analysis), bundle.moments(analysis)
    if change is None:
        return modelled(template, bundle.priors(analysis), moments, priors)
    return modelled(*rival_of(template, change), moments, priors)


def log_density(bundle: Bundle, analysis: str, draws: xr.Dataset) -> xr.DataArray:
    """Log-density of draws (chain, draw) of all free variables; see `BundledModel.log_density`."""
    return bundled_model(bundle, analysis).log_density(draws)


def refit_bundle(
    bundle: Bundle,
    analysis: str,
    seed: int,
    priors: Mapping[str, PriorOverride] | None = None,
    cores: int = 1,
    sampling: Sampling | None = None,
    change: Mapping[str, Any] | None = None,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Fit an analysis again to the bundle's moments.

    Parameters
    ----------
    seed : int
        The reviewer's own.
    priors : mapping of str to PriorOverride, optional
        Other priors, block by block.
    cores : int
        Processors; no draw depends on it.
    sampling : Sampling, optional
        By default as the study was drawn.
    change : mapping, optional
        Another structure, see `rival.rival_of`.

    Returns
    -------
    (posterior, sample_stats) : xr.Dataset
    """
    model = bundled_model(bundle, analysis, priors, change)
    return model.fit(sampling or bundle.sampling(), seed, cores)


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Unzip a bundle into a folder that is gone afterwards.

    Raises
    ------
    InputError
        No zip; names that lead out of the folder, that are absolute or there twice; links; too
        many files or bytes; kinds of files that no bundle has; another format.
    """
    with tempfile.TemporaryDirectory(prefix="securebase-bundle-") as folder:
        _unzip(path, Path(folder))
        bundle = Bundle(Path(folder))
        if bundle.about.get("format") != FORMAT:
            given = f"format {bundle.about.get('format')}"
            raise InputError("bundle", [Fault("bundle.json", given, f"format {FORMAT}")])
        yield bundle


def _unzip(path: Path, folder: Path) -> None:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise InputError("bundle", [Fault(path.name, "no zip file", "a bundle")]) from None
    with archive:
        entries = archive.infolist()
        faults = [*_whole_faults(entries), *(one for own in entries for one in _faults(own))]
        names = {own.filename for own in entries}
        if "bundle.json" not in names:
            faults.append(Fault("bundle.json", "no such file", "a bundle"))
        if faults:
            raise InputError(f"bundle {path.name}", faults)
        left = MOST_BYTES
        for own in entries:
            left -= _extract(archive, own, folder / own.filename, left)


def _whole_faults(entries: list[zipfile.ZipInfo]) -> Iterator[Fault]:
    if len(entries) > MOST_FILES:
        yield Fault("zip", f"{len(entries)} files", f"at most {MOST_FILES}")
    size = sum(own.file_size for own in entries)
    if size > MOST_BYTES:
        yield Fault("zip", f"{size} bytes unzipped", f"at most {MOST_BYTES}")
    seen: set[str] = set()
    for own in entries:
        # on some systems names that differ in case only are one file
        if own.filename.casefold() in seen:
            yield Fault(own.filename, "a name that is there twice", "each name once")
        seen.add(own.filename.casefold())


def _faults(own: zipfile.ZipInfo) -> Iterator[Fault]:
    name = own.filename
    path = PurePosixPath(name)
    if path.is_absolute() or "\\" in name or ":" in name or "\0" in own.orig_filename:
        yield Fault(name, "an absolute name, or one of another system", "a path in the bundle")
    elif ".." in path.parts or str(path) != name:
        yield Fault(name, "a name that leads elsewhere", "a path in the bundle")
    elif path.suffix not in SUFFIXES:
        yield Fault(
            name, f"a file of kind '{path.suffix}'", f"one of: {' '.join(sorted(SUFFIXES))}"
        )
    kind = stat.S_IFMT(own.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        yield Fault(name, "a link or a device", "a plain file")
    if own.flag_bits & 1:
        yield Fault(name, "encrypted", "a plain file")


def _extract(archive: zipfile.ZipFile, own: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Write one file; what its header says of its size is not believed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(own) as source:
        content = source.read(min(own.file_size, left) + 1)
    if len(content) > min(own.file_size, left):
        raise InputError("bundle", [Fault(own.filename, "more bytes than declared", "as declared")])
    target.write_bytes(content)
    return len(content)
