"""A small folder of results with known numbers, as a run on couples would leave it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from securebase.codebook.loading import Study
from securebase.turning_points import COLUMNS as CURVES

ROLES = ("patient", "partner")
OUTCOMES = ("anxiety", "avoidance")
WAVES = ("m0", "m3", "m6", "m9", "m12")
TIMES = (0.0, 0.25, 0.5, 0.75, 1.0)
LEVEL = {
    ("patient", "anxiety"): 3.508,
    ("partner", "anxiety"): 2.961,
    ("patient", "avoidance"): 2.758,
    ("partner", "avoidance"): 2.553,
}
CHANGE = {
    ("patient", "anxiety"): (-0.162, 0.084),
    ("partner", "anxiety"): (-0.091, 0.093),
    ("patient", "avoidance"): (0.181, 0.081),
    ("partner", "avoidance"): (0.198, 0.074),
}
ANSWERED = {"patient": (151, 128, 117, 108, 102), "partner": (149, 121, 110, 101, 96)}
PER_YEAR = "points per year"

SLOPES = ("of", "on", "by", "at", "q2_5", "median", "q97_5")

_ROPE = {"low": -0.1, "high": 0.1, "reason": "a tenth of a scale point in a year is not noticed"}
_CONTRAST = [
    {"variable": "change", "at": {"outcome": "anxiety"}, "mean_over": ["role"], "weight": 1},
    {"variable": "change", "at": {"outcome": "avoidance"}, "mean_over": ["role"], "weight": -1},
]
CLAIMS = [
    {
        "id": "H1",
        "sentence": "Over a year, anxiety gives way more than avoidance does.",
        "analysis": "growth",
        "estimand": _CONTRAST,
        "direction": "negative",
        "rope": _ROPE,
        "declared": "confirmatory",
    },
    {
        "id": "H2",
        "sentence": "Patients' attachment anxiety falls.",
        "analysis": "growth",
        "estimand": [{"variable": "change", "at": {"outcome": "anxiety", "role": "patient"}}],
        "direction": "negative",
        "rope": _ROPE,
    },
    {
        "id": "H3",
        "sentence": "Attachment avoidance falls, in patients and partners alike.",
        "analysis": "growth",
        "estimand": [{"variable": "change", "at": {"outcome": "avoidance"}, "mean_over": ["role"]}],
        "direction": "negative",
        "rope": _ROPE | {"low": -0.05, "high": 0.05},
    },
    {
        "id": "H4",
        "sentence": "The change of avoidance is the same in patients and in partners.",
        "analysis": "growth",
        "estimand": [
            {"variable": "change", "at": {"outcome": "avoidance", "role": "patient"}},
            {
                "variable": "change",
                "at": {"outcome": "avoidance", "role": "partner"},
                "weight": -1,
            },
        ],
        "direction": "zero",
        "rope": {"low": -0.25, "high": 0.25, "reason": "a quarter of a point tells roles apart"},
    },
]


def example_study(**changes: Any) -> Study:
    """Codebook of the example; `changes` replace its top-level keys."""
    odd, even = ([f"ECR{n}" for n in range(first, 37, 2)] for first in (1, 2))
    scale = {"range": [1, 7], "minimum_items": 16}
    waves = {
        name: {"code": round(12 * time), "time": time, "label": f"month {round(12 * time)}"}
        for name, time in zip(WAVES, TIMES, strict=True)
    }
    values = {
        "study": "couples_example",
        "title": "Attachment in couples of a patient and a partner over twelve months",
        "simulated": False,
        "source": "Collected by nobody; numbers in the likeness of a study of 151 couples.",
        "raw": {
            "files": [{"path": "couples/ecr.csv"}],
            "columns": {"unit": "PTNUM", "person": "UsrID", "role": "DyadID", "wave": "mth"},
        },
        "roles": {
            "levels": {
                "patient": {"code": 1, "label": "patient"},
                "partner": {"code": 0, "label": "partner"},
            }
        },
        "waves": {"time_unit": "year", "levels": waves},
        "scales": {
            "anxiety": scale | {"label": "attachment anxiety", "items": even},
            "avoidance": scale | {"label": "attachment avoidance", "items": odd},
        },
        "exclusions": [{"where": {"PTNUM": 2222}, "reason": "a test row of the web form"}],
        "analyses": {
            "growth": {
                "family": "dyadic_growth",
                "question": "How much more does attachment anxiety change than avoidance?",
                "outcomes": list(OUTCOMES),
            }
        },
        "claims": CLAIMS,
    }
    return Study.model_validate(values | changes)


def example_posterior(seed: int = 7) -> xr.DataTree:
    """Posterior with changes of known mean and standard deviation, 4 chains of 500 draws."""
    rng = np.random.default_rng(seed)
    standard = rng.standard_normal((4, 500, 2, 2))
    standard -= standard.mean(axis=(0, 1))
    standard /= standard.std(axis=(0, 1))
    mean, sd = (
        np.array([[CHANGE[role, outcome][part] for outcome in OUTCOMES] for role in ROLES])
        for part in (0, 1)
    )
    change = xr.Dataset(
        {"change": (("chain", "draw", "role", "outcome"), mean + sd * standard)},
        coords={"role": list(ROLES), "outcome": list(OUTCOMES)},
    )
    prior = change.isel(draw=slice(0, 200), chain=[0]).copy()
    prior["change"] = ((prior["change"] - mean) / sd).transpose(*change["change"].dims)
    tree = xr.DataTree.from_dict(
        {
            "/posterior": change,
            "/prior": prior,
            "/posterior_predictive": replicated_summaries(rng),
            "/prior_predictive": replicated_summaries(rng, spread=3.0),
            "/observed_data": observed_summaries(change["change"]),
        }
    )
    tree.attrs = {
        "seed": 20261123,
        "sampler": "nutpie",
        "securebase_version": "0.1.0",
        "pymc_version": "6.4.0",
        "versions": "securebase 0.1.0, pymc 6.4.0, nutpie 0.16.11, numpy 2.5.5",
        "waves_sha256": "5c9b0a" + "0" * 58,
    }
    return tree


def observed_summaries(change: xr.DataArray) -> xr.Dataset:
    """Observed means, as among the trajectories."""
    table = trajectory_table(change).set_index(["wave", "role", "outcome"])
    return xr.Dataset({"mean": table["observed_mean"].to_xarray()})


def replicated_summaries(
    rng: np.random.Generator, count: int = 200, spread: float = 0.1
) -> xr.Dataset:
    """Summaries of replicated studies; observed means lie 0.05 beside their centre."""
    dims = ("chain", "draw", "wave", "role", "outcome")
    centre = np.array(
        [
            [
                [LEVEL[role, outcome] + CHANGE[role, outcome][0] * time for outcome in OUTCOMES]
                for role in ROLES
            ]
            for time in TIMES
        ]
    )
    noise = rng.standard_normal((1, count, *centre.shape))
    return xr.Dataset(
        {"mean": (dims, centre + spread * noise)},
        coords={"wave": list(WAVES), "role": list(ROLES), "outcome": list(OUTCOMES)},
    )


def draws_of(claim_id: str, change: xr.DataArray) -> np.ndarray:
    """Draws of a claim's quantity, by hand."""
    mean = change.mean("role")
    patient, partner = (change.sel(outcome="avoidance", role=role) for role in ROLES)
    quantity = {
        "H1": mean.sel(outcome="anxiety") - mean.sel(outcome="avoidance"),
        "H2": change.sel(outcome="anxiety", role="patient"),
        "H3": mean.sel(outcome="avoidance"),
        "H4": patient - partner,
    }
    return quantity[claim_id].to_numpy().ravel()


