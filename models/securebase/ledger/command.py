"""`securebase ledger`: what was fitted in a project, and whether the record of it is whole."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from securebase.ledger.tried import Tried, tried
from securebase.ledger.verifying import Reading, listed, read_ledger

_COLUMNS = ("entry", "begun (UTC)", "study", "analysis", "for", "fits", "seed", "outcome")


def add_ledger_command(commands: Any) -> None:
    """Add the command to those of ``securebase``."""
    ledger = commands.add_parser("ledger", help="what was fitted here, and whether that is all")
    actions = ledger.add_subparsers(required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="check that no entry was removed or edited")
    verify.add_argument(
        "--results", type=Path, default=Path("results"), metavar="FOLDER",
        help="whose pages list fits that must be in the ledger (default: %(default)s)",
    )  # fmt: skip
    verify.set_defaults(command=_verify)
    show = actions.add_parser("show", help="list every fit")
    show.add_argument("--study", default=None, metavar="STUDY", help="of one study only")
    show.set_defaults(command=_show)
    for action in (verify, show):
        action.add_argument(
            "ledger", type=Path, nargs="?", default=Path("ledger.jsonl"), metavar="LEDGER",
            help="default: %(default)s",
        )  # fmt: skip


def _verify(arguments: argparse.Namespace) -> int:
    listings = sorted(arguments.results.glob("*/fits.csv"))
    found = read_ledger(arguments.ledger, listings)
    print(found.state, file=sys.stderr if found.broken else sys.stdout)
    for line in _remarks(found, listings):
        print(line)
    return 1 if found.broken else 0


def _remarks(found: Reading, listings: Sequence[Path]) -> Iterator[str]:
    if found.torn:
        yield "Its last line is unfinished: a job was killed while it wrote, or writes just now."
    if not found.headed:
        yield "ledger.head is not beside it: nobody would see that entries at its end are gone."
    for table in listings:
        told = {number for _, number, _ in listed(table)}
        study = table.parent.name
        every = tried(found.entries, study)
        later = sum(one.fits for one in every if one.started["number"] not in told)
        if later:
            yield (
                f"{later} fits of {study} are not on its page yet: "
                f"snakemake --forcerun write_pages_{study}"
            )


def _show(arguments: argparse.Namespace) -> None:
    rows = [_COLUMNS, *map(_row, tried(read_ledger(arguments.ledger).entries, arguments.study))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _row(one: Tried) -> tuple[str, ...]:
    start = one.started
    seed = str(start["seed"]) + ("" if start["seed_as_ruled"] else " (chosen)")
    time = start["time"][:16].replace("T", " ")
    what = (start["study"], start["analysis"], start["purpose"])
    return (str(start["number"]), time, *what, str(one.fits), seed, one.outcome)
