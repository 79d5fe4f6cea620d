"""The headline: contributions on the common scale, tables over studies, the page."""

import re
from pathlib import Path

import numpy as np
import pytest
from headline_example import (
    EFFECTS,
    FILE,
    contribution,
    example_contributions,
    example_synthesis,
    posterior,
    study_called,
    synthesis_of,
    write_contributions,
    write_posterior,
)
from scipy.stats import norm

from securebase.config import Decision
from securebase.faults import InputError
from securebase.report.headline import write_headline
from securebase.synthesis.contributions import NOT_IN_RUN, Contributed, contributed, standardised
from securebase.synthesis.headline import Headline, headline
from securebase.synthesis.pooling import pooled
from securebase.synthesis.settings import Contribution, Synthesis, load_synthesis


@pytest.fixture
def results(tmp_path: Path) -> Path:
    write_contributions(tmp_path)
    return tmp_path


@pytest.fixture
def synthesis() -> Synthesis:
    return example_synthesis()


@pytest.fixture
def contributions(results: Path) -> list[Contributed]:
    return example_contributions(results)


@pytest.fixture
def found(synthesis: Synthesis, contributions: list[Contributed]) -> Headline:
    return headline(synthesis, contributions, Decision())


def test_effects_are_brought_to_the_common_scale_draw_by_draw(rng: np.random.Generator) -> None:
    draws = posterior(rng, -0.6, 0.2, 0.1)
    multiply = {"by": 8, "reason": "eight months"}
    one = Contribution.model_validate(contribution("one", multiply=multiply, secure="positive"))
    found = standardised(one, draws)
    change = draws["change"].values[:, :, 0]
    np.testing.assert_allclose(found["anxiety"].values, -8 * change[..., 0] / 2.0)
    np.testing.assert_allclose(found["avoidance"].values, -8 * change[..., 1] / 1.0)
    difference = -4 * change[..., 0] + 8 * change[..., 1]
    np.testing.assert_allclose(found["difference"].values, difference)


def test_spreads_are_added_as_variances_or_given_as_a_number(rng: np.random.Generator) -> None:
    draws = posterior(rng, -0.6, 0.2, 0.1)
    reason = "spread of true scores at the start"
    both = [{"variable": "unit_sd", "at": {"effect": effect}} for effect in EFFECTS]
    declared = contribution("one")
    declared["anxiety"]["baseline_sd"] = {"terms": both, "reason": reason}
    declared["avoidance"]["baseline_sd"] = {"value": 4.0, "reason": reason}
    found = standardised(Contribution.model_validate(declared), draws)
    change = draws["change"].values[:, :, 0]
    np.testing.assert_allclose(found["anxiety"].values, change[..., 0] / np.sqrt(5.0))
    np.testing.assert_allclose(found["avoidance"].values, change[..., 1] / 4.0)


def test_what_cannot_be_used_is_said(contributions: list[Contributed]) -> None:
    reasons = {one.contribution.study: one.reason for one in contributions}
    assert reasons == {
        "one": "", "two": "", "bad": "a check of its analysis failed", "away": NOT_IN_RUN,
    }  # fmt: skip
    assert [one.draws is not None for one in contributions] == [True, True, False, False]


def test_summary_is_that_of_the_pooled_estimates(
    found: Headline, contributions: list[Contributed]
) -> None:
    draws = [one.draws["difference"].values for one in contributions if one.draws is not None]
    estimates = np.array([one.mean() for one in draws])
    errors = np.array([one.std(ddof=1) for one in draws])
    np.testing.assert_allclose(estimates, [-0.3, -0.4], atol=0.02)
    expected = pooled(estimates, errors, 0.5, 0.2)
    row = found.summary.iloc[0]
    assert (row["quantity"], row["studies"]) == ("difference", 2)
    assert row["mean"] == pytest.approx(expected.mean.mean)
    assert row["p_below"] == pytest.approx(expected.mean.below(-0.1))
    assert row["p_below"] + row["p_rope"] + row["p_above"] == pytest.approx(1.0)
    assert row["new_q2_5"] < row["q2_5"] < row["median"] < row["q97_5"] < row["new_q97_5"]
    assert 0 < row["mcse_mean"] < 0.1 * row["sd"]
    assert found.summary["quantity"].tolist() == ["difference", "anxiety", "avoidance"]


def test_studies_are_drawn_together(found: Headline) -> None:
    rows = found.studies[found.studies["quantity"] == "difference"].set_index("study")
    one, two = rows.loc["one"], rows.loc["two"]
    assert abs(one["shrunken_mean"] - two["shrunken_mean"]) < abs(one["mean"] - two["mean"])
    assert one["share"] + two["share"] < 1.0
    assert rows.loc["bad", ["mean", "share", "shrunken_mean"]].isna().all()
    assert rows["used"].tolist() == [True, True, False, False]
    # prior sd 5, posterior sd .1: (.1 / 5)²
    assert one["prior_share"] == pytest.approx(0.0004, rel=0.3)
    assert abs(one["skewness"]) < 0.2


