"""The self-test of the audit: honest bundles pass, and what is done to them is caught."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from securebase.audit.bundled import BundledModels
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Level, Outcome
from securebase.audit.registry import audited
from securebase.bundle.models import BundledModel
from securebase.config import Sampling
from securebase.selftest import of_every_study, of_one_study
from securebase.selftest.archives import refused_archives
from securebase.selftest.changes import place, seal
from securebase.selftest.demos import DEMOS, Demo, make_demo
from securebase.selftest.outcomes import Trial, told
from securebase.selftest.small_cells import broken, records_of
from securebase.selftest.threats import Mutation

WHOLE = Sampling(draws=1000, tune=500)
QUICK = Sampling(draws=500, tune=500, prior_draws=500, predictive_draws=100)
LATER = {"change": {"sd": 0.03, "reason": "Anxiety hardly ever changes."}}
_OF_MODEL = ("model.json", "priors.json", "moments.nc")
_SEED = 1


@dataclass(frozen=True)
class RememberedModels(BundledModels):
    """Models that are written once for all bundles that declare the same."""

    known: dict[str, BundledModel] = field(default_factory=dict)

    def model(self, opened: Opened, analysis: str) -> BundledModel:
        """Write the model of an analysis, or take it from a bundle that declares the same."""
        files = [opened.path(opened.file(analysis, name)) for name in _OF_MODEL]
        mark = sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
        if mark not in self.known:
            self.known[mark] = super().model(opened, analysis)
        return self.known[mark]


def run_selftest(quick: bool, say: Callable[[str], None] = print) -> int:
    """Make demo bundles, tamper with them, and tell what was caught.

    Parameters
    ----------
    quick : bool
        One demo, without re-fits.
    say : callable
        Takes each line.

    Returns
    -------
    int
        0 where honest bundles pass, and all that can be caught is.
    """
    found: list[Trial] = []
    with tempfile.TemporaryDirectory(prefix="securebase-selftest-") as folder:
        for name in DEMOS[:1] if quick else DEMOS:
            demo = make_demo(name, Path(folder, name), QUICK if quick else WHOLE, refits=not quick)
            say(f"{name}: made, bundle {Opened(demo.folder).manifest_sha256[:12]}")
            found += tested(demo, quick)
        if not quick:
            found += informed(Path(folder, "informed"))
    for line in told(found):
        say(line)
    done = [one for one in found if one.caught is not None]
    right = sum(bool(one.caught) for one in done)
    say(f"{right} of {len(done)} are as they should be, {len(found) - len(done)} were not done.")
    # the quick one has no re-fits under other priors
    return int(right < len(done) or (len(done) < len(found) and not quick))


def tested(demo: Demo, quick: bool) -> Iterator[Trial]:
    """Audit an honest bundle, then whatever is done to it."""
    models = RememberedModels()
    level: Level = "quick" if quick else "refit"
    honest = {one.id: one for one in audited(Opened(demo.folder), level, _SEED, models)}
    failed = "; ".join(str(one) for one in honest.values() if one.status == "FAIL")
    yield Trial(0, demo.name, "no check fails", "all", not failed, failed)
    analysis = next(iter(demo.order.study.analyses))
    planned: Sequence[Mutation] = of_every_study.mutations(models, analysis)
    if demo.name == DEMOS[0]:
        planned = [*planned, *of_one_study.mutations(records_of(demo).rows)]
        yield from broken(demo)
    with tempfile.TemporaryDirectory(prefix="securebase-selftest-") as folder:
        yield from refused_archives(demo.archive, demo.name, Path(folder))
    for one in planned:
        if not (quick and one.level == "refit"):
            yield tampered(demo, one, honest[one.check], models)


def informed(root: Path) -> Iterator[Trial]:
    """Fit with a narrow prior that was chosen after the plan: honest files of another study."""
    demo = make_demo(DEMOS[0], root, WHOLE, later_priors=LATER)
    models = RememberedModels()
    found = {one.id: one for one in audited(Opened(demo.folder), "quick", _SEED, models)}
    for row, check, status in ((7, "A11", "FAIL"), (8, "A42", "WARN")):
        caught = found[check].status == status
        yield Trial(row, demo.name, "fitted with a narrow prior", check, caught, str(found[check]))


def tampered(demo: Demo, one: Mutation, honest: Outcome, models: BundledModels) -> Trial:
    """Do one thing to a copy of a bundle, and ask the check that is meant for it."""
    if one.needs and not place(demo.folder, one.needs).is_file():
        words = f"the bundle has no {one.needs.removeprefix('./')}"
        return Trial(one.row, demo.name, one.what, one.check, None, words)
    with tempfile.TemporaryDirectory(prefix="securebase-selftest-") as folder:
        copy = Path(folder, "bundle")
        shutil.copytree(demo.folder, copy)
        one.change(copy)
        if one.sealed:
            seal(copy)
        (found,) = audited(Opened(copy), one.level, _SEED, models, only=(one.check,))
    caught = found.status == one.status != honest.status
    return Trial(one.row, demo.name, one.what, one.check, caught, str(found))
