"""Every kind of page in a browser: accessible, within its width, whole on paper, alone."""

import io
import os
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_examples import PAGES, write_pages
from page_parts import Page
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from playwright.sync_api import Page as Tab
from pypdf import PageObject, PdfReader

from securebase.report.rendering import rendered

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None,
    reason="no Chromium: install the package chromium, or name a browser in $CHROMIUM",
)

WIDTHS = {"desktop": 1280, "phone": 390}
A4 = (595, 842)
# 180 mm between the margins, in CSS pixels
PAPER_WIDTH = 680
SERIOUS = {"serious", "critical"}
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
# what reaches over the edge, unless it scrolls by itself or is part of a drawing
OVER_THE_EDGE = """() => {
  const width = document.documentElement.clientWidth, paper = matchMedia("print").matches;
  const over = [...document.body.querySelectorAll("*")].filter((one) => {
    const box = one.getBoundingClientRect();
    const excused = one.ownerSVGElement || (!paper && one.closest(".scroll"));
    return box.width && !excused && (box.right > width + 1 || box.left < -1);
  });
  const wide = document.documentElement.scrollWidth;
  return [...(wide > width ? [`the page is ${wide} wide`] : []),
          ...over.map((one) => `${one.tagName} ${one.textContent.trim().slice(0, 50)}`)];
}"""
# names each row of a table that is to be on one sheet: a cell of many lines is not found in a PDF
MARK_SHORT_TABLES = """() => [...document.querySelectorAll("table")]
  .filter((one) => one.tBodies[0].rows.length <= 12)
  .map((one, place) => [...one.tBodies[0].rows].map((row, line) => {
    row.cells[0].prepend(`T${place}R${line}. `);
    return `T${place}R${line}.`;
  }))"""
