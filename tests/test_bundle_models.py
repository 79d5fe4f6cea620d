"""From moments and a template back to the exact model: log-densities against those of all data."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from bundle_examples import small_bundle_study
from growth_examples import dated, growth_study, random_waves
from mediation_by_hand import study_of, waves_of

from securebase.bundle.analysis_files import rebuilding_fault
from securebase.bundle.models import BundledModel, modelled, priors_as_lists, priors_in
from securebase.bundle.moment_files import (
    dataset_of,
    exact_dataset,
    read_moments,
    write_moments,
)
from securebase.bundle.release import cell_table, masked_parts, released
from securebase.bundle.rival import rival_of
from securebase.bundle.template import STAND_IN, panel_of, template_of
from securebase.codebook.analysis import Analysis, PriorOverride
from securebase.codebook.loading import Study
from securebase.columns import column_summary
from securebase.faults import InputError
from securebase.fitting import Question, posed, posed_on
from securebase.names import UNIT
from securebase.sampling import prior_draws
from securebase.waves.clean import clean

TOLERANCE = 1e-9
BY_AGE: dict[str, Any] = {"predictors": [{"name": "age", "of": "actor"}]}


def asked(study: Study, waves: pd.DataFrame) -> Question:
    (name,) = study.analyses
    return posed(study, name, waves)


def as_read(value: Any) -> Any:
    return json.loads(json.dumps(value))


def template(question: Question) -> dict[str, Any]:
    told = {
        part.name: column_summary(part.predictors, part.columns, part.cluster)
        for part in question.built.parts
    }
    return dict(as_read(template_of(question.panel, question.built, told)))


def rebuilt(question: Question, moments: dict[str, xr.Dataset]) -> BundledModel:
    priors = priors_in(as_read(priors_as_lists(question.priors)))
    return modelled(template(question), priors, moments)


def differences(question: Question, model: BundledModel) -> np.ndarray:
    """Log-densities at random points: of the bundle's model less those of all data."""
    draws = prior_draws(question.built.model, 6, 3)
    full = BundledModel(question.panel, question.priors, question.built)
    return np.asarray((model.log_density(draws) - full.log_density(draws)).values)


def leaders() -> tuple[Study, pd.DataFrame]:
    study = study_of(
        {
            "clusters": True,
            "predictors": [
                {"name": "distance", "of": "leader"},
                {"name": "claim", "of": "leader", "outcomes": ["task"]},
            ],
        },
        leader="officer",
        waves={"w1": 0.0},
        scales={"claim": {"roles": ["officer"]}, "task": {}},
        covariates=("distance",),
    )
    rng = np.random.default_rng(5)
    return study, waves_of(study, rng, units=72, clusters=18, missing=0.0)


@pytest.fixture(scope="module")
def couples(tmp_path_factory: pytest.TempPathFactory) -> Question:
    folder = tmp_path_factory.mktemp("complete")
    study = small_bundle_study(folder, np.random.default_rng(20261123), 0)
    return asked(study, clean(study, folder).waves)


@pytest.fixture(scope="module")
def followers() -> Question:
    return asked(*leaders())


def test_couples_of_whom_nothing_is_masked_give_the_exact_log_density(
    couples: Question, tmp_path: Path
) -> None:
    (part,) = masked_parts(couples, b"")
    assert (part.withheld, part.values_lost) == (0, 0)
    write_moments({part.name: dataset_of(part)}, tmp_path / "moments.nc")
    model = rebuilt(couples, read_moments(tmp_path / "moments.nc"))
    assert np.abs(differences(couples, model)).max() < TOLERANCE


def test_leaders_and_followers_give_the_exact_log_density(followers: Question) -> None:
    parts = masked_parts(followers, b"")
    assert [(one.withheld, one.values_lost) for one in parts] == [(0, 0), (0, 0)]
    model = rebuilt(followers, {one.name: dataset_of(one) for one in parts})
    apart = differences(followers, model)
    assert np.abs(apart).max() < TOLERANCE
    # what is derived from draws needs the columns as well: a leader's correlation with members
    draws = prior_draws(followers.built.model, 6, 3)
    mine, own = (one.family.derived(draws, one.panel)["leader_corr"] for one in (model, followers))
    np.testing.assert_allclose(mine, own, rtol=1e-12)


