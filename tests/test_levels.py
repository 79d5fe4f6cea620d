"""Levels of an analysis: every cluster, unit, person and occasion counted once."""

import numpy as np
import pandas as pd
from growth_examples import growth_study, random_waves
from test_leaders import COMPANIES, command, waves_of

from securebase.levels import level_table
from securebase.panel import Panel, panel_from_waves


def counted(panel: Panel) -> dict[tuple[str, str], tuple[int, float, float]]:
    table = level_table(panel).set_index(["level", "role"])
    return {key: tuple(row) for key, row in table.iterrows()}


def test_persons_and_occasions_of_couples_are_those_with_a_score() -> None:
    study = growth_study()
    waves = random_waves(study, np.random.default_rng(2), units=40, missing=0.3)
    panel = panel_from_waves(waves, study, "growth")
    scored = waves.dropna(subset=list(panel.analysis.outcomes), how="all")
    found = counted(panel)
    assert "cluster" not in {level for level, _ in found}
    assert found["unit", ""][0] == scored["unit"].nunique()
    for role, own in scored.groupby("role"):
        per_person = own.groupby("unit").size()
        assert found["person", role][0] == len(per_person)
        assert found["occasion", role] == (len(own), per_person.min(), per_person.max())


def test_the_led_are_counted_by_cluster_and_whoever_only_predicts_is_not(
    rng: np.random.Generator,
) -> None:
    study = command()
    found = counted(panel_from_waves(waves_of(study, rng), study, "growth"))
    sizes = [len(soldiers) for _, soldiers in COMPANIES.values()]
    assert found["cluster", ""][0] == len(COMPANIES)
    assert found["unit", ""] == (sum(sizes), min(sizes), max(sizes))
    assert set(found) == {(one, "soldier") for one in ("person", "occasion")} | {
        ("cluster", ""),
        ("unit", ""),
    }


def test_leaders_whose_outcomes_are_modelled_are_no_units_of_the_led(
    rng: np.random.Generator,
) -> None:
    study = command({"outcomes": ["health", "provision"]})
    found = counted(panel_from_waves(waves_of(study, rng), study, "growth"))
    sizes = [len(soldiers) for _, soldiers in COMPANIES.values()]
    assert found["unit", ""][0] == sum(sizes)
    assert found["person", "officer"] == (len(COMPANIES), 1, 1)
    assert found["occasion", "officer"] == (3 * len(COMPANIES), 3, 3)


def test_what_is_not_told_is_empty(rng: np.random.Generator) -> None:
    study = growth_study()
    table = level_table(panel_from_waves(random_waves(study, rng, units=9), study, "growth"))
    units = table[table["level"] == "unit"]
    pd.testing.assert_series_equal(
        units[["fewest", "most"]].isna().all(axis=1), pd.Series([True], index=units.index)
    )
