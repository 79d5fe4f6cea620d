"""Families, found by file name: the folder is the register."""

from importlib import import_module
from pkgutil import iter_modules

from securebase.codebook.loading import Study
from securebase.family import Family


def family_names() -> list[str]:
    """Name every family there is, without importing any."""
    return sorted(module.name for module in iter_modules(__path__))


def load_family(name: str) -> Family:
    """Return the family of a name.

    Raises
    ------
    ValueError
        If there is no such family, with those there are.
    """
    if name not in family_names():
        raise ValueError(f"no family '{name}'; there are: {', '.join(family_names())}")
    family: Family = import_module(f"{__name__}.{name}").FAMILY
    return family


def claim_units(study: Study) -> dict[str, str]:
    """Unit of each claim's estimand: as declared, else that of its first variable."""
    units = {}
    for claim in study.claims:
        first = claim.estimand[0]
        parameter = load_family(study.analyses[claim.analysis].family).parameter(first.variable)
        found = parameter.unit_at(first.at.values(), study.waves.time_unit) if parameter else ""
        units[claim.id] = claim.unit or found
    return units
