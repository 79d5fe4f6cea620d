"""What every family in the folder has to keep, whatever it models."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytensor
import pytest
import xarray as xr
from examples import EXAMPLES

from securebase.codebook.analysis import PriorOverride
from securebase.config import Sampling
from securebase.families import family_names, load_family
from securebase.family import Built, Family, build
from securebase.faults import InputError
from securebase.panel import Panel
from securebase.prediction.terms import LEFT_OUT, left_out_terms
from securebase.priors import Prior, Priors, overridden_priors, prior_table
from securebase.sampling import prior_draws

HELPERS = ("_vine", "_signed", "_measured")


@dataclass(frozen=True)
class Modelled:
    """A family's model of a made-up study."""

    family: Family
    panel: Panel
    priors: Priors
    built: Built
    prior: xr.Dataset


@pytest.fixture(scope="module")
def modelled() -> Callable[[str, str], Modelled]:
    known: dict[tuple[str, str], Modelled] = {}

    def find(name: str, kind: str) -> Modelled:
        if (name, kind) not in known:
            panel = EXAMPLES[name].panel(name, kind, np.random.default_rng(11))
            family = load_family(name)
            priors = family.default_priors(panel)
            built = build(family, panel, priors)
            prior = family.derived(prior_draws(built.model, 3, 5), panel)
            known[name, kind] = Modelled(family, panel, priors, built, prior)
        return known[name, kind]

    return find


every = pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, one in EXAMPLES.items() for kind in one.kinds]
)
families = pytest.mark.parametrize("name", EXAMPLES)


def test_every_family_has_examples() -> None:
    assert sorted(EXAMPLES) == family_names()


def test_there_is_a_family() -> None:
    assert "dyadic_growth" in family_names()
    with pytest.raises(ValueError, match=r"no family 'growht'; there are: .*dyadic_growth"):
        load_family("growht")


@families
def test_family_says_what_it_is(name: str) -> None:
    family = load_family(name)
    assert family.name == name
    assert len(family.equation) > 20
    for parameter in family.parameters:
        assert parameter.name.isidentifier()
        assert parameter.name.isascii()
        assert parameter.meaning.endswith(".")
        assert parameter.unit
        assert "{" not in parameter.unit_at(("level",), "year")
        assert "{" not in parameter.unit_at(("change",), "year")
    names = [parameter.name for parameter in family.parameters]
    assert len(set(names)) == len(names)


@every
def test_variables_are_declared_with_their_dims(
    name: str, kind: str, modelled: Callable[[str, str], Modelled]
) -> None:
    one = modelled(name, kind)
    seen = set()
    for variable, values in one.prior.data_vars.items():
        parameter = one.family.parameter(str(variable))
        if parameter is None:
            assert str(variable).endswith(HELPERS)
            continue
        seen.add(parameter.name)
        dims = [str(dim) for dim in values.dims[2:]]
        # a composition may be named in the dim
        bare = [dim.replace("_mf", "").replace("_ff", "") for dim in dims]
        assert bare == [dim for dim in parameter.dims if dim in bare]
        assert set(parameter.dims) - set(bare) <= EXAMPLES[name].spared
        for dim in dims:
            labels = list(values[dim].values)
            assert len(set(labels)) == len(labels)
            assert all(isinstance(str(label), str) and str(label) for label in labels)
    assert EXAMPLES[name].variables <= seen
    clustered = EXAMPLES[name].clustered
    assert seen & clustered == (clustered if kind == "clusters" else set())


@every
def test_parts_hold_every_observed_score_once(
    name: str, kind: str, modelled: Callable[[str, str], Modelled]
) -> None:
    one = modelled(name, kind)
    seen = sum(int(np.isfinite(part.score).sum()) for part in one.built.parts)
    assert seen == int(one.panel.data["score"].notnull().sum())
    assert sum(len(part.score) for part in one.built.parts) == one.panel.data.sizes["unit"]
    for part in one.built.parts:
        assert len(part.responses) == part.score.shape[1]
        assert part.predictors.shape == (len(part.score), len(part.columns))
        np.testing.assert_array_equal(part.predictors[:, 0], 1.0)


@every
def test_density_and_gradient_are_finite_where_sampling_starts(
    name: str, kind: str, modelled: Callable[[str, str], Modelled]
) -> None:
    model = modelled(name, kind).built.model
    logp = model.logp()
    gradients = pytensor.grad(logp, model.value_vars)
    function = model.compile_fn([logp, *gradients], mode="FAST_COMPILE")
    value, *parts = function(model.initial_point())
    gradient = np.concatenate([np.ravel(part) for part in parts])
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0


@every
def test_priors_are_complete_with_reasons(
    name: str, kind: str, modelled: Callable[[str, str], Modelled]
) -> None:
    one = modelled(name, kind)
    table = prior_table(one.priors)
    assert list(table.columns) == ["block", "outcome", "density", "unit", "reason"]
    assert set(table["block"]) == set(one.priors)
    assert (table["reason"].str.len() > 8).all()
    assert (table["unit"] != "").all()
    assert table["density"].str.match(r"(Normal|Half-normal|LKJ)\(.+\)$").all()
    for block, rows in table.groupby("block"):
        wanted = [""] if one.priors[str(block)].kind == "lkj" else ["anxiety", "avoidance"]
        assert list(rows["outcome"]) == wanted


