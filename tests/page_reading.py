"""A page taken apart, and its numbers looked up without the code under test."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd

VOID = {"meta", "br", "link", "img", "hr", "input", "col"}


class Page(HTMLParser):
    """A page taken apart; tags that do not nest are an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.numbers: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.number: list[str] | None = None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        found = {key: value or "" for key, value in attrs}
        assert len(found) == len(attrs), f"an attribute of <{tag}> is given twice"
        self.attributes += [(tag, key, value) for key, value in found.items()]
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "data":
            self.number = [found["data-src"], found["value"], ""]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag
        if tag == "data" and self.number is not None:
            source, value, text = self.number
            self.numbers.append((source, value, text))
            self.number = None

    def handle_data(self, data: str) -> None:
        if self.number is not None:
            self.number[2] += data
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def cell(results: Path, source: str) -> float:
    """Look a number up where its address says, without the code under test."""
    file, _, place = source.partition("#")
    row, _, column = place.rpartition(".")
    if file == "waves.parquet":
        return _people(pd.read_parquet(results / file), row)
    separator = "\t" if file.endswith("tsv") else ","
    table = pd.read_csv(results / file, sep=separator)
    if counted := re.fullmatch(r"L(\d+)\.\.L(\d+)\.rule=(\w+)", place):
        part = table.iloc[int(counted[1]) - 2 : int(counted[2]) - 1]
        return float((part["rule"] == counted[3]).sum())
    if re.fullmatch(r"L\d+(\.\.L\d+)?(\+L\d+(\.\.L\d+)?)*", row):
        chosen = table.iloc[[line - 2 for line in lines_of(row)]]
        return float(len(chosen) if column == "count" else chosen[column].sum())
    if file == "claims.csv":
        return float(table.set_index("id").loc[row, column])
    name, _, coordinates = row.removesuffix("]").partition("[")
    found = table[(table["name"] == name) & (table["coordinates"] == coordinates)]
    assert len(found) == 1
    return float(found.iloc[0][column])


def lines_of(row: str) -> list[int]:
    """Lines of an address: "L2+L5..L7" names four."""
    spans = (part.replace("L", "").split("..") for part in row.split("+"))
    return [line for span in spans for line in range(int(span[0]), int(span[-1]) + 1)]


def _people(waves: pd.DataFrame, row: str) -> float:
    name, _, who = row.removesuffix("]").partition("[")
    if who:
        role = who.removeprefix("role").lstrip("!=")
        waves = waves[(waves["role"] == role) == ("!" not in who)]
    return float(waves[name].nunique())


def agrees(value: float, text: str) -> bool:
    digits = text.replace("\N{MINUS SIGN}", "-").replace(",", "")
    if digits.startswith("< "):
        return value < float(digits[2:])
    if digits.startswith("> "):
        return value > float(digits[2:])
    number = re.match(r"-?\d+(\.(\d+))?", digits)
    assert number is not None, text
    half = 0.5 * 10.0 ** -len(number[2] or "")
    return abs(float(number[0]) - value) <= half * (1 + 1e-9)
