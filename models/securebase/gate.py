"""The gate: what fails a run, after everything is written."""

from collections.abc import Mapping

import pandas as pd

from securebase.faults import Fault, InputError


def failed(checks: pd.DataFrame) -> pd.DataFrame:
    """Rows of the checks that block a verdict."""
    return checks[checks["passed"] == "fail"]


def refuse_failed(failures: Mapping[str, pd.DataFrame]) -> None:
    """Raise one `InputError` that lists every failed check, by the file that says so."""
    faults = [
        Fault(
            path,
            f"{row.check} is {row.value:.4g} ({row.what})",
            f"{row.comparison} {row.threshold:g}",
            str(row.explanation),
        )
        for path, table in failures.items()
        for row in table.itertuples()
    ]
    if faults:
        raise InputError("failed checks; the reports are written and show them", faults)
