"""Tables of results: which columns each has, and how a cell is read."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Final

import pandas as pd

from securebase.faults import Fault

PASS, WARN, FAIL = "pass", "warn", "fail"

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "claims.csv": (
        *("id", "analysis", "unit", "direction", "rope_low", "rope_high", "sd", "q2_5", "median"),
        *("q97_5", "p_beyond", "p_rope", "p_opposite", "p_mcse", "p_prior", "bayes_factor"),
        *("prior_needed", "ess_bulk", "ess_tail", "r_hat", "verdict"),
    ),
    "flow.csv": ("stage", "wave", "role", "persons", "units", "reason"),
    "people.csv": ("what", "number"),
    "exclusions.csv": ("rule", "reason", "action", "count"),
    "exclusions.tsv": ("file", "row", "kind", "rule", "reason", "action"),
    "scoring.tsv": ("scale", "wave", "item", "n", "item_rest", "alpha", "omega", "verdict"),
    "codebook.csv": ("name", "label", "kind"),
    "summary.csv": (
        *("name", "coordinates", "unit", "mean", "sd", "q2_5", "q97_5", "mcse_mean"),
        *("ess_bulk", "ess_tail", "r_hat"),
    ),
    "trajectories.csv": (
        *("role", "outcome", "wave", "time", "time_unit", "expected", "q2_5", "q97_5"),
        *("observed_n", "observed_mean", "observed_se"),
    ),
    "moment_fit.csv": ("composition", "moments", "observed", "replicated", "ppp"),
    "residual_moments.csv": ("composition", "of", "with", "residual"),
    "curves.csv": (
        *("name", "coordinates", "outcome", "p_turns", "p_mcse"),
        *("turn_q2_5", "turn_median", "turn_q97_5"),
    ),
    "slopes.csv": ("of", "on", "by", "at", "q2_5", "median", "q97_5"),
    "patterns.csv": ("composition", "answered", "units"),
    "levels.csv": ("level", "role", "number", "fewest", "most"),
    "left_out.csv": ("unit", "reason"),
    "parameters.csv": ("name", "cells", "unit", "meaning"),
    "power_scaling.csv": ("claim", "block", "prior", "likelihood", "diagnosis"),
    "prior_grid.csv": (
        *(
            "claim",
            "block",
            "setting",
            "factor",
            "p_beyond",
            "p_rope",
            "p_mcse",
            "verdict",
            "failure",
        ),
    ),
    "dropout.csv": (
        *("claim", "outcome", "who", "shift", "p_beyond", "p_rope", "p_mcse", "verdict"),
        *("imputations", "failures"),
    ),
    "prediction.csv": (
        *("model", "reason", "left_out", "count", "elpd", "se", "k_worst", "k_limit", "k_bad"),
        *("refits", "difference", "difference_se"),
    ),
    "specs.csv": ("claim", "analysis", "specification", "kind", "p_claim", "verdict"),
    "fits.csv": ("entry", "analysis", "model", "data", "purpose", "fits", "failed", "unfinished"),
    "checks.tsv": ("check", "what", "value", "threshold", "comparison", "passed", "explanation"),
}
_TEXT: Final = frozenset(
    {
        *(
            "id",
            "claim",
            "analysis",
            "unit",
            "direction",
            "rope_reason",
            "verdict",
            "stage",
            "wave",
        ),
        *("role", "reason", "file", "person", "column", "kind", "rule", "action", "scale", "item"),
        *("name", "label", "levels", "coordinates", "outcome", "time_unit", "check", "what"),
        *("comparison", "passed", "explanation", "reversed", "block", "density"),
        *("setting", "diagnosis", "failure", "who", "meaning", "model", "left_out", "composition"),
        *("of", "with", "on", "by", "answered", "family", "design", "world", "region", "level"),
        *("date", "data", "purpose", "errors", "seed_as_ruled", "declared_sha256", "hash"),
        *(
            "withheld",
            "priors_sha256",
            "data_sha256",
            "registered",
            "now",
            "full_verdict",
            "public_verdict",
        ),
        "specification",
    }
)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of results; its index is the line of the file, the header being line 1."""
    separator = "\t" if path.suffix == ".tsv" else ","
    return _typed(pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False))


def as_read(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table as it would be read once it is written."""
    text = StringIO(table.to_csv(index=False))
    return _typed(pd.read_csv(text, dtype=str, keep_default_na=False))


def _typed(raw: pd.DataFrame) -> pd.DataFrame:
    table = raw.copy()
    for name in raw.columns.difference(list(_TEXT)):
        table[name] = pd.to_numeric(raw[name], errors="coerce")
    table.index = pd.RangeIndex(2, 2 + len(table), name="line")
    if "passed" in table:
        table["passed"] = table["passed"].map(_outcome_of_check)
    return table


def _outcome_of_check(word: str) -> str:
    # a check that says nothing intelligible has not been passed
    return {"pass": PASS, "true": PASS, "warn": WARN}.get(word.strip().lower(), FAIL)


def column_faults(path: str, table: pd.DataFrame) -> list[Fault]:
    """List the columns that a table of results lacks."""
    wanted = _COLUMNS.get(Path(path).name, ())
    missing = [name for name in wanted if name not in table.columns]
    return [
        Fault(path, "no such column", f"columns {', '.join(wanted)}", column=n) for n in missing
    ]
