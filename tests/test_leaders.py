"""Leaders and groups: whose values reach whom, how they are centred, who is left out."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytensor
import pytest
import xarray as xr
from growth_by_hand import own_covariance
from growth_examples import growth_study, parameters, wave_table
from scipy.stats import multivariate_normal

from securebase.codebook.loading import Study
from securebase.families import load_family
from securebase.family import build
from securebase.faults import InputError
from securebase.growth.design import composition_designs
from securebase.growth.identification import growth_designs
from securebase.panel import Composition, panel_from_waves
from securebase.predictors import measures

FAMILY = load_family("dyadic_growth")
WAVES = {"w1": 0.0, "w2": 1.0, "w3": 3.0}
NAN = np.nan
OFFICER: dict[str, Any] = {"name": "avoidance", "of": "leader"}
SOLDIER: dict[str, Any] = {"name": "avoidance", "of": "actor"}
GROUP: dict[str, Any] = {"name": "avoidance", "of": "group"}


def command(analysis: Mapping[str, Any] | None = None, **study: Any) -> Study:
    """Make a study of soldiers in companies that an officer leads; health is theirs, at each wave.

    Avoidance is asked of both at the first wave, support provision of officers at each.
    """
    asked = {"outcomes": ["health"], "clusters": True, **(analysis or {})}
    settings = {
        "roles": ("soldier", "officer"),
        "waves": WAVES,
        "scales": {
            "health": {"roles": ["soldier"]},
            "avoidance": {"waves": ["w1"]},
            "provision": {"roles": ["officer"]},
        },
        **study,
    }
    made = growth_study(asked, **settings)
    levels = made.roles.model_copy(update={"leader": "officer"})
    return made.model_copy(update={"roles": levels})


# company: officer's avoidance (None: no officer), soldiers' avoidance
COMPANIES: dict[str, tuple[float | None, list[float]]] = {
    "A": (2.0, [1.0, 3.0, 5.0, 7.0]),
    "B": (4.0, [2.0]),
    "C": (6.0, [6.0, 4.0]),
}


def rows_of(
    companies: Mapping[str, tuple[float | None, list[float]]], rng: np.random.Generator
) -> list[dict[str, Any]]:
    rows = []
    for company, (officer, soldiers) in companies.items():
        persons = [(f"{company}-{n}", "soldier", one) for n, one in enumerate(soldiers)]
        if officer is not None:
            persons.append((company, "officer", officer))
        for (unit, role, avoidance), wave in product(persons, WAVES):
            row = {"unit": unit, "role": role, "wave": wave, "cluster": company}
            row["health" if role == "soldier" else "provision"] = rng.normal(4, 1)
            row |= {"avoidance": avoidance} if wave == "w1" else {}
            rows.append(row)
    return rows


def waves_of(
    study: Study,
    rng: np.random.Generator,
    companies: Mapping[str, tuple[float | None, list[float]]] = COMPANIES,
) -> pd.DataFrame:
    return wave_table(rows_of(companies, rng), study)


def of(found: xr.DataArray, owner: str, *units: str) -> list[float]:
    return [float(found.sel(owner=owner, measure="avoidance", unit=unit)) for unit in units]


# --- values --------------------------------------------------------------------------------


def test_leader_s_value_is_centred_and_scaled_over_leaders(rng: np.random.Generator) -> None:
    study = command({"predictors": [{**OFFICER, "scale": "sd"}]})
    found = measures(waves_of(study, rng), study, study.analyses["growth"])
    # officers 2, 4, 6: mean 4, sd 2; over followers the mean would be 22 / 7
    for company, expected in (("A", -1.0), ("B", 0.0), ("C", 1.0)):
        soldiers = [f"{company}-{n}" for n in range(len(COMPANIES[company][1]))]
        assert of(found, "officer", company, *soldiers) == [expected] * (len(soldiers) + 1)
    assert bool(found.sel(owner="soldier").isnull().all())


def test_members_are_centred_over_members_whatever_leaders_answer(
    rng: np.random.Generator,
) -> None:
    for predictors in ([SOLDIER, OFFICER], [OFFICER, SOLDIER]):
        study = command({"predictors": predictors})
        found = measures(waves_of(study, rng), study, study.analyses["growth"])
        # soldiers 1, 3, 5, 7, 2, 6, 4: mean 4
        assert of(found, "soldier", "A-0", "A-3", "B-0") == [-3.0, 3.0, -2.0]
        # neither predictor takes the place of the other, in whichever order they are declared
        assert of(found, "officer", "A-0", "B-0", "C", "C-1") == [-2.0, 0.0, 2.0, 2.0]


def test_group_mean_is_over_members_and_centred_over_groups(rng: np.random.Generator) -> None:
    study = command({"predictors": [GROUP]})
    found = measures(waves_of(study, rng), study, study.analyses["growth"])
    # means 4, 2, 5 (officers aside): their mean is 11 / 3
    expected = [4 - 11 / 3, 4 - 11 / 3, 2 - 11 / 3, 5 - 11 / 3]
    assert of(found, "group", "A-0", "A-3", "B-0", "C-1") == pytest.approx(expected)


def test_group_mean_is_of_those_who_answered(rng: np.random.Generator) -> None:
    study = command({"predictors": [{**GROUP, "centre": "none"}]})
    waves = waves_of(study, rng)
    waves.loc[waves["unit"] == "A-3", "avoidance"] = NAN
    waves.loc[waves["unit"] == "B-0", "avoidance"] = NAN
    found = measures(waves, study, study.analyses["growth"])
    assert of(found, "group", "A-0", "A-3") == [3.0, 3.0]
    assert np.isnan(of(found, "group", "B-0")).all()
    panel = panel_from_waves(waves, study, "growth")
    assert panel.left_out.to_dict("records") == [
        {"unit": "B-0", "reason": "no value of predictor avoidance of the group"}
    ]


def test_levels_of_a_group_are_shares_and_those_of_a_leader_levels(
    rng: np.random.Generator,
) -> None:
    rank = {"type": "categorical", "levels": {"1": "regular", "2": "volunteer"}}
    predictors = [{"name": "rank", "of": "leader"}, {"name": "rank", "of": "group"}]
    study = command({"predictors": predictors}, covariates={"rank": rank})
    rows = rows_of(COMPANIES, rng)
    volunteers = {"A-0", "A-1", "A-2", "C-0", "B"}
    for row in rows:
        row["rank"] = "volunteer" if row["unit"] in volunteers else "regular"
    found = measures(wave_table(rows, study), study, study.analyses["growth"])
    share = found.sel(measure="rank[volunteer]")
    units = {"unit": ["A-3", "B-0", "C-1"]}
    np.testing.assert_array_equal(share.sel(owner="group", **units), [0.75, 0.0, 0.5])
    np.testing.assert_array_equal(share.sel(owner="officer", **units), [0.0, 1.0, 0.0])


def test_composite_of_leaders_is_standardised_over_leaders(rng: np.random.Generator) -> None:
    both = {"name": "both", "of": "leader", "mean_of": ["avoidance", "anxiety"]}
    scales = {"health": {"roles": ["soldier"]}, "avoidance": {}, "anxiety": {}}
    study = command({"predictors": [both]}, scales=scales)
    rows = rows_of(COMPANIES, rng)
    anxiety = {"A": 1.0, "B": 1.0, "C": 4.0}
    for row in rows:
        row["anxiety"] = anxiety.get(row["unit"], 7.0)
    found = measures(wave_table(rows, study), study, study.analyses["growth"])
    # anxiety 1, 1, 4: mean 2, sd √3
    expected = np.array([-1 - 1 / np.sqrt(3), -1 / np.sqrt(3), 1 + 2 / np.sqrt(3)]) / 2
    cells = found.sel(measure="both", owner="officer", unit=["A-0", "B-0", "C-0"])
    np.testing.assert_allclose(cells, expected)


# --- panels --------------------------------------------------------------------------------


def test_leaders_who_only_predict_are_no_units_and_not_left_out(
    rng: np.random.Generator,
) -> None:
    study = command({"predictors": [OFFICER]})
    panel = panel_from_waves(waves_of(study, rng), study, "growth")
    assert list(panel.data["unit"].values) == ["A-0", "A-1", "A-2", "A-3", "B-0", "C-0", "C-1"]
    assert list(panel.data["role"].values) == ["soldier"]
    assert panel.compositions == (Composition("all", ("soldier",), ("soldier",)),)
    assert panel.left_out.empty
    assert panel.leader == "officer"


def test_units_of_a_cluster_without_a_leader_are_left_out_with_the_reason(
    rng: np.random.Generator,
) -> None:
    study = command({"predictors": [OFFICER]})
    waves = waves_of(study, rng, {**COMPANIES, "D": (None, [3.0, 4.0])})
    lost = {"unit": "E-0", "role": "soldier", "wave": "w1", "cluster": None, "health": 3.0}
    waves = pd.concat([waves, wave_table([lost], study)], ignore_index=True)
    panel = panel_from_waves(waves, study, "growth")
    why = "no value of predictor avoidance of the leader"
    assert panel.left_out.to_dict("records") == [
        {"unit": "D-0", "reason": why},
        {"unit": "D-1", "reason": why},
        {"unit": "E-0", "reason": "cluster not known"},
    ]


def test_leader_who_did_not_answer_is_as_none(rng: np.random.Generator) -> None:
    study = command({"predictors": [OFFICER]})
    waves = waves_of(study, rng)
    waves.loc[waves["unit"] == "B", "avoidance"] = NAN
    panel = panel_from_waves(waves, study, "growth")
    assert list(panel.left_out["unit"]) == ["B-0"]
    # the officers who answered are 2 and 6
    values = panel.data["predictor_value"].sel(owner="officer", measure="avoidance")
    assert set(values.values) == {-2.0, 2.0}


def test_leaders_who_differ_in_one_cluster_are_refused_by_the_name_of_the_cluster(
    rng: np.random.Generator,
) -> None:
    study = command({"predictors": [OFFICER]})
    rows = rows_of(COMPANIES, rng)
    second = {"role": "officer", "wave": "w1"}
    rows += [
        {"unit": "A bis", "cluster": "A", "avoidance": 2.5, **second},
        {"unit": "B bis", "cluster": "B", "avoidance": 4.0, **second},
        {"unit": "C bis", "cluster": "C", "avoidance": 1.0, **second},
    ]
    with pytest.raises(InputError) as refused:
        panel_from_waves(wave_table(rows, study), study, "growth")
    (fault,) = refused.value.faults
    assert fault.given == "leaders who differ in avoidance lead the same cluster: A, C"
    assert fault.column == "analyses.growth.predictors"
    # two leaders of one value are one value; of an analysis without them nobody asks
    alike = [row for row in rows if row["unit"] not in ("A bis", "C bis")]
    panel = panel_from_waves(wave_table(alike, study), study, "growth")
    assert of(panel.data["predictor_value"], "officer", "B-0") == [0.0]
    panel_from_waves(wave_table(rows, command()), command(), "growth")


def test_leaders_whose_outcomes_are_modelled_are_units_of_their_own_composition(
    rng: np.random.Generator,
) -> None:
    predictors = [{**OFFICER, "outcomes": ["provision"]}, {**SOLDIER, "outcomes": ["health"]}]
    outcomes = ["health", "provision"]
    study = command({"outcomes": outcomes, "predictors": predictors, "clusters": False})
    waves = waves_of(study, rng)
    waves.loc[waves["unit"] == "B", "avoidance"] = NAN
    panel = panel_from_waves(waves, study, "growth")
    officers = Composition("officer", ("officer",), ("officer",))
    assert panel.compositions == (Composition("all", ("soldier",), ("soldier",)), officers)
    assert list(panel.units_of(officers).data["unit"].values) == ["A", "C"]
    # soldiers of B do without the officer's value, which predicts no outcome of soldiers
    why = "no value of predictor avoidance of the leader"
    assert panel.left_out.to_dict("records") == [{"unit": "B", "reason": why}]
    members, leaders = growth_designs(panel)
    assert members.series == [("soldier", "health")]
    assert leaders.series == [("officer", "provision")]
    assert members.columns == [(), (("avoidance", "soldier"),)]
    assert leaders.columns == [(), (("avoidance", "officer"),)]
    found = {(one.variable, one.at) for one in leaders.coefficients}
    assert ("leader_on_change", ("avoidance", "officer", "provision")) in found
    assert not any(variable.startswith("actor") for variable, _ in found)


def test_what_is_the_leader_s_own_may_not_predict_twice(rng: np.random.Generator) -> None:
    outcomes = ["health", "provision"]
    study = command({"outcomes": outcomes, "predictors": [OFFICER, SOLDIER], "clusters": False})
    panel = panel_from_waves(waves_of(study, rng), study, "growth")
    with pytest.raises(InputError, match="'leader avoidance' and 'actor avoidance' are the same"):
        growth_designs(panel)
    scaled = command(
        {
            "outcomes": outcomes,
            "predictors": [{**OFFICER, "scale": "sd"}, SOLDIER],
            "clusters": False,
        }
    )
    with pytest.raises(InputError, match="are coded in two ways"):
        panel_from_waves(waves_of(scaled, rng), scaled, "growth")


def test_leader_by_follower_interaction_is_a_product_of_both(rng: np.random.Generator) -> None:
    interactions = [{"name": "both", "of": ["leader avoidance", "actor avoidance"]}]
    study = command({"predictors": [OFFICER, SOLDIER], "interactions": interactions})
    panel = panel_from_waves(waves_of(study, rng), study, "growth")
    (design,) = composition_designs(panel)
    officer, soldier = ("avoidance", "officer"), ("avoidance", "soldier")
    assert design.columns == [(), (officer,), (soldier,), (officer, soldier)]
    values = dict(zip(panel.data["unit"].values, design.predictors(panel), strict=True))
    np.testing.assert_allclose(values["A-3"], [1, -2, 3, -6])
    np.testing.assert_allclose(values["C-1"], [1, 2, 0, 0])


def test_exchangeable_couples_may_have_leaders(rng: np.random.Generator) -> None:
    # couples in groups that a therapist leads: both members have the therapist's value
    study = command(
        {"predictors": [OFFICER]},
        roles=("one", "other", "officer"),
        exchangeable=True,
        scales={"health": {"roles": ["one", "other"]}, "avoidance": {"waves": ["w1"]}},
    )
    rows = []
    for place, wave, role in product(range(6), WAVES, ("one", "other")):
        rows.append({"unit": f"c{place}", "role": role, "wave": wave, "cluster": f"g{place % 3}",
                     "health": rng.normal(4, 1)})  # fmt: skip
    for number, avoidance in enumerate((2.0, 4.0, 6.0)):
        rows.append({"unit": f"g{number}", "role": "officer", "wave": "w1",
                     "cluster": f"g{number}", "avoidance": avoidance})  # fmt: skip
    panel = panel_from_waves(wave_table(rows, study), study, "growth")
    (design,) = composition_designs(panel)
    assert design.columns == [(), (("avoidance", "officer"),)]
    labels = {one.at for one in design.coefficients if one.variable == "leader_on_change"}
    assert labels == {("avoidance", "member", "health")}
    np.testing.assert_allclose(design.predictors(panel)[:, 1], [-2, 0, 2, -2, 0, 2])


# --- likelihood ----------------------------------------------------------------------------


def test_log_likelihood_of_followers_in_clusters_is_one_dense_normal(
    rng: np.random.Generator,
) -> None:
    interactions = [
        {"name": "both", "of": ["leader avoidance", "actor avoidance"], "on": ["level", "change"]}
    ]
    predictors = [{**OFFICER, "scale": "sd"}, SOLDIER, GROUP]
    study = command({"predictors": predictors, "interactions": interactions})
    companies = {
        name: (rng.normal(4, 1), list(rng.normal(4, 1, size)))
        for name, size in (("A", 3), ("B", 5), ("C", 1), ("D", 4))
    }
    waves = waves_of(study, rng, companies)
    waves.loc[rng.random(len(waves)) < 0.15, "health"] = NAN
    panel = panel_from_waves(waves, study, "growth")
    model = build(FAMILY, panel, FAMILY.default_priors(panel)).model
    values = parameters(model, rng)
    outputs = [*model.deterministics, *model.potentials]
    found = pytensor.function(model.free_RVs, outputs, mode="FAST_COMPILE")(*values)
    names = [one.name for one in (*model.free_RVs, *model.deterministics)]
    truth = dict(zip(names, [*values, *found[:-1]], strict=True))

    officers = np.array([one for one, _ in companies.values()])
    followers = np.concatenate([one for _, one in companies.values()])
    means = np.array([np.mean(one) for _, one in companies.values()])
    terms = {
        "leader": dict(
            zip(companies, (officers - officers.mean()) / officers.std(ddof=1), strict=True)
        ),
        "group": dict(zip(companies, means - means.mean(), strict=True)),
    }
    cov = {one: own_covariance(as_dataset(truth, one), one) for one in ("unit", "cluster")}
    residual = float(truth["residual_sd"].item()) ** 2
    basis = np.column_stack([np.ones(3), list(WAVES.values())])
    score = panel.data["score"].sel(role="soldier", outcome="health")
    total = 0.0
    for company, (_, soldiers) in companies.items():
        expected, seen, units = [], [], []
        for number, own in enumerate(soldiers):
            actor = own - followers.mean()
            leader, group = terms["leader"][company], terms["group"][company]
            effects = [
                truth[part].item()
                + truth[f"leader_on_{part}"].item() * leader
                + truth[f"actor_on_{part}"].item() * actor
                + truth[f"group_on_{part}"].item() * group
                + truth[f"interaction_on_{part}"].item() * leader * actor
                for part in ("level", "change")
            ]
            unit = f"{company}-{number}"
            if unit in panel.data["unit"]:
                expected.append(basis @ effects)
                seen.append(score.sel(unit=unit).values)
                units.append(unit)
        own_cov = basis @ cov["unit"] @ basis.T + residual * np.eye(3)
        shared = basis @ cov["cluster"] @ basis.T
        count = len(units)
        whole = np.kron(np.eye(count), own_cov) + np.kron(np.ones((count, count)), shared)
        y, mean = np.concatenate(seen), np.concatenate(expected)
        known = np.isfinite(y)
        density = multivariate_normal(mean[known], whole[np.ix_(known, known)])
        total += density.logpdf(y[known])
    assert float(found[-1]) == pytest.approx(total, rel=1e-10)


def as_dataset(values: Mapping[str, np.ndarray], name: str) -> xr.Dataset:
    return xr.Dataset(
        {f"{name}_{part}": (part, np.ravel(values[f"{name}_{part}"]))
         for part in ("sd", "signed", "vine")}
    )  # fmt: skip
