"""From the results of a study to its bundle."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pandas as pd
import xarray as xr

from securebase.bundle.analysis_files import (
    AnalysisFiles,
    asks_of_columns,
    exact_moments,
    moment_bytes,
    rebuilding_fault,
)
from securebase.bundle.archive import json_bytes, write_archive
from securebase.bundle.described import contents_of, described
from securebase.bundle.ledger_files import kept_ledger
from securebase.bundle.opening import FORMAT
from securebase.bundle.order import Order
from securebase.bundle.pages import controlled_pages, public_pages
from securebase.bundle.release import MaskedPart, Released, Tier, released
from securebase.bundle.seal import commitments, merkle_leaves, nonces_of
from securebase.bundle.study_files import common_files, controlled_files, flow_told, public_files
from securebase.bundle.tables import Files, csv_bytes
from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import Study
from securebase.draws_files import read_draws
from securebase.fitting import Question, posed
from securebase.panel import Panel
from securebase.registration.withholding import study_without_values

log = logging.getLogger(__name__)

_COLUMNS_TOLD: Final = (
    "a claim on its curves, or its leaders, tells predictor values of all units, which together "
    "with moments of most of them would tell those of the few that are withheld"
)
_SEAL: Final = "seal/commitments.json"
_READ_BACK: Final = ("bundle.json", "config.json", "env/versions.json", _SEAL)


def write_bundle(order: Order, tier: Tier = "public") -> Path:
    """Write ``bundle.zip``, or ``bundle-controlled.zip``, into the results of a study.

    Parameters
    ----------
    order : Order
    tier : {"public", "controlled"}
        Controlled: exact moments of all units, to be given under agreement.

    Returns
    -------
    pathlib.Path
        The file. Beside it lies nonces.json, which is never part of it.

    Raises
    ------
    InputError
        Results that are not there yet.
    """
    order.refuse_unfinished()
    study, folder = order.study, order.folder
    waves = pd.read_parquet(folder / "waves.parquet")
    questions = {name: posed(study, name, waves) for name in study.analyses}
    seal = _seal(order, waves, questions)
    analyses = _analyses(order, questions, seal, tier)
    told = replace(order, study=study_without_values(study)) if tier == "public" else order
    files = {_SEAL: json_bytes(seal)} | _content(told, analyses, tier)
    files |= _leaves(order, waves) if tier == "controlled" else {}
    files["bundle.json"] = json_bytes(_about(study, tier, analyses))
    files = _with_readings(told, files, _panels(analyses), tier)
    path = folder / ("bundle.zip" if tier == "public" else "bundle-controlled.zip")
    log.info("bundle %s", write_archive(files, path))
    return path


def _content(order: Order, analyses: Mapping[str, AnalysisFiles], tier: Tier) -> Files:
    """Give tables, draws, moments and settings."""
    files = common_files(order, order.study)
    if tier == "public":
        lost = any(one.lost or one.refused for one in analyses.values())
        files |= public_files(order, order.study, flow_told(order.folder), lost)
        files["claims.csv"] = csv_bytes(_claims(order, analyses))
    else:
        files |= controlled_files(order)
    for name, one in analyses.items():
        log.info("%s: %s", name, one.refused or "moments are released")
        own = one.public() if tier == "public" else one.controlled()
        files |= {f"analyses/{name}/{file}": content for file, content in own.items()}
    return files


def _claims(order: Order, analyses: Mapping[str, AnalysisFiles]) -> pd.DataFrame:
    """claims.csv, at the predictors of those who are released."""
    table = pd.read_csv(order.folder / "claims.csv")
    for name, one in analyses.items():
        rows = table[table["analysis"] == name]
        if one.released is not None and len(rows):
            table.loc[rows.index] = one.released.judged(rows)[table.columns]
    return table


def _with_readings(order: Order, files: Files, panels: Mapping[str, Panel], tier: Tier) -> Files:
    """Add what is made of the content: ledger and fits, pages, descriptions."""
    study, project = order.study, order.project
    kept = kept_ledger(study, project.ledger, order.folder / "waves.parquet")
    calibration = list(project.calibration_of(study.study))
    files = files | kept.files
    if tier == "public":
        files |= public_pages(study, files, order.rules, kept.record, calibration)
    else:
        files |= controlled_pages(study, order.folder, order.rules, kept.record, calibration)
    told = {name: json.loads(files[name]) for name in _READ_BACK}
    return files | described(contents_of(order, files, told, kept.record), panels)


def _analyses(
    order: Order, questions: Mapping[str, Question], seal: Mapping[str, Any], tier: Tier
) -> dict[str, AnalysisFiles]:
    trees = {name: read_draws(order.folder / name / "posterior.nc") for name in questions}
    unbuilt = _unbuilt(questions, trees)
    found = _public(questions, unbuilt, seal) if tier == "public" else Released({}, unbuilt)
    flow = flow_told(order.folder)
    return {
        name: AnalysisFiles(
            question, trees[name], order.folder / name, order.config, found.parts.get(name),
            found.refused.get(name, ""), flow, order.cores,
        )
        for name, question in questions.items()
    }  # fmt: skip


def _unbuilt(questions: Mapping[str, Question], trees: Mapping[str, xr.DataTree]) -> dict[str, str]:
    faults = {name: rebuilding_fault(one, trees[name]) for name, one in questions.items()}
    return {name: why for name, why in faults.items() if why}


def _public(
    questions: Mapping[str, Question], unbuilt: Mapping[str, str], seal: Mapping[str, Any]
) -> Released:
    """Mask and gate; take back what the claims tell too much beside."""
    root = bytes.fromhex(seal["records"]["merkle_root"])
    wanted = {name: one for name, one in questions.items() if name not in unbuilt}
    found = released(wanted, root)
    told = {
        name: _COLUMNS_TOLD
        for name, parts in found.parts.items()
        if _few_withheld(parts) and asks_of_columns(claims_of(questions[name].study, name))
    }
    kept = {name: parts for name, parts in found.parts.items() if name not in told}
    return Released(kept, {**unbuilt, **found.refused, **told})


def _few_withheld(parts: Sequence[MaskedPart]) -> bool:
    return any(one.few_withheld for one in parts)


def _panels(analyses: Mapping[str, AnalysisFiles]) -> dict[str, Panel]:
    """Give the panels of what another program can fit to the moments."""
    return {name: one.question.panel for name, one in analyses.items() if not one.refused}


def _seal(order: Order, waves: pd.DataFrame, questions: Mapping[str, Question]) -> dict[str, Any]:
    raw = {}
    for one in order.study.raw.files:
        path = order.raw_root / one.path
        if path.is_file():
            raw[one.path] = path.read_bytes()
    exact = {name: moment_bytes(exact_moments(one)) for name, one in questions.items()}
    names = [f"raw {name}" for name in raw] + [f"moments {name}" for name in exact] + ["records"]
    return commitments(nonces_of(order.folder, names), raw, waves, exact)


def _leaves(order: Order, waves: pd.DataFrame) -> Files:
    """Leaves of the records, so that a data editor can name the one that was changed."""
    nonce = nonces_of(order.folder, ["records"])["records"]
    leaves = [one.hex() for one in merkle_leaves(nonce, waves)]
    return {"seal/leaves.json": json_bytes(leaves)}


def _about(study: Study, tier: Tier, analyses: Mapping[str, AnalysisFiles]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "tier": tier,
        "study": study.study,
        "title": study.title,
        "simulated": study.simulated,
        "securebase": version("securebase"),
        "analyses": list(analyses),
        "units_withheld": {name: one.withheld for name, one in analyses.items()},
        "values_masked": {name: one.lost for name, one in analyses.items()},
        "without_moments": {name: one.refused for name, one in analyses.items() if one.refused},
    }
