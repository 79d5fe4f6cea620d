"""Codebooks: what is read, and that every fault of one is told at once, with its line."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_study import codebook, write_codebook

from securebase.codebook.extracts import analysis_part
from securebase.codebook.loading import load_study, study_path
from securebase.codebook.rivals import rival_study
from securebase.faults import Fault, InputError

ANALYSIS = {
    "family": "dyadic_growth",
    "question": "How do they change?",
    "outcomes": ["anxiety", "avoidance"],
}
CLAIM = {
    "id": "H1",
    "sentence": "Anxiety changes less",
    "analysis": "growth",
    "estimand": [{"variable": "change"}],
    "direction": "negative",
    "rope": {"low": -0.1, "high": 0.1, "reason": "too small to notice"},
}


def changed(path: str, value: Any, **more: Any) -> dict[str, Any]:
    """Give the codebook with the key at a dotted path set (or added)."""
    content = codebook(**more)
    place: Any = content
    *parents, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    for key in parents:
        place = place[key]
    if value is None and last in place:
        del place[last]
    else:
        place[last] = value
    return content


def faults_of(folder: Path, content: dict[str, Any]) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        load_study(write_codebook(folder, content))
    return caught.value.faults


def line_of(folder: Path, text: str, name: str = "small") -> int:
    lines = (folder / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_right_codebook_is_read(tmp_path: Path) -> None:
    content = codebook(analyses={"growth": ANALYSIS}, claims=[CLAIM])
    study = load_study(write_codebook(tmp_path, content))
    assert study.roles.codes() == {"1": "patient", "0": "partner"}
    assert study.waves.codes() == {"1": "w1", "2": "w2", "3": "w3"}
    assert study.scales["anxiety"].score_range == (1, 7)
    assert study.scales["avoidance"].needed_items == 4
    assert study.answer_columns()[-2:] == ["sex", "age"]


def test_a_sum_score_ranges_over_all_items(tmp_path: Path) -> None:
    content = changed("scales.anxiety.score", "sum")
    study = load_study(write_codebook(tmp_path, content))
    assert study.scales["anxiety"].score_range == (5, 35)


FAULTY = {
    "unknown key": (
        "scales.anxiety.revers",
        ["A1"],
        "unknown key 'revers'",
        "did you mean 'reverse'",
    ),
    "unknown key at the top": ("scale", {}, "unknown key 'scale'", "did you mean 'scales'"),
    "missing key": ("waves.time_unit", None, "'time_unit' is missing", "a value"),
    "a wave without a time": ("waves.levels.w2.time", None, "'time' is missing", "a value"),
    "text for a number": ("scales.anxiety.minimum_items", "many", "'many'", "valid integer"),
    "unknown format": ("raw.files.0.format", "exel", "'exel'", "did you mean 'excel'"),
    "unknown encoding": ("raw.files.0.encoding", "utf-99", "'utf-99'", "a text encoding"),
    "digest cut": ("raw.files.0.sha256", "abc", "'abc'", "match pattern"),
    "pattern without column": ("raw.pattern", "{role}_{wave}", "{role}_{wave}", "{column}"),
    "reason too short": (
        "exclusions",
        [{"where": {"couple": 1}, "reason": "x"}],
        "'x'",
        "at least 8 characters",
    ),
    "name of another file": ("study", "small", "study 'small'", "'other'"),
    "wave of a file": ("raw.files.0.wave", "w9", "unknown wave 'w9'", "w1, w2, w3"),
    "role of a file": ("raw.files.0.role", "patent", "unknown role 'patent'", "'patient'"),
    "nothing says the wave": ("raw.columns.wave", None, "nothing says the wave", "{wave}"),
    "nothing says the role": ("raw.columns.role", None, "nothing says the role", "{role}"),
    "the same file twice": (
        "raw.files",
        [{"path": "a.csv"}, {"path": "a.csv"}],
        "'a.csv' again",
        "once",
    ),
    "time running back": ("waves.levels.w2.time", 9, "time 1.5 after 9", "increasing"),
    "a code twice": ("waves.levels.w2.code", 1, "code 1 again, also of w1", "each code once"),
    "exchangeable alone": (
        "roles",
        {"levels": {"one": {}}, "exchangeable": True},
        "with 1 role",
        "two roles",
    ),
    "compositions without column": (
        "roles.compositions",
        {"mf": {"code": 1}},
        "is missing",
        "both or neither",
    ),
    "an item twice": ("scales.anxiety.items", ["A1", "A1", "A2"], "item 'A1' twice", "once"),
    "an item of two scales": (
        "scales.avoidance.items",
        ["A1", "V3"],
        "'A1' is also in scale anxiety",
        "in one scale",
    ),
    "reverse of no item": ("scales.anxiety.reverse", ["A9"], "unknown item 'A9'", "A1, A2"),
    "accepted is no item": (
        "scales.anxiety.accepted_items",
        {"A9": "a good reason"},
        "unknown item 'A9'",
        "A1",
    ),
    "rekeyed in no wave": (
        "scales.anxiety.rekeyed",
        [{"item": "A1", "waves": ["w7"], "reason": "form differs"}],
        "unknown wave 'w7'",
        "w1",
    ),
    "more than all items": ("scales.anxiety.minimum_items", 6, "6 of 5 items", "at most 5"),
    "range turned": ("scales.anxiety.range", [7, 1], "range 7 to 1", "lowest before highest"),
    "missing code in the range": (
        "scales.anxiety.missing_codes",
        [7],
        "code 7 lies in the range",
        "outside",
    ),
    "scale of no role": ("scales.anxiety.roles", ["x"], "unknown role 'x'", "patient"),
    "scale of no wave": ("scales.anxiety.waves", ["x"], "unknown wave 'x'", "w1"),
    "levels missing": ("covariates.sex.levels", None, "categorical without levels", "levels"),
    "levels of a number": (
        "covariates.age.levels",
        {"1": "one"},
        "continuous with levels",
        "levels",
    ),
    "scale called like a key": (
        "scales.time",
        {"items": ["T"], "range": [1, 2]},
        "column of every wave table",
        "another",
    ),
    "covariate called like a scale": (
        "covariates.anxiety",
        {"column": "x", "type": "continuous"},
        "also a scale",
        "another",
    ),
    "an answer column called row": (
        "covariates.age.column",
        "row",
        "an answer column called 'row'",
        "rename",
    ),
    "unknown family": ("analyses.growth.family", "dyadic_grwth", "unknown family", "dyadic_growth"),
    "outcome is no scale": ("analyses.growth.outcomes", ["anger"], "unknown scale 'anger'", "anx"),
    "analysis of no role": ("analyses.growth.roles", ["x"], "unknown role 'x'", "patient"),
    "knot is no wave": (
        "analyses.growth.time",
        {"shape": "piecewise", "knots": ["w8"]},
        "wave 'w8'",
        "w1",
    ),
    "knot at the end": (
        "analyses.growth.time",
        {"shape": "piecewise", "knots": ["w3"]},
        "knots w3",
        "between",
    ),
    "origin is no wave": ("analyses.growth.time", {"origin": "w0"}, "unknown wave 'w0'", "w1"),
    "predictor unknown": (
        "analyses.growth.predictors",
        [{"name": "sx", "of": "actor"}],
        "'sx'",
        "mean 'sex'",
    ),
    "composite of unknown": (
        "analyses.growth.predictors",
        [{"name": "mix", "of": "actor", "mean_of": ["ag"]}],
        "'ag'",
        "mean 'age'",
    ),
    "predictor at no wave": (
        "analyses.growth.predictors",
        [{"name": "age", "of": "actor", "wave": "w6"}],
        "unknown wave 'w6'",
        "w1",
    ),
    "score that predicts itself": (
        "analyses.growth.predictors",
        [{"name": "anxiety", "of": "actor"}],
        "anxiety of wave w1 predicts itself",
        "keep that wave out of `waves`",
    ),
    "reference is no level": (
        "analyses.growth.predictors",
        [{"name": "sex", "of": "actor", "reference": "male"}],
        "unknown level 'male'",
        "woman, man",
    ),
    "clusters without column": ("analyses.growth.clusters", True, "without a column", "cluster"),
    "claim on no analysis": ("claims.0.analysis", "growht", "'growht'", "mean 'growth'"),
}


@pytest.mark.parametrize(("path", "value", "given", "help_"), FAULTY.values(), ids=FAULTY.keys())
def test_a_faulty_codebook_is_refused_at_its_line(
    path: str, value: Any, given: str, help_: str, tmp_path: Path
) -> None:
    content = changed(path, value, analyses={"growth": dict(ANALYSIS)}, claims=[dict(CLAIM)])
    if path == "study":
        write_codebook(tmp_path, content).rename(tmp_path / "other.yaml")
        with pytest.raises(InputError) as caught:
            load_study(tmp_path / "other.yaml")
        faults = caught.value.faults
    else:
        faults = faults_of(tmp_path, content)
    (fault,) = [fault for fault in faults if given in fault.given]
    assert help_ in f"{fault.expected} {fault.remedy}"
    assert fault.row is not None


def test_the_line_is_that_of_the_key(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, changed("scales.anxiety.revers", ["A1"]))
    assert fault.row == line_of(tmp_path, "revers:")
    assert fault.column == "scales.anxiety.revers"
    assert "items, range" in fault.expected.replace("label, ", "")


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    content = changed("scales.anxiety.revers", ["A1"])
    content["raw"]["files"][0]["encoding"] = "utf-99"
    content["scales"]["avoidance"]["minimum_items"] = 9
    content["covariates"]["sex"]["waves"] = ["w9"]
    given = " ".join(fault.given for fault in faults_of(tmp_path, content))
    for part in ("revers", "utf-99", "minimum_items 9", "unknown wave 'w9'"):
        assert part in given


def test_two_analyses_and_claims_need_two_names(tmp_path: Path) -> None:
    content = codebook(analyses={"growth": ANALYSIS}, claims=[CLAIM, CLAIM])
    (fault,) = faults_of(tmp_path, content)
    assert fault.given == "id 'H1' again"


def test_an_analysis_may_not_have_the_name_of_a_page(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, codebook(analyses={"claims": ANALYSIS}))
    assert fault.given == "an analysis called 'claims'"


def rivalled(change: dict[str, Any]) -> dict[str, Any]:
    rival = {"reason": "Age may matter after all.", "change": change}
    return codebook(analyses={"growth": ANALYSIS | {"rivals": {"other": rival}}})


@pytest.mark.parametrize(
    ("change", "given", "expected"),
    [
        ({"outcomes": ["anxiety"]}, "'outcomes' of a rival", "predictors"),
        ({"predictors": [{"name": "agge", "of": "actor"}]}, "agge", "age"),
        ({"time": {"shape": "round"}}, "'round'", "'linear'"),
    ],
)
def test_faults_of_a_rival_are_told(
    tmp_path: Path, change: dict[str, Any], given: str, expected: str
) -> None:
    (fault,) = faults_of(tmp_path, rivalled(change))
    assert given in fault.given
    assert expected in fault.expected


def test_a_rival_changes_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    content = rivalled({"predictors": [{"name": "age", "of": "actor"}]})
    study = load_study(write_codebook(tmp_path, content))
    other = rival_study(study, "growth", "other")
    assert [one.name for one in other.analyses["growth"].predictors] == ["age"]
    assert other.analyses["growth"].outcomes == study.analyses["growth"].outcomes
    assert analysis_part(study, "growth") == analysis_part(
        load_study(write_codebook(tmp_path, codebook(analyses={"growth": ANALYSIS}))), "growth"
    )


def test_a_partner_needs_two_roles(tmp_path: Path) -> None:
    analysis = ANALYSIS | {"predictors": [{"name": "age", "of": "partner"}]}
    content = codebook(analyses={"growth": analysis}, roles={"levels": {"patient": {}}})
    (fault,) = faults_of(tmp_path, content)
    assert "partner in a study of one role" in fault.given


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study: a\n  title: b\n", r"row 2.*not YAML"),
        ("study: [a\n", "not YAML"),
        ("", "no keys at its top"),
        ("- a\n- b\n", "no keys at its top"),
        ("study: a\nstudy: b\n", r"row 2.*key 'study' again, first on line 1"),
    ],
)
def test_what_is_no_codebook_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_study(path)


def test_a_codebook_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes("title: Männer\n".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        load_study(path)


def test_a_missing_codebook_names_the_nearest(tmp_path: Path) -> None:
    write_codebook(tmp_path, codebook())
    with pytest.raises(InputError, match=r"no study 'smal'.*one of: small -> did you mean 'small'"):
        study_path("smal", tmp_path)
    with pytest.raises(InputError, match="no such file"):
        load_study(tmp_path / "none.yaml")


def test_on_and_no_are_text_and_numbers_are_codes(tmp_path: Path) -> None:
    content = yaml.safe_dump(codebook(), sort_keys=False)
    content = content.replace("code: 1\n    partner", "code: no\n    partner")
    content = content.replace("'1': woman", "1: woman")
    (tmp_path / "small.yaml").write_text(content, encoding="utf-8")
    study = load_study(tmp_path / "small.yaml")
    assert study.roles.codes()["no"] == "patient"
    assert study.covariates["sex"].levels == {"1": "woman", "2": "man"}


def test_reading_a_codebook_imports_nothing_heavy(tmp_path: Path) -> None:
    path = write_codebook(tmp_path, codebook())
    code = (
        "import sys; from pathlib import Path; from securebase.codebook.loading import load_study; "
        f"load_study(Path({str(path)!r})); "
        "print([name for name in ('pandas', 'numpy', 'pymc', 'xarray') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
