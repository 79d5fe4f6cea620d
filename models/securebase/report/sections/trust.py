"""Whether a fit can be trusted: its checks."""

import pandas as pd

from securebase.report.analysed import Analysed
from securebase.report.counting import lines_or_none
from securebase.report.fit_tables import check_table
from securebase.report.section import Block, Section, folded
from securebase.report.wording import Number, Sentence


def section(one: Analysed) -> Section:
    """Say how the checks went, the failed ones by name."""
    checks = check_table(one.results)
    quiet = not one.withheld and one.results.warnings.empty
    block: Block = folded(checks) if quiet else checks
    return Section("trust", "Can this fit be trusted?", sentence(one), (block,))


def sentence(one: Analysed) -> Sentence:
    """Say whether a fit can be trusted, and how its checks went."""
    if one.results.checks.empty:
        return ("Nothing was checked.",)
    return (f"{'No' if one.withheld else 'Yes'}: ", *outcome(one), ".")


def outcome(one: Analysed) -> Sentence:
    """Say how the checks of an analysis went: "all 11 checks passed"."""
    found = one.results
    if found.checks.empty:
        return ("nothing was checked",)

    def count(checks: pd.DataFrame, word: str = "") -> Number | str:
        return lines_or_none(f"{one.name}/checks.tsv", checks.index, word)

    total = count(found.checks, "check")
    if one.withheld:
        return (count(found.failures), " of ", total, " failed")
    if len(found.warnings):
        return ("none of ", total, " failed, ", count(found.warnings, "warning"))
    return ("all ", total, " passed")
