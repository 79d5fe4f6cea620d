"""What the field's standards ask, and where the page answers it."""

from typing import Final

from securebase.report.analysed import Analysed
from securebase.report.inputs import FAIL
from securebase.report.section import Note, Section, folded
from securebase.report.standards import NOT_APPLICABLE, WITHHELD, statuses
from securebase.report.tables import Light, Link, Table
from securebase.report.wording import counted, listed

_SOURCES: Final = (
    "BARG: Kruschke (2021), doi:10.1038/s41562-021-01177-7. WAMBS: Depaoli & van de Schoot (2017), "
    "doi:10.1037/met0000065. JARS-Quant: Appelbaum et al. (2018), doi:10.1037/amp0000191."
)

_WITHOUT_LIGHT: Final = (NOT_APPLICABLE, WITHHELD)


def section(one: Analysed) -> Section:
    """Say how many items are answered, and name those that are not."""
    found = list(statuses(one))
    missing = [f"{item.standard} {item.number}" for item, status in found if status == FAIL]
    asked = [item for item, status in found if status not in _WITHOUT_LIGHT]
    words = f"{len(asked) - len(missing)} of {counted(len(asked), 'item')} that apply are answered"
    end = f"; not answered: {listed(missing)}." if missing else "."
    table = Table(
        caption="Items of BARG, WAMBS and JARS",
        columns=("result", "standard", "item", "asks", "answered under"),
        rows=tuple(
            (
                status if status in _WITHOUT_LIGHT else Light(status),
                item.standard,
                item.number,
                item.asks,
                _answer(item.evidence) if status != WITHHELD else WITHHELD,
            )
            for item, status in found
        ),
        source="",
    )
    title = "What standards ask"
    return Section("standards", title, (words + end,), (folded(table), Note((_SOURCES,))))


def _answer(evidence: str) -> Link:
    page, _, place = evidence.rpartition("#")
    return Link(place, f"{page}#{place}")
