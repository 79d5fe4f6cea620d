"""What the public may have of tables and draws, and what salted digests hide."""

import hmac
import json
import stat
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from disclosure_examples import EIGHTEENTHS, scores
from growth_examples import FALLS

from securebase.bundle.analysis_files import asks_of_columns
from securebase.bundle.command import config_of
from securebase.bundle.draws import controlled_draws
from securebase.bundle.flow_counts import FlowTold, public_flow
from securebase.bundle.seal import commitments, merkle_root, nonces_of
from securebase.bundle.tables import OF_ANALYSIS, OF_STUDY, Told, blanked, exclusion_counts
from securebase.codebook.claim import Claim
from securebase.disclosure import Cell
from securebase.disclosure.attacks import count_right, lattice_attack
from securebase.faults import InputError

NONCE = bytes(range(32))
COLUMNS = ["stage", "wave", "role", "persons", "units", "reason"]
EMPTY = FlowTold(public_flow(pd.DataFrame(columns=COLUMNS)))
ALL, MASKED = Told(False, EMPTY), Told(True, EMPTY)


def test_counts_of_one_to_nine_are_blank_and_no_others() -> None:
    table = blanked(pd.DataFrame({"n": [0, 1, 9, 10, None], "kept": [1, 2, 3, 4, 5]}), "n")
    assert table["n"].astype(object).where(table["n"].notna(), None).tolist() == [
        0, None, None, 10, None,
    ]  # fmt: skip
    assert table["kept"].tolist() == [1, 2, 3, 4, 5]


def test_exclusions_are_counted_without_rows_and_units() -> None:
    rows = [{"unit": f"u{n}", "row": n, "rule": "declared" if n else "empty_row",
             "reason": "late", "action": "row left out"} for n in range(12)]  # fmt: skip
    found = exclusion_counts(pd.DataFrame(rows))
    assert found.columns.tolist() == ["rule", "reason", "action", "count", "withheld"]
    assert found["count"].fillna(-1).tolist() == [11, -1]


def test_rare_patterns_have_no_name() -> None:
    table = pd.DataFrame(
        {"composition": "all", "answered": ["●●", "●○", "○●"], "units": [30, 7, 5]}
    )
    found = OF_ANALYSIS["patterns.csv"](table, ALL)
    assert found["answered"].tolist() == ["●●", ""]
    assert found["units"].tolist() == [30, 12]
    # seven would follow from the number of all
    few = OF_ANALYSIS["patterns.csv"](table[table["units"] != 5], ALL)
    assert few["units"].tolist() == [37]
    every = table[table["units"] == 30]
    assert OF_ANALYSIS["patterns.csv"](every, ALL)["answered"].tolist() == ["●●"]


def test_numbers_of_all_data_are_told_only_where_nothing_is_masked() -> None:
    scoring = pd.DataFrame({"wave": ["m0"], "n": [30], "mean": [3.123456], "sd": [1.0],
                            "item_rest": [0.51234], "alpha": [0.91234],
                            "omega": [0.9]})  # fmt: skip
    assert OF_STUDY["scoring.tsv"](scoring, ALL)["mean"].tolist() == [3.123456]
    hidden = OF_STUDY["scoring.tsv"](scoring, MASKED)
    assert hidden[["mean", "sd"]].isna().all(axis=None)
    assert hidden["alpha"].tolist() == [0.912]
    residual = pd.DataFrame({"of": ["a"], "residual": [0.123]})
    assert OF_ANALYSIS["residual_moments.csv"](residual, MASKED).empty
    assert len(OF_ANALYSIS["residual_moments.csv"](residual, ALL)) == 1


def test_levels_blank_persons_and_keep_waves() -> None:
    table = pd.DataFrame(
        [("cluster", "", 24, np.nan, np.nan), ("unit", "", 90, 2.0, 14.0),
         ("occasion", "soldier", 200, 1.0, 3.0)],
        columns=["level", "role", "number", "fewest", "most"],
    )  # fmt: skip
    found = OF_ANALYSIS["levels.csv"](table, ALL)
    assert found["fewest"].fillna(-1).tolist() == [-1, -1, 1]
    assert found["most"].fillna(-1).tolist() == [-1, 14, 3]


