"""Pages from templates: strict, escaped, and on disk whole or not at all."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from securebase.report.claims import check_words, probability_regions, region_style
from securebase.report.language import GLOSSARY, glossed, refuse_foreign_words
from securebase.report.wording import short
from securebase.whole_files import write_whole


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("securebase.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["gloss"] = glossed
    environment.globals.update(
        glossary=GLOSSARY,
        short=short,
        check_words=check_words,
        probability_regions=probability_regions,
        region_style=region_style,
    )
    return environment


def rendered(template: str, **values: Any) -> str:
    """Fill a template of the package.

    Parameters
    ----------
    template : str
        Its file below ``templates``.
    **values
        What it prints; a name that it uses and is not given is an error.
    """
    return _environment().get_template(template).render(**values)


def write_page(text: str, destination: Path) -> None:
    """Write a page; it appears whole or not at all.

    Raises
    ------
    InputError
        For words that a page may not say.
    """
    refuse_foreign_words(text, destination.name)
    destination.parent.mkdir(parents=True, exist_ok=True)
    write_whole(text, destination)