def test_another_datum_is_another_log_density(couples: Question) -> None:
    (part,) = masked_parts(couples, b"")
    data = dataset_of(part)
    moved = data["mean"].copy()
    moved[0, 0] += 1e-4
    model = rebuilt(couples, {part.name: data.assign(mean=moved)})
    assert np.abs(differences(couples, model)).min() > 1e-6


def test_exact_moments_of_every_pattern_give_the_same_numbers() -> None:
    compositions = {"mf": {}, "ff": {"exchangeable": True}}
    study = growth_study(BY_AGE, covariates={"age": {}}, compositions=compositions)
    question = asked(study, random_waves(study, np.random.default_rng(2), 30))
    moments = {part.name: exact_dataset(part) for part in question.built.parts}
    assert np.abs(differences(question, rebuilt(question, moments))).max() == 0.0


def test_own_times_have_no_moments_but_exact_sums() -> None:
    study = growth_study({"time": {"measured_by": "date"}})
    rng = np.random.default_rng(2)
    question = asked(study, dated(random_waves(study, rng, 16), rng))
    found = released({"growth": question}, b"")
    assert "times of their own" in found.refused["growth"]
    moments = {part.name: exact_dataset(part) for part in question.built.parts}
    assert np.abs(differences(question, rebuilt(question, moments))).max() == 0.0


def test_what_a_template_cannot_tell_is_said() -> None:
    tension = {"predictors": [{"name": "tension", "of": "actor", "varying": True}]}
    diary = {"family": "momentary_buffering", "outcomes": ["anxiety"], **tension}
    study = growth_study(diary, scales={"anxiety": {}, "tension": {}})
    question = asked(study, random_waves(study, np.random.default_rng(2), 16, 0.0))
    assert "no template tells" in rebuilding_fault(question, xr.DataTree())


def test_model_that_is_not_the_fitted_one_is_noticed(couples: Question) -> None:
    model = BundledModel(couples.panel, couples.priors, couples.built)
    draws = prior_draws(couples.built.model, 6, 3)
    logp = model.log_density(draws)
    groups = {"posterior": draws, "sample_stats": xr.Dataset({"logp": logp})}
    assert rebuilding_fault(couples, xr.DataTree.from_dict(groups)) == ""
    groups["sample_stats"] = xr.Dataset({"logp": logp * (1 + 1e-8)})
    assert "depends on more" in rebuilding_fault(couples, xr.DataTree.from_dict(groups))


def test_panel_of_a_template_holds_nobody(couples: Question) -> None:
    told = template(couples)
    panel = panel_of(told)
    assert all(str(one).startswith(STAND_IN) for one in panel.data[UNIT].values)
    text = json.dumps(told)
    assert not [one for one in couples.panel.data[UNIT].values if str(one) in text]
    assert panel.compositions == couples.panel.compositions
    assert panel.analysis == couples.panel.analysis


def test_model_of_other_names_is_refused(couples: Question) -> None:
    told = template(couples)
    (own,) = told["parts"]
    own["columns"] = [*own["columns"], "height patient"]
    (part,) = masked_parts(couples, b"")
    with pytest.raises(InputError, match="height patient"):
        modelled(told, couples.priors, {part.name: dataset_of(part)})
    own["columns"] = ["1", "height patient", "height partner"]
    with pytest.raises(InputError, match="age patient, age partner"):
        modelled(told, couples.priors, {part.name: dataset_of(part)})


