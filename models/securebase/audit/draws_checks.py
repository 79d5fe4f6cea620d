"""A20 to A23: whether the draws can be trusted, computed from the draws and not from tables."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import xarray as xr

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, warns
from securebase.audit.recomputing import recomputed
from securebase.config import Thresholds
from securebase.ledger.entries import STARTED
from securebase.ledger.verifying import read_ledger
from securebase.report.result_tables import FAIL, WARN
from securebase.report.wording import check_name, check_value, place_words

_SAMPLER: Final = ("diverging", "energy", "maxdepth_reached")
# checks by the threshold they are held against
_LIMITS: Final = {
    "r_hat": "r_hat", "focal_r_hat": "r_hat_focal", "ess_bulk": "ess", "ess_tail": "ess",
    "focal_ess_bulk": "ess_focal", "focal_ess_tail": "ess_focal", "e_bfmi": "e_bfmi",
    "tree_depth": "tree_depth_share", "divergences": "divergences_warn",
    "focal_mcse": "mcse_share_focal", "focal_p_mcse": "mcse_probability",
}  # fmt: skip


def r_hat(opened: Opened) -> Iterator[Said]:
    """A20: chains agree on every quantity, and on every claim."""
    yield from _judged(opened, ("r_hat", "focal_r_hat"), "the chains disagree")


def effective_draws(opened: Opened) -> Iterator[Said]:
    """A21: draws are worth enough independent ones, and Monte Carlo errors are small."""
    names = ("ess_bulk", "ess_tail", "focal_ess_bulk", "focal_ess_tail")
    why = "numbers are not known to the printed digits"
    yield from _judged(opened, (*names, "focal_mcse", "focal_p_mcse"), why)


def sampler(opened: Opened) -> Iterator[Said]:
    """A22: divergences, energy and tree depth."""
    for name in opened.study.analyses:
        stats = opened.draws(name)["sample_stats"].to_dataset()
        for flag in (one for one in _SAMPLER if one not in stats):
            yield fails(f"{name}: {flag} is missing: the sampler cannot be judged.")
    why = "the sampler did not reach everything"
    yield from _judged(opened, ("divergences", "e_bfmi", "tree_depth"), why)


def _judged(opened: Opened, checks: Sequence[str], why: str) -> Iterator[Said]:
    for name in opened.study.analyses:
        table = recomputed(opened, name).tables["checks.tsv"]
        rows = table[table["check"].isin(checks)]
        for row in rows.itertuples():
            told = f"{name}: {_told(row)}"
            if row.passed == FAIL:
                yield fails(f"{told}: {why}.")
            elif row.passed == WARN:
                yield warns(f"{told}.")
            elif _looser(str(row.check), float(str(row.threshold)), float(str(row.value))):
                own = getattr(Thresholds(), _LIMITS[str(row.check)])
                yield warns(f"{told} passes {row.threshold:g}; Securebase's own limit is {own:g}.")
        first = next(rows.itertuples(), None)
        if first is not None:
            cells = len(recomputed(opened, name).tables["summary.csv"])
            rest = ", ".join(_told(row) for row in rows[rows["passed"] == "pass"].itertuples())
            yield passes(f"{name}: {rest}; {cells} quantities.")


def _told(row: Any) -> str:
    what = f" ({place_words(str(row.what))})" if row.what != "all chains" else ""
    return f"{check_name(str(row.check))} {check_value(float(row.value))}{what}"


def _looser(check: str, threshold: float, value: float) -> bool:
    """Whether a value passes the run's threshold and not Securebase's own."""
    own = float(getattr(Thresholds(), _LIMITS[check]))
    most = check in ("r_hat", "focal_r_hat", "divergences", "tree_depth") or "mcse" in check
    return value > own if most else value < own


def complete(opened: Opened) -> Iterator[Said]:
    """A23: as many chains and draws as declared; none was dropped or thinned."""
    for name in opened.study.analyses:
        tree = opened.draws(name)
        told, asked = json.loads(str(tree.attrs["settings"])), opened.as_run.sampling
        sizes = tree["posterior"].sizes
        found = (sizes["chain"], sizes["draw"])
        for who, declared in (
            ("the run was told", (asked.chains, asked.draws)),
            ("its settings say", (told["chains"], told["draws"])),
        ):
            if found != declared:
                yield fails(f"{name}: {who} {_counts(declared)}, the file has {_counts(found)}.")
        recorded = _in_ledger(opened, name)
        if recorded and found not in recorded:
            known = " or ".join(map(_counts, sorted(recorded)))
            yield fails(f"{name}: the ledger has {known}, the file {_counts(found)}.")
        for group in ("posterior", "sample_stats"):
            yield from _gaps(tree[group].to_dataset(), f"{name}, {group}", found)
        yield passes(f"{name}: {_counts(found)} as declared; none dropped.")


def _counts(chains_and_draws: tuple[int, int]) -> str:
    return "{} chains of {} draws".format(*chains_and_draws)


def _in_ledger(opened: Opened, name: str) -> set[tuple[int, int]]:
    """Chains and draws of the fits that the ledger has with the seed of the posterior."""
    if not opened.has("ledger.jsonl"):
        return set()
    seed, study = str(opened.draws(name).attrs["seed"]), opened.study.study
    return {
        (one["settings"]["chains"], one["settings"]["draws"])
        for one in read_ledger(opened.path("ledger.jsonl")).entries
        if one["event"] == STARTED
        and (one["study"], one["analysis"], one["purpose"]) == (study, name, "posterior")
        and str(one["seed"]) == seed
    }


def _gaps(group: xr.Dataset, place: str, found: tuple[int, int]) -> Iterator[Said]:
    for dim, count in zip(("chain", "draw"), found, strict=True):
        if group.sizes[dim] != count:
            yield fails(f"{place} has {group.sizes[dim]} {dim}s, not {count}.")
        elif dim in group.coords and group[dim].values.tolist() != list(range(count)):
            yield fails(f"{place}: {dim}s are not 0 to {count - 1} without a gap.")
