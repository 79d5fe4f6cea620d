"""Families, found by file name: the folder is the register."""

from importlib import import_module
from pkgutil import iter_modules

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
