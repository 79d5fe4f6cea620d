"""The simulated study that the demonstration runs on: its files, its faults, its questions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from securebase.claims import claim_faults
from securebase.codebook.loading import Study, load_study
from securebase.families import load_family
from securebase.panel import panel_from_waves
from securebase.simulation import (
    Simulation,
    World,
    load_simulation,
    simulate_study,
    study_files,
    write_study,
)
from securebase.simulation.blanks import blank_truth
from securebase.simulation.files import PLANTED
from securebase.waves.clean import CleanWaves, KeyingError, clean

KEY = ["file", "row", "rule", "column"]


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "config" / "studies" / "lavi2007.yaml")


@pytest.fixture(scope="module")
def settings(root: Path) -> Simulation:
    return load_simulation(root / "config" / "simulations" / "lavi2007.yaml")


@pytest.fixture(scope="module")
def raw_root(root: Path) -> Path:
    return root / "data" / "example"


@pytest.fixture(scope="module")
def cleaned(study: Study, raw_root: Path) -> CleanWaves:
    return clean(study, raw_root)


def keys(table: pd.DataFrame) -> list[tuple[str, ...]]:
    return sorted(map(tuple, table[KEY].astype(str).to_numpy().tolist()))


def without_rekeyed(study: Study) -> Study:
    scale = study.scales["rs_avoidance"].model_copy(update={"rekeyed": ()})
    return study.model_copy(update={"scales": {**study.scales, "rs_avoidance": scale}})


def test_the_tracked_files_are_what_the_settings_make(
    study: Study, settings: Simulation, raw_root: Path, tmp_path: Path
) -> None:
    written = write_study(study, settings, tmp_path)
    tracked = sorted(path for path in raw_root.rglob("lavi2007/*") if path.is_file())
    assert [path.name for path in tracked] == sorted(path.name for path in written)
    remedy = "securebase simulate lavi2007 --into data/example, and pin the new digests"
    for path in written:
        own = raw_root / path.relative_to(tmp_path)
        assert own.read_bytes() == path.read_bytes(), f"{own.name} differs: {remedy}"
    assert sum(path.stat().st_size for path in tracked) < 300_000
    assert all("SIMULATED" in path.name for path in tracked)


def test_every_planted_fault_is_named_once_and_nothing_else(
    cleaned: CleanWaves, raw_root: Path
) -> None:
    planted = pd.read_csv(raw_root / "lavi2007" / PLANTED, sep="\t", dtype=str).fillna("")
    rows = planted[planted["rule"] != "turned_item"]
    found = cleaned.exclusions
    # a typing error of an id is noted by its value, a cell by its column
    assert keys(found) == keys(rows)
    assert set(rows["rule"]) >= {
        *("declared", "duplicate_row", "duplicate_person", "empty_row", "swapped_role"),
        *("another_person", "missing_id", "possible_typo"),
        *("out_of_range", "off_grid", "missing_code", "not_a_number"),
    }
    cells = found[found["kind"] == "cell"].set_index(["file", "row", "column"])["value"]
    for fault in rows[rows["column"] != ""].itertuples():
        assert cells[fault.file, int(str(fault.row)), fault.column] == fault.value


@pytest.mark.parametrize("world", ["source", "null", "reversed"])
def test_planted_faults_are_caught_in_every_world(
    study: Study, settings: Simulation, tmp_path: Path, world: World
) -> None:
    other = settings.model_copy(update={"seed": 77})
    write_study(study, other, tmp_path, world)
    _, planted = study_files(study, other, world)
    tables = clean(study.unpinned(), tmp_path)
    assert keys(tables.exclusions) == keys(planted[planted["rule"] != "turned_item"])


def test_faultless_files_have_nothing_set_aside(
    study: Study, settings: Simulation, tmp_path: Path
) -> None:
    write_study(study, settings, tmp_path, faults=False)
    plain = without_rekeyed(study.unpinned()).model_copy(update={"exclusions": ()})
    tables = clean(plain, tmp_path)
    assert tables.exclusions.empty
    expected = simulate_study(study, settings).waves.sort_values(["unit", "time", "role"])
    found = tables.waves.sort_values(["unit", "time", "role"])
    scales = list(study.scales)
    pd.testing.assert_frame_equal(
        found[["unit", "person", "role", "wave", *scales]].reset_index(drop=True),
        expected[["unit", "person", "role", "wave", *scales]].reset_index(drop=True),
        check_dtype=False,
    )


def test_the_turned_item_stops_the_run_where_it_is_not_declared(
    study: Study, raw_root: Path
) -> None:
    with pytest.raises(KeyingError, match="item RSV5 of rs_avoidance") as caught:
        clean(without_rekeyed(study), raw_root)
    assert len(caught.value.faults) == 1
    message = str(caught.value)
    assert "m4 -0." in message
    assert "m0" not in message.partition("rekeyed")[0].partition("item-rest r")[2]
    assert "rekeyed: [{item: RSV5, waves: [m4]" in message


def test_all_keys_hold_and_scales_are_as_reliable_as_published_ones(cleaned: CleanWaves) -> None:
    scoring = cleaned.scoring
    assert set(scoring["verdict"]) == {"ok"}
    alpha = scoring.loc[(scoring["item"] == "(scale)") & (scoring["wave"] == "(all)"), "alpha"]
    assert len(alpha) == 7
    assert alpha.between(0.80, 0.93).all(), list(alpha)


def test_as_many_are_measured_as_in_the_source(cleaned: CleanWaves) -> None:
    raw = cleaned.flow[cleaned.flow["stage"] == "in raw files"]
    units = raw.set_index(["wave", "role"])["units"]
    assert units["m0", "figure"] == 100
    # 73 and one more row, whose couple is not told, counts no couple
    assert 72 <= units["m8", "participant"] <= 74


def test_both_analyses_use_all_but_the_couples_with_spoilt_predictors(
    study: Study, cleaned: CleanWaves
) -> None:
    for name in study.analyses:
        panel = panel_from_waves(cleaned.waves, study, name)
        assert panel.data.sizes["unit"] == 98
        assert panel.left_out["reason"].str.startswith("no value of predictor").all()


def test_every_claim_asks_for_something_the_models_have(study: Study, cleaned: CleanWaves) -> None:
    family = load_family("dyadic_growth")
    for name in study.analyses:
        variables = blank_truth(family, panel_from_waves(cleaned.waves, study, name)).values
        asked = [claim for claim in study.claims if claim.analysis == name]
        assert asked
        assert claim_faults(asked, variables, family, "lavi2007.yaml") == []


def claimed(claims: Mapping[str, Any], truth: Any, name: str) -> float:
    """Work out a claim's estimand at the truth."""
    total = 0.0
    for term in claims[name].estimand:
        total += term.weight * float(truth[term.variable].sel(term.at))
    return total