def claims_table(change: xr.DataArray) -> pd.DataFrame:
    """Claims with their probabilities, by counting draws."""
    rows = []
    for claim in CLAIMS:
        draws = draws_of(claim["id"], change)
        low, high = claim["rope"]["low"], claim["rope"]["high"]
        below, above = (draws < low).mean(), (draws > high).mean()
        inside = 1 - below - above
        beyond, opposite = {
            "negative": (below, above),
            "positive": (above, below),
            "zero": (above, below),
        }[claim["direction"]]
        named = {"supported": beyond, "contradicted": opposite, "practically zero": inside}
        if claim["direction"] == "zero":
            named = {"supported": inside, "contradicted": 1 - inside}
        verdict = next((word for word, p in named.items() if p >= 0.95), "undecided")
        rows.append(
            {
                "id": claim["id"],
                "claim": claim["sentence"],
                "analysis": "growth",
                "unit": PER_YEAR,
                "direction": claim["direction"],
                "rope_low": low,
                "rope_high": high,
                "rope_reason": claim["rope"]["reason"],
                "mean": draws.mean(),
                "sd": draws.std(),
                "q2_5": np.quantile(draws, 0.025),
                "median": np.median(draws),
                "q97_5": np.quantile(draws, 0.975),
                "p_beyond": beyond,
                "p_rope": inside,
                "p_opposite": opposite,
                "p_mcse": max(
                    np.sqrt(p * (1 - p) / draws.size) for p in (beyond, inside, opposite)
                ),
                "p_prior": 0.4,
                "bayes_factor": 1234.5,
                "prior_needed": 0.015,
                "ess_bulk": 1912.0,
                "ess_tail": 1745.0,
                "r_hat": 1.0007,
                "verdict": verdict,
            }
        )
    return pd.DataFrame(rows)


