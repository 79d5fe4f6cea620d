"""`securebase register`: freeze what a codebook asks, to be deposited before the data are seen."""

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import yaml

from securebase.codebook.document import read_document
from securebase.codebook.loading import load_study, study_path
from securebase.codebook.plan import plan_of
from securebase.config import parse_config
from securebase.faults import Fault, InputError
from securebase.ledger.chain import append
from securebase.ledger.entries import digest
from securebase.whole_files import write_whole

_HEAD: Final = """\
# What study {study} asks, frozen by `securebase register`. Do not edit it: the codebook names its
# digest. What is different later is shown on the study's page of claims.
"""
_NEXT: Final = """\
{path}
Deposit this file where its date is witnessed (osf.io, zenodo.org), and add to {codebook}:

registration:
  file: ../registrations/{study}.yaml
  sha256: {digest}
  date:       # the day of the deposit, such as 2026-03-02
  doi:        # or url:
"""


def add_register_command(commands: Any) -> None:
    """Add the command to those of ``securebase``."""
    register = commands.add_parser(
        "register", help="freeze a study's claims, analyses and rule of verdicts, to register them"
    )
    register.add_argument("study", metavar="STUDY", help="name of the study")
    register.add_argument("--note", default=None, help="what readers of the plan have to know")
    register.add_argument(
        "--config", type=Path, default=Path("config"), metavar="FOLDER",
        help="folder with studies/ and registrations/ (default: %(default)s)",
    )  # fmt: skip
    register.add_argument(
        "--configfile", type=Path, default=Path("config/config.yaml"), metavar="FILE",
        help="configuration with the rule of verdicts (default: %(default)s)",
    )  # fmt: skip
    register.set_defaults(command=_register)


def _register(arguments: argparse.Namespace) -> None:
    codebook = study_path(arguments.study, arguments.config / "studies")
    study, path = (
        load_study(codebook),
        arguments.config / "registrations" / f"{arguments.study}.yaml",
    )
    _refuse(path, codebook, bool(study.claims))
    settings = read_document(arguments.configfile)
    rule = parse_config(settings.data, settings.file).decision
    plan = plan_of(study, rule, version("securebase"), arguments.note).model_dump(mode="json")
    text = _HEAD.format(study=study.study)
    text += yaml.safe_dump(plan, sort_keys=False, allow_unicode=True, width=96)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(text, path)
    mark = digest(text.encode())
    append(Path("ledger.jsonl"), {"event": "registered", "study": study.study, "plan_sha256": mark})
    print(_NEXT.format(path=path, codebook=codebook, study=study.study, digest=mark), end="")


def _refuse(path: Path, codebook: Path, claimed: bool) -> None:
    """Refuse to freeze a plan that says nothing, or one in the place of another."""
    faults = []
    if not claimed:
        faults.append(Fault(str(codebook), "no claims", "at least one claim", column="claims"))
    if path.exists():
        given, expected = "a plan that is frozen already", "no such file"
        remedy = "keep it: what is different now is shown as a deviation from it"
        faults.append(Fault(str(path), given, expected, remedy))
    if faults:
        raise InputError("a plan", faults)
