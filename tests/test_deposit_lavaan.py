"""The growth model in lavaan's syntax is ours, and lavaan's maximum has our likelihood."""

import csv
import io
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from growth_by_hand import EXAMPLES, Evaluated, covariance_of, evaluated
from growth_examples import dated_panel, growth_panel, growth_study
from lavaan_by_hand import implied, lines_of

from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import Study, load_study
from securebase.deposit.growth_syntax import GrowthSyntax, growth_syntax, label
from securebase.deposit.lavaan import lavaan_script, not_written
from securebase.deposit.moments_csv import PartMoments, moments_csv
from securebase.disclosure import cells_of, moments_of_cells
from securebase.disclosure.clustered import Within
from securebase.disclosure.of_part import sample_of_part
from securebase.fitting import posed
from securebase.growth.design import GrowthDesign, column_name
from securebase.growth.identification import growth_designs
from securebase.likelihood import loglik
from securebase.names import UNIT
from securebase.panel import Panel
from securebase.waves.clean import clean

# what lavaan 0.6-14 (R 4.2.2) printed for moments of data/example, which are simulated
STORED = "docs/calibration/lavaan_asem_tightrope.csv"
OTHERS = (
    "mixed compositions",
    "clusters",
    "clusters of one role",
    "clusters of exchangeable members",
)
TRANSLATED = [name for name in EXAMPLES if name not in OTHERS]


def values_of(one: Evaluated, design: GrowthDesign, syntax: GrowthSyntax) -> dict[str, float]:
    """Give each label the number that the evaluated model has there."""
    values = {}
    for placed in design.coefficients:
        dims = one.truth[placed.variable].dims
        at = dict(zip(dims, placed.at, strict=True))
        values[label(placed.variable, *placed.at)] = float(one.truth[placed.variable].sel(at))
    if "loading" in one.truth:
        for loading in one.truth["loading"].stack(cell=["outcome", "inner_wave"]).T:
            outcome, wave = loading["cell"].item()
            if loading.notnull():
                values[label("loading", outcome, wave)] = float(loading)
    unit = covariance_of(one.truth, "unit", "effect", design.composition)
    residual = covariance_of(one.truth, "residual", "series", design.composition)
    effects = {"_".join(effect): effect for effect in design.effects}
    series = {"_".join(cell): ("", *cell[1:]) for cell in design.responses}
    for line in lines_of(syntax.lines):
        if line.operator == "~~":
            of, names = (unit, effects) if line.left in effects else (residual, series)
            found = of(names[line.left], names[line.right])
            # one label, one number: exchangeable members share what they should, and no more
            assert values.setdefault(line.factor, found) == pytest.approx(found, abs=1e-12)
    return values


@pytest.mark.parametrize("name", TRANSLATED)
def test_model_implies_what_the_family_implies(name: str, rng: np.random.Generator) -> None:
    example = EXAMPLES[name]
    panel, priors = growth_panel(
        growth_study(example.analysis, **example.study), rng, **example.waves
    )
    one = evaluated(panel, priors, rng)
    (design,) = growth_designs(panel)
    syntax = growth_syntax(design, ())
    values = values_of(one, design, syntax)
    observed = [syntax.columns[" ".join(cell)] for cell in design.responses]
    columns = ["1", *(syntax.columns[column_name(column)] for column in design.columns[1:])]
    mean, cov = implied(syntax.lines, observed, columns, values)
    np.testing.assert_allclose(mean, one.means[0], atol=1e-10)
    np.testing.assert_allclose(cov, one.covariances[0], atol=1e-10)
    free = sum(one.built.model[var.name].size.eval() for var in one.built.model.free_RVs)
    assert len(values) == free


def test_names_that_read_alike_stay_apart(rng: np.random.Generator) -> None:
    study = growth_study(
        {"predictors": [{"name": "a_b", "of": "actor"}, {"name": "a", "of": "actor"}]},
        roles=("b_c", "c"),
        covariates={"a_b": {}, "a": {}},
    )
    panel, _ = growth_panel(study, rng, units=30)
    columns = growth_syntax(growth_designs(panel)[0], ()).columns
    assert {"a b_c", "a_b c"} <= set(columns)
    assert len(set(columns.values())) == len(columns)


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "config" / "studies" / "asem_tightrope.yaml")


@pytest.fixture(scope="module")
def panel_and_cells(root: Path, study: Study) -> tuple[Panel, PartMoments]:
    question = posed(study, "tightrope", clean(study, root / "data" / "example").waves)
    (part,) = question.built.parts
    sample = sample_of_part(part, study, question.panel.data[UNIT].values)
    return question.panel, PartMoments([one.cell for one in cells_of(sample)])


@pytest.fixture(scope="module")
def stored(root: Path) -> Mapping[str, float]:
    table = pd.read_csv(root / STORED)
    return dict(zip(table["label"], table["est"], strict=True))