def test_the_truth_of_each_world_is_what_the_claims_say(study: Study, settings: Simulation) -> None:
    claims = {claim.id: claim for claim in study.claims if claim.analysis == "growth"}
    sign = {"positive": 1, "negative": -1, "zero": 0}
    # L5 is zero in the sense of its ROPE only
    exact = [name for name in claims if not name.startswith("L5")]
    factors: dict[World, int] = {"source": 1, "null": 0, "reversed": -1}
    for world, factor in factors.items():
        truth = simulate_study(study, settings, world).truths[0]
        for name in exact:
            value = claimed(claims, truth, name)
            assert (value > 0) - (value < 0) == factor * sign[claims[name].direction], name
            if factor and claims[name].direction != "zero":
                rope = claims[name].rope
                assert not rope.low <= value <= rope.high, f"{name}: inside its own ROPE"
        for name in ("L5a", "L5b"):
            value = claimed(claims, truth, name)
            assert claims[name].rope.low < value < claims[name].rope.high


def test_a_page_can_tell_that_the_study_is_simulated(study: Study, root: Path) -> None:
    assert study.simulated
    assert "Simulated" in study.source
    document = yaml.safe_load((root / "config" / "studies" / "lavi2007.yaml").read_text())
    assert {claim["id"] for claim in document["claims"]} >= {
        *("L1", "L2", "L3a", "L3b", "L4a", "L4b", "L4c", "L5a", "L5b", "L6a", "L6b"),
        *("L7a", "L7b", "L7c", "L7d", "L8", "L9", "L8_L9", "L10", "L11", "L12"),
    }


def test_a_changed_file_is_noticed(study: Study, raw_root: Path, tmp_path: Path) -> None:
    for path in (raw_root / "lavi2007").iterdir():
        (tmp_path / "lavi2007").mkdir(exist_ok=True)
        (tmp_path / "lavi2007" / path.name).write_bytes(
            path.read_bytes().replace(b",P,", b",F,", 1)
        )
    with pytest.raises(ValueError, match="sha256"):
        clean(study, tmp_path)
