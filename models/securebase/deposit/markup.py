"""Markdown as the README is written in: sections, tables, lists."""

from collections.abc import Iterable, Sequence


def heading(level: int, words: str) -> str:
    """Write a heading."""
    return f"{'#' * level} {words}\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; a bar or an end of line inside of a cell would end it, and is taken out."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")


def items(lines: Iterable[str]) -> str:
    """Write a list."""
    return "".join(f"- {line}\n" for line in lines)


def steps(lines: Iterable[str]) -> str:
    """Write a numbered list."""
    return "".join(f"{number}. {line}\n" for number, line in enumerate(lines, 1))


def choice(words: str, chosen: bool) -> str:
    """Write a box to tick."""
    return f"[{'x' if chosen else ' '}] {words}"


def joined(parts: Iterable[str]) -> str:
    """Set parts of a text apart by an empty line."""
    return "\n".join(part for part in parts if part)
