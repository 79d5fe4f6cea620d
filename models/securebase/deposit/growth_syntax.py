"""A growth model in the syntax of lavaan: the same moments, written by another's rules."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from securebase.codebook.claim import Claim, Term
from securebase.growth.design import GrowthDesign, column_name
from securebase.growth.mean import mean_variables
from securebase.growth.time import LEVEL, inner_waves
from securebase.structure.cells import At

type Effect = tuple[str, str, str]

_NAME: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class GrowthSyntax:
    """One composition's growth model for lavaan.

    Parameters
    ----------
    columns : mapping of str to str
        Name of each variable in moments.csv: its name in the model.
    lines : tuple of str
        The model, a line each. Parameters that are one parameter have one label.
    contrasts : tuple of str
        Claims of the analysis that are contrasts of mean parameters: "H1 := 0.5*a + ...".
    """

    columns: Mapping[str, str]
    lines: tuple[str, ...]
    contrasts: tuple[str, ...]


def growth_syntax(design: GrowthDesign, claims: Sequence[Claim]) -> GrowthSyntax:
    """Write a growth model and what its claims ask.

    Parameters
    ----------
    design : GrowthDesign
        Of the only composition of its analysis; no clusters, no times of the units' own.
    claims : sequence of Claim
        Of the same analysis; those that ask for more than means are left out.

    Returns
    -------
    GrowthSyntax
    """
    responses = [" ".join(one) for one in design.responses]
    variables = [*responses, *map(column_name, design.columns[1:])]
    names = _distinct([*variables, *(" ".join(one) for one in design.effects)])
    columns = {variable: names[variable] for variable in variables}
    effects = [names[" ".join(one)] for one in design.effects]
    observed = [columns[one] for one in responses]
    lines = (
        *_loadings(design, observed, effects),
        *_means(design, [columns[column_name(one)] for one in design.columns[1:]], effects),
        *_covariances("unit", [(effects, design.effects)], design),
        *_covariances("residual", list(_same_wave(design, observed)), design),
    )
    contrasts = (_contrast(one, design) for one in claims)
    return GrowthSyntax(columns, lines, tuple(one for one in contrasts if one))


def _distinct(names: Iterable[str]) -> dict[str, str]:
    """Give each name one of letters, digits and underscores, no two the same."""
    found: dict[str, str] = {}
    for name in names:
        plain = _NAME.sub("_", name).strip("_")
        while plain in found.values():
            plain += "_"
        found[name] = plain
    return found


def label(*parts: str) -> str:
    """Join the parts of a parameter's name into a label that lavaan takes."""
    return ".".join(_NAME.sub("_", part).strip("_") for part in parts)


def _plain(number: float) -> str:
    """Write a number so that it is read back to the bit."""
    return repr(number).removesuffix(".0")


def _loadings(
    design: GrowthDesign, observed: Sequence[str], effects: Sequence[str]
) -> Iterator[str]:
    """Write the basis, from effects to responses; loadings of a free path by their labels."""
    free = inner_waves(design.panel)
    for place, effect in enumerate(effects):
        growth, *series = design.effects[place]
        summands = []
        for row, (wave, *measured) in enumerate(design.responses):
            value = float(design.basis[row, place])
            if growth != LEVEL and wave in free and measured == series:
                summands.append(f"{label('loading', series[1], wave)}*{observed[row]}")
            elif value:
                summands.append(f"{_plain(value)}*{observed[row]}")
        yield f"{effect} =~ {' + '.join(summands)}"


def _means(
    design: GrowthDesign, predictors: Sequence[str], effects: Sequence[str]
) -> Iterator[str]:
    """Write the regression of the effects on the constant and the predictors."""
    for one in design.coefficients:
        on = predictors[one.column - 1] if one.column else "1"
        yield f"{effects[one.row]} ~ {label(one.variable, *one.at)}*{on}"


def _same_wave(
    design: GrowthDesign, observed: Sequence[str]
) -> Iterator[tuple[list[str], list[Effect]]]:
    """Give the responses of each wave with their series: their residuals are correlated."""
    for wave in dict.fromkeys(design.wave_of_response):
        rows = [row for row, one in enumerate(design.wave_of_response) if one == wave]
        yield [observed[row] for row in rows], [("", *design.responses[row][1:]) for row in rows]


def _covariances(
    kind: str, blocks: Sequence[tuple[Sequence[str], Sequence[Effect]]], design: GrowthDesign
) -> Iterator[str]:
    """Write (co)variances; what swapping exchangeable members leaves alike has one label."""
    for names, quantities in blocks:
        for row, name in enumerate(names):
            for column in range(row + 1):
                pair = _canonical((quantities[row], quantities[column]), design)
                shared = label(kind, *(part for one in pair for part in one if part))
                yield f"{name} ~~ {shared}*{names[column]}"


def _canonical(pair: tuple[Effect, Effect], design: GrowthDesign) -> tuple[Effect, ...]:
    """Choose one of all pairs that are the same by symmetry."""
    slots = design.composition.slots
    swap = dict(zip(slots, reversed(slots), strict=True))
    swapped = tuple((growth, swap[slot], outcome) for growth, slot, outcome in pair)
    alike = [pair, swapped] if design.composition.exchangeable else [pair]
    order = {one: place for place, one in enumerate(slots)}

    def rank(one: Effect) -> tuple[str, int, str]:
        return one[0], order[one[1]], one[2]

    return min((tuple(sorted(one, key=rank)) for one in alike), key=lambda one: [*map(rank, one)])


def _contrast(claim: Claim, design: GrowthDesign) -> str | None:
    """Write what a claim asks as a sum over mean parameters; None where it asks for others."""
    means = {one.name: one.cells for one in mean_variables([design])}
    summands = []
    for term in claim.estimand:
        if term.variable not in means:
            return None
        cells = means[term.variable]
        chosen = [one for one in cells.cells if _meant(term, cells.dims, one)]
        if not chosen:
            return None
        weight = term.weight / len(chosen)
        summands += [f"{_plain(weight)}*{label(term.variable, *one)}" for one in chosen]
    return f"{claim.id} := {' + '.join(summands)}"


def _meant(term: Term, dims: Sequence[str], cell: At) -> bool:
    return all(term.at.get(dim, name) == name for dim, name in zip(dims, cell, strict=True))
