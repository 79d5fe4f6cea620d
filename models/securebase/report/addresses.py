"""Addresses of numbers that were counted from draws: see docs/addresses.md."""

from collections.abc import Iterable, Mapping


def draws_address(
    analysis: str, group: str, variable: str, at: Mapping[str, str], statistic: str
) -> str:
    """Say where a number of ``posterior.nc`` comes from.

    Parameters
    ----------
    analysis : str
        Name of the analysis.
    group : str
        Of the file: posterior, prior, posterior_predictive, prior_predictive, observed_data.
    variable : str
        Of the group; ``estimand`` for the contrast of a claim, told by its id.
    at : mapping of str to str
        Dim to label.
    statistic : str
        Of the draws: mean, q2_5, q97_5, value, above, ...

    Returns
    -------
    str
        Such as ``growth/posterior.nc#posterior_predictive.mean[wave=m3, role=patient].q2_5``.
    """
    labels = ", ".join(f"{dim}={label}" for dim, label in at.items())
    return f"{analysis}/posterior.nc#{group}.{variable}[{labels}].{statistic}"


def lines_address(file: str, lines: Iterable[int], column: str = "count") -> str:
    """Say which lines of a table were counted, or a column of which was added up.

    Such as ``exclusions.tsv#L2+L5..L9.count``, ``fits.csv#L2..L9.failed``.
    """
    spans: list[list[int]] = []
    for line in sorted(lines):
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    parts = (f"L{low}" if low == high else f"L{low}..L{high}" for low, high in spans)
    return f"{file}#{'+'.join(parts)}.{column}"
