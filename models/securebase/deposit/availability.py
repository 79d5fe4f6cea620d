"""README: where the data come from, what of them is provided, and what is not and why."""

from collections.abc import Iterator
from typing import Final

from securebase.deposit.contents import TO_FILL_IN, Contents
from securebase.deposit.jobs import WAVES
from securebase.deposit.markup import choice, heading, items, joined, table

STATED: Final = "none stated"
"""What a codebook says where the data have no licence."""
_RELEASED: Final = {
    "moments.nc": "counts, means and covariances of cells: what every re-fit is made from",
    "moments.csv": "the same as text: value of each, by cell and variable",
    "cells.csv": "patterns of answers, and what was done with each",
}


def has_licence(contents: Contents) -> bool:
    """Whether the codebook states a licence of the data."""
    return contents.study.licence != STATED


def data_availability(contents: Contents) -> str:
    """Write the statements on data availability and provenance."""
    return joined(
        (
            heading(2, "Data Availability and Provenance Statements"),
            _provenance(contents),
            heading(3, "Statement about Rights"),
            _rights(contents),
            heading(3, "License for Data"),
            _licence(contents),
            heading(3, "Summary of Availability"),
            _summary(contents),
            heading(3, "Details on each Data Source"),
            _sources(contents),
        )
    )


def _provenance(contents: Contents) -> str:
    if contents.study.simulated:
        return (
            "**All data are simulated. Effect sizes are ours; no number here is a finding about "
            f"people.** Source of the design: {contents.study.source}\n"
        )
    return (
        f"Source: {contents.study.source}\n\nThe raw data are answers of persons and are not part "
        f"of this package. {TO_FILL_IN}: how others can get them, from whom, at what cost and in "
        "what time.\n"
    )


def _rights(contents: Contents) -> str:
    if contents.study.simulated:
        return "No rights of others are concerned: the data were drawn by a program.\n"
    words = (
        "The author(s) certify that they have legitimate access to the data used, and permission "
        "to use them."
    )
    shared = (
        "The author(s) certify that they may publish what this package holds of the data: counts, "
        "means and covariances."
    )
    filled = f"{TO_FILL_IN}: tick what is so.\n\n"
    return filled + items((choice(words, False), choice(shared, False)))


def _licence(contents: Contents) -> str:
    if has_licence(contents):
        return f"Licence of the data: {contents.study.licence}.\n"
    return f"No licence of the data is stated. {TO_FILL_IN}: terms for this package.\n"


def _summary(contents: Contents) -> str:
    public = contents.study.simulated
    words = (
        ("All data **are** publicly available.", public),
        ("Some data **cannot be made** publicly available.", False),
        ("**No data can be made** publicly available.", False),
    )
    kept = (
        "What the models see of the data (moments of groups of units) is provided; what cannot "
        "be is listed under “What is omitted, and why”.\n"
    )
    listed = items(choice(one, ticked) for one, ticked in words)
    return listed if public else joined((f"{TO_FILL_IN}: tick one.\n", listed, kept))


def _sources(contents: Contents) -> str:
    rows = []
    for file in contents.study.raw.files:
        seal = contents.commitments.get(file.path)
        rows.append(
            (
                f"`{file.path}`" + (f" [{file.sheet}]" if file.sheet else ""),
                file.format,
                f"wave {file.wave}" if file.wave else "all waves in one file",
                "made anew by `securebase simulate`" if contents.study.simulated else "no",
                f"`{seal}`" if seal else "none",
            )
        )
    after = (
        "A commitment is the SHA-256 of a secret number of 32 bytes followed by the bytes of the "
        "file: whoever is given file and number can check that it is this file. Variables and "
        "their allowed values: `codebook.csv` and `study.yaml`.\n"
    )
    columns = ("raw file", "format", "holds", "provided", "commitment")
    return joined((table(columns, rows), after))


def dataset_list(contents: Contents) -> str:
    """Write the list of data files, provided or not."""
    return joined(
        (
            heading(2, "Dataset list"),
            table(("Data file", "Source", "Notes", "Provided"), _datasets(contents)),
        )
    )


def _datasets(contents: Contents) -> Iterator[tuple[str, str, str, str]]:
    simulated = contents.study.simulated
    for file in dict.fromkeys(one.path for one in contents.study.raw.files):
        how = "Yes, by `securebase simulate`" if simulated else "No"
        yield f"`{file}`", contents.study.source, "raw answers", how
    yield f"`{WAVES}`", "raw files", "scores of persons at waves, by rule `clean_waves`", "No"
    known = (
        ("codebook.csv", "study.yaml", "variables, ranges, how many answered"),
        ("flow.csv", "raw files", "participants at each stage"),
        ("people.csv", "raw files", "how many took part"),
        ("exclusions.csv", "raw files", "rows and cells set aside, by rule and reason"),
        ("scoring.tsv", "raw files", "keys and reliability of scales"),
    )
    for path, source, notes in known:
        if path in contents.files:
            yield f"`{path}`", source, notes, "Yes"
    for name in contents.study.analyses:
        for path in contents.of_analysis(name):
            holds = _RELEASED.get(path.rpartition("/")[2])
            if holds:
                yield f"`{path}`", f"`{WAVES}`", holds, "Yes"


def omissions(contents: Contents) -> str:
    """Write what is not in the package, and why."""
    why = "Exact moments of few people are their answers"
    lines = [
        "Raw answers and scores of persons: they are the participants'.",
        "Any array, table or figure with an entry for each unit, for the same reason: also "
        "log-likelihoods by unit, from which answers can be computed.",
        "Lists of single rows or units that were set aside; their counts by reason are in "
        "`exclusions.csv`.",
        "The program. It is Securebase, by version (see “Description of programs/code”).",
    ]
    if contents.study.simulated:
        lines[0] = "Raw answers and scores: simulated, and made anew by a command."
    if contents.tier == "public":
        lines.append(
            "Counts of one to nine persons, units or rows, and those from which they would follow: "
            "blank in tables, “fewer than 10” or “not told” on pages."
        )
        lines.append(
            f"Cells with too few units for their number of variables. {why}; `cells.csv` of each "
            "analysis says what was done, and `fidelity.csv` what it changed."
        )
        lines += list(_masked(contents))
    return joined((heading(2, "What is omitted, and why"), items(lines)))


def _masked(contents: Contents) -> Iterator[str]:
    for name in contents.study.analyses:
        values = contents.values_masked.get(name)
        units = contents.units_withheld.get(name)
        if values is not None and units is not None:
            noun = contents.study.unit
            yield (
                f"Analysis `{name}`: {_number(values, 'observed value')} treated as missing, "
                f"{_number(units, noun)} left out."
            )


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
