"""The files of one analysis in a bundle."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from securebase.bundle.archive import json_bytes
from securebase.bundle.at_released import AtReleased
from securebase.bundle.draws import (
    controlled_draws,
    public_draws,
    refit_draws,
)
from securebase.bundle.fidelity import fidelity_table, judged_again
from securebase.bundle.flow_counts import FlowTold
from securebase.bundle.models import BundledModel, modelled, priors_as_lists
from securebase.bundle.moment_files import dataset_of, exact_dataset, moments_table, write_moments
from securebase.bundle.opening import FORMAT
from securebase.bundle.release import MaskedPart, cell_table
from securebase.bundle.tables import (
    OF_ANALYSIS,
    Files,
    Told,
    csv_bytes,
    public_tables,
    separator_of,
)
from securebase.bundle.template import template_of
from securebase.codebook.claim import Claim
from securebase.codebook.extracts import claims_of
from securebase.columns import column_summary
from securebase.config import Config
from securebase.families import claim_units
from securebase.faults import InputError
from securebase.fitting import Question, provenance_of_refit
from securebase.sampling import derived_seed
from securebase.slopes.part import OccasionPart

TOLERANCE: Final = 1e-9
"""How far the log-density of a rebuilt model may be from the original's, relative to its size."""
_CHECKED: Final = 3
_OF_COLUMNS: Final = ("leader_corr", "curve_", "vertex", "turn")


@dataclass(frozen=True)
class AnalysisFiles:
    """What a bundle holds of one analysis.

    Parameters
    ----------
    question : Question
    draws : xr.DataTree
        posterior.nc, read.
    folder : pathlib.Path
        ``results/<study>/<analysis>``.
    config : Config
        Of the run.
    parts : sequence of MaskedPart or None
        What the gate lets out; None where that is nothing, or where exact moments are given.
    refused : str
        Why no moments are given; "" where they are.
    flow : FlowTold
        How many persons the public knows of.
    cores : int
    """

    question: Question
    draws: xr.DataTree
    folder: Path
    config: Config
    parts: Sequence[MaskedPart] | None
    refused: str
    flow: FlowTold
    cores: int

    @property
    def lost(self) -> int:
        """Observed values that are masked or withheld."""
        return sum(one.values_lost for one in self.parts or ())

    @property
    def withheld(self) -> int:
        """Units of which no moments are released."""
        return sum(one.withheld for one in self.parts or ())

    @cached_property
    def moments(self) -> dict[str, xr.Dataset]:
        """What moments.nc holds, by part."""
        if self.refused:
            return {}
        if self.parts is None:
            return exact_moments(self.question)
        return {one.name: dataset_of(one) for one in self.parts}

    @cached_property
    def template(self) -> dict[str, Any]:
        """What model.json says."""
        built = self.question.built
        masked = {one.name: one for one in self.parts or ()}
        told = {
            part.name: masked[part.name].told(part)
            if masked
            else column_summary(part.predictors, part.columns, part.cluster)
            for part in built.parts
        }
        family = self.question.family
        return {
            "format": FORMAT,
            "securebase": version("securebase"),
            "study": self.question.study.study,
            "analysis": self.question.name,
            "family": family.name,
            "equation": family.equation,
            "moments": self.refused or "released",
            **template_of(self.question.panel, built, None if self.refused else told),
        }

    @cached_property
    def model(self) -> BundledModel | None:
        """The model on the moments of the bundle, rebuilt as a reader does."""
        if self.refused:
            return None
        return modelled(self.template, self.question.priors, self.moments)

    @cached_property
    def public_tree(self) -> xr.DataTree:
        """What the public has of the draws of the fit to all data."""
        return public_draws(self.draws, self.model, self.lost, self.withheld)

    @cached_property
    def released(self) -> AtReleased | None:
        """The analysis at the predictors of those who are released, where some are not."""
        if self.model is None or not self.withheld:
            return None
        claims = claims_of(self.question.study, self.question.name)
        return AtReleased(self.public_tree, self.model, claims, self.config)

    def public(self) -> Files:
        """Give the files of the public tier."""
        files = {**self._declared(), "posterior.nc": tree_bytes(self.public_tree)}
        files |= self._tables(Told(bool(self.lost) or self.model is None, self.flow))
        if self.parts is not None:
            files["cells.csv"] = csv_bytes(cell_table(self.parts))
            files["moments.csv"] = moments_table(self.question.name, self.moments).encode()
        if self.model is not None:
            files |= self._refit(self.model)
        return files

    def controlled(self) -> Files:
        """Give the files of the controlled tier."""
        files = {**self._declared(), "posterior.nc": tree_bytes(controlled_draws(self.draws))}
        for name in OF_ANALYSIS:
            if (self.folder / name).is_file():
                files[name] = (self.folder / name).read_bytes()
        return files

    def _declared(self) -> Files:
        files = {
            "model.json": json_bytes(self.template),
            "priors.json": json_bytes(priors_as_lists(self.question.priors)),
        }
        return files | ({"moments.nc": moment_bytes(self.moments)} if self.moments else {})

    def _tables(self, told: Told) -> Files:
        again = {name: OF_ANALYSIS[name](table, told) for name, table in self._again.items()}
        return public_tables(self.folder, OF_ANALYSIS, told) | {
            name: csv_bytes(table, separator_of(name)) for name, table in again.items()
        }

    @cached_property
    def _again(self) -> dict[str, pd.DataFrame]:
        """Tables that are others where units are withheld."""
        if self.released is None:
            return {}
        return self.released.tables(pd.read_csv(self.folder / "checks.tsv", sep="\t"))

    def _refit(self, model: BundledModel) -> Files:
        """Fit to the public moments, and say what that changes."""
        question, sampling = self.question, self.config.sampling
        study, name = question.study, question.name
        names = (study.study, name, "public moments")
        posterior, stats = model.fit(sampling, derived_seed(sampling.seed, *names), self.cores)
        attributes = provenance_of_refit(question, sampling, names)
        tree = refit_draws(posterior, stats, model, attributes)
        asked, panel = claims_of(study, name), question.panel
        judged = judged_again(
            asked, posterior, stats, model.family, panel.time_unit, claim_units(study),
            (self.config.thresholds, self.config.decision),
        )  # fmt: skip
        known = pd.read_csv(self.folder.parent / "claims.csv")
        summary = self._again.get("summary.csv", pd.read_csv(self.folder / "summary.csv"))
        before = known[known["analysis"] == name]
        if self.released is not None and asked:
            before = self.released.judged(before)
        table = fidelity_table(summary, posterior, (before, judged), model.family, panel.time_unit)
        return {"public.nc": tree_bytes(tree), "fidelity.csv": csv_bytes(table)}


