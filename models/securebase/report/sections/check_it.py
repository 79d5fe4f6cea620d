"""How a reader can check a study, and what each way proves."""

from typing import Final

from securebase.codebook.loading import Study
from securebase.report.section import Note, Section
from securebase.report.tables import Table

_SENTENCE: Final = (
    "Three commands, run in the folder of the project; each proves something, none everything."
)
_SENTENCE_OF_BUNDLE: Final = (
    "Three commands, the first run in the unpacked folder; each proves something, none everything."
)
_TITLE: Final = "Check it yourself"
_COLUMNS: Final = ("command", "takes", "proves", "does not prove")
_FOREIGN: Final = (
    "No command shows that the answers came from people, that the model is true, or that those who "
    "left are like those who stayed."
)


_OF_BUNDLE: Final = (
    (
        "sha256sum -c manifest.sha256",
        "seconds",
        "that no file was changed since the manifest was made",
        "that the files are right",
    ),
    (
        "securebase audit bundle.zip",
        "minutes",
        "that every number of the pages is that of a table, that tables follow from the draws, and "
        "draws from model, priors and moments",
        "that the moments are those of real people",
    ),
    (
        "securebase audit bundle.zip --level refit --seed N",
        "about as long as the fits",
        "that a computation of your own, with a seed of your own, comes to the same verdicts",
        "that another model would say the same (see “What would change it”)",
    ),
)


def section(study: Study, bundled: bool = False) -> Section:
    """Give the commands, how long each takes, and what it proves and does not.

    Parameters
    ----------
    study : Study
        The codebook.
    bundled : bool
        Whether the page is of a bundle, and not of the folder of the project.
    """
    if bundled:
        table = Table("Three ways to check", _COLUMNS, _OF_BUNDLE, source="")
        return Section("check", _TITLE, (_SENTENCE_OF_BUNDLE,), (table, Note((_FOREIGN,))))
    table = Table(
        caption="Three ways to check",
        columns=_COLUMNS,
        rows=(
            (
                "sha256sum FILE",
                "seconds",
                "that a file is the one this page was made from: its SHA-256 stands under “Files "
                "read”",
                "that the file is right",
            ),
            (
                "securebase ledger verify",
                "seconds",
                "that no fit was taken out of the ledger, edited or moved since it was written",
                "that nothing was fitted elsewhere",
            ),
            (
                f"the command of this run, with --forceall -- results/{study.study}/claims.html",
                "minutes",
                "that raw files lead to these draws and verdicts, byte for byte: seeds follow from "
                "names, and posterior.nc has no clock in it",
                "that another model would say the same (see “What would change it”)",
            ),
        ),
        source="",
    )
    return Section("check", _TITLE, (_SENTENCE,), (table, Note((_FOREIGN,))))
