import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from report_example import LEVEL, ROLES, WAVES, example_study, trajectory_table

from securebase.report import claim_figures, figures, svg
from securebase.report.chain_figures import BINS, rank_panel, rank_shares
from securebase.report.path_figures import Arrow, path_diagram


@pytest.fixture(scope="module")
def trajectories() -> pd.DataFrame:
    from report_example import example_posterior

    return trajectory_table(example_posterior()["posterior"]["change"])


def panel(rows: pd.DataFrame, limits: Mapping[str, tuple[float, float]]) -> Figure:
    roles = {role: role for role in ROLES}
    waves = {wave: f"month {wave[1:]}" for wave in WAVES}
    return figures.trajectory_panel(
        rows, roles, waves, svg.ANXIETY, limits["anxiety"], "anxiety", "points, 1 to 7"
    )


def anxiety(trajectories: pd.DataFrame) -> pd.DataFrame:
    return trajectories[trajectories["outcome"] == "anxiety"]


def test_panels_share_their_span_and_hold_everything(trajectories: pd.DataFrame) -> None:
    limits = figures.trajectory_limits(trajectories, {})
    spans = [high - low for low, high in limits.values()]
    assert spans[0] == pytest.approx(spans[1])
    for outcome, (low, high) in limits.items():
        rows = trajectories[trajectories["outcome"] == outcome]
        assert low < rows["q2_5"].min()
        assert high > rows["q97_5"].max()


def test_scales_of_another_range_get_their_own_span(trajectories: pd.DataFrame) -> None:
    wide = trajectories.copy()
    numbers = ["q2_5", "q97_5", "observed_mean", "observed_se"]
    wide.loc[wide["outcome"] == "avoidance", numbers] *= 10
    spans = {}
    for scales in ({}, {"anxiety": (1, 7), "avoidance": (10, 70)}):
        limits = figures.trajectory_limits(wide, scales)
        low, high = limits["anxiety"]
        spans[len(scales)] = high - low
    alone = figures.trajectory_limits(anxiety(trajectories), {})["anxiety"]
    assert spans[2] == pytest.approx(alone[1] - alone[0])
    assert spans[0] > 5 * spans[2]


def test_a_panel_draws_what_the_table_says(trajectories: pd.DataFrame) -> None:
    rows = anxiety(trajectories)
    axes = panel(rows, figures.trajectory_limits(trajectories, {})).axes[0]
    lines = [line for line in axes.lines if len(line.get_xdata()) == len(WAVES)]
    expected = rows[rows["role"] == "patient"]["expected"].to_numpy()
    assert any(np.allclose(line.get_ydata(), expected) for line in lines)
    assert expected[0] == LEVEL["patient", "anxiety"]
    printed = [text.get_text() for text in axes.texts]
    for count in rows["observed_n"]:
        assert str(int(count)) in printed
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "3", "6", "9", "12"]
    assert "month" in printed


def test_a_panel_without_a_model_draws_observed_means_only(trajectories: pd.DataFrame) -> None:
    bare = anxiety(trajectories).assign(expected=np.nan, q2_5=np.nan, q97_5=np.nan)
    axes = panel(bare, figures.trajectory_limits(bare, {})).axes[0]
    finite = [
        line
        for line in axes.lines
        if len(line.get_xdata()) == len(WAVES)
        and np.isfinite(np.asarray(line.get_ydata(), float)).any()
    ]
    assert len(finite) == len(ROLES)


def test_limits_without_any_number_are_still_limits(trajectories: pd.DataFrame) -> None:
    columns = ["q2_5", "q97_5", "observed_mean", "observed_se"]
    limits = figures.trajectory_limits(trajectories.assign(**dict.fromkeys(columns, np.nan)), {})
    assert all(low < high for low, high in limits.values())


def test_anxiety_is_vermillion_and_avoidance_blue() -> None:
    assert figures.outcome_colour("rs_anxiety", 3) == "#d55e00"
    assert figures.outcome_colour("global_avoidance", 0) == "#0072b2"
    others = {figures.outcome_colour("satisfaction", place) for place in range(3)}
    assert len(others) == 3
    assert others.isdisjoint({svg.ANXIETY, svg.AVOIDANCE})


def test_a_density_changes_colour_at_the_limits_of_the_rope(rng: np.random.Generator) -> None:
    claim = example_study().claims[0]
    axes = claim_figures.contrast_density(rng.normal(-0.1, 0.1, 500), claim, "points").axes[0]
    edges = []
    for area in axes.collections:
        across = area.get_paths()[0].vertices[:, 0]
        edges.append((across.min(), across.max()))
    (_, first), middle, (last, _) = edges
    assert first == middle[0] == claim.rope.low
    assert middle[1] == last == claim.rope.high


