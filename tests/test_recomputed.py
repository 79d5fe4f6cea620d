"""Every table of a study, computed again from the file of draws: plain numpy, cell by cell."""

from pathlib import Path
from typing import Any

import arviz_stats as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from growth_examples import growth_study, random_waves

from securebase.codebook.loading import Study
from securebase.config import Decision, Sampling, Thresholds
from securebase.fitting import fit_analysis
from securebase.judgement import Bars, judge_study

CLOSE: dict[str, Any] = {"rel": 1e-10, "abs": 1e-10, "nan_ok": True}
DRAWN = Sampling(chains=2, draws=200, tune=200, prior_draws=100, predictive_draws=50)
DECISION = Decision(probability=0.8)
ROPE = {"low": -0.1, "high": 0.1, "reason": "made up for tests"}
ROLES, OUTCOMES = ("patient", "partner"), ("anxiety", "avoidance")
# weights (role, outcome) of the changes that a claim asks about
CONTRASTS = {"H1": [[0.5, -0.5], [0.5, -0.5]], "H2": [[1, 0], [0, 0]], "H3": [[0, 1], [0, -1]]}
DIRECTIONS = {"H1": "negative", "H2": "positive", "H3": "zero"}


def change(**at: str) -> dict[str, Any]:
    return {"variable": "change", "at": at}


def _study() -> Study:
    both = [change(outcome=outcome) | {"mean_over": ["role"]} for outcome in OUTCOMES]
    asked = {
        "H1": [both[0], both[1] | {"weight": -1}],
        "H2": [change(role="patient", outcome="anxiety")],
        "H3": [
            change(role="patient", outcome="avoidance"),
            change(role="partner", outcome="avoidance") | {"weight": -1},
        ],
    }
    claims = (
        {"id": name, "sentence": f"{name} is so.", "analysis": "growth", "estimand": terms,
         "direction": DIRECTIONS[name], "rope": ROPE}
        for name, terms in asked.items()
    )  # fmt: skip
    return growth_study(claims=tuple(claims))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recomputed")
    study = _study()
    random_waves(study, np.random.default_rng(4), units=40).to_parquet(folder / "waves.parquet")
    fit_analysis(study, "growth", folder / "waves.parquet", DRAWN, 1).write(folder / "growth")
    judge_study(study, folder, Bars(Thresholds(), 0.05, DECISION))
    return folder


@pytest.fixture(scope="module")
def draws(folder: Path) -> xr.DataTree:
    return xr.open_datatree(folder / "growth" / "posterior.nc").load()


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, sep="\t" if name.endswith("tsv") else ",")


def _described(values: np.ndarray) -> dict[str, float]:
    """Describe draws (chain, draw)."""
    flat, chains = values.ravel(), xr.DataArray(values, dims=("chain", "draw"))
    low, middle, high = np.quantile(flat, [0.025, 0.5, 0.975])
    return {
        "mean": flat.sum() / flat.size,
        "sd": np.sqrt(((flat - flat.mean()) ** 2).sum() / (flat.size - 1)),
        "q2_5": low, "median": middle, "q97_5": high,
        "mcse_mean": float(az.mcse(chains, method="mean")),
        "mcse_sd": float(az.mcse(chains, method="sd")),
        "ess_bulk": float(az.ess(chains, method="bulk")),
        "ess_tail": float(az.ess(chains, method="tail")),
        "r_hat": float(az.rhat(chains, method="rank")),
    }  # fmt: skip


def test_summary(folder: Path, draws: xr.DataTree) -> None:
    posterior, found = draws["posterior"], table(folder, "growth/summary.csv")
    assert {"level", "change", "unit_sd", "unit_corr", "residual_sd"} <= set(found["name"])
    for row in found.to_dict("records"):
        at = dict(pair.split("=") for pair in row["coordinates"].split(", "))
        expected = _described(posterior[row["name"]].sel(at).values)
        assert {key: row[key] for key in expected} == pytest.approx(expected, **CLOSE)
    counts = table(folder, "growth/parameters.csv").set_index("name")["cells"].to_dict()
    assert counts == found["name"].value_counts().to_dict()


def _asked(group: xr.DataTree, claim: str) -> np.ndarray:
    values = group["change"].sel(role=list(ROLES), outcome=list(OUTCOMES))
    return np.einsum("cdro,ro->cd", values.transpose("chain", "draw", ...), CONTRASTS[claim])


def _odds(share: float, size: int) -> float:
    share = min(max(share, 0.5 / size), 1 - 0.5 / size)
    return share / (1 - share)


def test_claims(folder: Path, draws: xr.DataTree) -> None:
    found = table(folder, "claims.csv").set_index("id")
    assert list(found.index) == list(CONTRASTS)
    for claim, row in found.iterrows():
        direction = DIRECTIONS[str(claim)]
        values, before = (_asked(draws[one], str(claim)) for one in ("posterior", "prior"))
        below, above = (values < -0.1), (values > 0.1)
        beyond, opposite = (below, above) if direction == "negative" else (above, below)
        regions = {"p_beyond": beyond, "p_rope": ~(below | above), "p_opposite": opposite}
        shares = {name: one.mean() for name, one in regions.items()}
        expected = _described(values) | shares
        errors = {
            name: float(az.mcse(one.astype(float), method="mean")) or 1 / one.size
            for name, one in regions.items()
        }
        expected["p_mcse"] = max(errors.values())
        inside = before[(before >= -0.1) & (before <= 0.1)].size / before.size
        sides = {"negative": (before < -0.1).mean(), "positive": (before > 0.1).mean()}
        expected["p_prior"] = sides.get(direction, inside)
        own = "p_rope" if direction == "zero" else "p_beyond"
        prior = _odds(expected["p_prior"], before.size)
        factor = _odds(shares[own], values.size) / prior
        wanted = DECISION.probability / (1 - DECISION.probability)
        expected |= {"bayes_factor": factor, "prior_needed": wanted / (wanted + factor)}
        expected["p_prior"] = prior / (1 + prior)
        del expected["mcse_sd"]
        assert row[list(expected)].to_dict() == pytest.approx(expected, **CLOSE)