# letters that stand upright or are turned
SMALLEST_LETTERS = """() => Math.min(...[...document.querySelectorAll("svg text")].map((one) => {
  const at = one.getScreenCTM();
  return parseFloat(getComputedStyle(one).fontSize) * Math.hypot(at.a, at.b);
}))"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    return write_pages(tmp_path_factory.mktemp("results"), root)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # containers give Chromium neither a sandbox nor much shared memory
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context()
    yield made
    made.close()


def opened(context: BrowserContext, file: Path, width: int) -> Tab:
    """Open a page of this width with all its folded parts open."""
    tab = context.new_page()
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(file.as_uri())
    tab.evaluate(OPEN_ALL)
    return tab


def squeezed(text: str) -> str:
    """Leave out white space and ligatures, which PDF has where it likes."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def violations(tab: Tab, **options: object) -> list[str]:
    """Name serious and critical violations, each with the first element that has it."""
    found = Axe().run(tab, options=options or None).response["violations"]
    return [
        f"{one['impact']} {one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


def printed(tab: Tab) -> Sequence[PageObject]:
    """Print a page as a person would, with colours."""
    return PdfReader(io.BytesIO(tab.pdf(prefer_css_page_size=True, print_background=True))).pages


def cut(marks: Sequence[Sequence[str]], texts: Sequence[str]) -> list[Sequence[str]]:
    """Name the tables whose marked rows are not on one sheet."""
    return [rows for rows in marks if not any(all(row in text for row in rows) for text in texts)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_within_its_width(
    name: str, results: Path, context: BrowserContext
) -> None:
    tab = opened(context, results / name, WIDTHS["desktop"])
    assert tab.evaluate(OVER_THE_EDGE) == []
    assert violations(tab) == []
    # in the dark colours differ and nothing else; on a phone all but colours
    tab.emulate_media(color_scheme="dark")
    assert violations(tab, runOnly=["color-contrast"]) == []
    tab.set_viewport_size({"width": WIDTHS["phone"], "height": 844})
    assert tab.evaluate(OVER_THE_EDGE) == []
    assert violations(tab, rules={"color-contrast": {"enabled": False}}) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_and_its_scripts_run(
    name: str, results: Path, context: BrowserContext
) -> None:
    asked, said = [], []
    context.on("request", lambda request: asked.append(request.url))
    context.on("weberror", lambda error: said.append(str(error.error)))
    context.on("console", lambda message: said.append(message.text))
    opened(context, results / name, WIDTHS["desktop"])
    assert asked == [(results / name).as_uri()]
    assert said == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_on_whole_sheets(name: str, results: Path, context: BrowserContext) -> None:
    tab = opened(context, results / name, PAPER_WIDTH)
    tab.emulate_media(media="print")
    assert tab.evaluate(OVER_THE_EDGE) == []
    marks, sheets = tab.evaluate(MARK_SHORT_TABLES), printed(tab)
    assert {tuple(round(float(side)) for side in one.mediabox[2:]) for one in sheets} == {A4}
    texts = [one.extract_text() for one in sheets]
    assert all(len(text) > 40 for text in texts), "a sheet is nearly empty"
    assert len(texts) <= 16
    heads = tab.locator("h1, h2, h3, caption, .caption").all_inner_texts()
    for text in texts[:-1]:
        last = text.strip().splitlines()[-1]
        assert last not in heads, f"“{last}” ends a sheet, what it is about is on the next"
    assert cut(marks, texts) == []
    words = squeezed("".join(texts))
    for number in Page((results / name).read_text(encoding="utf-8")).numbers:
        assert squeezed(number[2]) in words, f"{number[2]} is not on paper"


@pytest.mark.parametrize("name", PAGES)
def test_words_in_pictures_can_be_read_on_a_phone(
    name: str, results: Path, context: BrowserContext
) -> None:
    tab = opened(context, results / name, WIDTHS["phone"])
    if tab.locator("svg text").count():
        assert tab.evaluate(SMALLEST_LETTERS) >= 9.0


@pytest.mark.parametrize("rule", ["break-inside: avoid", ""])
def test_short_tables_are_moved_where_they_would_be_cut(
    context: BrowserContext, tmp_path: Path, rule: str
) -> None:
    """Wherever a table of twelve rows begins on a sheet; without the rule it is cut."""
    style = rendered("report.css")
    kept = "table:not(:has(tr:nth-child(13))) { break-inside: avoid; }"
    assert style.count(kept) == 1
    rows = "".join(f"<tr><td>row {number}</td></tr>" for number in range(12))
    table = f"<table><thead><tr><th>head</th></tr></thead><tbody>{rows}</tbody></table>"
    # a sheet has 265 mm between its margins, the table some 70
    parts = [
        f'<div style="break-before: page; height: {height}mm"></div>{table}'
        for height in (120, 205, 220, 235)
    ]
    page = tmp_path / "page.html"
    page.write_text(
        f"<!DOCTYPE html><style>{style.replace(kept, f'table {{ {rule} }}')}</style>"
        f"<main>{''.join(parts)}</main>",
        encoding="utf-8",
    )
    tab = opened(context, page, PAPER_WIDTH)
    marks = tab.evaluate(MARK_SHORT_TABLES)
    assert len(cut(marks, [one.extract_text() for one in printed(tab)])) == (0 if rule else 3)


def test_a_table_is_sorted_and_filtered(results: Path, context: BrowserContext) -> None:
    tab = opened(context, results / "index.html", WIDTHS["desktop"])
    table = tab.locator("table.sortable")
    table.get_by_role("button", name="median").click()
    values = table.locator("tbody tr td:nth-child(4) data").evaluate_all(
        "all => all.map(one => Number(one.value))"
    )
    assert len(values) == 4
    assert values == sorted(values)
    tab.get_by_role("searchbox").fill("Patients'")
    assert table.locator("tbody tr:visible").count() == 2


def test_what_a_page_must_not_have_is_found(context: BrowserContext, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<!DOCTYPE html><html lang="en"><title>Bad</title><main><h1>Bad</h1>'
        '<p style="color: #ddd; background: white">Hardly to be read</p>'
        '<p style="width: 900px">Too wide</p></main></html>',
        encoding="utf-8",
    )
    tab = opened(context, bad, WIDTHS["phone"])
    assert [one.split(":")[0] for one in violations(tab)] == ["serious color-contrast"]
    assert any("Too wide" in one for one in tab.evaluate(OVER_THE_EDGE))
