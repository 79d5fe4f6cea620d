"""The part of lavaan's syntax that lavaan.R is written in, read and evaluated by its rules.

`f =~ l*y`: y = Σ l f + residual; `f ~ b*x`: f = Σ b x + rest (x = 1: the constant);
`a ~~ c*b`: covariance of the rests of a and b. A number is a constant, any other factor a label.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Line:
    """One summand of one line of a model."""

    left: str
    operator: str
    factor: str
    right: str


def lines_of(model: Sequence[str]) -> Iterator[Line]:
    for text in model:
        operator = next(one for one in ("=~", "~~", "~") if f" {one} " in text)
        left, right = text.split(f" {operator} ")
        for summand in right.split(" + "):
            factor, name = summand.split("*")
            yield Line(left, operator, factor, name)


def number(factor: str, values: Mapping[str, float]) -> float:
    return values[factor] if factor in values else float(factor)


def implied(
    model: Sequence[str],
    observed: Sequence[str],
    columns: Sequence[str],
    values: Mapping[str, float],
) -> tuple[np.ndarray, np.ndarray]:
    """Mean by column (observed, column) and covariance (observed, observed) of the model."""
    found = list(lines_of(model))
    latent = list(dict.fromkeys(one.left for one in found if one.operator == "=~"))
    reach = np.zeros((len(observed), len(latent)))
    regression = np.zeros((len(latent), len(columns)))
    between = np.zeros((len(latent), len(latent)))
    residual = np.zeros((len(observed), len(observed)))
    for one in found:
        value = number(one.factor, values)
        if one.operator == "=~":
            reach[observed.index(one.right), latent.index(one.left)] = value
        elif one.operator == "~":
            regression[latent.index(one.left), columns.index(one.right)] = value
        else:
            names, target = (latent, between) if one.left in latent else (observed, residual)
            row, column = names.index(one.left), names.index(one.right)
            target[row, column] = target[column, row] = value
    return reach @ regression, reach @ between @ reach.T + residual
