"""What recovery found, as tables to commit and a page to read."""

from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from securebase.recovery.coverage import (
    ERROR_RATE,
    SETTLED_RATE,
    coverage_band,
    coverages,
    unsettled,
    wrong_verdicts,
)
from securebase.recovery.replicates import LEVELS, UNDEFINED
from securebase.recovery.table import VERDICTS

# of a whole family of tests, after correction
FAMILY_ALPHA = 0.05
KEYS = ["study", "analysis", "world", "claim"]
HEAD = """# Recovery of known truths

Every analysis is simulated again and again from a known truth, at the size of its published
study, fitted, and its claims are judged by the rule of a run, without the margin a run keeps for
its Monte Carlo error: over many replicates such errors average out. Three worlds: claimed effects
as the simulator's settings say (`source`), absent (`null`), of opposite sign (`reversed`). Effect
sizes are ours, not the sources'. Units, predictors and who is missing when are the same in all
replicates of an analysis; scores are new. So these tables are also a design study: they say which
claims a study of that size can settle.

Made by `make recovery`; nothing here is written by hand.
"""


def write_page(tables: pd.DataFrame, folder: Path) -> None:
    """Write ``{study}.csv`` of each study, ``coverage.csv``, and the page README.md.

    Parameters
    ----------
    tables : pd.DataFrame
        See `table.gathered`.
    folder : Path
        docs/calibration/recovery.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for study, part in tables.groupby("study", sort=False):
        part.to_csv(folder / f"{study}.csv", index=False)
    coverages(tables).to_csv(folder / "coverage.csv", index=False, float_format="%.4g")
    (folder / "README.md").write_text(page(tables), encoding="utf-8")


def page(tables: pd.DataFrame) -> str:
    """Say what was found over all studies, then study by study."""
    lines = [HEAD, *_overview(tables), *_coverage_lines(tables)]
    lines += _error_lines(tables) + _unsettled_lines(tables)
    for study, part in tables.groupby("study", sort=False):
        lines += _study_lines(str(study), part)
    return "\n".join(lines) + "\n"


def _overview(tables: pd.DataFrame) -> list[str]:
    failed = tables.groupby(["study", "analysis", "world"])[["replicates", "failed"]].first().sum()
    fits, studies = int(failed["replicates"]), tables["study"].nunique()
    return [
        f"{studies} {'study' if studies == 1 else 'studies'}, {fits} fits, "
        f"{int(failed['failed'])} failed, of {_numbers(tables['draws'])} draws each, or more where "
        "chains had not mixed (column `redrawn`); "
        f"{len(tables)} estimands in worlds; "
        f"largest R-hat of a claim {tables['r_hat_max'].max():.3f}, smallest effective sample size "
        f"{tables['ess_min'].min():.0f}.\n",
    ]


def _numbers(values: "pd.Series[int]") -> str:
    return " or ".join(str(int(one)) for one in sorted(values.dropna().unique()))


def _coverage_lines(tables: pd.DataFrame) -> list[str]:
    found = coverages(tables)
    lines = [
        "## Coverage\n",
        f"{len(found)} coverages (claim × world × level). The band holds all of them at once with "
        "probability 95 %, if each is nominal; `p` is corrected for their number (Holm).\n",
        "| interval | mean coverage | smallest | largest | band | outside the band |",
        "|---|---|---|---|---|---|",
    ]
    for level in LEVELS:
        part = found[found["level"] == level]
        low, high = coverage_band(int(part["fitted"].median()), level, len(found))
        outside = int((part["p_family"] < FAMILY_ALPHA).sum())
        lines.append(
            f"| {level} % | {part['coverage'].mean():.3f} | {part['coverage'].min():.3f} | "
            f"{part['coverage'].max():.3f} | {low:.3f} to {high:.3f} | {outside} |"
        )
    far = found.loc[found["p_family"] < FAMILY_ALPHA, KEYS].drop_duplicates()
    if far.empty:
        return [*lines, "", "None is outside.", ""]
    return [*lines, "", *_outside_lines(found.merge(far, on=KEYS)), ""]


def _outside_lines(found: pd.DataFrame) -> Iterator[str]:
    """Tell what is outside, beside how much the data weigh there."""
    yield (
        "Outside (in bold), with the share of the posterior's precision that comes from the data "
        "(variance of posterior means over replicates, over the posterior's variance). Intervals "
        "are nominal on average over the prior, and for one truth as far as the data outweigh it. "
        "Where they say little, an interval is the prior's, too often right about a truth in its "
        "middle and too seldom about one at its edge:\n"
    )
    yield "| study | claim | world | truth | coverage 50 / 80 / 95 % | weight of the data |"
    yield "|---|---|---|---|---|---|"
    for (study, _, world, claim), part in found.groupby(KEYS, sort=False):
        first = part.iloc[0]
        covered = " / ".join(
            f"{mark}{one['coverage']:.3f}{mark}"
            for one in part.sort_values("level").to_dict("records")
            for mark in ("**" if one["p_family"] < FAMILY_ALPHA else "",)
        )
        yield (
            f"| `{study}` | {claim} | {world} | {first['truth']:.3g} | {covered} | "
            f"{first['data_weight']:.0%} |"
        )


def _error_lines(tables: pd.DataFrame) -> list[str]:
    found = wrong_verdicts(tables)
    lines = [
        "## Verdicts that should not be\n",
        "In the null world a directional claim must be neither supported nor contradicted; in the "
        "reversed world no claim must be supported (where its truth says so). Rates above "
        f"{ERROR_RATE:.0%}, with standard error, and the probability of so many at a true rate of "
        f"{ERROR_RATE:.0%} (alone; over all, Holm):\n",
    ]
    lines += [
        f"- `{one['study']}` {one['claim']}, world {one['world']}: {one['rate']:.3f} ± "
        f"{one['se']:.3f} (p = {one['p']:.2g}; {one['p_family']:.2g})"
        + ("" if one["p_family"] < FAMILY_ALPHA else ", within chance")
        for one in found.to_dict("records")
    ]
    moved = tables[(tables["world"] == "null") & tables["region"].isin(["beyond", "opposite"])]
    moved = moved[moved["direction"] != "zero"]
    said = ", ".join(f"`{one.study}` {one.claim} ({one.truth:.3g})" for one in moved.itertuples())
    lines += [] if len(found) else ["None."]
    if said:
        lines += ["", f"Not looked at, because the null world leaves them an effect: {said}."]
    return [*lines, ""]


def _unsettled_lines(tables: pd.DataFrame) -> list[str]:
    found = unsettled(tables)
    lines = [
        "## Claims that a study of this size could not settle\n",
        f"Supported in less than {SETTLED_RATE:.0%} of the replicates of the world `source`:\n",
    ]
    lines += [_unsettled_line(str(study), part) for study, part in found.groupby("study")]
    return [*lines, "" if len(found) else "None.\n"]


def _unsettled_line(study: str, part: pd.DataFrame) -> str:
    named = ", ".join(
        f"{one['claim']} ({one['supported']:.0%}{'' if _holds(one) else ', not true there'})"
        for one in part.to_dict("records")
    )
    return f"- `{study}` ({int(part['units'].iloc[0])} units): {named}"


def _holds(row: dict[Hashable, Any]) -> bool:
    return bool(row["region"] == ("rope" if row["direction"] == "zero" else "beyond"))


def _study_lines(study: str, part: pd.DataFrame) -> Iterator[str]:
    yield f"## {study}\n"
    yield f"Numbers: [{study}.csv]({study}.csv).\n"
    heads = ("claim", "world", "truth", "bias", "RMSE", "coverage 50 / 80 / 95 %", *VERDICTS)
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for claim, rows in part.groupby("claim", sort=False):
        for place, one in enumerate(rows.to_dict("records")):
            held = " / ".join(f"{one[f'coverage_{level}']:.2f}" for level in LEVELS)
            held = held if one["region"] != UNDEFINED else "no true value"
            judged = " | ".join(f"{one[word.replace(' ', '_')]:.0%}" for word in VERDICTS)
            yield (
                f"| {'' if place else str(claim)} | {one['world']} | {one['truth']:.3g} | "
                f"{one['bias']:.2g} ± {one['bias_se']:.1g} | {one['rmse']:.2g} | {held} | "
                f"{judged} |"
            )
    yield ""