def test_each_study_is_left_out_once(found: Headline) -> None:
    table = found.sensitivity.set_index("choice")
    assert [name for name in table.index if name.startswith("without")] == [
        "without one", "without two",
    ]  # fmt: skip
    assert table.loc["as declared", "mean"] == pytest.approx(found.summary.loc[0, "mean"])
    assert table.loc["without one", "mean"] < table.loc["without two", "mean"]
    exact, drawn = table.loc["as declared"], table.loc["posteriors as they are"]
    assert drawn["mean"] == pytest.approx(exact["mean"], abs=0.05 * exact["sd"])
    wider = table.loc["studies expected to differ twice as much", "sd"]
    assert table.loc["studies expected to differ half as much", "sd"] < exact["sd"] < wider


@pytest.mark.parametrize(
    ("anxiety", "direction", "verdict"),
    [
        (-2.0, "negative", "supported"),
        (2.0, "negative", "contradicted"),
        (2.0, "positive", "supported"),
        (-2.0, "zero", "contradicted"),
        (-0.3, "negative", "undecided"),
    ],
)
def test_verdict_by_the_rule_of_all_claims(
    tmp_path: Path, rng: np.random.Generator, anxiety: float, direction: str, verdict: str
) -> None:
    names = ["one", "two", "three"]
    for name in names:
        draws = posterior(rng, anxiety, 0.0, 0.1)
        write_posterior(tmp_path, name, draws, posterior(rng, 0.0, 0.0, 5.0, 200), "pass")
    declared = synthesis_of(*(contribution(name) for name in names), direction=direction)
    studies = {name: study_called(name) for name in names}
    contributions = contributed(declared, studies, tmp_path, FILE)
    found = headline(declared, contributions, Decision())
    assert found.summary.loc[0, "verdict"] == verdict
    said = page(declared, contributions, found, tmp_path)
    assert verdict in said


def page(
    synthesis: Synthesis, contributions: list[Contributed], found: Headline, folder: Path
) -> str:
    write_headline(synthesis, contributions, found, folder / "headline.html", Decision())
    return (folder / "headline.html").read_text(encoding="utf-8")


def test_page_says_what_is_simulated_withheld_and_missing(
    synthesis: Synthesis, contributions: list[Contributed], found: Headline, tmp_path: Path
) -> None:
    said = page(synthesis, contributions, found, tmp_path)
    assert "SIMULATED: 1 of 2 studies" in said
    assert "<strong>bad</strong>: a check of its analysis failed." in said
    assert f"<strong>away</strong>: {NOT_IN_RUN}." in said
    assert said.count("<svg") == 2
    assert "http" not in re.sub(r"(?s)<style>.*?</style>", "", said)
    assert "<script" not in said
    assert "headline/studies.csv#one" in said
    assert "headline/studies.csv#bad" not in said


def test_without_any_study_nothing_is_said(synthesis: Synthesis, tmp_path: Path) -> None:
    contributions = contributed(synthesis, {}, tmp_path, FILE)
    found = headline(synthesis, contributions, Decision())
    assert found.summary.loc[0, "verdict"] == "not assessable"
    assert found.sensitivity.empty
    said = page(synthesis, contributions, found, tmp_path)
    assert "no study of this run can be used" in said
    assert "<svg" not in said


def test_all_that_studies_do_not_have_is_said(results: Path) -> None:
    wrong = contribution("one")
    wrong["anxiety"]["estimand"] = [{"variable": "chance"}]
    wrong["avoidance"]["baseline_sd"]["terms"][0]["at"] = {"effect": "level person fear"}
    declared = synthesis_of(wrong, contribution("two", analysis="grouth"))
    studies = {name: study_called(name) for name in ("one", "two")}
    with pytest.raises(InputError) as caught:
        contributed(declared, studies, results, FILE)
    said = str(caught.value)
    assert "contributions.0.anxiety.estimand[0]: no variable 'chance'" in said
    assert "contributions.0.avoidance.baseline_sd.terms[0]: no effect 'level person fear'" in said
    assert "contributions.1.analysis: no analysis 'grouth' in two" in said
    assert "did you mean 'growth'?" in said


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("contributions:", "contribution:", "unknown key 'contribution'"),
        ("by: 8", "by: 0", "greater than 0"),
        ("      reason: effects are per month, the study lasted eight months", "", "'reason'"),
        ("        terms: [{variable: unit_sd, at: {effect: level participant global_anxiety}}]",
         "        value: null", "either terms or a value"),
    ],
)  # fmt: skip
def test_faults_of_the_file_are_told(
    root: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = (root / FILE).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "synthesis.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_synthesis(tmp_path / "synthesis.yaml")


def test_one_contribution_per_study() -> None:
    with pytest.raises(ValueError, match="one contribution per study, more of: one"):
        synthesis_of(contribution("one"), contribution("one"))


def test_the_shipped_file_is_read(root: Path) -> None:
    declared = load_synthesis(root / FILE)
    assert declared.contributions[0].factor == 8.0
    # what the prior's reason says: nine in ten within .8
    assert norm.cdf(0.8, 0, declared.mean.sd) * 2 - 1 == pytest.approx(0.9, abs=0.02)
