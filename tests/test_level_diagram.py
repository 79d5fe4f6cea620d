"""Level diagrams: what is nested in what, and every part of every family at its level."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from growth_examples import growth_study, random_waves
from report_example import example_study, write_example

from securebase.codebook.loading import Study, load_study
from securebase.fitting import posed
from securebase.levels import level_table
from securebase.report.analysed import Analysed
from securebase.report.inputs import AnalysisResults, read_results
from securebase.report.level_diagram import LevelBox, LevelDiagram, level_diagram
from securebase.report.level_rows import ARROW, OBSERVED, RANDOM
from securebase.report.level_words import measure_words
from securebase.report.model_parts import ModelParts
from securebase.report.rules import Rules
from securebase.summaries import reported_cells
from securebase.waves.clean import clean

STUDIES = sorted(
    (path.stem, name)
    for path in Path(__file__).resolve().parents[1].joinpath("config/studies").glob("*.yaml")
    if (study := load_study(path)).simulated
    for name in study.analyses
)
Nested = tuple[str, tuple[Any, ...]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> AnalysisResults:
    folder = write_example(tmp_path_factory.mktemp("levels") / "couples_example")
    return read_results(example_study(), folder).analyses["growth"]


@cache
def example(name: str) -> tuple[Study, pd.DataFrame]:
    """Codebook and waves of a study whose raw files are here."""
    root = Path(__file__).resolve().parents[1]
    study = load_study(root / "config" / "studies" / f"{name}.yaml")
    return study, clean(study, root / "data" / "example").waves


def analysed(study: Study, waves: pd.DataFrame, name: str, template: AnalysisResults) -> Analysed:
    """Give an analysis with the quantities its model has, without any draw of a posterior."""
    question = posed(study, name, waves)
    cells = reported_cells(question.prior(2, 0), question.family)
    summary = pd.DataFrame(list(cells), columns=["name", "coordinates"])
    levels = level_table(question.panel)
    levels.index = pd.RangeIndex(2, 2 + len(levels))
    return Analysed(
        study, replace(template, name=name, summary=summary, levels=levels), (), Rules()
    )


def drawn(name: str, analysis: str, template: AnalysisResults) -> LevelDiagram:
    return level_diagram(analysed(*example(name), analysis, template))


def nested(box: LevelBox) -> Nested:
    return box.title, tuple(map(nested, box.boxes))


def boxes(box: LevelBox) -> Iterator[LevelBox]:
    yield box
    for inner in box.boxes:
        yield from boxes(inner)


def titled(diagram: LevelDiagram, title: str) -> LevelBox:
    (found,) = (box for box in boxes(diagram.box) if box.title == title)
    return found


def chips(box: LevelBox, kind: str, label: str = "") -> list[str]:
    return [
        chip.told
        for row in box.rows
        for chip in row.chips
        if chip.kind == kind and row.label.startswith(label)
    ]


def test_a_figure_s_values_live_in_the_figure_and_outcomes_at_waves(
    template: AnalysisResults,
) -> None:
    diagram = drawn("lavi2007", "growth_controlled", template)
    waves: Nested = ("waves", ())
    assert nested(diagram.box) == (
        "couples",
        (("participant", (waves,)), ("attachment figure", ())),
    )
    assert chips(titled(diagram, "attachment figure"), OBSERVED) == [
        "behavioural sensitivity → partner's level and change",
        "self reported sensitivity → partner's level and change",
    ]
    participant = titled(diagram, "participant")
    assert "relationship satisfaction → level and change" in chips(participant, OBSERVED)
    assert chips(participant, OBSERVED, "moderation")[0].startswith(
        "partner's behavioural sensitivity × own global anxiety"
    )
    assert chips(participant, RANDOM) == ["level", "change"]
    at_waves = titled(diagram, "waves")
    assert chips(at_waves, OBSERVED, "outcomes") == [
        "relationship-specific anxiety",
        "relationship-specific avoidance",
    ]
    assert chips(at_waves, RANDOM) == ["residual"]
    assert diagram.box.ties == ()


def test_leaders_and_followers_are_nested_in_clusters(template: AnalysisResults) -> None:
    diagram = drawn("davidovitz_combat", "appraisal", template)
    assert nested(diagram.box) == (
        "clusters",
        (("direct officer", ()), ("recruits", (("waves", ()),))),
    )
    clusters, recruits = diagram.box, titled(diagram, "recruits")
    assert chips(titled(diagram, "direct officer"), OBSERVED) == [
        "attachment anxiety (ECR) → recruits' level and change",
        "attachment avoidance (ECR) → recruits' level and change",
    ]
    for box in (clusters, recruits):
        assert chips(box, RANDOM, "random effects") == ["level"]
        assert len(chips(box, RANDOM, "random, beyond arrows")) == 2
        assert any("a provider of security → mental health" in one for one in chips(box, ARROW))
    assert len(chips(recruits, OBSERVED, "moderation")) == 2
    outcomes = chips(titled(diagram, "waves"), OBSERVED, "outcomes")
    assert outcomes[1] == "the officer as a provider of security only month 2, mediator"
    assert "no residual" in chips(titled(diagram, "waves"), ARROW)[0]


def test_what_leaders_answer_lives_in_leaders(template: AnalysisResults) -> None:
    diagram = drawn("davidovitz_workshop", "through_officers_words", template)
    officer, soldiers = titled(diagram, "direct officer"), titled(diagram, "soldiers")
    assert len(chips(officer, OBSERVED, "outcomes")) == 3
    assert all("mediator" in one for one in chips(officer, OBSERVED, "outcomes"))
    assert "→ own and soldiers' level" in chips(officer, OBSERVED, "predictors")[0]
    assert len(chips(soldiers, OBSERVED, "outcomes")) == 2
    assert chips(diagram.box, RANDOM) == chips(soldiers, RANDOM) == ["level"]


def test_slopes_of_groups_live_in_clusters(template: AnalysisResults) -> None:
    diagram = drawn("rom_missions", "functioning", template)
    assert nested(diagram.box) == ("clusters", (("recruits", (("waves", ()),)),))
    slopes = [one for one in chips(diagram.box, RANDOM) if one.startswith("slope of own")]
    assert len(slopes) == 2
    assert not [one for one in chips(titled(diagram, "recruits"), RANDOM) if "slope" in one]
    outcomes = chips(titled(diagram, "waves"), OBSERVED, "outcomes")
    assert sum("measures instrumental" in one for one in outcomes) == 2


def test_a_diary_has_deviations_at_waves_and_slopes_in_persons(template: AnalysisResults) -> None:
    diagram = drawn("asem_moments", "buffering", template)
    person, other = diagram.box.boxes
    (waves,) = person.boxes
    assert all("deviation from own mean" in one for one in chips(waves, OBSERVED, "predictors"))
    assert all(one.startswith("mean of") for one in chips(person, OBSERVED, "predictors"))
    assert len(chips(waves, OBSERVED, "moderation")) == 2
    assert sum(one.startswith("slope of") for one in chips(person, RANDOM)) == 4
    # exchangeable: both share every parameter
    assert [row.told for row in other.rows] == [": as one partner: the same parameters"]
    assert set(diagram.box.ties) == {"random effects", "residuals"}


def test_a_panel_has_stable_parts_in_persons_and_arrows_between_waves(
    template: AnalysisResults,
) -> None:
    diagram = drawn("asem_models", "ripple", template)
    person = diagram.box.boxes[0]
    assert chips(person, RANDOM) == ["stable part"]
    (waves,) = person.boxes
    assert chips(waves, RANDOM) == ["first deviation", "what is new at a wave"]
    assert chips(waves, ARROW, "arrows, one step later")[0] == "each → itself"
    assert len(chips(waves, ARROW)) == 3
    assert len(diagram.box.ties) == 3


def test_informants_and_what_they_share(template: AnalysisResults) -> None:
    diagram = drawn("gur_residential", "secure_base", template)
    assert [box.title for box in diagram.box.boxes] == ["adolescent", "staff member"]
    staff = titled(diagram, "staff member")
    assert chips(staff, RANDOM) == ["view of an informant"]
    assert chips(staff.boxes[0], RANDOM) == ["noise of measurement"]
    stable = [one for one in chips(titled(diagram, "adolescent"), RANDOM) if "stable" in one]
    assert len(stable) == 2


@pytest.mark.parametrize("exchangeable", [True, False])
def test_partners_are_correlated(
    exchangeable: bool, template: AnalysisResults, rng: np.random.Generator
) -> None:
    study = growth_study(exchangeable=exchangeable)
    one = analysed(study, random_waves(study, rng, units=20), "growth", template)
    assert level_diagram(one).box.ties == ("random effects", "residuals")


def test_couples_of_several_make_ups_are_drawn_as_one(
    template: AnalysisResults, rng: np.random.Generator
) -> None:
    made_of = {"mixed": {}, "women": {"exchangeable": True}}
    study = growth_study(compositions=made_of)
    waves = random_waves(study, rng, units=24)
    assert set(waves["composition"]) == set(made_of)
    diagram = level_diagram(analysed(study, waves, "growth", template))
    assert [box.title for box in diagram.box.boxes] == ["patient", "partner"]
    for box in diagram.box.boxes:
        assert chips(box, RANDOM) == ["level", "change"]
    assert diagram.box.ties == ("random effects", "residuals")


def test_a_baseline_leads_to_its_own_change(template: AnalysisResults) -> None:
    adolescent = titled(drawn("gur_residential", "security", template), "adolescent")
    assert chips(adolescent, ARROW, "arrows, change") == [
        "secure base → attachment anxiety (ECR) and attachment avoidance (ECR)",
        "level of attachment anxiety (ECR) → attachment anxiety (ECR)",
        "level of attachment avoidance (ECR) → attachment avoidance (ECR)",
    ]


@pytest.mark.parametrize(("name", "analysis"), STUDIES)
def test_nothing_of_any_study_is_missing(
    name: str, analysis: str, template: AnalysisResults
) -> None:
    one = analysed(*example(name), analysis, template)
    parts, diagram = ModelParts(one), level_diagram(one)
    names = one.results.summary["name"]
    spreads = names[names.str.endswith("_sd") & ~names.str.contains("_sum_|_difference_")]
    assert len(parts.spreads) == len(spreads)
    every = [chip for box in boxes(diagram.box) for row in box.rows for chip in row.chips]
    told = " ".join(chip.told for chip in every)
    for effect in parts.effects:
        if effect.source != "interaction":
            assert measure_words(one, effect.name) in told
    products = {effect.name for effect in parts.effects if effect.source == "interaction"}
    rows = [row for box in boxes(diagram.box) for row in box.rows if row.label == "moderation"]
    assert len({chip.words for row in rows for chip in row.chips}) == len(products)
    for outcome in one.analysis.outcomes:
        assert measure_words(one, outcome) in told
    for word in (box.title for box in boxes(diagram.box)):
        assert word in diagram.sentence
    assert diagram.sentence.endswith(".")
