"""The fits of one study as a table, held against what its codebook and its data say now."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from securebase.codebook.loading import Study
from securebase.codebook.rivals import rival_study
from securebase.ledger.entries import digest
from securebase.ledger.models import choices, declared_digest
from securebase.ledger.tried import Tried, tried
from securebase.ledger.verifying import Reading, read_ledger
from securebase.whole_files import whole

AS_NOW: Final = "as now"
AS_DECLARED: Final = "as declared"
SIMULATED: Final = "simulated"
COLUMNS: Final = (
    *("entry", "date", "analysis", "model", "data", "purpose", "fits", "failed", "unfinished"),
    *("errors", "seed", "seed_as_ruled", "r_hat", "ess", "divergences", "declared_sha256"),
    *("priors_sha256", "data_sha256", "hash"),
)


@dataclass(frozen=True)
class Listing:
    """The fits of a study, and the ledger they are from.

    Parameters
    ----------
    reading : Reading
    rows : tuple of mapping
        A row per fit or batch, columns `COLUMNS`: by analysis in declared order, model, data and
        purpose, then as they began; those to simulated data last.
    """

    reading: Reading
    rows: tuple[Mapping[str, Any], ...]


def listing(study: Study, ledger: Path, waves: Path) -> Listing | None:
    """List the fits of a study; None where no ledger was kept.

    Parameters
    ----------
    study : Study
        The codebook.
    ledger : pathlib.Path
    waves : pathlib.Path
        ``waves.parquet``, as it is now.
    """
    try:
        reading = read_ledger(ledger)
    except FileNotFoundError:
        return None
    return Listing(reading, listed_fits(reading, study, digest(waves.read_bytes())))


def listed_fits(reading: Reading, study: Study, data: str) -> tuple[Mapping[str, Any], ...]:
    """List the fits of a study that a ledger has; see `Listing`.

    Parameters
    ----------
    reading : Reading
    study : Study
        The codebook.
    data : str
        SHA-256 of ``waves.parquet``, as it is now.
    """
    names = _names(study)
    rows = [_row(one, names, data, study) for one in tried(reading.entries, study.study)]
    order = {name: place for place, name in enumerate(study.analyses)}
    keys = ("model", "data", "purpose")

    def place(row: Mapping[str, Any]) -> tuple[Any, ...]:
        first = {key: next(n for n, one in enumerate(rows) if one[key] == row[key]) for key in keys}
        known = order.get(row["analysis"], len(order))
        # last what was fitted to no one's scores: sums over the others are of lines on end
        parts = (row["data"] == SIMULATED, known, row["analysis"])
        return (*parts, *(first[key] for key in keys), row["entry"])

    return tuple(sorted(rows, key=place))


def _names(study: Study) -> dict[tuple[str, str], str]:
    """Name the models that a codebook declares, by analysis and digest."""
    found = {}
    for name, analysis in study.analyses.items():
        for rival in analysis.rivals:
            other = rival_study(study, name, rival).analyses[name]
            found[name, declared_digest(other)] = f"rival {rival}"
        found[name, declared_digest(analysis)] = AS_DECLARED
    return found


def _row(
    one: Tried, names: Mapping[tuple[str, str], str], data: str, study: Study
) -> dict[str, Any]:
    start, end = one.started, one.ended or {}
    known = names.get((start["analysis"], start["declared_sha256"]))
    taken = AS_NOW if start["data_sha256"] == data else "earlier"
    return {
        "entry": start["number"],
        "date": start["time"][:10],
        "analysis": start["analysis"],
        "model": known or "; ".join(_differences(start, study)),
        "data": SIMULATED if start["purpose"] == "recovery" else taken,
        "purpose": start["purpose"],
        **{name: getattr(one, name) for name in ("fits", "failed", "unfinished", "errors")},
        "seed": start["seed"],
        "seed_as_ruled": "yes" if start["seed_as_ruled"] else "no",
        **{name: _text(end.get(name)) for name in ("r_hat", "ess", "divergences")},
        **{name: start[name] for name in ("declared_sha256", "priors_sha256", "data_sha256")},
        "hash": start["hash"],
    }


def _differences(start: Mapping[str, Any], study: Study) -> Iterator[str]:
    """Say in what a model differs from the one that is declared now under its name."""
    declared = study.analyses.get(start["analysis"])
    if declared is None:
        yield "no longer declared"
        return
    now = choices(declared)
    changed = {key: value for key, value in start["model"].items() if value != now.get(key)}
    for key, value in changed.items():
        listed = ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower()
        yield f"{key}: {listed or 'none'}"
    if not changed:
        yield "the same terms, otherwise set"


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def write_fits(rows: Iterable[Mapping[str, Any]], table: Path) -> None:
    """Write ``fits.csv`` with the columns `COLUMNS`, whole or not at all."""
    with whole(table) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
