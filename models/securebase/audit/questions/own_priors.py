"""A reviewer's own priors, read from a file in the form of the bundle's."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from securebase.audit.questions.asked import Asking, read_questions
from securebase.bundle.opening import Bundle
from securebase.codebook.document import Document, KeyPath, nearest
from securebase.faults import Fault
from securebase.priors import Prior

_KEYS: Final = ("kind", "mean", "sd", "eta", "unit", "reason")
_TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "normal": ("mean", "sd"), "half-normal": ("sd",), "lkj": ("eta",),
}  # fmt: skip
_NO_REASON: Final = "the reviewer gives none"


def read_own_priors(path: Path, bundle: Bundle) -> list[Asking]:
    """Read a reviewer's priors: ``{analysis: {block: {mean, sd, eta, reason}}}``.

    Parameters
    ----------
    path : pathlib.Path
        YAML. Blocks and outcomes that it does not name keep the bundle's priors; numbers may be
        given once, or by outcome.
    bundle : Bundle

    Returns
    -------
    list of Asking
        One for each analysis that is named.

    Raises
    ------
    InputError
        Once, with every fault: unknown analyses, blocks, parameters and outcomes, other
        distributions or units, spreads and shapes that are not positive, values that are no number.
    """

    def read(
        document: Document, analysis: str, content: Mapping[Any, Any]
    ) -> Iterable[Asking | Fault]:
        known = bundle.priors(analysis)
        faults = [
            fault
            for block, given in content.items()
            for fault in _block_faults(document, (analysis, block), given, known)
        ]
        return faults or [_asking(path.name, analysis, content, known)]

    return read_questions(path, bundle, "own priors", read)


def _block_faults(
    document: Document, place: KeyPath, given: Any, known: Mapping[str, Prior]
) -> Iterator[Fault]:
    block = place[-1]
    prior = known.get(str(block))
    if prior is None:
        expected = f"one of: {', '.join(known)}"
        yield document.fault(place, f"no prior block '{block}'", expected, nearest(block, known))
        return
    taken = _taken(prior)
    if not isinstance(given, dict) or not {*given} & {"mean", "sd", "eta"}:
        expected = f"{' or '.join(taken)} of a {prior.kind} prior"
        yield document.fault(place, f"given {given!r}", expected, "leave out blocks that stay")
        return
    for key, value in given.items():
        own = (*place, key)
        if key not in _KEYS:
            expected = f"one of: {', '.join(_KEYS)}"
            yield document.fault(own, f"no parameter '{key}'", expected, nearest(key, _KEYS))
        elif key in ("kind", "unit") and value != getattr(prior, key):
            remedy = "the model is written with it: change its parameters" if key == "kind" else (
                "give the numbers in this unit"
            )  # fmt: skip
            yield document.fault(own, f"{key} {value!r}", f"{getattr(prior, key)!r}", remedy)
        elif key == "reason" and not isinstance(value, str):
            yield document.fault(own, f"given {value!r}", "a sentence")
        elif key in ("mean", "sd", "eta"):
            yield from _value_faults(document, own, value, prior)


def _taken(prior: Prior) -> tuple[str, ...]:
    """Parameters that a reader may set: a normal without a location is centred by the family."""
    return tuple(one for one in _TAKES[prior.kind] if not (one == "mean" and prior.mean is None))


def _value_faults(document: Document, place: KeyPath, value: Any, prior: Prior) -> Iterator[Fault]:
    key, taken = place[-1], _taken(prior)
    if key not in taken:
        expected = f"{' and '.join(taken)}, which a {prior.kind} prior of this block takes"
        yield document.fault(place, f"'{key}' of a {prior.kind} prior", expected, "leave it out")
        return
    outcomes = [] if key == "eta" else list(prior.sd or {})
    numbers = {None: value} if not isinstance(value, dict) or key == "eta" else value
    for outcome, number in numbers.items():
        own = place if outcome is None else (*place, outcome)
        if outcome is not None and outcome not in outcomes:
            expected = f"one of: {', '.join(outcomes)}"
            remedy = nearest(outcome, outcomes)
            yield document.fault(own, f"no outcome '{outcome}'", expected, remedy)
        elif isinstance(number, bool) or not isinstance(number, int | float):
            yield document.fault(own, f"given {number!r}", "a number")
        elif not math.isfinite(number):
            yield document.fault(own, f"given {number}", "a finite number")
        elif key != "mean" and not number > 0:
            word = "a spread" if key == "sd" else "a shape"
            expected, remedy = "a number above 0", f"{word} is positive, in {prior.unit}"
            yield document.fault(own, f"{key} {number:g}", expected, remedy)


def _asking(
    name: str, analysis: str, content: Mapping[Any, Any], known: Mapping[str, Prior]
) -> Asking:
    own = {block: _changed(known[block], given) for block, given in content.items()}
    changes = tuple((f"{block}: {_density(one)}", one.reason) for block, one in own.items())
    return Asking("priors", name, analysis, changes, priors={**known, **own})


def _changed(prior: Prior, given: Mapping[str, Any]) -> Prior:
    def numbers(key: str, now: Mapping[str, float] | None) -> Mapping[str, float] | None:
        value = given.get(key)
        if value is None:
            return now
        if isinstance(value, dict):
            return {**(now or {}), **value}
        return dict.fromkeys(prior.sd or {}, float(value))

    return replace(
        prior, mean=numbers("mean", prior.mean), sd=numbers("sd", prior.sd),
        eta=float(given.get("eta", prior.eta)), reason=given.get("reason", _NO_REASON),
    )  # fmt: skip


def _density(prior: Prior) -> str:
    """Write a prior in words, once where its outcomes are alike."""
    if prior.kind == "lkj":
        return f"LKJ({prior.eta:g})"
    told = {}
    for outcome, sd in (prior.sd or {}).items():
        mean = f"{prior.mean[outcome]:g}, " if prior.mean else ""
        told[outcome] = f"{prior.kind.capitalize()}({mean}{sd:g})"
    if len(set(told.values())) == 1:
        return f"{next(iter(told.values()))} {prior.unit}"
    return ", ".join(f"{one} for {outcome}" for outcome, one in told.items())
