"""Every variable that a posterior of mediated change may have."""

from typing import Final

from securebase.family import Parameter, predictor_parameters, spread_parameters
from securebase.growth.curves import CURVE_VARIABLES, VERTEX_VARIABLES
from securebase.growth.priors import POINTS
from securebase.names import OUTCOME, PHASE, ROLE

SLOPE: Final = "points per {time}"
PARTS: Final = (("level", POINTS), ("change", SLOPE))
SPREADS: Final = (
    ("unit", "effect", "Between units (in clusters: within a cluster)"),
    ("cluster", "cluster_effect", "Between clusters"),
)
PARAMETERS: Final = (
    *(Parameter(*one, stated=False) for one in CURVE_VARIABLES),
    *(Parameter(*one, stated=False, ratio=True) for one in VERTEX_VARIABLES),
    Parameter("level", (ROLE, OUTCOME), POINTS, "Mean at the first wave, at average predictors."),
    Parameter("change", (PHASE, ROLE, OUTCOME), SLOPE, "Mean change since the first wave."),
    *(
        parameter
        for part, unit in PARTS
        for parameter in predictor_parameters(
            part, unit, (PHASE, ROLE, OUTCOME), f"Direct effect of {{whose}} on the {part}."
        )
    ),
    *(
        Parameter(
            f"{prefix}path_on_{part}",
            (f"{prefix}path", PHASE, ROLE),
            f"{unit} per unit of the source",
            f"Arrow to the {part}, {where}.",
        )
        for part, unit in PARTS
        for prefix, where in (("", "within units"), ("cluster_", "between clusters"))
    ),
    *(
        Parameter(
            f"indirect_on_{part}",
            ("indirect", PHASE, ROLE),
            f"{unit} per unit of the predictor",
            f"Effect of a predictor on the {part} along arrows.",
            stated=False,
        )
        for part, unit in PARTS
    ),
    Parameter(
        "leader_corr",
        ("leader_predictor", ROLE, OUTCOME),
        "correlation",
        "The leader's value with what the members of a cluster share, over clusters.",
        stated=False,
    ),
    *(
        parameter
        for name, dim, words in SPREADS
        for late, when in (("", ""), ("_explained", ", beyond what arrows explain"))
        for parameter in spread_parameters(
            f"{name}{late}",
            f"{dim}{late}",
            POINTS,
            f"{words}{when}.",
            SLOPE,
            members=name == "unit",
        )
    ),
)
