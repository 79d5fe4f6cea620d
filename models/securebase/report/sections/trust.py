"""Whether a fit can be trusted: its checks."""

from securebase.report.analysed import Analysed
from securebase.report.fit_tables import check_table
from securebase.report.section import Block, Section, folded
from securebase.report.wording import counted


def section(one: Analysed) -> Section:
    """Say how the checks went, the failed ones by name."""
    checks = check_table(one.results)
    quiet = not one.withheld and one.results.warnings.empty
    block: Block = folded(checks) if quiet else checks
    return Section("trust", "Can this fit be trusted?", (sentence(one),), (block,))


def sentence(one: Analysed) -> str:
    """Say whether a fit can be trusted, and how its checks went."""
    if one.results.checks.empty:
        return "Nothing was checked."
    return f"{'No' if one.withheld else 'Yes'}: {outcome(one)}."


def outcome(one: Analysed) -> str:
    """Say how the checks of an analysis went: "all 11 checks passed"."""
    total, warned = len(one.results.checks), len(one.results.warnings)
    if one.withheld:
        return f"{len(one.results.failures)} of {counted(total, 'check')} failed"
    if not total:
        return "nothing was checked"
    if warned:
        return f"none of {counted(total, 'check')} failed, {counted(warned, 'warning')}"
    return f"all {counted(total, 'check')} passed"