def test_trajectories(folder: Path, draws: xr.DataTree) -> None:
    waves = pd.read_parquet(folder / "waves.parquet")
    found = table(folder, "growth/trajectories.csv")
    assert len(found) == 2 * 2 * waves["wave"].nunique()
    for row in found.to_dict("records"):
        at = {"role": row["role"], "outcome": row["outcome"]}
        level, slope = (draws["posterior"][name].sel(at).values for name in ("level", "change"))
        path = (level + slope * row["time"]).ravel()
        mine = (waves["role"] == row["role"]) & (waves["wave"] == row["wave"])
        scores = waves.loc[mine, row["outcome"]].dropna()
        expected = {
            "expected": path.mean(),
            "q2_5": np.quantile(path, 0.025), "q97_5": np.quantile(path, 0.975),
            "observed_n": len(scores), "observed_mean": scores.mean(),
            "observed_se": scores.std(ddof=1) / np.sqrt(len(scores)),
        }  # fmt: skip
        assert {key: row[key] for key in expected} == pytest.approx(expected, **CLOSE)


def test_patterns(folder: Path) -> None:
    waves = pd.read_parquet(folder / "waves.parquet")
    answered = waves[list(OUTCOMES)].notna().any(axis=1)
    marks = answered.map({True: "●", False: "○"})
    words = (
        waves.assign(mark=marks)
        .pivot_table(index="unit", columns=["role", "wave"], values="mark", aggfunc="first")
        .fillna("○")
    )
    told = words.apply(
        lambda row: ", ".join(f"{role} {''.join(row[role])}" for role in ROLES), axis=1
    )
    counted = told[told.str.contains("●")].value_counts().to_dict()
    found = table(folder, "growth/patterns.csv")
    assert found.set_index("answered")["units"].to_dict() == counted
    assert found["units"].is_monotonic_decreasing


def test_power_scaling(folder: Path, draws: xr.DataTree) -> None:
    found = table(folder, "growth/power_scaling.csv")
    asked = {name: (("chain", "draw"), _asked(draws["posterior"], name)) for name in CONTRASTS}
    groups = {"posterior": xr.Dataset(asked)} | {
        name: draws[name].to_dataset() for name in ("log_prior", "log_likelihood")
    }
    tree = xr.DataTree.from_dict(groups)
    data = az.psense(tree, group="likelihood")
    assert len(found) == len(CONTRASTS) * len(draws["log_prior"].data_vars)
    for row in found.to_dict("records"):
        prior = az.psense(tree, group="prior", group_var_names=[row["block"]])
        expected = float(prior[row["claim"]]), float(data[row["claim"]])
        assert (row["prior"], row["likelihood"]) == pytest.approx(expected, **CLOSE)


def test_moment_fit(folder: Path, draws: xr.DataTree) -> None:
    group = draws["moment_fit"]
    seen, other = (
        group["discrepancy"].sel(data=one).values[0] for one in ("observed", "replicated")
    )
    (row,) = table(folder, "growth/moment_fit.csv").to_dict("records")
    expected = {"observed": seen.mean(), "replicated": other.mean(), "ppp": (other >= seen).mean()}
    assert {key: row[key] for key in expected} == pytest.approx(expected, **CLOSE)
    residual = table(folder, "growth/residual_moments.csv")["residual"]
    assert residual.tolist() == pytest.approx(group["residual"].values.tolist(), **CLOSE)
    assert row["moments"] == residual.notna().sum()


def test_checks(folder: Path, draws: xr.DataTree) -> None:
    found = table(folder, "growth/checks.tsv").set_index("check")["value"]
    summary, claims = table(folder, "growth/summary.csv"), table(folder, "claims.csv")
    stats = draws["sample_stats"]
    energy = stats["energy"].transpose("chain", "draw").values
    expected = {
        "r_hat": summary["r_hat"].max(),
        "ess_bulk": summary["ess_bulk"].min(), "ess_tail": summary["ess_tail"].min(),
        "focal_r_hat": claims["r_hat"].max(),
        "focal_ess_bulk": claims["ess_bulk"].min(), "focal_ess_tail": claims["ess_tail"].min(),
        "focal_mcse": (claims["mcse_mean"] / claims["sd"]).max(),
        "focal_p_mcse": claims["p_mcse"].max(),
        "divergences": stats["diverging"].values.sum(),
        "e_bfmi": ((np.diff(energy) ** 2).sum(axis=1) / energy.var(axis=1)).min() / energy.shape[1],
        "tree_depth": stats["maxdepth_reached"].values.mean(),
        "moment_ppp": table(folder, "growth/moment_fit.csv")["ppp"].min(),
    }  # fmt: skip
    assert found.to_dict() == pytest.approx(expected, **CLOSE)
