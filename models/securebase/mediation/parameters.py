"""Every variable that a posterior of mediated change may have."""

from typing import Final

from securebase.family import Parameter
from securebase.growth.curves import CURVE_VARIABLES, VERTEX_VARIABLES
from securebase.growth.priors import POINTS
from securebase.names import OUTCOME, PHASE, ROLE

SLOPE: Final = "points per {time}"
SOURCES: Final = (
    ("actor", "the person's own value"),
    ("partner", "the partner's value"),
    ("unit", "a value the members share"),
    ("leader", "the leader's value"),
    ("group", "the observed mean of the cluster"),
    ("interaction", "a product of predictors"),
)
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
        Parameter(
            f"{source}_on_{part}",
            (f"{source}_predictor", PHASE, ROLE, OUTCOME),
            f"{unit} per unit of the predictor",
            f"Direct effect of {whose} on the {part}.",
        )
        for part, unit in PARTS
        for source, whose in SOURCES
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
        for parameter in (
            Parameter(f"{name}_sd", (dim,), POINTS, f"{words}.", SLOPE),
            Parameter(f"{name}_corr", (dim, f"{dim}_bis"), "correlation", f"{words}."),
            Parameter(
                f"{name}_explained_sd", (f"{dim}_explained",), POINTS,
                f"{words}, beyond what arrows explain.", SLOPE,
            ),
            Parameter(
                f"{name}_explained_corr", (f"{dim}_explained", f"{dim}_explained_bis"),
                "correlation", f"{words}, beyond what arrows explain.",
            ),
        )
    ),
    *(
        Parameter(
            f"unit{rest}_{part}_sd", (f"effect{rest}_{part}",), POINTS, f"{words} / √2.", SLOPE,
            stated=False,
        )
        for rest in ("", "_explained")
        for part, words in (("sum", "Members' sum"), ("difference", "Members' difference"))
    ),
)  # fmt: skip
