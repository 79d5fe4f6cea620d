"""Every check, in the order in which a reader asks; and an audit, which runs them."""

import secrets
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from securebase.audit import (
    comparisons,
    density_checks,
    disclosure_checks,
    draws_checks,
    fidelity,
    files,
    leaks,
    ledger_checks,
    moments_checks,
    page_checks,
    plan_checks,
    prior_checks,
    recomputation,
    refit_checks,
    refits_asked,
    sample_checks,
    signatures,
    words,
)
from securebase.audit.asking import Asked, Models
from securebase.audit.full import calibrated, grid_again, rivals_again
from securebase.audit.opened import Opened
from securebase.audit.outcomes import (
    LEVELS,
    REPLICATES,
    Level,
    Outcome,
    Said,
    fails,
    outcome,
    skips,
)
from securebase.audit.records import commitments, to_moments
from securebase.audit.records.handed import Handed
from securebase.faults import InputError

_NO_RECORDS: Final = (
    "This needs raw data and nonces, which the author hands to a data editor: --nonces, --raw."
)


@dataclass(frozen=True)
class Check:
    """One check.

    Parameters
    ----------
    id : str
        "A01" to "A81".
    title : str
        What is checked, in words.
    finds : callable (Asked) -> iterator of Said
    level : {"quick", "refit", "full"}
        From which on it is made.
    """

    id: str
    title: str
    finds: Callable[[Asked], Iterator[Said]]
    level: Level = "quick"


def _reads(check: Callable[[Opened], Iterator[Said]]) -> Callable[[Asked], Iterator[Said]]:
    """Make a check of files alone one like the others."""
    return lambda asked: check(asked.opened)


def _with_records(
    check: Callable[[Opened, Handed], Iterator[Said]],
) -> Callable[[Asked], Iterator[Said]]:
    """Make a check that needs what a data editor is handed one like the others."""

    def finds(asked: Asked) -> Iterator[Said]:
        if asked.handed is None:
            return iter([skips(_NO_RECORDS)])
        return check(asked.opened, asked.handed)

    return finds


CHECKS: Final = (
    Check("A01", "manifest", _reads(files.hashes)),
    Check("A02", "no extra or missing files", _reads(files.listing)),
    Check("A03", "signature", _reads(signatures.signature)),
    Check("A04", "chain of the ledger", _reads(ledger_checks.chain)),
    Check("A05", "ledger against bundle", _reads(ledger_checks.all_shown)),
    Check("A10", "registered plan", _reads(plan_checks.registered)),
    Check("A11", "deviations explained", _reads(plan_checks.explained)),
    Check("A12", "all claims answered", _reads(plan_checks.answered)),
    Check("A13", "all specifications run", _reads(refits_asked.all_asked)),
    Check("A14", "seeds", _reads(ledger_checks.seeds)),
    Check("A15", "sample flow adds up", _reads(sample_checks.flow)),
    Check("A20", "R-hat", _reads(draws_checks.r_hat)),
    Check("A21", "effective draws", _reads(draws_checks.effective_draws)),
    Check("A22", "divergences, tree depth, E-BFMI", _reads(draws_checks.sampler)),
    Check("A23", "chains complete", _reads(draws_checks.complete)),
    Check("A24", "digits against MCSE", _reads(page_checks.digits)),
    Check("A25", "re-computation from draws", _reads(recomputation.from_draws)),
    Check("A26", "numbers of pages", _reads(page_checks.printed)),
    Check("A30", "log density of the draws", density_checks.stored_density),
    Check("A31", "Stein identities", density_checks.score_identities),
    Check("A32", "re-fit", refit_checks.refit, "refit"),
    Check("A33", "density by a second route", refit_checks.second_route, "refit"),
    Check("A34", "verdicts after the re-fit", refit_checks.verdicts_again, "refit"),
    Check("A35", "declared rivals", rivals_again.rivals_again, "full"),
    Check("A40", "declared priors in use", _reads(prior_checks.in_use)),
    Check("A41", "priors justified", _reads(prior_checks.justified)),
    Check("A42", "power-scaling by block", _reads(prior_checks.power_scaled)),
    Check("A43", "other priors", _reads(prior_checks.other_priors)),
    Check("A44", "grid of priors", grid_again.grid_again, "full"),
    Check("A45", "calibration at these data", calibrated.calibrated, "full"),
    Check("A50", "moments well-formed", _reads(moments_checks.well_formed)),
    Check("A51", "observed means from moments", _reads(sample_checks.observed_means)),
    Check("A52", "fit of moments", _reads(recomputation.moment_fit)),
    Check("A53", "who was left out", _reads(comparisons.left_out)),
    Check("A60", "rules of disclosure", _reads(disclosure_checks.rules)),
    Check("A61", "attacks on the moments", _reads(disclosure_checks.attacks)),
    Check("A62", "no paths, names, addresses", _reads(leaks.nothing_private)),
    Check("A63", "fidelity of public moments", _reads(fidelity.fidelity)),
    Check("A70", "wording", _reads(words.wording)),
    Check("A71", "README and CODECHECK", _reads(words.told)),
    Check("A80", "commitments open", _with_records(commitments.sealed)),
    Check("A81", "raw data to moments", _with_records(to_moments.raw_to_moments)),
)


def audited(
    opened: Opened,
    level: Level = "quick",
    seed: int = 0,
    models: Models | None = None,
    handed: Handed | None = None,
    replicates: int = REPLICATES,
    only: Collection[str] = (),
) -> list[Outcome]:
    """Run every check on a bundle, in order.

    Parameters
    ----------
    opened : Opened
    level : {"quick", "refit", "full"}
        quick: without sampling; refit: every analysis is fitted again; full: all there is.
    seed : int
        Of re-fits.
    models : Models, optional
        What builds the models of a bundle.
    handed : Handed, optional
        Raw files and nonces.
    replicates : int
        Of simulated studies that calibrate a posterior.
    only : collection of str
        Checks to run, by their ids; empty: all.

    Returns
    -------
    list of Outcome
        One for each check: what cannot be read fails the checks that read it, and no other.
    """
    asked = Asked(opened, models, seed, handed, replicates)
    wanted = [check for check in CHECKS if not only or check.id in only]
    return [_made(check, asked, level) for check in wanted]


def _made(check: Check, asked: Asked, level: Level) -> Outcome:
    if LEVELS.index(level) < LEVELS.index(check.level):
        return outcome(check.id, check.title, [skips(f"This needs --level {check.level}.")])
    said: list[Said] = []
    try:
        said.extend(check.finds(asked))
    except InputError as error:
        said += [fails(f"{fault}.") for fault in error.faults]
    except Exception as error:  # a file made to harm may raise anything
        said.append(fails(f"It could not be judged: {type(error).__name__}: {error}."))
    told = [one._replace(words=_shown(one.words, asked.opened)) for one in said]
    return outcome(check.id, check.title, told)


def _shown(words: str, opened: Opened) -> str:
    """Say a sentence without this machine's folders, and without what would steer a terminal."""
    plain = " ".join(words.replace(f"{opened.folder}/", "").split())
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in plain)


def readers_seed(opened: Opened) -> int:
    """Make a seed that no author could foresee, from the manifest and chance."""
    text = opened.manifest_sha256 + secrets.token_hex(16)
    return int(sha256(text.encode()).hexdigest()[:8], 16)
