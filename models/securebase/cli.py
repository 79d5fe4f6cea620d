"""The console command ``securebase``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from securebase.config import Config
from securebase.faults import InputError
from securebase.study import load_study, study_path


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
    return parser


def _validate(arguments: argparse.Namespace) -> None:
    name = arguments.study
    path = Path(name) if name.endswith(".yaml") else study_path(name, arguments.codebook)
    study = load_study(path)
    # these import pandas: a fault of the codebook is told before
    from securebase.summary import summary_lines
    from securebase.waves import clean

    for line in summary_lines(clean(study, arguments.raw_root), study, arguments.raw_root):
        print(line)
