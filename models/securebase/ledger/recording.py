"""What a job writes into the ledger: that a fit begins, and what became of it.

As a log does, the ledger stands beside the computation. A job says once where it is; the places
that fit record what they do, and no function between has to hand the ledger on.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from securebase.ledger.chain import append
from securebase.ledger.entries import FAILED, FINISHED, STARTED, digest

Purpose = Literal[
    "posterior",
    "other priors",
    "drop-out",
    "rival",
    "leaving out",
    "recovery",
    "specifications",
]


@dataclass(frozen=True)
class Attempt:
    """One fit, or a batch of fits of one model, that is about to begin.

    Parameters
    ----------
    study, analysis : str
    purpose : str
        What it is for.
    fits : int
        How many.
    model : mapping
        The choices that tell models apart: `models.choices`.
    declared_sha256 : str
        Of all that is declared of the model: `models.declared_digest`.
    priors_sha256 : str
        Of the table of priors in force, ``priors.csv``.
    seed : int
        Of the fit, or the first of the batch.
    seed_rule : str
        How seeds are to be made.
    seed_as_ruled : bool
        Whether this one was made so.
    settings : mapping
        How it is drawn, and what is asked of it.
    """

    study: str
    analysis: str
    purpose: Purpose
    fits: int
    model: Mapping[str, Any]
    declared_sha256: str
    priors_sha256: str
    seed: int
    seed_rule: str
    seed_as_ruled: bool
    settings: Mapping[str, Any]


@dataclass
class Ending:
    """What became of an attempt, filled in by the place that fitted.

    Parameters
    ----------
    failed : int
        How many of its fits failed.
    errors : dict of str to int
        Kinds of errors, with how many failed so.
    r_hat, ess : float or None
        The largest R-hat and the smallest effective sample size.
    divergences : int or None
        Of all its fits.
    """

    failed: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    r_hat: float | None = None
    ess: float | None = None
    divergences: int | None = None

    def diagnosed(self, r_hat: float, ess: float, divergences: int) -> None:
        """Take the diagnostics of one more fit; one that has none adds none."""
        if math.isfinite(r_hat):
            self.r_hat = max(r_hat, self.r_hat or 0.0)
        if math.isfinite(ess):
            self.ess = min(ess, self.ess or math.inf)
        self.divergences = divergences + (self.divergences or 0)

    def lost(self, failures: Iterable[str]) -> None:
        """Count the fits that failed; what is kept of each is the kind: "RuntimeError: why"."""
        kinds = Counter(one.partition(":")[0] for one in failures if one)
        self.failed, self.errors = kinds.total(), dict(kinds)


@dataclass(frozen=True)
class _Record:
    ledger: Path
    data_sha256: str


_record: ContextVar[_Record | None] = ContextVar("record", default=None)


@contextmanager
def recording(ledger: str | Path, data: str | Path) -> Iterator[None]:
    """Record every fit that begins inside.

    Parameters
    ----------
    ledger : str or pathlib.Path
        ``ledger.jsonl``.
    data : str or pathlib.Path
        What is fitted to: ``waves.parquet``, or the settings that data are simulated from. Its
        SHA-256 goes into every entry.
    """
    token = _record.set(_Record(Path(ledger), digest(Path(data).read_bytes())))
    try:
        yield
    finally:
        _record.reset(token)


@contextmanager
def recorded(attempt: Attempt) -> Iterator[Ending]:
    """Record that an attempt begins, and how it ends; outside of `recording`, nothing.

    A process that is killed leaves a beginning without an end. Where the beginning cannot be
    recorded, nothing is fitted.

    Yields
    ------
    Ending
        To be filled in.
    """
    record, ending = _record.get(), Ending()
    if record is None:
        yield ending
        return
    values = {"event": STARTED, **asdict(attempt), "data_sha256": record.data_sha256}
    start = append(record.ledger, values)["number"]
    try:
        yield ending
    except BaseException as error:
        told = {"event": FAILED, "started": start, "error": type(error).__name__}
        append(record.ledger, told)
        raise
    append(record.ledger, {"event": FINISHED, "started": start, **asdict(ending)})
