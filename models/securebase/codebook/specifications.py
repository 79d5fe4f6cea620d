"""Specifications: every way of doing an analysis that a codebook declares, one by one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from hashlib import sha256
from itertools import product
from typing import Any, Final

from pydantic import ValidationError

from securebase.codebook.document import KeyPath, error_details
from securebase.codebook.estimands import differences
from securebase.codebook.extracts import analysis_part, claims_of, data_part
from securebase.codebook.multiverse import Choice, Multiverse
from securebase.codebook.patching import merged, patch_problems, patched
from securebase.codebook.questions import Problem
from securebase.codebook.study import Study

DECLARED, EQUIVALENT, ASSUMPTION = "declared", "equivalent", "assumption"
_PLACE: Final[KeyPath] = ("multiverse", "choices")

_TOGETHER: Final = (
    "options that go together",
    "let the later choice also change what the earlier one sets",
)

Options = Mapping[str, str]


@dataclass(frozen=True)
class Specification:
    """One way of doing an analysis.

    Parameters
    ----------
    analysis : str
    options : mapping of str to str
        Option of each choice that concerns the analysis, in the declared order.
    kind : {"declared", "equivalent", "assumption"}
        As the codebook is declared; by theory the same; a test of an assumption.
    study : Study
        The codebook that says it.
    """

    analysis: str
    options: Options
    kind: str
    study: Study

    @property
    def key(self) -> str:
        """Its name: "scoring=complete, origin=m6"."""
        return ", ".join(f"{choice}={option}" for choice, option in self.options.items())

    @cached_property
    def sha256(self) -> str:
        """Digest of all that decides its posterior, beside the raw files and the sampler."""
        return _digest(content(self.study, self.analysis))

    @cached_property
    def structure(self) -> str:
        """Digest of what shapes its model, scores and priors apart; equal ones may share one."""
        said = analysis_part(self.study, self.analysis)
        analysis = {key: said["analysis"][key] for key in said["analysis"]}
        apart = ("priors", "complete_waves", "question")
        return _digest(wordless({key: analysis[key] for key in analysis if key not in apart}))


def content(study: Study, name: str) -> Any:
    """Collect all that decides a posterior, as plain values and without words."""
    analysis = analysis_part(study, name)["analysis"]
    return wordless([data_part(study), {**analysis, "question": None}])


def wordless(said: Any) -> Any:
    """Leave reasons and labels out of plain values."""
    if isinstance(said, Mapping):
        words = ("reason", "label")
        return {key: wordless(value) for key, value in said.items() if key not in words}
    return [wordless(one) for one in said] if isinstance(said, list | tuple) else said


def specifications(study: Study) -> list[Specification]:
    """List the specifications of the analyses that claims are asked of, those declared first.

    Those that come to the same are listed once, and an analysis that no choice concerns not at
    all. Empty where no multiverse is declared.
    """
    found: dict[tuple[str, str], Specification] = {}
    for name in study.analyses:
        if study.multiverse is None or not claims_of(study, name):
            continue
        for options, kind in _grid(study, study.multiverse, name):
            if options:
                one = Specification(name, options, kind, _chosen(study, options))
                found.setdefault((name, one.sha256), one)
    return list(found.values())


def _chosen(study: Study, options: Options) -> Study:
    return patched(study, _changes(study, options))


def _changes(study: Study, options: Options) -> Any:
    """Changes of all options in one; where two change the same key, those of the later choice."""
    choices = study.multiverse.choices if study.multiverse else {}
    every = (choices[choice].options[option].change for choice, option in options.items())
    return reduce(merged, every, {})


def _grid(study: Study, multiverse: Multiverse, name: str) -> Iterator[tuple[dict[str, str], str]]:
    mine = {
        choice: one for choice, one in multiverse.choices.items() if _concerns(study, one, name)
    }
    declared = {choice: one.declared for choice, one in mine.items()}
    crossed = multiverse.assumptions == "crossed"
    for tested in _variants(mine, ASSUMPTION, crossed):
        for other in _variants(mine, EQUIVALENT, crossed=True):
            kind = ASSUMPTION if tested else EQUIVALENT if other else DECLARED
            yield {**declared, **tested, **other}, kind


def _variants(mine: Mapping[str, Choice], kind: str, crossed: bool) -> Iterator[dict[str, str]]:
    """Options of a kind that are not as declared: none first, then one or, crossed, several."""
    names = [choice for choice, one in mine.items() if one.kind == kind]
    for options in product(*(mine[choice].options for choice in names)):
        other = {
            choice: option
            for choice, option in zip(names, options, strict=True)
            if option != mine[choice].declared
        }
        if crossed or len(other) < 2:
            yield other


def _concerns(study: Study, choice: Choice, name: str) -> bool:
    declared = content(study, name)
    return any(
        content(patched(study, one.change), name) != declared for one in choice.options.values()
    )


def multiverse_problems(study: Study) -> Iterator[Problem]:
    """Find all that is wrong with a declared multiverse: options first, then how they combine."""
    if study.multiverse is None:
        return
    if not study.claims:
        yield ("multiverse",), "a multiverse without claims", "claims to be judged in it", ""
        return
    problems = [
        problem
        for name, choice in study.multiverse.choices.items()
        for problem in _choice_problems(study, choice, (*_PLACE, name))
    ]
    yield from problems or _combined(study, study.multiverse)


def _choice_problems(study: Study, choice: Choice, place: KeyPath) -> Iterator[Problem]:
    seen = {_contents(study): choice.declared}
    for name, option in choice.options.items():
        where = (*place, "options", name, "change")
        faulty = list(patch_problems(study, option.change, where))
        yield from faulty
        if faulty or name == choice.declared:
            continue
        other = patched(study, option.change)
        if (found := _contents(other)) in seen:
            given = f"'{name}' comes to the same as '{seen[found]}'"
            yield where, given, "another change of what claims rest on", ""
        seen.setdefault(found, name)
        yield from _other_estimands(study, other, where)


def _contents(study: Study) -> str:
    """Digest of all that the claims of a study rest on."""
    asked = dict.fromkeys(claim.analysis for claim in study.claims)
    return _digest([content(study, name) for name in asked])


def _other_estimands(study: Study, other: Study, where: KeyPath) -> Iterator[Problem]:
    said: dict[tuple[str, str], list[str]] = {}
    for claim in study.claims:
        for before, after in differences(claim, study, other):
            said.setdefault((before, after), []).append(claim.id)
    for (before, after), claims in said.items():
        given = f"{', '.join(claims)} would ask for another number ({before}, here {after})"
        remedy = "declare an analysis and a claim of its own"
        yield where, given, "the same estimand in every specification", remedy


def _combined(study: Study, multiverse: Multiverse) -> Iterator[Problem]:
    """Find options that are right by themselves, and not together."""
    for name in dict.fromkeys(claim.analysis for claim in study.claims):
        for options, _ in _grid(study, multiverse, name):
            if len(_apart(multiverse, options)) < 2:
                continue
            words, changes = ", ".join(_apart(multiverse, options)), _changes(study, options)
            try:
                other = patched(study, changes)
            except ValidationError as error:
                why = str(error_details(error)[0]["msg"]).removeprefix("Value error, ")
                yield _PLACE, f"{words} together: {why}", *_TOGETHER
                continue
            for path, given, *_ in patch_problems(study, changes, ()):
                yield _PLACE, f"{words} together: {'.'.join(map(str, path))} {given}", *_TOGETHER
            yield from _other_estimands(study, other, _PLACE)


def _apart(multiverse: Multiverse, options: Options) -> list[str]:
    """List the options that are not as declared."""
    return [
        f"{choice}={option}"
        for choice, option in options.items()
        if option != multiverse.choices[choice].declared
    ]


def _digest(said: Any) -> str:
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
