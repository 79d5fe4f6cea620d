"""How a reader can check a study, and what each way proves."""

from typing import Final

from securebase.codebook.loading import Study
from securebase.report.section import Note, Section
from securebase.report.tables import Table

_SENTENCE: Final = (
    "Three commands, run in the folder of the project; each proves something, none everything."
)
_FOREIGN: Final = (
    "No command shows that the answers came from people, that the model is true, or that those who "
    "left are like those who stayed."
)


def section(study: Study) -> Section:
    """Give the commands, how long each takes, and what it proves and does not."""
    table = Table(
        caption="Three ways to check",
        columns=("command", "takes", "proves", "does not prove"),
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
    return Section("check", "Check it yourself", (_SENTENCE,), (table, Note((_FOREIGN,))))
