"""From a model's units to the records that are released of them."""

import numpy as np
import pytest
from growth_examples import dated, growth_study, random_waves

from securebase.codebook.loading import Study
from securebase.disclosure import Grid, Sample, cells_of, mask, moments_of_cells
from securebase.disclosure.of_part import sample_of_part
from securebase.faults import InputError
from securebase.fitting import posed
from securebase.likelihood import loglik
from securebase.moments import moments_of
from securebase.names import UNIT
from securebase.part import Part

AGE = {"age": {"column": "age", "type": "continuous"}}
ACTOR = {"predictors": [{"name": "age", "of": "actor", "on": ["level"]}]}


def records(study: Study, rng: np.random.Generator, dates: bool = False) -> tuple[Part, Sample]:
    waves = random_waves(study, rng, units=80, missing=0.2)
    question = posed(study, "growth", dated(waves, rng) if dates else waves)
    (part,) = question.built.parts
    return part, sample_of_part(part, study, question.panel.data[UNIT].values)


def test_records_of_a_model_are_those_its_likelihood_takes(rng: np.random.Generator) -> None:
    scales = {
        "anxiety": {"items": ["a", "b", "c"], "minimum_items": 2},
        "avoidance": {"step": None},
    }
    part, sample = records(growth_study(ACTOR, scales=scales, covariates=AGE), rng)
    assert sample.responses == part.responses
    assert sample.predictors == part.columns[1:]
    assert sample.noun == "couple"
    assert sample.grids["w1 patient anxiety"] == Grid((1 / 3, 1 / 6), 1.0)
    assert "w1 patient avoidance" not in sample.grids
    cells = [one.cell for one in cells_of(sample)]
    moments = moments_of_cells(cells, sample.responses)
    width = len(sample.responses)
    root = rng.normal(size=(width, width)) / 5 + np.eye(width)
    mean, cov = rng.normal(size=(width, len(part.columns))), root @ root.T
    own = moments_of(part.score, part.predictors, None, part.responses, part.columns)
    assert loglik(mean, cov, moments) == pytest.approx(loglik(mean, cov, own), rel=1e-10)
    assert mask(sample).actions["units"].sum() == len(part.score)


def test_units_with_times_of_their_own_have_no_moments_to_release(rng: np.random.Generator) -> None:
    study = growth_study({"time": {"measured_by": "date"}})
    with pytest.raises(InputError, match="units measured at times of their own"):
        records(study, rng, dates=True)
