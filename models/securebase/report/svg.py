"""A drawing as an SVG that lives inside a page: no address, own ids, colours of the page."""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

_NAMESPACE: Final = re.compile(r"^\{[^}]*\}")
_REFERENCE: Final = re.compile(r"(?:url\(#|^#)([^)]+)")
_FONT: Final = re.compile(
    r"(font(?:-family)?:[^;]*?)(?:'[^']*'|DejaVu Sans|sans-serif)(?:, *(?:'[^']*'|sans-serif))*"
)

# Colours of a drawing, each a variable of the style sheet so that a dark page can change them.
COLOURS: Final[Mapping[str, str]] = {
    "#101418": "--ink",
    "#5c6670": "--muted",
    "#d3d8dd": "--line",
    "#e4e8ec": "--rope",
    "#d55e00": "--anxiety",
    "#0072b2": "--avoidance",
    "#cc79a7": "--third",
    "#e69f00": "--fourth",
    "#009e73": "--claimed",
    "#a3407b": "--opposite",
    "#fdfdfb": "--paper",
}
INK, MUTED, LINE, ROPE, ANXIETY, AVOIDANCE, THIRD, FOURTH, CLAIMED, OPPOSITE, PAPER = COLOURS

# Narrow enough to be read on a phone at its own size; wide pages set several side by side.
PANEL_INCHES: Final = 3.6
_STYLE: Final[dict[str, Any]] = {
    "font.size": 8.5,
    "font.family": "sans-serif",
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "axes.unicode_minus": True,
}


# a group of a drawing whose name starts so explains itself under the pointer
TIP: Final = "tip:"


@dataclass(frozen=True)
class Picture:
    """A drawing, and the sentence that says what it shows."""

    svg: Markup
    caption: str


def drawing_style() -> AbstractContextManager[None]:
    """Draw in the style of the page while this context is open."""
    return rc_context(_STYLE)


def inline_svg(figure: Figure, name: str, label: str) -> Markup:
    """Write a figure as the markup of one ``svg`` element.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn in the colours of `COLOURS`.
    name : str
        Prefix of every id, unique within the page.
    label : str
        What the figure shows, as a sentence, for those who cannot see it.

    Returns
    -------
    markupsafe.Markup
        The same bytes for the same figure, without date, script or external address.
    """
    buffer = io.BytesIO()
    # text stays text; ids come from the content, not from chance
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "securebase"}):
        FigureCanvasSVG(figure).print_svg(
            buffer, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    root = ElementTree.fromstring(buffer.getvalue())
    _drop_head(root)
    used = {match for node in root.iter() for match in _references(node)}
    for node in root.iter():
        _localise(node, name, used)
    _label(root, label)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _drop_head(root: ElementTree.Element) -> None:
    # matplotlib's style rule would hold for every svg of the page; its metadata carry addresses
    for parent in list(root.iter()):
        for child in list(parent):
            if _NAMESPACE.sub("", child.tag) in {"metadata", "style"}:
                parent.remove(child)


def _references(node: ElementTree.Element) -> list[str]:
    return [match for value in node.attrib.values() for match in _REFERENCE.findall(value)]


def _localise(node: ElementTree.Element, name: str, used: set[str]) -> None:
    node.tag = _NAMESPACE.sub("", node.tag)
    attributes = {_NAMESPACE.sub("", key): value for key, value in node.attrib.items()}
    node.attrib.clear()
    for key, value in attributes.items():
        if key == "id":
            if value in used:
                node.set(key, f"{name}-{value}")
            elif value.startswith(TIP):
                ElementTree.SubElement(node, "title").text = value.removeprefix(TIP)
        elif key == "style":
            # as attributes: a page may then be served where inline styles are not allowed
            for property_, said in _declarations(value):
                node.set(property_, said.replace("url(#", f"url(#{name}-"))
        elif key == "href" and value.startswith("#"):
            node.set(key, f"#{name}-{value[1:]}")
        else:
            node.set(key, value.replace("url(#", f"url(#{name}-"))


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for colour, variable in COLOURS.items():
        style = style.replace(colour, f"var({variable})")
    for declaration in filter(None, _FONT.sub(r"\1var(--sans)", style).split(";")):
        key, _, value = declaration.partition(":")
        yield key.strip(), value.strip()


def _label(root: ElementTree.Element, label: str) -> None:
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib.pop("version", None)
    root.set("width", f"{float(width):g}pt")
    root.set("height", f"{float(height):g}pt")
    root.set("class", "plot")
    root.set("role", "img")
    root.set("aria-label", label)
