"""What each family is tried on by the contract: analyses it understands, variables they have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from growth_examples import growth_study, random_waves

from securebase.panel import Panel, panel_from_waves

STUDIES: dict[str, dict[str, Any]] = {
    "distinguishable": {},
    "exchangeable": {"exchangeable": True},
    "mixed": {"compositions": {"mf": {}, "ff": {"exchangeable": True}}},
    "clusters": {},
}


@dataclass(frozen=True)
class Examples:
    """Analyses of two outcomes, anxiety and avoidance, of couples at four waves.

    Parameters
    ----------
    variables : set of str
        Every analysis has them.
    clustered : set of str
        Those with clusters have them, the others not.
    analysis : mapping
        Keys of the analysis beside family, outcomes, an actor predictor and clusters.
    kinds : tuple of str
        Of `STUDIES`.
    study : mapping
        Further settings of `growth_study`.
    spared : set of str
        Dims that a variable may be without.
    mean : str
        A prior block with a location, of every outcome.
    spread : str
        A prior block of standard deviations.
    corr : str
        A prior block of correlations.
    missing : float
        Share of values that are missing; none where a family leaves out scores without predictors.
    """

    variables: set[str]
    clustered: set[str] = field(default_factory=set)
    analysis: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = tuple(STUDIES)
    study: Mapping[str, Any] = field(default_factory=dict)
    spared: frozenset[str] = frozenset({"phase"})
    mean: str = "level"
    spread: str = "level_sd"
    corr: str = "unit_corr"
    missing: float = 0.15

    def panel(self, family: str, kind: str, rng: np.random.Generator) -> Panel:
        """Arrange random waves of a study of some kind."""
        clusters = 4 if kind == "clusters" else 0
        analysis = {
            "family": family,
            "predictors": [{"name": "age", "of": "actor"}],
            "clusters": clusters > 0,
            **self.analysis,
        }
        settings = {"covariates": {"age": {}}, **self.study, **STUDIES[kind]}
        study = growth_study(analysis, **settings)
        waves = random_waves(study, rng, 24, self.missing, clusters)
        return panel_from_waves(waves, study, "growth")


EXAMPLES: dict[str, Examples] = {
    "dyadic_growth": Examples(
        {"level", "change", "unit_sd", "unit_corr", "residual_sd", "residual_corr"},
        {"cluster_sd", "cluster_corr"},
    ),
    "dyadic_panel": Examples(
        {"mean", "lagged", "actor_on_level", "stable_sd", "stable_corr", "first_sd", "first_corr",
         "innovation_sd", "innovation_corr"},
        kinds=("distinguishable", "exchangeable", "mixed"),
        spared=frozenset({"step"}),
        mean="mean",
        spread="stable_sd",
        corr="stable_corr",
    ),
    "mediated_change": Examples(
        {"level", "change", "unit_sd", "unit_corr"},
        {"cluster_sd"},
        {"time": {"shape": "steps"}},
        kinds=("distinguishable", "clusters"),
    ),
    "momentary_buffering": Examples(
        {"level", "unit_sd", "unit_corr", "residual_sd", "residual_corr"},
        analysis={
            "outcomes": ["anxiety", "avoidance"],
            "predictors": [{"name": "tension", "of": "actor", "varying": True}],
        },
        kinds=("distinguishable", "exchangeable", "mixed"),
        study={"scales": {"anxiety": {}, "avoidance": {}, "tension": {}}},
        missing=0.0,
    ),
    "group_climate": Examples(
        {"level", "actor_on_level", "unit_sd", "unit_corr", "residual_sd", "residual_corr"},
        {"cluster_sd", "cluster_corr"},
        {"roles": ["patient"]},
        kinds=("clusters",),
    ),
}  # fmt: skip
