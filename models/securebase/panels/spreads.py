"""What varies in a panel: blocks of stable parts, first deviations, innovations and noise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.growth.time import CHANGE, LEVEL
from securebase.likelihood import product
from securebase.panels.arrows import stable_pairs, state_pairs
from securebase.panels.design import INFORMANT, STABLE, STATE, PanelDesign
from securebase.panels.series import Series
from securebase.priors import Priors
from securebase.structure.covariance import MemberCovariance
from securebase.structure.ranks import explained, ranks_of

Array = NDArray[np.float64]
Quantity = tuple[str, str, str]


@dataclass(frozen=True)
class Spread:
    """A covariance, and every place in which parts vary by it.

    Parameters
    ----------
    name : str
        Prior blocks: `{name}_sd` and `{name}_corr`.
    covariance : MemberCovariance
    copies : list of dict of int to int
        {quantity: part}, independent of each other; a copy may lack quantities.
    occasions : tuple of int
        At which innovations are of this covariance; none for what is not new at a step.
    """

    name: str
    covariance: MemberCovariance
    copies: list[dict[int, int]]
    occasions: tuple[int, ...] = ()

    def sds(self, priors: Priors) -> Array:
        """Spread of the half-normal of each standard deviation."""
        blocks = [
            f"{kind}_sd" if self.name == "unit" else f"{self.name}_sd"
            for kind, _, _ in self.covariance.quantities
        ]
        outcomes = [outcome for _, _, outcome in self.covariance.quantities]
        return np.array(
            [priors[block].sds([one])[0] for block, one in zip(blocks, outcomes, strict=True)]
        )

    def factor(self, priors: Priors, size: int, first: int, width: int) -> TensorVariable:
        """Register it in the current model; return (part, standard), its standards from `first`."""
        count = len(self.covariance.quantities)
        down, across = np.zeros((size, count)), np.zeros((count, width))
        copy_of_row, copy_of_column = np.full(size, -1), np.full(width, -2)
        for number, copy in enumerate(self.copies):
            columns = first + number * count + np.arange(count)
            across[np.arange(count), columns] = 1.0
            copy_of_column[columns] = number
            down[list(copy.values()), list(copy)] = 1.0
            copy_of_row[list(copy.values())] = number
        own = self.covariance.factor(self.sds(priors), priors[f"{self.name}_corr"])
        everywhere = product(product(down, own), across)
        if len(self.copies) == 1:
            return everywhere
        return everywhere * (copy_of_row[:, None] == copy_of_column).astype(float)


def spreads(design: PanelDesign) -> list[Spread]:
    """Everything that varies with a covariance of its own."""
    if design.scores:
        both = [(kind, one) for kind in (LEVEL, CHANGE) for one in design.series]
        return [_between(design, "unit", "effect", both, 0), *_innovations(design)]
    found = list(_ranked(design))
    if design.still:
        changes = [(CHANGE, one) for one in design.still]
        found.append(_between(design, "change", "change_series", changes, 0))
    return found


def _ranked(design: PanelDesign) -> Iterator[Spread]:
    rank = ranks_of(design.series, stable_pairs(design))
    for level in sorted(set(rank.values())):
        own = [one for one, its in rank.items() if its == level]
        kinds = [(STABLE if one.moving else LEVEL, one) for one in own]
        yield _between(design, "stable", "stable_series", kinds, level)
    rank = ranks_of(design.moving, state_pairs(design, starting=True))
    for level in sorted(set(rank.values())):
        own = [one for one, its in rank.items() if its == level]
        rows = {place: design.row(STATE, one, design.first(one)) for place, one in enumerate(own)}
        yield Spread("first", _covariance(design, "first", "first_series", own, level), [rows])
    yield from _innovations(design)


def _innovations(design: PanelDesign) -> Iterator[Spread]:
    """Innovations by rank: one covariance of all steps, or one of each."""
    rank = ranks_of(design.moving, state_pairs(design))
    for level in sorted(set(rank.values())):
        every = [one for one, its in rank.items() if its == level]
        if design.dynamics.innovations == "equal":
            yield from _innovated(design, every, list(range(1, design.grid.size)), level, "")
            continue
        for occasion in range(1, design.grid.size):
            own = [one for one in every if occasion > design.first(one)]
            wave = f"_{design.grid.wave(occasion)}"
            yield from _innovated(design, own, [occasion], level, wave)


def _innovated(
    design: PanelDesign, own: Sequence[Series], occasions: list[int], level: int, wave: str
) -> Iterator[Spread]:
    copies = [
        {
            place: design.row(STATE, one, occasion)
            for place, one in enumerate(own)
            if occasion > design.first(one)
        }
        for occasion in occasions
    ]
    if any(copies):
        names = f"innovation{wave}", f"innovation_series{wave}"
        covariance = _covariance(design, *names, own, level)
        yield Spread("innovation", covariance, [copy for copy in copies if copy], tuple(occasions))


def _between(
    design: PanelDesign, name: str, dim: str, kinds: Sequence[tuple[str, Series]], level: int
) -> Spread:
    quantities = [("" if kind == STABLE else kind, one.slot, one.outcome) for kind, one in kinds]
    if name == "change":
        quantities = [("", slot, outcome) for _, slot, outcome in quantities]
    rows = {place: design.row(kind, one) for place, (kind, one) in enumerate(kinds)}
    return Spread(name, _named(design, name, dim, quantities, level), [rows])


def _covariance(
    design: PanelDesign, name: str, dim: str, own: Sequence[Series], level: int
) -> MemberCovariance:
    return _named(design, name, dim, [("", one.slot, one.outcome) for one in own], level)


def _named(
    design: PanelDesign, name: str, dim: str, quantities: list[Quantity], level: int
) -> MemberCovariance:
    """Covariance named by its rank ("", "_explained", "_explained_2", …) and composition."""
    several = len(design.panel.compositions) > 1
    suffix = explained(level) + (f"_{design.composition.name}" if several else "")
    slots, labels = design.composition.slots, design.composition.labels
    return MemberCovariance(f"{name}{suffix}", f"{dim}{suffix}", quantities, slots, labels)


@dataclass(frozen=True)
class Noise:
    """Standard deviations of what is independent: by label, wherever it occurs.

    Parameters
    ----------
    name : str
        "noise" or "informant".
    labels : list of str
        "patient anxiety", of the dim `series`.
    outcomes : list of str
        Scale of each label, for its prior.
    """

    name: str
    labels: list[str]
    outcomes: list[str]

    def registered(self, priors: Priors) -> TensorVariable:
        """Register in the current model and return signed standard deviations (label,)."""
        pm.modelcontext(None).add_coords({"series": self.labels})
        sd = priors[f"{self.name}_sd"].sds(self.outcomes)
        # half-normal by its sign, as in covariances: a spread near zero is passed through
        signed = pm.Normal(
            f"{self.name}_signed", 0.0, 1.0, initval=np.full(len(sd), 1.2), dims="series"
        )
        pm.Deterministic(f"{self.name}_sd", pt.abs(signed) * sd, dims="series")
        return signed * sd


def noisy(designs: Sequence[PanelDesign]) -> dict[tuple[str, str], str]:
    """{label and scale: label of the dim `series`} of what is measured with noise."""
    found = {}
    for design in designs:
        plain = [(one.slot, one.outcome) for one in design.series] if design.scores else []
        for slot, scale in (*design.reporters, *plain):
            found[design.label(slot), scale] = f"{design.label(slot)} {scale}"
    return found


def noises(designs: Sequence[PanelDesign]) -> list[Noise]:
    """What is independent: noise of each wave, and what each informant always adds."""
    found = noisy(designs)
    labels, outcomes = list(found.values()), [scale for _, scale in found]
    names = ["noise"] * bool(found) + ["informant"] * any(one.reporters for one in designs)
    return [Noise(name, labels, outcomes) for name in names]


def parts_factor(
    design: PanelDesign, priors: Priors, informant: TensorVariable | None, labels: list[str]
) -> TensorVariable:
    """Register what varies; return F (part, standard), covariance of parts F Fᵀ."""
    size, blocks = design.size, spreads(design)
    counts = [len(one.copies) * len(one.covariance.quantities) for one in blocks]
    width = sum(counts) + len(design.reporters)
    firsts = np.cumsum([0, *counts])
    terms = [
        one.factor(priors, size, int(first), width)
        for one, first in zip(blocks, firsts, strict=False)
    ]
    if informant is not None and design.reporters:
        place = np.zeros((size, width, len(labels)))
        for number, (slot, scale) in enumerate(design.reporters):
            row = design.parts.index((INFORMANT, slot, scale, 0))
            place[row, firsts[-1] + number, labels.index(f"{design.label(slot)} {scale}")] = 1.0
        flat = product(place.reshape(size * width, -1), informant[:, None])
        terms.append(flat.reshape((size, width)))
    return reduce(add, terms)


def noise_cov(
    design: PanelDesign, noise: TensorVariable | None, labels: list[str]
) -> TensorVariable:
    """Covariance (series, series) of what one wave adds beside the parts: independent noise."""
    series = design.measured.series
    count = len(series)
    place = np.zeros((count, count, len(labels)))
    for row, (slot, scale) in enumerate(series):
        label = f"{design.label(slot)} {scale}"
        if label in labels:
            place[row, row, labels.index(label)] = 1.0
    if noise is None:
        return pt.constant(np.zeros((count, count)))
    return product(place.reshape(count * count, -1), (noise**2)[:, None]).reshape((count, count))


def described(posterior: xr.Dataset, designs: Sequence[PanelDesign]) -> xr.Dataset:
    """Add standard deviations and correlations of every block."""
    for design in designs:
        for one in spreads(design):
            posterior = one.covariance.described(posterior)
    return posterior
