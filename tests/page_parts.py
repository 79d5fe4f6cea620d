"""A page taken apart: its elements, its printed numbers, its words."""

from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "hr", "input", "col"}


class Page(HTMLParser):
    """A page taken apart; tags that do not nest are an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.numbers: list[tuple[str, str, str]] = []
        self.absent: list[str] = []
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
        elif "data-src" in found:
            self.absent.append(found["data-src"])

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