def summary_table(change: xr.DataArray) -> pd.DataFrame:
    """Summaries of the changes."""
    rows = []
    for role in ROLES:
        for outcome in OUTCOMES:
            draws = change.sel(role=role, outcome=outcome).to_numpy().ravel()
            rows.append(
                {
                    "name": "change",
                    "coordinates": f"role={role}, outcome={outcome}",
                    "unit": PER_YEAR,
                    "mean": draws.mean(),
                    "sd": draws.std(),
                    "q2_5": np.quantile(draws, 0.025),
                    "q97_5": np.quantile(draws, 0.975),
                    "mcse_mean": draws.std() / np.sqrt(1900),
                    "ess_bulk": 1900.0,
                    "ess_tail": 1700.0,
                    "r_hat": 1.001,
                }
            )
    return pd.DataFrame(rows)


def trajectory_table(change: xr.DataArray) -> pd.DataFrame:
    """Expected and observed means; the last observed mean of one series is missing."""
    rows = []
    for (role, outcome), level in LEVEL.items():
        draws = change.sel(role=role, outcome=outcome).to_numpy().ravel()
        for place, (wave, time) in enumerate(zip(WAVES, TIMES, strict=True)):
            half = 1.96 * np.hypot(0.085, draws.std() * time)
            expected = level + draws.mean() * time
            lost = role == "partner" and outcome == "avoidance" and wave == "m12"
            rows.append(
                {
                    "role": role,
                    "outcome": outcome,
                    "wave": wave,
                    "time": time,
                    "time_unit": "year",
                    "expected": expected,
                    "q2_5": expected - half,
                    "q97_5": expected + half,
                    "observed_n": 0 if lost else ANSWERED[role][place],
                    "observed_mean": np.nan if lost else expected + 0.05 * (-1) ** place,
                    "observed_se": np.nan if lost else 1.05 / np.sqrt(ANSWERED[role][place]),
                }
            )
    return pd.DataFrame(rows)


def check_table(value: float = 0.91) -> pd.DataFrame:
    """Checks, all passed unless `value`, the E-BFMI of the second chain, is below 0.3."""
    energy = "how well the sampler explores the tails"
    rows = [
        ("R-hat", "change", 1.0021, 1.01, "<=", "chains agree"),
        ("R-hat", "unit_sd", 1.0043, 1.01, "<=", "chains agree"),
        ("bulk ESS", "claim H1", 1912, 1000, ">=", "the middle is known well enough"),
        ("tail ESS", "claim H1", 1745, 1000, ">=", "the interval is known well enough"),
        ("divergences", "all chains", 0, 0, "<=", "no region is out of the sampler's reach"),
        ("E-BFMI", "chain 1", 0.94, 0.3, ">=", energy),
        ("E-BFMI", "chain 2", value, 0.3, ">=", energy),
    ]
    table = pd.DataFrame(
        rows, columns=["check", "what", "value", "threshold", "comparison", "explanation"]
    )
    kept = (table["comparison"] == ">=") & (table["value"] >= table["threshold"])
    kept |= (table["comparison"] == "<=") & (table["value"] <= table["threshold"])
    table.insert(5, "passed", kept.map({True: "pass", False: "fail"}))
    return table


def flow_table() -> pd.DataFrame:
    """Persons by stage, wave and role."""
    rows = []
    for role in ROLES:
        for place, wave in enumerate(WAVES):
            n = ANSWERED[role][place]
            test_row = int(wave == "m0" and role == "patient")
            rows += [
                ("in raw files", wave, role, n + test_row, ""),
                ("answered", wave, role, n, ""),
                ("scored", wave, role, n - place, "anxiety"),
                ("scored", wave, role, n - place - 1, "avoidance"),
                ("lost", wave, role, 151 - n, "not at this wave" if place else "never took part"),
            ]
            if test_row:
                rows.insert(1, ("quarantined", wave, role, 1, "a test row of the web form"))
    table = pd.DataFrame(rows, columns=["stage", "wave", "role", "persons", "reason"])
    table.insert(4, "units", table["persons"])
    return table


