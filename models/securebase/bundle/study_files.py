"""The files of a bundle that are of the study, and not of one analysis."""

import platform
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import pandas as pd
import yaml

from securebase.bundle.archive import json_bytes
from securebase.bundle.flow_counts import WITHHELD, FlowTold, close, public_flow
from securebase.bundle.order import Order
from securebase.bundle.tables import (
    OF_STUDY,
    Files,
    Told,
    blanked,
    csv_bytes,
    exclusion_counts,
    public_tables,
)
from securebase.codebook.loading import Study
from securebase.fitting import LIBRARIES
from securebase.registration.deviations import deviations
from securebase.report.inputs import PEOPLE_FILE
from securebase.report.wording import FEW, UNTOLD

_SETTINGS: Final = (
    "decision", "thresholds", "sampling", "sensitivity", "dropout", "prediction", "multiverse",
)  # fmt: skip
_WORKFLOW: Final = ("snakemake",)
FLOW: Final = "flow.csv"


def flow_told(folder: Path) -> FlowTold:
    """Read flow.csv of a study as the public may have it."""
    return FlowTold(public_flow(pd.read_csv(folder / FLOW)))


def public_files(order: Order, study: Study, flow: FlowTold, lost: bool) -> Files:
    """Give tables of the study, and its codebook, for everybody.

    Parameters
    ----------
    order : Order
    study : Study
        Without values of exclusions.
    flow : FlowTold
    lost : bool
        Whether values of any analysis are masked.
    """
    folder = order.folder
    files = public_tables(folder, OF_STUDY, Told(lost, flow))
    exclusions = pd.read_csv(folder / "exclusions.tsv", sep="\t", dtype=str)
    people = pd.read_parquet(folder / "waves.parquet", columns=["unit", "person", "role"])
    return files | {
        FLOW: csv_bytes(flow.flow),
        "exclusions.csv": csv_bytes(exclusion_counts(exclusions)),
        PEOPLE_FILE: csv_bytes(people_counts(people, study)),
        "study.yaml": _codebook(study),
    }


def people_counts(people: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Count who took part, as people.csv has it.

    Parameters
    ----------
    people : pd.DataFrame
        Columns unit, person and role of waves.parquet.
    study : Study

    Returns
    -------
    pd.DataFrame
        Columns what (units, leaders where there are any, persons), number, and why it is blank.
    """
    leads = people["role"] == study.roles.leader
    units, leaders = people.loc[~leads, "unit"].nunique(), people.loc[leads, "unit"].nunique()
    persons = len(people[["unit", "person"]].drop_duplicates())
    rows = [(study.unit, units), (str(study.roles.leader), leaders), ("person", persons)]
    table = pd.DataFrame([one for one in rows if one[1]], columns=["what", "number"])
    told = blanked(table, "number")
    # who of a unit never took part is the difference of units and persons
    all_there = units * len(study.roles.members) + leaders
    telling = (told["what"] == "person") & close(persons, [all_there])
    told["number"] = told["number"].mask(telling)
    few = table["number"] < 10
    return told.assign(**{WITHHELD: few.map({True: FEW, False: UNTOLD}).where(few | telling, "")})


def controlled_files(order: Order) -> Files:
    """Give tables of the study and its codebook as they are: under agreement only."""
    names = (*OF_STUDY, FLOW, "exclusions.tsv")
    there = [name for name in names if (order.folder / name).is_file()]
    files = {name: (order.folder / name).read_bytes() for name in there}
    return files | {"study.yaml": _codebook(order.study)}


def _codebook(study: Study) -> bytes:
    said = study.model_dump(mode="json", by_alias=True)
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=96).encode()


def common_files(order: Order, study: Study) -> Files:
    """Give what is of both tiers: settings, versions, the registered plan.

    Parameters
    ----------
    order : Order
    study : Study
        As the bundle has it.
    """
    config = order.config.model_dump(mode="json", include=set(_SETTINGS))
    files = {
        "config.json": json_bytes({name: config[name] for name in _SETTINGS}),
        "env/versions.json": json_bytes(dict(_versions())),
    }
    copied = {"env/requirements.lock": order.project.lock}
    if study.registration is not None:
        copied["plan.yaml"] = Path(study.registration.file)
        found = [asdict(one) for one in deviations(study, order.config.decision)]
        columns = {"what": "what", "registered": "registered", "used": "now", "reason": "reason"}
        table = pd.DataFrame(found, columns=list(columns)).rename(columns=columns)
        files["deviations.csv"] = csv_bytes(table)
    return files | {name: path.read_bytes() for name, path in copied.items() if path.is_file()}


def _versions() -> Iterator[tuple[str, str]]:
    yield "python", platform.python_version()
    for name in sorted((*LIBRARIES, *_WORKFLOW)):
        try:
            yield name, version(name)
        except PackageNotFoundError:
            # a bundle may be written where no workflow engine is
            continue