def test_other_priors_are_those_of_a_direct_model(couples: Question) -> None:
    (part,) = masked_parts(couples, b"")
    override = {"change": PriorOverride(sd=0.05, reason="a sceptic's prior")}
    model = modelled(template(couples), couples.priors, {part.name: dataset_of(part)}, override)
    analysis = couples.panel.analysis.model_copy(update={"priors": override})
    study = couples.study.model_copy(update={"analyses": {"growth": analysis}})
    direct = posed_on(replace(couples.panel, analysis=analysis), study, "growth")
    apart = differences(direct, model)
    assert np.abs(apart).max() < TOLERANCE
    assert np.abs(differences(couples, model)).min() > 0.01


@pytest.mark.parametrize(
    "change",
    [{"time": {"shape": "free"}},
     {"family": "dyadic_panel", "dynamics": {"kind": "deviations", "step": 0.5}}],
)  # fmt: skip
def test_rivals_are_those_of_a_direct_model(couples: Question, change: dict[str, Any]) -> None:
    (part,) = masked_parts(couples, b"")
    moments = {part.name: dataset_of(part)}
    model = modelled(*rival_of(template(couples), change), moments)
    said = couples.panel.analysis.model_dump(mode="json", by_alias=True, exclude_unset=True)
    analysis = Analysis.model_validate(said | change)
    study = couples.study.model_copy(update={"analyses": {"growth": analysis}})
    direct = posed_on(replace(couples.panel, analysis=analysis), study, "growth")
    assert np.abs(differences(direct, model)).max() < TOLERANCE


@pytest.mark.parametrize(
    ("change", "word"),
    [({"outcomes": ["anxiety"]}, "outcomes"), ({"colour": "red"}, "colour"),
     ({"time": {"shape": "round"}}, "round"), ({"informants": {"x": ["anxiety"]}}, "informants")],
)  # fmt: skip
def test_rivals_of_other_scores_or_unknown_keys_are_refused(
    couples: Question, change: dict[str, Any], word: str
) -> None:
    with pytest.raises(InputError, match=word):
        rival_of(template(couples), change)


def test_columns_are_told_of_those_who_are_released() -> None:
    persons: dict[str, Any] = {"roles": ("person",), "scales": {"anxiety": {}}}
    study = growth_study(BY_AGE, covariates={"age": {}}, **persons)
    rng = np.random.default_rng(4)
    waves = random_waves(study, rng, 40, 0.0)
    # three persons who only answered last: no cell nests in theirs, but for nobody's
    few = waves["unit"].isin(["u000", "u001", "u002"])
    waves.loc[few & (waves["wave"] != "w4"), "anxiety"] = np.nan
    waves.loc[~few & (waves["wave"] == "w4"), "anxiety"] = np.nan
    question = asked(study, waves)
    (part,) = masked_parts(question, b"")
    assert part.withheld == 3
    assert part.few_withheld
    (own,) = question.built.parts
    told = part.told(own)
    assert told.units == 37
    np.testing.assert_allclose(told.sd[1], own.predictors[3:, 1].std())
    assert told.sd[1] != own.predictors[:, 1].std()
    table = cell_table([part])
    assert table["action"].tolist() == ["kept", "withheld"]
    assert table["n"].isna().tolist() == [False, True]
    assert table["pattern"].fillna("").tolist() == ["1110", ""]


def test_analysis_of_one_person_less_is_released_without_moments() -> None:
    persons: dict[str, Any] = {"roles": ("person",), "scales": {"anxiety": {}}}
    study = growth_study(covariates={"age": {}}, **persons)
    aged = growth_study(BY_AGE, covariates={"age": {}}, **persons).analyses["growth"]
    study = study.model_copy(update={"analyses": {**study.analyses, "aged": aged}})
    waves = random_waves(study, np.random.default_rng(4), 40, 0.0)
    waves.loc[waves["unit"] == "u000", "age"] = np.nan
    questions = {name: posed(study, name, waves) for name in study.analyses}
    assert [one.panel.data.sizes[UNIT] for one in questions.values()] == [40, 39]
    found = released(questions, b"")
    assert list(found.parts) == ["growth"]
    assert "R5" in found.refused["aged"]
    # alone it is released
    assert list(released({"aged": questions["aged"]}, b"").parts) == ["aged"]
