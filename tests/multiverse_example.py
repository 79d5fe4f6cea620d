"""A declared multiverse and what became of it, made up: five specifications of known verdicts."""

from pathlib import Path
from typing import Any

import pandas as pd
from report_example import claims_table, example_posterior, example_study

from securebase.codebook.loading import Study
from securebase.codebook.specifications import specifications
from securebase.multiverse.fitting import columns
from securebase.multiverse.gathering import public

MULTIVERSE: dict[str, Any] = {
    "choices": {
        "scoring": {
            "label": "items a score needs",
            "kind": "equivalent",
            "options": {
                "most": {"label": "16 of 18", "reason": "The rule of the manual of the form."},
                "all": {
                    "label": "all 18",
                    "reason": "Everybody is on the same footing.",
                    "change": {"scales": {"anxiety": {"minimum_items": 18}}},
                },
            },
        },
        "prior": {
            "label": "prior of changes",
            "kind": "equivalent",
            "options": {
                "default": {"reason": "A quarter of the scale is large."},
                "wide": {
                    "label": "twice as wide",
                    "reason": "Nothing is known beforehand.",
                    "change": {
                        "analyses": {
                            "growth": {"priors": {"change": {"sd": 3.0, "reason": "twice as wide"}}}
                        }
                    },
                },
            },
        },
        "missing": {
            "label": "couples that missed waves",
            "kind": "assumption",
            "options": {
                "kept": {"reason": "Who left may depend on what was answered."},
                "complete": {
                    "reason": "Who left differs from nobody.",
                    "change": {"analyses": {"growth": {"complete_waves": 5}}},
                },
            },
        },
    }
}


def multiverse_study(**changes: Any) -> Study:
    """Codebook of the example with its multiverse."""
    return example_study(multiverse=MULTIVERSE, **changes)


def fits_table(study: Study) -> pd.DataFrame:
    """All as declared, but: H1 is undecided under `all`, H2 fails with a wide prior."""
    claims = claims_table(example_posterior()["posterior"]["change"]).set_index("id")
    rows = []
    for place, one in enumerate(specifications(study)):
        for claim, row in claims.iterrows():
            told = {
                **{f"choice_{name}": option for name, option in one.options.items()},
                **{name: row[name] for name in ("mean", "sd", "q2_5", "median", "q97_5")},
                **{name: row[name] for name in ("p_beyond", "p_rope", "p_opposite", "p_mcse")},
                "verdict": row["verdict"],
            }
            if claim == "H1" and one.options["scoring"] == "all":
                told |= {"p_beyond": 0.91234, "verdict": "undecided"}
            failed = claim == "H2" and one.options["prior"] == "wide"
            if failed:
                told = {name: told[name] for name in told if name.startswith("choice_")}
            rows.append(
                {
                    **told,
                    "analysis": "growth", "specification": one.key, "kind": one.kind,
                    "units": 151 - place, "claim": claim, "draws": 2000, "r_hat": 1.0,
                    "ess": 1500.0, "divergences": 0, "seed": place, "sha256": one.sha256,
                    "failure": "RuntimeError: made up" if failed else "",
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=columns(study))


def write_multiverse(folder: Path, study: Study) -> None:
    """Write multiverse.parquet and specs.csv beside the results of the example."""
    table = fits_table(study)
    table.to_parquet(folder / "multiverse.parquet", index=False)
    public(table, study).to_csv(folder / "specs.csv", index=False)
