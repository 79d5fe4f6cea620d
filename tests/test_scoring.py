"""Scores, reliabilities and the audit of keys, against values derived by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_study import ITEMS, small_table, study_in

from securebase.codebook.loading import Study, load_study
from securebase.waves.cleaning import clean_answers
from securebase.waves.raw import read_raw
from securebase.waves.reliability import cronbach_alpha, item_rest_correlations, mcdonald_omega
from securebase.waves.scoring import COLUMNS, Scores, keying_faults, score


@pytest.fixture
def table(rng: np.random.Generator) -> pd.DataFrame:
    return small_table(rng)


def scored(folder: Path, table: pd.DataFrame, **changes: Any) -> tuple[Scores, Study]:
    study = study_in(folder, table, **changes)
    return score(clean_answers(read_raw(study, folder), study), study), study


def scales(**anxiety: Any) -> dict[str, Any]:
    own = {"items": ITEMS["anxiety"], "range": [1, 7], "reverse": ["A2"]} | anxiety
    return {"anxiety": own}


def whole(scoring: pd.DataFrame, wave: str = "w1", scale: str = "anxiety") -> pd.Series:
    hit = (scoring["scale"] == scale) & (scoring["wave"] == wave) & (scoring["item"] == "(scale)")
    return scoring[hit].iloc[0]


# scores


def test_a_score_is_the_mean_of_keyed_items(tmp_path: Path, table: pd.DataFrame) -> None:
    answers = table[ITEMS["anxiety"]].astype(float)
    expected = (answers["A1"] + 8 - answers["A2"] + answers[["A3", "A4", "A5"]].sum(axis=1)) / 5
    out, _ = scored(tmp_path, table, scales=scales())
    np.testing.assert_allclose(out.scores["anxiety"], expected)


def test_a_sum_is_the_mean_of_answered_times_all(tmp_path: Path, table: pd.DataFrame) -> None:
    table.loc[0, ITEMS["anxiety"]] = ["4", "2", "5", "7", "NA"]
    out, _ = scored(tmp_path, table, scales=scales(score="sum", minimum_items=4))
    assert out.scores["anxiety"][0] == pytest.approx((4 + 6 + 5 + 7) / 4 * 5)


def test_a_score_needs_its_items(tmp_path: Path, table: pd.DataFrame) -> None:
    table.loc[0, ["A1"]] = "NA"
    table.loc[1, ["A1", "A2"]] = "NA"
    out, _ = scored(tmp_path, table, scales=scales(minimum_items=4))
    assert out.scores["anxiety"].isna().tolist() == [False, True] + [False] * (len(table) - 2)
    (entry,) = out.unscored[0].to_dict("records")
    assert (entry["row"], entry["column"], entry["value"]) == (3, "anxiety", "3 answered")
    assert entry["reason"] == "fewer than 4 of 5 items answered"


def test_a_scale_skipped_as_a_whole_is_nothing_lost(tmp_path: Path, table: pd.DataFrame) -> None:
    table.loc[0, ITEMS["anxiety"]] = "NA"
    out, _ = scored(tmp_path, table)
    assert np.isnan(out.scores["anxiety"][0])
    assert all(entries.empty for entries in out.unscored)


def test_rekeyed_items_are_turned_in_their_waves_only(tmp_path: Path, table: pd.DataFrame) -> None:
    right, _ = scored(tmp_path, table, scales=scales())
    at_w2 = table["time"] == "2"
    for item in ("A1", "A2"):
        table.loc[at_w2, item] = (8 - table.loc[at_w2, item].astype(int)).astype(str)
    rekeyed = [
        {"item": item, "waves": ["w2"], "reason": "the form reworded it"} for item in ("A1", "A2")
    ]
    turned, study = scored(tmp_path, table, scales=scales(rekeyed=rekeyed))
    pd.testing.assert_frame_equal(turned.scores, right.scores)
    flags = turned.scoring.set_index(["wave", "item"])["reversed"]
    assert [flags[wave, "A2"] for wave in ("w1", "w2", "w3")] == [True, False, True]
    assert [flags[wave, "A1"] for wave in ("w1", "w2", "w3")] == [False, True, False]
    assert keying_faults(turned.scoring, study) == []


# reliabilities


def test_alpha_of_parallel_items() -> None:
    # k items of correlation r: Spearman-Brown gives k r / (1 + (k - 1) r)
    count, r = 6, 0.4
    cov = np.full((count, count), r) + (1 - r) * np.eye(count)
    assert cronbach_alpha(cov) == pytest.approx(count * r / (1 + (count - 1) * r))
    assert mcdonald_omega(cov) == pytest.approx(cronbach_alpha(cov))


def test_omega_of_known_loadings() -> None:
    loadings = np.array([0.9, 0.8, 0.6, 0.5, 0.3]) * np.array([1.0, 2.0, 0.5, 1.5, 1.0])
    unique = np.array([0.4, 1.1, 0.3, 0.8, 1.2])
    cov = np.outer(loadings, loadings) + np.diag(unique)
    expected = loadings.sum() ** 2 / (loadings.sum() ** 2 + unique.sum())
    assert mcdonald_omega(cov) == pytest.approx(expected, abs=1e-6)
    # unequal loadings: alpha is the lower bound
    assert cronbach_alpha(cov) < expected


def test_item_rest_correlations_are_those_of_the_answers(rng: np.random.Generator) -> None:
    answers = rng.normal(size=(50, 4)) + rng.normal(size=(50, 1))
    expected = [
        np.corrcoef(answers[:, item], np.delete(answers, item, axis=1).sum(axis=1))[0, 1]
        for item in range(4)
    ]
    np.testing.assert_allclose(item_rest_correlations(np.cov(answers.T)), expected)


@pytest.mark.parametrize("count", [1, 2])
def test_what_few_items_cannot_tell(count: int) -> None:
    cov = np.full((count, count), 0.5) + 0.5 * np.eye(count)
    assert np.isnan(mcdonald_omega(cov))
    assert np.isnan(cronbach_alpha(cov)) == (count == 1)
    assert np.isnan(item_rest_correlations(cov)).all() == (count == 1)


def test_items_without_variance_do_not_divide_by_zero() -> None:
    cov = np.diag([0.0, 1.0, 1.0])
    assert np.isnan(item_rest_correlations(cov)[0])
    assert np.isnan(mcdonald_omega(cov))
    assert np.isnan(cronbach_alpha(np.zeros((3, 3))))


def test_identical_items_have_an_omega(rng: np.random.Generator) -> None:
    assert mcdonald_omega(np.ones((4, 4))) == pytest.approx(1, abs=0.01)


# the audit of keys


def test_the_table_has_a_row_per_item_and_wave(tmp_path: Path, table: pd.DataFrame) -> None:
    out, study = scored(tmp_path, table)
    assert list(out.scoring.columns) == list(COLUMNS)
    # per wave an item row each and a scale row; a scale row over all waves
    assert len(out.scoring) == 3 * (5 + 1) + 1 + 3 * (4 + 1) + 1
    assert set(out.scoring["verdict"]) == {"ok"}
    assert whole(out.scoring)["n"] == 60
    assert whole(out.scoring, "(all)")["n"] == 180
    assert keying_faults(out.scoring, study) == []


def test_reliabilities_are_of_the_keyed_items_of_the_wave(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    out, _ = scored(tmp_path, table)
    answers = table.loc[table["time"] == "2", ITEMS["anxiety"]].astype(float)
    answers["A2"] = 8 - answers["A2"]
    variances, total = answers.var(), answers.sum(axis=1).var()
    assert whole(out.scoring, "w2")["alpha"] == pytest.approx(5 / 4 * (1 - variances.sum() / total))


@pytest.mark.parametrize(
    ("reverse", "item", "remedy"),
    [([], "A2", "add A2 to reverse"), (["A2", "A4"], "A4", "take A4 out of reverse")],
)
def test_a_wrong_key_is_named_with_its_remedy(
    reverse: list[str], item: str, remedy: str, tmp_path: Path, table: pd.DataFrame
) -> None:
    out, study = scored(tmp_path, table, scales=scales(reverse=reverse))
    (fault,) = keying_faults(out.scoring, study)
    assert f"item {item} of anxiety" in fault.given
    assert all(f"{wave} -0." in fault.given for wave in ("w1", "w2", "w3"))
    assert remedy in fault.remedy
    assert set(out.scoring.loc[out.scoring["item"] == item, "verdict"]) == {"negative"}
    assert whole(out.scoring)["verdict"] == "negative"


def test_only_the_wrong_items_are_blamed(tmp_path: Path, table: pd.DataFrame) -> None:
    # with two of five items turned the right ones may be negative too
    out, study = scored(tmp_path, table, scales=scales(reverse=["A1"]))
    named = [fault.given.split()[1] for fault in keying_faults(out.scoring, study)]
    assert named[:2] == ["A1", "A2"]
    assert len(named) == 3  # and that two of five are many


def test_an_item_not_reversed_in_one_wave(tmp_path: Path, table: pd.DataFrame) -> None:
    at_w3 = table["time"] == "3"
    table.loc[at_w3, "A2"] = (8 - table.loc[at_w3, "A2"].astype(int)).astype(str)
    out, study = scored(tmp_path, table)
    (fault,) = keying_faults(out.scoring, study)
    assert "w3 -0." in fault.given
    assert "w1" not in fault.given
    assert "rekeyed: [{item: A2, waves: [w3], reason: ...}]" in fault.remedy


def test_an_accepted_item_stops_nothing(tmp_path: Path, table: pd.DataFrame) -> None:
    accepted = {"A2": "known to run against the others here"}
    out, study = scored(tmp_path, table, scales=scales(reverse=[], accepted_items=accepted))
    assert keying_faults(out.scoring, study) == []
    assert set(out.scoring.loc[out.scoring["item"] == "A2", "verdict"]) == {"accepted"}
    assert whole(out.scoring)["verdict"] == "accepted"


def test_a_few_answers_say_nothing(tmp_path: Path, table: pd.DataFrame) -> None:
    few = table[table["couple"].astype(int) < 110]
    out, study = scored(tmp_path, few, scales=scales(reverse=[]))
    assert set(out.scoring.loc[out.scoring["wave"] == "w1", "verdict"]) == {"too_few"}
    assert keying_faults(out.scoring, study) == []


def test_half_of_the_items_turned_speaks_against_the_key(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    out, study = scored(tmp_path, table, scales=scales(reverse=["A2", "A3", "A4"]))
    assert any("key as a whole" in fault.remedy for fault in keying_faults(out.scoring, study))


def test_one_item_has_no_others(tmp_path: Path, table: pd.DataFrame) -> None:
    out, study = scored(tmp_path, table, scales={"one": {"items": ["A1"], "range": [1, 7]}})
    assert set(out.scoring["verdict"]) == {"ok"}
    assert out.scoring["item_rest"].isna().all()
    assert keying_faults(out.scoring, study) == []


# the real couples


@pytest.fixture(scope="module")
def raw_root(request: pytest.FixtureRequest) -> Path:
    path = Path(request.config.rootpath).parent / "shared" / "data"
    if not (path / "couples_ecr" / "ecr.csv").is_file():
        pytest.skip("the real couples are not on this machine")
    return path


@pytest.fixture(scope="module")
def couples(request: pytest.FixtureRequest) -> Study:
    return load_study(Path(request.config.rootpath) / "config" / "studies" / "couples_ecr.yaml")


def test_the_real_couples_score_as_published(couples: Study, raw_root: Path) -> None:
    out = score(clean_answers(read_raw(couples, raw_root), couples), couples)
    assert out.scores.count().to_dict() == {"anxiety": 1112, "avoidance": 1110}
    first = {name: whole(out.scoring, "m0", name)["alpha"] for name in ("anxiety", "avoidance")}
    assert first == pytest.approx({"anxiety": 0.93, "avoidance": 0.91}, abs=0.005)
    assert keying_faults(out.scoring, couples) == []
    # by hand, from the file itself
    plain = pd.read_csv(raw_root / "couples_ecr" / "ecr.csv")
    for number in (2, 3, 5, 11, 15, 17, 19, 22, 25, 27, 29, 31, 33, 35):
        plain[f"ECR{number}"] = 8 - plain[f"ECR{number}"]
    for first_item, name in ((2, "anxiety"), (1, "avoidance")):
        own = plain[[f"ECR{number}" for number in range(first_item, 37, 2)]]
        expected = own.mean(axis=1).where(own.count(axis=1) >= 16)[plain["PTNUM"] != 2222]
        np.testing.assert_allclose(
            np.sort(out.scores[name].dropna()), np.sort(expected.dropna()), rtol=1e-12
        )


def test_the_published_key_is_caught_on_the_reworded_items(couples: Study, raw_root: Path) -> None:
    reworded = {"ECR2", "ECR5", "ECR11", "ECR17"}
    published = couples.model_copy(
        update={
            "scales": {
                name: scale.model_copy(
                    update={"reverse": tuple(i for i in scale.reverse if i not in reworded)}
                )
                for name, scale in couples.scales.items()
            }
        }
    )
    out = score(clean_answers(read_raw(published, raw_root), published), published)
    assert whole(out.scoring, "m0", "avoidance")["alpha"] == pytest.approx(0.77, abs=0.005)
    negative = out.scoring[
        (out.scoring["verdict"] == "negative") & (out.scoring["item"] != "(scale)")
    ]
    by_wave = negative.groupby("wave")["item"].agg(set)
    assert by_wave.to_dict() == dict.fromkeys(["m0", "m3", "m6", "m9", "m12"], reworded)
    named = [fault.given.split()[1] for fault in keying_faults(out.scoring, published)]
    assert set(named) == reworded
