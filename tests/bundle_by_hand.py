"""A small honest bundle in a folder, made by hand from draws and records of known kinds."""

import contextlib
import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import yaml
from bundle_pieces import (
    CHAINS,
    COMPLETE,
    CONFIG,
    DRAWS,
    ONCE,
    RESPONSES,
    SPREAD,
    STUDY,
    TWICE,
    moments_tree,
    posterior_tree,
    public_tree,
    records,
)
from ledger_example import attempt
from report_example import (
    OUTCOMES,
    ROLES,
    WAVES,
    codebook_table,
    example_study,
    exclusions_table,
    level_table,
    prior_table,
    scoring_table,
    trajectory_table,
)

from securebase.checks import checks_table, with_moment_fit
from securebase.claims import claims_table
from securebase.codebook.loading import Study
from securebase.codebook.plan import plan_of
from securebase.families import claim_units, load_family
from securebase.ledger.recording import recorded, recording
from securebase.moment_fit import fit_tables
from securebase.registration.deviations import deviations
from securebase.report.rules import Rules
from securebase.report.study_pages import write_study_pages
from securebase.sampling import derived_seed, seed_rule
from securebase.selftest.changes import seal
from securebase.sensitivity.scaling import power_scaling
from securebase.simple_slopes import slope_table
from securebase.summaries import parameter_table, summary_table
from securebase.turning_points import curve_table


def _registered(root: Path) -> Study:
    """Register a plan with another Monte Carlo margin; say why it is another now."""
    rule = CONFIG.decision.model_copy(update={"mcse_margin": 1.0})
    plan = plan_of(example_study(), rule, "0.1.0")
    text = yaml.safe_dump(plan.model_dump(mode="json"), sort_keys=False)
    (root / "plan.yaml").write_text(text, encoding="utf-8", newline="\n")
    what = "Monte Carlo errors a verdict must clear"
    said = {
        "file": "plan.yaml", "sha256": sha256(text.encode()).hexdigest(), "date": "2026-03-02",
        "doi": "10.17605/osf.io/example",
        "deviations": [{"what": what, "reason": "One error was too small a margin."}],
    }  # fmt: skip
    return example_study(registration=said)


def _trajectories(change: xr.DataArray, y: np.ndarray) -> pd.DataFrame:
    table = trajectory_table(change)
    for line, row in table.iterrows():
        values = y[:, RESPONSES.index(f"{row['wave']} {row['role']} {row['outcome']}")]
        values = values[~np.isnan(values)]
        error = values.std(ddof=1) / np.sqrt(len(values))
        seen = ["observed_n", "observed_mean", "observed_se"]
        table.loc[line, seen] = len(values), values.mean(), error
    return table


def _flow() -> pd.DataFrame:
    everybody, stages = COMPLETE + ONCE + TWICE, []
    came = dict(zip(WAVES, (everybody, COMPLETE + TWICE, *(COMPLETE,) * 3), strict=True))
    for stage, reason in (("in raw files", ""), ("answered", ""), ("scored", "anxiety"),
                          ("scored", "avoidance"), ("lost", "not at this wave")):  # fmt: skip
        for wave, n in came.items():
            count = everybody - n if stage == "lost" else n
            stages += [(stage, wave, role, count, count, reason) for role in ROLES if count]
    return pd.DataFrame(stages, columns=["stage", "wave", "role", "persons", "units", "reason"])


def _levels() -> pd.DataFrame:
    table, everybody = level_table(), COMPLETE + ONCE + TWICE
    occasions = everybody + 4 * COMPLETE + TWICE
    number = {"unit": everybody, "person": everybody, "occasion": occasions}
    return table.assign(number=table["level"].map(number))


def _priors() -> pd.DataFrame:
    line = prior_table().assign(density=f"Normal(0, {SPREAD:g})")
    return pd.concat([line.assign(outcome=outcome) for outcome in OUTCOMES])


def _waves() -> pd.DataFrame:
    everybody = range(COMPLETE + ONCE + TWICE)
    rows = [(f"{unit}", f"{unit}-{role}", role, "m0") for unit in everybody for role in ROLES]
    return pd.DataFrame(rows, columns=["unit", "person", "role", "wave"])


