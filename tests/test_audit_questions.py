"""What a reviewer asks: own priors and structures, their faults, and verdicts that are known."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from bundle_examples import small_results

from securebase.audit.opened import Opened
from securebase.audit.questions import telling
from securebase.audit.questions.answers import Answer, Judged, Line, answered
from securebase.audit.questions.asked import Asking
from securebase.audit.questions.own_priors import read_own_priors
from securebase.audit.questions.own_rivals import read_own_rivals
from securebase.bundle.opening import Bundle
from securebase.bundle.writing import write_bundle
from securebase.cli import main
from securebase.config import Sampling, Thresholds
from securebase.faults import InputError

ENOUGH = Sampling(chains=4, draws=400, tune=400)
LOOSE = Thresholds(
    r_hat=2.0, r_hat_focal=2.0, ess=2, ess_focal=2, mcse_share_focal=0.9, mcse_probability=0.4
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    folder = tmp_path_factory.mktemp("questions")
    with zipfile.ZipFile(write_bundle(small_results(folder, 0))) as archive:
        archive.extractall(folder / "bundle")
    found = Opened(folder / "bundle")
    # so few draws do not mix well: that is not what is asked here
    found.as_run.thresholds = LOOSE
    return found


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def asked(opened: Opened, folder: Path, text: str) -> Asking:
    (one,) = read_own_priors(written(folder, text), Bundle(opened.folder))
    return one


@pytest.mark.parametrize(
    ("change", "verdict"),
    [("{mean: -1.0, sd: 0.001, reason: sure}", "supported"),
     ("{mean: 1.0, sd: 0.001, reason: sure}", "contradicted"),
     ("{mean: 0, sd: {anxiety: 0.001}, reason: sure}", "practically zero")],
)  # fmt: skip
def test_a_prior_that_decides_gives_the_verdict_it_must(
    opened: Opened, tmp_path: Path, change: str, verdict: str
) -> None:
    question = asked(opened, tmp_path, f"growth:\n  change: {change}\n")
    found = answered(opened, question, 7, sampling=ENOUGH)
    (line,) = found.lines
    assert line.claim == "H1"
    assert (line.after.verdict, found.trouble) == (verdict, "")
    assert line.changed
    centre = {"supported": -1.0, "contradicted": 1.0, "practically zero": 0.0}[verdict]
    assert line.after.estimate == pytest.approx(centre, abs=0.01)
    assert line.after.probability == pytest.approx(float(verdict == "supported"))
    assert line.before.estimate != pytest.approx(centre, abs=0.01)


def test_what_a_file_does_not_name_stays(opened: Opened, tmp_path: Path) -> None:
    own = asked(opened, tmp_path, "growth: {change: {sd: {anxiety: 0.25}}, unit_corr: {eta: 3}}")
    known = Bundle(opened.folder).priors("growth")
    assert own.priors is not None
    assert {name for name, one in own.priors.items() if one != known[name]} == {
        "change", "unit_corr",
    }  # fmt: skip
    change = own.priors["change"]
    assert change.sd == {"anxiety": 0.25, "avoidance": (known["change"].sd or {})["avoidance"]}
    assert change.mean == known["change"].mean
    assert own.priors["unit_corr"].eta == 3.0
    assert change.reason == "the reviewer gives none"


def test_the_bundle_s_own_priors_as_a_file_change_nothing(opened: Opened, tmp_path: Path) -> None:
    """What priors.json says is a form of the file."""
    known = json.loads((opened.folder / "analyses" / "growth" / "priors.json").read_text())
    said = {
        one.pop("block"): {
            key: value
            for key, value in one.items()
            if value is not None and (key != "eta" or one["kind"] == "lkj")
        }
        for one in known
    }
    own = asked(opened, tmp_path, json.dumps({"growth": said}))
    assert own.priors == Bundle(opened.folder).priors("growth")
    model, posterior = own.model(Bundle(opened.folder)), opened.draws("growth")
    some = posterior["posterior"].to_dataset().isel(draw=[0, 9])
    stored = posterior["sample_stats"]["logp"].isel(draw=[0, 9])
    np.testing.assert_allclose(model.log_density(some), stored, rtol=1e-12)


FAULTY = """
growt: {change: {sd: 1}}
growth:
  chance: {sd: 1}
  level: {sd: -1, mean: high}
  change: {kind: lkj, sd: {anxity: 1, avoidance: 0}, spread: 2}
  level_sd: {mean: 0, sd: .inf}
  unit_corr: {eta: 0}
  residual_corr: 2
  residual_sd: {unit: minutes, sd: true}
