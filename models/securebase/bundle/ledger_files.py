"""The ledger in a bundle, and the list of a study's fits that it gives now."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from securebase.codebook.loading import Study
from securebase.ledger.chain import head_of
from securebase.ledger.listing import listing, write_fits
from securebase.report.inputs import FITS_FILE
from securebase.report.result_tables import read_table
from securebase.report.sections.tried import Record

LEDGER = "ledger.jsonl"


@dataclass(frozen=True)
class Kept:
    """A ledger as it is at one moment.

    Parameters
    ----------
    files : dict of str to bytes
        ledger.jsonl, ledger.head and fits.csv; none where no ledger was kept.
    record : Record or None
        What it says of the study.
    """

    files: dict[str, bytes]
    record: Record | None


def kept_ledger(study: Study, ledger: Path, waves: Path) -> Kept:
    """Take the ledger of a project, and list the fits of a study.

    The whole of it: an entry of another study that is left out, or only its digest kept, could no
    longer be held against the entry before it. fits.csv is listed anew, since the ledger may have
    grown since the pages of the study were written.

    Parameters
    ----------
    study : Study
    ledger : pathlib.Path
        ledger.jsonl
    waves : pathlib.Path
        waves.parquet of the study.
    """
    if not ledger.is_file():
        return Kept({}, None)
    # first the head: entries may be added between the two
    head = head_of(ledger).read_bytes() if head_of(ledger).is_file() else None
    lines = ledger.read_bytes()
    files = {LEDGER: lines[: lines.rfind(b"\n") + 1]}
    if head is not None:
        files[head_of(Path(LEDGER)).name] = head
    with tempfile.TemporaryDirectory(prefix="securebase-ledger-") as name:
        folder = Path(name)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        found = listing(study, folder / LEDGER, waves)
        if found is None:
            return Kept(files, None)
        write_fits(found.rows, folder / FITS_FILE)
        record = Record(found.reading, read_table(folder / FITS_FILE))
        return Kept(files | {FITS_FILE: (folder / FITS_FILE).read_bytes()}, record)