def _grid(claims: pd.DataFrame) -> pd.DataFrame:
    """Other priors, under which nothing is different."""
    kept = ["id", "p_beyond", "p_rope", "p_opposite", "p_mcse", "verdict"]
    settings = [("declared", "as declared", 1.0), ("change", "sd × 1/4", 0.25),
                ("change", "sd × 4", 4.0), ("every block", "sd × 4", 4.0)]  # fmt: skip
    tables = [
        claims[kept].rename(columns={"id": "claim"}).assign(
            block=block, setting=setting, factor=factor, failure=""
        )
        for block, setting, factor in settings
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def write_results(root: Path) -> tuple[Study, Path]:
    """Write what a run leaves, pages included; every number follows from the draws."""
    study, folder, y = _registered(root), root / STUDY, records()
    analysis = folder / "growth"
    analysis.mkdir(parents=True)
    _waves().to_parquet(folder / "waves.parquet", index=False)
    tree = posterior_tree(folder / "waves.parquet")
    tree.to_netcdf(analysis / "posterior.nc")
    family, claims = load_family("dyadic_growth"), study.claims
    posterior, prior = (tree[group].to_dataset() for group in ("posterior", "prior"))
    summary = summary_table(posterior, family, "year")
    checks = checks_table(
        summary, posterior, tree["sample_stats"].to_dataset(), claims, CONFIG.thresholds
    )
    fit, residual = fit_tables(tree["moment_fit"].to_dataset())
    checks = with_moment_fit(checks, fit, CONFIG.thresholds)
    judged = claims_table(
        claims, {"growth": posterior}, {"growth": not (checks["passed"] == "fail").any()},
        claim_units(study), CONFIG.decision, {"growth": prior},
    )  # fmt: skip
    answered = ["patient ●●●●●, partner ●●●●●", "patient ●○○○○, partner ●○○○○",
                "patient ●●○○○, partner ●●○○○"]  # fmt: skip
    patterns = {"composition": ["all"] * 3, "answered": answered, "units": [COMPLETE, ONCE, TWICE]}
    tables = {
        "claims.csv": judged, "flow.csv": _flow(), "codebook.csv": codebook_table(),
        "scoring.tsv": scoring_table(), "exclusions.tsv": exclusions_table(),
        "growth/summary.csv": summary, "growth/checks.tsv": checks,
        "growth/parameters.csv": parameter_table(summary, family, "year"),
        "growth/patterns.csv": pd.DataFrame(patterns), "growth/levels.csv": _levels(),
        "growth/trajectories.csv": _trajectories(posterior["change"], y),
        "growth/power_scaling.csv": power_scaling(tree, claims, CONFIG.sensitivity.threshold),
        "growth/prior_grid.csv": _grid(judged), "growth/moment_fit.csv": fit,
        "growth/residual_moments.csv": residual, "growth/curves.csv": curve_table(posterior),
        "growth/slopes.csv": slope_table(study.analyses["growth"], posterior),
        "growth/priors.csv": _priors(),
        "growth/left_out.csv": pd.DataFrame(columns=["unit", "reason"]),
    }  # fmt: skip
    for name, table in tables.items():
        table.to_csv(folder / name, index=False, sep="\t" if name.endswith("tsv") else ",")
    _record(root / "ledger.jsonl", folder)
    rules = Rules(sensitivity=CONFIG.sensitivity, thresholds=CONFIG.thresholds)
    write_study_pages(study, folder, rules, ledger=root / "ledger.jsonl")
    return study, folder


def _record(ledger: Path, folder: Path) -> None:
    seed = derived_seed(CONFIG.sampling.seed, STUDY, "growth")
    priors = sha256((folder / "growth" / "priors.csv").read_bytes()).hexdigest()
    ruled = {"seed": seed, "seed_rule": seed_rule(CONFIG.sampling.seed, STUDY, "growth")}
    told = ruled | {"settings": CONFIG.sampling.model_dump(), "priors_sha256": priors}
    both = attempt(study=STUDY, **told), attempt(4, study=STUDY, purpose="other priors")
    with recording(ledger, folder / "waves.parquet"):
        for failed, one in enumerate(both):
            with recorded(one) as ending:
                ending.lost(["RuntimeError: no draws"] * failed)


def write_bundle(root: Path) -> Path:
    """Arrange results as a bundle in a folder; see `write_results`."""
    # paths of plans start where the project is
    with contextlib.chdir(root):
        study, results = write_results(root)
        found = deviations(study, CONFIG.decision)
    bundle = root / "bundle"
    inner = bundle / "analyses" / "growth"
    for name in ("analyses/growth", "pages", "seal", "env", "attest"):
        (bundle / name).mkdir(parents=True)
    for name in ("claims.csv", "flow.csv", "codebook.csv", "scoring.tsv", "fits.csv"):
        shutil.copy(results / name, bundle)
    for path in (results / "growth").iterdir():
        if path.name != "left_out.csv":
            shutil.copy(path, inner)
    for name in ("claims.html", "growth.html"):
        shutil.copy(results / name, bundle / "pages")
    for name in ("plan.yaml", "ledger.jsonl", "ledger.head"):
        shutil.copy(root / name, bundle)
    rows = [(one.what, one.registered, one.used, one.reason) for one in found]
    columns = ["what", "registered", "now", "reason"]
    pd.DataFrame(rows, columns=columns).to_csv(bundle / "deviations.csv", index=False)
    values = study.model_dump(mode="json", by_alias=True)
    values["registration"]["file"] = "plan.yaml"
    (bundle / "study.yaml").write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    excluded = [("out_of_range", "no possible answer", "set to missing", "")]
    columns = ["rule", "reason", "action", "count"]
    pd.DataFrame(excluded, columns=columns).to_csv(bundle / "exclusions.csv", index=False)
    public_tree().to_netcdf(inner / "public.nc")
    moments_tree(records()).to_netcdf(inner / "moments.nc")
    cells = [("cell 1", "all", "1" * 20, COMPLETE, "kept"),
             ("cell 2", "all", "1111" + "0" * 16, ONCE, "kept"),
             ("cell 3", "all", "1" * 8 + "0" * 12, TWICE, "kept")]  # fmt: skip
    columns = ["id", "part", "pattern", "n", "action"]
    pd.DataFrame(cells, columns=columns).to_csv(inner / "cells.csv", index=False)
    public = public_tree()["posterior"].to_dataset()
    fidelity_of(study, bundle, public).to_csv(inner / "fidelity.csv", index=False)
    config = CONFIG.model_dump(mode="json")
    parts = ("decision", "thresholds", "sampling", "sensitivity", "dropout", "prediction")
    jsons = {
        "bundle.json": {
            "format": 1, "tier": "public", "study": STUDY, "securebase": "0.1.0",
            "analyses": ["growth"], "units_withheld": {"growth": 0},
            "values_masked": {"growth": 0}, "without_moments": {},
        },
        "config.json": {key: config[key] for key in parts},
        "analyses/growth/model.json": {"family": "dyadic_growth"},
        "seal/commitments.json": {}, "env/versions.json": {}, "attest/build.intoto.json": {},
    }  # fmt: skip
    for name, value in jsons.items():
        write_json(bundle / name, value)
    seal(bundle)
    return bundle


def fidelity_of(study: Study, bundle: Path, public: xr.Dataset) -> pd.DataFrame:
    """Both posteriors, claim by claim and quantity by quantity."""
    claims = pd.read_csv(bundle / "claims.csv").set_index("id")
    again = claims_table(
        study.claims, {"growth": public}, {"growth": True}, claim_units(study), CONFIG.decision
    ).set_index("id")
    rows = [
        ("claim", name, "", one["mean"], one["sd"], two["mean"], two["sd"],
         one["p_beyond"], two["p_beyond"], one["verdict"], two["verdict"])
        for name, one in claims.iterrows() for two in [again.loc[name]]
    ]  # fmt: skip
    summary = pd.read_csv(bundle / "analyses" / "growth" / "summary.csv")
    for place, one in enumerate(summary.itertuples()):
        values = public["change"].to_numpy().reshape(CHAINS * DRAWS, 4)[:, place]
        shown = (one.mean, one.sd, values.mean(), values.std(ddof=1))
        rows.append(("quantity", one.name, one.coordinates, *shown, None, None, "", ""))
    columns = ["kind", "name", "coordinates", "full_mean", "full_sd", "public_mean", "public_sd"]
    columns += ["full_p", "public_p", "full_verdict", "public_verdict"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(shift=(table["public_mean"] - table["full_mean"]) / table["full_sd"])


def write_json(path: Path, values: Any) -> None:
    """Write plain values."""
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8", newline="\n")
