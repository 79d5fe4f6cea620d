"""What is wrong with the markup of a page.

Checked: what the parser of the HTML standard calls an error (`justhtml`); attributes given twice; a
closed list of elements with the attributes each may have, and what may stand in which; ids that are
unique, and references that find theirs; the order of headings; heads, captions and widths of
tables; names of pictures; language, title, one h1 and one main; addresses that leave the page.

Not checked, since the pages do not use it: forms beyond a labelled field, media, frames, custom
elements, microdata, ARIA beyond names and references (axe-core does, in the browser), the grammar
of values (colours, paths), and CSS.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from justhtml import JustHTML

PHRASING = frozenset(
    {"a", "abbr", "b", "br", "button", "code", "data", "em", "i", "input", "label", "script"}
    | {"small", "span", "strong", "sub", "sup", "svg", "time"}
)
FLOW = PHRASING | {
    *("article", "aside", "details", "div", "dl", "figure", "footer", "h1", "h2", "h3", "h4"),
    *("header", "main", "nav", "ol", "p", "pre", "section", "style", "table", "ul"),
}
EMPTY = frozenset({"br", "col", "input", "meta", "script", "style", "title"})
# which elements may stand in an element
CHILDREN: dict[str, frozenset[str]] = {
    **dict.fromkeys(PHRASING | {"h1", "h2", "h3", "h4", "p", "pre"}, PHRASING),
    **dict.fromkeys(FLOW - PHRASING - {"h1", "h2", "h3", "h4", "p", "pre"}, FLOW),
    **dict.fromkeys(("body", "caption", "dd", "dt", "figcaption", "li", "td", "th"), FLOW),
    **dict.fromkeys(EMPTY, frozenset()),
    **dict.fromkeys(("thead", "tbody", "tfoot"), frozenset({"tr"})),
    **dict.fromkeys(("ul", "ol"), frozenset({"li"})),
    "html": frozenset({"head", "body"}),
    "head": frozenset({"meta", "title", "style", "script"}),
    "dl": frozenset({"dt", "dd"}),
    "table": frozenset({"caption", "colgroup", "thead", "tbody", "tfoot"}),
    "colgroup": frozenset({"col"}),
    "tr": frozenset({"th", "td"}),
    "figure": FLOW | {"figcaption"},
    "details": FLOW | {"summary"},
    "summary": PHRASING | {"h2", "h3", "h4"},
}
ATTRIBUTES: dict[str, frozenset[str]] = {
    "a": frozenset({"href"}), "button": frozenset({"type"}), "col": frozenset({"span"}),
    "data": frozenset({"value"}), "details": frozenset({"open"}), "html": frozenset({"lang"}),
    "input": frozenset({"type", "value"}), "label": frozenset({"for"}),
    "meta": frozenset({"charset", "name", "content"}), "ol": frozenset({"start"}),
    "td": frozenset({"colspan", "rowspan", "headers"}),
    "th": frozenset({"colspan", "rowspan", "headers", "scope", "abbr"}),
}  # fmt: skip
EVERYWHERE = frozenset({"id", "class", "style", "title", "role", "tabindex", "hidden", "lang"})
WITHOUT_TEXT = frozenset({"html", "head", "ul", "ol", "dl", "table", "thead", "tbody", "tr"})
WITH_WORDS = frozenset({"a", "button", "summary", "h1", "h2", "h3", "h4"})
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "headers")
LONGEST_TITLE = 70

Node = Any


def faults(html: str) -> list[str]:
    """List what is wrong with a page; see the top of this file."""
    parsed = JustHTML(html, sanitize=False, collect_errors=True)
    nodes = list(_below(parsed.root))
    return [
        *(f"line {one.line}: {one.code}" for one in parsed.errors),
        *_twice(html),
        *(fault for node in nodes for fault in (*_nesting(node), *_attributes(node))),
        *_references(nodes),
        *_outline(nodes),
        *(fault for node in nodes if node.name == "table" for fault in _table(node)),
        *_names(nodes),
        *_leaving(html, nodes),
    ]


def elements(node: Node) -> list[Node]:
    """Give the elements right below a node."""
    return [one for one in node.children or () if not one.name.startswith(("#", "!"))]


def _below(node: Node) -> Iterator[Node]:
    for one in elements(node):
        yield one
        yield from _below(one)


def _twice(html: str) -> list[str]:
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            names = [name for name, _ in attrs]
            found.extend(f"<{tag}>: {one} twice" for one in set(names) if names.count(one) > 1)

    Reader().feed(html)
    return found


def _drawn(node: Node) -> bool:
    return node.namespace == "svg"


def _nesting(node: Node) -> Iterator[str]:
    if _drawn(node):
        return
    if node.name not in CHILDREN:
        yield f"<{node.name}> is not among the elements of a page"
        return
    inside = elements(node)
    for one in inside:
        if one.name not in CHILDREN[node.name]:
            yield f"<{one.name}> in <{node.name}>"
    if node.name in WITHOUT_TEXT and any(
        one.name == "#text" and (one.data or "").strip() for one in node.children
    ):
        yield f"text in <{node.name}>"
    if node.name in {"a", "button"} and any(
        one.name in {"a", "button", "input"} for one in _below(node)
    ):
        yield f"something to press in <{node.name}>"
    if node.name == "details" and (not inside or inside[0].name != "summary"):
        yield "<details> does not begin with its summary"


def _attributes(node: Node) -> Iterator[str]:
    known = ATTRIBUTES.get(node.name, frozenset()) | EVERYWHERE
    for name in node.attrs:
        if name.startswith("on"):
            yield f"<{node.name}> has {name}"
        elif not _drawn(node) and name not in known and not name.startswith(("aria-", "data-")):
            yield f"<{node.name}> may not have {name}"


def _references(nodes: list[Node]) -> Iterator[str]:
    ids = [node.attrs["id"] for node in nodes if "id" in node.attrs]
    yield from (f"id {one} twice" for one in sorted(set(ids)) if ids.count(one) > 1)
    for node in nodes:
        wanted = [one for name in REFERENCES for one in (node.attrs.get(name) or "").split()]
        for value in filter(None, node.attrs.values()):
            wanted += re.findall(r"url\(#([^)]+)\)", value)
        if (node.attrs.get("href") or "").startswith("#"):
            wanted.append(node.attrs["href"][1:])
        yield from (f"<{node.name}> looks for {one}" for one in wanted if one not in ids)


def _outline(nodes: list[Node]) -> Iterator[str]:
    count = {name: sum(node.name == name for node in nodes) for name in ("h1", "main")}
    yield from (f"{number} <{name}>" for name, number in count.items() if number != 1)
    levels = [int(node.name[1]) for node in nodes if re.fullmatch(r"h[1-6]", node.name)]
    for before, level in zip([0, *levels], levels, strict=False):
        if level > before + 1:
            yield f"h{level} after h{before}"
    if "lang" not in nodes[0].attrs:
        yield "no language"
    title = "".join(node.to_text() for node in nodes if node.name == "title" and not _drawn(node))
    if not 0 < len(title.strip()) <= LONGEST_TITLE:
        yield f"title of {len(title.strip())} letters"


def _table(table: Node) -> Iterator[str]:
    rows = [node for node in _below(table) if node.name == "tr"]
    widths = {sum(int(one.attrs.get("colspan") or 1) for one in elements(row)) for row in rows}
    if len(widths) != 1:
        yield f"rows of a table are {sorted(widths)} wide"
    for node in _below(table):
        if node.name == "th" and node.attrs.get("scope") not in {"col", "row"}:
            yield "<th> without scope"
    if not any(node.name == "th" for node in _below(table)):
        yield "a table without heads"
    group = table.parent.attrs.get("aria-label") or table.parent.attrs.get("aria-labelledby")
    if not group and not any(one.name == "caption" for one in elements(table)):
        yield "a table without caption"


def _names(nodes: list[Node]) -> Iterator[str]:
    labelled = {node.attrs.get("for") for node in nodes if node.name == "label"}
    for node in nodes:
        if node.name == "svg":
            named = (node.attrs.get("aria-label") or "").strip()
            if node.attrs.get("role") != "img" or not named:
                yield "a picture without a name"
        alone = node.name == "input" and node.parent.name != "label"
        if alone and node.attrs.get("id") not in labelled:
            yield "a field without label"
        if node.name in WITH_WORDS and not node.to_text().strip():
            yield f"an empty <{node.name}>"


def _leaving(html: str, nodes: list[Node]) -> Iterator[str]:
    """Say what would load or lead away: a page opens without a network."""
    for node in nodes:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            value = node.attrs.get(name) or ""
            if re.match(r"[a-zA-Z][\w+.-]*:|//", value):
                yield f"<{node.name}> leads to {value}"
        if node.name in {"script", "img", "iframe", "link"} and "src" in node.attrs:
            yield f"<{node.name}> loads {node.attrs['src']}"
    yield from (f"an address: {one}" for one in re.findall(r"https?://\S{0,40}", html))
    yield from (f"style loads {one}" for one in re.findall(r"@import|url\((?!#)[^)]*", html))
