"""Tamperings with draws, moments and what is withheld: rows of every design."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import xarray as xr

from securebase.audit.asking import Models
from securebase.selftest.changes import (
    attribute,
    cell,
    draws,
    inner,
    key,
    table,
    text,
    tree_of,
)
from securebase.selftest.of_draws import (
    diverging,
    fewer,
    fewer_told,
    moved,
    narrowed,
    of_source,
    one_draw,
    overturned,
    values,
)
from securebase.selftest.of_moments import fewer_units, mean_plus, moments, scatter, small_cell
from securebase.selftest.threats import Mutation

_THIN = slice(None, None, 2)


def mutations(models: Models, analysis: str) -> Sequence[Mutation]:
    """List what is done to the bundle of any design.

    Parameters
    ----------
    models : Models
        By which somebody who knows of A30 computes log densities anew.
    analysis : str
        The first of the bundle.
    """
    return [*_of_draws(models), *_of_model(analysis), *_of_moments(), *_of_privacy(analysis)]


def _of_draws(models: Models) -> list[Mutation]:
    shift, narrow = moved(0.2), narrowed(0.8)
    return [
        Mutation(1, "a table and no new manifest", "A01", cell("./summary.csv", 0, "mean", 0.0),
                 sealed=False),
        Mutation(1, "a number of summary.csv", "A25", cell("./summary.csv", 0, "q97_5", 0.0)),
        Mutation(1, "a probability of claims.csv", "A25", cell("claims.csv", 0, "p_beyond", 0.42)),
        Mutation(1, "a verdict of claims.csv", "A25",
                 cell("claims.csv", 0, "verdict", "practically zero")),
        Mutation(2, "an effect moved by a fifth of its sd", "A30", of_source(shift, None)),
        Mutation(2, "one draw moved by a hundredth of its sd", "A30", of_source(one_draw, None)),
        Mutation(2, "the log density is left out", "A30", _without_density),
        Mutation(3, "moved by a fifth of its sd, logp anew", "A31", of_source(shift, models)),
        Mutation(3, "moved by a fifth of its sd, logp anew", "A32", of_source(shift, models),
                 level="refit"),
        Mutation(4, "20 % narrower", "A30", of_source(narrow, None)),
        Mutation(4, "20 % narrower, logp anew", "A31", of_source(narrow, models)),
        Mutation(4, "20 % narrower, logp anew", "A32", of_source(narrow, models), level="refit"),
        Mutation(5, "a chain is left out", "A23", fewer(chain=slice(0, 3))),
        Mutation(5, "left out, and settings say so", "A23", fewer_told(3)),
        Mutation(5, "every second draw is left out", "A23", fewer(draw=_THIN)),
        Mutation(5, "no flags of divergence", "A22",
                 draws(lambda one: one.drop_vars("diverging"), "sample_stats")),
        Mutation(5, "one draw in twenty diverged", "A22", draws(diverging(0.05), "sample_stats")),
        Mutation(6, "moved so far that verdicts turn, logp anew", "A34",
                 of_source(overturned, models), level="refit"),
    ]  # fmt: skip


def _of_model(analysis: str) -> list[Mutation]:
    folder = f"analyses/{analysis}"
    return [
        Mutation(14, "priors.csv tells a narrower prior", "A40",
                 text(f"{folder}/priors.csv", "Normal(4, 3)", "Normal(4, 1)")),
        Mutation(14, "priors.json has a narrower prior", "A30", _narrower_in_force),
        Mutation(14, "log densities of the prior are others", "A40",
                 draws(lambda one: one.assign({"level": one["level"] + 0.5}), "log_prior")),
        Mutation(14, "draws of another prior", "A40",
                 draws(values("level", lambda one: one - 2.0), "prior")),
        Mutation(7, "a prior without its reason", "A41", cell("./priors.csv", 0, "reason", "")),
        Mutation(7, "priors.csv is not that of the ledger", "A05",
                 cell("./priors.csv", 0, "reason", "Another reason.")),
    ]  # fmt: skip


def _narrower_in_force(folder: Path) -> None:
    """Halve the spreads of the first prior that the model is written with."""
    path = inner(folder, "priors.json")
    said = json.loads(path.read_text(encoding="utf-8"))
    said[0]["sd"] = {name: 0.5 * one for name, one in said[0]["sd"].items()}
    path.write_text(json.dumps(said), encoding="utf-8")


def _of_moments() -> list[Mutation]:
    return [
        Mutation(10, "moments of three units less", "A15", moments(fewer_units)),
        Mutation(10, "levels.csv tells other units", "A15", table("./levels.csv", _fewer_told)),
        Mutation(16, "a mean that no scores have", "A50", mean_plus(1e-5)),
        Mutation(16, "a mean out of the scale", "A50", mean_plus(60.0)),
        Mutation(16, "a variance too large for the scale", "A50", scatter(0, 0, 400.0)),
        Mutation(16, "a mean moved by a step of the grid", "A30", _one_step),
    ]


def _fewer_told(found: pd.DataFrame) -> None:
    line = found.index[found["level"] == "unit"][0]
    found.loc[line, "number"] = str(int(found.loc[line, "number"]) - 3)


def _one_step(folder: Path) -> None:
    """Move a sum by one step of the scoring grid: well-formed, and not what was fitted to."""
    with xr.open_datatree(inner(folder, "moments.nc")) as tree:
        first = next(iter(tree.children.values())).to_dataset().load()
    size = int(first["size"][0]) if "size" in first else 1
    mean_plus(1.0 / (int(first["n"][0]) * size))(folder)


def _of_privacy(analysis: str) -> list[Mutation]:
    versions, withheld = "env/versions.json", ("units_withheld", analysis)
    return [
        Mutation(13, "a log-likelihood by person", "A53", _by_person),
        Mutation(20, "a folder in an attribute", "A62", attribute("cwd", "/home/jane/couples")),
        Mutation(20, "an e-mail in a table", "A62", cell("codebook.csv", 0, "label", "a@uni.edu")),
        Mutation(20, "a host name", "A62", key(versions, ("host",), "lab-3.local")),
        Mutation(20, "a column of labels", "A60", table("./summary.csv", _labelled)),
        Mutation(21, "a small cell, past the gate", "A60", small_cell(3, 10)),
        Mutation(21, "a small cell, past the gate", "A61", small_cell(1, 10)),
        Mutation(21, "a count of three", "A60", cell("flow.csv", 0, "persons", 3)),
        Mutation(22, "an array by person", "A60",
                 draws(lambda one: one.expand_dims(person=2), "prior")),
        Mutation(24, "most units are withheld", "A63", key("bundle.json", withheld, 200), "WARN"),
        Mutation(24, "most units are withheld", "A15", key("bundle.json", withheld, 200)),
        Mutation(24, "fidelity.csv tells a smaller shift", "A63",
                 cell("./fidelity.csv", 0, "shift", 0.001)),
        Mutation(24, "public draws of another verdict", "A63", draws(_turned, file="public.nc")),
        Mutation(24, "no re-fit of the public moments", "A63", _without_public),
    ]  # fmt: skip


def _without_density(folder: Path) -> None:
    """Take the log density out of every file of draws."""
    for file in ("posterior.nc", "public.nc"):
        draws(lambda one: one.drop_vars("logp", errors="ignore"), "sample_stats", file)(folder)


def _by_person(folder: Path) -> None:
    with tree_of(inner(folder, "posterior.nc")) as tree:
        posterior = tree["posterior"].to_dataset()
        by_person = posterior[next(iter(posterior.data_vars))].expand_dims(person=3)
        tree["log_likelihood"] = xr.DataTree(xr.Dataset({"study": by_person}))


def _labelled(found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(person=found.index.astype(str))


def _turned(posterior: xr.Dataset) -> xr.Dataset:
    """Turn every sign."""
    return -posterior


def _without_public(folder: Path) -> None:
    for file in ("public.nc", "fidelity.csv"):
        inner(folder, file).unlink()