def scoring_table() -> pd.DataFrame:
    """Items and scales; one item is accepted with a negative correlation."""
    rows = []
    for scale, first, alpha in (("anxiety", 2, 0.913), ("avoidance", 1, 0.934)):
        for place, wave in enumerate(WAVES):
            n = ANSWERED["patient"][place] + ANSWERED["partner"][place]
            rows.append(
                (scale, wave, "(scale)", n, 3.1, 1.0, np.nan, "", alpha, alpha + 0.01, "ok")
            )
            for item in range(first, first + 6, 2):
                r = 0.31 + 0.02 * item
                rows.append((scale, wave, f"ECR{item}", n, 3.0, 1.6, r, "no", np.nan, np.nan, "ok"))
        rows.append((scale, "(all)", "(scale)", 1183, 3.1, 1.0, np.nan, "", alpha, alpha, "ok"))
    columns = [
        "scale",
        "wave",
        "item",
        "n",
        "mean",
        "sd",
        "item_rest",
        "reversed",
        "alpha",
        "omega",
    ]
    return pd.DataFrame(rows, columns=[*columns, "verdict"])


def exclusions_table() -> pd.DataFrame:
    """Quarantined rows and cells, one reason with markup in it."""
    file = "couples/ecr.csv"
    rows = [
        (file, 2, "2222", "9001", "m0", "patient", "", "", "row", "declared",
         "a test row of the web form", "dropped"),
        (file, 188, "17", "1703", "m3", "partner", "ECR12", "77", "cell", "out_of_range",
         "77 is not in 1 to 7 <check the form & codes>", "set to missing"),
        (file, 412, "44", "4401", "m6", "patient", "ECR3", "9", "cell", "out_of_range",
         "77 is not in 1 to 7 <check the form & codes>", "set to missing"),
    ]  # fmt: skip
    columns = ["file", "row", "unit", "person", "wave", "role", "column", "value", "kind", "rule"]
    return pd.DataFrame(rows, columns=[*columns, "reason", "action"])


def codebook_table() -> pd.DataFrame:
    """Scales as the codebook of the results lists them."""
    rows = [
        ("anxiety", "attachment anxiety", "scale", "", "points", 1, 7, "", 1183, 20),
        ("avoidance", "attachment avoidance", "scale", "", "points", 1, 7, "", 1178, 25),
    ]
    columns = ["name", "label", "kind", "role", "unit", "min", "max", "levels", "n", "missing"]
    return pd.DataFrame(rows, columns=columns)


def prior_table() -> pd.DataFrame:
    """Priors in force."""
    rows = [("change", "anxiety", "Normal(0, 1.5)", PER_YEAR, "A quarter of the scale is large.")]
    return pd.DataFrame(rows, columns=["block", "outcome", "density", "unit", "reason"])


def scaling_table() -> pd.DataFrame:
    """Power-scaling: the prior of the spreads weighs on H3, that of the changes on nothing."""
    rows = [
        (claim["id"], block, 0.08 if (claim["id"], block) == ("H3", "unit_sd") else 0.01, 0.12,
         "prior-data conflict" if (claim["id"], block) == ("H3", "unit_sd") else "")
        for claim in CLAIMS
        for block in ("change", "unit_sd")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["claim", "block", "prior", "likelihood", "diagnosis"])


