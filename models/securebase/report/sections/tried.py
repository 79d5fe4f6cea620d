"""What else was tried in a study, as its page of claims says it, from the ledger of all fits."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from securebase.codebook.loading import Study
from securebase.ledger.listing import AS_DECLARED, AS_NOW, SIMULATED
from securebase.ledger.verifying import Reading
from securebase.report.counting import summed
from securebase.report.inputs import FITS_FILE
from securebase.report.section import Block, Note, Section, folded
from securebase.report.tables import Cell, Table
from securebase.report.wording import Number, Sentence, listed, strung

_NOTE = (
    "A batch, such as an analysis under thirty other priors, is one entry that counts its fits; a "
    "fit drawn again because its chains were too short counts once. What was fitted outside of "
    "this project's folder is in no ledger of it."
)


@dataclass(frozen=True)
class Record:
    """What the ledger says of a study.

    Parameters
    ----------
    reading : Reading
        The ledger.
    fits : pandas.DataFrame
        ``fits.csv``, see `listing.Listing`, indexed by line.
    """

    reading: Reading
    fits: pd.DataFrame


def section(study: Study, record: Record | None) -> Section:
    """Say how many fits were run, and list them all."""
    title = "What else was tried"
    if record is None:
        return Section("tried", title, ("No ledger of fits was kept beside these results.",))
    told = sentence(record.fits)
    if record.reading.broken:
        told = (f"{record.reading.state} What can still be read: ", *told)
    return Section("tried", title, told, tuple(_blocks(study, record)))


def sentence(fits: pd.DataFrame) -> Sentence:
    """Say how many fits were run, how many failed and how many did not end."""
    own = fits[fits["data"] != SIMULATED]
    if own.empty:
        return ("No fit of this study is in the ledger.",)
    count = _sum(own, "fits")
    were = " fit of this study was run: it is listed; " if count.value == 1 else (
        " fits of this study were run: all ", count, " are listed; "
    )  # fmt: skip
    ends = [(_sum(own, "failed"), " failed"), (_sum(own, "unfinished"), " did not end")]
    told = [part for number, word in ends if number.value for part in ("; ", number, word)]
    told = told[1:] or ["none failed"]
    return (count, *((were,) if isinstance(were, str) else were), *told, ".")


def _sum(rows: pd.DataFrame, column: str) -> Number:
    return summed(rows, FITS_FILE, map(int, rows.index), column)


def _blocks(study: Study, record: Record) -> Iterator[Block]:
    if remarks := tuple(_remarks(study, record.fits)):
        yield Note(strung(remarks, " ", " "))
    if not record.fits.empty:
        yield folded(_table(record.fits))
    yield Note((" ".join(_state(record.reading)),))
    yield Note((_NOTE,))


def _remarks(study: Study, fits: pd.DataFrame) -> Iterator[Sentence]:
    own = fits[fits["data"] != SIMULATED]
    yield from _unrecorded(study, own)
    if not own.empty:
        yield _apart(own)
    simulated = fits[fits["data"] == SIMULATED]
    if len(simulated):
        count = summed(simulated, FITS_FILE, simulated.index, "fits", "fit")
        yield ("Beside these, ", count, " to simulated studies of the same design.")


def _apart(own: pd.DataFrame) -> Sentence:
    """Count the fits that are not of what is declared now, or had seeds of their own."""
    declared = (own["model"] == AS_DECLARED) | own["model"].str.startswith("rival ")
    parts = [
        (_sum(own[rows], "fits"), f" {words}")
        for rows, words in (
            (~declared, "of models that the codebook does not declare now"),
            (own["data"] != AS_NOW, "to other scores than those of now"),
            (own["seed_as_ruled"] != "yes", "with a seed that was chosen, not made by the rule"),
        )
        if rows.any()
    ]
    if parts:
        return ("Among these: ", *strung(parts), ".")
    return ("All are of declared models, to the scores of now, with seeds made by the rule.",)


def _unrecorded(study: Study, own: pd.DataFrame) -> Iterator[Sentence]:
    """Name analyses whose posterior, as it is shown, no fit in the ledger can have made."""
    made = own[
        (own["model"] == AS_DECLARED)
        & (own["data"] == AS_NOW)
        & (own["purpose"] == "posterior")
        & (own["failed"] + own["unfinished"] == 0)
    ]
    lacking = [name for name in study.analyses if name not in set(made["analysis"])]
    if lacking:
        yield (
            f"The fit that is shown of {listed(lacking)} is not in this ledger: it was made "
            "elsewhere, or before the ledger was begun.",
        )


def _table(fits: pd.DataFrame) -> Table:
    groups = fits.groupby(["analysis", "model", "data", "purpose"], sort=False)
    return Table(
        caption="Every model that was tried",
        columns=(
            *("analysis", "model", "data", "for", "#fits", "#failed", "#did not end"),
            *("when", "seeds"),
        ),
        rows=tuple(
            (*map(str, names), *_counts(part), _dates(part), _seeds(part)) for names, part in groups
        ),
        source=FITS_FILE,
    )


def _counts(part: pd.DataFrame) -> Iterator[Cell]:
    return (_sum(part, column) for column in ("fits", "failed", "unfinished"))


def _dates(part: pd.DataFrame) -> str:
    first, last = str(part["date"].min()), str(part["date"].max())
    return first if first == last else f"{first} to {last}"


def _seeds(part: pd.DataFrame) -> str:
    chosen = part.loc[part["seed_as_ruled"] != "yes", "seed"].nunique()
    told = f", {chosen} chosen" if chosen else ""
    return f"{part['seed'].nunique()}{told or ', by the rule'}"


def _state(reading: Reading) -> Iterator[str]:
    """Say whether the ledger is whole, and where it ended when the page was made."""
    yield reading.state
    if reading.torn:
        yield "Its last line is unfinished."
    if reading.entries:
        last = reading.entries[-1]
        yield (
            f"This page was made after its entry {last['number']:,} "
            f"({last['hash'][:12]}, {last['time'][:10]}); later fits are not on it."
        )