@families
def test_model_does_not_build_without_a_prior_it_needs(
    name: str, modelled: Callable[[str, str], Modelled]
) -> None:
    one = modelled(name, EXAMPLES[name].kinds[0])
    missing = EXAMPLES[name].mean
    lacking = {block: prior for block, prior in one.priors.items() if block != missing}
    with pytest.raises(KeyError, match=missing):
        build(one.family, one.panel, lacking)


@families
def test_overrides_of_unknown_blocks_are_refused_with_the_known(
    name: str, modelled: Callable[[str, str], Modelled]
) -> None:
    one = modelled(name, EXAMPLES[name].kinds[0])
    spread, corr = EXAMPLES[name].spread, EXAMPLES[name].corr
    # of an analysis with a free path
    loading = Prior("loading", "normal", "year", "a reason to have", sd={"anxiety": 1.0})
    known = {**one.priors, "loading": loading}
    given = {
        "slope": PriorOverride(sd=1.0, reason="a reason to have"),
        spread: PriorOverride(mean=1.0, eta=2.0, reason="a reason to have"),
        corr: PriorOverride(sd=2.0, reason="a reason to have"),
        "loading": PriorOverride(mean=2.0, reason="a reason to have"),
    }
    with pytest.raises(InputError, match="priors: 5 faults") as caught:
        overridden_priors(known, given, "codebook, priors")
    text = str(caught.value)
    assert f"no prior block 'slope'; expected one of: {', '.join(known)}" in text
    assert f"'eta' for block '{spread}'; expected half-normal takes sd" in text
    assert f"'mean' for block '{spread}'; expected half-normal takes sd" in text
    assert f"'sd' for block '{corr}'; expected lkj takes eta" in text
    # where a loading lies is said by the straight path, not by a number
    assert "'mean' for block 'loading'; expected normal takes sd" in text


@families
def test_override_changes_its_block_only(
    name: str, modelled: Callable[[str, str], Modelled]
) -> None:
    one = modelled(name, EXAMPLES[name].kinds[0])
    block = EXAMPLES[name].mean
    given = {block: PriorOverride(mean=0.1, sd=0.2, reason="from a meta-analysis")}
    changed = overridden_priors(one.priors, given, "codebook, priors")
    assert changed[block].mean == {"anxiety": 0.1, "avoidance": 0.1}
    assert changed[block].sd == {"anxiety": 0.2, "avoidance": 0.2}
    assert changed[block].reason == "from a meta-analysis"
    assert {k: v for k, v in changed.items() if k != block} == {
        k: v for k, v in one.priors.items() if k != block
    }
    table = prior_table(changed)
    densities = table.loc[table["block"] == block, "density"]
    assert list(densities) == ["Normal(0.1, 0.2)"] * 2


@every
def test_simulated_study_is_missing_where_the_panel_is(
    name: str, kind: str, modelled: Callable[[str, str], Modelled], rng: np.random.Generator
) -> None:
    one = modelled(name, kind)
    truth = one.prior.isel(chain=0, draw=0)
    first, again, other = (
        one.family.simulate(np.random.default_rng(seed), truth, one.panel).data["score"]
        for seed in (1, 1, 2)
    )
    assert bool((first.isnull() == one.panel.data["score"].isnull()).all())
    xr.testing.assert_identical(first, again)
    assert not bool((first == other).any())


@every
def test_trajectories_have_labels_and_waves(
    name: str, kind: str, modelled: Callable[[str, str], Modelled]
) -> None:
    one = modelled(name, kind)
    paths = one.family.trajectories(one.prior, one.panel)
    assert paths.dims == ("chain", "draw", "role", "outcome", "wave")
    assert list(paths["wave"].values) == list(one.panel.data["wave"].values)
    labels = [label for part in one.panel.compositions for label in part.labels]
    assert list(paths["role"].values) == list(dict.fromkeys(labels))
    assert bool(paths.notnull().all())


@pytest.mark.parametrize("name", family_names())
def test_run_may_say_what_warm_up_learns_and_else_the_family_does(name: str) -> None:
    family = load_family(name)
    assert family.sampled(Sampling()).adaptation == family.adaptation
    for said in ("diag", "low_rank"):
        assert family.sampled(Sampling(adaptation=said)).adaptation == said


@every
def test_what_may_be_left_out_adds_up_to_the_likelihood(
    modelled: Callable[[str, str], Modelled], name: str, kind: str
) -> None:
    one = modelled(name, kind)
    terms = left_out_terms(one.built, one.panel, one.prior, 3)
    by = "cluster" if one.panel.analysis.clusters else "unit"
    assert set(terms[LEFT_OUT].values) == set(map(str, one.panel.data[by].values))
    free = one.built.model.free_RVs
    whole = pytensor.function(free, sum(one.built.logliks), mode="FAST_COMPILE")
    totals = [
        float(whole(*(one.prior[two.name].isel(chain=0, draw=draw).values for two in free)))
        for draw in range(3)
    ]
    assert terms.sum(LEFT_OUT).values[0] == pytest.approx(totals, rel=1e-9)
