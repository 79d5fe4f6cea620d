"""Studies of mediated change to test with, each with the order in which its effects come."""

from dataclasses import dataclass
from typing import Any

from mediation_by_hand import study_of

from securebase.codebook.loading import Study

ONE = {"w1": 0.0}
TWO = {"w1": 0.0, "w2": 2.0}
THREE = {"w1": 0.0, "w2": 2.0, "w3": 4.0}
STEPS = {"shape": "steps"}


@dataclass(frozen=True)
class Example:
    """A made-up study, and its effects in the order in which arrows let them come."""

    study: Study
    clusters: int
    order: dict[str, list[list[tuple[str, str, str]]]]


def path(source: str, target: str, **more: Any) -> dict[str, Any]:
    return {"from": source, "to": target, **more}


def couples(*names: str, growth: str = "level") -> list[tuple[str, str, str]]:
    return [(growth, slot, name) for slot in ("a", "b") for name in names]


EXAMPLES = {
    "2-1-1": Example(
        study_of(
            {
                "clusters": True,
                "paths": [path("care", "task"), path("care", "mood"), path("help", "task")],
                "predictors": [
                    {"name": "age", "of": "actor"},
                    {"name": "distance", "of": "leader"},
                    {"name": "age", "of": "group", "outcomes": ["care", "task"]},
                ],
            },
            leader="officer",
            waves=ONE,
            scales={"care": {}, "help": {}, "task": {}, "mood": {}},
            covariates=("age", "distance"),
        ),
        3,
        {
            "all": [
                [("level", "soldier", one) for one in ("care", "help")],
                [("level", "soldier", one) for one in ("task", "mood")],
            ]
        },
    ),
    "2-2-1": Example(
        study_of(
            {
                "clusters": True,
                "predictors": [
                    {"name": "distance", "of": "leader"},
                    {"name": "claim", "of": "leader", "outcomes": ["task"]},
                ],
            },
            leader="officer",
            waves=ONE,
            scales={"claim": {"roles": ["officer"]}, "task": {}},
            covariates=("distance",),
        ),
        4,
        {
            "all": [[("level", "soldier", "task")]],
            "officer": [[("level", "officer", "claim")]],
        },
    ),
    "change through an appraisal": Example(
        study_of(
            {
                "clusters": True,
                "time": STEPS,
                "paths": [path("trust", "health", on=["change"])],
                "predictors": [{"name": "age", "of": "actor"}],
            },
            waves=THREE,
            scales={"health": {}, "trust": {"waves": ["w2"]}},
            covariates=("age",),
        ),
        3,
        {
            "all": [
                [("level", "soldier", "health"), ("level", "soldier", "trust")],
                [("w2", "soldier", "health"), ("w3", "soldier", "health")],
            ]
        },
    ),
    # arrows lead to the change up to w3 only, the mean changes to w2 too
    "an earlier change leads to a later one": Example(
        study_of(
            {
                "time": STEPS,
                "paths": [path("worth", "anxiety", from_part="change", on=["change"])],
                "predictors": [{"name": "age", "of": "actor"}],
            },
            waves=THREE,
            scales={"worth": {"waves": ["w1", "w2"]}, "anxiety": {"waves": ["w1", "w3"]}},
            covariates=("age",),
        ),
        0,
        {
            "all": [
                [
                    ("level", "soldier", "worth"),
                    ("level", "soldier", "anxiety"),
                    ("w2", "soldier", "worth"),
                ],
                [("w3", "soldier", "anxiety")],
            ]
        },
    ),
    "latent change of couples": Example(
        study_of(
            {
                "time": STEPS,
                "paths": [
                    path("care", "anxiety", of="partner", from_part="change", on=["change"]),
                ],
                "predictors": [{"name": "age", "of": "actor"}, {"name": "age", "of": "partner"}],
            },
            roles=("a", "b"),
            waves=TWO,
            scales={"anxiety": {}, "care": {}},
            covariates=("age",),
        ),
        0,
        {
            "all": [
                [*couples("anxiety", "care"), *couples("care", growth="change")],
                couples("anxiety", growth="change"),
            ]
        },
    ),
    "exchangeable couples": Example(
        study_of(
            {
                "time": STEPS,
                "paths": [path("anxiety", "anxiety", on=["change"])],
                "predictors": [{"name": "age", "of": "actor"}, {"name": "age", "of": "partner"}],
            },
            roles=("a", "b"),
            waves=TWO,
            scales={"anxiety": {}},
            covariates=("age",),
            exchangeable=True,
        ),
        0,
        {"all": [couples("anxiety"), couples("anxiety", growth="change")]},
    ),
    "three in a row": Example(
        study_of(
            {"paths": [path("x", "m"), path("m", "y")]},
            waves=ONE,
            scales={"x": {}, "m": {}, "y": {}},
        ),
        0,
        {"all": [[("level", "soldier", one)] for one in ("x", "m", "y")]},
    ),
}
