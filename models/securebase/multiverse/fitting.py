"""A batch of specifications, fitted and judged: compiled once, and again where models differ."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd
import xarray as xr

from securebase.claim_refits import estimands_of, refit_kept, tell
from securebase.claims import judged_draws
from securebase.codebook.extracts import claims_of
from securebase.codebook.specifications import Specification
from securebase.codebook.study import Study
from securebase.config import Decision, Multiverse, Sampling
from securebase.fitting import Question
from securebase.ledger.recording import recorded
from securebase.multiverse.batches import Batch
from securebase.multiverse.posing import Posed, Raw, Refused, posed_specification, refuse_unanswered
from securebase.names import NOT_ASSESSABLE, UNIT
from securebase.refits import Outcome, Task
from securebase.sampling import derived_seed

_KEPT: Final = ("mean", "sd", "q2_5", "median", "q97_5")
_KEPT_OF_REGIONS: Final = ("p_beyond", "p_rope", "p_opposite", "p_mcse")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fitting:
    """How specifications are fitted and judged.

    Parameters
    ----------
    asked : Multiverse
        How each fit is drawn first, and how well its claims have to mix.
    sampling : Sampling
        Of the run: root of the seeds, acceptance.
    decision : Decision
        The rule of verdicts.
    cores : int
        Fits side by side; no number depends on it.
    """

    asked: Multiverse
    sampling: Sampling
    decision: Decision
    cores: int = 1

    def seed(self, one: Specification) -> int:
        """Seed of a specification: of its name, whatever it is fitted with."""
        return derived_seed(self.sampling.seed, *_names(one))


def _names(one: Specification) -> tuple[str, ...]:
    return ("multiverse", one.study.study, one.analysis, one.key)


def columns(study: Study) -> list[str]:
    """Columns of a table of specifications; a `choice_…` for each choice of the study."""
    choices = study.multiverse.choices if study.multiverse else ()
    return [
        *("analysis", "specification", "kind", *(f"choice_{name}" for name in choices)),
        *("units", "claim", *_KEPT, *_KEPT_OF_REGIONS, "verdict"),
        *("draws", "r_hat", "ess", "divergences", "failure", "seed", "sha256"),
    ]


def fit_batch(batch: Batch, study: Study, raw: Raw, fitting: Fitting) -> pd.DataFrame:
    """Fit the specifications of a batch, and judge every claim of their analysis under each.

    Parameters
    ----------
    batch : Batch
    study : Study
        The codebook that declares the multiverse.
    raw : Raw
    fitting : Fitting

    Returns
    -------
    pd.DataFrame
        A row per specification and claim, columns `columns`: name of the specification, its
        option of each choice (empty where the choice does not concern the analysis), units
        analysed, estimate and probabilities (see `claims.judged_draws`), diagnostics of the
        claims, seed, digest of all that was specified. One that could not be fitted has only a
        `failure`; one whose chains have not mixed is "not assessable".

    Raises
    ------
    InputError
        Where the data cannot answer the specification whose model is compiled.
    """
    base = raw.question(batch.base)
    refuse_unanswered(base)
    members = [posed_specification(one, base, raw) for one in batch.members]
    ready = [one for one in members if isinstance(one, Posed)]
    shared = [one for one in ready if one.shared is not None]
    log.info("%d specifications, %d share a model", len(members), len(shared))
    groups = [(base, shared)] if shared else []
    groups += [(one.question, [one]) for one in ready if one.shared is None]
    results: dict[str, Outcome[xr.Dataset]] = {}
    for question, group in groups:
        results |= _fitted(question, group, fitting)
    rows = [row for one in members for row in _rows(one, results, study, fitting)]
    table = pd.DataFrame(rows, columns=columns(study))
    return table.astype(dict.fromkeys(("units", "draws", "divergences"), "Int64"))


def _fitted(
    base: Question, group: Sequence[Posed], fitting: Fitting
) -> Mapping[str, Outcome[xr.Dataset]]:
    """Fit specifications with one compiled model, by name."""
    specified = [one.specification for one in group]
    tasks = [Task(one.data, fitting.seed(one.specification)) for one in group]
    asked, run = fitting.asked, base.family.sampled(fitting.sampling)
    names = _names(specified[0])
    attempt = base.attempt("specifications", asked, fitting.sampling.seed, names, len(group))
    digests = {one.key: one.sha256 for one in specified}
    attempt = replace(attempt, settings={**attempt.settings, "specifications": digests})

    def kept(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> xr.Dataset:
        one = group[number]
        claims = claims_of(one.specification.study, one.specification.analysis)
        return estimands_of(one.question.family, one.question.panel, claims, posterior, stats)

    with recorded(attempt) as ending:
        outcomes = refit_kept(base.built.model, tasks, asked, run, fitting.cores, kept)
        tell(ending, outcomes)
    return {one.key: outcome for one, outcome in zip(specified, outcomes, strict=True)}


def _rows(
    one: Posed | Refused,
    results: Mapping[str, Outcome[xr.Dataset]],
    study: Study,
    fitting: Fitting,
) -> Iterator[dict[str, Any]]:
    specified = one.specification
    if isinstance(one, Refused):
        outcome: Outcome[xr.Dataset] = Outcome(0, None, one.failure)
        units = None
    else:
        outcome = results[specified.key]
        units = one.question.panel.data.sizes[UNIT]
    told: dict[str, Any] = {
        "analysis": specified.analysis,
        "specification": specified.key,
        "kind": specified.kind,
        **{f"choice_{name}": specified.options.get(name, "") for name in _choices(study)},
        "units": units,
        "failure": outcome.failure,
        "seed": fitting.seed(specified),
        "sha256": specified.sha256,
    }
    for claim in claims_of(study, specified.analysis):
        row = {**told, "claim": claim.id}
        if outcome.result is not None:
            draws = outcome.result[claim.id]
            row |= judged_draws(claim, draws, fitting.decision) | {"draws": draws.size}
            row |= outcome.result.attrs
            if not fitting.asked.mixed(row["r_hat"], row["ess"]):
                row["verdict"] = NOT_ASSESSABLE
        yield row


def _choices(study: Study) -> Sequence[str]:
    return tuple(study.multiverse.choices) if study.multiverse else ()
