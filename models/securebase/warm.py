"""Compile what every fit needs, once, when the environment is made: `python -m securebase.warm`.

What is compiled lies in PyTensor's folder and is found by every later process. A model of
made-up couples goes through every operation of its family, whatever the later size.
"""

from itertools import product

import numpy as np
import pandas as pd

from securebase.codebook.study import Study
from securebase.compiling import compile_model
from securebase.families import family_names
from securebase.fitting import posed
from securebase.likelihood import occasion_entry
from securebase.likelihood.entry import addresses_later

COUPLES = 20
WAVES = ("first", "second", "third")
SCALES = ("anxiety", "avoidance")


def made_up_study() -> Study:
    """Couples with two scales at three waves."""
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
            "analyses": {
                family: {
                    "family": family,
                    "question": "What does every model of this family compile?",
                    "outcomes": SCALES,
                    "predictors": [{"name": "anxiety", "of": "partner"}],
                }
                for family in family_names()
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
    return waves.assign(cluster=None, composition=None, **dict(zip(SCALES, scores.T, strict=True)))


def main() -> None:
    """Compile a model of each family."""
    study, waves = made_up_study(), made_up_waves(np.random.default_rng(1))
    with addresses_later():
        occasion_entry.ENTRY.ask_for()
        for name in study.analyses:
            compile_model(posed(study, name, waves).built.model)


if __name__ == "__main__":
    main()
