"""From the results of a study to its bundle."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pandas as pd
import xarray as xr
import yaml

from securebase.bundle.analysis_files import (
    AnalysisFiles,
    Files,
    asks_of_columns,
    csv_bytes,
    exact_moments,
    json_bytes,
    moment_bytes,
    public_tables,
    rebuilding_fault,
)
from securebase.bundle.archive import write_archive
from securebase.bundle.opening import FORMAT
from securebase.bundle.readme import readme_of
from securebase.bundle.release import MaskedPart, Released, Tier, released
from securebase.bundle.seal import commitments, nonces_of
from securebase.bundle.tables import OF_STUDY, exclusion_counts
from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import Study
from securebase.config import Config
from securebase.draws_files import read_draws
from securebase.faults import Fault, InputError
from securebase.fitting import LIBRARIES, Question, posed
from securebase.registration.deviations import deviations

log = logging.getLogger(__name__)

_SETTINGS: Final = (
    "decision", "thresholds", "sampling", "sensitivity", "dropout", "prediction",
)  # fmt: skip
_COLUMNS_TOLD: Final = (
    "a claim on its curves, or its leaders, tells predictor values of all units, which together "
    "with moments of most of them would tell those of the few that are withheld"
)


@dataclass(frozen=True)
class Order:
    """What a bundle is to be made of.

    Parameters
    ----------
    study : Study
        The codebook.
    folder : pathlib.Path
        ``results/<study>``: fitted, judged, and with fits.csv if pages were written.
    config : Config
        Of the run.
    raw_root : pathlib.Path
        Folder that the raw files' paths start from.
    ledger : pathlib.Path
        ledger.jsonl of the project.
    lock : pathlib.Path
        requirements.lock of the project.
    cores : int
        Chains side by side; no draw depends on it.
    """

    study: Study
    folder: Path
    config: Config
    raw_root: Path
    ledger: Path = Path("ledger.jsonl")
    lock: Path = Path("requirements.lock")
    cores: int = 1


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
    study, folder = order.study, order.folder
    _refuse_unfinished(order)
    waves = pd.read_parquet(folder / "waves.parquet")
    questions = {name: posed(study, name, waves) for name in study.analyses}
    trees = {name: read_draws(folder / name / "posterior.nc") for name in questions}
    faults = {name: rebuilding_fault(one, trees[name]) for name, one in questions.items()}
    unbuilt = {name: why for name, why in faults.items() if why}
    seal = _seal(order, waves, questions)
    files: Files = {"seal/commitments.json": json_bytes(seal)}
    if tier == "public":
        found = _public(questions, unbuilt, seal)
        analyses = _analyses(order, questions, trees, found.parts, found.refused)
        hidden = any(one.lost or one.refused for one in analyses.values())
        files |= _public_files(order, hidden)
    else:
        analyses = _analyses(order, questions, trees, {}, unbuilt)
        files |= _controlled_files(order)
    for name, one in analyses.items():
        log.info("%s: %s", name, one.refused or "moments are released")
        own = one.public() if tier == "public" else one.controlled()
        files |= {f"analyses/{name}/{file}": content for file, content in own.items()}
    about = _about(study, tier, analyses)
    files |= _common(order) | {"bundle.json": json_bytes(about)}
    files["README.md"] = readme_of(about).encode()
    path = folder / ("bundle.zip" if tier == "public" else "bundle-controlled.zip")
    log.info("bundle %s", write_archive(files, path))
    return path


def _refuse_unfinished(order: Order) -> None:
    names = ["waves.parquet", "claims.csv"]
    names += [f"{name}/{file}" for name in order.study.analyses
              for file in ("posterior.nc", "summary.csv", "checks.tsv")]  # fmt: skip
    faults = [
        Fault(str(order.folder / name), "no such file", "results of a run", "run snakemake first")
        for name in names
        if not (order.folder / name).is_file()
    ]
    if faults:
        raise InputError(f"bundle of {order.study.study}", faults)


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
        if any(one.few_withheld for one in parts)
        and asks_of_columns(claims_of(questions[name].study, name))
    }
    kept = {name: parts for name, parts in found.parts.items() if name not in told}
    return Released(kept, {**unbuilt, **found.refused, **told})


def _analyses(
    order: Order,
    questions: Mapping[str, Question],
    trees: Mapping[str, xr.DataTree],
    parts: Mapping[str, list[MaskedPart]] | Mapping[str, Any],
    refused: Mapping[str, str],
) -> dict[str, AnalysisFiles]:
    return {
        name: AnalysisFiles(
            question, trees[name], order.folder / name, order.config, parts.get(name),
            refused.get(name, ""), order.cores,
        )
        for name, question in questions.items()
    }  # fmt: skip


def _seal(order: Order, waves: pd.DataFrame, questions: Mapping[str, Question]) -> dict[str, Any]:
    raw = {}
    for one in order.study.raw.files:
        path = order.raw_root / one.path
        if path.is_file():
            raw[one.path] = path.read_bytes()
    exact = {name: moment_bytes(exact_moments(one)) for name, one in questions.items()}
    names = [f"raw {name}" for name in raw] + [f"moments {name}" for name in exact] + ["records"]
    return commitments(nonces_of(order.folder, names), raw, waves, exact)


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


def _public_files(order: Order, hidden: bool) -> Files:
    """Tables of the study, and its codebook without the values that rows are left out by."""
    files = public_tables(order.folder, OF_STUDY, hidden)
    exclusions = pd.read_csv(order.folder / "exclusions.tsv", sep="\t", dtype=str)
    files["exclusions.csv"] = csv_bytes(exclusion_counts(exclusions))
    files["study.yaml"] = _yaml(withheld_exclusions(order.study))
    return files


def withheld_exclusions(study: Study) -> dict[str, Any]:
    """Give a codebook as plain values, without those that rows are left out by.

    They may name a unit; so may exclusions that options of the multiverse have in their place.
    """
    said = study.model_dump(mode="json", by_alias=True)
    exclusions = list(said["exclusions"])
    for choice in (said["multiverse"] or {"choices": {}})["choices"].values():
        for option in choice["options"].values():
            exclusions += option["change"].get("exclusions", ())
    for one in exclusions:
        one["where"] = dict.fromkeys(one["where"], "withheld")
    return said


def _controlled_files(order: Order) -> Files:
    names = (*OF_STUDY, "exclusions.tsv")
    there = [name for name in names if (order.folder / name).is_file()]
    files = {name: (order.folder / name).read_bytes() for name in there}
    files["study.yaml"] = _yaml(order.study.model_dump(mode="json", by_alias=True))
    return files


def _yaml(said: Any) -> bytes:
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=96).encode()


def _common(order: Order) -> Files:
    """What is of both tiers."""
    config = order.config.model_dump(mode="json", include=set(_SETTINGS))
    files = {
        "config.json": json_bytes({name: config[name] for name in _SETTINGS}),
        "env/versions.json": json_bytes({name: version(name) for name in sorted(LIBRARIES)}),
    }
    copied = {
        "fits.csv": order.folder / "fits.csv",
        "ledger.jsonl": order.ledger,
        "ledger.head": order.ledger.with_suffix(".head"),
        "env/requirements.lock": order.lock,
    }
    registration = order.study.registration
    if registration is not None:
        copied["plan.yaml"] = Path(registration.file)
        found = [asdict(one) for one in deviations(order.study, order.config.decision)]
        columns = {"what": "what", "registered": "registered", "used": "now", "reason": "reason"}
        table = pd.DataFrame(found, columns=list(columns)).rename(columns=columns)
        files["deviations.csv"] = csv_bytes(table)
    files |= {name: path.read_bytes() for name, path in copied.items() if path.is_file()}
    return files
