"""The console command ``securebase``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from securebase.codebook.loading import load_study, study_path
from securebase.config import Config
from securebase.faults import InputError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; by default those of the process.

    Returns
    -------
    int
        0 where all is well, 1 where the input has faults (listed on standard error).
    """
    arguments = _parser().parse_args(argv)
    try:
        arguments.command(arguments)
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        place = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        print(place, file=sys.stderr)
        return 1
    return 0


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
    for path in write_study(
        study, settings, arguments.into, arguments.world, not arguments.no_faults
    ):
        print(path)


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
