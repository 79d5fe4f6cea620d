"""A whole simulated study: from settings to raw wave files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from securebase.codebook.study import Study
from securebase.simulation.agreement import refuse_disagreement
from securebase.simulation.answers import draw_answers, observed_scores
from securebase.simulation.files import (
    Written,
    planted_table,
    raw_files,
    refuse_other_layouts,
    save,
)
from securebase.simulation.losses import present
from securebase.simulation.persons import persons_at_waves
from securebase.simulation.planting import Planted, plant
from securebase.simulation.rawtables import raw_tables
from securebase.simulation.scores import draw_scores
from securebase.simulation.settings import Simulation, Size, World


@dataclass(frozen=True)
class SimulatedStudy:
    """What one run of the simulator makes, before any fault.

    Parameters
    ----------
    truths : tuple of xr.Dataset
        Parameters the scores were drawn from, one per model of the settings.
    true_waves : pd.DataFrame
        A row per person and wave that the design asks, nobody lost: keys, true scores, covariates.
    waves : pd.DataFrame
        The rows that were answered, with the scores that their answers give: what the cleaning
        makes of faultless files.
    answers : pd.DataFrame
        Aligned with `waves`: keyed items.
    """

    truths: tuple[xr.Dataset, ...]
    true_waves: pd.DataFrame
    waves: pd.DataFrame
    answers: pd.DataFrame


def simulate_study(
    study: Study,
    settings: Simulation,
    world: World = "source",
    seed: int | None = None,
    size: Size | None = None,
) -> SimulatedStudy:
    """Draw a study.

    Parameters
    ----------
    study : Study
        Its codebook: who is asked what when.
    settings : Simulation
        Design, truth, items, losses.
    world : {"source", "null", "reversed"}
        Claimed effects as declared, absent, or of opposite sign.
    seed : int, optional
        Another seed than the settings', for replications.
    size : {"small", "full"}, optional
        As many units as the example or as the published study; by default the small size where
        the settings declare one.

    Raises
    ------
    InputError
        With every fault of the settings against the codebook.
    """
    refuse_disagreement(study, settings)
    settings = settings.sized(size)
    # a stream of chance per part: a change of one part leaves the others' draws alone
    streams = np.random.default_rng(settings.seed if seed is None else seed).spawn(4)
    persons = persons_at_waves(study, settings, streams[0])
    scores = draw_scores(persons, study, settings, world, streams[1])
    answers = draw_answers(scores.waves, study, settings, streams[2])
    observed = scores.waves.assign(**observed_scores(answers, study))
    there = present(observed, study, settings, streams[3])
    waves = observed[there].reset_index(drop=True)
    return SimulatedStudy(scores.truths, scores.waves, waves, answers[there].reset_index(drop=True))


def study_files(
    study: Study,
    settings: Simulation,
    world: World = "source",
    faults: bool = True,
    size: Size | None = None,
) -> tuple[Sequence[Written], pd.DataFrame]:
    """Make the raw wave files of a study and the list of faults planted in them.

    Parameters
    ----------
    study : Study
        Its codebook: how the files lie.
    settings : Simulation
        What they hold.
    world : {"source", "null", "reversed"}
        See `simulate_study`.
    faults : bool
        Whether the declared faults are planted.
    size : {"small", "full"}, optional
        See `simulate_study`.

    Raises
    ------
    InputError
        With every fault of the settings against the codebook.
    """
    refuse_other_layouts(study)
    drawn = simulate_study(study, settings, world, size=size)
    tables = raw_tables(drawn.waves, drawn.answers, study, settings)
    planted: list[Planted] = []
    if faults:
        tables, planted = plant(tables, study, settings)
    files = list(raw_files(tables, study, settings))
    return files, planted_table(planted, files)


def write_study(
    study: Study,
    settings: Simulation,
    folder: Path,
    world: World = "source",
    faults: bool = True,
    size: Size | None = None,
) -> list[Path]:
    """Write the raw wave files of a study below a folder, and what is planted in them.

    Parameters
    ----------
    study : Study
        Its codebook.
    settings : Simulation
        See `load_simulation`.
    folder : Path
        The folder that paths of raw files start from (`raw_root`).
    world : {"source", "null", "reversed"}
        See `simulate_study`.
    faults : bool
        Whether the declared faults are planted.
    size : {"small", "full"}, optional
        See `simulate_study`.

    Returns
    -------
    list of Path
        The files written; the same settings give the same bytes.

    Raises
    ------
    InputError
        With every fault of the settings against the codebook; nothing is written.
    """
    files, planted = study_files(study, settings, world, faults, size)
    return save(files, planted, folder)