def test_lavaan_has_our_likelihood_at_its_maximum(
    study: Study, panel_and_cells: tuple[Panel, PartMoments], stored: Mapping[str, float]
) -> None:
    panel, moments = panel_and_cells
    (design,) = growth_designs(panel)
    syntax = growth_syntax(design, ())
    responses = [" ".join(cell) for cell in design.responses]
    columns = ["1", *(syntax.columns[column_name(column)] for column in design.columns[1:])]
    observed = [syntax.columns[name] for name in responses]
    gathered = moments_of_cells(list(moments.cells), tuple(responses))

    def ours(values: Mapping[str, float]) -> float:
        return float(loglik(*implied(syntax.lines, observed, columns, values), gathered))

    best = ours(stored)
    assert best == pytest.approx(stored["log-likelihood"], abs=1e-5)
    labels = {line.factor for line in lines_of(syntax.lines)} & set(stored)
    for name in sorted(labels):
        for step in (-1e-3, 1e-3):
            assert ours({**stored, name: stored[name] + step}) < best


def test_claims_on_means_are_contrasts(
    study: Study, panel_and_cells: tuple[Panel, PartMoments], stored: Mapping[str, float]
) -> None:
    claims = claims_of(study, "tightrope")
    written = growth_syntax(growth_designs(panel_and_cells[0])[0], claims).contrasts
    asked = {claim.id for claim in claims}
    assert written
    for line in written:
        name, _, summands = line.partition(" := ")
        terms = [one.split("*") for one in summands.split(" + ")]
        assert name in asked
        assert sum(float(weight) * stored[term] for weight, term in terms) == pytest.approx(
            stored[name], rel=1e-4
        )


def test_script_in_r_prints_what_is_stored(
    study: Study,
    panel_and_cells: tuple[Panel, PartMoments],
    stored: Mapping[str, float],
    tmp_path: Path,
) -> None:
    asks = ["Rscript", "-e", "quit(status = !requireNamespace('lavaan', quietly = TRUE))"]
    if not shutil.which("Rscript") or subprocess.run(asks, check=False).returncode:
        pytest.skip("R with lavaan is not on this machine")
    panel, moments = panel_and_cells
    folder = tmp_path / "analyses" / "tightrope"
    folder.mkdir(parents=True)
    (folder / "moments.csv").write_text(moments_csv("tightrope", {"all": moments}))
    (tmp_path / "lavaan.R").write_text(lavaan_script(study, {"tightrope": panel}, "controlled"))
    done = subprocess.run(
        ["Rscript", "lavaan.R"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    printed = dict(re.findall(r"^ *(\S+) +(-?[\d.e-]+) +[\d.e-]+ *$", done.stdout, re.M))
    assert printed.keys() == stored.keys() - {"log-likelihood"}
    for name, value in printed.items():
        assert float(value) == pytest.approx(stored[name], rel=1e-3, abs=1e-5)


def test_moments_are_written_to_the_bit(panel_and_cells: tuple[Panel, PartMoments]) -> None:
    cells = panel_and_cells[1].cells
    rows = list(csv.DictReader(io.StringIO(moments_csv("tightrope", {"all": panel_and_cells[1]}))))
    assert {row["cell"] for row in rows} == {cell.name for cell in cells}
    for cell in cells:
        mine = [row for row in rows if row["cell"] == cell.name]
        assert {int(row["n"]) for row in mine} == {cell.n}
        means = {row["of"]: float(row["value"]) for row in mine if row["kind"] == "mean"}
        assert means == dict(zip(cell.columns, cell.mean.tolist(), strict=True))
        pairs = {
            (row["of"], row["with"]): float(row["value"]) for row in mine if row["kind"] == "cov"
        }
        width = len(cell.columns)
        assert len(pairs) == width * (width + 1) // 2
        for (row, column), value in pairs.items():
            place = cell.columns.index(row), cell.columns.index(column)
            assert value == cell.scatter[place] / cell.n


def test_scatter_within_clusters_has_its_own_denominator() -> None:
    scatter = np.array([[12.0, 3.0], [3.0, 24.0]])
    within = Within(("w1 a",), ("age",), n=10, clusters=4, scatter=scatter)
    alone = Within(("w1 a",), ("age",), n=4, clusters=4, scatter=0 * scatter)
    text = moments_csv("growth", {"all": PartMoments([], within), "led": PartMoments([], alone)})
    head = "growth,all,within,10,within"
    assert text.splitlines()[1:] == [
        f"{head},w1 a,w1 a,2.0",
        f"{head},age,w1 a,0.5",
        f"{head},age,age,4.0",
    ]


def test_what_lavaan_cannot_fit_is_said(root: Path, rng: np.random.Generator) -> None:
    study = growth_study({"time": {"measured_by": "date"}})
    dates, _ = dated_panel(study, rng, units=20)
    assert "times of their own" in str(not_written(study, "growth", dates))
    assert "times of their own" in str(not_written(study, "growth", None))
    clustered = growth_study({"clusters": True})
    assert "two-level" in str(not_written(clustered, "growth", None))
    other = load_study(root / "config" / "studies" / "rom_missions.yaml")
    script = lavaan_script(other, {}, "public")
    for name in other.analyses:
        assert f"# Not fitted here: {name}, whose family group_climate" in script
    assert "library(lavaan)" not in script
