"""What a run was asked for, as far as its pages have to say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from securebase.codebook.loading import Study
from securebase.config import (
    Decision,
    Dropout,
    Multiverse,
    Prediction,
    Sensitivity,
    Thresholds,
)
from securebase.report.inputs import DROPOUT_FILE, GRID_FILE, PREDICTION_FILE


@dataclass(frozen=True)
class Rules:
    """What a run was asked for; by default the defaults.

    Parameters
    ----------
    decision : Decision
        The rule verdicts were reached by.
    sensitivity : Sensitivity
        What was asked of other priors.
    dropout : Dropout
        What was asked of those who left.
    prediction : Prediction
        What was asked of rivals.
    multiverse : Multiverse
        What was asked of declared specifications.
    thresholds : Thresholds
        Where checks fail.
    """

    decision: Decision = field(default_factory=Decision)
    sensitivity: Sensitivity = field(default_factory=Sensitivity)
    dropout: Dropout = field(default_factory=Dropout)
    prediction: Prediction = field(default_factory=Prediction)
    multiverse: Multiverse = field(default_factory=Multiverse)
    thresholds: Thresholds = field(default_factory=Thresholds)

    @classmethod
    def of(cls, told: Mapping[str, Mapping[str, Any]]) -> Self:
        """Take them as the workflow hands them over, by name."""
        return cls(
            Decision(**told["decision"]),
            Sensitivity(**told["sensitivity"]),
            Dropout(**told["dropout"]),
            Prediction(**told["prediction"]),
            Multiverse(**told["multiverse"]),
            Thresholds(**told["thresholds"]),
        )

    def multiverse_of(self, study: Study) -> bool:
        """Whether the specifications of a study were fitted: asked for, declared, with claims."""
        return self.multiverse.run and study.multiverse is not None

    @property
    def tables(self) -> list[str]:
        """Tables of re-fits that each analysis has."""
        asked = {
            GRID_FILE: self.sensitivity.refits,
            DROPOUT_FILE: self.dropout.refits,
            PREDICTION_FILE: self.prediction.compare,
        }
        return [name for name, do in asked.items() if do]
