"""Exclusions without the values that rows are left out by: they may name a person."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from securebase.codebook.plan import Plan, read_plan
from securebase.codebook.study import Study
from securebase.registration.words import exclusion_name

WITHHELD: Final = "withheld"


def study_without_values(study: Study) -> Study:
    """Give a codebook for everybody: no values of exclusions, no digests of raw files.

    A digest without a nonce is found by trying where a file is small; see ``seal``.
    """
    said = study.unpinned().model_dump(mode="json", by_alias=True)
    if study.registration is not None:
        names = _names([*said["exclusions"], *read_plan(study.registration).exclusions])
        for one in said["registration"]["deviations"]:
            one["what"] = names.get(one["what"], one["what"])
    for part in (said, *_options(said)):
        if "exclusions" in part:
            part["exclusions"] = [_untold(one) for one in part["exclusions"]]
    return Study.model_validate(said)


def plan_beside(plan: Plan, study: Study) -> Plan:
    """Give a plan without values of exclusions where the codebook beside it has none."""
    if not values_withheld(study):
        return plan
    untold = tuple(_untold(one) for one in plan.exclusions)
    return plan.model_copy(update={"exclusions": untold})


def values_withheld(study: Study) -> bool:
    """Say whether exclusions do not tell their values."""
    told = [code for one in study.exclusions for code in one.where.values()]
    return bool(told) and set(map(str, told)) == {WITHHELD}


def _options(said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Changes of the codebook that options of the multiverse make."""
    for choice in (said["multiverse"] or {"choices": {}})["choices"].values():
        yield from (option["change"] for option in choice["options"].values())


def _untold(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "where": dict.fromkeys(one["where"], WITHHELD)}


def _names(exclusions: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What each exclusion is called, with and without its values."""
    return {
        exclusion_name(one["where"]): exclusion_name(_untold(one)["where"]) for one in exclusions
    }