def exact_moments(question: Question) -> dict[str, xr.Dataset]:
    """Give the exact arrays of each part: under agreement only."""
    return {part.name: exact_dataset(part) for part in question.built.parts}


def rebuilding_fault(question: Question, draws: xr.DataTree) -> str:
    """Say why the model of an analysis cannot be written again from its template; "" if it can.

    It is written so and its log-density, with exact moments, held against the sampler's.
    """
    built = question.built
    varying = "deviation" in question.panel.data
    if varying or any(isinstance(part, OccasionPart) for part in built.parts):
        return "effects are multiplied with what each unit observed, which no template tells"
    told = {one.name: column_summary(one.predictors, one.columns) for one in built.parts}
    template = json.loads(json.dumps(template_of(question.panel, built, told)))
    try:
        model = modelled(template, question.priors, exact_moments(question))
    except InputError as error:
        return f"its model cannot be written from a template: {error.faults[0].given}"
    posterior, stats = (draws[name].to_dataset() for name in ("posterior", "sample_stats"))
    some = {"draw": np.linspace(0, posterior.sizes["draw"] - 1, _CHECKED).astype(int)}
    found = model.log_density(posterior.isel(some))
    logp = stats["logp"].isel(some)
    if float((abs(logp - found) / abs(logp).clip(min=1.0)).max()) <= TOLERANCE:
        return ""
    return "the model depends on more of its units than a template can tell"


def asks_of_columns(claims: Sequence[Claim]) -> bool:
    """Whether a claim is on what follows from the predictor values of all units."""
    return any(term.variable.startswith(_OF_COLUMNS) for one in claims for term in one.estimand)


def tree_bytes(tree: xr.DataTree) -> bytes:
    """Write groups as netCDF-4."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "draws.nc"
        tree.to_netcdf(path, engine="netcdf4")
        return path.read_bytes()


def moment_bytes(moments: Mapping[str, xr.Dataset]) -> bytes:
    """Write moments as netCDF-4."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "moments.nc"
        write_moments(moments, path)
        return path.read_bytes()