def test_a_forest_draws_medians_and_withholds_what_is_not_there() -> None:
    claims = example_study().claims
    intervals = [
        claim_figures.ClaimInterval(claims[0], -0.4, -0.3, -0.2, "supported"),
        claim_figures.ClaimInterval(claims[1], np.nan, np.nan, np.nan, "not assessable"),
    ]
    axes = claim_figures.claims_forest(intervals, "points").axes[0]
    medians = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert medians == [-0.3]
    assert any("not assessable" in text.get_text() for text in axes.texts)


def test_replications_are_drawn_where_they_lie() -> None:
    rows = pd.DataFrame(
        {
            "wave": ["m0", "m3"],
            "series": ["patient", "patient"],
            "observed": [1.0, 1.5],
            "low": [0.5, 1.6],
            "high": [1.2, 2.0],
        }
    )
    waves = {"m0": "month 0", "m3": "month 3", "m6": "month 6"}
    axes = figures.replication_panel(rows, waves, svg.ANXIETY, "Mean").axes[0]
    bars = [path.vertices[:, 1].tolist() for path in axes.collections[0].get_paths()]
    assert bars == [[0.5, 1.2], [1.6, 2.0]]
    assert list(axes.lines[0].get_ydata()) == [1.0, 1.5]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["month 0", "month 3"]


def test_an_svg_is_made_for_a_page() -> None:
    figure = Figure(figsize=(2, 1))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], "o", color=svg.AVOIDANCE)
    axes.text(0, 0, "<text> & more")
    text = str(svg.inline_svg(figure, "one", 'said "so"'))
    assert text == str(svg.inline_svg(figure, "one", 'said "so"'))
    assert text.startswith("<svg ")
    assert "http" not in text
    assert "<style" not in text
    assert "var(--avoidance)" in text
    assert "&lt;text&gt; &amp; more</text>" in text
    assert 'aria-label="said &quot;so&quot;"' in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert ids
    assert all(name.startswith("one-") for name in ids)
    assert "DejaVu" not in text


def test_a_path_diagram_tells_what_is_clear_from_what_is_not() -> None:
    arrows = [
        Arrow("anxiety", "anxiety", 0.1, 0.4, 0.7),
        Arrow("partner anxiety", "anxiety", -0.3, -0.2, -0.1),
        Arrow("partner anxiety", "support", -0.2, 0.1, 0.4),
    ]
    figure = path_diagram(arrows, {"anxiety": "attachment anxiety"}, "lagged effect, wife")
    (axes,) = figure.axes
    drawn = [one for one in axes.patches if isinstance(one, FancyArrowPatch)]
    assert [to_hex(one.get_edgecolor()) for one in drawn] == [svg.CLAIMED, svg.OPPOSITE, svg.MUTED]
    widths = [one.get_linewidth() for one in drawn]
    assert widths == sorted(widths, reverse=True)
    assert [one.get_linestyle() == "-" for one in drawn] == [True, True, False]
    words = [text.get_text() for text in axes.texts]
    assert {"attachment anxiety", "support", "0.40", "\N{MINUS SIGN}0.20"} <= set(words)


def test_ranks_are_even_where_chains_agree_and_not_where_one_is_elsewhere(
    rng: np.random.Generator,
) -> None:
    draws = rng.normal(size=(4, 1000))
    assert abs(rank_shares(draws) * BINS - 1).max() < 0.6
    draws[2] += 1.0
    shares = rank_shares(draws)
    assert shares[2, -1] > 2 / BINS
    assert shares.sum(axis=1) == pytest.approx(np.ones(4))
    figure = rank_panel(draws, 400, "change (patient, anxiety)")
    assert len(figure.axes[0].patches) >= 4


def test_points_explain_themselves_under_the_pointer(trajectories: pd.DataFrame) -> None:
    limits = figures.trajectory_limits(trajectories, {})
    markup = svg.inline_svg(panel(anxiety(trajectories), limits), "one", "what it shows")
    tips = re.findall(r"<title>([^<]*)</title>", markup)
    assert len(tips) == len(ROLES) * len(WAVES)
    row = anxiety(trajectories).iloc[0]
    assert f"observed {row['observed_mean']:.2f}, {row['observed_n']:.0f} answered" in tips[0]
    assert (
        f"expected {row['expected']:.2f}, 95 % {row['q2_5']:.2f} to {row['q97_5']:.2f}" in tips[0]
    )
