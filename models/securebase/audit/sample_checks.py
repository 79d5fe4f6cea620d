"""A15 and A51: who was analysed, and what was observed of them, agree with the moments."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from securebase.audit.moments_read import ReleasedPart, no_moments, released_parts
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips
from securebase.codebook.study import Roles
from securebase.names import MEMBER

_NEAR: Final = 1e-9


def flow(opened: Opened) -> Iterator[Said]:
    """A15: from those who took part to those in the moments, nobody is lost in silence."""
    yield from _of_flow(opened)
    noun = opened.study.unit
    for name in opened.study.analyses:
        why = no_moments(opened, name)
        if why:
            yield skips(why)
            continue
        levels = opened.table(opened.file(name, "levels.csv"))
        leads = (levels["level"] == "person") & (levels["role"] == opened.study.roles.leader)
        counts = levels.loc[(levels["level"] == "unit") | leads, "number"]
        if counts.isna().any():
            yield skips(f"{name}: counts of units are too small to be told.")
            continue
        used = int(counts.sum())
        held = sum(part.units for part in released_parts(opened, name))
        withheld = opened.about.units_withheld.get(name, 0)
        if held + withheld != used:
            yield fails(
                f"Moments of {name} contain {held} {noun}s and {withheld} are withheld, "
                f"the analysis says {used}."
            )
        yield passes(
            f"{name}: {used} {noun}s analysed, moments contain {held}, {withheld} are withheld."
        )


def _of_flow(opened: Opened) -> Iterator[Said]:
    """Wave by wave, those who answered and those who were lost are always as many."""
    rows = opened.table("flow.csv")
    due = rows[rows["stage"].isin(["answered", "lost"])]
    totals: dict[str, set[int]] = {}
    for (_, role), some in due.groupby(["wave", "role"], sort=False):
        # a count that is blank was too small to be told
        if not some["persons"].isna().any():
            totals.setdefault(str(role), set()).add(int(some["persons"].sum()))
    for role, found in totals.items():
        if len(found) > 1:
            counts = " and ".join(map(str, sorted(found)))
            yield fails(f"flow.csv: {role} answered or lost are {counts}, wave by wave.")
    came = due[due["stage"] == "answered"].set_index(["wave", "role"])["persons"].to_dict()
    for row in rows[rows["stage"] == "scored"].itertuples():
        most = came.get((row.wave, row.role), np.nan)
        if row.persons > most:
            yield fails(
                f"flow.csv: {row.persons:.0f} scored of {most:.0f} {row.role} at {row.wave}."
            )


def observed_means(opened: Opened) -> Iterator[Said]:
    """A51: observed means are those of the moments, where the moments hold everybody."""
    for name in opened.study.analyses:
        why = no_moments(opened, name)
        if why:
            yield skips(why)
            continue
        found = _series(released_parts(opened, name), opened.study.roles)
        rows = opened.table(opened.file(name, "trajectories.csv"))
        compared = 0
        for row in rows.to_dict("records"):
            told = found.get((row["wave"], row["role"], row["outcome"]))
            seen, observed = float(row["observed_n"]), float(row["observed_mean"])
            if told is None or not seen > 0:
                continue
            count, mean = told
            place = f"{row['outcome']} of {row['role']} at {row['wave']}"
            if count > seen:
                yield fails(f"Moments have {count} of {place}, the table {seen:.0f}.")
            elif count == seen:
                compared += 1
                if not abs(mean - observed) <= _NEAR * max(abs(mean), 1.0):
                    yield fails(f"Mean {place}: table {observed:.4g}, moments {mean:.4g}.")
        words = f"{name}: {compared} of {len(rows)} observed means recomputed from moments"
        if compared:
            yield passes(f"{words} agree.")
        else:
            yield skips(f"{words}: in the others values are masked or withheld.")


def _series(
    parts: Sequence[ReleasedPart], roles: Roles
) -> Mapping[tuple[str, str, str], tuple[int, float]]:
    """How many have each score, and their mean; members who are not told apart, together."""
    sums: dict[tuple[str, str, str], list[float]] = {}
    for part in parts:
        level = (roles.compositions or {}).get(part.name)
        alike = level.exchangeable if level else roles.exchangeable
        for cell in part.everybody:
            for place, response in enumerate(cell.responses):
                words = response.split(" ")
                if len(words) != 3:
                    continue
                wave, role, outcome = words
                total = sums.setdefault((wave, MEMBER if alike else role, outcome), [0.0, 0.0])
                total[0] += cell.n
                total[1] += cell.n * cell.mean[place]
    return {key: (round(n), total / n) for key, (n, total) in sums.items()}