def test_total_log_likelihoods_of_all_data_would_give_masked_records_away(
    rng: np.random.Generator,
) -> None:
    """Why `public_draws` leaves them out: what is masked is the difference of two totals."""
    d, n = 4, 3
    rows = scores(rng, n, d)
    lower = np.tril_indices(d)
    twice = np.where(lower[0] == lower[1], 1.0, 2.0)
    known, totals = [], []
    for _ in range(200):
        mean = rng.normal(3.2, 0.1, d)
        factor = rng.normal(0.0, 0.15, (d, d)) + np.eye(d)
        precision = np.linalg.inv(factor @ factor.T)
        apart = rows - mean
        total = -0.5 * np.einsum("ij,jk,ik->", apart, precision, apart)
        total += 0.5 * n * (np.linalg.slogdet(precision)[1] - d * np.log(2 * np.pi))
        constant = 0.5 * n * (np.linalg.slogdet(precision)[1] - d * np.log(2 * np.pi))
        constant -= 0.5 * n * mean @ precision @ mean
        # linear in the sums, and in the sums of products
        known.append(np.concatenate([precision @ mean, -0.5 * twice * precision[lower]]))
        totals.append(total - constant)
    found = np.linalg.lstsq(np.array(known), np.array(totals))[0]
    mean = found[:d] / n
    products = np.zeros((d, d))
    products[lower] = found[d:]
    products = np.tril(products) + np.tril(products, -1).T
    names = tuple(f"y{number}" for number in range(d))
    cell = Cell("masked", names, (), n, mean, products - n * np.outer(mean, mean))
    claims = lattice_attack(cell, dict.fromkeys(names, EIGHTEENTHS))
    assert count_right(claims, rows, names) == n


def test_claims_on_curves_and_leaders_ask_of_the_predictors_of_all() -> None:
    assert not asks_of_columns([Claim.model_validate(FALLS)])
    leader = {"variable": "leader_corr", "at": {"role": "person"}}
    told = {**FALLS, "estimand": [*FALLS["estimand"], leader]}
    assert asks_of_columns([Claim.model_validate(FALLS), Claim.model_validate(told)])


def test_draws_by_unit_are_refused() -> None:
    by_unit = xr.Dataset({"study": (("chain", "draw", "unit"), np.zeros((1, 2, 3)))})
    with pytest.raises(InputError, match="an entry for each unit"):
        controlled_draws(xr.DataTree.from_dict({"log_likelihood": by_unit}))


def test_groups_that_are_not_known_are_left_out() -> None:
    one = xr.Dataset({"mean": (("chain", "draw"), np.zeros((1, 2)))})
    tree = xr.DataTree.from_dict({"posterior": one, "constant_data": one, "unknown": one})
    assert list(controlled_draws(tree).children) == ["posterior"]


def test_root_is_that_of_a_tree_written_out() -> None:
    table = pd.DataFrame({"unit": ["a", "b", "c"], "score": [1.0, np.nan, 2.5]})
    rows = [b'["a",1.0]', b'["b",null]', b'["c",2.5]']
    leaves = [
        sha256(b"\0" + hmac.digest(NONCE, str(n).encode(), "sha256") + row).digest()
        for n, row in enumerate(rows)
    ]
    pair = sha256(b"\1" + leaves[0] + leaves[1]).digest()
    assert merkle_root(NONCE, table) == sha256(b"\1" + pair + leaves[2]).hexdigest()
    assert merkle_root(bytes(32), table) != merkle_root(NONCE, table)
    assert merkle_root(NONCE, table[::-1]) != merkle_root(NONCE, table)


def test_nonces_are_made_once_and_kept_to_oneself(tmp_path: Path) -> None:
    first = nonces_of(tmp_path, ["records"])
    more = nonces_of(tmp_path, ["records", "raw a.csv"])
    assert more["records"] == first["records"]
    assert len(more["raw a.csv"]) == 32
    assert more["raw a.csv"] != more["records"]
    path = tmp_path / "nonces.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = json.dumps(commitments(
        {**more, "moments growth": NONCE}, {"a.csv": b"raw"}, pd.DataFrame({"x": [1]}),
        {"growth": b"exact"},
    ))  # fmt: skip
    assert sha256(more["raw a.csv"] + b"raw").hexdigest() in told
    assert sha256(NONCE + b"exact").hexdigest() in told
    assert not [one for one in more.values() if one.hex() in told]


def test_configuration_of_several_files_is_that_of_the_workflow(tmp_path: Path) -> None:
    first, second = tmp_path / "one.yaml", tmp_path / "two.yaml"
    first.write_text("studies: [a, b]\nsampling: {seed: 5, draws: 300}\n", encoding="utf-8")
    second.write_text("studies: [c]\nsampling: {draws: 400}\n", encoding="utf-8")
    config = config_of([first, second])
    assert config.studies == ("c",)
    assert (config.sampling.seed, config.sampling.draws) == (5, 400)