"""


def test_one_error_lists_every_fault_of_own_priors(opened: Opened, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_own_priors(written(tmp_path, FAULTY), Bundle(opened.folder))
    told = {str(one.column): one for one in caught.value.faults}
    given = {name: one.given for name, one in told.items()}
    assert given == {
        "growt": "no analysis 'growt'",
        "growth.chance": "no prior block 'chance'",
        "growth.level.sd": "sd -1",
        "growth.level.mean": "given 'high'",
        "growth.change.kind": "kind 'lkj'",
        "growth.change.sd.anxity": "no outcome 'anxity'",
        "growth.change.sd.avoidance": "sd 0",
        "growth.change.spread": "no parameter 'spread'",
        "growth.level_sd.mean": "'mean' of a half-normal prior",
        "growth.level_sd.sd": "given inf",
        "growth.unit_corr.eta": "eta 0",
        "growth.residual_corr": "given 2",
        "growth.residual_sd.unit": "unit 'minutes'",
        "growth.residual_sd.sd": "given True",
    }
    assert told["growth.change.kind"].expected == "'normal'"
    assert told["growth.chance"].remedy == "did you mean 'change'?"
    assert [one.row for one in caught.value.faults] == sorted(
        one.row or 0 for one in caught.value.faults
    )
    assert all(one.file.endswith("mine.yaml") and one.expected for one in caught.value.faults)


def test_no_priors_are_asked_of_an_analysis_without_moments(opened: Opened, tmp_path: Path) -> None:
    path = opened.folder / "analyses" / "growth" / "model.json"
    before = path.read_text(encoding="utf-8")
    path.write_text(json.dumps({**json.loads(before), "moments": "too few units"}))
    try:
        with pytest.raises(InputError, match=r"model\.json: no moments of growth: too few units"):
            asked(opened, tmp_path, "growth: {change: {sd: 1}}")
    finally:
        path.write_text(before, encoding="utf-8")


def test_a_bundle_in_pieces_is_a_fault(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_text('{"analyses": ["growth"]}')
    path = written(tmp_path, "growth: {change: {sd: 1}}")
    with pytest.raises(InputError, match=r"model\.json.*no such file"):
        read_own_priors(path, Bundle(tmp_path))


def test_rivals_are_read_and_what_moments_cannot_tell_is_said(
    opened: Opened, tmp_path: Path
) -> None:
    bundle = Bundle(opened.folder)
    good = "growth: {plain: {change: {predictors: []}, reason: no age}}"
    (one,) = read_own_rivals(written(tmp_path, good), bundle)
    assert (one.name, one.changes) == ("plain", (("predictors: []", "no age"),))
    assert one.model(bundle).built.parts[0].columns == ("1",)
    bad = """
growth:
  dated: {change: {time: {measured_by: date}}}
  height: {change: {predictors: [{name: height, of: actor}]}}
  product:
    change:
      predictors: [{name: age, of: actor}, {name: age, of: partner}]
      interactions: [{name: both, of: [actor age, partner age]}]
  fewer: {change: {outcomes: [anxiety]}}
  later: {change: {time: {shape: piecewise, knots: [w9]}}}
  empty: {reason: none}
  extra: {change: {predictors: []}, why: none}
