"""The console command ``securebase``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from securebase.audit.command import add_audit_command
from securebase.bundle.command import add_bundle_command
from securebase.codebook.extracts import refuse_unknown_analysis
from securebase.codebook.loading import load_study, study_path
from securebase.config import Config, Decision, Recovery, Sampling, parse_config
from securebase.faults import InputError
from securebase.ledger.command import add_ledger_command
from securebase.ledger.recording import recording
from securebase.progress.command import add_progress_command
from securebase.registration.command import add_register_command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; by default those of the process.

    Returns
    -------
    int
        0 where all is well, 1 where the input has faults or the ledger is broken (told on standard
        error).
    """
    arguments = _parser().parse_args(argv)
    try:
        return arguments.command(arguments) or 0
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        place = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        print(place, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="securebase", description="From raw survey waves to checked posteriors."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    validate = commands.add_parser(
        "validate", help="check a study's codebook against its raw files, without running anything"
    )
    validate.add_argument(
        "study", metavar="STUDY", help="name of the study, or the path of its codebook"
    )
    validate.add_argument(
        "--codebook",
        type=Path,
        default=Path("config/studies"),
        metavar="FOLDER",
        help="folder of the codebooks (default: %(default)s)",
    )
    validate.add_argument(
        "--raw-root",
        type=Path,
        default=Path(Config.model_fields["raw_root"].default),
        metavar="DIR",
        help="folder the raw files' paths start from (default: %(default)s)",
    )
    validate.set_defaults(command=_validate)
    _simulate_command(commands)
    _recover_command(commands)
    add_progress_command(commands)
    add_ledger_command(commands)
    add_register_command(commands)
    add_bundle_command(commands)
    add_audit_command(commands)
    return parser


def _simulate_command(commands: Any) -> None:
    simulate = commands.add_parser("simulate", help="write the raw wave files of a simulated study")
    simulate.add_argument("study", metavar="STUDY", help="name of the study")
    simulate.add_argument(
        "--into", type=Path, required=True, metavar="FOLDER",
        help="folder the raw files' paths start from: raw_root of a run on them",
    )  # fmt: skip
    simulate.add_argument(
        "--world", choices=("source", "null", "reversed"), default="source",
        help="claimed effects as the settings say, absent, or reversed (default: %(default)s)",
    )  # fmt: skip
    simulate.add_argument(
        "--size", choices=("small", "full"), default=None,
        help="as many units as the example or as the published study (default: small, where "
        "config/simulations says how small)",
    )  # fmt: skip
    simulate.add_argument(
        "--seed", type=int, default=None, help="another seed than that of config/simulations"
    )
    simulate.add_argument(
        "--no-faults", action="store_true", help="leave out the faults planted on purpose"
    )
    simulate.add_argument("--config", type=Path, default=Path("config"), metavar="FOLDER",
        help="folder with studies/ and simulations/ (default: %(default)s)",
    )  # fmt: skip
    simulate.set_defaults(command=_simulate)


def _simulate(arguments: argparse.Namespace) -> None:
    from securebase.simulation import load_simulation, write_study

    study = load_study(study_path(arguments.study, arguments.config / "studies"))
    settings = load_simulation(arguments.config / "simulations" / f"{arguments.study}.yaml")
    if arguments.seed is not None:
        settings = settings.model_copy(update={"seed": arguments.seed})
    faults = not arguments.no_faults
    for path in write_study(
        study, settings, arguments.into, arguments.world, faults, arguments.size
    ):
        print(path)


def _recover_command(commands: Any) -> None:
    default = Recovery()
    recover = commands.add_parser(
        "recover", help="simulate an analysis from known truths, fit it, and judge its claims"
    )
    recover.add_argument("study", metavar="STUDY", help="name of the study")
    recover.add_argument("analysis", metavar="ANALYSIS", help="name of the analysis")
    recover.add_argument(
        "--world", choices=default.worlds, action="append", dest="worlds",
        help="may be given more than once (default: all three)",
    )  # fmt: skip
    recover.add_argument(
        "--replicates", type=int, default=default.replicates, metavar="N",
        help="simulated studies of each world (default: %(default)s)",
    )  # fmt: skip
    recover.add_argument(
        "--size", choices=("small", "full"), default=default.size,
        help="units as in the example, or as in the published study (default: %(default)s)",
    )  # fmt: skip
    recover.add_argument("--cores", type=int, default=2, metavar="N", help="fits side by side")
    recover.add_argument(
        "--into", type=Path, metavar="FOLDER", help="write the tables and the replicates there"
    )
    recover.add_argument("--config", type=Path, default=Path("config"), metavar="FOLDER",
        help="folder with studies/ and simulations/ (default: %(default)s)",
    )  # fmt: skip
    recover.set_defaults(command=_recover)


def _recover(arguments: argparse.Namespace) -> None:
    from securebase.recovery.design import labelled_table, recover_analysis, write_recovery
    from securebase.simulation import load_simulation

    study = load_study(study_path(arguments.study, arguments.config / "studies"))
    file, name = arguments.config / "simulations" / f"{arguments.study}.yaml", arguments.analysis
    settings = load_simulation(file)
    refuse_unknown_analysis(study, name)
    asked = {"replicates": arguments.replicates, "size": arguments.size}
    asked |= {"worlds": arguments.worlds} if arguments.worlds else {}
    recovery = parse_config({"studies": [study.study], "recovery": asked}, "arguments").recovery
    with recording("ledger.jsonl", file):
        found = recover_analysis(
            study, settings, name, recovery, Sampling(), Decision(), arguments.cores
        )
    if arguments.into is not None:
        write_recovery(found, study.study, name, arguments.into / study.study / name)
    shown = ["claim", "truth", "bias", "bias_se", "coverage_95", "supported", "contradicted"]
    for world, rows in found.items():
        table = labelled_table(rows, study.study, name)
        print(f"{world}: {int(table['failed'].max())} of {recovery.replicates} fits failed")
        print(table[[*shown, "practically_zero", "undecided"]].round(3).to_string(index=False))


def _validate(arguments: argparse.Namespace) -> None:
    name = arguments.study
    path = Path(name) if name.endswith(".yaml") else study_path(name, arguments.codebook)
    study = load_study(path)
    # these import pandas: a fault of the codebook is told before
    from securebase.fitting import question_faults
    from securebase.waves.clean import clean
    from securebase.waves.summary import summary_lines

    cleaned = clean(study, arguments.raw_root)
    for line in summary_lines(cleaned, study, arguments.raw_root):
        print(line)
    faults = question_faults(study, cleaned.waves)
    if faults:
        raise InputError(f"analyses and claims of study {study.study}", faults)
    print(f"  {len(study.analyses)} analyses can be fitted, {len(study.claims)} claims answered")
