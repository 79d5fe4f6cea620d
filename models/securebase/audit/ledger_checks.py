"""A04, A05 and A14: what was tried is written down, and shown; seeds are those of the rule."""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.config import Sampling
from securebase.ledger.listing import AS_DECLARED, COLUMNS, SIMULATED, listed_fits
from securebase.ledger.verifying import Reading, read_ledger
from securebase.report.wording import counted
from securebase.sampling import derived_seed, seed_rule

LEDGER: Final = "ledger.jsonl"
FITS: Final = "fits.csv"
_RULE: Final = re.compile(r"first 8 hex digits of sha256\('(.+)'\)")


def _reading(opened: Opened) -> Reading:
    shown = [opened.path(FITS)] if opened.has(FITS) else []
    return opened.once("ledger", LEDGER, lambda: read_ledger(opened.path(LEDGER), shown))


def chain(opened: Opened) -> Iterator[Said]:
    """A04: no entry of the ledger was removed or edited."""
    found = _reading(opened)
    if found.broken:
        yield fails(found.state)
        return
    if not found.headed:
        yield warns("ledger.head is not there: nobody would see that the last entries are gone.")
    if found.torn:
        yield warns("The last line of the ledger is unfinished.")
    yield passes(found.state)


def all_shown(opened: Opened) -> Iterator[Said]:
    """A05: every fit of the ledger is listed, and every posterior is one of them."""
    study = opened.study
    data = {str(opened.draws(name).attrs["waves_sha256"]) for name in study.analyses}
    if len(data) != 1:
        yield fails("The analyses were fitted to different data.")
        return
    fits = listed_fits(_reading(opened), study, data.pop())
    shown = opened.table(FITS)
    # as texts: an entry is shown as it is, or it is not shown
    listed = {tuple(map(_plain, row)) for row in shown[list(COLUMNS)].itertuples(index=False)}
    for row in fits:
        if tuple(_plain(row[name]) for name in COLUMNS) not in listed:
            what = f"{row['fits']} of {row['analysis']} ({row['purpose']}, entry {row['entry']})"
            yield fails(f"Fits in the ledger are not reported: {what}.")
    if len(shown) > len(fits):
        yield fails(f"{FITS} has {len(shown)} lines, the ledger {len(fits)} for this study.")
    for name in study.analyses:
        yield from _posterior_shown(opened, name, fits)
    yield from _before_the_plan(opened, fits)
    total, failed = (sum(int(row[key]) for row in fits) for key in ("fits", "failed"))
    reported = f"{total - failed:,} reported, {failed:,} failed, all listed"
    yield passes(f"Every fit in the ledger is reported ({reported}).")


def _before_the_plan(opened: Opened, fits: tuple[Any, ...]) -> Iterator[Said]:
    """Who has fitted before a plan was registered may have chosen the plan by what came out."""
    said = opened.study.registration
    if said is None:
        return
    day = said.date.isoformat()
    early = sum(int(one["fits"]) for one in fits if one["date"] < day and one["data"] != SIMULATED)
    if early:
        yield warns(f"{counted(early, 'fit')} began before the plan was registered ({day}).")


def _plain(value: Any) -> str:
    try:
        return "" if value in ("", None) or value != value else f"{float(value):.12g}"
    except ValueError:
        return str(value)


def _posterior_shown(opened: Opened, name: str, fits: tuple[Any, ...]) -> Iterator[Said]:
    """The posterior of an analysis is of a fit that is listed, with its priors."""
    seed = str(opened.draws(name).attrs["seed"])
    priors = sha256(opened.path(opened.file(name, "priors.csv")).read_bytes()).hexdigest()
    own = [row for row in fits if row["analysis"] == name and row["purpose"] == "posterior"]
    own = [row for row in own if str(row["seed"]) == seed and row["model"] == AS_DECLARED]
    if not own:
        yield fails(f"The posterior of {name} is of no fit in the ledger.")
    elif all(row["priors_sha256"] != priors for row in own):
        yield fails(f"The ledger has the posterior of {name} under other priors.")


def seeds(opened: Opened) -> Iterator[Said]:
    """A14: seeds follow from the root that everybody has, and names."""
    study, root = opened.study.study, Sampling().seed
    for name in opened.study.analyses:
        given = opened.draws(name).attrs
        ruled = derived_seed(root, study, name)
        if str(given["seed"]) != str(ruled):
            yield fails(f"Seed of {name} was overridden ({given['seed']}); the rule gives {ruled}.")
        elif given["seed_rule"] != seed_rule(root, study, name):
            yield fails(f"Seed of {name} is told by another rule: {given['seed_rule']}.")
        public = opened.file(name, "public.nc")
        if opened.has(public):
            yield from _seed_as_told(name, opened.tree(public).attrs, f"{root}/")
        else:
            yield skips(f"{name} has no re-fit from the public moments.")
    yield passes(f"Seeds follow the declared rule: {seed_rule(root, study, '<analysis>')}.")


def _seed_as_told(name: str, given: dict[Any, Any], start: str) -> Iterator[Said]:
    rule = _RULE.fullmatch(str(given.get("seed_rule", "")))
    text = rule[1] if rule else ""
    ruled = str(int(sha256(text.encode()).hexdigest()[:8], 16))
    if not text.startswith(start) or ruled != str(given.get("seed")):
        yield fails(f"Seed of the public re-fit of {name} does not follow its rule.")
