"""Made-up studies to simulate: pairs over time, a camp with leaders, a diary, a trial."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from simulation_blocks import REASON, cells, effects, growth, model, scale_of, waves_of

from securebase.codebook.loading import Study, load_study
from securebase.simulation import Simulation

LEVEL = {"anxiety": 4.0, "avoidance": 3.5}
SERIES = [f"{role} {outcome}" for role in ("leader", "follower") for outcome in LEVEL]


PAIRS: dict[str, Any] = {
    "study": "pairs",
    "title": "Pairs over three waves",
    "source": "made for a test",
    "raw": {
        "files": [
            {"path": f"pairs/{wave}_SIMULATED.csv", "wave": wave} for wave in ("w1", "w2", "w3")
        ],
        "columns": {"unit": "pair", "person": "id", "role": "role", "date": "date"},
    },
    "roles": {"levels": {"leader": {"code": 1}, "follower": {"code": 2}}},
    "waves": waves_of("week", 0, 2, 4),
    "scales": {"anxiety": scale_of("A", reverse=["A3"]), "avoidance": scale_of("V")},
    "covariates": {
        "skill": {"column": "skill", "type": "continuous", "range": [0, 1], "waves": ["w1"]}
    },
}


def pairs_truth() -> list[dict[str, Any]]:
    """Give the truth of the pairs; both roles answer, growth differs by role."""
    follower = {"role": "follower", "outcome": "anxiety"}
    levels = {"effect": "level leader anxiety", "effect_bis": "level follower anxiety"}
    named = growth(SERIES)
    named[0] = effects("level", *cells("outcome", LEVEL))
    return [
        *named,
        effects("change", {"at": follower, "value": -0.2}, claimed=True),
        effects("partner_on_change", {"at": follower, "value": -0.1}, claimed=True),
        effects("unit_corr", {"at": levels, "value": 0.6}),
    ]


def pairs_settings(**changes: Any) -> dict[str, Any]:
    """Give settings of the pairs."""
    skill = {"name": "skill", "of": "partner", "scale": "sd", "on": ["change"]}
    settings: dict[str, Any] = {
        "study": "pairs",
        "seed": 5,
        "units": 400,
        "models": [model(list(LEVEL), pairs_truth(), predictors=[skill])],
        "predictors": {
            "reason": REASON,
            "distributions": [
                {"role": role, "measure": "skill", "mean": 0.5, "sd": 0.15, "decimals": 3}
                for role in ("leader", "follower")
            ],
            "correlations": [{"between": ["leader skill", "follower skill"], "value": 0.5}],
        },
        "answers": {"reason": REASON, "scales": {name: {"noise": 1.0} for name in LEVEL}},
        "dates": {"first": "2020-01-06", "recruitment_days": 30},
    }
    return copy.deepcopy(settings | changes)


# Officers answer once, in a file of their own; soldiers have a file per wave: no column of roles.
CAMP: dict[str, Any] = {
    "study": "camp",
    "title": "Recruits and their officers over three months",
    "source": "made for a test",
    "raw": {
        "files": [
            {"path": "camp/officers_SIMULATED.csv", "role": "officer", "wave": "w1"},
            *(
                {"path": f"camp/{wave}_SIMULATED.csv", "role": "soldier", "wave": wave}
                for wave in ("w1", "w2", "w3")
            ),
        ],
        "columns": {"unit": "code", "cluster": "platoon", "date": "date"},
    },
    "roles": {"levels": {"soldier": {}, "officer": {}}, "leader": "officer"},
    "waves": waves_of("month", 0, 2, 4),
    "scales": {
        "avoidance": scale_of("V", waves=["w1"]),
        "health": scale_of("H", roles=["soldier"]),
    },
    "analyses": {
        "growth": {
            "family": "dyadic_growth",
            "question": "Do soldiers of avoidant officers lose health?",
            "outcomes": ["health"],
            "predictors": [{"name": "avoidance", "of": "leader", "scale": "sd"}],
            "clusters": True,
        }
    },
}


def camp_settings(**changes: Any) -> dict[str, Any]:
    """Give settings of the camp: 20 officers, 120 soldiers; the small one a quarter of it."""
    leader = {"leader_predictor": "avoidance"}
    truth = [
        *growth(["soldier health"], clusters=True),
        effects("leader_on_change", {"at": leader, "value": -0.15}, claimed=True),
        effects("leader_on_level", {"at": leader, "value": 0.0, "reversed": 0.4}),
    ]
    settings: dict[str, Any] = {
        "study": "camp",
        "seed": 8,
        "units": 120,
        "clusters": {"reason": REASON, "count": 20, "sizes": [4, 8]},
        "small": {"reason": REASON, "units": 30, "clusters": 5},
        "models": [
            model(
                ["health"],
                truth,
                predictors=[{"name": "avoidance", "of": "leader", "scale": "sd"}],
                clusters=True,
            )
        ],
        "predictors": {
            "reason": REASON,
            "distributions": [
                {"role": "officer", "measure": "avoidance", "mean": 3.4, "sd": 0.9},
                {"role": "soldier", "measure": "avoidance", "mean": 3.8, "sd": 0.7},
            ],
        },
        "answers": {
            "reason": REASON,
            "scales": {name: {"noise": 0.8} for name in ("avoidance", "health")},
        },
        "dates": {"first": "2020-01-06", "recruitment_days": 30},
    }
    return copy.deepcopy(settings | changes)


# One long file with a column of days; tension varies from day to day.
DIARY: dict[str, Any] = {
    "study": "diary",
    "title": "Couples over six days",
    "source": "made for a test",
    "raw": {
        "files": [{"path": "diary/days_SIMULATED.csv", "delimiter": ";"}],
        "columns": {"unit": "pair", "person": "id", "role": "who", "wave": "day"},
    },
    "roles": {"levels": {"woman": {"code": "w"}, "man": {"code": "m"}}},
    "waves": waves_of("day", *range(6)),
    "scales": {"tension": scale_of("T"), "mood": scale_of("M")},
}


def diary_settings(**changes: Any) -> dict[str, Any]:
    """Give settings of the diary."""
    settings: dict[str, Any] = {
        "study": "diary",
        "seed": 3,
        "units": 50,
        "models": [model(["mood"], growth(["woman mood", "man mood"]))],
        "predictors": {
            "reason": REASON,
            "distributions": [
                {"role": role, "measure": "tension", "mean": 4, "sd": 0.5, "within_sd": 0.4}
                for role in ("woman", "man")
            ],
            "correlations": [{"between": ["woman tension", "man tension"], "value": 0.2}],
            "within_correlations": [{"between": ["woman tension", "man tension"], "value": 0.6}],
        },
        "answers": {
            "reason": REASON,
            "scales": {name: {"noise": 0.8} for name in ("tension", "mood")},
        },
    }
    return copy.deepcopy(settings | changes)


# Couples get an activity by lot; men's satisfaction follows the women's avoidance at the start.
TRIAL: dict[str, Any] = {
    "study": "trial",
    "title": "Couples who get closer, or not",
    "source": "made for a test",
    "raw": {
        "files": [
            {"path": f"trial/{wave}_SIMULATED.csv", "wave": wave} for wave in ("w1", "w2", "w3")
        ],
        "columns": {"unit": "pair", "person": "id", "role": "who"},
    },
    "roles": {"levels": {"woman": {}, "man": {}}},
    "waves": waves_of("month", 0, 1, 2),
    "scales": {
        "avoidance": scale_of("V"),
        "satisfaction": scale_of("S", roles=["man"]),
    },
    "covariates": {
        "arm": {
            "column": "group",
            "type": "categorical",
            "levels": {"0": "control", "1": "closeness"},
            "of": "unit",
            "waves": ["w1"],
        }
    },
}


def trial_settings(**changes: Any) -> dict[str, Any]:
    """Give settings of the trial: the second model predicts from what the first has drawn."""
    arm = {"unit_predictor": "arm[closeness]"}
    first = [
        *growth(["woman avoidance", "man avoidance"]),
        effects("unit_on_change", {"at": arm, "value": -0.5}, claimed=True),
    ]
    avoidance = {"name": "avoidance", "of": "partner", "wave": "w1"}
    second = [*growth(["man satisfaction"]), effects("partner_on_level", {"value": -0.4})]
    settings: dict[str, Any] = {
        "study": "trial",
        "seed": 4,
        "units": 101,
        "models": [
            model(["avoidance"], first, predictors=[{"name": "arm", "of": "unit"}]),
            model(["satisfaction"], second, predictors=[avoidance]),
        ],
        "predictors": {
            "reason": REASON,
            "distributions": [{"measure": "arm", "shares": {"closeness": 0.5, "control": 0.5}}],
        },
        "answers": {
            "reason": REASON,
            "scales": {name: {"noise": 0.8} for name in ("avoidance", "satisfaction")},
        },
    }
    return copy.deepcopy(settings | changes)


@dataclass(frozen=True)
class Example:
    """A made-up study, and its settings with some keys changed."""

    study: Study
    settings: Callable[..., Simulation]


EXAMPLES: dict[str, tuple[dict[str, Any], Callable[..., dict[str, Any]]]] = {
    "pairs": (PAIRS, pairs_settings),
    "camp": (CAMP, camp_settings),
    "diary": (DIARY, diary_settings),
    "trial": (TRIAL, trial_settings),
}


def example(name: str, folder: Path, **changes: Any) -> Example:
    """Load one of the studies, with some keys of its codebook changed."""
    codebook, settings = EXAMPLES[name]
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(copy.deepcopy(codebook) | changes, sort_keys=False))
    return Example(
        load_study(path), lambda **changes: Simulation.model_validate(settings(**changes))
    )
