"""The flow of participants as the public may have it: no count below ten, and none that follows.

Counts of a wave and role hang together: who answered and who was lost are all who take part, and
who answered comes from the raw files but for what was set aside. A blank that is the difference of
two numbers that are told hides nothing, so one of the two is blank as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from securebase.report.wording import FEW, UNTOLD

SMALL: Final = range(1, 10)
"""Counts that stay blank: whoever is one of so few knows the others."""
RAW, ASIDE, ANSWERED, SCORED, LOST = "in raw files", "quarantined", "answered", "scored", "lost"
WITHHELD: Final = "withheld"
"""Column that says why a count is blank."""
_COUNTS: Final = ["persons", "units"]
_DUE: Final = ("answered", "lost")


def close(number: float, known: Iterable[float]) -> bool:
    """Say whether a number tells of one to nine persons beside numbers that are known."""
    return any(abs(number - one) in SMALL for one in known)


def public_flow(flow: pd.DataFrame) -> pd.DataFrame:
    """Blank what tells of fewer than ten persons.

    Reasons of fewer than ten become one with the next rarest. Where fewer than ten are lost still,
    nobody is told how many answered. Of a rule that set fewer than ten rows aside somewhere, no
    count by wave is told, nor are the raw rows there.

    Parameters
    ----------
    flow : pd.DataFrame
        flow.csv.

    Returns
    -------
    pd.DataFrame
        The same columns, and `WITHHELD`: "" or why persons and units are blank.
    """
    groups = flow.fillna({"wave": "", "role": "", "reason": ""}).groupby(
        ["stage", "wave", "role"], sort=False
    )
    parts = [_together(rows) if key[0] == LOST else rows for key, rows in groups]
    table = pd.concat(parts, ignore_index=True) if parts else flow.assign(reason="")
    few = table["persons"].isin(SMALL)
    hidden = few | table["units"].isin(SMALL) | _rules_in_part(table, few)
    for column in _COUNTS:
        for _, rows in table.groupby(["wave", "role"], sort=False):
            hidden.loc[list(_telling(rows, rows[column], hidden[rows.index]))] = True
    why = few.map({True: FEW, False: UNTOLD}).where(hidden, "")
    counts = table[_COUNTS].astype("Int64").mask(hidden)
    return table.assign(**{name: counts[name] for name in _COUNTS}, **{WITHHELD: why})


def _together(rows: pd.DataFrame) -> pd.DataFrame:
    """Join reasons until each has ten, or only one is left."""
    while len(rows) > 1 and rows[_COUNTS].isin(SMALL).any(axis=None):
        rarest = rows.sort_values("persons", kind="stable").index[:2].sort_values()
        first, second = (rows.loc[one] for one in rarest)
        # who is one of several of a unit may be lost for the one reason, and they for the other
        one_each = all(one["persons"] == one["units"] for one in (first, second))
        joined = {
            "reason": f"{first['reason']} or {second['reason']}",
            "persons": first["persons"] + second["persons"],
            "units": first["units"] + second["units"] if one_each else pd.NA,
        }
        rows = rows.drop(index=rarest[1]).astype({"units": "object"})
        for name, value in joined.items():
            rows.at[rarest[0], name] = value
    return rows


def _rules_in_part(table: pd.DataFrame, few: pd.Series) -> pd.Series:
    """Mark all counts of rules that have a small one: their sum is told in exclusions.csv."""
    aside = table["stage"] == ASIDE
    return aside & table["reason"].isin(table.loc[aside & few, "reason"])


def _telling(rows: pd.DataFrame, counts: pd.Series, hidden: pd.Series) -> Iterator[int]:
    """Find counts of a wave and role that, beside the others, tell of fewer than ten."""
    stage = rows["stage"]
    known = [counts[stage.isin(_DUE)].sum()] if stage.isin(_DUE).any() else []
    shut = {
        ANSWERED: bool(hidden[stage == LOST].any()),
        RAW: bool(hidden[stage == ASIDE].any()),
        SCORED: False,
    }
    for kind, closed in shut.items():
        for line in rows.index[stage == kind]:
            if closed or hidden[line] or close(counts[line], known):
                yield line
            else:
                known.append(counts[line])


@dataclass(frozen=True)
class FlowTold:
    """What the public flow says, for counts elsewhere that must not say more.

    Parameters
    ----------
    flow : pd.DataFrame
        See `public_flow`.
    """

    flow: pd.DataFrame

    def in_part(self, wave: str | None = None, role: str | None = None) -> bool:
        """Say whether how many answered, or have a score, is blank: at a wave, of a role."""
        rows = self._of(wave, role)
        return bool((rows["stage"].isin([ANSWERED, SCORED]) & (rows[WITHHELD] != "")).any())

    def sums(self, wave: str | None = None, role: str | None = None) -> list[float]:
        """Numbers that add up: who answered, who was due, who has a score of each scale."""
        rows = self._of(wave, role)
        stages: Sequence[pd.Series] = [rows["stage"] == ANSWERED, rows["stage"].isin(_DUE)]
        scored = rows[rows["stage"] == SCORED]
        parts = [rows[one] for one in stages] + [one for _, one in scored.groupby("reason")]
        return [float(one["persons"].sum()) for one in parts]

    def _of(self, wave: str | None, role: str | None) -> pd.DataFrame:
        rows = self.flow
        if wave is not None:
            rows = rows[rows["wave"] == wave]
        return rows if role is None else rows[rows["role"] == role]
