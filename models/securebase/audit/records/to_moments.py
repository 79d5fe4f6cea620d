"""A81: from raw files by cleaning to moments, and these against those of the bundle."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import xarray as xr

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips
from securebase.audit.records.handed import Handed
from securebase.bundle.analysis_files import exact_moments
from securebase.bundle.moment_files import BY_UNIT, moments_for
from securebase.codebook.analysis import Analysis
from securebase.codebook.study import Study
from securebase.fitting import Question, posed
from securebase.moments import Moments
from securebase.part import Part

NEAR: Final = 1e-12
"""Of a sum, relative to the size of what it sums."""
_PUBLIC: Final = (
    "The public tier withholds by which values rows are left out, so that nobody can clean raw "
    "files as the author did: ask for the controlled one."
)


def raw_to_moments(opened: Opened, handed: Handed) -> Iterator[Said]:
    """Clean the raw files by the bundle's own codebook, and take the moments again."""
    if opened.about.tier != "controlled":
        yield skips(_PUBLIC)
        return
    waves, bundle = handed.waves(opened.study), opened.bundle
    for name in opened.study.analyses:
        template = bundle.template(name)
        if template["moments"] != "released":
            yield skips(f"{name}: no moments are released: {template['moments']}.")
            continue
        study = as_declared(opened.study, name, template["declared"])
        if study is None:
            yield fails(f"{name}: model.json declares another analysis than study.yaml.")
            continue
        question = posed(study, name, waves)
        found, largest = _compared(question, bundle.moments(name))
        yield from (fails(f"{name}/{words}.") for words in found)
        if not found:
            units = question.panel.data.sizes["unit"]
            yield passes(
                f"{name}: moments recomputed from raw data of {units} {opened.study.unit}s agree "
                f"(largest difference {largest:.0e} of their size)."
            )


def as_declared(study: Study, name: str, declared: Mapping[str, Any]) -> Study | None:
    """Give an analysis the keys that its author set; None where it is another.

    The codebook of a bundle has every default written out, and some families take a key that is
    set for a wish.
    """
    own = Analysis.model_validate(declared)
    told = study.analyses[name].model_copy(update={"rivals": {}})
    if own.model_dump() != told.model_dump():
        return None
    return study.model_copy(update={"analyses": {**study.analyses, name: own}})


def _compared(question: Question, told: dict[str, xr.Dataset]) -> tuple[list[str], float]:
    words, largest = [], 0.0
    again = exact_moments(question)
    for part in question.built.parts:
        mine, given = again[part.name], told.get(part.name)
        if given is None:
            words.append(f"{part.name} is not among the moments of the bundle")
        elif given.attrs["kind"] == BY_UNIT:
            apart = _of_arrays(given, mine)
            largest = max(largest, apart)
            if not apart <= NEAR:
                words.append(f"{part.name}: sums by unit differ by {apart:.2g} of their size")
        else:
            found, apart = _of_moments(part, moments_for(given, part), moments_for(mine, part))
            words += found
            largest = max(largest, apart)
    return words, largest


def _of_arrays(told: xr.Dataset, mine: xr.Dataset) -> float:
    """Largest difference of arrays, relative to the largest number of each; inf of other shapes."""
    if set(told.data_vars) != set(mine.data_vars):
        return np.inf
    apart = 0.0
    for name in told.data_vars:
        first, second = told[name].values, mine[name].values
        if first.shape != second.shape:
            return np.inf
        size = max(float(np.abs(second).max(initial=0.0)), 1.0)
        apart = max(apart, float(np.abs(first - second).max(initial=0.0)) / size)
    return apart


def _of_moments(part: Part, told: Moments, mine: Moments) -> tuple[list[str], float]:
    """Say which cells differ, and by how much relative to their sizes at most."""
    if told.observed.shape != mine.observed.shape or (told.observed != mine.observed).any():
        given, found = len(told.observed), len(mine.observed)
        return [f"{part.name}: {given} cells, raw data give {found}, or others"], np.inf
    words, largest = [], 0.0
    for cell, (n, own) in enumerate(zip(told.counts, mine.counts, strict=True)):
        place = f"{part.name}: cell {cell + 1}"
        if n != own:
            words.append(f"{place} has {n} units, raw data give {own}")
            largest = np.inf
            continue
        first, second = (one.crossproducts[cell] for one in (told, mine))
        scale = np.sqrt(np.maximum(np.diag(second), 0.0))
        apart = np.abs(first - second) / np.maximum(np.outer(scale, scale), 1.0)
        largest = max(largest, float(apart.max()))
        if apart.max() > NEAR:
            words.append(f"{place} {_difference(part, first, second, int(n))}")
    return words, largest


def _difference(part: Part, told: np.ndarray, mine: np.ndarray, n: int) -> str:
    """Name the mean that differs most, or the product where no mean does."""
    names = [*part.responses, *part.columns]
    constant = len(part.responses)
    means = np.abs(told[constant] - mine[constant]) / n
    if means.max() > NEAR * max(float(np.abs(mine[constant]).max()) / n, 1.0):
        return f"mean of {names[int(means.argmax())]} differs by {means.max():.2g}"
    row, column = np.unravel_index(np.abs(told - mine).argmax(), told.shape)
    apart = abs(told[row, column] - mine[row, column])
    return f"product of {names[row]} and {names[column]} differs by {apart:.2g}"
