"""The design study of an analysis: its own design, its simulator's truths, its claims."""

import logging
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import xarray as xr

from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import Study
from securebase.config import Decision, Recovery, Sampling
from securebase.fitting import posed_on
from securebase.recovery.replicates import recover
from securebase.recovery.table import recovery_table
from securebase.sampling import derived_seed
from securebase.simulation.designs import design_panel, truth_for
from securebase.simulation.settings import Simulation

log = logging.getLogger(__name__)


def recover_analysis(
    study: Study,
    settings: Simulation,
    name: str,
    recovery: Recovery,
    sampling: Sampling,
    decision: Decision,
    cores: int,
    part: range | None = None,
) -> dict[str, pd.DataFrame]:
    """Recover the claims of one analysis in the worlds that are asked for.

    Parameters
    ----------
    study : Study
        The codebook.
    settings : Simulation
        Its simulator's.
    name : str
        The analysis.
    recovery : Recovery
        Worlds, replicates, size, and how each fit is drawn.
    sampling : Sampling
        Of the run: root of seeds, acceptance.
    decision : Decision
        The rule of verdicts.
    cores : int
    part : range, optional
        Numbers of the replicates to make; by default all.

    Returns
    -------
    dict of str to pd.DataFrame
        See `replicates.recover`.

    Raises
    ------
    InputError
        Where the analysis cannot be simulated or a claim asks what it does not have.
    """
    seed = derived_seed(sampling.seed, "recovery", study.study, name)
    panel = design_panel(study, settings, name, recovery.size, seed)
    question = posed_on(panel, study, name)
    truths: dict[str, xr.Dataset] = {
        world: truth_for(study, settings, name, panel, world) for world in recovery.worlds
    }
    log.info(
        "%d units, %d replicates in each of %d worlds",
        panel.data.sizes["unit"], recovery.replicates, len(truths),
    )  # fmt: skip
    claims = claims_of(study, name)
    return recover(question, truths, claims, recovery, sampling, decision, cores, part)


def read_batches(paths: Iterable[Path]) -> dict[str, pd.DataFrame]:
    """Put batches ``{world}/{first}-{last}.parquet`` together: replicates by world, in order."""
    tables: dict[str, list[pd.DataFrame]] = {}
    for path in paths:
        tables.setdefault(path.parent.name, []).append(pd.read_parquet(path))
    return {
        world: pd.concat(parts).sort_values("replicate", kind="stable", ignore_index=True)
        for world, parts in tables.items()
    }


def write_recovery(found: dict[str, pd.DataFrame], study: str, name: str, folder: Path) -> None:
    """Write ``{world}.csv`` and ``{world}_replicates.parquet`` of an analysis."""
    folder.mkdir(parents=True, exist_ok=True)
    for world, rows in found.items():
        rows.to_parquet(folder / f"{world}_replicates.parquet", index=False)
        table = labelled_table(rows, study, name)
        table.to_csv(folder / f"{world}.csv", index=False, float_format="%.5g")


def labelled_table(rows: pd.DataFrame, study: str, name: str) -> pd.DataFrame:
    """Summarise replicates under the name of their study and analysis."""
    table = recovery_table(rows)
    table.insert(0, "study", study)
    table.insert(1, "analysis", name)
    return table
