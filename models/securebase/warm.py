"""Compile what every fit needs, once, when the environment is made: `python -m securebase.warm`.

What is compiled lies in PyTensor's folder and is found by every later process. A model of
made-up couples goes through every operation of its family, whatever the later size; families
that need another design share nearly all operations with those that do not.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from securebase.codebook.study import Study
from securebase.compiling import compile_model
from securebase.families import family_names
from securebase.faults import InputError
from securebase.fitting import Question, posed
from securebase.likelihood import occasion_entry
from securebase.likelihood.entry import addresses_later

COUPLES = 20
WAVES = ("first", "second", "third")
SCALES = ("anxiety", "avoidance")
# what an analysis may have to say: the first that a family understands is compiled
WAYS: tuple[Mapping[str, Any], ...] = (
    {},
    {"time": {"shape": "steps"}, "paths": [{"from": "anxiety", "to": "avoidance"}]},
)


def made_up_study(family: str, way: Mapping[str, Any]) -> Study:
    """Couples with two scales at three waves, and one analysis of them."""
    return Study.model_validate(
        {
            "study": "made_up",
            "title": "Couples made up to be compiled",
            "simulated": True,
            "source": "made up, never reported",
            "raw": {"files": [{"path": "none"}], "columns": {"unit": "couple", "role": "role"}},
            "roles": {"levels": {"patient": {}, "partner": {}}},
            "waves": {
                "time_unit": "month",
                "levels": {wave: {"time": time} for time, wave in enumerate(WAVES)},
            },
            "scales": {scale: {"items": [scale], "range": (1, 7)} for scale in SCALES},
            "covariates": {"age": {"column": "age", "type": "continuous"}},
            "analyses": {
                family: {
                    "family": family,
                    "question": "What does every model of this family compile?",
                    "outcomes": SCALES,
                    "predictors": [{"name": "age", "of": "partner"}],
                    **way,
                }
            },
        }
    )


def made_up_waves(rng: np.random.Generator) -> pd.DataFrame:
    """Rows of person and wave with random scores."""
    keys = [
        (f"c{couple}", f"c{couple}{role}", role, wave, float(time))
        for couple, role, (time, wave) in product(
            range(COUPLES), ("patient", "partner"), enumerate(WAVES)
        )
    ]
    waves = pd.DataFrame(keys, columns=["unit", "person", "role", "wave", "time"])
    scores = rng.uniform(1, 7, (len(waves), len(SCALES)))
    persons = waves["person"].unique()
    ages = dict(zip(persons, rng.normal(30, 5, len(persons)), strict=True))
    scored = dict(zip(SCALES, scores.T, strict=True))
    age = waves["person"].map(ages)
    return waves.assign(cluster=None, composition=None, date=None, age=age, **scored)


def questions() -> Iterator[Question]:
    """Pose a question to each family that understands one of the ways to ask."""
    waves = made_up_waves(np.random.default_rng(1))
    for family in family_names():
        for way in WAYS:
            try:
                question = posed(made_up_study(family, way), family, waves)
            except InputError:
                continue
            yield question
            break


def main() -> None:
    """Compile a model of each family."""
    with addresses_later():
        occasion_entry.ENTRY.ask_for()
        for question in questions():
            compile_model(question.built.model)


if __name__ == "__main__":
    main()