def grid_table(claims: pd.DataFrame) -> pd.DataFrame:
    """Other priors: H1 is lost under the narrowest one, one re-fit failed."""
    alternatives = [
        ("declared", "as declared", 1.0), ("change", "sd × 0.25", 0.25),
        ("change", "sd × 4", 4.0), ("unit_corr", "LKJ(1)", 0.5),
    ]  # fmt: skip
    kept = ["p_beyond", "p_rope", "p_opposite", "p_mcse", "verdict"]
    tables = []
    for block, setting, factor in alternatives:
        table = claims[["id", *kept]].rename(columns={"id": "claim"})
        table = table.assign(block=block, setting=setting, factor=factor, failure="")
        if setting == "sd × 0.25":
            table.loc[table["claim"] == "H1", ["p_beyond", "verdict"]] = 0.71, "undecided"
        if block == "unit_corr":
            table[kept] = np.nan
            table["failure"] = "RuntimeError: no draws"
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def dropout_table(claims: pd.DataFrame) -> pd.DataFrame:
    """Shifts of those who left: H1 is lost with anxiety half an sd higher, one re-fit failed."""
    tables = []
    for outcome, who, shift in [
        ("every outcome", "everyone", 0.0), ("every outcome", "everyone", -0.5),
        ("every outcome", "everyone", 0.5), ("anxiety", "everyone", -0.5),
        ("anxiety", "everyone", 0.5), ("anxiety", "everyone", 1.0),
        ("every outcome", "alone", 0.5),
    ]:  # fmt: skip
        kept = claims[["id", "p_beyond", "p_rope", "p_opposite", "p_mcse", "verdict"]]
        table = kept.rename(columns={"id": "claim"})
        table = table.assign(outcome=outcome, who=who, shift=shift, imputations=10, failures=0)
        if (outcome, shift) == ("every outcome", -0.5):
            table = table.assign(imputations=9, failures=1)
        if outcome == "anxiety" and shift > 0:
            table.loc[table["claim"] == "H1", ["p_beyond", "verdict"]] = 0.62, "undecided"
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def residual_moments() -> pd.DataFrame:
    """Residual moments of every pair of scores; the largest is negative, of two waves."""
    names = [f"{wave} {role} {outcome}" for wave in WAVES for role in ROLES for outcome in OUTCOMES]
    pairs = [(of, "mean") for of in names]
    pairs += [(names[i], names[j]) for i in range(len(names)) for j in range(i + 1)]
    table = pd.DataFrame(pairs, columns=["of", "with"])
    table.insert(0, "composition", "all")
    table["residual"] = 0.05 * np.cos(np.arange(len(table)))
    worst = (table["of"] == "m9 partner avoidance") & (table["with"] == "m3 patient anxiety")
    table.loc[worst, "residual"] = -0.213
    return table


def waves_table() -> pd.DataFrame:
    """Who took part: 151 couples, two of them without the partner."""
    rows = [
        (f"{unit}", f"{unit}-{role}", role, wave)
        for unit in range(151)
        for role in ROLES
        for place, wave in enumerate(WAVES)
        if unit < ANSWERED[role][place]
    ]
    return pd.DataFrame(rows, columns=["unit", "person", "role", "wave"])


def write_example(folder: Path, e_bfmi: float = 0.91) -> Path:
    """Write the whole folder of results; a low `e_bfmi` makes a check fail."""
    posterior = example_posterior()
    change = posterior["posterior"]["change"]
    analysis = folder / "growth"
    analysis.mkdir(parents=True)
    waves_table().to_parquet(folder / "waves.parquet", index=False)
    claims_table(change).to_csv(folder / "claims.csv", index=False)
    flow_table().to_csv(folder / "flow.csv", index=False)
    codebook_table().to_csv(folder / "codebook.csv", index=False)
    scoring_table().to_csv(folder / "scoring.tsv", sep="\t", index=False)
    exclusions_table().to_csv(folder / "exclusions.tsv", sep="\t", index=False)
    summary_table(change).to_csv(analysis / "summary.csv", index=False)
    meaning = {"name": ["change"], "cells": [4], "unit": ["points per year"]}
    meaning |= {"meaning": ["Expected change at predictors of 0."]}
    pd.DataFrame(meaning).to_csv(analysis / "parameters.csv", index=False)
    answered = ["patient ●●●●●, partner ●●●●●", "patient ●●○○○, partner ○○○○○"]
    marks = {"composition": ["all", "all"], "answered": answered, "units": [90, 4]}
    pd.DataFrame(marks).to_csv(analysis / "patterns.csv", index=False)
    trajectory_table(change).to_csv(analysis / "trajectories.csv", index=False)
    check_table(e_bfmi).to_csv(analysis / "checks.tsv", sep="\t", index=False)
    scaling_table().to_csv(analysis / "power_scaling.csv", index=False)
    grid_table(claims_table(change)).to_csv(analysis / "prior_grid.csv", index=False)
    dropout_table(claims_table(change)).to_csv(analysis / "dropout.csv", index=False)
    pd.DataFrame(
        {"composition": ["all"], "moments": [230], "observed": [0.0836], "replicated": [0.0794],
         "ppp": [0.421]}
    ).to_csv(analysis / "moment_fit.csv", index=False)  # fmt: skip
    for name, columns in (("curves", CURVES), ("slopes", SLOPES)):
        pd.DataFrame(columns=list(columns)).to_csv(analysis / f"{name}.csv", index=False)
    residual_moments().to_csv(analysis / "residual_moments.csv", index=False)
    prior_table().to_csv(analysis / "priors.csv", index=False)
    pd.DataFrame({"unit": ["151"], "reason": ["no score at any wave"]}).to_csv(
        analysis / "left_out.csv", index=False
    )
    posterior.to_netcdf(analysis / "posterior.nc")
    return folder
