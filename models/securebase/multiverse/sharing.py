"""One compiled model for several specifications: where their models differ in data alone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pymc as pm
from numpy.typing import NDArray
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant, Variable, equal_computations
from pytensor.graph.traversal import graph_inputs

from securebase.dials import WEIGHT, Block, blocks_of
from securebase.fitting import Question, posed_on

Data = dict[str, NDArray[Any]]


def data_for(question: Question, base: Question) -> Data | None:
    """Give the data that make the model of one question that of another.

    Parameters
    ----------
    question : Question
        To be fitted.
    base : Question
        Whose model is compiled.

    Returns
    -------
    dict of str to ndarray, or None
        Arrays of the likelihood and weights of the dials on priors; None where the models differ
        in more than that.
    """
    turned = _turned(question, base)
    if turned is None or not same_graph(_under_priors_of(base, question), base.built.model):
        return None
    return {**question.built.data_of(question.panel), WEIGHT: turned}


def _under_priors_of(base: Question, question: Question) -> pm.Model:
    """Model of a question, were its priors those of another."""
    declared, priors = question.panel.analysis, base.panel.analysis.priors
    if declared.priors == priors:
        return question.built.model
    panel = replace(question.panel, analysis=declared.model_copy(update={"priors": priors}))
    return posed_on(panel, question.study, question.name).built.model


def same_graph(model: pm.Model, other: pm.Model) -> bool:
    """Say whether two models are the same computation but for their data."""
    outputs, others = _outputs(model), _outputs(other)
    inputs, replaced = _shared(outputs), _shared(others)
    names = [[one.name for one in listed] for listed in (outputs, others)]
    alike = names[0] == names[1] and [one.type for one in inputs] == [one.type for one in replaced]
    return alike and equal_computations(outputs, others, inputs, replaced)


def _outputs(model: pm.Model) -> list[Variable[Any, Any]]:
    return [*model.free_RVs, *model.potentials, *model.deterministics]


def _shared(outputs: list[Variable[Any, Any]]) -> list[Variable[Any, Any]]:
    return [one for one in graph_inputs(outputs) if isinstance(one, SharedVariable)]


def _turned(question: Question, base: Question) -> NDArray[np.float64] | None:
    """Weights of the dials that turn the priors of a model into those of another; None: no such."""
    wanted, there = blocks_of(question.built.model), blocks_of(base.built.model)
    if [one.name for one in wanted] != [one.name for one in there]:
        return None
    found = [_weight(one, other) for one, other in zip(wanted, there, strict=True)]
    return None if None in found else np.array(found, dtype=float)


def _weight(wanted: Block, there: Block) -> float | None:
    if wanted.of_correlations != there.of_correlations:
        return None
    (first, second), (mean, sd) = (_values(one) for one in (wanted, there))
    if wanted.of_correlations:
        apart = np.concatenate([first - mean, second - sd])
    elif first.shape != mean.shape or not np.array_equal(first, mean):
        return None
    else:
        apart = (sd / second) ** 2 - 1.0
    return float(apart[0]) if np.ptp(apart) <= 1e-9 else None


def _values(block: Block) -> Iterator[NDArray[np.float64]]:
    for one in block.parameters:
        yield np.ravel(one.data if isinstance(one, Constant) else one.eval())
