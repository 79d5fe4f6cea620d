"""The markup of every kind of page, and that faults of markup are found: needs no browser."""

from pathlib import Path

import pytest
from markup_rules import faults
from page_examples import PAGES, write_pages
from page_parts import Page

LARGEST = 6_000_000
GOOD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>A page</title></head><body><main>
<h1>Page</h1><h2 id="a">Part</h2><p>See <a href="#a">part</a>.</p>
<ul><li>one</li></ul>
<table><caption>Numbers</caption><thead><tr><th scope="col">n</th></tr></thead>
<tbody><tr><td>1</td></tr></tbody></table>
<svg role="img" aria-label="A line"><path d="M0 0L1 1"/></svg>
</main></body></html>"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    return write_pages(tmp_path_factory.mktemp("results"), root)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_valid(name: str, results: Path) -> None:
    assert faults((results / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_one_file_of_moderate_size(name: str, results: Path) -> None:
    assert 4_000 < (results / name).stat().st_size < LARGEST


def test_links_between_pages_find_their_page_and_place(results: Path) -> None:
    ids = {name: Page((results / name).read_text(encoding="utf-8")).ids for name in PAGES}
    followed = 0
    for name in PAGES:
        page = Page((results / name).read_text(encoding="utf-8"))
        for tag, key, value in page.attributes:
            if (tag, key) != ("a", "href"):
                continue
            path, _, place = value.partition("#")
            target = (results / name).parent / path if path else results / name
            there = str(target.resolve().relative_to(results.resolve()))
            assert there in ids, f"{name} links to {value}"
            assert not place or place in ids[there], f"{name} links to {value}"
            followed += 1
    assert followed > 20


def test_nothing_has_a_style_of_its_own(results: Path) -> None:
    """A page may be served where inline styles are not allowed; attributes are."""
    for name in PAGES:
        inside = Page((results / name).read_text(encoding="utf-8")).attributes
        styled = [tag for tag, key, _ in inside if key == "style"]
        assert styled == [] or name.endswith("paper.html"), name


def test_a_good_page_has_no_fault() -> None:
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("<!DOCTYPE html>\n", "", "doctype"),
        ("</p>", "</em></p>", "end-tag"),
        ("<p>See", "<p>See <div>x</div>", "end-tag"),
        ('<h2 id="a">', '<h2 id="a" class="b" class="c">', "class twice"),
        ('<h2 id="a">', '<h2 id="a" align="left">', "<h2> may not have align"),
        ('<h2 id="a">', '<h2 id="a" onclick="x()">', "<h2> has onclick"),
        ("<li>one</li>", "<li>one</li>two", "text in <ul>"),
        ("<li>one</li>", "<p>one</p>", "<p> in <ul>"),
        ("<h1>Page</h1>", "<h1>Page</h1><center>x</center>", "<center> is not among"),
        ("<h1>Page</h1>", "<h1>Page</h1><span><p>x</p></span>", "<p> in <span>"),
        ("<h1>Page</h1>", "<h1>Page</h1><details>x</details>", "does not begin with its summary"),
        ("<h1>Page</h1>", '<h1>Page</h1><a href="#a"><button>x</button></a>', "something to press"),
        ("<h1>Page</h1>", '<h1>Page</h1><p id="a">x</p>', "id a twice"),
        ("<h1>Page</h1>", "<h1>Page</h1><input>", "a field without label"),
        ("<h1>Page</h1>", "<h1>Page</h1><h3></h3>", "an empty <h3>"),
        ('href="#a"', 'href="#b"', "<a> looks for b"),
        ('href="#a"', 'href="https://example.org"', "<a> leads to https://example.org"),
        ('d="M0', 'clip-path="url(#c)" d="M0', "<path> looks for c"),
        ("<h1>Page</h1>", "", "0 <h1>"),
        ("<h2 ", "<h3 ", "end-tag"),
        ("<h1>Page</h1>", "<h1>Page</h1><h2>x</h2><h4>y</h4>", "h4 after h2"),
        (' lang="en"', "", "no language"),
        ("A page", "A page" * 12, "title of 72 letters"),
        ("<td>1</td>", "<td>1</td><td>2</td>", "rows of a table are [1, 2] wide"),
        (' scope="col"', "", "<th> without scope"),
        ("<caption>Numbers</caption>", "", "a table without caption"),
        ('aria-label="A line"', 'aria-label=" "', "a picture without a name"),
        ("</head>", "<style>@import 'x.css';</style></head>", "style loads @import"),
        ("</head>", "<script src='x.js'></script></head>", "<script> loads x.js"),
    ],
)
def test_a_fault_is_found(old: str, new: str, fault: str) -> None:
    assert old in GOOD
    found = faults(GOOD.replace(old, new, 1))
    assert [one for one in found if fault in one], found
