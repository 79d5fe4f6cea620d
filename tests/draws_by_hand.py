"""Posteriors made by hand, with a mean, a spread and nothing else to them."""

from typing import Any

import numpy as np
import xarray as xr

from securebase.codebook.claim import Claim

CHAINS, DRAWS = 4, 500
ROLES, OUTCOMES = ("patient", "partner"), ("anxiety", "avoidance")


def posterior_by_hand(rng: np.random.Generator) -> xr.Dataset:
    """Draw `change`, `level` and `unit_corr` independently of each other."""
    dims = ("chain", "draw", "role", "outcome")
    mean = np.array([[-0.30, 0.10], [-0.10, 0.20]])
    change = mean + rng.normal(0, 0.05, (CHAINS, DRAWS, 2, 2))
    corr = np.ones((CHAINS, DRAWS, 2, 2))
    corr[..., 0, 1] = corr[..., 1, 0] = rng.uniform(0.2, 0.6, (CHAINS, DRAWS))
    effects = ["change patient anxiety", "change partner anxiety"]
    level = change + 4.0
    return xr.Dataset(
        {
            "change": (dims, change),
            "level": (dims, level),
            "unit_corr": (("chain", "draw", "effect", "effect_bis"), corr),
            "unit_vine": (("chain", "draw", "effect_pair"), corr[..., :1, 1]),
        },
        coords={
            "role": list(ROLES), "outcome": list(OUTCOMES), "effect": effects,
            "effect_bis": effects,
        },
    )  # fmt: skip


def claim(*terms: dict[str, Any], **more: Any) -> Claim:
    """Declare a claim on the change of anxiety against that of avoidance, or what is given."""
    estimand = terms or (
        {"variable": "change", "at": {"outcome": "anxiety"}, "mean_over": ["role"]},
        {"variable": "change", "at": {"outcome": "avoidance"}, "mean_over": ["role"], "weight": -1},
    )
    settings = {
        "id": "H1",
        "sentence": "Anxiety changes less than avoidance.",
        "analysis": "growth",
        "estimand": list(estimand),
        "direction": "negative",
        "rope": {"low": -0.1, "high": 0.1, "reason": "too little to matter"},
    }
    return Claim.model_validate(settings | more)
