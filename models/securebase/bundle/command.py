"""`securebase bundle`: what a reviewer needs to check a study and fit it again."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from securebase.codebook.document import read_document
from securebase.codebook.loading import load_study, study_path
from securebase.config import Config, parse_config


def add_bundle_command(commands: Any) -> None:
    """Add the command to those of ``securebase``."""
    bundle = commands.add_parser(
        "bundle", help="write a bundle of a study that reviewers can check and fit again"
    )
    bundle.add_argument("study", metavar="STUDY", help="name of the study")
    bundle.add_argument(
        "--tier", choices=("public", "controlled"), default="public",
        help="controlled: with exact moments, to be given under agreement (default: %(default)s)",
    )  # fmt: skip
    bundle.add_argument(
        "--results", type=Path, default=Path("results"), metavar="DIR",
        help="folder of the results (default: %(default)s)",
    )  # fmt: skip
    bundle.add_argument(
        "--codebook", type=Path, default=Path("config/studies"), metavar="FOLDER",
        help="folder of the codebooks (default: %(default)s)",
    )  # fmt: skip
    bundle.add_argument(
        "--configfile", type=Path, nargs="+", default=[Path("config/config.yaml")], metavar="FILE",
        help="of the run; of several the last says most (default: config/config.yaml)",
    )  # fmt: skip
    bundle.add_argument(
        "--raw-root", type=Path, default=None, metavar="DIR",
        help="folder the raw files' paths start from (default: the configuration's)",
    )  # fmt: skip
    bundle.add_argument("--cores", type=int, default=2, metavar="N", help="chains side by side")
    bundle.set_defaults(command=_bundle)


def _bundle(arguments: argparse.Namespace) -> None:
    study = load_study(study_path(arguments.study, arguments.codebook))
    config = config_of(arguments.configfile)
    from securebase.bundle.order import Order
    from securebase.bundle.writing import write_bundle

    root = arguments.raw_root or Path(config.raw_root)
    folder = arguments.results / study.study
    print(write_bundle(Order(study, folder, config, root, cores=arguments.cores), arguments.tier))


def config_of(paths: Sequence[Path]) -> Config:
    """Read a configuration of several files, as the workflow does."""
    merged: dict[str, Any] = {}
    for path in paths:
        merged = _merged(merged, read_document(path).data)
    return parse_config(merged, str(paths[-1]))


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    both = {**first, **second}
    for key in first.keys() & second.keys():
        if isinstance(first[key], Mapping) and isinstance(second[key], Mapping):
            both[key] = _merged(first[key], second[key])
    return both