"""
    with pytest.raises(InputError) as caught:
        read_own_rivals(written(tmp_path, bad), bundle)
    told = {".".join(str(one.column).split(".")[:2]): one.given for one in caught.value.faults}
    assert told["growth.dated"] == "times of each unit's own"
    assert "'actor height' is known of no member" in told["growth.height"]
    assert told["growth.product"] == "age partner x age patient"
    assert told["growth.fewer"] == "'outcomes'"
    assert told["growth.later"] == "no wave 'w9'"
    assert "given {'reason': 'none'}" in told["growth.empty"]
    assert told["growth.extra"] == "unknown key 'why'"


def test_a_claim_that_another_structure_does_not_have_is_not_answered(
    opened: Opened, tmp_path: Path
) -> None:
    text = (
        "growth: {free: {change: {family: dyadic_panel, dynamics: {kind: deviations, step: 0.5}}}}"
    )
    (one,) = read_own_rivals(written(tmp_path, text), Bundle(opened.folder))
    short = Sampling(chains=2, draws=100, tune=100)
    (line,) = answered(opened, one, 3, sampling=short).lines
    assert line.after.verdict.startswith("not in this model: no variable 'change'; expected mean")
    assert line.after.estimate is None
    assert not line.changed


def test_a_claim_may_have_another_estimand_in_another_structure(
    opened: Opened, tmp_path: Path
) -> None:
    term = "{variable: level, at: {role: patient, outcome: anxiety}}"
    text = f"growth: {{plain: {{change: {{predictors: []}}, claims: {{H1: [{term}]}}}}}}"
    (one,) = read_own_rivals(written(tmp_path, text), Bundle(opened.folder))
    short = Sampling(chains=2, draws=100, tune=100)
    (line,) = answered(opened, one, 3, sampling=short).lines
    level = opened.draws("growth")["posterior"]["level"].sel(role="patient", outcome="anxiety")
    assert line.after.estimate == pytest.approx(float(level.median()), abs=0.2)
    assert abs(line.after.estimate - line.before.estimate) > 1.0  # type: ignore[operator]
    claims = f"{{H9: [{term}], H1: [{{at: 2}}]}}"
    bad = f"growth: {{plain: {{change: {{predictors: []}}, claims: {claims}}}}}"
    with pytest.raises(InputError) as caught:
        read_own_rivals(written(tmp_path, bad), Bundle(opened.folder))
    given = [one.given for one in caught.value.faults]
    assert given[0] == "no claim 'H9'"
    assert [one.column for one in caught.value.faults][1:] == [
        "growth.plain.claims.H1.0.variable", "growth.plain.claims.H1.0.at",
    ]  # fmt: skip


def fixed(opened: Opened, asking: Asking, seed: int, cores: int) -> Answer:
    before = Judged(-0.2, -0.3, -0.1, 0.981, "supported", 2, 0.001)
    after = Judged(-0.05, -0.15, 0.05, 0.41, "undecided", 2, 0.001)
    return Answer(asking, (Line("H1", "It falls.", "points", "supported", before, after),))


def test_answers_are_printed_and_written_and_change_no_exit_code(
    opened: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(telling, "answered", fixed)
    monkeypatch.setattr("securebase.audit.running.BundledModels", lambda cores: None)
    path = written(tmp_path, "growth: {change: {sd: 0.1, reason: change is slow}}")
    page, file = tmp_path / "audit.html", tmp_path / "audit.json"
    told = main(["audit", str(opened.folder)])
    capsys.readouterr()
    words = ["audit", str(opened.folder), "--priors", str(path)]
    assert main([*words, "--seed", "3", "--json", str(file), "--html", str(page)]) == told
    out = capsys.readouterr().out
    assert "Your own priors (mine.yaml): growth (an answer, not a check" in out
    assert "change: Normal(0, 0.1) points per year [change is slow]" in out
    assert "supported −0.20 (−0.30 to −0.10), P 0.981 -> undecided −0.05" in out
    assert "(level refit, seed 3)" in out
    (answer,) = json.loads(file.read_text())["answers"]
    (claim,) = answer["claims"]
    assert (answer["kind"], answer["analysis"], answer["seed"]) == ("priors", "growth", 3)
    assert claim["changed"] is True
    assert claim["after"]["verdict"] == "undecided"
    html = page.read_text(encoding="utf-8")
    assert "What the reviewer asked" in html
    assert "1 of 1 verdicts change." in html


def test_a_fit_that_fails_is_an_answer_too(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> Answer:
        raise RuntimeError("no draw was finite")

    monkeypatch.setattr(telling, "answered", lost)
    question = asked(opened, tmp_path, "growth: {change: {sd: 0.1}}")
    (answer,) = telling.all_answered(opened, [question], 3)
    assert answer.trouble == "RuntimeError: no draw was finite"
    assert any("not to be relied on" in line for line in telling.lines_of([answer]))


def test_a_faulty_file_stops_the_command_before_anything_is_computed(
    opened: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, "growth: {change: {sd: 0}}")
    assert main(["audit", str(opened.folder), "--priors", str(path)]) == 1
    shown = capsys.readouterr()
    assert "growth.change.sd: sd 0; expected a number above 0" in shown.err
    assert shown.out == ""
