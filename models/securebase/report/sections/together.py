"""Whether changes go together: of two outcomes within a person, of two members of a unit."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import xarray as xr

from securebase.names import SAMPLES
from securebase.report.analysed import Analysed
from securebase.report.cloud_figures import Cloud, cloud_panel
from securebase.report.counting import lines_of, lines_or_none
from securebase.report.figures import outcome_colour
from securebase.report.fit_tables import estimate_table
from securebase.report.section import Block, Folded, Gallery, Note, Section, folded
from securebase.report.svg import CLAIMED, Picture, inline_svg
from securebase.report.wording import counted, fixed

_SHOWN: Final = 6
_CHANGE: Final = "change"
_READING: Final = (
    "Where half and 95 % of the {units} lie, by the model, at posterior medians; thin lines: the "
    "same 95 % at single draws, so how sure that is; cross: the expected changes ({of}). Drawn "
    "from means, standard deviations and correlations: no {unit} is shown."
)


@dataclass(frozen=True)
class Effect:
    """A change that varies over units: which phase, whose, of what."""

    name: str
    growth: str
    role: str
    outcome: str


@dataclass(frozen=True)
class Pair:
    """Two changes, and the line of their correlation in ``summary.csv``."""

    level: str
    first: Effect
    second: Effect
    line: int


def section(one: Analysed) -> Section | None:
    """Draw pairs of changes; None where no two changes vary."""
    pairs = list(_pairs(one))
    if not pairs:
        return None
    file, lines = f"{one.name}/summary.csv", [pair.line for pair in pairs]
    limits = one.results.summary.loc[lines, ["q2_5", "q97_5"]]
    clear = limits.index[np.sign(limits.to_numpy(float)).sum(axis=1) != 0]
    words = (
        *("Of ", lines_of(file, lines, "pair"), " of changes, ", lines_or_none(file, clear)),
        " keep zero outside of the 95 % ETI of their correlation.",
    )
    return Section("together", "Do changes go together?", words, tuple(_blocks(one, pairs)))


def _blocks(one: Analysed, pairs: list[Pair]) -> Iterator[Block]:
    pictures = [_picture(one, number, pair) for number, pair in enumerate(pairs)]
    yield Gallery(pictures[:_SHOWN])
    if pictures[_SHOWN:]:
        title = counted(len(pictures) - _SHOWN, "more drawing")
        yield Folded(title, (Gallery(pictures[_SHOWN:]),))
    unit, table = one.study.unit, one.results.parameters.set_index("name")
    of = str(table.at[_CHANGE, "unit"])
    yield Note((_READING.format(unit=unit, units=f"{unit}s", of=of),))
    rows = one.results.summary.loc[[pair.line for pair in pairs]]
    yield folded(estimate_table("Correlations of changes", one.results, rows, one.labels))


def _pairs(one: Analysed) -> Iterator[Pair]:
    """Pairs of changes of one person, or of one outcome; anxiety with avoidance first."""
    found = [pair for level in ("unit", "cluster", _CHANGE) for pair in _pairs_at(one, level)]
    yield from sorted(found, key=lambda pair: not _attachment(pair))


def _pairs_at(one: Analysed, level: str) -> Iterator[Pair]:
    posterior = one.results.posterior["posterior"].to_dataset()
    if f"{level}_corr" not in posterior or _CHANGE not in posterior:
        return
    dim = str(posterior[f"{level}_sd"].dims[-1])
    known = [_read(str(name), dim, posterior) for name in posterior[dim].values]
    rows = one.results.summary
    lines = rows[rows["name"] == f"{level}_corr"].reset_index().set_index("coordinates")["line"]
    for first, second in combinations([one for one in known if one], 2):
        same = first.role == second.role, first.outcome == second.outcome
        key = f"{dim}={first.name}, {dim}_bis={second.name}"
        if first.growth == second.growth and any(same) and key in lines:
            yield Pair(level, first, second, int(lines[key]))


def _read(name: str, dim: str, posterior: xr.Dataset) -> Effect | None:
    """Read the name of an effect; None where it is no change."""
    if dim == "change_series":
        return Effect(name, _CHANGE, *_split(name))
    growth, _, rest = name.partition(" ")
    phases = posterior["phase"].values if "phase" in posterior[_CHANGE].dims else [_CHANGE]
    return Effect(name, growth, *_split(rest)) if growth in phases else None


def _split(name: str) -> tuple[str, str]:
    role, _, outcome = name.rpartition(" ")
    return role, outcome


def _attachment(pair: Pair) -> bool:
    names = pair.first.outcome + pair.second.outcome
    return "anxi" in names and "avoid" in names


def _cloud(posterior: xr.Dataset, pair: Pair) -> Cloud:
    both = [pair.first, pair.second]
    spread, dim = posterior[f"{pair.level}_sd"], str(posterior[f"{pair.level}_sd"].dims[-1])
    at = {dim: pair.first.name, f"{dim}_bis": pair.second.name}
    flat = {"sample": SAMPLES}
    return Cloud(
        mean=np.column_stack([_expected(posterior, one) for one in both]),
        sd=np.column_stack([spread.sel({dim: one.name}).stack(flat).values for one in both]),
        correlation=posterior[f"{pair.level}_corr"].sel(at).stack(flat).values,
    )


def _expected(posterior: xr.Dataset, effect: Effect) -> np.ndarray:
    # the partner of an exchangeable member is expected to change as the member is
    role = effect.role.removesuffix("'s partner")
    at = {"role": role, "outcome": effect.outcome, "phase": effect.growth}
    change = posterior[_CHANGE]
    own = change.sel({dim: label for dim, label in at.items() if dim in change.dims})
    return np.asarray(own.stack(sample=SAMPLES).values)


def _picture(one: Analysed, number: int, pair: Pair) -> Picture:
    posterior, row = one.results.posterior["posterior"].to_dataset(), one.results.summary.loc
    low, middle, high = (
        fixed(float(str(row[pair.line, name])), 2) for name in ("q2_5", "median", "q97_5")
    )
    axes = [_words(effect, one) for effect in (pair.first, pair.second)]
    words = (
        f"Changes of {axes[0]} and {axes[1]}{_at(pair)}: correlation {middle} "
        f"(95 % ETI {low} to {high})."
    )
    title = f"r = {middle} ({low} to {high}){_at(pair)}"
    same = pair.first.outcome == pair.second.outcome
    colour = outcome_colour(pair.first.outcome, number) if same else CLAIMED
    drawing = cloud_panel(_cloud(posterior, pair), axes, title, colour)
    return Picture(inline_svg(drawing, f"{one.name}-cloud-{number}", words), words)


def _at(pair: Pair) -> str:
    """Say where it is not of units."""
    return ", between clusters" if pair.level == "cluster" else ""


def _words(effect: Effect, one: Analysed) -> str:
    phase = "" if effect.growth == _CHANGE else f", {effect.growth.replace('_', ' ')}"
    role = one.labels.get(effect.role, effect.role.replace("_", " "))
    outcome = one.labels.get(effect.outcome, effect.outcome.replace("_", " "))
    return f"{role} {outcome}{phase}"
