"""What a codebook made of its raw files, in a few lines for the person who wrote it."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from securebase.codebook.study import Study
from securebase.digests import digest_of
from securebase.names import PERSON, ROLE, UNIT, WAVE
from securebase.waves.clean import CleanWaves
from securebase.waves.scoring import ALL_WAVES, SCALE_ROW


def summary_lines(tables: CleanWaves, study: Study, raw_root: Path) -> Iterator[str]:
    """Sum a cleaned study up.

    Parameters
    ----------
    tables : CleanWaves
        The cleaned study.
    study : Study
        Its codebook.
    raw_root : Path
        Folder of the raw files: digests of files that are not pinned are printed.

    Yields
    ------
    str
        Lines of text.
    """
    waves = tables.waves
    units, persons = waves[UNIT].nunique(), len(waves[[UNIT, PERSON]].drop_duplicates())
    yield f"{study.study}: {study.title}"
    yield f"  {units} units ({study.unit}), {persons} persons, {len(waves)} rows (person and wave)"
    yield from _table(_persons(waves, study))
    yield from _scales(tables.scoring, study)
    yield from _quarantine(tables.exclusions)
    yield from _unpinned(study, raw_root)


def _persons(waves: pd.DataFrame, study: Study) -> list[list[str]]:
    counts = waves.groupby([ROLE, WAVE])[UNIT].nunique()
    head = ["persons", *study.waves.levels]
    rows = [
        [role, *(str(counts.get((role, wave), 0)) for wave in study.waves.levels)]
        for role in study.roles.levels
    ]
    return [head, *rows]


def _scales(scoring: pd.DataFrame, study: Study) -> Iterator[str]:
    waves = [wave for wave in study.waves.levels if (scoring[WAVE] == wave).any()]
    by_wave = scoring[(scoring["item"] == SCALE_ROW) & (scoring[WAVE] != ALL_WAVES)]
    alphas = by_wave.set_index(["scale", WAVE])["alpha"]
    rows = [[name, *(_number(alphas.get((name, wave))) for wave in waves)] for name in study.scales]
    yield from _table([["alpha", *waves], *rows])
    items = scoring[scoring["item"] != SCALE_ROW]
    verdicts = items["verdict"].value_counts()
    counts = ", ".join(
        f"{count} {str(verdict).replace('_', ' ')}" for verdict, count in verdicts.items()
    )
    yield f"  keys of items by wave: {counts}"


def _quarantine(exclusions: pd.DataFrame) -> Iterator[str]:
    if exclusions.empty:
        yield "  quarantine: nothing"
        return
    yield "  quarantine:"
    for (kind, rule), part in exclusions.groupby(["kind", "rule"], sort=True):
        places = ", ".join(f"{one.file} row {one.row}" for one in part[:3].itertuples())
        more = f" and {len(part) - 3} more" if len(part) > 3 else ""
        yield f"    {len(part)} {kind}{'s'[: len(part) > 1]} {rule}: {places}{more}"


def _unpinned(study: Study, raw_root: Path) -> Iterator[str]:
    for spec in study.raw.files:
        if spec.sha256 is None:
            yield f"  {spec.path} is not pinned; to pin it add:"
            yield f"      sha256: {digest_of(raw_root / spec.path)}"


def _table(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        first = row[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        yield "  " + "  ".join([first, *rest])


def _number(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.2f}"
