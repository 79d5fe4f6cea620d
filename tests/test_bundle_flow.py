"""The public flow of participants: what follows from what it tells, by all that adds up."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from securebase.bundle.flow_counts import SMALL, WITHHELD, FlowTold, public_flow
from securebase.bundle.study_files import people_counts
from securebase.bundle.tables import OF_ANALYSIS, OF_STUDY, Told, exclusion_counts
from securebase.codebook.loading import load_study
from securebase.report.wording import FEW, UNTOLD

UNITS = 60
COLUMNS = ["stage", "wave", "role", "persons", "units", "reason"]
WAVES, ROLES, RULES, SCALES = (
    ("m0", "m3"),
    ("patient", "partner"),
    ("empty_row", "late"),
    ("a", "b"),
)


def flow_of(rng: np.random.Generator) -> pd.DataFrame:
    """Draw a study in which few or many are lost, set aside and not scored."""
    few = [0, 0, 1, 2, 5, 9, 10, 14]
    rows: list[tuple[Any, ...]] = []
    for wave in WAVES:
        for role in ROLES:
            gone, missed, rule, other, *unscored = (int(rng.choice(few)) for _ in range(6))
            came = UNITS - gone - missed
            told = [
                ("in raw files", came + rule + other, ""),
                ("quarantined", rule, RULES[0]), ("quarantined", other, RULES[1]),
                ("answered", came, ""),
                *(("scored", came - one, name) for one, name in zip(unscored, SCALES, strict=True)),
                ("lost", gone, "never took part"), ("lost", missed, "not at this wave"),
            ]  # fmt: skip
            rows += [(stage, wave, role, n, n, reason) for stage, n, reason in told if n]
    return pd.DataFrame(rows, columns=COLUMNS)


def totals(flow: pd.DataFrame) -> Mapping[str, int]:
    """Count what each rule set aside: told where it is ten or more."""
    aside = flow[flow["stage"] == "quarantined"]
    return {str(rule): int(rows["persons"].sum()) for rule, rows in aside.groupby("reason")}


class Reader:
    """Who knows how a flow adds up, and works out what each blank can be."""

    def __init__(self, told: pd.DataFrame, rules: Mapping[str, int]) -> None:
        self.rows = told.reset_index(drop=True)
        blank = self.rows["persons"].isna()
        seen = self.rows["persons"].astype(float)
        few = self.rows[WITHHELD] == FEW
        lowest, highest = seen.where(~blank, 0.0), seen.where(~blank, 500.0)
        self.bounds = Bounds(lowest.mask(few, 1.0), highest.mask(few, 9.0))
        self.known: list[LinearConstraint] = []
        for _, own in self.rows.groupby(["wave", "role"]):
            self._add_up(own)
        for rule, count in rules.items():
            aside = (self.rows["stage"] == "quarantined") & (self.rows["reason"] == rule)
            lines = self.rows.index[aside]
            small = count in SMALL
            self._know(dict.fromkeys(lines, 1), 1 if small else count, 9 if small else count)

    def _add_up(self, own: pd.DataFrame) -> None:
        stages = {stage: list(own.index[own["stage"] == stage]) for stage in set(own["stage"])}
        (came,), (raw,) = stages["answered"], stages["in raw files"]
        lost, aside = stages.get("lost", []), stages.get("quarantined", [])
        self._know({came: 1, **dict.fromkeys(lost, 1)}, UNITS, UNITS)
        self._know({raw: 1, came: -1, **dict.fromkeys(aside, -1)}, 0, 0)
        for line in stages.get("scored", []):
            self._know({came: 1, line: -1}, 0, np.inf)

    def _know(self, weights: Mapping[int, int], low: float, high: float) -> None:
        self.known.append(LinearConstraint(self._vector(weights)[None, :], low, high))

    def _vector(self, weights: Mapping[int, int]) -> np.ndarray:
        vector = np.zeros(len(self.rows))
        vector[list(weights)] = list(weights.values())
        return vector

    def range_of(self, weights: Mapping[int, int]) -> tuple[int, int]:
        """Find the least and the most that a sum of counts can be."""
        ends = []
        for sign in (1, -1):
            found = milp(
                sign * self._vector(weights), constraints=self.known, bounds=self.bounds,
                integrality=np.ones(len(self.rows)),
            )  # fmt: skip
            assert found.success
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]


@pytest.mark.parametrize("seed", range(25))
def test_no_count_below_ten_follows_from_what_is_told(seed: int) -> None:
    flow = flow_of(np.random.default_rng(seed))
    told = public_flow(flow)
    assert not told["persons"].dropna().isin(SMALL).any()
    reader = Reader(told, totals(flow))
    for line in told.index[told[WITHHELD] == FEW]:
        low, high = reader.range_of({line: 1})
        assert high > low, told.loc[line].tolist()
    for _, own in told.groupby(["wave", "role"]):
        (came,) = own.index[own["stage"] == "answered"]
        for line in own.index[own["stage"] == "scored"]:
            low, high = reader.range_of({came: 1, line: -1})
            assert not (low == high and low in SMALL), told.loc[line].tolist()


def test_a_reader_works_out_what_plain_blanks_hide() -> None:
    """The test above can fail: blanking small counts alone hides nothing."""
    flow = flow_of(np.random.default_rng(3))
    few = flow["persons"].isin(SMALL)
    plain = flow.assign(persons=flow["persons"].mask(few), withheld=few.map({True: FEW, False: ""}))
    reader = Reader(plain, totals(flow))
    found = [reader.range_of({line: 1}) for line in plain.index[few]]
    assert [low for low, high in found if low == high]


def small_flow(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def test_reasons_of_few_are_told_together() -> None:
    told = public_flow(
        small_flow(
            [("answered", "m3", "patient", 122, 122, ""),
             ("lost", "m3", "patient", 3, 3, "never took part"),
             ("lost", "m3", "patient", 26, 26, "not at this wave")]
        )
    )  # fmt: skip
    assert told["persons"].tolist() == [122, 29]
    assert told["reason"].tolist() == ["", "never took part or not at this wave"]
    assert told[WITHHELD].tolist() == ["", ""]


def test_who_answered_is_blank_where_few_were_lost() -> None:
    told = public_flow(
        small_flow(
            [("answered", "m0", "patient", 148, 148, ""),
             ("scored", "m0", "patient", 148, 148, "anxiety"),
             ("scored", "m0", "patient", 130, 130, "avoidance"),
             ("lost", "m0", "patient", 3, 3, "never took part")]
        )
    )  # fmt: skip
    assert told["persons"].fillna(-1).tolist() == [-1, -1, 130, -1]
    assert told[WITHHELD].tolist() == [UNTOLD, UNTOLD, "", FEW]


def test_nothing_is_blank_where_nobody_is_one_of_few() -> None:
    flow = flow_of(np.random.default_rng(1))
    many = flow[~flow["stage"].isin(["lost", "quarantined", "scored"])]
    kept = many.assign(persons=UNITS, units=UNITS)
    told = public_flow(kept)
    assert told["persons"].tolist() == kept["persons"].tolist()
    assert (told[WITHHELD] == "").all()


def couples(never: int) -> pd.DataFrame:
    rows = [(f"c{n}", f"c{n} {role}", role) for n in range(UNITS) for role in ROLES]
    return pd.DataFrame(rows[never:], columns=["unit", "person", "role"])


def test_persons_are_not_told_where_few_never_took_part(root: Path) -> None:
    study = load_study(root / "config" / "studies" / "couples_ecr.yaml")
    everybody = people_counts(couples(0), study)
    assert everybody["number"].tolist() == [UNITS, 2 * UNITS]
    few = people_counts(couples(1), study)
    assert few["number"].fillna(-1).tolist() == [UNITS, -1]
    assert few[WITHHELD].tolist() == ["", UNTOLD]


@pytest.fixture
def hidden() -> Told:
    """A flow in which three patients never took part, and one partner was not scored."""
    rows = [
        ("answered", "m0", "patient", 57, 57, ""), ("lost", "m0", "patient", 3, 3, "never"),
        ("answered", "m0", "partner", 60, 60, ""), ("scored", "m0", "partner", 59, 59, "a"),
        ("answered", "m3", "patient", 40, 40, ""), ("lost", "m3", "patient", 20, 20, "left"),
        ("answered", "m3", "partner", 60, 60, ""),
    ]  # fmt: skip
    return Told(False, FlowTold(public_flow(small_flow(rows))))


def test_other_tables_do_not_tell_what_the_flow_hides(hidden: Told) -> None:
    levels = pd.DataFrame(
        [("unit", "", 60), ("person", "patient", 57), ("occasion", "patient", 97),
         ("person", "partner", 60), ("occasion", "partner", 119)],
        columns=["level", "role", "number"],
    ).assign(fewest=np.nan, most=np.nan)  # fmt: skip
    found = OF_ANALYSIS["levels.csv"](levels, hidden)
    assert found["number"].fillna(-1).tolist() == [60, -1, -1, 60, -1]
    assert found[WITHHELD].tolist() == ["", UNTOLD, UNTOLD, "", UNTOLD]

    scoring = pd.DataFrame({"wave": ["m0", "m3", "m3", "m3"], "n": [117, 100, 98, 80]})
    scoring = scoring.assign(item_rest=0.5, alpha=0.9, omega=0.9, mean=3.0, sd=1.0)
    told = OF_STUDY["scoring.tsv"](scoring, hidden)
    assert told["n"].fillna(-1).tolist() == [-1, 100, -1, 80]

    codebook = pd.DataFrame({"n": [217, 0, 215], "missing": [0, 217, 2]})
    shown = OF_STUDY["codebook.csv"](codebook, hidden)
    assert shown[["n", "missing"]].fillna(-1).to_numpy().tolist() == [[-1, 0], [0, -1], [-1, -1]]


def test_counts_of_a_rule_by_wave_are_told_all_or_not_at_all() -> None:
    """exclusions.csv tells their sum: one blank among others would follow."""
    rows = list(
        chain.from_iterable(
            [("in raw files", wave, "patient", 60 + aside, 60 + aside, ""),
             ("quarantined", wave, "patient", aside, aside, "empty_row"),
             ("answered", wave, "patient", 60, 60, "")]
            for wave, aside in (("m0", 30), ("m3", 2))
        )
    )  # fmt: skip
    told = public_flow(small_flow(rows))
    aside = told[told["stage"] == "quarantined"]
    assert aside["persons"].isna().all()
    assert aside[WITHHELD].tolist() == [UNTOLD, FEW]
    assert told.loc[told["stage"] == "in raw files", "persons"].isna().all()
    listed = pd.DataFrame({"rule": ["empty_row"] * 32, "reason": "none", "action": "left out"})
    assert exclusion_counts(listed)["count"].tolist() == [32]
