"""README.md of a bundle: what it holds, and what it does not."""

from collections.abc import Iterator, Mapping
from typing import Any


def readme_of(about: Mapping[str, Any]) -> str:
    """Write the text.

    Parameters
    ----------
    about : mapping
        What bundle.json says.
    """
    return "\n".join(_lines(about)) + "\n"


def _lines(about: Mapping[str, Any]) -> Iterator[str]:
    public = about["tier"] == "public"
    yield f"# {about['title']}"
    yield ""
    if about["simulated"]:
        yield "All data are simulated."
        yield ""
    yield f"Results of the study `{about['study']}`, written by securebase {about['securebase']}."
    yield "From the moments in it every posterior can be computed again, with other priors too,"
    yield "without the records of anybody."
    yield ""
    yield "## What is withheld"
    yield ""
    yield from _withheld(about) if public else _exact(about)
    yield ""
    yield "## What lies where"
    yield ""
    yield "- `manifest.sha256`: digests of all files; `sha256sum -c manifest.sha256` checks them."
    yield "- `analyses/*/model.json`, `priors.json`, `moments.nc`: the model and its data."
    yield "- `analyses/*/posterior.nc`: draws of the fit to all data."
    if public:
        yield "- `analyses/*/public.nc`: draws of the fit to the moments of this bundle."
        yield "- `analyses/*/fidelity.csv`: both, quantity by quantity and claim by claim."
    yield "- `seal/commitments.json`: salted digests of what stays with the authors."


def _withheld(about: Mapping[str, Any]) -> Iterator[str]:
    yield "Counts of one to nine persons, units or rows are blank in every table. Values of few"
    yield "units are treated as missing, or the units are withheld, until each cell of moments"
    yield "stands for enough of them. Codebook entries that name single rows are blank."
    yield ""
    for name in about["analyses"]:
        if name in about["without_moments"]:
            continue
        units, values = about["units_withheld"][name], about["values_masked"][name]
        yield f"- `{name}`: {units} units withheld, {values} observed values not released."
    yield from _without_moments(about)
    yield ""
    yield "Where values are not released, numbers that follow exactly from all data (densities of"
    yield "draws, observed means, residual moments) are not either: they would tell the others."


def _exact(about: Mapping[str, Any]) -> Iterator[str]:
    yield "The raw files. This tier has exact moments of all units, single ones among them: it is"
    yield "for those who have agreed not to pass it on."
    yield from _without_moments(about)


def _without_moments(about: Mapping[str, Any]) -> Iterator[str]:
    for name, why in about["without_moments"].items():
        yield f"- `{name}`: no moments, so its model cannot be fitted again: {why}."
