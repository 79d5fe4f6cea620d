"""How much a release may tell: every threshold of the disclosure rules, in one place."""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Limits:
    """Where the rules of disclosure draw the line.

    Parameters
    ----------
    units : int
        R1, R4, R5, R6: smallest number of units (couples, clusters) that a statistic may stand
        for. The rule of ten of the Australian Bureau of Statistics and of the Centers for
        Medicare & Medicaid Services (no cell of 1 to 10, derivable ones included).
    units_per_column : float
        R2: units needed for each of d columns and the constant, n >= 2 (d + 1): the mean leverage
        (d + 1) / n is at most one half, the classical 50 % rule of dominance. The lattice attack
        succeeds up to n of about d and never did from n = d + 1 on (docs/disclosure.md); the
        factor is the margin for attacks that nobody has thought of.
    leverage_fails, leverage_warns : float
        R3: largest leverage of a record. 1 is a record alone in some direction, which the
        moments give away. Normal data with n = 2 (d + 1) have a largest leverage of about .78
        (median), so that .7 is worth a look and .9 is not chance.
    levels : int
        R4: a column with at most so many values in a cell is an indicator.
    """

    units: int = 10
    units_per_column: float = 2.0
    leverage_fails: float = 0.9
    leverage_warns: float = 0.7
    levels: int = 3

    def by_columns(self, columns: int) -> int:
        """Units that R2 asks for in a cell of so many columns."""
        return ceil(self.units_per_column * (columns + 1))

    def needed(self, columns: int) -> int:
        """Units that a cell of so many columns needs, by R1 and R2 together."""
        return max(self.units, self.by_columns(columns))


LIMITS = Limits()
