"""Drawings of outcomes and participants over the waves."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from securebase.report import svg
from securebase.report.wording import fixed

_ROLE_MARKS: Final = (("o", "-", True), ("s", (0, (4, 2)), False))
_MOST_WAVES: Final = 8
_TITLE_LETTERS: Final = 36
_TITLE_INCHES: Final = 0.17


def outcome_colour(outcome: str, position: int) -> str:
    """Colour of an outcome: anxiety vermillion, avoidance blue, others by their place."""
    if "anxi" in outcome:
        return svg.ANXIETY
    if "avoid" in outcome:
        return svg.AVOIDANCE
    return (svg.CLAIMED, svg.THIRD, svg.FOURTH)[position % 3]


def trajectory_limits(
    trajectories: pd.DataFrame, scales: Mapping[str, object]
) -> dict[str, tuple[float, float]]:
    """Limits of the vertical axis of each outcome; outcomes on one scale get the same span.

    A common span lets slopes be compared by eye from panel to panel.

    Parameters
    ----------
    trajectories : pandas.DataFrame
        Columns ``outcome``, ``q2_5``, ``q97_5``, ``observed_mean``, ``observed_se``, in points.
    scales : mapping
        What outcomes on one scale have in common, such as its range.
    """
    error = trajectories["observed_se"].fillna(0)
    means = trajectories["observed_mean"]
    lows = trajectories[["q2_5"]].assign(observed=means - error).min(axis=1)
    highs = trajectories[["q97_5"]].assign(observed=means + error).max(axis=1)
    by_outcome = trajectories["outcome"]
    low, high = lows.groupby(by_outcome).min(), highs.groupby(by_outcome).max()
    scale = pd.Series([str(scales.get(str(outcome))) for outcome in low.index], low.index)
    span = (high - low).groupby(scale).transform("max")
    half = 0.54 * span.where(span > 0, 1.0)
    middle = ((low + high) / 2).fillna(0.0)
    return {
        str(outcome): (
            float(middle[outcome] - half[outcome]),
            float(middle[outcome] + half[outcome]),
        )
        for outcome in low.index
    }


def trajectory_panel(
    rows: pd.DataFrame,
    roles: Mapping[str, str],
    wave_labels: Mapping[str, str],
    colour: str,
    limits: tuple[float, float],
    title: str,
    unit: str,
) -> Figure:
    """Draw one outcome over time: posterior mean and 95 % band over observed means.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of ``trajectories.csv`` of one outcome, in points over `time_unit`; what is NaN is
        left out.
    roles, wave_labels : mapping
        Labels by level, in the order to draw.
    colour : str
        One of `securebase.report.svg.COLOURS`.
    limits : tuple of float
        Of the vertical axis, in points.
    title : str
        Name of the outcome.
    unit : str
        What the vertical axis counts.
    """
    with svg.drawing_style():
        present = [role for role in roles if role in set(rows["role"])]
        # the lines are labelled at their ends: room for the longest label
        longest = max((len(roles[role]) for role in present), default=0)
        width = 0.70 - 0.019 * min(max(longest - 7, 0), 12)
        lines = textwrap.wrap(title, _TITLE_LETTERS)
        figure, axes = _canvas(2.9, (0.125, 0.255, width, 0.60), len(lines))
        times = rows.drop_duplicates("wave").set_index("wave")["time"]
        spread = 0.012 * (times.max() - times.min() or 1.0)
        ends = []
        for position, role in enumerate(present):
            part = rows[rows["role"] == role].sort_values("time")
            shift = spread * (2 * position - len(present) + 1)
            _draw_role(axes, part, colour, position, shift)
            _explain(axes, part, roles[role], wave_labels, shift)
            ends.append(_last_height(part))
        axes.set_ylim(*limits)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
        axes.grid(axis="y", color=svg.LINE, linewidth=0.5)
        axes.set_axisbelow(True)
        axes.set_title(
            "\n".join(lines), loc="left", color=colour, fontsize=10.0, fontweight="bold", pad=18
        )
        # under the title, where a long one cannot run into it
        axes.text(0.0, 1.04, unit, transform=axes.transAxes, color=svg.MUTED)
        _label_waves(axes, times, wave_labels)
        _label_ends(axes, ends, [roles[role] for role in present], limits, colour)
        if rows["observed_n"].notna().any():
            _print_counts(axes, rows, present, times, colour)
    return figure


def _canvas(
    height: float, place: tuple[float, float, float, float], lines: int
) -> tuple[Figure, Axes]:
    """Make a panel of a height, in inches, and higher by each further line of its title."""
    left, bottom, width, tall = place
    whole = height + _TITLE_INCHES * (lines - 1)
    figure = Figure(figsize=(svg.PANEL_INCHES, whole))
    kept = height / whole
    return figure, figure.add_axes((left, bottom * kept, width, tall * kept))


def _draw_role(axes: Axes, part: pd.DataFrame, colour: str, position: int, shift: float) -> None:
    marker, line, filled = _ROLE_MARKS[position % 2]
    time = part["time"].to_numpy(float)
    low, high = part["q2_5"].to_numpy(float), part["q97_5"].to_numpy(float)
    if len(part) == 1:
        # one wave is no line: the band stands beside the observed mean
        axes.vlines(time - 2 * abs(shift), low, high, color=colour, alpha=0.35, linewidth=6)
    axes.fill_between(time, low, high, color=colour, alpha=0.17, linewidth=0)
    axes.plot(time, part["expected"], color=colour, linestyle=line, linewidth=1.7)
    axes.errorbar(
        time + shift,
        part["observed_mean"],
        part["observed_se"].fillna(0.0),
        fmt=marker,
        color=colour,
        markersize=4.2,
        markerfacecolor=colour if filled else svg.PAPER,
        markeredgewidth=1.0,
        elinewidth=0.9,
    )


def _explain(
    axes: Axes, part: pd.DataFrame, role: str, waves: Mapping[str, str], shift: float
) -> None:
    """Lay a mark that cannot be seen over each point, with its numbers for the pointer."""
    for row in part.to_dict("records"):
        told = [f"{role}, {waves.get(str(row['wave']), str(row['wave']))}"]
        if pd.notna(row["observed_mean"]):
            observed, count = fixed(row["observed_mean"], 2), int(row["observed_n"])
            told.append(f"observed {observed}, {count:,} answered")
        if pd.notna(row["expected"]):
            low, high = fixed(row["q2_5"], 2), fixed(row["q97_5"], 2)
            told.append(f"expected {fixed(row['expected'], 2)}, 95 % {low} to {high}")
        height = row["observed_mean"] if pd.notna(row["observed_mean"]) else row["expected"]
        if pd.notna(height):
            (mark,) = axes.plot(row["time"] + shift, height, "o", markersize=12, alpha=0.0)
            mark.set_gid(f"{svg.TIP}{'; '.join(told)}")


def _last_height(part: pd.DataFrame) -> float:
    heights = part["expected"].fillna(part["observed_mean"]).dropna()
    return float(heights.iloc[-1]) if len(heights) else float("nan")


def _label_waves(axes: Axes, times: pd.Series, labels: Mapping[str, str]) -> None:
    times = times.iloc[:: _every(len(times))]
    words = [labels.get(str(wave), str(wave)) for wave in times.index]
    # "month 0", "month 3": the shared word belongs under the axis, once
    heads, tails = zip(*(word.rpartition(" ")[::2] for word in words), strict=True)
    shared = heads[0] if len(set(heads)) == 1 else ""
    axes.set_xticks(times.to_numpy(float), tails if shared else words)
    axes.tick_params(axis="x", length=3, pad=2)
    if shared:
        axes.annotate(
            shared,
            (1.0, 0.0),
            (6, -5),
            xycoords="axes fraction",
            textcoords="offset points",
            va="top",
            color=svg.MUTED,
        )


def _every(waves: int) -> int:
    """Which of many waves are written out: each, each second, …, so that none overlap."""
    return -(-waves // _MOST_WAVES)


def _label_ends(
    axes: Axes,
    ends: Sequence[float],
    names: Sequence[str],
    limits: tuple[float, float],
    colour: str,
) -> None:
    gap = 0.075 * (limits[1] - limits[0])
    order = sorted(
        (index for index in range(len(ends)) if np.isfinite(ends[index])), key=lambda i: ends[i]
    )
    previous = -np.inf
    for index in order:
        previous = max(ends[index], previous + gap)
        axes.annotate(
            names[index],
            (1.0, previous),
            (6, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )


def _print_counts(
    axes: Axes, rows: pd.DataFrame, roles: Sequence[str], times: pd.Series, colour: str
) -> None:
    below = axes.get_xaxis_transform()
    counts = rows.set_index(["role", "wave"])["observed_n"]
    for position, role in enumerate(roles):
        height = -0.20 - 0.105 * position
        marker, _, filled = _ROLE_MARKS[position % 2]
        axes.plot(
            [-0.115], [height], marker,
            transform=axes.transAxes, color=colour, markersize=4.2, clip_on=False,
            markerfacecolor=colour if filled else svg.PAPER,
        )  # fmt: skip
        axes.text(
            -0.085, height, "n", transform=axes.transAxes, va="center_baseline", color=svg.MUTED
        )
        for wave, time in times.iloc[:: _every(len(times))].items():
            count = counts.get((role, wave))
            text = "" if count is None or pd.isna(count) else f"{int(count)}"
            axes.text(
                float(time), height, text,
                transform=below, ha="center", va="center_baseline", color=svg.MUTED,
            )  # fmt: skip


def replication_panel(
    rows: pd.DataFrame, wave_labels: Mapping[str, str], colour: str, title: str
) -> Figure:
    """Draw observed summaries of one outcome over intervals of replicated ones.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns wave, series (whose summary, first to last), observed, low, high.
    wave_labels : mapping
        Labels by wave, in order.
    colour : str
        One of `securebase.report.svg.COLOURS`.
    title : str
        Summary and outcome.
    """
    waves = [wave for wave in wave_labels if wave in set(rows["wave"])]
    with svg.drawing_style():
        lines = textwrap.wrap(title, _TITLE_LETTERS)
        figure, axes = _canvas(1.75, (0.125, 0.15, 0.84, 0.68), len(lines))
        names = list(rows["series"].drop_duplicates())
        for position, name in enumerate(names):
            part = rows[rows["series"] == name]
            place = [waves.index(wave) for wave in part["wave"]]
            x = np.array(place) + 0.22 * (position - (len(names) - 1) / 2)
            filled = _ROLE_MARKS[position % 2][2]
            axes.vlines(x, part["low"], part["high"], color=colour, alpha=0.3, linewidth=5)
            axes.plot(
                x, part["observed"], _ROLE_MARKS[position % 2][0],
                color=colour, markersize=4.2, markerfacecolor=colour if filled else svg.PAPER,
            )  # fmt: skip
        shown = range(0, len(waves), _every(len(waves)))
        axes.set_xticks(shown, [wave_labels[waves[place]] for place in shown])
        axes.set_xlim(-0.5, len(waves) - 0.5)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
        axes.set_title(
            "\n".join(lines), x=-0.13, loc="left", color=colour, fontsize=8.5,
            fontweight="bold", pad=5,
        )  # fmt: skip
    return figure
