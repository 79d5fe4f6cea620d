"""Colours of words, in figures too, which axe-core does not look at: contrast to be read."""

import re

import pytest

from securebase.report.rendering import rendered

# WCAG 2.2, 1.4.3: level AA for text of any size
NEEDED = 4.5
OF_WORDS = (
    *("ink", "muted", "anxiety", "avoidance", "third", "fourth", "claimed", "opposite"),
    *("good", "warn", "bad"),
)


def luminance(colour: str) -> float:
    """Relative luminance of a colour such as ``#0072b2`` (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def full(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(2 * letter for letter in colour[1:])


@pytest.mark.parametrize(("block", "scheme"), [(0, "light"), (1, "dark"), (2, "paper")])
def test_words_stand_out(block: int, scheme: str) -> None:
    declared = re.findall(r":root \{(.*?)\}", rendered("report.css"), re.DOTALL)[block]
    colours = {name: full(said) for name, said in re.findall(r"--([\w-]+): (#\w+)", declared)}
    found = {name: contrast(colours[name], colours["paper"]) for name in OF_WORDS}
    assert {name: round(one, 2) for name, one in found.items() if one < NEEDED} == {}, scheme
    assert contrast(colours["bad"], colours["bad-soft"]) >= NEEDED


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    # the grey that is named in WCAG's own examples of a failure by a hair
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
