"""The gate's side (rows 20 to 23): what is released without it is broken by the attacks it makes.

Records are those of a demo study, which are nobody's. Each attack has to recover what it says, and
the gate has to refuse what it was made on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import multivariate_normal, wishart

from securebase.disclosure import CellRecords, Grid, Outgoing, Sample, cells_of, inspect
from securebase.disclosure.attacks import (
    Claims,
    PointwiseLoglik,
    count_right,
    differencing_attack,
    lattice_attack,
    pointwise_attack,
    singleton_attack,
)
from securebase.disclosure.of_part import sample_of_part
from securebase.fitting import posed
from securebase.names import UNIT
from securebase.selftest.demos import Demo
from securebase.selftest.outcomes import Trial

FEW, DRAWS, _SEED = 5, 400, 20261127
_LONELY = "lonely"


def records_of(demo: Demo) -> Sample:
    """Give the records that the first part of a demo's first analysis was fitted to."""
    study, name = demo.order.study, next(iter(demo.order.study.analyses))
    waves = pd.read_parquet(demo.root / demo.order.folder / "waves.parquet")
    question = posed(study, name, waves)
    return sample_of_part(question.built.parts[0], study, question.panel.data[UNIT].values)


def broken(demo: Demo) -> Iterator[Trial]:
    """Release what the gate would refuse, attack it, and ask the gate."""
    sample = records_of(demo)
    few = sample.only(np.arange(FEW))
    yield _tested(21, demo, f"lattice attack on a cell of {FEW}", *_lattice(few), FEW)
    yield _tested(21, demo, "singleton attack on a level of one", *_singleton(sample), 1)
    yield _tested(23, demo, "differencing attack on all, and all but one", *_difference(sample), 1)
    attacked = _by_unit(few)
    yield _tested(22, demo, "log-likelihood attack, by unit", *attacked, FEW)


def _tested(row: int, demo: Demo, what: str, right: int, refused: bool, wanted: int) -> Trial:
    words = f"{right} of {wanted} records recovered, the gate {'refuses' if refused else 'passes'}"
    return Trial(row, demo.name, what, "attack", right == wanted and refused, words)


def _refused(samples: Mapping[str, Sequence[CellRecords]]) -> bool:
    return any(one.fails for one in inspect(Outgoing(samples)))


def _lattice(few: Sample) -> tuple[int, bool]:
    (one,) = cells_of(few)
    claims = lattice_attack(one.cell, one.grids)
    return count_right(claims, one.rows, one.cell.columns), _refused({"few": [one]})


def _singleton(sample: Sample) -> tuple[int, bool]:
    """Add an indicator of a level that one unit has."""
    alone = (np.arange(len(sample.y)) == 0).astype(float)
    lonely = replace(
        sample, x=np.column_stack([sample.x, alone]), predictors=(*sample.predictors, _LONELY),
        grids={**sample.grids, _LONELY: Grid((1.0,))},
    )  # fmt: skip
    cells = cells_of(lonely)
    right = 0
    for one in cells:
        claims = singleton_attack(one.cell, one.grids)
        right += count_right(claims, one.rows, one.cell.columns)
    return right, _refused({"all": cells})


def _difference(sample: Sample) -> tuple[int, bool]:
    everybody, others = (
        cells_of(one) for one in (sample, sample.only(np.arange(1, len(sample.y))))
    )
    grids = {name: grid for one in everybody for name, grid in one.grids.items()}
    claims = differencing_attack(
        [one.cell for one in everybody], [one.cell for one in others], grids
    )
    right = count_right(claims, sample.rows, sample.columns)
    return right, _refused({"all": everybody, "but one": others})


def _by_unit(few: Sample) -> tuple[int, bool]:
    """Draw means and covariances around those of the records, and tell each unit's density."""
    width, rng = few.y.shape[1], np.random.default_rng(_SEED)
    spread = np.cov(few.y.T) + 0.2 * np.eye(width)
    cov = wishart(200, spread / 200, seed=rng).rvs(DRAWS)
    mean = few.y.mean(axis=0) + 0.1 * rng.normal(size=(DRAWS, width))
    density = np.array(
        [multivariate_normal(m, c).logpdf(few.y) for m, c in zip(mean, cov, strict=True)]
    )
    by_unit = np.repeat(mean[:, None], len(few.y), axis=1)
    told = PointwiseLoglik(density, by_unit, cov, few.observed, np.eye(width), few.responses)
    claims: Claims = pointwise_attack(told)
    refused = any(one.fails for one in inspect(Outgoing(pointwise=(told, few.y))))
    return count_right(claims, few.y, few.responses), refused
