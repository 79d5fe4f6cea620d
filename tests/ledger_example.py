"""Attempts at the example of the reports, as jobs would describe them to the ledger."""

from dataclasses import replace
from pathlib import Path

from report_example import example_study

from securebase.ledger.entries import digest
from securebase.ledger.models import choices, declared_digest
from securebase.ledger.recording import Attempt, recorded, recording

STUDY = example_study()
GROWTH = STUDY.analyses["growth"]


def attempt(fits: int = 1, **changes: object) -> Attempt:
    """Describe the declared model of the example; `changes` replace fields."""
    as_declared = Attempt(
        study=STUDY.study,
        analysis="growth",
        purpose="posterior",
        fits=fits,
        model=choices(GROWTH),
        declared_sha256=declared_digest(GROWTH),
        priors_sha256=digest(b"priors"),
        seed=88213,
        seed_rule="first 8 hex digits of …",
        seed_as_ruled=True,
        settings={"draws": 100},
    )
    return replace(as_declared, **changes)


def write_ledger(ledger: Path, study: str, waves: Path) -> Path:
    """Record a posterior, others that are shown no more, and a batch of which some failed."""
    for failed, one in (
        (0, attempt(study=study)),
        (1, attempt(study=study, declared_sha256=digest(b"of other dates"))),
        (2, attempt(30, study=study, purpose="other priors")),
        (0, attempt(400, study=study, purpose="recovery")),
    ):
        with recording(ledger, waves), recorded(one) as ending:
            ending.lost(["RuntimeError: no draws"] * failed)
    return ledger
